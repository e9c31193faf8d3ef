//! The command `simulate`: seeds, steps, faults, states, violations, and how fast.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use sha2::{Digest, Sha256};

use super::campaign::{Campaign, Failure, Report, run, twins};
use super::generator::{history, twin_history};
use super::operation::History;
use super::run::{Outcome, Violation, live};
use super::shrink::shrink;
use super::state::State;

/// How many seeds are run if nobody says.
const SEEDS: u64 = 500;
/// So many seeds come to every state.
const SEEDS_OF_ALL_STATES: u64 = 500;
/// The line of a list that is lived twice, with and without what is hidden.
const TWIN_LINE: &str = "# twin";

/// Runs random histories of several nodes with faults and lies, watched by an oracle.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run: 500, or as many as there are minutes for.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Begins no new seed after so many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Compares worlds that differ in hidden facts alone.
    #[arg(long)]
    twin: bool,
    /// Runs one seed alone.
    #[arg(long, conflicts_with_all = ["seeds", "minutes", "digest"])]
    seed: Option<u64>,
    /// Runs a list of operations from a file; a line `# twin` in it says that it is lived twice.
    #[arg(long, conflicts_with_all = ["seeds", "minutes", "digest", "seed"])]
    list: Option<PathBuf>,
    /// Prints what was done and what was handed over.
    #[arg(long)]
    trace: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Prints a hash of everything that each seed handed over, and no report.
    #[arg(long)]
    digest: bool,
    /// Goes on after a seed that breaks a rule, up to so many.
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    failures: usize,
    /// Prints failing seeds as they are drawn, without cutting them down.
    #[arg(long)]
    whole: bool,
    /// Looks for each fault that is planted, or for those named.
    #[cfg(planted)]
    #[arg(long, conflicts_with_all = ["from", "minutes", "twin", "seed", "list", "json", "digest"])]
    hunt: bool,
    /// The faults to look for, or the one to plant.
    #[cfg(planted)]
    #[arg(long, value_parser = of_a_fault)]
    fault: Vec<&'static str>,
}

impl Arguments {
    /// How many seeds to run at the most.
    fn seeds(&self) -> u64 {
        let unasked = if self.minutes.is_some() { u64::MAX - self.from } else { SEEDS };
        self.seeds.unwrap_or(unasked)
    }

    /// The beginning of a command that does what this one does.
    #[cfg(not(planted))]
    fn command(&self) -> String {
        "cargo run --release -p stafett-tests --bin simulate --".to_owned()
    }

    /// The beginning of a command that does what this one does.
    #[cfg(planted)]
    fn command(&self) -> String {
        let fault = self.fault.first().map(|name| format!(" --fault {name}")).unwrap_or_default();
        format!("cargo run --release -p stafett-planted --bin planted --{fault}")
    }
}

/// Runs the command.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let list = match arguments.list.as_deref().map(read_list).transpose() {
        Ok(list) => list,
        Err(wrong) => {
            println!("{wrong}");
            return ExitCode::FAILURE;
        }
    };
    // A seed whose rules panic is told as one that breaks a rule.
    std::panic::set_hook(Box::new(|_| {}));
    #[cfg(planted)]
    if arguments.hunt {
        return super::hunt::hunt(&arguments.fault, arguments.seeds());
    }
    #[cfg(planted)]
    if let [_, second, ..] = arguments.fault[..] {
        println!("{second}: one fault is planted at a time; --hunt looks for several");
        return ExitCode::FAILURE;
    }
    #[cfg(planted)]
    stafett_protocol::planted::choose(arguments.fault.first().copied());
    if let Some((history, is_twin)) = list {
        return one_history(&arguments, &history, arguments.twin || is_twin);
    }
    if let Some(seed) = arguments.seed {
        return one_history(&arguments, &drawn(seed, arguments.twin), arguments.twin);
    }
    if arguments.digest {
        return print_digests(&arguments);
    }
    let campaign = Campaign {
        from: arguments.from,
        seeds: arguments.seeds(),
        at_most: arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes)),
        is_twin: arguments.twin,
        failures_max: arguments.failures,
        #[cfg(planted)]
        fault: arguments.fault.first().copied(),
        #[cfg(not(planted))]
        fault: None,
    };
    let report = run(&campaign);
    let broken: Vec<_> = report.failures.iter().map(|failure| Broken::of(&arguments, failure)).collect();
    // Twins have no faults that hang on time alone, and come to fewer states.
    let must_reach_all = !arguments.twin && report.seeds >= SEEDS_OF_ALL_STATES;
    let missing = if arguments.twin { Vec::new() } else { report.states_missing() };
    if arguments.json {
        println!("{}", as_json(&report, &missing, &broken));
    } else {
        tell(&report, &missing);
        if must_reach_all && !missing.is_empty() {
            println!("failed: {} states were never reached in {} seeds", missing.len(), report.seeds);
        }
        broken.iter().for_each(Broken::tell);
    }
    let is_whole = !must_reach_all || missing.is_empty();
    if report.failures.is_empty() && is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Reads a list of operations, and whether it is lived twice.
fn read_list(path: &Path) -> Result<(History, bool), String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let history = History::from_lines(&text).map_err(|wrong| format!("{}: {wrong}", path.display()))?;
    Ok((history, text.lines().any(|line| line == TWIN_LINE)))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "expected 1 or more".to_owned())
}

/// The fault of a name.
#[cfg(planted)]
fn of_a_fault(name: &str) -> Result<&'static str, String> {
    let mut all = super::hunt::FAULTS.iter().map(|fault| fault.name);
    all.find(|known| *known == name).ok_or_else(|| "no fault of that name is planted".to_owned())
}

fn drawn(seed: u64, is_twin: bool) -> History {
    if is_twin { twin_history(seed) } else { history(seed) }
}

/// A hash of everything that a seed's nodes handed over and of what it came to; nothing for one that
/// handed over nothing or broke a rule.
pub fn digest(outcome: &Outcome) -> Option<String> {
    if outcome.taps.is_empty() || !outcome.violations.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    outcome.taps.iter().for_each(|tap| hash.update(format!("{tap:?}")));
    hash.update(format!("{:?} {:?} {}", outcome.states, outcome.faults, outcome.done));
    Some(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print_digests(arguments: &Arguments) -> ExitCode {
    let mut all = ExitCode::SUCCESS;
    for seed in arguments.from..arguments.from + arguments.seeds() {
        match digest(&super::campaign::one(seed, arguments.twin)) {
            Some(digest) => println!("{seed} {digest}"),
            None => all = ExitCode::FAILURE,
        }
    }
    all
}

/// What broke a rule, and how to see it again.
struct Broken {
    seed: u64,
    violations: Vec<Violation>,
    again: String,
    /// The list that is left when all is cut away that does not matter, and how to live it.
    small: Option<(History, String)>,
}

impl Broken {
    fn of(arguments: &Arguments, failure: &Failure) -> Self {
        let twin = if arguments.twin { " --twin" } else { "" };
        let seed = failure.seed;
        let again = format!("{}{twin} --seed {seed} --trace", arguments.command());
        let name = format!("seed-{seed}{}", if arguments.twin { "-twin" } else { "" });
        let history = (!arguments.whole).then(|| drawn(seed, arguments.twin));
        let small = history.map(|history| cut_down(arguments, &history, arguments.twin, &name));
        Self { seed, violations: failure.violations.clone(), again, small }
    }

    #[expect(clippy::print_stdout, reason = "the command's answer")]
    fn tell(&self) {
        println!("\nseed {} breaks a rule; again:\n  {}", self.seed, self.again);
        self.violations
            .iter()
            .for_each(|one| println!("  at {} ms: {}\n      {}", one.at, one.rule, one.seen));
        self.tell_small();
    }

    #[expect(clippy::print_stdout, reason = "the command's answer")]
    fn tell_small(&self) {
        if let Some((small, again)) = &self.small {
            println!("\ncut down to {} operations; again:\n  {again}", small.operations.len());
            println!("{}", small.to_lines());
        }
    }

    fn as_json(&self) -> serde_json::Value {
        let small = self.small.as_ref();
        serde_json::json!({
            "seed": self.seed,
            "violations": of_violations(&self.violations),
            "again": self.again,
            "list": small.map(|(small, _)| small.to_lines()),
            "list-again": small.map(|(_, again)| again),
        })
    }
}

/// Cuts a list down and writes it beside what is built, so that it can be lived again.
fn cut_down(arguments: &Arguments, history: &History, is_twin: bool, name: &str) -> (History, String) {
    let small = shrink(history, is_twin);
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let folder = PathBuf::from(target).join("simulate");
    let path = folder.join(format!("{name}.txt"));
    let twin = if is_twin { format!("{TWIN_LINE}\n") } else { String::new() };
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, format!("{twin}{}", small.to_lines())));
    let again = match written {
        Ok(()) => format!("{} --list {} --trace", arguments.command(), path.display()),
        Err(error) => format!("{} could not be written: {error}", path.display()),
    };
    (small, again)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn one_history(arguments: &Arguments, history: &History, is_twin: bool) -> ExitCode {
    let outcome = if is_twin { twins(history) } else { live(history, arguments.trace) };
    let is_broken = !outcome.violations.is_empty();
    let small = (is_broken && !arguments.whole).then(|| {
        let name = format!("list-of-{}", history.settings.seed);
        cut_down(arguments, history, is_twin, &name)
    });
    let twin = if is_twin { " --twin" } else { "" };
    let seed = history.settings.seed;
    let again = match &arguments.list {
        Some(path) => format!("{} --list {} --trace", arguments.command(), path.display()),
        None => format!("{}{twin} --seed {seed} --trace", arguments.command()),
    };
    let broken = Broken { seed, violations: outcome.violations.clone(), again, small };
    if arguments.json {
        println!("{}", broken.as_json());
    } else {
        if arguments.trace {
            tell_trace(&outcome, history, is_twin);
        }
        broken.violations.iter().for_each(|one| println!("at {} ms: {}\n    {}", one.at, one.rule, one.seen));
        println!(
            "{} operations, {} frames, {} violations",
            outcome.done,
            outcome.frames,
            broken.violations.len()
        );
        broken.tell_small();
    }
    if is_broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Prints what was done and what was handed over; of twins in both worlds.
#[expect(clippy::print_stdout, reason = "the command's answer")]
fn tell_trace(outcome: &Outcome, history: &History, is_twin: bool) {
    if !is_twin {
        return outcome.trace.iter().for_each(|line| println!("{line}"));
    }
    for (name, history) in [("without what is hidden", &history.bare()), ("with it", history)] {
        println!("{name}:");
        live(history, true).trace.iter().for_each(|line| println!("{line}"));
    }
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn tell(report: &Report, missing: &[State]) {
    let minutes = report.took.as_secs_f64() / 60.0;
    println!(
        "{} seeds, {} steps, {} frames in {:.1} s",
        report.seeds,
        report.steps,
        report.frames,
        report.took.as_secs_f64()
    );
    println!(
        "{:.0} seeds per minute; {} texts found where they may be",
        per(report.seeds, minutes),
        report.canaries
    );
    println!("faults:");
    report.faults.iter().for_each(|(fault, times)| println!("  {times:>8} {fault}"));
    println!("states, by seeds that came to them:");
    let states = report.states.iter().filter(|(state, _)| !matches!(state, State::Befell(_)));
    states.for_each(|(state, seeds)| println!("  {seeds:>8} {}", state.name()));
    for state in missing {
        println!("   never: {}", state.name());
    }
    println!("{} seeds broke a rule", report.failures.len());
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per(seeds: u64, minutes: f64) -> f64 {
    seeds as f64 / minutes.max(1e-9)
}

fn of_violations(violations: &[Violation]) -> serde_json::Value {
    let all = violations.iter();
    all.map(|one| serde_json::json!({ "rule": one.rule, "at": one.at, "seen": one.seen })).collect()
}

fn as_json(report: &Report, missing: &[State], broken: &[Broken]) -> serde_json::Value {
    let states = report.states.iter().map(|(state, seeds)| (state.name().to_owned(), (*seeds).into()));
    let missing: Vec<_> = missing.iter().map(|state| state.name()).collect();
    serde_json::json!({
        "seeds": report.seeds,
        "steps": report.steps,
        "frames": report.frames,
        "canaries": report.canaries,
        "seconds": report.took.as_secs_f64(),
        "seeds-per-minute": per(report.seeds, report.took.as_secs_f64() / 60.0),
        "faults": report.faults,
        "states": states.collect::<serde_json::Map<_, _>>(),
        "states-missing": missing,
        "failures": broken.iter().map(Broken::as_json).collect::<Vec<_>>(),
    })
}
