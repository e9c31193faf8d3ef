//! Which packages for the hand are made, and what their acceptance closes.

use super::*;
use crate::access::succeeding::permit_transfer;
use crate::access::tests::{Case, HOLDER, MOTHER, agreement, consent, note, partner, service};
use crate::agreement::Agreement;
use crate::consent::{Channel, Consent, ConsentKind, WithdrawnPart};
use crate::id::GrantId;
use crate::journal::Closing;
use crate::ledger::LedgerView;
use crate::protection::{AddressProtection, ProtectionSaid};
use crate::signed::tests::key_from_seed;
use crate::succession::Became;
use crate::succession::package::PackageHash;
use crate::succession::package::Packed;
use crate::time::UnixMillis;
use crate::transaction::Write;

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const SHARE: ConsentId = ConsentId::from_bytes([0x52; 16]);
const GRANT: GrantId = GrantId::from_bytes([0x53; 16]);
const ONE: PackageId = PackageId::from_bytes([1; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

fn key() -> SigningKey {
    key_from_seed(1)
}

fn case() -> LedgerView {
    let to_move = Consent { kind: ConsentKind::Transfer, ..consent(MOVE, service(partner(), "school")) };
    let mut case = Case::child();
    case.shared_more(to_move);
    case.shared(consent(SHARE, service(partner(), "ppt")), GRANT).ledger
}

fn with(agreement: &Agreement) -> PartnerView<'_> {
    PartnerView { partner: partner(), agreement: Some(agreement), standing: Standing::Trusted }
}

fn about(ledger: &LedgerView) -> Decision {
    Decision::about(ledger.clone(), Some(HOLDER), NOW)
}

fn make(ledger: &LedgerView, agreement: &Agreement, under: ConsentId) -> Result<LedgerView, MoveError> {
    let mut decision = about(ledger);
    let question = crate::access::succeeding::MoveQuestion {
        ledger,
        agreement: Some(agreement),
        standing: Standing::Trusted,
        consent: MOVE,
        now: NOW,
    };
    let entry = note();
    let permits: Vec<_> = permit_transfer(&question, &entry).into_iter().collect();
    decision.make_package(ONE, under, StatementHash([3; 32]), with(agreement), &permits, &key())?;
    Ok(decision.ledger().clone())
}

fn accept(ledger: &LedgerView, agreement: &Agreement) -> Result<Decision, MoveError> {
    let mut decision = about(ledger);
    let on = "2027-07-30".parse().expect("a day");
    decision.accept_package(ONE, with(agreement), &[note()], "2027/118-3".to_owned(), on, &key())?;
    Ok(decision)
}

fn withdrawn(ledger: &LedgerView) -> LedgerView {
    let mut decision = about(ledger);
    let (giver, channel, part) = (MOTHER, Channel::Oral, WithdrawnPart::Whole);
    decision.say(Said::ConsentWithdrawn { consent: MOVE, giver, channel, part }, &key()).expect("says");
    decision.ledger().clone()
}

#[test]
fn package_is_made_with_the_gates_leave_and_moves_nothing() {
    let (ledger, agreement) = (case(), agreement());

    let made = make(&ledger, &agreement, MOVE).expect("may be made");

    assert!(!made.has_moved() && made.open_package().is_some());
    assert!(made.grants()[&GRANT].ended_at.is_none(), "what is shared goes on");
    assert!(matches!(make(&ledger, &agreement, SHARE), Err(MoveError::Denied(_))), "another consent");
    assert!(matches!(make(&withdrawn(&ledger), &agreement, MOVE), Err(MoveError::Denied(_))));
    let mut hidden = about(&ledger);
    let protection = AddressProtection::StrictlyConfidential;
    hidden
        .say_of_protection(ProtectionSaid::Set { protection, safe_for: [MOTHER].into() }, &key())
        .expect("says");
    assert!(matches!(make(hidden.ledger(), &agreement, MOVE), Err(MoveError::Denied(_))));
    let mut over = agreement.clone();
    over.until = NOW;
    assert!(matches!(make(&ledger, &over, MOVE), Err(MoveError::Denied(_))));
}

#[test]
fn acceptance_moves_the_case_closes_the_gate_and_stands_in_the_journal() {
    let agreement = agreement();
    let made = make(&case(), &agreement, MOVE).expect("may be made");

    let accepted = accept(&made, &agreement).expect("may be registered");

    assert!(accepted.closes() && accepted.ledger().has_moved());
    assert_eq!(accepted.over(with(&agreement)), [GRANT].into(), "nothing of it is shared any longer");
    let case = made.case();
    let line = Closing::MovedByHand { case, package: ONE, to: partner() };
    let writes = accepted.into_writes();
    assert!(writes.iter().any(|write| matches!(write, Write::Closing { closing, .. } if *closing == line)));
}

#[test]
fn acceptance_after_a_withdrawal_moves_nothing() {
    let agreement = agreement();
    let made = make(&case(), &agreement, MOVE).expect("may be made");

    assert!(matches!(accept(&withdrawn(&made), &agreement), Err(MoveError::Denied(Denial::NoConsent))));
}

#[test]
fn package_stands_as_long_as_the_gate_lets_the_case_go_and_no_longer() {
    let agreement = agreement();
    let made = make(&case(), &agreement, MOVE).expect("may be made");
    assert_eq!(about(&made).package_over(with(&agreement), &[]), None);

    let over = Some(ONE);
    assert_eq!(about(&withdrawn(&made)).package_over(with(&agreement), &[]), over);
    let mut hidden = about(&made);
    let protection = AddressProtection::Confidential;
    hidden
        .say_of_protection(ProtectionSaid::Set { protection, safe_for: [MOTHER].into() }, &key())
        .expect("says");
    assert_eq!(hidden.package_over(with(&agreement), &[]), over);
    let mut closed = about(&made);
    closed.say(Said::Closed, &key()).expect("says");
    assert_eq!(closed.package_over(with(&agreement), &[]), over);
    let mut ended = agreement.clone();
    ended.until = NOW;
    assert_eq!(about(&made).package_over(with(&ended), &[]), over);
    let revoked = PartnerView { standing: Standing::Revoked, ..with(&agreement) };
    assert_eq!(about(&made).package_over(revoked, &[]), over);
    let sealed = PartnerView { standing: Standing::Sealed, ..with(&agreement) };
    assert_eq!(about(&withdrawn(&made)).package_over(sealed, &[]), None, "a sealed node decides nothing");
}

#[test]
fn journal_moves_a_restored_case_again() {
    let agreement = agreement();
    let (before, made) = (case(), make(&case(), &agreement, MOVE).expect("may be made"));
    let line = Closing::MovedByHand { case: made.case(), package: ONE, to: partner() };
    let closed: crate::replay::Closed = [&line].into_iter().collect();
    for backup in [before, made.clone()] {
        let again = closed.again(&backup);
        let mut decision = about(&backup);
        again.say(&mut decision, 2, &key()).expect("follows");

        assert_eq!(decision.ledger().moved_to(), Some(partner()));
        assert!(closed.again(decision.ledger()).moved_by_hand.is_none(), "and it is not said twice");
    }
}

#[test]
fn package_goes_when_one_entry_of_it_may_no_longer_go() {
    let agreement = agreement();
    let made = make(&case(), &agreement, MOVE).expect("may be made");
    let packed = [note()];
    assert_eq!(about(&made).package_over(with(&agreement), &packed), None);
    let areas = packed[0].areas.clone();
    let mut narrowed = about(&made);
    let part = WithdrawnPart::Areas { areas: areas.clone() };
    let said = Said::ConsentWithdrawn { consent: MOVE, giver: MOTHER, channel: Channel::Oral, part };
    narrowed.say(said, &key()).expect("says");
    let mut excepted = about(&made);
    excepted
        .say(Said::EntryExcepted { consent: MOVE, giver: MOTHER, entry: packed[0].entry }, &key())
        .expect("says");
    let mut narrower = agreement.clone();
    narrower.moves.areas.retain(|area| !areas.contains(area));

    for (ledger, agreement) in
        [(narrowed.ledger(), &agreement), (excepted.ledger(), &agreement), (&made, &narrower)]
    {
        assert_eq!(about(ledger).package_over(with(agreement), &packed), Some(ONE));
        assert!(matches!(accept(ledger, agreement), Err(MoveError::Denied(_))));
    }
}

#[test]
fn case_that_has_moved_by_another_package_or_over_the_link_has_none_that_stands() {
    let agreement = agreement();
    let made = make(&case(), &agreement, MOVE).expect("may be made");
    let (case, other) = (made.case(), PackageId::from_bytes([2; 16]));
    let succession = crate::id::SuccessionId::from_bytes([3; 16]);
    let packed = Packed { revision: 1, package: PackageHash([4; 32]) };
    let became = Became::Transferred { answer: StatementHash([5; 32]), packed };
    let over_the_link = Closing::SuccessionSettled { case, succession, to: partner(), became };
    for line in [Closing::MovedByHand { case, package: other, to: partner() }, over_the_link] {
        let closed: crate::replay::Closed = [&line].into_iter().collect();
        let mut decision = about(&made);
        closed.again(&made).say(&mut decision, 2, &key()).expect("follows");

        let ledger = decision.ledger();
        assert_eq!((ledger.moved_to(), ledger.open_package().is_some()), (Some(partner()), false));
        assert_eq!(decision.package_over(with(&agreement), &[]), None, "there is nothing to take back");
        decision.say(Said::Closed, &key()).expect("what ends is said all the same");
    }
}

#[test]
fn restored_chain_has_no_package_that_stands() {
    let made = make(&case(), &agreement(), MOVE).expect("may be made");
    let mut decision = about(&made);
    let said = Said::Restored { incarnation: 2, doubtful: Default::default(), family_in_doubt: false };

    decision.say(said, &key()).expect("says");

    assert_eq!(decision.ledger().open_package(), None, "it may have been taken back since");
}
