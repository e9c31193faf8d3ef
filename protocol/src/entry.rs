//! An entry (oppføring): one thing in the stafettlogg, as an Automerge document per generation.
//!
//! Reading order: [`schema`] says which fields a kind has, [`content`] what people write and read,
//! [`operation`] how a change travels, [`check`] what a change must be before it is stored,
//! acknowledged or relayed, [`document`] the document itself, [`generation`] how it starts anew.
//! [`read_genesis`] reads an entry of one change, as most are, without a document.
//!
//! Deliberately absent: areas, audiences, other entries and who may read. A document names none
//! of them (law 5); area and kind stand in the announcement.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::PersonId;

pub mod check;
pub mod content;
pub mod document;
pub mod field;
pub mod generation;
mod genesis;
mod index;
pub mod operation;
pub mod schema;
#[cfg(test)]
pub(crate) mod tests;
pub mod value;

pub use check::{ChangeRefusal, CheckedChange, check_genesis};
pub use content::{Content, ContentError, Edit, EntryView};
pub use document::{Accepted, EditError, EntryDocument, Side};
pub use field::FieldKey;
pub use genesis::read_genesis;
pub use operation::Change;
pub use schema::CardField;
pub use value::{FieldValue, ValueFault};

/// What an entry is. The numbers are on the wire and in rows, and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// What is known of the subject (saksopplysninger): name, school, level.
    CaseCard = 1,
    /// Who takes part (deltakere).
    Participants = 2,
    /// What somebody noticed (oppmerksomhet, undring).
    Concern = 3,
    /// What is to be reached (mål).
    Goal = 4,
    /// What is done about it (tiltak), by one responsible person before a deadline.
    Measure = 5,
    /// The head of a meeting (møte).
    Meeting = 6,
    /// One point of a meeting's agenda (sak).
    AgendaPoint = 7,
    /// What was agreed (avtale): what, who, when.
    Agreement = 8,
    /// What was decided (beslutning).
    Decision = 9,
    /// Whether it works (evaluering).
    Evaluation = 10,
    /// The child's or youth's voice (barnets stemme).
    ChildVoice = 11,
    /// What a guardian says (foresattes innspill).
    GuardianInput = 12,
    /// A free note (notat).
    Note = 13,
    /// A bright moment (lysglimt).
    BrightSpot = 14,
}

impl EntryKind {
    /// Every kind, by number.
    pub const ALL: [Self; 14] = [
        Self::CaseCard,
        Self::Participants,
        Self::Concern,
        Self::Goal,
        Self::Measure,
        Self::Meeting,
        Self::AgendaPoint,
        Self::Agreement,
        Self::Decision,
        Self::Evaluation,
        Self::ChildVoice,
        Self::GuardianInput,
        Self::Note,
        Self::BrightSpot,
    ];

    /// Returns the stable name, as it stands in rows, the API and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaseCard => "case-card",
            Self::Participants => "participants",
            Self::Concern => "concern",
            Self::Goal => "goal",
            Self::Measure => "measure",
            Self::Meeting => "meeting",
            Self::AgendaPoint => "agenda-point",
            Self::Agreement => "agreement",
            Self::Decision => "decision",
            Self::Evaluation => "evaluation",
            Self::ChildVoice => "child-voice",
            Self::GuardianInput => "guardian-input",
            Self::Note => "note",
            Self::BrightSpot => "bright-spot",
        }
    }

    /// Returns the stable number.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Finds the kind with a number; none if this version does not know it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl bincode::Encode for EntryKind {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        self.code().encode(encoder)
    }
}

impl<Context> bincode::Decode<Context> for EntryKind {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        Self::from_code(u8::decode(decoder)?).ok_or(bincode::error::DecodeError::Other("no kind of entry"))
    }
}

bincode::impl_borrow_decode!(EntryKind);

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text named no kind of entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a kind of entry")]
pub struct EntryKindError;

impl std::str::FromStr for EntryKind {
    type Err = EntryKindError;

    fn from_str(text: &str) -> Result<Self, EntryKindError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(EntryKindError)
    }
}

/// Whom an entry is about (law 4): information about an adult needs that adult's consent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The person whose case it is.
    Subject,
    /// One guardian.
    Guardian(PersonId),
    /// A brother or sister.
    Sibling,
    /// Somebody else.
    Other,
}

/// The version of the schema that a generation is written in; named in its announcement.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
#[serde(transparent)]
pub struct SchemaVersion(pub u16);

impl SchemaVersion {
    /// The version that this build writes, and the only one it reads.
    pub const CURRENT: Self = Self(1);
}

/// A text was not bytes of the expected length in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {bytes} bytes in hexadecimal")]
pub struct HexError {
    /// How many bytes were expected.
    pub bytes: usize,
}

fn hex_bytes<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let fault = HexError { bytes: N };
    let mut digits = text.chars();
    let mut bytes = [0u8; N];
    for byte in &mut bytes {
        let high = digits.next().and_then(|digit| digit.to_digit(16)).ok_or(fault)?;
        let low = digits.next().and_then(|digit| digit.to_digit(16)).ok_or(fault)?;
        *byte = u8::try_from(high << 4 | low).map_err(|_| fault)?;
    }
    match digits.next() {
        None => Ok(bytes),
        Some(_) => Err(fault),
    }
}

macro_rules! hex_newtype {
    ($($(#[$doc:meta])* $name:ident, $bytes:literal;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            Serialize, Deserialize, bincode::Encode, bincode::Decode,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $bytes]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                hex_bytes(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = HexError;

            fn try_from(text: String) -> Result<Self, HexError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )+};
}

hex_newtype! {
    /// The SHA-256 hash of a change, as Automerge computes it; it names the change.
    ChangeHash, 32;
    /// Who makes changes in one document: 16 random bytes, drawn by each process for each
    /// document, never derived and never restored from a backup (law 10).
    Actor, 16;
}

/// The latest changes of a document: those that no other change names as its parent.
///
/// Always ascending and without repetition, so equal states have equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, bincode::Encode)]
#[serde(transparent)]
pub struct Heads(Vec<ChangeHash>);

impl Heads {
    /// Sorts hashes and drops repetitions.
    pub fn new(mut hashes: Vec<ChangeHash>) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }

    /// Returns the hashes, ascending.
    pub fn as_slice(&self) -> &[ChangeHash] {
        &self.0
    }

    /// Goes through the hashes, ascending.
    pub fn iter(&self) -> std::slice::Iter<'_, ChangeHash> {
        self.0.iter()
    }

    /// Returns whether there is no change at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<ChangeHash> for Heads {
    fn from(hash: ChangeHash) -> Self {
        Self(vec![hash])
    }
}

/// Heads were not ascending, or one stood twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected heads in ascending order without repetition")]
pub struct HeadsError;

impl TryFrom<Vec<ChangeHash>> for Heads {
    type Error = HeadsError;

    fn try_from(hashes: Vec<ChangeHash>) -> Result<Self, HeadsError> {
        if hashes.is_sorted_by(|one, next| one < next) { Ok(Self(hashes)) } else { Err(HeadsError) }
    }
}

impl<'de> Deserialize<'de> for Heads {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer)
            .and_then(|hashes: Vec<ChangeHash>| hashes.try_into().map_err(serde::de::Error::custom))
    }
}

impl<Context> bincode::Decode<Context> for Heads {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        Vec::decode(decoder).and_then(|hashes: Vec<ChangeHash>| {
            hashes.try_into().map_err(|_| bincode::error::DecodeError::Other("heads are not ascending"))
        })
    }
}

bincode::impl_borrow_decode!(Heads);
