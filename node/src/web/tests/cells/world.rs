//! A node with somebody of every role, and cases with one object of every sort.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId, SuccessionId};
use stafett_protocol::person::Role;
use stafett_protocol::succession::hearing::ArrivingHeard;
use stafett_protocol::succession::statement::{Course, Offer, Stage};
use stafett_protocol::time::{DAY, MINUTE, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};

use crate::clock::random;
use crate::package::Incoming;
use crate::store::{SessionRecord, SessionWrite};
use crate::web::tests::baton_here::offered_here;
use crate::web::tests::late::received_case;
use crate::web::tests::moves::{own, reader, their_key};
use crate::web::tests::opened::guardian;
use crate::web::tests::support::{Browser, NOW, Node, PARTNER, Who, new_note, put_token_of, request};

/// Demonstration login, so that its route does what it is for.
const SETTINGS: &str =
    "node.development = true\n[federation]\nlisten = \"127.0.0.1:0\"\n[development]\ndemo_login = true";

/// Whom a column of the tables is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody with a session on a page, and with a token at the API.
    Person,
    /// The stafettholder in a session whose login is more than 15 minutes ago.
    Stale,
    /// The stafettholder's program, with a token.
    Program,
    /// Nobody is logged in.
    Nobody,
}

/// One column of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Its heading.
    pub(super) letter: char,
    pub(super) kind: Kind,
    pub(super) account: AccountId,
    pub(super) role: Role,
    service: Option<&'static str>,
}

impl Column {
    fn of(letter: char, kind: Kind, number: u8, role: Role, service: Option<&'static str>) -> Self {
        Self { letter, kind, account: AccountId::from_random([number; 16]), role, service }
    }

    fn who(letter: char, who: Who) -> Self {
        Self::of(letter, Kind::Person, who as u8 + 1, who.role(), who.service())
    }

    pub(super) fn token(self) -> String {
        format!("token-of-column-{}", self.letter)
    }

    fn line(self, person: Option<&str>) -> String {
        let service = self.service.map(|code| format!("service = \"{code}\"\n")).unwrap_or_default();
        let person = person.map(|id| format!("person = \"{id}\"\n")).unwrap_or_default();
        let role = serde_json::to_value(self.role).expect("a word");
        let (id, letter) = (self.account, self.letter);
        format!("[[person]]\nid = \"{id}\"\nname = \"{letter}\"\n{service}{person}roles = [{role}]\n")
    }

    /// Whoever has no part in the case of the tables: it must not make any difference to them
    /// whether it exists.
    pub(super) fn is_outside(self) -> bool {
        matches!(self.letter, 'E' | 'L' | 'O' | 'B' | 'R' | 'I' | 'D' | 'G' | 'N')
    }
}

/// Every column, in the order of the tables.
pub(super) fn columns() -> Vec<Column> {
    let holder = Who::Holder as u8 + 1;
    vec![
        Column::who('H', Who::Holder),
        Column::of('S', Kind::Stale, holder, Role::Employee, Some("school")),
        Column::of('T', Kind::Program, holder, Role::Employee, Some("school")),
        Column::who('A', Who::HealthNurse),
        Column::who('C', Who::Colleague),
        Column::of('E', Kind::Person, 41, Role::Employee, Some("school")),
        Column::who('U', Who::UnitLeader),
        Column::who('L', Who::ServiceLeader),
        Column::who('O', Who::OtherLeader),
        Column::who('B', Who::Coordinator),
        Column::of('R', Kind::Person, 42, Role::Archive, None),
        Column::who('I', Who::Operator),
        Column::who('D', Who::ProtectionOfficer),
        Column::who('M', Who::Guardian),
        Column::who('F', Who::Father),
        Column::of('G', Kind::Person, 43, Role::Guardian, None),
        Column::who('Y', Who::Youth),
        Column::of('N', Kind::Nobody, 44, Role::Employee, None),
    ]
}

/// A case with one object of every sort.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) mother: String,
    pub(super) father: String,
    pub(super) child: String,
    /// A note in the area that the health station reads, also by the family.
    pub(super) entry: String,
    /// The child's words, which are not for guardians.
    pub(super) hidden: String,
    /// A note in an area that the health station does not read.
    pub(super) closed: String,
    pub(super) meeting: String,
    /// A consent that is asked for.
    pub(super) asked: String,
    /// A consent to the health station, which both guardians have given.
    pub(super) given: String,
    /// A draft of the stafettholder's.
    pub(super) draft: String,
    /// An offer of the baton to the colleague; none if the case was made without.
    pub(super) offer: String,
    pub(super) registration: String,
    /// An emergency opening of another case, by somebody who works in the school.
    pub(super) opening: String,
    /// A case of another municipality's that E is asked to take over.
    pub(super) coming: String,
    /// A package for the hand that E is asked to open.
    pub(super) arrived: String,
    /// The baton of the received case, which C is asked to take.
    pub(super) baton: String,
}

/// What the note says that the family and the health station read.
pub(super) const NOTE: &str = "Ane teller til ti";

/// Ids that nothing has.
pub(super) const UNKNOWN: &str = "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05";

/// A node with everybody.
pub(super) struct World {
    pub(super) node: Node,
    /// The case of the tables.
    pub(super) case: Case,
    /// Another case of the same stafettholder, about another family.
    pub(super) other: Case,
    /// A case of another municipality's, shared with the school.
    pub(super) received: Case,
    sessions: BTreeMap<char, BTreeMap<String, String>>,
}

impl World {
    /// A node with a case about a child of eleven.
    pub(super) async fn start() -> Self {
        Self::about_somebody_born("2015-03-14").await
    }

    pub(super) async fn about_somebody_born(born: &str) -> Self {
        Self::with(born, "").await
    }

    /// A node whose settings end with `more`.
    pub(super) async fn with(born: &str, more: &str) -> Self {
        let node = Node::start_with(&format!("{SETTINGS}\n{more}")).await;
        let people = columns().into_iter().filter(|column| column.kind == Kind::Person);
        node.people_are(&people.map(|column| column.line(None)).collect::<String>());
        for column in columns().into_iter().filter(|column| column.kind != Kind::Nobody) {
            let who = (column.account, column.role);
            put_token_of(&node.engine, &column.token(), who, NOW + 30 * DAY).await;
        }
        let other = case_of(&node, OTHER_NAME, born, true).await;
        let opening = opened_in_emergency(&node, born).await;
        let coming = coming(&node).await;
        let case = Case { opening, coming, ..case_of(&node, NAME, born, true).await };
        let received = received(&node, &case).await;
        let case = Case { baton: baton(&node).await, arrived: arrived(&node).await, ..case };
        let received = Case { baton: case.baton.clone(), arrived: case.arrived.clone(), ..received };
        let mut world = Self { node, case, other, received, sessions: BTreeMap::new() };
        world.people_of(&world.case);
        for column in columns() {
            let cookies = world.own_browser(column).await.cookies;
            world.sessions.insert(column.letter, cookies);
        }
        world
    }

    /// Another case of the same sort, whose family the columns of the family are from here on.
    pub(super) async fn fresh(&self, born: &str, with_offer: bool) -> Case {
        let case = case_of(&self.node, NAME, born, with_offer).await;
        self.people_of(&case);
        case
    }

    /// Says who is which person: mother, father and child of one case, and a mother of the other.
    pub(super) fn people_of(&self, case: &Case) {
        let person = |letter: char| match letter {
            'M' => Some(case.mother.as_str()),
            'F' => Some(case.father.as_str()),
            'Y' => Some(case.child.as_str()),
            'G' => Some(self.other.mother.as_str()),
            _ => None,
        };
        let lines = columns().into_iter().filter(|column| column.kind == Kind::Person);
        self.node.people_are(&lines.map(|column| column.line(person(column.letter))).collect::<String>());
    }

    /// The browser of a column.
    pub(super) fn browser(&self, column: Column) -> Browser<'_> {
        let cookies = self.sessions.get(&column.letter).cloned().unwrap_or_default();
        Browser { node: &self.node, cookies }
    }

    /// A browser in which somebody has just logged in, so that ending that session ends no other.
    pub(super) async fn own_browser(&self, column: Column) -> Browser<'_> {
        let cookies = match column.kind {
            Kind::Person => return self.node.log_in_as(column.account, column.role).await,
            Kind::Stale => stale_session(&self.node, column).await,
            Kind::Program | Kind::Nobody => BTreeMap::new(),
        };
        Browser { node: &self.node, cookies }
    }
}

/// A session of the stafettholder that began with a login 16 minutes ago.
async fn stale_session(node: &Node, column: Column) -> BTreeMap<String, String> {
    let secret = CaseId::from_random(random()).to_string();
    let began = UnixMillis(NOW - 16 * MINUTE);
    let session = SessionRecord {
        hash: Sha256::digest(secret.as_bytes()).into(),
        account: column.account,
        role: column.role,
        roles: BTreeSet::from([column.role]),
        login: "test".to_owned(),
        created_at: began,
        seen_at: UnixMillis(NOW),
        fresh_at: began,
    };
    node.engine.store().write_sessions(vec![SessionWrite::Begin(session)]).await.expect("a store");
    BTreeMap::from([("stafett-0-session".to_owned(), secret)])
}

async fn act(node: &Node, status: u16, who: char, path: &str, body: &Value) -> Value {
    let column = columns().into_iter().find(|column| column.letter == who).expect("a column");
    let method = if body.is_null() { "get" } else { "post" };
    let answer = node.send(request(Some(&column.token()), method, path, body)).await;
    assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text());
    if answer.body.is_empty() { Value::Null } else { answer.json() }
}

/// What the children of the tables are called.
const NAME: &str = "Ane Testesen";
/// What the child of the other case is called, and nobody else.
pub(super) const OTHER_NAME: &str = "Liv Prøvesen";

/// Another municipality offers a case, and the coordinator asks E.
pub(super) async fn coming(node: &Node) -> String {
    let succession = SuccessionId::from_random(random());
    let to = own();
    let from = PARTNER.parse().expect("a number");
    let offer = Offer {
        course: Course { succession, from, to },
        services: BTreeSet::from(["school".parse().expect("a code")]),
        stage: Stage::PrimarySchool,
        wished: "2027-08-01".parse().expect("a day"),
        lapses_at: UnixMillis(NOW + 7 * DAY),
    };
    let offer = their_key().sign(offer).expect("signs");
    node.engine.hear_arriving(from, ArrivingHeard::Offer(offer)).await;
    let asked = columns().into_iter().find(|column| column.letter == 'E').expect("a column");
    node.engine.ask_to_take(&reader(Who::Coordinator), succession, asked.account).await.expect("is asked");
    succession.to_string()
}

/// A package for the hand comes, and the coordinator asks E.
pub(super) async fn arrived(node: &Node) -> String {
    let incoming = Incoming { envelope: envelope_of_nothing(), signed_by: None };
    let arrival = node.engine.take_in(incoming).await.expect("is taken in").arrival;
    let asked = columns().into_iter().find(|column| column.letter == 'E').expect("a column");
    node.engine.ask_to_open(&reader(Who::Coordinator), arrival, asked.account).await.expect("is asked");
    arrival.to_string()
}

/// An envelope that no code word opens, made without hashing one.
fn envelope_of_nothing() -> String {
    let base64 = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let header = json!({ "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 600_000,
        "p2s": base64.encode([1; 16]), "cty": "json", "typ": "stafett-package" });
    let drawn: [u8; 40] = random();
    let parts = [&drawn[..], &[2; 12], &[3; 20], &[4; 16]].map(|part| base64.encode(part));
    [&[base64.encode(header.to_string())][..], &parts].concat().join(".")
}

/// Another municipality offers the baton of the case that it shares with the school, and its leader asks C.
pub(super) async fn baton(node: &Node) -> String {
    let offer = BatonOfferId::from_random(random());
    let record = offered_here(node, offer);
    let write = Transaction::of(vec![Write::BatonThere(Box::new(record))]);
    node.engine.store().commit(write).await.expect("commits");
    let (leader, colleague) = (reader(Who::ServiceLeader), Who::Colleague.account());
    node.engine.ask_to_hold(&leader, offer, colleague).await.expect("is asked");
    offer.to_string()
}

async fn opened_in_emergency(node: &Node, born: &str) -> String {
    let body =
        json!({ "name": OTHER_NAME, "birth_date": born, "reason": "Ingen har sett barnet siden i går" });
    text(&act(node, 201, 'E', "/api/v1/emergency-openings", &body).await["opening"])
}

async fn case_of(node: &Node, name: &str, born: &str, with_offer: bool) -> Case {
    let subject = json!({ "name": name, "birth_date": born });
    let guardians = [guardian("Inga Testesen", "mother", true), guardian("Per Testesen", "father", true)];
    let body = json!({ "subject_kind": "child", "level": 1, "subject": subject, "guardians": guardians });
    let opened = act(node, 201, 'H', "/api/v1/cases", &body).await;
    let id = text(&opened["case"]);
    let path = format!("/api/v1/cases/{id}");
    let view = act(node, 200, 'H', &path, &Value::Null).await;
    let person = |word: &str| {
        let fits = |party: &&Value| party["relation"] == word || party["capacity"] == word;
        text(&view["parties"].as_array().expect("parties").iter().find(fits).expect("a person")["person"])
    };
    let [child, mother, father] = ["subject", "mother", "father"].map(person);
    let below = |word: &str| format!("{path}/{word}");
    let entry = async |body: Value| text(&act(node, 201, 'H', &below("entries"), &body).await["entry"]);
    let mut closed = new_note("Borte i mai");
    closed["areas"] = json!(["attendance"]);
    let hidden = json!({ "kind": "child-voice", "areas": ["language"], "hidden_from_guardians": true,
        "fields": { "description": "Jeg er redd" } });
    let meeting = json!({ "kind": "meeting", "areas": ["language"],
        "fields": { "date": "2027-01-20", "status": "planned" } });
    let ask = async |host: &str, code: &str| {
        let body =
            json!({ "recipient": { "host": host, "code": code }, "areas": ["language"], "purpose": "x" });
        text(&act(node, 201, 'H', &below("consents"), &body).await["id"])
    };
    let asked = ask(PARTNER, "ppt").await;
    let given = ask("997391853", "health-station").await;
    for giver in [&child, &mother, &father] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        let path = below(&format!("consents/{given}/yes"));
        let column = columns()[0];
        node.send(request(Some(&column.token()), "post", &path, &yes)).await;
    }
    act(node, 204, 'H', &below("assignments"), &json!({ "account": Who::HealthNurse.account() })).await;
    let begins = json!({ "to": "health-station", "on": "2027-08-16" });
    act(node, 201, 'H', &below("transition"), &begins).await;
    let known = json!({ "person": mother, "capacity": "guardian-with-parental-responsibility" });
    let family = json!({ "parties": [known], "document": "2026/117-3" });
    let registered = act(node, 201, 'H', &below("family"), &family).await;
    let offer = if with_offer {
        let to = json!({ "to": Who::Colleague.account(), "note": "x" });
        text(&act(node, 201, 'H', &below("baton/offers"), &to).await["offer"])
    } else {
        UNKNOWN.to_owned()
    };
    Case {
        entry: entry(new_note(NOTE)).await,
        hidden: entry(hidden).await,
        closed: entry(closed).await,
        meeting: entry(meeting).await,
        draft: draft(node, &id).await,
        registration: text(&registered["registration"]),
        opening: UNKNOWN.to_owned(),
        coming: UNKNOWN.to_owned(),
        arrived: UNKNOWN.to_owned(),
        baton: UNKNOWN.to_owned(),
        id,
        mother,
        father,
        child,
        asked,
        given,
        offer,
    }
}

/// A draft has no route of the API.
async fn draft(node: &Node, case: &str) -> String {
    let mut holder = node.log_in(Who::Holder).await;
    let fields =
        [("do", "draft"), ("entry-kind", "note"), ("description", "Kladd"), ("entry-about", "subject")];
    let answer = holder.post(&format!("/cases/{case}/write"), &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    let page = holder.get(&format!("/cases/{case}")).await.text();
    page.split("write?draft=").nth(1).and_then(|rest| rest.split('"').next()).expect("a draft").to_owned()
}

/// A case that another municipality has shared with the school. The colleague works with it.
async fn received(node: &Node, like: &Case) -> Case {
    let id: CaseId = received_case(node, NOTE).await;
    let assign = json!({ "account": Who::Colleague.account() });
    act(node, 204, 'L', &format!("/api/v1/cases/{id}/assignments"), &assign).await;
    let view = act(node, 200, 'C', &format!("/api/v1/cases/{id}"), &Value::Null).await;
    Case { id: id.to_string(), entry: text(&view["entries"][0]["entry"]), ..like.clone() }
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
