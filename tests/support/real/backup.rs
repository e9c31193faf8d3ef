//! Backups as an operator makes them, of nodes that were stopped, and the operator's commands.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::folder::settings;
use super::program::run;

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

fn put_back(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::remove_dir_all(to)?;
    copy_folder(from, to)?;
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Copies the store of a node that is stopped.
///
/// # Errors
/// If it cannot be read or written.
pub fn copy_store(node: &Path, to: &Path) -> anyhow::Result<()> {
    copy_folder(&settings(node)?.store.folder, to)
}

/// Puts a copy in the place of the store of a node that is stopped.
///
/// # Errors
/// As [`copy_store`].
pub fn restore_store(node: &Path, from: &Path) -> anyhow::Result<()> {
    put_back(from, &settings(node)?.store.folder)
}

/// Copies the journal, which no operator should.
///
/// # Errors
/// As [`copy_store`].
pub fn copy_journal(node: &Path, to: &Path) -> anyhow::Result<()> {
    copy_folder(&settings(node)?.store.journal, to)
}

/// Puts a copy in the place of the journal.
///
/// # Errors
/// As [`copy_store`].
pub fn restore_journal(node: &Path, from: &Path) -> anyhow::Result<()> {
    put_back(from, &settings(node)?.store.journal)
}

/// Where a node's journal is.
///
/// # Errors
/// If its settings are wrong.
pub fn journal(node: &Path) -> anyhow::Result<PathBuf> {
    Ok(settings(node)?.store.journal.join("journal.jsonl"))
}

/// Runs one of the operator's commands on a node, and reads what it prints.
///
/// # Errors
/// If it fails.
pub async fn command<T: DeserializeOwned>(node: &Path, words: &[&str]) -> anyhow::Result<T> {
    let folder = node.to_string_lossy().into_owned();
    let arguments = words.iter().copied().chain(["--json", "--data", &folder]);
    Ok(serde_json::from_slice(&run(arguments).await?)?)
}
