//! `[consent]`: what a new consent starts from, and who must say yes.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use stafett_protocol::consent::LegalCharacter;
use stafett_protocol::consent::rule::{GiverRule, RuleTable, YouthConsent};
use stafett_protocol::municipality::{AreaCode, PurposeCode, ServiceCode};

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Names;
use crate::partner::first_moment;
use crate::value::from_text;

/// Defaults of a consent; practice differs between municipalities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentConfig {
    /// Full years of age from which the youth consents; 15 and 16 are both in use.
    pub youth_age: u8,
    /// Who must say yes, by day, service and age.
    pub rules: RuleTable,
    /// What a consent is in law.
    pub legal_character: LegalCharacter,
    /// Days that a consent lasts unless its form says less.
    pub default_duration_days: u16,
    /// What a consent may be for.
    pub purposes: Vec<Purpose>,
}

/// One purpose of the municipality's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// Its code, in consents.
    pub code: PurposeCode,
    /// What the family reads.
    pub names: Names,
}

from_text! {
    PurposeCode: "1 to 32 of a-z, 0-9 and -";
    LegalCharacter: "fvl-waiver, gdpr or both";
    YouthConsent: "alone or with-guardians";
}

pub(crate) const KEYS: &[&str] =
    &["youth_age", "legal_character", "default_duration_days", "givers", "purposes"];
pub(crate) const GIVER_KEYS: &[&str] = &["from", "service", "youth_age", "youth", "guardian_areas"];
pub(crate) const PURPOSE_KEYS: &[&str] = &["code", "names"];

impl ConsentConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        zone: &TimeZone,
        is_area: impl Fn(&AreaCode) -> bool,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let youth_age = age(section)?.unwrap_or(16);
        let days = section.integer("default_duration_days", 1..=1095, "days")?;
        let givers = section.sections("givers")?;
        let rules: Result<Vec<_>, _> =
            givers.iter().map(|row| giver_rule(row, youth_age, zone, &is_area)).collect();
        Ok(Self {
            youth_age,
            rules: RuleTable::new(youth_age, rules?),
            legal_character: section.get_or("legal_character", LegalCharacter::FvlWaiver)?,
            default_duration_days: days.and_then(|days| u16::try_from(days.value).ok()).unwrap_or(365),
            purposes: purposes(section)?,
        })
    }
}

fn age(section: &Section<'_>) -> Result<Option<u8>, ConfigError> {
    let age = section.integer("youth_age", 12..=18, "years")?;
    Ok(age.and_then(|age| u8::try_from(age.value).ok()))
}

fn giver_rule(
    section: &Section<'_>,
    youth_age: u8,
    zone: &TimeZone,
    is_area: &impl Fn(&AreaCode) -> bool,
) -> Result<GiverRule, ConfigError> {
    section.only(GIVER_KEYS)?;
    let from = section.require::<Date>("from")?;
    let begins =
        first_moment(from.value, zone).map_err(|_| from.refuse("a date in the years 1970 to 9998"))?;
    let mut guardian_areas = BTreeSet::new();
    for area in section.list::<AreaCode>("guardian_areas")? {
        if !is_area(&area.value) {
            return Err(area.refuse("an area of the node's own settings"));
        }
        guardian_areas.insert(area.value);
    }
    Ok(GiverRule {
        from: begins,
        service: section.get::<ServiceCode>("service")?.map(|service| service.value),
        youth_age: age(section)?.unwrap_or(youth_age),
        youth: section.get_or("youth", YouthConsent::Alone)?,
        guardian_areas,
    })
}

fn purposes(section: &Section<'_>) -> Result<Vec<Purpose>, ConfigError> {
    let mut codes = BTreeSet::new();
    let mut purposes = Vec::new();
    for section in section.sections("purposes")? {
        section.only(PURPOSE_KEYS)?;
        let code = section.require::<PurposeCode>("code")?;
        if !codes.insert(code.value.clone()) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        purposes.push(Purpose { code: code.value, names: Names::read(&section.section("names")?)? });
    }
    Ok(purposes)
}
