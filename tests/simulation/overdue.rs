//! A partner that does not answer an order: asked again, red, and then given nothing new.

use stafett_protocol::agreement::{Standing, is_late};
use stafett_protocol::limits::{ORDER_REPEAT_MS, RECEIPT_OVERDUE_MS};
use stafett_protocol::time::{DAY, HOUR, MINUTE};
use stafett_protocol::transaction::Fault;
use stafett_protocol::wire::Frame;
use stafett_tests::federation::{Crash, NewEntry};

use crate::story::Story;

/// A story in which the partner's store takes nothing, so that no receipt comes.
fn unanswered(seed: u64) -> Story {
    let mut story = Story::new(seed);
    let consent = story.share("ppt", &["language"]);
    story.share("clinic", &["learning"]);
    story.note("fra skolen");
    story.world.run_for(2 * MINUTE);
    story.world.node_mut(story.partner).store.fails = Some(Fault::Store);
    story.world.withdraw(story.case, consent);
    story.world.run();
    story
}

fn orders_since(story: &Story, start: usize) -> usize {
    story.sent_since(start).iter().filter(|frame| matches!(frame, Frame::Order(_))).count()
}

#[test]
fn order_is_asked_again_every_quarter_of_an_hour_and_not_more_often() {
    for seed in 0..2 {
        let mut story = unanswered(seed);

        let start = story.world.taps.len();
        story.world.run_for(6 * HOUR);

        assert_eq!(orders_since(&story, start), 24, "seed {seed}");
        assert_eq!(6 * HOUR / ORDER_REPEAT_MS, 24);
    }
}

#[test]
fn order_is_asked_again_on_every_new_connection_and_after_a_start() {
    let mut story = unanswered(1);

    let start = story.world.taps.len();
    story.world.reconnect(story.owner, story.partner);
    story.world.run_for(MINUTE);
    assert_eq!(orders_since(&story, start), 1);

    let start = story.world.taps.len();
    story.world.restart(story.owner, Crash::AfterCommits);
    story.world.run_for(MINUTE);
    assert_eq!(orders_since(&story, start), 1);

    let start = story.world.taps.len();
    story.world.run_for(ORDER_REPEAT_MS);
    assert_eq!(orders_since(&story, start), 1);
}

#[test]
fn order_that_waited_through_a_long_outage_is_answered_when_the_partner_is_back() {
    let mut story = Story::new(2);
    let consent = story.share("ppt", &["language"]);
    story.note("fra skolen");
    story.world.cut(story.owner, story.partner);
    story.world.withdraw(story.case, consent);
    story.world.run_for(30 * DAY);
    story.world.restart(story.owner, Crash::AfterCommits);
    let since = story.world.waits_since(story.owner, story.partner).expect("it waits");
    assert!(is_late(since, story.world.now()));

    story.world.heal(story.owner, story.partner);
    story.world.run_for(MINUTE);

    assert_eq!(story.world.node(story.owner).store.filed.len(), 1);
    assert_eq!(story.world.waits_since(story.owner, story.partner), None);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn receipt_is_late_after_a_day_also_when_the_owner_restarted() {
    let mut story = unanswered(1);
    let since = story.world.waits_since(story.owner, story.partner).expect("it waits");

    story.world.run_for(DAY - HOUR);
    story.world.restart(story.owner, Crash::AfterCommits);
    assert!(!is_late(
        story.world.waits_since(story.owner, story.partner).expect("it waits"),
        story.world.now()
    ));
    story.world.run_for(2 * HOUR);

    assert_eq!(story.world.waits_since(story.owner, story.partner), Some(since));
    assert!(is_late(since, story.world.now()));
}

#[test]
fn partner_without_a_receipt_for_three_days_gets_nothing_new_until_it_comes() {
    for seed in 0..2 {
        let mut story = unanswered(seed);
        let since = story.world.waits_since(story.owner, story.partner).expect("it waits");
        let new = |story: &mut Story, text: &str| {
            story.world.refresh_standing(story.owner, story.partner);
            let start = story.world.taps.len();
            let entry = story.world.publish(story.case, &NewEntry::note_in(&["learning"], text));
            story.world.run_for(MINUTE);
            (entry, story.entries_sent_since(start).contains(&entry))
        };

        story.world.run_for(RECEIPT_OVERDUE_MS - HOUR);
        assert!(new(&mut story, "før fristen").1, "seed {seed}");
        story.world.run_for(HOUR);
        assert!(story.world.now().since(since) >= RECEIPT_OVERDUE_MS);
        let (held_back, sent) = new(&mut story, "etter fristen");
        assert!(!sent, "seed {seed}");
        assert_eq!(story.world.standing(story.owner, story.partner), Standing::ReceiptOverdue);
        story.world.restart(story.owner, Crash::AfterCommits);
        story.world.run_for(2 * MINUTE);
        assert!(!new(&mut story, "etter omstart").1, "seed {seed}");

        story.world.node_mut(story.partner).store.fails = None;
        let start = story.world.taps.len();
        story.world.run_for(HOUR);

        assert_eq!(story.world.standing(story.owner, story.partner), Standing::Trusted);
        assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed}");
        assert!(story.entries_sent_since(start).contains(&held_back), "seed {seed}");
        assert!(story.world.text(story.partner, held_back).is_some(), "seed {seed}");
    }
}
