//! An entry of one change, read without building a document. Most entries are such: a shared one
//! starts a new generation once it has been quiet (law 7), and building a document costs many times
//! what reading the operations of a genesis does, which stand in the order in which they are read.

use std::collections::BTreeMap;

use crate::entry::EntryKind;
use crate::entry::check::{ChangeRefusal, CheckedChange, check_genesis_operations};
use crate::entry::content::{EntryView, Fields};
use crate::entry::field::FieldKey;
use crate::entry::operation::{Operation, OperationRef, Scalar};
use crate::entry::schema::{FieldType, field};
use crate::entry::value::{FieldValue, Record};

/// Reads what an entry says whose generation is this change alone: what
/// [`EntryDocument::view`](crate::entry::EntryDocument::view) would show.
///
/// # Errors
/// The first [`ChangeRefusal`] if it is no genesis of this kind: the row is not what was stored.
pub fn read_genesis(kind: EntryKind, genesis: &CheckedChange) -> Result<EntryView, ChangeRefusal> {
    let change = genesis.change();
    check_genesis_operations(kind, change)?;
    let mut reading =
        Reading { kind, fields: Fields::new(), objects: BTreeMap::new(), records: BTreeMap::new() };
    let mut counter = change.start_op;
    for operation in &change.ops {
        reading.take(counter, operation)?;
        let taken = u32::try_from(operation.operation_count()).unwrap_or(u32::MAX);
        counter = counter.saturating_add(taken);
    }
    let mut fields = reading.fields;
    fields.retain(|_, value| !value.is_empty());
    Ok(EntryView { fields, conflicts: BTreeMap::new() })
}

/// What the operations up to one have made.
struct Reading {
    kind: EntryKind,
    fields: Fields,
    /// The field of each text and list, by the number of the operation that made it.
    objects: BTreeMap<u32, FieldKey>,
    /// The list and the place in it of each record, by the number of the operation that inserted it.
    records: BTreeMap<u32, (FieldKey, usize)>,
}

impl Reading {
    fn take(&mut self, counter: u32, operation: &Operation) -> Result<(), ChangeRefusal> {
        match operation {
            Operation::Make { field: code, .. } => {
                let key = FieldKey::from_code(*code).ok_or(ChangeRefusal::UnknownField)?;
                let empty = match field(self.kind, key).map(|field| field.of) {
                    Some(FieldType::Text) => FieldValue::Text(String::new()),
                    Some(FieldType::Lines) => FieldValue::Lines(Vec::new()),
                    Some(FieldType::Records(_)) => FieldValue::Records(Vec::new()),
                    _ => return Err(ChangeRefusal::Object),
                };
                self.objects.insert(counter, key);
                self.fields.insert(key, empty);
            }
            Operation::Put { field: code, value, .. } => {
                let key = FieldKey::from_code(*code).ok_or(ChangeRefusal::UnknownField)?;
                let value = match value {
                    Scalar::Text(text) => FieldValue::Text(text.clone()),
                    Scalar::Flag(flag) => FieldValue::Flag(*flag),
                    Scalar::Number(number) => FieldValue::Number(*number),
                };
                self.fields.insert(key, value);
            }
            Operation::InsertText { object, text, .. } => match self.object(*object)?.1 {
                FieldValue::Text(before) => before.push_str(text),
                _ => return Err(ChangeRefusal::WrongReference),
            },
            Operation::InsertLine { object, line, .. } => match self.object(*object)?.1 {
                FieldValue::Lines(lines) => lines.push(line.clone()),
                _ => return Err(ChangeRefusal::WrongReference),
            },
            Operation::InsertRecord { object, .. } => match self.object(*object)? {
                (key, FieldValue::Records(records)) => {
                    let place = records.len();
                    records.push(Record::new());
                    self.records.insert(counter, (key, place));
                }
                _ => return Err(ChangeRefusal::WrongReference),
            },
            Operation::PutRecord { record, field: code, line } => {
                let key = FieldKey::from_code(*code).ok_or(ChangeRefusal::UnknownField)?;
                self.record(*record)?.insert(key, line.clone());
            }
            Operation::Clear { .. } | Operation::Delete { .. } => return Err(ChangeRefusal::NotGenesis),
        }
        Ok(())
    }

    fn object(&mut self, at: OperationRef) -> Result<(FieldKey, &mut FieldValue), ChangeRefusal> {
        let key = *self.objects.get(&at.counter).ok_or(ChangeRefusal::UnknownReference)?;
        let value = self.fields.get_mut(&key).ok_or(ChangeRefusal::UnknownReference)?;
        Ok((key, value))
    }

    fn record(&mut self, at: OperationRef) -> Result<&mut Record, ChangeRefusal> {
        let (key, place) = *self.records.get(&at.counter).ok_or(ChangeRefusal::UnknownReference)?;
        match self.fields.get_mut(&key) {
            Some(FieldValue::Records(records)) => {
                records.get_mut(place).ok_or(ChangeRefusal::UnknownReference)
            }
            _ => Err(ChangeRefusal::UnknownReference),
        }
    }
}
