//! `faults`: every fault at every call of every workload, or a part of them.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Parser;
use stafett_faults::points::{Part, Tally, again, run_part, run_point};
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
    /// Only the workload that is called so, or those whose name has this in it
    #[arg(long)]
    workload: Option<String>,
    /// Runs one point again: which call of the one workload, from 0
    #[arg(long, requires_all = ["workload", "fault"], conflicts_with_all = ["part", "of", "threads"])]
    at: Option<usize>,
    /// What that call meets, in the words of a printed problem
    #[arg(long, requires = "at")]
    fault: Option<String>,
    /// Threads
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let begun = std::time::Instant::now();
    let mut all = arguments.workload.as_deref().map_or_else(|| Ok(workloads::all()), workloads::called)?;
    let tally = match (arguments.at, &arguments.fault) {
        (Some(at), Some(fault)) => {
            ensure!(all.len() == 1, "one point is of one workload; {} have that in their name", all.len());
            run_point(all.pop().context("one workload")?, at, fault)?
        }
        _ => run_part(all, Part::new(arguments.part, arguments.of)?, arguments.threads.get())?,
    };
    print(&tally);
    println!("{} s", begun.elapsed().as_secs());
    ensure!(tally.points() > 0, "no fault was met, so nothing is shown");
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
        println!("PROBLEM: {problem}\n  again: faults {}", again(workload, *plan));
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
