//! The stafett program: makes a node, runs it, and answers its operator.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
