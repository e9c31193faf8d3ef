//! The access log: who looked at what, why and when, written before anything is shown.
//!
//! Rows are only added. Each carries a MAC over itself and the MAC before it, with a key that is
//! wrapped like every other; the end of the log carries one as well. So whoever can write the
//! file but has no key can edit, drop or reorder no row unnoticed. How long the log was at the
//! least also stands beside the journal, so that a whole log put back from earlier is noticed.

mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

pub use check::{LogCheck, LogFault};

use crate::clock;
use crate::seal::LogKey;
use crate::store::case::{NODE_SCOPE, json};
use crate::store::error::StoreError;
use crate::store::sealed::{ACCESS_LOG, Part};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter, millis, moment};
use crate::store::{LocalWrite, Store, StoreReader};

/// Bytes of what was looked at and of why, each.
const TEXT_BYTES_MAX: usize = 4 * 1_024;

/// One look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// Who.
    pub account: AccountId,
    /// In which role.
    pub role: Role,
    /// In which service, for staff.
    pub service: Option<ServiceCode>,
    /// At which case; none for what belongs to no case, such as a list.
    pub case: Option<CaseId>,
    /// At what, such as `case` or an entry's id; at most 4 KiB.
    pub what: String,
    /// For what reason; at most 4 KiB.
    pub why: String,
    /// When.
    pub at: UnixMillis,
}

/// Where the access log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEnd {
    /// How many rows it has.
    pub length: u64,
    /// The MAC of the last; zeroes for none.
    pub last: [u8; 32],
}

impl LogEnd {
    /// Where a log ends that has no row.
    pub const START: Self = Self { length: 0, last: [0; 32] };
}

#[derive(Serialize, Deserialize)]
struct SealedAccess {
    role: Role,
    service: Option<ServiceCode>,
    what: String,
    why: String,
    /// Keeps the content's hash from being guessed once the content is erased.
    salt: [u8; 16],
}

impl StoreReader {
    /// Returns who looked at a case, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn access_log(&self, case: CaseId) -> Result<Vec<AccessRow>, StoreError> {
        self.read(move |snapshot| rows(snapshot, "WHERE case_id = ?1 ORDER BY number", [case.as_bytes()]))
            .await
    }

    /// Returns what a person looked at, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn accesses_of(&self, account: AccountId) -> Result<Vec<AccessRow>, StoreError> {
        self.read(move |snapshot| rows(snapshot, "WHERE account = ?1 ORDER BY number", [account.as_bytes()]))
            .await
    }

    /// Returns when a person looked at each case last.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn last_looks(&self, account: AccountId) -> Result<BTreeMap<CaseId, UnixMillis>, StoreError> {
        self.read(move |snapshot| {
            let sql = "SELECT case_id, MAX(seen_at) FROM access_log WHERE account = ?1 GROUP BY case_id";
            let looks = snapshot.rows(sql, [account.as_bytes()], |row| {
                Ok((CaseId::from_bytes(row.get(0)?), moment(row.get(1)?)))
            })?;
            Ok(looks.into_iter().filter(|(case, _)| *case != NODE_SCOPE).collect())
        })
        .await
    }
}

impl Store {
    /// Logs a look; it is durable on return. Nothing may be shown before, or after an error.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`] if nothing of the case is here, [`StoreError::TooLong`] for a
    /// text of more than 4 KiB; others if it cannot be written.
    pub async fn log_access(&self, row: AccessRow) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::Access(row)]).await
    }
}

fn rows(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<AccessRow>, StoreError> {
    let sql = format!("SELECT number, seen_at, account, case_id, sealed FROM access_log {condition}");
    snapshot.rows(&sql, parameters, |row| {
        let scope = CaseId::from_bytes(row.get(3)?);
        let sealed: Vec<u8> = row.get(4)?;
        let content: SealedAccess =
            snapshot.open_json(scope, &ACCESS_LOG, &identity(&scope, row.get(0)?), &sealed)?;
        Ok(AccessRow {
            account: AccountId::from_bytes(row.get(2)?),
            role: content.role,
            service: content.service,
            case: (scope != NODE_SCOPE).then_some(scope),
            what: content.what,
            why: content.why,
            at: moment(row.get(1)?),
        })
    })
}

fn identity(scope: &CaseId, number: i64) -> [Part<'_>; 2] {
    [scope.as_bytes().into(), number.into()]
}

/// Adds a row and moves the end.
pub(crate) fn log(step: &mut Step<'_>, row: &AccessRow) -> Result<(), StoreError> {
    for text in [&row.what, &row.why] {
        if text.len() > TEXT_BYTES_MAX {
            return Err(StoreError::TooLong { bytes: text.len(), bytes_max: TEXT_BYTES_MAX });
        }
    }
    if row.case.is_none() {
        step.ensure_case(NODE_SCOPE, step.own.organisation)?;
    }
    let scope = row.case.unwrap_or(NODE_SCOPE);
    let end = end(step)?;
    let number = counter(end.length);
    let content = SealedAccess {
        role: row.role,
        service: row.service.clone(),
        what: row.what.clone(),
        why: row.why.clone(),
        salt: clock::random(),
    };
    let plain = json(&content, ACCESS_LOG.name)?;
    let sealed = step.seal(scope, &ACCESS_LOG, &identity(&scope, number), &plain)?;
    let content_hash: [u8; 32] = Sha256::digest(&plain).into();
    let link =
        Link { number, seen_at: millis(row.at), account: *row.account.as_bytes(), scope, content_hash };
    let mac = link.mac(step.log_key, &end.last);
    step.execute(
        "INSERT INTO access_log (number, seen_at, account, case_id, content_hash, mac, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (number, link.seen_at, link.account, scope.as_bytes(), content_hash, mac, sealed),
    )?;
    set_end(step, &LogEnd { length: end.length.saturating_add(1), last: mac })
}

/// What a row's MAC covers.
struct Link {
    number: i64,
    seen_at: i64,
    account: [u8; 16],
    scope: CaseId,
    content_hash: [u8; 32],
}

impl Link {
    fn mac(&self, key: &LogKey, before: &[u8; 32]) -> [u8; 32] {
        key.mac(&[
            b"row\0",
            before,
            &self.number.to_be_bytes(),
            &self.seen_at.to_be_bytes(),
            &self.account,
            self.scope.as_bytes(),
            &self.content_hash,
        ])
    }
}

fn end_mac(key: &LogKey, end: &LogEnd) -> [u8; 32] {
    key.mac(&[b"end\0", &end.length.to_be_bytes(), &end.last])
}

/// Reads where the log ends.
pub(crate) fn end(snapshot: &Snapshot<'_>) -> Result<LogEnd, StoreError> {
    let end = snapshot.optional("SELECT length, last FROM access_log_end", [], |row| {
        Ok(LogEnd { length: count(row.get(0)?), last: row.get(1)? })
    })?;
    Ok(end.unwrap_or(LogEnd::START))
}

fn set_end(step: &mut Step<'_>, end: &LogEnd) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO access_log_end (place, length, last, mac) VALUES (0, ?1, ?2, ?3)
         ON CONFLICT (place) DO UPDATE SET length = excluded.length, last = excluded.last, mac = excluded.mac",
        (counter(end.length), end.last, end_mac(step.log_key, end)),
    )?;
    step.aftermath.logged = true;
    Ok(())
}
