//! A partner with a genuine key, a genuine agreement and a genuine grant that sends whatever does
//! harm.
//!
//! A program of its own, because it measures: no other test runs beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod attacks;
mod changes;
mod honest;
mod stake;
mod story;
mod volley;

use std::time::Duration;

/// What a node may have held at the most.
const MEMORY_KIB_MAX: u64 = 512 * 1024;
/// How long the node is heard after an attack.
const QUIET: Duration = Duration::from_millis(200);
