//! The node's clock (law 17): the system's, except that it never goes back and follows no jump.
//!
//! A high-water mark is written each minute, from this clock only. While the system's clock is
//! behind the mark, time runs on from the mark with the monotonic clock: what expired stays
//! expired. A jump of more than 14 days since the mark at start, or of 5 minutes against the
//! monotonic clock while running, seals the node until an operator has said whether the new time
//! is right. While that is open no mark is written and nothing is decided; a jump while running is
//! not followed at all, one at start is, because what may have ended must not be shown.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stafett_protocol::time::{DAY, MINUTE, UnixMillis};

use crate::clock::{Reading, SystemClocks};
use crate::engine::seal::SealReason;
use crate::engine::{Engine, EngineError};
use crate::store::{LocalWrite, Store, StoreError};
use crate::transport::Clock;

/// How often the mark is written.
const MARK_EVERY: Duration = Duration::from_mins(1);
/// How often is looked whether the clock jumped: it may happen where nobody asks for the time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A jump against the monotonic clock that seals.
const JUMP_MS: u64 = 5 * MINUTE;
/// A time since the last mark that seals.
const GAP_MS: u64 = 14 * DAY;

/// Tells the time to every part of one node.
#[derive(Clone)]
pub(super) struct NodeClock {
    clocks: SystemClocks,
    state: Arc<Mutex<State>>,
}

/// How the clocks stand, for the operator. Moments in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockStatus {
    /// What the system's clock shows.
    pub system: UnixMillis,
    /// What the node goes by.
    pub node: UnixMillis,
    /// The latest mark that was written.
    pub mark: Option<UnixMillis>,
    /// By how many milliseconds the system's clock jumped, if nobody has confirmed it.
    pub jump_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    /// The latest moment that was told, and when that was by the monotonic clock.
    told: UnixMillis,
    told_at: Duration,
    /// What both clocks showed when they last agreed.
    agreed: Reading,
    jump_ms: Option<i64>,
}

impl State {
    /// Starts where an earlier run has left its mark.
    fn start(mark: Option<UnixMillis>, jump_ms: Option<i64>, now: Reading) -> Self {
        let mark = mark.unwrap_or(now.wall);
        let gap = apart(now.wall, mark);
        let jump_ms = jump_ms.or_else(|| (gap.unsigned_abs() > GAP_MS).then_some(gap));
        Self { told: mark.max(now.wall), told_at: now.monotonic, agreed: now, jump_ms }
    }

    /// Tells the moment: the system's, or what follows from the latest one if that is later or the
    /// system's clock has jumped.
    fn tell(&mut self, now: Reading) -> UnixMillis {
        let expected = self.expected(now);
        let passed = millis(now.monotonic.saturating_sub(self.agreed.monotonic));
        let jump = apart(now.wall, self.agreed.wall.plus(passed));
        if self.jump_ms.is_none() && jump.unsigned_abs() > JUMP_MS {
            self.jump_ms = Some(jump);
        }
        let moment = if self.jump_ms.is_none() { now.wall.max(expected) } else { expected };
        (self.told, self.told_at) = (moment, now.monotonic);
        moment
    }

    /// Both clocks agree at this moment: a drift of minutes in a year is no jump.
    fn agree(&mut self, now: Reading) {
        if self.jump_ms.is_none() {
            self.agreed = now;
        }
    }

    fn expected(&self, now: Reading) -> UnixMillis {
        self.told.plus(millis(now.monotonic.saturating_sub(self.told_at)))
    }

    /// The system's clock is right: time goes on from it, and not behind `mark`.
    fn set(&mut self, now: Reading, mark: Option<UnixMillis>) -> UnixMillis {
        let told = now.wall.max(mark.unwrap_or(now.wall));
        *self = Self { told, told_at: now.monotonic, agreed: now, jump_ms: None };
        told
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How far one moment is after another, or before it.
fn apart(one: UnixMillis, other: UnixMillis) -> i64 {
    let clamped = |millis: u64| i64::try_from(millis).unwrap_or(i64::MAX);
    if one >= other { clamped(one.since(other)) } else { clamped(other.since(one)).saturating_neg() }
}

impl NodeClock {
    /// Starts from the mark that an earlier run has written. A jump since is written down before
    /// anything is decided, so that the next start knows of it.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read or written.
    pub(super) async fn start(store: &Store, clocks: SystemClocks) -> Result<Self, StoreError> {
        let (mark, jump) = (store.high_water_mark().await?, store.clock_jump().await?);
        let state = State::start(mark, jump, clocks.read());
        if state.jump_ms != jump {
            store.write_local(vec![LocalWrite::ClockJump(state.jump_ms)]).await?;
        }
        let clock = Self { clocks, state: Arc::new(Mutex::new(state)) };
        let teller = clock.clone();
        store.tell_time(move || teller.now());
        Ok(clock)
    }

    /// Tells how the clocks stand on a node that is stopped, and writes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub(super) async fn look(store: &Store, clocks: SystemClocks) -> Result<ClockStatus, StoreError> {
        let (mark, jump) = (store.high_water_mark().await?, store.clock_jump().await?);
        let state = State::start(mark, jump, clocks.read());
        Ok(ClockStatus { system: clocks.read().wall, node: state.told, mark, jump_ms: state.jump_ms })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what tells the time.
    pub(super) fn teller(&self) -> Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }

    fn now(&self) -> UnixMillis {
        let reading = self.clocks.read();
        self.state().tell(reading)
    }

    /// How the clocks stand.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub(super) async fn status(&self, store: &Store) -> Result<ClockStatus, StoreError> {
        let (mark, system) = (store.high_water_mark().await?, self.clocks.read().wall);
        let node = self.now();
        Ok(ClockStatus { system, node, mark, jump_ms: self.state().jump_ms })
    }

    /// The operator says that the system's clock is right. The mark stays where it is if that is
    /// somewhat later.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if the mark is so far ahead that both cannot be right,
    /// [`EngineError::Store`] if it cannot be written down; the node stays sealed then.
    pub(super) async fn confirm(&self, store: &Store) -> Result<UnixMillis, EngineError> {
        let mark = store.high_water_mark().await?;
        if mark.is_some_and(|mark| mark.since(self.clocks.read().wall) > GAP_MS) {
            let reason = "the mark is more than 14 days ahead of the system's clock: if the clock is right, \
                          run `stafett clock reset`";
            return Err(EngineError::Conflict { reason });
        }
        Ok(self.set(store, mark).await?)
    }

    /// The operator says that the mark was wrong: it is lowered to the system's clock.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written down; the node stays sealed then.
    pub(super) async fn reset(&self, store: &Store) -> Result<UnixMillis, StoreError> {
        self.set(store, None).await
    }

    async fn set(&self, store: &Store, mark: Option<UnixMillis>) -> Result<UnixMillis, StoreError> {
        let now = self.clocks.read();
        let told = now.wall.max(mark.unwrap_or(now.wall));
        store.write_local(vec![LocalWrite::HighWaterMark(told), LocalWrite::ClockJump(None)]).await?;
        Ok(self.state().set(now, mark))
    }

    /// Writes the mark each minute and seals the node when the clock has jumped, for as long as
    /// the node runs.
    pub(super) async fn keep(self, engine: Engine) {
        let mut every = tokio::time::interval(LOOK_EVERY);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut next_mark = Duration::ZERO;
        loop {
            every.tick().await;
            let moment = self.now();
            let jump = self.state().jump_ms;
            if let Some(jump_ms) = jump {
                self.seal(&engine, jump_ms).await;
                continue;
            }
            let reading = self.clocks.read();
            if reading.monotonic < next_mark {
                continue;
            }
            next_mark = reading.monotonic.saturating_add(MARK_EVERY);
            self.state().agree(reading);
            if let Err(error) = engine.store().set_high_water_mark(moment).await {
                tracing::error!(%error, "the clock's mark could not be written");
            }
        }
    }

    async fn seal(&self, engine: &Engine, jump_ms: i64) {
        if engine.seals().contains(&SealReason::Clock) {
            return;
        }
        tracing::error!(jump_ms, "the system's clock jumped");
        if let Err(error) = engine.store().write_local(vec![LocalWrite::ClockJump(Some(jump_ms))]).await {
            tracing::error!(%error, "that the clock jumped could not be written down");
        }
        if let Err(error) = engine.seal(SealReason::Clock).await {
            tracing::error!(%error, "the links could not be told that the node is sealed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_800_000_000_000);
    const HOUR: u64 = 60 * MINUTE;

    /// A state that started when the clocks agreed, and what both show after some time, with the
    /// wall clock moved.
    fn started() -> State {
        State::start(Some(START), None, Reading { wall: START, monotonic: Duration::ZERO })
    }

    fn after(passed_ms: u64, moved_ms: i64) -> Reading {
        let wall = UnixMillis(START.plus(passed_ms).0.saturating_add_signed(moved_ms));
        Reading { wall, monotonic: Duration::from_millis(passed_ms) }
    }

    #[test]
    fn time_runs_on_while_the_wall_clock_is_behind() {
        let mut state = started();

        let told = state.tell(after(MINUTE, -2_000));

        assert_eq!((told, state.jump_ms), (START.plus(MINUTE), None));
        assert_eq!(state.tell(after(MINUTE + 1_000, -60_000)), START.plus(MINUTE + 1_000));
    }

    #[test]
    fn small_step_forward_is_followed_and_never_taken_back() {
        let mut state = started();

        let ahead = state.tell(after(1_000, 60_000));
        let back = state.tell(after(2_000, 0));

        assert_eq!((ahead, back), (START.plus(61_000), START.plus(62_000)));
    }

    #[test]
    fn jump_of_more_than_five_minutes_either_way_is_noticed_at_once_and_not_followed() {
        for (moved, is_jump) in [
            (300_000, false),
            (300_001, true),
            (-300_000, false),
            (-300_001, true),
            (10 * 365 * 86_400_000, true),
        ] {
            let mut state = started();

            let told = state.tell(after(HOUR, moved));

            assert_eq!(state.jump_ms.is_some(), is_jump, "{moved}");
            if is_jump {
                assert_eq!((told, state.jump_ms), (START.plus(HOUR), Some(moved)));
                state.agree(after(HOUR, moved));
                assert_eq!(state.tell(after(HOUR + 5, 0)), START.plus(HOUR + 5), "it went on by itself");
                assert_eq!(state.jump_ms, Some(moved), "a jump was forgotten without an operator");
            }
        }
    }

    #[test]
    fn slow_drift_is_no_jump_when_the_clocks_agree_again_each_minute() {
        let mut state = started();

        for minute in 1..=60 {
            let drifted = after(minute * MINUTE, i64::try_from(minute).expect("small") * 10_000);
            state.tell(drifted);
            state.agree(drifted);
        }

        assert_eq!(state.jump_ms, None);
    }

    #[test]
    fn start_more_than_fourteen_days_from_the_mark_is_a_jump_either_way() {
        let at = |wall| Reading { wall, monotonic: Duration::ZERO };
        let later = |days: u64| State::start(Some(START), None, at(START.plus(days * DAY))).jump_ms;
        let earlier = |days: u64| State::start(Some(START.plus(days * DAY)), None, at(START)).jump_ms;

        assert_eq!((later(14), earlier(14)), (None, None));
        assert!(later(15).is_some_and(|jump| jump > 0) && earlier(15).is_some_and(|jump| jump < 0));
        assert_eq!(State::start(None, None, at(START)).jump_ms, None, "a new node");
        let known = State::start(Some(START), Some(-7), at(START));
        assert_eq!(known.jump_ms, Some(-7), "a start alone confirms nothing");
    }

    #[test]
    fn confirming_keeps_a_later_mark_and_resetting_lowers_it() {
        let mark = START.plus(DAY);
        let now = after(HOUR, 0);

        assert_eq!(started().set(now, Some(mark)), mark);
        assert_eq!(started().set(now, None), START.plus(HOUR));
    }
}
