//! What the leader of a service says of a received case.

use serde::Deserialize;
use utoipa::ToSchema;

/// Says that the service cannot take a received case.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CannotTake {
    /// Why: one line, at most 1,024 bytes. The stafettholder at the owner reads it.
    pub reason: String,
}

impl std::fmt::Debug for CannotTake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CannotTake(«redacted»)")
    }
}
