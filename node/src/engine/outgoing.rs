//! Frames on their way to the transport, each with the disclosure rows that it rests on, so that
//! a frame that is dropped leaves its rows marked unsent (law 19).

use std::collections::VecDeque;

use sha2::{Digest, Sha256};
use stafett_protocol::id::DisclosureId;
use stafett_protocol::limits::OUTPUT_FRAMES_WAITING_MAX;
use stafett_protocol::wire::error_code::CloseCode as WireCloseCode;
use stafett_protocol::wire::{Frame, Stream, codec};

use crate::transport::{CloseCode, LinkHandle, StreamKind};

/// Frames that were handed to the transport and that it may still give back.
const HANDED_MAX: usize = 4 * OUTPUT_FRAMES_WAITING_MAX;

/// A frame that waits.
struct Waiting {
    bytes: Vec<u8>,
    rows: Vec<DisclosureId>,
}

/// Which frame was tried, and whether the transport took it.
pub(super) struct HandedOver {
    stream: StreamKind,
    taken: bool,
}

/// The frames of one link that wait, and the rows of those handed over lately.
#[derive(Default)]
pub(super) struct Outgoing {
    control: VecDeque<Waiting>,
    data: VecDeque<Waiting>,
    handed: VecDeque<([u8; 32], Vec<DisclosureId>)>,
}

impl Outgoing {
    /// Puts a frame in line on its stream.
    pub(super) fn queue(&mut self, frame: &Frame, rows: Vec<DisclosureId>) {
        match codec::encode(frame) {
            Ok(bytes) => match frame.stream() {
                Stream::Control => self.control.push_back(Waiting { bytes, rows }),
                Stream::Data => self.data.push_back(Waiting { bytes, rows }),
            },
            Err(error) => tracing::error!(kind = frame.kind(), %error, "a frame does not fit"),
        }
    }

    /// How many frames wait for the transport.
    pub(super) fn waiting(&self) -> usize {
        self.control.len().saturating_add(self.data.len())
    }

    /// Hands the first frame of either stream to the transport, whichever has room first. Can be
    /// dropped at any await: then nothing was handed over. Waits for ever without a frame.
    pub(super) async fn hand_over_first(&self, link: Option<&LinkHandle>) -> HandedOver {
        let Some(link) = link else { return std::future::pending().await };
        tokio::select! {
            taken = hand_over(link, self.control.front(), StreamKind::Control) => {
                HandedOver { stream: StreamKind::Control, taken }
            }
            taken = hand_over(link, self.data.front(), StreamKind::Data) => {
                HandedOver { stream: StreamKind::Data, taken }
            }
        }
    }

    /// Notes what became of the first frame. A transport that takes none has lost its connection
    /// or reset the stream: then all of the stream's frames are dropped, and their rows returned.
    pub(super) fn handed_over(&mut self, handed: HandedOver) -> Vec<DisclosureId> {
        let line = match handed.stream {
            StreamKind::Control => &mut self.control,
            StreamKind::Data => &mut self.data,
        };
        if !handed.taken {
            return line.drain(..).flat_map(|waiting| waiting.rows).collect();
        }
        if let Some(waiting) = line.pop_front().filter(|waiting| !waiting.rows.is_empty()) {
            if self.handed.len() >= HANDED_MAX {
                self.handed.pop_front();
            }
            self.handed.push_back((digest(&waiting.bytes), waiting.rows));
        }
        Vec::new()
    }

    /// Drops what waits on the data stream; `not_handed` is what the transport gives back. Returns
    /// the rows of all of it.
    pub(super) fn drop_data(&mut self, not_handed: &[Vec<u8>]) -> Vec<DisclosureId> {
        let mut rows: Vec<_> = self.data.drain(..).flat_map(|waiting| waiting.rows).collect();
        for frame in not_handed {
            let digest = digest(frame);
            if let Some(place) = self.handed.iter().rposition(|(handed, _)| *handed == digest)
                && let Some((_, given_back)) = self.handed.remove(place)
            {
                rows.extend(given_back);
            }
        }
        rows
    }

    /// Drops everything that waits. Returns the rows of what was not handed over.
    pub(super) fn connection_lost(&mut self, not_handed: &[Vec<u8>]) -> Vec<DisclosureId> {
        self.control.clear();
        let rows = self.drop_data(not_handed);
        self.handed.clear();
        rows
    }
}

async fn hand_over(link: &LinkHandle, waiting: Option<&Waiting>, stream: StreamKind) -> bool {
    let Some(waiting) = waiting else { return std::future::pending().await };
    let handed = match stream {
        StreamKind::Control => link.send_control(waiting.bytes.clone()).await,
        StreamKind::Data => link.send_data(waiting.bytes.clone()).await,
    };
    handed.is_ok()
}

fn digest(frame: &[u8]) -> [u8; 32] {
    Sha256::digest(frame).into()
}

/// The number that the partner sees when a session closes the link.
pub(super) fn transport_code(code: WireCloseCode) -> CloseCode {
    match code {
        WireCloseCode::Stopping => CloseCode::ShuttingDown,
        WireCloseCode::NoAgreement => CloseCode::NoAgreement,
        WireCloseCode::Replaced => CloseCode::Replaced,
        WireCloseCode::BadFrame | WireCloseCode::Version => CloseCode::Framing,
        WireCloseCode::TooManyErrors => CloseCode::ProtocolErrors,
        WireCloseCode::BadSignature => CloseCode::BadSignature,
        WireCloseCode::TooMuch => CloseCode::InboundBudget,
        WireCloseCode::Sealed | WireCloseCode::Fault => CloseCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stafett_protocol::id::EntryId;
    use stafett_protocol::id::GenerationId;
    use stafett_protocol::wire::Resend;

    fn frame(byte: u8) -> Frame {
        Frame::Resend(Resend {
            entry: EntryId::from_bytes([byte; 16]),
            generation: GenerationId::from_bytes([byte; 16]),
        })
    }

    fn row(byte: u8) -> DisclosureId {
        DisclosureId::from_bytes([byte; 16])
    }

    fn taken() -> HandedOver {
        HandedOver { stream: StreamKind::Data, taken: true }
    }

    #[test]
    fn frame_that_waits_when_the_stream_is_reset_gives_its_rows_back() {
        let mut outgoing = Outgoing::default();
        outgoing.queue(&frame(1), vec![row(1)]);
        outgoing.queue(&frame(2), vec![row(2)]);
        assert!(outgoing.handed_over(taken()).is_empty());

        let rows = outgoing.drop_data(&[]);

        assert_eq!(rows, [row(2)]);
    }

    #[test]
    fn what_waits_is_what_was_queued_and_neither_taken_nor_dropped() {
        let mut outgoing = Outgoing::default();
        let hello = Frame::NotUnderstood(stafett_protocol::wire::NotUnderstood { kind: 99 });
        outgoing.queue(&hello, Vec::new());
        outgoing.queue(&frame(1), vec![row(1)]);
        outgoing.queue(&frame(2), vec![row(2)]);
        assert_eq!(outgoing.waiting(), 3);

        outgoing.handed_over(taken());
        assert_eq!(outgoing.waiting(), 2);
        outgoing.drop_data(&[]);
        assert_eq!(outgoing.waiting(), 1);
        outgoing.connection_lost(&[]);
        assert_eq!(outgoing.waiting(), 0);
    }

    #[test]
    fn frame_that_the_transport_gives_back_gives_its_rows_back() {
        let mut outgoing = Outgoing::default();
        outgoing.queue(&frame(1), vec![row(1)]);
        outgoing.queue(&frame(2), vec![row(2)]);
        outgoing.handed_over(taken());
        outgoing.handed_over(taken());

        let given_back = codec::encode(&frame(2)).expect("fits");
        let rows = outgoing.connection_lost(&[given_back]);

        assert_eq!(rows, [row(2)]);
    }
}
