//! Runs random histories of a federation and tells what they came to.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a command of the tests"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    stafett_tests::simulator::command::main()
}
