//! One TOML file with positions: sections in, values of domain types or a located refusal out.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{ConfigError, Origin, Place};
use crate::value::{FromValue, describe, integer};

/// Whether a refusal may repeat what the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Settings: the operator sees the value that was refused.
    Shown,
    /// People: a misplaced value may be a person's name.
    Hidden,
}

/// A file that has been read but not yet understood.
pub(crate) struct Document {
    file: PathBuf,
    text: String,
    visibility: Visibility,
}

/// A table of a document; an absent one has no keys.
pub(crate) struct Section<'a> {
    document: &'a Document,
    path: String,
    table: Option<&'a DeTable<'a>>,
    start: usize,
}

/// A value with the place it came from, for a later refusal.
#[derive(Debug, Clone)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
    pub(crate) key: String,
    /// The value as a refusal may show it.
    pub(crate) found: String,
}

impl<T> Located<T> {
    /// Converts the value and keeps its place.
    pub(crate) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: convert(self.value), origin: self.origin, key: self.key, found: self.found }
    }

    /// Refuses the value for a reason that its form alone does not show.
    pub(crate) fn refuse(&self, expected: impl Into<String>) -> ConfigError {
        self.refuse_found(expected, self.found.clone())
    }

    /// Refuses the value and says what was found in other words than the value.
    pub(crate) fn refuse_found(&self, expected: impl Into<String>, found: impl Into<String>) -> ConfigError {
        ConfigError::Value {
            origin: self.origin.clone(),
            key: self.key.clone(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}

impl Document {
    pub(crate) fn open(path: &Path, visibility: Visibility) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            what: "file",
            source,
        })?;
        Ok(Self::of(path, text, visibility))
    }

    /// Takes a text that is read already; `path` is what a refusal calls it.
    pub(crate) fn of(path: &Path, text: String, visibility: Visibility) -> Self {
        Self { file: path.to_owned(), text, visibility }
    }

    /// Parses the file and hands its root to `read`.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(Section<'_>) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let root = DeTable::parse(&self.text).map_err(|error| ConfigError::Syntax {
            place: self.place(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        read(Section { document: self, path: String::new(), table: Some(root.get_ref()), start: 0 })
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        let characters = before.get(line_start..).unwrap_or_default().chars().count();
        let counted_from_one = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        Place { file: self.file.clone(), line: counted_from_one(lines), column: counted_from_one(characters) }
    }
}

impl<'a> Section<'a> {
    /// Refuses every key that is not among `known`.
    pub(crate) fn only(&self, known: &'static [&'static str]) -> Result<(), ConfigError> {
        let unknown = self
            .table
            .into_iter()
            .flat_map(|table| table.keys())
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        match unknown {
            None => Ok(()),
            Some(key) => Err(ConfigError::UnknownKey {
                place: self.document.place(key.span().start),
                key: match self.document.visibility {
                    Visibility::Shown => self.key(key.get_ref()),
                    Visibility::Hidden if self.path.is_empty() => "file".to_owned(),
                    Visibility::Hidden => self.path.clone(),
                },
                expected: known,
            }),
        }
    }

    /// Returns whether the file has this table.
    pub(crate) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// Returns the table under `key`, or an empty one.
    pub(crate) fn section(&self, key: &str) -> Result<Section<'a>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Section {
                document: self.document,
                path: self.key(key),
                table: None,
                start: self.start,
            });
        };
        match value.get_ref() {
            DeValue::Table(table) => Ok(self.child(key, table, value.span())),
            _ => Err(self.wrong(key, value, "a table")),
        }
    }

    /// Returns the tables of the array under `key`, in the order of the file.
    pub(crate) fn sections(&self, key: &str) -> Result<Vec<Section<'a>>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(key, value, "an array of tables"));
        };
        items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::Table(table) => Ok(self.child(key, table, item.span())),
                _ => Err(self.wrong(key, item, "a table")),
            })
            .collect()
    }

    /// Returns the value under `key`, or nothing if the key is absent.
    pub(crate) fn get<T: FromValue>(&self, key: &str) -> Result<Option<Located<T>>, ConfigError> {
        self.value(key).map(|value| self.convert(key, value)).transpose()
    }

    /// Returns the value under `key`, or `default` if the key is absent.
    pub(crate) fn get_or<T: FromValue>(&self, key: &str, default: T) -> Result<T, ConfigError> {
        Ok(self.get(key)?.map_or(default, |located| located.value))
    }

    /// Returns the value under `key`, which has no default.
    pub(crate) fn require<T: FromValue>(&self, key: &str) -> Result<Located<T>, ConfigError> {
        self.get(key)?.ok_or_else(|| self.missing(key, T::EXPECTED))
    }

    /// Returns the values of the array under `key`; none if the key is absent.
    pub(crate) fn list<T: FromValue>(&self, key: &str) -> Result<Vec<Located<T>>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(Vec::new());
        };
        let DeValue::Array(items) = value.get_ref() else {
            return Err(self.wrong(key, value, &format!("an array, each {}", T::EXPECTED)));
        };
        items.iter().map(|item| self.convert(key, item)).collect()
    }

    /// Returns the whole number under `key` within `range`; `unit` is named in a refusal.
    pub(crate) fn integer(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<u64>,
        unit: &str,
    ) -> Result<Option<Located<u64>>, ConfigError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        match integer(value.get_ref()).filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(self.locate(key, value, number))),
            None => {
                let (least, most) = (range.start(), range.end());
                Err(self.wrong(key, value, &format!("{least} to {most} {unit}")))
            }
        }
    }

    /// Refuses the absence of `key`.
    pub(crate) fn missing(&self, key: &str, expected: impl Into<String>) -> ConfigError {
        ConfigError::Missing {
            place: self.document.place(self.start),
            key: self.key(key),
            expected: expected.into(),
        }
    }

    /// Refuses what stands under `key` for a reason that no single value shows.
    pub(crate) fn refuse(&self, key: &str, expected: String, found: String) -> ConfigError {
        let start = self.value(key).map_or(self.start, |value| value.span().start);
        let origin = Origin::File(self.document.place(start));
        ConfigError::Value { origin, key: self.key(key), expected, found }
    }

    fn convert<T: FromValue>(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Located<T>, ConfigError> {
        match T::from_value(value.get_ref()) {
            Some(converted) => Ok(self.locate(key, value, converted)),
            None if T::SHOWN => Err(self.wrong(key, value, T::EXPECTED)),
            None => Err(self.locate(key, value, ()).refuse_found(T::EXPECTED, hidden(value.get_ref()))),
        }
    }

    fn locate<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, converted: T) -> Located<T> {
        Located {
            value: converted,
            origin: Origin::File(self.document.place(value.span().start)),
            key: self.key(key),
            found: match self.document.visibility {
                Visibility::Shown => describe(value.get_ref()),
                Visibility::Hidden => hidden(value.get_ref()),
            },
        }
    }

    fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> ConfigError {
        self.locate(key, value, ()).refuse(expected)
    }

    fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table?.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn child(&self, key: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Section<'a> {
        Section { document: self.document, path: self.key(key), table: Some(table), start: span.start }
    }

    fn key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// Names the type of a value that must not be repeated, and its length if that helps.
fn hidden(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("a text of {} characters, not shown", text.chars().count()),
        other => format!("a value of type {}, not shown", other.type_str()),
    }
}
