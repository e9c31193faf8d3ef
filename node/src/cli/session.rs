//! `stafett session`: ends what a person has open in browsers, such as one that was lost.
//!
//! Works while the node runs: it looks each session up anew with every request. The person can log
//! in again; whoever must not be let in any longer is taken out of the file of people.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use stafett_node::startup::StartError;
use stafett_node::store::beside;
use stafett_protocol::id::AccountId;

use super::folder::NodeFolder;
use super::print;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Logs a person out of every browser
    End(EndArguments),
}

#[derive(Args)]
pub(crate) struct EndArguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The person's id in the file of people, or one that stood there
    #[arg(value_name = "ID")]
    person: AccountId,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What came of it, as it is printed.
#[derive(Serialize)]
struct Ended {
    person: AccountId,
    ended: usize,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::End(arguments) = command;
    let config = arguments.folder.config()?;
    let person = arguments.person;
    let ended = beside::end_sessions(&config.store.folder, person).map_err(StartError::from)?;
    if arguments.json {
        print::json(&Ended { person, ended })?;
    } else {
        print::line(format_args!("ended {ended} sessions of {person}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
