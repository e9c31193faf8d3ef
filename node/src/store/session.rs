//! Sessions of people in a browser: only the SHA-256 of a session's secret is kept.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row};
use stafett_protocol::id::AccountId;
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::step::Step;
use crate::store::value::{millis, moment};
use crate::store::{LocalWrite, Store, StoreReader};

const DAMAGED: StoreError = StoreError::Damaged { table: "session" };

/// A session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// In which role the person is here.
    pub role: Role,
    /// The roles that the login allows.
    pub roles: BTreeSet<Role>,
    /// Which login it began with.
    pub login: String,
    /// When it began.
    pub created_at: UnixMillis,
    /// When it was last used, or a little earlier.
    pub seen_at: UnixMillis,
    /// When the person last proved who it is.
    pub fresh_at: UnixMillis,
}

/// What happens to sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionWrite {
    /// One begins.
    Begin(SessionRecord),
    /// One is used.
    Seen {
        /// Which.
        hash: [u8; 32],
        /// When.
        at: UnixMillis,
    },
    /// The role of one changes, if it is this account's.
    Role {
        /// Which.
        hash: [u8; 32],
        /// Whose it must be.
        account: AccountId,
        /// The role from here on.
        role: Role,
    },
    /// One ends.
    End([u8; 32]),
    /// All of an account end.
    EndAll(AccountId),
    /// Those that are over are erased.
    EraseOver {
        /// What began at this moment or before is over.
        created_by: UnixMillis,
        /// What was last used at this moment or before is over.
        seen_by: UnixMillis,
    },
}

impl StoreReader {
    /// Finds a session by the SHA-256 of its secret, also one that is over.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn session(&self, hash: [u8; 32]) -> Result<Option<SessionRecord>, StoreError> {
        self.read(move |snapshot| snapshot.optional(SELECT, [hash], read)).await
    }
}

impl Store {
    /// Writes what happens to sessions, all or nothing.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn write_sessions(&self, writes: Vec<SessionWrite>) -> Result<(), StoreError> {
        self.write_local(writes.into_iter().map(LocalWrite::Session).collect()).await
    }
}

const SELECT: &str =
    "SELECT hash, account, role, roles, login, created_at, seen_at, fresh_at FROM session WHERE hash = ?1";

fn read(row: &Row<'_>) -> Result<SessionRecord, StoreError> {
    let role: String = row.get(2)?;
    let roles: String = row.get(3)?;
    Ok(SessionRecord {
        hash: row.get(0)?,
        account: AccountId::from_bytes(row.get(1)?),
        role: role_of(role)?,
        roles: roles.split_whitespace().map(|word| role_of(word.to_owned())).collect::<Result<_, _>>()?,
        login: row.get(4)?,
        created_at: moment(row.get(5)?),
        seen_at: moment(row.get(6)?),
        fresh_at: moment(row.get(7)?),
    })
}

fn role_of(word: String) -> Result<Role, StoreError> {
    serde_json::from_value(word.into()).map_err(|_| DAMAGED)
}

fn word(role: Role) -> Result<String, StoreError> {
    serde_json::to_value(role).ok().and_then(|role| role.as_str().map(str::to_owned)).ok_or(DAMAGED)
}

/// Executes one write.
pub(crate) fn write(step: &Step<'_>, write: &SessionWrite) -> Result<(), StoreError> {
    let connection = step.connection;
    match write {
        SessionWrite::Begin(session) => connection.execute(
            "INSERT INTO session (hash, account, role, roles, login, created_at, seen_at, fresh_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (
                session.hash,
                session.account.as_bytes(),
                word(session.role)?,
                session.roles.iter().map(|role| word(*role)).collect::<Result<Vec<_>, _>>()?.join(" "),
                &session.login,
                millis(session.created_at),
                millis(session.seen_at),
                millis(session.fresh_at),
            ),
        )?,
        SessionWrite::Seen { hash, at } => connection
            .execute("UPDATE session SET seen_at = max(seen_at, ?2) WHERE hash = ?1", (hash, millis(*at)))?,
        SessionWrite::Role { hash, account, role } => connection.execute(
            "UPDATE session SET role = ?3 WHERE hash = ?1 AND account = ?2",
            (hash, account.as_bytes(), word(*role)?),
        )?,
        SessionWrite::End(hash) => connection.execute("DELETE FROM session WHERE hash = ?1", [hash])?,
        SessionWrite::EndAll(account) => end_all(connection, *account)?,
        SessionWrite::EraseOver { created_by, seen_by } => connection.execute(
            "DELETE FROM session WHERE created_at <= ?1 OR seen_at <= ?2",
            (millis(*created_by), millis(*seen_by)),
        )?,
    };
    Ok(())
}

/// Ends all sessions of an account; returns how many there were.
pub(crate) fn end_all(connection: &Connection, account: AccountId) -> Result<usize, StoreError> {
    Ok(connection.execute("DELETE FROM session WHERE account = ?1", [account.as_bytes()])?)
}
