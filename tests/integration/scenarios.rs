//! The stories that the product must carry from end to end, each over real nodes, with what must
//! hold asserted line by line.

mod baton_there;
mod birthday;
mod cannot_take;
mod expiry;
mod holder_leaves;
mod moves;
mod moves_by_hand;
mod moves_without;
mod one_of_two_withdraws;
mod outage;
mod revoked_partner;
mod strict_address;
mod transition;
mod withdrawn_fully;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, ConsentId, EntryId, PersonId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::opened;
use stafett_tests::real::person::Person;
use stafett_tests::real::until;
use stafett_tests::real::world::{Family, World};

/// The recipient of most stories.
const PPT: (Place, &str) = (Place::Steinkjer, "ppt");

/// How many rows of a node's store hold a marker when everything in it is opened.
async fn hits(world: &World, place: Place, marker: &str) -> anyhow::Result<usize> {
    let store = opened::open(world.folder(place))?;
    Ok(store.search_everything(marker.as_bytes()).await?.hits.len())
}

/// Marte's view of one consent, as it came.
async fn consent(world: &World, case: CaseId, consent: ConsentId) -> anyhow::Result<Value> {
    let consents: Vec<Value> = world.person(Who::Marte)?.get(&format!("/cases/{case}/consents")).await?;
    let id = consent.to_string();
    consents.into_iter().find(|item| item["id"] == json!(id)).context("the consent")
}

/// Waits until every order of a consent has its receipt, and returns the orders.
async fn receipts(world: &World, case: CaseId, of: ConsentId) -> anyhow::Result<Vec<Value>> {
    until("the receipts", async || {
        let item = consent(world, case, of).await?;
        let orders = item["orders"].as_array().cloned().unwrap_or_default();
        let all_in = !orders.is_empty() && orders.iter().all(|order| !order["receipt"].is_null());
        Ok(all_in.then_some(orders))
    })
    .await
}

async fn status(person: &Person, path: &str) -> anyhow::Result<u16> {
    Ok(person.ask(Method::GET, path, None).await?.status)
}

/// A guardian says that one consent is over, and Marte writes it down.
async fn says_stop(
    world: &World,
    family: Family,
    consent: ConsentId,
    giver: PersonId,
) -> anyhow::Result<Value> {
    let path = format!("/cases/{}/consents/{consent}/withdrawal", family.case);
    world.person(Who::Marte)?.post(&path, &json!({ "giver": giver, "channel": "oral" })).await
}

/// A case with one entry about language that Ole at PPT reads.
async fn read_by_ole(world: &World, marker: &str) -> anyhow::Result<(Family, ConsentId, EntryId)> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], &format!("kanari {marker}")).await?;
    let consent = world.share(Who::Marte, family, PPT, &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    Ok((family, consent, entry))
}

/// Ole writes; returns the entry that Inderøy made of it, once it is back.
async fn ole_writes(world: &World, case: CaseId, text: &str) -> anyhow::Result<EntryId> {
    world.publish(Who::Ole, case, &["language"], text).await?;
    until("Ole's note as an entry", async || {
        let view = world.case(Who::Ole, case).await?;
        let description = "description".parse()?;
        Ok(view.entries.iter().find(|item| item.view.text(description) == text).map(|item| item.entry))
    })
    .await
}

/// How many of a case's entries, as somebody reads them, have a text.
async fn count_of(world: &World, who: Who, case: CaseId, text: &str) -> anyhow::Result<usize> {
    let view = world.case(who, case).await?;
    let description = "description".parse()?;
    Ok(view.entries.iter().filter(|item| item.view.text(description) == text).count())
}

fn must_not(what: &str, it_did: bool) -> anyhow::Result<()> {
    ensure!(!it_did, "{what}");
    Ok(())
}
