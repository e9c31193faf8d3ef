//! What can go wrong with a store. Carries ids and numbers, never content.

use std::path::PathBuf;

use stafett_protocol::id::CaseId;
use stafett_protocol::journal::JournalError;
use stafett_protocol::transaction::Fault;

use crate::seal::SealError;

/// Why the store did not open, read or write.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder or file cannot be made, read or written.
    #[error("expected a folder that can be read and written at {path}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process has the folder open for writing.
    #[error("another process uses the store at {path}")]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// A file of the store is none that this program made.
    #[error("expected a store at {path}, found something else")]
    NotAStore {
        /// Which file.
        path: PathBuf,
    },
    /// There is no store yet; opening it for writing makes one.
    #[error("there is no store at {path}")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// A newer program has written the store.
    #[error("the store has schema {found}, and this program knows schemas up to {known}")]
    Newer {
        /// The store's schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// The store must first be opened for writing by this program, which brings it up to date.
    #[error("the store has schema {found}, and schema {known} is needed to read it")]
    Older {
        /// The store's schema.
        found: u32,
        /// The schema that this program reads.
        known: u32,
    },
    /// The store was made by another text of a migration than this program holds.
    #[error("migration {number} of the store is another than this program's")]
    MigrationChanged {
        /// Which migration.
        number: u32,
    },
    /// SQLite cannot keep what this store needs: write-ahead log, secure deletion.
    #[error("the file system at {path} does not allow {setting}")]
    Setting {
        /// Which file.
        path: PathBuf,
        /// Which setting.
        setting: &'static str,
    },
    /// The wrapping key is not the one that the keys were wrapped with.
    #[error("the wrapping key is not the one of this store")]
    WrongWrappingKey,
    /// There are sealed rows, and the file of keys is missing or empty.
    #[error("the keys of the store are missing")]
    KeysMissing,
    /// The data key of a case is destroyed; its rows can never be opened.
    #[error("the data key of case {0} is gone")]
    KeyGone(CaseId),
    /// A blob does not open in its place.
    #[error("a row of {table} does not open")]
    Sealed {
        /// Of which table.
        table: &'static str,
        /// Why.
        #[source]
        source: SealError,
    },
    /// A key could not be made or used.
    #[error("a key cannot be used")]
    Key(#[source] SealError),
    /// A row holds what this program never writes.
    #[error("a row of {table} is damaged")]
    Damaged {
        /// Of which table.
        table: &'static str,
    },
    /// SQLite reports an error.
    #[error("the database reports an error")]
    Sqlite(#[from] rusqlite::Error),
    /// The journal does not follow line by line.
    #[error("the journal cannot be trusted")]
    Journal(#[from] JournalError),
    /// Store and journal tell different histories from this line on.
    #[error("store and journal differ from line {line}; put back the journal that belongs to the store")]
    JournalForeign {
        /// Counted from 1.
        line: u64,
    },
    /// The journal is gone, or lines at its end are.
    #[error("the journal is lost: it had {known} lines and has {found}")]
    JournalLost {
        /// Lines that it had.
        known: u64,
        /// Lines that are left.
        found: u64,
    },
    /// There is a journal that cannot be relied on, so nothing is added to it.
    #[error("the journal cannot be relied on and is not written")]
    JournalUnusable,
    /// The transaction was refused; nothing of it is kept.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The case is not here.
    #[error("case {0} is not here")]
    UnknownCase(CaseId),
    /// A text is longer than its place allows.
    #[error("expected at most {bytes_max} bytes, found {bytes}")]
    TooLong {
        /// How long.
        bytes: usize,
        /// How long it may be.
        bytes_max: usize,
    },
    /// The writer has stopped.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Returns whether single rows are at fault that other rows need not suffer from: they do not
    /// open, or hold what this program never writes.
    pub fn is_damage(&self) -> bool {
        use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
        match self {
            Self::Sealed { .. } | Self::Damaged { .. } => true,
            Self::Sqlite(error) => matches!(
                error,
                FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..)
            ),
            _ => false,
        }
    }

    /// Returns whether a folder or disk is at fault that may be well again later.
    pub fn is_full(&self) -> bool {
        matches!(
            self,
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::DiskFull
        )
    }
}
