//! The rules of a stafettlogg, as pure functions of their inputs.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or a file, or waits: events
//! and time go in, effects come out. Comments name the laws of `protocol/docs/laws.md` by number.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod access;
pub mod agreement;
pub mod baton;
pub mod case;
pub mod consent;
pub mod decision;
pub mod disclosure;
pub mod entry;
pub mod erasure;
pub mod grant;
pub mod id;
pub mod journal;
pub mod late;
pub mod ledger;
pub mod limits;
pub mod link;
pub mod mark;
pub mod municipality;
pub mod person;
#[cfg(not(planted))]
mod planted;
#[cfg(planted)]
pub mod planted;
pub mod protection;
pub mod replay;
pub mod restore;
pub mod signed;
pub mod stalled;
pub mod succession;
pub mod task;
pub mod time;
pub mod transaction;
pub mod transition;
pub mod uptake;
pub mod wire;
