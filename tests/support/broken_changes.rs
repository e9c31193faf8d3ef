//! Changes that break a rule of their document, each one step away from a good one: what a hostile
//! partner sends, over the real transport and in the simulator.

use stafett_protocol::entry::operation::{Change, ObjectKind, Operation, OperationRef, Position, Scalar};
use stafett_protocol::entry::{Actor, ChangeHash, FieldKey};
use stafett_protocol::wire::Announce;

/// Somebody who is nobody's actor.
pub const STRANGER: Actor = Actor([9; 16]);

/// The first change of an entry and its first free text, as a change of somebody else's refers to
/// them.
#[derive(Debug, Clone)]
pub struct Text {
    genesis: Change,
    /// The first change's hash.
    pub hash: ChangeHash,
    /// The text that it made.
    object: OperationRef,
    /// The number after its last operation.
    next: u32,
    /// Who writes.
    actor: Actor,
}

impl Text {
    /// Reads an announcement; nothing if its first change makes no text, or is not in it.
    pub fn of(announce: &Announce, actor: Actor) -> Option<Self> {
        let genesis = announce.changes.first()?.clone();
        let mut counter = genesis.start_op;
        let mut object = None;
        for op in &genesis.ops {
            if matches!(op, Operation::Make { object: ObjectKind::Text, .. }) {
                object = object.or(Some(OperationRef { actor: 1, counter }));
            }
            counter += u32::try_from(op.operation_count()).ok()?;
        }
        Some(Self { hash: announce.genesis, object: object?, next: counter, genesis, actor })
    }

    /// A good change: one character at the beginning of the text.
    pub fn good(&self) -> Change {
        Change {
            actor: self.actor,
            others: vec![self.genesis.actor],
            seq: 1,
            start_op: self.next,
            deps: vec![self.hash],
            ops: vec![insert(self.object, Position::Head, "x")],
        }
    }

    fn with(&self, ops: Vec<Operation>) -> Change {
        Change { ops, ..self.good() }
    }

    /// Another change with the actor and the number of the good one.
    pub fn twin(&self) -> Change {
        self.with(vec![insert(self.object, Position::Head, "y")])
    }

    /// In the name of the one who made the entry, with that actor's next number: later its own
    /// change would be refused for ever.
    pub fn in_the_owners_name(&self) -> Change {
        let own_object = OperationRef { actor: 0, ..self.object };
        Change {
            actor: self.genesis.actor,
            others: Vec::new(),
            seq: 2,
            ops: vec![insert(own_object, Position::Head, "x")],
            ..self.good()
        }
    }

    /// Its number leaves a gap.
    pub fn after_a_gap(&self) -> Change {
        Change { seq: 3, ..self.good() }
    }

    /// Its first operation has another number than the next one.
    pub fn starting_at(&self, start_op: u32) -> Change {
        Change { start_op, ..self.good() }
    }

    /// Its operations leave out some numbers.
    pub fn starting_later(&self) -> Change {
        self.starting_at(self.next + 5)
    }

    /// It writes into, or after, what is not there.
    pub fn written_into_nothing(&self) -> [Change; 2] {
        let nowhere = OperationRef { actor: 1, counter: 9_999 };
        [
            self.with(vec![insert(nowhere, Position::Head, "x")]),
            self.with(vec![insert(self.object, Position::After(nowhere), "x")]),
        ]
    }

    /// It writes into an object of somebody who has made none.
    pub fn written_into_a_foreign_object(&self) -> Change {
        let ops = vec![insert(OperationRef { actor: 1, counter: 2 }, Position::Head, "x")];
        Change { others: vec![STRANGER], ops, ..self.good() }
    }

    /// It replaces a value that is none.
    pub fn with_an_alien_pred(&self) -> Change {
        self.with(vec![Operation::Put {
            field: FieldKey::Author.code(),
            value: Scalar::Text("x".to_owned()),
            pred: vec![OperationRef { actor: 1, counter: 3 }],
        }])
    }

    /// It inserts a line into a text.
    pub fn with_a_line(&self) -> Change {
        self.with(vec![Operation::InsertLine {
            object: self.object,
            at: Position::Head,
            line: "x".to_owned(),
        }])
    }

    /// Operations that no change may have, and changes that stand on nothing.
    pub fn of_no_meaning(&self) -> Vec<Change> {
        let made = Operation::Make { field: FieldKey::Description.code(), object: ObjectKind::Text };
        let put = Operation::Put { field: 60_000, value: Scalar::Flag(true), pred: Vec::new() };
        vec![
            self.with(Vec::new()),
            self.with(vec![made]),
            Change { others: Vec::new(), ..self.with(vec![put]) },
            self.with(vec![insert(self.object, Position::Head, "")]),
            Change { deps: Vec::new(), ..self.good() },
        ]
    }

    /// It deletes so many characters: some seventy bytes for as many operations.
    pub fn deleting(&self, count: u32) -> Change {
        let first = OperationRef { actor: 1, counter: self.object.counter + 1 };
        self.with(vec![Operation::Delete { object: self.object, first, count }])
    }

    /// It is too long, stands on too much, or names too many.
    pub fn too_much(&self, mut random: impl FnMut() -> [u8; 32]) -> [Change; 3] {
        let mut deps: Vec<ChangeHash> = (0..2_000).map(|_| ChangeHash(random())).collect();
        deps.sort();
        [
            Change { deps, ..self.good() },
            self.with(vec![insert(self.object, Position::Head, &"x".repeat(200_000))]),
            Change { others: (0..5_000).map(|_| half(random())).collect(), ..self.good() },
        ]
    }

    /// It stands on what nobody has.
    pub fn on_something_unknown(&self, number: u32, mut random: impl FnMut() -> [u8; 32]) -> Change {
        Change {
            actor: half(random()),
            deps: vec![ChangeHash(random())],
            start_op: self.next + number,
            ..self.good()
        }
    }

    /// It refers to the character of the good change without standing on it.
    pub fn beside_the_good_one(&self) -> Change {
        let mut others = vec![self.genesis.actor, self.actor];
        others.sort();
        let place = |actor: Actor| {
            let place = others.iter().position(|other| *other == actor).expect("one of them");
            u16::try_from(place + 1).expect("two")
        };
        let object = OperationRef { actor: place(self.genesis.actor), ..self.object };
        let element = OperationRef { actor: place(self.actor), counter: self.next };
        let ops = vec![insert(object, Position::After(element), "z")];
        Change { actor: STRANGER, others, ops, ..self.good() }
    }
}

fn insert(object: OperationRef, at: Position, text: &str) -> Operation {
    Operation::InsertText { object, at, text: text.to_owned() }
}

fn half(random: [u8; 32]) -> Actor {
    Actor(random[..16].try_into().expect("half of 32 bytes"))
}
