//! The disclosure rows of frames that may not have left yet.
//!
//! A row is written before its frame is built (law 19). A frame that a reset or a lost connection
//! dropped on its way to the transport never left: its row is marked, and the partner counts as
//! holding what the rows that are left say.

use std::collections::BTreeSet;

use super::output::Output;
use super::{Session, Work};
use crate::id::{DisclosureId, EntryId, GenerationId};
use crate::transaction::{Committed, Fault, Transaction, Write};
use crate::wire::{Frame, Stream};

/// An own entry's rows since the partner last acknowledged it, oldest first.
#[derive(Debug)]
pub(super) struct RowsOnTheWay {
    /// The generation that the partner counted as holding before all of them.
    before: Option<GenerationId>,
    rows: Vec<(DisclosureId, GenerationId)>,
}

impl Session {
    /// Hands a frame over together with the rows that it is the first to rest on.
    pub(super) fn send_resting_on(&mut self, frame: Frame, rows: Vec<DisclosureId>) {
        if self.understands(frame.kind()) && self.count_frame() {
            self.outputs.push_back(Output::Send { frame, rows });
        } else {
            self.mark_unsent(rows);
        }
    }

    /// Whether a connection is up to a partner that knows this kind of frame.
    pub(super) fn understands(&self, kind: u16) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.not_understood.contains(&kind))
    }

    pub(super) fn mark_unsent(&mut self, rows: Vec<DisclosureId>) {
        if !rows.is_empty() {
            let writes = rows.iter().copied().map(Write::DisclosureUnsent).collect();
            self.commit(Transaction::of(writes), Work::Unsent(rows));
        }
    }

    /// What a full disk did not take is written down once it can be (law 19).
    pub(super) fn marked(&mut self, rows: Vec<DisclosureId>, outcome: &Result<Committed, Fault>) {
        if outcome.is_err() {
            self.unmarked.extend(rows);
            self.wait_for_the_store();
        }
    }

    /// Notes that an own entry's frame is about to leave under a row.
    pub(super) fn note_row(&mut self, entry: EntryId, row: DisclosureId, generation: GenerationId) {
        let Some(tracked) = self.entries.get(&entry) else { return };
        let begun = RowsOnTheWay { before: tracked.held.generation, rows: Vec::new() };
        let on_the_way = self.rows_on_the_way.entry(entry).or_insert(begun);
        on_the_way.rows.push((row, generation));
    }

    /// Drops the data frames that the shell has not taken; their rows never left.
    pub(super) fn drop_data_frames(&mut self) {
        let mut dropped = Vec::new();
        self.outputs.retain_mut(|output| match output {
            Output::Send { frame, rows } if frame.stream() == Stream::Data => {
                dropped.append(rows);
                false
            }
            _ => true,
        });
        self.unsent(dropped);
    }

    /// Frames that rest on these rows never left.
    pub(super) fn unsent(&mut self, rows: Vec<DisclosureId>) {
        let unsent: BTreeSet<DisclosureId> = rows.iter().copied().collect();
        for (entry, on_the_way) in &mut self.rows_on_the_way {
            let last = on_the_way.rows.last().copied();
            let before_drop = on_the_way.rows.clone();
            on_the_way.rows.retain(|(row, _)| !unsent.contains(row));
            let left = on_the_way.rows.last().copied();
            if left == last {
                continue;
            }
            if let Some(tracked) = self.entries.get_mut(entry) {
                tracked.held.generation = left.map_or(on_the_way.before, |(_, generation)| Some(generation));
                let is_in = |rows: &[(DisclosureId, GenerationId)], one: &GenerationId| {
                    rows.iter().any(|(_, generation)| generation == one)
                };
                tracked.on_the_line.retain(|one| !is_in(&before_drop, one) || is_in(&on_the_way.rows, one));
                tracked.announce_again = true;
                tracked.sent = None;
                self.pending.insert(*entry);
            }
        }
        self.rows_on_the_way.retain(|_, on_the_way| !on_the_way.rows.is_empty());
        self.mark_unsent(rows);
    }
}
