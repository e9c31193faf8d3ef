//! A partner's program that has a genuine key and a genuine agreement, and none of the rules: it
//! speaks QUIC and frames as a node does, and sends what it likes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use stafett_node::keys::NodeKeys;
use stafett_node::startup::partners;
use stafett_node::transport::{
    CloseCode, DownReason, Endpoint, EndpointOptions, LinkEvent, LinkHandle, StreamKind, TransportSettings,
};
use stafett_node::{clock, startup};
use stafett_protocol::entry::SchemaVersion;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::wire::codec::{self, encode};
use stafett_protocol::wire::{Frame, Hello, PROTOCOL_VERSION, Shown, Stream, Want};
use tokio::sync::mpsc;

use super::SOON;
use super::folder::{self, Days, Made, settings};

/// Kinds that no version knows, for the end of what was sent on each stream.
const LAST_KINDS: [(StreamKind, u16); 2] = [(StreamKind::Control, 60_001), (StreamKind::Data, 60_002)];

/// A node that is quiet for so long has said what it says first.
const GREETED: Duration = Duration::from_millis(250);

/// One thing to send.
#[derive(Debug, Clone)]
pub enum Shot {
    /// A frame, on the stream that it belongs on.
    Frame(Frame),
    /// Any bytes as a frame.
    Bytes(StreamKind, Vec<u8>),
}

impl Shot {
    /// What is sent, and where.
    ///
    /// # Errors
    /// If a frame is too long.
    pub fn encoded(&self) -> anyhow::Result<(StreamKind, Vec<u8>)> {
        Ok(match self {
            Self::Frame(frame) => (stream_of(frame), encode(frame)?),
            Self::Bytes(stream, bytes) => (*stream, bytes.clone()),
        })
    }
}

fn stream_of(frame: &Frame) -> StreamKind {
    match frame.stream() {
        Stream::Control => StreamKind::Control,
        Stream::Data => StreamKind::Data,
    }
}

/// What came of a volley.
#[derive(Debug, Default)]
pub struct Drawn {
    /// How many shots the link took.
    pub sent: usize,
    /// Everything that the node sent meanwhile.
    pub answers: Vec<Frame>,
    /// How the node closed the link, if it did.
    pub closed: Option<CloseCode>,
}

impl Drawn {
    /// How many of the answers say no, or ask for what came before.
    pub fn refusals(&self) -> usize {
        let is_refusal = |frame: &&Frame| {
            matches!(
                frame,
                Frame::Refused(_)
                    | Frame::NotUnderstood(_)
                    | Frame::Resend(_)
                    | Frame::ProposalRefused(_)
                    | Frame::ChangesRefused(_)
            )
        };
        self.answers.iter().filter(is_refusal).count()
    }
}

/// The program and its link.
pub struct Hostile {
    endpoint: Endpoint,
    events: mpsc::Receiver<LinkEvent>,
    link: LinkHandle,
    /// How the node closed the latest link, if it did.
    closed: Option<CloseCode>,
    /// Signs statements with the key that the agreement names.
    pub signing: Arc<SigningKey>,
}

impl Hostile {
    /// Dials a node as the partner whose folder `own` is, until a link is up.
    ///
    /// # Errors
    /// If no link comes.
    pub async fn dial(own: &Made, victim: &Made, address: SocketAddr) -> anyhow::Result<Self> {
        let keys = NodeKeys::read(&settings(&own.folder)?.store.keys)?;
        let signing = startup::signing_key(&keys)?;
        let partner = folder::partner(own, victim, Some(address), Days::IN_FORCE)?;
        let options = EndpointOptions {
            listen: ([127, 0, 0, 1], 0).into(),
            settings: TransportSettings {
                redial_min: Duration::from_millis(200),
                redial_max: Duration::from_secs(1),
                // It keeps to no share of its own; what keeps it back is the node.
                outbound_bytes_per_minute: u64::MAX / 2,
                ..TransportSettings::default()
            },
            partners: partners::row(&partner).into_iter().collect(),
            clock: Arc::new(clock::now),
            jitter: Arc::new(|| 0),
            recorder: None,
        };
        let (endpoint, mut events) = Endpoint::start(&keys, options)?;
        let up = tokio::time::timeout(SOON, link_of(&mut events));
        let link = up.await.context("no link came")??;
        Ok(Self { endpoint, events, link, closed: None, signing })
    }

    /// Greets on the next link if the node has closed the one before, and hears the node out:
    /// whoever sends much before it has greeted is closed.
    ///
    /// # Errors
    /// If none comes within `wait`: a node that holds a partner off takes none.
    pub async fn return_within(&mut self, wait: Duration) -> anyhow::Result<()> {
        if self.closed.is_some() {
            let up = tokio::time::timeout(wait, link_of(&mut self.events));
            self.link = up.await.context("the node takes no link")??;
            self.closed = None;
            self.greet().await?;
            self.until_quiet(GREETED).await?;
        }
        Ok(())
    }

    /// How the node closed the latest link, if it did.
    pub fn closed(&self) -> Option<CloseCode> {
        self.closed
    }

    /// Sends one frame on the stream that it belongs on.
    ///
    /// # Errors
    /// If it does not fit, or the link is gone.
    pub async fn send(&self, frame: &Frame) -> anyhow::Result<()> {
        self.send_bytes(stream_of(frame), encode(frame)?).await
    }

    /// Sends any bytes as a frame.
    ///
    /// # Errors
    /// If the link is gone.
    pub async fn send_bytes(&self, stream: StreamKind, bytes: Vec<u8>) -> anyhow::Result<()> {
        hand_over(&self.link, stream, bytes).await
    }

    /// Greets and says that it lacks nothing that was compared, so that the node goes live.
    ///
    /// # Errors
    /// If the link is gone.
    pub async fn greet(&self) -> anyhow::Result<()> {
        let salt = clock::random();
        self.send(&Frame::Hello(Hello { version: PROTOCOL_VERSION, schema: SchemaVersion::CURRENT, salt }))
            .await?;
        self.send(&Frame::Shown(Shown { token: None })).await?;
        self.send(&Frame::Want(Want { fingerprints: Vec::new() })).await
    }

    /// The next frame that the node sends within `wait`; none if it is quiet or the link is gone.
    ///
    /// # Errors
    /// If what came is no frame.
    pub async fn next(&mut self, wait: Duration) -> anyhow::Result<Option<Frame>> {
        if self.closed.is_some() {
            return Ok(None);
        }
        let event = tokio::time::timeout(wait, self.events.recv()).await;
        match event {
            Ok(Some(LinkEvent::Frame { bytes, .. })) => Ok(Some(codec::decode(&bytes)?)),
            Ok(Some(LinkEvent::DataReset { .. })) => Box::pin(self.next(wait)).await,
            Ok(Some(LinkEvent::Up { link, .. })) => {
                self.link = link;
                Ok(None)
            }
            Ok(Some(LinkEvent::Down { reason, .. })) => {
                match reason {
                    DownReason::ClosedByPartner { code: Some(code), .. } => self.closed = Some(code),
                    reason => bail!("the link is down for no rule: {reason}"),
                }
                Ok(None)
            }
            Ok(None) => bail!("the transport ended"),
            Err(_) => Ok(None),
        }
    }

    /// Every frame until the node has been quiet for a while.
    ///
    /// # Errors
    /// If what came is no frame, or it never ends.
    pub async fn until_quiet(&mut self, quiet: Duration) -> anyhow::Result<Vec<Frame>> {
        let mut frames = Vec::new();
        while let Some(frame) = self.next(quiet).await? {
            frames.push(frame);
            ensure!(frames.len() < 50_000, "the node never stops");
        }
        Ok(frames)
    }

    /// Sends one thing after the other, and takes what the node sends meanwhile, until the node has
    /// worked through all of it or has closed the link: a last frame on each stream, of a kind that
    /// nobody knows, is answered after what stands before it.
    ///
    /// # Errors
    /// If neither happens, or what came is no frame.
    pub async fn fire(&mut self, shots: &[Shot]) -> anyhow::Result<Drawn> {
        let shots = shots.iter().map(Shot::encoded).collect::<anyhow::Result<Vec<_>>>()?;
        let link = self.link.clone();
        let sending = async {
            let mut sent = 0;
            for (stream, bytes) in shots {
                if hand_over(&link, stream, bytes).await.is_err() {
                    return sent;
                }
                sent += 1;
            }
            for (stream, kind) in LAST_KINDS {
                let last = [&kind.to_be_bytes()[..], b"last"].concat();
                if hand_over(&link, stream, last).await.is_err() {
                    return sent;
                }
            }
            sent
        };
        let (sent, answers) = tokio::join!(sending, self.until_worked_through());
        Ok(Drawn { sent, answers: answers?, closed: self.closed })
    }

    async fn until_worked_through(&mut self) -> anyhow::Result<Vec<Frame>> {
        let mut begun = std::time::Instant::now();
        let (mut frames, mut last) = (Vec::new(), 0);
        while self.closed.is_none() && last < LAST_KINDS.len() {
            match self.next(Duration::from_secs(1)).await? {
                Some(Frame::NotUnderstood(body)) if LAST_KINDS.iter().any(|(_, kind)| *kind == body.kind) => {
                    last += 1;
                }
                Some(frame) => {
                    frames.push(frame);
                    begun = std::time::Instant::now();
                }
                None => ensure!(begun.elapsed() < SOON, "what was sent was not worked through"),
            }
        }
        Ok(frames)
    }

    /// The first frame that is what is looked for.
    ///
    /// # Errors
    /// If it does not come.
    pub async fn find<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(Frame) -> Option<T>,
    ) -> anyhow::Result<T> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < SOON {
            if let Some(found) = self.next(Duration::from_secs(1)).await?.and_then(&mut look) {
                return Ok(found);
            }
        }
        bail!("{what} did not come")
    }

    /// Ends the program.
    pub async fn end(self) {
        self.link.close(CloseCode::ShuttingDown, "the test ends");
        self.endpoint.shut_down(Duration::from_secs(1)).await;
    }
}

async fn link_of(events: &mut mpsc::Receiver<LinkEvent>) -> anyhow::Result<LinkHandle> {
    loop {
        if let LinkEvent::Up { link, .. } = events.recv().await.context("the transport ended")? {
            return Ok(link);
        }
    }
}

async fn hand_over(link: &LinkHandle, stream: StreamKind, bytes: Vec<u8>) -> anyhow::Result<()> {
    match stream {
        StreamKind::Control => link.send_control(bytes).await?,
        StreamKind::Data => link.send_data(bytes).await?,
    }
    Ok(())
}
