//! Golden vectors of every kind of frame, and what the decoder refuses.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::entry::operation::{Change, ObjectKind, Operation, OperationRef, Position, Scalar};
use crate::entry::{About, Actor, ChangeHash, EntryKind, SchemaVersion};
use crate::id::{CaseId, EntryId, GenerationId, GrantId, PersonId, ProposalId, RelationId};
use crate::time::UnixMillis;
use crate::wire::error_code::ErrorCode;
use crate::wire::{
    Acknowledge, Announce, Ask, Carried, Changes, ChangesRefused, GrantFrame, Hello, Holding, LetGo, Living,
    MarkFrame, NotUnderstood, OrderFrame, ProposalRefused, Propose, ReceiptFrame, Reconcile, Refused,
    RelationFrame, Resend, Shown, Stored, UptakeFrame, Want,
};

/// The committed vectors: a name, a space and the frame in hexadecimal digits on each line.
const GOLDEN: &str = include_str!("../../../../tests/fixtures/wire-v1/frames.txt");

/// A change with every operation, in every form that has bytes of its own.
fn change() -> Change {
    let own = |counter| OperationRef { actor: 0, counter };
    let other = OperationRef { actor: 1, counter: 70_000 };
    Change {
        actor: Actor([0x11; 16]),
        others: vec![Actor([0x22; 16])],
        seq: 3,
        start_op: 300,
        deps: vec![ChangeHash([0x33; 32]), ChangeHash([0x44; 32])],
        ops: vec![
            Operation::Make { field: 1, object: ObjectKind::Text },
            Operation::Make { field: 2, object: ObjectKind::List },
            Operation::Put { field: 3, value: Scalar::Text("Æ 😀".into()), pred: vec![own(1), other] },
            Operation::Put { field: 4, value: Scalar::Flag(true), pred: Vec::new() },
            Operation::Put { field: 500, value: Scalar::Number(1 << 40), pred: Vec::new() },
            Operation::Clear { field: 6, pred: vec![other] },
            Operation::InsertText { object: own(1), at: Position::Head, text: "lesing".into() },
            Operation::InsertLine { object: own(2), at: Position::After(other), line: "Ole".into() },
            Operation::InsertRecord { object: own(2), at: Position::Head },
            Operation::PutRecord { record: own(9), field: 7, line: "Biret".into() },
            Operation::Delete { object: own(1), first: other, count: 12 },
        ],
    }
}

fn announce() -> Announce {
    Announce {
        grants: BTreeSet::from([GrantId::from_bytes([1; 16]), GrantId::from_bytes([2; 16])]),
        case: CaseId::from_bytes([3; 16]),
        entry: EntryId::from_bytes([4; 16]),
        generation: GenerationId::from_bytes([5; 16]),
        schema: SchemaVersion(1),
        kind: EntryKind::Measure,
        areas: ["language", "wellbeing"].iter().map(|code| code.parse().expect("valid")).collect(),
        about: BTreeSet::from([
            About::Subject,
            About::Guardian(PersonId::from_bytes([6; 16])),
            About::Sibling,
            About::Other,
        ]),
        only_for: Some("ppt".parse().expect("valid")),
        written_by_yours: Some("clinic".parse().expect("valid")),
        genesis: ChangeHash([7; 32]),
        answers: Some(ProposalId::from_bytes([8; 16])),
        changes: vec![change()],
    }
}

fn propose() -> Propose {
    Propose {
        proposal: ProposalId::from_bytes([1; 16]),
        grant: GrantId::from_bytes([2; 16]),
        case: CaseId::from_bytes([3; 16]),
        schema: SchemaVersion(1),
        kind: EntryKind::Note,
        areas: BTreeSet::from(["language".parse().expect("valid")]),
        about: BTreeSet::from([About::Subject]),
        towards: Some(EntryId::from_bytes([4; 16])),
        change: change(),
    }
}

/// One frame of every kind, and of every variant within a kind.
fn frames() -> Vec<(String, Frame)> {
    let (entry, generation) = (EntryId::from_bytes([4; 16]), GenerationId::from_bytes([5; 16]));
    let salt = std::array::from_fn(|place| u8::try_from(place).expect("32 bytes"));
    let bare =
        Announce { only_for: None, written_by_yours: None, answers: None, changes: Vec::new(), ..announce() };
    let heads = vec![ChangeHash([7; 32]), ChangeHash([8; 32])];
    let relation = RelationId::from_bytes([9; 16]);
    let mut frames = vec![
        ("hello".to_owned(), Frame::Hello(Hello { version: 1, schema: SchemaVersion(1), salt })),
        ("grant".to_owned(), Frame::Grant(GrantFrame { token: "eyJ0.eyJn.c2ln".into() })),
        ("announce".to_owned(), Frame::Announce(Box::new(announce()))),
        ("announce-bare".to_owned(), Frame::Announce(Box::new(bare))),
        ("changes".to_owned(), Frame::Changes(Changes { entry, generation, changes: vec![change(); 2] })),
        ("acknowledge".to_owned(), Frame::Acknowledge(Acknowledge { entry, generation, heads })),
        ("resend".to_owned(), Frame::Resend(Resend { entry, generation })),
        ("propose".to_owned(), Frame::Propose(Box::new(propose()))),
        (
            "relation".to_owned(),
            Frame::Relation(RelationFrame {
                relation,
                case: CaseId::from_bytes([3; 16]),
                from: entry,
                to: EntryId::from_bytes([10; 16]),
            }),
        ),
        ("stored-grant".to_owned(), Frame::Stored(Stored::Grant(GrantId::from_bytes([1; 16])))),
        ("stored-relation".to_owned(), Frame::Stored(Stored::Relation(relation))),
        ("reconcile".to_owned(), Frame::Reconcile(Reconcile { round: 251, message: vec![0x61; 3] })),
        ("want".to_owned(), Frame::Want(Want { fingerprints: vec![[0xaa; 32], [0xbb; 32]] })),
        ("order".to_owned(), Frame::Order(OrderFrame { token: "eyJ0.eyJv.c2ln".into() })),
        ("receipt".to_owned(), Frame::Receipt(ReceiptFrame { token: "eyJ0.eyJy.c2ln".into() })),
        ("not-understood".to_owned(), Frame::NotUnderstood(NotUnderstood { kind: 0xfffe })),
    ];
    let codes = [
        ErrorCode::NotShared,
        ErrorCode::BadChange,
        ErrorCode::BadStatement,
        ErrorCode::TooMuch,
        ErrorCode::OutOfTurn,
        ErrorCode::NotNow,
    ];
    for (number, code) in codes.into_iter().enumerate() {
        frames.push((format!("refused-{number}"), Frame::Refused(Refused { kind: 4, code })));
        let proposal = ProposalId::from_bytes([1; 16]);
        frames.push((
            format!("proposal-refused-{number}"),
            Frame::ProposalRefused(ProposalRefused { proposal, code }),
        ));
    }
    for kind in EntryKind::ALL {
        let frame = Frame::Announce(Box::new(Announce { kind, changes: Vec::new(), ..announce() }));
        frames.push((format!("announce-{kind}"), frame));
    }
    frames.extend(frames_about_generations(codes));
    frames.extend(after_a_restore());
    frames.extend(about_uptakes());
    frames.extend(about_moves());
    frames.extend(about_batons());
    frames
}

/// The kinds that came after the others: vectors are added at the end and never moved.
fn frames_about_generations(codes: [ErrorCode; 6]) -> Vec<(String, Frame)> {
    let (entry, generation) = (EntryId::from_bytes([4; 16]), GenerationId::from_bytes([5; 16]));
    let carried = Carried {
        entry,
        generation,
        heads: vec![ChangeHash([7; 32]), ChangeHash([8; 32])],
        into: GenerationId::from_bytes([11; 16]),
        onto: vec![ChangeHash([9; 32])],
    };
    let bare = Carried { heads: Vec::new(), ..carried.clone() };
    let mut frames = vec![
        ("carried".to_owned(), Frame::Carried(carried)),
        ("carried-bare".to_owned(), Frame::Carried(bare)),
        ("let-go".to_owned(), Frame::LetGo(LetGo { entry, generation })),
    ];
    frames.extend(codes.into_iter().enumerate().map(|(number, code)| {
        let frame = Frame::ChangesRefused(ChangesRefused { entry, generation, code });
        (format!("changes-refused-{number}"), frame)
    }));
    frames
}

fn after_a_restore() -> Vec<(String, Frame)> {
    let mark = || "eyJ0.eyJt.c2ln".to_owned();
    let entries = [EntryId::from_bytes([4; 16]), EntryId::from_bytes([5; 16])].into();
    let holding = Holding { token: "eyJ0.eyJn.c2ln".into(), has_ended: true, entries };
    let living = Living { grants: [GrantId::from_bytes([1; 16])].into(), is_last: true };
    vec![
        ("mark".to_owned(), Frame::Mark(MarkFrame { token: mark() })),
        ("shown".to_owned(), Frame::Shown(Shown { token: Some(mark()) })),
        ("shown-none".to_owned(), Frame::Shown(Shown { token: None })),
        ("ask".to_owned(), Frame::Ask(Ask { incarnation: 251 })),
        ("holding".to_owned(), Frame::Holding(holding)),
        ("living".to_owned(), Frame::Living(living)),
    ]
}

fn about_uptakes() -> Vec<(String, Frame)> {
    let said = UptakeFrame::Said { token: "eyJ0.eyJ1.c2ln".into() };
    let kept =
        UptakeFrame::Kept { grant: GrantId::from_bytes([1; 16]), said_at: UnixMillis(1_790_000_000_000) };
    vec![("uptake-said".to_owned(), Frame::Uptake(said)), ("uptake-kept".to_owned(), Frame::Uptake(kept))]
}

fn about_moves() -> Vec<(String, Frame)> {
    use crate::id::SuccessionId;
    use crate::wire::succession::{
        Evidence, KeyBytes, PackagePart, SuccessionAnswerFrame as Answer, SuccessionFrame as Says,
    };
    let succession = SuccessionId::from_bytes([6; 16]);
    let token = || "eyJ0.eyJz.c2ln".to_owned();
    let said = [
        ("offer", Says::Offer { token: token() }),
        ("ended", Says::Ended { token: token() }),
        ("transferred", Says::Transferred { token: token(), key: KeyBytes([7; 32]) }),
        ("late", Says::Late { token: token() }),
        ("ready", Says::Ready { succession, revision: 2, package: [8; 32], bytes: 70_000 }),
    ];
    let answered = [
        ("answer", Answer::Answer { token: token() }),
        ("stored", Answer::Stored { token: token() }),
        ("opened", Answer::Opened { token: token() }),
        ("late-kept", Answer::LateKept { succession, number: 1 }),
        ("end-kept", Answer::EndKept { succession }),
        ("ask", Answer::Ask { succession }),
        ("want", Answer::Want { succession, revision: 2, index: 251 }),
    ];
    let part = PackagePart { succession, revision: 2, index: 251, bytes: vec![9; 3] };
    let said = said.map(|(name, body)| (format!("move-{name}"), Frame::Succession(Box::new(body))));
    let answered = answered.map(|(name, body)| (format!("moving-{name}"), Frame::SuccessionAnswer(body)));
    let others = [
        ("package-part".to_owned(), Frame::PackagePart(part)),
        ("evidence".to_owned(), Frame::Evidence(Evidence { token: token() })),
    ];
    said.into_iter().chain(answered).chain(others).collect()
}

fn about_batons() -> Vec<(String, Frame)> {
    use crate::id::{BatonOfferId, CaseId};
    use crate::wire::baton::{BatonAnswerFrame as Answer, BatonFrame as Says};
    let token = || "eyJ0.eyJi.c2ln".to_owned();
    let ask = Answer::Ask {
        offer: BatonOfferId::from_bytes([3; 16]),
        case: CaseId::from_bytes([4; 16]),
        service: "ppt".parse().expect("a code"),
    };
    vec![
        ("baton-offer".to_owned(), Frame::Baton(Says::Offer { token: token() })),
        ("baton-now".to_owned(), Frame::Baton(Says::Now { token: token() })),
        ("baton-answer".to_owned(), Frame::BatonAnswer(Answer::Answer { token: token() })),
        ("baton-ask".to_owned(), Frame::BatonAnswer(ask)),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_frame_encodes_to_its_committed_bytes_and_decodes_from_them() {
    let written: String = frames()
        .iter()
        .map(|(name, frame)| format!("{name} {}\n", hex(&encode(frame).expect("fits"))))
        .collect();

    assert_eq!(written, GOLDEN, "the bytes of a frame never change");
    for (name, frame) in frames() {
        assert_eq!(decode(&encode(&frame).expect("fits")).as_ref(), Ok(&frame), "{name}");
    }
    let kinds: BTreeSet<u16> = frames().iter().map(|(_, frame)| frame.kind()).collect();
    assert_eq!(kinds, (1..=31).collect());
}

#[test]
fn frame_cut_at_any_byte_is_refused() {
    for (name, frame) in frames() {
        let bytes = encode(&frame).expect("fits");
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "{name} cut at {end}");
        }
    }
}

#[test]
fn frame_with_a_byte_too_many_is_refused() {
    for (name, frame) in frames() {
        let mut bytes = encode(&frame).expect("fits");
        bytes.push(0);
        assert_eq!(decode(&bytes), Err(DecodeError::NotCanonical(frame.kind())), "{name}");
    }
}

#[test]
fn number_in_a_longer_form_than_it_needs_is_refused() {
    let short = encode(&Frame::NotUnderstood(NotUnderstood { kind: 5 })).expect("fits");
    assert_eq!(short, [0, 15, 5]);

    assert_eq!(decode(&[0, 15, 251, 0, 5]), Err(DecodeError::NotCanonical(15)));
    assert_eq!(decode(&[0, 2, 251, 0, 1, b'a']), Err(DecodeError::NotCanonical(2)), "the length of a text");
}

#[test]
fn members_of_a_set_out_of_order_or_twice_are_refused() {
    let bytes = encode(&Frame::Announce(Box::new(announce()))).expect("fits");
    let (first, second) = (3..19, 19..35);
    let mut swapped = bytes.clone();
    swapped[first.clone()].copy_from_slice(&bytes[second.clone()]);
    swapped[second.clone()].copy_from_slice(&bytes[first.clone()]);
    let mut twice = bytes.clone();
    twice[second].copy_from_slice(&bytes[first]);

    assert_eq!(decode(&swapped), Err(DecodeError::NotCanonical(3)));
    assert_eq!(decode(&twice), Err(DecodeError::NotCanonical(3)));
}

#[test]
fn kind_that_is_not_known_is_no_fault_of_the_sender() {
    assert_eq!(decode(&[0, 0]), Err(DecodeError::UnknownKind(0)));
    assert_eq!(decode(&[0, 99, 1, 2, 3]), Err(DecodeError::UnknownKind(99)));
    assert_eq!(decode(&[0xff, 0xff]), Err(DecodeError::UnknownKind(u16::MAX)));
    assert_eq!(decode(&[0]), Err(DecodeError::NoKind));
}

#[test]
fn short_frame_that_claims_a_huge_content_is_refused() {
    let huge = [253, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    for kind in [2_u8, 12, 13, 14] {
        let mut bytes = vec![0, kind];
        bytes.extend(huge);
        assert_eq!(decode(&bytes), Err(DecodeError::Body(u16::from(kind))));
    }
    let mut reconcile = vec![0, 11, 0];
    reconcile.extend(huge);
    assert_eq!(decode(&reconcile), Err(DecodeError::Body(11)));
}

#[test]
fn frame_longer_than_any_may_be_is_neither_encoded_nor_decoded() {
    let bytes = vec![0; FRAME_BYTES_MAX + 1];
    assert_eq!(decode(&bytes), Err(DecodeError::TooLong { bytes: FRAME_BYTES_MAX + 1 }));

    let token = "a".repeat(FRAME_BYTES_MAX);
    assert!(matches!(encode(&Frame::Grant(GrantFrame { token })), Err(EncodeError::TooLong { .. })));
    let token = "a".repeat(FRAME_BYTES_MAX - 7);
    let whole = Frame::Grant(GrantFrame { token });
    let bytes = encode(&whole).expect("the longest token that fits");
    assert_eq!(bytes.len(), FRAME_BYTES_MAX);
    assert!(decode(&bytes) == Ok(whole), "what can be encoded can be decoded");
}

#[test]
fn change_of_many_small_operations_comes_back_from_its_bytes() {
    for count in [300, 3_000, 20_000] {
        let ops = vec![Operation::Make { field: 1, object: ObjectKind::Text }; count];
        let changes = vec![Change { ops, ..change() }];
        let (entry, generation) = (EntryId::from_bytes([4; 16]), GenerationId::from_bytes([5; 16]));
        let frame = Frame::Changes(Changes { entry, generation, changes });

        let bytes = encode(&frame).expect("fits");

        assert_eq!(decode(&bytes), Ok(frame), "{count} operations in {} bytes", bytes.len());
    }
}

#[test]
fn codes_that_are_none_are_refused() {
    let mut bytes = encode(&Frame::Announce(Box::new(announce()))).expect("fits");
    let place = bytes.windows(8).position(|window| window == b"language").expect("the area");
    bytes[place] = b'L';

    assert_eq!(decode(&bytes), Err(DecodeError::Body(3)));
}

proptest! {
    #[test]
    fn random_bytes_decode_to_what_encodes_to_them_or_to_nothing(
        kind in 0_u16..23,
        body in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut bytes = kind.to_be_bytes().to_vec();
        bytes.extend(body);
        if let Ok(frame) = decode(&bytes) {
            prop_assert_eq!(encode(&frame), Ok(bytes));
        }
    }

    #[test]
    fn frame_with_one_byte_changed_decodes_to_another_or_to_nothing(
        which in 0_usize..51,
        place in any::<prop::sample::Index>(),
        mask in 1_u8..,
    ) {
        let (_, frame) = frames().swap_remove(which);
        let mut bytes = encode(&frame).expect("fits");
        let place = place.index(bytes.len());
        bytes[place] ^= mask;
        if let Ok(other) = decode(&bytes) {
            prop_assert_ne!(&other, &frame);
            prop_assert_eq!(encode(&other), Ok(bytes));
        }
    }
}
