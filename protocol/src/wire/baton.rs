//! Frames of a baton that is held at a partner (law 14).

use bincode::{Decode, Encode};

use crate::id::{BatonOfferId, CaseId};
use crate::municipality::ServiceCode;

/// What the owner of a case says. Kind 30.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum BatonFrame {
    /// It asks whether somebody of a service becomes stafettholder.
    Offer {
        /// A signed [`Offer`](crate::baton::there::OfferThere).
        token: String,
    },
    /// It says what holds.
    Now {
        /// A signed [`Now`](crate::baton::there::NowThere).
        token: String,
    },
}

/// What the municipality of the service says. Kind 31.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum BatonAnswerFrame {
    /// It answers.
    Answer {
        /// A signed [`Answer`](crate::baton::there::AnswerThere).
        token: String,
    },
    /// It asks what holds.
    Ask {
        /// Of which offer.
        offer: BatonOfferId,
        /// Of which case.
        case: CaseId,
        /// To which of its services.
        service: ServiceCode,
    },
}
