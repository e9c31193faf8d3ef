//! A consent runs out on a holiday, while nobody is at work.

use super::*;
use stafett_tests::real::chance::Chance;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const BOTH: [Place; 2] = [Place::Inderoy, Place::Steinkjer];

async fn ask_until(world: &World, family: Family, until: i64) -> anyhow::Result<ConsentId> {
    let request = json!({
        "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
        "areas": ["language"],
        "purpose": "Samarbeid om språk",
        "until": until,
    });
    let path = format!("/cases/{}/consents", family.case);
    let asked: Value = world.person(Who::Marte)?.post(&path, &request).await?;
    let id: ConsentId = asked["id"].as_str().context("an id")?.parse()?;
    world.say_yes(Who::Marte, family.case, id, family.mother).await?;
    world.say_yes(Who::Marte, family.case, id, family.father).await?;
    Ok(id)
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(48);
    let (before, held) = (chance.marker("before"), chance.marker("held"));
    let world = World::two().await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let case = family.case;
    let entry = world.write(Who::Marte, case, &["language"], &format!("kanari {before}")).await?;
    let ends = world.now(Place::Inderoy)? + 40 * DAY;
    let first = ask_until(&world, family, ends).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    ensure!(consent(&world, case, first).await?["status"] == "valid", "40 days before");
    world.pass(&BOTH, 11 * DAY).await?;
    ensure!(consent(&world, case, first).await?["status"] == "expiring", "29 days before");

    // At its end new sharing stops, and the partner hides by itself before it is told.
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    world.pass(&BOTH, 29 * DAY + 60_000).await?;
    let ole = world.person(Who::Ole)?;
    ensure!(status(&ole, &format!("/cases/{case}")).await? == 404, "Ole reads after the end");
    ensure!(consent(&world, case, first).await?["status"] == "expired", "after its end");
    world.line(Place::Inderoy, Place::Steinkjer).heal();
    receipts(&world, case, first).await?;

    // What is written now waits for consent, and says so to the stafettholder.
    let later = world.write(Who::Marte, case, &["language"], &format!("kanari {held}")).await?;
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(hits(&world, Place::Steinkjer, &held).await? == 0, "sent without a consent");
    let item: Value = world.person(Who::Marte)?.get(&format!("/cases/{case}/entries/{later}")).await?;
    ensure!(item["waiting"][0]["service"]["code"] == "ppt", "nothing says that it waits: {item}");

    // The renewal alone sends nothing: the stafettholder looks through what was held first.
    let renewed = ask_until(&world, family, world.now(Place::Inderoy)? + 90 * DAY).await?;
    ensure!(consent(&world, case, renewed).await?["status"] == "waits-for-review", "after a gap");
    tokio::time::sleep(stafett_tests::real::STILL * 3).await;
    ensure!(hits(&world, Place::Steinkjer, &held).await? == 0, "sent before anybody looked");
    let marte = world.person(Who::Marte)?;
    let preview: Value = marte.get(&format!("/cases/{case}/consents/{renewed}/preview")).await?;
    let opens = preview["becomes_visible"].as_array().map_or(0, Vec::len);
    ensure!(opens == 2, "the preview shows {opens} entries: {preview}");
    let path = format!("/cases/{case}/consents/{renewed}/review");
    let reviewed: Value = marte.post(&path, &json!({})).await?;
    ensure!(reviewed["status"] == "valid", "{reviewed}");
    world.until_readable(Who::Ole, case, later).await?;
    ensure!(hits(&world, Place::Steinkjer, &held).await? > 0, "the search finds nothing");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_that_runs_out_stops_by_itself_and_its_renewal_waits_for_a_look() {
    story().await.expect("the story holds");
}
