//! Entries and changes that come from the partner: checked, stored, then acknowledged.
//!
//! One entry is worked on at a time; what comes for it meanwhile waits in line. A genesis is
//! checked alone; every other change against the document it belongs to, read from the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::history::heads_with;
use super::output::Alarm;
use super::share::bytes_of;
use super::snapshot::Tracked;
use super::{Session, Work};
use crate::access::{Denial, EntryFacts, OnlyFor, Question, permit_change};
use crate::agreement::{Agreement, Standing};
use crate::entry::check::{ChangeRefusal, CheckedChange, check_genesis};
use crate::entry::operation::Change;
use crate::entry::{Accepted, Actor, EntryDocument, EntryKind, Side};
use crate::grant::ReceivedGrant;
use crate::id::{EntryId, GenerationId, GrantId};
use crate::limits::CARRY_ATTEMPTS_MAX;
use crate::municipality::{OrganisationNumber, Service};
use crate::planted::planted;
use crate::transaction::{Committed, EntryContent, EntryRecord, EntryState, Fault, Transaction, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Acknowledge, Announce, Carried, Changes, Frame, Resend};

/// Frames about one entry that wait for the one before.
const WAITING_MAX: usize = 64;
/// Unknown entries that are asked for on one connection.
const ASKED_FOR_MAX: usize = 10_000;

/// A frame about an entry, in its turn.
#[derive(Debug)]
pub(super) enum Incoming {
    Announce(Box<Announce>),
    Changes(Box<Checking>),
    Carried(Carried),
}

impl Incoming {
    fn kind(&self) -> u16 {
        match self {
            Self::Announce(_) => 3,
            Self::Changes(_) => 4,
            Self::Carried(_) => 17,
        }
    }
}

/// Changes that wait for the document that they belong to.
#[derive(Debug, Clone)]
pub(super) struct Checking {
    pub(super) body: Changes,
    /// Drawn for the frame.
    pub(super) random: [u8; 32],
    /// How often the entry had changed when they were to be stored.
    pub(super) attempt: u32,
}

/// What was stored and is now to be acknowledged.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) entry: EntryId,
    generation: GenerationId,
    pub(super) changes: Vec<CheckedChange>,
    answered: Option<crate::id::ProposalId>,
    /// Earlier generations that were erased with it.
    pub(super) let_go: Vec<GenerationId>,
    /// What is checked anew if the entry has changed meanwhile.
    again: Option<Checking>,
}

impl Session {
    /// The partner hands over an entry of a case that it owns.
    pub(super) fn announce_frame(&mut self, body: Announce) {
        self.arrive(body.entry, Incoming::Announce(Box::new(body)));
    }

    /// The partner sends changes of an entry of either side.
    pub(super) fn changes_frame(&mut self, body: Changes, random: [u8; 32]) {
        self.shows_that_it_holds(body.entry, body.generation);
        self.arrive(body.entry, Incoming::Changes(Box::new(Checking { body, random, attempt: 0 })));
    }

    /// The partner names what its entry's present generation holds of an earlier one.
    pub(super) fn carried_frame(&mut self, body: Carried) {
        self.arrive(body.entry, Incoming::Carried(body));
    }

    fn arrive(&mut self, entry: EntryId, incoming: Incoming) {
        if let Some(line) = self.arriving.get_mut(&entry) {
            if line.len() >= WAITING_MAX {
                let kind = incoming.kind();
                return self.offence(kind, ErrorCode::TooMuch);
            }
            line.push_back(incoming);
            return;
        }
        self.take_up(entry, incoming);
    }

    fn take_up(&mut self, entry: EntryId, incoming: Incoming) {
        if self.unreadable.contains_key(&entry) {
            return self.not_read(entry, incoming);
        }
        let is_own =
            self.entries.get(&entry).is_some_and(|tracked| tracked.record.owner == self.identity.own);
        match incoming {
            // The same answer as for an entry that is not here at all (law 5).
            Incoming::Announce(_) if is_own => self.refuse(3, ErrorCode::NotShared),
            Incoming::Announce(body) if !self.entries.contains_key(&entry) => self.first_announce(*body),
            Incoming::Announce(body) => self.further_announce(*body),
            Incoming::Changes(checking) => self.further_changes(*checking),
            Incoming::Carried(body) => self.take_carried(body),
        }
    }

    /// Goes on with what waits for an entry.
    pub(super) fn next_in_line(&mut self, entry: EntryId) {
        let Some(mut line) = self.arriving.remove(&entry) else { return };
        let Some(next) = line.pop_front() else { return };
        self.take_up(entry, next);
        if line.is_empty() {
            return;
        }
        match self.arriving.get_mut(&entry) {
            Some(waiting) => waiting.extend(line),
            None => line.into_iter().for_each(|incoming| self.arrive(entry, incoming)),
        }
    }

    /// The grants under which an announced entry may be stored here: named by the owner, held,
    /// counting, and covering it.
    pub(super) fn accepted_grants(&self, body: &Announce) -> Result<BTreeSet<GrantId>, Denial> {
        let agreement = self.may_receive()?;
        if !body.areas.is_subset(&agreement.areas) {
            return Err(Denial::OutsideAgreement);
        }
        if body.about.is_empty() {
            return Err(Denial::AboutAnother);
        }
        let covers = |received: &&ReceivedGrant| {
            body.grants.contains(&received.grant.grant)
                && received.counts(self.now)
                && received.grant.covers(body.kind, &body.areas)
        };
        let named = self.received.get(&body.case).map_or(&[][..], Vec::as_slice);
        let covering: Vec<_> = named.iter().filter(covers).collect();
        let for_a_service = body
            .only_for
            .as_ref()
            .is_none_or(|only| covering.iter().any(|received| received.grant.service == *only));
        let is_card = body.kind == EntryKind::CaseCard;
        if covering.is_empty() || !for_a_service || is_card != body.only_for.is_some() {
            return Err(Denial::NoConsent);
        }
        Ok(covering.iter().map(|received| received.grant.grant).collect())
    }

    /// Whether the partner may hand anything over at this moment.
    pub(super) fn may_receive(&self) -> Result<&Agreement, Denial> {
        match self.standing {
            Standing::Sealed => return Err(Denial::Sealed),
            Standing::Revoked => return Err(Denial::NoAgreement),
            Standing::Trusted | Standing::ReceiptOverdue => {}
        }
        self.agreement.as_ref().filter(|agreement| agreement.holds(self.now)).ok_or(Denial::NoAgreement)
    }

    /// Whether the partner may go on handing over an entry that is here: one of the grants that
    /// it is held under still counts.
    pub(super) fn may_receive_entry(&self, tracked: &Tracked) -> Result<(), Denial> {
        self.may_receive()?;
        let record = &tracked.record;
        let counts = |received: &ReceivedGrant| {
            received.counts(self.now) && record.under.contains(&received.grant.grant)
        };
        let received = self.received.get(&record.facts.case);
        let is_open = received.is_some_and(|received| received.iter().any(counts));
        if is_open { Ok(()) } else { Err(Denial::NoConsent) }
    }

    fn first_announce(&mut self, body: Announce) {
        let Ok(under) = self.accepted_grants(&body) else { return self.refuse(3, ErrorCode::NotShared) };
        if self.is_moved(body.genesis, Some(body.entry), Some(body.generation)) {
            return self.bad_change(3, ChangeRefusal::NotGenesis);
        }
        if !self.has_share_for_entry(bytes_of(&body.changes)) {
            return self.share_is_used(3);
        }
        match self.new_entry_writes(&body, under) {
            Ok((record, arrival, writes)) => {
                self.track_received(body.entry, Tracked::new(record).costing_an_entry());
                self.arriving.insert(body.entry, VecDeque::new());
                #[cfg(planted)]
                if planted!("acknowledged-before-stored") {
                    self.acknowledge_early(&body);
                }
                self.commit(Transaction::of(writes), Work::Stored(Box::new(arrival)));
            }
            Err(refusal) => self.bad_change(3, refusal),
        }
    }

    pub(super) fn new_entry_writes(
        &self,
        body: &Announce,
        under: BTreeSet<GrantId>,
    ) -> Result<(EntryRecord, Arrival, Vec<Write>), ChangeRefusal> {
        let (own, partner) = (self.identity.own, self.identity.partner);
        // The owner may have forgotten which proposal it answers; the genesis is the proposal's own.
        let answered = self.proposals.values().find(|waiting| {
            waiting.proposal.change.hash() == body.genesis && waiting.proposal.case == body.case
        });
        let mut changes = body.changes.iter();
        let first = changes.next().ok_or(ChangeRefusal::Empty)?;
        let genesis = check_genesis(body.kind, body.schema, first.clone(), body.genesis)?;
        let mut checked = vec![genesis];
        let rest: Vec<_> = changes.cloned().collect();
        if !rest.is_empty() {
            let mut document = EntryDocument::open(body.kind, self.scratch_actor(body.entry), &checked)?;
            checked.extend(accept_all(&mut document, rest, Side::Owner)?);
        }
        let written_by = body.written_by_yours.clone().map(|code| Service { host: own, code });
        let facts = EntryFacts {
            entry: body.entry,
            case: body.case,
            kind: body.kind,
            areas: body.areas.clone(),
            about: body.about.clone(),
            written_by,
            only_for: body
                .only_for
                .clone()
                .map(|code| OnlyFor { service: Service { host: own, code }, consent: None }),
            hidden_from_guardians: false,
            generation: body.generation,
            changes: u32::try_from(checked.len()).unwrap_or(u32::MAX),
        };
        let record = EntryRecord {
            facts,
            owner: partner,
            schema: body.schema,
            genesis: body.genesis,
            heads: heads_with(None, &checked),
            under,
            state: EntryState::Live,
            author: answered.map(|waiting| waiting.proposal.author),
            stored_at: self.now,
            changed_at: self.now,
        };
        let origin = |index: usize| if index == 0 && answered.is_some() { own } else { partner };
        let mut writes = vec![Write::Entry(record.clone())];
        writes.extend(checked.iter().enumerate().map(|(index, change)| Write::Change {
            entry: body.entry,
            generation: body.generation,
            change: change.clone(),
            origin: origin(index),
            at: self.now,
        }));
        writes.extend(answered.map(|waiting| Write::ProposalAnswered(waiting.proposal.id)));
        let arrival = Arrival {
            entry: body.entry,
            generation: body.generation,
            changes: checked,
            answered: answered.map(|waiting| waiting.proposal.id),
            let_go: Vec::new(),
            again: None,
        };
        Ok((record, arrival, writes))
    }

    /// An entry that is here is announced again: its grants, or a new generation of it.
    fn further_announce(&mut self, body: Announce) {
        let Some(tracked) = self.entries.get(&body.entry) else { return };
        let facts = &tracked.record.facts;
        let is_same = tracked.record.owner == self.identity.partner
            && facts.case == body.case
            && facts.kind == body.kind
            && facts.areas == body.areas
            && facts.about == body.about;
        if !is_same {
            return self.offence(3, ErrorCode::BadChange);
        }
        let Ok(under) = self.accepted_grants(&body) else { return self.refuse(3, ErrorCode::NotShared) };
        if facts.generation != body.generation || tracked.record.state != EntryState::Live {
            return self.new_generation(body);
        }
        if tracked.record.genesis != body.genesis {
            return self.bad_change(3, ChangeRefusal::HashMismatch);
        }
        if tracked.record.under != under {
            if let Some(tracked) = self.entries.get_mut(&body.entry) {
                tracked.record.under.clone_from(&under);
            }
            self.write(Write::Under { entry: body.entry, under }, Work::Nothing);
        }
        let Announce { entry, generation, changes, .. } = body;
        // What is here already costs nothing more.
        let bytes = self.entries.get(&entry).map_or(0, |tracked| tracked.bytes);
        if !self.has_share_for(bytes_of(&changes).saturating_sub(bytes)) {
            return self.share_is_used(3);
        }
        let body = Changes { entry, generation, changes };
        self.check_against_store(Checking { body, random: [0; 32], attempt: 0 });
    }

    fn further_changes(&mut self, checking: Checking) {
        let body = &checking.body;
        let Some(tracked) = self.entries.get(&body.entry) else {
            return self.lacking(body.entry, body.generation);
        };
        if tracked.record.owner == self.identity.own && self.may_change(tracked).is_err() {
            return self.lacking(body.entry, body.generation);
        }
        let is_received = tracked.record.owner == self.identity.partner;
        if !is_received && planted!("edit-of-a-partner-dropped") {
            return;
        }
        let may_come = !is_received || self.may_receive_entry(tracked).is_ok();
        if tracked.record.state != EntryState::Live || !may_come {
            return self.refuse(4, ErrorCode::NotShared);
        }
        if is_received && tracked.generation() != body.generation {
            return self.refuse(4, ErrorCode::NotNow);
        }
        if is_received && !self.has_share_for(bytes_of(&body.changes)) {
            return self.share_is_used(4);
        }
        self.check_against_store(checking);
    }

    /// A node that holds grants of the partner's asks for the entry from its beginning, once on
    /// each connection; any other says no more than that the entry is not shared. Whether an own
    /// entry of that id exists makes no difference (law 5).
    pub(super) fn lacking(&mut self, entry: EntryId, generation: GenerationId) {
        if !self.ask_for(entry, generation) {
            self.refuse(4, ErrorCode::NotShared);
        }
    }

    /// Asks for an entry that the partner speaks of; whether it was asked for.
    pub(super) fn ask_for(&mut self, entry: EntryId, generation: GenerationId) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        let may_ask = !self.received.is_empty()
            && connection.asked_for.len() < ASKED_FOR_MAX
            && connection.asked_for.insert(entry);
        if may_ask {
            self.send(Frame::Resend(Resend { entry, generation }));
        }
        may_ask
    }

    fn may_change(&self, tracked: &Tracked) -> Result<crate::access::Ground, Denial> {
        let ledger = self.cases.get(&tracked.record.facts.case).ok_or(Denial::Unknown)?;
        permit_change(&Question {
            ledger,
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            entry: &tracked.record.facts,
            held: tracked.held_with(self.recall_waits(tracked.record.facts.entry)),
            now: self.now,
        })
    }

    fn check_against_store(&mut self, checking: Checking) {
        let entry = checking.body.entry;
        self.arriving.insert(entry, VecDeque::new());
        let transaction = Transaction { writes: Vec::new(), reads: vec![entry] };
        self.commit(transaction, Work::Check(Box::new(checking)));
    }

    /// The document that changes belong to was read: checks them against it, if the sharing has
    /// not ended meanwhile (law 13).
    pub(super) fn loaded(&mut self, checking: Checking, outcome: Result<Committed, Fault>) {
        let body = &checking.body;
        let (entry, generation) = (body.entry, body.generation);
        let is_own = |tracked: &&Tracked| tracked.record.owner == self.identity.own;
        let may_not =
            self.entries.get(&entry).filter(is_own).is_some_and(|own| self.may_change(own).is_err());
        if may_not && !planted!("change-after-the-end") {
            self.lacking(entry, generation);
            return self.next_in_line(entry);
        }
        let is_received = |tracked: &&Tracked| tracked.record.owner == self.identity.partner;
        let received = self.entries.get(&entry).filter(is_received);
        if received.is_some_and(|received| self.may_receive_entry(received).is_err()) {
            self.refuse(4, ErrorCode::NotShared);
            return self.next_in_line(entry);
        }
        let Ok(committed) = outcome else {
            self.refuse(4, ErrorCode::NotNow);
            return self.next_in_line(entry);
        };
        let content = committed.contents.into_iter().find(|content| content.record.facts.entry == entry);
        let is_late = |content: &EntryContent| {
            content.record.facts.generation != generation
                && content.record.owner == self.identity.own
                && !planted!("old-generation-accepted")
        };
        if let Some(content) = content.as_ref().filter(|content| is_late(content)) {
            return self.late_loaded(content, checking);
        }
        let is_present = |content: &EntryContent| {
            content.record.facts.generation == generation || planted!("old-generation-accepted")
        };
        let Some(content) = content.filter(is_present) else {
            self.refuse(4, ErrorCode::NotNow);
            return self.next_in_line(entry);
        };
        match self.checked(&content, checking.body.changes.clone()) {
            Ok(changes) => self.store_changes(&content, changes, checking),
            Err(ChangeRefusal::UnknownDependency) => {
                self.send(Frame::Resend(Resend { entry, generation }));
                self.next_in_line(entry);
            }
            Err(refusal) => {
                self.bad_change(4, refusal);
                self.next_in_line(entry);
            }
        }
    }

    fn checked(
        &self,
        content: &EntryContent,
        changes: Vec<Change>,
    ) -> Result<Vec<CheckedChange>, ChangeRefusal> {
        let known: BTreeMap<_, _> = content
            .changes
            .iter()
            .map(|change| ((change.change().actor, change.change().seq), change))
            .collect();
        let is_known = |change: &Change| {
            known.get(&(change.actor, change.seq)).is_some_and(|stored| stored.change() == change)
        };
        let unknown: Vec<_> = changes.into_iter().filter(|change| !is_known(change)).collect();
        if unknown.is_empty() {
            return Ok(Vec::new());
        }
        for change in &unknown {
            check_actor(&content.actors, change.actor, self.identity.partner)?;
        }
        let record = &content.record;
        let actor = self.scratch_actor(record.facts.entry);
        let mut document = EntryDocument::open(record.facts.kind, actor, &content.changes)?;
        let side = if record.owner == self.identity.own { Side::Partner } else { Side::Owner };
        accept_all(&mut document, unknown, side)
    }

    fn store_changes(&mut self, content: &EntryContent, changes: Vec<CheckedChange>, checking: Checking) {
        let facts = &content.record.facts;
        let (entry, generation) = (facts.entry, facts.generation);
        if changes.is_empty() {
            self.acknowledge(&content.record);
            // Perhaps under a new grant, which lets own writing go that the last one did not.
            self.pending.insert(entry);
            return self.next_in_line(entry);
        }
        #[cfg(planted)]
        if planted!("acknowledged-and-dropped") && content.record.owner == self.identity.own {
            let heads = heads_with(Some(&content.record.heads), &changes);
            self.acknowledge(&EntryRecord { heads, ..content.record.clone() });
            return self.next_in_line(entry);
        }
        let write = |change: &CheckedChange| Write::Change {
            entry,
            generation,
            change: change.clone(),
            origin: self.identity.partner,
            at: self.now,
        };
        let mut writes: Vec<Write> = changes.iter().map(write).collect();
        // What was carried must not be shown twice: the late edits go when their changes come.
        let present = content.changes.iter().chain(&changes).map(CheckedChange::hash).collect();
        let (more, let_go) = self.settle_named(content, generation, &present);
        writes.extend(more);
        let arrival = Arrival { entry, generation, changes, answered: None, let_go, again: Some(checking) };
        self.commit(Transaction::of(writes), Work::Stored(Box::new(arrival)));
    }

    /// Changes are durable: says so, and notes that the partner has them. If the entry has changed
    /// since it was read, they are checked anew.
    pub(super) fn stored(&mut self, arrival: Arrival, outcome: Result<Committed, Fault>) {
        let entry = arrival.entry;
        match outcome {
            Ok(committed) => {
                let record = committed.records.into_iter().find(|record| record.facts.entry == entry);
                if let Some(record) = record {
                    self.note_stored(&arrival, record);
                }
                self.let_go(entry, arrival.let_go);
            }
            Err(fault) => {
                // Only a first announcement has nothing to read again.
                let is_first = arrival.again.is_none();
                let again = arrival.again.filter(|again| {
                    matches!(fault, Fault::Moved | Fault::OtherGeneration)
                        && again.attempt < CARRY_ATTEMPTS_MAX
                });
                if let Some(again) = again {
                    return self.read_again(again);
                }
                if is_first {
                    self.untrack_received(entry);
                }
                let code = if fault == Fault::Store { ErrorCode::NotNow } else { ErrorCode::BadChange };
                self.refuse(4, code);
            }
        }
        self.next_in_line(entry);
    }

    fn note_stored(&mut self, arrival: &Arrival, record: EntryRecord) {
        let partner = self.identity.partner;
        let Arrival { entry, generation, changes, answered, .. } = arrival;
        self.received_grew(*entry, bytes_of(changes.iter().map(CheckedChange::change)));
        self.take_record(record.clone());
        let Some(tracked) = self.entries.get_mut(entry) else { return };
        // The entry has left the generation meanwhile: all of it stands in the next one.
        let is_present = tracked.generation() == *generation;
        let heads = heads_with(tracked.acknowledged.as_ref().filter(|_| is_present), changes);
        if is_present {
            tracked.acknowledged = Some(heads.clone());
        }
        // Late edits too: a new grant may let go what the last one did not.
        let own_writing = record.heads != heads || tracked.earlier.has_unsent();
        if let Some(proposal) = answered {
            self.proposals.remove(proposal);
        }
        self.write(
            Write::Acknowledged { partner, entry: *entry, generation: *generation, heads },
            Work::Nothing,
        );
        self.acknowledge(&record);
        if own_writing {
            self.pending.insert(*entry);
        }
    }

    /// What a planted fault does.
    #[cfg(planted)]
    fn acknowledge_early(&mut self, body: &Announce) {
        let Announce { entry, generation, .. } = *body;
        self.send(Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![body.genesis] }));
    }

    fn acknowledge(&mut self, record: &EntryRecord) {
        self.send(Frame::Acknowledge(Acknowledge {
            entry: record.facts.entry,
            generation: record.facts.generation,
            heads: record.heads.iter().copied().collect(),
        }));
    }

    pub(super) fn bad_change(&mut self, kind: u16, refusal: ChangeRefusal) {
        self.alarm(Alarm::BadChange(refusal));
        self.offence(kind, ErrorCode::BadChange);
    }
}

fn accept_all(
    document: &mut EntryDocument,
    changes: Vec<Change>,
    from: Side,
) -> Result<Vec<CheckedChange>, ChangeRefusal> {
    let mut accepted = Vec::new();
    for change in changes {
        if let Accepted::New(checked) = document.accept(change, from)? {
            accepted.push(checked);
        }
    }
    Ok(accepted)
}

/// An actor belongs to the organisation on whose link its first change came (law 10).
fn check_actor(
    actors: &BTreeMap<Actor, OrganisationNumber>,
    actor: Actor,
    origin: OrganisationNumber,
) -> Result<(), ChangeRefusal> {
    match actors.get(&actor) {
        Some(owner) if *owner != origin && !planted!("actor-not-checked") => Err(ChangeRefusal::OwnActor),
        _ => Ok(()),
    }
}
