use super::*;
use crate::access::tests::{Case, FATHER, HOLDER, MOTHER, PPT, PPT_GRANT, own, partner, to_ppt};
use crate::baton::BatonOffer;
use crate::id::{AccountId, BatonOfferId};
use crate::ledger::statement::{Level, Said};
use crate::municipality::ServiceCode;
use crate::time::{DAY, MINUTE};
use crate::uptake::{Uptake, UptakeAnswer, UptakeReason};

/// After everything that the scene has said.
const START: u64 = 100 * DAY;

fn level(case: &mut Case, level: u8, at: u64) {
    case.say(Said::LevelChanged { level: Level::try_from(level).expect("valid") }, at);
}

fn shown(case: &Case, at: u64) -> Vec<Sign> {
    shown_after(case, None, &[], at)
}

fn shown_after(case: &Case, last_meeting: Option<u64>, heard: &[Heard], at: u64) -> Vec<Sign> {
    let last_meeting = last_meeting.map(UnixMillis);
    let question = Question { ledger: &case.ledger, has_holder: true, last_meeting, heard };
    signs(&question, UnixMillis(at))
}

#[test]
fn case_that_goes_on_shows_no_sign() {
    assert_eq!(shown(&Case::child(), START), Vec::new());
}

#[test]
fn case_whose_holder_has_left_has_stopped() {
    let case = Case::child();
    let question = Question { ledger: &case.ledger, has_holder: false, last_meeting: None, heard: &[] };

    assert_eq!(signs(&question, UnixMillis(START)), [Sign::NoHolder]);
}

#[test]
fn offer_that_nobody_answers_is_a_sign_after_a_week_also_when_it_has_lapsed() {
    let mut case = Case::child();
    let lapses_at = UnixMillis(START).plus(BATON_OFFER_MS);
    let offer = BatonOffer::own(BatonOfferId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]), lapses_at);
    case.say_by(HOLDER, Said::BatonOffered { offer }, START);

    assert_eq!(shown(&case, START + 7 * DAY - 1), Vec::new());
    assert_eq!(shown(&case, START + 7 * DAY), [Sign::BatonWaits]);
    assert_eq!(shown(&case, START + 30 * DAY), [Sign::BatonWaits], "nobody has taken it over");
    case.say_by(HOLDER, Said::BatonRecalled { offer: BatonOfferId::from_bytes([1; 16]) }, START + 30 * DAY);
    assert_eq!(shown(&case, START + 30 * DAY), Vec::new());
}

#[test]
fn twelve_weeks_without_a_meeting_are_a_sign_on_the_levels_on_which_people_meet() {
    let mut case = Case::child();
    let weeks = 12 * 7 * DAY;
    level(&mut case, 1, START);
    assert_eq!(shown(&case, START + 2 * weeks), Vec::new(), "level 1");
    level(&mut case, 2, START);
    assert_eq!(shown(&case, START + weeks - 1), Vec::new());
    assert_eq!(shown(&case, START + weeks), [Sign::NoMeeting]);
    level(&mut case, 3, START + 10 * DAY);
    level(&mut case, 3, START + 20 * DAY);
    assert_eq!(case.ledger.level_since(), UnixMillis(START + 10 * DAY), "the same level is no change");
    assert_eq!(shown(&case, START + weeks), [Sign::NoMeeting], "a graver level starts nothing anew");

    let met = Some(START + 5 * DAY);
    assert_eq!(shown_after(&case, met, &[], START + weeks), Vec::new());
    assert_eq!(shown_after(&case, met, &[], START + 5 * DAY + weeks), [Sign::NoMeeting]);
    level(&mut case, 1, START + weeks);
    assert_eq!(shown(&case, START + 2 * weeks), Vec::new());
    level(&mut case, 2, START + 2 * weeks);
    assert_eq!(shown(&case, START + 3 * weeks - 1), Vec::new(), "counted from its coming back");
}

#[test]
fn question_that_nobody_answers_for_two_weeks_is_a_sign() {
    let mut case = Case::child();
    let consent = crate::consent::Consent { until: UnixMillis(1_000 * DAY), ..to_ppt() };
    case.say(Said::ConsentAsked { consent }, START);

    assert_eq!(shown(&case, START + 14 * DAY - 1), Vec::new());
    assert_eq!(shown(&case, START + 14 * DAY), [Sign::ConsentWaits]);
    case.say(Said::ConsentRefused { consent: PPT, giver: FATHER }, START + 14 * DAY);
    assert_eq!(shown(&case, START + 14 * DAY), Vec::new(), "no is an answer");
}

#[test]
fn yes_that_is_missing_for_two_weeks_is_a_sign() {
    let mut case = Case::child();
    case.ask(crate::consent::Consent { until: UnixMillis(1_000 * DAY), ..to_ppt() });
    case.give(PPT, MOTHER, false);
    let first = case.ledger.consents()[&PPT].given_by()[&MOTHER].at.0;

    assert_eq!(shown(&case, first + 14 * DAY - 1), Vec::new());
    assert_eq!(shown(&case, first + 14 * DAY), [Sign::ConsentWaits]);
    case.give(PPT, FATHER, false);
    assert_eq!(shown(&case, first + 15 * DAY), Vec::new());
}

#[test]
fn consent_that_ran_out_is_a_sign() {
    let case = Case::child().shared(to_ppt(), PPT_GRANT);
    let until = case.ledger.consents()[&PPT].consent().until.0;

    assert_eq!(shown(&case, until - 1), Vec::new());
    assert_eq!(shown(&case, until), [Sign::ConsentExpired]);
    assert_eq!(shown(&case, until + 400 * DAY), [Sign::ConsentExpired], "nobody has asked anew");
}

#[test]
fn no_of_a_service_is_a_sign_after_two_weeks_until_it_takes_the_case() {
    let consent = crate::consent::Consent { until: UnixMillis(1_000 * DAY), ..to_ppt() };
    let case = Case::child().shared(consent, PPT_GRANT);
    let uptake = |answer, said_at| Uptake {
        grant: PPT_GRANT,
        owner: own(),
        partner: partner(),
        case: case.ledger.case(),
        service: "ppt".parse::<ServiceCode>().expect("valid"),
        answer,
        said_at: UnixMillis(said_at),
    };
    let reason = UptakeReason::try_from("Full liste".to_owned()).expect("a line");
    let no = Heard { uptake: uptake(UptakeAnswer::CannotTake { reason }, 1), at: UnixMillis(START) };
    let yes = Heard { uptake: uptake(UptakeAnswer::Taken, 2), at: UnixMillis(START + MINUTE) };

    let refused = [no.clone()];
    assert_eq!(shown_after(&case, None, &refused, START + 14 * DAY - 1), Vec::new());
    assert_eq!(shown_after(&case, None, &refused, START + 14 * DAY), [Sign::ServiceCannotTake]);
    assert_eq!(shown_after(&case, None, &[no, yes], START + 14 * DAY), Vec::new());
}

#[test]
fn closed_case_has_not_stopped() {
    let mut case = Case::child();
    level(&mut case, 2, START);
    case.say(Said::Closed, START);

    let question = Question { ledger: &case.ledger, has_holder: false, last_meeting: None, heard: &[] };
    assert_eq!(signs(&question, UnixMillis(START + 1_000 * DAY)), Vec::new());
}
