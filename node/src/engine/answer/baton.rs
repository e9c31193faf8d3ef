//! What is answered about the baton: who holds it, and to whom it is offered.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::municipality::{OrganisationNumber, Service, ServiceCode};
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
    /// The services of other municipalities to which the holder may offer it: they read and write in the case.
    #[schema(value_type = Vec<doc::Service>)]
    pub services: Vec<Service>,
    /// Whether the reader, a leader, keeps levels, assignments, consents, the family register, transition and move
    /// while somebody at a partner holds the baton.
    pub keeps: bool,
}

/// How far the baton of another municipality's case is with a service here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BatonStep {
    /// Somebody of the service may take it.
    Offered,
    /// The offer has lapsed by this node's clock, and the owner has not said what holds.
    Lapsed,
    /// Somebody has taken it, and the owner has not said that it counts: nobody here is stafettholder.
    Taken,
    /// Somebody here is stafettholder, by the owner's word.
    Held,
    /// The service does not take it, or gives it back, and the owner has not said that it knows.
    GivenBack,
}

/// The baton of another municipality's case, offered to a service here or held in it. It says nothing of whom
/// the case is about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct BatonHere {
    /// The offer.
    #[schema(value_type = doc::BatonOfferId)]
    pub offer: BatonOfferId,
    /// Of which case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// Whose case it is.
    #[schema(value_type = doc::OrganisationNumber)]
    pub owner: OrganisationNumber,
    /// What that municipality is called.
    pub owner_name: String,
    /// The service here.
    #[schema(value_type = doc::ServiceCode)]
    pub service: ServiceCode,
    /// How far it is.
    pub step: BatonStep,
    /// Until when it can be taken, by the owner's clock, while somebody may.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub lapses_at: Option<UnixMillis>,
    /// When the owner's word came that somebody here is stafettholder.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub confirmed_at: Option<UnixMillis>,
    /// Who is asked, has taken it, or holds it.
    pub who: Option<ColleagueItem>,
    /// Whether that is the reader.
    pub is_yours: bool,
    /// Who may be asked: the employees of the service who work with the case; for its leader alone.
    pub may_ask: Vec<ColleagueItem>,
}

/// Somebody who works in the municipality, or the stafettholder at a partner.
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
    /// The organisation whose node hosts that service, if it is another's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<doc::OrganisationNumber>)]
    pub host: Option<OrganisationNumber>,
}

/// An offer of the baton that waits for its answer.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OfferItem {
    /// The offer.
    #[schema(value_type = doc::BatonOfferId)]
    pub offer: BatonOfferId,
    /// To whom; none if it is to a service of another municipality.
    pub to: Option<ColleagueItem>,
    /// To which service of another municipality, if it is to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<doc::Service>)]
    pub to_service: Option<Service>,
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
