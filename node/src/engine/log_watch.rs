//! The watch over the access log: walked from its beginning when the node starts and once a day,
//! and on from there at each look, so that a look costs what was added since.

use stafett_protocol::time::{DAY, UnixMillis};
use tokio::sync::Mutex;

use super::{Engine, EngineError};
use crate::store::{LogCheck, LogEnd};

/// How long what was walked counts before the log is walked from its beginning again.
const WALK_EVERY_MS: u64 = DAY;

/// What the node remembers of its checks; gone when it stops.
#[derive(Debug, Default)]
pub(super) struct LogWatch(Mutex<Watched>);

#[derive(Debug, Default)]
struct Watched {
    /// How far the log is whole; none before the first check, and after one that found a fault.
    whole: Option<Whole>,
    /// When the log was last walked from its beginning, whatever was found.
    walked_at: Option<UnixMillis>,
}

#[derive(Debug, Clone, Copy)]
struct Whole {
    end: LogEnd,
    rows_walked: u64,
    walked_at: UnixMillis,
}

/// What is known of the access log, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogState {
    /// What the check that was just made found.
    pub check: LogCheck,
    /// When the log was last walked from its beginning.
    pub walked_at: UnixMillis,
    /// How many rows it had then. Rows above have been checked since, those below have not.
    pub rows_walked: u64,
}

impl Engine {
    /// Checks what was added to the access log since it was last checked; all of it, if that was
    /// not yet done or found a fault.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read; a fault of the log is an answer.
    pub async fn check_access_log(&self) -> Result<LogState, EngineError> {
        let mut watched = self.inner.log_watch.0.lock().await;
        self.check_log(&mut watched).await
    }

    /// Walks the whole log if that was last done a day ago, or never.
    pub(crate) async fn watch_access_log(&self) -> Result<(), EngineError> {
        let mut watched = self.inner.log_watch.0.lock().await;
        if watched.walked_at.is_some_and(|at| self.now().since(at) < WALK_EVERY_MS) {
            return Ok(());
        }
        watched.whole = None;
        let state = self.check_log(&mut watched).await?;
        if let Some(fault) = state.check.fault {
            tracing::error!(?fault, "the access log is not whole: erase nothing, and run `stafett check`");
        }
        Ok(())
    }

    async fn check_log(&self, watched: &mut Watched) -> Result<LogState, EngineError> {
        let now = self.now();
        let known = watched.whole.take();
        let from = known.map_or(LogEnd::START, |whole| whole.end);
        let check = self.inner.store.verify_access_log_from(from).await?;
        let whole = match known {
            Some(known) if check.from > 0 => Whole { end: check.end, ..known },
            _ => Whole { end: check.end, rows_walked: check.rows(), walked_at: now },
        };
        if check.from == 0 {
            watched.walked_at = Some(now);
        }
        watched.whole = check.fault.is_none().then_some(whole);
        Ok(LogState { check, walked_at: whole.walked_at, rows_walked: whole.rows_walked })
    }
}
