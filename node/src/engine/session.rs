//! Drives one link's session: carries out what it asks for, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::id::CaseId;
use stafett_protocol::link::Session;
use stafett_protocol::link::input::Input;
use stafett_protocol::link::output::{Output, Token};
use stafett_protocol::transaction::{Committed, Fault, Transaction, Write};
use stafett_protocol::wire::Stream;
use stafett_protocol::wire::codec::{self, DecodeError};
use tokio::sync::{mpsc, oneshot};

use super::Engine;
use super::link::LinkState;
use super::outgoing::{Outgoing, transport_code};
use crate::transport::{CloseCode, ConnectionId, LinkHandle, StreamKind};

/// What reaches a session's task.
pub(super) enum Message {
    /// Something happened in the node.
    Input(Box<Input>),
    /// A connection is up.
    Up(LinkHandle),
    /// A frame came.
    Received { connection: ConnectionId, stream: StreamKind, bytes: Vec<u8> },
    /// The partner reset its data stream: frames are missing.
    DataReset { connection: ConnectionId },
    /// The connection is gone, with frames of which no byte was handed over.
    Down { connection: ConnectionId, unsent: Vec<Vec<u8>> },
}

/// Something that closes. Answered once the gate is closed, the way is cleared, and every row
/// that was being written about the case is written (law 12).
pub(super) struct Closing {
    pub(super) input: Input,
    pub(super) case: Option<CaseId>,
    pub(super) closed: oneshot::Sender<()>,
}

/// One session and what it works with.
pub(super) struct SessionTask {
    pub(super) engine: Engine,
    pub(super) session: Session,
    pub(super) state: Arc<LinkState>,
    pub(super) messages: mpsc::UnboundedReceiver<Message>,
    pub(super) closings: mpsc::UnboundedReceiver<Closing>,
}

/// What a commit under way speaks of.
#[derive(Debug, PartialEq, Eq)]
enum About {
    /// Rows of these cases.
    Cases(BTreeSet<CaseId>),
    /// Rows that were named by id alone: of any case.
    AnyCase,
}

type Done = (Token, Result<Committed, Fault>);

/// The commits under way, put in line in the order in which they were asked for.
struct Commits {
    line: mpsc::UnboundedSender<(Token, Transaction)>,
    done: mpsc::UnboundedReceiver<Done>,
    under_way: BTreeMap<Token, About>,
}

struct Work {
    link: Option<LinkHandle>,
    outgoing: Outgoing,
    commits: Commits,
    closing: Vec<(Option<CaseId>, oneshot::Sender<()>)>,
}

impl SessionTask {
    /// Runs until every sender of messages is gone.
    pub(super) async fn run(mut self) {
        let commits = Commits::start(self.engine.clone(), &self.state);
        let mut work = Work { link: None, outgoing: Outgoing::default(), commits, closing: Vec::new() };
        loop {
            self.carry_out(&mut work);
            while let Ok(closing) = self.closings.try_recv() {
                self.close(closing, &mut work);
            }
            work.answer_closings();
            let timeout = self.session.poll_timeout();
            tokio::select! {
                closing = self.closings.recv() => match closing {
                    Some(closing) => self.close(closing, &mut work),
                    None => break,
                },
                message = self.messages.recv() => match message {
                    Some(message) => self.take(message, &mut work),
                    None => break,
                },
                Some((token, outcome)) = work.commits.done.recv() => {
                    work.commits.under_way.remove(&token);
                    if let Err(fault) = &outcome {
                        tracing::warn!(partner = %self.state.partner(), %fault, "a commit of the link was refused");
                    }
                    self.handle(Input::Done { token, outcome });
                },
                sent = work.outgoing.hand_over_first(work.link.as_ref()) => {
                    let unsent = work.outgoing.handed_over(sent);
                    self.unsent(unsent);
                    self.handle(Input::FramesWaiting(work.outgoing.waiting()));
                },
                () = self.engine.sleep_until(timeout), if timeout.is_some() => {
                    self.handle(Input::Timer);
                },
            }
        }
        if let Some(link) = work.link {
            link.close(CloseCode::ShuttingDown, "the session ended");
        }
    }

    fn handle(&mut self, input: Input) {
        self.session.handle(input, self.engine.now());
    }

    /// Rows whose frames were dropped are marked unsent (law 19).
    fn unsent(&mut self, rows: Vec<stafett_protocol::id::DisclosureId>) {
        if !rows.is_empty() {
            self.handle(Input::Unsent(rows));
        }
    }

    fn close(&mut self, closing: Closing, work: &mut Work) {
        self.handle(closing.input);
        self.carry_out(work);
        work.closing.push((closing.case, closing.closed));
    }

    fn take(&mut self, message: Message, work: &mut Work) {
        let is_present = |connection: ConnectionId, work: &Work| {
            work.link.as_ref().is_some_and(|link| link.connection_id() == connection)
        };
        match message {
            Message::Input(input) => self.handle(*input),
            Message::Up(link) => self.up(link, work),
            Message::Received { connection, stream, bytes } => {
                if is_present(connection, work) {
                    self.state.note_received(self.engine.now());
                    self.handle(input_of(stream, &bytes));
                    if let Some(version) = self.session.version() {
                        self.state.note_version(version);
                    }
                }
            }
            Message::DataReset { connection } => {
                if is_present(connection, work) {
                    self.handle(Input::DataReset);
                }
            }
            Message::Down { connection, unsent } => {
                if is_present(connection, work) {
                    self.down(work, &unsent);
                }
            }
        }
    }

    fn up(&mut self, link: LinkHandle, work: &mut Work) {
        if work.link.is_some() {
            self.down(work, &[]);
        }
        tracing::info!(partner = %link.partner(), dialled = link.dialled_by_us(), "link is up");
        self.state.note_up(self.engine.now());
        self.state.note_shown(link.facts());
        work.link = Some(link);
        self.handle(Input::Connected { salt: crate::clock::random() });
    }

    fn down(&mut self, work: &mut Work, unsent: &[Vec<u8>]) {
        work.link = None;
        let rows = work.outgoing.connection_lost(unsent);
        self.state.note_down();
        self.handle(Input::Disconnected);
        self.unsent(rows);
    }

    fn carry_out(&mut self, work: &mut Work) {
        let mut dropped = Vec::new();
        let mut was_reset = false;
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Commit { token, transaction } => work.commits.put_in_line(token, transaction),
                Output::Send { frame, rows } => work.outgoing.queue(&frame, rows),
                Output::ResetData => {
                    was_reset = true;
                    let not_handed = work.link.as_ref().map(LinkHandle::reset_data).unwrap_or_default();
                    dropped.extend(work.outgoing.drop_data(&not_handed));
                }
                Output::FileReceipt(receipt) => {
                    let engine = self.engine.clone();
                    tokio::spawn(async move { engine.file_receipt(receipt).await });
                }
                Output::Alarm(alarm) => {
                    tracing::warn!(partner = %self.state.partner(), ?alarm, "the partner broke a rule");
                }
                Output::Restored(mark) => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.shown_above(partner, mark).await });
                }
                Output::ShowHoldings { asked_on } => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.show_holdings(partner, asked_on).await });
                }
                Output::HoldingsShown(shown) => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.compare(partner, *shown).await });
                }
                Output::BatonHeard(answer) => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.hear_baton(partner, answer).await });
                }
                Output::LeavingHeard(heard) => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.hear_leaving(partner, heard).await });
                }
                Output::ArrivingHeard(heard) => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.hear_arriving(partner, heard).await });
                }
                Output::ReadPart { succession, revision, index } => {
                    let (engine, partner) = (self.engine.clone(), self.state.partner());
                    tokio::spawn(async move { engine.read_part(partner, succession, revision, index).await });
                }
                Output::Close(code) => {
                    if let Some(link) = &work.link {
                        link.close(transport_code(code), "the session closed the link");
                    }
                }
            }
        }
        let (waiting, _) = self.session.waiting();
        self.state.note_waiting(waiting);
        if was_reset {
            self.handle(Input::FramesWaiting(work.outgoing.waiting()));
        }
        if was_reset || !dropped.is_empty() {
            self.unsent(dropped);
            self.carry_out(work);
        }
    }
}

impl Work {
    /// Answers whoever waits for a closing, once no row about the case is being written.
    fn answer_closings(&mut self) {
        let under_way = &self.commits.under_way;
        let concerns = |case: &Option<CaseId>| {
            under_way.values().any(|about| match (about, case) {
                (About::Cases(cases), Some(case)) => cases.contains(case),
                (About::Cases(cases), None) => !cases.is_empty(),
                (About::AnyCase, _) => true,
            })
        };
        let (waiting, ready): (Vec<_>, Vec<_>) = self.closing.drain(..).partition(|(case, _)| concerns(case));
        self.closing = waiting;
        for (_, closed) in ready {
            // Nobody waits any more if the command was given up; the gate is closed all the same.
            let _ = closed.send(());
        }
    }
}

impl Commits {
    /// Starts the line: one transaction after the other is put before the store, and the answers
    /// are waited for side by side.
    fn start(engine: Engine, state: &LinkState) -> Self {
        let (line, mut asked) = mpsc::unbounded_channel::<(Token, Transaction)>();
        let (answers, done) = mpsc::unbounded_channel();
        let partner = state.partner();
        tokio::spawn(async move {
            while let Some((token, transaction)) = asked.recv().await {
                let changes = transaction.writes.iter().any(|write| matches!(write, Write::Change { .. }));
                let place = engine.store().put_in_line(transaction).await;
                let (engine, answers) = (engine.clone(), answers.clone());
                tokio::spawn(async move {
                    let outcome = engine.committed_for_link(partner, changes, place).await;
                    // The session has ended with the node; what was committed stays.
                    let _ = answers.send((token, outcome));
                });
            }
        });
        Self { line, done, under_way: BTreeMap::new() }
    }

    fn put_in_line(&mut self, token: Token, transaction: Transaction) {
        self.under_way.insert(token, about(&transaction));
        // The line ends with this session and not before.
        let _ = self.line.send((token, transaction));
    }
}

fn about(transaction: &Transaction) -> About {
    let mut cases = BTreeSet::new();
    for write in &transaction.writes {
        match write {
            Write::Disclosure(row) => {
                cases.insert(row.case);
            }
            Write::UptakeHeard(uptake) => {
                cases.insert(uptake.statement().case);
            }
            Write::DisclosureUnsent(_)
            | Write::GrantHanded(_)
            | Write::GrantUnsent(_)
            | Write::LeavingHanded { .. } => {
                return About::AnyCase;
            }
            _ => {}
        }
    }
    About::Cases(cases)
}

fn input_of(stream: StreamKind, bytes: &[u8]) -> Input {
    let stream = match stream {
        StreamKind::Control => Stream::Control,
        StreamKind::Data => Stream::Data,
    };
    match codec::decode(bytes) {
        Ok(frame) => Input::Frame { stream, frame, random: crate::clock::random() },
        Err(DecodeError::UnknownKind(kind)) => Input::UnknownKind { kind },
        Err(_) => Input::BadFrame,
    }
}
