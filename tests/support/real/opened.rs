//! A node's store, opened from the disk beside the node or after it.

use std::path::{Path, PathBuf};

use anyhow::Context;
use stafett_node::startup;
use stafett_node::store::{SearchHit, SearchReport, StoreReader};

use super::folder::settings;
use super::needle::{Form, Needle};

/// The rows of a store.
pub const ROWS: &str = "store.sqlite";
/// The wrapped keys of a store.
pub const KEYS: &str = "keys.sqlite";

/// Opens the store in a node's folder for reading, with all keys that are left.
///
/// # Errors
/// If there is none, or none that opens.
pub fn open(folder: &Path) -> anyhow::Result<StoreReader> {
    let config = settings(folder)?;
    let keys = startup::read_keys(&config)?;
    Ok(startup::read_store(&config, &keys)?)
}

/// Opens a store that lies elsewhere, with the wrapping key of the node in `folder`.
///
/// # Errors
/// As [`open`].
pub fn open_elsewhere(folder: &Path, store: PathBuf) -> anyhow::Result<StoreReader> {
    let mut config = settings(folder)?;
    config.store.folder = store;
    let keys = startup::read_keys(&config)?;
    Ok(startup::read_store(&config, &keys)?)
}

/// Copies one of the store's two files as it is at this moment, also while the node runs.
///
/// # Errors
/// If it cannot be read or written.
pub fn copy(folder: &Path, file: &str, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    let from = settings(folder)?.store.folder.join(file);
    let rows = rusqlite::Connection::open_with_flags(&from, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let place = to.join(file);
    rows.execute("VACUUM INTO ?1", [place.to_string_lossy()])
        .with_context(|| format!("{} to {}", from.display(), place.display()))?;
    // SQLite keeps the form of the file, but a node only opens a store with a write-ahead log.
    let copy = rusqlite::Connection::open(&place)?;
    copy.pragma_update(None, "journal_mode", "WAL")?;
    Ok(())
}

/// What a search of a whole store gave.
#[derive(Debug, Default)]
pub struct Search {
    /// Sealed blobs that were opened, and that did not open.
    pub blobs: (u64, u64),
    /// What was found, in which form, and where.
    pub hits: Vec<(String, Form, SearchHit)>,
}

/// Searches a store for each needle in each form.
///
/// # Errors
/// If it cannot be read.
pub async fn search(store: &StoreReader, needles: &[Needle]) -> anyhow::Result<Search> {
    let mut search = Search::default();
    for needle in needles {
        for (form, bytes) in needle.forms() {
            let SearchReport { blobs_opened, blobs_closed, hits, .. } =
                store.search_everything(bytes).await?;
            search.blobs = (blobs_opened, blobs_closed);
            search.hits.extend(hits.into_iter().map(|hit| (needle.name.clone(), form, hit)));
        }
    }
    Ok(search)
}
