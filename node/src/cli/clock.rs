//! `stafett clock`: how the node's clock stands, and what the operator says about a jump (law 17).
//!
//! Works on a node that runs, which is asked through its store, and on one that is stopped.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use stafett_node::startup::ClockStatus;
use stafett_node::startup::words::{self, Word, WordOutcome};

use super::folder::NodeFolder;
use super::{block_on, moment, print};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Shows the system's clock, the node's, the latest mark, and a jump that nobody has confirmed
    Status(Arguments),
    /// Says that the system's clock is right, and opens the node
    ///
    /// Run this after a jump, when you have compared the clock with another. The node's time goes on
    /// from the system's, and never behind the latest mark.
    Confirm(Arguments),
    /// Says that the system's clock is right and that the mark was wrong, and opens the node
    ///
    /// Run this when the clock once stood too far ahead and was confirmed. The mark is lowered. What
    /// ended meanwhile stays ended until the family has said yes anew.
    Reset(Arguments),
}

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let (arguments, word) = match command {
        Command::Status(arguments) => (arguments, Word::ClockStatus),
        Command::Confirm(arguments) => (arguments, Word::ClockConfirm),
        Command::Reset(arguments) => (arguments, Word::ClockReset),
    };
    let config = arguments.folder.config()?;
    let status = match block_on(async { Ok(words::say(&config, word).await?) })? {
        WordOutcome::Clock(status) => status,
        WordOutcome::Refused(reason) => bail!("{reason}"),
        _ => bail!("the node answered something else"),
    };
    if arguments.json {
        print::json(&status)?;
    } else {
        show(&status)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(status: &ClockStatus) -> anyhow::Result<()> {
    print::line(format_args!("system  {}", moment(status.system)?))?;
    print::line(format_args!("node    {}", moment(status.node)?))?;
    let mark = status.mark.map(moment).transpose()?;
    print::line(format_args!("mark    {}", mark.as_deref().unwrap_or("none yet")))?;
    let Some(jump) = status.jump_ms else { return print::line("sealed  no") };
    let seconds = jump.checked_div(1_000).unwrap_or_default();
    print::line(format_args!("sealed  the system's clock jumped by {seconds} s"))?;
    print::line("")?;
    print::line("Compare the system's clock with another, and set it if it is wrong. Then:")?;
    print::line("  stafett clock confirm   it is right as it stands now")?;
    print::line("  stafett clock reset     it is right, and the mark is wrong because it once stood ahead")
}
