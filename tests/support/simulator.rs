//! Random histories of a federation, watched by an oracle of their own.
//!
//! A run is a list of operations: what families, staff and operators do, and what befalls the
//! nodes. The list is drawn from a seed, and can be read, cut down and kept. Each operation has a
//! number and a moment of its own, and all that it draws is a hash of (seed, number), so the
//! others do what they did when one is left out.
//!
//! The nodes are the real core on a store in memory ([`crate::federation`]). What may go to whom is
//! judged by [`facts`], written a second time from what was said and shares no code with the core.

mod answered;
mod apply;
mod befalling;
pub mod campaign;
mod canary;
pub mod command;
pub mod facts;
mod frames;
pub mod generator;
#[cfg(planted)]
pub mod hunt;
mod kept;
mod lies;
pub mod operation;
mod oracle;
mod overdue;
mod proposed;
pub mod run;
mod settled;
pub mod shrink;
pub mod state;
mod words;
mod writing;
