//! What an emergency opening opens, to whom, for how long, and who reviews it.

use std::collections::BTreeSet;

use super::*;
use crate::access::tests::{
    CASE, Case, FATHER, HOLDER, MOTHER, PPT, PPT_GRANT, areas, consent, note, own, partner, service,
};
use crate::consent::{Consent, ConsentRecord};
use crate::entry::{About, EntryKind};
use crate::grant::Grant;
use crate::id::{ConsentId, PersonId};
use crate::limits::EMERGENCY_OPENING_MS;

const NURSE: AccountId = AccountId::from_bytes([50; 16]);
const OTHER: AccountId = AccountId::from_bytes([51; 16]);
const OPENED: UnixMillis = UnixMillis(1_000);
const LAST: UnixMillis = UnixMillis(1_000 + EMERGENCY_OPENING_MS - 1);
const HEALTH: ConsentId = ConsentId::from_bytes([70; 16]);

fn reader(account: AccountId, role: Role, code: Option<&str>) -> Reader {
    let service = code.map(|code| code.parse().expect("valid"));
    Reader { account, role, organisation: own(), service, person: None }
}

fn nurse() -> Reader {
    reader(NURSE, Role::Employee, Some("health"))
}

fn opening_of(reader: &Reader) -> EmergencyOpening {
    EmergencyOpening {
        id: EmergencyOpeningId::from_bytes([1; 16]),
        case: CASE,
        account: reader.account,
        role: reader.role,
        service: reader.service.clone().expect("works in a service"),
        unit: None,
        opened_at: OPENED,
        ended_at: None,
    }
}

/// A case whose notes on language the health station may read, for a long time.
fn case() -> Case {
    let mut case = Case::child();
    let asked = consent(HEALTH, service(own(), "health"));
    case.ask(Consent { until: UnixMillis(100_000_000), ..asked });
    case.give(HEALTH, MOTHER, false);
    case.give(HEALTH, FATHER, false);
    case
}

fn reads(reader: &Reader, opening: &EmergencyOpening, case: &Case, now: UnixMillis) -> Result<(), Denial> {
    permit_reading(reader, opening, &case.ledger, &note(), now).map(|_| ())
}

#[test]
fn opening_reads_for_thirty_minutes_to_the_millisecond() {
    let (nurse, case) = (nurse(), case());
    let opening = opening_of(&nurse);

    assert_eq!(EMERGENCY_OPENING_MS, 30 * 60 * 1_000);
    assert_eq!(reads(&nurse, &opening, &case, UnixMillis(OPENED.0 - 1)), Err(Denial::NoTask));
    assert_eq!(reads(&nurse, &opening, &case, OPENED), Ok(()));
    assert_eq!(reads(&nurse, &opening, &case, LAST), Ok(()));
    assert_eq!(reads(&nurse, &opening, &case, LAST.plus(1)), Err(Denial::NoTask));
    assert_eq!(opening.until(), LAST.plus(1));
}

#[test]
fn opening_that_another_took_the_place_of_is_over() {
    let (nurse, case) = (nurse(), case());
    let ended = EmergencyOpening { ended_at: Some(OPENED.plus(10)), ..opening_of(&nurse) };

    assert_eq!(reads(&nurse, &ended, &case, OPENED.plus(9)), Ok(()));
    assert_eq!(reads(&nurse, &ended, &case, OPENED.plus(10)), Err(Denial::NoTask));
    let late = EmergencyOpening { ended_at: Some(LAST.plus(1_000)), ..ended };
    assert_eq!(late.until(), LAST.plus(1), "the end of another lengthens nothing");
}

#[test]
fn opening_opens_nothing_to_anybody_else_nor_in_another_service_or_case() {
    let (nurse, case) = (nurse(), case());
    let opening = opening_of(&nurse);

    assert_eq!(
        reads(&reader(OTHER, Role::Employee, Some("health")), &opening, &case, OPENED),
        Err(Denial::NoTask)
    );
    assert_eq!(
        reads(&reader(NURSE, Role::Employee, Some("school")), &opening, &case, OPENED),
        Err(Denial::NoTask)
    );
    assert_eq!(reads(&reader(NURSE, Role::Employee, None), &opening, &case, OPENED), Err(Denial::NoTask));
    let elsewhere = EmergencyOpening { case: CaseId::from_bytes([9; 16]), ..opening.clone() };
    assert_eq!(reads(&nurse, &elsewhere, &case, OPENED), Err(Denial::NoTask));
    let foreign = EntryFacts { case: CaseId::from_bytes([9; 16]), ..note() };
    let denied = permit_reading(&nurse, &opening, &case.ledger, &foreign, OPENED).map(|_| ());
    assert_eq!(denied, Err(Denial::NoTask));
}

#[test]
fn employees_and_unit_leaders_of_a_service_may_open_and_nobody_else() {
    for role in [
        Role::Employee,
        Role::UnitLeader,
        Role::ServiceLeader,
        Role::BtiCoordinator,
        Role::Archive,
        Role::ItOperator,
        Role::DataProtectionOfficer,
        Role::Guardian,
        Role::Subject,
    ] {
        let works = matches!(role, Role::Employee | Role::UnitLeader);
        let asks = reader(NURSE, role, Some("health"));
        assert_eq!(may_open(&asks), works, "{role:?}");
        assert!(!may_open(&reader(NURSE, role, None)), "{role:?}");
        let expected = if works { Ok(()) } else { Err(Denial::NoTask) };
        assert_eq!(reads(&asks, &opening_of(&nurse()), &case(), OPENED), expected, "{role:?}");
    }
}

#[test]
fn opening_reads_what_somebody_assigned_in_the_service_reads_and_nothing_more() {
    let (nurse, case) = (nurse(), case());
    let assigned = BTreeSet::from([NURSE]);
    let mut opened = 0;
    for kind in EntryKind::ALL {
        for about in [About::Subject, About::Guardian(MOTHER), About::Sibling] {
            for codes in [&["language"][..], &["learning"], &["language", "learning"], &[]] {
                for written_by in [None, Some(service(own(), "health")), Some(service(own(), "school"))] {
                    let about = BTreeSet::from([about]);
                    let entry = EntryFacts { kind, about, areas: areas(codes), written_by, ..note() };
                    let by_task = person::permit_reading(&nurse, &case.ledger, &assigned, &entry, OPENED);
                    let by_opening =
                        permit_reading(&nurse, &opening_of(&nurse), &case.ledger, &entry, OPENED);
                    assert_eq!(by_opening.map(|_| ()), by_task.map(|_| ()), "{entry:?}");
                    opened += usize::from(
                        permit_reading(&nurse, &opening_of(&nurse), &case.ledger, &entry, OPENED).is_ok(),
                    );
                }
            }
        }
    }
    assert!(opened > 0, "some of them are open");
}

#[test]
fn holders_opening_reads_what_the_service_reads_and_not_what_the_baton_opens() {
    let case = case();
    let holder = reader(HOLDER, Role::Employee, Some("health"));
    let closed = EntryFacts { areas: areas(&["learning"]), ..note() };

    let by_opening = permit_reading(&holder, &opening_of(&holder), &case.ledger, &closed, OPENED).map(|_| ());

    assert_eq!(by_opening, Err(Denial::NoConsent));
}

#[test]
fn strictly_confidential_address_closes_an_opening_at_once() {
    let nurse = nurse();
    let mut case = case();
    case.protect(AddressProtection::Confidential, 990);
    assert_eq!(opens(&nurse, &opening_of(&nurse), &case.ledger, OPENED), Ok(()));

    case.protect(AddressProtection::StrictlyConfidential, 991);

    assert_eq!(opens(&nurse, &opening_of(&nurse), &case.ledger, OPENED), Err(Denial::AddressProtected));
    assert_eq!(reads(&nurse, &opening_of(&nurse), &case, OPENED), Err(Denial::AddressProtected));
}

#[test]
fn withdrawn_consent_closes_an_opening_too() {
    let nurse = nurse();
    let mut case = case();
    case.withdraw(HEALTH, MOTHER, 990);

    assert_eq!(reads(&nurse, &opening_of(&nurse), &case, OPENED), Err(Denial::NoConsent));
}

fn received() -> Vec<ReceivedGrant> {
    let record = ConsentRecord::asked(consent(PPT, service(own(), "ppt")));
    let grant = Grant::from_consent(PPT_GRANT, partner(), CASE, &record, record.areas());
    vec![ReceivedGrant { grant, ended_at: None }]
}

fn reads_received(
    reader: &Reader,
    opening: &EmergencyOpening,
    grants: &[ReceivedGrant],
) -> Result<(), Denial> {
    let under = BTreeSet::from([PPT_GRANT]);
    let facts = ReceivedFacts { grants, entry: &note(), under: &under };
    permit_reading_received(reader, opening, &facts, OPENED).map(|_| ())
}

#[test]
fn received_case_opens_in_the_service_that_it_was_shared_with_while_the_grant_counts() {
    let adviser = reader(NURSE, Role::Employee, Some("ppt"));
    assert_eq!(reads_received(&adviser, &opening_of(&adviser), &received()), Ok(()));
    let leader = reader(NURSE, Role::UnitLeader, Some("ppt"));
    assert_eq!(reads_received(&leader, &opening_of(&leader), &received()), Ok(()));

    let elsewhere = reader(NURSE, Role::Employee, Some("clinic"));
    assert_eq!(reads_received(&elsewhere, &opening_of(&elsewhere), &received()), Err(Denial::NoConsent));
    let over = EmergencyOpening { ended_at: Some(OPENED), ..opening_of(&adviser) };
    assert_eq!(reads_received(&adviser, &over, &received()), Err(Denial::NoTask));
    let mut ended = received();
    ended[0].ended_at = Some(OPENED);
    assert_eq!(reads_received(&adviser, &opening_of(&adviser), &ended), Err(Denial::NoConsent));
    assert_eq!(opens_received(&adviser, &opening_of(&adviser), &ended, OPENED), Err(Denial::NoConsent));
    let mut of_another = received();
    of_another[0].grant.case = CaseId::from_bytes([9; 16]);
    assert_eq!(opens_received(&adviser, &opening_of(&adviser), &of_another, OPENED), Err(Denial::NoConsent));
}

fn leader(account: AccountId, code: &str) -> Reader {
    reader(account, Role::UnitLeader, Some(code))
}

#[test]
fn leaders_of_the_opener_and_of_the_case_are_told_and_the_officer_and_nobody_else() {
    let school: ServiceCode = "school".parse().expect("valid");
    let health: ServiceCode = "health".parse().expect("valid");
    let opening = EmergencyOpening { unit: Some("Nord".to_owned()), ..opening_of(&nurse()) };
    let place = Place { service: &school, unit: Some("Granlia") };
    let case = Answering { opened: place, holder: None };
    let told = |reader: &Reader, unit| part(reader, unit, &opening, Some(&case));

    assert_eq!(told(&leader(OTHER, "health"), Some("Nord")), Part::Leader);
    assert_eq!(told(&leader(OTHER, "health"), None), Part::Leader);
    assert_eq!(told(&leader(OTHER, "health"), Some("Sør")), Part::None);
    assert_eq!(told(&leader(OTHER, "school"), Some("Granlia")), Part::Leader);
    assert_eq!(told(&leader(OTHER, "school"), Some("Solbakken")), Part::None);
    assert_eq!(
        part(&leader(OTHER, "school"), Some("Granlia"), &opening, None),
        Part::None,
        "a received case"
    );
    let of_service = Reader { service: Some(health), ..reader(OTHER, Role::ServiceLeader, None) };
    assert_eq!(told(&of_service, None), Part::Leader);
    assert_eq!(told(&reader(OTHER, Role::DataProtectionOfficer, None), None), Part::Officer);
    for role in [Role::Employee, Role::BtiCoordinator, Role::Archive, Role::ItOperator, Role::Guardian] {
        assert_eq!(told(&reader(OTHER, role, Some("health")), None), Part::None, "{role:?}");
    }
}

#[test]
fn nobody_reviews_an_own_opening_and_the_officer_reviews_a_leaders() {
    let opening = opening_of(&nurse());
    let of_leader = opening_of(&leader(NURSE, "health"));
    let officer = reader(OTHER, Role::DataProtectionOfficer, None);

    assert!(may_review(&leader(OTHER, "health"), &opening, Part::Leader));
    assert!(!may_review(&leader(OTHER, "health"), &opening, Part::None));
    assert!(!may_review(&leader(NURSE, "health"), &of_leader, Part::Leader));
    assert!(may_review(&leader(OTHER, "health"), &of_leader, Part::Leader));
    assert!(may_review(&officer, &of_leader, Part::Officer));
    assert!(!may_review(&officer, &opening, Part::Officer));
    let same_person = reader(NURSE, Role::DataProtectionOfficer, None);
    assert!(!may_review(&same_person, &of_leader, Part::Officer));
}

#[test]
fn reason_has_twenty_to_five_hundred_characters_and_does_not_print_itself() {
    let reason = |text: &str| EmergencyReason::try_from(text.to_owned());

    assert!(reason(&"å".repeat(20)).is_ok() && reason(&"å".repeat(500)).is_ok());
    for text in
        ["å".repeat(19), "å".repeat(501), format!("{} ", "å".repeat(30)), "x\u{0}".repeat(15), String::new()]
    {
        assert!(reason(&text).is_err(), "{text:?}");
    }
    assert!(reason("to linjer er også en grunn\nhvis noen skriver dem").is_ok());
    let finding = |text: &str| EmergencyFinding::try_from(text.to_owned());
    assert!(finding("ti tegn ja").is_ok() && finding("ni tegn j").is_err());
    assert_eq!(format!("{:?}", reason("Barnet er borte fra skolen")), "Ok(EmergencyReason(«redacted»))");
}

#[test]
fn person_of_the_family_is_not_let_in_by_an_opening() {
    let mother = Reader {
        person: Some(PersonId::from_bytes([1; 16])),
        ..reader(NURSE, Role::Guardian, Some("health"))
    };

    assert_eq!(reads(&mother, &opening_of(&nurse()), &case(), OPENED), Err(Denial::NoTask));
}
