//! What a partner's staff wrote late (laws 7 and 12): it goes back to its author when the sharing
//! ends, from whichever generation it stands in, and comes to nobody else when the entry is shared
//! again. And a change that could not be stored makes no stored entry unknown.

use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{ConsentId, EntryId};
use stafett_protocol::late::Undelivered;
use stafett_protocol::limits::EARLIER_GENERATIONS_MAX;
use stafett_protocol::time::MINUTE;
use stafett_protocol::transaction::{EntryState, Fault};
use stafett_tests::federation::Crash;

use crate::keeping::{WORDS, keep_notes};
use crate::story::Story;

/// Where the partner's late words stand when the sharing ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// In the newest generation that the partner knows; the owner has left it.
    NextUnknown,
    /// In an earlier one: the partner has taken the next one over.
    NextTaken,
    /// In an earlier one that the owner takes no more of.
    Refused,
}

fn described(text: &str) -> String {
    serde_json::json!({ "description": text }).to_string()
}

/// Shares a note and has the partner write on it without being heard, while the owner goes on to
/// another generation.
fn written_late(story: &mut Story, stands: Stands) -> (ConsentId, EntryId) {
    let (owner, partner) = (story.owner, story.partner);
    let consent = story.share("ppt", &["language"]);
    let entry = story.note("fra skolen");
    story.world.run_for(MINUTE);
    story.world.cut(owner, partner);
    assert!(story.world.edit(partner, entry, &described("fra skolen og PPT")));
    let generations = if stands == Stands::Refused { EARLIER_GENERATIONS_MAX + 1 } else { 1 };
    for number in 0..generations {
        assert!(story.world.edit(owner, entry, &described(&format!("{number} fra skolen"))));
        assert!(story.world.renew(owner, entry));
        story.world.run_for(MINUTE);
    }
    if stands == Stands::NextTaken {
        story.world.stall(partner, owner);
    }
    if stands != Stands::NextUnknown {
        story.world.heal(owner, partner);
        story.world.run_for(3 * MINUTE);
        let expected = if stands == Stands::Refused { Undelivered::Refused } else { Undelivered::Waiting };
        assert_eq!(story.world.undelivered(partner, entry), Some(expected));
        let kept = &story.world.node(partner).store.entries[&entry];
        assert_eq!((kept.earlier.len(), kept.changes.len()), (1, 1), "{stands:?}");
    }
    (consent, entry)
}

/// The family withdraws, and both nodes hear of it.
fn withdraw(story: &mut Story, consent: ConsentId) {
    let (owner, partner) = (story.owner, story.partner);
    story.world.withdraw(story.case, consent);
    story.world.heal(owner, partner);
    story.world.run_for(MINUTE);
    story.world.flow(partner, owner);
    story.world.run_for(3 * MINUTE);
    assert_eq!(story.world.waiting(owner, partner).1, 0, "the receipt is in");
}

fn assert_returned(story: &Story, text: &str, what: &str) {
    let returned = &story.world.node(story.partner).store.returned;
    let fields: Vec<_> = returned.iter().map(|edit| (edit.kind, edit.fields.clone())).collect();
    let words = [(FieldKey::Description, FieldValue::from(text))].into();
    assert_eq!(fields, [(EntryKind::Note, words)], "{what}");
}

#[test]
fn late_words_go_back_to_their_author_from_whichever_generation_they_stand_in() {
    for stands in [Stands::NextUnknown, Stands::NextTaken, Stands::Refused] {
        for seed in 0..4 {
            let mut story = Story::new(seed);
            let (consent, entry) = written_late(&mut story, stands);
            if seed >= 2 {
                story.world.restart(story.partner, Crash::AfterCommits);
            }

            withdraw(&mut story, consent);

            assert_returned(&story, "og PPT", &format!("{stands:?}, seed {seed}"));
            assert!(!story.world.node(story.partner).store.entries.contains_key(&entry));
            let owners = story.world.text(story.owner, entry).expect("its own");
            assert!(!owners.contains("PPT"), "{stands:?}, seed {seed}: {owners}");
        }
    }
}

#[test]
fn late_words_that_went_back_come_to_nobody_when_a_locked_entry_is_shared_again() {
    for stands in [Stands::NextUnknown, Stands::NextTaken, Stands::Refused] {
        for renews in [false, true] {
            let mut story = Story::new(3);
            let (owner, partner) = (story.owner, story.partner);
            keep_notes(&mut story, None, WORDS);
            let (consent, entry) = written_late(&mut story, stands);
            withdraw(&mut story, consent);
            let what = format!("{stands:?}, renews {renews}");
            let locked = EntryState::Locked { basis: LockBasis::DutyToKeep };
            assert_eq!(story.world.node(partner).store.entries[&entry].record.state, locked, "{what}");
            assert_returned(&story, "og PPT", &what);
            if renews {
                assert!(story.world.edit(owner, entry, &described("fra skolen, igjen")));
                assert!(story.world.renew(owner, entry));
            }

            story.share("ppt", &["language"]);
            story.world.run_for(5 * MINUTE);

            let owners = story.world.text(owner, entry).expect("its own");
            assert!(!owners.contains("PPT"), "{what}: {owners}");
            assert_eq!(story.world.text(partner, entry), Some(owners), "{what}");
            assert_eq!(story.world.undelivered(partner, entry), None, "{what}");
            assert_eq!(story.world.node(partner).store.entries[&entry].earlier.len(), 0, "{what}");
            assert_returned(&story, "og PPT", &what);
        }
    }
}

#[test]
fn undelivered_words_that_went_back_come_to_nobody_when_the_same_generation_is_shared_again() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let (owner, partner) = (story.owner, story.partner);
        keep_notes(&mut story, None, WORDS);
        let consent = story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        story.world.cut(owner, partner);
        assert!(story.world.edit(partner, entry, &described("fra skolen og PPT")));
        withdraw(&mut story, consent);
        assert_returned(&story, "og PPT", &format!("seed {seed}"));

        story.share("ppt", &["language"]);
        story.world.run_for(5 * MINUTE);

        for node in [owner, partner] {
            assert_eq!(story.world.text(node, entry).as_deref(), Some("fra skolen"), "seed {seed}");
        }
    }
}

#[test]
fn entry_whose_change_could_not_be_stored_is_known_to_the_order_that_erases_it() {
    for fault in [Fault::Store, Fault::AlienActor] {
        let mut story = Story::new(1);
        let (owner, partner) = (story.owner, story.partner);
        let consent = story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        story.world.node_mut(partner).store.fails_next = Some(fault);
        assert!(story.world.edit(owner, entry, &described("fra skolen, mer")));
        story.world.run();
        assert_eq!(story.world.node(partner).store.fails_next, None, "{fault:?}: it was tried");
        assert_eq!(story.world.text(partner, entry).as_deref(), Some("fra skolen"), "{fault:?}");

        withdraw(&mut story, consent);

        assert!(!story.world.node(partner).store.entries.contains_key(&entry), "{fault:?}");
        let filed: Vec<_> = story.world.node(owner).store.filed.values().collect();
        assert_eq!(filed.len(), 1, "{fault:?}");
        assert_eq!(filed[0].statement().items[&entry], Done::Erased, "{fault:?}");
    }
}

#[test]
fn first_announcement_that_could_not_be_stored_takes_no_room_and_comes_again() {
    let mut story = Story::new(1);
    let (owner, partner) = (story.owner, story.partner);
    story.world.node_mut(partner).bytes_max = 6_000;
    story.world.restart(partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);
    story.share("ppt", &["language"]);
    story.world.node_mut(partner).store.fails_next = Some(Fault::Store);
    let entry = story.note("fra skolen");
    assert!(!story.world.node(partner).store.entries.contains_key(&entry));

    story.world.reconnect(owner, partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.text(partner, entry).as_deref(), Some("fra skolen"));
}
