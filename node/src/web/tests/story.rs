//! A stafettholder's work through the API; every answer is held against the description.

use serde_json::{Value, json};

use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who, new_note};

fn assert_described(name: &str, body: &Value) {
    assert_eq!(differences(name, body), Vec::<String>::new(), "{body}");
}

fn assert_all_described(name: &str, list: &Value) -> usize {
    let items = list.as_array().expect("a list");
    items.iter().for_each(|item| assert_described(name, item));
    items.len()
}

fn ppt() -> Value {
    json!({ "host": PARTNER, "code": "ppt" })
}

fn consent() -> Value {
    json!({ "recipient": ppt(), "areas": ["language"], "purpose": "PPT hjelper skolen med lesing." })
}

/// The one guardian of the case.
async fn guardian(node: &Node, case: &str) -> String {
    let view = node.expect(200, Who::Holder, "get", case, &Value::Null).await;
    let parties = view["parties"].as_array().expect("parties").clone();
    let guardian = parties.iter().find(|party| party["capacity"] == "guardian-with-parental-responsibility");
    guardian.expect("a guardian")["person"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn opened_case_is_listed_and_shown_to_its_holder_and_to_nobody_else() {
    let node = Node::start().await;
    let case = node.open_case().await;

    let listed = node.expect(200, Who::Holder, "get", "/api/v1/cases", &Value::Null).await;
    assert_eq!(assert_all_described("CaseSummary", &listed), 1);
    assert_eq!(listed[0]["subject_name"], "Ane Testesen");
    assert_eq!(listed[0]["task"], "stafettholder");

    let shown = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    assert_described("CaseView", &shown);
    assert_eq!(shown["baton"]["holder"], Who::Holder.account().to_string());
    for who in Who::ALL.into_iter().filter(|who| *who != Who::Holder) {
        assert_eq!(node.expect(200, who, "get", "/api/v1/cases", &Value::Null).await, json!([]), "{who:?}");
        node.expect(404, who, "get", &case, &Value::Null).await;
    }
}

#[tokio::test]
async fn level_is_set_and_shown() {
    let node = Node::start().await;
    let case = node.open_case().await;

    node.expect(204, Who::Holder, "put", &format!("{case}/level"), &json!({ "level": 3 })).await;

    assert_eq!(node.expect(200, Who::Holder, "get", &case, &Value::Null).await["level"], 3);
}

#[tokio::test]
async fn assigned_colleague_sees_the_case() {
    let node = Node::start().await;
    let case = node.open_case().await;

    let body = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{case}/assignments"), &body).await;

    let shown = node.expect(200, Who::Colleague, "get", &case, &Value::Null).await;
    assert_described("CaseView", &shown);
    assert_eq!(shown["task"], "assigned");
    assert_eq!(shown["parties"], json!([]));
}

#[tokio::test]
async fn entry_is_previewed_published_listed_shown_and_edited() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let entries = format!("{case}/entries");

    let preview = node
        .expect(200, Who::Holder, "post", &format!("{entries}/preview"), &new_note("Leser korte ord."))
        .await;
    assert_described("EntryPreview", &preview);
    let published = node.expect(201, Who::Holder, "post", &entries, &new_note("Leser korte ord.")).await;
    assert_described("Published", &published);

    let listed = node.expect(200, Who::Holder, "get", &entries, &Value::Null).await;
    assert_eq!(assert_all_described("EntryItem", &listed), 1);
    let entry = format!("{entries}/{}", published["entry"].as_str().expect("an id"));
    let edit = json!({ "fields": { "description": "Leser lange ord.", "title": "Lesing" } });
    let edited = node.expect(200, Who::Holder, "patch", &entry, &edit).await;
    assert_described("EntryItem", &edited);
    assert_eq!(edited["fields"], json!({ "description": "Leser lange ord.", "title": "Lesing" }));
    let cleared = json!({ "fields": { "title": null } });
    node.expect(200, Who::Holder, "patch", &entry, &cleared).await;
    let shown = node.expect(200, Who::Holder, "get", &entry, &Value::Null).await;
    assert_eq!(shown["fields"], json!({ "description": "Leser lange ord." }));
    assert_described("EntryItem", &shown);
}

#[tokio::test]
async fn consent_is_previewed_asked_given_and_withdrawn() {
    let node = Node::start().await;
    let case = node.open_case().await;
    node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &new_note("Leser korte ord.")).await;
    let giver = json!({ "giver": guardian(&node, &case).await });
    let consents = format!("{case}/consents");

    let preview = node.expect(200, Who::Holder, "post", &format!("{consents}/preview"), &consent()).await;
    assert_described("ConsentPreview", &preview);
    assert_eq!(preview["becomes_visible"].as_array().map(Vec::len), Some(1));
    let asked = node.expect(201, Who::Holder, "post", &consents, &consent()).await;
    assert_described("ConsentItem", &asked);
    assert_eq!(asked["status"], "draft");
    let path = format!("{consents}/{}", asked["id"].as_str().expect("an id"));
    let asked_preview = node.expect(200, Who::Holder, "get", &format!("{path}/preview"), &Value::Null).await;
    assert_described("ConsentPreview", &asked_preview);

    let mut yes = giver.clone();
    yes["evidence"] = json!({ "kind": "oral" });
    let given = node.expect(200, Who::Holder, "post", &format!("{path}/yes"), &yes).await;
    assert_described("ConsentItem", &given);
    assert_eq!(given["status"], "valid");
    assert_eq!(given["grants"].as_array().map(Vec::len), Some(1));
    let twice = node.ask(Who::Holder, "post", &format!("{path}/yes"), &yes).await;
    assert_eq!((twice.status.as_u16(), twice.error().as_str()), (409, "conflict"));

    let withdrawn = node.expect(200, Who::Holder, "post", &format!("{path}/withdrawal"), &giver).await;
    assert_described("ConsentItem", &withdrawn);
    assert_eq!((&withdrawn["status"], &withdrawn["withdrawn_at"]), (&json!("withdrawn"), &json!(NOW)));
    let listed = node.expect(200, Who::Holder, "get", &consents, &Value::Null).await;
    assert_eq!(assert_all_described("ConsentItem", &listed), 1);
}

#[tokio::test]
async fn refused_consent_opens_nothing() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let giver = json!({ "giver": guardian(&node, &case).await });
    let asked = node.expect(201, Who::Holder, "post", &format!("{case}/consents"), &consent()).await;
    let path = format!("{case}/consents/{}", asked["id"].as_str().expect("an id"));

    let refused = node.expect(200, Who::Holder, "post", &format!("{path}/no"), &giver).await;

    assert_described("ConsentItem", &refused);
    assert_eq!((&refused["status"], &refused["grants"]), (&json!("refused"), &json!([])));
}

#[tokio::test]
async fn strict_protection_closes_a_valid_consent() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let asked = node.expect(201, Who::Holder, "post", &format!("{case}/consents"), &consent()).await;
    let path = format!("{case}/consents/{}", asked["id"].as_str().expect("an id"));
    let yes = json!({ "giver": guardian(&node, &case).await, "evidence": { "kind": "oral" } });
    node.expect(200, Who::Holder, "post", &format!("{path}/yes"), &yes).await;

    let strict = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{case}/address-protection"), &strict).await;

    let preview = node.expect(200, Who::Holder, "get", &format!("{path}/preview"), &Value::Null).await;
    assert_eq!((&preview["becomes_visible"], &preview["stays_visible"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn operator_sees_links_and_everybody_with_a_token_how_the_node_is() {
    let node = Node::start().await;

    let links = node.expect(200, Who::Operator, "get", "/api/v1/links", &Value::Null).await;

    assert_eq!(assert_all_described("LinkItem", &links), 1);
    for who in [Who::Operator, Who::ProtectionOfficer] {
        assert_described(
            "Operations",
            &node.expect(200, who, "get", "/api/v1/operations", &Value::Null).await,
        );
    }
    assert_eq!((&links[0]["partner"], &links[0]["connected"]), (&json!(PARTNER), &json!(false)));
    for who in Who::ALL {
        let health = node.expect(200, who, "get", "/api/v1/health", &Value::Null).await;
        assert_described("Health", &health);
        assert_eq!((&health["ready"], &health["sealed"]), (&json!(true), &json!(false)));
    }
}

#[tokio::test]
async fn disclosures_of_a_case_are_its_holders_and_all_the_protection_officers() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let of_case = case.replace("/api/v1/cases/", "/api/v1/disclosures?case=");

    let of_all = node.expect(200, Who::ProtectionOfficer, "get", "/api/v1/disclosures", &Value::Null).await;
    assert_eq!(of_all, json!([]));
    assert_eq!(node.expect(200, Who::Holder, "get", &of_case, &Value::Null).await, json!([]));

    node.expect(403, Who::Holder, "get", "/api/v1/disclosures", &Value::Null).await;
    node.expect(404, Who::HealthNurse, "get", &of_case, &Value::Null).await;
}

/// Text that breaks what is careless with it: markup, queries, templates, paths, joiners,
/// directions, letters of many bytes, and words that look like something else.
const AWKWARD: [&str; 15] = [
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE entry; --",
    "{{7*7}} ${7*7} %s %n \\u0041 \\",
    "../../../etc/passwd\u{2028}\u{2029}",
    "null",
    "\"quoted\" and \\escaped\\",
    "Máhtte, Čáhppes, Ŋuorra, åæøÅÆØ",
    "👩‍👩‍👧‍👦 🇳🇴 e\u{301} i form C er é",
    "\u{202E}snart\u{202C} \u{200F}עברית العربية",
    "\u{FEFF}start, slutt\u{200B}",
    "linje\nlinje\tinnrykk",
    "   ",
    "1e999",
    "𝕊𝕥𝕒𝕗𝕖𝕥𝕥 ﷽ ẞ",
    "\u{10FFFF}\u{FFFD}",
];

#[tokio::test]
async fn awkward_text_comes_back_as_it_was_written() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let entries = format!("{case}/entries");
    for text in AWKWARD {
        let written: String = if text.trim().is_empty() { format!("a{text}b") } else { text.to_owned() };
        let note = new_note(&written);

        let published = node.expect(201, Who::Holder, "post", &entries, &note).await;

        let entry = format!("{entries}/{}", published["entry"].as_str().expect("an id"));
        let shown = node.expect(200, Who::Holder, "get", &entry, &Value::Null).await;
        let form_c = written.replace("e\u{301}", "é");
        assert_eq!(shown["fields"]["description"], form_c);
    }
}

#[tokio::test]
async fn text_with_control_characters_is_refused_with_the_field_and_without_the_text() {
    let node = Node::start().await;
    let case = node.open_case().await;

    let answer =
        node.ask(Who::Holder, "post", &format!("{case}/entries"), &new_note("KANARI\u{0}\u{7}")).await;

    assert_eq!((answer.status.as_u16(), answer.json()["field"].as_str()), (422, Some("fields")));
    assert!(!String::from_utf8_lossy(&answer.body).contains("KANARI"));
}
