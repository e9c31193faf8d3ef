//! A family that moves and does not let its case go along.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::consent::Channel;
use stafett_protocol::id::{CaseId, PersonId};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::PartyItem;
use crate::web::openapi::types as doc;

/// What holds of a move without consent.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveWithout {
    /// The case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// Whether it is closed.
    pub is_closed: bool,
    /// The family's last no, if it was written down.
    pub refused: Option<MoveRefusedItem>,
    /// The family.
    pub parties: Vec<PartyItem>,
    /// What services do in their own systems, by the settings.
    pub reminders: Vec<ReminderItem>,
}

/// The family's no to a move.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveRefusedItem {
    /// Who said no; nobody if the family was not asked.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub said_by: BTreeSet<PersonId>,
    /// How; none if the family was not asked.
    #[schema(value_type = Option<doc::Channel>)]
    pub channel: Option<Channel>,
    /// On which day, `YYYY-MM-DD`.
    pub on: String,
    /// When that was written down. Milliseconds since 1970.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
}

/// What a service does in its own system.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ReminderItem {
    /// Who does it, in bokmål.
    pub who: String,
    /// In nynorsk, if it was given.
    pub who_nn: Option<String>,
    /// What is to be done, in bokmål.
    pub what: String,
    /// In nynorsk, if it was given.
    pub what_nn: Option<String>,
    /// The rule that it follows from.
    pub basis: Option<String>,
    /// The day as of which it tells the rule, `YYYY-MM-DD`.
    pub as_of: String,
}
