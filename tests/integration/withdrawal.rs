//! A withdrawal, from the family's word to the partner's empty disk.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use stafett_node::engine::answer::ReceiptItem;
use stafett_protocol::erasure::{Done, LockBasis};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::transaction::EntryState;
use stafett_protocol::wire::Frame;
use stafett_protocol::wire::codec;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::{Needle, contains};
use stafett_tests::real::tap::Stream;
use stafett_tests::real::world::{Family, World, note};
use stafett_tests::real::{STILL, opened, until};

/// Entries on their way when the family withdraws; together more than any window holds.
const ON_THE_WAY: usize = 48;
const LONG: usize = 14_000;

struct Shared {
    family: Family,
    consent: ConsentId,
    marker: String,
    entry: EntryId,
}

/// A case whose language PPT reads; Ole works with it.
async fn shared(world: &World, marker: String) -> anyhow::Result<Shared> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], &format!("kanari {marker}")).await?;
    let consent = world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    Ok(Shared { family, consent, marker, entry })
}

/// Ole writes in a case; returns the entry that Inderøy made of it, once it is back.
async fn ole_writes(world: &World, case: CaseId, text: &str) -> anyhow::Result<EntryId> {
    world.publish(Who::Ole, case, &["language"], text).await?;
    until("Ole's note as an entry", async || {
        let view = world.case(Who::Ole, case).await?;
        let description = "description".parse()?;
        Ok(view.entries.iter().find(|item| item.view.text(description) == text).map(|item| item.entry))
    })
    .await
}

/// The data frames that were handed over after the first `before`, by what they are about.
fn later(world: &World, before: usize, case: CaseId) -> anyhow::Result<Vec<u16>> {
    let frames = world.handed_on(Place::Inderoy, Place::Steinkjer, Stream::Data)?;
    let about: Vec<u16> = frames[before..]
        .iter()
        .filter_map(|bytes| {
            let frame = codec::decode(bytes).ok()?;
            let is_about = match &frame {
                Frame::Announce(body) => body.case == case,
                Frame::Relation(body) => body.case == case,
                _ => contains(bytes, case.as_bytes()),
            };
            is_about.then(|| frame.kind())
        })
        .collect();
    Ok(about)
}

async fn receipt(world: &World, of: &Shared) -> anyhow::Result<ReceiptItem> {
    until("the receipt", async || {
        let consents = world.consents(Who::Marte, of.family.case).await?;
        let item = consents.into_iter().find(|item| item.asked.id == of.consent).context("the consent")?;
        ensure!(item.status == "withdrawn", "the consent is {}", item.status);
        ensure!(!item.orders.is_empty(), "no order came of the withdrawal");
        Ok(item.orders.into_iter().find_map(|order| order.receipt))
    })
    .await
}

async fn hits(world: &World, place: Place, marker: &str) -> anyhow::Result<usize> {
    let store = opened::open(world.folder(place))?;
    Ok(store.search_everything(marker.as_bytes()).await?.hits.len())
}

/// Publishes much more than fits on its way, withdraws while it waits, and returns how many data
/// frames had been handed over when the withdrawal was answered.
async fn withdraw_while_much_waits(world: &World, of: &Shared) -> anyhow::Result<usize> {
    let line = world.line(Place::Inderoy, Place::Steinkjer);
    line.cut();
    let marte = world.person(Who::Marte)?;
    let path = format!("/cases/{}/entries", of.family.case);
    let long = format!("{} {}", of.marker, "snø ".repeat(LONG / 4));
    for number in 0..ON_THE_WAY {
        let _: Value = marte.post(&path, &note(&["language"], &format!("{number} {long}"))).await?;
    }
    let before = world.handed_on(Place::Inderoy, Place::Steinkjer, Stream::Data)?.len();
    let withdrawn = world.withdraw(Who::Marte, of.family.case, of.consent, of.family.father).await?;
    let handed = world.handed_on(Place::Inderoy, Place::Steinkjer, Stream::Data)?.len();
    ensure!(withdrawn.status == "withdrawn", "{}", withdrawn.status);
    ensure!(withdrawn.orders.iter().all(|order| order.receipt.is_none()), "a receipt over a cut line");
    ensure!(
        before <= handed && handed < before + ON_THE_WAY,
        "the line swallowed everything: {before} {handed}"
    );
    line.heal();
    Ok(handed)
}

/// The rows as they were, with the keys that are left: what a thief of an old disk would have.
async fn old_rows_with_keys(
    world: &World,
    old: &str,
    keys: &str,
    markers: [&str; 2],
) -> anyhow::Result<[usize; 2]> {
    let place = world.aside(keys);
    opened::copy(world.folder(Place::Steinkjer), opened::KEYS, &place)?;
    std::fs::copy(world.aside(old).join(opened::ROWS), place.join(opened::ROWS))?;
    let store = opened::open_elsewhere(world.folder(Place::Steinkjer), place)?;
    let mut found = [0; 2];
    for (found, marker) in found.iter_mut().zip(markers) {
        *found = store.search_everything(marker.as_bytes()).await?.hits.len();
    }
    Ok(found)
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(3);
    let world = World::two().await?;
    let ended = shared(&world, chance.marker("withdrawn")).await?;
    let kept = shared(&world, chance.marker("kept")).await?;
    let of_ole = chance.marker("Ole's own");
    let own = ole_writes(&world, ended.family.case, &format!("min egen {of_ole}")).await?;
    let markers = [ended.marker.as_str(), kept.marker.as_str()];

    let old = "rows before";
    opened::copy(world.folder(Place::Steinkjer), opened::ROWS, &world.aside(old))?;
    let [of_ended, of_kept] = old_rows_with_keys(&world, old, "keys before", markers).await?;
    ensure!(of_ended > 0 && of_kept > 0, "before: {of_ended} {of_kept}: the search finds nothing");

    let handed = withdraw_while_much_waits(&world, &ended).await?;
    let receipt = receipt(&world, &ended).await?;
    tokio::time::sleep(STILL).await;
    let after = later(&world, handed, ended.family.case)?;
    ensure!(after.is_empty(), "after the withdrawal was answered frames of kinds {after:?} went out");

    let items: BTreeMap<EntryId, Done> = receipt.items;
    ensure!(items.get(&ended.entry) == Some(&Done::Erased), "{:?}", items.get(&ended.entry));
    let locked = Done::Locked { basis: LockBasis::OwnWriting };
    ensure!(items.get(&own) == Some(&locked), "Ole's own: {:?}", items.get(&own));
    at_steinkjer(&world, &ended, &kept, own, &of_ole).await?;

    let [of_ended, of_kept] = old_rows_with_keys(&world, old, "keys after", markers).await?;
    ensure!(of_ended == 0, "the old rows open with the keys that are left: {of_ended} hits");
    ensure!(of_kept > 0, "the old rows of the other case do not open: the control is dead");
    world.end().await
}

/// What is left at the partner: nothing of Marte's, Ole's own writing locked, the other case whole.
async fn at_steinkjer(
    world: &World,
    ended: &Shared,
    kept: &Shared,
    own: EntryId,
    of_ole: &str,
) -> anyhow::Result<()> {
    let needle = Needle::text("the canary", &ended.marker);
    let store = opened::open(world.folder(Place::Steinkjer))?;
    let search = opened::search(&store, &[needle]).await?;
    ensure!(search.hits.is_empty(), "{:?}", search.hits);
    ensure!(hits(world, Place::Steinkjer, &kept.marker).await? > 0, "the other case's canary is gone too");
    ensure!(hits(world, Place::Steinkjer, of_ole).await? > 0, "Ole's own writing was erased, not locked");
    let record = store.entry(own).await?.context("Ole's own entry")?;
    ensure!(matches!(record.state, EntryState::Locked { .. }), "{:?}", record.state);

    let case = ended.family.case;
    let gone = world.look(Who::Ole, &format!("/cases/{case}")).await?;
    ensure!(gone.status == 404, "Ole is told {}", gone.status);
    let locked = world.look(Who::Ole, &format!("/cases/{case}/entries/{own}")).await?;
    ensure!(locked.status == 404, "Ole is shown what is locked: {}", locked.status);
    let refused = world.person(Who::Ole)?;
    let body = json!({ "fields": { "description": "likevel" } });
    let path = format!("/cases/{case}/entries/{own}");
    let refused = refused.ask(reqwest::Method::PATCH, &path, Some(&body)).await?;
    ensure!(refused.status == 404, "Ole edits what is locked: {}", refused.status);
    world.entry(Who::Ole, kept.family.case, kept.entry).await.context("the other case")?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_withdrawal_nothing_more_goes_out_and_what_went_is_erased_or_locked_for_good() {
    story().await.expect("the story holds");
}
