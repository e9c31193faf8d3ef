//! `stafett partner`: the municipalities that this one has an agreement with.
//!
//! A partner is added when its file is right by itself and beside the others. It is removed in two
//! steps. While anything of ours may still be there, or anything of its is here, its file stays
//! with `revoked = true`: nothing but orders to erase and their receipts crosses the link, and its
//! keys are at hand to check the receipts with (law 12). When nothing is left, the file is moved
//! to `removed/` beside the others and the partner is unknown from then on. A running node takes
//! each change over by itself.

mod file;

pub(super) use file::of as file_of;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use stafett_config::partner::{PartnerConfig, PartnerService};
use stafett_config::{NodeConfig, Partners, templates};
use stafett_node::keys::NodeKeys;
use stafett_node::{clock, startup};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;

use super::folder::NodeFolder;
use super::{block_on, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Checks a partner's file against the node and the other partners, and takes it over
    Add(AddArguments),
    /// Lists the partners and where their agreements stand
    List(ListArguments),
    /// Ends the agreement with a partner; its file goes when nothing is left to erase
    Remove(RemoveArguments),
}

#[derive(Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The partner's file; see `stafett identity --toml`
    file: PathBuf,
    /// Takes the place of the partner's present file, for new keys or a new agreement
    #[arg(long)]
    replace: bool,
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
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The partner's organisation number
    organisation: OrganisationNumber,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Add(arguments) => add(arguments),
        Command::List(arguments) => list(arguments),
        Command::Remove(arguments) => remove(arguments),
    }
}

fn partners(config: &NodeConfig, keys: &NodeKeys) -> anyhow::Result<Partners> {
    Ok(Partners::load(config, Some(&startup::own_keys(keys)))?)
}

fn add(arguments: &AddArguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let others = partners(&config, &keys)?;
    let own = startup::own_keys(&keys);
    let partner = Partners::load_one(&arguments.file, &config, Some(&own))?;
    let present = others.get(partner.organisation);
    if present.is_some() && !arguments.replace {
        bail!("{} is a partner already: --replace takes the new file over", partner.organisation);
    }
    refuse_keys_of_others(&partner, &others)?;
    let folder = &config.federation.partners;
    let text =
        std::fs::read_to_string(&arguments.file).with_context(|| arguments.file.display().to_string())?;
    let place = match present {
        Some(_) => file::of(&config, partner.organisation)?,
        None => folder.join(format!("{}.toml", partner.organisation)),
    };
    file::put(&place, &text, |fresh| {
        let read = Partners::load_one(fresh, &config, Some(&own))?;
        anyhow::ensure!(read == partner, "{} changed while it was read", arguments.file.display());
        Ok(())
    })?;
    let done = if present.is_some() { "replaced" } else { "added" };
    print::line(format_args!("{done} {} ({}): {}", partner.name, partner.organisation, place.display()))?;
    if let Some(nobody) = nobody_may_receive(&partner) {
        print::line(format_args!("problem: {nobody}; set our_services in {}", place.display()))?;
    }
    if partner.is_by_hand() {
        print::line("It has no node: cases go there by a package for the hand.")?;
    } else {
        print::line("`stafett check` tells whether its node can be reached.")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says that what a partner grants is accepted for nobody here, if the agreement says so.
pub(super) fn nobody_may_receive(partner: &PartnerConfig) -> Option<String> {
    let shares = partner.services.iter().any(|service| service.shares);
    let nobody = partner.terms.our_services.is_empty() && shares;
    nobody.then(|| format!("no own service may receive from {} ({})", partner.name, partner.organisation))
}

/// Two partners with one key could speak for each other.
fn refuse_keys_of_others(partner: &PartnerConfig, others: &Partners) -> anyhow::Result<()> {
    let all = |partner: &PartnerConfig| {
        let keys = partner.keys.iter();
        let of_keys = keys.flat_map(|keys| {
            let tls = [Some(keys.tls_current), keys.tls_next];
            let tls = tls.into_iter().flatten().map(|key| key.bytes());
            tls.chain(keys.signing().map(|key| key.bytes())).collect::<Vec<_>>()
        });
        of_keys.collect::<Vec<_>>()
    };
    let keys = all(partner);
    let others = others.iter().filter(|other| other.organisation != partner.organisation);
    for other in others {
        if all(other).iter().any(|key| keys.contains(key)) {
            bail!("expected keys that nobody else has, found a key of {}", other.organisation);
        }
    }
    Ok(())
}

/// Where an agreement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    NotBegun,
    InForce,
    Ended,
    Revoked,
}

impl State {
    fn of(partner: &PartnerConfig, now: UnixMillis) -> Self {
        let period = &partner.terms.period;
        if partner.revoked {
            Self::Revoked
        } else if now < period.starts_at() {
            Self::NotBegun
        } else if now < period.ends_at() {
            Self::InForce
        } else {
            Self::Ended
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::NotBegun => "not begun",
            Self::InForce => "in force",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
        }
    }
}

/// A partner as it is printed.
#[derive(Serialize)]
struct Listed {
    organisation: String,
    municipality: String,
    name: String,
    address: Option<String>,
    agreement: State,
    from: String,
    until: String,
    areas: Vec<String>,
    services: Vec<String>,
    our_services: Vec<String>,
    takes_over: Vec<String>,
    moving_areas: Vec<String>,
    moving_from: bool,
    by_hand: bool,
    tls_current: Option<String>,
    tls_next: Option<String>,
    signing_current: Option<String>,
    signing_next: Option<String>,
}

impl Listed {
    fn of(partner: &PartnerConfig, now: UnixMillis) -> Self {
        let keys = partner.keys.as_ref();
        Self {
            organisation: partner.organisation.to_string(),
            municipality: partner.municipality.to_string(),
            name: partner.name.clone(),
            address: partner.address.as_ref().map(ToString::to_string),
            agreement: State::of(partner, now),
            from: partner.terms.period.from().to_string(),
            until: partner.terms.period.until().to_string(),
            areas: partner.terms.areas.iter().map(|code| code.as_str().to_owned()).collect(),
            services: codes(partner, |service| service.shares),
            our_services: partner.terms.our_services.iter().map(|code| code.as_str().to_owned()).collect(),
            takes_over: codes(partner, |service| service.takes_over),
            moving_areas: partner.terms.moving_areas.iter().map(|code| code.as_str().to_owned()).collect(),
            moving_from: partner.terms.moving_from,
            by_hand: partner.is_by_hand(),
            tls_current: keys.map(|keys| keys.tls_current.to_string()),
            tls_next: keys.and_then(|keys| keys.tls_next).map(|key| key.to_string()),
            signing_current: keys.map(|keys| keys.signing_current.to_string()),
            signing_next: keys.and_then(|keys| keys.signing_next).map(|key| key.to_string()),
        }
    }
}

fn codes(partner: &PartnerConfig, of: impl Fn(&PartnerService) -> bool) -> Vec<String> {
    let services = partner.services.iter().filter(|service| of(service));
    services.map(|service| service.code.as_str().to_owned()).collect()
}

fn list(arguments: &ListArguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let (partners, now) = (partners(&config, &keys)?, clock::now());
    let listed: Vec<_> = partners.iter().map(|partner| Listed::of(partner, now)).collect();
    if arguments.json {
        print::json(&listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = listed.into_iter().map(|partner| {
        [
            partner.organisation,
            partner.name,
            partner.agreement.words().to_owned(),
            partner.until,
            match partner.address {
                Some(address) => address,
                None if partner.by_hand => "by hand".to_owned(),
                None => "dials us".to_owned(),
            },
            partner.services.join(" "),
            if partner.our_services.is_empty() { "none".to_owned() } else { partner.our_services.join(" ") },
        ]
    });
    let head = ["organisation", "name", "agreement", "until", "address", "services", "our_services"];
    print::table(head, rows.collect(), "no partners: `stafett partner add FILE` adds one")?;
    Ok(ExitCode::SUCCESS)
}

fn remove(arguments: &RemoveArguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let organisation = arguments.organisation;
    let partners = partners(&config, &keys)?;
    let Some(partner) = partners.get(organisation) else {
        bail!("there is no partner {organisation}: `stafett partner list` shows them");
    };
    let left = block_on(async { Ok(startup::left_with(&config, &keys, organisation).await?) })?;
    if !arguments.yes && !confirmed(partner)? {
        print::line("nothing was changed")?;
        return Ok(ExitCode::FAILURE);
    }
    let place = file::of(&config, organisation)?;
    if left.is_nothing() {
        let moved = file::set_aside(&place, &config.federation.partners.join("removed"))?;
        print::line(format_args!(
            "removed {organisation}: nothing of ours is there; its file is {}",
            moved.display()
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !partner.revoked {
        let revoked = PartnerConfig { revoked: true, ..partner.clone() };
        file::put(&place, &templates::partner_toml(&revoked), |fresh| {
            let read = Partners::load_one(fresh, &config, Some(&startup::own_keys(&keys)))?;
            anyhow::ensure!(read == revoked, "{} cannot be rewritten", place.display());
            Ok(())
        })?;
    }
    print::line(format_args!("ended with {organisation}: nothing but orders to erase is sent from now on"))?;
    print::line(format_args!(
        "left: {} grants that have not ended, {} entries of ours there, {} orders without a receipt, {} \
         entries of theirs here",
        left.grants_living, left.held_there, left.orders_waiting, left.held_here
    ))?;
    print::line(format_args!(
        "Run `stafett partner remove {organisation}` again later: when nothing is left, its file goes."
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Asks on a terminal; without one there is nobody to ask.
fn confirmed(partner: &PartnerConfig) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        bail!("there is no terminal to ask on: --yes ends the agreement with {}", partner.organisation);
    }
    std::io::stdout().flush()?;
    let question = format!("End the agreement with {} ({})?", partner.name, partner.organisation);
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}
