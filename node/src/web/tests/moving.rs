//! A family that moves and does not let its case go along: who may say so, what is shown, and that nothing
//! goes anywhere.

use serde_json::{Value, json};

use super::access::{Row, row};
use super::household::{Family, MOTHER};
use super::schema::differences;
use super::support::{Node, PARTNER, Who};

/// A day that has been.
const ON: &str = "2027-01-10";

/// The routes of a move without consent, for the table of who may and who may not.
pub(super) fn rows(giver: &str) -> Vec<Row> {
    let path = "/api/v1/cases/{case}/move/without";
    let said = json!({ "said_by": [giver], "channel": "oral", "on": ON });
    vec![
        row("get", path, Value::Null, (Who::Holder, 200), (Who::HealthNurse, 404)),
        row("post", path, said, (Who::Holder, 204), (Who::HealthNurse, 404)),
    ]
}

/// What no move of these tests' case answers: none is under way, and none comes here.
pub(super) fn rows_of_moves(consent: &str) -> Vec<Row> {
    let stranger = (Who::HealthNurse, 404);
    let offer = json!({ "consent": consent, "stage": "primary-school", "wished": "2027-08-01" });
    let below = |method, path, body, right| row(method, path, body, right, stranger);
    let note = json!({ "note": "x" });
    let account = json!({ "account": Who::Holder.account() });
    let word = json!({ "code_word": "AAAA AAAA AAAA AAAA AAAA" });
    let (holder, coordinator) = ((Who::Holder, 409), (Who::Coordinator, 404));
    vec![
        below("get", "/api/v1/cases/{case}/move", Value::Null, (Who::Holder, 200)),
        below("post", "/api/v1/cases/{case}/move", offer, holder),
        below("put", "/api/v1/cases/{case}/move/note", note, holder),
        below("post", "/api/v1/cases/{case}/move/package", Value::Null, holder),
        below("post", "/api/v1/cases/{case}/move/recall", Value::Null, holder),
        below("post", "/api/v1/cases/{case}/move/transfer", Value::Null, holder),
        below("post", "/api/v1/cases/{case}/move/hand", json!({ "consent": consent }), holder),
        below("get", "/api/v1/cases/{case}/move/hand/file", Value::Null, holder),
        below("post", "/api/v1/cases/{case}/move/hand/taken-back", Value::Null, holder),
        below(
            "post",
            "/api/v1/cases/{case}/move/hand/acceptance",
            json!({ "archive": "2027/118-3", "on": ON }),
            holder,
        ),
        row("get", "/api/v1/moves", Value::Null, (Who::Coordinator, 200), (Who::UnitLeader, 404)),
        below("get", "/api/v1/moves/{succession}", Value::Null, coordinator),
        below("post", "/api/v1/moves/{succession}/request", account.clone(), coordinator),
        below("post", "/api/v1/moves/{succession}/refusal", json!({}), coordinator),
        below("post", "/api/v1/moves/{succession}/acceptance", Value::Null, coordinator),
        below("post", "/api/v1/moves/{succession}/no", Value::Null, coordinator),
        row("get", "/api/v1/moves/by-hand", Value::Null, (Who::Coordinator, 200), (Who::UnitLeader, 404)),
        below("get", "/api/v1/moves/by-hand/{arrival}", Value::Null, coordinator),
        below("post", "/api/v1/moves/by-hand/{arrival}/request", account, coordinator),
        below("post", "/api/v1/moves/by-hand/{arrival}/refusal", Value::Null, coordinator),
        below("post", "/api/v1/moves/by-hand/{arrival}/opening", word, coordinator),
        below("post", "/api/v1/moves/by-hand/{arrival}/no", Value::Null, coordinator),
    ]
}

async fn family() -> (Node, Family, String) {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let path = format!("{}/move/without", family.case);
    (node, family, path)
}

async fn length(node: &Node, family: &Family) -> usize {
    node.engine.store().ledger(family.id).await.expect("reads").len()
}

#[tokio::test]
async fn one_statement_is_written_and_nobody_else_gets_anything_to_do() {
    let (node, family, path) = family().await;
    let waiting = async |who| node.expect(200, who, "get", "/api/v1/tasks", &Value::Null).await;
    let everybody = [Who::Holder, Who::HealthNurse, Who::UnitLeader, Who::OtherLeader, Who::Coordinator];
    let mut before = Vec::new();
    for who in everybody {
        before.push(waiting(who).await);
    }
    let statements = length(&node, &family).await;

    let said = json!({ "said_by": [family.mother, family.father], "channel": "oral", "on": ON });
    node.expect(204, Who::Holder, "post", &path, &said).await;
    node.expect(204, Who::Holder, "post", &path, &said).await;

    assert_eq!(length(&node, &family).await, statements + 1, "and once");
    for (who, before) in everybody.into_iter().zip(before) {
        assert_eq!(waiting(who).await, before, "{who:?}");
    }
    let shown = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(differences("MoveWithout", &shown), Vec::<String>::new());
    assert_eq!((&shown["refused"]["on"], &shown["refused"]["channel"]), (&json!(ON), &json!("oral")));
    assert_eq!(shown["refused"]["said_by"].as_array().map(Vec::len), Some(2));
    assert!(shown["reminders"].as_array().is_some_and(|list| list.len() > 1), "{shown}");
    let held = node.ask_with(MOTHER, &path).await;
    assert_eq!(held.status.as_u16(), 403, "whoever is of the family reads the case, and not this page");
}

#[tokio::test]
async fn family_that_was_not_asked_is_written_down_as_that_and_what_cannot_be_meant_is_refused() {
    let (node, family, path) = family().await;
    let refused = async |body: Value| {
        let answer = node.ask(Who::Holder, "post", &path, &body).await;
        assert_eq!(answer.status.as_u16(), 422, "{body} {}", answer.text());
        answer.json()["field"].as_str().unwrap_or_default().to_owned()
    };
    let stranger = "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05";

    assert_eq!(refused(json!({ "said_by": [stranger], "channel": "oral", "on": ON })).await, "said_by");
    assert_eq!(refused(json!({ "said_by": [family.mother], "on": ON })).await, "channel");
    assert_eq!(refused(json!({ "channel": "oral", "on": ON })).await, "channel");
    assert_eq!(refused(json!({ "on": "2027-01-16" })).await, "on", "tomorrow");
    assert_eq!(refused(json!({ "on": "2025-06-01" })).await, "on", "long ago");
    node.expect(204, Who::Holder, "post", &path, &json!({ "on": ON })).await;
    let shown = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!((&shown["refused"]["said_by"], &shown["refused"]["channel"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn page_says_what_stays_what_others_do_themselves_and_leads_to_the_closing() {
    let (node, family, _) = family().await;
    family.consent(&node, PARTNER, "ppt").await;
    let page = format!("/cases/{}/move/without", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    let move_page = format!("/cases/{}/move", family.id);
    assert!(holder.get(&format!("/cases/{}", family.id)).await.text().contains(&move_page));
    assert!(holder.get(&move_page).await.text().contains(&page));
    let shown = holder.get(&page).await.text();
    for words in [
        "Ingenting går herfra. Den nye kommunen får ikke vite at det fantes en stafettlogg.",
        "<strong>Helsestasjonen:</strong> Journalen sendes som hovedregel",
        "(barnehageloven § 47 a)",
        "Det gjøres i tjenestens eget fagsystem, ikke her.",
        "Reglene er gjengitt slik de var 1. november 2026.",
        &format!("/cases/{}/close", family.id),
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let wrong = holder.post(&page, &[("said_by", &family.mother), ("on", ON)]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(wrong.text().contains("Si hvordan de sa det"), "{}", wrong.text());

    let fields = [("said_by", family.mother.as_str()), ("channel", "written"), ("on", ON)];
    let done = holder.act(&page, &fields).await.text();
    assert!(done.contains("Inga Testesen sa nei 10. januar 2027."), "{done}");
    holder.act(&format!("/cases/{}/close", family.id), &[]).await;
    let closed = holder.get(&page).await.text();
    assert!(closed.contains("Saken er avsluttet.") && !closed.contains("Skriv det ned"), "{closed}");
    assert_eq!(holder.post(&page, &fields[..]).await.status.as_u16(), 303, "the same words change nothing");
    let other = [("said_by", family.father.as_str()), ("channel", "written"), ("on", ON)];
    assert_eq!(holder.post(&page, &other).await.status.as_u16(), 409);
}

#[tokio::test]
async fn reminders_are_those_of_the_municipality_where_it_has_its_own_in_both_languages() {
    let own = "[[moving_reminders]]\nwho.nb = \"Skolen\"\nwho.nn = \"Skulen\"\nwhat.nb = \"Ring.\"\nas_of = 2026-08-01";
    let node = Node::start_with(own).await;
    let family = Family::of(&node).await;
    let page = format!("/cases/{}/move/without", family.id);

    let nb = node.log_in(Who::Holder).await.get(&page).await.text();
    let nn = node.log_in(Who::Holder).await.get(&format!("{page}?lang=nn")).await.text();

    assert!(nb.contains("<strong>Skolen:</strong> Ring.") && !nb.contains("Helsestasjonen:"), "{nb}");
    assert!(nn.contains("<strong>Skulen:</strong> Ring.") && nn.contains("1. august 2026"), "{nn}");
}
