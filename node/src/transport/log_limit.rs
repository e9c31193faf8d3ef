//! A bound on log lines that strangers can cause (law 21).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const WINDOW: Duration = Duration::from_mins(1);
const LINES_PER_WINDOW: u32 = 60;

/// Lets through so many lines a minute, and counts the rest.
pub(super) struct LogLimit {
    state: Mutex<State>,
}

struct State {
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl LogLimit {
    pub(super) fn new(now: Instant) -> Self {
        Self { state: Mutex::new(State { since: now, lines: 0, left_out: 0 }) }
    }

    /// Returns whether a line may be written, and then how many were left out before it.
    pub(super) fn line(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(state.since) >= WINDOW {
            (state.since, state.lines) = (now, 0);
        }
        if state.lines >= LINES_PER_WINDOW {
            state.left_out = state.left_out.saturating_add(1);
            return None;
        }
        state.lines = state.lines.saturating_add(1);
        Some(std::mem::take(&mut state.left_out))
    }
}

/// One bound for nodes that nobody knows and one for partners, so that strangers cannot hide a
/// partner's trouble.
pub(super) struct LogLimits {
    pub(super) strangers: LogLimit,
    pub(super) partners: LogLimit,
}

impl LogLimits {
    pub(super) fn new(now: Instant) -> Self {
        Self { strangers: LogLimit::new(now), partners: LogLimit::new(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_over_the_bound_are_counted_and_the_next_minute_says_how_many() {
        let start = Instant::now();
        let limit = LogLimit::new(start);

        for _ in 0..60 {
            assert_eq!(limit.line(start), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(limit.line(start + Duration::from_secs(59)), None);
        }
        assert_eq!(limit.line(start + Duration::from_mins(1)), Some(7));
        assert_eq!(limit.line(start + Duration::from_mins(1)), Some(0));
    }
}
