//! How fast real nodes are: `cargo bench -p stafett-tests --bench bench -- pages`.
//!
//! A figure is printed with the machine and the commit that it is of, as a table for people and as
//! JSON for comparing. What is measured is also checked: a quick answer that is wrong ends the run.
#![allow(
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "figures for people"
)]

mod figures;
mod pages;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "bench", about)]
struct Arguments {
    #[command(subcommand)]
    what: What,
    /// What cargo adds for every bench
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// My cases, one case and searching, over HTTP with a session
    Pages(pages::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().what {
        What::Pages(arguments) => pages::run(&arguments).await,
    }
}
