//! The gate for a case that moves (law 18): what may go into the package for the next municipality.
//!
//! A move rests on one consent of its own kind. What is shared from day to day opens nothing to it, and
//! it opens nothing to a service. Leave is a [`TransferPermit`], and only this module makes one.

use std::collections::BTreeSet;

use crate::access::{Denial, EntryFacts, all_consented, open_link, says_place};
use crate::agreement::{Agreement, Standing};
use crate::consent::{ConsentKind, ConsentRecord};
use crate::entry::EntryKind;
use crate::id::{ConsentId, EntryId, GenerationId};
use crate::ledger::LedgerView;
use crate::municipality::{AreaCode, OrganisationNumber, Service};
use crate::protection::AddressProtection;
use crate::succession::leaving::{self, ConsentStanding, Offering};
use crate::time::UnixMillis;

/// One question about a move: with whom, under which consent, when.
#[derive(Debug, Clone, Copy)]
pub struct MoveQuestion<'step> {
    /// What holds in the case.
    pub ledger: &'step LedgerView,
    /// The agreement with the other municipality, if there is one.
    pub agreement: Option<&'step Agreement>,
    /// Whether its node is trusted.
    pub standing: Standing,
    /// The consent to the move.
    pub consent: ConsentId,
    /// The moment.
    pub now: UnixMillis,
}

/// Leave to put one entry into the package of a move in this step.
#[derive(Debug)]
pub struct TransferPermit<'step> {
    entry: &'step EntryFacts,
    consent: ConsentId,
    to: OrganisationNumber,
}

impl TransferPermit<'_> {
    /// What the gate saw of the entry.
    pub fn facts(&self) -> &EntryFacts {
        self.entry
    }

    /// The entry that may go along.
    pub fn entry(&self) -> EntryId {
        self.entry.entry
    }

    /// The generation of it that may.
    pub fn generation(&self) -> GenerationId {
        self.entry.generation
    }

    /// The consent that it rests on.
    pub fn consent(&self) -> ConsentId {
        self.consent
    }

    /// The municipality that it may go to.
    pub fn to(&self) -> OrganisationNumber {
        self.to
    }
}

/// Leave without a question, for what a package refuses a second time.
#[cfg(test)]
pub(crate) fn permit_unasked(
    entry: &EntryFacts,
    consent: ConsentId,
    to: OrganisationNumber,
) -> TransferPermit<'_> {
    TransferPermit { entry, consent, to }
}

/// Asks whether a case may be offered, packed or carried over now.
///
/// # Errors
/// [`Denial`]: the first reason found, from blocks above consent down to the consent itself.
pub fn permit_succession<'step>(question: &MoveQuestion<'step>) -> Result<&'step ConsentRecord, Denial> {
    let MoveQuestion { ledger, agreement, standing, consent, now } = *question;
    let agreement = open_link(ledger, agreement, standing, now)?;
    if standing == Standing::ReceiptOverdue {
        return Err(Denial::ReceiptOverdue);
    }
    let record = to_a_move(ledger, consent).ok_or(Denial::NoConsent)?;
    if is_blocked(ledger, record) {
        return Err(Denial::AddressProtected);
    }
    let asked = record.consent();
    let takes_over = asked.services().all(|service| agreement.moves.services.contains(service));
    if asked.recipient.host != agreement.partner || !takes_over {
        return Err(Denial::OutsideAgreement);
    }
    if ledger.status(record, now).counts() { Ok(record) } else { Err(Denial::NoConsent) }
}

/// Asks whether one entry may go along.
///
/// # Errors
/// [`Denial`], as for [`permit_succession`]; then what speaks against this entry.
pub fn permit_transfer<'step>(
    question: &MoveQuestion<'step>,
    entry: &'step EntryFacts,
) -> Result<TransferPermit<'step>, Denial> {
    let record = permit_succession(question)?;
    let MoveQuestion { ledger, agreement, now, .. } = *question;
    let agreement = agreement.ok_or(Denial::NoAgreement)?;
    let permit = TransferPermit { entry, consent: question.consent, to: agreement.partner };
    let asked = record.consent();
    // A case card and who takes part are made anew where the case goes.
    let goes_never = matches!(entry.kind, EntryKind::CaseCard | EntryKind::Participants);
    if goes_never || entry.only_for.is_some() {
        return Err(Denial::ForAnother);
    }
    if entry.areas.is_empty() {
        return Err(Denial::NoArea);
    }
    if !entry.areas.is_subset(&agreement.moves.areas) {
        return Err(Denial::OutsideAgreement);
    }
    if !entry.areas.is_subset(record.areas()) || !asked.kinds.contains(&entry.kind) {
        return Err(Denial::NoConsent);
    }
    let host = asked.recipient.host;
    let mut services = asked.services().map(|code| Service { host, code: code.clone() });
    let is_closed = services.any(|one| ledger.is_excepted(&one, entry.entry, now));
    if is_closed || ledger.is_kept_from_move(record, entry.entry) {
        return Err(Denial::Excepted);
    }
    if all_consented(record, entry) { Ok(permit) } else { Err(Denial::AboutAnother) }
}

/// Returns the areas whose entries may go along: those of the consent that nobody took back and that the
/// agreement covers.
///
/// # Errors
/// [`Denial`], as for [`permit_succession`].
pub fn areas_of_move(question: &MoveQuestion<'_>) -> Result<BTreeSet<AreaCode>, Denial> {
    let record = permit_succession(question)?;
    let agreement = question.agreement.ok_or(Denial::NoAgreement)?;
    Ok(record.areas().intersection(&agreement.moves.areas).cloned().collect())
}

/// Returns how a move stands that was offered, by the same facts: whether it goes on, waits or is over.
pub fn standing_of_move(question: &MoveQuestion<'_>, offering: &Offering) -> leaving::Standing {
    let MoveQuestion { ledger, agreement, standing, consent, now } = *question;
    let record = to_a_move(ledger, consent);
    let is_agreed = standing != Standing::Revoked
        && agreement.is_some_and(|agreement| {
            agreement.holds(now) && offering.services.is_subset(&agreement.moves.services)
        });
    let consent = match record.map(|record| ledger.status(record, now)) {
        None => ConsentStanding::Over,
        Some(_) if ledger.is_closed() => ConsentStanding::Over,
        Some(status) if status.is_over() => ConsentStanding::Over,
        Some(status) if status.counts() && permit_succession(question).is_ok() => ConsentStanding::Counts,
        Some(_) => ConsentStanding::Paused,
    };
    leaving::Standing { consent, is_blocked: record.is_some_and(|one| is_blocked(ledger, one)), is_agreed }
}

fn to_a_move(ledger: &LedgerView, consent: ConsentId) -> Option<&ConsentRecord> {
    ledger.consents().get(&consent).filter(|record| record.consent().kind == ConsentKind::Transfer)
}

/// Whether a protected address forbids a move: a strict one always; a confidential one unless the
/// receiver is public, the leader has approved, and the case takes nothing along of where they live.
fn is_blocked(ledger: &LedgerView, record: &ConsentRecord) -> bool {
    match ledger.address_protection() {
        AddressProtection::None => false,
        AddressProtection::StrictlyConfidential => true,
        AddressProtection::Confidential => ledger.protection().closes(record, true) || says_place(record),
    }
}

#[cfg(test)]
mod tests;
