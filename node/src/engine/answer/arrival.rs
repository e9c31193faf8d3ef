//! What came with a case from another municipality.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::consent::Channel;
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::PersonId;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use stafett_protocol::succession::leaving::LateWord;
use stafett_protocol::succession::origin::Origin;
use stafett_protocol::succession::package::WrittenBy;
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// Where an entry comes from that came with its case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OriginItem {
    /// The municipality that gave the case away.
    #[schema(value_type = doc::OrganisationNumber)]
    pub from: OrganisationNumber,
    /// What it was called.
    pub from_name: String,
    /// Who wrote it: `own` for a service of that municipality, `yours` for one of this node's, `family`, or
    /// `other` for somebody who is not named.
    pub written_by: String,
    /// Of `own`: the name of the service.
    pub service_name: Option<String>,
    /// Of `yours`: the service.
    #[schema(value_type = Option<doc::ServiceCode>)]
    pub service: Option<ServiceCode>,
    /// On which day, `YYYY-MM-DD`.
    pub written_on: String,
}

impl OriginItem {
    /// Tells an origin.
    pub(crate) fn of(origin: Origin) -> Self {
        let (written_by, service_name, service) = match origin.written_by {
            WrittenBy::Own(name) => ("own", Some(String::from(name)), None),
            WrittenBy::Yours(code) => ("yours", None, Some(code)),
            WrittenBy::Partner => ("other", None, None),
            WrittenBy::Family => ("family", None, None),
        };
        Self {
            from: origin.from,
            from_name: origin.from_name.into(),
            written_by: written_by.to_owned(),
            service_name,
            service,
            written_on: origin.written_on.into(),
        }
    }
}

/// What came with a case beside its entries, for the stafettholder. It opens nothing.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CarriedView {
    /// The municipality that gave the case away.
    #[schema(value_type = doc::OrganisationNumber)]
    pub from: OrganisationNumber,
    /// What it was called.
    pub from_name: String,
    /// When the case was opened here. Milliseconds since 1970.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
    /// The day on which the package was made.
    pub made_on: String,
    /// The level that the case had there, as that municipality calls it.
    pub level_name: String,
    /// The old stafettholder.
    pub contact_name: String,
    /// The service of the old stafettholder.
    pub contact_service: String,
    /// Telephone number at work.
    pub contact_phone: Option<String>,
    /// What the old stafettholder wrote to the new one.
    pub note: String,
    /// What the family had said yes to. It opens nothing here.
    pub consent: CarriedConsent,
    /// Areas of entries that did not exist here: no consent opens those.
    pub areas_elsewhere: Vec<CarriedArea>,
    /// How many entries came.
    pub entries: u32,
    /// How many entries could not be read, and are not here.
    pub unreadable: u32,
    /// What the old owner has said since it carried the case over.
    #[schema(value_type = Vec<doc::LateWord>)]
    pub late: Vec<LateWord>,
}

/// The consent under which a case came.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CarriedConsent {
    /// What it was for.
    pub purpose: String,
    /// Which areas.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// Which kinds of entry.
    #[schema(value_type = BTreeSet<doc::EntryKind>)]
    pub kinds: BTreeSet<EntryKind>,
    /// Who had said yes.
    pub given: Vec<CarriedYes>,
}

/// A yes that was given at the old owner.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CarriedYes {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub person: PersonId,
    /// The name.
    pub name: Option<String>,
    /// On which day, `YYYY-MM-DD`.
    pub on: String,
    /// How.
    #[schema(value_type = doc::Channel)]
    pub channel: Channel,
}

/// An area that did not exist here when a case came.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CarriedArea {
    /// Its code.
    #[schema(value_type = doc::AreaCode)]
    pub code: AreaCode,
    /// What the old owner calls it.
    pub name: Option<String>,
}
