//! Clocks that are wrong (law 17): a jump seals the node until its operator has said what is right,
//! nothing is decided meanwhile, and what ran out stays out.

use std::time::Duration;

use anyhow::ensure;
use jiff::ToSpan;
use reqwest::Method;
use serde_json::{Value, json};
use stafett_node::engine::answer::Health;
use stafett_node::startup::ClockStatus;
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::time::{DAY, HOUR};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::folder::settings;
use stafett_tests::real::world::{Family, World, note};
use stafett_tests::real::{STILL, backup, opened, until};

const OWN: Place = Place::Inderoy;
const THEIRS: Place = Place::Steinkjer;
/// Longer than the node takes between two looks at what ran out.
const SWEEPS: Duration = Duration::from_secs(23);

fn ms(millis: u64) -> i64 {
    i64::try_from(millis).expect("a small number")
}

async fn shared(world: &World) -> anyhow::Result<(Family, ConsentId, EntryId)> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], "før").await?;
    let consent = world.share(Who::Marte, family, (THEIRS, "ppt"), &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    Ok((family, consent, entry))
}

async fn clock(world: &World, place: Place, words: &[&str]) -> anyhow::Result<ClockStatus> {
    backup::command(world.folder(place), &[&["clock"], words].concat()).await
}

/// Whether a monitor is told that the node serves; it needs no token.
async fn is_ready(world: &mut World, place: Place) -> anyhow::Result<bool> {
    let address = format!("{}/health/ready", world.node(place).web);
    let client = reqwest::Client::builder().no_proxy().build()?;
    Ok(client.get(address).send().await?.status() == 204)
}

async fn until_unready(world: &mut World, place: Place) -> anyhow::Result<()> {
    for _ in 0..200 {
        if !is_ready(world, place).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the node never sealed itself")
}

/// The consent stands, and nobody was ordered to erase anything.
async fn nothing_has_ended(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<()> {
    let consents = world.consents(Who::Marte, case).await?;
    let item = consents.iter().find(|item| item.asked.id == consent).expect("the consent");
    ensure!(item.status == "valid" && item.orders.is_empty(), "{}", item.status);
    Ok(())
}

async fn ten_years_ahead_at_one_start() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let (family, consent, entry) = shared(&world).await?;
    world.kill(OWN).await?;

    world.move_clocks(OWN, [ms(3_652 * DAY), 0])?;
    world.start(OWN).await?;

    ensure!(!is_ready(&mut world, OWN).await?, "a node ten years ahead serves");
    ensure!(world.log(OWN)?.contains("stafett clock status"), "the log names no next command");
    tokio::time::sleep(SWEEPS).await;
    let status = clock(&world, OWN, &["status"]).await?;
    ensure!(status.jump_ms.is_some_and(|jump| jump > ms(3_000 * DAY)), "{status:?}");
    ensure!(status.mark.is_some_and(|mark| mark.0 + DAY < status.system.0), "the mark followed: {status:?}");

    world.kill(OWN).await?;
    world.move_clocks(OWN, [0, 0])?;
    world.start(OWN).await?;
    ensure!(!is_ready(&mut world, OWN).await?, "a start alone confirmed the clock");
    let path = format!("/cases/{}/entries", family.case);
    let refused = world.person(Who::Marte)?.ask(Method::POST, &path, Some(&note(&["language"], "x"))).await?;
    let said: Value = serde_json::from_slice(&refused.body)?;
    let words = said["message"].as_str().unwrap_or_default();
    ensure!(refused.status == 503 && words.contains("stafett clock status"), "{said}");

    let status = clock(&world, OWN, &["confirm"]).await?;

    ensure!(status.jump_ms.is_none(), "{status:?}");
    ensure!(is_ready(&mut world, OWN).await?, "the node stayed sealed");
    nothing_has_ended(&world, family.case, consent).await?;
    let later = world.write(Who::Marte, family.case, &["language"], "etter").await?;
    world.until_readable(Who::Ole, family.case, later).await?;
    world.entry(Who::Ole, family.case, entry).await?;
    world.end().await
}

async fn jump_while_running() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let (family, consent, _) = shared(&world).await?;
    for jump in [ms(400 * DAY), -ms(HOUR)] {
        world.move_clocks(OWN, [jump, 0])?;
        until_unready(&mut world, OWN).await?;
        let health: Health = world.person(Who::Marte)?.get("/health").await?;
        ensure!(health.sealed, "{:?}", health.sealed_because);
        let handed = world.handed(OWN, THEIRS)?.len();
        tokio::time::sleep(SWEEPS).await;
        ensure!(world.handed(OWN, THEIRS)?.len() == handed, "a sealed node handed something over");
        nothing_has_ended(&world, family.case, consent).await?;

        world.move_clocks(OWN, [0, 0])?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        ensure!(!is_ready(&mut world, OWN).await?, "nobody confirmed it, and it opened");
        clock(&world, OWN, &["confirm"]).await?;

        ensure!(is_ready(&mut world, OWN).await?, "the node stayed sealed");
        let later = world.write(Who::Marte, family.case, &["language"], "etter").await?;
        world.until_readable(Who::Ole, family.case, later).await?;
    }
    world.end().await
}

/// A consent that counts for some seconds.
async fn share_for(world: &World, family: Family, millis: u64) -> anyhow::Result<u64> {
    let Family { case, mother, father } = family;
    let until = stafett_node::clock::now().0 + millis;
    let request = json!({
        "recipient": { "host": THEIRS.organisation(), "code": "ppt" },
        "areas": ["language"],
        "purpose": "Samarbeid om språk",
        "until": until,
    });
    let asked: Value = world.person(Who::Marte)?.post(&format!("/cases/{case}/consents"), &request).await?;
    let consent: ConsentId = serde_json::from_value(asked["id"].clone())?;
    world.say_yes(Who::Marte, case, consent, mother).await?;
    world.say_yes(Who::Marte, case, consent, father).await?;
    Ok(until)
}

async fn what_ran_out_stays_out() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let case = family.case;
    let entry = world.write(Who::Marte, case, &["language"], "en stund").await?;
    let runs_out = share_for(&world, family, 20_000).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    // The owner's order to erase must not be what closes it.
    world.kill(OWN).await?;
    let ended = until("the end of the grant at the partner", async || {
        let store = opened::open(world.folder(THEIRS))?;
        let ended = store.grants_ended(OWN.number()).await?;
        Ok((!ended.is_empty()).then_some(ended))
    })
    .await?;
    ensure!(ended.len() == 1 && stafett_node::clock::now().0 >= runs_out, "{ended:?}");
    world.kill(THEIRS).await?;

    // Before the end, and after the tokens were made.
    let moved = ms(runs_out) - 12_000 - ms(stafett_node::clock::now().0);
    world.move_clocks(THEIRS, [moved, 0])?;
    world.start(THEIRS).await?;
    let behind = clock(&world, THEIRS, &["status"]).await?;
    ensure!(behind.jump_ms.is_none(), "somewhat behind the mark at a start seals: {behind:?}");
    let reset = clock(&world, THEIRS, &["reset"]).await?;

    ensure!(reset.node.0 < runs_out, "the mark was not lowered: {reset:?}");
    tokio::time::sleep(STILL).await;
    let path = format!("/cases/{case}/entries/{entry}");
    let revived = world.look(Who::Ole, &path).await?;
    ensure!(
        revived.status == 404,
        "what ran out was revived by a clock that was set back: {}",
        revived.status
    );
    ensure!(is_ready(&mut world, THEIRS).await?, "the node is sealed");
    world.end().await
}

/// A girl whose sixteenth birthday is tomorrow, with what her guardians let PPT read.
async fn sixteen_tomorrow(world: &World) -> anyhow::Result<(Family, ConsentId, i64)> {
    let zone = settings(world.folder(OWN))?.node.time_zone;
    let tomorrow = jiff::Zoned::now().with_time_zone(zone.clone()).date().tomorrow()?;
    let guardian = |name: &str, relation: &str| json!({ "name": name, "relation": relation, "parental_responsibility": true });
    let request = json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Idun", "birth_date": tomorrow.checked_sub(16.years())?.to_string() },
        "guardians": [guardian("Eva", "mother"), guardian("Nils", "father")],
    });
    let opened: Value = world.person(Who::Marte)?.post("/cases", &request).await?;
    let case: CaseId = serde_json::from_value(opened["case"].clone())?;
    let parties = world.case(Who::Marte, case).await?.parties;
    let family = Family { case, mother: parties[1].person, father: parties[2].person };
    let consent = world.share(Who::Marte, family, (THEIRS, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    Ok((family, consent, tomorrow.to_zoned(zone)?.timestamp().as_millisecond()))
}

async fn status(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<String> {
    let consents = world.consents(Who::Marte, case).await?;
    Ok(consents.into_iter().find(|item| item.asked.id == consent).expect("the consent").status)
}

async fn jump_over_the_midnight_of_a_birthday() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let (family, consent, midnight) = sixteen_tomorrow(&world).await?;
    let case = family.case;
    let entry = world.write(Who::Marte, case, &["language"], "dagen før").await?;
    world.until_readable(Who::Ole, case, entry).await?;

    // The clock jumps to an hour past midnight: nothing pauses on its word alone.
    let jump = midnight + ms(HOUR) - world.now(OWN)?;
    world.move_clocks(OWN, [jump, 0])?;
    until_unready(&mut world, OWN).await?;
    nothing_has_ended(&world, case, consent).await?;
    world.move_clocks(OWN, [0, 0])?;
    clock(&world, OWN, &["confirm"]).await?;
    nothing_has_ended(&world, case, consent).await?;
    let later = world.write(Who::Marte, case, &["language"], "fremdeles dagen før").await?;
    world.until_readable(Who::Ole, case, later).await?;

    // Midnight comes, and the guardians' yes pauses. A clock that is set back does not revive it.
    world.pass(&[OWN, THEIRS], midnight + ms(HOUR) - world.now(OWN)?).await?;
    ensure!(status(&world, case, consent).await? == "must-be-renewed", "the day has begun");
    world.until_marked(OWN).await?;
    world.kill(OWN).await?;
    let [wall, monotonic] = world.moved(OWN)?;
    world.move_clocks(OWN, [wall - ms(3 * HOUR), monotonic])?;
    world.start(OWN).await?;
    ensure!(is_ready(&mut world, OWN).await?, "three hours behind the mark at a start seals");
    ensure!(status(&world, case, consent).await? == "must-be-renewed", "an earlier clock revived it");
    let held = world.write(Who::Marte, case, &["language"], "etter midnatt").await?;
    tokio::time::sleep(STILL).await;
    let unseen = world.look(Who::Ole, &format!("/cases/{case}/entries/{held}")).await?;
    ensure!(unseen.status == 404, "something new went out: {}", unseen.status);
    world.entry(Who::Ole, case, entry).await?;
    world.end().await
}

async fn word_on_a_wrong_clock() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let (family, consent, _) = shared(&world).await?;
    world.kill(OWN).await?;
    world.move_clocks(OWN, [ms(200 * DAY), 0])?;
    world.start(OWN).await?;
    ensure!(!is_ready(&mut world, OWN).await?, "a node half a year ahead serves");

    let item = world.withdraw(Who::Marte, family.case, consent, family.mother).await?;

    ensure!(item.status == "withdrawn", "a sealed node takes what closes: {}", item.status);
    let at = item.withdrawn_at.map(|at| at.0).unwrap_or_default();
    ensure!(at <= stafett_node::clock::now().0, "the word lies ahead: {at}");
    world.kill(OWN).await?;
    world.move_clocks(OWN, [0, 0])?;
    world.start(OWN).await?;
    clock(&world, OWN, &["confirm"]).await?;
    ensure!(status(&world, family.case, consent).await? == "withdrawn", "the word was lost");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_ten_years_ahead_at_one_start_ends_nothing_and_seals_until_it_is_confirmed() {
    ten_years_ahead_at_one_start().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_jumps_while_the_node_runs_seals_it_and_decides_nothing() {
    jump_while_running().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn grant_that_ran_out_is_not_revived_by_a_clock_that_is_set_back() {
    what_ran_out_stays_out().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn clock_that_jumps_over_the_midnight_of_a_birthday_pauses_nothing_and_revives_nothing() {
    jump_over_the_midnight_of_a_birthday().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn word_that_is_taken_on_a_wrong_clock_does_not_lie_ahead_when_it_is_right_again() {
    word_on_a_wrong_clock().await.expect("the story holds");
}
