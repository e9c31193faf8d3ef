//! What every operation of a generation made, and which changes stand before which: derived from
//! the typed changes, so that a change can be checked against its own ancestry alone.
//!
//! A check that asked the present state would depend on the order of arrival, and two nodes could
//! come to different answers. Every answer here depends on the change and its ancestors only.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::field::FieldKey;
use crate::entry::{Actor, ChangeHash};
use crate::limits::GENERATION_CHANGES_STORED_MAX;

/// A place in the list of changes of one document.
pub(crate) type Place = u16;

/// An operation: its number, and its actor's place in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OperationKey {
    pub(crate) counter: u32,
    pub(crate) actor: u16,
}

/// What one operation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Made the text or list of a field.
    Object { field: FieldKey },
    /// Gave a scalar field a value.
    Value { field: FieldKey },
    /// Inserted a character or a line into an object.
    Element { object: OperationKey },
    /// Inserted a record into an object.
    Record { object: OperationKey },
    /// Left nothing that a later operation can refer to.
    Nothing,
}

const WORDS: usize = GENERATION_CHANGES_STORED_MAX.div_ceil(64);

/// A set of changes, one bit for each place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeSet([u64; WORDS]);

impl ChangeSet {
    pub(crate) const fn new() -> Self {
        Self([0; WORDS])
    }

    pub(crate) fn insert(&mut self, place: Place) {
        if let Some(word) = self.0.get_mut(usize::from(place >> 6)) {
            *word |= 1 << (place & 63);
        }
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        self.0.get(usize::from(place >> 6)).is_some_and(|word| word & (1 << (place & 63)) != 0)
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
    }
}

/// One change that passed its check, with what its operations did.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) hash: ChangeHash,
    pub(crate) actor: Actor,
    pub(crate) start_op: u32,
    pub(crate) max_op: u32,
    /// Itself not included.
    pub(crate) ancestors: ChangeSet,
    /// One for each operation, from `start_op`.
    pub(crate) effects: Vec<Effect>,
    /// Values replaced or cleared and elements deleted.
    pub(crate) overwritten: BTreeSet<OperationKey>,
}

/// All changes of one generation, in the order they were accepted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    nodes: Vec<Node>,
    places: BTreeMap<ChangeHash, Place>,
    actors: BTreeMap<Actor, u16>,
    /// For each actor its changes, ascending.
    chains: BTreeMap<u16, Vec<Place>>,
    /// For each value and element the changes that overwrote it.
    overwrites: BTreeMap<OperationKey, Vec<Place>>,
    /// For each scalar field all values it was ever given.
    values: BTreeMap<FieldKey, Vec<OperationKey>>,
    operations: usize,
}

impl Index {
    pub(crate) fn change_count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) const fn operation_count(&self) -> usize {
        self.operations
    }

    pub(crate) fn place(&self, hash: &ChangeHash) -> Option<Place> {
        self.places.get(hash).copied()
    }

    pub(crate) fn node(&self, place: Place) -> Option<&Node> {
        self.nodes.get(usize::from(place))
    }

    /// Returns an actor's place; an actor that is not known gets the next free one.
    pub(crate) fn actor_or_next(&self, actor: &Actor) -> u16 {
        let next = || u16::try_from(self.actors.len()).unwrap_or(u16::MAX);
        self.actors.get(actor).copied().unwrap_or_else(next)
    }

    pub(crate) fn actor(&self, actor: &Actor) -> Option<u16> {
        self.actors.get(actor).copied()
    }

    /// Returns the changes of one actor, ascending.
    pub(crate) fn chain(&self, actor: u16) -> &[Place] {
        self.chains.get(&actor).map_or(&[], Vec::as_slice)
    }

    /// Returns which change an operation stands in and what it did.
    pub(crate) fn find(&self, key: OperationKey) -> Option<(Place, Effect)> {
        let chain = self.chain(key.actor);
        let starts_before =
            |place: &Place| self.node(*place).is_some_and(|node| node.start_op <= key.counter);
        let place = chain.get(chain.partition_point(starts_before).checked_sub(1)?).copied()?;
        let node = self.node(place)?;
        let offset = usize::try_from(key.counter.checked_sub(node.start_op)?).ok()?;
        node.effects.get(offset).map(|effect| (place, *effect))
    }

    /// Returns whether any of `changes` overwrote an operation's value or element.
    pub(crate) fn is_overwritten(&self, key: OperationKey, changes: &ChangeSet) -> bool {
        self.overwrites.get(&key).is_some_and(|places| places.iter().any(|place| changes.contains(*place)))
    }

    /// Goes through the values of a field that stand after `changes`.
    pub(crate) fn standing_values<'a>(
        &'a self,
        field: FieldKey,
        changes: &'a ChangeSet,
    ) -> impl Iterator<Item = OperationKey> + 'a {
        self.values
            .get(&field)
            .into_iter()
            .flatten()
            .copied()
            .filter(|key| self.find(*key).is_some_and(|(place, _)| changes.contains(place)))
            .filter(|key| !self.is_overwritten(*key, changes))
    }

    /// Returns all ancestors of a set of changes, themselves included; none if one is not known.
    pub(crate) fn ancestry<'a>(&self, hashes: impl IntoIterator<Item = &'a ChangeHash>) -> Option<ChangeSet> {
        let mut changes = ChangeSet::new();
        for hash in hashes {
            let place = self.place(hash)?;
            changes.extend(&self.node(place)?.ancestors);
            changes.insert(place);
        }
        Some(changes)
    }

    /// Takes a change that passed its check.
    pub(crate) fn push(&mut self, node: Node) {
        let place = Place::try_from(self.nodes.len()).unwrap_or(Place::MAX);
        let actor = self.actor_or_next(&node.actor);
        self.actors.insert(node.actor, actor);
        self.chains.entry(actor).or_default().push(place);
        self.places.insert(node.hash, place);
        for key in &node.overwritten {
            self.overwrites.entry(*key).or_default().push(place);
        }
        for (counter, effect) in (node.start_op..).zip(&node.effects) {
            if let Effect::Value { field } = effect {
                self.values.entry(*field).or_default().push(OperationKey { counter, actor });
            }
        }
        self.operations = self.operations.saturating_add(node.effects.len());
        self.nodes.push(node);
    }
}
