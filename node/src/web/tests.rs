//! The API against a real engine on a store of its own.

mod access;
mod description;
mod hostile;
mod layers;
mod schema;
mod serving;
mod story;
mod support;
