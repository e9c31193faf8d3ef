//! A case with its family: mother, father and child, each with an account of its own.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stafett_config::People;
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::{DAY, UnixMillis};

use super::support::{Answer, NOW, Node, PARTNER, Who, request};
use crate::store::TokenRecord;

/// Somebody of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kin {
    Mother,
    Father,
    Child,
    /// A parent without parental responsibility.
    Other,
}

impl Kin {
    const ALL: [Self; 4] = [Self::Mother, Self::Father, Self::Child, Self::Other];

    fn account(self) -> AccountId {
        AccountId::from_random([self as u8 + 100; 16])
    }

    fn token(self) -> String {
        format!("token-of-kin-{self:?}")
    }

    fn role(self) -> Role {
        if self == Self::Child { Role::Subject } else { Role::Guardian }
    }
}

/// A node with one case.
pub(super) struct Home {
    pub(super) node: Node,
    /// The case's path.
    pub(super) case: String,
    persons: Vec<(Kin, String)>,
}

impl Home {
    /// A child of eleven with two guardians.
    pub(super) async fn start() -> Self {
        Self::with_birth_date("2015-03-14").await
    }

    pub(super) async fn with_birth_date(born: &str) -> Self {
        let node = Node::start().await;
        let guardian = |name: &str, relation: &str, responsible: bool| json!({ "name": name, "relation": relation, "parental_responsibility": responsible });
        let new = json!({
            "subject_kind": "child",
            "level": 1,
            "subject": { "name": "Ane Testesen", "birth_date": born, "unit": "Granlia skole" },
            "guardians": [
                guardian("Inga Testesen", "mother", true),
                guardian("Odd Testesen", "father", true),
                guardian("Per Eksempel", "other", false),
            ],
        });
        let opened = node.expect(201, Who::Holder, "post", "/api/v1/cases", &new).await;
        let case = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
        let view = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
        let parties = view["parties"].as_array().expect("parties");
        let person = |kin: Kin| {
            let fits = |party: &&Value| match kin {
                Kin::Child => party["capacity"] == "subject",
                Kin::Mother => party["relation"] == "mother",
                Kin::Father => party["relation"] == "father",
                Kin::Other => party["relation"] == "other",
            };
            parties.iter().find(fits).expect("a party")["person"].as_str().expect("an id").to_owned()
        };
        let persons = Kin::ALL.map(|kin| (kin, person(kin))).to_vec();
        let home = Self { node, case, persons };
        home.make_accounts().await;
        home
    }

    /// Everybody of the family gets an account and a token.
    async fn make_accounts(&self) {
        let engine = &self.node.engine;
        let file = &engine.config().web.people;
        let mut people = std::fs::read_to_string(file).expect("the file of people");
        for (kin, person) in &self.persons {
            let role = serde_json::to_value(kin.role()).expect("a word");
            let (id, name) = (kin.account(), format!("{kin:?}"));
            people.push_str(&format!(
                "[[person]]\nid = \"{id}\"\nname = \"{name}\"\nroles = [{role}]\nperson = \"{person}\"\n"
            ));
            let record = TokenRecord {
                id: TokenId::from_random(crate::clock::random()),
                hash: Sha256::digest(kin.token().as_bytes()).into(),
                account: kin.account(),
                role: kin.role(),
                created_at: UnixMillis(NOW - DAY),
                expires_at: UnixMillis(NOW + 30 * DAY),
                revoked_at: None,
            };
            engine.store().put_token(record).await.expect("a free id");
        }
        std::fs::write(file, people).expect("written");
        engine.people_changed(People::load_file(file, engine.config()).expect("people"));
    }

    pub(super) fn person(&self, kin: Kin) -> &str {
        &self.persons.iter().find(|(known, _)| *known == kin).expect("of the family").1
    }

    /// Moves the clock to some milliseconds after the start.
    pub(super) fn at(&self, millis: u64) {
        self.node.clock.store(NOW + millis, std::sync::atomic::Ordering::Relaxed);
    }

    /// Asks as the stafettholder, below the case.
    pub(super) async fn holder(&self, status: u16, method: &str, path: &str, body: &Value) -> Value {
        self.node.expect(status, Who::Holder, method, &format!("{}{path}", self.case), body).await
    }

    /// Asks as the stafettholder and returns the field that is refused.
    pub(super) async fn refused(&self, path: &str, body: &Value) -> String {
        let answer = self.node.ask(Who::Holder, "post", &format!("{}{path}", self.case), body).await;
        assert_eq!(answer.status.as_u16(), 422, "{body} {}", String::from_utf8_lossy(&answer.body));
        answer.json()["field"].as_str().unwrap_or_default().to_owned()
    }

    /// Asks from an own account of the family, below the case.
    pub(super) async fn kin(&self, kin: Kin, method: &str, path: &str, body: &Value) -> Answer {
        self.node.send(request(Some(&kin.token()), method, &format!("{}{path}", self.case), body)).await
    }

    pub(super) async fn kin_ok(&self, kin: Kin, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.kin(kin, method, path, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{path} {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Asks the family; `more` is laid over the question.
    pub(super) async fn ask(&self, more: Value) -> String {
        let asked = self.holder(201, "post", "/consents", &question(more)).await;
        asked["id"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn say_yes(&self, consent: &str, kin: Kin) -> Value {
        let yes = json!({ "giver": self.person(kin), "evidence": { "kind": "oral" } });
        self.holder(200, "post", &format!("/consents/{consent}/yes"), &yes).await
    }

    /// Asks, and both guardians say yes.
    pub(super) async fn share(&self, more: Value) -> String {
        let consent = self.ask(more).await;
        self.say_yes(&consent, Kin::Mother).await;
        self.say_yes(&consent, Kin::Father).await;
        consent
    }

    pub(super) async fn withdraw(&self, consent: &str, kin: Kin) -> Value {
        let body = json!({ "giver": self.person(kin) });
        self.holder(200, "post", &format!("/consents/{consent}/withdrawal"), &body).await
    }

    /// One consent as the stafettholder sees it.
    pub(super) async fn item(&self, consent: &str) -> Value {
        let items = self.holder(200, "get", "/consents", &Value::Null).await;
        let item = items.as_array().expect("a list").iter().find(|item| item["id"] == consent).cloned();
        item.expect("the consent")
    }

    /// One consent as somebody of the family sees it.
    pub(super) async fn own(&self, kin: Kin, consent: &str) -> Value {
        let items = self.kin_ok(kin, "get", "/consents", &Value::Null).await;
        let item = items.as_array().expect("a list").iter().find(|item| item["id"] == consent).cloned();
        item.expect("the consent")
    }

    /// Publishes a note in one area; returns its id.
    pub(super) async fn note(&self, area: &str) -> String {
        let note = json!({ "kind": "note", "areas": [area], "fields": { "description": "x" } });
        let published = self.holder(201, "post", "/entries", &note).await;
        published["entry"].as_str().expect("an id").to_owned()
    }

    pub(super) async fn entry(&self, entry: &str) -> Value {
        self.holder(200, "get", &format!("/entries/{entry}"), &Value::Null).await
    }

    /// The leader sets or lifts the protection of the address.
    pub(super) async fn protect(&self, grade: &str) {
        let (path, body) = (format!("{}/address-protection", self.case), json!({ "protection": grade }));
        self.node.expect(204, Who::UnitLeader, "put", &path, &body).await;
    }
}

pub(super) fn ppt() -> Value {
    json!({ "host": PARTNER, "code": "ppt" })
}

/// A service of this node.
pub(super) fn own_service(code: &str) -> Value {
    json!({ "host": "997391853", "code": code })
}

/// A question for PPT about language, with some fields in other words.
pub(super) fn question(more: Value) -> Value {
    let mut question = json!({ "recipient": ppt(), "areas": ["language"], "purpose": "Lesing." });
    for (name, value) in more.as_object().expect("an object") {
        question[name] = value.clone();
    }
    question
}

/// The services of a list of readers, or of those that wait.
pub(super) fn services(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|one| one["service"]["code"].as_str().expect("a code"))
        .collect()
}
