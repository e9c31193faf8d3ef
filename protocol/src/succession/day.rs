//! A day as people write it.

use serde::{Deserialize, Serialize};

use crate::entry::value::check_date;

/// A day of the calendar, `YYYY-MM-DD`. No moment: which hour it was says more than it must.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CivilDay(String);

/// A text is no day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a day of the form YYYY-MM-DD")]
pub struct CivilDayError;

impl CivilDay {
    /// Returns the day as text of ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for CivilDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CivilDay {
    type Error = CivilDayError;

    fn try_from(text: String) -> Result<Self, CivilDayError> {
        if check_date(&text).is_ok() { Ok(Self(text)) } else { Err(CivilDayError) }
    }
}

impl std::str::FromStr for CivilDay {
    type Err = CivilDayError;

    fn from_str(text: &str) -> Result<Self, CivilDayError> {
        text.to_owned().try_into()
    }
}

impl From<CivilDay> for String {
    fn from(day: CivilDay) -> Self {
        day.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_days() {
        assert_eq!("2027-08-01".parse::<CivilDay>().expect("a day").as_str(), "2027-08-01");
        for text in ["2027-02-29", "2027-8-1", "1. august 2027", "", "2027-08-01T00:00:00Z"] {
            assert_eq!(text.parse::<CivilDay>(), Err(CivilDayError), "{text}");
        }
    }
}
