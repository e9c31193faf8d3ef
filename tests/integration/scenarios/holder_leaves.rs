//! Marte quits. Her account is closed; her twelve cases have a leader who acts, Siri takes over eleven
//! of them, and the twelfth is late after a week.

use super::*;
use stafett_config::People;
use stafett_config::templates::people_toml;
use stafett_protocol::id::AccountId;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::settings;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const CASES: usize = 12;
const BOTH: [Place; 2] = [Place::Inderoy, Place::Steinkjer];

/// The operator takes somebody out of the people of a node that runs.
fn close(world: &World, place: Place, gone: AccountId) -> anyhow::Result<()> {
    let folder = world.folder(place);
    let file = folder.join("people.toml");
    let people = People::load_file(&file, &settings(folder)?)?;
    let fresh = folder.join("people.toml.new");
    std::fs::write(&fresh, people_toml(people.iter().filter(|person| person.id != gone)))?;
    std::fs::rename(&fresh, &file)?;
    Ok(())
}

/// When each task of this kind is due, by its case.
async fn due(person: &Person, kind: &str) -> anyhow::Result<Vec<(String, i64)>> {
    let tasks: Vec<Value> = person.get("/tasks").await?;
    let of_kind = tasks.iter().filter(|task| task["kind"] == kind);
    of_kind
        .map(|task| {
            let case = task["case"].as_str().context("a case")?.to_owned();
            Ok((case, task["due"].as_i64().context("a moment")?))
        })
        .collect()
}

/// Who holds the baton of a case, and whether only for somebody who has left.
async fn held(person: &Person, case: CaseId) -> anyhow::Result<(Value, bool)> {
    let baton: Value = person.get(&format!("/cases/{case}/baton")).await?;
    Ok((baton["holder"]["account"].clone(), baton["is_acting"] == true))
}

async fn offer(person: &Person, case: CaseId, to: AccountId) -> anyhow::Result<String> {
    let body = json!({ "to": to, "note": "Ring moren før møtet." });
    let offered: Value = person.post(&format!("/cases/{case}/baton/offers"), &body).await?;
    Ok(offered["offer"].as_str().context("an id")?.to_owned())
}

async fn accept(person: &Person, case: CaseId, offer: &str) -> anyhow::Result<u16> {
    let path = format!("/cases/{case}/baton/offers/{offer}/acceptance");
    Ok(person.ask(Method::POST, &path, None).await?.status)
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(61);
    let mut world = World::two().await?;
    let (family, of, entry) = read_by_ole(&world, &chance.marker("an entry")).await?;
    let mut cases = vec![family.case];
    for number in 1..CASES {
        let name = format!("Barn {number}");
        cases.push(world.open_case(Who::Marte, [&name, "Eva", "Nils"]).await?.case);
    }
    let (leader, leads) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "school")).await?;
    let (_, mother) = world.let_in(NewAccount::guardian(Place::Inderoy, family.mother)).await?;
    let accounts = &world.made[&Place::Inderoy].accounts;
    let (marte, siri) = (accounts[&Who::Marte], accounts[&Who::Siri]);
    let (marte_asks, siri_asks) = (world.person(Who::Marte)?, world.person(Who::Siri)?);
    let pending = offer(&marte_asks, family.case, siri).await?;
    ensure!(due(&leads, "baton-acting").await?.is_empty(), "somebody acts while Marte works here");

    close(&world, Place::Inderoy, marte)?;

    // Each of the twelve has exactly one holder, and her account signs nothing any more.
    let acts = until("a leader who acts in all of them", async || {
        let acts = due(&leads, "baton-acting").await?;
        Ok((acts.len() == CASES).then_some(acts))
    })
    .await?;
    for case in &cases {
        ensure!(held(&leads, *case).await? == (json!(leader), true), "who holds {case}");
        ensure!(acts.iter().any(|(acting, _)| *acting == case.to_string()), "no task in {case}");
    }
    ensure!(status(&marte_asks, &format!("/cases/{}", family.case)).await? == 401, "Marte reads on");
    let said = marte_asks.ask(Method::POST, &format!("/cases/{}/baton/offers", family.case), None).await?;
    ensure!(said.status == 401, "Marte offers the baton: {}", said.status);
    ensure!(accept(&siri_asks, family.case, &pending).await? == 404, "an offer of hers still stands");

    // The family is told who, and not why. What it said yes to goes on.
    let told: Vec<Value> = mother.get(&format!("/cases/{}/notices", family.case)).await?;
    ensure!(told.len() == 1 && told[0]["kind"] == "new-stafettholder", "{told:?}");
    for word in ["sluttet", "slutta", "Marte", "fungerende"] {
        ensure!(!told[0].to_string().contains(word), "{word} in {}", told[0]);
    }
    let consents: Vec<Value> = leads.get(&format!("/cases/{}/consents", family.case)).await?;
    let kept = consents.iter().find(|item| item["id"] == json!(of.to_string())).context("the consent")?;
    ensure!(kept["status"] == "valid", "{kept}");
    world.until_readable(Who::Ole, family.case, entry).await?;

    // She offers all of them to Siri, who takes eleven.
    let (taken, left) = (&cases[..CASES - 1], cases[CASES - 1]);
    for case in taken {
        let offered = offer(&leads, *case, siri).await?;
        ensure!(held(&leads, *case).await?.0 == json!(leader), "an offer gives nothing");
        ensure!(accept(&siri_asks, *case, &offered).await? == 204, "Siri takes {case}");
    }
    let declined = offer(&leads, left, siri).await?;
    let no = format!("/cases/{left}/baton/offers/{declined}/refusal");
    ensure!(siri_asks.ask(Method::POST, &no, None).await?.status == 204, "Siri says no");
    for case in taken {
        ensure!(held(&siri_asks, *case).await? == (json!(siri), false), "who holds {case}");
    }

    // The twelfth stays with the leader, also across a crash, and is late from the seventh day on.
    world.restart(Place::Inderoy).await?;
    let leads = leads.at(world.web(Place::Inderoy)?);
    ensure!(held(&leads, left).await? == (json!(leader), true), "who holds the twelfth");
    let waits = due(&leads, "baton-acting").await?;
    let [(case, at)] = waits.as_slice() else { anyhow::bail!("{} of them act", waits.len()) };
    ensure!(*case == left.to_string(), "{case} has no stafettholder");
    let now = world.now(Place::Inderoy)?;
    ensure!(now < *at && *at <= now + 7 * DAY, "due in {} hours", (at - now) / 3_600_000);
    world.pass(&BOTH, 7 * DAY).await?;
    until("the day on which it is late", async || Ok((*at < world.now(Place::Inderoy)?).then_some(())))
        .await?;
    let late =
        until("the twelfth late at the node", async || Ok(due(&leads, "baton-acting").await.ok())).await?;
    ensure!(late == waits, "{late:?}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_cases_of_somebody_who_left_are_never_without_a_holder_and_the_last_is_flagged_after_a_week() {
    story().await.expect("the story holds");
}
