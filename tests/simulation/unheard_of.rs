//! What was shared while a link was down, and ended before it came back, leaves no trace at the
//! partner: no order, no count, no case (laws 5 and 15).

use stafett_protocol::time::{HOUR, MINUTE};
use stafett_protocol::wire::Frame;
use stafett_tests::federation::{AskFor, CaseAt, Crash, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::Tap;

use crate::story::Story;

/// How a sharing that nobody has heard of ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Protection,
    Withdrawal,
    Expiry,
}

/// What happens while the link is down.
#[derive(Debug, Clone, Copy)]
enum Unseen {
    Nothing,
    /// A case of its own is shared and over again.
    Case(End),
    /// One more service may read in a case that the partner knows, and may not again.
    Service(End),
}

/// When the owner's node stops while the link is down.
#[derive(Debug, Clone, Copy)]
enum Stop {
    Never,
    Before,
    After,
}

impl Story {
    fn begin_unseen(&mut self, unseen: Unseen) -> Option<CaseAt> {
        let (owner, partner, known) = (self.owner, self.partner, self.case);
        let (Unseen::Case(end) | Unseen::Service(end)) = unseen else { return None };
        self.world.hidden(|world| {
            let is_new = matches!(unseen, Unseen::Case(_));
            let case = if is_new { world.open_case(owner) } else { known };
            let until = match end {
                End::Expiry => world.now().plus(30_000),
                End::Protection | End::Withdrawal => stafett_protocol::time::UnixMillis::MAX,
            };
            let ask = AskFor { until, ..AskFor::both(service(partner, "clinic"), &["language"]) };
            world.share(case, &ask);
            if is_new {
                world.publish(case, &NewEntry::note("aldri sendt"));
            }
            Some(case)
        })
    }

    fn end_unseen(&mut self, unseen: Unseen, case: CaseAt) {
        let (Unseen::Case(end) | Unseen::Service(end)) = unseen else { return };
        let clinic = service(self.partner, "clinic");
        let consents = self.world.node(self.owner).store.ledgers[&case.case].consents();
        let mut clinics = consents.values().filter(|record| record.consent().recipient == clinic);
        let consent = clinics.next().expect("asked for").consent().id;
        self.world.hidden(|world| match end {
            End::Protection => world.protect(case),
            End::Withdrawal => world.withdraw(case, consent),
            End::Expiry => world.sweep(case),
        });
    }
}

fn lived(seed: u64, unseen: Unseen, stop: Stop) -> Vec<Tap> {
    let mut story = Story::new(seed);
    story.share("ppt", &["language"]);
    story.note("synlig");
    story.world.run_for(MINUTE);
    story.world.cut(story.owner, story.partner);
    story.world.run_for(story.world.chance.below(3 * MINUTE, "down"));
    if matches!(stop, Stop::Before) {
        story.world.restart(story.owner, Crash::AfterCommits);
    }
    let case = story.begin_unseen(unseen);
    story.world.run_for(MINUTE);
    if let Some(case) = case {
        story.end_unseen(unseen, case);
    }
    story.world.run_for(MINUTE);
    if matches!(stop, Stop::After) {
        story.world.restart(story.owner, Crash::AfterCommits);
    }
    story.world.heal(story.owner, story.partner);
    story.world.run_for(HOUR);
    story.note("synlig igjen");
    story.world.run_for(HOUR);
    story.assert_no_alarm();
    story.world.taps_between(story.owner, story.partner).into_iter().cloned().collect()
}

#[test]
fn sharing_that_was_over_before_the_link_came_back_leaves_no_trace_at_the_partner() {
    for seed in 0..12 {
        for stop in [Stop::Never, Stop::Before, Stop::After] {
            let bare = lived(seed, Unseen::Nothing, stop);
            for end in [End::Protection, End::Withdrawal, End::Expiry] {
                let unseen = lived(seed, Unseen::Case(end), stop);
                assert_eq!(bare, unseen, "seed {seed}: a case, {end:?}, {stop:?}");
            }
            for end in [End::Withdrawal, End::Expiry] {
                let unseen = lived(seed, Unseen::Service(end), stop);
                assert_eq!(bare, unseen, "seed {seed}: a service, {end:?}, {stop:?}");
            }
        }
    }
}

/// The control: what is not over when the link comes back is told.
#[test]
fn sharing_that_outlives_the_outage_reaches_the_partner() {
    let mut story = Story::new(1);
    story.world.cut(story.owner, story.partner);
    let case = story.begin_unseen(Unseen::Case(End::Withdrawal)).expect("a case");
    story.world.run_for(MINUTE);
    story.world.heal(story.owner, story.partner);
    story.world.run_for(HOUR);

    assert_eq!(story.world.node(story.partner).store.received.len(), 1);
    story.end_unseen(Unseen::Case(End::Withdrawal), case);
    story.world.run_for(HOUR);
    assert_eq!(story.world.waiting(story.owner, story.partner), (0, 0));
    let orders = story.sent_since(0).into_iter().filter(|frame| matches!(frame, Frame::Order(_)));
    assert_eq!(orders.count(), 1, "what was handed over is called back");
}

/// A transport that took no byte gives the grant back: it never left, so nothing calls it back.
#[test]
fn grant_whose_frame_was_lost_with_the_connection_ends_without_an_order() {
    for protect in [true, false] {
        let mut story = Story::new(2);
        story.world.stall(story.owner, story.partner);
        let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
        let consent = story.world.share(story.case, &ask);
        story.world.run_for(MINUTE);
        assert!(story.world.frames_waiting(story.owner, story.partner) > 0, "the grant waits");
        story.world.cut(story.owner, story.partner);
        story.world.run_for(MINUTE);

        if protect {
            story.world.protect(story.case);
        } else {
            story.world.withdraw(story.case, consent);
        }
        story.world.run_for(MINUTE);
        story.world.flow(story.owner, story.partner);
        story.world.heal(story.owner, story.partner);
        story.world.run_for(HOUR);

        let told = story.sent_since(0);
        let told = told.iter().filter(|frame| matches!(frame, Frame::Grant(_) | Frame::Order(_)));
        assert_eq!(told.count(), 0, "{protect}");
    }
}

/// The same grant goes out on the next connection if it still holds.
#[test]
fn grant_whose_frame_was_lost_with_the_connection_is_handed_over_on_the_next() {
    let mut story = Story::new(2);
    story.world.stall(story.owner, story.partner);
    let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
    story.world.share(story.case, &ask);
    let entry = story.world.publish(story.case, &NewEntry::note("synlig"));
    story.world.run_for(MINUTE);
    story.world.cut(story.owner, story.partner);
    story.world.run_for(MINUTE);
    let issued = &story.world.node(story.owner).store.issued;
    assert!(issued.values().all(|issued| !issued.is_handed), "nothing left");

    story.world.flow(story.owner, story.partner);
    story.world.heal(story.owner, story.partner);
    story.world.run_for(HOUR);

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("synlig"));
}
