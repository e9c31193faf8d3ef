//! From when until when an agreement holds.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use stafett_protocol::time::UnixMillis;

/// The days on which an agreement holds, both the first and the last included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementPeriod {
    from: Date,
    until: Date,
    starts_at: UnixMillis,
    ends_at: UnixMillis,
}

/// Two dates make no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The last day lies before the first.
    #[error("the last day, {until}, lies before the first, {from}")]
    Reversed {
        /// The first day.
        from: Date,
        /// The last day.
        until: Date,
    },
    /// A day begins before 1970 or after the latest moment that can be named.
    #[error("{date} is outside the years 1970 to 9998")]
    OutOfRange {
        /// The day.
        date: Date,
    },
}

impl AgreementPeriod {
    /// Makes the period from its first to its last day, in the node's time zone.
    ///
    /// # Errors
    /// [`PeriodError`] if the days are reversed or out of range.
    pub fn new(from: Date, until: Date, zone: &TimeZone) -> Result<Self, PeriodError> {
        if until < from {
            return Err(PeriodError::Reversed { from, until });
        }
        let after = until.tomorrow().map_err(|_| PeriodError::OutOfRange { date: until })?;
        Ok(Self { from, until, starts_at: first_moment(from, zone)?, ends_at: first_moment(after, zone)? })
    }

    /// Returns the first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// Returns the last day.
    pub fn until(&self) -> Date {
        self.until
    }

    /// Returns the first millisecond of the first day.
    pub fn starts_at(&self) -> UnixMillis {
        self.starts_at
    }

    /// Returns the first millisecond of the day after the last.
    pub fn ends_at(&self) -> UnixMillis {
        self.ends_at
    }
}

/// Returns the first millisecond of a day in a time zone.
pub(crate) fn first_moment(date: Date, zone: &TimeZone) -> Result<UnixMillis, PeriodError> {
    let out_of_range = PeriodError::OutOfRange { date };
    let moment = date.to_zoned(zone.clone()).map_err(|_| out_of_range)?.timestamp();
    u64::try_from(moment.as_millisecond()).map(UnixMillis).map_err(|_| out_of_range)
}
