//! The cases that have stopped: what the BTI coordinator sees of each, and what nobody else does.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::household::Family;
use super::support::{NOW, Node, Who};

const WEEKS: u64 = 7 * DAY;

async fn page(node: &Node) -> String {
    let answer = node.log_in(Who::Coordinator).await.get("/stalled").await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.text()
}

async fn at_level(node: &Node, level: u8) -> String {
    let case = node.open_case().await;
    node.expect(204, Who::Holder, "put", &format!("{case}/level"), &json!({ "level": level })).await;
    case
}

/// What the coordinator calls a case.
fn label(case: &str) -> String {
    format!("Sak {}", case.rsplit('/').next().expect("an id")[..8].to_uppercase())
}

#[tokio::test]
async fn coordinator_sees_which_cases_have_stopped_and_nothing_of_the_family() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    node.expect(204, Who::Holder, "put", &format!("{}/level", family.case), &json!({ "level": 2 })).await;
    let other = at_level(&node, 1).await;
    assert!(page(&node).await.contains("Ingen saker viser tegnene under."), "none has yet");

    node.clock.store(NOW + 14 * WEEKS, Ordering::Relaxed);

    let page = page(&node).await;
    let stopped = label(&family.case);
    let card = page.split("<li class=\"ds-card\">").nth(1).expect("a case");
    assert!(card.contains(&format!(">{stopped}</h3>")), "{page}");
    assert!(card.contains(", Skole. 14 uker på nivået.") && card.contains("uten nytt møte"), "{card}");
    assert!(!page.contains(&label(&other)), "no meeting is missed on level 1: {page}");
    for name in ["Ane", "Testesen", "Inga", "Holder", &family.id.to_string()] {
        assert!(!page.contains(name), "{name} stands in {page}");
    }
    let nynorsk = node.log_in(Who::Coordinator).await.get("/stalled?lang=nn").await.text();
    assert!(nynorsk.contains("Tolv veker på nivå 2 eller 3 utan nytt møte"), "{nynorsk}");
    assert!(family.looks(&node).await.iter().all(|row| row.what != "stalled"), "it is no look at a case");

    let unit = node.log_in(Who::UnitLeader).await.get("/unit").await.text();
    assert!(unit.contains(&format!(">{stopped}, åpnet ")), "the leader can be asked about it: {unit}");
    assert_eq!(unit.matches("<li>Tolv uker på nivå 2 eller 3 uten nytt møte</li>").count(), 1, "{unit}");
}

#[tokio::test]
async fn written_meeting_ends_the_sign_until_twelve_weeks_after_it() {
    let node = Node::start().await;
    let case = at_level(&node, 2).await;
    node.clock.store(NOW + 10 * WEEKS, Ordering::Relaxed);
    let mut holder = node.log_in(Who::Holder).await;
    let path = format!("{}/meeting", case.trim_start_matches("/api/v1"));
    let begin = [("date", "2027-03-01"), ("areas", "language"), ("entry-about", "subject")];
    let named = holder.post(&path, &begin).await.text();
    let seen = named.split("name=\"seen\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let seen = seen.expect("readers are named").to_owned();
    let begun = holder.post(&path, &[&begin[..], &[("seen", &seen)]].concat()).await;
    assert_eq!(begun.status.as_u16(), 303, "{}", begun.text());

    for (weeks, is_shown) in [(14, false), (21, false), (22, true)] {
        node.clock.store(NOW + weeks * WEEKS, Ordering::Relaxed);
        assert_eq!(page(&node).await.contains(&label(&case)), is_shown, "after {weeks} weeks");
    }
}

#[tokio::test]
async fn few_cases_of_a_level_are_not_counted_out_and_no_sum_tells_them() {
    let node = Node::start().await;
    for _ in 0..4 {
        node.open_case().await;
    }
    let before = page(&node).await;
    assert_eq!(before.matches("<dd>færre enn 5 saker</dd>").count(), 4, "{before}");
    node.open_case().await;

    let after = page(&node).await;
    assert_eq!(after.matches("<dd>færre enn 5 saker</dd>").count(), 3, "{after}");
    assert_eq!(after.matches("<dd>5 saker</dd>").count(), 1, "{after}");
}

#[tokio::test]
async fn strictly_protected_case_is_neither_counted_nor_listed() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    node.expect(204, Who::Holder, "put", &format!("{}/level", family.case), &json!({ "level": 1 })).await;
    for _ in 0..4 {
        at_level(&node, 1).await;
    }
    assert!(page(&node).await.contains("<dd>5 saker</dd>"));
    let strict = json!({ "protection": "strictly-confidential", "safe_for": [family.mother] });
    let path = format!("{}/address-protection", family.case);
    node.expect(204, Who::UnitLeader, "put", &path, &strict).await;

    let shown = page(&node).await;

    assert!(!shown.contains("<dd>5 saker</dd>"), "{shown}");
    let others = Who::ALL.into_iter().filter(|who| *who != Who::Holder);
    node.people_are(&others.map(Who::line).collect::<String>());
    let shown = page(&node).await;
    assert_eq!(
        shown.matches("Ingen aktiv stafettholder").count(),
        4 + 1,
        "and once among the signs: {shown}"
    );
    assert!(!shown.contains(&label(&family.case)), "{shown}");
}

#[tokio::test]
async fn nobody_else_finds_the_page_and_the_coordinator_opens_no_case() {
    let node = Node::start().await;
    let case = at_level(&node, 2).await;
    for who in Who::ALL.into_iter().filter(|who| *who != Who::Coordinator) {
        assert_eq!(node.log_in(who).await.get("/stalled").await.status.as_u16(), 404, "{who:?}");
    }
    node.expect(404, Who::Coordinator, "get", &case, &Value::Null).await;
}

#[tokio::test]
async fn case_that_cannot_be_read_hides_no_other_and_is_told_of() {
    let node = Node::start().await;
    let (whole, damaged) = (at_level(&node, 2).await, at_level(&node, 2).await);
    let id: stafett_protocol::id::CaseId = damaged.rsplit('/').next().expect("an id").parse().expect("an id");
    let folder = node.folder.path().join("data/store.sqlite");
    let store = rusqlite::Connection::open(folder).expect("the store");
    let garbage = "INSERT INTO uptake_heard (case_id, grant_id, partner, said_at, heard_at, sealed)
                   VALUES (?1, x'00112233445566778899aabbccddeeff', 1, 1, 1, x'00')";
    store.execute(garbage, [id.as_bytes()]).expect("a row that does not open");
    node.clock.store(NOW + 14 * WEEKS, Ordering::Relaxed);

    let shown = page(&node).await;

    assert!(shown.contains(&label(&whole)) && !shown.contains(&label(&damaged)), "{shown}");
    assert!(shown.contains("Én sak kan ikke leses og er ikke med."), "{shown}");
    let unit = node.log_in(Who::UnitLeader).await.get("/unit").await.text();
    assert!(unit.contains(&label(&damaged)), "its leader sees it all the same: {unit}");
}

#[tokio::test]
async fn unit_is_named_where_it_has_so_many_cases_that_it_points_at_none() {
    let node = Node::start().await;
    for _ in 0..4 {
        at_level(&node, 2).await;
    }
    let lines = Who::ALL.map(Who::line).concat();
    let in_unit = lines.replace("service = \"school\"", "service = \"school\"\nunit = \"Sandvollan\"");
    node.people_are(&in_unit);
    node.clock.store(NOW + 14 * WEEKS, Ordering::Relaxed);
    assert!(!page(&node).await.contains("Sandvollan"), "four cases point at somebody");
    node.clock.store(NOW, Ordering::Relaxed);
    at_level(&node, 2).await;
    node.clock.store(NOW + 14 * WEEKS, Ordering::Relaxed);

    assert_eq!(page(&node).await.matches(", Sandvollan.").count(), 5);
}

#[tokio::test]
async fn level_that_a_case_has_already_is_no_change() {
    let node = Node::start().await;
    let case = at_level(&node, 2).await;
    let id = case.rsplit('/').next().expect("an id").parse().expect("an id");
    let length = async || node.engine.store().ledger(id).await.expect("reads").len();
    let before = length().await;

    node.expect(204, Who::Holder, "put", &format!("{case}/level"), &json!({ "level": 2 })).await;
    assert_eq!(length().await, before);
    node.expect(204, Who::Holder, "put", &format!("{case}/level"), &json!({ "level": 3 })).await;
    assert_eq!(length().await, before + 1);
}
