//! Tokens for the HTTP API: only the SHA-256 of a token is kept.

use rusqlite::{Connection, Row};
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::step::Step;
use crate::store::value::{millis, moment};
use crate::store::{LocalWrite, Store, StoreReader};

const DAMAGED: StoreError = StoreError::Damaged { table: "api_token" };

/// A token, without its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// The SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// In which role it asks.
    pub role: Role,
    /// When it was made.
    pub created_at: UnixMillis,
    /// The first millisecond on which it no longer counts.
    pub expires_at: UnixMillis,
    /// Since when it is revoked, if it is.
    pub revoked_at: Option<UnixMillis>,
}

impl TokenRecord {
    /// Returns whether the token counts at `now`.
    pub fn counts(&self, now: UnixMillis) -> bool {
        self.revoked_at.is_none() && self.created_at <= now && now < self.expires_at
    }
}

impl StoreReader {
    /// Finds a token by the SHA-256 of its secret, also one that no longer counts.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn token_by_hash(&self, hash: [u8; 32]) -> Result<Option<TokenRecord>, StoreError> {
        self.read(move |snapshot| snapshot.optional(&format!("{SELECT} WHERE hash = ?1"), [hash], read)).await
    }

    /// Returns all tokens, newest first, also those that no longer count.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.read(|snapshot| snapshot.rows(&format!("{SELECT} ORDER BY created_at DESC, token_id"), [], read))
            .await
    }
}

impl Store {
    /// Keeps a new token.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written, or its id or hash is taken.
    pub async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::Token(token)]).await
    }

    /// Revokes a token; the first moment stands.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn revoke_token(&self, token: TokenId, at: UnixMillis) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::TokenRevoked { token, at }]).await
    }
}

const SELECT: &str =
    "SELECT token_id, hash, account, role, created_at, expires_at, revoked_at FROM api_token";

fn read(row: &Row<'_>) -> Result<TokenRecord, StoreError> {
    let role: String = row.get(3)?;
    Ok(TokenRecord {
        id: TokenId::from_bytes(row.get(0)?),
        hash: row.get(1)?,
        account: AccountId::from_bytes(row.get(2)?),
        role: serde_json::from_value(role.into()).map_err(|_| DAMAGED)?,
        created_at: moment(row.get(4)?),
        expires_at: moment(row.get(5)?),
        revoked_at: row.get::<_, Option<i64>>(6)?.map(moment),
    })
}

/// Writes a new token.
pub(crate) fn put(step: &Step<'_>, token: &TokenRecord) -> Result<(), StoreError> {
    insert(step.connection, token)
}

/// Writes a new token on a connection in a transaction.
pub(crate) fn insert(connection: &Connection, token: &TokenRecord) -> Result<(), StoreError> {
    let role = serde_json::to_value(token.role).map_err(|_| DAMAGED)?;
    connection.execute(
        "INSERT INTO api_token (token_id, hash, account, role, created_at, expires_at, revoked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            token.id.as_bytes(),
            token.hash,
            token.account.as_bytes(),
            role.as_str().ok_or(DAMAGED)?,
            millis(token.created_at),
            millis(token.expires_at),
            token.revoked_at.map(millis),
        ),
    )?;
    Ok(())
}

/// Revokes a token.
pub(crate) fn revoke(step: &Step<'_>, token: TokenId, at: UnixMillis) -> Result<(), StoreError> {
    set_revoked(step.connection, token, at)
}

/// Revokes a token on a connection in a transaction.
pub(crate) fn set_revoked(connection: &Connection, token: TokenId, at: UnixMillis) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE api_token SET revoked_at = ?2 WHERE token_id = ?1 AND revoked_at IS NULL",
        (token.as_bytes(), millis(at)),
    )?;
    Ok(())
}
