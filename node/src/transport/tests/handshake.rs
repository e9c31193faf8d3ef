use std::sync::Mutex;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, NamedGroup, SignatureScheme};

use super::*;

#[tokio::test]
async fn node_without_a_certificate_is_refused() {
    let mut node = Node::start(keys_of(LOW), [partner(&keys_of(HIGH))]);

    let refused = dial_raw(&node, RawTls::default()).await;

    assert!(is_alert(&refused, 116), "{refused:?}");
    node.hears_nothing().await;
}

#[tokio::test]
async fn node_with_an_unknown_key_is_refused() {
    let stranger = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys_of(HIGH))]);

    let refused = dial_raw(&node, RawTls { keys: Some(&stranger), ..RawTls::default() }).await;

    assert!(is_alert(&refused, 49), "{refused:?}");
    node.hears_nothing().await;
}

#[tokio::test]
async fn right_key_with_another_organisation_is_refused() {
    let renamed = keys_of(MIDDLE);
    let row = Partner { organisation: number(HIGH), ..partner(&renamed) };
    let mut node = Node::start(keys_of(LOW), [row]);

    let refused = dial_raw(&node, RawTls { keys: Some(&renamed), ..RawTls::default() }).await;

    assert!(is_alert(&refused, 49), "{refused:?}");
    node.hears_nothing().await;
}

#[tokio::test]
async fn key_without_its_private_half_is_refused() {
    let (real, thief) = (keys_of(HIGH), keys_of(HIGH));
    let mut node = Node::start(keys_of(LOW), [partner(&real)]);

    let stolen = RawTls { keys: Some(&thief), certificate: Some(&real), ..RawTls::default() };
    let refused = dial_raw(&node, stolen).await;

    assert!(is_alert(&refused, 51), "a signature by another key must not verify: {refused:?}");
    node.hears_nothing().await;
}

#[tokio::test]
async fn agreement_opens_the_link_at_its_first_moment_and_closes_it_at_its_end() {
    let keys = keys_of(HIGH);
    let row = |from: u64, until: u64| Partner {
        agreement_from: UnixMillis(from),
        agreement_until: UnixMillis(until),
        ..partner(&keys)
    };
    for (row, open) in [
        (row(NOW.0 + 1, NOW.0 + 2), false),
        (row(NOW.0, NOW.0 + 1), true),
        (row(NOW.0 - 1, NOW.0), false),
        (Partner { recall_only: true, ..row(NOW.0 - 1, NOW.0) }, true),
    ] {
        let node = Node::start(keys_of(LOW), [row.clone()]);

        let outcome = dial_raw(&node, RawTls { keys: Some(&keys), ..RawTls::default() }).await;

        match outcome {
            Ok(answer) => assert!(open && answer == [CONTROL], "{row:?}"),
            Err(_) => assert!(!open && is_alert(&outcome, 49), "{row:?}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn certificate_outside_its_validity_is_refused() {
    let certificate = |from: u64, until: u64| {
        let subject = CertificateSubject {
            organisation: number(HIGH),
            municipality: "Prøve kommune".to_owned(),
            from: UnixMillis(from),
            until: UnixMillis(until),
        };
        NodeKeys::generate(&subject).expect("keys")
    };
    for (keys, open) in [
        (certificate(NOW.0 - DAY, NOW.0 - 1_000), false),
        (certificate(NOW.0 + 1_000, NOW.0 + DAY), false),
        (certificate(NOW.0, NOW.0), true),
    ] {
        let node = Node::start(keys_of(LOW), [partner(&keys)]);

        let outcome = dial_raw(&node, RawTls { keys: Some(&keys), ..RawTls::default() }).await;

        assert_eq!(outcome.is_ok(), open, "{outcome:?}");
    }
}

#[tokio::test]
async fn next_key_is_accepted_beside_the_current_one() {
    let (current, next) = (keys_of(HIGH), keys_of(HIGH));
    let row = Partner { pins: vec![current.fingerprint(), next.fingerprint()], ..partner(&current) };
    let node = Node::start(keys_of(LOW), [row]);

    for keys in [&current, &next] {
        let outcome = dial_raw(&node, RawTls { keys: Some(keys), ..RawTls::default() }).await;
        assert_eq!(outcome.expect("accepted"), [CONTROL]);
    }
}

#[tokio::test]
async fn other_protocol_names_are_refused() {
    let keys = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys)]);
    let longest = vec![b'x'; 255];

    for names in [vec![], vec![b"h3".to_vec()], vec![b"stafett/2".to_vec()], vec![longest; 200]] {
        let alpn = Some(names.clone());
        let refused = dial_raw(&node, RawTls { keys: Some(&keys), alpn, ..RawTls::default() }).await;

        assert!(refused.is_err(), "{} names", names.len());
    }
    node.hears_nothing().await;
}

#[tokio::test]
async fn dialled_node_with_another_key_is_refused_before_it_sees_a_byte() {
    let (expected, impostor, caller) = (keys_of(HIGH), keys_of(HIGH), keys_of(LOW));
    let raw = Raw::start(&impostor, partner(&caller));
    let mut node = Node::start(caller, [at(partner(&expected), raw.address())]);

    let arrived = async {
        loop {
            let incoming = raw.quinn.accept().await.expect("open");
            if incoming.remote_address_validated() {
                return incoming.accept().expect("accepted").await;
            }
            incoming.retry().expect("not validated yet");
        }
    };
    let refused = tokio::time::timeout(SOON, arrived).await.expect("in time");

    assert!(refused.is_err(), "the handshake must not succeed");
    node.hears_nothing().await;
}

#[tokio::test]
async fn dialled_node_without_the_private_half_of_its_key_is_refused() {
    let (real, thief, caller) = (keys_of(HIGH), keys_of(HIGH), keys_of(LOW));
    let key = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&thief.tls_key()).expect("a key");
    // Without the check that key and certificate belong together.
    let stolen = rustls::sign::CertifiedKey::new(vec![real.certificate().clone()], key);
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(stolen)));
    config.alpn_protocols = vec![ALPN.to_vec()];
    let config = quinn::crypto::rustls::QuicServerConfig::try_from(config).expect("a cipher");
    let config = quinn::ServerConfig::with_crypto(Arc::new(config));
    let server = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).expect("started");
    let address = server.local_addr().expect("bound");
    let mut node = Node::start(caller, [at(partner(&real), address)]);

    let arrived = async { server.accept().await.expect("open").accept().expect("accepted").await };
    let refused = tokio::time::timeout(SOON, arrived).await.expect("in time");

    // The signature did not verify: alert 51 (RFC 8446, 6).
    assert!(is_alert(&refused.map(|_| [0]), 51));
    node.hears_nothing().await;
}

#[tokio::test]
async fn every_connection_is_a_full_handshake() {
    let keys = keys_of(HIGH);
    let node = Node::start(keys_of(LOW), [partner(&keys)]);
    let store = Arc::new(TicketStore::default());
    let tls = RawTls { keys: Some(&keys), store: Some(Arc::clone(&store)), ..RawTls::default() };
    let config = tls.config();
    let client = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("an endpoint");

    assert_eq!(exchange(&client, config.clone(), &node).await.expect("linked"), [CONTROL]);
    let early = client.connect_with(config.clone(), node.address(), "node.invalid").expect("dialled");
    assert!(early.into_0rtt().is_err(), "nothing to send early data with");
    assert_eq!(store.tickets.lock().expect("sound").len(), 0, "nothing to resume with");
    node.endpoint.replace_partners(PartnerTable::default());
    let refused = exchange(&client, config, &node).await;

    assert!(is_alert(&refused, 49), "the verifier was not asked again: {refused:?}");
}

#[tokio::test]
async fn address_is_validated_before_anything_else() {
    let keys = keys_of(HIGH);
    let node = Node::start(keys_of(LOW), [partner(&keys)]);
    let between = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
    let client = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("an endpoint");
    let config = RawTls { keys: Some(&keys), ..RawTls::default() }.config();
    let address = between.local_addr().expect("bound");
    let _connecting = client.connect_with(config, address, "node.invalid").expect("dialled");
    let mut packet = [0; 2_000];
    let (length, _) = between.recv_from(&mut packet).await.expect("an initial packet");

    between.send_to(&packet[..length], node.address()).await.expect("passed on");
    // The client's hello takes more than one packet, so others of its packets come too.
    let answer = async {
        loop {
            let (length, from) = between.recv_from(&mut packet).await.expect("a packet");
            if from == node.address() {
                return length;
            }
        }
    };
    let length = tokio::time::timeout(SOON, answer).await.expect("an answer in time");

    // A long header of type 3 is a Retry packet (RFC 9000, 17.2.5).
    assert_eq!(packet[0] & 0b1011_0000, 0b1011_0000, "the answer is no Retry");
    assert!(length < 200, "an address that is not validated gets no large answer: {length}");
}

/// What one address may have running at once is its own: it takes no place of another's.
#[tokio::test]
async fn one_address_has_so_many_handshakes_at_once_and_another_still_gets_in() {
    let keys = keys_of(HIGH);
    // They connect and then say nothing, which is a handshake that still runs.
    let settings = TransportSettings {
        handshake_timeout: 4 * SOON,
        connections_per_partner_max: 64,
        ..TransportSettings::default()
    };
    let most = settings.handshakes_per_address_max;
    let node = Node::start_with(keys_of(LOW), [partner(&keys)], settings, None);
    let [here, there] = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)]
        .map(|address| quinn::Endpoint::client((address, 0).into()).expect("an endpoint"));
    let dial = |client: &quinn::Endpoint| {
        let config = RawTls { keys: Some(&keys), ..RawTls::default() }.config();
        client.connect_with(config, node.address(), "node.invalid").expect("dialled")
    };
    let mut slow = Vec::new();
    for number in 0..most {
        let answer = tokio::time::timeout(SOON, dial(&here)).await;
        slow.push(answer.unwrap_or_else(|_| panic!("number {number} is let in")).expect("connected"));
    }

    let one_more = tokio::time::timeout(Duration::from_secs(2), dial(&here)).await;
    let other = tokio::time::timeout(SOON, dial(&there)).await.expect("an answer in time");

    assert!(one_more.is_err(), "number {} of one address is answered: {one_more:?}", most + 1);
    other.expect("another address is let in");
    slow.pop().expect("some").close(0_u8.into(), b"");
    let again = tokio::time::timeout(SOON, dial(&here)).await.expect("an answer in time");
    again.expect("the place is free again");
}

/// While all handshakes that may run do, so many attempts wait. Those above are not heard: each is one
/// packet here, which nobody sends again.
#[tokio::test]
async fn attempts_above_those_that_may_wait_are_not_heard_and_those_that_wait_are_answered() {
    let keys = keys_of(HIGH);
    let settings = TransportSettings {
        handshakes_max: 1,
        incoming_max: 3,
        handshake_timeout: 4 * SOON,
        ..TransportSettings::default()
    };
    let waiting_max = settings.incoming_max;
    let node = Node::start_with(keys_of(LOW), [partner(&keys)], settings, None);
    let client = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("an endpoint");
    let dial = |address| {
        let config = RawTls { keys: Some(&keys), ..RawTls::default() }.config();
        client.connect_with(config, address, "node.invalid").expect("dialled")
    };
    let runs = tokio::time::timeout(SOON, dial(node.address())).await.expect("in time").expect("connected");
    let (mut sockets, mut packet) = (Vec::new(), [0; 2_000]);
    for _ in 0..waiting_max + 3 {
        let between = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
        let _connecting = dial(between.local_addr().expect("bound"));
        let (length, _) = between.recv_from(&mut packet).await.expect("an initial packet");
        between.send_to(&packet[..length], node.address()).await.expect("passed on");
        sockets.push(between);
    }
    assert_eq!(answered(&sockets, node.address()).await, 0, "while the one handshake runs");

    runs.close(0_u8.into(), b"");

    assert_eq!(answered(&sockets, node.address()).await, waiting_max);
}

/// How many of some sockets hear from a node within half a second.
async fn answered(sockets: &[tokio::net::UdpSocket], node: SocketAddr) -> usize {
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut packet = [0; 2_000];
    let mut hears = |socket: &tokio::net::UdpSocket| {
        while let Ok((_, from)) = socket.try_recv_from(&mut packet) {
            if from == node {
                return true;
            }
        }
        false
    };
    sockets.iter().filter(|socket| hears(socket)).count()
}

#[tokio::test]
async fn hybrid_key_exchange_is_offered_first_and_works_alone() {
    let keys = keys_of(HIGH);
    let node = Node::start(keys_of(LOW), [partner(&keys)]);
    let groups: Vec<_> = tls::provider().kx_groups.iter().map(|group| group.name()).collect();
    assert_eq!(groups.first(), Some(&NamedGroup::X25519MLKEM768));

    let hybrid = RawTls { keys: Some(&keys), only_hybrid: true, ..RawTls::default() };

    assert_eq!(dial_raw(&node, hybrid).await.expect("linked"), [CONTROL]);
}

/// What a raw client does otherwise than a node.
#[derive(Default)]
pub(super) struct RawTls<'a> {
    pub(super) keys: Option<&'a NodeKeys>,
    /// Whose certificate to show with the key of `keys`; its own if nothing.
    pub(super) certificate: Option<&'a NodeKeys>,
    pub(super) alpn: Option<Vec<Vec<u8>>>,
    pub(super) store: Option<Arc<TicketStore>>,
    pub(super) only_hybrid: bool,
}

impl RawTls<'_> {
    fn config(&self) -> quinn::ClientConfig {
        let mut provider = tls::provider();
        if self.only_hybrid {
            provider.kx_groups.truncate(1);
        }
        let provider = Arc::new(provider);
        let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyServer(provider)));
        let mut config = match self.keys {
            None => builder.with_no_client_auth(),
            Some(keys) => {
                let certificate = self.certificate.unwrap_or(keys).certificate().clone();
                let key = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&keys.tls_key()).expect("a key");
                // Without the check that key and certificate belong together.
                let certified = rustls::sign::CertifiedKey::new(vec![certificate], key);
                builder.with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)))
            }
        };
        config.alpn_protocols = self.alpn.clone().unwrap_or_else(|| vec![ALPN.to_vec()]);
        if let Some(store) = &self.store {
            config.resumption = Resumption::store(Arc::clone(store) as _);
            config.enable_early_data = true;
        }
        let config = quinn::crypto::rustls::QuicClientConfig::try_from(config).expect("a cipher");
        quinn::ClientConfig::new(Arc::new(config))
    }
}

pub(super) async fn dial_raw(node: &Node, tls: RawTls<'_>) -> Result<[u8; 1], quinn::ConnectionError> {
    let client = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("an endpoint");
    exchange(&client, tls.config(), node).await
}

/// Connects and asks for a link; the answer, or why there is none.
async fn exchange(
    client: &quinn::Endpoint,
    config: quinn::ClientConfig,
    node: &Node,
) -> Result<[u8; 1], quinn::ConnectionError> {
    let exchanged = async {
        let connection =
            client.connect_with(config, node.address(), "node.invalid").expect("dialled").await?;
        let (mut send, mut receive) = connection.open_bi().await?;
        let mut answer = [0];
        if send.write_all(&[CONTROL]).await.is_err() || receive.read_exact(&mut answer).await.is_err() {
            return Err(connection.closed().await);
        }
        Ok(answer)
    };
    tokio::time::timeout(SOON, exchanged).await.expect("an answer in time")
}

/// Whether the other side ended the handshake with this alert (RFC 8446, 6).
fn is_alert(outcome: &Result<[u8; 1], quinn::ConnectionError>, alert: u64) -> bool {
    let Err(quinn::ConnectionError::ConnectionClosed(close)) = outcome else { return false };
    u64::from(close.error_code) == 0x100 + alert
}

#[derive(Debug, Default)]
pub(super) struct TicketStore {
    tickets: Mutex<Vec<Tls13ClientSessionValue>>,
}

impl ClientSessionStore for TicketStore {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.tickets.lock().expect("sound").push(ticket);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tickets.lock().expect("sound").pop()
    }
}

#[derive(Debug)]
struct AnyServer(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
