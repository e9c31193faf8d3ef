//! The API against a real engine on a store of its own.

mod access;
mod asking;
mod description;
mod ending;
mod family;
mod giving;
mod hostile;
mod household;
mod kin;
mod late;
mod layers;
mod notices;
mod pages;
mod print;
mod protection;
mod schema;
mod serving;
mod story;
mod support;
mod tasks;
mod waiting;
mod withdrawing;
