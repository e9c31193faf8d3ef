//! How an entry starts anew (law 7): a cut holds only the present value, so a new reader can never
//! recover what was deleted before; what was written late in the old generation is carried over.
//!
//! Both generations hold the same value at the start of a carry. What was written since in the old
//! one is made into changes of the new one on top of exactly that value, as if it had been written
//! there, so it merges with what others write in the new generation in the meantime.

use std::collections::BTreeMap;

use crate::entry::check::{ChangeRefusal, CheckedChange};
use crate::entry::content::{EntryView, Fields};
use crate::entry::document::{Accepted, EditError, EntryDocument, Side, Values, Writer};
use crate::entry::field::FieldKey;
use crate::entry::schema::field;
use crate::entry::value::FieldValue;
use crate::entry::{Actor, EntryKind, Heads};

pub mod chain;
mod patch;

pub use chain::{Chain, Earlier, LateError};

/// Why no new generation can be started now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// A field has different concurrent values; somebody must settle it first.
    #[error("the field {field} is in conflict")]
    Conflict {
        /// One such field.
        field: FieldKey,
    },
    /// The present value does not fit one change: it is too long and must be shortened, or it
    /// needs [`EntryDocument::normalize`].
    #[error("the present value does not make one change")]
    Value(#[source] EditError),
}

/// Starts a new generation that holds only the present value, in exactly one change by a fresh
/// actor.
///
/// # Errors
/// [`CutError::Conflict`] or [`CutError::Value`]; the old generation goes on.
pub fn cut(old: &EntryDocument, actor: Actor) -> Result<(EntryDocument, CheckedChange), CutError> {
    let view = old.view();
    if let Some(field) = view.conflicts.keys().next() {
        return Err(CutError::Conflict { field: *field });
    }
    EntryDocument::create_with(old.kind(), actor, &view.fields).map_err(CutError::Value)
}

/// Why late edits could not be carried over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarryError {
    /// Heads are not known in their generation.
    #[error("unknown heads")]
    UnknownHeads(#[source] ChangeRefusal),
    /// The two generations do not hold the same value where the carry starts.
    #[error("the generations do not meet where the carry starts")]
    Apart,
    /// A change could not be made in the new generation. If a text is not in normalization form C,
    /// [`EntryDocument::normalize`] the old one and carry to its new heads.
    #[error("a late edit could not be written in the new generation")]
    Edit(#[from] EditError),
    /// The new generation does not take the change.
    #[error("the new generation refuses a late edit")]
    Refused(#[from] ChangeRefusal),
}

/// From where to where late edits are carried.
#[derive(Debug, Clone, Copy)]
pub struct Span<'a> {
    /// Heads of the old generation up to which it was carried before; at first those at the cut.
    pub carried: &'a Heads,
    /// Heads of the old generation up to which to carry now.
    pub until: &'a Heads,
    /// Heads of the new generation that hold the value of `carried`: at first its genesis, then
    /// what [`carried_heads`] says of the last carry.
    pub onto: &'a Heads,
}

/// Carries late edits over. Gives the changes made in `new`: none if nothing differs, one in
/// general, and one more for each further value of a field whose late values are in conflict, so
/// that the conflict stays for somebody to settle.
///
/// `fresh_actor` draws a new actor for each change: a change that stands beside others needs an
/// actor of its own.
///
/// # Errors
/// [`CarryError`]; `new` may then have some of the changes, and carrying again with the same span
/// would repeat them, so take a copy that is stored only if all went well.
pub fn carry(
    old: &EntryDocument,
    span: Span<'_>,
    new: &mut EntryDocument,
    mut fresh_actor: impl FnMut() -> Actor,
) -> Result<Vec<CheckedChange>, CarryError> {
    let before = old.at(span.carried, fresh_actor()).map_err(CarryError::UnknownHeads)?.view();
    let after = old.at(span.until, fresh_actor()).map_err(CarryError::UnknownHeads)?.view();
    let mut base = new.at(span.onto, fresh_actor()).map_err(CarryError::UnknownHeads)?;
    if !same_value(&base.view(), &before) {
        return Err(CarryError::Apart);
    }
    let changed = changed_values(old.kind(), &before, &after);
    let main = base.write(Side::Owner, |writer| {
        patch::write(old, &span, writer)?;
        changed.iter().try_for_each(|(key, values)| write_value(writer, *key, values))
    })?;
    if merging_fields(&base.view(), old.kind()) != merging_fields(&after, old.kind()) {
        return Err(CarryError::Apart);
    }
    let mut made = Vec::new();
    made.extend(main.map(|change| take(new, change)).transpose()?);
    let further = changed.values().map(|late| late.others.len()).max().unwrap_or(0);
    for place in 0..further {
        let mut beside = new.at(span.onto, fresh_actor()).map_err(CarryError::UnknownHeads)?;
        let change = beside.write(Side::Owner, |writer| {
            for (key, late) in &changed {
                if let (Some(value), Some(first)) = (late.others.get(place), &late.first) {
                    writer.put_again(*key, value, first)?;
                }
            }
            Ok(())
        })?;
        made.extend(change.map(|change| take(new, change)).transpose()?);
    }
    Ok(made)
}

/// Returns the heads of the new generation that hold what was carried: the next carry's `onto`.
pub fn carried_heads(onto: &Heads, made: &[CheckedChange]) -> Heads {
    if made.is_empty() { onto.clone() } else { Heads::new(made.iter().map(CheckedChange::hash).collect()) }
}

fn take(new: &mut EntryDocument, change: CheckedChange) -> Result<CheckedChange, ChangeRefusal> {
    match new.accept(change.clone().into_change(), Side::Owner)? {
        Accepted::New(checked) => Ok(checked),
        Accepted::Known(_) => Ok(change),
    }
}

/// What a scalar field holds after late edits: nothing, one value, or several in conflict.
struct Late {
    first: Option<FieldValue>,
    others: Vec<FieldValue>,
}

fn changed_values(kind: EntryKind, before: &EntryView, after: &EntryView) -> BTreeMap<FieldKey, Late> {
    let (old, new): (Values, Values) = (before.scalar_values(kind), after.scalar_values(kind));
    let mut changed = BTreeMap::new();
    for key in old.keys().chain(new.keys()) {
        if old.get(key) == new.get(key) {
            continue;
        }
        let first = after.fields.get(key).cloned();
        let others = new.get(key).into_iter().flatten().filter(|value| Some(*value) != first.as_ref());
        changed.insert(*key, Late { others: others.cloned().collect(), first: first.clone() });
    }
    changed
}

fn write_value(writer: &mut Writer<'_, '_>, key: FieldKey, late: &Late) -> Result<(), EditError> {
    match (&late.first, late.others.first()) {
        (Some(first), Some(other)) => writer.put_again(key, first, other),
        (first, _) => writer.set(key, first.as_ref()),
    }
}

/// Returns whether two generations hold the same value. Which of several values in conflict is
/// shown first may differ: it follows from the numbers of operations.
fn same_value(one: &EntryView, other: &EntryView) -> bool {
    let settled = |view: &EntryView| {
        let mut fields = view.fields.clone();
        fields.retain(|key, _| !view.conflicts.contains_key(key));
        fields
    };
    one.conflicts == other.conflicts && settled(one) == settled(other)
}

/// Returns the texts and lists of a view.
fn merging_fields(view: &EntryView, kind: EntryKind) -> Fields {
    let mut fields = view.fields.clone();
    fields.retain(|key, _| field(kind, *key).is_some_and(|field| !field.of.is_scalar()));
    fields
}

#[cfg(test)]
mod tests;
