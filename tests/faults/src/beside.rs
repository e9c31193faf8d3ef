//! The journal on a system that lets its file grow only so far: the write fails half way and leaves a
//! torn line, wherever that is.
//!
//! What its disk does to it is planned as for every other file.

use std::process::Command;

use anyhow::Context;
use stafett_node::store::Store;
use stafett_protocol::transaction::{Transaction, Write};

use crate::disk::Image;
use crate::run::World;
use crate::view;
use crate::workloads::{Step, Workload};

/// The journal's file on the disk.
pub const JOURNAL: &str = "journal/journal.jsonl";

/// A store before its last step, which closes something.
pub struct Closing {
    image: Image,
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
        let world = World::new(&Image::new())?;
        let store = view::open(world.paths())?;
        for step in workload.before.into_iter().chain(workload.steps) {
            let Step::Commit(writes, local) = step else { anyhow::bail!("transactions alone") };
            store.commit_with(Transaction::of(writes), local).await?;
        }
        drop(store);
        Ok(Self { image: world.disk().seen(), last })
    }

    /// Opens it in a world of its own.
    ///
    /// # Errors
    /// If it does not open.
    pub fn world(&self) -> anyhow::Result<(World, Store)> {
        let world = World::new(&self.image)?;
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
        self.image.get(JOURNAL).map_or(0, |bytes| bytes.len())
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
