//! The store under faults: a part of all points, each day another one, or the one that
//! `STAFETT_FAULTS_PART` names; `cargo run --release -p stafett-faults` runs every one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod beside;
mod command;
mod control;
mod full;
mod store;
