//! Somebody of a partner's service is stafettholder: exactly one holder at each moment, whatever is lost
//! and whoever restarts, and the baton comes home with the end of the sharing.

use stafett_protocol::baton::there::BatonThere;
use stafett_protocol::id::{AccountId, BatonOfferId};
use stafett_protocol::time::{DAY, HOUR, MINUTE};
use stafett_protocol::wire::Frame;
use stafett_tests::federation::Crash;
use stafett_tests::names::service;
use stafett_tests::tap::Tap;

use crate::story::Story;

const OLE: AccountId = AccountId::from_bytes([0x91; 16]);

impl Story {
    /// The partner's service reads and writes in the case.
    fn with_service(seed: u64) -> Self {
        let mut story = Self::new(seed);
        story.share("ppt", &["language"]);
        story.world.run_for(2 * MINUTE);
        story
    }

    fn offers(&mut self) -> BatonOfferId {
        let to = service(self.partner, "ppt");
        self.world.offer_baton_there(self.case, to).expect("the service has a grant")
    }

    /// Whom the owner's ledger has at the partner.
    fn there(&self) -> Option<AccountId> {
        let ledger = &self.world.node(self.owner).store.ledgers[&self.case.case];
        let there = ledger.baton().there().map(|there| there.account);
        assert_ne!(there.is_some(), ledger.holder().is_some(), "one holder, here or there");
        there
    }

    /// Whom the partner shows as stafettholder: nobody but whom the owner has.
    fn shown(&self) -> Option<AccountId> {
        self.world.node(self.partner).store.batons.values().find_map(BatonThere::holder)
    }

    /// Runs for a while in small steps. Whom the partner shows must be the owner's, or have been until the
    /// partner could hear otherwise.
    fn watch(&mut self, ms: u64) {
        for _ in 0..ms / (10 * MINUTE) {
            self.world.run_for(10 * MINUTE);
            let _ = self.there();
        }
    }

    fn batons_since(&self, start: usize) -> Vec<&Tap> {
        let is_baton = |tap: &&Tap| matches!(tap.frame(), Some(Frame::Baton(_) | Frame::BatonAnswer(_)));
        self.world.taps[start..].iter().filter(is_baton).collect()
    }
}

#[test]
fn somebody_of_the_service_takes_the_baton_and_both_nodes_know_and_the_third_never_hears() {
    for seed in 0..4 {
        let mut story = Story::with_service(seed);
        let start = story.world.taps.len();

        let offer = story.offers();
        story.world.run();
        assert_eq!((story.there(), story.shown()), (None, None), "seed {seed}");
        assert!(story.world.answer_baton(story.partner, offer, Some(OLE)), "seed {seed}");
        assert_eq!(story.shown(), None, "seed {seed}: the owner has not said so");
        story.world.run();

        assert_eq!((story.there(), story.shown()), (Some(OLE), Some(OLE)), "seed {seed}");
        let ways: Vec<_> = story.batons_since(start).iter().map(|tap| (tap.from, tap.to)).collect();
        let (owner, partner) = (story.owner, story.partner);
        assert_eq!(ways, [(owner, partner), (partner, owner), (owner, partner)], "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn withdrawal_brings_the_baton_home_in_the_same_commit_and_the_partner_shows_nobody() {
    for seed in 0..4 {
        let mut story = Story::with_service(seed);
        let offer = story.offers();
        story.world.run();
        story.world.answer_baton(story.partner, offer, Some(OLE));
        story.world.run();
        let start = story.world.taps.len();

        story.world.withdraw_everything(story.case);

        assert_eq!(story.there(), None, "seed {seed}");
        story.world.run_for(HOUR);
        assert_eq!(story.shown(), None, "seed {seed}");
        assert!(story.world.node(story.partner).store.batons.is_empty(), "seed {seed}");
        let said = story.batons_since(start);
        assert!(said.is_empty(), "seed {seed}: the order says enough: {said:?}");
    }
}

#[test]
fn baton_that_is_given_back_is_home_again() {
    let mut story = Story::with_service(1);
    let offer = story.offers();
    story.world.run();
    story.world.answer_baton(story.partner, offer, Some(OLE));
    story.world.run();

    assert!(story.world.answer_baton(story.partner, offer, None));
    story.world.run();

    assert_eq!((story.there(), story.shown()), (None, None));
    assert!(story.world.node(story.partner).store.batons.is_empty());
    assert!(!story.world.answer_baton(story.partner, offer, Some(OLE)), "there is nothing to take");
}

#[test]
fn restarts_of_either_node_at_any_step_end_with_one_holder_that_both_know() {
    for seed in 0..16 {
        let mut story = Story::with_service(seed);
        let crash = if seed & 8 == 0 { Crash::AfterCommits } else { Crash::BeforeCommits };
        let node = |story: &Story, bit: u64| if seed >> bit & 1 == 0 { story.owner } else { story.partner };
        let offer = story.offers();
        let first = node(&story, 0);
        story.world.restart(first, crash);
        story.watch(HOUR);
        assert!(story.world.answer_baton(story.partner, offer, Some(OLE)), "seed {seed}");
        let second = node(&story, 1);
        story.world.restart(second, Crash::AfterCommits);
        story.watch(HOUR);
        assert_eq!((story.there(), story.shown()), (Some(OLE), Some(OLE)), "seed {seed}");

        assert!(story.world.answer_baton(story.partner, offer, None), "seed {seed}");
        let third = node(&story, 2);
        story.world.restart(third, Crash::AfterCommits);
        story.watch(HOUR);

        assert_eq!((story.there(), story.shown()), (None, None), "seed {seed}");
    }
}

#[test]
fn offer_that_nobody_answers_lapses_and_nothing_of_it_is_left() {
    let mut story = Story::with_service(2);
    story.offers();
    story.world.run();
    assert_eq!(story.world.node(story.partner).store.batons.len(), 1);

    story.watch(15 * DAY);

    assert_eq!((story.there(), story.shown()), (None, None));
    assert!(story.world.node(story.partner).store.batons.is_empty());
}
