//! A draft (kladd): an entry in the making, which nobody outside its node can ask for (law 6).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::case::REDACTED;
use crate::case::edit::CaseFault;
use crate::entry::content::Fields;
use crate::entry::schema::field;
use crate::entry::value::{FieldValue, check_value};
use crate::entry::{About, ChangeHash, Content, ContentError, EntryKind, Heads};
use crate::id::{AccountId, DraftId};
use crate::limits::{AREAS_MAX, CHANGE_DEPENDENCIES_MAX, DRAFT_CHARACTERS_MAX};
use crate::municipality::AreaCode;
use crate::time::UnixMillis;

/// An entry that somebody writes on. It may lack fields that an entry must have.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// Who began it; saving it again does not change that.
    pub author: AccountId,
    /// What it is to become; never changes.
    pub kind: EntryKind,
    /// What is written so far, by the fields of its kind.
    pub fields: Fields,
    /// The areas that it is to have.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// When it was last saved with a difference.
    pub updated_at: UnixMillis,
}

impl Draft {
    /// Returns the content of the entry that the draft becomes when it is published.
    ///
    /// # Errors
    /// [`ContentError::Missing`] for a required field that nobody has filled in yet; the others
    /// for a draft that did not come from a case.
    pub fn content(&self) -> Result<Content, ContentError> {
        Content::new(self.kind, self.fields.clone())
    }

    /// Returns the draft as it is stored: texts normalized, empty fields left out.
    pub(crate) fn checked(&self) -> Result<Self, CaseFault> {
        if self.areas.len() > AREAS_MAX || self.about.len() > AREAS_MAX {
            return Err(CaseFault::TooManyAreas { max: AREAS_MAX });
        }
        let mut fields = Fields::new();
        for (key, value) in &self.fields {
            let value = value.clone().normalized();
            let of =
                field(self.kind, *key).ok_or(ContentError::UnknownField { kind: self.kind, field: *key })?;
            if value.is_empty() {
                continue;
            }
            check_value(of, &value).map_err(|fault| ContentError::Value { field: *key, fault })?;
            fields.insert(*key, value);
        }
        let draft = Self { fields, ..self.clone() };
        if draft.characters() > DRAFT_CHARACTERS_MAX {
            return Err(CaseFault::DraftTooLong { draft: draft.id, characters_max: DRAFT_CHARACTERS_MAX });
        }
        Ok(draft)
    }

    /// Returns how many characters all fields have together.
    pub(crate) fn characters(&self) -> usize {
        let length = |line: &String| line.chars().count();
        self.fields
            .values()
            .map(|value| match value {
                FieldValue::Flag(_) | FieldValue::Number(_) => 1,
                FieldValue::Text(text) => length(text),
                FieldValue::Lines(lines) => lines.iter().map(length).sum(),
                FieldValue::Records(records) => {
                    records.iter().flat_map(|record| record.values()).map(length).sum()
                }
            })
            .sum()
    }

    /// Returns whether somebody who reads both sees the same.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.fields == other.fields && self.areas == other.areas && self.about == other.about
    }

    pub(crate) fn revision(&self, heads: Heads) -> DraftRevision {
        #[expect(clippy::expect_used, reason = "string keys, strings and integers always have JSON")]
        let said = serde_json::to_vec(&(&self.fields, &self.areas, &self.about)).expect("plain values");
        DraftRevision { said: Sha256::digest(said).into(), heads }
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({}, {}, {REDACTED})", self.id, self.kind)
    }
}

/// What somebody had before them when they began to write: goes out with the form and comes back
/// with what was written, so that two people's writing merges by character.
///
/// The hash of what the draft said makes it hold also after the document's history is dropped, as
/// long as nobody else changed this draft. It comes back from a browser, so it is not trusted: a
/// wrong one merges wrongly within the draft that its sender may write anyway, or is refused.
#[derive(Clone, PartialEq, Eq)]
pub struct DraftRevision {
    pub(crate) said: [u8; 32],
    pub(crate) heads: Heads,
}

impl fmt::Debug for DraftRevision {
    /// Leaves the hash out of logs, because what a short draft says can be guessed from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DraftRevision({REDACTED})")
    }
}

impl fmt::Display for DraftRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        self.heads.iter().try_for_each(|head| write!(f, ".{head}"))
    }
}

/// A text was not a draft's revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the revision of a draft")]
pub struct DraftRevisionError;

impl std::str::FromStr for DraftRevision {
    type Err = DraftRevisionError;

    fn from_str(text: &str) -> Result<Self, DraftRevisionError> {
        // One more than the dependencies that a change may have is enough to refuse the rest.
        let hashes: Vec<ChangeHash> = text
            .split('.')
            .take(CHANGE_DEPENDENCIES_MAX.saturating_add(2))
            .map(|part| part.parse().map_err(|_| DraftRevisionError))
            .collect::<Result<_, _>>()?;
        match hashes.split_first() {
            Some((said, heads)) if heads.len() <= CHANGE_DEPENDENCIES_MAX => {
                let heads = heads.to_vec().try_into().map_err(|_| DraftRevisionError)?;
                Ok(Self { said: said.0, heads })
            }
            _ => Err(DraftRevisionError),
        }
    }
}
