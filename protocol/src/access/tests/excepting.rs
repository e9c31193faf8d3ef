//! An entry that a giver closed to a service stays closed to it under every consent, until a later
//! version says otherwise.

use super::*;
use crate::consent::{Evidence, Yes};
use crate::ledger::IssuedGrant;

const BESIDE: ConsentId = ConsentId::from_bytes([71; 16]);
const BESIDE_GRANT: GrantId = GrantId::from_bytes([72; 16]);
const NEWER: ConsentId = ConsentId::from_bytes([77; 16]);
const NEWER_GRANT: GrantId = GrantId::from_bytes([78; 16]);
const NEXT: ConsentId = ConsentId::from_bytes([79; 16]);

/// A case with two consents to one service, each with its grant.
fn twice() -> Asked {
    let beside = Consent { id: BESIDE, ..to_ppt() };
    Asked::about(Case::child().shared(to_ppt(), PPT_GRANT).shared(beside, BESIDE_GRANT))
}

fn except(asked: &mut Asked, consent: ConsentId, giver: PersonId, at: u64) {
    asked.case.say(Said::EntryExcepted { consent, giver, entry: ENTRY }, at);
}

/// A version of a consent that both say yes to.
fn replace(asked: &mut Asked, id: ConsentId, replaced: ConsentId, exceptions: &[EntryId], at: u64) {
    let before = asked.case.ledger.consents()[&replaced].consent().clone();
    let exceptions = exceptions.iter().copied().collect();
    let newer = Consent { id, version: before.version + 1, supersedes: Some(replaced), exceptions, ..before };
    asked.case.say(Said::ConsentAsked { consent: newer }, at);
    say_yes(asked, id, at);
}

fn say_yes(asked: &mut Asked, consent: ConsentId, at: u64) {
    for giver in [MOTHER, FATHER] {
        let yes = Yes::new(UnixMillis(at), Evidence::Oral);
        asked.case.say(Said::ConsentGiven { consent, giver, yes }, at);
    }
}

fn grant(asked: &mut Asked, grant: GrantId, consent: ConsentId) {
    grant_at(asked, grant, consent, NOW.0);
}

fn grant_at(asked: &mut Asked, grant: GrantId, consent: ConsentId, at: u64) {
    let hash = crate::signed::StatementHash([0; 32]);
    let areas = asked.case.ledger.consents()[&consent].areas().clone();
    let said = Said::GrantIssued { grant, consent, partner: partner(), areas, hash };
    asked.case.say(said, at);
}

fn keeps(asked: &Asked, grant: GrantId) -> bool {
    let issued: IssuedGrant = asked.case.ledger.grants()[&grant].clone();
    let agreement = asked.agreement.as_ref();
    permit_keeping(&asked.case.ledger, agreement, Standing::Trusted, &issued, NOW).is_ok()
}

#[test]
fn exception_recalls_the_entry_under_every_consent_to_that_service() {
    let clinic = Case::child().shared(to_clinic(), CLINIC_GRANT);
    let beside = Consent { id: BESIDE, ..to_ppt() };
    let mut asked = Asked::about(clinic.shared(to_ppt(), PPT_GRANT).shared(beside, BESIDE_GRANT));

    except(&mut asked, PPT, MOTHER, 900);

    assert!(!keeps(&asked, PPT_GRANT));
    assert!(!keeps(&asked, BESIDE_GRANT), "it would keep what was closed to the service");
    assert!(keeps(&asked, CLINIC_GRANT), "the other service was not spoken of");
    assert_eq!(asked.goes_to().expect("the clinic"), ["clinic"]);
}

#[test]
fn grant_issued_after_an_exception_stays_when_the_next_giver_closes_the_same() {
    let mut asked = shared();
    except(&mut asked, PPT, MOTHER, 900);
    asked.case.say(Said::GrantEnded { grant: PPT_GRANT }, 900);
    grant(&mut asked, NEWER_GRANT, PPT);
    assert!(keeps(&asked, NEWER_GRANT));

    except(&mut asked, PPT, FATHER, 910);

    assert!(keeps(&asked, NEWER_GRANT), "nothing was open that closes");
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
}

#[test]
fn exception_outlives_the_consent_that_held_it() {
    let mut withdrawn = twice();
    except(&mut withdrawn, PPT, MOTHER, 900);
    withdrawn.case.withdraw(PPT, FATHER, 910);
    grant(&mut withdrawn, NEWER_GRANT, BESIDE);
    assert_eq!(withdrawn.goes_to(), Err(Denial::Excepted));

    let mut expired = Asked::about(Case::child().shared(to_ppt(), PPT_GRANT));
    expired.case.shared_more(Consent { id: BESIDE, until: UnixMillis(9_000), ..to_ppt() });
    except(&mut expired, PPT, MOTHER, 900);
    grant(&mut expired, BESIDE_GRANT, BESIDE);
    expired.now = UnixMillis(6_000);
    assert_eq!(expired.goes_to(), Err(Denial::Excepted));
}

#[test]
fn exception_of_a_consents_terms_outlives_it_and_recalls_under_the_others() {
    let excepting = Consent { id: BESIDE, exceptions: BTreeSet::from([ENTRY]), ..to_ppt() };
    let mut asked = shared();
    asked.case.ask(excepting);
    assert!(keeps(&asked, PPT_GRANT), "nobody has said yes to that");
    assert_eq!(asked.goes_to(), ppt());

    say_yes(&mut asked, BESIDE, 800);
    assert!(!keeps(&asked, PPT_GRANT));
    assert_eq!(asked.goes_to(), Err(Denial::NoConsent), "not under the old grant");
    asked.case.withdraw(BESIDE, FATHER, 900);
    grant(&mut asked, NEWER_GRANT, PPT);

    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
}

#[test]
fn exception_in_terms_that_were_withdrawn_before_they_held_closes_nothing() {
    let mut asked = shared();
    asked.case.ask(Consent { id: BESIDE, exceptions: BTreeSet::from([ENTRY]), ..to_ppt() });
    asked.case.give(BESIDE, MOTHER, false);
    asked.case.withdraw(BESIDE, MOTHER, 900);

    assert!(keeps(&asked, PPT_GRANT));
    assert_eq!(asked.goes_to(), ppt());
}

#[test]
fn later_version_that_does_not_name_an_exception_drops_it_once_everybody_said_yes() {
    let mut asked = shared();
    except(&mut asked, PPT, MOTHER, 100);
    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, 200);
    grant(&mut asked, NEWER_GRANT, PPT);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted), "asked is not dropped");

    say_yes(&mut asked, NEWER, 300);
    grant(&mut asked, BESIDE_GRANT, NEWER);
    assert_eq!(asked.goes_to(), ppt());

    asked.case.withdraw(NEWER, FATHER, 400);
    replace(&mut asked, NEXT, NEWER, &[], 500);
    grant(&mut asked, GrantId::from_bytes([80; 16]), NEXT);
    assert_eq!(asked.goes_to(), ppt(), "what was dropped stays dropped");
}

#[test]
fn version_that_names_the_exception_and_one_of_another_consent_drop_nothing() {
    let mut asked = twice();
    except(&mut asked, PPT, MOTHER, 100);
    replace(&mut asked, NEWER, BESIDE, &[], 200);
    grant(&mut asked, NEWER_GRANT, NEWER);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted), "the consent that held it was not replaced");

    replace(&mut asked, NEXT, PPT, &[ENTRY], 300);
    grant(&mut asked, GrantId::from_bytes([80; 16]), NEXT);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));

    replace(&mut asked, ConsentId::from_bytes([81; 16]), NEXT, &[], 400);
    assert_eq!(asked.goes_to(), ppt(), "dropped along the whole line");
}

#[test]
fn version_asked_for_before_the_exception_does_not_drop_it() {
    let mut asked = shared();
    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, 100);
    except(&mut asked, PPT, MOTHER, 200);

    say_yes(&mut asked, NEWER, 300);
    grant(&mut asked, NEWER_GRANT, NEWER);

    assert_eq!(asked.goes_to(), Err(Denial::Excepted), "whoever asked did not know of it");
}

#[test]
fn exception_made_again_after_it_was_dropped_recalls_again() {
    let mut asked = shared();
    except(&mut asked, PPT, MOTHER, 100);
    replace(&mut asked, NEWER, PPT, &[], 200);
    grant(&mut asked, NEWER_GRANT, NEWER);
    assert_eq!((asked.goes_to(), keeps(&asked, NEWER_GRANT)), (ppt(), true));

    except(&mut asked, NEWER, MOTHER, 300);

    assert!(!keeps(&asked, NEWER_GRANT));
    grant(&mut asked, BESIDE_GRANT, NEWER);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
}

#[test]
fn entry_that_was_open_for_a_while_under_a_grant_is_recalled_under_it() {
    let mut asked = twice();
    except(&mut asked, PPT, MOTHER, 100);
    asked.case.say(Said::GrantEnded { grant: PPT_GRANT }, 100);
    asked.case.say(Said::GrantEnded { grant: BESIDE_GRANT }, 100);
    grant_at(&mut asked, NEWER_GRANT, BESIDE, 150);
    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
    replace(&mut asked, NEWER, PPT, &[], 200);
    assert_eq!((asked.goes_to(), keeps(&asked, NEWER_GRANT)), (ppt(), true));

    replace(&mut asked, NEXT, NEWER, &[ENTRY], 300);

    assert!(!keeps(&asked, NEWER_GRANT), "it went out between 200 and 300");
}

#[test]
fn grant_stays_when_the_closing_goes_over_to_another_consent_without_a_gap() {
    let mut asked = twice();
    except(&mut asked, PPT, MOTHER, 100);
    asked.case.say(Said::GrantEnded { grant: PPT_GRANT }, 100);
    asked.case.say(Said::GrantEnded { grant: BESIDE_GRANT }, 100);
    grant_at(&mut asked, NEWER_GRANT, BESIDE, 150);
    except(&mut asked, BESIDE, MOTHER, 170);

    replace(&mut asked, NEWER, PPT, &[], 200);

    assert_eq!(asked.goes_to(), Err(Denial::Excepted));
    assert!(keeps(&asked, NEWER_GRANT), "nothing was open that closes");
}

#[test]
fn own_service_is_closed_out_under_every_consent_too() {
    let school = service(own(), "sfo");
    let mut case = Case::child();
    case.shared_more(consent(PPT, school.clone()));
    case.shared_more(Consent { id: BESIDE, ..consent(BESIDE, school.clone()) });
    assert_eq!(permit_own_service(&case.ledger, &school, &note(), NOW), Ok(()));

    case.say(Said::EntryExcepted { consent: PPT, giver: MOTHER, entry: ENTRY }, 900);
    case.withdraw(PPT, MOTHER, 910);

    assert_eq!(permit_own_service(&case.ledger, &school, &note(), NOW), Err(Denial::Excepted));
}
