use std::collections::BTreeSet;

use super::*;
use crate::case::edit::CaseFault;
use crate::consent::rule::{Capacity, Party, SubjectKind};
use crate::entry::schema::CARD_DEFAULT_FIELDS;
use crate::entry::value::ValueFault;
use crate::entry::{About, CardField, Content, EntryKind};
use crate::ledger::statement::Level;
use crate::limits::{CASE_DRAFTS_MAX, CASE_GUARDIANS_MAX, CASE_PARTICIPANTS_MAX, DRAFT_CHARACTERS_MAX};
use crate::time::UnixMillis;

pub(crate) const SUBJECT: PersonId = PersonId::from_bytes([1; 16]);
pub(crate) const MOTHER: PersonId = PersonId::from_bytes([2; 16]);
pub(crate) const FATHER: PersonId = PersonId::from_bytes([3; 16]);
const PARTIES: [Party; 3] = [
    Party { person: SUBJECT, capacity: Capacity::Subject },
    Party { person: MOTHER, capacity: Capacity::GuardianWithParentalResponsibility },
    Party { person: FATHER, capacity: Capacity::GuardianWithParentalResponsibility },
];
pub(crate) const TEACHER: PersonId = PersonId::from_bytes([4; 16]);
pub(crate) const AUTHOR: AccountId = AccountId::from_bytes([5; 16]);
pub(crate) const DRAFT: DraftId = DraftId::from_bytes([6; 16]);

pub(crate) fn draft(id: DraftId, fields: &str) -> Draft {
    Draft {
        id,
        author: AUTHOR,
        kind: EntryKind::Measure,
        fields: serde_json::from_str(fields).expect("JSON of fields"),
        areas: BTreeSet::from(["language".parse().expect("an area")]),
        about: BTreeSet::from([About::Subject, About::Guardian(MOTHER)]),
        updated_at: UnixMillis(1_000),
    }
}

fn guardian(person: PersonId, name: &str, relation: Relation) -> GuardianDetails {
    GuardianDetails {
        person,
        name: name.to_owned(),
        relation,
        parental_responsibility: Some(ParentalResponsibility::Joint),
        national_identity_number: None,
        address: None,
        phone: Some("99000001".to_owned()),
        email: None,
        language: Some("nordsamisk".to_owned()),
        interpreter: Some(true),
    }
}

fn participant(person: PersonId) -> Participant {
    Participant {
        person,
        account: Some(AUTHOR),
        name: "Marte Lund".to_owned(),
        role: Some("kontaktlærer".to_owned()),
        service: Some("skole".to_owned()),
        employer: None,
        municipality: None,
        phone: None,
        email: Some("marte@example.no".to_owned()),
    }
}

pub(crate) fn case() -> PrivateCase {
    PrivateCase {
        subject: Subject {
            birth_date: Some("2018-03-25".to_owned()),
            national_identity_number: Some("15831250086".parse().expect("a synthetic number")),
            school: Some("Fjellheim skole".to_owned()),
            interpreter: Some(false),
            address: Some("Bakkeveien 1".to_owned()),
            phone: Some("99000002".to_owned()),
            ..Subject::named(SUBJECT, "Ante Somby".to_owned())
        },
        guardians: vec![
            guardian(MOTHER, "Biret Somby", Relation::Mother),
            guardian(FATHER, "Ánde Somby", Relation::Father),
        ],
        participants: vec![participant(TEACHER)],
        drafts: vec![draft(DRAFT, r#"{"title":"Lesetrening","deadline":"2026-10-01","at_home":true}"#)],
    }
}

fn card(case: &PrivateCase, chosen: impl IntoIterator<Item = CardField>) -> Content {
    source(case).content(&chosen.into_iter().collect()).expect("a checked case")
}

fn source(case: &PrivateCase) -> CardSource<'_> {
    CardSource {
        case,
        parties: &PARTIES,
        subject_kind: SubjectKind::Child,
        level: Level::try_from(2).expect("a level"),
        step: Some("2.1"),
        status: CaseStatus::Active,
    }
}

fn json(content: &Content) -> serde_json::Value {
    serde_json::to_value(content.fields()).expect("JSON of fields")
}

fn card_field(key: FieldKey) -> CardField {
    CardField::try_from(key).expect("a field of the card")
}

#[test]
fn a_card_names_only_guardians_of_the_registered_family() {
    let case = case();
    let guardians = card_field(FieldKey::Guardians);
    let without_father = CardSource { parties: &PARTIES[..2], ..source(&case) };

    let card = without_father.content(&BTreeSet::from([guardians])).expect("a checked case");

    assert_eq!(json(&card), serde_json::json!({ "guardians": ["Biret Somby"] }));
}

#[test]
fn a_card_has_the_chosen_fields_and_no_others() {
    let case = case();
    let chosen = [FieldKey::Name, FieldKey::Level, FieldKey::Guardians, FieldKey::Phone].map(card_field);

    let card = card(&case, chosen);

    assert_eq!(
        json(&card),
        serde_json::json!({
            "name": "Ante Somby", "phone": "99000002", "level": 2, "guardians": ["Biret Somby", "Ánde Somby"],
        })
    );
}

#[test]
fn each_field_of_the_card_is_there_alone_when_it_alone_is_chosen() {
    let mut case = case();
    case.subject.unit = Some("Solstua barnehage".to_owned());
    case.subject.group = Some("2B".to_owned());
    case.subject.language = Some("nordsamisk".to_owned());

    for field in CardField::all() {
        let card = card(&case, [field]);

        assert_eq!(card.fields().keys().collect::<Vec<_>>(), [&field.key()]);
    }
}

#[test]
fn the_usual_card_tells_nothing_of_address_responsibility_identity_number_or_how_to_reach_anybody() {
    let shown = json(&card(&case(), CARD_DEFAULT_FIELDS.iter().copied())).to_string();

    for hidden in ["Bakkeveien", "joint", "15831250086", "99000001", "99000002", "Marte", "Lesetrening"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
    assert!(shown.contains("Ante Somby"));
}

#[test]
fn a_chosen_field_without_a_value_is_left_out() {
    let case = PrivateCase::about(Subject::named(SUBJECT, "Ante Somby".to_owned()));

    let card = card(&case, CardField::all());

    assert_eq!(
        json(&card),
        serde_json::json!({
            "name": "Ante Somby", "subject_kind": "child", "level": 2, "step": "2.1", "status": "active",
        })
    );
}

#[test]
fn a_card_names_parental_responsibility_only_if_guardians_who_have_any_have_the_same() {
    let chosen = [card_field(FieldKey::ParentalResponsibility)];
    let mut case = case();
    let mut with = |father| {
        case.guardians[1].parental_responsibility = father;
        json(&card(&case, chosen)).to_string()
    };

    assert_eq!(with(Some(ParentalResponsibility::Joint)), r#"{"parental_responsibility":"joint"}"#);
    assert_eq!(with(Some(ParentalResponsibility::None)), r#"{"parental_responsibility":"joint"}"#);
    assert_eq!(with(None), r#"{"parental_responsibility":"joint"}"#);
    assert_eq!(with(Some(ParentalResponsibility::AppointedGuardian)), "{}");
}

#[test]
fn bringing_a_card_up_to_date_names_only_chosen_fields_and_clears_what_has_no_value() {
    let mut case = case();
    case.subject.school = None;
    let chosen = BTreeSet::from([FieldKey::Name, FieldKey::School].map(card_field));

    let edit = source(&case).edit(&chosen).expect("a checked case");

    assert_eq!(edit.fields().keys().collect::<Vec<_>>(), [&FieldKey::Name, &FieldKey::School]);
    assert!(edit.fields()[&FieldKey::School].is_none());
}

#[test]
fn the_codes_of_the_case_are_those_of_the_card() {
    for status in CaseStatus::ALL {
        CardSource { status: *status, ..source(&case()) }
            .content(&BTreeSet::from([card_field(FieldKey::Status)]))
            .expect("a status of the card");
    }
    for kind in ParentalResponsibility::ALL.iter().filter(|kind| **kind != ParentalResponsibility::None) {
        let mut case = case();
        case.guardians.iter_mut().for_each(|guardian| guardian.parental_responsibility = Some(*kind));
        assert_eq!(card(&case, [card_field(FieldKey::ParentalResponsibility)]).fields().len(), 1, "{kind:?}");
    }
    for kind in [SubjectKind::Child, SubjectKind::Youth, SubjectKind::PregnantWoman, SubjectKind::Parent] {
        CardSource { subject_kind: kind, ..source(&case()) }
            .content(&BTreeSet::from([card_field(FieldKey::SubjectKind)]))
            .expect("a kind of the card");
    }
}

#[test]
fn nothing_of_a_case_stands_in_debug_output() {
    let case = case();
    let edits = [
        CaseEdit::Subject(vec![SubjectChange::Name("Ante Somby".to_owned())]),
        CaseEdit::PutGuardian(case.guardians[0].clone()),
        CaseEdit::PutParticipant(case.participants[0].clone()),
        CaseEdit::PutDraft { draft: case.drafts[0].clone(), written_on: None },
    ];
    let document = PrivateCaseDocument::create(crate::entry::Actor([1; 16]), &case).expect("a case");

    let printed = format!(
        "{case:#?} {:#?} {:#?} {:#?} {:#?} {edits:#?} {document:#?} {:#?}",
        case.subject,
        case.guardians,
        case.participants,
        case.drafts,
        source(&case)
    );

    for canary in
        ["Somby", "Biret", "Marte", "15831250086", "Bakkeveien", "9900", "Lesetrening", "2018", "example.no"]
    {
        assert!(!printed.contains(canary), "{canary}");
    }
    assert!(printed.contains(REDACTED));
}

fn refused(edit: &CaseEdit) -> CaseFault {
    case().with(edit).expect_err("a fault")
}

#[test]
fn values_that_do_not_fit_are_refused_by_field() {
    let subject = |change| refused(&CaseEdit::Subject(vec![change]));
    let fault = |field, fault| CaseFault::Value { field, fault };

    assert_eq!(subject(SubjectChange::Name(String::new())), fault(FieldKey::Name, ValueFault::Empty));
    assert_eq!(
        subject(SubjectChange::BirthDate(Some("25.03.2018".to_owned()))),
        fault(FieldKey::BirthDate, ValueFault::Date)
    );
    assert_eq!(
        subject(SubjectChange::Address(Some("Bakkeveien 1\n\u{202E}".to_owned()))),
        fault(FieldKey::Address, ValueFault::Control)
    );
    let unnamed = GuardianDetails { name: String::new(), ..guardian(MOTHER, "", Relation::Mother) };
    assert_eq!(refused(&CaseEdit::PutGuardian(unnamed)), fault(FieldKey::Name, ValueFault::Empty));
    let shouting = Participant { phone: Some("9".repeat(2_000)), ..participant(TEACHER) };
    assert_eq!(
        refused(&CaseEdit::PutParticipant(shouting)),
        fault(FieldKey::Phone, ValueFault::TooLong { bytes_max: 1_024 })
    );
}

#[test]
fn the_subject_is_never_its_own_guardian() {
    let itself = guardian(SUBJECT, "Ante Somby", Relation::Other);

    assert_eq!(refused(&CaseEdit::PutGuardian(itself)), CaseFault::GuardianIsSubject);
}

#[test]
fn a_case_takes_as_many_of_each_as_it_may_have_and_not_one_more() {
    let id = |number: usize| -> [u8; 16] {
        std::array::from_fn(|at| if at == 0 { 100 + number as u8 } else { 7 })
    };
    let mut full = case();
    full.guardians = (0..CASE_GUARDIANS_MAX)
        .map(|at| guardian(PersonId::from_bytes(id(at)), "B", Relation::Other))
        .collect();
    full.participants =
        (0..CASE_PARTICIPANTS_MAX).map(|at| participant(PersonId::from_bytes(id(at)))).collect();
    full.drafts = (0..CASE_DRAFTS_MAX).map(|at| draft(DraftId::from_bytes(id(at)), "{}")).collect();
    let full = full.checked().expect("as many as there may be");

    let one_more = |edit: &CaseEdit| full.with(edit).expect_err("one too many");

    assert_eq!(
        one_more(&CaseEdit::PutGuardian(guardian(MOTHER, "B", Relation::Mother))),
        CaseFault::TooManyGuardians { max: CASE_GUARDIANS_MAX }
    );
    assert_eq!(
        one_more(&CaseEdit::PutParticipant(participant(TEACHER))),
        CaseFault::TooManyParticipants { max: CASE_PARTICIPANTS_MAX }
    );
    assert_eq!(
        one_more(&CaseEdit::PutDraft { draft: draft(DRAFT, "{}"), written_on: None }),
        CaseFault::TooManyDrafts { max: CASE_DRAFTS_MAX }
    );
}

#[test]
fn a_draft_that_would_never_fit_one_change_is_refused() {
    let text = |characters| {
        let fields = serde_json::json!({ "description": "a".repeat(characters) }).to_string();
        CaseEdit::PutDraft { draft: draft(DRAFT, &fields), written_on: None }
    };

    assert!(case().with(&text(DRAFT_CHARACTERS_MAX)).is_ok());
    assert_eq!(
        refused(&text(DRAFT_CHARACTERS_MAX + 1)),
        CaseFault::DraftTooLong { draft: DRAFT, characters_max: DRAFT_CHARACTERS_MAX }
    );
}

#[test]
fn a_draft_may_lack_required_fields_but_is_not_published_without_them() {
    let begun = draft(DRAFT, r#"{"title":"Lesetrening","responsible":""}"#).checked().expect("a draft");

    let published = begun.content();

    assert_eq!(begun.fields.keys().collect::<Vec<_>>(), [&FieldKey::Title]);
    assert!(matches!(published, Err(crate::entry::ContentError::Missing { .. })));
    let done = r#"{"title":"Lek","responsible":"Ole","deadline":"2026-10-01","status":"planned"}"#;
    assert_eq!(draft(DRAFT, done).content().expect("complete").kind(), EntryKind::Measure);
}

#[test]
fn a_draft_with_a_field_of_another_kind_is_refused() {
    let edit = CaseEdit::PutDraft { draft: draft(DRAFT, r#"{"on_track":"yes"}"#), written_on: None };

    assert!(matches!(refused(&edit), CaseFault::Draft(_)));
}

#[test]
fn names_are_stored_in_form_c_and_empty_lines_as_nothing() {
    let case = case()
        .with(&CaseEdit::Subject(vec![
            SubjectChange::Name("A\u{30A}se".to_owned()),
            SubjectChange::Phone(Some(String::new())),
        ]))
        .expect("an edit that fits");

    assert_eq!(case.subject.name, "Åse");
    assert_eq!(case.subject.phone, None);
}
