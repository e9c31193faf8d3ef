//! A partner with a genuine key, a genuine agreement and a genuine grant that sends whatever does
//! harm: nothing of it panics, is stored or goes on, memory stays bounded, and an honest partner
//! is served meanwhile.

mod attacks;
mod changes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, ensure};
use stafett_node::store::StoreReader;
use stafett_node::transport::StreamKind;
use stafett_protocol::entry::Heads;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GenerationId};
use stafett_protocol::transaction::EntryState;
use stafett_protocol::wire::{Announce, Frame};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::hostile::Hostile;
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{opened, until};

/// What the process may have held at the most.
const MEMORY_KIB_MAX: u64 = 512 * 1024;
/// How long the node is heard after an attack.
const QUIET: Duration = Duration::from_millis(350);

/// What is at stake, and what the hostile program knows.
struct Stake {
    family: Family,
    /// Shared with PPT, and so with the hostile program.
    shared: EntryId,
    /// In the same case, of an area that it has no consent for.
    hidden: EntryId,
    /// A case that it knows nothing of.
    other: Family,
    other_entry: EntryId,
    /// A case of Snåsa's that Inderøy's school reads.
    of_snasa: (CaseId, EntryId),
    /// The announcement of the shared entry, as it came.
    announce: Announce,
    /// An order for it that waits for its receipt.
    order: String,
    withdrawn: (CaseId, ConsentId),
}

/// One thing to send.
enum Shot {
    Frame(Frame),
    Bytes(StreamKind, Vec<u8>),
}

/// Everything that must not change, of every case at a node.
type Held = BTreeMap<EntryId, (CaseId, GenerationId, Heads, EntryState)>;

async fn held(store: &StoreReader) -> anyhow::Result<Held> {
    let cases: BTreeSet<CaseId> = store.holds().await?.iter().map(|row| row.case).collect();
    let mut held = Held::new();
    for case in cases {
        held.extend(store.entries(case).await?.into_iter().map(|record| {
            let facts = record.facts;
            (facts.entry, (facts.case, facts.generation, record.heads, record.state))
        }));
    }
    Ok(held)
}

/// A world in which the hostile program stands in Steinkjer's place.
async fn prepare() -> anyhow::Result<(World, Stake)> {
    let places = [Place::Steinkjer, Place::Inderoy, Place::Snasa];
    let pairs = [(Place::Steinkjer, Place::Inderoy), (Place::Snasa, Place::Inderoy)];
    let mut world = World::make(&places, &pairs, &[]).await?;
    world.start(Place::Inderoy).await?;
    world.start(Place::Snasa).await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let shared = world.write(Who::Marte, family.case, &["language"], "Ante leser litt hver dag").await?;
    let hidden = world.write(Who::Marte, family.case, &["home"], "hjemme er det stille").await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.share(Who::Marte, family, (Place::Snasa, "school"), &["language"]).await?;
    let other = world.open_case(Who::Marte, ["Biret", "Risten", "Mikkel"]).await?;
    let other_entry = world.write(Who::Marte, other.case, &["language"], "noe annet").await?;
    let theirs = world.open_case(Who::Laila, ["Mahtte", "Sara", "Per"]).await?;
    let of_snasa = world.write(Who::Laila, theirs.case, &["language"], "fra nabokommunen").await?;
    world.share(Who::Laila, theirs, (Place::Inderoy, "school"), &["language"]).await?;
    arrived(&world, Place::Inderoy, of_snasa).await?;
    arrived(&world, Place::Snasa, shared).await?;

    let ended = world.open_case(Who::Marte, ["Nils", "Eva", "Jon"]).await?;
    world.write(Who::Marte, ended.case, &["language"], "skal trekkes tilbake").await?;
    let consent = world.share(Who::Marte, ended, (Place::Steinkjer, "ppt"), &["language"]).await?;
    let mut hostile = dial(&mut world).await?;
    let announce = hostile
        .find("the announcement of the shared entry", |frame| match frame {
            Frame::Announce(body) if body.entry == shared => Some(*body),
            _ => None,
        })
        .await?;
    hostile.until_quiet(QUIET).await?;
    world.withdraw(Who::Marte, ended.case, consent, ended.father).await?;
    let order = hostile
        .find("the order to erase", |frame| match frame {
            Frame::Order(body) => Some(body.token),
            _ => None,
        })
        .await?;
    hostile.end().await;
    let stake = Stake {
        family,
        shared,
        hidden,
        other,
        other_entry,
        of_snasa: (theirs.case, of_snasa),
        announce,
        order,
        withdrawn: (ended.case, consent),
    };
    Ok((world, stake))
}

async fn dial(world: &mut World) -> anyhow::Result<Hostile> {
    let quic = world.node(Place::Inderoy).quic;
    let (own, victim) = (&world.made[&Place::Steinkjer], &world.made[&Place::Inderoy]);
    let hostile = Hostile::dial(own, victim, quic).await?;
    hostile.greet().await?;
    Ok(hostile)
}

/// Waits until an entry is in a node's store.
async fn arrived(world: &World, place: Place, entry: EntryId) -> anyhow::Result<()> {
    let store = opened::open(world.folder(place))?;
    until("an entry at the honest partner", async || Ok(store.entry(entry).await?.map(drop))).await
}

/// Fires on a link of a fresh process: what came before must not have held the partner off.
async fn attack(
    world: &mut World,
    stake: &Stake,
    name: &str,
    shots: Vec<Shot>,
) -> anyhow::Result<Vec<Frame>> {
    world.restart(Place::Inderoy).await?;
    let mut hostile = dial(world).await?;
    hostile.until_quiet(QUIET).await?;
    let store = opened::open(world.folder(Place::Inderoy))?;
    let (before, at_snasa) = (held(&store).await?, held(&opened::open(world.folder(Place::Snasa))?).await?);
    for shot in shots {
        // A link that the node has closed takes no more: that is one way to refuse.
        let _ = match shot {
            Shot::Frame(frame) => hostile.send(&frame).await,
            Shot::Bytes(stream, bytes) => hostile.send_bytes(stream, bytes).await,
        };
    }
    let mut answers = hostile.until_worked_through().await.with_context(|| name.to_owned())?;
    answers.extend(hostile.until_quiet(QUIET).await?);
    ensure!(world.node(Place::Inderoy).runs()?, "{name}: the node has ended");
    let after = held(&store).await?;
    ensure!(after == before, "{name}: something was stored: {}", differs(&before, &after));
    let orders = store.receipts_filed(stake.withdrawn.0).await?;
    ensure!(orders.is_empty(), "{name}: a receipt was believed");
    let receives = world.entry(Who::Marte, stake.family.case, stake.shared).await;
    receives.with_context(|| format!("{name}: Marte no longer reads her own entry"))?;
    honest(world, stake, name).await?;
    let there = held(&opened::open(world.folder(Place::Snasa))?).await?;
    let untouched = at_snasa.iter().all(|(entry, held)| there.get(entry) == Some(held));
    ensure!(untouched, "{name}: something went on to Snåsa: {}", differs(&at_snasa, &there));
    ensure!(there.len() == at_snasa.len() + 1, "{name}: Snåsa got something else");
    let (most, _) = world.node(Place::Inderoy).memory_kib()?;
    ensure!(most < MEMORY_KIB_MAX, "{name}: the process held {most} KiB");
    hostile.end().await;
    Ok(answers)
}

fn differs(before: &Held, after: &Held) -> String {
    let gone = before.keys().filter(|entry| !after.contains_key(entry)).count();
    let new = after.keys().filter(|entry| !before.contains_key(entry)).count();
    let changed =
        before.iter().filter(|(entry, held)| after.get(entry).is_some_and(|other| other != *held)).count();
    format!("{gone} gone, {new} new, {changed} changed")
}

/// Meanwhile the honest partner gets what is shared with it.
async fn honest(world: &World, stake: &Stake, name: &str) -> anyhow::Result<()> {
    let entry = world.write(Who::Marte, stake.family.case, &["language"], "til dere også").await?;
    arrived(world, Place::Snasa, entry).await.with_context(|| format!("after {name}"))
}

async fn story() -> anyhow::Result<()> {
    let (mut world, stake) = prepare().await?;
    let signing = {
        let hostile = dial(&mut world).await?;
        let signing = std::sync::Arc::clone(&hostile.signing);
        hostile.end().await;
        signing
    };
    let all = changes::all(&stake)?.into_iter().chain(attacks::all(&stake, &signing)?);
    for (name, shots) in all {
        attack(&mut world, &stake, name, shots).await?;
    }
    no_existence(&mut world, &stake).await?;
    no_alarm_is_silent(&world)?;
    control(&mut world, &stake).await?;
    world.end().await
}

/// A hidden entry, one of another case and one that does not exist are refused alike.
async fn no_existence(world: &mut World, stake: &Stake) -> anyhow::Result<()> {
    let mut answers = Vec::new();
    for entry in [stake.hidden, stake.other_entry, EntryId::from_random(stafett_node::clock::random())] {
        let shots = changes::about(stake, entry)?;
        let of_it = attack(world, stake, "frames about what it may not know", shots).await?;
        // What goes out by itself, such as an order that waits, is not an answer.
        let refused = of_it.into_iter().filter(|frame| matches!(frame, Frame::Refused(_) | Frame::Resend(_)));
        let id = entry.to_string();
        let mut refused: Vec<String> = refused.map(|frame| format!("{frame:?}").replace(&id, "it")).collect();
        // The two streams have no common order.
        refused.sort();
        answers.push(refused);
    }
    ensure!(!answers[0].is_empty(), "nothing was refused");
    ensure!(answers[0] == answers[1] && answers[1] == answers[2], "{answers:#?}");
    Ok(())
}

/// Forged statements and broken changes are told to the operator.
fn no_alarm_is_silent(world: &World) -> anyhow::Result<()> {
    let log = world.log(Place::Inderoy)?;
    for alarm in ["BadStatement", "BadChange"] {
        ensure!(log.contains(alarm), "nobody is told of {alarm}");
    }
    Ok(())
}

/// The same program, when it keeps to the rules, is taken at its word: its edit is stored and goes
/// on to Snåsa, its proposal becomes an entry, and its receipt is filed.
async fn control(world: &mut World, stake: &Stake) -> anyhow::Result<()> {
    world.restart(Place::Inderoy).await?;
    let mut hostile = dial(world).await?;
    hostile.until_quiet(QUIET).await?;
    let (edit, heads) = changes::honest(stake)?;
    hostile.send(&edit).await?;
    hostile.send(&attacks::honest_proposal(stake)?).await?;
    hostile.send(&attacks::honest_receipt(stake, &hostile.signing)?).await?;
    for place in [Place::Inderoy, Place::Snasa] {
        let store = opened::open(world.folder(place))?;
        until("the honest edit", async || {
            let record = store.entry(stake.shared).await?.context("the shared entry")?;
            Ok((record.heads == heads).then_some(()))
        })
        .await?;
    }
    until("the honest receipt", async || {
        let consents = world.consents(Who::Marte, stake.withdrawn.0).await?;
        let receipts =
            consents.iter().flat_map(|item| &item.orders).filter_map(|order| order.receipt.as_ref());
        Ok((receipts.count() == 1).then_some(()))
    })
    .await?;
    until("the honest proposal", async || {
        let view = world.case(Who::Marte, stake.family.case).await?;
        let description = "description".parse()?;
        Ok(view.entries.iter().any(|item| item.view.text(description) == attacks::PROPOSED).then_some(()))
    })
    .await?;
    // A second change with the number of the first is then one too many.
    let store = opened::open(world.folder(Place::Inderoy))?;
    let before = held(&store).await?;
    hostile.send(&changes::twin(stake)?).await?;
    hostile.send(&changes::concurrent(stake)?).await?;
    hostile.until_quiet(QUIET).await?;
    ensure!(held(&store).await? == before, "two changes with one actor and number were stored");
    hostile.end().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn partner_that_breaks_every_rule_changes_nothing_and_starves_nobody() {
    story().await.expect("the story holds");
}
