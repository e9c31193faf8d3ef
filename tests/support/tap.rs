//! Everything that was handed to the transport, and searching in it.

use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::wire::codec::decode;
use stafett_protocol::wire::{Frame, Stream};

/// What was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// A frame: kind and body.
    Frame {
        /// On which stream.
        stream: Stream,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The data stream was reset.
    Reset,
    /// The connection was closed with a code.
    Closed(u32),
}

/// One thing that a node handed to its transport, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// Virtual time.
    pub at: UnixMillis,
    /// Whose node.
    pub from: OrganisationNumber,
    /// To whose node.
    pub to: OrganisationNumber,
    /// What.
    pub handed: Handed,
}

impl Tap {
    /// Returns the bytes of a frame; none for a reset or a close.
    pub fn bytes(&self) -> &[u8] {
        match &self.handed {
            Handed::Frame { bytes, .. } => bytes,
            Handed::Reset | Handed::Closed(_) => &[],
        }
    }

    /// Decodes the frame, if it is one.
    pub fn frame(&self) -> Option<Frame> {
        match &self.handed {
            Handed::Frame { bytes, .. } => Some(decode(bytes).expect("what a session sent")),
            Handed::Reset | Handed::Closed(_) => None,
        }
    }
}

/// Returns every form in which a marker could leave: as it is, as hexadecimal digits, as base64 at
/// each of the three offsets, as UTF-16 in both byte orders, and reversed.
pub fn disguises(marker: &str) -> Vec<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let raw = marker.as_bytes().to_vec();
    let hex = |upper: bool| -> Vec<u8> {
        let digits: String = raw.iter().map(|byte| format!("{byte:02x}")).collect();
        if upper { digits.to_uppercase().into_bytes() } else { digits.into_bytes() }
    };
    let mut forms = vec![raw.clone(), hex(false), hex(true)];
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        for (offset, cut) in [(0, 0), (1, 2), (2, 3)] {
            let mut shifted = vec![0; offset];
            shifted.extend(&raw);
            let whole = engine.encode(shifted).into_bytes();
            forms.push(whole[cut..whole.len() - 2].to_vec());
        }
    }
    forms.push(marker.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(marker.encode_utf16().flat_map(u16::to_be_bytes).collect());
    forms.push(raw.into_iter().rev().collect());
    forms
}

/// Returns whether `bytes` hold a marker in any form.
pub fn holds(bytes: &[u8], marker: &str) -> bool {
    disguises(marker).iter().any(|form| bytes.windows(form.len()).any(|window| window == form.as_slice()))
}
