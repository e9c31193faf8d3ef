//! The simulator on rules with a fault planted in them.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::enum_variant_names,
    dead_code,
    unreachable_pub,
    unused_imports,
    unfulfilled_lint_expectations,
    reason = "a command of the tests, of which it uses a part"
)]

extern crate stafett_planted as stafett_protocol;

mod broken_changes;
mod chance;
mod federation;
mod names;
mod simulator;
mod store;
mod tap;

use std::process::ExitCode;

fn main() -> ExitCode {
    simulator::command::main()
}
