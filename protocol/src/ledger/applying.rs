//! What each statement changes in what holds.

use super::exceptions::Exception;
use super::statement::{LedgerStatement, Said};
use super::{IssuedGrant, LedgerError, LedgerView, OrderedErasure, Registration, insert_new};
use crate::baton::BatonError;
use crate::baton::there::HeldBy;
use crate::consent::{ConsentRecord, Withdrawal};
use crate::time::UnixMillis;

impl LedgerView {
    pub(super) fn apply(&mut self, statement: &LedgerStatement) -> Result<(), LedgerError> {
        let at = statement.at;
        self.must_be_sayable(&statement.said)?;
        match &statement.said {
            Said::Opened { .. } => return Err(LedgerError::Opening),
            Said::PartiesRegistered { .. }
            | Said::PartiesApproved { .. }
            | Said::PartiesRejected { .. }
            | Said::GuardianAccessSet { .. } => self.apply_to_family(statement)?,
            Said::ConsentAsked { .. }
            | Said::ConsentGiven { .. }
            | Said::ConsentRefused { .. }
            | Said::ConsentWithdrawn { .. }
            | Said::EntryExcepted { .. }
            | Said::ConsentExpired { .. }
            | Said::HeldReviewed { .. } => self.apply_to_consent(&statement.said, at)?,
            Said::BatonOffered { .. }
            | Said::BatonAccepted { .. }
            | Said::BatonDeclined { .. }
            | Said::BatonRecalled { .. }
            | Said::BatonReassigned { .. }
            | Said::BatonFell { .. }
            | Said::BatonAcceptedThere { .. }
            | Said::BatonDeclinedThere { .. }
            | Said::BatonReturned { .. } => self.apply_to_baton(&statement.said, at)?,
            Said::TransitionOpened { .. }
            | Said::TransitionChanged { .. }
            | Said::TransitionItemDone { .. }
            | Said::TransitionReceived { .. }
            | Said::TransitionEnded { .. } => self.apply_to_transition(&statement.said, at)?,
            Said::LevelChanged { level } => {
                self.must_be_open()?;
                self.level.change(*level, at);
            }
            Said::GrantIssued { grant, consent, partner, areas, .. } => {
                let narrowings = self.consent_mut(*consent)?.narrowings();
                let issued = IssuedGrant {
                    consent: *consent,
                    partner: *partner,
                    areas: areas.clone(),
                    narrowings,
                    place: self.next_number,
                    issued_at: at,
                    ended_at: None,
                };
                insert_new(&mut self.grants, *grant, issued)?;
            }
            Said::GrantEnded { grant } => {
                let issued = self.grants.get_mut(grant).ok_or(LedgerError::NoSuchGrant)?;
                issued.ended_at.get_or_insert(at);
            }
            Said::EraseOrdered { order, grant, .. } => {
                if !self.grants.contains_key(grant) {
                    return Err(LedgerError::NoSuchGrant);
                }
                let ordered = OrderedErasure { grant: *grant, at, has_receipt: false };
                insert_new(&mut self.orders, *order, ordered)?;
            }
            Said::ReceiptFiled { order, .. } => {
                self.orders.get_mut(order).ok_or(LedgerError::NoSuchGrant)?.has_receipt = true;
            }
            Said::CarriedOver { .. } => self.apply_arrival(statement)?,
            Said::MoveRefused { .. }
            | Said::SuccessionOffered { .. }
            | Said::SuccessionWentOn { .. }
            | Said::SuccessionRestored { .. } => self.apply_to_move(&statement.said, at)?,
            Said::PackageMade { .. }
            | Said::PackageTakenBack { .. }
            | Said::PackageAccepted { .. }
            | Said::PackageRestored { .. } => self.apply_by_hand(&statement.said, at)?,
            Said::Closed => {
                self.must_be_open()?;
                self.closed_at = Some(at);
            }
            Said::Restored { doubtful, family_in_doubt, .. } => {
                self.family_in_doubt |= *family_in_doubt;
                let known = doubtful.iter().filter(|consent| self.consents.contains_key(consent));
                self.doubtful.extend(known);
                self.restored_at = Some(at);
                self.take_packages_back(at);
            }
            Said::ExceptionRestored { .. }
            | Said::EntryClosedToAll { .. }
            | Said::ReplacementRestored { .. }
            | Said::WithdrawalRestored { .. }
            | Said::ConsentReconfirmed { .. } => self.apply_after_restore(&statement.said, at)?,
        }
        Ok(())
    }

    fn apply_to_family(&mut self, statement: &LedgerStatement) -> Result<(), LedgerError> {
        match &statement.said {
            Said::PartiesRegistered { registration, parties, birthdays, document } => {
                let waiting = Registration {
                    parties: parties.clone(),
                    birthdays: birthdays.clone(),
                    document: document.clone(),
                    by: statement.by,
                    at: statement.at,
                    follows: self.parties.len(),
                };
                insert_new(&mut self.registrations, *registration, waiting)?;
            }
            Said::PartiesApproved { registration } => {
                let waiting = self.registrations.get(registration).ok_or(LedgerError::NoSuchRegistration)?;
                if waiting.by == statement.by {
                    return Err(LedgerError::SamePerson);
                }
                if self.is_overtaken(waiting) {
                    return Err(LedgerError::Overtaken);
                }
                if let Some(approved) = self.registrations.remove(registration) {
                    self.parties.push((statement.at, approved.parties));
                    self.family_in_doubt = false;
                    self.birthdays = approved.birthdays.unwrap_or_else(|| self.birthdays.clone());
                    self.words_came(None);
                }
            }
            Said::PartiesRejected { registration } => {
                self.registrations.remove(registration).ok_or(LedgerError::NoSuchRegistration)?;
            }
            Said::GuardianAccessSet { guardian, closed, .. } => {
                self.guardian_limits.insert(*guardian, closed.clone());
            }
            _ => {}
        }
        Ok(())
    }

    fn apply_to_consent(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        let spoken_of = match said {
            Said::ConsentAsked { consent } => {
                self.must_be_open()?;
                let replaced = consent.supersedes.map(|replaced| self.consent_mut(replaced)).transpose()?;
                let version = replaced.map_or(0, |record| record.consent().version).saturating_add(1);
                if consent.version != version {
                    return Err(LedgerError::Version);
                }
                insert_new(&mut self.consents, consent.id, ConsentRecord::asked(consent.clone()))?;
                self.asked.insert(consent.id, (self.next_number, at));
                consent.id
            }
            Said::ConsentGiven { consent, giver, yes } => {
                self.must_be_open()?;
                self.consent_mut(*consent)?.give(*giver, yes.clone())?;
                *consent
            }
            Said::ConsentRefused { consent, giver } => {
                self.consent_mut(*consent)?.refuse(*giver, at);
                *consent
            }
            Said::ConsentWithdrawn { consent, giver, channel, part } => {
                let (giver, channel, part) = (*giver, *channel, part.clone());
                self.consent_mut(*consent)?.withdraw(Withdrawal { giver, channel, part, at })?;
                *consent
            }
            Said::EntryExcepted { consent, giver, entry } => {
                self.consent_mut(*consent)?.except(*giver, *entry)?;
                let (under, entry, place) = (Some(*consent), *entry, self.next_number);
                self.exceptions.push(Exception { under, entry, place, said_at: Some(at), begins: at });
                *consent
            }
            Said::ConsentExpired { consent } => {
                self.consent_mut(*consent)?.expire(at);
                *consent
            }
            Said::HeldReviewed { consent } => {
                self.consent_mut(*consent)?.review(at);
                *consent
            }
            _ => return Ok(()),
        };
        self.words_came(Some(spoken_of));
        Ok(())
    }

    fn apply_to_baton(&mut self, said: &Said, at: UnixMillis) -> Result<(), LedgerError> {
        match said {
            Said::BatonOffered { offer } => {
                self.must_be_open()?;
                // What a partner's service answers to the offer that is over would count for this one. An own
                // one that a form made twice stands in chains that exist.
                if self.baton_offers.contains(&offer.id) && offer.service().is_some() {
                    return Err(BatonError::OfferUsed.into());
                }
                self.baton.offer(offer.clone(), at)?;
                self.baton_offers.insert(offer.id);
            }
            Said::BatonAccepted { offer, by } => {
                self.must_be_open()?;
                self.baton.accept(*offer, *by, at)?;
            }
            Said::BatonDeclined { offer, by } => self.baton.decline(*offer, *by)?,
            Said::BatonRecalled { offer } => self.baton.recall(*offer)?,
            Said::BatonReassigned { to } => self.baton.reassign(*to, at),
            Said::BatonFell { to } => self.baton.fall(*to, at),
            Said::BatonAcceptedThere { offer, account, name, hash } => {
                self.must_be_open()?;
                let by = HeldBy { account: *account, name: name.clone(), answer: *hash };
                self.baton.accept_there(*offer, by, at)?;
            }
            Said::BatonDeclinedThere { offer, .. } => self.baton.decline_there(*offer)?,
            Said::BatonReturned { offer, to, .. } => self.baton.give_back(*offer, *to, at)?,
            _ => {}
        }
        Ok(())
    }
}
