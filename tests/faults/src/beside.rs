//! What the store keeps past SQLite: the journal is an ordinary file of the real file system, so
//! no disk of ours stands behind it. What can be tried of it is a system that lets the file grow
//! only so far: the write fails half way and leaves a torn line.
//!
//! Not tried: an error of reading, and a failing force to the disk, of the journal and of the note
//! beside it. They need a file system of our own below the system's calls.

use std::process::Command;

use anyhow::Context;
use stafett_node::store::Store;
use stafett_protocol::transaction::{Transaction, Write};

use crate::disk::Image;
use crate::run::{Beside, World};
use crate::view;
use crate::workloads::{Step, Workload};

/// The journal's file.
pub const JOURNAL: &str = "journal.jsonl";

/// A store before its last step, which closes something.
pub struct Closing {
    image: Image,
    journal: Beside,
    last: Vec<Write>,
}

impl Closing {
    /// Prepares a workload up to its last step.
    ///
    /// # Errors
    /// What failed although nothing was planned to.
    pub async fn of(mut workload: Workload) -> anyhow::Result<Self> {
        let last = match workload.steps.pop() {
            Some(Step::Commit(writes, _)) => writes,
            _ => anyhow::bail!("a workload that ends with a transaction"),
        };
        let world = World::new(&Image::new(), &Beside::new())?;
        let store = view::open(world.paths())?;
        for step in workload.before.into_iter().chain(workload.steps) {
            let Step::Commit(writes, local) = step else { anyhow::bail!("transactions alone") };
            store.commit_with(Transaction::of(writes), local).await?;
        }
        drop(store);
        Ok(Self { image: world.disk().seen(), journal: world.journal(), last })
    }

    /// Opens it in a world of its own.
    ///
    /// # Errors
    /// If it does not open.
    pub fn world(&self) -> anyhow::Result<(World, Store)> {
        let world = World::new(&self.image, &self.journal)?;
        let store = view::open(world.paths())?;
        Ok((world, store))
    }

    /// Does the last step.
    ///
    /// # Errors
    /// If it is not taken.
    pub async fn close(&self, store: &Store) -> anyhow::Result<()> {
        store.commit(Transaction::of(self.last.clone())).await.map(|_| ()).context("closing")
    }

    /// Bytes of the journal before the last step.
    pub fn journal_bytes(&self) -> usize {
        self.journal.get(JOURNAL).map_or(0, Vec::len)
    }
}

/// Lets files of this process grow to so many bytes and no further; none for as many as come. The
/// process must ignore the signal that comes with it.
///
/// # Errors
/// If the system does not allow it.
pub fn limit_files(bytes: Option<usize>) -> anyhow::Result<()> {
    let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
    let process = std::process::id().to_string();
    let done =
        Command::new("prlimit").args(["--pid", &process, &format!("--fsize={soft}:unlimited")]).status();
    anyhow::ensure!(done.context("prlimit")?.success(), "the limit of files cannot be set");
    Ok(())
}
