//! Whether services take a case: what own services have said to owners, and partners' services to
//! this node. One answer for each grant, the last one, and none once the grant has ended.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::{CaseId, GrantId};
use stafett_protocol::link::snapshot::{HeardUptake, SaidUptake, Snapshot as LinkSnapshot};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::{Heard, Uptake};

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::erase;
use crate::store::error::StoreError;
use crate::store::sealed::{Part, UPTAKE_HEARD, UPTAKE_SAID};
use crate::store::snapshot::{Snapshot, statement_of};
use crate::store::step::Step;
use crate::store::value::{millis, moment};

/// What an own service has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRow {
    /// The answer.
    pub uptake: Uptake,
    /// When the owner's node said that it has it.
    pub kept_at: Option<UnixMillis>,
}

impl StoreReader {
    /// Returns what own services have answered in a received case.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn uptakes_said(&self, case: CaseId) -> Result<Vec<SaidRow>, StoreError> {
        self.read(move |snapshot| said(snapshot, "case_id = ?1", [case.as_bytes()])).await
    }

    /// Returns what partners' services have answered in an own case.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn uptakes_heard(&self, case: CaseId) -> Result<Vec<Heard>, StoreError> {
        self.read(move |snapshot| heard(snapshot, "case_id = ?1", [case.as_bytes()])).await
    }

    /// Returns the own cases in which a partner's service has answered anything.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn cases_with_uptakes(&self) -> Result<BTreeSet<CaseId>, StoreError> {
        self.read(|snapshot| {
            let cases = snapshot.rows("SELECT DISTINCT case_id FROM uptake_heard", [], |row| {
                Ok(CaseId::from_bytes(row.get(0)?))
            })?;
            Ok(cases.into_iter().collect())
        })
        .await
    }
}

/// Where an answer belongs: an earlier one to the same grant does not open in its place.
fn place<'a>(case: &'a CaseId, grant: &'a GrantId, said_at: UnixMillis) -> [Part<'a>; 3] {
    [case.as_bytes().into(), grant.as_bytes().into(), millis(said_at).into()]
}

fn said(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<SaidRow>, StoreError> {
    let sql = format!(
        "SELECT case_id, grant_id, said_at, kept_at, sealed FROM uptake_said
         WHERE {condition} ORDER BY grant_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        let (case, grant) = (CaseId::from_bytes(row.get(0)?), GrantId::from_bytes(row.get(1)?));
        let sealed: Vec<u8> = row.get(4)?;
        let place = place(&case, &grant, moment(row.get(2)?));
        Ok(SaidRow {
            uptake: snapshot.open_json(case, &UPTAKE_SAID, &place, &sealed)?,
            kept_at: row.get::<_, Option<i64>>(3)?.map(moment),
        })
    })
}

fn heard(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Heard>, StoreError> {
    let sql = format!(
        "SELECT case_id, grant_id, said_at, heard_at, sealed FROM uptake_heard
         WHERE {condition} ORDER BY grant_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        let (case, grant) = (CaseId::from_bytes(row.get(0)?), GrantId::from_bytes(row.get(1)?));
        let sealed: Vec<u8> = row.get(4)?;
        let token =
            snapshot.open(case, &UPTAKE_HEARD, &place(&case, &grant, moment(row.get(2)?)), &sealed)?;
        Ok(Heard { uptake: statement_of(&token, UPTAKE_HEARD.name)?, at: moment(row.get(3)?) })
    })
}

/// Reads what a session with a partner must know.
pub(crate) fn read(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    link: &mut LinkSnapshot,
) -> Result<(), StoreError> {
    let own = said(snapshot, "owner = ?1", [partner.value()])?.into_iter();
    let own = own.map(|SaidRow { uptake, kept_at }| {
        (uptake.grant, SaidUptake { uptake, is_kept: kept_at.is_some(), sent: false })
    });
    link.said = own.collect();
    let theirs = heard(snapshot, "partner = ?1", [partner.value()])?.into_iter();
    let theirs: BTreeMap<_, _> =
        theirs.map(|Heard { uptake, .. }| (uptake.grant, HeardUptake { uptake, is_durable: true })).collect();
    link.heard = theirs;
    Ok(())
}

/// Keeps what an own service answers, unless something later is here or the grant is not.
pub(crate) fn say(step: &mut Step<'_>, uptake: &Uptake) -> Result<(), StoreError> {
    let Uptake { grant, case, owner, said_at, .. } = uptake;
    let is_open = step.exists(
        "SELECT 1 FROM grant_received WHERE grant_id = ?1 AND ended_at IS NULL",
        [grant.as_bytes()],
    )?;
    if !is_open {
        return Ok(());
    }
    let sealed =
        step.seal(*case, &UPTAKE_SAID, &place(case, grant, *said_at), &json(uptake, UPTAKE_SAID.name)?)?;
    step.execute(
        "INSERT INTO uptake_said (grant_id, case_id, owner, said_at, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (grant_id) DO UPDATE
         SET said_at = excluded.said_at, kept_at = NULL, sealed = excluded.sealed
         WHERE said_at < excluded.said_at AND case_id = excluded.case_id",
        (grant.as_bytes(), case.as_bytes(), owner.value(), millis(*said_at), sealed),
    )?;
    Ok(())
}

/// Notes that the owner has an answer; what was said since is not meant.
pub(crate) fn kept(step: &Step<'_>, grant: GrantId, said_at: UnixMillis) -> Result<(), StoreError> {
    step.execute(
        "UPDATE uptake_said SET kept_at = ?3 WHERE grant_id = ?1 AND said_at = ?2 AND kept_at IS NULL",
        (grant.as_bytes(), millis(said_at), millis(step.now)),
    )?;
    Ok(())
}

/// Keeps what a partner's service answers, unless something later is here, or the grant is ended.
pub(crate) fn hear(step: &mut Step<'_>, uptake: &Verified<Uptake>) -> Result<(), StoreError> {
    let Uptake { grant, case, partner, said_at, .. } = uptake.statement();
    let is_open = step.exists(
        "SELECT 1 FROM grant_issued WHERE grant_id = ?1 AND case_id = ?2 AND partner = ?3
         AND NOT EXISTS (SELECT 1 FROM erase_order WHERE erase_order.grant_id = grant_issued.grant_id)",
        (grant.as_bytes(), case.as_bytes(), partner.value()),
    )?;
    if !is_open {
        return Ok(());
    }
    let sealed = step.seal(*case, &UPTAKE_HEARD, &place(case, grant, *said_at), uptake.token().as_bytes())?;
    step.execute(
        "INSERT INTO uptake_heard (grant_id, case_id, partner, said_at, heard_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (grant_id) DO UPDATE
         SET said_at = excluded.said_at, heard_at = excluded.heard_at, sealed = excluded.sealed
         WHERE said_at < excluded.said_at",
        (grant.as_bytes(), case.as_bytes(), partner.value(), millis(*said_at), millis(step.now), sealed),
    )?;
    Ok(())
}

/// Erases what was answered to a received grant that has ended: what is left of the case gets a new
/// key, so that no copy of the answer opens.
pub(crate) fn end_said(
    step: &mut Step<'_>,
    owner: OrganisationNumber,
    case: CaseId,
    grant: GrantId,
) -> Result<(), StoreError> {
    let deleted = step.execute(
        "DELETE FROM uptake_said WHERE grant_id = ?1 AND case_id = ?2 AND owner = ?3",
        (grant.as_bytes(), case.as_bytes(), owner.value()),
    )?;
    if deleted > 0 { erase::seal_anew(step, case) } else { Ok(()) }
}

/// Deletes what was answered to an own grant that has ended.
pub(crate) fn end_heard(step: &Step<'_>, grant: GrantId) -> Result<(), StoreError> {
    step.execute("DELETE FROM uptake_heard WHERE grant_id = ?1", [grant.as_bytes()])?;
    Ok(())
}
