//! The baton: who may offer it to whom, who reads the note, and who is stafettholder when.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::limits::{BATON_OFFER_MS, HANDOVER_NOTE_BYTES_MAX};
use stafett_protocol::time::DAY;

use super::access::{Row, row};
use super::household::Family;
use super::schema::differences;
use super::support::{Answer, NOW, Node, PARTNER, Who, new_case};

const NOTE: &str = "Ring moren før møtet <script>alert(1)</script>";

/// The routes of the baton, for the table of who may and who may not.
pub(super) fn rows() -> Vec<Row> {
    use Who::{Colleague, HealthNurse, Holder, Operator, OtherLeader, ServiceLeader, UnitLeader};

    let stranger = (HealthNurse, 404);
    let to_colleague = json!({ "to": Colleague.account() });
    let to_service = json!({ "service": { "host": PARTNER, "code": "ppt" } });
    let ask = json!({ "account": Colleague.account() });
    let recall = "/api/v1/cases/{case}/baton/offers/{offer}/recall";
    let acceptance = "/api/v1/cases/{case}/baton/offers/{offer}/acceptance";
    let refusal = "/api/v1/cases/{case}/baton/offers/{offer}/refusal";
    vec![
        row("get", "/api/v1/batons", Value::Null, (Colleague, 200), (Operator, 200)),
        row("get", "/api/v1/cases/{case}/baton", Value::Null, (Colleague, 200), stranger),
        row("post", recall, Value::Null, (Holder, 204), stranger),
        // The offer is taken back by now, and nobody can answer it any more.
        row("post", acceptance, Value::Null, (Colleague, 404), stranger),
        row("post", refusal, Value::Null, (Colleague, 404), stranger),
        row("post", "/api/v1/cases/{case}/baton/offers", to_colleague.clone(), (Holder, 201), stranger),
        row("post", "/api/v1/cases/{case}/baton/service", to_service, (Holder, 409), stranger),
        // None is offered to a service here.
        row("get", "/api/v1/batons/here", Value::Null, (ServiceLeader, 200), (Operator, 200)),
        row("get", "/api/v1/batons/here/{baton}", Value::Null, (ServiceLeader, 404), stranger),
        row("post", "/api/v1/batons/here/{baton}/request", ask, (ServiceLeader, 404), stranger),
        row("post", "/api/v1/batons/here/{baton}/acceptance", Value::Null, (Colleague, 404), stranger),
        row("post", "/api/v1/batons/here/{baton}/no", Value::Null, (Colleague, 404), stranger),
        row("post", "/api/v1/batons/here/{baton}/return", Value::Null, (Colleague, 404), stranger),
        row(
            "put",
            "/api/v1/cases/{case}/baton",
            json!({ "to": Holder.account() }),
            (UnitLeader, 422),
            (OtherLeader, 404),
        ),
    ]
}

impl Node {
    async fn offer(&self, case: &str, to: Who) -> String {
        let body = json!({ "to": to.account(), "note": NOTE });
        let offered = self.expect(201, Who::Holder, "post", &format!("{case}/baton/offers"), &body).await;
        offered["offer"].as_str().expect("an id").to_owned()
    }

    async fn baton(&self, who: Who, case: &str) -> Value {
        let view = self.expect(200, who, "get", &format!("{case}/baton"), &Value::Null).await;
        assert_eq!(differences("BatonView", &view), Vec::<String>::new());
        view
    }

    async fn answer(&self, status: u16, who: Who, case: &str, offer: &str, word: &str) {
        self.expect(status, who, "post", &format!("{case}/baton/offers/{offer}/{word}"), &Value::Null).await;
    }
}

fn page_of(case: &str) -> String {
    format!("{}/baton", case.trim_start_matches("/api/v1"))
}

#[tokio::test]
async fn holder_keeps_the_baton_and_reads_until_the_other_has_accepted() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let offer = node.offer(&case, Who::HealthNurse).await;
    assert_eq!(node.baton(Who::Holder, &case).await["part"], "holder");
    node.expect(404, Who::HealthNurse, "get", &case, &Value::Null).await;

    node.answer(204, Who::HealthNurse, &case, &offer, "acceptance").await;

    let view = node.baton(Who::HealthNurse, &case).await;
    assert_eq!((&view["part"], &view["received_note"]), (&json!("holder"), &json!(NOTE)));
    assert_eq!(view["holder"]["account"], Who::HealthNurse.account().to_string());
    node.expect(200, Who::HealthNurse, "get", &case, &Value::Null).await;
    node.expect(404, Who::Holder, "get", &case, &Value::Null).await;
    node.answer(204, Who::HealthNurse, &case, &offer, "acceptance").await;
    let statements = node.baton(Who::HealthNurse, &case).await["since"].clone();
    assert_eq!(statements, view["since"], "who presses twice takes it over once");
}

#[tokio::test]
async fn note_is_read_by_the_two_of_them_and_by_nobody_else() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;
    node.offer(&family.case, Who::HealthNurse).await;

    for who in [Who::Holder, Who::HealthNurse] {
        let view = node.baton(who, &family.case).await;
        assert_eq!((&view["offer"]["note"], &view["subject_name"]), (&json!(NOTE), &json!("Ane Testesen")));
    }
    let leader = node.baton(Who::UnitLeader, &family.case).await;
    assert_eq!((&leader["part"], &leader["offer"]["note"]), (&json!("leader"), &Value::Null));
    assert_eq!(leader["subject_name"], Value::Null);
    let colleague = node.baton(Who::Colleague, &family.case).await;
    assert_eq!((&colleague["part"], &colleague["offer"]), (&json!("reader"), &Value::Null));
    let of_mother = node.ask_with(super::household::MOTHER, &format!("{}/baton", family.case)).await;
    assert_eq!((&of_mother.json()["part"], &of_mother.json()["offer"]), (&json!("reader"), &Value::Null));
    for who in [Who::OtherLeader, Who::Operator, Who::ProtectionOfficer, Who::ServiceLeader] {
        node.expect(404, who, "get", &format!("{}/baton", family.case), &Value::Null).await;
    }
    let looks = family.looks(&node).await;
    let at_baton = looks.iter().filter(|row| row.what == "baton").count();
    assert_eq!(at_baton, 5, "each look is logged, and a look that was refused is none");
}

#[tokio::test]
async fn note_goes_with_an_offer_that_came_to_nothing() {
    let node = Node::start().await;
    for word in ["refusal", "recall"] {
        let case = node.open_case().await;
        let offer = node.offer(&case, Who::Colleague).await;
        let who = if word == "refusal" { Who::Colleague } else { Who::Holder };

        node.answer(204, who, &case, &offer, word).await;

        let id = case.rsplit('/').next().expect("an id").parse().expect("an id");
        assert!(node.engine.store().handover_note(id).await.expect("reads").is_none(), "{word}");
        let view = node.baton(Who::Holder, &case).await;
        assert_eq!((&view["part"], &view["offer"]), (&json!("holder"), &Value::Null));
        node.expect(404, Who::Colleague, "get", &format!("{case}/baton"), &Value::Null).await;
        node.answer(404, Who::Colleague, &case, &offer, "acceptance").await;
    }
}

#[tokio::test]
async fn offer_lapses_after_its_time_and_another_can_be_made() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let offer = node.offer(&case, Who::Colleague).await;
    let body = json!({ "to": Who::HealthNurse.account() });
    node.expect(409, Who::Holder, "post", &format!("{case}/baton/offers"), &body).await;

    node.clock.store(NOW + BATON_OFFER_MS, Ordering::Relaxed);

    node.answer(404, Who::Colleague, &case, &offer, "acceptance").await;
    assert_eq!(node.baton(Who::Holder, &case).await["offer"], Value::Null);
    node.expect(201, Who::Holder, "post", &format!("{case}/baton/offers"), &body).await;
}

#[tokio::test]
async fn baton_is_offered_to_employees_of_the_municipality_only() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let private = "a0a0a0a0-a0a0-40a0-80a0-a0a0a0a0a0a0";
    let line = format!(
        "[[person]]\nid = \"{private}\"\nname = \"Kari\"\nservice = \"kindergarten\"\nroles = [\"employee\"]\n"
    );
    node.people_are(&(Who::ALL.map(Who::line).concat() + &line));
    let path = format!("{case}/baton/offers");

    for who in [Who::Holder, Who::Operator, Who::Guardian, Who::UnitLeader, Who::ServiceLeader] {
        node.expect(422, Who::Holder, "post", &path, &json!({ "to": who.account() })).await;
    }
    node.expect(422, Who::Holder, "post", &path, &json!({ "to": private })).await;
    let long = "x".repeat(HANDOVER_NOTE_BYTES_MAX + 1);
    node.expect(422, Who::Holder, "post", &path, &json!({ "to": Who::Colleague.account(), "note": long }))
        .await;

    let names: Vec<_> = node.baton(Who::Holder, &case).await["may_get"].as_array().expect("a list").clone();
    let names: Vec<_> = names.iter().map(|one| one["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["Colleague", "HealthNurse"]);
}

#[tokio::test]
async fn baton_stays_where_it_is_if_the_receiver_has_left_by_then() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let offer = node.offer(&case, Who::Colleague).await;
    let moved = Who::Colleague.line().replace("\"school\"", "\"kindergarten\"");
    let others: String = Who::ALL.into_iter().filter(|who| *who != Who::Colleague).map(Who::line).collect();
    node.people_are(&(others + &moved));

    node.answer(409, Who::Colleague, &case, &offer, "acceptance").await;

    assert_eq!(node.baton(Who::Holder, &case).await["part"], "holder");
}

#[tokio::test]
async fn leader_gives_the_baton_to_a_colleague_or_takes_it_and_an_offer_is_void() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let offer = node.offer(&case, Who::HealthNurse).await;
    let path = format!("{case}/baton");
    node.expect(403, Who::Holder, "put", &path, &json!({ "to": Who::Colleague.account() })).await;

    node.expect(204, Who::UnitLeader, "put", &path, &json!({ "to": Who::Colleague.account() })).await;

    assert_eq!(node.baton(Who::Colleague, &case).await["part"], "holder");
    node.answer(404, Who::HealthNurse, &case, &offer, "acceptance").await;
    node.expect(204, Who::UnitLeader, "put", &path, &json!({ "to": Who::UnitLeader.account() })).await;
    assert_eq!(node.baton(Who::UnitLeader, &case).await["part"], "holder");
}

#[tokio::test]
async fn offer_is_a_task_of_the_receiver_and_of_nobody_else() {
    let node = Node::start().await;
    let case = node.open_case().await;
    node.offer(&case, Who::HealthNurse).await;

    for who in Who::ALL {
        let tasks = node.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
        let kinds: Vec<_> =
            tasks.as_array().expect("a list").iter().map(|task| task["kind"].clone()).collect();
        let offers = node.expect(200, who, "get", "/api/v1/batons", &Value::Null).await;
        let count = offers.as_array().expect("a list").len();
        let expected = usize::from(who == Who::HealthNurse);
        assert_eq!(kinds.iter().filter(|kind| *kind == "baton-offered").count(), expected, "{who:?}");
        assert_eq!(count, expected, "{who:?}");
    }
}

async fn text(answer: Answer, status: u16) -> String {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    text
}

#[tokio::test]
async fn pages_offer_the_baton_with_a_note_that_is_begun_and_the_receiver_answers() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let late = json!({ "kind": "measure", "areas": ["language"], "fields": {
        "title": "Lesetrening", "responsible": "Ola", "deadline": "2026-10-01", "status": "started" } });
    node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &late).await;
    let page = page_of(&case);
    let mut holder = node.log_in(Who::Holder).await;
    let mut nurse = node.log_in(Who::HealthNurse).await;
    let begun = text(holder.get(&format!("{page}/offer")).await, 200).await;
    assert!(begun.contains("Neste møte er ikke avtalt.\nEtt tiltak eller en avtale er over"), "{begun}");
    // As in every list: an agreement that nobody has kept is late too, one that was kept is not.
    for status in ["open", "kept"] {
        let agreement = json!({ "kind": "agreement", "areas": ["language"], "fields": {
            "title": "Samtale hjemme", "responsible": "Ola", "deadline": "2026-10-02", "status": status } });
        node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &agreement).await;
    }

    let begun = text(holder.get(&format!("{page}/offer")).await, 200).await;
    assert!(begun.contains("2 tiltak og avtaler er over fristen."), "{begun}");
    assert!(begun.contains("Den du velger, leser nå: navnet på den saken gjelder, og notatet."));
    assert!(!begun.contains("Lesetrening"), "what a measure is called is no part of what is begun");

    let to = Who::HealthNurse.account().to_string();
    let shown = holder.act(&format!("{page}/offer"), &[("to", &to), ("note", NOTE)]).await;
    let shown = text(shown, 200).await;
    assert!(shown.contains("Stafettpinnen er tilbudt. Du har fortsatt stafettpinnen."), "{shown}");
    assert!(shown.contains("&#60;script&#62;alert(1)&#60;/script&#62;") && !shown.contains("<script>alert"));

    let list = text(nurse.get("/baton").await, 200).await;
    assert!(list.contains("Holder (Skole) tilbyr deg en stafettpinne"), "{list}");
    assert!(!list.contains("Ane") && !list.contains("Ring moren"), "the list names nobody");
    let read = text(nurse.get(&page).await, 200).await;
    assert!(read.contains("Stafettpinnen for Ane</h1>") && read.contains("Ring moren"), "{read}");
    let mut accept = read.split("action=\"").filter_map(|rest| rest.split('"').next());
    let accept = accept.find(|path| path.ends_with("/accept")).expect("a form").to_owned();
    let accepted = text(nurse.act(&accept, &[]).await, 200).await;
    assert!(
        accepted.contains("Du har tatt imot stafettpinnen.") && accepted.contains("Du har stafettpinnen.")
    );
    assert_eq!(holder.get(&page).await.status.as_u16(), 404);
}

#[tokio::test]
async fn form_of_an_offer_says_what_is_wrong_and_keeps_the_note() {
    let node = Node::start().await;
    let page = page_of(&node.open_case().await);
    let mut holder = node.log_in(Who::Holder).await;

    for (to, said) in [("", "Velg hvem som skal overta"), ("no-id", "Velg en av personene i listen")] {
        let refused = holder.post(&format!("{page}/offer"), &[("to", to), ("note", NOTE)]).await;
        let refused = text(refused, 422).await;
        assert!(refused.contains(&format!("id=\"to-wrong\">{said}")), "{refused}");
        assert!(refused.contains("Ring moren f\u{f8}r m\u{f8}tet &#60;script&#62;"), "{refused}");
    }
    let operator = Who::Operator.account().to_string();
    let refused = holder.post(&format!("{page}/offer"), &[("to", &operator), ("note", "x")]).await;
    assert!(text(refused, 422).await.contains("Velg en av personene i listen"));
    let long = "x".repeat(HANDOVER_NOTE_BYTES_MAX + 1);
    let colleague = Who::Colleague.account().to_string();
    let refused = holder.post(&format!("{page}/offer"), &[("to", &colleague), ("note", &long)]).await;
    assert!(text(refused, 422).await.contains("Gjør notatet kortere"));
}

#[tokio::test]
async fn every_page_of_the_baton_is_not_found_for_everybody_without_the_part() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let offer = node.offer(&case, Who::Colleague).await;
    let page = page_of(&case);
    let nowhere =
        page.replace(page.split('/').nth(2).expect("an id"), "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05");
    for (path, right) in [
        (String::new(), vec![Who::Holder, Who::Colleague, Who::UnitLeader]),
        ("/offer".to_owned(), vec![Who::Holder]),
        ("/give".to_owned(), vec![Who::UnitLeader]),
    ] {
        for who in Who::ALL {
            let mut browser = node.log_in(who).await;
            let answer = browser.get(&format!("{page}{path}")).await;
            let expected = if right.contains(&who) { 200 } else { 404 };
            assert_eq!(answer.status.as_u16(), expected, "{who:?} {path}");
            if expected == 404 {
                let missing = browser.get(&format!("{nowhere}{path}")).await;
                assert_eq!(answer.body, missing.body, "{who:?} {path}");
            }
        }
    }
    for word in ["accept", "decline"] {
        for who in Who::ALL.into_iter().filter(|who| *who != Who::Colleague) {
            let answer = node.log_in(who).await.post(&format!("{page}/{offer}/{word}"), &[]).await;
            assert_eq!(answer.status.as_u16(), 404, "{who:?} {word}");
        }
    }
    let recalled = node.log_in(Who::Colleague).await.post(&format!("{page}/{offer}/recall"), &[]).await;
    assert_eq!(recalled.status.as_u16(), 404);
    assert_eq!(node.baton(Who::Holder, &case).await["part"], "holder");
}

#[tokio::test]
async fn leader_gives_the_baton_on_a_page_after_a_fresh_login() {
    let node = Node::start().await;
    let page = page_of(&node.open_case().await);
    let mut leader = node.log_in(Who::UnitLeader).await;
    let to = Who::HealthNurse.account().to_string();

    let form = text(leader.get(&format!("{page}/give?lang=nn")).await, 200).await;
    assert!(form.contains("Gje stafettpinnen til nokon</h1>") && form.contains("HealthNurse (Helsestasjon)"));
    node.clock.store(NOW + 20 * 60_000 - 7 * 60_000, Ordering::Relaxed);
    leader.get(&page).await;
    node.clock.store(NOW + 20 * 60_000, Ordering::Relaxed);
    let stale = leader.post(&format!("{page}/give"), &[("to", &to)]).await;
    assert!(stale.headers["location"].to_str().expect("text").starts_with("/login/again?to="));
    let mut fresh = node.log_in(Who::UnitLeader).await;
    let given = text(fresh.act(&format!("{page}/give"), &[("to", &to)]).await, 200).await;
    assert!(given.contains("Stafettpinnen er gitt videre."), "{given}");
    assert!(given.contains("HealthNurse (Helsestasjon) har hatt stafettpinnen siden"), "{given}");
}

#[tokio::test]
async fn closed_or_unknown_cases_and_a_guardian_who_works_here_get_no_baton() {
    let node = Node::start().await;
    let opened = node.expect(201, Who::Holder, "post", "/api/v1/cases", &new_case()).await;
    let case = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
    let view = node.expect(200, Who::Holder, "get", &case, &Value::Null).await;
    let parties = view["parties"].as_array().expect("parties");
    let mother = parties.iter().find(|party| party["relation"] == "mother").expect("a mother");
    let line = Who::Colleague.line().replace("[\"employee\"]", "[\"employee\", \"guardian\"]");
    let line = line + &format!("person = {}\n", mother["person"]);
    let others: String = Who::ALL.into_iter().filter(|who| *who != Who::Colleague).map(Who::line).collect();
    node.people_are(&(others + &line));

    let body = json!({ "to": Who::Colleague.account() });
    node.expect(422, Who::Holder, "post", &format!("{case}/baton/offers"), &body).await;
    node.clock.store(NOW + DAY, Ordering::Relaxed);
    assert_eq!(node.baton(Who::Holder, &case).await["may_get"].as_array().expect("a list").len(), 1);
}
