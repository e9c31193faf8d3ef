//! When to dial again: doubling waits with jitter, so that partners do not come back in step.

use crate::time::SECOND;

/// The shortest wait before a second attempt, in milliseconds.
pub const WAIT_MIN_MS: u64 = SECOND;
/// The longest wait between attempts, in milliseconds.
pub const WAIT_MAX_MS: u64 = 60 * SECOND;

/// Returns how many milliseconds to wait before attempt number `attempt` (the first is 0 and
/// waits for nothing): half of a doubling wait, and a part of the other half that `random`
/// chooses.
pub fn wait_ms(attempt: u32, random: u32) -> u64 {
    let Some(doublings) = attempt.checked_sub(1) else { return 0 };
    let whole =
        WAIT_MIN_MS.saturating_mul(1_u64.checked_shl(doublings.min(16)).unwrap_or(u64::MAX)).min(WAIT_MAX_MS);
    let half = whole / 2;
    half.saturating_add(half.saturating_mul(u64::from(random)).checked_div(u64::from(u32::MAX)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_attempt_waits_for_nothing() {
        assert_eq!(wait_ms(0, u32::MAX), 0);
    }

    #[test]
    fn waits_double_up_to_a_minute_and_keep_half_for_jitter() {
        assert_eq!((wait_ms(1, 0), wait_ms(1, u32::MAX)), (500, 1_000));
        assert_eq!((wait_ms(3, 0), wait_ms(3, u32::MAX)), (2_000, 4_000));
        assert_eq!((wait_ms(40, 0), wait_ms(40, u32::MAX)), (30_000, 60_000));
    }
}
