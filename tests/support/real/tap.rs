//! What a node has handed to its connections, before encryption.

use std::path::Path;

use anyhow::{Context, bail};
use stafett_protocol::municipality::OrganisationNumber;

use super::folder::FRAMES;

const LENGTH_BYTES: usize = 4;

/// One of a link's two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Hello, orders, receipts and refusals.
    Control,
    /// Everything else.
    Data,
}

/// Reads what the node in `folder` has handed to connections with `partner` on a stream, over all
/// its processes, frame by frame. A partner to whom nothing was handed has none.
///
/// # Errors
/// If a recording cannot be read, or is not whole.
pub fn frames(folder: &Path, partner: OrganisationNumber, stream: Stream) -> anyhow::Result<Vec<Vec<u8>>> {
    let stream = match stream {
        Stream::Control => "control",
        Stream::Data => "data",
    };
    let file = folder.join(FRAMES).join(format!("{partner}-{stream}.frames"));
    match std::fs::read(&file) {
        Ok(bytes) => split(&bytes).with_context(|| file.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// Everything that was handed to connections with `partner`: both streams.
///
/// # Errors
/// As [`frames`].
pub fn all(folder: &Path, partner: OrganisationNumber) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut both = frames(folder, partner, Stream::Control)?;
    both.extend(frames(folder, partner, Stream::Data)?);
    Ok(both)
}

/// Takes the frames apart. What follows the last whole frame is still on its way to the file.
fn split(mut bytes: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() {
        let length = usize::try_from(u32::from_be_bytes(*length))?;
        if length > stafett_protocol::limits::FRAME_BYTES_MAX {
            bail!("a frame of {length} bytes");
        }
        let Some((frame, rest)) = rest.split_at_checked(length) else { break };
        frames.push(frame.to_vec());
        bytes = rest;
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recording_is_taken_apart_frame_by_frame_and_a_cut_one_is_left_out() {
        let whole = [0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9];

        assert_eq!(split(&whole).expect("frames"), vec![vec![7, 8], vec![9]]);
        assert_eq!(split(&whole[..10]).expect("frames"), vec![vec![7, 8]]);
        assert!(split(&[255, 0, 0, 0]).is_err());
    }
}
