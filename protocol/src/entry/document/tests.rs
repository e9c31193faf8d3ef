use super::*;
use crate::entry::tests::{
    OTHER_PARTNER, OWNER, PARTNER, assert_sound, content, deliver, edit, edited, encoded, fields, measure,
    opened,
};

fn text(document: &EntryDocument, key: FieldKey) -> String {
    document.view().text(key).to_owned()
}

#[test]
fn concurrent_edits_of_a_text_both_stay() {
    let (mut owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);

    let one = edited(&mut owner, r#"{"description":"Tjue minutter hver dag."}"#);
    let other = edited(&mut partner, r#"{"description":"Ti minutter hver dag, ikke søndag."}"#);
    deliver(&other, &mut owner);
    deliver(&one, &mut partner);

    assert_eq!(text(&owner, FieldKey::Description), "Tjue minutter hver dag, ikke søndag.");
    assert_eq!(owner.view(), partner.view());
    assert_eq!(owner.heads(), partner.heads());
    assert_sound(&owner);
}

#[test]
fn concurrent_deadlines_stay_visible_until_one_edit_settles_them() {
    let (mut owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);
    let one = edited(&mut owner, r#"{"deadline":"2026-10-15"}"#);
    let other = edited(&mut partner, r#"{"deadline":"2026-11-01"}"#);
    deliver(&other, &mut owner);
    deliver(&one, &mut partner);

    let both = vec![FieldValue::from("2026-10-15"), FieldValue::from("2026-11-01")];
    assert_eq!(owner.view().conflicts, BTreeMap::from([(FieldKey::Deadline, both)]));
    assert!(partner.has_conflict());

    let settled = edited(&mut owner, r#"{"deadline":"2026-12-01"}"#);
    deliver(&settled, &mut partner);

    assert!(!owner.has_conflict() && !partner.has_conflict());
    assert_eq!(text(&partner, FieldKey::Deadline), "2026-12-01");
}

#[test]
fn a_conflict_is_settled_also_with_either_of_its_values() {
    for chosen in ["2026-10-15", "2026-11-01"] {
        let (mut owner, _) = measure();
        let mut partner = opened(&owner, PARTNER);
        edited(&mut owner, r#"{"deadline":"2026-10-15"}"#);
        let other = edited(&mut partner, r#"{"deadline":"2026-11-01"}"#);
        deliver(&other, &mut owner);

        edited(&mut owner, &format!(r#"{{"deadline":"{chosen}"}}"#));

        assert!(!owner.has_conflict(), "{chosen}");
        assert_eq!(text(&owner, FieldKey::Deadline), chosen);
        assert_sound(&owner);
    }
}

#[test]
fn two_who_choose_the_same_value_are_not_in_conflict() {
    let (mut owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);
    edited(&mut owner, r#"{"status":"started"}"#);
    let same = edited(&mut partner, r#"{"status":"started"}"#);
    deliver(&same, &mut owner);

    let again = owner.edit(&edit(EntryKind::Measure, r#"{"status":"started"}"#), Side::Owner);

    assert_eq!(again, Ok(None));
    assert!(!owner.has_conflict());
    edited(&mut owner, r#"{"status":"done"}"#);
    assert_eq!(text(&owner, FieldKey::Status), "done");
}

#[test]
fn an_edit_that_changes_nothing_makes_no_change() {
    let (mut owner, genesis) = measure();

    let same = edit(EntryKind::Measure, r#"{"title":"Lesetrening","deadline":"2026-10-01","start":null}"#);

    assert_eq!(owner.edit(&same, Side::Owner), Ok(None));
    assert_eq!(owner.heads(), Heads::from(genesis.hash()));
}

#[test]
fn a_cleared_field_is_gone_and_can_be_given_again() {
    let (mut owner, _) = measure();
    edited(&mut owner, r#"{"at_home":null,"description":null}"#);
    assert!(!owner.view().fields.contains_key(&FieldKey::AtHome));
    assert!(!owner.view().fields.contains_key(&FieldKey::Description));

    edited(&mut owner, r#"{"at_home":false,"description":"Ny tekst"}"#);

    assert_eq!(owner.view().fields.get(&FieldKey::AtHome), Some(&FieldValue::Flag(false)));
    assert_eq!(text(&owner, FieldKey::Description), "Ny tekst");
    assert_sound(&owner);
}

#[test]
fn lists_and_records_of_two_people_both_stay() {
    let json = r#"{"participants":[{"name":"Ole"},{"name":"Marte","role":"Kontaktlærer"}]}"#;
    let (mut owner, _) =
        EntryDocument::create(OWNER, &content(EntryKind::Participants, json)).expect("participants");
    let mut partner = opened(&owner, PARTNER);

    edited(
        &mut owner,
        r#"{"participants":[{"name":"Ole","phone":"40000000"},{"name":"Marte","role":"Kontaktlærer"}]}"#,
    );
    let added = edited(
        &mut partner,
        r#"{"participants":[{"name":"Ole"},{"name":"Marte","role":"Kontaktlærer"},{"name":"Per"}]}"#,
    );
    deliver(&added, &mut owner);

    let expected = r#"{"participants":[{"name":"Ole","phone":"40000000"},
        {"name":"Marte","role":"Kontaktlærer"},{"name":"Per"}]}"#;
    assert_eq!(owner.view().fields, fields(expected));
    assert_sound(&owner);
}

#[test]
fn a_change_taken_twice_changes_nothing() {
    let (mut owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);
    let change = edited(&mut partner, r#"{"status":"done"}"#);
    deliver(&change, &mut owner);
    let heads = owner.heads();

    assert_eq!(deliver(&change, &mut owner), Accepted::Known(change.hash()));
    assert_eq!(owner.heads(), heads);
    assert_eq!(owner.change_count(), 2);
}

#[test]
fn changes_since_heads_are_exactly_those_that_are_missing() {
    let (mut owner, genesis) = measure();
    let mut partner = opened(&owner, PARTNER);
    let one = edited(&mut owner, r#"{"status":"started"}"#);
    let other = edited(&mut partner, r#"{"at_home":false}"#);
    deliver(&other, &mut owner);
    let last = edited(&mut owner, r#"{"status":"done"}"#);

    let missing = owner.changes_since(&partner.heads());

    assert_eq!(missing, [one, last]);
    assert_eq!(owner.changes_since(&Heads::default()).first(), Some(&genesis));
    assert_eq!(owner.changes_since(&owner.heads()), []);
    assert_eq!(owner.changes_since(&Heads::from(ChangeHash([9; 32]))).len(), 4);
}

#[test]
fn an_edit_after_anothers_builds_on_it() {
    let (mut owner, _) = measure();
    let mut partner = opened(&owner, PARTNER);
    let mut third = opened(&owner, OTHER_PARTNER);
    for turn in 0..5 {
        let change = edited(&mut partner, &format!(r#"{{"description":"Runde {turn}"}}"#));
        deliver(&change, &mut owner);
        deliver(&change, &mut third);
        let change = edited(&mut owner, &format!(r#"{{"description":"Runde {turn}, lest"}}"#));
        deliver(&change, &mut partner);
        deliver(&change, &mut third);
    }

    assert_eq!(third.view(), owner.view());
    assert_eq!(text(&third, FieldKey::Description), "Runde 4, lest");
    assert_sound(&third);
}

#[test]
fn a_long_text_is_replaced_whole_without_comparing_every_character() {
    let (mut owner, _) = measure();
    let long: String = (0..4_000).map(|n| char::from(b'a' + (n * 7 % 26) as u8)).collect();
    edited(&mut owner, &format!(r#"{{"description":"{long}"}}"#));
    let other = long.to_uppercase();

    edited(&mut owner, &format!(r#"{{"description":"{other}"}}"#));

    assert_eq!(text(&owner, FieldKey::Description), other);
}

#[test]
fn a_text_that_does_not_fit_one_change_is_an_error_and_leaves_the_document_as_it_was() {
    let (mut owner, _) = measure();
    let heads = owner.heads();
    let long = edit(EntryKind::Measure, &format!(r#"{{"description":"{}"}}"#, "a".repeat(20_001)));

    assert_eq!(owner.edit(&long, Side::Owner), Err(EditError::Refused(ChangeRefusal::TooManyOperations)));
    assert_eq!(owner.heads(), heads);
}

#[test]
fn an_entry_of_250_characters_takes_less_than_330_bytes() {
    let description = "Ante leser høyt ti minutter hver dag etter middag. ".repeat(4);
    let json = format!(
        r#"{{"title":"Lesetrening hjemme og på skolen","description":"{description}","responsible":"Ole Olsen",
            "deadline":"2026-10-01","status":"planned","at_home":true}}"#
    );
    let (_, genesis) = EntryDocument::create(OWNER, &content(EntryKind::Measure, &json)).expect("a measure");

    let characters = genesis.change().operation_count();
    let bytes = encoded(genesis.change());

    assert!((240..=260).contains(&characters), "{characters}");
    assert!(bytes.len() < 330, "{}", bytes.len());
    assert!(bytes.len() <= genesis.change().encoded_bytes_max());
}
