//! What cannot be said now wants no moment: that it can be is told by an event.

use super::*;
use crate::limits::OUTPUT_FRAMES_WAITING_MAX;
use crate::wire::Stored;

#[test]
fn offer_whose_renewed_grant_is_never_stored_wants_no_moment_and_is_said_when_it_is() {
    let mut world = World::offered();
    world.told.clear();

    let next = GrantId::from_bytes([0x70; 16]);
    world.renews(next);
    for _ in 0..3 {
        world.wait(BATON_REPEAT_MS);
    }

    assert!(world.told.is_empty(), "{:?}", world.told);
    let record = &world.ledger.consents()[&PPT];
    let grant = Grant::from_consent(next, own(), CASE, record, record.areas());
    let signed = key_from_seed(1).sign(grant).expect("signs");
    let issued = IssuedState { grant: signed, stored: false, sent: true, handed: Handed::Yes };
    world.owner.issued.insert(next, issued);
    let (stream, frame) = (Stream::Control, Frame::Stored(Stored::Grant(next)));
    world.owner.handle(Input::Frame { stream, frame, random: [7; 32] }, world.now);
    world.run();
    assert_eq!(world.told.len(), 1, "{:?}", world.told);
}

#[test]
fn side_that_reads_nothing_is_told_nothing_and_nobody_waits_for_a_moment() {
    let mut world = World::offered();
    world.owner.handle(Input::FramesWaiting(OUTPUT_FRAMES_WAITING_MAX), world.now);
    world.told.clear();
    for _ in 0..3 {
        world.wait(BATON_REPEAT_MS);
    }
    assert!(world.told.is_empty(), "{:?}", world.told);

    world.owner.handle(Input::FramesWaiting(0), world.now);
    world.run();

    assert_eq!(world.told.len(), 1, "{:?}", world.told);
}

#[test]
fn answer_whose_grant_has_come_to_its_end_is_said_no_more_and_wants_no_moment() {
    let until = UnixMillis(2_000);
    let mut world = World::until(until, to_ppt());
    world.offer(ONE);
    world.connect();
    world.is_deaf = true;
    world.takes(ONE);
    let said = world.said.len();
    world.now = until;

    for _ in 0..3 {
        world.wait(BATON_REPEAT_MS);
    }

    assert_eq!(world.said.len(), said, "nothing counts any longer");
}
