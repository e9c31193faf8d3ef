//! What the node writes about itself: events with ids and numbers, never names, content, identity
//! numbers or secrets.

pub mod logs;
pub mod redact;
