use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::*;
use crate::access::tests::*;
use crate::consent::rule::Birthdays;
use crate::consent::{Channel, Consent, Controller, Evidence, WithdrawnPart, Yes};
use crate::entry::{About, CardField, FieldKey};
use crate::id::{ConsentId, PersonId};
use crate::ledger::statement::Said;
use crate::protection::ProtectionSaid;

const NEWER: ConsentId = ConsentId::from_bytes([77; 16]);

fn waiting(asked: &Asked, now: u64) -> Option<Waiting> {
    waits_for(&asked.case.ledger, &service(partner(), "ppt"), true, &asked.entry, UnixMillis(now))
}

fn renew(asked: &mut Asked, at: u64) {
    let later = Consent { id: NEWER, until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: later }, at);
    let yes = Yes::new(UnixMillis(at), Evidence::Oral);
    for giver in [MOTHER, FATHER] {
        asked.case.say(Said::ConsentGiven { consent: NEWER, giver, yes: yes.clone() }, at);
    }
}

#[test]
fn what_a_consent_opened_waits_from_its_end_until_the_renewal_was_looked_through() {
    let mut asked = shared();
    assert_eq!(waiting(&asked, 4_999), None, "it is open");
    assert_eq!(waiting(&asked, 5_000), Some(Waiting::Expired));

    renew(&mut asked, 5_500);
    assert_eq!(waiting(&asked, 6_000), Some(Waiting::WaitsForReview));
    asked.case.say(Said::HeldReviewed { consent: NEWER }, 6_000);

    assert_eq!(waiting(&asked, 6_000), None);
}

#[test]
fn what_nobody_opened_closed_or_took_back_does_not_wait() {
    let mut asked = Asked::about(Case::child());
    asked.case.ask(to_ppt());
    asked.case.give(PPT, MOTHER, false);
    assert_eq!(waiting(&asked, 1_000), None, "partly given, and never complete");
    assert_eq!(waiting(&asked, 5_000), None, "ran out without every yes");

    let mut asked = shared();
    asked.entry.areas = areas(&["home"]);
    assert_eq!(waiting(&asked, 5_000), None, "another area");
    asked.entry.areas = areas(&["language"]);
    asked.entry.about = BTreeSet::from([About::Guardian(FATHER)]);
    assert_eq!(waiting(&asked, 5_000), None, "about a father who did not open that");
    asked.entry.about = BTreeSet::from([About::Subject]);
    asked.case.say(Said::EntryExcepted { consent: PPT, giver: MOTHER, entry: ENTRY }, 900);
    assert_eq!(waiting(&asked, 5_000), None, "excepted");

    for part in [WithdrawnPart::Whole, WithdrawnPart::Areas { areas: areas(&["language"]) }] {
        let mut asked = shared();
        asked
            .case
            .say(Said::ConsentWithdrawn { consent: PPT, giver: FATHER, channel: Channel::Oral, part }, 900);
        assert_eq!(waiting(&asked, 5_000), None);
    }
}

#[test]
fn narrower_renewal_leaves_nothing_of_the_rest_waiting() {
    let mut asked = shared();
    let narrower = Consent { id: NEWER, areas: areas(&["wellbeing"]), until: UnixMillis(9_000), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: narrower }, 4_000);
    let yes = Yes::new(UnixMillis(4_000), Evidence::Oral);
    for giver in [MOTHER, FATHER] {
        asked.case.say(Said::ConsentGiven { consent: NEWER, giver, yes: yes.clone() }, 4_000);
    }

    assert_eq!(waiting(&asked, 6_000), None);
}

#[test]
fn what_a_birthday_paused_waits_for_the_youth() {
    let mut asked = shared();
    let parties = asked.case.ledger.parties().to_vec();
    let ages = Birthdays(BTreeMap::from([(16, UnixMillis(2_000))]));
    asked.case.change_family(parties, Some(ages), 40);

    assert_eq!(waiting(&asked, 1_999), None);
    assert_eq!(waiting(&asked, 2_000), Some(Waiting::MustBeRenewed));
}

#[test]
fn confidential_address_waits_for_the_leader_and_strict_or_private_waits_for_nothing() {
    let mut asked = shared();
    asked.case.protect(AddressProtection::Confidential, 900);
    assert_eq!(waiting(&asked, 1_000), Some(Waiting::WaitsForApproval));
    asked.case.protect_by(ProtectionSaid::Approved { consent: PPT }, 901);
    assert_eq!(waiting(&asked, 1_000), None);
    asked.case.protect(AddressProtection::StrictlyConfidential, 902);
    assert_eq!(waiting(&asked, 5_000), None);

    let private = Controller { organisation: own(), sector: Sector::Private };
    let mut asked =
        Asked::about(Case::child().shared(Consent { controller: private, ..to_ppt() }, PPT_GRANT));
    asked.case.protect(AddressProtection::Confidential, 900);
    assert_eq!(waiting(&asked, 5_000), None);

    let place = BTreeSet::from([CardField::try_from(FieldKey::School).expect("a card's field")]);
    let mut asked = Asked::about(Case::child().shared(Consent { card_fields: place, ..to_ppt() }, PPT_GRANT));
    asked.entry.kind = EntryKind::CaseCard;
    asked.entry.only_for =
        Some(crate::access::OnlyFor { service: service(partner(), "ppt"), consent: Some(PPT) });
    asked.case.protect(AddressProtection::Confidential, 900);
    assert_eq!(waiting(&asked, 1_000), None, "no approval opens a card that says where");
}

#[test]
fn withdrawal_by_one_of_two_waits_for_clarifying_until_everybody_is_asked_anew() {
    let clarifies = |asked: &Asked, now: u64| {
        let ledger = &asked.case.ledger;
        ledger.waits_for_clarifying(&ledger.consents()[&PPT], UnixMillis(now))
    };
    let mut asked = shared();
    assert!(!clarifies(&asked, 1_000));
    let part = WithdrawnPart::Areas { areas: areas(&["wellbeing"]) };
    asked.case.say(Said::ConsentWithdrawn { consent: PPT, giver: FATHER, channel: Channel::Oral, part }, 900);
    assert!(clarifies(&asked, 1_000));
    assert!(!clarifies(&asked, 5_000), "it ran out");

    let mut both = shared();
    for giver in [FATHER, MOTHER] {
        both.case.withdraw(PPT, giver, 910);
    }
    assert!(!clarifies(&both, 1_000), "they agree");
    let mut about_self = shared();
    about_self.case.guest_opens_and_takes_back(30);
    assert!(!clarifies(&about_self, 1_000));

    let newer = Consent { id: NEWER, version: 2, supersedes: Some(PPT), ..to_ppt() };
    asked.case.say(Said::ConsentAsked { consent: newer }, 950);
    assert!(!clarifies(&asked, 1_000));
}

#[test]
fn consent_taken_back_after_its_end_leaves_the_renewal_to_be_looked_through() {
    let mut asked = shared();
    asked.case.withdraw(PPT, FATHER, 5_200);

    renew(&mut asked, 5_500);

    assert_eq!(waiting(&asked, 6_000), Some(Waiting::WaitsForReview));
    let mut before = shared();
    before.case.withdraw(PPT, FATHER, 900);
    renew(&mut before, 5_500);
    assert_eq!(waiting(&before, 6_000), None, "what was taken back before its end never ran out");
}

impl Case {
    /// Somebody whose yes is not needed opens what is about that person, and takes it back.
    fn guest_opens_and_takes_back(&mut self, at: u64) {
        let guest = PersonId::from_bytes([55; 16]);
        let yes = Yes { for_subject: false, about_self: true, ..Yes::new(UnixMillis(at), Evidence::Oral) };
        self.say(Said::ConsentGiven { consent: PPT, giver: guest, yes }, at);
        let part = WithdrawnPart::AboutSelf;
        self.say(Said::ConsentWithdrawn { consent: PPT, giver: guest, channel: Channel::Oral, part }, at);
    }
}
