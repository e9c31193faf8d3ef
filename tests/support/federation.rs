//! Several nodes in memory, joined by links, under a virtual clock.
//!
//! What people do is durable and told to the sessions at once; what a session commits takes a
//! while to become durable. That time, and every delay of the network, is drawn per event, so that
//! something hidden never shifts something visible by itself.

mod asking;
mod batons;
mod faults;
pub mod moving;
mod network;
mod operating;
mod parts;
mod people;
mod restoring;
mod telling;
mod uptakes;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use stafett_protocol::agreement::{Agreement, Moves, Standing};
use stafett_protocol::limits::{PARTNER_BYTES_MAX, PARTNER_ENTRIES_MAX};
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Output, Token};
use stafett_protocol::link::{Identity, Session};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryRecord, Transaction, Write};

use crate::chance::Chance;
use crate::names::{areas, service_code};
use crate::store::Store;
use crate::tap::Tap;
use faults::taken_by;
pub use faults::{Faults, Happened};
pub use parts::{Crash, Node};
use parts::{End, Event, Link, Place};
use people::News;
pub use people::{AskFor, CaseAt, NewEntry};
pub use restoring::Journal;

/// When every run starts.
pub const START: UnixMillis = UnixMillis(1_790_000_000_000);

/// The areas that every agreement covers.
pub const AREAS: [&str; 3] = ["language", "learning", "wellbeing"];

/// How slow things are, in milliseconds; each time is drawn below its bound.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A commit.
    pub commit_max: u64,
    /// A frame's way.
    pub network_max: u64,
}

/// A federation.
#[derive(Debug)]
pub struct Federation {
    /// Where its randomness comes from.
    pub chance: Chance,
    /// How slow things are.
    pub pace: Pace,
    /// Everything that was handed to the transport.
    pub taps: Vec<Tap>,
    now: UnixMillis,
    sequence: u64,
    queue: BTreeMap<(UnixMillis, u64), Event>,
    nodes: BTreeMap<OrganisationNumber, Node>,
    links: Vec<Link>,
    operations: u64,
    hidden_operations: u64,
    is_hidden: bool,
    /// What is under way under a name of its own, and how many labels it has drawn.
    named: Option<(String, u64)>,
    /// What goes wrong on the way by itself.
    pub faults: Faults,
    /// Faults and turns that happened, by name, for whoever counts them.
    pub happened: BTreeMap<&'static str, u64>,
    /// What happened since somebody looked, for whoever watches.
    pub news: Vec<Happened>,
    /// Whether nobody connects.
    is_asleep: bool,
    /// Whether restored nodes compare what their partners show, as nodes do.
    pub compares: bool,
    /// Which node stops after so many more effects, and how.
    stops: Option<(OrganisationNumber, u64, Crash)>,
}

impl Federation {
    /// Starts with nobody in it.
    pub fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed),
            pace: Pace { commit_max: 20, network_max: 50 },
            taps: Vec::new(),
            now: START,
            sequence: 0,
            queue: BTreeMap::new(),
            nodes: BTreeMap::new(),
            links: Vec::new(),
            operations: 0,
            hidden_operations: 0,
            is_hidden: false,
            named: None,
            faults: Faults::default(),
            happened: BTreeMap::new(),
            news: Vec::new(),
            is_asleep: false,
            compares: false,
            stops: None,
        }
    }

    /// Adds a node; `key` seeds its signing key.
    pub fn add_node(&mut self, number: OrganisationNumber, key: u8) {
        let key = Arc::new(crate::names::key(key));
        let node = Node {
            store: Store::new(number),
            alarms: Vec::new(),
            retention: Arc::default(),
            bytes_max: PARTNER_BYTES_MAX,
            shown_above: Vec::new(),
            was_asked: Vec::new(),
            shown: Vec::new(),
            keys: vec![key.public()],
            key,
            incarnation: 0,
            knows: u16::MAX,
            clock_ahead: 0,
            clock_stands_at: None,
            journal: Vec::new(),
            journaled: 0,
            is_down: false,
        };
        self.nodes.insert(number, node);
    }

    /// Joins two nodes by an agreement on all areas, with these services on either side, and
    /// connects them.
    pub fn join(&mut self, one: (OrganisationNumber, &[&str]), other: (OrganisationNumber, &[&str])) {
        let end = |own: (OrganisationNumber, &[&str]), partner: (OrganisationNumber, &[&str])| {
            let agreement = Agreement {
                partner: partner.0,
                services: partner.1.iter().map(|code| service_code(code)).collect(),
                our_services: own.1.iter().map(|code| service_code(code)).collect(),
                areas: areas(&AREAS),
                from: UnixMillis(0),
                until: UnixMillis::MAX,
                moves: Moves {
                    services: partner.1.iter().map(|code| service_code(code)).collect(),
                    areas: areas(&AREAS),
                    from_there: true,
                },
            };
            End {
                own: own.0,
                partner: partner.0,
                session: self.fresh_session(own.0, partner.0, Some(&agreement), Standing::Trusted),
                made: agreement.clone(),
                agreement: Some(agreement),
                standing: Standing::Trusted,
                data_epoch: 0,
                frames_sent: 0,
                arrives_last: [UnixMillis(0); 2],
                commits_last: UnixMillis(0),
                is_stalled: false,
                opens_as: Standing::Trusted,
                waiting: Vec::new(),
                came: BTreeMap::new(),
                starts: 0,
            }
        };
        let ends = [end(one, other), end(other, one)];
        let (is_mute, held) = ([false; 2], Vec::new());
        self.links.push(Link { ends, is_up: false, is_cut: false, connection: 0, is_mute, held });
        self.connect_soon(self.links.len() - 1);
    }

    fn fresh_session(
        &self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        agreement: Option<&Agreement>,
        standing: Standing,
    ) -> Session {
        let present = self.nodes[&own].key.public();
        let known = self.nodes[&own].keys.iter();
        let identity = Identity {
            own,
            partner,
            signing: Arc::clone(&self.nodes[&own].key),
            earlier_keys: known.filter(|key| **key != present).copied().collect(),
            partner_keys: self.nodes[&partner].keys.clone(),
            entries_max: PARTNER_ENTRIES_MAX,
            bytes_max: self.nodes[&own].bytes_max,
            retention: Arc::clone(&self.nodes[&own].retention),
            package_secret: Arc::new(moving::secret_of(own)),
        };
        let snapshot = self.nodes[&own].store.snapshot(partner);
        Session::new(identity, agreement.cloned(), standing, snapshot, self.time_at(own))
    }

    /// Returns the virtual time.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// Returns a node.
    pub fn node(&self, number: OrganisationNumber) -> &Node {
        &self.nodes[&number]
    }

    /// Returns a node, to tamper with what it keeps.
    pub fn node_mut(&mut self, number: OrganisationNumber) -> &mut Node {
        self.nodes.get_mut(&number).expect("a node of the federation")
    }

    /// Does what `steps` says in a way that draws no randomness of what is done openly.
    pub fn hidden<T>(&mut self, steps: impl FnOnce(&mut Self) -> T) -> T {
        self.is_hidden = true;
        let result = steps(self);
        self.is_hidden = false;
        result
    }

    /// Does what `steps` says under a name, on which alone depends what it draws.
    pub fn named<T>(&mut self, name: &str, steps: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.named.replace((name.to_owned(), 0));
        let result = steps(self);
        self.named = before;
        self.start_what_stopped();
        result
    }

    fn next_label(&mut self) -> String {
        if let Some((name, drawn)) = &mut self.named {
            *drawn += 1;
            return format!("{name} {drawn}");
        }
        assert!(!self.faults.by_name, "every draw has a name");
        if self.is_hidden {
            self.hidden_operations += 1;
            format!("hidden operation {}", self.hidden_operations)
        } else {
            self.operations += 1;
            format!("operation {}", self.operations)
        }
    }

    fn push(&mut self, at: UnixMillis, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), event);
    }

    /// Lets `millis` pass.
    pub fn run_for(&mut self, millis: u64) {
        let until = self.now.plus(millis);
        while self.step(until) {}
        self.now = until;
    }

    /// Runs until nothing is under way, without waiting for timers. Stops the test if that takes
    /// more than an hour.
    pub fn run(&mut self) {
        let give_up = self.now.plus(3_600_000);
        while let Some((at, _)) = self.queue.keys().next().copied() {
            assert!(at < give_up, "seed {}: never comes to rest", self.chance.seed());
            while self.step(at) {}
        }
    }

    /// The time that a node goes by.
    fn time_at(&self, node: OrganisationNumber) -> UnixMillis {
        let node = &self.nodes[&node];
        node.clock_stands_at.unwrap_or_else(|| self.now.plus(node.clock_ahead))
    }

    /// When a session wants its timer, by the world's time.
    fn timeout(&self, place: Place) -> Option<UnixMillis> {
        let end = self.end(place);
        let ahead = self.nodes[&end.own].clock_ahead;
        if let Some(stands_at) = self.nodes[&end.own].clock_stands_at {
            return end.session.poll_timeout().filter(|at| *at <= stands_at).map(|_| self.now);
        }
        // What was due while nobody was connected is due at once.
        end.session.poll_timeout().map(|at| UnixMillis(at.0.saturating_sub(ahead)).max(self.now))
    }

    /// Handles the next event or timer that is due until `until`; whether there was one.
    pub fn step(&mut self, until: UnixMillis) -> bool {
        self.start_what_stopped();
        let is_one = self.next_step(until);
        self.start_what_stopped();
        is_one
    }

    fn next_step(&mut self, until: UnixMillis) -> bool {
        let places = (0..self.links.len()).flat_map(|link| [(link, 0), (link, 1)]);
        let timers = places.filter_map(|place| Some((self.timeout(place)?, place)));
        let timer = timers.min().filter(|(at, _)| *at <= until);
        let event = self.queue.keys().next().copied().filter(|(at, _)| *at <= until);
        match (event, timer) {
            (Some(key), timer) if timer.is_none_or(|(at, _)| key.0 <= at) => {
                self.now = self.now.max(key.0);
                let event = self.queue.remove(&key).expect("it was there");
                self.handle_event(event);
                true
            }
            (_, Some((at, place))) => {
                self.now = at;
                self.handle(place, Input::Timer);
                let again = self.timeout(place);
                assert!(again.is_none_or(|again| again > at), "a timer that does not move");
                true
            }
            _ => false,
        }
    }

    fn handle_event(&mut self, event: Event) {
        match event {
            Event::Connect { link } => self.connect_now(link),
            Event::Reset { to, connection } => {
                if self.links[to.0].connection == connection {
                    self.handle(to, Input::DataReset);
                }
            }
            Event::Arrive { to, connection, stream, epoch, number, bytes } => {
                self.arrive(to, connection, stream, epoch, number, &bytes);
            }
            Event::Commit { at, incarnation, start, token, transaction } => {
                self.commit_of_session(at, (incarnation, start), token, transaction);
            }
            Event::Lost { link, connection } => self.lose(link, connection),
            Event::Compare { at, incarnation, shown } => self.compare(at, incarnation, *shown),
            Event::Unseal { node, journal } => self.unseal(node, journal),
            Event::ShownAbove { at, incarnation, mark } => self.take_shown_above(at, incarnation, mark),
        }
    }

    fn end(&self, place: Place) -> &End {
        &self.links[place.0].ends[place.1]
    }

    fn end_mut(&mut self, place: Place) -> &mut End {
        &mut self.links[place.0].ends[place.1]
    }

    fn ends_of(&self, node: OrganisationNumber) -> Vec<Place> {
        let all = (0..self.links.len()).flat_map(|link| [(link, 0), (link, 1)]);
        all.filter(|place| self.end(*place).own == node).collect()
    }

    fn end_towards(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Place {
        let mut ends = self.ends_of(own).into_iter();
        ends.find(|place| self.end(*place).partner == partner).expect("a link")
    }

    /// Gives a session an input and carries out what it asks for.
    fn handle(&mut self, place: Place, input: Input) {
        let own = self.end(place).own;
        if self.nodes[&own].is_down {
            return;
        }
        let now = self.time_at(own);
        self.end_mut(place).session.handle(input, now);
        let mut closes = false;
        let mut line_changed = false;
        while let Some(output) = self.end_mut(place).session.poll_output() {
            if self.stops_here(own) {
                return;
            }
            match output {
                Output::Commit { token, transaction } => self.commit_soon(place, token, transaction),
                Output::Send { frame, rows } => {
                    line_changed = true;
                    self.hand_over(place, frame, rows);
                }
                Output::ResetData => {
                    line_changed = true;
                    self.reset(place);
                    self.drop_waiting(place);
                }
                Output::FileReceipt(receipt) => self.file_receipt(place, receipt),
                Output::Alarm(alarm) => {
                    let partner = self.end(place).partner;
                    self.node_mut(own).alarms.push((partner, alarm));
                }
                Output::Restored(mark) => self.note_shown_above(place, mark),
                Output::ShowHoldings { asked_on } => self.show_holdings(place, asked_on),
                Output::HoldingsShown(shown) => self.note_shown(place, *shown),
                Output::BatonHeard(answer) => self.hear_baton(place, &answer),
                Output::LeavingHeard(heard) => self.hear_leaving(place, &heard),
                Output::ArrivingHeard(heard) => self.hear_arriving(place, &heard),
                Output::ReadPart { succession, revision, index } => {
                    self.read_part(place, succession, revision, index);
                }
                Output::Close(code) => {
                    self.tap_close(place, code);
                    closes = true;
                }
            }
        }
        if closes {
            self.disconnect(place.0);
            self.push(self.now.plus(60_000), Event::Connect { link: place.0 });
        } else if line_changed {
            self.tell_waiting(place);
        }
    }

    /// Tells a session how many of its frames wait for the transport.
    pub(in crate::federation) fn tell_waiting(&mut self, place: Place) {
        let frames = self.end(place).waiting.len();
        self.handle(place, Input::FramesWaiting(frames));
    }

    fn commit_soon(&mut self, place: Place, token: Token, transaction: Transaction) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        self.note_commit(own, partner, &transaction);
        let incarnation = self.nodes[&own].incarnation;
        let purpose = self.name_of_commit(place, token, &transaction);
        let takes = 1 + self.chance.below(self.pace.commit_max, purpose);
        let at = self.now.plus(takes).max(self.end(place).commits_last);
        self.end_mut(place).commits_last = at;
        let start = self.end(place).starts;
        self.push(at, Event::Commit { at: place, incarnation, start, token, transaction });
    }

    fn commit_of_session(
        &mut self,
        place: Place,
        (incarnation, start): (u32, u32),
        token: Token,
        transaction: Transaction,
    ) {
        let own = self.end(place).own;
        if self.nodes[&own].incarnation != incarnation || self.nodes[&own].is_down {
            return;
        }
        let taken = taken_by(own, &transaction, self.now);
        let relations = transaction.writes.iter().filter_map(|write| match write {
            Write::Relation(relation) if relation.owner == own => Some(*relation),
            _ => None,
        });
        let relations: Vec<_> = relations.collect();
        let outcome = self.node_mut(own).store.commit(transaction);
        if outcome.is_ok() {
            self.news.extend(taken);
        } else {
            self.count("commit failed");
        }
        let records: Vec<EntryRecord> =
            outcome.iter().flat_map(|committed| committed.records.clone()).collect();
        if self.end(place).starts == start {
            self.handle(place, Input::Done { token, outcome });
        }
        for other in self.ends_of(own).into_iter().filter(|other| *other != place) {
            for record in &records {
                if self.is_on_link(other, record) {
                    self.handle(other, Input::EntryCommitted(record.clone()));
                }
            }
            for relation in &relations {
                if self.shares(other, relation.case) {
                    self.handle(other, Input::RelationCommitted(*relation));
                }
            }
        }
    }

    /// Starts another session from what a node keeps of a link, connected to nobody.
    pub fn session(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Session {
        let end = self.end(self.end_towards(own, partner));
        self.fresh_session(own, partner, end.agreement.as_ref(), end.standing)
    }

    /// The key that a node signs with.
    pub fn key(&self, node: OrganisationNumber) -> Arc<SigningKey> {
        Arc::clone(&self.nodes[&node].key)
    }

    /// Gives a node's session a frame as if its partner had sent it.
    pub fn forge(
        &mut self,
        from: OrganisationNumber,
        to: OrganisationNumber,
        frame: &stafett_protocol::wire::Frame,
    ) {
        let place = self.end_towards(from, to);
        self.forward(place, frame);
    }

    /// Returns how many entries wait on a link, and how many orders.
    pub fn waiting(&self, own: OrganisationNumber, partner: OrganisationNumber) -> (usize, usize) {
        self.end(self.end_towards(own, partner)).session.waiting()
    }

    /// Returns whether a link's session is live.
    pub fn is_live(&self, own: OrganisationNumber, partner: OrganisationNumber) -> bool {
        self.end(self.end_towards(own, partner)).session.is_live()
    }
}
