//! Two municipalities whose people log in by being picked, and what a script is told of them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};
use stafett_config::{People, Person, templates::people_toml};
use stafett_node::clock;
use stafett_protocol::id::AccountId;
use stafett_protocol::person::Role;
use stafett_tests::real::cast::{CAST, Place};
use stafett_tests::real::folder::{sample, settings};
use stafett_tests::real::world::World;

const PLACES: [Place; 2] = [Place::Steinkjer, Place::Inderoy];

/// Who works in Inderøy beside the cast, so that every role of staff can be picked there.
const MORE: [(&str, Option<&str>, Role); 4] = [
    ("Randi", Some("school"), Role::UnitLeader),
    ("Knut", Some("school"), Role::Employee),
    ("Arne", None, Role::Archive),
    ("Dagny", None, Role::DataProtectionOfficer),
];

/// How often it is looked whether a script wants the line cut or whole.
const LOOK: Duration = Duration::from_millis(50);

/// The nodes. A script cuts the line between them by writing `cut` into a file, and makes it whole
/// again by writing `whole`; what has come of it stands in a file beside that.
pub(crate) struct Town {
    world: World,
    line: PathBuf,
}

impl Town {
    /// Makes and starts both nodes.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let mut world = World::make(&PLACES, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
        for place in PLACES {
            demo_login(&world, place)?;
        }
        add_people(&world)?;
        add_verdal(&world)?;
        for place in PLACES {
            world.start(place).await?;
        }
        let line = world.aside("line");
        Ok(Self { world, line })
    }

    /// What a script must know: where the nodes are, and the tokens with which it prepares cases.
    pub(crate) fn told(&self) -> anyhow::Result<Value> {
        let mut nodes = Map::new();
        for place in PLACES {
            let made = &self.world.made[&place];
            let own = CAST.iter().filter(|part| part.place == place);
            let tokens: Map<_, _> =
                own.clone().map(|part| (format!("{:?}", part.who), json!(made.tokens[&part.who]))).collect();
            let accounts: Map<_, _> =
                own.map(|part| (format!("{:?}", part.who), json!(made.accounts[&part.who]))).collect();
            let node = json!({
                "web": self.world.web(place)?,
                "name": place.name(),
                "organisation": place.organisation(),
                "people": made.folder.join("people.toml"),
                "tokens": tokens,
                "accounts": accounts,
            });
            nodes.insert(place.key().to_owned(), node);
        }
        Ok(json!({ "nodes": nodes, "line": self.line }))
    }

    /// Does what the script wants of the line, for as long as it runs.
    pub(crate) async fn keep_the_line(&self) -> anyhow::Result<()> {
        let relay = self.world.line(Place::Inderoy, Place::Steinkjer);
        let answer = self.line.with_extension("is");
        loop {
            if let Ok(wish) = std::fs::read_to_string(&self.line) {
                match wish.as_str() {
                    "cut" => relay.cut(),
                    _ => relay.heal(),
                }
                std::fs::remove_file(&self.line)?;
                std::fs::write(&answer, wish)?;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Ends the nodes, which must still run and have met no fault of their own.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.world.end().await
    }
}

/// Anybody may be whoever is in the file of people: these nodes hold invented persons only.
fn demo_login(world: &World, place: Place) -> anyhow::Result<()> {
    let file = world.folder(place).join("stafett.toml");
    let text = std::fs::read_to_string(&file)?;
    let head = "[development]\n";
    ensure!(text.matches(head).count() == 1, "the settings have one section for development");
    std::fs::write(&file, text.replace(head, &format!("{head}demo_login = true\n")))?;
    Ok(())
}

/// A municipality without a node, to which families of Inderøy move.
fn add_verdal(world: &World) -> anyhow::Result<()> {
    let partners = settings(world.folder(Place::Inderoy))?.federation.partners;
    std::fs::copy(sample("partner-by-hand.toml"), partners.join("938587418.toml"))?;
    Ok(())
}

fn add_people(world: &World) -> anyhow::Result<()> {
    let folder = world.folder(Place::Inderoy);
    let file = folder.join("people.toml");
    let known = People::load_file(&file, &settings(folder)?)?;
    let person = |(name, service, role): (&str, Option<&str>, Role)| {
        Ok(Person {
            id: AccountId::from_random(clock::random()),
            name: name.to_owned(),
            service: service.map(str::parse).transpose().context("a service")?,
            roles: [role].into(),
            unit: None,
            person: None,
            staff_login: None,
            family_login: None,
        })
    };
    let more: Vec<Person> = MORE.into_iter().map(person).collect::<anyhow::Result<_>>()?;
    std::fs::write(&file, people_toml(known.iter().chain(&more)))?;
    Ok(())
}
