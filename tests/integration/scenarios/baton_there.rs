//! Ole at PPT becomes stafettholder of a case of Inderøy's, gives the baton back, and has it again until the
//! mother withdraws her yes. Nobody is stafettholder twice, and none is not.

use super::*;
use stafett_protocol::id::AccountId;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;

/// Those whom the story asks.
struct Cast {
    marte: Person,
    berit: Person,
    ole: Person,
    leads: Person,
    leader: AccountId,
    holder: AccountId,
    asked: AccountId,
}

impl Cast {
    async fn of(world: &World) -> anyhow::Result<Self> {
        let (leader, leads) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "school")).await?;
        let (marte, berit, ole) =
            (world.person(Who::Marte)?, world.person(Who::Berit)?, world.person(Who::Ole)?);
        let holder = world.made[&Place::Inderoy].accounts[&Who::Marte];
        let asked = world.made[&Place::Steinkjer].accounts[&Who::Ole];
        Ok(Self { marte, berit, ole, leads, leader, holder, asked })
    }

    /// Who holds the baton by the owner's ledger, and whether it only acts.
    async fn held(&self, case: CaseId) -> anyhow::Result<(Value, bool)> {
        let baton: Value = self.leads.get(&format!("/cases/{case}/baton")).await?;
        Ok((baton["holder"]["account"].clone(), baton["is_acting"] == true))
    }

    /// Marte offers the baton to PPT, and Berit asks Ole.
    async fn offer(&self, case: CaseId) -> anyhow::Result<String> {
        let to = json!({ "service": { "host": Place::Steinkjer.organisation(), "code": "ppt" } });
        let offered: Value = self.marte.post(&format!("/cases/{case}/baton/service"), &to).await?;
        let offer = offered["offer"].as_str().context("an id")?.to_owned();
        let told = until("the offer at PPT", async || here(&self.berit, &offer).await).await?;
        ensure!(told["step"] == "offered" && told["who"].is_null(), "{told}");
        for word in ["Ante", "Eva", "Nils", "Marte"] {
            ensure!(!told.to_string().contains(word), "{word} in {told}");
        }
        ensure!(here(&self.ole, &offer).await?.is_none(), "Ole knows of it before he is asked");
        let path = format!("/batons/here/{offer}/request");
        let _: Value = self.berit.post(&path, &json!({ "account": self.asked })).await?;
        Ok(offer)
    }

    async fn says(&self, who: &Person, offer: &str, word: &str) -> anyhow::Result<()> {
        let answer = who.ask(Method::POST, &format!("/batons/here/{offer}/{word}"), None).await?;
        ensure!(answer.status == 204, "{word}: {}", answer.status);
        Ok(())
    }

    /// Ole is stafettholder, as both nodes have it.
    async fn is_held(&self, case: CaseId, offer: &str) -> anyhow::Result<()> {
        until("the word that it counts", async || {
            let told = here(&self.ole, offer).await?.context("the baton")?;
            Ok((told["step"] == "held").then_some(()))
        })
        .await?;
        ensure!(self.held(case).await? == (json!(self.asked), false), "who holds it");
        ensure!(status(&self.marte, &format!("/cases/{case}")).await? == 404, "Marte reads on");
        Ok(())
    }
}

/// The baton as somebody at PPT sees it.
async fn here(person: &Person, offer: &str) -> anyhow::Result<Option<Value>> {
    let all: Vec<Value> = person.get("/batons/here").await?;
    Ok(all.into_iter().find(|one| one["offer"] == offer))
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(67);
    let mut world = World::two().await?;
    let (family, of, entry) = read_by_ole(&world, &chance.marker("an entry")).await?;
    let case = family.case;
    let mut cast = Cast::of(&world).await?;

    // Ole says yes while the line is down: Marte holds it until his answer is there, also across a crash.
    let offer = cast.offer(case).await?;
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    cast.says(&cast.ole, &offer, "acceptance").await?;
    world.restart(Place::Steinkjer).await?;
    (cast.berit, cast.ole) = (world.person(Who::Berit)?, world.person(Who::Ole)?);
    let told = here(&cast.ole, &offer).await?.context("the baton")?;
    ensure!(told["step"] == "taken" && told["confirmed_at"].is_null(), "{told}");
    ensure!(cast.held(case).await? == (json!(cast.holder), false), "an answer that is not there counts");
    ensure!(
        status(&cast.leads, &format!("/cases/{case}/consents")).await? == 404,
        "the leader keeps it already"
    );
    world.line(Place::Inderoy, Place::Steinkjer).heal();
    cast.is_held(case, &offer).await?;

    // The leader keeps levels and consents, and reads no entry; Ole gives the baton back to her.
    let level =
        cast.leads.ask(Method::PUT, &format!("/cases/{case}/level"), Some(&json!({ "level": 2 }))).await?;
    ensure!(level.status == 204, "the level: {}", level.status);
    let path = format!("/cases/{case}/entries/{entry}");
    ensure!(status(&cast.leads, &path).await? == 404, "the leader reads an entry");
    ensure!(status(&cast.ole, &path).await? == 200, "Ole reads what he read before");
    cast.says(&cast.ole, &offer, "return").await?;
    until(
        "the baton home",
        async || Ok((cast.held(case).await? == (json!(cast.leader), true)).then_some(())),
    )
    .await?;
    until("nothing left of it at PPT", async || Ok(here(&cast.ole, &offer).await?.is_none().then_some(())))
        .await?;

    // She gives it to Marte, who offers it again. The mother withdraws her yes while Ole holds it.
    let to = json!({ "to": cast.holder });
    let given = cast.leads.ask(Method::PUT, &format!("/cases/{case}/baton"), Some(&to)).await?;
    ensure!(given.status == 204, "the leader gives it: {}", given.status);
    let offer = cast.offer(case).await?;
    cast.says(&cast.ole, &offer, "acceptance").await?;
    cast.is_held(case, &offer).await?;
    let word = format!("/cases/{case}/consents/{of}/withdrawal");
    let said = json!({ "giver": family.mother, "channel": "oral" });
    let _: Value = cast.leads.post(&word, &said).await?;

    ensure!(cast.held(case).await? == (json!(cast.leader), true), "in the same moment");
    until("nothing left at PPT", async || {
        let is_gone = here(&cast.ole, &offer).await?.is_none() && status(&cast.ole, &path).await? == 404;
        Ok(is_gone.then_some(()))
    })
    .await?;
    let answer = cast.ole.ask(Method::POST, &format!("/batons/here/{offer}/acceptance"), None).await?;
    ensure!(answer.status == 404, "Ole takes what is over: {}", answer.status);
    ensure!(cast.held(case).await? == (json!(cast.leader), true), "and nobody else has it");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn baton_is_held_at_a_partner_by_the_owners_word_and_comes_home_when_it_is_given_back_or_the_family_says_so()
 {
    story().await.expect("the story holds");
}
