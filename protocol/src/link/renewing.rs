//! The partner's side of a new generation (law 7): it takes the place of the one that is here, and
//! what was made here and is not in it stays as a change of the old one, until the owner names it
//! as carried. Then the old generation is erased, with all that was ever deleted in it.

use std::collections::BTreeSet;

use super::receiving::{Arrival, Checking};
use super::share::bytes_of;
use super::snapshot::Tracked;
use super::{Session, Work};
use crate::entry::check::ChangeRefusal;
use crate::entry::{ChangeHash, Heads};
use crate::id::{EntryId, GenerationId};
use crate::late::late_changes;
use crate::limits::{CARRY_ATTEMPTS_MAX, EARLIER_GENERATIONS_MAX};
use crate::transaction::{
    CarriedTo, Committed, EarlierGeneration, EntryContent, EntryRecord, EntryState, Fault, GenerationWrite,
    Transaction, Write,
};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Announce, Carried, Changes, ChangesRefused, Frame, LetGo};

/// A new generation that waits for what is here to be read.
#[derive(Debug)]
pub(super) struct TakingOver {
    body: Announce,
    attempt: u32,
}

/// A new generation that is being stored.
#[derive(Debug)]
pub(super) struct TakenOver {
    again: TakingOver,
    arrival: Arrival,
    /// The old generation, if it has late edits that the owner may still take.
    kept: Option<GenerationId>,
}

/// Earlier generations of an entry that are being erased because all of them was carried.
#[derive(Debug)]
pub(super) struct Settled {
    entry: EntryId,
    let_go: Vec<GenerationId>,
}

impl Session {
    /// The owner started a new generation, or shares a locked entry again.
    pub(super) fn new_generation(&mut self, body: Announce) {
        if self.is_moved(body.genesis, Some(body.entry), Some(body.generation)) {
            return self.bad_change(3, ChangeRefusal::NotGenesis);
        }
        // It takes the place of what is here.
        let here = self.entries.get(&body.entry).map_or(0, |tracked| tracked.bytes);
        if !self.has_share_for(bytes_of(&body.changes).saturating_sub(here)) {
            return self.share_is_used(3);
        }
        self.read_to_take_over(TakingOver { body, attempt: 0 });
    }

    fn read_to_take_over(&mut self, taking: TakingOver) {
        let entry = taking.body.entry;
        self.arriving.entry(entry).or_default();
        let transaction = Transaction { writes: Vec::new(), reads: vec![entry] };
        self.commit(transaction, Work::TakeOver(Box::new(taking)));
    }

    /// What is here was read: the new generation is stored in its place, if the sharing has not
    /// ended meanwhile (law 13).
    pub(super) fn take_over(&mut self, taking: TakingOver, outcome: Result<Committed, Fault>) {
        let entry = taking.body.entry;
        let content = outcome.ok().and_then(|committed| committed.contents.into_iter().next());
        let is_here = self.entries.contains_key(&entry);
        let Some(content) = content.filter(|_| is_here) else {
            self.refuse(3, ErrorCode::NotNow);
            return self.next_in_line(entry);
        };
        let Ok(under) = self.accepted_grants(&taking.body) else {
            self.refuse(3, ErrorCode::NotShared);
            return self.next_in_line(entry);
        };
        let (record, mut arrival, changes) = match self.new_entry_writes(&taking.body, under) {
            Ok(made) => made,
            Err(refusal) => {
                self.bad_change(3, refusal);
                return self.next_in_line(entry);
            }
        };
        let present: BTreeSet<ChangeHash> = arrival.changes.iter().map(|change| change.hash()).collect();
        let leaves = content.record.facts.generation != record.facts.generation;
        let left = leaves.then(|| self.left_generation(&content, &record, &present));
        let kept = left.as_ref().is_some_and(|left| left.is_kept);
        if kept && content.earlier.len() >= EARLIER_GENERATIONS_MAX {
            self.refuse(3, ErrorCode::NotNow);
            return self.next_in_line(entry);
        }
        let mut writes = Vec::new();
        let mut kept_here = None;
        if let Some(left) = left {
            let generation = content.record.facts.generation;
            kept_here = (left.is_kept && !left.is_refused).then_some(generation);
            if !left.is_kept {
                arrival.let_go.push(generation);
            }
            writes.extend(left.writes);
        }
        let (more, let_go) = match content.record.state {
            EntryState::Live => self.settle_named(&content, taking.body.generation, &present),
            EntryState::Locked { .. } => forgotten(&content),
        };
        let EntryRecord { author, stored_at, .. } = content.record;
        writes.push(Write::Entry(EntryRecord { author: author.or(record.author), stored_at, ..record }));
        writes.extend(changes.into_iter().skip(1));
        writes.extend(more);
        arrival.let_go.extend(let_go);
        let taken = TakenOver { again: taking, arrival, kept: kept_here };
        self.commit(Transaction::of(writes), Work::TakenOver(Box::new(taken)));
    }

    /// What is to be remembered of the generation that an entry leaves here.
    fn left_generation(
        &self,
        content: &EntryContent,
        next: &EntryRecord,
        present: &BTreeSet<ChangeHash>,
    ) -> LeftGeneration {
        let facts = &content.record.facts;
        let (entry, generation) = (facts.entry, facts.generation);
        let tracked = self.entries.get(&entry);
        let named = tracked.and_then(|tracked| tracked.named(generation, next.facts.generation, present));
        let acknowledged = tracked.and_then(|tracked| tracked.acknowledged.clone());
        // What the owner acknowledged in a generation was there when it left it.
        let known = named.into_iter().chain(acknowledged);
        let known = Heads::new(known.flat_map(|heads| heads.iter().copied().collect::<Vec<_>>()).collect());
        let late = late_changes(&content.changes, &content.actors, self.identity.own, &known);
        let is_kept = !late.changes.is_empty() && content.record.state == EntryState::Live;
        let is_refused =
            is_kept && tracked.is_some_and(|tracked| tracked.earlier.refused.contains(&generation));
        let keep = is_kept.then(|| CarriedTo { heads: known, onto: Heads::default() });
        let heads = content.record.heads.clone();
        let mut writes = vec![Write::Generation(GenerationWrite::Leave { entry, generation, heads, keep })];
        if is_refused {
            writes.push(Write::Generation(GenerationWrite::Refuse { entry, generation }));
        }
        LeftGeneration { writes, is_kept, is_refused }
    }

    /// The new generation is durable: acknowledged, and the old one let go of if nothing of it is
    /// kept. If an edit was made here in between, what is here is read again.
    pub(super) fn taken_over(&mut self, taken: TakenOver, outcome: Result<Committed, Fault>) {
        let TakenOver { mut again, arrival, kept } = taken;
        let entry = arrival.entry;
        match outcome {
            Ok(committed) => {
                self.received_starts_anew(entry);
                self.geneses.insert(again.body.genesis, (entry, again.body.generation));
                if let Some(tracked) = self.entries.get_mut(&entry) {
                    if let Some(record) = committed.records.iter().find(|one| one.facts.entry == entry) {
                        tracked.take(record.clone());
                    }
                    tracked.acknowledged = None;
                    tracked.sent = None;
                    tracked.earlier.kept.extend(kept);
                    tracked.earlier.late_sent = false;
                    self.pending.insert(entry);
                }
                self.stored(arrival, Ok(committed));
            }
            Err(Fault::Moved) if again.attempt < CARRY_ATTEMPTS_MAX => {
                again.attempt = again.attempt.saturating_add(1);
                self.read_to_take_over(again);
            }
            Err(fault) => {
                let code = if fault == Fault::Store { ErrorCode::NotNow } else { ErrorCode::BadChange };
                self.refuse(3, code);
                self.next_in_line(entry);
            }
        }
    }

    /// The owner names what the present generation holds of an earlier one.
    pub(super) fn take_carried(&mut self, body: Carried) {
        let Carried { entry, generation, into, .. } = body;
        let partner = self.identity.partner;
        let Some(tracked) = self.entries.get(&entry).filter(|tracked| tracked.record.owner == partner) else {
            return;
        };
        if self.may_receive_entry(tracked).is_err() {
            return self.refuse(17, ErrorCode::NotShared);
        }
        let is_present = tracked.generation() == generation;
        let is_kept = tracked.earlier.kept.contains(&generation);
        if !is_present && !is_kept {
            return self.send(Frame::LetGo(LetGo { entry, generation }));
        }
        let settles = is_kept && tracked.generation() == into;
        if let Some(tracked) = self.entries.get_mut(&entry) {
            tracked.earlier.named.insert(generation, body);
        }
        if settles {
            self.arriving.entry(entry).or_default();
            let transaction = Transaction { writes: Vec::new(), reads: vec![entry] };
            self.commit(transaction, Work::Named(entry));
        }
    }

    /// What is here was read: what the owner has named is settled, as far as its changes came.
    pub(super) fn named_loaded(&mut self, entry: EntryId, outcome: Result<Committed, Fault>) {
        let content = outcome.ok().and_then(|committed| committed.contents.into_iter().next());
        let Some(content) = content else { return self.next_in_line(entry) };
        let present = content.changes.iter().map(|change| change.hash()).collect();
        let (writes, let_go) = self.settle_named(&content, content.record.facts.generation, &present);
        if writes.is_empty() {
            return self.next_in_line(entry);
        }
        self.commit(Transaction::of(writes), Work::Settled(Settled { entry, let_go }));
    }

    pub(super) fn settled(&mut self, settled: Settled, outcome: Result<Committed, Fault>) {
        let Settled { entry, let_go } = settled;
        // An edit that was made in between waits to be carried in its turn.
        if outcome.is_ok() {
            self.let_go(entry, let_go);
        }
        self.next_in_line(entry);
    }

    /// What follows for the earlier generations that are kept once the present one has these
    /// changes: erased when all that was made here is named, else remembered up to where it is.
    pub(super) fn settle_named(
        &self,
        content: &EntryContent,
        into: GenerationId,
        present: &BTreeSet<ChangeHash>,
    ) -> (Vec<Write>, Vec<GenerationId>) {
        let (mut writes, mut let_go) = (Vec::new(), Vec::new());
        let entry = content.record.facts.entry;
        let Some(tracked) = self.entries.get(&entry) else { return (writes, let_go) };
        for earlier in &content.earlier {
            let EarlierGeneration { generation, heads, carried, changes, .. } = earlier;
            let Some(named) = tracked.named(*generation, into, present) else { continue };
            let late = late_changes(changes, &content.actors, self.identity.own, &named);
            let generation = *generation;
            if late.changes.is_empty() {
                let heads = heads.clone();
                writes.push(Write::Generation(GenerationWrite::Forget { entry, generation, heads }));
                let_go.push(generation);
            } else if carried.heads != named {
                let now = CarriedTo { heads: named, onto: Heads::default() };
                let was = carried.heads.clone();
                writes.push(Write::Generation(GenerationWrite::Carry { entry, generation, was, now }));
            }
        }
        (writes, let_go)
    }

    /// Says that earlier generations are erased here.
    pub(super) fn let_go(&mut self, entry: EntryId, generations: Vec<GenerationId>) {
        for generation in generations {
            if let Some(tracked) = self.entries.get_mut(&entry) {
                tracked.earlier.kept.remove(&generation);
                tracked.earlier.named.remove(&generation);
            }
            self.send(Frame::LetGo(LetGo { entry, generation }));
        }
    }

    /// The owner does not take changes of a generation: they stay here, for somebody to write them
    /// again.
    pub(super) fn changes_refused_frame(&mut self, body: &ChangesRefused) {
        let ChangesRefused { entry, generation, code } = *body;
        let partner = self.identity.partner;
        let tracked = self.entries.get_mut(&entry).filter(|tracked| tracked.record.owner == partner);
        let Some(tracked) = tracked else { return };
        if code == ErrorCode::NotNow {
            tracked.earlier.late_sent = false;
            self.try_again_later();
        } else if tracked.earlier.kept.remove(&generation) {
            self.write(Write::Generation(GenerationWrite::Refuse { entry, generation }), Work::Nothing);
        } else if tracked.generation() == generation {
            tracked.earlier.refused.insert(generation);
        }
    }

    /// Late edits, as changes of the generations in which they were made.
    pub(super) fn late_frames(&self, content: &EntryContent) -> Vec<Frame> {
        let mut frames = Vec::new();
        for earlier in content.earlier.iter().filter(|earlier| !earlier.is_refused) {
            let named = &earlier.carried.heads;
            let late = late_changes(&earlier.changes, &content.actors, self.identity.own, named);
            let changes = late.changes.into_iter().map(crate::entry::CheckedChange::into_change).collect();
            let entry = content.record.facts.entry;
            let parts = super::sending::parts(changes).into_iter();
            frames.extend(
                parts.map(|changes| {
                    Frame::Changes(Changes { entry, generation: earlier.generation, changes })
                }),
            );
        }
        frames
    }

    /// Reads an entry again for changes that could not be stored because it had changed.
    pub(super) fn read_again(&mut self, mut checking: Checking) {
        checking.attempt = checking.attempt.saturating_add(1);
        let entry = checking.body.entry;
        self.arriving.entry(entry).or_default();
        let transaction = Transaction { writes: Vec::new(), reads: vec![entry] };
        self.commit(transaction, Work::Check(Box::new(checking)));
    }
}

/// A locked entry that is shared again: its late edits went back to their authors when the sharing
/// ended, and nobody else is shown them.
fn forgotten(content: &EntryContent) -> (Vec<Write>, Vec<GenerationId>) {
    let entry = content.record.facts.entry;
    let forget = |earlier: &EarlierGeneration| {
        let (generation, heads) = (earlier.generation, earlier.heads.clone());
        Write::Generation(GenerationWrite::Forget { entry, generation, heads })
    };
    let generations = content.earlier.iter().map(|earlier| earlier.generation).collect();
    (content.earlier.iter().map(forget).collect(), generations)
}

/// What is written for the generation that an entry leaves.
struct LeftGeneration {
    writes: Vec<Write>,
    is_kept: bool,
    is_refused: bool,
}

impl Tracked {
    /// The own changes of a generation that the owner has named, if the present generation has the
    /// changes that hold them.
    fn named(
        &self,
        generation: GenerationId,
        into: GenerationId,
        present: &BTreeSet<ChangeHash>,
    ) -> Option<Heads> {
        let named = self.earlier.named.get(&generation).filter(|named| named.into == into)?;
        let holds = named.onto.iter().all(|hash| present.contains(hash));
        holds.then(|| Heads::new(named.heads.clone()))
    }
}
