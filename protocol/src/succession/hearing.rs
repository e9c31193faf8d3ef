//! What the other side of a move says, once its signature holds.

use super::leaving::LeavingEvent;
use super::statement::{Answer, Answered, CaseOpened, PackageStored};
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
