//! The value of one field, and what each type demands of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::entry::field::FieldKey;
use crate::entry::schema::{Field, FieldType};
use crate::limits::{LIST_ELEMENTS_MAX, SCALAR_BYTES_MAX, TEXT_BYTES_MAX};

/// One participant or the like: field to line.
pub type Record = BTreeMap<FieldKey, String>;

/// The value of a field. In JSON a boolean, a number, a string, or an array.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Yes or no.
    Flag(bool),
    /// A small number.
    Number(u64),
    /// Text, a line, a date, a time or a code.
    Text(String),
    /// Lines in an order.
    Lines(Vec<String>),
    /// Records in an order.
    Records(Vec<Record>),
}

impl std::fmt::Debug for FieldValue {
    /// Names the type only, because what people write stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Flag(_) => "Flag",
            Self::Number(_) => "Number",
            Self::Text(_) => "Text",
            Self::Lines(_) => "Lines",
            Self::Records(_) => "Records",
        })
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for FieldValue {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// What is wrong with a value; says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ValueFault {
    /// The field has another type.
    #[error("the field has another type")]
    Type,
    /// There is nothing in it.
    #[error("the value is empty")]
    Empty,
    /// The text is longer than its field may be.
    #[error("expected at most {bytes_max} bytes")]
    TooLong {
        /// Bytes that the field may have.
        bytes_max: usize,
    },
    /// The text is not in Unicode normalization form C.
    #[error("expected Unicode normalization form C")]
    NotNormalized,
    /// There is a control character, or in a line one that changes the writing direction.
    #[error("expected no control characters")]
    Control,
    /// No date of the form 2026-10-01.
    #[error("expected a date of the form YYYY-MM-DD")]
    Date,
    /// No time of the form 13:30.
    #[error("expected a time of the form HH:MM")]
    Time,
    /// Not one of the field's codes.
    #[error("expected one of the codes of the field")]
    Choice,
    /// The number is larger than the field allows.
    #[error("expected a number of at most {max}")]
    Range {
        /// The largest number.
        max: u64,
    },
    /// The list has too many elements.
    #[error("expected at most {max} elements")]
    TooMany {
        /// Elements that a list may have.
        max: usize,
    },
    /// A record has a field that it may not have, or lacks its first one.
    #[error("the fields of a record do not fit")]
    Record,
}

impl FieldValue {
    /// Returns the value as it is stored: normalization form C, line ends as one line feed.
    pub fn normalized(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(normalized(&text)),
            Self::Lines(lines) => Self::Lines(lines.iter().map(|line| normalized(line)).collect()),
            Self::Records(records) => Self::Records(
                records
                    .iter()
                    .map(|record| record.iter().map(|(key, line)| (*key, normalized(line))).collect())
                    .collect(),
            ),
            scalar => scalar,
        }
    }

    /// Returns whether the value holds nothing, so that a reader is shown nothing.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Flag(_) | Self::Number(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::Lines(lines) => lines.is_empty(),
            Self::Records(records) => records.is_empty(),
        }
    }
}

/// Puts text into the form that is stored.
pub fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect()
}

/// Checks a value against the type of its field.
///
/// # Errors
/// The [`ValueFault`] that was found first.
pub fn check_value(field: &Field, value: &FieldValue) -> Result<(), ValueFault> {
    match (field.of, value) {
        (FieldType::Text, FieldValue::Text(text)) => check_text(text),
        (FieldType::Line, FieldValue::Text(line)) => check_line(line),
        (FieldType::Date, FieldValue::Text(date)) => check_date(date),
        (FieldType::Time, FieldValue::Text(time)) => check_time(time),
        (FieldType::Choice(codes), FieldValue::Text(code)) => {
            if codes.contains(&code.as_str()) {
                Ok(())
            } else {
                Err(ValueFault::Choice)
            }
        }
        (FieldType::Flag, FieldValue::Flag(_)) => Ok(()),
        (FieldType::Number { max }, FieldValue::Number(number)) => {
            if *number <= max {
                Ok(())
            } else {
                Err(ValueFault::Range { max })
            }
        }
        (FieldType::Lines, FieldValue::Lines(lines)) => {
            check_count(lines.len())?;
            lines.iter().try_for_each(|line| check_line(line))
        }
        // An empty JSON array does not say what it is empty of.
        (FieldType::Records(_), FieldValue::Lines(lines)) if lines.is_empty() => Ok(()),
        (FieldType::Records(fields), FieldValue::Records(records)) => {
            check_count(records.len())?;
            records.iter().try_for_each(|record| check_record(fields, record))
        }
        _ => Err(ValueFault::Type),
    }
}

fn check_count(elements: usize) -> Result<(), ValueFault> {
    if elements <= LIST_ELEMENTS_MAX { Ok(()) } else { Err(ValueFault::TooMany { max: LIST_ELEMENTS_MAX }) }
}

fn check_record(fields: &[FieldKey], record: &Record) -> Result<(), ValueFault> {
    let keys: BTreeSet<_> = record.keys().collect();
    if !record.keys().all(|key| fields.contains(key)) || !fields.first().is_some_and(|key| keys.contains(key))
    {
        return Err(ValueFault::Record);
    }
    record.values().try_for_each(|line| check_line(line))
}

/// Checks free text: length, form C, and no control characters but line feed and tab.
///
/// # Errors
/// [`ValueFault::TooLong`], [`ValueFault::Control`] or [`ValueFault::NotNormalized`].
pub fn check_text(text: &str) -> Result<(), ValueFault> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(ValueFault::TooLong { bytes_max: TEXT_BYTES_MAX });
    }
    if text.chars().any(is_control_in_text) {
        return Err(ValueFault::Control);
    }
    if is_nfc(text) { Ok(()) } else { Err(ValueFault::NotNormalized) }
}

/// Returns whether free text may not hold a character.
pub fn is_control_in_text(character: char) -> bool {
    character.is_control() && character != '\n' && character != '\t'
}

/// Checks one line of a scalar field: not empty, short, form C, no control characters and none
/// that change the writing direction, so that a name cannot show as another.
///
/// # Errors
/// [`ValueFault::Empty`], [`ValueFault::TooLong`], [`ValueFault::Control`] or
/// [`ValueFault::NotNormalized`].
pub fn check_line(line: &str) -> Result<(), ValueFault> {
    if line.is_empty() {
        return Err(ValueFault::Empty);
    }
    if line.len() > SCALAR_BYTES_MAX {
        return Err(ValueFault::TooLong { bytes_max: SCALAR_BYTES_MAX });
    }
    if line.chars().any(|character| character.is_control() || is_direction_control(character)) {
        return Err(ValueFault::Control);
    }
    if is_nfc(line) { Ok(()) } else { Err(ValueFault::NotNormalized) }
}

/// The characters with property `Bidi_Control` (Unicode, PropList), and the two separators that
/// would break a line.
const fn is_direction_control(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

fn two_digits(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            let digit = |byte: u8| u32::from(byte.saturating_sub(b'0'));
            Some(digit(*tens).saturating_mul(10).saturating_add(digit(*ones)))
        }
        _ => None,
    }
}

/// Checks a day of the calendar, `YYYY-MM-DD`.
///
/// # Errors
/// [`ValueFault::Date`].
pub fn check_date(date: &str) -> Result<(), ValueFault> {
    let fault = ValueFault::Date;
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(fault);
    };
    let (Some(century), Some(in_century)) =
        (year.get(..2).and_then(two_digits), year.get(2..).and_then(two_digits))
    else {
        return Err(fault);
    };
    let year = century.saturating_mul(100).saturating_add(in_century);
    let (Some(month), Some(day)) = (two_digits(month), two_digits(day)) else {
        return Err(fault);
    };
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if (1..=days).contains(&day) { Ok(()) } else { Err(fault) }
}

fn check_time(time: &str) -> Result<(), ValueFault> {
    match time.split_once(':') {
        Some((hours, minutes))
            if two_digits(hours).is_some_and(|hours| hours < 24)
                && two_digits(minutes).is_some_and(|minutes| minutes < 60) =>
        {
            Ok(())
        }
        _ => Err(ValueFault::Time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for date in ["2026-10-01", "2028-02-29", "2000-02-29", "1999-12-31"] {
            assert_eq!(check_date(date), Ok(()), "{date}");
        }
        for date in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-10-01",
            "2026-10-00",
            "2026-10-01-",
            "2026-10-32",
            "+026-10-01",
            "",
            "2026",
            "20é-10-01",
        ] {
            assert_eq!(check_date(date), Err(ValueFault::Date), "{date}");
        }
    }

    #[test]
    fn only_times_of_the_day_are_times() {
        assert_eq!(check_time("13:30"), Ok(()));
        for time in ["24:00", "13:60", "9:30", "13.30", ""] {
            assert_eq!(check_time(time), Err(ValueFault::Time), "{time}");
        }
    }

    #[test]
    fn a_line_cannot_turn_the_writing_direction() {
        assert_eq!(check_line("Kari \u{202E}iraK"), Err(ValueFault::Control));
        assert_eq!(check_line("Kari\nNordmann"), Err(ValueFault::Control));
        assert_eq!(check_line("Máhtte Biret Ïvvár"), Ok(()));
    }

    #[test]
    fn text_keeps_line_feeds_but_no_other_control_characters() {
        assert_eq!(check_text("én\n\tto"), Ok(()));
        assert_eq!(check_text("én\u{0}"), Err(ValueFault::Control));
        assert_eq!(check_text("A\u{30A}"), Err(ValueFault::NotNormalized));
        assert_eq!(
            check_text(&"a".repeat(TEXT_BYTES_MAX + 1)),
            Err(ValueFault::TooLong { bytes_max: TEXT_BYTES_MAX })
        );
    }

    #[test]
    fn what_a_browser_sends_is_stored_in_form_c_with_line_feeds() {
        let value = FieldValue::from("A\u{30A}\r\nse").normalized();

        assert!(value == FieldValue::from("Å\nse"));
    }

    #[test]
    fn a_value_keeps_its_content_out_of_debug_output() {
        assert_eq!(format!("{:?}", FieldValue::from("hemmelig")), "Text");
    }
}
