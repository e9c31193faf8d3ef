//! A hundred withdrawals under disturbance: after each receipt no sealed row that was copied before
//! opens with any key that the partner has left, and nothing that opens holds the family's words.

use anyhow::ensure;
use stafett_protocol::id::{CaseId, ConsentId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{opened, until};

const ROUNDS: usize = 10;
/// Withdrawn in each round: a hundred in all.
const RUNS: usize = 10;

struct Run {
    family: Family,
    consent: ConsentId,
    marker: String,
}

async fn shared(world: &World, marker: String) -> anyhow::Result<Run> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    world.write(Who::Marte, family.case, &["language"], &format!("kanari {marker}")).await?;
    let consent = world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    Ok(Run { family, consent, marker })
}

/// How often a marker is found in rows opened with whatever keys are at hand.
async fn found(world: &World, store: Option<&str>, marker: &str) -> anyhow::Result<usize> {
    let folder = world.folder(Place::Steinkjer);
    let store = match store {
        Some(aside) => opened::open_elsewhere(folder, world.aside(aside))?,
        None => opened::open(folder)?,
    };
    Ok(store.search_everything(marker.as_bytes()).await?.hits.len())
}

async fn receipt_is_in(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<bool> {
    let consents = world.consents(Who::Marte, case).await?;
    let item = consents.into_iter().find(|item| item.asked.id == consent);
    let orders = item.map(|item| item.orders).unwrap_or_default();
    Ok(!orders.is_empty() && orders.iter().all(|order| order.receipt.is_some()))
}

/// Something happens while the orders are under way.
async fn disturb(world: &mut World, chance: Chance, number: usize) -> anyhow::Result<()> {
    match chance.below(&format!("disturbance {number}"), 4) {
        0 => world.restart(Place::Steinkjer).await?,
        1 => world.restart(Place::Inderoy).await?,
        2 => {
            world.line(Place::Inderoy, Place::Steinkjer).cut();
            tokio::time::sleep(std::time::Duration::from_millis(chance.below(&format!("cut {number}"), 400)))
                .await;
            world.line(Place::Inderoy, Place::Steinkjer).heal();
        }
        _ => {}
    }
    Ok(())
}

async fn round(world: &mut World, chance: Chance, number: usize, kept: &Run) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for run in 0..RUNS {
        runs.push(shared(world, chance.marker(&format!("run {number} {run}"))).await?);
    }
    for run in &runs {
        until("the canary at Steinkjer", async || {
            Ok((found(world, None, &run.marker).await? > 0).then_some(()))
        })
        .await?;
    }
    let aside = format!("before {number}");
    opened::copy(world.folder(Place::Steinkjer), opened::ROWS, &world.aside(&aside))?;
    opened::copy(world.folder(Place::Steinkjer), opened::KEYS, &world.aside(&aside))?;
    for run in &runs {
        let hits = found(world, Some(&aside), &run.marker).await?;
        ensure!(hits > 0, "{number}: the copied rows do not open with the keys of then: the control is dead");
    }

    for run in &runs {
        let Family { case, father, .. } = run.family;
        world.withdraw(Who::Marte, case, run.consent, father).await?;
    }
    disturb(world, chance, number).await?;
    for run in &runs {
        until("the receipt", async || {
            Ok(receipt_is_in(world, run.family.case, run.consent).await?.then_some(()))
        })
        .await?;
    }

    let after = format!("after {number}");
    opened::copy(world.folder(Place::Steinkjer), opened::KEYS, &world.aside(&after))?;
    std::fs::copy(world.aside(&aside).join(opened::ROWS), world.aside(&after).join(opened::ROWS))?;
    for run in &runs {
        let opens = found(world, Some(&after), &run.marker).await?;
        ensure!(opens == 0, "{number}: {opens} rows of before open with a key that is left");
        let left = found(world, None, &run.marker).await?;
        ensure!(left == 0, "{number}: {left} rows hold what was withdrawn");
    }
    let control = found(world, Some(&after), &kept.marker).await?;
    ensure!(control > 0, "{number}: the case that is shared still does not open: the control is dead");
    Ok(())
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(100);
    let mut world = World::two().await?;
    let kept = shared(&world, chance.marker("kept")).await?;
    until("the control at Steinkjer", async || {
        Ok((found(&world, None, &kept.marker).await? > 0).then_some(()))
    })
    .await?;
    for number in 0..ROUNDS {
        round(&mut world, chance, number, &kept).await?;
    }
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_withdrawn_opens_with_a_key_that_is_left_in_a_hundred_of_a_hundred_runs() {
    story().await.expect("every run holds");
}
