//! Emergency openings, as whoever opened and whoever looks into them may see them.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{CaseId, EmergencyOpeningId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::CaseView;
use crate::web::openapi::types as doc;

/// A case was opened in an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenedEmergency {
    /// The opening.
    #[schema(value_type = doc::EmergencyOpeningId)]
    pub opening: EmergencyOpeningId,
    /// The first moment at which it shows nothing any more.
    #[schema(value_type = doc::UnixMillis)]
    pub until: UnixMillis,
}

/// The case that the caller has open in an emergency.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EmergencyView {
    /// The opening.
    #[schema(value_type = doc::EmergencyOpeningId)]
    pub opening: EmergencyOpeningId,
    /// The first moment at which it shows nothing any more.
    #[schema(value_type = doc::UnixMillis)]
    pub until: UnixMillis,
    /// The case, with the entries that somebody assigned in the caller's service could read. Its
    /// `task` is `emergency`.
    pub case: CaseView,
}

/// An emergency opening, for whoever leads or oversees. Says nothing of what stands in the case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyItem {
    /// The opening.
    #[schema(value_type = doc::EmergencyOpeningId)]
    pub opening: EmergencyOpeningId,
    /// The case that it opened.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// Who opened it; none if the person is not in the table of people any longer.
    pub opened_by: Option<String>,
    /// In which service; none if that cannot be read.
    #[schema(value_type = Option<doc::ServiceCode>)]
    pub service: Option<ServiceCode>,
    /// When.
    #[schema(value_type = doc::UnixMillis)]
    pub opened_at: UnixMillis,
    /// Until when it showed something, or does; none if that cannot be read.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub until: Option<UnixMillis>,
    /// Why; none if that cannot be read.
    pub reason: Option<String>,
    /// Whether the caller opened it.
    pub is_own: bool,
    /// Whether the caller may write what was found.
    pub may_review: bool,
    /// Whether it has waited for longer than seven days.
    pub is_late: bool,
    /// What was found, once somebody has looked into it.
    pub review: Option<EmergencyReviewItem>,
}

/// What somebody found on looking into an emergency opening.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyReviewItem {
    /// Who looked into it; none if the person is not in the table of people any longer.
    pub by: Option<String>,
    /// When.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
    /// Whether it was needed; none if that cannot be read.
    pub was_needed: Option<bool>,
    /// What was found; none if that cannot be read.
    pub finding: Option<String>,
}
