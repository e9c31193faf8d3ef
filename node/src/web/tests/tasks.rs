//! The list of what is to be done: for whom, in which order, and after a night without the node.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::family::Family;
use super::schema::differences;
use super::support::{NOW, Node, Who};

async fn tasks(node: &Node, who: Who) -> Vec<Value> {
    let listed = node.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
    let items = listed.as_array().expect("a list").clone();
    for item in &items {
        assert_eq!(differences("TaskItem", item), Vec::<String>::new(), "{item}");
    }
    items
}

fn kinds(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["kind"].as_str().expect("a word")).collect()
}

#[tokio::test]
async fn birthday_is_listed_right_whenever_somebody_looks_for_the_first_time() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2011-02-01").await;
    let consent = family.shared(&node).await;
    assert_eq!(kinds(&tasks(&node, Who::Holder).await), ["child-not-heard", "birthday-in-30-days"]);

    // The node sleeps over the midnight of the sixteenth birthday, and nobody sweeps.
    node.clock.store(NOW + 20 * DAY, std::sync::atomic::Ordering::Relaxed);

    let listed = tasks(&node, Who::Holder).await;
    assert_eq!(kinds(&listed), ["birthday-reached", "must-be-renewed"]);
    assert_eq!((&listed[0]["age"], &listed[0]["person"]), (&json!(16), &json!(family.child)));
    assert_eq!(listed[1]["consent"], consent.as_str());
    assert_eq!(listed[0]["due"], listed[1]["due"]);
    let case = node.expect(200, Who::Holder, "get", &family.case, &Value::Null).await;
    assert_eq!(case["tasks"], json!(listed));
}

#[tokio::test]
async fn tasks_are_the_holders_and_registrations_the_leaders() {
    let node = Node::start().await;
    let first = Family::opened(&node, "2011-02-01").await;
    let second = Family::opened(&node, "2015-02-01").await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &first.path("assignments"), &assign).await;
    let body = json!({ "document": "2026/117-3" });
    node.expect(201, Who::Holder, "post", &second.path("family"), &body).await;

    let of_holder = tasks(&node, Who::Holder).await;
    let of_leader = tasks(&node, Who::UnitLeader).await;

    assert_eq!(kinds(&of_holder), ["birthday-in-30-days", "birthday-in-30-days"]);
    assert_ne!(of_holder[0]["case"], of_holder[1]["case"]);
    let ages: BTreeSet<_> = of_holder.iter().filter_map(|task| task["age"].as_u64()).collect();
    assert_eq!(ages, BTreeSet::from([12, 16]));
    assert_eq!(kinds(&of_leader), ["registration-waits"]);
    assert!(second.case.ends_with(of_leader[0]["case"].as_str().expect("an id")));
    for who in Who::ALL.into_iter().filter(|who| !matches!(who, Who::Holder | Who::UnitLeader)) {
        assert_eq!(tasks(&node, who).await, Vec::<Value>::new(), "{who:?}");
    }
    let shown = node.expect(200, Who::Colleague, "get", &first.case, &Value::Null).await;
    assert_eq!(shown["tasks"], json!([]), "whoever only works with a case has no task of the holder's");
    node.are(&[(Who::Guardian, &first.mother)]);
    let shown = node.expect(200, Who::Guardian, "get", &first.case, &Value::Null).await;
    assert_eq!(shown["tasks"], json!([]), "and a guardian has none");
}

#[tokio::test]
async fn father_who_takes_it_back_is_a_task_that_no_guardian_sees() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2022-03-14").await;
    let consent = family.shared(&node).await;
    assert_eq!(tasks(&node, Who::Holder).await, Vec::<Value>::new());

    let word = json!({ "giver": family.father });
    let path = family.path(&format!("consents/{consent}/withdrawal"));
    node.expect(200, Who::Father, "post", &path, &word).await;

    let listed = tasks(&node, Who::Holder).await;
    assert_eq!(kinds(&listed), ["clarify-with-all"]);
    assert_eq!((&listed[0]["person"], &listed[0]["due"]), (&json!(family.father), &json!(NOW)));
    assert_eq!(tasks(&node, Who::Guardian).await, Vec::<Value>::new());
}
