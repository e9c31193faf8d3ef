//! Lets more people in while a node runs: leaders, and a family whose persons are known once their
//! case is open.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use stafett_config::templates::people_toml;
use stafett_config::{People, Person as Account};
use stafett_node::clock;
use stafett_protocol::id::{AccountId, PersonId};
use stafett_protocol::person::Role;

use super::cast::Place;
use super::folder::settings;
use super::node::log_of;
use super::person::Person;
use super::program::run;
use super::until;
use super::world::World;

/// Who is let in.
#[derive(Debug, Clone, Copy)]
pub struct NewAccount<'a> {
    /// At whose node.
    pub place: Place,
    /// The role, and its word on the command line.
    pub role: (Role, &'a str),
    /// The service; none for families.
    pub service: Option<&'a str>,
    /// Which person of a case this is; for families.
    pub person: Option<PersonId>,
}

impl NewAccount<'_> {
    /// The leader of a unit of a service.
    pub fn unit_leader(place: Place, service: &str) -> NewAccount<'_> {
        NewAccount { place, role: (Role::UnitLeader, "unit-leader"), service: Some(service), person: None }
    }

    /// A guardian.
    pub fn guardian(place: Place, person: PersonId) -> Self {
        NewAccount { place, role: (Role::Guardian, "guardian"), service: None, person: Some(person) }
    }

    /// A youth, pregnant woman or parent whom a case is about.
    pub fn subject(place: Place, person: PersonId) -> Self {
        NewAccount { place, role: (Role::Subject, "subject"), service: None, person: Some(person) }
    }
}

/// What a node logs when it has read the people anew.
const TAKEN_OVER: &str = "took over changed people";

#[derive(Deserialize)]
struct Created {
    token: String,
}

impl World {
    /// Adds an account to a running node's people and returns its program once the node knows it.
    ///
    /// # Errors
    /// If a file or a command fails, or the node does not take it over.
    pub async fn let_in(&self, new: NewAccount<'_>) -> anyhow::Result<(AccountId, Person)> {
        let NewAccount { place, role: (role, word), service, person } = new;
        let folder = self.folder(place).to_owned();
        let config = settings(&folder)?;
        let file = folder.join("people.toml");
        let known = People::load_file(&file, &config)?;
        let id = AccountId::from_random(clock::random());
        let account = Account {
            id,
            name: word.to_owned(),
            service: service.map(str::parse).transpose()?,
            roles: [role].into(),
            unit: None,
            person,
            staff_login: None,
            family_login: None,
        };
        let taken_over = || Self::people_taken_over(&folder);
        let before = taken_over()?;
        let fresh = folder.join("people.toml.new");
        std::fs::write(&fresh, people_toml(known.iter().chain([&account])))?;
        std::fs::rename(&fresh, &file)?;
        until("the node's new people", async || Ok((taken_over()? > before).then_some(()))).await?;
        let (path, id_word) = (folder.to_string_lossy().into_owned(), id.to_string());
        let create = [
            "token", "create", "--json", "--days", "365", "--data", &path, "--person", &id_word, "--role",
            word,
        ];
        let created: Created = serde_json::from_slice(&run(create).await?).context("a new token")?;
        Ok((id, Person::new(self.web(place)?, &created.token)?))
    }

    /// How often a node has read its people anew. Asking it with a token that it does not know yet
    /// would be an attempt to guess one.
    fn people_taken_over(folder: &Path) -> anyhow::Result<usize> {
        Ok(std::fs::read_to_string(log_of(folder))?.matches(TAKEN_OVER).count())
    }
}
