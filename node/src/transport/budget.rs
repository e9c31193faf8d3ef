//! Bytes per minute, as a bucket that fills steadily.

use std::time::Duration;

use tokio::time::Instant;

/// Bytes that each frame counts besides its own, so that floods of tiny frames are bounded too.
pub(super) const FRAME_OVERHEAD_BYTES: u64 = 64;
/// Bytes that a stream which was reset counts.
pub(super) const STREAM_RESET_BYTES: u64 = 1_024;

/// Returns what a frame of `bytes` counts, on either side.
pub(super) fn frame_cost(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(FRAME_OVERHEAD_BYTES)
}

/// A partner's share of bytes. It belongs to the partner and not to a connection, so connecting
/// again refills nothing.
#[derive(Debug)]
pub(super) struct ByteBudget {
    capacity: u64,
    per_minute: u64,
    left: u64,
    filled_at: Instant,
}

impl ByteBudget {
    /// A full bucket of `capacity` that gains `per_minute`.
    pub(super) fn new(capacity: u64, per_minute: u64, now: Instant) -> Self {
        Self { capacity, per_minute: per_minute.max(1), left: capacity, filled_at: now }
    }

    /// Takes `cost`, or says that it is not there.
    pub(super) fn take(&mut self, cost: u64, now: Instant) -> Result<(), BudgetSpent> {
        self.fill(now);
        self.left = self.left.checked_sub(cost).ok_or(BudgetSpent)?;
        Ok(())
    }

    /// Takes `cost` and leaves at least `reserve`, or says how long to wait. More than the
    /// bucket holds is let through when it is full: waiting would never end.
    pub(super) fn take_or_wait(&mut self, cost: u64, reserve: u64, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        let wanted = cost.saturating_add(reserve).min(self.capacity);
        if self.left < wanted {
            return Err(self.time_for(wanted.saturating_sub(self.left)));
        }
        self.left = self.left.saturating_sub(cost);
        Ok(())
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_millis();
        let gained = passed.saturating_mul(self.per_minute.into()) / 60_000;
        if gained > 0 {
            let gained = u64::try_from(gained).unwrap_or(u64::MAX);
            self.left = self.left.saturating_add(gained).min(self.capacity);
            self.filled_at = now;
        }
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let millis = bytes.saturating_mul(60_000).checked_div(self.per_minute).unwrap_or(u64::MAX);
        Duration::from_millis(millis.saturating_add(1))
    }
}

/// A partner has sent more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BudgetSpent;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_refills_with_time_and_never_above_its_size() {
        let start = Instant::now();
        let mut budget = ByteBudget::new(600, 600, start);

        assert_eq!(budget.take(600, start), Ok(()));
        assert_eq!(budget.take(1, start), Err(BudgetSpent));
        assert_eq!(budget.take(100, start + Duration::from_secs(10)), Ok(()));
        assert_eq!(budget.take(1, start + Duration::from_secs(10)), Err(BudgetSpent));
        assert_eq!(budget.take(601, start + Duration::from_hours(1)), Err(BudgetSpent));
        assert_eq!(budget.take(600, start + Duration::from_hours(1)), Ok(()));
    }

    #[test]
    fn many_small_steps_of_time_fill_as_much_as_one() {
        let start = Instant::now();
        let mut budget = ByteBudget::new(600, 600, start);
        assert_eq!(budget.take(600, start), Ok(()));

        for step in 1..=10_000 {
            assert_eq!(budget.take(0, start + Duration::from_millis(step)), Ok(()));
        }

        assert_eq!(budget.take(100, start + Duration::from_secs(10)), Ok(()));
    }

    #[test]
    fn waiting_as_long_as_told_is_enough() {
        let start = Instant::now();
        let mut budget = ByteBudget::new(1_000, 6_000, start);
        assert_eq!(budget.take_or_wait(900, 100, start), Ok(()));

        let wait = budget.take_or_wait(400, 100, start).expect_err("spent");

        assert_eq!(budget.take_or_wait(400, 100, start + wait), Ok(()));
        assert!(wait <= Duration::from_millis(4_001), "{wait:?}");
    }

    #[test]
    fn frame_larger_than_the_bucket_passes_when_it_is_full() {
        let start = Instant::now();
        let mut budget = ByteBudget::new(10, 10, start);

        assert_eq!(budget.take_or_wait(1_000, 5, start), Ok(()));
        assert!(budget.take_or_wait(1, 0, start).is_err());
    }
}
