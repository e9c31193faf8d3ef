//! What a change must be before it is stored, acknowledged or relayed.
//!
//! Three types make the order unskippable: a decoded [`Change`] is unchecked, a check turns it
//! into a [`CheckedChange`], and only that can be stored or sent. A genesis is checked alone; every
//! other change by [`crate::entry::EntryDocument::accept`] within its own ancestry.

use crate::entry::field::FieldKey;
use crate::entry::index::{Index, Node};
use crate::entry::operation::Change;
use crate::entry::schema::fields;
use crate::entry::value::ValueFault;
use crate::entry::{ChangeHash, EntryKind, SchemaVersion};

mod walk;

use walk::Walk;

/// Why a change is refused. Says nothing of its content, so it may be logged and sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum ChangeRefusal {
    /// No operation at all, or a run of none.
    #[error("there is nothing in it")]
    Empty,
    /// More operations than [`crate::limits::CHANGE_OPERATIONS_MAX`].
    #[error("too many operations")]
    TooManyOperations,
    /// More parents than [`crate::limits::CHANGE_DEPENDENCIES_MAX`].
    #[error("too many dependencies")]
    TooManyDependencies,
    /// More bytes than a change may have.
    #[error("too many bytes")]
    TooLarge,
    /// The generation has no room for it.
    #[error("the generation is full")]
    GenerationFull,
    /// Too many changes would stand side by side, and nobody could build on all of them.
    #[error("too many changes side by side")]
    TooManyHeads,
    /// Something is out of order, repeated, unused, or one run is written as two.
    #[error("not in canonical form")]
    NotCanonical,
    /// The schema is of a version that is not known.
    #[error("unknown version of the schema")]
    UnknownSchema,
    /// It is not the change that was announced.
    #[error("the hash is not the announced one")]
    HashMismatch,
    /// It should start a generation but refers to something before it.
    #[error("not the first change of a generation")]
    NotGenesis,
    /// It is not made on top of the genesis: it has no parents.
    #[error("no dependency")]
    NoDependency,
    /// A parent is not known here.
    #[error("unknown dependency")]
    UnknownDependency,
    /// There is a change of this actor with this number.
    #[error("the actor has used this number")]
    SequenceUsed,
    /// It is by the actor that edits here are made as; nobody else may use it.
    #[error("the actor is the one of this document")]
    OwnActor,
    /// A change of this actor is missing before it.
    #[error("a gap in the actor's numbers")]
    SequenceGap,
    /// The actor's change before it is not among its ancestors.
    #[error("not made on top of the actor's change before")]
    SequenceFork,
    /// The first operation's number is not one more than the largest among its ancestors.
    #[error("the first operation has a wrong number")]
    StartOperation,
    /// An object, element or value is not known within its ancestry.
    #[error("a reference to something that is not in its ancestry")]
    UnknownReference,
    /// An object, element or value is of another type or belongs to another object.
    #[error("a reference to something of another kind")]
    WrongReference,
    /// It does not replace exactly the values that stand within its ancestry.
    #[error("it does not replace the values it should")]
    Predecessors,
    /// An element that it deletes is deleted already.
    #[error("the element is deleted already")]
    AlreadyDeleted,
    /// A field that the kind does not have.
    #[error("unknown field")]
    UnknownField,
    /// A required field is missing or would be cleared.
    #[error("a required field is missing")]
    MissingField,
    /// A text or list is not made exactly once, by the genesis.
    #[error("a text or list is not made once by the genesis")]
    Object,
    /// A value does not fit its field.
    #[error("a value does not fit its field")]
    Value(#[from] ValueFault),
    /// Automerge would not take it.
    #[error("the document does not take it")]
    Rejected,
}

/// A change that may be stored, acknowledged, sent and applied, with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedChange {
    change: Change,
    hash: ChangeHash,
}

impl CheckedChange {
    /// Only for what a check of this crate let through.
    pub(crate) const fn new(change: Change, hash: ChangeHash) -> Self {
        Self { change, hash }
    }

    /// Takes a change from a row that this node sealed after it was checked. Never call this with
    /// anything that came over a link; [`crate::entry::EntryDocument::open`] checks it again.
    ///
    /// # Errors
    /// [`ChangeRefusal`] if the row does not even have the form of a change.
    pub fn from_store(change: Change) -> Result<Self, ChangeRefusal> {
        let hash = change.hash()?;
        Ok(Self { change, hash })
    }

    /// As [`from_store`](Self::from_store), for a row whose seal binds the change to this hash: then
    /// nobody but this node can have joined the two, and building the change anew to hash it, which
    /// costs more than all else of reading it, would only compare this node with itself.
    pub const fn from_sealed_row(change: Change, hash: ChangeHash) -> Self {
        Self { change, hash }
    }

    /// Returns the change.
    pub const fn change(&self) -> &Change {
        &self.change
    }

    /// Returns the hash that names it.
    pub const fn hash(&self) -> ChangeHash {
        self.hash
    }

    /// Returns the change alone.
    pub fn into_change(self) -> Change {
        self.change
    }
}

/// Checks the first change of a generation alone, without building a document: this is the bulk
/// of a first sync.
///
/// # Errors
/// The [`ChangeRefusal`] that was found first.
pub fn check_genesis(
    kind: EntryKind,
    schema: SchemaVersion,
    change: Change,
    announced: ChangeHash,
) -> Result<CheckedChange, ChangeRefusal> {
    if schema != SchemaVersion::CURRENT {
        return Err(ChangeRefusal::UnknownSchema);
    }
    let (node, _) = genesis_node(kind, &change)?;
    if node.hash == announced {
        Ok(CheckedChange::new(change, announced))
    } else {
        Err(ChangeRefusal::HashMismatch)
    }
}

/// Checks a genesis and says what its operations did.
pub(crate) fn genesis_node(
    kind: EntryKind,
    change: &Change,
) -> Result<(Node, automerge::Change), ChangeRefusal> {
    let index = Index::default();
    genesis_walk(kind, &index, change)?.finish()
}

/// Checks a genesis without building what Automerge would, so its hash is not looked at.
pub(crate) fn check_genesis_operations(kind: EntryKind, change: &Change) -> Result<(), ChangeRefusal> {
    genesis_walk(kind, &Index::default(), change).map(drop)
}

fn genesis_walk<'a>(
    kind: EntryKind,
    index: &'a Index,
    change: &'a Change,
) -> Result<Walk<'a>, ChangeRefusal> {
    change.check_shape()?;
    if !change.deps.is_empty() || !change.others.is_empty() || change.seq != 1 {
        return Err(ChangeRefusal::NotGenesis);
    }
    if change.start_op != 1 {
        return Err(ChangeRefusal::StartOperation);
    }
    let mut walk = Walk::genesis(kind, index, change);
    walk.run()?;
    for field in fields(kind) {
        let there = if field.of.is_scalar() { walk.has_value(field.key) } else { walk.has_object(field.key) };
        if !there && !field.of.is_scalar() {
            return Err(ChangeRefusal::Object);
        }
        if !there && field.required {
            return Err(ChangeRefusal::MissingField);
        }
    }
    Ok(walk)
}

/// Checks a change that is not a genesis, within its own ancestry.
pub(crate) fn following_node(
    kind: EntryKind,
    index: &Index,
    change: &Change,
) -> Result<(Node, automerge::Change), ChangeRefusal> {
    change.check_shape()?;
    if change.deps.is_empty() {
        return Err(ChangeRefusal::NoDependency);
    }
    let ancestors = index.ancestry(&change.deps).ok_or(ChangeRefusal::UnknownDependency)?;
    check_sequence(index, change, &ancestors)?;
    // A change's operations come after all of its ancestors', so a parent's last is the largest.
    let largest = change
        .deps
        .iter()
        .filter_map(|hash| index.place(hash).and_then(|place| index.node(place)))
        .map(|node| node.max_op)
        .max();
    if largest.and_then(|largest| largest.checked_add(1)) != Some(change.start_op) {
        return Err(ChangeRefusal::StartOperation);
    }
    let mut walk = Walk::following(kind, index, change, ancestors);
    walk.run()?;
    walk.finish()
}

fn check_sequence(
    index: &Index,
    change: &Change,
    ancestors: &crate::entry::index::ChangeSet,
) -> Result<(), ChangeRefusal> {
    let chain = index.actor(&change.actor).map_or(&[][..], |actor| index.chain(actor));
    let seq = usize::try_from(change.seq).unwrap_or(usize::MAX);
    if seq <= chain.len() {
        return Err(ChangeRefusal::SequenceUsed);
    }
    if seq.checked_sub(1) != Some(chain.len()) {
        return Err(ChangeRefusal::SequenceGap);
    }
    match chain.last() {
        Some(last) if !ancestors.contains(*last) => Err(ChangeRefusal::SequenceFork),
        _ => Ok(()),
    }
}

/// Returns the texts that a change touches, for the checks that need them whole.
pub(crate) fn touched_texts(kind: EntryKind, index: &Index, node: &Node) -> Vec<FieldKey> {
    walk::touched(kind, index, node)
}
