//! A move as the old owner sees it: one rule for every change, and what is to be said in each state.
//!
//! ```text
//! offered ──accepted──▶ accepted ──packed──▶ packed ──stored──▶ stored ──▶ transferred ──▶ confirmed
//!    │                     │                  │  ▲ made anew       │
//!    ├──declined           └──────────────────┴──┴─────────────────┤
//!    └──▶ ended: recalled, lapsed, a consent over, a protected address, an agreement over
//! ```
//!
//! An end and a transfer exclude each other, because neither state takes the other's event. The old
//! owner is the owner in every state but the last two.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::package::Packed;
use crate::id::ConsentId;
use crate::limits::SUCCESSION_OPEN_MS;
use crate::municipality::ServiceCode;
use crate::planted::planted;
use crate::signed::StatementHash;
use crate::time::UnixMillis;

/// What was offered, as far as the rules ask for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Offering {
    /// The offer's token.
    pub offer: StatementHash,
    /// Under which consent.
    pub consent: ConsentId,
    /// Which services may accept.
    pub services: BTreeSet<ServiceCode>,
    /// The first millisecond on which it can no longer be accepted.
    pub lapses_at: UnixMillis,
}

/// Who accepted, and when this side learned of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Acceptance {
    /// The acceptance's token.
    pub answer: StatementHash,
    /// Which service takes the case.
    pub service: ServiceCode,
    /// When it came.
    pub at: UnixMillis,
}

/// Why a move came to nothing: for the old owner's people alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndCause {
    /// The stafettholder or the leader took it back.
    Recalled,
    /// Nobody accepted in time.
    Lapsed,
    /// It was accepted and never carried out.
    NotCarriedOut,
    /// The consent to it is over.
    ConsentOver,
    /// An address of the family is protected.
    Blocked,
    /// The agreement with the other municipality is over, or covers it no longer.
    AgreementOver,
    /// A node that was restored does not know the offer any more.
    Restored,
}

/// What became of a move, as far as a chain that was restored is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "became", rename_all = "kebab-case")]
pub enum Became {
    /// The case is the other municipality's.
    Transferred {
        /// The acceptance's token.
        answer: StatementHash,
        /// What the case is opened from.
        packed: Packed,
    },
    /// It came to nothing.
    Ended,
}

/// Something that the new owner must know though the case is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateWord {
    /// The family took its consent to the move back.
    ConsentTakenBack,
    /// An address of the family is protected.
    AddressProtected,
}

/// How the consent to a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentStanding {
    /// It counts.
    Counts,
    /// It waits for somebody: nothing new is sent, and nothing ends.
    Paused,
    /// It was withdrawn, refused, or has run out.
    Over,
}

/// What a move rests on, besides what the two sides say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The consent to it.
    pub consent: ConsentStanding,
    /// Whether a protected address forbids it.
    pub is_blocked: bool,
    /// Whether the agreement with the other municipality covers it.
    pub is_agreed: bool,
}

/// Where a move is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Leaving {
    /// It waits for an answer.
    Offered {
        /// What was offered.
        offering: Offering,
    },
    /// Somebody takes the case; the package is to be made.
    Accepted {
        /// What was offered.
        offering: Offering,
        /// Who accepted.
        acceptance: Acceptance,
    },
    /// The package is made and on its way.
    Packed {
        /// What was offered.
        offering: Offering,
        /// Who accepted.
        acceptance: Acceptance,
        /// The package.
        packed: Packed,
    },
    /// The new owner has the package and asks what becomes of it.
    Stored {
        /// What was offered.
        offering: Offering,
        /// Who accepted.
        acceptance: Acceptance,
        /// The package.
        packed: Packed,
    },
    /// The case is the new owner's.
    Transferred {
        /// The acceptance on which it rests.
        answer: StatementHash,
        /// What the new case is opened from.
        packed: Packed,
        /// When.
        since: UnixMillis,
        /// Whether the new owner has said that it opened the case.
        is_confirmed: bool,
        /// What was said since, each with whether the new owner has it. A word's number is its place.
        late: Vec<(LateWord, bool)>,
    },
    /// It came to nothing, and the case stays.
    Ended {
        /// Why.
        cause: EndCause,
        /// Whether the other side has the end.
        is_kept: bool,
    },
    /// The other side said no, and the case stays.
    Declined,
}

/// Something that befalls a move.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeavingEvent {
    /// The other side accepts an offer.
    Accepted {
        /// The offer that it accepts.
        offer: StatementHash,
        /// The acceptance's token.
        answer: StatementHash,
        /// Which service takes the case.
        service: ServiceCode,
    },
    /// The other side declines an offer.
    Declined {
        /// The offer that it declines.
        offer: StatementHash,
    },
    /// A package was made, for the first time or anew.
    Packed(Packed),
    /// The other side has a package whole.
    Stored(Packed),
    /// The stafettholder carries the move out.
    Transferred,
    /// The other side has opened the case.
    Confirmed(Packed),
    /// The move ends for a cause.
    Ended(EndCause),
    /// The other side has the end.
    EndKept,
    /// Time has passed.
    Waited,
    /// Something that the new owner must know is said.
    Late(LateWord),
    /// The new owner has a late word.
    LateKept(u32),
}

/// An event does not fit the state of a move; nothing changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SuccessionError {
    /// The state takes no such event: it came twice, too late, or was never asked for.
    #[error("the move is not at that point")]
    OutOfTurn,
    /// It is about another offer, package or service than the one that stands.
    #[error("not the offer, package or service of this move")]
    NotThisOne,
}

/// What the old owner says until the other side has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeavingSays {
    /// The offer.
    Offer,
    /// That a package is ready.
    Ready(Packed),
    /// That it came to nothing.
    Ended,
    /// That the case is the other's, with the key.
    Transferred(Packed),
    /// A late word, by its number.
    Late(u32, LateWord),
}

impl Leaving {
    /// Returns where a move is after an event.
    ///
    /// # Errors
    /// [`SuccessionError`] if the event does not fit: nothing changes then, and whoever caused it is
    /// told [`answer`](Self::answer).
    pub fn step(&self, event: &LeavingEvent, now: UnixMillis) -> Result<Self, SuccessionError> {
        match (self, event) {
            (Self::Offered { offering }, LeavingEvent::Accepted { offer, answer, service }) => {
                offering.accepted(*offer, *answer, service, now)
            }
            (Self::Offered { offering }, LeavingEvent::Declined { offer }) => {
                if *offer == offering.offer {
                    Ok(Self::Declined)
                } else {
                    Err(SuccessionError::NotThisOne)
                }
            }
            (_, LeavingEvent::Packed(packed)) => self.packed(*packed),
            (Self::Packed { offering, acceptance, packed }, LeavingEvent::Stored(stored)) => {
                if stored != packed && !planted!("succession-any-package-stored") {
                    return Err(SuccessionError::NotThisOne);
                }
                let (offering, acceptance) = (offering.clone(), acceptance.clone());
                Ok(Self::Stored { offering, acceptance, packed: *packed })
            }
            (Self::Stored { acceptance, packed, .. }, LeavingEvent::Transferred) => {
                Ok(Self::carried_out(acceptance.answer, *packed, now))
            }
            (Self::Packed { acceptance, packed, .. }, LeavingEvent::Transferred)
                if planted!("succession-transferred-unstored") =>
            {
                Ok(Self::carried_out(acceptance.answer, *packed, now))
            }
            (_, LeavingEvent::Ended(cause)) => self.ended(*cause),
            (_, LeavingEvent::Waited) => self.waited(now),
            (Self::Ended { cause, is_kept: false }, LeavingEvent::EndKept) => {
                Ok(Self::Ended { cause: *cause, is_kept: true })
            }
            (Self::Transferred { .. }, _) => self.after_the_transfer(event),
            _ => Err(SuccessionError::OutOfTurn),
        }
    }

    /// Returns what must be said on a new connection, and again until the other side has answered.
    pub fn says(&self) -> Option<LeavingSays> {
        match self {
            Self::Offered { .. } => Some(LeavingSays::Offer),
            Self::Packed { packed, .. } => Some(LeavingSays::Ready(*packed)),
            Self::Ended { is_kept: false, .. } if !planted!("succession-end-silent") => {
                Some(LeavingSays::Ended)
            }
            Self::Transferred { packed, is_confirmed: false, .. } => Some(LeavingSays::Transferred(*packed)),
            Self::Transferred { late, .. } => {
                let waiting = (0..).zip(late).find(|(_, (_, is_kept))| !is_kept);
                waiting.map(|(number, (word, _))| LeavingSays::Late(number, *word))
            }
            _ => None,
        }
    }

    /// Returns what whoever asks, or says once more what is settled here, is told: of an end and of a
    /// transfer the same for ever. A new owner that was restored fetches the package again.
    pub fn answer(&self) -> Vec<LeavingSays> {
        match self {
            Self::Ended { .. } => vec![LeavingSays::Ended],
            Self::Transferred { is_confirmed: true, .. } if planted!("succession-answer-forgotten") => {
                vec![LeavingSays::Ended]
            }
            Self::Transferred { packed, .. } => {
                vec![LeavingSays::Ready(*packed), LeavingSays::Transferred(*packed)]
            }
            Self::Stored { packed, .. } => vec![LeavingSays::Ready(*packed)],
            Self::Offered { .. } | Self::Accepted { .. } | Self::Packed { .. } | Self::Declined => {
                self.says().into_iter().collect()
            }
        }
    }

    /// Returns why a move that is not carried out is over, if it is.
    pub fn over(&self, standing: &Standing) -> Option<EndCause> {
        if !self.is_open() {
            return None;
        }
        match () {
            () if standing.is_blocked && !planted!("succession-protection-ignored") => {
                Some(EndCause::Blocked)
            }
            () if standing.consent == ConsentStanding::Over && !planted!("succession-withdrawal-ignored") => {
                Some(EndCause::ConsentOver)
            }
            () if !standing.is_agreed => Some(EndCause::AgreementOver),
            () => None,
        }
    }

    /// Returns whether the stafettholder may carry the move out now.
    pub fn may_transfer(&self, standing: &Standing) -> bool {
        let is_stored = matches!(self, Self::Stored { .. })
            || planted!("succession-transferred-unstored") && matches!(self, Self::Packed { .. });
        is_stored && self.over(standing).is_none() && standing.consent == ConsentStanding::Counts
    }

    /// Returns whether a case with these moves may be offered anew: one that has moved is no longer
    /// this side's, and of two that are open both could be carried out.
    pub fn may_offer<'a>(mut moves: impl Iterator<Item = &'a Self>) -> bool {
        planted!("succession-two-at-once") || moves.all(|one| !one.is_open() && one.is_owner())
    }

    /// Returns the state of a move that is settled: of a node that does not know it any more, or knows
    /// it to be open still.
    pub fn settled(became: Became, now: UnixMillis) -> Self {
        match became {
            Became::Transferred { answer, packed } => Self::carried_out(answer, packed, now),
            Became::Ended => Self::ended_before(),
        }
    }

    /// Returns the state of a move that is carried out, now or by what a journal says of the time before
    /// a restore.
    pub fn carried_out(answer: StatementHash, packed: Packed, now: UnixMillis) -> Self {
        Self::Transferred { answer, packed, since: now, is_confirmed: false, late: Vec::new() }
    }

    /// Returns the state of a move that a node does not know any more, or knows to be ended.
    pub fn ended_before() -> Self {
        Self::Ended { cause: EndCause::Restored, is_kept: false }
    }

    /// Returns whether the case is still the old owner's.
    pub fn is_owner(&self) -> bool {
        !matches!(self, Self::Transferred { .. })
    }

    /// Returns whether the move is undecided: no other may begin meanwhile.
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Self::Offered { .. } | Self::Accepted { .. } | Self::Packed { .. } | Self::Stored { .. }
        )
    }

    /// Returns what was offered, while the move is undecided.
    pub fn offering(&self) -> Option<&Offering> {
        match self {
            Self::Offered { offering }
            | Self::Accepted { offering, .. }
            | Self::Packed { offering, .. }
            | Self::Stored { offering, .. } => Some(offering),
            Self::Transferred { .. } | Self::Ended { .. } | Self::Declined => None,
        }
    }

    /// Returns the package that stands, if one was made: until the move is decided it may be made anew.
    pub fn package(&self) -> Option<Packed> {
        match self {
            Self::Packed { packed, .. } | Self::Stored { packed, .. } | Self::Transferred { packed, .. } => {
                Some(*packed)
            }
            _ => None,
        }
    }

    /// Returns who has accepted, while the move is undecided.
    pub fn acceptance(&self) -> Option<&Acceptance> {
        match self {
            Self::Accepted { acceptance, .. }
            | Self::Packed { acceptance, .. }
            | Self::Stored { acceptance, .. } => Some(acceptance),
            _ => None,
        }
    }

    /// Returns when an undecided move comes to nothing by itself.
    pub fn ends_by_itself_at(&self) -> Option<UnixMillis> {
        match self {
            Self::Offered { offering } => Some(offering.lapses_at),
            _ => self.acceptance().map(|acceptance| acceptance.at.plus(SUCCESSION_OPEN_MS)),
        }
    }

    /// Returns why a move came to nothing, if it did.
    pub fn end_cause(&self) -> Option<EndCause> {
        match self {
            Self::Ended { cause, .. } => Some(*cause),
            _ => None,
        }
    }

    /// Returns whether nothing is left to be said or heard.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Declined | Self::Ended { is_kept: true, .. } => true,
            Self::Transferred { is_confirmed, late, .. } => {
                *is_confirmed && late.iter().all(|(_, is_kept)| *is_kept)
            }
            _ => false,
        }
    }

    /// A package is made once somebody has accepted, and may be made anew: each is the next one.
    fn packed(&self, packed: Packed) -> Result<Self, SuccessionError> {
        let (offering, acceptance, before) = match self {
            Self::Accepted { offering, acceptance } => (offering, acceptance, 0),
            Self::Packed { offering, acceptance, packed } | Self::Stored { offering, acceptance, packed } => {
                (offering, acceptance, packed.revision)
            }
            _ => return Err(SuccessionError::OutOfTurn),
        };
        if packed.revision != before.saturating_add(1) {
            return Err(SuccessionError::NotThisOne);
        }
        let (offering, acceptance) = (offering.clone(), acceptance.clone());
        Ok(Self::Packed { offering, acceptance, packed })
    }

    fn ended(&self, cause: EndCause) -> Result<Self, SuccessionError> {
        let is_planted = planted!("succession-ended-after-transfer") && !self.is_owner();
        if self.is_open() || is_planted {
            Ok(Self::Ended { cause, is_kept: false })
        } else {
            Err(SuccessionError::OutOfTurn)
        }
    }

    fn waited(&self, now: UnixMillis) -> Result<Self, SuccessionError> {
        if self.ends_by_itself_at().is_none_or(|at| now < at) {
            return Err(SuccessionError::OutOfTurn);
        }
        let is_offered = matches!(self, Self::Offered { .. });
        let cause = if is_offered { EndCause::Lapsed } else { EndCause::NotCarriedOut };
        if planted!("succession-lapse-ignored") {
            return Err(SuccessionError::OutOfTurn);
        }
        self.ended(cause)
    }

    fn after_the_transfer(&self, event: &LeavingEvent) -> Result<Self, SuccessionError> {
        let mut next = self.clone();
        let Self::Transferred { packed, is_confirmed, late, .. } = &mut next else {
            return Err(SuccessionError::OutOfTurn);
        };
        match event {
            LeavingEvent::Confirmed(opened) if !*is_confirmed => {
                if opened != packed {
                    return Err(SuccessionError::NotThisOne);
                }
                *is_confirmed = true;
            }
            // What was said once is not said twice.
            LeavingEvent::Late(word) if late.iter().all(|(said, _)| said != word) => {
                late.push((*word, planted!("succession-late-dropped")));
            }
            LeavingEvent::LateKept(number) => {
                match usize::try_from(*number).ok().and_then(|at| late.get_mut(at)) {
                    Some((_, is_kept)) if !*is_kept => *is_kept = true,
                    _ => return Err(SuccessionError::OutOfTurn),
                }
            }
            _ => return Err(SuccessionError::OutOfTurn),
        }
        Ok(next)
    }
}

impl Offering {
    /// Whoever accepts in time is believed; whoever is late gets the end: this side's clock counts.
    fn accepted(
        &self,
        offer: StatementHash,
        answer: StatementHash,
        service: &ServiceCode,
        now: UnixMillis,
    ) -> Result<Leaving, SuccessionError> {
        if offer != self.offer || !self.services.contains(service) {
            return Err(SuccessionError::NotThisOne);
        }
        if self.lapses_at <= now && !planted!("succession-answer-after-lapse") {
            return Ok(Leaving::Ended { cause: EndCause::Lapsed, is_kept: false });
        }
        let acceptance = Acceptance { answer, service: service.clone(), at: now };
        Ok(Leaving::Accepted { offering: self.clone(), acceptance })
    }
}
