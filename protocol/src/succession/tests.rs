//! Single steps of both machines; all of them together are the model's.

use super::leaving::{
    ConsentStanding, EndCause, LateWord, Leaving, LeavingEvent, LeavingSays, Offering, Standing,
    SuccessionError,
};
use super::package::{PackageHash, Packed};
use super::{Arriving, ArrivingEvent, ArrivingSays};
use crate::id::ConsentId;
use crate::limits::{SUCCESSION_OFFER_MS, SUCCESSION_OPEN_MS};
use crate::municipality::ServiceCode;
use crate::signed::StatementHash;
use crate::time::UnixMillis;

const OFFER: StatementHash = StatementHash([1; 32]);
const YES: StatementHash = StatementHash([2; 32]);
const NOW: UnixMillis = UnixMillis(1_000);
const FIRST: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };
const SECOND: Packed = Packed { revision: 2, package: PackageHash([4; 32]) };

fn ppt() -> ServiceCode {
    "ppt".parse().expect("a code")
}

fn offered() -> Leaving {
    let offering = Offering {
        offer: OFFER,
        consent: ConsentId::from_bytes([5; 16]),
        services: [ppt()].into(),
        lapses_at: NOW.plus(SUCCESSION_OFFER_MS),
    };
    Leaving::Offered { offering }
}

fn yes() -> LeavingEvent {
    LeavingEvent::Accepted { offer: OFFER, answer: YES, service: ppt() }
}

fn package(packed: Packed) -> LeavingEvent {
    LeavingEvent::Packed(packed)
}

fn after(events: &[LeavingEvent]) -> Leaving {
    let step = |state: Leaving, event: &LeavingEvent| state.step(event, NOW).expect("fits");
    events.iter().fold(offered(), step)
}

fn carried_out() -> Leaving {
    after(&[yes(), package(FIRST), LeavingEvent::Stored(FIRST), LeavingEvent::Transferred])
}

#[test]
fn move_is_carried_out_when_the_other_side_has_the_package_that_stands() {
    let packed = after(&[yes(), package(FIRST), package(SECOND)]);

    assert_eq!(packed.step(&LeavingEvent::Transferred, NOW), Err(SuccessionError::OutOfTurn));
    assert_eq!(packed.step(&LeavingEvent::Stored(FIRST), NOW), Err(SuccessionError::NotThisOne));
    let stored = packed.step(&LeavingEvent::Stored(SECOND), NOW).expect("this one");
    let gone = stored.step(&LeavingEvent::Transferred, NOW).expect("stored");
    assert!(!gone.is_owner());
    assert_eq!(gone.says(), Some(LeavingSays::Transferred(SECOND)));
}

#[test]
fn package_follows_the_one_before() {
    let accepted = after(&[yes()]);

    assert_eq!(accepted.step(&package(SECOND), NOW), Err(SuccessionError::NotThisOne));
    assert_eq!(offered().step(&package(FIRST), NOW), Err(SuccessionError::OutOfTurn));
    let stored = after(&[yes(), package(FIRST), LeavingEvent::Stored(FIRST)]);
    let anew = stored.step(&package(SECOND), NOW).expect("made anew");
    assert_eq!(anew.says(), Some(LeavingSays::Ready(SECOND)));
}

#[test]
fn answer_counts_in_time_for_the_offer_and_a_service_that_was_asked() {
    let late = NOW.plus(SUCCESSION_OFFER_MS);
    let just = UnixMillis(late.0 - 1);
    let other = LeavingEvent::Accepted { offer: YES, answer: YES, service: ppt() };
    let service = "clinic".parse().expect("a code");
    let elsewhere = LeavingEvent::Accepted { offer: OFFER, answer: YES, service };

    assert!(matches!(offered().step(&yes(), just), Ok(Leaving::Accepted { .. })));
    let ended = Leaving::Ended { cause: EndCause::Lapsed, is_kept: false };
    assert_eq!(offered().step(&yes(), late), Ok(ended));
    assert_eq!(offered().step(&other, NOW), Err(SuccessionError::NotThisOne));
    assert_eq!(offered().step(&elsewhere, NOW), Err(SuccessionError::NotThisOne));
    let declined = LeavingEvent::Declined { offer: YES };
    assert_eq!(offered().step(&declined, NOW), Err(SuccessionError::NotThisOne));
}

#[test]
fn time_ends_what_nobody_answers_and_what_nobody_carries_out() {
    let waited = |state: &Leaving, millis| state.step(&LeavingEvent::Waited, NOW.plus(millis));
    let ended = |cause| Ok(Leaving::Ended { cause, is_kept: false });
    let accepted = after(&[yes()]);

    assert_eq!(waited(&offered(), SUCCESSION_OFFER_MS - 1), Err(SuccessionError::OutOfTurn));
    assert_eq!(waited(&offered(), SUCCESSION_OFFER_MS), ended(EndCause::Lapsed));
    assert_eq!(waited(&accepted, SUCCESSION_OPEN_MS - 1), Err(SuccessionError::OutOfTurn));
    assert_eq!(waited(&accepted, SUCCESSION_OPEN_MS), ended(EndCause::NotCarriedOut));
    assert_eq!(waited(&carried_out(), 10 * SUCCESSION_OPEN_MS), Err(SuccessionError::OutOfTurn));
}

#[test]
fn move_that_was_carried_out_does_not_end_and_is_answered_alike_for_ever() {
    let gone = carried_out();
    let confirmed = gone.step(&LeavingEvent::Confirmed(FIRST), NOW).expect("opened");

    for event in [LeavingEvent::Ended(EndCause::Recalled), LeavingEvent::EndKept, yes()] {
        assert_eq!(gone.step(&event, NOW), Err(SuccessionError::OutOfTurn), "{event:?}");
    }
    assert_eq!(gone.answer(), confirmed.answer());
    assert_eq!(confirmed.says(), None);
    assert!(confirmed.is_over() && !gone.is_over());
    assert_eq!(gone.step(&LeavingEvent::Confirmed(SECOND), NOW), Err(SuccessionError::NotThisOne));
}

#[test]
fn end_is_said_until_it_is_kept_and_answered_ever_after() {
    let ended = after(&[yes(), LeavingEvent::Ended(EndCause::Recalled)]);
    let kept = ended.step(&LeavingEvent::EndKept, NOW).expect("kept");

    assert_eq!(ended.says(), Some(LeavingSays::Ended));
    assert_eq!(kept.says(), None);
    assert_eq!(kept.answer(), [LeavingSays::Ended]);
    assert_eq!(kept.step(&yes(), NOW), Err(SuccessionError::OutOfTurn));
}

#[test]
fn late_word_is_said_once_confirmed_and_until_it_is_kept() {
    let word = LeavingEvent::Late(LateWord::ConsentTakenBack);
    let said = carried_out().step(&word, NOW).expect("after the transfer");

    assert_eq!(said.says(), Some(LeavingSays::Transferred(FIRST)), "the case comes first");
    assert_eq!(said.step(&word, NOW), Err(SuccessionError::OutOfTurn), "once");
    let confirmed = said.step(&LeavingEvent::Confirmed(FIRST), NOW).expect("opened");
    assert_eq!(confirmed.says(), Some(LeavingSays::Late(0, LateWord::ConsentTakenBack)));
    let kept = confirmed.step(&LeavingEvent::LateKept(0), NOW).expect("kept");
    assert!(kept.is_over());
    assert_eq!(kept.step(&LeavingEvent::LateKept(0), NOW), Err(SuccessionError::OutOfTurn));
    assert_eq!(offered().step(&word, NOW), Err(SuccessionError::OutOfTurn));
}

#[test]
fn consent_address_and_agreement_end_what_is_open_and_a_pause_holds_it() {
    let counts = Standing { consent: ConsentStanding::Counts, is_blocked: false, is_agreed: true };
    let stored = after(&[yes(), package(FIRST), LeavingEvent::Stored(FIRST)]);
    let over = Standing { consent: ConsentStanding::Over, ..counts };
    let paused = Standing { consent: ConsentStanding::Paused, ..counts };

    assert_eq!(stored.over(&counts), None);
    assert!(stored.may_transfer(&counts));
    assert_eq!(stored.over(&over), Some(EndCause::ConsentOver));
    assert_eq!(stored.over(&Standing { is_blocked: true, ..counts }), Some(EndCause::Blocked));
    assert_eq!(stored.over(&Standing { is_agreed: false, ..counts }), Some(EndCause::AgreementOver));
    assert_eq!(stored.over(&paused), None);
    assert!(!stored.may_transfer(&paused) && !stored.may_transfer(&over));
    assert!(!after(&[yes(), package(FIRST)]).may_transfer(&counts));
    assert_eq!(carried_out().over(&over), None);
}

#[test]
fn case_is_offered_anew_when_nothing_is_open_and_it_has_not_moved() {
    let ended = after(&[LeavingEvent::Ended(EndCause::Recalled)]);

    assert!(Leaving::may_offer([].into_iter()));
    assert!(Leaving::may_offer([&ended, &Leaving::Declined].into_iter()));
    for open in [offered(), after(&[yes()]), carried_out()] {
        assert!(!Leaving::may_offer([&ended, &open].into_iter()), "{open:?}");
    }
}

fn came(events: &[ArrivingEvent]) -> Arriving {
    let first = Arriving::Offered { offer: OFFER, lapses_at: NOW.plus(SUCCESSION_OFFER_MS) };
    events.iter().fold(first, |state, event| state.step(*event, NOW).expect("fits"))
}

const TAKES: ArrivingEvent = ArrivingEvent::Accepts { answer: YES };
const READY: ArrivingEvent = ArrivingEvent::Ready { packed: FIRST, parts: 2 };
const GONE: ArrivingEvent = ArrivingEvent::Transferred { answer: YES, packed: FIRST };
const WHOLE: ArrivingEvent = ArrivingEvent::Whole { fits: true };

fn part(index: u32) -> ArrivingEvent {
    ArrivingEvent::Part { revision: 1, index }
}

#[test]
fn parts_come_in_order_and_the_whole_is_asked_about_until_there_is_an_answer() {
    let coming = came(&[TAKES, READY]);

    assert_eq!(coming.says(), Some(ArrivingSays::Want { revision: 1, index: 0 }));
    assert_eq!(coming.step(part(1), NOW), Err(SuccessionError::OutOfTurn));
    assert_eq!(coming.step(WHOLE, NOW), Err(SuccessionError::OutOfTurn));
    let other = ArrivingEvent::Part { revision: 2, index: 0 };
    assert_eq!(coming.step(other, NOW), Err(SuccessionError::NotThisOne));
    let all = came(&[TAKES, READY, part(0), part(1)]);
    assert_eq!(all.step(part(2), NOW), Err(SuccessionError::OutOfTurn));
    let again = all.step(ArrivingEvent::Whole { fits: false }, NOW).expect("whole");
    assert_eq!(again.says(), Some(ArrivingSays::Want { revision: 1, index: 0 }), "from the beginning");
    let stored = all.step(WHOLE, NOW).expect("whole");
    assert_eq!(stored.says(), Some(ArrivingSays::Stored(FIRST)));
    assert!(stored.step(GONE, NOW).expect("the answer").is_owner());
}

#[test]
fn newer_package_takes_the_place_of_one_that_is_here() {
    let newer = ArrivingEvent::Ready { packed: SECOND, parts: 1 };
    let stored = came(&[TAKES, READY, part(0), part(1), WHOLE]);

    let coming = stored.step(newer, NOW).expect("newer");
    assert_eq!(coming.says(), Some(ArrivingSays::Want { revision: 2, index: 0 }));
    assert_eq!(coming.step(READY, NOW), Err(SuccessionError::OutOfTurn), "older");
    assert_eq!(stored.step(READY, NOW), Err(SuccessionError::OutOfTurn), "the same");
}

#[test]
fn nobody_owns_a_case_by_a_transfer_that_is_not_the_answer_to_its_own_words() {
    let stored = came(&[TAKES, READY, part(0), part(1), WHOLE]);
    let others = ArrivingEvent::Transferred { answer: OFFER, packed: FIRST };

    assert_eq!(stored.step(others, NOW), Err(SuccessionError::OutOfTurn));
    for state in [came(&[]), came(&[TAKES, ArrivingEvent::Ended])] {
        assert_eq!(state.step(GONE, NOW), Err(SuccessionError::OutOfTurn), "{state:?}");
    }
    let waiting = came(&[TAKES, GONE]);
    assert!(!waiting.is_owner(), "the package is not here");
    let all = [READY, part(0), part(1), WHOLE];
    let stored = all.iter().fold(waiting, |state, event| state.step(*event, NOW).expect("fits"));
    assert_eq!(stored.says(), Some(ArrivingSays::Ask));
    assert!(stored.step(GONE, NOW).expect("said again").is_owner());
}

#[test]
fn offer_cannot_be_taken_when_it_has_lapsed_here_or_was_declined() {
    let no = ArrivingEvent::Declines { answer: OFFER };

    assert_eq!(came(&[]).step(TAKES, NOW.plus(SUCCESSION_OFFER_MS)), Err(SuccessionError::OutOfTurn));
    assert_eq!(came(&[no]).step(TAKES, NOW), Err(SuccessionError::OutOfTurn));
    assert_eq!(came(&[TAKES]).step(no, NOW), Err(SuccessionError::OutOfTurn));
    let ended = came(&[no]).step(ArrivingEvent::Ended, NOW).expect("a decline that crossed the end");
    assert_eq!(ended.answer(), Some(ArrivingSays::EndKept));
}

#[test]
fn restored_receiver_asks_and_goes_on_by_what_it_hears() {
    let asking = Arriving::Asking { answer: None };
    let remembered = ArrivingEvent::Remembered { answer: YES, is_yes: true };
    let knows = asking.step(remembered, NOW).expect("its own words");

    assert_eq!(asking.says(), Some(ArrivingSays::Ask));
    assert_eq!(asking.step(GONE, NOW), Err(SuccessionError::OutOfTurn), "it does not know its own words");
    assert_eq!(asking.step(ArrivingEvent::Ended, NOW), Ok(Arriving::Ended));
    let offered = knows.step(ArrivingEvent::Offered, NOW).expect("nobody heard it");
    assert_eq!(offered.says(), Some(ArrivingSays::Accepted(YES)));
    assert!(matches!(knows.step(GONE, NOW), Ok(Arriving::Waiting { .. })));
    assert!(matches!(knows.step(READY, NOW), Ok(Arriving::Accepted { .. })));
}

#[test]
fn every_state_and_event_of_the_old_owner_reads_back() {
    let say = |state: Leaving, event: &LeavingEvent| state.step(event, NOW).expect("fits");
    let late = say(carried_out(), &LeavingEvent::Late(LateWord::ConsentTakenBack));
    let states = [
        offered(),
        after(&[yes()]),
        after(&[yes(), package(FIRST)]),
        after(&[yes(), package(FIRST), LeavingEvent::Stored(FIRST)]),
        late,
        say(offered(), &LeavingEvent::Ended(EndCause::Recalled)),
        Leaving::Declined,
    ];
    for state in states {
        let json = serde_json::to_string(&state).expect("writes");
        assert_eq!(serde_json::from_str::<Leaving>(&json).ok().as_ref(), Some(&state), "{json}");
    }
    let events = [
        yes(),
        LeavingEvent::Declined { offer: OFFER },
        package(FIRST),
        LeavingEvent::Stored(FIRST),
        LeavingEvent::Transferred,
        LeavingEvent::Confirmed(FIRST),
        LeavingEvent::Ended(EndCause::Blocked),
        LeavingEvent::EndKept,
        LeavingEvent::Waited,
        LeavingEvent::Late(LateWord::AddressProtected),
        LeavingEvent::LateKept(0),
    ];
    for event in events {
        let json = serde_json::to_string(&event).expect("writes");
        assert_eq!(serde_json::from_str::<LeavingEvent>(&json).ok().as_ref(), Some(&event), "{json}");
    }
}
