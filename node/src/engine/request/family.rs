//! What is asked about the family: who it is, who reads what, and how its address is protected.

use std::collections::BTreeSet;

use serde::Deserialize;
use stafett_protocol::consent::Channel;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::id::{ConsentId, PersonId};
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::protection::AddressProtection;
use utoipa::ToSchema;

use super::NewGuardian;
use crate::web::openapi::types as doc;

/// Registers by hand who the family is, from a document that no register knows.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterFamily {
    /// Everybody who stays or comes back, but the subject, who always stays. Whoever is not named
    /// is of the family no longer.
    #[serde(default)]
    pub parties: Vec<KnownParty>,
    /// Persons whom the case does not know yet.
    #[serde(default)]
    pub persons: Vec<NewGuardian>,
    /// The subject's date of birth, `YYYY-MM-DD`, if it was wrong or missing.
    #[serde(default)]
    pub birth_date: Option<String>,
    /// Where the document is filed: one line of 1 to 200 bytes.
    pub document: String,
}

impl std::fmt::Debug for RegisterFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegisterFamily(«redacted»)")
    }
}

/// A person whom the case knows.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownParty {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub person: PersonId,
    /// What the person is to the subject from here on.
    #[schema(value_type = doc::Capacity)]
    pub capacity: Capacity,
}

/// Sets how a subject's address is protected.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtectAddress {
    /// How, from here on.
    #[schema(value_type = doc::AddressProtection)]
    pub protection: AddressProtection,
    /// Under `strictly-confidential`: the guardians who live at the address and go on reading.
    #[serde(default)]
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub safe_for: BTreeSet<PersonId>,
}

/// Lets one consent count under a confidential address.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveSharing {
    /// Which.
    #[schema(value_type = doc::ConsentId)]
    pub consent: ConsentId,
}

/// Sets which areas a guardian no longer reads.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitGuardian {
    /// The areas that are closed to the guardian from here on; none opens all that the
    /// municipality's rule leaves.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub closed: BTreeSet<AreaCode>,
    /// How the youth said it, if the stafettholder registers it: `oral` or `written`.
    #[serde(default)]
    #[schema(value_type = Option<doc::Channel>)]
    pub channel: Option<Channel>,
}
