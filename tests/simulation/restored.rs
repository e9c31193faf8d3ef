//! A node whose store and journal were restored together: only its partner can tell.

use std::collections::BTreeSet;

use stafett_protocol::restore::{OnRecord, Verdict, judge};
use stafett_protocol::time::MINUTE;
use stafett_protocol::wire::Frame;
use stafett_tests::federation::Crash;

use crate::story::Story;

/// The kinds of frames that a node which knows it was restored may send: Hello, receipts, and what
/// is said of marks.
fn is_silent(frame: &Frame) -> bool {
    matches!(
        frame,
        Frame::Hello(_)
            | Frame::Receipt(_)
            | Frame::Mark(_)
            | Frame::Shown(_)
            | Frame::Ask(_)
            | Frame::Holding(_)
            | Frame::Living(_)
    )
}

#[test]
fn owner_restored_from_before_a_withdrawal_is_told_by_its_partner_and_sends_nothing() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.owner).store.clone();
        story.world.withdraw(story.case, consent);
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);
        let start = story.world.taps.len();

        story.world.node_mut(story.owner).store = backup;
        story.world.restart(story.owner, Crash::BeforeCommits);
        story.note("etterpå");
        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        let owner = story.world.node(story.owner);
        assert_eq!(owner.shown_above, [story.partner], "seed {seed}");
        let sent = story.sent_since(start);
        assert!(sent.iter().any(|frame| matches!(frame, Frame::Ask(_))), "seed {seed}: it asked nothing");
        let loud: Vec<u16> = sent.iter().filter(|frame| !is_silent(frame)).map(Frame::kind).collect();
        assert_eq!(loud, Vec::<u16>::new(), "seed {seed}");
        let (_, shown) = owner.shown.first().expect("the partner answers");
        let grant = shown.grants.values().next().expect("it has had one grant");
        let ledger = owner.store.ledgers.get(&grant.grant.statement().case);
        let on_record = OnRecord { ledger: ledger.map(AsRef::as_ref), sent: &BTreeSet::new(), ordered: None };
        let verdict = judge(grant, on_record, story.world.now());
        assert_eq!(verdict, Verdict::Ends { doubtful: Some(consent) }, "seed {seed}");
    }
}

#[test]
fn partner_restored_from_before_a_withdrawal_is_ordered_again_and_answers_again() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.partner).store.clone();
        story.world.withdraw(story.case, consent);
        story.world.run_for(2 * MINUTE);
        assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed}");
        story.world.cut(story.owner, story.partner);
        story.world.node_mut(story.partner).store = backup;
        story.world.restart(story.partner, Crash::BeforeCommits);
        assert!(story.world.node(story.partner).store.entries.contains_key(&entry), "seed {seed}");

        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        let partner = story.world.node(story.partner);
        assert_eq!(partner.shown_above, [story.owner], "seed {seed}");
        assert!(!partner.store.entries.contains_key(&entry), "seed {seed}: it is there again");
        assert_eq!(partner.store.receipts.len(), 1, "seed {seed}: no new receipt");
    }
}

#[test]
fn node_that_lost_nothing_signed_is_not_taken_for_restored() {
    let mut story = Story::new(2);
    let consent = story.share("ppt", &["language"]);
    story.note("fra skolen");
    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);

    for node in [story.owner, story.partner] {
        story.world.restart(node, Crash::AfterCommits);
        story.world.run_for(2 * MINUTE);
    }

    for node in [story.owner, story.partner, story.third] {
        assert!(story.world.node(node).shown_above.is_empty());
    }
    story.assert_no_alarm();
}

#[test]
fn owner_that_changed_its_key_knows_its_older_statements_after_a_restore() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        story.world.rotate_key(story.owner, 40);
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.owner).store.clone();
        story.world.withdraw(story.case, consent);
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);
        story.world.node_mut(story.owner).store = backup;
        story.world.restart(story.owner, Crash::BeforeCommits);

        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        let (_, shown) = story.world.node(story.owner).shown.first().expect("the partner answers");
        assert_eq!(shown.grants.len(), 1, "seed {seed}: signed by the key before");
        story.assert_no_alarm();
    }
}

#[test]
fn what_a_restored_owner_sent_after_its_backup_goes_with_its_grant() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        let known = story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.owner).store.clone();
        let lost = story.note("etterpå");
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);
        story.world.node_mut(story.owner).store = backup;
        story.world.restart(story.owner, Crash::BeforeCommits);
        story.world.heal(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);
        assert!(story.world.node(story.partner).store.entries.contains_key(&lost), "seed {seed}");

        story.world.withdraw(story.case, consent);
        story.world.run_for(2 * MINUTE);

        let (owner, partner) = (story.world.node(story.owner), story.world.node(story.partner));
        let items = owner.store.filed.values().flat_map(|receipt| receipt.statement().items.keys());
        assert_eq!(items.copied().collect::<Vec<_>>(), [known], "seed {seed}: what the order names");
        assert!(!partner.store.entries.contains_key(&lost), "seed {seed}: it stays for ever");
        story.assert_no_alarm();
    }
}

#[test]
fn own_edit_that_a_restored_owner_lost_comes_back_from_its_partner() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        story.world.edit(story.owner, entry, r#"{ "description": "fra skolen, rettet" }"#);
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.owner).store.clone();
        story.world.edit(story.owner, entry, r#"{ "description": "fra skolen, rettet igjen" }"#);
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);
        story.world.node_mut(story.owner).store = backup;
        story.world.restart(story.owner, Crash::BeforeCommits);

        story.world.heal(story.owner, story.partner);
        story.world.run_for(3 * MINUTE);

        for node in [story.owner, story.partner] {
            let text = story.world.text(node, entry);
            assert_eq!(text.as_deref(), Some("fra skolen, rettet igjen"), "seed {seed}");
        }
        story.assert_no_alarm();
    }
}
