//! Values as rows hold them: ids and hashes as blobs, moments and numbers as integers.

use rusqlite::Row;
use stafett_protocol::entry::{ChangeHash, Heads};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;

/// Returns a moment as a row holds it. The latest moment there is, "without an end", becomes the
/// latest that a row can hold.
pub(crate) fn millis(at: UnixMillis) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// Reads a moment that [`millis`] wrote.
pub(crate) fn moment(millis: i64) -> UnixMillis {
    match u64::try_from(millis) {
        Ok(_) if millis == i64::MAX => UnixMillis::MAX,
        Ok(millis) => UnixMillis(millis),
        Err(_) => UnixMillis(0),
    }
}

/// Returns a counter as a row holds it.
pub(crate) fn counter(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Reads a counter that [`counter`] wrote.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Reads the organisation in a column.
pub(crate) fn organisation(
    row: &Row<'_>,
    column: usize,
    table: &'static str,
) -> Result<OrganisationNumber, StoreError> {
    OrganisationNumber::from_value(row.get(column)?).map_err(|_| StoreError::Damaged { table })
}

/// Returns heads as a row holds them: 32 bytes each, ascending.
pub(crate) fn heads_bytes(heads: &Heads) -> Vec<u8> {
    heads.iter().flat_map(|hash| hash.0).collect()
}

/// Reads heads that [`heads_bytes`] wrote.
pub(crate) fn heads(bytes: &[u8], table: &'static str) -> Result<Heads, StoreError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let hashes: Vec<_> = hashes.iter().copied().map(ChangeHash).collect();
    if !rest.is_empty() {
        return Err(StoreError::Damaged { table });
    }
    Heads::try_from(hashes).map_err(|_| StoreError::Damaged { table })
}

/// Collects rows or the first error.
pub(crate) fn collect<T, C: FromIterator<T>>(
    rows: impl Iterator<Item = rusqlite::Result<T>>,
) -> Result<C, StoreError> {
    rows.collect::<rusqlite::Result<C>>().map_err(StoreError::from)
}
