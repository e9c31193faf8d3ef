//! The end of a sharing at a partner whose law makes it keep something, and whose staff wrote what
//! never arrived.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use stafett_node::engine::answer::{CaseView, LinkItem, ReceiptItem};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::transaction::EntryState;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::world::World;
use stafett_tests::real::{opened, program, until};

const WORDS: &str = "PPTs dokumentasjonsplikt, arkivlova § 0";

/// Steinkjer's law makes PPT keep goals.
async fn world() -> anyhow::Result<World> {
    let places = [Place::Steinkjer, Place::Inderoy];
    let mut world = World::make(&places, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
    let settings = world.folder(Place::Steinkjer).join("stafett.toml");
    let rule = format!(
        "\n[[retention]]\nkinds = [\"goal\"]\nservice = \"ppt\"\nbasis = \"{WORDS}\"\nfrom = 2026-01-01\n"
    );
    std::fs::write(&settings, std::fs::read_to_string(&settings)? + &rule)?;
    world.start(Place::Steinkjer).await?;
    world.start(Place::Inderoy).await?;
    Ok(world)
}

async fn goal(world: &World, case: CaseId, text: &str) -> anyhow::Result<EntryId> {
    let body = json!({ "kind": "goal", "areas": ["language"], "fields": { "title": text } });
    let made: Value = world.person(Who::Marte)?.post(&format!("/cases/{case}/entries"), &body).await?;
    Ok(serde_json::from_value(made["entry"].clone())?)
}

async fn receipt(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<ReceiptItem> {
    until("the receipt", async || {
        let consents = world.consents(Who::Marte, case).await?;
        let item = consents.into_iter().find(|item| item.asked.id == consent).context("the consent")?;
        ensure!(item.orders.iter().all(|order| order.receipt.is_some() != order.waits_since.is_some()));
        Ok(item.orders.into_iter().find_map(|order| order.receipt))
    })
    .await
}

/// Whoever runs Inderøy's node sees that Steinkjer has not answered.
async fn unanswered(world: &World, entry: EntryId) -> anyhow::Result<()> {
    let folder = world.folder(Place::Inderoy).to_string_lossy().into_owned();
    let held = program::run(["holds", "--json", "--data", &folder]).await?;
    let held: Vec<Value> = serde_json::from_slice(&held)?;
    let row = held.iter().find(|row| row["entry"] == entry.to_string()).context("the entry")?;
    let missing = row["receipts_missing"].as_array().context("a list")?;
    ensure!(missing.len() == 1 && missing[0]["partner"] == Place::Steinkjer.organisation(), "{missing:?}");
    ensure!(missing[0]["late"] == false, "{missing:?}");
    let links: Vec<LinkItem> = world.person(Who::Jo)?.get("/links").await?;
    let link = links.first().context("a link")?;
    ensure!(link.receipts_missing >= 1 && link.receipts_missing_since.is_some() && !link.receipts_late);
    Ok(())
}

async fn hits(world: &World, place: Place, marker: &str) -> anyhow::Result<usize> {
    let store = opened::open(world.folder(place))?;
    Ok(store.search_everything(marker.as_bytes()).await?.hits.len())
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(11);
    let (kept, gone, own) = (chance.marker("kept"), chance.marker("gone"), chance.marker("own"));
    let mut world = world().await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let case = family.case;
    let (goal, text) = (goal(&world, case, &kept).await?, format!("Ante leser {gone}"));
    let note = world.write(Who::Marte, case, &["language"], &text).await?;
    let consent = world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    for entry in [goal, note] {
        world.until_readable(Who::Ole, case, entry).await?;
    }
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    world.edit(Who::Ole, case, note, &format!("{text}, og {own}")).await?;
    world.withdraw(Who::Marte, case, consent, family.father).await?;
    unanswered(&world, note).await?;
    world.line(Place::Inderoy, Place::Steinkjer).heal();

    let receipt = receipt(&world, case, consent).await?;
    ensure!(receipt.items.get(&note) == Some(&Done::Erased), "{:?}", receipt.items.get(&note));
    let by_law = Done::Locked { basis: LockBasis::DutyToKeep };
    ensure!(receipt.items.get(&goal) == Some(&by_law), "{:?}", receipt.items.get(&goal));
    ensure!(receipt.kept_by_law.get(&goal).map(String::as_str) == Some(WORDS), "the words are missing");
    ensure!(receipt.kept_by_law.len() == 1 && receipt.locked == 1, "{} locked", receipt.locked);
    at_steinkjer(&world, case, [goal, note], [&kept, &gone, &own]).await?;
    world.restart(Place::Steinkjer).await?;
    at_steinkjer(&world, case, [goal, note], [&kept, &gone, &own]).await?;
    world.end().await
}

/// The goal is kept and shown to nobody; of the note Ole's own words are left, for Ole alone.
async fn at_steinkjer(
    world: &World,
    case: CaseId,
    [goal, note]: [EntryId; 2],
    [kept, gone, own]: [&str; 3],
) -> anyhow::Result<()> {
    let store = opened::open(world.folder(Place::Steinkjer))?;
    let record = store.entry(goal).await?.context("the goal")?;
    let locked = EntryState::Locked { basis: LockBasis::DutyToKeep };
    ensure!(record.state == locked, "{:?}", record.state);
    ensure!(store.entry(note).await?.is_none(), "the note is still here");
    ensure!(hits(world, Place::Steinkjer, kept).await? > 0, "what the law keeps is gone");
    ensure!(hits(world, Place::Steinkjer, gone).await? == 0, "what others wrote came back with the edit");
    ensure!(hits(world, Place::Steinkjer, own).await? > 0, "Ole's words are gone");

    let view: CaseView = world.case(Who::Ole, case).await?;
    ensure!(view.entries.is_empty(), "{} entries are shown", view.entries.len());
    ensure!(view.summary.task == "returned", "{}", view.summary.task);
    let [item] = view.proposals.as_slice() else { anyhow::bail!("{} drafts", view.proposals.len()) };
    ensure!(item.state == "returned" && item.until.is_some() && item.kind == EntryKind::Note);
    ensure!(item.view.text("description".parse()?) == format!(", og {own}"), "the draft says something else");
    for (who, path) in [
        (Who::Ole, format!("/cases/{case}/entries/{goal}")),
        (Who::Ole, format!("/cases/{case}/entries/{note}")),
        (Who::Ida, format!("/cases/{case}")),
        (Who::Berit, format!("/cases/{case}")),
    ] {
        let answer = world.look(who, &path).await?;
        ensure!(answer.status == 404, "{who:?} is shown {path}: {}", answer.status);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_law_keeps_is_locked_and_own_words_come_back_without_the_rest() {
    story().await.expect("the story holds");
}
