//! A change as typed operations: the form in which it travels and is stored, and the only way in
//! for a partner's change.
//!
//! Automerge's own binary form has no caps (law 9), so it is never read here. A [`Change`] says the
//! same in a closed set of operations, each with a known cost; the change that Automerge knows is
//! built from it, and its hash with it. What does not have one canonical form is refused, so equal
//! changes have equal bytes.

use std::collections::BTreeSet;

use crate::entry::check::ChangeRefusal;
use crate::entry::{Actor, ChangeHash};
use crate::limits::{
    CHANGE_BYTES_MAX, CHANGE_DEPENDENCIES_MAX, CHANGE_OPERATIONS_MAX, GENERATION_CHANGES_STORED_MAX,
    GENERATION_OPERATIONS_MAX,
};

mod convert;

pub use convert::ConvertError;
pub(crate) use convert::{from_automerge, to_automerge};

/// One change of one actor. As it comes from a frame it is unchecked: only
/// [`crate::entry::CheckedChange`] may be stored or sent.
#[derive(Debug, Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct Change {
    /// Who made it.
    pub actor: Actor,
    /// The other actors that operations refer to, ascending, each used; number 1 and up in an
    /// [`OperationRef`].
    pub others: Vec<Actor>,
    /// Which change of its actor it is, from 1.
    pub seq: u32,
    /// Number of its first operation, from 1; the others follow without gaps.
    pub start_op: u32,
    /// The changes it was made on top of, ascending; none only in a genesis.
    pub deps: Vec<ChangeHash>,
    /// What it does, in order.
    pub ops: Vec<Operation>,
}

/// An operation by its actor and number: an object, an element or a value that it made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub struct OperationRef {
    /// 0 for the change's own actor, else a place in [`Change::others`] counted from 1.
    pub actor: u16,
    /// The operation's number.
    pub counter: u32,
}

/// Where in a text or list something is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub enum Position {
    /// At the start.
    Head,
    /// After an element, also if that has been deleted since.
    After(OperationRef),
}

/// The kind of an object under the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub enum ObjectKind {
    /// Free text.
    Text,
    /// Lines or records.
    List,
}

/// A value that does not merge.
#[derive(Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub enum Scalar {
    /// A line, date, time or code.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(u64),
}

impl std::fmt::Debug for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scalar")
    }
}

/// One step of a change, or a run of like ones. Fields stand as their numbers, so that a field
/// of a later version is a refusal and not a broken frame. New operations are added at the end.
#[derive(Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub enum Operation {
    /// Makes the text or list of a field; in a genesis only. One operation.
    Make {
        /// The field's number.
        field: u16,
        /// Text or list.
        object: ObjectKind,
    },
    /// Sets a scalar field. One operation.
    Put {
        /// The field's number.
        field: u16,
        /// The new value.
        value: Scalar,
        /// Every value that it replaces, ascending by number and actor.
        pred: Vec<OperationRef>,
    },
    /// Clears a scalar field. One operation.
    Clear {
        /// The field's number.
        field: u16,
        /// Every value that it removes, ascending by number and actor.
        pred: Vec<OperationRef>,
    },
    /// Inserts characters, each after the one before it. One operation for each character.
    InsertText {
        /// The text.
        object: OperationRef,
        /// Where the first character goes.
        at: Position,
        /// The characters.
        text: String,
    },
    /// Inserts a line into a list. One operation.
    InsertLine {
        /// The list.
        object: OperationRef,
        /// Where it goes.
        at: Position,
        /// The line.
        line: String,
    },
    /// Inserts an empty record into a list. One operation.
    InsertRecord {
        /// The list.
        object: OperationRef,
        /// Where it goes.
        at: Position,
    },
    /// Sets a field of a record that the same change inserted. One operation.
    PutRecord {
        /// The record.
        record: OperationRef,
        /// The field's number.
        field: u16,
        /// The line.
        line: String,
    },
    /// Deletes elements of one actor with consecutive numbers. One operation for each element.
    Delete {
        /// The text or list.
        object: OperationRef,
        /// The first element.
        first: OperationRef,
        /// How many.
        count: u32,
    },
}

impl std::fmt::Debug for Operation {
    /// Names the operation only, because what people write stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Make { .. } => "Make",
            Self::Put { .. } => "Put",
            Self::Clear { .. } => "Clear",
            Self::InsertText { .. } => "InsertText",
            Self::InsertLine { .. } => "InsertLine",
            Self::InsertRecord { .. } => "InsertRecord",
            Self::PutRecord { .. } => "PutRecord",
            Self::Delete { .. } => "Delete",
        })
    }
}

impl Operation {
    /// Returns how many operations of Automerge it stands for.
    pub fn operation_count(&self) -> usize {
        match self {
            Self::InsertText { text, .. } => text.chars().count(),
            Self::Delete { count, .. } => usize::try_from(*count).unwrap_or(usize::MAX),
            _ => 1,
        }
    }

    /// Goes through all references in it.
    fn references(&self) -> impl Iterator<Item = OperationRef> {
        let (one, two): (Option<OperationRef>, Option<OperationRef>) = match self {
            Self::Make { .. } | Self::Put { .. } | Self::Clear { .. } => (None, None),
            Self::InsertText { object, at, .. }
            | Self::InsertLine { object, at, .. }
            | Self::InsertRecord { object, at } => (Some(*object), at.element()),
            Self::PutRecord { record, .. } => (Some(*record), None),
            Self::Delete { object, first, .. } => (Some(*object), Some(*first)),
        };
        let pred = match self {
            Self::Put { pred, .. } | Self::Clear { pred, .. } => pred.as_slice(),
            _ => &[],
        };
        one.into_iter().chain(two).chain(pred.iter().copied())
    }

    /// Bytes that it takes at the most, with every number at its longest.
    fn encoded_bytes_max(&self) -> usize {
        const NUMBER: usize = 5;
        let variable = match self {
            Self::Put { value: Scalar::Text(text), pred, .. } => {
                text.len().saturating_add(pred.len().saturating_mul(NUMBER + 3))
            }
            Self::Put { pred, .. } | Self::Clear { pred, .. } => pred.len().saturating_mul(NUMBER + 3),
            Self::InsertText { text, .. } => text.len(),
            Self::InsertLine { line, .. } | Self::PutRecord { line, .. } => line.len(),
            _ => 0,
        };
        variable.saturating_add(7 * NUMBER)
    }
}

impl Position {
    /// Returns the element before, if it is not the start.
    pub const fn element(self) -> Option<OperationRef> {
        match self {
            Self::Head => None,
            Self::After(element) => Some(element),
        }
    }
}

impl Change {
    /// Returns how many operations of Automerge it stands for; a run counts each of its own.
    pub fn operation_count(&self) -> usize {
        self.ops.iter().fold(0, |sum: usize, op| sum.saturating_add(op.operation_count()))
    }

    /// Returns the number of its last operation, or nothing if that is beyond all bounds.
    pub fn max_op(&self) -> Option<u32> {
        u32::try_from(self.operation_count())
            .ok()
            .and_then(|count| self.start_op.checked_add(count))
            .and_then(|end| end.checked_sub(1))
    }

    /// Returns an upper bound of the bytes it takes in a frame.
    pub fn encoded_bytes_max(&self) -> usize {
        let fixed = 16usize
            .saturating_add(self.others.len().saturating_mul(16))
            .saturating_add(self.deps.len().saturating_mul(32))
            .saturating_add(32);
        self.ops.iter().fold(fixed, |sum, op| sum.saturating_add(op.encoded_bytes_max()))
    }

    /// Returns an operation's actor; none if the reference points beyond the table.
    pub fn actor_of(&self, reference: OperationRef) -> Option<Actor> {
        match usize::from(reference.actor).checked_sub(1) {
            None => Some(self.actor),
            Some(place) => self.others.get(place).copied(),
        }
    }

    /// Computes the hash that names it.
    ///
    /// # Errors
    /// The [`ChangeRefusal`] of a change that has no canonical form, and so no hash.
    pub fn hash(&self) -> Result<ChangeHash, ChangeRefusal> {
        self.check_shape()?;
        to_automerge(self).map(|change| ChangeHash(change.hash().0))
    }

    /// Checks all that can be seen without knowing any other change: bounds, order and the one
    /// canonical form. What passes can be turned into Automerge's form without a panic.
    pub(crate) fn check_shape(&self) -> Result<(), ChangeRefusal> {
        if self.ops.is_empty() {
            return Err(ChangeRefusal::Empty);
        }
        if self.operation_count() > CHANGE_OPERATIONS_MAX {
            return Err(ChangeRefusal::TooManyOperations);
        }
        if self.deps.len() > CHANGE_DEPENDENCIES_MAX {
            return Err(ChangeRefusal::TooManyDependencies);
        }
        if self.encoded_bytes_max() > CHANGE_BYTES_MAX.saturating_mul(2) {
            return Err(ChangeRefusal::TooLarge);
        }
        if self.seq == 0 || self.start_op == 0 || self.max_op().is_none_or(|max| max > COUNTER_MAX) {
            return Err(ChangeRefusal::StartOperation);
        }
        if !self.deps.is_sorted_by(|one, next| one < next) {
            return Err(ChangeRefusal::NotCanonical);
        }
        self.check_actor_table()?;
        self.ops.iter().try_for_each(|op| self.check_operation(op))?;
        if self.has_split_run() { Err(ChangeRefusal::NotCanonical) } else { Ok(()) }
    }

    fn check_actor_table(&self) -> Result<(), ChangeRefusal> {
        if self.others.len() > GENERATION_CHANGES_STORED_MAX
            || self.others.contains(&self.actor)
            || !self.others.is_sorted_by(|one, next| one < next)
        {
            return Err(ChangeRefusal::NotCanonical);
        }
        let used: BTreeSet<u16> =
            self.ops.iter().flat_map(Operation::references).map(|reference| reference.actor).collect();
        let largest = used.iter().next_back().copied().unwrap_or(0);
        let used_others = used.iter().filter(|actor| **actor != 0).count();
        if usize::from(largest) > self.others.len() || used_others != self.others.len() {
            return Err(ChangeRefusal::NotCanonical);
        }
        Ok(())
    }

    fn check_operation(&self, op: &Operation) -> Result<(), ChangeRefusal> {
        let within = |reference: OperationRef| (1..=COUNTER_MAX).contains(&reference.counter);
        if !op.references().all(within) {
            return Err(ChangeRefusal::UnknownReference);
        }
        match op {
            Operation::InsertText { text, .. } if text.is_empty() => Err(ChangeRefusal::Empty),
            Operation::Delete { count: 0, .. } => Err(ChangeRefusal::Empty),
            Operation::Delete { first, count, .. } => {
                let last = first.counter.checked_add(*count);
                if last.is_some_and(|last| last <= COUNTER_MAX) {
                    Ok(())
                } else {
                    Err(ChangeRefusal::UnknownReference)
                }
            }
            Operation::Put { pred, .. } | Operation::Clear { pred, .. } => {
                let key = |one: &OperationRef| (one.counter, self.actor_of(*one));
                if pred.is_sorted_by(|one, next| key(one) < key(next)) {
                    Ok(())
                } else {
                    Err(ChangeRefusal::NotCanonical)
                }
            }
            _ => Ok(()),
        }
    }

    /// Returns whether two neighbouring runs could have been one.
    fn has_split_run(&self) -> bool {
        let mut counter = self.start_op;
        let mut before: Option<(&Operation, u32)> = None;
        for op in &self.ops {
            if before.is_some_and(|(run, last)| continues(run, last, op)) {
                return true;
            }
            let count = u32::try_from(op.operation_count()).unwrap_or(u32::MAX);
            counter = counter.saturating_add(count);
            before = Some((op, counter.saturating_sub(1)));
        }
        false
    }
}

/// The largest number that an operation can have, far beyond what a generation may hold.
const COUNTER_MAX: u32 = {
    assert!(GENERATION_OPERATIONS_MAX < 1 << 24, "numbers of operations must fit 31 bits with room");
    1 << 30
};

/// Returns whether `op` continues `run`, whose last operation of the same change is number `last`.
fn continues(run: &Operation, last: u32, op: &Operation) -> bool {
    match (run, op) {
        (
            Operation::InsertText { object, .. },
            Operation::InsertText { object: same, at: Position::After(element), .. },
        ) => object == same && *element == OperationRef { actor: 0, counter: last },
        (Operation::Delete { object, first, count }, Operation::Delete { object: same, first: next, .. }) => {
            object == same
                && first.actor == next.actor
                && first.counter.checked_add(*count) == Some(next.counter)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
