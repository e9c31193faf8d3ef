//! The line is down during a meeting, and the family changes its mind meanwhile.

use super::*;
use stafett_node::engine::answer::Health;
use stafett_node::engine::restore::AfterRestore;
use stafett_node::engine::seal::SealReason;
use stafett_tests::real::backup;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::world::note;

async fn publish(world: &World, case: CaseId, kind: &str, fields: Value) -> anyhow::Result<EntryId> {
    let body = json!({ "kind": kind, "areas": ["language"], "fields": fields });
    let published: Value = world.person(Who::Marte)?.post(&format!("/cases/{case}/entries"), &body).await?;
    Ok(published["entry"].as_str().context("an id")?.parse()?)
}

/// What Marte writes in the meeting, on her own node alone.
async fn meeting(world: &World, case: CaseId) -> anyhow::Result<Vec<EntryId>> {
    let measure = |title: &str| json!({ "title": title, "responsible": "Marte", "deadline": "2027-03-01", "status": "planned" });
    Ok(vec![
        publish(world, case, "measure", measure("Lesestund hver dag")).await?,
        publish(world, case, "measure", measure("Lydbok hjemme")).await?,
        world.write(Who::Marte, case, &["language"], "Avtalt: nytt møte om seks uker.").await?,
    ])
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(43);
    let marker = chance.marker("before");
    let mut world = World::two().await?;
    let (family, _, entry) = read_by_ole(&world, &marker).await?;
    let (other, withdrawn, _) = read_by_ole(&world, &chance.marker("other")).await?;
    let case = family.case;
    world.kill(Place::Inderoy).await?;
    backup::copy_store(world.folder(Place::Inderoy), &world.aside("backup"))?;
    world.start(Place::Inderoy).await?;

    // The line is down; both sides go on writing, and nothing waits for the other.
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    let written = meeting(&world, case).await?;
    world.edit(Who::Marte, case, entry, &format!("kanari {marker} fra møtet")).await?;
    world.edit(Who::Ole, case, entry, &format!("fra PPT kanari {marker}")).await?;
    let path = format!("/cases/{case}/entries");
    let of_ole: Value =
        world.person(Who::Ole)?.post(&path, &note(&["language"], "Kartlegging bestilt.")).await?;
    ensure!(!of_ole["proposal"].is_null(), "Ole's note is kept on his node: {of_ole}");

    // Of the other case the father changes his mind meanwhile, and Ole, who cannot know, writes on.
    says_stop(&world, other, withdrawn, other.father).await?;
    let path = format!("/cases/{}/entries", other.case);
    let late = chance.marker("late");
    let body = note(&["language"], &format!("etter {late}"));
    let _: Value = world.person(Who::Ole)?.post(&path, &body).await?;

    // Power is lost at both ends as well; nothing that was acknowledged may be.
    world.restart(Place::Inderoy).await?;
    world.restart(Place::Steinkjer).await?;
    world.line(Place::Inderoy, Place::Steinkjer).heal();

    // Everything is there, once, at both ends.
    for entry in &written {
        world.until_readable(Who::Ole, case, *entry).await?;
    }
    until("both edits at both ends", async || {
        let mut texts = Vec::new();
        for who in [Who::Marte, Who::Ole] {
            let item = world.entry(who, case, entry).await?;
            texts.push(item.view.text("description".parse()?).to_owned());
        }
        let merged = format!("fra PPT kanari {marker} fra møtet");
        Ok(texts.iter().all(|text| *text == merged).then_some(()))
    })
    .await?;
    until("Ole's note at both ends", async || {
        let at_marte = count_of(&world, Who::Marte, case, "Kartlegging bestilt.").await?;
        let at_ole = count_of(&world, Who::Ole, case, "Kartlegging bestilt.").await?;
        ensure!(at_marte <= 1 && at_ole <= 1, "twice: {at_marte} {at_ole}");
        Ok((at_marte == 1 && at_ole == 1).then_some(()))
    })
    .await?;
    let by_ole = world.case(Who::Marte, case).await?;
    let by_ole = by_ole.entries.iter().find(|item| {
        item.written_by.as_ref().is_some_and(|service| service.host == Place::Steinkjer.number())
    });
    ensure!(by_ole.is_some(), "Marte sees that PPT wrote it");

    // The withdrawal during the outage wins over what was written after it.
    receipts(&world, other.case, withdrawn).await?;
    ensure!(hits(&world, Place::Inderoy, &late).await? == 0, "Ole's late note came in");
    let left = world.case(Who::Ole, other.case).await?;
    ensure!(left.entries.is_empty(), "Ole reads {} entries on", left.entries.len());
    let returned = left.proposals.iter().filter(|proposal| proposal.state == "returned").count();
    ensure!(returned == 1, "his own note goes back to Ole: {returned}");
    printed(&world, case, &marker).await?;
    lost_and_restored(&mut world, (case, entry), &written, withdrawn).await?;
    ensure!(hits(&world, Place::Inderoy, &late).await? == 0, "Ole's late note came in after the restore");
    world.end().await
}

/// Inderøy's machine is gone. Its store comes from the backup of before the meeting, its journal
/// is where it was.
async fn lost_and_restored(
    world: &mut World,
    (case, entry): (CaseId, EntryId),
    written: &[EntryId],
    withdrawn: ConsentId,
) -> anyhow::Result<()> {
    world.kill(Place::Inderoy).await?;
    backup::restore_store(world.folder(Place::Inderoy), &world.aside("backup"))?;
    world.line(Place::Inderoy, Place::Steinkjer).heal();
    world.start(Place::Inderoy).await?;
    let health: Health = world.person(Who::Marte)?.get("/health").await?;
    ensure!(health.sealed_because.contains(&SealReason::BehindJournal), "{:?}", health.sealed_because);

    let done: AfterRestore = backup::command(world.folder(Place::Inderoy), &["seal", "replay"]).await?;

    ensure!(done.withdrawn.contains(&withdrawn), "the father's word was lost: {done:?}");
    until("that both nodes have compared", async || {
        Ok(world.log(Place::Inderoy)?.contains("the link is open again").then_some(()))
    })
    .await?;
    // What the backup has is shared again under the consent that stands, and nothing more.
    world.until_readable(Who::Ole, case, entry).await?;
    let paths = written.iter().map(|lost| format!("/cases/{case}/entries/{lost}"));
    for path in paths {
        ensure!(status(&world.person(Who::Marte)?, &path).await? == 404, "Inderøy has {path}");
        until("that Steinkjer has not", async || {
            Ok((status(&world.person(Who::Ole)?, &path).await? == 404).then_some(()))
        })
        .await?;
    }
    let text = format!("etter en gjenoppretting {}", world.now(Place::Inderoy)?);
    let later = world.write(Who::Marte, case, &["language"], &text).await?;
    world.until_readable(Who::Ole, case, later).await?;
    Ok(())
}

/// A copy on paper can be had from the node alone, with the line down.
async fn printed(world: &World, case: CaseId, marker: &str) -> anyhow::Result<()> {
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    let marte = world.person(Who::Marte)?;
    let paper = marte.page(&format!("/cases/{case}/print")).await?;
    ensure!(paper.status == 200, "{}", paper.status);
    let text = String::from_utf8(paper.body)?;
    ensure!(text.contains(marker) && text.contains("Lesestund hver dag"), "the paper lacks entries");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_both_sides_of_a_cut_line_meets_again_and_a_withdrawal_wins_also_over_a_restore() {
    story().await.expect("the story holds");
}
