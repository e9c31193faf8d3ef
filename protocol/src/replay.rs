//! What a journal closes again after a restore (law 16): its lines by what they are about, and what
//! is missing in the chain of a case as the backup holds it. What it does not know closes more, never
//! less: an entry that was closed to a service that is lost is closed to all, and whoever asks the
//! family afterwards starts with it.

use std::collections::{BTreeMap, BTreeSet};

use crate::consent::ConsentRecord;
use crate::decision::{Decision, DecisionError};
use crate::id::{CaseId, ConsentId, EntryId, GrantId, PackageId, SuccessionId};
use crate::journal::Closing;
use crate::ledger::LedgerView;
use crate::ledger::statement::Said;
use crate::municipality::OrganisationNumber;
use crate::protection::{AddressProtection, ProtectionSaid};
use crate::signed::SigningKey;
use crate::succession::Became;
use crate::time::UnixMillis;

/// What the lines of a journal say, by what they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    /// Of own cases.
    pub own: BTreeMap<CaseId, OwnClosed>,
    /// Grants of partners' that have ended, by owner and case.
    pub received: BTreeMap<(OrganisationNumber, CaseId), BTreeSet<GrantId>>,
    /// Received cases of which something was erased on order.
    pub erased_on_order: BTreeSet<CaseId>,
    /// Partners with whom an agreement ended.
    pub agreements: BTreeSet<OrganisationNumber>,
    /// Cases whose key was destroyed.
    pub destroyed: BTreeSet<CaseId>,
}

/// What the lines of a journal say of one own case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnClosed {
    /// Consents that were withdrawn.
    pub withdrawn: BTreeSet<ConsentId>,
    /// Entries that were closed to a consent's service, since when if that lay ahead.
    pub excepted: BTreeMap<(ConsentId, EntryId), Option<UnixMillis>>,
    /// Consents that gave way to a newer version, since when if that lay ahead.
    pub replaced: BTreeMap<ConsentId, Option<UnixMillis>>,
    /// Whether it was blocked.
    pub is_blocked: bool,
    /// Whether its family was registered anew, or what a guardian reads was limited.
    pub is_of_others: bool,
    /// Grants that ended.
    pub ended: BTreeSet<GrantId>,
    /// Moves that were decided: to whom each was, and what became of it.
    pub moves: BTreeMap<SuccessionId, (OrganisationNumber, Became)>,
    /// The package by which the case has moved by hand, and to whom.
    pub moved_by_hand: Option<(PackageId, OrganisationNumber)>,
}

impl<'a> FromIterator<&'a Closing> for Closed {
    fn from_iter<I: IntoIterator<Item = &'a Closing>>(lines: I) -> Self {
        let mut closed = Self::default();
        for line in lines {
            closed.take(line);
        }
        closed
    }
}

impl Closed {
    fn take(&mut self, line: &Closing) {
        match line {
            Closing::ConsentWithdrawn { case, consent } => {
                self.of(*case).withdrawn.insert(*consent);
            }
            Closing::EntryExcepted { case, consent, entry, from } => {
                first(&mut self.of(*case).excepted, (*consent, *entry), *from);
            }
            Closing::ConsentReplaced { case, consent, from } => {
                first(&mut self.of(*case).replaced, *consent, *from);
            }
            Closing::FamilyChanged { case } => self.of(*case).is_of_others = true,
            Closing::CaseBlocked { case } => self.of(*case).is_blocked = true,
            Closing::EraseOrdered { case, grant, .. } => {
                self.of(*case).ended.insert(*grant);
            }
            Closing::ErasedOnOrder { case, .. } => {
                self.erased_on_order.insert(*case);
            }
            Closing::ReceivedGrantEnded { owner, case, grant } => {
                self.received.entry((*owner, *case)).or_default().insert(*grant);
            }
            Closing::AgreementEnded { partner } => {
                self.agreements.insert(*partner);
            }
            Closing::SuccessionSettled { case, succession, to, became } => {
                self.of(*case).moves.insert(*succession, (*to, *became));
            }
            Closing::MovedByHand { case, package, to } => {
                self.of(*case).moved_by_hand = Some((*package, *to));
            }
            Closing::KeyDestroyed { case } => {
                self.destroyed.insert(*case);
            }
        }
    }

    fn of(&mut self, case: CaseId) -> &mut OwnClosed {
        self.own.entry(case).or_default()
    }

    /// Returns what an own case's chain, as the backup holds it, lacks of what was closed.
    #[must_use]
    pub fn again(&self, ledger: &LedgerView) -> ClosedAgain {
        let nothing = OwnClosed::default();
        let of_case = self.own.get(&ledger.case()).unwrap_or(&nothing);
        let is_living = |id: &&GrantId| ledger.grants().get(id).is_some_and(|one| one.ended_at.is_none());
        let with_them = ledger.grants().iter().filter(|(_, one)| self.agreements.contains(&one.partner));
        let ended = of_case.ended.iter().chain(with_them.map(|(id, _)| id));
        let ended: BTreeSet<GrantId> = ended.filter(is_living).copied().collect();
        let open = open_consents(ledger);
        let is_known = |consent: &ConsentId| ledger.consents().contains_key(consent);
        let mut excepted = BTreeMap::new();
        // Which service an entry was closed to is lost with a consent that is younger than the backup.
        let mut closed_to_all = BTreeMap::new();
        for ((consent, entry), from) in &of_case.excepted {
            if is_known(consent) {
                excepted.insert((*consent, *entry), *from);
            } else {
                first(&mut closed_to_all, *entry, *from);
            }
        }
        let doubtful = of_case.doubts(ledger, &open, &excepted, &ended);
        let is_left = |consent: &ConsentId| open.contains(consent) && !of_case.withdrawn.contains(consent);
        let ahead = of_case.replaced.iter().filter_map(|(consent, from)| Some((*consent, (*from)?)));
        ClosedAgain {
            withdrawn: of_case.withdrawn.intersection(&open).copied().collect(),
            excepted,
            closed_to_all,
            ended,
            replaced_from: ahead.filter(|(consent, _)| is_left(consent)).collect(),
            doubtful,
            is_blocked: of_case.is_blocked,
            family_in_doubt: of_case.is_of_others,
            moves: of_case.undecided(ledger),
            moved_by_hand: of_case.moved_by_hand.filter(|_| !ledger.has_moved()),
        }
    }
}

/// Keeps the earliest moment from which something is closed; none is at once.
fn first<K: Ord>(all: &mut BTreeMap<K, Option<UnixMillis>>, key: K, from: Option<UnixMillis>) {
    let known = all.entry(key).or_insert(from);
    *known = (*known).min(from);
}

impl OwnClosed {
    /// Moves that are decided, and that a chain does not know or knows to be open.
    fn undecided(&self, ledger: &LedgerView) -> BTreeMap<SuccessionId, (OrganisationNumber, Became)> {
        let is_open = |succession: &SuccessionId| {
            ledger.moves().get(succession).is_none_or(|known| known.leaving.is_open())
        };
        self.moves.iter().filter(|(succession, _)| is_open(succession)).map(|(id, one)| (*id, *one)).collect()
    }

    /// Consents that open nothing until somebody has asked: a grant of theirs had ended and the
    /// journal does not say why, a newer version had taken their place, or others may have to say
    /// yes by now.
    fn doubts(
        &self,
        ledger: &LedgerView,
        open: &BTreeSet<ConsentId>,
        excepted: &BTreeMap<(ConsentId, EntryId), Option<UnixMillis>>,
        ended: &BTreeSet<GrantId>,
    ) -> BTreeSet<ConsentId> {
        if self.is_of_others {
            return open.difference(&self.withdrawn).copied().collect();
        }
        let service =
            |consent: &ConsentId| ledger.consents().get(consent).map(|one| &one.consent().recipient);
        // An exception ends every grant to its service; the consents go on counting without the entry.
        let explained: BTreeSet<_> = excepted.keys().map(|(consent, _)| service(consent)).collect();
        let of_ended = ended.iter().filter_map(|id| ledger.grants().get(id)).map(|one| one.consent);
        let unexplained = of_ended.filter(|consent| !explained.contains(&service(consent)));
        let at_once = self.replaced.iter().filter(|(_, from)| from.is_none());
        let doubtful = unexplained.chain(at_once.map(|(consent, _)| *consent));
        doubtful.filter(|consent| open.contains(consent) && !self.withdrawn.contains(consent)).collect()
    }
}

/// What an own case lacks of what its node's journal closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedAgain {
    /// Consents to withdraw again.
    pub withdrawn: BTreeSet<ConsentId>,
    /// Entries to close again, under these consents, from when if that lay ahead.
    pub excepted: BTreeMap<(ConsentId, EntryId), Option<UnixMillis>>,
    /// Entries that were closed to a service that is lost, from when if that lay ahead.
    pub closed_to_all: BTreeMap<EntryId, Option<UnixMillis>>,
    /// Grants to end again.
    pub ended: BTreeSet<GrantId>,
    /// Consents that open nothing until somebody has asked.
    pub doubtful: BTreeSet<ConsentId>,
    /// Consents that open nothing from a moment on, until somebody has asked.
    pub replaced_from: BTreeMap<ConsentId, UnixMillis>,
    /// Whether the case is to be blocked.
    pub is_blocked: bool,
    /// Whether no guardian reads until a leader has approved who the family is.
    pub family_in_doubt: bool,
    /// Moves that the chain does not know to be decided: to whom each was, and what became of it.
    pub moves: BTreeMap<SuccessionId, (OrganisationNumber, Became)>,
    /// The package by which the case has moved by hand, and to whom, if the chain does not know.
    pub moved_by_hand: Option<(PackageId, OrganisationNumber)>,
}

impl ClosedAgain {
    /// Whether the chain lacks nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Says all of it in the case's chain, but the end of grants, which needs what was sent.
    ///
    /// # Errors
    /// [`DecisionError`] if it cannot be signed or does not follow.
    pub fn say(
        &self,
        decision: &mut Decision,
        incarnation: u64,
        key: &SigningKey,
    ) -> Result<(), DecisionError> {
        let (doubtful, family_in_doubt) = (self.doubtful.clone(), self.family_in_doubt);
        decision.say(Said::Restored { incarnation, doubtful, family_in_doubt }, key)?;
        for (succession, (to, became)) in &self.moves {
            let (succession, to, became) = (*succession, *to, *became);
            decision.say(Said::SuccessionRestored { succession, to, became }, key)?;
        }
        if let Some((package, to)) = self.moved_by_hand {
            decision.say(Said::PackageRestored { package, to }, key)?;
        }
        for consent in &self.withdrawn {
            decision.say(Said::WithdrawalRestored { consent: *consent }, key)?;
        }
        for ((consent, entry), from) in &self.excepted {
            let (consent, entry, from) = (*consent, *entry, *from);
            decision.say(Said::ExceptionRestored { consent, entry, from }, key)?;
        }
        for (entry, from) in &self.closed_to_all {
            decision.say(Said::EntryClosedToAll { entry: *entry, from: *from }, key)?;
        }
        for (consent, from) in &self.replaced_from {
            decision.say(Said::ReplacementRestored { consent: *consent, from: *from }, key)?;
        }
        if self.is_blocked {
            // Which protection it was, and who lives there, is not known, so the strictest holds.
            let (protection, safe_for) = (AddressProtection::StrictlyConfidential, BTreeSet::new());
            decision.say_of_protection(ProtectionSaid::Set { protection, safe_for }, key)?;
        }
        Ok(())
    }
}

/// Returns the consents that may open something, now or later.
#[must_use]
pub fn open_consents(ledger: &LedgerView) -> BTreeSet<ConsentId> {
    let is_open = |record: &&ConsentRecord| record.withdrawn_at().is_none();
    ledger.consents().values().filter(is_open).map(|record| record.consent().id).collect()
}

#[cfg(test)]
mod tests;
