//! A stafettholder whose account is closed: who acts, what stays, and who is told.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::NEW_HOLDER_TOLD_MS;
use stafett_protocol::time::DAY;

use super::household::{CHILD, FATHER, Family, MOTHER};
use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who, put_token};
use crate::engine::seal::SealReason;

impl Node {
    /// Closes accounts, as the operator does in the file of people, and lets the node see it.
    async fn leaves(&self, gone: &[Who]) {
        let file = std::fs::read_to_string(self.folder.path().join("people.toml")).expect("the people");
        let is_gone = |block: &str| gone.iter().any(|who| block.contains(&who.account().to_string()));
        let blocks = file.split("[[person]]\n").skip(1).filter(|block| !is_gone(block));
        self.people_are(&blocks.map(|block| format!("[[person]]\n{block}")).collect::<String>());
        self.engine.mend_batons().await.expect("the store can be read");
    }

    async fn offers(&self, by: Who, case: &str, to: Who) -> String {
        let body = json!({ "to": to.account(), "note": "Ring moren først." });
        let offered = self.expect(201, by, "post", &format!("{case}/baton/offers"), &body).await;
        offered["offer"].as_str().expect("an id").to_owned()
    }

    async fn accepts(&self, status: u16, who: Who, case: &str, offer: &str) {
        let path = format!("{case}/baton/offers/{offer}/acceptance");
        self.expect(status, who, "post", &path, &Value::Null).await;
    }

    async fn holder(&self, who: Who, case: &str) -> (Value, bool) {
        let view = self.expect(200, who, "get", &format!("{case}/baton"), &Value::Null).await;
        assert_eq!(differences("BatonView", &view), Vec::<String>::new());
        (view["holder"]["name"].clone(), view["is_acting"] == true)
    }

    async fn held_by(&self, case: CaseId) -> AccountId {
        let chain = self.engine.store().ledger(case).await.expect("read");
        LedgerView::replay(chain.iter()).expect("a chain").baton().last_own_holder()
    }

    async fn has_task(&self, who: Who, kind: &str) -> bool {
        let tasks = self.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
        tasks.as_array().expect("a list").iter().any(|task| task["kind"] == kind)
    }

    async fn notices(&self, token: &str, family: &Family) -> Vec<Value> {
        let answer = self.ask_with(token, &format!("{}/notices", family.case)).await;
        let notices = answer.json();
        let notices = notices.as_array().expect("a list").clone();
        notices.iter().for_each(|one| assert_eq!(differences("NoticeItem", one), Vec::<String>::new()));
        notices
    }
}

#[tokio::test]
async fn baton_of_a_closed_account_falls_to_the_units_leader_and_consents_stay() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let consent = family.consent(&node, PARTNER, "ppt").await;
    let offer = node.offers(Who::Holder, &family.case, Who::Colleague).await;

    node.leaves(&[Who::Holder]).await;

    assert_eq!(node.holder(Who::UnitLeader, &family.case).await, (json!("UnitLeader"), true));
    let write = format!("{}/entries", family.case);
    assert_eq!(node.ask(Who::Holder, "post", &write, &json!({})).await.status.as_u16(), 401);
    // What the one who left had offered is void, and its note is gone.
    node.accepts(404, Who::Colleague, &family.case, &offer).await;
    assert!(node.engine.store().handover_note(family.id).await.expect("read").is_none());
    let consents = format!("{}/consents", family.case);
    let consents = node.expect(200, Who::UnitLeader, "get", &consents, &Value::Null).await;
    let mut consents = consents.as_array().expect("a list").iter();
    let kept = consents.find(|one| consent.ends_with(one["id"].as_str().expect("an id")));
    assert_eq!(kept.expect("the consent")["status"], "valid");
    assert!(node.has_task(Who::UnitLeader, "baton-acting").await);
    assert!(!node.has_task(Who::OtherLeader, "baton-acting").await);

    let second = node.offers(Who::UnitLeader, &family.case, Who::Colleague).await;
    node.accepts(204, Who::Colleague, &family.case, &second).await;

    assert_eq!(node.holder(Who::Colleague, &family.case).await, (json!("Colleague"), false));
    for who in [Who::UnitLeader, Who::Colleague] {
        assert!(!node.has_task(who, "baton-acting").await, "{who:?}");
    }
}

#[tokio::test]
async fn offer_to_a_closed_account_is_void_and_the_holder_keeps_the_baton() {
    let node = Node::start().await;
    let case = node.open_case().await;
    node.offers(Who::Holder, &case, Who::Colleague).await;

    node.leaves(&[Who::Colleague]).await;

    let view = node.expect(200, Who::Holder, "get", &format!("{case}/baton"), &Value::Null).await;
    assert_eq!((&view["offer"], &view["is_acting"]), (&Value::Null, &json!(false)));
    assert_eq!(node.holder(Who::Holder, &case).await.0, "Holder");
    // At once another can be asked.
    node.offers(Who::Holder, &case, Who::HealthNurse).await;
}

#[tokio::test]
async fn acting_holder_stands_first_in_the_unit_and_is_late_after_a_week() {
    let node = Node::start().await;
    let kept = node.open_case().await;
    let left = node.open_case().await;
    let offer = node.offers(Who::Holder, &left, Who::Colleague).await;
    node.accepts(204, Who::Colleague, &left, &offer).await;

    node.leaves(&[Who::Colleague]).await;

    let mut leader = node.log_in(Who::UnitLeader).await;
    let page = leader.get("/unit").await.text();
    let path = |case: &str| format!("{}/baton", case.trim_start_matches("/api/v1"));
    let first = page.split("<li class=\"ds-card\">").nth(1).expect("a case");
    assert!(first.contains(&path(&left)) && first.contains("Fungerende stafettholder"), "{page}");
    assert!(!first.contains("over fristen"), "{page}");
    assert!(page.contains(&path(&kept)) && page.matches("Fungerende stafettholder").count() == 1, "{page}");
    assert!(leader.get("/cases").await.text().contains("Du er fungerende stafettholder"));
    let shown = leader.get(&path(&left)).await.text();
    assert!(shown.contains("er fungerende stafettholder til noen"), "{shown}");

    node.clock.store(NOW + 7 * DAY + 1, Ordering::Relaxed);

    let page = node.log_in(Who::UnitLeader).await.get("/unit").await.text();
    let first = page.split("<li class=\"ds-card\">").nth(1).expect("a case");
    assert!(first.contains("over fristen"), "{page}");
}

#[tokio::test]
async fn family_is_told_of_the_new_holder_for_thirty_days_and_never_under_strict_protection() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    for token in [MOTHER, FATHER, CHILD] {
        assert!(node.notices(token, &family).await.is_empty(), "nothing has passed yet");
    }
    node.clock.store(NOW + DAY, Ordering::Relaxed);

    node.leaves(&[Who::Holder]).await;

    for token in [MOTHER, FATHER, CHILD] {
        let told = node.notices(token, &family).await;
        let [one] = told.as_slice() else { panic!("{} notices", told.len()) };
        assert_eq!(one["kind"], "new-stafettholder");
        assert!(
            one["nb"]["paragraphs"][0].as_str().expect("a text").starts_with("UnitLeader er stafettholder")
        );
        assert!(
            one["nn"]["paragraphs"][0].as_str().expect("a text").starts_with("UnitLeader er stafetthaldar")
        );
        assert!(!one.to_string().contains("sluttet"), "why is nobody's matter: {one}");
    }
    let page = node.page(Some(MOTHER), "get", &format!("/family/{}", family.id)).await;
    assert!(page.status.as_u16() != 500, "{}", page.text());
    let strict = json!({ "protection": "strictly-confidential", "safe_for": [family.mother] });
    let protection = format!("{}/address-protection", family.case);
    node.expect(204, Who::UnitLeader, "put", &protection, &strict).await;
    assert!(node.notices(MOTHER, &family).await.is_empty());
    let lifted = json!({ "protection": "none", "safe_for": [] });
    node.expect(204, Who::UnitLeader, "put", &protection, &lifted).await;
    assert_eq!(node.notices(MOTHER, &family).await.len(), 1);

    let later = "token-of-a-later-day";
    put_token(&node.engine, later, Who::UnitLeader, NOW + 60 * DAY).await;
    assert_eq!(node.notices(later, &family).await.len(), 3, "the drafts for all of them");

    node.clock.store(NOW + DAY + NEW_HOLDER_TOLD_MS, Ordering::Relaxed);

    assert!(node.notices(later, &family).await.is_empty());
}

#[tokio::test]
async fn baton_stays_where_nobody_can_act_and_falls_once_somebody_can() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let file = std::fs::read_to_string(node.folder.path().join("people.toml")).expect("the people");

    node.leaves(&[Who::Holder, Who::UnitLeader]).await;

    let id = case.rsplit('/').next().expect("an id").parse().expect("an id");
    assert_eq!(node.held_by(id).await, Who::Holder.account(), "never nobody");

    let blocks = file.split("[[person]]\n").skip(1);
    let others = blocks.filter(|block| !block.contains(&Who::Holder.account().to_string()));
    node.people_are(&others.map(|block| format!("[[person]]\n{block}")).collect::<String>());
    node.engine.mend_batons().await.expect("mends");

    assert_eq!(node.held_by(id).await, Who::UnitLeader.account());
}

#[tokio::test]
async fn sealed_node_leaves_the_baton_and_mends_it_when_it_opens() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let id = case.rsplit('/').next().expect("an id").parse().expect("an id");
    node.engine.seal(SealReason::Clock).await.expect("seals");

    node.leaves(&[Who::Holder]).await;

    assert_eq!(node.held_by(id).await, Who::Holder.account());
    node.engine.unseal(&[SealReason::Clock]).await.expect("opens");
    assert_eq!(node.held_by(id).await, Who::UnitLeader.account());
}
