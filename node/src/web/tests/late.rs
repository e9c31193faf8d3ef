//! Edits at a partner that the owner does not have when the entry goes on to a new generation: they
//! are shown, further edits go where they belong, and what was refused is written anew (law 7).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stafett_protocol::access::{EntryFacts, OnlyFor};
use stafett_protocol::consent::Direction;
use stafett_protocol::entry::{About, Actor, Content, EntryDocument, EntryKind, Heads, SchemaVersion};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GenerationId, GrantId};
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{
    CarriedTo, EntryContent, EntryRecord, EntryState, GenerationWrite, Transaction, Write,
};

use super::support::{NOW, Node, PARTNER, Who};
use crate::keys::{CertificateSubject, NodeKeys};

pub(super) const CASE: CaseId = CaseId::from_bytes([0x41; 16]);
const ENTRY: EntryId = EntryId::from_bytes([0x42; 16]);
const GRANT: GrantId = GrantId::from_bytes([0x43; 16]);
const FIRST: GenerationId = GenerationId::from_bytes([0x44; 16]);
const SECOND: GenerationId = GenerationId::from_bytes([0x45; 16]);

fn owner() -> OrganisationNumber {
    PARTNER.parse().expect("a number")
}

fn grant(partner: OrganisationNumber) -> Write {
    grant_of(partner, CASE, GRANT, "school")
}

fn grant_of(partner: OrganisationNumber, case: CaseId, grant: GrantId, service: &str) -> Write {
    let subject = CertificateSubject {
        organisation: owner(),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + 1),
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    let key = SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key");
    let grant = Grant {
        grant,
        owner: owner(),
        partner,
        service: service.parse().expect("a code"),
        case,
        consent: ConsentId::from_bytes([0x46; 16]),
        areas: BTreeSet::from(["language".parse().expect("a code")]),
        kinds: BTreeSet::from([EntryKind::Note]),
        direction: Direction::Both,
        from: UnixMillis(0),
        until: UnixMillis::MAX,
    };
    Write::GrantReceived(key.sign(grant).expect("signs"))
}

/// A note of the owner's in one generation, as it comes over the link.
fn note(generation: GenerationId, actor: u8, fields: &Value) -> [Write; 2] {
    let fields = serde_json::from_value(fields.clone()).expect("fields");
    let content = Content::new(EntryKind::Note, fields).expect("fits");
    let (document, genesis) = EntryDocument::create(Actor([actor; 16]), &content).expect("a note");
    let facts = EntryFacts {
        entry: ENTRY,
        case: CASE,
        kind: EntryKind::Note,
        areas: BTreeSet::from(["language".parse().expect("a code")]),
        about: BTreeSet::from([About::Subject]),
        written_by: None,
        only_for: None,
        hidden_from_guardians: false,
        generation,
        changes: 1,
    };
    let record = EntryRecord {
        facts,
        owner: owner(),
        schema: SchemaVersion::CURRENT,
        genesis: genesis.hash(),
        heads: document.heads(),
        under: BTreeSet::from([GRANT]),
        state: EntryState::Live,
        author: None,
        stored_at: UnixMillis(NOW),
        changed_at: UnixMillis(NOW),
    };
    let (entry, at) = (ENTRY, UnixMillis(NOW));
    [Write::Entry(record), Write::Change { entry, generation, change: genesis, origin: owner(), at }]
}

async fn commit(node: &Node, writes: impl IntoIterator<Item = Write>) {
    let transaction = Transaction::of(writes.into_iter().collect());
    node.engine.store().commit(transaction).await.expect("commits");
}

async fn content(node: &Node) -> EntryContent {
    node.engine.store().content(ENTRY).await.expect("reads").expect("is there")
}

fn path() -> String {
    format!("/api/v1/cases/{CASE}/entries/{ENTRY}")
}

async fn edit(node: &Node, status: u16, fields: Value) -> Value {
    node.expect(status, Who::Colleague, "patch", &path(), &json!({ "fields": fields })).await
}

/// A case of the partner's with one note that is shared with the school here.
pub(super) async fn received_case(node: &Node, text: &str) -> CaseId {
    commit(node, [grant(node.engine.organisation())]).await;
    commit(node, note(FIRST, 1, &json!({ "description": text }))).await;
    CASE
}

/// The card of [`received_case`], as the partner gave it to the school here.
pub(super) async fn received_card(node: &Node, name: &str, born: &str) {
    let fields = serde_json::from_value(json!({ "name": name, "birth_date": born })).expect("fields");
    let content = Content::new(EntryKind::CaseCard, fields).expect("fits");
    let (document, genesis) = EntryDocument::create(Actor([9; 16]), &content).expect("a card");
    let (entry, generation) = (EntryId::from_bytes([0x47; 16]), GenerationId::from_bytes([0x48; 16]));
    let service = Service { host: node.engine.organisation(), code: "school".parse().expect("a code") };
    let facts = EntryFacts {
        entry,
        case: CASE,
        kind: EntryKind::CaseCard,
        areas: BTreeSet::from(["language".parse().expect("a code")]),
        about: BTreeSet::from([About::Subject]),
        written_by: None,
        only_for: Some(OnlyFor { service, consent: None }),
        hidden_from_guardians: false,
        generation,
        changes: 1,
    };
    let record = EntryRecord {
        facts,
        owner: owner(),
        schema: SchemaVersion::CURRENT,
        genesis: genesis.hash(),
        heads: document.heads(),
        under: BTreeSet::from([GRANT]),
        state: EntryState::Live,
        author: None,
        stored_at: UnixMillis(NOW),
        changed_at: UnixMillis(NOW),
    };
    let change = Write::Change { entry, generation, change: genesis, origin: owner(), at: UnixMillis(NOW) };
    commit(node, [Write::Entry(record), change]).await;
}

/// The sharing of [`received_case`] ends.
pub(super) async fn received_no_longer(node: &Node) {
    commit(node, [Write::GrantEnded { owner: owner(), case: CASE, grant: GRANT, at: UnixMillis(NOW) }]).await;
}

/// Another case that the partner shared with the school here from the same moment on; its ids begin
/// with `byte`.
pub(super) async fn another_received_case(node: &Node, byte: u8) -> CaseId {
    let (case, grant) = (CaseId::from_bytes([byte; 16]), GrantId::from_bytes([byte; 16]));
    commit(node, [grant_of(node.engine.organisation(), case, grant, "school")]).await;
    case
}

/// A case of the partner's is shared with a service here from that moment on too.
pub(super) async fn received_for(node: &Node, case: CaseId, grant: u8, service: &str) {
    let grant = GrantId::from_bytes([grant; 16]);
    commit(node, [grant_of(node.engine.organisation(), case, grant, service)]).await;
}

/// The sharing of [`another_received_case`] ends.
pub(super) async fn no_longer_received(node: &Node, case: CaseId) {
    let grant = GrantId::from_bytes(*case.as_bytes());
    commit(node, [Write::GrantEnded { owner: owner(), case, grant, at: UnixMillis(NOW) }]).await;
}

/// A received note on which the school has written, and which its owner then took further without
/// having that: the title is another there.
async fn written_late() -> Node {
    let node = Node::start().await;
    commit(&node, [grant(node.engine.organisation())]).await;
    let first = json!({ "title": "Samtale", "description": "Leser litt." });
    commit(&node, note(FIRST, 1, &first)).await;
    let assignment = json!({ "account": Who::Colleague.account() });
    let assignments = format!("/api/v1/cases/{CASE}/assignments");
    node.ask(Who::ServiceLeader, "post", &assignments, &assignment).await;
    edit(&node, 200, json!({ "title": "Ny Samtale", "description": "Leser litt hver dag." })).await;
    let before = content(&node).await;
    let genesis = before.changes[0].hash();
    let keep = Some(CarriedTo { heads: Heads::from(genesis), onto: Heads::default() });
    let (generation, heads) = (FIRST, before.record.heads);
    let leave = Write::Generation(GenerationWrite::Leave { entry: ENTRY, generation, heads, keep });
    let second = json!({ "title": "Samtale med mor", "description": "Leser litt." });
    commit(&node, std::iter::once(leave).chain(note(SECOND, 2, &second))).await;
    node
}

#[tokio::test]
async fn late_edits_are_shown_and_further_ones_go_where_their_field_has_the_value_that_was_shown() {
    let node = written_late().await;

    let shown = node.expect(200, Who::Colleague, "get", &path(), &Value::Null).await;
    assert_eq!(shown["fields"]["title"], "Ny Samtale med mor");
    assert_eq!(shown["fields"]["description"], "Leser litt hver dag.");
    assert_eq!(shown["undelivered"], "waiting");

    let edited = edit(&node, 200, json!({ "description": "Leser mye hver dag.", "author": "Marte" })).await;
    assert_eq!(edited["fields"]["description"], "Leser mye hver dag.");
    assert_eq!(edited["fields"]["author"], "Marte");
    let after = content(&node).await;
    assert_eq!((after.changes.len(), after.earlier[0].changes.len()), (2, 3));

    let refused = edit(&node, 409, json!({ "title": "Noe annet" })).await;
    assert_eq!(refused["error"], "conflict");
    assert_eq!(content(&node).await, after);
}

#[tokio::test]
async fn refused_edits_are_marked_and_written_anew_with_the_next_edit() {
    let node = written_late().await;
    let refuse = GenerationWrite::Refuse { entry: ENTRY, generation: FIRST };
    commit(&node, [Write::Generation(refuse)]).await;
    let shown = node.expect(200, Who::Colleague, "get", &path(), &Value::Null).await;
    assert_eq!(
        (&shown["undelivered"], &shown["fields"]["title"]),
        (&json!("refused"), &json!("Ny Samtale med mor"))
    );

    let edited = edit(&node, 200, json!({ "author": "Marte" })).await;

    assert_eq!(edited["undelivered"], Value::Null);
    assert_eq!(edited["fields"]["title"], "Ny Samtale med mor");
    assert_eq!(edited["fields"]["description"], "Leser litt hver dag.");
    let after = content(&node).await;
    assert_eq!((after.changes.len(), after.earlier.len()), (2, 0));
}
