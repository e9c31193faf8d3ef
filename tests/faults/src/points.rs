//! Every fault at every call, which of them to run, and what came of them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::chance::{mix, seed_of};
use crate::disk::{Call, Cut, Fault, Plan};
use crate::run::{Outcome, Prepared, prepare, run};
use crate::workloads::Workload;

/// Every fault that is planned for a call.
pub fn faults(call: Call, seed: u64) -> Vec<Fault> {
    let cuts = [Cut::Nothing, Cut::Some(seed), Cut::Torn(seed)].map(Fault::Cut);
    let others =
        [Fault::Error, Fault::Half, Fault::Full, Fault::FullFromHere, Fault::ErrorFromHere, Fault::Kill];
    others.into_iter().chain(cuts).filter(|fault| fault.fits(call)).collect()
}

/// Every point of a workload.
pub fn points(prepared: &Prepared) -> Vec<Plan> {
    let mut points = Vec::new();
    for (at, call) in prepared.trace.iter().enumerate() {
        let seed = mix(seed_of(prepared.workload.name) ^ at as u64);
        let fits = at % prepared.workload.every == 0;
        points.extend(faults(*call, seed).into_iter().filter(|_| fits).map(|fault| Plan { at, fault }));
    }
    points
}

/// One part of all points.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Which, from 0.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Part {
    fn has(self, workload: &str, plan: Plan) -> bool {
        let kind = std::mem::discriminant(&plan.fault);
        mix(seed_of(&format!("{workload} {} {kind:?}", plan.at))) % self.of == self.number
    }
}

/// What came of many points.
#[derive(Debug, Default)]
pub struct Tally {
    /// Workloads, each with its points and those that were run.
    pub workloads: BTreeMap<&'static str, (usize, usize)>,
    /// Points that were run, by call and fault.
    pub met: BTreeMap<(Call, &'static str), usize>,
    /// Points whose call was not made, because an id fell otherwise.
    pub missed: usize,
    /// Stores that were opened afterwards.
    pub ends: usize,
    /// Keys that seal nothing and were left lying.
    pub keys_over: usize,
    /// What does not hold: the workload, the point, and what.
    pub problems: Vec<(&'static str, Plan, String)>,
}

impl Tally {
    /// Returns how many faults were met.
    pub fn points(&self) -> usize {
        self.met.values().sum()
    }
}

/// The fault's name, without what its chances are drawn from.
fn name_of(fault: Fault) -> &'static str {
    match fault {
        Fault::Error => "error",
        Fault::Half => "half, then error",
        Fault::Full => "no room, once",
        Fault::FullFromHere => "no room from here on",
        Fault::ErrorFromHere => "errors from here on",
        Fault::Kill => "killed",
        Fault::Cut(Cut::Nothing) => "power cut, all lost",
        Fault::Cut(Cut::Some(_)) => "power cut, some lost",
        Fault::Cut(Cut::Torn(_)) => "power cut, torn",
    }
}

/// Runs one part of the points of some workloads, on so many threads.
///
/// # Errors
/// What failed without a fault.
pub fn run_part(workloads: Vec<Workload>, part: Part, threads: usize) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut prepared = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for workload in workloads {
        prepared.push(runtime.block_on(prepare(workload))?);
    }
    let mut todo = Vec::new();
    for one in &prepared {
        let all = points(one);
        let chosen: Vec<_> = all.iter().filter(|plan| part.has(one.workload.name, **plan)).collect();
        tally.workloads.insert(one.workload.name, (all.len(), chosen.len()));
        todo.extend(chosen.into_iter().map(|plan| (one, *plan)));
    }
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(tally));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                while let Some((one, plan)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = runtime.block_on(run(one, *plan)).unwrap_or_else(|fault| Outcome {
                        problems: vec![format!("{fault:?}")],
                        ..Outcome::default()
                    });
                    note(&mut tally.lock().expect("nobody panics with it"), one, *plan, outcome);
                }
            });
        }
    });
    Ok(tally.into_inner().expect("nobody panics with it"))
}

fn note(tally: &mut Tally, one: &Prepared, plan: Plan, outcome: Outcome) {
    if outcome.was_met {
        *tally.met.entry((one.trace[plan.at], name_of(plan.fault))).or_default() += 1;
    } else {
        tally.missed += 1;
    }
    tally.ends += outcome.ends;
    tally.keys_over += outcome.keys_over;
    tally.problems.extend(outcome.problems.into_iter().map(|problem| (one.workload.name, plan, problem)));
}
