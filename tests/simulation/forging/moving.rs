//! The statements of a move: each field of each is under its signature, and none is believed but from the
//! side whose it is to say.

use std::any::type_name;
use std::collections::BTreeSet;

use stafett_protocol::id::SuccessionId;
use stafett_protocol::link::output::Output;
use stafett_protocol::signed::{Statement, StatementHash};
use stafett_protocol::succession::CivilDay;
use stafett_protocol::succession::leaving::LateWord;
use stafett_protocol::succession::package::{Line, PackageHash, Packed};
use stafett_protocol::succession::statement::{
    Answer, Answered, CaseOpened, Course, Ended, Late, Offer, PackageStored, Stage, Transferred,
};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::succession::{PackagePart, SuccessionAnswerFrame, SuccessionFrame};
use stafett_protocol::wire::{Frame, Refused};
use stafett_tests::names::service_code;

use super::cast::{Cast, frame_of};
use super::refused;
use crate::greeted::Greeted;

const PACKED: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };
const HASH: StatementHash = StatementHash([4; 32]);

/// The types of statement that have their case here.
pub(super) fn covered() -> [&'static str; 7] {
    [
        type_name::<Offer>(),
        type_name::<Answer>(),
        type_name::<PackageStored>(),
        type_name::<Ended>(),
        type_name::<Transferred>(),
        type_name::<CaseOpened>(),
        type_name::<Late>(),
    ]
}

fn course(cast: &Cast) -> Course {
    Course { succession: SuccessionId::from_bytes([1; 16]), from: cast.owner(), to: cast.partner() }
}

/// Whose a statement is to say.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Old,
    New,
}

/// No mutation, no other signer and no other parties: each is a forgery to whom it is said.
fn assert_forged<T: Statement + Clone>(cast: &Cast, side: Side, make: impl Fn(Course) -> T) {
    let genuine = course(cast);
    let (by, to) = match side {
        Side::Old => (genuine.from, genuine.to),
        Side::New => (genuine.to, genuine.from),
    };
    let third = cast.story.third;
    let world = &cast.story.world;
    let sign = |by, course| world.key(by).sign(make(course)).expect("signs");
    let mut receiver = Greeted::new(world, to, by);
    let signed = sign(by, genuine);
    for (what, token) in refused::<T>(signed.token(), signed.key()) {
        receiver.takes_for_forged(frame_of::<T>(token), &what);
    }
    for (what, signed) in [
        ("signed by the third node", sign(third, genuine)),
        ("signed by whom it is said to", sign(to, genuine)),
        ("turned round", sign(by, Course { from: genuine.to, to: genuine.from, ..genuine })),
        ("of the third node's case", sign(by, Course { from: third, ..genuine })),
        ("for the third node", sign(by, Course { to: third, ..genuine })),
    ] {
        receiver.takes_for_forged(frame_of::<T>(signed.token().to_owned()), what);
    }
    let outputs = receiver.frame(frame_of::<T>(signed.token().to_owned()));
    let is_taken = matches!(outputs[..], [Output::ArrivingHeard(_)]);
    let is_refused = matches!(
        &outputs[..],
        [Output::Send { frame: Frame::Refused(Refused { code: ErrorCode::NotShared, .. }), .. }]
    );
    // An end that nobody knows is answered, and that answer no forgery gets.
    let is_answered = matches!(
        &outputs[..],
        [Output::Send { frame: Frame::SuccessionAnswer(SuccessionAnswerFrame::EndKept { .. }), .. }]
    );
    assert!(is_taken || is_refused || is_answered, "the control, of a move that is not known: {outputs:?}");
}

#[test]
fn mutation_of_any_field_of_a_statement_of_a_move_is_refused() {
    let cast = Cast::new();
    let services = BTreeSet::from([service_code("school"), service_code("ppt")]);
    let wished: CivilDay = "2027-08-01".parse().expect("a day");
    assert_forged(&cast, Side::Old, |course| Offer {
        course,
        services: services.clone(),
        stage: Stage::BeforeSchool,
        wished: wished.clone(),
        lapses_at: UnixMillis(7),
    });
    let holder = Line::of("Pål Vik").expect("a line");
    let accepted = Answered::Accepted { holder, service: service_code("school") };
    let declined = Answered::Declined { reason: Some("Vi har ingen ledige".parse().expect("a line")) };
    for answered in [accepted, declined] {
        assert_forged(&cast, Side::New, |course| Answer { course, offer: HASH, answered: answered.clone() });
    }
    assert_forged(&cast, Side::New, |course| PackageStored { course, packed: PACKED });
    assert_forged(&cast, Side::Old, |course| Ended { course });
    assert_forged(&cast, Side::Old, |course| Transferred { course, answer: HASH, packed: PACKED });
    assert_forged(&cast, Side::New, |course| CaseOpened { course, packed: PACKED });
    for word in [LateWord::ConsentTakenBack, LateWord::AddressProtected] {
        assert_forged(&cast, Side::Old, |course| Late { course, number: 0, word });
    }
}

/// What is not known, not this side's to say, and of another link are one answer (law 5).
#[test]
fn words_about_a_move_that_is_not_known_are_refused_alike_and_change_nothing() {
    let cast = Cast::new();
    let succession = SuccessionId::from_bytes([9; 16]);
    let ready = SuccessionFrame::Ready { succession, revision: 1, package: [1; 32], bytes: 5 };
    let part = PackagePart { succession, revision: 1, index: 0, bytes: vec![1; 5] };
    for (at_old, frame) in [
        (false, Frame::Succession(Box::new(ready))),
        (false, Frame::PackagePart(part)),
        (true, Frame::SuccessionAnswer(SuccessionAnswerFrame::Ask { succession })),
        (true, Frame::SuccessionAnswer(SuccessionAnswerFrame::Want { succession, revision: 1, index: 0 })),
        (true, Frame::SuccessionAnswer(SuccessionAnswerFrame::EndKept { succession })),
        (true, Frame::SuccessionAnswer(SuccessionAnswerFrame::LateKept { succession, number: 0 })),
    ] {
        let (own, other) =
            if at_old { (cast.owner(), cast.partner()) } else { (cast.partner(), cast.owner()) };
        let mut receiver = Greeted::new(&cast.story.world, own, other);
        let before = receiver.state();
        let (kind, what) = (frame.kind(), format!("{frame:?}"));
        let refused = Frame::Refused(Refused { kind, code: ErrorCode::NotShared });

        assert_eq!(receiver.frame(frame), [Output::Send { frame: refused, rows: Vec::new() }], "{what}");
        assert!(receiver.state() == before, "{what}: something was believed");
    }
}
