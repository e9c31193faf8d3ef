//! Opening a case in an emergency, and looking into it afterwards.

use serde::Deserialize;
use utoipa::ToSchema;

/// Opens one case in an emergency (nødåpning), for reading and for thirty minutes.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenEmergency {
    /// The full name of whom the case is about, as it is registered.
    pub name: String,
    /// The date of birth, `YYYY-MM-DD`.
    pub birth_date: String,
    /// Why: 20 to 500 characters. Leaders and the data protection officer read it.
    pub reason: String,
}

impl std::fmt::Debug for OpenEmergency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenEmergency(«redacted»)")
    }
}

/// Says what looking into an emergency opening found.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewEmergency {
    /// Whether the opening was needed.
    pub was_needed: bool,
    /// What was found: 10 to 500 characters.
    pub finding: String,
}

impl std::fmt::Debug for ReviewEmergency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReviewEmergency(«redacted»)")
    }
}
