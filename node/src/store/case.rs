//! Cases: whose they are, and who of this node works with them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::sealed::{ASSIGNMENT, Part};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{millis, moment, organisation};
use crate::store::{LocalWrite, Store, StoreReader};

/// Stands for the node itself where something is sealed that belongs to no case. No random
/// identifier has 16 zero bytes, because six bits of each are the mark of its version.
pub(crate) const NODE_SCOPE: CaseId = CaseId::from_bytes([0; 16]);

/// A case that another municipality owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceivedCase {
    /// The case.
    pub case: CaseId,
    /// Whose it is.
    pub owner: OrganisationNumber,
    /// When the first of it came.
    pub first_at: UnixMillis,
}

/// Who works with a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Which case.
    pub case: CaseId,
    /// The service that the person works in.
    pub service: ServiceCode,
    /// Who.
    pub account: AccountId,
    /// Who assigned the case.
    pub by: AccountId,
    /// When.
    pub at: UnixMillis,
    /// The first millisecond on which it counts no longer; none for as long as nobody takes it away.
    pub until: Option<UnixMillis>,
}

#[derive(Serialize, Deserialize)]
struct SealedAssignment {
    service: ServiceCode,
}

impl StoreReader {
    /// Returns every case that this node owns.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn cases_owned(&self) -> Result<Vec<CaseId>, StoreError> {
        self.read(|snapshot| {
            snapshot.rows(
                "SELECT case_id FROM cases WHERE owner = ?1 AND case_id <> ?2 ORDER BY first_at, case_id",
                (snapshot.own.organisation.value(), NODE_SCOPE.as_bytes()),
                |row| Ok(CaseId::from_bytes(row.get(0)?)),
            )
        })
        .await
    }

    /// Returns every case of another municipality of which something is here.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn cases_received(&self) -> Result<Vec<ReceivedCase>, StoreError> {
        self.read(|snapshot| {
            snapshot.rows(
                "SELECT case_id, owner, first_at FROM cases WHERE owner <> ?1 ORDER BY first_at, case_id",
                [snapshot.own.organisation.value()],
                |row| {
                    let case = CaseId::from_bytes(row.get(0)?);
                    let owner = organisation(row, 1, "cases")?;
                    Ok(ReceivedCase { case, owner, first_at: moment(row.get(2)?) })
                },
            )
        })
        .await
    }

    /// Returns who works with a case at `now`.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn assignments(
        &self,
        case: CaseId,
        now: UnixMillis,
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let rows = self.assignment_rows(case, now).await?;
        Ok(rows.into_iter().map(|assignment| assignment.account).collect())
    }

    /// Returns who works with a case at `now`, in which service, since when and by whose word.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn assignment_rows(
        &self,
        case: CaseId,
        now: UnixMillis,
    ) -> Result<Vec<Assignment>, StoreError> {
        self.read(move |snapshot| assignment_rows(snapshot, case, now)).await
    }

    /// Returns the cases that a person is assigned to at `now`.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn cases_assigned(
        &self,
        account: AccountId,
        now: UnixMillis,
    ) -> Result<Vec<CaseId>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT case_id FROM assignment WHERE account = ?1 AND (until IS NULL OR ?2 < until)
                 ORDER BY given_at, case_id",
                (account.as_bytes(), millis(now)),
                |row| Ok(CaseId::from_bytes(row.get(0)?)),
            )
        })
        .await
    }
}

impl Store {
    /// Assigns a case to a person; once more changes the service and until when.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`] if nothing of the case is here; others if it cannot be written.
    pub async fn assign(&self, assignment: Assignment) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::Assign(assignment)]).await
    }

    /// Takes a case from a person.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn unassign(&self, case: CaseId, account: AccountId) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::Unassign { case, account }]).await
    }
}

fn assignment_rows(
    snapshot: &Snapshot<'_>,
    case: CaseId,
    now: UnixMillis,
) -> Result<Vec<Assignment>, StoreError> {
    snapshot.rows(
        "SELECT account, given_by, given_at, sealed, until FROM assignment
         WHERE case_id = ?1 AND (until IS NULL OR ?2 < until) ORDER BY given_at, account",
        (case.as_bytes(), millis(now)),
        |row| {
            let account: [u8; 16] = row.get(0)?;
            let identity = [Part::from(case.as_bytes()), Part::from(&account)];
            let sealed: Vec<u8> = row.get(3)?;
            let SealedAssignment { service } = snapshot.open_json(case, &ASSIGNMENT, &identity, &sealed)?;
            Ok(Assignment {
                case,
                service,
                account: AccountId::from_bytes(account),
                by: AccountId::from_bytes(row.get(1)?),
                at: moment(row.get(2)?),
                until: row.get::<_, Option<i64>>(4)?.map(moment),
            })
        },
    )
}

/// Writes an assignment.
pub(crate) fn assign(step: &Step<'_>, assignment: &Assignment) -> Result<(), StoreError> {
    let Assignment { case, service, account, by, at, until } = assignment;
    let identity = [Part::from(case.as_bytes()), Part::from(account.as_bytes())];
    let plain = json(&SealedAssignment { service: service.clone() }, "assignment")?;
    let sealed = step.seal(*case, &ASSIGNMENT, &identity, &plain)?;
    step.execute(
        "INSERT INTO assignment (case_id, account, given_by, given_at, sealed, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (case_id, account) DO UPDATE SET sealed = excluded.sealed, until = excluded.until",
        (case.as_bytes(), account.as_bytes(), by.as_bytes(), millis(*at), sealed, until.map(millis)),
    )?;
    Ok(())
}

/// Ends an assignment.
pub(crate) fn unassign(step: &Step<'_>, case: CaseId, account: AccountId) -> Result<(), StoreError> {
    step.execute(
        "DELETE FROM assignment WHERE case_id = ?1 AND account = ?2",
        (case.as_bytes(), account.as_bytes()),
    )?;
    Ok(())
}

/// Writes content as JSON, to be sealed.
pub(crate) fn json(content: &impl Serialize, table: &'static str) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(content).map_err(|_| StoreError::Damaged { table })
}
