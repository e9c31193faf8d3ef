//! Changes that break a rule of their document, each one step away from a good one.

use anyhow::Context;
use stafett_node::clock;
use stafett_protocol::entry::operation::{Change, ObjectKind, Operation, OperationRef, Position, Scalar};
use stafett_protocol::entry::{Actor, ChangeHash, FieldKey, Heads};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Acknowledge, Carried, Changes, ChangesRefused, Frame, LetGo, Resend};

use super::{Shot, Stake};

const OWN: Actor = Actor([7; 16]);
const OTHER: Actor = Actor([9; 16]);

/// The genesis and its text, as a change of somebody else refers to it.
struct Text {
    genesis: Change,
    hash: ChangeHash,
    /// The text that the genesis made.
    object: OperationRef,
    /// The number after its last operation.
    next: u32,
}

fn text(stake: &Stake) -> anyhow::Result<Text> {
    let genesis = stake.announce.changes.first().context("a genesis")?.clone();
    let mut counter = genesis.start_op;
    let mut object = None;
    for op in &genesis.ops {
        if matches!(op, Operation::Make { field, .. } if *field == FieldKey::Description.code()) {
            object = Some(OperationRef { actor: 1, counter });
        }
        counter += u32::try_from(op.operation_count())?;
    }
    Ok(Text {
        hash: stake.announce.genesis,
        object: object.context("a description")?,
        next: counter,
        genesis,
    })
}

/// A good change: one character at the beginning of the text.
fn good(text: &Text) -> Change {
    Change {
        actor: OWN,
        others: vec![text.genesis.actor],
        seq: 1,
        start_op: text.next,
        deps: vec![text.hash],
        ops: vec![insert(text.object, Position::Head, "x")],
    }
}

fn insert(object: OperationRef, at: Position, text: &str) -> Operation {
    Operation::InsertText { object, at, text: text.to_owned() }
}

fn frame(stake: &Stake, changes: Vec<Change>) -> Frame {
    Frame::Changes(Changes { entry: stake.shared, generation: stake.announce.generation, changes })
}

fn shots(stake: &Stake, changes: impl IntoIterator<Item = Change>) -> Vec<Shot> {
    changes.into_iter().map(|change| Shot::Frame(frame(stake, vec![change]))).collect()
}

/// Every group, small enough that the link lives to its end.
pub(super) fn all(stake: &Stake) -> anyhow::Result<Vec<(&'static str, Vec<Shot>)>> {
    let text = text(stake)?;
    Ok(vec![
        ("wrong actors and numbers", shots(stake, wrong_numbers(&text))),
        ("references to what is not there", shots(stake, wrong_references(&text))),
        ("operations that no change may have", shots(stake, wrong_operations(&text))),
        ("changes without bounds", shots(stake, without_bounds(&text))),
        ("another generation", about(stake, stake.shared)?),
        ("a flood of unknown dependencies", unknown_dependencies(stake, &text)),
    ])
}

fn wrong_numbers(text: &Text) -> Vec<Change> {
    let good = good(text);
    let own_object = OperationRef { actor: 0, ..text.object };
    vec![
        // The node's own actor with its next number: later its own change would be refused for ever.
        Change {
            actor: text.genesis.actor,
            others: Vec::new(),
            seq: 2,
            ops: vec![insert(own_object, Position::Head, "x")],
            ..good.clone()
        },
        Change { seq: 3, ..good.clone() },
        Change { start_op: 1, ..good.clone() },
        Change { start_op: u32::MAX, ..good.clone() },
        Change { start_op: text.next + 5, ..good },
    ]
}

fn wrong_references(text: &Text) -> Vec<Change> {
    let good = good(text);
    let nowhere = OperationRef { actor: 1, counter: 9_999 };
    let foreign = |ops| Change { others: vec![OTHER], ops, ..good.clone() };
    let with = |ops| Change { ops, ..good.clone() };
    vec![
        with(vec![insert(nowhere, Position::Head, "x")]),
        with(vec![insert(text.object, Position::After(nowhere), "x")]),
        foreign(vec![insert(OperationRef { actor: 1, counter: 2 }, Position::Head, "x")]),
        with(vec![Operation::Put {
            field: FieldKey::Author.code(),
            value: Scalar::Text("x".to_owned()),
            pred: vec![OperationRef { actor: 1, counter: 3 }],
        }]),
        with(vec![Operation::InsertLine { object: text.object, at: Position::Head, line: "x".to_owned() }]),
    ]
}

fn wrong_operations(text: &Text) -> Vec<Change> {
    let good = good(text);
    let with = |ops| Change { ops, ..good.clone() };
    vec![
        with(Vec::new()),
        with(vec![Operation::Make { field: FieldKey::Description.code(), object: ObjectKind::Text }]),
        Change {
            others: Vec::new(),
            ..with(vec![Operation::Put { field: 60_000, value: Scalar::Flag(true), pred: Vec::new() }])
        },
        with(vec![insert(text.object, Position::Head, "")]),
        Change { deps: Vec::new(), ..good.clone() },
    ]
}

fn without_bounds(text: &Text) -> Vec<Change> {
    let good = good(text);
    let first = OperationRef { actor: 1, counter: text.object.counter + 1 };
    let delete =
        |count| Change { ops: vec![Operation::Delete { object: text.object, first, count }], ..good.clone() };
    let mut deps: Vec<ChangeHash> = (0..2_000).map(|_| ChangeHash(clock::random())).collect();
    deps.sort();
    vec![
        // Some seventy bytes that stand for three million operations.
        delete(3_000_000),
        delete(u32::MAX),
        Change { deps, ..good.clone() },
        Change { ops: vec![insert(text.object, Position::Head, &"x".repeat(200_000))], ..good.clone() },
        Change { others: (0..5_000).map(|_| Actor(clock::random())).collect(), ..good },
    ]
}

/// Frames about an entry, none of which the sender may know of, or in a generation that is none.
pub(super) fn about(stake: &Stake, entry: EntryId) -> anyhow::Result<Vec<Shot>> {
    let text = text(stake)?;
    let generation = GenerationId::from_bytes([3; 16]);
    Ok(vec![
        Shot::Frame(Frame::Changes(Changes { entry, generation, changes: vec![good(&text)] })),
        Shot::Frame(Frame::Changes(Changes { entry, generation, changes: Vec::new() })),
        Shot::Frame(Frame::Resend(Resend { entry, generation })),
        Shot::Frame(Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![text.hash] })),
        Shot::Frame(Frame::Acknowledge(Acknowledge { entry, generation, heads: vec![ChangeHash([5; 32])] })),
        Shot::Frame(Frame::Carried(Carried {
            entry,
            generation,
            heads: vec![text.hash],
            into: stake.announce.generation,
            onto: Vec::new(),
        })),
        Shot::Frame(Frame::LetGo(LetGo { entry, generation })),
        Shot::Frame(Frame::ChangesRefused(ChangesRefused { entry, generation, code: ErrorCode::NotShared })),
    ])
}

fn unknown_dependencies(stake: &Stake, text: &Text) -> Vec<Shot> {
    let change = |number: u32| Change {
        actor: Actor(clock::random()),
        deps: vec![ChangeHash(clock::random())],
        start_op: text.next + number,
        ..good(text)
    };
    shots(stake, (0..2_000).map(change))
}

/// A good change and the heads that come of it.
pub(super) fn honest(stake: &Stake) -> anyhow::Result<(Frame, Heads)> {
    let change = good(&text(stake)?);
    let heads = Heads::new(vec![change.hash()?]);
    Ok((frame(stake, vec![change]), heads))
}

/// After the good change: another with its actor and number, and one that refers to its character
/// without standing on it.
pub(super) fn twin(stake: &Stake) -> anyhow::Result<Frame> {
    let text = text(stake)?;
    let twin = Change { ops: vec![insert(text.object, Position::Head, "y")], ..good(&text) };
    Ok(frame(stake, vec![twin]))
}

/// A change that refers to a character which is not in its own ancestry.
pub(super) fn concurrent(stake: &Stake) -> anyhow::Result<Frame> {
    let text = text(stake)?;
    let mut others = vec![text.genesis.actor, OWN];
    others.sort();
    let place = |actor: Actor| others.iter().position(|other| *other == actor).map_or(0, |place| place + 1);
    let object = OperationRef { actor: u16::try_from(place(text.genesis.actor))?, ..text.object };
    let element = OperationRef { actor: u16::try_from(place(OWN))?, counter: text.next };
    let ops = vec![insert(object, Position::After(element), "z")];
    Ok(frame(stake, vec![Change { actor: OTHER, others, ops, ..good(&text) }]))
}
