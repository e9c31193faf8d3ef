//! Comparing what both sides hold, after a connection: range-based set reconciliation.
//!
//! Each side has a set of fingerprints, salted for this connection, of the grants, entries and
//! relations that it believes the other has too; nothing that was never disclosed is among them.
//! An entry's stands for its changes and for the grants that it is held under.
//! Equal sets cost one round trip, however large. The side with the lower organisation number
//! starts, and ends with `Want`; then changes are pushed as they are committed. No cursors.

use std::collections::{BTreeMap, BTreeSet};

use negentropy::{Id, Negentropy, NegentropyStorageVector};
use sha2::{Digest, Sha256};

use super::{Phase, Session};
use crate::id::{EntryId, GrantId, RelationId};
use crate::limits::{
    PARTNER_ENTRIES_MAX, RECONCILE_INTERVAL_MS, RECONCILE_MESSAGE_BYTES_MAX, RECONCILE_ROUNDS_MAX,
};
use crate::time::{SECOND, UnixMillis};
use crate::transaction::{EntryState, Relation};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Acknowledge, Frame, Reconcile, Refused, Want};

/// Milliseconds after which a comparison that does not end is given up.
const GIVE_UP_MS: u64 = 15 * SECOND;
/// Fingerprints in one `Want`; what is over is found the next time.
const WANT_MAX: usize = 7_000;

/// What a fingerprint stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Grant(GrantId),
    Entry(EntryId),
    Relation(RelationId),
}

#[derive(Debug)]
struct Running {
    negentropy: Negentropy<'static, NegentropyStorageVector>,
    fingerprints: BTreeMap<[u8; 32], Held>,
    round: u32,
    have: BTreeSet<[u8; 32]>,
    need: BTreeSet<[u8; 32]>,
}

/// A comparison and when the next may start.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    running: Option<Running>,
    /// What the fingerprints of the comparison that just ended stand for, for a `Want`.
    ended: BTreeMap<[u8; 32], Held>,
    started_at: Option<UnixMillis>,
    wanted: bool,
}

impl Reconciliation {
    pub(super) fn abort(&mut self) {
        self.running = None;
        self.ended.clear();
    }
}

impl Session {
    /// A change of the link's grants ends a running comparison; a new one follows in its time.
    pub(super) fn abort_reconciliation(&mut self) {
        if self.reconciliation.running.is_some() {
            self.give_up_comparing();
        }
    }

    /// A reset loses the messages of a running comparison: a new one follows in its time, and
    /// nobody waits for the end of this one.
    pub(super) fn reconcile_after_reset(&mut self) {
        let has_greeted = self.connection.as_ref().is_some_and(|connection| connection.common_salt.is_some());
        if has_greeted {
            self.give_up_comparing();
        }
    }

    /// The partner lost what it had on the way: the side that starts comparisons starts one in
    /// its time.
    pub(super) fn partner_reset(&mut self) {
        let has_greeted = self.connection.as_ref().is_some_and(|connection| connection.common_salt.is_some());
        if let Some(connection) = &mut self.connection {
            connection.is_want_due = true;
        }
        if !has_greeted || !self.is_lower() {
            return;
        }
        self.abort_reconciliation();
        self.reconciliation.wanted = true;
    }

    /// The other side does not go on with a comparison.
    pub(super) fn refused_frame(&mut self, body: Refused) {
        match (body.kind, body.code) {
            (2, ErrorCode::NotShared) => self.grant_refused(),
            (25, code) => self.uptake_refused(code),
            (2..=4 | 7 | 9, ErrorCode::NotNow) => self.try_again_later(),
            // An order may be on its way that leaves what was written under another grant; or the
            // partner's agreement does not cover yet what this one does.
            (3 | 4, ErrorCode::NotShared) => self.try_again_later(),
            (11, _) if self.is_lower() => self.abort_reconciliation(),
            (12, ErrorCode::NotNow) if self.is_lower() => self.reconciliation.wanted = true,
            _ => {}
        }
    }

    fn give_up_comparing(&mut self) {
        self.reconciliation.abort();
        self.reconciliation.wanted = true;
        self.end_waiting();
    }

    /// Ends the comparison for both sides.
    fn end_waiting(&mut self) {
        if self.is_lower() {
            self.send(Frame::Want(Want { fingerprints: Vec::new() }));
        }
        if self.reconciling_since().is_some() {
            self.go_live();
            self.mark_unsent_entries();
        }
    }

    fn reconciling_since(&self) -> Option<UnixMillis> {
        match self.connection.as_ref()?.phase {
            Phase::Reconciling { since } => Some(since),
            Phase::Greeting { .. } | Phase::Restoring(_) | Phase::Comparing(_) | Phase::Live => None,
        }
    }

    /// When the comparison that runs is given up: it, or the wait for its start, has a bound.
    fn give_up_at(&self) -> Option<UnixMillis> {
        let on_the_way = self.reconciliation.started_at;
        let on_the_way =
            on_the_way.filter(|_| self.is_lower() && self.is_live() && self.reconciliation.running.is_some());
        self.reconciling_since().or(on_the_way).map(|since| since.plus(GIVE_UP_MS))
    }

    fn next_allowed(&self) -> Option<UnixMillis> {
        self.reconciliation.started_at.map(|at| at.plus(RECONCILE_INTERVAL_MS))
    }

    /// When the next comparison starts, if one is wanted.
    fn next_start(&self) -> Option<UnixMillis> {
        let is_due = self.reconciliation.wanted && self.is_lower() && self.is_live();
        let is_free = self.reconciliation.running.is_none();
        (is_due && is_free).then(|| self.next_allowed().unwrap_or(self.now).max(self.now))
    }

    pub(super) fn reconcile_timeout(&self) -> Option<UnixMillis> {
        self.give_up_at().or_else(|| self.next_start())
    }

    pub(super) fn reconcile_on_time(&mut self) {
        if self.give_up_at().is_some_and(|at| at <= self.now) {
            self.give_up_comparing();
        }
        if self.next_start().is_some_and(|at| at <= self.now) {
            self.start_reconciliation();
        }
    }

    /// Starts a comparison, or goes live at once if the last one started within a minute.
    pub(super) fn start_reconciliation(&mut self) {
        if self.next_allowed().is_some_and(|at| self.now < at) {
            self.reconciliation.wanted = true;
            return self.end_waiting();
        }
        self.reconciliation.started_at = Some(self.now);
        self.reconciliation.wanted = false;
        let Some(mut running) = self.inventory() else { return self.end_waiting() };
        let Ok(message) = running.negentropy.initiate() else { return self.end_waiting() };
        self.reconciliation.running = Some(running);
        self.send(Frame::Reconcile(Reconcile { round: 0, message }));
    }

    pub(super) fn reconcile_frame(&mut self, body: &Reconcile) {
        if body.message.len() > RECONCILE_MESSAGE_BYTES_MAX || body.round > RECONCILE_ROUNDS_MAX {
            return self.offence(11, ErrorCode::TooMuch);
        }
        if self.is_lower() { self.reconcile_answer(body) } else { self.reconcile_question(body) }
    }

    /// The other side compares: answers with what differs.
    fn reconcile_question(&mut self, body: &Reconcile) {
        if body.round == 0 {
            let Some(connection) = &mut self.connection else { return };
            let is_first = !std::mem::replace(&mut connection.was_compared, true);
            let started_at = self.reconciliation.started_at;
            let is_soon = started_at.is_some_and(|at| self.now.since(at) < RECONCILE_INTERVAL_MS / 2);
            if is_soon && !is_first {
                return self.offence(11, ErrorCode::TooMuch);
            }
            connection.is_want_due = true;
            self.reconciliation.started_at = Some(self.now);
            self.reconciliation.running = self.inventory();
        }
        let Some(running) = &mut self.reconciliation.running else {
            return self.refuse(11, ErrorCode::NotNow);
        };
        if body.round != running.round {
            self.reconciliation.abort();
            return self.offence(11, ErrorCode::OutOfTurn);
        }
        running.round = running.round.saturating_add(1);
        match running.negentropy.reconcile(&body.message) {
            Ok(message) if message.len() <= RECONCILE_MESSAGE_BYTES_MAX => {
                self.send(Frame::Reconcile(Reconcile { round: body.round, message }));
            }
            _ => {
                self.reconciliation.abort();
                self.offence(11, ErrorCode::TooMuch);
            }
        }
    }

    /// The other side answered: goes on, or ends with what is wanted.
    fn reconcile_answer(&mut self, body: &Reconcile) {
        let Some(running) = &mut self.reconciliation.running else { return };
        if body.round != running.round {
            return self.offence(11, ErrorCode::OutOfTurn);
        }
        running.round = running.round.saturating_add(1);
        let (mut have, mut need) = (Vec::new(), Vec::new());
        let answer = running.negentropy.reconcile_with_ids(&body.message, &mut have, &mut need);
        running.have.extend(have.iter().map(|id: &Id| id.to_bytes()));
        running.need.extend(need.iter().map(|id: &Id| id.to_bytes()));
        let found = running.have.len().saturating_add(running.need.len());
        let too_many = u64::try_from(found).unwrap_or(u64::MAX) > PARTNER_ENTRIES_MAX.saturating_mul(3);
        let round = running.round;
        match answer {
            Ok(Some(message)) if round < RECONCILE_ROUNDS_MAX && !too_many => {
                self.send(Frame::Reconcile(Reconcile { round, message }));
            }
            Ok(Some(_)) => self.end_reconciliation(true),
            Ok(None) => self.end_reconciliation(false),
            Err(_) => {
                self.offence(11, ErrorCode::BadChange);
                self.end_reconciliation(true);
            }
        }
    }

    fn end_reconciliation(&mut self, again: bool) {
        let Some(running) = self.reconciliation.running.take() else { return };
        self.reconciliation.wanted = again || running.need.len() > WANT_MAX;
        let fingerprints = running.need.into_iter().take(WANT_MAX).collect();
        self.send(Frame::Want(Want { fingerprints }));
        let have = running.have.iter().filter_map(|fingerprint| running.fingerprints.get(fingerprint));
        let have: BTreeSet<Held> = have.copied().collect();
        self.go_live();
        self.differ(&have);
        self.mark_unsent_entries();
    }

    /// The other side's last word: what it lacks.
    pub(super) fn want_frame(&mut self, body: &Want) {
        let is_lower = self.is_lower();
        let Some(connection) = &mut self.connection else { return };
        let was_due = std::mem::replace(&mut connection.is_want_due, false);
        if is_lower || (!was_due && !body.fingerprints.is_empty()) {
            return self.offence(12, ErrorCode::OutOfTurn);
        }
        // After a reset the other side does not know whether its last word arrived.
        if !was_due {
            return;
        }
        if let Some(running) = self.reconciliation.running.take() {
            self.reconciliation.ended = running.fingerprints;
        }
        let ended = std::mem::take(&mut self.reconciliation.ended);
        if ended.is_empty() && !body.fingerprints.is_empty() {
            // What they stood for went with a comparison that a grant's end has broken off here.
            self.refuse(12, ErrorCode::NotNow);
        }
        self.go_live();
        let wanted: BTreeSet<Held> =
            body.fingerprints.iter().filter_map(|fingerprint| ended.get(fingerprint)).copied().collect();
        self.differ(&wanted);
        self.mark_unsent_entries();
    }

    /// The other side lacks these or has them otherwise; grants go before what goes under them.
    fn differ(&mut self, all: &BTreeSet<Held>) {
        for held in all {
            if let Held::Grant(grant) = held
                && let Some(issued) = self.issued.get_mut(grant)
            {
                issued.stored = false;
                issued.sent = false;
            }
        }
        self.pump_grants();
        for held in all {
            match held {
                Held::Grant(_) => {}
                Held::Relation(relation) => self.relation_differs(*relation),
                Held::Entry(entry) => self.entry_differs(*entry),
            }
        }
    }

    fn relation_differs(&mut self, relation: RelationId) {
        let own = self.identity.own;
        let tracked = self.relations.get_mut(&relation).filter(|tracked| tracked.relation.owner == own);
        if let Some(tracked) = tracked {
            tracked.stored = false;
            tracked.sent = false;
        }
    }

    /// The owner announces its entry again: the partner may lack changes, grants or all of it. The
    /// partner's node says what it has, and an owner that is behind asks for it.
    fn entry_differs(&mut self, entry: EntryId) {
        let own = self.identity.own;
        let Some(tracked) = self.entries.get_mut(&entry) else { return };
        if tracked.record.owner == own {
            tracked.announce_again = true;
            self.pending.insert(entry);
            return;
        }
        let Some(tracked) = self.entries.get(&entry) else { return };
        let goes_on = tracked.acknowledged.as_ref() != Some(&tracked.record.heads);
        if goes_on && self.permit(tracked).is_ok() {
            self.pending.insert(entry);
            return;
        }
        // A reader says what it has as it did when that came: the owner may not know (law 7). One that
        // stopped before it could say so names the generation alone, and gets all of it.
        // What is being stored is acknowledged when it is.
        if self.may_receive_entry(tracked).is_ok() && !self.arriving.contains_key(&entry) {
            let heads = tracked.acknowledged.clone().unwrap_or_default();
            let (generation, heads) = (tracked.generation(), heads.iter().copied().collect());
            self.send(Frame::Acknowledge(Acknowledge { entry, generation, heads }));
        }
    }

    /// What this side believes that both hold, asked of the gate at this moment.
    fn inventory(&self) -> Option<Running> {
        let salt = self.connection.as_ref()?.common_salt?;
        let mut fingerprints = BTreeMap::new();
        let counts = |issued: &super::IssuedState| issued.stored && issued.grant.statement().counts(self.now);
        let issued = self.issued.iter().filter(|(_, issued)| counts(issued)).map(|(grant, _)| grant);
        let received = self.received.values().flatten().filter(|received| received.counts(self.now));
        for grant in issued.chain(received.map(|received| &received.grant.grant)) {
            fingerprints.insert(fingerprint(&salt, b'g', &[grant.as_bytes()]), Held::Grant(*grant));
        }
        let mut shared = BTreeSet::new();
        for (entry, tracked) in &self.entries {
            let Some(grants) = self.shared_under(tracked) else { continue };
            let record = &tracked.record;
            let mut parts: Vec<&[u8]> = vec![entry.as_bytes(), record.facts.generation.as_bytes()];
            parts.extend(record.heads.iter().map(|head| head.0.as_slice()));
            parts.extend(grants.iter().map(|grant| grant.as_bytes().as_slice()));
            fingerprints.insert(fingerprint(&salt, b'e', &parts), Held::Entry(*entry));
            shared.insert(*entry);
        }
        for (id, tracked) in self.relations.iter().filter(|(_, tracked)| tracked.stored) {
            let Relation { from, to, .. } = tracked.relation;
            if shared.contains(&from) && shared.contains(&to) {
                fingerprints.insert(fingerprint(&salt, b'r', &[id.as_bytes()]), Held::Relation(*id));
            }
        }
        let mut storage = NegentropyStorageVector::with_capacity(fingerprints.len());
        for fingerprint in fingerprints.keys() {
            storage.insert(0, Id::from_byte_array(*fingerprint)).ok()?;
        }
        storage.seal().ok()?;
        let limit = u64::try_from(RECONCILE_MESSAGE_BYTES_MAX).ok()?;
        let negentropy = Negentropy::owned(storage, limit).ok()?;
        Some(Running { negentropy, fingerprints, round: 0, have: BTreeSet::new(), need: BTreeSet::new() })
    }

    /// The grants under which both sides hold an entry, if they do: for an own one those that the
    /// gate finds now, for a received one those that its owner named and that still count.
    fn shared_under(&self, tracked: &super::snapshot::Tracked) -> Option<BTreeSet<GrantId>> {
        if tracked.record.state != EntryState::Live {
            return None;
        }
        if tracked.record.owner == self.identity.own {
            let is_there =
                tracked.held.generation == Some(tracked.generation()) && tracked.acknowledged.is_some();
            let permit = is_there.then(|| self.permit(tracked).ok()).flatten()?;
            // One that was not handed over is known to this side alone.
            let grants = permit.grounds().iter().map(|ground| ground.grant);
            let grants: BTreeSet<_> = grants.filter(|grant| self.is_handed(*grant)).collect();
            return (!grants.is_empty()).then_some(grants);
        }
        let received = self.received.get(&tracked.record.facts.case)?;
        let counting = received.iter().filter(|received| received.counts(self.now));
        let named = counting.map(|received| received.grant.grant);
        let named: BTreeSet<_> = named.filter(|grant| tracked.record.under.contains(grant)).collect();
        (!named.is_empty()).then_some(named)
    }
}

fn fingerprint(salt: &[u8; 64], sort: u8, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update([sort]);
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}
