//! The partner's share of this store (law 21): how many entries of its own it may keep here, and
//! how many bytes; what it proposed and this node took counts as well. Over a bound nothing more is
//! taken until something is gone, and somebody is told once on each connection. Another link
//! notices nothing.

use super::Session;
use super::output::Alarm;
use super::snapshot::Tracked;
use crate::entry::ChangeHash;
use crate::entry::operation::Change;
use crate::id::{EntryId, GenerationId};
use crate::wire::codec::encode_change;
use crate::wire::error_code::ErrorCode;

/// Bytes that an entry costs apart from its changes.
const ENTRY_BYTES: u64 = 512;
/// Bytes that a change costs apart from what stands in it.
const CHANGE_BYTES: u64 = 128;

/// What is stored of the partner's.
#[derive(Debug, Default)]
pub(super) struct Share {
    entries: u64,
    bytes: u64,
}

impl Share {
    pub(super) fn of<'a>(received: impl Iterator<Item = &'a Tracked>) -> Self {
        received.fold(Self::default(), |share, tracked| Self {
            entries: share.entries.saturating_add(1),
            bytes: share.bytes.saturating_add(tracked.bytes),
        })
    }
}

/// What changes cost in a store.
pub(super) fn bytes_of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> u64 {
    let cost = |change: &Change| {
        let bytes = encode_change(change).map_or(u64::MAX, |bytes| bytes.len() as u64);
        bytes.saturating_add(CHANGE_BYTES)
    };
    changes.into_iter().fold(0, |sum, change| sum.saturating_add(cost(change)))
}

impl Session {
    /// Whether the partner may have one more entry of this size here.
    pub(super) fn has_share_for_entry(&self, bytes: u64) -> bool {
        self.share.entries < self.identity.entries_max
            && self.has_share_for(bytes.saturating_add(ENTRY_BYTES))
    }

    /// Whether the partner may have so many more bytes here.
    pub(super) fn has_share_for(&self, bytes: u64) -> bool {
        self.share.bytes.saturating_add(bytes) <= self.identity.bytes_max
    }

    /// Refuses what is more than the partner's share.
    pub(super) fn share_is_used(&mut self, kind: u16) {
        self.refuse(kind, ErrorCode::TooMuch);
        self.tell_of_used_share();
    }

    pub(super) fn tell_of_used_share(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        if !std::mem::replace(&mut connection.is_share_used, true) {
            self.alarm(Alarm::ShareUsed);
        }
    }

    pub(super) fn track_received(&mut self, entry: EntryId, tracked: Tracked) {
        let bytes = tracked.bytes;
        self.geneses.insert(tracked.record.genesis, (entry, tracked.generation()));
        let before = self.entries.insert(entry, tracked);
        if before.is_none() {
            self.share.entries = self.share.entries.saturating_add(1);
        }
        let before = before.map_or(0, |tracked| tracked.bytes);
        self.share.bytes = self.share.bytes.saturating_add(bytes).saturating_sub(before);
    }

    pub(super) fn untrack_received(&mut self, entry: EntryId) {
        if let Some(tracked) = self.entries.remove(&entry) {
            for (genesis, _) in tracked.geneses() {
                self.geneses.remove(&genesis);
            }
            self.share.entries = self.share.entries.saturating_sub(1);
            self.share.bytes = self.share.bytes.saturating_sub(tracked.bytes);
        }
    }

    /// Whether a first change began another entry or another generation on this link, also one that
    /// the entry has left. Each is made
    /// by an actor drawn for it, so nobody comes to the same one twice: it was moved (law 8).
    pub(super) fn is_moved(
        &self,
        genesis: ChangeHash,
        entry: Option<EntryId>,
        generation: Option<GenerationId>,
    ) -> bool {
        let begun = self.geneses.get(&genesis);
        begun.is_some_and(|(of, began)| (Some(*of), Some(*began)) != (entry, generation))
    }

    /// A proposal of the partner's became an entry of this node: it counts among the partner's for
    /// good, because nothing but the partner's word made it.
    pub(super) fn proposal_counts(&mut self, entry: EntryId, bytes: u64) {
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        self.share.entries = self.share.entries.saturating_add(1);
        self.share.bytes = self.share.bytes.saturating_add(bytes);
        if let Some(tracked) = self.entries.get_mut(&entry) {
            tracked.bytes = bytes;
        }
    }

    /// Changes of a received entry were stored.
    pub(super) fn received_grew(&mut self, entry: EntryId, bytes: u64) {
        let partner = self.identity.partner;
        let Some(tracked) = self.entries.get_mut(&entry) else { return };
        if tracked.record.owner == partner {
            tracked.bytes = tracked.bytes.saturating_add(bytes);
            self.share.bytes = self.share.bytes.saturating_add(bytes);
        }
    }

    /// A new generation takes the place of what was stored of a received entry.
    pub(super) fn received_starts_anew(&mut self, entry: EntryId) {
        if let Some(tracked) = self.entries.get_mut(&entry) {
            let before = std::mem::replace(&mut tracked.bytes, ENTRY_BYTES);
            self.share.bytes = self.share.bytes.saturating_add(ENTRY_BYTES).saturating_sub(before);
        }
    }
}

impl Tracked {
    /// The same with the cost of an entry of which no change is stored yet.
    pub(super) fn costing_an_entry(self) -> Self {
        Self { bytes: ENTRY_BYTES, ..self }
    }
}
