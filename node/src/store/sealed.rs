//! Sealed rows: which tables have them, and where a blob belongs.
//!
//! A blob is bound to its table and to the columns that name its row, so that it opens in no
//! other case, entry, generation or place. Every table here has a column `case_id`, whose key
//! seals it, and a column `sealed`.

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::store::error::StoreError;

/// A table with a sealed column.
#[derive(Debug)]
pub(crate) struct SealedTable {
    /// Its name.
    pub(crate) name: &'static str,
    /// The columns that name a row, in the order in which they bind the blob.
    pub(crate) identity: &'static [&'static str],
}

/// What errors and reports call both chains of a case: which of them a case has is not said, for
/// only a protected family has the second (law 15).
pub(crate) const CHAIN: &str = "a chain";

impl SealedTable {
    /// Returns what errors and reports call it.
    pub(crate) fn shown(&self) -> &'static str {
        if self.name == LEDGER.name || self.name == PROTECTION.name { CHAIN } else { self.name }
    }
}

/// One column of a row's name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part<'a> {
    /// An id or a hash.
    Bytes(&'a [u8]),
    /// A number.
    Number(i64),
}

impl<'a> From<&'a [u8; 16]> for Part<'a> {
    fn from(id: &'a [u8; 16]) -> Self {
        Self::Bytes(id)
    }
}

impl<'a> From<&'a [u8; 32]> for Part<'a> {
    fn from(hash: &'a [u8; 32]) -> Self {
        Self::Bytes(hash)
    }
}

impl From<i64> for Part<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

const fn table(name: &'static str, identity: &'static [&'static str]) -> SealedTable {
    SealedTable { name, identity }
}

pub(crate) static PRIVATE_CASE: SealedTable = table("private_case", &["case_id"]);
pub(crate) static ASSIGNMENT: SealedTable = table("assignment", &["case_id", "account"]);
pub(crate) static LEDGER: SealedTable = table("ledger", &["case_id", "number", "hash"]);
pub(crate) static PROTECTION: SealedTable = table("protection", &["case_id", "number", "hash"]);
pub(crate) static GRANT_ISSUED: SealedTable = table("grant_issued", &["case_id", "grant_id"]);
pub(crate) static ERASE_ORDER: SealedTable = table("erase_order", &["case_id", "order_id"]);
pub(crate) static RECEIPT_FILED: SealedTable = table("receipt_filed", &["case_id", "order_id"]);
pub(crate) static RECEIPT_SIGNED: SealedTable = table("receipt_signed", &["case_id", "order_id"]);
pub(crate) static GRANT_RECEIVED: SealedTable = table("grant_received", &["case_id", "grant_id"]);
pub(crate) static ENTRY: SealedTable = table("entry", &["case_id", "entry_id", "generation"]);
pub(crate) static ENTRY_CHANGE: SealedTable =
    table("entry_change", &["case_id", "entry_id", "generation", "number", "hash"]);
pub(crate) static ENTRY_ORIGIN: SealedTable = table("entry_origin", &["case_id", "entry_id"]);
pub(crate) static CARRIED_CASE: SealedTable = table("carried_case", &["case_id"]);
pub(crate) static DISCLOSURE: SealedTable = table("disclosure", &["case_id", "disclosure_id", "entry_id"]);
pub(crate) static PROPOSAL: SealedTable = table("proposal", &["case_id", "proposal_id"]);
pub(crate) static RETURNED_EDIT: SealedTable = table("returned_edit", &["case_id", "returned_id"]);
pub(crate) static HANDOVER_NOTE: SealedTable = table("handover_note", &["case_id", "offer_id"]);
pub(crate) static UPTAKE_SAID: SealedTable = table("uptake_said", &["case_id", "grant_id", "said_at"]);
pub(crate) static UPTAKE_HEARD: SealedTable = table("uptake_heard", &["case_id", "grant_id", "said_at"]);
pub(crate) static EMERGENCY_OPENING: SealedTable =
    table("emergency_opening", &["case_id", "opening_id", "account", "opened_at"]);
pub(crate) static EMERGENCY_REVIEW: SealedTable =
    table("emergency_review", &["case_id", "opening_id", "account", "reviewed_at"]);
pub(crate) static ACCESS_LOG: SealedTable = table("access_log", &["case_id", "number"]);
pub(crate) static BATON_THERE: SealedTable = table("baton_there", &["case_id", "offer_id"]);
pub(crate) static SUCCESSION_OUT: SealedTable = table("succession_out", &["case_id", "succession_id"]);
pub(crate) static SUCCESSION_IN: SealedTable = table("succession_in", &["case_id", "succession_id"]);
pub(crate) static SUCCESSION_PART: SealedTable =
    table("succession_part", &["case_id", "succession_id", "part"]);
pub(crate) static SUCCESSION_NOTE: SealedTable = table("succession_note", &["case_id", "succession_id"]);
pub(crate) static PACKAGE_PART: SealedTable =
    table("package_part", &["case_id", "succession_id", "revision", "part"]);
pub(crate) static PACKAGE_ITEM: SealedTable =
    table("package_item", &["case_id", "succession_id", "revision", "entry_id"]);
pub(crate) static PACKAGE_BY_HAND: SealedTable = table("package_by_hand", &["case_id", "package_id"]);
pub(crate) static HAND_ARRIVAL: SealedTable = table("hand_arrival", &["case_id", "arrival_id"]);
pub(crate) static HAND_ENVELOPE: SealedTable = table("hand_envelope", &["case_id", "arrival_id"]);

/// Every sealed table: sealing anew and searching go through all of them.
pub(crate) static TABLES: [&SealedTable; 32] = [
    &PRIVATE_CASE,
    &ASSIGNMENT,
    &LEDGER,
    &PROTECTION,
    &GRANT_ISSUED,
    &ERASE_ORDER,
    &RECEIPT_FILED,
    &RECEIPT_SIGNED,
    &GRANT_RECEIVED,
    &ENTRY,
    &ENTRY_CHANGE,
    &ENTRY_ORIGIN,
    &CARRIED_CASE,
    &DISCLOSURE,
    &PROPOSAL,
    &RETURNED_EDIT,
    &HANDOVER_NOTE,
    &UPTAKE_SAID,
    &UPTAKE_HEARD,
    &EMERGENCY_OPENING,
    &EMERGENCY_REVIEW,
    &ACCESS_LOG,
    &SUCCESSION_OUT,
    &SUCCESSION_IN,
    &SUCCESSION_PART,
    &PACKAGE_PART,
    &PACKAGE_ITEM,
    &SUCCESSION_NOTE,
    &PACKAGE_BY_HAND,
    &BATON_THERE,
    &HAND_ARRIVAL,
    &HAND_ENVELOPE,
];

impl SealedTable {
    /// Describes the place of a row: its table and every column of its name, each with its type
    /// and length, so that no two places read alike.
    pub(crate) fn place(&self, parts: &[Part<'_>]) -> Vec<u8> {
        let mut place = b"stafett row 1\0".to_vec();
        push(&mut place, b'n', self.name.as_bytes());
        for part in parts {
            match part {
                Part::Bytes(bytes) => push(&mut place, b'b', bytes),
                Part::Number(number) => push(&mut place, b'i', &number.to_be_bytes()),
            }
        }
        place
    }

    /// Describes the place of a row whose first columns are its identity.
    pub(crate) fn place_of(&self, row: &Row<'_>) -> Result<Vec<u8>, StoreError> {
        let mut parts = Vec::new();
        for column in 0..self.identity.len() {
            parts.push(match row.get_ref(column)? {
                ValueRef::Blob(bytes) => Part::Bytes(bytes),
                ValueRef::Integer(number) => Part::Number(number),
                _ => return Err(StoreError::Damaged { table: self.name }),
            });
        }
        Ok(self.place(&parts))
    }

    /// Returns a query for the identity, then `sealed`, `case_id` and `row_id`, of all rows with
    /// something sealed. The caller may add a condition on them.
    pub(crate) fn query(&self) -> String {
        let identity = self.identity.join(", ");
        format!(
            "SELECT {identity}, sealed, case_id, rowid AS row_id FROM {} WHERE sealed IS NOT NULL",
            self.name
        )
    }
}

fn push(place: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    place.push(tag);
    place.extend((bytes.len() as u64).to_be_bytes());
    place.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_read_alike() {
        let one = ENTRY.place(&[Part::Bytes(b"ab"), Part::Bytes(b"c")]);

        assert_ne!(one, ENTRY.place(&[Part::Bytes(b"a"), Part::Bytes(b"bc")]));
        assert_ne!(one, ENTRY_CHANGE.place(&[Part::Bytes(b"ab"), Part::Bytes(b"c")]));
        assert_ne!(LEDGER.place(&[Part::Number(1)]), LEDGER.place(&[Part::Bytes(&1i64.to_be_bytes())]));
    }
}
