//! Frames on a byte stream: a big-endian u32 length, then that many bytes.
//!
//! The length counts the u16 kind and the body. It is checked before anything is allocated, and
//! memory grows only as bytes arrive, so a length alone costs nothing. Works on any reader and
//! writer; what the bytes mean is for others.

use stafett_protocol::limits::{FRAME_BYTES_MAX, FRAME_READ_STEP_BYTES};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of the length that stands before each frame.
pub const LENGTH_BYTES: usize = 4;
/// A frame holds at least its kind.
pub const FRAME_BYTES_MIN: usize = 2;

/// A frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// The length is above [`FRAME_BYTES_MAX`].
    #[error("expected a frame of at most {FRAME_BYTES_MAX} bytes, found {length}")]
    TooLong {
        /// The length that was named.
        length: usize,
    },
    /// The length leaves no room for a kind.
    #[error("expected a frame of at least {FRAME_BYTES_MIN} bytes, found {length}")]
    TooShort {
        /// The length that was named.
        length: usize,
    },
    /// The stream ended within a frame or its length.
    #[error("the stream ended within a frame: expected {expected} bytes, found {found}")]
    Cut {
        /// Bytes of the part that was cut: the length, or the frame.
        expected: usize,
        /// How many of them arrived.
        found: usize,
    },
    /// The stream failed.
    #[error("the stream failed")]
    Io(#[from] std::io::Error),
}

/// Returns the bytes that stand before `frame` on a stream.
///
/// # Errors
/// [`FramingError::TooLong`] or [`FramingError::TooShort`]: such a frame must not be sent.
pub fn length_prefix(frame: &[u8]) -> Result<[u8; LENGTH_BYTES], FramingError> {
    let length = checked(frame.len())?;
    u32::try_from(length).map(u32::to_be_bytes).map_err(|_| FramingError::TooLong { length })
}

/// Reads the next frame; nothing if the stream ended where a frame could have begun.
///
/// Not to be dropped half-way: the bytes read so far would be lost, and the stream with them.
///
/// # Errors
/// Each variant of [`FramingError`]; after any of them the stream is of no more use.
pub async fn read_frame<R: AsyncRead + Unpin>(reader: &mut R) -> Result<Option<Vec<u8>>, FramingError> {
    let mut prefix = [0; LENGTH_BYTES];
    match fill(reader, &mut prefix).await? {
        0 => return Ok(None),
        LENGTH_BYTES => {}
        found => return Err(FramingError::Cut { expected: LENGTH_BYTES, found }),
    }
    let length = u32::from_be_bytes(prefix);
    let length = checked(usize::try_from(length).unwrap_or(usize::MAX))?;
    let mut frame = Vec::new();
    while frame.len() < length {
        let begun = frame.len();
        let step = length.saturating_sub(begun).min(FRAME_READ_STEP_BYTES);
        frame.resize(begun.saturating_add(step), 0);
        let arrived = match frame.get_mut(begun..) {
            Some(rest) => fill(reader, rest).await?,
            None => 0,
        };
        if arrived < step {
            return Err(FramingError::Cut { expected: length, found: begun.saturating_add(arrived) });
        }
    }
    Ok(Some(frame))
}

/// Writes one frame.
///
/// # Errors
/// [`FramingError::TooLong`] or [`FramingError::TooShort`] before anything is written, or
/// [`FramingError::Io`].
pub async fn write_frame<W: AsyncWrite + Unpin>(writer: &mut W, frame: &[u8]) -> Result<(), FramingError> {
    let prefix = length_prefix(frame)?;
    writer.write_all(&prefix).await?;
    writer.write_all(frame).await?;
    Ok(())
}

fn checked(length: usize) -> Result<usize, FramingError> {
    match length {
        0..FRAME_BYTES_MIN => Err(FramingError::TooShort { length }),
        FRAME_BYTES_MIN..=FRAME_BYTES_MAX => Ok(length),
        _ => Err(FramingError::TooLong { length }),
    }
}

/// Reads until `buffer` is full or the stream ends; returns how many bytes arrived.
async fn fill<R: AsyncRead + Unpin>(reader: &mut R, buffer: &mut [u8]) -> Result<usize, std::io::Error> {
    let mut arrived = 0;
    while let Some(rest) = buffer.get_mut(arrived..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest).await? {
            0 => break,
            some => arrived = arrived.saturating_add(some),
        }
    }
    Ok(arrived)
}
