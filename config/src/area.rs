//! `[[areas]]`: the areas of development (utviklingsområder) of the municipality.

use std::collections::BTreeSet;

use stafett_protocol::municipality::AreaCode;

use crate::document::Section;
use crate::error::ConfigError;
use crate::names::Names;

/// One area of development: the unit in which a consent is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Its code, in consents, entries and agreements.
    pub code: AreaCode,
    /// What people call it.
    pub names: Names,
}

pub(crate) const KEYS: &[&str] = &["code", "names"];

impl Area {
    pub(crate) fn read_all(root: &Section<'_>) -> Result<Vec<Self>, ConfigError> {
        let sections = root.sections("areas")?;
        if sections.is_empty() {
            return Err(root.missing("areas", "at least one area"));
        }
        let mut codes = BTreeSet::new();
        sections.iter().map(|section| Self::read(section, &mut codes)).collect()
    }

    fn read(section: &Section<'_>, codes: &mut BTreeSet<AreaCode>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let code = section.require::<AreaCode>("code")?;
        if !codes.insert(code.value.clone()) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        Ok(Self { code: code.value, names: Names::read(&section.section("names")?)? })
    }
}
