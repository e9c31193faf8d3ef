//! Runs a workload once, with one fault at one call, and looks at everything that can be left.

mod world;

use std::sync::Arc;

use rusqlite::Connection;
use stafett_node::store::Store;
use stafett_protocol::transaction::{Transaction, Write};

use crate::beside;
use crate::chance::seed_of;
use crate::disk::{Call, Cut, Disk, Fault, Image, Plan};
use crate::view::{self, Keys, Look, View};
use crate::workloads::{Beginning, Step, Workload};
pub use world::World;

/// A workload, and what it does when nothing goes wrong.
pub struct Prepared {
    /// The workload.
    pub workload: Workload,
    /// Its calls from opening the store to closing it.
    pub trace: Vec<Call>,
    image: Image,
    /// What the store says before the first transaction and after each.
    views: Vec<View>,
    keys_before: Keys,
}

/// What came of one run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether the planned call was made.
    pub was_met: bool,
    /// What was left, that was opened again.
    pub ends: usize,
    /// Keys that seal nothing and were left lying.
    pub keys_over: usize,
    /// What does not hold.
    pub problems: Vec<String>,
}

/// Something that was left, and how many transactions must be in it.
struct End {
    what: &'static str,
    image: Image,
    from: usize,
    to: usize,
}

/// Prepares a workload, and runs it without a fault.
///
/// # Errors
/// What failed although nothing was planned to.
pub async fn prepare(workload: Workload) -> anyhow::Result<Prepared> {
    let mut image = begin(&workload).await?;
    if workload.loses_journal {
        image.remove(beside::JOURNAL);
    }
    let first = look_at(&image).await?;
    anyhow::ensure!(first.problems.is_empty(), "{}: {:?}", workload.name, first.problems);
    let mut views = vec![first.view];
    let world = World::new(&image)?;
    let mut store = view::open(world.paths())?;
    for step in &workload.steps {
        if matches!(step, Step::Reopen) {
            drop(store);
            store = view::open(world.paths())?;
        }
        for number in 0..step.transactions() {
            execute(step, &store, &world, &[number])
                .await
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
                .map_err(|fault| {
                    anyhow::anyhow!("{}: a step fails without a fault: {fault}", workload.name)
                })?;
            let look = look_at(&world.disk().seen()).await?;
            anyhow::ensure!(look.problems.is_empty(), "{}: {:?}", workload.name, look.problems);
            let over = look.there.difference(&look.named).count();
            anyhow::ensure!(over == 0, "{}: {over} keys seal nothing", workload.name);
            views.push(look.view);
        }
    }
    drop(store);
    let mut prepared = Prepared { workload, trace: Vec::new(), image, views, keys_before: first.there };
    let (outcome, trace) = run_with(&prepared, None).await?;
    anyhow::ensure!(outcome.problems.is_empty(), "{}: {:?}", prepared.workload.name, outcome.problems);
    prepared.trace = trace;
    Ok(prepared)
}

async fn begin(workload: &Workload) -> anyhow::Result<Image> {
    let world = World::new(&Image::new())?;
    if let Beginning::Schema(migrations) = workload.beginning {
        world::old_store(&world.paths().data.join("store.sqlite"), migrations)?;
        return Ok(world.disk().seen());
    }
    if workload.before.is_empty() && workload.name == "making a store" {
        return Ok(Image::new());
    }
    let store = view::open(world.paths())?;
    for step in &workload.before {
        let all: Vec<usize> = (0..step.transactions()).collect();
        for done in execute(step, &store, &world, &all).await {
            done.map_err(|fault| anyhow::anyhow!("{}: preparing fails: {fault}", workload.name))?;
        }
    }
    // Some begin with a full log beside the database, as after a crash, and some without.
    if seed_of(workload.name).is_multiple_of(2) {
        return Ok(world.disk().seen());
    }
    drop(store);
    Ok(world.disk().seen())
}

async fn look_at(image: &Image) -> anyhow::Result<Look> {
    let world = World::new(image)?;
    view::look(world.paths()).await
}

/// Does some transactions of a step; returns what came of each.
async fn execute(step: &Step, store: &Store, world: &World, numbers: &[usize]) -> Vec<Result<(), String>> {
    match step {
        Step::Reopen => Vec::new(),
        Step::Beside(write) => vec![write(&world.paths().data).map_err(|fault| format!("{fault:?}"))],
        Step::Commit(writes, local) => {
            let done = store.commit_with(Transaction::of(writes.clone()), local.clone()).await;
            vec![done.map(|_| ()).map_err(|fault| fault.to_string())]
        }
        Step::InLine(all) => {
            let mut line = Vec::new();
            for number in numbers {
                line.push(store.put_in_line(Transaction::of(all[*number].clone())).await);
            }
            let mut done = Vec::new();
            for waiting in line {
                let outcome = match waiting {
                    Ok(waiting) => waiting.outcome().await.map(|_| ()),
                    Err(fault) => Err(fault),
                };
                done.push(outcome.map_err(|fault| fault.to_string()));
            }
            done
        }
    }
}

/// Whether a step closes something.
fn closes(step: &Step) -> bool {
    let Step::Commit(writes, _) = step else { return false };
    writes.iter().any(|write| matches!(write, Write::Closing { .. }))
}

/// Runs a workload with one fault.
///
/// # Errors
/// What kept the run from being made at all.
pub async fn run(prepared: &Prepared, plan: Plan) -> anyhow::Result<Outcome> {
    Ok(run_with(prepared, Some(plan)).await?.0)
}

/// As [`run`], on a disk that only says that it forced anything to itself.
///
/// # Errors
/// As for [`run`].
pub async fn run_on_a_liar(prepared: &Prepared, plan: Plan) -> anyhow::Result<Outcome> {
    let world = World::new(&prepared.image)?;
    world.disk().lie();
    Ok(Run::new(prepared, world, Some(plan)).finish().await?.0)
}

async fn run_with(prepared: &Prepared, plan: Option<Plan>) -> anyhow::Result<(Outcome, Vec<Call>)> {
    let world = World::new(&prepared.image)?;
    Run::new(prepared, world, plan).finish().await
}

/// A run under way.
struct Run<'p> {
    prepared: &'p Prepared,
    world: World,
    seed: u64,
    done: usize,
    ends: Vec<End>,
    outcome: Outcome,
}

impl<'p> Run<'p> {
    fn new(prepared: &'p Prepared, world: World, plan: Option<Plan>) -> Self {
        world.disk().plan(plan);
        let seed = seed_of(&format!("{} {plan:?}", prepared.workload.name));
        let (ends, outcome) = (Vec::new(), Outcome::default());
        Self { prepared, world, seed, done: 0, ends, outcome }
    }

    fn disk(&self) -> &Arc<Disk> {
        self.world.disk()
    }

    fn problem(&mut self, what: String) {
        self.outcome.problems.push(what);
    }

    async fn finish(mut self) -> anyhow::Result<(Outcome, Vec<Call>)> {
        if let Some(mut store) = self.open() {
            let reader = self.reader();
            self.steps(&mut store).await;
            if self.disk().left().is_none() && store.is_some() {
                self.end("killed before it closes", self.disk().seen(), self.done);
                self.end("power cut before it closes", self.disk().after(Cut::Torn(self.seed)), self.done);
            }
            drop(reader);
            drop(store);
        }
        match self.disk().left() {
            Some(left) => {
                let to = self.done + self.under_way();
                self.ends.push(End { what: "as it ended", image: left, from: self.done, to });
            }
            None => self.end("power cut after it closed", self.disk().after(Cut::Nothing), self.done),
        }
        self.outcome.was_met = self.disk().hit().is_some();
        let trace = self.disk().trace();
        for end in std::mem::take(&mut self.ends) {
            self.check(end).await;
        }
        Ok((self.outcome, trace))
    }

    /// Transactions of the step that was under way.
    fn under_way(&self) -> usize {
        let mut begun = 0;
        for step in &self.prepared.workload.steps {
            begun += step.transactions();
            if begun > self.done {
                return begun - self.done;
            }
        }
        0
    }

    fn end(&mut self, what: &'static str, image: Image, to: usize) {
        self.ends.push(End { what, image, from: self.done, to });
    }

    /// Somebody who reads the whole time, unless the fault befalls this reader.
    fn reader(&self) -> Option<Connection> {
        if !self.prepared.workload.is_read || self.disk().left().is_some() {
            return None;
        }
        let connection = Connection::open(self.world.paths().data.join("store.sqlite")).ok()?;
        connection.execute_batch("BEGIN; SELECT count(*) FROM entry").ok()?;
        Some(connection)
    }

    /// Opens the store; a fault that has passed must not stand in the way the next time.
    fn open(&mut self) -> Option<Option<Store>> {
        let refused = match view::open(self.world.paths()) {
            Ok(store) => return Some(Some(store)),
            Err(refused) => refused,
        };
        if self.disk().left().is_some() {
            return None;
        }
        if self.disk().hit().is_none() {
            self.problem(format!("the store does not open, without a fault: {refused:?}"));
            return None;
        }
        self.end("killed after it did not open", self.disk().seen(), self.done);
        self.disk().mend();
        match view::open(self.world.paths()) {
            Ok(store) => Some(Some(store)),
            Err(refused) => {
                self.problem(format!("the store does not open after a fault has passed: {refused:?}"));
                None
            }
        }
    }

    async fn steps(&mut self, store: &mut Option<Store>) {
        let prepared = self.prepared;
        for step in &prepared.workload.steps {
            if matches!(step, Step::Reopen) {
                drop(store.take());
                let Some(opened) = self.open() else { return };
                *store = opened;
                continue;
            }
            let Some(open) = store.as_ref() else { return };
            if !self.step(step, open).await {
                return;
            }
        }
    }

    /// Does one step; what failed is done again once the fault has passed. Returns whether to go on.
    async fn step(&mut self, step: &Step, store: &Store) -> bool {
        let all: Vec<usize> = (0..step.transactions()).collect();
        let done = execute(step, store, &self.world, &all).await;
        let failed: Vec<usize> = all.iter().copied().filter(|number| done[*number].is_err()).collect();
        let first = done.iter().take_while(|done| done.is_ok()).count();
        if failed.is_empty() {
            self.done += all.len();
            return true;
        }
        if self.disk().left().is_some() {
            self.done += first;
            return false;
        }
        if self.disk().hit().is_none() {
            self.problem(format!("a step fails without a fault: {done:?}"));
            return false;
        }
        if self.is_full_from_here() && closes(step) {
            self.problem("what closes is not taken on a full disk".to_owned());
        }
        if first + failed.len() == all.len() {
            let to = self.done + all.len();
            self.done += first;
            self.end("killed after a step failed", self.disk().seen(), to);
            self.end("power cut after a step failed", self.disk().after(Cut::Some(self.seed)), to);
            self.done -= first;
        }
        self.disk().mend();
        for fault in execute(step, store, &self.world, &failed).await.into_iter().filter_map(Result::err) {
            self.problem(format!("a step fails again after the fault has passed: {fault}"));
        }
        self.done += all.len();
        self.outcome.problems.is_empty()
    }

    fn is_full_from_here(&self) -> bool {
        self.disk().hit().is_some_and(|hit| hit.fault == Fault::FullFromHere)
    }

    /// Opens what was left.
    async fn check(&mut self, end: End) {
        self.outcome.ends += 1;
        let what = end.what;
        let look = match look_at(&end.image).await {
            Ok(look) => look,
            Err(fault) => return self.problem(format!("{what}: cannot be read: {fault:?}")),
        };
        for problem in look.problems {
            self.problem(format!("{what}: {problem}"));
        }
        let allowed = &self.prepared.views[end.from..=end.to];
        if !allowed.contains(&look.view) {
            let expected = &allowed[0].0;
            let missing: Vec<_> = expected.iter().filter(|line| !look.view.0.contains(line)).collect();
            let more: Vec<_> = look.view.0.iter().filter(|line| !expected.contains(line)).collect();
            let range = (end.from, end.to);
            self.problem(format!("{what}: {range:?} transactions, missing {missing:#?}, more {more:#?}"));
        }
        let over: Keys = look.there.difference(&look.named).copied().collect();
        let kept: Vec<_> = over.intersection(&self.prepared.keys_before).collect();
        if !kept.is_empty() {
            self.problem(format!("{what}: keys of erased rows are left: {kept:02x?}"));
        }
        self.outcome.keys_over += over.len();
    }
}
