//! A case that goes to a municipality without a node: what is in the file, who opens it, and that the case and
//! the baton stay until the other municipality's letter is registered.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_config::{Language, Partners};
use stafett_protocol::id::EntryId;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::DAY;

use super::arrival::package;
use super::household::{Family, MOTHER};
use super::schema::differences;
use super::support::{NOW, Node, Who, new_note};
use crate::engine::succession::Export;
use crate::package::{CodeWord, Contents, ContentsError, file};
use crate::web::pages::hand::paper;

/// A municipality without a node.
const VERDAL: &str = "938587418";
const FILE: &str = include_str!("../../../../config/samples/partner-by-hand.toml");

/// When the family's yes runs out.
const UNTIL: u64 = NOW + 20 * DAY;

struct Leaving {
    node: Node,
    family: Family,
    consent: String,
    /// The note that goes along.
    goes: EntryId,
}

impl Leaving {
    /// Both guardians let the case move to Verdal, with one note and without another.
    async fn agreed() -> Self {
        let node = Node::start().await;
        let partners = &node.engine.config().federation.partners;
        std::fs::write(partners.join("verdal.toml"), FILE).expect("a folder");
        let partners = Partners::load(node.engine.config(), None).expect("right files");
        node.engine.partners_changed(&partners).await.expect("taken over");
        let family = Family::of(&node).await;
        let goes = family.write(&node, &new_note("Ane teller til ti")).await;
        let kept = family.write(&node, &new_note("Bare mellom oss")).await;
        let body = json!({
            "kind": "transfer", "recipient": { "host": VERDAL, "code": "school" }, "areas": ["language"],
            "exceptions": [kept], "purpose": "Dere flytter til Verdal.", "until": UNTIL,
        });
        let path = format!("{}/consents", family.case);
        let asked = node.expect(201, Who::Holder, "post", &path, &body).await;
        let consent = asked["id"].as_str().expect("an id").to_owned();
        for giver in [&family.mother, &family.father] {
            let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
            node.expect(200, Who::Holder, "post", &format!("{path}/{consent}/yes"), &yes).await;
        }
        Self { node, family, consent, goes }
    }

    async fn ask(&self, status: u16, who: Who, method: &str, below: &str, body: &Value) -> Value {
        let path = format!("{}/move{below}", self.family.case);
        self.node.expect(status, who, method, &path, body).await
    }

    async fn view(&self) -> Value {
        let view = self.ask(200, Who::Holder, "get", "", &Value::Null).await;
        assert_eq!(differences("MoveView", &view), Vec::<String>::new(), "{view}");
        view
    }

    /// Makes the package, and returns its code word.
    async fn made(&self) -> String {
        let body = json!({ "consent": self.consent, "note": "Ring meg gjerne." });
        let made = self.ask(201, Who::Holder, "post", "/hand", &body).await;
        assert_eq!(differences("MadePackage", &made), Vec::<String>::new());
        made["code_word"].as_str().expect("a code word").to_owned()
    }

    async fn file(&self) -> String {
        let path = format!("{}/move/hand/file", self.family.case);
        let answer = self.node.ask(Who::Holder, "get", &path, &Value::Null).await;
        assert_eq!(answer.status.as_u16(), 200);
        let disposition = answer.headers["content-disposition"].to_str().expect("text");
        assert_eq!(disposition, "attachment; filename=\"stafett-pakke-2027-01-15.html\"");
        answer.text()
    }

    /// What `stafett export` would write.
    async fn kept(&self) -> Option<crate::store::StoredPackage> {
        self.node.engine.store().package_by_hand(self.family.id).await.expect("reads")
    }

    async fn exported(&self) -> bool {
        let export = Export { case: self.family.id, to: verdal() };
        self.node.engine.may_export(export).await.is_ok()
    }

    async fn writes(&self) -> u16 {
        let path = format!("{}/entries", self.family.case);
        self.node.ask(Who::Holder, "post", &path, &new_note("etterpå")).await.status.as_u16()
    }

    async fn withdraw(&self) {
        self.take_back(json!({ "giver": self.family.mother })).await;
    }

    async fn take_back(&self, body: Value) {
        let path = format!("{}/consents/{}/withdrawal", self.family.case, self.consent);
        self.node.expect(200, Who::Holder, "post", &path, &body).await;
    }

    /// The kinds of what the stafettholder has to do.
    async fn tasks(&self) -> String {
        self.node.expect(200, Who::Holder, "get", "/api/v1/tasks", &Value::Null).await.to_string()
    }

    /// What the mother was told of her word.
    async fn notice(&self) -> String {
        let path = format!("{}/notices", self.family.case);
        self.node.expect(200, Who::Holder, "get", &path, &Value::Null).await.to_string()
    }
}

fn accepted() -> Value {
    json!({ "archive": "2027/118-3", "on": "2027-01-15" })
}

fn verdal() -> OrganisationNumber {
    VERDAL.parse().expect("a number")
}

#[tokio::test]
async fn file_opens_with_its_code_word_alone_and_holds_what_the_family_let_go() {
    let leaving = Leaving::agreed().await;
    let view = leaving.view().await;
    assert_eq!((&view["consents"][0]["by_hand"], &view["by_hand"]), (&json!(true), &Value::Null));

    let word = leaving.made().await;

    let file = leaving.file().await;
    // Shorter words stand in any text of random letters once in a while.
    for hidden in
        ["Ane Testesen", "Testesen", "Ane teller", "mellom oss", "Ring meg", &word, &word.replace(' ', "")]
    {
        assert!(!file.contains(hidden), "{hidden}");
    }
    assert!(file.contains("Pakke fra Inderøy kommune") && file.contains("default-src 'none'"), "{file}");
    let envelope = file::envelope_in(&file).expect("an envelope");
    let code: CodeWord = word.to_lowercase().parse().expect("a code word");
    let contents = Contents::open(envelope, &code).expect("opens");
    let own = [leaving.node.engine.signing_key()];
    let said = contents.verify(&own, verdal()).expect("is signed");
    assert_eq!(said.statement().package.to_string(), leaving.view().await["by_hand"]["package"]);
    for text in [&contents.document, &contents.html] {
        assert!(text.contains("Ane teller til ti") && text.contains("Ring meg gjerne."), "{text}");
        assert!(!text.contains("Bare mellom oss"), "{text}");
    }
    assert!(!contents.html.contains("<script") && contents.html.contains("Stafettlogg fra Inderøy kommune"));

    let other: CodeWord = "AAAA AAAA AAAA AAAA AAAA".parse().expect("a code word");
    assert!(matches!(Contents::open(envelope, &other), Err(ContentsError::Envelope(_))));
    assert!(matches!(
        contents.verify(&own, leaving.node.engine.organisation()),
        Err(ContentsError::Receiver)
    ));
    let stranger = [stafett_protocol::signed::PublicKey([7; 32])];
    assert!(matches!(contents.verify(&stranger, verdal()), Err(ContentsError::Signature(_))));
    let code_word = word.replace(' ', "");
    for secret in [word.as_bytes(), code_word.as_bytes()] {
        let found = leaving.node.engine.store().search_everything(secret).await.expect("reads");
        assert!(found.hits.is_empty(), "the code word is kept nowhere");
    }
}

#[tokio::test]
async fn case_and_baton_stay_until_the_letter_is_registered_and_are_gone_then() {
    let leaving = Leaving::agreed().await;
    leaving.made().await;
    assert_eq!(leaving.writes().await, 201);
    let baton = format!("{}/baton", leaving.family.case);
    let held = leaving.node.expect(200, Who::Holder, "get", &baton, &Value::Null).await;
    assert_eq!(held["part"], "holder");
    for wrong in [
        json!({ "archive": " ", "on": "2027-01-15" }),
        json!({ "archive": "x".repeat(201), "on": "2027-01-15" }),
        json!({ "archive": "2027/118-3", "on": "2027-01-16" }),
        json!({ "archive": "2027/118-3", "on": "2027-01-14" }),
        json!({ "archive": "2027/118-3", "on": "yesterday" }),
    ] {
        leaving.ask(422, Who::Holder, "post", "/hand/acceptance", &wrong).await;
    }

    leaving.ask(204, Who::Holder, "post", "/hand/acceptance", &accepted()).await;

    assert_eq!(leaving.writes().await, 409, "it is Verdal's");
    let by_hand = leaving.view().await["by_hand"].clone();
    assert_eq!((&by_hand["archive"], &by_hand["on"]), (&json!("2027/118-3"), &json!("2027-01-15")));
    leaving.ask(409, Who::Holder, "post", "/hand/acceptance", &accepted()).await;
    leaving.ask(409, Who::Holder, "get", "/hand/file", &Value::Null).await;
    leaving.ask(409, Who::Holder, "post", "/hand/taken-back", &Value::Null).await;
    let home = leaving.node.page(Some(MOTHER), "get", &format!("/family/{}", leaving.family.id)).await;
    assert!(home.text().contains("Saken er hos Verdal kommune nå."), "{}", home.text());
}

#[tokio::test]
async fn withdrawal_takes_the_package_back_and_a_new_one_is_made_under_a_new_yes_alone() {
    let leaving = Leaving::agreed().await;
    leaving.made().await;

    leaving.withdraw().await;

    let by_hand = leaving.view().await["by_hand"].clone();
    assert_eq!((&by_hand["step"], &by_hand["may_go"]), (&json!("taken-back"), &json!(false)));
    assert!(leaving.kept().await.is_none(), "no command can write the file any more");
    leaving.ask(409, Who::Holder, "get", "/hand/file", &Value::Null).await;
    leaving.ask(409, Who::Holder, "post", "/hand/acceptance", &accepted()).await;
    assert_eq!(leaving.writes().await, 201, "the case is here");
    let body = json!({ "consent": leaving.consent });
    leaving.ask(409, Who::Holder, "post", "/hand", &body).await;
    let mut holder = leaving.node.log_in(Who::Holder).await;
    let page = holder.get(&format!("/cases/{}/move/hand", leaving.family.id)).await.text();
    assert!(page.contains("Ring dem og si at saken ikke kommer."), "{page}");
}

#[tokio::test]
async fn package_goes_when_the_consent_runs_out_an_address_is_protected_or_the_case_is_closed() {
    let path = |leaving: &Leaving, below: &str| format!("{}/{below}", leaving.family.case);
    let ran_out = Leaving::agreed().await;
    ran_out.made().await;
    ran_out.node.clock.store(UNTIL, Ordering::Relaxed);
    ran_out.ask(409, Who::Holder, "get", "/hand/file", &Value::Null).await;
    assert!(!ran_out.exported().await, "a command hands out what no page does");
    ran_out.node.engine.sweep().await.expect("a store");
    assert!(ran_out.kept().await.is_none());

    let protected = Leaving::agreed().await;
    protected.made().await;
    let strict = json!({ "protection": "strictly-confidential" });
    let below = path(&protected, "address-protection");
    protected.node.expect(204, Who::Holder, "put", &below, &strict).await;
    assert!(protected.kept().await.is_none());

    let closed = Leaving::agreed().await;
    closed.made().await;
    closed.node.expect(204, Who::Holder, "post", &path(&closed, "closing"), &Value::Null).await;
    assert!(closed.kept().await.is_none());
    assert_eq!(closed.view().await["by_hand"]["step"], "taken-back");
}

#[tokio::test]
async fn nothing_goes_by_hand_to_a_node_nor_over_a_link_to_where_there_is_none() {
    let leaving = Leaving::agreed().await;
    let offer = json!({ "consent": leaving.consent, "stage": "primary-school", "wished": "2027-08-01" });
    leaving.ask(409, Who::Holder, "post", "", &offer).await;
    let to_steinkjer = json!({
        "kind": "transfer", "recipient": { "host": super::support::PARTNER, "code": "ppt" },
        "areas": ["language"], "purpose": "x",
    });
    let path = format!("{}/consents", leaving.family.case);
    let asked = leaving.node.expect(201, Who::Holder, "post", &path, &to_steinkjer).await;
    leaving.ask(409, Who::Holder, "post", "/hand", &json!({ "consent": asked["id"] })).await;

    leaving.made().await;

    leaving.ask(409, Who::Holder, "post", "/hand", &json!({ "consent": leaving.consent })).await;
    let note = json!({ "consent": leaving.consent, "note": "x".repeat(16_385) });
    leaving.ask(422, Who::Holder, "post", "/hand", &note).await;
    let links = leaving.node.expect(200, Who::Operator, "get", "/api/v1/links", &Value::Null).await;
    assert!(!links.to_string().contains(VERDAL), "where there is no node there is no link: {links}");
}

#[tokio::test]
async fn leader_takes_the_package_back_and_fetches_nothing() {
    let leaving = Leaving::agreed().await;
    leaving.made().await;
    leaving.ask(404, Who::UnitLeader, "get", "/hand/file", &Value::Null).await;
    leaving.ask(404, Who::UnitLeader, "post", "/hand/acceptance", &accepted()).await;

    leaving.ask(204, Who::UnitLeader, "post", "/hand/taken-back", &Value::Null).await;

    assert_eq!(leaving.view().await["by_hand"]["step"], "taken-back");
    assert!(leaving.kept().await.is_none());
    leaving.made().await;
    assert_eq!(leaving.view().await["by_hand"]["step"], "open");
}

#[tokio::test]
async fn stafettholder_makes_fetches_and_registers_by_the_pages_and_sees_the_code_word_once() {
    let leaving = Leaving::agreed().await;
    let mut holder = leaving.node.log_in(Who::Holder).await;
    let address = format!("/cases/{}/move", leaving.family.id);
    let page = holder.get(&address).await.text();
    assert!(page.contains("Den nye kommunen har ikke Stafett."), "{page}");
    assert!(!page.contains("Tilby saken"), "{page}");
    let hand = format!("{address}/hand");
    let page = holder.get(&hand).await.text();
    let field = |name: &str| {
        let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
        value.and_then(|rest| rest.split('"').next()).expect("a field").to_owned()
    };
    let (id, consent) = (field("form-id"), field("consent"));
    let fields = [("consent", consent.as_str()), ("note", "Ring meg."), ("form-id", id.as_str())];

    let made = holder.post(&hand, &fields).await.text();

    let word = made.split("<code id=\"code-word\">").nth(1).and_then(|rest| rest.split('<').next());
    let word = word.expect("the code word");
    assert_eq!(word.parse::<CodeWord>().expect("a code word").grouped(), word);
    let again = holder.act(&hand, &fields).await.text();
    assert!(again.contains("kodeordet er vist") && !again.contains(word), "{again}");
    let page = holder.get(&hand).await.text();
    assert!(page.contains("med én oppføring") && !page.contains(word), "{page}");
    let file = holder.get(&format!("{hand}/file")).await;
    assert!(file.text().contains("Pakke fra Inderøy kommune"));
    let wrong = holder.post(&format!("{hand}/acceptance"), &[("archive", ""), ("on", "")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(wrong.text().contains("Skriv hvor brevet ligger"), "{}", wrong.text());
    let fields = [("archive", "2027/118-3"), ("on", "2027-01-15")];
    let over = holder.act(&format!("{hand}/acceptance"), &fields).await.text();
    assert!(
        over.contains("Verdal kommune tok over saken 15. januar 2027. Brevet deres: 2027/118-3."),
        "{over}"
    );
    let page = holder.get(&address).await.text();
    assert!(page.contains("tok over saken") && !page.contains("Spør familien"), "{page}");
    let nn = holder.get(&format!("{hand}?lang=nn")).await.text();
    assert!(nn.contains("tok over saka"), "{nn}");
}

#[tokio::test]
async fn package_goes_when_one_entry_of_it_may_no_longer_go() {
    let narrowed = Leaving::agreed().await;
    narrowed.made().await;
    assert!(narrowed.exported().await);
    narrowed.take_back(json!({ "giver": narrowed.family.mother, "areas": ["language"] })).await;

    let excepted = Leaving::agreed().await;
    excepted.made().await;
    let path = format!("{}/consents/{}/exceptions", excepted.family.case, excepted.consent);
    let body = json!({ "giver": excepted.family.mother, "entry": excepted.goes });
    excepted.node.expect(200, Who::Holder, "post", &path, &body).await;

    let kept = Leaving::agreed().await;
    kept.made().await;
    kept.family.write(&kept.node, &new_note("Skrevet etterpå")).await;

    for over in [&narrowed, &excepted] {
        assert!(over.kept().await.is_none() && !over.exported().await);
        assert_eq!(over.view().await["by_hand"]["step"], "taken-back");
        assert!(over.tasks().await.contains("package-taken-back"), "nobody is asked to call");
        over.ask(409, Who::Holder, "post", "/hand/acceptance", &accepted()).await;
    }
    assert!(kept.kept().await.is_some(), "what is written afterwards is not in it");
}

#[tokio::test]
async fn mother_who_takes_her_yes_back_is_told_what_is_out_of_our_hands() {
    let stopped = Leaving::agreed().await;
    stopped.withdraw().await;
    assert!(stopped.notice().await.contains("Saken flytter ikke."), "{}", stopped.notice().await);

    let made = Leaving::agreed().await;
    made.made().await;
    made.withdraw().await;
    let told = made.notice().await;
    assert!(told.contains("kan de fortsatt lese den") && !told.contains("Ingenting var sendt"), "{told}");

    let gone = Leaving::agreed().await;
    gone.made().await;
    gone.ask(204, Who::Holder, "post", "/hand/acceptance", &accepted()).await;
    let path = format!("/cases/{}/consents/{}/withdraw", gone.family.id, gone.consent);
    let page = gone.node.page(Some(MOTHER), "get", &path).await.text();
    assert!(page.contains("får den ikke vite dette herfra"), "{page}");
    assert!(!page.contains("ingen der kan åpne den"), "{page}");
}

#[tokio::test]
async fn package_does_not_stand_in_a_case_that_was_restored() {
    let leaving = Leaving::agreed().await;
    leaving.made().await;
    let said = Said::Restored { incarnation: 2, doubtful: BTreeSet::new(), family_in_doubt: false };

    leaving.node.engine.says(leaving.family.id, Who::Holder.account(), vec![said]).await;

    assert!(leaving.kept().await.is_none() && !leaving.exported().await);
}

#[tokio::test]
async fn take_back_pressed_twice_and_a_transition_beside_a_package() {
    let leaving = Leaving::agreed().await;
    leaving.made().await;
    let path = format!("{}/transition", leaving.family.case);
    let begins = json!({ "to": "health-station", "on": "2027-08-16" });
    leaving.node.expect(409, Who::Holder, "post", &path, &begins).await;
    let mut holder = leaving.node.log_in(Who::Holder).await;
    let back = format!("/cases/{}/move/hand/taken-back", leaving.family.id);
    holder.act(&back, &[]).await;

    let again = holder.act(&back, &[]).await.text();

    assert!(again.contains("trukket tilbake"), "{again}");
    leaving.node.expect(201, Who::Holder, "post", &path, &begins).await;
}

/// Whoever has no node reads the paper alone: it leaves nothing out of what is in the document.
#[tokio::test]
async fn paper_says_everything_that_the_document_says() {
    let node = Node::start().await;
    let mut document = package();
    document["family"][0]["closed"] = json!(["language"]);
    document["entries"][2]["about"] = json!([{ "guardian": 0 }]);
    document["entries"][2]["hidden_from_guardians"] = json!(true);
    document["subject"]["address"] = json!("Prøveveien 1");
    document["subject"]["interpreter"] = json!(true);
    let document = serde_json::from_value(document).expect("a document");

    let paper = paper::write(&node.engine, Language::Nb, &document);

    for told in [
        "Stafettlogg fra Steinkjer kommune",
        "Ane Testesen",
        "14. mars 2015",
        "Myra skole",
        "Prøveveien 1",
        "Trenger tolk",
        "Inga Testesen (mor), har foreldreansvar. Skal ikke se det som gjelder Språk: ungdommen har stengt det.",
        "Odd Testesen (far), har foreldreansvar",
        "Nivå 2, samarbeid",
        "Kari Eksempel, Myra barnehage",
        "99 00 00 03",
        "Skolen skal kunne gå videre.",
        "Språk og Ridning",
        "Inga Testesen, 2. januar 2027, muntlig",
        "Odd Testesen, 3. januar 2027, skriftlig",
        "10. januar 2027",
        "Hun leser best om morgenen.",
        "hører til Mål: Ane leser høyt",
        "om Inga Testesen · skrevet av en annen kommune · 5. mai 2026 · Språk · ikke for de foresatte",
        "Lesestund",
        "Rir på torsdager.",
    ] {
        assert!(paper.contains(told), "{told}: {paper}");
    }
}
