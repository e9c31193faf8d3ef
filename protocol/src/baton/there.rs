//! The baton at a partner (law 14): what the two nodes sign, and what the partner keeps.
//!
//! ```text
//! owner    held by X ──Offer──▶ offered ──Answer taken──▶ held there ──Answer not taken──▶ acting here
//!            ▲                    │                          │
//!            └─ not taken, recalled, lapsed, grant ended ────┘ grant ended: acting here, in that decision
//!
//! partner  – ──Offer──▶ offered ──she takes it──▶ taken ──Now held──▶ held ──she gives it back──▶ not taken
//!                                                      ◀────Offer────
//!                          any ──Now over, or the order that ends the grant──▶ –
//! ```
//!
//! The owner's ledger alone says who holds it: until its *Now held* is here the partner shows nobody of
//! its own as stafettholder, and nobody who has not taken it. What the partner keeps goes up its states, so it
//! does not matter in which order what was said arrives. One step goes down: an owner that was restored
//! waits for an answer that it had, so what is held is taken again, and said again.

use serde::{Deserialize, Serialize};

use crate::consent::Direction;
use crate::grant::ReceivedGrant;
use crate::id::{AccountId, BatonOfferId, CaseId};
use crate::municipality::{OrganisationNumber, Service, ServiceCode};
use crate::planted::planted;
use crate::signed::{Statement, StatementHash};
use crate::succession::package::Line;
use crate::time::UnixMillis;

/// Which offer a statement is about, of which case, and between whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct About {
    /// The offer.
    pub offer: BatonOfferId,
    /// The organisation that owns the case.
    pub owner: OrganisationNumber,
    /// The organisation to whose service the baton is offered.
    pub partner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The service.
    pub service: ServiceCode,
}

impl About {
    /// The service, and whose it is.
    pub fn service(&self) -> Service {
        Service { host: self.partner, code: self.service.clone() }
    }

    /// Whether a grant that came lets the service read and write in the case at `now`.
    pub fn is_open_under(&self, received: &ReceivedGrant, now: UnixMillis) -> bool {
        let grant = &received.grant;
        received.counts(now)
            && grant.owner == self.owner
            && grant.partner == self.partner
            && grant.case == self.case
            && grant.service == self.service
            && grant.direction == Direction::Both
    }
}

/// The owner asks whether somebody of a service becomes stafettholder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OfferThere {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// The first millisecond on which it can no longer be accepted, by the owner's clock.
    pub lapses_at: UnixMillis,
}

impl Statement for OfferThere {
    const TYPE: &'static str = "stafett-baton-offer";
}

/// The partner answers. That nobody takes it is its last word on an offer, whatever it said before: of a
/// baton that is held there it gives the baton back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AnswerThere {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// What it answers.
    #[serde(flatten)]
    pub answered: Answered,
}

impl Statement for AnswerThere {
    const TYPE: &'static str = "stafett-baton-answer";
}

/// What the partner answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "answered", rename_all = "kebab-case")]
pub enum Answered {
    /// Somebody takes it.
    Taken {
        /// Who: the account there.
        account: AccountId,
        /// Who: the name.
        name: Line,
    },
    /// Nobody does, or nobody does any longer.
    NotTaken,
}

/// The owner says what holds of an offer that was made to the partner. That it is over has no cause.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NowThere {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// What holds.
    #[serde(flatten)]
    pub holds: Holds,
}

impl Statement for NowThere {
    const TYPE: &'static str = "stafett-baton-now";
}

/// What holds of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "holds", rename_all = "kebab-case")]
pub enum Holds {
    /// Somebody at the partner is stafettholder.
    Held(HeldBy),
    /// It is not, or no longer, to be taken, and nobody there holds the baton by it.
    Over,
}

/// Who at the partner is stafettholder, and by which answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeldBy {
    /// The account there.
    pub account: AccountId,
    /// The name.
    pub name: Line,
    /// The hash of the partner's signed answer that somebody takes it. So a partner that has lost its own
    /// record knows it again, and nobody is stafettholder there who never said yes.
    pub answer: StatementHash,
}

/// What the owner has to say of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It can be accepted, until this moment.
    Waits(UnixMillis),
    /// It is answered, or over.
    Now(Holds),
}

/// A statement about an offer of the baton to a service at a partner.
pub(crate) trait OfBaton: Statement {
    /// What it is about.
    fn about(&self) -> &About;
}

macro_rules! of_baton {
    ($($name:ty),+) => {$(
        impl OfBaton for $name {
            fn about(&self) -> &About {
                &self.about
            }
        }
    )+};
}
of_baton!(OfferThere, AnswerThere, NowThere);

/// Where an offer to an own service is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum At {
    /// Somebody of the service may take it.
    Offered {
        /// Until when, by the owner's clock.
        lapses_at: UnixMillis,
    },
    /// Somebody has taken it, and the owner has not said that it counts.
    Taken {
        /// Who.
        account: AccountId,
        /// The name that is said to the owner.
        name: Line,
    },
    /// The owner has said that this person is stafettholder.
    Held {
        /// Who.
        account: AccountId,
        /// The name that the owner knows.
        name: Line,
        /// When the owner's word came.
        since: UnixMillis,
    },
    /// The service does not take it, or has given it back.
    NotTaken,
}

/// An offer to an own service, as the partner keeps it. Once it is over nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BatonThere {
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
    /// Where it is.
    #[serde(flatten)]
    pub at: At,
}

/// The one step that goes down, from which rank to which: an owner that was restored waits for an answer that
/// it had.
pub const TAKEN_AGAIN: (u8, u8) = (2, 1);

impl BatonThere {
    /// An offer that came.
    pub fn offered(offer: &OfferThere) -> Self {
        Self { about: offer.about.clone(), at: At::Offered { lapses_at: offer.lapses_at } }
    }

    /// What is kept when the owner says that an offer waits: whoever holds the baton by it has taken it, and
    /// the owner, which was restored, is told so again.
    pub fn waiting(known: Option<&Self>, offer: &OfferThere) -> Self {
        match known.filter(|known| known.about == offer.about).map(|known| &known.at) {
            Some(At::Held { account, name, .. }) if !planted!("baton-there-held-without-the-owner") => {
                let at = At::Taken { account: *account, name: name.clone() };
                Self { about: offer.about.clone(), at }
            }
            _ => Self::offered(offer),
        }
    }

    /// How far it has come: what is kept goes up, but for [`TAKEN_AGAIN`].
    pub fn rank(&self) -> u8 {
        match self.at {
            At::Offered { .. } => 0,
            At::Taken { .. } => 1,
            At::Held { .. } => 2,
            At::NotTaken => 3,
        }
    }

    /// Whether `next` takes its place: it is further on with the same offer, or waits for the owner's word
    /// again.
    pub fn is_before(&self, next: &Self) -> bool {
        let (reached, to) = (self.rank(), next.rank());
        let goes_on = reached < to || (reached, to) == TAKEN_AGAIN || planted!("baton-there-goes-down");
        self.about == next.about && goes_on
    }

    /// Who has taken the baton, and has not given it back.
    pub fn taken_by(&self) -> Option<AccountId> {
        match self.at {
            At::Taken { account, .. } | At::Held { account, .. } => Some(account),
            At::Offered { .. } | At::NotTaken => None,
        }
    }

    /// Whether somebody may take it at `now`.
    pub fn may_be_taken(&self, now: UnixMillis) -> bool {
        matches!(self.at, At::Offered { lapses_at } if now < lapses_at)
    }

    /// Who is stafettholder by the owner's word.
    pub fn holder(&self) -> Option<AccountId> {
        match self.at {
            At::Held { account, .. } => Some(account),
            At::Taken { account, .. } if planted!("baton-there-before-the-owner") => Some(account),
            _ => None,
        }
    }

    /// What stands to be said to the owner.
    pub fn says(&self) -> Option<Answered> {
        match &self.at {
            At::Taken { account, name } => Some(Answered::Taken { account: *account, name: name.clone() }),
            At::NotTaken => Some(Answered::NotTaken),
            At::Offered { .. } | At::Held { .. } => None,
        }
    }
}
