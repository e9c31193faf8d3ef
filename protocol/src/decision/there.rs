//! The baton at a partner: it is offered, the partner answers, and it falls back when nothing there lets
//! somebody hold it (law 14).

use super::{Decision, DecisionError, PartnerView};
use crate::access::Denial;
use crate::access::there::{living_grants, permit_baton};
use crate::baton::there::{AnswerThere, Answered};
use crate::baton::{BatonOffer, Lost};
use crate::id::AccountId;
use crate::ledger::statement::Said;
use crate::municipality::Service;
use crate::signed::{SigningKey, Verified};

/// A word about a baton at a partner cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum BatonThereError {
    /// The gate says no.
    #[error("the gate says no: {0:?}")]
    Denied(Denial),
    /// It is said by another service than the one that the baton was offered to.
    #[error("not of the service that the baton was offered to")]
    NotTheirs,
    /// It does not follow, or cannot be signed.
    #[error(transparent)]
    Decision(#[from] DecisionError),
}

impl Decision {
    /// Offers the baton to a service at a partner; the holder keeps it.
    ///
    /// # Errors
    /// [`BatonThereError::Denied`] if the gate says no, [`BatonThereError::Decision`] if another offer
    /// waits, or it cannot be signed.
    pub fn offer_baton_there(
        &mut self,
        offer: BatonOffer,
        partner: PartnerView<'_>,
        key: &SigningKey,
    ) -> Result<(), BatonThereError> {
        let service = offer.service().ok_or(BatonThereError::NotTheirs)?;
        self.permit_baton_there(service, partner)?;
        Ok(self.say(Said::BatonOffered { offer }, key)?)
    }

    /// Takes in what a service at a partner answers. If it gives the baton back, `acting` acts, or whoever
    /// held it here last.
    ///
    /// # Errors
    /// [`BatonThereError::Denied`] if the gate says no, [`BatonThereError::NotTheirs`] if the baton was
    /// offered to another, [`BatonThereError::Decision`] if the offer is over; nothing has changed then, and
    /// the other side is told what holds.
    pub fn hear_of_baton(
        &mut self,
        answer: &Verified<AnswerThere>,
        partner: PartnerView<'_>,
        acting: Option<AccountId>,
        key: &SigningKey,
    ) -> Result<(), BatonThereError> {
        let AnswerThere { about, answered } = answer.statement();
        let baton = self.ledger.baton();
        let (offer, hash, service) = (about.offer, answer.hash(), about.service());
        let is_theirs = about.case == self.ledger.case() && about.partner == partner.partner;
        let held = baton.there().filter(|there| there.offer == offer);
        let waits = baton.offer.as_ref().filter(|waiting| waiting.id == offer);
        let offered = held.map(|there| &there.service).or(waits.and_then(BatonOffer::service));
        if !is_theirs || offered.is_some_and(|offered| *offered != service) {
            return Err(BatonThereError::NotTheirs);
        }
        self.permit_baton_there(&service, partner)?;
        let said = match answered {
            Answered::Taken { account, name } => {
                Said::BatonAcceptedThere { offer, account: *account, name: name.clone(), hash }
            }
            Answered::NotTaken if held.is_some() => {
                Said::BatonReturned { offer, to: acting.unwrap_or(baton.last_own_holder()), hash }
            }
            Answered::NotTaken => Said::BatonDeclinedThere { offer, hash },
        };
        Ok(self.say(said, key)?)
    }

    /// Lets the baton fall to `acting`, or to whoever held it here last, once the service at a partner where
    /// it is held has no grant left; an offer to such a service is void. Wanted of every decision, after
    /// everything else that it says: what ended and what was issued anew count together.
    ///
    /// # Errors
    /// [`DecisionError`] if it cannot be signed.
    pub fn mend_baton(&mut self, acting: Option<AccountId>, key: &SigningKey) -> Result<(), DecisionError> {
        if self.ledger.has_moved() {
            return Ok(());
        }
        let is_shared = |service: &Service| living_grants(&self.ledger, service).next().is_some();
        let baton = self.ledger.baton();
        let said = baton.lost(is_shared).map(|lost| match lost {
            Lost::Held => Said::BatonFell { to: acting.unwrap_or(baton.last_own_holder()) },
            Lost::Offered(offer) => Said::BatonRecalled { offer },
        });
        said.map_or(Ok(()), |said| {
            let by = self.by.take();
            let said = self.say(said, key);
            self.by = by;
            said
        })
    }

    fn permit_baton_there(&self, service: &Service, partner: PartnerView<'_>) -> Result<(), BatonThereError> {
        if service.host != partner.partner {
            return Err(BatonThereError::NotTheirs);
        }
        permit_baton(&self.ledger, partner.agreement, partner.standing, service, self.at)
            .map(drop)
            .map_err(BatonThereError::Denied)
    }
}
