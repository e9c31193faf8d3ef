//! The case card: what of a private case a consent lets others read, as an entry.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::case::{GuardianDetails, ParentalResponsibility, PrivateCase, REDACTED, codes};
use crate::consent::rule::{Party, SubjectKind};
use crate::entry::content::Fields;
use crate::entry::value::FieldValue;
use crate::entry::{CardField, Content, ContentError, Edit, EntryKind, FieldKey};
use crate::ledger::statement::Level;

codes! {
    /// Where a case stands, as a card says it.
    CaseStatus {
        /// Opened, and nothing done yet.
        Opened = "opened",
        /// Somebody works on it.
        Active = "active",
        /// It waits or has come to a stop.
        Waiting = "waiting",
        /// Another municipality was asked to take over.
        InTransfer = "in-transfer",
        /// Closed.
        Closed = "closed",
        /// Closed and handed to the archive.
        Archived = "archived",
    }
}

/// Everything that a card may be made of: the private case and what the ledger says beside it.
#[derive(Clone, Copy)]
pub struct CardSource<'a> {
    /// The private case.
    pub case: &'a PrivateCase,
    /// The family as the ledger has it: of the private case's guardians only these are on a card,
    /// not those who wait for a leader's approval or were there before.
    pub parties: &'a [Party],
    /// Whom the case is about.
    pub subject_kind: SubjectKind,
    /// The level of the action guide (nivå).
    pub level: Level,
    /// The step of the action guide (trinn), if the municipality's guide has steps.
    pub step: Option<&'a str>,
    /// Where the case stands.
    pub status: CaseStatus,
}

impl CardSource<'_> {
    /// Returns the content of a card with the chosen fields and no others. A chosen field without
    /// a value is left out.
    ///
    /// # Errors
    /// [`ContentError::Value`] if the step is not one line; the private case has checked the rest.
    pub fn content(&self, chosen: &BTreeSet<CardField>) -> Result<Content, ContentError> {
        let fields = chosen.iter().filter_map(|field| Some((field.key(), self.value(*field)?)));
        Content::new(EntryKind::CaseCard, fields.collect::<Fields>())
    }

    /// Returns the edit that brings a card with the chosen fields up to date. A field outside the
    /// choice is not named: what a reader may no longer see is recalled, never edited away, because
    /// an edit leaves it in the document's history.
    ///
    /// # Errors
    /// As [`Self::content`].
    pub fn edit(&self, chosen: &BTreeSet<CardField>) -> Result<Edit, ContentError> {
        let fields: BTreeMap<_, _> = chosen.iter().map(|field| (field.key(), self.value(*field))).collect();
        Edit::new(EntryKind::CaseCard, fields)
    }

    fn value(&self, field: CardField) -> Option<FieldValue> {
        match field.key() {
            FieldKey::SubjectKind => Some(subject_kind_code(self.subject_kind).into()),
            FieldKey::Level => Some(u64::from(u8::from(self.level)).into()),
            FieldKey::Step => self.step.filter(|step| !step.is_empty()).map(FieldValue::from),
            FieldKey::Status => Some(self.status.as_str().into()),
            FieldKey::Guardians => guardian_names(self.guardians()),
            FieldKey::ParentalResponsibility => {
                common_responsibility(self.guardians()).map(|kind| kind.as_str().into())
            }
            key => self.case.subject.fields().remove(&key),
        }
    }

    fn guardians(&self) -> impl Iterator<Item = &GuardianDetails> {
        let of_family = |person| self.parties.iter().any(|party| party.person == person);
        self.case.guardians.iter().filter(move |guardian| of_family(guardian.person))
    }
}

impl fmt::Debug for CardSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardSource({REDACTED})")
    }
}

const fn subject_kind_code(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Child => "child",
        SubjectKind::Youth => "youth",
        SubjectKind::PregnantWoman => "pregnant",
        SubjectKind::Parent => "parent",
    }
}

/// Names only: how to reach a guardian and what a guardian may decide are not on a card by this.
fn guardian_names<'a>(guardians: impl Iterator<Item = &'a GuardianDetails>) -> Option<FieldValue> {
    let names: Vec<String> = guardians.map(|guardian| guardian.name.clone()).collect();
    (!names.is_empty()).then_some(FieldValue::Lines(names))
}

/// A card has one word for parental responsibility. Guardians without any say nothing; if the
/// others differ there is no one word, and a wrong one would be worse than none.
fn common_responsibility<'a>(
    guardians: impl Iterator<Item = &'a GuardianDetails>,
) -> Option<ParentalResponsibility> {
    let kinds: BTreeSet<_> = guardians
        .filter_map(|guardian| guardian.parental_responsibility)
        .filter(|kind| *kind != ParentalResponsibility::None)
        .collect();
    let mut kinds = kinds.into_iter();
    kinds.next().filter(|_| kinds.next().is_none())
}
