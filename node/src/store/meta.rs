//! What the node knows of itself: its incarnation, its high-water mark of time, and what seals it.

use rusqlite::Connection;
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter, millis, moment};
use crate::store::{LocalWrite, Store, StoreReader};

const INCARNATION: &str = "incarnation";
const HIGH_WATER_MARK: &str = "high-water-mark";
const IN_DOUBT_SINCE: &str = "in-doubt-since";
const SHOWN_ABOVE: &str = "shown-above";
const CLOCK_JUMP: &str = "clock-jump";
/// Lines that are known to stand in the journal. Written after them, so never too many.
const JOURNAL_KNOWN: &str = "journal-known";

impl StoreReader {
    /// Returns how many times the node was restored and reconfirmed (law 16); 0 at first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn incarnation(&self) -> Result<u64, StoreError> {
        self.read(incarnation).await
    }

    /// Returns the incarnation since which links must be compared before anything of others is
    /// shown; 0 if none is in doubt.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn in_doubt_since(&self) -> Result<u64, StoreError> {
        self.read(|snapshot| Ok(number(snapshot, IN_DOUBT_SINCE)?.map_or(0, count))).await
    }

    /// Returns whether a partner has shown this node's signature above its number, and no person
    /// has dealt with it yet.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn was_shown_above(&self) -> Result<bool, StoreError> {
        self.read(|snapshot| Ok(number(snapshot, SHOWN_ABOVE)?.is_some_and(|shown| shown != 0))).await
    }

    /// Returns by how many milliseconds the system's clock jumped, if no operator has confirmed it.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn clock_jump(&self) -> Result<Option<i64>, StoreError> {
        self.read(|snapshot| Ok(number(snapshot, CLOCK_JUMP)?.filter(|jump| *jump != 0))).await
    }

    /// Returns the latest moment that the own clock has shown (law 17); none at first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn high_water_mark(&self) -> Result<Option<UnixMillis>, StoreError> {
        self.read(|snapshot| Ok(number(snapshot, HIGH_WATER_MARK)?.map(moment))).await
    }
}

impl Store {
    /// Sets the incarnation.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn set_incarnation(&self, incarnation: u64) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::Incarnation(incarnation)]).await
    }

    /// Sets the high-water mark, also to an earlier moment: an operator may reset the clock.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn set_high_water_mark(&self, mark: UnixMillis) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::HighWaterMark(mark)]).await
    }
}

const SET: &str = "INSERT INTO meta (name, number) VALUES (?1, ?2)
    ON CONFLICT (name) DO UPDATE SET number = excluded.number";

fn number(snapshot: &Snapshot<'_>, name: &str) -> Result<Option<i64>, StoreError> {
    snapshot.optional("SELECT number FROM meta WHERE name = ?1", [name], |row| Ok(row.get(0)?))
}

/// Reads the incarnation.
pub(crate) fn incarnation(snapshot: &Snapshot<'_>) -> Result<u64, StoreError> {
    Ok(number(snapshot, INCARNATION)?.map_or(0, count))
}

/// Reads how many lines are known to stand in the journal; none if it was never made.
pub(crate) fn journal_known(snapshot: &Snapshot<'_>) -> Result<Option<u64>, StoreError> {
    Ok(number(snapshot, JOURNAL_KNOWN)?.map(count))
}

/// Notes that the journal has so many lines, on a connection without a transaction.
pub(crate) fn set_journal_known(connection: &Connection, lines: u64) -> Result<(), StoreError> {
    connection.execute(SET, (JOURNAL_KNOWN, counter(lines)))?;
    Ok(())
}

/// Forgets how long the journal was: another one is begun, and what was known of the one before says
/// nothing of it.
pub(crate) fn forget_journal_known(step: &Step<'_>) -> Result<(), StoreError> {
    step.execute("DELETE FROM meta WHERE name = ?1", [JOURNAL_KNOWN])?;
    Ok(())
}

/// Writes since when links are in doubt.
pub(crate) fn set_in_doubt_since(step: &Step<'_>, incarnation: u64) -> Result<(), StoreError> {
    set(step, IN_DOUBT_SINCE, counter(incarnation))
}

/// Writes whether a partner has shown more than is here.
pub(crate) fn set_shown_above(step: &Step<'_>, shown: bool) -> Result<(), StoreError> {
    set(step, SHOWN_ABOVE, i64::from(shown))
}

/// Writes by how much the clock jumped.
pub(crate) fn set_clock_jump(step: &Step<'_>, jump: Option<i64>) -> Result<(), StoreError> {
    set(step, CLOCK_JUMP, jump.unwrap_or(0))
}

/// Writes the incarnation.
pub(crate) fn set_incarnation(step: &Step<'_>, incarnation: u64) -> Result<(), StoreError> {
    set(step, INCARNATION, counter(incarnation))
}

/// Writes the high-water mark.
pub(crate) fn set_high_water_mark(step: &Step<'_>, mark: UnixMillis) -> Result<(), StoreError> {
    set(step, HIGH_WATER_MARK, millis(mark))
}

fn set(step: &Step<'_>, name: &str, number: i64) -> Result<(), StoreError> {
    step.execute(SET, (name, number))?;
    Ok(())
}
