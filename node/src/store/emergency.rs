//! Emergency openings (nødåpninger): who opened which case, when and why, and what a review found.
//!
//! Rows are added and never taken away while the case has a key; they go with the case, as all of it
//! does. A row that does not open is listed all the same, without what was sealed in it.

use serde::{Deserialize, Serialize};
use stafett_protocol::access::emergency::{EmergencyFinding, EmergencyOpening, EmergencyReason};
use stafett_protocol::id::{AccountId, CaseId, EmergencyOpeningId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::Role;
use stafett_protocol::time::UnixMillis;

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::sealed::{EMERGENCY_OPENING, EMERGENCY_REVIEW, Part};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{millis, moment};

/// Reviewed openings that a list has, the latest.
const REVIEWED_LISTED_MAX: u32 = 500;

/// What is sealed of an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyContent {
    /// In which role it was opened.
    pub role: Role,
    /// In which service.
    pub service: ServiceCode,
    /// In which unit of it.
    pub unit: Option<String>,
    /// Why.
    pub reason: EmergencyReason,
}

/// What is sealed of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyReviewContent {
    /// Whether the opening was needed.
    pub was_needed: bool,
    /// What was found.
    pub finding: EmergencyFinding,
}

/// An opening that begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEmergency {
    /// Which.
    pub id: EmergencyOpeningId,
    /// Of which case.
    pub case: CaseId,
    /// By whom.
    pub account: AccountId,
    /// When.
    pub at: UnixMillis,
    /// The rest.
    pub content: EmergencyContent,
}

/// A review that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEmergencyReview {
    /// Of which opening.
    pub id: EmergencyOpeningId,
    /// Of which case.
    pub case: CaseId,
    /// By whom.
    pub by: AccountId,
    /// When.
    pub at: UnixMillis,
    /// The rest.
    pub content: EmergencyReviewContent,
}

/// A review as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyReviewRow {
    /// By whom.
    pub by: AccountId,
    /// When.
    pub at: UnixMillis,
    /// What it found; none if that cannot be read.
    pub content: Option<EmergencyReviewContent>,
}

/// An opening as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRow {
    /// Which.
    pub id: EmergencyOpeningId,
    /// Of which case.
    pub case: CaseId,
    /// By whom.
    pub account: AccountId,
    /// When.
    pub opened_at: UnixMillis,
    /// When another of the same person took its place.
    pub ended_at: Option<UnixMillis>,
    /// What was sealed; none if it cannot be read.
    pub content: Option<EmergencyContent>,
    /// What was found, once somebody has looked into it.
    pub review: Option<EmergencyReviewRow>,
}

impl EmergencyRow {
    /// Returns the opening, as far as it can be read.
    pub fn opening(&self) -> Option<EmergencyOpening> {
        let content = self.content.as_ref()?;
        Some(EmergencyOpening {
            id: self.id,
            case: self.case,
            account: self.account,
            role: content.role,
            service: content.service.clone(),
            unit: content.unit.clone(),
            opened_at: self.opened_at,
            ended_at: self.ended_at,
        })
    }
}

impl StoreReader {
    /// Returns every opening that nobody has looked into, and the latest of the others; the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn emergency_openings(&self) -> Result<Vec<EmergencyRow>, StoreError> {
        let condition = format!(
            "r.opening_id IS NULL OR o.opening_id IN
             (SELECT opening_id FROM emergency_review ORDER BY reviewed_at DESC LIMIT {REVIEWED_LISTED_MAX})"
        );
        self.read(move |snapshot| rows(snapshot, &condition, [])).await
    }

    /// Returns every opening that nobody has looked into, and those since a moment; the newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn emergency_openings_since(&self, since: UnixMillis) -> Result<Vec<EmergencyRow>, StoreError> {
        let condition = "r.opening_id IS NULL OR o.opened_at >= ?1";
        self.read(move |snapshot| rows(snapshot, condition, [millis(since)])).await
    }

    /// Returns the opening that a person made last.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn last_emergency_opening(
        &self,
        account: AccountId,
    ) -> Result<Option<EmergencyRow>, StoreError> {
        // One that another took the place of is over, also if the clock was set back since.
        let condition = "o.account = ?1 AND o.ended_at IS NULL";
        let rows = self.read(move |snapshot| rows(snapshot, condition, [account.as_bytes()])).await?;
        Ok(rows.into_iter().next())
    }

    /// Returns one opening.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn emergency_opening(
        &self,
        opening: EmergencyOpeningId,
    ) -> Result<Option<EmergencyRow>, StoreError> {
        let condition = "o.opening_id = ?1";
        let rows = self.read(move |snapshot| rows(snapshot, condition, [opening.as_bytes()])).await?;
        Ok(rows.into_iter().next())
    }
}

fn rows(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<EmergencyRow>, StoreError> {
    let sql = format!(
        "SELECT o.opening_id, o.case_id, o.account, o.opened_at, o.ended_at, o.sealed,
             r.account, r.reviewed_at, r.sealed
         FROM emergency_opening o
         LEFT JOIN emergency_review r ON r.opening_id = o.opening_id AND r.case_id = o.case_id
         WHERE {condition} ORDER BY o.opened_at DESC, o.opening_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        let (id, case) = (EmergencyOpeningId::from_bytes(row.get(0)?), CaseId::from_bytes(row.get(1)?));
        let (account, opened_at) = (AccountId::from_bytes(row.get(2)?), moment(row.get(3)?));
        let sealed: Vec<u8> = row.get(5)?;
        let opened =
            snapshot.open_json(case, &EMERGENCY_OPENING, &place(&case, &id, &account, opened_at), &sealed);
        let review =
            match (row.get::<_, Option<[u8; 16]>>(6)?, row.get(7)?, row.get::<_, Option<Vec<u8>>>(8)?) {
                (Some(by), Some(at), Some(sealed)) => {
                    let (by, at) = (AccountId::from_bytes(by), moment(at));
                    let found =
                        snapshot.open_json(case, &EMERGENCY_REVIEW, &place(&case, &id, &by, at), &sealed);
                    Some(EmergencyReviewRow { by, at, content: unless_damaged(id, found)? })
                }
                _ => None,
            };
        Ok(EmergencyRow {
            id,
            case,
            account,
            opened_at,
            ended_at: row.get::<_, Option<i64>>(4)?.map(moment),
            content: unless_damaged(id, opened)?,
            review,
        })
    })
}

/// One row that does not open hides no other (law 21).
fn unless_damaged<T>(
    opening: EmergencyOpeningId,
    content: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match content {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.is_damage() => {
            tracing::error!(%opening, %error, "an emergency opening cannot be read: run `stafett check`");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn place<'a>(
    case: &'a CaseId,
    opening: &'a EmergencyOpeningId,
    account: &'a AccountId,
    at: UnixMillis,
) -> [Part<'a>; 4] {
    [case.as_bytes().into(), opening.as_bytes().into(), account.as_bytes().into(), millis(at).into()]
}

/// Begins an opening, and ends what the person had open. One that is here already changes nothing.
pub(crate) fn open(step: &Step<'_>, new: &NewEmergency) -> Result<(), StoreError> {
    let is_here =
        step.exists("SELECT 1 FROM emergency_opening WHERE opening_id = ?1", [new.id.as_bytes()])?;
    if is_here {
        return Ok(());
    }
    step.execute(
        "UPDATE emergency_opening SET ended_at = ?2 WHERE account = ?1 AND ended_at IS NULL",
        (new.account.as_bytes(), millis(new.at)),
    )?;
    let plain = json(&new.content, EMERGENCY_OPENING.name)?;
    let place = place(&new.case, &new.id, &new.account, new.at);
    let sealed = step.seal(new.case, &EMERGENCY_OPENING, &place, &plain)?;
    step.execute(
        "INSERT INTO emergency_opening (opening_id, case_id, account, opened_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        (new.id.as_bytes(), new.case.as_bytes(), new.account.as_bytes(), millis(new.at), sealed),
    )?;
    Ok(())
}

/// Keeps what a review found, unless there is one.
pub(crate) fn review(step: &Step<'_>, new: &NewEmergencyReview) -> Result<(), StoreError> {
    let plain = json(&new.content, EMERGENCY_REVIEW.name)?;
    let place = place(&new.case, &new.id, &new.by, new.at);
    let sealed = step.seal(new.case, &EMERGENCY_REVIEW, &place, &plain)?;
    step.execute(
        "INSERT INTO emergency_review (opening_id, case_id, account, reviewed_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (opening_id) DO NOTHING",
        (new.id.as_bytes(), new.case.as_bytes(), new.by.as_bytes(), millis(new.at), sealed),
    )?;
    Ok(())
}
