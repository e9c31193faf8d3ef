//! A disk, and the real folders that it stands behind.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use stafett_node::store::StorePaths;
use tempfile::TempDir;

use crate::calls::Behind;
use crate::cast::NOW;
use crate::disk::{Disk, Image, JOURNAL};
use crate::vfs::Mounted;

/// Room that a store keeps back. It is the length alone that counts here.
const RESERVE_BYTES: u64 = 1024 * 1024;

/// A store's folders, of which databases and journal lie on a disk of ours.
pub struct World {
    paths: StorePaths,
    mounted: Mounted,
    _behind: Behind,
    _folder: TempDir,
}

impl World {
    /// Makes both folders with what they hold.
    ///
    /// # Errors
    /// If the real file system takes no files.
    pub fn new(image: &Image) -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let within = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("stafett-faults-").tempdir_in(within)?;
        let paths = StorePaths { data: folder.path().join("data"), journal: folder.path().join("journal") };
        std::fs::create_dir(&paths.data)?;
        for (name, bytes) in image {
            if let Some(name) = name.strip_prefix(JOURNAL) {
                std::fs::create_dir_all(&paths.journal)?;
                std::fs::write(paths.journal.join(name), bytes.as_slice())?;
            } else if name.ends_with(".sqlite") {
                // The store asks the real file system whether its databases are there.
                std::fs::write(paths.data.join(name), b"")?;
            }
        }
        if !image.is_empty() {
            std::fs::File::create(paths.data.join("reserve"))?.set_len(RESERVE_BYTES)?;
        }
        let disk = Arc::new(Disk::new(&paths.data, image));
        disk.keep_journal(&paths.journal);
        let behind = Behind::new(&paths.journal, Arc::clone(&disk));
        let mounted = Mounted::new(&paths.data, disk);
        Ok(Self { paths, mounted, _behind: behind, _folder: folder })
    }

    /// Where the store is.
    pub fn paths(&self) -> &StorePaths {
        &self.paths
    }

    /// The disk of the data.
    pub fn disk(&self) -> &Arc<Disk> {
        self.mounted.disk()
    }
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
