//! What is asked about the baton.

use serde::Deserialize;
use stafett_protocol::id::AccountId;
use stafett_protocol::municipality::Service;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// Offers the baton to an employee of the municipality.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferBaton {
    /// To whom.
    #[schema(value_type = doc::AccountId)]
    pub to: AccountId,
    /// What the other must know before the answer; at most 16,384 bytes. Only the two of them read it.
    #[serde(default)]
    pub note: String,
}

impl std::fmt::Debug for OfferBaton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OfferBaton({}, «redacted»)", self.to)
    }
}

/// Offers the baton to a service of another municipality, which finds somebody.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferBatonThere {
    /// To which service: one that reads and writes in the case.
    #[schema(value_type = doc::Service)]
    pub service: Service,
}

/// Asks somebody who works with a received case whether she takes its baton.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskToHold {
    /// Whom: an employee of the service who works with the case.
    #[schema(value_type = doc::AccountId)]
    pub account: AccountId,
}

/// Gives the baton to somebody by the unit leader's word.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignBaton {
    /// To whom: an employee, or the leader.
    #[schema(value_type = doc::AccountId)]
    pub to: AccountId,
}
