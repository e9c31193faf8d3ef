//! A case moves by the pages: the stafettholder offers and carries it out, the coordinator of the other
//! municipality asks somebody, who says yes and finds the case among the own ones.

use serde_json::{Value, json};

use super::moves::{Coming, MOVE, Moving, TEXT};
use super::schema::differences;
use super::support::{Browser, Who};

async fn page(browser: &mut Browser<'_>, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.text()
}

async fn done(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text());
}

fn offer() -> [(&'static str, &'static str); 4] {
    [
        ("consent", "51515151-5151-4151-9151-515151515151"),
        ("stage", "primary-school"),
        ("wished", "2027-08-01"),
        ("note", "Ring meg gjerne."),
    ]
}

#[tokio::test]
async fn stafettholder_sees_each_step_and_what_the_other_side_sees_and_carries_the_case_over() {
    let moving = Moving::agreed().await;
    let path = format!("/cases/{}/move", moving.case);
    let mut holder = moving.node.log_in(Who::Holder).await;
    let before = page(&mut holder, &path).await;
    assert!(before.contains("Ingen i en annen kommune ser noe."), "{before}");
    assert!(before.contains("Tilby saken"), "everybody has said yes: {before}");

    let consent = before.split("name=\"consent\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let consent = consent.expect("one to choose").to_owned();
    let fields =
        offer().map(|(name, value)| (name, if name == "consent" { consent.as_str() } else { value }));
    let missing = holder.post(&format!("{path}/offer"), &fields[..1]).await;
    assert_eq!(missing.status.as_u16(), 422);
    assert!(missing.text().contains("Velg hvem det gjelder"), "{}", missing.text());
    done(&mut holder, &format!("{path}/offer"), &fields).await;
    let offered = page(&mut holder, &path).await;
    assert!(offered.contains("Steinkjer kommune ser nå: et barn på barneskolen, ønsket dato"), "{offered}");
    assert!(offered.contains("Du har fortsatt stafettpinnen."));

    let succession = moving.open_succession().await;
    moving.answers_to(succession, true).await;
    let packed = page(&mut holder, &path).await;
    assert!(packed.contains("Ingen der kan åpne den.") && packed.contains("PPT) har sagt ja"), "{packed}");
    assert!(packed.contains(TEXT) || packed.contains("Notat"), "what goes along is listed: {packed}");
    let early = holder.get(&format!("{path}/transfer")).await;
    assert_eq!(early.status.as_u16(), 409, "the other side does not have it");

    moving.stores_of(succession).await;
    let last = page(&mut holder, &format!("{path}/transfer")).await;
    assert!(last.contains("Dette kan ikke angres.") && last.contains("OVERFØR"), "{last}");
    let wrong = holder.post(&format!("{path}/transfer"), &[("word", "ja")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    done(&mut holder, &format!("{path}/transfer"), &[("word", "overfør")]).await;
    done(&mut holder, &format!("{path}/transfer"), &[("word", "overfør")]).await;
    let over = page(&mut holder, &path).await;
    assert!(over.contains("Steinkjer kommune har ikke bekreftet ennå."), "{over}");
    assert!(!over.contains("Trekk flyttingen tilbake"), "{over}");
    let mother = guardian_of(&moving).await;
    let mut family = moving.node.log_in(Who::Guardian).await;
    let home = page(&mut family, &format!("/family/{}", moving.case)).await;
    assert!(home.contains("Saken er hos Steinkjer kommune nå."), "{mother}: {home}");
    assert!(!home.contains("Stafettholder er"), "{home}");
}

/// Makes the guardian of these tests the mother of the case, and returns her id.
async fn guardian_of(moving: &Moving) -> String {
    let view = moving.node.expect(200, Who::Holder, "get", &moving.path, &Value::Null).await;
    let parties = view["parties"].as_array().expect("a list");
    let mother = parties.iter().find(|one| one["name"] == "Inga Testesen").expect("the mother");
    let mother = mother["person"].as_str().expect("an id").to_owned();
    moving.node.are(&[(Who::Guardian, &mother)]);
    mother
}

#[tokio::test]
async fn change_after_the_package_is_said_and_made_good_before_the_case_goes() {
    let moving = Moving::agreed().await;
    let path = format!("/cases/{}/move", moving.case);
    let mut holder = moving.node.log_in(Who::Holder).await;
    moving.offered().await;
    moving.answers(true).await;
    moving.stores().await;
    let note = json!({ "kind": "note", "areas": ["language"], "fields": { "description": "Nytt" } });
    moving.node.expect(201, Who::Holder, "post", &format!("{}/entries", moving.path), &note).await;

    let changed = page(&mut holder, &path).await;

    assert!(changed.contains("Én oppføring er endret etter at pakken ble laget."), "{changed}");
    assert!(!changed.contains("Se over, og overfør"), "{changed}");
    done(&mut holder, &format!("{path}/package"), &[]).await;
    moving.stores().await;
    assert!(page(&mut holder, &path).await.contains("Se over, og overfør til Steinkjer kommune"));
}

#[tokio::test]
async fn leader_sees_how_far_it_is_and_takes_it_back_and_reads_nothing_of_it() {
    let moving = Moving::agreed().await;
    let path = format!("/cases/{}/move", moving.case);
    moving.offered().await;
    moving.answers(true).await;
    let mut leader = moving.node.log_in(Who::UnitLeader).await;
    let seen = page(&mut leader, &path).await;
    assert!(seen.contains("Trekk flyttingen tilbake"), "{seen}");
    assert!(!seen.contains(TEXT) && !seen.contains("Ring meg gjerne."), "{seen}");
    let api = format!("{}/move", moving.path);
    let view = moving.node.expect(200, Who::UnitLeader, "get", &api, &Value::Null).await;
    assert_eq!(differences("MoveView", &view), Vec::<String>::new());
    assert_eq!((&view["open"]["note"], &view["open"]["goes_along"]), (&json!(""), &json!([])));
    moving.node.expect(404, Who::UnitLeader, "post", &format!("{api}/transfer"), &Value::Null).await;

    done(&mut leader, &format!("{path}/recall"), &[]).await;

    let view = moving.node.expect(200, Who::Holder, "get", &api, &Value::Null).await;
    assert_eq!(differences("MoveView", &view), Vec::<String>::new());
    assert_eq!((&view["open"], &view["ended"][0]["cause"]), (&Value::Null, &json!("recalled")));
    let mut holder = moving.node.log_in(Who::Holder).await;
    assert!(page(&mut holder, &path).await.contains("trukket tilbake herfra"));
}

#[tokio::test]
async fn coordinator_asks_and_whoever_says_yes_has_the_case_when_it_has_come() {
    let coming = Coming::offered().await;
    let path = format!("/moves/{MOVE}");
    let mut coordinator = coming.node.log_in(Who::Coordinator).await;
    let list = page(&mut coordinator, "/moves").await;
    assert!(
        list.contains("Steinkjer kommune spør om noen her kan ta over ansvaret for et barn på barneskolen"),
        "{list}"
    );
    assert!(page(&mut coordinator, "/stalled").await.contains("href=\"/moves\""), "the way there");
    let nobody = coordinator.post(&format!("{path}/ask"), &[("account", "")]).await;
    assert_eq!(nobody.status.as_u16(), 422);
    let account = Who::Holder.account().to_string();
    done(&mut coordinator, &format!("{path}/ask"), &[("account", &account)]).await;
    let mut colleague = coming.node.log_in(Who::Colleague).await;
    assert_eq!(colleague.get(&path).await.status.as_u16(), 404, "she was not asked");

    let mut holder = coming.node.log_in(Who::Holder).await;
    let waiting = page(&mut holder, "/cases").await;
    assert!(waiting.contains("Steinkjer kommune spør om du kan ta over en sak."), "{waiting}");
    done(&mut holder, &format!("{path}/accept"), &[]).await;
    done(&mut holder, &format!("{path}/accept"), &[]).await;
    let doubt = page(&mut holder, &path).await;
    assert!(doubt.contains("Steinkjer kommune har ikke overført ennå og har fortsatt ansvaret."), "{doubt}");
    assert!(!page(&mut holder, "/cases").await.contains("spør om du kan ta over"));
    coming.fetched().await;
    coming.transferred(3).await;

    let here = page(&mut holder, &path).await;
    assert!(here.contains("Saken kom fra Steinkjer kommune, og du tok over."), "{here}");
    let case = here.split("href=\"/cases/").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(page(&mut holder, &format!("/cases/{case}")).await.contains("Fra Steinkjer kommune"));
    let seen = page(&mut coordinator, &path).await;
    assert!(!seen.contains(case) && !seen.contains("Ane"), "the coordinator learns of no case: {seen}");
}

#[tokio::test]
async fn coordinator_says_no_with_a_reason_and_the_old_stafettholder_reads_it() {
    let coming = Coming::offered().await;
    let path = format!("/moves/{MOVE}");
    let mut coordinator = coming.node.log_in(Who::Coordinator).await;
    let wrong = coordinator.post(&format!("{path}/decline"), &[("reason", "to\nlinjer")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    done(&mut coordinator, &format!("{path}/decline"), &[("reason", "Ingen ledig plass")]).await;
    assert!(page(&mut coordinator, "/moves").await.contains("dere sa at ingen her kan ta over"));
    let view = coming.node.expect(200, Who::Coordinator, "get", "/api/v1/moves", &Value::Null).await;
    assert_eq!(differences("ComingMove", &view[0]), Vec::<String>::new());
    assert_eq!(view[0]["step"], "declined");
}
