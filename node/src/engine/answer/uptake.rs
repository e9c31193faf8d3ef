//! Whether a service takes a case, as its leader and the stafettholder may see it.

use serde::{Deserialize, Serialize};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// A partner's service cannot take the case. For the stafettholder alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CannotTakeItem {
    /// Why, in the words of the service's leader.
    pub reason: String,
    /// When the answer came.
    #[schema(value_type = doc::UnixMillis)]
    pub heard_at: UnixMillis,
}

/// The own service cannot take a received case. For its leader alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SaidItem {
    /// Why, in the leader's own words.
    pub reason: String,
    /// When it was said.
    #[schema(value_type = doc::UnixMillis)]
    pub said_at: UnixMillis,
    /// When the owner's node said that it has it.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub kept_at: Option<UnixMillis>,
}
