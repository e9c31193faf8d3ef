//! The baton of another municipality's case is offered to a service here: its leader asks somebody, who takes it or
//! not, and nobody is stafettholder before the owner has said so (law 14).

use serde_json::{Value, json};
use stafett_protocol::baton::there::{About, At, BatonThere};
use stafett_protocol::id::{AccountId, BatonOfferId, GrantId};
use stafett_protocol::limits::BATON_OFFER_MS;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::package::Line;
use stafett_protocol::time::{MINUTE, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};

use super::late::{CASE, received_case};
use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who};
use crate::engine::EngineError;

const OFFER: BatonOfferId = BatonOfferId::from_bytes([0x81; 16]);

fn owner() -> OrganisationNumber {
    PARTNER.parse().expect("a number")
}

/// An offer of the received case's baton to the school here.
pub(super) fn offered_here(node: &Node, offer: BatonOfferId) -> BatonThere {
    let (partner, service) = (node.engine.organisation(), "school".parse().expect("a code"));
    let about = About { offer, owner: owner(), partner, case: CASE, service };
    BatonThere { about, at: At::Offered { lapses_at: UnixMillis(NOW + BATON_OFFER_MS) } }
}

/// A node at which the colleague works with a received case whose baton is offered to the school.
struct Here(Node);

impl Here {
    async fn offered() -> Self {
        let node = Node::start().await;
        received_case(&node, "x").await;
        let here = Self(node);
        let assign = json!({ "account": Who::Colleague.account() });
        here.0.expect(204, Who::ServiceLeader, "post", &below("assignments"), &assign).await;
        here.keeps(offered_here(&here.0, OFFER).at).await;
        here
    }

    /// The colleague is asked.
    async fn asked() -> Self {
        let here = Self::offered().await;
        here.asks(204, Who::ServiceLeader, Who::Colleague.account()).await;
        here
    }

    /// The owner has said that the colleague is stafettholder.
    async fn held() -> Self {
        let here = Self::asked().await;
        here.act(204, Who::Colleague, "acceptance").await;
        here.confirmed(Who::Colleague.account()).await;
        here
    }

    async fn keeps(&self, at: At) {
        let record = BatonThere { at, ..offered_here(&self.0, OFFER) };
        let kept = Transaction::of(vec![Write::BatonThere(Box::new(record))]);
        self.0.engine.store().commit(kept).await.expect("commits");
    }

    async fn confirmed(&self, account: AccountId) {
        let name = Line::of("Colleague").expect("a line");
        self.keeps(At::Held { account, name, since: UnixMillis(NOW) }).await;
    }

    /// What the link says next to the owner.
    async fn at(&self) -> At {
        let rows = self.0.engine.store().batons_here().await.expect("reads");
        rows.first().expect("an offer").record.at.clone()
    }

    async fn asks(&self, status: u16, who: Who, account: AccountId) {
        let path = format!("{}/request", path());
        self.0.expect(status, who, "post", &path, &json!({ "account": account })).await;
    }

    async fn act(&self, status: u16, who: Who, word: &str) {
        self.0.expect(status, who, "post", &format!("{}/{word}", path()), &Value::Null).await;
    }

    async fn listed(&self, who: Who) -> Vec<Value> {
        let listed = self.0.expect(200, who, "get", "/api/v1/batons/here", &Value::Null).await;
        let listed = listed.as_array().expect("a list").clone();
        listed.iter().for_each(|one| assert_eq!(differences("BatonHere", one), Vec::<String>::new()));
        listed
    }

    async fn step(&self, who: Who) -> Value {
        self.0.expect(200, who, "get", &path(), &Value::Null).await["step"].clone()
    }

    async fn page(&self, who: Who, path: &str) -> String {
        let answer = self.0.log_in(who).await.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer.text()
    }

    async fn has_task(&self, who: Who, kind: &str) -> bool {
        let tasks = self.0.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
        tasks.as_array().expect("a list").iter().any(|task| task["kind"] == kind)
    }
}

fn path() -> String {
    format!("/api/v1/batons/here/{OFFER}")
}

fn below(word: &str) -> String {
    format!("/api/v1/cases/{CASE}/{word}")
}

#[tokio::test]
async fn offer_is_the_leaders_who_asks_somebody_that_works_with_the_case_and_nobody_else() {
    let here = Here::offered().await;
    for who in Who::ALL.into_iter().filter(|who| *who != Who::ServiceLeader) {
        assert!(here.listed(who).await.is_empty(), "{who:?}");
        here.0.expect(404, who, "get", &path(), &Value::Null).await;
        here.asks(404, who, Who::Colleague.account()).await;
        for word in ["acceptance", "no", "return"] {
            here.act(404, who, word).await;
        }
    }
    let told = here.listed(Who::ServiceLeader).await.remove(0);
    assert_eq!(told["may_ask"].as_array().map(Vec::len), Some(1), "{told}");
    assert_eq!(told["who"], Value::Null);
    assert!(here.has_task(Who::ServiceLeader, "baton-for-service").await);
    let inbox = here.page(Who::ServiceLeader, "/inbox").await;
    assert!(inbox.contains(&format!("/baton/{OFFER}")), "{inbox}");

    for who in [Who::Holder, Who::HealthNurse, Who::UnitLeader, Who::ServiceLeader] {
        here.asks(422, Who::ServiceLeader, who.account()).await;
    }
    here.act(404, Who::ServiceLeader, "acceptance").await;
    here.asks(204, Who::ServiceLeader, Who::Colleague.account()).await;

    assert_eq!((here.listed(Who::Colleague).await.len(), here.listed(Who::Holder).await.len()), (1, 0));
    assert!(!here.has_task(Who::ServiceLeader, "baton-for-service").await);
    assert!(here.has_task(Who::Colleague, "baton-asked").await);
    let cases = here.page(Who::Colleague, "/cases").await;
    assert!(cases.contains(&format!("/baton/{OFFER}")), "{cases}");
    assert_eq!(here.at().await, offered_here(&here.0, OFFER).at, "nothing is sent by that");
}

#[tokio::test]
async fn whoever_takes_it_is_nobody_before_the_owner_has_said_so_and_then_is_told_when() {
    let here = Here::asked().await;
    let page = format!("/baton/{OFFER}");
    let case = format!("/cases/{CASE}");

    here.act(204, Who::Colleague, "acceptance").await;
    here.act(204, Who::Colleague, "acceptance").await;

    assert_eq!(here.step(Who::Colleague).await, "taken");
    let told = here.page(Who::Colleague, &page).await;
    assert!(told.contains("Sendt, ikke bekreftet ennå: Du er ikke stafettholder"), "{told}");
    let told = here.page(Who::ServiceLeader, &page).await;
    assert!(told.contains("Sendt, ikke bekreftet ennå") && told.contains("har den fortsatt"), "{told}");
    assert!(!here.page(Who::Colleague, &case).await.contains("Stafettholder"), "nobody is shown as it");
    let At::Taken { account, name } = here.at().await else { panic!("not taken") };
    assert_eq!((account, name.as_str()), (Who::Colleague.account(), "Colleague"));

    here.confirmed(Who::Colleague.account()).await;

    assert_eq!(here.step(Who::Colleague).await, "held");
    let told = here.page(Who::Colleague, &page).await;
    assert!(told.contains("Du er stafettholder for Steinkjer kommune. Bekreftet"), "{told}");
    assert!(here.page(Who::Colleague, &case).await.contains("Stafettholder"));
    assert!(here.page(Who::Colleague, "/baton").await.contains("Du er stafettholder for Steinkjer kommune"));
}

#[tokio::test]
async fn no_to_the_leader_is_no_word_to_the_owner_and_hers_is() {
    let here = Here::asked().await;
    here.act(409, Who::Colleague, "return").await;

    here.act(204, Who::Colleague, "no").await;

    assert!(here.listed(Who::Colleague).await.is_empty());
    assert_eq!(here.at().await, offered_here(&here.0, OFFER).at, "the leader asks another");
    assert!(here.has_task(Who::ServiceLeader, "baton-for-service").await);

    here.act(204, Who::ServiceLeader, "return").await;
    here.act(204, Who::ServiceLeader, "return").await;

    assert_eq!(here.at().await, At::NotTaken);
    let told = here.page(Who::ServiceLeader, &format!("/baton/{OFFER}")).await;
    assert!(told.contains("Sendt, ikke bekreftet ennå"), "{told}");
    here.asks(409, Who::ServiceLeader, Who::Colleague.account()).await;
}

#[tokio::test]
async fn holder_and_the_leader_give_it_back_and_nobody_takes_it_after_that() {
    for who in [Who::Colleague, Who::ServiceLeader] {
        let here = Here::held().await;

        let mut browser = here.0.log_in(who).await;
        let answer = browser.post(&format!("/baton/{OFFER}/return"), &[]).await;

        assert_eq!(answer.status.as_u16(), 303, "{who:?}: {}", answer.text());
        assert_eq!(here.at().await, At::NotTaken, "{who:?}");
        here.act(if who == Who::Colleague { 409 } else { 404 }, who, "acceptance").await;
        assert!(!here.page(Who::Colleague, &format!("/cases/{CASE}")).await.contains("Stafettholder"));
    }
}

#[tokio::test]
async fn offer_that_has_lapsed_is_answered_by_nobody() {
    let here = Here::asked().await;
    here.0.clock.store(NOW + BATON_OFFER_MS, std::sync::atomic::Ordering::Relaxed);

    here.act(409, Who::Colleague, "acceptance").await;
    here.act(409, Who::Colleague, "no").await;

    assert_eq!(here.step(Who::Colleague).await, "lapsed");
    assert!(!here.has_task(Who::Colleague, "baton-asked").await);
    assert_eq!(here.at().await.clone(), offered_here(&here.0, OFFER).at);
}

#[tokio::test]
async fn whoever_works_with_the_case_no_longer_gives_it_back() {
    let here = Here::held().await;
    let mut leader = here.0.log_in(Who::ServiceLeader).await;
    let colleague = Who::Colleague.account().to_string();
    let unassign = format!("/cases/{CASE}/unassign");
    assert_eq!(leader.post(&unassign, &[("account", &colleague)]).await.status.as_u16(), 303);
    assert_eq!(here.at().await, At::NotTaken);

    let here = Here::held().await;
    here.0.expect(204, Who::ServiceLeader, "post", &below("refusal"), &json!({ "reason": "fullt" })).await;
    assert_eq!(here.at().await, At::NotTaken, "the service cannot take the case");

    let here = Here::held().await;
    let others = Who::ALL.into_iter().filter(|who| *who != Who::Colleague);
    here.0.people_are(&others.map(Who::line).collect::<String>());
    here.0.engine.mend_batons().await.expect("the store can be read");
    assert_eq!(here.at().await, At::NotTaken, "her account is closed");

    let here = Here::asked().await;
    let mut leader = here.0.log_in(Who::ServiceLeader).await;
    assert_eq!(leader.post(&unassign, &[("account", &colleague)]).await.status.as_u16(), 303);
    assert_eq!(
        here.at().await,
        offered_here(&here.0, OFFER).at,
        "who is only asked has nothing to give back"
    );
    assert!(here.listed(Who::Colleague).await.is_empty());
}

#[tokio::test]
async fn answer_that_crosses_the_end_of_its_offer_is_a_conflict_and_brings_nothing_back() {
    let here = Here::held().await;
    let answer = BatonThere { at: At::NotTaken, ..offered_here(&here.0, OFFER) };
    let over = Transaction::of(vec![Write::BatonThereOver(OFFER)]);
    here.0.engine.store().commit(over).await.expect("commits");

    let kept = here.0.engine.keep_baton_here(answer).await;

    assert!(matches!(kept, Err(EngineError::Conflict { .. })), "{kept:?}");
    assert!(here.0.engine.store().batons_here().await.expect("reads").is_empty());
}

#[tokio::test]
async fn nothing_is_left_to_see_or_to_do_when_the_sharing_has_ended() {
    let here = Here::held().await;
    let grant = GrantId::from_bytes([0x43; 16]);
    let ended = Write::GrantEnded { owner: owner(), case: CASE, grant, at: UnixMillis(NOW) };
    here.0.engine.store().commit(Transaction::of(vec![ended])).await.expect("commits");
    here.0.clock.fetch_add(MINUTE, std::sync::atomic::Ordering::Relaxed);

    for who in [Who::Colleague, Who::ServiceLeader] {
        assert!(here.listed(who).await.is_empty(), "{who:?}");
        here.0.expect(404, who, "get", &path(), &Value::Null).await;
        here.act(404, who, "return").await;
        here.act(404, who, "acceptance").await;
    }
}

#[tokio::test]
async fn owner_who_names_somebody_that_does_not_work_with_the_case_gets_the_baton_back() {
    let here = Here::offered().await;

    here.confirmed(Who::HealthNurse.account()).await;
    assert!(here.listed(Who::HealthNurse).await.is_empty(), "she is of another service");
    here.0.engine.mend_batons().await.expect("the store can be read");

    assert_eq!(here.at().await, At::NotTaken);
}
