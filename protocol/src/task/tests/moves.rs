//! What a move to another municipality asks its stafettholder for.

use super::*;
use crate::id::SuccessionId;
use crate::succession::leaving::{LeavingEvent, Offering};
use crate::succession::package::{PackageHash, Packed};

const MOVE: ConsentId = ConsentId::from_bytes([70; 16]);
const ONE: SuccessionId = SuccessionId::from_bytes([71; 16]);
const OTHER: SuccessionId = SuccessionId::from_bytes([72; 16]);
const OFFER: StatementHash = StatementHash([1; 32]);
const ANSWER: StatementHash = StatementHash([2; 32]);
const PACKED: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };

/// A case that may move, offered at the start.
fn offered() -> Case {
    let to_move = Consent { kind: ConsentKind::Transfer, id: MOVE, ..year() };
    let mut case = asked(Case::child(), to_move);
    give(&mut case, MOVE, MOTHER, START);
    give(&mut case, MOVE, FATHER, START);
    offer(&mut case, ONE, START);
    case
}

fn offer(case: &mut Case, succession: SuccessionId, at: u64) {
    let services = BTreeSet::from(["ppt".parse().expect("a code")]);
    let lapses_at = UnixMillis(at + 7 * DAY);
    let offering = Offering { offer: OFFER, consent: MOVE, services, lapses_at };
    case.say(Said::SuccessionOffered { succession, to: partner(), offering }, at);
}

fn goes_on(case: &mut Case, event: LeavingEvent, at: u64) {
    case.say(Said::SuccessionWentOn { succession: ONE, event }, at);
}

fn accept(case: &mut Case, at: u64) {
    let service = "ppt".parse().expect("a code");
    goes_on(case, LeavingEvent::Accepted { offer: OFFER, answer: ANSWER, service }, at);
}

fn due(case: &Case, now: u64, kind: TaskKind) -> Option<u64> {
    let all = tasks(&case.ledger, UnixMillis(now));
    all.iter().find(|task| task.kind == kind).map(|task| task.due.0)
}

#[test]
fn case_that_somebody_takes_is_to_be_carried_over_within_sixty_days() {
    let mut case = offered();
    assert_eq!(kinds(&case, START + DAY), Vec::new(), "the answer is the other side's");

    accept(&mut case, START + DAY);

    assert_eq!(due(&case, START + 2 * DAY, TaskKind::MoveToCarryOut), Some(START + 61 * DAY));
    goes_on(&mut case, LeavingEvent::Packed(PACKED), START + 2 * DAY);
    goes_on(&mut case, LeavingEvent::Stored(PACKED), START + 3 * DAY);
    assert_eq!(due(&case, START + 4 * DAY, TaskKind::MoveToCarryOut), Some(START + 61 * DAY));
    goes_on(&mut case, LeavingEvent::Transferred, START + 5 * DAY);
    assert_eq!(kinds(&case, START + 5 * DAY), Vec::new());
    begins(&case, START + 6 * DAY, TaskKind::MoveNotConfirmed);
    goes_on(&mut case, LeavingEvent::Confirmed(PACKED), START + 7 * DAY);
    assert_eq!(kinds(&case, START + 8 * DAY), Vec::new());
}

#[test]
fn offer_that_came_to_nothing_is_told_of_until_there_is_another_or_the_yes_is_gone() {
    let lapsed = || {
        let mut case = offered();
        goes_on(&mut case, LeavingEvent::Waited, START + 8 * DAY);
        case
    };
    let case = lapsed();
    assert_eq!(due(&case, START + 9 * DAY, TaskKind::MoveCameToNothing), Some(START + 8 * DAY));
    let mut declined = offered();
    goes_on(&mut declined, LeavingEvent::Declined { offer: OFFER }, START + DAY);
    assert_eq!(due(&declined, START + DAY, TaskKind::MoveCameToNothing), Some(START + DAY));

    let mut again = lapsed();
    offer(&mut again, OTHER, START + 9 * DAY);
    assert_eq!(kinds(&again, START + 9 * DAY), Vec::new());
    let mut withdrawn = lapsed();
    let part = WithdrawnPart::Whole;
    let said = Said::ConsentWithdrawn { consent: MOVE, giver: MOTHER, channel: Channel::Oral, part };
    withdrawn.say(said, START + 9 * DAY);
    assert!(!kinds(&withdrawn, START + 9 * DAY).contains(&TaskKind::MoveCameToNothing));
    let mut recalled = offered();
    goes_on(&mut recalled, LeavingEvent::Ended(EndCause::Recalled), START + DAY);
    assert_eq!(kinds(&recalled, START + DAY), Vec::new(), "whoever took it back knows");
}
