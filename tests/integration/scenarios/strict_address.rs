//! A mother and her child get a strictly confidential address after the log was shared; the father
//! must learn nothing from it.

use super::*;
use stafett_protocol::wire::Frame;
use stafett_protocol::wire::codec;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::Needle;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const BOTH: [Place; 2] = [Place::Inderoy, Place::Steinkjer];

/// The kinds of all frames to Steinkjer so far that are no order and name the case.
fn naming(world: &World, case: CaseId) -> anyhow::Result<Vec<u16>> {
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let needles = Needle::id("the case", case.as_bytes());
    let no_order = frames.iter().filter(|bytes| !matches!(codec::decode(bytes), Ok(Frame::Order(_))));
    let named = no_order.filter(|bytes| needles.iter().any(|needle| !needle.found_in(bytes).is_empty()));
    Ok(named.map(|bytes| codec::decode(bytes).map_or(0, |frame| frame.kind())).collect())
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(47);
    let marker = chance.marker("shared");
    let mut world = World::two().await?;
    let (family, first, entry) = read_by_ole(&world, &marker).await?;
    let Family { case, mother, father } = family;
    let (_, eva) = world.let_in(NewAccount::guardian(Place::Inderoy, mother)).await?;
    let (_, nils) = world.let_in(NewAccount::guardian(Place::Inderoy, father)).await?;
    let (_, leader) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "school")).await?;
    ensure!(status(&nils, &format!("/cases/{case}")).await? == 200, "the father reads before");
    let control = naming(&world, case)?;
    ensure!(!control.is_empty(), "the search finds nothing");

    // The leader sets the block. Nothing but the recall goes out, and it says no cause.
    let path = format!("/cases/{case}/address-protection");
    let block = json!({ "protection": "strictly-confidential", "safe_for": [mother] });
    let _: Value = leader.send(Method::PUT, &path, Some(&block)).await?;
    let before = naming(&world, case)?;
    receipts(&world, case, first).await?;
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "Steinkjer holds it still");
    world.write(Who::Marte, case, &["language"], &format!("ny {marker}")).await?;
    world.edit(Who::Marte, case, entry, &format!("endret {marker}")).await?;

    // A consent of both does not override it.
    let second = world.ask_family(Who::Marte, case, PPT, &["language"]).await?;
    for giver in [mother, father] {
        world.say_yes(Who::Marte, case, second, giver).await?;
    }
    tokio::time::sleep(stafett_tests::real::STILL).await;
    world.restart(Place::Inderoy).await?;
    until("the link again", async || {
        let links: Vec<Value> = world.person(Who::Jo)?.get("/links").await?;
        Ok(links.iter().any(|link| link["connected"] == json!(true)).then_some(()))
    })
    .await?;
    tokio::time::sleep(stafett_tests::real::STILL).await;
    let named = naming(&world, case)?;
    ensure!(named.len() == before.len(), "frames name the case: {before:?} before, {named:?} after");
    ensure!(hits(&world, Place::Steinkjer, &marker).await? == 0, "something went out after the block");

    // The father's answers are those of a case that there is not; the mother reads on.
    let (eva, nils) = (eva.at(&world.node(Place::Inderoy).web), nils.at(&world.node(Place::Inderoy).web));
    let leader = leader.at(&world.node(Place::Inderoy).web);
    let unknown = CaseId::from_bytes([0x5a; 16]);
    for tail in ["", "/entries", "/consents", "/notices", "/address-protection"] {
        let shown = nils.ask(Method::GET, &format!("/cases/{case}{tail}"), None).await?;
        let none = nils.ask(Method::GET, &format!("/cases/{unknown}{tail}"), None).await?;
        ensure!(shown == none, "{tail}: {} and {}", shown.status, none.status);
    }
    ensure!(status(&eva, &format!("/cases/{case}/entries/{entry}")).await? == 200, "the mother reads");
    let hers = eva.ask(Method::GET, &format!("/cases/{case}"), None).await?;
    let words = String::from_utf8(hers.body)?.to_lowercase();
    must_not("a view says why", words.contains("confidential") || words.contains("kode 6"))?;

    // Counted nowhere, and nothing is said of it where operators look.
    let links: Vec<Value> = world.person(Who::Jo)?.get("/links").await?;
    ensure!(links[0]["waiting"] == 0 && links[0]["receipts_missing"] == 0, "{links:?}");
    let log = world.log(Place::Inderoy)?.to_lowercase();
    must_not("the log says why", log.contains("confidential") || log.contains("protect"))?;

    // Asked again after eleven months; it never lifts by itself.
    world.pass(&BOTH, 334 * DAY).await?;
    ensure!(!asked_to_renew(&leader, case).await?, "asked before eleven months");
    world.pass(&BOTH, 2 * DAY).await?;
    ensure!(asked_to_renew(&leader, case).await?, "not asked after eleven months");
    world.pass(&BOTH, 20 * DAY).await?;
    let still: Value = leader.get(&path).await?;
    ensure!(still["protection"] == "strictly-confidential", "{still}");
    world.end().await
}

async fn asked_to_renew(leader: &Person, case: CaseId) -> anyhow::Result<bool> {
    let tasks: Vec<Value> = leader.get("/tasks").await?;
    Ok(tasks.iter().any(|task| task["kind"] == "protection-to-be-renewed" && task["case"] == json!(case)))
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_protection_recalls_like_a_withdrawal_and_the_other_parent_learns_nothing() {
    story().await.expect("the story holds");
}
