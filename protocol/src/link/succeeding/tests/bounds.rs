//! What a partner's words about moves may cost, and a store that refuses.

use super::*;

/// The earliest moment for which either side asks to be woken.
fn wakes(world: &World) -> Vec<UnixMillis> {
    [&world.old, &world.new].into_iter().filter_map(Session::poll_timeout).collect()
}

#[test]
fn what_may_not_be_said_for_a_while_wakes_nobody_meanwhile() {
    let mut world = World::offered();
    world.connect();
    let standing = Standing::ReceiptOverdue;
    let paused = |world: &mut World, standing| {
        let now = world.now;
        world.old.handle(Input::StandingChanged { agreement: Some(agreed_here()), standing }, now);
        world.run();
    };
    paused(&mut world, standing);

    for _ in 0..3 {
        world.wait(15 * MINUTE);
        assert!(wakes(&world).iter().all(|at| *at > world.now), "a timer that stands in the past");
    }
    let said = world.said.iter().filter(|kind| **kind == 26).count();
    paused(&mut world, Standing::Trusted);
    world.wait(15 * MINUTE);
    assert!(world.said.iter().filter(|kind| **kind == 26).count() > said, "and goes on when it may");
}

#[test]
fn end_of_a_move_that_nobody_knows_is_answered_and_kept_by_nobody() {
    let mut world = World::offered();
    world.connect();
    for number in 0..200_u8 {
        let succession = SuccessionId::from_bytes([number.saturating_add(2); 16]);
        let course = Course { succession, from: own(), to: partner() };
        let ended = Ended { course };
        let token = key_from_seed(1).sign(ended).expect("signs").token().to_owned();
        let frame = Frame::Succession(Box::new(SuccessionFrame::Ended { token }));
        world.new.handle(Input::Frame { stream: Stream::Control, frame, random: [1; 32] }, world.now);
        let outputs: Vec<_> = std::iter::from_fn(|| world.new.poll_output()).collect();
        assert!(!outputs.iter().any(|output| matches!(output, Output::ArrivingHeard(_))), "{outputs:?}");
        assert!(
            outputs.iter().any(|output| matches!(output, Output::Send { frame, .. } if frame.kind() == 27)),
            "{outputs:?}"
        );
        world.new.handle(Input::FramesWaiting(0), world.now);
    }
}

#[test]
fn late_word_that_is_said_again_under_the_next_number_is_no_word() {
    let world = moved();
    let mut record = world.arriving.expect("it moved");
    let late = |number| {
        let course = record.course;
        let word = LateWord::ConsentTakenBack;
        let said = Late { course, number, word };
        ArrivingHeard::Late(key_from_seed(1).sign(said).expect("signs"))
    };
    let (first, again) = (late(0), late(1));
    record = record.hear(&first, world.now).expect("the first");

    assert!(record.hear(&again, world.now).is_err());
    assert_eq!(record.late, [LateWord::ConsentTakenBack]);
}

#[test]
fn package_that_did_not_open_is_not_opened_again_at_once() {
    let mut world = World::offered();
    world.connect();
    world.answer(true);
    let record = world.arriving.clone().expect("it is stored");
    let Arriving::InDoubt { answer, stored: packed } = record.arriving else { panic!("{record:?}") };
    let said = crate::succession::statement::Transferred { course: record.course, answer, packed };
    let token = key_from_seed(1).sign(said).expect("signs").token().to_owned();
    let mut tries = 0;
    for second in 0..120 {
        let now = world.now.plus(second * 1_000);
        let key = crate::wire::succession::KeyBytes([9; 32]);
        let frame = Frame::Succession(Box::new(SuccessionFrame::Transferred { token: token.clone(), key }));
        world.new.handle(Input::Frame { stream: Stream::Control, frame, random: [1; 32] }, now);
        while let Some(output) = world.new.poll_output() {
            if matches!(output, Output::ArrivingHeard(_)) {
                tries += 1;
                world.new.handle(Input::MoveNotKept(ONE), now);
            }
        }
    }
    assert_eq!(tries, 2, "once a minute");
}

#[test]
fn store_that_refuses_is_not_asked_again_at_once() {
    let mut world = World::offered();
    world.is_cut = false;
    world.old.handle(Input::Connected { salt: [1; 32] }, world.now);
    world.new.handle(Input::Connected { salt: [2; 32] }, world.now);
    let mut commits = 0;
    for _ in 0..1_000 {
        match world.old.poll_output() {
            Some(Output::Commit { token, transaction }) => {
                let hands = |write: &Write| matches!(write, Write::LeavingHanded { .. });
                commits += usize::from(transaction.writes.iter().any(hands));
                let outcome = Err(crate::transaction::Fault::Store);
                world.old.handle(Input::Done { token, outcome }, world.now);
            }
            Some(output) => world.of_old(output),
            None => match world.new.poll_output() {
                Some(output) => world.of_new(output),
                None => break,
            },
        }
    }
    assert_eq!(commits, 1, "once, and then it waits");
}
