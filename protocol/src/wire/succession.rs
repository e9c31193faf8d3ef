//! Frames of a case that moves (law 18).

use std::fmt;

use bincode::{Decode, Encode};

use crate::id::SuccessionId;

/// What the old owner says. Kind 26.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SuccessionFrame {
    /// It asks whether a service takes a case.
    Offer {
        /// A signed [`Offer`](crate::succession::statement::Offer).
        token: String,
    },
    /// The move comes to nothing.
    Ended {
        /// A signed [`Ended`](crate::succession::statement::Ended).
        token: String,
    },
    /// The case is the receiver's.
    Transferred {
        /// A signed [`Transferred`](crate::succession::statement::Transferred).
        token: String,
        /// The key of the package.
        key: KeyBytes,
    },
    /// Something that the new owner must know.
    Late {
        /// A signed [`Late`](crate::succession::statement::Late).
        token: String,
    },
    /// A package is ready to be fetched.
    Ready {
        /// The move.
        succession: SuccessionId,
        /// Which package: from 1.
        revision: u32,
        /// Its SHA-256.
        package: [u8; 32],
        /// How many bytes it has.
        bytes: u32,
    },
}

/// What the municipality says that may take a case. Kind 27.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SuccessionAnswerFrame {
    /// It answers the offer.
    Answer {
        /// A signed [`Answer`](crate::succession::statement::Answer).
        token: String,
    },
    /// It has the package whole.
    Stored {
        /// A signed [`PackageStored`](crate::succession::statement::PackageStored).
        token: String,
    },
    /// It has opened the case.
    Opened {
        /// A signed [`CaseOpened`](crate::succession::statement::CaseOpened).
        token: String,
    },
    /// It has a late word.
    LateKept {
        /// The move.
        succession: SuccessionId,
        /// The word's number.
        number: u32,
    },
    /// It has the end.
    EndKept {
        /// The move.
        succession: SuccessionId,
    },
    /// It was restored and asks what became of the move.
    Ask {
        /// The move.
        succession: SuccessionId,
    },
    /// It wants a part of the package.
    Want {
        /// The move.
        succession: SuccessionId,
        /// Which package.
        revision: u32,
        /// Which part, from 0.
        index: u32,
    },
}

/// A part of a sealed package. Kind 28.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct PackagePart {
    /// The move.
    pub succession: SuccessionId,
    /// Which package.
    pub revision: u32,
    /// Which part, from 0.
    pub index: u32,
    /// At most [`PACKAGE_PART_BYTES`](crate::limits::PACKAGE_PART_BYTES).
    pub bytes: Vec<u8>,
}

impl fmt::Debug for PackagePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { succession, revision, index, bytes } = self;
        write!(f, "PackagePart({succession}, {revision}, {index}, {} bytes)", bytes.len())
    }
}

/// A statement about a move that the receiver signed once: one of two restored sides shows it. Kind 29.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Evidence {
    /// An offer, an end, a transfer or an answer.
    pub token: String,
}

/// The key of a package on its way. Does not print itself.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyBytes(pub [u8; 32]);

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes(«redacted»)")
    }
}
