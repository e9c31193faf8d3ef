//! What stands in a package. JSON; a reader passes over what it does not know.
//!
//! Entries, persons and relations are numbered from 0, in the order of the random ids that the old
//! owner has for them, and never named otherwise: nobody can tell which entry of the old case became
//! which of the new one, nor how many there were.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bounded::{Few, Line, Prose};
use crate::case::Relation;
use crate::consent::Channel;
use crate::consent::rule::{Capacity, SubjectKind};
use crate::entry::EntryKind;
use crate::entry::content::Fields;
use crate::ledger::statement::Level;
use crate::limits::{
    AREAS_MAX, CASE_GUARDIANS_MAX, HANDOVER_NOTE_BYTES_MAX, PACKAGE_ENTRIES_MAX, PACKAGE_RELATIONS_MAX,
    PURPOSE_BYTES_MAX,
};
use crate::municipality::{AreaCode, NationalIdentityNumber, OrganisationNumber, ServiceCode};
use crate::succession::CivilDay;

/// Who may have said yes: the family and the subject.
const GIVERS_MAX: usize = CASE_GUARDIANS_MAX + 1;
/// Kinds of entry.
const KINDS_MAX: usize = EntryKind::ALL.len();

/// A package. `E` is an entry: as it is written, or as it stands there before it is read by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document<E> {
    /// Always [`super::PACKAGE_FORMAT`].
    pub format: Line,
    /// The municipality that gives the case away.
    pub from: OrganisationNumber,
    /// What it is called.
    pub from_name: Line,
    /// The municipality that takes it.
    pub to: OrganisationNumber,
    /// When the package was made.
    pub made_on: CivilDay,
    /// Where the case stands in the action guide of the old owner.
    pub guide: GuideLabel,
    /// Whom the case is about.
    pub subject_kind: SubjectKind,
    /// The subject: what the consent names of it, and always the name.
    pub subject: PackagedSubject,
    /// The family, the subject apart. A person's number is the place here.
    pub family: Few<PackagedPerson, CASE_GUARDIANS_MAX>,
    /// Whom to ask.
    pub contact: Contact,
    /// What the family said yes to.
    pub consent: PackagedConsent,
    /// What the old stafettholder writes to the new one.
    pub note: Prose<HANDOVER_NOTE_BYTES_MAX>,
    /// What the old owner calls the areas that entries and the consent name.
    pub areas: Few<NamedArea, AREAS_MAX>,
    /// The entries. An entry's number is the place here.
    pub entries: Few<E, PACKAGE_ENTRIES_MAX>,
    /// Entries that belong together: from, to.
    pub relations: Few<(u32, u32), PACKAGE_RELATIONS_MAX>,
}

/// A level as the old owner's action guide has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuideLabel {
    /// The level.
    pub level: Level,
    /// What that guide calls it.
    pub level_name: Line,
}

/// The subject. Each field but the name stands there only if the consent names it, or the new owner
/// cannot ask the right people without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagedSubject {
    /// The full name.
    pub name: Line,
    /// The date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<CivilDay>,
    /// The national identity number, D-number or synthetic number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_identity_number: Option<NationalIdentityNumber>,
    /// Kindergarten, health centre or other unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Line>,
    /// Class or department in the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Line>,
    /// School.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school: Option<Line>,
    /// Preferred language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Line>,
    /// Whether an interpreter is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<bool>,
    /// Home address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Line>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Line>,
}

/// One of the family. No address and no telephone: the new owner asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagedPerson {
    /// What the person may decide.
    pub capacity: Capacity,
    /// What the person is to the subject.
    pub relation: Relation,
    /// The full name.
    pub name: Line,
    /// Areas of the package that the youth has closed to the person.
    #[serde(default = "nothing_closed", skip_serializing_if = "Few::is_empty")]
    pub closed: Few<AreaCode, AREAS_MAX>,
}

fn nothing_closed() -> Few<AreaCode, AREAS_MAX> {
    Few::none()
}

/// The old stafettholder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The full name.
    pub name: Line,
    /// The service, by its name.
    pub service_name: Line,
    /// Telephone number at work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Line>,
}

/// One person of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whom {
    /// The person whose case it is.
    Subject,
    /// One of the family, by number.
    Guardian(u32),
}

/// The consent under which the case moves, as the family was told it. It is shown, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagedConsent {
    /// What it is for.
    pub purpose: Prose<PURPOSE_BYTES_MAX>,
    /// Which areas.
    pub areas: Few<AreaCode, AREAS_MAX>,
    /// Which kinds of entry.
    pub kinds: Few<EntryKind, KINDS_MAX>,
    /// Who said yes, and when.
    pub given: Few<GivenBy, GIVERS_MAX>,
}

/// One giver's yes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GivenBy {
    /// Who.
    pub by: Whom,
    /// On which day.
    pub on: CivilDay,
    /// How.
    pub channel: Channel,
}

/// What the old owner calls an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedArea {
    /// The area.
    pub code: AreaCode,
    /// Its name.
    pub name: Line,
}

/// One entry: its present value, and nothing of how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagedEntry {
    /// What it is.
    pub kind: EntryKind,
    /// Its areas.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<Whom>,
    /// What stands in it.
    pub fields: Fields,
    /// Who wrote it.
    pub written_by: WrittenBy,
    /// On which day it was written first.
    pub written_on: CivilDay,
    /// Whether the child asked that guardians do not see it.
    pub hidden_from_guardians: bool,
}

/// Who wrote an entry, as far as the new owner is told (law 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenBy {
    /// A service of the old owner, by its name.
    Own(Line),
    /// A service of the new owner, which had a part in the case before.
    Yours(ServiceCode),
    /// Somebody else, who is not named.
    Partner,
    /// The family.
    Family,
}
