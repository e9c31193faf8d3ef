//! `stafett import`: takes in the file of a package for the hand, which another municipality sent.
//!
//! The file stays sealed under its code word; whoever runs this command reads nothing of the case. Works on a
//! node that runs, which is asked through its store, and on one that is stopped.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use stafett_config::partner::SigningPublicKey;
use stafett_node::engine::succession::TakenIn;
use stafett_node::package::{Incoming, file, jwe};
use stafett_node::startup::words::{self, WordOutcome};

use super::folder::NodeFolder;
use super::{block_on, print};

/// A file is its envelope and the page around it, which takes some kilobytes.
const FILE_BYTES_MAX: u64 = jwe::ENVELOPE_BYTES_MAX as u64 + 1024 * 1024;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The file as it came
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The sender's key, read aloud to you by the sender; not needed if the sender is a partner with a node
    ///
    /// The file shows a key at its end. Compare it with what the sender tells you, over a telephone number
    /// that does not stand in the file or beside it.
    #[arg(long, value_name = "HEX", value_parser = key_of)]
    signed_by: Option<SigningPublicKey>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// Reads a key as the file shows it, in groups.
fn key_of(text: &str) -> Result<SigningPublicKey, stafett_config::partner::KeyTextError> {
    text.split_whitespace().collect::<String>().parse()
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = arguments.folder.config()?;
    let text = read(&arguments.file)?;
    let shown = arguments.file.display();
    let Some(envelope) = file::envelope_in(&text).filter(|envelope| jwe::check(envelope).is_ok()) else {
        bail!("{shown} holds no package for the hand, or not all of it");
    };
    let signed_by = arguments.signed_by.map(SigningPublicKey::bytes);
    let incoming = Incoming { envelope: envelope.to_owned(), signed_by };
    let done = match block_on(async { Ok(words::import(&config, &incoming).await?) })? {
        WordOutcome::TakenIn(done) => done,
        WordOutcome::Refused(reason) => bail!("{reason}"),
        _ => bail!("the node answered something else"),
    };
    if arguments.json {
        print::json(&done)?;
    } else {
        show(done)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let unreadable = || format!("{shown} cannot be read");
    let opened = File::open(path).with_context(unreadable)?;
    let mut bytes = Vec::new();
    opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).with_context(unreadable)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        bail!("{shown} is larger than a package can be");
    }
    String::from_utf8(bytes)
        .map_err(|_| anyhow::anyhow!("{shown} holds no package for the hand, or not all of it"))
}

fn show(done: TakenIn) -> anyhow::Result<()> {
    let TakenIn { arrival, was_here, is_waiting } = done;
    match (was_here, is_waiting) {
        (false, _) => print::line(format_args!("taken in: {arrival}"))?,
        (true, true) => print::line(format_args!("was taken in before: {arrival}"))?,
        (true, false) => return print::line("was taken in before, and somebody here has opened it"),
    }
    print::line(
        "The BTI coordinator finds it on the page Flytting hit, and asks somebody to open it with its",
    )?;
    print::line("code word. The file itself is needed no longer: delete it where it came in.")
}
