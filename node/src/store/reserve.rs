//! Room that is kept back on the disk, so that a full one cannot keep anybody from closing.
//!
//! A file beside the store takes it. What closes something, and what the node must note for a
//! person to say so, may have it when nothing else is left; from then on everything else is refused
//! until there is room to keep it back anew. The file holds nothing and may be deleted.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use stafett_protocol::transaction::{Transaction, Write};
use tracing::{error, info};

use crate::clock;
use crate::store::open;
use crate::store::write::LocalWrite;

/// The file in the data folder.
const RESERVE_FILE: &str = "reserve";
/// Bytes that are kept back: some hundred pages, of which a withdrawal changes some dozen.
const RESERVE_BYTES: u64 = 1024 * 1024;

/// Room that is kept back.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    is_spent: bool,
}

impl Reserve {
    /// Keeps room back in a folder, if there is room.
    pub(crate) fn keep(folder: &Path) -> Self {
        let path = folder.join(RESERVE_FILE);
        let is_whole = std::fs::metadata(&path).is_ok_and(|file| file.len() == RESERVE_BYTES);
        // Opening it closes it to others, whatever its mode was.
        let is_kept = is_whole && open::private(&path).is_ok();
        let mut reserve = Self { path, is_spent: !is_kept };
        reserve.keep_again();
        reserve
    }

    /// Gives the room away; returns whether there was any.
    pub(crate) fn spend(&mut self) -> bool {
        if self.is_spent {
            return false;
        }
        error!("the disk is full: what closes still fits, everything else is refused");
        self.is_spent = true;
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Keeps room back again if it was given away; returns whether it is kept back.
    pub(crate) fn keep_again(&mut self) -> bool {
        if self.is_spent {
            match fill(&self.path) {
                Ok(()) => {
                    info!("room is kept back for what closes");
                    self.is_spent = false;
                }
                Err(_) => drop(std::fs::remove_file(&self.path)),
            }
        }
        !self.is_spent
    }
}

/// Takes room that a file system can neither share nor compress.
fn fill(path: &Path) -> std::io::Result<()> {
    let mut bytes = vec![0; usize::try_from(RESERVE_BYTES).unwrap_or_default()];
    clock::fill_random(&mut bytes);
    let mut file: File = open::private(path)?;
    file.set_len(0)?;
    file.write_all(&bytes)
}

/// Returns whether a transaction may have the room: it closes something, or it notes who logs in,
/// looks or asks, without which nobody could say that something is to be closed.
pub(crate) fn may_have(transaction: &Transaction, local: &[LocalWrite]) -> bool {
    let closes = |write: &Write| matches!(write, Write::Closing { .. } | Write::ReceiptFiled(_));
    let notes = |write: &LocalWrite| {
        matches!(write, LocalWrite::Access(_) | LocalWrite::Session(_) | LocalWrite::HighWaterMark(_))
    };
    transaction.writes.iter().any(closes) || (transaction.writes.is_empty() && local.iter().all(notes))
}
