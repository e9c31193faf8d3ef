//! The node's clock (law 17): the system's, except that it never goes back.
//!
//! A high-water mark is written each minute, from this clock only. While the system's clock is
//! behind the mark, time runs on from the mark with the monotonic clock: what expired stays
//! expired. A jump forward is followed, because what has expired by then must not stay open, and
//! is logged for a person to look at.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stafett_protocol::time::{DAY, MINUTE, UnixMillis};

use crate::clock::{Reading, SystemClocks};
use crate::engine::Engine;
use crate::store::{StoreError, StoreReader};
use crate::transport::Clock;

/// How often the mark is written.
const MARK_EVERY: Duration = Duration::from_mins(1);
/// A jump against the monotonic clock that somebody should look at.
const JUMP_MS: u64 = 5 * MINUTE;
/// A time without any mark that somebody should look at.
const GAP_MS: u64 = 14 * DAY;

/// Tells the time to every part of one node.
#[derive(Clone)]
pub(super) struct NodeClock {
    clocks: SystemClocks,
    latest: Arc<Mutex<Latest>>,
}

/// The latest moment that was told, and when that was by the monotonic clock.
#[derive(Debug, Clone, Copy)]
struct Latest {
    moment: UnixMillis,
    at: Duration,
}

impl Latest {
    /// Tells the moment: the system's, or what follows from the latest one if that is later.
    fn tell(&mut self, wall: UnixMillis, at: Duration) -> UnixMillis {
        let moment = wall.max(self.expected(at));
        *self = Self { moment, at };
        moment
    }

    /// What the monotonic clock says that it is.
    fn expected(&self, at: Duration) -> UnixMillis {
        let passed = at.saturating_sub(self.at).as_millis();
        self.moment.plus(u64::try_from(passed).unwrap_or(u64::MAX))
    }
}

impl NodeClock {
    /// Starts from the mark that an earlier run has written.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub(super) async fn start(store: &StoreReader, clocks: SystemClocks) -> Result<Self, StoreError> {
        let Reading { wall, monotonic } = clocks.read();
        let mark = store.high_water_mark().await?.unwrap_or(wall);
        if wall < mark {
            tracing::error!(
                behind_ms = mark.since(wall),
                "the system's clock is behind the node's, which runs on"
            );
        } else if wall.since(mark) > GAP_MS {
            tracing::warn!(gap_ms = wall.since(mark), "the node stood still for long, or its clock jumped");
        }
        let latest = Latest { moment: mark.max(wall), at: monotonic };
        Ok(Self { clocks, latest: Arc::new(Mutex::new(latest)) })
    }

    /// Returns what tells the time.
    pub(super) fn teller(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }

    fn now(&self) -> UnixMillis {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading { wall, monotonic } = self.clocks.read();
        latest.tell(wall, monotonic)
    }

    /// How far the system's clock is from what the monotonic one says, when it is too far.
    fn jump_ms(&self) -> Option<u64> {
        let latest = *self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let Reading { wall, monotonic } = self.clocks.read();
        let expected = latest.expected(monotonic);
        Some(wall.since(expected).max(expected.since(wall))).filter(|apart| *apart > JUMP_MS)
    }

    /// Writes the mark each minute, for as long as the node runs.
    pub(super) async fn keep(self, engine: Engine) {
        let mut every = tokio::time::interval(MARK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            if let Some(jump_ms) = self.jump_ms() {
                tracing::error!(jump_ms, "the system's clock jumped against the monotonic clock");
            }
            if let Err(error) = engine.store().set_high_water_mark(self.now()).await {
                tracing::error!(%error, "the clock's mark could not be written");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_800_000_000_000);

    fn after(seconds: u64) -> (UnixMillis, Duration) {
        (START.plus(seconds * 1_000), Duration::from_secs(seconds))
    }

    #[test]
    fn time_runs_on_while_the_wall_clock_is_behind() {
        let begun = Duration::from_secs(9);
        let mut latest = Latest { moment: START, at: begun };

        let (expected, passed) = after(60);
        let told = latest.tell(UnixMillis(0), begun + passed);

        assert_eq!(told, expected);
    }

    #[test]
    fn time_follows_the_wall_clock_forward_and_never_back() {
        let begun = Duration::from_secs(9);
        let mut latest = Latest { moment: START, at: begun };
        let (ahead, _) = after(3_600);

        assert_eq!(latest.tell(ahead, begun + Duration::from_secs(1)), ahead);
        assert_eq!(latest.tell(START, begun + Duration::from_secs(2)), ahead.plus(1_000));
    }
}
