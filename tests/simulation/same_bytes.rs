//! One seed gives the same bytes at the same moments, in whatever process it is lived through.

use std::process::{Command, Stdio};

use stafett_tests::simulator::campaign::one;
use stafett_tests::simulator::command::digest;

/// Seeds that are lived in two processes.
const SEEDS: u64 = 50;

#[test]
fn one_seed_gives_the_same_bytes_at_the_same_moments_in_another_process() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulate"));
    command.args(["--digest", "--seeds", &SEEDS.to_string()]).stdout(Stdio::piped());
    let other = command.spawn().expect("the command starts");

    let here = (0..SEEDS).map(|seed| {
        let digest = digest(&one(seed, false)).unwrap_or_else(|| panic!("seed {seed} is no whole run"));
        format!("{seed} {digest}\n")
    });
    let here: String = here.collect();

    let there = other.wait_with_output().expect("the command ends");
    assert!(there.status.success(), "every seed is a whole run in the other process");
    assert_eq!(here, String::from_utf8_lossy(&there.stdout));
}
