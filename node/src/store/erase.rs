//! Erasing: rows are deleted, what is left of the case is sealed anew under a new key, and the
//! old key is destroyed after the commit. So a blob kept from before, in a backup or on a disk,
//! opens with no key that is left.

use std::collections::BTreeSet;

use stafett_protocol::id::{CaseId, EntryId};

use crate::seal::DataKey;
use crate::store::entry::write::must_be_received;
use crate::store::error::StoreError;
use crate::store::sealed::{
    ACCESS_LOG, EMERGENCY_OPENING, EMERGENCY_REVIEW, ENTRY, ENTRY_CHANGE, ENTRY_ORIGIN, SealedTable, TABLES,
};
use crate::store::step::Step;

/// Erases received entries. Entries that are gone already change nothing.
pub(crate) fn entries(
    step: &mut Step<'_>,
    case: CaseId,
    entries: &BTreeSet<EntryId>,
) -> Result<(), StoreError> {
    let mut erased = false;
    for entry in entries {
        must_be_received(step, *entry)?;
        erased |= erase(step, case, *entry)?;
        step.touched.remove(entry);
        step.closed.remove(entry);
    }
    if erased { seal_anew(step, case) } else { Ok(()) }
}

/// Changes, actors, grants and acknowledgements go with the entry. The disclosure log keeps its
/// rows: they name no content.
fn erase(step: &Step<'_>, case: CaseId, entry: EntryId) -> Result<bool, StoreError> {
    let deleted = step.execute(
        "DELETE FROM entry WHERE entry_id = ?1 AND case_id = ?2",
        (entry.as_bytes(), case.as_bytes()),
    )?;
    if deleted == 0 {
        return Ok(false);
    }
    step.execute("DELETE FROM held WHERE entry_id = ?1", [entry.as_bytes()])?;
    step.execute(
        "DELETE FROM relation_stored WHERE relation_id IN
             (SELECT relation_id FROM relation WHERE from_entry = ?1 OR to_entry = ?1)",
        [entry.as_bytes()],
    )?;
    step.execute("DELETE FROM relation WHERE from_entry = ?1 OR to_entry = ?1", [entry.as_bytes()])?;
    Ok(true)
}

/// Erases a case and dooms its key: it was destroyed before, and the store was restored since. Who
/// has looked stays in the access log, sealed anew, because its rows are a chain.
pub(crate) fn case(step: &mut Step<'_>, case: CaseId) -> Result<(), StoreError> {
    let entries = step.rows("SELECT entry_id FROM entry WHERE case_id = ?1", [case.as_bytes()], |row| {
        Ok(EntryId::from_bytes(row.get(0)?))
    })?;
    for entry in entries {
        erase(step, case, entry)?;
    }
    for table in TABLES.iter().filter(|table| table.name != ACCESS_LOG.name) {
        step.execute(&format!("DELETE FROM {} WHERE case_id = ?1", table.name), [case.as_bytes()])?;
    }
    seal_anew(step, case)
}

/// Seals all that is left of a case under a new key and dooms the old one. A case of which
/// nothing sealed is left has no key from here on. A row of an entry or of an emergency opening that does not open
/// stays as it is: that it could be mended is worth less than that what was erased opens with no key (law 12).
pub(crate) fn seal_anew(step: &mut Step<'_>, case: CaseId) -> Result<(), StoreError> {
    let Some(old_id) = step.key_id(case)? else { return Ok(()) };
    let old = step.keys.key(old_id, case)?;
    let (mut left, mut damaged) = (Vec::new(), 0_usize);
    for table in TABLES {
        for row in open_rows(step, table, case, &old)? {
            match row {
                Some(row) => left.push(row),
                None => damaged = damaged.saturating_add(1),
            }
        }
    }
    if left.is_empty() && damaged == 0 {
        step.execute("DELETE FROM cases WHERE case_id = ?1", [case.as_bytes()])?;
    } else {
        let new_id = step.make_key(case)?;
        let new = step.keys.key(new_id, case)?;
        for row in left {
            let sealed = new.seal(&row.plain, &row.place).map_err(StoreError::Key)?;
            let sql = format!("UPDATE {} SET sealed = ?2 WHERE rowid = ?1", row.table.name);
            step.execute(&sql, (row.rowid, sealed))?;
        }
        step.execute("UPDATE cases SET key_id = ?2 WHERE case_id = ?1", (case.as_bytes(), new_id))?;
    }
    step.doom_key(old_id)?;
    step.aftermath.erased = true;
    Ok(())
}

/// A row that stays.
struct Left {
    table: &'static SealedTable,
    rowid: i64,
    place: Vec<u8>,
    plain: Vec<u8>,
}

fn open_rows(
    step: &Step<'_>,
    table: &'static SealedTable,
    case: CaseId,
    key: &DataKey,
) -> Result<Vec<Option<Left>>, StoreError> {
    let may_stay = [&ENTRY, &ENTRY_CHANGE, &ENTRY_ORIGIN, &EMERGENCY_OPENING, &EMERGENCY_REVIEW];
    let may_stay = may_stay.iter().any(|one| one.name == table.name);
    let sql = format!("{} AND case_id = ?1", table.query());
    step.rows(&sql, [case.as_bytes()], |row| {
        let place = table.place_of(row)?;
        let sealed: Vec<u8> = row.get("sealed")?;
        match key.open(&sealed, &place) {
            Ok(plain) => Ok(Some(Left { table, rowid: row.get("row_id")?, place, plain })),
            Err(_) if may_stay => Ok(None),
            Err(source) => Err(StoreError::Sealed { table: table.shown(), source }),
        }
    })
}
