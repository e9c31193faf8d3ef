//! The list of a unit's cases: what its leader sees of each, and what not.

use serde_json::json;

use super::household::Family;
use super::support::{Node, Who};

#[tokio::test]
async fn leader_sees_that_a_case_of_the_unit_has_a_holder_and_nothing_of_the_family() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    node.open_case().await;

    let page = node.log_in(Who::UnitLeader).await.get("/unit").await.text();

    assert_eq!(page.matches(", åpnet ").count(), 2, "{page}");
    assert_eq!(page.matches("Holder har hatt stafettpinnen siden").count(), 2, "{page}");
    assert!(page.contains(&format!("/cases/{}/baton", family.id)), "{page}");
    for name in ["Ane", "Testesen", "Inga"] {
        assert!(!page.contains(name), "{name} stands in {page}");
    }
    assert!(!page.contains("Ingen aktiv stafettholder"));
    let looks = family.looks(&node).await;
    assert!(looks.iter().all(|row| row.what != "unit"), "a list of cases is no look at one");
}

#[tokio::test]
async fn case_whose_holder_has_left_comes_first_and_its_leader_gives_it_on_from_there() {
    let node = Node::start().await;
    node.open_case().await;
    let left = node.open_case().await;
    let body = json!({ "to": Who::Colleague.account() });
    let offer = node.expect(201, Who::Holder, "post", &format!("{left}/baton/offers"), &body).await;
    let offer = offer["offer"].as_str().expect("an id").to_owned();
    let accept = format!("{left}/baton/offers/{offer}/acceptance");
    node.expect(204, Who::Colleague, "post", &accept, &serde_json::Value::Null).await;
    let others = Who::ALL.into_iter().filter(|who| *who != Who::Colleague);
    node.people_are(&others.map(Who::line).collect::<String>());

    let mut leader = node.log_in(Who::UnitLeader).await;
    let page = leader.get("/unit").await.text();
    let first = page.split("<li class=\"ds-card\">").nth(1).expect("a case");
    let baton = format!("{}/baton", left.trim_start_matches("/api/v1"));
    assert!(first.contains("Ingen aktiv stafettholder") && first.contains(&baton), "{page}");
    assert_eq!(page.matches("Ingen aktiv stafettholder").count(), 1, "{page}");

    let to = Who::HealthNurse.account().to_string();
    leader.act(&format!("{baton}/give"), &[("to", &to)]).await;
    let page = leader.get("/unit").await.text();
    assert!(!page.contains("Ingen aktiv") && page.contains("HealthNurse har hatt"), "{page}");
}

#[tokio::test]
async fn leader_of_another_unit_does_not_find_the_case_and_nobody_else_the_page() {
    let node = Node::start().await;
    node.open_case().await;

    let page = node.log_in(Who::OtherLeader).await.get("/unit").await.text();
    assert!(page.contains("Enheten har ingen saker."), "{page}");
    for who in Who::ALL.into_iter().filter(|who| !matches!(who, Who::UnitLeader | Who::OtherLeader)) {
        assert_eq!(node.log_in(who).await.get("/unit").await.status.as_u16(), 404, "{who:?}");
    }
}
