//! What the other side of a move says, once its signature holds.

use super::leaving::LeavingEvent;
use super::package::Packed;
use super::sealed::PackageKey;
use super::statement::{Answer, Answered, CaseOpened, Ended, Late, Offer, PackageStored, Transferred};
use crate::id::SuccessionId;
use crate::signed::Verified;

/// What the municipality that may take a case says to its old owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeavingHeard {
    /// It answers the offer.
    Answer(Verified<Answer>),
    /// It has a package whole.
    Stored(Verified<PackageStored>),
    /// It has opened the case.
    Opened(Verified<CaseOpened>),
    /// It has the end.
    EndKept(SuccessionId),
    /// It has a late word.
    LateKept(SuccessionId, u32),
}

impl LeavingHeard {
    /// Returns which move it is about.
    pub fn succession(&self) -> SuccessionId {
        match self {
            Self::Answer(answer) => answer.statement().course.succession,
            Self::Stored(stored) => stored.statement().course.succession,
            Self::Opened(opened) => opened.statement().course.succession,
            Self::EndKept(succession) | Self::LateKept(succession, _) => *succession,
        }
    }

    /// Returns what it is for the old owner's machine.
    pub fn event(&self) -> LeavingEvent {
        match self {
            Self::Answer(answer) => {
                let offer = answer.statement().offer;
                match &answer.statement().answered {
                    Answered::Accepted { service, .. } => {
                        LeavingEvent::Accepted { offer, answer: answer.hash(), service: service.clone() }
                    }
                    Answered::Declined { .. } => LeavingEvent::Declined { offer },
                }
            }
            Self::Stored(stored) => LeavingEvent::Stored(stored.statement().packed),
            Self::Opened(opened) => LeavingEvent::Confirmed(opened.statement().packed),
            Self::EndKept(_) => LeavingEvent::EndKept,
            Self::LateKept(_, number) => LeavingEvent::LateKept(*number),
        }
    }
}

/// What the old owner of a case says to the municipality that may take it.
#[derive(Debug, PartialEq, Eq)]
pub enum ArrivingHeard {
    /// It asks whether a service takes the case.
    Offer(Verified<Offer>),
    /// A package is ready.
    Ready {
        /// Of which move.
        succession: SuccessionId,
        /// Which.
        packed: Packed,
        /// How many bytes it has.
        bytes: u32,
    },
    /// A part of it came.
    Part {
        /// Of which move.
        succession: SuccessionId,
        /// Of which package.
        revision: u32,
        /// Which part.
        index: u32,
        /// What stands in it.
        bytes: Vec<u8>,
    },
    /// The move comes to nothing.
    Ended(Verified<Ended>),
    /// The case is this side's.
    Transferred(Verified<Transferred>, PackageKey),
    /// Something that the new owner must know.
    Late(Verified<Late>),
    /// It shows an answer of this side's own, from before a restore.
    Remembered(Verified<Answer>),
}

impl ArrivingHeard {
    /// Returns which move it is about.
    pub fn succession(&self) -> SuccessionId {
        match self {
            Self::Offer(said) => said.statement().course.succession,
            Self::Ended(said) => said.statement().course.succession,
            Self::Transferred(said, _) => said.statement().course.succession,
            Self::Late(said) => said.statement().course.succession,
            Self::Remembered(said) => said.statement().course.succession,
            Self::Ready { succession, .. } | Self::Part { succession, .. } => *succession,
        }
    }
}
