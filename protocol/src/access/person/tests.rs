//! Who may read what at the owner and at a partner.

use super::*;
use crate::access::OnlyFor;
use crate::access::tests::{
    CASE, CHILD, Case, FATHER, HOLDER, MOTHER, areas, consent, note, own, partner, service,
};
use crate::consent::rule::Party;
use crate::consent::{Consent, ConsentRecord, Direction};
use crate::entry::EntryKind;
use crate::grant::Grant;
use crate::id::{ConsentId, EntryId, PersonId};
use crate::ledger::statement::Said;
use crate::protection::AddressProtection;

const CONSENT: ConsentId = ConsentId::from_bytes([8; 16]);
const GRANT: GrantId = GrantId::from_bytes([10; 16]);
const NURSE: AccountId = AccountId::from_bytes([50; 16]);
const OTHER: AccountId = AccountId::from_bytes([51; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

fn reader(account: AccountId, role: Role, code: Option<&str>, person: Option<PersonId>) -> Reader {
    let service = code.map(|code| code.parse().expect("valid"));
    Reader { account, role, organisation: own(), service, person }
}

fn employee(account: AccountId, code: &str) -> Reader {
    reader(account, Role::Employee, Some(code), None)
}

fn family(role: Role, person: PersonId) -> Reader {
    reader(OTHER, role, None, Some(person))
}

/// A case that the health station may read under a consent.
fn case_for(code: &str, change: impl FnOnce(&mut Consent)) -> Case {
    let mut asked = consent(CONSENT, service(own(), code));
    change(&mut asked);
    let mut case = Case::child();
    case.ask(asked);
    case.give(CONSENT, MOTHER, false);
    case.give(CONSENT, FATHER, false);
    case
}

fn reads(reader: &Reader, case: &Case, entry: &EntryFacts) -> Result<(), Denial> {
    let assigned = BTreeSet::from([NURSE]);
    permit_reading(reader, &case.ledger, &assigned, entry, NOW).map(|permit| {
        assert_eq!(permit.entry(), entry);
    })
}

#[test]
fn assigned_employee_of_a_consented_service_reads_what_is_in_scope() {
    let case = case_for("health", |_| {});
    let nurse = employee(NURSE, "health");
    assert_eq!(reads(&nurse, &case, &note()), Ok(()));

    let outside = EntryFacts { areas: areas(&["learning"]), ..note() };
    assert_eq!(reads(&nurse, &case, &outside), Err(Denial::NoConsent));
    let about_mother = EntryFacts { about: BTreeSet::from([About::Guardian(MOTHER)]), ..note() };
    assert_eq!(reads(&nurse, &case, &about_mother), Err(Denial::AboutAnother));
    let excepting = case_for("health", |consent| {
        consent.exceptions.insert(note().entry);
    });
    assert_eq!(reads(&nurse, &excepting, &note()), Err(Denial::Excepted));
}

#[test]
fn employee_who_is_not_assigned_or_of_a_service_without_consent_reads_nothing() {
    let case = case_for("health", |_| {});

    assert_eq!(reads(&employee(OTHER, "health"), &case, &note()), Err(Denial::NoTask));
    assert_eq!(reads(&employee(NURSE, "other-school"), &case, &note()), Err(Denial::NoConsent));
    assert_eq!(reads(&reader(NURSE, Role::Employee, None, None), &case, &note()), Err(Denial::NoTask));
}

#[test]
fn employee_reads_the_own_services_writing_without_a_consent() {
    let case = Case::child();
    let own_writing = EntryFacts { written_by: Some(service(own(), "health")), ..note() };

    assert_eq!(reads(&employee(NURSE, "health"), &case, &own_writing), Ok(()));
    assert_eq!(reads(&employee(NURSE, "health"), &case, &note()), Err(Denial::NoConsent));
    let card = EntryFacts {
        only_for: Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(CONSENT) }),
        ..own_writing
    };
    assert_eq!(reads(&employee(NURSE, "health"), &case, &card), Err(Denial::NoConsent));
}

#[test]
fn reading_ends_with_the_consent() {
    let mut case = case_for("health", |_| {});
    case.withdraw(CONSENT, MOTHER, 900);

    assert_eq!(reads(&employee(NURSE, "health"), &case, &note()), Err(Denial::NoConsent));
}

#[test]
fn stafettholder_reads_everything_until_the_baton_is_elsewhere() {
    let mut case = Case::child();
    let hidden = EntryFacts { areas: BTreeSet::new(), hidden_from_guardians: true, ..note() };
    let holder = employee(HOLDER, "school");
    assert_eq!(reads(&holder, &case, &hidden), Ok(()));
    let leader = reader(HOLDER, Role::UnitLeader, Some("school"), None);
    assert_eq!(reads(&leader, &case, &hidden), Ok(()), "an acting holder");

    case.say(Said::BatonReassigned { to: NURSE }, 900);

    assert_eq!(reads(&holder, &case, &hidden), Err(Denial::NoTask));
    assert_eq!(reads(&employee(NURSE, "health"), &case, &hidden), Ok(()));
}

#[test]
fn no_role_alone_opens_a_case() {
    let case = case_for("health", |_| {});
    let roles = [
        Role::UnitLeader,
        Role::ServiceLeader,
        Role::BtiCoordinator,
        Role::Archive,
        Role::ItOperator,
        Role::DataProtectionOfficer,
    ];
    for role in roles {
        for person in [None, Some(MOTHER), Some(CHILD)] {
            let reader = reader(NURSE, role, Some("health"), person);
            assert_eq!(reads(&reader, &case, &note()), Err(Denial::NoTask), "{role:?}");
        }
    }
    let holder_in_another_role = reader(HOLDER, Role::ItOperator, None, None);
    assert_eq!(reads(&holder_in_another_role, &case, &note()), Err(Denial::NoTask));
}

#[test]
fn guardian_reads_about_the_child_and_the_own_person_only() {
    let case = Case::child();
    let mother = family(Role::Guardian, MOTHER);
    let about = |about: &[About]| EntryFacts { about: about.iter().copied().collect(), ..note() };

    assert_eq!(reads(&mother, &case, &note()), Ok(()));
    assert_eq!(reads(&mother, &case, &about(&[About::Subject, About::Guardian(MOTHER)])), Ok(()));
    for other in [About::Guardian(FATHER), About::Sibling, About::Other] {
        assert_eq!(reads(&mother, &case, &about(&[About::Subject, other])), Err(Denial::AboutAnother));
    }
    assert_eq!(reads(&mother, &case, &about(&[])), Err(Denial::AboutAnother));
    let hidden = EntryFacts { hidden_from_guardians: true, ..note() };
    assert_eq!(reads(&mother, &case, &hidden), Err(Denial::Excepted));
    let card = EntryFacts {
        only_for: Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(CONSENT) }),
        ..note()
    };
    assert_eq!(reads(&mother, &case, &card), Err(Denial::AboutAnother));
}

#[test]
fn guardian_reads_nothing_under_strict_address_protection() {
    let mut case = Case::child();
    let mother = family(Role::Guardian, MOTHER);
    let confidential = AddressProtection::Confidential;
    case.protect(confidential, 900);
    assert_eq!(reads(&mother, &case, &note()), Ok(()));

    case.protect(AddressProtection::StrictlyConfidential, 901);

    assert_eq!(reads(&mother, &case, &note()), Err(Denial::NoTask));
    assert_eq!(reads(&family(Role::Subject, CHILD), &case, &note()), Ok(()));
}

#[test]
fn family_is_who_the_ledger_says() {
    let mut case = Case::child();
    assert_eq!(reads(&family(Role::Subject, CHILD), &case, &note()), Ok(()));
    let hidden = EntryFacts { hidden_from_guardians: true, ..note() };
    assert_eq!(reads(&family(Role::Subject, CHILD), &case, &hidden), Ok(()));
    for (role, person) in [(Role::Guardian, CHILD), (Role::Subject, MOTHER), (Role::Guardian, OTHER_PERSON)] {
        assert_eq!(reads(&family(role, person), &case, &note()), Err(Denial::NoTask));
    }

    let capacity = Capacity::ParentWithoutParentalResponsibility;
    let parties = vec![Party { person: MOTHER, capacity }];
    case.change_family(parties, None, 900);
    assert_eq!(reads(&family(Role::Guardian, MOTHER), &case, &note()), Err(Denial::NoTask));

    let youth = Case::of(
        SubjectKind::Youth,
        vec![Party { person: MOTHER, capacity: Capacity::GuardianWithParentalResponsibility }],
    );
    assert_eq!(reads(&family(Role::Guardian, MOTHER), &youth, &note()), Err(Denial::NoTask));
}

const OTHER_PERSON: PersonId = PersonId::from_bytes([60; 16]);

fn received() -> Vec<ReceivedGrant> {
    let record = ConsentRecord::asked(consent(CONSENT, service(own(), "ppt")));
    let grant = Grant::from_consent(GRANT, partner(), CASE, &record, record.areas());
    vec![ReceivedGrant { grant, ended_at: None }]
}

fn reads_received(
    reader: &Reader,
    grants: &[ReceivedGrant],
    entry: &EntryFacts,
    under: &[GrantId],
) -> Result<(), Denial> {
    let under = under.iter().copied().collect();
    let facts = ReceivedFacts { grants, entry, under: &under };
    permit_reading_received(reader, &facts, &BTreeSet::from([NURSE]), NOW).map(|_| ())
}

#[test]
fn assigned_adviser_reads_what_a_grant_opens_to_the_service() {
    let (adviser, grants) = (employee(NURSE, "ppt"), received());

    assert_eq!(reads_received(&adviser, &grants, &note(), &[GRANT]), Ok(()));
    assert_eq!(reads_received(&employee(OTHER, "ppt"), &grants, &note(), &[GRANT]), Err(Denial::NoTask));
    let other_service = employee(NURSE, "clinic");
    assert_eq!(reads_received(&other_service, &grants, &note(), &[GRANT]), Err(Denial::NoConsent));
    assert_eq!(reads_received(&adviser, &grants, &note(), &[]), Err(Denial::NoConsent));
    let leader = reader(NURSE, Role::ServiceLeader, Some("ppt"), None);
    assert_eq!(reads_received(&leader, &grants, &note(), &[GRANT]), Err(Denial::NoTask));
    let outside = EntryFacts { areas: areas(&["learning"]), ..note() };
    assert_eq!(reads_received(&adviser, &grants, &outside, &[GRANT]), Err(Denial::NoConsent));
    let elsewhere = EntryFacts { case: crate::id::CaseId::from_bytes([9; 16]), ..note() };
    assert_eq!(reads_received(&adviser, &grants, &elsewhere, &[GRANT]), Err(Denial::NoConsent));
    let only = OnlyFor { service: service(own(), "clinic"), consent: None };
    let card = EntryFacts { only_for: Some(only), entry: EntryId::from_bytes([1; 16]), ..note() };
    assert_eq!(reads_received(&adviser, &grants, &card, &[GRANT]), Err(Denial::NoConsent));
}

#[test]
fn received_entry_is_hidden_from_the_moment_its_grant_is_over() {
    let adviser = employee(NURSE, "ppt");
    let mut grants = received();
    grants[0].grant.until = NOW.plus(1);
    assert_eq!(reads_received(&adviser, &grants, &note(), &[GRANT]), Ok(()));

    grants[0].grant.until = NOW;
    assert_eq!(reads_received(&adviser, &grants, &note(), &[GRANT]), Err(Denial::NoConsent));

    grants = received();
    grants[0].ended_at = Some(NOW);
    assert_eq!(reads_received(&adviser, &grants, &note(), &[GRANT]), Err(Denial::NoConsent));
}

#[test]
fn adviser_writes_under_a_grant_that_receives() {
    let adviser = employee(NURSE, "ppt");
    let assigned = BTreeSet::from([NURSE]);
    let language = areas(&["language"]);
    let writes = |reader: &Reader, grants: &[ReceivedGrant], kind| {
        permit_writing_received(reader, grants, &assigned, kind, &language, NOW).map(|_| ())
    };

    assert_eq!(writes(&adviser, &received(), EntryKind::Note), Ok(()));
    assert_eq!(writes(&adviser, &received(), EntryKind::CaseCard), Err(Denial::NoConsent));
    assert_eq!(writes(&adviser, &received(), EntryKind::Goal), Err(Denial::NoConsent));
    assert_eq!(writes(&employee(OTHER, "ppt"), &received(), EntryKind::Note), Err(Denial::NoTask));
    let mut reading = received();
    reading[0].grant.direction = Direction::Give;
    assert_eq!(writes(&adviser, &reading, EntryKind::Note), Err(Denial::NoConsent));
}

#[test]
fn leader_of_the_granted_service_assigns_while_the_grant_counts() {
    let leader = |code| reader(OTHER, Role::ServiceLeader, Some(code), None);

    assert!(may_assign(&leader("ppt"), &received(), NOW));
    assert!(!may_assign(&leader("clinic"), &received(), NOW));
    assert!(!may_assign(&employee(NURSE, "ppt"), &received(), NOW));
    assert!(!may_assign(&leader("ppt"), &received(), UnixMillis(5_000)));
}
