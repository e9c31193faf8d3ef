//! Every fault at every call, which of them to run, and what came of them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;

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

/// The fault with a name at one call of a workload, with the chances that [`points`] give it.
///
/// # Errors
/// If the workload has no such call, or its call meets no such fault.
pub fn point(prepared: &Prepared, at: usize, fault: &str) -> anyhow::Result<Plan> {
    let (calls, name) = (prepared.trace.len(), prepared.workload.name);
    let call = prepared.trace.get(at).with_context(|| format!("{name} has {calls} calls, no call {at}"))?;
    let fits = planned(prepared, at, *call);
    let found = fits.iter().find(|plan| name_of(plan.fault) == fault);
    found.copied().with_context(|| {
        let names: Vec<_> = fits.iter().map(|plan| name_of(plan.fault)).collect();
        format!("call {at} of {name} is {call:?}; it meets one of {names:?}, not {fault:?}")
    })
}

/// The arguments with which the program `faults` runs one point again.
pub fn again(workload: &str, plan: Plan) -> String {
    format!("--workload '{workload}' --at {} --fault '{}'", plan.at, name_of(plan.fault))
}

fn planned(prepared: &Prepared, at: usize, call: Call) -> Vec<Plan> {
    let seed = mix(seed_of(prepared.workload.name) ^ at as u64);
    faults(call, seed).into_iter().map(|fault| Plan { at, fault }).collect()
}

/// Every point of a workload.
pub fn points(prepared: &Prepared) -> Vec<Plan> {
    let mut points = Vec::new();
    for (at, call) in prepared.trace.iter().enumerate() {
        if at % prepared.workload.every == 0 {
            points.extend(planned(prepared, at, *call));
        }
    }
    points
}

/// One part of all points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: u64,
    of: u64,
}

/// Says which part is run in place of that of the day.
const PART: &str = "STAFETT_FAULTS_PART";

impl Part {
    /// One of so many parts, from 0.
    ///
    /// # Errors
    /// If there is no such part.
    pub fn new(number: u64, of: u64) -> anyhow::Result<Self> {
        anyhow::ensure!(of > 0, "expected 1 part at least, found 0");
        anyhow::ensure!(number < of, "expected a part from 0 to {}, found {number}", of - 1);
        Ok(Self { number, of })
    }

    /// Which it is, from 0.
    pub fn number(self) -> u64 {
        self.number
    }

    /// The part of so many that the environment variable `STAFETT_FAULTS_PART` names, or else that of
    /// the day: on as many days as there are parts, all are run.
    ///
    /// # Errors
    /// If the variable holds no number of a part.
    pub fn of_the_day(of: u64) -> anyhow::Result<Self> {
        let number = match std::env::var(PART) {
            Ok(number) => number.parse().context(PART)?,
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / (24 * 60 * 60) % of,
        };
        Self::new(number, of).context(PART)
    }

    /// Its points of some workloads. Of every fault at every sort of call each part has its share, and
    /// one point of each workload at the least.
    pub fn points(self, prepared: &[Prepared]) -> Vec<(&Prepared, Plan)> {
        let of_each = |one| points(one).into_iter().map(move |plan| (one, plan));
        let mut all: Vec<(&Prepared, Plan)> = prepared.iter().flat_map(of_each).collect();
        all.sort_by_cached_key(|(one, plan)| {
            let fault = name_of(plan.fault);
            let place = mix(seed_of(&format!("{} {} {fault}", one.workload.name, plan.at)));
            (one.trace[plan.at], fault, place)
        });
        let mine = (0..self.of).cycle().zip(&all).filter(|(number, _)| *number == self.number);
        let mut chosen: Vec<(&Prepared, Plan)> = mine.map(|(_, point)| *point).collect();
        for one in prepared {
            let is_its = |point: &&(&Prepared, Plan)| std::ptr::eq(point.0, one);
            if !chosen.iter().any(|point| is_its(&point)) {
                let its: Vec<_> = all.iter().filter(is_its).collect();
                let place = usize::try_from(self.number).unwrap_or(0) % its.len().max(1);
                chosen.extend(its.get(place).copied());
            }
        }
        chosen
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

/// Runs one point of a workload.
///
/// # Errors
/// As for [`point`], and what failed without a fault.
pub fn run_point(workload: Workload, at: usize, fault: &str) -> anyhow::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let prepared = runtime.block_on(prepare(workload))?;
    let plan = point(&prepared, at, fault)?;
    let mut tally = Tally::default();
    tally.workloads.insert(prepared.workload.name, (points(&prepared).len(), 1));
    note(&mut tally, &prepared, plan, runtime.block_on(run(&prepared, plan))?);
    Ok(tally)
}

/// Runs one part of the points of some workloads, on so many threads, of which there is one at least.
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
    let todo = part.points(&prepared);
    for one in &prepared {
        let its = todo.iter().filter(|(of, _)| std::ptr::eq(*of, one)).count();
        tally.workloads.insert(one.workload.name, (points(one).len(), its));
    }
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(tally));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
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
