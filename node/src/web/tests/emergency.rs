//! Opening a case in an emergency: who may, what it shows and for how long, and that nothing else
//! follows from it.

mod pages;
mod reviews;
mod unopened;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::time::{MINUTE, UnixMillis};

use super::access::{Row, row};
use super::household::Family;
use super::late::{received_card, received_case, received_no_longer};
use super::schema::differences;
use super::support::{Answer, NOW, Node, Who, new_note};
use crate::engine::seal::SealReason;

const OPENINGS: &str = "/api/v1/emergency-openings";
const CASE: &str = "/api/v1/emergency-case";
const REASON: &str = "Ingen har sett barnet siden i går";
const NOTE: &str = "Ane teller til ti";

/// The routes of emergency openings, for the table of who may and who may not.
pub(super) fn rows() -> Vec<Row> {
    use Who::{Colleague, Holder, Operator, OtherLeader, UnitLeader};

    let review = json!({ "was_needed": true, "finding": "Ingen andre kunne svare" });
    vec![
        row("post", OPENINGS, in_emergency(), (Colleague, 201), (Operator, 404)),
        row("get", CASE, Value::Null, (Colleague, 200), (Operator, 404)),
        row("get", OPENINGS, Value::Null, (UnitLeader, 200), (Holder, 404)),
        row(
            "post",
            "/api/v1/emergency-openings/{opening}/review",
            review,
            (UnitLeader, 204),
            (OtherLeader, 404),
        ),
    ]
}

/// What opens the case that the tests begin with.
pub(super) fn in_emergency() -> Value {
    asked("Ane Testesen", "2015-03-14")
}

fn asked(name: &str, born: &str) -> Value {
    json!({ "name": name, "birth_date": born, "reason": REASON })
}

async fn open(node: &Node, who: Who, body: &Value) -> Answer {
    node.ask(who, "post", OPENINGS, body).await
}

async fn opened(node: &Node, who: Who) -> String {
    let opened = node.expect(201, who, "post", OPENINGS, &in_emergency()).await;
    assert_eq!(differences("OpenedEmergency", &opened), Vec::<String>::new(), "{opened}");
    opened["opening"].as_str().expect("an id").to_owned()
}

/// A case with a note of the school's, which colleagues of the holder read in an emergency.
async fn noted(node: &Node) -> Family {
    let family = Family::of(node).await;
    family.write(node, &new_note(NOTE)).await;
    family
}

fn at(node: &Node, moment: u64) {
    node.clock.store(moment, Ordering::Relaxed);
}

fn entries(view: &Value) -> BTreeSet<String> {
    let entries = view["entries"].as_array().expect("entries").iter();
    entries.map(|entry| entry["entry"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn colleague_without_a_task_reads_for_thirty_minutes_and_not_a_millisecond_longer() {
    let node = Node::start().await;
    let family = noted(&node).await;
    node.expect(404, Who::Colleague, "get", &family.case, &Value::Null).await;
    node.expect(404, Who::Colleague, "get", CASE, &Value::Null).await;

    let opened = node.expect(201, Who::Colleague, "post", OPENINGS, &in_emergency()).await;

    assert_eq!(opened["until"], NOW + 30 * MINUTE);
    let shown = node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;
    assert_eq!(differences("EmergencyView", &shown), Vec::<String>::new(), "{shown}");
    assert_eq!((&shown["opening"], &shown["until"]), (&opened["opening"], &opened["until"]));
    assert_eq!(shown["case"]["entries"][0]["fields"]["description"], NOTE);
    assert_eq!(shown["case"]["task"], "emergency");
    at(&node, NOW + 30 * MINUTE - 1);
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;
    at(&node, NOW + 30 * MINUTE);
    node.expect(404, Who::Colleague, "get", CASE, &Value::Null).await;
    at(&node, NOW + 30 * MINUTE - 1);
    for other in [Who::Holder, Who::UnitLeader, Who::HealthNurse] {
        node.expect(404, other, "get", CASE, &Value::Null).await;
    }
}

#[tokio::test]
async fn employees_and_leaders_whose_service_reads_something_open_and_everybody_else_gets_one_answer() {
    let node = Node::start().await;
    noted(&node).await;
    let nobody = open(&node, Who::Colleague, &asked("Ola Testesen", "2015-03-14")).await;
    assert_eq!((nobody.status.as_u16(), nobody.error().as_str()), (404, "not_found"));

    for who in Who::ALL {
        let answer = open(&node, who, &in_emergency()).await;
        if matches!(who, Who::Holder | Who::Colleague | Who::UnitLeader) {
            assert_eq!(answer.status.as_u16(), 201, "{who:?}: {}", answer.text());
            node.expect(200, who, "get", CASE, &Value::Null).await;
        } else {
            assert_eq!(answer, nobody, "{who:?}");
            node.expect(404, who, "get", CASE, &Value::Null).await;
        }
    }
}

#[tokio::test]
async fn opening_shows_the_entries_that_somebody_assigned_in_the_service_reads() {
    let node = Node::start().await;
    let family = noted(&node).await;
    let mut closed = new_note("Borte i mai");
    closed["areas"] = json!(["attendance"]);
    family.write(&node, &closed).await;
    let mut about_sibling = new_note("Om søsken");
    about_sibling["about"] = json!(["sibling"]);
    family.write(&node, &about_sibling).await;
    family.consent(&node, "997391853", "health-station").await;

    node.expect(201, Who::HealthNurse, "post", OPENINGS, &in_emergency()).await;
    let by_opening = node.expect(200, Who::HealthNurse, "get", CASE, &Value::Null).await;
    let assign = json!({ "account": Who::HealthNurse.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;
    let by_task = node.expect(200, Who::HealthNurse, "get", &family.case, &Value::Null).await;

    assert_eq!(entries(&by_opening["case"]), entries(&by_task));
    assert_eq!(entries(&by_task).len(), 1, "the note, and not the one on attendance: {by_task}");
    for nothing in ["parties", "tasks", "proposals"] {
        assert_eq!(by_opening["case"][nothing], json!([]), "{nothing}");
    }
}

#[tokio::test]
async fn nothing_but_that_page_opens() {
    let node = Node::start().await;
    let family = noted(&node).await;
    let (case, pages) = (&family.case, format!("/cases/{}", family.id));
    let view = node.expect(200, Who::Holder, "get", case, &Value::Null).await;
    let entry = view["entries"][0]["entry"].as_str().expect("an id").to_owned();
    let below = |word: &str| format!("{case}/{word}");
    let sent = [
        ("get", case.clone(), Value::Null),
        ("get", below("entries"), Value::Null),
        ("get", below(&format!("entries/{entry}")), Value::Null),
        ("post", below("entries"), new_note("x")),
        ("post", below("entries/preview"), new_note("x")),
        ("patch", below(&format!("entries/{entry}")), json!({ "fields": { "description": "y" } })),
        ("put", below("level"), json!({ "level": 2 })),
        ("get", below("consents"), Value::Null),
        (
            "post",
            below("consents"),
            json!({ "recipient": { "host": "997391853", "code": "school" },
            "areas": ["language"], "purpose": "x" }),
        ),
        ("post", below("withdrawals"), json!({ "giver": family.mother, "of": "all" })),
        ("post", below("assignments"), json!({ "account": Who::Colleague.account() })),
        ("get", below("family"), Value::Null),
        ("get", below("address-protection"), Value::Null),
        ("get", below("notices"), Value::Null),
        ("get", below("baton"), Value::Null),
        ("post", below("baton/offers"), json!({ "to": Who::Colleague.account() })),
        ("get", format!("{pages}/print"), Value::Null),
        ("get", format!("{pages}/write"), Value::Null),
        ("get", format!("{pages}/live"), Value::Null),
        ("get", format!("{pages}/looks"), Value::Null),
        ("get", pages.clone(), Value::Null),
    ];
    let answers = async || {
        let mut answers = Vec::new();
        for (method, path, body) in &sent {
            answers.push(node.ask(Who::Colleague, method, path, body).await);
        }
        answers
    };
    let before = answers().await;
    opened(&node, Who::Colleague).await;

    let after = answers().await;

    for ((method, path, _), (before, after)) in sent.iter().zip(before.iter().zip(&after)) {
        assert_eq!(after, before, "{method} {path}");
        assert!(matches!(after.status.as_u16(), 401 | 404), "{method} {path}");
    }
    assert_eq!(node.expect(200, Who::Colleague, "get", "/api/v1/cases", &Value::Null).await, json!([]));
    let mut colleague = node.log_in(Who::Colleague).await;
    let found = colleague.post("/search", &[("query", "teller")]).await.text();
    assert!(found.contains("Vi fant ingenting"), "{found}");
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;
}

#[tokio::test]
async fn what_closes_for_the_assigned_closes_in_the_middle_of_an_opening() {
    let node = Node::start().await;
    let family = noted(&node).await;
    let consent = family.consent(&node, "997391853", "health-station").await;
    node.expect(201, Who::HealthNurse, "post", OPENINGS, &in_emergency()).await;
    opened(&node, Who::Colleague).await;
    node.expect(200, Who::HealthNurse, "get", CASE, &Value::Null).await;

    let word = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{consent}/withdrawal"), &word).await;
    node.expect(404, Who::HealthNurse, "get", CASE, &Value::Null).await;
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;

    let strict = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &strict).await;
    node.expect(404, Who::Colleague, "get", CASE, &Value::Null).await;
}

#[tokio::test]
async fn second_opening_ends_the_first() {
    let node = Node::start().await;
    noted(&node).await;
    let subject = json!({ "name": "Liv Prøvesen", "birth_date": "2016-05-05" });
    let other = node.open_family(subject, &[super::opened::guardian("Inga Prøvesen", "mother", true)]).await;
    let path = format!("{}/entries", other.case);
    node.expect(201, Who::Holder, "post", &path, &new_note("Liv tegner")).await;
    opened(&node, Who::Colleague).await;

    at(&node, NOW + 5 * MINUTE);
    node.expect(201, Who::Colleague, "post", OPENINGS, &asked("liv  PRØVESEN", "2016-05-05")).await;

    let shown = node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;
    assert_eq!(shown["case"]["entries"][0]["fields"]["description"], "Liv tegner");
    assert_eq!(shown["case"]["entries"].as_array().map(Vec::len), Some(1));
    let listed = node.expect(200, Who::UnitLeader, "get", OPENINGS, &Value::Null).await;
    let ends: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["until"].clone()).collect();
    assert_eq!(ends, [json!(NOW + 35 * MINUTE), json!(NOW + 5 * MINUTE)]);
}

#[tokio::test]
async fn received_case_opens_by_its_card_in_the_service_that_has_it_and_nothing_goes_to_its_owner() {
    let node = Node::start().await;
    received_case(&node, "Leser litt").await;
    node.expect(404, Who::Colleague, "post", OPENINGS, &in_emergency()).await;
    received_card(&node, "Ane Testesen", "2015-03-14").await;
    let before = tables(&node);

    node.expect(404, Who::HealthNurse, "post", OPENINGS, &in_emergency()).await;
    opened(&node, Who::Colleague).await;
    let shown = node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;

    assert_eq!(shown["case"]["subject_name"], "Ane Testesen");
    assert_eq!(shown["case"]["owner_name"], "Steinkjer kommune");
    assert!(shown.to_string().contains("Leser litt"), "{shown}");
    let after = tables(&node);
    let changed: Vec<_> = after.iter().filter(|(name, rows)| before.get(*name) != Some(*rows)).collect();
    let changed: Vec<_> = changed.into_iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(changed, ["access_log", "emergency_opening"], "no row for a link, and no task");
    received_no_longer(&node).await;
    node.expect(404, Who::Colleague, "get", CASE, &Value::Null).await;
}

#[tokio::test]
async fn own_case_that_is_shared_opens_without_a_row_for_any_partner() {
    let node = Node::start().await;
    let family = noted(&node).await;
    family.consent(&node, super::support::PARTNER, "ppt").await;
    // The first look at a list makes the row that it is sealed under.
    node.expect(200, Who::Colleague, "get", "/api/v1/cases", &Value::Null).await;
    let before = tables(&node);

    opened(&node, Who::Colleague).await;
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;

    let after = tables(&node);
    let changed = after.iter().filter(|(name, rows)| before.get(*name) != Some(*rows));
    let changed: Vec<_> = changed.map(|(name, _)| name.as_str()).collect();
    assert_eq!(changed, ["access_log", "emergency_opening"]);
    let store = node.engine.store();
    assert_eq!(store.assignment_rows(family.id, UnixMillis(0)).await.expect("reads"), []);
}

/// The bytes of every table, as they lie in the file.
fn tables(node: &Node) -> std::collections::BTreeMap<String, Vec<String>> {
    let store = rusqlite::Connection::open(node.folder.path().join("data/store.sqlite")).expect("the store");
    let mut names = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("a query");
    let names = names.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    let names: Vec<_> = names.map(|name| name.expect("a name")).collect();
    let table = |name: String| {
        let mut rows = store.prepare(&format!("SELECT * FROM \"{name}\"")).expect("a query");
        let columns = rows.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|at| Ok(format!("{:?}", row.get_ref(at)?)));
            cells.collect::<Result<Vec<_>, rusqlite::Error>>().map(|cells| cells.join(" "))
        };
        let rows = rows.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect();
        (name, rows)
    };
    // Where the log ends is moved by every look.
    let kept =
        names.into_iter().filter(|name| !matches!(name.as_str(), "access_log_end" | "session" | "clock"));
    kept.map(table).collect()
}

#[tokio::test]
async fn look_is_in_the_log_before_anything_is_shown_and_without_it_nothing_is() {
    let node = Node::start().await;
    let family = noted(&node).await;
    let before = family.looks(&node).await.len();
    opened(&node, Who::Colleague).await;
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;

    let looks: Vec<_> = family.looks(&node).await.into_iter().skip(before).collect();
    assert_eq!(looks.len(), 2, "the opening and the look");
    assert!(looks.iter().all(|look| look.why == "emergency" && look.account == Who::Colleague.account()));
    let own = node.engine.store().accesses_of(Who::Colleague.account()).await.expect("reads");
    let attempt = own.iter().position(|look| look.what == "emergency attempt").expect("the attempt");
    assert_eq!(own[attempt].case, None);
    assert!(own[attempt + 1].case == Some(family.id), "the attempt comes before the case");

    node.break_access_log();
    assert_eq!(node.ask(Who::Colleague, "get", CASE, &Value::Null).await.status.as_u16(), 503);
    assert_eq!(open(&node, Who::UnitLeader, &in_emergency()).await.status.as_u16(), 503);
    let openings = node.engine.store().emergency_openings().await.expect("reads");
    assert_eq!(openings.len(), 1, "none without its row");
}

#[tokio::test]
async fn sealed_node_opens_nothing() {
    let node = Node::start().await;
    noted(&node).await;
    opened(&node, Who::Colleague).await;

    node.engine.seal(SealReason::Clock).await.expect("sealed");

    assert_eq!(open(&node, Who::UnitLeader, &in_emergency()).await.error(), "sealed");
    assert_eq!(node.ask(Who::Colleague, "get", CASE, &Value::Null).await.error(), "sealed");
}
