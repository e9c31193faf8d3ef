//! Everything is bounded (law 21): a partner that does not read, asks again and again, or sends
//! more than its share costs no more than its share, and no other link notices.

use std::collections::BTreeSet;

use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::limits::{OUTPUT_FRAMES_WAITING_MAX, RESEND_INTERVAL_MS};
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Alarm, Output};
use stafett_protocol::time::MINUTE;
use stafett_protocol::wire::error_code::{CloseCode, ErrorCode};
use stafett_protocol::wire::{Changes, Frame, Refused, Resend, Stream, Want};
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::Tap;

use crate::greeted::Greeted;
use crate::story::Story;

/// More entries than may wait for the transport.
const MANY: usize = OUTPUT_FRAMES_WAITING_MAX + 300;

fn write_many(story: &mut Story) {
    for number in 0..MANY {
        story.world.publish(story.case, &NewEntry::note(&format!("nummer {number}")));
    }
    story.world.run();
}

#[test]
fn partner_that_does_not_read_holds_up_no_more_than_the_bound() {
    let mut story = Story::new(2);
    write_many(&mut story);
    story.world.stall(story.owner, story.partner);

    story.share("ppt", &["language"]);
    story.world.run_for(10 * MINUTE);

    let waiting = story.world.frames_waiting(story.owner, story.partner);
    assert!(waiting <= OUTPUT_FRAMES_WAITING_MAX, "{waiting} frames wait");
    assert!(waiting > OUTPUT_FRAMES_WAITING_MAX / 2, "{waiting} frames are too few to say anything");
    let rows = story.world.node(story.owner).store.rows.len();
    assert!(rows <= OUTPUT_FRAMES_WAITING_MAX, "{rows} rows say that something went out");

    story.world.flow(story.owner, story.partner);
    story.world.run_for(5 * MINUTE);
    assert_eq!(story.world.node(story.partner).store.entries.len(), MANY);
    story.assert_no_alarm();
}

#[test]
fn partner_that_does_not_read_is_not_noticed_by_another() {
    let seen_by_third = |stalls: bool| {
        let mut story = Story::new(2);
        let ask = AskFor::both(service(story.third, "ppt"), &["language"]);
        story.world.share(story.case, &ask);
        story.world.run();
        if stalls {
            story.world.hidden(|world| world.stall(story.owner, story.partner));
        }
        story.world.hidden(|world| {
            world.share(story.case, &AskFor::both(service(story.partner, "ppt"), &["language"]))
        });
        for number in 0..MANY / 2 {
            story.world.publish(story.case, &NewEntry::note(&format!("nummer {number}")));
        }
        story.world.run_for(5 * MINUTE);
        let taps: Vec<Tap> =
            story.world.taps_between(story.owner, story.third).into_iter().cloned().collect();
        taps
    };

    assert_eq!(seen_by_third(true), seen_by_third(false));
}

#[test]
fn withdrawal_reaches_a_partner_that_reads_no_entries() {
    let mut story = Story::new(2);
    write_many(&mut story);
    story.world.stall(story.owner, story.partner);
    let consent = story.share("ppt", &["language"]);
    story.world.run_for(MINUTE);

    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.waits_since(story.owner, story.partner), None);
    let start = story.world.taps.len();
    story.world.flow(story.owner, story.partner);
    story.world.run_for(2 * MINUTE);
    assert_eq!(story.entries_sent_since(start), []);
    let store = &story.world.node(story.owner).store;
    assert!(store.rows.iter().all(|row| store.unsent.contains(&row.id)), "a row of a frame that never left");
}

#[test]
fn order_goes_past_entries_that_the_partner_does_not_read() {
    let mut story = Story::new(2);
    let (owner, partner) = (story.owner, story.partner);
    let other = story.world.open_case(owner);
    let ended = story.world.share(other, &AskFor::both(service(partner, "ppt"), &["language"]));
    story.world.publish(other, &NewEntry::note("det som skal bort"));
    story.world.run_for(2 * MINUTE);
    write_many(&mut story);
    story.world.stall(owner, partner);
    story.share("ppt", &["language"]);
    story.world.run_for(MINUTE);
    let before = story.world.frames_waiting(owner, partner);
    assert!(before > OUTPUT_FRAMES_WAITING_MAX / 2);

    story.world.withdraw(other, ended);
    story.world.run_for(MINUTE);

    assert_eq!(story.world.waits_since(owner, partner), None, "the order waits behind entries");
    let waiting = story.world.frames_waiting(owner, partner);
    assert!(waiting >= before, "{waiting} of {before} wait: the way was cleared for it");
}

#[test]
fn partner_that_asks_and_reads_no_answer_is_closed_and_fills_nothing() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let mut greeted = Greeted::new(&story.world, story.owner, story.partner);

    let (mut frames, mut closes) = (0, 0);
    for number in 0..u32::try_from(4 * OUTPUT_FRAMES_WAITING_MAX).expect("small") {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        let (entry, generation) = (EntryId::from_bytes(id), GenerationId::from_bytes(id));
        let asks = Frame::Changes(Changes { entry, generation, changes: Vec::new() });
        for output in greeted.handle(Input::Frame { stream: Stream::Data, frame: asks, random: [3; 32] }) {
            match output {
                Output::Send { .. } => frames += 1,
                Output::Close(code) => {
                    assert_eq!(code, CloseCode::TooMuch);
                    closes += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    assert!(frames <= 2 * OUTPUT_FRAMES_WAITING_MAX, "{frames} frames wait");
    assert_eq!(closes, 1);
    greeted.handle(Input::Disconnected);
    let again = greeted.handle(Input::Connected { salt: [4; 32] });
    assert!(matches!(again.first(), Some(Output::Send { .. })), "the next connection is held up: {again:?}");
}

#[test]
fn entry_that_is_asked_for_again_and_again_is_sent_once_in_an_interval() {
    for seed in 0..2 {
        let mut story = Story::new(seed);
        story.share("ppt", &["language"]);
        let entry = story.note("fra skolen");
        let generation = story.world.node(story.owner).store.entries[&entry].record.facts.generation;
        story.world.run_for(2 * MINUTE);
        let rows = story.world.node(story.owner).store.rows.len();

        let start = story.world.taps.len();
        let intervals = 8;
        for _ in 0..100 * intervals {
            story.world.forge(story.partner, story.owner, &Frame::Resend(Resend { entry, generation }));
            story.world.run_for(RESEND_INTERVAL_MS / 100);
        }
        story.world.run_for(MINUTE);

        let sent = story.entries_sent_since(start).len();
        let most = usize::try_from(intervals).expect("small") + 2;
        assert!((2..=most).contains(&sent), "seed {seed}: sent {sent} times");
        assert_eq!(story.world.node(story.owner).store.rows.len() - rows, sent, "seed {seed}");
    }
}

#[test]
fn asking_again_early_is_answered_in_its_time() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let entry = story.note("fra skolen");
    let generation = story.world.node(story.owner).store.entries[&entry].record.facts.generation;
    story.world.run_for(2 * MINUTE);
    let resend = Frame::Resend(Resend { entry, generation });
    story.world.forge(story.partner, story.owner, &resend);
    story.world.run_for(RESEND_INTERVAL_MS / 2);

    let start = story.world.taps.len();
    story.world.forge(story.partner, story.owner, &resend);
    story.world.run_for(RESEND_INTERVAL_MS / 4);
    assert_eq!(story.entries_sent_since(start), []);
    story.world.run_for(RESEND_INTERVAL_MS / 2);

    assert_eq!(story.entries_sent_since(start), [entry]);
}

#[test]
fn asking_for_what_was_never_disclosed_sets_no_clock() {
    let mut story = Story::new(2);
    story.share("ppt", &["language"]);
    let hidden = story.world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "skjult"));
    let mut greeted = Greeted::new(&story.world, story.owner, story.partner);
    let before = greeted.session.poll_timeout();

    for entry in [hidden, EntryId::from_bytes([9; 16])] {
        for _ in 0..2 {
            let resend = Resend { entry, generation: GenerationId::from_bytes([9; 16]) };
            assert_eq!(greeted.frame(Frame::Resend(resend)), []);
        }
    }

    assert_eq!(greeted.session.poll_timeout(), before);
}

#[test]
fn last_word_of_a_comparison_that_nobody_holds_is_an_offence() {
    let mut story = Story::new(1);
    story.share("ppt", &["language"]);
    story.note("fra skolen");
    story.world.run_for(2 * MINUTE);
    assert!(story.partner < story.owner, "the partner starts comparisons");

    let start = story.world.taps.len();
    story.world.forge(story.partner, story.owner, &Frame::Want(Want { fingerprints: vec![[7; 32]] }));
    story.world.run_for(MINUTE);

    let refused = Frame::Refused(Refused { kind: 12, code: ErrorCode::OutOfTurn });
    assert!(story.sent_since(start).contains(&refused));
    assert_eq!(story.entries_sent_since(start), []);
}

#[test]
fn partner_that_has_used_up_its_bytes_is_refused_and_another_is_not() {
    let mut story = Story::new(2);
    let theirs = story.world.open_case(story.third);
    story.world.node_mut(story.partner).bytes_max = 20_000;
    story.world.join((story.third, &["school"]), (story.partner, &["ppt"]));
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);
    let consent = story.share("ppt", &["language"]);
    let long = "snø ".repeat(1_000);
    let before: BTreeSet<EntryId> = (0..8).map(|number| story.note(&format!("{number} {long}"))).collect();

    let start = story.world.taps.len();
    let refused = story.note(&format!("for mye {long}"));
    story.world.run_for(2 * MINUTE);

    let store = &story.world.node(story.partner).store;
    let kept: BTreeSet<EntryId> = store.entries.keys().copied().collect();
    assert!(!kept.contains(&refused) && kept.len() < before.len() && kept.len() >= 3, "{} kept", kept.len());
    let answers = story.world.taps[start..].iter().filter(|tap| tap.from == story.partner);
    let too_much = Frame::Refused(Refused { kind: 3, code: ErrorCode::TooMuch });
    assert!(answers.filter_map(Tap::frame).any(|frame| frame == too_much));
    let told = (story.owner, Alarm::ShareUsed);
    let alarms = &story.world.node(story.partner).alarms;
    assert_eq!(alarms.iter().filter(|alarm| **alarm == told).count(), 1, "{alarms:?}");
    assert!(story.world.is_live(story.partner, story.owner), "the link is closed for it");

    let ask = AskFor::both(service(story.partner, "ppt"), &["language"]);
    story.world.share(theirs, &ask);
    let other = story.world.publish(theirs, &NewEntry::note(&long));
    story.world.run_for(2 * MINUTE);
    assert!(story.world.text(story.partner, other).is_some(), "another partner pays for it");

    story.world.withdraw(story.case, consent);
    story.world.run_for(2 * MINUTE);
    let again = story.share("ppt", &["learning"]);
    let small = story.world.publish(story.case, &NewEntry::note_in(&["learning"], "plass igjen"));
    story.world.run_for(2 * MINUTE);
    assert!(story.world.text(story.partner, small).is_some(), "{again}: what was erased is not given back");
}

#[test]
fn changes_beyond_the_share_are_refused_and_what_is_here_stays() {
    let mut story = Story::new(2);
    story.world.node_mut(story.partner).bytes_max = 6_000;
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);
    story.share("ppt", &["language"]);
    let entry = story.note("kort");

    let json = serde_json::json!({ "description": "snø ".repeat(2_000) }).to_string();
    story.world.edit(story.owner, entry, &json);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.text(story.partner, entry).as_deref(), Some("kort"));
}

#[test]
fn proposals_count_in_the_share_of_whoever_makes_them() {
    for restarts in [false, true] {
        let mut story = Story::new(2);
        story.world.node_mut(story.owner).bytes_max = 6_000;
        story.world.restart(story.owner, Crash::AfterCommits);
        story.world.run_for(2 * MINUTE);
        story.share("ppt", &["language"]);
        let long = "snø ".repeat(500);
        for number in 0..6 {
            let note = NewEntry::note(&format!("{number} {long}"));
            story.world.propose(story.partner, story.case, "ppt", &note, None);
            story.world.run_for(MINUTE);
            if restarts {
                story.world.restart(story.owner, Crash::AfterCommits);
                story.world.run_for(MINUTE);
            }
        }

        let taken = story.world.node(story.owner).store.entries.len();
        assert!((1..=3).contains(&taken), "restarts {restarts}: {taken} were taken");
        let waiting = story.world.node(story.partner).store.proposals.len();
        assert_eq!(waiting, 6 - taken, "restarts {restarts}: a proposal is lost");
        assert!(story.world.node(story.owner).alarms.contains(&(story.partner, Alarm::ShareUsed)));
    }
}

#[test]
fn generations_that_are_named_count_among_the_frames_that_wait() {
    let mut story = Story::new(2);
    let (owner, partner) = (story.owner, story.partner);
    story.share("ppt", &["language"]);
    write_many(&mut story);
    story.world.run_for(5 * MINUTE);
    assert_eq!(story.world.node(partner).store.entries.len(), MANY);
    story.world.cut(owner, partner);
    let entries: Vec<EntryId> = story.world.node(owner).store.entries.keys().copied().collect();
    for entry in entries {
        for _ in 0..3 {
            assert!(story.world.renew(owner, entry));
        }
    }
    story.world.run();
    story.world.stall(owner, partner);

    story.world.heal(owner, partner);
    story.world.run_for(MINUTE);

    // Each is announced anew after the name of the one generation that the partner holds, and of
    // those that followed it.
    let waiting = story.world.frames_waiting(owner, partner);
    assert!(waiting <= OUTPUT_FRAMES_WAITING_MAX, "{waiting} frames wait");
    assert!(waiting > OUTPUT_FRAMES_WAITING_MAX / 2, "{waiting} frames are too few to say anything");
    assert!(story.world.is_live(owner, partner), "the link is closed for what the owner did");
    story.world.flow(owner, partner);
    story.world.run_for(10 * MINUTE);
    let present = |node| {
        let entries = story.world.node(node).store.entries.values();
        entries.map(|kept| kept.record.facts.generation).collect::<Vec<_>>()
    };
    assert_eq!(present(partner), present(owner));
    for node in [owner, partner] {
        assert_eq!(story.world.node(node).alarms, []);
    }
}

/// A partner with room for little more than one long text, and one that is there.
fn one_long_text(story: &mut Story) -> (EntryId, String) {
    story.world.node_mut(story.partner).bytes_max = 6_000;
    story.world.restart(story.partner, Crash::AfterCommits);
    story.world.run_for(2 * MINUTE);
    story.share("ppt", &["language"]);
    let long = "snø ".repeat(600);
    let entry = story.note(&format!("0 {long}"));
    assert!(story.world.text(story.partner, entry).is_some());
    (entry, long)
}

#[test]
fn new_generation_takes_the_place_of_the_old_one_in_the_share_of_its_owner() {
    for restarts in [false, true] {
        let mut story = Story::new(2);
        let (owner, partner) = (story.owner, story.partner);
        let (entry, long) = one_long_text(&mut story);

        for number in 1..6 {
            let text = format!("{number} {long}");
            let json = serde_json::json!({ "description": text }).to_string();
            assert!(story.world.edit(owner, entry, &json));
            assert!(story.world.renew(owner, entry));
            story.world.run_for(MINUTE);
            if restarts {
                story.world.restart(partner, Crash::AfterCommits);
                story.world.run_for(2 * MINUTE);
            }
            assert_eq!(story.world.text(partner, entry), Some(text), "restarts {restarts}: {number}");
        }

        assert!(!story.world.node(partner).alarms.contains(&(owner, Alarm::ShareUsed)));
        let more = story.note(&long);
        assert!(story.world.text(partner, more).is_none(), "restarts {restarts}: it takes no room at all");
        assert!(story.world.node(partner).alarms.contains(&(owner, Alarm::ShareUsed)));
    }
}

#[test]
fn generation_beyond_the_share_is_refused_and_what_is_here_stays() {
    let mut story = Story::new(2);
    let (owner, partner) = (story.owner, story.partner);
    let (entry, long) = one_long_text(&mut story);
    story.world.cut(owner, partner);
    let json = serde_json::json!({ "description": long.repeat(3) }).to_string();
    assert!(story.world.edit(owner, entry, &json));
    assert!(story.world.renew(owner, entry));

    let start = story.world.taps.len();
    story.world.heal(owner, partner);
    story.world.run_for(2 * MINUTE);

    assert_eq!(story.world.text(partner, entry), Some(format!("0 {long}")));
    let too_much = Frame::Refused(Refused { kind: 3, code: ErrorCode::TooMuch });
    let answers = story.world.taps[start..].iter().filter(|tap| tap.from == partner);
    assert!(answers.filter_map(Tap::frame).any(|frame| frame == too_much));
    assert!(story.world.is_live(partner, owner), "the link is closed for it");
}
