//! PPT cannot take a case: Marte is told why, and nothing is withdrawn until the family says so.

use super::*;
use stafett_tests::real::chance::Chance;

/// What Marte reads beside the consent.
async fn told(world: &World, case: CaseId, of: ConsentId) -> anyhow::Result<Value> {
    Ok(consent(world, case, of).await?["cannot_take"].clone())
}

async fn says_no(world: &World, case: CaseId, why: &str) -> anyhow::Result<()> {
    let path = format!("/cases/{case}/refusal");
    let _: Value = world.person(Who::Berit)?.post(&path, &json!({ "reason": why })).await?;
    Ok(())
}

async fn kept(world: &World, case: CaseId) -> anyhow::Result<bool> {
    let cases: Vec<Value> = world.person(Who::Berit)?.get("/cases").await?;
    let id = case.to_string();
    let here = cases.into_iter().find(|item| item["case"] == json!(id)).context("the case in the inbox")?;
    Ok(!here["inbox"]["cannot_take"]["kept_at"].is_null())
}

async fn waits_for_marte(world: &World) -> anyhow::Result<bool> {
    let tasks: Vec<Value> = world.person(Who::Marte)?.get("/tasks").await?;
    Ok(tasks.iter().any(|task| task["kind"] == "service-cannot-take" && task["service"]["code"] == "ppt"))
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(57);
    let marker = chance.marker("why PPT cannot");
    let mut world = World::two().await?;
    let (family, of, entry) = read_by_ole(&world, &chance.marker("an entry")).await?;
    let case = family.case;

    // The line is down: the answer waits at Steinkjer, also across a crash, and Ole has the case no more.
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    says_no(&world, case, &format!("Ingen logoped {marker}")).await?;
    let ole = world.person(Who::Ole)?;
    ensure!(status(&ole, &format!("/cases/{case}/entries/{entry}")).await? == 404, "Ole reads on");
    ensure!(!kept(&world, case).await?, "confirmed over a cut line");
    must_not("Marte is told over a cut line", waits_for_marte(&world).await?)?;
    world.restart(Place::Steinkjer).await?;
    world.line(Place::Inderoy, Place::Steinkjer).heal();

    until("the answer at Inderøy", async || Ok(waits_for_marte(&world).await?.then_some(()))).await?;
    let reason = told(&world, case, of).await?["reason"].clone();
    ensure!(reason == format!("Ingen logoped {marker}"), "{reason}");
    until("the word that it is there", async || Ok(kept(&world, case).await?.then_some(()))).await?;
    ensure!(consent(&world, case, of).await?["status"] == "valid", "an answer withdraws nothing");
    for place in [Place::Inderoy, Place::Steinkjer] {
        ensure!(hits(&world, place, &marker).await? > 0, "the control: {} has the reason", place.name());
    }

    // PPT takes it after all; then it cannot, and the family takes its yes back.
    world.assign(case, Who::Ole).await?;
    until("the case taken after all", async || {
        Ok((!waits_for_marte(&world).await? && told(&world, case, of).await?.is_null()).then_some(()))
    })
    .await?;
    world.until_readable(Who::Ole, case, entry).await?;
    says_no(&world, case, &format!("Likevel ikke {marker}")).await?;
    until("the second answer", async || Ok(waits_for_marte(&world).await?.then_some(()))).await?;
    says_stop(&world, family, of, family.mother).await?;
    receipts(&world, case, of).await?;

    ensure!(told(&world, case, of).await?.is_null(), "an answer to what is over");
    must_not("what is over waits for Marte", waits_for_marte(&world).await?)?;
    for place in [Place::Inderoy, Place::Steinkjer] {
        ensure!(hits(&world, place, &marker).await? == 0, "the reason is left in {}", place.name());
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn stafettholder_hears_that_a_service_cannot_take_the_case_and_the_answer_goes_with_the_sharing() {
    story().await.expect("the story holds");
}
