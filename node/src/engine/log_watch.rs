//! The watch over the access log: a task of its own walks it from its beginning when the node starts
//! and once a day, and in between goes on from there over what was added.
//!
//! Whoever asks is told what the watch knows, and waits for nothing: a walk of a long log takes
//! minutes. What is wrong with the log stays known until a later walk from the beginning finds nothing.

use std::sync::PoisonError;

use stafett_protocol::time::{DAY, UnixMillis};
use tokio::sync::Mutex;

use super::{Engine, EngineError};
use crate::store::{LogCheck, LogEnd, LogFault};

/// How long what was walked counts before the log is walked from its beginning again.
const WALK_EVERY_MS: u64 = DAY;

/// What the node remembers of its checks; gone when it stops.
#[derive(Debug, Default)]
pub(super) struct LogWatch {
    known: std::sync::Mutex<Known>,
    /// One check at a time.
    turn: Mutex<()>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// How far the log is whole; none before the first walk, and after a check that found a fault.
    whole: Option<WholeLog>,
    fault: Option<LogFault>,
    /// When the log was last walked from its beginning, whatever was found.
    walked_at: Option<UnixMillis>,
    is_walking: bool,
}

/// How far the log is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WholeLog {
    /// Where it ended when it was last checked.
    pub(crate) end: LogEnd,
    /// How many rows it had when it was last walked from its beginning. Rows above were checked
    /// since, those below were not.
    pub(crate) rows_walked: u64,
}

/// What is known of the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogState {
    /// What is wrong with it, if something was found.
    pub(crate) fault: Option<LogFault>,
    /// How far it is whole; none before the first walk is done, and where something is wrong.
    pub(crate) whole: Option<WholeLog>,
    /// When it was last walked from its beginning; none before the first walk is done.
    pub(crate) walked_at: Option<UnixMillis>,
    /// Whether it is being walked from its beginning.
    pub(crate) is_walking: bool,
}

/// Says that a walk is under way for as long as it is.
struct Walking<'a>(&'a LogWatch);

impl<'a> Walking<'a> {
    fn begin(watch: &'a LogWatch) -> Self {
        watch.known().is_walking = true;
        Self(watch)
    }
}

impl Drop for Walking<'_> {
    fn drop(&mut self) {
        self.0.known().is_walking = false;
    }
}

impl LogWatch {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> LogState {
        let Known { whole, fault, walked_at, is_walking } = *self.known();
        LogState { fault, whole, walked_at, is_walking }
    }

    /// Where the next check begins; none if there is nothing to do before the next walk.
    fn next(&self, now: UnixMillis) -> Option<LogEnd> {
        let Known { whole, walked_at, .. } = *self.known();
        if walked_at.is_none_or(|at| now.since(at) >= WALK_EVERY_MS) {
            return Some(LogEnd::START);
        }
        whole.map(|whole| whole.end)
    }

    /// Takes down what a check found.
    fn found(&self, check: &LogCheck, now: UnixMillis) {
        let mut known = self.known();
        let is_walk = check.from == 0;
        let before = known.whole.filter(|_| !is_walk);
        let rows_walked = before.map_or_else(|| check.rows(), |before| before.rows_walked);
        known.whole = check.fault.is_none().then_some(WholeLog { end: check.end, rows_walked });
        if is_walk {
            known.walked_at = Some(now);
        }
        // After a fault there is nothing whole to go on from: what comes next is a walk.
        known.fault = check.fault;
    }
}

impl Engine {
    /// Returns what is known of the access log, at once.
    pub(crate) fn log_state(&self) -> LogState {
        self.inner.log_watch.state()
    }

    /// Checks the access log: all of it if that was last done a day ago, or never; else what was added.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read; a fault of the log is no error.
    pub(crate) async fn watch_access_log(&self) -> Result<(), EngineError> {
        let watch = &self.inner.log_watch;
        let _turn = watch.turn.lock().await;
        let Some(from) = watch.next(self.now()) else { return Ok(()) };
        let _walking = (from == LogEnd::START).then(|| Walking::begin(watch));
        let check = self.inner.store.verify_access_log_from(from).await?;
        watch.found(&check, self.now());
        if let Some(fault) = check.fault {
            tracing::error!(?fault, "the access log is not whole: erase nothing, and run `stafett check`");
        }
        Ok(())
    }

    /// As if a walk took its time for as long as what this returns lives.
    #[cfg(test)]
    pub(crate) async fn long_walk(&self) -> impl Sized + '_ {
        let watch = &self.inner.log_watch;
        (watch.turn.lock().await, Walking::begin(watch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: u64, length: u64, fault: Option<LogFault>) -> LogCheck {
        LogCheck { from, end: LogEnd { length, last: [1; 32] }, fault }
    }

    fn found(watch: &LogWatch, check: &LogCheck, now: u64) -> LogState {
        watch.found(check, UnixMillis(now));
        watch.state()
    }

    #[test]
    fn fault_stays_known_until_a_walk_from_the_beginning_finds_none() {
        let watch = LogWatch::default();
        assert_eq!(watch.next(UnixMillis(0)), Some(LogEnd::START), "nothing was walked yet");
        let whole = found(&watch, &check(0, 7, None), 1).whole.expect("whole");
        assert_eq!((whole.end.length, whole.rows_walked), (7, 7));
        let whole = found(&watch, &check(7, 9, None), 2).whole.expect("whole");
        assert_eq!((whole.end.length, whole.rows_walked), (9, 7), "what was added counts too");

        let fault = Some(LogFault::Row { number: 10 });
        let wrong = found(&watch, &check(9, 10, fault), 3);
        assert_eq!((wrong.fault, wrong.whole, wrong.walked_at), (fault, None, Some(UnixMillis(1))));
        assert_eq!(watch.next(UnixMillis(DAY)), None, "there is nothing whole to go on from");
        assert_eq!(watch.next(UnixMillis(DAY + 1)), Some(LogEnd::START));
        assert_eq!(found(&watch, &check(0, 3, fault), DAY + 1).fault, fault);

        let mended = found(&watch, &check(0, 12, None), 2 * DAY + 1);
        assert_eq!((mended.fault, mended.walked_at), (None, Some(UnixMillis(2 * DAY + 1))));
        assert_eq!(mended.whole.map(|whole| whole.rows_walked), Some(12));
    }
}
