//! Entries whose rows this disk no longer gives whole. One of them hides neither its case nor the
//! others: whoever may read it is told that there is one, the operator how many there are, and
//! nothing of it is shown, published or sent. Where the private document of a case is damaged, its people
//! stand without names; nobody is kept from what needs no name, such as taking a consent back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::person::Reader;

use super::reading::Here;
use super::{Engine, EngineError};
use crate::store::{Damaged, StoreError};

/// The damaged entries that were come upon since the node started, and the cases whose private document
/// is damaged.
#[derive(Debug, Default)]
pub(super) struct DamagedEntries {
    entries: Mutex<BTreeMap<CaseId, BTreeSet<EntryId>>>,
    families: Mutex<BTreeSet<CaseId>>,
}

impl DamagedEntries {
    /// Adds entries of a case; returns those that were not known.
    fn add(&self, case: CaseId, found: BTreeSet<EntryId>) -> Vec<EntryId> {
        let mut known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let of_case = known.entry(case).or_default();
        found.into_iter().filter(|entry| of_case.insert(*entry)).collect()
    }

    /// Forgets those of a case that are none any longer.
    fn keep_only(&self, case: CaseId, is_still: impl Fn(&EntryId) -> bool) {
        let mut known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_case) = known.get_mut(&case) {
            of_case.retain(is_still);
        }
    }

    /// Forgets some of a case.
    fn forget(&self, case: CaseId, entries: impl Iterator<Item = EntryId>) {
        let mut known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_case) = known.get_mut(&case).filter(|of_case| !of_case.is_empty()) {
            entries.for_each(|entry| {
                of_case.remove(&entry);
            });
        }
    }

    /// Remembers whether a case's private document can be read; returns whether that is new.
    fn family(&self, case: CaseId, is_whole: bool) -> bool {
        let mut known = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        if is_whole { known.remove(&case) } else { known.insert(case) }
    }

    fn families(&self) -> usize {
        self.families.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn has(&self, case: CaseId, entry: EntryId) -> bool {
        let known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&case).is_some_and(|of_case| of_case.contains(&entry))
    }

    fn all(&self) -> Vec<(CaseId, EntryId)> {
        let known = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().flat_map(|(case, entries)| entries.iter().map(|entry| (*case, *entry))).collect()
    }
}

impl Engine {
    /// Remembers the damaged entries that were come upon in a case, and logs each once, without content.
    pub(super) fn note_damage(&self, case: CaseId, damaged: &[Damaged]) {
        if damaged.is_empty() {
            return;
        }
        let found = damaged.iter().map(|one| one.entry).collect();
        for entry in self.inner.damaged.add(case, found) {
            tracing::error!(%case, %entry, "an entry cannot be read: run `stafett check`");
        }
    }

    /// As [`note_damage`](Self::note_damage), after all entries of a case were looked at.
    pub(super) fn note_all_damage(&self, case: CaseId, damaged: &[Damaged]) {
        self.note_damage(case, damaged);
        self.inner.damaged.keep_only(case, |entry| damaged.iter().any(|one| one.entry == *entry));
    }

    /// Remembers whether the private document of a case could be read, and logs once that it could not.
    pub(super) fn note_family(&self, case: CaseId, is_whole: bool) {
        if self.inner.damaged.family(case, is_whole) && !is_whole {
            tracing::error!(%case, "the private document of a case cannot be read: run `stafett check`");
        }
    }

    /// How many cases' private documents could not be read when they were last looked at.
    pub(super) fn damaged_families(&self) -> usize {
        self.inner.damaged.families()
    }

    /// Forgets what was damaged and has been read whole.
    pub(super) fn note_whole(&self, case: CaseId, whole: impl Iterator<Item = EntryId>) {
        self.inner.damaged.forget(case, whole);
    }

    /// Why an entry could not be read, to somebody who asked for it by its id: what a random id gets,
    /// but to whoever may be told that it is damaged (law 5).
    pub(super) async fn not_whole(
        &self,
        reader: &Reader,
        here: &Here,
        (case, entry): (CaseId, EntryId),
        error: StoreError,
    ) -> EngineError {
        let of_case = self.inner.store.case_of(entry).await.ok().flatten();
        if !error.is_damage() {
            return error.into();
        }
        if of_case != Some(case) {
            return EngineError::NotFound;
        }
        self.note_damage(case, &[Damaged { entry, record: None }]);
        if self.holds(reader, here) { error.into() } else { EngineError::NotFound }
    }

    /// How many of them a person may be told of: those that the person may read, and where not even
    /// that can be told, the stafettholder alone, who reads every entry.
    pub(super) fn told_of(&self, reader: &Reader, here: &Here, damaged: &[Damaged]) -> usize {
        let may_know = |one: &&Damaged| match &one.record {
            Some(record) => self.may_read(reader, here, record),
            None => self.holds(reader, here),
        };
        damaged.iter().filter(may_know).count()
    }

    /// Whether a person holds the baton of an own case.
    pub(super) fn holds(&self, reader: &Reader, here: &Here) -> bool {
        matches!(here, Here::Own { ledger, .. } if ledger.baton().is_held_by(reader.account))
    }

    /// Whether an entry was come upon as damaged: no page shows it.
    pub(super) fn is_known_damaged(&self, case: CaseId, entry: EntryId) -> bool {
        self.inner.damaged.has(case, entry)
    }

    /// How many damaged entries are known of and still here.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(super) async fn damage_count(&self) -> Result<usize, EngineError> {
        let mut count: usize = 0;
        for (case, entry) in self.inner.damaged.all() {
            match self.inner.store.case_of(entry).await? {
                Some(_) => count = count.saturating_add(1),
                None => self.inner.damaged.forget(case, std::iter::once(entry)),
            }
        }
        Ok(count)
    }
}
