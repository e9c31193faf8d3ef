//! `[node]`: who runs the node.

use jiff::tz::TimeZone;
use stafett_protocol::municipality::{MunicipalityNumber, OrganisationNumber};
use toml::de::DeValue;

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Language;
use crate::value::{FromValue, Name};

/// The municipality that runs the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentity {
    /// Its organisation number, which also names the node.
    pub organisation: OrganisationNumber,
    /// Its municipality number; a label that changes with mergers.
    pub municipality: MunicipalityNumber,
    /// Its name as people read it.
    pub name: String,
    /// The language of pages for a reader who has chosen none.
    pub language: Language,
    /// The zone in which a date, such as the last day of an agreement, begins and ends.
    pub time_zone: TimeZone,
    /// Whether the node holds invented persons only.
    pub development: bool,
}

pub(crate) const KEYS: &[&str] =
    &["municipality", "organisation", "name", "language", "time_zone", "development"];
/// The zone of a node that names none.
pub const TIME_ZONE_DEFAULT: &str = "Europe/Oslo";

struct Zone(TimeZone);

impl FromValue for Zone {
    const EXPECTED: &'static str = "a time zone of the system's database such as Europe/Oslo";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        TimeZone::get(value.as_str()?).ok().map(Self)
    }
}

impl NodeIdentity {
    pub(crate) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        Ok(Self {
            municipality: section.require("municipality")?.value,
            organisation: section.require("organisation")?.value,
            name: section.require::<Name>("name")?.value.0,
            language: section.get_or("language", Language::Nb)?,
            time_zone: time_zone(section)?,
            development: section.get_or("development", false)?,
        })
    }
}

fn time_zone(section: &Section<'_>) -> Result<TimeZone, ConfigError> {
    match section.get::<Zone>("time_zone")? {
        Some(zone) => Ok(zone.value.0),
        // A machine without a time zone database must not shift the end of an agreement unseen.
        None => TimeZone::get(TIME_ZONE_DEFAULT).map_err(|_| {
            section.missing(
                "time_zone",
                format!("a system with a time zone database that has {TIME_ZONE_DEFAULT}"),
            )
        }),
    }
}
