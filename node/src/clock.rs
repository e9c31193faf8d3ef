//! The only reader of the system's time and randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use stafett_protocol::time::UnixMillis;

/// Returns the wall clock's moment; 1970 if it stands before that.
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
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
