use super::*;
use crate::id::ConsentId;
use crate::municipality::Service;

const MOTHER: PersonId = PersonId::from_bytes([1; 16]);
const FATHER: PersonId = PersonId::from_bytes([2; 16]);
const YOUTH: PersonId = PersonId::from_bytes([4; 16]);
const ENTRY: EntryId = EntryId::from_bytes([5; 16]);
const FROM: u64 = 100;
const UNTIL: u64 = FROM + 2 * CONSENT_EXPIRING_MS;

fn record() -> ConsentRecord {
    let recipient =
        Service { host: "840029212".parse().expect("valid"), code: "ppt".parse().expect("valid") };
    let id = ConsentId::from_bytes([3; 16]);
    let consent = Consent::sharing(id, recipient, UnixMillis(FROM), UnixMillis(UNTIL));
    ConsentRecord::asked(Consent { areas: areas(&["language", "home"]), ..consent })
}

fn given() -> ConsentRecord {
    let mut record = record();
    record.give(MOTHER, yes(50)).expect("first yes");
    record.give(FATHER, Yes { about_self: true, ..yes(51) }).expect("second yes");
    record
}

fn areas(codes: &[&str]) -> BTreeSet<AreaCode> {
    codes.iter().map(|code| code.parse().expect("valid")).collect()
}

fn yes(at: u64) -> Yes {
    Yes::new(UnixMillis(at), Evidence::Oral)
}

fn taken_back(part: WithdrawnPart, at: u64) -> Withdrawal {
    Withdrawal { giver: FATHER, channel: Channel::Oral, part, at: UnixMillis(at) }
}

/// The status if these must say yes, and had to when it was given.
fn status(record: &ConsentRecord, required: &[PersonId], now: u64) -> ConsentStatus {
    let required: BTreeSet<_> = required.iter().copied().collect();
    let was_complete = record.completed_at([], |_| required.clone()).is_some();
    let required = Required { now: &required, was_complete, was_refused: false, follows_expired: false };
    record.status(required, UnixMillis(now))
}

const BOTH: &[PersonId] = &[MOTHER, FATHER];

#[test]
fn one_of_two_required_givers_opens_nothing() {
    let mut record = record();
    assert_eq!(status(&record, BOTH, FROM), ConsentStatus::Draft);

    record.give(MOTHER, yes(FROM)).expect("first yes");

    let missing = BTreeSet::from([FATHER]);
    assert_eq!(status(&record, BOTH, FROM), ConsentStatus::PartlyGiven { missing });
}

#[test]
fn consent_counts_from_its_first_millisecond_to_its_last() {
    let record = given();

    assert_eq!(status(&record, BOTH, FROM - 1), ConsentStatus::NotYet);
    assert_eq!(status(&record, BOTH, FROM), ConsentStatus::Valid);
    assert_eq!(status(&record, BOTH, UNTIL - CONSENT_EXPIRING_MS - 1), ConsentStatus::Valid);
    assert_eq!(status(&record, BOTH, UNTIL - CONSENT_EXPIRING_MS), ConsentStatus::Expiring);
    assert_eq!(status(&record, BOTH, UNTIL - 1), ConsentStatus::Expiring);
    assert_eq!(status(&record, BOTH, UNTIL), ConsentStatus::Expired);
}

#[test]
fn renewed_yes_does_not_revive_a_withdrawn_consent() {
    let mut record = given();
    record.withdraw(taken_back(WithdrawnPart::Whole, 120)).expect("first withdrawal");
    let since = UnixMillis(120);

    assert_eq!(record.give(YOUTH, yes(130)), Err(GiveError::Withdrawn { since }));
    assert_eq!(
        record.withdraw(taken_back(WithdrawnPart::Whole, 140)),
        Err(WithdrawError::AlreadyWithdrawn { since })
    );
    assert_eq!(record.except(FATHER, ENTRY), Err(WithdrawError::AlreadyWithdrawn { since }));
    assert_eq!(status(&record, BOTH, 150), ConsentStatus::Withdrawn { since });
}

#[test]
fn rule_that_requires_nobody_opens_nothing() {
    let record = given();

    assert_eq!(status(&record, &[], FROM), ConsentStatus::Draft);
}

#[test]
fn refusal_of_a_required_giver_stands_until_that_giver_says_yes() {
    let mut record = record();
    record.give(MOTHER, yes(FROM)).expect("first yes");
    record.refuse(FATHER, UnixMillis(FROM));
    assert_eq!(status(&record, BOTH, FROM), ConsentStatus::Refused);

    record.give(FATHER, yes(FROM + 10)).expect("second yes");

    assert_eq!(status(&record, BOTH, FROM + 10), ConsentStatus::Valid);
}

#[test]
fn consent_that_was_complete_pauses_when_somebody_else_must_say_yes() {
    let record = given();
    let youth = BTreeSet::from([YOUTH]);
    let required = Required { now: &youth, was_complete: true, was_refused: false, follows_expired: false };

    let paused = record.status(required, UnixMillis(FROM));

    assert_eq!(paused, ConsentStatus::MustBeRenewed { missing: youth.clone() });
    assert!(!paused.counts());
    let nobody = Required { now: &BTreeSet::new(), ..required };
    let paused = record.status(nobody, UnixMillis(FROM));
    assert_eq!(paused, ConsentStatus::MustBeRenewed { missing: BTreeSet::new() });
}

#[test]
fn consent_after_one_that_ran_out_waits_until_it_was_looked_through() {
    let mut record = given();
    let both = BTreeSet::from([MOTHER, FATHER]);
    let required = Required { now: &both, was_complete: true, was_refused: false, follows_expired: true };
    assert_eq!(record.status(required, UnixMillis(FROM)), ConsentStatus::WaitsForReview);

    record.review(UnixMillis(FROM));

    assert_eq!(record.status(required, UnixMillis(FROM)), ConsentStatus::Valid);
}

#[test]
fn area_taken_back_stays_closed_and_the_last_one_closes_the_whole() {
    let mut record = given();
    let part = |area: &str| WithdrawnPart::Areas { areas: areas(&[area]) };

    record.withdraw(taken_back(part("home"), 200)).expect("open before");

    assert_eq!(record.areas(), &areas(&["language"]));
    assert_eq!(record.narrowings(), 1);
    assert_eq!(status(&record, BOTH, 200), ConsentStatus::Valid, "the rest counts");
    assert_eq!(record.withdraw(taken_back(part("home"), 210)), Err(WithdrawError::NotOpen));

    record.withdraw(taken_back(part("language"), 220)).expect("open before");

    assert_eq!(status(&record, BOTH, 220), ConsentStatus::Withdrawn { since: UnixMillis(220) });
}

#[test]
fn what_is_about_a_giver_is_taken_back_by_that_giver_alone_and_once() {
    let mut record = given();
    assert!(record.opens_about(FATHER) && !record.opens_about(MOTHER));
    let mothers = Withdrawal { giver: MOTHER, ..taken_back(WithdrawnPart::AboutSelf, 200) };
    assert_eq!(record.withdraw(mothers), Err(WithdrawError::NotOpen));

    record.withdraw(taken_back(WithdrawnPart::AboutSelf, 200)).expect("open before");

    assert!(!record.opens_about(FATHER));
    assert_eq!(record.withdraw(taken_back(WithdrawnPart::AboutSelf, 210)), Err(WithdrawError::NotOpen));
    assert_eq!(status(&record, BOTH, 200), ConsentStatus::Valid, "the child's own stays open");
}

#[test]
fn entry_excepted_later_is_closed_like_one_excepted_from_the_beginning() {
    let mut record = given();
    assert!(!record.excepts(ENTRY));

    record.except(MOTHER, ENTRY).expect("open before");

    assert!(record.excepts(ENTRY));
    assert_eq!(record.exceptions().collect::<Vec<_>>(), [ENTRY]);
    assert_eq!(record.except(MOTHER, ENTRY), Err(WithdrawError::NotOpen));
}

#[test]
fn second_givers_own_word_is_noted_and_tells_nothing_of_the_first() {
    let mut record = given();
    let fathers = [
        taken_back(WithdrawnPart::Areas { areas: areas(&["home"]) }, 200),
        taken_back(WithdrawnPart::Whole, 210),
    ];
    for word in fathers.clone() {
        record.withdraw(word).expect("open before");
    }
    let (since, narrowings) = (record.withdrawn_at(), record.narrowings());

    for word in fathers {
        record.withdraw(Withdrawal { giver: MOTHER, at: UnixMillis(300), ..word }).expect("her own word");
    }
    let mut narrowed = given();
    narrowed.except(FATHER, ENTRY).expect("open before");
    narrowed.except(MOTHER, ENTRY).expect("her own word");

    assert_eq!((record.withdrawn_at(), record.narrowings()), (since, narrowings), "the first moment stands");
    assert_eq!(record.withdrawals().len(), 4);
    assert_eq!(narrowed.excepted()[&ENTRY], BTreeSet::from([MOTHER, FATHER]));
    assert_eq!(narrowed.narrowings(), 0, "what stays open under it is as wide as before");
}

#[test]
fn word_about_the_giver_alone_never_becomes_a_yes_for_the_subject() {
    let mut record = record();
    record.give(MOTHER, yes(FROM)).expect("first yes");
    let about_self = Yes { for_subject: false, about_self: true, ..yes(FROM + 1) };
    record.give(FATHER, about_self.clone()).expect("an adult's own word");
    assert!(record.opens_about(FATHER));

    let missing = BTreeSet::from([FATHER]);
    assert_eq!(status(&record, BOTH, FROM + 2), ConsentStatus::PartlyGiven { missing });
    assert_eq!(
        status(&record, &[FATHER], FROM + 2),
        ConsentStatus::PartlyGiven { missing: BTreeSet::from([FATHER]) }
    );
    assert_eq!(record.completed_at([], |_| BTreeSet::from([FATHER])), None);
    assert_eq!(record.give(FATHER, about_self), Err(GiveError::AlreadyGiven));

    record.give(FATHER, yes(FROM + 3)).expect("his yes is needed by now");

    assert_eq!(status(&record, BOTH, FROM + 3), ConsentStatus::Valid);
    assert!(record.opens_about(FATHER), "what he opened before stays open");
}

#[test]
fn consent_that_was_seen_to_run_out_is_not_revived_by_an_earlier_moment() {
    let mut record = given();

    record.expire(UnixMillis(UNTIL));

    assert_eq!(status(&record, BOTH, FROM), ConsentStatus::Expired);
    assert_eq!(record.give(YOUTH, yes(FROM)), Err(GiveError::Expired));
}

#[test]
fn consent_is_complete_when_everybody_needed_then_had_said_yes() {
    let record = given();
    let needed = |now: UnixMillis| {
        if now < UnixMillis(51) { BTreeSet::from([MOTHER, FATHER]) } else { BTreeSet::from([YOUTH]) }
    };

    assert_eq!(record.completed_at([], |_| BTreeSet::from([MOTHER, FATHER])), Some(UnixMillis(51)));
    assert_eq!(record.completed_at([], |_| BTreeSet::from([MOTHER])), Some(UnixMillis(50)));
    assert_eq!(record.completed_at([], needed), None, "by the second yes the youth had to be asked");
    assert_eq!(record.completed_at([], |_| BTreeSet::new()), None);
}
