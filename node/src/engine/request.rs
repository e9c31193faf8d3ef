//! What people and programs ask of the engine: the bodies of the HTTP API.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::consent::rule::SubjectKind;
use stafett_protocol::consent::{Direction, Evidence};
use stafett_protocol::entry::schema::CARD_DEFAULT_FIELDS;
use stafett_protocol::entry::{About, CardField, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{ConsentId, EntryId, PersonId};
use stafett_protocol::ledger::statement::{AddressProtection, Level};
use stafett_protocol::municipality::{AreaCode, NationalIdentityNumber, Service};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

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
    /// `mother`, `father`, `co-mother`, `appointed-guardian`, `foster-parent` or `other`.
    pub relation: String,
    /// Whether the person has parental responsibility (foreldreansvar).
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

/// Asks the family for a consent, or asks for a preview of one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskConsent {
    /// Which service may see.
    #[schema(value_type = doc::Service)]
    pub recipient: Service,
    /// The areas.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry; all of them if nothing is said.
    #[serde(default = "all_kinds")]
    #[schema(value_type = BTreeSet<doc::EntryKind>)]
    pub kinds: BTreeSet<EntryKind>,
    /// Entries that stay closed all the same.
    #[serde(default)]
    #[schema(value_type = BTreeSet<doc::EntryId>)]
    pub exceptions: BTreeSet<EntryId>,
    /// The fields of the case card; the defaults if nothing is said.
    #[serde(default = "default_card")]
    #[schema(value_type = BTreeSet<doc::CardField>)]
    pub card_fields: BTreeSet<CardField>,
    /// Which way writing goes.
    #[serde(default = "both_ways")]
    #[schema(value_type = doc::Direction)]
    pub direction: Direction,
    /// What it is for, as the family is told.
    pub purpose: String,
    /// From when; at once if nothing is said. Milliseconds since 1970.
    #[serde(default)]
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub from: Option<UnixMillis>,
    /// Until when; the configured duration if nothing is said. Milliseconds since 1970.
    #[serde(default)]
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub until: Option<UnixMillis>,
    /// The consent that it replaces once everybody said yes.
    #[serde(default)]
    #[schema(value_type = Option<doc::ConsentId>)]
    pub supersedes: Option<ConsentId>,
}

fn all_kinds() -> BTreeSet<EntryKind> {
    EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect()
}

fn default_card() -> BTreeSet<CardField> {
    CARD_DEFAULT_FIELDS.iter().copied().collect()
}

fn both_ways() -> Direction {
    Direction::Both
}

/// One giver's yes, as whoever registers it heard or saw it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveConsent {
    /// Who says yes.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// How.
    #[schema(value_type = doc::Evidence)]
    pub evidence: Evidence,
    /// Whether the giver also opens what is written about the giver's own person.
    #[serde(default)]
    pub about_self: bool,
}

/// One giver's no, or the withdrawal of a yes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawConsent {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
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

/// Sets how a subject's address is protected.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectAddress {
    /// How, from here on.
    #[schema(value_type = doc::AddressProtection)]
    pub protection: AddressProtection,
}
