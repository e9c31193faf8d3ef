//! The simulator and the models find faults that are planted in the rules.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that meets the unexpected stops"
)]

use std::process::Command;

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

/// States of the models, and the steps between them: a change of the rules shows here.
const EXPLORED: [&str; 3] = [
    "2 nodes: 28054 states, 91808 steps, 50 deep; every rule holds",
    "3 nodes: 197177 states, 689987 steps, 64 deep; every rule holds",
    "2 nodes, one restored: 221815 states, 572492 steps, 49 deep; every rule holds",
];
/// Rules of a move that can be broken.
const MOVING_FAULTS: usize = 14;

#[test]
fn model_of_a_move_holds_in_every_state_and_sees_each_rule_that_is_broken() {
    let output = Command::new(env!("CARGO_BIN_EXE_model")).output().expect("the command runs");

    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}");
    for explored in EXPLORED {
        assert!(said.lines().any(|line| line == explored), "{explored}: {said}");
    }
    let seen =
        said.lines().filter(|line| line.starts_with("succession-") && line.contains(": broken after "));
    assert_eq!(seen.count(), MOVING_FAULTS, "{said}");
    assert!(!said.contains("NOT SEEN"), "{said}");
}
