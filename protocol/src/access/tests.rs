//! Each rule of the gate: when it opens, when it does not, and the moment it changes.

mod changing;
mod excepting;
pub(crate) mod scene;
mod versions;

pub(crate) use scene::*;

use super::*;
use crate::consent::rule::{Capacity, Party};
use crate::consent::{Consent, Direction};
use crate::id::PersonId;
use crate::ledger::statement::Said;

#[test]
fn entry_goes_to_the_service_that_everybody_said_yes_to() {
    let asked = shared();

    let permit = permit(&asked.question()).expect("permitted");

    let ground = Ground { grant: PPT_GRANT, consent: PPT, service: service(partner(), "ppt") };
    assert_eq!(permit.grounds(), [ground]);
    assert_eq!(permit.entry().entry, ENTRY);
}

#[test]
fn consent_opens_nothing_before_its_grant_is_issued() {
    let mut asked = Asked::about(Case::child());
    asked.case.ask(to_ppt());
    asked.case.give(PPT, MOTHER, false);
    asked.case.give(PPT, FATHER, false);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.case.grant(PPT_GRANT, PPT);
    assert_eq!(asked.goes_to(), ppt());

    asked.case.say(Said::GrantEnded { grant: PPT_GRANT }, 40);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn missing_giver_keeps_everything_closed() {
    let mut asked = Asked::about(Case::child());
    asked.case.ask(to_ppt());
    asked.case.give(PPT, MOTHER, false);
    asked.case.grant(PPT_GRANT, PPT);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.case.give(PPT, FATHER, false);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn guardian_who_comes_later_must_say_yes_too() {
    let mut asked = shared();
    let guardian = Capacity::AppointedGuardian;
    let mut parties = asked.case.ledger.parties().to_vec();
    parties.push(Party { person: PersonId::from_bytes([99; 16]), capacity: guardian });

    asked.case.change_family(parties, None, 50);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn all_areas_of_an_entry_must_be_open_or_nothing_is() {
    let mut case = Case::child();
    let narrow = Consent { areas: areas(&["language"]), ..to_ppt() };
    case = case.shared(narrow, PPT_GRANT);
    let mut asked = Asked::about(case);
    assert_eq!(asked.goes_to(), ppt());

    asked.entry.areas = areas(&["language", "wellbeing"]);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.entry.areas = areas(&["wellbeing"]);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn two_consents_that_each_open_half_of_an_entry_open_nothing() {
    let case = Case::child().shared(Consent { areas: areas(&["language"]), ..to_ppt() }, PPT_GRANT).shared(
        Consent { areas: areas(&["wellbeing"]), id: CLINIC, recipient: to_ppt().recipient, ..to_clinic() },
        CLINIC_GRANT,
    );
    let mut asked = Asked::about(case);

    asked.entry.areas = areas(&["language", "wellbeing"]);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn entry_without_an_area_never_goes() {
    let mut asked = shared();

    asked.entry.areas = BTreeSet::new();

    assert_eq!(asked.goes_to(), Err(Denial::NoArea));
}

#[test]
fn kind_that_the_consent_does_not_name_stays() {
    let mut asked = shared();

    asked.entry.kind = EntryKind::Concern;

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn exception_closes_one_entry_and_no_other() {
    let with_exception = Consent { exceptions: BTreeSet::from([ENTRY]), ..to_ppt() };
    let mut asked = Asked::about(Case::child().shared(with_exception, PPT_GRANT));
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));

    asked.entry.entry = EntryId::from_bytes([66; 16]);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn exception_in_one_consent_holds_against_every_consent_to_that_service() {
    let other = Consent { exceptions: BTreeSet::from([ENTRY]), id: CLINIC, ..to_ppt() };
    let case = Case::child().shared(to_ppt(), PPT_GRANT).shared(other, CLINIC_GRANT);

    assert_eq!(Asked::about(case).goes_to(), Err(Denial::Excepted));
}

#[test]
fn entry_excepted_for_one_service_names_only_the_other() {
    let excepting = Consent { exceptions: BTreeSet::from([ENTRY]), ..to_clinic() };
    let asked = Asked::about(Case::child().shared(to_ppt(), PPT_GRANT).shared(excepting, CLINIC_GRANT));

    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn entry_for_one_consent_goes_nowhere_else() {
    let mut asked = Asked::about(Case::child().shared(to_ppt(), PPT_GRANT).shared(to_clinic(), CLINIC_GRANT));
    assert_eq!(asked.goes_to().expect("both"), ["ppt", "clinic"]);

    asked.entry.kind = EntryKind::CaseCard;
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "a card for nobody");

    asked.entry.only_for = Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(PPT) });
    assert_eq!(asked.goes_to(), ppt());

    asked.entry.only_for = Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(CLINIC) });
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.entry.only_for = Some(OnlyFor { service: service(own(), "ppt"), consent: Some(PPT) });
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn service_that_only_writes_reads_its_own_writing_alone() {
    let writes = Consent { direction: Direction::Receive, ..to_ppt() };
    let mut asked = Asked::about(Case::child().shared(writes, PPT_GRANT));
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.entry.written_by = Some(service(partner(), "ppt"));
    assert_eq!(asked.goes_to(), ppt());

    asked.entry.written_by = Some(service(partner(), "clinic"));
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn service_that_only_reads_may_change_nothing() {
    let reads = Consent { direction: Direction::Give, ..to_ppt() };
    let asked = Asked::about(Case::child().shared(reads, PPT_GRANT));

    assert_eq!(asked.goes_to(), ppt());
    assert_eq!(permit_change(&asked.question()), Err(Denial::NoConsent));
    assert!(permit_change(&shared().question()).is_ok());
}

#[test]
fn card_is_changed_by_nobody_but_the_owner() {
    let mut asked = shared();
    asked.entry.kind = EntryKind::CaseCard;
    asked.entry.only_for = Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(PPT) });

    assert_eq!(asked.goes_to(), ppt());
    assert_eq!(permit_change(&asked.question()), Err(Denial::NoConsent));
}

#[test]
fn entry_about_a_guardian_needs_that_guardians_own_yes() {
    let mut asked = shared();
    asked.entry.about = BTreeSet::from([About::Subject, About::Guardian(MOTHER)]);
    assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));

    let mut case = Case::child();
    case.ask(to_ppt());
    case.give(PPT, MOTHER, true);
    case.give(PPT, FATHER, false);
    case.grant(PPT_GRANT, PPT);
    asked.case = case;
    assert_eq!(asked.goes_to(), ppt());

    asked.entry.about = BTreeSet::from([About::Guardian(FATHER)]);
    assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));
}

#[test]
fn entry_about_a_sibling_or_another_goes_only_to_the_service_that_wrote_it() {
    for about in [About::Sibling, About::Other] {
        let mut asked = shared();
        asked.entry.about = BTreeSet::from([About::Subject, about]);
        assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));

        asked.entry.written_by = Some(service(partner(), "ppt"));
        assert_eq!(asked.goes_to(), ppt());
    }
}

#[test]
fn address_protection_outranks_every_consent() {
    for protection in [AddressProtection::Confidential, AddressProtection::StrictlyConfidential] {
        let mut asked = shared();
        asked.case.protect(protection, 50);
        assert_eq!(asked.goes_to(), Err(Denial::AddressProtected));
        assert_eq!(permit_change(&asked.question()), Err(Denial::AddressProtected));
        let told = permit_grant(&asked.case.ledger, asked.agreement.as_ref(), Standing::Trusted, PPT, NOW);
        assert_eq!(told, Err(Denial::AddressProtected));

        asked.case.protect(AddressProtection::None, 60);
        assert_eq!(asked.goes_to(), ppt());
    }
}

#[test]
fn agreement_bounds_areas_services_and_time() {
    let mut asked = shared();
    for (now, opens) in [(99, false), (100, true), (4_999, true)] {
        asked.now = UnixMillis(now);
        assert_eq!(asked.goes_to().is_ok(), opens, "{now}");
    }
    asked.now = NOW;
    asked.agreement = Some(Agreement { until: NOW, ..agreement() });
    assert_eq!(asked.goes_to(), Err(Denial::NoAgreement));
    asked.agreement = Some(Agreement { until: NOW.plus(1), ..agreement() });
    assert_eq!(asked.goes_to(), ppt());
    asked.agreement = Some(Agreement { areas: areas(&["wellbeing"]), ..agreement() });
    assert_eq!(asked.goes_to(), Err(Denial::OutsideAgreement));
    asked.agreement = Some(Agreement { services: BTreeSet::new(), ..agreement() });
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
    asked.agreement = Some(Agreement { partner: own(), ..agreement() });
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
    asked.agreement = None;
    assert_eq!(asked.goes_to(), Err(Denial::NoAgreement));
}

#[test]
fn consent_ends_with_its_last_millisecond() {
    let mut asked = shared();
    asked.now = UnixMillis(4_999);
    assert_eq!(asked.goes_to(), ppt());

    asked.now = UnixMillis(5_000);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn withdrawal_by_one_giver_closes_in_its_own_step() {
    let mut asked = shared();

    asked.case.withdraw(PPT, FATHER, 1_000);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn standing_closes_what_it_must_and_keeps_what_it_may() {
    let mut asked = shared();
    asked.held.generation = Some(GENERATION);
    for (standing, answer) in [
        (Standing::Trusted, ppt()),
        (Standing::Sealed, Err(Denial::Sealed)),
        (Standing::Revoked, Err(Denial::NoAgreement)),
        (Standing::ReceiptOverdue, ppt()),
    ] {
        asked.standing = standing;
        assert_eq!(asked.goes_to(), answer, "{standing:?}");
    }

    asked.held.generation = None;
    assert_eq!(asked.goes_to(), Err(Denial::ReceiptOverdue), "nothing new");
}

#[test]
fn history_never_travels_to_a_new_reader() {
    let mut asked = shared();
    asked.entry.changes = 2;
    assert_eq!(asked.goes_to(), Err(Denial::HistoryTravels));

    asked.held.generation = Some(GENERATION);
    assert_eq!(asked.goes_to(), ppt(), "it has the history already");

    asked.held.generation = Some(GenerationId::from_bytes([77; 16]));
    assert_eq!(asked.goes_to(), Err(Denial::HistoryTravels), "another generation");

    asked.entry.changes = 1;
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn closed_case_opens_nothing_to_anybody() {
    let mut asked = shared();
    assert_eq!(asked.goes_to(), ppt());

    asked.case.say(Said::Closed, 60);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
}

#[test]
fn entry_that_is_being_recalled_waits_for_the_receipt() {
    let mut asked = shared();
    asked.held.recall_waits = true;
    assert_eq!(asked.goes_to(), Err(Denial::RecallWaits));

    asked.held.recall_waits = false;
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn newer_version_takes_over_once_everybody_has_said_yes_and_never_gives_back() {
    let newer =
        Consent { id: CLINIC, version: 2, supersedes: Some(PPT), areas: areas(&["wellbeing"]), ..to_ppt() };
    let mut asked = shared();
    asked.case.ask(newer);
    asked.case.give(CLINIC, MOTHER, false);
    assert_eq!(asked.goes_to(), ppt(), "the old one counts until all have said yes");

    asked.case.give(CLINIC, FATHER, false);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.case.withdraw(CLINIC, MOTHER, 60);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "the old one does not come back");
}

#[test]
fn newer_version_that_begins_later_leaves_the_old_one_until_then() {
    let newer =
        Consent { id: CLINIC, version: 2, supersedes: Some(PPT), from: UnixMillis(2_000), ..to_ppt() };
    let mut asked = Asked::about(Case::child().shared(to_ppt(), PPT_GRANT).shared(newer, CLINIC_GRANT));
    let consents = |asked: &Asked| -> Vec<ConsentId> {
        permit(&asked.question()).expect("permitted").grounds().iter().map(|ground| ground.consent).collect()
    };

    asked.now = UnixMillis(1_999);
    assert_eq!(consents(&asked), [PPT]);
    asked.now = UnixMillis(2_000);
    assert_eq!(consents(&asked), [CLINIC]);
}

#[test]
fn proposal_needs_the_grant_it_names() {
    let case = Case::child()
        .shared(to_ppt(), PPT_GRANT)
        .shared(Consent { direction: Direction::Give, ..to_clinic() }, CLINIC_GRANT);
    let agreement = agreement();
    let (in_language, in_learning, nowhere) = (areas(&["language"]), areas(&["learning"]), areas(&[]));
    let ask = |kind, areas, grant, standing| {
        let question = ProposalQuestion {
            ledger: &case.ledger,
            agreement: Some(&agreement),
            standing,
            kind,
            areas,
            grant,
            now: NOW,
        };
        permit_proposal(&question).map(|ground| ground.grant)
    };

    assert_eq!(ask(EntryKind::Note, &in_language, PPT_GRANT, Standing::Trusted), Ok(PPT_GRANT));
    assert_eq!(ask(EntryKind::Note, &in_language, PPT_GRANT, Standing::ReceiptOverdue), Ok(PPT_GRANT));
    assert_eq!(ask(EntryKind::Note, &in_language, CLINIC_GRANT, Standing::Trusted), Err(Denial::NoConsent));
    assert_eq!(ask(EntryKind::Concern, &in_language, PPT_GRANT, Standing::Trusted), Err(Denial::NoConsent));
    assert_eq!(ask(EntryKind::CaseCard, &in_language, PPT_GRANT, Standing::Trusted), Err(Denial::NoConsent));
    assert_eq!(ask(EntryKind::Note, &in_language, PPT_GRANT, Standing::Sealed), Err(Denial::Sealed));
    assert_eq!(ask(EntryKind::Note, &nowhere, PPT_GRANT, Standing::Trusted), Err(Denial::NoArea));
    assert_eq!(
        ask(EntryKind::Note, &in_learning, PPT_GRANT, Standing::Trusted),
        Err(Denial::OutsideAgreement)
    );
}

#[test]
fn own_writing_goes_back_only_under_a_grant_that_counts() {
    let record = ConsentRecord::asked(to_ppt());
    let grant = Grant::from_consent(PPT_GRANT, own(), CASE, &record, record.areas());
    let received = |direction, until, ended_at| {
        let grant = Grant { direction, until, ..grant.clone() };
        vec![ReceivedGrant { grant, ended_at }]
    };
    let agreement = Agreement { partner: own(), ..agreement() };
    let entry = note();
    let named = BTreeSet::from([PPT_GRANT]);
    let ask = |grants: &[ReceivedGrant], under: &BTreeSet<GrantId>, standing| {
        let question =
            ReturnQuestion { grants, agreement: Some(&agreement), standing, entry: &entry, under, now: NOW };
        permit_return(&question).map(|permit| permit.partner())
    };
    let open = received(Direction::Both, UnixMillis(5_000), None);

    assert_eq!(ask(&open, &named, Standing::Trusted), Ok(own()));
    assert_eq!(ask(&open, &BTreeSet::new(), Standing::Trusted), Err(Denial::NoConsent));
    assert_eq!(ask(&open, &named, Standing::Sealed), Err(Denial::Sealed));
    assert_eq!(ask(&open, &named, Standing::Revoked), Err(Denial::NoAgreement));
    let reads = received(Direction::Give, UnixMillis(5_000), None);
    assert_eq!(ask(&reads, &named, Standing::Trusted), Err(Denial::NoConsent));
    let over = received(Direction::Both, NOW, None);
    assert_eq!(ask(&over, &named, Standing::Trusted), Err(Denial::NoConsent));
    let ended = received(Direction::Both, UnixMillis(5_000), Some(NOW));
    assert_eq!(ask(&ended, &named, Standing::Trusted), Err(Denial::NoConsent));
}

#[test]
fn entry_that_does_not_say_whom_it_is_about_goes_nowhere() {
    let mut asked = shared();
    asked.entry.about = BTreeSet::new();
    assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));

    asked.entry.written_by = Some(service(partner(), "ppt"));
    assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));
}
