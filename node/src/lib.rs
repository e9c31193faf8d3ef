//! The shell: does what the protocol asks, and decides nothing about access or consent.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod clock;
pub mod engine;
pub mod keys;
pub mod login;
pub mod notice;
pub mod observability;
pub mod package;
pub mod seal;
pub mod shutdown;
pub mod startup;
pub mod store;
pub mod transport;
pub mod web;
mod words;
