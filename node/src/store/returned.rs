//! What somebody of this node wrote in a received entry and its owner never had: back with its
//! author for a while after the sharing ended, and then erased (law 12).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::entry::content::Fields;
use stafett_protocol::id::{AccountId, CaseId, ProposalId};
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::time::{DAY, UnixMillis};
use stafett_protocol::transaction::ReturnedEdit;

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::erase;
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::RETURNED_EDIT;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{millis, moment, organisation};

#[derive(Serialize, Deserialize)]
struct SealedEdit {
    kind: EntryKind,
    areas: BTreeSet<AreaCode>,
    fields: Fields,
    author: AccountId,
}

impl StoreReader {
    /// Returns the edits of a case that went back to their authors, whoever they are.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn returned_edits_in(&self, case: CaseId) -> Result<Vec<ReturnedEdit>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT returned_id, case_id, owner, until, sealed FROM returned_edit
                 WHERE case_id = ?1 ORDER BY until, returned_id",
                [case.as_bytes()],
                |row| read(snapshot, row),
            )
        })
        .await
    }
}

fn read(snapshot: &Snapshot<'_>, row: &rusqlite::Row<'_>) -> Result<ReturnedEdit, StoreError> {
    let id = ProposalId::from_bytes(row.get(0)?);
    let case = CaseId::from_bytes(row.get(1)?);
    let sealed: Vec<u8> = row.get(4)?;
    let edit: SealedEdit =
        snapshot.open_json(case, &RETURNED_EDIT, &row_of(&case, id.as_bytes()), &sealed)?;
    Ok(ReturnedEdit {
        id,
        owner: organisation(row, 2, RETURNED_EDIT.name)?,
        case,
        kind: edit.kind,
        areas: edit.areas,
        fields: edit.fields,
        author: edit.author,
        until: moment(row.get(3)?),
    })
}

/// Keeps an edit for its author; the first moment stands.
pub(crate) fn put(step: &mut Step<'_>, edit: &ReturnedEdit) -> Result<(), StoreError> {
    step.ensure_case(edit.case, edit.owner)?;
    let sealed = SealedEdit {
        kind: edit.kind,
        areas: edit.areas.clone(),
        fields: edit.fields.clone(),
        author: edit.author,
    };
    let place = row_of(&edit.case, edit.id.as_bytes());
    let sealed = step.seal(edit.case, &RETURNED_EDIT, &place, &json(&sealed, RETURNED_EDIT.name)?)?;
    step.execute(
        "INSERT INTO returned_edit (returned_id, case_id, owner, until, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (returned_id) DO NOTHING",
        (edit.id.as_bytes(), edit.case.as_bytes(), edit.owner.value(), millis(edit.until), sealed),
    )?;
    Ok(())
}

/// What was given back is not erased before `until`, also proposals. A day more or less is left as
/// it is, so that nothing is written anew at each look.
pub(crate) fn keep(step: &Step<'_>, until: UnixMillis) -> Result<(), StoreError> {
    let until = [millis(until), millis(UnixMillis(until.0.saturating_sub(DAY)))];
    step.execute("UPDATE returned_edit SET until = ?1 WHERE until < ?2", until)?;
    step.execute("UPDATE proposal SET until = ?1 WHERE state = 1 AND until < ?2", until)?;
    Ok(())
}

/// Erases the edits whose time is over.
pub(crate) fn erase(step: &mut Step<'_>, now: UnixMillis) -> Result<(), StoreError> {
    let cases: BTreeSet<CaseId> = step
        .rows("SELECT case_id FROM returned_edit WHERE until <= ?1", [millis(now)], |row| {
            Ok(CaseId::from_bytes(row.get(0)?))
        })?
        .into_iter()
        .collect();
    step.execute("DELETE FROM returned_edit WHERE until <= ?1", [millis(now)])?;
    cases.into_iter().try_for_each(|case| erase::seal_anew(step, case))
}
