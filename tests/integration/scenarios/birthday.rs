//! Idun turns sixteen, and her municipality's rule says that she decides from then on; its
//! child-welfare service asks from fifteen.

use super::*;
use jiff::ToSpan;
use jiff::civil::Date;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::settings;

const HOUR: i64 = 60 * 60 * 1_000;
const DAY: i64 = 24 * HOUR;
const BOTH: [Place; 2] = [Place::Inderoy, Place::Steinkjer];

/// What stands in Inderøy's settings beside the usual: guardians of a youth still read about
/// absence and wellbeing, and the service for child welfare has a row of its own.
const RULES: &str = r#"
[[consent.givers]]
from = 2020-01-01
guardian_areas = ["absence", "well-being"]

[[consent.givers]]
from = 2020-01-01
service = "child-welfare"
youth_age = 15

[[services]]
code = "child-welfare"
names.nb = "Barnevern"
kind = "child-welfare"
"#;

struct Idun {
    family: Family,
    subject: PersonId,
    sixteen: Date,
}

/// Opens the case of a girl who turns sixteen in 91 days.
async fn open(world: &World) -> anyhow::Result<Idun> {
    let zone = settings(world.folder(Place::Inderoy))?.node.time_zone;
    let sixteen = jiff::Zoned::now().with_time_zone(zone).date().checked_add(91.days())?;
    let born = sixteen.checked_sub(16.years())?;
    let guardian = |name: &str, relation: &str| json!({ "name": name, "relation": relation, "parental_responsibility": true });
    let request = json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Idun", "birth_date": born.to_string() },
        "guardians": [guardian("Eva", "mother"), guardian("Nils", "father")],
    });
    let opened: Value = world.person(Who::Marte)?.post("/cases", &request).await?;
    let case: CaseId = opened["case"].as_str().context("an id")?.parse()?;
    let parties = world.case(Who::Marte, case).await?.parties;
    let [subject, mother, father] = [0, 1, 2].map(|place| parties[place].person);
    Ok(Idun { family: Family { case, mother, father }, subject, sixteen })
}

/// What Marte's list of tasks says about the sixteenth birthday.
async fn birthday_tasks(world: &World, case: CaseId) -> anyhow::Result<Vec<String>> {
    let tasks: Vec<Value> = world.person(Who::Marte)?.get("/tasks").await?;
    let of_sixteen = tasks.iter().filter(|task| task["case"] == json!(case) && task["age"] == 16);
    Ok(of_sixteen.filter_map(|task| task["kind"].as_str().map(str::to_owned)).collect())
}

/// How long it is until Inderøy's midnight of the birthday.
fn until_midnight(world: &World, idun: &Idun) -> anyhow::Result<i64> {
    let zone = settings(world.folder(Place::Inderoy))?.node.time_zone;
    let midnight = idun.sixteen.to_zoned(zone)?.timestamp().as_millisecond();
    Ok(midnight - world.now(Place::Inderoy)?)
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(46);
    let markers = ["before", "after", "child welfare"].map(|name| chance.marker(name));
    let [before, after, of_welfare] = &markers;
    let places = [Place::Steinkjer, Place::Inderoy];
    let mut world = World::make(&places, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
    world.add_settings(Place::Inderoy, RULES)?;
    world.start(Place::Steinkjer).await?;
    world.start(Place::Inderoy).await?;
    let idun = open(&world).await?;
    let Family { case, mother, father } = idun.family;
    let entry = world.write(Who::Marte, case, &["language"], &format!("kanari {before}")).await?;
    let first = world.share(Who::Marte, idun.family, PPT, &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    let (_, nils) = world.let_in(NewAccount::guardian(Place::Inderoy, father)).await?;
    let (_, own) = world.let_in(NewAccount::subject(Place::Inderoy, idun.subject)).await?;
    child_welfare_asks_her_already(&world, &idun, of_welfare).await?;

    // Tasks: none at 91 days, one from 90, still there at 30.
    ensure!(birthday_tasks(&world, case).await?.is_empty(), "a task 91 days before");
    let left = until_midnight(&world, &idun)?;
    world.pass(&BOTH, left - 90 * DAY + HOUR).await?;
    let tasks = birthday_tasks(&world, case).await?;
    ensure!(tasks == ["birthday-in-90-days"], "90 days before: {tasks:?}");
    world.pass(&BOTH, 60 * DAY).await?;
    let tasks = birthday_tasks(&world, case).await?;
    ensure!(tasks == ["birthday-in-30-days"], "30 days before: {tasks:?}");
    ensure!(status(&nils, &format!("/cases/{case}/entries/{entry}")).await? == 200, "the father reads");

    // Inderøy is off at midnight, and back an hour after.
    let left = until_midnight(&world, &idun)?;
    world.pass(&BOTH, left - HOUR).await?;
    world.until_marked(Place::Inderoy).await?;
    world.kill(Place::Inderoy).await?;
    world.pass(&BOTH, 2 * HOUR).await?;
    world.start(Place::Inderoy).await?;
    let web = world.node(Place::Inderoy).web.clone();
    let (nils, own) = (nils.at(&web), own.at(&web));
    paused(&world, &idun, first, entry, after).await?;
    ensure!(status(&nils, &format!("/cases/{case}/entries/{entry}")).await? == 404, "the father reads on");
    let left_to_him = world.write(Who::Marte, case, &["absence"], "Var borte tre dager.").await?;
    ensure!(
        status(&nils, &format!("/cases/{case}/entries/{left_to_him}")).await? == 200,
        "the father reads what the rule leaves"
    );

    // The guardians' yes opens nothing any more; hers does, on paper, at school.
    let second = ask_her(&world, &idun, first).await?;
    for giver in [mother, father] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        let path = format!("/cases/{case}/consents/{second}/yes");
        world.person(Who::Marte)?.ask(Method::POST, &path, Some(&yes)).await?;
    }
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(hits(&world, Place::Steinkjer, after).await? == 0, "the guardians' yes has opened it");
    let paper = json!({
        "giver": idun.subject,
        "evidence": { "kind": "paper", "scan_sha256": "ab".repeat(32) },
        "language": "nb",
    });
    let path = format!("/cases/{case}/consents/{second}/yes");
    let given: Value = world.person(Who::Marte)?.post(&path, &paper).await?;
    ensure!(given["status"] == "valid", "{given}");
    ensure!(given["given_by"][idun.subject.to_string()]["evidence"]["kind"] == "paper", "{given}");
    until("what was written meanwhile", async || {
        Ok((hits(&world, Place::Steinkjer, after).await? > 0).then_some(()))
    })
    .await?;

    // She takes more from her father.
    let closed = json!({ "closed": ["absence"] });
    let path = format!("/cases/{case}/guardian-access/{father}");
    let _: Value = own.send(Method::PUT, &path, Some(&closed)).await?;
    let gone = status(&nils, &format!("/cases/{case}/entries/{left_to_him}")).await?;
    ensure!(gone == 404, "the father reads what she has closed: {gone}");
    world.end().await
}

/// At fifteen the child-welfare service already asks her, and her guardians' yes opens nothing.
async fn child_welfare_asks_her_already(world: &World, idun: &Idun, marker: &str) -> anyhow::Result<()> {
    let Family { case, mother, father } = idun.family;
    world.write(Who::Marte, case, &["well-being"], &format!("kanari {marker}")).await?;
    let recipient = (Place::Inderoy, "child-welfare");
    let asked = world.ask_family(Who::Marte, case, recipient, &["well-being"]).await?;
    for giver in [mother, father] {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        let path = format!("/cases/{case}/consents/{asked}/yes");
        world.person(Who::Marte)?.ask(Method::POST, &path, Some(&yes)).await?;
    }
    let item = consent(world, case, asked).await?;
    ensure!(item["status"] != "valid", "the guardians' yes: {}", item["status"]);
    let given = world.say_yes(Who::Marte, case, asked, idun.subject).await?;
    ensure!(given.status == "valid", "her own: {}", given.status);
    Ok(())
}

/// The rule holds from midnight though the node was off: nothing new goes out, nothing is recalled.
async fn paused(
    world: &World,
    idun: &Idun,
    first: ConsentId,
    entry: EntryId,
    after: &str,
) -> anyhow::Result<()> {
    let case = idun.family.case;
    let item = consent(world, case, first).await?;
    ensure!(item["status"] == "must-be-renewed", "{}", item["status"]);
    ensure!(item["missing"] == json!([idun.subject]), "{}", item["missing"]);
    ensure!(item["orders"] == json!([]), "something was recalled: {}", item["orders"]);
    world.write(Who::Marte, case, &["language"], &format!("kanari {after}")).await?;
    tokio::time::sleep(stafett_tests::real::STILL * 3).await;
    ensure!(hits(world, Place::Steinkjer, after).await? == 0, "something new went out");
    world.entry(Who::Ole, case, entry).await.context("what was there stays")?;
    let tasks = birthday_tasks(world, case).await?;
    ensure!(tasks == ["birthday-reached"], "on the day: {tasks:?}");
    Ok(())
}

async fn ask_her(world: &World, idun: &Idun, before: ConsentId) -> anyhow::Result<ConsentId> {
    let request = json!({
        "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
        "areas": ["language"],
        "purpose": "Samarbeid om språk",
        "supersedes": before,
    });
    let path = format!("/cases/{}/consents", idun.family.case);
    let asked: Value = world.person(Who::Marte)?.post(&path, &request).await?;
    Ok(asked["id"].as_str().context("an id")?.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteenth_birthday_pauses_the_sharing_at_midnight_until_the_youths_own_yes() {
    story().await.expect("the story holds");
}
