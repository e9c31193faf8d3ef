//! The gate answers people too: whoever has no task in a case is told nothing of it, and the
//! answer to its true id is the answer to a random one, byte for byte.

use anyhow::ensure;
use reqwest::Method;
use serde_json::{Value, json};
use stafett_node::clock;
use stafett_node::engine::answer::CaseSummary;
use stafett_protocol::id::{CaseId, EntryId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::needle::contains;
use stafett_tests::real::person::Answer;
use stafett_tests::real::world::{World, note};

/// Ids that a question names.
#[derive(Debug, Clone, Copy)]
struct Ids {
    case: CaseId,
    entry: EntryId,
}

impl Ids {
    fn random() -> Self {
        Self { case: CaseId::from_random(clock::random()), entry: EntryId::from_random(clock::random()) }
    }
}

type Question = (Method, String, Option<Value>);

/// Every question that names a case.
fn about_case(ids: Ids) -> Vec<Question> {
    let Ids { case, .. } = ids;
    let ask = json!({
        "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
        "areas": ["language"],
        "purpose": "x",
    });
    vec![
        (Method::GET, format!("/cases/{case}"), None),
        (Method::GET, format!("/cases/{case}/entries"), None),
        (Method::GET, format!("/cases/{case}/consents"), None),
        (Method::GET, format!("/cases/{case}/notices"), None),
        (Method::POST, format!("/cases/{case}/entries"), Some(note(&["language"], "x"))),
        (Method::POST, format!("/cases/{case}/entries/preview"), Some(note(&["language"], "x"))),
        (Method::POST, format!("/cases/{case}/consents"), Some(ask.clone())),
        (Method::POST, format!("/cases/{case}/consents/preview"), Some(ask)),
        (Method::PUT, format!("/cases/{case}/level"), Some(json!({ "level": 2 }))),
        (
            Method::PUT,
            format!("/cases/{case}/address-protection"),
            Some(json!({ "protection": "strictly-confidential" })),
        ),
    ]
}

/// Every question that names an entry.
fn about_entry(ids: Ids) -> Vec<Question> {
    let Ids { case, entry } = ids;
    vec![
        (Method::GET, format!("/cases/{case}/entries/{entry}"), None),
        (
            Method::PATCH,
            format!("/cases/{case}/entries/{entry}"),
            Some(json!({ "fields": { "description": "x" } })),
        ),
    ]
}

async fn assert_same(
    world: &World,
    who: Who,
    questions: Vec<Question>,
    random: Vec<Question>,
) -> anyhow::Result<()> {
    let person = world.person(who)?;
    for ((method, path, body), (_, random, _)) in questions.into_iter().zip(random) {
        let answer = person.ask(method.clone(), &path, body.as_ref()).await?;
        let to_random = person.ask(method.clone(), &random, body.as_ref()).await?;
        ensure!(answer == to_random, "{who:?} {method} {path}: {answer:?} is not {to_random:?}");
        ensure!(!(200..300).contains(&answer.status), "{who:?} {method} {path}: {}", answer.status);
        ensure!(method != Method::GET || answer.status == 404, "{who:?} {method} {path}: {}", answer.status);
    }
    Ok(())
}

async fn story() -> anyhow::Result<()> {
    let world = World::three(&[]).await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let case = family.case;
    let shared = world.write(Who::Marte, case, &["language"], "Ante leser litt hver dag").await?;
    let home = world.write(Who::Marte, case, &["home"], "hjemme er det stille").await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, shared).await?;

    let outsiders =
        [Who::Siri, Who::Jo, Who::Bente, Who::Tor, Who::Ida, Who::Gro, Who::Kari, Who::Laila, Who::Per];
    for who in outsiders {
        let cases: Vec<CaseSummary> = world.person(who)?.get("/cases").await?;
        ensure!(cases.is_empty(), "{who:?} lists {} cases", cases.len());
        for entry in [shared, home] {
            let (true_ids, random) = (Ids { case, entry }, Ids::random());
            assert_same(&world, who, about_case(true_ids), about_case(random)).await?;
            assert_same(&world, who, about_entry(true_ids), about_entry(random)).await?;
        }
    }
    leader(&world, case, shared, home).await?;
    on_paper(&world, case, &outsiders).await?;
    // Ole reads the case, and of what is closed in it he is told as little as of what is not.
    let (closed, random) = (Ids { case, entry: home }, Ids { case, ..Ids::random() });
    assert_same(&world, Who::Ole, about_entry(closed), about_entry(random)).await?;
    let entries = world.case(Who::Ole, case).await?.entries;
    ensure!(entries.iter().any(|item| item.entry == shared), "Ole does not read what is shared");
    ensure!(entries.iter().all(|item| item.entry != home), "Ole reads what is closed");
    wish_that_is_not_carried(&world, case).await?;
    world.end().await
}

/// Paper asks the same gate: a stranger gets the page of a case that is not there, the leader of PPT
/// nothing to print, and Ole what is shared with PPT.
async fn on_paper(world: &World, case: CaseId, outsiders: &[Who]) -> anyhow::Result<()> {
    let print = |case: CaseId| format!("/cases/{case}/print");
    let nowhere = print(CaseId::from_random(clock::random()));
    for who in outsiders {
        let person = world.person(*who)?;
        let page = person.page(&print(case)).await?;
        ensure!(page.status == 404 && page == person.page(&nowhere).await?, "{who:?}: {page:?}");
    }
    let of_leader = world.person(Who::Berit)?.page(&print(case)).await?;
    let of_ole = world.person(Who::Ole)?.page(&print(case)).await?;
    let of_marte = world.person(Who::Marte)?.page(&print(case)).await?;
    ensure!((of_leader.status, of_ole.status, of_marte.status) == (403, 200, 200), "{of_leader:?}");
    let says = |page: &Answer, words: &str| contains(&page.body, words.as_bytes());
    ensure!(!says(&of_leader, "Ante") && !says(&of_leader, "leser litt"), "the leader prints content");
    ensure!(
        says(&of_ole, "Ante leser litt hver dag") && !says(&of_ole, "stille"),
        "Ole prints what is closed"
    );
    ensure!(says(&of_ole, Place::Inderoy.name()) && says(&of_marte, "stille"), "whose, and all of it");
    ensure!(says(&of_marte, "Samtykker som gjelder") && !says(&of_ole, "Samtykker som gjelder"), "consents");
    Ok(())
}

/// A child's wish that guardians do not see an entry does not travel, so Ole cannot publish one
/// that would be shown to them in Inderøy.
async fn wish_that_is_not_carried(world: &World, case: CaseId) -> anyhow::Result<()> {
    let ole = world.person(Who::Ole)?;
    let mut body = note(&["language"], "sagt i fortrolighet");
    body["hidden_from_guardians"] = json!(true);
    for path in [format!("/cases/{case}/entries/preview"), format!("/cases/{case}/entries")] {
        let answer = ole.ask(Method::POST, &path, Some(&body)).await?;
        let said: Value = serde_json::from_slice(&answer.body)?;
        ensure!(answer.status == 422 && said["field"] == "hidden_from_guardians", "{path}: {said}");
    }
    Ok(())
}

/// The leader of PPT finds a municipality and a date, and nothing else.
async fn leader(world: &World, case: CaseId, shared: EntryId, home: EntryId) -> anyhow::Result<()> {
    let cases: Vec<Value> = world.person(Who::Berit)?.get("/cases").await?;
    let [summary] = cases.as_slice() else { anyhow::bail!("Berit lists {} cases", cases.len()) };
    ensure!(summary["task"] == "inbox" && summary["owner_name"] == Place::Inderoy.name(), "{summary}");
    ensure!(summary["subject_name"].is_null() && summary["level"].is_null(), "{summary}");
    ensure!(summary["since"].is_number(), "{summary}");
    let view: Value = world.person(Who::Berit)?.get(&format!("/cases/{case}")).await?;
    ensure!(view["entries"] == json!([]) && view["parties"] == json!([]), "{view}");
    ensure!(view["subject_kind"].is_null() && view["baton"].is_null(), "{view}");
    for entry in [shared, home] {
        let (ids, random) = (Ids { case, entry }, Ids { case, ..Ids::random() });
        assert_same(world, Who::Berit, about_entry(ids), about_entry(random)).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_task_in_a_case_gets_the_answer_that_a_random_id_gets() {
    story().await.expect("the story holds");
}
