//! `[[services]]`: the municipality's own services, and private ones that it hosts.

use std::collections::BTreeSet;

use stafett_protocol::consent::{Controller, Sector};
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Names;
use crate::value::from_words;

/// A service whose people work on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnService {
    /// Its code, in consents, grants and agreements.
    pub code: ServiceCode,
    /// What people call it.
    pub names: Names,
    /// The controller (behandlingsansvarlig): the municipality, or the organisation that runs a
    /// private kindergarten or school.
    pub controller: OrganisationNumber,
    /// What sort of service it is.
    pub kind: ServiceKind,
}

/// The sort of a service, as consent forms of municipalities list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Barnehage.
    Kindergarten,
    /// Skole.
    School,
    /// Skolefritidsordning (SFO).
    AfterSchool,
    /// Helsestasjon og skolehelsetjeneste.
    HealthStation,
    /// Jordmor.
    Midwife,
    /// Pedagogisk-psykologisk tjeneste (PPT).
    Ppt,
    /// Barnevern.
    ChildWelfare,
    /// NAV.
    Nav,
    /// Psykisk helse.
    MentalHealth,
    /// Habilitering.
    Habilitation,
    /// Familievern.
    FamilyCounselling,
    /// Avlastning.
    Respite,
    /// Koordinerende enhet (KE).
    CoordinatingUnit,
    /// Any other.
    Other,
}

from_words! {
    ServiceKind:
    "kindergarten, school, after-school, health-station, midwife, ppt, child-welfare, nav, mental-health, habilitation, family-counselling, respite, coordinating-unit or other",
    "kindergarten" => ServiceKind::Kindergarten,
    "school" => ServiceKind::School,
    "after-school" => ServiceKind::AfterSchool,
    "health-station" => ServiceKind::HealthStation,
    "midwife" => ServiceKind::Midwife,
    "ppt" => ServiceKind::Ppt,
    "child-welfare" => ServiceKind::ChildWelfare,
    "nav" => ServiceKind::Nav,
    "mental-health" => ServiceKind::MentalHealth,
    "habilitation" => ServiceKind::Habilitation,
    "family-counselling" => ServiceKind::FamilyCounselling,
    "respite" => ServiceKind::Respite,
    "coordinating-unit" => ServiceKind::CoordinatingUnit,
    "other" => ServiceKind::Other,
}

pub(crate) const KEYS: &[&str] = &["code", "names", "controller", "kind"];

impl OwnService {
    /// Returns who answers for what the service reads: private unless it is the host itself.
    pub fn controller_of(&self, host: OrganisationNumber) -> Controller {
        let sector = if self.controller == host { Sector::Public } else { Sector::Private };
        Controller { organisation: self.controller, sector }
    }

    pub(crate) fn read_all(root: &Section<'_>, own: OrganisationNumber) -> Result<Vec<Self>, ConfigError> {
        let sections = root.sections("services")?;
        if sections.is_empty() {
            return Err(root.missing("services", "at least one service"));
        }
        let mut codes = BTreeSet::new();
        sections.iter().map(|section| Self::read(section, own, &mut codes)).collect()
    }

    fn read(
        section: &Section<'_>,
        own: OrganisationNumber,
        codes: &mut BTreeSet<ServiceCode>,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let code = section.require::<ServiceCode>("code")?;
        if !codes.insert(code.value.clone()) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        Ok(Self {
            code: code.value,
            names: Names::read(&section.section("names")?)?,
            controller: section.get_or("controller", own)?,
            kind: section.require("kind")?.value,
        })
    }
}
