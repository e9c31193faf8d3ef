//! `stafett holds`: every entry that the node holds, for an operator who may see no content.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use stafett_node::startup;
use stafett_node::store::HeldRow;
use stafett_protocol::agreement::is_late;
use stafett_protocol::entry::EntryKind;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryState;

use super::folder::NodeFolder;
use super::{block_on, moment, print};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let reader = startup::read_store(&config, &keys)?;
    let progress = print::spinner("reading entries");
    let held = block_on(async { Ok(reader.holds().await?) })?;
    progress.finish_and_clear();
    let now = stafett_node::clock::now();
    let held: Vec<_> = held.iter().map(|held| Held::of(held, now)).collect::<Result<_, _>>()?;
    if arguments.json {
        print::json(&held)?;
        return Ok(ExitCode::SUCCESS);
    }
    let own = config.node.organisation.to_string();
    let head = ["entry", "case", "owner", "kind", "bytes", "state", "consents", "sent to", "receipt missing"];
    let rows = held.into_iter().map(|entry| entry.row(&own)).collect();
    print::table(head, rows, "the node holds no entries")?;
    Ok(ExitCode::SUCCESS)
}

/// An entry as it is printed.
#[derive(Serialize)]
struct Held {
    entry: String,
    case: String,
    owner: String,
    kind: EntryKind,
    bytes: u64,
    state: EntryState,
    grants: Vec<String>,
    consents: Vec<String>,
    sent_to: Vec<Sent>,
    receipts_missing: Vec<Unanswered>,
}

/// A partner that an entry was sent to.
#[derive(Serialize)]
struct Sent {
    partner: String,
    last_at: String,
}

/// A partner that was ordered to erase an entry and has not said that it did.
#[derive(Serialize)]
struct Unanswered {
    partner: String,
    since: String,
    /// Whether a day or more has passed.
    late: bool,
}

impl Held {
    fn of(held: &HeldRow, now: UnixMillis) -> anyhow::Result<Self> {
        let unanswered = held.unanswered.iter().map(|(partner, since)| {
            let late = is_late(*since, now);
            anyhow::Ok(Unanswered { partner: partner.to_string(), since: moment(*since)?, late })
        });
        let sent_to = held
            .sent_to
            .iter()
            .map(|(partner, at)| anyhow::Ok(Sent { partner: partner.to_string(), last_at: moment(*at)? }));
        Ok(Self {
            entry: held.entry.to_string(),
            case: held.case.to_string(),
            owner: held.owner.to_string(),
            kind: held.kind,
            bytes: held.bytes,
            state: held.state,
            grants: held.grants.iter().map(ToString::to_string).collect(),
            consents: held.consents.iter().map(ToString::to_string).collect(),
            sent_to: sent_to.collect::<Result<_, _>>()?,
            receipts_missing: unanswered.collect::<Result<_, _>>()?,
        })
    }

    fn row(self, own: &str) -> [String; 9] {
        let owner = if self.owner == own { "this node".to_owned() } else { self.owner };
        let state = match self.state {
            EntryState::Live => "live",
            EntryState::Locked { .. } => "locked",
        };
        let sent: Vec<_> = self.sent_to.into_iter().map(|sent| sent.partner).collect();
        let late = |one: Unanswered| if one.late { format!("{} (late)", one.partner) } else { one.partner };
        let missing: Vec<_> = self.receipts_missing.into_iter().map(late).collect();
        [
            self.entry,
            self.case,
            owner,
            self.kind.to_string(),
            self.bytes.to_string(),
            state.to_owned(),
            self.consents.join("\n"),
            sent.join("\n"),
            missing.join("\n"),
        ]
    }
}
