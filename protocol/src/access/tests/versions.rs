//! The gate while one consent takes another's place: when it has, when it never will, and what was
//! open in between.

use super::*;
use crate::consent::{ConsentStatus, Evidence, WithdrawnPart, Yes};

const NEWER: ConsentId = ConsentId::from_bytes([77; 16]);
const OTHER: ConsentId = ConsentId::from_bytes([79; 16]);

fn status(asked: &Asked, consent: ConsentId, now: u64) -> ConsentStatus {
    let ledger = &asked.case.ledger;
    ledger.status(&ledger.consents()[&consent], UnixMillis(now))
}

fn newer() -> Consent {
    Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() }
}

fn give(asked: &mut Asked, consent: ConsentId, giver: PersonId, at: u64) {
    let yes = Yes::new(UnixMillis(at), Evidence::Oral);
    asked.case.say(Said::ConsentGiven { consent, giver, yes }, at);
}

/// A version that the mother alone has said yes to, at 110.
fn half_given() -> Asked {
    let mut asked = shared();
    asked.case.say(Said::ConsentAsked { consent: newer() }, 100);
    give(&mut asked, NEWER, MOTHER, 110);
    asked
}

fn without_father(asked: &mut Asked, at: u64) {
    let mut parties = asked.case.ledger.parties().to_vec();
    parties.retain(|party| party.person != FATHER);
    asked.case.change_family(parties, None, at);
}

#[test]
fn version_withdrawn_before_it_was_complete_never_takes_over() {
    let mut asked = half_given();
    asked.case.withdraw(NEWER, MOTHER, 115);

    without_father(&mut asked, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Withdrawn { since: UnixMillis(115) });
    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Expiring);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn version_refused_before_it_was_complete_never_takes_over() {
    let mut asked = half_given();
    asked.case.say(Said::ConsentRefused { consent: NEWER, giver: FATHER }, 115);

    without_father(&mut asked, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Refused, "nobody took the no back");
    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Expiring);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn no_of_somebody_who_was_not_asked_stops_nothing() {
    let mut asked = half_given();
    let stranger = PersonId::from_bytes([98; 16]);
    asked.case.say(Said::ConsentRefused { consent: NEWER, giver: stranger }, 115);

    give(&mut asked, NEWER, FATHER, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Expiring);
    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Superseded);
}

#[test]
fn no_is_taken_back_by_that_givers_own_yes() {
    let mut asked = half_given();
    asked.case.say(Said::ConsentRefused { consent: NEWER, giver: FATHER }, 115);
    assert_eq!(status(&asked, NEWER, 116), ConsentStatus::Refused);

    give(&mut asked, NEWER, FATHER, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Expiring);
}

#[test]
fn version_that_ran_out_before_it_was_complete_never_takes_over() {
    let mut asked = shared();
    let short = Consent { until: UnixMillis(120), ..newer() };
    asked.case.say(Said::ConsentAsked { consent: short }, 100);
    give(&mut asked, NEWER, MOTHER, 110);

    without_father(&mut asked, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Expired);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn version_withdrawn_before_it_began_leaves_the_older_one_in_force() {
    let mut asked = shared();
    asked.case.say(Said::ConsentAsked { consent: Consent { from: UnixMillis(500), ..newer() } }, 100);
    give(&mut asked, NEWER, MOTHER, 110);
    give(&mut asked, NEWER, FATHER, 111);
    asked.case.withdraw(NEWER, MOTHER, 400);

    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Expiring);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn version_withdrawn_after_it_began_leaves_the_older_one_superseded() {
    let mut asked = half_given();
    give(&mut asked, NEWER, FATHER, 120);
    asked.case.withdraw(NEWER, MOTHER, 120);

    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Superseded);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

/// A consent to both areas that ran out at 5000, one more that holds then, and a third that
/// everybody said yes to at 5600.
fn renewed_beside(other: Consent) -> Asked {
    let mut asked = shared();
    asked.case.shared_more(other);
    let later = Consent { id: NEWER, until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: later }, 5_500);
    give(&mut asked, NEWER, MOTHER, 5_600);
    give(&mut asked, NEWER, FATHER, 5_600);
    asked
}

fn beside() -> Consent {
    Consent { id: OTHER, until: UnixMillis(9_000), ..to_ppt() }
}

#[test]
fn consent_that_held_all_along_leaves_no_gap() {
    let asked = renewed_beside(beside());

    assert_eq!(status(&asked, NEWER, 6_000), ConsentStatus::Expiring);
}

#[test]
fn consent_to_less_that_held_meanwhile_leaves_the_gap() {
    let fewer_areas = Consent { areas: areas(&["wellbeing"]), ..beside() };
    let fewer_kinds = Consent { kinds: BTreeSet::from([EntryKind::Measure]), ..beside() };
    let other_way = Consent { direction: Direction::Receive, ..beside() };
    for other in [fewer_areas, fewer_kinds, other_way] {
        let asked = renewed_beside(other);

        assert_eq!(status(&asked, NEWER, 6_000), ConsentStatus::WaitsForReview);
    }
}

#[test]
fn consent_that_did_not_count_at_that_moment_leaves_the_gap() {
    let not_begun = renewed_beside(Consent { from: UnixMillis(5_700), ..beside() });
    assert_eq!(status(&not_begun, NEWER, 6_000), ConsentStatus::WaitsForReview);

    let mut paused = shared();
    paused.case.shared_more(beside());
    let mut parties = paused.case.ledger.parties().to_vec();
    parties.push(Party { person: CHILD_WELFARE, capacity: Capacity::ChildWelfareService });
    paused.case.change_family(parties, None, 5_100);
    let later = Consent { id: NEWER, until: UnixMillis(9_000), ..to_ppt() };
    paused.case.say(Said::ConsentAsked { consent: later }, 5_500);
    give(&mut paused, NEWER, CHILD_WELFARE, 5_600);
    assert!(matches!(status(&paused, OTHER, 5_600), ConsentStatus::MustBeRenewed { .. }));
    assert_eq!(status(&paused, NEWER, 6_000), ConsentStatus::WaitsForReview);
}

const CHILD_WELFARE: PersonId = PersonId::from_bytes([90; 16]);

#[test]
fn what_becomes_of_another_consent_later_makes_no_gap_and_closes_none() {
    let part = |codes: &[&str]| WithdrawnPart::Areas { areas: areas(codes) };
    let taken_back = |asked: &mut Asked, consent, part| {
        let channel = crate::consent::Channel::Oral;
        asked.case.say(Said::ConsentWithdrawn { consent, giver: FATHER, channel, part }, 5_700);
    };
    let mut narrowed = renewed_beside(beside());
    taken_back(&mut narrowed, OTHER, part(&["language"]));
    assert_eq!(status(&narrowed, NEWER, 6_000), ConsentStatus::Expiring);
    let mut withdrawn = renewed_beside(beside());
    withdrawn.case.withdraw(OTHER, FATHER, 5_700);
    assert_eq!(status(&withdrawn, NEWER, 6_000), ConsentStatus::Expiring);

    let mut gap = renewed_beside(Consent { areas: areas(&["wellbeing"]), ..beside() });
    taken_back(&mut gap, PPT, part(&["language"]));
    assert_eq!(status(&gap, NEWER, 6_000), ConsentStatus::WaitsForReview);
}

#[test]
fn consent_to_what_no_earlier_one_had_opened_follows_no_gap() {
    let mut asked =
        Asked::about(Case::child().shared(Consent { areas: areas(&["wellbeing"]), ..to_ppt() }, PPT_GRANT));
    let later = Consent { id: NEWER, areas: areas(&["language"]), until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: later }, 5_500);
    give(&mut asked, NEWER, MOTHER, 5_600);
    give(&mut asked, NEWER, FATHER, 5_600);

    assert_eq!(status(&asked, NEWER, 6_000), ConsentStatus::Expiring);
}
