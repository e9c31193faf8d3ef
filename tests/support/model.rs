//! The models of moves on rules with a fault planted in them, or without.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    dead_code,
    unreachable_pub,
    reason = "a command of the tests, of which it uses a part"
)]

extern crate stafett_planted as stafett_protocol;

mod explorer;

use std::process::ExitCode;

fn main() -> ExitCode {
    explorer::command::main()
}
