//! Nodes whose data come from a backup (law 16): they start sealed, say so, and open by the
//! operator's commands; what was withdrawn or blocked since the backup stays so.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stafett_node::engine::answer::Health;
use stafett_node::engine::restore::AfterRestore;
use stafett_node::engine::seal::SealReason;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, PersonId};
use stafett_protocol::wire::{Frame, codec};
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::settings;
use stafett_tests::real::tap::Stream;
use stafett_tests::real::world::{Family, World, note};
use stafett_tests::real::{STILL, backup, opened, until};

const OWN: Place = Place::Inderoy;
const THEIRS: Place = Place::Steinkjer;

struct Shared {
    family: Family,
    consent: ConsentId,
    marker: String,
    entry: EntryId,
}

/// A case whose language PPT reads.
async fn shared(world: &World, seed: u64) -> anyhow::Result<Shared> {
    let marker = Chance::seeded(seed).marker("restored");
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], &format!("kanari {marker}")).await?;
    let consent = world.share(Who::Marte, family, (THEIRS, "ppt"), &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    Ok(Shared { family, consent, marker, entry })
}

/// Takes a backup of a node's store, as its operator does.
async fn back_up(world: &mut World, place: Place) -> anyhow::Result<()> {
    world.kill(place).await?;
    backup::copy_store(world.folder(place), &world.aside("backup"))?;
    world.start(place).await
}

async fn restore(world: &mut World, place: Place) -> anyhow::Result<()> {
    world.kill(place).await?;
    backup::restore_store(world.folder(place), &world.aside("backup"))
}

async fn is_sealed(world: &World, who: Who, reason: SealReason) -> anyhow::Result<()> {
    let health: Health = world.person(who)?.get("/health").await?;
    ensure!(health.sealed && !health.ready, "the node is not sealed");
    ensure!(health.sealed_because.contains(&reason), "{:?}", health.sealed_because);
    ensure!(health.next_step.as_deref() == Some(reason.next_step()), "{:?}", health.next_step);
    let log = world.log(who.part().place)?;
    ensure!(log.contains("sealed") && log.contains(reason.next_step()), "the log names no next command");
    Ok(())
}

async fn is_open(world: &World, who: Who) -> anyhow::Result<()> {
    let health: Health = world.person(who)?.get("/health").await?;
    ensure!(!health.sealed && health.ready, "sealed: {:?}", health.sealed_because);
    Ok(())
}

/// A refusal because of a seal, with words that name the command that is next.
async fn refused(
    world: &World,
    who: Who,
    asked: (Method, &str, Option<&Value>),
    command: &str,
) -> anyhow::Result<()> {
    let (method, path, body) = asked;
    let answer = world.person(who)?.ask(method, path, body).await?;
    let said: Value = serde_json::from_slice(&answer.body)?;
    let words = said["message"].as_str().unwrap_or_default();
    ensure!(answer.status == 503 && said["error"] == "sealed", "{path}: {} {said}", answer.status);
    ensure!(words.contains(command), "{path}: {words}");
    Ok(())
}

async fn hits(world: &World, place: Place, marker: &str) -> anyhow::Result<usize> {
    let store = opened::open(world.folder(place))?;
    Ok(store.search_everything(marker.as_bytes()).await?.hits.len())
}

async fn until_erased(world: &World, of: &Shared) -> anyhow::Result<()> {
    until("nothing of it at the partner", async || {
        Ok((hits(world, THEIRS, &of.marker).await? == 0).then_some(()))
    })
    .await?;
    let gone = world.look(Who::Ole, &format!("/cases/{}", of.family.case)).await?;
    ensure!(gone.status == 404, "Ole is told {}", gone.status);
    Ok(())
}

async fn status(world: &World, of: &Shared) -> anyhow::Result<String> {
    let consents = world.consents(Who::Marte, of.family.case).await?;
    Ok(consents.into_iter().find(|item| item.asked.id == of.consent).context("the consent")?.status)
}

fn links_up(world: &World, place: Place) -> anyhow::Result<usize> {
    Ok(world.log(place)?.matches("link is up").count())
}

/// The kinds of control frames that a node has handed over after the first `before`.
fn kinds_since(world: &World, from: Place, to: Place, before: usize) -> anyhow::Result<Vec<u16>> {
    let frames = world.handed_on(from, to, Stream::Control)?;
    frames.iter().skip(before).map(|bytes| Ok(codec::decode(bytes)?.kind())).collect()
}

/// The partner is reached, and nothing at all is handed to it.
async fn sends_nothing(world: &mut World, before: usize) -> anyhow::Result<()> {
    let up = links_up(world, OWN)?;
    world.start(THEIRS).await?;
    until("a connection", async || Ok((links_up(world, OWN)? > up).then_some(()))).await?;
    tokio::time::sleep(STILL).await;
    let handed = world.handed(OWN, THEIRS)?.len();
    ensure!(handed == before, "a sealed node handed over {} frames", handed - before);
    Ok(())
}

async fn own_backup_from_before_a_withdrawal() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 11).await?;
    let case = of.family.case;
    back_up(&mut world, OWN).await?;
    world.kill(THEIRS).await?;
    world.withdraw(Who::Marte, case, of.consent, of.family.father).await?;
    restore(&mut world, OWN).await?;
    let before = world.handed(OWN, THEIRS)?.len();

    world.start(OWN).await?;

    is_sealed(&world, Who::Marte, SealReason::BehindJournal).await?;
    sends_nothing(&mut world, before).await?;
    ensure!(status(&world, &of).await? == "valid", "the backup is not from before the withdrawal");
    let path = format!("/cases/{case}/entries");
    let body = note(&["language"], "x");
    refused(&world, Who::Marte, (Method::POST, &path, Some(&body)), "stafett seal replay").await?;
    world.entry(Who::Marte, case, of.entry).await.context("own content can be read")?;
    ensure!(hits(&world, THEIRS, &of.marker).await? > 0, "the control is dead");

    let done: AfterRestore = backup::command(world.folder(OWN), &["seal", "replay"]).await?;

    ensure!(done.withdrawn.contains(&of.consent) && done.incarnation == 1, "{done:?}");
    is_open(&world, Who::Marte).await?;
    ensure!(status(&world, &of).await? == "withdrawn", "the withdrawal was lost");
    until_erased(&world, &of).await?;
    let again = backup::command::<AfterRestore>(world.folder(OWN), &["seal", "replay"]).await;
    ensure!(again.is_err(), "there was something left to replay: {again:?}");
    world.end().await
}

async fn own_backup_from_before_a_block() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 12).await?;
    let case = of.family.case;
    back_up(&mut world, OWN).await?;
    world.kill(THEIRS).await?;
    let protect = json!({ "protection": "strictly-confidential" });
    let path = format!("/cases/{case}/address-protection");
    let _: Value = world.person(Who::Marte)?.send(Method::PUT, &path, Some(&protect)).await?;
    restore(&mut world, OWN).await?;
    let before = world.handed(OWN, THEIRS)?.len();
    world.start(OWN).await?;
    is_sealed(&world, Who::Marte, SealReason::BehindJournal).await?;
    sends_nothing(&mut world, before).await?;

    // What closes is taken by a sealed node too, and nobody is told before it is open.
    let withdrawn = world.withdraw(Who::Marte, case, of.consent, of.family.mother).await?;
    ensure!(withdrawn.status == "withdrawn" && withdrawn.orders.is_empty(), "{}", withdrawn.status);
    tokio::time::sleep(STILL).await;
    ensure!(world.handed(OWN, THEIRS)?.len() == before, "a sealed node sent an order");

    // The steps on a node that is stopped are the same.
    world.kill(OWN).await?;
    let done: AfterRestore = backup::command(world.folder(OWN), &["seal", "replay"]).await?;
    ensure!(done.blocked.contains(&case), "{done:?}");
    world.start(OWN).await?;

    is_open(&world, Who::Marte).await?;
    until_erased(&world, &of).await?;
    let announced = world.handed_on(OWN, THEIRS, Stream::Data)?.len();
    world.write(Who::Marte, case, &["language"], "etter sperringen").await?;
    tokio::time::sleep(STILL).await;
    ensure!(world.handed_on(OWN, THEIRS, Stream::Data)?.len() == announced, "a blocked case was shared");
    world.end().await
}

async fn partners_backup_from_before_a_withdrawal() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 13).await?;
    let case = of.family.case;
    back_up(&mut world, THEIRS).await?;
    world.until_readable(Who::Ole, case, of.entry).await?;
    world.withdraw(Who::Marte, case, of.consent, of.family.father).await?;
    until_erased(&world, &of).await?;
    restore(&mut world, THEIRS).await?;
    ensure!(hits(&world, THEIRS, &of.marker).await? > 0, "the backup has nothing of it");
    let before = world.handed_on(THEIRS, OWN, Stream::Control)?.len();
    let up = links_up(&world, OWN)?;

    world.start(THEIRS).await?;

    is_sealed(&world, Who::Ole, SealReason::BehindJournal).await?;
    let path = format!("/cases/{case}");
    refused(&world, Who::Ole, (Method::GET, &path, None), "stafett seal replay").await?;
    until("a connection", async || Ok((links_up(&world, OWN)? > up).then_some(()))).await?;
    tokio::time::sleep(STILL).await;
    let kinds = kinds_since(&world, THEIRS, OWN, before)?;
    ensure!(kinds.is_empty(), "a sealed node sent frames of kinds {kinds:?}");

    let done: AfterRestore = backup::command(world.folder(THEIRS), &["seal", "replay"]).await?;

    ensure!(done.received_ended.contains(&case), "{done:?}");
    ensure!(hits(&world, THEIRS, &of.marker).await? == 0, "what was erased on order is here again");
    until("the receipt again", async || {
        let kinds = kinds_since(&world, THEIRS, OWN, before)?;
        Ok(kinds.contains(&14).then_some(()))
    })
    .await?;
    let gone = world.look(Who::Ole, &path).await?;
    ensure!(gone.status == 404, "Ole is told {}", gone.status);
    is_open(&world, Who::Ole).await?;
    world.end().await
}

async fn journal_is_lost() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 14).await?;
    let (case, folder) = (of.family.case, world.folder(OWN).to_owned());
    world.kill(OWN).await?;
    std::fs::remove_file(backup::journal(&folder)?)?;
    world.start(OWN).await?;
    is_sealed(&world, Who::Marte, SealReason::JournalLost).await?;

    let done: AfterRestore = backup::command(&folder, &["seal", "reconfirm", "--yes"]).await?;

    ensure!(done.in_doubt.contains(&of.consent), "{done:?}");
    is_open(&world, Who::Marte).await?;
    ensure!(status(&world, &of).await? == "in-doubt", "{}", status(&world, &of).await?);
    let new = world.write(Who::Marte, case, &["language"], "mens det er tvil").await?;
    until("that both nodes have compared", async || {
        Ok(world.log(OWN)?.contains("the link is open again").then_some(()))
    })
    .await?;
    // What is consented to from here on reaches Ole, so the link is alive.
    shared(&world, 16).await?;
    let unseen = world.look(Who::Ole, &format!("/cases/{case}/entries/{new}")).await?;
    ensure!(unseen.status == 404, "a consent in doubt opened something: {}", unseen.status);
    ensure!(hits(&world, THEIRS, &of.marker).await? > 0, "a doubt ordered the partner to erase");

    let path = format!("/cases/{case}/consents/{}/reconfirmation", of.consent);
    let one = json!({ "givers": [of.family.mother] });
    let answer = world.person(Who::Marte)?.ask(Method::POST, &path, Some(&one)).await?;
    ensure!(answer.status == 422, "one of two givers was enough: {}", answer.status);
    let both = json!({ "givers": [of.family.mother, of.family.father] });
    let item: Value = world.person(Who::Marte)?.post(&path, &both).await?;
    ensure!(item["status"] == "valid", "{item}");
    world.until_readable(Who::Ole, case, new).await?;
    world.restart(OWN).await?;
    is_open(&world, Who::Marte).await?;
    world.end().await
}

/// Damages what an own case's chain says, as a failing disk could.
fn damage(world: &World, place: Place, case: CaseId) -> anyhow::Result<()> {
    let path = settings(world.folder(place))?.store.folder.join(opened::ROWS);
    let rows = rusqlite::Connection::open(path)?;
    let damaged = rows.execute(
        "UPDATE ledger SET sealed = zeroblob(200) WHERE case_id = ?1 AND number = 1",
        [case.as_bytes()],
    )?;
    ensure!(damaged == 1, "the case has no such row");
    Ok(())
}

async fn one_case_is_damaged() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let damaged = shared(&world, 18).await?;
    let sound = shared(&world, 19).await?;
    world.kill(THEIRS).await?;
    world.kill(OWN).await?;
    let folder = world.folder(OWN).to_owned();
    std::fs::remove_file(backup::journal(&folder)?)?;
    let done: AfterRestore = backup::command(&folder, &["seal", "reconfirm", "--yes"]).await?;
    ensure!(done.in_doubt.contains(&sound.consent), "{done:?}");
    damage(&world, OWN, damaged.family.case)?;

    world.start(OWN).await?;
    world.start(THEIRS).await?;

    until("that both nodes have compared", async || {
        Ok(world.log(OWN)?.contains("the link is open again").then_some(()))
    })
    .await?;
    let log = world.log(OWN)?;
    let named = log.lines().filter(|line| line.contains("a damaged case"));
    ensure!(named.clone().count() > 0, "nobody is told of the damaged case");
    let id = damaged.family.case.to_string();
    ensure!(named.clone().all(|line| line.contains(&id)), "another case is named");
    let case = sound.family.case;
    let path = format!("/cases/{case}/consents/{}/reconfirmation", sound.consent);
    let both = json!({ "givers": [sound.family.mother, sound.family.father] });
    let _: Value = world.person(Who::Marte)?.post(&path, &both).await?;
    let new = world.write(Who::Marte, case, &["language"], "etter sammenligningen").await?;
    world.until_readable(Who::Ole, case, new).await?;
    ensure!(hits(&world, THEIRS, &damaged.marker).await? > 0, "a damage ordered the partner to erase");
    world.end().await
}

async fn store_and_journal_are_restored_together() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 15).await?;
    let case = of.family.case;
    world.kill(OWN).await?;
    backup::copy_store(world.folder(OWN), &world.aside("backup"))?;
    backup::copy_journal(world.folder(OWN), &world.aside("journal"))?;
    world.start(OWN).await?;
    world.withdraw(Who::Marte, case, of.consent, of.family.father).await?;
    until_erased(&world, &of).await?;
    restore(&mut world, OWN).await?;
    backup::restore_journal(world.folder(OWN), &world.aside("journal"))?;
    let data = world.handed_on(OWN, THEIRS, Stream::Data)?.len();

    world.start(OWN).await?;
    until("the partner's word that the node was restored", async || {
        let health: Health = world.person(Who::Marte)?.get("/health").await?;
        Ok(health.sealed.then_some(()))
    })
    .await?;

    is_sealed(&world, Who::Marte, SealReason::ShownByPartner).await?;
    tokio::time::sleep(STILL).await;
    let handed = world.handed_on(OWN, THEIRS, Stream::Data)?.len();
    ensure!(handed == data, "{} data frames left before the partner had spoken", handed - data);
    world.restart(OWN).await?;
    is_sealed(&world, Who::Marte, SealReason::ShownByPartner).await?;

    let _: AfterRestore = backup::command(world.folder(OWN), &["seal", "reconfirm", "--yes"]).await?;

    until("that both nodes have compared", async || {
        Ok(world.log(OWN)?.contains("the link is open again").then_some(()))
    })
    .await?;
    ensure!(status(&world, &of).await? == "in-doubt", "{}", status(&world, &of).await?);
    world.write(Who::Marte, case, &["language"], "skal ikke ut").await?;
    shared(&world, 17).await?;
    let frames = world.handed_on(OWN, THEIRS, Stream::Data)?;
    let frames = frames[data..].iter().filter_map(|bytes| codec::decode(bytes).ok());
    let announced: Vec<CaseId> = frames
        .filter_map(|frame| match frame {
            Frame::Announce(body) => Some(body.case),
            _ => None,
        })
        .collect();
    ensure!(!announced.is_empty() && !announced.contains(&case), "{announced:?}: a withdrawn consent");
    until_erased(&world, &of).await?;
    world.end().await
}

/// After the backup the father closes an entry to PPT, is taken out of the family, and, in another
/// case, turns out to be the threat.
async fn own_backup_from_before_what_the_family_changed() -> anyhow::Result<()> {
    let mut world = World::two().await?;
    let of = shared(&world, 18).await?;
    let Family { case, mother, father } = of.family;
    let closed = world.write(Who::Marte, case, &["language"], "skal lukkes").await?;
    world.until_readable(Who::Ole, case, closed).await?;
    let moved = shared(&world, 19).await?.family;
    let (_, nils) = world.let_in(NewAccount::guardian(OWN, father)).await?;
    let (_, other) = world.let_in(NewAccount::guardian(OWN, moved.father)).await?;
    let (_, leader) = world.let_in(NewAccount::unit_leader(OWN, "school")).await?;
    let protection = format!("/cases/{}/address-protection", moved.case);
    let strict = |safe: &[PersonId]| json!({ "protection": "strictly-confidential", "safe_for": safe });
    let both = strict(&[moved.mother, moved.father]);
    let _: Value = leader.send(Method::PUT, &protection, Some(&both)).await?;
    back_up(&mut world, OWN).await?;
    let leader = leader.at(world.web(OWN)?);
    let marte = world.person(Who::Marte)?;

    let path = format!("/cases/{case}/consents/{}/exceptions", of.consent);
    let _: Value = marte.post(&path, &json!({ "giver": father, "entry": closed })).await?;
    until("that the entry is gone at PPT", async || {
        let answer = world.look(Who::Ole, &format!("/cases/{case}/entries/{closed}")).await?;
        Ok((answer.status == 404).then_some(()))
    })
    .await?;
    let path = format!("/cases/{case}/family");
    let alone = json!({ "person": mother, "capacity": "guardian-with-parental-responsibility" });
    let request = json!({ "parties": [alone], "document": "2026/91-2" });
    let registered: Value = marte.post(&path, &request).await?;
    let id = registered["registration"].as_str().context("an id")?;
    let _: Value = leader.post(&format!("{path}/{id}/approval"), &json!({})).await?;
    let _: Value = leader.send(Method::PUT, &protection, Some(&strict(&[moved.mother]))).await?;
    restore(&mut world, OWN).await?;
    world.start(OWN).await?;
    is_sealed(&world, Who::Marte, SealReason::BehindJournal).await?;
    let web = world.web(OWN)?.to_owned();
    let (nils, other) = (nils.at(&web), other.at(&web));
    for (who, case) in [(&nils, case), (&other, moved.case)] {
        let answer = who.ask(Method::GET, &format!("/cases/{case}"), None).await?;
        ensure!(answer.status == 503, "a guardian reads on a sealed node: {}", answer.status);
    }

    let done: AfterRestore = backup::command(world.folder(OWN), &["seal", "replay"]).await?;

    ensure!(done.excepted.contains(&closed) && done.withdrawn.is_empty(), "{done:?}");
    ensure!(done.family_in_doubt.contains(&case), "{done:?}");
    ensure!(done.blocked.contains(&moved.case), "{done:?}");
    for (who, case) in [(&nils, case), (&other, moved.case)] {
        let answer = who.ask(Method::GET, &format!("/cases/{case}"), None).await?;
        ensure!(answer.status == 404, "a guardian who was taken out reads again: {}", answer.status);
    }
    ensure!(status(&world, &of).await? == "in-doubt", "others may have to say yes by now");

    // Marte registers the family anew, the leader approves, and the mother stands by it.
    let marte = world.person(Who::Marte)?;
    let leader = leader.at(&web);
    let registered: Value = marte.post(&path, &request).await?;
    let id = registered["registration"].as_str().context("an id")?;
    let _: Value = leader.post(&format!("{path}/{id}/approval"), &json!({})).await?;
    let again = format!("/cases/{case}/consents/{}/reconfirmation", of.consent);
    let item: Value = marte.post(&again, &json!({ "givers": [mother] })).await?;
    ensure!(item["status"] == "valid", "{item}");
    let new = world.write(Who::Marte, case, &["language"], "etter gjenopprettingen").await?;
    world.until_readable(Who::Ole, case, new).await?;
    let unseen = world.look(Who::Ole, &format!("/cases/{case}/entries/{closed}")).await?;
    ensure!(unseen.status == 404, "the exception was lost: {}", unseen.status);
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn own_backup_from_before_a_withdrawal_starts_sealed_and_the_withdrawal_holds() {
    own_backup_from_before_a_withdrawal().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_backup_from_before_a_block_starts_sealed_and_the_block_holds() {
    own_backup_from_before_a_block().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn partners_backup_from_before_a_withdrawal_shows_nothing_and_is_erased_and_receipted_again() {
    partners_backup_from_before_a_withdrawal().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_journal_a_node_opens_each_consent_only_when_it_is_reconfirmed() {
    journal_is_lost().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_case_stays_closed_and_holds_up_no_other_when_nodes_compare() {
    one_case_is_damaged().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn node_restored_with_its_journal_is_told_by_its_partner_before_anything_leaves() {
    store_and_journal_are_restored_together().await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn own_backup_from_before_what_the_family_changed_reveals_nothing_to_whom_it_closed() {
    own_backup_from_before_what_the_family_changed().await.expect("the story holds");
}
