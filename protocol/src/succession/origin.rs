//! What came with a case from another municipality: by which way, and of each entry who wrote it and when.
//!
//! The chain says how many entries came and the hash over their new ids; which they are stands beside
//! each, sealed. A statement must fit in a frame, and thousands of ids do not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CivilDay;
use super::package::{Line, WrittenBy};
use crate::id::{EntryId, PackageId, SuccessionId};
use crate::municipality::OrganisationNumber;
use crate::signed::StatementHash;

/// By which way a case came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Over the link, in this move.
    Link(SuccessionId),
    /// In this package, by hand.
    Hand(PackageId),
}

/// Where an entry comes from that came with its case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The municipality that gave the case away.
    pub from: OrganisationNumber,
    /// What it was called.
    pub from_name: Line,
    /// Who wrote the entry, as far as that municipality says.
    pub written_by: WrittenBy,
    /// On which day.
    pub written_on: CivilDay,
    /// By which way it came.
    pub way: Way,
}

/// Returns the hash by which the chain names a set of entries: the SHA-256 of their ids in order.
pub fn hash_of(entries: &BTreeSet<EntryId>) -> StatementHash {
    let mut hash = Sha256::new();
    entries.iter().for_each(|entry| hash.update(entry.as_bytes()));
    StatementHash(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_set_of_entries_has_another_hash() {
        let set = |ids: &[u8]| ids.iter().map(|id| EntryId::from_bytes([*id; 16])).collect();

        assert_eq!(hash_of(&set(&[1, 2])), hash_of(&set(&[2, 1])));
        for other in [&[][..], &[1], &[1, 3], &[1, 2, 3]] {
            assert_ne!(hash_of(&set(&[1, 2])), hash_of(&set(other)), "{other:?}");
        }
    }
}
