//! Who may say something of a baton, who may ask, and how often.

use super::*;

#[test]
fn statement_of_another_key_or_between_others_closes_the_link_and_changes_nothing() {
    let other = service(partner(), "ppt");
    let about =
        |owner, partner| About { offer: ONE, owner, partner, case: CASE, service: other.code.clone() };
    let answer = |about| AnswerThere { about, answered: Answered::NotTaken };
    let forged = [
        key_from_seed(9).sign(answer(about(own(), partner()))).expect("signs"),
        key_from_seed(2).sign(answer(about(partner(), own()))).expect("signs"),
        key_from_seed(1).sign(answer(about(own(), partner()))).expect("signs"),
    ];
    for token in forged.map(|signed| signed.token().to_owned()) {
        let mut world = World::held();
        let frame = Frame::BatonAnswer(BatonAnswerFrame::Answer { token });

        world.owner.handle(Input::Frame { stream: Stream::Control, frame, random: [7; 32] }, world.now);
        world.run();

        assert!(world.is_cut && world.is_held_there());
    }
}

#[test]
fn answer_of_another_service_of_the_partner_is_not_taken_for_the_one_that_was_asked() {
    let mut world = World::offered();
    let about = About { service: "clinic".parse().expect("a code"), ..world.rows[&ONE].about.clone() };
    let name = Line::of("Kari Eksempel").expect("a line");
    let answer = AnswerThere { about, answered: Answered::Taken { account: OLE, name } };
    let token = key_from_seed(2).sign(answer).expect("signs").token().to_owned();
    let frame = Frame::BatonAnswer(BatonAnswerFrame::Answer { token });

    world.owner.handle(Input::Frame { stream: Stream::Control, frame, random: [7; 32] }, world.now);
    world.run();

    assert_eq!(world.holder(), &Holder::Own(HOLDER));
    assert_eq!(world.refused(), 1);
}

#[test]
fn who_asks_of_a_case_that_is_not_shared_is_refused_as_of_one_that_does_not_exist() {
    let mut frames = Vec::new();
    for case in [CASE, CaseId::from_bytes([0x77; 16])] {
        let mut world = World::shared();
        world.ends();
        world.restart_owner();
        world.connect();
        let ask = BatonAnswerFrame::Ask { offer: ONE, case, service: ppt().code };
        world.told.clear();
        let frame = Frame::BatonAnswer(ask);
        world.owner.handle(Input::Frame { stream: Stream::Control, frame, random: [7; 32] }, world.now);
        world.run();
        frames.push(world.told);
    }

    assert_eq!(frames[0], frames[1]);
    assert_eq!(frames[0].len(), 1);
}

#[test]
fn flood_of_questions_is_refused_after_as_many_as_may_be_answered_at_once() {
    let mut world = World::held();
    world.told.clear();
    for number in 0..=BATON_WORDS_AT_ONCE_MAX {
        let mut offer = [0; 16];
        offer[..8].copy_from_slice(&number.to_be_bytes());
        let ask =
            BatonAnswerFrame::Ask { offer: BatonOfferId::from_bytes(offer), case: CASE, service: ppt().code };
        let frame = Frame::BatonAnswer(ask);
        world.owner.handle(Input::Frame { stream: Stream::Control, frame, random: [7; 32] }, world.now);
        world.run();
    }

    let too_much = Frame::Refused(Refused { kind: ANSWER_KIND, code: ErrorCode::TooMuch });
    assert!(world.told.contains(&too_much));
    assert!(world.is_held_there() && !world.is_cut);
}
