use super::*;

#[tokio::test]
async fn crossed_dial_of_the_higher_number_is_refused() {
    let high = keys_of(HIGH);
    let low = keys_of(LOW);
    let raw = Raw::start(&high, partner(&low));
    let mut node = Node::start(low, [at(partner(&high), raw.address())]);
    let kept = raw.accept().await;
    assert!(node.up().await.dialled_by_us());

    let crossing = raw.connect(&node).await.expect("connected");
    let (mut send, _receive) = crossing.open_bi().await.expect("opened");
    send.write_all(&[CONTROL]).await.expect("written");

    assert_eq!(close_code(&crossing).await, CloseCode::Duplicate);
    assert!(kept.connection.close_reason().is_none());
    node.hears_nothing().await;
}

#[tokio::test]
async fn crossed_dial_of_the_lower_number_takes_over() {
    let low = keys_of(LOW);
    let high = keys_of(HIGH);
    let raw = Raw::start(&low, partner(&high));
    let mut node = Node::start(high, [at(partner(&low), raw.address())]);
    let first = raw.accept().await;
    assert!(node.up().await.dialled_by_us());

    let crossing = raw.link(&node).await;

    assert_eq!(first.close_code().await, CloseCode::Duplicate);
    assert!(matches!(node.down().await, DownReason::ClosedHere { code: CloseCode::Duplicate, .. }));
    assert!(!node.up().await.dialled_by_us());
    node.hears_nothing().await;
    assert!(crossing.connection.close_reason().is_none());
}

#[tokio::test]
async fn newest_connection_of_one_dialler_takes_over() {
    let keys = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys)]);
    let raw = Raw::start(&keys, partner(&node.keys));

    let first = raw.link(&node).await;
    let first_id = node.up().await.connection_id();
    let second = raw.link(&node).await;

    assert_eq!(first.close_code().await, CloseCode::Replaced);
    assert!(matches!(node.down().await, DownReason::ClosedHere { code: CloseCode::Replaced, .. }));
    assert!(node.up().await.connection_id() > first_id);
    assert!(second.connection.close_reason().is_none());
}

#[tokio::test]
async fn two_nodes_that_both_dial_end_with_one_link() {
    let (low_keys, high_keys) = (keys_of(LOW), keys_of(HIGH));
    let (low_row, high_row) = (partner(&low_keys), partner(&high_keys));
    let mut low = Node::start(low_keys, [high_row.clone()]);
    let mut high = Node::start(high_keys, [low_row.clone()]);

    low.endpoint.replace_partners([at(high_row, high.address())].into_iter().collect());
    high.endpoint.replace_partners([at(low_row, low.address())].into_iter().collect());

    let (at_low, at_high) = (settled(&mut low).await, settled(&mut high).await);
    assert_ne!(at_low.dialled_by_us(), at_high.dialled_by_us(), "both hold the same connection");
    at_low.send_control(b"hello".to_vec()).await.expect("sent");
    assert_eq!(high.frame().await.1, b"hello");
    at_high.send_control(b"hello".to_vec()).await.expect("sent");
    assert_eq!(low.frame().await.1, b"hello");
}

#[test]
fn link_is_up_again_within_seconds_after_the_dialled_node_was_killed() {
    let (caller_keys, killed_keys) = (keys_of(LOW), keys_of(HIGH));
    let (caller_row, killed_row) = (partner(&caller_keys), partner(&killed_keys));
    let folder = tempfile::tempdir().expect("a folder");
    killed_keys.write(folder.path()).expect("written");
    // With an idle timeout this long only the restarted node itself can tell.
    let settings = TransportSettings {
        idle_timeout: Duration::from_secs(60),
        keep_alive: Duration::from_millis(500),
        ..TransportSettings::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let doomed = tokio::runtime::Runtime::new().expect("a runtime");
    let start = |keys, port| {
        let options = EndpointOptions {
            listen: (Ipv4Addr::LOCALHOST, port).into(),
            settings: settings.clone(),
            partners: [caller_row.clone()].into_iter().collect(),
            clock: fixed_clock(),
            jitter: Arc::new(|| 0),
            recorder: None,
        };
        Endpoint::start(&keys, options).expect("started")
    };

    let (first_life, first_events) = doomed.block_on(async { start(killed_keys, 0) });
    let address = first_life.local_address().expect("bound");
    let mut caller = runtime.block_on(async {
        let mut caller = Node::start_with(caller_keys, [at(killed_row, address)], settings.clone(), None);
        caller.up().await;
        caller
    });
    // The task that sends packets goes first, so there is no farewell, as in a power cut.
    doomed.shutdown_timeout(Duration::from_secs(2));
    drop((first_life, first_events));

    runtime.block_on(async {
        let keys = NodeKeys::read(folder.path()).expect("read");
        let (_second_life, mut events) = start(keys, address.port());
        let begun = std::time::Instant::now();
        assert_eq!(caller.down().await, DownReason::PartnerRestarted);
        let link = caller.up().await;
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        link.send_control(b"again".to_vec()).await.expect("sent");
        assert!(matches!(events.recv().await, Some(LinkEvent::Up { .. })));
        assert!(matches!(events.recv().await, Some(LinkEvent::Frame { .. })));
    });
}

#[tokio::test]
async fn partner_that_comes_late_is_linked_by_redialling() {
    let (caller_keys, late_keys) = (keys_of(LOW), keys_of(HIGH));
    let (caller_row, late_row) = (partner(&caller_keys), partner(&late_keys));
    let settings = TransportSettings {
        handshake_timeout: Duration::from_millis(300),
        redial_min: Duration::from_millis(100),
        ..TransportSettings::default()
    };
    let port = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let address = port.local_addr().expect("bound");
    let mut caller = Node::start_with(caller_keys, [at(late_row, address)], settings, None);
    tokio::time::sleep(Duration::from_secs(1)).await;

    drop(port);
    let options = EndpointOptions {
        listen: address,
        settings: TransportSettings::default(),
        partners: [caller_row].into_iter().collect(),
        clock: fixed_clock(),
        jitter: Arc::new(|| 0),
        recorder: None,
    };
    let (_late, mut events) = Endpoint::start(&late_keys, options).expect("started");

    assert!(caller.up().await.dialled_by_us());
    assert!(matches!(events.recv().await, Some(LinkEvent::Up { .. })));
}

/// Follows a node's links until nothing changes, and returns the one that is left.
async fn settled(node: &mut Node) -> LinkHandle {
    let mut link = None;
    loop {
        let quiet = Duration::from_millis(1_500);
        match tokio::time::timeout(quiet, node.events.recv()).await {
            Ok(Some(LinkEvent::Up { link: new, .. })) => {
                assert!(link.replace(new).is_none(), "two links at once");
            }
            Ok(Some(LinkEvent::Down { connection_id, .. })) => {
                let old = link.take().expect("a link that was up");
                assert_eq!(old.connection_id(), connection_id);
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => match &link {
                Some(link) => return link.clone(),
                None => panic!("no link"),
            },
        }
    }
}
