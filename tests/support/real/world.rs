//! Some nodes, the lines between them, and what their people do.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use stafett_node::engine::answer::{CaseView, ConsentItem, EntryItem, Published};
use stafett_protocol::id::{AccountId, CaseId, ConsentId, EntryId, PersonId};

use super::cast::{Place, Who};
use super::folder::{self, Days, Made};
use super::node::{RunningNode, log_of};
use super::person::{Answer, Person};
use super::relay::Relay;
use super::tap::{self, Stream};
use super::until;

/// Nodes and lines. Kept on the disk unless [`World::end`] was reached.
pub struct World {
    root: Option<tempfile::TempDir>,
    /// The folders.
    pub made: BTreeMap<Place, Made>,
    nodes: BTreeMap<Place, RunningNode>,
    lines: BTreeMap<(Place, Place), Relay>,
}

/// A case as its stafettholder knows it.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// The case.
    pub case: CaseId,
    /// One guardian.
    pub mother: PersonId,
    /// The other.
    pub father: PersonId,
}

#[derive(Deserialize)]
struct Opened {
    case: CaseId,
}

impl World {
    /// Makes folders and lines; nothing runs yet. In each pair the first dials the second.
    ///
    /// # Errors
    /// If a folder cannot be made.
    pub async fn make(places: &[Place], pairs: &[(Place, Place)], areas: &[String]) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let mut made = BTreeMap::new();
        for place in places {
            made.insert(*place, folder::make(root.path(), *place, areas).await?);
        }
        let mut lines = BTreeMap::new();
        for (dialler, other) in pairs {
            let line = Relay::open().await?;
            let (own, their) = (&made[dialler], &made[other]);
            let address = Some(line.address());
            folder::put_partner(&own.folder, &folder::partner(own, their, address, Days::IN_FORCE)?)?;
            folder::put_partner(&their.folder, &folder::partner(their, own, None, Days::IN_FORCE)?)?;
            lines.insert((*dialler, *other), line);
        }
        Ok(Self { root: Some(root), made, nodes: BTreeMap::new(), lines })
    }

    /// Makes and starts Inderøy, Steinkjer and Snåsa; both others dial Steinkjer.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn three(areas: &[String]) -> anyhow::Result<Self> {
        let places = [Place::Steinkjer, Place::Inderoy, Place::Snasa];
        let pairs = [(Place::Inderoy, Place::Steinkjer), (Place::Snasa, Place::Steinkjer)];
        let mut world = Self::make(&places, &pairs, areas).await?;
        world.start_all().await?;
        Ok(world)
    }

    /// Makes and starts Inderøy and Steinkjer.
    ///
    /// # Errors
    /// If one does not start.
    pub async fn two() -> anyhow::Result<Self> {
        let places = [Place::Steinkjer, Place::Inderoy];
        let mut world = Self::make(&places, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
        world.start_all().await?;
        Ok(world)
    }

    async fn start_all(&mut self) -> anyhow::Result<()> {
        let places: Vec<Place> = self.made.keys().copied().collect();
        for place in places {
            self.start(place).await?;
        }
        Ok(())
    }

    /// Starts a node and leads the lines to it.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn start(&mut self, place: Place) -> anyhow::Result<()> {
        let node = RunningNode::start(self.folder(place)).await?;
        for ((_, other), line) in &self.lines {
            if *other == place {
                line.lead_to(node.quic);
            }
        }
        self.nodes.insert(place, node);
        Ok(())
    }

    /// Kills a node with SIGKILL.
    ///
    /// # Errors
    /// If it had ended by itself.
    pub async fn kill(&mut self, place: Place) -> anyhow::Result<()> {
        self.nodes.remove(&place).context("a node that runs")?.kill().await
    }

    /// Kills a node and starts it again.
    ///
    /// # Errors
    /// As [`kill`](Self::kill) and [`start`](Self::start).
    pub async fn restart(&mut self, place: Place) -> anyhow::Result<()> {
        self.kill(place).await?;
        self.start(place).await
    }

    /// A node that runs.
    ///
    /// # Panics
    /// If it does not.
    pub fn node(&mut self, place: Place) -> &mut RunningNode {
        self.nodes.get_mut(&place).expect("a node that runs")
    }

    /// Where a node that runs answers its people.
    ///
    /// # Errors
    /// If it does not run.
    pub fn web(&self, place: Place) -> anyhow::Result<&str> {
        Ok(&self.nodes.get(&place).context("a node that runs")?.web)
    }

    /// Where partners' nodes reach a node that runs.
    ///
    /// # Errors
    /// If it does not run.
    pub fn quic(&self, place: Place) -> anyhow::Result<SocketAddr> {
        Ok(self.nodes.get(&place).context("a node that runs")?.quic)
    }

    /// The line between two nodes.
    ///
    /// # Panics
    /// If there is none.
    pub fn line(&self, dialler: Place, other: Place) -> &Relay {
        &self.lines[&(dialler, other)]
    }

    /// A node's folder.
    ///
    /// # Panics
    /// If it has none.
    pub fn folder(&self, place: Place) -> &Path {
        &self.made[&place].folder
    }

    /// A folder for what a test keeps.
    ///
    /// # Panics
    /// If the world has ended.
    pub fn aside(&self, name: &str) -> PathBuf {
        self.root.as_ref().expect("a world that has not ended").path().join(name)
    }

    /// What a node has logged.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn log(&self, place: Place) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(log_of(self.folder(place)))?)
    }

    /// What a node has handed to its connections with another.
    ///
    /// # Errors
    /// If the recording cannot be read.
    pub fn handed(&self, from: Place, to: Place) -> anyhow::Result<Vec<Vec<u8>>> {
        tap::all(self.folder(from), to.number())
    }

    /// What a node has handed to one stream of its connections with another.
    ///
    /// # Errors
    /// If the recording cannot be read.
    pub fn handed_on(&self, from: Place, to: Place, stream: Stream) -> anyhow::Result<Vec<Vec<u8>>> {
        tap::frames(self.folder(from), to.number(), stream)
    }

    /// Somebody's program.
    ///
    /// # Errors
    /// If there is no HTTP client.
    pub fn person(&self, who: Who) -> anyhow::Result<Person> {
        let place = who.part().place;
        Person::new(self.web(place)?, &self.made[&place].tokens[&who])
    }

    /// Somebody's account.
    ///
    /// # Panics
    /// If the person's municipality is not in this world.
    pub fn account(&self, who: Who) -> AccountId {
        self.made[&who.part().place].accounts[&who]
    }

    /// The key that signs a node's statements, as 64 hexadecimal digits.
    ///
    /// # Panics
    /// If the municipality is not in this world.
    pub fn signing_key(&self, place: Place) -> &str {
        &self.made[&place].identity.signing_key
    }

    /// Opens a case of a child with two guardians.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn open_case(&self, who: Who, names: [&str; 3]) -> anyhow::Result<Family> {
        let [child, mother, father] = names;
        let guardian = |name: &str, relation: &str| json!({ "name": name, "relation": relation, "parental_responsibility": true });
        let request = json!({
            "subject_kind": "child",
            "level": 1,
            "subject": { "name": child },
            "guardians": [guardian(mother, "mother"), guardian(father, "father")],
        });
        let Opened { case } = self.person(who)?.post("/cases", &request).await?;
        let view = self.case(who, case).await?;
        let [_, mother, father] = view.parties.as_slice() else {
            anyhow::bail!("expected a child and two guardians, found {} persons", view.parties.len());
        };
        Ok(Family { case, mother: mother.person, father: father.person })
    }

    /// Writes an entry with one text, in an own case or as a proposal.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn publish(
        &self,
        who: Who,
        case: CaseId,
        areas: &[&str],
        text: &str,
    ) -> anyhow::Result<Published> {
        self.person(who)?.post(&format!("/cases/{case}/entries"), &note(areas, text)).await
    }

    /// Writes a note in an own case.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn write(&self, who: Who, case: CaseId, areas: &[&str], text: &str) -> anyhow::Result<EntryId> {
        self.publish(who, case, areas, text)
            .await?
            .entry
            .context("an entry in an own case has its id at once")
    }

    /// Replaces the text of a note.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn edit(
        &self,
        who: Who,
        case: CaseId,
        entry: EntryId,
        text: &str,
    ) -> anyhow::Result<EntryItem> {
        let body = json!({ "fields": { "description": text } });
        self.person(who)?.send(Method::PATCH, &format!("/cases/{case}/entries/{entry}"), Some(&body)).await
    }

    /// Reads a case.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn case(&self, who: Who, case: CaseId) -> anyhow::Result<CaseView> {
        self.person(who)?.get(&format!("/cases/{case}")).await
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn entry(&self, who: Who, case: CaseId, entry: EntryId) -> anyhow::Result<EntryItem> {
        self.person(who)?.get(&format!("/cases/{case}/entries/{entry}")).await
    }

    /// Asks a node for anything with GET.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn look(&self, who: Who, path: &str) -> anyhow::Result<Answer> {
        self.person(who)?.ask(Method::GET, path, None).await
    }

    /// Asks a family whether a service may see some areas.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn ask_family(
        &self,
        who: Who,
        case: CaseId,
        (host, service): (Place, &str),
        areas: &[&str],
    ) -> anyhow::Result<ConsentId> {
        let request = json!({
            "recipient": { "host": host.organisation(), "code": service },
            "areas": areas,
            "purpose": "Samarbeid om språk",
        });
        let asked: ConsentItem = self.person(who)?.post(&format!("/cases/{case}/consents"), &request).await?;
        Ok(asked.asked.id)
    }

    /// Registers a yes.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn say_yes(
        &self,
        who: Who,
        case: CaseId,
        consent: ConsentId,
        giver: PersonId,
    ) -> anyhow::Result<ConsentItem> {
        let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
        self.person(who)?.post(&format!("/cases/{case}/consents/{consent}/yes"), &yes).await
    }

    /// Registers a withdrawal.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn withdraw(
        &self,
        who: Who,
        case: CaseId,
        consent: ConsentId,
        giver: PersonId,
    ) -> anyhow::Result<ConsentItem> {
        let path = format!("/cases/{case}/consents/{consent}/withdrawal");
        self.person(who)?.post(&path, &json!({ "giver": giver })).await
    }

    /// Lists the consents of a case.
    ///
    /// # Errors
    /// If the node refuses.
    pub async fn consents(&self, who: Who, case: CaseId) -> anyhow::Result<Vec<ConsentItem>> {
        self.person(who)?.get(&format!("/cases/{case}/consents")).await
    }

    /// Shares areas of a case with a service: asked, and both guardians say yes.
    ///
    /// # Errors
    /// If the node refuses, or the consent is not valid then.
    pub async fn share(
        &self,
        who: Who,
        family: Family,
        service: (Place, &str),
        areas: &[&str],
    ) -> anyhow::Result<ConsentId> {
        let Family { case, mother, father } = family;
        let consent = self.ask_family(who, case, service, areas).await?;
        self.say_yes(who, case, consent, mother).await?;
        let given = self.say_yes(who, case, consent, father).await?;
        ensure!(given.status == "valid", "the consent is {}", given.status);
        Ok(consent)
    }

    /// The leader of PPT finds a case in the inbox and gives it to somebody.
    ///
    /// # Errors
    /// If it does not come, or the node refuses.
    pub async fn assign(&self, case: CaseId, to: Who) -> anyhow::Result<()> {
        until("the case in the inbox of PPT", async || {
            let answer = self.look(Who::Berit, &format!("/cases/{case}")).await?;
            Ok((answer.status == 200).then_some(()))
        })
        .await?;
        let account = self.made[&Place::Steinkjer].accounts[&to];
        let body = json!({ "account": account });
        let _: Value = self.person(Who::Berit)?.post(&format!("/cases/{case}/assignments"), &body).await?;
        Ok(())
    }

    /// Waits until somebody may read an entry, and returns it.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn until_readable(&self, who: Who, case: CaseId, entry: EntryId) -> anyhow::Result<EntryItem> {
        until("an entry that somebody may read", async || {
            let answer = self.look(who, &format!("/cases/{case}/entries/{entry}")).await?;
            Ok((answer.status == 200).then(|| serde_json::from_slice(&answer.body)).transpose()?)
        })
        .await
    }

    /// Ends the world: every node must still run, and none may have met a fault of its own.
    ///
    /// # Errors
    /// If one has ended by itself or has logged a panic.
    pub async fn end(mut self) -> anyhow::Result<()> {
        for (place, node) in std::mem::take(&mut self.nodes) {
            node.kill().await.with_context(|| place.name())?;
        }
        for made in self.made.values() {
            let log = log_of(&made.folder);
            let log = if log.exists() { std::fs::read_to_string(log)? } else { String::new() };
            let fault = log.lines().find(|line| line.contains("a part of it stopped"));
            ensure!(fault.is_none(), "{}: {fault:?}", made.place.name());
        }
        self.root.take().map_or(Ok(()), tempfile::TempDir::close)?;
        Ok(())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(root) = self.root.take() {
            let kept = root.keep();
            #[expect(clippy::print_stderr, reason = "whoever reads the failure wants to look there")]
            {
                eprintln!("kept: {}", kept.display());
            }
        }
    }
}

/// A note as the API takes it.
pub fn note(areas: &[&str], text: &str) -> Value {
    json!({ "kind": "note", "areas": areas, "fields": { "description": text } })
}
