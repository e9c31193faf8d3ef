//! Every route with no token, with tokens that do not hold, with the wrong role and the right one.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::time::DAY;

use super::emergency::in_emergency;
use super::support::{Answer, NOW, Node, PARTNER, Who, new_case, new_note, put_token, request};
use crate::web::routes;

/// A route, a request that fits it, who may and with which answer, who may not and with which.
pub(super) struct Row {
    method: &'static str,
    route: &'static str,
    body: Value,
    right: (Who, u16),
    wrong: (Who, u16),
}

pub(super) fn row(
    method: &'static str,
    route: &'static str,
    body: Value,
    right: (Who, u16),
    wrong: (Who, u16),
) -> Row {
    Row { method, route, body, right, wrong }
}

fn rows(ids: &Ids) -> Vec<Row> {
    use Who::{Colleague, HealthNurse, Holder, Operator};

    let consent =
        json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"], "purpose": "x" });
    let (giver, entry) = (&ids.giver, &ids.entry);
    let yes = json!({ "giver": giver, "evidence": { "kind": "oral" }, "about_self": true });
    let except = json!({ "giver": giver, "entry": entry });
    let of_all = json!({ "giver": giver, "of": "all" });
    let word = json!({ "giver": giver });
    let assign = json!({ "account": Colleague.account() });
    let stranger = (HealthNurse, 404);
    let rows = vec![
        row("get", "/api/v1/links", Value::Null, (Operator, 200), (Holder, 403)),
        row("get", "/api/v1/operations", Value::Null, (Operator, 200), (Holder, 403)),
        row("get", "/api/v1/disclosures", Value::Null, (Who::ProtectionOfficer, 200), (Holder, 403)),
        row("get", "/api/v1/cases", Value::Null, (Holder, 200), (Operator, 200)),
        row("post", "/api/v1/cases", new_case(), (Holder, 201), (Operator, 403)),
        row("get", "/api/v1/cases/{case}", Value::Null, (Holder, 200), stranger),
        row("put", "/api/v1/cases/{case}/level", json!({ "level": 2 }), (Holder, 204), stranger),
        row("get", "/api/v1/cases/{case}/entries", Value::Null, (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/entries", new_note("x"), (Holder, 201), stranger),
        row("post", "/api/v1/cases/{case}/entries/preview", new_note("x"), (Holder, 200), stranger),
        row("get", "/api/v1/cases/{case}/entries/{entry}", Value::Null, (Holder, 200), stranger),
        row(
            "patch",
            "/api/v1/cases/{case}/entries/{entry}",
            json!({ "fields": {} }),
            (Holder, 200),
            stranger,
        ),
        row("get", "/api/v1/cases/{case}/consents", Value::Null, (Holder, 200), stranger),
        row("get", "/api/v1/cases/{case}/notices", Value::Null, (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/consents/preview", consent.clone(), (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/consents", consent, (Holder, 201), stranger),
        row("get", "/api/v1/cases/{case}/consents/{consent}/preview", Value::Null, (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/consents/{consent}/no", word, (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/consents/{consent}/yes", yes, (Holder, 200), stranger),
        row("post", "/api/v1/cases/{case}/consents/{consent}/exceptions", except, (Holder, 200), stranger),
        row(
            "post",
            "/api/v1/cases/{case}/consents/{consent}/withdrawal",
            json!({ "giver": giver, "about_self": true }),
            (Holder, 200),
            stranger,
        ),
        row("post", "/api/v1/cases/{case}/consents/{consent}/review", Value::Null, (Holder, 409), stranger),
        row("post", "/api/v1/cases/{case}/withdrawals", of_all, (Holder, 200), stranger),
        // It is in no doubt, which only its stafettholder is told.
        row(
            "post",
            "/api/v1/cases/{case}/consents/{consent}/reconfirmation",
            json!({ "givers": [giver] }),
            (Holder, 409),
            stranger,
        ),
        row("post", "/api/v1/cases/{case}/assignments", assign, (Holder, 204), stranger),
        // It is the leader's of a service that another municipality shares with: here of none.
        row(
            "post",
            "/api/v1/cases/{case}/refusal",
            json!({ "reason": "fullt" }),
            (Who::ServiceLeader, 404),
            stranger,
        ),
        row(
            "put",
            "/api/v1/cases/{case}/address-protection",
            json!({ "protection": "confidential" }),
            (Holder, 204),
            stranger,
        ),
    ];
    let first = super::emergency::rows().into_iter();
    let rows = first.chain(rows).chain(super::family::rows(giver, &ids.consent)).chain(super::baton::rows());
    let rows = rows.chain(super::transition::rows()).chain(super::moving::rows(giver));
    let rows = rows.chain(super::moving::rows_of_moves(&ids.consent));
    // Last: nothing can be said in the case any more.
    rows.chain([row("post", "/api/v1/cases/{case}/closing", Value::Null, (Holder, 204), stranger)]).collect()
}

/// A case with an entry and a consent that was asked for.
#[derive(Clone)]
struct Ids {
    case: String,
    entry: String,
    consent: String,
    giver: String,
    offer: String,
    registrations: [String; 2],
    /// None if the case has the name of another.
    emergency: Option<String>,
}

impl Ids {
    async fn of(node: &Node) -> Self {
        let case = node.open_case().await;
        let view = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
        let parties = view["parties"].as_array().expect("parties");
        let guardian = parties.iter().find(|party| party["capacity"] != "subject").expect("a guardian");
        let entry = node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &new_note("x")).await;
        let recipient = json!({ "host": PARTNER, "code": "ppt" });
        let ask = json!({ "recipient": recipient, "areas": ["language"], "purpose": "x" });
        let asked = node.expect(201, Who::Holder, "post", &format!("{case}/consents"), &ask).await;
        let mother = json!({ "person": guardian["person"], "capacity": guardian["capacity"] });
        let family = json!({ "parties": [mother], "document": "2026/117-3" });
        let mut registrations = Vec::new();
        for _ in 0..2 {
            let registered = node.expect(201, Who::Holder, "post", &format!("{case}/family"), &family).await;
            registrations.push(text(&registered["registration"]));
        }
        let to = json!({ "to": Who::Colleague.account() });
        let offered = node.expect(201, Who::Holder, "post", &format!("{case}/baton/offers"), &to).await;
        let opened = node.ask(Who::Colleague, "post", "/api/v1/emergency-openings", &in_emergency()).await;
        let emergency = (opened.status == 201).then(|| text(&opened.json()["opening"]));
        Self {
            emergency,
            offer: text(&offered["offer"]),
            registrations: registrations.try_into().expect("two"),
            case: text(&view["case"]),
            entry: text(&entry["entry"]),
            consent: text(&asked["id"]),
            giver: text(&guardian["person"]),
        }
    }

    fn path(&self, route: &str) -> String {
        let path = route.replace("{case}", &self.case);
        let path = path.replace("{entry}", &self.entry).replace("{consent}", &self.consent);
        let registration = &self.registrations[usize::from(route.ends_with("rejection"))];
        path.replace("{registration}", registration)
            .replace("{guardian}", &self.giver)
            .replace("{offer}", &self.offer)
            .replace("{succession}", &self.offer)
            .replace("{baton}", &self.offer)
            .replace("{arrival}", &self.offer)
            .replace("{opening}", self.emergency.as_deref().unwrap_or_default())
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn every_route_answers_by_token_and_role() {
    let node = Node::start().await;
    put_token(&node.engine, "expired", Who::Holder, NOW).await;
    put_token(&node.engine, "revoked", Who::Holder, NOW + DAY).await;
    let records = node.engine.store().tokens().await.expect("tokens");
    let revoked = records.iter().find(|token| token.expires_at.0 == NOW + DAY).expect("the token");
    node.engine.store().revoke_token(revoked.id, node.engine.now()).await.expect("revoked");
    let ids = Ids::of(&node).await;
    let rows = rows(&ids);
    assert_eq!(covered(&rows), routes_with_a_token());

    for Row { method, route, body, right, wrong } in &rows {
        let path = ids.path(route);
        for token in [None, Some("garbage"), Some("expired"), Some("revoked"), Some("")] {
            let answer = node.send(request(token, method, &path, body)).await;
            assert_eq!(
                (answer.status.as_u16(), answer.error().as_str()),
                (401, "unauthenticated"),
                "{route}"
            );
            assert!(answer.headers.contains_key("www-authenticate"));
        }
        node.expect(wrong.1, wrong.0, method, &path, body).await;
        node.expect(right.1, right.0, method, &path, body).await;
    }
}

fn covered(rows: &[Row]) -> BTreeSet<(&'static str, &'static str)> {
    // Health has no wrong role; its own test asks it as everybody.
    rows.iter().map(|row| (row.method, row.route)).chain([("get", "/api/v1/health")]).collect()
}

fn routes_with_a_token() -> BTreeSet<(&'static str, &'static str)> {
    let routes = routes::api();
    routes.listed().iter().filter(|(_, route)| *route != "/api/openapi.json").copied().collect()
}

#[tokio::test]
async fn health_asks_for_a_token_too() {
    let node = Node::start().await;

    let answer = node.send(request(None, "get", "/api/v1/health", &Value::Null)).await;

    assert_eq!(answer.error(), "unauthenticated");
}

#[tokio::test]
async fn token_stops_at_its_first_expired_millisecond() {
    let node = Node::start().await;
    put_token(&node.engine, "short", Who::Operator, NOW + 1_000).await;
    let ask = || request(Some("short"), "get", "/api/v1/health", &Value::Null);

    node.clock.store(NOW + 999, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(node.send(ask()).await.status.as_u16(), 200);

    node.clock.store(NOW + 1_000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(node.send(ask()).await.status.as_u16(), 401);
}

#[tokio::test]
async fn eleventh_wrong_token_of_a_peer_waits_and_so_does_its_right_one() {
    let node = Node::start().await;
    let peer = SocketAddr::from(([192, 0, 2, 1], 40_000));
    let with = |token: &str| request(Some(token), "get", "/api/v1/health", &Value::Null);
    for _ in 0..10 {
        assert_eq!(node.send_from(peer, with("wrong")).await.error(), "unauthenticated");
    }

    let refused = node.send_from(peer, with(&Who::Operator.token())).await;

    assert_eq!((refused.status.as_u16(), refused.error().as_str()), (429, "too_many_attempts"));
    let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=61).contains(&wait), "{wait}");
    let other = SocketAddr::from(([192, 0, 2, 2], 40_000));
    assert_eq!(node.send_from(other, with(&Who::Operator.token())).await.status.as_u16(), 200);
}

#[tokio::test]
async fn requests_without_a_token_are_not_counted_as_wrong_ones() {
    let node = Node::start().await;
    let peer = SocketAddr::from(([192, 0, 2, 1], 40_000));

    for _ in 0..20 {
        let answer = node.send_from(peer, request(None, "get", "/api/v1/health", &Value::Null)).await;
        assert_eq!(answer.error(), "unauthenticated");
    }
}

#[tokio::test]
async fn two_hundred_and_first_case_of_an_hour_is_not_opened_and_known_ones_still_are() {
    let node = Node::start().await;
    let case = node.open_case().await;
    node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    for number in 1..200_u8 {
        let other = format!("/api/v1/cases/{}/entries", CaseId::from_random([number; 16]));
        node.expect(404, Who::Holder, "get", &other, &Value::Null).await;
    }

    let other = format!("/api/v1/cases/{}", CaseId::from_random([200; 16]));
    let stopped = node.ask(Who::Holder, "get", &other, &Value::Null).await;

    assert_eq!((stopped.status.as_u16(), stopped.error().as_str()), (429, "too_many_cases"));
    assert!(stopped.headers.contains_key("retry-after"));
    node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    node.expect(404, Who::Colleague, "get", &other, &Value::Null).await;
}

/// What stands behind `path` for somebody who may not know of it, in three ways.
async fn alike(node: &Node, method: &str, hidden: &str, unknown: &str, body: &Value) {
    let as_nurse = |path: String| async move { node.ask(Who::HealthNurse, method, &path, body).await };
    let answer: Answer = as_nurse(hidden.to_owned()).await;
    assert_eq!(answer.status.as_u16(), 404, "{method} {hidden}");

    assert_eq!(answer, as_nurse(unknown.to_owned()).await, "{method} {unknown}");
    let malformed = hidden.replacen(&hidden[14..50], "no-id", 1);
    assert_eq!(answer, as_nurse(malformed.clone()).await, "{method} {malformed}");
}

#[tokio::test]
async fn another_services_case_is_answered_byte_for_byte_like_one_that_does_not_exist() {
    let node = Node::start().await;
    let ids = Ids::of(&node).await;
    let nobody: CaseId = CaseId::from_random([9; 16]);

    for Row { method, route, body, .. } in rows(&ids).iter().filter(|row| row.route.contains("{case}")) {
        let hidden = ids.path(route);
        let unknown = hidden.replace(&ids.case, &nobody.to_string());
        alike(&node, method, &hidden, &unknown, body).await;
    }

    let nowhere = node.ask(Who::HealthNurse, "get", "/api/v1/nowhere", &Value::Null).await;
    let hidden = node.ask(Who::HealthNurse, "get", &ids.path("/api/v1/cases/{case}"), &Value::Null).await;
    assert_eq!(nowhere, hidden);
}

#[tokio::test]
async fn entries_and_consents_of_another_case_are_not_found_in_this_one() {
    let node = Node::start().await;
    let first = Ids::of(&node).await;
    let second = Ids::of(&node).await;
    let nobody = AccountId::from_random([9; 16]).to_string();
    for route in ["/api/v1/cases/{case}/entries/{entry}", "/api/v1/cases/{case}/consents/{consent}/preview"] {
        let crossed = Ids { case: first.case.clone(), ..second.clone() }.path(route);
        let missing = first.path(route).replace(&first.entry, &nobody).replace(&first.consent, &nobody);

        let answer = node.ask(Who::Holder, "get", &crossed, &Value::Null).await;

        assert_eq!(answer.status.as_u16(), 404, "{route}");
        assert_eq!(answer, node.ask(Who::Holder, "get", &missing, &Value::Null).await);
    }
}
