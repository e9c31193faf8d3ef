//! The baton is offered to a service at a partner: what the stafettholder decides here, and what the partner
//! says, as the link hands it over.

use serde_json::{Value, json};
use stafett_protocol::baton::there::{About, AnswerThere, Answered};
use stafett_protocol::consent::{Channel, Consent, Direction, Evidence, WithdrawnPart, Yes};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId, ConsentId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::succession::package::Line;
use stafett_protocol::time::{DAY, UnixMillis};

use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who, new_note};
use crate::engine::EngineError;
use crate::keys::{CertificateSubject, NodeKeys};

const CONSENT: ConsentId = ConsentId::from_bytes([0x71; 16]);
const OFFER: BatonOfferId = BatonOfferId::from_bytes([0x72; 16]);
const OLE: AccountId = AccountId::from_bytes([0x73; 16]);

fn own() -> OrganisationNumber {
    "997391853".parse().expect("a number")
}

fn them() -> OrganisationNumber {
    "840029212".parse().expect("a number")
}

fn ppt() -> Service {
    Service { host: them(), code: "ppt".parse().expect("a code") }
}

fn their_key() -> SigningKey {
    let subject = CertificateSubject {
        organisation: them(),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + DAY),
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key")
}

fn reader(who: Who) -> Reader {
    let service = who.service().map(|code| code.parse().expect("a code"));
    Reader { account: who.account(), role: who.role(), organisation: own(), service, person: None }
}

/// A case that the partner's PPT reads and writes in.
struct Shared {
    node: Node,
    case: CaseId,
    path: String,
    mother: PersonId,
    key: SigningKey,
}

impl Shared {
    async fn with_ppt(direction: Direction) -> Self {
        let node = Node::start().await;
        let path = node.open_case().await;
        node.expect(201, Who::Holder, "post", &format!("{path}/entries"), &new_note("Leser")).await;
        let seen = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
        let mother =
            seen["parties"].as_array().expect("a list").iter().find(|one| one["name"] == "Inga Testesen");
        let mother = serde_json::from_value(mother.expect("the mother")["person"].clone()).expect("an id");
        let case = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a case");
        let consent = Consent {
            areas: ["language".parse().expect("a code")].into(),
            kinds: EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect(),
            purpose: "Barnet skal få hjelp.".to_owned(),
            direction,
            ..Consent::sharing(CONSENT, ppt(), UnixMillis(NOW), UnixMillis(NOW + 40 * DAY))
        };
        let yes = Yes::new(UnixMillis(NOW), Evidence::Oral);
        let said =
            vec![Said::ConsentAsked { consent }, Said::ConsentGiven { consent: CONSENT, giver: mother, yes }];
        node.engine.says(case, Who::Holder.account(), said).await;
        Self { node, case, path, mother, key: their_key() }
    }

    async fn offer(&self, who: Who) -> Result<(), EngineError> {
        self.node.engine.offer_baton_there(&reader(who), self.case, OFFER, ppt()).await
    }

    async fn answers(&self, answered: Answered) {
        let Service { host: partner, code: service } = ppt();
        let about = About { offer: OFFER, owner: own(), partner, case: self.case, service };
        let answer = self.key.sign(AnswerThere { about, answered }).expect("signs");
        self.node.engine.hear_baton(them(), answer).await;
    }

    async fn is_taken(&self) {
        self.offer(Who::Holder).await.expect("may be offered");
        let name = Line::of("Ole Eksempel").expect("a line");
        self.answers(Answered::Taken { account: OLE, name }).await;
    }

    async fn ledger(&self) -> LedgerView {
        let chain = self.node.engine.store().ledger(self.case).await.expect("reads");
        LedgerView::replay(chain.iter()).expect("a chain")
    }

    async fn expect(&self, status: u16, who: Who, method: &str, below: &str, body: &Value) -> Value {
        self.node.expect(status, who, method, &format!("{}{below}", self.path), body).await
    }

    /// The page of the case's baton, as somebody sees it.
    async fn page(&self, who: Who, below: &str) -> String {
        let path = format!("/cases/{}/baton{below}", self.case);
        let answer = self.node.log_in(who).await.get(&path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer.text()
    }

    async fn withdraw(&self) {
        let (giver, channel, part) = (self.mother, Channel::Oral, WithdrawnPart::Whole);
        let said = vec![Said::ConsentWithdrawn { consent: CONSENT, giver, channel, part }];
        self.node.engine.says(self.case, Who::Holder.account(), said).await;
    }
}

#[tokio::test]
async fn holder_keeps_the_baton_until_somebody_of_the_service_has_taken_it() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.offer(Who::Holder).await.expect("may be offered");
    assert_eq!(shared.ledger().await.holder(), Some(Who::Holder.account()));
    let path = format!("{}/baton", shared.path);
    let offered = shared.node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(offered["offer"]["to_service"]["code"], "ppt");
    assert_eq!(differences("BatonView", &offered), Vec::<String>::new());

    let name = Line::of("Ole Eksempel").expect("a line");
    shared.answers(Answered::Taken { account: OLE, name }).await;

    let ledger = shared.ledger().await;
    assert_eq!(ledger.baton().there().map(|there| there.account), Some(OLE));
    assert_eq!(ledger.holder(), None);
    let seen = shared.node.expect(200, Who::UnitLeader, "get", &path, &Value::Null).await;
    assert_eq!(seen["holder"]["name"], "Ole Eksempel");
    assert_eq!(seen["holder"]["host"], them().to_string());
    assert_eq!(differences("BatonView", &seen), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_but_the_holder_offers_it_and_only_to_a_service_that_reads_and_writes() {
    let shared = Shared::with_ppt(Direction::Both).await;
    for who in [Who::Colleague, Who::UnitLeader, Who::HealthNurse] {
        assert!(shared.offer(who).await.is_err(), "{who:?}");
    }
    let reads = Shared::with_ppt(Direction::Give).await;
    assert!(matches!(reads.offer(Who::Holder).await, Err(EngineError::Conflict { .. })));
}

#[tokio::test]
async fn no_of_the_service_leaves_the_baton_and_giving_it_back_brings_it_to_the_leader() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.offer(Who::Holder).await.expect("may be offered");
    shared.answers(Answered::NotTaken).await;
    let baton = shared.ledger().await.baton().clone();
    assert_eq!((baton.own_holder(), baton.offer), (Some(Who::Holder.account()), None));

    let given_back = Shared::with_ppt(Direction::Both).await;
    given_back.is_taken().await;
    given_back.answers(Answered::NotTaken).await;

    let ledger = given_back.ledger().await;
    assert_eq!(ledger.holder(), Some(Who::UnitLeader.account()));
    assert!(ledger.baton().is_acting);
}

#[tokio::test]
async fn withdrawal_takes_the_baton_home_to_the_leader_in_the_same_commit() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.is_taken().await;
    let before = shared.ledger().await;

    shared.withdraw().await;

    let ledger = shared.ledger().await;
    assert_eq!(ledger.holder(), Some(Who::UnitLeader.account()));
    assert!(ledger.baton().is_acting);
    assert_eq!(ledger.baton().since, shared.node.engine.now());
    assert!(before.baton().there().is_some() && ledger.baton().there().is_none());
    let name = Line::of("Ole Eksempel").expect("a line");
    shared.answers(Answered::Taken { account: OLE, name }).await;
    assert_eq!(shared.ledger().await.holder(), Some(Who::UnitLeader.account()), "the offer is over");
}

#[tokio::test]
async fn leader_gives_a_baton_that_is_held_there_to_somebody_here() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.is_taken().await;
    let body = serde_json::json!({ "to": Who::Colleague.account() });

    let path = format!("{}/baton", shared.path);
    shared.node.expect(204, Who::UnitLeader, "put", &path, &body).await;

    assert_eq!(shared.ledger().await.holder(), Some(Who::Colleague.account()));
}

#[tokio::test]
async fn form_offers_the_services_that_read_and_write_and_says_what_they_are_told() {
    let shared = Shared::with_ppt(Direction::Both).await;
    let view = shared.expect(200, Who::Holder, "get", "/baton", &Value::Null).await;
    assert_eq!(view["services"], json!([{ "host": PARTNER, "code": "ppt" }]));
    let form = shared.page(Who::Holder, "/offer").await;
    assert!(form.contains(&format!("{PARTNER}.ppt")) && form.contains("Ikke hvorfor, og ingen notater"));
    let reads = Shared::with_ppt(Direction::Give).await;
    assert!(!reads.page(Who::Holder, "/offer").await.contains(&format!("{PARTNER}.ppt")));

    let mut holder = shared.node.log_in(Who::Holder).await;
    let path = format!("/cases/{}/baton/service", shared.case);
    assert_eq!(holder.post(&path, &[]).await.status.as_u16(), 422);
    assert_eq!(holder.post(&path, &[("service", &format!("{PARTNER}.bup"))]).await.status.as_u16(), 422);
    let fields = [("service", format!("{PARTNER}.ppt")), ("form-id", "71".repeat(16))];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(holder.post(&path, &fields).await.status.as_u16(), 303);
    assert_eq!(holder.post(&path, &fields).await.status.as_u16(), 303, "pressed twice");

    let page = shared.page(Who::Holder, "").await;
    assert!(page.contains("Sendt, ikke bekreftet ennå") && page.contains("Du har stafettpinnen."), "{page}");
    let offer = shared.ledger().await.baton().offer.clone().expect("an offer");
    assert_eq!(offer.service(), Some(&ppt()));
    let recall = format!("/baton/offers/{}/recall", offer.id);
    shared.expect(204, Who::Holder, "post", &recall, &Value::Null).await;
    assert_eq!(shared.ledger().await.baton().offer, None);

    assert_eq!(holder.post(&path, &fields).await.status.as_u16(), 303, "sent once more from the same form");
    let again = shared.ledger().await.baton().offer.clone().expect("an offer");
    assert_ne!(again.id, offer.id, "an answer to the one that was recalled is none to this one");
}

#[tokio::test]
async fn answer_to_an_offer_that_was_taken_back_counts_for_none_that_is_made_later() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.offer(Who::Holder).await.expect("may be offered");
    let recall = format!("/baton/offers/{OFFER}/recall");
    shared.expect(204, Who::Holder, "post", &recall, &Value::Null).await;

    let again = shared.offer(Who::Holder).await;
    let name = Line::of("Ole Eksempel").expect("a line");
    shared.answers(Answered::Taken { account: OLE, name }).await;

    assert!(matches!(again, Err(EngineError::Conflict { .. })), "{again:?}");
    assert_eq!(shared.ledger().await.holder(), Some(Who::Holder.account()));
}

#[tokio::test]
async fn service_is_refused_alike_whether_it_is_not_shared_with_or_not_there() {
    let shared = Shared::with_ppt(Direction::Give).await;
    let mut refused = Vec::new();
    for (host, code) in [(PARTNER, "ppt"), (PARTNER, "bup"), ("310000019", "ppt")] {
        let body = json!({ "service": { "host": host, "code": code } });
        refused.push(shared.expect(409, Who::Holder, "post", "/baton/service", &body).await);
    }
    assert!(refused.iter().all(|one| *one == refused[0]), "{refused:?}");
    for who in [Who::UnitLeader, Who::Colleague, Who::HealthNurse] {
        let body = json!({ "service": ppt() });
        shared.expect(404, who, "post", "/baton/service", &body).await;
    }
}

#[tokio::test]
async fn leader_keeps_the_ledger_and_reads_no_entry_while_somebody_there_is_stafettholder() {
    let shared = Shared::with_ppt(Direction::Both).await;
    let level = json!({ "level": 2 });
    shared.offer(Who::Holder).await.expect("may be offered");
    shared.expect(404, Who::UnitLeader, "put", "/level", &level).await;
    shared.expect(404, Who::UnitLeader, "get", "/consents", &Value::Null).await;
    let name = Line::of("Ole Eksempel").expect("a line");
    shared.answers(Answered::Taken { account: OLE, name }).await;

    shared.expect(204, Who::UnitLeader, "put", "/level", &level).await;
    let assign = json!({ "account": Who::Colleague.account() });
    shared.expect(204, Who::UnitLeader, "post", "/assignments", &assign).await;
    shared.expect(200, Who::UnitLeader, "get", "/consents", &Value::Null).await;
    let known = json!({ "person": shared.mother, "capacity": "guardian-with-parental-responsibility" });
    let family = json!({ "parties": [known], "document": "2026/117-3" });
    shared.expect(201, Who::UnitLeader, "post", "/family", &family).await;
    let mut consent = json!({ "recipient": ppt(), "areas": ["language"], "purpose": "x" });
    let preview = shared.expect(200, Who::UnitLeader, "post", "/consents/preview", &consent).await;
    let seen = preview["stays_visible"].as_array().expect("a list");
    assert!(!seen.is_empty() && !preview.to_string().contains("Leser"), "no word of an entry: {preview}");
    shared.expect(201, Who::UnitLeader, "post", "/consents", &consent).await;
    consent["exceptions"] = json!([]);
    shared.expect(403, Who::UnitLeader, "post", "/consents", &consent).await;
    shared.expect(403, Who::UnitLeader, "post", "/consents/preview", &consent).await;

    for (method, below, body) in [
        ("get", "", Value::Null),
        ("get", "/entries", Value::Null),
        ("post", "/entries", new_note("x")),
        ("get", "/notices", Value::Null),
        ("post", "/baton/service", json!({ "service": ppt() })),
    ] {
        shared.expect(404, Who::UnitLeader, method, below, &body).await;
    }
    let mut leader = shared.node.log_in(Who::UnitLeader).await;
    for below in ["", "/print", "/write"] {
        let answer = leader.get(&format!("/cases/{}{below}", shared.case)).await;
        assert_eq!(answer.status.as_u16(), 404, "{below}");
    }
    let path = format!("/cases/{}/level", shared.case);
    let answer = leader.post(&path, &[("level", "1")]).await;
    assert_eq!(answer.headers["location"], format!("/cases/{}/baton", shared.case));
    let begins = json!({ "to": "health-station", "on": "2027-08-16" });
    shared.expect(201, Who::UnitLeader, "post", "/transition", &begins).await;
    let offer = json!({ "consent": CONSENT, "stage": "primary-school", "wished": "2027-08-01" });
    shared.expect(409, Who::UnitLeader, "post", "/move", &offer).await;
    let moves = shared.expect(200, Who::UnitLeader, "get", "/move", &Value::Null).await;
    assert_eq!(moves["part"], "holder");
    for below in ["baton", "consents", "consents/new", "family", "transition", "move"] {
        let answer = leader.get(&format!("/cases/{}/{below}", shared.case)).await;
        assert_eq!(answer.status.as_u16(), 200, "{below}: {}", answer.text());
        assert!(!answer.text().contains("Leser"), "{below}");
    }
    for who in [Who::Holder, Who::HealthNurse] {
        shared.expect(404, who, "put", "/level", &level).await;
        shared.expect(404, who, "post", "/move", &offer).await;
    }
}

#[tokio::test]
async fn note_with_which_the_holder_took_the_baton_over_goes_when_somebody_there_has_it() {
    let shared = Shared::with_ppt(Direction::Both).await;
    let to = json!({ "to": Who::Colleague.account(), "note": "Ring moren." });
    let offered = shared.expect(201, Who::Holder, "post", "/baton/offers", &to).await;
    let path = format!("/baton/offers/{}/acceptance", offered["offer"].as_str().expect("an id"));
    shared.expect(204, Who::Colleague, "post", &path, &Value::Null).await;
    let has_note = async || {
        let store = shared.node.engine.store();
        store.handover_note(shared.case).await.expect("reads").is_some()
    };

    shared.offer(Who::Colleague).await.expect("may be offered");
    assert!(has_note().await, "she holds it until somebody there has it");
    let name = Line::of("Ole Eksempel").expect("a line");
    shared.answers(Answered::Taken { account: OLE, name }).await;

    assert!(!has_note().await);
}

#[tokio::test]
async fn withdrawal_that_the_leader_registers_takes_the_baton_home_to_her() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.is_taken().await;
    let path = format!("/consents/{CONSENT}/withdrawal");

    shared.expect(200, Who::UnitLeader, "post", &path, &json!({ "giver": shared.mother })).await;

    let ledger = shared.ledger().await;
    assert!(ledger.baton().is_held_by(Who::UnitLeader.account()) && ledger.baton().is_acting);
    shared.expect(200, Who::UnitLeader, "get", "", &Value::Null).await;
}

#[tokio::test]
async fn account_that_a_hostile_partner_names_is_nobodys_here() {
    for who in [Who::Colleague, Who::Holder, Who::UnitLeader] {
        let shared = Shared::with_ppt(Direction::Both).await;
        shared.offer(Who::Holder).await.expect("may be offered");

        let name = Line::of("Ole Eksempel").expect("a line");
        shared.answers(Answered::Taken { account: who.account(), name }).await;

        assert_eq!(shared.ledger().await.baton().there().map(|there| there.account), Some(who.account()));
        shared.expect(404, who, "get", "", &Value::Null).await;
        shared.expect(404, who, "post", "/entries", &new_note("x")).await;
        let cases = shared.node.expect(200, who, "get", "/api/v1/cases", &Value::Null).await;
        assert_eq!(cases, json!([]), "{who:?}");
        let page = shared.page(Who::UnitLeader, "").await;
        assert!(page.contains("Ole Eksempel (") && !page.contains("Du har stafettpinnen."), "{page}");
    }
}

#[tokio::test]
async fn unit_is_told_who_holds_it_there_and_what_is_to_be_done_is_the_leaders() {
    let shared = Shared::with_ppt(Direction::Both).await;
    let family = json!({ "capacity": "guardian-with-parental-responsibility", "person": shared.mother });
    let family = json!({ "parties": [family], "document": "2026/117-3" });
    shared.expect(201, Who::Holder, "post", "/family", &family).await;
    shared.is_taken().await;
    let has_task = async |who: Who, kind: &str| {
        let tasks = shared.node.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
        tasks.as_array().expect("a list").iter().any(|task| task["kind"] == kind)
    };

    let unit = shared.node.log_in(Who::UnitLeader).await.get("/unit").await.text();
    assert!(unit.contains("Ole Eksempel") && !unit.contains("Ingen aktiv stafettholder"), "{unit}");
    shared.node.clock.store(NOW + 20 * DAY, std::sync::atomic::Ordering::Relaxed);
    assert!(has_task(Who::UnitLeader, "consent-expiring").await);
    assert!(!has_task(Who::Holder, "consent-expiring").await);
}

#[tokio::test]
async fn family_is_told_of_a_stafettholder_there_and_nothing_under_a_strict_address() {
    let shared = Shared::with_ppt(Direction::Both).await;
    shared.node.clock.fetch_add(DAY, std::sync::atomic::Ordering::Relaxed);
    shared.is_taken().await;
    let mother = shared.mother.to_string();
    shared.node.are(&[(Who::Guardian, &mother)]);
    let told = shared.expect(200, Who::Guardian, "get", "/notices", &Value::Null).await;
    assert!(told.to_string().contains("Ole Eksempel"), "{told}");
    let page = shared.node.log_in(Who::Guardian).await.get(&format!("/family/{}", shared.case)).await;
    assert!(page.text().contains("Ole Eksempel"), "{}", page.text());

    let strict = json!({ "protection": "strictly-confidential", "safe_for": [shared.mother] });
    shared.expect(204, Who::UnitLeader, "put", "/address-protection", &strict).await;

    let ledger = shared.ledger().await;
    assert!(ledger.baton().is_held_by(Who::UnitLeader.account()), "the sharing has ended");
    let told = shared.expect(200, Who::Guardian, "get", "/notices", &Value::Null).await;
    assert_eq!(told, json!([]));
}
