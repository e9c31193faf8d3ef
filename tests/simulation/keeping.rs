//! What a partner keeps when a sharing ends: what its law demands, on which words, and what its
//! staff wrote and the owner never had.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::consent::Direction;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::erasure::retention::{Retention, RetentionRule};
use stafett_protocol::erasure::{Done, LockBasis, Receipt};
use stafett_protocol::id::EntryId;
use stafett_protocol::limits::RETURNED_DRAFT_MS;
use stafett_protocol::time::{HOUR, MINUTE, UnixMillis};
use stafett_protocol::transaction::{EntryState, ReturnedEdit};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::{service, service_code};

use crate::story::Story;

const BY_LAW: Done = Done::Locked { basis: LockBasis::DutyToKeep };
pub(crate) const WORDS: &str = "PPTs dokumentasjonsplikt, arkivlova § 0";

/// The partner's law makes one of its services, or all, keep notes on these words.
pub(crate) fn keep_notes(story: &mut Story, service: Option<&str>, words: &str) {
    let rule = RetentionRule {
        kinds: BTreeSet::from([EntryKind::Note]),
        service: service.map(service_code),
        basis: words.parse().expect("a line"),
        from: UnixMillis(0),
        until: UnixMillis::MAX,
    };
    let retention = Retention::new(vec![rule]).expect("few rules");
    story.world.node_mut(story.partner).retention = Arc::new(retention);
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);
}

/// The one receipt that was filed.
fn only_receipt(story: &Story) -> Receipt {
    let store = &story.world.node(story.owner).store;
    assert_eq!(store.filed.len(), 1);
    store.filed.values().next().expect("a receipt").statement().clone()
}

fn receipt_for(story: &Story, entry: EntryId, done: &Done) -> Receipt {
    let store = &story.world.node(story.owner).store;
    let mut filed = store.filed.values().map(|receipt| receipt.statement());
    filed.find(|receipt| receipt.items.get(&entry) == Some(done)).expect("a receipt that says so").clone()
}

fn words(receipt: &Receipt, entry: EntryId) -> Option<&str> {
    receipt.basis_of(entry).map(|basis| basis.as_str())
}

#[test]
fn kind_that_the_law_keeps_is_locked_and_the_receipt_says_on_which_words() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        keep_notes(&mut story, Some("ppt"), WORDS);
        let consent = story.share("ppt", &["language"]);
        let note = story.note("fra skolen");
        let measure = story.world.publish(story.case, &NewEntry::measure("Lesetrening", "2026-10-01"));
        story.world.run();

        story.world.withdraw(story.case, consent);
        story.world.run();

        let store = &story.world.node(story.partner).store;
        let locked = EntryState::Locked { basis: LockBasis::DutyToKeep };
        assert_eq!(store.entries[&note].record.state, locked, "seed {seed}");
        assert!(!store.entries.contains_key(&measure), "seed {seed}");
        assert!(story.world.text(story.partner, note).is_none(), "what is locked is shown");
        let receipt = only_receipt(&story);
        assert_eq!((&receipt.items[&note], &receipt.items[&measure]), (&BY_LAW, &Done::Erased));
        assert_eq!((words(&receipt, note), words(&receipt, measure)), (Some(WORDS), None));
        story.assert_no_alarm();
    }
}

#[test]
fn duty_of_another_service_keeps_nothing() {
    let mut story = Story::new(1);
    keep_notes(&mut story, Some("clinic"), WORDS);
    let consent = story.share("ppt", &["language"]);
    let note = story.note("fra skolen");

    story.world.withdraw(story.case, consent);
    story.world.run();

    assert!(!story.world.node(story.partner).store.entries.contains_key(&note));
    assert_eq!(only_receipt(&story).kept_by_law, []);
}

#[test]
fn duty_of_the_service_whose_sharing_ended_first_counts_when_the_last_one_ends() {
    for restarts in [false, true] {
        let mut story = Story::new(2);
        keep_notes(&mut story, Some("ppt"), WORDS);
        let ppt = story.share("ppt", &["language"]);
        let clinic = story.share("clinic", &["language"]);
        let note = story.note("til begge");
        story.world.withdraw(story.case, ppt);
        story.world.run();
        assert_eq!(only_receipt(&story).items[&note], Done::KeptForAnotherService);
        if restarts {
            story.world.restart(story.partner, Crash::AfterCommits);
            story.world.run_for(2 * MINUTE);
        }

        story.world.withdraw(story.case, clinic);
        story.world.run();

        let receipt = receipt_for(&story, note, &BY_LAW);
        assert_eq!(words(&receipt, note), Some(WORDS), "restarts {restarts}");
    }
}

#[test]
fn service_that_never_received_an_entry_does_not_keep_it() {
    let mut story = Story::new(2);
    keep_notes(&mut story, Some("ppt"), WORDS);
    let ppt = story.share("ppt", &["language"]);
    story.world.withdraw(story.case, ppt);
    story.world.run();
    let clinic = story.share("clinic", &["language"]);
    let note = story.note("til klinikken alene");

    story.world.withdraw(story.case, clinic);
    story.world.run();

    assert_eq!(receipt_for(&story, note, &Done::Erased).kept_by_law, []);
    assert!(!story.world.node(story.partner).store.entries.contains_key(&note));
}

#[test]
fn locked_entry_that_is_shared_anew_is_read_again_and_locked_again() {
    let mut story = Story::new(1);
    keep_notes(&mut story, None, WORDS);
    let first = story.share("ppt", &["language"]);
    let note = story.note("fra skolen");
    story.world.withdraw(story.case, first);
    story.world.run();

    let second = story.share("ppt", &["language"]);
    assert_eq!(story.world.text(story.partner, note).as_deref(), Some("fra skolen"));
    story.world.withdraw(story.case, second);
    story.world.run();

    assert!(story.world.text(story.partner, note).is_none());
    let store = &story.world.node(story.owner).store;
    assert_eq!(store.filed.len(), 2);
    assert!(store.filed.values().all(|receipt| words(receipt.statement(), note) == Some(WORDS)));
}

#[test]
fn one_service_goes_on_with_what_it_still_has_a_grant_for() {
    let mut story = Story::new(2);
    let ppt = story.share("ppt", &["language"]);
    story.share("clinic", &["language"]);
    let both = story.note("til begge");
    let ask =
        AskFor { direction: Direction::Give, ..AskFor::both(service(story.partner, "ppt"), &["learning"]) };
    let learning = story.world.share(story.case, &ask);
    let only_ppt = story.world.publish(story.case, &NewEntry::note_in(&["learning"], "bare PPT"));
    story.world.run();

    story.world.withdraw(story.case, ppt);
    story.world.withdraw(story.case, learning);
    story.world.run();

    assert_eq!(story.world.text(story.partner, both).as_deref(), Some("til begge"));
    assert!(story.world.text(story.partner, only_ppt).is_none());
    assert!(!story.world.node(story.partner).store.entries.contains_key(&only_ppt));
    story.assert_no_alarm();
}

/// Shares a note and has the partner edit it while the link is down; then the family withdraws.
fn withdrawn_before_an_edit_arrived(story: &mut Story, text: &str, edited: &str) -> EntryId {
    let consent = story.share("ppt", &["language"]);
    let entry = story.note(text);
    story.world.cut(story.owner, story.partner);
    let json = serde_json::json!({ "description": edited }).to_string();
    assert!(story.world.edit(story.partner, entry, &json));
    story.world.withdraw(story.case, consent);
    entry
}

fn returned(story: &Story) -> &[ReturnedEdit] {
    &story.world.node(story.partner).store.returned
}

#[test]
fn undelivered_words_in_somebody_elses_text_go_back_and_nothing_else_does() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let entry = withdrawn_before_an_edit_arrived(
            &mut story,
            "Ante leser litt hver dag",
            "Ante leser svært mye litt hver dag, og han teller",
        );

        story.world.heal(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        let [edit] = returned(&story) else { panic!("seed {seed}: {:?}", returned(&story)) };
        let own = FieldValue::from("svært mye\n, og han teller");
        assert_eq!(edit.fields, [(FieldKey::Description, own)].into(), "seed {seed}");
        assert_eq!((edit.kind, edit.owner), (EntryKind::Note, story.owner));
        let left = edit.until.since(story.world.now());
        assert!(left <= RETURNED_DRAFT_MS && left > RETURNED_DRAFT_MS - 2 * MINUTE, "{left}");
        assert!(!story.world.node(story.partner).store.entries.contains_key(&entry));
        assert_eq!(story.world.node(story.owner).store.filed.len(), 1);
        story.assert_refused_nothing_but(Some(ErrorCode::NotShared));
    }
}

#[test]
fn undelivered_value_of_one_field_goes_back_without_the_others() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    let measure = story.world.publish(story.case, &NewEntry::measure("Lesetrening", "2026-10-01"));
    story.world.run();
    story.world.cut(story.owner, story.partner);
    story.world.edit(story.partner, measure, r#"{"deadline":"2026-10-15"}"#);
    story.world.withdraw(story.case, consent);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    let [edit] = returned(&story) else { panic!("{:?}", returned(&story)) };
    assert_eq!(edit.fields, [(FieldKey::Deadline, FieldValue::from("2026-10-15"))].into());
    assert_eq!(edit.kind, EntryKind::Measure);
}

#[test]
fn words_that_the_author_deleted_again_do_not_come_back() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    let entry = story.note("fra skolen");
    story.world.cut(story.owner, story.partner);
    story.world.edit(story.partner, entry, r#"{"description":"fra skolen, angret"}"#);
    story.world.edit(story.partner, entry, r#"{"description":"fra skolen"}"#);
    story.world.withdraw(story.case, consent);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(returned(&story), []);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn words_that_the_owner_has_do_not_go_back() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    let entry = story.note("fra skolen");
    story.world.edit(story.partner, entry, r#"{"description":"fra skolen, levert"}"#);
    story.world.run();
    assert_eq!(story.world.text(story.owner, entry).as_deref(), Some("fra skolen, levert"));

    story.world.withdraw(story.case, consent);
    story.world.run();

    assert_eq!(returned(&story), []);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn words_in_what_another_service_keeps_are_delivered_and_do_not_go_back() {
    let mut story = Story::new(2);
    let ppt = story.share("ppt", &["language"]);
    story.share("clinic", &["language"]);
    let entry = story.note("til begge");
    story.world.cut(story.owner, story.partner);
    story.world.edit(story.partner, entry, r#"{"description":"til begge, underveis"}"#);
    story.world.withdraw(story.case, ppt);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(3 * MINUTE);

    assert_eq!(returned(&story), []);
    assert_eq!(story.world.text(story.owner, entry).as_deref(), Some("til begge, underveis"));
}

#[test]
fn undelivered_words_also_go_back_from_what_is_locked() {
    let mut story = Story::new(2);
    keep_notes(&mut story, None, WORDS);
    let entry = withdrawn_before_an_edit_arrived(&mut story, "fra skolen", "fra skolen og PPT");

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    let [edit] = returned(&story) else { panic!("{:?}", returned(&story)) };
    assert_eq!(edit.fields, [(FieldKey::Description, FieldValue::from("og PPT"))].into());
    assert!(story.world.node(story.partner).store.entries.contains_key(&entry));
}

#[test]
fn writing_of_many_entries_goes_back_once_each_whenever_the_node_is_killed() {
    for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
        for seed in 0..12 {
            let mut story = Story::new(seed);
            story.world.pace.commit_max = 150;
            let consent = story.share("ppt", &["language"]);
            let entries: Vec<_> = (0..20).map(|number| story.note(&format!("nummer {number}"))).collect();
            story.world.run_for(2 * MINUTE);
            story.world.cut(story.owner, story.partner);
            for entry in &entries {
                let edited =
                    format!("{} og mitt", story.world.text(story.partner, *entry).expect("is there"));
                let json = serde_json::json!({ "description": edited }).to_string();
                story.world.edit(story.partner, *entry, &json);
            }
            story.world.withdraw(story.case, consent);
            story.world.heal(story.owner, story.partner);
            story.world.run_for(1_000 + story.world.chance.below(900, "when"));

            story.world.restart(story.partner, crash);
            story.world.run_for(HOUR);

            let all = returned(&story);
            assert_eq!(all.len(), entries.len(), "seed {seed} {crash:?}");
            let own = [(FieldKey::Description, FieldValue::from("og mitt"))].into();
            assert!(all.iter().all(|edit| edit.fields == own), "seed {seed} {crash:?}");
            assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed} {crash:?}");
            assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed} {crash:?}");
        }
    }
}

#[test]
fn nobody_writes_in_an_entry_between_its_order_and_its_erasure() {
    for seed in 0..20 {
        let mut story = Story::new(seed);
        story.world.pace.commit_max = 200;
        let consent = story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        story.world.withdraw(story.case, consent);
        story.world.run_for(story.world.chance.below(500, "when"));

        let wrote = story.world.edit(story.partner, entry, r#"{"description":"fra skolen og meg"}"#);
        story.world.run_for(2 * MINUTE);

        // What was taken was delivered in time, which a withdrawal forbids, or is given back.
        let kept = returned(&story).len();
        assert_eq!(kept, usize::from(wrote), "seed {seed}");
        assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
    }
}

#[test]
fn partner_hides_by_itself_when_the_grant_is_over_also_without_a_link() {
    let mut story = Story::new(1);
    let until = story.world.now().plus(HOUR);
    let ask = AskFor { until, ..AskFor::both(service(story.partner, "ppt"), &["language"]) };
    story.world.share(story.case, &ask);
    let entry = story.note("for en stund");
    story.world.cut(story.owner, story.partner);

    story.world.run_for(until.since(story.world.now()) - 1);
    let before = story.world.text(story.partner, entry);
    story.world.run_for(1);

    assert_eq!(before.as_deref(), Some("for en stund"));
    assert!(story.world.text(story.partner, entry).is_none());
    story.world.restart(story.partner, Crash::AfterCommits);
    assert!(story.world.text(story.partner, entry).is_none());
}
