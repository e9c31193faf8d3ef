//! A transition: what fits together, what meets an item, and what ends it.

use super::*;
use crate::time::DAY;

const NILS: AccountId = AccountId::from_bytes([2; 16]);
const START: UnixMillis = UnixMillis(200 * DAY);
const END: UnixMillis = UnixMillis(230 * DAY);
const BEFORE: Progress = Progress { is_consented: false, baton: BatonAt::Elsewhere };

fn service(code: &str) -> ServiceCode {
    code.parse().expect("a code")
}

fn code(code: &str) -> ItemCode {
    code.parse().expect("a code")
}

fn unit(code: &str, name: Option<&str>) -> Unit {
    Unit { service: service(code), name: name.map(str::to_owned) }
}

const BEGUN: UnixMillis = UnixMillis(0);

fn transition() -> Transition {
    let item =
        |(name, day, met_by): (&str, u64, MetBy)| (code(name), Item { due: UnixMillis(day * DAY), met_by });
    let items = [
        ("meeting", 140, MetBy::Hand),
        ("consent", 50, MetBy::Consent),
        ("reception", 80, MetBy::Reception),
        ("offered", 170, MetBy::Offer),
        ("accepted", 200, MetBy::Baton),
    ];
    Transition {
        id: TransitionId::from_bytes([1; 16]),
        from: unit("kindergarten", None),
        to: unit("school", Some("Granlia")),
        starts_at: START,
        overlap_until: END,
        items: items.map(item).into(),
    }
}

fn begun() -> TransitionRecord {
    TransitionRecord::begin(transition(), BEGUN).expect("fits together")
}

fn days() -> Days {
    let due = transition().items.into_keys().map(|item| (item, UnixMillis(7))).collect();
    Days { starts_at: UnixMillis(START.0 + DAY), overlap_until: END, due }
}

fn kinds(record: &TransitionRecord, progress: Progress, now: UnixMillis) -> Vec<TaskKind> {
    record.tasks(progress, now).into_iter().map(|task| task.kind).collect()
}

#[test]
fn places_items_and_days_that_do_not_fit_are_refused() {
    let refused = |change: fn(&mut Transition)| {
        let mut wrong = transition();
        change(&mut wrong);
        TransitionRecord::begin(wrong, BEGUN).expect_err("refused")
    };

    assert_eq!(refused(|wrong| wrong.to = wrong.from.clone()), TransitionError::SamePlace);
    assert_eq!(refused(|wrong| wrong.items.clear()), TransitionError::Items);
    assert_eq!(refused(|wrong| wrong.overlap_until = UnixMillis(START.0 - 1)), TransitionError::Overlap);
    let too_long = |wrong: &mut Transition| wrong.overlap_until = START.plus(TRANSITION_OVERLAP_MS_MAX + 1);
    assert_eq!(refused(too_long), TransitionError::Overlap);
    let many = |count: usize| {
        let item = Item { due: START, met_by: MetBy::Hand };
        let items = (0..count).map(|number| (code(&format!("item-{number}")), item)).collect();
        TransitionRecord::begin(Transition { items, ..transition() }, BEGUN).map(|_| ())
    };
    assert_eq!(many(TRANSITION_ITEMS_MAX), Ok(()));
    assert_eq!(many(TRANSITION_ITEMS_MAX + 1), Err(TransitionError::Items));
    let mut other_unit = transition();
    other_unit.from = unit("school", Some("Solbakken"));
    assert!(TransitionRecord::begin(other_unit, BEGUN).is_ok(), "from one school to another");
    let mut at_once = transition();
    at_once.overlap_until = START;
    assert!(TransitionRecord::begin(at_once, BEGUN).is_ok(), "without an overlap");
}

#[test]
fn days_change_for_every_item_or_not_at_all_and_what_is_done_stays_done() {
    let mut record = begun();
    record.mark(&code("meeting"), true).expect("on the list");
    let before = record.clone();
    let mut missing = days();
    missing.due.remove(&code("meeting"));
    assert_eq!(record.change(&missing), Err(TransitionError::Items));
    let late = Days { overlap_until: UnixMillis(1), ..days() };
    assert_eq!(record.change(&late), Err(TransitionError::Overlap));
    assert_eq!(record, before, "a refusal changes nothing");

    record.change(&days()).expect("fits");

    assert_eq!(record.transition().starts_at, UnixMillis(START.0 + DAY));
    assert!(record.transition().items.values().all(|item| item.due == UnixMillis(7)));
    assert!(record.is_marked(&code("meeting")));
}

#[test]
fn item_is_met_by_a_persons_word_or_by_what_it_waits_for_and_by_nothing_else() {
    let mut record = begun();
    let met = |record: &TransitionRecord, progress: Progress| {
        let items = record.transition().items.keys();
        let met = items.filter(|item| record.is_met(item, progress));
        met.map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(met(&record, BEFORE), Vec::<String>::new());
    assert_eq!(met(&record, Progress { is_consented: true, ..BEFORE }), ["consent"]);
    assert_eq!(met(&record, Progress { baton: BatonAt::Offered, ..BEFORE }), ["offered"]);
    assert_eq!(met(&record, Progress { baton: BatonAt::There, ..BEFORE }), ["accepted", "offered"]);
    assert_eq!(met(&record, Progress { baton: BatonAt::StaysAway, ..BEFORE }), Vec::<String>::new());

    record.receive(None, UnixMillis(3)).expect("under way");
    record.mark(&code("consent"), true).expect("on the list");
    assert_eq!(met(&record, BEFORE), ["consent", "reception"]);

    record.mark(&code("consent"), false).expect("on the list");
    assert_eq!(met(&record, BEFORE), ["reception"]);
    assert_eq!(record.mark(&code("other"), true), Err(TransitionError::Items));
}

#[test]
fn receiving_unit_says_yes_once_and_may_name_somebody_later() {
    let mut record = begun();

    record.receive(None, UnixMillis(3)).expect("under way");
    record.receive(Some(NILS), UnixMillis(4)).expect("under way");

    assert_eq!(record.reception(), Some(Reception { at: UnixMillis(3), contact: Some(NILS) }));
}

#[test]
fn nothing_more_counts_once_it_has_ended_and_the_first_word_stands() {
    let mut record = begun();
    record.end(Outcome::GivenUp, UnixMillis(9)).expect("under way");

    let over = Err(TransitionError::NoSuchTransition);
    assert_eq!(record.end(Outcome::Done, UnixMillis(10)), over);
    assert_eq!(record.change(&days()), over);
    assert_eq!(record.mark(&code("meeting"), true), over);
    assert_eq!(record.receive(None, UnixMillis(10)), over);
    assert_eq!(record.ended(), Some((UnixMillis(9), Outcome::GivenUp)));
    assert_eq!(kinds(&record, BEFORE, END), []);
    let there = Progress { baton: BatonAt::There, ..BEFORE };
    assert!(!record.is_over(there, END));
    let (kindergarten, school) = (service("kindergarten"), service("school"));
    assert_eq!(record.overlap((&kindergarten, None), (&school, Some("Granlia")), START), None);
}

#[test]
fn whoever_gives_the_baton_from_the_one_unit_to_the_other_works_on_until_the_end_of_the_overlap() {
    let record = begun();
    let (kindergarten, school, clinic) = (service("kindergarten"), service("school"), service("clinic"));
    let overlap = |giver, taker, now| record.overlap(giver, taker, now);
    let (giver, taker) = ((&kindergarten, Some("Solbakken")), (&school, Some("Granlia")));

    assert_eq!(overlap(giver, taker, UnixMillis(1)), Some(END));
    assert_eq!(overlap(giver, taker, UnixMillis(END.0 - 1)), Some(END));
    assert_eq!(overlap(giver, taker, END), None, "the overlap is over");
    assert_eq!(overlap(giver, (&school, Some("Solbakken")), START), None, "another school");
    assert_eq!(overlap(giver, giver, START), None, "a colleague");
    assert_eq!(overlap((&clinic, None), taker, START), None, "somebody who was elsewhere");
}

#[test]
fn overlap_lasts_no_longer_than_a_school_year_after_the_baton_is_given() {
    let mut late = transition();
    (late.starts_at, late.overlap_until) = (UnixMillis(1_000 * DAY), UnixMillis(1_010 * DAY));
    let record = TransitionRecord::begin(late, UnixMillis(0)).expect("fits");
    let (kindergarten, school) = (service("kindergarten"), service("school"));
    let (giver, taker) = ((&kindergarten, Some("Solbakken")), (&school, Some("Granlia")));

    assert_eq!(record.overlap(giver, taker, UnixMillis(0)), Some(UnixMillis(366 * DAY)));
    assert_eq!(record.overlap(giver, taker, UnixMillis(700 * DAY)), Some(UnixMillis(1_010 * DAY)));
}

#[test]
fn unit_that_takes_part_is_asked_who_follows_up_once_a_consent_counts() {
    let mut record = begun();
    record.receive(None, UnixMillis(0)).expect("under way");
    let told = |record: &TransitionRecord, is_consented, baton| {
        kinds(record, Progress { is_consented, baton }, UnixMillis(0))
    };

    assert_eq!(told(&record, false, BatonAt::Elsewhere), []);
    assert_eq!(told(&record, true, BatonAt::Elsewhere), [TaskKind::TransitionContactMissing]);
    assert_eq!(told(&record, true, BatonAt::There), [], "the stafettholder follows up");
    record.receive(Some(NILS), UnixMillis(4)).expect("under way");
    assert_eq!(told(&record, true, BatonAt::Elsewhere), []);
}

#[test]
fn time_ends_it_once_all_is_met_and_the_baton_is_there_or_will_never_come() {
    let mut record = begun();
    let over = |record: &TransitionRecord, baton, now| record.is_over(Progress { baton, ..BEFORE }, now);
    for item in transition().items.keys() {
        assert!(!over(&record, BatonAt::There, END), "an item is open");
        record.mark(item, true).expect("on the list");
    }
    assert!(!over(&record, BatonAt::There, END), "the unit has not said that it takes part");
    record.receive(None, UnixMillis(3)).expect("under way");

    let over = |baton, now| over(&record, baton, now);
    assert!(over(BatonAt::There, END) && over(BatonAt::StaysAway, END));
    assert!(!over(BatonAt::There, UnixMillis(END.0 - 1)));
    assert!(!over(BatonAt::Elsewhere, END) && !over(BatonAt::Offered, END), "somebody is told instead");
}

#[test]
fn item_is_told_of_two_weeks_ahead_and_until_it_is_met() {
    let mut record = begun();
    record.receive(Some(NILS), UnixMillis(0)).expect("under way");
    let due = UnixMillis(50 * DAY);
    let first = UnixMillis(due.0 - TRANSITION_AHEAD_MS);
    assert_eq!(kinds(&record, BEFORE, UnixMillis(first.0 - 1)), []);

    for now in [first, due, UnixMillis(130 * DAY)] {
        assert_eq!(record.tasks(BEFORE, now), [Task::of(TaskKind::TransitionItemDue, due)]);
    }

    let consented = Progress { is_consented: true, ..BEFORE };
    assert_eq!(kinds(&record, consented, due), [], "the next is far away");
    let next = record.tasks(consented, UnixMillis(130 * DAY));
    assert_eq!(next, [Task::of(TaskKind::TransitionItemDue, UnixMillis(140 * DAY))]);
}

#[test]
fn units_yes_and_a_baton_that_lies_are_told_of() {
    let mut record = begun();
    assert_eq!(kinds(&record, BEFORE, UnixMillis(0)), [TaskKind::TransitionToReceive]);
    record.receive(None, UnixMillis(0)).expect("under way");
    for item in transition().items.keys() {
        record.mark(item, true).expect("on the list");
    }
    let told = |baton, now| kinds(&record, Progress { baton, ..BEFORE }, now);

    assert_eq!(told(BatonAt::Elsewhere, UnixMillis(START.0 - 1)), []);
    assert_eq!(told(BatonAt::Elsewhere, START), [TaskKind::TransitionBatonMissing]);
    assert_eq!(told(BatonAt::Offered, END), [TaskKind::TransitionBatonMissing]);
    assert_eq!(told(BatonAt::There, END), []);
    assert_eq!(told(BatonAt::StaysAway, END), []);
}
