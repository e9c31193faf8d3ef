//! Entries whose rows the disk no longer gives whole, on either side of a link: neither the node nor
//! the link nor the case stops for one, nothing is written over it, and what ends it ends it.

use anyhow::{Context, ensure};
use stafett_node::engine::answer::ReceiptItem;
use stafett_protocol::erasure::Done;
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{opened, until};

/// A consent to PPT, with entries under it that PPT reads.
struct Shared {
    family: Family,
    consent: ConsentId,
    entries: Vec<EntryId>,
}

async fn shared(world: &World, texts: &[&str]) -> anyhow::Result<Shared> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let mut entries = Vec::new();
    for text in texts {
        entries.push(world.write(Who::Marte, family.case, &["language"], text).await?);
    }
    let consent = world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    for entry in &entries {
        world.until_readable(Who::Ole, family.case, *entry).await?;
    }
    Ok(Shared { family, consent, entries })
}

fn rows(world: &World, place: Place) -> anyhow::Result<rusqlite::Connection> {
    let folder = stafett_tests::real::folder::settings(world.folder(place))?.store.folder;
    Ok(rusqlite::Connection::open(folder.join(opened::ROWS))?)
}

/// The sealed facts of an entry, and the hashes of its changes.
fn stored(world: &World, place: Place, entry: EntryId) -> anyhow::Result<Option<(Vec<u8>, u32)>> {
    use rusqlite::OptionalExtension;
    let sql =
        "SELECT sealed, (SELECT count(*) FROM entry_change WHERE entry_change.entry_id = entry.entry_id)
               FROM entry WHERE entry_id = ?1";
    let row = rows(world, place)?
        .query_row(sql, [entry.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row)
}

/// Stops a node, damages the facts of an entry, and starts it again.
async fn damage(world: &mut World, place: Place, entry: EntryId) -> anyhow::Result<()> {
    world.kill(place).await?;
    let (mut sealed, _) = stored(world, place, entry)?.context("the entry")?;
    *sealed.last_mut().context("bytes")? ^= 1;
    let sql = "UPDATE entry SET sealed = ?2 WHERE entry_id = ?1";
    let changed = rows(world, place)?.execute(sql, (entry.as_bytes(), sealed))?;
    ensure!(changed == 1, "{changed} rows");
    world.start(place).await.with_context(|| format!("{} with a damaged entry", place.name()))
}

async fn receipt(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<ReceiptItem> {
    until("the receipt", async || {
        let consents = world.consents(Who::Marte, case).await?;
        let item = consents.into_iter().find(|item| item.asked.id == consent).context("the consent")?;
        Ok(item.orders.into_iter().find_map(|order| order.receipt))
    })
    .await
}

fn told(world: &World, place: Place, entry: EntryId) -> anyhow::Result<usize> {
    let log = world.log(place)?;
    let said = |line: &&str| line.contains("an entry cannot be read") && line.contains(&entry.to_string());
    Ok(log.lines().filter(said).count())
}

async fn at_a_partner() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let one = shared(&world, &["Ante teller til ti", "Ante leser"]).await?;
    let other = shared(&world, &["Ante regner"]).await?;
    let (case, [lost, whole]) = (one.family.case, [one.entries[0], one.entries[1]]);
    damage(&mut world, Place::Steinkjer, lost).await?;
    let before = stored(&world, Place::Steinkjer, lost)?;

    world.edit(Who::Marte, case, lost, "Ante teller til tjue").await?;
    for case in [case, other.family.case] {
        let new = world.write(Who::Marte, case, &["language"], "Ante skriver").await?;
        world.until_readable(Who::Ole, case, new).await?;
    }
    ensure!(stored(&world, Place::Steinkjer, lost)? == before, "the damaged row was written over");
    ensure!(
        told(&world, Place::Steinkjer, lost)? == 1,
        "said {} times",
        told(&world, Place::Steinkjer, lost)?
    );

    world.withdraw(Who::Marte, case, one.consent, one.family.father).await?;
    let receipt = receipt(&world, case, one.consent).await?;
    for entry in [lost, whole] {
        ensure!(receipt.items.get(&entry) == Some(&Done::Erased), "{:?}", receipt.items.get(&entry));
        ensure!(stored(&world, Place::Steinkjer, entry)?.is_none(), "{entry} is still here");
    }
    world.until_readable(Who::Ole, other.family.case, other.entries[0]).await?;
    world.end().await
}

async fn at_the_owner() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let one = shared(&world, &["Ante teller til ti", "Ante leser"]).await?;
    let (case, lost) = (one.family.case, one.entries[0]);
    damage(&mut world, Place::Inderoy, lost).await?;

    let new = world.write(Who::Marte, case, &["language"], "Ante skriver").await?;
    world.until_readable(Who::Ole, case, new).await?;
    world.edit(Who::Ole, case, lost, "Ante teller til tjue").await?;
    let new = world.write(Who::Marte, case, &["language"], "Ante synger").await?;
    world.until_readable(Who::Ole, case, new).await?;
    ensure!(stored(&world, Place::Inderoy, lost)?.is_some_and(|(_, changes)| changes == 1), "written in");
    let view: serde_json::Value = world.person(Who::Marte)?.get(&format!("/cases/{case}")).await?;
    ensure!(view["unreadable"] == 1, "{}", view["unreadable"]);

    world.withdraw(Who::Marte, case, one.consent, one.family.father).await?;
    let receipt = receipt(&world, case, one.consent).await?;
    ensure!(receipt.items.get(&lost) == Some(&Done::Erased), "{:?}", receipt.items.get(&lost));
    ensure!(stored(&world, Place::Steinkjer, lost)?.is_none(), "the partner still has it");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_entry_of_a_partners_stops_neither_the_node_nor_its_order() {
    at_a_partner().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_own_entry_stops_neither_the_node_nor_what_calls_it_back() {
    at_the_owner().await.expect("the story holds");
}
