//! What must hold at rest: everything healed, every node open, nobody lying any more.

use std::collections::BTreeSet;

use stafett_protocol::agreement::Standing;
use stafett_protocol::consent::ConsentStatus;
use stafett_protocol::entry::{EntryView, FieldKey};
use stafett_protocol::id::EntryId;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::link::output::Alarm;
use stafett_protocol::time::{MINUTE, SECOND};
use stafett_protocol::transaction::{EntryState, ProposalState};

use super::apply::{HOLDER, person_id};
use super::facts::{CARD, EntryFacts, Stands};
use super::operation::{Key, NodeAt, Person, Terms};
use super::oracle::Oracle;
use super::run::Run;
use super::state::State;

/// Milliseconds at most that a commit takes once everything is healed.
const COMMIT_MAX_AT_REST: u64 = 400;

impl Run {
    /// Looks, after each operation, at what must hold at every moment.
    pub(super) fn look(&mut self) {
        let now = self.world.now();
        for (case, (holder, _)) in self.oracle.batons.clone() {
            let at = self.cases[&case];
            let ledger = self.world.node(at.owner).store.ledgers.get(&at.case);
            let is_restored = self.was_restored(self.place(at.owner));
            let other = ledger.and_then(|ledger| ledger.baton().own_holder()).filter(|one| *one != holder);
            if let Some(other) = other.filter(|_| !is_restored) {
                let seen = format!("{other} holds the baton of case {case}, and it is with {holder}");
                self.violated("one baton, given by offer and acceptance", seen);
            }
        }
        self.look_for_what_is_shown_after_its_end();
        for (consent, one) in &self.facts.consents {
            let partner = one.service.0;
            let owner = self.facts.cases[&one.case].owner;
            let was_held = one.until <= now && now.since(one.until) < 10 * SECOND;
            if was_held && owner != partner && self.facts.completed_at(*consent).is_some() {
                let (own, other) = (self.number(owner), self.number(partner));
                if self.world.has_link(own, other) {
                    let is_live = self.world.is_live(own, other);
                    let state = if is_live { State::ExpiredWhileLive } else { State::ExpiredWhileCut };
                    self.oracle.states.insert(state);
                }
            }
            if self.facts.stands(*consent, now) == Stands::Pauses
                && self.facts.cases[&one.case].youth_at.is_some_and(|at| at <= now)
            {
                self.oracle.states.insert(State::PausedAtBirthday);
            }
        }
    }

    /// A partner hides by itself what no consent reaches any longer by its time.
    fn look_for_what_is_shown_after_its_end(&mut self) {
        let now = self.world.now();
        let mut shown = Vec::new();
        for (entry, facts) in &self.facts.entries {
            let reaching = |partner: NodeAt| {
                let mut consents = self.facts.consents.iter();
                consents.any(|(key, one)| {
                    one.service.0 == partner && one.until > now && self.facts.covers_once(*key, facts)
                })
            };
            for partner in (0..self.settings.nodes).filter(|one| *one != facts.owner) {
                let is_over = !reaching(partner) && self.settings.liar != Some(facts.owner);
                if is_over && self.world.view(self.number(partner), *entry).is_some() {
                    shown.push(format!("node {partner} shows {entry} after the end of every consent"));
                }
            }
        }
        shown.into_iter().for_each(|seen| self.violated("a partner hides what is over by itself", seen));
    }

    /// Heals everything, lets the nodes come to rest, and looks.
    pub(super) fn settle(&mut self) {
        self.world.stop_nobody();
        self.world.heal_all();
        self.world.faults.lost = 0;
        self.world.faults.late = 0;
        self.world.pace.commit_max = self.world.pace.commit_max.min(COMMIT_MAX_AT_REST);
        for place in 0..self.settings.nodes {
            let number = self.number(place);
            self.world.set_full(number, false);
            self.world.node_mut(number).store.fails_next = None;
            self.right_clock(place);
        }
        self.oracle.is_at_rest = true;
        self.watch();
        self.pass(6 * MINUTE);
        self.stand_by_what_was_said();
        self.pass(3 * MINUTE);
        self.stand_by_what_was_said();
        self.pass(18 * MINUTE);
        self.look_before_anybody_helps();
        self.settle_conflicts();
        self.pass(5 * MINUTE);
        self.settle_conflicts();
        self.pass(8 * MINUTE);
        self.look();
        self.look_at_links();
        self.look_at_answers();
        for (entry, facts) in self.facts.entries.clone() {
            self.look_at_entry(entry, &facts);
        }
        self.look_for_what_is_lost();
        self.look_at_rows();
    }

    /// Entries that need nobody's help are in step before conflicts are settled and generations are
    /// begun anew, which would announce everything once more.
    fn look_before_anybody_helps(&mut self) {
        self.look_for_what_is_lost();
        for (entry, facts) in self.facts.entries.clone() {
            let owner = self.number(facts.owner);
            let Some(view) = self.world.view(owner, entry).filter(|view| view.conflicts.is_empty()) else {
                continue;
            };
            let is_new = self.world.node(owner).store.entries[&entry].record.facts.changes == 1;
            for partner in self.holders_to_compare(entry, &facts) {
                let is_seen = self.world.view(self.number(partner), entry);
                // Who has nothing of an entry with a history waits for its next generation.
                if is_new || is_seen.is_some() {
                    self.look_at_view((entry, &facts), partner, is_seen, Some(&view));
                }
            }
        }
    }

    /// The partners of an entry's owner whose view of it must be the owner's.
    fn holders_to_compare(&self, entry: EntryId, facts: &EntryFacts) -> Vec<NodeAt> {
        if self.may_have_lost(facts.owner, entry) {
            return Vec::new();
        }
        let owner = self.number(facts.owner);
        let partners = (0..self.settings.nodes).filter(|partner| *partner != facts.owner);
        let partners = partners.filter(|partner| {
            self.world.has_link(owner, self.number(*partner))
                && self.oracle.are_honest(facts.owner, *partner)
                && self.can_compare(facts.owner, *partner)
                && !self.may_have_lost(*partner, entry)
        });
        partners.collect()
    }

    /// Givers stand by what a restore put in doubt, and what was held in a gap is looked through.
    fn stand_by_what_was_said(&mut self) {
        let now = self.world.now();
        for (key, one) in self.facts.consents.clone() {
            let at = self.cases[&one.case];
            let Some(ledger) = self.world.node(at.owner).store.ledgers.get(&at.case).cloned() else {
                continue;
            };
            let Some(record) = ledger.consents().get(&one.id) else { continue };
            let name = format!("stand by {key} {}", now.0);
            let is_doubtful = ledger.status(record, now) == ConsentStatus::InDoubt;
            let said = match ledger.status(record, now) {
                ConsentStatus::InDoubt if self.facts.stands(key, now) == Stands::Counts => {
                    let givers = one.yes.keys().map(|person: &Person| person_id(*person)).collect();
                    Said::ConsentReconfirmed { consent: one.id, givers }
                }
                ConsentStatus::WaitsForReview => Said::HeldReviewed { consent: one.id },
                _ => continue,
            };
            let outcome =
                self.world.named(&name, |world| world.try_say(at, &name, HOLDER, vec![said], Vec::new()));
            match outcome {
                Ok(was_said) if was_said && is_doubtful => {
                    self.oracle.states.insert(State::Reconfirmed);
                }
                Ok(_) => {}
                Err(error) => {
                    self.violated("the core takes every word that can be said", format!("{name}: {error}"));
                }
            }
            self.watch();
        }
        self.sweep();
    }

    /// Owners settle what is in conflict, and start new generations where a history holds back.
    fn settle_conflicts(&mut self) {
        for (entry, facts) in self.facts.entries.clone() {
            let number = self.number(facts.owner);
            let Some(view) = self.world.view(number, entry) else { continue };
            let name = format!("settle {entry} {}", self.world.now().0);
            if !view.conflicts.is_empty() {
                self.oracle.states.insert(State::Conflict);
                let mut fields = serde_json::Map::new();
                for key in view.conflicts.keys() {
                    let value = if *key == FieldKey::Deadline { "2027-06-01" } else { "Kari" };
                    let name = serde_json::to_value(key).expect("JSON");
                    fields.insert(name.as_str().expect("a name").to_owned(), value.into());
                }
                let json = serde_json::Value::Object(fields).to_string();
                self.world.named(&format!("{name} conflict"), |world| world.edit(number, entry, &json));
            }
            let changes = self.world.node(number).store.entries[&entry].record.facts.changes;
            if changes > 1 && facts.kind != CARD {
                self.oracle.states.insert(State::HistoryHeldBack);
                self.renew_entry(entry, &name);
            }
            self.watch();
        }
    }

    fn look_at_links(&mut self) {
        for (own, partner) in self.ends() {
            let (owner, other) = (self.place(own), self.place(partner));
            let store = &self.world.node(own).store;
            if !store.unsent.is_empty() {
                self.oracle.states.insert(State::RowUnsent);
            }
            if !self.world.node(partner).store.returned.is_empty() {
                self.oracle.states.insert(State::WritingReturned);
            }
            if store.filed.iter().any(|(_, receipt)| receipt.statement().partner == partner)
                && (self.stopped.contains(&owner) || self.stopped.contains(&other))
            {
                self.oracle.states.insert(State::ReceiptAfterRestart);
            }
            self.look_at_statements(own, partner);
            if !self.oracle.are_honest(owner, other) {
                self.look_at_liar(own, partner);
                continue;
            }
            self.look_at_alarms(own, partner);
            if !self.can_compare(owner, other) {
                continue;
            }
            let (_, orders) = self.world.waiting(own, partner);
            if orders > 0 {
                let seen = format!("{orders} orders of node {owner} wait for node {other}'s receipts");
                self.violated("every order is answered once the nodes can speak", seen);
            }
            if !self.world.is_live(own, partner) {
                let seen = format!("node {owner} and node {other} do not speak");
                self.violated("nodes speak once everything is healed", seen);
            }
        }
    }

    /// What a node believes is signed by whose it is, and about what is theirs.
    fn look_at_statements(
        &mut self,
        own: stafett_protocol::municipality::OrganisationNumber,
        partner: stafett_protocol::municipality::OrganisationNumber,
    ) {
        if self.oracle.liar == Some(self.place(own)) {
            return;
        }
        let store = &self.world.node(own).store;
        let keys = self.world.keys_of(partner);
        let of_partner = store.filed.values().filter(|receipt| receipt.statement().partner == partner);
        let is_forged = of_partner.into_iter().any(|receipt| !keys.contains(&receipt.key()));
        let is_own = store.received.values().any(|one| store.ledgers.contains_key(&one.grant.case));
        let has_ended_unheard = store.issued.iter().any(|(id, issued)| {
            let ledger = store.ledgers.get(&issued.grant.statement().case);
            let known = ledger.and_then(|ledger| ledger.grants().get(id));
            !issued.is_handed && known.is_some_and(|known| known.ended_at.is_some())
        });
        let has_returned = store.proposals.values().any(|one| one.state != ProposalState::Waiting);
        let owners: BTreeSet<_> = store.received.values().map(|one| one.grant.owner).collect();
        if owners.len() > 1 {
            self.oracle.states.insert(State::ManyOwners);
        }
        if has_returned {
            self.oracle.states.insert(State::ProposalReturned);
        }
        if has_ended_unheard {
            self.oracle.states.insert(State::EndedWithoutAnOrder);
        }
        if store.filed.values().any(|receipt| self.oracle.lying_receipts.contains(receipt.token())) {
            self.oracle.states.insert(State::LyingReceiptFiled);
        }
        if is_own {
            self.violated("a case has one owner", format!("{own} took a grant to a case of its own"));
        }
        if is_forged {
            self.violated(
                "what is believed is signed",
                format!("{own} filed a receipt that {partner} never signed"),
            );
        }
    }

    fn look_at_liar(
        &mut self,
        own: stafett_protocol::municipality::OrganisationNumber,
        partner: stafett_protocol::municipality::OrganisationNumber,
    ) {
        let alarms = &self.world.node(own).alarms;
        if alarms.iter().any(|(of, _)| *of == partner) {
            self.oracle.states.insert(State::LieRefused);
        }
        let closed = self.world.taps_between(own, partner).into_iter();
        if closed.into_iter().any(|tap| matches!(tap.handed, crate::tap::Handed::Closed(_))) {
            self.oracle.states.insert(State::LiarClosed);
        }
    }

    /// Whether a restored node can learn from its partner what it has lost: an older program cannot
    /// show it.
    pub(super) fn can_compare(&self, owner: NodeAt, other: NodeAt) -> bool {
        let is_old = |at: NodeAt| self.settings.older == Some(at);
        let is_lost = self.was_restored(owner) || self.was_restored(other);
        !(is_lost && (is_old(owner) || is_old(other)))
    }

    fn look_at_alarms(
        &mut self,
        own: stafett_protocol::municipality::OrganisationNumber,
        partner: stafett_protocol::municipality::OrganisationNumber,
    ) {
        let alarms = self.world.node(own).alarms.clone();
        let bad = alarms.into_iter().find(|(of, alarm)| {
            *of == partner && matches!(alarm, Alarm::BadStatement | Alarm::BadChange(_) | Alarm::WrongReceipt)
        });
        if let Some((_, alarm)) = bad {
            let seen = format!("{own} raises {alarm:?} over {partner}");
            self.violated("honest nodes raise no alarm", seen);
        }
    }

    /// Whether the partner's side takes what its owner may send.
    fn takes(&self, facts: &EntryFacts, partner: NodeAt, services: &BTreeSet<String>) -> bool {
        let Some(theirs) = self.facts.agreements.get(&(partner, facts.owner)) else { return false };
        !matches!(theirs.terms, Terms::Ended | Terms::Revoked)
            && facts.areas.is_subset(&theirs.areas)
            && !theirs.our_services.is_disjoint(services)
    }

    fn look_at_entry(&mut self, entry: EntryId, facts: &EntryFacts) {
        let now = self.world.now();
        let owner = self.number(facts.owner);
        for partner in (0..self.settings.nodes).filter(|partner| *partner != facts.owner) {
            let other = self.number(partner);
            if !self.world.has_link(owner, other) || !self.oracle.are_honest(facts.owner, partner) {
                continue;
            }
            let may_stay = self.facts.may_stay(entry, partner, now);
            let is_live = Oracle::is_kept_live(&self.world, other, entry);
            let can_tell = self.can_compare(facts.owner, partner);
            if !may_stay && is_live && can_tell {
                let opening = self.facts.opening(entry, partner, now);
                let seen = format!("node {partner} has {entry} still; its consents: {opening:?}");
                self.violated("what is over is erased once the nodes can speak", seen);
            }
        }
        let expected = self.world.view(owner, entry);
        for partner in self.holders_to_compare(entry, facts) {
            let is_seen = self.world.view(self.number(partner), entry);
            self.look_at_view((entry, facts), partner, is_seen, expected.as_ref());
        }
    }

    fn look_at_view(
        &mut self,
        (entry, facts): (EntryId, &EntryFacts),
        partner: NodeAt,
        is_seen: Option<EntryView>,
        expected: Option<&EntryView>,
    ) {
        let now = self.world.now();
        let (owner, other) = (self.number(facts.owner), self.number(partner));
        let opening = self.facts.opening(entry, partner, now);
        let counting: Vec<Key> =
            opening.iter().filter(|(_, stands)| *stands == Stands::Counts).map(|(key, _)| *key).collect();
        let is_lost = |key: &Key| [facts.owner, partner].iter().any(|at| self.may_have_lost_words(*at, *key));
        let counting: Vec<Key> = counting.into_iter().filter(|key| !is_lost(key)).collect();
        let services: BTreeSet<String> =
            counting.iter().map(|key| self.facts.consents[key].service.1.clone()).collect();
        let is_trusted = self.world.standing(owner, other) == Standing::Trusted
            && matches!(self.world.standing(other, owner), Standing::Trusted | Standing::ReceiptOverdue);
        let has_entry = self.world.node(owner).store.entries.contains_key(&entry);
        let is_due = !counting.is_empty() && is_trusted && has_entry && self.takes(facts, partner, &services);
        if !is_due {
            return;
        }
        if self.was_restored(facts.owner) || self.was_restored(partner) {
            self.oracle.states.insert(State::SharedAfterRestore);
        }
        match (&is_seen, expected) {
            (None, Some(_)) => {
                let state = self.world.node(other).store.entries.get(&entry).map(|kept| kept.record.state);
                let changes = self.world.node(owner).store.entries[&entry].record.facts.changes;
                let seen = format!(
                    "node {partner} lacks {entry} of node {} ({changes} changes; there {state:?}); its consents: {opening:?}",
                    facts.owner
                );
                self.violated("what is shared arrives once the nodes can speak", seen);
            }
            (Some(there), Some(here)) if there != here => {
                let is_stuck =
                    self.oracle.has_written(partner, entry) && !self.facts.may_change(entry, partner, now);
                let is_locked = self.world.node(other).store.entries[&entry].record.state != EntryState::Live;
                if !is_stuck && !is_locked {
                    let seen = format!("{entry} reads {here:?} at its owner and {there:?} at node {partner}");
                    self.violated("nodes with the same scope end with the same documents", seen);
                }
            }
            _ => {}
        }
    }

    /// A row that is not marked unsent says that a frame left; nothing says otherwise on nodes that
    /// never stopped.
    fn look_at_rows(&mut self) {
        let mut left: BTreeSet<(NodeAt, NodeAt, EntryId)> = BTreeSet::new();
        for tap in &self.world.taps {
            use stafett_protocol::wire::Frame;
            let (from, to) = (self.place(tap.from), self.place(tap.to));
            match tap.frame() {
                Some(Frame::Announce(body)) => _ = left.insert((from, to, body.entry)),
                Some(Frame::Changes(body)) => _ = left.insert((from, to, body.entry)),
                Some(Frame::Propose(body)) => {
                    let entry = EntryId::from_bytes(*body.proposal.as_bytes());
                    left.insert((from, to, entry));
                }
                _ => {}
            }
        }
        for place in 0..self.settings.nodes {
            if self.stopped.contains(&place) || self.settings.liar == Some(place) {
                continue;
            }
            let store = &self.world.node(self.number(place)).store;
            let sent = store.rows.iter().filter(|row| !store.unsent.contains(&row.id));
            let lie =
                sent.into_iter().find(|row| !left.contains(&(place, self.place(row.partner), row.entry)));
            if let Some(row) = lie.cloned() {
                let seen =
                    format!("node {place} has a row for {} to {}, and no frame left", row.entry, row.partner);
                self.violated("a row whose frame never left is marked", seen);
            }
        }
    }
}
