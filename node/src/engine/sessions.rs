//! Sessions of people in a browser: a secret of 256 bits, of which only the SHA-256 is kept.
//!
//! A session ends 15 minutes after it was last used and 8 hours after it began, when it is logged
//! out, and at once when the person is no longer in the table of people or no longer has its role.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use stafett_protocol::id::AccountId;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::{HOUR, MINUTE, SECOND, UnixMillis};

use super::{Engine, EngineError};
use crate::clock;
use crate::store::{SessionRecord, SessionWrite};

/// How long a session lasts without use.
pub const IDLE_MS: u64 = 15 * MINUTE;
/// How long a session lasts at all.
pub const LIFETIME_MS: u64 = 8 * HOUR;
/// How far the kept moment of last use may lag behind: not every look is worth a write to disk. A
/// session may end that much earlier than [`IDLE_MS`] after its last use, never later.
const SEEN_LAG_MS: u64 = 30 * SECOND;
/// Stands for a moment that the login did not tell: no session is fresh by it.
const UNTOLD: UnixMillis = UnixMillis(0);

/// A session that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who it is, and in which role.
    pub reader: Reader,
    /// What the person is called.
    pub name: String,
    /// The person's roles that the login allows.
    pub roles: BTreeSet<Role>,
    /// When the person last proved who it is; long before every session if the login does not say.
    pub fresh_at: UnixMillis,
    /// Which login it began with.
    pub by: String,
}

/// A person who has just proven who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// Who.
    pub account: AccountId,
    /// The role to begin with.
    pub role: Role,
    /// The roles that the login allows.
    pub roles: BTreeSet<Role>,
    /// By which login.
    pub by: String,
    /// When: a provider may know the person from earlier today. None if the login does not say; the
    /// session then counts, and is not fresh.
    pub at: Option<UnixMillis>,
}

impl Engine {
    /// Begins a session in place of the one with the secret `before`. Returns its secret; none if
    /// there is no such person or the person does not have the role.
    ///
    /// # Errors
    /// [`EngineError::Store`] if it cannot be kept.
    pub async fn log_in(&self, proven: Proven, before: Option<&str>) -> Result<Option<String>, EngineError> {
        let Proven { account, role, roles, by, at } = proven;
        if !roles.contains(&role) || self.reader(account, role).is_none() {
            return Ok(None);
        }
        let secret = URL_SAFE_NO_PAD.encode(clock::random::<32>());
        let now = self.now();
        let record = SessionRecord {
            hash: hash(&secret),
            account,
            role,
            roles,
            login: by,
            created_at: now,
            seen_at: now,
            fresh_at: at.map_or(UNTOLD, |at| at.min(now)),
        };
        let over = SessionWrite::EraseOver {
            created_by: UnixMillis(now.0.saturating_sub(LIFETIME_MS)),
            seen_by: UnixMillis(now.0.saturating_sub(IDLE_MS)),
        };
        let ended = before.map(|before| SessionWrite::End(hash(before)));
        let writes = [over].into_iter().chain(ended).chain([SessionWrite::Begin(record)]).collect();
        self.inner.store.write_sessions(writes).await?;
        tracing::info!(%account, "logged in");
        Ok(Some(secret))
    }

    /// Returns whose session a secret is, if it counts, and notes that it was used.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read or written: then nobody can tell.
    pub async fn session(&self, secret: &str) -> Result<Option<Session>, EngineError> {
        let Some((session, seen_at)) = self.known_session(secret).await? else { return Ok(None) };
        let now = self.now();
        if now.since(seen_at) >= SEEN_LAG_MS {
            let seen = SessionWrite::Seen { hash: hash(secret), at: now };
            self.inner.store.write_sessions(vec![seen]).await?;
        }
        Ok(Some(session))
    }

    /// As [`session`](Self::session), for what goes on without the person: it does not count as use.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn session_at_rest(&self, secret: &str) -> Result<Option<Session>, EngineError> {
        Ok(self.known_session(secret).await?.map(|(session, _)| session))
    }

    /// Whose session a secret is, if it counts, and when it was last used.
    async fn known_session(&self, secret: &str) -> Result<Option<(Session, UnixMillis)>, EngineError> {
        let now = self.now();
        let found = self.inner.store.session(hash(secret)).await?;
        let Some(record) = found.filter(|record| counts(record, now)) else { return Ok(None) };
        let Some(reader) = self.reader(record.account, record.role) else { return Ok(None) };
        let people = self.people();
        let Some(person) = people.get(record.account) else { return Ok(None) };
        let session = Session {
            reader,
            name: person.name.clone(),
            roles: person.roles.intersection(&record.roles).copied().collect(),
            fresh_at: record.fresh_at,
            by: record.login,
        };
        Ok(Some((session, record.seen_at)))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`EngineError::Store`] if that cannot be kept.
    pub async fn log_out(&self, secret: &str) -> Result<(), EngineError> {
        Ok(self.inner.store.write_sessions(vec![SessionWrite::End(hash(secret))]).await?)
    }

    /// Ends all sessions of an account.
    ///
    /// # Errors
    /// [`EngineError::Store`] if that cannot be kept.
    pub async fn log_out_everywhere(&self, account: AccountId) -> Result<(), EngineError> {
        Ok(self.inner.store.write_sessions(vec![SessionWrite::EndAll(account)]).await?)
    }

    /// Changes the role of a session. Returns whether the person has it and the login allows it.
    ///
    /// # Errors
    /// [`EngineError::Store`] if that cannot be kept.
    pub async fn change_role(&self, secret: &str, role: Role) -> Result<bool, EngineError> {
        let session = self.session(secret).await?;
        let Some(session) = session.filter(|session| session.roles.contains(&role)) else {
            return Ok(false);
        };
        let write = SessionWrite::Role { hash: hash(secret), account: session.reader.account, role };
        self.inner.store.write_sessions(vec![write]).await?;
        Ok(true)
    }
}

fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn counts(record: &SessionRecord, now: UnixMillis) -> bool {
    let began = record.created_at <= now && now.since(record.created_at) < LIFETIME_MS;
    began && now.since(record.seen_at) < IDLE_MS
}
