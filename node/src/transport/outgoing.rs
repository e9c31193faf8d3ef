//! One outgoing stream and the frames that wait for it.
//!
//! Bytes are handed to QUIC under the same lock that a reset takes. So when [`Outgoing::reset`]
//! has returned, no byte of a frame queued before it is handed over any more: that is what a
//! withdrawal relies on (law 12).

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use quinn::SendStream;
use stafett_protocol::limits::FRAME_BYTES_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::budget::{ByteBudget, frame_cost};
use super::framing::{FramingError, LENGTH_BYTES, length_prefix};
use super::{CloseCode, FrameRecorder, StreamKind};

/// A frame was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The link is gone.
    #[error("the link is closed")]
    Closed,
    /// The data stream was reset while the frame waited for room.
    #[error("the data stream was reset while the frame waited")]
    Reset,
    /// The frame has a length that no partner would take.
    #[error("the frame cannot be sent")]
    Frame(#[from] FramingError),
}

/// What the owner of the stream must do next.
pub(super) enum Step {
    /// Open a stream and hand it in with [`Outgoing::install`].
    Open,
    /// Come back after this long: the partner's share of the minute is spent.
    Wait(Duration),
    /// The partner or the network ended the stream.
    Failed,
}

/// The sending half of one link's control or data stream.
pub(super) struct Outgoing {
    kind: StreamKind,
    partner: OrganisationNumber,
    recorder: Option<FrameRecorder>,
    budget: Arc<Mutex<ByteBudget>>,
    reserve: u64,
    room: Arc<Semaphore>,
    queue_bytes: u32,
    state: Mutex<State>,
}

struct State {
    stream: Option<SendStream>,
    waiting: VecDeque<Queued>,
    writing: Option<Writing>,
    epoch: u64,
    closed: bool,
    writer: Option<Waker>,
}

struct Queued {
    frame: Vec<u8>,
    _room: OwnedSemaphorePermit,
}

struct Writing {
    queued: Queued,
    prefix: [u8; LENGTH_BYTES],
    written: usize,
}

impl Outgoing {
    /// A queue without a stream. `reserve` is what it leaves in the budget for other streams.
    pub(super) fn new(
        kind: StreamKind,
        partner: OrganisationNumber,
        recorder: Option<FrameRecorder>,
        budget: Arc<Mutex<ByteBudget>>,
        queue_bytes: u32,
    ) -> Self {
        let reserve = match kind {
            StreamKind::Control => 0,
            StreamKind::Data => u64::try_from(FRAME_BYTES_MAX).unwrap_or(u64::MAX).saturating_mul(4),
        };
        let queue_bytes = queue_bytes.max(u32::try_from(FRAME_BYTES_MAX).unwrap_or(u32::MAX));
        let room = Arc::new(Semaphore::new(usize::try_from(queue_bytes).unwrap_or(Semaphore::MAX_PERMITS)));
        let state = State {
            stream: None,
            waiting: VecDeque::new(),
            writing: None,
            epoch: 0,
            closed: false,
            writer: None,
        };
        Self { kind, partner, recorder, budget, reserve, room, queue_bytes, state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame, and waits while the queue is full.
    pub(super) async fn send(&self, frame: Vec<u8>) -> Result<(), SendError> {
        length_prefix(&frame)?;
        let epoch = self.lock().epoch;
        let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX).min(self.queue_bytes);
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await.map_err(|_| SendError::Closed)?;
        let writer = {
            let mut state = self.lock();
            if state.closed {
                return Err(SendError::Closed);
            }
            if state.epoch != epoch {
                return Err(SendError::Reset);
            }
            state.waiting.push_back(Queued { frame, _room: room });
            state.writer.take()
        };
        wake(writer);
        Ok(())
    }

    /// Drops what waits, resets the stream and asks for a fresh one. Returns the frames of which
    /// no byte was handed to QUIC, in order.
    pub(super) fn reset(&self) -> Vec<Vec<u8>> {
        let (unsent, writer) = {
            let mut state = self.lock();
            state.epoch = state.epoch.wrapping_add(1);
            if let Some(mut stream) = state.stream.take() {
                // It fails only if the stream is closed already, which is what is wanted.
                let _ = stream.reset(CloseCode::StreamReset.into());
            }
            (state.drain(), state.writer.take())
        };
        wake(writer);
        unsent
    }

    /// Takes no more frames and returns those of which no byte was handed to QUIC.
    pub(super) fn close(&self) -> Vec<Vec<u8>> {
        self.room.close();
        let (unsent, writer) = {
            let mut state = self.lock();
            state.closed = true;
            (state.drain(), state.writer.take())
        };
        wake(writer);
        unsent
    }

    /// Hands in the stream that [`Step::Open`] asked for.
    pub(super) fn install(&self, stream: SendStream) {
        self.lock().stream = Some(stream);
    }

    /// Writes what waits until something else is needed.
    pub(super) async fn advance(&self) -> Step {
        poll_fn(|context| self.poll_advance(context)).await
    }

    fn poll_advance(&self, context: &mut Context<'_>) -> Poll<Step> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return Poll::Ready(Step::Failed);
            }
            let State { stream, waiting, writing, writer, .. } = &mut *state;
            let Some(stream) = stream else {
                return Poll::Ready(Step::Open);
            };
            let current = match (writing.as_mut(), waiting.front()) {
                (Some(current), _) => current,
                (None, None) => {
                    *writer = Some(context.waker().clone());
                    return Poll::Pending;
                }
                (None, Some(next)) => {
                    if let Err(wait) = self.pay(next.frame.len()) {
                        return Poll::Ready(Step::Wait(wait));
                    }
                    match waiting.pop_front().map(Writing::begin) {
                        Some(Ok(begun)) => writing.insert(begun),
                        _ => continue,
                    }
                }
            };
            match Pin::new(stream).poll_write(context, current.rest()) {
                Poll::Pending => {
                    // Also woken when a reset takes the stream away: QUIC does not wake for that.
                    *writer = Some(context.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Step::Failed),
                Poll::Ready(Ok(count)) => {
                    if current.written == 0 {
                        self.record(&current.queued.frame);
                    }
                    current.written = current.written.saturating_add(count);
                    if current.is_done() {
                        *writing = None;
                    }
                }
            }
        }
    }

    fn pay(&self, frame_bytes: usize) -> Result<(), Duration> {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        budget.take_or_wait(frame_cost(frame_bytes), self.reserve, Instant::now())
    }

    fn record(&self, frame: &[u8]) {
        if let Some(recorder) = &self.recorder {
            recorder(self.partner, self.kind, frame);
        }
    }
}

impl State {
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let begun = self.writing.take().filter(|current| current.written == 0);
        let begun = begun.map(|current| current.queued.frame);
        begun.into_iter().chain(self.waiting.drain(..).map(|queued| queued.frame)).collect()
    }
}

impl Writing {
    fn begin(queued: Queued) -> Result<Self, FramingError> {
        Ok(Self { prefix: length_prefix(&queued.frame)?, queued, written: 0 })
    }

    fn rest(&self) -> &[u8] {
        match self.prefix.get(self.written..).filter(|rest| !rest.is_empty()) {
            Some(rest) => rest,
            None => self.queued.frame.get(self.written.saturating_sub(LENGTH_BYTES)..).unwrap_or_default(),
        }
    }

    fn is_done(&self) -> bool {
        self.written >= self.queued.frame.len().saturating_add(LENGTH_BYTES)
    }
}

fn wake(writer: Option<Waker>) {
    if let Some(writer) = writer {
        writer.wake();
    }
}
