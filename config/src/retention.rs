//! `[[retention]]`: what the municipality's law makes it keep of what it received, when a sharing
//! ends. Without a rule everything received is erased.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use stafett_protocol::entry::EntryKind;
use stafett_protocol::erasure::retention::{BasisText, Retention, RetentionRule};
use stafett_protocol::limits::RETENTION_RULES_MAX;
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::time::UnixMillis;

use crate::document::Section;
use crate::error::ConfigError;
use crate::partner::first_moment;
use crate::service::OwnService;
use crate::value::from_text;

from_text! {
    EntryKind: "a kind of entry such as note, goal or measure";
    BasisText: "1 to 400 bytes in one line, without control characters or direction marks";
}

pub(crate) const KEYS: &[&str] = &["kinds", "service", "basis", "from", "until"];

/// Reads the rules in the order of the file.
pub(crate) fn read_all(
    root: &Section<'_>,
    services: &[OwnService],
    zone: &TimeZone,
) -> Result<Retention, ConfigError> {
    let sections = root.sections("retention")?;
    let rules = sections.iter().map(|section| read(section, services, zone));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    Retention::new(rules).map_err(|too_many| {
        let expected = format!("at most {RETENTION_RULES_MAX} rules");
        root.refuse("retention", expected, too_many.found.to_string())
    })
}

fn read(
    section: &Section<'_>,
    services: &[OwnService],
    zone: &TimeZone,
) -> Result<RetentionRule, ConfigError> {
    section.only(KEYS)?;
    let kinds: BTreeSet<EntryKind> =
        section.list::<EntryKind>("kinds")?.into_iter().map(|kind| kind.value).collect();
    if kinds.is_empty() {
        return Err(section.missing("kinds", "at least one kind of entry"));
    }
    let service = section.get::<ServiceCode>("service")?;
    if let Some(named) = &service
        && !services.iter().any(|service| service.code == named.value)
    {
        return Err(named.refuse("the code of one of [[services]]"));
    }
    let from = section.require::<Date>("from")?;
    let until = section.get::<Date>("until")?;
    let starts_at =
        first_moment(from.value, zone).map_err(|_| from.refuse("a day in the years 1970 to 9998"))?;
    let ends_at = match &until {
        None => UnixMillis::MAX,
        Some(last) if last.value < from.value => {
            return Err(last.refuse("a day that is not before `from`"));
        }
        Some(last) => last
            .value
            .tomorrow()
            .ok()
            .and_then(|after| first_moment(after, zone).ok())
            .ok_or_else(|| last.refuse("a day in the years 1970 to 9998"))?,
    };
    Ok(RetentionRule {
        kinds,
        service: service.map(|service| service.value),
        basis: section.require("basis")?.value,
        from: starts_at,
        until: ends_at,
    })
}
