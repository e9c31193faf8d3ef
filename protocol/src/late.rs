//! Late edits at a partner (law 7): changes that were made there in a generation that the owner has
//! left since. Until the owner names them as carried, they are shown over the present generation,
//! and they go on being sent as what they are.
//!
//! What is shown is a merge of three values: what both sides had of the earlier generation, that
//! with the late edits, and the present one. It is for the eye alone: only the owner makes changes
//! of it. So nothing here needs changes that the partner lacks, and nothing is carried twice.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::check::CheckedChange;
use crate::entry::document::{EditError, EntryDocument, Side};
use crate::entry::schema::fields;
use crate::entry::{
    Actor, ChangeHash, ChangeRefusal, Edit, EntryKind, EntryView, FieldKey, Heads, read_genesis,
};
use crate::id::GenerationId;
use crate::link::history::ancestry;
use crate::municipality::OrganisationNumber;
use crate::transaction::EntryContent;

/// What of a generation only this node has, as far as it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// The latest changes of all that the owner has.
    pub shared: Heads,
    /// The others, parents first: all were made here.
    pub changes: Vec<CheckedChange>,
}

/// Finds the changes that only this node has: made here, neither behind a change of anybody else
/// nor behind `named`, which the owner has said to have.
pub fn late_changes(
    changes: &[CheckedChange],
    actors: &BTreeMap<Actor, OrganisationNumber>,
    own: OrganisationNumber,
    named: &Heads,
) -> Late {
    let is_own = |change: &&CheckedChange| actors.get(&change.change().actor) == Some(&own);
    let of_others = changes.iter().filter(|change| !is_own(change)).map(CheckedChange::hash);
    // The owner announced the generation, so it has the genesis, whoever made it.
    let genesis = changes.first().map(CheckedChange::hash);
    let known = ancestry(changes, of_others.chain(named.iter().copied()).chain(genesis));
    let shared: Vec<&CheckedChange> =
        changes.iter().filter(|change| known.contains(&change.hash())).collect();
    let parents: BTreeSet<ChangeHash> =
        shared.iter().flat_map(|change| change.change().deps.iter().copied()).collect();
    let latest = shared.iter().map(|change| change.hash()).filter(|hash| !parents.contains(hash));
    Late {
        shared: Heads::new(latest.collect()),
        changes: changes.iter().filter(|change| !known.contains(&change.hash())).cloned().collect(),
    }
}

/// What becomes of edits that the owner does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// They are on their way, or wait for a connection.
    Waiting,
    /// The owner does not take them in the generation in which they were made: they stay until
    /// somebody writes them again.
    Refused,
}

/// An entry as a reader here sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The present generation, with late edits over it.
    pub view: EntryView,
    /// What becomes of the late edits, if there are any.
    pub undelivered: Option<Undelivered>,
    /// The present generation alone.
    present: EntryView,
    /// The earlier ones with late edits, oldest first.
    earlier: Vec<EarlierView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct EarlierView {
    generation: GenerationId,
    view: EntryView,
    is_refused: bool,
}

/// Builds what a reader sees of an entry: at the owner its present generation, at a partner with
/// the edits over it that were made here and that the owner has not named as carried.
///
/// # Errors
/// [`ChangeRefusal`] if the rows are not what was stored.
pub fn shown(
    content: &EntryContent,
    own: OrganisationNumber,
    mut fresh_actor: impl FnMut() -> Actor,
) -> Result<Shown, ChangeRefusal> {
    let record = &content.record;
    let kind = record.facts.kind;
    let present = match content.changes.as_slice() {
        [genesis] => read_genesis(kind, genesis)?,
        changes => EntryDocument::open(kind, fresh_actor(), changes)?.view(),
    };
    let mut shown = Shown { view: present.clone(), undelivered: None, present, earlier: Vec::new() };
    if record.owner == own {
        return Ok(shown);
    }
    for earlier in &content.earlier {
        let late = late_changes(&earlier.changes, &content.actors, own, &earlier.carried.heads);
        if late.changes.is_empty() {
            continue;
        }
        let document = EntryDocument::open(kind, fresh_actor(), &earlier.changes)?;
        let before = document.at(&late.shared, fresh_actor())?.view();
        let after = document.view();
        let actors = [fresh_actor(), fresh_actor(), fresh_actor()];
        shown.view = over(kind, &before, &after, &shown.view, actors);
        shown.undelivered = Some(match (earlier.is_refused, shown.undelivered) {
            (true, _) | (_, Some(Undelivered::Refused)) => Undelivered::Refused,
            (false, _) => Undelivered::Waiting,
        });
        let (generation, is_refused) = (earlier.generation, earlier.is_refused);
        shown.earlier.push(EarlierView { generation, view: after, is_refused });
    }
    Ok(shown)
}

/// Where the fields of an edit of what is shown are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// In the present generation.
    pub present: Option<Edit>,
    /// In earlier ones, whose late edits they are made on top of.
    pub earlier: Vec<(GenerationId, Edit)>,
    /// Earlier ones of which nothing is left to be sent: what the owner refused is written anew.
    pub rewritten: Vec<GenerationId>,
}

impl Shown {
    /// Says where each field of an edit is written: where the field has the value that was shown,
    /// so that the edit means there what it meant to whoever made it.
    ///
    /// Whoever edits an entry with refused edits has them before the eyes: they are written into
    /// the present generation with the edit, and so are sent anew.
    ///
    /// # Errors
    /// The first field that was changed in both generations: it can be edited once the owner has
    /// named the late edits as carried. With refused edits and others that are on their way, every
    /// field, because what is on its way would be written twice.
    pub fn place(&self, edit: &Edit) -> Result<Placed, FieldKey> {
        let rewrites = self.earlier.iter().any(|earlier| earlier.is_refused);
        let waits = self.earlier.iter().any(|earlier| !earlier.is_refused);
        if let Some(field) = edit.fields().keys().next().filter(|_| rewrites && waits) {
            return Err(*field);
        }
        let mut present = BTreeMap::new();
        let mut earlier: BTreeMap<usize, BTreeMap<_, _>> = BTreeMap::new();
        let mut placed = Placed::default();
        if rewrites {
            let differing = fields(edit.kind()).iter().map(|field| field.key);
            let differing = differing.filter(|key| self.view.fields.get(key) != self.present.fields.get(key));
            present.extend(differing.map(|key| (key, self.view.fields.get(&key).cloned())));
            placed.rewritten = self.earlier.iter().map(|earlier| earlier.generation).collect();
        }
        for (key, value) in edit.fields() {
            if rewrites || self.present.shows_same(&self.view, *key) {
                present.insert(*key, value.clone());
                continue;
            }
            let place = self.earlier.iter().rposition(|earlier| earlier.view.shows_same(&self.view, *key));
            earlier.entry(place.ok_or(*key)?).or_default().insert(*key, value.clone());
        }
        if !present.is_empty() {
            placed.present = Some(Edit::of(edit.kind(), present));
        }
        for (place, fields) in earlier {
            if let Some(one) = self.earlier.get(place) {
                placed.earlier.push((one.generation, Edit::of(edit.kind(), fields)));
            }
        }
        Ok(placed)
    }
}

impl EntryView {
    fn shows_same(&self, other: &Self, key: FieldKey) -> bool {
        self.fields.get(&key) == other.fields.get(&key)
            && self.conflicts.get(&key) == other.conflicts.get(&key)
    }
}

/// Shows what was done between `before` and `after` over `present`.
fn over(
    kind: EntryKind,
    before: &EntryView,
    after: &EntryView,
    present: &EntryView,
    actors: [Actor; 3],
) -> EntryView {
    let changed: BTreeSet<FieldKey> = fields(kind)
        .iter()
        .map(|field| field.key)
        .filter(|key| before.fields.get(key) != after.fields.get(key))
        .collect();
    let mut view = present.clone();
    // A value that does not fit one document is not merged: the late edit is shown whole.
    let merged = merged(kind, before, after, present, actors).ok();
    for key in changed {
        let source = if before.fields.get(&key) == present.fields.get(&key) { None } else { merged.as_ref() };
        let source = source.unwrap_or(after);
        view.fields.remove(&key);
        view.conflicts.remove(&key);
        view.fields.extend(source.fields.get(&key).map(|value| (key, value.clone())));
        view.conflicts.extend(source.conflicts.get(&key).map(|values| (key, values.clone())));
    }
    view
}

fn merged(
    kind: EntryKind,
    before: &EntryView,
    after: &EntryView,
    present: &EntryView,
    [first, second, third]: [Actor; 3],
) -> Result<EntryView, EditError> {
    let (_, start) = EntryDocument::create_with(kind, first, &before.fields)?;
    let mut late = EntryDocument::open(kind, second, std::slice::from_ref(&start))?;
    let mut shown = EntryDocument::open(kind, third, std::slice::from_ref(&start))?;
    become_view(&mut shown, before, present)?;
    if let Some(change) = become_view(&mut late, before, after)? {
        shown.accept(change.into_change(), Side::Owner)?;
    }
    Ok(shown.view())
}

fn become_view(
    document: &mut EntryDocument,
    before: &EntryView,
    view: &EntryView,
) -> Result<Option<CheckedChange>, EditError> {
    let kind = document.kind();
    let differing = fields(kind).iter().map(|field| field.key);
    let differing = differing.filter(|key| before.fields.get(key) != view.fields.get(key));
    let edit = differing.map(|key| (key, view.fields.get(&key).cloned())).collect();
    document.edit(&Edit::of(kind, edit), Side::Owner)
}

#[cfg(test)]
mod tests;
