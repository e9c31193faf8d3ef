//! The command line. What reads takes `--json`; what fails ends with one line on standard error
//! that starts with `error:`, and exit code 1. Arguments that are not understood give code 2.
//!
//! Absent by design: commands that show what a case holds. The operator sees ids, kinds and sizes.

mod check;
mod clock;
mod demo;
mod export;
mod folder;
mod holds;
mod identity;
mod import;
mod init;
mod partner;
mod print;
mod seal;
mod serve;
mod session;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stafett_protocol::time::UnixMillis;

/// Holds and shares stafettlogger as one node of many, each run by its municipality.
#[derive(Parser)]
#[command(name = "stafett", version, about, propagate_version = true, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tells a story of three invented municipalities, with three nodes on this machine
    Demo(demo::Arguments),
    /// Makes a node's folder: settings, keys, store and journal
    Init(init::Arguments),
    /// Runs the node until SIGTERM or SIGINT
    Serve(serve::Arguments),
    /// Shows what a partner needs to know of this node
    Identity(identity::Arguments),
    /// Adds, lists and removes partners
    #[command(subcommand)]
    Partner(partner::Command),
    /// Checks configuration, keys, store and partners
    Check(check::Arguments),
    /// Lists every entry that the node holds, without names, titles or areas
    Holds(holds::Arguments),
    /// Writes the file of a package for the hand, for a municipality without a node
    Export(export::Arguments),
    /// Takes in the file of a package for the hand from another municipality
    Import(import::Arguments),
    /// Creates, lists and revokes tokens for the API
    #[command(subcommand)]
    Token(token::Command),
    /// Ends the sessions of a person
    #[command(subcommand)]
    Session(session::Command),
    /// Tells why a node is sealed, and opens one that was restored
    #[command(subcommand)]
    Seal(seal::Command),
    /// Shows the node's clock, and tells it what is right after a jump
    #[command(subcommand)]
    Clock(clock::Command),
}

/// Runs the command that the process was started with.
pub(crate) fn run() -> ExitCode {
    stafett_node::observability::logs::report_panics_without_content();
    let outcome = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Identity(arguments) => identity::run(&arguments),
        Command::Partner(command) => partner::run(&command),
        Command::Check(arguments) => check::run(&arguments),
        Command::Holds(arguments) => holds::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Token(command) => token::run(&command),
        Command::Session(command) => session::run(&command),
        Command::Seal(command) => seal::run(&command),
        Command::Clock(command) => clock::run(&command),
    };
    outcome.unwrap_or_else(|error| print::failure(&error))
}

/// Runs what waits for the disk or the network.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Writes a moment in UTC, to the second.
fn moment(at: UnixMillis) -> anyhow::Result<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0).unwrap_or(i64::MAX))?;
    Ok(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
