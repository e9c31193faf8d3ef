//! What families say, and what is said about them.

use std::collections::BTreeSet;

use stafett_protocol::access::leader::{Answering, Colleague, Place, acting_leader};
use stafett_protocol::baton::BatonOffer;
use stafett_protocol::consent::rule::{Birthdays, Capacity, Party};
use stafett_protocol::consent::{
    Channel, Consent, Controller, Direction, Evidence, Sector, WithdrawnPart, Yes,
};
use stafett_protocol::entry::{CardField, EntryKind, FieldKey};
use stafett_protocol::id::{AccountId, BatonOfferId, ConsentId, EntryId, RegistrationId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::Service;
use stafett_protocol::protection::{AddressProtection, ProtectionSaid};
use stafett_protocol::time::{HOUR, UnixMillis};

use super::apply::{COLLEAGUE, HOLDER, LEADER, person_id};
use super::facts::{ConsentFacts, Exception, Stands};
use super::operation::{Do, Grade, Key, Pass, Person, Way};
use super::oracle::Closes;
use super::run::Run;
use super::state::State;
use crate::names::{CHILD, areas, service_code};

/// The age from which a youth says yes alone.
const YOUTH_AGE: u8 = 16;

impl Run {
    pub(super) fn ask(&mut self, key: Key, what: &Do, name: &str) -> bool {
        let Do::Ask {
            case,
            node,
            service,
            areas: codes,
            way,
            except,
            from_in,
            for_ms,
            replaces,
            private,
            card,
            place,
        } = what
        else {
            return false;
        };
        let Some(at) = self.cases.get(case).copied() else { return false };
        let now = self.world.now();
        let from = from_in.map_or(UnixMillis(0), |millis| now.plus(millis));
        let until = for_ms.map_or(UnixMillis::MAX, |millis| now.plus(millis).max(from.plus(1)));
        let mut except: BTreeSet<EntryId> =
            except.iter().filter_map(|key| self.entries.get(key).copied()).collect();
        let replaced = replaces.and_then(|key| Some((key, self.consents.get(&key)?)));
        let replaced = replaced.filter(|(key, _)| {
            let old = &self.facts.consents[key];
            old.case == *case && old.service == (*node, service.clone())
        });
        let ledger = self.world.node(at.owner).store.ledgers.get(&at.case);
        // A page starts with what is closed to services that were lost in a restore; nobody opens it.
        except.extend(ledger.into_iter().flat_map(|ledger| ledger.closed_to_all()));
        let version = match replaced {
            None => 1,
            Some((_, id)) => match ledger.and_then(|ledger| ledger.consents().get(id)) {
                Some(record) => record.consent().version + 1,
                None => return false,
            },
        };
        let replaces = replaced.map(|(key, _)| key);
        let id = ConsentId::from_random(self.chance.half(format!("{name} consent")));
        let recipient = Service { host: self.number(*node), code: service_code(service) };
        let field = if *place { FieldKey::School } else { FieldKey::Name };
        let fields = CardField::all().filter(|one| *card && one.key() == field);
        let codes_of: Vec<&str> = codes.iter().map(String::as_str).collect();
        let consent = Consent {
            version,
            areas: areas(&codes_of),
            kinds: EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect(),
            exceptions: except.clone(),
            card_fields: fields.collect(),
            direction: match way {
                Way::Give => Direction::Give,
                Way::Receive => Direction::Receive,
                Way::Both => Direction::Both,
            },
            purpose: "Samarbeid om barnet.".to_owned(),
            supersedes: replaced.map(|(_, id)| *id),
            controller: Controller {
                organisation: recipient.host,
                sector: if *private { Sector::Private } else { Sector::Public },
            },
            ..Consent::sharing(id, recipient, from, until)
        };
        if !self.say(*case, HOLDER, vec![Said::ConsentAsked { consent }], name) {
            return false;
        }
        let order = self.facts.next_word();
        let closed =
            except.iter().map(|entry| Exception { consent: key, entry: *entry, order, is_of_terms: true });
        self.facts.cases.get_mut(case).expect("known").exceptions.extend(closed);
        let facts = ConsentFacts {
            id,
            case: *case,
            service: (*node, service.clone()),
            areas: codes.iter().cloned().collect(),
            way: *way,
            from,
            until,
            replaces,
            private: *private,
            card: *card,
            place: *place,
            except,
            order,
            yes: Default::default(),
            refused: Default::default(),
            withdrawn: None,
            withdrew: BTreeSet::new(),
            taken_back: BTreeSet::new(),
            narrowed: Default::default(),
            about_taken_back: BTreeSet::new(),
            closed_by: BTreeSet::new(),
        };
        self.facts.consents.insert(key, facts);
        self.consents.insert(key, id);
        self.oracle.hide_consent(id, key);
        true
    }

    pub(super) fn give_all(&mut self, consent: Key, name: &str) -> bool {
        let Some(case) = self.facts.consents.get(&consent).map(|one| one.case) else { return false };
        let required = self.facts.required(case, self.world.now());
        let mut did = false;
        for (number, giver) in required.into_iter().enumerate() {
            did |= self.give(consent, giver, number == 0, &format!("{name} {number}"));
        }
        did
    }

    pub(super) fn give(&mut self, consent: Key, giver: Person, about_self: bool, name: &str) -> bool {
        let now = self.world.now();
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        if one.withdrawn.is_some() || one.until <= now || one.yes.contains_key(&giver) {
            return false;
        }
        let (case, id) = (one.case, one.id);
        let yes = Yes { about_self, ..Yes::new(now, Evidence::Oral) };
        let said = vec![Said::ConsentGiven { consent: id, giver: person_id(giver), yes }];
        if !self.say(case, HOLDER, said, name) {
            return false;
        }
        let one = self.facts.consents.get_mut(&consent).expect("known");
        one.yes.insert(giver, (now, about_self));
        one.refused.remove(&giver);
        let is_replacing = one.replaces.is_some();
        let partner = one.service.0;
        if self.facts.stands(consent, now) == Stands::Counts {
            self.oracle.widened(&self.world, &self.facts, case, partner, is_replacing);
        }
        true
    }

    pub(super) fn refuse(&mut self, consent: Key, giver: Person, name: &str) -> bool {
        let now = self.world.now();
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let (case, id) = (one.case, one.id);
        if one.yes.contains_key(&giver) {
            return false;
        }
        let said = vec![Said::ConsentRefused { consent: id, giver: person_id(giver) }];
        if !self.say(case, HOLDER, said, name) {
            return false;
        }
        self.facts.consents.get_mut(&consent).expect("known").refused.insert(giver, now);
        self.oracle.states.insert(State::Refused);
        true
    }

    pub(super) fn withdraw(&mut self, consent: Key, giver: Person, name: &str) -> bool {
        let now = self.world.now();
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        if one.withdrew.contains(&giver) {
            return false;
        }
        let (case, id, partner) = (one.case, one.id, one.service.0);
        if self.facts.stands(consent, now) == Stands::Counts {
            self.oracle.closes(&self.world, &self.facts, case, partner, Closes::Withdrawal);
        }
        let one = self.facts.consents.get_mut(&consent).expect("known");
        one.withdrawn.get_or_insert(now);
        one.withdrew.insert(giver);
        let part = WithdrawnPart::Whole;
        let said =
            Said::ConsentWithdrawn { consent: id, giver: person_id(giver), channel: Channel::Oral, part };
        self.say(case, HOLDER, vec![said], name);
        true
    }

    pub(super) fn narrow(&mut self, consent: Key, giver: Person, codes: &[String], name: &str) -> bool {
        let now = self.world.now();
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let taken: BTreeSet<String> = codes.iter().cloned().collect();
        let before = one.narrowed.get(&giver).cloned().unwrap_or_default();
        let is_new = taken.intersection(&one.areas).any(|area| !before.contains(area));
        if one.withdrew.contains(&giver) || !is_new {
            return false;
        }
        let (case, id) = (one.case, one.id);
        let counted = self.facts.stands(consent, now) == Stands::Counts;
        let one = self.facts.consents.get_mut(&consent).expect("known");
        one.narrowed.entry(giver).or_default().extend(taken.iter().cloned());
        one.taken_back.extend(taken);
        if one.areas.is_subset(&one.taken_back) {
            one.withdrawn.get_or_insert(now);
        } else if counted {
            self.oracle.states.insert(State::Narrowed);
        }
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let part = WithdrawnPart::Areas { areas: areas(&codes) };
        let said =
            Said::ConsentWithdrawn { consent: id, giver: person_id(giver), channel: Channel::Oral, part };
        self.say(case, HOLDER, vec![said], name);
        true
    }

    pub(super) fn withdraw_about(&mut self, consent: Key, giver: Person, name: &str) -> bool {
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let is_open = one.yes.get(&giver).is_some_and(|(_, about)| *about);
        if !is_open || one.about_taken_back.contains(&giver) || one.withdrew.contains(&giver) {
            return false;
        }
        let (case, id) = (one.case, one.id);
        let one = self.facts.consents.get_mut(&consent).expect("known");
        one.about_taken_back.insert(giver);
        let part = WithdrawnPart::AboutSelf;
        let said =
            Said::ConsentWithdrawn { consent: id, giver: person_id(giver), channel: Channel::Oral, part };
        self.say(case, HOLDER, vec![said], name);
        self.oracle.states.insert(State::AboutTakenBack);
        true
    }

    pub(super) fn except(&mut self, consent: Key, giver: Person, entry: Key, name: &str) -> bool {
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let Some(entry) = self.entries.get(&entry).copied() else { return false };
        let is_of_case = self.facts.entries.get(&entry).is_some_and(|facts| facts.case == one.case);
        // A consent that was lost in a restore stands on no page.
        if !self.is_known(consent)
            || !is_of_case
            || one.withdrew.contains(&giver)
            || one.closed_by.contains(&(giver, entry))
        {
            return false;
        }
        let (case, id, partner) = (one.case, one.id, one.service.0);
        if self.oracle.holds(partner, entry) {
            self.oracle.states.insert(State::ExceptedWhereHeld);
        }
        let order = self.facts.next_word();
        self.facts.consents.get_mut(&consent).expect("known").closed_by.insert((giver, entry));
        let exceptions = &mut self.facts.cases.get_mut(&case).expect("known").exceptions;
        exceptions.push(Exception { consent, entry, order, is_of_terms: false });
        let said = Said::EntryExcepted { consent: id, giver: person_id(giver), entry };
        self.say(case, HOLDER, vec![said], name);
        true
    }

    /// Whether the ledger has a consent still.
    fn is_known(&self, consent: Key) -> bool {
        let one = &self.facts.consents[&consent];
        let at = self.cases[&one.case];
        let ledger = self.world.node(at.owner).store.ledgers.get(&at.case);
        ledger.is_some_and(|ledger| ledger.consents().contains_key(&one.id))
    }

    pub(super) fn review(&mut self, consent: Key, name: &str) -> bool {
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let (case, id) = (one.case, one.id);
        self.say(case, HOLDER, vec![Said::HeldReviewed { consent: id }], name)
    }

    pub(super) fn protect(&mut self, case: Key, grade: Grade, name: &str) -> bool {
        let Some(facts) = self.facts.cases.get(&case).cloned() else { return false };
        let protection = match grade {
            Grade::None => AddressProtection::None,
            Grade::Confidential => AddressProtection::Confidential,
            Grade::Strict => AddressProtection::StrictlyConfidential,
        };
        if grade < facts.grade && self.world.is_full(self.number(facts.owner)) {
            return false;
        }
        if grade > facts.grade {
            for partner in 0..self.settings.nodes {
                self.oracle.closes(&self.world, &self.facts, case, partner, Closes::Protection);
            }
        } else if grade < facts.grade {
            self.oracle.states.insert(State::ProtectionLifted);
        }
        let known = self.facts.cases.get_mut(&case).expect("known");
        known.grade = grade;
        known.approved.clear();
        let said = ProtectionSaid::Set { protection, safe_for: BTreeSet::new() };
        self.say_both(case, LEADER, Vec::new(), vec![said], name);
        true
    }

    pub(super) fn approve(&mut self, consent: Key, name: &str) -> bool {
        let Some(one) = self.facts.consents.get(&consent) else { return false };
        let (case, id, private) = (one.case, one.id, one.private);
        if private || self.facts.cases[&case].grade != Grade::Confidential {
            return false;
        }
        let said = vec![ProtectionSaid::Approved { consent: id }];
        if !self.say_both(case, LEADER, Vec::new(), said, name) {
            return false;
        }
        self.facts.cases.get_mut(&case).expect("known").approved.insert(consent);
        true
    }

    /// Who the guardians are, or when the child comes of age, is registered by one and approved by
    /// another.
    pub(super) fn register(
        &mut self,
        case: Key,
        guardians: Option<&[Person]>,
        youth_in: Option<u64>,
        name: &str,
    ) -> bool {
        let Some(facts) = self.facts.cases.get(&case).cloned() else { return false };
        let now = self.world.now();
        if self.world.is_full(self.number(facts.owner)) {
            return false;
        }
        let present = facts.guardians.last().map(|(_, guardians)| guardians.clone()).unwrap_or_default();
        let guardians = guardians.map_or(present, |given| given.iter().copied().collect());
        let party = |person: &Person| Party {
            person: person_id(*person),
            capacity: Capacity::GuardianWithParentalResponsibility,
        };
        let subject = Party { person: CHILD, capacity: Capacity::Subject };
        let parties = std::iter::once(subject).chain(guardians.iter().map(party)).collect();
        let youth_at = youth_in.map(|millis| now.plus(millis));
        let birthdays = youth_at.map(|at| Birthdays([(YOUTH_AGE, at)].into()));
        let registration = RegistrationId::from_random(self.chance.half(format!("{name} registration")));
        let document = "2026/117-3".to_owned();
        let registered = Said::PartiesRegistered { registration, parties, birthdays, document };
        if !self.say(case, HOLDER, vec![registered], &format!("{name} registered")) {
            return false;
        }
        let approved = vec![Said::PartiesApproved { registration }];
        if !self.say(case, LEADER, approved, &format!("{name} approved")) {
            return false;
        }
        let known = self.facts.cases.get_mut(&case).expect("known");
        known.guardians.push((now, guardians));
        known.youth_at = youth_at.or(known.youth_at);
        self.oracle.paused_by(&self.facts, case, now, State::PausedByCustody);
        true
    }

    pub(super) fn pass_baton(&mut self, case: Key, pass: Pass, name: &str) -> bool {
        let Some(at) = self.cases.get(&case).copied() else { return false };
        let now = self.world.now();
        let Some((holder, offer)) = self.oracle.batons.get(&case).copied() else { return false };
        let is_closed = self.facts.cases[&case].is_closed;
        if is_closed || self.world.is_full(at.owner) || self.was_restored(self.place(at.owner)) {
            return false;
        }
        let to = if holder == HOLDER { COLLEAGUE } else { HOLDER };
        let id = BatonOfferId::from_random(self.chance.half(format!("{name} offer")));
        let living = offer.filter(|(_, _, lapses_at)| now < *lapses_at);
        let (said, after) = match (pass, living) {
            (Pass::Offer, None) => {
                let lapses_at = now.plus(HOUR);
                let offered = BatonOffer::own(id, to, lapses_at);
                (Said::BatonOffered { offer: offered }, Some((holder, Some((id, to, lapses_at)))))
            }
            (Pass::Accept, Some((offer, by, _))) => {
                self.oracle.states.insert(State::BatonAccepted);
                (Said::BatonAccepted { offer, by }, Some((by, None)))
            }
            (Pass::AcceptByAnother, Some((offer, ..))) => (Said::BatonAccepted { offer, by: LEADER }, None),
            (Pass::Decline, Some((offer, by, _))) => {
                (Said::BatonDeclined { offer, by }, Some((holder, None)))
            }
            (Pass::Recall, Some((offer, ..))) => (Said::BatonRecalled { offer }, Some((holder, None))),
            (Pass::Reassign, _) => (Said::BatonReassigned { to }, Some((to, None))),
            _ => return false,
        };
        let label = name.to_owned();
        let outcome =
            self.world.named(name, |world| world.try_say(at, &label, LEADER, vec![said], Vec::new()));
        match (&outcome, after) {
            (Ok(true), Some(after)) => {
                self.oracle.batons.insert(case, after);
            }
            (Err(_), None) => {
                self.oracle.states.insert(State::BatonRefused);
            }
            _ => self.violated("one baton, given by offer and acceptance", format!("{pass:?}: {outcome:?}")),
        }
        true
    }
    /// What was shared of it ends by the rule that ends everything, and nothing is shared again.
    pub(super) fn close_case(&mut self, case: Key, name: &str) -> bool {
        let Some(at) = self.cases.get(&case).copied() else { return false };
        let is_restored = self.was_restored(self.place(at.owner));
        if self.facts.cases[&case].is_closed || self.world.is_full(at.owner) || is_restored {
            return false;
        }
        let now = self.world.now();
        let of_case = |(_, one): &(&Key, &ConsentFacts)| one.case == case;
        let shared: Vec<_> = self.facts.consents.iter().filter(of_case).map(|(key, _)| *key).collect();
        let is_shared = shared.iter().any(|consent| self.facts.stands(*consent, now) == Stands::Counts);
        if !self.say(case, HOLDER, vec![Said::Closed], name) {
            return false;
        }
        self.facts.cases.get_mut(&case).expect("known").is_closed = true;
        if is_shared {
            self.oracle.states.insert(State::CaseClosed);
        }
        true
    }

    /// The oracle knows who must act: the one leader of the service that opened the case. The node
    /// finds out by its rule, among others who may not.
    pub(super) fn account_closes(&mut self, case: Key, name: &str) -> bool {
        let Some(at) = self.cases.get(&case).copied() else { return false };
        let Some((holder, offer)) = self.oracle.batons.get(&case).copied() else { return false };
        let restored = self.facts.cases[&case].is_closed || self.was_restored(self.place(at.owner));
        if holder == LEADER || self.world.is_full(at.owner) || restored {
            return false;
        }
        let Some(ledger) = self.world.node(at.owner).store.ledgers.get(&at.case) else { return false };
        let (opened, elsewhere) = (ledger.opened_by(), service_code("elsewhere"));
        let opened = Place { service: opened, unit: ledger.opened_in() };
        let colleague =
            |account, place, leads| Colleague { account, place: Some(place), leads, coordinates: false };
        let colleagues = [
            colleague(AccountId::from_bytes([0xb0; 16]), Place { service: &elsewhere, unit: None }, true),
            colleague(COLLEAGUE, opened, false),
            colleague(LEADER, opened, true),
        ];
        let acting = acting_leader(&colleagues, &Answering { opened, holder: None });
        let Some(to) = acting.filter(|acting| *acting == LEADER) else {
            self.violated("one baton, given by offer and acceptance", format!("{acting:?} acts"));
            return true;
        };
        if !self.say(case, LEADER, vec![Said::BatonFell { to }], name) {
            return false;
        }
        let now = self.world.now();
        let was_offered = offer.is_some_and(|(_, _, lapses_at)| now < lapses_at);
        let state = if was_offered { State::BatonFellWhileOffered } else { State::BatonFell };
        self.oracle.states.insert(state);
        self.oracle.batons.insert(case, (LEADER, None));
        true
    }
}
