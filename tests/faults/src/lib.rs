//! The real store on a disk of our own, which fails at any call, tears what it was writing and
//! loses what was not forced to it.
//!
//! [`disk`] is the disk: files in memory, with what would be left of each after a power cut.
//! [`vfs`] hands it to SQLite as its file system, and [`calls`] has the journal's files go past it;
//! that is all that is unsafe here. [`workloads`]
//! are what a node does to its store, step by step, and [`run`] does them once for every call and
//! every fault: what was acknowledged must be there when the store is opened again, what was not
//! is there whole or not at all, and every check of the store is clean.
//!
//! Deliberately absent: an error of reading the journal, and a fault of making a file of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

pub mod beside;
pub mod calls;
pub mod cast;
pub mod chance;
pub mod disk;
pub mod points;
pub mod run;
pub mod vfs;
pub mod view;
pub mod workloads;
