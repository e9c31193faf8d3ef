//! What the store holds and where it went, without a name, a title or an area.

use std::collections::BTreeSet;

use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GrantId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryState;

use crate::store::error::StoreError;
use crate::store::snapshot::Snapshot;
use crate::store::value::{count, moment, organisation};
use crate::store::{StoreReader, entry};

/// One entry as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRow {
    /// Whose case it belongs to.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The entry.
    pub entry: EntryId,
    /// Its kind.
    pub kind: EntryKind,
    /// Whether it is live.
    pub state: EntryState,
    /// Sealed bytes of facts and changes.
    pub bytes: u64,
    /// The grants under which it came here, or under which it went out from here.
    pub grants: BTreeSet<GrantId>,
    /// The consents behind those grants, as far as this node knows them.
    pub consents: BTreeSet<ConsentId>,
    /// To whom it was sent, and when last.
    pub sent_to: Vec<(OrganisationNumber, UnixMillis)>,
    /// Who was ordered to erase it and has not said that it did, and since when.
    pub unanswered: Vec<(OrganisationNumber, UnixMillis)>,
}

/// How much of one owner's is here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredAmount {
    /// Entries.
    pub entries: u64,
    /// Sealed bytes of their facts and changes.
    pub bytes: u64,
}

impl StoreReader {
    /// Returns every entry that is here, own ones and received ones.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn holds(&self) -> Result<Vec<HeldRow>, StoreError> {
        self.read(holds).await
    }

    /// Returns how much of an owner's is here, against the bounds of its agreement (law 21).
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn stored_from(&self, owner: OrganisationNumber) -> Result<StoredAmount, StoreError> {
        self.read(move |snapshot| {
            let entries = snapshot.number("SELECT count(*) FROM entry WHERE owner = ?1", [owner.value()])?;
            let bytes = snapshot.number(
                "SELECT coalesce(sum(length(sealed)), 0) + coalesce((
                     SELECT sum(length(entry_change.sealed)) FROM entry_change
                     JOIN entry ON entry.entry_id = entry_change.entry_id WHERE entry.owner = ?1), 0)
                 FROM entry WHERE owner = ?1",
                [owner.value()],
            )?;
            Ok(StoredAmount { entries: count(entries), bytes: count(bytes) })
        })
        .await
    }
}

fn holds(snapshot: &Snapshot<'_>) -> Result<Vec<HeldRow>, StoreError> {
    snapshot.rows(
        "SELECT entry_id, owner, case_id, kind, state, length(sealed) + coalesce(
             (SELECT sum(length(sealed)) FROM entry_change WHERE entry_change.entry_id = entry.entry_id), 0)
         FROM entry ORDER BY owner, case_id, stored_at, entry_id",
        [],
        |row| {
            let id = EntryId::from_bytes(row.get(0)?);
            let grounds = grounds(snapshot, id)?;
            Ok(HeldRow {
                owner: organisation(row, 1, "entry")?,
                case: CaseId::from_bytes(row.get(2)?),
                entry: id,
                kind: EntryKind::from_code(row.get(3)?).ok_or(StoreError::Damaged { table: "entry" })?,
                state: entry::state(row.get(4)?)?,
                bytes: count(row.get(5)?),
                grants: grounds.iter().map(|(grant, _)| *grant).collect(),
                consents: grounds.iter().filter_map(|(_, consent)| *consent).collect(),
                sent_to: sent_to(snapshot, id)?,
                unanswered: unanswered(snapshot, id)?,
            })
        },
    )
}

fn grounds(snapshot: &Snapshot<'_>, entry: EntryId) -> Result<Vec<(GrantId, Option<ConsentId>)>, StoreError> {
    snapshot.rows(
        "SELECT entry_under.grant_id, consent_id FROM entry_under
         LEFT JOIN grant_received ON grant_received.grant_id = entry_under.grant_id
         WHERE entry_under.entry_id = ?1
         UNION
         SELECT disclosure_ground.grant_id, disclosure_ground.consent_id FROM disclosure
         JOIN disclosure_ground ON disclosure_ground.disclosure_id = disclosure.disclosure_id
         WHERE disclosure.entry_id = ?1 AND is_unsent = 0
         ORDER BY 1",
        [entry.as_bytes()],
        |row| {
            let consent: Option<[u8; 16]> = row.get(1)?;
            Ok((GrantId::from_bytes(row.get(0)?), consent.map(ConsentId::from_bytes)))
        },
    )
}

fn sent_to(
    snapshot: &Snapshot<'_>,
    entry: EntryId,
) -> Result<Vec<(OrganisationNumber, UnixMillis)>, StoreError> {
    snapshot.rows(
        "SELECT partner, max(disclosed_at) FROM disclosure
         WHERE entry_id = ?1 AND is_unsent = 0 GROUP BY partner ORDER BY partner",
        [entry.as_bytes()],
        |row| Ok((organisation(row, 0, "disclosure")?, moment(row.get(1)?))),
    )
}

fn unanswered(
    snapshot: &Snapshot<'_>,
    entry: EntryId,
) -> Result<Vec<(OrganisationNumber, UnixMillis)>, StoreError> {
    snapshot.rows(
        "SELECT partner, min(queued_at) FROM erase_order
         JOIN erase_order_entry ON erase_order_entry.order_id = erase_order.order_id
         WHERE entry_id = ?1 AND NOT EXISTS (
             SELECT 1 FROM receipt_filed WHERE receipt_filed.order_id = erase_order.order_id)
         GROUP BY partner ORDER BY partner",
        [entry.as_bytes()],
        |row| Ok((organisation(row, 0, "erase_order")?, moment(row.get(1)?))),
    )
}
