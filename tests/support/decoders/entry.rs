//! Frames, changes and what people write.

use stafett_protocol::entry::operation::Change;
use stafett_protocol::entry::{Actor, Content, Edit, EntryDocument, EntryKind, SchemaVersion, Side, check};
use stafett_protocol::wire::codec::{decode, decode_change, encode, encode_change};

/// What is taken for a frame is written again byte for byte.
pub(super) fn frame(bytes: &[u8]) {
    if let Ok(frame) = decode(bytes) {
        assert_eq!(encode(&frame).expect("what was read is written"), bytes);
    }
}

/// A document as a node holds one, with a field of text and an edit of the partner's.
fn document(kind: EntryKind) -> EntryDocument {
    let fields = match kind {
        EntryKind::Measure => {
            r#"{"title":"Lese","responsible":"Ole","deadline":"2027-01-01","status":"planned"}"#
        }
        EntryKind::Goal => r#"{"title":"Lese"}"#,
        _ => r#"{"description":"Hei"}"#,
    };
    let content = Content::new(kind, serde_json::from_str(fields).expect("fields")).expect("fits");
    EntryDocument::create(Actor([0x71; 16]), &content).expect("makes a document").0
}

/// A change that is taken leaves a document that can be read, stored and opened again.
pub(super) fn change(bytes: &[u8]) {
    let Ok(change) = decode_change(bytes) else { return };
    assert_eq!(encode_change(&change).expect("what was read is written"), bytes);
    let Ok(hash) = change.hash() else { return };
    for kind in EntryKind::ALL {
        if let Ok(checked) = check::check_genesis(kind, SchemaVersion::CURRENT, change.clone(), hash) {
            must_open(
                &EntryDocument::open(kind, Actor([0x73; 16]), &[checked]).expect("a genesis opens"),
                kind,
            );
        }
    }
    for kind in [EntryKind::Note, EntryKind::Goal, EntryKind::Measure] {
        take(kind, &change);
    }
}

fn take(kind: EntryKind, change: &Change) {
    let mut document = document(kind);
    let before = document.view();
    match document.accept(change.clone(), Side::Partner) {
        Ok(_) => must_open(&document, kind),
        Err(_) => assert_eq!(document.view(), before, "a change that is refused changes nothing"),
    }
}

fn must_open(document: &EntryDocument, kind: EntryKind) {
    let again = EntryDocument::open(kind, Actor([0x74; 16]), document.changes()).expect("opens again");
    assert_eq!(again.view(), document.view());
    assert_eq!(again.heads(), document.heads());
}

/// What is taken as the content of an entry makes one.
pub(super) fn fields(bytes: &[u8]) {
    if let Ok(fields) = serde_json::from_slice::<stafett_protocol::entry::content::Fields>(bytes) {
        for kind in EntryKind::ALL {
            let Ok(content) = Content::new(kind, fields.clone()) else { continue };
            if let Ok((document, _)) = EntryDocument::create(Actor([0x71; 16]), &content) {
                must_open(&document, kind);
            }
        }
    }
    let Ok(fields) = serde_json::from_slice(bytes) else { return };
    if let Ok(edit) = Edit::new(EntryKind::Note, fields) {
        let mut document = document(EntryKind::Note);
        if document.edit(&edit, Side::Partner).is_ok() {
            must_open(&document, EntryKind::Note);
        }
    }
}
