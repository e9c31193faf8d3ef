//! A service says that it cannot take a case, or takes it after all: the owner has the last word,
//! whatever is lost and whoever restarts, and nobody has it once the sharing has ended.

use stafett_protocol::consent::rule::{Capacity, Party};
use stafett_protocol::id::PersonId;
use stafett_protocol::limits::{UPTAKE_INTERVAL_MS, UPTAKE_RETRY_MS, UPTAKES_AT_ONCE_MAX};
use stafett_protocol::link::output::Output;
use stafett_protocol::time::{HOUR, MINUTE, UnixMillis};
use stafett_protocol::transaction::{Fault, Write};
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Frame, NotUnderstood, Refused, UptakeFrame};
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::Tap;

use crate::greeted::Greeted;
use crate::story::Story;

const WHY: &str = "Vi har ingen ledig før jul.";

impl Story {
    /// A story in which the partner's service has the case.
    fn with_ppt(seed: u64) -> Self {
        let mut story = Self::new(seed);
        story.share("ppt", &["language"]);
        story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        story
    }

    fn decline(&mut self) {
        let answered = self.world.decline(self.partner, self.case, "ppt", WHY);
        assert!(answered > 0, "there is something to answer");
    }

    /// Why the service cannot take the case, as the owner knows it.
    fn known(&self) -> Option<String> {
        self.world.declined(self.case, self.partner, "ppt")
    }

    /// Whether the partner knows of everything it has said that the owner has it.
    fn is_kept(&self) -> bool {
        self.world.node(self.partner).store.said.values().all(|(_, is_kept)| *is_kept)
    }

    /// The frames about answers that went between two nodes since a point in the taps.
    fn uptakes_since(&self, start: usize) -> Vec<&Tap> {
        let taps = self.world.taps[start..].iter();
        taps.filter(|tap| matches!(tap.frame(), Some(Frame::Uptake(_)))).collect()
    }
}

#[test]
fn services_answer_reaches_the_owner_and_nobody_else_and_is_confirmed() {
    for seed in 0..4 {
        let mut story = Story::with_ppt(seed);
        story.world.share(story.case, &AskFor::both(service(story.third, "ppt"), &["language"]));
        story.world.run();
        let start = story.world.taps.len();

        story.decline();
        story.world.run();

        assert_eq!(story.known().as_deref(), Some(WHY), "seed {seed}");
        assert!(story.is_kept(), "seed {seed}");
        let ways: Vec<_> = story.uptakes_since(start).iter().map(|tap| (tap.from, tap.to)).collect();
        assert_eq!(ways, [(story.partner, story.owner), (story.owner, story.partner)], "seed {seed}");
        story.assert_no_alarm();
    }
}

#[test]
fn service_that_takes_the_case_after_all_has_the_last_word() {
    let mut story = Story::with_ppt(1);
    story.decline();
    story.world.run();

    assert_eq!(story.world.take(story.partner, story.case, "ppt"), 1);
    story.world.run();
    assert_eq!(story.known(), None);

    story.decline();
    story.world.take(story.partner, story.case, "ppt");
    story.decline();
    story.world.run();
    assert_eq!(story.known().as_deref(), Some(WHY), "three words in one moment have their order");
    assert!(story.is_kept());
}

#[test]
fn answer_that_was_overtaken_changes_nothing_when_it_comes_again() {
    let mut story = Story::with_ppt(2);
    story.decline();
    story.world.run();
    let older = story.uptakes_since(0)[0].frame().expect("a frame");
    story.world.run_for(MINUTE);
    story.world.take(story.partner, story.case, "ppt");
    story.world.run();

    for _ in 0..3 {
        story.world.forge(story.partner, story.owner, &older);
        story.world.run();
        story.world.restart(story.owner, Crash::AfterCommits);
        story.world.run_for(MINUTE);
    }

    assert_eq!(story.known(), None);
    assert!(story.world.is_live(story.owner, story.partner));
}

#[test]
fn two_answers_of_one_moment_that_differ_are_an_offence_and_the_first_stands() {
    let story = {
        let mut story = Story::with_ppt(3);
        story.decline();
        story.world.run();
        story
    };
    let (said, _) = story.world.node(story.partner).store.said.values().next().expect("said").clone();
    let lie = Uptake { answer: UptakeAnswer::Taken, ..said };
    let token = story.world.key(story.partner).sign(lie).expect("signs").token().to_owned();
    let mut owner = Greeted::new(&story.world, story.owner, story.partner);

    owner.passes_over(Frame::Uptake(UptakeFrame::Said { token }), "another word in the same moment");
}

#[test]
fn answer_survives_cuts_and_restarts_of_either_side_at_any_moment() {
    let mut restarted = [0; 3];
    for seed in 0..240 {
        let mut story = Story::with_ppt(seed);
        let (owner, partner) = (story.owner, story.partner);
        story.world.pace.commit_max = 100;
        story.decline();
        for step in 0..3 {
            let draw = |end, what: &str| story.world.chance.below(end, format!("{step} {what}"));
            let (wait, what, when) = (draw(220, "wait"), draw(3, "what"), draw(2, "when"));
            let crash = if when == 0 { Crash::BeforeCommits } else { Crash::AfterCommits };
            story.world.run_for(wait);
            match what {
                0 => story.world.reconnect(owner, partner),
                1 => story.world.restart(owner, crash),
                _ => story.world.restart(partner, crash),
            }
            restarted[usize::try_from(what).expect("small")] += 1;
            if story.world.chance.below(2, format!("{step} again")) == 0 {
                story.world.run_for(1_100);
            }
        }
        story.world.run_for(3 * MINUTE);

        assert_eq!(story.known().as_deref(), Some(WHY), "seed {seed}");
        assert!(story.is_kept(), "seed {seed}");
        story.assert_no_alarm();
    }
    assert!(restarted.iter().all(|count| *count > 100), "{restarted:?}");
}

#[test]
fn answer_that_crosses_a_withdrawal_is_nowhere_afterwards() {
    let (mut was_known, mut was_refused) = (0, 0);
    for seed in 0..200 {
        let mut story = Story::new(seed);
        let (owner, partner) = (story.owner, story.partner);
        story.world.pace.commit_max = 60;
        let consent = story.share("ppt", &["language"]);
        story.note("fra skolen");
        story.world.run_for(2 * MINUTE);
        let start = story.world.taps.len();

        story.decline();
        story.world.run_for(story.world.chance.below(200, "when"));
        was_known += u32::from(story.known().is_some());
        story.world.withdraw(story.case, consent);
        if seed % 4 == 0 {
            story.world.run_for(story.world.chance.below(100, "crash"));
            story.world.restart(if seed % 8 == 0 { owner } else { partner }, Crash::AfterCommits);
        }
        story.world.run_for(2 * MINUTE);

        assert!(story.world.node(owner).store.heard.is_empty(), "seed {seed}");
        assert!(story.world.node(partner).store.said.is_empty(), "seed {seed}");
        assert_eq!(story.world.waiting(owner, partner), (0, 0), "seed {seed}");
        let refused = Frame::Refused(Refused { kind: 25, code: ErrorCode::NotShared });
        was_refused += u32::from(story.sent_since(start).contains(&refused));
        story.assert_refused_nothing_but(Some(ErrorCode::NotShared));
    }
    assert!(was_known > 20 && was_refused > 20, "{was_known} known, {was_refused} refused");
}

#[test]
fn answer_ends_with_its_grant_and_a_new_sharing_starts_without_one() {
    let mut story = Story::new(5);
    let consent = story.share("ppt", &["language"]);
    story.decline();
    story.world.run();
    story.world.withdraw(story.case, consent);
    story.world.run_for(MINUTE);

    story.share("ppt", &["language"]);
    story.note("på nytt");
    story.world.reconnect(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.known(), None);
    story.decline();
    story.world.run();
    assert_eq!(story.known().as_deref(), Some(WHY));
}

#[test]
fn every_grant_of_the_service_is_answered_and_the_answer_stays_while_one_of_them_lives() {
    let mut story = Story::new(6);
    let first = story.share("ppt", &["language"]);
    story.share("ppt", &["learning"]);
    assert_eq!(story.world.decline(story.partner, story.case, "ppt", WHY), 2);
    story.world.run();

    story.world.withdraw(story.case, first);
    story.world.run_for(MINUTE);

    assert_eq!(story.world.node(story.owner).store.heard.len(), 1);
    assert_eq!(story.known().as_deref(), Some(WHY));
}

/// What the family must say anew pauses what goes out and in; that shows in no answer to an answer.
#[test]
fn answer_is_kept_while_the_consent_pauses_like_any_other() {
    let answered = |pauses: bool| {
        let mut story = Story::with_ppt(7);
        if pauses {
            let mut parties =
                story.world.node(story.owner).store.ledgers[&story.case.case].parties().to_vec();
            let capacity = Capacity::GuardianWithParentalResponsibility;
            parties.push(Party { person: PersonId::from_bytes([0xa9; 16]), capacity });
            story.world.hidden(|world| {
                let registration = world.register_family(story.case, parties, None);
                world.approve_family(story.case, registration);
            });
        }
        story.world.run_for(MINUTE);
        let start = story.world.taps.len();
        story.decline();
        story.world.run();
        assert_eq!(story.known().as_deref(), Some(WHY), "pauses: {pauses}");
        let since = story.world.taps[start..].iter().filter(|tap| tap.from == story.owner);
        since.cloned().collect::<Vec<Tap>>()
    };

    assert_eq!(answered(false), answered(true));
}

#[test]
fn older_owner_that_does_not_know_the_frame_is_asked_once_on_each_connection_and_all_else_goes_on() {
    let mut story = Story::with_ppt(8);
    let (owner, partner) = (story.owner, story.partner);
    story.world.forge(owner, partner, &Frame::NotUnderstood(NotUnderstood { kind: 25 }));
    story.world.run();
    let start = story.world.taps.len();

    story.decline();
    let entry = story.note("etterpå");
    story.world.run_for(HOUR);

    assert_eq!(story.uptakes_since(start).len(), 0);
    assert_eq!(story.world.text(partner, entry).as_deref(), Some("etterpå"));
    assert_eq!(story.known(), None);
    assert!(!story.is_kept());
    story.world.reconnect(owner, partner);
    story.world.run_for(MINUTE);
    assert_eq!(story.known().as_deref(), Some(WHY), "a newer program was started there");
}

#[test]
fn owner_whose_store_cannot_write_is_told_again_on_the_same_connection() {
    let mut story = Story::with_ppt(9);
    story.world.node_mut(story.owner).store.fails = Some(Fault::Store);
    story.decline();
    story.world.run();
    assert_eq!((story.known(), story.is_kept()), (None, false));
    story.world.node_mut(story.owner).store.fails = None;
    let start = story.world.taps.len();

    story.world.run_for(UPTAKE_RETRY_MS + 1_000);

    assert_eq!(story.known().as_deref(), Some(WHY));
    assert!(story.is_kept());
    let greeted = story.world.taps[start..].iter().any(|tap| matches!(tap.frame(), Some(Frame::Hello(_))));
    assert!(!greeted, "no new connection was needed");
}

#[test]
fn owner_restored_from_before_the_answer_hears_it_anew() {
    let mut story = Story::with_ppt(10);
    let backup = story.world.node(story.owner).store.clone();
    story.decline();
    story.world.run_for(MINUTE);
    story.world.cut(story.owner, story.partner);
    story.world.node_mut(story.owner).store = backup;
    story.world.restart(story.owner, Crash::BeforeCommits);
    assert_eq!(story.known(), None);

    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.known().as_deref(), Some(WHY));
}

#[test]
fn word_of_a_partner_that_lost_its_last_one_counts_again() {
    let mut story = Story::with_ppt(11);
    let backup = story.world.node(story.partner).store.clone();
    story.decline();
    story.world.run_for(MINUTE);
    story.world.cut(story.owner, story.partner);
    story.world.node_mut(story.partner).store = backup;
    story.world.restart(story.partner, Crash::BeforeCommits);
    story.world.heal(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);
    assert_eq!(story.known().as_deref(), Some(WHY), "what was said stands");

    story.world.take(story.partner, story.case, "ppt");
    story.world.run();

    assert_eq!(story.known(), None);
    assert!(story.is_kept());
}

/// What other partners' services say shows in nothing that this partner sees.
#[test]
fn answers_of_others_leave_no_trace_at_the_partner() {
    let lived = |seed: u64, hidden: bool| {
        let mut story = Story::with_ppt(seed);
        let (owner, partner, third) = (story.owner, story.partner, story.third);
        story.world.hidden(|world| {
            world.share(story.case, &AskFor::both(service(third, "ppt"), &["language"]));
        });
        story.world.run_for(MINUTE);
        for step in 0..6 {
            let draw = |end, what: &str| story.world.chance.below(end, format!("{step} {what}"));
            let (wait, what) = (draw(400, "wait"), draw(4, "what"));
            if hidden {
                story.world.hidden(|world| world.decline(third, story.case, "ppt", "Ikke vi heller."));
            }
            match what {
                0 => story.decline(),
                1 => story.world.reconnect(owner, partner),
                2 => {
                    story.world.publish(story.case, &NewEntry::note("synlig"));
                }
                _ => {
                    story.world.take(partner, story.case, "ppt");
                }
            }
            story.world.run_for(wait);
        }
        story.world.run_for(3 * MINUTE);
        let seen = story.world.taps_between(owner, partner).into_iter().cloned();
        (seen.collect::<Vec<Tap>>(), story.world.declined(story.case, third, "ppt").is_some())
    };
    let mut kept = 0;
    for seed in 0..40 {
        let ((bare, _), (full, was_heard)) = (lived(seed, false), lived(seed, true));
        assert!(was_heard, "seed {seed}: the hidden answer came");
        assert_eq!(bare, full, "seed {seed}");
        kept += bare.iter().filter(|tap| matches!(tap.frame(), Some(Frame::Uptake(_)))).count();
    }
    assert!(kept > 40, "{kept} answers are too few to say anything");
}

#[test]
fn flood_of_new_answers_costs_a_commit_a_second_and_a_repeated_one_costs_none() {
    let story = Story::with_ppt(12);
    let grant = story.world.node(story.partner).store.received.values().next().expect("one").grant.clone();
    let key = story.world.key(story.partner);
    let said = |number: u64| {
        let uptake = Uptake::of(&grant, UptakeAnswer::Taken, None, UnixMillis(number));
        Frame::Uptake(UptakeFrame::Said { token: key.sign(uptake).expect("signs").token().to_owned() })
    };
    let mut owner = Greeted::new(&story.world, story.owner, story.partner);
    let is_kept = |output: &Output| match output {
        Output::Commit { transaction, .. } => {
            transaction.writes.iter().any(|write| matches!(write, Write::UptakeHeard(_)))
        }
        _ => false,
    };
    let mut commits = 0;
    for number in 1..=UPTAKES_AT_ONCE_MAX + 200 {
        let outputs = owner.frame(said(number));
        let too_much = Frame::Refused(Refused { kind: 25, code: ErrorCode::TooMuch });
        let refused = Output::Send { frame: too_much, rows: Vec::new() };
        commits += u64::from(outputs.iter().any(is_kept));
        assert!(outputs.iter().any(is_kept) || outputs == [refused], "{outputs:?}");
    }
    assert_eq!(commits, UPTAKES_AT_ONCE_MAX);

    owner.wait(10 * UPTAKE_INTERVAL_MS);
    let later = (1..=50).filter(|number| owner.frame(said(10_000 + number)).iter().any(is_kept)).count();
    assert_eq!(later, 10);
    let repeated = (0..100).filter(|_| owner.frame(said(10_010)).iter().any(is_kept)).count();
    assert_eq!(repeated, 0);
}

#[test]
fn word_that_an_answer_is_kept_is_believed_of_what_was_said_alone() {
    let mut story = Story::with_ppt(13);
    let grant = story.world.node(story.partner).store.received.keys().next().copied().expect("one");
    story.world.cut(story.owner, story.partner);
    story.decline();
    let said_at = story.world.node(story.partner).store.said[&grant].0.said_at;
    let mut partner = Greeted::new(&story.world, story.partner, story.owner);
    let kept = |grant, said_at| Frame::Uptake(UptakeFrame::Kept { grant, said_at });

    for (what, frame) in [
        ("an earlier word", kept(grant, UnixMillis(said_at.0 - 1))),
        ("no grant", kept(stafett_protocol::id::GrantId::from_bytes([9; 16]), said_at)),
    ] {
        partner.passes_over(frame, what);
    }
    let outputs = partner.frame(kept(grant, said_at));
    let [Output::Commit { transaction, .. }] = &outputs[..] else { panic!("the control: {outputs:?}") };
    assert_eq!(transaction.writes, [Write::UptakeKept { grant, said_at }]);
}
