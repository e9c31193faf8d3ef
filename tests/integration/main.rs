//! Proofs with real processes: nodes on loopback that are asked over HTTP, killed, cut off and
//! lied to, and whose stores and recorded frames are then searched.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod admission;
mod architecture;
mod canary;
mod clock;
mod damaged;
mod duty_to_report;
mod erased;
mod gate;
mod keeping;
mod kill;
mod login;
mod moves_kill;
mod notices;
mod restored;
mod scenarios;
mod widening;
mod withdrawal;
