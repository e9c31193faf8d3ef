//! A partner's node is compromised, and its identity is revoked.

use super::*;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::{self, Days};
use stafett_tests::real::program::run;
use stafett_tests::real::tap::Stream;

/// The frames of data that went to Steinkjer so far.
fn sent(world: &World) -> anyhow::Result<usize> {
    Ok(world.handed_on(Place::Inderoy, Place::Steinkjer, Stream::Data)?.len())
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(44);
    let mut world = World::two().await?;
    let (first, _, entry) = read_by_ole(&world, &chance.marker("first")).await?;
    let (second, _, other) = read_by_ole(&world, &chance.marker("second")).await?;
    let steinkjer = Place::Steinkjer.organisation();
    let folder = world.folder(Place::Inderoy).to_string_lossy().into_owned();

    run(["partner", "remove", "--yes", "--data", &folder, steinkjer]).await?;
    until("the link to be told", async || {
        let links: Vec<Value> = world.person(Who::Jo)?.get("/links").await?;
        Ok(links.iter().any(|link| link["revoked"] == json!(true)).then_some(()))
    })
    .await?;

    // No further frame of any case.
    let before = sent(&world)?;
    for family in [first, second] {
        world.write(Who::Marte, family.case, &["language"], "etter at noden ble sperret").await?;
    }
    world.edit(Who::Marte, first.case, entry, "endret etterpå").await?;
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(sent(&world)? == before, "data went out after the identity was revoked");

    // What it held, case by case, for the operator; a draft for each family, for the stafettholder.
    let held = run(["holds", "--json", "--data", &folder]).await?;
    let held: Vec<Value> = serde_json::from_slice(&held)?;
    for (family, entry) in [(first, entry), (second, other)] {
        let row = held.iter().find(|row| row["entry"] == json!(entry)).context("the entry")?;
        ensure!(row["case"] == json!(family.case) && row["sent_to"][0]["partner"] == steinkjer, "{row}");
        let path = format!("/cases/{}/notices", family.case);
        let notices: Vec<Value> = world.person(Who::Marte)?.get(&path).await?;
        let about: Vec<_> = notices.iter().filter(|notice| notice["partner"] == steinkjer).collect();
        ensure!(about.len() == 3, "a draft for each of the family: {} drafts", about.len());
    }

    // A new certificate under the same number inherits no trust.
    new_identity_is_refused(&mut world).await?;
    world.end().await
}

async fn new_identity_is_refused(world: &mut World) -> anyhow::Result<()> {
    world.kill(Place::Steinkjer).await?;
    let made = world.made[&Place::Steinkjer].folder.clone();
    std::fs::rename(&made, made.with_extension("old"))?;
    let root = made.parent().context("a folder")?.to_owned();
    let renewed = folder::make(&root, Place::Steinkjer, &[]).await?;
    let inderoy = world.made[&Place::Inderoy].clone();
    folder::put_partner(&renewed.folder, &folder::partner(&renewed, &inderoy, None, Days::IN_FORCE)?)?;
    world.made.insert(Place::Steinkjer, renewed);
    let logged = world.log(Place::Inderoy)?.len();
    world.start(Place::Steinkjer).await?;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let log = world.log(Place::Inderoy)?;
    must_not("the new certificate was taken for the old one", log[logged..].contains("link is up"))?;
    let shown = world.handed(Place::Steinkjer, Place::Inderoy)?;
    ensure!(shown.is_empty(), "the new node was spoken with: {} frames", shown.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_node_gets_no_further_frame_and_a_new_certificate_inherits_no_trust() {
    story().await.expect("the story holds");
}
