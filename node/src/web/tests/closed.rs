//! Closing a case: what ends, who reads on, and who may.

use serde_json::{Value, json};
use stafett_protocol::erasure::Done;

use super::household::{Family, MOTHER};
use super::support::{Node, PARTNER, Who, new_note};

impl Node {
    /// A consent of a case, as the stafettholder sees it.
    async fn consent_of(&self, family: &Family, consent: &str) -> Value {
        let all =
            self.expect(200, Who::Holder, "get", &format!("{}/consents", family.case), &Value::Null).await;
        let mut all = all.as_array().expect("a list").iter();
        all.find(|one| consent.ends_with(one["id"].as_str().expect("an id"))).expect("the consent").clone()
    }

    async fn closes(&self, status: u16, who: Who, case: &str) {
        self.expect(status, who, "post", &format!("{case}/closing"), &Value::Null).await;
    }
}

/// A case of which a partner has one entry.
async fn shared(node: &Node) -> (Family, String, String) {
    let family = Family::of(node).await;
    let consent = family.consent(node, PARTNER, "ppt").await;
    let entry = family.write(node, &new_note("til PPT")).await;
    family.hand_over(node, &[entry]).await;
    let path = format!("{}/entries/{entry}", family.case);
    (family, consent, path)
}

#[tokio::test]
async fn closed_case_calls_back_what_was_shared_and_is_still_read_here() {
    let node = Node::start().await;
    let (family, consent, entry) = shared(&node).await;
    let before = node.consent_of(&family, &consent).await;
    assert!(before["orders"].as_array().expect("orders").is_empty(), "{before}");

    node.closes(204, Who::Holder, &family.case).await;

    let after = node.consent_of(&family, &consent).await;
    assert_eq!(after["orders"].as_array().expect("orders").len(), 1, "{after}");
    assert!(after["orders"][0]["receipt"].is_null(), "{after}");
    node.expect(200, Who::Holder, "get", &entry, &Value::Null).await;
    let read = node.ask_with(MOTHER, &entry).await;
    assert_eq!(read.status.as_u16(), 200, "{}", read.text());
    // Pressing twice orders nothing twice.
    node.closes(204, Who::Holder, &family.case).await;
    family.receive(&node, |_| Done::Erased).await;
    let confirmed = node.consent_of(&family, &consent).await;
    let orders = confirmed["orders"].as_array().expect("orders");
    assert!(orders.len() == 1 && !orders[0]["receipt"].is_null(), "{confirmed}");
}

#[tokio::test]
async fn nothing_is_written_asked_or_handed_on_in_a_closed_case() {
    let node = Node::start().await;
    let (family, _, entry) = shared(&node).await;
    let case = &family.case;
    let to = json!({ "to": Who::Colleague.account() });
    let offered = node.expect(201, Who::Holder, "post", &format!("{case}/baton/offers"), &to).await;
    let offer = offered["offer"].as_str().expect("an id").to_owned();

    node.closes(204, Who::Holder, case).await;

    let consent =
        json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"], "purpose": "x" });
    for (method, path, body) in [
        ("post", format!("{case}/entries"), new_note("x")),
        ("patch", entry, json!({ "fields": { "description": "y" } })),
        ("post", format!("{case}/consents"), consent),
        ("put", format!("{case}/level"), json!({ "level": 2 })),
        ("post", format!("{case}/baton/offers"), to),
    ] {
        let answer = node.ask(Who::Holder, method, &path, &body).await;
        assert_eq!(answer.status.as_u16(), 409, "{method} {path}: {}", answer.text());
    }
    let accept = format!("{case}/baton/offers/{offer}/acceptance");
    node.expect(404, Who::Colleague, "post", &accept, &Value::Null).await;
    // Safety and the family's own words come first, also after the end.
    let strict = json!({ "protection": "strictly-confidential", "safe_for": [family.mother] });
    node.expect(204, Who::UnitLeader, "put", &format!("{case}/address-protection"), &strict).await;
}

#[tokio::test]
async fn page_says_what_ends_before_it_does_and_the_case_says_that_it_is_closed() {
    let node = Node::start().await;
    let (family, _, _) = shared(&node).await;
    let page = format!("/cases/{}", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    assert!(holder.get(&page).await.text().contains(&format!("{page}/close")));
    let said = holder.get(&format!("{page}/close")).await.text();
    assert!(said.contains("får beskjed om å slette det de har fått"), "{said}");

    let done = holder.act(&format!("{page}/close"), &[]).await;

    let shown = done.text();
    assert!(shown.contains("Saken er avsluttet."), "{shown}");
    assert!(
        !shown.contains(&format!("{page}/close")) && !shown.contains(&format!("{page}/write\"")),
        "{shown}"
    );
    assert!(
        !holder.get(&format!("{page}/close")).await.text().contains("<form method=\"post\" action=\"/cases")
    );
}

#[tokio::test]
async fn nobody_but_the_stafettholder_closes_a_case() {
    let node = Node::start().await;
    let case = node.open_case().await;

    for who in [Who::Colleague, Who::UnitLeader, Who::Coordinator, Who::Operator] {
        node.closes(404, who, &case).await;
    }

    node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &new_note("x")).await;
}
