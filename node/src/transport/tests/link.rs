use std::sync::Mutex;

use super::*;

#[tokio::test]
async fn frames_go_both_ways_on_both_streams_in_order() {
    let (mut first, at_first, mut second, at_second) = linked(LOW, HIGH).await;
    assert_eq!((at_first.partner(), at_second.partner()), (number(HIGH), number(LOW)));
    assert!(at_first.dialled_by_us() && !at_second.dialled_by_us());

    for (link, node) in [(&at_first, &mut second), (&at_second, &mut first)] {
        let sent: Vec<Vec<u8>> = (0..50_u8).map(|number| vec![number; 2_000]).collect();
        for frame in &sent {
            link.send_data(frame.clone()).await.expect("sent");
            link.send_control(frame.clone()).await.expect("sent");
        }
        let (mut control, mut data) = (Vec::new(), Vec::new());
        for _ in 0..100 {
            match node.frame().await {
                (StreamKind::Control, frame) => control.push(frame),
                (StreamKind::Data, frame) => data.push(frame),
            }
        }
        assert_eq!((&control, &data), (&sent, &sent));
    }
}

#[tokio::test]
async fn largest_frame_arrives_and_larger_and_smaller_ones_are_not_taken() {
    use stafett_protocol::limits::FRAME_BYTES_MAX;
    let (_first, link, mut second, _) = linked(LOW, HIGH).await;

    for length in [0, 1, FRAME_BYTES_MAX + 1] {
        let refused = link.send_data(vec![0; length]).await;
        assert!(matches!(refused, Err(SendError::Frame(_))), "{length}: {refused:?}");
    }
    link.send_data(vec![7; FRAME_BYTES_MAX]).await.expect("sent");

    assert_eq!(second.frame().await.1, vec![7; FRAME_BYTES_MAX]);
}

#[tokio::test]
async fn partner_removed_from_the_table_is_closed_within_a_second() {
    let (first, _link, mut second, _) = linked(LOW, HIGH).await;

    first.endpoint.replace_partners(PartnerTable::default());
    let down = tokio::time::timeout(Duration::from_secs(1), second.down()).await.expect("within a second");

    let code = Some(CloseCode::NoAgreement);
    assert_eq!(down, DownReason::ClosedByPartner { number: CloseCode::NoAgreement.number().into(), code });
    second.hears_nothing().await;
}

#[tokio::test]
async fn key_that_is_no_longer_pinned_is_closed_within_a_second() {
    let (first, _link, mut second, _) = linked(LOW, HIGH).await;
    let other_key = Partner { pins: vec![keys_of(HIGH).fingerprint()], ..partner(&second.keys) };

    first.endpoint.replace_partners([other_key].into_iter().collect());
    let down = tokio::time::timeout(Duration::from_secs(1), second.down()).await.expect("within a second");

    assert!(matches!(down, DownReason::ClosedByPartner { code: Some(CloseCode::NoAgreement), .. }));
}

#[tokio::test]
async fn agreement_that_ends_closes_the_link_and_the_dialler_stays_away() {
    let (mut first, _link, mut second, _) = linked(LOW, HIGH).await;

    first.clock.store(NOW.0 + DAY, Ordering::SeqCst);

    assert!(matches!(first.down().await, DownReason::ClosedHere { code: CloseCode::NoAgreement, .. }));
    assert!(matches!(second.down().await, DownReason::ClosedByPartner { .. }));
    first.hears_nothing().await;
}

#[tokio::test]
async fn unchanged_partner_keeps_its_link_when_the_table_is_replaced() {
    let (mut first, link, mut second, _) = linked(LOW, HIGH).await;
    let rows = [at(partner(&second.keys), second.address()), partner(&keys_of(MIDDLE))];

    first.endpoint.replace_partners(rows.into_iter().collect());

    link.send_data(b"still here".to_vec()).await.expect("sent");
    assert_eq!(second.frame().await.1, b"still here");
    first.hears_nothing().await;
}

#[tokio::test]
async fn reset_data_drops_what_waits_and_a_fresh_stream_follows() {
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let recorder: FrameRecorder = {
        let recorded = Arc::clone(&recorded);
        Arc::new(move |_, stream, frame| recorded.lock().expect("sound").push((stream, frame.to_vec())))
    };
    let reader = keys_of(HIGH);
    let settings = TransportSettings::default();
    let mut node = Node::start_with(keys_of(LOW), [partner(&reader)], settings, Some(recorder));
    let raw = Raw::start(&reader, partner(&node.keys));
    let remote = raw.link(&node).await;
    let link = node.up().await;
    // Nobody reads: some frames are in flight, one is half handed over, the rest waits.
    for number in 0..20_u8 {
        link.send_data(vec![number; 60_000]).await.expect("queued");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;

    let unsent = link.reset_data();
    let handed_over = recorded.lock().expect("sound").len();
    link.send_data(b"after".to_vec()).await.expect("queued");
    let mut old = remote.connection.accept_uni().await.expect("opened");
    let ended = read_all(&mut old).await;
    let mut fresh = remote.connection.accept_uni().await.expect("opened");
    let mut arrived = [0; 10];
    tokio::time::timeout(SOON, fresh.read_exact(&mut arrived)).await.expect("in time").expect("read");

    assert!((1..20).contains(&handed_over), "{handed_over}");
    assert_eq!(unsent, (0..20_u8).skip(handed_over).map(|number| vec![number; 60_000]).collect::<Vec<_>>());
    assert_eq!(ended, quinn::ReadError::Reset(CloseCode::StreamReset.into()));
    assert_eq!(&arrived, b"\x02\x00\x00\x00\x05after");
    let after = (StreamKind::Data, b"after".to_vec());
    assert_eq!(recorded.lock().expect("sound").split_off(handed_over), vec![after]);
}

#[tokio::test]
async fn engine_hears_of_a_reset_between_the_frames_before_and_after() {
    let (_first, link, mut second, _) = linked(LOW, HIGH).await;

    link.send_data(b"before".to_vec()).await.expect("sent");
    assert_eq!(second.frame().await.1, b"before");
    link.reset_data();
    link.send_data(b"after".to_vec()).await.expect("sent");

    assert!(matches!(second.event().await, LinkEvent::DataReset { partner, .. } if partner == number(LOW)));
    assert_eq!(second.frame().await, (StreamKind::Data, b"after".to_vec()));
}

#[tokio::test]
async fn many_resets_in_a_row_leave_a_working_link() {
    let (_first, link, mut second, _) = linked(LOW, HIGH).await;

    for _ in 0..30 {
        link.send_data(vec![1; 5_000]).await.expect("sent");
        link.reset_data();
        tokio::task::yield_now().await;
    }
    link.send_data(b"after".to_vec()).await.expect("sent");

    loop {
        match second.event().await {
            LinkEvent::Frame { bytes, .. } if bytes == b"after" => break,
            LinkEvent::Frame { bytes, .. } => assert_eq!(bytes, vec![1; 5_000]),
            LinkEvent::DataReset { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn frame_that_waits_for_room_is_refused_by_a_reset() {
    let reader = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&reader)]);
    let raw = Raw::start(&reader, partner(&node.keys));
    let _remote = raw.link(&node).await;
    let link = node.up().await;
    let sending = {
        let link = link.clone();
        tokio::spawn(async move {
            loop {
                link.send_data(vec![0; 200_000]).await?;
            }
            #[expect(unreachable_code, reason = "names the type of the task")]
            Ok::<(), SendError>(())
        })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!sending.is_finished(), "the queue is bounded, so the sender waits");

    link.reset_data();

    let ended = tokio::time::timeout(SOON, sending).await.expect("in time").expect("no panic");
    assert!(matches!(ended, Err(SendError::Reset)), "{ended:?}");
}

#[tokio::test]
async fn frames_that_were_not_sent_come_back_with_the_end_of_the_link() {
    let reader = keys_of(HIGH);
    let mut node = Node::start(keys_of(LOW), [partner(&reader)]);
    let raw = Raw::start(&reader, partner(&node.keys));
    let _remote = raw.link(&node).await;
    let link = node.up().await;
    for number in 0..20_u8 {
        link.send_data(vec![number; 60_000]).await.expect("queued");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;

    link.close(CloseCode::ShuttingDown, "the test is over");

    match node.event().await {
        LinkEvent::Down { unsent, reason, .. } => {
            let expected = 20 - unsent.len();
            assert!((1..20).contains(&expected), "{expected}");
            assert_eq!(unsent.first(), Some(&vec![u8::try_from(expected).expect("small"); 60_000]));
            assert_eq!(unsent.last(), Some(&vec![19; 60_000]));
            let detail = "the test is over";
            assert_eq!(reason, DownReason::ClosedHere { code: CloseCode::ShuttingDown, detail });
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(link.send_data(vec![0; 9]).await, Err(SendError::Closed)));
    assert!(matches!(link.send_control(vec![0; 9]).await, Err(SendError::Closed)));
}

#[tokio::test]
async fn node_that_shuts_down_tells_its_partners() {
    let (first, _link, mut second, _) = linked(LOW, HIGH).await;

    first.endpoint.shut_down(Duration::from_secs(2)).await;

    assert!(matches!(
        second.down().await,
        DownReason::ClosedByPartner { code: Some(CloseCode::ShuttingDown), .. }
    ));
}

async fn read_all(stream: &mut RecvStream) -> quinn::ReadError {
    let mut buffer = vec![0; 65_536];
    loop {
        match tokio::time::timeout(SOON, stream.read(&mut buffer)).await.expect("in time") {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream was ended, not reset"),
            Err(error) => return error,
        }
    }
}
