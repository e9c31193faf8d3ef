//! What people and programs ask of the engine: the bodies of the HTTP API.

mod baton;
mod consent;
mod emergency;
mod family;
mod moving;
mod succession;
mod transition;
mod uptake;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use stafett_protocol::consent::rule::SubjectKind;
use stafett_protocol::entry::{About, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::EntryId;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::municipality::{AreaCode, NationalIdentityNumber};
use utoipa::ToSchema;

pub use baton::{AskToHold, OfferBaton, OfferBatonThere, ReassignBaton};
pub use consent::{
    AskConsent, ExceptEntry, GiveConsent, ReconfirmConsent, RefuseConsent, WithdrawConsent, WithdrawConsents,
    WithdrawnScope,
};

use crate::web::openapi::types as doc;

pub use emergency::{OpenEmergency, ReviewEmergency};
pub use family::{ApproveSharing, KnownParty, LimitGuardian, ProtectAddress, RegisterFamily};
pub use moving::RefuseMove;
pub use succession::{
    AskToTake, DeclineMove, MakePackage, OfferCase, OpenPackage, RegisterAcceptance, WriteMoveNote,
};
pub use transition::{ChangeTransition, EndTransition, MarkItem, OpenTransition, ReceiveTransition};
pub use uptake::CannotTake;

/// Opens a case. The person who asks becomes stafettholder.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// Whom it is about.
    #[schema(value_type = doc::SubjectKind)]
    pub subject_kind: SubjectKind,
    /// The level it starts on, 0 to 3.
    #[schema(value_type = doc::Level)]
    pub level: Level,
    /// The subject.
    pub subject: NewSubject,
    /// The subject's guardians and parents; a consent needs at least one giver.
    #[serde(default)]
    pub guardians: Vec<NewGuardian>,
}

/// The subject of a new case. Stays in the private case document.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubject {
    /// The name.
    pub name: String,
    /// The date of birth, `YYYY-MM-DD`.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// The national identity number, eleven digits.
    #[serde(default)]
    #[schema(value_type = Option<doc::NationalIdentityNumber>)]
    pub national_identity_number: Option<NationalIdentityNumber>,
    /// Kindergarten, school and class, or the like.
    #[serde(default)]
    pub unit: Option<String>,
    /// The preferred language.
    #[serde(default)]
    pub language: Option<String>,
    /// The address.
    #[serde(default)]
    pub address: Option<String>,
}

impl std::fmt::Debug for NewSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSubject(«redacted»)")
    }
}

/// A guardian or parent of a new case's subject.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuardian {
    /// The name.
    pub name: String,
    /// `mother`, `father`, `co-mother`, `appointed-guardian`, `foster-parent`, `child-welfare` for
    /// the service with a care order, or `other`.
    pub relation: String,
    /// Whether the person has parental responsibility (foreldreansvar); alone, if no other has. A
    /// foster parent and the child-welfare service have none.
    pub parental_responsibility: bool,
}

impl std::fmt::Debug for NewGuardian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewGuardian(«redacted»)")
    }
}

/// A new entry.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// Its kind.
    #[schema(value_type = doc::EntryKind)]
    pub kind: EntryKind,
    /// Its areas; an entry without one is never shared.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about; the subject if nothing is said.
    #[serde(default = "about_subject")]
    #[schema(value_type = BTreeSet<doc::About>)]
    pub about: BTreeSet<About>,
    /// Its fields, by the kind's schema.
    #[schema(value_type = BTreeMap<doc::FieldKey, doc::FieldValue>)]
    pub fields: BTreeMap<FieldKey, FieldValue>,
    /// The entry that it belongs to, such as a measure to its goal.
    #[serde(default)]
    #[schema(value_type = Option<doc::EntryId>)]
    pub towards: Option<EntryId>,
    /// Whether the child asked that guardians do not see it.
    #[serde(default)]
    pub hidden_from_guardians: bool,
}

impl std::fmt::Debug for NewEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewEntry({:?}, «redacted»)", self.kind)
    }
}

fn about_subject() -> BTreeSet<About> {
    BTreeSet::from([About::Subject])
}

/// Changes fields of an entry. A text is given whole; what others write at the same time merges.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditEntry {
    /// New values; `null` clears a field that is not required.
    #[schema(value_type = BTreeMap<doc::FieldKey, doc::NewValue>)]
    pub fields: BTreeMap<FieldKey, Option<FieldValue>>,
}

impl std::fmt::Debug for EditEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EditEntry(«redacted»)")
    }
}

/// Gives a case to a person of a service to work with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The person.
    #[schema(value_type = doc::AccountId)]
    pub account: stafett_protocol::id::AccountId,
}

/// Sets a case's level.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLevel {
    /// 0 to 3.
    #[schema(value_type = doc::Level)]
    pub level: Level,
}
