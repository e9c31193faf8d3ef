//! Which fields each kind of entry has, version 1 of the schema.
//!
//! Free text is an Automerge text and merges by character. All else are scalars: concurrent
//! values of one stay visible as a conflict until somebody settles them. Texts and lists are made
//! by the genesis and never again, so two people can never make two texts of one field.

use serde::{Deserialize, Serialize};

use crate::entry::EntryKind;
use crate::entry::field::{FieldKey, FieldKeyError};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Free text, at most [`crate::limits::TEXT_BYTES_MAX`] bytes; merges by character.
    Text,
    /// One line, at most [`crate::limits::SCALAR_BYTES_MAX`] bytes.
    Line,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A time of the day, `HH:MM`.
    Time,
    /// One of these codes.
    Choice(&'static [&'static str]),
    /// Yes or no.
    Flag,
    /// A whole number from 0.
    Number {
        /// The largest number.
        max: u64,
    },
    /// Lines in an order.
    Lines,
    /// Records in an order, with lines of these fields; the first one is required. A record is
    /// never changed: a new one takes its place, so concurrent versions both stay.
    Records(&'static [FieldKey]),
}

impl FieldType {
    /// Returns whether concurrent values stand side by side as a conflict.
    pub const fn is_scalar(self) -> bool {
        !matches!(self, Self::Text | Self::Lines | Self::Records(_))
    }
}

/// One field of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub key: FieldKey,
    /// What it holds.
    pub of: FieldType,
    /// Whether an entry cannot be made without it.
    pub required: bool,
    /// Whether concurrent values are for the stafettholder to settle.
    pub settled_by_holder: bool,
}

impl Field {
    const fn new(key: FieldKey, of: FieldType) -> Self {
        Self { key, of, required: false, settled_by_holder: false }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn settled_by_holder(self) -> Self {
        Self { settled_by_holder: true, ..self }
    }
}

const fn text(key: FieldKey) -> Field {
    Field::new(key, FieldType::Text)
}

const fn line(key: FieldKey) -> Field {
    Field::new(key, FieldType::Line)
}

const fn lines(key: FieldKey) -> Field {
    Field::new(key, FieldType::Lines)
}

const fn date(key: FieldKey) -> Field {
    Field::new(key, FieldType::Date)
}

const fn flag(key: FieldKey) -> Field {
    Field::new(key, FieldType::Flag)
}

const fn choice(key: FieldKey, codes: &'static [&'static str]) -> Field {
    Field::new(key, FieldType::Choice(codes))
}

/// The highest level of the action guide (nivå 3).
pub const LEVEL_MAX: u64 = 3;

/// What can be decided at an evaluation.
pub const DECISIONS: &[&str] =
    &["change", "continue", "level-up", "level-down", "close", "coordinating-unit"];

/// Where a measure stands.
pub const MEASURE_STATUSES: &[&str] = &["planned", "started", "postponed", "done", "ended-without-effect"];

/// How far a goal is reached.
pub const ATTAINMENTS: &[&str] = &["large", "some", "small", "none"];

/// Which effect a measure has.
pub const EFFECTS: &[&str] = &["good", "some", "none", "unknown"];

const RECORD_FIELDS: &[FieldKey] = &[
    FieldKey::Name,
    FieldKey::Role,
    FieldKey::Service,
    FieldKey::Employer,
    FieldKey::Municipality,
    FieldKey::Phone,
    FieldKey::Email,
];

const CASE_CARD: &[Field] = &[
    line(FieldKey::Name),
    date(FieldKey::BirthDate),
    line(FieldKey::NationalIdentityNumber),
    choice(FieldKey::SubjectKind, &["child", "youth", "parent", "pregnant"]),
    line(FieldKey::Unit),
    line(FieldKey::Group),
    line(FieldKey::School),
    line(FieldKey::Language),
    flag(FieldKey::Interpreter),
    Field::new(FieldKey::Level, FieldType::Number { max: LEVEL_MAX }),
    line(FieldKey::Step),
    choice(FieldKey::Status, &["opened", "active", "waiting", "in-transfer", "closed", "archived"]),
    lines(FieldKey::Guardians),
    choice(
        FieldKey::ParentalResponsibility,
        &["joint", "sole", "unknown", "appointed-guardian", "foster-home", "child-welfare"],
    ),
    line(FieldKey::Address),
    line(FieldKey::Phone),
];

const PARTICIPANTS: &[Field] = &[Field::new(FieldKey::Participants, FieldType::Records(RECORD_FIELDS))];

const CONCERN: &[Field] = &[
    text(FieldKey::Title).required(),
    text(FieldKey::Description),
    text(FieldKey::Strengths),
    text(FieldKey::Tried),
    date(FieldKey::ObservedSince),
    choice(FieldKey::Status, &["open", "closed"]),
    line(FieldKey::Author),
];

const GOAL: &[Field] = &[
    text(FieldKey::Title).required(),
    text(FieldKey::Description),
    date(FieldKey::SetOn),
    choice(FieldKey::FormulatedBy, &["child", "guardian", "service", "together"]),
    choice(FieldKey::Attainment, ATTAINMENTS),
    text(FieldKey::AttainmentNote),
];

const MEASURE: &[Field] = &[
    text(FieldKey::Title).required(),
    text(FieldKey::Description),
    line(FieldKey::Responsible).required().settled_by_holder(),
    date(FieldKey::Start),
    date(FieldKey::Deadline).required().settled_by_holder(),
    choice(FieldKey::Status, MEASURE_STATUSES).required(),
    flag(FieldKey::AtHome),
    choice(FieldKey::Effect, EFFECTS),
    text(FieldKey::EffectNote),
];

const MEETING: &[Field] = &[
    text(FieldKey::Title),
    date(FieldKey::Date).required(),
    Field::new(FieldKey::Time, FieldType::Time),
    line(FieldKey::Place),
    choice(FieldKey::Mode, &["in-person", "video", "telephone", "written"]),
    choice(FieldKey::Status, &["planned", "held", "cancelled"]),
    line(FieldKey::Chair),
    lines(FieldKey::Invited),
    lines(FieldKey::Present),
    lines(FieldKey::Absent),
    text(FieldKey::Summary),
    date(FieldKey::NextMeeting),
];

const AGENDA_POINT: &[Field] = &[
    text(FieldKey::Title).required(),
    text(FieldKey::Description),
    Field::new(FieldKey::Position, FieldType::Number { max: 99 }),
];

const AGREEMENT: &[Field] = &[
    text(FieldKey::Title).required(),
    line(FieldKey::Responsible).required().settled_by_holder(),
    date(FieldKey::Deadline).settled_by_holder(),
    choice(FieldKey::Status, &["open", "kept", "not-kept", "cancelled"]),
];

const DECISION: &[Field] = &[
    text(FieldKey::Title),
    choice(FieldKey::Decision, DECISIONS).required(),
    date(FieldKey::Date).required(),
    text(FieldKey::Reason),
    line(FieldKey::DecidedBy),
];

const EVALUATION: &[Field] = &[
    date(FieldKey::Date).required(),
    text(FieldKey::Description),
    choice(FieldKey::OnTrack, &["yes", "partly", "no"]),
    choice(FieldKey::Effect, EFFECTS),
    choice(FieldKey::Decision, DECISIONS),
    flag(FieldKey::ChildHeard),
    text(FieldKey::Disagreement),
];

const CHILD_VOICE: &[Field] = &[
    text(FieldKey::Description).required(),
    choice(FieldKey::ObtainedBy, &["conversation", "drawing", "form", "play", "other"]),
    date(FieldKey::Date),
    line(FieldKey::Author),
    flag(FieldKey::WithheldFromGuardians),
];

const GUARDIAN_INPUT: &[Field] = &[
    text(FieldKey::Description).required(),
    line(FieldKey::Guardian),
    date(FieldKey::Date),
    text(FieldKey::Disagreement),
];

const NOTE: &[Field] =
    &[text(FieldKey::Title), text(FieldKey::Description).required(), line(FieldKey::Author)];

const BRIGHT_SPOT: &[Field] =
    &[text(FieldKey::Description).required(), date(FieldKey::Date), line(FieldKey::Author)];

/// Returns the fields of a kind, in the order a form shows them.
pub const fn fields(kind: EntryKind) -> &'static [Field] {
    match kind {
        EntryKind::CaseCard => CASE_CARD,
        EntryKind::Participants => PARTICIPANTS,
        EntryKind::Concern => CONCERN,
        EntryKind::Goal => GOAL,
        EntryKind::Measure => MEASURE,
        EntryKind::Meeting => MEETING,
        EntryKind::AgendaPoint => AGENDA_POINT,
        EntryKind::Agreement => AGREEMENT,
        EntryKind::Decision => DECISION,
        EntryKind::Evaluation => EVALUATION,
        EntryKind::ChildVoice => CHILD_VOICE,
        EntryKind::GuardianInput => GUARDIAN_INPUT,
        EntryKind::Note => NOTE,
        EntryKind::BrightSpot => BRIGHT_SPOT,
    }
}

/// Returns one field of a kind; none if the kind does not have it.
pub fn field(kind: EntryKind, key: FieldKey) -> Option<&'static Field> {
    fields(kind).iter().find(|field| field.key == key)
}

/// A field of the case card, as a consent names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "FieldKey", into = "FieldKey")]
pub struct CardField(FieldKey);

/// What a consent shares of the case card unless it says otherwise. Never among them: address,
/// parental responsibility and the national identity number.
pub const CARD_DEFAULT_FIELDS: &[CardField] = &[
    CardField(FieldKey::Name),
    CardField(FieldKey::BirthDate),
    CardField(FieldKey::SubjectKind),
    CardField(FieldKey::Unit),
    CardField(FieldKey::Group),
    CardField(FieldKey::School),
    CardField(FieldKey::Language),
    CardField(FieldKey::Interpreter),
    CardField(FieldKey::Level),
    CardField(FieldKey::Step),
    CardField(FieldKey::Status),
    CardField(FieldKey::Guardians),
];

/// The fields of the case card that say where the family lives or goes, or how it is reached.
pub const PLACE_CARD_FIELDS: &[FieldKey] = &[
    FieldKey::Unit,
    FieldKey::Group,
    FieldKey::School,
    FieldKey::Address,
    FieldKey::Phone,
    FieldKey::Email,
    FieldKey::Guardians,
];

impl CardField {
    /// Goes through all fields of the case card, in the order a form shows them.
    pub fn all() -> impl Iterator<Item = Self> {
        CASE_CARD.iter().map(|field| Self(field.key))
    }

    /// Returns the field.
    pub const fn key(self) -> FieldKey {
        self.0
    }
}

impl TryFrom<FieldKey> for CardField {
    type Error = FieldKeyError;

    fn try_from(key: FieldKey) -> Result<Self, FieldKeyError> {
        field(EntryKind::CaseCard, key).map(|field| Self(field.key)).ok_or(FieldKeyError)
    }
}

impl From<CardField> for FieldKey {
    fn from(field: CardField) -> Self {
        field.0
    }
}

impl bincode::Encode for CardField {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        self.0.code().encode(encoder)
    }
}

impl<Context> bincode::Decode<Context> for CardField {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        FieldKey::from_code(u16::decode(decoder)?)
            .and_then(|key| Self::try_from(key).ok())
            .ok_or(bincode::error::DecodeError::Other("no field of the case card"))
    }
}

bincode::impl_borrow_decode!(CardField);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_names_a_field_twice() {
        for kind in EntryKind::ALL {
            let keys: std::collections::BTreeSet<_> = fields(kind).iter().map(|field| field.key).collect();
            assert_eq!(keys.len(), fields(kind).len(), "{kind}");
        }
    }

    #[test]
    fn deadline_and_responsible_are_always_settled_by_the_holder() {
        for field in EntryKind::ALL.into_iter().flat_map(fields) {
            let for_holder = matches!(field.key, FieldKey::Deadline | FieldKey::Responsible);
            assert_eq!(field.settled_by_holder, for_holder, "{}", field.key);
        }
    }

    #[test]
    fn a_measure_is_not_made_without_one_responsible_and_a_deadline() {
        for key in [FieldKey::Title, FieldKey::Responsible, FieldKey::Deadline, FieldKey::Status] {
            assert!(field(EntryKind::Measure, key).is_some_and(|field| field.required), "{key}");
        }
    }

    #[test]
    fn the_usual_card_has_no_address_no_parental_responsibility_and_no_identity_number() {
        for key in [FieldKey::Address, FieldKey::ParentalResponsibility, FieldKey::NationalIdentityNumber] {
            let card_field = CardField::try_from(key).expect("a field of the card");
            assert!(!CARD_DEFAULT_FIELDS.contains(&card_field), "{key}");
        }
    }

    #[test]
    fn only_fields_of_the_card_are_card_fields() {
        assert_eq!(CardField::try_from(FieldKey::Deadline), Err(FieldKeyError));
        assert!(CARD_DEFAULT_FIELDS.iter().all(|one| CardField::all().any(|other| other == *one)));
    }

    #[test]
    fn every_kind_is_found_by_its_number_and_by_its_name() {
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).expect("a string"), kind.as_str());
        }
    }
}
