//! Cuts, restarts and restored stores: what was lost is found, and nothing is found twice.

use stafett_protocol::time::{HOUR, MINUTE};
use stafett_protocol::wire::Frame;
use stafett_tests::federation::{Crash, NewEntry};
use stafett_tests::tap::Tap;

use crate::story::{Story, data_bytes};

#[test]
fn unchanged_reconnect_costs_one_round_trip_whatever_is_shared() {
    for seed in 0..2 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        for number in 0..1_000 {
            story.world.publish(story.case, &NewEntry::note(&format!("notat {number}")));
        }
        let (from, to) = (story.note("tiltaket"), story.note("målet"));
        story.world.relate(story.case, from, to);
        story.world.run_for(2 * MINUTE);
        assert_eq!(story.world.node(story.partner).store.entries.len(), 1_002);
        assert_eq!(story.world.node(story.partner).store.relations.len(), 1);

        let start = story.world.taps.len();
        story.world.reconnect(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        let since: Vec<&Tap> = story.world.taps[start..]
            .iter()
            .filter(|tap| tap.from != story.third && tap.to != story.third)
            .collect();
        let frames: Vec<Frame> = since.iter().filter_map(|tap| tap.frame()).collect();
        let kinds: Vec<u16> = frames.iter().map(Frame::kind).collect();
        assert_eq!(kinds, [1, 21, 1, 21, 11, 11, 12], "seed {seed}");
        let bytes: usize = since.iter().map(|tap| tap.bytes().len()).sum();
        assert!(bytes < 1_000 && data_bytes(&since) > 0, "{bytes} bytes");
    }
}

#[test]
fn partner_that_restarts_loses_nothing() {
    for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
        for seed in 0..20 {
            let mut story = Story::new(seed);
            story.share("ppt", &["language"]);
            let entry = story.note("først");
            story.world.edit(story.owner, entry, r#"{"description":"først, så mer"}"#);
            story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("forslag"), None);
            story.world.run_for(story.world.chance.below(150, "when"));

            story.world.restart(story.partner, crash);
            story.world.run_for(3 * MINUTE);

            assert_same_documents(&story);
            assert_eq!(story.world.node(story.owner).store.entries.len(), 2, "seed {seed} {crash:?}");
            assert!(story.world.node(story.partner).store.proposals.is_empty(), "seed {seed} {crash:?}");
            story.assert_no_alarm();
        }
    }
}

#[test]
fn owner_that_restarts_between_a_row_and_its_frame_sends_the_frame_after_all() {
    for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
        for seed in 0..20 {
            let mut story = Story::new(seed);
            story.world.pace.commit_max = 100;
            story.share("ppt", &["language"]);
            let entry = story.world.publish(story.case, &NewEntry::note("først"));
            story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("forslag"), None);
            story.world.run_for(story.world.chance.below(250, "when"));

            story.world.restart(story.owner, crash);
            story.world.run_for(3 * MINUTE);

            assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("først"), "seed {seed}");
            assert_same_documents(&story);
            assert!(story.world.node(story.partner).store.proposals.is_empty(), "seed {seed} {crash:?}");
            story.assert_no_alarm();
        }
    }
}

#[test]
fn partner_restored_from_an_older_store_gets_what_it_lacks() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("først");
        let backup = story.world.node(story.partner).store.clone();
        story.world.edit(story.owner, entry, r#"{"description":"først, så mer"}"#);
        let later = story.note("senere");
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);

        story.world.node_mut(story.partner).store = backup;
        story.world.restart(story.partner, Crash::BeforeCommits);
        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("først, så mer"), "seed {seed}");
        assert_eq!(story.world.text(story.partner, later).as_deref(), Some("senere"), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn partner_restored_from_before_the_grant_gets_the_grant_too() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let backup = story.world.node(story.partner).store.clone();
        story.share("ppt", &["language"]);
        let entry = story.note("først");
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);

        story.world.node_mut(story.partner).store = backup;
        story.world.restart(story.partner, Crash::BeforeCommits);
        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("først"), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn owner_restored_from_an_older_store_gets_back_what_the_partner_wrote() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("først");
        story.world.run_for(2 * MINUTE);
        let backup = story.world.node(story.owner).store.clone();
        story.world.edit(story.partner, entry, r#"{"description":"først, så mer"}"#);
        story.world.run_for(2 * MINUTE);
        story.world.cut(story.owner, story.partner);

        story.world.node_mut(story.owner).store = backup;
        story.world.restart(story.owner, Crash::BeforeCommits);
        story.world.heal(story.owner, story.partner);
        story.world.run_for(5 * MINUTE);

        assert_eq!(story.world.text(story.owner, entry).as_deref(), Some("først, så mer"), "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn links_that_flap_still_converge() {
    for seed in 0..20 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("0");
        for number in 1..10_u64 {
            let node = if number % 2 == 0 { story.owner } else { story.partner };
            story.world.edit(node, entry, &format!(r#"{{"description":"{number}"}}"#));
            story.world.run_for(story.world.chance.below(1_500, format!("wait {number}")));
            story.world.reconnect(story.owner, story.partner);
        }

        story.world.run_for(5 * MINUTE);

        assert_same_documents(&story);
        story.assert_no_alarm();
    }
}

#[test]
fn link_that_was_reset_while_it_reconciles_comes_alive_again() {
    for seed in 0..40 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        story.share("clinic", &["learning"]);
        let learning = story.world.publish(story.case, &NewEntry::note_in(&["learning"], "regner"));
        story.note("leser");
        story.world.run_for(2 * MINUTE);
        story.world.reconnect(story.owner, story.partner);
        story.world.run_for(1_000 + story.world.chance.below(150, "when"));

        story.world.withdraw(story.case, consent);
        story.world.run_for(MINUTE);
        let is_live = story.world.is_live(story.owner, story.partner)
            && story.world.is_live(story.partner, story.owner);
        story.world.edit(story.owner, learning, r#"{"description":"regner fort"}"#);
        story.world.edit(story.partner, learning, r#"{"description":"regner godt"}"#);
        story.world.run_for(HOUR);

        assert!(is_live, "seed {seed}");
        assert_eq!(
            story.world.text(story.owner, learning),
            story.world.text(story.partner, learning),
            "seed {seed}"
        );
        story.assert_no_alarm();
    }
}

fn assert_same_documents(story: &Story) {
    let entries = story.world.node(story.owner).store.entries.keys().copied();
    for entry in entries {
        assert_eq!(
            story.world.view(story.owner, entry),
            story.world.view(story.partner, entry),
            "seed {}",
            story.world.chance.seed()
        );
    }
}

#[test]
fn frame_that_a_lost_connection_dropped_leaves_no_row_that_counts_as_sent() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        story.world.stall(story.owner, story.partner);
        let entry = story.note("rakk ikke frem");

        story.world.reconnect(story.owner, story.partner);
        story.world.run_for(100);

        let store = &story.world.node(story.owner).store;
        let about = |row: &&stafett_protocol::disclosure::DisclosureRow| row.entry == entry;
        assert_eq!(store.rows.iter().filter(about).count(), 1, "seed {seed}");
        let sent = store.sent_rows(story.partner, story.case.case);
        assert_eq!(sent.iter().filter(about).count(), 0, "seed {seed}");

        story.world.flow(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("rakk ikke frem"));
        let sent = story.world.node(story.owner).store.sent_rows(story.partner, story.case.case);
        assert_eq!(sent.iter().filter(about).count(), 1, "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn history_of_an_entry_that_never_left_waits_for_a_new_generation() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        story.world.stall(story.owner, story.partner);
        let entry = story.note("det som siden ble strøket");
        story.world.cut(story.owner, story.partner);
        story.world.edit(story.owner, entry, r#"{"description":"det som ble igjen"}"#);
        story.world.flow(story.owner, story.partner);

        story.world.heal(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);
        assert!(story.world.text(story.partner, entry).is_none(), "seed {seed}");
        story.world.renew(story.owner, entry);
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("det som ble igjen"));
        assert_eq!(story.world.node(story.partner).store.entries[&entry].changes.len(), 1);
        story.assert_no_alarm();
    }
}

#[test]
fn history_of_an_entry_that_was_lost_on_its_way_waits_for_a_new_generation() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        story.world.mute(story.owner, story.partner);
        let start = story.world.taps.len();
        let entry = story.note("det som siden ble strøket");
        assert_eq!(story.entries_sent_since(start), [entry], "seed {seed}: it was handed over");
        story.world.edit(story.owner, entry, r#"{"description":"det som ble igjen"}"#);
        // The connection is given up, and with it all that was on its way.
        story.world.run_for(MINUTE);
        let start = story.world.taps.len();

        story.world.unmute(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);
        assert_eq!(story.entries_sent_since(start), [], "seed {seed}: the partner never had it");
        story.world.renew(story.owner, entry);
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("det som ble igjen"));
        assert_eq!(story.world.node(story.partner).store.entries[&entry].changes.len(), 1);
        story.assert_no_alarm();
    }
}
