//! Every workload, with faults at its calls.

use stafett_faults::disk::{Call, Fault};
use stafett_faults::points::{self, Part, run_part};
use stafett_faults::run::{prepare, run};
use stafett_faults::workloads;

/// Of how many parts one is run.
const PARTS: u64 = 64;
const POINTS_MIN: usize = 500;
/// Points that there are in all.
const ALL_MIN: usize = 30_000;
const WORKLOADS_MIN: usize = 30;

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there_after_any_fault() {
    let part = Part::of_the_day(PARTS).expect("the number of a part");
    println!("STAFETT_FAULTS_PART={}", part.number());

    let tally = run_part(workloads::all(), part, 2).expect("nothing fails without a fault");

    assert_eq!(
        tally.problems,
        [],
        "{} problems with STAFETT_FAULTS_PART={}",
        tally.problems.len(),
        part.number()
    );
    let all: usize = tally.workloads.values().map(|(all, _)| all).sum();
    assert!(tally.workloads.len() >= WORKLOADS_MIN, "{} workloads", tally.workloads.len());
    assert!(all >= ALL_MIN, "{all} points in all");
    assert!(tally.points() >= POINTS_MIN, "{} points were run", tally.points());
    assert!(tally.missed * 50 <= tally.points(), "{} points were not reached", tally.missed);
    for (name, (_, run)) in &tally.workloads {
        assert!(*run > 0, "no point of {name} was run");
    }
    for call in [Call::Write, Call::Sync, Call::Truncate] {
        let faults = tally.met.keys().filter(|(met, _)| *met == call).count();
        assert_eq!(faults, points::faults(call, 0).len(), "faults of {call:?}");
    }
}

/// A commit that failed may be on the disk all the same, and is found there after a crash. Its rows
/// must then open, those too that were only sealed anew by it. And a line of the journal that could not
/// be forced is found by the next start, which must not take it for lasting.
#[tokio::test]
async fn rows_of_a_commit_that_failed_open_if_a_crash_brings_them_back() {
    let mut brought_back = 0;
    for workload in workloads::all() {
        if !["opening a case", "erasing some on order", "erasing and opening again"].contains(&workload.name)
        {
            continue;
        }
        let prepared = prepare(workload).await.expect("nothing fails without a fault");
        for plan in points::points(&prepared) {
            if prepared.trace[plan.at] == Call::Sync && plan.fault == Fault::Error {
                let outcome = run(&prepared, plan).await.expect("runs");
                assert_eq!(outcome.problems, Vec::<String>::new(), "{plan:?}");
                brought_back += 1;
            }
        }
    }
    assert!(brought_back > 4, "only {brought_back} commits failed");
}

/// A store that is being made becomes one with a write-ahead log, or does not open: without the log,
/// SQLite forgets its last commit when the power goes.
#[tokio::test]
async fn store_that_opens_has_its_write_ahead_log_whatever_failed_while_it_was_made() {
    let workload = workloads::all().into_iter().find(|one| one.name == "making a store").expect("there");
    let prepared = prepare(workload).await.expect("nothing fails without a fault");
    let mut failed = 0;

    for plan in points::points(&prepared) {
        if plan.at < 60 && plan.fault == Fault::Error {
            let outcome = run(&prepared, plan).await.expect("runs");
            assert_eq!(outcome.problems, Vec::<String>::new(), "{plan:?}");
            failed += 1;
        }
    }

    assert_eq!(failed, 60);
}
