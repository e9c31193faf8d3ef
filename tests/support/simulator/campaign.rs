//! Many runs at once, on every core, and what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::generator::{history, twin_history};
use super::operation::History;
use super::run::{Outcome, Violation, live};
use super::state::State;

/// What is run.
#[derive(Debug, Clone, Copy)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// No new seed is begun after this.
    pub at_most: Option<Duration>,
    /// Whether worlds are compared that differ in hidden facts alone.
    pub is_twin: bool,
    /// Seeds that break a rule after which no new one is begun.
    pub failures_max: usize,
    /// The fault that is planted in the rules, where they are built with faults.
    pub fault: Option<&'static str>,
}

/// A seed that broke a rule.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which.
    pub seed: u64,
    /// What it broke.
    pub violations: Vec<Violation>,
}

/// What came of a campaign.
#[derive(Debug, Default)]
pub struct Report {
    /// How many seeds were run.
    pub seeds: u64,
    /// How many operations did something.
    pub steps: u64,
    /// How many of those were hidden, by their sort; of twins alone.
    pub hidden: BTreeMap<String, u64>,
    /// How many frames were handed over.
    pub frames: u64,
    /// How many canaries were found where they may be.
    pub canaries: u64,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// States, with the number of seeds that came to each.
    pub states: BTreeMap<State, u64>,
    /// Seeds that broke a rule, in order.
    pub failures: Vec<Failure>,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    /// The states that no run came to.
    pub fn states_missing(&self) -> Vec<State> {
        State::ALL.iter().copied().filter(|state| !self.states.contains_key(state)).collect()
    }

    fn add(&mut self, seed: u64, outcome: Outcome) {
        self.seeds += 1;
        self.steps += outcome.done;
        for (sort, times) in outcome.hidden {
            *self.hidden.entry(sort).or_default() += times;
        }
        self.frames += outcome.frames;
        self.canaries += outcome.canaries;
        for (fault, times) in outcome.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        for state in outcome.states {
            *self.states.entry(state).or_default() += 1;
        }
        if !outcome.violations.is_empty() {
            self.failures.push(Failure { seed, violations: outcome.violations });
        }
    }
}

/// Runs one seed.
pub fn one(seed: u64, is_twin: bool) -> Outcome {
    if is_twin { twins(&twin_history(seed)) } else { live(&history(seed), false) }
}

/// Lives a history twice, once without what is hidden, and compares what went to the observed
/// partner: the same bytes at the same moments.
pub fn twins(full: &History) -> Outcome {
    let bare = live(&full.bare(), false);
    let mut outcome = live(full, false);
    outcome.violations.extend(bare.violations);
    let seen = |taps: &[crate::tap::Tap]| -> Vec<crate::tap::Tap> {
        let (owner, partner) = super::run::observed();
        let of_link = taps
            .iter()
            .filter(|tap| (tap.from, tap.to) == (owner, partner) || (tap.from, tap.to) == (partner, owner));
        of_link.cloned().collect()
    };
    let (one, other) = (seen(&bare.taps), seen(&outcome.taps));
    let place = (0..one.len().max(other.len())).find(|place| one.get(*place) != other.get(*place));
    if let Some(place) = place {
        let told = |tap: Option<&crate::tap::Tap>| {
            tap.map(|tap| (tap.at.since(crate::federation::START), tap.from, tap.frame()))
        };
        let seen = format!(
            "frame {place} of {}: bare {:?} full {:?}",
            one.len(),
            told(one.get(place)),
            told(other.get(place))
        );
        let rule = "what is hidden changes nothing that a partner sees";
        outcome.violations.push(Violation { rule, at: 0, seen });
    }
    outcome
}

/// Runs a campaign on every core.
pub fn run(campaign: &Campaign) -> Report {
    let began = Instant::now();
    let next = AtomicU64::new(campaign.from);
    let report = Mutex::new(Report::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            std::thread::Builder::new()
                .stack_size(16 * 1024 * 1024)
                .spawn_scoped(scope, || work(campaign, began, &next, &report))
                .expect("a thread");
        }
    });
    let mut report = report.into_inner().expect("no worker panicked");
    report.failures.sort_by_key(|failure| failure.seed);
    report.took = began.elapsed();
    report
}

fn work(campaign: &Campaign, began: Instant, next: &AtomicU64, report: &Mutex<Report>) {
    #[cfg(planted)]
    stafett_protocol::planted::choose(campaign.fault);
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let is_over = campaign.at_most.is_some_and(|at_most| began.elapsed() >= at_most);
        if seed >= campaign.from + campaign.seeds || is_over {
            return;
        }
        if report.lock().expect("no worker panicked").failures.len() >= campaign.failures_max {
            return;
        }
        let mut outcome = one(seed, campaign.is_twin);
        outcome.taps = Vec::new();
        report.lock().expect("no worker panicked").add(seed, outcome);
    }
}

/// The rules that a set of violations breaks.
pub fn rules(violations: &[Violation]) -> BTreeSet<&'static str> {
    violations.iter().map(|one| one.rule).collect()
}
