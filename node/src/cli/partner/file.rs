//! The files in the folder of partners. A running node reads that folder every few seconds, so a
//! file appears, changes and goes in one step.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stafett_config::{NodeConfig, Partners};
use stafett_protocol::municipality::OrganisationNumber;

/// Finds the file of a partner, whatever its name is.
pub(in crate::cli) fn of(config: &NodeConfig, organisation: OrganisationNumber) -> anyhow::Result<PathBuf> {
    let folder = &config.federation.partners;
    for file in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = file?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden || path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        if Partners::load_one(&path, config, None)?.organisation == organisation {
            return Ok(path);
        }
    }
    bail!("{}: no file is about {organisation}", folder.display());
}

/// Puts `text` at `place`, after `check` has read it from the disk. On failure what was there
/// before is still there.
pub(super) fn put(
    place: &Path,
    text: &str,
    check: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = place.file_name().context("a partner's file has a name")?.to_string_lossy();
    // A name that starts with a dot is not read as a partner.
    let fresh = place.with_file_name(format!(".{name}.new"));
    let put = write(&fresh, text).and_then(|()| check(&fresh)).and_then(|()| {
        std::fs::rename(&fresh, place).with_context(|| place.display().to_string())?;
        sync_folder_of(place)
    });
    if put.is_err() {
        // Best effort: the failure is what is reported.
        let _ = std::fs::remove_file(&fresh);
    }
    put
}

/// Moves a partner's file into `folder`, under a name that nothing there has yet.
pub(super) fn set_aside(place: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let stem = place.file_stem().context("a partner's file has a name")?.to_string_lossy();
    let name = |number: u32| match number {
        0 => folder.join(format!("{stem}.toml")),
        number => folder.join(format!("{stem}-{number}.toml")),
    };
    let free = (0..u32::MAX).map(name).find(|path| !path.exists()).context("no name is free")?;
    std::fs::rename(place, &free).with_context(|| place.display().to_string())?;
    sync_folder_of(place)?;
    sync_folder_of(&free)?;
    Ok(free)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.with_context(|| path.display().to_string())
}

fn sync_folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().context("a partner's file lies in a folder")?;
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| folder.display().to_string())
}
