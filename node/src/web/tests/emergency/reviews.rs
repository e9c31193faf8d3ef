//! Who is told of an emergency opening, and who says what was found.

use stafett_protocol::person::Role;
use stafett_protocol::time::DAY;

use super::*;

const FINDING: &str = "Ingen andre kunne svare";

async fn review(node: &Node, status: u16, who: Who, opening: &str) {
    let body = json!({ "was_needed": true, "finding": FINDING });
    node.expect(status, who, "post", &format!("{OPENINGS}/{opening}/review"), &body).await;
}

async fn listed(node: &Node, who: Who) -> Vec<Value> {
    let listed = node.expect(200, who, "get", OPENINGS, &Value::Null).await;
    let items = listed.as_array().expect("a list").clone();
    for item in &items {
        assert_eq!(differences("EmergencyItem", item), Vec::<String>::new(), "{item}");
    }
    items
}

async fn first_page(node: &Node, who: Who) -> String {
    let path = match who.role() {
        Role::ServiceLeader => "/inbox",
        Role::DataProtectionOfficer => "/disclosures",
        _ => "/cases",
    };
    let answer = node.log_in(who).await.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{who:?}");
    answer.text()
}

#[tokio::test]
async fn leaders_and_stafettholder_are_told_on_their_first_page_and_others_are_not() {
    let node = Node::start().await;
    let family = noted(&node).await;
    family.consent(&node, "997391853", "health-station").await;
    node.expect(201, Who::HealthNurse, "post", OPENINGS, &in_emergency()).await;

    let waits = "HealthNurse gjorde en nødåpning 15. januar 2027. Den må gås gjennom.";
    for who in Who::ALL.into_iter().filter(|who| !matches!(who.role(), Role::Guardian | Role::Subject)) {
        // One leads who opened, the other the unit that answers for the case.
        let leads = matches!(who, Who::OtherLeader | Who::UnitLeader);
        let page = first_page(&node, who).await;
        assert_eq!(page.contains(waits), leads, "{who:?}: {page}");
        let made = "En nødåpning ble gjort i saken til Ane 15. januar 2027.";
        assert_eq!(page.contains(made), who == Who::Holder, "{who:?}: {page}");
        assert!(!page.contains(REASON), "{who:?}");
    }
}

#[tokio::test]
async fn leader_of_a_shared_service_is_told_of_an_opening_in_a_received_case() {
    let node = Node::start().await;
    received_case(&node, "Leser litt").await;
    received_card(&node, "Ane Testesen", "2015-03-14").await;
    let opening = opened(&node, Who::Colleague).await;

    assert!(first_page(&node, Who::ServiceLeader).await.contains("Colleague gjorde en nødåpning"));
    review(&node, 204, Who::ServiceLeader, &opening).await;
    assert!(!first_page(&node, Who::ServiceLeader).await.contains("Colleague gjorde en nødåpning"));
}

#[tokio::test]
async fn opening_waits_until_a_leader_has_written_what_was_found_and_stays_listed() {
    let node = Node::start().await;
    noted(&node).await;
    let opening = opened(&node, Who::Colleague).await;
    let of_leader = &listed(&node, Who::UnitLeader).await[0];
    assert_eq!((&of_leader["reason"], &of_leader["opened_by"]), (&json!(REASON), &json!("Colleague")));
    assert_eq!((&of_leader["may_review"], &of_leader["review"]), (&json!(true), &Value::Null));
    let of_officer = &listed(&node, Who::ProtectionOfficer).await[0];
    assert_eq!((&of_officer["reason"], &of_officer["may_review"]), (&json!(REASON), &json!(false)));
    assert_eq!(listed(&node, Who::OtherLeader).await, Vec::<Value>::new());
    for who in [Who::Colleague, Who::Holder, Who::Coordinator, Who::Operator, Who::Guardian, Who::Youth] {
        node.expect(404, who, "get", OPENINGS, &Value::Null).await;
        review(&node, 404, who, &opening).await;
    }
    review(&node, 404, Who::OtherLeader, &opening).await;
    review(&node, 403, Who::ProtectionOfficer, &opening).await;
    let short = json!({ "was_needed": true, "finding": "ni tegn j" });
    let path = format!("{OPENINGS}/{opening}/review");
    node.expect(422, Who::UnitLeader, "post", &path, &short).await;

    at(&node, NOW + DAY);
    let mut leader = node.log_in(Who::UnitLeader).await;
    let form = [("needed", "no"), ("finding", FINDING)];
    let page = leader.act(&format!("/emergency/reviews/{opening}"), &form).await.text();

    assert!(page.contains("Gjennomgangen er lagret.") && page.contains("Ikke nødvendig."), "{page}");
    assert!(page.contains("Ingen nødåpning venter.") && page.contains(FINDING), "{page}");
    review(&node, 409, Who::UnitLeader, &opening).await;
    assert!(!first_page(&node, Who::UnitLeader).await.contains("gjorde en nødåpning"));
    for who in [Who::UnitLeader, Who::ProtectionOfficer] {
        let item = listed(&node, who).await.remove(0);
        let found = json!({ "by": "UnitLeader", "at": NOW + DAY, "was_needed": false, "finding": FINDING });
        assert_eq!((&item["review"], &item["may_review"]), (&found, &json!(false)), "{who:?}");
    }
}

#[tokio::test]
async fn opening_that_nobody_has_looked_into_never_goes_away_and_is_late_after_seven_days() {
    let node = Node::start().await;
    noted(&node).await;
    opened(&node, Who::Colleague).await;
    let late = "<strong class=\"ds-tag\" data-color=\"danger\">";

    for (moment, is_late) in [(NOW + 7 * DAY, false), (NOW + 7 * DAY + 1, true), (NOW + 29 * DAY, true)] {
        at(&node, moment);
        assert_eq!(listed(&node, Who::UnitLeader).await[0]["is_late"], is_late, "{moment}");
        let page = first_page(&node, Who::UnitLeader).await;
        assert!(page.contains("Colleague gjorde en nødåpning"), "{page}");
        assert_eq!(page.contains(late), is_late, "{page}");
        let holder = first_page(&node, Who::Holder).await;
        assert!(
            holder.contains("En nødåpning ble gjort i saken"),
            "until somebody has looked into it: {holder}"
        );
    }
}

#[tokio::test]
async fn nobody_looks_into_an_own_opening_and_of_a_leaders_another_leader_or_the_officer_does() {
    let node = Node::start().await;
    noted(&node).await;
    let opening = opened(&node, Who::UnitLeader).await;

    review(&node, 403, Who::UnitLeader, &opening).await;
    let mut leader = node.log_in(Who::UnitLeader).await;
    let page = leader.get("/emergency/reviews").await.text();
    assert!(page.contains("Du åpnet selv.") && !page.contains("Var den nødvendig?"), "{page}");
    let form = [("needed", "yes"), ("finding", FINDING)];
    let refused = leader.post(&format!("/emergency/reviews/{opening}"), &form).await;
    assert_eq!(refused.status.as_u16(), 403);
    assert!(!first_page(&node, Who::UnitLeader).await.contains("gjorde en nødåpning"));
    assert!(first_page(&node, Who::ProtectionOfficer).await.contains("UnitLeader gjorde en nødåpning"));
    assert!(first_page(&node, Who::ServiceLeader).await.contains("UnitLeader gjorde en nødåpning"));

    review(&node, 204, Who::ProtectionOfficer, &opening).await;
}

#[tokio::test]
async fn account_that_also_oversees_does_not_look_into_what_it_opened() {
    let node = Node::start().await;
    noted(&node).await;
    let opening = opened(&node, Who::UnitLeader).await;
    let both = Who::ALL.map(Who::line).concat().replace(
        &format!("{}roles = [\"unit-leader\"]", "name = \"UnitLeader\"\nservice = \"school\"\n"),
        "name = \"UnitLeader\"\nservice = \"school\"\nroles = [\"unit-leader\", \"data-protection-officer\"]",
    );
    node.people_are(&both);
    let officer = (Who::UnitLeader.account(), Role::DataProtectionOfficer);
    super::super::support::put_token_of(&node.engine, "both", officer, NOW + DAY).await;

    let body = json!({ "was_needed": true, "finding": FINDING });
    let path = format!("{OPENINGS}/{opening}/review");
    let answer = node.send(super::super::support::request(Some("both"), "post", &path, &body)).await;

    assert_eq!(answer.error(), "not_allowed");
}

#[tokio::test]
async fn family_and_officer_see_that_a_look_was_an_emergency_and_the_family_not_why() {
    let node = Node::start().await;
    let family = noted(&node).await;
    opened(&node, Who::Colleague).await;
    node.expect(200, Who::Colleague, "get", CASE, &Value::Null).await;
    let path = format!("/cases/{}/looks", family.id);

    let by_mother = node.page(Some(super::super::household::MOTHER), "get", &path).await.text();
    let by_officer = node.page(Some(&Who::ProtectionOfficer.token()), "get", &path).await.text();
    let by_holder = node.page(Some(&Who::Holder.token()), "get", &path).await.text();

    for page in [by_mother, by_officer, by_holder] {
        assert!(page.contains("<td>nødåpning</td>"), "{page}");
        assert!(page.contains("Colleague") && !page.contains(REASON), "{page}");
    }
}

#[tokio::test]
async fn damaged_row_hides_no_other_and_opens_nothing() {
    let node = Node::start().await;
    noted(&node).await;
    let (damaged, whole) = (opened(&node, Who::Colleague).await, opened(&node, Who::UnitLeader).await);
    let store = rusqlite::Connection::open(node.folder.path().join("data/store.sqlite")).expect("the store");
    let account = *Who::Colleague.account().as_bytes();
    let spoil = "UPDATE emergency_opening SET sealed = zeroblob(length(sealed)) WHERE account = ?1";
    assert_eq!(store.execute(spoil, [account]).expect("spoilt"), 1);

    node.expect(404, Who::Colleague, "get", CASE, &Value::Null).await;
    node.expect(200, Who::UnitLeader, "get", CASE, &Value::Null).await;
    let items = listed(&node, Who::ServiceLeader).await;
    let of = |id: &str| items.iter().find(|item| item["opening"] == id).expect("listed");
    assert_eq!((&of(&damaged)["reason"], &of(&whole)["reason"]), (&Value::Null, &json!(REASON)));
    assert_eq!(of(&damaged)["opened_by"], "Colleague");
    let page = node.log_in(Who::ServiceLeader).await.get("/emergency/reviews").await.text();
    assert!(page.contains("Teksten kan ikke leses.") && page.contains(REASON), "{page}");
    review(&node, 204, Who::ServiceLeader, &damaged).await;
}
