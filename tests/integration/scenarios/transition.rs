//! A child goes from kindergarten to school: by a checklist, with what its family lets pass and nothing
//! else, one stafettholder at every moment, and an overlap that ends to the millisecond.

use super::*;
use jiff::ToSpan;
use jiff::civil::Date;
use stafett_protocol::id::AccountId;
use stafett_protocol::person::Role;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::settings;
use stafett_tests::real::world::note;

const DAY: i64 = 24 * 60 * 60 * 1_000;
const INDEROY: [Place; 1] = [Place::Inderoy];
/// The organisation that runs a private kindergarten; of the range for tests.
const PRIVATE: &str = "310000019";

/// What happens at Inderøy: the kindergarten, the school that the child goes on to, and its family.
struct Town {
    world: World,
    /// Pedagogical leader in the kindergarten; stafettholder of the case that she opens.
    kari: (AccountId, Person),
    /// Leads the school.
    head: Person,
    /// Leads the kindergarten.
    manager: Person,
    family: Family,
}

impl Town {
    async fn of(is_private: bool) -> anyhow::Result<Self> {
        let mut world = World::make(&INDEROY, &[], &[]).await?;
        if is_private {
            let file = world.folder(Place::Inderoy).join("stafett.toml");
            let kind = "kind = \"kindergarten\"";
            let text = std::fs::read_to_string(&file)?;
            std::fs::write(&file, text.replacen(kind, &format!("{kind}\ncontroller = \"{PRIVATE}\""), 1))?;
        }
        world.start(Place::Inderoy).await?;
        let employee = (Role::Employee, "employee");
        let service = Some("kindergarten");
        let kari =
            world.let_in(NewAccount { place: Place::Inderoy, role: employee, service, person: None }).await?;
        let (_, head) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "school")).await?;
        let (_, manager) = world.let_in(NewAccount::unit_leader(Place::Inderoy, "kindergarten")).await?;
        let family = opened_by(&kari.1).await?;
        Ok(Self { world, kari, head, manager, family })
    }

    fn path(&self, below: &str) -> String {
        format!("/cases/{}{below}", self.family.case)
    }

    /// A day so many days from the node's today.
    fn day(&self, ahead: i64) -> anyhow::Result<Date> {
        let zone = settings(self.world.folder(Place::Inderoy))?.node.time_zone;
        let now = jiff::Timestamp::from_millisecond(self.world.now(Place::Inderoy)?)?;
        Ok(now.to_zoned(zone).date().checked_add(ahead.days())?)
    }

    /// Milliseconds until the first moment of a day.
    fn until(&self, day: Date) -> anyhow::Result<i64> {
        let zone = settings(self.world.folder(Place::Inderoy))?.node.time_zone;
        let midnight = day.to_zoned(zone)?.timestamp().as_millisecond();
        Ok(midnight - self.world.now(Place::Inderoy)?)
    }

    async fn passes(&self, millis: i64) -> anyhow::Result<()> {
        self.world.pass(&INDEROY, millis).await
    }

    fn account(&self, who: Who) -> AccountId {
        self.world.made[&Place::Inderoy].accounts[&who]
    }

    async fn write(&self, area: &str, text: &str) -> anyhow::Result<String> {
        let written: Value = self.kari.1.post(&self.path("/entries"), &note(&[area], text)).await?;
        Ok(written["entry"].as_str().context("an entry")?.to_owned())
    }

    /// Both guardians let a service of Inderøy read one area; returns the consent.
    async fn consent(&self, asker: &Person, service: &str, area: &str) -> anyhow::Result<Value> {
        let ask = json!({
            "recipient": { "host": Place::Inderoy.organisation(), "code": service },
            "areas": [area],
            "purpose": "Overgang",
        });
        let asked: Value = asker.post(&self.path("/consents"), &ask).await?;
        let mut given = Value::Null;
        for giver in [self.family.mother, self.family.father] {
            let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
            let path = self.path(&format!("/consents/{}/yes", asked["id"].as_str().context("an id")?));
            given = asker.post(&path, &yes).await?;
        }
        ensure!(given["status"] == "valid", "{given}");
        Ok(given)
    }

    async fn offer(&self, person: &Person, to: AccountId) -> anyhow::Result<String> {
        let offered: Value = person.post(&self.path("/baton/offers"), &json!({ "to": to })).await?;
        Ok(offered["offer"].as_str().context("an id")?.to_owned())
    }

    /// Who holds the baton, as each of these is told: all the same one.
    async fn holder(&self, as_told: &[&Person]) -> anyhow::Result<Value> {
        let mut told = Vec::new();
        for person in as_told {
            let baton: Value = person.get(&self.path("/baton")).await?;
            told.push(baton["holder"]["account"].clone());
        }
        ensure!(told.windows(2).all(|two| two[0] == two[1]), "two stafettholdere: {told:?}");
        told.pop().context("somebody was asked")
    }
}

async fn opened_by(holder: &Person) -> anyhow::Result<Family> {
    let guardian =
        |name: &str, word: &str| json!({ "name": name, "relation": word, "parental_responsibility": true });
    let request = json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Lina Prøvesen" },
        "guardians": [guardian("Eva Prøvesen", "mother"), guardian("Nils Prøvesen", "father")],
    });
    let opened: Value = holder.post("/cases", &request).await?;
    let case: CaseId = opened["case"].as_str().context("a case")?.parse()?;
    let view: Value = holder.get(&format!("/cases/{case}")).await?;
    let person = |at: usize| -> anyhow::Result<PersonId> {
        Ok(view["parties"][at]["person"].as_str().context("a person")?.parse()?)
    };
    Ok(Family { case, mother: person(1)?, father: person(2)? })
}

async fn kinds(person: &Person) -> anyhow::Result<Vec<String>> {
    let tasks: Vec<Value> = person.get("/tasks").await?;
    let kinds = tasks.iter().filter_map(|task| task["kind"].as_str()).map(str::to_owned);
    Ok(kinds.filter(|kind| kind.starts_with("transition")).collect())
}

async fn item_is_met(person: &Person, path: &str, code: &str) -> anyhow::Result<bool> {
    let view: Value = person.get(path).await?;
    let items = view["under_way"]["items"].as_array().context("a checklist")?;
    let item = items.iter().find(|item| item["item"] == code).context("an item")?;
    Ok(item["is_met"] == true)
}

/// Asserts what somebody at the school reads: the one entry, and nothing of the other, anywhere.
async fn reads_what_was_let_pass(
    town: &Town,
    teacher: &Person,
    [permitted, kept]: [&str; 2],
    [yes, no]: [&str; 2],
) -> anyhow::Result<()> {
    ensure!(status(teacher, &town.path(&format!("/entries/{permitted}"))).await? == 200, "what was let pass");
    ensure!(status(teacher, &town.path(&format!("/entries/{kept}"))).await? == 404, "what was kept back");
    let shown = teacher.ask(Method::GET, &town.path(""), None).await?;
    let listed = teacher.ask(Method::GET, &town.path("/entries"), None).await?;
    let page = teacher.page(&town.path("")).await?;
    let print = teacher.page(&town.path("/print")).await?;
    for (what, answer) in [("case", shown), ("entries", listed), ("page", page), ("print", print)] {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == 200 && text.contains(yes), "{what}: {} {text}", answer.status);
        must_not(&format!("{what} tells what was kept back"), text.contains(no) || text.contains(kept))?;
    }
    Ok(())
}

async fn story(is_private: bool) -> anyhow::Result<()> {
    let chance = Chance::seeded(if is_private { 72 } else { 71 });
    let town = Town::of(is_private).await?;
    let (kari, head, transition) = (&town.kari.1, &town.head, town.path("/transition"));
    let marte = town.world.person(Who::Marte)?;
    let words = [chance.marker("let pass"), chance.marker("kept back")];
    let entries = [town.write("language", &words[0]).await?, town.write("home", &words[1]).await?];
    let (words, entries) = (words.each_ref().map(String::as_str), entries.each_ref().map(String::as_str));

    // In spring the checklist is opened. The school learns that a child comes, and nothing else.
    let (on, last) = (town.day(60)?, town.day(80)?);
    let begins = json!({ "to": "school", "on": on.to_string(), "overlap_until": last.to_string() });
    let _: Value = kari.post(&transition, &begins).await?;
    ensure!(kinds(head).await? == ["transition-to-receive"], "{:?}", kinds(head).await?);
    let seen = head.ask(Method::GET, &transition, None).await?;
    let listed = head.page("/unit").await?;
    for answer in [seen, listed] {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        ensure!(answer.status == 200, "{text}");
        for hidden in ["Lina", "Prøvesen", words[0], words[1]] {
            must_not(&format!("the head teacher is told {hidden}"), text.contains(hidden))?;
        }
    }
    ensure!(status(head, &town.path("")).await? == 404, "the head teacher finds the case");
    let contact = json!({ "contact": town.account(Who::Marte) });
    let receive = town.path("/transition/receive");
    let named = head.ask(Method::POST, &receive, Some(&contact)).await?;
    ensure!(named.status == 409, "somebody is named without a consent: {}", named.status);

    // What is due is told of. The family lets one area pass; the school takes part.
    ensure!(kinds(kari).await? == ["transition-item-due"], "{:?}", kinds(kari).await?);
    town.consent(kari, "school", "language").await?;
    let _: Value = head.post(&receive, &contact).await?;
    ensure!(kinds(head).await?.is_empty(), "{:?}", kinds(head).await?);
    for met in ["consent-to-receiver", "receiver-invited"] {
        ensure!(item_is_met(kari, &transition, met).await?, "{met}");
    }
    for done in ["parents-asked", "joint-meeting"] {
        let mark = json!({ "item": done, "done": true });
        let _: Value = kari.post(&town.path("/transition/item"), &mark).await?;
    }
    reads_what_was_let_pass(&town, &marte, entries, words).await?;

    // The day comes, and the baton is still in the kindergarten: both sides are told.
    town.passes(town.until(on)? + 1_000).await?;
    let missing = "transition-baton-missing".to_owned();
    until("the baton that is missed", async || {
        Ok((kinds(kari).await?.contains(&missing) && kinds(head).await? == [missing.clone()]).then_some(()))
    })
    .await?;

    // Kari holds it until Marte has accepted, and Marte from then on: never two, and never nobody.
    let offer = town.offer(kari, town.account(Who::Marte)).await?;
    ensure!(town.holder(&[kari, &marte]).await? == json!(town.kari.0), "an offer gives nothing");
    let _: Value = marte.post(&town.path(&format!("/baton/offers/{offer}/acceptance")), &Value::Null).await?;
    ensure!(town.holder(&[kari, &marte]).await? == json!(town.account(Who::Marte)), "who holds it");
    ensure!(kinds(head).await?.is_empty(), "nothing is missed any longer");

    // The log follows: the same case, with all that was written in it.
    for entry in entries {
        ensure!(status(&marte, &town.path(&format!("/entries/{entry}"))).await? == 200, "{entry}");
    }
    let written: Value = marte.post(&town.path("/entries"), &note(&["home"], "Første skoledag")).await?;
    let of_school = written["entry"].as_str().context("an entry")?;

    // Kari reads what the kindergarten wrote until the last day is over, and nothing of it after.
    let end = last.checked_add(1.day())?;
    town.passes(town.until(end)? - 20_000).await?;
    ensure!(status(kari, &town.path("")).await? == 200, "Kari reads no longer");
    ensure!(status(kari, &town.path(&format!("/entries/{}", entries[1]))).await? == 200, "her own words");
    ensure!(status(kari, &town.path(&format!("/entries/{of_school}"))).await? == 404, "the school's words");
    ensure!(town.until(end)? > 0, "this machine was too slow to look before the end");
    town.passes(town.until(end)?).await?;
    until("the end of the overlap", async || Ok((status(kari, &town.path("")).await? == 404).then_some(())))
        .await?;
    ensure!(town.until(end)? <= 0, "the overlap ended before its time");
    ensure!(status(&marte, &town.path("")).await? == 200, "Marte reads on");
    let view: Value = marte.get(&transition).await?;
    must_not("time ended it with an item open", view["under_way"].is_null())?;
    let mark = json!({ "item": "consents-looked-through", "done": true });
    let _: Value = marte.post(&town.path("/transition/item"), &mark).await?;
    until("the end of the transition, by the clock", async || {
        let view: Value = marte.get(&transition).await?;
        Ok(view["under_way"].is_null().then_some(()))
    })
    .await?;
    town.world.end().await
}

/// Siri at the health station lets a child go on to a private kindergarten.
async fn into_a_private_kindergarten() -> anyhow::Result<()> {
    let chance = Chance::seeded(73);
    let mut town = Town::of(true).await?;
    let siri = town.world.person(Who::Siri)?;
    town.family = opened_by(&siri).await?;
    let (kari, transition) = (town.kari.clone(), town.path("/transition"));
    let words = [chance.marker("let pass"), chance.marker("kept back")];
    let mut entries = Vec::new();
    for (area, text) in [("language", &words[0]), ("health", &words[1])] {
        let written: Value = siri.post(&town.path("/entries"), &note(&[area], text)).await?;
        entries.push(written["entry"].as_str().context("an entry")?.to_owned());
    }
    let on = town.day(30)?.to_string();
    let _: Value = siri.post(&transition, &json!({ "to": "kindergarten", "on": on })).await?;

    // It is a recipient with an organisation number of its own.
    let given = town.consent(&siri, "kindergarten", "language").await?;
    ensure!(given["controller"]["organisation"] == PRIVATE, "{given}");
    let contact = json!({ "contact": kari.0 });
    let _: Value = town.manager.post(&town.path("/transition/receive"), &contact).await?;
    let entries = [entries[0].as_str(), entries[1].as_str()];
    let words = words.each_ref().map(String::as_str);
    reads_what_was_let_pass(&town, &kari.1, entries, words).await?;

    // The case stays with the municipality, and so does the baton: nobody asks for it.
    let path = town.path("/baton/offers");
    let offered = siri.ask(Method::POST, &path, Some(&json!({ "to": kari.0 }))).await?;
    ensure!(offered.status == 422, "the baton goes to a private kindergarten: {}", offered.status);
    let view: Value = siri.get(&transition).await?;
    must_not("an item waits for the baton", view["under_way"]["items"].to_string().contains("baton"))?;
    town.passes(31 * DAY).await?;
    let of_siri = until("what is due by then", async || Ok(kinds(&siri).await.ok())).await?;
    must_not("a baton is missed", of_siri.contains(&"transition-baton-missing".to_owned()))?;
    town.world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn child_goes_from_kindergarten_to_school_by_a_checklist() {
    story(false).await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn child_goes_from_a_private_kindergarten_to_school_by_the_same_checklist() {
    story(true).await.expect("the story holds");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_kindergarten_receives_a_child_and_reads_what_its_family_lets_pass_alone() {
    into_a_private_kindergarten().await.expect("the story holds");
}
