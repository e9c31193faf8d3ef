//! What is answered about the baton: who holds it, and to whom it is offered.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// What somebody has to do with the baton of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatonPart {
    /// Holds it: may offer it, and take an offer back.
    Holder,
    /// Leads the unit that answers for the case: may give it to somebody.
    Leader,
    /// It is offered to the person, who reads the note and answers.
    Receiver,
    /// Has another task in the case, and knows who holds it.
    Reader,
}

/// Who is stafettholder of a case, as the reader may see it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct BatonView {
    /// The case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// What the reader has to do with it.
    pub part: BatonPart,
    /// The name of whom the case is about; for the holder, and for the one to whom the baton is offered.
    pub subject_name: Option<String>,
    /// The stafettholder.
    pub holder: ColleagueItem,
    /// Since when.
    #[schema(value_type = doc::UnixMillis)]
    pub since: UnixMillis,
    /// Whether the stafettholder only acts: the one before has left, and nobody has taken it since.
    pub is_acting: bool,
    /// The offer that waits for its answer; not for whoever only reads.
    pub offer: Option<OfferItem>,
    /// The note with which the holder took the baton over; for the holder alone.
    pub received_note: Option<String>,
    /// Who may get it, for the holder and the leader.
    pub may_get: Vec<ColleagueItem>,
}

/// Somebody who works in the municipality.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ColleagueItem {
    /// The account.
    #[schema(value_type = doc::AccountId)]
    pub account: AccountId,
    /// The name; none if the account is not known any longer.
    pub name: Option<String>,
    /// The service.
    #[schema(value_type = Option<doc::ServiceCode>)]
    pub service: Option<ServiceCode>,
}

/// An offer of the baton that waits for its answer.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OfferItem {
    /// The offer.
    #[schema(value_type = doc::BatonOfferId)]
    pub offer: BatonOfferId,
    /// To whom.
    pub to: ColleagueItem,
    /// The first millisecond on which it can no longer be accepted.
    #[schema(value_type = doc::UnixMillis)]
    pub lapses_at: UnixMillis,
    /// The note that goes with it; for the holder and the one to whom the baton is offered.
    pub note: Option<String>,
}

/// The offer that was made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OfferedBaton {
    /// The offer.
    #[schema(value_type = doc::BatonOfferId)]
    pub offer: BatonOfferId,
}

/// An offer of a baton to the reader. It names nobody whom the case is about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct BatonOfferItem {
    /// Of which case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// The offer.
    #[schema(value_type = doc::BatonOfferId)]
    pub offer: BatonOfferId,
    /// Who offers it.
    pub from: ColleagueItem,
    /// The first millisecond on which it can no longer be accepted.
    #[schema(value_type = doc::UnixMillis)]
    pub lapses_at: UnixMillis,
}
