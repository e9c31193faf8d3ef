//! What comes from outside: every decoder on what others have stumbled over, and the primitives of
//! cryptography that are called directly on the vectors of Project Wycheproof.
//!
//! `tests/fuzz/run` gives the same decoders what a fuzzer makes up.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod decoders;
mod keys;
mod vectors;
