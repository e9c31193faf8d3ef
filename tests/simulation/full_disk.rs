//! A partner whose disk is full: what it cannot take comes again when there is room.

use stafett_protocol::agreement::Standing;
use stafett_protocol::time::MINUTE;
use stafett_protocol::transaction::Fault;
use stafett_protocol::wire::Frame;
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_tests::federation::NewEntry;
use stafett_tests::tap::Tap;

use crate::story::Story;

/// More than the longest wait before something goes again.
const A_WHILE_MS: u64 = 16 * MINUTE;

fn set_full(story: &mut Story, node: stafett_protocol::municipality::OrganisationNumber, is_full: bool) {
    story.world.node_mut(node).store.fails = is_full.then_some(Fault::Store);
}

#[test]
fn what_a_partner_with_a_full_disk_could_not_take_comes_when_there_is_room() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let first = story.note("før delingen");
        let partner = story.partner;
        set_full(&mut story, partner, true);
        story.share("ppt", &["language"]);
        story.world.run_for(3 * MINUTE);
        assert!(story.world.node(partner).store.received.is_empty(), "seed {seed}");

        set_full(&mut story, partner, false);
        story.world.run_for(A_WHILE_MS);
        assert_eq!(story.world.text(partner, first).as_deref(), Some("før delingen"), "seed {seed}");

        set_full(&mut story, partner, true);
        let second = story.note("mens disken var full");
        story.world.edit(story.owner, first, r#"{"description":"endret imens"}"#);
        let relation = story.world.relate(story.case, second, first);
        story.world.run_for(3 * MINUTE);
        set_full(&mut story, partner, false);
        story.world.run_for(2 * A_WHILE_MS);

        assert_eq!(story.world.text(partner, second).as_deref(), Some("mens disken var full"), "seed {seed}");
        assert_eq!(story.world.text(partner, first).as_deref(), Some("endret imens"), "seed {seed}");
        assert!(story.world.node(partner).store.relations.contains_key(&relation), "seed {seed}");
        // What is announced under a grant that the full disk did not take is not shared yet.
        let odd = story.world.taps.iter().filter_map(Tap::frame).filter(|frame| match frame {
            Frame::Refused(body) => {
                !matches!((body.kind, body.code), (_, ErrorCode::NotNow) | (3, ErrorCode::NotShared))
            }
            _ => false,
        });
        assert_eq!(odd.collect::<Vec<_>>(), Vec::<Frame>::new(), "seed {seed}");
    }
}

#[test]
fn proposal_and_edit_that_an_owner_with_a_full_disk_could_not_take_come_when_there_is_room() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        let owner = story.owner;
        set_full(&mut story, owner, true);
        story.world.edit(story.partner, entry, r#"{"description":"fra skolen og PPT"}"#);
        story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("fra PPT"), None);
        story.world.run_for(3 * MINUTE);

        set_full(&mut story, owner, false);
        story.world.run_for(A_WHILE_MS);

        assert_eq!(story.world.text(owner, entry).as_deref(), Some("fra skolen og PPT"), "seed {seed}");
        assert_eq!(story.world.node(owner).store.entries.len(), 2, "seed {seed}");
        assert!(story.world.node(story.partner).store.proposals.is_empty(), "seed {seed}");
    }
}

#[test]
fn what_could_not_be_taken_is_sent_ever_less_often() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let partner = story.partner;
    set_full(&mut story, partner, true);
    let start = story.world.taps.len();
    story.note("det er fullt");

    story.world.run_for(120 * MINUTE);

    let times = story.entries_sent_since(start).len();
    assert!((3..=16).contains(&times), "{times}");
}

#[test]
fn node_that_is_sealed_says_nothing_more_on_a_living_connection() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        story.world.publish(story.case, &NewEntry::note("på vei"));
        story.world.run_for(10);
        let start = story.world.taps.len();

        for partner in [story.partner, story.third] {
            story.world.change_standing(story.owner, partner, |_, standing| *standing = Standing::Sealed);
        }
        story.world.run_for(5 * MINUTE);

        let of_owner = story.world.taps[start..].iter().filter(|tap| tap.from == story.owner);
        let said: Vec<Frame> = of_owner.filter_map(stafett_tests::tap::Tap::frame).collect();
        assert_eq!(said, Vec::new(), "seed {seed}");
    }
}
