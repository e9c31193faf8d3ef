//! Cases that move: what both sides keep of them, and the packages.

use std::collections::BTreeMap;

use stafett_protocol::id::{CaseId, SuccessionId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::record::{ArrivingRecord, LeavingRecord};
use stafett_protocol::transaction::{PackageMade, Write};

use super::Store;

/// What a store keeps of moves.
#[derive(Debug, Clone, Default)]
pub struct Moves {
    /// Of own cases.
    pub leaving: BTreeMap<SuccessionId, LeavingRecord>,
    /// The package that stands of each.
    pub packages: BTreeMap<SuccessionId, PackageMade>,
    /// Of other municipalities' cases.
    pub arriving: BTreeMap<SuccessionId, ArrivingRecord>,
    /// Parts of packages that are here.
    pub parts: BTreeMap<SuccessionId, Vec<Vec<u8>>>,
    /// Documents that cases were opened from, each time that one was.
    pub opened: Vec<(SuccessionId, Vec<u8>)>,
}

impl Store {
    pub(super) fn apply_move(&mut self, write: Write) {
        let moves = &mut self.moves;
        match write {
            Write::Leaving(record) => {
                let succession = record.course.succession;
                let was_handed = moves.leaving.get(&succession).is_some_and(|known| known.is_handed);
                if record.leaving.package().is_none() {
                    moves.packages.remove(&succession);
                }
                let is_handed = was_handed || record.is_handed;
                moves.leaving.insert(succession, LeavingRecord { is_handed, ..*record });
            }
            Write::LeavingHanded { succession, is_handed } => {
                if let Some(record) = moves.leaving.get_mut(&succession) {
                    record.is_handed = is_handed;
                }
            }
            Write::PackageMade(made) => {
                moves.packages.insert(made.succession, *made);
            }
            Write::Arriving(record) => {
                let succession = record.course.succession;
                let kept = usize::try_from(record.arriving.parts_kept()).unwrap_or(usize::MAX);
                moves.parts.entry(succession).or_default().truncate(kept);
                moves.arriving.insert(succession, *record);
            }
            Write::PackagePart { succession, index, bytes } => {
                let parts = moves.parts.entry(succession).or_default();
                assert_eq!(parts.len(), usize::try_from(index).expect("small"), "parts come in order");
                parts.push(bytes);
            }
            other => self.apply_uptake(other),
        }
    }

    /// Returns whether an own case has ever been offered to a partner.
    pub fn is_moving(&self, case: CaseId, to: OrganisationNumber) -> bool {
        self.moves.leaving.values().any(|record| record.case == case && record.course.to == to)
    }

    pub(super) fn leaving_to(&self, partner: OrganisationNumber) -> BTreeMap<SuccessionId, LeavingRecord> {
        let theirs = self.moves.leaving.iter().filter(|(_, record)| record.course.to == partner);
        theirs.map(|(succession, record)| (*succession, record.clone())).collect()
    }

    pub(super) fn arriving_from(
        &self,
        partner: OrganisationNumber,
    ) -> BTreeMap<SuccessionId, ArrivingRecord> {
        let theirs = self.moves.arriving.iter().filter(|(_, record)| record.course.from == partner);
        theirs.map(|(succession, record)| (*succession, record.clone())).collect()
    }
}
