//! Entries that the partner asks for from their beginning: each at most once in an interval, so
//! that asking again and again costs no more (law 21). Asking early is answered in its time.
//!
//! What the partner did not take when it came, such as on a full disk, or because it waited for the
//! receipt of an order, goes again after the same interval, then after twice as long, until it is
//! asked for as seldom as a receipt.

use std::collections::{BTreeMap, BTreeSet};

use super::Session;
use crate::id::EntryId;
use crate::limits::{ORDER_REPEAT_MS, RESEND_INTERVAL_MS};
use crate::planted::planted;
use crate::time::UnixMillis;
use crate::wire::Resend;

/// Moments that are remembered before those that are over are dropped.
const REMEMBERED: usize = 1_024;

/// What was asked for lately, and what is due again.
#[derive(Debug, Default)]
pub(super) struct Resending {
    answered: BTreeMap<EntryId, UnixMillis>,
    due: BTreeSet<(UnixMillis, EntryId)>,
    /// When what the partner did not take goes again.
    again_at: Option<UnixMillis>,
    /// How often something went again on this connection.
    times: u32,
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
        self.again_at = None;
        self.times = 0;
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
        self.shows_that_it_holds(body.entry, body.generation);
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
        let due = self.resending.due.first().map(|(at, _)| *at);
        due.into_iter().chain(self.resending.again_at).min()
    }

    /// The partner does not take something now: it goes again after a while.
    pub(super) fn try_again_later(&mut self) {
        let doubled = RESEND_INTERVAL_MS.saturating_mul(1 << self.resending.times.min(16));
        let later = self.now.plus(doubled.min(ORDER_REPEAT_MS));
        if planted!("never-tried-again") {
            return;
        }
        self.resending.again_at.get_or_insert(later);
    }

    /// What was sent stays counted as under way, so that a withdrawal still resets the stream.
    fn send_again_on_time(&mut self) {
        if self.resending.again_at.is_none_or(|at| at > self.now) {
            return;
        }
        self.resending.again_at = None;
        self.resending.times = self.resending.times.saturating_add(1);
        self.issued.values_mut().filter(|issued| !issued.stored).for_each(|issued| issued.sent = false);
        self.relations.values_mut().filter(|one| !one.stored).for_each(|one| one.sent = false);
        self.proposals.values_mut().for_each(|proposal| proposal.sent = false);
        let partner = self.identity.partner;
        for (entry, tracked) in &mut self.entries {
            if tracked.sent.is_some() && tracked.sent != tracked.acknowledged {
                tracked.announce_again = true;
                tracked.sent = None;
                self.pending.insert(*entry);
            }
            // A refusal does not say of which entry. Late edits are kept until the owner has named all
            // of them: it may have taken none.
            if tracked.record.owner == partner && !tracked.earlier.kept.is_empty() {
                tracked.earlier.late_sent = false;
                self.pending.insert(*entry);
            }
        }
    }

    pub(super) fn resend_on_time(&mut self) {
        self.send_again_on_time();
        while let Some(entry) = self.resending.next_due(self.now) {
            self.send_from_its_beginning(entry);
        }
    }

    /// What was sent and not acknowledged must be sent again on the next connection.
    pub(super) fn unsend(&mut self) {
        self.in_flight.clear();
        self.issued.values_mut().for_each(|grant| grant.sent = false);
        self.relations.values_mut().for_each(|relation| relation.sent = false);
        self.proposals.values_mut().for_each(|proposal| proposal.sent = false);
        let own = self.identity.own;
        let mut lost = Vec::new();
        for (entry, tracked) in &mut self.entries {
            if !std::mem::take(&mut tracked.on_the_line).is_empty() {
                lost.push(*entry);
            }
            tracked.earlier.unsend();
            tracked.name_again(own);
            if !tracked.earlier.kept.is_empty() {
                self.pending.insert(*entry);
            }
        }
        lost.into_iter().for_each(|entry| self.note_unshown(entry));
        let entries = self.entries.iter_mut().filter(|(_, tracked)| tracked.sent.is_some());
        for (entry, tracked) in entries {
            if tracked.sent != tracked.acknowledged {
                tracked.announce_again = true;
                self.pending.insert(*entry);
            }
            tracked.sent = None;
        }
    }
}
