//! A case with its family: mother, father and child, each with an account of its own.

use serde_json::{Value, json};
use stafett_protocol::person::Role;

use super::opened::guardian;
use super::support::{Answer, NOW, Node, PARTNER, Who, request};

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

    /// What the person is to the child in the case.
    fn word(self) -> &'static str {
        match self {
            Self::Mother => "mother",
            Self::Father => "father",
            Self::Child => "subject",
            Self::Other => "other",
        }
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
        let subject = json!({ "name": "Ane Testesen", "birth_date": born, "unit": "Granlia skole" });
        let guardians = [
            guardian("Inga Testesen", "mother", true),
            guardian("Odd Testesen", "father", true),
            guardian("Per Eksempel", "other", false),
        ];
        let opened = node.open_family(subject, &guardians).await;
        let persons = Kin::ALL.map(|kin| (kin, opened.person(kin.word()))).to_vec();
        for (kin, person) in &persons {
            node.admit(&[(&kin.token(), kin.role(), person)]).await;
        }
        Self { node, case: opened.case, persons }
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
