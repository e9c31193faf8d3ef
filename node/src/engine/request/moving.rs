//! What is asked about a family that moves.

use std::collections::BTreeSet;

use serde::Deserialize;
use stafett_protocol::consent::Channel;
use stafett_protocol::id::PersonId;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// Writes down that the family does not let the case go along. Where it moves to is not asked.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseMove {
    /// Who said no; nobody if the family was not asked.
    #[serde(default)]
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub said_by: BTreeSet<PersonId>,
    /// How; none if the family was not asked.
    #[serde(default)]
    #[schema(value_type = Option<doc::Channel>)]
    pub channel: Option<Channel>,
    /// On which day, `YYYY-MM-DD`.
    pub on: String,
}
