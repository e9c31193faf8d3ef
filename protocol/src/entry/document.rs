//! The document of one generation: typed view ⇄ Automerge tree. The only file that knows the
//! tree's keys.
//!
//! Scalar fields are values under the root; texts and lists are objects under the root, made by
//! the genesis; a record is a map in a list. Everything that comes in is checked within its own
//! ancestry and then applied to a copy, so a refused change leaves no trace.

use std::collections::BTreeMap;

use automerge::{ActorId, Automerge, AutomergeError, ObjType, TextEncoding};

use crate::entry::check::{ChangeRefusal, CheckedChange, following_node, genesis_node, touched_texts};
use crate::entry::content::{Content, Edit, EntryView, Fields};
use crate::entry::field::FieldKey;
use crate::entry::index::{Effect, Index, Node, OperationKey};
use crate::entry::operation::{Change, ConvertError, from_automerge};
use crate::entry::schema::{FieldType, field};
use crate::entry::value::{FieldValue, ValueFault, check_text, normalized};
use crate::entry::{Actor, ChangeHash, EntryKind, Heads};
use crate::limits::{
    CHANGE_BYTES_MAX, GENERATION_CHANGES_FROM_PARTNER_MAX, GENERATION_CHANGES_MAX,
    GENERATION_CHANGES_STORED_MAX, GENERATION_OPERATIONS_MAX, HEADS_FROM_PARTNER_MAX,
};

mod tree;
mod written;

pub(crate) use tree::{Writer, record_at};

/// On which side of a link a change is made; the owner has room left when a generation is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The node that owns the case.
    Owner,
    /// A partner's node.
    Partner,
}

impl Side {
    const fn changes_max(self) -> usize {
        match self {
            Self::Owner => GENERATION_CHANGES_STORED_MAX,
            Self::Partner => GENERATION_CHANGES_FROM_PARTNER_MAX,
        }
    }

    const fn operations_max(self) -> usize {
        match self {
            Self::Owner => 3 * GENERATION_OPERATIONS_MAX,
            Self::Partner => 2 * GENERATION_OPERATIONS_MAX,
        }
    }
}

/// What became of a change that passed its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is part of the document; store it, then acknowledge it.
    New(CheckedChange),
    /// It was part of the document before; acknowledge it again.
    Known(ChangeHash),
}

/// An edit or a new document could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The edit is for another kind of entry.
    #[error("expected an edit of a {kind}")]
    Kind {
        /// What the document is.
        kind: EntryKind,
    },
    /// The change would be larger than a change may be.
    #[error("expected at most {bytes_max} bytes in all")]
    TooLarge {
        /// Bytes that a change may have.
        bytes_max: usize,
    },
    /// The change does not pass the check that every partner makes.
    #[error("the change would be refused")]
    Refused(#[from] ChangeRefusal),
    /// The document was not changed by this crate alone.
    #[error("the change has no typed form")]
    Convert(#[source] ConvertError),
    /// The document lacks an object that every genesis makes.
    #[error("the document does not have the expected shape")]
    Document,
}

impl From<ConvertError> for EditError {
    fn from(error: ConvertError) -> Self {
        match error {
            ConvertError::Refused(refusal) => Self::Refused(refusal),
            other => Self::Convert(other),
        }
    }
}

impl From<AutomergeError> for EditError {
    /// The cause is left out, because it may quote content.
    fn from(_: AutomergeError) -> Self {
        Self::Document
    }
}

/// One generation of one entry.
#[derive(Debug, Clone)]
pub struct EntryDocument {
    kind: EntryKind,
    actor: Actor,
    tree: Automerge,
    index: Index,
    changes: Vec<CheckedChange>,
}

/// Automerge draws a random actor when a document is made. It is replaced before anything else,
/// so none is ever seen, and the one given decides.
fn empty_tree(actor: Actor) -> Automerge {
    Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint).with_actor(ActorId::from(actor.0))
}

impl EntryDocument {
    /// Makes a document with exactly one change, its genesis.
    ///
    /// # Errors
    /// [`EditError::TooLarge`] or [`EditError::Refused`] if the content does not fit one change.
    pub fn create(actor: Actor, content: &Content) -> Result<(Self, CheckedChange), EditError> {
        Self::create_with(content.kind(), actor, content.fields())
    }

    /// As [`Self::create`], for fields that were part of a document before.
    pub(crate) fn create_with(
        kind: EntryKind,
        actor: Actor,
        fields: &Fields,
    ) -> Result<(Self, CheckedChange), EditError> {
        let mut tree = empty_tree(actor);
        let mut transaction = tree.transaction();
        Writer::new(kind, &mut transaction).create(fields)?;
        transaction.commit();
        let made = tree.get_last_local_change().ok_or(EditError::Document)?;
        let (change, _) = from_automerge(&made, |_, _| None)?;
        let (node, _) = genesis_node(kind, &change)?;
        if change.encoded_bytes_max() > CHANGE_BYTES_MAX {
            return Err(EditError::TooLarge { bytes_max: CHANGE_BYTES_MAX });
        }
        let mut document = Self { kind, actor, tree, index: Index::default(), changes: Vec::new() };
        let checked = document.push(change, node);
        Ok((document, checked))
    }

    /// Builds a document again from its stored changes, in the order in which they were accepted.
    /// `actor` is a fresh one, drawn by this process for this document (law 10).
    ///
    /// # Errors
    /// The [`ChangeRefusal`] of the first change that does not pass: the rows are not what was
    /// stored.
    pub fn open(kind: EntryKind, actor: Actor, changes: &[CheckedChange]) -> Result<Self, ChangeRefusal> {
        let mut document =
            Self { kind, actor, tree: empty_tree(actor), index: Index::default(), changes: Vec::new() };
        let mut built = Vec::with_capacity(changes.len());
        for checked in changes {
            let change = checked.change();
            let (node, made) = if built.is_empty() {
                genesis_node(kind, change)?
            } else {
                document.check_room(Side::Owner, change)?;
                following_node(kind, &document.index, change)?
            };
            if node.hash != checked.hash() {
                return Err(ChangeRefusal::HashMismatch);
            }
            built.push(made);
            document.push(change.clone(), node);
        }
        if built.is_empty() {
            return Err(ChangeRefusal::Empty);
        }
        document.tree.apply_changes(built).map_err(|_| ChangeRefusal::Rejected)?;
        Ok(document)
    }

    /// Takes a change that another actor made, if it passes every check. `from` is the side that
    /// sent it. Whether the actor belongs to the organisation on that link (law 10) is checked by
    /// the caller before.
    ///
    /// Taking the same change again changes nothing.
    ///
    /// # Errors
    /// The [`ChangeRefusal`] that was found first; the document is as it was.
    pub fn accept(&mut self, change: Change, from: Side) -> Result<Accepted, ChangeRefusal> {
        change.check_shape()?;
        if let Some(known) = self.same_number(&change) {
            return match change.hash()? == known {
                true => Ok(Accepted::Known(known)),
                false => Err(ChangeRefusal::SequenceUsed),
            };
        }
        if change.actor == self.actor {
            return Err(ChangeRefusal::OwnActor);
        }
        self.check_room(from, &change)?;
        self.check_heads(from, &change)?;
        let (node, built) = following_node(self.kind, &self.index, &change)?;
        let mut copy = self.tree.clone();
        copy.apply_changes([built]).map_err(|_| ChangeRefusal::Rejected)?;
        self.adopt(copy, change, node).map(Accepted::New)
    }

    /// Changes fields. Gives no change if everything is as it should be already.
    ///
    /// # Errors
    /// [`EditError`]; the document is as it was.
    pub fn edit(&mut self, edit: &Edit, side: Side) -> Result<Option<CheckedChange>, EditError> {
        if edit.kind() != self.kind {
            return Err(EditError::Kind { kind: self.kind });
        }
        self.write(side, |writer| {
            edit.fields().iter().try_for_each(|(key, value)| writer.set(*key, value.as_ref()))
        })
    }

    /// Puts every text into normalization form C. Concurrent edits can leave a combining mark
    /// after a letter it was not written for; then no new generation can be made before this.
    ///
    /// # Errors
    /// [`EditError`]; the document is as it was.
    pub fn normalize(&mut self, side: Side) -> Result<Option<CheckedChange>, EditError> {
        let view = self.view();
        self.write(side, |writer| {
            for (key, value) in &view.fields {
                if let FieldValue::Text(text) = value
                    && field(writer.kind(), *key).is_some_and(|field| field.of == FieldType::Text)
                {
                    writer.set(*key, Some(&FieldValue::Text(normalized(text))))?;
                }
            }
            Ok(())
        })
    }

    /// Makes one change of whatever `steps` does, checks it as a partner would, and adopts it.
    pub(crate) fn write(
        &mut self,
        side: Side,
        steps: impl FnOnce(&mut Writer<'_, '_>) -> Result<(), EditError>,
    ) -> Result<Option<CheckedChange>, EditError> {
        let mut copy = self.tree.clone();
        let mut transaction = copy.transaction();
        steps(&mut Writer::new(self.kind, &mut transaction))?;
        if transaction.commit().0.is_none() {
            return Ok(None);
        }
        let made = copy.get_last_local_change().ok_or(EditError::Document)?;
        let (change, _) = from_automerge(&made, |actor, counter| self.is_text(actor, counter))?;
        if change.encoded_bytes_max() > CHANGE_BYTES_MAX {
            return Err(EditError::TooLarge { bytes_max: CHANGE_BYTES_MAX });
        }
        self.check_room(side, &change)?;
        let (node, _) = following_node(self.kind, &self.index, &change)?;
        Ok(Some(self.adopt(copy, change, node)?))
    }

    /// Returns what a reader sees.
    pub fn view(&self) -> EntryView {
        tree::view(self.kind, &self.tree)
    }

    /// Returns the latest changes.
    pub fn heads(&self) -> Heads {
        Heads::new(self.tree.get_heads().into_iter().map(|hash| ChangeHash(hash.0)).collect())
    }

    /// Returns the change that started the generation.
    pub fn genesis(&self) -> Option<&CheckedChange> {
        self.changes.first()
    }

    /// Returns the changes that somebody with `heads` lacks, each after its parents. Heads that
    /// are not known here are passed over.
    pub fn changes_since(&self, heads: &Heads) -> Vec<CheckedChange> {
        let known = heads.iter().filter(|hash| self.knows(hash));
        let Some(ancestry) = self.index.ancestry(known) else { return Vec::new() };
        self.changes
            .iter()
            .filter(|change| self.index.place(&change.hash()).is_some_and(|place| !ancestry.contains(place)))
            .cloned()
            .collect()
    }

    /// Returns all changes in the order in which they were accepted, the genesis first.
    pub fn changes(&self) -> &[CheckedChange] {
        &self.changes
    }

    /// Returns whether a change is part of the document.
    pub fn knows(&self, hash: &ChangeHash) -> bool {
        self.index.place(hash).is_some()
    }

    /// Returns what the entry is.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Returns the actor that edits here make changes as.
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// Returns how many changes the generation has.
    pub fn change_count(&self) -> usize {
        self.index.change_count()
    }

    /// Returns how many operations the generation has.
    pub const fn operation_count(&self) -> usize {
        self.index.operation_count()
    }

    /// Returns whether the owner should start a new generation without waiting for quiet (law 7).
    pub fn is_full(&self) -> bool {
        self.change_count() >= GENERATION_CHANGES_MAX || self.operation_count() >= GENERATION_OPERATIONS_MAX
    }

    /// Returns whether a field has different concurrent values.
    pub fn has_conflict(&self) -> bool {
        !self.view().conflicts.is_empty()
    }

    /// Builds the document as it was at `heads`, to be edited by `actor`.
    ///
    /// # Errors
    /// [`ChangeRefusal::UnknownDependency`] if a head is not known.
    pub(crate) fn at(&self, heads: &Heads, actor: Actor) -> Result<Self, ChangeRefusal> {
        let ancestry = self.index.ancestry(heads.iter()).ok_or(ChangeRefusal::UnknownDependency)?;
        let within = |change: &&CheckedChange| {
            self.index.place(&change.hash()).is_some_and(|place| ancestry.contains(place))
        };
        let changes: Vec<CheckedChange> = self.changes.iter().filter(within).cloned().collect();
        Self::open(self.kind, actor, &changes)
    }

    pub(crate) const fn tree(&self) -> &Automerge {
        &self.tree
    }

    fn same_number(&self, change: &Change) -> Option<ChangeHash> {
        let chain = self.index.chain(self.index.actor(&change.actor)?);
        let before = usize::try_from(change.seq).ok()?.checked_sub(1)?;
        chain.get(before).and_then(|place| self.index.node(*place)).map(|node| node.hash)
    }

    fn check_room(&self, side: Side, change: &Change) -> Result<(), ChangeRefusal> {
        let operations = self.operation_count().saturating_add(change.operation_count());
        if self.change_count() >= side.changes_max() || operations > side.operations_max() {
            return Err(ChangeRefusal::GenerationFull);
        }
        Ok(())
    }

    fn check_heads(&self, side: Side, change: &Change) -> Result<(), ChangeRefusal> {
        let beside = self.heads().iter().filter(|head| !change.deps.contains(head)).count();
        match side {
            Side::Partner if beside >= HEADS_FROM_PARTNER_MAX => Err(ChangeRefusal::TooManyHeads),
            _ => Ok(()),
        }
    }

    pub(crate) fn is_text(&self, actor: Actor, counter: u32) -> Option<bool> {
        let actor = self.index.actor(&actor)?;
        match self.index.find(OperationKey { counter, actor })? {
            (_, Effect::Object { field: key }) => {
                field(self.kind, key).map(|field| field.of == FieldType::Text)
            }
            _ => None,
        }
    }

    /// Makes `copy`, which holds `change`, the document, if the texts in the change's own
    /// ancestry are as texts must be.
    fn adopt(&mut self, copy: Automerge, change: Change, node: Node) -> Result<CheckedChange, ChangeRefusal> {
        let at = [automerge::ChangeHash(node.hash.0)];
        if !copy.get_heads().contains(&automerge::ChangeHash(node.hash.0)) {
            return Err(ChangeRefusal::Rejected);
        }
        for key in touched_texts(self.kind, &self.index, &node) {
            let text = tree::text_at(&copy, key, &at).ok_or(ChangeRefusal::Rejected)?;
            check_text(&text)?;
        }
        self.tree = copy;
        Ok(self.push(change, node))
    }

    fn push(&mut self, change: Change, node: Node) -> CheckedChange {
        let checked = CheckedChange::new(change, node.hash);
        self.index.push(node);
        self.changes.push(checked.clone());
        checked
    }
}

/// Returns the object type that a field has in the tree; none for a scalar.
const fn object_type(of: FieldType) -> Option<ObjType> {
    match of {
        FieldType::Text => Some(ObjType::Text),
        FieldType::Lines | FieldType::Records(_) => Some(ObjType::List),
        _ => None,
    }
}

/// The value of each field that somebody settled or the one there is.
pub(crate) type Values = BTreeMap<FieldKey, Vec<FieldValue>>;

impl EntryView {
    /// Returns all present values of each scalar field, ascending.
    pub(crate) fn scalar_values(&self, kind: EntryKind) -> Values {
        self.fields
            .iter()
            .filter(|(key, _)| field(kind, **key).is_some_and(|field| field.of.is_scalar()))
            .map(|(key, value)| {
                let values = self.conflicts.get(key).cloned();
                (*key, values.unwrap_or_else(|| vec![value.clone()]))
            })
            .collect()
    }
}

impl From<ValueFault> for EditError {
    fn from(fault: ValueFault) -> Self {
        Self::Refused(ChangeRefusal::Value(fault))
    }
}

#[cfg(test)]
mod tests;
