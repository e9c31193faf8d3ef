//! Reading and writing Automerge's tree: how each type of field stands in it.

use std::collections::BTreeSet;

use automerge::transaction::{Transactable, Transaction};
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef};

use crate::entry::EntryKind;
use crate::entry::content::{EntryView, Fields};
use crate::entry::document::{EditError, object_type};
use crate::entry::field::FieldKey;
use crate::entry::schema::{Field, FieldType, field, fields};
use crate::entry::value::{FieldValue, Record};

/// Comparing two texts costs up to the product of what differs in them; above this, what differs
/// is replaced in one piece.
const DIFF_COST_MAX: usize = 1_000_000;

/// Writes fields in one transaction.
pub(crate) struct Writer<'t, 'd> {
    kind: EntryKind,
    transaction: &'t mut Transaction<'d>,
}

impl<'t, 'd> Writer<'t, 'd> {
    pub(crate) const fn new(kind: EntryKind, transaction: &'t mut Transaction<'d>) -> Self {
        Self { kind, transaction }
    }

    pub(crate) const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Writes a genesis: every text and list of the kind, also empty ones, and the given values.
    pub(crate) fn create(&mut self, given: &Fields) -> Result<(), EditError> {
        for field in fields(self.kind) {
            if let Some(of) = object_type(field.of) {
                self.transaction.put_object(ROOT, field.key.as_str(), of)?;
            }
            if let Some(value) = given.get(&field.key) {
                self.set(field.key, Some(value))?;
            }
        }
        Ok(())
    }

    /// Gives a field a new value, or clears it.
    pub(crate) fn set(&mut self, key: FieldKey, value: Option<&FieldValue>) -> Result<(), EditError> {
        let field = field(self.kind, key).ok_or(EditError::Document)?;
        match (field.of, value) {
            (FieldType::Text, Some(FieldValue::Text(text))) => self.set_text(key, text),
            (FieldType::Lines, Some(FieldValue::Lines(lines))) => self.set_lines(key, lines),
            (FieldType::Records(_), Some(FieldValue::Records(records))) => self.set_records(key, records),
            (FieldType::Records(_), Some(FieldValue::Lines(lines))) if lines.is_empty() => {
                self.set_records(key, &[])
            }
            (of, None) if of.is_scalar() => Ok(self.transaction.delete(ROOT, key.as_str())?),
            (of, Some(value)) if of.is_scalar() => self.settle(key, value),
            _ => Err(EditError::Document),
        }
    }

    /// Gives a scalar field its one value. Automerge drops a value that repeats the first of
    /// several and only deletes the others; so that one operation always replaces all of them,
    /// such a value is written after one of the others.
    fn settle(&mut self, key: FieldKey, value: &FieldValue) -> Result<(), EditError> {
        let present = scalar_values(&*self.transaction, key);
        if first_scalar(&*self.transaction, key).as_ref() == Some(value) {
            match present.iter().find(|other| *other != value) {
                Some(other) => self.put(key, other)?,
                None => return Ok(()),
            }
        }
        self.put(key, value)
    }

    /// Writes a scalar field also if that repeats its value, by way of another valid one, so that
    /// the change stands beside concurrent ones with other values.
    pub(crate) fn put_again(
        &mut self,
        key: FieldKey,
        value: &FieldValue,
        other: &FieldValue,
    ) -> Result<(), EditError> {
        self.settle(key, other)?;
        self.settle(key, value)
    }

    fn put(&mut self, key: FieldKey, value: &FieldValue) -> Result<(), EditError> {
        let scalar = match value {
            FieldValue::Flag(flag) => ScalarValue::from(*flag),
            FieldValue::Number(number) => ScalarValue::from(*number),
            FieldValue::Text(text) => ScalarValue::from(text.as_str()),
            FieldValue::Lines(_) | FieldValue::Records(_) => return Err(EditError::Document),
        };
        Ok(self.transaction.put(ROOT, key.as_str(), scalar)?)
    }

    fn set_text(&mut self, key: FieldKey, new: &str) -> Result<(), EditError> {
        let object = self.object(key)?;
        let old = self.transaction.text(&object)?;
        if old == new {
            return Ok(());
        }
        let before = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
        let (old_rest, new_rest) =
            (old.chars().count().saturating_sub(before), new.chars().count().saturating_sub(before));
        let after = old
            .chars()
            .rev()
            .zip(new.chars().rev())
            .take(old_rest.min(new_rest))
            .take_while(|(one, other)| one == other)
            .count();
        let deleted = old_rest.saturating_sub(after);
        let inserted = new_rest.saturating_sub(after);
        if deleted.saturating_mul(inserted) <= DIFF_COST_MAX {
            return Ok(self.transaction.update_text(&object, new)?);
        }
        let middle: String = new.chars().skip(before).take(inserted).collect();
        self.splice_text(key, before, deleted, &middle)
    }

    /// Deletes and inserts characters of a text, counted in code points.
    pub(crate) fn splice_text(
        &mut self,
        key: FieldKey,
        index: usize,
        deleted: usize,
        inserted: &str,
    ) -> Result<(), EditError> {
        let object = self.object(key)?;
        let deleted = isize::try_from(deleted).map_err(|_| EditError::Document)?;
        Ok(self.transaction.splice_text(&object, index, deleted, inserted)?)
    }

    fn set_lines(&mut self, key: FieldKey, new: &[String]) -> Result<(), EditError> {
        let old = lines(&*self.transaction, &self.object(key)?);
        let (index, deleted, inserted) = difference(&old, new);
        self.delete_elements(key, index, deleted)?;
        self.insert_lines(key, index, inserted)
    }

    fn set_records(&mut self, key: FieldKey, new: &[Record]) -> Result<(), EditError> {
        let old = records(&*self.transaction, &self.object(key)?);
        let (index, deleted, inserted) = difference(&old, new);
        self.delete_elements(key, index, deleted)?;
        self.insert_records(key, index, inserted)
    }

    pub(crate) fn delete_elements(
        &mut self,
        key: FieldKey,
        index: usize,
        deleted: usize,
    ) -> Result<(), EditError> {
        let object = self.object(key)?;
        (0..deleted).try_for_each(|_| Ok(self.transaction.delete(&object, index)?))
    }

    pub(crate) fn insert_lines(
        &mut self,
        key: FieldKey,
        index: usize,
        inserted: &[String],
    ) -> Result<(), EditError> {
        let object = self.object(key)?;
        (index..)
            .zip(inserted)
            .try_for_each(|(index, line)| Ok(self.transaction.insert(&object, index, line.as_str())?))
    }

    pub(crate) fn insert_records(
        &mut self,
        key: FieldKey,
        index: usize,
        inserted: &[Record],
    ) -> Result<(), EditError> {
        let object = self.object(key)?;
        for (index, record) in (index..).zip(inserted) {
            let map = self.transaction.insert_object(&object, index, ObjType::Map)?;
            for (key, line) in record {
                self.transaction.put(&map, key.as_str(), line.as_str())?;
            }
        }
        Ok(())
    }

    fn object(&self, key: FieldKey) -> Result<ObjId, EditError> {
        object(&*self.transaction, key).ok_or(EditError::Document)
    }
}

/// Returns where two lists differ: from which index, how many old elements go, and what comes.
fn difference<'n, T: PartialEq>(old: &[T], new: &'n [T]) -> (usize, usize, &'n [T]) {
    let before = old.iter().zip(new).take_while(|(one, other)| one == other).count();
    let old_rest = old.get(before..).unwrap_or_default();
    let new_rest = new.get(before..).unwrap_or_default();
    let after =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let inserted = new_rest.get(..new_rest.len().saturating_sub(after)).unwrap_or_default();
    (before, old_rest.len().saturating_sub(after), inserted)
}

/// Returns what a reader sees of a tree.
pub(crate) fn view(kind: EntryKind, tree: &Automerge) -> EntryView {
    let mut view = EntryView::default();
    for field in fields(kind) {
        let values = scalar_values(tree, field.key);
        if values.len() > 1 {
            view.conflicts.insert(field.key, values.into_iter().collect());
        }
        if let Some(value) = value(tree, field).filter(|value| !value.is_empty()) {
            view.fields.insert(field.key, value);
        }
    }
    view
}

/// Returns a text as it was at `heads`.
pub(crate) fn text_at(tree: &Automerge, key: FieldKey, heads: &[automerge::ChangeHash]) -> Option<String> {
    tree.text_at(object(tree, key)?, heads).ok()
}

/// Returns one record of a list, as the tree has it now or had it at `heads`.
pub(crate) fn record_at(tree: &Automerge, map: &ObjId, heads: &[automerge::ChangeHash]) -> Record {
    tree.map_range_at(map, .., heads)
        .filter_map(|item| {
            let key = item.key.parse().ok()?;
            Some((key, line(&item.value)?))
        })
        .collect()
}

/// Returns the text or list of a field.
pub(crate) fn object(tree: &impl ReadDoc, key: FieldKey) -> Option<ObjId> {
    match tree.get(ROOT, key.as_str()) {
        Ok(Some((Value::Object(_), object))) => Some(object),
        _ => None,
    }
}

fn value(tree: &impl ReadDoc, field: &Field) -> Option<FieldValue> {
    match field.of {
        FieldType::Text => tree.text(object(tree, field.key)?).ok().map(FieldValue::Text),
        FieldType::Lines => Some(FieldValue::Lines(lines(tree, &object(tree, field.key)?))),
        FieldType::Records(_) => Some(FieldValue::Records(records(tree, &object(tree, field.key)?))),
        _ => first_scalar(tree, field.key),
    }
}

/// Returns the value that all nodes show first.
fn first_scalar(tree: &impl ReadDoc, key: FieldKey) -> Option<FieldValue> {
    match tree.get(ROOT, key.as_str()) {
        Ok(Some((value, _))) => scalar(&value),
        _ => None,
    }
}

/// Returns the different values that stand in a scalar field.
fn scalar_values(tree: &impl ReadDoc, key: FieldKey) -> BTreeSet<FieldValue> {
    tree.get_all(ROOT, key.as_str())
        .unwrap_or_default()
        .iter()
        .filter_map(|(value, _)| scalar(value))
        .collect()
}

fn scalar(value: &Value<'_>) -> Option<FieldValue> {
    match value {
        Value::Scalar(scalar) => match scalar.as_ref() {
            ScalarValue::Str(text) => Some(FieldValue::Text(text.to_string())),
            ScalarValue::Boolean(flag) => Some(FieldValue::Flag(*flag)),
            ScalarValue::Uint(number) => Some(FieldValue::Number(*number)),
            _ => None,
        },
        Value::Object(_) => None,
    }
}

fn line(value: &ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Scalar(ScalarValueRef::Str(line)) => Some(line.to_string()),
        _ => None,
    }
}

/// Returns the value of a scalar field that an operation wrote and that stands, also beside others.
pub(crate) fn scalar_of(
    tree: &Automerge,
    key: FieldKey,
    wrote: impl Fn(&ObjId) -> bool,
) -> Option<FieldValue> {
    let values = tree.get_all(ROOT, key.as_str()).unwrap_or_default();
    values.iter().rev().find(|(_, id)| wrote(id)).and_then(|(value, _)| scalar(value))
}

/// Returns the lines of a list that certain operations inserted.
pub(crate) fn lines_of(
    tree: &Automerge,
    key: FieldKey,
    wrote: impl Fn(&ObjId) -> bool,
) -> Option<Vec<String>> {
    let list = object(tree, key)?;
    let lines = tree.list_range(&list, ..).filter(|item| wrote(&item.id()));
    Some(lines.filter_map(|item| line(&item.value)).collect())
}

/// Returns the records of a list that certain operations inserted.
pub(crate) fn records_of(
    tree: &Automerge,
    key: FieldKey,
    wrote: impl Fn(&ObjId) -> bool,
) -> Option<Vec<Record>> {
    let list = object(tree, key)?;
    let maps = tree.list_range(&list, ..).map(|item| item.id()).filter(wrote);
    Some(maps.map(|map| record(tree, &map)).collect())
}

fn record(tree: &impl ReadDoc, map: &ObjId) -> Record {
    tree.map_range(map, ..)
        .filter_map(|item| {
            let key = item.key.parse().ok()?;
            Some((key, line(&item.value)?))
        })
        .collect()
}

fn lines(tree: &impl ReadDoc, list: &ObjId) -> Vec<String> {
    tree.list_range(list, ..).filter_map(|item| line(&item.value)).collect()
}

fn records(tree: &impl ReadDoc, list: &ObjId) -> Vec<Record> {
    tree.list_range(list, ..).map(|item| record(tree, &item.id())).collect()
}
