//! An edited entry reaches a second partner (law 7): it goes on to a generation without its history,
//! what the first partner wrote offline on the old one is carried over once, and the second never
//! gets what was struck out before it came.

use std::path::Path;

use anyhow::ensure;
use stafett_node::engine::answer::EntryItem;
use stafett_protocol::entry::FieldKey;
use stafett_protocol::id::{CaseId, EntryId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::{Needle, contains};
use stafett_tests::real::world::World;
use stafett_tests::real::{opened, until};

const BY_PPT: &str = "skrevet hos PPT uten linje";
const BY_SCHOOL: &str = "skrevet på skolen imens";

/// Ten minutes without a change are too long to wait for; invented persons may go on sooner.
fn shorten_quiet(folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("stafett.toml");
    let text = std::fs::read_to_string(&file)?;
    ensure!(text.contains("\n[development]\n"), "the nodes of tests record what they hand over");
    std::fs::write(file, text.replacen("\n[development]\n", "\n[development]\ngeneration_quiet_s = 2\n", 1))?;
    Ok(())
}

fn text(item: &EntryItem) -> String {
    item.view.text(FieldKey::Description).to_owned()
}

async fn hits(world: &World, place: Place, text: &str) -> anyhow::Result<usize> {
    let needle = Needle::text("a text", text);
    let search = opened::search(&opened::open(world.folder(place))?, &[needle]).await?;
    ensure!(search.blobs.0 > 0, "no blob of {place:?}'s store was opened");
    Ok(search.hits.len())
}

async fn until_text(
    world: &World,
    who: Who,
    case: CaseId,
    entry: EntryId,
    fits: impl Fn(&str) -> bool,
) -> anyhow::Result<EntryItem> {
    until("a text that fits", async || {
        let item = world.entry(who, case, entry).await?;
        Ok(fits(&text(&item)).then_some(item))
    })
    .await
}

async fn until_generation_changes(
    world: &World,
    case: CaseId,
    item: &EntryItem,
) -> anyhow::Result<EntryItem> {
    until("a new generation", async || {
        let present = world.entry(Who::Marte, case, item.entry).await?;
        Ok((present.generation != item.generation).then_some(present))
    })
    .await
}

async fn story() -> anyhow::Result<()> {
    let deleted = Chance::seeded(17).marker("what was struck out");
    let places = [Place::Steinkjer, Place::Inderoy, Place::Snasa];
    let pairs = [(Place::Inderoy, Place::Steinkjer), (Place::Snasa, Place::Inderoy)];
    let mut world = World::make(&places, &pairs, &[]).await?;
    shorten_quiet(world.folder(Place::Inderoy))?;
    for place in places {
        world.start(place).await?;
    }
    let family = world.open_case(Who::Marte, ["Aslak Prøve", "Inga Prøve", "Nils Prøve"]).await?;
    let case = family.case;
    let first = format!("felles {deleted}");
    let entry = world.write(Who::Marte, case, &["language"], &first).await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    ensure!(hits(&world, Place::Steinkjer, &deleted).await? > 0, "the search finds what PPT got");
    world.edit(Who::Marte, case, entry, "felles").await?;
    until_text(&world, Who::Ole, case, entry, |text| text == "felles").await?;

    world.line(Place::Inderoy, Place::Steinkjer).cut();
    world.edit(Who::Ole, case, entry, &format!("felles, {BY_PPT}")).await?;
    let edited = world.edit(Who::Marte, case, entry, &format!("{BY_SCHOOL}: felles")).await?;
    until_generation_changes(&world, case, &edited).await?;
    world.share(Who::Marte, family, (Place::Snasa, "school"), &["language"]).await?;
    until("the entry in Snåsa", async || {
        Ok(opened::open(world.folder(Place::Snasa))?.content(entry).await?)
    })
    .await?;
    ensure!(hits(&world, Place::Snasa, BY_SCHOOL).await? > 0, "the search finds what Snåsa got");
    ensure!(hits(&world, Place::Snasa, BY_PPT).await? == 0, "what PPT wrote is not with the owner yet");
    world.restart(Place::Inderoy).await?;

    world.line(Place::Inderoy, Place::Steinkjer).heal();
    let both = |text: &str| text.contains(BY_PPT) && text.contains(BY_SCHOOL);
    let at_owner = until_text(&world, Who::Marte, case, entry, both).await?;
    for mark in ["felles", BY_PPT, BY_SCHOOL] {
        ensure!(text(&at_owner).matches(mark).count() == 1, "{mark} in {}", text(&at_owner));
    }
    until("the same text at PPT, with nothing that waits", async || {
        let item = world.entry(Who::Ole, case, entry).await?;
        let settled = item.undelivered.is_none() && item.heads == at_owner.heads;
        ensure!(text(&item).matches(BY_PPT).count() == 1, "PPT always reads its own edit, once");
        Ok((settled && text(&item) == text(&at_owner)).then_some(()))
    })
    .await?;
    until("what PPT wrote in Snåsa", async || {
        Ok((hits(&world, Place::Snasa, BY_PPT).await? > 0).then_some(()))
    })
    .await?;
    until("an old generation that is erased at PPT", async || {
        Ok((hits(&world, Place::Steinkjer, &deleted).await? == 0).then_some(()))
    })
    .await?;

    ensure!(hits(&world, Place::Snasa, &deleted).await? == 0, "Snåsa holds what was struck out");
    let to_snasa = world.handed(Place::Inderoy, Place::Snasa)?;
    ensure!(!to_snasa.is_empty(), "the recording is dead");
    let found = Needle::text("what was struck out", &deleted).found_in_any(&to_snasa);
    ensure!(found.is_empty(), "what was struck out left for Snåsa as {found:?}");
    let to_ppt = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let snasa = Place::Snasa.organisation().as_bytes();
    ensure!(!to_ppt.iter().any(|frame| contains(frame, snasa)), "PPT hears of Snåsa");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn edited_entry_reaches_a_second_partner_with_late_edits_and_without_what_was_struck_out() {
    story().await.expect("the story holds");
}
