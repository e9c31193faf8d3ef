//! Who has access, and which services nobody leads.

use std::collections::BTreeSet;

use stafett_config::People;
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::Role;

use super::{Finding, Part};

pub(super) fn look(people: &People, findings: &mut Vec<Finding>) {
    let found = format!("{} people with access", people.len());
    findings.push(Finding::ok(Part::Configuration, "people", found));
    let of = |role: Role| -> BTreeSet<&ServiceCode> {
        let people = people.iter().filter(|person| person.roles.contains(&role));
        people.filter_map(|person| person.service.as_ref()).collect()
    };
    let (working, led) = (of(Role::Employee), of(Role::UnitLeader));
    let without: Vec<_> = working.difference(&led).map(ToString::to_string).collect();
    if !without.is_empty() {
        let found = format!(
            "no unit leader in {}: nobody there would act for a stafettholder who leaves",
            without.join(", ")
        );
        findings.push(Finding::unknown(Part::Configuration, "no-leader", found));
    }
}
