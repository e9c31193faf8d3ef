//! `stafett init`: makes a node's folder, whole or not at all.
//!
//! Everything is made in a folder inside the new one and then moved, the settings last: a folder
//! without settings is no node.

use std::fs::DirBuilder;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;
use stafett_config::templates::{NodeTemplate, node_toml, people_toml};
use stafett_config::{ConfigError, Environment, Language};
use stafett_node::keys::NodeKeys;
use stafett_node::{clock, startup};
use stafett_protocol::municipality::{MunicipalityNumber, OrganisationNumber};

use super::folder::SETTINGS;
use super::print;

/// Where a new node is put together.
const STAGING: &str = ".init";
/// What is moved into place, in this order.
const PARTS: [&str; 6] = ["keys", "journal", "store", "partners", "people.toml", SETTINGS];

#[derive(Args)]
pub(crate) struct Arguments {
    /// The new node's folder: missing or empty
    dir: PathBuf,
    /// The municipality number (kommunenummer): four digits
    #[arg(long)]
    municipality: MunicipalityNumber,
    /// The organisation number: nine digits, the last a check digit
    #[arg(long)]
    organisation: OrganisationNumber,
    /// The name as people read it
    #[arg(long)]
    name: String,
    /// The language of pages for a reader who has chosen none: nb or nn
    #[arg(long, default_value = "nb")]
    language: Language,
    /// Address and UDP port for partners' nodes
    #[arg(long, value_name = "ADDR")]
    quic: Option<SocketAddr>,
    /// Address and TCP port for people
    #[arg(long, value_name = "ADDR")]
    web: Option<SocketAddr>,
    /// For a node with invented persons only
    #[arg(long)]
    development: bool,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Made {
    folder: PathBuf,
    organisation: String,
    tls_fingerprint: String,
    signing_key: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let keys = make(arguments)?;
    let dir = arguments.dir.display();
    if arguments.json {
        print::json(&Made {
            folder: arguments.dir.clone(),
            organisation: arguments.organisation.to_string(),
            tls_fingerprint: keys.fingerprint().to_string(),
            signing_key: startup::own_keys(&keys).signing.to_string(),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    print::line(format_args!("made {dir}: {} ({})", arguments.name, arguments.organisation))?;
    print::line("Next:")?;
    for step in [
        format!("  1. read {dir}/{SETTINGS}: areas, services and addresses; codes never change once used"),
        format!("  2. add people to {dir}/people.toml"),
        format!("  3. stafett identity --data {dir} --toml, and send it to each partner"),
        format!("  4. stafett partner add --data {dir} FILE, with what each partner sent"),
        format!("  5. stafett check --data {dir}"),
        format!("  6. stafett serve --data {dir}"),
        format!(
            "Back up {dir}/keys apart from {dir}/store, and keep {dir}/journal out of backups and snapshots."
        ),
    ] {
        print::line(step)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn make(arguments: &Arguments) -> anyhow::Result<NodeKeys> {
    let dir = &arguments.dir;
    let mut undo = Undo::default();
    let missing = dir.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    for folder in missing.collect::<Vec<_>>().into_iter().rev() {
        make_folder(folder)?;
        undo.folders.push(folder.to_owned());
    }
    refuse_unless_empty(dir)?;
    let staging = dir.join(STAGING);
    make_folder(&staging)?;
    undo.parts.push(staging.clone());
    let keys = fill(&staging, arguments)?;
    for part in PARTS {
        let (from, to) = (staging.join(part), dir.join(part));
        std::fs::rename(&from, &to).with_context(|| to.display().to_string())?;
        undo.parts.push(to);
    }
    std::fs::remove_dir(&staging).with_context(|| staging.display().to_string())?;
    sync(dir)?;
    undo.keep();
    Ok(keys)
}

fn refuse_unless_empty(dir: &Path) -> anyhow::Result<()> {
    let inside = std::fs::read_dir(dir);
    let mut inside = inside.with_context(|| format!("{} cannot become a node's folder", dir.display()))?;
    match inside.next().transpose()? {
        None => Ok(()),
        Some(found) if found.file_name() == STAGING => bail!(
            "{} is being made, or that was interrupted: remove it if nothing else makes it",
            found.path().display()
        ),
        Some(_) => bail!("expected an empty folder at {}, found files in it", dir.display()),
    }
}

/// Puts the node together in `staging`.
fn fill(staging: &Path, arguments: &Arguments) -> anyhow::Result<NodeKeys> {
    write(&staging.join(SETTINGS), &node_toml(&template(arguments)))?;
    let config = stafett_config::load(&staging.join(SETTINGS), &Environment::default())
        .map_err(|refused| anyhow::anyhow!("these arguments make no node: {}", without_place(&refused)))?;
    write(&config.web.people, &people_toml([]))?;
    make_folder(&config.federation.partners)?;
    let keys = NodeKeys::generate(&startup::certificate_subject(&config.node, clock::now()))?;
    keys.write(&config.store.keys)?;
    startup::make_store(&config, &keys)?;
    for folder in [&config.federation.partners, &config.store.folder, &config.store.journal] {
        sync(folder)?;
    }
    sync(staging)?;
    Ok(keys)
}

fn template(arguments: &Arguments) -> NodeTemplate {
    let mut template =
        NodeTemplate::new(arguments.municipality, arguments.organisation, arguments.name.clone());
    template.language = arguments.language;
    template.development = arguments.development;
    template.quic_listen = arguments.quic.unwrap_or(template.quic_listen);
    template.web_listen = arguments.web.unwrap_or(template.web_listen);
    template
}

/// A refusal without the place in a file that nobody has seen.
fn without_place(refused: &ConfigError) -> String {
    match refused {
        ConfigError::Value { key, expected, found, .. } => {
            format!("{key}: expected {expected}, found {found}")
        }
        other => other.to_string(),
    }
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the folder {} cannot be made", path.display()))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let written = options.write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| format!("{} cannot be written", path.display()))
}

fn sync(folder: &Path) -> anyhow::Result<()> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| folder.display().to_string())
}

/// What a failed command takes away again: only what it has made itself.
#[derive(Default)]
struct Undo {
    /// Folders that were missing, outermost first; removed only if they are empty by then.
    folders: Vec<PathBuf>,
    /// Files and folders inside, with all that they hold.
    parts: Vec<PathBuf>,
}

impl Undo {
    fn keep(mut self) {
        self.folders.clear();
        self.parts.clear();
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // Best effort: the failure that led here is the one to report.
        for part in self.parts.iter().rev() {
            let _ = if part.is_dir() { std::fs::remove_dir_all(part) } else { std::fs::remove_file(part) };
        }
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}
