//! Entries that the family closed to a service (unntak).
//!
//! An exception is towards the service and not towards one consent: it holds over all consents to
//! it, also when the one that held it is over, until a later version along the same line of
//! consents does not name it. Who asked for that version knew of it, so leaving it out is a choice
//! that everybody has then said yes to.
//!
//! Of an exception whose consent was lost in a restore the service is not known: the entry is closed
//! to all, until a consent to a service that was asked for since does not name it. Whoever asks
//! starts with what is closed so.
//!
//! What the family keeps back from a move is of moves alone: it closes nothing to a service from day to
//! day, and no move to that municipality takes it along before a version that replaces the consent leaves
//! it out.

use std::collections::BTreeSet;

use crate::consent::{ConsentKind, ConsentRecord};
use crate::id::{ConsentId, EntryId};
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::Service;
use crate::time::UnixMillis;

/// One entry closed under one consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exception {
    /// Under which consent; none if that was lost in a restore.
    pub(super) under: Option<ConsentId>,
    /// Which entry.
    pub(super) entry: EntryId,
    /// The place in the chain of the word that closed it, or that asked for the consent.
    pub(super) place: u64,
    /// When a giver closed it; none for the terms of the consent, which hold once they take effect.
    pub(super) said_at: Option<UnixMillis>,
    /// From when a word closes it; one of a giver's at once.
    pub(super) begins: UnixMillis,
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
        closed.any(|exception| self.holds(exception, service, AsOf::present(now)))
    }

    /// Returns the entries with which a consent to a service starts that is to be asked for: what is
    /// closed to all at `now` or later, since its service was lost in a restore; and of a version
    /// that replaces a consent those that this one was asked with, and that hold along its line.
    pub fn exceptions_to_start_with(
        &self,
        service: &Service,
        replaced: Option<ConsentId>,
        now: UnixMillis,
    ) -> BTreeSet<EntryId> {
        // What begins later is closed then, so a consent that is asked for now closes it as well.
        let lost = self.lost_exceptions();
        let lost = lost.filter(|closed| self.holds(*closed, service, AsOf::present(closed.begins.max(now))));
        let lost: BTreeSet<EntryId> = lost.map(|closed| closed.entry).collect();
        lost.into_iter()
            .chain(replaced.into_iter().flat_map(|one| self.exceptions_of_line(one, now)))
            .collect()
    }

    /// Whether the family keeps an entry back from the move that a consent is about: by its terms, by a word on
    /// it, on one that it replaces since this one was asked for, or on another move to the same
    /// municipality.
    pub(crate) fn is_kept_from_move(&self, record: &ConsentRecord, entry: EntryId) -> bool {
        let asked = record.consent();
        let words = self.exceptions.iter().filter(|word| word.entry == entry);
        let mut words = words.filter_map(|word| Some((word, self.to_a_move(word.under?)?)));
        let is_of_line = |one: ConsentId| self.is_of_line(asked.id, one);
        let by_a_word = words.any(|(word, to)| {
            let one = to.consent();
            let is_left_out =
                one.id != asked.id && is_of_line(one.id) && word.place < self.asked_at(asked.id);
            one.recipient.host == asked.recipient.host && !is_left_out
        });
        let mut moves = self.consents.keys().filter_map(|id| self.to_a_move(*id));
        let by_terms = moves.any(|other| {
            let one = other.consent();
            let counts = one.id == asked.id || !is_of_line(one.id);
            counts && one.recipient.host == asked.recipient.host && one.exceptions.contains(&entry)
        });
        by_a_word || by_terms
    }

    /// Returns the entries with which a consent to a move starts that replaces another: what was asked with
    /// the one that took effect last along its line and with those after it, and every word that was said
    /// along the line on these, or since that one was asked for.
    pub fn kept_from_move(&self, replaced: ConsentId) -> BTreeSet<EntryId> {
        let before = |id: &ConsentId| self.to_a_move(*id).and_then(|one| one.consent().supersedes);
        let mut kept = BTreeSet::new();
        let mut settled = None;
        for id in std::iter::successors(Some(replaced), before) {
            let Some(record) = self.to_a_move(id) else { break };
            let words = self.exceptions.iter().filter(|word| word.under == Some(id));
            let counts = |word: &&Exception| settled.is_none_or(|asked| word.place > asked);
            kept.extend(words.filter(counts).map(|word| word.entry));
            if settled.is_none() {
                kept.extend(record.consent().exceptions.iter().copied());
                settled = self.takes_effect_at(record).map(|_| self.asked_at(id));
            }
        }
        kept
    }

    fn to_a_move(&self, consent: ConsentId) -> Option<&ConsentRecord> {
        self.consents.get(&consent).filter(|record| record.consent().kind == ConsentKind::Transfer)
    }

    /// Returns the entries that were closed to a service which is lost in a restore, also those that
    /// a consent to some service has opened since.
    pub fn closed_to_all(&self) -> BTreeSet<EntryId> {
        self.lost_exceptions().map(|closed| closed.entry).collect()
    }

    /// Those that a consent was asked with, and those that hold along its line at `now`.
    fn exceptions_of_line(&self, replaced: ConsentId, now: UnixMillis) -> BTreeSet<EntryId> {
        let Some(record) = self.consents.get(&replaced) else { return BTreeSet::new() };
        let recipient = &record.consent().recipient;
        let along = self.exceptions_to(recipient).filter(|closed| self.is_along(Some(replaced), *closed));
        let held = along.filter(|closed| self.holds(*closed, recipient, AsOf::present(now)));
        held.map(|closed| closed.entry).chain(record.consent().exceptions.iter().copied()).collect()
    }

    /// Returns the entries that a consent opens by not naming them: the exceptions of its line, and
    /// those whose service was lost in a restore, that held when it was asked for.
    pub fn drops(&self, version: ConsentId, now: UnixMillis) -> BTreeSet<EntryId> {
        let Some(record) = self.consents.get(&version) else { return BTreeSet::new() };
        let consent = record.consent();
        if consent.kind == ConsentKind::Transfer {
            let kept = consent.supersedes.map(|replaced| self.kept_from_move(replaced)).unwrap_or_default();
            return kept.into_iter().filter(|entry| !self.is_kept_from_move(record, *entry)).collect();
        }
        let asked = AsOf::said_before(self.asked_at(version), now);
        let along = self.exceptions_to(&consent.recipient).filter(|closed| {
            !consent.exceptions.contains(&closed.entry) && self.is_along(consent.supersedes, *closed)
        });
        let held = along.filter(|closed| self.holds(*closed, &consent.recipient, asked));
        held.map(|closed| closed.entry).collect()
    }

    /// Whether a grant opens still what it did since it was issued, and no more than its consent:
    /// that was not narrowed since, and no entry was closed to the service that had been open.
    pub(crate) fn is_as_issued(&self, issued: &IssuedGrant, record: &ConsentRecord, now: UnixMillis) -> bool {
        let service = &record.consent().recipient;
        let is_closed = |entry, as_of| {
            let mut closed = self.exceptions_to(service).filter(|closed| closed.entry == entry);
            closed.any(|closed| self.holds(closed, service, as_of))
        };
        let then = AsOf::said_before(issued.place, issued.issued_at);
        // What was closed already may have been opened since, by a version that left it out.
        let effects = self.shared_with(service).filter_map(|version| self.takes_effect_at(version));
        let since: BTreeSet<_> = effects.filter(|at| issued.issued_at < *at && *at <= now).collect();
        let was_open =
            |entry| !is_closed(entry, then) || since.iter().any(|at| !is_closed(entry, AsOf::past(*at)));
        let present = AsOf::present(now);
        let mut closed = self.exceptions_to(service).filter(|closed| self.holds(*closed, service, present));
        record.narrowings() == issued.narrowings && !closed.any(|closed| was_open(closed.entry))
    }

    /// Everything that was ever closed to a service: by a giver's word, or by a consent's terms.
    fn exceptions_to<'a>(&'a self, service: &'a Service) -> impl Iterator<Item = Exception> + 'a {
        let of_terms = self.shared_with(service).flat_map(|record| {
            let (consent, place) = (record.consent().id, self.asked_at(record.consent().id));
            let exceptions = record.consent().exceptions.iter();
            let begins = record.consent().from;
            exceptions.map(move |entry| {
                let (under, entry) = (Some(consent), *entry);
                Exception { under, entry, place, said_at: None, begins }
            })
        });
        let is_theirs = |word: &&Exception| {
            let record = word.under.map(|consent| self.consents.get(&consent));
            // What the family keeps from a move closes nothing to a service from day to day.
            let is_of_sharing = |one: &ConsentRecord| {
                one.consent().kind != ConsentKind::Transfer && one.consent().recipient == *service
            };
            record.is_none_or(|record| record.is_some_and(is_of_sharing))
        };
        of_terms.chain(self.exceptions.iter().filter(is_theirs).copied())
    }

    /// Entries that are closed to every service, because it is lost to which.
    fn lost_exceptions(&self) -> impl Iterator<Item = Exception> + '_ {
        self.exceptions.iter().filter(|word| word.under.is_none()).copied()
    }

    /// Whether an exception to a service holds: a giver's word from the moment it was said, what was
    /// said again after a restore from when it began, a consent's terms once they have taken effect;
    /// and no later version of its line has left it out.
    fn holds(&self, exception: Exception, service: &Service, as_of: AsOf) -> bool {
        let Exception { under, entry, place, said_at, begins } = exception;
        let is_in_effect =
            |record: &ConsentRecord| self.takes_effect_at(record).is_some_and(|at| at <= as_of.moment);
        let is_closing = match said_at {
            None => under.and_then(|consent| self.consents.get(&consent)).is_some_and(is_in_effect),
            Some(said) => {
                let is_ahead = begins > said && begins > as_of.moment;
                as_of.said_by.is_none_or(|moment| said <= moment) && !is_ahead
            }
        };
        if place >= as_of.place || !is_closing {
            return false;
        }
        let mut later = self.shared_with(service).filter(|later| {
            let asked = self.asked_at(later.consent().id);
            place < asked && asked < as_of.place && !later.consent().exceptions.contains(&entry)
        });
        !later.any(|later| self.is_along(Some(later.consent().id), exception) && is_in_effect(later))
    }

    /// Whether an exception is of the line of a consent; one whose consent was lost is of every line.
    fn is_along(&self, newest: Option<ConsentId>, exception: Exception) -> bool {
        match (newest, exception.under) {
            (_, None) => true,
            (Some(newest), Some(under)) => self.is_of_line(newest, under),
            (None, Some(_)) => false,
        }
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
