//! The disclosure log (law 19): what left, to whom, under which consent.
//!
//! A row is committed before the frame it speaks of is built; a frame that was then never sent
//! leaves its row marked unsent. No row, no frame.

use serde::{Deserialize, Serialize};

use crate::access::Permit;
use crate::entry::Heads;
use crate::id::{CaseId, ConsentId, DisclosureId, EntryId, GenerationId, GrantId};
use crate::municipality::{OrganisationNumber, Service};
use crate::time::UnixMillis;

/// One disclosure of one entry to one partner. Names no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureRow {
    /// Its id.
    pub id: DisclosureId,
    /// To whose node.
    pub partner: OrganisationNumber,
    /// Of which case.
    pub case: CaseId,
    /// Which entry.
    pub entry: EntryId,
    /// Which generation of it.
    pub generation: GenerationId,
    /// Up to which changes.
    pub heads: Heads,
    /// What it rested on: at least one ground.
    pub grounds: Vec<DisclosureGround>,
    /// When leave was given.
    pub at: UnixMillis,
}

/// What a disclosure rested on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclosureGround {
    /// The grant.
    pub grant: GrantId,
    /// The consent.
    pub consent: ConsentId,
    /// The service that may read.
    pub service: Service,
}

impl DisclosureRow {
    /// Writes down a permit: the only way to a row.
    pub fn of(permit: &Permit<'_>, id: DisclosureId, heads: Heads, at: UnixMillis) -> Self {
        let entry = permit.entry();
        let grounds = permit
            .grounds()
            .iter()
            .map(|ground| DisclosureGround {
                grant: ground.grant,
                consent: ground.consent,
                service: ground.service.clone(),
            })
            .collect();
        Self {
            id,
            partner: permit.partner(),
            case: entry.case,
            entry: entry.entry,
            generation: entry.generation,
            heads,
            grounds,
            at,
        }
    }
}
