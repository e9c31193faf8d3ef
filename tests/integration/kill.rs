//! Nodes killed with SIGKILL in the middle of what they do: nothing that was acknowledged is
//! lost, and afterwards they agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stafett_node::engine::answer::{CaseView, ConsentItem, EntryItem, Published};
use stafett_protocol::entry::FieldKey;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, PersonId};
use stafett_protocol::transaction::EntryState;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::person::Person;
use stafett_tests::real::relay::Disturbance;
use stafett_tests::real::world::{World, note};
use stafett_tests::real::{opened, until};

/// Kills of a run, unless the environment variable `STAFETT_KILLS` asks for more.
const KILLS: u64 = 50;
/// Rounds between two looks at whether the nodes agree.
const AGREE_EVERY: u64 = 10;
/// A kill comes within this time after the work has begun.
const KILL_WITHIN_MS: u64 = 220;
/// How long [`KILLS`] may take.
const TOTAL: Duration = Duration::from_mins(6);

/// How far a case of its own has come. Each step was answered with 2xx.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Opened,
    Written,
    Asked,
    OneYes,
    Valid,
    Withdrawn,
}

#[derive(Debug, Clone)]
struct Story {
    case: CaseId,
    reached: Step,
    consent: Option<ConsentId>,
    entries: BTreeSet<EntryId>,
}

/// What the nodes have acknowledged.
#[derive(Debug, Default)]
struct Kept {
    /// Of a note, the newest version that was acknowledged, and the newest that was tried.
    versions: BTreeMap<EntryId, (u64, u64)>,
    /// Notes that were published.
    published: BTreeSet<EntryId>,
    /// Texts of Ole's proposals that were acknowledged.
    proposed: BTreeSet<String>,
    stories: Vec<Story>,
}

/// What both work on.
struct Ground {
    case: CaseId,
    by_marte: EntryId,
    by_ole: EntryId,
}

/// Asks, and tells "no answer" from "refused": only the first may happen to somebody whose node is
/// killed.
async fn ask<T: DeserializeOwned>(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Option<T>> {
    match person.ask(method.clone(), path, body).await {
        Err(_) => Ok(None),
        Ok(answer) => {
            let said = String::from_utf8_lossy(&answer.body);
            ensure!((200..300).contains(&answer.status), "{method} {path}: {} {said}", answer.status);
            Ok(Some(serde_json::from_slice(&answer.body)?))
        }
    }
}

fn text_of(version: u64) -> String {
    format!("versjon {version}")
}

fn version_of(item: &EntryItem) -> anyhow::Result<u64> {
    let text = item.view.text(FieldKey::Description);
    text.strip_prefix("versjon ").context("a version")?.parse().with_context(|| text.to_owned())
}

/// One person's work on a note until the node is gone or the round is over.
async fn edit_on(
    person: Person,
    case: CaseId,
    entry: EntryId,
    (mut acknowledged, mut tried): (u64, u64),
    over: Arc<AtomicBool>,
) -> anyhow::Result<(u64, u64)> {
    while !over.load(Ordering::SeqCst) {
        tried += 1;
        let body = json!({ "fields": { "description": text_of(tried) } });
        let path = format!("/cases/{case}/entries/{entry}");
        match ask::<EntryItem>(&person, Method::PATCH, &path, Some(&body)).await? {
            Some(item) => {
                ensure!(version_of(&item)? == tried, "the answer to an edit shows another text");
                acknowledged = tried;
            }
            None => break,
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    Ok((acknowledged, tried))
}

/// Ole proposes until his node is gone.
async fn propose_on(
    person: Person,
    case: CaseId,
    round: u64,
    over: Arc<AtomicBool>,
) -> anyhow::Result<Vec<String>> {
    let mut acknowledged = Vec::new();
    for number in 0..3 {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let text = format!("forslag {round}-{number}");
        let path = format!("/cases/{case}/entries");
        match ask::<Published>(&person, Method::POST, &path, Some(&note(&["language"], &text))).await? {
            Some(published) => {
                ensure!(published.proposal.is_some(), "a proposal is no entry yet");
                acknowledged.push(text);
            }
            None => break,
        }
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    Ok(acknowledged)
}

/// Where a case truly stands, as its stafettholder reads it.
async fn truth(person: &Person, story: &Story) -> anyhow::Result<(Step, Option<ConsentItem>, [PersonId; 2])> {
    let case = story.case;
    let view: CaseView = person.get(&format!("/cases/{case}")).await?;
    let consents: Vec<ConsentItem> = person.get(&format!("/cases/{case}/consents")).await?;
    let [_, mother, father] = view.parties.as_slice() else { anyhow::bail!("three persons") };
    for entry in &story.entries {
        ensure!(view.entries.iter().any(|item| item.entry == *entry), "an entry of a case is lost");
    }
    let notes = view.entries.iter().filter(|item| !item.areas.is_empty()).count();
    let step = match consents.first().map(|consent| consent.status.as_str()) {
        None if notes == 0 => Step::Opened,
        None => Step::Written,
        Some("draft") => Step::Asked,
        Some("partly-given") => Step::OneYes,
        Some("valid") => Step::Valid,
        Some("withdrawn") => Step::Withdrawn,
        Some(other) => anyhow::bail!("a consent is {other}"),
    };
    Ok((step, consents.into_iter().next(), [mother.person, father.person]))
}

/// Takes a case one step further; none if there was no answer.
async fn step_on(person: &Person, story: &mut Story) -> anyhow::Result<Option<()>> {
    let case = story.case;
    // No answer here is no answer at all: the step is not begun.
    let Ok((at, consent, [mother, father])) = truth(person, story).await else { return Ok(None) };
    let consent_path = |what: &str| {
        let id = consent.as_ref().map(|item| item.asked.id.to_string()).unwrap_or_default();
        format!("/cases/{case}/consents/{id}/{what}")
    };
    let yes = |giver: PersonId| json!({ "giver": giver, "evidence": { "kind": "oral" } });
    let reached = match at {
        Step::Opened => {
            let path = format!("/cases/{case}/entries");
            let body = note(&["language"], "skal deles");
            let Some(published) = ask::<Published>(person, Method::POST, &path, Some(&body)).await? else {
                return Ok(None);
            };
            story.entries.insert(published.entry.context("an own entry")?);
            Step::Written
        }
        Step::Written => {
            let body = json!({
                "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
                "areas": ["language"],
                "purpose": "Samarbeid om språk",
            });
            let path = format!("/cases/{case}/consents");
            let Some(asked) = ask::<ConsentItem>(person, Method::POST, &path, Some(&body)).await? else {
                return Ok(None);
            };
            story.consent = Some(asked.asked.id);
            Step::Asked
        }
        Step::Asked | Step::OneYes => {
            let giver = if at == Step::Asked { mother } else { father };
            let Some(given) =
                ask::<ConsentItem>(person, Method::POST, &consent_path("yes"), Some(&yes(giver))).await?
            else {
                return Ok(None);
            };
            let (expected, next) =
                if at == Step::Asked { ("partly-given", Step::OneYes) } else { ("valid", Step::Valid) };
            ensure!(given.status == expected, "after a yes the consent is {}", given.status);
            next
        }
        Step::Valid => {
            let body = json!({ "giver": father });
            let Some(ended) =
                ask::<ConsentItem>(person, Method::POST, &consent_path("withdrawal"), Some(&body)).await?
            else {
                return Ok(None);
            };
            ensure!(ended.status == "withdrawn", "after a withdrawal the consent is {}", ended.status);
            Step::Withdrawn
        }
        Step::Withdrawn => Step::Withdrawn,
    };
    story.reached = story.reached.max(reached);
    Ok(Some(()))
}

/// Marte's cases go from their opening to a withdrawal, one after the other.
async fn stories_on(
    person: Person,
    mut stories: Vec<Story>,
    over: Arc<AtomicBool>,
) -> anyhow::Result<Vec<Story>> {
    while !over.load(Ordering::SeqCst) {
        let open = stories.last_mut().filter(|story| story.reached < Step::Withdrawn);
        if let Some(story) = open {
            if step_on(&person, story).await?.is_none() {
                break;
            }
        } else {
            let guardian =
                |name: &str| json!({ "name": name, "relation": "other", "parental_responsibility": true });
            let body = json!({
                "subject_kind": "child", "level": 1, "subject": { "name": "Ante" },
                "guardians": [guardian("Eva"), guardian("Nils")],
            });
            let Some(opened) = ask::<Value>(&person, Method::POST, "/cases", Some(&body)).await? else {
                break;
            };
            let case = serde_json::from_value(opened["case"].clone())?;
            stories.push(Story { case, reached: Step::Opened, consent: None, entries: BTreeSet::new() });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(stories)
}

/// Marte publishes notes until her node is gone.
async fn publish_on(person: Person, case: CaseId, over: Arc<AtomicBool>) -> anyhow::Result<Vec<EntryId>> {
    let mut acknowledged = Vec::new();
    for _ in 0..2 {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let path = format!("/cases/{case}/entries");
        match ask::<Published>(&person, Method::POST, &path, Some(&note(&["language"], "en merknad"))).await?
        {
            Some(published) => acknowledged.push(published.entry.context("an own entry")?),
            None => break,
        }
        tokio::time::sleep(Duration::from_millis(70)).await;
    }
    Ok(acknowledged)
}

/// Everybody works; after a while one node is killed and started again.
async fn round(
    world: &mut World,
    ground: &Ground,
    kept: &mut Kept,
    chance: &Chance,
    number: u64,
) -> anyhow::Result<()> {
    let (marte, ole) = (world.person(Who::Marte)?, world.person(Who::Ole)?);
    let over = Arc::new(AtomicBool::new(false));
    let versions = |entry: &EntryId| kept.versions[entry];
    let marte_edits = tokio::spawn(edit_on(
        marte.clone(),
        ground.case,
        ground.by_marte,
        versions(&ground.by_marte),
        Arc::clone(&over),
    ));
    let ole_edits = tokio::spawn(edit_on(
        ole.clone(),
        ground.case,
        ground.by_ole,
        versions(&ground.by_ole),
        Arc::clone(&over),
    ));
    let publishes = tokio::spawn(publish_on(marte.clone(), ground.case, Arc::clone(&over)));
    let proposes = tokio::spawn(propose_on(ole, ground.case, number, Arc::clone(&over)));
    let stories = tokio::spawn(stories_on(marte, std::mem::take(&mut kept.stories), Arc::clone(&over)));

    let victim =
        if chance.below(&format!("victim {number}"), 2) == 0 { Place::Inderoy } else { Place::Steinkjer };
    let after = chance.below(&format!("moment {number}"), KILL_WITHIN_MS);
    tokio::time::sleep(Duration::from_millis(after)).await;
    world.kill(victim).await?;
    over.store(true, Ordering::SeqCst);
    kept.versions.insert(ground.by_marte, marte_edits.await??);
    kept.versions.insert(ground.by_ole, ole_edits.await??);
    kept.published.extend(publishes.await??);
    kept.proposed.extend(proposes.await??);
    kept.stories = stories.await??;
    world.start(victim).await?;
    check(world, ground, kept).await.with_context(|| format!("kill {number} of {victim:?} after {after} ms"))
}

/// Nothing that was acknowledged is lost, at the node that acknowledged it.
async fn check(world: &World, ground: &Ground, kept: &mut Kept) -> anyhow::Result<()> {
    for (who, entry) in [(Who::Marte, ground.by_marte), (Who::Ole, ground.by_ole)] {
        let (acknowledged, tried) = kept.versions[&entry];
        let shown = version_of(&world.entry(who, ground.case, entry).await?)?;
        ensure!(
            (acknowledged..=tried).contains(&shown),
            "{who:?} reads version {shown}, acknowledged {acknowledged}, tried {tried}"
        );
    }
    let at_marte = world.case(Who::Marte, ground.case).await?;
    let there: BTreeSet<EntryId> = at_marte.entries.iter().map(|item| item.entry).collect();
    let lost: Vec<_> = kept.published.difference(&there).collect();
    ensure!(lost.is_empty(), "{} published entries are lost", lost.len());
    let at_ole = world.case(Who::Ole, ground.case).await?;
    let entries = at_ole.entries.iter().map(|item| item.view.text(FieldKey::Description));
    let waiting = at_ole.proposals.iter().map(|item| item.view.text(FieldKey::Description));
    let texts: BTreeSet<&str> = entries.chain(waiting).collect();
    let lost: Vec<_> = kept.proposed.iter().filter(|text| !texts.contains(text.as_str())).collect();
    ensure!(lost.is_empty(), "proposals are lost: {lost:?}");
    let marte = world.person(Who::Marte)?;
    for story in kept.stories.iter_mut().rev().take(3) {
        let (at, consent, _) = truth(&marte, story).await?;
        ensure!(at >= story.reached, "a case went back from {:?} to {at:?}", story.reached);
        if let (Some(known), Some(found)) = (story.consent, &consent) {
            ensure!(found.asked.id == known, "a consent was lost and another stands there");
        }
        story.reached = at;
    }
    Ok(())
}

/// Both nodes hold the same of what is shared, and nothing of what was withdrawn.
async fn agree(world: &World, ground: &Ground, kept: &Kept) -> anyhow::Result<()> {
    let (inderoy, steinkjer) =
        (opened::open(world.folder(Place::Inderoy))?, opened::open(world.folder(Place::Steinkjer))?);
    until("the same at both nodes", async || {
        let (own, theirs) = (inderoy.entries(ground.case).await?, steinkjer.entries(ground.case).await?);
        let heads = |records: &[stafett_protocol::transaction::EntryRecord]| -> BTreeMap<_, _> {
            records.iter().map(|one| (one.facts.entry, (one.facts.generation, one.heads.clone()))).collect()
        };
        let waiting = steinkjer.proposals_in(ground.case).await?.len();
        Ok((heads(&own) == heads(&theirs) && waiting == 0).then_some(()))
    })
    .await?;
    for entry in [ground.by_marte, ground.by_ole] {
        let marte = world.entry(Who::Marte, ground.case, entry).await?;
        let ole = world.entry(Who::Ole, ground.case, entry).await?;
        ensure!(marte.view == ole.view, "the two read different texts");
    }
    for story in kept.stories.iter().filter(|story| story.reached == Step::Withdrawn) {
        until("the receipt of a withdrawal", async || {
            let consents = world.consents(Who::Marte, story.case).await?;
            let consent = consents.first().context("a consent")?;
            ensure!(consent.status == "withdrawn", "a withdrawn consent is {}", consent.status);
            Ok(consent.orders.iter().all(|order| order.receipt.is_some()).then_some(()))
        })
        .await?;
        let left = steinkjer.entries(story.case).await?;
        let live = left.iter().filter(|record| record.state == EntryState::Live).count();
        ensure!(live == 0, "{live} entries of a withdrawn case are left");
    }
    Ok(())
}

fn kills() -> u64 {
    std::env::var("STAFETT_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"))
}

async fn story() -> anyhow::Result<()> {
    let (chance, begun) = (Chance::seeded(5), Instant::now());
    let mut world = World::two().await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let case = family.case;
    let by_marte = world.write(Who::Marte, case, &["language"], &text_of(0)).await?;
    let by_ole = world.write(Who::Marte, case, &["language"], &text_of(0)).await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    for entry in [by_marte, by_ole] {
        world.until_readable(Who::Ole, case, entry).await?;
    }
    let ground = Ground { case, by_marte, by_ole };
    let mut kept = Kept::default();
    kept.versions.extend([(by_marte, (0, 0)), (by_ole, (0, 0))]);
    let kills = kills();
    let total = TOTAL.mul_f64(kills as f64 / KILLS as f64);
    for number in 1..=kills {
        // Every other time until the nodes must agree, the line between them is a bad one.
        let is_bad = number / AGREE_EVERY % 2 == 1;
        world.line(Place::Inderoy, Place::Steinkjer).disturb(is_bad.then_some(Disturbance {
            chance,
            lost_percent: 8,
            late_percent: 15,
            late_ms_max: 30,
        }));
        round(&mut world, &ground, &mut kept, &chance, number).await?;
        if number % AGREE_EVERY == 0 {
            agree(&world, &ground, &kept).await.with_context(|| format!("after {number} kills"))?;
        }
        ensure!(begun.elapsed() < total, "{number} kills took {:?}", begun.elapsed());
    }
    reached(&kept, by_marte, by_ole)?;
    let line = world.line(Place::Inderoy, Place::Steinkjer);
    let ((passed, lost), late) = (line.counts(), line.late());
    ensure!(lost > 20 && late > 20, "of {passed} datagrams {lost} were lost and {late} late");
    world.end().await
}

/// A run in which nothing was at stake proves nothing.
#[expect(clippy::print_stdout, reason = "what was at stake in a run belongs to its report")]
fn reached(kept: &Kept, by_marte: EntryId, by_ole: EntryId) -> anyhow::Result<()> {
    let withdrawn = kept.stories.iter().filter(|story| story.reached == Step::Withdrawn).count();
    let edits = [by_marte, by_ole].map(|entry| kept.versions[&entry].0);
    println!(
        "edits {edits:?}, published {}, proposed {}, withdrawn {withdrawn} of {}",
        kept.published.len(),
        kept.proposed.len(),
        kept.stories.len()
    );
    ensure!(edits.iter().all(|count| *count >= 10), "too few edits: {edits:?}");
    ensure!(kept.published.len() >= 10 && kept.proposed.len() >= 10, "too little was written");
    ensure!(withdrawn >= 3, "too few withdrawals: {withdrawn}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_in_fifty_kills_and_the_nodes_agree_afterwards() {
    story().await.expect("the story holds");
}
