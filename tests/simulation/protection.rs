//! The protection of an address, seen from the partners: what goes on, what is recalled, and that
//! nobody can tell why.

use stafett_protocol::consent::Sector;
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::time::{HOUR, MINUTE};
use stafett_protocol::wire::Frame;
use stafett_tests::federation::{AskFor, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::Tap;

use crate::story::Story;

/// A case shared with two services of one partner, with some entries and one of the partner's own.
fn shared(seed: u64) -> Story {
    let mut story = Story::new(seed);
    story.share("ppt", &["language"]);
    story.share("clinic", &["language", "wellbeing"]);
    let first = story.note("fra skolen");
    story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "trives"));
    story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("fra rådgiveren"), None);
    story.world.run();
    story.world.edit(story.owner, first, r#"{"description":"fra skolen, med mer"}"#);
    story.world.run_for(MINUTE);
    story
}

fn sent(story: &Story, start: usize) -> Vec<&Tap> {
    let taps = story.world.taps[start..].iter();
    taps.filter(|tap| tap.from == story.owner && tap.to == story.partner).collect()
}

#[test]
fn strict_protection_looks_to_a_partner_like_a_withdrawal_of_everything() {
    for seed in 0..8 {
        let (mut protected, mut withdrawn) = (shared(seed), shared(seed));
        let start = protected.world.taps.len();
        assert_eq!(start, withdrawn.world.taps.len());

        protected.world.protect(protected.case);
        withdrawn.world.withdraw_everything(withdrawn.case);
        for story in [&mut protected, &mut withdrawn] {
            story.world.publish(story.case, &NewEntry::note("etterpå"));
            story.world.run_for(2 * HOUR);
        }

        let (of_block, of_word) = (sent(&protected, start), sent(&withdrawn, start));
        let is_order = |tap: &&&Tap| matches!(tap.frame(), Some(Frame::Order(_)));
        assert_eq!(of_block.iter().filter(is_order).count(), 2, "seed {seed}");
        assert!(of_block == of_word, "seed {seed}: other bytes, or at other moments");
        assert_eq!(protected.entries_sent_since(start), Vec::new(), "seed {seed}");
        protected.assert_no_alarm();
    }
}

#[test]
fn nothing_leaves_under_strict_protection_whatever_the_family_says_yes_to() {
    for seed in 0..4 {
        let mut story = shared(seed);
        story.world.protect(story.case);
        story.world.run_for(HOUR);
        let start = story.world.taps.len();

        story.share("ppt", &["learning"]);
        story.world.publish(story.case, &NewEntry::note_in(&["learning"], "nytt"));
        story.world.sweep(story.case);
        story.world.run_for(HOUR);

        let frames = story.sent_since(start);
        assert_eq!(frames, Vec::new(), "seed {seed}");
        let third = story.world.taps[start..].iter().filter(|tap| tap.to == story.third);
        assert_eq!(third.filter_map(Tap::frame).count(), 0, "seed {seed}");
    }
}

#[test]
fn confidential_address_goes_on_with_the_approved_public_recipient_and_recalls_from_the_others() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let ppt = story.share("ppt", &["language"]);
        let clinic = story.share("clinic", &["language"]);
        let private =
            AskFor { sector: Sector::Private, ..AskFor::both(service(story.third, "ppt"), &["language"]) };
        let private = story.world.share(story.case, &private);
        story.world.run();
        let note = story.note("fra skolen");
        for place in [story.partner, story.third] {
            assert_eq!(story.world.text(place, note).as_deref(), Some("fra skolen"), "seed {seed}");
        }

        story.world.set_protection(story.case, AddressProtection::Confidential);
        story.world.approve_sharing(story.case, ppt);
        story.world.approve_sharing(story.case, private);
        story.world.run_for(HOUR);
        let later = story.note("etter vedtaket");
        story.world.run_for(HOUR);

        let owner = &story.world.node(story.owner).store;
        let ledger = &owner.ledgers[&story.case.case];
        let open: Vec<_> = ledger.grants().values().filter(|issued| issued.ended_at.is_none()).collect();
        assert_eq!(open.iter().map(|issued| issued.consent).collect::<Vec<_>>(), [ppt], "seed {seed}");
        for consent in [clinic, private] {
            let grants: Vec<_> =
                ledger.grants().iter().filter(|(_, issued)| issued.consent == consent).collect();
            let ordered = ledger.orders().values().any(|ordered| *grants[0].0 == ordered.grant);
            assert!(grants.len() == 1 && ordered, "seed {seed}");
        }
        for (entry, text) in [(note, "fra skolen"), (later, "etter vedtaket")] {
            assert_eq!(story.world.text(story.partner, entry).as_deref(), Some(text), "seed {seed}");
            assert_eq!(story.world.text(story.third, entry), None, "seed {seed}");
        }
        assert!(story.world.node(story.third).store.entries.is_empty(), "seed {seed}");
        assert_eq!(story.world.waiting(story.owner, story.third).1, 0, "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn protection_that_is_set_in_mid_transfer_stops_what_was_under_way() {
    for seed in 0..30 {
        let mut story = Story::new(seed);
        story.world.pace.commit_max = 200;
        story.share("ppt", &["language"]);
        for number in 0..5 {
            story.world.publish(story.case, &NewEntry::note(&format!("nummer {number}")));
        }
        story.world.run_for(story.world.chance.below(300, "when"));

        let start = story.world.taps.len();
        story.world.protect(story.case);
        story.world.publish(story.case, &NewEntry::note("etterpå"));
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.entries_sent_since(start), Vec::new(), "seed {seed}");
        assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
        assert_eq!(story.world.waiting(story.owner, story.partner), (0, 0), "seed {seed}");
    }
}

#[test]
fn protection_that_the_leader_lifts_shares_again_what_the_family_has_said_yes_to() {
    let mut story = Story::new(3);
    story.share("ppt", &["language"]);
    let note = story.note("fra skolen");
    story.world.protect(story.case);
    story.world.run_for(HOUR);
    assert_eq!(story.world.text(story.partner, note), None);

    story.world.set_protection(story.case, AddressProtection::None);
    story.world.run_for(HOUR);

    assert_eq!(story.world.text(story.partner, note).as_deref(), Some("fra skolen"));
    story.assert_no_alarm();
}
