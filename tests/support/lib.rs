//! What the proofs share: a federation of nodes in memory, under a virtual clock.
//!
//! Sessions, gate, ledger and decisions are the real ones; the store is a model of its own that
//! executes transactions by their documented meaning, and the network delays, cuts and resets.
//! Every random choice is a hash of (seed, what it is for), so an operation more or less does not
//! change the others, and the same seed gives the same bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

pub mod broken_changes;
pub mod chance;
pub mod decoders;
pub mod explorer;
pub mod federation;
pub mod names;
pub mod real;
pub mod simulator;
pub mod store;
pub mod tap;
