//! Entries that the partner asks for from their beginning: each at most once in an interval, so
//! that asking again and again costs no more (law 21). Asking early is answered in its time.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use crate::id::EntryId;
use crate::limits::RESEND_INTERVAL_MS;
use crate::time::UnixMillis;
use crate::wire::Resend;

/// Moments that are remembered before those that are over are dropped.
const REMEMBERED: usize = 1_024;

/// What was asked for lately, and what is due again.
#[derive(Debug, Default)]
pub(super) struct Resending {
    answered: BTreeMap<EntryId, UnixMillis>,
    due: BTreeSet<(UnixMillis, EntryId)>,
}

impl Resending {
    /// Whether an entry may go from its beginning now; if not, it is due later.
    fn take(&mut self, entry: EntryId, now: UnixMillis) -> bool {
        if let Some(at) = self.answered.get(&entry).map(|at| at.plus(RESEND_INTERVAL_MS))
            && now < at
        {
            self.due.insert((at, entry));
            return false;
        }
        if self.answered.len() >= REMEMBERED {
            self.answered.retain(|_, at| now < at.plus(RESEND_INTERVAL_MS));
        }
        self.answered.insert(entry, now);
        true
    }

    /// The next comparison finds what is lacking.
    pub(super) fn disconnected(&mut self) {
        self.due.clear();
    }

    fn next_due(&mut self, now: UnixMillis) -> Option<EntryId> {
        let first = *self.due.first().filter(|(at, _)| *at <= now)?;
        self.due.remove(&first);
        Some(first.1)
    }
}

impl Session {
    /// The partner cannot follow: it gets the entry from its beginning, if the gate lets it go. Of
    /// what it was never sent it knows nothing, so asking changes nothing.
    pub(super) fn resend_frame(&mut self, body: &Resend) {
        let partner = self.identity.partner;
        let is_known = |tracked: &super::snapshot::Tracked| {
            tracked.record.owner == partner || tracked.held.generation.is_some()
        };
        if self.entries.get(&body.entry).is_some_and(is_known) {
            self.send_from_its_beginning(body.entry);
        }
    }

    fn send_from_its_beginning(&mut self, entry: EntryId) {
        if self.resending.take(entry, self.now)
            && let Some(tracked) = self.entries.get_mut(&entry)
        {
            tracked.announce_again = true;
            tracked.earlier.late_sent = false;
            self.pending.insert(entry);
        }
    }

    pub(super) fn resend_timeout(&self) -> Option<UnixMillis> {
        self.resending.due.first().map(|(at, _)| *at)
    }

    pub(super) fn resend_on_time(&mut self) {
        while let Some(entry) = self.resending.next_due(self.now) {
            self.send_from_its_beginning(entry);
        }
    }
}
