use std::collections::BTreeMap;

use super::*;
use crate::access::EntryFacts;
use crate::entry::tests::{OWNER, PARTNER, content, edit, edited, measure, opened};
use crate::entry::{About, FieldValue, SchemaVersion};
use crate::id::{CaseId, EntryId};
use crate::time::UnixMillis;
use crate::transaction::{CarriedTo, EarlierGeneration, EntryRecord, EntryState};

const FIRST: GenerationId = GenerationId::from_bytes([1; 16]);
const SECOND: GenerationId = GenerationId::from_bytes([2; 16]);
const THIRD: GenerationId = GenerationId::from_bytes([3; 16]);

fn us() -> OrganisationNumber {
    "310000027".parse().expect("a number")
}

fn them() -> OrganisationNumber {
    "840029212".parse().expect("a number")
}

fn fresh_actors() -> impl FnMut() -> Actor {
    let mut number = 100u8;
    move || {
        number += 1;
        Actor([number; 16])
    }
}

/// What a partner has of a measure whose owner left the generation that the partner wrote on.
fn received(present: &EntryDocument, earlier: Vec<(GenerationId, &EntryDocument, Heads)>) -> EntryContent {
    let facts = EntryFacts {
        entry: EntryId::from_bytes([4; 16]),
        case: CaseId::from_bytes([5; 16]),
        kind: present.kind(),
        areas: BTreeSet::new(),
        about: BTreeSet::from([About::Subject]),
        written_by: None,
        only_for: None,
        hidden_from_guardians: false,
        generation: THIRD,
        changes: 1,
    };
    let record = EntryRecord {
        facts,
        owner: them(),
        schema: SchemaVersion::CURRENT,
        genesis: present.genesis().expect("a genesis").hash(),
        heads: present.heads(),
        under: BTreeSet::new(),
        state: EntryState::Live,
        author: None,
        stored_at: UnixMillis(1),
        changed_at: UnixMillis(1),
    };
    let earlier = earlier.into_iter().map(|(generation, document, named)| EarlierGeneration {
        generation,
        heads: document.heads(),
        changes: document.changes().to_vec(),
        carried: CarriedTo { heads: named, onto: Heads::default() },
        is_refused: false,
        held_by: BTreeSet::new(),
    });
    EntryContent {
        record,
        changes: present.changes().to_vec(),
        actors: BTreeMap::from([(OWNER, them()), (PARTNER, us())]),
        authors: BTreeMap::new(),
        earlier: earlier.collect(),
    }
}

/// The measure as it was, with a late title and deadline; and the next generation, in which the
/// owner has changed the title and the description.
fn written_on_both_sides() -> (EntryDocument, EntryDocument, Heads) {
    let (old, genesis) = measure();
    let mut ours = opened(&old, PARTNER);
    edited(&mut ours, r#"{"title":"Daglig Lesetrening","deadline":"2026-11-01"}"#);
    let json = r#"{"title":"Lesetrening med lydbok","description":"Tjue minutter.","responsible":"Ole",
        "deadline":"2026-10-01","status":"planned","at_home":true}"#;
    let (next, _) = EntryDocument::create(OWNER, &content(EntryKind::Measure, json)).expect("a measure");
    (ours, next, Heads::from(genesis.hash()))
}

fn seen(content: &EntryContent) -> Shown {
    shown(content, us(), fresh_actors()).expect("opens")
}

#[test]
fn late_edits_are_shown_over_the_present_generation() {
    let (ours, next, named) = written_on_both_sides();

    let shown = seen(&received(&next, vec![(FIRST, &ours, named)]));

    assert_eq!(shown.view.text(FieldKey::Title), "Daglig Lesetrening med lydbok");
    assert_eq!(shown.view.text(FieldKey::Description), "Tjue minutter.");
    assert_eq!(shown.view.fields[&FieldKey::Deadline], FieldValue::from("2026-11-01"));
    assert_eq!(shown.undelivered, Some(Undelivered::Waiting));
}

#[test]
fn what_the_owner_has_named_is_not_shown_twice() {
    let (ours, next, _) = written_on_both_sides();

    let shown = seen(&received(&next, vec![(FIRST, &ours, ours.heads())]));

    assert_eq!((shown.view, shown.undelivered), (next.view(), None));
}

#[test]
fn owner_sees_its_present_generation_alone() {
    let (ours, next, named) = written_on_both_sides();
    let content = received(&next, vec![(FIRST, &ours, named)]);

    let shown = shown(&content, them(), fresh_actors()).expect("opens");

    assert_eq!((shown.view, shown.undelivered), (next.view(), None));
}

#[test]
fn late_edits_of_two_generations_are_shown_over_one_another() {
    let (old, genesis) = measure();
    let mut first = opened(&old, PARTNER);
    edited(&mut first, r#"{"title":"Daglig Lesetrening"}"#);
    let mut second = opened(&old, PARTNER);
    edited(&mut second, r#"{"title":"Lesetrening hjemme"}"#);
    let named = Heads::from(genesis.hash());

    let shown = seen(&received(&old, vec![(FIRST, &first, named.clone()), (SECOND, &second, named)]));

    assert_eq!(shown.view.text(FieldKey::Title), "Daglig Lesetrening hjemme");
}

#[test]
fn a_change_of_another_on_top_of_ours_shows_that_the_owner_has_it() {
    let (old, _) = measure();
    let mut ours = opened(&old, PARTNER);
    edited(&mut ours, r#"{"title":"Daglig lesing"}"#);
    let mut theirs = opened(&ours, OWNER);
    edited(&mut theirs, r#"{"title":"Daglig lesing, gjerne to ganger"}"#);
    let mut again = opened(&theirs, PARTNER);
    let last = edited(&mut again, r#"{"deadline":"2026-12-01"}"#);
    let actors = BTreeMap::from([(OWNER, them()), (PARTNER, us())]);

    let late = late_changes(again.changes(), &actors, us(), &Heads::default());

    assert_eq!(late.changes, [last]);
    assert_eq!(late.shared, theirs.heads());
}

#[test]
fn a_field_is_edited_where_it_has_the_value_that_was_shown() {
    let (ours, next, named) = written_on_both_sides();
    let shown = seen(&received(&next, vec![(FIRST, &ours, named)]));

    let placed = shown
        .place(&edit(EntryKind::Measure, r#"{"description":"Tretti.","deadline":"2026-12-24"}"#))
        .expect("neither was changed in both");
    let both = shown.place(&edit(EntryKind::Measure, r#"{"title":"Noe annet"}"#));

    assert_eq!(placed.present, Some(edit(EntryKind::Measure, r#"{"description":"Tretti."}"#)));
    assert_eq!(placed.earlier, [(FIRST, edit(EntryKind::Measure, r#"{"deadline":"2026-12-24"}"#))]);
    assert_eq!(placed.rewritten, []);
    assert_eq!(both, Err(FieldKey::Title));
}

#[test]
fn refused_edits_are_written_anew_with_the_next_edit() {
    let (ours, next, named) = written_on_both_sides();
    let mut content = received(&next, vec![(FIRST, &ours, named)]);
    content.earlier[0].is_refused = true;
    let shown = seen(&content);
    assert_eq!(shown.undelivered, Some(Undelivered::Refused));

    let placed = shown.place(&edit(EntryKind::Measure, r#"{"status":"started"}"#)).expect("fits");

    assert_eq!((placed.earlier, placed.rewritten), (Vec::new(), vec![FIRST]));
    let mut present = opened(&next, PARTNER);
    present.edit(&placed.present.expect("all of it"), Side::Partner).expect("fits").expect("a change");
    assert_eq!(present.view().text(FieldKey::Title), "Daglig Lesetrening med lydbok");
    assert_eq!(present.view().fields[&FieldKey::Deadline], FieldValue::from("2026-11-01"));
    assert_eq!(present.view().fields[&FieldKey::Status], FieldValue::from("started"));
}

#[test]
fn nothing_is_edited_while_some_edits_are_refused_and_others_are_on_their_way() {
    let (ours, next, named) = written_on_both_sides();
    let mut content = received(&next, vec![(FIRST, &ours, named.clone()), (SECOND, &ours, named)]);
    content.earlier[0].is_refused = true;

    let placed = seen(&content).place(&edit(EntryKind::Measure, r#"{"status":"started"}"#));

    assert_eq!(placed, Err(FieldKey::Status));
}
