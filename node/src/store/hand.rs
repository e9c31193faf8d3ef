//! Files with packages for the hand that came here: how far each is, and its envelope as long as somebody may
//! open it. Nothing in them tells whom they are about: the code word is kept nowhere.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{AccountId, CaseId, HandArrivalId, PackageId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::PublicKey;
use stafett_protocol::time::UnixMillis;

use crate::store::StoreReader;
use crate::store::case::{NODE_SCOPE, json};
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::{HAND_ARRIVAL, HAND_ENVELOPE};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;

/// A file that came, without its envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandArrival {
    /// Which.
    pub id: HandArrivalId,
    /// When it was taken in.
    pub came_at: UnixMillis,
    /// The key that the operator was told, for a sender that is no partner.
    pub signed_by: Option<[u8; 32]>,
    /// Whom the coordinator has asked, or who has opened it.
    pub asked: Option<AccountId>,
    /// Wrong code words since somebody was asked.
    pub wrong_words: u8,
    /// How far it is.
    pub course: HandArrivalCourse,
}

/// How far a file that came is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandArrivalCourse {
    /// Nobody has opened it.
    Waiting,
    /// The coordinator said that nobody here takes it; the envelope is deleted.
    Declined,
    /// Nobody opened it in time; the envelope is deleted.
    Lapsed,
    /// Somebody took the case over; the envelope is deleted.
    Opened {
        /// Where it came from.
        from: OrganisationNumber,
        /// What that was called.
        from_name: String,
        /// Which package it was.
        package: PackageId,
        /// The case that was opened.
        case: CaseId,
    },
}

impl HandArrival {
    /// The key that the operator was told.
    pub fn key(&self) -> Option<PublicKey> {
        self.signed_by.map(PublicKey)
    }

    /// Whether somebody may still open it.
    pub fn is_waiting(&self) -> bool {
        self.course == HandArrivalCourse::Waiting
    }
}

impl StoreReader {
    /// Returns the files that came here by hand.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn hand_arrivals(&self) -> Result<Vec<HandArrival>, StoreError> {
        self.read(|snapshot| kept(snapshot, "1", [])).await
    }

    /// Returns one of them.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn hand_arrival(&self, id: HandArrivalId) -> Result<Option<HandArrival>, StoreError> {
        let found = self.read(move |snapshot| kept(snapshot, "arrival_id = ?1", [id.as_bytes()])).await?;
        Ok(found.into_iter().next())
    }

    /// Returns the envelope of one that nobody has opened.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn hand_envelope(&self, id: HandArrivalId) -> Result<Option<String>, StoreError> {
        self.read(move |snapshot| {
            let select = "SELECT sealed FROM hand_envelope WHERE arrival_id = ?1";
            snapshot.optional(select, [id.as_bytes()], |row| {
                let sealed: Vec<u8> = row.get(0)?;
                let place = row_of(&NODE_SCOPE, id.as_bytes());
                snapshot.open_json(NODE_SCOPE, &HAND_ENVELOPE, &place, &sealed)
            })
        })
        .await
    }
}

fn kept(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<HandArrival>, StoreError> {
    let sql = format!("SELECT arrival_id, sealed FROM hand_arrival WHERE {condition} ORDER BY arrival_id");
    snapshot.rows(&sql, parameters, |row| {
        let id: [u8; 16] = row.get(0)?;
        let sealed: Vec<u8> = row.get(1)?;
        snapshot.open_json(NODE_SCOPE, &HAND_ARRIVAL, &row_of(&NODE_SCOPE, &id), &sealed)
    })
}

/// Keeps how far a file is, in place of what was there, and with a new one its envelope. Once nobody may open it
/// any more, the envelope is deleted.
pub(crate) fn put(
    step: &mut Step<'_>,
    arrival: &HandArrival,
    envelope: Option<&str>,
) -> Result<(), StoreError> {
    step.ensure_case(NODE_SCOPE, step.own.organisation)?;
    let place = row_of(&NODE_SCOPE, arrival.id.as_bytes());
    let sealed = step.seal(NODE_SCOPE, &HAND_ARRIVAL, &place, &json(arrival, HAND_ARRIVAL.name)?)?;
    step.execute(
        "INSERT INTO hand_arrival (arrival_id, case_id, sealed) VALUES (?1, ?2, ?3)
         ON CONFLICT (arrival_id) DO UPDATE SET sealed = excluded.sealed",
        (arrival.id.as_bytes(), NODE_SCOPE.as_bytes(), sealed),
    )?;
    if let Some(envelope) = envelope {
        let sealed = step.seal(NODE_SCOPE, &HAND_ENVELOPE, &place, &json(&envelope, HAND_ENVELOPE.name)?)?;
        step.execute(
            "INSERT OR REPLACE INTO hand_envelope (arrival_id, case_id, sealed) VALUES (?1, ?2, ?3)",
            (arrival.id.as_bytes(), NODE_SCOPE.as_bytes(), sealed),
        )?;
    }
    if !arrival.is_waiting() {
        step.execute("DELETE FROM hand_envelope WHERE arrival_id = ?1", [arrival.id.as_bytes()])?;
    }
    Ok(())
}
