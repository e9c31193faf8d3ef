//! The only reader of the system's time and randomness.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use stafett_protocol::time::UnixMillis;

/// Returns the wall clock's moment; 1970 if it stands before that.
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// The two clocks of the system, which a node for tests may move.
#[derive(Debug, Clone)]
pub struct SystemClocks {
    start: Instant,
    /// The file that moves them, on a node with invented persons only.
    moved_by: Option<PathBuf>,
}

/// What both clocks show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The wall clock, which anybody may set.
    pub wall: UnixMillis,
    /// The monotonic clock, from an origin of this process.
    pub monotonic: Duration,
}

impl SystemClocks {
    /// Takes the system's clocks, moved by what stands in a file if one is named.
    pub fn new(moved_by: Option<PathBuf>) -> Self {
        Self { start: Instant::now(), moved_by }
    }

    /// Reads both.
    pub fn read(&self) -> Reading {
        let (wall, monotonic) = self.moves();
        Reading {
            wall: UnixMillis(now().0.saturating_add_signed(wall)),
            monotonic: self.start.elapsed().saturating_add(Duration::from_millis(monotonic)),
        }
    }

    /// A file that is not there moves nothing.
    fn moves(&self) -> (i64, u64) {
        let text = self.moved_by.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let text = text.unwrap_or_default();
        let mut numbers = text.split_whitespace();
        let wall = numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0);
        (wall, numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0))
    }
}

/// Fills `bytes` from the system's generator.
#[expect(clippy::expect_used, reason = "AWS-LC ends the process itself where the system has no randomness")]
pub fn fill_random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the system has randomness");
}

/// Draws `N` random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill_random(&mut bytes);
    bytes
}
