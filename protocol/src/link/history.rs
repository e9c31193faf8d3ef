//! Which changes a partner lacks, from what it says it has. Works on stored changes; no document
//! is built.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::check::CheckedChange;
use crate::entry::{ChangeHash, Heads};

/// Returns the changes that are neither in `known` nor behind it, parents first. Hashes that are
/// not here say nothing.
pub(super) fn changes_beyond(changes: &[CheckedChange], known: Option<&Heads>) -> Vec<CheckedChange> {
    let behind = ancestry(changes, known.into_iter().flat_map(Heads::iter).copied());
    changes.iter().filter(|change| !behind.contains(&change.hash())).cloned().collect()
}

/// Returns `hashes` and all that is behind them. Hashes that are not here say nothing.
pub(crate) fn ancestry(
    changes: &[CheckedChange],
    hashes: impl IntoIterator<Item = ChangeHash>,
) -> BTreeSet<ChangeHash> {
    let by_hash: BTreeMap<ChangeHash, &CheckedChange> =
        changes.iter().map(|change| (change.hash(), change)).collect();
    let mut behind: BTreeSet<ChangeHash> = BTreeSet::new();
    let mut open: Vec<ChangeHash> = hashes.into_iter().collect();
    while let Some(hash) = open.pop() {
        if let Some(change) = by_hash.get(&hash).filter(|_| behind.insert(hash)) {
            open.extend(change.change().deps.iter().copied());
        }
    }
    behind
}

/// Returns the latest of the changes that pass: none of the others that pass stands on them.
pub(super) fn latest(changes: &[CheckedChange], passes: impl Fn(&CheckedChange) -> bool) -> Heads {
    let theirs: Vec<&CheckedChange> = changes.iter().filter(|change| passes(change)).collect();
    let behind = ancestry(changes, theirs.iter().flat_map(|change| change.change().deps.iter().copied()));
    Heads::new(theirs.iter().map(|change| change.hash()).filter(|hash| !behind.contains(hash)).collect())
}

/// Returns what a side has after it has also got `more`.
pub(super) fn heads_with(known: Option<&Heads>, more: &[CheckedChange]) -> Heads {
    let mut hashes: BTreeSet<ChangeHash> = known.into_iter().flat_map(Heads::iter).copied().collect();
    for change in more {
        change.change().deps.iter().for_each(|parent| {
            hashes.remove(parent);
        });
        hashes.insert(change.hash());
    }
    Heads::new(hashes.into_iter().collect())
}
