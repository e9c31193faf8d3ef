//! A case that moves, at the old owner and at one or two municipalities that may take it.
//!
//! The network is the set of all that was ever said: any of it may come at any time, any number of
//! times, or never. That is loss, delay, repetition and disorder, with finitely many states. A node
//! decides, and only what it has committed is said; a stop between the two forgets the decision. A
//! restore brings an older state back, and cuts what is on its way to or from the node.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::ConsentId;
use stafett_protocol::limits::{SUCCESSION_OFFER_MS, SUCCESSION_OPEN_MS};
use stafett_protocol::signed::StatementHash;
use stafett_protocol::succession::leaving::{
    ConsentStanding, EndCause, LateWord, Leaving, LeavingEvent, LeavingSays, Offering, Package, Standing,
};
use stafett_protocol::succession::package::{PackageHash, Packed};
use stafett_protocol::succession::{Arriving, ArrivingEvent, ArrivingSays};
use stafett_protocol::time::UnixMillis;

use super::{Goal, Model};

/// A move, by its number: the second can only be offered when the first has come to nothing.
type Move = usize;
/// Packages of one move.
const REVISIONS_MAX: u32 = 2;

/// When time ends.
const LAST: UnixMillis = UnixMillis(2 * SUCCESSION_OPEN_MS);

/// How large a world is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Moving {
    /// Municipalities that may take the case, 1 or 2: the second move goes to the last.
    pub receivers: usize,
    /// Offers of the case, 1 or 2.
    pub moves: usize,
    /// Packages that are made anew.
    pub remakes: u8,
    /// Words of the family, or about its address, that end a move or come late.
    pub words: u8,
    /// Nodes that may stop between a decision and its commit.
    pub stops: u8,
    /// Nodes that may be restored from a backup.
    pub restores: u8,
}

/// Whose node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The old owner's.
    Old,
    /// One of those that may take the case.
    New(usize),
}

/// What was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Of the old owner.
    ToNew(Move, LeavingSays),
    /// The one part of a package.
    Part(Move, u32),
    /// The old owner shows the answer that it had: whether it was a yes.
    Remembered(Move, bool),
    /// Of a receiver.
    ToOld(Move, ArrivingSays),
    /// A receiver has a late word.
    LateKept(Move, u32),
}

/// What may happen.
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// The stafettholder offers the case.
    Offer,
    /// She takes the offer back.
    Recall(Move),
    /// She has the package made anew.
    Remake(Move),
    /// She carries the move out.
    CarryOut(Move),
    /// The family takes its consent back.
    Withdraw,
    /// An address is protected.
    Protect,
    /// Somebody accepts.
    Accept(Move),
    /// The coordinator declines.
    Decline(Move),
    /// The old owner's node makes the package.
    Pack(Move),
    /// Its clock ends a move.
    Wait(Move),
    /// All that it stands for is said once more.
    Say(Side),
    /// Something that was said comes.
    Deliver(Message),
    /// What was decided is durable.
    Commit(Side),
    /// Time passes.
    Tick,
    /// A node stops, and starts again.
    Stop(Side),
    /// A backup is made.
    Backup(Side),
    /// A node is restored from it, with its journal or without.
    Restore(Side, bool),
    /// A restored node and the other one have shown each other what they have.
    Compare(Side),
}

/// What the old owner keeps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Old {
    moves: BTreeMap<Move, Leaving>,
    consent: ConsentStanding,
    is_blocked: bool,
}

/// What a receiver keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct New {
    moves: BTreeMap<Move, Arriving>,
    /// Moves of which parts lie here.
    parts: BTreeSet<Move>,
    /// Cases that were opened, by the move.
    opened: BTreeMap<Move, u8>,
    /// Late words that it has.
    late: BTreeSet<Move>,
}

/// A node: what is durable, what is decided, and what no restore takes away.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Node<Kept> {
    kept: Kept,
    decided: Option<Kept>,
    backup: Option<Kept>,
    journal: BTreeMap<Move, Line>,
    /// Restored, and silent until it has compared.
    is_silent: bool,
}

/// A line of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Line {
    Ended,
    CarriedOut(u32),
    Answered,
    Opened,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    old: Node<Old>,
    news: Vec<Node<New>>,
    sent: BTreeSet<Message>,
    now: UnixMillis,
    /// What a receiver heard of each move that is settled: whether it was carried out.
    heard: BTreeMap<Move, bool>,
    /// Whether one heard both.
    has_heard_both: bool,
    stops: u8,
    restores: u8,
    remakes: u8,
    words: u8,
}

fn offer(of: Move) -> StatementHash {
    StatementHash([u8::try_from(of).expect("few") + 1; 32])
}

fn yes(of: Move) -> StatementHash {
    StatementHash([u8::try_from(of).expect("few") + 11; 32])
}

fn no(of: Move) -> StatementHash {
    StatementHash([u8::try_from(of).expect("few") + 21; 32])
}

fn packed(of: Move, revision: u32) -> Packed {
    let byte = u8::try_from(of * 10).expect("few") + u8::try_from(revision).expect("few");
    Packed { revision, package: PackageHash([byte; 32]) }
}

impl<Kept: Clone> Node<Kept> {
    fn starting(kept: Kept) -> Self {
        Self { kept, decided: None, backup: None, journal: BTreeMap::new(), is_silent: false }
    }

    fn is_free(&self) -> bool {
        self.decided.is_none() && !self.is_silent
    }
}

impl Old {
    fn standing(&self) -> Standing {
        Standing { consent: self.consent, is_blocked: self.is_blocked, is_agreed: true }
    }

    fn stepped(&self, of: Move, event: &LeavingEvent, now: UnixMillis) -> Option<Self> {
        let next = self.moves.get(&of)?.step(event, now).ok()?;
        let mut all = self.clone();
        all.moves.insert(of, next);
        Some(all)
    }

    /// What follows from words of the family, in the same commit.
    fn with_what_follows(mut self, word: LateWord, now: UnixMillis) -> Self {
        let standing = self.standing();
        for one in self.moves.values_mut() {
            let event = match one.over(&standing) {
                Some(cause) => LeavingEvent::Ended(cause),
                None => LeavingEvent::Late(word),
            };
            if let Ok(next) = one.step(&event, now) {
                *one = next;
            }
        }
        self
    }

    fn offered(&self, now: UnixMillis) -> Option<Self> {
        let of = self.moves.len();
        let may = self.consent == ConsentStanding::Counts && !self.is_blocked;
        if !may || !Leaving::may_offer(self.moves.values()) {
            return None;
        }
        let offering = Offering {
            offer: offer(of),
            consent: ConsentId::from_bytes([1; 16]),
            services: [SERVICE.parse().expect("a code")].into(),
            lapses_at: now.plus(SUCCESSION_OFFER_MS),
        };
        let mut all = self.clone();
        all.moves.insert(of, Leaving::Offered { offering });
        Some(all)
    }

    fn packed(&self, of: Move, now: UnixMillis) -> Option<Self> {
        let before = match self.moves.get(&of)? {
            Leaving::Packed { package, .. } | Leaving::Stored { package, .. } => package.packed.revision,
            _ => 0,
        };
        let package = Package { packed: packed(of, before + 1), items: BTreeMap::new() };
        self.stepped(of, &LeavingEvent::Packed(package), now)
    }
}

const SERVICE: &str = "ppt";

impl New {
    fn stepped(&self, of: Move, event: ArrivingEvent, now: UnixMillis) -> Option<Self> {
        let before = *self.moves.get(&of)?;
        let next = before.step(event, now).ok()?;
        let mut all = self.clone();
        all.moves.insert(of, next);
        if matches!(event, ArrivingEvent::Part { .. }) {
            all.parts.insert(of);
        }
        if next.is_owner() && !before.is_owner() {
            *all.opened.entry(of).or_default() += 1;
        }
        if !next.keeps_parts() {
            all.parts.remove(&of);
        }
        Some(all)
    }

    fn with(&self, of: Move, first: Arriving) -> Self {
        let mut all = self.clone();
        all.moves.insert(of, first);
        all
    }
}

impl Moving {
    /// Whether a step carries a case over to a node that does not have that package whole.
    fn is_carried_over_too_early(self, before: &World, after: &World) -> bool {
        after.old.kept.moves.iter().any(|(of, one)| {
            let Leaving::Transferred { packed, .. } = one else { return false };
            let was_open = before.old.kept.moves.get(of).is_some_and(Leaving::is_owner);
            let there = after.news[self.receiver(*of)].kept.moves.get(of);
            was_open && !matches!(there, Some(Arriving::InDoubt { stored, .. }) if stored == packed)
        })
    }

    /// Which node a move goes to.
    fn receiver(self, of: Move) -> usize {
        of.min(self.receivers - 1)
    }
}

impl Model for Moving {
    type State = World;
    type Action = Action;

    fn first(&self) -> World {
        let old = Old { moves: BTreeMap::new(), consent: ConsentStanding::Counts, is_blocked: false };
        World {
            old: Node::starting(old),
            news: vec![Node::starting(New::default()); self.receivers],
            sent: BTreeSet::new(),
            now: UnixMillis(0),
            heard: BTreeMap::new(),
            has_heard_both: false,
            stops: self.stops,
            restores: self.restores,
            remakes: self.remakes,
            words: self.words,
        }
    }

    fn actions(&self, world: &World) -> Vec<Action> {
        let sides = || std::iter::once(Side::Old).chain((0..self.receivers).map(Side::New));
        let mut all = vec![Action::Offer, Action::Withdraw, Action::Protect, Action::Tick];
        for of in 0..self.moves {
            all.extend([Action::Recall(of), Action::Remake(of), Action::CarryOut(of), Action::Accept(of)]);
            all.extend([Action::Decline(of), Action::Pack(of), Action::Wait(of)]);
        }
        for side in sides() {
            all.extend([Action::Say(side), Action::Commit(side), Action::Stop(side), Action::Backup(side)]);
            all.extend([Action::Restore(side, true), Action::Restore(side, false), Action::Compare(side)]);
        }
        all.extend(world.sent.iter().copied().map(Action::Deliver));
        all
    }

    fn next(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let now = world.now;
        match action {
            // Nothing begins when no time is left for it to end.
            Action::Offer if world.old.kept.moves.len() >= self.moves || now >= LAST => return None,
            Action::Offer | Action::Recall(_) | Action::Remake(_) | Action::CarryOut(_) => {
                next.old_decides(action)?;
            }
            Action::Withdraw | Action::Protect | Action::Pack(_) | Action::Wait(_) => {
                next.old_decides(action)?;
            }
            Action::Accept(of) => {
                let event = ArrivingEvent::Accepts { answer: yes(of) };
                next.new_decides(self.receiver(of), |kept| kept.stepped(of, event, UnixMillis(0)))?;
            }
            Action::Decline(of) => {
                let event = ArrivingEvent::Declines { answer: no(of) };
                next.new_decides(self.receiver(of), |kept| kept.stepped(of, event, now))?;
            }
            Action::Say(side) => next.say(self, side)?,
            Action::Deliver(message) => next.deliver(self, message)?,
            Action::Commit(side) => next.commit(side)?,
            Action::Tick => {
                next.now = [UnixMillis(SUCCESSION_OFFER_MS), LAST].into_iter().find(|later| *later > now)?;
            }
            Action::Stop(side) => next.stop(side)?,
            Action::Backup(side) => next.back_up(side)?,
            Action::Restore(side, journal) => next.restore(self, side, journal)?,
            Action::Compare(side) => next.compare(self, side)?,
        }
        Some(next)
    }

    fn is_automatic(&self, action: Action) -> bool {
        matches!(
            action,
            Action::Pack(_)
                | Action::Wait(_)
                | Action::Say(_)
                | Action::Deliver(_)
                | Action::Commit(_)
                | Action::Tick
                | Action::Compare(_)
        )
    }

    fn broken(&self, before: &World, after: &World) -> Option<&'static str> {
        let old_acts = !after.old.is_silent && after.old.kept.moves.values().all(Leaving::is_owner);
        let new_acts =
            |node: &Node<New>| !node.is_silent && node.kept.moves.values().any(|one| one.is_owner());
        let owners = usize::from(old_acts) + after.news.iter().filter(|node| new_acts(node)).count();
        let is_gone = |node: &Node<New>| {
            node.kept.parts.iter().any(|of| node.kept.moves.get(of).is_none_or(|one| !one.keeps_parts()))
        };
        let carried_out = |one: &Leaving| !one.is_owner();
        let open_over = after.old.kept.moves.values().any(|one| {
            one.is_open() && (after.old.kept.consent == ConsentStanding::Over || after.old.kept.is_blocked)
        });
        let has_two_answers = std::iter::zip(&before.news, &after.news).any(|(before, after)| {
            let is_yes = |of: &Move| matches!(after.kept.moves.get(of), Some(Arriving::Accepted { .. }));
            let was_no = |one: &Arriving| matches!(one, Arriving::Declined { .. });
            before.kept.moves.iter().any(|(of, one)| was_no(one) && is_yes(of))
        });
        match () {
            () if has_two_answers => Some("an answer is given once"),
            () if after.is_accepted_late() => Some("an offer ends by its time"),
            () if self.restores == 0 && self.is_carried_over_too_early(before, after) => {
                Some("a case is carried over when the other side has it whole")
            }
            () if owners > 1 => Some("a case has one owner"),
            () if after.has_heard_both => Some("what became of a move is one answer"),
            () if after.old.kept.moves.values().filter(|one| carried_out(one)).count() > 1 => {
                Some("a case moves once")
            }
            () if open_over => Some("nothing stands open that the family or the law has ended"),
            () if after.news.iter().any(|node| node.kept.opened.values().any(|cases| *cases > 1)) => {
                Some("a move opens one case")
            }
            () if after.news.iter().any(is_gone) => Some("what came is deleted when a move ends"),
            () => None,
        }
    }

    fn goals(&self) -> Vec<Goal<World>> {
        vec![
            Goal {
                rule: "a case that was carried over is opened",
                asks: is_carried_out,
                is_there: is_opened,
            },
            Goal { rule: "every move ends", asks: |_| true, is_there: is_settled },
            Goal { rule: "a late word arrives", asks: has_late_word, is_there: late_words_arrived },
        ]
    }
}

fn is_carried_out(world: &World) -> bool {
    world.old.kept.moves.values().any(|one| !one.is_owner())
}

fn is_opened(world: &World) -> bool {
    world.news.iter().any(|node| node.kept.moves.values().any(|one| one.is_owner()))
}

fn has_late_word(world: &World) -> bool {
    let has = |one: &Leaving| matches!(one, Leaving::Transferred { late, .. } if !late.is_empty());
    world.old.kept.moves.values().any(has)
}

fn late_words_arrived(world: &World) -> bool {
    let arrived = |of: &Move| world.news.iter().any(|node| node.kept.late.contains(of));
    world.old.kept.moves.iter().all(|(of, one)| match one {
        Leaving::Transferred { late, .. } => late.is_empty() || arrived(of),
        _ => true,
    })
}

/// Nothing waits at any node.
fn is_settled(world: &World) -> bool {
    let is_idle = world.old.is_free() && world.news.iter().all(Node::is_free);
    let is_over =
        |one: &Arriving| matches!(one, Arriving::Declined { .. } | Arriving::Owner { .. } | Arriving::Ended);
    is_idle
        && world.old.kept.moves.values().all(Leaving::is_over)
        && world.news.iter().all(|node| node.kept.moves.values().all(is_over))
}

impl World {
    fn is_accepted_late(&self) -> bool {
        self.old.kept.moves.values().any(|one| match one {
            Leaving::Accepted { offering, acceptance }
            | Leaving::Packed { offering, acceptance, .. }
            | Leaving::Stored { offering, acceptance, .. } => acceptance.at >= offering.lapses_at,
            _ => false,
        })
    }

    fn old_decides(&mut self, action: Action) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let (kept, now) = (&self.old.kept, self.now);
        let decided = match action {
            Action::Offer => kept.offered(now)?,
            Action::Recall(of) => kept.stepped(of, &LeavingEvent::Ended(EndCause::Recalled), now)?,
            Action::Remake(of) => {
                self.remakes = self.remakes.checked_sub(1)?;
                let is_made = matches!(
                    kept.moves.get(&of)?,
                    Leaving::Packed { package, .. } | Leaving::Stored { package, .. }
                        if package.packed.revision < REVISIONS_MAX
                );
                is_made.then(|| kept.packed(of, now)).flatten()?
            }
            Action::CarryOut(of) => {
                if !kept.moves.get(&of)?.may_transfer(&kept.standing()) {
                    return None;
                }
                kept.stepped(of, &LeavingEvent::Transferred, now)?
            }
            Action::Withdraw => {
                self.words = self.words.checked_sub(1)?;
                let all = Old { consent: ConsentStanding::Over, ..kept.clone() };
                all.with_what_follows(LateWord::ConsentTakenBack, now)
            }
            Action::Protect => {
                self.words = self.words.checked_sub(1)?;
                Old { is_blocked: true, ..kept.clone() }.with_what_follows(LateWord::AddressProtected, now)
            }
            Action::Pack(of) => {
                let is_due = matches!(kept.moves.get(&of)?, Leaving::Accepted { .. });
                is_due.then(|| kept.packed(of, now)).flatten()?
            }
            Action::Wait(of) => kept.stepped(of, &LeavingEvent::Waited, now)?,
            _ => return None,
        };
        self.old.decided = (decided != self.old.kept).then_some(decided);
        Some(())
    }

    fn new_decides(&mut self, at: usize, step: impl FnOnce(&New) -> Option<New>) -> Option<()> {
        let node = &mut self.news[at];
        if !node.is_free() {
            return None;
        }
        node.decided = Some(step(&node.kept)?).filter(|decided| *decided != node.kept);
        Some(())
    }

    /// What a node stands for, as far as it is durable.
    fn say(&mut self, model: &Moving, side: Side) -> Option<()> {
        match side {
            Side::Old if !self.old.is_silent => {
                let says: Vec<_> =
                    self.old.kept.moves.iter().filter_map(|(of, one)| Some((*of, one.says()?))).collect();
                says.into_iter().for_each(|(of, says)| self.tell(of, says));
            }
            Side::New(at) if !self.news[at].is_silent => {
                let moves = self.news[at].kept.moves.iter();
                let says: Vec<_> = moves.filter_map(|(of, one)| Some((*of, one.says()?))).collect();
                let says = says.into_iter().filter(|(of, _)| model.receiver(*of) == at);
                self.sent.extend(says.map(|(of, says)| Message::ToOld(of, says)));
            }
            _ => return None,
        }
        Some(())
    }

    fn tell(&mut self, of: Move, says: LeavingSays) {
        self.sent.insert(Message::ToNew(of, says));
    }

    /// A receiver heard what became of a move.
    fn note_heard(&mut self, of: Move, says: LeavingSays) {
        let is_carried_out = match says {
            LeavingSays::Ended => false,
            LeavingSays::Transferred(_) => true,
            _ => return,
        };
        let heard = *self.heard.entry(of).or_insert(is_carried_out);
        self.has_heard_both |= heard != is_carried_out;
    }

    fn deliver(&mut self, model: &Moving, message: Message) -> Option<()> {
        match message {
            Message::ToNew(of, says) => self.new_hears(model.receiver(of), of, says),
            Message::Part(of, revision) => {
                let now = self.now;
                self.new_decides(model.receiver(of), |kept| {
                    let part = kept.stepped(of, ArrivingEvent::Part { revision, index: 0 }, now)?;
                    part.stepped(of, ArrivingEvent::Whole { fits: true }, now)
                })
            }
            Message::Remembered(of, is_yes) => {
                let answer = if is_yes { yes(of) } else { no(of) };
                let (event, now) = (ArrivingEvent::Remembered { answer, is_yes }, self.now);
                self.new_decides(model.receiver(of), |kept| kept.stepped(of, event, now))
            }
            Message::ToOld(of, says) => self.old_hears(of, says),
            Message::LateKept(of, number) => {
                self.old_steps_or_answers(of, Some(LeavingEvent::LateKept(number)))
            }
        }
    }

    fn new_hears(&mut self, at: usize, of: Move, says: LeavingSays) -> Option<()> {
        if !self.news[at].is_free() {
            return None;
        }
        self.note_heard(of, says);
        let (kept, now) = (&self.news[at].kept, self.now);
        let Some(known) = kept.moves.get(&of).copied() else {
            let first = match says {
                LeavingSays::Offer => {
                    Arriving::Offered { offer: offer(of), lapses_at: UnixMillis(SUCCESSION_OFFER_MS) }
                }
                LeavingSays::Ended => Arriving::Ended,
                _ => return None,
            };
            return self.new_decides(at, |kept| Some(kept.with(of, first)));
        };
        let event = match says {
            LeavingSays::Offer => ArrivingEvent::Offered,
            LeavingSays::Ready(packed) => ArrivingEvent::Ready { packed, parts: 1 },
            LeavingSays::Ended => ArrivingEvent::Ended,
            LeavingSays::Transferred(packed) => ArrivingEvent::Transferred { answer: yes(of), packed },
            LeavingSays::Late(number, _) => {
                if !known.is_owner() {
                    return None;
                }
                if kept.late.contains(&of) {
                    self.sent.insert(Message::LateKept(of, number));
                    return Some(());
                }
                return self.new_decides(at, |kept| {
                    let mut all = kept.clone();
                    all.late.insert(of);
                    Some(all)
                });
            }
        };
        if let Some(next) = kept.stepped(of, event, now) {
            return self.new_decides(at, |_| Some(next));
        }
        let answer = known.answer()?;
        self.sent.insert(Message::ToOld(of, answer));
        Some(())
    }

    fn old_hears(&mut self, of: Move, says: ArrivingSays) -> Option<()> {
        let service = SERVICE.parse().expect("a code");
        let event = match says {
            ArrivingSays::Accepted(answer) => LeavingEvent::Accepted { offer: offer(of), answer, service },
            ArrivingSays::Declined(_) => LeavingEvent::Declined { offer: offer(of) },
            ArrivingSays::Stored(packed) => LeavingEvent::Stored(packed),
            ArrivingSays::Confirmed(packed) => LeavingEvent::Confirmed(packed),
            ArrivingSays::EndKept => LeavingEvent::EndKept,
            ArrivingSays::Want { revision, .. } => return self.old_is_asked_for_a_part(of, revision),
            ArrivingSays::Ask => return self.old_is_asked(of),
        };
        self.old_steps_or_answers(of, Some(event))
    }

    fn old_steps_or_answers(&mut self, of: Move, event: Option<LeavingEvent>) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let Some(known) = self.old.kept.moves.get(&of) else {
            // A node that was restored to before its offer.
            let mut all = self.old.kept.clone();
            all.moves.insert(of, Leaving::ended_before());
            self.old.decided = Some(all);
            return Some(());
        };
        if let Some(next) = event.and_then(|event| self.old.kept.stepped(of, &event, self.now)) {
            self.old.decided = Some(next);
            return Some(());
        }
        known.answer().into_iter().for_each(|says| self.tell(of, says));
        Some(())
    }

    fn old_is_asked(&mut self, of: Move) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let remembered = match self.old.kept.moves.get(&of) {
            Some(Leaving::Declined) => Some(false),
            Some(Leaving::Offered { .. } | Leaving::Ended { .. }) | None => None,
            Some(_) => Some(true),
        };
        self.sent.extend(remembered.map(|is_yes| Message::Remembered(of, is_yes)));
        self.old_steps_or_answers(of, None)
    }

    fn old_is_asked_for_a_part(&mut self, of: Move, revision: u32) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let has = match self.old.kept.moves.get(&of) {
            Some(Leaving::Packed { package, .. } | Leaving::Stored { package, .. }) => {
                package.packed.revision == revision
            }
            Some(Leaving::Transferred { packed, .. }) => packed.revision == revision,
            _ => false,
        };
        if has {
            self.sent.insert(Message::Part(of, revision));
            return Some(());
        }
        self.old_steps_or_answers(of, None)
    }

    fn commit(&mut self, side: Side) -> Option<()> {
        match side {
            Side::Old => {
                let decided = self.old.decided.take()?;
                for (of, one) in &decided.moves {
                    let line = match one {
                        Leaving::Ended { .. } => Line::Ended,
                        Leaving::Transferred { packed, .. } => Line::CarriedOut(packed.revision),
                        _ => continue,
                    };
                    self.old.journal.insert(*of, line);
                }
                self.old.kept = decided;
            }
            Side::New(at) => {
                let node = &mut self.news[at];
                let decided = node.decided.take()?;
                for (of, one) in &decided.moves {
                    match one {
                        Arriving::Owner { .. } => node.journal.insert(*of, Line::Opened),
                        Arriving::Accepted { .. } | Arriving::Declined { .. } => {
                            node.journal.insert(*of, Line::Answered)
                        }
                        _ => None,
                    };
                }
                // It says that it has a late word, and that it has an end, when it is durable.
                let heard: Vec<_> = decided.late.difference(&node.kept.late).copied().collect();
                let ended = |of: &&Move| node.kept.moves.get(of) != decided.moves.get(of);
                let settled = decided.moves.keys().filter(ended).filter_map(|of| {
                    let one = decided.moves[of];
                    matches!(one, Arriving::Ended | Arriving::Owner { .. } | Arriving::Declined { .. })
                        .then(|| one.answer())
                        .flatten()
                        .map(|says| Message::ToOld(*of, says))
                });
                let settled: Vec<_> = settled.collect();
                node.kept = decided;
                self.sent.extend(heard.into_iter().map(|of| Message::LateKept(of, 0)));
                self.sent.extend(settled);
            }
        }
        Some(())
    }

    fn stop(&mut self, side: Side) -> Option<()> {
        self.stops = self.stops.checked_sub(1)?;
        match side {
            Side::Old => _ = self.old.decided.take()?,
            Side::New(at) => _ = self.news[at].decided.take()?,
        }
        Some(())
    }

    fn back_up(&mut self, side: Side) -> Option<()> {
        fn backed_up<Kept: Clone>(node: &mut Node<Kept>) -> Option<()> {
            if node.backup.is_some() {
                return None;
            }
            node.backup = Some(node.kept.clone());
            Some(())
        }
        if self.restores == 0 {
            return None;
        }
        match side {
            Side::Old => backed_up(&mut self.old),
            Side::New(at) => backed_up(&mut self.news[at]),
        }
    }

    fn restore(&mut self, model: &Moving, side: Side, has_journal: bool) -> Option<()> {
        self.restores = self.restores.checked_sub(1)?;
        match side {
            Side::Old => {
                self.old.kept = self.old.backup.clone()?;
                self.old.decided = None;
                if has_journal {
                    self.old_replays();
                }
                self.old.is_silent = true;
                self.sent.clear();
            }
            Side::New(at) => {
                let node = &mut self.news[at];
                node.kept = node.backup.clone()?;
                node.decided = None;
                if has_journal {
                    for (of, line) in node.journal.clone() {
                        let is_known = match node.kept.moves.get(&of) {
                            Some(one) if line == Line::Opened => one.is_owner(),
                            Some(Arriving::Offered { .. }) | None => false,
                            Some(_) => true,
                        };
                        if !is_known {
                            node.kept.moves.insert(of, Arriving::Asking { answer: None });
                            node.kept.parts.remove(&of);
                        }
                    }
                }
                node.is_silent = true;
                self.sent.retain(|message| model.receiver(message.of()) != at);
            }
        }
        Some(())
    }

    /// What a journal says is closed again before the node speaks.
    fn old_replays(&mut self) {
        for (of, line) in self.old.journal.clone() {
            let known = self.old.kept.moves.get(&of);
            let again = match line {
                Line::CarriedOut(revision) if known.is_none_or(Leaving::is_owner) => {
                    Leaving::carried_out(yes(of), packed(of, revision), self.now)
                }
                Line::Ended if known.is_none_or(Leaving::is_open) => Leaving::ended_before(),
                _ => continue,
            };
            self.old.kept.moves.insert(of, again);
        }
    }

    /// Both sides show what they have of the other's statements.
    fn compare(&mut self, model: &Moving, side: Side) -> Option<()> {
        match side {
            Side::Old => {
                // Nobody shows what it has while something waits to be committed.
                if !self.old.is_silent || !self.news.iter().all(Node::is_free) {
                    return None;
                }
                for at in 0..self.news.len() {
                    let shown = self.news[at].kept.moves.clone();
                    for (of, one) in shown.into_iter().filter(|(of, _)| model.receiver(*of) == at) {
                        self.old_is_shown(of, one);
                    }
                }
                self.old.is_silent = false;
            }
            Side::New(at) => {
                if !self.news[at].is_silent || !self.old.is_free() {
                    return None;
                }
                let shown = self.old.kept.moves.clone();
                for (of, one) in shown.into_iter().filter(|(of, _)| model.receiver(*of) == at) {
                    self.new_is_shown(at, of, &one);
                }
                self.news[at].is_silent = false;
            }
        }
        Some(())
    }

    fn old_is_shown(&mut self, of: Move, one: Arriving) {
        let known = self.old.kept.moves.get(&of);
        let again = match one {
            Arriving::Owner { opened: packed, answer } | Arriving::Waiting { packed, answer, .. } => {
                known.is_none_or(Leaving::is_owner).then(|| Leaving::carried_out(answer, packed, self.now))
            }
            Arriving::Ended => known.is_none_or(Leaving::is_open).then(Leaving::ended_before),
            _ => known.is_none().then(Leaving::ended_before),
        };
        if let Some(again) = again {
            self.old.kept.moves.insert(of, again);
        }
    }

    /// A restored receiver sees its own answer again, which it may have given since the backup, and
    /// what had come to nothing.
    fn new_is_shown(&mut self, at: usize, of: Move, one: &Leaving) {
        let kept = &mut self.news[at].kept;
        let is_undecided = matches!(kept.moves.get(&of), None | Some(Arriving::Offered { .. }));
        let again = match one {
            Leaving::Ended { .. } if is_undecided => Some(Arriving::Ended),
            Leaving::Declined if is_undecided => Some(Arriving::Declined { answer: no(of) }),
            Leaving::Accepted { .. }
            | Leaving::Packed { .. }
            | Leaving::Stored { .. }
            | Leaving::Transferred { .. }
                if is_undecided =>
            {
                Some(Arriving::Asking { answer: Some(yes(of)) })
            }
            _ => None,
        };
        if let Some(again) = again {
            kept.moves.insert(of, again);
        }
    }
}

impl Message {
    fn of(&self) -> Move {
        match self {
            Self::ToNew(of, _)
            | Self::Part(of, _)
            | Self::Remembered(of, _)
            | Self::ToOld(of, _)
            | Self::LateKept(of, _) => *of,
        }
    }
}
