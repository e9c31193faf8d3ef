//! Folders, the lock and connections.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::error::StoreError;
use crate::store::migrations::{self, Migration};

/// How long a connection waits for another's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long emptying a log waits for readers before it is left for the next commit.
const TRUNCATE_TIMEOUT: Duration = Duration::from_millis(100);
/// Statements that a connection keeps prepared.
const STATEMENTS_KEPT: usize = 128;

/// The file of rows in the data folder.
pub(crate) const STORE_FILE: &str = "store.sqlite";
/// The file of wrapped data keys in the data folder.
pub(crate) const KEYS_FILE: &str = "keys.sqlite";
/// The file in the data folder whose lock one process holds.
const LOCK_FILE: &str = "lock";

/// The mode of every file of a store and its journal.
const PRIVATE: u32 = 0o600;

/// Makes a folder that only the node's own user can read, unless it is there.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StoreError::Folder { path: path.to_owned(), source })
}

/// Takes the data folder for this process; the system gives it back when the process ends.
pub(crate) fn lock(folder: &Path) -> Result<File, StoreError> {
    let path = folder.join(LOCK_FILE);
    let fault = |source| StoreError::Folder { path: folder.to_owned(), source };
    let file = private(&path).map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(fault(source)),
    }
}

/// Opens a file for reading and writing, and makes it if it is missing. Its mode is 600 on return,
/// also if it was put there by somebody else with another.
pub(crate) fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).read(true).write(true).mode(PRIVATE).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != PRIVATE {
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
    }
    Ok(file)
}

/// Opens a database for writing, makes it if need be, and brings it to the newest schema.
pub(crate) fn writing(path: &Path, known: &[Migration]) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // The log and its index beside the file get the file's mode when they are made, and keep the
    // one that they have when they are there.
    let beside = ["-wal", "-shm"].map(|end| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(end);
        PathBuf::from(beside)
    });
    let there = beside.iter().map(PathBuf::as_path).filter(|path| path.exists());
    for path in std::iter::once(path).chain(there) {
        private(path).map_err(|source| StoreError::Folder { path: path.to_owned(), source })?;
    }
    let explain = |error| explain(path, error);
    let mut connection = Connection::open_with_flags(path, flags).map_err(explain)?;
    prepare(&connection).map_err(explain)?;
    if !set_write_ahead_log(&connection).map_err(explain)? {
        return Err(StoreError::Setting { path: path.to_owned(), setting: "a write-ahead log" });
    }
    connection.execute_batch("PRAGMA synchronous = FULL").map_err(explain)?;
    let deletion: i64 =
        connection.query_row("PRAGMA secure_delete = ON", [], |row| row.get(0)).map_err(explain)?;
    if deletion != 1 {
        return Err(StoreError::Setting { path: path.to_owned(), setting: "secure deletion" });
    }
    migrations::migrate(&mut connection, known)?;
    Ok(connection)
}

/// Opens a database that another process may have open for writing, for one short transaction.
/// It must be there and have the newest schema: whoever has the folder's lock makes and migrates.
pub(crate) fn writing_beside(path: &Path, known: &[Migration]) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| explain(path, error))?;
    prepare(&connection).map_err(|error| explain(path, error))?;
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")
        .map_err(|error| explain(path, error))?;
    migrations::must_be_current(&connection, known).map_err(|error| match error {
        StoreError::Sqlite(error) => explain(path, error),
        error => error,
    })?;
    Ok(connection)
}

/// Opens a database for reading; another process may write it meanwhile.
pub(crate) fn reading(path: &Path, known: &[Migration]) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| explain(path, error))?;
    prepare(&connection).map_err(|error| explain(path, error))?;
    migrations::must_be_current(&connection, known).map_err(|error| match error {
        StoreError::Sqlite(error) => explain(path, error),
        error => error,
    })?;
    Ok(connection)
}

/// Has a database keep a write-ahead log; returns whether it does. SQLite says so before it writes it
/// down, so the statement is run to its end: what fails there would leave a database that forgets
/// its last commit when the power goes.
fn set_write_ahead_log(connection: &Connection) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare("PRAGMA journal_mode = WAL")?;
    let mut rows = statement.query([])?;
    let mode: Option<String> = rows.next()?.map(|row| row.get(0)).transpose()?;
    while rows.next()?.is_some() {}
    Ok(mode.as_deref() == Some("wal"))
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Else SQLite may plan a kept statement anew for each value that is bound, which took a quarter
    // of the time of a page; no query here needs another plan for another value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;
         PRAGMA temp_store = MEMORY;",
    )
}

/// Empties the write-ahead log into the database and cuts it to nothing. Returns whether that
/// was possible; it is not while a reader's snapshot needs the log.
/// Waits for no reader longer than a moment, because commits wait meanwhile.
pub(crate) fn truncate_log(connection: &Connection) -> Result<bool, StoreError> {
    connection.busy_timeout(TRUNCATE_TIMEOUT)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(busy? == 0)
}

/// Says what an error at opening means for whoever starts the node.
fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::NotAStore { path },
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure,
        ) => StoreError::Folder { path, source: std::io::Error::other(error) },
        _ => StoreError::Sqlite(error),
    }
}

/// Lets the rows take at most so many bytes.
pub(crate) fn limit(connection: &Connection, bytes: u64) -> Result<(), StoreError> {
    let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX).checked_div(page).unwrap_or(1).max(1);
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    Ok(())
}
