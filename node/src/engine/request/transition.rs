//! What is asked about a transition within the municipality.

use std::collections::BTreeMap;

use serde::Deserialize;
use stafett_protocol::id::AccountId;
use stafett_protocol::municipality::{ItemCode, ServiceCode};
use stafett_protocol::transition::Outcome;
use utoipa::ToSchema;

use crate::engine::answer::UnitItem;
use crate::web::openapi::types as doc;

/// Begins a transition from one place where children are to another service or unit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTransition {
    /// Which place the child leaves: a kindergarten, a school, an after-school programme or a health station,
    /// or one unit of it. Unless it is said, the stafettholder's own, or else where the case was opened.
    #[serde(default)]
    pub from: Option<UnitItem>,
    /// The service where the child begins.
    #[schema(value_type = doc::ServiceCode)]
    pub to: ServiceCode,
    /// The unit within it, if it has units.
    #[serde(default)]
    pub unit: Option<String>,
    /// The day on which it begins there, `YYYY-MM-DD`.
    pub on: String,
    /// The last day of the overlap, `YYYY-MM-DD`; 30 days after the start unless it is said.
    #[serde(default)]
    pub overlap_until: Option<String>,
}

/// Changes the days of a transition.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTransition {
    /// The day on which the child begins there, `YYYY-MM-DD`.
    pub on: String,
    /// The last day of the overlap, `YYYY-MM-DD`.
    pub overlap_until: String,
    /// The last day in time of items, `YYYY-MM-DD`; the others move with the start.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub due: BTreeMap<ItemCode, String>,
}

/// Says that an item of the checklist is done, or that it is not after all.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkItem {
    /// The item.
    #[schema(value_type = doc::ItemCode)]
    pub item: ItemCode,
    /// Whether it is done.
    pub done: bool,
}

/// Says that the receiving unit takes part, and who of it, if a consent to the service counts.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveTransition {
    /// Who of the unit works with the case from here on.
    #[serde(default)]
    #[schema(value_type = Option<doc::AccountId>)]
    pub contact: Option<AccountId>,
}

/// Ends a transition, and the overlap with it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndTransition {
    /// How.
    #[schema(value_type = doc::TransitionOutcome)]
    pub how: Outcome,
}
