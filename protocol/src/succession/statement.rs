//! What two nodes sign about a case that moves: seven statements, of which some exclude each other.
//!
//! The old owner signs the offer, and then the end or the transfer, never both of one move; the new
//! one signs an acceptance or a decline, never both. None names a person, a case or an entry.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::SuccessionId;
use crate::limits::{HOLDER_NAME_BYTES_MAX, SUCCESSION_SERVICES_MAX};
use crate::municipality::{OrganisationNumber, ServiceCode};
use crate::signed::{Statement, StatementHash};
use crate::time::UnixMillis;
use crate::uptake::UptakeReason;

/// What an end says, whatever its cause: words for the person who gets it.
pub const ENDED_TEXT: &str = "Flyttingen blir ikke noe av. Spør avsenderen, ikke familien.";

/// Where in life the child is, or that it is about an adult: all that is said of anybody before a
/// move is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A pregnancy.
    Expecting,
    /// Before school.
    BeforeSchool,
    /// Barneskole.
    PrimarySchool,
    /// Ungdomsskole.
    LowerSecondary,
    /// Videregående skole.
    UpperSecondary,
    /// A parent.
    Parent,
}

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

/// The name of whoever takes a case over: a line of 1 to [`HOLDER_NAME_BYTES_MAX`] bytes, form C,
/// without control characters. It does not print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HolderName(String);

/// A text cannot be a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a line of 1 to {HOLDER_NAME_BYTES_MAX} bytes without control characters")]
pub struct HolderNameError;

impl HolderName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HolderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderName(«redacted»)")
    }
}

impl TryFrom<String> for HolderName {
    type Error = HolderNameError;

    fn try_from(text: String) -> Result<Self, HolderNameError> {
        let fits = (1..=HOLDER_NAME_BYTES_MAX).contains(&text.len()) && text.trim() == text;
        let is_line = crate::entry::value::check_line(&text).is_ok();
        if fits && is_line { Ok(Self(text)) } else { Err(HolderNameError) }
    }
}

impl From<HolderName> for String {
    fn from(name: HolderName) -> Self {
        name.0
    }
}

/// The two sides of a move, which each statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sides {
    /// The move.
    pub succession: SuccessionId,
    /// The old owner.
    pub from: OrganisationNumber,
    /// The new one.
    pub to: OrganisationNumber,
}

/// Services of the new municipality that may take a case over: 1 to [`SUCCESSION_SERVICES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<ServiceCode>", into = "BTreeSet<ServiceCode>")]
pub struct Takers(BTreeSet<ServiceCode>);

/// There were no services, or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {SUCCESSION_SERVICES_MAX} services")]
pub struct TakersError;

impl Takers {
    /// Returns the services, in order.
    pub fn services(&self) -> &BTreeSet<ServiceCode> {
        &self.0
    }
}

impl TryFrom<BTreeSet<ServiceCode>> for Takers {
    type Error = TakersError;

    fn try_from(services: BTreeSet<ServiceCode>) -> Result<Self, TakersError> {
        let fits = (1..=SUCCESSION_SERVICES_MAX).contains(&services.len());
        if fits { Ok(Self(services)) } else { Err(TakersError) }
    }
}

impl From<Takers> for BTreeSet<ServiceCode> {
    fn from(takers: Takers) -> Self {
        takers.0
    }
}

/// A case may move: said by the old owner, and all that the new one knows until it accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// Which services may take it.
    pub services: Takers,
    /// Where in life the child is.
    pub stage: Stage,
    /// The first millisecond on which it can no longer be accepted.
    pub lapses_at: UnixMillis,
}

/// What the new owner answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum Answered {
    /// Somebody takes the case over.
    Accepted {
        /// Who.
        holder: HolderName,
        /// Of which of the services that were asked.
        service: ServiceCode,
    },
    /// Nobody does.
    Declined {
        /// Why, for the stafettholder.
        reason: Option<UptakeReason>,
    },
}

/// The new owner's one answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// The offer that it answers.
    pub offer: StatementHash,
    /// What it answers.
    pub answer: Answered,
}

/// The new owner has a package whole, and cannot open it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageStored {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// Which package.
    #[serde(flatten)]
    pub packed: Packed,
}

/// A move comes to nothing. It carries neither cause nor moment: recall, lapse, withdrawal and a
/// protected address look alike (law 12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// Always [`ENDED_TEXT`].
    pub text: String,
}

impl Ended {
    /// Ends a move.
    pub fn of(sides: Sides) -> Self {
        Self { sides, text: ENDED_TEXT.to_owned() }
    }
}

/// The case is the new owner's from here (law 18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// The acceptance on which it rests.
    pub answer: StatementHash,
    /// The package that becomes the new case.
    #[serde(flatten)]
    pub packed: Packed,
}

/// The new owner has opened the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// What it was opened from.
    #[serde(flatten)]
    pub packed: Packed,
}

/// Something that the new owner must know though the case is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateWord {
    /// The family took its consent to the move back.
    ConsentTakenBack,
    /// An address of the family is protected.
    AddressProtected,
}

/// A word that came after the transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// The move and its sides.
    #[serde(flatten)]
    pub sides: Sides,
    /// Its number, from 0.
    pub number: u32,
    /// What it is.
    pub word: LateWord,
}

impl Statement for Offer {
    const TYPE: &'static str = "stafett-succession-offer";
}

impl Statement for Answer {
    const TYPE: &'static str = "stafett-succession-answer";
}

impl Statement for PackageStored {
    const TYPE: &'static str = "stafett-package-stored";
}

impl Statement for Ended {
    const TYPE: &'static str = "stafett-succession-ended";
}

impl Statement for Transferred {
    const TYPE: &'static str = "stafett-succession-transferred";
}

impl Statement for Confirmed {
    const TYPE: &'static str = "stafett-succession-confirmed";
}

impl Statement for Late {
    const TYPE: &'static str = "stafett-succession-late";
}
