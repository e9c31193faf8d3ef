//! How a value of a TOML file becomes a domain type.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::civil::Date;
use stafett_protocol::id::{AccountId, PersonId};
use stafett_protocol::municipality::{AreaCode, MunicipalityNumber, OrganisationNumber, ServiceCode};
use toml::de::DeValue;

/// Characters of a value that a refusal repeats.
const SHOWN_CHARACTERS_MAX: usize = 60;
/// Characters of a name of an organisation, a service, an area or a person.
pub(crate) const NAME_CHARACTERS_MAX: usize = 200;
/// Characters of a paragraph.
const PROSE_CHARACTERS_MAX: usize = 2_000;

/// A type that one value of a file can hold.
pub(crate) trait FromValue: Sized {
    /// What a refusal says the value must be.
    const EXPECTED: &'static str;
    /// Whether a refusal may repeat the value.
    const SHOWN: bool = true;

    fn from_value(value: &DeValue<'_>) -> Option<Self>;
}

/// Implements [`FromValue`] for types that are read from text.
macro_rules! from_text {
    ($($type:ty: $expected:literal;)+) => {$(
        impl $crate::value::FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: &toml::de::DeValue<'_>) -> Option<Self> {
                value.as_str()?.parse().ok()
            }
        }
    )+};
}
pub(crate) use from_text;

from_text! {
    OrganisationNumber: "an organisation number of nine digits in quotes, the last its check digit";
    MunicipalityNumber: "a municipality number of four digits in quotes";
    AreaCode: "a code of 1 to 32 of a-z, 0-9 and -";
    ServiceCode: "a code of 1 to 32 of a-z, 0-9 and -";
    AccountId: "an identifier in UUID form";
    PersonId: "an identifier in UUID form";
    SocketAddr: "an address and port such as 127.0.0.1:8443";
}

/// Implements [`FromValue`] and `FromStr` for a closed set of words.
macro_rules! from_words {
    ($type:ty: $expected:literal, $($word:literal => $variant:path,)+) => {
        $crate::value::from_text! { $type: $expected; }

        impl std::str::FromStr for $type {
            type Err = $crate::value::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::value::UnknownWord> {
                match text {
                    $($word => Ok($variant),)+
                    _ => Err($crate::value::UnknownWord { expected: $expected }),
                }
            }
        }

        impl $type {
            /// Returns the word that stands for it in files of settings.
            pub fn as_str(&self) -> &'static str {
                match self {
                    $($variant => $word,)+
                }
            }
        }
    };
}
pub(crate) use from_words;

/// A text was none of the words that the setting knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct UnknownWord {
    /// The words.
    pub expected: &'static str,
}

impl FromValue for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_bool()
    }
}

impl FromValue for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        value.as_str().filter(|text| !text.is_empty() && !text.contains('\0')).map(PathBuf::from)
    }
}

impl FromValue for Date {
    const EXPECTED: &'static str = "a date such as 2026-08-01, without quotes";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let moment = value.as_datetime()?;
        if moment.time.is_some() || moment.offset.is_some() {
            return None;
        }
        let date = moment.date?;
        let year = i16::try_from(date.year).ok()?;
        Self::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
    }
}

/// A name that people read: no control characters and none that turn the direction of writing,
/// which could make one name look like another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name(pub(crate) String);

impl FromValue for Name {
    const EXPECTED: &'static str = "1 to 200 characters without line breaks or direction marks";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&text.chars().count());
        (fits && is_readable(text)).then(|| Self(text.to_owned()))
    }
}

/// A paragraph that people read, under the same rules as a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prose(pub(crate) String);

impl FromValue for Prose {
    const EXPECTED: &'static str = "1 to 2000 characters without line breaks or direction marks";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str().filter(|text| is_readable(text))?;
        (1..=PROSE_CHARACTERS_MAX).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }
}

/// Whether a text has no control characters, turns no direction and has no space around it.
fn is_readable(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || turns_direction(c)) && text.trim() == text
}

/// The bidirectional controls of Unicode Standard Annex 9, section 2, and the line separators.
fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Returns a whole number that is not negative.
pub(crate) fn integer(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// Shows a value in a refusal, in one line and shortened.
pub(crate) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Boolean(boolean) => boolean.to_string(),
        DeValue::Datetime(moment) => moment.to_string(),
        DeValue::Array(items) => format!("an array of {}", items.len()),
        DeValue::Table(_) => "a table".to_owned(),
        other => format!("a value of type {}", other.type_str()),
    }
}

/// Shows a text in a refusal, escaped and shortened.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    let more = if shown.len() < text.len() { " …" } else { "" };
    format!("{shown:?}{more}")
}
