//! Who the family is: opened, registered by hand, approved by another person; and what the youth
//! closes to a guardian.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stafett_protocol::case::PrivateCaseDocument;
use stafett_protocol::entry::Actor;
use stafett_protocol::id::{AccountId, CaseId, PersonId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::{DAY, UnixMillis};

use super::access::{Row, row};
use super::opened::guardian;
use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who, new_case, new_note, request};
use crate::store::TokenRecord;

/// The routes of the family, for the table of who may and who may not.
pub(super) fn rows(giver: &str, consent: &str) -> Vec<Row> {
    use Who::{HealthNurse, Holder, Operator, OtherLeader, UnitLeader};

    let stranger = (HealthNurse, 404);
    let other_leader = (OtherLeader, 404);
    let mother = json!({ "person": giver, "capacity": "guardian-with-parental-responsibility" });
    let family = json!({ "parties": [mother], "document": "2026/117-3" });
    vec![
        row("get", "/api/v1/tasks", Value::Null, (Holder, 200), (Operator, 200)),
        row("get", "/api/v1/cases/{case}/family", Value::Null, (Holder, 200), other_leader),
        row("post", "/api/v1/cases/{case}/family", family, (Holder, 201), stranger),
        row(
            "post",
            "/api/v1/cases/{case}/family/{registration}/approval",
            Value::Null,
            (UnitLeader, 204),
            other_leader,
        ),
        row(
            "post",
            "/api/v1/cases/{case}/family/{registration}/rejection",
            Value::Null,
            (UnitLeader, 204),
            other_leader,
        ),
        row(
            "put",
            "/api/v1/cases/{case}/guardian-access/{guardian}",
            json!({ "closed": ["language"], "channel": "oral" }),
            (Holder, 409),
            stranger,
        ),
        row("get", "/api/v1/cases/{case}/address-protection", Value::Null, (UnitLeader, 200), other_leader),
        row(
            "post",
            "/api/v1/cases/{case}/address-protection/approvals",
            json!({ "consent": consent }),
            (UnitLeader, 204),
            (Holder, 403),
        ),
        row(
            "post",
            "/api/v1/cases/{case}/address-protection/renewal",
            Value::Null,
            (UnitLeader, 204),
            (Holder, 403),
        ),
    ]
}

/// A case with a mother and a father, who have accounts, as the subject has.
pub(super) struct Family {
    pub(super) case: String,
    pub(super) mother: String,
    pub(super) father: String,
    pub(super) child: String,
}

impl Family {
    pub(super) async fn opened(node: &Node, birth_date: &str) -> Self {
        let subject = json!({ "name": "Ane Testesen", "birth_date": birth_date });
        let guardians = [guardian("Inga Testesen", "mother", true), guardian("Jon Testesen", "father", true)];
        let opened = node.open_family(subject, &guardians).await;
        let [child, mother, father] = ["subject", "mother", "father"].map(|word| opened.person(word));
        let family = Self { case: opened.case, mother, father, child };
        node.are(&[
            (Who::Guardian, &family.mother),
            (Who::Father, &family.father),
            (Who::Youth, &family.child),
        ]);
        family
    }

    pub(super) fn path(&self, below: &str) -> String {
        format!("{}/{below}", self.case)
    }

    fn id(&self) -> CaseId {
        self.case.rsplit('/').next().expect("an id").parse().expect("an id")
    }

    fn party(person: &str, capacity: &str) -> Value {
        json!({ "person": person, "capacity": capacity })
    }

    fn guardians(&self) -> [Value; 2] {
        [&self.mother, &self.father].map(|one| Self::party(one, "guardian-with-parental-responsibility"))
    }

    async fn register(&self, node: &Node, body: &Value) -> String {
        let registered = node.expect(201, Who::Holder, "post", &self.path("family"), body).await;
        assert_eq!(differences("Registered", &registered), Vec::<String>::new());
        format!("family/{}", registered["registration"].as_str().expect("an id"))
    }

    async fn shown(&self, node: &Node, who: Who) -> Value {
        let shown = node.expect(200, who, "get", &self.path("family"), &Value::Null).await;
        assert_eq!(differences("FamilyView", &shown), Vec::<String>::new(), "{shown}");
        shown
    }

    /// Asks for a consent to the partner's PPT, and both guardians say yes.
    pub(super) async fn shared(&self, node: &Node) -> String {
        let consent =
            json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"], "purpose": "x" });
        let asked = node.expect(201, Who::Holder, "post", &self.path("consents"), &consent).await;
        let id = asked["id"].as_str().expect("an id").to_owned();
        for giver in [&self.mother, &self.father] {
            let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
            node.expect(200, Who::Holder, "post", &self.path(&format!("consents/{id}/yes")), &yes).await;
        }
        id
    }

    async fn kept(&self, node: &Node) -> PrivateCaseDocument {
        let bytes = node.engine.store().private_case(self.id()).await.expect("reads").expect("a document");
        PrivateCaseDocument::open(Actor([7; 16]), &bytes).expect("opens")
    }

    async fn guardians_kept(&self, node: &Node) -> Vec<String> {
        self.kept(node).await.view().guardians.iter().map(|guardian| guardian.name.clone()).collect()
    }
}

fn capacities(view: &Value) -> Vec<(String, String)> {
    let parties = view["parties"].as_array().expect("parties").iter();
    let text = |value: &Value| value.as_str().unwrap_or("nobody").to_owned();
    let mut pairs: Vec<_> = parties.map(|party| (text(&party["name"]), text(&party["capacity"]))).collect();
    pairs.sort();
    pairs
}

#[tokio::test]
async fn case_opens_with_every_capacity_and_refuses_one_that_contradicts_itself() {
    let node = Node::start().await;
    let mut body = new_case();
    body["guardians"] = json!([
        guardian("A", "mother", true),
        guardian("B", "father", false),
        guardian("C", "appointed-guardian", false),
        guardian("D", "foster-parent", false),
        guardian("E", "child-welfare", false),
    ]);

    let opened = node.expect(201, Who::Holder, "post", "/api/v1/cases", &body).await;

    let case = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
    let view = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    assert_eq!(differences("CaseView", &view), Vec::<String>::new(), "{view}");
    let expected = [
        ("A", "guardian-with-parental-responsibility"),
        ("Ane Testesen", "subject"),
        ("B", "parent-without-parental-responsibility"),
        ("C", "appointed-guardian"),
        ("D", "foster-parent"),
        ("E", "child-welfare-service"),
    ];
    assert_eq!(capacities(&view), expected.map(|(name, capacity)| (name.to_owned(), capacity.to_owned())));
    for relation in ["foster-parent", "child-welfare", "uncle"] {
        body["guardians"] = json!([guardian("A", relation, true)]);
        let refused = node.ask(Who::Holder, "post", "/api/v1/cases", &body).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["field"]),
            (422, &json!("guardians")),
            "{relation}"
        );
    }
}

#[tokio::test]
async fn youth_opens_from_the_birthday_of_the_rule_and_not_the_day_before() {
    let node = Node::start().await;
    let mut body = new_case();
    body["subject_kind"] = json!("youth");
    for (born, status) in [("2011-01-15", 201), ("2011-01-16", 422), ("1994-02-30", 422), ("2030-01-01", 422)]
    {
        body["subject"]["birth_date"] = json!(born);

        let answer = node.ask(Who::Holder, "post", "/api/v1/cases", &body).await;

        assert_eq!(answer.status.as_u16(), status, "{born}");
        assert!(status == 201 || answer.json()["field"] == "birth_date", "{born}");
    }
    body["subject"] = json!({ "name": "Ane Testesen" });
    assert_eq!(node.ask(Who::Holder, "post", "/api/v1/cases", &body).await.status.as_u16(), 422);
}

#[tokio::test]
async fn registration_changes_nothing_until_another_person_who_leads_approves_it() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let consent = family.shared(&node).await;
    let body = json!({
        "parties": family.guardians(),
        "persons": [{ "name": "Barnevernet", "relation": "child-welfare", "parental_responsibility": false }],
        "birth_date": "2015-02-14",
        "document": "2026/117-3",
    });

    let registration = family.register(&node, &body).await;

    let shown = family.shown(&node, Who::UnitLeader).await;
    assert_eq!(shown["parties"].as_array().map(Vec::len), Some(3));
    let waiting = &shown["registrations"][0];
    assert_eq!(waiting["parties"].as_array().map(Vec::len), Some(4));
    assert_eq!((&waiting["birth_date"], &waiting["document"]), (&json!("2015-02-14"), &json!("2026/117-3")));
    assert_eq!(waiting["by"], Who::Holder.account().to_string());
    let approval = family.path(&format!("{registration}/approval"));
    for (who, status) in
        [(Who::Holder, 403), (Who::Guardian, 403), (Who::OtherLeader, 404), (Who::Colleague, 404)]
    {
        node.expect(status, who, "post", &approval, &Value::Null).await;
    }
    assert_eq!(status_of(&node, &family, &consent).await, "valid");

    node.clock.store(NOW + 1, std::sync::atomic::Ordering::Relaxed);
    node.expect(204, Who::UnitLeader, "post", &approval, &Value::Null).await;

    let shown = family.shown(&node, Who::Holder).await;
    assert_eq!((shown["parties"].as_array().map(Vec::len), &shown["registrations"]), (Some(4), &json!([])));
    assert!(shown["parties"].as_array().expect("parties").iter().any(|party| party["name"] == "Barnevernet"));
    assert_eq!(status_of(&node, &family, &consent).await, "must-be-renewed", "the service must say yes");
    let consents = node.expect(200, Who::Holder, "get", &family.path("consents"), &Value::Null).await;
    assert_eq!(consents[0]["orders"], json!([]), "what partners have they keep");
    node.expect(404, Who::UnitLeader, "post", &approval, &Value::Null).await;
}

async fn status_of(node: &Node, family: &Family, consent: &str) -> String {
    let consents = node.expect(200, Who::Holder, "get", &family.path("consents"), &Value::Null).await;
    let consents = consents.as_array().expect("a list").clone();
    let one = consents.iter().find(|one| one["id"] == consent).expect("the consent");
    one["status"].as_str().expect("a word").to_owned()
}

#[tokio::test]
async fn whoever_registered_it_cannot_approve_it_in_another_role() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let both = Who::Holder.line().replace("[\"employee\"]", "[\"employee\", \"unit-leader\"]");
    node.people_are(&both);
    let record = TokenRecord {
        id: TokenId::from_random([9; 16]),
        hash: Sha256::digest(b"as leader").into(),
        account: Who::Holder.account(),
        role: Role::UnitLeader,
        created_at: UnixMillis(NOW),
        expires_at: UnixMillis(NOW + DAY),
        revoked_at: None,
    };
    node.engine.store().put_token(record).await.expect("a free id");
    let registration =
        family.register(&node, &json!({ "parties": family.guardians(), "document": "2026/1" })).await;

    let approval = family.path(&format!("{registration}/approval"));
    let answer = node.send(request(Some("as leader"), "post", &approval, &Value::Null)).await;

    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (409, "conflict"));
    let case = node.send(request(Some("as leader"), "get", &family.path("family"), &Value::Null)).await;
    assert_eq!(case.json()["registrations"].as_array().map(Vec::len), Some(1), "it waits still");
}

#[tokio::test]
async fn rejected_registration_leaves_no_name_and_an_overtaken_one_can_only_be_rejected() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let only_mother =
        json!({ "parties": [family.guardians()[0]], "document": "2026/117-3", "birth_date": "2016-02-29" });
    let verge = json!({
        "parties": family.guardians(),
        "persons": [{ "name": "KANARI Verge", "relation": "appointed-guardian", "parental_responsibility": false }],
        "document": "2026/117-4",
    });
    let first = family.register(&node, &only_mother).await;
    let second = family.register(&node, &verge).await;
    assert_eq!(family.guardians_kept(&node).await.len(), 3);

    node.expect(204, Who::UnitLeader, "post", &family.path(&format!("{first}/approval")), &Value::Null).await;

    assert_eq!(family.kept(&node).await.view().subject.birth_date.as_deref(), Some("2016-02-29"));
    let shown = family.shown(&node, Who::UnitLeader).await;
    assert_eq!(shown["registrations"][0]["is_overtaken"], true);
    let overtaken = family.path(&format!("{second}/approval"));
    assert_eq!(node.ask(Who::UnitLeader, "post", &overtaken, &Value::Null).await.error(), "conflict");
    node.expect(204, Who::UnitLeader, "post", &family.path(&format!("{second}/rejection")), &Value::Null)
        .await;
    let kept = family.guardians_kept(&node).await;
    assert_eq!(kept.len(), 2, "the father is not forgotten, and the other one is");
    assert!(!kept.iter().any(|name| name.contains("KANARI")));
    assert_eq!(family.shown(&node, Who::Holder).await["parties"].as_array().map(Vec::len), Some(2));
    let back = json!({ "parties": family.guardians(), "document": "2027/1" });
    let third = family.register(&node, &back).await;
    node.expect(204, Who::UnitLeader, "post", &family.path(&format!("{third}/approval")), &Value::Null).await;
    let parties = family.shown(&node, Who::Holder).await["parties"].clone();
    assert!(parties.as_array().expect("parties").iter().any(|party| party["name"] == "Jon Testesen"));
}

#[tokio::test]
async fn registration_that_does_not_fit_is_refused_with_its_field() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2015-03-14").await;
    let good = json!({ "parties": family.guardians(), "document": "2026/117-3" });
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        body
    };
    let nobody = PersonId::from_random([9; 16]).to_string();
    let twice = [family.guardians()[0].clone(), family.guardians()[0].clone()];
    let bodies = [
        ("document", with("document", json!(""))),
        ("document", with("document", json!("  "))),
        ("document", with("document", json!("a\nb"))),
        ("document", with("document", json!("a".repeat(201)))),
        ("birth_date", with("birth_date", json!("14.03.2015"))),
        ("birth_date", with("birth_date", json!("2030-01-01"))),
        ("parties", with("parties", json!([Family::party(&nobody, "foster-parent")]))),
        ("parties", with("parties", json!([Family::party(&family.child, "foster-parent")]))),
        ("parties", with("parties", json!([Family::party(&family.mother, "subject")]))),
        ("parties", with("parties", json!(twice))),
        (
            "persons",
            with("persons", json!([{ "name": "", "relation": "father", "parental_responsibility": true }])),
        ),
        (
            "persons",
            with(
                "persons",
                json!(vec![
                    json!({ "name": "A", "relation": "other", "parental_responsibility": false });
                    15
                ]),
            ),
        ),
    ];
    for (field, body) in bodies {
        let answer = node.ask(Who::Holder, "post", &family.path("family"), &body).await;

        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (422, &json!(field)), "{body}");
    }
    assert_eq!(family.guardians_kept(&node).await.len(), 2, "a refusal leaves no trace");
    node.expect(404, Who::UnitLeader, "post", &family.path("family"), &good).await;
    node.expect(403, Who::Guardian, "post", &family.path("family"), &good).await;
    for _ in 0..8 {
        family.register(&node, &with("document", json!("a".repeat(200)))).await;
    }
    assert_eq!(node.ask(Who::Holder, "post", &family.path("family"), &good).await.error(), "conflict");
}

#[tokio::test]
async fn youth_closes_an_area_to_one_guardian_and_to_nobody_else() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2011-01-14").await;
    let path = family.path(&format!("guardian-access/{}", family.father));
    let published =
        node.expect(201, Who::Holder, "post", &family.path("entries"), &new_note("Leser korte ord.")).await;
    let entry = family.path(&format!("entries/{}", published["entry"].as_str().expect("an id")));
    node.expect(200, Who::Father, "get", &entry, &Value::Null).await;

    node.expect(204, Who::Youth, "put", &path, &json!({ "closed": ["language"] })).await;

    let closed = node.ask(Who::Father, "get", &entry, &Value::Null).await;
    let unknown = family.path(&format!("entries/{}", AccountId::from_random([9; 16])));
    assert_eq!(closed, node.ask(Who::Father, "get", &unknown, &Value::Null).await);
    assert_eq!(closed.status.as_u16(), 404);
    node.expect(200, Who::Guardian, "get", &entry, &Value::Null).await;
    node.expect(200, Who::Youth, "get", &entry, &Value::Null).await;
    let shown = family.shown(&node, Who::Holder).await;
    assert_eq!(shown["closed_to"], json!({ &family.father: ["language"] }));
    let again = json!({ "closed": [], "channel": "written" });
    node.expect(204, Who::Holder, "put", &path, &again).await;
    node.expect(200, Who::Father, "get", &entry, &Value::Null).await;
}

#[tokio::test]
async fn only_the_youth_or_the_holder_on_its_word_limits_a_guardian_and_only_from_the_age() {
    let node = Node::start().await;
    let family = Family::opened(&node, "2011-01-14").await;
    let path = family.path(&format!("guardian-access/{}", family.father));
    let closed = json!({ "closed": ["language"], "channel": "oral" });
    for (who, status) in [
        (Who::Guardian, 403),
        (Who::Father, 403),
        (Who::UnitLeader, 404),
        (Who::Colleague, 404),
        (Who::Operator, 404),
    ] {
        node.expect(status, who, "put", &path, &closed).await;
    }
    for channel in [Value::Null, json!("digital")] {
        let body = json!({ "closed": ["language"], "channel": channel });
        let answer = node.ask(Who::Holder, "put", &path, &body).await;
        assert_eq!(answer.json()["field"], "channel", "{channel}");
    }
    let answer = node.ask(Who::Holder, "put", &path, &json!({ "closed": ["x"], "channel": "oral" })).await;
    assert_eq!(answer.json()["field"], "closed");
    for nobody in [&family.child, &PersonId::from_random([9; 16]).to_string()] {
        let path = family.path(&format!("guardian-access/{nobody}"));
        node.expect(404, Who::Holder, "put", &path, &closed).await;
    }

    let family = Family::opened(&node, "2011-01-16").await;
    let path = family.path(&format!("guardian-access/{}", family.father));
    let own = json!({ "closed": ["language"] });
    assert_eq!(node.ask(Who::Youth, "put", &path, &own).await.error(), "conflict", "a day too young");
    assert_eq!(node.ask(Who::Holder, "put", &path, &closed).await.error(), "conflict");
    node.clock.store(NOW + DAY, std::sync::atomic::Ordering::Relaxed);
    node.expect(204, Who::Youth, "put", &path, &own).await;
}
