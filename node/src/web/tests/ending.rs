//! What people see of a sharing that has ended: receipts that are missing, and own words that came
//! back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stafett_protocol::access::EntryFacts;
use stafett_protocol::consent::Direction;
use stafett_protocol::entry::{
    About, Actor, Content, EntryDocument, EntryKind, FieldKey, FieldValue, SchemaVersion,
};
use stafett_protocol::erasure::LockBasis;
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GenerationId, GrantId, ProposalId, TokenId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::{DAY, HOUR, UnixMillis};
use stafett_protocol::transaction::{EntryRecord, EntryState, ReturnedEdit, Transaction, Write};

use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who, new_case, request};
use crate::keys::{CertificateSubject, NodeKeys};
use crate::store::TokenRecord;

/// A token that holds by the wall clock as well, by which orders wait.
async fn put_lasting_token(node: &Node, who: Who) {
    let record = TokenRecord {
        id: TokenId::from_random(crate::clock::random()),
        hash: Sha256::digest(lasting_token(who)).into(),
        account: who.account(),
        role: who.role(),
        created_at: UnixMillis(0),
        expires_at: UnixMillis::MAX,
        revoked_at: None,
    };
    node.engine.store().put_token(record).await.expect("a free id");
}

fn lasting_token(who: Who) -> String {
    format!("lasting-{}", who.token())
}

/// Asks with the lasting token, and returns the body of the answer.
async fn ask(node: &Node, who: Who, method: &str, path: &str, body: &Value) -> Value {
    let answer = node.send(request(Some(&lasting_token(who)), method, path, body)).await;
    assert!(answer.status.is_success(), "{method} {path}: {}", answer.status);
    answer.json()
}

/// A case of which a consent was given and withdrawn; the partner's node never answers.
async fn withdrawn(node: &Node) -> String {
    let opened = ask(node, Who::Holder, "post", "/api/v1/cases", &new_case()).await;
    let case = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
    let view = ask(node, Who::Holder, "get", &case, &Value::Null).await;
    let parties = view["parties"].as_array().expect("parties").clone();
    let guardian = parties.iter().find(|party| party["relation"] == "mother").expect("a guardian");
    let giver = json!({ "giver": guardian["person"] });
    let question = json!({
        "recipient": { "host": PARTNER, "code": "ppt" },
        "areas": ["language"],
        "purpose": "PPT hjelper skolen med lesing.",
    });
    let asked = ask(node, Who::Holder, "post", &format!("{case}/consents"), &question).await;
    let path = format!("{case}/consents/{}", asked["id"].as_str().expect("an id"));
    let mut yes = giver.clone();
    yes["evidence"] = json!({ "kind": "oral" });
    ask(node, Who::Holder, "post", &format!("{path}/yes"), &yes).await;
    node.hand_grants(&case).await;
    ask(node, Who::Holder, "post", &format!("{path}/withdrawal"), &giver).await;
    case
}

/// Orders wait by the wall clock of the store; the node's own is set to it.
fn set_clock(node: &Node, now: u64) {
    node.clock.store(now, Ordering::Relaxed);
}

async fn order(node: &Node, case: &str) -> Value {
    let consents = ask(node, Who::Holder, "get", &format!("{case}/consents"), &Value::Null).await;
    assert_eq!(differences("ConsentItem", &consents[0]), Vec::<String>::new());
    consents[0]["orders"][0].clone()
}

async fn link(node: &Node) -> Value {
    let links = ask(node, Who::Operator, "get", "/api/v1/links", &Value::Null).await;
    assert_eq!(differences("LinkItem", &links[0]), Vec::<String>::new());
    links[0].clone()
}

#[tokio::test]
async fn missing_receipt_is_red_after_a_day_and_stops_sharing_after_three() {
    let node = Node::start().await;
    let queued_about = crate::clock::now().0;
    set_clock(&node, queued_about);
    for who in [Who::Holder, Who::Operator] {
        put_lasting_token(&node, who).await;
    }
    let case = withdrawn(&node).await;

    let waiting = order(&node, &case).await;
    let since = waiting["waits_since"].as_u64().expect("it waits");
    assert!(since >= queued_about, "{since}");
    assert_eq!((&waiting["late"], &waiting["receipt"]), (&json!(false), &Value::Null));
    let fresh = link(&node).await;
    assert_eq!((&fresh["receipts_missing"], &fresh["receipts_late"]), (&json!(1), &json!(false)));
    assert_eq!(fresh["receipts_missing_since"], json!(since));

    set_clock(&node, since + DAY);
    assert_eq!(order(&node, &case).await["late"], json!(true));
    let late = link(&node).await;
    assert_eq!((&late["receipts_late"], &late["sharing_stopped"]), (&json!(true), &json!(false)));

    set_clock(&node, since + 3 * DAY - HOUR);
    node.engine.refresh_standings(None).await.expect("looks");
    assert_eq!(link(&node).await["sharing_stopped"], json!(false));
    set_clock(&node, since + 3 * DAY);
    node.engine.refresh_standings(None).await.expect("looks");
    assert_eq!(link(&node).await["sharing_stopped"], json!(true));
}

const CASE: CaseId = CaseId::from_bytes([0x51; 16]);
const UNTIL: u64 = NOW + 14 * DAY;

fn partner() -> OrganisationNumber {
    PARTNER.parse().expect("valid")
}

/// The partner's key; the store opens again what it once took.
fn partner_key() -> SigningKey {
    let subject = CertificateSubject {
        organisation: partner(),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + DAY),
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key")
}

/// What the partner shares with the school.
fn grant(node: &Node, until: UnixMillis) -> Grant {
    Grant {
        grant: GrantId::from_bytes([0x52; 16]),
        owner: partner(),
        partner: node.engine.organisation(),
        service: "school".parse().expect("a code"),
        case: CASE,
        consent: ConsentId::from_bytes([0x53; 16]),
        areas: BTreeSet::from(["language".parse().expect("a code")]),
        kinds: BTreeSet::from([EntryKind::Measure, EntryKind::Note]),
        direction: Direction::Both,
        from: UnixMillis(0),
        until,
    }
}

async fn commit(node: &Node, writes: Vec<Write>) {
    node.engine.store().commit(Transaction::of(writes)).await.expect("commits");
}

/// A case of the partner's whose sharing with the school has ended, and an edit that came back.
async fn came_back(node: &Node) {
    let grant = grant(node, UnixMillis::MAX);
    let ended = Write::GrantEnded { owner: partner(), case: CASE, grant: grant.grant, at: UnixMillis(NOW) };
    let edit = ReturnedEdit {
        id: ProposalId::from_bytes([0x54; 16]),
        owner: partner(),
        case: CASE,
        kind: EntryKind::Measure,
        areas: BTreeSet::from(["language".parse().expect("a code")]),
        fields: [(FieldKey::Deadline, FieldValue::from("2027-02-01"))].into(),
        author: Who::Holder.account(),
        until: UnixMillis(UNTIL),
    };
    let received = Write::GrantReceived(partner_key().sign(grant).expect("signs"));
    commit(node, vec![received, ended, Write::EditReturned(edit)]).await;
}

/// A case of the partner's that the holder works with until a moment, and its one entry.
async fn received(node: &Node, until: UnixMillis) -> EntryId {
    let grant = grant(node, until);
    let fields = [(FieldKey::Description, FieldValue::from("Leser korte ord."))].into();
    let content = Content::new(EntryKind::Note, fields).expect("a note");
    let (document, genesis) = EntryDocument::create(Actor([0x55; 16]), &content).expect("fits");
    let (entry, generation) = (EntryId::from_bytes([0x56; 16]), GenerationId::from_bytes([0x57; 16]));
    let record = EntryRecord {
        facts: EntryFacts {
            entry,
            case: CASE,
            kind: EntryKind::Note,
            areas: grant.areas.clone(),
            about: BTreeSet::from([About::Subject]),
            written_by: None,
            only_for: None,
            hidden_from_guardians: false,
            generation,
            changes: 1,
        },
        owner: partner(),
        schema: SchemaVersion::CURRENT,
        genesis: genesis.hash(),
        heads: document.heads(),
        under: BTreeSet::from([grant.grant]),
        state: EntryState::Live,
        author: None,
        stored_at: UnixMillis(NOW),
        changed_at: UnixMillis(NOW),
    };
    let change = Write::Change { entry, generation, change: genesis, origin: partner(), at: UnixMillis(NOW) };
    let token = partner_key().sign(grant).expect("signs");
    commit(node, vec![Write::GrantReceived(token), Write::Entry(record), change]).await;
    let assign = json!({ "account": Who::Holder.account() });
    let path = format!("/api/v1/cases/{CASE}/assignments");
    node.expect(204, Who::ServiceLeader, "post", &path, &assign).await;
    entry
}

#[tokio::test]
async fn shared_case_is_hidden_from_the_last_moment_of_its_grant_on() {
    let node = Node::start().await;
    let until = NOW + HOUR;
    let entry = received(&node, UnixMillis(until)).await;
    let case = format!("/api/v1/cases/{CASE}");
    let paths = [case.clone(), format!("{case}/entries/{entry}")];

    set_clock(&node, until - 1);
    for path in &paths {
        node.expect(200, Who::Holder, "get", path, &Value::Null).await;
    }
    set_clock(&node, until);
    for path in &paths {
        node.expect(404, Who::Holder, "get", path, &Value::Null).await;
    }
    let edit = json!({ "fields": { "description": "likevel" } });
    node.expect(404, Who::Holder, "patch", &paths[1], &edit).await;
    assert_eq!(node.expect(200, Who::Holder, "get", "/api/v1/cases", &Value::Null).await, json!([]));
}

#[tokio::test]
async fn locked_entry_is_shown_to_nobody_even_while_a_grant_counts() {
    let node = Node::start().await;
    let entry = received(&node, UnixMillis::MAX).await;
    let case = format!("/api/v1/cases/{CASE}");
    let path = format!("{case}/entries/{entry}");
    node.expect(200, Who::Holder, "get", &path, &Value::Null).await;

    let locked = BTreeMap::from([(entry, LockBasis::DutyToKeep)]);
    commit(&node, vec![Write::Lock { entries: locked }]).await;

    node.expect(404, Who::Holder, "get", &path, &Value::Null).await;
    let edit = json!({ "fields": { "description": "likevel" } });
    node.expect(404, Who::Holder, "patch", &path, &edit).await;
    let view = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    assert_eq!(view["entries"], json!([]));
    let listed = node.expect(200, Who::Holder, "get", &format!("{case}/entries"), &Value::Null).await;
    assert_eq!(listed, json!([]));
    let towards = json!({
        "kind": "note",
        "areas": ["language"],
        "fields": { "description": "hører til" },
        "towards": entry,
    });
    node.expect(404, Who::Holder, "post", &format!("{case}/entries"), &towards).await;
}

#[tokio::test]
async fn returned_words_are_their_authors_alone_and_for_fourteen_days() {
    let node = Node::start().await;
    came_back(&node).await;
    let path = format!("/api/v1/cases/{CASE}");

    let shown = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(differences("CaseView", &shown), Vec::<String>::new());
    assert_eq!((&shown["task"], &shown["entries"]), (&json!("returned"), &json!([])));
    let item = &shown["proposals"][0];
    assert_eq!(differences("ProposalItem", item), Vec::<String>::new());
    assert_eq!(item["fields"], json!({ "deadline": "2027-02-01" }));
    assert_eq!((&item["kind"], &item["areas"]), (&json!("measure"), &json!(["language"])));
    assert_eq!((&item["state"], &item["until"]), (&json!("returned"), &json!(UNTIL)));
    for who in Who::ALL.into_iter().filter(|who| *who != Who::Holder) {
        node.expect(404, who, "get", &path, &Value::Null).await;
    }

    set_clock(&node, UNTIL - 1);
    node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    set_clock(&node, UNTIL);
    node.expect(404, Who::Holder, "get", &path, &Value::Null).await;
}
