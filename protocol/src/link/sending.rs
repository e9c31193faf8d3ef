//! One entry's way out: asked for, written down, asked for again, sent.

use std::collections::BTreeSet;

use super::history::changes_beyond;
use super::room::frames_of;
use super::snapshot::Tracked;
use super::{Session, Work};
use crate::disclosure::DisclosureRow;
use crate::entry::check::CheckedChange;
use crate::entry::operation::Change;
use crate::entry::{About, Heads};
use crate::id::{DisclosureId, EntryId, GenerationId, GrantId};
use crate::limits::{DISCLOSURE_BATCH_ENTRIES, DISCLOSURE_BATCHES_WAITING_MAX, FRAME_BYTES_MAX};
use crate::planted::planted;
use crate::time::SECOND;
use crate::transaction::{Committed, EntryContent, Fault, Transaction, Write};
use crate::wire::codec::encode_change;
use crate::wire::{Acknowledge, Announce, Changes, Frame, Resend};

/// Bytes of changes in one frame; the rest is for what stands around them.
const CHANGES_BYTES_MAX: usize = FRAME_BYTES_MAX / 4 * 3;
/// Milliseconds before disclosing goes on after the store could not write.
const STORE_RETRY_MS: u64 = 5 * SECOND;

/// One entry of a batch that is being disclosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    entry: EntryId,
    row: DisclosureId,
    generation: GenerationId,
    heads: Heads,
    /// The grants that the row names.
    grants: BTreeSet<GrantId>,
    /// How many frames it makes at the most.
    frames: usize,
}

/// What became of an entry whose row is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Its frames were built.
    Frames,
    /// None was needed: the partner has acknowledged all that they would have held.
    HasAll,
    /// It may not go, or not now.
    Nothing,
}

impl Session {
    /// Asks for as many entries as there is room for, and has their rows written down.
    pub(super) fn pump_entries(&mut self) {
        while self.batches_waiting < DISCLOSURE_BATCHES_WAITING_MAX
            && !self.pending.is_empty()
            && self.has_room()
        {
            let (items, transaction) = self.next_batch();
            if items.is_empty() {
                return;
            }
            self.batches_waiting = self.batches_waiting.saturating_add(1);
            self.commit(transaction, Work::Disclose(items));
        }
    }

    /// Takes entries from the line until a batch is full; those that may not go leave the line
    /// without a trace and come back when something changes.
    fn next_batch(&mut self) -> (Vec<Item>, Transaction) {
        let mut items = Vec::new();
        let mut transaction = Transaction::default();
        let mut frames: usize = 0;
        while frames < DISCLOSURE_BATCH_ENTRIES {
            let Some(entry) = self.pending.pop_first() else { break };
            let Some((item, row)) = self.entries.get(&entry).and_then(|tracked| self.item(tracked)) else {
                continue;
            };
            if frames.saturating_add(item.frames) > DISCLOSURE_BATCH_ENTRIES && !items.is_empty() {
                self.pending.insert(entry);
                break;
            }
            frames = frames.saturating_add(item.frames);
            self.disclosures_made = self.disclosures_made.saturating_add(1);
            if let Some(tracked) = self.entries.get_mut(&entry) {
                tracked.sent = Some(tracked.record.heads.clone());
                tracked.earlier.names = false;
                tracked.earlier.late_sent = true;
            }
            self.on_the_way.insert(entry, item.clone());
            items.push(item);
            if !planted!("no-row") {
                transaction.writes.push(Write::Disclosure(row));
            }
            transaction.reads.push(entry);
        }
        self.room.promise(frames);
        (items, transaction)
    }

    /// An entry's grants must be sent before it, so one with a grant that may not leave yet waits
    /// for it; and a received one waits until it is stored.
    fn item(&self, tracked: &Tracked) -> Option<(Item, DisclosureRow)> {
        let permit = self.permit(tracked).ok()?;
        let grants: BTreeSet<_> = permit.grounds().iter().map(|ground| ground.grant).collect();
        let is_own = tracked.record.owner == self.identity.own;
        let is_arriving = self.arriving.contains_key(&tracked.record.facts.entry);
        if !is_own && is_arriving && tracked.acknowledged.is_none() {
            return None;
        }
        if is_own && !grants.iter().all(|grant| self.is_handed(*grant)) {
            return None;
        }
        if self.is_on_the_way(tracked, &grants) || !self.lacks(tracked, &grants) {
            return None;
        }
        let entry = tracked.record.facts.entry;
        let (generation, heads) = (tracked.generation(), tracked.record.heads.clone());
        let id = self.disclosure_id(entry.as_bytes());
        let row = DisclosureRow::of(&permit, id, heads.clone(), self.now);
        // Each earlier generation that is kept is named in a frame of its own.
        let frames = frames_of(tracked.record.facts.changes).saturating_add(tracked.earlier.kept.len());
        Some((Item { entry, row: id, generation, heads, grants, frames }, row))
    }

    /// Whether the same is being disclosed already: asking again in the meantime, for whatever
    /// reason, sends nothing twice.
    fn is_on_the_way(&self, tracked: &Tracked, grants: &BTreeSet<GrantId>) -> bool {
        let is_own = tracked.record.owner == self.identity.own;
        if tracked.earlier.names || (!is_own && tracked.earlier.has_unsent()) {
            return false;
        }
        self.on_the_way.get(&tracked.record.facts.entry).is_some_and(|item| {
            item.generation == tracked.generation()
                && item.heads == tracked.record.heads
                && item.grants == *grants
        })
    }

    /// Whether the partner lacks something that was not sent on this connection.
    fn lacks(&self, tracked: &Tracked, grants: &BTreeSet<GrantId>) -> bool {
        if tracked.announce_again || tracked.answers.is_some() || tracked.earlier.names {
            return true;
        }
        let heads = Some(&tracked.record.heads);
        let is_there = tracked.acknowledged.as_ref() == heads || tracked.sent.as_ref() == heads;
        if tracked.record.owner != self.identity.own {
            return !is_there || tracked.earlier.has_unsent();
        }
        !is_there || tracked.held.generation != Some(tracked.generation()) || tracked.announced != *grants
    }

    /// An id for a row that no partner sees: from the link, what it is about, and a count.
    pub(super) fn disclosure_id(&self, about: &[u8; 16]) -> DisclosureId {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(self.identity.own.value().to_be_bytes());
        hash.update(self.identity.partner.value().to_be_bytes());
        hash.update(self.now.0.to_be_bytes());
        hash.update(self.disclosures_made.to_be_bytes());
        hash.update(about);
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        DisclosureId::from_random(bytes)
    }

    /// The rows are durable: asks the gate again and builds the frames.
    pub(super) fn disclosed(&mut self, items: Vec<Item>, outcome: Result<Committed, Fault>) {
        self.batches_waiting = self.batches_waiting.saturating_sub(1);
        for item in &items {
            self.room.keep(item.frames);
            if self.on_the_way.get(&item.entry) == Some(item) {
                self.on_the_way.remove(&item.entry);
            }
        }
        let Ok(committed) = outcome else {
            for item in items {
                self.forget_sent(item.entry);
                self.pending.insert(item.entry);
            }
            return self.wait_for_the_store();
        };
        let contents: std::collections::BTreeMap<_, _> =
            committed.contents.into_iter().map(|content| (content.record.facts.entry, content)).collect();
        let mut unsent = Vec::new();
        for item in items {
            let sent = contents.get(&item.entry).map(|content| self.send_entry(&item, content));
            match sent {
                Some(Sent::Frames) => {}
                // What went before is on its way still, and its acknowledgement is waited for.
                Some(Sent::HasAll) => unsent.push(item.row),
                Some(Sent::Nothing) | None => {
                    self.forget_sent(item.entry);
                    unsent.push(item.row);
                }
            }
        }
        self.mark_unsent(unsent);
    }

    /// Discloses nothing more for a while: the store could not write.
    pub(super) fn wait_for_the_store(&mut self) {
        self.store_retry_at = Some(self.now.plus(STORE_RETRY_MS));
    }

    fn forget_sent(&mut self, entry: EntryId) {
        let own = self.identity.own;
        if let Some(tracked) = self.entries.get_mut(&entry) {
            tracked.sent = None;
            tracked.earlier.late_sent = false;
            tracked.name_again(own);
        }
    }

    /// Builds and sends the frames of one entry if the gate still lets it go and a connection is
    /// up. The facts are those of the commit, so a change that came in between is not sent along.
    fn send_entry(&mut self, item: &Item, content: &EntryContent) -> Sent {
        if !self.is_live() || !self.is_of_the_present(item, content) {
            return Sent::Nothing;
        }
        let Some(mut tracked) = self.entries.get(&item.entry).cloned() else { return Sent::Nothing };
        tracked.record = content.record.clone();
        let Ok(permit) = self.permit(&tracked) else { return Sent::Nothing };
        let grants: BTreeSet<GrantId> = permit
            .grounds()
            .iter()
            .map(|ground| ground.grant)
            .filter(|grant| item.grants.contains(grant) || planted!("grant-not-asked-again"))
            .filter(|grant| tracked.record.owner != self.identity.own || self.is_handed(*grant))
            .collect();
        if grants.is_empty() {
            return Sent::Nothing;
        }
        let frames = if tracked.record.owner == self.identity.own {
            self.owner_frames(&tracked, content, &grants)
        } else {
            let known = tracked.acknowledged.as_ref().filter(|_| !tracked.announce_again);
            let mut frames = self.late_frames(content);
            frames.extend(changes_frames(content, changes_beyond(&content.changes, known)));
            frames
        };
        let Some(first) = frames.first() else { return Sent::HasAll };
        if !self.understands(first.kind()) {
            return Sent::Nothing;
        }
        if tracked.record.owner == self.identity.own {
            self.send_grants_first(&grants);
            self.note_row(item.entry, item.row, content.record.facts.generation);
        }
        self.note_sent(item.entry, content, grants);
        let mut rows = vec![item.row];
        frames.into_iter().for_each(|frame| self.send_resting_on(frame, std::mem::take(&mut rows)));
        Sent::Frames
    }

    /// Whether the entry has the generation still that the row names. One that it has left by now
    /// is not sent: the next one stands in line.
    fn is_of_the_present(&mut self, item: &Item, content: &EntryContent) -> bool {
        self.take_record(content.record.clone());
        let (own, partner) = (self.identity.own, self.identity.partner);
        if let Some(tracked) = self.entries.get_mut(&item.entry).filter(|one| one.record.owner == own) {
            // A row whose frame never left makes nobody a holder, though a generation that another
            // partner holds is kept: only what was sent here counts (law 5).
            let held = content.earlier.iter().filter(|one| one.held_by.contains(&partner));
            let held: BTreeSet<_> = held.map(|one| one.generation).collect();
            tracked.earlier.kept.retain(|generation| held.contains(generation));
        }
        let generation = self.entries.get(&item.entry).map(Tracked::generation);
        let is_present =
            generation == Some(item.generation) && content.record.facts.generation == item.generation;
        if !is_present {
            self.pending.insert(item.entry);
        }
        is_present
    }

    /// What the present generation holds of earlier ones that the partner may hold; then an
    /// announcement when the partner lacks the entry, its grants or its answer, else changes.
    fn owner_frames(
        &self,
        tracked: &Tracked,
        content: &EntryContent,
        grants: &BTreeSet<GrantId>,
    ) -> Vec<Frame> {
        let is_known = tracked.held.generation == Some(content.record.facts.generation)
            && tracked.acknowledged.is_some()
            && tracked.announced == *grants
            && tracked.answers.is_none()
            && !tracked.announce_again;
        let mut frames = self.carried_frames(tracked, content);
        if is_known {
            let beyond = changes_beyond(&content.changes, tracked.acknowledged.as_ref());
            frames.extend(changes_frames(content, beyond));
            return frames;
        }
        let mut parts =
            parts(content.changes.iter().map(CheckedChange::change).cloned().collect()).into_iter();
        let announce = announcement(self, tracked, content, grants, parts.next().unwrap_or_default());
        let rest = parts.map(|changes| changes_frame(content, changes));
        frames.extend(std::iter::once(Frame::Announce(Box::new(announce))).chain(rest));
        frames
    }

    fn note_sent(&mut self, entry: EntryId, content: &EntryContent, grants: BTreeSet<GrantId>) {
        let Some(tracked) = self.entries.get_mut(&entry) else { return };
        self.in_flight.entry(entry).or_default().extend(grants.iter().copied());
        if tracked.record.facts.generation == content.record.facts.generation
            && tracked.record.facts.changes > content.record.facts.changes
        {
            self.pending.insert(entry);
        } else {
            tracked.record = content.record.clone();
        }
        tracked.sent = Some(content.record.heads.clone());
        tracked.announce_again = false;
        if tracked.record.owner == self.identity.own {
            tracked.held.generation = Some(content.record.facts.generation);
            tracked.put_on_the_line(content.record.facts.generation);
            tracked.announced = grants;
            tracked.answers = None;
        }
    }

    /// The partner has changes durably. If both were believed to be in step and it has others,
    /// this side is behind and asks for the whole entry.
    pub(super) fn acknowledge_frame(&mut self, body: Acknowledge) {
        self.shows_that_it_holds(body.entry, body.generation);
        let heads = crate::entry::Heads::new(body.heads);
        let partner = self.identity.partner;
        let was_disclosed =
            |tracked: &&mut Tracked| tracked.record.owner == partner || tracked.held.generation.is_some();
        let Some(tracked) = self.entries.get_mut(&body.entry).filter(was_disclosed) else {
            self.ask_for(body.entry, body.generation);
            return;
        };
        if tracked.generation() != body.generation {
            return;
        }
        if tracked.acknowledged.as_ref() == Some(&heads) {
            if tracked.sent.as_ref() == Some(&heads) {
                self.arrived(body.entry);
            }
            return;
        }
        let in_step = tracked.acknowledged.as_ref() == Some(&tracked.record.heads);
        if in_step {
            let generation = body.generation;
            return self.send(Frame::Resend(Resend { entry: body.entry, generation }));
        }
        let has_arrived = tracked.sent.as_ref() == Some(&heads);
        let heads = if tracked.record.owner == partner { tracked.in_both(&heads) } else { heads };
        tracked.acknowledged = Some(heads.clone());
        if has_arrived {
            self.arrived(body.entry);
        }
        self.rows_on_the_way.remove(&body.entry);
        let write = Write::Acknowledged { partner, entry: body.entry, generation: body.generation, heads };
        self.write(write, Work::Nothing);
    }

    /// The partner names a generation of an entry, which it can have from a frame alone: what
    /// waited for a sign of that may go.
    pub(super) fn shows_that_it_holds(&mut self, entry: EntryId, generation: GenerationId) {
        let own = self.identity.own;
        let may_hold = |tracked: &&mut Tracked| tracked.record.owner == own && tracked.may_hold(generation);
        let Some(tracked) = self.entries.get_mut(&entry).filter(may_hold) else { return };
        if tracked.show(generation) {
            tracked.earlier.names |= tracked.earlier.kept.contains(&generation);
            self.pending.insert(entry);
        }
    }

    /// An entry of this node has new changes, or is new.
    pub(super) fn entry_committed(&mut self, record: crate::transaction::EntryRecord) {
        let entry = record.facts.entry;
        let owner = record.owner;
        if owner != self.identity.own && owner != self.identity.partner {
            return;
        }
        // What was mended meanwhile is read anew when the session starts: what the partner holds of
        // it is not known before.
        if self.unreadable.contains_key(&entry) {
            return;
        }
        let begun = (record.genesis, record.facts.generation);
        match self.entries.entry(entry) {
            // What came over this link is known until an order erases it.
            std::collections::btree_map::Entry::Vacant(_) if owner != self.identity.own => return,
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(Tracked::new(record));
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                place.get_mut().earlier.late_sent = false;
                self.take_record(record);
            }
        }
        self.geneses.insert(begun.0, (entry, begun.1));
        self.pending.insert(entry);
    }

    /// Takes over what the store says of an entry, unless more is known by now. A partner that
    /// holds the generation which the entry leaves may still send changes of it.
    pub(super) fn take_record(&mut self, record: crate::transaction::EntryRecord) {
        let (own, entry) = (self.identity.own, record.facts.entry);
        let Some(tracked) = self.entries.get_mut(&entry) else { return };
        let before = tracked.generation();
        let is_older =
            before == record.facts.generation && tracked.record.facts.changes > record.facts.changes;
        if is_older || !tracked.take(record) {
            return;
        }
        let was_held = tracked.record.owner == own && tracked.held.generation == Some(before);
        if was_held && tracked.generation() != before {
            tracked.earlier.kept.insert(before);
            self.note_unshown(entry);
        }
    }
}

fn announcement(
    session: &Session,
    tracked: &Tracked,
    content: &EntryContent,
    grants: &BTreeSet<GrantId>,
    changes: Vec<Change>,
) -> Announce {
    let record = &content.record;
    let facts = &record.facts;
    let partner = session.identity.partner;
    let theirs =
        |service: &crate::municipality::Service| (service.host == partner).then(|| service.code.clone());
    Announce {
        grants: grants.clone(),
        case: facts.case,
        entry: facts.entry,
        generation: facts.generation,
        schema: record.schema,
        kind: facts.kind,
        areas: facts.areas.clone(),
        about: if planted!("about-not-told") { [About::Subject].into() } else { facts.about.clone() },
        only_for: facts.only_for.as_ref().and_then(|only| theirs(&only.service)),
        written_by_yours: facts.written_by.as_ref().and_then(theirs),
        genesis: record.genesis,
        answers: tracked.answers,
        changes,
    }
}

fn changes_frames(content: &EntryContent, changes: Vec<CheckedChange>) -> Vec<Frame> {
    let changes = changes.iter().map(CheckedChange::change).cloned().collect();
    parts(changes).into_iter().map(|part| changes_frame(content, part)).collect()
}

fn changes_frame(content: &EntryContent, changes: Vec<Change>) -> Frame {
    let facts = &content.record.facts;
    Frame::Changes(Changes { entry: facts.entry, generation: facts.generation, changes })
}

/// Splits changes so that each part fits in a frame.
pub(super) fn parts(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let mut parts: Vec<Vec<Change>> = Vec::new();
    let mut bytes = usize::MAX;
    for change in changes {
        let size = encode_change(&change).map_or(CHANGES_BYTES_MAX, |encoded| encoded.len());
        bytes = bytes.saturating_add(size);
        match parts.last_mut() {
            Some(last) if bytes <= CHANGES_BYTES_MAX => last.push(change),
            _ => {
                bytes = size;
                parts.push(vec![change]);
            }
        }
    }
    parts
}
