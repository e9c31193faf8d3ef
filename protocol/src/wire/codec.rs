//! Bytes ⇄ frames: the only file that names bincode.
//!
//! Five measured rules stand behind it: a limit on every decoding, no byte left over, nothing
//! that encodes differently again, no recursive and no zero-sized type, and a check of the size
//! after encoding. A frame either decodes whole to the one value that encodes to the same bytes,
//! or is refused without claiming more memory than 32 times its size class.

use bincode::config::{BigEndian, Configuration, Varint};
use bincode::{Decode, Encode};

use super::Frame;
use crate::limits::FRAME_BYTES_MAX;

/// Bytes of the kind before a body.
const KIND_BYTES: usize = 2;

/// What decoding may claim for each byte of a frame: a list claims the size of all its elements in
/// memory before the first is read, and the smallest operation has 3 bytes.
const CLAIM_FACTOR: usize = 32;
/// Frames up to these sizes share a bound on what decoding them may claim.
const SMALL: usize = 2 * 1024;
const MIDDLE: usize = 32 * 1024;

const CONFIGURATION: Configuration<BigEndian, Varint> =
    bincode::config::standard().with_big_endian().with_variable_int_encoding();

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than any frame may be.
    #[error("{bytes} bytes are more than a frame may have")]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// Too short to hold a kind.
    #[error("a frame starts with a kind of two bytes")]
    NoKind,
    /// A kind that this version does not know; not the sender's fault.
    #[error("frame kind {0} is not known")]
    UnknownKind(u16),
    /// The body is cut short, not of its kind, or breaks a bound.
    #[error("the body does not decode as kind {0}")]
    Body(u16),
    /// The body decodes and bytes are left, or it would encode differently.
    #[error("the body of kind {0} is not in its one form")]
    NotCanonical(u16),
}

/// A frame did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than any frame may be.
    #[error("{bytes} bytes are more than a frame may have")]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// The value cannot be encoded.
    #[error("the frame cannot be encoded")]
    Value,
}

/// Encodes a frame: kind and body, without the length.
///
/// # Errors
/// [`EncodeError::TooLong`] if it would not fit in a frame.
pub fn encode(frame: &Frame) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = frame.kind().to_be_bytes().to_vec();
    let body = match frame {
        Frame::Hello(body) => to_bytes(body),
        Frame::Grant(body) => to_bytes(body),
        Frame::Announce(body) => to_bytes(body.as_ref()),
        Frame::Changes(body) => to_bytes(body),
        Frame::Acknowledge(body) => to_bytes(body),
        Frame::Resend(body) => to_bytes(body),
        Frame::Propose(body) => to_bytes(body.as_ref()),
        Frame::ProposalRefused(body) => to_bytes(body),
        Frame::Relation(body) => to_bytes(body),
        Frame::Stored(body) => to_bytes(body),
        Frame::Reconcile(body) => to_bytes(body),
        Frame::Want(body) => to_bytes(body),
        Frame::Order(body) => to_bytes(body),
        Frame::Receipt(body) => to_bytes(body),
        Frame::NotUnderstood(body) => to_bytes(body),
        Frame::Refused(body) => to_bytes(body),
        Frame::Carried(body) => to_bytes(body),
        Frame::LetGo(body) => to_bytes(body),
        Frame::ChangesRefused(body) => to_bytes(body),
        Frame::Mark(body) => to_bytes(body),
        Frame::Shown(body) => to_bytes(body),
        Frame::Ask(body) => to_bytes(body),
        Frame::Holding(body) => to_bytes(body),
        Frame::Living(body) => to_bytes(body),
        Frame::Uptake(body) => to_bytes(body),
        Frame::Succession(body) => to_bytes(body.as_ref()),
        Frame::SuccessionAnswer(body) => to_bytes(body),
        Frame::PackagePart(body) => to_bytes(body),
        Frame::Evidence(body) => to_bytes(body),
        Frame::Baton(body) => to_bytes(body),
        Frame::BatonAnswer(body) => to_bytes(body),
    };
    bytes.extend(body?);
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(EncodeError::TooLong { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Decodes a frame: kind and body, without the length.
///
/// # Errors
/// [`DecodeError`]; of these only [`DecodeError::UnknownKind`] is not the sender's fault.
pub fn decode(bytes: &[u8]) -> Result<Frame, DecodeError> {
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(DecodeError::TooLong { bytes: bytes.len() });
    }
    let (kind, body) = bytes.split_first_chunk::<KIND_BYTES>().ok_or(DecodeError::NoKind)?;
    let kind = u16::from_be_bytes(*kind);
    Ok(match kind {
        1 => Frame::Hello(from_bytes(kind, body)?),
        2 => Frame::Grant(from_bytes(kind, body)?),
        3 => Frame::Announce(Box::new(from_bytes(kind, body)?)),
        4 => Frame::Changes(from_bytes(kind, body)?),
        5 => Frame::Acknowledge(from_bytes(kind, body)?),
        6 => Frame::Resend(from_bytes(kind, body)?),
        7 => Frame::Propose(Box::new(from_bytes(kind, body)?)),
        8 => Frame::ProposalRefused(from_bytes(kind, body)?),
        9 => Frame::Relation(from_bytes(kind, body)?),
        10 => Frame::Stored(from_bytes(kind, body)?),
        11 => Frame::Reconcile(from_bytes(kind, body)?),
        12 => Frame::Want(from_bytes(kind, body)?),
        13 => Frame::Order(from_bytes(kind, body)?),
        14 => Frame::Receipt(from_bytes(kind, body)?),
        15 => Frame::NotUnderstood(from_bytes(kind, body)?),
        16 => Frame::Refused(from_bytes(kind, body)?),
        17 => Frame::Carried(from_bytes(kind, body)?),
        18 => Frame::LetGo(from_bytes(kind, body)?),
        19 => Frame::ChangesRefused(from_bytes(kind, body)?),
        20 => Frame::Mark(from_bytes(kind, body)?),
        21 => Frame::Shown(from_bytes(kind, body)?),
        22 => Frame::Ask(from_bytes(kind, body)?),
        23 => Frame::Holding(from_bytes(kind, body)?),
        24 => Frame::Living(from_bytes(kind, body)?),
        25 => Frame::Uptake(from_bytes(kind, body)?),
        26 => Frame::Succession(Box::new(from_bytes(kind, body)?)),
        27 => Frame::SuccessionAnswer(from_bytes(kind, body)?),
        28 => Frame::PackagePart(from_bytes(kind, body)?),
        29 => Frame::Evidence(from_bytes(kind, body)?),
        30 => Frame::Baton(from_bytes(kind, body)?),
        31 => Frame::BatonAnswer(from_bytes(kind, body)?),
        unknown => return Err(DecodeError::UnknownKind(unknown)),
    })
}

/// Encodes one change as a store keeps it before sealing: the same bytes as in a frame.
///
/// # Errors
/// [`EncodeError`] if it is longer than a frame.
pub fn encode_change(change: &crate::entry::operation::Change) -> Result<Vec<u8>, EncodeError> {
    to_bytes(change)
}

/// Decodes one change that [`encode_change`] wrote on this node.
///
/// # Errors
/// [`DecodeError::Body`] or [`DecodeError::NotCanonical`] if it did not.
pub fn decode_change(bytes: &[u8]) -> Result<crate::entry::operation::Change, DecodeError> {
    from_bytes(0, bytes)
}

fn to_bytes<T: Encode>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let bytes = bincode::encode_to_vec(value, CONFIGURATION).map_err(|_| EncodeError::Value)?;
    if bytes.len() > FRAME_BYTES_MAX { Err(EncodeError::TooLong { bytes: bytes.len() }) } else { Ok(bytes) }
}

fn from_bytes<T: Encode + Decode<()>>(kind: u16, bytes: &[u8]) -> Result<T, DecodeError> {
    let decoded = if bytes.len() <= SMALL {
        decode_within::<T, { SMALL * CLAIM_FACTOR }>(bytes)
    } else if bytes.len() <= MIDDLE {
        decode_within::<T, { MIDDLE * CLAIM_FACTOR }>(bytes)
    } else {
        decode_within::<T, { FRAME_BYTES_MAX * CLAIM_FACTOR }>(bytes)
    };
    let (value, consumed) = decoded.map_err(|_| DecodeError::Body(kind))?;
    let same = consumed == bytes.len() && to_bytes(&value).is_ok_and(|again| again == bytes);
    if same { Ok(value) } else { Err(DecodeError::NotCanonical(kind)) }
}

fn decode_within<T: Decode<()>, const CLAIM: usize>(
    bytes: &[u8],
) -> Result<(T, usize), bincode::error::DecodeError> {
    bincode::decode_from_slice(bytes, CONFIGURATION.with_limit::<CLAIM>())
}

#[cfg(test)]
mod tests;
