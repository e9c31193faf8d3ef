//! Pieces of an input, each with its length before it.

/// Writes a piece with its length before it.
pub fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("no piece of an input has 4 GiB").to_be_bytes();
    [&length[..], bytes].concat()
}

/// Splits off the first piece: as long as it says, or what there is.
pub fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    Some(rest.split_at(length.min(rest.len())))
}
