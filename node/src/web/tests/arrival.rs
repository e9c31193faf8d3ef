//! A case that comes from another municipality: what is opened, who holds it, and that nothing opens by it.

use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, SuccessionId};
use stafett_protocol::succession::opening::Opened;
use stafett_protocol::succession::origin::Way;

use super::support::{Answer, NOW, Node, Who};
use crate::clock::random;
use crate::engine::EngineError;
use crate::engine::arrival::Arrival;

const FROM: &str = "840029212";
const OWN: &str = "997391853";
/// What an old owner could have called something, in a field that no reader knows.
const OLD_ID: &str = "7d0c5a1e-93b2-4f68-8a47-c15e0b9d2f36";

/// A package as it stands in the link or in a file: a child, its parents, and what was written.
pub(super) fn package() -> Value {
    let entry = |kind: &str, area: &str, fields: Value, by: Value, on: &str| {
        json!({ "kind": kind, "areas": [area], "about": ["subject"], "fields": fields, "written_by": by,
            "written_on": on, "hidden_from_guardians": false, "entry": OLD_ID })
    };
    json!({
        "format": "stafett-package/1", "from": FROM, "from_name": "Steinkjer kommune", "to": OWN,
        "made_on": "2027-01-10", "case": OLD_ID,
        "guide": { "level": 2, "level_name": "Nivå 2, samarbeid" },
        "subject_kind": "child",
        "subject": { "name": "Ane Testesen", "birth_date": "2015-03-14", "school": "Myra skole" },
        "family": [
            { "capacity": "guardian-with-parental-responsibility", "relation": "mother", "name": "Inga Testesen" },
            { "capacity": "guardian-with-parental-responsibility", "relation": "father", "name": "Odd Testesen" },
        ],
        "contact": { "name": "Kari Eksempel", "service_name": "Myra barnehage", "phone": "99 00 00 03" },
        "consent": { "purpose": "Skolen skal kunne gå videre.", "areas": ["language", "riding"],
            "kinds": ["goal", "measure", "note"], "given": [
                { "by": { "guardian": 0 }, "on": "2027-01-02", "channel": "oral" },
                { "by": { "guardian": 1 }, "on": "2027-01-03", "channel": "written" },
            ] },
        "note": "Hun leser best om morgenen.\n\nRing meg gjerne.",
        "areas": [{ "code": "language", "name": "Språk" }, { "code": "riding", "name": "Ridning" }],
        "entries": [
            entry("goal", "language", json!({ "title": "Ane leser høyt" }), json!({ "own": "Myra barnehage" }),
                "2026-03-03"),
            entry("measure", "language", json!({ "title": "Lesestund", "responsible": "Mor", "deadline": "2027-02-01", "status": "started" }), json!("family"),
                "2026-04-04"),
            entry("note", "language", json!({ "description": "Kartlagt i mai." }), json!("partner"), "2026-05-05"),
            entry("note", "riding", json!({ "description": "Rir på torsdager." }), json!({ "yours": "school" }),
                "2026-06-06"),
        ],
        "relations": [[1, 0]],
    })
}

fn read(node: &Node, package: &Value) -> Opened {
    let bytes = serde_json::to_vec(package).expect("JSON");
    node.engine.read_package(&bytes, FROM.parse().expect("a number")).expect("a package")
}

/// Opens what came; who accepted it works in the school.
async fn open(node: &Node, opened: Opened, acceptor: Who) -> Result<CaseId, EngineError> {
    let arrival = Arrival {
        case: CaseId::from_random(random()),
        from: FROM.parse().expect("a number"),
        way: Way::Link(SuccessionId::from_random(random())),
        acceptor: acceptor.account(),
        service: "school".parse().expect("a code"),
        opened,
    };
    node.engine.open_arrived(arrival, Vec::new(), Vec::new()).await
}

/// A node to which the case has come, and the case's path.
async fn arrived() -> (Node, String) {
    let node = Node::start().await;
    let case = open(&node, read(&node, &package()), Who::Holder).await.expect("opens");
    (node, format!("/api/v1/cases/{case}"))
}

async fn seen(node: &Node, case: &str) -> Value {
    node.expect(200, Who::Holder, "get", case, &Value::Null).await
}

fn of_title<'a>(case: &'a Value, words: &str) -> &'a Value {
    let entries = case["entries"].as_array().expect("entries");
    entries.iter().find(|entry| entry["fields"].to_string().contains(words)).expect("the entry")
}

async fn html(node: &Node, who: Who, path: &str) -> String {
    let answer: Answer = node.log_in(who).await.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
async fn case_that_came_is_whoever_accepted_its_with_family_entries_and_relations() {
    let (node, case) = arrived().await;

    let shown = seen(&node, &case).await;

    assert_eq!(shown["task"], "stafettholder");
    assert_eq!(shown["owner"], OWN);
    assert_eq!(shown["subject_name"], "Ane Testesen");
    assert_eq!(shown["level"], 2);
    let family: Vec<_> =
        shown["parties"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(family, ["Ane Testesen", "Inga Testesen", "Odd Testesen"]);
    assert_eq!(shown["entries"].as_array().expect("a list").len(), 4);
    let (goal, measure) = (of_title(&shown, "leser høyt"), of_title(&shown, "Lesestund"));
    assert_eq!(measure["towards"], goal["entry"]);
    assert_eq!(goal["written_by"], Value::Null, "nobody here wrote it");
    let ledger =
        node.engine.store().ledger(case.rsplit('/').next().and_then(|id| id.parse().ok()).expect("an id"));
    let said: Vec<_> = ledger.await.expect("reads").iter().map(|one| one.statement().by).collect();
    assert_eq!(said, [None, None], "the node says it, and nobody's consent is in it");
}

#[tokio::test]
async fn every_carried_entry_says_where_it_comes_from_in_the_list_on_its_page_and_on_paper() {
    let (node, case) = arrived().await;
    let shown = seen(&node, &case).await;
    let goal = of_title(&shown, "leser høyt");

    let origin = json!({ "from": FROM, "from_name": "Steinkjer kommune", "written_by": "own",
        "service_name": "Myra barnehage", "service": null, "written_on": "2026-03-03" });
    assert_eq!(goal["origin"], origin);
    let path = format!("{case}/entries/{}", text(&goal["entry"]));
    let one = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(one["origin"], origin);
    let page = case.trim_start_matches("/api/v1");
    for path in [page.to_owned(), format!("{page}/print")] {
        let shown = html(&node, Who::Holder, &path).await;
        for mark in [
            "Fra Steinkjer kommune, skrevet av Myra barnehage 3. mars 2026",
            "Fra Steinkjer kommune, skrevet av familien 4. april 2026",
            "Fra Steinkjer kommune, skrevet av en annen tjeneste 5. mai 2026",
            "Fra Steinkjer kommune, skrevet av Skole 6. juni 2026",
        ] {
            assert!(shown.contains(mark), "{mark}: {shown}");
        }
    }
    let measure = of_title(&shown, "Lesestund");
    let shown = html(&node, Who::Holder, &format!("{page}/entries/{}", text(&measure["entry"]))).await;
    assert!(shown.contains("Fra Steinkjer kommune, skrevet av familien 4. april 2026"), "{shown}");
    let mut nynorsk = node.log_in(Who::Holder).await;
    nynorsk.post("/language", &[("language", "nn"), ("back", page)]).await;
    let shown = nynorsk.get(page).await.text();
    assert!(shown.contains("Frå Steinkjer kommune, skrive av Myra barnehage 3. mars 2026"), "{shown}");
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

#[tokio::test]
async fn new_stafettholder_is_told_whom_to_ask_and_what_does_not_follow_and_nobody_else_is() {
    let (node, case) = arrived().await;
    let body = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{case}/assignments"), &body).await;
    let page = case.trim_start_matches("/api/v1");

    let carried = seen(&node, &case).await["carried"].clone();
    let shown = html(&node, Who::Holder, page).await;

    assert_eq!(carried["note"], "Hun leser best om morgenen.\n\nRing meg gjerne.");
    assert_eq!(carried["areas_elsewhere"], json!([{ "code": "riding", "name": "Ridning" }]));
    assert_eq!(carried["consent"]["given"][1]["name"], "Odd Testesen");
    for words in [
        "Saken kom fra Steinkjer kommune",
        "Den ble åpnet her 15. januar 2027, med 4 oppføringer. Ingen samtykker fulgte med",
        "Spør Kari Eksempel, Myra barnehage, telefon 99 00 00 03.",
        "Ring meg gjerne.",
        "Disse områdene finnes ikke her: Ridning. Ingen samtykker åpner det som står i dem.",
        "Inga Testesen, 2. januar 2027",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let colleague = node.expect(200, Who::Colleague, "get", &case, &Value::Null).await;
    assert_eq!(colleague["carried"], Value::Null);
    assert!(!html(&node, Who::Colleague, page).await.contains("Ring meg gjerne"));
}

#[tokio::test]
async fn no_consent_follows_and_what_is_asked_anew_opens_no_area_that_is_not_known_here() {
    let (node, case) = arrived().await;
    let nurse = json!({ "account": Who::HealthNurse.account() });
    node.expect(204, Who::Holder, "post", &format!("{case}/assignments"), &nurse).await;
    let consents = format!("{case}/consents");
    let read = async |who| {
        let shown = node.expect(200, who, "get", &case, &Value::Null).await;
        shown["entries"].as_array().expect("a list").len()
    };

    assert_eq!(node.expect(200, Who::Holder, "get", &consents, &Value::Null).await, json!([]));
    assert_eq!(read(Who::HealthNurse).await, 0, "a task alone opens nothing that came");

    let unknown = json!({ "recipient": { "host": OWN, "code": "health-station" },
        "areas": ["language", "riding"], "purpose": "Lesing." });
    assert_eq!(node.ask(Who::Holder, "post", &consents, &unknown).await.status.as_u16(), 422);
    let asked = json!({ "recipient": { "host": OWN, "code": "health-station" }, "areas": ["language"],
        "purpose": "Lesing." });
    let asked = node.expect(201, Who::Holder, "post", &consents, &asked).await;
    for party in &seen(&node, &case).await["parties"].as_array().expect("a list")[1..] {
        let yes = json!({ "giver": party["person"], "evidence": { "kind": "oral" } });
        let path = format!("{consents}/{}/yes", text(&asked["id"]));
        node.expect(200, Who::Holder, "post", &path, &yes).await;
    }
    let shown = node.expect(200, Who::HealthNurse, "get", &case, &Value::Null).await;
    let entries = shown["entries"].as_array().expect("a list");
    assert!(
        !entries.is_empty() && entries.iter().all(|entry| entry["areas"] == json!(["language"])),
        "{shown}"
    );
    assert!(!shown.to_string().contains("torsdager"));
    assert!(seen(&node, &case).await.to_string().contains("torsdager"), "the stafettholder reads it");
}

#[tokio::test]
async fn no_id_of_the_old_case_is_here_and_each_opening_draws_its_own() {
    let (node, case) = arrived().await;
    let old = uuid::Uuid::parse_str(OLD_ID).expect("an id");

    let search = async |needle: &[u8]| {
        let report = node.engine.store().search_everything(needle).await.expect("reads");
        assert_eq!(report.blobs_closed, 0);
        report.hits.len()
    };
    assert!(search("Rir på torsdager.".as_bytes()).await > 0, "the control");
    assert_eq!(search(OLD_ID.as_bytes()).await + search(old.as_bytes()).await, 0);

    let again = open(&node, read(&node, &package()), Who::Colleague).await.expect("opens");
    let ids = async |case: CaseId| {
        let entries = node.engine.store().entries(case).await.expect("reads").into_iter();
        entries.map(|record| record.facts.entry).collect::<Vec<_>>()
    };
    let (one, other) =
        (ids(case.rsplit('/').next().expect("an id").parse().expect("an id")).await, ids(again).await);
    assert!(one.len() == 4 && one.iter().all(|entry| !other.contains(entry)));
}

#[tokio::test]
async fn leader_acts_if_whoever_accepted_has_left_and_the_holder_stays_if_there_is_none() {
    let node = Node::start().await;
    let opened = read(&node, &package());
    let others = |gone: &'static [Who]| Who::ALL.into_iter().filter(move |who| !gone.contains(who));
    node.people_are(&others(&[Who::Holder]).map(Who::line).collect::<String>());

    let case = open(&node, opened, Who::Holder).await.expect("opens");

    let tasks = node.expect(200, Who::UnitLeader, "get", "/api/v1/tasks", &Value::Null).await;
    let kinds: Vec<_> = tasks.as_array().expect("a list").iter().map(|task| text(&task["kind"])).collect();
    assert!(kinds.contains(&"baton-acting") && kinds.contains(&"carried-family"), "{kinds:?}");
    let shown =
        node.expect(200, Who::UnitLeader, "get", &format!("/api/v1/cases/{case}"), &Value::Null).await;
    assert_eq!(shown["carried"]["contact_name"], "Kari Eksempel", "who acts is told whom to ask");

    node.people_are(
        &others(&[Who::Holder, Who::UnitLeader, Who::OtherLeader]).map(Who::line).collect::<String>(),
    );
    let case = open(&node, read(&node, &package()), Who::Holder).await.expect("opens");
    let ledger = node.engine.store().ledger(case).await.expect("reads");
    assert_eq!(ledger.len(), 2, "nobody can act: the baton stays where it was accepted");
}

#[tokio::test]
async fn who_the_family_is_is_to_be_gone_through_at_once_until_a_leader_has_approved_it() {
    let (node, case) = arrived().await;
    let kinds = async || {
        let tasks = node.expect(200, Who::Holder, "get", "/api/v1/tasks", &Value::Null).await;
        let tasks = tasks.as_array().expect("a list").clone();
        tasks.into_iter().filter(|task| task["kind"] == "carried-family").collect::<Vec<_>>()
    };
    let tasks = kinds().await;
    assert_eq!((tasks.len(), tasks[0]["due"].as_u64()), (1, Some(NOW)), "due at once");
    let page = html(&node, Who::Holder, "/cases").await;
    let words = "Ane: Saken kom fra en annen kommune. Gå gjennom hvem familien er.";
    let id = case.rsplit('/').next().expect("an id");
    assert!(page.contains(words) && page.contains(&format!("/cases/{id}/family")), "{page}");

    let parties = seen(&node, &case).await["parties"].clone();
    let known: Vec<_> = parties.as_array().expect("a list")[1..]
        .iter()
        .map(|party| json!({ "person": party["person"], "capacity": party["capacity"] }))
        .collect();
    let body = json!({ "parties": known, "persons": [], "document": "2027/12-1" });
    let path = format!("{case}/family");
    let registered = node.expect(201, Who::Holder, "post", &path, &body).await;
    assert_eq!(kinds().await.len(), 1, "registered is not approved");
    let path = format!("{path}/{}/approval", text(&registered["registration"]));
    node.expect(204, Who::UnitLeader, "post", &path, &Value::Null).await;
    assert_eq!(kinds().await.len(), 0);
}

#[tokio::test]
async fn birth_date_that_has_not_been_opens_no_case_and_nothing_is_left_of_it() {
    let node = Node::start().await;
    let mut ahead = package();
    ahead["subject"]["birth_date"] = json!("2031-01-01");

    let opened = open(&node, read(&node, &ahead), Who::Holder).await;

    assert!(matches!(opened, Err(EngineError::Invalid { field: "birth_date", .. })));
    assert_eq!(node.engine.store().search_everything("Ane".as_bytes()).await.expect("reads").hits.len(), 0);
}

#[tokio::test]
async fn guardian_to_whom_the_youth_closed_an_area_does_not_read_it_where_the_case_came() {
    for is_closed in [false, true] {
        let node = Node::start().await;
        let mut came = package();
        if is_closed {
            came["family"][0]["closed"] = json!(["language"]);
        }
        let case = open(&node, read(&node, &came), Who::Holder).await.expect("opens");
        let case = format!("/api/v1/cases/{case}");
        let shown = seen(&node, &case).await;
        let mother =
            shown["parties"].as_array().expect("a list").iter().find(|one| one["name"] == "Inga Testesen");
        node.are(&[(Who::Guardian, text(&mother.expect("the mother")["person"]))]);

        let read = node.expect(200, Who::Guardian, "get", &case, &Value::Null).await;

        let goals =
            read["entries"].as_array().expect("entries").iter().filter(|entry| entry["kind"] == "goal");
        assert_eq!(goals.count(), usize::from(!is_closed), "closed: {is_closed}");
    }
}
