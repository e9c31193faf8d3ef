//! Persons of a family with accounts of their own at a node, let in as its operator would.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use stafett_node::clock;
use stafett_protocol::id::{AccountId, PersonId};

use super::node::log_of;
use super::person::Person;
use super::program::run;
use super::until;

/// What a node logs when it has read the people anew.
const TAKEN_OVER: &str = "took over changed people";

#[derive(Deserialize)]
struct Created {
    token: String,
}

/// Writes a guardian into a running node's file of people, waits until it is read, and makes a token.
///
/// # Errors
/// If the file cannot be written, or the node does not take it over.
pub async fn admit_guardian(folder: &Path, web: &str, guardian: PersonId) -> anyhow::Result<Person> {
    let account = AccountId::from_random(clock::random());
    let (file, fresh) = (folder.join("people.toml"), folder.join(".people.new"));
    let people = std::fs::read_to_string(&file)?;
    let entry = format!(
        "\n[[person]]\nid = \"{account}\"\nname = \"{account}\"\nroles = [\"guardian\"]\nperson = \"{guardian}\"\n"
    );
    std::fs::write(&fresh, people + &entry)?;
    let taken_over = || anyhow::Ok(std::fs::read_to_string(log_of(folder))?.matches(TAKEN_OVER).count());
    let before = taken_over()?;
    std::fs::rename(&fresh, &file)?;
    until("the account of a guardian", async || Ok((taken_over()? > before).then_some(()))).await?;
    let path = folder.to_string_lossy().into_owned();
    let create = ["token", "create", "--json", "--days", "1", "--role", "guardian", "--data"];
    let created = run(create.into_iter().chain([path.as_str(), "--person", &account.to_string()])).await?;
    let created: Created = serde_json::from_slice(&created).context("a new token")?;
    Person::new(web, &created.token)
}
