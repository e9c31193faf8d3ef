//! A family moves to Steinkjer and does not let its case go along: nothing leaves Inderøy, and nothing tells
//! Steinkjer that there was a stafettlogg.

use super::*;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::Needle;
use stafett_tests::real::tap::Stream;

/// How many data frames went to Steinkjer so far.
fn data(world: &World) -> anyhow::Result<usize> {
    Ok(world.handed_on(Place::Inderoy, Place::Steinkjer, Stream::Data)?.len())
}

/// Whether any frame to Steinkjer so far names the case.
fn is_named(world: &World, case: CaseId) -> anyhow::Result<bool> {
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let needles = Needle::id("the case", case.as_bytes());
    Ok(needles.iter().any(|needle| !needle.found_in_any(&frames).is_empty()))
}

async fn linked(world: &World) -> anyhow::Result<()> {
    until("the link again", async || {
        let links: Vec<Value> = world.person(Who::Jo)?.get("/links").await?;
        Ok(links.iter().any(|link| link["connected"] == json!(true)).then_some(()))
    })
    .await
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(61);
    let marker = chance.marker("stays here");
    let mut world = World::two().await?;
    let Family { case, mother, father } = world.open_case(Who::Marte, ["Lina", "Eva", "Nils"]).await?;
    world.write(Who::Marte, case, &["language"], &format!("kanari {marker}")).await?;
    linked(&world).await?;
    let (before, marte) = (data(&world)?, world.person(Who::Marte)?);
    let berit_before: Value = world.person(Who::Berit)?.get("/tasks").await?;

    // Both say no. The page says what the services do themselves; nobody else gets anything to do.
    let path = format!("/cases/{case}/move/without");
    let said = json!({ "said_by": [mother, father], "channel": "oral", "on": today(&world)? });
    let _: Value = marte.post(&path, &said).await?;
    let shown: Value = marte.get(&path).await?;
    ensure!(shown["refused"]["said_by"].as_array().is_some_and(|list| list.len() == 2), "{shown}");
    ensure!(shown["reminders"].as_array().is_some_and(|list| !list.is_empty()), "{shown}");
    let berit: Value = world.person(Who::Berit)?.get("/tasks").await?;
    ensure!(berit == berit_before, "somebody at Steinkjer got a task: {berit}");

    // Then it is closed, and both nodes start again.
    let _: Value = marte.post(&format!("/cases/{case}/closing"), &Value::Null).await?;
    for place in [Place::Inderoy, Place::Steinkjer] {
        world.restart(place).await?;
    }
    linked(&world).await?;
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(data(&world)? == before, "{before} data frames before, {} after", data(&world)?);
    must_not("a frame names the case", is_named(&world, case)?)?;
    ensure!(hits(&world, Place::Inderoy, &marker).await? > 0, "the search finds nothing where it stands");
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "Steinkjer has something of it");
    let own = case.to_string();
    ensure!(hits(&world, Place::Steinkjer, &own).await? == 0, "Steinkjer knows of the case");

    // The control: a case that is shared is named, and goes over in data frames.
    let (shared, _, _) = read_by_ole(&world, &chance.marker("shared")).await?;
    ensure!(data(&world)? > before && is_named(&world, shared.case)?, "the search finds nothing on the link");
    world.end().await
}

/// The node's today.
fn today(world: &World) -> anyhow::Result<String> {
    let zone = stafett_tests::real::folder::settings(world.folder(Place::Inderoy))?.node.time_zone;
    let now = jiff::Timestamp::from_millisecond(world.now(Place::Inderoy)?)?;
    Ok(now.to_zoned(zone).date().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn family_that_moves_without_its_case_leaves_no_trace_at_the_new_municipality() {
    story().await.expect("the story holds");
}
