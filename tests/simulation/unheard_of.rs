//! What was shared while a link was down, and ended before it came back, leaves no trace at the
//! partner: no order, no count, no case (laws 5 and 15).

use stafett_protocol::time::{HOUR, MINUTE};
use stafett_protocol::wire::{Frame, NotUnderstood};
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

/// What was written down as handed over is called back, though nobody can say whether it arrived.
#[test]
fn grant_whose_frame_was_lost_with_the_connection_is_called_back() {
    let mut story = Story::new(2);
    story.world.stall(story.owner, story.partner);
    let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
    let consent = story.world.share(story.case, &ask);
    story.world.run_for(MINUTE);
    assert!(story.world.frames_waiting(story.owner, story.partner) > 0, "the grant waits");
    story.world.cut(story.owner, story.partner);
    story.world.run_for(MINUTE);

    story.world.withdraw(story.case, consent);
    story.world.flow(story.owner, story.partner);
    story.world.heal(story.owner, story.partner);
    story.world.run_for(HOUR);

    let orders = story.sent_since(0).into_iter().filter(|frame| matches!(frame, Frame::Order(_)));
    assert_eq!(orders.count(), 1);
}

/// Resets by other cases, a transport that stands still, cuts and restarts: whatever left is called back.
#[test]
fn withdrawn_grant_never_stays_at_the_partner_whatever_is_lost_on_the_way() {
    let mut held = 0;
    for seed in 0..150 {
        let mut story = Story::new(seed);
        let (owner, partner) = (story.owner, story.partner);
        let other = story.world.open_case(owner);
        let ask = AskFor::both(service(partner, "clinic"), &["language"]);
        let consents = [story.world.share(other, &ask), story.world.share(other, &ask)];
        story.world.publish(other, &NewEntry::note("en annen sak"));
        story.world.run();
        let mut others = consents.into_iter();

        let ask = AskFor::both(service(partner, "ppt"), &["language"]);
        let consent = story.world.share(story.case, &ask);
        story.world.publish(story.case, &NewEntry::note("skal hentes hjem"));
        for step in 0..8 {
            let draw = |end, what: &str| story.world.chance.below(end, format!("{step} {what}"));
            let (what, wait) = (draw(7, "what"), draw(60, "wait"));
            match what {
                0 => story.world.stall(owner, partner),
                1 => story.world.flow(owner, partner),
                2 => story.world.reconnect(owner, partner),
                3 => story.world.restart(owner, Crash::BeforeCommits),
                4 => {
                    if let Some(consent) = others.next() {
                        story.world.withdraw(other, consent);
                    }
                }
                _ => {}
            }
            story.world.run_for(wait);
        }
        held += story.world.node(partner).store.received.len();
        story.world.withdraw(story.case, consent);
        story.world.run_for(100);
        story.world.flow(owner, partner);
        story.world.reconnect(owner, partner);
        story.world.run_for(2 * HOUR);

        let store = &story.world.node(partner).store;
        let alive = |one: &&stafett_protocol::grant::ReceivedGrant| {
            one.grant.case == story.case.case && one.ended_at.is_none()
        };
        assert_eq!(store.received.values().filter(alive).count(), 0, "seed {seed}");
        assert_eq!(story.world.waiting(owner, partner).1, 0, "seed {seed}");
    }
    assert!(held > 150, "{held} grants are too few to say anything");
}

/// A partner that says that it knows no grants costs no commit.
#[test]
fn partner_that_knows_no_grants_is_handed_none() {
    let mut story = Story::new(3);
    let (owner, partner) = (story.owner, story.partner);
    let unknown = Frame::NotUnderstood(NotUnderstood { kind: 2 });
    story.world.forge(partner, owner, &unknown);
    story.world.run_for(MINUTE);
    let start = story.world.taps.len();

    story.world.share(story.case, &AskFor::both(service(partner, "ppt"), &["language"]));
    story.world.run_for(MINUTE);

    assert!(story.world.node(owner).store.issued.values().all(|issued| !issued.is_handed));
    assert_eq!(story.sent_since(start), Vec::new());
}
