//! What a unit leader may do in a case: approve who the family is, and decide on its protection.
//! Neither opens an entry: whoever leads reads nothing by that (see [`person`](super::person)). And who
//! acts for a stafettholder who has left (law 14).

use crate::id::AccountId;
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
    let leads = |place: &Place<'_>| leads(reader, unit, place);
    leads(&case.opened) || case.holder.as_ref().is_some_and(leads)
}

/// Whether a person leads a place. `unit` is the leader's own; without one the leader leads the whole
/// service.
pub fn leads(reader: &Reader, unit: Option<&str>, place: &Place<'_>) -> bool {
    let same_unit = unit.is_none() || place.unit.is_none() || unit == place.unit;
    reader.role == Role::UnitLeader && reader.service.as_ref() == Some(place.service) && same_unit
}

/// Somebody who works in the municipality, or in the service that opened the case, and is nobody of
/// its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colleague<'a> {
    /// Who.
    pub account: AccountId,
    /// Where; none for whoever works in no service.
    pub place: Option<Place<'a>>,
    /// Whether the person leads a unit, or the whole service.
    pub leads: bool,
    /// Whether the person coordinates for the municipality and is an employee too.
    pub coordinates: bool,
}

/// Returns who acts as stafettholder once nobody holds the baton of a case who works here: the leader
/// of the unit that opened it, or else of its service; then the leader where the one who left worked;
/// then any leader of the service that opened it; then a coordinator who is an employee. Of several
/// the lowest account, so every node finds the same. None if there is nobody.
pub fn acting_leader(colleagues: &[Colleague<'_>], case: &Answering<'_>) -> Option<AccountId> {
    let of_opened = |colleague: &Colleague<'_>| rank_at(colleague, &case.opened);
    let of_holder = |colleague: &Colleague<'_>| rank_at(colleague, case.holder.as_ref()?);
    let rank = |colleague: &Colleague<'_>| match (of_opened(colleague), of_holder(colleague)) {
        (Some(rank @ (0 | 1)), _) => Some(rank),
        (_, Some(rank @ (0 | 1))) => Some(rank.saturating_add(2)),
        (Some(_), _) => Some(4),
        _ => colleague.coordinates.then_some(5),
    };
    let ranked = colleagues.iter().filter_map(|colleague| Some((rank(colleague)?, colleague.account)));
    ranked.min().map(|(_, account)| account)
}

/// How near a leader is to a place: of its unit, of its whole service, of another unit there.
fn rank_at(colleague: &Colleague<'_>, place: &Place<'_>) -> Option<u8> {
    let own = colleague.place.filter(|own| colleague.leads && own.service == place.service)?;
    Some(match own.unit {
        unit if unit == place.unit => 0,
        None => 1,
        Some(_) => 2,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::own;

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
    fn acting_holder_is_the_nearest_leader_of_the_opening_unit_and_then_of_the_one_who_left() {
        let (school, clinic) = (code("school"), code("clinic"));
        let case = Answering {
            opened: Place { service: &school, unit: Some("Granlia") },
            holder: Some(Place { service: &clinic, unit: Some("Nord") }),
        };
        let at = |number: u8, service, unit, leads, coordinates| Colleague {
            account: AccountId::from_bytes([number; 16]),
            place: Some(Place { service, unit }),
            leads,
            coordinates,
        };
        // The nearest stand last and have the highest accounts, so no order helps.
        let mut colleagues = vec![
            at(1, &school, Some("Granlia"), false, false),
            at(2, &school, None, false, true),
            at(3, &school, Some("Solbakken"), true, false),
            at(4, &clinic, None, true, false),
            at(5, &clinic, Some("Nord"), true, false),
            at(6, &school, None, true, false),
            at(7, &school, Some("Granlia"), true, false),
            at(8, &school, Some("Granlia"), true, false),
        ];
        let mut found = Vec::new();
        while let Some(acting) = acting_leader(&colleagues, &case) {
            found.push(acting.as_bytes()[0]);
            colleagues.retain(|colleague| colleague.account != acting);
        }

        assert_eq!(found, [7, 8, 6, 5, 4, 3, 2], "an employee who neither leads nor coordinates never acts");
    }

    #[test]
    fn leader_of_another_service_does_not_act_also_when_nobody_else_is_there() {
        let (school, clinic) = (code("school"), code("clinic"));
        let case = Answering { opened: Place { service: &school, unit: None }, holder: None };
        let stranger = Colleague {
            account: AccountId::from_bytes([1; 16]),
            place: Some(Place { service: &clinic, unit: None }),
            leads: true,
            coordinates: false,
        };

        assert_eq!(acting_leader(&[stranger], &case), None);
        assert_eq!(acting_leader(&[Colleague { place: None, ..stranger }], &case), None);
    }

    #[test]
    fn leader_of_the_opening_unit_answers_when_nobody_knows_where_the_holder_works() {
        let school = code("school");
        let case = Answering { opened: Place { service: &school, unit: None }, holder: None };

        assert!(answers_for(&leader(Role::UnitLeader, "school"), Some("Granlia"), &case));
        assert!(!answers_for(&leader(Role::UnitLeader, "clinic"), None, &case));
    }
}
