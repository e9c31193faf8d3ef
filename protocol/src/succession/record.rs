//! A move as each side's store keeps it: where it is, and the tokens that must not change.

use serde::{Deserialize, Serialize};

use super::arriving::{Arriving, ArrivingEvent};
use super::hearing::ArrivingHeard;
use super::leaving::{LateWord, Leaving, SuccessionError};
use super::statement::{Answer, Course, Offer};
use crate::id::{AccountId, CaseId};
use crate::limits::PACKAGE_PART_BYTES;
use crate::signed::Verified;
use crate::time::UnixMillis;

/// A move as its old owner keeps it. What becomes of it is told for ever, also when its case is destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingRecord {
    /// Which move.
    pub course: Course,
    /// Which case.
    pub case: CaseId,
    /// Where it is, as the chain of the case has it.
    pub leaving: Leaving,
    /// The offer's token: the answer names it. None on a node that was restored to before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// Whether the other side may have the offer. One that never left ends in silence.
    pub is_handed: bool,
    /// The answer's token, for the other side if it is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Bytes of the package that stands.
    pub bytes: u32,
}

/// A move as the municipality keeps it that may take the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivingRecord {
    /// Which move.
    pub course: Course,
    /// Where it is.
    pub arriving: Arriving,
    /// When it was heard of first.
    pub came_at: UnixMillis,
    /// The offer's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// What the offer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Offer>,
    /// The own answer's token: the transfer names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The token of the end or the transfer, for the old owner if it is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<String>,
    /// Bytes of the package that is fetched.
    pub bytes: u32,
    /// What the old owner has said since the transfer, by its number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<LateWord>,
    /// Whom the coordinator has asked, or who accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<AccountId>,
    /// The case that was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl LeavingRecord {
    /// Starts with an offer that was just decided.
    pub fn offered(case: CaseId, offer: &Verified<Offer>, leaving: Leaving) -> Self {
        let (course, token) = (offer.statement().course, Some(offer.token().to_owned()));
        Self { course, case, leaving, offer: token, is_handed: false, answer: None, bytes: 0 }
    }

    /// Starts with what a node knows that was restored: the other side may have heard of the offer.
    pub fn settled(case: CaseId, course: Course, leaving: Leaving) -> Self {
        Self { course, case, leaving, offer: None, is_handed: true, answer: None, bytes: 0 }
    }

    /// Returns whether the other side has the end of a move, or never heard of the move.
    pub fn is_silent(&self) -> bool {
        !self.is_handed
    }
}

/// How many parts a package of so many bytes has.
pub fn parts_of(bytes: u32) -> u32 {
    let part = u32::try_from(PACKAGE_PART_BYTES).unwrap_or(u32::MAX);
    bytes.div_ceil(part).max(1)
}

impl ArrivingRecord {
    /// Starts with an offer that came.
    pub fn offered(offer: &Verified<Offer>, now: UnixMillis) -> Self {
        let statement = offer.statement();
        let arriving = Arriving::Offered { offer: offer.hash(), lapses_at: statement.lapses_at };
        let (token, terms) = (offer.token().to_owned(), statement.clone());
        Self { offer: Some(token), terms: Some(terms), ..Self::at(statement.course, arriving, now) }
    }

    /// Starts with a move that a restored node knows by its journal alone, or by what it is shown.
    pub fn asking(course: Course, now: UnixMillis) -> Self {
        Self::at(course, Arriving::Asking { answer: None }, now)
    }

    fn at(course: Course, arriving: Arriving, came_at: UnixMillis) -> Self {
        Self {
            course,
            arriving,
            came_at,
            offer: None,
            terms: None,
            answer: None,
            settled: None,
            bytes: 0,
            late: Vec::new(),
            asked: None,
            case: None,
        }
    }

    /// Takes the own answer.
    ///
    /// # Errors
    /// [`SuccessionError`] if the move waits for none.
    pub fn answered(
        &self,
        answer: &Verified<Answer>,
        is_yes: bool,
        now: UnixMillis,
    ) -> Result<Self, SuccessionError> {
        let hash = answer.hash();
        let event = if is_yes {
            ArrivingEvent::Accepts { answer: hash }
        } else {
            ArrivingEvent::Declines { answer: hash }
        };
        let arriving = self.arriving.step(event, now)?;
        Ok(Self { arriving, answer: Some(answer.token().to_owned()), ..self.clone() })
    }

    /// Takes what the old owner says of a move that is known here. Whether a package that is here whole is
    /// what was promised is asked of [`whole`](Self::whole).
    ///
    /// # Errors
    /// [`SuccessionError`] if it does not fit where the move is: nothing changes then.
    pub fn hear(&self, heard: &ArrivingHeard, now: UnixMillis) -> Result<Self, SuccessionError> {
        let mut next = self.clone();
        match heard {
            ArrivingHeard::Offer(offer) => {
                next.arriving = self.arriving.step(ArrivingEvent::Offered, now)?;
                next.offer = Some(offer.token().to_owned());
                next.terms = Some(offer.statement().clone());
            }
            ArrivingHeard::Ready { packed, bytes, .. } => {
                let event = ArrivingEvent::Ready { packed: *packed, parts: parts_of(*bytes) };
                next.arriving = self.arriving.step(event, now)?;
                next.bytes = *bytes;
            }
            ArrivingHeard::Part { revision, index, .. } => {
                let event = ArrivingEvent::Part { revision: *revision, index: *index };
                next.arriving = self.arriving.step(event, now)?;
            }
            ArrivingHeard::Ended(ended) => {
                next.arriving = self.arriving.step(ArrivingEvent::Ended, now)?;
                next.settled = Some(ended.token().to_owned());
                next.asked = None;
            }
            ArrivingHeard::Transferred(transferred, _) => {
                let said = transferred.statement();
                let event = ArrivingEvent::Transferred { answer: said.answer, packed: said.packed };
                next.arriving = self.arriving.step(event, now)?;
                next.settled = Some(transferred.token().to_owned());
            }
            ArrivingHeard::Late(late) => {
                let said = late.statement();
                let is_next = usize::try_from(said.number).is_ok_and(|number| number == self.late.len());
                // Of each word there is one: whoever says it again says nothing.
                if !self.arriving.is_owner() || !is_next || self.late.contains(&said.word) {
                    return Err(SuccessionError::OutOfTurn);
                }
                next.late.push(said.word);
            }
            ArrivingHeard::Remembered(answer) => {
                let is_yes =
                    matches!(answer.statement().answered, super::statement::Answered::Accepted { .. });
                let event = ArrivingEvent::Remembered { answer: answer.hash(), is_yes };
                next.arriving = self.arriving.step(event, now)?;
                next.answer = Some(answer.token().to_owned());
            }
        }
        Ok(next)
    }

    /// Takes whether all parts together are what was promised.
    ///
    /// # Errors
    /// [`SuccessionError`] if parts are missing, or none is fetched.
    pub fn whole(&self, fits: bool, now: UnixMillis) -> Result<Self, SuccessionError> {
        Ok(Self { arriving: self.arriving.step(ArrivingEvent::Whole { fits }, now)?, ..self.clone() })
    }
}
