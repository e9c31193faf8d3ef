//! Checking the access log: every row in its place, its end, and what was noted elsewhere.
//!
//! Rows are only added, so a check can go on where an earlier one found everything whole. It says
//! where it began: of the rows before, it knows that the last still stands, and no more.

use rusqlite::Row;
use sha2::{Digest, Sha256};
use stafett_protocol::id::CaseId;

use super::{Link, LogEnd, end_mac, identity};
use crate::seal::LogKey;
use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::journal;
use crate::store::sealed::ACCESS_LOG;
use crate::store::snapshot::Snapshot;
use crate::store::value::{count, counter};

/// Rows that are checked in one snapshot: a fraction of a second, so that a long log keeps nobody
/// from emptying the write-ahead log.
pub(crate) const ROWS_AT_ONCE: u16 = 5_000;

/// What is wrong with an access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFault {
    /// A row is missing, stands elsewhere or was changed.
    Row {
        /// The first such row, from 0.
        number: u64,
    },
    /// Rows are missing at the end, or the end was changed.
    End,
    /// The log was longer, or another, than it is.
    RolledBack {
        /// How many rows it had at the least.
        length: u64,
    },
}

/// What a check of the access log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCheck {
    /// The first row that was checked, from 0. An earlier check has looked at those before it.
    pub from: u64,
    /// Up to where it is whole; where it ends, if nothing is wrong.
    pub end: LogEnd,
    /// What is wrong, if something is.
    pub fault: Option<LogFault>,
}

impl LogCheck {
    /// Returns how many rows the log has, or how many are whole if something is wrong.
    pub fn rows(&self) -> u64 {
        self.end.length
    }
}

impl StoreReader {
    /// Checks the whole access log, also against what stands beside the journal.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read; a fault of the log is an answer.
    pub async fn verify_access_log(&self) -> Result<LogCheck, StoreError> {
        self.verify_access_log_from(LogEnd::START).await
    }

    /// Checks the rows behind an end that an earlier check found whole, the log's own end, and
    /// what stands beside the journal. A log without that end is checked from its beginning.
    ///
    /// # Errors
    /// As for [`verify_access_log`](Self::verify_access_log).
    pub async fn verify_access_log_from(&self, from: LogEnd) -> Result<LogCheck, StoreError> {
        let (mut from, mut end) = (from, from);
        loop {
            let journal = self.paths().journal.clone();
            // What is noted is read before the snapshot begins: it is never ahead of the log.
            let part = self.read(move |snapshot| part(snapshot, end, journal::noted_log_end(&journal)));
            let fault = match part.await? {
                Part::More(reached) => {
                    end = reached;
                    continue;
                }
                Part::Gone if from.length > 0 => {
                    (from, end) = (LogEnd::START, LogEnd::START);
                    continue;
                }
                // It stood there a moment ago.
                Part::Gone => Some(LogFault::Row { number: end.length.saturating_sub(1) }),
                Part::Last(reached, fault) => {
                    end = reached;
                    fault
                }
            };
            return Ok(LogCheck { from: from.length, end, fault });
        }
    }
}

/// What the check of some rows found.
enum Part {
    /// They are whole, and more may follow.
    More(LogEnd),
    /// There are no more rows, or something is wrong.
    Last(LogEnd, Option<LogFault>),
    /// The row that the check was to go on from does not stand there.
    Gone,
}

fn part(snapshot: &Snapshot<'_>, from: LogEnd, noted: Option<LogEnd>) -> Result<Part, StoreError> {
    let Some(key) = snapshot.keys.log_key()? else { return Err(StoreError::KeysMissing) };
    if !had_end(snapshot, &from)? {
        return Ok(Part::Gone);
    }
    let mut walk = Walk { key: &key, end: from, fault: None };
    // Before the first row there may be some that nobody has logged.
    let first = if from.length == 0 { i64::MIN } else { counter(from.length) };
    let rows = snapshot.rows(
        "SELECT number, seen_at, account, case_id, content_hash, mac, sealed FROM access_log
         WHERE number >= ?1 ORDER BY number LIMIT ?2",
        (first, ROWS_AT_ONCE),
        |row| walk.step(snapshot, row),
    )?;
    let end = walk.end;
    if walk.fault.is_some() {
        return Ok(Part::Last(end, walk.fault));
    }
    if rows.len() == usize::from(ROWS_AT_ONCE) {
        return Ok(Part::More(end));
    }
    if !ends_at(snapshot, &key, &end)? {
        return Ok(Part::Last(end, Some(LogFault::End)));
    }
    match noted {
        Some(noted) if !had_end(snapshot, &noted)? => {
            Ok(Part::Last(end, Some(LogFault::RolledBack { length: noted.length })))
        }
        _ => Ok(Part::Last(end, None)),
    }
}

/// Whether the log once ended so: with that row, or with none.
fn had_end(snapshot: &Snapshot<'_>, end: &LogEnd) -> Result<bool, StoreError> {
    let Some(last) = end.length.checked_sub(1) else { return Ok(*end == LogEnd::START) };
    let sql = "SELECT mac FROM access_log WHERE number = ?1";
    let mac = snapshot.optional(sql, [counter(last)], |row| Ok(row.get::<_, [u8; 32]>(0)?))?;
    Ok(mac == Some(end.last))
}

/// Whether the log says of itself that it ends so.
fn ends_at(snapshot: &Snapshot<'_>, key: &LogKey, end: &LogEnd) -> Result<bool, StoreError> {
    let stored = snapshot.optional("SELECT length, last, mac FROM access_log_end", [], |row| {
        Ok((LogEnd { length: count(row.get(0)?), last: row.get(1)? }, row.get::<_, [u8; 32]>(2)?))
    })?;
    Ok(match stored {
        None => end.length == 0,
        Some((stored, mac)) => stored == *end && mac == end_mac(key, end),
    })
}

struct Walk<'a> {
    key: &'a LogKey,
    end: LogEnd,
    fault: Option<LogFault>,
}

impl Walk<'_> {
    fn step(&mut self, snapshot: &Snapshot<'_>, row: &Row<'_>) -> Result<(), StoreError> {
        if self.fault.is_some() {
            return Ok(());
        }
        let link = Link {
            number: row.get(0)?,
            seen_at: row.get(1)?,
            account: row.get(2)?,
            scope: CaseId::from_bytes(row.get(3)?),
            content_hash: row.get(4)?,
        };
        let mac: [u8; 32] = row.get(5)?;
        let sealed: Vec<u8> = row.get(6)?;
        let opened = snapshot.open(link.scope, &ACCESS_LOG, &identity(&link.scope, link.number), &sealed);
        let is_whole = opened.is_ok_and(|plain| link.content_hash == <[u8; 32]>::from(Sha256::digest(plain)));
        let follows = link.number == counter(self.end.length) && mac == link.mac(self.key, &self.end.last);
        if is_whole && follows {
            self.end = LogEnd { length: self.end.length.saturating_add(1), last: mac };
        } else {
            self.fault = Some(LogFault::Row { number: self.end.length });
        }
        Ok(())
    }
}
