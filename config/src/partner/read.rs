//! Reads a partner's file.

use std::collections::BTreeSet;

use jiff::civil::Date;
use stafett_protocol::consent::{Controller, Sector};
use stafett_protocol::limits;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, ServiceCode};

use super::{
    AgreementPeriod, AgreementTerms, LocatedPartner, PartnerConfig, PartnerKeys, PartnerService, PeriodError,
    SigningPublicKey, TlsFingerprint,
};
use crate::NodeConfig;
use crate::document::{Located, Section};
use crate::error::ConfigError;
use crate::names::Names;
use crate::value::{Name, from_text};

pub(crate) const KEYS: &[&str] = &[
    "organisation",
    "name",
    "municipality",
    "legal_form",
    "controller",
    "address",
    "revoked",
    "by_hand",
    "keys",
    "agreement",
    "services",
];
pub(crate) const KEYS_KEYS: &[&str] = &["tls_current", "tls_next", "signing_current", "signing_next"];
pub(crate) const AGREEMENT_KEYS: &[&str] = &[
    "reference",
    "processor_agreement",
    "from",
    "until",
    "areas",
    "our_services",
    "moving_areas",
    "moving_from",
    "entries_max",
    "bytes_max",
];
pub(crate) const SERVICE_KEYS: &[&str] = &["code", "names", "controller", "sector", "shares", "takes_over"];

from_text! {
    Sector: "public or private";
}

pub(super) fn partner(root: &Section<'_>, config: &NodeConfig) -> Result<LocatedPartner, ConfigError> {
    root.only(KEYS)?;
    let organisation = root.require("organisation")?;
    let is_by_hand = root.get_or("by_hand", false)?;
    let (keys, located_keys) = if is_by_hand {
        (None, Vec::new())
    } else {
        let (keys, located) = keys(&root.section("keys")?)?;
        (Some(keys), located)
    };
    let controller = root.require("controller")?.value;
    let partner = PartnerConfig {
        organisation: organisation.value,
        name: root.require::<Name>("name")?.value.0,
        municipality: root.require("municipality")?.value,
        legal_form: root.require("legal_form")?.value,
        controller,
        address: root.get("address")?.map(|address| address.value),
        revoked: root.get_or("revoked", false)?,
        keys,
        terms: terms(&root.section("agreement")?, config)?,
        services: services(root, controller)?,
    };
    agree(root, &partner)?;
    if is_by_hand {
        only_moves(root, &partner)?;
    }
    Ok(LocatedPartner { config: partner, organisation, keys: located_keys })
}

type LocatedKeys = Vec<Located<[u8; 32]>>;

fn keys(section: &Section<'_>) -> Result<(PartnerKeys, LocatedKeys), ConfigError> {
    section.only(KEYS_KEYS)?;
    let tls_current = section.require::<TlsFingerprint>("tls_current")?;
    let tls_next = section.get::<TlsFingerprint>("tls_next")?;
    let signing_current = section.require::<SigningPublicKey>("signing_current")?;
    let signing_next = section.get::<SigningPublicKey>("signing_next")?;
    let keys = PartnerKeys {
        tls_current: tls_current.value,
        tls_next: tls_next.as_ref().map(|key| key.value),
        signing_current: signing_current.value,
        signing_next: signing_next.as_ref().map(|key| key.value),
    };
    let located = [
        Some(tls_current.map(TlsFingerprint::bytes)),
        tls_next.map(|key| key.map(TlsFingerprint::bytes)),
        Some(signing_current.map(SigningPublicKey::bytes)),
        signing_next.map(|key| key.map(SigningPublicKey::bytes)),
    ];
    Ok((keys, located.into_iter().flatten().collect()))
}

fn terms(section: &Section<'_>, config: &NodeConfig) -> Result<AgreementTerms, ConfigError> {
    section.only(AGREEMENT_KEYS)?;
    let areas = areas_of(section, "areas", config)?;
    let moving_areas = areas_of(section, "moving_areas", config)?;
    let of_ours = |code: &ServiceCode| config.service(code).is_some();
    let entries = section.integer("entries_max", 1..=AgreementTerms::ENTRIES_MAX_DEFAULT, "entries")?;
    let bytes = section.integer("bytes_max", 1..=AgreementTerms::BYTES_MAX_DEFAULT, "bytes")?;
    Ok(AgreementTerms {
        reference: section.require::<Name>("reference")?.value.0,
        processor_agreement: section.require::<Name>("processor_agreement")?.value.0,
        period: period(section, config)?,
        areas,
        moving_areas,
        moving_from: section.get_or("moving_from", false)?,
        our_services: set(section, "our_services", "a service of the node's own settings", of_ours)?,
        entries_max: entries.map_or(AgreementTerms::ENTRIES_MAX_DEFAULT, |max| max.value),
        bytes_max: bytes.map_or(AgreementTerms::BYTES_MAX_DEFAULT, |max| max.value),
    })
}

fn areas_of(
    section: &Section<'_>,
    key: &str,
    config: &NodeConfig,
) -> Result<BTreeSet<AreaCode>, ConfigError> {
    let areas = set(section, key, "an area of the node's own settings", |code| config.area(code).is_some())?;
    if areas.len() > limits::AREAS_MAX {
        let (expected, found) = (format!("at most {} areas", limits::AREAS_MAX), areas.len().to_string());
        return Err(section.refuse(key, expected, found));
    }
    Ok(areas)
}

/// Something has to be agreed: what is shared has areas, and what takes cases over has areas too.
fn agree(root: &Section<'_>, partner: &PartnerConfig) -> Result<(), ConfigError> {
    let takes_over = partner.services.iter().any(|service| service.takes_over);
    let lets_move = takes_over || partner.terms.moving_from;
    let shares =
        partner.services.iter().any(|service| service.shares) || !partner.terms.our_services.is_empty();
    let agreement = root.section("agreement")?;
    if partner.terms.areas.is_empty() && (shares || !lets_move) {
        return Err(agreement.missing("areas", "at least one area"));
    }
    if takes_over && partner.terms.moving_areas.is_empty() {
        return Err(
            agreement.missing("moving_areas", "at least one area, for a service that takes cases over")
        );
    }
    if !takes_over && !partner.terms.moving_areas.is_empty() {
        let found = format!("{} areas", partner.terms.moving_areas.len());
        let expected = "none, or a service that takes cases over".to_owned();
        return Err(agreement.refuse("moving_areas", expected, found));
    }
    Ok(())
}

/// Where there is no node, nothing is shared, nothing is answered, and no key proves anything.
fn only_moves(root: &Section<'_>, partner: &PartnerConfig) -> Result<(), ConfigError> {
    let refuse =
        |key: &str| Err(root.refuse("by_hand", format!("false, or a file without {key}"), "true".to_owned()));
    if root.section("keys")?.is_there() {
        return refuse("keys");
    }
    if partner.address.is_some() {
        return refuse("address");
    }
    if partner.services.iter().any(|service| service.shares || !service.takes_over) {
        let expected = "false, or services that take cases over and share nothing (shares = false)";
        return Err(root.refuse("by_hand", expected.to_owned(), "true".to_owned()));
    }
    if !partner.terms.our_services.is_empty() {
        return refuse("agreement.our_services");
    }
    if partner.terms.moving_from {
        return refuse("agreement.moving_from");
    }
    Ok(())
}

fn period(section: &Section<'_>, config: &NodeConfig) -> Result<AgreementPeriod, ConfigError> {
    let from = section.require::<Date>("from")?;
    let until = section.require::<Date>("until")?;
    AgreementPeriod::new(from.value, until.value, &config.node.time_zone).map_err(|error| match error {
        PeriodError::Reversed { .. } => {
            until.refuse(format!("a date not before agreement.from, {}", from.value))
        }
        PeriodError::OutOfRange { date } if date == from.value => from.refuse(YEARS),
        PeriodError::OutOfRange { .. } => until.refuse(YEARS),
    })
}

const YEARS: &str = "a date in the years 1970 to 9998";

/// Reads codes that must be known and may not stand twice.
fn set<T: crate::value::FromValue + Ord>(
    section: &Section<'_>,
    key: &str,
    expected: &str,
    is_known: impl Fn(&T) -> bool,
) -> Result<BTreeSet<T>, ConfigError> {
    let mut codes = BTreeSet::new();
    for code in section.list::<T>(key)? {
        if !is_known(&code.value) {
            return Err(code.refuse(expected));
        }
        if codes.contains(&code.value) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        codes.insert(code.value);
    }
    Ok(codes)
}

fn services(root: &Section<'_>, usual: OrganisationNumber) -> Result<Vec<PartnerService>, ConfigError> {
    let mut codes = BTreeSet::new();
    let mut services = Vec::new();
    for section in root.sections("services")? {
        section.only(SERVICE_KEYS)?;
        let code = section.require::<ServiceCode>("code")?;
        if !codes.insert(code.value.clone()) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        services.push(PartnerService {
            code: code.value,
            names: Names::read(&section.section("names")?)?,
            controller: service_controller(&section, usual)?,
            shares: section.get_or("shares", true)?,
            takes_over: section.get_or("takes_over", false)?,
        });
    }
    if services.is_empty() {
        return Err(root.missing("services", "at least one service"));
    }
    Ok(services)
}

/// The partner answers for its own services. One with a controller of its own counts as private,
/// which closes more, until its section says that it is public.
fn service_controller(section: &Section<'_>, usual: OrganisationNumber) -> Result<Controller, ConfigError> {
    let organisation = section.get_or("controller", usual)?;
    let sector = if organisation == usual { Sector::Public } else { Sector::Private };
    Ok(Controller { organisation, sector: section.get_or("sector", sector)? })
}
