//! What is answered about a transition within the municipality.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{CaseId, ConsentId, TransitionId};
use stafett_protocol::municipality::{ItemCode, ServiceCode};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::ColleagueItem;
use crate::web::openapi::types as doc;

/// What somebody has to do with the transition of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TransitionPart {
    /// Holds the baton: begins it, follows its checklist and ends it.
    Holder,
    /// Leads the unit where the child begins: says that the unit takes part.
    Receiver,
    /// Leads the unit that answers for the case.
    Leader,
}

/// The transition of a case as the reader may see it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TransitionView {
    /// The case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// What the reader has to do with it.
    pub part: TransitionPart,
    /// Whether the address is strictly confidential: the receiving unit is told nothing by the node.
    pub is_hidden: bool,
    /// The one that is under way.
    pub under_way: Option<UnderWay>,
    /// Which places a child may leave, for the stafettholder while none is under way.
    pub may_leave: Vec<UnitItem>,
    /// The one of them that is meant unless another is said.
    pub leaves: Option<UnitItem>,
    /// Where the child may begin, for the stafettholder while none is under way.
    pub may_go_to: Vec<UnitItem>,
}

/// A transition that is under way. Whoever leads the receiving unit is shown the service that the child
/// leaves and the day, and more once a consent to the own service counts.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct UnderWay {
    /// The transition.
    #[schema(value_type = doc::TransitionId)]
    pub transition: TransitionId,
    /// Where the child leaves; for the receiving unit only a kindergarten, a school or a health station.
    pub from: Option<UnitItem>,
    /// Where it begins.
    pub to: UnitItem,
    /// The day on which it begins there, `YYYY-MM-DD`.
    pub on: String,
    /// The last day on which whoever gave the baton on works with the case; for the stafettholder.
    pub overlap_until: Option<String>,
    /// The child's first name, if a consent lets the receiving unit know it.
    pub first_name: Option<String>,
    /// When the receiving unit said that it takes part.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub received_at: Option<UnixMillis>,
    /// Whom it has named.
    pub contact: Option<ColleagueItem>,
    /// What the family has said of sharing with the receiving service; for the stafettholder.
    pub consent_step: Option<ConsentStep>,
    /// The consent that this follows from; for the stafettholder.
    #[schema(value_type = Option<doc::ConsentId>)]
    pub consent: Option<ConsentId>,
    /// Who gave the baton on and works with the case until the overlap ends; for the stafettholder.
    pub overlapping: Vec<OverlapItem>,
    /// The checklist, the item that is due first at the top; for the stafettholder.
    pub items: Vec<ChecklistItem>,
    /// Whom the receiving unit may name, for its leader: nobody while no consent counts.
    pub may_be_contact: Vec<ColleagueItem>,
}

/// Somebody who gave the baton on and works with the case for a while yet.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OverlapItem {
    /// Who.
    pub who: ColleagueItem,
    /// The last day, `YYYY-MM-DD`.
    pub until: String,
}

/// A service, or one unit of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct UnitItem {
    /// The service.
    #[schema(value_type = doc::ServiceCode)]
    pub service: ServiceCode,
    /// The unit within it; none for the whole service.
    pub unit: Option<String>,
}

/// How far a consent to the receiving service has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentStep {
    /// Nobody was asked, or what was asked is over.
    NotAsked,
    /// The family was asked, and somebody has not answered.
    Asked,
    /// It counts.
    Given,
}

/// One item of the checklist.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ChecklistItem {
    /// The item.
    #[schema(value_type = doc::ItemCode)]
    pub item: ItemCode,
    /// The last day on which it is in time, `YYYY-MM-DD`.
    pub due: String,
    /// Whether it is met.
    pub is_met: bool,
    /// Whether somebody has said so; else what it waits for has come.
    pub is_marked: bool,
    /// Whether it is late.
    pub is_late: bool,
}

/// The transition that was begun.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenedTransition {
    /// The transition.
    #[schema(value_type = doc::TransitionId)]
    pub transition: TransitionId,
}
