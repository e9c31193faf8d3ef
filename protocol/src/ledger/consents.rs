//! What a ledger says of its consents at a moment: who must say yes, and which of them count.

use std::collections::BTreeSet;

use crate::consent::rule::Family;
use crate::consent::{ConsentKind, ConsentRecord, ConsentStatus, Required, WithdrawnPart};
use crate::id::{ConsentId, PersonId};
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::{Service, ServiceCode};
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

    /// Returns when everybody had said yes to a consent whose yes was needed then. It may lie
    /// ahead, at a birthday from which fewer are asked.
    pub fn completed_at(&self, record: &ConsentRecord) -> Option<UnixMillis> {
        let service = &record.consent().recipient.code;
        record.completed_at(self.giver_changes(), |moment| self.required_givers(service, moment))
    }

    fn is_completed(&self, record: &ConsentRecord, now: UnixMillis) -> bool {
        self.completed_at(record).is_some_and(|at| at <= now)
    }

    /// Returns since when the present givers are the ones to ask for consents to a service.
    pub fn givers_since(&self, service: &ServiceCode, now: UnixMillis) -> UnixMillis {
        let present = self.required_givers(service, now);
        let mut moments: Vec<_> = self.giver_changes().filter(|change| *change <= now).collect();
        moments.sort_unstable();
        let same = |change: &&UnixMillis| self.required_givers(service, **change) == present;
        moments.iter().rev().take_while(same).last().copied().unwrap_or(now)
    }

    /// The moments at which somebody else may have to be asked: the family was registered anew, a
    /// birthday, a new rule.
    fn giver_changes(&self) -> impl Iterator<Item = UnixMillis> {
        let registered = self.parties.iter().map(|(since, _)| *since);
        registered.chain(self.birthdays.0.values().copied()).chain(self.rules.begins())
    }

    /// Returns what a consent is at `now`.
    pub fn status(&self, record: &ConsentRecord, now: UnixMillis) -> ConsentStatus {
        let required = self.required_givers(&record.consent().recipient.code, now);
        let completed_at = self.completed_at(record);
        let required = Required {
            now: &required,
            was_complete: completed_at.is_some_and(|at| at <= now),
            follows_expired: completed_at
                .filter(|at| *at <= now)
                .is_some_and(|at| self.follows_expired(record, at)),
        };
        let status = record.status(required, now);
        let is_there = status.counts() || matches!(status, ConsentStatus::MustBeRenewed { .. });
        if is_there && self.is_superseded(record.consent().id, now) {
            return ConsentStatus::Superseded;
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

    /// Whether a newer version has taken the place of `consent`: it has once everybody said yes
    /// to it, and it stays so when the newer one is withdrawn or expires.
    pub fn is_superseded(&self, consent: ConsentId, now: UnixMillis) -> bool {
        self.consents.values().any(|newer| {
            newer.consent().supersedes == Some(consent)
                && newer.consent().from <= now
                && self.is_completed(newer, now)
        })
    }

    /// Whether what went out under a grant may stay there at `now`: its consent counts or pauses,
    /// and was not narrowed since.
    pub fn keeps_grant(&self, issued: &IssuedGrant, now: UnixMillis) -> bool {
        self.consents.get(&issued.consent).is_some_and(|record| {
            let status = self.status(record, now);
            let stays = status.counts() || matches!(status, ConsentStatus::MustBeRenewed { .. });
            stays && record.narrowings() == issued.narrowings
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
            self.required_givers(&consent.recipient.code, now).into_iter().partition(takes_back);
        !gone.is_empty() && left.iter().any(|giver| record.has_yes_of(*giver))
    }

    /// Returns the consents to share with a service, whatever became of them.
    pub(crate) fn shared_with<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = &'a ConsentRecord> {
        self.consents
            .values()
            .filter(move |record| record.consent().kind == ConsentKind::Share)
            .filter(move |record| record.consent().recipient == *service)
    }

    /// Whether there was a gap before everybody said yes at `at`: another consent to the service
    /// had run out, and none was open. What was written in the gap must be looked through.
    fn follows_expired(&self, record: &ConsentRecord, at: UnixMillis) -> bool {
        let (mut ran_out, mut is_open) = (false, false);
        for other in self.shared_with(&record.consent().recipient) {
            if other.consent().id == record.consent().id || !self.is_completed(other, at) {
                continue;
            }
            let withdrawn = other.withdrawn_at().filter(|since| *since <= at);
            let expired = other.expired_since(at).filter(|since| *since <= at);
            // What was taken back after its end had run out all the same.
            ran_out |= expired.is_some_and(|end| withdrawn.is_none_or(|since| end <= since));
            is_open |= expired.is_none() && withdrawn.is_none();
        }
        ran_out && !is_open
    }
}
