//! What the partner keeps of what the owner says: within a bound, while it is shared, and of nobody who has
//! not said yes.

use super::*;
use crate::erasure::{EraseOrder, ORDER_TEXT};
use crate::id::OrderId;
use crate::signed::StatementHash;
use crate::wire::OrderFrame;

impl World {
    fn owner_offers(&mut self, offer: BatonOfferId) {
        let said = OfferThere { about: self.about(offer), lapses_at: UnixMillis::MAX };
        self.owner_says(said, |token| BatonFrame::Offer { token });
    }

    fn owner_has(&mut self, offer: BatonOfferId, holds: Holds) {
        let said = NowThere { about: self.about(offer), holds };
        self.owner_says(said, |token| BatonFrame::Now { token });
    }

    /// The order that ends the grant comes.
    fn is_ordered_to_erase(&mut self) {
        let order = EraseOrder {
            order: OrderId::from_bytes([0x69; 16]),
            owner: own(),
            partner: partner(),
            case: CASE,
            grant: PPT_GRANT,
            service: ppt().code,
            entries: Default::default(),
            text: ORDER_TEXT.to_owned(),
        };
        let token = key_from_seed(1).sign(order).expect("signs").token().to_owned();
        let (stream, frame) = (Stream::Control, Frame::Order(OrderFrame { token }));
        self.there.handle(Input::Frame { stream, frame, random: [9; 32] }, self.now);
        self.run();
    }

    fn must_keep_nothing(&self) {
        assert!(self.rows.is_empty(), "{:?}", self.rows);
        assert!(self.there.batons.here.is_empty(), "{:?}", self.there.batons.here);
        assert!(self.there.batons.coming.is_empty(), "{:?}", self.there.batons.coming);
    }
}

fn held_by(answer: &str) -> Holds {
    let name = Line::of("Ole Eksempel").expect("a line");
    Holds::Held(HeldBy { account: OLE, name, answer: StatementHash::of(answer) })
}

#[test]
fn burst_of_offers_of_which_none_is_durable_stays_within_the_bound() {
    let mut world = World::shared();
    world.connect();
    world.is_slow = true;

    for number in 0..BATONS_THERE_MAX + 8 {
        let mut offer = [0; 16];
        offer[..8].copy_from_slice(&u64::try_from(number).expect("fits").to_be_bytes());
        world.owner_offers(BatonOfferId::from_bytes(offer));
    }
    world.owner_offers(BatonOfferId::from_bytes([0; 16]));
    world.settle();

    assert_eq!((world.rows.len(), world.there.batons.here.len()), (BATONS_THERE_MAX, BATONS_THERE_MAX));
}

#[test]
fn order_that_comes_while_an_offer_is_being_kept_leaves_nothing_of_it() {
    let mut world = World::shared();
    world.connect();
    world.is_slow = true;
    world.owner_offers(ONE);
    assert!(world.rows.contains_key(&ONE));

    world.is_ordered_to_erase();
    world.settle();

    world.must_keep_nothing();
}

#[test]
fn offer_that_is_over_before_it_is_durable_leaves_nothing_of_it() {
    let mut world = World::shared();
    world.connect();
    world.is_slow = true;
    world.owner_offers(ONE);

    world.owner_has(ONE, Holds::Over);
    world.settle();

    world.must_keep_nothing();
}

#[test]
fn answer_to_an_offer_that_the_session_does_not_know_to_be_durable_is_said() {
    let mut world = World::shared();
    world.connect();
    world.is_slow = true;
    world.offer(ONE);

    world.answers(ONE, At::NotTaken);
    world.settle();

    assert!(world.rows.is_empty() && world.ledger.baton().offer.is_none(), "{:?}", world.rows);
}

#[test]
fn owner_that_names_somebody_who_never_said_yes_gets_the_baton_back() {
    for offer in [ONE, TWO] {
        let mut world = World::offered();
        world.said.clear();

        world.owner_has(offer, held_by("an answer that nobody gave"));

        assert_eq!(world.holder_there(), None);
        let given_back = AnswerThere { about: world.about(offer), answered: Answered::NotTaken };
        let token = key_from_seed(2).sign(given_back).expect("signs").token().to_owned();
        assert_eq!(world.said, [Frame::BatonAnswer(BatonAnswerFrame::Answer { token })]);
    }
}

#[test]
fn owner_that_names_another_than_whoever_took_it_gets_the_baton_back() {
    let mut world = World::offered();
    world.is_deaf = true;
    world.takes(ONE);

    let Holds::Held(by) = held_by("an answer that nobody gave") else { unreachable!("is held") };
    world.owner_has(ONE, Holds::Held(HeldBy { account: AccountId::from_bytes([0x64; 16]), ..by }));

    assert_eq!(world.rows[&ONE].at, At::NotTaken);
}
