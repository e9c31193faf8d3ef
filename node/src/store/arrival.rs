//! What came with a case from another municipality: of each entry where it comes from, and of the case what
//! its new stafettholder must know. Never on a link.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::limits::HANDOVER_NOTE_BYTES_MAX;
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::succession::CivilDay;
use stafett_protocol::succession::opening::ConsentShown;
use stafett_protocol::succession::origin::Origin;
use stafett_protocol::succession::package::{Contact, GuideLabel, Line, Prose};

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::sealed::{CARRIED_CASE, ENTRY_ORIGIN, Part};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;

/// What came with a case, beside its entries. It opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedCase {
    /// What the old owner was called.
    pub from_name: Line,
    /// When it made the package.
    pub made_on: CivilDay,
    /// The level that the case had there.
    pub guide: GuideLabel,
    /// Whom to ask.
    pub contact: Contact,
    /// What the family had said yes to.
    pub consent: ConsentShown,
    /// What the old stafettholder wrote.
    pub note: Prose<HANDOVER_NOTE_BYTES_MAX>,
    /// Areas that did not exist here when it came, with what the old owner calls them.
    pub areas_elsewhere: BTreeMap<AreaCode, Option<Line>>,
}

impl StoreReader {
    /// Returns where the entries of a case come from that came with it. One whose row is damaged is left
    /// out: the entry is reported by the check of the store.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn origins(&self, case: CaseId) -> Result<BTreeMap<EntryId, Origin>, StoreError> {
        self.read(move |snapshot| {
            let entries = snapshot.rows(
                "SELECT entry_id FROM entry_origin WHERE case_id = ?1",
                [case.as_bytes()],
                |row| Ok(EntryId::from_bytes(row.get(0)?)),
            )?;
            let mut origins = BTreeMap::new();
            for entry in entries {
                match origin(snapshot, case, entry) {
                    Ok(origin) => origins.extend(origin.map(|origin| (entry, origin))),
                    Err(error) if error.is_damage() => {
                        tracing::error!(%entry, %error, "an origin cannot be read: run `stafett check`");
                    }
                    Err(error) => return Err(error),
                }
            }
            Ok(origins)
        })
        .await
    }

    /// Returns what came with a case beside its entries; none of one that was opened here.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn carried_case(&self, case: CaseId) -> Result<Option<CarriedCase>, StoreError> {
        self.read(move |snapshot| {
            let sealed = snapshot.optional(
                "SELECT sealed FROM carried_case WHERE case_id = ?1",
                [case.as_bytes()],
                |row| Ok(row.get::<_, Vec<u8>>(0)?),
            )?;
            let place = [case.as_bytes().into()];
            sealed.map(|sealed| snapshot.open_json(case, &CARRIED_CASE, &place, &sealed)).transpose()
        })
        .await
    }
}

fn place<'a>(case: &'a CaseId, entry: &'a EntryId) -> [Part<'a>; 2] {
    [case.as_bytes().into(), entry.as_bytes().into()]
}

/// Reads where one entry comes from.
pub(crate) fn origin(
    snapshot: &Snapshot<'_>,
    case: CaseId,
    entry: EntryId,
) -> Result<Option<Origin>, StoreError> {
    let sealed = snapshot.optional(
        "SELECT sealed FROM entry_origin WHERE entry_id = ?1 AND case_id = ?2",
        (entry.as_bytes(), case.as_bytes()),
        |row| Ok(row.get::<_, Vec<u8>>(0)?),
    )?;
    let opened = sealed.map(|sealed| snapshot.open_json(case, &ENTRY_ORIGIN, &place(&case, &entry), &sealed));
    opened.transpose()
}

/// Keeps where an entry comes from. The entry is of the same transaction; what is there stays.
pub(crate) fn put_origin(step: &Step<'_>, entry: EntryId, origin: &Origin) -> Result<(), StoreError> {
    let select = "SELECT case_id FROM entry WHERE entry_id = ?1";
    let case = step.optional(select, [entry.as_bytes()], |row| Ok(CaseId::from_bytes(row.get(0)?)))?;
    let case = case.ok_or(stafett_protocol::transaction::Fault::OtherGeneration)?;
    let sealed = step.seal(case, &ENTRY_ORIGIN, &place(&case, &entry), &json(origin, ENTRY_ORIGIN.name)?)?;
    step.execute(
        "INSERT OR IGNORE INTO entry_origin (entry_id, case_id, sealed) VALUES (?1, ?2, ?3)",
        (entry.as_bytes(), case.as_bytes(), sealed),
    )?;
    Ok(())
}

/// Keeps what came with a case; what is there stays.
pub(crate) fn put_case(step: &Step<'_>, case: CaseId, carried: &CarriedCase) -> Result<(), StoreError> {
    let plain = json(carried, CARRIED_CASE.name)?;
    let sealed = step.seal(case, &CARRIED_CASE, &[case.as_bytes().into()], &plain)?;
    step.execute(
        "INSERT OR IGNORE INTO carried_case (case_id, sealed) VALUES (?1, ?2)",
        (case.as_bytes(), sealed),
    )?;
    Ok(())
}
