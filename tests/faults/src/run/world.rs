//! A disk, and a real folder for what the store keeps past SQLite.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use stafett_node::store::StorePaths;
use tempfile::TempDir;

use crate::cast::NOW;
use crate::disk::{Disk, Image};
use crate::vfs::Mounted;

/// The files of the journal's folder.
pub type Beside = BTreeMap<String, Vec<u8>>;

/// Room that a store keeps back. It is the length alone that counts here.
const RESERVE_BYTES: u64 = 1024 * 1024;

/// A store's folders, of which the data lies on a disk of ours.
pub struct World {
    paths: StorePaths,
    mounted: Mounted,
    _folder: TempDir,
}

impl World {
    /// Makes both folders with what they hold.
    ///
    /// # Errors
    /// If the real file system takes no files.
    pub fn new(image: &Image, journal: &Beside) -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("stafett-faults-").tempdir_in(within)?;
        let paths = StorePaths { data: folder.path().join("data"), journal: folder.path().join("journal") };
        std::fs::create_dir(&paths.data)?;
        if !journal.is_empty() {
            std::fs::create_dir(&paths.journal)?;
        }
        for (name, bytes) in journal {
            std::fs::write(paths.journal.join(name), bytes)?;
        }
        // The store asks the real file system whether its databases are there.
        for name in image.keys().filter(|name| name.ends_with(".sqlite")) {
            std::fs::write(paths.data.join(name), b"")?;
        }
        if !image.is_empty() {
            std::fs::File::create(paths.data.join("reserve"))?.set_len(RESERVE_BYTES)?;
        }
        let mounted = Mounted::new(&paths.data, Arc::new(Disk::new(&paths.data, image)));
        Ok(Self { paths, mounted, _folder: folder })
    }

    /// Where the store is.
    pub fn paths(&self) -> &StorePaths {
        &self.paths
    }

    /// The disk of the data.
    pub fn disk(&self) -> &Arc<Disk> {
        self.mounted.disk()
    }

    /// What lies in the journal's folder.
    pub fn journal(&self) -> Beside {
        files_of(&self.paths.journal)
    }
}

/// Reads all files of a folder; none if it is not there.
pub(super) fn files_of(folder: &Path) -> Beside {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let read = files
        .filter_map(|file| Some((file.file_name().into_string().ok()?, std::fs::read(file.path()).ok()?)));
    read.collect()
}

/// Migrations as the store of each program recorded them.
const MIGRATIONS: [(&str, &str); 7] = [
    ("initial", include_str!("../../../../node/src/store/migrations/0001_initial.sql")),
    ("protection", include_str!("../../../../node/src/store/migrations/0002_protection.sql")),
    ("returned_edit", include_str!("../../../../node/src/store/migrations/0003_returned_edit.sql")),
    (
        "earlier_generations",
        include_str!("../../../../node/src/store/migrations/0004_earlier_generations.sql"),
    ),
    ("sealing", include_str!("../../../../node/src/store/migrations/0005_sealing.sql")),
    ("session", include_str!("../../../../node/src/store/migrations/0006_session.sql")),
    ("handover_note", include_str!("../../../../node/src/store/migrations/0007_handover_note.sql")),
];

/// Makes a store as an earlier program left it, with one token.
pub(super) fn old_store(path: &Path, migrations: usize) -> anyhow::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL,
             applied_at INTEGER NOT NULL) STRICT;",
    )?;
    for (number, (name, sql)) in (1..).zip(MIGRATIONS).take(migrations) {
        connection.execute_batch(sql)?;
        let sha256: [u8; 32] = Sha256::digest(sql).into();
        connection
            .execute("INSERT INTO migration VALUES (?1, ?2, ?3, ?4)", (number, name, sha256, NOW.0 as i64))?;
    }
    connection.execute(
        "INSERT INTO api_token VALUES (?1, ?2, ?3, 'employee', 0, 9, NULL)",
        ([1u8; 16], [1u8; 32], [61u8; 16]),
    )?;
    Ok(())
}
