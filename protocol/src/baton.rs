//! The baton (stafettpinne): who is stafettholder. A chain of offers and answers, never a merged
//! field, so there is exactly one holder from the moment a case is opened (law 14).
//!
//! ```text
//! held ──offered──▶ offered ──accepted──▶ held (by the other)
//!   ▲                            │
//!   └─declined, recalled, lapsed─┘   reassigned by the unit leader: held, from any state
//!                                    fallen to an acting holder: held, from any state
//! ```
//!
//! The holder is an own account, or somebody of a service at a partner. An account of another
//! municipality is never one's own, whatever bytes it has. How an offer goes to a partner and comes back
//! is told in [`there`].

pub mod there;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, BatonOfferId};
use crate::municipality::Service;
use crate::planted::planted;
use crate::signed::StatementHash;
use crate::succession::package::Line;
use crate::time::UnixMillis;
use there::{About, HeldBy, Holds, Told};

/// Who holds the baton, and to whom it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Baton {
    /// The stafettholder. Of a case that has moved: who was it last here.
    pub holder: Holder,
    /// Since when.
    pub since: UnixMillis,
    /// An offer that has no answer yet.
    pub offer: Option<BatonOffer>,
    /// Whether the holder only acts: the one before has left, and nobody has been given the baton since.
    #[serde(default)]
    pub is_acting: bool,
}

/// Who is stafettholder. Written as an account, or as what is known of somebody elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Holder {
    /// Somebody who works here.
    Own(AccountId),
    /// Somebody who works in a service at a partner.
    At(There),
}

/// A stafettholder at a partner.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct There {
    /// By which offer.
    pub offer: BatonOfferId,
    /// The service, and whose it is.
    pub service: Service,
    /// The account there.
    pub account: AccountId,
    /// The name, as the partner says it.
    pub name: Line,
    /// The hash of the signed answer by which the partner says so.
    pub answer: StatementHash,
    /// Who held it here last.
    pub before: AccountId,
}

/// To whom the baton is offered. Written as an account, or as a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Offered {
    /// To somebody who works here.
    Own(AccountId),
    /// To a service at a partner, which finds somebody.
    Service(Service),
}

/// An offer of the baton.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BatonOffer {
    /// Its id.
    pub id: BatonOfferId,
    /// To whom.
    pub to: Offered,
    /// The first millisecond on which it can no longer be accepted.
    pub lapses_at: UnixMillis,
}

impl BatonOffer {
    /// Offers the baton to somebody who works here.
    pub const fn own(id: BatonOfferId, to: AccountId, lapses_at: UnixMillis) -> Self {
        Self { id, to: Offered::Own(to), lapses_at }
    }

    /// To whom it is, if that is somebody who works here.
    pub fn own_to(&self) -> Option<AccountId> {
        match self.to {
            Offered::Own(to) => Some(to),
            Offered::Service(_) => None,
        }
    }

    /// To which service at a partner it is, if it is to one.
    pub fn service(&self) -> Option<&Service> {
        match &self.to {
            Offered::Own(_) => None,
            Offered::Service(service) => Some(service),
        }
    }
}

/// What must come home from a service with which nothing is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The baton.
    Held,
    /// This offer of it.
    Offered(BatonOfferId),
}

/// An answer to an offer did not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatonError {
    /// There is no such offer, or it was answered.
    #[error("there is no such offer")]
    NoSuchOffer,
    /// The offer was to somebody else.
    #[error("the offer is to somebody else")]
    NotOffered,
    /// The offer came too late to be accepted.
    #[error("the offer has lapsed")]
    Lapsed,
    /// Another offer waits for its answer.
    #[error("another offer waits for an answer")]
    OfferWaits,
    /// Another offer was made under this id.
    #[error("the offer was made before")]
    OfferUsed,
}

impl Baton {
    /// Starts with whoever opened the case.
    pub fn opened(holder: AccountId, at: UnixMillis) -> Self {
        Self { holder: Holder::Own(holder), since: at, offer: None, is_acting: false }
    }

    /// Whether an own account holds it.
    pub fn is_held_by(&self, account: AccountId) -> bool {
        self.own_holder() == Some(account)
    }

    /// Who of this municipality holds it, if anybody does.
    pub fn own_holder(&self) -> Option<AccountId> {
        match self.holder {
            Holder::Own(holder) => Some(holder),
            Holder::At(_) => None,
        }
    }

    /// Who holds it at a partner, if anybody does.
    pub fn there(&self) -> Option<&There> {
        match &self.holder {
            Holder::Own(_) => None,
            Holder::At(there) => Some(there),
        }
    }

    /// Who of this municipality holds it, or did last.
    pub fn last_own_holder(&self) -> AccountId {
        match &self.holder {
            Holder::Own(holder) => *holder,
            Holder::At(there) => there.before,
        }
    }

    /// Offers the baton; the holder keeps it.
    ///
    /// # Errors
    /// [`BatonError::OfferWaits`] while a living offer has no answer.
    pub fn offer(&mut self, offer: BatonOffer, now: UnixMillis) -> Result<(), BatonError> {
        if self.waiting(now).is_some() {
            return Err(BatonError::OfferWaits);
        }
        if planted!("baton-given-by-an-offer")
            && let Some(to) = offer.own_to()
        {
            self.holder = Holder::Own(to);
        }
        if planted!("baton-there-by-an-offer")
            && let Some(service) = offer.service().cloned()
            && let Ok(name) = Line::of("?")
        {
            let (account, before) = (self.last_own_holder(), self.last_own_holder());
            let answer = StatementHash::of("");
            self.holder = Holder::At(There { offer: offer.id, service, account, name, answer, before });
        }
        self.offer = Some(offer);
        Ok(())
    }

    /// Takes the baton over: from here the other holds it.
    ///
    /// # Errors
    /// [`BatonError`] if the offer is not this one, not to `by`, or has lapsed.
    pub fn accept(&mut self, id: BatonOfferId, by: AccountId, now: UnixMillis) -> Result<(), BatonError> {
        let offer = self.open_offer(id, by)?;
        if offer.lapses_at <= now {
            return Err(BatonError::Lapsed);
        }
        *self = Self::opened(by, now);
        Ok(())
    }

    /// Somebody of the service that it is offered to takes the baton over.
    ///
    /// # Errors
    /// [`BatonError`] if the offer is not this one, is not to a service, or has lapsed.
    pub fn accept_there(&mut self, id: BatonOfferId, by: HeldBy, now: UnixMillis) -> Result<(), BatonError> {
        let service = self.offer_to_service(id)?;
        if self.waiting(now).is_none() && !planted!("baton-there-after-lapse") {
            return Err(BatonError::Lapsed);
        }
        let HeldBy { account, name, answer } = by;
        let there = There { offer: id, service, account, name, answer, before: self.last_own_holder() };
        *self = Self { holder: Holder::At(there), since: now, offer: None, is_acting: false };
        Ok(())
    }

    /// Nobody of the service that it is offered to takes it: the holder keeps it.
    ///
    /// # Errors
    /// [`BatonError`] if the offer is not this one, or is not to a service.
    pub fn decline_there(&mut self, id: BatonOfferId) -> Result<(), BatonError> {
        self.offer_to_service(id)?;
        self.offer = None;
        Ok(())
    }

    /// Whoever holds it at a partner gives it back: somebody here acts. A waiting offer is void.
    ///
    /// # Errors
    /// [`BatonError::NoSuchOffer`] if nobody there holds it by this offer.
    pub fn give_back(&mut self, id: BatonOfferId, to: AccountId, now: UnixMillis) -> Result<(), BatonError> {
        if self.there().is_none_or(|there| there.offer != id) {
            return Err(BatonError::NoSuchOffer);
        }
        self.fall(to, now);
        Ok(())
    }

    /// What the owner says of an offer to a partner at `now`. Nothing, if there is nothing to be said.
    pub fn told(&self, about: &About, now: UnixMillis) -> Option<Told> {
        let is_it = |id: BatonOfferId, service: &Service| id == about.offer && *service == about.service();
        let waiting = self.waiting(now).filter(|offer| offer.service().is_some_and(|to| is_it(offer.id, to)));
        if let Some(offer) = waiting {
            return Some(Told::Waits(offer.lapses_at));
        }
        match self.there().filter(|there| is_it(there.offer, &there.service)) {
            Some(There { account, name, answer, .. }) => {
                let by = HeldBy { account: *account, name: name.clone(), answer: *answer };
                Some(Told::Now(Holds::Held(by)))
            }
            None => (!planted!("baton-there-over-unsaid")).then_some(Told::Now(Holds::Over)),
        }
    }

    /// What must come home because nothing is shared with its service any longer.
    pub fn lost(&self, is_shared: impl Fn(&Service) -> bool) -> Option<Lost> {
        if planted!("baton-there-without-a-grant") {
            return None;
        }
        let offered = self.offer.as_ref().filter(|offer| offer.service().is_some_and(|to| !is_shared(to)));
        match self.there() {
            Some(there) if !is_shared(&there.service) => Some(Lost::Held),
            _ => offered.map(|offer| Lost::Offered(offer.id)),
        }
    }

    fn offer_to_service(&self, id: BatonOfferId) -> Result<Service, BatonError> {
        let offer = self.offer.as_ref().filter(|offer| offer.id == id).ok_or(BatonError::NoSuchOffer)?;
        offer.service().cloned().ok_or(BatonError::NotOffered)
    }

    /// Says no: the holder keeps it and may offer it to another.
    ///
    /// # Errors
    /// [`BatonError`] if the offer is not this one or not to `by`.
    pub fn decline(&mut self, id: BatonOfferId, by: AccountId) -> Result<(), BatonError> {
        self.open_offer(id, by)?;
        self.offer = None;
        Ok(())
    }

    /// Takes an offer back: nobody can accept it any more.
    ///
    /// # Errors
    /// [`BatonError::NoSuchOffer`] if the offer is not this one, or was answered.
    pub fn recall(&mut self, id: BatonOfferId) -> Result<(), BatonError> {
        if self.offer.as_ref().is_none_or(|offer| offer.id != id) {
            return Err(BatonError::NoSuchOffer);
        }
        self.offer = None;
        Ok(())
    }

    /// Returns the offer that can still be accepted.
    pub fn waiting(&self, now: UnixMillis) -> Option<&BatonOffer> {
        self.offer.as_ref().filter(|offer| now < offer.lapses_at)
    }

    /// Gives the baton to somebody by the unit leader's word; a waiting offer is void.
    pub fn reassign(&mut self, to: AccountId, now: UnixMillis) {
        *self = Self::opened(to, now);
    }

    /// Lets the baton fall to an acting holder, because whoever held it has left; a waiting offer is
    /// void.
    pub fn fall(&mut self, to: AccountId, now: UnixMillis) {
        if planted!("baton-falls-to-nobody") {
            self.offer = None;
            return;
        }
        *self = Self { is_acting: true, ..Self::opened(to, now) };
    }

    /// Voids a waiting offer: the case, and the baton with it, is another municipality's.
    pub fn leave(&mut self) {
        self.offer = None;
    }

    fn open_offer(&self, id: BatonOfferId, by: AccountId) -> Result<&BatonOffer, BatonError> {
        let offer = self.offer.as_ref().filter(|offer| offer.id == id).ok_or(BatonError::NoSuchOffer)?;
        if offer.own_to() == Some(by) { Ok(offer) } else { Err(BatonError::NotOffered) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARTE: AccountId = AccountId::from_bytes([1; 16]);
    const NILS: AccountId = AccountId::from_bytes([2; 16]);
    const OFFER: BatonOfferId = BatonOfferId::from_bytes([3; 16]);

    fn offered() -> Baton {
        let mut baton = Baton::opened(MARTE, UnixMillis(1));
        baton.offer(BatonOffer::own(OFFER, NILS, UnixMillis(100)), UnixMillis(10)).expect("no offer waits");
        baton
    }

    #[test]
    fn holder_keeps_the_baton_until_the_other_accepts() {
        let mut baton = offered();
        assert_eq!(baton.own_holder(), Some(MARTE));

        baton.accept(OFFER, NILS, UnixMillis(99)).expect("in time");

        assert_eq!((baton.own_holder(), baton.since), (Some(NILS), UnixMillis(99)));
    }

    #[test]
    fn lapsed_offer_cannot_be_accepted() {
        let mut baton = offered();

        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(100)), Err(BatonError::Lapsed));
        assert_eq!(baton.own_holder(), Some(MARTE));
    }

    #[test]
    fn nobody_else_can_answer_an_offer() {
        let mut baton = offered();

        assert_eq!(baton.accept(OFFER, MARTE, UnixMillis(20)), Err(BatonError::NotOffered));
        assert_eq!(baton.decline(OFFER, MARTE), Err(BatonError::NotOffered));
    }

    #[test]
    fn reassignment_voids_a_waiting_offer() {
        let mut baton = offered();

        baton.reassign(MARTE, UnixMillis(30));

        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(40)), Err(BatonError::NoSuchOffer));
    }

    #[test]
    fn baton_that_falls_has_an_acting_holder_until_somebody_accepts_it() {
        let mut baton = offered();

        baton.fall(MARTE, UnixMillis(30));

        assert_eq!((baton.own_holder(), baton.since, baton.is_acting), (Some(MARTE), UnixMillis(30), true));
        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(40)), Err(BatonError::NoSuchOffer));
        let second = BatonOffer::own(BatonOfferId::from_bytes([4; 16]), NILS, UnixMillis(200));
        baton.offer(second.clone(), UnixMillis(50)).expect("the acting holder may offer it");
        assert!(baton.is_acting, "an offer gives nothing");
        baton.accept(second.id, NILS, UnixMillis(60)).expect("in time");
        assert_eq!((baton.own_holder(), baton.is_acting), (Some(NILS), false));
    }

    #[test]
    fn recalled_offer_cannot_be_accepted_and_another_can_be_made_at_once() {
        let mut baton = offered();
        let other = BatonOfferId::from_bytes([4; 16]);
        assert_eq!(baton.recall(other), Err(BatonError::NoSuchOffer));

        baton.recall(OFFER).expect("waits");

        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(20)), Err(BatonError::NoSuchOffer));
        assert_eq!((baton.own_holder(), baton.since), (Some(MARTE), UnixMillis(1)));
        let second = BatonOffer::own(other, NILS, UnixMillis(200));
        assert_eq!(baton.offer(second, UnixMillis(20)), Ok(()));
    }

    #[test]
    fn second_offer_waits_for_the_answer_to_the_first() {
        let mut baton = offered();
        let second = BatonOffer::own(BatonOfferId::from_bytes([4; 16]), MARTE, UnixMillis(200));

        assert_eq!(baton.offer(second.clone(), UnixMillis(99)), Err(BatonError::OfferWaits));
        assert_eq!(baton.offer(second, UnixMillis(100)), Ok(()));
    }

    #[test]
    fn offer_that_was_written_before_services_got_any_reads_as_it_did() {
        let written = r#"{"id":"03030303-0303-0303-0303-030303030303","to":"02020202-0202-0202-0202-020202020202","lapses_at":100}"#;

        let read: BatonOffer = serde_json::from_str(written).expect("reads");

        assert_eq!(read, BatonOffer::own(OFFER, NILS, UnixMillis(100)));
        assert_eq!(serde_json::to_string(&read).expect("writes"), written);
    }

    #[test]
    fn account_at_a_partner_is_nobody_here_whatever_bytes_it_has() {
        let service =
            Service { host: "310000019".parse().expect("a number"), code: "ppt".parse().expect("a code") };
        let name = Line::of("Ole Eksempel").expect("a line");
        let answer = StatementHash::of("an answer");
        let there = There { offer: OFFER, service, account: MARTE, name, answer, before: NILS };
        let baton = Baton { holder: Holder::At(there), ..Baton::opened(NILS, UnixMillis(1)) };

        assert!(!baton.is_held_by(MARTE) && !baton.is_held_by(NILS));
        assert_eq!((baton.own_holder(), baton.last_own_holder()), (None, NILS));
        let read: Baton =
            serde_json::from_value(serde_json::to_value(&baton).expect("writes")).expect("reads");
        assert_eq!(read, baton);
    }
}
