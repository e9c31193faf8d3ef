//! When each task appears, when it is due and what ends it.

mod moves;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::access::tests::{
    CHILD, Case, FATHER, HOLDER, LEADER, MOTHER, PPT, PPT_GRANT, areas, partner, service, to_ppt,
};
use crate::baton::BatonOffer;
use crate::consent::rule::{Birthdays, GiverRule, Party, RuleTable, YouthConsent};
use crate::consent::{Channel, Consent, Evidence, HeardBy, Yes};
use crate::id::{AccountId, BatonOfferId};
use crate::ledger::statement::Said;
use crate::protection::ProtectionSaid;
use crate::signed::StatementHash;
use crate::time::{DAY, HOUR};

const NEWER: ConsentId = ConsentId::from_bytes([60; 16]);
const ORDER: OrderId = OrderId::from_bytes([61; 16]);
const REGISTRATION: RegistrationId = RegistrationId::from_bytes([62; 16]);
/// Far from every birthday of these tests.
const START: u64 = 1_000 * DAY;

/// A consent that runs for 400 days from the start, about which the child was heard.
fn year() -> Consent {
    let how = HeardBy::Conversation;
    Consent {
        from: UnixMillis(START),
        until: UnixMillis(START + 400 * DAY),
        child_heard: ChildHeard::Yes { how, at: UnixMillis(START), by: HOLDER },
        ..to_ppt()
    }
}

fn asked(case: Case, consent: Consent) -> Case {
    let mut case = case;
    let at = consent.from.0;
    case.say(Said::ConsentAsked { consent }, at);
    case
}

fn give(case: &mut Case, consent: ConsentId, giver: PersonId, at: u64) {
    let yes = Yes::new(UnixMillis(at), Evidence::Oral);
    case.say(Said::ConsentGiven { consent, giver, yes }, at);
}

/// Both guardians have said yes.
fn shared() -> Case {
    let mut case = asked(Case::child(), year());
    give(&mut case, PPT, MOTHER, START);
    give(&mut case, PPT, FATHER, START);
    case
}

fn born(case: &mut Case, ages: &[(u8, u64)]) {
    let birthdays = Birthdays(ages.iter().map(|(age, at)| (*age, UnixMillis(*at))).collect());
    let parties = case.ledger.parties().to_vec();
    case.change_family(parties, Some(birthdays), 1);
}

fn kinds(case: &Case, now: u64) -> Vec<TaskKind> {
    tasks(&case.ledger, UnixMillis(now)).iter().map(|task| task.kind).collect()
}

fn withdraw(case: &mut Case, giver: PersonId, part: WithdrawnPart, at: u64) {
    case.say(Said::ConsentWithdrawn { consent: PPT, giver, channel: Channel::Oral, part }, at);
}

/// The moment before a task, its first moment, and what it is then.
fn begins(case: &Case, at: u64, kind: TaskKind) {
    assert!(!kinds(case, at - 1).contains(&kind), "{kind:?} is early");
    assert!(kinds(case, at).contains(&kind), "{kind:?} is late");
}

fn ends(case: &Case, at: u64, kind: TaskKind) {
    assert!(kinds(case, at - 1).contains(&kind), "{kind:?} ended early");
    assert!(!kinds(case, at).contains(&kind), "{kind:?} goes on");
}

#[test]
fn valid_consent_of_a_quiet_case_asks_for_nothing() {
    assert_eq!(kinds(&shared(), START + DAY), Vec::new());
}

#[test]
fn birthday_is_a_task_ninety_and_thirty_days_before_and_thirty_days_from_its_midnight() {
    let birthday = START + 200 * DAY;
    let mut case = Case::child();
    born(&mut case, &[(16, birthday)]);

    begins(&case, birthday - 90 * DAY, TaskKind::BirthdayIn90Days);
    ends(&case, birthday - 30 * DAY, TaskKind::BirthdayIn90Days);
    begins(&case, birthday - 30 * DAY, TaskKind::BirthdayIn30Days);
    ends(&case, birthday, TaskKind::BirthdayIn30Days);
    begins(&case, birthday, TaskKind::BirthdayReached);
    ends(&case, birthday + 30 * DAY, TaskKind::BirthdayReached);

    let task = tasks(&case.ledger, UnixMillis(birthday - DAY))[0];
    assert_eq!((task.due, task.age, task.person), (UnixMillis(birthday), Some(16), Some(CHILD)));
}

#[test]
fn birthday_matters_at_twelve_and_at_the_ages_of_the_rules_of_its_own_day() {
    let at = |age: u8| START + u64::from(age) * 1_000 * DAY;
    let mut case = Case::child();
    born(&mut case, &[11, 12, 13, 15, 16, 17, 18].map(|age| (age, at(age))));
    let matters = |case: &Case, age: u8| kinds(case, at(age)) == [TaskKind::BirthdayReached];
    assert_eq!(
        [11, 12, 13, 15, 16, 17, 18].map(|age| matters(&case, age)),
        [false, true, false, false, true, false, true]
    );

    let from_fifteen = GiverRule {
        from: UnixMillis(at(15) - 40 * DAY),
        service: None,
        youth_age: 15,
        youth: YouthConsent::Alone,
        guardian_areas: BTreeSet::new(),
    };
    case.ledger = case.ledger.under(Arc::new(RuleTable::new(16, vec![from_fifteen])));

    assert_eq!(kinds(&case, at(15) - 80 * DAY), [TaskKind::BirthdayIn90Days], "a rule that is to come");
}

#[test]
fn birthday_of_a_parent_or_a_pregnant_woman_is_no_task() {
    for subject_kind in [SubjectKind::Parent, SubjectKind::PregnantWoman] {
        let mut case = Case::of(subject_kind, vec![Party { person: CHILD, capacity: Capacity::Subject }]);
        born(&mut case, &[(16, START), (18, START)]);

        assert_eq!(kinds(&case, START), Vec::new(), "{subject_kind:?}");
    }
}

#[test]
fn one_of_two_givers_taking_it_back_is_clarified_with_both_until_a_newer_version_is_given() {
    let mut case = shared();
    let parted = START + 10 * DAY;
    withdraw(&mut case, FATHER, WithdrawnPart::Whole, parted);
    let expected = Task {
        person: Some(FATHER),
        consent: Some(PPT),
        ..Task::of(TaskKind::ClarifyWithAll, UnixMillis(parted))
    };
    assert_eq!(tasks(&case.ledger, UnixMillis(parted + 300 * DAY)), [expected]);

    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), from: UnixMillis(parted), ..year() };
    let mut case = asked(case, newer);
    give(&mut case, NEWER, MOTHER, parted + DAY);
    assert!(kinds(&case, parted + DAY).contains(&TaskKind::ClarifyWithAll), "one yes settles nothing");
    give(&mut case, NEWER, FATHER, parted + 2 * DAY);

    assert_eq!(kinds(&case, parted + 2 * DAY), Vec::new());
}

#[test]
fn areas_taken_back_by_one_of_two_are_clarified_and_what_is_about_a_giver_alone_is_not() {
    let mut case = shared();
    withdraw(&mut case, MOTHER, WithdrawnPart::Areas { areas: areas(&["wellbeing"]) }, START + DAY);
    assert_eq!(kinds(&case, START + DAY), [TaskKind::ClarifyWithAll]);

    let mut case = asked(Case::child(), year());
    let yes = Yes { about_self: true, ..Yes::new(UnixMillis(START), Evidence::Oral) };
    case.say(Said::ConsentGiven { consent: PPT, giver: MOTHER, yes }, START);
    give(&mut case, PPT, FATHER, START);
    withdraw(&mut case, MOTHER, WithdrawnPart::AboutSelf, START + DAY);
    assert_eq!(kinds(&case, START + DAY), Vec::new());
}

#[test]
fn everybody_who_gave_it_taking_it_back_leaves_nothing_to_clarify_and_closing_the_case_ends_it() {
    let guardian = Capacity::GuardianWithParentalResponsibility;
    let parties = vec![
        Party { person: CHILD, capacity: Capacity::Subject },
        Party { person: MOTHER, capacity: guardian },
    ];
    let mut alone = asked(Case::of(SubjectKind::Child, parties), year());
    give(&mut alone, PPT, MOTHER, START);
    withdraw(&mut alone, MOTHER, WithdrawnPart::Whole, START + DAY);
    assert_eq!(kinds(&alone, START + DAY), Vec::new());

    let mut both = shared();
    withdraw(&mut both, MOTHER, WithdrawnPart::Whole, START + DAY);
    assert_eq!(kinds(&both, START + DAY), [TaskKind::ClarifyWithAll]);
    withdraw(&mut both, FATHER, WithdrawnPart::Whole, START + 2 * DAY);
    assert_eq!(kinds(&both, START + 2 * DAY), Vec::new(), "they are of one mind");

    let mut case = shared();
    withdraw(&mut case, MOTHER, WithdrawnPart::Whole, START + DAY);
    case.say(Said::Closed, START + 2 * DAY);
    assert_eq!(kinds(&case, START + 2 * DAY), Vec::new());
}

#[test]
fn paused_consent_is_a_task_since_the_moment_that_changed_who_is_asked() {
    let birthday = START + 50 * DAY;
    let mut case = shared();
    born(&mut case, &[(16, birthday)]);
    begins(&case, birthday, TaskKind::MustBeRenewed);
    let all = tasks(&case.ledger, UnixMillis(birthday + 100 * DAY));
    assert_eq!(all, [Task { consent: Some(PPT), ..Task::of(TaskKind::MustBeRenewed, UnixMillis(birthday)) }]);

    let mut case = shared();
    let mut parties = case.ledger.parties().to_vec();
    parties.push(Party { person: PersonId::from_bytes([90; 16]), capacity: Capacity::ChildWelfareService });
    case.change_family(parties, None, START + 7);
    let all = tasks(&case.ledger, UnixMillis(START + DAY));
    assert_eq!(
        all,
        [Task { consent: Some(PPT), ..Task::of(TaskKind::MustBeRenewed, UnixMillis(START + 7)) }]
    );
}

#[test]
fn consent_about_to_run_out_is_a_task_and_so_is_one_that_ran_out_for_ninety_days() {
    let until = START + 400 * DAY;
    let case = shared();

    begins(&case, until - 30 * DAY, TaskKind::ConsentExpiring);
    ends(&case, until, TaskKind::ConsentExpiring);
    begins(&case, until, TaskKind::ConsentExpired);
    ends(&case, until + 90 * DAY, TaskKind::ConsentExpired);

    let never_given = asked(Case::child(), year());
    assert_eq!(kinds(&never_given, until), Vec::new());
}

#[test]
fn renewal_after_a_gap_waits_for_its_review_and_ends_the_task_of_the_old_one() {
    let until = START + 400 * DAY;
    let renewed = until + 5 * DAY;
    let from = UnixMillis(renewed);
    let mut case =
        asked(shared(), Consent { id: NEWER, from, until: UnixMillis(renewed + 400 * DAY), ..year() });
    give(&mut case, NEWER, MOTHER, renewed);
    give(&mut case, NEWER, FATHER, renewed + 1);
    let review = Task { consent: Some(NEWER), ..Task::of(TaskKind::HeldWaitsForReview, from.plus(1)) };
    assert_eq!(tasks(&case.ledger, from.plus(1)), [review]);

    case.say(Said::HeldReviewed { consent: NEWER }, renewed + 2);

    assert_eq!(kinds(&case, renewed + 2), Vec::new());
}

#[test]
fn day_of_looking_again_is_a_task_from_its_first_moment() {
    let review = START + 100 * DAY;
    let mut case = asked(Case::child(), Consent { review_at: Some(UnixMillis(review)), ..year() });
    give(&mut case, PPT, MOTHER, START);
    give(&mut case, PPT, FATHER, START);

    begins(&case, review, TaskKind::ReviewDue);
}

#[test]
fn question_that_nobody_answers_is_a_task_seven_days_after_it_was_asked() {
    let mut case = asked(Case::child(), year());
    begins(&case, START + 7 * DAY, TaskKind::NotAnswered);

    give(&mut case, PPT, MOTHER, START + 20 * DAY);

    assert_eq!(kinds(&case, START + 20 * DAY), Vec::new(), "the father has his time from the first yes");
}

#[test]
fn missing_yes_is_a_task_fourteen_days_after_the_first_one() {
    let mut case = asked(Case::child(), year());
    give(&mut case, PPT, MOTHER, START + DAY);
    begins(&case, START + 15 * DAY, TaskKind::PartlyGiven);

    give(&mut case, PPT, FATHER, START + 20 * DAY);

    assert_eq!(kinds(&case, START + 20 * DAY), Vec::new());
}

#[test]
fn child_of_seven_that_nobody_asked_is_a_task_and_a_youth_who_says_yes_is_none() {
    let not_asked = || Consent { child_heard: ChildHeard::NotAsked, ..year() };
    let seventh = START + 6 * DAY;
    let mut case = asked(Case::child(), not_asked());
    assert_eq!(kinds(&case, seventh), Vec::new(), "an unknown age asks for nothing");
    born(&mut case, &[(7, seventh), (16, seventh + 200 * DAY)]);

    begins(&case, seventh, TaskKind::ChildNotHeard);
    ends(&case, seventh + 200 * DAY, TaskKind::ChildNotHeard);
    let mut case = asked(Case::child(), Consent { child_heard: ChildHeard::No, ..year() });
    born(&mut case, &[(7, seventh)]);
    assert_eq!(kinds(&case, seventh), Vec::new(), "a child may keep silent");
}

#[test]
fn registration_is_the_leaders_task_until_it_is_answered() {
    let mut case = Case::child();
    let parties = case.ledger.parties().to_vec();
    let document = "2026/117-3".to_owned();
    let said = Said::PartiesRegistered { registration: REGISTRATION, parties, birthdays: None, document };
    case.say(said, START);
    let waits =
        Task { registration: Some(REGISTRATION), ..Task::of(TaskKind::RegistrationWaits, UnixMillis(START)) };
    assert_eq!(tasks(&case.ledger, UnixMillis(START)), [waits]);

    case.say_by(LEADER, Said::PartiesRejected { registration: REGISTRATION }, START + 1);

    assert_eq!(kinds(&case, START + 1), Vec::new());
    let for_both = |kind: &TaskKind| kind.is_for_leader() && kind.is_for_stafettholder();
    assert_eq!(TaskKind::ALL.iter().filter(|kind| for_both(kind)).count(), 2);
    assert!(!TaskKind::RegistrationWaits.is_for_stafettholder());
    assert!(TaskKind::ALL.iter().all(|kind| kind.is_for_leader()
        || kind.is_for_stafettholder()
        || kind.is_for_receiver()
        || kind.is_for_receiving_leader()
        || kind.is_of_a_baton_here()));
}

#[test]
fn protection_is_to_be_renewed_after_eleven_months_and_never_lifts_by_itself() {
    let mut case = Case::child();
    case.protect(AddressProtection::StrictlyConfidential, START);
    begins(&case, START + 335 * DAY, TaskKind::ProtectionToBeRenewed);
    let late = tasks(&case.ledger, UnixMillis(START + 3_000 * DAY));
    assert_eq!(late, [Task::of(TaskKind::ProtectionToBeRenewed, UnixMillis(START + 365 * DAY))]);
    assert_eq!(case.ledger.address_protection(), AddressProtection::StrictlyConfidential);

    case.protect_by(ProtectionSaid::Renewed, START + 360 * DAY);
    begins(&case, START + (360 + 335) * DAY, TaskKind::ProtectionToBeRenewed);
    case.protect(AddressProtection::None, START + 361 * DAY);

    assert_eq!(kinds(&case, START + 3_000 * DAY), Vec::new());
}

#[test]
fn missing_receipt_is_late_after_a_day_overdue_after_three_and_done_when_it_comes() {
    let mut case = shared();
    case.say(
        Said::GrantIssued {
            grant: PPT_GRANT,
            consent: PPT,
            partner: partner(),
            areas: areas(&["language"]),
            hash: StatementHash([0; 32]),
        },
        START,
    );
    let ended = START + DAY;
    case.say(Said::GrantEnded { grant: PPT_GRANT }, ended);
    let hash = StatementHash([0; 32]);
    case.say(Said::EraseOrdered { order: ORDER, grant: PPT_GRANT, hash }, ended);

    begins(&case, ended + 24 * HOUR, TaskKind::ReceiptLate);
    ends(&case, ended + 72 * HOUR, TaskKind::ReceiptLate);
    begins(&case, ended + 72 * HOUR, TaskKind::ReceiptOverdue);
    case.say(Said::Closed, ended + 73 * HOUR);
    assert_eq!(kinds(&case, ended + 73 * HOUR), [TaskKind::ReceiptOverdue], "also of a closed case");

    case.say(Said::ReceiptFiled { order: ORDER, hash }, ended + 80 * HOUR);

    assert_eq!(kinds(&case, ended + 80 * HOUR), Vec::new());
}

#[test]
fn tasks_stand_in_the_order_of_their_days() {
    let mut case = shared();
    born(&mut case, &[(7, START - DAY), (12, START + 20 * DAY), (16, START + 60 * DAY)]);
    withdraw(&mut case, FATHER, WithdrawnPart::Whole, START + 2 * DAY);
    case.protect(AddressProtection::Confidential, 0);
    let newer = Consent {
        id: NEWER,
        child_heard: ChildHeard::NotAsked,
        recipient: service(partner(), "clinic"),
        ..year()
    };
    let case = asked(case, newer);

    let all = tasks(&case.ledger, UnixMillis(START + 3 * DAY));

    let due: Vec<_> = all.iter().map(|task| (task.due.0 / DAY, task.kind)).collect();
    assert_eq!(
        due,
        [
            (365, TaskKind::ProtectionToBeRenewed),
            (1_000, TaskKind::ChildNotHeard),
            (1_002, TaskKind::ClarifyWithAll),
            (1_020, TaskKind::BirthdayIn30Days),
            (1_060, TaskKind::BirthdayIn90Days),
        ]
    );
    let words: BTreeMap<_, _> =
        TaskKind::ALL.iter().map(|kind| (serde_json::to_string(kind).expect("a word"), kind)).collect();
    assert_eq!(words.len(), TaskKind::ALL.len());
}

#[test]
fn offer_of_the_baton_is_a_task_of_the_receiver_until_it_lapses() {
    let mut case = shared();
    let offer = BatonOffer::own(
        BatonOfferId::from_bytes([63; 16]),
        AccountId::from_bytes([64; 16]),
        UnixMillis(START + 9 * DAY),
    );
    case.say(Said::BatonOffered { offer: offer.clone() }, START);

    ends(&case, START + 9 * DAY, TaskKind::BatonOffered);

    let kind = TaskKind::BatonOffered;
    assert!(kind.is_for_receiver() && !kind.is_for_stafettholder() && !kind.is_for_leader());
    case.say(Said::BatonRecalled { offer: offer.id }, START + DAY);
    assert_eq!(kinds(&case, START + DAY), Vec::new());
}

#[test]
fn acting_holder_is_asked_to_find_another_within_a_week_and_is_late_after_it() {
    let mut case = shared();
    let (leader, nurse) = (AccountId::from_bytes([65; 16]), AccountId::from_bytes([66; 16]));
    let kind = TaskKind::BatonActing;
    assert!(!kinds(&case, START).contains(&kind));

    case.say(Said::BatonFell { to: leader }, START);

    let asked = |case: &Case, now| tasks(&case.ledger, now).into_iter().find(|task| task.kind == kind);
    assert_eq!(asked(&case, UnixMillis(START)).map(|task| task.due), Some(UnixMillis(START + 7 * DAY)));
    assert!(kind.is_for_stafettholder() && !kind.is_for_receiver());
    let offer = BatonOffer::own(BatonOfferId::from_bytes([63; 16]), nurse, UnixMillis(START + 9 * DAY));
    case.say(Said::BatonOffered { offer: offer.clone() }, START + DAY);
    assert!(asked(&case, UnixMillis(START + 8 * DAY)).is_some(), "an offer gives nothing");
    case.say(Said::BatonAccepted { offer: offer.id, by: nurse }, START + 8 * DAY);
    assert_eq!(asked(&case, UnixMillis(START + 8 * DAY)), None);
}
