//! A first change of a generation that is none.

use super::*;

#[test]
fn a_genesis_that_is_not_the_announced_one_is_refused() {
    let (_, genesis) = measure();
    let check = |schema, hash| {
        check_genesis(EntryKind::Measure, schema, genesis.change().clone(), hash)
            .map(|checked| checked.hash())
    };

    assert_eq!(check(SchemaVersion::CURRENT, genesis.hash()), Ok(genesis.hash()));
    assert_eq!(check(SchemaVersion::CURRENT, ChangeHash([0; 32])), Err(ChangeRefusal::HashMismatch));
    assert_eq!(check(SchemaVersion(2), genesis.hash()), Err(ChangeRefusal::UnknownSchema));
}

#[test]
fn a_genesis_that_refers_to_anything_before_it_is_refused() {
    spoiled_genesis(|change| change.deps = vec![ChangeHash([1; 32])], ChangeRefusal::NotGenesis);
    spoiled_genesis(|change| change.seq = 2, ChangeRefusal::NotGenesis);
    spoiled_genesis(
        |change| {
            change.others = vec![PARTNER];
            put_pred(change, vec![by_owner(1)]);
        },
        ChangeRefusal::NotGenesis,
    );
    spoiled_genesis(
        |change| put_pred(change, vec![OperationRef { actor: 0, counter: 1 }]),
        ChangeRefusal::NotGenesis,
    );
    spoiled_genesis(
        |change| {
            let object = OperationRef { actor: 0, counter: 1 };
            change.ops.push(Operation::Delete { object, first: object, count: 1 });
        },
        ChangeRefusal::NotGenesis,
    );
}

#[test]
fn a_genesis_without_a_required_field_or_a_text_is_refused() {
    let without = |code: u16| {
        move |change: &mut Change| {
            change.ops.retain(|op| !matches!(op, Operation::Put { field, .. } if *field == code));
        }
    };
    for key in [FieldKey::Responsible, FieldKey::Deadline, FieldKey::Status] {
        spoiled_genesis(without(key.code()), ChangeRefusal::MissingField);
    }
    let note = FieldKey::EffectNote.code();
    spoiled_genesis(
        |change| change.ops.retain(|op| !matches!(op, Operation::Make { field, .. } if *field == note)),
        ChangeRefusal::Object,
    );
    spoiled_genesis(
        |change| change.ops.push(Operation::Make { field: note, object: ObjectKind::Text }),
        ChangeRefusal::Object,
    );
    spoiled_genesis(
        |change| {
            let list = Operation::Make { field: note, object: ObjectKind::List };
            change.ops.retain(|op| !matches!(op, Operation::Make { field, .. } if *field == note));
            change.ops.push(list);
        },
        ChangeRefusal::Value(ValueFault::Type),
    );
}

#[test]
fn a_genesis_with_a_field_set_twice_or_a_text_in_pieces_is_refused() {
    spoiled_genesis(
        |change| {
            let put = change.ops.iter().find(|op| matches!(op, Operation::Put { .. })).cloned();
            change.ops.extend(put);
        },
        ChangeRefusal::Predecessors,
    );
    spoiled_genesis(
        |change| {
            let text = change.ops.iter().find(|op| matches!(op, Operation::InsertText { .. })).cloned();
            change.ops.extend(text);
        },
        ChangeRefusal::NotGenesis,
    );
}

#[test]
fn a_change_of_another_kind_of_entry_is_refused_as_a_genesis() {
    let (_, genesis) = measure();

    let checked =
        check_genesis(EntryKind::Note, SchemaVersion::CURRENT, genesis.change().clone(), genesis.hash());

    assert_eq!(checked, Err(ChangeRefusal::UnknownField));
}
