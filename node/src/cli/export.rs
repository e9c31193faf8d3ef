//! `stafett export`: writes the file of a package for the hand, which its stafettholder has made.
//!
//! Works on a node that runs, which is asked through its store, and on one that is stopped. The file is sealed under a code word that the stafettholder alone was told; whoever runs this command
//! reads nothing of the case.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use stafett_node::engine::succession::Export;
use stafett_node::package::file;
use stafett_node::startup;
use stafett_node::startup::words::{self, WordOutcome};
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::OrganisationNumber;

use super::folder::NodeFolder;
use super::{block_on, print};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// The case, as its page's address names it
    #[arg(value_name = "CASE")]
    case: CaseId,
    /// The municipality that the package was made for
    #[arg(long = "for", value_name = "ORGANISATION")]
    to: OrganisationNumber,
    /// Where the file is written; it must not be there yet. In this folder, by the day, unless it is said
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, keys) = arguments.folder.config_and_keys()?;
    let (case, to) = (arguments.case, arguments.to);
    // The node asks the gate: consent, agreement and address may be others since the package was made.
    let package = match block_on(async { Ok(words::export(&config, Export { case, to }).await?) })? {
        WordOutcome::MayExport(package) => package,
        WordOutcome::Refused(reason) => bail!("{reason}"),
        _ => bail!("the node answered something else"),
    };
    let reader = startup::read_store(&config, &keys)?;
    let stored = block_on(async { Ok(reader.package_by_hand(case).await?) })?;
    let stored =
        stored.filter(|stored| stored.package == package).context("the package was taken back just now")?;
    let text = file::page_of(&config, &stored)?;
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(file::name_of(&stored)));
    let shown = out.display();
    let mut written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&out)
        .with_context(|| format!("{shown} cannot be written"))?;
    written.write_all(text.as_bytes()).with_context(|| format!("{shown} cannot be written"))?;
    written.sync_all().with_context(|| format!("{shown} cannot be written"))?;
    print::line(format_args!("written: {shown}"))?;
    print::line("It opens with the code word that its stafettholder was told. Send that another way.")?;
    Ok(ExitCode::SUCCESS)
}
