//! A case that moves, at the old owner and at one or two municipalities that may take it.
//!
//! The network is the set of all that was ever said: any of it may come at any time, any number of
//! times, or never. That is loss, delay, repetition and disorder, with finitely many states. A node
//! decides, and only what it has committed is said; a stop between the two forgets the decision. A
//! restore brings an older state back, and cuts what is on its way to or from the node.

mod restoring;
mod rules;
mod saying;

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::ConsentId;
use stafett_protocol::limits::{SUCCESSION_OFFER_MS, SUCCESSION_OPEN_MS};
use stafett_protocol::signed::StatementHash;
use stafett_protocol::succession::leaving::{
    ConsentStanding, EndCause, LateWord, Leaving, LeavingEvent, LeavingSays, Offering, Standing,
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
            Leaving::Packed { packed, .. } | Leaving::Stored { packed, .. } => packed.revision,
            _ => 0,
        };
        self.stepped(of, &LeavingEvent::Packed(packed(of, before + 1)), now)
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
        rules::broken(*self, before, after)
    }

    fn goals(&self) -> Vec<Goal<World>> {
        rules::goals()
    }
}

impl World {
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
                    Leaving::Packed { packed, .. } | Leaving::Stored { packed, .. }
                        if packed.revision < REVISIONS_MAX
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
