use super::*;

#[tokio::test]
async fn diagnosis_tells_apart_what_can_be_wrong() {
    let (ours, theirs) = (keys_of(LOW), keys_of(HIGH));
    let mut node = Node::start(theirs, [partner(&ours)]);
    let row = at(partner(&node.keys), node.address());
    let quick = TransportSettings { handshake_timeout: Duration::from_secs(1), ..Default::default() };
    let silent = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let check = async |keys: &NodeKeys, row: &Partner| diagnose(keys, row, &quick, fixed_clock()).await;

    assert!(matches!(check(&ours, &row).await, Diagnosis::Reachable { .. }));
    let other_key = Partner { pins: vec![ours.fingerprint()], ..row.clone() };
    let fingerprint = node.keys.fingerprint();
    let refusal = Refusal::UnknownKey { fingerprint };
    assert_eq!(check(&ours, &other_key).await, Diagnosis::RefusedHere { refusal });
    assert_eq!(check(&keys_of(LOW), &row).await, Diagnosis::RefusedByPartner { code: None });
    let silent_address = silent.local_addr().expect("bound");
    let unanswered = at(row.clone(), silent_address);
    assert_eq!(check(&ours, &unanswered).await, Diagnosis::NoAnswer { tried: vec![silent_address] });
    let nowhere = Partner { address: Some("node.invalid:4433".to_owned()), ..row.clone() };
    assert_eq!(check(&ours, &nowhere).await, Diagnosis::AddressUnknown);
    let other = another_protocol(&node.keys);
    let elsewhere = at(row.clone(), other.local_addr().expect("bound"));
    assert_eq!(check(&ours, &elsewhere).await, Diagnosis::AnotherProtocol);
    node.endpoint.replace_partners(PartnerTable::default());
    assert_eq!(check(&ours, &row).await, Diagnosis::RefusedByPartner { code: None });
    node.hears_nothing().await;
}

#[tokio::test]
async fn diagnosis_names_the_code_of_a_partner_that_holds_us_off() {
    let ours = keys_of(LOW);
    let mut node = Node::start(keys_of(HIGH), [partner(&ours)]);
    let raw = Raw::start(&ours, partner(&node.keys));
    let _remote = raw.link(&node).await;
    node.up().await.close(CloseCode::ProtocolErrors, "too many protocol errors");
    node.down().await;
    let row = at(partner(&node.keys), node.address());

    let found = diagnose(&ours, &row, &TransportSettings::default(), fixed_clock()).await;

    assert_eq!(found, Diagnosis::RefusedByPartner { code: Some(CloseCode::HeldOff) });
}

#[tokio::test]
async fn diagnosis_leaves_a_living_link_alone() {
    let (mut first, _link, mut second, _) = linked(LOW, HIGH).await;
    let row = at(partner(&second.keys), second.address());

    let found = diagnose(&first.keys, &row, &TransportSettings::default(), fixed_clock()).await;

    assert!(matches!(found, Diagnosis::Reachable { .. }), "{found:?}");
    first.hears_nothing().await;
    second.hears_nothing().await;
}

/// A QUIC server with the right key that offers something else.
fn another_protocol(keys: &NodeKeys) -> quinn::Endpoint {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(tls::provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(vec![keys.certificate().clone()], keys.tls_key())
        .expect("a certificate");
    config.alpn_protocols = vec![b"h3".to_vec()];
    let config = quinn::crypto::rustls::QuicServerConfig::try_from(config).expect("a cipher");
    let config = quinn::ServerConfig::with_crypto(Arc::new(config));
    let endpoint = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).expect("started");
    let accepting = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            tokio::spawn(async move { incoming.accept().expect("accepted").await });
        }
    });
    endpoint
}
