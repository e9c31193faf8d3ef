//! Withdrawal, order, receipt, and what comes after.

use std::collections::BTreeSet;

use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{EntryId, GrantId};
use stafett_protocol::time::{HOUR, MINUTE, SECOND};
use stafett_protocol::transaction::{EntryContent, EntryState, ProposalState};
use stafett_protocol::wire::{Announce, Frame, GrantFrame};
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::Handed;

use crate::story::Story;

fn entry_written_at_partner(story: &mut Story) -> EntryId {
    let before: BTreeSet<EntryId> = story.world.node(story.owner).store.entries.keys().copied().collect();
    story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("fra rådgiveren"), None);
    story.world.run();
    let store = &story.world.node(story.owner).store;
    *store.entries.keys().find(|entry| !before.contains(entry)).expect("the owner took it")
}

#[test]
fn withdrawal_erases_what_was_received_and_locks_own_writing() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        let received = story.note("fra skolen");
        let own = entry_written_at_partner(&mut story);

        story.world.withdraw(story.case, consent);
        story.world.run();

        let store = &story.world.node(story.partner).store;
        assert!(!store.entries.contains_key(&received));
        let locked = EntryState::Locked { basis: LockBasis::OwnWriting };
        assert_eq!(store.entries[&own].record.state, locked);
        let receipts: Vec<_> = story.world.node(story.owner).store.filed.values().collect();
        assert_eq!(receipts.len(), 1);
        assert_eq!(receipts[0].statement().items[&received], Done::Erased);
        assert_eq!(receipts[0].statement().items[&own], Done::Locked { basis: LockBasis::OwnWriting });
        story.assert_no_alarm();
    }
}

#[test]
fn own_writing_is_locked_also_when_the_owner_does_not_say_whose_it_is() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    let own = entry_written_at_partner(&mut story);
    let store = &mut story.world.node_mut(story.partner).store;
    store.entries.get_mut(&own).expect("it came back").record.facts.written_by = None;
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);

    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);

    let state = story.world.node(story.partner).store.entries[&own].record.state;
    assert_eq!(state, EntryState::Locked { basis: LockBasis::OwnWriting });
}

#[test]
fn after_a_withdrawal_nothing_of_its_scope_is_sent_whatever_was_under_way() {
    for seed in 0..40 {
        let mut story = Story::new(seed);
        story.world.pace.commit_max = 200;
        let consent = story.share("ppt", &["language"]);
        let entry = story.note("først");
        story.world.edit(story.owner, entry, r#"{"description":"først, så mer"}"#);
        for number in 0..5 {
            story.world.publish(story.case, &NewEntry::note(&format!("nummer {number}")));
        }
        story.world.run_for(story.world.chance.below(300, "when"));

        let start = story.world.taps.len();
        story.world.withdraw(story.case, consent);
        story.world.edit(story.owner, entry, r#"{"description":"etterpå"}"#);
        story.world.publish(story.case, &NewEntry::note("etterpå"));
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.entries_sent_since(start), Vec::new(), "seed {seed}");
        let grants = story.sent_since(start).into_iter().filter(|frame| matches!(frame, Frame::Grant(_)));
        assert_eq!(grants.count(), 0, "seed {seed}");
        assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
        assert_eq!(story.world.waiting(story.owner, story.partner).1, 0, "seed {seed}");
    }
}

#[test]
fn new_consent_after_the_receipt_shares_again() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        let received = story.note("fra skolen");
        let own = entry_written_at_partner(&mut story);
        story.world.withdraw(story.case, consent);
        story.world.run();

        story.share("ppt", &["language"]);

        assert_eq!(story.world.text(story.partner, received).as_deref(), Some("fra skolen"));
        assert_eq!(story.world.text(story.partner, own).as_deref(), Some("fra rådgiveren"));
        story.assert_no_alarm();
    }
}

#[test]
fn new_consent_before_the_receipt_waits_for_it() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    let entry = story.note("fra skolen");
    story.world.cut(story.owner, story.partner);
    story.world.withdraw(story.case, consent);
    story.share("ppt", &["language"]);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("fra skolen"));
    assert_eq!(story.world.node(story.owner).store.filed.len(), 1);
    story.assert_no_alarm();
}

#[test]
fn relation_comes_back_with_its_entries() {
    let mut story = Story::new(2);
    let (goal, measure) = (story.note("målet"), story.note("tiltaket"));
    story.world.relate(story.case, measure, goal);
    let consent = story.share("ppt", &["language"]);
    assert_eq!(story.world.node(story.partner).store.relations.len(), 1);
    story.world.withdraw(story.case, consent);
    story.world.run();
    assert!(story.world.node(story.partner).store.relations.is_empty());

    story.share("ppt", &["language"]);

    assert_eq!(story.world.node(story.partner).store.relations.len(), 1);
}

#[test]
fn entry_that_another_service_keeps_goes_on_syncing_with_its_history() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let ppt = story.share("ppt", &["language"]);
        story.share("clinic", &["language"]);
        let entry = story.note("til begge tjenester");
        story.world.edit(story.owner, entry, r#"{"description":"til begge tjenester, endret"}"#);
        story.world.run();

        story.world.withdraw(story.case, ppt);
        story.world.run();
        story.world.edit(story.owner, entry, r#"{"description":"til klinikken"}"#);
        story.world.run();

        let receipt = story.world.node(story.owner).store.filed.values().next().expect("a receipt");
        assert_eq!(receipt.statement().items[&entry], Done::KeptForAnotherService);
        assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("til klinikken"), "seed {seed}");
        let under = &story.world.node(story.partner).store.entries[&entry].record.under;
        assert_eq!(under.len(), 1);
        story.assert_no_alarm();
    }
}

#[test]
fn undelivered_writing_goes_back_to_its_author() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    story.world.cut(story.owner, story.partner);
    let proposal =
        story.world.propose(story.partner, story.case, "ppt", &NewEntry::note("rakk ikke frem"), None);
    story.world.withdraw(story.case, consent);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    let state = story.world.node(story.partner).store.proposals[&proposal].state;
    assert!(matches!(state, ProposalState::Returned { .. }));
    assert!(story.world.node(story.owner).store.entries.is_empty());
}

#[test]
fn order_that_overtakes_its_grant_leaves_nothing_open() {
    for seed in 0..20 {
        let mut story = Story::new(seed);
        story.world.pace.network_max = 500;
        story.note("fra skolen");
        let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
        let consent = story.world.share(story.case, &ask);
        story.world.run_for(story.world.chance.below(400, "when"));

        story.world.withdraw(story.case, consent);
        story.world.run_for(2 * MINUTE);

        let store = &story.world.node(story.partner).store;
        assert!(store.entries.is_empty(), "seed {seed}");
        assert!(store.received.values().all(|received| !received.counts(story.world.now())), "seed {seed}");
        assert_eq!(story.world.waiting(story.owner, story.partner).1, 0, "seed {seed}");
    }
}

#[test]
fn order_is_repeated_to_a_partner_that_could_not_store() {
    let mut story = Story::new(1);
    let consent = story.share("ppt", &["language"]);
    story.note("fra skolen");
    story.world.run_for(2 * SECOND);
    story.world.withdraw(story.case, consent);
    // The mark comes before the order, and is stored.
    while story.world.node(story.partner).store.marks[&story.owner].mark.number < 2 {
        story.world.run_for(1);
    }
    story.world.node_mut(story.partner).store.fails_next = Some(stafett_protocol::transaction::Fault::Store);
    story.world.run();
    assert!(story.world.node(story.owner).store.filed.is_empty());

    story.world.run_for(HOUR);

    assert_eq!(story.world.node(story.owner).store.filed.len(), 1);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn order_reaches_a_partner_that_restarted_meanwhile() {
    for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
        for seed in 0..10 {
            let mut story = Story::new(seed);
            let consent = story.share("ppt", &["language"]);
            story.note("fra skolen");
            story.world.withdraw(story.case, consent);
            story.world.run_for(story.world.chance.below(120, "when"));

            story.world.restart(story.partner, crash);
            story.world.run_for(HOUR);

            assert_eq!(story.world.node(story.owner).store.filed.len(), 1, "seed {seed}");
            assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
            story.assert_no_alarm();
        }
    }
}

#[test]
fn grant_that_expires_is_hidden_at_once_and_erased_by_order() {
    let mut story = Story::new(2);
    let until = story.world.now().plus(HOUR);
    let ask = AskFor { until, ..AskFor::both(service(story.partner, "ppt"), &["language"]) };
    story.world.share(story.case, &ask);
    let entry = story.note("for en stund");
    assert!(story.world.text(story.partner, entry).is_some());

    story.world.run_for(HOUR);
    let hidden = story.world.text(story.partner, entry).is_none();
    story.world.sweep(story.case);
    story.world.run();

    assert!(hidden);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn agreement_that_ends_queues_orders_and_is_answered_on_the_link_that_is_left() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);
    story.note("fra skolen");

    story.world.change_standing(story.owner, story.partner, |agreement, _| *agreement = None);
    story.world.sweep(story.case);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.node(story.owner).store.filed.len(), 1);
    assert!(story.world.node(story.partner).store.entries.is_empty());
}

#[test]
fn nothing_that_waits_for_the_transport_leaves_after_its_consent_expired() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let until = story.world.now().plus(HOUR);
        let ask = AskFor { until, ..AskFor::both(service(story.partner, "ppt"), &["language"]) };
        story.world.share(story.case, &ask);
        story.world.run_for(50 * MINUTE);
        story.world.stall(story.owner, story.partner);
        story.note("for sent");

        story.world.run_for(20 * MINUTE);
        let start = story.world.taps.len();
        story.world.flow(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        assert_eq!(story.entries_sent_since(start), Vec::new(), "seed {seed}");
        assert!(story.world.node(story.partner).store.entries.is_empty(), "seed {seed}");
    }
}

#[test]
fn grant_that_waits_for_the_transport_does_not_leave_after_its_withdrawal() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        story.world.stall(story.owner, story.partner);
        let consent = story.share("ppt", &["language"]);

        let start = story.world.taps.len();
        story.world.withdraw(story.case, consent);
        story.world.flow(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        let grants = story.sent_since(start).into_iter().filter(|frame| matches!(frame, Frame::Grant(_)));
        assert_eq!(grants.count(), 0, "seed {seed}");
        assert!(story.world.node(story.partner).store.received.is_empty(), "seed {seed}");
    }
}

#[test]
fn grant_that_its_order_overtook_opens_nothing_after_a_restart() {
    let mut story = Story::new(1);
    story.world.stall(story.owner, story.partner);
    let consent = story.share("ppt", &["language"]);
    let entry = story.note("skal ikke frem");
    let store = &story.world.node(story.owner).store;
    let grant = store.issued.values().next().expect("a grant").grant.clone();
    let content = store.content(entry).expect("it was written");
    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.flow(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    let late = Frame::Grant(GrantFrame { token: grant.token().to_owned() });
    story.world.forge(story.owner, story.partner, &late);
    let late = Frame::Announce(Box::new(announcement(grant.statement().grant, content)));
    story.world.forge(story.owner, story.partner, &late);
    story.world.run_for(2 * MINUTE);

    let store = &story.world.node(story.partner).store;
    assert!(store.received.contains_key(&grant.statement().grant));
    assert!(store.entries.is_empty());
}

fn announcement(grant: GrantId, content: EntryContent) -> Announce {
    let EntryContent { record, changes, .. } = content;
    Announce {
        grants: BTreeSet::from([grant]),
        case: record.facts.case,
        entry: record.facts.entry,
        generation: record.facts.generation,
        schema: record.schema,
        kind: record.facts.kind,
        areas: record.facts.areas,
        about: record.facts.about,
        only_for: None,
        written_by_yours: None,
        genesis: record.genesis,
        answers: None,
        changes: changes.iter().map(|change| change.change().clone()).collect(),
    }
}

#[test]
fn comparison_follows_a_reset_by_either_side() {
    for seed in 0..4 {
        let mut story = Story::new(seed);
        let consent = story.share("ppt", &["language"]);
        story.world.stall(story.owner, story.partner);
        story.note("på vei");
        let start = story.world.taps.len();

        story.world.withdraw(story.case, consent);
        story.world.flow(story.owner, story.partner);
        story.world.run_for(2 * MINUTE);

        let since = &story.world.taps[start..];
        assert!(since.iter().any(|tap| tap.handed == Handed::Reset), "seed {seed}");
        let compared = since.iter().any(|tap| matches!(tap.frame(), Some(Frame::Reconcile(_))));
        assert!(compared, "seed {seed}");
    }
}
