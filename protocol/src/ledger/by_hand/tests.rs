//! What a chain takes of a package for the hand, and what it takes once the case has moved by it.

use std::collections::BTreeSet;

use super::*;
use crate::access::tests::{Case, HOLDER, MOTHER, consent, partner, service};
use crate::consent::{Channel, Consent};
use crate::id::{AccountId, BatonOfferId, SuccessionId};
use crate::ledger::statement::Level;
use crate::signed::StatementHash;
use crate::signed::tests::key_from_seed;
use crate::succession::leaving::Offering;

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const ONE: PackageId = PackageId::from_bytes([1; 16]);
const OTHER: PackageId = PackageId::from_bytes([2; 16]);
const HASH: StatementHash = StatementHash([3; 32]);

fn case() -> Case {
    let mut case = Case::child();
    case.shared_more(Consent { kind: ConsentKind::Transfer, ..consent(MOVE, service(partner(), "school")) });
    case
}

fn made(package: PackageId) -> Said {
    Said::PackageMade { package, to: partner(), consent: MOVE, document: HASH }
}

fn accepted(package: PackageId) -> Said {
    let on = "2027-07-30".parse().expect("a day");
    Said::PackageAccepted { package, archive: "2027/118-3".to_owned(), on }
}

fn offered() -> Said {
    let services = BTreeSet::from(["school".parse().expect("a code")]);
    let offering = Offering { offer: HASH, consent: MOVE, services, lapses_at: UnixMillis(5_000) };
    Said::SuccessionOffered { succession: SuccessionId::from_bytes([9; 16]), to: partner(), offering }
}

fn try_say(case: &Case, said: Said) -> Result<LedgerView, LedgerError> {
    let mut next = case.ledger.clone();
    let statement = case.ledger.next(said, Some(HOLDER), UnixMillis(60));
    next.append(&key_from_seed(1).sign(statement).expect("signs")).map(|()| next)
}

#[test]
fn package_is_made_under_a_consent_to_move_there_and_one_at_a_time() {
    let mut case = case();
    let wrong = Said::PackageMade {
        package: ONE,
        to: partner(),
        consent: ConsentId::from_bytes([9; 16]),
        document: HASH,
    };
    assert_eq!(try_say(&case, wrong), Err(LedgerError::NoSuchConsent));
    let elsewhere =
        Said::PackageMade { package: ONE, to: crate::access::tests::own(), consent: MOVE, document: HASH };
    assert_eq!(try_say(&case, elsewhere), Err(LedgerError::NoSuchConsent));

    case.say(made(ONE), 50);

    assert_eq!(try_say(&case, made(OTHER)), Err(LedgerError::MoveOpen));
    assert_eq!(try_say(&case, offered()), Err(LedgerError::MoveOpen), "nor over the link meanwhile");
    let no = Said::MoveRefused {
        said_by: BTreeSet::from([MOTHER]),
        channel: Some(Channel::Oral),
        on: "2027-06-01".parse().expect("a day"),
    };
    assert_eq!(try_say(&case, no), Err(LedgerError::MoveOpen), "it is taken back first");
    case.say(Said::PackageTakenBack { package: ONE }, 51);
    assert!(try_say(&case, made(ONE)).is_err(), "an id is taken once");
    case.say(made(OTHER), 52);
    assert_eq!(case.ledger.open_package().map(|(id, _)| id), Some(OTHER));
}

#[test]
fn package_is_not_made_while_the_case_is_offered_over_the_link() {
    let mut case = case();
    case.say(offered(), 50);

    assert_eq!(try_say(&case, made(ONE)), Err(LedgerError::MoveOpen));
}

#[test]
fn baton_and_case_stay_until_the_acceptance_is_registered() {
    let mut case = case();
    case.say(made(ONE), 50);
    assert_eq!((case.ledger.holder(), case.ledger.has_moved()), (Some(HOLDER), false));
    assert!(try_say(&case, Said::LevelChanged { level: Level::try_from(2).expect("a level") }).is_ok());
    for archive in ["", "  ", &"x".repeat(ARCHIVE_REFERENCE_BYTES_MAX + 1)] {
        let on = "2027-07-30".parse().expect("a day");
        let without = Said::PackageAccepted { package: ONE, archive: archive.to_owned(), on };
        assert_eq!(try_say(&case, without), Err(LedgerError::Reference));
    }

    case.say(accepted(ONE), 70);

    assert_eq!((case.ledger.holder(), case.ledger.moved_to()), (None, Some(partner())));
    assert!(case.ledger.is_over());
    let offer = crate::baton::BatonOffer {
        id: BatonOfferId::from_bytes([1; 16]),
        to: crate::baton::Offered::Own(AccountId::from_bytes([7; 16])),
        lapses_at: UnixMillis(9_000),
    };
    for said in [
        Said::LevelChanged { level: Level::try_from(2).expect("a level") },
        Said::BatonOffered { offer },
        accepted(ONE),
        Said::PackageTakenBack { package: ONE },
        made(OTHER),
        offered(),
    ] {
        assert_eq!(try_say(&case, said), Err(LedgerError::Moved), "the case's words are another's by now");
    }
}

#[test]
fn package_that_was_taken_back_is_accepted_by_nobody() {
    let mut case = case();
    case.say(made(ONE), 50);
    case.say(Said::PackageTakenBack { package: ONE }, 51);

    assert_eq!(try_say(&case, accepted(ONE)), Err(LedgerError::NoSuchMove));
    assert_eq!(try_say(&case, accepted(OTHER)), Err(LedgerError::NoSuchMove));
    assert_eq!(try_say(&case, Said::PackageTakenBack { package: ONE }), Err(LedgerError::NoSuchMove));
}

#[test]
fn restored_chain_learns_that_the_case_has_moved_whether_it_knows_the_package_or_not() {
    let restored = Said::PackageRestored { package: ONE, to: partner() };
    let mut knows = case();
    knows.say(made(ONE), 50);
    for mut case in [case(), knows] {
        case.say(restored.clone(), 80);

        assert_eq!((case.ledger.holder(), case.ledger.moved_to()), (None, Some(partner())));
        assert_eq!(try_say(&case, restored.clone()), Err(LedgerError::MoveOpen), "once");
    }
}
