//! Cases that move: what both sides have said, and the packages, each in the parts in which it goes.
//!
//! The records are sealed by the node's key and stay for ever; an own package and what stands in it are
//! sealed by the case's key and go with the case.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stafett_protocol::entry::Heads;
use stafett_protocol::id::{CaseId, EntryId, GenerationId, SuccessionId};
use stafett_protocol::link::snapshot::Snapshot as LinkSnapshot;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::record::{ArrivingRecord, LeavingRecord};
use stafett_protocol::transaction::{PackageItem, PackageMade};

use crate::store::StoreReader;
use crate::store::case::{NODE_SCOPE, json};
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::{
    PACKAGE_ITEM, PACKAGE_PART, Part, SUCCESSION_IN, SUCCESSION_NOTE, SUCCESSION_OUT, SUCCESSION_PART,
};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::millis;

impl StoreReader {
    /// Returns the moves of an own case, of which at most one is open.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn moves_of(&self, case: CaseId) -> Result<Vec<LeavingRecord>, StoreError> {
        self.read(move |snapshot| leaving(snapshot, "of_case = ?1", [case.as_bytes()])).await
    }

    /// Returns a move of an own case.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn move_out(&self, succession: SuccessionId) -> Result<Option<LeavingRecord>, StoreError> {
        let found = self
            .read(move |snapshot| leaving(snapshot, "succession_id = ?1", [succession.as_bytes()]))
            .await?;
        Ok(found.into_iter().next())
    }

    /// Returns a move of another municipality's case that may come here, or came.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn move_in(&self, succession: SuccessionId) -> Result<Option<ArrivingRecord>, StoreError> {
        let found = self
            .read(move |snapshot| arriving(snapshot, "succession_id = ?1", [succession.as_bytes()]))
            .await?;
        Ok(found.into_iter().next())
    }

    /// Returns every move of other municipalities' cases that was heard of.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn moves_in(&self) -> Result<Vec<ArrivingRecord>, StoreError> {
        self.read(|snapshot| arriving(snapshot, "1", [])).await
    }

    /// Returns one part of an own package, if that package stands.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn package_part(
        &self,
        succession: SuccessionId,
        revision: u32,
        part: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |snapshot| {
            snapshot.optional(
                "SELECT case_id, sealed FROM package_part
                 WHERE succession_id = ?1 AND revision = ?2 AND part = ?3",
                (succession.as_bytes(), revision, part),
                |row| {
                    let case = CaseId::from_bytes(row.get(0)?);
                    let sealed: Vec<u8> = row.get(1)?;
                    let place = numbered(&case, &succession, [revision, part]);
                    snapshot.open(case, &PACKAGE_PART, &place, &sealed)
                },
            )
        })
        .await
    }

    /// Returns the entries that stand in a package, also in one that was made anew since.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn package_items(
        &self,
        succession: SuccessionId,
        revision: u32,
    ) -> Result<Vec<PackageItem>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT entry_id, case_id, sealed FROM package_item
                 WHERE succession_id = ?1 AND revision = ?2 ORDER BY entry_id",
                (succession.as_bytes(), revision),
                |row| {
                    let (entry, case) = (EntryId::from_bytes(row.get(0)?), CaseId::from_bytes(row.get(1)?));
                    let sealed: Vec<u8> = row.get(2)?;
                    let place = of_item(&case, &succession, revision, &entry);
                    let SealedItem { generation, heads } =
                        snapshot.open_json(case, &PACKAGE_ITEM, &place, &sealed)?;
                    Ok(PackageItem { entry, generation, heads })
                },
            )
        })
        .await
    }

    /// Returns what the stafettholder has written to the one who takes a case over.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn move_note(&self, succession: SuccessionId) -> Result<Option<String>, StoreError> {
        self.read(move |snapshot| {
            snapshot.optional(
                "SELECT case_id, sealed FROM succession_note WHERE succession_id = ?1",
                [succession.as_bytes()],
                |row| {
                    let case = CaseId::from_bytes(row.get(0)?);
                    let sealed: Vec<u8> = row.get(1)?;
                    let place = row_of(&case, succession.as_bytes());
                    snapshot.open_json(case, &SUCCESSION_NOTE, &place, &sealed)
                },
            )
        })
        .await
    }

    /// Returns the parts of another municipality's package that are here, in their order.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn parts_here(&self, succession: SuccessionId) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT part, sealed FROM succession_part WHERE succession_id = ?1 ORDER BY part",
                [succession.as_bytes()],
                |row| {
                    let sealed: Vec<u8> = row.get(1)?;
                    let place = numbered(&NODE_SCOPE, &succession, [row.get::<_, u32>(0)?]);
                    snapshot.open(NODE_SCOPE, &SUCCESSION_PART, &place, &sealed)
                },
            )
        })
        .await
    }
}

/// What of an entry in a package does not stand in columns.
#[derive(Serialize, Deserialize)]
struct SealedItem {
    generation: GenerationId,
    heads: Heads,
}

fn numbered<'a>(
    case: &'a CaseId,
    succession: &'a SuccessionId,
    numbers: impl IntoIterator<Item = u32>,
) -> Vec<Part<'a>> {
    let numbers = numbers.into_iter().map(|number| Part::Number(number.into()));
    row_of(case, succession.as_bytes()).into_iter().chain(numbers).collect()
}

fn of_item<'a>(
    case: &'a CaseId,
    succession: &'a SuccessionId,
    revision: u32,
    entry: &'a EntryId,
) -> Vec<Part<'a>> {
    let mut place = numbered(case, succession, [revision]);
    place.push(entry.as_bytes().into());
    place
}

fn leaving(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<LeavingRecord>, StoreError> {
    let sql = format!(
        "SELECT succession_id, is_handed, sealed FROM succession_out WHERE {condition} ORDER BY succession_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        let succession = SuccessionId::from_bytes(row.get(0)?);
        let sealed: Vec<u8> = row.get(2)?;
        let place = row_of(&NODE_SCOPE, succession.as_bytes());
        let record: LeavingRecord = snapshot.open_json(NODE_SCOPE, &SUCCESSION_OUT, &place, &sealed)?;
        Ok(LeavingRecord { is_handed: row.get(1)?, ..record })
    })
}

fn arriving(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<ArrivingRecord>, StoreError> {
    let sql =
        format!("SELECT succession_id, sealed FROM succession_in WHERE {condition} ORDER BY succession_id");
    snapshot.rows(&sql, parameters, |row| {
        let succession = SuccessionId::from_bytes(row.get(0)?);
        let sealed: Vec<u8> = row.get(1)?;
        snapshot.open_json(NODE_SCOPE, &SUCCESSION_IN, &row_of(&NODE_SCOPE, succession.as_bytes()), &sealed)
    })
}

/// Reads what a session with a partner must know.
pub(crate) fn read(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    link: &mut LinkSnapshot,
) -> Result<(), StoreError> {
    let own = leaving(snapshot, "partner = ?1", [partner.value()])?.into_iter();
    link.leaving = own.map(|record| (record.course.succession, record)).collect::<BTreeMap<_, _>>();
    let theirs = arriving(snapshot, "partner = ?1", [partner.value()])?.into_iter();
    link.moving_here = theirs.map(|record| (record.course.succession, record)).collect();
    Ok(())
}

/// Keeps what holds of a move of an own case. That the other side may know of it is never taken back by
/// this.
pub(crate) fn put_leaving(step: &mut Step<'_>, record: &LeavingRecord) -> Result<(), StoreError> {
    step.ensure_case(NODE_SCOPE, step.own.organisation)?;
    let succession = record.course.succession;
    let place = row_of(&NODE_SCOPE, succession.as_bytes());
    let sealed = step.seal(NODE_SCOPE, &SUCCESSION_OUT, &place, &json(record, SUCCESSION_OUT.name)?)?;
    step.execute(
        "INSERT INTO succession_out (succession_id, case_id, of_case, partner, is_handed, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (succession_id) DO UPDATE
         SET is_handed = max(is_handed, excluded.is_handed), sealed = excluded.sealed",
        (
            succession.as_bytes(),
            NODE_SCOPE.as_bytes(),
            record.case.as_bytes(),
            record.course.to.value(),
            record.is_handed,
            sealed,
        ),
    )?;
    if record.leaving.package().is_none() {
        step.execute("DELETE FROM package_part WHERE succession_id = ?1", [succession.as_bytes()])?;
    }
    Ok(())
}

/// Keeps what the stafettholder writes to the one who takes the case over.
pub(crate) fn put_note(
    step: &Step<'_>,
    case: CaseId,
    succession: SuccessionId,
    text: &str,
) -> Result<(), StoreError> {
    let place = row_of(&case, succession.as_bytes());
    let sealed = step.seal(case, &SUCCESSION_NOTE, &place, &json(&text, SUCCESSION_NOTE.name)?)?;
    step.execute(
        "INSERT INTO succession_note (succession_id, case_id, sealed) VALUES (?1, ?2, ?3)
         ON CONFLICT (succession_id) DO UPDATE SET sealed = excluded.sealed",
        (succession.as_bytes(), case.as_bytes(), sealed),
    )?;
    Ok(())
}

/// Notes whether the other side may know of a move.
pub(crate) fn hand(step: &Step<'_>, succession: SuccessionId, is_handed: bool) -> Result<(), StoreError> {
    step.execute(
        "UPDATE succession_out SET is_handed = ?2 WHERE succession_id = ?1",
        (succession.as_bytes(), is_handed),
    )?;
    Ok(())
}

/// After a restore, any partner may have heard of any move: whatever was not handed over by the backup may
/// have been since.
pub(crate) fn hand_all(step: &Step<'_>) -> Result<(), StoreError> {
    step.execute("UPDATE succession_out SET is_handed = 1", [])?;
    Ok(())
}

/// Keeps a package in the place of the one before, and which entries stand in it.
pub(crate) fn put_package(step: &mut Step<'_>, made: &PackageMade) -> Result<(), StoreError> {
    let PackageMade { succession, case, revision, sealed, items } = made;
    step.execute("DELETE FROM package_part WHERE succession_id = ?1", [succession.as_bytes()])?;
    for (part, bytes) in (0_u32..).zip(sealed.parts()) {
        let place = numbered(case, succession, [*revision, part]);
        let sealed = step.seal(*case, &PACKAGE_PART, &place, bytes)?;
        step.execute(
            "INSERT INTO package_part (succession_id, revision, part, case_id, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (succession.as_bytes(), revision, part, case.as_bytes(), sealed),
        )?;
    }
    put_items(step, *case, *succession, *revision, items)
}

/// Keeps which entries stand in a package.
pub(crate) fn put_items(
    step: &mut Step<'_>,
    case: CaseId,
    succession: SuccessionId,
    revision: u32,
    items: &[PackageItem],
) -> Result<(), StoreError> {
    for PackageItem { entry, generation, heads } in items {
        let content = SealedItem { generation: *generation, heads: heads.clone() };
        let place = of_item(&case, &succession, revision, entry);
        let sealed = step.seal(case, &PACKAGE_ITEM, &place, &json(&content, PACKAGE_ITEM.name)?)?;
        step.execute(
            "INSERT OR IGNORE INTO package_item (succession_id, revision, entry_id, case_id, made_at, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (succession.as_bytes(), revision, entry.as_bytes(), case.as_bytes(), millis(step.now), sealed),
        )?;
    }
    Ok(())
}

/// Keeps what holds of a move that may come here; parts that its state does not keep are deleted.
pub(crate) fn put_arriving(step: &mut Step<'_>, record: &ArrivingRecord) -> Result<(), StoreError> {
    step.ensure_case(NODE_SCOPE, step.own.organisation)?;
    let succession = record.course.succession;
    let place = row_of(&NODE_SCOPE, succession.as_bytes());
    let sealed = step.seal(NODE_SCOPE, &SUCCESSION_IN, &place, &json(record, SUCCESSION_IN.name)?)?;
    step.execute(
        "INSERT INTO succession_in (succession_id, case_id, partner, sealed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (succession_id) DO UPDATE SET sealed = excluded.sealed",
        (succession.as_bytes(), NODE_SCOPE.as_bytes(), record.course.from.value(), sealed),
    )?;
    step.execute(
        "DELETE FROM succession_part WHERE succession_id = ?1 AND part >= ?2",
        (succession.as_bytes(), i64::from(record.arriving.parts_kept())),
    )?;
    Ok(())
}

/// Keeps a part that came.
pub(crate) fn put_part(
    step: &Step<'_>,
    succession: SuccessionId,
    index: u32,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let place = numbered(&NODE_SCOPE, &succession, [index]);
    let sealed = step.seal(NODE_SCOPE, &SUCCESSION_PART, &place, bytes)?;
    step.execute(
        "INSERT INTO succession_part (succession_id, part, case_id, sealed) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (succession_id, part) DO UPDATE SET sealed = excluded.sealed",
        (succession.as_bytes(), index, NODE_SCOPE.as_bytes(), sealed),
    )?;
    Ok(())
}
