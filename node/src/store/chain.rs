//! Chains of statements about one case: each row names the hash of the one before.

use stafett_protocol::id::CaseId;
use stafett_protocol::signed::{Chained, StatementHash, Verified};
use stafett_protocol::transaction::Fault;

use crate::store::error::StoreError;
use crate::store::sealed::{Part, SealedTable};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter};

/// Reads a chain and checks numbers, hashes and signatures.
pub(crate) fn read<S: Chained>(
    snapshot: &Snapshot<'_>,
    table: &'static SealedTable,
    case: CaseId,
) -> Result<Vec<Verified<S>>, StoreError> {
    let damaged = || StoreError::Damaged { table: table.shown() };
    let mut last: Option<StatementHash> = None;
    let mut expected: u64 = 0;
    let read = |row: &rusqlite::Row<'_>| {
        let (number, hash): (i64, [u8; 32]) = (row.get(0)?, row.get(1)?);
        let sealed: Vec<u8> = row.get(2)?;
        let next: Verified<S> = snapshot.open_own(case, table, &row_of(&case, number, &hash), &sealed)?;
        let place = next.statement().place();
        let follows = place.case == case
            && count(number) == expected
            && place.number == expected
            && place.previous == last
            && next.hash().0 == hash;
        last = Some(next.hash());
        expected = expected.saturating_add(1);
        if follows { Ok(next) } else { Err(damaged()) }
    };
    let sql = format!("SELECT number, hash, sealed FROM {} WHERE case_id = ?1 ORDER BY number", table.name);
    snapshot.rows(&sql, [case.as_bytes()], read)
}

/// Writes the next statement of an own case. Repeating one that stands changes nothing.
///
/// # Errors
/// [`Fault::LedgerMoved`] if it does not follow.
pub(crate) fn append<S: Chained>(
    step: &mut Step<'_>,
    table: &'static SealedTable,
    next: &Verified<S>,
) -> Result<(), StoreError> {
    let (place, hash) = (next.statement().place(), next.hash());
    let case = place.case;
    step.ensure_case(case, step.own.organisation)?;
    let name = table.name;
    let hash_at = |number: i64| {
        step.optional(
            &format!("SELECT hash FROM {name} WHERE case_id = ?1 AND number = ?2"),
            (case.as_bytes(), number),
            |row| Ok(StatementHash(row.get(0)?)),
        )
    };
    let number = counter(place.number);
    let length =
        step.number(&format!("SELECT count(*) FROM {name} WHERE case_id = ?1"), [case.as_bytes()])?;
    if number < length {
        let stands = hash_at(number)? == Some(hash);
        return if stands { Ok(()) } else { Err(Fault::LedgerMoved.into()) };
    }
    let last = if length == 0 { None } else { hash_at(length.saturating_sub(1))? };
    if number != length || place.previous != last {
        return Err(Fault::LedgerMoved.into());
    }
    let sealed = step.seal(case, table, &row_of(&case, number, &hash.0), next.token().as_bytes())?;
    step.execute(
        &format!("INSERT INTO {name} (case_id, number, hash, sealed) VALUES (?1, ?2, ?3, ?4)"),
        (case.as_bytes(), number, hash.0, sealed),
    )?;
    Ok(())
}

fn row_of<'a>(case: &'a CaseId, number: i64, hash: &'a [u8; 32]) -> [Part<'a>; 3] {
    [case.as_bytes().into(), number.into(), hash.into()]
}
