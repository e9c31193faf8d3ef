//! The stafett program as its operator meets it: real processes, real folders, real sockets.
//!
//! `support` makes nodes and runs commands; every other file is one command, and
//! `bad_configuration` is what must stop a node before it harms anything.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test's helpers may end the test"
)]

mod bad_configuration;
mod check;
mod full_disk;
mod init;
mod partner;
mod reading;
mod seal;
mod serve;
mod session;
mod support;
mod token;
