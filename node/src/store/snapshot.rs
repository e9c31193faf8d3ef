//! One consistent view of the rows, with the keys that open them. Readers and the writer ask the
//! same questions of it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;
use stafett_protocol::id::CaseId;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::{PublicKey, Signed, Statement, Verified};

use crate::seal::DataKey;
use crate::store::error::StoreError;
use crate::store::keys::{KeyId, KeyRing};
use crate::store::sealed::{Part, SealedTable};

/// Who this node is.
#[derive(Debug)]
pub(crate) struct Own {
    /// Its organisation.
    pub(crate) organisation: OrganisationNumber,
    /// The public halves of its signing keys, present and earlier ones.
    pub(crate) signing_keys: Vec<PublicKey>,
}

/// A connection inside a transaction.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'c> {
    pub(crate) connection: &'c Connection,
    pub(crate) keys: &'c KeyRing,
    pub(crate) own: &'c Own,
}

impl Snapshot<'_> {
    /// Returns the id of a case's data key; none if nothing sealed of the case is here.
    pub(crate) fn key_id(&self, case: CaseId) -> Result<Option<KeyId>, StoreError> {
        self.optional("SELECT key_id FROM cases WHERE case_id = ?1", [case.as_bytes()], |row| Ok(row.get(0)?))
    }

    /// Returns a case's data key.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`] if nothing sealed of the case is here.
    pub(crate) fn key(&self, case: CaseId) -> Result<Arc<DataKey>, StoreError> {
        let id = self.key_id(case)?.ok_or(StoreError::UnknownCase(case))?;
        self.keys.key(id, case)
    }

    /// Seals content for a row.
    pub(crate) fn seal(
        &self,
        case: CaseId,
        table: &SealedTable,
        identity: &[Part<'_>],
        plain: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        self.key(case)?.seal(plain, &table.place(identity)).map_err(StoreError::Key)
    }

    /// Opens the content of a row.
    pub(crate) fn open(
        &self,
        case: CaseId,
        table: &SealedTable,
        identity: &[Part<'_>],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        self.key(case)?
            .open(sealed, &table.place(identity))
            .map_err(|source| StoreError::Sealed { table: table.shown(), source })
    }

    /// Opens a row's content that was written as JSON.
    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        case: CaseId,
        table: &SealedTable,
        identity: &[Part<'_>],
        sealed: &[u8],
    ) -> Result<T, StoreError> {
        let plain = self.open(case, table, identity, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| StoreError::Damaged { table: table.shown() })
    }

    /// Opens a row's token that this node signed, and checks the signature.
    pub(crate) fn open_own<T: Statement>(
        &self,
        case: CaseId,
        table: &SealedTable,
        identity: &[Part<'_>],
        sealed: &[u8],
    ) -> Result<Verified<T>, StoreError> {
        let token = String::from_utf8(self.open(case, table, identity, sealed)?);
        let damaged = StoreError::Damaged { table: table.shown() };
        let Ok(token) = token else { return Err(damaged) };
        Signed::from_token(token).verify(&self.own.signing_keys).map_err(|_| damaged)
    }

    /// Asks for all rows.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row)?);
        }
        Ok(found)
    }

    /// Asks for one row, if there is one.
    pub(crate) fn optional<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query(parameters)?;
        rows.next()?.map(read).transpose()
    }

    /// Asks for one number.
    pub(crate) fn number(&self, sql: &str, parameters: impl Params) -> Result<i64, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
    }

    /// Asks whether there is such a row.
    pub(crate) fn exists(&self, sql: &str, parameters: impl Params) -> Result<bool, StoreError> {
        let found = self.connection.prepare_cached(sql)?.query_row(parameters, |_| Ok(())).optional()?;
        Ok(found.is_some())
    }
}

/// Reads what a stored token says. Only for tokens whose signature was checked before they were
/// sealed; partners' keys are not the store's to know.
pub(crate) fn statement_of<T: Statement>(token: &[u8], table: &'static str) -> Result<T, StoreError> {
    payload(token).and_then(|json| serde_json::from_slice(&json).ok()).ok_or(StoreError::Damaged { table })
}

/// Decodes the middle part of a token (RFC 7515, 3.1).
pub(crate) fn payload(token: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine;
    let middle = token.split(|byte| *byte == b'.').nth(1)?;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(middle).ok()
}
