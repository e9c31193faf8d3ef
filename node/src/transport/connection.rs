//! One connection with one partner: its streams, its frames, its end.
//!
//! The dialler opens the bidirectional control stream; each side opens one unidirectional data
//! stream, and a fresh one after a reset. A stream begins with one byte that says what it is. The
//! accepter answers the first byte of the control stream with the same byte when it has admitted
//! the partner and kept this connection: until then nobody sends a frame.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::{Connection, ConnectionError, ReadError, RecvStream, SendStream};
use stafett_protocol::municipality::OrganisationNumber;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::budget::{ByteBudget, STREAM_RESET_BYTES, frame_cost};
use super::framing::{FramingError, read_frame};
use super::outgoing::{Outgoing, SendError, Step};
use super::registry::{Budgets, Registry};
use super::{CloseCode, FrameRecorder, LinkEvent, StreamKind};
use crate::keys::CertificateFacts;

/// The first byte of a control stream.
pub(super) const CONTROL: u8 = 1;
/// The first byte of a data stream.
pub(super) const DATA: u8 = 2;
/// The first byte of a bidirectional stream that only asks whether there would be a link.
pub(super) const PROBE: u8 = 3;

/// How long an accepted partner may leave no room for the answer to its first byte.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Names one connection of this process; a later one has a greater number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a link is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownReason {
    /// This side closed it.
    ClosedHere {
        /// The code that the partner saw.
        code: CloseCode,
        /// Why, for our own log.
        detail: &'static str,
    },
    /// The partner closed it.
    ClosedByPartner {
        /// The number that it gave.
        number: u64,
        /// What the number means, if this version knows it.
        code: Option<CloseCode>,
    },
    /// No sign of life came within the idle timeout.
    TimedOut,
    /// The partner's node has no such connection any more: it was restarted.
    PartnerRestarted,
    /// QUIC or TLS gave up.
    Transport {
        /// What it said; holds no content.
        error: ConnectionError,
    },
}

impl std::fmt::Display for DownReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClosedHere { detail, .. } => write!(f, "closed here: {detail}"),
            Self::ClosedByPartner { code: Some(code), .. } => write!(f, "closed by the partner: {code}"),
            Self::ClosedByPartner { number, code: None } => {
                write!(f, "closed by the partner with the unknown code {number}")
            }
            Self::TimedOut => f.write_str("the partner fell silent"),
            Self::PartnerRestarted => f.write_str("the partner was restarted"),
            Self::Transport { error } => error.fmt(f),
        }
    }
}

/// The sending side of one connection. Cloning is cheap; all clones are the same connection.
#[derive(Clone)]
pub struct LinkHandle {
    inner: Arc<Inner>,
}

struct Inner {
    partner: OrganisationNumber,
    id: ConnectionId,
    dialled_by_us: bool,
    facts: CertificateFacts,
    connection: Connection,
    control: Outgoing,
    data: Outgoing,
    closed_here: Mutex<Option<(CloseCode, &'static str)>>,
    finished: watch::Sender<bool>,
}

/// What a link is made of, before its streams are.
pub(super) struct LinkParts {
    pub(super) partner: OrganisationNumber,
    pub(super) id: ConnectionId,
    pub(super) dialled_by_us: bool,
    pub(super) facts: CertificateFacts,
    pub(super) connection: Connection,
    pub(super) recorder: Option<FrameRecorder>,
    pub(super) queue_bytes: u32,
}

impl LinkHandle {
    pub(super) fn new(parts: LinkParts, budgets: &Budgets) -> Self {
        let outgoing = |kind| {
            Outgoing::new(
                kind,
                parts.partner,
                parts.recorder.clone(),
                Arc::clone(&budgets.outbound),
                parts.queue_bytes,
            )
        };
        let inner = Inner {
            control: outgoing(StreamKind::Control),
            data: outgoing(StreamKind::Data),
            partner: parts.partner,
            id: parts.id,
            dialled_by_us: parts.dialled_by_us,
            facts: parts.facts,
            connection: parts.connection,
            closed_here: Mutex::new(None),
            finished: watch::Sender::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns whose connection this is.
    pub fn partner(&self) -> OrganisationNumber {
        self.inner.partner
    }

    /// Returns the name of this connection, which its events carry.
    pub fn connection_id(&self) -> ConnectionId {
        self.inner.id
    }

    /// Returns whether this node dialled.
    pub fn dialled_by_us(&self) -> bool {
        self.inner.dialled_by_us
    }

    /// Returns the round trip time as QUIC measures it.
    pub fn round_trip(&self) -> Duration {
        self.inner.connection.rtt()
    }

    /// Queues a frame (kind and body) on the control stream; waits while the queue is full.
    ///
    /// # Errors
    /// [`SendError::Closed`] if the link is down: the next one starts afresh.
    /// [`SendError::Frame`] if the length is out of bounds.
    pub async fn send_control(&self, frame: Vec<u8>) -> Result<(), SendError> {
        self.inner.control.send(frame).await
    }

    /// Queues a frame (kind and body) on the data stream; waits while the queue is full, which
    /// may be long: events must be taken in the meantime.
    ///
    /// # Errors
    /// As [`LinkHandle::send_control`], and [`SendError::Reset`] if [`LinkHandle::reset_data`]
    /// was called in the meantime: the frame was not sent, and must be built again if at all.
    pub async fn send_data(&self, frame: Vec<u8>) -> Result<(), SendError> {
        self.inner.data.send(frame).await
    }

    /// Drops every data frame that waits and resets the data stream (law 12); a fresh stream
    /// follows by itself. When it returns, no byte of an earlier data frame is handed to QUIC
    /// any more, also not of a frame that is half sent, and the partner discards such a half.
    ///
    /// Returns the frames of which no byte was handed over, oldest first: their disclosure rows
    /// are to be marked unsent (law 19). A frame that still waited for room in the queue gets
    /// [`SendError::Reset`].
    pub fn reset_data(&self) -> Vec<Vec<u8>> {
        self.inner.data.reset()
    }

    /// Closes the connection at once; what still waits is not sent. The partner sees the code
    /// alone, `detail` is for our own log. Only the first call counts. A code for which
    /// [`CloseCode::is_violation`] holds is counted against the partner.
    pub fn close(&self, code: CloseCode, detail: &'static str) {
        {
            let mut closed = self.inner.closed_here.lock().unwrap_or_else(PoisonError::into_inner);
            if closed.is_some() || self.inner.connection.close_reason().is_some() {
                return;
            }
            *closed = Some((code, detail));
        }
        self.inner.connection.close(code.into(), b"");
    }

    /// Waits until the connection is down.
    pub async fn closed(&self) {
        self.inner.connection.closed().await;
    }

    /// Returns what the partner's certificate says, as it was shown at the handshake.
    pub fn facts(&self) -> &CertificateFacts {
        &self.inner.facts
    }

    pub(super) fn finished(&self) -> watch::Receiver<bool> {
        self.inner.finished.subscribe()
    }

    fn down_reason(&self, error: ConnectionError) -> DownReason {
        let closed = *self.inner.closed_here.lock().unwrap_or_else(PoisonError::into_inner);
        match (closed, error) {
            (Some((code, detail)), _) => DownReason::ClosedHere { code, detail },
            (None, ConnectionError::ApplicationClosed(close)) => {
                let number = close.error_code.into_inner();
                DownReason::ClosedByPartner { number, code: CloseCode::from_number(number) }
            }
            (None, ConnectionError::TimedOut) => DownReason::TimedOut,
            (None, ConnectionError::Reset) => DownReason::PartnerRestarted,
            (None, error) => DownReason::Transport { error },
        }
    }
}

impl std::fmt::Debug for LinkHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkHandle({} #{})", self.inner.partner, self.inner.id)
    }
}

/// A link that is ready for frames: what [`run`] needs besides the handle.
pub(super) struct Ready {
    pub(super) link: LinkHandle,
    pub(super) control_send: SendStream,
    pub(super) control_receive: RecvStream,
    /// What to wait for before the engine is told: the link before it must be down there.
    pub(super) before: Option<watch::Receiver<bool>>,
}

/// Runs a link until it is down, and tells the engine of its beginning, frames and end.
pub(super) async fn run(ready: Ready, registry: Arc<Registry>, events: mpsc::Sender<LinkEvent>) {
    let Ready { link, mut control_send, control_receive, before } = ready;
    let (partner, connection_id) = (link.partner(), link.connection_id());
    let answered = link.dialled_by_us() || answer(&mut control_send).await;
    if !answered {
        link.close(CloseCode::HandshakeTooSlow, "the partner gives no room for a single byte");
    }
    // Orders to erase go on the control stream and must not queue behind data. It fails only on a
    // stream that is closed already.
    let _ = control_send.set_priority(1);
    link.inner.control.install(control_send);
    if let Some(mut before) = before {
        // An error means that the earlier link's task is gone: also finished.
        let _ = before.wait_for(|finished| *finished).await;
    }
    let up = LinkEvent::Up { partner, link: link.clone(), dialled_by_us: link.dialled_by_us() };
    let told = events.send(up).await.is_ok();
    tracing::debug!(%partner, connection = %connection_id, dialled_by_us = link.dialled_by_us(), "link up");

    let inbound = registry.budgets(partner).inbound;
    let traffic = Traffic { link: &link, events: &events, inbound: &inbound };
    let error = tokio::select! {
        error = link.inner.connection.closed() => error,
        () = traffic.flow(control_receive) => link.inner.connection.closed().await,
        () = events.closed() => {
            link.close(CloseCode::Internal, "nobody takes events any more");
            link.inner.connection.closed().await
        }
    };
    let mut unsent = link.inner.control.close();
    unsent.extend(link.inner.data.close());

    registry.remove(partner, connection_id);
    let reason = link.down_reason(error);
    if let DownReason::ClosedHere { code, .. } = &reason
        && code.is_violation()
    {
        registry.violated(partner, *code);
    }
    tracing::debug!(%partner, connection = %connection_id, %reason, "link down");
    if told {
        // The engine may be gone by now; then nobody needs to know.
        let _ = events.send(LinkEvent::Down { partner, connection_id, reason, unsent }).await;
    }
    link.inner.finished.send_replace(true);
}

/// Tells the dialler that its connection was taken. The byte has room at once unless the dialler
/// gives none.
async fn answer(control: &mut SendStream) -> bool {
    let answered = tokio::time::timeout(ANSWER_WITHIN, control.write_all(&[CONTROL])).await;
    matches!(answered, Ok(Ok(())))
}

/// Why this side ends a connection.
enum Fault {
    /// The connection is closed already, or about to be.
    Lost,
    /// The partner broke a rule, or this node cannot go on.
    Close(CloseCode, &'static str),
}

struct Traffic<'a> {
    link: &'a LinkHandle,
    events: &'a mpsc::Sender<LinkEvent>,
    inbound: &'a Mutex<ByteBudget>,
}

impl Traffic<'_> {
    /// Reads and writes all streams until one of them ends the connection.
    async fn flow(&self, control: RecvStream) {
        let fault = tokio::select! {
            fault = self.read_control(control) => fault,
            fault = self.read_data() => fault,
            fault = self.write_control() => fault,
            fault = self.write_data() => fault,
            fault = self.refuse_more_streams() => fault,
        };
        if let Fault::Close(code, detail) = fault {
            self.link.close(code, detail);
        }
    }

    async fn read_control(&self, mut stream: RecvStream) -> Fault {
        loop {
            match read_frame(&mut stream).await {
                Ok(Some(frame)) => {
                    if let Err(fault) = self.deliver(StreamKind::Control, frame).await {
                        return fault;
                    }
                }
                Ok(None) => return Fault::Close(CloseCode::Framing, "the control stream was ended"),
                Err(error) if reset_by_partner(&error) => {
                    return Fault::Close(CloseCode::UnexpectedStream, "the control stream was reset");
                }
                Err(error) => return fault_of(&error),
            }
        }
    }

    /// Reads one data stream after the other; the next is only looked at when the one before was
    /// reset, so frames stay in order.
    async fn read_data(&self) -> Fault {
        loop {
            let Ok(stream) = self.link.inner.connection.accept_uni().await else {
                return Fault::Lost;
            };
            if let Err(fault) = self.read_one_data_stream(stream).await {
                return fault;
            }
            let event = LinkEvent::DataReset {
                partner: self.link.partner(),
                connection_id: self.link.connection_id(),
            };
            if let Err(fault) = self.pay(STREAM_RESET_BYTES) {
                return fault;
            }
            if self.events.send(event).await.is_err() {
                return Fault::Close(CloseCode::Internal, "nobody takes frames any more");
            }
        }
    }

    /// Returns without a fault when the partner reset the stream.
    async fn read_one_data_stream(&self, mut stream: RecvStream) -> Result<(), Fault> {
        let mut kind = [0];
        match stream.read_exact(&mut kind).await {
            Ok(()) if kind == [DATA] => {}
            Err(quinn::ReadExactError::ReadError(ReadError::Reset(_))) => return Ok(()),
            Err(quinn::ReadExactError::ReadError(_)) => return Err(Fault::Lost),
            Ok(()) | Err(quinn::ReadExactError::FinishedEarly(_)) => {
                return Err(Fault::Close(CloseCode::UnexpectedStream, "a stream began with an unknown byte"));
            }
        }
        loop {
            match read_frame(&mut stream).await {
                Ok(Some(frame)) => self.deliver(StreamKind::Data, frame).await?,
                Ok(None) => return Err(Fault::Close(CloseCode::Framing, "a data stream was ended")),
                Err(error) if reset_by_partner(&error) => return Ok(()),
                Err(error) => return Err(fault_of(&error)),
            }
        }
    }

    async fn deliver(&self, stream: StreamKind, frame: Vec<u8>) -> Result<(), Fault> {
        self.pay(frame_cost(frame.len()))?;
        let event = LinkEvent::Frame {
            partner: self.link.partner(),
            connection_id: self.link.connection_id(),
            stream,
            bytes: frame,
        };
        let gone = |_| Fault::Close(CloseCode::Internal, "nobody takes frames any more");
        self.events.send(event).await.map_err(gone)
    }

    fn pay(&self, cost: u64) -> Result<(), Fault> {
        let mut budget = self.inbound.lock().unwrap_or_else(PoisonError::into_inner);
        budget
            .take(cost, Instant::now())
            .map_err(|_| Fault::Close(CloseCode::InboundBudget, "more bytes than a minute may bring"))
    }

    async fn write_control(&self) -> Fault {
        loop {
            match self.link.inner.control.advance().await {
                Step::Wait(wait) => tokio::time::sleep(wait).await,
                Step::Open | Step::Failed => {
                    return self.stream_failed("the control stream was refused").await;
                }
            }
        }
    }

    async fn write_data(&self) -> Fault {
        loop {
            match self.link.inner.data.advance().await {
                Step::Wait(wait) => tokio::time::sleep(wait).await,
                Step::Open => match self.open_data().await {
                    Ok(stream) => self.link.inner.data.install(stream),
                    Err(_) => return self.stream_failed("the data stream was refused").await,
                },
                Step::Failed => return self.stream_failed("the data stream was refused").await,
            }
        }
    }

    async fn open_data(&self) -> Result<SendStream, quinn::WriteError> {
        let mut stream = self.link.inner.connection.open_uni().await?;
        stream.write_all(&[DATA]).await?;
        Ok(stream)
    }

    /// A stream fails because the connection is lost, or because the partner stopped it.
    async fn stream_failed(&self, detail: &'static str) -> Fault {
        if self.link.inner.connection.close_reason().is_some() {
            return Fault::Lost;
        }
        Fault::Close(CloseCode::UnexpectedStream, detail)
    }

    async fn refuse_more_streams(&self) -> Fault {
        match self.link.inner.connection.accept_bi().await {
            Ok(_) => Fault::Close(CloseCode::UnexpectedStream, "a second control stream was opened"),
            Err(_) => Fault::Lost,
        }
    }
}

fn fault_of(error: &FramingError) -> Fault {
    match error {
        FramingError::TooLong { .. } => Fault::Close(CloseCode::Framing, "a frame was too long"),
        FramingError::TooShort { .. } => Fault::Close(CloseCode::Framing, "a frame was too short"),
        FramingError::Cut { .. } => Fault::Close(CloseCode::Framing, "a stream ended within a frame"),
        FramingError::Io(_) => Fault::Lost,
    }
}

fn reset_by_partner(error: &FramingError) -> bool {
    let FramingError::Io(error) = error else { return false };
    error
        .get_ref()
        .and_then(|source| source.downcast_ref::<ReadError>())
        .is_some_and(|error| matches!(error, ReadError::Reset(_)))
}
