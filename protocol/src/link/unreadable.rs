//! Entries whose rows are damaged on this disk. Nothing of one is sent. A partner that announces it
//! or writes in it is told "not now", as for a full disk, and keeps what it has until the rows are
//! mended or gone; an order ends it here as it ends any other.

use super::Session;
use super::receiving::Incoming;
use crate::erasure::{Done, EraseOrder};
use crate::id::EntryId;
use crate::transaction::EntryState;
use crate::wire::error_code::ErrorCode;

impl Session {
    /// Takes nothing of an entry that cannot be read. Whoever has not shown that it has an own one
    /// gets the answer of an entry that is not here at all (law 5).
    pub(super) fn not_read(&mut self, entry: EntryId, incoming: Incoming) {
        let is_own = |one: &super::snapshot::Unreadable| one.owner == self.identity.own;
        let unreadable = self.unreadable.get(&entry);
        let (is_own, is_shown) = unreadable.map_or((false, false), |one| (is_own(one), one.is_shown));
        match incoming {
            Incoming::Announce(body) => {
                let may_come = !is_own && self.accepted_grants(&body).is_ok();
                self.refuse(3, if may_come { ErrorCode::NotNow } else { ErrorCode::NotShared });
            }
            Incoming::Changes(checking) if is_own && !is_shown => {
                self.lacking(checking.body.entry, checking.body.generation);
            }
            Incoming::Changes(_) => self.refuse(4, ErrorCode::NotNow),
            Incoming::Carried(_) => {}
        }
        self.next_in_line(entry);
    }

    /// Whether an order names an entry of its case that is here and cannot be read.
    pub(super) fn is_named_unread(&self, order: &EraseOrder, entry: EntryId) -> bool {
        let unreadable = self.unreadable.get(&entry);
        unreadable.is_some_and(|one| one.owner == order.owner && one.case == order.case)
    }

    /// What an order does with it once no other grant holds it. Who wrote it and what of it was not
    /// delivered cannot be told, so nothing is kept of it but what was locked before.
    pub(super) fn end_of_unread(&self, entry: EntryId) -> Done {
        match self.unreadable.get(&entry).map(|one| one.state) {
            Some(EntryState::Locked { basis }) => Done::Locked { basis },
            Some(EntryState::Live) | None => Done::Erased,
        }
    }

    /// Its rows are gone.
    pub(super) fn forget_unread(&mut self, entry: EntryId) {
        if let Some(unreadable) = self.unreadable.remove(&entry) {
            self.geneses.remove(&unreadable.begun.0);
        }
    }
}
