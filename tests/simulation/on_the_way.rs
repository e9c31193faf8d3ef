//! What is on its way under one grant while the sharing under another ends (law 12).

use stafett_protocol::consent::rule::{Capacity, Party};
use stafett_protocol::id::{ConsentId, EntryId, PersonId};
use stafett_protocol::time::MINUTE;
use stafett_tests::federation::AskFor;
use stafett_tests::names::{CHILD, FATHER, MOTHER, service};

use crate::story::Story;

fn register(story: &mut Story, guardians: &[PersonId]) {
    let subject = Party { person: CHILD, capacity: Capacity::Subject };
    let guardian =
        |person: &PersonId| Party { person: *person, capacity: Capacity::GuardianWithParentalResponsibility };
    let parties = std::iter::once(subject).chain(guardians.iter().map(guardian)).collect();
    let registration = story.world.register_family(story.case, parties, None);
    story.world.approve_family(story.case, registration);
    story.world.run();
}

/// A note that the partner has under one service's consent, which pauses.
fn held_under_a_pause(story: &mut Story) -> (ConsentId, EntryId) {
    register(story, &[MOTHER]);
    let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
    let paused = story.world.ask(story.case, &ask);
    story.world.give(story.case, paused, MOTHER, false);
    let entry = story.note("fra skolen");
    assert!(story.world.text(story.partner, entry).is_some());
    register(story, &[MOTHER, FATHER]);
    (paused, entry)
}

#[test]
fn order_calls_back_what_waits_in_the_transport_under_another_grant() {
    for seed in 0..6 {
        let mut story = Story::new(seed);
        let (owner, partner) = (story.owner, story.partner);
        let (paused, entry) = held_under_a_pause(&mut story);
        story.world.stall(owner, partner);
        story.share("clinic", &["language"]);
        assert!(story.world.frames_waiting(owner, partner) > 0, "seed {seed}");
        let start = story.world.taps.len();

        story.world.withdraw(story.case, paused);
        story.world.flow(owner, partner);

        let sent = story.entries_sent_since(start);
        assert_eq!(sent, Vec::new(), "seed {seed}: before the receipt of the order that names it");
        story.world.run_for(3 * MINUTE);
        assert_eq!(story.world.node(owner).store.filed.len(), 1, "seed {seed}");
        assert!(story.entries_sent_since(start).contains(&entry), "seed {seed}: after it");
        let under = &story.world.node(partner).store.entries[&entry].record.under;
        let received = &story.world.node(partner).store.received;
        let of_clinic = |grant| received[grant].grant.service.to_string() == "clinic";
        assert!(under.iter().any(of_clinic), "seed {seed}");
        story.assert_no_alarm();
    }
}
