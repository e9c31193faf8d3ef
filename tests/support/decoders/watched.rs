//! An entry that is looked for in everything that a session sends.
//!
//! Frames carry ids and text as they are, so they are looked for as they are. What the partner has
//! named itself may come back to it and is looked for no longer.

use std::collections::BTreeSet;

use stafett_protocol::wire::Frame;
use stafett_protocol::wire::codec::encode;

use super::seeds::{self, HIDDEN, SHARED};
use crate::federation::Federation;

/// An entry that is looked for.
#[derive(Debug)]
pub(super) struct Watched {
    needles: Vec<(&'static str, Vec<u8>)>,
    told: BTreeSet<&'static str>,
}

impl Watched {
    /// The entry that is in an area which the partner may not read.
    pub(super) fn hidden(world: &Federation) -> Self {
        Self::entry_in(world, "learning", HIDDEN)
    }

    /// A note that the partner has.
    pub(super) fn shared(world: &Federation) -> Self {
        Self::entry_in(world, "wellbeing", SHARED)
    }

    fn entry_in(world: &Federation, area: &str, text: &str) -> Self {
        let facts = seeds::own_note(world, area);
        let needles = vec![
            ("its id", facts.entry.as_bytes().to_vec()),
            ("its generation", facts.generation.as_bytes().to_vec()),
            ("its text", text.as_bytes().to_vec()),
        ];
        Self { needles, told: BTreeSet::new() }
    }

    /// Looks for it in the bytes of a frame.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let found = self.needles.iter().filter(|(_, needle)| is_in(needle, bytes));
        self.told.extend(found.map(|(what, _)| *what));
    }

    pub(super) fn named_by_the_partner(&mut self, frame: &Frame) {
        // What the fuzzer made up may be more than a frame holds; then it names nothing in one.
        let bytes = encode(frame).unwrap_or_default();
        self.needles.retain(|(_, needle)| !is_in(needle, &bytes));
    }

    /// What was found of it.
    pub(super) fn told(&self) -> &BTreeSet<&'static str> {
        &self.told
    }
}

fn is_in(needle: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
