//! What the two sides of a move sign (law 18). Each statement is durable before it leaves, is said again
//! until the other side has answered, and is kept by both for ever.
//!
//! | old owner | new owner |
//! |---|---|
//! | [`Offer`], [`Ended`], [`Transferred`], [`Late`] | [`Answer`], [`PackageStored`], [`CaseOpened`] |
//!
//! Until the case is transferred nothing here names anybody: an offer says which services may take a
//! case, of whom by their stage in life, and from which day.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CivilDay;
use super::leaving::LateWord;
use super::package::{Line, Packed};
use crate::id::SuccessionId;
use crate::limits::MOVING_SERVICES_MAX;
use crate::municipality::{OrganisationNumber, ServiceCode};
use crate::signed::{Statement, StatementHash};
use crate::time::UnixMillis;
use crate::uptake::UptakeReason;

/// Whom a case is about, as far as whoever may take it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Somebody who is pregnant.
    Expecting,
    /// A child who does not go to school yet.
    BeforeSchool,
    /// A child in primary school (barneskole).
    PrimarySchool,
    /// A child in lower secondary school (ungdomsskole).
    LowerSecondary,
    /// A youth in upper secondary school (videregående).
    UpperSecondary,
    /// A parent.
    Parent,
}

/// Which move a statement is about, and between whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Course {
    /// The move.
    pub succession: SuccessionId,
    /// The old owner.
    pub from: OrganisationNumber,
    /// The municipality that may take the case, or has.
    pub to: OrganisationNumber,
}

/// The old owner asks whether a service takes a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// Services of the other municipality that may take it: 1 to [`MOVING_SERVICES_MAX`].
    pub services: BTreeSet<ServiceCode>,
    /// Whom it is about.
    pub stage: Stage,
    /// From which day somebody there should be responsible.
    pub wished: CivilDay,
    /// The first millisecond on which it can no longer be accepted, by the old owner's clock.
    pub lapses_at: UnixMillis,
}

/// The other municipality answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// The offer's token.
    pub offer: StatementHash,
    /// What it answers.
    #[serde(flatten)]
    pub answered: Answered,
}

/// What the other municipality answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answered", rename_all = "kebab-case")]
pub enum Answered {
    /// Somebody takes the case.
    Accepted {
        /// Who becomes stafettholder.
        holder: Line,
        /// In which service.
        service: ServiceCode,
    },
    /// Nobody does.
    Declined {
        /// Why, if the coordinator says it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<UptakeReason>,
    },
}

/// The other municipality has a package whole and asks what becomes of the move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageStored {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// Which package.
    pub packed: Packed,
}

/// The move comes to nothing. No moment and no cause: a recall, a lapse, a withdrawn consent and a
/// protected address look alike (law 15).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
}

/// The case is the other municipality's from here on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transferred {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// The acceptance's token.
    pub answer: StatementHash,
    /// What the case is opened from.
    pub packed: Packed,
}

/// The new owner has opened the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// What it was opened from.
    pub packed: Packed,
}

/// Something that the new owner must know though the case is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Which move.
    #[serde(flatten)]
    pub course: Course,
    /// Its number, from 0.
    pub number: u32,
    /// What.
    pub word: LateWord,
}

/// A statement about a move.
pub trait OfMove: Statement {
    /// Returns which move it is about.
    fn course(&self) -> Course;

    /// Returns whether what it says can be, whoever signed it.
    fn is_well_formed(&self) -> bool {
        true
    }
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

impl Statement for CaseOpened {
    const TYPE: &'static str = "stafett-succession-opened";
}

impl Statement for Late {
    const TYPE: &'static str = "stafett-succession-late";
}

macro_rules! of_move {
    ($($name:ident $(if $well_formed:expr)?;)+) => {$(
        impl OfMove for $name {
            fn course(&self) -> Course {
                self.course
            }

            $(fn is_well_formed(&self) -> bool {
                let well_formed: fn(&Self) -> bool = $well_formed;
                well_formed(self)
            })?
        }
    )+};
}

of_move! {
    Offer if |offer| (1..=MOVING_SERVICES_MAX).contains(&offer.services.len());
    Answer;
    PackageStored if |stored| stored.packed.revision > 0;
    Ended;
    Transferred if |said| said.packed.revision > 0;
    CaseOpened;
    Late;
}

#[cfg(test)]
mod tests;
