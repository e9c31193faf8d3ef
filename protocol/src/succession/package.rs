//! Which package of a case goes over: its number, and the hash of its sealed bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::signed::StatementHash;

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
