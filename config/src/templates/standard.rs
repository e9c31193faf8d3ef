//! Areas, services and the checklist of a transition that a new node starts from; a municipality changes them before first use.

use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transition::MetBy;

use crate::area::Area;
use crate::names::Names;
use crate::service::{OwnService, ServiceKind};
use crate::transition::TransitionItem;

/// Code, bokmål, nynorsk, English.
type Row = [&'static str; 4];

const AREAS: [Row; 8] = [
    ["language", "Språk", "Språk", "Language"],
    ["interplay", "Samspill", "Samspel", "Interplay with others"],
    ["well-being", "Trivsel", "Trivsel", "Well-being"],
    ["learning", "Læring", "Læring", "Learning"],
    ["health", "Helse", "Helse", "Health"],
    ["home", "Hjem", "Heim", "Home"],
    ["leisure", "Fritid", "Fritid", "Leisure"],
    ["absence", "Fravær", "Fråvær", "Absence"],
];

const SERVICES: [(ServiceKind, Row); 3] = [
    (ServiceKind::Kindergarten, ["kindergarten", "Barnehage", "Barnehage", "Kindergarten"]),
    (ServiceKind::School, ["school", "Skole", "Skule", "School"]),
    (
        ServiceKind::HealthStation,
        [
            "health-station",
            "Helsestasjon og skolehelsetjeneste",
            "Helsestasjon og skulehelseteneste",
            "Child health centre and school health service",
        ],
    ),
];

const TRANSITIONS: [(i16, MetBy, Row); 7] = [
    (
        180,
        MetBy::Hand,
        [
            "parents-asked",
            "Snakk med familien om overgangen",
            "Snakk med familien om overgangen",
            "Talk with the family about the transition",
        ],
    ),
    (
        150,
        MetBy::Consent,
        [
            "consent-to-receiver",
            "Samtykke til dem som tar imot",
            "Samtykke til dei som tek imot",
            "Consent to the receiving unit",
        ],
    ),
    (
        120,
        MetBy::Reception,
        [
            "receiver-invited",
            "De som tar imot, er med",
            "Dei som tek imot, er med",
            "The receiving unit takes part",
        ],
    ),
    (
        60,
        MetBy::Hand,
        [
            "joint-meeting",
            "Felles møte med familien",
            "Felles møte med familien",
            "Joint meeting with the family",
        ],
    ),
    (
        30,
        MetBy::Offer,
        ["baton-offered", "Stafettpinnen er tilbudt", "Stafettpinnen er tilboden", "The baton is offered"],
    ),
    (
        0,
        MetBy::Baton,
        [
            "baton-accepted",
            "Stafettpinnen er tatt imot",
            "Stafettpinnen er teken imot",
            "The baton is accepted",
        ],
    ),
    (
        -14,
        MetBy::Hand,
        [
            "consents-looked-through",
            "Gå gjennom samtykkene",
            "Gå gjennom samtykka",
            "Look through the consents",
        ],
    ),
];

/// Returns the areas of development that municipalities most often name.
pub fn standard_areas() -> Vec<Area> {
    let area = |row: &Row| Some(Area { code: row[0].parse().ok()?, names: names(row) });
    AREAS.iter().filter_map(area).collect()
}

/// Returns the services that every municipality has itself; shared ones such as PPT are added where
/// they are hosted.
pub fn standard_services(own: OrganisationNumber) -> Vec<OwnService> {
    let service = |(kind, row): &(ServiceKind, Row)| {
        Some(OwnService { code: row[0].parse().ok()?, names: names(row), controller: own, kind: *kind })
    };
    SERVICES.iter().filter_map(service).collect()
}

/// Returns the checklist of a transition that municipalities most often have.
pub fn standard_transitions() -> Vec<TransitionItem> {
    let item = |(days_before, met_by, row): &(i16, MetBy, Row)| {
        Some(TransitionItem {
            code: row[0].parse().ok()?,
            names: names(row),
            days_before: *days_before,
            met_by: *met_by,
            from: None,
            to: None,
        })
    };
    TRANSITIONS.iter().filter_map(item).collect()
}

fn names(&[_, nb, nn, en]: &Row) -> Names {
    Names { nb: nb.to_owned(), nn: Some(nn.to_owned()), en: Some(en.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_area_service_and_item_has_a_valid_code() {
        let own = "997391853".parse().expect("an organisation number");

        assert_eq!(standard_areas().len(), AREAS.len());
        assert_eq!(standard_services(own).len(), SERVICES.len());
        assert_eq!(standard_transitions().len(), TRANSITIONS.len());
    }
}
