//! Real endpoints on loopback, and raw QUIC where one of the two breaks the rules.

mod diagnosis;
mod framing;
mod handshake;
mod hostile;
mod link;
mod refusal_log;
mod rivals;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::AtomicU64;

use quinn::{Connection, RecvStream, SendStream};
use stafett_protocol::time::DAY;

use super::connection::{CONTROL, DATA};
use super::*;
use crate::keys::CertificateSubject;

/// The moment at which tests begin.
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
/// Longer than anything that is waited for, shorter than a test may take.
const SOON: Duration = Duration::from_secs(8);

const LOW: &str = "310000000";
const MIDDLE: &str = "840029212";
const HIGH: &str = "997391853";

/// A node under test, with what its engine would hold.
struct Node {
    keys: NodeKeys,
    endpoint: Endpoint,
    events: mpsc::Receiver<LinkEvent>,
    clock: Arc<AtomicU64>,
}

impl Node {
    fn start(keys: NodeKeys, partners: impl IntoIterator<Item = Partner>) -> Self {
        Self::start_with(keys, partners, TransportSettings::default(), None)
    }

    fn start_with(
        keys: NodeKeys,
        partners: impl IntoIterator<Item = Partner>,
        settings: TransportSettings,
        recorder: Option<FrameRecorder>,
    ) -> Self {
        let clock = Arc::new(AtomicU64::new(NOW.0));
        let options = EndpointOptions {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            settings,
            partners: partners.into_iter().collect(),
            clock: clock_of(&clock),
            jitter: Arc::new(|| 0),
            recorder,
        };
        let (endpoint, events) = Endpoint::start(&keys, options).expect("started");
        Self { keys, endpoint, events, clock }
    }

    fn address(&self) -> SocketAddr {
        self.endpoint.local_address().expect("bound")
    }

    async fn event(&mut self) -> LinkEvent {
        tokio::time::timeout(SOON, self.events.recv()).await.expect("an event in time").expect("an event")
    }

    async fn up(&mut self) -> LinkHandle {
        match self.event().await {
            LinkEvent::Up { link, .. } => link,
            other => panic!("expected a link, found {other:?}"),
        }
    }

    async fn frame(&mut self) -> (StreamKind, Vec<u8>) {
        match self.event().await {
            LinkEvent::Frame { stream, bytes, .. } => (stream, bytes),
            other => panic!("expected a frame, found {other:?}"),
        }
    }

    async fn down(&mut self) -> DownReason {
        match self.event().await {
            LinkEvent::Down { reason, .. } => reason,
            other => panic!("expected the end of a link, found {other:?}"),
        }
    }

    /// Asserts that the engine hears nothing for a while.
    async fn hears_nothing(&mut self) {
        let heard = tokio::time::timeout(Duration::from_millis(300), self.events.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

fn clock_of(clock: &Arc<AtomicU64>) -> Clock {
    let clock = Arc::clone(clock);
    Arc::new(move || UnixMillis(clock.load(Ordering::SeqCst)))
}

fn number(organisation: &str) -> OrganisationNumber {
    organisation.parse().expect("an organisation number")
}

fn keys_of(organisation: &str) -> NodeKeys {
    let subject = CertificateSubject {
        organisation: number(organisation),
        municipality: "Prøve kommune".to_owned(),
        from: UnixMillis(NOW.0 - DAY),
        until: NOW.plus(365 * DAY),
    };
    NodeKeys::generate(&subject).expect("keys")
}

/// A row for the owner of `keys`, with an agreement in force and no address.
fn partner(keys: &NodeKeys) -> Partner {
    Partner {
        organisation: keys.organisation(),
        pins: vec![keys.fingerprint()],
        agreement_from: UnixMillis(NOW.0 - DAY),
        agreement_until: NOW.plus(DAY),
        recall_only: false,
        address: None,
    }
}

fn at(partner: Partner, address: SocketAddr) -> Partner {
    Partner { address: Some(address.to_string()), ..partner }
}

/// A node that has the right keys and none of the rules.
struct Raw {
    quinn: quinn::Endpoint,
    tls: Tls,
    partners: Partners,
    settings: TransportSettings,
}

impl Raw {
    /// Listens too, so that a node can dial it.
    fn start(keys: &NodeKeys, knows: Partner) -> Self {
        Self::start_with(keys, knows, TransportSettings::default())
    }

    fn start_with(keys: &NodeKeys, knows: Partner, settings: TransportSettings) -> Self {
        let (tls, partners) = (tls(keys), Partners::new([knows].into_iter().collect()));
        let server = settings.server(tls.server(&partners, &fixed_clock()).expect("tls"));
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        let config = TransportSettings::endpoint(keys);
        let quinn = quinn::Endpoint::new(config, Some(server), socket, Arc::new(quinn::TokioRuntime));
        Self { quinn: quinn.expect("an endpoint"), tls, partners, settings }
    }

    fn address(&self) -> SocketAddr {
        self.quinn.local_addr().expect("bound")
    }

    async fn connect(&self, node: &Node) -> Result<Connection, quinn::ConnectionError> {
        let organisation = node.keys.organisation();
        let (tls, _) = self.tls.client(&self.partners, &fixed_clock(), organisation).expect("tls");
        let config = self.settings.client(tls);
        let connecting = self.quinn.connect_with(config, node.address(), tls::SERVER_NAME);
        connecting.expect("dialled").await
    }

    /// Connects and does what an honest node does first.
    async fn link(&self, node: &Node) -> RawLink {
        let connection = self.connect(node).await.expect("connected");
        let (mut send, mut receive) = connection.open_bi().await.expect("opened");
        send.write_all(&[CONTROL]).await.expect("written");
        let mut answer = [0];
        tokio::time::timeout(SOON, receive.read_exact(&mut answer)).await.expect("in time").expect("read");
        assert_eq!(answer, [CONTROL]);
        RawLink { connection, send, receive }
    }

    /// Takes the connection of a node that dials, as an honest node does.
    async fn accept(&self) -> RawLink {
        let connection = tokio::time::timeout(SOON, async {
            loop {
                let incoming = self.quinn.accept().await.expect("open");
                if incoming.remote_address_validated() {
                    return incoming.accept().expect("accepted").await.expect("connected");
                }
                incoming.retry().expect("not validated yet");
            }
        });
        let connection = connection.await.expect("dialled in time");
        let (mut send, mut receive) = connection.accept_bi().await.expect("opened");
        let mut kind = [0];
        receive.read_exact(&mut kind).await.expect("read");
        assert_eq!(kind, [CONTROL]);
        send.write_all(&[CONTROL]).await.expect("written");
        RawLink { connection, send, receive }
    }
}

struct RawLink {
    connection: Connection,
    send: SendStream,
    receive: RecvStream,
}

impl RawLink {
    async fn open_data(&self) -> SendStream {
        let mut stream = self.connection.open_uni().await.expect("opened");
        stream.write_all(&[DATA]).await.expect("written");
        stream
    }

    async fn close_code(&self) -> CloseCode {
        close_code(&self.connection).await
    }
}

fn tls(keys: &NodeKeys) -> Tls {
    Tls::new(keys, Arc::new(LogLimits::new(tokio::time::Instant::now()))).expect("tls")
}

fn fixed_clock() -> Clock {
    Arc::new(|| NOW)
}

/// Waits for the other side to close the connection, and returns what it said.
async fn close_code(connection: &Connection) -> CloseCode {
    match tokio::time::timeout(SOON, connection.closed()).await.expect("closed in time") {
        quinn::ConnectionError::ApplicationClosed(close) => {
            CloseCode::from_number(close.error_code.into_inner()).expect("a known code")
        }
        other => panic!("expected an application code, found {other:?}"),
    }
}

/// Two nodes, of which the first dials the second, with their link up.
async fn linked(first: &str, second: &str) -> (Node, LinkHandle, Node, LinkHandle) {
    let (first_keys, second_keys) = (keys_of(first), keys_of(second));
    let (first_row, second_row) = (partner(&first_keys), partner(&second_keys));
    let mut second = Node::start(second_keys, [first_row]);
    let mut first = Node::start(first_keys, [at(second_row, second.address())]);
    let (at_first, at_second) = (first.up().await, second.up().await);
    (first, at_first, second, at_second)
}
