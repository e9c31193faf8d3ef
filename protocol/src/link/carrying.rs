//! The owner's side of late edits (law 7): changes that a partner made in a generation that the
//! entry has left. They are checked in the generation that they belong to, carried into every one
//! that followed, and stored together with what they became, in one transaction. So each is
//! carried once, however often it comes.
//!
//! The partner is told with the changes of the present generation, and before them: what it is told
//! and what it is sent are read from the store in one step.

use super::history::latest;
use super::receiving::Checking;
use super::snapshot::Tracked;
use super::{Session, Work};
use crate::entry::check::{ChangeRefusal, CheckedChange};
use crate::entry::generation::{Chain, Earlier, LateError};
use crate::entry::operation::Change;
use crate::entry::{Actor, EntryDocument};
use crate::id::{EntryId, GenerationId};
use crate::limits::CARRY_ATTEMPTS_MAX;
use crate::planted::planted;
use crate::transaction::{
    CarriedTo, Committed, EarlierGeneration, EntryContent, Fault, GenerationWrite, Transaction, Write,
};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Carried, ChangesRefused, Frame, LetGo};

impl Session {
    /// Changes of a generation that an own entry has left: carried over if the partner may hold
    /// that generation and it is kept, and typed back otherwise (law 8).
    pub(super) fn late_loaded(&mut self, content: &EntryContent, checking: Checking) {
        let (entry, generation) = (checking.body.entry, checking.body.generation);
        let partner = self.identity.partner;
        let is_theirs =
            |one: &EarlierGeneration| one.generation == generation && one.held_by.contains(&partner);
        let Some(place) = content.earlier.iter().position(is_theirs) else {
            self.refuse_changes(entry, generation, ErrorCode::NotShared);
            return self.next_in_line(entry);
        };
        match self.late_writes(content, place, &checking) {
            Ok(writes) if writes.is_empty() => {
                self.name_carried(entry);
                self.next_in_line(entry);
            }
            Ok(writes) => self.commit(Transaction::of(writes), Work::Late(Box::new(checking))),
            Err(error) => {
                self.late_refused(entry, generation, error);
                self.next_in_line(entry);
            }
        }
    }

    fn late_refused(&mut self, entry: EntryId, generation: GenerationId, error: LateError) {
        let code = match error {
            LateError::NotKept | LateError::Change(ChangeRefusal::UnknownDependency) => ErrorCode::NotShared,
            LateError::Carry(_) => ErrorCode::TooMuch,
            LateError::Change(refusal) => {
                self.bad_change(4, refusal);
                ErrorCode::BadChange
            }
        };
        self.refuse_changes(entry, generation, code);
    }

    fn refuse_changes(&mut self, entry: EntryId, generation: GenerationId, code: ErrorCode) {
        self.send(Frame::ChangesRefused(ChangesRefused { entry, generation, code }));
    }

    /// Late edits and what they became are durable, or the entry has changed since it was read.
    pub(super) fn late_stored(&mut self, checking: Checking, outcome: Result<Committed, Fault>) {
        let (entry, generation) = (checking.body.entry, checking.body.generation);
        match outcome {
            Ok(committed) => {
                for record in committed.records {
                    self.take_record(record);
                }
                self.name_carried(entry);
            }
            Err(Fault::Moved | Fault::OtherGeneration) if checking.attempt < CARRY_ATTEMPTS_MAX => {
                return self.read_again(checking);
            }
            Err(Fault::AlienActor) => {
                self.late_refused(entry, generation, LateError::Change(ChangeRefusal::OwnActor));
            }
            Err(_) => self.refuse_changes(entry, generation, ErrorCode::NotNow),
        }
        self.next_in_line(entry);
    }

    /// The partner is to be told what stands in the present generation, with what it lacks of it.
    fn name_carried(&mut self, entry: EntryId) {
        if let Some(tracked) = self.entries.get_mut(&entry) {
            tracked.earlier.names = true;
            self.pending.insert(entry);
        }
    }

    /// What is written for late changes: themselves, what they became in each generation that
    /// followed, and how far each stands in the next. Nothing if all of them are known.
    fn late_writes(
        &self,
        content: &EntryContent,
        place: usize,
        checking: &Checking,
    ) -> Result<Vec<Write>, LateError> {
        let kept = content.earlier.get(place..).unwrap_or_default();
        let unknown = unknown_changes(kept.first(), &checking.body.changes);
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        for change in &unknown {
            let owner = content.actors.get(&change.actor);
            if owner.is_some_and(|owner| *owner != self.identity.partner) {
                return Err(LateError::Change(ChangeRefusal::OwnActor));
            }
        }
        let mut drawn = 0_u32;
        let mut fresh_actor = || {
            drawn = drawn.saturating_add(1);
            drawn_actor(&checking.random, checking.attempt, drawn)
        };
        let mut chain = open_chain(content, kept, &mut fresh_actor).map_err(LateError::Change)?;
        chain.take_late(0, unknown, &mut fresh_actor)?;
        Ok(self.writes_of(content, kept, &chain))
    }

    fn writes_of(&self, content: &EntryContent, kept: &[EarlierGeneration], chain: &Chain) -> Vec<Write> {
        let (own, partner) = (self.identity.own, self.identity.partner);
        let facts = &content.record.facts;
        let (entry, at) = (facts.entry, self.now);
        let mut writes = Vec::new();
        for (place, (before, after)) in kept.iter().zip(&chain.earlier).enumerate() {
            let is_theirs =
                |change: &CheckedChange| place == 0 && change.change().actor != after.document.actor();
            let origin = |change: &CheckedChange| if is_theirs(change) { partner } else { own };
            writes.extend(after.added.iter().map(|change| {
                Write::Generation(GenerationWrite::LateChange {
                    entry,
                    generation: before.generation,
                    change: change.clone(),
                    origin: origin(change),
                    at,
                })
            }));
            writes.push(Write::Generation(GenerationWrite::Carry {
                entry,
                generation: before.generation,
                was: before.carried.heads.clone(),
                now: CarriedTo { heads: after.carried.clone(), onto: after.onto.clone() },
            }));
        }
        let generation = facts.generation;
        let added = chain.added.iter().filter(|_| !planted!("late-edits-not-carried"));
        writes.extend(added.map(|change| Write::Change {
            entry,
            generation,
            change: change.clone(),
            origin: own,
            at,
        }));
        writes
    }

    /// What the present generation holds of each earlier one that the partner has: of the partner's
    /// own changes alone, so that every hash is one that it knows (law 2).
    pub(super) fn carried_frames(&self, tracked: &Tracked, content: &EntryContent) -> Vec<Frame> {
        let partner = self.identity.partner;
        let Some(last) = content.earlier.last() else { return Vec::new() };
        let facts = &content.record.facts;
        let is_theirs = |change: &CheckedChange| content.actors.get(&change.change().actor) == Some(&partner);
        let is_kept = |one: &&EarlierGeneration| tracked.earlier.kept.contains(&one.generation);
        let is_shown =
            |one: &&EarlierGeneration| tracked.has(one.generation) || planted!("unsent-row-makes-a-holder");
        content
            .earlier
            .iter()
            .filter(is_kept)
            .filter(is_shown)
            .map(|one| {
                Frame::Carried(Carried {
                    entry: facts.entry,
                    generation: one.generation,
                    heads: latest(&one.changes, is_theirs).iter().copied().collect(),
                    into: facts.generation,
                    onto: last.carried.onto.iter().copied().collect(),
                })
            })
            .collect()
    }

    /// The partner no longer holds an earlier generation: no late edits of it come from there.
    pub(super) fn let_go_frame(&mut self, body: &LetGo) {
        let LetGo { entry, generation } = *body;
        let (own, partner) = (self.identity.own, self.identity.partner);
        let tracked = self.entries.get_mut(&entry).filter(|tracked| tracked.record.owner == own);
        let Some(tracked) = tracked else { return };
        if tracked.earlier.kept.remove(&generation) {
            tracked.shown.retain(|shown| *shown != generation);
            tracked.on_the_line.retain(|sent| *sent != generation);
            let write = GenerationWrite::LetGo { partner, entry, generation };
            self.write(Write::Generation(write), Work::Nothing);
        }
    }
}

fn unknown_changes(earlier: Option<&EarlierGeneration>, changes: &[Change]) -> Vec<Change> {
    let is_known = |change: &Change| {
        let mut known = earlier.into_iter().flat_map(|earlier| &earlier.changes);
        known.any(|known| known.change() == change)
    };
    changes.iter().filter(|change| !is_known(change)).cloned().collect()
}

fn open_chain(
    content: &EntryContent,
    kept: &[EarlierGeneration],
    fresh_actor: &mut impl FnMut() -> Actor,
) -> Result<Chain, ChangeRefusal> {
    let kind = content.record.facts.kind;
    let mut earlier = Vec::new();
    for one in kept {
        let document = EntryDocument::open(kind, fresh_actor(), &one.changes)?;
        let CarriedTo { heads, onto } = one.carried.clone();
        earlier.push(Earlier::new(document, heads, onto));
    }
    let present = EntryDocument::open(kind, fresh_actor(), &content.changes)?;
    Ok(Chain::new(earlier, present))
}

/// An actor from the randomness that was drawn for the frame: another one for each change, and for
/// each attempt.
fn drawn_actor(random: &[u8; 32], attempt: u32, count: u32) -> Actor {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(b"stafett carry");
    hash.update(random);
    hash.update(attempt.to_be_bytes());
    hash.update(count.to_be_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    Actor(bytes)
}
