//! The gate while who must say yes, how much is open and how the address is protected change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::consent::rule::{Birthdays, GiverRule, RuleTable, YouthConsent};
use crate::consent::{Channel, ConsentStatus, Controller, Evidence, Sector, WithdrawnPart, Yes};
use crate::ledger::IssuedGrant;
use crate::protection::ProtectionSaid;

const NEWER: ConsentId = ConsentId::from_bytes([77; 16]);
const NEWER_GRANT: GrantId = GrantId::from_bytes([78; 16]);
const BIRTHDAY: u64 = 2_000;

/// A shared case whose child turns 16 at [`BIRTHDAY`] and 18 at 4000.
fn turning_sixteen() -> Asked {
    let mut asked = shared();
    let parties = asked.case.ledger.parties().to_vec();
    let ages = [(16, UnixMillis(BIRTHDAY)), (18, UnixMillis(4_000))];
    asked.case.change_family(parties, Some(Birthdays(BTreeMap::from(ages))), 40);
    asked
}

fn status(asked: &Asked, consent: ConsentId, now: u64) -> ConsentStatus {
    let ledger = &asked.case.ledger;
    ledger.status(&ledger.consents()[&consent], UnixMillis(now))
}

fn keeps(asked: &Asked, grant: GrantId, now: u64) -> bool {
    let issued: IssuedGrant = asked.case.ledger.grants()[&grant].clone();
    let agreement = asked.agreement.as_ref();
    permit_keeping(&asked.case.ledger, agreement, Standing::Trusted, &issued, UnixMillis(now)).is_ok()
}

fn take_back(asked: &mut Asked, consent: ConsentId, part: WithdrawnPart, at: u64) {
    asked.case.say(Said::ConsentWithdrawn { consent, giver: FATHER, channel: Channel::Oral, part }, at);
}

#[test]
fn birthday_pauses_at_midnight_what_the_guardians_had_opened() {
    let mut asked = turning_sixteen();
    asked.now = UnixMillis(BIRTHDAY - 1);
    assert_eq!(asked.goes_to(), ppt());

    asked.now = UnixMillis(BIRTHDAY);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
    let missing = BTreeSet::from([CHILD]);
    assert_eq!(status(&asked, PPT, BIRTHDAY), ConsentStatus::MustBeRenewed { missing });
    assert!(keeps(&asked, PPT_GRANT, BIRTHDAY), "what is there stays, and nothing is recalled");
    let told = permit_grant(
        &asked.case.ledger,
        asked.agreement.as_ref(),
        Standing::Trusted,
        PPT,
        UnixMillis(BIRTHDAY),
    );
    assert_eq!(told.map(|_| ()), Err(Denial::NoConsent));
}

#[test]
fn youths_own_yes_to_a_new_version_opens_again_and_a_guardians_does_not() {
    let mut asked = turning_sixteen();
    asked.now = UnixMillis(BIRTHDAY + 10);
    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, BIRTHDAY + 1);
    asked.case.grant(NEWER_GRANT, NEWER);
    let yes = |at| Yes::new(UnixMillis(at), Evidence::Oral);
    let given = |giver, at| Said::ConsentGiven { consent: NEWER, giver, yes: yes(at) };
    asked.case.say(given(MOTHER, BIRTHDAY + 2), BIRTHDAY + 2);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.case.say(given(CHILD, BIRTHDAY + 3), BIRTHDAY + 3);

    assert_eq!(asked.goes_to(), ppt());
    assert_eq!(status(&asked, PPT, BIRTHDAY + 10), ConsentStatus::Superseded);
    assert!(!keeps(&asked, PPT_GRANT, BIRTHDAY + 10), "the old grant is over by now");
    let before = ConsentStatus::MustBeRenewed { missing: BTreeSet::new() };
    assert_ne!(status(&asked, NEWER, BIRTHDAY + 10), before);
}

#[test]
fn rule_of_one_service_leaves_the_others_alone() {
    let fifteen = GiverRule {
        from: UnixMillis(0),
        service: Some("clinic".parse().expect("valid")),
        youth_age: 15,
        youth: YouthConsent::Alone,
        guardian_areas: BTreeSet::new(),
    };
    let case = Case::child().shared(to_ppt(), PPT_GRANT).shared(to_clinic(), CLINIC_GRANT);
    let mut asked = Asked::about(case);
    let parties = asked.case.ledger.parties().to_vec();
    let ages = Birthdays(BTreeMap::from([(15, UnixMillis(900)), (16, UnixMillis(1_100))]));
    asked.case.change_family(parties, Some(ages), 40);
    assert_eq!(asked.goes_to().map(|services| services.len()), Ok(2));

    asked.case.ledger = asked.case.ledger.clone().under(Arc::new(RuleTable::new(16, vec![fifteen])));

    assert_eq!(asked.goes_to(), ppt(), "the clinic asks the youth from fifteen");
}

#[test]
fn new_rule_and_new_custody_pause_from_their_first_moment() {
    let mut asked = turning_sixteen();
    let from_fifteen = GiverRule {
        from: UnixMillis(1_500),
        service: None,
        youth_age: 15,
        youth: YouthConsent::Alone,
        guardian_areas: BTreeSet::new(),
    };
    let ages = Birthdays(BTreeMap::from([(15, UnixMillis(100)), (16, UnixMillis(BIRTHDAY))]));
    let parties = asked.case.ledger.parties().to_vec();
    asked.case.change_family(parties, Some(ages), 41);
    asked.case.ledger = asked.case.ledger.clone().under(Arc::new(RuleTable::new(16, vec![from_fifteen])));

    asked.now = UnixMillis(1_499);
    assert_eq!(asked.goes_to(), ppt());
    asked.now = UnixMillis(1_500);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    let mut asked = shared();
    let welfare = Party { person: PersonId::from_bytes([90; 16]), capacity: Capacity::ChildWelfareService };
    let mut parties = asked.case.ledger.parties().to_vec();
    parties.push(welfare);
    asked.case.change_family(parties, None, 999);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "with a care order the service must say yes");
    assert!(keeps(&asked, PPT_GRANT, 1_000));
}

#[test]
fn area_taken_back_ends_the_grant_and_closes_every_entry_that_names_it() {
    let mut asked = shared();
    asked.entry.areas = areas(&["language", "wellbeing"]);

    take_back(&mut asked, PPT, WithdrawnPart::Areas { areas: areas(&["wellbeing"]) }, 900);

    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
    assert!(!keeps(&asked, PPT_GRANT, 1_000), "what was granted before is over");
    asked.entry.areas = areas(&["language"]);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "not under the old grant");
    asked.case.grant(NEWER_GRANT, PPT);
    assert_eq!(asked.goes_to(), ppt());
    let record = &asked.case.ledger.consents()[&PPT];
    assert_eq!(
        Grant::from_consent(NEWER_GRANT, own(), CASE, record, record.areas()).areas,
        areas(&["language"])
    );
}

#[test]
fn entry_excepted_later_stays_closed_under_the_next_grant_too() {
    let mut asked = shared();

    asked.case.say(Said::EntryExcepted { consent: PPT, giver: MOTHER, entry: ENTRY }, 900);

    assert!(!keeps(&asked, PPT_GRANT, 1_000));
    asked.case.grant(NEWER_GRANT, PPT);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
}

#[test]
fn what_is_about_a_guardian_closes_when_that_guardian_takes_it_back() {
    let mut asked = Asked::about(Case::child());
    asked.case.ask(to_ppt());
    asked.case.give(PPT, MOTHER, false);
    asked.case.give(PPT, FATHER, true);
    asked.case.grant(PPT_GRANT, PPT);
    asked.entry.about = BTreeSet::from([About::Guardian(FATHER)]);
    assert_eq!(asked.goes_to(), ppt());

    take_back(&mut asked, PPT, WithdrawnPart::AboutSelf, 900);

    asked.case.grant(NEWER_GRANT, PPT);
    assert_eq!(asked.goes_to(), Err(Denial::AboutAnother));
    asked.entry.about = BTreeSet::from([About::Subject]);
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn renewal_after_a_gap_opens_nothing_until_it_was_looked_through() {
    let mut asked = shared();
    asked.now = UnixMillis(6_000);
    let later = Consent { id: NEWER, until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: later }, 5_500);
    let yes = Yes::new(UnixMillis(5_600), Evidence::Oral);
    for giver in [MOTHER, FATHER] {
        asked.case.say(Said::ConsentGiven { consent: NEWER, giver, yes: yes.clone() }, 5_600);
    }
    asked.case.grant(NEWER_GRANT, NEWER);
    assert_eq!(status(&asked, NEWER, 6_000), ConsentStatus::WaitsForReview);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));

    asked.case.say(Said::HeldReviewed { consent: NEWER }, 5_700);

    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn renewal_before_the_end_needs_no_second_look() {
    let mut asked = shared();
    asked.now = UnixMillis(6_000);
    let longer =
        Consent { id: NEWER, version: 2, supersedes: Some(PPT), until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: longer }, 4_000);
    let yes = Yes::new(UnixMillis(4_100), Evidence::Oral);
    for giver in [MOTHER, FATHER] {
        asked.case.say(Said::ConsentGiven { consent: NEWER, giver, yes: yes.clone() }, 4_100);
    }
    asked.case.grant(NEWER_GRANT, NEWER);

    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn consent_seen_to_run_out_is_not_revived_when_the_clock_is_set_back() {
    let mut asked = shared();

    asked.case.say(Said::ConsentExpired { consent: PPT }, 5_000);

    asked.now = UnixMillis(1_000);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent));
    assert!(!keeps(&asked, PPT_GRANT, 1_000));
}

#[test]
fn confidential_address_opens_to_a_partner_only_what_the_leader_approved() {
    let case = Case::child().shared(to_ppt(), PPT_GRANT).shared(to_clinic(), CLINIC_GRANT);
    let mut asked = Asked::about(case);
    asked.case.protect(AddressProtection::Confidential, 900);
    assert_eq!(asked.goes_to(), Err(Denial::AddressProtected));
    assert!(!keeps(&asked, PPT_GRANT, 1_000), "what went out before is recalled");

    asked.case.protect_by(ProtectionSaid::Approved { consent: PPT }, 950);

    assert_eq!(asked.goes_to(), ppt());
    asked.case.protect(AddressProtection::Confidential, 960);
    assert_eq!(asked.goes_to(), Err(Denial::AddressProtected), "a new decision needs a new approval");
}

#[test]
fn confidential_address_never_opens_to_a_private_recipient_or_a_card_that_says_where() {
    let private = Controller { organisation: own(), sector: Sector::Private };
    let mut asked =
        Asked::about(Case::child().shared(Consent { controller: private, ..to_ppt() }, PPT_GRANT));
    assert_eq!(asked.goes_to(), ppt());
    asked.case.protect(AddressProtection::Confidential, 900);
    asked.case.protect_by(ProtectionSaid::Approved { consent: PPT }, 901);
    assert_eq!(asked.goes_to(), Err(Denial::AddressProtected));

    for (field, opens) in [(crate::entry::FieldKey::School, false), (crate::entry::FieldKey::Level, true)] {
        let chosen = BTreeSet::from([crate::entry::CardField::try_from(field).expect("a card's field")]);
        let with_card = Consent { card_fields: chosen, ..to_ppt() };
        let mut asked = Asked::about(Case::child().shared(with_card, PPT_GRANT));
        asked.case.protect(AddressProtection::Confidential, 900);
        asked.case.protect_by(ProtectionSaid::Approved { consent: PPT }, 901);
        asked.entry.kind = EntryKind::CaseCard;
        asked.entry.only_for = Some(OnlyFor { service: service(partner(), "ppt"), consent: Some(PPT) });
        assert_eq!(asked.goes_to().is_ok(), opens, "{field}");
    }
}

#[test]
fn own_private_kindergarten_is_closed_by_protection_and_own_public_services_are_not() {
    for (sector, opens) in [(Sector::Public, true), (Sector::Private, false)] {
        let kindergarten = service(own(), "kindergarten");
        let controller = Controller { organisation: own(), sector };
        let mut case = Case::child();
        case.ask(Consent { controller, ..consent(PPT, kindergarten.clone()) });
        case.give(PPT, MOTHER, false);
        case.give(PPT, FATHER, false);
        assert_eq!(permit_own_service(&case.ledger, &kindergarten, &note(), NOW), Ok(()));

        case.protect(AddressProtection::StrictlyConfidential, 900);

        let answer = permit_own_service(&case.ledger, &kindergarten, &note(), NOW);
        assert_eq!(answer, if opens { Ok(()) } else { Err(Denial::AddressProtected) });
    }
}

#[test]
fn newer_version_takes_over_also_when_the_missing_giver_need_not_be_asked_any_longer() {
    let mut asked = shared();
    let newer =
        Consent { id: NEWER, version: 2, supersedes: Some(PPT), areas: areas(&["wellbeing"]), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, 100);
    let yes = Yes::new(UnixMillis(110), Evidence::Oral);
    asked.case.say(Said::ConsentGiven { consent: NEWER, giver: MOTHER, yes }, 110);
    assert_eq!(asked.goes_to(), ppt(), "until the father has answered, the wider one stands");
    let mut parties = asked.case.ledger.parties().to_vec();
    parties.retain(|party| party.person != FATHER);

    asked.case.change_family(parties, None, 120);

    assert_eq!(status(&asked, NEWER, 1_000), ConsentStatus::Expiring);
    assert_eq!(status(&asked, PPT, 1_000), ConsentStatus::Superseded);
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "the mother has narrowed it to other areas");
    assert!(!keeps(&asked, PPT_GRANT, 1_000));
}

#[test]
fn birthday_that_is_to_come_completes_nothing_before_it() {
    let mut asked = turning_sixteen();
    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, 100);
    let yes = Yes::new(UnixMillis(110), Evidence::Oral);
    asked.case.say(Said::ConsentGiven { consent: NEWER, giver: CHILD, yes }, 110);

    assert_eq!(status(&asked, PPT, BIRTHDAY - 1), ConsentStatus::Expiring);
    assert_eq!(status(&asked, PPT, BIRTHDAY), ConsentStatus::Superseded);
    assert_eq!(status(&asked, NEWER, BIRTHDAY), ConsentStatus::Expiring);
}
