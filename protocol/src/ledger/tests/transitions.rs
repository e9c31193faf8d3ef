//! Transitions in the chain: one under way at a time, and none in a case that is closed.

use std::collections::BTreeMap;

use super::{Case, LedgerError, Said, UnixMillis, signed, try_say};
use crate::id::{AccountId, TransitionId};
use crate::municipality::ItemCode;
use crate::transition::{Days, Item, MetBy, Outcome, Transition, TransitionError, Unit};

const FIRST: TransitionId = TransitionId::from_bytes([1; 16]);
const SECOND: TransitionId = TransitionId::from_bytes([2; 16]);

fn item() -> ItemCode {
    "joint-meeting".parse().expect("a code")
}

fn opened(id: TransitionId) -> Said {
    let unit = |code: &str| Unit { service: code.parse().expect("a code"), name: None };
    let item = (item(), Item { due: UnixMillis(60), met_by: MetBy::Hand });
    let transition = Transition {
        id,
        from: unit("kindergarten"),
        to: unit("school"),
        starts_at: UnixMillis(100),
        overlap_until: UnixMillis(200),
        items: BTreeMap::from([item]),
    };
    Said::TransitionOpened { transition }
}

fn every_word(transition: TransitionId) -> [Said; 4] {
    let due = BTreeMap::from([(item(), UnixMillis(70))]);
    [
        Said::TransitionChanged {
            transition,
            days: Days { starts_at: UnixMillis(110), overlap_until: UnixMillis(210), due },
        },
        Said::TransitionItemDone { transition, item: item(), done: true },
        Said::TransitionReceived { transition, contact: Some(AccountId::from_bytes([7; 16])) },
        Said::TransitionEnded { transition, how: Outcome::Done },
    ]
}

#[test]
fn one_transition_is_under_way_at_a_time_and_each_has_its_own_id() {
    let view = Case::child().ledger;
    assert!(view.transition().is_none());

    let mut view = try_say(&view, opened(FIRST)).expect("follows");
    assert_eq!(try_say(&view, opened(SECOND)), Err(LedgerError::Transition(TransitionError::UnderWay)));
    for said in every_word(FIRST) {
        view = try_say(&view, said).expect("follows");
    }

    assert!(view.transition().is_none(), "it has ended");
    assert_eq!(try_say(&view, opened(FIRST)), Err(LedgerError::IdTaken));
    let view = try_say(&view, opened(SECOND)).expect("follows");
    assert_eq!(view.transition().map(|record| record.transition().id), Some(SECOND));
    assert_eq!(view.transitions().len(), 2);
}

#[test]
fn word_about_a_transition_that_is_unknown_or_over_does_not_count() {
    let unknown = Err(LedgerError::Transition(TransitionError::NoSuchTransition));
    let view = Case::child().ledger;
    for said in every_word(FIRST) {
        assert_eq!(try_say(&view, said), unknown);
    }
    let over = try_say(&view, opened(FIRST)).expect("follows");
    let over = try_say(&over, every_word(FIRST)[3].clone()).expect("follows");
    for said in every_word(FIRST) {
        assert_eq!(try_say(&over, said), unknown);
    }
}

#[test]
fn closed_case_takes_no_word_about_a_transition_but_its_end() {
    let view = Case::child().ledger;
    let closed = try_say(&view, Said::Closed).expect("follows");
    assert_eq!(try_say(&closed, opened(FIRST)), Err(LedgerError::Closed));

    let view = try_say(&view, opened(FIRST)).expect("follows");
    let closed = try_say(&view, Said::Closed).expect("follows");

    let [changed, done, received, ended] = every_word(FIRST);
    for said in [changed, done, received] {
        assert_eq!(try_say(&closed, said), Err(LedgerError::Closed));
    }
    assert!(try_say(&closed, ended).expect("follows").transition().is_none());
}

#[test]
fn everything_said_of_a_transition_reads_back_from_its_token() {
    let view = Case::child().ledger;
    for said in every_word(FIRST).into_iter().chain([opened(FIRST)]) {
        let token = signed(view.next(said.clone(), None, UnixMillis(50))).token().to_owned();

        let read = crate::signed::Signed::<super::LedgerStatement>::from_token(token);

        let key = crate::signed::tests::key_from_seed(1).public();
        assert_eq!(read.verify(&[key]).expect("its own").statement().said, said);
    }
}
