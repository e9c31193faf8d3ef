//! The baton (stafettpinne): who is stafettholder. A chain of offers and answers, never a merged
//! field, so there is exactly one holder from the moment a case is opened (law 14).
//!
//! ```text
//! held ──offered──▶ offered ──accepted──▶ held (by the other)
//!   ▲                            │
//!   └─declined, recalled, lapsed─┘   reassigned by the unit leader: held, from any state
//!                                    fallen to an acting holder: held, from any state
//! ```

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, BatonOfferId};
use crate::planted::planted;
use crate::time::UnixMillis;

/// Who holds the baton, and to whom it is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baton {
    /// The stafettholder.
    pub holder: AccountId,
    /// Since when.
    pub since: UnixMillis,
    /// An offer that has no answer yet.
    pub offer: Option<BatonOffer>,
    /// Whether the holder only acts: the one before has left, and nobody has been given the baton since.
    #[serde(default)]
    pub is_acting: bool,
}

/// An offer of the baton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatonOffer {
    /// Its id.
    pub id: BatonOfferId,
    /// To whom.
    pub to: AccountId,
    /// The first millisecond on which it can no longer be accepted.
    pub lapses_at: UnixMillis,
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
}

impl Baton {
    /// Starts with whoever opened the case.
    pub fn opened(holder: AccountId, at: UnixMillis) -> Self {
        Self { holder, since: at, offer: None, is_acting: false }
    }

    /// Offers the baton; the holder keeps it.
    ///
    /// # Errors
    /// [`BatonError::OfferWaits`] while a living offer has no answer.
    pub fn offer(&mut self, offer: BatonOffer, now: UnixMillis) -> Result<(), BatonError> {
        if self.waiting(now).is_some() {
            return Err(BatonError::OfferWaits);
        }
        self.offer = Some(offer);
        if planted!("baton-given-by-an-offer") {
            self.holder = offer.to;
        }
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
        self.offer = match self.offer {
            Some(offer) if offer.id == id => None,
            _ => return Err(BatonError::NoSuchOffer),
        };
        Ok(())
    }

    /// Returns the offer that can still be accepted.
    pub fn waiting(&self, now: UnixMillis) -> Option<BatonOffer> {
        self.offer.filter(|offer| now < offer.lapses_at)
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

    fn open_offer(&self, id: BatonOfferId, by: AccountId) -> Result<BatonOffer, BatonError> {
        let offer = self.offer.filter(|offer| offer.id == id).ok_or(BatonError::NoSuchOffer)?;
        if offer.to == by { Ok(offer) } else { Err(BatonError::NotOffered) }
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
        baton
            .offer(BatonOffer { id: OFFER, to: NILS, lapses_at: UnixMillis(100) }, UnixMillis(10))
            .expect("no offer waits");
        baton
    }

    #[test]
    fn holder_keeps_the_baton_until_the_other_accepts() {
        let mut baton = offered();
        assert_eq!(baton.holder, MARTE);

        baton.accept(OFFER, NILS, UnixMillis(99)).expect("in time");

        assert_eq!((baton.holder, baton.since), (NILS, UnixMillis(99)));
    }

    #[test]
    fn lapsed_offer_cannot_be_accepted() {
        let mut baton = offered();

        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(100)), Err(BatonError::Lapsed));
        assert_eq!(baton.holder, MARTE);
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

        assert_eq!((baton.holder, baton.since, baton.is_acting), (MARTE, UnixMillis(30), true));
        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(40)), Err(BatonError::NoSuchOffer));
        let second =
            BatonOffer { id: BatonOfferId::from_bytes([4; 16]), to: NILS, lapses_at: UnixMillis(200) };
        baton.offer(second, UnixMillis(50)).expect("the acting holder may offer it");
        assert!(baton.is_acting, "an offer gives nothing");
        baton.accept(second.id, NILS, UnixMillis(60)).expect("in time");
        assert_eq!((baton.holder, baton.is_acting), (NILS, false));
    }

    #[test]
    fn recalled_offer_cannot_be_accepted_and_another_can_be_made_at_once() {
        let mut baton = offered();
        let other = BatonOfferId::from_bytes([4; 16]);
        assert_eq!(baton.recall(other), Err(BatonError::NoSuchOffer));

        baton.recall(OFFER).expect("waits");

        assert_eq!(baton.accept(OFFER, NILS, UnixMillis(20)), Err(BatonError::NoSuchOffer));
        assert_eq!((baton.holder, baton.since), (MARTE, UnixMillis(1)));
        let second = BatonOffer { id: other, to: NILS, lapses_at: UnixMillis(200) };
        assert_eq!(baton.offer(second, UnixMillis(20)), Ok(()));
    }

    #[test]
    fn second_offer_waits_for_the_answer_to_the_first() {
        let mut baton = offered();
        let second =
            BatonOffer { id: BatonOfferId::from_bytes([4; 16]), to: MARTE, lapses_at: UnixMillis(200) };

        assert_eq!(baton.offer(second, UnixMillis(99)), Err(BatonError::OfferWaits));
        assert_eq!(baton.offer(second, UnixMillis(100)), Ok(()));
    }
}
