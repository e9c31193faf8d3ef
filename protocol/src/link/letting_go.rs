//! Earlier generations that the partner may hold by a disclosure row alone: the row's frame may never
//! have left, and a partner that has none of it will never say that it has let go.
//!
//! What it wrote there it sends as soon as a connection is up. So when it has been up for a while, and
//! the partner, which has acknowledged a later generation, has named none before, it has none.

use std::collections::{BTreeMap, BTreeSet};

use super::snapshot::Tracked;
use super::{Session, Work};
use crate::id::EntryId;
use crate::limits::SILENT_MS;
use crate::municipality::OrganisationNumber;
use crate::time::UnixMillis;
use crate::transaction::{GenerationWrite, Write};

/// The own entries of which the partner may hold an earlier generation by a row alone.
pub(super) fn unshown(entries: &BTreeMap<EntryId, Tracked>, own: OrganisationNumber) -> BTreeSet<EntryId> {
    let is_unshown = |tracked: &Tracked| tracked.record.owner == own && tracked.unshown().next().is_some();
    entries.iter().filter(|(_, tracked)| is_unshown(tracked)).map(|(entry, _)| *entry).collect()
}

impl Session {
    /// Remembers an own entry of which the partner may hold a generation that it has not named.
    pub(super) fn note_unshown(&mut self, entry: EntryId) {
        let own = self.identity.own;
        let tracked = self.entries.get(&entry).filter(|tracked| tracked.record.owner == own);
        if tracked.is_some_and(|tracked| tracked.unshown().next().is_some()) {
            self.unshown.insert(entry);
        }
    }

    pub(super) fn let_go_timeout(&self) -> Option<UnixMillis> {
        let since = self.connection.as_ref()?.quiet_since?;
        (!self.unshown.is_empty()).then(|| since.plus(SILENT_MS))
    }

    /// Counts as let go what the partner has not named in the time that it had.
    pub(super) fn let_go_on_time(&mut self) {
        if self.let_go_timeout().is_none_or(|at| at > self.now) {
            return;
        }
        if let Some(connection) = &mut self.connection {
            connection.quiet_since = Some(self.now);
        }
        let partner = self.identity.partner;
        for entry in std::mem::take(&mut self.unshown) {
            let Some(tracked) = self.entries.get_mut(&entry) else { continue };
            if tracked.acknowledged.is_none() {
                self.unshown.insert(entry);
                continue;
            }
            let unshown: Vec<_> = tracked.unshown().collect();
            tracked.earlier.kept.retain(|kept| !unshown.contains(kept));
            for generation in unshown {
                let write = GenerationWrite::LetGo { partner, entry, generation };
                self.write(Write::Generation(write), Work::Nothing);
            }
        }
    }
}
