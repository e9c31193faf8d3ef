use std::collections::BTreeMap;

use super::*;
use crate::case::tests::{AUTHOR, DRAFT, FATHER, MOTHER, TEACHER, case, draft};
use crate::case::{DraftRevision, SubjectChange};
use crate::entry::FieldKey;
use crate::id::AccountId;
use crate::limits::{CASE_DRAFT_CHARACTERS_MAX, DRAFT_CHARACTERS_MAX};
use crate::time::UnixMillis;

const OTHER_DRAFT: DraftId = DraftId::from_bytes([8; 16]);

/// Draws actors that differ.
struct Actors(u8);

impl Actors {
    fn fresh(&mut self) -> Actor {
        self.0 += 1;
        Actor([self.0; 16])
    }
}

fn document() -> (PrivateCaseDocument, Actors) {
    let mut actors = Actors(0);
    (PrivateCaseDocument::create(actors.fresh(), &case()).expect("a case"), actors)
}

fn put(fields: &str, written_on: Option<DraftRevision>) -> CaseEdit {
    CaseEdit::PutDraft { draft: draft(DRAFT, fields), written_on }
}

fn description(text: &str) -> String {
    serde_json::json!({ "description": text }).to_string()
}

fn field(document: &PrivateCaseDocument, key: FieldKey) -> String {
    let draft = document.view().draft(DRAFT).expect("the draft");
    serde_json::to_value(&draft.fields[&key]).expect("JSON").as_str().expect("a string").to_owned()
}

fn revision(document: &PrivateCaseDocument) -> Option<DraftRevision> {
    document.draft_revision(DRAFT)
}

/// A document must be what its bytes say, whatever was done to it.
fn assert_sound(document: &PrivateCaseDocument) {
    let opened = PrivateCaseDocument::open(Actor([200; 16]), &document.save()).expect("its own bytes");
    assert!(opened.view() == document.view());
    assert_eq!(opened.heads(), document.heads());
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Every text that the saved bytes hold, also deleted: Automerge's columns are compressed and
/// hold each character apart, so the history is played back change by change.
fn history(bytes: &[u8]) -> String {
    let options = LoadOptions::new().text_encoding(TextEncoding::UnicodeCodePoint);
    let tree = Automerge::load_with_options(bytes, options).expect("saved bytes");
    let changes = tree.get_changes(&[]);
    let mut said = String::new();
    for change in &changes {
        let before = tree.fork_at(&[change.hash()]).expect("its own change");
        said.push_str(&format!("{:?}\n", before.hydrate(None)));
        if let Some(draft) = tree::draft(&before, DRAFT) {
            said.push_str(&serde_json::to_string(&draft.fields).expect("JSON"));
        }
    }
    said
}

#[test]
fn a_case_reads_back_from_its_saved_bytes() {
    let (document, mut actors) = document();

    let opened = PrivateCaseDocument::open(actors.fresh(), &document.save()).expect("its own bytes");

    assert!(*opened.view() == case());
    assert_eq!(document.save(), opened.save());
}

#[test]
fn a_draft_of_every_kind_reads_back() {
    let (mut document, mut actors) = document();
    let mut expected = BTreeMap::new();
    for (number, (kind, fields)) in (50..).zip(crate::entry::tests::samples()) {
        let id = DraftId::from_bytes([number; 16]);
        let written = Draft { kind, ..draft(id, fields) };
        let edit = CaseEdit::PutDraft { draft: written.clone(), written_on: None };
        assert_eq!(document.edit(&edit, actors.fresh()), Ok(true), "{kind}");
        expected.insert(id, written);
    }

    assert_sound(&document);
    for (id, written) in expected {
        assert!(document.view().draft(id) == Some(&written), "{}", written.kind);
    }
}

#[test]
fn edits_of_subject_family_and_participants_stand_after_opening_again() {
    let (mut document, mut actors) = document();
    let mut mother = document.view().guardian(MOTHER).expect("the mother").clone();
    mother.phone = Some("99000009".to_owned());
    let edits = [
        CaseEdit::Subject(vec![SubjectChange::School(None), SubjectChange::Unit(Some("Solstua".to_owned()))]),
        CaseEdit::PutGuardian(mother.clone()),
        CaseEdit::RemoveGuardian(FATHER),
        CaseEdit::RemoveParticipant(TEACHER),
    ];

    for edit in &edits {
        assert_eq!(document.edit(edit, actors.fresh()), Ok(true));
        assert_eq!(document.edit(edit, actors.fresh()), Ok(false), "a second time");
    }

    assert_sound(&document);
    assert_eq!(document.view().subject.school, None);
    assert_eq!(document.view().subject.unit.as_deref(), Some("Solstua"));
    assert!(document.view().guardians == [mother]);
    assert!(document.view().participants.is_empty());
}

#[test]
fn two_people_who_write_on_one_draft_both_keep_their_words() {
    let (mut document, mut actors) = document();
    document.edit(&put(&description("Vi leser sammen."), None), actors.fresh()).expect("a draft");
    let both_saw = revision(&document);

    let first = put(&description("Vi leser sammen hver dag."), both_saw.clone());
    let second = put(&description("I klassen: Vi leser sammen."), both_saw);
    document.edit(&first, actors.fresh()).expect("the first");
    document.edit(&second, actors.fresh()).expect("the second");

    assert_eq!(field(&document, FieldKey::Description), "I klassen: Vi leser sammen hver dag.");
    assert_eq!(document.heads().as_slice().len(), 1);
    assert_sound(&document);
}

#[test]
fn a_field_that_only_the_first_writer_changed_is_not_put_back_by_the_second() {
    let (mut document, mut actors) = document();
    let both_saw = revision(&document);
    let first = r#"{"title":"Lesetrening","deadline":"2026-11-01","at_home":true}"#;
    let second = r#"{"title":"Leseøving","deadline":"2026-10-01","at_home":true,"responsible":"Ole"}"#;

    document.edit(&put(first, both_saw.clone()), actors.fresh()).expect("the first");
    document.edit(&put(second, both_saw), actors.fresh()).expect("the second");

    assert_eq!(field(&document, FieldKey::Deadline), "2026-11-01");
    assert_eq!(field(&document, FieldKey::Responsible), "Ole");
    assert_eq!(field(&document, FieldKey::Title), "Leseøving");
}

#[test]
fn of_two_values_of_one_field_the_later_saved_stays() {
    let (mut document, mut actors) = document();
    let both_saw = revision(&document);

    for day in ["2026-11-01", "2026-12-01"] {
        let fields = format!(r#"{{"title":"Lesetrening","deadline":"{day}","at_home":true}}"#);
        document.edit(&put(&fields, both_saw.clone()), actors.fresh()).expect("an edit");
    }

    assert_eq!(field(&document, FieldKey::Deadline), "2026-12-01");
    assert_sound(&document);
}

#[test]
fn merged_writing_is_put_into_form_c() {
    let (mut document, mut actors) = document();
    let both_saw = revision(&document);
    // Each is in form C; the letter comes to stand before the other writer's ring.
    document.edit(&put(&description("\u{30A}"), both_saw.clone()), actors.fresh()).expect("the first");
    document.edit(&put(&description("a"), both_saw), actors.fresh()).expect("the second");

    assert_eq!(field(&document, FieldKey::Description), "å");
    assert_sound(&document);
}

#[test]
fn writing_goes_on_after_another_edit_dropped_the_history() {
    let (mut document, mut actors) = document();
    document.edit(&put(&description("Vi leser."), None), actors.fresh()).expect("a draft");
    let seen = revision(&document);
    let elsewhere = CaseEdit::Subject(vec![SubjectChange::Phone(None)]);
    document.edit(&elsewhere, actors.fresh()).expect("an edit elsewhere");

    let saved = document.edit(&put(&description("Vi leser hver dag."), seen), actors.fresh());

    assert_eq!(saved, Ok(true));
    assert_eq!(field(&document, FieldKey::Description), "Vi leser hver dag.");
}

#[test]
fn writing_on_a_draft_that_moved_and_lost_its_history_is_refused_and_loses_nothing() {
    let (mut document, mut actors) = document();
    document.edit(&put(&description("Vi leser."), None), actors.fresh()).expect("a draft");
    let seen = revision(&document);
    document.edit(&put(&description("De leser."), seen.clone()), actors.fresh()).expect("another writer");
    document = document.compacted(actors.fresh()).expect("the present value");

    let saved = document.edit(&put(&description("Vi leser hver dag."), seen), actors.fresh());

    assert_eq!(saved, Err(CaseEditError::DraftMoved { draft: DRAFT }));
    assert_eq!(field(&document, FieldKey::Description), "De leser.");
}

#[test]
fn a_published_draft_does_not_come_back_from_a_form_that_was_open() {
    let (mut document, mut actors) = document();
    let seen = revision(&document);
    document.edit(&CaseEdit::RemoveDraft(DRAFT), actors.fresh()).expect("published");

    let saved = document.edit(&put(&description("Vi leser."), seen), actors.fresh());

    assert_eq!(saved, Err(CaseEditError::DraftGone { draft: DRAFT }));
    assert!(document.view().drafts.is_empty());
}

#[test]
fn a_draft_keeps_its_author_and_its_kind_and_its_time_never_goes_back() {
    let (mut document, mut actors) = document();
    let mut again = draft(DRAFT, r#"{"title":"Lek"}"#);
    again.author = AccountId::from_bytes([99; 16]);
    again.updated_at = UnixMillis(5);
    let other_kind = Draft { kind: EntryKind::Goal, ..again.clone() };

    let edit = CaseEdit::PutDraft { draft: again, written_on: None };
    assert_eq!(document.edit(&edit, actors.fresh()), Ok(true));
    let edit = CaseEdit::PutDraft { draft: other_kind, written_on: None };
    let refused = document.edit(&edit, actors.fresh());

    assert_eq!(refused, Err(CaseEditError::DraftKind { draft: DRAFT, kind: EntryKind::Measure }));
    let kept = document.view().draft(DRAFT).expect("the draft");
    assert_eq!((kept.author, kept.updated_at), (AUTHOR, UnixMillis(1_000)));
}

#[test]
fn saving_a_draft_that_says_the_same_changes_nothing() {
    let (mut document, mut actors) = document();
    let mut same = document.view().draft(DRAFT).expect("the draft").clone();
    same.updated_at = UnixMillis(2_000);
    let before = document.save();

    let edit = CaseEdit::PutDraft { draft: same, written_on: revision(&document) };

    assert_eq!(document.edit(&edit, actors.fresh()), Ok(false));
    assert_eq!(document.save(), before);
}

#[test]
fn text_deleted_in_a_draft_stays_in_the_bytes_until_any_draft_is_removed() {
    let (mut document, mut actors) = document();
    let other = CaseEdit::PutDraft { draft: draft(OTHER_DRAFT, "{}"), written_on: None };
    document.edit(&other, actors.fresh()).expect("another draft");
    document.edit(&put(&description("Kanariskrift"), None), actors.fresh()).expect("a draft");
    document.edit(&put(&description("Vi leser."), None), actors.fresh()).expect("thought better of");
    assert!(history(&document.save()).contains("Kanariskrift"), "merging needs what was written");

    document.edit(&CaseEdit::RemoveDraft(OTHER_DRAFT), actors.fresh()).expect("published");

    assert!(!history(&document.save()).contains("Kanariskrift"));
    assert_eq!(document.tree.stats().num_changes, 1);
    assert_eq!(field(&document, FieldKey::Description), "Vi leser.");
}

#[test]
fn nothing_of_a_removed_draft_is_left_in_the_bytes() {
    let (mut document, mut actors) = document();
    for text in ["Kanari", "Kanariskrift en", "Kanariskrift to"] {
        document.edit(&put(&description(text), revision(&document)), actors.fresh()).expect("writing");
    }
    assert!(history(&document.save()).contains("Kanariskrift"));

    document.edit(&CaseEdit::RemoveDraft(DRAFT), actors.fresh()).expect("published");

    let bytes = document.save();
    assert!(!history(&bytes).contains("Kanari"));
    assert!(!holds(&document.tree.save_nocompress(), "Kanari"));
    assert!(!holds(&document.tree.save_nocompress(), &DRAFT.to_string()));
    let without = PrivateCase { drafts: Vec::new(), ..case() };
    let never = PrivateCaseDocument::create(document.actor(), &without).expect("a case");
    assert_eq!(bytes, never.save(), "the same bytes as if there had never been a draft");
}

#[test]
fn a_corrected_address_is_not_kept() {
    let (mut document, mut actors) = document();
    assert!(holds(&document.tree.save_nocompress(), "Bakkeveien"), "the search finds what is there");

    let moved = CaseEdit::Subject(vec![SubjectChange::Address(None)]);
    document.edit(&moved, actors.fresh()).expect("an edit");

    assert!(!holds(&document.tree.save_nocompress(), "Bakkeveien"));
    assert!(!history(&document.save()).contains("Bakkeveien"));
}

#[test]
fn a_long_history_is_dropped_by_the_edit_after_it() {
    let (mut document, mut actors) = document();
    while !document.is_long() {
        let text = format!("{}", document.tree.stats().num_changes);
        document.edit(&put(&description(&text), None), Actor([251; 16])).expect("writing");
    }

    let fresh = actors.fresh();
    document.edit(&put(&description("til slutt"), None), fresh).expect("writing");

    assert!(document.tree.stats().num_changes <= 2);
    assert_eq!(document.actor(), fresh);
    assert_eq!(field(&document, FieldKey::Description), "til slutt");
    assert_sound(&document);
}

#[test]
fn merging_into_a_long_history_comes_to_an_end_and_writing_goes_on() {
    let (mut document, mut actors) = document();
    let seen = revision(&document);
    let deadline = |day: u64| {
        let day = day % 28 + 1;
        format!(r#"{{"title":"Lesetrening","deadline":"2027-01-{day:02}","at_home":true}}"#)
    };
    // The store would give each merged edit an actor of its own; one is enough for the count.
    let merged = (0..3 * CASE_CHANGES_MAX)
        .map(|day| document.edit(&put(&deadline(day), seen.clone()), Actor([251; 16])))
        .find_map(Result::err);
    assert_eq!(merged, Some(CaseEditError::DraftMoved { draft: DRAFT }));
    assert_sound(&document);

    let saved = document.edit(&put(r#"{"title":"Lek"}"#, None), actors.fresh());

    assert_eq!(saved, Ok(true));
    assert!(!document.is_long());
}

#[test]
fn a_revision_still_merges_after_the_document_was_opened_again() {
    let (mut document, mut actors) = document();
    let seen = revision(&document);
    let day = |title| format!(r#"{{"title":"{title}","deadline":"2026-10-01","at_home":true}}"#);
    document.edit(&put(&day("Lesetrening ute"), seen.clone()), actors.fresh()).expect("the first");
    let mut opened = PrivateCaseDocument::open(actors.fresh(), &document.save()).expect("its own bytes");

    opened.edit(&put(&day("God Lesetrening"), seen), actors.fresh()).expect("the second");

    assert_eq!(field(&opened, FieldKey::Title), "God Lesetrening ute");
    assert_sound(&opened);
}

#[test]
fn the_largest_case_fits_the_bytes_that_are_opened() {
    let mut full = case();
    let drafts = CASE_DRAFT_CHARACTERS_MAX / DRAFT_CHARACTERS_MAX;
    // Characters of three bytes that do not repeat in short runs.
    let character = |at: usize| char::from_u32(0x4E00 + (at as u32).wrapping_mul(7_919) % 20_000);
    let text: String = (0..DRAFT_CHARACTERS_MAX).filter_map(character).collect();
    full.drafts = (0..drafts)
        .map(|number| draft(DraftId::from_bytes([number as u8; 16]), &description(&text)))
        .collect();

    let document = PrivateCaseDocument::create(Actor([1; 16]), &full).expect("as much as fits");

    let bytes = document.tree.save_nocompress().len();
    assert!(bytes * 4 < CASE_DOCUMENT_BYTES_MAX, "{bytes}");
    assert_sound(&document);
}

#[test]
fn all_drafts_together_have_a_bound() {
    let (mut document, mut actors) = document();
    document.edit(&CaseEdit::RemoveDraft(DRAFT), actors.fresh()).expect("room for others");
    let text = description(&"a".repeat(DRAFT_CHARACTERS_MAX));
    let mut last = Ok(true);
    for number in 100..=100 + (CASE_DRAFT_CHARACTERS_MAX / DRAFT_CHARACTERS_MAX) as u8 {
        last.expect("room so far");
        let draft = draft(DraftId::from_bytes([number; 16]), &text);
        last = document.edit(&CaseEdit::PutDraft { draft, written_on: None }, actors.fresh());
    }

    let fault = CaseFault::DraftsTooLong { characters_max: CASE_DRAFT_CHARACTERS_MAX };
    assert_eq!(last, Err(CaseEditError::Refused(fault)));
    assert_sound(&document);
}

#[test]
fn damaged_bytes_give_an_error() {
    let (document, _) = document();
    let bytes = document.save();

    for cut in 0..bytes.len() {
        assert!(PrivateCaseDocument::open(Actor([9; 16]), &bytes[..cut]).is_err(), "cut at {cut}");
    }
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x10;
        assert!(PrivateCaseDocument::open(Actor([9; 16]), &damaged).is_err(), "changed at {place}");
    }
    let too_many = vec![0; CASE_DOCUMENT_BYTES_MAX + 1];
    assert!(matches!(
        PrivateCaseDocument::open(Actor([9; 16]), &too_many),
        Err(CaseDocumentError::TooLarge { .. })
    ));
}

#[test]
fn a_tree_that_is_not_a_case_or_of_a_newer_version_is_refused() {
    use automerge::transaction::Transactable;
    let open = |change: &dyn Fn(&mut Transaction<'_>)| {
        let (mut document, _) = document();
        let mut transaction = document.tree.transaction();
        change(&mut transaction);
        transaction.commit();
        PrivateCaseDocument::open(Actor([9; 16]), &document.save()).map(|_| ())
    };
    let root = automerge::ROOT;

    assert_eq!(open(&|_| {}), Ok(()));
    assert_eq!(
        open(&|tree| tree.put(&root, "version", 2_u64).expect("a put")),
        Err(CaseDocumentError::Version { expected: 1, found: 2 })
    );
    assert_eq!(
        open(&|tree| tree.put(&root, "subject", "Ante").expect("a put")),
        Err(CaseDocumentError::Shape)
    );
    assert_eq!(open(&|tree| tree.delete(&root, "version").expect("a delete")), Err(CaseDocumentError::Shape));
}

#[test]
fn a_revision_reads_back_from_its_text_and_nothing_else_does() {
    let (document, _) = document();
    let seen = revision(&document).expect("the draft");

    assert_eq!(seen.to_string().parse(), Ok(seen.clone()));
    let hash = "00".repeat(32);
    for bad in [
        String::new(),
        "x".to_owned(),
        format!("{seen}."),
        format!("{seen}{}", format!(".{hash}").repeat(40)),
    ] {
        assert!(bad.parse::<DraftRevision>().is_err(), "{bad}");
    }
}

#[test]
fn a_made_up_revision_is_refused() {
    let (mut document, mut actors) = document();
    let made_up = [format!("{}.{}", "00".repeat(32), "11".repeat(32)), "00".repeat(32)];

    for text in made_up {
        let made_up = Some(text.parse().expect("the form of a revision"));
        let saved = document.edit(&put(&description("Vi leser."), made_up), actors.fresh());

        assert_eq!(saved, Err(CaseEditError::DraftMoved { draft: DRAFT }));
    }
}

#[test]
fn the_same_actors_and_edits_give_the_same_bytes() {
    let made = || {
        let (mut document, mut actors) = document();
        let seen = revision(&document);
        document.edit(&put(&description("en"), seen.clone()), actors.fresh()).expect("the first");
        document.edit(&put(&description("to"), seen), actors.fresh()).expect("the second");
        document.save()
    };

    assert_eq!(made(), made());
}
