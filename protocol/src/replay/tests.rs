//! What a journal closes again in a chain that a backup brought back.

use super::*;
use crate::access::tests::{CASE, Case, FATHER, MOTHER, consent, note, partner, service};
use crate::consent::{Consent, ConsentStatus};
use crate::municipality::Service;
use crate::signed::tests::key_from_seed;

const PPT: ConsentId = ConsentId::from_bytes([8; 16]);
const CLINIC: ConsentId = ConsentId::from_bytes([9; 16]);
const LOST: ConsentId = ConsentId::from_bytes([10; 16]);
const NOW: UnixMillis = UnixMillis(1_000);
const LATER: UnixMillis = UnixMillis(3_000);

fn ppt() -> Service {
    service(partner(), "ppt")
}

fn clinic() -> Service {
    service(partner(), "clinic")
}

fn given(case: &mut Case, consent: Consent) {
    let id = consent.id;
    case.ask(consent);
    case.give(id, MOTHER, false);
    case.give(id, FATHER, false);
}

/// The chain of a backup after the lines that it lacks were done again.
fn replayed(backup: Case, lines: &[Closing]) -> Case {
    let closed: Closed = lines.iter().collect();
    let mut decision = Decision::about(backup.ledger, None, NOW);
    let again = closed.again(decision.ledger());
    again.say(&mut decision, 1, &key_from_seed(1)).expect("follows");
    Case { ledger: decision.ledger().clone() }
}

fn excepted(consent: ConsentId, from: Option<UnixMillis>) -> Closing {
    Closing::EntryExcepted { case: CASE, consent, entry: note().entry, from }
}

#[test]
fn entry_closed_under_a_lost_consent_is_closed_to_all_until_a_later_one_leaves_it_out() {
    let entry = note().entry;
    let all = BTreeSet::from([entry]);

    let mut case = replayed(Case::child(), &[excepted(LOST, None)]);
    assert_eq!(case.ledger.closed_to_all(), all);
    assert_eq!(case.ledger.exceptions_to_start_with(&ppt(), None, NOW), all, "whoever asks starts with it");
    given(&mut case, Consent { exceptions: all.clone(), ..consent(PPT, ppt()) });
    assert!(case.ledger.is_excepted(&ppt(), entry, NOW));
    assert_eq!(case.ledger.drops(PPT, NOW), BTreeSet::new());

    given(&mut case, consent(CLINIC, clinic()));
    assert_eq!(case.ledger.drops(CLINIC, NOW), all, "the preview says what it opens");
    assert!(!case.ledger.is_excepted(&clinic(), entry, NOW), "everybody has said yes to that");
    assert!(case.ledger.is_excepted(&ppt(), entry, NOW), "the other service was not spoken of");
}

#[test]
fn entry_closed_under_a_lost_consent_is_closed_under_every_consent_asked_before() {
    let entry = note().entry;
    let mut backup = Case::child();
    given(&mut backup, consent(PPT, ppt()));
    backup.ask(consent(CLINIC, clinic()));

    let mut case = replayed(backup, &[excepted(LOST, None)]);
    case.give(CLINIC, MOTHER, false);
    case.give(CLINIC, FATHER, false);

    assert!(case.ledger.is_excepted(&ppt(), entry, NOW));
    assert!(case.ledger.is_excepted(&clinic(), entry, NOW), "it was asked before anybody could know");
}

#[test]
fn entry_closed_under_a_known_consent_is_closed_to_its_service_alone() {
    let mut backup = Case::child();
    given(&mut backup, consent(PPT, ppt()));
    given(&mut backup, consent(CLINIC, clinic()));

    let case = replayed(backup, &[excepted(PPT, None)]);

    assert!(case.ledger.is_excepted(&ppt(), note().entry, NOW));
    assert!(!case.ledger.is_excepted(&clinic(), note().entry, NOW));
    assert_eq!(case.ledger.closed_to_all(), BTreeSet::new());
}

#[test]
fn terms_that_lie_ahead_close_when_they_begin_and_not_before() {
    let entry = note().entry;
    let mut backup = Case::child();
    given(&mut backup, consent(PPT, ppt()));
    let replaced = Closing::ConsentReplaced { case: CASE, consent: PPT, from: Some(LATER) };

    let known = replayed(Case { ledger: backup.ledger.clone() }, &[excepted(PPT, Some(LATER)), replaced]);
    let lost = replayed(backup, &[excepted(LOST, Some(LATER))]);

    for case in [&known, &lost] {
        assert!(!case.ledger.is_excepted(&ppt(), entry, NOW));
        assert!(case.ledger.is_excepted(&ppt(), entry, LATER));
        assert_eq!(case.ledger.next_change(partner(), NOW), Some(LATER), "it is noticed then");
    }
    let status = |at| known.ledger.status(&known.ledger.consents()[&PPT], at);
    assert!(status(NOW).counts());
    assert_eq!(status(LATER), ConsentStatus::InDoubt);
    assert_eq!(lost.ledger.exceptions_to_start_with(&ppt(), None, NOW), BTreeSet::from([entry]));
}

#[test]
fn what_closed_at_once_wins_over_the_same_from_later() {
    let mut backup = Case::child();
    given(&mut backup, consent(PPT, ppt()));

    let case = replayed(backup, &[excepted(PPT, Some(LATER)), excepted(PPT, None)]);

    assert!(case.ledger.is_excepted(&ppt(), note().entry, NOW));
}

#[test]
fn what_became_of_a_move_stays_what_it_became() {
    let succession = SuccessionId::from_bytes([0x21; 16]);
    let packed = crate::succession::package::Packed {
        revision: 1,
        package: crate::succession::package::PackageHash([3; 32]),
    };
    let transferred = Became::Transferred { answer: crate::signed::StatementHash([4; 32]), packed };
    let settled = |became| Closing::SuccessionSettled { case: CASE, succession, to: partner(), became };
    let mut backup = Case::child();
    given(&mut backup, consent(PPT, ppt()));

    let moved = replayed(Case { ledger: backup.ledger.clone() }, &[settled(transferred)]);
    assert!(moved.ledger.has_moved());
    assert_eq!(moved.ledger.holder(), None);
    let ended = replayed(backup, &[settled(Became::Ended)]);
    assert!(!ended.ledger.has_moved());
    assert_eq!(ended.ledger.moves().len(), 1, "it is remembered");
    let again: Closed = [settled(Became::Ended)].iter().collect();
    assert!(again.again(&ended.ledger).moves.is_empty(), "and not said twice");
}
