//! A father who lives apart takes back PPT; the mother still wants it.

use super::*;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;

async fn ask_again(world: &World, family: Family, before: ConsentId) -> anyhow::Result<ConsentId> {
    let request = json!({
        "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
        "areas": ["language"],
        "purpose": "Samarbeid om språk",
        "supersedes": before,
    });
    let path = format!("/cases/{}/consents", family.case);
    let asked: Value = world.person(Who::Marte)?.post(&path, &request).await?;
    Ok(asked["id"].as_str().context("an id")?.parse()?)
}

async fn story() -> anyhow::Result<()> {
    let marker = Chance::seeded(42).marker("shared");
    let mut world = World::two().await?;
    let (family, first, entry) = read_by_ole(&world, &marker).await?;
    let Family { case, mother, father } = family;
    let nurse = world.share(Who::Marte, family, (Place::Inderoy, "health-station"), &["language"]).await?;
    let assign = json!({ "account": world.made[&Place::Inderoy].accounts[&Who::Siri] });
    let path = format!("/cases/{case}/assignments");
    let _: Value = world.person(Who::Marte)?.post(&path, &assign).await?;
    let (_, eva) = world.let_in(NewAccount::guardian(Place::Inderoy, mother)).await?;
    let (_, nils) = world.let_in(NewAccount::guardian(Place::Inderoy, father)).await?;

    // He says it himself; PPT stops, the health station goes on.
    let path = format!("/cases/{case}/consents/{first}/withdrawal");
    let word = json!({ "giver": father, "channel": "digital" });
    let said: Value = nils.post(&path, &word).await?;
    ensure!(said["status"] == "withdrawn", "he is told what came of his word: {said}");
    receipts(&world, case, first).await?;
    let ole = world.person(Who::Ole)?;
    ensure!(status(&ole, &format!("/cases/{case}")).await? == 404, "PPT reads on");
    world.entry(Who::Siri, case, entry).await.context("the health station goes on")?;
    ensure!(consent(&world, case, nurse).await?["status"] == "valid", "the other consent");

    // The stafettholder gets the task to talk with both; the mother is not told who or why.
    let tasks: Vec<Value> = world.person(Who::Marte)?.get("/tasks").await?;
    let clarify = tasks.iter().any(|task| task["kind"] == "clarify-with-all" && task["case"] == json!(case));
    ensure!(clarify, "{tasks:?}");
    let seen: Vec<Value> = eva.get(&format!("/cases/{case}/consents")).await?;
    let words = Value::from(seen).to_string();
    must_not("the mother is told of a withdrawal", words.contains("withdrawn"))?;
    must_not("the mother is told who", words.contains(&father.to_string()))?;
    let notices: Vec<Value> = eva.get(&format!("/cases/{case}/notices")).await?;
    ensure!(notices.is_empty(), "the mother finds {} notices", notices.len());

    // Her renewed yes alone restores nothing, neither to the old consent nor to a new one.
    let yes = json!({ "giver": mother, "evidence": { "kind": "oral" } });
    let again = world.person(Who::Marte)?;
    let again = again.ask(Method::POST, &format!("/cases/{case}/consents/{first}/yes"), Some(&yes)).await?;
    ensure!(again.status == 409, "a yes to what was withdrawn: {}", again.status);
    let second = ask_again(&world, family, first).await?;
    let given = world.say_yes(Who::Marte, case, second, mother).await?;
    ensure!(given.status == "partly-given", "{}", given.status);
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "one yes of two has opened it");

    // They agree: a new version, and everything that was said can be shown.
    let given = world.say_yes(Who::Marte, case, second, father).await?;
    ensure!(given.status == "valid", "{}", given.status);
    world.until_readable(Who::Ole, case, entry).await?;
    let (old, new) = (consent(&world, case, first).await?, consent(&world, case, second).await?);
    ensure!(old["status"] == "withdrawn" && old["version"] == 1, "{old}");
    ensure!(old["withdrawals"][0]["giver"] == json!(father), "{old}");
    ensure!(new["version"] == 2 && new["supersedes"] == json!(first), "{new}");
    custody_changes(&mut world, family, second).await?;
    world.end().await
}

/// A court gives the mother the responsibility alone: registered with its document, approved by
/// another person, it switches who must say yes.
async fn custody_changes(world: &mut World, family: Family, second: ConsentId) -> anyhow::Result<()> {
    let Family { case, mother, father } = family;
    let (_, leader) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "school")).await?;
    let view = world.case(Who::Marte, case).await?;
    // The child stands first, and stays.
    let parties: Vec<Value> = view
        .parties
        .iter()
        .skip(1)
        .map(|party| {
            let capacity = if party.person == father {
                json!("parent-without-parental-responsibility")
            } else {
                json!(party.capacity)
            };
            json!({ "person": party.person, "capacity": capacity })
        })
        .collect();
    let request = json!({ "parties": parties, "document": "2026/117-3" });
    let marte = world.person(Who::Marte)?;
    let path = format!("/cases/{case}/family");
    let registered: Value = marte.post(&path, &request).await?;
    let id = registered["registration"].as_str().context("an id")?;
    let approval = format!("{path}/{id}/approval");
    let own = marte.ask(Method::POST, &approval, Some(&json!({}))).await?;
    ensure!((400..500).contains(&own.status), "whoever registered it approves it: {}", own.status);
    let _: Value = leader.post(&approval, &json!({})).await?;

    ensure!(consent(world, case, second).await?["status"] == "valid", "she has said yes to it");
    let third = ask_again(world, family, second).await?;
    let given = world.say_yes(Who::Marte, case, third, mother).await?;
    ensure!(given.status == "valid", "her yes alone is enough now: {}", given.status);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_guardians_word_stops_one_service_and_the_others_alone_does_not_restore_it() {
    story().await.expect("the story holds");
}
