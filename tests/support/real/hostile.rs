//! A partner's program that has a genuine key and a genuine agreement, and none of the rules: it
//! speaks QUIC and frames as a node does, and sends what it likes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use stafett_node::keys::NodeKeys;
use stafett_node::startup::partners;
use stafett_node::transport::{
    CloseCode, Endpoint, EndpointOptions, LinkEvent, LinkHandle, StreamKind, TransportSettings,
};
use stafett_node::{clock, startup};
use stafett_protocol::entry::SchemaVersion;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::wire::codec::{self, encode};
use stafett_protocol::wire::{Frame, Hello, PROTOCOL_VERSION, Shown, Stream, Want};
use tokio::sync::mpsc;

use super::SOON;
use super::folder::{self, Days, Made, settings};

/// A kind that no version knows.
const LAST_KIND: u16 = 60_001;

/// The program and its link.
pub struct Hostile {
    endpoint: Endpoint,
    events: mpsc::Receiver<LinkEvent>,
    link: LinkHandle,
    closed: bool,
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
                ..TransportSettings::default()
            },
            partners: std::iter::once(partners::row(&partner)).collect(),
            clock: Arc::new(clock::now),
            jitter: Arc::new(|| 0),
            recorder: None,
        };
        let (endpoint, mut events) = Endpoint::start(&keys, options)?;
        let up = tokio::time::timeout(SOON, async {
            loop {
                match events.recv().await.context("the transport ended")? {
                    LinkEvent::Up { link, .. } => return anyhow::Ok(link),
                    _ => continue,
                }
            }
        });
        let link = up.await.context("no link came")??;
        Ok(Self { endpoint, events, link, closed: false, signing })
    }

    /// Sends one frame on the stream that it belongs on.
    ///
    /// # Errors
    /// If it does not fit, or the link is gone.
    pub async fn send(&self, frame: &Frame) -> anyhow::Result<()> {
        let stream = match frame.stream() {
            Stream::Control => StreamKind::Control,
            Stream::Data => StreamKind::Data,
        };
        self.send_bytes(stream, encode(frame)?).await
    }

    /// Sends any bytes as a frame.
    ///
    /// # Errors
    /// If the link is gone.
    pub async fn send_bytes(&self, stream: StreamKind, bytes: Vec<u8>) -> anyhow::Result<()> {
        match stream {
            StreamKind::Control => self.link.send_control(bytes).await?,
            StreamKind::Data => self.link.send_data(bytes).await?,
        }
        Ok(())
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
        let event = tokio::time::timeout(wait, self.events.recv()).await;
        match event {
            Ok(Some(LinkEvent::Frame { bytes, .. })) => Ok(Some(codec::decode(&bytes)?)),
            Ok(Some(LinkEvent::DataReset { .. })) => Box::pin(self.next(wait)).await,
            Ok(Some(LinkEvent::Up { link, .. })) => {
                self.link = link;
                Ok(None)
            }
            Ok(Some(LinkEvent::Down { .. }) | None) => {
                self.closed = true;
                Ok(None)
            }
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

    /// Every frame until the node has worked through all that was sent, or has closed the link: a
    /// last frame of a kind that nobody knows is answered after what stands before it.
    ///
    /// # Errors
    /// If neither happens, or what came is no frame.
    pub async fn until_worked_through(&mut self) -> anyhow::Result<Vec<Frame>> {
        let last = [&LAST_KIND.to_be_bytes()[..], b"last"].concat();
        // A link that is closed answers by being closed.
        let _ = self.send_bytes(StreamKind::Data, last).await;
        let begun = std::time::Instant::now();
        let mut frames = Vec::new();
        while !self.closed {
            match self.next(Duration::from_secs(1)).await? {
                Some(Frame::NotUnderstood(body)) if body.kind == LAST_KIND => return Ok(frames),
                Some(frame) => frames.push(frame),
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
