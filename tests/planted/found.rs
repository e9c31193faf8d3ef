//! The simulator and the models find faults that are planted in the rules.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets the unexpected stops"
)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Faults at the gate laws that take few seeds; all of them by the command
/// `planted --hunt --seeds 500`.
const FAULTS: [&str; 6] = [
    "gate-skipped-on-catch-up",
    "receipt-unsigned",
    "old-generation-accepted",
    "restored-link-open",
    "baton-given-by-an-offer",
    "order-with-a-cause",
];
/// A fault that is seen by comparing two worlds alone.
const TWIN_FAULT: &str = "mark-counts-hidden";

#[test]
fn simulator_finds_the_faults_that_are_planted_at_the_gate_laws() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planted"));
    command.args(["--hunt", "--seeds", "150"]);
    FAULTS.iter().for_each(|fault| _ = command.args(["--fault", fault]));

    let output = command.output().expect("the command runs");

    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no fault: 150 seeds break no rule"), "{said}");
    assert_eq!(said.matches(": found by seed").count(), FAULTS.len(), "{said}");
}

#[test]
fn fault_that_lets_something_hidden_be_noticed_is_found_by_comparing_two_worlds() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planted"));

    let output = command.args(["--hunt", "--seeds", "10", "--fault", TWIN_FAULT]).output();

    let output = output.expect("the command runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no fault: 10 seeds of twins break no rule"), "{said}");
    assert!(said.contains(&format!("{TWIN_FAULT} (law 5): found by seed ")), "{said}");
}

/// Runs the command, and returns whether it ended well and what it said as JSON.
fn planted(arguments: &[&str], target: &Path) -> (bool, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planted"));
    command.args(arguments).arg("--json").env("CARGO_TARGET_DIR", target);
    let output = command.output().expect("the command runs");
    (output.status.success(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn seed_that_breaks_a_rule_is_cut_down_and_lived_again_by_the_command_that_is_printed() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let fault = ["--fault", "direction-ignored"];

    let (is_well, report) = planted(&[&fault[..], &["--seeds", "40"]].concat(), target);

    assert!(!is_well, "a broken rule ends the command with a failure");
    let failure = &report["failures"][0];
    let rule = &failure["violations"][0]["rule"];
    let list = failure["list"].as_str().expect("a list");
    let whole = usize::try_from(report["steps"].as_u64().expect("a number")).expect("few");
    let (operations, comments) = (list.lines().count(), list.lines().filter(|line| line.starts_with('#')));
    assert!(operations - comments.count() < 20 && operations < whole, "{list}");
    for again in ["again", "list-again"] {
        let again = failure[again].as_str().expect("a command");
        let (program, arguments) = again.split_once(" -- ").expect("cargo's command");
        assert_eq!(program, "cargo run --release -p stafett-planted --bin planted");
        let arguments: Vec<&str> = arguments.split_whitespace().filter(|one| *one != "--trace").collect();

        let (is_well, lived) = planted(&arguments, target);

        assert!(!is_well, "{again}");
        assert_eq!(lived["violations"][0]["rule"], *rule, "{again}");
    }
}

#[test]
fn command_that_cannot_be_followed_says_why() {
    let no_list = "no/such/list.txt: No such file or directory (os error 2)\n";
    let cases: [(&[&str], &str); 5] = [
        (&["--list", "no/such/list.txt"], no_list),
        (&["--fault", "no-such-fault"], "no fault of that name is planted"),
        (
            &["--fault", "no-row", "--fault", "expired-counts"],
            "expired-counts: one fault is planted at a time",
        ),
        (&["--hunt", "--minutes", "1"], "cannot be used with"),
        (&["--failures", "0"], "expected 1 or more"),
    ];
    for (arguments, why) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_planted"));

        let output = command.args(arguments).output().expect("the command runs");

        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    }
}

/// States of the models, and the steps between them: a change of the rules shows here.
const EXPLORED: [&str; 5] = [
    "2 nodes: 28054 states, 91808 steps, 50 deep; every rule holds",
    "3 nodes: 197177 states, 689987 steps, 64 deep; every rule holds",
    "2 nodes, one restored: 221815 states, 572492 steps, 49 deep; every rule holds",
    "a baton offered twice: 1111090 states, 9257212 steps, 39 deep; every rule holds",
    "a baton, restored twice: 22521 states, 194669 steps, 31 deep; every rule holds",
];
/// Rules of a move that can be broken.
const MOVING_FAULTS: usize = 14;
/// Rules of a baton at a partner that can be broken.
const BATON_FAULTS: usize = 7;

#[test]
fn models_of_a_move_and_of_a_baton_hold_in_every_state_and_see_each_rule_that_is_broken() {
    let output = Command::new(env!("CARGO_BIN_EXE_model")).output().expect("the command runs");

    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}");
    for explored in EXPLORED {
        assert!(said.lines().any(|line| line == explored), "{explored}: {said}");
    }
    let seen = |of: &str| {
        said.lines().filter(|line| line.starts_with(of) && line.contains(": broken after ")).count()
    };
    assert_eq!((seen("succession-"), seen("baton-there-")), (MOVING_FAULTS, BATON_FAULTS), "{said}");
    assert!(!said.contains("NOT SEEN"), "{said}");
}
