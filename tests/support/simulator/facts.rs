//! What was said, and what follows from it: the oracle's own model of what may go to whom.
//!
//! It knows ids and moments, and shares no code with the core. A word counts from the moment it was
//! said; nothing here is ever taken back by a restart or a restore.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::{CaseId, ConsentId, EntryId, ProposalId};
use stafett_protocol::time::UnixMillis;

use super::operation::{Concerned, Grade, Key, NodeAt, Person, Terms, Way};

/// A node's service.
pub type ServiceAt = (NodeAt, String);

/// The kind of a case card.
pub const CARD: &str = "case-card";

/// One case.
#[derive(Debug, Clone)]
pub struct CaseFacts {
    /// Its id.
    pub id: CaseId,
    /// Who owns it.
    pub owner: NodeAt,
    /// Who the guardians are, since when.
    pub guardians: Vec<(UnixMillis, BTreeSet<Person>)>,
    /// When the child says yes alone.
    pub youth_at: Option<UnixMillis>,
    /// How the address is protected.
    pub grade: Grade,
    /// Whether it is closed for good.
    pub is_closed: bool,
    /// What the leader lets through a confidential address.
    pub approved: BTreeSet<Key>,
    /// Entries that were closed to a service.
    pub exceptions: Vec<Exception>,
}

/// An entry that was closed to a service.
#[derive(Debug, Clone, Copy)]
pub struct Exception {
    /// To that of which consent.
    pub consent: Key,
    /// Which entry.
    pub entry: EntryId,
    /// When in the order of words.
    pub order: u64,
    /// Whether it stands in the consent's terms.
    pub is_of_terms: bool,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct EntryFacts {
    /// Of which case.
    pub case: Key,
    /// Who owns it.
    pub owner: NodeAt,
    /// Its kind.
    pub kind: String,
    /// Its areas.
    pub areas: BTreeSet<String>,
    /// Whom it is about.
    pub about: Vec<Concerned>,
    /// The service that wrote it.
    pub written_by: Option<ServiceAt>,
    /// The consent that it is a card for.
    pub only_for: Option<Key>,
}

/// One consent.
#[derive(Debug, Clone)]
pub struct ConsentFacts {
    /// Its id.
    pub id: ConsentId,
    /// Of which case.
    pub case: Key,
    /// The recipient.
    pub service: ServiceAt,
    /// The areas that were asked for.
    pub areas: BTreeSet<String>,
    /// Which way writing goes.
    pub way: Way,
    /// From when.
    pub from: UnixMillis,
    /// Until when.
    pub until: UnixMillis,
    /// What it replaces.
    pub replaces: Option<Key>,
    /// Whether whoever answers for the recipient is private.
    pub private: bool,
    /// Whether it opens a card.
    pub card: bool,
    /// Whether that card says where the family lives or goes.
    pub place: bool,
    /// The entries that stay closed by its terms.
    pub except: BTreeSet<EntryId>,
    /// When it was asked, in the order of words.
    pub order: u64,
    /// Who said yes, when, and whether also to what is about that person.
    pub yes: BTreeMap<Person, (UnixMillis, bool)>,
    /// Who said no, and when.
    pub refused: BTreeMap<Person, UnixMillis>,
    /// Since when it is withdrawn.
    pub withdrawn: Option<UnixMillis>,
    /// Who has withdrawn the whole of it.
    pub withdrew: BTreeSet<Person>,
    /// Areas that were taken back.
    pub taken_back: BTreeSet<String>,
    /// By whom which.
    pub narrowed: BTreeMap<Person, BTreeSet<String>>,
    /// Who took back what is about that person.
    pub about_taken_back: BTreeSet<Person>,
    /// Which entries each giver closed.
    pub closed_by: BTreeSet<(Person, EntryId)>,
}

/// One side's agreement.
#[derive(Debug, Clone)]
pub struct AgreementFacts {
    /// What its operator has made of it.
    pub terms: Terms,
    /// The areas that it covers.
    pub areas: BTreeSet<String>,
    /// The partner's services that it names.
    pub services: BTreeSet<String>,
    /// The own services that it names.
    pub our_services: BTreeSet<String>,
}

/// How a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// It opens nothing, and what it opened must go.
    Not,
    /// It opens nothing new, and what it opened stays.
    Pauses,
    /// It opens.
    Counts,
}

/// Everything that was said.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Cases, by the operation that opened them.
    pub cases: BTreeMap<Key, CaseFacts>,
    /// Entries, by id.
    pub entries: BTreeMap<EntryId, EntryFacts>,
    /// Consents, by the operation that asked.
    pub consents: BTreeMap<Key, ConsentFacts>,
    /// Each side's agreement.
    pub agreements: BTreeMap<(NodeAt, NodeAt), AgreementFacts>,
    /// What partners proposed: the entry that it becomes.
    pub proposals: BTreeMap<ProposalId, EntryFacts>,
    words: u64,
}

impl Facts {
    /// The next place in the order of words.
    pub fn next_word(&mut self) -> u64 {
        self.words += 1;
        self.words
    }

    /// A node was restored from a backup together with its journal: who the family is, how its
    /// address is protected and which entries were closed is what it knew then.
    pub fn forget(&mut self, node: NodeAt, then: &Self) {
        let last = then.words;
        for (key, case) in self.cases.iter_mut().filter(|(_, case)| case.owner == node) {
            let Some(before) = then.cases.get(key) else { continue };
            case.grade = case.grade.min(before.grade);
            case.approved.extend(before.approved.iter().copied());
            case.guardians.clone_from(&before.guardians);
            case.youth_at = before.youth_at;
            case.exceptions.retain(|one| {
                then.consents.contains_key(&one.consent) && (one.is_of_terms || one.order <= last)
            });
        }
    }

    /// Takes what no restore makes forget: the entries that were written since, and what operators
    /// have agreed on, which stands in no backup.
    pub fn learn(&mut self, now: &Self) {
        self.agreements.clone_from(&now.agreements);
        if self.entries.len() < now.entries.len() {
            let new = now.entries.iter().filter(|(entry, _)| !self.entries.contains_key(entry));
            let new: Vec<_> = new.map(|(entry, facts)| (*entry, facts.clone())).collect();
            self.entries.extend(new);
        }
    }

    /// Whose yes is needed for a case at a moment.
    pub fn required(&self, case: Key, now: UnixMillis) -> BTreeSet<Person> {
        let case = &self.cases[&case];
        if case.youth_at.is_some_and(|at| at <= now) {
            return BTreeSet::from([Person::Child]);
        }
        let known = case.guardians.iter().rev().find(|(since, _)| *since <= now);
        known.or(case.guardians.first()).map(|(_, guardians)| guardians.clone()).unwrap_or_default()
    }

    /// When everybody had said yes whose yes was needed then.
    pub fn completed_at(&self, consent: Key) -> Option<UnixMillis> {
        let one = &self.consents[&consent];
        let case = &self.cases[&one.case];
        let first = one.yes.values().map(|(at, _)| *at).min()?;
        let end = one.withdrawn.map_or(one.until, |at| at.min(one.until));
        let changes = case.guardians.iter().map(|(since, _)| *since).chain(case.youth_at);
        let changes = changes.filter(|at| *at > first && *at < end);
        let moments: BTreeSet<_> = one.yes.values().map(|(at, _)| *at).chain(changes).collect();
        let no = self.refused_since(consent);
        moments.into_iter().filter(|moment| no.is_none_or(|no| *moment < no)).find(|moment| {
            let needed = self.required(one.case, *moment);
            let said = |person: &Person| one.yes.get(person).is_some_and(|(at, _)| at <= moment);
            !needed.is_empty() && needed.iter().all(said)
        })
    }

    /// Since when a no stands of somebody whose yes was needed then.
    fn refused_since(&self, consent: Key) -> Option<UnixMillis> {
        let one = &self.consents[&consent];
        let stands = |(person, at): &(&Person, &UnixMillis)| {
            !one.yes.contains_key(*person) && self.required(one.case, **at).contains(*person)
        };
        one.refused.iter().filter(stands).map(|(_, at)| *at).min()
    }

    /// When a consent's terms hold for the first time.
    fn takes_effect_at(&self, consent: Key) -> Option<UnixMillis> {
        let one = &self.consents[&consent];
        let completed = self.completed_at(consent)?;
        if one.from <= completed {
            return Some(completed);
        }
        let end = one.withdrawn.map_or(one.until, |at| at.min(one.until));
        let is_left = one.from < end && self.refused_since(consent).is_none_or(|no| one.from < no);
        is_left.then_some(one.from)
    }

    fn is_replaced(&self, consent: Key, now: UnixMillis) -> bool {
        let mut newer = self.consents.iter().filter(|(_, one)| one.replaces == Some(consent));
        newer.any(|(key, _)| self.takes_effect_at(*key).is_some_and(|at| at <= now))
    }

    /// How a consent stands at a moment, blocks and agreements aside.
    pub fn stands(&self, consent: Key, now: UnixMillis) -> Stands {
        let one = &self.consents[&consent];
        if self.cases[&one.case].is_closed {
            return Stands::Not;
        }
        let required = self.required(one.case, now);
        let has_said_no = |person: &Person| one.refused.contains_key(person) && !one.yes.contains_key(person);
        let is_refused =
            self.refused_since(consent).is_some_and(|at| at <= now) || required.iter().any(has_said_no);
        let is_narrowed_away = one.areas.is_subset(&one.taken_back);
        if one.withdrawn.is_some() || is_refused || one.until <= now || is_narrowed_away {
            return Stands::Not;
        }
        if self.is_replaced(consent, now) {
            return Stands::Not;
        }
        let is_missing = required.is_empty() || required.iter().any(|one_of| !one.yes.contains_key(one_of));
        let was_complete = self.completed_at(consent).is_some_and(|at| at <= now);
        match (was_complete, is_missing) {
            (true, true) => Stands::Pauses,
            (_, true) => Stands::Not,
            (_, false) if now < one.from => Stands::Not,
            (_, false) => Stands::Counts,
        }
    }

    /// Whether an entry is closed to a consent's service, whatever the consent opens.
    pub fn is_closed(&self, consent: Key, entry: EntryId, now: UnixMillis) -> bool {
        let ConsentFacts { case, service, .. } = &self.consents[&consent];
        let case = *case;
        let of_service = |one: &&Exception| self.consents[&one.consent].service == *service;
        let closed = self.cases[&case].exceptions.iter().filter(|one| one.entry == entry);
        closed.filter(of_service).any(|one| {
            let Exception { consent, order, is_of_terms, .. } = one;
            let begins = !is_of_terms || self.takes_effect_at(*consent).is_some_and(|at| at <= now);
            let left_out = self.consents.iter().any(|(key, later)| {
                later.case == case
                    && later.service == *service
                    && later.order > *order
                    && !later.except.contains(&entry)
                    && self.is_of_line(*key, *consent)
                    && self.takes_effect_at(*key).is_some_and(|at| at <= now)
            });
            begins && !left_out
        })
    }

    fn is_of_line(&self, newest: Key, consent: Key) -> bool {
        let mut at = Some(newest);
        while let Some(key) = at {
            if key == consent {
                return true;
            }
            at = self.consents.get(&key).and_then(|one| one.replaces);
        }
        false
    }

    /// Whether a block closes a consent to another node's service.
    pub fn is_blocked(&self, consent: Key) -> bool {
        let one = &self.consents[&consent];
        let case = &self.cases[&one.case];
        match case.grade {
            Grade::None => false,
            Grade::Confidential => one.private || !case.approved.contains(&consent),
            Grade::Strict => true,
        }
    }

    /// Whether an entry is a card that says where the family is, and the address is confidential.
    fn says_where(&self, consent: Key, entry: &EntryFacts) -> bool {
        let grade = self.cases[&entry.case].grade;
        entry.kind == CARD && self.consents[&consent].place && grade == Grade::Confidential
    }

    /// Whether one side's agreement covers a service of the other and these areas.
    pub fn agrees(&self, own: NodeAt, partner: NodeAt, service: &str, areas: &BTreeSet<String>) -> bool {
        let Some(agreement) = self.agreements.get(&(own, partner)) else { return false };
        !matches!(agreement.terms, Terms::Ended | Terms::Revoked)
            && agreement.services.contains(service)
            && areas.is_subset(&agreement.areas)
    }

    /// Whether a consent opens an entry's area, kind and person to its service, whatever its time.
    pub fn covers(&self, consent: Key, entry: &EntryFacts) -> bool {
        let one = &self.consents[&consent];
        let open: BTreeSet<_> = one.areas.difference(&one.taken_back).cloned().collect();
        let wrote = entry.written_by.as_ref() == Some(&one.service);
        let about = |concerned: &Concerned| match concerned {
            Concerned::Subject => true,
            Concerned::Mother => self.is_open_about(consent, Person::Mother),
            Concerned::Father => self.is_open_about(consent, Person::Father),
            Concerned::Sibling => false,
        };
        let kind = if entry.kind == CARD { one.card && entry.only_for == Some(consent) } else { true };
        one.case == entry.case
            && kind
            && !entry.areas.is_empty()
            && entry.areas.is_subset(&open)
            && (one.way != Way::Receive || wrote)
            && (wrote || entry.about.iter().all(about))
    }

    /// Whether a consent has ever covered an entry, whatever was taken back of it since.
    pub fn covers_once(&self, consent: Key, entry: &EntryFacts) -> bool {
        let one = &self.consents[&consent];
        one.case == entry.case && entry.areas.is_subset(&one.areas)
    }

    fn is_open_about(&self, consent: Key, person: Person) -> bool {
        let one = &self.consents[&consent];
        one.yes.get(&person).is_some_and(|(_, about)| *about) && !one.about_taken_back.contains(&person)
    }

    /// The consents that let an entry go to a partner at a moment, or that let it stay there.
    pub fn opening(&self, entry: EntryId, partner: NodeAt, now: UnixMillis) -> Vec<(Key, Stands)> {
        let Some(facts) = self.entries.get(&entry) else { return Vec::new() };
        let candidates = self.consents.keys().copied();
        let opening = candidates.filter(|consent| {
            let one = &self.consents[consent];
            one.service.0 == partner
                && self.covers(*consent, facts)
                && !self.is_blocked(*consent)
                && !self.says_where(*consent, facts)
                && self.agrees(facts.owner, partner, &one.service.1, &facts.areas)
                && !self.is_closed(*consent, entry, now)
        });
        opening.map(|consent| (consent, self.stands(consent, now))).collect()
    }

    /// Whether an entry may be sent to a partner at a moment.
    pub fn permitted(&self, entry: EntryId, partner: NodeAt, now: UnixMillis) -> bool {
        self.opening(entry, partner, now).iter().any(|(_, stands)| *stands == Stands::Counts)
    }

    /// Whether an entry that a partner has may stay there.
    pub fn may_stay(&self, entry: EntryId, partner: NodeAt, now: UnixMillis) -> bool {
        self.opening(entry, partner, now).iter().any(|(_, stands)| *stands != Stands::Not)
    }

    /// Whether a partner may change an entry that it has.
    pub fn may_change(&self, entry: EntryId, partner: NodeAt, now: UnixMillis) -> bool {
        let writes = |consent: &Key| self.consents[consent].way != Way::Give;
        let mut opening = self.opening(entry, partner, now).into_iter();
        let is_card = self.entries.get(&entry).is_some_and(|facts| facts.kind == CARD);
        !is_card && opening.any(|(consent, stands)| stands == Stands::Counts && writes(&consent))
    }

    /// Whether a partner's service may write a new entry in these areas of a case.
    pub fn may_propose(&self, case: Key, by: &ServiceAt, areas: &BTreeSet<String>, now: UnixMillis) -> bool {
        let Some(owner) = self.cases.get(&case).map(|one| one.owner) else { return false };
        let lets = |(key, one): (&Key, &ConsentFacts)| {
            let open: BTreeSet<_> = one.areas.difference(&one.taken_back).cloned().collect();
            one.case == case
                && one.service == *by
                && one.way != Way::Give
                && areas.is_subset(&open)
                && !self.is_blocked(*key)
                && self.stands(*key, now) == Stands::Counts
        };
        !areas.is_empty() && self.agrees(owner, by.0, &by.1, areas) && self.consents.iter().any(lets)
    }

    /// Whether a partner may be told of a consent as a grant to these areas.
    pub fn may_grant(&self, consent: Key, areas: &BTreeSet<String>, now: UnixMillis) -> bool {
        let one = &self.consents[&consent];
        let open: BTreeSet<_> = one.areas.difference(&one.taken_back).cloned().collect();
        let owner = self.cases[&one.case].owner;
        areas.is_subset(&open)
            && !areas.is_empty()
            && !self.is_blocked(consent)
            && self.agrees(owner, one.service.0, &one.service.1, areas)
            && self.stands(consent, now) == Stands::Counts
    }

    /// The consent with an id.
    pub fn consent_of(&self, id: ConsentId) -> Option<Key> {
        self.consents.iter().find(|(_, one)| one.id == id).map(|(key, _)| *key)
    }
}
