//! Entries that the family closed to a service (unntak).
//!
//! An exception is towards the service and not towards one consent: it holds over all consents to
//! it, also when the one that held it is over, until a later version along the same line of
//! consents does not name it. Who asked for that version knew of it, so leaving it out is a choice
//! that everybody has then said yes to.

use std::collections::BTreeSet;

use crate::consent::ConsentRecord;
use crate::id::{ConsentId, EntryId};
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::Service;
use crate::time::UnixMillis;

/// One entry closed under one consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exception {
    /// Under which consent.
    pub(super) consent: ConsentId,
    /// Which entry.
    pub(super) entry: EntryId,
    /// The place in the chain of the word that closed it, or that asked for the consent.
    pub(super) place: u64,
    /// When a giver closed it; none for the terms of the consent, which hold once they take effect.
    pub(super) said_at: Option<UnixMillis>,
}

/// How far back a question goes: to what had been said before a place in the chain, and to what
/// held at a moment.
#[derive(Debug, Clone, Copy)]
struct AsOf {
    place: u64,
    /// Words that were said later do not count; none if the place alone decides. A clock may have
    /// been set back, so what was said is never taken for unsaid by its moment.
    said_by: Option<UnixMillis>,
    moment: UnixMillis,
}

impl AsOf {
    /// All that was said, with what holds at `now`.
    fn present(now: UnixMillis) -> Self {
        Self::said_before(u64::MAX, now)
    }

    fn said_before(place: u64, moment: UnixMillis) -> Self {
        Self { place, said_by: None, moment }
    }

    /// A moment that has passed.
    fn past(moment: UnixMillis) -> Self {
        Self { said_by: Some(moment), ..Self::present(moment) }
    }
}

impl LedgerView {
    /// Whether an entry is closed to a service at `now`, whatever its consents cover.
    pub fn is_excepted(&self, service: &Service, entry: EntryId, now: UnixMillis) -> bool {
        let mut closed = self.exceptions_to(service).filter(|exception| exception.entry == entry);
        closed.any(|exception| self.holds(exception, AsOf::present(now)))
    }

    /// Returns the entries with which a version that replaces a consent starts: those that the
    /// consent was asked with, and those that hold along its line at `now`.
    pub fn exceptions_of_line(&self, replaced: ConsentId, now: UnixMillis) -> BTreeSet<EntryId> {
        let Some(record) = self.consents.get(&replaced) else { return BTreeSet::new() };
        let recipient = &record.consent().recipient;
        let along = self.exceptions_to(recipient).filter(|closed| self.is_of_line(replaced, closed.consent));
        let held = along.filter(|closed| self.holds(*closed, AsOf::present(now)));
        held.map(|closed| closed.entry).chain(record.consent().exceptions.iter().copied()).collect()
    }

    /// Returns the entries that a version opens by not naming them: the exceptions of its line that
    /// held when it was asked for.
    pub fn drops(&self, version: ConsentId, now: UnixMillis) -> BTreeSet<EntryId> {
        let Some(record) = self.consents.get(&version) else { return BTreeSet::new() };
        let asked = AsOf::said_before(self.asked_at(version), now);
        let consent = record.consent();
        let Some(replaced) = consent.supersedes else { return BTreeSet::new() };
        let along = self.exceptions_to(&consent.recipient).filter(|closed| {
            !consent.exceptions.contains(&closed.entry) && self.is_of_line(replaced, closed.consent)
        });
        along.filter(|closed| self.holds(*closed, asked)).map(|closed| closed.entry).collect()
    }

    /// Whether a grant opens still what it did since it was issued, and no more than its consent:
    /// that was not narrowed since, and no entry was closed to the service that had been open.
    pub(crate) fn is_as_issued(&self, issued: &IssuedGrant, record: &ConsentRecord, now: UnixMillis) -> bool {
        let service = &record.consent().recipient;
        let is_closed = |entry, as_of| {
            let mut closed = self.exceptions_to(service).filter(|closed| closed.entry == entry);
            closed.any(|closed| self.holds(closed, as_of))
        };
        let then = AsOf::said_before(issued.place, issued.issued_at);
        // What was closed already may have been opened since, by a version that left it out.
        let effects = self.shared_with(service).filter_map(|version| self.takes_effect_at(version));
        let since: BTreeSet<_> = effects.filter(|at| issued.issued_at < *at && *at <= now).collect();
        let was_open =
            |entry| !is_closed(entry, then) || since.iter().any(|at| !is_closed(entry, AsOf::past(*at)));
        let mut closed = self.exceptions_to(service).filter(|closed| self.holds(*closed, AsOf::present(now)));
        record.narrowings() == issued.narrowings && !closed.any(|closed| was_open(closed.entry))
    }

    /// Everything that was ever closed to a service: by a giver's word, or by a consent's terms.
    fn exceptions_to<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = Exception> + 'a {
        let of_terms = self.shared_with(service).flat_map(|record| {
            let (consent, place) = (record.consent().id, self.asked_at(record.consent().id));
            let exceptions = record.consent().exceptions.iter();
            exceptions.map(move |entry| Exception { consent, entry: *entry, place, said_at: None })
        });
        let is_theirs = |word: &&Exception| {
            let record = self.consents.get(&word.consent);
            record.is_some_and(|record| record.consent().recipient == *service)
        };
        of_terms.chain(self.exceptions.iter().filter(is_theirs).copied())
    }

    /// Whether an exception holds: a giver's word from the moment it was said, a consent's terms
    /// once they have taken effect; and no later version of its line that has left it out.
    fn holds(&self, exception: Exception, as_of: AsOf) -> bool {
        let Exception { consent, entry, place, said_at } = exception;
        let Some(record) = self.consents.get(&consent) else { return false };
        let is_in_effect = |record| self.takes_effect_at(record).is_some_and(|at| at <= as_of.moment);
        let is_closing = said_at
            .map_or_else(|| is_in_effect(record), |said| as_of.said_by.is_none_or(|moment| said <= moment));
        if place >= as_of.place || !is_closing {
            return false;
        }
        let mut later = self.shared_with(&record.consent().recipient).filter(|later| {
            let asked = self.asked_at(later.consent().id);
            place < asked && asked < as_of.place && !later.consent().exceptions.contains(&entry)
        });
        !later.any(|later| self.is_of_line(later.consent().id, consent) && is_in_effect(later))
    }

    fn asked_at(&self, consent: ConsentId) -> u64 {
        self.asked.get(&consent).map(|(place, _)| *place).unwrap_or_default()
    }

    /// Whether a consent is `newest` or one that it replaced, directly or by others.
    fn is_of_line(&self, newest: ConsentId, consent: ConsentId) -> bool {
        let replaced = |id: &ConsentId| self.consents.get(id).and_then(|record| record.consent().supersedes);
        std::iter::successors(Some(newest), replaced).any(|id| id == consent)
    }
}
