//! A case that moves to another municipality (flytting): law 18 as two machines, one at each side.
//!
//! Each side is what the signed statements that it has make of it. What is said is durable first, is
//! said again until the other side has answered, and is kept for ever; so loss, repetition, crossing
//! and stops change nothing, and the question "what became of it?" has one answer. The rules of both
//! sides are checked in every state that they can come to, by the model of the tests.

pub mod arriving;
pub mod by_hand;
pub mod day;
pub mod hearing;
pub mod leaving;
pub mod opening;
pub mod origin;
pub mod package;
pub mod record;
pub mod sealed;
pub mod statement;

#[cfg(test)]
mod tests;

pub use arriving::{Arriving, ArrivingEvent, ArrivingSays};
pub use day::CivilDay;
pub use leaving::{Became, Leaving, LeavingEvent, LeavingSays, SuccessionError};
