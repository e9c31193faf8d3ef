//! Texts and lists that cannot be longer than they may be. A list ends at its bound while it is read; a
//! text is at most as long as what it is read from, and is then held against its own bound.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::entry::value::{ValueFault, check_line, check_text, normalized};

/// One line: a name, a number of a telephone. 1 to 1,024 bytes in form C, without control characters
/// and without those that change the writing direction. It names people, so it does not print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Line(String);

impl Line {
    /// Puts text into form C and checks it.
    ///
    /// # Errors
    /// The [`ValueFault`] that was found first.
    pub fn of(text: &str) -> Result<Self, ValueFault> {
        normalized(text).try_into()
    }

    /// Returns the words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(«redacted»)")
    }
}

impl TryFrom<String> for Line {
    type Error = ValueFault;

    fn try_from(text: String) -> Result<Self, ValueFault> {
        check_line(&text).map(|()| Self(text))
    }
}

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

/// Text of at most `BYTES` bytes in form C, with no control characters but line feed and tab. It is
/// about people, so it does not print itself.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prose<const BYTES: usize>(String);

impl<const BYTES: usize> Prose<BYTES> {
    /// Puts text into form C and checks it.
    ///
    /// # Errors
    /// The [`ValueFault`] that was found first.
    pub fn of(text: &str) -> Result<Self, ValueFault> {
        normalized(text).try_into()
    }

    /// Returns the words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const BYTES: usize> fmt::Debug for Prose<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prose(«redacted»)")
    }
}

impl<const BYTES: usize> TryFrom<String> for Prose<BYTES> {
    type Error = ValueFault;

    fn try_from(text: String) -> Result<Self, ValueFault> {
        if text.len() > BYTES {
            return Err(ValueFault::TooLong { bytes_max: BYTES });
        }
        check_text(&text).map(|()| Self(text))
    }
}

impl<const BYTES: usize> From<Prose<BYTES>> for String {
    fn from(text: Prose<BYTES>) -> Self {
        text.0
    }
}

/// A list of at most `MAX` elements. Reading one stops at the first element too many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Few<T, const MAX: usize>(Vec<T>);

/// A list is longer than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected at most {max} elements")]
pub struct TooManyError {
    /// Elements that it may have.
    pub max: usize,
}

impl<T, const MAX: usize> Few<T, MAX> {
    /// Takes the elements of an iterator.
    ///
    /// # Errors
    /// [`TooManyError`] if there are more than `MAX`.
    pub fn of(elements: impl IntoIterator<Item = T>) -> Result<Self, TooManyError> {
        let elements: Vec<T> = elements.into_iter().take(MAX.saturating_add(1)).collect();
        if elements.len() > MAX { Err(TooManyError { max: MAX }) } else { Ok(Self(elements)) }
    }

    /// Returns a list without elements.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// Goes through the elements in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Returns one element; none beyond the last.
    pub fn at(&self, number: u32) -> Option<&T> {
        self.0.get(usize::try_from(number).ok()?)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T, const MAX: usize> IntoIterator for Few<T, MAX> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Few<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements::<T, MAX>(PhantomData)).map(Self)
    }
}

struct Elements<T, const MAX: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for Elements<T, MAX> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {MAX} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element()? {
            if elements.len() >= MAX {
                return Err(A::Error::custom(TooManyError { max: MAX }));
            }
            elements.push(element);
        }
        Ok(elements)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_its_bound_also_while_it_is_read() {
        let read = |text: &str| serde_json::from_str::<Few<u8, 3>>(text).map(|few| few.len()).ok();

        assert_eq!(read("[1,2,3]"), Some(3));
        assert_eq!(read("[1,2,3,4]"), None);
        assert_eq!(Few::<u8, 3>::of(1..=3).map(|few| few.len()), Ok(3));
        assert_eq!(Few::<u8, 3>::of(1..), Err(TooManyError { max: 3 }));
    }

    #[test]
    fn a_text_ends_at_its_bound_and_a_line_is_one_line() {
        assert!(Prose::<4>::of("seks").is_ok());
        assert_eq!(Prose::<4>::of("seksti"), Err(ValueFault::TooLong { bytes_max: 4 }));
        assert_eq!(Prose::<4>::of("\u{7}"), Err(ValueFault::Control));
        assert!(Line::of(&"a".repeat(1_024)).is_ok());
        assert_eq!(Line::of(&"a".repeat(1_025)), Err(ValueFault::TooLong { bytes_max: 1_024 }));
        assert_eq!(Line::of(""), Err(ValueFault::Empty));
        assert_eq!(Line::of("Kari\u{202e}"), Err(ValueFault::Control));
    }

    #[test]
    fn what_is_made_is_put_into_form_c_and_what_is_read_must_be_in_it() {
        assert_eq!(Line::of("A\u{30a}se").expect("a line").as_str(), "Åse");
        assert!(serde_json::from_str::<Line>("\"Åse\"").is_ok());
        assert!(serde_json::from_str::<Line>("\"A\u{30a}se\"").is_err());
        assert!(serde_json::from_str::<Prose<64>>("\"A\u{30a}se\"").is_err());
    }

    #[test]
    fn nothing_prints_what_it_holds() {
        let printed = format!("{:?} {:?}", Line::of("Kari").expect("a line"), Prose::<64>::of("Hei"));

        assert_eq!(printed, "Line(«redacted») Ok(Prose(«redacted»))");
    }
}
