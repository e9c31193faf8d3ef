//! The command `simulate`: seeds, steps, faults, states, violations, and how fast.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use super::campaign::{Campaign, Failure, Report, one, run};
use super::generator::{history, twin_history};
use super::operation::History;
use super::run::live;
use super::shrink::shrink;

/// Runs random histories of several nodes with faults and lies, watched by an oracle.
#[derive(Debug, Parser)]
#[command(name = "simulate")]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
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
    #[arg(long)]
    seed: Option<u64>,
    /// Runs a list of operations from a file.
    #[arg(long)]
    list: Option<std::path::PathBuf>,
    /// Prints what was done and what was handed over.
    #[arg(long)]
    trace: bool,
    /// Prints the report as JSON.
    #[arg(long)]
    json: bool,
    /// Goes on after a seed that breaks a rule, up to so many.
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Prints failing seeds as they are drawn, without cutting them down.
    #[arg(long)]
    whole: bool,
    /// Looks for each fault that is planted, or for those named.
    #[cfg(planted)]
    #[arg(long)]
    hunt: bool,
    /// The faults to look for, or the one to plant.
    #[cfg(planted)]
    #[arg(long)]
    fault: Vec<String>,
}

/// Runs the command.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    std::panic::set_hook(Box::new(|_| {}));
    #[cfg(planted)]
    if arguments.hunt {
        return super::hunt::hunt(&arguments.fault, arguments.seeds);
    }
    #[cfg(planted)]
    stafett_protocol::planted::choose(planted(&arguments));
    if let Some(path) = &arguments.list {
        let text = std::fs::read_to_string(path).expect("a list that can be read");
        return one_history(&arguments, &History::from_lines(&text).expect("a list"));
    }
    if let Some(seed) = arguments.seed {
        let drawn = if arguments.twin { twin_history(seed) } else { history(seed) };
        return one_history(&arguments, &drawn);
    }
    let campaign = Campaign {
        from: arguments.from,
        seeds: arguments.seeds,
        at_most: arguments.minutes.map(|minutes| Duration::from_secs(60 * minutes)),
        is_twin: arguments.twin,
        failures_max: arguments.failures,
        #[cfg(planted)]
        fault: planted(&arguments),
        #[cfg(not(planted))]
        fault: None,
    };
    let report = run(&campaign);
    if arguments.json {
        println!("{}", as_json(&report));
    } else {
        tell(&report);
        for failure in &report.failures {
            tell_failure(&arguments, failure);
        }
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The fault to plant.
#[cfg(planted)]
fn planted(arguments: &Arguments) -> Option<&'static str> {
    let name = arguments.fault.first()?;
    super::hunt::FAULTS.iter().map(|fault| fault.name).find(|known| known == name)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn one_history(arguments: &Arguments, history: &History) -> ExitCode {
    let outcome =
        if arguments.twin { super::campaign::twins(history) } else { live(history, arguments.trace) };
    if arguments.trace {
        outcome.trace.iter().for_each(|line| println!("{line}"));
    }
    for violation in &outcome.violations {
        println!("at {} ms: {}\n    {}", violation.at, violation.rule, violation.seen);
    }
    println!(
        "{} operations, {} frames, {} violations",
        outcome.done,
        outcome.frames,
        outcome.violations.len()
    );
    if !outcome.violations.is_empty() && !arguments.whole {
        let small = shrink(history, arguments.twin);
        println!("\ncut down to {} operations:\n{}", small.operations.len(), small.to_lines());
    }
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn tell(report: &Report) {
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
    report.states.iter().for_each(|(state, seeds)| println!("  {seeds:>8} {}", state.name()));
    for state in report.states_missing() {
        println!("   never: {}", state.name());
    }
    println!("{} seeds broke a rule", report.failures.len());
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per(seeds: u64, minutes: f64) -> f64 {
    seeds as f64 / minutes.max(1e-9)
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn tell_failure(arguments: &Arguments, failure: &Failure) {
    let twin = if arguments.twin { " --twin" } else { "" };
    println!("\nseed {} breaks a rule; again: simulate{twin} --seed {} --trace", failure.seed, failure.seed);
    for violation in &failure.violations {
        println!("  at {} ms: {}\n      {}", violation.at, violation.rule, violation.seen);
    }
    if !arguments.whole {
        let drawn = if arguments.twin { twin_history(failure.seed) } else { history(failure.seed) };
        let small = shrink(&drawn, arguments.twin);
        println!("cut down to {} operations:\n{}", small.operations.len(), small.to_lines());
    }
}

fn as_json(report: &Report) -> serde_json::Value {
    let failures = report.failures.iter().map(|failure| {
        let violations = failure.violations.iter();
        let violations =
            violations.map(|one| serde_json::json!({ "rule": one.rule, "at": one.at, "seen": one.seen }));
        serde_json::json!({ "seed": failure.seed, "violations": violations.collect::<Vec<_>>() })
    });
    let states = report.states.iter().map(|(state, seeds)| (state.name().to_owned(), (*seeds).into()));
    let missing: Vec<_> = report.states_missing().into_iter().map(super::state::State::name).collect();
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
        "failures": failures.collect::<Vec<_>>(),
    })
}

/// Whether a seed breaks a rule; for whoever looks for a first one.
pub fn breaks(seed: u64, is_twin: bool) -> bool {
    !one(seed, is_twin).violations.is_empty()
}
