//! Data keys: one per case, wrapped by the node's wrapping key, in a file of their own.
//!
//! A key is durable here before the first row that it seals is committed there, and is destroyed
//! here after the deletion is committed there. So a crash in between leaves a key too many and
//! never a row without its key. A key whose rows are gone is found again and destroyed at start; one
//! that was made for rows that never came seals nothing, and stays.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};
use stafett_protocol::id::CaseId;

use crate::clock;
use crate::seal::{DataKey, KeyBytes, LogKey, WrappingKey};
use crate::store::error::StoreError;
use crate::store::migrations;
use crate::store::open;
use crate::store::value::millis;

/// Keys that a ring keeps unwrapped.
const KEYS_KEPT: usize = 1_024;
/// The name of the key that authenticates the access log.
const LOG_KEY: &str = "access-log";

/// Names a data key: 16 random bytes.
pub(crate) type KeyId = [u8; 16];

/// The file of keys, and the keys that were unwrapped lately.
pub(crate) struct KeyRing {
    connection: Connection,
    wrapping: Arc<WrappingKey>,
    unwrapped: RefCell<BTreeMap<KeyId, Arc<DataKey>>>,
}

impl KeyRing {
    /// Opens the file of keys for writing, and makes it if it is missing.
    pub(crate) fn writing(folder: &Path, wrapping: Arc<WrappingKey>) -> Result<Self, StoreError> {
        let connection = open::writing(&folder.join(open::KEYS_FILE), migrations::KEYS)?;
        Ok(Self { connection, wrapping, unwrapped: RefCell::default() })
    }

    /// Opens the file of keys for reading.
    pub(crate) fn reading(folder: &Path, wrapping: Arc<WrappingKey>) -> Result<Self, StoreError> {
        let connection = open::reading(&folder.join(open::KEYS_FILE), migrations::KEYS)?;
        Ok(Self { connection, wrapping, unwrapped: RefCell::default() })
    }

    /// Returns the key of the access log; none in a file without any key.
    ///
    /// # Errors
    /// [`StoreError::WrongWrappingKey`] if another key wrapped it.
    pub(crate) fn log_key(&self) -> Result<Option<LogKey>, StoreError> {
        let wrapped: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT wrapped FROM named_key WHERE name = ?1", [LOG_KEY], |row| row.get(0))
            .optional()?;
        let Some(wrapped) = wrapped else { return Ok(None) };
        let place = named_place(LOG_KEY);
        let bytes = self.wrapping.unwrap(&wrapped, &place).map_err(|_| StoreError::WrongWrappingKey)?;
        Ok(Some(LogKey::new(&bytes)))
    }

    /// Makes the key of the access log.
    pub(crate) fn make_log_key(&self) -> Result<LogKey, StoreError> {
        let bytes = KeyBytes::random();
        let wrapped = self.wrapping.wrap(&bytes, &named_place(LOG_KEY)).map_err(StoreError::Key)?;
        self.connection
            .execute("INSERT INTO named_key (name, wrapped) VALUES (?1, ?2)", (LOG_KEY, wrapped))?;
        Ok(LogKey::new(&bytes))
    }

    /// Makes a key for a case; it is durable on return.
    pub(crate) fn make(&self, case: CaseId) -> Result<KeyId, StoreError> {
        let id: KeyId = clock::random();
        let bytes = KeyBytes::random();
        let wrapped = self.wrapping.wrap(&bytes, &place(&id, case)).map_err(StoreError::Key)?;
        self.connection.execute(
            "INSERT INTO data_key (key_id, case_id, made_at, wrapped) VALUES (?1, ?2, ?3, ?4)",
            (id, case.as_bytes(), millis(clock::now()), wrapped),
        )?;
        self.keep(id, Arc::new(DataKey::new(&bytes)));
        Ok(id)
    }

    /// Returns a key.
    ///
    /// # Errors
    /// [`StoreError::KeyGone`] if it is destroyed, [`StoreError::WrongWrappingKey`] if another
    /// key wrapped it or it was made for another case.
    pub(crate) fn key(&self, id: KeyId, case: CaseId) -> Result<Arc<DataKey>, StoreError> {
        if let Some(key) = self.unwrapped.borrow().get(&id) {
            return Ok(Arc::clone(key));
        }
        let wrapped: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT wrapped FROM data_key WHERE key_id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        let wrapped = wrapped.ok_or(StoreError::KeyGone(case))?;
        let bytes =
            self.wrapping.unwrap(&wrapped, &place(&id, case)).map_err(|_| StoreError::WrongWrappingKey)?;
        let key = Arc::new(DataKey::new(&bytes));
        self.keep(id, Arc::clone(&key));
        Ok(key)
    }

    /// Destroys keys; they are gone from the file on return. Destroying one again changes nothing.
    pub(crate) fn destroy(&self, ids: &[KeyId]) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let deleted = ids.iter().try_for_each(|id| {
            self.unwrapped.borrow_mut().remove(id);
            self.connection.execute("DELETE FROM data_key WHERE key_id = ?1", [id]).map(|_| ())
        });
        match deleted {
            Ok(()) => Ok(self.connection.execute_batch("COMMIT")?),
            Err(error) => {
                self.connection.execute_batch("ROLLBACK")?;
                Err(error.into())
            }
        }
    }

    /// Cuts the log of the file of keys, which may still hold keys that are destroyed.
    pub(crate) fn truncate_log(&self) -> Result<bool, StoreError> {
        open::truncate_log(&self.connection)
    }

    /// Forgets what was unwrapped.
    pub(crate) fn forget(&self) {
        self.unwrapped.borrow_mut().clear();
    }

    fn keep(&self, id: KeyId, key: Arc<DataKey>) {
        let mut unwrapped = self.unwrapped.borrow_mut();
        if unwrapped.len() >= KEYS_KEPT {
            unwrapped.clear();
        }
        unwrapped.insert(id, key);
    }
}

fn place(id: &KeyId, case: CaseId) -> Vec<u8> {
    let mut place = b"stafett data key 1\0".to_vec();
    place.extend_from_slice(id);
    place.extend_from_slice(case.as_bytes());
    place
}

fn named_place(name: &str) -> Vec<u8> {
    let mut place = b"stafett named key 1\0".to_vec();
    place.extend_from_slice(name.as_bytes());
    place
}
