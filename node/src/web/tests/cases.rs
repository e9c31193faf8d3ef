//! My cases, the inbox, and the page of a case: what is shown, and to whom.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::entry::{Actor, Edit, EntryDocument, EntryKind, FieldKey, FieldValue, Side};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::person::Role;
use stafett_protocol::time::DAY;
use stafett_protocol::transaction::{Transaction, Write};

use super::household::{FATHER, Family, MOTHER};
use super::late::received_case;
use super::support::{Node, PARTNER, Who, new_note};

const SCRIPT: &str = "<script>alert(1)</script>";

fn measure(title: &str, deadline: &str, status: &str) -> Value {
    json!({ "kind": "measure", "areas": ["language"], "fields": {
        "title": title, "responsible": "Lærer Test", "deadline": deadline, "status": status } })
}

fn page_of(family: &Family) -> String {
    format!("/cases/{}", family.id)
}

#[tokio::test]
async fn holder_sees_what_waits_first_and_nothing_when_nothing_does() {
    let node = Node::start().await;
    let mut browser = node.log_in(Who::Holder).await;
    let empty = browser.get("/cases").await.text();
    assert!(empty.contains("Ingenting venter.") && empty.contains("Ingen saker her."), "{empty}");
    let family = Family::of(&node).await;
    family.write(&node, &measure("Lesestund", "2027-01-14", "started")).await;
    family.write(&node, &measure("Samtale hjemme", "2027-01-20", "planned")).await;
    family.write(&node, &measure("Ferdig for lengst", "2026-12-01", "done")).await;

    let page = browser.get("/cases").await.text();

    for said in [
        "Ane: «Lesestund» skulle vært gjort 14. januar 2027.",
        ">Følg opp</a>",
        "Én frist er passert",
        "<span>barn, 11 år</span>",
        "<dt>Nivå</dt><dd>Nivå 1</dd>",
        "<dt>Stafettholder</dt><dd>du</dd>",
        "<dt>Neste frist</dt><dd>20. januar 2027</dd>",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Ferdig for lengst"), "{page}");
    assert!(!page.contains("Testesen"), "the first name is enough: {page}");
    assert!(page.find("Dette venter på deg") < page.find("Sakene<"), "what waits comes first");
}

#[tokio::test]
async fn first_page_leads_each_to_the_own_work() {
    let node = Node::start().await;
    for (who, to) in [
        (Who::Holder, Some("/cases")),
        (Who::UnitLeader, Some("/cases")),
        (Who::ServiceLeader, Some("/inbox")),
        (Who::Operator, Some("/operations")),
        (Who::Coordinator, Some("/stalled")),
    ] {
        let answer = node.log_in(who).await.get("/").await;
        let location = answer.headers.get("location").map(|to| to.to_str().expect("a path"));
        assert_eq!(location, to, "{who:?}");
    }
}

#[tokio::test]
async fn whoever_has_a_role_without_pages_is_told_so_and_nobody_else_is() {
    let node = Node::start().await;
    let operator = Who::Operator;
    node.people_are(&operator.line().replace("it-operator", "archive"));

    let start = node.log_in_as(operator.account(), Role::Archive).await.get("/").await;

    assert_eq!(start.status.as_u16(), 200, "{}", start.text());
    let said = "Du er logget inn, men det er ingen sider for rollen din her.";
    assert!(start.text().contains(said), "{}", start.text());
    assert!(!node.page(None, "get", "/").await.text().contains(said));
}

#[tokio::test]
async fn consent_that_is_partly_given_waits_with_one_link() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let ask =
        json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"], "purpose": "x" });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &ask).await;
    let yes = json!({ "giver": family.mother, "evidence": { "kind": "oral" } });
    let path = format!("{}/consents/{}/yes", family.case, asked["id"].as_str().expect("an id"));
    node.expect(200, Who::Holder, "post", &path, &yes).await;
    node.clock.fetch_add(15 * DAY, Ordering::Relaxed);

    let page = node.log_in(Who::Holder).await.get("/cases").await.text();

    assert!(page.contains("Ane: Samtykket til PPT (Steinkjer kommune) er bare delvis gitt."), "{page}");
    let consent = asked["id"].as_str().expect("an id");
    let link = format!("href=\"/cases/{}/consents/{consent}/answer\">Ring og registrer svar</a>", family.id);
    assert!(page.contains(&link), "{page}");
}

#[tokio::test]
async fn what_others_wrote_since_the_last_look_is_told_and_own_writing_is_not() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;
    let mut browser = node.log_in(Who::Holder).await;
    browser.get(&page_of(&family)).await;
    node.clock.fetch_add(1_000, Ordering::Relaxed);
    family.write(&node, &new_note("Mitt eget")).await;
    let own = browser.get("/cases").await.text();
    assert!(!own.contains("siden du så sist"), "{own}");

    let path = format!("{}/entries", family.case);
    node.expect(201, Who::Colleague, "post", &path, &new_note("En kollega")).await;
    let page = browser.get("/cases").await.text();

    assert!(page.contains("Én oppføring er ny eller endret siden du så sist"), "{page}");
    let case = browser.get(&page_of(&family)).await.text();
    assert!(case.contains(">ny siden sist<"), "{case}");
    assert!(!browser.get("/cases").await.text().contains("siden du så sist"), "it was looked at");
}

#[tokio::test]
async fn case_is_opened_from_its_form_and_what_is_wrong_stands_beside_its_field() {
    let node = Node::start().await;
    let mut browser = node.log_in(Who::Holder).await;
    let wrong = [
        ("kind", "child"),
        ("name", ""),
        ("birth-date", "2999-01-01"),
        ("level", "1"),
        ("unit", SCRIPT),
        ("guardian-1-name", "Inga Testesen"),
        ("guardian-1-relation", "foster-parent"),
        ("guardian-1-responsible", "yes"),
        ("guardian-2-relation", "father"),
        ("number", "123"),
    ];

    let answer = browser.post("/cases/new", &wrong).await;
    let page = answer.text();

    assert_eq!(answer.status.as_u16(), 422);
    for id in ["name", "birth-date", "number", "guardian-1-relation", "guardian-2-name"] {
        assert!(page.contains(&format!("id=\"{id}-wrong\"")), "{id}: {page}");
        assert!(page.contains(&format!("href=\"#{id}\"")), "{id}: {page}");
    }
    assert!(page.contains("value=\"Inga Testesen\"") && page.contains("&#60;script&#62;"), "{page}");
    assert!(!page.contains(SCRIPT), "{page}");
    let right = [
        ("kind", "child"),
        ("name", "Ole Testesen"),
        ("birth-date", "2019-05-01"),
        ("level", "1"),
        ("guardian-1-name", "Inga Testesen"),
        ("guardian-1-relation", "mother"),
        ("guardian-1-responsible", "yes"),
    ];
    let case = browser.act("/cases/new", &right).await.text();
    assert!(case.contains("Saken er opprettet, og du er stafettholder."), "{case}");
    assert!(case.contains("Ole, barn, 7 år</h1>"), "{case}");
    assert!(!case.split("</head>").next().expect("a head").contains("Ole"), "no name in a title");
}

#[tokio::test]
async fn case_shows_goals_with_measures_late_first_and_who_reads_each() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let goal =
        json!({ "kind": "goal", "areas": ["language"], "fields": { "title": format!("Leser {SCRIPT}") } });
    let goal = family.write(&node, &goal).await;
    let mut later = measure("Senere", "2027-03-01", "started");
    later["towards"] = json!(goal);
    family.write(&node, &later).await;
    let mut late = measure("Forsinket tiltak", "2027-01-01", "started");
    late["towards"] = json!(goal);
    family.write(&node, &late).await;
    family.consent(&node, PARTNER, "ppt").await;
    family.hand_over(&node, &[goal]).await;

    let page = node.log_in(Who::Holder).await.get(&page_of(&family)).await.text();

    assert!(!page.contains(SCRIPT) && page.contains("Leser &#60;script&#62;"), "{page}");
    let rows: Vec<_> = page.split("<th scope=\"row\">").skip(1).collect();
    assert!(rows[0].contains("Forsinket tiltak") && rows[0].contains(">forsinket</strong>"), "{page}");
    assert!(rows[1].contains("Senere") && !rows[1].contains(">forsinket</strong>"), "{page}");
    for said in [
        "Leses av: Skole og PPT (Steinkjer kommune)",
        "Skole skrev det 15. januar 2027 kl. 09.00.",
        "PPT (Steinkjer kommune) leser det siden 15. januar 2027 kl. 09.00. Sendt 15. januar 2027 kl. 09.00, ikke bekreftet ennå.",
        ">Se samtykket</a>",
        "Ingen har skrevet hva barnet sier.",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn assigned_colleague_is_not_told_who_else_reads() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("Fra skolen")).await;
    family.consent(&node, PARTNER, "ppt").await;
    let mut browser = node.log_in(Who::Holder).await;
    let colleague = Who::Colleague.account().to_string();
    let assign = format!("{}/assign", page_of(&family));
    let slip = browser.act(&assign, &[("account", "")]).await.text();
    assert!(slip.contains("Velg hvem som skal arbeide med den."), "nobody is chosen beforehand: {slip}");
    let assigned = browser.act(&assign, &[("account", &colleague)]).await.text();
    assert!(assigned.contains("Saken er tildelt."));

    let page = node.log_in(Who::Colleague).await.get(&page_of(&family)).await.text();

    assert!(page.contains("Fra skolen"), "{page}");
    assert!(page.contains("Stafettholderen ser hvem som leser dette"), "{page}");
    for hidden in ["PPT", "Steinkjer", "/consents", "/looks", "/level\"", "/assign\""] {
        assert!(!page.contains(hidden), "{hidden}: {page}");
    }

    let unassign = format!("{}/unassign", page_of(&family));
    let taken = browser.act(&unassign, &[("account", &colleague)]).await.text();
    assert!(taken.contains("Saken er tatt fra personen."), "{taken}");
    let gone = node.log_in(Who::Colleague).await.get(&page_of(&family)).await;
    assert_eq!(gone.status.as_u16(), 404);
}

#[tokio::test]
async fn pages_of_a_case_are_not_there_for_whoever_has_no_task_in_it() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let entry = family.write(&node, &new_note("x")).await;
    let other = CaseId::from_bytes([9; 16]);
    let below =
        ["", "/write", "/write?kind=note", &format!("/entries/{entry}"), &format!("/entries/{entry}/edit")];
    for below in below {
        for who in [
            Who::HealthNurse,
            Who::Colleague,
            Who::UnitLeader,
            Who::Coordinator,
            Who::Operator,
            Who::Guardian,
        ] {
            let mut browser = node.log_in(who).await;
            let hidden = browser.get(&format!("{}{below}", page_of(&family))).await;
            let missing = browser.get(&format!("/cases/{other}{below}")).await;
            assert_eq!((hidden.status.as_u16(), missing.status.as_u16()), (404, 404), "{who:?} {below}");
            let same =
                |text: String| text.replace(&family.id.to_string(), "").replace(&other.to_string(), "");
            assert_eq!(same(hidden.text()), same(missing.text()), "{who:?} {below}");
        }
        for token in [MOTHER, FATHER] {
            let answer = node.page(Some(token), "get", &format!("{}{below}", page_of(&family))).await;
            assert_eq!(answer.status.as_u16(), 404, "{below}");
        }
    }
    let nurse = Who::HealthNurse.account().to_string();
    for act in [
        "/level",
        "/assign",
        "/write",
        &format!("/entries/{entry}/settle"),
        &format!("/entries/{entry}/edit"),
    ] {
        let fields = [("level", "2"), ("account", &nurse), ("entry-kind", "note")];
        let answer =
            node.log_in(Who::HealthNurse).await.post(&format!("{}{act}", page_of(&family)), &fields).await;
        assert_eq!(answer.status.as_u16(), 404, "{act}");
    }
    for who in [Who::Operator, Who::Coordinator, Who::Holder] {
        assert_eq!(node.log_in(who).await.get("/inbox").await.status.as_u16(), 404, "{who:?}");
    }
    assert_eq!(node.log_in(Who::Operator).await.get("/cases/new").await.status.as_u16(), 404);
    assert_eq!(node.log_in(Who::Guardian).await.get("/cases").await.status.as_u16(), 404);
}

#[tokio::test]
async fn log_is_filtered_by_area_and_kind() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    family.write(&node, &new_note("Om språk")).await;
    let attendance =
        json!({ "kind": "bright-spot", "areas": ["attendance"], "fields": { "description": "Kom tidlig" } });
    family.write(&node, &attendance).await;
    let mut browser = node.log_in(Who::Holder).await;
    let path = page_of(&family);
    for (query, language, attendance) in [
        ("", true, true),
        ("?area=attendance", false, true),
        ("?kind=note", true, false),
        ("?kind=note&area=attendance", false, false),
        ("?area=language&area=attendance", true, true),
    ] {
        let page = browser.get(&format!("{path}{query}")).await.text();
        let found = (page.contains("Om språk"), page.contains("Kom tidlig"));
        assert_eq!(found, (language, attendance), "{query}");
    }
}

#[tokio::test]
async fn level_is_changed_on_the_page_by_the_holder() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let mut browser = node.log_in(Who::Holder).await;
    let level = format!("{}/level", page_of(&family));

    let page = browser.act(&level, &[("level", "2")]).await.text();

    assert!(page.contains("Nivået er endret.") && page.contains("<dt>Nivå</dt><dd>Nivå 2</dd>"), "{page}");
    assert_eq!(browser.post(&level, &[("level", "9")]).await.status.as_u16(), 422);
}

/// Somebody else's change of a deadline that came at the same time as the present one.
async fn contradict(node: &Node, entry: EntryId, deadline: &str) {
    let store = node.engine.store();
    let content = store.content(entry).await.expect("reads").expect("is there");
    let first = &content.changes[..1];
    let mut document = EntryDocument::open(EntryKind::Measure, Actor([7; 16]), first).expect("opens");
    let fields = [(FieldKey::Deadline, Some(FieldValue::from(deadline)))].into();
    let edit = Edit::new(EntryKind::Measure, fields).expect("fits");
    let change = document.edit(&edit, Side::Partner).expect("edits").expect("a change");
    let origin = PARTNER.parse().expect("a number");
    let generation = content.record.facts.generation;
    let write = Write::Change { entry, generation, change, origin, at: node.engine.now() };
    store.commit(Transaction::of(vec![write])).await.expect("commits");
}

#[tokio::test]
async fn two_answers_wait_for_the_holder_and_are_settled_by_one_of_them() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let entry = family.write(&node, &measure("Lesestund", "2027-03-01", "started")).await;
    let path = format!("{}/entries/{entry}", family.case);
    node.expect(200, Who::Holder, "patch", &path, &json!({ "fields": { "deadline": "2027-03-10" } })).await;
    contradict(&node, entry, "2027-04-01").await;
    let mut browser = node.log_in(Who::Holder).await;
    assert!(browser.get("/cases").await.text().contains("Ane: To svar står side om side, og du må velge."));
    let here = format!("{}/entries/{entry}", page_of(&family));

    let page = browser.get(&here).await.text();

    assert!(page.contains("To svar om Frist"), "{page}");
    assert!(page.contains(">10. mars 2027</label>") && page.contains(">1. april 2027</label>"), "{page}");
    let settle = format!("{here}/settle");
    let other = browser.post(&settle, &[("field", "deadline"), ("value", "\"2030-01-01\"")]).await;
    assert_eq!(other.status.as_u16(), 409, "an answer that nobody gave");
    let settled = browser.act(&settle, &[("field", "deadline"), ("value", "\"2027-04-01\"")]).await.text();
    assert!(settled.contains("Svaret er valgt.") && !settled.contains("To svar om"), "{settled}");
    assert!(settled.contains("<dt>Frist</dt><dd>1. april 2027</dd>"), "{settled}");
}

#[tokio::test]
async fn leader_of_a_shared_service_sees_municipality_and_date_and_assigns() {
    let node = Node::start().await;
    let case = received_case(&node, "Ane teller til ti").await;
    let mut leader = node.log_in(Who::ServiceLeader).await;

    let inbox = leader.get("/inbox").await.text();

    assert!(inbox.contains("Steinkjer kommune, delt "), "{inbox}");
    assert!(inbox.contains("Ingen har fått saken ennå."), "{inbox}");
    assert!(!inbox.contains("Ane teller") && !inbox.contains(">HealthNurse<"), "{inbox}");
    assert_eq!(leader.get(&format!("/cases/{case}")).await.status.as_u16(), 403, "she reads nothing of it");
    assert_eq!(node.log_in(Who::Colleague).await.get(&format!("/cases/{case}")).await.status.as_u16(), 404);
    let assign = format!("/cases/{case}/assign");
    let stranger = [("account", Who::HealthNurse.account().to_string())];
    let stranger: Vec<_> = stranger.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let of_another = leader.act(&assign, &stranger).await.text();
    assert!(of_another.contains("Den du valgte, arbeider ikke i tjenesten nå."), "{of_another}");
    let colleague = Who::Colleague.account().to_string();
    let after = leader.act(&assign, &[("account", &colleague)]).await.text();
    assert!(after.contains("Saken er tildelt.") && after.contains("<span>Colleague</span>"), "{after}");

    let mut colleague = node.log_in(Who::Colleague).await;
    let list = colleague.get("/cases").await.text();
    assert!(list.contains("Eierkommune: Steinkjer kommune"), "{list}");
    let page = colleague.get(&format!("/cases/{case}")).await.text();
    assert!(page.contains("Ane teller til ti"), "{page}");
    assert!(page.contains("Leses av: Skole og Steinkjer kommune"), "{page}");
    assert!(colleague.get("/cases?show=mine").await.text().contains("Ingen saker her."));
}

#[tokio::test]
async fn log_that_shows_what_was_chosen_says_so_and_how_much_there_is() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    for text in ["Ane teller til ti", "Ane leser høyt"] {
        family.write(&node, &new_note(text)).await;
    }
    let page = format!("/cases/{}", family.id);
    let mut holder = node.log_in(Who::Holder).await;

    let none = holder.get(&format!("{page}?kind=decision")).await.text();

    assert!(none.contains("Viser 0 av 2 oppføringer: bare det du har valgt."), "{none}");
    assert!(none.contains("<details class=\"ds-details\" open>"), "{none}");
    assert!(!none.contains("Det er ingenting her som du kan lese."), "{none}");
    assert!(!holder.get(&page).await.text().contains("bare det du har valgt"));
}

#[tokio::test]
async fn question_that_nobody_has_answered_waits_with_the_form_of_the_answer() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let ask =
        json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"], "purpose": "x" });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &ask).await;
    let said = "Ane: Ingen har svart på samtykket til PPT (Steinkjer kommune).";
    assert!(!node.log_in(Who::Holder).await.get("/cases").await.text().contains(said));

    node.clock.fetch_add(7 * DAY, Ordering::Relaxed);

    let page = node.log_in(Who::Holder).await.get("/cases").await.text();
    assert!(page.contains(said), "{page}");
    let answer = format!("/cases/{}/consents/{}/answer", family.id, asked["id"].as_str().expect("an id"));
    assert!(page.contains(&answer), "{page}");
}
