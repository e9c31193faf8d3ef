//! What is answered about the family, its protection, and what is to be done.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId, ConsentId, OrderId, PersonId, RegistrationId};
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::task::{Task, TaskKind};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::PartyItem;
use crate::web::openapi::types as doc;

/// The family of a case, for its stafettholder and the leader who answers for it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct FamilyView {
    /// Everybody; the subject first.
    pub parties: Vec<PartyItem>,
    /// The areas that the youth has closed, by guardian.
    #[schema(value_type = BTreeMap<doc::PersonId, BTreeSet<doc::AreaCode>>)]
    pub closed_to: BTreeMap<PersonId, BTreeSet<AreaCode>>,
    /// Whether it is a youth of the age from which the youth decides what guardians read.
    pub is_youth: bool,
    /// Changes that wait for a leader.
    pub registrations: Vec<RegistrationItem>,
}

/// A change of the family that waits for a leader.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RegistrationItem {
    /// Its id.
    #[schema(value_type = doc::RegistrationId)]
    pub registration: RegistrationId,
    /// Everybody, as it is once approved.
    pub parties: Vec<PartyItem>,
    /// The date of birth from then on, if it is another.
    pub birth_date: Option<String>,
    /// Where the document is filed.
    pub document: String,
    /// Who registered it; another person must approve it.
    #[schema(value_type = Option<doc::AccountId>)]
    pub by: Option<AccountId>,
    /// When.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
    /// Whether the family has changed since: then it can only be rejected, and registered anew.
    pub is_overtaken: bool,
}

/// The registration that was made.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// Its id.
    #[schema(value_type = doc::RegistrationId)]
    pub registration: RegistrationId,
}

/// How a family's address is protected, for the stafettholder and the leader who answers for it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ProtectionView {
    /// How.
    #[schema(value_type = doc::AddressProtection)]
    pub protection: AddressProtection,
    /// The guardians who live at the address and go on reading.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub safe_for: BTreeSet<PersonId>,
    /// The consents that the leader lets count under a confidential address.
    #[schema(value_type = BTreeSet<doc::ConsentId>)]
    pub approved: BTreeSet<ConsentId>,
    /// When it was set or renewed last; none without protection.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub decided_at: Option<UnixMillis>,
    /// When the decision runs out. The protection holds all the same until a leader lifts it.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub runs_until: Option<UnixMillis>,
}

/// One thing to do. Names nobody: who and what it is about are ids.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskItem {
    /// In which case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// What.
    #[schema(value_type = doc::TaskKind)]
    pub kind: TaskKind,
    /// When it is due, or since when.
    #[schema(value_type = doc::UnixMillis)]
    pub due: UnixMillis,
    /// Of a birthday: which.
    #[schema(value_type = Option<doc::Age>)]
    pub age: Option<u8>,
    /// About which consent.
    #[schema(value_type = Option<doc::ConsentId>)]
    pub consent: Option<ConsentId>,
    /// About which person: who turns an age, or whose word is to be talked about.
    #[schema(value_type = Option<doc::PersonId>)]
    pub person: Option<PersonId>,
    /// Which registration waits for a leader.
    #[schema(value_type = Option<doc::RegistrationId>)]
    pub registration: Option<RegistrationId>,
    /// Which order to erase has no receipt.
    #[schema(value_type = Option<doc::OrderId>)]
    pub order: Option<OrderId>,
    /// To which service that consent is, which one cannot take the case, or where a child begins.
    #[schema(value_type = Option<doc::Service>)]
    pub service: Option<Service>,
    /// Which offer of another municipality's baton.
    #[schema(value_type = Option<doc::BatonOfferId>)]
    pub offer: Option<BatonOfferId>,
}

impl TaskItem {
    pub(crate) fn of(case: CaseId, task: &Task, service: Option<Service>) -> Self {
        Self {
            case,
            kind: task.kind,
            due: task.due,
            age: task.age,
            consent: task.consent,
            person: task.person,
            registration: task.registration,
            order: task.order,
            service,
            offer: None,
        }
    }
}
