//! The protection of an address: who closes, who opens, and who must not know that there is any.

use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::time::DAY;

use super::family::Family;
use super::schema::differences;
use super::support::{NOW, Node, Who, new_note, put_token, request};

const PATH: &str = "address-protection";

fn grade(protection: &str) -> Value {
    json!({ "protection": protection })
}

async fn set(node: &Node, family: &Family, who: Who, status: u16, body: &Value) {
    node.expect(status, who, "put", &family.path(PATH), body).await;
}

async fn shown(node: &Node, family: &Family, who: Who) -> Value {
    let shown = node.expect(200, who, "get", &family.path(PATH), &Value::Null).await;
    assert_eq!(differences("ProtectionView", &shown), Vec::<String>::new(), "{shown}");
    shown
}

#[tokio::test]
async fn holder_closes_at_once_and_only_the_leader_opens_again() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let strict =
        |safe_for: &[&String]| json!({ "protection": "strictly-confidential", "safe_for": safe_for });
    set(&node, &family, Who::Holder, 204, &grade("none")).await;
    assert_eq!(shown(&node, &family, Who::Holder).await["decided_at"], Value::Null);

    set(&node, &family, Who::Holder, 204, &grade("confidential")).await;
    set(&node, &family, Who::Holder, 204, &strict(&[&family.mother])).await;

    for opening in [grade("none"), grade("confidential"), strict(&[&family.mother, &family.father])] {
        set(&node, &family, Who::Holder, 403, &opening).await;
    }
    let present = shown(&node, &family, Who::Holder).await;
    assert_eq!(present["safe_for"], json!([family.mother]));
    assert_eq!((&present["decided_at"], &present["runs_until"]), (&json!(NOW), &json!(NOW + 365 * DAY)));
    set(&node, &family, Who::Holder, 204, &strict(&[])).await;
    set(&node, &family, Who::UnitLeader, 204, &strict(&[&family.mother])).await;
    set(&node, &family, Who::UnitLeader, 204, &grade("confidential")).await;
    set(&node, &family, Who::Holder, 403, &grade("none")).await;
    set(&node, &family, Who::UnitLeader, 204, &grade("none")).await;
    assert_eq!(shown(&node, &family, Who::UnitLeader).await["protection"], "none");
}

#[tokio::test]
async fn only_guardians_of_the_case_are_safe_and_only_under_the_strict_form() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let nobody = PersonId::from_random([9; 16]).to_string();
    for (protection, person) in [
        ("strictly-confidential", &nobody),
        ("strictly-confidential", &family.child),
        ("confidential", &family.mother),
        ("none", &family.mother),
    ] {
        let body = json!({ "protection": protection, "safe_for": [person] });

        let answer = node.ask(Who::UnitLeader, "put", &family.path(PATH), &body).await;

        assert_eq!(
            (answer.status.as_u16(), &answer.json()["field"]),
            (422, &json!("safe_for")),
            "{protection}"
        );
    }
}

#[tokio::test]
async fn guardian_who_does_not_live_there_gets_the_bytes_of_a_case_that_does_not_exist() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    node.expect(201, Who::Holder, "post", &family.path("entries"), &new_note("Leser korte ord.")).await;
    let consent = family.shared(&node).await;
    node.expect(200, Who::Father, "get", &family.case, &Value::Null).await;

    let strict = json!({ "protection": "strictly-confidential", "safe_for": [family.mother] });
    set(&node, &family, Who::Holder, 204, &strict).await;

    let nowhere = format!("/api/v1/cases/{}", CaseId::from_random([9; 16]));
    let word = json!({ "giver": family.father });
    for (method, below, body) in [
        ("get", String::new(), &Value::Null),
        ("get", "/entries".to_owned(), &Value::Null),
        ("get", "/family".to_owned(), &Value::Null),
        ("get", format!("/{PATH}"), &Value::Null),
        ("put", format!("/{PATH}"), &strict),
        ("post", format!("/consents/{consent}/withdrawal"), &word),
    ] {
        let hidden = node.ask(Who::Father, method, &format!("{}{below}", family.case), body).await;
        let unknown = node.ask(Who::Father, method, &format!("{nowhere}{below}"), body).await;
        assert_eq!((hidden.status.as_u16(), &hidden), (404, &unknown), "{method} {below}");
    }
    assert_eq!(node.expect(200, Who::Father, "get", "/api/v1/cases", &Value::Null).await, json!([]));
    node.expect(200, Who::Guardian, "get", &family.case, &Value::Null).await;
}

#[tokio::test]
async fn whoever_need_not_know_gets_the_same_answers_with_and_without_protection() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &family.path("assignments"), &assign).await;
    let strangers = [
        Who::HealthNurse,
        Who::Operator,
        Who::ProtectionOfficer,
        Who::Coordinator,
        Who::ServiceLeader,
        Who::OtherLeader,
    ];
    let asked = async || {
        let mut answers = Vec::new();
        for who in strangers.into_iter().chain([Who::Colleague, Who::Guardian, Who::Youth]) {
            for (method, below, body) in [
                ("get", "", Value::Null),
                ("get", "/address-protection", Value::Null),
                ("get", "/family", Value::Null),
                ("put", "/address-protection", grade("confidential")),
                ("post", "/address-protection/renewal", Value::Null),
                (
                    "post",
                    "/address-protection/approvals",
                    json!({ "consent": ConsentId::from_bytes([1; 16]) }),
                ),
            ] {
                let answer = node.ask(who, method, &format!("{}{below}", family.case), &body).await;
                let expected = match (who, below) {
                    (Who::Colleague | Who::Guardian | Who::Youth, "") => 200,
                    (Who::Colleague | Who::Guardian | Who::Youth, _) => 403,
                    _ => 404,
                };
                assert_eq!(answer.status.as_u16(), expected, "{who:?} {method} {below}");
                answers.push((who, method, below, answer));
            }
            for path in ["/api/v1/cases", "/api/v1/tasks", "/api/v1/links", "/api/v1/health"] {
                answers.push((who, "get", path, node.ask(who, "get", path, &Value::Null).await));
            }
        }
        answers
    };
    let before = asked().await;

    let strict = json!({ "protection": "strictly-confidential", "safe_for": [family.mother] });
    set(&node, &family, Who::Holder, 204, &strict).await;

    assert!(before == asked().await, "protection shows in an answer");
}

#[tokio::test]
async fn leader_who_answers_for_a_case_reads_nothing_else_of_it() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let published =
        node.expect(201, Who::Holder, "post", &family.path("entries"), &new_note("Leser korte ord.")).await;
    let entry = format!("/entries/{}", published["entry"].as_str().expect("an id"));
    set(&node, &family, Who::UnitLeader, 204, &grade("confidential")).await;

    for below in ["", "/entries", &entry, "/consents"] {
        node.expect(404, Who::UnitLeader, "get", &format!("{}{below}", family.case), &Value::Null).await;
    }
    assert_eq!(node.expect(200, Who::UnitLeader, "get", "/api/v1/cases", &Value::Null).await, json!([]));
    node.expect(404, Who::UnitLeader, "put", &family.path("level"), &json!({ "level": 2 })).await;
}

#[tokio::test]
async fn approval_counts_only_under_a_confidential_address_and_only_by_the_leader() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let consent = family.shared(&node).await;
    let path = family.path("address-protection/approvals");
    let approve = json!({ "consent": consent });
    assert_eq!(node.ask(Who::UnitLeader, "post", &path, &approve).await.error(), "conflict");
    set(&node, &family, Who::UnitLeader, 204, &grade("strictly-confidential")).await;
    assert_eq!(node.ask(Who::UnitLeader, "post", &path, &approve).await.error(), "conflict");
    set(&node, &family, Who::UnitLeader, 204, &grade("confidential")).await;
    node.expect(403, Who::Holder, "post", &path, &approve).await;
    let nobody = json!({ "consent": ConsentId::from_random([9; 16]) });
    node.expect(404, Who::UnitLeader, "post", &path, &nobody).await;
    let grants = async || {
        let consents = node.expect(200, Who::Holder, "get", &family.path("consents"), &Value::Null).await;
        consents[0]["grants"].as_array().map(Vec::len)
    };
    let before = grants().await;

    node.expect(204, Who::UnitLeader, "post", &path, &approve).await;

    assert_eq!(shown(&node, &family, Who::Holder).await["approved"], json!([consent]));
    assert_eq!(grants().await, before.map(|count| count + 1), "the partner gets a grant again");
    set(&node, &family, Who::Holder, 204, &grade("confidential")).await;
    assert_eq!(shown(&node, &family, Who::Holder).await["approved"], json!([consent]), "nothing new");
    set(&node, &family, Who::UnitLeader, 204, &grade("confidential")).await;
    assert_eq!(shown(&node, &family, Who::Holder).await["approved"], json!([]), "a new decision");
}

#[tokio::test]
async fn holder_who_says_the_same_again_says_nothing() {
    for protection in ["confidential", "strictly-confidential"] {
        let node = Node::start().await;
        let family = Family::opened(&node, "2015-03-14").await;
        let case: CaseId = family.case.rsplit('/').next().expect("an id").parse().expect("an id");
        family.shared(&node).await;
        set(&node, &family, Who::Holder, 204, &grade(protection)).await;
        let said = async || {
            let store = node.engine.store();
            let statements = store.protection(case).await.expect("reads").len();
            (statements, store.ledger(case).await.expect("reads").len(), store.holds().await.expect("reads"))
        };
        let before = said().await;
        assert_eq!(before.0, 1);
        node.clock.store(NOW + DAY, std::sync::atomic::Ordering::Relaxed);

        set(&node, &family, Who::Holder, 204, &grade(protection)).await;

        assert_eq!(said().await, before, "{protection}");
        assert_eq!(shown(&node, &family, Who::Holder).await["decided_at"], NOW, "{protection}");
        set(&node, &family, Who::UnitLeader, 204, &grade(protection)).await;
        assert_eq!(said().await.0, 2, "{protection}: the leader decides anew");
        assert_eq!(shown(&node, &family, Who::Holder).await["decided_at"], NOW + DAY, "{protection}");
    }
}

#[tokio::test]
async fn renewal_is_due_after_eleven_months_and_nothing_lifts_without_the_leader() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let renewal = family.path("address-protection/renewal");
    assert_eq!(node.ask(Who::UnitLeader, "post", &renewal, &Value::Null).await.error(), "conflict");
    set(&node, &family, Who::UnitLeader, 204, &grade("strictly-confidential")).await;
    for who in [Who::Holder, Who::UnitLeader] {
        put_token(&node.engine, &format!("late {who:?}"), who, NOW + 2_000 * DAY).await;
    }
    let late = async |who: Who, method: &str, path: &str| {
        node.send(request(Some(&format!("late {who:?}")), method, path, &Value::Null)).await
    };
    let renewals = async |who: Who| {
        let tasks = late(who, "get", "/api/v1/tasks").await.json();
        let tasks = tasks.as_array().expect("a list").clone();
        tasks.iter().filter(|task| task["kind"] == "protection-to-be-renewed").count()
    };
    node.clock.store(NOW + 335 * DAY - 1, std::sync::atomic::Ordering::Relaxed);
    assert_eq!((renewals(Who::Holder).await, renewals(Who::UnitLeader).await), (0, 0));
    node.clock.store(NOW + 335 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert_eq!((renewals(Who::Holder).await, renewals(Who::UnitLeader).await), (1, 1));
    node.clock.store(NOW + 1_500 * DAY, std::sync::atomic::Ordering::Relaxed);
    let present = late(Who::UnitLeader, "get", &family.path(PATH)).await.json();
    assert_eq!(present["protection"], "strictly-confidential");
    assert_eq!(late(Who::Holder, "post", &renewal).await.status.as_u16(), 403);

    assert_eq!(late(Who::UnitLeader, "post", &renewal).await.status.as_u16(), 204);

    assert_eq!((renewals(Who::Holder).await, renewals(Who::UnitLeader).await), (0, 0));
    let present = late(Who::Holder, "get", &family.path(PATH)).await.json();
    assert_eq!(present["decided_at"], NOW + 1_500 * DAY);
}

#[tokio::test]
async fn operator_cannot_tell_a_protected_case_from_another() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    node.expect(201, Who::Holder, "post", &family.path("entries"), &new_note("Leser korte ord.")).await;
    let seen = async || {
        let links = node.expect(200, Who::Operator, "get", "/api/v1/links", &Value::Null).await;
        let health = node.expect(200, Who::Operator, "get", "/api/v1/health", &Value::Null).await;
        let store = node.engine.store();
        let report = store.integrity().await.expect("checks");
        let looked = (report.pages, report.chains, report.entries, report.access_log.fault);
        (links, health, store.holds().await.expect("reads"), looked)
    };
    let before = seen().await;

    set(&node, &family, Who::Holder, 204, &grade("strictly-confidential")).await;
    shown(&node, &family, Who::UnitLeader).await;

    assert!(before == seen().await);
    for who in [Who::Holder, Who::UnitLeader] {
        for row in node.engine.store().accesses_of(who.account()).await.expect("reads") {
            assert!(!row.what.contains("protect") && !row.why.contains("protect"), "{}", row.what);
        }
    }
}

#[tokio::test]
async fn leader_of_another_unit_does_not_answer_for_a_case_when_its_people_have_left() {
    let node = Node::start().await;
    let in_unit = |who: Who, unit: &str| format!("{}unit = \"{unit}\"\n", who.line());
    let holder = in_unit(Who::Holder, "Granlia");
    let people = |holder: &str, unit: &str| format!("{holder}{}", in_unit(Who::UnitLeader, unit));
    let leads = async |family: &Family| {
        let asked = node.ask(Who::UnitLeader, "get", &family.path("family"), &Value::Null).await;
        asked.status.is_success()
    };
    node.people_are(&people(&holder, "Solbakken"));
    let family = Family::opened(&node, "2015-03-14").await;
    node.people_are(&people(&holder, "Solbakken"));
    assert!(!leads(&family).await);

    node.people_are(&people("", "Solbakken"));
    assert!(!leads(&family).await, "nobody knows where the stafettholder worked");

    node.people_are(&people("", "Granlia"));
    assert!(leads(&family).await, "the case was opened there");
    node.people_are("");
    assert!(!leads(&family).await, "somebody without an account leads nothing");
}
