//! What the node knows of itself: its incarnation and its high-water mark of time.

use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter, millis, moment};
use crate::store::{LocalWrite, Store, StoreReader};

const INCARNATION: &str = "incarnation";
const HIGH_WATER_MARK: &str = "high-water-mark";

impl StoreReader {
    /// Returns how many times the node was restored and reconfirmed (law 16); 0 at first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn incarnation(&self) -> Result<u64, StoreError> {
        self.read(|snapshot| Ok(number(snapshot, INCARNATION)?.map_or(0, count))).await
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

fn number(snapshot: &Snapshot<'_>, name: &str) -> Result<Option<i64>, StoreError> {
    snapshot.optional("SELECT number FROM meta WHERE name = ?1", [name], |row| Ok(row.get(0)?))
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
    step.execute(
        "INSERT INTO meta (name, number) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET number = excluded.number",
        (name, number),
    )?;
    Ok(())
}
