//! Typed change ⇄ the change that Automerge knows. No byte of a partner is decoded here.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, ExpandedChange, ObjType, ScalarValue};

use crate::entry::check::ChangeRefusal;
use crate::entry::field::FieldKey;
use crate::entry::operation::{Change, ObjectKind, Operation, OperationRef, Position, Scalar, continues};
use crate::entry::{Actor, ChangeHash};

/// A change of our own document has no typed form: the document was changed in a way that the
/// schema does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// An operation outside the closed set.
    #[error("the change has an operation that has no typed form")]
    Operation,
    /// A time, a message or extra bytes, which changes here never carry.
    #[error("the change carries a time, a message or extra bytes")]
    Extra,
    /// An actor that is not 16 bytes, or more actors than a table holds.
    #[error("the change has an actor that has no typed form")]
    Actor,
    /// A number beyond 32 bits.
    #[error("the change has a number beyond 32 bits")]
    Number,
    /// It has a typed form, but not one that may be sent.
    #[error("the typed form would be refused")]
    Refused(#[from] ChangeRefusal),
    /// The typed form gives another change; nothing of it may leave.
    #[error("the typed form of the change has another hash")]
    Hash,
}

/// Builds Automerge's change. Call [`Change::check_shape`] before: it keeps all numbers small and
/// all lists sorted, which Automerge takes for granted.
pub(crate) fn to_automerge(change: &Change) -> Result<automerge::Change, ChangeRefusal> {
    let mut builder = Builder { change, counter: change.start_op, operations: Vec::new() };
    change.ops.iter().try_for_each(|op| builder.push(op))?;
    let start_op = NonZeroU64::new(change.start_op.into()).ok_or(ChangeRefusal::StartOperation)?;
    Ok(automerge::Change::from(ExpandedChange {
        operations: builder.operations,
        actor_id: ActorId::from(change.actor.0),
        hash: None,
        seq: change.seq.into(),
        start_op,
        time: 0,
        message: None,
        deps: change.deps.iter().map(|hash| automerge::ChangeHash(hash.0)).collect(),
        extra_bytes: Vec::new(),
        author: None,
    }))
}

struct Builder<'a> {
    change: &'a Change,
    counter: u32,
    operations: Vec<Op>,
}

impl Builder<'_> {
    fn push(&mut self, op: &Operation) -> Result<(), ChangeRefusal> {
        match op {
            Operation::Make { field, object } => {
                let made = match object {
                    ObjectKind::Text => ObjType::Text,
                    ObjectKind::List => ObjType::List,
                };
                self.add(OpType::Make(made), ObjectId::Root, root_key(*field)?, Vec::new(), false);
            }
            Operation::Put { field, value, pred } => {
                let pred = self.ids(pred)?;
                self.add(OpType::Put(scalar(value)), ObjectId::Root, root_key(*field)?, pred, false);
            }
            Operation::Clear { field, pred } => {
                let pred = self.ids(pred)?;
                self.add(OpType::Delete, ObjectId::Root, root_key(*field)?, pred, false);
            }
            Operation::InsertText { object, at, text } => self.push_text(*object, *at, text)?,
            Operation::InsertLine { object, at, line } => {
                let (object, key) = (self.object(*object)?, self.key(*at)?);
                self.add(OpType::Put(line.as_str().into()), object, key, Vec::new(), true);
            }
            Operation::InsertRecord { object, at } => {
                let (object, key) = (self.object(*object)?, self.key(*at)?);
                self.add(OpType::Make(ObjType::Map), object, key, Vec::new(), true);
            }
            Operation::PutRecord { record, field, line } => {
                let record = self.object(*record)?;
                self.add(OpType::Put(line.as_str().into()), record, root_key(*field)?, Vec::new(), false);
            }
            Operation::Delete { object, first, count } => self.push_deletes(*object, *first, *count)?,
        }
        Ok(())
    }

    fn push_text(&mut self, object: OperationRef, at: Position, text: &str) -> Result<(), ChangeRefusal> {
        let object = self.object(object)?;
        let mut key = self.key(at)?;
        for character in text.chars() {
            let id = OpId::new(self.counter.into(), &ActorId::from(self.change.actor.0));
            self.add(OpType::Put(character.into()), object.clone(), key, Vec::new(), true);
            key = Key::Seq(ElementId::Id(id));
        }
        Ok(())
    }

    fn push_deletes(
        &mut self,
        object: OperationRef,
        first: OperationRef,
        count: u32,
    ) -> Result<(), ChangeRefusal> {
        let object = self.object(object)?;
        let first = self.id(first)?;
        for offset in 0..u64::from(count) {
            let element = first.increment_by(offset);
            let key = Key::Seq(ElementId::Id(element.clone()));
            self.add(OpType::Delete, object.clone(), key, vec![element], false);
        }
        Ok(())
    }

    fn add(&mut self, action: OpType, obj: ObjectId, key: Key, pred: Vec<OpId>, insert: bool) {
        self.operations.push(Op { action, obj, key, pred: SortedVec::from(pred), insert });
        self.counter = self.counter.saturating_add(1);
    }

    fn id(&self, reference: OperationRef) -> Result<OpId, ChangeRefusal> {
        let actor = self.change.actor_of(reference).ok_or(ChangeRefusal::UnknownReference)?;
        Ok(OpId::new(reference.counter.into(), &ActorId::from(actor.0)))
    }

    fn ids(&self, references: &[OperationRef]) -> Result<Vec<OpId>, ChangeRefusal> {
        references.iter().map(|reference| self.id(*reference)).collect()
    }

    fn object(&self, reference: OperationRef) -> Result<ObjectId, ChangeRefusal> {
        self.id(reference).map(ObjectId::Id)
    }

    fn key(&self, at: Position) -> Result<Key, ChangeRefusal> {
        match at {
            Position::Head => Ok(Key::head()),
            Position::After(element) => self.id(element).map(|id| Key::Seq(ElementId::Id(id))),
        }
    }
}

fn root_key(field: u16) -> Result<Key, ChangeRefusal> {
    FieldKey::from_code(field).map(|key| Key::from(key.as_str())).ok_or(ChangeRefusal::UnknownField)
}

fn scalar(value: &Scalar) -> ScalarValue {
    match value {
        Scalar::Text(text) => text.as_str().into(),
        Scalar::Flag(flag) => (*flag).into(),
        Scalar::Number(number) => (*number).into(),
    }
}

/// Gives a change of our own document its typed form, and proves that it is the same change.
///
/// `is_text` says of an object that an earlier change made whether it is a text.
///
/// # Errors
/// [`ConvertError`] if the change is not one of the closed set.
pub(crate) fn from_automerge(
    change: &automerge::Change,
    is_text: impl Fn(Actor, u32) -> Option<bool>,
) -> Result<(Change, ChangeHash), ConvertError> {
    let expanded = change.decode();
    if expanded.time != 0 || expanded.message.is_some() || !expanded.extra_bytes.is_empty() {
        return Err(ConvertError::Extra);
    }
    let start_op = number(expanded.start_op.get())?;
    let mut reader = Reader {
        author: actor(&expanded.actor_id)?,
        table: BTreeMap::new(),
        start_op,
        made: BTreeMap::new(),
        counter: start_op,
        ops: Vec::new(),
        is_text,
    };
    let others: Vec<Actor> = change.other_actor_ids().iter().map(actor).collect::<Result<_, _>>()?;
    for (place, other) in others.iter().enumerate() {
        let index = place.checked_add(1).and_then(|index| u16::try_from(index).ok());
        reader.table.insert(*other, index.ok_or(ConvertError::Actor)?);
    }
    expanded.operations.iter().try_for_each(|op| reader.push(op))?;
    let typed = Change {
        actor: reader.author,
        others,
        seq: number(expanded.seq)?,
        start_op,
        deps: expanded.deps.iter().map(|hash| ChangeHash(hash.0)).collect(),
        ops: reader.ops,
    };
    let hash = typed.hash()?;
    if hash.0 == change.hash().0 { Ok((typed, hash)) } else { Err(ConvertError::Hash) }
}

struct Reader<F> {
    author: Actor,
    table: BTreeMap<Actor, u16>,
    start_op: u32,
    /// Objects that the change itself makes, by number.
    made: BTreeMap<u32, ObjType>,
    counter: u32,
    ops: Vec<Operation>,
    is_text: F,
}

impl<F: Fn(Actor, u32) -> Option<bool>> Reader<F> {
    fn push(&mut self, op: &Op) -> Result<(), ConvertError> {
        let typed = match (&op.obj, &op.action) {
            (ObjectId::Root, OpType::Make(made)) => {
                Operation::Make { field: field(&op.key)?, object: object_kind(*made)? }
            }
            (ObjectId::Root, OpType::Put(value)) => Operation::Put {
                field: field(&op.key)?,
                value: typed_scalar(value)?,
                pred: self.references(&op.pred)?,
            },
            (ObjectId::Root, OpType::Delete) => {
                Operation::Clear { field: field(&op.key)?, pred: self.references(&op.pred)? }
            }
            (ObjectId::Id(object), action) => self.in_object(object, action, op)?,
            _ => return Err(ConvertError::Operation),
        };
        if let OpType::Make(made) = &op.action {
            self.made.insert(self.counter, *made);
        }
        self.append(typed);
        self.counter = self.counter.checked_add(1).ok_or(ConvertError::Number)?;
        Ok(())
    }

    fn in_object(&self, object: &OpId, action: &OpType, op: &Op) -> Result<Operation, ConvertError> {
        let reference = self.reference(object)?;
        match (action, op.insert) {
            (OpType::Put(value), true) => {
                let (at, text) = (self.position(&op.key)?, string(value)?);
                match self.is_text(object)? {
                    true => Ok(Operation::InsertText { object: reference, at, text }),
                    false => Ok(Operation::InsertLine { object: reference, at, line: text }),
                }
            }
            (OpType::Make(ObjType::Map), true) => {
                Ok(Operation::InsertRecord { object: reference, at: self.position(&op.key)? })
            }
            (OpType::Put(value), false) => {
                Ok(Operation::PutRecord { record: reference, field: field(&op.key)?, line: string(value)? })
            }
            (OpType::Delete, false) => {
                let first = self.position(&op.key)?.element().ok_or(ConvertError::Operation)?;
                Ok(Operation::Delete { object: reference, first, count: 1 })
            }
            _ => Err(ConvertError::Operation),
        }
    }

    /// Adds an operation, or lengthens the run that it continues.
    fn append(&mut self, op: Operation) {
        let last = self.counter.saturating_sub(1);
        match (self.ops.last_mut(), op) {
            (Some(run), op) if continues(run, last, &op) => match (run, op) {
                (Operation::InsertText { text, .. }, Operation::InsertText { text: more, .. }) => {
                    text.push_str(&more);
                }
                (Operation::Delete { count, .. }, _) => *count = count.saturating_add(1),
                (_, op) => self.ops.push(op),
            },
            (_, op) => self.ops.push(op),
        }
    }

    fn is_text(&self, object: &OpId) -> Result<bool, ConvertError> {
        let counter = number(object.counter())?;
        let maker = actor(object.actor())?;
        if maker == self.author && counter >= self.start_op {
            let made = self.made.get(&counter).ok_or(ConvertError::Operation)?;
            return Ok(*made == ObjType::Text);
        }
        (self.is_text)(maker, counter).ok_or(ConvertError::Operation)
    }

    fn reference(&self, id: &OpId) -> Result<OperationRef, ConvertError> {
        let maker = actor(id.actor())?;
        let place = if maker == self.author { Some(0) } else { self.table.get(&maker).copied() };
        Ok(OperationRef { actor: place.ok_or(ConvertError::Actor)?, counter: number(id.counter())? })
    }

    fn references(&self, ids: &SortedVec<OpId>) -> Result<Vec<OperationRef>, ConvertError> {
        ids.iter().map(|id| self.reference(id)).collect()
    }

    fn position(&self, key: &Key) -> Result<Position, ConvertError> {
        match key {
            Key::Seq(ElementId::Head) => Ok(Position::Head),
            Key::Seq(ElementId::Id(id)) => self.reference(id).map(Position::After),
            Key::Map(_) => Err(ConvertError::Operation),
        }
    }
}

fn actor(id: &ActorId) -> Result<Actor, ConvertError> {
    id.to_bytes().try_into().map(Actor).map_err(|_| ConvertError::Actor)
}

fn number(value: u64) -> Result<u32, ConvertError> {
    u32::try_from(value).map_err(|_| ConvertError::Number)
}

fn field(key: &Key) -> Result<u16, ConvertError> {
    match key {
        Key::Map(name) => name.parse().map(FieldKey::code).map_err(|_| ConvertError::Operation),
        Key::Seq(_) => Err(ConvertError::Operation),
    }
}

fn object_kind(made: ObjType) -> Result<ObjectKind, ConvertError> {
    match made {
        ObjType::Text => Ok(ObjectKind::Text),
        ObjType::List => Ok(ObjectKind::List),
        ObjType::Map | ObjType::Table => Err(ConvertError::Operation),
    }
}

fn string(value: &ScalarValue) -> Result<String, ConvertError> {
    match value {
        ScalarValue::Str(text) => Ok(text.to_string()),
        _ => Err(ConvertError::Operation),
    }
}

fn typed_scalar(value: &ScalarValue) -> Result<Scalar, ConvertError> {
    match value {
        ScalarValue::Str(text) => Ok(Scalar::Text(text.to_string())),
        ScalarValue::Boolean(flag) => Ok(Scalar::Flag(*flag)),
        ScalarValue::Uint(number) => Ok(Scalar::Number(*number)),
        _ => Err(ConvertError::Operation),
    }
}
