//! The oracle: looks at every frame that is handed to a transport, and at what nodes take in.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::{About, ChangeHash};
use stafett_protocol::id::{
    AccountId, BatonOfferId, CaseId, ConsentId, EntryId, GenerationId, GrantId, OrderId, ProposalId,
};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryState;

use super::apply::about;
use super::canary::{Canary, Found};
use super::facts::{Facts, Stands};
use super::operation::{Concerned, Key, NodeAt, Settings, Terms};
use super::run::Violation;
use super::state::State;
use crate::federation::{Federation, Happened, START};
use crate::names::{CHILD, FATHER, MOTHER};
use crate::store::Store;
use crate::tap::Tap;

/// Violations after which nothing more is looked at.
const VIOLATIONS_MAX: usize = 16;

/// What closes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closes {
    Withdrawal,
    Protection,
}

/// An offer of a baton: which, to whom, until when.
type Offered = (BatonOfferId, AccountId, UnixMillis);

/// A grant, as the oracle has read it from its token.
#[derive(Debug, Clone)]
pub(super) struct GrantSeen {
    pub(super) consent: ConsentId,
    pub(super) partner: NodeAt,
}

/// What the oracle has seen.
pub(super) struct Oracle {
    pub(super) numbers: Vec<OrganisationNumber>,
    pub(super) liar: Option<NodeAt>,
    pub(super) violations: Vec<Violation>,
    pub(super) states: BTreeSet<State>,
    pub(super) canaries: u64,
    /// How many things that were handed over were looked at.
    pub(super) seen: usize,
    pub(super) canary: Canary,
    /// What has come to each partner, and was not erased there since.
    pub(super) held: BTreeSet<(NodeAt, EntryId)>,
    /// What was handed over for each partner, on which connection.
    on_the_line: BTreeMap<(NodeAt, EntryId), u64>,
    /// What each partner has ever held or proposed.
    pub(super) ever: BTreeSet<(NodeAt, EntryId)>,
    /// Of which cases each node has ever had a grant.
    pub(super) cases: BTreeSet<(NodeAt, Key)>,
    /// Grants that were handed over.
    pub(super) grants: BTreeMap<GrantId, GrantSeen>,
    /// Orders that were handed over, and how often.
    pub(super) orders: BTreeMap<OrderId, u64>,
    /// Receipts that were handed over, and how often.
    pub(super) receipts: BTreeMap<OrderId, u64>,
    /// What each generation held when it began.
    pub(super) born: BTreeMap<GenerationId, String>,
    /// Who holds each baton, and to whom it is offered.
    pub(super) batons: BTreeMap<Key, (AccountId, Option<Offered>)>,
    /// Nodes whose clock jumped and is not put right.
    pub(super) jumped: BTreeSet<NodeAt>,
    /// Ends whose transport was ever stalled.
    pub(super) stalled: BTreeSet<(NodeAt, NodeAt)>,
    pub(super) rotations: u8,
    /// Whether everything is healed.
    pub(super) is_at_rest: bool,
    /// What was proposed: its text.
    pub(super) proposals: BTreeMap<ProposalId, String>,
    /// Receipts that the liar has sent for what it did not erase.
    pub(super) lying_receipts: BTreeSet<String>,
    /// Where a service's answer may be seen: from its node to the owner's, by the id it is looked for under.
    pub(super) answers: BTreeMap<EntryId, (NodeAt, NodeAt)>,
    /// The entries that a proposal has become: one, or one more after a restore.
    pub(super) became: BTreeMap<EntryId, BTreeSet<EntryId>>,
    /// Changes that the owner of their entry has said it has.
    pub(super) acknowledged: BTreeSet<ChangeHash>,
    /// Changes of the liar's that nobody may take.
    pub(super) broken: BTreeSet<ChangeHash>,
    /// Who has written in which entry, and when last.
    writers: BTreeMap<EntryId, BTreeMap<NodeAt, UnixMillis>>,
    /// What was forgotten in a restore that a partner does not know of: what was said before it.
    pub(super) forgotten: BTreeMap<(NodeAt, NodeAt), Facts>,
    /// What a partner held when the backup was taken, for as long as what was forgotten counts.
    pub(super) held_then: BTreeMap<(NodeAt, NodeAt), BTreeSet<(NodeAt, EntryId)>>,
    /// The facts at each backup.
    pub(super) since_restart: BTreeSet<NodeAt>,
}

impl Oracle {
    pub(super) fn new(settings: &Settings, numbers: Vec<OrganisationNumber>) -> Self {
        let mut canary = Canary::default();
        for person in [MOTHER, FATHER, CHILD] {
            canary.hide_id(person.as_bytes(), &person.to_string(), Found::Person(person));
        }
        Self {
            numbers,
            liar: settings.liar,
            violations: Vec::new(),
            states: BTreeSet::new(),
            canaries: 0,
            seen: 0,
            canary,
            held: BTreeSet::new(),
            on_the_line: BTreeMap::new(),
            held_then: BTreeMap::new(),
            ever: BTreeSet::new(),
            cases: BTreeSet::new(),
            grants: BTreeMap::new(),
            orders: BTreeMap::new(),
            receipts: BTreeMap::new(),
            born: BTreeMap::new(),
            batons: BTreeMap::new(),
            jumped: BTreeSet::new(),
            stalled: BTreeSet::new(),
            rotations: 0,
            is_at_rest: false,
            proposals: BTreeMap::new(),
            lying_receipts: BTreeSet::new(),
            answers: BTreeMap::new(),
            became: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            broken: BTreeSet::new(),
            writers: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            since_restart: BTreeSet::new(),
        }
    }

    pub(super) fn place(&self, number: OrganisationNumber) -> NodeAt {
        let place = self.numbers.iter().position(|one| *one == number).expect("a node");
        u8::try_from(place).expect("few nodes")
    }

    pub(super) fn hide_case(&mut self, case: CaseId, key: Key) {
        self.canary.hide_id(case.as_bytes(), &case.to_string(), Found::Case(key));
    }

    pub(super) fn hide_entry(&mut self, entry: EntryId, _name: &str) {
        self.canary.hide_id(entry.as_bytes(), &entry.to_string(), Found::Entry(entry));
    }

    pub(super) fn hide_text(&mut self, text: &str, entry: EntryId) {
        self.canary.hide_text(text, entry);
    }

    pub(super) fn hide_consent(&mut self, consent: ConsentId, _key: Key) {
        self.canary.hide_id(consent.as_bytes(), &consent.to_string(), Found::Consent(consent));
    }

    /// Whether a partner holds an entry, as far as frames say.
    pub(super) fn holds(&self, partner: NodeAt, entry: EntryId) -> bool {
        self.held.contains(&(partner, entry))
    }

    /// Whether a partner holds an entry, or gets it on the connection that is open: what was handed
    /// over on one that is lost makes nobody a holder. Of a restore that nobody can tell of the owner
    /// goes by what its backup says.
    pub(super) fn may_hold(&self, world: &Federation, tap: &Tap, entry: EntryId) -> bool {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        let line = self.on_the_line.get(&(to, entry));
        let held_then = self.held_then.get(&(from, to));
        self.holds(to, entry)
            || line.is_some_and(|line| *line == world.connection(tap.from, tap.to))
            || held_then.is_some_and(|held| held.contains(&(to, entry)))
    }

    pub(super) fn handed_over(&mut self, world: &Federation, tap: &Tap, entry: EntryId) {
        let to = self.place(tap.to);
        self.on_the_line.insert((to, entry), world.connection(tap.from, tap.to));
        self.ever.insert((to, entry));
        // The liar reads what is on its way to it, and names it before it has come.
        if self.liar == Some(to) {
            self.now_holds(to, entry);
        }
    }

    pub(super) fn now_holds(&mut self, partner: NodeAt, entry: EntryId) {
        self.held.insert((partner, entry));
        self.ever.insert((partner, entry));
    }

    pub(super) fn no_longer_holds(&mut self, partner: NodeAt, entry: EntryId) {
        self.held.remove(&(partner, entry));
        self.on_the_line.remove(&(partner, entry));
    }

    /// Notes that something must not be.
    pub(super) fn violated(&mut self, rule: &'static str, at: UnixMillis, seen: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { rule, at: at.since(START), seen });
        }
    }

    /// Somebody wrote in an entry.
    pub(super) fn wrote(&mut self, node: NodeAt, entry: EntryId, at: UnixMillis) {
        let writers = self.writers.entry(entry).or_default();
        writers.insert(node, at);
        let recent = writers.values().filter(|when| at.since(**when) < 2_000).count();
        if recent > 1 {
            self.states.insert(State::Concurrent);
        }
    }

    /// Whether a node but the owner has written in an entry.
    pub(super) fn has_written(&self, node: NodeAt, entry: EntryId) -> bool {
        self.writers.get(&entry).is_some_and(|writers| writers.contains_key(&node))
    }

    /// Notes in which state something closes.
    pub(super) fn closes(
        &mut self,
        world: &Federation,
        facts: &Facts,
        case: Key,
        partner: NodeAt,
        closes: Closes,
    ) {
        let owner = facts.cases[&case].owner;
        let (own, other) = (self.numbers[usize::from(owner)], self.numbers[usize::from(partner)]);
        if owner == partner || !world.has_link(own, other) {
            return;
        }
        let is_queued = world.frames_waiting(own, other) > 0;
        let is_in_flight = world.frames_in_flight(own, other) > 0 && world.is_live(own, other);
        let has_something = self.held.iter().any(|(holder, entry)| {
            *holder == partner && facts.entries.get(entry).is_some_and(|one| one.case == case)
        });
        match closes {
            Closes::Withdrawal => {
                if is_queued {
                    self.states.insert(State::WithdrawnWithFramesQueued);
                }
                if is_in_flight {
                    self.states.insert(State::WithdrawnInFlight);
                }
                if has_something && !world.is_live(own, other) {
                    self.states.insert(State::WithdrawnWhileCut);
                }
                if has_something && world.is_full(own) {
                    self.states.insert(State::WithdrawnOnFullDisk);
                }
            }
            Closes::Protection => {
                if is_queued || is_in_flight {
                    self.states.insert(State::ProtectedInTransfer);
                }
            }
        }
    }

    /// Notes in which state something opens.
    pub(super) fn widened(
        &mut self,
        world: &Federation,
        facts: &Facts,
        case: Key,
        partner: NodeAt,
        is_replacing: bool,
    ) {
        let owner = facts.cases[&case].owner;
        let (own, other) = (self.numbers[usize::from(owner)], self.numbers[usize::from(partner)]);
        if owner != partner && world.has_link(own, other) && !world.is_live(own, other) {
            self.states.insert(State::WidenedWhileCut);
        }
        if is_replacing {
            self.states.insert(State::Replaced);
        }
    }

    /// Notes that consents pause, or end by their time.
    pub(super) fn paused_by(&mut self, facts: &Facts, case: Key, now: UnixMillis, state: State) {
        let of_case = facts.consents.iter().filter(|(_, one)| one.case == case);
        if of_case.into_iter().any(|(key, _)| facts.stands(*key, now) == Stands::Pauses) {
            self.states.insert(state);
        }
    }

    pub(super) fn agreement_changes(&mut self, facts: &Facts, own: NodeAt, partner: NodeAt, terms: Terms) {
        let shares = self.held.iter().any(|(holder, entry)| {
            *holder == partner && facts.entries.get(entry).is_some_and(|one| one.owner == own)
        });
        if shares {
            let state = match terms {
                Terms::Whole => return,
                Terms::FewerAreas | Terms::FewerServices => State::AgreementNarrowed,
                Terms::Ended => State::AgreementEnded,
                Terms::Revoked => State::Revoked,
            };
            self.states.insert(state);
        }
    }

    /// Whether anything of a node's is held elsewhere.
    pub(super) fn shares_something(&self, facts: &Facts, node: NodeAt) -> bool {
        let is_theirs = |entry: &EntryId| facts.entries.get(entry).is_some_and(|one| one.owner == node);
        self.held.iter().any(|(_, entry)| is_theirs(entry))
    }

    /// A node is about to be restored together with its journal. What the family said since the
    /// backup is forgotten, but for what a partner knows of: whoever has a later mark of the node
    /// tells it, and every consent is asked for anew then. Until somebody does, the others may get
    /// what the backup opens.
    pub(super) fn forgets(
        &mut self,
        world: &Federation,
        (then, held): (&Facts, &BTreeSet<(NodeAt, EntryId)>),
        node: NodeAt,
        backup: &Store,
    ) {
        let own = self.numbers[usize::from(node)];
        for partner in 0..u8::try_from(self.numbers.len()).expect("few nodes") {
            let other = self.numbers[usize::from(partner)];
            if partner == node || !world.has_link(own, other) {
                continue;
            }
            let known =
                world.node(other).store.marks.get(&own).map(|kept| (kept.mark.incarnation, kept.mark.number));
            // A restored node counts what it had not handed over as well.
            let mut restored = backup.clone();
            restored.count_all_as_handed();
            let shown = (restored.incarnation, restored.signed_for(other));
            if known.is_none_or(|known| known <= shown) {
                self.forgotten.insert((node, partner), then.clone());
                self.held_then.insert((node, partner), held.clone());
            }
        }
    }

    /// A node learned that it was restored: nothing is open but what is asked for anew.
    pub(super) fn learned(&mut self, node: NodeAt) {
        self.forgotten.retain(|(own, _), _| *own != node);
        self.held_then.retain(|(own, _), _| *own != node);
    }

    /// Looks at everything that happened since it looked last.
    pub(super) fn watch(&mut self, world: &mut Federation, facts: &mut Facts) {
        for happened in std::mem::take(&mut world.news) {
            self.happened(world, facts, happened);
        }
        // What is written and agreed on after a restore goes by what the backup opens as well.
        self.forgotten.values_mut().for_each(|then| then.learn(facts));
        while self.seen < world.taps.len() {
            let tap = world.taps[self.seen].clone();
            self.seen += 1;
            if self.violations.len() < VIOLATIONS_MAX {
                self.look_at(world, facts, &tap);
            }
        }
    }

    fn happened(&mut self, world: &Federation, facts: &mut Facts, happened: Happened) {
        match happened {
            Happened::Taken { own, partner, proposal, entry } => {
                self.taken(world, facts, (own, partner), proposal, entry);
            }
            Happened::TakesProposal { own, partner, proposal, facts: stored, at } => {
                self.takes_proposal(facts, (own, partner), proposal, &stored, at);
            }
            Happened::Accepts { own, partner, entry, hash, is_alien, is_second, at } => {
                if is_second {
                    let seen = format!("{own} takes two changes of {partner} in {entry} with one number");
                    self.violated("a number is one change", at, seen);
                }
                if self.broken.contains(&hash) {
                    let seen = format!("{own} takes {hash:?} of {partner} in {entry}");
                    self.violated("a broken change is taken by nobody", at, seen);
                }
                if is_alien {
                    let seen = format!("{own} takes a change of {partner} in {entry} in another's name");
                    self.violated("an actor is whose its first change was", at, seen);
                }
                let owner = facts.entries.get(&entry).map(|one| one.owner);
                let (own, partner) = (self.place(own), self.place(partner));
                if owner == Some(own)
                    && !facts.may_change(entry, partner, at)
                    && !self.is_excused(own, partner)
                {
                    let seen = format!("node {own} stores a change of node {partner} in {entry}");
                    self.violated("nothing is taken from whoever may not write it", at, seen);
                }
            }
            Happened::TakesGrant { own, partner, case, owner, at } => {
                // Of a case that it was never told of a partner learns nothing here: the store refuses.
                let is_here = world.node(own).store.ledgers.contains_key(&case);
                let known = facts.cases.iter().find(|(_, one)| one.id == case && is_here);
                let (own, partner, owner) = (self.place(own), self.place(partner), self.place(owner));
                let is_told = known.is_some_and(|(key, _)| self.cases.contains(&(partner, *key)));
                if owner != partner || is_told {
                    let seen = format!("node {own} takes a grant of node {owner}'s to case {case}");
                    self.violated("a case has one owner", at, seen);
                }
            }
            Happened::Arrived { own, partner, entry } => {
                let (own, partner) = (self.place(own), self.place(partner));
                let is_theirs = facts.entries.get(&entry).is_some_and(|one| one.owner == partner);
                if is_theirs && self.liar != Some(partner) {
                    self.now_holds(own, entry);
                }
            }
            Happened::Stores { own, partner, entry, owner, at } => {
                let known = facts.entries.get(&entry).map(|one| one.owner);
                let (own, from, owner) = (self.place(own), self.place(partner), self.place(owner));
                let is_moved = known.is_some_and(|known| known != owner) || (owner != own && owner != from);
                if is_moved {
                    let seen = format!("node {own} stores {entry} as node {owner}'s, from node {from}");
                    self.violated("an entry belongs to one owner", at, seen);
                }
                if owner == from && known.is_none() && self.liar != Some(from) {
                    let seen = format!("node {own} stores {entry}, which nobody has written");
                    self.violated("an entry is somebody's", at, seen);
                }
            }
            Happened::Restarted { node, kept, lost } => {
                let node = self.place(node);
                self.since_restart.insert(node);
                if lost > 0 {
                    let state = if kept > 0 { State::CommitsTorn } else { State::CommitsLost };
                    self.states.insert(state);
                }
            }
        }
    }

    /// Whether something is not judged: the liar's own doings, and what a restore made forget.
    pub(super) fn is_excused(&self, own: NodeAt, partner: NodeAt) -> bool {
        self.liar == Some(own) || self.forgotten.contains_key(&(own, partner))
    }

    /// Whether an entry may go to a partner, also by what was forgotten.
    pub(super) fn permits(&self, facts: &Facts, entry: EntryId, partner: NodeAt, at: UnixMillis) -> bool {
        if facts.permitted(entry, partner, at) {
            return true;
        }
        let Some(owner) = facts.entries.get(&entry).map(|one| one.owner) else { return false };
        self.forgotten.get(&(owner, partner)).is_some_and(|then| then.permitted(entry, partner, at))
    }

    fn look_at(&mut self, world: &Federation, facts: &Facts, tap: &Tap) {
        let (from, to) = (self.place(tap.from), self.place(tap.to));
        if self.liar == Some(from) {
            return;
        }
        let Some(frame) = tap.frame() else {
            // What was on the line is dropped.
            let to_them = |(holder, entry): &(NodeAt, EntryId)| {
                *holder == to && facts.entries.get(entry).is_some_and(|one| one.owner == from)
            };
            return self.on_the_line.retain(|key, _| !to_them(key));
        };
        self.judge(world, facts, tap, &frame);
        for found in self.canary.search(tap.bytes()) {
            self.found(facts, (from, to), tap, &frame, found);
        }
    }

    fn found(
        &mut self,
        facts: &Facts,
        (from, to): (NodeAt, NodeAt),
        tap: &Tap,
        frame: &stafett_protocol::wire::Frame,
        found: Found,
    ) {
        use stafett_protocol::wire::Frame;
        let kind = frame.kind();
        // What they name is judged with what they say: an order and its receipt name what was sent.
        if matches!(found, Found::Entry(_) | Found::Case(_))
            && matches!(frame, Frame::Order(_) | Frame::Receipt(_))
        {
            return;
        }
        match found {
            Found::Text(entry, _) => {
                self.canaries += 1;
                if !self.text_may_go(facts, (from, to), entry, tap.at) {
                    let seen =
                        format!("node {from} sends node {to} a text of {entry} in a frame of kind {kind}");
                    self.violated("no text leaves without a consent that counts", tap.at, seen);
                }
            }
            Found::Entry(entry) => {
                let owner = facts.entries.get(&entry).map(|one| one.owner);
                let may = self.ever.contains(&(to, entry))
                    || (owner == Some(to) && self.ever.contains(&(from, entry)))
                    || (owner == Some(from) && self.permits(facts, entry, to, tap.at));
                let is_asked_back = matches!(
                    frame,
                    Frame::Resend(_) | Frame::LetGo(_) | Frame::ChangesRefused(_) | Frame::Receipt(_)
                );
                if !(may || is_asked_back && self.liar == Some(to)) {
                    let seen = format!("node {from} names {entry} to node {to} in a frame of kind {kind}");
                    self.violated("no id leaves of what is hidden", tap.at, seen);
                }
            }
            Found::Case(case) => {
                let owner = facts.cases[&case].owner;
                let may =
                    self.cases.contains(&(to, case)) || (owner == to && self.cases.contains(&(from, case)));
                if !may && self.liar != Some(to) {
                    let seen =
                        format!("node {from} names case {case} to node {to} in a frame of kind {kind}");
                    self.violated("no id leaves of what is hidden", tap.at, seen);
                }
            }
            Found::Consent(consent) => {
                let known = facts.consent_of(consent).map(|key| facts.consents[&key].service.0);
                if known != Some(to) && known != Some(from) {
                    let seen = format!("node {from} names {consent} to node {to} in a frame of kind {kind}");
                    self.violated("no id leaves of what is hidden", tap.at, seen);
                }
            }
            Found::Person(person) => {
                let concerned = match frame {
                    Frame::Announce(body) => facts.entries.get(&body.entry).map(|one| &one.about),
                    Frame::Propose(body) => facts.proposals.get(&body.proposal).map(|one| &one.about),
                    _ => None,
                };
                let is_about = |one: &Concerned| about(*one) == About::Guardian(person);
                if !concerned.is_some_and(|all| all.iter().any(is_about)) {
                    let seen = format!("node {from} names {person} to node {to} in a frame of kind {kind}");
                    self.violated("no person is named but whom an entry is about", tap.at, seen);
                }
            }
        }
    }

    /// Whether a node keeps an entry that can be read.
    pub(super) fn is_kept_live(world: &Federation, node: OrganisationNumber, entry: EntryId) -> bool {
        let kept = world.node(node).store.entries.get(&entry);
        kept.is_some_and(|kept| kept.record.state == EntryState::Live)
    }
}
