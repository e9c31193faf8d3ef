//! `[[transitions]]`: the checklist of a transition (overgang) from one service to another.

use std::collections::BTreeSet;

use stafett_protocol::limits::TRANSITION_ITEMS_MAX;
use stafett_protocol::municipality::{ItemCode, ServiceCode};
use stafett_protocol::transition::MetBy;

use crate::document::{Located, Section};
use crate::error::ConfigError;
use crate::names::Names;
use crate::templates::standard_transitions;
use crate::value::from_text;

/// One item of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionItem {
    /// Its code, in the ledgers of cases.
    pub code: ItemCode,
    /// What people call it.
    pub names: Names,
    /// Days before the first day there by which it should be done; negative for days after.
    pub days_before: i16,
    /// By what it is met, besides a person's word.
    pub met_by: MetBy,
    /// The service that the child leaves; none for every one.
    pub from: Option<ServiceCode>,
    /// The service where it begins; none for every one.
    pub to: Option<ServiceCode>,
}

from_text! {
    ItemCode: "a code of 1 to 32 of a-z, 0-9 and -";
    MetBy: "hand, consent, reception, offer or baton";
}

pub(crate) const KEYS: &[&str] = &["code", "names", "days_before", "days_after", "met_by", "from", "to"];
const DAYS_BEFORE_MAX: u64 = 730;
const DAYS_AFTER_MAX: u64 = 184;

impl TransitionItem {
    /// Whether it is on the checklist from one service to another.
    pub fn is_for(&self, from: &ServiceCode, to: &ServiceCode) -> bool {
        let fits = |of: &Option<ServiceCode>, code| of.as_ref().is_none_or(|of| of == code);
        fits(&self.from, from) && fits(&self.to, to)
    }

    pub(crate) fn read_all(
        root: &Section<'_>,
        is_service: impl Fn(&ServiceCode) -> bool,
    ) -> Result<Vec<Self>, ConfigError> {
        let sections = root.sections("transitions")?;
        if sections.is_empty() {
            return Ok(standard_transitions());
        }
        if sections.len() > TRANSITION_ITEMS_MAX {
            let expected = format!("at most {TRANSITION_ITEMS_MAX} items");
            return Err(root.refuse("transitions", expected, sections.len().to_string()));
        }
        let mut codes = BTreeSet::new();
        sections.iter().map(|section| Self::read(section, &mut codes, &is_service)).collect()
    }

    fn read(
        section: &Section<'_>,
        codes: &mut BTreeSet<ItemCode>,
        is_service: &impl Fn(&ServiceCode) -> bool,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let code = section.require::<ItemCode>("code")?;
        if !codes.insert(code.value.clone()) {
            return Err(code.refuse_found("each code once", format!("a second {}", code.found)));
        }
        let before = section.integer("days_before", 0..=DAYS_BEFORE_MAX, "days")?;
        let after = section.integer("days_after", 0..=DAYS_AFTER_MAX, "days")?;
        let service = |key| {
            let code = section.get::<ServiceCode>(key)?;
            match code {
                Some(code) if !is_service(&code.value) => {
                    Err(code.refuse("a service of the node's own settings"))
                }
                code => Ok(code.map(|code| code.value)),
            }
        };
        let item = Self {
            code: code.value,
            names: Names::read(&section.section("names")?)?,
            days_before: days(before.as_ref()).saturating_sub(days(after.as_ref())),
            met_by: section.get_or("met_by", MetBy::Hand)?,
            from: service("from")?,
            to: service("to")?,
        };
        match after.filter(|after| after.value > 0 && before.is_some_and(|before| before.value > 0)) {
            Some(after) => Err(after.refuse("0 days after, as it has days before")),
            None => Ok(item),
        }
    }
}

fn days(number: Option<&Located<u64>>) -> i16 {
    number.and_then(|number| i16::try_from(number.value).ok()).unwrap_or(0)
}
