//! What the tests of all files here share, and the tests that need all of them.

use std::collections::BTreeMap;

use super::*;
use crate::entry::content::Fields;

mod hostile;
mod random;

pub(crate) const OWNER: Actor = Actor([1; 16]);
pub(crate) const PARTNER: Actor = Actor([2; 16]);
pub(crate) const OTHER_PARTNER: Actor = Actor([3; 16]);

pub(crate) fn fields(json: &str) -> Fields {
    serde_json::from_str(json).expect("JSON of fields")
}

pub(crate) fn edit(kind: EntryKind, json: &str) -> Edit {
    Edit::new(kind, serde_json::from_str(json).expect("JSON of an edit")).expect("an edit that fits")
}

pub(crate) fn content(kind: EntryKind, json: &str) -> Content {
    Content::new(kind, fields(json)).expect("content that fits")
}

pub(crate) fn measure() -> (EntryDocument, CheckedChange) {
    let json = r#"{"title":"Lesetrening","description":"Ti minutter hver dag.","responsible":"Ole",
        "deadline":"2026-10-01","status":"planned","at_home":true}"#;
    EntryDocument::create(OWNER, &content(EntryKind::Measure, json)).expect("a measure")
}

/// The same document as another actor has it.
pub(crate) fn opened(document: &EntryDocument, actor: Actor) -> EntryDocument {
    EntryDocument::open(document.kind(), actor, document.changes()).expect("its own changes")
}

pub(crate) fn edited(document: &mut EntryDocument, json: &str) -> CheckedChange {
    let edit = edit(document.kind(), json);
    document.edit(&edit, Side::Owner).expect("an edit that fits").expect("something to change")
}

pub(crate) fn deliver(change: &CheckedChange, document: &mut EntryDocument) -> Accepted {
    document.accept(change.change().clone(), Side::Partner).expect("an honest change")
}

/// Bytes as the wire has them: big-endian, numbers of variable length.
pub(crate) fn encoded(change: &Change) -> Vec<u8> {
    bincode::encode_to_vec(change, bincode::config::standard().with_big_endian()).expect("in memory")
}

pub(crate) fn decoded(bytes: &[u8]) -> Option<Change> {
    let config = bincode::config::standard().with_big_endian().with_limit::<{ 4 * 64 * 1024 }>();
    bincode::decode_from_slice(bytes, config).ok().map(|(change, _)| change)
}

/// A document must be fit for use whatever was tried on it.
pub(crate) fn assert_sound(document: &EntryDocument) {
    let reopened = opened(document, Actor([250; 16]));
    assert_eq!(reopened.view(), document.view());
    assert_eq!(reopened.heads(), document.heads());
    let saved = document.tree().save();
    let loaded = automerge::Automerge::load(&saved).expect("what was saved");
    assert_eq!(loaded.get_heads(), document.tree().get_heads());
}

#[test]
fn heads_in_another_order_or_repeated_are_refused() {
    let (one, two) = (ChangeHash([1; 32]), ChangeHash([2; 32]));

    assert_eq!(Heads::try_from(vec![one, two]), Ok(Heads::new(vec![two, one, two])));
    assert_eq!(Heads::try_from(vec![two, one]), Err(HeadsError));
    assert_eq!(Heads::try_from(vec![one, one]), Err(HeadsError));
}

#[test]
fn a_hash_reads_back_from_its_text_and_nothing_else_does() {
    let hash = ChangeHash(std::array::from_fn(|place| place as u8));

    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!("00ff".parse::<ChangeHash>(), Err(HexError { bytes: 32 }));
    assert_eq!(format!("{hash}0").parse::<ChangeHash>(), Err(HexError { bytes: 32 }));
    assert_eq!("+1".repeat(16).parse::<Actor>(), Err(HexError { bytes: 16 }));
}

#[test]
fn an_entry_of_every_kind_can_be_made_opened_and_checked_as_a_genesis() {
    for (kind, json) in samples() {
        let (document, genesis) = EntryDocument::create(OWNER, &content(kind, json))
            .unwrap_or_else(|error| panic!("{kind}: {error}"));

        let checked = check_genesis(kind, SchemaVersion::CURRENT, genesis.change().clone(), genesis.hash());

        assert_eq!(checked.as_ref(), Ok(&genesis), "{kind}");
        assert_eq!(document.view().fields, fields(json), "{kind}");
        assert_sound(&document);
    }
}

pub(crate) fn samples() -> BTreeMap<EntryKind, &'static str> {
    use EntryKind::*;
    BTreeMap::from([
        (CaseCard, r#"{"name":"Ante","level":2,"interpreter":false,"guardians":["Biret","Ánde"]}"#),
        (Participants, r#"{"participants":[{"name":"Ole","role":"PP-rådgiver"},{"name":"Marte"}]}"#),
        (Concern, r#"{"title":"Lite lek","description":"Står alene.","observed_since":"2026-08-20"}"#),
        (Goal, r#"{"title":"En venn","formulated_by":"child","attainment":"some"}"#),
        (Measure, r#"{"title":"Lek","responsible":"Ole","deadline":"2026-10-01","status":"started"}"#),
        (Meeting, r#"{"date":"2026-09-01","time":"13:30","mode":"video","present":["Marte","Ole"]}"#),
        (AgendaPoint, r#"{"title":"Siden sist","position":1}"#),
        (Agreement, r#"{"title":"Ringe helsesykepleier","responsible":"Marte"}"#),
        (Decision, r#"{"decision":"level-up","date":"2026-09-01","reason":"Ingen bedring."}"#),
        (Evaluation, r#"{"date":"2026-09-01","on_track":"partly","child_heard":true}"#),
        (ChildVoice, r#"{"description":"Jeg vil være med.","obtained_by":"drawing"}"#),
        (GuardianInput, r#"{"description":"Vi er enige.","guardian":"Biret"}"#),
        (Note, r#"{"description":"Æøå og 😀."}"#),
        (BrightSpot, r#"{"description":"Lo høyt i dag!","date":"2026-09-02"}"#),
    ])
}

/// The operation that made the text of a field, as a change of another actor names it.
pub(crate) fn object_of(document: &EntryDocument, key: FieldKey) -> u32 {
    let genesis = document.genesis().expect("a genesis").change();
    let mut counter = 1;
    for op in &genesis.ops {
        if matches!(op, operation::Operation::Make { field, .. } if *field == key.code()) {
            return counter;
        }
        counter += u32::try_from(op.operation_count()).expect("few");
    }
    panic!("no object of {key}")
}
