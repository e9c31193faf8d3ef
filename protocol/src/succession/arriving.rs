//! A move as the new owner sees it: from an offer that names nobody to a case of its own.
//!
//! ```text
//! offered ──accepts──▶ accepted ──all parts──▶ in doubt ──transferred──▶ owner
//!    │                    │  ▲ a newer package    │
//!    └──declines          └──┴────────────────────┴──▶ ended: what came is deleted
//! ```
//!
//! In doubt it asks and waits; it never decides by itself (law 18). A node that was restored knows a
//! move by its journal or by what the other side shows it, asks, and fetches the package again.

use serde::{Deserialize, Serialize};

use super::leaving::SuccessionError;
use super::package::Packed;
use crate::planted::planted;
use crate::signed::StatementHash;
use crate::time::UnixMillis;

/// A package that is being fetched, in parts that come in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Coming {
    /// Which.
    pub packed: Packed,
    /// How many parts it has.
    pub parts: u32,
    /// How many are stored: all below this.
    pub have: u32,
}

/// Where a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Arriving {
    /// An offer waits for the coordinator.
    Offered {
        /// Its token.
        offer: StatementHash,
        /// The first millisecond on which it can no longer be accepted.
        lapses_at: UnixMillis,
    },
    /// This side said no.
    Declined {
        /// The decline's token.
        answer: StatementHash,
    },
    /// This side said yes; the package is fetched as soon as there is one.
    Accepted {
        /// The acceptance's token.
        answer: StatementHash,
        /// What is being fetched.
        coming: Option<Coming>,
    },
    /// The package is here and cannot be opened: this side asks and waits.
    InDoubt {
        /// The acceptance's token.
        answer: StatementHash,
        /// What is stored.
        stored: Packed,
    },
    /// The case is this side's; it has opened it.
    Owner {
        /// The acceptance's token.
        answer: StatementHash,
        /// What it was opened from.
        opened: Packed,
    },
    /// The case is this side's, but the package is not here: a node that was restored fetches it.
    Waiting {
        /// The acceptance's token.
        answer: StatementHash,
        /// What the case is to be opened from.
        packed: Packed,
        /// What is being fetched.
        coming: Option<Coming>,
        /// Whether it is here whole.
        is_stored: bool,
    },
    /// It came to nothing.
    Ended,
    /// A node that was restored asks what became of a move; with its own answer, once it knows it.
    Asking {
        /// The acceptance's token.
        answer: Option<StatementHash>,
    },
}

/// Something that befalls a move that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArrivingEvent {
    /// Somebody takes the case.
    Accepts {
        /// The acceptance's token.
        answer: StatementHash,
    },
    /// The other side says its offer once more: it has heard of no answer.
    Offered,
    /// The coordinator says no.
    Declines {
        /// The decline's token.
        answer: StatementHash,
    },
    /// A package is ready at the other side, of so many parts.
    Ready {
        /// Which.
        packed: Packed,
        /// How many parts it has: 1 or more.
        parts: u32,
    },
    /// A part was stored.
    Part {
        /// Of which package.
        revision: u32,
        /// Which part, from 0.
        index: u32,
    },
    /// All parts are here, and together they are what was promised, or not.
    Whole {
        /// Whether their hash fits.
        fits: bool,
    },
    /// The other side ended it.
    Ended,
    /// The case is this side's.
    Transferred {
        /// On which acceptance it rests.
        answer: StatementHash,
        /// From which package the case is opened.
        packed: Packed,
    },
    /// The other side shows an answer of this side's own, from before a restore.
    Remembered {
        /// The answer's token.
        answer: StatementHash,
        /// Whether it was a yes.
        is_yes: bool,
    },
}

/// What the new owner says until the other side has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArrivingSays {
    /// The acceptance.
    Accepted(StatementHash),
    /// The decline.
    Declined(StatementHash),
    /// Which part of which package it wants next.
    Want {
        /// The package's revision.
        revision: u32,
        /// The part.
        index: u32,
    },
    /// That the package is here: the question of law 18.
    Stored(Packed),
    /// That the case is opened.
    Confirmed(Packed),
    /// That it has the end.
    EndKept,
    /// That it was restored and wants to know.
    Ask,
}

impl Arriving {
    /// Returns where a move is after an event.
    ///
    /// # Errors
    /// [`SuccessionError`] if the event does not fit: nothing changes then, and whoever caused it is
    /// told [`answer`](Self::answer).
    pub fn step(self, event: ArrivingEvent, now: UnixMillis) -> Result<Self, SuccessionError> {
        match event {
            ArrivingEvent::Accepts { answer } => match self {
                Self::Offered { lapses_at, .. } if now < lapses_at => {
                    Ok(Self::Accepted { answer, coming: None })
                }
                Self::Declined { .. } if planted!("succession-accepts-after-declining") => {
                    Ok(Self::Accepted { answer, coming: None })
                }
                _ => Err(SuccessionError::OutOfTurn),
            },
            ArrivingEvent::Offered => match self {
                Self::Asking { answer: Some(answer) } => Ok(Self::Accepted { answer, coming: None }),
                _ => Err(SuccessionError::OutOfTurn),
            },
            ArrivingEvent::Declines { answer } => match self {
                Self::Offered { .. } => Ok(Self::Declined { answer }),
                _ => Err(SuccessionError::OutOfTurn),
            },
            ArrivingEvent::Ready { packed, parts } => self.ready(packed, parts),
            ArrivingEvent::Part { revision, index } => self.part(revision, index),
            ArrivingEvent::Whole { fits } => self.whole(fits),
            ArrivingEvent::Ended => self.ended(),
            ArrivingEvent::Transferred { answer, packed } => self.transferred(answer, packed),
            ArrivingEvent::Remembered { answer, is_yes } => match self {
                Self::Asking { answer: None } if is_yes => Ok(Self::Asking { answer: Some(answer) }),
                Self::Asking { answer: None } => Ok(Self::Declined { answer }),
                _ => Err(SuccessionError::OutOfTurn),
            },
        }
    }

    /// Returns what must be said on a new connection, and again until the other side has answered.
    pub fn says(self) -> Option<ArrivingSays> {
        match self {
            Self::Accepted { answer, coming: None } => Some(ArrivingSays::Accepted(answer)),
            Self::Accepted { coming: Some(coming), .. } | Self::Waiting { coming: Some(coming), .. } => {
                coming.wants()
            }
            Self::InDoubt { stored, .. } => Some(ArrivingSays::Stored(stored)),
            // The other side says the transfer until this side has opened the case.
            Self::Waiting { .. } | Self::Asking { .. } => Some(ArrivingSays::Ask),
            Self::Offered { .. } | Self::Declined { .. } | Self::Owner { .. } | Self::Ended => None,
        }
    }

    /// Returns what the other side is told when it says once more what is settled here.
    pub fn answer(self) -> Option<ArrivingSays> {
        match self {
            Self::Declined { answer } => Some(ArrivingSays::Declined(answer)),
            Self::Owner { opened, .. } => Some(ArrivingSays::Confirmed(opened)),
            Self::Ended => Some(ArrivingSays::EndKept),
            _ => self.says(),
        }
    }

    /// Returns whether the case is this side's.
    pub fn is_owner(self) -> bool {
        matches!(self, Self::Owner { .. })
    }

    /// Returns how many parts of a package lie here, from the first: none of an earlier package stays.
    pub fn parts_kept(self) -> u32 {
        match self {
            Self::InDoubt { .. } | Self::Waiting { coming: None, is_stored: true, .. } => u32::MAX,
            Self::Accepted { coming: Some(coming), .. } | Self::Waiting { coming: Some(coming), .. } => {
                coming.have
            }
            _ => 0,
        }
    }

    /// Returns whether parts of a package may lie here.
    pub fn keeps_parts(self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::InDoubt { .. } | Self::Waiting { .. })
    }

    fn ready(self, packed: Packed, parts: u32) -> Result<Self, SuccessionError> {
        let coming = Some(Coming { packed, parts: parts.max(1), have: 0 });
        match self {
            Self::Accepted { answer, coming: known }
                if known.is_none_or(|known| known.packed.revision < packed.revision) =>
            {
                Ok(Self::Accepted { answer, coming })
            }
            Self::InDoubt { answer, stored } if stored.revision < packed.revision => {
                Ok(Self::Accepted { answer, coming })
            }
            // It was restored, asked, and the move goes on as it was.
            Self::Asking { answer: Some(answer) } => Ok(Self::Accepted { answer, coming }),
            Self::Waiting { answer, packed: awaited, coming: None, is_stored: false } => {
                if awaited != packed {
                    return Err(SuccessionError::NotThisOne);
                }
                Ok(Self::Waiting { answer, packed, coming, is_stored: false })
            }
            _ => Err(SuccessionError::OutOfTurn),
        }
    }

    fn part(mut self, revision: u32, index: u32) -> Result<Self, SuccessionError> {
        let (Self::Accepted { coming: Some(coming), .. } | Self::Waiting { coming: Some(coming), .. }) =
            &mut self
        else {
            return Err(SuccessionError::OutOfTurn);
        };
        if coming.packed.revision != revision {
            return Err(SuccessionError::NotThisOne);
        }
        if coming.have != index || coming.have >= coming.parts {
            return Err(SuccessionError::OutOfTurn);
        }
        coming.have = coming.have.saturating_add(1);
        Ok(self)
    }

    fn whole(self, fits: bool) -> Result<Self, SuccessionError> {
        match self {
            Self::Accepted { answer, coming: Some(coming) } if coming.is_whole() => {
                let stored = coming.packed;
                let again = Coming { have: 0, ..coming };
                Ok(match () {
                    () if fits && planted!("succession-owner-before-key") => {
                        Self::Owner { answer, opened: stored }
                    }
                    () if fits => Self::InDoubt { answer, stored },
                    () => Self::Accepted { answer, coming: Some(again) },
                })
            }
            Self::Waiting { answer, packed, coming: Some(coming), .. } if coming.is_whole() => {
                let again = Coming { have: 0, ..coming };
                let coming = (!fits).then_some(again);
                Ok(Self::Waiting { answer, packed, coming, is_stored: fits })
            }
            _ => Err(SuccessionError::OutOfTurn),
        }
    }

    fn ended(self) -> Result<Self, SuccessionError> {
        match self {
            Self::Accepted { .. } | Self::InDoubt { .. } if planted!("succession-parts-kept-at-end") => {
                Ok(self)
            }
            // A decline that crossed the end says the same.
            Self::Offered { .. }
            | Self::Declined { .. }
            | Self::Accepted { .. }
            | Self::InDoubt { .. }
            | Self::Asking { .. } => Ok(Self::Ended),
            // A node that says both is broken or was restored without its journal: a person decides.
            Self::Owner { .. } | Self::Waiting { .. } | Self::Ended => Err(SuccessionError::OutOfTurn),
        }
    }

    fn transferred(self, on: StatementHash, packed: Packed) -> Result<Self, SuccessionError> {
        match self {
            Self::InDoubt { answer, stored } if answer == on => {
                if stored == packed {
                    return Ok(Self::Owner { answer, opened: packed });
                }
                Ok(Self::Waiting { answer, packed, coming: None, is_stored: false })
            }
            Self::Accepted { answer, coming } if answer == on => {
                let coming = coming.filter(|coming| coming.packed == packed);
                Ok(Self::Waiting { answer, packed, coming, is_stored: false })
            }
            Self::Asking { answer: Some(answer) } if answer == on => {
                Ok(Self::Waiting { answer, packed, coming: None, is_stored: false })
            }
            Self::Waiting { answer, packed: awaited, is_stored: true, .. }
                if answer == on && awaited == packed =>
            {
                Ok(Self::Owner { answer, opened: packed })
            }
            _ => Err(SuccessionError::OutOfTurn),
        }
    }
}

impl Coming {
    fn is_whole(&self) -> bool {
        self.have >= self.parts
    }

    fn wants(self) -> Option<ArrivingSays> {
        let want = ArrivingSays::Want { revision: self.packed.revision, index: self.have };
        (!self.is_whole()).then_some(want)
    }
}
