//! `faults`: every fault at every call of every workload, or a part of them.

use std::process::ExitCode;

use clap::Parser;
use stafett_faults::points::{Part, Tally, run_part};
use stafett_faults::workloads;

/// Runs the store's workloads on a disk that fails at any call
#[derive(Parser)]
struct Arguments {
    /// Which part of the points, from 0
    #[arg(long, default_value_t = 0)]
    part: u64,
    /// Of how many parts; 1 for all points
    #[arg(long, default_value_t = 1)]
    of: u64,
    /// Only workloads whose name has this in it
    #[arg(long)]
    workload: Option<String>,
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let begun = std::time::Instant::now();
    let mut all = workloads::all();
    all.retain(|one| arguments.workload.as_ref().is_none_or(|name| one.name.contains(name)));
    let tally = run_part(all, Part { number: arguments.part, of: arguments.of.max(1) }, arguments.threads)?;
    print(&tally);
    println!("{} s", begun.elapsed().as_secs());
    Ok(if tally.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(tally: &Tally) {
    for (name, (all, run)) in &tally.workloads {
        println!("{name:36} {run:6} of {all:6} points");
    }
    for ((call, fault), count) in &tally.met {
        println!("{:36} {count:6}", format!("{call:?}: {fault}"));
    }
    for (workload, plan, problem) in tally.problems.iter().take(40) {
        println!("PROBLEM in {workload} at {plan:?}: {problem}");
    }
    println!(
        "{} fault points met, {} not reached, {} stores opened afterwards, {} keys over, {} problems",
        tally.points(),
        tally.missed,
        tally.ends,
        tally.keys_over,
        tally.problems.len()
    );
}
