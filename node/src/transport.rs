//! Links to partner nodes: QUIC version 1 with mutual TLS 1.3, and nothing else.
//!
//! Guarantees: no byte of a frame goes to, or comes from, a node whose key no agreement in force
//! pins; a partner has one link at a time, and the engine hears `Up`, frames and `Down` of it in
//! that order, never of two at once; every queue, stream and wait is bounded (law 21). What frames
//! mean, and whether one may be sent, is decided elsewhere: here they are bytes.
//!
//! [`Endpoint::start`] accepts and dials until [`Endpoint::shut_down`]. In reading order:
//! `partners` (who may connect), `tls` (how that is checked), `accept` and `dial`, `registry`
//! (which of two connections is kept), `connection` (streams of one link), `outgoing` and
//! `framing`.

mod accept;
mod budget;
mod close_code;
mod connection;
mod diagnose;
mod dial;
pub mod framing;
mod log_limit;
mod outgoing;
mod partners;
mod registry;
mod settings;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

pub use close_code::CloseCode;
pub use connection::{ConnectionId, DownReason, LinkHandle};
pub use diagnose::{Diagnosis, diagnose};
pub use outgoing::SendError;
pub use partners::{Partner, PartnerTable, Refusal};
pub use settings::TransportSettings;
pub use tls::{ALPN, TlsError};

use crate::keys::NodeKeys;
use connection::{LinkParts, Ready};
use log_limit::LogLimits;
use partners::Partners;
use registry::Registry;
use tls::Tls;

/// Tells the time; the transport reads no clock of its own.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;
/// Draws a random number for the jitter of redialling; any value is fine.
pub type Jitter = Arc<dyn Fn() -> u64 + Send + Sync>;
/// Sees every frame when its first bytes are handed to QUIC, before encryption. It is called with
/// a lock held: it must be quick and must not call back.
pub type FrameRecorder = Arc<dyn Fn(OrganisationNumber, StreamKind, &[u8]) + Send + Sync>;

/// Which of a link's two streams a frame came or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// The control stream: never reset.
    Control,
    /// The data stream: reset at a withdrawal.
    Data,
}

/// What the engine hears. For one partner: `Up`, then frames and resets, then `Down`, and only
/// then the next `Up`. Whoever takes events must not wait for a [`LinkHandle::send_data`] in
/// between: two nodes that both wait to send would wait for ever.
#[derive(Debug)]
pub enum LinkEvent {
    /// A link is ready for frames in both directions.
    Up {
        /// Whose.
        partner: OrganisationNumber,
        /// For sending.
        link: LinkHandle,
        /// Whether this node dialled.
        dialled_by_us: bool,
    },
    /// A frame came: kind and body, as they were sent.
    Frame {
        /// From whom.
        partner: OrganisationNumber,
        /// On which connection.
        connection_id: ConnectionId,
        /// On which stream; order holds within one stream only.
        stream: StreamKind,
        /// Between 2 and `FRAME_BYTES_MAX` bytes.
        bytes: Vec<u8>,
    },
    /// The partner reset its data stream: frames may be missing before the next one.
    DataReset {
        /// Whose stream.
        partner: OrganisationNumber,
        /// On which connection.
        connection_id: ConnectionId,
    },
    /// The link is down; a partner with an address is dialled again by itself.
    Down {
        /// Whose.
        partner: OrganisationNumber,
        /// Which connection.
        connection_id: ConnectionId,
        /// Why.
        reason: DownReason,
        /// Frames of which no byte was handed to QUIC: control first, then data, oldest first.
        unsent: Vec<Vec<u8>>,
    },
}

/// The endpoint could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be listened on.
    #[error("federation.listen: cannot listen on {address} (UDP)")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The keys could not be made ready for TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What an endpoint starts with.
pub struct EndpointOptions {
    /// Where to listen, for UDP; also the address that is dialled from.
    pub listen: SocketAddr,
    /// Bounds and times.
    pub settings: TransportSettings,
    /// Who may connect.
    pub partners: PartnerTable,
    /// Tells the time.
    pub clock: Clock,
    /// Draws jitter.
    pub jitter: Jitter,
    /// Sees outgoing frames; nothing in a municipality's node.
    pub recorder: Option<FrameRecorder>,
}

/// A running transport. Dropping it closes every link.
pub struct Endpoint {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

/// What all tasks of one endpoint use.
struct Shared {
    quinn: quinn::Endpoint,
    tls: Tls,
    settings: TransportSettings,
    partners: Partners,
    registry: Arc<Registry>,
    clock: Clock,
    jitter: Jitter,
    recorder: Option<FrameRecorder>,
    logs: Arc<LogLimits>,
    events: mpsc::Sender<LinkEvent>,
    connections: AtomicU64,
}

/// Why this side does not take a connection that TLS has let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum RefusedHere {
    #[error("the partner has too many connections")]
    TooManyConnections,
    #[error("the partner broke rules and has to wait")]
    HeldOff,
    #[error("another connection with the partner is kept")]
    Duplicate,
}

impl RefusedHere {
    fn code(self) -> CloseCode {
        match self {
            Self::TooManyConnections => CloseCode::TooManyConnections,
            Self::HeldOff => CloseCode::HeldOff,
            Self::Duplicate => CloseCode::Duplicate,
        }
    }
}

impl Endpoint {
    /// Listens, and dials every partner that has an address. Must be called within a tokio
    /// runtime. The events come on the second part; if nobody takes them, links stand still, and
    /// if it is dropped, they are closed.
    ///
    /// # Errors
    /// [`StartError`] if the address is taken or the keys are of no use to TLS.
    pub fn start(
        keys: &NodeKeys,
        options: EndpointOptions,
    ) -> Result<(Self, mpsc::Receiver<LinkEvent>), StartError> {
        let EndpointOptions { listen, settings, partners, clock, jitter, recorder } = options;
        let (events, receiver) = mpsc::channel(settings.events_waiting.max(1));
        let partners = Partners::new(partners);
        let logs = Arc::new(LogLimits::new(tokio::time::Instant::now()));
        let tls = Tls::new(keys, Arc::clone(&logs))?;
        let server = settings.server(tls.server(&partners, &clock)?);
        let failed = |source| StartError::Listen { address: listen, source };
        let socket = std::net::UdpSocket::bind(listen).map_err(failed)?;
        let quinn = quinn::Endpoint::new(
            TransportSettings::endpoint(keys),
            Some(server),
            socket,
            Arc::new(quinn::TokioRuntime),
        )
        .map_err(failed)?;
        let registry = Arc::new(Registry::new(keys.organisation(), settings.clone()));
        let connections = AtomicU64::new(0);
        let shared = Arc::new(Shared {
            quinn,
            tls,
            settings,
            partners,
            registry,
            clock,
            jitter,
            recorder,
            logs,
            events,
            connections,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept::accept(Arc::clone(&shared)));
        tasks.spawn(supervise(Arc::clone(&shared)));
        Ok((Self { shared, tasks }, receiver))
    }

    /// Returns the address that is listened on, with the port the system chose if none was given.
    ///
    /// # Errors
    /// An IO error if the system does not know.
    pub fn local_address(&self) -> std::io::Result<SocketAddr> {
        self.shared.quinn.local_addr()
    }

    /// Puts another partner table in force. Living links that it no longer allows are closed,
    /// new partners are dialled.
    pub fn replace_partners(&self, table: PartnerTable) {
        self.shared.partners.replace(table);
        recheck(&self.shared);
    }

    /// Closes every link and waits, at most `deadline`, until partners have been told.
    pub async fn shut_down(mut self, deadline: Duration) {
        self.tasks.abort_all();
        for link in self.shared.registry.links() {
            link.close(CloseCode::ShuttingDown, "this node stops");
        }
        self.shared.quinn.close(CloseCode::ShuttingDown.into(), b"");
        if tokio::time::timeout(deadline, self.shared.quinn.wait_idle()).await.is_err() {
            tracing::warn!(?deadline, "some partners were not told of the stop in time");
        }
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.quinn.close(CloseCode::ShuttingDown.into(), b"");
    }
}

impl Shared {
    fn now(&self) -> UnixMillis {
        (self.clock)()
    }

    /// Makes the handle of a connection that TLS has let through. The table is asked again: it
    /// may have changed since the verifier asked it.
    fn handle(&self, connection: &quinn::Connection, dialled_by_us: bool) -> Result<LinkHandle, Refusal> {
        let certificates = connection.peer_identity().and_then(|identity| identity.downcast().ok());
        let certificates: Box<Vec<CertificateDer<'static>>> =
            certificates.ok_or(Refusal::BrokenCertificate)?;
        let certificate = certificates.first().ok_or(Refusal::BrokenCertificate)?;
        let (partner, facts) = self.partners.current().admit(certificate, self.now())?;
        let parts = LinkParts {
            partner,
            id: ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed)),
            dialled_by_us,
            facts,
            connection: connection.clone(),
            recorder: self.recorder.clone(),
            queue_bytes: self.settings.queue_bytes,
        };
        Ok(LinkHandle::new(parts, &self.registry.budgets(partner)))
    }

    /// Runs a link in a task of its own.
    fn spawn(&self, ready: Ready) {
        tokio::spawn(connection::run(ready, Arc::clone(&self.registry), self.events.clone()));
    }
}

/// Closes links that clock or partner table no longer allow.
fn recheck(shared: &Shared) {
    let (table, now) = (shared.partners.current(), shared.now());
    for link in shared.registry.links() {
        if let Err(refusal) = table.admit_again(link.partner(), link.facts(), now) {
            tracing::warn!(%refusal, partner = %link.partner(), "closing a living link");
            link.close(CloseCode::NoAgreement, "key, agreement or certificate no longer allow it");
        }
    }
}

/// Rechecks links, and keeps one dialling task per partner that has an address.
async fn supervise(shared: Arc<Shared>) {
    let mut table = shared.partners.subscribe();
    let mut every = tokio::time::interval(shared.settings.recheck_every);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    let mut dialling: BTreeMap<OrganisationNumber, (String, AbortHandle)> = BTreeMap::new();
    loop {
        let current = Arc::clone(&table.borrow_and_update());
        dialling.retain(|partner, (address, task)| {
            let row = current.find(*partner);
            let keep = row.and_then(|row| row.address.as_ref()) == Some(address);
            if !keep {
                task.abort();
            }
            keep
        });
        for row in current.iter() {
            let Some(address) = &row.address else { continue };
            dialling.entry(row.organisation).or_insert_with(|| {
                let dial = dial::keep_dialling(Arc::clone(&shared), row.organisation, address.clone());
                (address.clone(), tasks.spawn(dial))
            });
        }
        recheck(&shared);
        tokio::select! {
            changed = table.changed() => if changed.is_err() { return },
            _ = every.tick() => {}
        }
        while tasks.try_join_next().is_some() {}
    }
}
