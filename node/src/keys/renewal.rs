//! When a certificate must be renewed: the one rule by which the operator's page and `stafett check`
//! say so.

use stafett_protocol::time::{DAY, UnixMillis};

/// How near the end of a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// It is over.
    Over,
    /// Within 7 days.
    Days,
    /// Within 30 days.
    Weeks,
    /// Within 60 days.
    Months,
}

impl Nearness {
    /// Returns how near an end is; none if it is further away, and there is nothing to do.
    pub fn of(until: UnixMillis, now: UnixMillis) -> Option<Self> {
        if until < now {
            return Some(Self::Over);
        }
        let steps = [(7, Self::Days), (30, Self::Weeks), (60, Self::Months)];
        let left = until.since(now);
        steps.into_iter().find(|(days, _)| left <= DAY.saturating_mul(*days)).map(|(_, near)| near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_of_a_certificate_is_near_from_sixty_days_and_nearer_from_thirty_and_seven() {
        let end = UnixMillis(1_000 * DAY);
        let before = |millis: u64| Nearness::of(end, UnixMillis(end.0 - millis));

        assert_eq!(before(60 * DAY + 1), None);
        assert_eq!([before(60 * DAY), before(30 * DAY + 1)], [Some(Nearness::Months); 2]);
        assert_eq!([before(30 * DAY), before(7 * DAY + 1)], [Some(Nearness::Weeks); 2]);
        assert_eq!([before(7 * DAY), before(0)], [Some(Nearness::Days); 2]);
        assert_eq!(Nearness::of(end, UnixMillis(end.0 + 1)), Some(Nearness::Over));
    }
}
