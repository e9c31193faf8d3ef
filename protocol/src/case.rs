//! The private case (sak): whom it is about, the family, who takes part, and drafts.
//!
//! It never leaves its node (law 6): nothing here has a form on the wire. What a partner reads of
//! it is the case card, an entry made by [`CardSource`] from the fields that a consent names.
//! Reading order: the types here, [`draft`], [`edit`] what can be changed, [`card`] what may be
//! shown to others, [`document`] how it is kept.
//!
//! Deliberately absent: consents, stafettholder, level and address protection, which stand in the
//! ledger, and entries, which are documents of their own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::entry::FieldKey;
use crate::entry::content::Fields;
use crate::entry::value::FieldValue;
use crate::id::{AccountId, DraftId, PersonId};
use crate::municipality::NationalIdentityNumber;

pub mod card;
pub mod document;
pub mod draft;
pub mod edit;

pub use card::{CardSource, CaseStatus};
pub use document::{CaseDocumentError, CaseEditError, PrivateCaseDocument};
pub use draft::{Draft, DraftRevision};
pub use edit::{CaseEdit, CaseFault, SubjectChange};

/// What `Debug` shows in place of names, numbers and texts.
const REDACTED: &str = "«redacted»";

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every value, in the order a form shows them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the stable code: in the document, in JSON and in forms.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// Finds the value with a code; none if there is no such code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == code)
            }
        }
    )+};
}

pub(crate) use codes;

codes! {
    /// What a guardian (foresatt) is to the subject.
    Relation {
        /// Mother.
        Mother = "mother",
        /// Father.
        Father = "father",
        /// Co-mother (medmor).
        CoMother = "co-mother",
        /// Appointed guardian (oppnevnt verge).
        AppointedGuardian = "appointed-guardian",
        /// Foster parent.
        FosterParent = "foster-parent",
        /// The child-welfare service, with a care order.
        ChildWelfare = "child-welfare",
        /// Somebody else.
        Other = "other",
    }

    /// The kind of parental responsibility (foreldreansvar) that a guardian has. It describes; who
    /// must consent follows from the parties in the ledger.
    ParentalResponsibility {
        /// Shared with another.
        Joint = "joint",
        /// Alone.
        Sole = "sole",
        /// Nobody has found out yet, or the register says "ukjent".
        Unknown = "unknown",
        /// As appointed guardian.
        AppointedGuardian = "appointed-guardian",
        /// The child is in a foster home.
        FosterHome = "foster-home",
        /// The child-welfare service has it by a care order.
        ChildWelfare = "child-welfare",
        /// None.
        None = "none",
    }
}

/// Whom a case is about (hovedperson).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The person.
    pub person: PersonId,
    /// The full name.
    pub name: String,
    /// The date of birth, `YYYY-MM-DD`; none before a birth or if unknown.
    pub birth_date: Option<String>,
    /// The national identity number, D-number or synthetic number.
    pub national_identity_number: Option<NationalIdentityNumber>,
    /// Kindergarten, health centre or other unit.
    pub unit: Option<String>,
    /// Class or department in the unit.
    pub group: Option<String>,
    /// School.
    pub school: Option<String>,
    /// Preferred language.
    pub language: Option<String>,
    /// Whether an interpreter is needed; none if nobody has asked.
    pub interpreter: Option<bool>,
    /// Home address; never on a case card unless a consent names it.
    pub address: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

impl Subject {
    /// Makes a subject of whom nothing but the name is known.
    pub const fn named(person: PersonId, name: String) -> Self {
        Self {
            person,
            name,
            birth_date: None,
            national_identity_number: None,
            unit: None,
            group: None,
            school: None,
            language: None,
            interpreter: None,
            address: None,
            phone: None,
        }
    }

    pub(crate) fn fields(&self) -> Fields {
        present([
            (FieldKey::Name, text(Some(&self.name))),
            (FieldKey::BirthDate, text(self.birth_date.as_ref())),
            (FieldKey::NationalIdentityNumber, number(self.national_identity_number.as_ref())),
            (FieldKey::Unit, text(self.unit.as_ref())),
            (FieldKey::Group, text(self.group.as_ref())),
            (FieldKey::School, text(self.school.as_ref())),
            (FieldKey::Language, text(self.language.as_ref())),
            (FieldKey::Interpreter, self.interpreter.map(FieldValue::Flag)),
            (FieldKey::Address, text(self.address.as_ref())),
            (FieldKey::Phone, text(self.phone.as_ref())),
        ])
    }

    pub(crate) fn from_fields(person: PersonId, fields: Fields) -> Option<Self> {
        let mut fields = Reader(fields);
        let subject = Self {
            person,
            name: fields.line(FieldKey::Name)??,
            birth_date: fields.line(FieldKey::BirthDate)?,
            national_identity_number: fields.number()?,
            unit: fields.line(FieldKey::Unit)?,
            group: fields.line(FieldKey::Group)?,
            school: fields.line(FieldKey::School)?,
            language: fields.line(FieldKey::Language)?,
            interpreter: fields.flag(FieldKey::Interpreter)?,
            address: fields.line(FieldKey::Address)?,
            phone: fields.line(FieldKey::Phone)?,
        };
        fields.finish(subject)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({}, {REDACTED})", self.person)
    }
}

/// A guardian (foresatt) of the subject.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardianDetails {
    /// The person, as the ledger's parties and consents name it.
    pub person: PersonId,
    /// The full name.
    pub name: String,
    /// What the guardian is to the subject.
    pub relation: Relation,
    /// The kind of parental responsibility; none if not registered.
    pub parental_responsibility: Option<ParentalResponsibility>,
    /// The national identity number, by which a login with electronic identity is recognised.
    pub national_identity_number: Option<NationalIdentityNumber>,
    /// Home address.
    pub address: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Preferred language.
    pub language: Option<String>,
    /// Whether an interpreter is needed; none if nobody has asked.
    pub interpreter: Option<bool>,
}

impl GuardianDetails {
    pub(crate) fn fields(&self) -> Fields {
        present([
            (FieldKey::Name, text(Some(&self.name))),
            (FieldKey::Role, Some(self.relation.as_str().into())),
            (FieldKey::ParentalResponsibility, self.parental_responsibility.map(|kind| kind.as_str().into())),
            (FieldKey::NationalIdentityNumber, number(self.national_identity_number.as_ref())),
            (FieldKey::Address, text(self.address.as_ref())),
            (FieldKey::Phone, text(self.phone.as_ref())),
            (FieldKey::Email, text(self.email.as_ref())),
            (FieldKey::Language, text(self.language.as_ref())),
            (FieldKey::Interpreter, self.interpreter.map(FieldValue::Flag)),
        ])
    }

    pub(crate) fn from_fields(person: PersonId, fields: Fields) -> Option<Self> {
        let mut fields = Reader(fields);
        let responsibility = match fields.line(FieldKey::ParentalResponsibility)? {
            Some(code) => Some(ParentalResponsibility::from_code(&code)?),
            None => None,
        };
        let guardian = Self {
            person,
            name: fields.line(FieldKey::Name)??,
            relation: Relation::from_code(&fields.line(FieldKey::Role)??)?,
            parental_responsibility: responsibility,
            national_identity_number: fields.number()?,
            address: fields.line(FieldKey::Address)?,
            phone: fields.line(FieldKey::Phone)?,
            email: fields.line(FieldKey::Email)?,
            language: fields.line(FieldKey::Language)?,
            interpreter: fields.flag(FieldKey::Interpreter)?,
        };
        fields.finish(guardian)
    }
}

impl fmt::Debug for GuardianDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuardianDetails({}, {REDACTED})", self.person)
    }
}

/// Somebody who takes part in the case (deltaker). Being named here opens nothing: access follows
/// from the account's service and the ledger.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The person, by whom the participant is replaced or removed.
    pub person: PersonId,
    /// The account on this node; none for somebody without one.
    pub account: Option<AccountId>,
    /// The full name.
    pub name: String,
    /// What the participant is in the case.
    pub role: Option<String>,
    /// The service that the participant works in.
    pub service: Option<String>,
    /// Who employs the participant.
    pub employer: Option<String>,
    /// The municipality of the participant.
    pub municipality: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

impl Participant {
    pub(crate) fn fields(&self) -> Fields {
        present([
            (FieldKey::Name, text(Some(&self.name))),
            (FieldKey::Role, text(self.role.as_ref())),
            (FieldKey::Service, text(self.service.as_ref())),
            (FieldKey::Employer, text(self.employer.as_ref())),
            (FieldKey::Municipality, text(self.municipality.as_ref())),
            (FieldKey::Phone, text(self.phone.as_ref())),
            (FieldKey::Email, text(self.email.as_ref())),
        ])
    }

    pub(crate) fn from_fields(person: PersonId, account: Option<AccountId>, fields: Fields) -> Option<Self> {
        let mut fields = Reader(fields);
        let participant = Self {
            person,
            account,
            name: fields.line(FieldKey::Name)??,
            role: fields.line(FieldKey::Role)?,
            service: fields.line(FieldKey::Service)?,
            employer: fields.line(FieldKey::Employer)?,
            municipality: fields.line(FieldKey::Municipality)?,
            phone: fields.line(FieldKey::Phone)?,
            email: fields.line(FieldKey::Email)?,
        };
        fields.finish(participant)
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Participant({}, {REDACTED})", self.person)
    }
}

/// What a private case holds. Guardians, participants and drafts stand in the order of their ids.
///
/// Has no serialized form of its own, so that it is never put into a message by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateCase {
    /// Whom the case is about.
    pub subject: Subject,
    /// The guardians.
    pub guardians: Vec<GuardianDetails>,
    /// Who takes part.
    pub participants: Vec<Participant>,
    /// What is written and not yet published.
    pub drafts: Vec<Draft>,
}

impl PrivateCase {
    /// Makes a case that holds its subject only.
    pub const fn about(subject: Subject) -> Self {
        Self { subject, guardians: Vec::new(), participants: Vec::new(), drafts: Vec::new() }
    }

    /// Returns a guardian.
    pub fn guardian(&self, person: PersonId) -> Option<&GuardianDetails> {
        self.guardians.iter().find(|guardian| guardian.person == person)
    }

    /// Returns a draft.
    pub fn draft(&self, draft: DraftId) -> Option<&Draft> {
        self.drafts.iter().find(|other| other.id == draft)
    }
}

impl fmt::Debug for PrivateCase {
    /// Leaves counts out too: how large a family is says something of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateCase({REDACTED})")
    }
}

fn present<const N: usize>(fields: [(FieldKey, Option<FieldValue>); N]) -> Fields {
    fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn text(line: Option<&String>) -> Option<FieldValue> {
    line.map(|line| FieldValue::Text(line.clone()))
}

fn number(number: Option<&NationalIdentityNumber>) -> Option<FieldValue> {
    number.map(|number| number.reveal().into())
}

/// Takes fields apart into a typed form. Each step gives nothing if the field has another type,
/// and nothing inside if it is not there.
struct Reader(Fields);

impl Reader {
    fn line(&mut self, key: FieldKey) -> Option<Option<String>> {
        match self.0.remove(&key) {
            Some(FieldValue::Text(line)) => Some(Some(line)),
            Some(_) => None,
            None => Some(None),
        }
    }

    fn flag(&mut self, key: FieldKey) -> Option<Option<bool>> {
        match self.0.remove(&key) {
            Some(FieldValue::Flag(flag)) => Some(Some(flag)),
            Some(_) => None,
            None => Some(None),
        }
    }

    fn number(&mut self) -> Option<Option<NationalIdentityNumber>> {
        match self.line(FieldKey::NationalIdentityNumber)? {
            Some(digits) => digits.parse().ok().map(Some),
            None => Some(None),
        }
    }

    /// Gives what was read, if nothing is left over.
    fn finish<T>(self, read: T) -> Option<T> {
        self.0.is_empty().then_some(read)
    }
}

#[cfg(test)]
mod tests;
