//! The simulator finds faults that are planted in the rules.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that meets the unexpected stops")]

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
