//! A case moves to another municipality: it has one owner at every moment, nothing of it can be read there
//! before, and both sides come to the same answer whatever is lost and whoever restarts (law 18).

use stafett_protocol::id::{ConsentId, SuccessionId};
use stafett_protocol::limits::SUCCESSION_OFFER_MS;
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::succession::leaving::{EndCause, LateWord};
use stafett_protocol::succession::{Arriving, Leaving};
use stafett_protocol::time::{HOUR, MINUTE};
use stafett_tests::federation::moving::AtOld;
use stafett_tests::federation::{AskFor, Crash};
use stafett_tests::names::{FATHER, MOTHER, service};
use stafett_tests::tap::holds;

use crate::story::Story;

const TEXT: &str = "Liker å lese om dinosaurer";

/// A case with one note, and a consent to move to the partner's clinic.
struct Moving {
    story: Story,
    consent: ConsentId,
}

impl Moving {
    fn new(seed: u64) -> Self {
        let mut story = Story::new(seed);
        story.note(TEXT);
        let consent = story.ask_to_move("clinic");
        story.world.run();
        Self { story, consent }
    }

    fn offered(seed: u64) -> (Self, SuccessionId) {
        let mut moving = Self::new(seed);
        let succession = moving.offer().expect("may be offered");
        moving.story.world.run();
        (moving, succession)
    }

    /// The package is there, and somebody there has said yes.
    fn stored(seed: u64) -> (Self, SuccessionId) {
        let (mut moving, succession) = Self::offered(seed);
        assert!(moving.accepts(succession));
        moving.story.world.run();
        assert!(matches!(moving.leaving(), Leaving::Stored { .. }), "{:?}", moving.leaving());
        (moving, succession)
    }

    fn offer(&mut self) -> Option<SuccessionId> {
        let (case, to) = (self.story.case, self.story.partner);
        self.story.world.offer_move(case, to, self.consent)
    }

    fn accepts(&mut self, succession: SuccessionId) -> bool {
        self.story.world.answer_move(self.story.partner, succession, Some("clinic"))
    }

    fn at_old(&mut self, what: AtOld) -> bool {
        self.story.world.at_old(self.story.case, what)
    }

    fn leaving(&self) -> Leaving {
        let moves = self.story.world.leaving_of(self.story.case.case, self.story.owner);
        (*moves.last().expect("a move")).clone()
    }

    fn arriving(&self, succession: SuccessionId) -> Option<Arriving> {
        let moves = &self.story.world.node(self.story.partner).store.moves;
        moves.arriving.get(&succession).map(|record| record.arriving)
    }

    fn opened(&self) -> Vec<String> {
        let opened = self.story.world.node(self.story.partner).store.moves.opened.iter();
        opened.map(|(_, document)| String::from_utf8(document.clone()).expect("text")).collect()
    }

    fn parts_there(&self) -> usize {
        let parts = &self.story.world.node(self.story.partner).store.moves.parts;
        parts.values().map(Vec::len).sum()
    }

    /// How many nodes act as the owner: the old one until it has carried the move out, the new one from
    /// when it has opened the case.
    fn owners(&self, succession: SuccessionId) -> usize {
        let new = self.arriving(succession).is_some_and(Arriving::is_owner);
        usize::from(self.leaving().is_owner()) + usize::from(new)
    }

    fn has_left(&self, text: &str) -> bool {
        let taps = &self.story.world.taps;
        taps.iter().any(|tap| tap.from == self.story.owner && holds(tap.bytes(), text))
    }

    /// Both sides have said all that there is to say.
    fn is_settled(&self) -> bool {
        self.leaving().is_over()
    }
}

impl Story {
    fn ask_to_move(&mut self, code: &str) -> ConsentId {
        let ask = AskFor::both(service(self.partner, code), &["language", "wellbeing"]);
        let consent = self.world.ask_to_move(self.case, &ask);
        self.world.give(self.case, consent, MOTHER, false);
        self.world.give(self.case, consent, FATHER, false);
        consent
    }
}

#[test]
fn case_goes_over_when_both_have_said_it_and_is_read_there_not_before() {
    for seed in 0..8 {
        let (mut moving, succession) = Moving::stored(seed);
        assert_eq!(moving.arriving(succession).map(|at| matches!(at, Arriving::InDoubt { .. })), Some(true));
        assert_eq!(moving.opened(), [""; 0]);
        assert_eq!(moving.owners(succession), 1);

        assert!(moving.at_old(AtOld::Transfers));
        moving.story.world.run();

        assert_eq!(moving.opened(), [format!("{TEXT}\n")], "seed {seed}");
        assert_eq!(moving.owners(succession), 1);
        assert!(moving.is_settled(), "{:?}", moving.leaving());
        assert_eq!(moving.parts_there(), 0, "the sealed parts are gone");
        assert!(!moving.has_left(TEXT), "it never went in clear");
        assert!(moving.offer().is_none(), "it is not this side's to offer any more");
    }
}

#[test]
fn nothing_of_the_case_leaves_before_somebody_has_accepted() {
    let (moving, succession) = Moving::offered(3);
    let case = moving.story.case.case;
    let from = moving.story.owner;
    let sent = moving.story.world.taps.iter().filter(|tap| tap.from == from);

    let names_the_case =
        sent.filter(|tap| tap.bytes().windows(16).any(|bytes| bytes == case.as_bytes().as_slice()));

    assert_eq!(names_the_case.count(), 0);
    assert!(matches!(moving.arriving(succession), Some(Arriving::Offered { .. })));
    assert_eq!(moving.parts_there(), 0);
}

#[test]
fn decline_leaves_the_case_where_it_is_and_it_may_be_offered_anew() {
    let (mut moving, succession) = Moving::offered(1);

    assert!(moving.story.world.answer_move(moving.story.partner, succession, None));
    moving.story.world.run();

    assert_eq!(moving.leaving(), Leaving::Declined);
    assert_eq!(moving.opened(), [""; 0]);
    let again = moving.offer().expect("may be offered anew");
    assert_ne!(again, succession);
}

#[test]
fn offer_that_nobody_answers_lapses_and_a_yes_that_comes_later_ends_it_too() {
    for is_late in [false, true] {
        let (mut moving, succession) = Moving::offered(2);
        let (owner, partner) = (moving.story.owner, moving.story.partner);
        moving.story.world.cut(owner, partner);
        if is_late {
            assert!(moving.accepts(succession), "by its own clock it is in time");
        }
        moving.story.world.run_for(SUCCESSION_OFFER_MS + HOUR);
        moving.story.world.sweep_all(owner);
        moving.story.world.heal(owner, partner);
        moving.story.world.run_for(30 * MINUTE);

        assert!(matches!(moving.leaving(), Leaving::Ended { cause: EndCause::Lapsed, is_kept: true }));
        assert_eq!(moving.arriving(succession), Some(Arriving::Ended));
        assert!(!moving.accepts(succession));
    }
}

#[test]
fn recall_and_acceptance_that_cross_come_to_one_end_at_both_sides() {
    for seed in 0..8 {
        let (mut moving, succession) = Moving::offered(seed);
        let (owner, partner) = (moving.story.owner, moving.story.partner);
        moving.story.world.cut(owner, partner);
        assert!(moving.at_old(AtOld::Recalls));
        assert!(moving.accepts(succession));
        moving.story.world.heal(owner, partner);
        moving.story.world.run_for(30 * MINUTE);

        assert!(matches!(moving.leaving(), Leaving::Ended { cause: EndCause::Recalled, is_kept: true }));
        assert_eq!(moving.arriving(succession), Some(Arriving::Ended));
        assert_eq!(moving.owners(succession), 1);
        assert_eq!(moving.parts_there(), 0);
    }
}

#[test]
fn withdrawal_before_the_transfer_ends_the_move_and_drops_what_came() {
    let (mut moving, succession) = Moving::stored(5);
    assert!(moving.parts_there() > 0, "there is something to drop");

    moving.story.world.withdraw(moving.story.case, moving.consent);
    assert!(!moving.at_old(AtOld::Transfers));
    moving.story.world.run();

    assert!(matches!(moving.leaving(), Leaving::Ended { cause: EndCause::ConsentOver, is_kept: true }));
    assert_eq!(moving.arriving(succession), Some(Arriving::Ended));
    assert_eq!(moving.parts_there(), 0);
    assert_eq!(moving.opened(), [""; 0]);
}

#[test]
fn withdrawal_after_the_transfer_is_told_to_the_new_owner_and_changes_no_owner() {
    let (mut moving, succession) = Moving::stored(6);
    assert!(moving.at_old(AtOld::Transfers));
    moving.story.world.run();

    moving.story.world.withdraw(moving.story.case, moving.consent);
    moving.story.world.run_for(30 * MINUTE);

    let there = &moving.story.world.node(moving.story.partner).store.moves.arriving[&succession];
    assert_eq!(there.late, [LateWord::ConsentTakenBack]);
    assert!(there.arriving.is_owner());
    assert!(moving.is_settled(), "{:?}", moving.leaving());
    assert_eq!(moving.opened().len(), 1);
}

#[test]
fn address_that_becomes_protected_ends_a_move_under_way() {
    let (mut moving, succession) = Moving::stored(7);

    moving.story.world.set_protection(moving.story.case, AddressProtection::StrictlyConfidential);
    moving.story.world.run();

    assert!(matches!(moving.leaving(), Leaving::Ended { cause: EndCause::Blocked, .. }));
    assert_eq!(moving.arriving(succession), Some(Arriving::Ended));
    assert!(!moving.at_old(AtOld::Transfers));
}

#[test]
fn package_that_is_made_anew_takes_the_place_of_the_one_before() {
    let (mut moving, succession) = Moving::stored(4);
    moving.story.note("Går på svømming");
    assert!(!moving.at_old(AtOld::Transfers), "the package is no longer what may go");

    assert!(moving.at_old(AtOld::Packs));
    moving.story.world.run();
    assert!(moving.at_old(AtOld::Transfers));
    moving.story.world.run();

    assert_eq!(moving.opened().len(), 1);
    assert!(moving.opened()[0].contains("Går på svømming"));
    assert!(moving.arriving(succession).is_some_and(Arriving::is_owner));
}

#[test]
fn case_that_was_shared_before_moves_and_the_copies_of_the_sharing_go() {
    let mut moving = Moving::new(9);
    let entry = moving.story.note("deles med PPT");
    moving.story.share("ppt", &["language"]);
    let partner = moving.story.partner;
    assert!(moving.story.world.text(partner, entry).is_some(), "it is shared");
    let succession = moving.offer().expect("may be offered");
    moving.story.world.run();
    assert!(moving.accepts(succession));
    moving.story.world.run();

    assert!(moving.at_old(AtOld::Transfers));
    moving.story.world.run();

    assert_eq!(moving.story.world.text(partner, entry), None, "no consent follows, and nothing mixes");
    assert_eq!(moving.opened().len(), 1);
    assert_eq!(moving.owners(succession), 1);
}

/// Every step of a move, each stopped after each of its effects in turn, at either node.
#[test]
fn either_node_stops_after_any_effect_and_the_move_goes_on() {
    let mut stops = 0;
    for at_owner in [true, false] {
        for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
            for effects in 0..40 {
                let mut moving = Moving::new(effects);
                let (owner, partner) = (moving.story.owner, moving.story.partner);
                let node = if at_owner { owner } else { partner };
                moving.story.world.stop_after(node, effects, crash);
                let succession = moving.lives_through();
                stops += 1;

                assert_eq!(moving.owners(succession), 1, "{effects} {crash:?} {at_owner}");
                assert_eq!(moving.opened(), [format!("{TEXT}\n")], "{effects} {crash:?} {at_owner}");
                assert!(moving.is_settled(), "{effects} {crash:?} {at_owner}: {:?}", moving.leaving());
            }
        }
    }
    assert_eq!(stops, 160);
}

impl Moving {
    /// Goes through a move; what was not committed, people press once more.
    fn lives_through(&mut self) -> SuccessionId {
        let mut succession = None;
        for _ in 0..12 {
            if succession.is_none() {
                succession = self.offer();
            }
            self.rest();
            let Some(id) = succession else { continue };
            self.accepts(id);
            self.rest();
            self.at_old(AtOld::Transfers);
            self.rest();
            if matches!(self.leaving(), Leaving::Accepted { .. }) {
                self.at_old(AtOld::Packs);
            }
        }
        succession.expect("it was offered")
    }

    fn rest(&mut self) {
        self.story.world.run_for(40 * MINUTE);
    }
}
