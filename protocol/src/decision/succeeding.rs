//! What a move needs to be said, and what it closes (law 18).

use std::collections::{BTreeMap, BTreeSet};

use super::{Decision, DecisionError, PartnerView};
use crate::access::Denial;
use crate::access::succeeding::{MoveQuestion, TransferPermit, permit_succession, standing_of_move};
use crate::agreement::Standing;
use crate::consent::{ConsentKind, ConsentRecord};
use crate::id::{ConsentId, EntryId, GenerationId, SuccessionId};
use crate::journal::Closing;
use crate::ledger::statement::Said;
use crate::ledger::{LedgerError, LedgerView, Move};
use crate::limits::{MOVING_SERVICES_MAX, SUCCESSION_OFFER_MS};
use crate::municipality::OrganisationNumber;
use crate::protection::AddressProtection;
use crate::signed::{SignError, SigningKey, Verified};
use crate::succession::CivilDay;
use crate::succession::hearing::LeavingHeard;
use crate::succession::leaving::{
    Became, EndCause, LateWord, Leaving, LeavingEvent, Offering, SuccessionError,
};
use crate::succession::package::Packed;
use crate::succession::statement::{Course, Offer, Stage};
use crate::time::UnixMillis;

/// A word about a move cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The gate says no.
    #[error("the gate says no: {0:?}")]
    Denied(Denial),
    /// An entry of the package has changed, or may not go along any more: make the package anew.
    #[error("the package is no longer what may go")]
    Changed,
    /// It is said by another municipality than the one that the case was offered to.
    #[error("not of the municipality that the case was offered to")]
    NotTheirs,
    /// It does not follow, or cannot be signed.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

impl From<Denial> for MoveError {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<LedgerError> for MoveError {
    fn from(error: LedgerError) -> Self {
        Self::Decision(error.into())
    }
}

impl From<SuccessionError> for MoveError {
    fn from(error: SuccessionError) -> Self {
        LedgerError::from(error).into()
    }
}

impl From<SignError> for MoveError {
    fn from(error: SignError) -> Self {
        Self::Decision(error.into())
    }
}

/// What the stafettholder says of a case that she offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTerms {
    /// The move's id.
    pub succession: SuccessionId,
    /// Under which consent.
    pub consent: ConsentId,
    /// Whom it is about.
    pub stage: Stage,
    /// From which day somebody there should be responsible.
    pub wished: CivilDay,
}

impl Decision {
    /// Offers the case to the municipality that the consent names, for seven days.
    ///
    /// # Errors
    /// [`MoveError::Denied`] if the gate says no; [`MoveError::Decision`] if another move is open, the
    /// id is taken or the offer cannot be signed.
    pub fn offer_move(
        &mut self,
        own: OrganisationNumber,
        terms: &MoveTerms,
        partner: PartnerView<'_>,
        key: &SigningKey,
    ) -> Result<Verified<Offer>, MoveError> {
        let record = permit_succession(&self.move_question(terms.consent, partner))?;
        let services: BTreeSet<_> = record.consent().services().cloned().collect();
        if services.len() > MOVING_SERVICES_MAX {
            return Err(Denial::OutsideAgreement.into());
        }
        let lapses_at = self.at.plus(SUCCESSION_OFFER_MS);
        let offer = key.sign(Offer {
            course: Course { succession: terms.succession, from: own, to: partner.partner },
            services: services.clone(),
            stage: terms.stage,
            wished: terms.wished.clone(),
            lapses_at,
        })?;
        let offering = Offering { offer: offer.hash(), consent: terms.consent, services, lapses_at };
        self.say(
            Said::SuccessionOffered { succession: terms.succession, to: partner.partner, offering },
            key,
        )?;
        Ok(offer)
    }

    /// Takes in what the other municipality says of a move. A yes that comes too late ends the move.
    ///
    /// # Errors
    /// [`MoveError::NotTheirs`] if the case was not offered to it, [`MoveError::Decision`] if it does not
    /// fit where the move is; nothing has changed then, and the other side is told what holds.
    pub fn hear_of_move(
        &mut self,
        by: OrganisationNumber,
        heard: &LeavingHeard,
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        if self.move_of(heard.succession())?.to != by {
            return Err(MoveError::NotTheirs);
        }
        self.befall(heard.succession(), heard.event(), key)
    }

    /// Takes a package in the place of the one before. Every entry of it has the gate's leave, of this
    /// step and for this move.
    ///
    /// # Errors
    /// [`MoveError::Changed`] if a permit is of another move, [`MoveError::Decision`] if the move is not
    /// accepted, or the revision does not follow.
    pub fn pack_move(
        &mut self,
        succession: SuccessionId,
        packed: Packed,
        permits: &[TransferPermit<'_>],
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        let one = self.move_of(succession)?;
        let is_of_it =
            |permit: &TransferPermit<'_>| Some(permit.consent()) == one.consent && permit.to() == one.to;
        if !permits.iter().all(is_of_it) {
            return Err(MoveError::Changed);
        }
        self.befall(succession, LeavingEvent::Packed(packed), key)
    }

    /// Carries the move out: from here on the case is the other municipality's. `items` are the entries
    /// of the package as they were taken, `permits` the gate's leave for them now.
    ///
    /// # Errors
    /// [`MoveError::Denied`] if the gate says no by now, [`MoveError::Changed`] if it does not let exactly
    /// these entries go at these generations, [`MoveError::Decision`] if the other side does not have the
    /// package.
    pub fn transfer_move(
        &mut self,
        succession: SuccessionId,
        partner: PartnerView<'_>,
        items: &BTreeMap<EntryId, GenerationId>,
        permits: &[TransferPermit<'_>],
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        let one = self.move_of(succession)?;
        let (to, offering) = (one.to, one.leaving.offering().ok_or(SuccessionError::OutOfTurn)?);
        if partner.partner != to {
            return Err(MoveError::NotTheirs);
        }
        let question = self.move_question(offering.consent, partner);
        permit_succession(&question)?;
        if !one.leaving.may_transfer(&standing_of_move(&question, offering)) {
            return Err(SuccessionError::OutOfTurn.into());
        }
        let is_of_it =
            |permit: &&TransferPermit<'_>| permit.consent() == offering.consent && permit.to() == to;
        let let_go: BTreeMap<_, _> =
            permits.iter().filter(is_of_it).map(|one| (one.entry(), one.generation())).collect();
        if let_go != *items {
            return Err(MoveError::Changed);
        }
        self.befall(succession, LeavingEvent::Transferred, key)
    }

    /// Ends a move that is not carried out. What the other side is told has no cause.
    ///
    /// # Errors
    /// [`MoveError::Decision`] if the move is decided.
    pub fn end_move(
        &mut self,
        succession: SuccessionId,
        cause: EndCause,
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        self.befall(succession, LeavingEvent::Ended(cause), key)
    }

    /// Says something that the new owner must know. What was said once is not said twice.
    ///
    /// # Errors
    /// [`MoveError::Decision`] if the case has not moved, or it was said.
    pub fn say_late(&mut self, word: LateWord, key: &SigningKey) -> Result<(), MoveError> {
        let (succession, _) = self.ledger.transfer().ok_or(LedgerError::NoSuchMove)?;
        self.befall(succession, LeavingEvent::Late(word), key)
    }

    fn befall(
        &mut self,
        succession: SuccessionId,
        event: LeavingEvent,
        key: &SigningKey,
    ) -> Result<(), MoveError> {
        Ok(self.say(Said::SuccessionWentOn { succession, event }, key)?)
    }

    /// Returns the move to one partner that is over by this decision, and why. What time has made over is
    /// the clock's to say, not the next word's (law 5).
    pub fn move_over(&self, partner: PartnerView<'_>) -> Option<(SuccessionId, EndCause)> {
        let over = |ledger: &LedgerView| {
            let (succession, one) = ledger.open_move().filter(|(_, one)| one.to == partner.partner)?;
            let offering = one.leaving.offering()?;
            let question = MoveQuestion {
                ledger,
                agreement: partner.agreement,
                standing: partner.standing,
                consent: offering.consent,
                now: self.at,
            };
            let cause = one.leaving.over(&standing_of_move(&question, offering));
            let waited = one.leaving.step(&LeavingEvent::Waited, self.at).ok();
            let late = waited.and_then(|after| after.end_cause());
            cause.or(late).map(|cause| (succession, cause))
        };
        if partner.standing == Standing::Sealed {
            return None;
        }
        let before = self.left_to_the_clock().and_then(over);
        over(&self.ledger).filter(|(succession, _)| before.is_none_or(|(known, _)| known != *succession))
    }

    /// Returns what the new owner must be told and was not: that the family has taken something back
    /// since the case moved, or that an address is protected.
    pub fn late_due(&self) -> Vec<LateWord> {
        let Some((_, one)) = self.ledger.transfer() else { return Vec::new() };
        let Leaving::Transferred { since, late, .. } = &one.leaving else { return Vec::new() };
        let of_it = |record: &&ConsentRecord| {
            let consent = record.consent();
            let is_of_it = one.consent.is_none_or(|under| under == consent.id);
            is_of_it && consent.kind == ConsentKind::Transfer && consent.recipient.host == one.to
        };
        let takes_back = |record: &ConsentRecord| {
            let is_after = |at: UnixMillis| *since <= at;
            record.withdrawals().iter().any(|word| is_after(word.at))
                || record.withdrawn_at().is_some_and(is_after)
        };
        let is_taken_back = self.ledger.consents().values().filter(of_it).any(takes_back);
        let is_protected = self.ledger.address_protection() != AddressProtection::None;
        let words = [(is_taken_back, LateWord::ConsentTakenBack), (is_protected, LateWord::AddressProtected)];
        let is_new = |word: &LateWord| late.iter().all(|(said, _)| said != word);
        words.into_iter().filter(|(is_due, word)| *is_due && is_new(word)).map(|(_, word)| word).collect()
    }

    /// Moves that were decided since: what became of them never changes.
    pub(super) fn settled(&self, before: &BTreeMap<SuccessionId, Move>) -> Vec<Closing> {
        let case = self.ledger.case();
        let is_new = |succession: &SuccessionId, one: &Move| {
            before.get(succession).is_none_or(|known| known.leaving.is_open()) && !one.leaving.is_open()
        };
        let moves = self.ledger.moves().iter().filter(|(succession, one)| is_new(succession, one));
        let closings = moves.filter_map(|(succession, one)| {
            let became = match &one.leaving {
                Leaving::Transferred { answer, packed, .. } => {
                    Became::Transferred { answer: *answer, packed: *packed }
                }
                Leaving::Ended { .. } => Became::Ended,
                _ => return None,
            };
            Some(Closing::SuccessionSettled { case, succession: *succession, to: one.to, became })
        });
        closings.collect()
    }

    fn move_of(&self, succession: SuccessionId) -> Result<&Move, MoveError> {
        Ok(self.ledger.moves().get(&succession).ok_or(LedgerError::NoSuchMove)?)
    }

    pub(super) fn move_question<'a>(
        &'a self,
        consent: ConsentId,
        partner: PartnerView<'a>,
    ) -> MoveQuestion<'a> {
        let (agreement, standing) = (partner.agreement, partner.standing);
        MoveQuestion { ledger: &self.ledger, agreement, standing, consent, now: self.at }
    }
}

#[cfg(test)]
mod tests;
