//! People with access to a node: their roles, and who is asking.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, PersonId};
use crate::municipality::{OrganisationNumber, ServiceCode};

/// What a person is to the node. A person may have several; a session or token uses one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Works in a service; may be stafettholder.
    Employee,
    /// Leads a unit (enhetsleder): appoints stafettholdere, acts as one when nobody else is.
    UnitLeader,
    /// Leads a shared service: assigns received cases, reads none of them by that.
    ServiceLeader,
    /// Coordinates BTI in the municipality; sees counts, no identity.
    BtiCoordinator,
    /// Answers for the archive (arkivansvarlig).
    Archive,
    /// Runs the node; sees no content.
    ItOperator,
    /// Data protection officer (personvernombud): who looked and why.
    DataProtectionOfficer,
    /// A guardian (foresatt) of a subject.
    Guardian,
    /// The youth, pregnant woman or parent whom a case is about.
    Subject,
}

/// Who asks, as established by a login or a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The account.
    pub account: AccountId,
    /// The role in which the person asks.
    pub role: Role,
    /// The organisation whose node this is.
    pub organisation: OrganisationNumber,
    /// The service that the person works in; none for families and the operator.
    pub service: Option<ServiceCode>,
    /// Which person of a case this account is, for families.
    pub person: Option<PersonId>,
}
