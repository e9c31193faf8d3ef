//! What a ledger says of its consents at a moment: who must say yes, and which of them count.

use std::collections::BTreeSet;

use crate::consent::rule::Family;
use crate::consent::{Consent, ConsentKind, ConsentRecord, ConsentStatus, Required, WithdrawnPart};
use crate::id::{ConsentId, PersonId};
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::{OrganisationNumber, Service, ServiceCode};
use crate::planted::planted;
use crate::time::UnixMillis;

impl LedgerView {
    /// Returns the family as it was registered at `now`.
    pub fn family(&self, now: UnixMillis) -> Family<'_> {
        let registered = self.parties.iter().rev().find(|(since, _)| *since <= now);
        let parties = registered.or_else(|| self.parties.first()).map_or(&[][..], |(_, parties)| parties);
        Family { subject_kind: self.subject_kind, parties, birthdays: &self.birthdays }
    }

    /// Returns everybody whose yes a consent to this service needs at `now`.
    pub fn required_givers(&self, service: &ServiceCode, now: UnixMillis) -> BTreeSet<PersonId> {
        self.family(now).required_givers(self.rules.at(Some(service), now), now)
    }

    /// Returns everybody whose yes a consent needs at `now`: for each service that it names.
    pub fn required_for(&self, consent: &Consent, now: UnixMillis) -> BTreeSet<PersonId> {
        let mut givers = self.required_givers(&consent.recipient.code, now);
        givers.extend(consent.also.iter().flat_map(|service| self.required_givers(service, now)));
        givers
    }

    /// Returns when everybody had said yes to a consent whose yes was needed then. It may lie
    /// ahead, at a birthday from which fewer are asked.
    pub fn completed_at(&self, record: &ConsentRecord) -> Option<UnixMillis> {
        self.completed.get(&record.consent().id).copied()
    }

    fn is_completed(&self, record: &ConsentRecord, now: UnixMillis) -> bool {
        self.completed_at(record).is_some_and(|at| at <= now)
    }

    /// Works out anew what follows from the words said to a consent, or to all: when each was
    /// complete, and which of them follow a gap. No moment but those of the words is asked for, so
    /// it is done as they come and not with each question.
    pub(super) fn words_came(&mut self, of: Option<ConsentId>) {
        let consents = std::mem::take(&mut self.consents);
        let spoken_of = |id: &ConsentId| of.is_none_or(|of| *id == of);
        for (id, record) in consents.iter().filter(|(id, _)| spoken_of(id)) {
            let required = |moment| self.required_for(record.consent(), moment);
            match record.completed_at(self.giver_changes(), required) {
                Some(at) => self.completed.insert(*id, at),
                None => self.completed.remove(id),
            };
        }
        self.consents = consents;
        self.find_gaps();
    }

    /// Returns since when the present givers are the ones to ask for a consent.
    pub fn givers_since(&self, consent: &Consent, now: UnixMillis) -> UnixMillis {
        let present = self.required_for(consent, now);
        let mut moments: Vec<_> = self.giver_changes().filter(|change| *change <= now).collect();
        moments.sort_unstable();
        let same = |change: &&UnixMillis| self.required_for(consent, **change) == present;
        moments.iter().rev().take_while(same).last().copied().unwrap_or(now)
    }

    /// Returns the next moment at which time alone may change what is open to a partner: a consent to
    /// it begins, with all that it replaces and excepts, or is over, or somebody else has to be asked.
    pub(crate) fn next_change(&self, partner: OrganisationNumber, now: UnixMillis) -> Option<UnixMillis> {
        let theirs = self.consents.values().filter(|record| record.consent().recipient.host == partner);
        let of_consents = theirs.flat_map(|record| [record.consent().from, record.runs_out_at()]);
        let restored = self.restored_changes(partner);
        of_consents.chain(restored).chain(self.giver_changes()).filter(|change| *change > now).min()
    }

    /// The moments at which somebody else may have to be asked: the family was registered anew, a
    /// birthday, a new rule.
    fn giver_changes(&self) -> impl Iterator<Item = UnixMillis> {
        let registered = self.parties.iter().map(|(since, _)| *since);
        registered.chain(self.birthdays.0.values().copied()).chain(self.rules.begins())
    }

    /// Returns what a consent is at `now`.
    pub fn status(&self, record: &ConsentRecord, now: UnixMillis) -> ConsentStatus {
        let required = self.required_for(record.consent(), now);
        let was_complete = self.is_completed(record, now);
        let required = Required {
            now: &required,
            was_complete,
            was_refused: self.refused_since(record).is_some_and(|at| at <= now),
            follows_expired: was_complete && self.gaps.contains(&record.consent().id),
        };
        let status = record.status(required, now);
        let is_there = status.counts() || matches!(status, ConsentStatus::MustBeRenewed { .. });
        if is_there && self.is_superseded(record.consent().id, now) {
            return ConsentStatus::Superseded;
        }
        let id = record.consent().id;
        let is_replaced = self.replaced_from.get(&id).is_some_and(|from| *from <= now);
        if is_there && (is_replaced || self.doubtful.contains(&id)) {
            return ConsentStatus::InDoubt;
        }
        status
    }

    /// Returns the consents to `service` that count at `now`.
    pub fn valid_consents<'a>(
        &'a self,
        service: &'a Service,
        now: UnixMillis,
    ) -> impl Iterator<Item = &'a ConsentRecord> {
        self.shared_with(service).filter(move |record| self.status(record, now).counts())
    }

    /// Since when a no stands of somebody whose yes was needed then.
    fn refused_since(&self, record: &ConsentRecord) -> Option<UnixMillis> {
        record.refused_since(|moment| self.required_for(record.consent(), moment))
    }

    /// Whether a newer version has taken the place of `consent`: it has once everybody said yes
    /// to it and it has begun, and it stays so when the newer one is withdrawn or expires.
    pub fn is_superseded(&self, consent: ConsentId, now: UnixMillis) -> bool {
        !planted!("replaced-counts") && self.is_superseded_by(consent, now, |_| true)
    }

    fn is_superseded_by(
        &self,
        consent: ConsentId,
        now: UnixMillis,
        counts: impl Fn(&ConsentRecord) -> bool,
    ) -> bool {
        let mut newer = self.consents.values().filter(|newer| newer.consent().supersedes == Some(consent));
        newer.any(|newer| counts(newer) && self.takes_effect_at(newer).is_some_and(|at| at <= now))
    }

    /// Returns when a consent's terms hold for the first time: everybody has said yes, and it has
    /// begun. Never, if it is taken back or refused before it begins. It may lie ahead.
    pub(crate) fn takes_effect_at(&self, record: &ConsentRecord) -> Option<UnixMillis> {
        let (completed, from) = (self.completed_at(record)?, record.consent().from);
        if from <= completed {
            return Some(completed);
        }
        let is_left = from < record.ends_at() && self.refused_since(record).is_none_or(|at| from < at);
        is_left.then_some(from)
    }

    /// Whether what went out under a grant may stay there at `now`: its consent counts, pauses or
    /// is in doubt, was not narrowed since, and no entry was closed to its service.
    pub fn keeps_grant(&self, issued: &IssuedGrant, now: UnixMillis) -> bool {
        self.consents.get(&issued.consent).is_some_and(|record| {
            let status = self.status(record, now);
            let waits = matches!(status, ConsentStatus::MustBeRenewed { .. } | ConsentStatus::InDoubt);
            (status.counts() || waits) && self.is_as_issued(issued, record, now)
        })
    }

    /// Returns the consents that have run out at `now` without the ledger saying so.
    pub fn run_out(&self, now: UnixMillis) -> BTreeSet<ConsentId> {
        let open = self.consents.values().filter(|record| record.withdrawn_at().is_none());
        let unmarked = open.filter(|record| !record.is_marked_expired());
        unmarked
            .filter(|record| record.expired_since(now).is_some())
            .map(|record| record.consent().id)
            .collect()
    }

    /// Whether the stafettholder must talk with everybody about a consent (avklar): a giver who
    /// must say yes took it back, or a part of it, another has not, and nobody was asked anew.
    pub fn waits_for_clarifying(&self, record: &ConsentRecord, now: UnixMillis) -> bool {
        let consent = record.consent();
        let is_over = record.expired_since(now).is_some();
        if is_over || self.consents.values().any(|newer| newer.consent().supersedes == Some(consent.id)) {
            return false;
        }
        let takes_back = |giver: &PersonId| {
            let mut words = record.withdrawals().iter();
            words.any(|word| word.giver == *giver && word.part != WithdrawnPart::AboutSelf)
        };
        let (gone, left): (Vec<_>, Vec<_>) =
            self.required_for(consent, now).into_iter().partition(takes_back);
        !gone.is_empty() && left.iter().any(|giver| record.has_yes_of(*giver))
    }

    /// Returns the consents to share with a service, whatever became of them.
    pub(crate) fn shared_with<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a ConsentRecord> {
        self.consents
            .values()
            .filter(move |record| record.consent().kind == ConsentKind::Share)
            .filter(move |record| record.consent().recipient == *service)
    }

    /// Finds the consents that follow a gap, each by those that were complete before it.
    fn find_gaps(&mut self) {
        let mut done: Vec<_> = self
            .consents
            .values()
            .filter(|record| record.consent().kind == ConsentKind::Share)
            .filter_map(|record| Some((self.completed_at(record)?, record)))
            .collect();
        done.sort_by_key(|(at, record)| (*at, record.consent().id));
        let mut gaps = BTreeSet::new();
        for (at, record) in &done {
            let before = done.iter().filter(|(earlier, _)| earlier < at).map(|(_, other)| *other);
            let before = before.filter(|other| other.consent().recipient == record.consent().recipient);
            if self.follows_expired(record, *at, &before.collect::<Vec<_>>(), &gaps) {
                gaps.insert(record.consent().id);
            }
        }
        self.gaps = gaps;
    }

    /// Whether there was a gap before everybody said yes at `at`: of what this consent opens an
    /// earlier one to the service had opened something until its time ran out, and no single other
    /// one had all of that open at that moment. What was written in the gap must be looked through.
    fn follows_expired(
        &self,
        record: &ConsentRecord,
        at: UnixMillis,
        before: &[&ConsentRecord],
        gaps: &BTreeSet<ConsentId>,
    ) -> bool {
        let (asked, areas) = (record.consent(), record.areas_at(at));
        let has_run_out = |other: &&&ConsentRecord| {
            let end = other.runs_out_at();
            // What was taken back after its end had run out all the same.
            end <= at && other.withdrawn_at().is_none_or(|since| end <= since)
        };
        before.iter().filter(has_run_out).any(|over| {
            let mut areas = areas.clone();
            areas.retain(|area| over.areas_at(at).contains(area));
            let kinds: BTreeSet<_> = asked.kinds.intersection(&over.consent().kinds).copied().collect();
            let has_open = |other: &&ConsentRecord| {
                let consent = other.consent();
                (consent.direction.gives() || !asked.direction.gives())
                    && kinds.is_subset(&consent.kinds)
                    && areas.is_subset(&other.areas_at(at))
                    && self.counted_beside(other, asked.id, at, gaps)
            };
            !areas.is_empty() && !kinds.is_empty() && !before.iter().any(has_open)
        })
    }

    /// Whether a consent that was complete counted at a moment, `newest` aside: by what had been
    /// said then, and not by what became of it since.
    fn counted_beside(
        &self,
        record: &ConsentRecord,
        newest: ConsentId,
        at: UnixMillis,
        gaps: &BTreeSet<ConsentId>,
    ) -> bool {
        let consent = record.consent();
        let is_there = consent.from <= at && at < record.runs_out_at();
        let is_taken_back = record.withdrawn_at().is_some_and(|since| since <= at)
            || self.refused_since(record).is_some_and(|since| since <= at);
        let has_yes = |giver: &PersonId| {
            record.given_by().get(giver).is_some_and(|yes| yes.for_subject && yes.at <= at)
        };
        let required = self.required_for(consent, at);
        let waits = gaps.contains(&consent.id) && record.reviewed_at().is_none_or(|seen| at < seen);
        is_there
            && !is_taken_back
            && !waits
            && !required.is_empty()
            && required.iter().all(has_yes)
            && !self.is_superseded_by(consent.id, at, |newer| newer.consent().id != newest)
    }
}
