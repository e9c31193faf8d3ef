//! Room for frames (law 21): a partner that does not read holds up its own link, and no memory.
//!
//! The shell says how many frames the transport has not taken. Rows that were asked for count as
//! the frames that will be built of them, so what waits for the store and what waits for the
//! transport share one bound. What no answer of the partner's can be waited for is dropped.

use std::collections::BTreeSet;

use super::Session;
use super::output::Output;
use crate::id::EntryId;
use crate::limits::{DISCLOSURE_BATCH_ENTRIES, OUTPUT_FRAMES_WAITING_MAX, PACKAGE_PARTS_WAITING_MAX};
use crate::wire::error_code::CloseCode;

/// Changes that one frame holds at the least: each part of an entry but the last is filled to
/// more than two thirds, and a change takes at most a third.
const CHANGES_IN_A_FRAME_MIN: usize = 3;

/// Frames in line and frames to come.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Handed out and not taken by the transport, as far as the session knows.
    waiting: usize,
    /// Frames that will be built once their rows are durable.
    promised: usize,
    /// Whether the connection is being closed because the partner does not read.
    is_over: bool,
    /// Entries that the partner has as they were sent, while frames of them may wait still.
    arrived: BTreeSet<EntryId>,
}

impl Room {
    fn has_room(&self) -> bool {
        let taken = self.waiting.saturating_add(self.promised);
        taken.saturating_add(DISCLOSURE_BATCH_ENTRIES) <= OUTPUT_FRAMES_WAITING_MAX
    }

    /// Orders to erase go out also past entries that the partner does not read (law 12).
    fn has_room_for_orders(&self) -> bool {
        self.waiting <= OUTPUT_FRAMES_WAITING_MAX.saturating_add(OUTPUT_FRAMES_WAITING_MAX / 2)
    }

    /// Starts anew with a connection; what was promised is still to come.
    pub(super) fn reconnected(&mut self) {
        self.waiting = 0;
        self.is_over = false;
        self.arrived.clear();
    }

    pub(super) fn promise(&mut self, frames: usize) {
        self.promised = self.promised.saturating_add(frames);
    }

    pub(super) fn keep(&mut self, frames: usize) {
        self.promised = self.promised.saturating_sub(frames);
    }
}

/// How many frames an entry with so many changes makes at the most.
pub(super) fn frames_of(changes: u32) -> usize {
    usize::try_from(changes).unwrap_or(usize::MAX).div_ceil(CHANGES_IN_A_FRAME_MIN).max(1)
}

impl Session {
    /// Whether there is room for a batch, or for one frame of any sort.
    pub(super) fn has_room(&self) -> bool {
        self.room.has_room()
    }

    pub(super) fn has_room_for_orders(&self) -> bool {
        self.room.has_room_for_orders()
    }

    /// Whether there is room for a part of a package, which is large: few wait for whoever does not read.
    pub(super) fn has_room_for_a_part(&self) -> bool {
        self.room.waiting < PACKAGE_PARTS_WAITING_MAX
    }

    /// The partner has an entry as it was sent. What it was told of may wait in the transport still,
    /// and must not leave once it is over (law 12).
    pub(super) fn arrived(&mut self, entry: EntryId) {
        if self.room.waiting == 0 {
            self.in_flight.remove(&entry);
        } else {
            self.room.arrived.insert(entry);
        }
    }

    /// The transport took or dropped frames; whether that made room.
    pub(super) fn frames_waiting(&mut self, frames: usize) -> bool {
        let rooms = |room: &Room| (room.has_room(), room.has_room_for_orders());
        let (had, had_for_orders) = rooms(&self.room);
        self.room.waiting = frames;
        if frames == 0 {
            let arrived = std::mem::take(&mut self.room.arrived);
            let is_there = |entry: &EntryId| {
                self.entries.get(entry).is_none_or(|tracked| tracked.sent == tracked.acknowledged)
            };
            for entry in arrived.into_iter().filter(is_there).collect::<Vec<_>>() {
                self.in_flight.remove(&entry);
            }
        }
        let (has, has_for_orders) = rooms(&self.room);
        (!had && has) || (!had_for_orders && has_for_orders)
    }

    /// Counts a frame that is about to be handed out. False if the partner reads nothing of what
    /// it asks for: the frame is dropped then, and the connection closed.
    pub(super) fn count_frame(&mut self) -> bool {
        if self.room.waiting >= OUTPUT_FRAMES_WAITING_MAX.saturating_mul(2) {
            if !std::mem::replace(&mut self.room.is_over, true) {
                self.outputs.push_back(Output::Close(CloseCode::TooMuch));
            }
            return false;
        }
        self.room.waiting = self.room.waiting.saturating_add(1);
        true
    }
}
