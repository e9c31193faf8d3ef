//! The names of all fields, each with the number that stands for it on the wire.
//!
//! A number is used once and never again, also after a field is gone. Which kind has which
//! field, and of which type, is said in [`crate::entry::schema`].

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! field_keys {
    ($($(#[$doc:meta])* $name:ident = $code:literal $text:literal;)+) => {
        /// One field of an entry.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FieldKey {
            $($(#[$doc])* $name = $code,)+
        }

        impl FieldKey {
            /// Every field of any kind, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the name: the key in the document's tree, in JSON and in forms.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// Returns the number on the wire.
            pub const fn code(self) -> u16 {
                self as u16
            }

            /// Finds the field with a number; none if this version does not know it.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

field_keys! {
    /// A short title.
    Title = 1 "title";
    /// The main text.
    Description = 2 "description";
    /// Strengths and protective factors (beskyttelsesfaktorer).
    Strengths = 3 "strengths";
    /// What was said and done so far.
    Tried = 4 "tried";
    /// Since when it was noticed.
    ObservedSince = 5 "observed_since";
    /// Who formulated it.
    FormulatedBy = 6 "formulated_by";
    /// The day that it was set.
    SetOn = 7 "set_on";
    /// How far a goal is reached (måloppnåelse).
    Attainment = 8 "attainment";
    /// Words about how far a goal is reached.
    AttainmentNote = 9 "attainment_note";
    /// The one who answers for it (ansvarlig); exactly one.
    Responsible = 10 "responsible";
    /// The day it starts.
    Start = 11 "start";
    /// The day it is due (frist).
    Deadline = 12 "deadline";
    /// Where it stands.
    Status = 13 "status";
    /// Whether the measure is done at home.
    AtHome = 14 "at_home";
    /// The effect so far.
    Effect = 15 "effect";
    /// Words on the effect so far.
    EffectNote = 16 "effect_note";
    /// The day it happened or happens.
    Date = 17 "date";
    /// The time of day it starts.
    Time = 18 "time";
    /// Where it is.
    Place = 19 "place";
    /// In which form a meeting is held.
    Mode = 20 "mode";
    /// Who leads a meeting.
    Chair = 21 "chair";
    /// Who was invited.
    Invited = 22 "invited";
    /// Who was there.
    Present = 23 "present";
    /// Who sent apologies.
    Absent = 24 "absent";
    /// A short summary (referat).
    Summary = 25 "summary";
    /// The day of the next meeting.
    NextMeeting = 26 "next_meeting";
    /// The place in an order.
    Position = 27 "position";
    /// What was decided.
    Decision = 28 "decision";
    /// Why.
    Reason = 29 "reason";
    /// Who decided.
    DecidedBy = 30 "decided_by";
    /// Whether it goes the right way.
    OnTrack = 31 "on_track";
    /// Whether the child was heard before.
    ChildHeard = 32 "child_heard";
    /// Disagreement, in words (uenighet).
    Disagreement = 33 "disagreement";
    /// How the child was heard.
    ObtainedBy = 34 "obtained_by";
    /// Who heard or wrote it.
    Author = 35 "author";
    /// Whether the child asked that its guardians do not see it.
    WithheldFromGuardians = 36 "withheld_from_guardians";
    /// Which guardian speaks.
    Guardian = 37 "guardian";
    /// Those who take part.
    Participants = 38 "participants";
    /// The name of a person.
    Name = 39 "name";
    /// What a participant is in the case.
    Role = 40 "role";
    /// The service that a participant works in.
    Service = 41 "service";
    /// Who employs a participant.
    Employer = 42 "employer";
    /// The municipality of a participant.
    Municipality = 43 "municipality";
    /// A telephone number.
    Phone = 44 "phone";
    /// An e-mail address.
    Email = 45 "email";
    /// Date of birth.
    BirthDate = 46 "birth_date";
    /// National identity number or D-number.
    NationalIdentityNumber = 47 "national_identity_number";
    /// Child, youth, parent or pregnant.
    SubjectKind = 48 "subject_kind";
    /// Kindergarten, school or other unit.
    Unit = 49 "unit";
    /// Class or department in the unit.
    Group = 50 "group";
    /// School.
    School = 51 "school";
    /// Preferred language.
    Language = 52 "language";
    /// Whether an interpreter is needed.
    Interpreter = 53 "interpreter";
    /// Level 0 to 3 of the action guide (nivå).
    Level = 54 "level";
    /// Step of the action guide (trinn).
    Step = 55 "step";
    /// Guardians (foresatte).
    Guardians = 56 "guardians";
    /// Kind of parental responsibility (foreldreansvar).
    ParentalResponsibility = 57 "parental_responsibility";
    /// Home address.
    Address = 58 "address";
}

impl fmt::Display for FieldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text or number named no field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a field")]
pub struct FieldKeyError;

impl std::str::FromStr for FieldKey {
    type Err = FieldKeyError;

    fn from_str(text: &str) -> Result<Self, FieldKeyError> {
        Self::ALL.iter().copied().find(|key| key.as_str() == text).ok_or(FieldKeyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_number_and_by_its_name() {
        for key in FieldKey::ALL.iter().copied() {
            assert_eq!(FieldKey::from_code(key.code()), Some(key));
            assert_eq!(key.as_str().parse(), Ok(key));
            assert_eq!(serde_json::to_value(key).expect("a string"), key.as_str());
        }
    }
}
