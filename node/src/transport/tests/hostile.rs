use stafett_protocol::limits::FRAME_BYTES_MAX;

use super::*;

/// Without the waiting time after violations, of which these tests make many.
fn patient() -> TransportSettings {
    TransportSettings { violations_per_minute_max: u32::MAX, ..TransportSettings::default() }
}

#[tokio::test]
async fn lengths_out_of_bounds_close_the_link() {
    let keys = keys_of(HIGH);
    let mut node = Node::start_with(keys_of(LOW), [partner(&keys)], patient(), None);
    let raw = Raw::start(&keys, partner(&node.keys));

    for length in [0, 1, FRAME_BYTES_MAX as u32 + 1, u32::MAX] {
        for on_control in [true, false] {
            let mut remote = raw.link(&node).await;
            node.up().await;
            let mut data = remote.open_data().await;

            let stream = if on_control { &mut remote.send } else { &mut data };
            stream.write_all(&length.to_be_bytes()).await.expect("written");

            assert_eq!(remote.close_code().await, CloseCode::Framing, "{length}");
            assert!(matches!(node.down().await, DownReason::ClosedHere { code: CloseCode::Framing, .. }));
        }
    }
}

#[tokio::test]
async fn frame_cut_at_every_byte_is_never_delivered() {
    let keys = keys_of(HIGH);
    let mut node = Node::start_with(keys_of(LOW), [partner(&keys)], patient(), None);
    let raw = Raw::start(&keys, partner(&node.keys));
    let frame = b"\x00\x00\x00\x03abc";

    for cut in 0..frame.len() {
        let remote = raw.link(&node).await;
        node.up().await;
        let mut data = remote.open_data().await;

        data.write_all(&frame[..cut]).await.expect("written");
        data.finish().expect("open");

        assert_eq!(remote.close_code().await, CloseCode::Framing, "{cut}");
        assert!(matches!(node.down().await, DownReason::ClosedHere { .. }), "{cut}");
    }
}

#[tokio::test]
async fn half_a_frame_before_a_reset_is_forgotten() {
    let keys = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys)]);
    let raw = Raw::start(&keys, partner(&node.keys));
    let remote = raw.link(&node).await;
    node.up().await;

    let mut half = remote.open_data().await;
    half.write_all(b"\x00\x00\x00\x09half").await.expect("written");
    tokio::time::sleep(Duration::from_millis(100)).await;
    half.reset(CloseCode::StreamReset.into()).expect("open");
    let mut whole = remote.open_data().await;
    whole.write_all(b"\x00\x00\x00\x05whole").await.expect("written");

    assert!(matches!(node.event().await, LinkEvent::DataReset { .. }));
    assert_eq!(node.frame().await.1, b"whole");
}

#[tokio::test]
async fn streams_that_the_protocol_does_not_have_close_the_link() {
    let keys = keys_of(HIGH);
    let mut node = Node::start_with(keys_of(LOW), [partner(&keys)], patient(), None);
    let raw = Raw::start(&keys, partner(&node.keys));

    let remote = raw.link(&node).await;
    let (mut second_control, _keep) = remote.connection.open_bi().await.expect("opened");
    second_control.write_all(&[CONTROL]).await.expect("written");
    assert_eq!(remote.close_code().await, CloseCode::UnexpectedStream);

    let remote = raw.link(&node).await;
    let mut unknown = remote.connection.open_uni().await.expect("opened");
    unknown.write_all(&[CONTROL]).await.expect("written");
    assert_eq!(remote.close_code().await, CloseCode::UnexpectedStream);

    let mut remote = raw.link(&node).await;
    remote.send.reset(CloseCode::StreamReset.into()).expect("open");
    assert_eq!(remote.close_code().await, CloseCode::UnexpectedStream);

    let mut remote = raw.link(&node).await;
    remote.receive.stop(CloseCode::StreamReset.into()).expect("open");
    let Some(LinkEvent::Up { link, .. }) = last_up(&mut node).await else { panic!("no link") };
    while link.send_control(vec![0; 1_000]).await.is_ok() {}
    assert_eq!(remote.close_code().await, CloseCode::UnexpectedStream);

    let connection = raw.connect(&node).await.expect("connected");
    let (mut stream, _keep) = connection.open_bi().await.expect("opened");
    stream.write_all(&[99]).await.expect("written");
    assert_eq!(close_code(&connection).await, CloseCode::UnexpectedStream);
}

#[tokio::test]
async fn partner_that_never_reads_does_not_starve_another() {
    let (silent_keys, honest_keys) = (keys_of(HIGH), keys_of(MIDDLE));
    let mut node = Node::start(keys_of(LOW), [partner(&silent_keys), partner(&honest_keys)]);
    let silent = Raw::start(&silent_keys, partner(&node.keys));
    let never_reads = silent.link(&node).await;
    let to_silent = node.up().await;
    let stuck = tokio::spawn(async move { while to_silent.send_data(vec![0; 100_000]).await.is_ok() {} });
    // It also opens streams of its own, writes into one and leaves the others half begun.
    let mut unread = Vec::new();
    for _ in 0..4 {
        let mut stream = never_reads.connection.open_uni().await.expect("opened");
        stream.write_all(&[DATA, 0, 0]).await.expect("written");
        unread.push(stream);
    }

    let row = at(partner(&node.keys), node.address());
    let mut honest = Node::start(honest_keys, [row]);
    let (to_node, to_honest) = (honest.up().await, node.up().await);
    let exchanged = async {
        for number in 0..100_u8 {
            to_node.send_data(vec![number; 10_000]).await.expect("sent");
            assert_eq!(node.frame().await.1, vec![number; 10_000]);
            to_honest.send_data(vec![number; 10_000]).await.expect("sent");
            assert_eq!(honest.frame().await.1, vec![number; 10_000]);
        }
    };
    tokio::time::timeout(SOON, exchanged).await.expect("not starved");

    assert!(!stuck.is_finished(), "the silent partner's queue is full, and only its own");
    stuck.abort();
}

#[tokio::test]
async fn partner_over_its_share_of_bytes_is_closed_and_a_new_connection_refills_nothing() {
    let keys = keys_of(HIGH);
    let settings = TransportSettings { inbound_bytes_per_minute: 300_000, ..patient() };
    let mut node = Node::start_with(keys_of(LOW), [partner(&keys)], settings, None);
    let raw = Raw::start(&keys, partner(&node.keys));
    // Two fit; a third would have to wait six seconds for the share to refill.
    let frame = [110_000_u32.to_be_bytes().as_slice(), &[1; 110_000]].concat();

    for expected in [2, 0] {
        let remote = raw.link(&node).await;
        node.up().await;
        let mut data = remote.open_data().await;
        let flood = async { while data.write_all(&frame).await.is_ok() {} };
        tokio::time::timeout(SOON, flood).await.expect("stopped in time");

        let mut delivered = 0;
        let reason = loop {
            match node.event().await {
                LinkEvent::Frame { .. } => delivered += 1,
                LinkEvent::Down { reason, .. } => break reason,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(delivered, expected);
        assert!(matches!(reason, DownReason::ClosedHere { code: CloseCode::InboundBudget, .. }));
    }
}

#[tokio::test]
async fn third_connection_of_one_partner_is_refused() {
    let keys = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys)]);
    let raw = Raw::start(&keys, partner(&node.keys));
    let kept = raw.link(&node).await;
    node.up().await;
    let waiting = raw.connect(&node).await.expect("connected");
    tokio::time::sleep(Duration::from_millis(200)).await;

    let third = raw.connect(&node).await.expect("connected");

    assert_eq!(close_code(&third).await, CloseCode::TooManyConnections);
    assert!(waiting.close_reason().is_none() && kept.connection.close_reason().is_none());
}

#[tokio::test]
async fn connection_that_never_asks_for_a_link_is_closed_in_time() {
    let keys = keys_of(HIGH);
    let settings = TransportSettings { handshake_timeout: Duration::from_secs(1), ..patient() };
    let mut node = Node::start_with(keys_of(LOW), [partner(&keys)], settings, None);
    let raw = Raw::start(&keys, partner(&node.keys));

    let idle = raw.connect(&node).await.expect("connected");

    assert_eq!(close_code(&idle).await, CloseCode::HandshakeTooSlow);
    node.hears_nothing().await;
}

#[tokio::test]
async fn partner_that_breaks_rules_five_times_has_to_wait() {
    let keys = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&keys)]);
    let raw = Raw::start(&keys, partner(&node.keys));

    for _ in 0..5 {
        let mut remote = raw.link(&node).await;
        remote.send.write_all(&[0; 4]).await.expect("written");
        assert_eq!(remote.close_code().await, CloseCode::Framing);
        node.up().await;
        node.down().await;
    }

    let refused = raw.connect(&node).await.expect("connected");
    assert_eq!(close_code(&refused).await, CloseCode::HeldOff);
}

async fn last_up(node: &mut Node) -> Option<LinkEvent> {
    let mut last = None;
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(500), node.events.recv()).await {
        if matches!(event, LinkEvent::Up { .. }) {
            last = Some(event);
        }
    }
    last
}
