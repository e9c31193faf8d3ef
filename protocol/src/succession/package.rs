//! The package: the one document in which a case goes to another municipality, and which of them it is.
//!
//! Reading order: [`document`] what stands in it, [`bounded`] how long anything of it may be,
//! [`making`] how it is made of a case. It is sealed by [`crate::succession::sealed`] and read by
//! [`crate::succession::opening`].
//!
//! Deliberately absent: every id that the old owner has used, who else has a part in the case, what
//! was left out and how much that was, and everything that never goes over: drafts, the access log,
//! the ledger, case cards, lists of participants, and what is written about a sibling or another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::signed::StatementHash;

pub mod bounded;
pub mod document;
pub mod making;

#[cfg(test)]
pub(crate) mod tests;

pub use bounded::{Few, Line, Prose};
pub use document::{
    Contact, Document, GivenBy, GuideLabel, NamedArea, PackagedConsent, PackagedEntry, PackagedPerson,
    PackagedSubject, Whom, WrittenBy,
};
pub use making::{PackageError, Source, Taken, make};

/// The name of the format; a reader takes no other.
pub const PACKAGE_FORMAT: &str = "stafett-package/1";

/// The SHA-256 of a sealed package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageHash(pub [u8; 32]);

impl fmt::Debug for PackageHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackageHash({})", String::from(*self))
    }
}

impl From<PackageHash> for String {
    fn from(hash: PackageHash) -> Self {
        StatementHash(hash.0).into()
    }
}

impl TryFrom<String> for PackageHash {
    type Error = crate::signed::HashTextError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        StatementHash::try_from(text).map(|hash| Self(hash.0))
    }
}

/// Which package of a move: it may be made anew until the move is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Packed {
    /// The first is 1.
    pub revision: u32,
    /// Its sealed bytes.
    pub package: PackageHash,
}
