//! Every hostile typed operation that is known, each with its refusal. Hashes are never the
//! defence here: a liar computes the right hash for whatever it sends.

use crate::entry::operation::{ObjectKind, Operation, OperationRef, Position, Scalar};
use crate::entry::tests::{
    OTHER_PARTNER, OWNER, PARTNER, assert_sound, content, decoded, deliver, edited, encoded, measure,
    object_of, opened,
};
use crate::entry::value::ValueFault;
use crate::entry::{
    Accepted, Actor, Change, ChangeHash, ChangeRefusal, EntryDocument, EntryKind, FieldKey, SchemaVersion,
    Side, check_genesis,
};
use crate::limits::{
    CHANGE_DEPENDENCIES_MAX, GENERATION_CHANGES_FROM_PARTNER_MAX, HEADS_FROM_PARTNER_MAX, SCALAR_BYTES_MAX,
    TEXT_BYTES_MAX,
};

mod genesis;
mod value;

/// The owner's document, and an honest change of a partner that the tests spoil.
struct Scene {
    owner: EntryDocument,
    honest: Change,
}

fn scene(json: &str) -> Scene {
    let (owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);
    let honest = edited(&mut partner, json).into_change();
    Scene { owner, honest }
}

fn assert_refused(mut owner: EntryDocument, change: Change, refusal: ChangeRefusal) {
    let (heads, view) = (owner.heads(), owner.view());

    assert_eq!(owner.accept(change, Side::Partner), Err(refusal));

    assert_eq!((owner.heads(), owner.view()), (heads, view));
    assert_sound(&owner);
}

/// Spoils an honest change of a scalar and expects a refusal.
fn spoiled(spoil: impl FnOnce(&mut Change), refusal: ChangeRefusal) {
    let Scene { owner, mut honest } = scene(r#"{"status":"done"}"#);
    spoil(&mut honest);
    assert_refused(owner, honest, refusal);
}

/// Spoils an honest change of a text and expects a refusal.
fn spoiled_text(spoil: impl FnOnce(&mut Operation), refusal: ChangeRefusal) {
    let Scene { owner, mut honest } = scene(r#"{"description":"Tjue minutter hver dag."}"#);
    let inserted = |op: &&mut Operation| matches!(op, Operation::InsertText { .. });
    spoil(honest.ops.iter_mut().find(inserted).expect("an insertion"));
    assert_refused(owner, honest, refusal);
}

fn spoiled_genesis(spoil: impl FnOnce(&mut Change), refusal: ChangeRefusal) {
    let mut change = measure().1.into_change();
    spoil(&mut change);
    let announced = change.hash().unwrap_or(ChangeHash([0; 32]));

    let checked = check_genesis(EntryKind::Measure, SchemaVersion::CURRENT, change, announced);

    assert_eq!(checked.map(|checked| checked.hash()), Err(refusal));
}

fn by_owner(counter: u32) -> OperationRef {
    OperationRef { actor: 1, counter }
}

#[test]
fn one_run_of_three_million_operations_is_refused_before_it_costs_anything() {
    let Scene { owner, mut honest } = scene(r#"{"status":"done"}"#);
    let object = by_owner(object_of(&owner, FieldKey::Description));
    let first = by_owner(object.counter + 1);
    honest.others = vec![OWNER];
    honest.ops = vec![Operation::Delete { object, first, count: 3_000_000 }];

    assert!(encoded(&honest).len() < 120);
    assert_refused(owner.clone(), honest.clone(), ChangeRefusal::TooManyOperations);
    honest.ops = vec![Operation::Delete { object, first, count: u32::MAX }; 4];
    assert_refused(owner, honest, ChangeRefusal::TooManyOperations);
}

#[test]
fn a_flood_of_unknown_dependencies_is_refused_and_nothing_of_it_is_kept() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    let count = owner.change_count();

    for number in 0..1_000u32 {
        let mut bytes = [7; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let change = Change { deps: vec![ChangeHash(bytes)], ..honest.clone() };
        assert_eq!(owner.accept(change, Side::Partner), Err(ChangeRefusal::UnknownDependency));
    }

    assert_eq!(owner.change_count(), count);
    assert_sound(&owner);
    let deps = (0..=CHANGE_DEPENDENCIES_MAX as u8).map(|n| ChangeHash([n; 32])).collect();
    assert_refused(owner, Change { deps, ..honest }, ChangeRefusal::TooManyDependencies);
}

#[test]
fn a_change_by_our_own_actor_and_next_number_is_refused_and_we_can_still_edit() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    let forged = Change { actor: OWNER, others: Vec::new(), seq: 2, ..honest };
    let forged = with_pred(forged, |reference| OperationRef { actor: 0, ..reference });
    assert!(forged.hash().is_ok());

    assert_refused(owner.clone(), forged, ChangeRefusal::OwnActor);

    edited(&mut owner, r#"{"status":"started"}"#);
    assert_sound(&owner);
}

#[test]
fn two_changes_with_one_actor_and_number_are_never_both_taken() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    owner.accept(honest.clone(), Side::Partner).expect("an honest change");
    let mut other = honest;
    put_value(&mut other, Scalar::Text("started".to_owned()));

    assert_refused(owner, other, ChangeRefusal::SequenceUsed);
}

#[test]
fn a_change_of_another_generation_is_refused() {
    let Scene { owner, honest } = scene(r#"{"status":"done"}"#);
    let (next, genesis) = crate::entry::generation::cut(&owner, OTHER_PARTNER).expect("no conflict");
    assert_refused(next.clone(), honest.clone(), ChangeRefusal::UnknownDependency);

    // Also when it claims to stand on the new genesis, it names operations of the old one.
    let pinned =
        Change { deps: vec![genesis.hash()], start_op: genesis.change().max_op().unwrap() + 1, ..honest };
    assert_refused(next, pinned, ChangeRefusal::UnknownReference);
}

#[test]
fn a_second_genesis_is_refused() {
    let (owner, genesis) = measure();
    let mut other = genesis.into_change();
    other.actor = PARTNER;

    assert_refused(owner, other, ChangeRefusal::NoDependency);
}

#[test]
fn an_operation_on_an_unknown_object_or_element_is_refused() {
    let far = |reference: OperationRef| OperationRef { counter: 40_000, ..reference };
    spoiled_text(
        |op| {
            let Operation::InsertText { object, .. } = op else { unreachable!() };
            *object = far(*object);
        },
        ChangeRefusal::UnknownReference,
    );
    spoiled_text(
        |op| {
            let Operation::InsertText { at, .. } = op else { unreachable!() };
            *at = Position::After(far(at.element().expect("not at the start")));
        },
        ChangeRefusal::UnknownReference,
    );
    spoiled_text(
        |op| {
            let Operation::InsertText { at, .. } = op else { unreachable!() };
            *at = Position::After(OperationRef { actor: 1, counter: u32::MAX });
        },
        ChangeRefusal::UnknownReference,
    );
}

#[test]
fn an_operation_on_an_object_or_element_of_another_kind_is_refused() {
    let (owner, _) = measure();
    let title = object_of(&owner, FieldKey::Title);
    // An element of the title, in the description.
    spoiled_text(
        |op| {
            let Operation::InsertText { at, .. } = op else { unreachable!() };
            *at = Position::After(by_owner(title + 1));
        },
        ChangeRefusal::WrongReference,
    );
    // A character as an object.
    spoiled_text(
        |op| {
            let Operation::InsertText { object, .. } = op else { unreachable!() };
            *object = by_owner(title + 1);
        },
        ChangeRefusal::WrongReference,
    );
    // A line and a record in a text.
    spoiled_text(
        |op| {
            *op =
                Operation::InsertLine { object: by_owner(title), at: Position::Head, line: "Ole".to_owned() };
        },
        ChangeRefusal::WrongReference,
    );
    spoiled_text(
        |op| *op = Operation::InsertRecord { object: by_owner(title), at: Position::Head },
        ChangeRefusal::WrongReference,
    );
    spoiled_text(
        |op| {
            let line = "Ole".to_owned();
            *op = Operation::PutRecord { record: by_owner(title), field: FieldKey::Name.code(), line };
        },
        ChangeRefusal::WrongReference,
    );
}

#[test]
fn an_operation_on_a_concurrent_element_is_refused() {
    let Scene { mut owner, honest } = scene(r#"{"description":"Tjue minutter hver dag."}"#);
    let concurrent = edited(&mut owner, r#"{"description":"Ti minutter hver dag, helst ute."}"#);
    let element = OperationRef { actor: 1, counter: concurrent.change().start_op };

    // It is known here, but the partner cannot have known it when it made its change.
    let mut at_concurrent = honest.clone();
    for op in &mut at_concurrent.ops {
        if let Operation::InsertText { at, .. } = op {
            *at = Position::After(element);
        }
    }
    assert_refused(owner.clone(), at_concurrent, ChangeRefusal::UnknownReference);

    let mut deletes = honest;
    for op in &mut deletes.ops {
        if let Operation::Delete { first, count, .. } = op {
            (*first, *count) = (element, 1);
        }
    }
    assert_refused(owner, deletes, ChangeRefusal::UnknownReference);
}

#[test]
fn an_operation_on_its_own_later_operation_is_refused() {
    let Scene { owner, mut honest } = scene(r#"{"description":"Tjue minutter hver dag."}"#);
    let own = OperationRef { actor: 0, counter: honest.start_op + 500 };
    for op in &mut honest.ops {
        if let Operation::InsertText { at, .. } = op {
            *at = Position::After(own);
        }
    }

    assert_refused(owner, honest, ChangeRefusal::UnknownReference);
}

#[test]
fn an_element_is_deleted_once_in_one_ancestry() {
    let Scene { mut owner, honest } = scene(r#"{"description":null}"#);
    let mut twice = honest.clone();
    let deletion = twice.ops.first().cloned().expect("a deletion");
    twice.ops.push(Operation::Make { field: FieldKey::EffectNote.code(), object: ObjectKind::Text });
    twice.ops.push(deletion);
    // The operation between keeps the two runs from being one; it is refused for itself.
    assert_refused(owner.clone(), twice, ChangeRefusal::Object);

    let mut partner = opened(&owner, PARTNER);
    edited(&mut partner, r#"{"description":null}"#);
    let later = Change {
        seq: 2,
        deps: vec![honest.hash().expect("honest")],
        start_op: honest.max_op().expect("few") + 1,
        ..honest.clone()
    };
    owner.accept(honest, Side::Partner).expect("an honest change");
    assert_refused(owner, later, ChangeRefusal::AlreadyDeleted);
}

#[test]
fn an_alien_pred_is_refused() {
    let (owner, _) = measure();
    let title = object_of(&owner, FieldKey::Title);
    let pred = |references: Vec<OperationRef>| move |change: &mut Change| put_pred(change, references);

    // Unknown, another field's, a text's, and none at all although a value stands.
    spoiled(pred(vec![by_owner(40_000)]), ChangeRefusal::UnknownReference);
    spoiled(pred(vec![by_owner(title)]), ChangeRefusal::WrongReference);
    spoiled(
        |change| {
            change.others = Vec::new();
            put_pred(change, Vec::new());
        },
        ChangeRefusal::Predecessors,
    );
    spoiled(
        |change| {
            let Some(Operation::Put { field, .. }) = change.ops.first_mut() else { unreachable!() };
            *field = FieldKey::Effect.code();
            put_value(change, Scalar::Text("good".to_owned()));
        },
        ChangeRefusal::WrongReference,
    );
}

#[test]
fn a_value_that_was_replaced_cannot_be_replaced_again() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    let after = Change {
        seq: 2,
        deps: vec![honest.hash().expect("honest")],
        start_op: honest.max_op().expect("few") + 1,
        ..honest.clone()
    };
    owner.accept(honest, Side::Partner).expect("an honest change");

    assert_refused(owner, after, ChangeRefusal::Predecessors);
}

#[test]
fn a_conflict_cannot_be_settled_in_part() {
    let Scene { mut owner, honest } = scene(r#"{"deadline":"2026-10-15"}"#);
    let mut other = opened(&owner, OTHER_PARTNER);
    let concurrent = edited(&mut other, r#"{"deadline":"2026-11-01"}"#);
    owner.accept(honest, Side::Partner).expect("an honest change");
    deliver(&concurrent, &mut owner);
    let mut partner = opened(&owner, Actor([9; 16]));
    let settled = edited(&mut partner, r#"{"deadline":"2026-12-01"}"#).into_change();
    let Some(Operation::Put { pred, .. }) = settled.ops.first() else { unreachable!() };
    assert_eq!(pred.len(), 2);

    let mut partly = settled.clone();
    partly.others.truncate(1);
    put_pred(&mut partly, vec![pred[0]]);
    assert_refused(owner.clone(), partly, ChangeRefusal::Predecessors);
    let mut reversed = settled.clone();
    put_pred(&mut reversed, vec![pred[1], pred[0]]);
    assert_refused(owner.clone(), reversed, ChangeRefusal::NotCanonical);
    assert!(owner.accept(settled, Side::Partner).is_ok());
}

#[test]
fn a_field_set_thousands_of_times_costs_no_more_than_its_operations() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    let mut pred = match honest.ops.first() {
        Some(Operation::Put { pred, .. }) => pred.clone(),
        _ => unreachable!(),
    };
    let mut change = Change { ops: Vec::new(), ..honest };
    for turn in 1..=3 {
        for counter in change.start_op..change.start_op + 1_000 {
            let (field, value) = (FieldKey::Status.code(), Scalar::Text("done".to_owned()));
            change.ops.push(Operation::Put { field, value, pred });
            pred = vec![OperationRef { actor: 0, counter }];
        }
        owner.accept(change.clone(), Side::Partner).expect("within all bounds");
        change = Change {
            seq: turn + 1,
            start_op: change.start_op + 1_000,
            deps: owner.heads().as_slice().to_vec(),
            others: Vec::new(),
            ops: Vec::new(),
            ..change
        };
    }

    assert_eq!(owner.view().text(FieldKey::Status), "done");
    assert_sound(&owner);
}

#[test]
fn a_gap_in_the_numbers_of_an_actor_is_refused() {
    spoiled(|change| change.seq = 3, ChangeRefusal::SequenceGap);
    spoiled(|change| change.seq = u32::MAX, ChangeRefusal::SequenceGap);
    spoiled(|change| change.seq = 0, ChangeRefusal::StartOperation);
}

#[test]
fn a_change_beside_its_own_actors_change_before_is_refused() {
    let Scene { mut owner, honest } = scene(r#"{"status":"done"}"#);
    let mut fork = Change { seq: 2, ..honest.clone() };
    put_value(&mut fork, Scalar::Text("started".to_owned()));
    owner.accept(honest, Side::Partner).expect("an honest change");

    assert_refused(owner, fork, ChangeRefusal::SequenceFork);
}

#[test]
fn a_first_operation_with_any_number_but_the_next_is_refused() {
    let next = scene(r#"{"status":"done"}"#).honest.start_op;
    for wrong in [0, 1, next - 1, next + 1, 1 << 30, u32::MAX] {
        spoiled(|change| change.start_op = wrong, ChangeRefusal::StartOperation);
        spoiled_text_start(wrong);
    }
    spoiled_genesis(|change| change.start_op = 2, ChangeRefusal::StartOperation);
    spoiled_genesis(|change| change.start_op = u32::MAX, ChangeRefusal::StartOperation);
}

/// The same for a change with a run, whose later operations refer to its own by number.
fn spoiled_text_start(wrong: u32) {
    let Scene { owner, mut honest } = scene(r#"{"description":"Noe helt annet"}"#);
    if honest.start_op != wrong {
        honest.start_op = wrong;
        assert_refused(owner, honest, ChangeRefusal::StartOperation);
    }
}

#[test]
fn a_change_without_operations_is_refused() {
    spoiled(
        |change| {
            change.ops = Vec::new();
            change.others = Vec::new();
        },
        ChangeRefusal::Empty,
    );
    spoiled_genesis(|change| change.ops = Vec::new(), ChangeRefusal::Empty);
}

#[test]
fn what_has_another_form_for_the_same_change_is_refused() {
    spoiled(|change| change.others.push(Actor([8; 16])), ChangeRefusal::NotCanonical);
    spoiled(|change| change.others = vec![OWNER, OWNER], ChangeRefusal::NotCanonical);
    spoiled(|change| change.others = vec![change.actor], ChangeRefusal::NotCanonical);
    spoiled(|change| change.others = Vec::new(), ChangeRefusal::NotCanonical);
    spoiled(|change| change.deps.extend(change.deps.clone()), ChangeRefusal::NotCanonical);

    let Scene { owner, mut honest } = scene(r#"{"description":"Helt ny tekst."}"#);
    let place = honest.ops.iter().position(|op| matches!(op, Operation::InsertText { .. })).expect("one");
    let before: usize = honest.ops[..place].iter().map(Operation::operation_count).sum();
    let Operation::InsertText { object, text, .. } = &mut honest.ops[place] else { unreachable!() };
    let rest = text.split_off(1);
    let last = honest.start_op + u32::try_from(before).expect("few");
    let at = Position::After(OperationRef { actor: 0, counter: last });
    let object = *object;
    honest.ops.insert(place + 1, Operation::InsertText { object, at, text: rest });
    assert_refused(owner, honest, ChangeRefusal::NotCanonical);
}

#[test]
fn a_partner_cannot_fill_a_generation_so_that_the_owner_cannot_settle() {
    let (mut owner, genesis) = measure();
    let mut partner = opened(&owner, PARTNER);
    let mut other = opened(&owner, OTHER_PARTNER);
    let conflicting = edited(&mut other, r#"{"deadline":"2026-11-01"}"#);
    let later = edited(&mut other, r#"{"deadline":"2026-11-02"}"#);
    deliver(&conflicting, &mut owner);
    for number in 2..GENERATION_CHANGES_FROM_PARTNER_MAX {
        let day = number % 28 + 1;
        let change = edited(&mut partner, &format!(r#"{{"deadline":"2027-01-{day:02}"}}"#));
        deliver(&change, &mut owner);
    }

    assert!(owner.is_full() && owner.has_conflict());
    let over = owner.accept(later.into_change(), Side::Partner);
    assert_eq!(over, Err(ChangeRefusal::GenerationFull));

    edited(&mut owner, r#"{"deadline":"2027-02-01"}"#);
    assert!(!owner.has_conflict());
    let (next, _) = crate::entry::generation::cut(&owner, OTHER_PARTNER).expect("settled");
    assert_eq!(next.view(), owner.view());
    assert_ne!(next.heads().as_slice(), [genesis.hash()]);
}

#[test]
fn a_partner_cannot_leave_so_many_changes_side_by_side_that_nobody_can_build_on_them() {
    let Scene { mut owner, honest } = scene(r#"{"deadline":"2026-10-15"}"#);
    let change_by = |number: usize| {
        let actor = Actor([u8::try_from(100 + number).expect("few"); 16]);
        let mut change = Change { actor, ..honest.clone() };
        put_value(&mut change, Scalar::Text(format!("2027-01-{:02}", number + 1)));
        change
    };
    for number in 0..HEADS_FROM_PARTNER_MAX {
        owner.accept(change_by(number), Side::Partner).expect("room");
    }

    assert_refused(owner.clone(), change_by(HEADS_FROM_PARTNER_MAX), ChangeRefusal::TooManyHeads);

    edited(&mut owner, r#"{"deadline":"2027-02-01"}"#);
    assert!(!owner.has_conflict());
    assert_sound(&owner);
}

#[test]
fn bytes_that_are_cut_anywhere_are_no_change() {
    let Scene { mut owner, honest } = scene(r#"{"description":"Tjue minutter hver dag."}"#);
    let bytes = encoded(&honest);

    assert!((0..bytes.len()).all(|end| decoded(&bytes[..end]).is_none()));
    assert_eq!(decoded(&bytes), Some(honest.clone()));
    assert!(matches!(owner.accept(honest, Side::Partner), Ok(Accepted::New(_))));
}

fn put_value(change: &mut Change, new: Scalar) {
    for op in &mut change.ops {
        if let Operation::Put { value, .. } = op {
            *value = new.clone();
        }
    }
}

fn put_pred(change: &mut Change, new: Vec<OperationRef>) {
    for op in &mut change.ops {
        if let Operation::Put { pred, .. } = op {
            *pred = new.clone();
        }
    }
}

fn with_pred(mut change: Change, map: impl Fn(OperationRef) -> OperationRef) -> Change {
    for op in &mut change.ops {
        if let Operation::Put { pred, .. } = op {
            *pred = pred.iter().copied().map(&map).collect();
        }
    }
    change
}
