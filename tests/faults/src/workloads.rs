//! What a node does to its store. Each workload is a list of steps after others that only prepare
//! it; a step is done when the store has said so.

mod local;
mod own;
mod received;

use std::path::Path;

use stafett_node::store::{LocalWrite, StoreError};
use stafett_protocol::transaction::Write;

/// One step.
pub enum Step {
    /// One transaction.
    Commit(Vec<Write>, Vec<LocalWrite>),
    /// Transactions that wait in line together.
    InLine(Vec<Vec<Write>>),
    /// A short write of another process, in the store's folder.
    Beside(fn(&Path) -> Result<(), StoreError>),
    /// The store is closed and opened again.
    Reopen,
}

impl Step {
    /// A transaction of what belongs to cases and links.
    pub fn of(writes: Vec<Write>) -> Self {
        Self::Commit(writes, Vec::new())
    }

    /// A transaction of what concerns this node alone.
    pub fn local(local: Vec<LocalWrite>) -> Self {
        Self::Commit(Vec::new(), local)
    }

    /// How many transactions it is.
    pub fn transactions(&self) -> usize {
        match self {
            Self::Commit(..) | Self::Beside(_) => 1,
            Self::InLine(all) => all.len(),
            Self::Reopen => 0,
        }
    }
}

/// What lies in the folders before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing.
    Nothing,
    /// A store with one token, as the first program of so many migrations left it.
    Schema(usize),
}

/// A list of steps.
pub struct Workload {
    /// What it is called.
    pub name: &'static str,
    /// What lies there at first.
    pub beginning: Beginning,
    /// Steps that only prepare it.
    pub before: Vec<Step>,
    /// The steps that meet faults.
    pub steps: Vec<Step>,
    /// Whether somebody reads the whole time, with a snapshot from before the first step.
    pub is_read: bool,
    /// Whether the journal is lost before the steps.
    pub loses_journal: bool,
    /// One of how many of its calls meets a fault.
    pub every: usize,
}

impl Workload {
    fn new(name: &'static str, before: Vec<Step>, steps: Vec<Step>) -> Self {
        let beginning = Beginning::Nothing;
        Self { name, beginning, before, steps, is_read: false, loses_journal: false, every: 1 }
    }
}

/// Every workload.
pub fn all() -> Vec<Workload> {
    own::all().into_iter().chain(received::all()).chain(local::all()).collect()
}

/// Workloads whose name has something in it, or the one that is called so.
///
/// # Errors
/// If there are none; the error has all their names.
pub fn called(name: &str) -> anyhow::Result<Vec<Workload>> {
    let mut found = all();
    if found.iter().any(|one| one.name == name) {
        found.retain(|one| one.name == name);
        return Ok(found);
    }
    found.retain(|one| one.name.contains(name));
    if found.is_empty() {
        let names: Vec<_> = all().iter().map(|one| one.name).collect();
        anyhow::bail!("no workload has {name:?} in its name; there are: {}", names.join(" · "));
    }
    Ok(found)
}
