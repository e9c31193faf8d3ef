//! Where an entry comes from that came with its case from another municipality.

use stafett_config::Language;
use stafett_protocol::municipality::{OrganisationNumber, Service};

use super::{Namer, Words, time};
use crate::engine::answer::OriginItem;

const OF_SERVICE: Words =
    Words::new("Fra {from}, skrevet av {service} {day}", "Frå {from}, skrive av {service} {day}");
const OF_FAMILY: Words =
    Words::new("Fra {from}, skrevet av familien {day}", "Frå {from}, skrive av familien {day}");
const OF_OTHER: Words = Words::new(
    "Fra {from}, skrevet av en annen tjeneste {day}",
    "Frå {from}, skrive av ei anna teneste {day}",
);

/// The mark of an entry that came, such as `Fra Inderøy kommune, skrevet av barnehagen 3. mars 2027`.
pub(crate) fn origin(
    namer: &impl Namer,
    own: OrganisationNumber,
    language: Language,
    item: &OriginItem,
) -> String {
    let here = item.service.clone().map(|code| namer.service(&Service { host: own, code }, language));
    let service = item.service_name.clone().or(here);
    let words = match (item.written_by.as_str(), &service) {
        (_, Some(_)) => OF_SERVICE,
        ("family", None) => OF_FAMILY,
        (_, None) => OF_OTHER,
    };
    let day = time::day_of_text(&item.written_on);
    let service = service.unwrap_or_default();
    words.fill(language, &[("from", item.from_name.as_str()), ("service", &service), ("day", &day)])
}
