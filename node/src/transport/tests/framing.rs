use stafett_protocol::limits::FRAME_BYTES_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::transport::framing::{FramingError, length_prefix, read_frame, write_frame};

#[tokio::test]
async fn frames_of_every_length_class_round_trip() {
    for length in [2, 3, 16_383, 16_384, 16_385, FRAME_BYTES_MAX] {
        let frame: Vec<u8> = (0..=250).cycle().take(length).collect();
        let mut stream = Vec::new();
        write_frame(&mut stream, &frame).await.expect("written");
        write_frame(&mut stream, b"next").await.expect("written");

        let mut reader = stream.as_slice();

        assert_eq!(read_frame(&mut reader).await.expect("read"), Some(frame));
        assert_eq!(read_frame(&mut reader).await.expect("read").as_deref(), Some(b"next".as_slice()));
        assert_eq!(read_frame(&mut reader).await.expect("read"), None);
    }
}

#[tokio::test]
async fn frame_cut_at_every_byte_is_an_error_and_a_cut_between_frames_is_none() {
    let mut stream = Vec::new();
    write_frame(&mut stream, &[7; 40]).await.expect("written");

    for cut in 0..stream.len() {
        let read = read_frame(&mut &stream[..cut]).await;
        match cut {
            0 => assert!(matches!(read, Ok(None)), "{read:?}"),
            1..4 => assert!(matches!(read, Err(FramingError::Cut { expected: 4, found }) if found == cut)),
            _ => {
                assert!(matches!(read, Err(FramingError::Cut { expected: 40, found }) if found == cut - 4));
            }
        }
    }
}

#[tokio::test]
async fn lengths_out_of_bounds_are_refused_before_a_byte_of_the_frame_is_read() {
    for (length, too_long) in
        [(0_u32, false), (1, false), (FRAME_BYTES_MAX as u32 + 1, true), (u32::MAX, true)]
    {
        let mut stream = length.to_be_bytes().to_vec();
        stream.extend([9; 64]);
        let mut reader = stream.as_slice();

        let read = read_frame(&mut reader).await;

        match read {
            Err(FramingError::TooLong { length: named }) => assert!(too_long && named == length as usize),
            Err(FramingError::TooShort { length: named }) => assert!(!too_long && named == length as usize),
            other => panic!("{length}: {other:?}"),
        }
        assert_eq!(reader.len(), 64, "the frame was left alone");
    }
}

#[tokio::test]
async fn frames_that_no_partner_takes_are_not_written() {
    for length in [0, 1, FRAME_BYTES_MAX + 1] {
        let mut stream = Vec::new();

        assert!(write_frame(&mut stream, &vec![0; length]).await.is_err(), "{length}");

        assert!(stream.is_empty());
        assert!(length_prefix(&vec![0; length]).is_err());
    }
}

#[tokio::test]
async fn frame_that_arrives_byte_by_byte_is_read_whole() {
    let (mut sender, mut receiver) = tokio::io::duplex(1);
    let sending = tokio::spawn(async move {
        let mut stream = Vec::new();
        write_frame(&mut stream, &[5; 300]).await.expect("written");
        for byte in stream {
            sender.write_all(&[byte]).await.expect("written");
        }
    });

    let frame = read_frame(&mut receiver).await.expect("read");

    assert_eq!(frame, Some(vec![5; 300]));
    sending.await.expect("sent");
    assert_eq!(receiver.read(&mut [0]).await.expect("read"), 0);
}

/// What is read is what stands there, byte for byte, up to where it is none.
#[tokio::test]
async fn bytes_of_a_stream_are_frames_or_an_error_whatever_they_are() {
    let mut whole = Vec::new();
    for length in [2, 40, 300] {
        write_frame(&mut whole, &vec![3; length]).await.expect("written");
    }
    let (mut frames, mut errors) = (0, 0);
    for at in 0..whole.len() {
        for byte in [0, 1, 2, 4, 0x7f, 0xff] {
            let changed = |byte| [&whole[..at], &[byte], &whole[at + 1..]].concat();
            let added = [&whole[..at], &[byte], &whole[at..]].concat();
            let removed = [&whole[..at], &whole[at + 1..]].concat();
            for stream in [changed(byte), changed(whole[at] ^ byte), added, removed] {
                let (mut reader, mut again) = (stream.as_slice(), Vec::new());
                loop {
                    let before = reader.len();
                    match read_frame(&mut reader).await {
                        Ok(Some(frame)) => write_frame(&mut again, &frame).await.expect("fits"),
                        Ok(None) => break assert_eq!(before, 0, "the stream has not ended"),
                        Err(_) => break errors += 1,
                    }
                    frames += 1;
                    assert_eq!(again, stream[..stream.len() - reader.len()]);
                }
            }
        }
    }
    assert!(frames > 10_000 && errors > 1_000, "{frames} frames, {errors} errors");
}
