//! The note that goes with an offer of the baton: sealed, never on a link, one for each case.

use std::fmt;

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::HANDOVER_NOTE;
use crate::store::step::Step;

/// The note of one offer.
#[derive(Clone, PartialEq, Eq)]
pub struct HandoverNote {
    /// Of which case.
    pub case: CaseId,
    /// With which offer.
    pub offer: BatonOfferId,
    /// To whom the offer was made.
    pub to: AccountId,
    /// What it says; at most [`HANDOVER_NOTE_BYTES_MAX`](stafett_protocol::limits::HANDOVER_NOTE_BYTES_MAX).
    pub text: String,
}

impl fmt::Debug for HandoverNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HandoverNote({}, «redacted»)", self.offer)
    }
}

#[derive(Serialize, Deserialize)]
struct SealedNote {
    to: AccountId,
    text: String,
}

impl StoreReader {
    /// Returns the note of a case's latest offer, unless the offer was declined or recalled.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn handover_note(&self, case: CaseId) -> Result<Option<HandoverNote>, StoreError> {
        self.read(move |snapshot| {
            snapshot.optional(
                "SELECT offer_id, sealed FROM handover_note WHERE case_id = ?1",
                [case.as_bytes()],
                |row| {
                    let offer = BatonOfferId::from_bytes(row.get(0)?);
                    let sealed: Vec<u8> = row.get(1)?;
                    let place = row_of(&case, offer.as_bytes());
                    let SealedNote { to, text } =
                        snapshot.open_json(case, &HANDOVER_NOTE, &place, &sealed)?;
                    Ok(HandoverNote { case, offer, to, text })
                },
            )
        })
        .await
    }
}

/// Keeps the note of a new offer, in place of an earlier one.
pub(crate) fn put(step: &Step<'_>, note: &HandoverNote) -> Result<(), StoreError> {
    let plain = json(&SealedNote { to: note.to, text: note.text.clone() }, HANDOVER_NOTE.name)?;
    let place = row_of(&note.case, note.offer.as_bytes());
    let sealed = step.seal(note.case, &HANDOVER_NOTE, &place, &plain)?;
    step.execute(
        "INSERT INTO handover_note (case_id, offer_id, sealed) VALUES (?1, ?2, ?3)
         ON CONFLICT (case_id) DO UPDATE SET offer_id = excluded.offer_id, sealed = excluded.sealed",
        (note.case.as_bytes(), note.offer.as_bytes(), sealed),
    )?;
    Ok(())
}

/// Drops the note: what it went with came to nothing.
pub(crate) fn drop_of(step: &Step<'_>, case: CaseId) -> Result<(), StoreError> {
    step.execute("DELETE FROM handover_note WHERE case_id = ?1", [case.as_bytes()])?;
    Ok(())
}
