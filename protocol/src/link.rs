//! The session of one link: everything between this node and one partner's node.
//!
//! A session is a function of its inputs. The shell tells it what happened with
//! [`handle`](Session::handle), then takes effects from [`poll_output`](Session::poll_output)
//! until there is none, and calls again at [`poll_timeout`](Session::poll_timeout) at the latest.
//! It guarantees:
//!
//! - nothing about an entry is sent but under a permit, asked for when the disclosure row is
//!   written and again when the frame is built (law 3);
//! - a frame follows only after the commit that it depends on (law 11, law 19);
//! - what is out of scope changes no output, no order and no moment (law 5);
//! - a change is checked before it is stored, acknowledged or handed on (law 9).
//!
//! ```text
//! offline ──Connected──▶ greeting ──Hello, Shown──▶ reconciling ──Want──▶ live
//!    ▲                      │ this node was restored                  │
//!    │                      └──▶ restoring ──Living──▶ comparing      │
//!    └──────────────────────── Disconnected ──────────────────────────┘
//! ```

pub mod input;
pub mod output;
pub mod snapshot;

mod batons;
mod carrying;
mod closing;
mod connection;
mod ending;
mod granting;
pub(crate) mod history;
mod identity;
mod letting_go;
mod marks;
mod proposing;
mod receiving;
mod reconciling;
mod refusing;
mod relating;
mod renewing;
mod resending;
mod restoring;
mod room;
mod rows;
mod sending;
mod share;
mod showing;
mod succeeding;
#[cfg(test)]
mod tests;
mod unreadable;
mod uptakes;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::access::{Denial, Permit, Question, ReturnQuestion};
use crate::agreement::{Agreement, Standing};
use crate::entry::{ChangeHash, SchemaVersion};
use crate::erasure::Receipt;
use crate::grant::ReceivedGrant;
use crate::id::{CaseId, DisclosureId, EntryId, GenerationId, GrantId, OrderId, ProposalId, RelationId};
use crate::ledger::LedgerView;
use crate::limits::ORDER_REPEAT_MS;
use crate::signed::Verified;
use crate::time::UnixMillis;
use crate::transaction::{Transaction, Write};
use crate::wire::error_code::{CloseCode, ErrorCode};
use crate::wire::{Frame, Hello, NotUnderstood, PROTOCOL_VERSION, Stream};
use batons::Batons;
use connection::{Connection, Phase};
pub use ending::returning::returned;
pub use identity::Identity;
use input::Input;
use marks::Marks;
use output::{Output, Token};
use receiving::Incoming;
use reconciling::Reconciliation;
use resending::Resending;
use room::Room;
use rows::RowsOnTheWay;
use share::Share;
use snapshot::{
    IssuedState, OwnMark, Snapshot, Tracked, TrackedRelation, Unreadable, WaitingOrder, WaitingProposal,
};
use succeeding::Moves;
use uptakes::Uptakes;
use work::Work;

/// Data frames that may come before the partner's Hello, which travels on another stream.
const EARLY_FRAMES_MAX: usize = 64;

/// One link's state. Created at start from a [`Snapshot`]; lives as long as the agreement.
#[derive(Debug)]
pub struct Session {
    identity: Identity,
    agreement: Option<Agreement>,
    standing: Standing,
    now: UnixMillis,
    connection: Option<Connection>,
    reconciliation: Reconciliation,
    cases: BTreeMap<CaseId, Arc<LedgerView>>,
    issued: BTreeMap<GrantId, IssuedState>,
    received: BTreeMap<CaseId, Vec<ReceivedGrant>>,
    /// Grants that an order has ended, also those that have not come yet.
    ended: BTreeSet<GrantId>,
    entries: BTreeMap<EntryId, Tracked>,
    unreadable: BTreeMap<EntryId, Unreadable>,
    /// How much of them is the partner's.
    share: Share,
    /// Which generation of which entry a first change began.
    geneses: BTreeMap<ChangeHash, (EntryId, GenerationId)>,
    arriving: BTreeMap<EntryId, VecDeque<Incoming>>,
    relations: BTreeMap<RelationId, TrackedRelation>,
    orders: BTreeMap<OrderId, WaitingOrder>,
    receipts: BTreeMap<OrderId, Verified<Receipt>>,
    ending: BTreeSet<OrderId>,
    /// Entries of an order that the partner keeps for another service, by its receipt.
    kept_there: BTreeMap<OrderId, BTreeSet<EntryId>>,
    own_mark: OwnMark,
    marks: Marks,
    restored: bool,
    /// Whether the node compares what the partner has shown: one comparison at a time.
    is_comparing: bool,
    /// When as many of the partner's questions as ever may be answered at once.
    answers_free_at: UnixMillis,
    proposals: BTreeMap<ProposalId, WaitingProposal>,
    taken: BTreeMap<ProposalId, Option<EntryId>>,
    uptakes: Uptakes,
    batons: Batons,
    moves: Moves,
    pending: BTreeSet<EntryId>,
    /// Own entries of which the partner may hold a generation that it has not named.
    unshown: BTreeSet<EntryId>,
    /// What is being disclosed and not yet committed.
    on_the_way: BTreeMap<EntryId, sending::Item>,
    /// Entries whose frames have not been acknowledged, with the grants that the frames rest on.
    in_flight: BTreeMap<EntryId, BTreeSet<GrantId>>,
    rows_on_the_way: BTreeMap<EntryId, RowsOnTheWay>,
    /// Rows that the store could not mark.
    unmarked: Vec<DisclosureId>,
    /// When disclosing goes on after the store could not write.
    store_retry_at: Option<UnixMillis>,
    disclosures_made: u64,
    batches_waiting: usize,
    work: BTreeMap<Token, Work>,
    next_token: u64,
    offences: VecDeque<UnixMillis>,
    room: Room,
    resending: Resending,
    outputs: VecDeque<Output>,
}

impl Session {
    /// Starts offline with what the store holds of this link.
    pub fn new(
        identity: Identity,
        agreement: Option<Agreement>,
        standing: Standing,
        snapshot: Snapshot,
        now: UnixMillis,
    ) -> Self {
        let ended = snapshot.received.values().flatten().filter(|received| received.ended_at.is_some());
        let ended = ended.map(|received| received.grant.grant).chain(snapshot.ended).collect();
        let proposed: BTreeSet<EntryId> = snapshot.taken.values().copied().collect();
        let is_received = |tracked: &&Tracked| {
            tracked.record.owner == identity.partner || proposed.contains(&tracked.record.facts.entry)
        };
        let share = Share::of(snapshot.entries.values().filter(is_received));
        let mut entries = snapshot.entries;
        let begun = |(entry, tracked): (&EntryId, &Tracked)| {
            let entry = *entry;
            let geneses = tracked.geneses().map(move |(genesis, generation)| (genesis, (entry, generation)));
            geneses.collect::<Vec<_>>()
        };
        let unread = snapshot.unreadable.iter().map(|(entry, one)| (one.begun.0, (*entry, one.begun.1)));
        let geneses = entries.iter().flat_map(begun).chain(unread).collect();
        let unshown = letting_go::unshown(&entries, identity.own);
        for (proposal, entry) in &snapshot.taken {
            let unanswered = entries.get_mut(entry).filter(|tracked| tracked.acknowledged.is_none());
            if let Some(tracked) = unanswered {
                tracked.answers = Some(*proposal);
            }
        }
        Self {
            identity,
            agreement,
            standing,
            now,
            connection: None,
            reconciliation: Reconciliation::default(),
            cases: snapshot.cases,
            issued: snapshot.issued,
            received: snapshot.received,
            ended,
            entries,
            unreadable: snapshot.unreadable,
            share,
            geneses,
            arriving: BTreeMap::new(),
            relations: snapshot.relations,
            orders: snapshot.orders,
            receipts: snapshot.receipts,
            ending: BTreeSet::new(),
            kept_there: BTreeMap::new(),
            own_mark: snapshot.own_mark,
            marks: Marks::from(snapshot.partner_mark),
            restored: snapshot.restored,
            is_comparing: false,
            answers_free_at: UnixMillis(0),
            proposals: snapshot.proposals,
            taken: snapshot.taken.into_iter().map(|(proposal, entry)| (proposal, Some(entry))).collect(),
            uptakes: Uptakes::new(snapshot.said, snapshot.heard),
            batons: Batons::new(snapshot.batons),
            moves: Moves::new(snapshot.leaving, snapshot.moving_here),
            pending: BTreeSet::new(),
            unshown,
            on_the_way: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            rows_on_the_way: BTreeMap::new(),
            unmarked: Vec::new(),
            store_retry_at: None,
            disclosures_made: 0,
            batches_waiting: 0,
            work: BTreeMap::new(),
            next_token: 0,
            offences: VecDeque::new(),
            room: Room::default(),
            resending: Resending::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes one event. Call [`poll_output`](Self::poll_output) until it is empty afterwards.
    pub fn handle(&mut self, input: Input, now: UnixMillis) {
        self.now = now;
        match input {
            Input::Connected { salt } => self.connected(salt),
            Input::Disconnected => self.disconnected(),
            Input::Frame { stream, frame, random } => self.frame(stream, frame, random),
            Input::UnknownKind { kind } => self.send(Frame::NotUnderstood(NotUnderstood { kind })),
            Input::BadFrame => self.outputs.push_back(Output::Close(CloseCode::BadFrame)),
            Input::CaseChanged { ledger } => self.case_changed(ledger),
            Input::GrantIssued(grant) => self.grant_issued(grant),
            Input::OrdersQueued(orders) => self.orders_queued(orders),
            Input::ReceiptFiled(order) => self.receipt_filed(order),
            Input::EntryCommitted(record) => self.entry_committed(record),
            Input::RelationCommitted(relation) => self.relation_committed(relation),
            Input::ProposalMade(proposal) => self.proposal_made(proposal),
            Input::UptakeSaid(uptake) => self.uptake_said(uptake),
            Input::BatonSaid(record) => self.baton_said(*record),
            Input::LeavingTold(record) => self.leaving_told(*record),
            Input::ArrivingTold(record) => self.arriving_told(*record),
            Input::MoveNotKept(succession) => self.move_not_kept(succession),
            Input::PartRead { succession, revision, index, bytes } => {
                self.part_read(succession, revision, index, bytes);
            }
            Input::StandingChanged { agreement, standing } => self.standing_changed(agreement, standing),
            Input::DataReset => self.partner_reset(),
            Input::Unsent(rows) => self.unsent(rows),
            Input::FramesWaiting(frames) => {
                if !self.frames_waiting(frames) {
                    return;
                }
            }
            Input::Signed { number } => self.signed(number),
            Input::Holdings { asked_on, holdings } => self.show_holdings(asked_on, holdings),
            Input::NotCompared => self.not_compared(),
            Input::Done { token, outcome } => self.done(token, outcome),
            Input::Timer => self.timer(),
        }
        self.pump();
    }

    /// Takes the next effect; the shell carries them out in this order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timer`] is wanted next, if nothing else comes first. Changes with every
    /// [`handle`](Self::handle).
    pub fn poll_timeout(&self) -> Option<UnixMillis> {
        let mark = self.mark_timeout();
        if self.connection.is_none() {
            let again = self.store_retry_at.filter(|_| !self.unmarked.is_empty());
            return mark.into_iter().chain(again).min();
        }
        let orders =
            self.orders.values().filter_map(|order| order.sent_at).map(|at| at.plus(ORDER_REPEAT_MS));
        let others =
            [self.reconcile_timeout(), self.boundary_timeout(), self.resend_timeout(), self.shown_timeout()];
        let others = others.into_iter().chain([self.answer_timeout(), mark, self.store_retry_at]);
        let others = others.chain([self.uptake_timeout(), self.let_go_timeout(), self.move_timeout()]);
        let others = others.chain([self.baton_timeout()]);
        orders.chain(others.flatten()).min()
    }

    /// Whether a connection is up and the partner has greeted.
    pub fn is_live(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| matches!(connection.phase, Phase::Live))
    }

    /// How many entries wait to be sent, and how many orders for their receipt.
    pub fn waiting(&self) -> (usize, usize) {
        (self.pending.len(), self.orders.len())
    }

    fn connected(&mut self, salt: [u8; 32]) {
        self.forget_connection();
        self.rows_on_the_way.clear();
        if self.standing == Standing::Sealed {
            self.outputs.push_back(Output::Close(CloseCode::Sealed));
            return;
        }
        self.connection = Some(Connection::new(salt));
        self.send(Frame::Hello(Hello { version: PROTOCOL_VERSION, schema: SchemaVersion::CURRENT, salt }));
        self.show_mark();
    }

    fn disconnected(&mut self) {
        self.forget_connection();
    }

    /// What was sent and not acknowledged must be sent again on the next connection.
    fn forget_connection(&mut self) {
        self.connection = None;
        self.room.reconnected();
        self.resending.disconnected();
        self.uptakes.disconnected();
        self.moves.disconnected();
        self.batons.disconnected();
        self.unsend_orders();
        self.reconciliation.abort();
        self.arriving.values_mut().for_each(VecDeque::clear);
        self.unsend();
    }

    fn frame(&mut self, stream: Stream, frame: Frame, random: [u8; 32]) {
        let Some(connection) = &mut self.connection else { return };
        if frame.stream() != stream {
            return self.offence(frame.kind(), ErrorCode::OutOfTurn);
        }
        if let Frame::Hello(hello) = frame {
            return self.hello(&hello);
        }
        match (&mut connection.phase, stream) {
            (Phase::Greeting { early, .. }, Stream::Data) => {
                if early.len() >= EARLY_FRAMES_MAX {
                    self.outputs.push_back(Output::Close(CloseCode::TooMuch));
                } else {
                    early.push_back((frame, random));
                }
            }
            (Phase::Restoring(_) | Phase::Comparing(_), _) => self.frame_while_restoring(frame, random),
            _ => self.dispatch(frame, random),
        }
    }

    fn dispatch(&mut self, frame: Frame, random: [u8; 32]) {
        match frame {
            Frame::Hello(_) => {}
            Frame::Grant(body) => self.grant_frame(body),
            Frame::Announce(body) => self.announce_frame(*body),
            Frame::Changes(body) => self.changes_frame(body, random),
            Frame::Acknowledge(body) => self.acknowledge_frame(body),
            Frame::Resend(body) => self.resend_frame(&body),
            Frame::Propose(body) => self.propose_frame(*body, random),
            Frame::ProposalRefused(body) => self.proposal_refused_frame(&body),
            Frame::Relation(body) => self.relation_frame(&body),
            Frame::Stored(body) => self.stored_frame(body),
            Frame::Reconcile(body) => self.reconcile_frame(&body),
            Frame::Want(body) => self.want_frame(&body),
            Frame::Order(body) => self.order_frame(body, random),
            Frame::Receipt(body) => self.receipt_frame(body),
            Frame::NotUnderstood(body) => {
                if let Some(connection) = &mut self.connection {
                    connection.not_understood.insert(body.kind);
                }
            }
            Frame::Refused(body) => self.refused_frame(body),
            Frame::Carried(body) => self.carried_frame(body),
            Frame::LetGo(body) => self.let_go_frame(&body),
            Frame::ChangesRefused(body) => self.changes_refused_frame(&body),
            Frame::Mark(body) => self.mark_frame(body),
            Frame::Shown(body) => self.shown_frame(body),
            Frame::Ask(_) => self.ask_frame(),
            Frame::Holding(_) => self.offence(23, ErrorCode::OutOfTurn),
            Frame::Living(_) => self.offence(24, ErrorCode::OutOfTurn),
            Frame::Uptake(body) => self.uptake_frame(body),
            Frame::Succession(body) => self.succession_frame(*body),
            Frame::SuccessionAnswer(body) => self.succession_answer_frame(body),
            Frame::PackagePart(body) => self.package_part_frame(body),
            Frame::Evidence(body) => self.evidence_frame(body),
            Frame::Baton(body) => self.baton_frame(body),
            Frame::BatonAnswer(body) => self.baton_answer_frame(body),
        }
    }

    fn hello(&mut self, hello: &Hello) {
        let lower = self.is_lower();
        let now = self.now;
        let Some(connection) = &mut self.connection else { return };
        let Phase::Greeting { hello: greeted @ None, .. } = &mut connection.phase else {
            return self.offence(1, ErrorCode::OutOfTurn);
        };
        if hello.version != PROTOCOL_VERSION {
            self.outputs.push_back(Output::Close(CloseCode::Version));
            return;
        }
        let (first, second) =
            if lower { (connection.salt, hello.salt) } else { (hello.salt, connection.salt) };
        let mut common = [0; 64];
        common.iter_mut().zip(first.into_iter().chain(second)).for_each(|(to, from)| *to = from);
        *greeted = Some((common, now));
    }

    /// The partner has greeted, and shows nothing that this node does not know: begins to speak.
    fn begin(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let Phase::Greeting { early, hello: Some((common, _)) } = &mut connection.phase else { return };
        let early = std::mem::take(early);
        connection.common_salt = Some(*common);
        connection.phase = Phase::Reconciling { since: self.now };
        connection.is_want_due = true;
        self.send_own_mark();
        self.pump_orders();
        self.begin_batons();
        self.mark_unsent_entries();
        if self.is_lower() {
            self.start_reconciliation();
        }
        for (frame, random) in early {
            self.dispatch(frame, random);
        }
    }

    /// Whether both sides have greeted on this connection, and nothing holds this node back.
    fn has_begun(&self) -> bool {
        let phase = self.connection.as_ref().map(|connection| &connection.phase);
        matches!(phase, Some(Phase::Reconciling { .. } | Phase::Live))
    }

    /// The node with the lower number starts reconciliation.
    fn is_lower(&self) -> bool {
        self.identity.own < self.identity.partner
    }

    fn go_live(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.phase = Phase::Live;
            connection.quiet_since.get_or_insert(self.now);
        }
    }

    /// Does what can be done at this moment; the end of every event.
    fn pump(&mut self) {
        self.pump_orders();
        self.pump_answer();
        self.pump_uptakes();
        self.pump_moves();
        self.pump_batons();
        self.compare_when_carried_out();
        if self.is_live() {
            self.pump_grants();
            if self.store_retry_at.is_none() {
                self.pump_entries();
                self.pump_relations();
                self.pump_proposals();
            }
        }
    }

    /// Asks the gate about an entry of either side, with what is known at this moment.
    fn permit<'step>(&'step self, tracked: &'step Tracked) -> Result<Permit<'step>, Denial> {
        let facts = &tracked.record.facts;
        #[cfg(planted)]
        if crate::planted::planted!("gate-skipped-on-catch-up")
            && tracked.record.owner == self.identity.own
            && tracked.sent.is_none()
            && tracked.acknowledged.is_none()
        {
            let ledger = self.cases.get(&facts.case).ok_or(Denial::Unknown)?;
            return crate::access::permit_without_asking(ledger, self.identity.partner, facts);
        }
        if tracked.record.owner == self.identity.own {
            let ledger = self.cases.get(&facts.case).ok_or(Denial::Unknown)?;
            return crate::access::permit(&Question {
                ledger,
                agreement: self.agreement.as_ref(),
                standing: self.standing,
                entry: facts,
                held: tracked.held_with(self.recall_waits(facts.entry)),
                now: self.now,
            });
        }
        crate::access::permit_return(&ReturnQuestion {
            grants: self.received.get(&facts.case).map_or(&[], Vec::as_slice),
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            entry: facts,
            under: &tracked.record.under,
            now: self.now,
        })
    }

    fn send(&mut self, frame: Frame) {
        self.send_resting_on(frame, Vec::new());
    }

    fn commit(&mut self, transaction: Transaction, work: Work) {
        let token = Token(self.next_token);
        self.next_token = self.next_token.saturating_add(1);
        self.work.insert(token, work);
        self.outputs.push_back(Output::Commit { token, transaction });
    }

    fn write(&mut self, write: Write, work: Work) {
        self.commit(Transaction::of(vec![write]), work);
    }

    fn timer(&mut self) {
        if self.store_retry_at.is_some_and(|at| at <= self.now) {
            self.store_retry_at = None;
            let unmarked = std::mem::take(&mut self.unmarked);
            self.mark_unsent(unmarked);
        }
        self.begin_on_time();
        self.write_mark_on_time();
        self.answer_on_time();
        self.close_what_is_over();
        self.repeat_orders();
        self.resend_on_time();
        self.say_uptakes_on_time();
        self.say_batons_on_time();
        self.let_go_on_time();
        self.reconcile_on_time();
        self.mark_unsent_entries();
    }

    /// Puts every entry in line; at its turn the gate decides, and whether the partner lacks
    /// anything. What stands in line must not depend on what else has happened in the case (law 5).
    fn mark_unsent_entries(&mut self) {
        self.pending.extend(self.entries.keys().copied());
    }
}
