//! What can be changed in a private case, and what is refused.

use std::collections::BTreeMap;
use std::fmt;

use crate::case::draft::{Draft, DraftRevision};
use crate::case::{GuardianDetails, Participant, PrivateCase, REDACTED, Subject};
use crate::entry::content::Fields;
use crate::entry::schema::field;
use crate::entry::value::{FieldValue, ValueFault, check_line, check_value, normalized};
use crate::entry::{ContentError, EntryKind, FieldKey};
use crate::id::{DraftId, PersonId};
use crate::limits::{CASE_DRAFT_CHARACTERS_MAX, CASE_DRAFTS_MAX, CASE_GUARDIANS_MAX, CASE_PARTICIPANTS_MAX};
use crate::municipality::NationalIdentityNumber;

/// A new value of one field of the subject; none, or empty text, clears it.
#[derive(Clone, PartialEq, Eq)]
pub enum SubjectChange {
    /// The name, which cannot be cleared.
    Name(String),
    /// The date of birth, `YYYY-MM-DD`.
    BirthDate(Option<String>),
    /// The national identity number.
    NationalIdentityNumber(Option<NationalIdentityNumber>),
    /// Kindergarten, health centre or other unit.
    Unit(Option<String>),
    /// Class or department in the unit.
    Group(Option<String>),
    /// School.
    School(Option<String>),
    /// Preferred language.
    Language(Option<String>),
    /// Whether an interpreter is needed.
    Interpreter(Option<bool>),
    /// Home address.
    Address(Option<String>),
    /// Telephone number.
    Phone(Option<String>),
}

impl SubjectChange {
    fn apply(&self, subject: &mut Subject) {
        match self.clone() {
            Self::Name(name) => subject.name = name,
            Self::BirthDate(date) => subject.birth_date = date,
            Self::NationalIdentityNumber(number) => subject.national_identity_number = number,
            Self::Unit(unit) => subject.unit = unit,
            Self::Group(group) => subject.group = group,
            Self::School(school) => subject.school = school,
            Self::Language(language) => subject.language = language,
            Self::Interpreter(needed) => subject.interpreter = needed,
            Self::Address(address) => subject.address = address,
            Self::Phone(phone) => subject.phone = phone,
        }
    }
}

impl fmt::Debug for SubjectChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectChange({REDACTED})")
    }
}

/// One change of a private case. Each may be repeated: the second time nothing changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseEdit {
    /// Sets fields of the subject.
    Subject(Vec<SubjectChange>),
    /// Adds a guardian, or replaces the one with the same id.
    PutGuardian(GuardianDetails),
    /// Removes a guardian.
    RemoveGuardian(PersonId),
    /// Adds a participant, or replaces the one with the same id.
    PutParticipant(Participant),
    /// Removes a participant.
    RemoveParticipant(PersonId),
    /// Begins a draft, or saves one again. Text is given whole; what differs is spliced in.
    PutDraft {
        /// The draft; a field that is not there is cleared.
        draft: Draft,
        /// What its writer had before them; none to write over what is there now.
        written_on: Option<DraftRevision>,
    },
    /// Removes a draft, because it was given up or published.
    RemoveDraft(DraftId),
}

/// What was given does not fit a case. Names fields and ids, never what stands in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaseFault {
    /// A value does not fit a field of the subject, a guardian or a participant.
    #[error("the field {field} does not fit")]
    Value {
        /// The field.
        field: FieldKey,
        /// What is wrong with it.
        #[source]
        fault: ValueFault,
    },
    /// A field of a draft does not fit its kind.
    #[error("the draft does not fit its kind")]
    Draft(#[from] ContentError),
    /// The subject would be its own guardian.
    #[error("expected a guardian other than the subject")]
    GuardianIsSubject,
    /// The case would have too many guardians.
    #[error("expected at most {max} guardians")]
    TooManyGuardians {
        /// How many it may have.
        max: usize,
    },
    /// The case would have too many participants.
    #[error("expected at most {max} participants")]
    TooManyParticipants {
        /// How many it may have.
        max: usize,
    },
    /// The case would have too many drafts.
    #[error("expected at most {max} drafts")]
    TooManyDrafts {
        /// How many it may have.
        max: usize,
    },
    /// A draft names too many areas, or is about too many persons.
    #[error("expected at most {max} areas")]
    TooManyAreas {
        /// How many it may name.
        max: usize,
    },
    /// A draft would be too long.
    #[error("expected at most {characters_max} characters in draft {draft}")]
    DraftTooLong {
        /// The draft.
        draft: DraftId,
        /// Characters that it may have.
        characters_max: usize,
    },
    /// All drafts together would be too long.
    #[error("expected at most {characters_max} characters in all drafts")]
    DraftsTooLong {
        /// Characters that they may have.
        characters_max: usize,
    },
}

impl PrivateCase {
    /// Returns the case with an edit made to it. A draft is taken as given: merging it with what
    /// others wrote is up to the document.
    pub(crate) fn with(&self, edit: &CaseEdit) -> Result<Self, CaseFault> {
        let mut case = self.clone();
        match edit {
            CaseEdit::Subject(changes) => changes.iter().for_each(|change| change.apply(&mut case.subject)),
            CaseEdit::PutGuardian(guardian) => {
                case.guardians.retain(|other| other.person != guardian.person);
                case.guardians.push(guardian.clone());
            }
            CaseEdit::RemoveGuardian(person) => case.guardians.retain(|other| other.person != *person),
            CaseEdit::PutParticipant(participant) => {
                case.participants.retain(|other| other.person != participant.person);
                case.participants.push(participant.clone());
            }
            CaseEdit::RemoveParticipant(person) => {
                case.participants.retain(|other| other.person != *person);
            }
            CaseEdit::PutDraft { draft, .. } => {
                case.drafts.retain(|other| other.id != draft.id);
                case.drafts.push(draft.clone());
            }
            CaseEdit::RemoveDraft(draft) => case.drafts.retain(|other| other.id != *draft),
        }
        case.checked()
    }

    /// Returns the case as it is stored: in order, normalized, within all bounds.
    pub(crate) fn checked(mut self) -> Result<Self, CaseFault> {
        self.subject.check()?;
        self.guardians.iter_mut().try_for_each(GuardianDetails::check)?;
        self.participants.iter_mut().try_for_each(Participant::check)?;
        let drafts = self.drafts.iter().map(Draft::checked).collect::<Result<_, _>>()?;
        self.guardians = once_each(self.guardians, |guardian| guardian.person);
        self.participants = once_each(self.participants, |participant| participant.person);
        self.drafts = once_each(drafts, |draft: &Draft| draft.id);
        self.check_bounds()?;
        Ok(self)
    }

    pub(crate) fn check_bounds(&self) -> Result<(), CaseFault> {
        if self.guardian(self.subject.person).is_some() {
            return Err(CaseFault::GuardianIsSubject);
        }
        if self.guardians.len() > CASE_GUARDIANS_MAX {
            return Err(CaseFault::TooManyGuardians { max: CASE_GUARDIANS_MAX });
        }
        if self.participants.len() > CASE_PARTICIPANTS_MAX {
            return Err(CaseFault::TooManyParticipants { max: CASE_PARTICIPANTS_MAX });
        }
        if self.drafts.len() > CASE_DRAFTS_MAX {
            return Err(CaseFault::TooManyDrafts { max: CASE_DRAFTS_MAX });
        }
        if self.drafts.iter().map(Draft::characters).sum::<usize>() > CASE_DRAFT_CHARACTERS_MAX {
            return Err(CaseFault::DraftsTooLong { characters_max: CASE_DRAFT_CHARACTERS_MAX });
        }
        Ok(())
    }
}

impl Subject {
    fn check(&mut self) -> Result<(), CaseFault> {
        self.name = normalized(&self.name);
        for line in [
            &mut self.birth_date,
            &mut self.unit,
            &mut self.group,
            &mut self.school,
            &mut self.language,
            &mut self.address,
            &mut self.phone,
        ] {
            tidy(line);
        }
        for (key, value) in &self.fields() {
            let of = field(EntryKind::CaseCard, *key)
                .ok_or(CaseFault::Value { field: *key, fault: ValueFault::Type })?;
            check_value(of, value).map_err(|fault| CaseFault::Value { field: *key, fault })?;
        }
        Ok(())
    }
}

impl GuardianDetails {
    fn check(&mut self) -> Result<(), CaseFault> {
        self.name = normalized(&self.name);
        for line in [&mut self.address, &mut self.phone, &mut self.email, &mut self.language] {
            tidy(line);
        }
        check_lines(&self.fields())
    }
}

impl Participant {
    fn check(&mut self) -> Result<(), CaseFault> {
        self.name = normalized(&self.name);
        for line in [
            &mut self.role,
            &mut self.service,
            &mut self.employer,
            &mut self.municipality,
            &mut self.phone,
            &mut self.email,
        ] {
            tidy(line);
        }
        check_lines(&self.fields())
    }
}

/// Puts things in the order of their ids; of two with one id the later one stays.
fn once_each<T, Id: Ord>(things: Vec<T>, id: impl Fn(&T) -> Id) -> Vec<T> {
    things.into_iter().map(|thing| (id(&thing), thing)).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// A form sends an empty line for what is not known.
fn tidy(line: &mut Option<String>) {
    *line = line.take().map(|line| normalized(&line)).filter(|line| !line.is_empty());
}

fn check_lines(fields: &Fields) -> Result<(), CaseFault> {
    for (key, value) in fields {
        if let FieldValue::Text(line) = value {
            check_line(line).map_err(|fault| CaseFault::Value { field: *key, fault })?;
        }
    }
    Ok(())
}
