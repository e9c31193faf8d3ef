//! Areas and services that a new node starts from; a municipality changes them before first use.

use stafett_protocol::municipality::OrganisationNumber;

use crate::area::Area;
use crate::names::Names;
use crate::service::{OwnService, ServiceKind};

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

fn names(&[_, nb, nn, en]: &Row) -> Names {
    Names { nb: nb.to_owned(), nn: Some(nn.to_owned()), en: Some(en.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_area_and_service_has_a_valid_code() {
        let own = "997391853".parse().expect("an organisation number");

        assert_eq!(standard_areas().len(), AREAS.len());
        assert_eq!(standard_services(own).len(), SERVICES.len());
    }
}
