//! What people write and read: the fields of an entry, apart from how a document holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;
use crate::entry::field::FieldKey;
use crate::entry::schema::{FieldType, field, fields};
use crate::entry::value::{FieldValue, ValueFault, check_value};

/// Fields by name, as an API or a form gives them.
pub type Fields = BTreeMap<FieldKey, FieldValue>;

/// Content does not fit its kind. Carries names of fields, never what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The kind has no such field.
    #[error("a {kind} has no field {field}")]
    UnknownField {
        /// The kind.
        kind: EntryKind,
        /// The field.
        field: FieldKey,
    },
    /// A required field is missing or empty, or an edit would clear it.
    #[error("a {kind} needs the field {field}")]
    Missing {
        /// The kind.
        kind: EntryKind,
        /// The field.
        field: FieldKey,
    },
    /// The value does not fit the field.
    #[error("the field {field} does not fit")]
    Value {
        /// The field.
        field: FieldKey,
        /// What is wrong with it.
        #[source]
        fault: ValueFault,
    },
}

fn checked(kind: EntryKind, key: FieldKey, value: FieldValue) -> Result<FieldValue, ContentError> {
    let field = field(kind, key).ok_or(ContentError::UnknownField { kind, field: key })?;
    let value = value.normalized();
    check_value(field, &value).map_err(|fault| ContentError::Value { field: key, fault })?;
    Ok(value)
}

fn is_blank(value: &FieldValue) -> bool {
    match value {
        FieldValue::Text(text) => text.trim().is_empty(),
        other => other.is_empty(),
    }
}

/// The fields of an entry that is to be made; every one fits its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    #[serde(skip)]
    kind: EntryKind,
    #[serde(flatten)]
    fields: Fields,
}

impl Content {
    /// Normalizes and checks the fields of a new entry.
    ///
    /// # Errors
    /// [`ContentError::UnknownField`] or [`ContentError::Value`] for the first field that does
    /// not fit, [`ContentError::Missing`] for a required one that is not there.
    pub fn new(kind: EntryKind, given: Fields) -> Result<Self, ContentError> {
        let content = given
            .into_iter()
            .map(|(key, value)| Ok((key, checked(kind, key, value)?)))
            .collect::<Result<Fields, ContentError>>()?;
        for field in fields(kind).iter().filter(|field| field.required) {
            if content.get(&field.key).is_none_or(is_blank) {
                return Err(ContentError::Missing { kind, field: field.key });
            }
        }
        Ok(Self { kind, fields: content })
    }

    /// Returns what the entry is.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Returns the fields.
    pub const fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// New values for some fields of an entry; every one fits its kind. In JSON `null` clears.
///
/// Text is given whole; what differs is spliced in, so concurrent edits merge by character. A
/// value for a field in conflict settles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    kind: EntryKind,
    fields: BTreeMap<FieldKey, Option<FieldValue>>,
}

impl Edit {
    /// Normalizes and checks new values.
    ///
    /// # Errors
    /// As [`Content::new`]; [`ContentError::Missing`] if a required field would be cleared.
    pub fn new(kind: EntryKind, given: BTreeMap<FieldKey, Option<FieldValue>>) -> Result<Self, ContentError> {
        let mut changed = BTreeMap::new();
        for (key, value) in given {
            let value = value.map(|value| checked(kind, key, value)).transpose()?;
            let field = field(kind, key).ok_or(ContentError::UnknownField { kind, field: key })?;
            if field.required && value.as_ref().is_none_or(is_blank) {
                return Err(ContentError::Missing { kind, field: key });
            }
            changed.insert(key, value.or_else(|| empty_value(field.of)));
        }
        Ok(Self { kind, fields: changed })
    }

    /// Makes an edit of values that stood in a document of this kind; none empties the field.
    pub(crate) fn of(kind: EntryKind, given: BTreeMap<FieldKey, Option<FieldValue>>) -> Self {
        let empty = |key| field(kind, key).and_then(|field| empty_value(field.of));
        let fields = given.into_iter().map(|(key, value)| (key, value.or_else(|| empty(key))));
        Self { kind, fields: fields.collect() }
    }

    /// Returns what the edited entry must be.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Returns the new values; none clears the field.
    pub const fn fields(&self) -> &BTreeMap<FieldKey, Option<FieldValue>> {
        &self.fields
    }
}

/// A text or list is never gone, only empty.
fn empty_value(of: FieldType) -> Option<FieldValue> {
    match of {
        FieldType::Text => Some(FieldValue::Text(String::new())),
        FieldType::Lines => Some(FieldValue::Lines(Vec::new())),
        FieldType::Records(_) => Some(FieldValue::Records(Vec::new())),
        _ => None,
    }
}

/// Whether fields say that guardians do not read what stands in the others.
pub fn is_withheld_from_guardians(fields: &Fields) -> bool {
    fields.get(&FieldKey::WithheldFromGuardians) == Some(&FieldValue::Flag(true))
}

/// What a reader sees of an entry. Empty fields are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    /// The present values; of a field in conflict, the one that all nodes agree to show first.
    pub fields: Fields,
    /// Fields with different concurrent values: all of them, ascending.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conflicts: BTreeMap<FieldKey, Vec<FieldValue>>,
}

impl EntryView {
    /// Whether whoever wrote it asked that guardians do not read it.
    pub fn is_withheld_from_guardians(&self) -> bool {
        is_withheld_from_guardians(&self.fields)
    }

    /// Returns the text of a field, or an empty one.
    pub fn text(&self, key: FieldKey) -> &str {
        match self.fields.get(&key) {
            Some(FieldValue::Text(text)) => text,
            _ => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> T {
        serde_json::from_str(json).expect("valid JSON of fields")
    }

    #[test]
    fn a_measure_reads_naturally_from_json() {
        let fields = from_json(
            r#"{"title":"Lesetrening","responsible":"Ole","deadline":"2026-10-01","status":"planned","at_home":true}"#,
        );

        let content = Content::new(EntryKind::Measure, fields).expect("a measure");

        assert!(content.fields().get(&FieldKey::AtHome) == Some(&FieldValue::Flag(true)));
    }

    #[test]
    fn a_measure_without_a_responsible_is_refused() {
        let fields = from_json(r#"{"title":"Lesetrening","deadline":"2026-10-01","status":"planned"}"#);

        assert_eq!(
            Content::new(EntryKind::Measure, fields),
            Err(ContentError::Missing { kind: EntryKind::Measure, field: FieldKey::Responsible })
        );
    }

    #[test]
    fn a_field_of_another_kind_is_refused() {
        let fields = from_json(r#"{"description":"Hei","deadline":"2026-10-01"}"#);

        assert_eq!(
            Content::new(EntryKind::Note, fields),
            Err(ContentError::UnknownField { kind: EntryKind::Note, field: FieldKey::Deadline })
        );
    }

    #[test]
    fn null_clears_an_optional_field_but_no_required_one() {
        let clear = |json| Edit::new(EntryKind::Measure, from_json(json));

        assert!(clear(r#"{"start":null,"description":null}"#).is_ok());
        assert_eq!(
            clear(r#"{"deadline":null}"#),
            Err(ContentError::Missing { kind: EntryKind::Measure, field: FieldKey::Deadline })
        );
    }

    #[test]
    fn participants_are_records_that_start_with_a_name() {
        let make = |json| Content::new(EntryKind::Participants, from_json(json));

        assert!(make(r#"{"participants":[{"name":"Ole","role":"PP-rådgiver"}]}"#).is_ok());
        assert!(make(r#"{"participants":[]}"#).is_ok());
        assert_eq!(
            make(r#"{"participants":[{"role":"PP-rådgiver"}]}"#),
            Err(ContentError::Value { field: FieldKey::Participants, fault: ValueFault::Record })
        );
    }
}
