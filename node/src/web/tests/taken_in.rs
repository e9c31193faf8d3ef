//! A package for the hand that came here: nobody knows whom it is about before somebody who was asked opens it,
//! and then it is a case like any other that came.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_config::Partners;
use stafett_protocol::id::{HandArrivalId, PackageId};
use stafett_protocol::signed::SigningKey;
use stafett_protocol::succession::by_hand::PackageByHand;
use stafett_protocol::time::DAY;

use super::arrival::package;
use super::moves::their_key;
use super::schema::differences;
use super::support::{NOW, Node, PARTNER, Who};
use crate::clock::random;
use crate::engine::EngineError;
use crate::package::{CodeWord, Contents, Incoming, Salts};

const WORD: &str = "ABCD EFGH JKLM NPQR STUV";
const WRONG: &str = "AAAA AAAA AAAA AAAA AAAA";
const LIST: &str = "/api/v1/moves/by-hand";

/// A municipality that is no partner here.
const VERDAL: &str = "938587418";
const OWN: &str = "997391853";

/// What Verdal writes of a child.
fn document() -> Value {
    let mut document = package();
    document["from"] = json!(VERDAL);
    document["from_name"] = json!("Verdal kommune");
    document
}

/// What a municipality makes of a document, under [`WORD`].
fn sealed(document: &Value, key: &SigningKey, to: &str, package: PackageId) -> String {
    let from = document["from"].as_str().expect("a number").parse().expect("a number");
    let (document, html) = (document.to_string(), "<p>Ane Testesen</p>".to_owned());
    let statement = PackageByHand {
        package,
        from,
        to: to.parse().expect("a number"),
        document_sha256: Contents::hash_of(&document),
        html_sha256: Contents::hash_of(&html),
        made_on: "2027-01-10".parse().expect("a day"),
    };
    let statement = key.sign(statement).expect("signs").token().to_owned();
    let word: CodeWord = WORD.parse().expect("a code word");
    Contents { statement, document, html }.seal(&word, Salts::random()).expect("seals")
}

/// A package of Verdal's for this node.
fn envelope(key: &SigningKey) -> String {
    sealed(&document(), key, OWN, PackageId::from_random(random()))
}

async fn take_in(node: &Node, envelope: &str, key: Option<&SigningKey>) -> HandArrivalId {
    let signed_by = key.map(|key| key.public().0);
    let incoming = Incoming { envelope: envelope.to_owned(), signed_by };
    node.engine.take_in(incoming).await.expect("is taken in").arrival
}

struct Came {
    node: Node,
    arrival: HandArrivalId,
}

impl Came {
    /// A package that somebody signed has come, with the key that the operator was told.
    async fn of(envelope: &str, key: Option<&SigningKey>) -> Self {
        let node = Node::start().await;
        let arrival = take_in(&node, envelope, key).await;
        Self { node, arrival }
    }

    async fn ask(&self, status: u16, who: Who, method: &str, below: &str, body: &Value) -> Value {
        self.node.expect(status, who, method, &format!("{LIST}/{}{below}", self.arrival), body).await
    }

    async fn shown(&self, who: Who) -> Value {
        let shown = self.ask(200, who, "get", "", &Value::Null).await;
        assert_eq!(differences("HandArrivalItem", &shown), Vec::<String>::new(), "{shown}");
        shown
    }

    async fn asked(self, who: Who) -> Self {
        self.ask(204, Who::Coordinator, "post", "/request", &json!({ "account": who.account() })).await;
        self
    }

    async fn opens(&self, status: u16, word: &str) -> Value {
        self.ask(status, Who::Holder, "post", "/opening", &json!({ "code_word": word })).await
    }

    async fn is_kept(&self) -> bool {
        self.node.engine.store().hand_envelope(self.arrival).await.expect("reads").is_some()
    }

    async fn cases(&self) -> usize {
        self.node.engine.store().cases_owned().await.expect("reads").len()
    }
}

/// A package of Verdal's, whose key the operator was told.
async fn of_verdal() -> Came {
    let key = their_key();
    Came::of(&envelope(&key), Some(&key)).await
}

#[tokio::test]
async fn whoever_is_asked_opens_it_with_the_code_word_and_is_stafettholder() {
    let came = of_verdal().await.asked(Who::Holder).await;
    assert_eq!(came.shown(Who::Holder).await["step"], "waiting");

    let opened = came.opens(200, "abcd-efgh jklm npqr stuv").await;

    assert_eq!(differences("OpenedByHand", &opened), Vec::<String>::new());
    let path = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
    let case = came.node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!((&case["task"], &case["subject_name"]), (&json!("stafettholder"), &json!("Ane Testesen")));
    assert_eq!(case["entries"].as_array().expect("a list").len(), 4);
    assert!(
        case["entries"].as_array().expect("a list").iter().all(|entry| entry["origin"].is_object()),
        "{case}"
    );
    let consents = came.node.expect(200, Who::Holder, "get", &format!("{path}/consents"), &Value::Null).await;
    assert_eq!(consents, json!([]), "no consent follows");
    let shown = came.shown(Who::Holder).await;
    assert_eq!((&shown["step"], &shown["case"]), (&json!("here"), &opened["case"]));
    let told = came.shown(Who::Coordinator).await;
    assert_eq!((&told["from_name"], &told["case"]), (&json!("Verdal kommune"), &Value::Null));
    assert!(!came.is_kept().await);
    assert_eq!(came.opens(200, WRONG).await, opened, "pressed again, it is the same case");
    assert_eq!(came.cases().await, 1);
}

#[tokio::test]
async fn nobody_is_told_anything_of_a_package_before_it_is_opened() {
    let came = of_verdal().await.asked(Who::Holder).await;

    let told = [came.shown(Who::Coordinator).await, came.shown(Who::Holder).await];

    // Shorter words stand in any text of random letters once in a while.
    for hidden in ["Ane Testesen", "Inga Testesen", "Verdal kommune", VERDAL, "Myra skole"] {
        assert!(told.iter().all(|shown| !shown.to_string().contains(hidden)), "{hidden}: {told:?}");
        let found = came.node.engine.store().search_everything(hidden.as_bytes()).await.expect("reads");
        assert!(
            found.hits.iter().all(|hit| !format!("{hit:?}").contains("hand_")),
            "{hidden}: {:?}",
            found.hits
        );
    }
    let strangers = [Who::HealthNurse, Who::UnitLeader, Who::Operator, Who::ProtectionOfficer, Who::Guardian];
    for who in strangers {
        came.ask(404, who, "get", "", &Value::Null).await;
    }
    assert_eq!(came.node.expect(200, Who::HealthNurse, "get", LIST, &Value::Null).await, json!([]));
}

#[tokio::test]
async fn wrong_words_open_nothing_and_after_ten_the_coordinator_asks_again() {
    let came = of_verdal().await.asked(Who::Holder).await;
    for typed in ["", "kort", "AAAA AAAA AAAA AAAA AAA0"] {
        came.opens(422, typed).await;
    }
    for _ in 0..10 {
        came.opens(422, WRONG).await;
    }
    assert_eq!(came.shown(Who::Holder).await["step"], "locked");

    came.opens(409, WORD).await;

    assert_eq!(came.cases().await, 0);
    let came = came.asked(Who::Holder).await;
    came.opens(200, WORD).await;
}

/// Says no to a package, opens nothing by it, and leaves it where it was.
async fn assert_refused(came: Came) -> Came {
    let came = came.asked(Who::Holder).await;
    came.opens(409, WORD).await;
    assert_eq!((came.cases().await, &came.shown(Who::Holder).await["step"]), (0, &json!("waiting")));
    came
}

#[tokio::test]
async fn package_counts_by_a_key_that_was_told_and_for_this_municipality_alone() {
    let (key, id) = (their_key(), || PackageId::from_random(random()));
    assert_refused(Came::of(&envelope(&key), None).await).await;
    let unknown = assert_refused(Came::of(&envelope(&key), Some(&their_key())).await).await;
    let elsewhere = sealed(&document(), &key, PARTNER, id());
    assert_refused(Came::of(&elsewhere, Some(&key)).await).await;
    let mut of_another = document();
    of_another["to"] = json!(PARTNER);
    assert_refused(Came::of(&sealed(&of_another, &key, OWN, id()), Some(&key)).await).await;
    let mut broken = document();
    broken["subject"] = json!({ "name": "" });
    assert_refused(Came::of(&sealed(&broken, &key, OWN, id()), Some(&key)).await).await;
    let mut unborn = document();
    unborn["subject"]["birth_date"] = json!("2031-01-01");
    assert_refused(Came::of(&sealed(&unborn, &key, OWN, id()), Some(&key)).await).await;

    // The operator takes the file in anew, with the right key.
    let mut told = document();
    told["note"] = json!("x");
    let envelope = sealed(&told, &key, OWN, id());
    let arrival = take_in(&unknown.node, &envelope, None).await;
    let late = assert_refused(Came { arrival, ..unknown }).await;
    assert_eq!(take_in(&late.node, &envelope, Some(&key)).await, late.arrival);
    late.opens(200, WORD).await;
}

#[tokio::test]
async fn what_a_partner_signs_counts_by_the_keys_of_its_file_alone() {
    let (key, pinned) = (their_key(), their_key());
    let of_partner = sealed(&package(), &key, OWN, PackageId::from_random(random()));
    let told = assert_refused(Came::of(&of_partner, Some(&key)).await).await;
    let file = told.node.engine.config().federation.partners.join("steinkjer.toml");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.contains(&"2".repeat(64)));
    std::fs::write(&file, text.replace(&"2".repeat(64), &pinned.public().to_string())).expect("a file");
    let partners = Partners::load(told.node.engine.config(), None).expect("right files");
    told.node.engine.partners_changed(&partners).await.expect("taken over");
    let right = sealed(&package(), &pinned, OWN, PackageId::from_random(random()));
    let arrival = take_in(&told.node, &right, Some(&key)).await;

    let came = Came { arrival, ..told }.asked(Who::Holder).await;

    came.opens(200, WORD).await;
}

#[tokio::test]
async fn file_is_one_and_a_package_in_two_files_opens_one_case() {
    let (key, id) = (their_key(), PackageId::from_random(random()));
    let [first, second] = [(); 2].map(|()| sealed(&document(), &key, OWN, id));
    let came = Came::of(&first, Some(&key)).await;
    let again = Incoming { envelope: first.clone(), signed_by: None };
    let told = came.node.engine.take_in(again).await.expect("is here");
    assert_eq!((told.arrival, told.was_here, told.is_waiting), (came.arrival, true, true));
    let came = came.asked(Who::Holder).await;
    came.opens(200, WORD).await;
    let over = Incoming { envelope: first, signed_by: None };
    let told = came.node.engine.take_in(over).await.expect("is here");
    assert_eq!((told.was_here, told.is_waiting), (true, false));
    assert!(!came.is_kept().await, "an opened package comes back");

    let arrival = take_in(&came.node, &second, Some(&key)).await;
    let copy = Came { arrival, ..came }.asked(Who::Holder).await;
    copy.opens(409, WORD).await;

    assert_eq!(copy.cases().await, 1);
}

#[tokio::test]
async fn coordinator_asks_employees_alone_and_declines_for_the_municipality() {
    let came = of_verdal().await;
    for other in [Who::Coordinator, Who::Guardian, Who::Operator] {
        came.ask(422, Who::Coordinator, "post", "/request", &json!({ "account": other.account() })).await;
    }
    came.ask(404, Who::Holder, "post", "/opening", &json!({ "code_word": WORD })).await;
    let came = came.asked(Who::Holder).await;
    came.ask(204, Who::Holder, "post", "/no", &Value::Null).await;
    came.ask(404, Who::Holder, "post", "/opening", &json!({ "code_word": WORD })).await;
    let came = came.asked(Who::Colleague).await;
    came.ask(404, Who::Holder, "post", "/opening", &json!({ "code_word": WORD })).await;
    came.ask(404, Who::Colleague, "post", "/refusal", &Value::Null).await;

    came.ask(204, Who::Coordinator, "post", "/refusal", &Value::Null).await;

    assert!(!came.is_kept().await);
    assert_eq!(came.shown(Who::Coordinator).await["step"], "declined");
    came.ask(409, Who::Colleague, "post", "/opening", &json!({ "code_word": WORD })).await;
    came.ask(409, Who::Coordinator, "post", "/refusal", &Value::Null).await;
}

#[tokio::test]
async fn file_that_nobody_opens_is_deleted_after_ninety_days() {
    let came = of_verdal().await.asked(Who::Holder).await;
    came.node.clock.store(NOW + 90 * DAY - 1, Ordering::Relaxed);
    came.node.engine.sweep().await.expect("a store");
    assert!(came.is_kept().await);

    came.node.clock.store(NOW + 90 * DAY, Ordering::Relaxed);
    let late = came.node.engine.open_by_hand(&super::moves::reader(Who::Holder), came.arrival, WORD).await;
    assert!(matches!(late, Err(EngineError::Conflict { .. })), "{late:?}");
    came.node.engine.sweep().await.expect("a store");

    assert!(!came.is_kept().await);
}

#[tokio::test]
async fn what_is_no_package_is_not_taken_in() {
    let node = Node::start().await;
    let whole = envelope(&their_key());
    let cut: String = whole.chars().take(whole.len() / 2).collect();
    for text in ["", "x", "a.b.c.d.e", &cut.replace('.', ""), &whole.replacen('.', "..", 1)] {
        let incoming = Incoming { envelope: text.to_owned(), signed_by: None };
        let refused = node.engine.take_in(incoming).await;
        assert!(matches!(refused, Err(EngineError::Conflict { .. })), "{text}");
    }
    assert!(node.engine.store().hand_arrivals().await.expect("reads").is_empty());
}

#[tokio::test]
async fn coordinator_and_employee_do_it_by_the_pages() {
    let came = of_verdal().await;
    let address = format!("/moves/hand/{}", came.arrival);
    let mut coordinator = came.node.log_in(Who::Coordinator).await;
    let list = coordinator.get("/moves").await.text();
    assert!(
        list.contains("En låst fil med en sak kom 15. januar 2027.") && list.contains(&address),
        "{list}"
    );
    let page = coordinator.get(&address).await.text();
    assert!(page.contains("Ingen er spurt ennå.") && !page.contains("Kodeord"), "{page}");
    let nobody = coordinator.post(&format!("{address}/ask"), &[("account", "")]).await;
    assert_eq!(nobody.status.as_u16(), 422);
    let account = Who::Holder.account().to_string();
    let asked = coordinator.act(&format!("{address}/ask"), &[("account", &account)]).await.text();
    assert!(asked.contains("Kollegaen er spurt."), "{asked}");
    let mut holder = came.node.log_in(Who::Holder).await;
    let waiting = holder.get("/cases").await.text();
    assert!(waiting.contains("En låst fil med en sak er kommet."), "{waiting}");
    let wrong = holder.post(&format!("{address}/open"), &[("code-word", WRONG)]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(wrong.text().contains("Kodeordet passer ikke."), "{}", wrong.text());

    let opened = holder.act(&format!("{address}/open"), &[("code-word", WORD)]).await.text();

    assert!(opened.contains("Saken er din.") && opened.contains("Ane, barn, 11 år"), "{opened}");
    let page = holder.get(&format!("{address}?lang=nn")).await.text();
    assert!(page.contains("Gå til saka") && page.contains("Verdal kommune"), "{page}");
    let list = coordinator.get("/moves").await.text();
    assert!(list.contains("Saken kom fra Verdal kommune."), "{list}");
}
