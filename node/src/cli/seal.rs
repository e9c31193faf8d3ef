//! `stafett seal`: why a node is sealed, and the steps that open one that was restored (law 16).
//!
//! Works on a node that runs, which is asked through its store, and on one that is stopped.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;
use stafett_node::engine::restore::AfterRestore;
use stafett_node::engine::seal::SealReason;
use stafett_node::startup;
use stafett_node::startup::words::{self, Word, WordOutcome};
use stafett_node::store::{JournalCheck, StoreError, StoreReader};

use super::folder::NodeFolder;
use super::{block_on, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Tells whether the node is sealed, why, and which command is next
    Status(Arguments),
    /// Does again what the journal says and the restored store lacks, and opens the node
    ///
    /// Withdrawn consents are withdrawn again, blocked cases blocked, ended grants ended with new
    /// orders to erase, and what was erased on a partner's order is erased again. It may be run
    /// again after it was cut short.
    Replay(Arguments),
    /// Goes on without a journal: every consent opens nothing until it is reconfirmed
    ///
    /// Only for a journal that is lost or broken, or that was restored together with the store. What
    /// can still be read of it is done again. Each stafettholder asks the family anew. What came from
    /// other municipalities is shown again link by link, when both nodes have compared what they hold.
    Reconfirm(ReconfirmArguments),
}

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct ReconfirmArguments {
    #[command(flatten)]
    arguments: Arguments,
    /// Does not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Status(arguments) => status(arguments),
        Command::Replay(arguments) => open(arguments, Word::Replay),
        Command::Reconfirm(arguments) => {
            if !arguments.yes && !agreed()? {
                print::line("nothing was changed")?;
                return Ok(ExitCode::FAILURE);
            }
            open(&arguments.arguments, Word::Reconfirm)
        }
    }
}

fn agreed() -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        bail!("there is no terminal to ask on: --yes puts every consent in doubt");
    }
    let question = "Put every consent in doubt until its stafettholder has asked the family anew?";
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// How the seal stands, as it is printed.
#[derive(Serialize)]
struct Status {
    sealed: bool,
    because: Vec<SealReason>,
    next: Option<&'static str>,
    /// Lines of the journal that the store lacks.
    lines_missing: u64,
    incarnation: u64,
}

fn status(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let reader = startup::read_store(&config, &keys)?;
    let status = block_on(async { read(&reader).await })?;
    if arguments.json {
        print::json(&status)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !status.sealed {
        print::line("the node is not sealed")?;
    }
    for reason in &status.because {
        print::line(reason.words())?;
        print::line(format_args!("next: {}", reason.next_step()))?;
    }
    if status.lines_missing > 0 {
        print::line(format_args!("the store lacks {} lines of its journal", status.lines_missing))?;
    }
    if status.incarnation > 0 {
        print::line(format_args!("the node has been restored {} times", status.incarnation))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn read(reader: &StoreReader) -> anyhow::Result<Status> {
    let mut because = Vec::new();
    let mut lines_missing = 0;
    match reader.journal_check().await {
        Ok(JournalCheck { missing_here, .. }) if missing_here > 0 => {
            lines_missing = missing_here;
            because.push(SealReason::BehindJournal);
        }
        Ok(_) => {}
        Err(StoreError::Journal(_) | StoreError::JournalForeign { .. } | StoreError::JournalLost { .. }) => {
            because.push(SealReason::JournalLost);
        }
        Err(error) => return Err(error.into()),
    }
    if reader.was_shown_above().await? {
        because.push(SealReason::ShownByPartner);
    }
    if reader.clock_jump().await?.is_some() {
        because.push(SealReason::Clock);
    }
    let next = because.first().map(|reason| reason.next_step());
    let incarnation = reader.incarnation().await?;
    Ok(Status { sealed: !because.is_empty(), because, next, lines_missing, incarnation })
}

fn open(arguments: &Arguments, word: Word) -> anyhow::Result<ExitCode> {
    let config = arguments.folder.config()?;
    let done = match block_on(async { Ok(words::say(&config, word).await?) })? {
        WordOutcome::Restored(done) => done,
        WordOutcome::Refused(reason) => bail!("{reason}"),
        _ => bail!("the node answered something else"),
    };
    if arguments.json {
        print::json(&done)?;
    } else {
        show(&done)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(done: &AfterRestore) -> anyhow::Result<()> {
    print::line(format_args!("lines of the journal that were done again: {}", done.lines))?;
    list("consents withdrawn again", &done.withdrawn)?;
    list("cases blocked again", &done.blocked)?;
    list("entries closed to a service again", &done.excepted)?;
    list("cases in which no guardian reads until a leader has approved the family", &done.family_in_doubt)?;
    list("grants ended again, with orders to erase", &done.grants_ended)?;
    list("received cases with grants ended again", &done.received_ended)?;
    list("cases whose key was destroyed again", &done.destroyed)?;
    list("partners with whom an agreement had ended", &done.agreements_ended)?;
    list("cases that were opened after the backup and are lost here", &done.cases_unknown)?;
    list("consents in doubt until their stafettholder has reconfirmed them", &done.in_doubt)?;
    print::line(format_args!("the node has been restored {} times", done.incarnation))?;
    print::line("Each link opens when both nodes have been connected and have compared what they hold.")
}

fn list<T: std::fmt::Display>(what: &str, ids: &std::collections::BTreeSet<T>) -> anyhow::Result<()> {
    print::line(format_args!("{what}: {}", ids.len()))?;
    ids.iter().try_for_each(|id| print::line(format_args!("  {id}")))
}
