//! What a unit leader may do in a case: approve who the family is, and decide on its protection.
//! Neither opens an entry: whoever leads reads nothing by that (see [`person`](super::person)).

use crate::municipality::ServiceCode;
use crate::person::{Reader, Role};

/// Where somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The service.
    pub service: &'a ServiceCode,
    /// The unit within it, such as one school of several; none if the service has no units.
    pub unit: Option<&'a str>,
}

/// Which units answer for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answering<'a> {
    /// Where the case was opened.
    pub opened: Place<'a>,
    /// Where the stafettholder works; none if nobody knows any longer.
    pub holder: Option<Place<'a>>,
}

/// Whether a person leads a unit that answers for a case: the one that opened it, or the
/// stafettholder's. `unit` is the leader's own; without one the leader leads the whole service.
pub fn answers_for(reader: &Reader, unit: Option<&str>, case: &Answering<'_>) -> bool {
    let leads = |place: &Place<'_>| {
        let same_unit = unit.is_none() || place.unit.is_none() || unit == place.unit;
        reader.service.as_ref() == Some(place.service) && same_unit
    };
    reader.role == Role::UnitLeader && (leads(&case.opened) || case.holder.as_ref().is_some_and(leads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::own;
    use crate::id::AccountId;

    fn leader(role: Role, service: &str) -> Reader {
        Reader {
            account: AccountId::from_bytes([1; 16]),
            role,
            organisation: own(),
            service: Some(code(service)),
            person: None,
        }
    }

    fn code(code: &str) -> ServiceCode {
        code.parse().expect("valid")
    }

    #[test]
    fn leader_of_the_opening_or_the_holders_unit_answers_for_a_case_and_nobody_else_does() {
        let (school, clinic) = (code("school"), code("clinic"));
        let case = Answering {
            opened: Place { service: &school, unit: Some("Granlia") },
            holder: Some(Place { service: &clinic, unit: None }),
        };
        let answers = |role, service, unit| answers_for(&leader(role, service), unit, &case);

        assert!(answers(Role::UnitLeader, "school", Some("Granlia")));
        assert!(answers(Role::UnitLeader, "school", None));
        assert!(answers(Role::UnitLeader, "clinic", Some("Nord")), "the holder's service has no units");
        assert!(!answers(Role::UnitLeader, "school", Some("Solbakken")));
        assert!(!answers(Role::UnitLeader, "ppt", None));
        for role in [Role::Employee, Role::ServiceLeader, Role::BtiCoordinator, Role::ItOperator] {
            assert!(!answers(role, "school", None), "{role:?}");
        }
    }

    #[test]
    fn leader_of_the_opening_unit_answers_when_nobody_knows_where_the_holder_works() {
        let school = code("school");
        let case = Answering { opened: Place { service: &school, unit: None }, holder: None };

        assert!(answers_for(&leader(Role::UnitLeader, "school"), Some("Granlia"), &case));
        assert!(!answers_for(&leader(Role::UnitLeader, "clinic"), None, &case));
    }
}
