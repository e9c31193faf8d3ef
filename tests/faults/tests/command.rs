//! The program `faults`, as somebody calls it who looks for a fault.

use std::process::{Command, Output};

use stafett_faults::points::{self, again};
use stafett_faults::run::prepare;
use stafett_faults::workloads;

const PROGRAM: &str = env!("CARGO_BIN_EXE_faults");

fn faults(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program")
}

/// It ends as failed, and says why.
fn must_refuse(arguments: &[&str], why: &str) {
    let ended = faults(arguments);
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "{arguments:?} ends as if all were well");
    assert!(said.contains(why), "{arguments:?}: {said}");
}

#[test]
fn call_that_would_run_nothing_is_refused_with_its_reason() {
    must_refuse(&["--part", "64", "--of", "64"], "expected a part from 0 to 63, found 64");
    must_refuse(&["--of", "0"], "expected 1 part at least");
    must_refuse(&["--threads", "0"], "--threads");
    must_refuse(&["--workload", "xyz"], "withdrawing a consent");
    must_refuse(&["--at", "3", "--fault", "error"], "--workload");
    must_refuse(&["--workload", "publishing", "--at", "3"], "--fault");
    must_refuse(&["--workload", "eras", "--at", "3", "--fault", "error"], "one workload");
    must_refuse(&["--workload", "publishing", "--at", "9999999", "--fault", "error"], "no call 9999999");
    must_refuse(&["--workload", "publishing", "--at", "3", "--fault", "typo"], "it meets one of");
    must_refuse(
        &["--workload", "publishing", "--at", "3", "--fault", "error", "--of", "2"],
        "cannot be used with",
    );
}

#[tokio::test]
async fn point_that_is_printed_is_run_again_and_meets_the_same_fault() {
    let name = "publishing";
    let workload = workloads::called(name).expect("there").pop().expect("one");
    let prepared = prepare(workload).await.expect("nothing fails without a fault");
    let all = points::points(&prepared);
    for plan in &all {
        let said = again(name, *plan);
        let fault = said.split('\'').nth(3).expect("the name of a fault");
        assert_eq!(points::point(&prepared, plan.at, fault).expect("a point"), *plan, "{said}");
    }

    for plan in [all[0], all[all.len() / 2], all[all.len() - 1]] {
        let command = format!("exec \"$0\" {}", again(name, plan));
        let ended = Command::new("sh").args(["-c", &command, PROGRAM]).output().expect("a shell");

        let said = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success(), "{command}: {said}{}", String::from_utf8_lossy(&ended.stderr));
        assert!(said.contains("1 fault points met, 0 not reached"), "{command}: {said}");
    }
}
