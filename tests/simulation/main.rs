//! Simulated federations: stories about sessions, twin worlds, random histories.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod asking;
mod baton_there;
mod bounds;
mod convergence;
mod ending;
mod family;
mod forging;
mod full_disk;
mod greeted;
mod histories;
mod keeping;
mod late;
mod moving;
mod narrowing;
mod on_the_way;
mod one_recall;
mod overdue;
mod probing;
mod protection;
mod reconnecting;
mod restored;
mod same_bytes;
mod sharing;
mod story;
mod twins;
mod unheard_of;
mod uptake;
mod widening;
