//! The rules of a stafettlogg, as pure functions of their inputs.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or a file, or waits: events
//! and time go in, effects come out.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod agreement;
pub mod id;
pub mod limits;
pub mod municipality;
pub mod person;
pub mod time;
