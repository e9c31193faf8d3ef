//! Short writes of another process than the one that has the store open: tokens, which an
//! operator makes and revokes while the node runs, the end of a person's sessions, and what an
//! operator says about a seal.
//!
//! They belong to no chain, and the only rows among them that the node writes too are sessions,
//! which it asks for anew with every request and never writes back once they are gone. So the
//! database's own locks are enough: each is one transaction that waits for the node's at most some
//! seconds.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::login::{self, TokenRecord};
use crate::store::{migrations, open, session, word};

/// Keeps a new token in the store in `folder`; it is durable on return.
///
/// # Errors
/// [`StoreError::Missing`] or [`StoreError::Newer`] for another store than this program's, and
/// others if it cannot be written.
pub fn put_token(folder: &Path, token: &TokenRecord) -> Result<(), StoreError> {
    write(folder, |connection| login::insert(connection, token))
}

/// Revokes a token; the first moment stands. Returns whether there is such a token.
///
/// # Errors
/// As for [`put_token`].
pub fn revoke_token(folder: &Path, token: TokenId, at: UnixMillis) -> Result<bool, StoreError> {
    write(folder, |connection| {
        login::set_revoked(connection, token, at)?;
        let known = "SELECT count(*) FROM api_token WHERE token_id = ?1";
        Ok(connection.query_row(known, [token.as_bytes()], |row| row.get::<_, i64>(0))? == 1)
    })
}

/// Ends all sessions of an account; returns how many there were, those included that were over.
///
/// # Errors
/// As for [`put_token`].
pub fn end_sessions(folder: &Path, account: AccountId) -> Result<usize, StoreError> {
    write(folder, |connection| session::end_all(connection, account))
}

/// Asks the node that runs on the store in `folder` for something, and hands over what belongs to it; returns
/// the number of what was asked, for [`outcome`].
///
/// # Errors
/// As for [`put_token`].
pub fn say(folder: &Path, word: &str, body: Option<&[u8]>, at: UnixMillis) -> Result<i64, StoreError> {
    write(folder, |connection| word::say(connection, word, body, at))
}

/// Returns what came of what was asked, once it is done.
///
/// # Errors
/// As for [`put_token`].
pub fn outcome(folder: &Path, number: i64) -> Result<Option<String>, StoreError> {
    write(folder, |connection| word::outcome(connection, number))
}

/// Takes back what was asked. Returns whether it was in time.
///
/// # Errors
/// As for [`put_token`].
pub fn take_back(folder: &Path, number: i64) -> Result<bool, StoreError> {
    write(folder, |connection| word::take_back(connection, number))
}

fn write<T>(folder: &Path, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut connection = open::writing_beside(&folder.join(open::STORE_FILE), migrations::STORE)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}
