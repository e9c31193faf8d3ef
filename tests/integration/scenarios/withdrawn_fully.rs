//! A mother alone with the responsibility phones and says stop.

use super::*;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;

/// A child whose mother has the parental responsibility alone.
async fn sole_guardian(world: &World) -> anyhow::Result<(CaseId, PersonId)> {
    let request = json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Ante" },
        "guardians": [{ "name": "Eva", "relation": "mother", "parental_responsibility": true }],
    });
    let marte = world.person(Who::Marte)?;
    let opened: Value = marte.post("/cases", &request).await?;
    let case: CaseId = opened["case"].as_str().context("an id")?.parse()?;
    let view = world.case(Who::Marte, case).await?;
    Ok((case, view.parties[1].person))
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(41);
    let (marker, of_ole) = (chance.marker("withdrawn"), chance.marker("Ole's own"));
    let world = World::two().await?;
    let (case, mother) = sole_guardian(&world).await?;
    let entry = world.write(Who::Marte, case, &["language"], &format!("kanari {marker}")).await?;
    let of = world.ask_family(Who::Marte, case, PPT, &["language"]).await?;
    let given = world.say_yes(Who::Marte, case, of, mother).await?;
    ensure!(given.status == "valid", "her yes alone is enough: {}", given.status);
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    let own = ole_writes(&world, case, &format!("min egen {of_ole}")).await?;
    let (_, eva) = world.let_in(NewAccount::guardian(Place::Inderoy, mother)).await?;

    // Steinkjer is away: the word counts all the same, and nothing is said to be confirmed.
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    let family = Family { case, mother, father: mother };
    let withdrawn = says_stop(&world, family, of, mother).await?;
    ensure!(withdrawn["status"] == "withdrawn", "{}", withdrawn["status"]);
    ensure!(withdrawn["withdrawals"][0]["channel"] == "oral", "{}", withdrawn["withdrawals"]);
    let notice = notice_of(&eva, case).await?;
    ensure!(notice["confirmed"] == json!(false), "{notice}");
    let text = notice["nb"].to_string();
    ensure!(text.contains("ikke bekreftet"), "{text}");
    must_not("she is told that something is erased", text.contains("slettet"))?;

    // Within one turn of the link no read succeeds, and what there was is erased or locked.
    world.line(Place::Inderoy, Place::Steinkjer).heal();
    let orders = receipts(&world, case, of).await?;
    let ole = world.person(Who::Ole)?;
    for path in [format!("/cases/{case}"), format!("/cases/{case}/entries/{entry}")] {
        ensure!(status(&ole, &path).await? == 404, "Ole reads {path}");
    }
    let items = &orders[0]["receipt"]["items"];
    ensure!(items[entry.to_string()]["done"] == "erased", "{items}");
    let locked = &items[own.to_string()];
    ensure!(locked["done"] == "locked" && !locked["basis"].is_null(), "on what basis: {items}");
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "the canary is left at Steinkjer");
    ensure!(hits(&world, Place::Steinkjer, &of_ole).await? > 0, "Ole's own writing is locked, not gone");

    // The log is locked for further sharing, and she is told in plain words.
    world.write(Who::Marte, case, &["language"], &format!("senere {marker}")).await?;
    tokio::time::sleep(stafett_tests::real::STILL).await;
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "something was shared after the word");
    let notice = notice_of(&eva, case).await?;
    ensure!(notice["confirmed"] == json!(true), "{notice}");
    ensure!(notice["nb"].to_string().contains("bekreftet"), "{notice}");
    world.end().await
}

/// The one notice that Eva finds about what she withdrew.
async fn notice_of(eva: &Person, case: CaseId) -> anyhow::Result<Value> {
    let notices: Vec<Value> = eva.get(&format!("/cases/{case}/notices")).await?;
    ensure!(notices.len() == 1, "{} notices", notices.len());
    notices.into_iter().next().context("a notice")
}

#[tokio::test(flavor = "multi_thread")]
async fn oral_word_stops_the_sharing_at_once_and_is_confirmed_only_by_a_receipt() {
    story().await.expect("the story holds");
}
