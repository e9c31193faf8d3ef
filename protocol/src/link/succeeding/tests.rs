//! A move over two sessions, with stores that are maps: what is said, when, and under which gate.

mod bounds;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::access::succeeding::{MoveQuestion, permit_transfer};
use crate::access::tests::{CASE, Case, HOLDER, MOTHER, agreement, consent, note, own, partner, service};
use crate::agreement::{Agreement, Moves as AgreedMoves, Standing};
use crate::consent::{Channel, Consent, ConsentKind, WithdrawnPart};
use crate::decision::{Decision, MoveTerms, PartnerView};
use crate::id::ConsentId;
use crate::ledger::LedgerView;
use crate::ledger::statement::Said;
use crate::limits::{PACKAGE_PART_BYTES, SUCCESSION_OFFER_MS};
use crate::link::input::Input;
use crate::link::output::Output;
use crate::link::snapshot::Snapshot;
use crate::link::{Identity, Session};
use crate::signed::tests::key_from_seed;
use crate::succession::hearing::{ArrivingHeard, LeavingHeard};
use crate::succession::leaving::{EndCause, LateWord};
use crate::succession::package::{Line, Packed};
use crate::succession::sealed::{PackageKey, PackagePlace, PackageSecret, Sealed};
use crate::succession::statement::{Answer, Answered, Course, Ended, Late, Stage};
use crate::succession::{Arriving, Leaving};
use crate::time::MINUTE;
use crate::transaction::{Committed, Write};
use crate::wire::succession::SuccessionFrame;
use crate::wire::{Frame, Stream};

const MOVE: ConsentId = ConsentId::from_bytes([0x51; 16]);
const ONE: SuccessionId = SuccessionId::from_bytes([1; 16]);
const PLAIN: &[u8] = b"a case, as its old owner has it";

fn to_move() -> Consent {
    Consent { kind: ConsentKind::Transfer, ..consent(MOVE, service(partner(), "school")) }
}

/// The old owner, the municipality that may take the case, and what is on its way between them.
struct World {
    now: UnixMillis,
    old: Session,
    new: Session,
    ledger: LedgerView,
    leaving: LeavingRecord,
    sealed: Option<Sealed>,
    arriving: Option<ArrivingRecord>,
    parts: Vec<Vec<u8>>,
    opened: Vec<Vec<u8>>,
    /// Frames that were sent to the new side, kinds in order.
    said: Vec<u16>,
    is_cut: bool,
    resets: usize,
}

fn identity(own: OrganisationNumber, partner: OrganisationNumber, seed: u8, theirs: u8) -> Identity {
    Identity {
        own,
        partner,
        signing: Arc::new(key_from_seed(seed)),
        earlier_keys: Vec::new(),
        partner_keys: vec![key_from_seed(theirs).public()],
        entries_max: Identity::ENTRIES_MAX,
        bytes_max: Identity::BYTES_MAX,
        retention: Arc::default(),
        package_secret: Arc::new(PackageSecret::new([seed; 32])),
    }
}

fn agreed_there() -> Agreement {
    let moves = AgreedMoves { from_there: true, ..AgreedMoves::default() };
    Agreement { partner: own(), moves, until: UnixMillis::MAX, ..agreement() }
}

fn agreed_here() -> Agreement {
    Agreement { until: UnixMillis::MAX, ..agreement() }
}

impl World {
    /// An offer is decided, and the two sides have not spoken yet.
    fn offered() -> Self {
        let now = UnixMillis(1_000);
        let mut case = Case::child();
        case.shared_more(Consent { until: UnixMillis::MAX, ..to_move() });
        let mut decision = Decision::about(case.ledger, Some(HOLDER), now);
        let agreement = agreed_here();
        let view =
            PartnerView { partner: partner(), agreement: Some(&agreement), standing: Standing::Trusted };
        let wished = "2027-08-01".parse().expect("a day");
        let terms = MoveTerms { succession: ONE, consent: MOVE, stage: Stage::BeforeSchool, wished };
        let offer = decision.offer_move(own(), &terms, view, &key_from_seed(1)).expect("may be offered");
        let ledger = decision.ledger().clone();
        let leaving = LeavingRecord::offered(CASE, &offer, ledger.moves()[&ONE].leaving.clone());
        let session = |identity, agreement| {
            Session::new(identity, Some(agreement), Standing::Trusted, Snapshot::default(), now)
        };
        let mut old = session(identity(own(), partner(), 1, 2), agreed_here());
        old.handle(Input::CaseChanged { ledger: Arc::new(ledger.clone()) }, now);
        old.handle(Input::LeavingTold(Box::new(leaving.clone())), now);
        let new = session(identity(partner(), own(), 2, 1), agreed_there());
        Self {
            now,
            old,
            new,
            ledger,
            leaving,
            sealed: None,
            arriving: None,
            parts: Vec::new(),
            opened: Vec::new(),
            said: Vec::new(),
            is_cut: true,
            resets: 0,
        }
    }

    fn connect(&mut self) {
        self.is_cut = false;
        self.old.handle(Input::Connected { salt: [1; 32] }, self.now);
        self.new.handle(Input::Connected { salt: [2; 32] }, self.now);
        self.run();
    }

    fn cut(&mut self) {
        self.is_cut = true;
        self.old.handle(Input::Disconnected, self.now);
        self.new.handle(Input::Disconnected, self.now);
        self.run();
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.old.handle(Input::Timer, self.now);
        self.new.handle(Input::Timer, self.now);
        self.run();
    }

    /// Carries out effects until there is none, each side's in order.
    fn run(&mut self) {
        for _ in 0..10_000 {
            if let Some(output) = self.old.poll_output() {
                self.of_old(output);
            } else if let Some(output) = self.new.poll_output() {
                self.of_new(output);
            } else {
                return;
            }
        }
        panic!("the two sides never come to rest");
    }

    fn of_old(&mut self, output: Output) {
        match output {
            Output::Send { frame, .. } if !self.is_cut => {
                self.said.push(frame.kind());
                let stream = frame.stream();
                self.new.handle(Input::Frame { stream, frame, random: [5; 32] }, self.now);
                self.old.handle(Input::FramesWaiting(0), self.now);
            }
            Output::Commit { token, transaction } => {
                for write in transaction.writes {
                    if let Write::LeavingHanded { is_handed, .. } = write {
                        self.leaving.is_handed = is_handed;
                    }
                }
                self.old.handle(Input::Done { token, outcome: Ok(Committed::default()) }, self.now);
            }
            Output::LeavingHeard(heard) => self.old_hears(&heard),
            Output::ReadPart { succession, revision, index } => {
                let part = self.sealed.as_ref().and_then(|sealed| sealed.parts().nth(index.try_into().ok()?));
                let bytes = part.map(<[u8]>::to_vec);
                self.old.handle(Input::PartRead { succession, revision, index, bytes }, self.now);
            }
            Output::ResetData => self.resets += 1,
            _ => {}
        }
    }

    fn of_new(&mut self, output: Output) {
        match output {
            Output::Send { frame, .. } if !self.is_cut => {
                let stream = frame.stream();
                self.old.handle(Input::Frame { stream, frame, random: [6; 32] }, self.now);
                self.new.handle(Input::FramesWaiting(0), self.now);
            }
            Output::Commit { token, .. } => {
                self.new.handle(Input::Done { token, outcome: Ok(Committed::default()) }, self.now);
            }
            Output::ArrivingHeard(heard) => self.new_hears(&heard),
            _ => {}
        }
    }

    fn decide(&mut self, say: impl FnOnce(&mut Decision)) {
        let mut decision = Decision::about(self.ledger.clone(), Some(HOLDER), self.now);
        say(&mut decision);
        self.ledger = decision.ledger().clone();
        let ledger = Arc::new(self.ledger.clone());
        self.old.handle(Input::CaseChanged { ledger }, self.now);
        self.leaving.leaving = self.ledger.moves()[&ONE].leaving.clone();
        self.old.handle(Input::LeavingTold(Box::new(self.leaving.clone())), self.now);
    }

    fn old_hears(&mut self, heard: &LeavingHeard) {
        if let LeavingHeard::Answer(answer) = heard {
            self.leaving.answer = Some(answer.token().to_owned());
        }
        self.decide(|decision| {
            decision
                .hear_of_move(partner(), heard, &key_from_seed(1))
                .expect("the session has asked the rule");
        });
        if matches!(self.leaving.leaving, Leaving::Accepted { .. }) {
            self.pack(PLAIN);
        }
    }

    fn pack(&mut self, plain: &[u8]) {
        let revision = self.leaving.leaving.package().map_or(1, |packed| packed.revision + 1);
        let place = PackagePlace { succession: ONE, revision, from: own(), to: partner() };
        let key = PackageKey::derive(&PackageSecret::new([1; 32]), ONE, revision).expect("a key");
        let sealed = Sealed::seal(plain, &key, &place, [9; 12]).expect("seals");
        let packed = Packed { revision, package: sealed.hash() };
        self.leaving.bytes = u32::try_from(sealed.as_bytes().len()).expect("small");
        self.sealed = Some(sealed);
        let (before, agreement, entry) = (self.ledger.clone(), agreed_here(), note());
        let question = MoveQuestion {
            ledger: &before,
            agreement: Some(&agreement),
            standing: Standing::Trusted,
            consent: MOVE,
            now: self.now,
        };
        let permit = permit_transfer(&question, &entry).expect("may go along");
        self.decide(|decision| {
            decision.pack_move(ONE, packed, &[permit], &key_from_seed(1)).expect("was accepted");
        });
    }

    fn new_hears(&mut self, heard: &ArrivingHeard) {
        let now = self.now;
        let mut record = match (&self.arriving, heard) {
            (None, ArrivingHeard::Offer(offer)) => ArrivingRecord::offered(offer, now),
            (Some(record), heard) => record.hear(heard, now).expect("the session has asked the rule"),
            (None, heard) => panic!("{heard:?} of an unknown move"),
        };
        if matches!(heard, ArrivingHeard::Ready { .. }) {
            self.parts.clear();
        }
        if let ArrivingHeard::Part { bytes, .. } = heard {
            self.parts.push(bytes.clone());
            record = self.assembled(record);
        }
        if let (ArrivingHeard::Transferred(said, key), Arriving::Owner { .. }) = (heard, record.arriving) {
            let revision = said.statement().packed.revision;
            let place = PackagePlace { succession: ONE, revision, from: own(), to: partner() };
            let whole = Sealed::new(self.parts.concat()).expect("a package");
            self.opened.push(whole.open(key, &place).expect("opens"));
        }
        if !record.arriving.keeps_parts() {
            self.parts.clear();
        }
        self.arriving = Some(record.clone());
        self.new.handle(Input::ArrivingTold(Box::new(record)), now);
    }

    fn assembled(&self, record: ArrivingRecord) -> ArrivingRecord {
        let coming = match record.arriving {
            Arriving::Accepted { coming: Some(coming), .. }
            | Arriving::Waiting { coming: Some(coming), .. } => coming,
            _ => return record,
        };
        if coming.have < coming.parts {
            return record;
        }
        let sealed =
            Sealed::from_parts(self.parts.iter().map(Vec::as_slice), record.bytes, coming.packed.package);
        record.whole(sealed.is_ok(), self.now).expect("all parts are here")
    }

    fn answer(&mut self, is_yes: bool) {
        let record = self.arriving.clone().expect("an offer came");
        let Arriving::Offered { offer, .. } = record.arriving else { panic!("{record:?}") };
        let holder = Line::of("Pål Vik").expect("a line");
        let service = "school".parse().expect("a code");
        let answered =
            if is_yes { Answered::Accepted { holder, service } } else { Answered::Declined { reason: None } };
        let answer = Answer { course: record.course, offer, answered };
        let answer = key_from_seed(2).sign(answer).expect("signs");
        let record = record.answered(&answer, is_yes, self.now).expect("it waits for one");
        self.arriving = Some(record.clone());
        self.new.handle(Input::ArrivingTold(Box::new(record)), self.now);
        self.run();
    }

    fn transfer(&mut self) {
        let (before, agreement, entry) = (self.ledger.clone(), agreed_here(), note());
        let question = MoveQuestion {
            ledger: &before,
            agreement: Some(&agreement),
            standing: Standing::Trusted,
            consent: MOVE,
            now: self.now,
        };
        let permit = permit_transfer(&question, &entry).expect("may go along");
        let items = BTreeMap::from([(entry.entry, entry.generation)]);
        let agreed = agreed_here();
        let view = PartnerView { partner: partner(), agreement: Some(&agreed), standing: Standing::Trusted };
        self.decide(|decision| {
            decision
                .transfer_move(ONE, view, &items, &[permit], &key_from_seed(1))
                .expect("it is stored there");
        });
        self.run();
    }

    fn end(&mut self) {
        self.decide(|decision| {
            decision.end_move(ONE, EndCause::Recalled, &key_from_seed(1)).expect("it is open");
        });
        self.run();
    }

    fn withdraw(&mut self) {
        let part = WithdrawnPart::Whole;
        let said = Said::ConsentWithdrawn { consent: MOVE, giver: MOTHER, channel: Channel::Oral, part };
        self.decide(|decision| decision.say(said, &key_from_seed(1)).expect("can be said"));
    }

    fn is_over(&self) -> bool {
        self.leaving.leaving.is_over()
    }
}

fn moved() -> World {
    let mut world = World::offered();
    world.connect();
    world.answer(true);
    world.transfer();
    world
}

#[test]
fn case_goes_over_when_both_have_said_it() {
    let mut world = World::offered();
    world.connect();
    assert!(matches!(world.arriving.as_ref().map(|one| one.arriving), Some(Arriving::Offered { .. })));
    assert!(!world.said.contains(&28), "nothing of the case before somebody has accepted");

    world.answer(true);
    assert!(matches!(world.leaving.leaving, Leaving::Stored { .. }), "{:?}", world.leaving.leaving);
    assert!(matches!(world.arriving.as_ref().map(|one| one.arriving), Some(Arriving::InDoubt { .. })));
    assert!(world.opened.is_empty());

    world.transfer();
    assert_eq!(world.opened, [PLAIN]);
    assert!(world.is_over(), "{:?}", world.leaving.leaving);
    assert!(world.parts.is_empty(), "the sealed parts are gone");
}

#[test]
fn package_of_many_parts_comes_in_order_and_goes_on_after_a_cut() {
    let mut world = World::offered();
    world.connect();
    let plain = vec![7; 3 * PACKAGE_PART_BYTES];
    world.cut();
    world.answer(true);
    world.connect();
    world.pack(&plain);
    world.run();

    assert_eq!(world.parts.len(), 4);
    assert_eq!(
        world.said.iter().filter(|kind| **kind == 28).count(),
        5,
        "one of the first package, four of this one"
    );
    world.transfer();
    assert_eq!(world.opened, [plain]);
}

#[test]
fn each_word_that_is_lost_is_said_again() {
    let mut world = World::offered();
    world.connect();
    world.cut();
    world.answer(true);
    world.connect();
    assert!(matches!(world.leaving.leaving, Leaving::Stored { .. }));
    world.cut();
    world.transfer();
    assert!(world.opened.is_empty());
    world.connect();
    assert_eq!(world.opened, [PLAIN]);
    assert!(world.is_over());
    world.wait(16 * MINUTE);
    assert_eq!(world.opened, [PLAIN], "and opens one case");
}

#[test]
fn offer_that_may_not_go_any_more_is_never_heard_of() {
    let mut world = World::offered();
    world.withdraw();
    world.connect();
    world.end();

    assert_eq!(world.arriving, None);
    assert!(!world.leaving.is_handed);
    assert!(!world.said.contains(&26), "an end tells that there was something");
}

#[test]
fn move_that_ends_is_deleted_there_and_what_is_on_its_way_is_dropped() {
    let mut world = World::offered();
    world.connect();
    world.answer(true);
    let sent = world.said.iter().filter(|kind| **kind == 28).count();
    world.end();

    assert_eq!(world.arriving.as_ref().map(|one| one.arriving), Some(Arriving::Ended));
    assert!(world.parts.is_empty());
    assert!(world.is_over(), "the other side has said that it has the end");
    assert_eq!(world.said.iter().filter(|kind| **kind == 28).count(), sent);
}

#[test]
fn offer_that_is_declined_or_lapses_leaves_the_case_where_it_is() {
    let mut world = World::offered();
    world.connect();
    world.answer(false);
    assert_eq!(world.leaving.leaving, Leaving::Declined);

    let mut world = World::offered();
    world.connect();
    world.cut();
    world.answer(true);
    world.now = world.now.plus(SUCCESSION_OFFER_MS);
    world.connect();
    assert_eq!(world.leaving.leaving.end_cause(), Some(EndCause::Lapsed), "the old owner's clock counts");
    assert_eq!(world.arriving.as_ref().map(|one| one.arriving), Some(Arriving::Ended));
}

#[test]
fn partner_whose_cases_may_not_come_is_refused_and_nothing_is_kept() {
    let mut world = World::offered();
    let agreement = Agreement { moves: AgreedMoves::default(), ..agreed_there() };
    world.new.handle(
        Input::StandingChanged { agreement: Some(agreement), standing: Standing::Trusted },
        world.now,
    );
    world.connect();

    assert_eq!(world.arriving, None);
    assert!(matches!(world.leaving.leaving, Leaving::Offered { .. }), "and waits");
}

#[test]
fn late_word_arrives_once_and_is_kept() {
    let mut world = moved();
    world.now = world.now.plus(1);
    world.withdraw();
    world.decide(|decision| {
        assert_eq!(decision.late_due(), [LateWord::ConsentTakenBack]);
        decision.say_late(LateWord::ConsentTakenBack, &key_from_seed(1)).expect("can be said");
    });
    world.run();

    assert_eq!(world.arriving.as_ref().map(|one| one.late.clone()), Some(vec![LateWord::ConsentTakenBack]));
    assert!(world.is_over());
}

#[test]
fn key_leaves_with_the_transfer_alone_and_not_before_it_is_committed() {
    let mut world = World::offered();
    world.connect();
    world.answer(true);
    let (before, leaving) = (world.ledger.clone(), world.leaving.clone());
    world.is_cut = true;
    world.transfer();
    let moved = world.ledger.clone();
    // The session is told what will hold; the commit fails, and what holds is told.
    let mut world = World::offered();
    world.connect();
    world.answer(true);
    world.said.clear();
    world.old.handle(Input::CaseChanged { ledger: Arc::new(moved) }, world.now);
    world.run();
    assert!(!world.said.contains(&26), "nothing is said of what is not committed");
    world.old.handle(Input::CaseChanged { ledger: Arc::new(before) }, world.now);
    world.old.handle(Input::LeavingTold(Box::new(leaving)), world.now);
    world.run();
    assert!(world.opened.is_empty());
}

#[test]
fn statements_of_another_move_or_key_close_the_link() {
    let mut world = World::offered();
    world.connect();
    let ended = Ended { course: Course { succession: ONE, from: own(), to: own() } };
    let forged =
        [key_from_seed(3).sign(ended.clone()).expect("signs"), key_from_seed(1).sign(ended).expect("signs")];
    for token in forged {
        let frame = Frame::Succession(Box::new(SuccessionFrame::Ended { token: token.token().to_owned() }));
        world.new.handle(Input::Frame { stream: Stream::Control, frame, random: [1; 32] }, world.now);
        let outputs: Vec<_> = std::iter::from_fn(|| world.new.poll_output()).collect();
        assert!(outputs.iter().any(|output| matches!(output, Output::Close(_))), "{outputs:?}");
    }
}
