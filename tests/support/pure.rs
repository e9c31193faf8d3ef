//! The part of what the proofs share that needs no node: for the fuzzer, which builds everything
//! that it tries with instrumentation of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

pub mod chance;
pub mod decoders;
pub mod federation;
pub mod names;
pub mod store;
pub mod tap;
