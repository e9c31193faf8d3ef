//! Several nodes in memory, joined by links, under a virtual clock.
//!
//! What people do is durable and told to the sessions at once; what a session commits takes a
//! while to become durable. That time, and every delay of the network, is drawn per event, so that
//! something hidden never shifts something visible by itself.

mod network;
mod people;
mod restoring;
mod uptakes;
mod writing;

use std::collections::BTreeMap;
use std::sync::Arc;

use stafett_protocol::agreement::{Agreement, Standing};
use stafett_protocol::erasure::retention::Retention;
use stafett_protocol::id::DisclosureId;
use stafett_protocol::limits::{PARTNER_BYTES_MAX, PARTNER_ENTRIES_MAX};
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Alarm, Output, Token};
use stafett_protocol::link::{Identity, Session};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::restore::Shown;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryRecord, Transaction, Write};
use stafett_protocol::wire::{Frame, Stream};

use crate::chance::Chance;
use crate::names::{areas, service_code};
use crate::store::Store;
use crate::tap::Tap;
use people::News;
pub use people::{AskFor, CaseAt, NewEntry};

/// When every run starts.
pub const START: UnixMillis = UnixMillis(1_790_000_000_000);

/// The areas that every agreement covers.
pub const AREAS: [&str; 3] = ["language", "learning", "wellbeing"];

/// What a crash did to the transactions that were under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crash {
    /// None of them was committed.
    BeforeCommits,
    /// All of them were committed, and nobody was told.
    AfterCommits,
}

/// One node.
#[derive(Debug)]
pub struct Node {
    /// What it keeps.
    pub store: Store,
    /// What its sessions want somebody to look at.
    pub alarms: Vec<(OrganisationNumber, Alarm)>,
    /// What its municipality must keep of what it received.
    pub retention: Arc<Retention>,
    /// How many bytes each partner may have here.
    pub bytes_max: u64,
    /// Partners that showed a later mark than the node's own.
    pub shown_above: Vec<OrganisationNumber>,
    /// Partners whose question what is held for them was answered, once for each answer.
    pub was_asked: Vec<OrganisationNumber>,
    /// What partners showed after a restore.
    pub shown: Vec<(OrganisationNumber, Shown)>,
    key: Arc<SigningKey>,
    incarnation: u32,
}

/// One node's end of a link.
#[derive(Debug)]
struct End {
    own: OrganisationNumber,
    partner: OrganisationNumber,
    agreement: Option<Agreement>,
    standing: Standing,
    session: Session,
    data_epoch: u64,
    frames_sent: u64,
    arrives_last: [UnixMillis; 2],
    commits_last: UnixMillis,
    /// Whether the transport takes no data frames at present.
    is_stalled: bool,
    /// Data frames that the transport has not taken, with the rows they rest on.
    waiting: Vec<(Frame, Vec<DisclosureId>)>,
}

#[derive(Debug)]
struct Link {
    ends: [End; 2],
    is_up: bool,
    is_cut: bool,
    connection: u64,
}

/// Which end of which link.
type Place = (usize, usize);

#[derive(Debug)]
enum Event {
    Connect { link: usize },
    Reset { to: Place, connection: u64 },
    Arrive { to: Place, connection: u64, stream: Stream, epoch: u64, number: u64, bytes: Vec<u8> },
    Commit { at: Place, incarnation: u32, token: Token, transaction: Transaction },
}

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
            key,
            incarnation: 0,
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
            };
            End {
                own: own.0,
                partner: partner.0,
                session: self.fresh_session(own.0, partner.0, Some(&agreement), Standing::Trusted),
                agreement: Some(agreement),
                standing: Standing::Trusted,
                data_epoch: 0,
                frames_sent: 0,
                arrives_last: [UnixMillis(0); 2],
                commits_last: UnixMillis(0),
                is_stalled: false,
                waiting: Vec::new(),
            }
        };
        let ends = [end(one, other), end(other, one)];
        self.links.push(Link { ends, is_up: false, is_cut: false, connection: 0 });
        self.connect_soon(self.links.len() - 1);
    }

    fn fresh_session(
        &self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        agreement: Option<&Agreement>,
        standing: Standing,
    ) -> Session {
        let identity = Identity {
            own,
            partner,
            signing: Arc::clone(&self.nodes[&own].key),
            partner_keys: vec![self.nodes[&partner].key.public()],
            entries_max: PARTNER_ENTRIES_MAX,
            bytes_max: self.nodes[&own].bytes_max,
            retention: Arc::clone(&self.nodes[&own].retention),
        };
        let snapshot = self.nodes[&own].store.snapshot(partner);
        Session::new(identity, agreement.cloned(), standing, snapshot, self.now)
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

    fn next_label(&mut self) -> String {
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

    /// Handles the next event or timer that is due until `until`; whether there was one.
    fn step(&mut self, until: UnixMillis) -> bool {
        let timers = self.links.iter().enumerate().flat_map(|(link, ends)| {
            ends.ends
                .iter()
                .enumerate()
                .filter_map(move |(side, end)| end.session.poll_timeout().map(|at| (at, (link, side))))
        });
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
                assert!(at >= self.now, "seed {}: a timer in the past", self.chance.seed());
                self.now = at;
                self.handle(place, Input::Timer);
                let again = self.end(place).session.poll_timeout();
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
            Event::Commit { at, incarnation, token, transaction } => {
                self.commit_of_session(at, incarnation, token, transaction);
            }
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
        let now = self.now;
        self.end_mut(place).session.handle(input, now);
        let mut closes = false;
        let mut line_changed = false;
        while let Some(output) = self.end_mut(place).session.poll_output() {
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
                    let (own, partner) = (self.end(place).own, self.end(place).partner);
                    self.node_mut(own).alarms.push((partner, alarm));
                }
                Output::Restored(_) => self.note_shown_above(place),
                Output::ShowHoldings { asked_on } => self.show_holdings(place, asked_on),
                Output::HoldingsShown(shown) => self.note_shown(place, *shown),
                Output::Close(code) => {
                    self.tap_close(place, code);
                    closes = true;
                }
            }
        }
        if closes {
            self.disconnect(place.0);
            self.push(now.plus(60_000), Event::Connect { link: place.0 });
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
        let incarnation = self.nodes[&own].incarnation;
        let purpose = format!("commit {own} {partner} {incarnation} {}", token.0);
        let takes = 1 + self.chance.below(self.pace.commit_max, purpose);
        let at = self.now.plus(takes).max(self.end(place).commits_last);
        self.end_mut(place).commits_last = at;
        self.push(at, Event::Commit { at: place, incarnation, token, transaction });
    }

    fn commit_of_session(&mut self, place: Place, incarnation: u32, token: Token, transaction: Transaction) {
        let own = self.end(place).own;
        if self.nodes[&own].incarnation != incarnation {
            return;
        }
        let relations = transaction.writes.iter().filter_map(|write| match write {
            Write::Relation(relation) if relation.owner == own => Some(*relation),
            _ => None,
        });
        let relations: Vec<_> = relations.collect();
        let outcome = self.node_mut(own).store.commit(transaction);
        let records: Vec<EntryRecord> =
            outcome.iter().flat_map(|committed| committed.records.clone()).collect();
        self.handle(place, Input::Done { token, outcome });
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

    fn shares(&self, place: Place, case: stafett_protocol::id::CaseId) -> bool {
        let end = self.end(place);
        let ledger = self.nodes[&end.own].store.ledgers.get(&case);
        ledger.is_some_and(|ledger| ledger.grants().values().any(|grant| grant.partner == end.partner))
    }

    fn is_on_link(&self, place: Place, record: &EntryRecord) -> bool {
        let end = self.end(place);
        record.owner == end.partner || (record.owner == end.own && self.shares(place, record.facts.case))
    }

    /// Tells the sessions of a node what was committed: first what holds, then what follows.
    fn tell(&mut self, node: OrganisationNumber, news: &News) {
        for place in self.ends_of(node) {
            let partner = self.end(place).partner;
            if let Some(case) = news.case.filter(|case| self.shares(place, *case)) {
                self.tell_case(place, case, news);
            }
            for entry in &news.entries {
                let record = self.nodes[&node].store.entries.get(entry).map(|kept| kept.record.clone());
                if let Some(record) = record.filter(|record| self.is_on_link(place, record)) {
                    self.handle(place, Input::EntryCommitted(record));
                }
            }
            for relation in &news.relations {
                if self.shares(place, relation.case) {
                    self.handle(place, Input::RelationCommitted(*relation));
                }
            }
            for proposal in news.proposals.iter().filter(|proposal| proposal.owner == partner) {
                self.handle(place, Input::ProposalMade(proposal.clone()));
            }
            for uptake in &news.uptakes {
                self.handle(place, Input::UptakeSaid(uptake.clone()));
            }
            if let Some((_, order)) = news.filed.filter(|(filed_by, _)| *filed_by == partner) {
                self.handle(place, Input::ReceiptFiled(order));
            }
        }
    }

    fn tell_case(&mut self, place: Place, case: stafett_protocol::id::CaseId, news: &News) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        let store = &self.nodes[&own].store;
        let ledger = Arc::clone(&store.ledgers[&case]);
        let grants: Vec<_> =
            news.grants.iter().filter(|grant| grant.statement().partner == partner).cloned().collect();
        let orders: Vec<_> =
            news.orders.iter().filter(|order| order.statement().partner == partner).cloned().collect();
        let records = store.entries.values().map(|kept| &kept.record);
        let records: Vec<_> =
            records.filter(|record| record.facts.case == case && !grants.is_empty()).cloned().collect();
        let relations: Vec<_> = store
            .relations
            .values()
            .filter(|relation| relation.case == case && !grants.is_empty())
            .copied()
            .collect();
        self.handle(place, Input::CaseChanged { ledger });
        records.into_iter().for_each(|record| self.handle(place, Input::EntryCommitted(record)));
        relations.into_iter().for_each(|relation| self.handle(place, Input::RelationCommitted(relation)));
        let number = self.nodes[&own].store.signed_for(partner);
        if !grants.is_empty() || !orders.is_empty() {
            self.handle(place, Input::Signed { number });
        }
        grants.into_iter().for_each(|grant| self.handle(place, Input::GrantIssued(grant)));
        if !orders.is_empty() {
            self.handle(place, Input::OrdersQueued(orders));
        }
    }

    /// Stops a node and starts it again from what it keeps.
    pub fn restart(&mut self, number: OrganisationNumber, crash: Crash) {
        let places = self.ends_of(number);
        if crash == Crash::AfterCommits {
            let incarnation_before = self.nodes[&number].incarnation;
            let is_ours = |event: &Event| {
                matches!(event, Event::Commit { at, incarnation, .. }
                    if places.contains(at) && *incarnation == incarnation_before)
            };
            let keys = self.queue.iter().filter(|(_, event)| is_ours(event)).map(|(key, _)| *key);
            for key in keys.collect::<Vec<_>>() {
                if let Some(Event::Commit { transaction, .. }) = self.queue.remove(&key) {
                    let _nobody_is_told = self.node_mut(number).store.commit(transaction);
                }
            }
        }
        self.node_mut(number).incarnation += 1;
        for place in places {
            self.disconnect(place.0);
            let end = self.end(place);
            let session = self.fresh_session(number, end.partner, end.agreement.as_ref(), end.standing);
            self.end_mut(place).session = session;
            if !self.links[place.0].is_cut {
                self.connect_soon(place.0);
            }
        }
    }

    /// Changes one side's agreement or trust, as its operator does.
    pub fn change_standing(
        &mut self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        change: impl FnOnce(&mut Option<Agreement>, &mut Standing),
    ) {
        let place = self.end_towards(own, partner);
        let end = self.end_mut(place);
        change(&mut end.agreement, &mut end.standing);
        let (agreement, standing) = (end.agreement.clone(), end.standing);
        self.handle(place, Input::StandingChanged { agreement, standing });
    }

    /// How a node stands to a partner.
    pub fn standing(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Standing {
        self.end(self.end_towards(own, partner)).standing
    }

    /// Since when the oldest order to a partner waits for its receipt.
    pub fn waits_since(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Option<UnixMillis> {
        let store = &self.nodes[&own].store;
        let waiting = store
            .orders
            .iter()
            .filter(|(id, order)| order.statement().partner == partner && !store.filed.contains_key(*id));
        waiting.map(|(id, _)| store.queued[id]).min()
    }

    /// Looks whether a receipt is overdue, as a node does by its clock.
    pub fn refresh_standing(&mut self, own: OrganisationNumber, partner: OrganisationNumber) {
        let oldest = self.waits_since(own, partner);
        let now = self.now;
        self.change_standing(own, partner, |_, standing| *standing = standing.with_receipts(oldest, now));
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
