//! What the store takes on its disk, and what is left there.

use std::path::{Path, PathBuf};

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::migrations;
use crate::store::open::{KEYS_FILE, STORE_FILE};

/// Bytes of a store and its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSize {
    /// Of the rows and of the wrapped keys.
    pub rows: u64,
    /// Of the write-ahead logs, which the rows take over from time to time.
    pub write_ahead: u64,
    /// That are left on the disk for whom the node runs as.
    pub free: u64,
}

impl StoreReader {
    /// Returns what the store takes, and what is left.
    ///
    /// # Errors
    /// [`StoreError::Folder`] if the folder cannot be looked at.
    pub async fn size(&self) -> Result<StoreSize, StoreError> {
        let folder = self.paths().data.clone();
        let looked = tokio::task::spawn_blocking(move || {
            size(&folder).map_err(|source| StoreError::Folder { path: folder, source })
        });
        looked.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns the number of the schema: that of the newest migration, which every open store has.
    pub fn schema(&self) -> u32 {
        migrations::newest(migrations::STORE)
    }
}

fn size(folder: &Path) -> std::io::Result<StoreSize> {
    let (mut rows, mut write_ahead) = (0_u64, 0_u64);
    for name in [STORE_FILE, KEYS_FILE] {
        rows = rows.saturating_add(bytes(&folder.join(name))?);
        write_ahead = write_ahead.saturating_add(bytes(&folder.join(format!("{name}-wal")))?);
    }
    let disk = rustix::fs::statvfs(folder)?;
    Ok(StoreSize { rows, write_ahead, free: disk.f_bavail.saturating_mul(disk.f_frsize) })
}

/// A file that is not there takes nothing: SQLite takes an empty log away.
fn bytes(path: &PathBuf) -> std::io::Result<u64> {
    match std::fs::metadata(path) {
        Ok(file) => Ok(file.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}
