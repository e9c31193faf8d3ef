//! The private document of a case and its drafts: sealed bytes that never leave the node (law 6).

use stafett_protocol::id::CaseId;
use stafett_protocol::time::UnixMillis;

use crate::store::error::StoreError;
use crate::store::sealed::PRIVATE_CASE;
use crate::store::step::Step;
use crate::store::value::millis;
use crate::store::{LocalWrite, Store, StoreReader};

impl StoreReader {
    /// Returns the private document of a case.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn private_case(&self, case: CaseId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |snapshot| {
            let sealed = snapshot.optional(
                "SELECT sealed FROM private_case WHERE case_id = ?1",
                [case.as_bytes()],
                |row| Ok(row.get::<_, Vec<u8>>(0)?),
            )?;
            sealed
                .map(|sealed| snapshot.open(case, &PRIVATE_CASE, &[case.as_bytes().into()], &sealed))
                .transpose()
        })
        .await
    }
}

impl Store {
    /// Keeps the private document of a case, in place of what was there.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`] if the case is not opened; others if it cannot be written.
    pub async fn put_private_case(
        &self,
        case: CaseId,
        document: Vec<u8>,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::PrivateCase { case, document, at }]).await
    }
}

/// Writes a private document.
pub(crate) fn put(step: &Step<'_>, case: CaseId, document: &[u8], at: UnixMillis) -> Result<(), StoreError> {
    let sealed = step.seal(case, &PRIVATE_CASE, &[case.as_bytes().into()], document)?;
    step.execute(
        "INSERT INTO private_case (case_id, changed_at, sealed) VALUES (?1, ?2, ?3)
         ON CONFLICT (case_id) DO UPDATE SET changed_at = excluded.changed_at, sealed = excluded.sealed",
        (case.as_bytes(), millis(at), sealed),
    )?;
    Ok(())
}
