//! A case that came from another municipality: what its chain says of that, and what is asked since.

use super::statement::{LedgerStatement, Said};
use super::{LedgerError, LedgerView};
use crate::municipality::OrganisationNumber;
use crate::signed::StatementHash;
use crate::succession::origin::Way;
use crate::time::UnixMillis;

/// How a case came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// From which municipality.
    pub from: OrganisationNumber,
    /// By which way.
    pub way: Way,
    /// How many entries came with it.
    pub entries: u32,
    /// The hash over their ids.
    pub origins: StatementHash,
    /// How many entries could not be read.
    pub unreadable: u32,
    /// When.
    pub at: UnixMillis,
}

impl LedgerView {
    /// How the case came here; none of one that was opened here by a person.
    pub fn carried(&self) -> Option<&Carried> {
        self.carried.as_ref()
    }

    /// Since when somebody must look through who the family is: another municipality said so, and no
    /// registration of it was approved here since.
    pub fn family_carried_since(&self) -> Option<UnixMillis> {
        self.carried.as_ref().filter(|_| self.parties.len() == 1).map(|carried| carried.at)
    }

    pub(super) fn apply_arrival(&mut self, statement: &LedgerStatement) -> Result<(), LedgerError> {
        let Said::CarriedOver { from, way, entries, origins, unreadable } = &statement.said else {
            return Ok(());
        };
        if self.next_number != 1 || statement.by.is_some() {
            return Err(LedgerError::Arrival);
        }
        self.carried = Some(Carried {
            from: *from,
            way: *way,
            entries: *entries,
            origins: *origins,
            unreadable: *unreadable,
            at: statement.at,
        });
        Ok(())
    }
}
