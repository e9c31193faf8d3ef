//! What the old owner signs of a package for the hand: of and for whom it is, and the hashes of what stands
//! in it. The package itself is too large for a statement.

use serde::{Deserialize, Serialize};

use super::CivilDay;
use crate::id::PackageId;
use crate::municipality::OrganisationNumber;
use crate::signed::{Statement, StatementHash};

/// The old owner made this package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageByHand {
    /// Which.
    pub package: PackageId,
    /// The old owner.
    pub from: OrganisationNumber,
    /// The municipality that it is for.
    pub to: OrganisationNumber,
    /// SHA-256 of the document.
    pub document_sha256: StatementHash,
    /// SHA-256 of the same for people to read.
    pub html_sha256: StatementHash,
    /// When it was made.
    pub made_on: CivilDay,
}

impl Statement for PackageByHand {
    const TYPE: &'static str = "stafett-package";
}
