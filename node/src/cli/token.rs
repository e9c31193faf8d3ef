//! `stafett token`: tokens for the API, each for one person in one role.
//!
//! A token is 256 random bits. It is shown once; the store keeps its SHA-256. It counts until it
//! expires or is revoked, and only while the person still has the role. All of this works while
//! the node runs.

use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{Args, Subcommand};
use serde::Serialize;
use sha2::{Digest, Sha256};
use stafett_config::People;
use stafett_node::clock;
use stafett_node::observability::redact::Redacted;
use stafett_node::startup::{self, StartError};
use stafett_node::store::{TokenRecord, beside};
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::DAY;

use super::folder::NodeFolder;
use super::{block_on, moment, print};

/// What every token starts with, so that one that leaks is recognised.
const PREFIX: &str = "stafett_";
/// Days that a token lasts at the most: a forgotten one must end by itself.
const DAYS_MAX: i64 = 365;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Makes a token and shows it this once
    Create(CreateArguments),
    /// Lists the tokens, without the tokens themselves
    List(ListArguments),
    /// Makes a token count no longer
    Revoke(RevokeArguments),
}

#[derive(Args)]
pub(crate) struct CreateArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The person's id in the file of people
    #[arg(long, value_name = "ID")]
    person: AccountId,
    /// One of the person's roles
    #[arg(long, value_parser = role)]
    role: Role,
    /// For how long it counts
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(i64).range(1..=DAYS_MAX))]
    days: i64,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The token's id
    id: TokenId,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Create(arguments) => create(arguments),
        Command::List(arguments) => list(arguments),
        Command::Revoke(arguments) => revoke(arguments),
    }
}

/// Reads the word that stands for a role in the file of people and in JSON.
fn role(word: &str) -> Result<Role, String> {
    serde_json::from_value(word.into()).map_err(|_| {
        "expected employee, unit-leader, service-leader, bti-coordinator, archive, it-operator, \
         data-protection-officer, guardian or subject"
            .to_owned()
    })
}

fn word(role: Role) -> anyhow::Result<String> {
    Ok(serde_json::from_value(serde_json::to_value(role)?)?)
}

/// A new token as it is printed.
#[derive(Serialize)]
struct Created<'a> {
    token: &'a str,
    id: String,
    person: String,
    role: String,
    expires_at: String,
}

fn create(arguments: &CreateArguments) -> anyhow::Result<ExitCode> {
    let config = arguments.folder.config()?;
    let people = People::load(&config)?;
    let Some(person) = people.get(arguments.person) else {
        bail!("{} has nobody with the id {}", config.web.people.display(), arguments.person);
    };
    let role = word(arguments.role)?;
    if !person.roles.contains(&arguments.role) {
        bail!("the person {} does not have the role {role}", person.id);
    }
    let token = Redacted::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(clock::random::<32>())));
    let now = clock::now();
    let days = u64::try_from(arguments.days).context("a number of days")?;
    let record = TokenRecord {
        id: TokenId::from_random(clock::random()),
        hash: Sha256::digest(token.reveal().as_bytes()).into(),
        account: person.id,
        role: arguments.role,
        created_at: now,
        expires_at: now.plus(DAY.saturating_mul(days)),
        revoked_at: None,
    };
    beside::put_token(&config.store.folder, &record).map_err(StartError::from)?;
    let created = Created {
        token: token.reveal(),
        id: record.id.to_string(),
        person: record.account.to_string(),
        role,
        expires_at: moment(record.expires_at)?,
    };
    if arguments.json {
        print::json(&created)?;
    } else {
        print::line(format_args!("token    {}", created.token))?;
        print::line(format_args!("id       {}", created.id))?;
        print::line(format_args!("expires  {}", created.expires_at))?;
        print::line("The token is shown this once; only its SHA-256 is kept.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A token as it is listed.
#[derive(Serialize)]
struct Listed {
    id: String,
    person: String,
    role: String,
    created_at: String,
    expires_at: String,
    revoked_at: Option<String>,
    counts: bool,
}

fn list(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let reader = startup::read_store(&config, &keys)?;
    let now = clock::now();
    let tokens = block_on(async { Ok(reader.tokens().await?) })?;
    let listed = tokens.iter().map(|token| {
        anyhow::Ok(Listed {
            id: token.id.to_string(),
            person: token.account.to_string(),
            role: word(token.role)?,
            created_at: moment(token.created_at)?,
            expires_at: moment(token.expires_at)?,
            revoked_at: token.revoked_at.map(moment).transpose()?,
            counts: token.counts(now),
        })
    });
    let listed: Vec<_> = listed.collect::<Result<_, _>>()?;
    if arguments.json {
        print::json(&listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = listed.into_iter().map(|token| {
        let state = match (&token.revoked_at, token.counts) {
            (Some(_), _) => "revoked",
            (None, true) => "counts",
            (None, false) => "expired",
        };
        [token.id, token.person, token.role, token.expires_at, state.to_owned()]
    });
    let head = ["id", "person", "role", "expires", "state"];
    print::table(head, rows.collect(), "no tokens")?;
    Ok(ExitCode::SUCCESS)
}

fn revoke(arguments: &RevokeArguments) -> anyhow::Result<ExitCode> {
    let config = arguments.folder.config()?;
    let revoked = beside::revoke_token(&config.store.folder, arguments.id, clock::now());
    if !revoked.map_err(StartError::from)? {
        bail!("there is no token {}: `stafett token list` shows them", arguments.id);
    }
    print::line(format_args!("revoked {}", arguments.id))?;
    Ok(ExitCode::SUCCESS)
}
