//! What goes along when a case moves, and each thing that speaks against it.

use std::collections::BTreeSet;

use super::*;
use crate::access::tests::scene::{
    CASE, CHILD, Case, ENTRY, FATHER, HOLDER, MOTHER, agreement, areas, note, own, partner, service,
    to_clinic,
};
use crate::access::{OnlyFor, permit_own_service};
use crate::agreement::Moves;
use crate::consent::{Consent, Sector};
use crate::entry::field::FieldKey;
use crate::entry::{About, CardField};
use crate::id::GrantId;
use crate::ledger::statement::Said;
use crate::protection::ProtectionSaid;
use crate::signed::StatementHash;

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

fn to_move() -> Consent {
    Consent {
        kind: ConsentKind::Transfer,
        also: BTreeSet::from(["clinic".parse().expect("a code")]),
        areas: areas(&["language", "home", "wellbeing"]),
        kinds: BTreeSet::from([EntryKind::Note, EntryKind::Measure, EntryKind::Participants]),
        ..Consent::sharing(MOVE, service(partner(), "school"), UnixMillis(0), UnixMillis(5_000))
    }
}

struct Moving {
    case: Case,
    agreement: Option<Agreement>,
    standing: Standing,
    entry: EntryFacts,
    consent: ConsentId,
    now: UnixMillis,
}

impl Moving {
    fn under(consent: Consent) -> Self {
        let mut case = Case::child();
        case.shared_more(consent);
        Self::of(case)
    }

    fn of(case: Case) -> Self {
        let agreement = Some(agreement());
        Self { case, agreement, standing: Standing::Trusted, entry: note(), consent: MOVE, now: NOW }
    }

    fn question(&self) -> MoveQuestion<'_> {
        MoveQuestion {
            ledger: &self.case.ledger,
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            consent: self.consent,
            now: self.now,
        }
    }

    fn denial(&self) -> Option<Denial> {
        permit_transfer(&self.question(), &self.entry).err()
    }

    fn standing_of_move(&self) -> leaving::Standing {
        let offering = Offering {
            offer: StatementHash([1; 32]),
            consent: MOVE,
            services: to_move().services().cloned().collect(),
            lapses_at: UnixMillis(9_000),
        };
        standing_of_move(&self.question(), &offering)
    }
}

#[test]
fn entry_goes_along_under_a_consent_that_everybody_gave() {
    let moving = Moving::under(to_move());

    let question = moving.question();
    let permit = permit_transfer(&question, &moving.entry).expect("may go");

    assert_eq!((permit.entry(), permit.generation()), (ENTRY, moving.entry.generation));
    assert_eq!((permit.consent(), permit.to()), (MOVE, partner()));
    assert_eq!(moving.standing_of_move().consent, ConsentStanding::Counts);
}

#[test]
fn each_thing_that_speaks_against_an_entry_keeps_it() {
    type Change = fn(&mut EntryFacts);
    let cases: [(&str, Change, Denial); 9] = [
        ("a card is made anew", |entry| entry.kind = EntryKind::CaseCard, Denial::ForAnother),
        ("who takes part is asked anew", |entry| entry.kind = EntryKind::Participants, Denial::ForAnother),
        (
            "made for one recipient",
            |entry| entry.only_for = Some(OnlyFor { service: service(own(), "school"), consent: None }),
            Denial::ForAnother,
        ),
        ("no area", |entry| entry.areas.clear(), Denial::NoArea),
        (
            "an area that the agreement does not let go",
            |entry| entry.areas = areas(&["language", "wellbeing"]),
            Denial::OutsideAgreement,
        ),
        (
            "an area that neither names",
            |entry| entry.areas = areas(&["language", "grief"]),
            Denial::OutsideAgreement,
        ),
        ("a kind that was not asked for", |entry| entry.kind = EntryKind::Goal, Denial::NoConsent),
        ("about a sibling", |entry| entry.about = BTreeSet::from([About::Sibling]), Denial::AboutAnother),
        ("about nobody who is said", |entry| entry.about.clear(), Denial::AboutAnother),
    ];
    for (what, change, denial) in cases {
        let mut moving = Moving::under(to_move());
        change(&mut moving.entry);
        assert_eq!(moving.denial(), Some(denial), "{what}");
    }
    let mut narrow = Moving::under(Consent { areas: areas(&["home"]), ..to_move() });
    assert_eq!(narrow.denial(), Some(Denial::NoConsent), "an area that the family did not name");
    narrow.entry.areas = areas(&["home"]);
    assert_eq!(narrow.denial(), None);
    let mut hidden = Moving::under(to_move());
    hidden.entry.hidden_from_guardians = true;
    assert_eq!(hidden.denial(), None, "what the child keeps from its guardians goes with the child");
}

#[test]
fn entry_that_the_family_kept_back_stays() {
    let asked = Consent { exceptions: BTreeSet::from([ENTRY]), ..to_move() };
    assert_eq!(Moving::under(asked).denial(), Some(Denial::Excepted));

    let mut closed_there = Case::child().shared(
        Consent { exceptions: BTreeSet::from([ENTRY]), ..to_clinic() },
        GrantId::from_bytes([0x61; 16]),
    );
    closed_there.shared_more(to_move());
    assert_eq!(
        Moving::of(closed_there).denial(),
        Some(Denial::Excepted),
        "closed to a service that takes over"
    );
}

#[test]
fn entry_that_was_kept_from_one_move_stays_under_another_to_the_same_municipality() {
    const AGAIN: ConsentId = ConsentId::from_bytes([0x52; 16]);
    let clinic =
        Consent { id: AGAIN, recipient: service(partner(), "clinic"), also: BTreeSet::new(), ..to_move() };
    let mut by_terms = Case::child();
    by_terms.shared_more(Consent { exceptions: BTreeSet::from([ENTRY]), ..to_move() });
    let mut by_word = Case::child();
    by_word.shared_more(to_move());
    by_word.say(Said::EntryExcepted { consent: MOVE, giver: MOTHER, entry: ENTRY }, 40);
    for mut case in [by_terms, by_word] {
        case.shared_more(clinic.clone());
        let moving = Moving { consent: AGAIN, ..Moving::of(case) };
        assert_eq!(moving.denial(), Some(Denial::Excepted));
    }

    let mut replaced = Case::child();
    replaced.shared_more(Consent { exceptions: BTreeSet::from([ENTRY]), ..to_move() });
    replaced.shared_more(Consent { id: AGAIN, version: 2, supersedes: Some(MOVE), ..to_move() });
    let moving = Moving { consent: AGAIN, ..Moving::of(replaced) };
    assert_eq!(moving.denial(), None, "the next version left it out, and everybody said yes to that");
}

#[test]
fn word_that_was_said_after_the_next_version_was_asked_for_is_not_lost_with_it() {
    const NEXT: ConsentId = ConsentId::from_bytes([0x52; 16]);
    const LAST: ConsentId = ConsentId::from_bytes([0x53; 16]);
    let mut case = Case::child();
    case.shared_more(to_move());
    case.ask(Consent { id: NEXT, version: 2, supersedes: Some(MOVE), ..to_move() });
    case.say(Said::EntryExcepted { consent: MOVE, giver: MOTHER, entry: ENTRY }, 40);
    for giver in [MOTHER, FATHER] {
        case.give(NEXT, giver, true);
    }
    let kept = case.ledger.kept_from_move(NEXT);
    let moving = Moving { consent: NEXT, ..Moving::of(case) };
    assert_eq!(moving.denial(), Some(Denial::Excepted));
    assert_eq!(kept, BTreeSet::from([ENTRY]), "and the one after that starts with it");

    let mut case = moving.case;
    case.shared_more(Consent { id: LAST, version: 3, supersedes: Some(NEXT), ..to_move() });
    assert_eq!(case.ledger.drops(LAST, NOW), BTreeSet::from([ENTRY]), "which says what it opens");
    let moving = Moving { consent: LAST, ..Moving::of(case) };
    assert_eq!(moving.denial(), None);
    assert!(moving.case.ledger.kept_from_move(LAST).is_empty());
}

#[test]
fn version_that_nobody_agreed_to_opens_nothing_for_the_one_after_it() {
    const NEXT: ConsentId = ConsentId::from_bytes([0x52; 16]);
    let mut case = Case::child();
    case.shared_more(Consent { exceptions: BTreeSet::from([ENTRY]), ..to_move() });
    case.ask(Consent { id: NEXT, version: 2, supersedes: Some(MOVE), ..to_move() });
    assert_eq!(case.ledger.kept_from_move(NEXT), BTreeSet::from([ENTRY]));

    for giver in [MOTHER, FATHER] {
        case.give(NEXT, giver, true);
    }
    assert!(case.ledger.kept_from_move(NEXT).is_empty());
}

#[test]
fn entry_about_a_guardian_goes_with_that_guardians_own_yes() {
    let mut case = Case::child();
    case.ask(to_move());
    case.give(MOVE, MOTHER, true);
    case.give(MOVE, FATHER, false);
    let mut moving = Moving::of(case);

    moving.entry.about = BTreeSet::from([About::Subject, About::Guardian(MOTHER)]);
    assert_eq!(moving.denial(), None);
    moving.entry.about = BTreeSet::from([About::Guardian(FATHER)]);
    assert_eq!(moving.denial(), Some(Denial::AboutAnother));
    moving.entry.about = BTreeSet::from([About::Guardian(CHILD)]);
    assert_eq!(moving.denial(), Some(Denial::AboutAnother));
}

#[test]
fn everyday_sharing_opens_nothing_to_a_move_and_a_move_nothing_to_a_service() {
    let mut shared = Moving::under(Consent { kind: ConsentKind::Share, also: BTreeSet::new(), ..to_move() });
    assert_eq!(shared.denial(), Some(Denial::NoConsent));
    shared.consent = ConsentId::from_bytes([0x77; 16]);
    assert_eq!(shared.denial(), Some(Denial::NoConsent), "no such consent");

    let moving = Moving::under(to_move());
    let mut entry = note();
    entry.written_by = None;
    let there = permit_own_service(&moving.case.ledger, &service(partner(), "school"), &entry, NOW);
    assert_eq!(there, Err(Denial::NoConsent));
}

#[test]
fn one_yes_of_two_a_withdrawal_and_its_end_close_a_move() {
    let mut partly = Case::child();
    partly.ask(to_move());
    partly.give(MOVE, MOTHER, false);
    let partly = Moving::of(partly);
    assert_eq!(partly.denial(), Some(Denial::NoConsent));
    assert_eq!(partly.standing_of_move().consent, ConsentStanding::Paused);

    let mut withdrawn = Moving::under(to_move());
    withdrawn.case.withdraw(MOVE, FATHER, 500);
    assert_eq!(withdrawn.denial(), Some(Denial::NoConsent));
    assert_eq!(withdrawn.standing_of_move().consent, ConsentStanding::Over);

    let mut expired = Moving::under(to_move());
    expired.now = UnixMillis(5_000);
    assert_eq!(expired.denial(), Some(Denial::NoConsent));
    assert_eq!(expired.standing_of_move().consent, ConsentStanding::Over);
}

#[test]
fn whoever_must_be_asked_for_one_of_the_services_is_asked_for_the_move() {
    let moving = Moving::under(to_move());
    let ledger = &moving.case.ledger;

    let both = ledger.required_for(&to_move(), NOW);

    let alone = |code: &str| ledger.required_givers(&code.parse().expect("a code"), NOW);
    assert_eq!(both, alone("school").union(&alone("clinic")).copied().collect());
    assert_eq!(both, BTreeSet::from([MOTHER, FATHER]));
}

#[test]
fn agreement_and_trust_are_asked_before_the_consent() {
    let mut moving = Moving::under(to_move());
    moving.agreement = None;
    assert_eq!(moving.denial(), Some(Denial::NoAgreement));
    assert!(!moving.standing_of_move().is_agreed);
    moving.agreement = Some(Agreement { until: NOW, ..agreement() });
    assert_eq!(moving.denial(), Some(Denial::NoAgreement));
    moving.agreement = Some(Agreement { moves: Moves::default(), ..agreement() });
    assert_eq!(moving.denial(), Some(Denial::OutsideAgreement));
    assert!(!moving.standing_of_move().is_agreed);
    moving.agreement = Some(Agreement { partner: own(), ..agreement() });
    assert_eq!(moving.denial(), Some(Denial::OutsideAgreement), "another municipality");
    moving.agreement = Some(agreement());
    for (standing, denial) in [
        (Standing::Sealed, Denial::Sealed),
        (Standing::Revoked, Denial::NoAgreement),
        (Standing::ReceiptOverdue, Denial::ReceiptOverdue),
    ] {
        moving.standing = standing;
        assert_eq!(moving.denial(), Some(denial), "{standing:?}");
    }
    moving.standing = Standing::ReceiptOverdue;
    let waits = moving.standing_of_move();
    assert_eq!(
        (waits.consent, waits.is_agreed),
        (ConsentStanding::Paused, true),
        "it waits and does not end"
    );
}

#[test]
fn protected_address_stops_a_move() {
    let strict = AddressProtection::StrictlyConfidential;
    let mut moving = Moving::under(to_move());
    moving.case.protect(strict, 500);
    assert_eq!(moving.denial(), Some(Denial::AddressProtected));
    assert!(moving.standing_of_move().is_blocked);

    let mut moving = Moving::under(to_move());
    moving.case.protect(AddressProtection::Confidential, 500);
    assert_eq!(moving.denial(), Some(Denial::AddressProtected), "nobody has approved it");
    moving.case.protect_by(ProtectionSaid::Approved { consent: MOVE }, 600);
    assert_eq!(moving.denial(), None, "to a public receiver, with the leader's approval");
    assert!(!moving.standing_of_move().is_blocked);

    let with_place = BTreeSet::from([CardField::try_from(FieldKey::Address).expect("a field of the card")]);
    let mut private = to_move();
    private.controller.sector = Sector::Private;
    for asked in [Consent { card_fields: with_place, ..to_move() }, private] {
        let mut moving = Moving::under(asked);
        moving.case.protect(AddressProtection::Confidential, 500);
        moving.case.protect_by(ProtectionSaid::Approved { consent: MOVE }, 600);
        assert_eq!(moving.denial(), Some(Denial::AddressProtected));
    }
}

#[test]
fn closed_case_does_not_move() {
    let mut moving = Moving::under(to_move());
    moving.case.say(Said::Closed, 500);

    assert_eq!(moving.denial(), Some(Denial::NoConsent));
    assert_eq!((moving.case.ledger.case(), moving.case.ledger.holder()), (CASE, Some(HOLDER)));
}

#[test]
fn what_is_kept_from_a_move_closes_nothing_to_that_service_from_day_to_day() {
    const SHARE: ConsentId = ConsentId::from_bytes([0x53; 16]);
    let ppt = service(partner(), "school");
    let mut case = Case::child();
    case.shared_more(crate::access::tests::scene::consent(SHARE, ppt.clone()));
    case.shared_more(Consent { exceptions: BTreeSet::from([ENTRY]), ..to_move() });
    assert!(!case.ledger.is_excepted(&ppt, ENTRY, NOW));

    case.say(Said::EntryExcepted { consent: MOVE, giver: MOTHER, entry: ENTRY }, 40);

    assert!(!case.ledger.is_excepted(&ppt, ENTRY, NOW));
    assert_eq!(Moving::of(case).denial(), Some(Denial::Excepted), "and stays out of the move");
}

#[test]
fn areas_of_a_move_are_those_that_are_left_and_that_the_agreement_covers() {
    let mut moving = Moving::under(to_move());
    let covered = moving.agreement.as_ref().expect("one").moves.areas.clone();
    let asked = to_move().areas;
    assert_eq!(areas_of_move(&moving.question()), Ok(asked.intersection(&covered).cloned().collect()));

    let gone = asked.intersection(&covered).next().expect("one").clone();
    let part = crate::consent::WithdrawnPart::Areas { areas: BTreeSet::from([gone.clone()]) };
    let channel = crate::consent::Channel::Oral;
    moving.case.say(Said::ConsentWithdrawn { consent: MOVE, giver: MOTHER, channel, part }, 40);

    assert!(!areas_of_move(&moving.question()).expect("the rest goes").contains(&gone));
}
