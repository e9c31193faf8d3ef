//! Moves of a case to another municipality (law 18), and what can be said once it has moved.

use std::collections::{BTreeMap, BTreeSet};

use super::statement::Said;
use super::{LedgerError, LedgerView};
use crate::consent::{Channel, ConsentKind};
use crate::id::{AccountId, ConsentId, PersonId, SuccessionId};
use crate::municipality::OrganisationNumber;
use crate::succession::{CivilDay, Leaving};
use crate::time::UnixMillis;
use crate::transition::TransitionError;

/// A move of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// To whom.
    pub to: OrganisationNumber,
    /// Under which consent; none if a restored chain has lost that.
    pub consent: Option<ConsentId>,
    /// Where it is.
    pub leaving: Leaving,
    /// When it was offered, or heard of again.
    pub since: UnixMillis,
    /// When it was decided; none while it is open.
    pub settled_at: Option<UnixMillis>,
}

/// The family's no to a move of the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveRefusal {
    /// Who said no; nobody if the family was not asked.
    pub said_by: BTreeSet<PersonId>,
    /// How they said it; none if the family was not asked.
    pub channel: Option<Channel>,
    /// On which day.
    pub on: CivilDay,
    /// When that was written down.
    pub at: UnixMillis,
}

impl LedgerView {
    /// The family's last no to a move, if it has said one.
    pub fn move_refused(&self) -> Option<&MoveRefusal> {
        self.move_refused.as_ref()
    }

    /// Whether a no to a move stands in the way of one under a consent: none has every yes since.
    pub fn is_move_refused(&self, consent: ConsentId) -> bool {
        let since = |refused: &MoveRefusal| {
            self.completed.get(&consent).is_some_and(|completed| *completed > refused.at)
        };
        self.move_refused.as_ref().is_some_and(|refused| !since(refused))
    }

    /// Every move that was offered, by id.
    pub fn moves(&self) -> &BTreeMap<SuccessionId, Move> {
        &self.moves
    }

    /// The move that is not decided; there is never more than one.
    pub fn open_move(&self) -> Option<(SuccessionId, &Move)> {
        self.moves.iter().find(|(_, one)| one.leaving.is_open()).map(|(id, one)| (*id, one))
    }

    /// The move by which the case became another municipality's, if it has.
    pub fn transfer(&self) -> Option<(SuccessionId, &Move)> {
        self.moves.iter().find(|(_, one)| !one.leaving.is_owner()).map(|(id, one)| (*id, one))
    }

    /// Whether the case is another municipality's.
    pub fn has_moved(&self) -> bool {
        self.moved_to().is_some()
    }

    /// Whose the case is by now, over the link or by hand; none while it is this municipality's.
    pub fn moved_to(&self) -> Option<OrganisationNumber> {
        let by_hand = || self.moved_by_hand().map(|(_, one)| one.to);
        self.transfer().map(|(_, one)| one.to).or_else(by_hand)
    }

    /// Whether nothing more is written in the case: it is closed, or another municipality's.
    pub fn is_over(&self) -> bool {
        self.is_closed() || self.has_moved()
    }

    /// Who of this municipality is stafettholder; none while somebody at a partner is, and once the case
    /// is another municipality's.
    pub fn holder(&self) -> Option<AccountId> {
        self.baton.own_holder().filter(|_| !self.has_moved())
    }

    /// Of a case that has moved only what ends something here, and what becomes of the move, can be
    /// said: its words belong to the new owner.
    pub(super) fn must_be_sayable(&self, said: &Said) -> Result<(), LedgerError> {
        let ends = match said {
            Said::SuccessionWentOn { .. }
            | Said::SuccessionRestored { .. }
            | Said::PackageRestored { .. }
            | Said::GrantEnded { .. }
            | Said::EraseOrdered { .. }
            | Said::ReceiptFiled { .. }
            | Said::ConsentRefused { .. }
            | Said::ConsentWithdrawn { .. }
            | Said::ConsentExpired { .. }
            | Said::GuardianAccessSet { .. }
            | Said::PartiesRejected { .. }
            | Said::Restored { .. }
            | Said::ExceptionRestored { .. }
            | Said::EntryClosedToAll { .. }
            | Said::ReplacementRestored { .. }
            | Said::WithdrawalRestored { .. }
            | Said::TransitionEnded { .. }
            | Said::Closed => true,
            Said::Opened { .. }
            | Said::PartiesRegistered { .. }
            | Said::PartiesApproved { .. }
            | Said::ConsentAsked { .. }
            | Said::ConsentGiven { .. }
            | Said::EntryExcepted { .. }
            | Said::HeldReviewed { .. }
            | Said::ConsentReconfirmed { .. }
            | Said::BatonOffered { .. }
            | Said::BatonAccepted { .. }
            | Said::BatonDeclined { .. }
            | Said::BatonRecalled { .. }
            | Said::BatonReassigned { .. }
            | Said::BatonFell { .. }
            | Said::BatonAcceptedThere { .. }
            | Said::BatonDeclinedThere { .. }
            | Said::BatonReturned { .. }
            | Said::LevelChanged { .. }
            | Said::GrantIssued { .. }
            | Said::TransitionOpened { .. }
            | Said::TransitionChanged { .. }
            | Said::TransitionItemDone { .. }
            | Said::TransitionReceived { .. }
            | Said::SuccessionOffered { .. }
            | Said::PackageMade { .. }
            | Said::PackageTakenBack { .. }
            | Said::PackageAccepted { .. }
            | Said::CarriedOver { .. }
            | Said::MoveRefused { .. } => false,
        };
        if ends || !self.has_moved() { Ok(()) } else { Err(LedgerError::Moved) }
    }

    pub(super) fn apply_to_move(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::SuccessionOffered { succession, to, offering } => {
                self.must_be_open()?;
                let asked = self.consents.get(&offering.consent).ok_or(LedgerError::NoSuchConsent)?;
                if asked.consent().kind != ConsentKind::Transfer || asked.consent().recipient.host != *to {
                    return Err(LedgerError::NoSuchConsent);
                }
                if self.is_move_refused(offering.consent) {
                    return Err(LedgerError::MoveRefused);
                }
                if self.transition().is_some() {
                    return Err(TransitionError::UnderWay.into());
                }
                let may_offer = Leaving::may_offer(self.moves.values().map(|one| &one.leaving));
                if !may_offer || self.open_package().is_some() {
                    return Err(LedgerError::MoveOpen);
                }
                let consent = Some(offering.consent);
                let leaving = Leaving::Offered { offering: offering.clone() };
                super::insert_new(
                    &mut self.moves,
                    *succession,
                    Move { to: *to, consent, leaving, since: at, settled_at: None },
                )?;
            }
            Said::MoveRefused { said_by, channel, on } => {
                self.must_be_open()?;
                if self.open_move().is_some() || self.open_package().is_some() {
                    return Err(LedgerError::MoveOpen);
                }
                let is_party = |person: &PersonId| self.parties().iter().any(|party| party.person == *person);
                if said_by.is_empty() != channel.is_none() || !said_by.iter().all(is_party) {
                    return Err(LedgerError::Refusal);
                }
                let (said_by, on) = (said_by.clone(), on.clone());
                self.move_refused = Some(MoveRefusal { said_by, channel: *channel, on, at });
            }
            Said::SuccessionWentOn { succession, event } => {
                let one = self.moves.get_mut(succession).ok_or(LedgerError::NoSuchMove)?;
                one.leaving = one.leaving.step(event, at)?;
                if !one.leaving.is_open() {
                    one.settled_at = one.settled_at.or(Some(at));
                }
                if !one.leaving.is_owner() {
                    self.baton.leave();
                }
            }
            Said::SuccessionRestored { succession, to, became } => {
                let known = self.moves.get(succession);
                if known.is_some_and(|one| !one.leaving.is_open() || one.to != *to) {
                    return Err(LedgerError::MoveOpen);
                }
                let consent = known.and_then(|one| one.consent);
                let since = known.map_or(at, |one| one.since);
                let leaving = Leaving::settled(*became, at);
                let settled_at = Some(at);
                self.moves.insert(*succession, Move { to: *to, consent, leaving, since, settled_at });
                if self.has_moved() {
                    self.take_packages_back(at);
                    self.baton.leave();
                }
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
