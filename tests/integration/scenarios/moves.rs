//! A family moves from Inderøy to Steinkjer and lets a part of its stafettlogg go along: nothing names it at
//! Steinkjer before somebody there has the case, what it kept back never leaves, and no consent follows.

use super::*;
use stafett_tests::real::STILL;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::moves::Moving;
use stafett_tests::real::needle::Needle;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What is written, each with a marker of its own.
struct Written {
    chance: Chance,
    family: Family,
    goes: EntryId,
    kept: EntryId,
}

impl Written {
    async fn by_marte(world: &World, seed: u64) -> anyhow::Result<Self> {
        let chance = Chance::seeded(seed);
        let names = ["child", "mother", "father"].map(|of| format!("Navn {}", chance.marker(of)));
        let family = world.open_case(Who::Marte, [&names[0], &names[1], &names[2]]).await?;
        let text = |of: &str| format!("{of} {}", chance.marker(of));
        let goes = world.write(Who::Marte, family.case, &["language"], &text("goes")).await?;
        let kept = world.write(Who::Marte, family.case, &["language"], &text("kept")).await?;
        world.write(Who::Marte, family.case, &["home"], &text("closed area")).await?;
        Ok(Self { chance, family, goes, kept })
    }

    fn needle(&self, of: &str) -> Needle {
        Needle::text(of, &self.chance.marker(of))
    }

    /// Everything that tells whom it is about, and everything that was written.
    fn everything(&self) -> Vec<Needle> {
        let texts = ["child", "mother", "father", "goes", "kept", "closed area"].map(|of| self.needle(of));
        let ids = [
            Needle::id("the case", self.family.case.as_bytes()),
            Needle::id("the mother", self.family.mother.as_bytes()),
            Needle::id("the entry", self.goes.as_bytes()),
        ];
        texts.into_iter().chain(ids.into_iter().flatten()).collect()
    }
}

/// Where any of it stands at Steinkjer, or in what was handed to it.
async fn at_steinkjer(world: &World, needles: &[Needle]) -> anyhow::Result<Vec<String>> {
    let frames = until("anything that was handed over", async || {
        let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
        Ok((!frames.is_empty()).then_some(frames))
    })
    .await?;
    let in_frames = needles.iter().filter(|needle| !needle.found_in_any(&frames).is_empty());
    let mut found: Vec<String> = in_frames.map(|needle| format!("{} in a frame", needle.name)).collect();
    let search = opened::search(&opened::open(world.folder(Place::Steinkjer))?, needles).await?;
    found.extend(search.hits.into_iter().map(|(name, _, hit)| format!("{name} in the store: {hit:?}")));
    Ok(found)
}

async fn nowhere(world: &World, needles: &[Needle], when: &str) -> anyhow::Result<()> {
    let found = at_steinkjer(world, needles).await?;
    ensure!(found.is_empty(), "{when}: {found:#?}");
    Ok(())
}

/// Who holds the baton at Inderøy, by its own word.
async fn marte_holds(world: &World, case: CaseId) -> anyhow::Result<bool> {
    let baton: Value = world.person(Who::Marte)?.get(&format!("/cases/{case}/baton")).await?;
    Ok(baton["part"] == "holder")
}

async fn writes(world: &World, who: Who, case: CaseId) -> anyhow::Result<u16> {
    let body = json!({ "kind": "note", "areas": ["language"], "fields": { "description": "etterpå" } });
    Ok(world.person(who)?.ask(Method::POST, &format!("/cases/{case}/entries"), Some(&body)).await?.status)
}

async fn moved_with_what_it_let_pass() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let written = Written::by_marte(&world, 71).await?;
    let (family, everything) = (written.family, written.everything());
    let consent = world.let_move(family, &["language"], &[written.kept]).await?;
    nowhere(&world, &everything, "after the yes").await?;

    // Steinkjer is told a stage, a day and services, and no more.
    let moving = world.offer_case(family.case, consent).await?;
    let seen = world.until_coming(Who::Kari, &moving, "offered").await?;
    ensure!(seen["stage"] == "primary-school" && seen["from_name"] == "Inderøy kommune", "{seen}");
    ensure!(seen["services"] == json!(["health-station", "school"]), "{seen}");
    ensure!(marte_holds(&world, family.case).await?, "the baton has left with an offer");
    must_not(
        "somebody who was not asked sees it",
        world.look(Who::Tor, &format!("/moves/{}", moving.succession)).await?.status != 404,
    )?;
    nowhere(&world, &everything, "after the offer").await?;

    // Tor says yes; the package is there, and nobody at Steinkjer can open it. Also not after a start.
    world.accept_case(&moving).await?;
    nowhere(&world, &everything, "after the acceptance").await?;
    ensure!(marte_holds(&world, family.case).await?, "the baton has left with an acceptance");
    for place in [Place::Steinkjer, Place::Inderoy] {
        world.restart(place).await?;
    }
    nowhere(&world, &everything, "after both have started again").await?;
    let seen: Value = world.person(Who::Tor)?.get(&format!("/moves/{}", moving.succession)).await?;
    ensure!(seen["step"] == "accepted" && seen["case"].is_null(), "{seen}");

    let new_case = world.transfer_case(&moving).await?;
    has_moved(&world, &written, &moving, new_case).await?;
    for place in [Place::Inderoy, Place::Steinkjer] {
        world.restart(place).await?;
    }
    has_moved(&world, &written, &moving, new_case).await?;
    world.end().await
}

/// The case is Tor's with what the family let pass; Marte only reads what was.
async fn has_moved(
    world: &World,
    written: &Written,
    moving: &Moving,
    new_case: CaseId,
) -> anyhow::Result<()> {
    let old_case = written.family.case;
    let view: Value = world.person(Who::Tor)?.get(&format!("/cases/{new_case}")).await?;
    let name = view["subject_name"].as_str().unwrap_or_default();
    ensure!(name.contains(&written.chance.marker("child")), "Tor does not read the name");
    let entries = view["entries"].as_array().context("entries")?;
    let texts: Vec<&str> =
        entries.iter().filter_map(|entry| entry["fields"]["description"].as_str()).collect();
    let goes = written.chance.marker("goes");
    ensure!(texts.iter().filter(|text| text.contains(&goes)).count() == 1, "{texts:?}");
    let carried = entries
        .iter()
        .find(|entry| entry["fields"]["description"].as_str().is_some_and(|text| text.contains(&goes)));
    let origin = &carried.context("the entry")?["origin"];
    ensure!(origin["from_name"] == "Inderøy kommune", "{origin}");
    let consents: Vec<Value> = world.person(Who::Tor)?.get(&format!("/cases/{new_case}/consents")).await?;
    ensure!(consents.is_empty(), "a consent has followed the case");
    ensure!(view["carried"]["note"] == "Ring meg gjerne.", "{}", view["carried"]);
    let baton: Value = world.person(Who::Tor)?.get(&format!("/cases/{new_case}/baton")).await?;
    ensure!(baton["part"] == "holder", "{baton}");

    // One owner: there it is written, here it is not.
    until("what Inderøy knows of it", async || {
        let view: Value = world.person(Who::Marte)?.get(&format!("/cases/{old_case}/move")).await?;
        Ok((view["moved"]["is_confirmed"] == true).then_some(()))
    })
    .await?;
    ensure!(writes(world, Who::Tor, new_case).await? == 201, "Tor cannot write");
    ensure!(writes(world, Who::Marte, old_case).await? == 409, "Marte writes on");
    ensure!(
        world.look(Who::Marte, &format!("/cases/{old_case}")).await?.status == 200,
        "it is gone before its archive"
    );
    let asked = world.person(Who::Kari)?.get::<Value>(&format!("/moves/{}", moving.succession)).await?;
    ensure!(asked["case"].is_null(), "the coordinator is led to a case: {asked}");

    // What it kept back is nowhere, ever; by the same search what went along is there.
    nowhere(world, &[written.needle("kept"), written.needle("closed area")], "after the transfer").await?;
    let found = at_steinkjer(world, &[written.needle("goes")]).await?;
    ensure!(found.iter().any(|hit| hit.contains("in the store")), "the search finds nothing: {found:?}");
    must_not("the package left in the clear", found.iter().any(|hit| hit.contains("in a frame")))
}

/// PPT at the new municipality was a partner in the case before: nothing of that follows either.
async fn partner_of_before_reads_no_more() -> anyhow::Result<()> {
    let world = World::two().await?;
    let (family, sharing, entry) = read_by_ole(&world, &Chance::seeded(72).marker("both")).await?;
    let consent = world.let_move(family, &["language"], &[]).await?;
    let moving = world.offer_case(family.case, consent).await?;
    world.accept_case(&moving).await?;
    ensure!(world.entry(Who::Ole, family.case, entry).await?.entry == entry, "sharing stops too early");

    let new_case = world.transfer_case(&moving).await?;

    let orders = receipts(&world, family.case, sharing).await?;
    ensure!(!orders.is_empty(), "nobody was told to erase");
    for case in [family.case, new_case] {
        until("that Ole reads it no more", async || {
            let answer = world.look(Who::Ole, &format!("/cases/{case}")).await?;
            Ok((answer.status == 404).then_some(()))
        })
        .await?;
    }
    let view: Value = world.person(Who::Tor)?.get(&format!("/cases/{new_case}")).await?;
    ensure!(view["entries"].as_array().is_some_and(|entries| entries.len() == 1), "{view}");
    world.end().await
}

/// Nobody answers for seven days, or the answer is no: Marte has the case as before, and is told.
async fn holder_keeps_it() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let written = Written::by_marte(&world, 73).await?;
    let (case, everything) = (written.family.case, written.everything());
    let consent = world.let_move(written.family, &["language"], &[]).await?;
    let declined = world.offer_case(case, consent).await?;
    let path = format!("/moves/{}/refusal", declined.succession);
    let _: Value = world.person(Who::Kari)?.post(&path, &json!({ "reason": "Ingen ledig plass" })).await?;
    until("the no at Inderøy", async || {
        let view: Value = world.person(Who::Marte)?.get(&format!("/cases/{case}/move")).await?;
        Ok((view["ended"][0]["reason"] == "Ingen ledig plass").then_some(()))
    })
    .await?;
    ensure!(writes(&world, Who::Marte, case).await? == 201, "Marte cannot write after a no");

    let lapsing = world.offer_case(case, consent).await?;
    for place in [Place::Inderoy, Place::Steinkjer] {
        world.until_marked(place).await?;
    }
    world.pass(&[Place::Inderoy, Place::Steinkjer], 7 * DAY_MS + 60_000).await?;
    until("the end of the offer", async || {
        let view: Value = world.person(Who::Marte)?.get(&format!("/cases/{case}/move")).await?;
        Ok((view["open"].is_null() && view["ended"][0]["cause"] == "lapsed").then_some(()))
    })
    .await?;
    let tasks: Vec<Value> = world.person(Who::Marte)?.get("/tasks").await?;
    ensure!(tasks.iter().any(|task| task["kind"] == "move-came-to-nothing"), "Marte is not told: {tasks:?}");
    world.until_coming(Who::Kari, &lapsing, "ended").await?;
    ensure!(marte_holds(&world, case).await?, "the baton is lost");
    ensure!(writes(&world, Who::Marte, case).await? == 201, "Marte cannot write");
    nowhere(&world, &everything, "after two offers that came to nothing").await?;

    // The mother says no before the next one is carried out: it ends, and what was sent is deleted.
    let ended = world.offer_case(case, consent).await?;
    world.accept_case(&ended).await?;
    says_stop(&world, written.family, consent, written.family.mother).await?;
    world.until_coming(Who::Kari, &ended, "ended").await?;
    let status = world
        .person(Who::Marte)?
        .ask(Method::POST, &format!("/cases/{case}/move/transfer"), None)
        .await?
        .status;
    ensure!(status == 409, "it is carried over against a withdrawal: {status}");
    tokio::time::sleep(STILL).await;
    nowhere(&world, &everything, "after the withdrawal").await?;
    world.restart(Place::Steinkjer).await?;
    world.until_coming(Who::Kari, &ended, "ended").await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn family_that_moves_is_taken_over_with_what_it_let_pass_and_nothing_else() {
    moved_with_what_it_let_pass().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn service_that_was_a_partner_before_the_move_reads_nothing_after_it_without_a_new_consent() {
    partner_of_before_reads_no_more().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn move_that_is_declined_lapses_or_is_withdrawn_leaves_the_holder_with_the_case() {
    holder_keeps_it().await.expect("the story holds");
}
