//! Goes through the operations of one change and holds each against the schema and the ancestry.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::check::ChangeRefusal;
use crate::entry::field::FieldKey;
use crate::entry::index::{ChangeSet, Effect, Index, Node, OperationKey};
use crate::entry::operation::{Change, ObjectKind, Operation, OperationRef, Position, Scalar, to_automerge};
use crate::entry::schema::{Field, FieldType, field};
use crate::entry::value::{FieldValue, ValueFault, check_line, check_text, check_value, is_control_in_text};
use crate::entry::{ChangeHash, EntryKind};
use crate::limits::{LIST_ELEMENTS_MAX, TEXT_BYTES_MAX};

pub(crate) struct Walk<'a> {
    kind: EntryKind,
    index: &'a Index,
    change: &'a Change,
    is_genesis: bool,
    ancestors: ChangeSet,
    /// Places in the index of the actors in the change's table; none of an actor not known.
    actors: Vec<Option<u16>>,
    author: u16,
    effects: Vec<Effect>,
    overwritten: BTreeSet<OperationKey>,
    /// The values that stand in each scalar field touched so far, this change's own included.
    /// Looked up once for each field, so that a field set many times costs no more than once.
    standing: BTreeMap<FieldKey, BTreeSet<OperationKey>>,
    record_fields: BTreeSet<(OperationKey, FieldKey)>,
    /// In a genesis: the last element of each object, and how many it has.
    filled: BTreeMap<OperationKey, (u32, usize)>,
}

impl<'a> Walk<'a> {
    pub(crate) fn genesis(kind: EntryKind, index: &'a Index, change: &'a Change) -> Self {
        Self { is_genesis: true, ..Self::following(kind, index, change, ChangeSet::new()) }
    }

    pub(crate) fn following(
        kind: EntryKind,
        index: &'a Index,
        change: &'a Change,
        ancestors: ChangeSet,
    ) -> Self {
        let author = index.actor_or_next(&change.actor);
        let actors = std::iter::once(Some(author))
            .chain(change.others.iter().map(|actor| index.actor(actor)))
            .collect();
        Self {
            kind,
            index,
            change,
            is_genesis: false,
            ancestors,
            actors,
            author,
            effects: Vec::with_capacity(change.operation_count()),
            overwritten: BTreeSet::new(),
            standing: BTreeMap::new(),
            record_fields: BTreeSet::new(),
            filled: BTreeMap::new(),
        }
    }

    pub(crate) fn run(&mut self) -> Result<(), ChangeRefusal> {
        let change = self.change;
        change.ops.iter().try_for_each(|op| self.step(op))?;
        self.check_records()
    }

    pub(crate) fn has_value(&self, key: FieldKey) -> bool {
        self.standing.get(&key).is_some_and(|values| !values.is_empty())
    }

    pub(crate) fn has_object(&self, key: FieldKey) -> bool {
        self.effects.contains(&Effect::Object { field: key })
    }

    pub(crate) fn finish(self) -> Result<(Node, automerge::Change), ChangeRefusal> {
        let max_op = self.change.max_op().ok_or(ChangeRefusal::StartOperation)?;
        let built = to_automerge(self.change)?;
        let node = Node {
            hash: ChangeHash(built.hash().0),
            actor: self.change.actor,
            start_op: self.change.start_op,
            max_op,
            ancestors: self.ancestors,
            effects: self.effects,
            overwritten: self.overwritten,
        };
        Ok((node, built))
    }

    fn step(&mut self, op: &Operation) -> Result<(), ChangeRefusal> {
        match op {
            Operation::Make { field, object } => self.make(*field, *object),
            Operation::Put { field, value, pred } => self.put(*field, value, pred),
            Operation::Clear { field, pred } => self.clear(*field, pred),
            Operation::InsertText { object, at, text } => self.insert_text(*object, *at, text),
            Operation::InsertLine { object, at, line } => {
                let (object, of) = self.object(*object)?;
                if of != FieldType::Lines {
                    return Err(ChangeRefusal::WrongReference);
                }
                check_line(line)?;
                self.insert_element(object, *at, Effect::Element { object })
            }
            Operation::InsertRecord { object, at } => {
                let (object, of) = self.object(*object)?;
                if !matches!(of, FieldType::Records(_)) {
                    return Err(ChangeRefusal::WrongReference);
                }
                self.insert_element(object, *at, Effect::Record { object })
            }
            Operation::PutRecord { record, field, line } => self.put_record(*record, *field, line),
            Operation::Delete { object, first, count } => self.delete(*object, *first, *count),
        }
    }

    fn make(&mut self, code: u16, made: ObjectKind) -> Result<(), ChangeRefusal> {
        let field = self.field(code)?;
        let fits = match field.of {
            FieldType::Text => made == ObjectKind::Text,
            FieldType::Lines | FieldType::Records(_) => made == ObjectKind::List,
            _ => return Err(ChangeRefusal::Value(ValueFault::Type)),
        };
        if !fits {
            return Err(ChangeRefusal::Value(ValueFault::Type));
        }
        if !self.is_genesis || self.has_object(field.key) {
            return Err(ChangeRefusal::Object);
        }
        self.effects.push(Effect::Object { field: field.key });
        Ok(())
    }

    fn put(&mut self, code: u16, value: &Scalar, pred: &[OperationRef]) -> Result<(), ChangeRefusal> {
        let field = self.field(code)?;
        if !field.of.is_scalar() {
            return Err(ChangeRefusal::Value(ValueFault::Type));
        }
        if self.is_genesis && !pred.is_empty() {
            return Err(ChangeRefusal::NotGenesis);
        }
        check_value(field, &field_value(value))?;
        self.replace(field.key, pred)?;
        let made = self.next();
        self.standing.entry(field.key).or_default().insert(made);
        self.effects.push(Effect::Value { field: field.key });
        Ok(())
    }

    fn clear(&mut self, code: u16, pred: &[OperationRef]) -> Result<(), ChangeRefusal> {
        let field = self.field(code)?;
        if self.is_genesis {
            return Err(ChangeRefusal::NotGenesis);
        }
        if !field.of.is_scalar() {
            return Err(ChangeRefusal::Object);
        }
        if field.required {
            return Err(ChangeRefusal::MissingField);
        }
        if pred.is_empty() {
            return Err(ChangeRefusal::Predecessors);
        }
        self.replace(field.key, pred)?;
        self.effects.push(Effect::Nothing);
        Ok(())
    }

    /// Every value that stands must be replaced, and nothing else: then no value is hidden from
    /// the person who settles a conflict, and none comes back.
    fn replace(&mut self, key: FieldKey, pred: &[OperationRef]) -> Result<(), ChangeRefusal> {
        let mut replaced = BTreeSet::new();
        for reference in pred {
            let operation = self.resolve(*reference)?;
            match self.effect(operation)? {
                Effect::Value { field } if field == key => replaced.insert(operation),
                _ => return Err(ChangeRefusal::WrongReference),
            };
        }
        let (index, ancestors) = (self.index, &self.ancestors);
        let look_up = || index.standing_values(key, ancestors).collect();
        let standing = self.standing.entry(key).or_insert_with(look_up);
        if *standing != replaced {
            return Err(ChangeRefusal::Predecessors);
        }
        standing.clear();
        self.overwritten.extend(replaced);
        Ok(())
    }

    fn insert_text(
        &mut self,
        reference: OperationRef,
        at: Position,
        text: &str,
    ) -> Result<(), ChangeRefusal> {
        let (object, of) = self.object(reference)?;
        if of != FieldType::Text {
            return Err(ChangeRefusal::WrongReference);
        }
        if self.is_genesis {
            check_text(text)?;
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(ChangeRefusal::Value(ValueFault::TooLong { bytes_max: TEXT_BYTES_MAX }));
        }
        if text.chars().any(is_control_in_text) {
            return Err(ChangeRefusal::Value(ValueFault::Control));
        }
        if self.is_genesis && self.filled.contains_key(&object) {
            return Err(ChangeRefusal::NotGenesis);
        }
        self.insert_element(object, at, Effect::Element { object })?;
        let more = text.chars().count().saturating_sub(1);
        self.effects.extend(std::iter::repeat_n(Effect::Element { object }, more));
        Ok(())
    }

    /// In a genesis elements stand in the order they are read, so that its text is known without
    /// building a document.
    fn insert_element(
        &mut self,
        object: OperationKey,
        at: Position,
        effect: Effect,
    ) -> Result<(), ChangeRefusal> {
        let before = at.element().map(|reference| self.element(object, reference)).transpose()?;
        if self.is_genesis {
            let last = self.filled.get(&object).map(|(counter, _)| *counter);
            if last != before.map(|element| element.counter) {
                return Err(ChangeRefusal::NotGenesis);
            }
            let counter = self.next().counter;
            let (filled, elements) = self.filled.entry(object).or_default();
            *filled = counter;
            *elements = elements.saturating_add(1);
            if *elements > LIST_ELEMENTS_MAX {
                return Err(ChangeRefusal::Value(ValueFault::TooMany { max: LIST_ELEMENTS_MAX }));
            }
        }
        self.effects.push(effect);
        Ok(())
    }

    /// A record is filled by the change that inserts it and never changed after that.
    fn put_record(&mut self, reference: OperationRef, code: u16, line: &str) -> Result<(), ChangeRefusal> {
        let record = self.resolve(reference)?;
        let Effect::Record { object } = self.effect(record)? else {
            return Err(ChangeRefusal::WrongReference);
        };
        if record.actor != self.author || record.counter < self.change.start_op {
            return Err(ChangeRefusal::Predecessors);
        }
        let key = FieldKey::from_code(code).ok_or(ChangeRefusal::UnknownField)?;
        match self.field_type_of(object)? {
            FieldType::Records(keys) if keys.contains(&key) => check_line(line)?,
            _ => return Err(ChangeRefusal::UnknownField),
        }
        if !self.record_fields.insert((record, key)) {
            return Err(ChangeRefusal::Predecessors);
        }
        self.effects.push(Effect::Nothing);
        Ok(())
    }

    /// Every record must have its first field, which says whom or what it is about.
    fn check_records(&self) -> Result<(), ChangeRefusal> {
        for (counter, effect) in (self.change.start_op..).zip(&self.effects) {
            let Effect::Record { object } = effect else { continue };
            let FieldType::Records(keys) = self.field_type_of(*object)? else { continue };
            let record = OperationKey { counter, actor: self.author };
            if !keys.first().is_some_and(|key| self.record_fields.contains(&(record, *key))) {
                return Err(ChangeRefusal::Value(ValueFault::Record));
            }
        }
        Ok(())
    }

    fn delete(&mut self, object: OperationRef, first: OperationRef, count: u32) -> Result<(), ChangeRefusal> {
        if self.is_genesis {
            return Err(ChangeRefusal::NotGenesis);
        }
        let (object, _) = self.object(object)?;
        for offset in 0..count {
            let counter = first.counter.checked_add(offset).ok_or(ChangeRefusal::UnknownReference)?;
            let element = self.element(object, OperationRef { counter, ..first })?;
            if self.index.is_overwritten(element, &self.ancestors) || !self.overwritten.insert(element) {
                return Err(ChangeRefusal::AlreadyDeleted);
            }
            self.effects.push(Effect::Nothing);
        }
        Ok(())
    }

    fn next(&self) -> OperationKey {
        let offset = u32::try_from(self.effects.len()).unwrap_or(u32::MAX);
        OperationKey { counter: self.change.start_op.saturating_add(offset), actor: self.author }
    }

    fn field(&self, code: u16) -> Result<&'static Field, ChangeRefusal> {
        FieldKey::from_code(code).and_then(|key| field(self.kind, key)).ok_or(ChangeRefusal::UnknownField)
    }

    fn resolve(&self, reference: OperationRef) -> Result<OperationKey, ChangeRefusal> {
        let actor = self.actors.get(usize::from(reference.actor)).copied().flatten();
        Ok(OperationKey { counter: reference.counter, actor: actor.ok_or(ChangeRefusal::UnknownReference)? })
    }

    /// Returns what an operation did, if it stands before the present one in this change or in
    /// its ancestry.
    fn effect(&self, key: OperationKey) -> Result<Effect, ChangeRefusal> {
        let unknown = ChangeRefusal::UnknownReference;
        if key.actor == self.author
            && let Some(offset) = key.counter.checked_sub(self.change.start_op)
        {
            let offset = usize::try_from(offset).map_err(|_| unknown)?;
            return self.effects.get(offset).copied().ok_or(unknown);
        }
        let (place, effect) = self.index.find(key).ok_or(unknown)?;
        if self.ancestors.contains(place) { Ok(effect) } else { Err(unknown) }
    }

    fn object(&self, reference: OperationRef) -> Result<(OperationKey, FieldType), ChangeRefusal> {
        let key = self.resolve(reference)?;
        match self.effect(key)? {
            Effect::Object { .. } => Ok((key, self.field_type_of(key)?)),
            _ => Err(ChangeRefusal::WrongReference),
        }
    }

    fn element(&self, object: OperationKey, reference: OperationRef) -> Result<OperationKey, ChangeRefusal> {
        let key = self.resolve(reference)?;
        match self.effect(key)? {
            Effect::Element { object: of } | Effect::Record { object: of } if of == object => Ok(key),
            _ => Err(ChangeRefusal::WrongReference),
        }
    }

    fn field_type_of(&self, object: OperationKey) -> Result<FieldType, ChangeRefusal> {
        match self.effect(object)? {
            Effect::Object { field: key } => {
                field(self.kind, key).map(|field| field.of).ok_or(ChangeRefusal::UnknownField)
            }
            _ => Err(ChangeRefusal::WrongReference),
        }
    }
}

fn field_value(value: &Scalar) -> FieldValue {
    match value {
        Scalar::Text(text) => FieldValue::Text(text.clone()),
        Scalar::Flag(flag) => FieldValue::Flag(*flag),
        Scalar::Number(number) => FieldValue::Number(*number),
    }
}

/// Returns the text fields in which a change inserted or deleted.
pub(super) fn touched(kind: EntryKind, index: &Index, node: &Node) -> Vec<FieldKey> {
    let object_of = |effect: &Effect| match effect {
        Effect::Element { object } => Some(*object),
        _ => None,
    };
    let deleted = node.overwritten.iter().filter_map(|key| index.find(*key)).map(|(_, effect)| effect);
    let objects: BTreeSet<OperationKey> =
        node.effects.iter().copied().chain(deleted).filter_map(|effect| object_of(&effect)).collect();
    objects
        .into_iter()
        .filter_map(|object| match index.find(object) {
            Some((_, Effect::Object { field })) => Some(field),
            _ => None,
        })
        .filter(|key| field(kind, *key).is_some_and(|field| field.of == FieldType::Text))
        .collect()
}
