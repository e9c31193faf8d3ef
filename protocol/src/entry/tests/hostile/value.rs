//! Values that do not fit their fields.

use super::*;

#[test]
fn text_beyond_its_length_with_control_characters_or_not_in_form_c_is_refused() {
    let set = |text: String| {
        move |op: &mut Operation| {
            let Operation::InsertText { text: old, .. } = op else { unreachable!() };
            *old = text;
        }
    };
    spoiled_text(set("😀".repeat(TEXT_BYTES_MAX / 4 + 1)), too_long(TEXT_BYTES_MAX));
    spoiled_text(set("a\u{0}".to_owned()), ChangeRefusal::Value(ValueFault::Control));
    spoiled_text(set("a\u{30A}".to_owned()), ChangeRefusal::Value(ValueFault::NotNormalized));
    spoiled_text(set(String::new()), ChangeRefusal::Empty);
}

#[test]
fn a_combining_mark_that_alters_a_letter_already_there_is_refused() {
    // In form C by itself, but not behind the "a" of the text it goes into.
    let json = r#"{"description":"a"}"#;
    let (owner, _) = EntryDocument::create(OWNER, &content(EntryKind::Note, json)).expect("a note");
    let object = object_of(&owner, FieldKey::Description);
    let mut partner = opened(&owner, PARTNER);
    let mut change = edited(&mut partner, r#"{"description":"ab"}"#).into_change();
    change.ops = vec![Operation::InsertText {
        object: by_owner(object),
        at: Position::After(by_owner(object + 1)),
        text: "\u{30A}".to_owned(),
    }];

    assert_refused(owner, change, ChangeRefusal::Value(ValueFault::NotNormalized));
}

#[test]
fn text_that_grows_beyond_its_length_by_many_changes_is_refused() {
    let json = r#"{"description":"a"}"#;
    let (mut owner, _) = EntryDocument::create(OWNER, &content(EntryKind::Note, json)).expect("a note");
    let mut partner = opened(&owner, PARTNER);
    let part = "ø".repeat(15_000);
    for parts in 1..=2 {
        let change = edited(&mut partner, &format!(r#"{{"description":"a{}"}}"#, part.repeat(parts)));
        deliver(&change, &mut owner);
    }
    let last = partner.changes().last().expect("two changes").change().clone();
    let over = Change {
        seq: 3,
        start_op: last.max_op().expect("few") + 1,
        deps: vec![last.hash().expect("honest")],
        others: vec![OWNER],
        ops: vec![Operation::InsertText {
            object: by_owner(object_of(&owner, FieldKey::Description)),
            at: Position::Head,
            text: "x".repeat(TEXT_BYTES_MAX - 60_000),
        }],
        ..last
    };

    assert_refused(owner, over, too_long(TEXT_BYTES_MAX));
}

#[test]
fn a_line_that_is_empty_too_long_or_turns_the_writing_direction_is_refused() {
    let responsible = |line: &str, fault| {
        let Scene { owner, mut honest } = scene(r#"{"responsible":"Marte"}"#);
        put_value(&mut honest, Scalar::Text(line.to_owned()));
        assert_refused(owner, honest, ChangeRefusal::Value(fault));
    };
    responsible("", ValueFault::Empty);
    responsible("Marte \u{202E}elO", ValueFault::Control);
    responsible("A\u{30A}se", ValueFault::NotNormalized);
    let bytes_max = SCALAR_BYTES_MAX;
    responsible(&"a".repeat(bytes_max + 1), ValueFault::TooLong { bytes_max });
}

#[test]
fn a_value_of_another_type_or_outside_its_codes_is_refused() {
    let status = |value: Scalar, fault| {
        spoiled(|change| put_value(change, value), ChangeRefusal::Value(fault));
    };
    status(Scalar::Flag(true), ValueFault::Type);
    status(Scalar::Number(1), ValueFault::Type);
    status(Scalar::Text("finished".to_owned()), ValueFault::Choice);
    let deadline = |date: &str| {
        let Scene { owner, mut honest } = scene(r#"{"deadline":"2026-12-01"}"#);
        put_value(&mut honest, Scalar::Text(date.to_owned()));
        assert_refused(owner, honest, ChangeRefusal::Value(ValueFault::Date));
    };
    deadline("2026-02-30");
    deadline("i morgen");
}

#[test]
fn a_scalar_in_the_place_of_a_text_is_refused() {
    spoiled(
        |change| {
            let Some(Operation::Put { field, .. }) = change.ops.first_mut() else { unreachable!() };
            *field = FieldKey::Title.code();
        },
        ChangeRefusal::Value(ValueFault::Type),
    );
    spoiled(
        |change| {
            let Some(Operation::Put { pred, .. }) = change.ops.first().cloned() else { unreachable!() };
            change.ops = vec![Operation::Clear { field: FieldKey::Title.code(), pred }];
        },
        ChangeRefusal::Object,
    );
    spoiled(
        |change| {
            change.others = Vec::new();
            change.ops = vec![Operation::Make { field: FieldKey::Title.code(), object: ObjectKind::Text }];
        },
        ChangeRefusal::Object,
    );
}

#[test]
fn an_unknown_field_or_one_of_another_kind_is_refused() {
    for code in [0, FieldKey::Address.code(), 4_000, u16::MAX] {
        spoiled(
            |change| {
                let Some(Operation::Put { field, .. }) = change.ops.first_mut() else { unreachable!() };
                *field = code;
            },
            ChangeRefusal::UnknownField,
        );
        spoiled_genesis(
            |change| change.ops.push(Operation::Make { field: code, object: ObjectKind::Text }),
            ChangeRefusal::UnknownField,
        );
    }
}

#[test]
fn a_required_field_cannot_be_cleared() {
    spoiled(
        |change| {
            let Some(Operation::Put { field, pred, .. }) = change.ops.first().cloned() else {
                unreachable!()
            };
            change.ops = vec![Operation::Clear { field, pred }];
        },
        ChangeRefusal::MissingField,
    );
}

#[test]
fn a_record_is_filled_by_the_change_that_inserts_it_and_never_after() {
    let json = r#"{"participants":[{"name":"Ole"}]}"#;
    let (owner, genesis) =
        EntryDocument::create(OWNER, &content(EntryKind::Participants, json)).expect("participants");
    let mut partner = opened(&owner, PARTNER);
    let honest = edited(&mut partner, r#"{"participants":[{"name":"Ole"},{"name":"Per"}]}"#).into_change();
    let record_place = genesis
        .change()
        .ops
        .iter()
        .position(|op| matches!(op, Operation::InsertRecord { .. }))
        .expect("a record");
    let record = by_owner(u32::try_from(record_place).expect("few") + 1);

    let phone = Operation::PutRecord { record, field: FieldKey::Phone.code(), line: "40000000".to_owned() };
    let mut later = honest.clone();
    later.ops.push(phone);
    assert_refused(owner.clone(), later, ChangeRefusal::Predecessors);

    let mut nameless = honest.clone();
    nameless.ops.retain(|op| !matches!(op, Operation::PutRecord { .. }));
    assert_refused(owner.clone(), nameless, ChangeRefusal::Value(ValueFault::Record));

    let mut twice = honest.clone();
    twice.ops.extend(honest.ops.last().cloned());
    assert_refused(owner.clone(), twice, ChangeRefusal::Predecessors);

    let mut foreign = honest;
    for op in &mut foreign.ops {
        if let Operation::PutRecord { field, .. } = op {
            *field = FieldKey::Address.code();
        }
    }
    assert_refused(owner, foreign, ChangeRefusal::UnknownField);
}

fn too_long(bytes_max: usize) -> ChangeRefusal {
    ChangeRefusal::Value(ValueFault::TooLong { bytes_max })
}
