//! What a chain takes of moves, and what it takes once the case has moved.

use std::collections::BTreeSet;

use super::*;
use crate::access::tests::{Case, FATHER, HOLDER, MOTHER, consent, partner, service};
use crate::baton::BatonOffer;
use crate::consent::{Channel, Consent, Evidence, WithdrawnPart, Yes};
use crate::id::{BatonOfferId, EntryId, GrantId, OrderId, PersonId, RegistrationId, TransitionId};
use crate::ledger::statement::Level;
use crate::signed::StatementHash;
use crate::signed::tests::key_from_seed;
use crate::succession::leaving::{Became, EndCause, LeavingEvent, Offering, SuccessionError};
use crate::succession::package::{PackageHash, Packed};
use crate::transition::{Item, MetBy, Outcome, Transition, TransitionError, Unit};

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const SHARE: ConsentId = ConsentId::from_bytes([0x52; 16]);
const GRANT: GrantId = GrantId::from_bytes([0x53; 16]);
const ONE: SuccessionId = SuccessionId::from_bytes([1; 16]);
const OTHER: SuccessionId = SuccessionId::from_bytes([2; 16]);
const PACKED: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };
const ANSWER: StatementHash = StatementHash([4; 32]);
const OFFER: StatementHash = StatementHash([5; 32]);

fn offered(succession: SuccessionId) -> Said {
    let services = BTreeSet::from(["school".parse().expect("a code")]);
    let offering = Offering { offer: OFFER, consent: MOVE, services, lapses_at: UnixMillis(5_000) };
    Said::SuccessionOffered { succession, to: partner(), offering }
}

fn went_on(event: LeavingEvent) -> Said {
    Said::SuccessionWentOn { succession: ONE, event }
}

fn accepted() -> Said {
    went_on(LeavingEvent::Accepted {
        offer: OFFER,
        answer: ANSWER,
        service: "school".parse().expect("a code"),
    })
}

/// A case that is shared with the partner and may move there.
fn case() -> Case {
    let to_move = Consent { kind: ConsentKind::Transfer, ..consent(MOVE, service(partner(), "school")) };
    let mut case = Case::child();
    case.shared_more(to_move);
    case.shared(consent(SHARE, service(partner(), "ppt")), GRANT)
}

fn moved() -> Case {
    let mut case = case();
    let stored = LeavingEvent::Stored(PACKED);
    let events = [accepted(), went_on(LeavingEvent::Packed(PACKED)), went_on(stored)];
    for said in [offered(ONE)].into_iter().chain(events).chain([went_on(LeavingEvent::Transferred)]) {
        case.say(said, 50);
    }
    case
}

fn try_say(case: &Case, said: Said) -> Result<LedgerView, LedgerError> {
    let mut next = case.ledger.clone();
    let statement = case.ledger.next(said, Some(HOLDER), UnixMillis(60));
    next.append(&key_from_seed(1).sign(statement).expect("signs")).map(|()| next)
}

#[test]
fn case_is_offered_under_a_consent_to_move_to_that_municipality() {
    let of = |consent, to| match offered(ONE) {
        Said::SuccessionOffered { succession, offering, .. } => {
            Said::SuccessionOffered { succession, to, offering: Offering { consent, ..offering } }
        }
        other => other,
    };
    let third = "942110464".parse().expect("a number");

    assert!(try_say(&case(), of(MOVE, partner())).is_ok());
    for said in [of(SHARE, partner()), of(ConsentId::from_bytes([9; 16]), partner()), of(MOVE, third)] {
        assert_eq!(try_say(&case(), said), Err(LedgerError::NoSuchConsent));
    }
}

#[test]
fn one_move_is_open_at_a_time_and_the_next_begins_when_it_has_come_to_nothing() {
    let mut case = case();
    case.say(offered(ONE), 50);
    assert_eq!(try_say(&case, offered(OTHER)), Err(LedgerError::MoveOpen));
    assert_eq!(case.ledger.open_move().map(|(id, _)| id), Some(ONE));

    case.say(went_on(LeavingEvent::Ended(EndCause::Recalled)), 55);

    assert_eq!(case.ledger.open_move(), None);
    assert_eq!(try_say(&case, offered(ONE)), Err(LedgerError::IdTaken));
    assert!(try_say(&case, offered(OTHER)).is_ok());
    assert_eq!(try_say(&case, accepted()), Err(SuccessionError::OutOfTurn.into()));
    let unknown = Said::SuccessionWentOn { succession: OTHER, event: LeavingEvent::EndKept };
    assert_eq!(try_say(&case, unknown), Err(LedgerError::NoSuchMove));
}

#[test]
fn nobody_is_stafettholder_of_a_case_that_has_moved_and_an_offer_of_the_baton_is_void() {
    let mut case = case();
    let offer =
        BatonOffer::own(BatonOfferId::from_bytes([6; 16]), AccountId::from_bytes([7; 16]), UnixMillis(9_000));
    case.say(Said::BatonOffered { offer }, 49);
    assert_eq!(case.ledger.holder(), Some(HOLDER));
    let stored = LeavingEvent::Stored(PACKED);
    for said in [offered(ONE), accepted(), went_on(LeavingEvent::Packed(PACKED)), went_on(stored)] {
        case.say(said, 50);
        assert_eq!(case.ledger.holder(), Some(HOLDER), "she keeps the baton until the case has moved");
    }

    case.say(went_on(LeavingEvent::Transferred), 51);

    assert_eq!(case.ledger.holder(), None);
    assert!(case.ledger.has_moved());
    assert_eq!(case.ledger.baton().waiting(UnixMillis(51)), None);
}

#[test]
fn case_that_has_moved_takes_only_what_ends_something() {
    let case = moved();
    let whole = WithdrawnPart::Whole;
    let registration = RegistrationId::from_bytes([8; 16]);
    let order = OrderId::from_bytes([8; 16]);
    let areas = BTreeSet::new();
    let offer = BatonOffer::own(BatonOfferId::from_bytes([6; 16]), HOLDER, UnixMillis(9_000));
    let taken = [
        Said::ConsentWithdrawn { consent: SHARE, giver: MOTHER, channel: Channel::Oral, part: whole },
        Said::ConsentRefused { consent: SHARE, giver: FATHER },
        Said::ConsentExpired { consent: SHARE },
        Said::GuardianAccessSet { guardian: MOTHER, closed: areas.clone(), channel: Channel::Oral },
        Said::GrantEnded { grant: GRANT },
        Said::EraseOrdered { order, grant: GRANT, hash: ANSWER },
        Said::WithdrawalRestored { consent: SHARE },
        went_on(LeavingEvent::Confirmed(PACKED)),
        Said::Closed,
    ];
    for said in taken {
        assert!(try_say(&case, said.clone()).is_ok(), "{said:?}");
    }
    let refused = [
        Said::ConsentAsked { consent: consent(ConsentId::from_bytes([9; 16]), service(partner(), "ppt")) },
        Said::HeldReviewed { consent: SHARE },
        Said::EntryExcepted { consent: SHARE, giver: MOTHER, entry: EntryId::from_bytes([1; 16]) },
        Said::ConsentReconfirmed { consent: SHARE, givers: BTreeSet::new() },
        Said::PartiesRegistered {
            registration,
            parties: Vec::new(),
            birthdays: None,
            document: String::new(),
        },
        Said::BatonOffered { offer },
        Said::BatonReassigned { to: HOLDER },
        Said::BatonFell { to: HOLDER },
        Said::LevelChanged { level: Level::try_from(2).expect("a level") },
        Said::GrantIssued {
            grant: GrantId::from_bytes([9; 16]),
            consent: SHARE,
            partner: partner(),
            areas,
            hash: ANSWER,
        },
        offered(OTHER),
    ];
    for said in refused {
        assert_eq!(try_say(&case, said.clone()), Err(LedgerError::Moved), "{said:?}");
    }
}

/// A child that goes to another service of this municipality.
fn transition() -> Said {
    let unit = |code: &str| Unit { service: code.parse().expect("a code"), name: None };
    let due = Item { due: UnixMillis(60), met_by: MetBy::Hand };
    let items = [("joint-meeting".parse().expect("a code"), due)].into();
    let (starts_at, overlap_until) = (UnixMillis(100), UnixMillis(200));
    let id = TransitionId::from_bytes([0x41; 16]);
    let (from, to) = (unit("kindergarten"), unit("school"));
    Said::TransitionOpened { transition: Transition { id, from, to, starts_at, overlap_until, items } }
}

#[test]
fn case_goes_one_way_at_a_time() {
    let mut moving = case();
    moving.say(offered(ONE), 50);
    assert_eq!(try_say(&moving, transition()), Err(LedgerError::MoveOpen));

    let mut within = case();
    within.say(transition(), 50);
    assert_eq!(try_say(&within, offered(ONE)), Err(TransitionError::UnderWay.into()));
    let ended =
        Said::TransitionEnded { transition: TransitionId::from_bytes([0x41; 16]), how: Outcome::GivenUp };
    within.say(ended, 51);
    assert!(try_say(&within, offered(ONE)).is_ok());

    assert_eq!(try_say(&moved(), transition()), Err(LedgerError::Moved));
}

#[test]
fn restored_chain_takes_what_became_of_a_move_once_also_of_one_it_has_never_heard_of() {
    let became = Became::Transferred { answer: ANSWER, packed: PACKED };
    let restored = |succession, became| Said::SuccessionRestored { succession, to: partner(), became };
    let mut known = case();
    known.say(offered(ONE), 50);

    let transferred = try_say(&known, restored(ONE, became)).expect("it was open");
    assert!(transferred.has_moved());
    assert_eq!(transferred.moves()[&ONE].consent, Some(MOVE));
    let unknown = try_say(&case(), restored(OTHER, became)).expect("nothing was known of it");
    assert!(unknown.has_moved());
    let ended = try_say(&known, restored(ONE, Became::Ended)).expect("it was open");
    assert!(!ended.has_moved());
    assert_eq!(ended.open_move(), None);

    for (case, became) in [(moved(), Became::Ended), (Case { ledger: ended }, became)] {
        assert_eq!(try_say(&case, restored(ONE, became)), Err(LedgerError::MoveOpen), "one answer for ever");
    }
    let third = "942110464".parse().expect("a number");
    let elsewhere = Said::SuccessionRestored { succession: ONE, to: third, became };
    assert_eq!(try_say(&known, elsewhere), Err(LedgerError::MoveOpen));
}

#[test]
fn no_to_a_move_stands_until_a_consent_to_one_has_every_yes_since() {
    let refuse = |by: &[PersonId], channel| Said::MoveRefused {
        said_by: by.iter().copied().collect(),
        channel,
        on: "2027-06-01".parse().expect("a day"),
    };
    let mut case = case();
    let stranger = PersonId::from_bytes([0x77; 16]);
    for said in
        [refuse(&[stranger], Some(Channel::Oral)), refuse(&[MOTHER], None), refuse(&[], Some(Channel::Oral))]
    {
        assert_eq!(try_say(&case, said), Err(LedgerError::Refusal));
    }
    assert!(try_say(&case, offered(ONE)).is_ok(), "nobody has said no yet");

    case.say(refuse(&[MOTHER], Some(Channel::Oral)), 55);

    assert_eq!(try_say(&case, offered(ONE)), Err(LedgerError::MoveRefused));
    let later = ConsentId::from_bytes([0x58; 16]);
    let asked = Consent { kind: ConsentKind::Transfer, ..consent(later, service(partner(), "school")) };
    case.say(Said::ConsentAsked { consent: asked }, 56);
    let of_later = match offered(ONE) {
        Said::SuccessionOffered { succession, to, offering } => {
            Said::SuccessionOffered { succession, to, offering: Offering { consent: later, ..offering } }
        }
        other => other,
    };
    assert_eq!(try_say(&case, of_later.clone()), Err(LedgerError::MoveRefused), "asked is no yes");
    for giver in [MOTHER, FATHER] {
        let yes = Yes::new(UnixMillis(57), Evidence::Oral);
        case.say(Said::ConsentGiven { consent: later, giver, yes }, 57);
    }
    assert!(try_say(&case, of_later).is_ok());
    assert_eq!(try_say(&case, offered(ONE)), Err(LedgerError::MoveRefused), "not under the one before it");

    case.say(refuse(&[], None), 58);
    assert!(case.ledger.is_move_refused(later), "and the last no counts");
    let open = moved_to(vec![offered(OTHER)]);
    assert_eq!(try_say(&open, refuse(&[], None)), Err(LedgerError::MoveOpen), "an open move is ended first");
}

fn moved_to(said: Vec<Said>) -> Case {
    let mut case = case();
    for said in said {
        case.say(said, 50);
    }
    case
}
