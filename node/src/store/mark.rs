//! How far each side's statements on a link go, and what a restored partner is told (law 16).

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::{CaseId, EntryId, GrantId};
use stafett_protocol::link::snapshot::{OwnMark, PartnerMark, Snapshot as LinkSnapshot};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::restore::HeldGrant;
use stafett_protocol::signed::Verified;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::meta;
use crate::store::sealed::GRANT_RECEIVED;
use crate::store::snapshot::{Snapshot, statement_of};
use crate::store::step::Step;
use crate::store::value::{count, counter};

impl StoreReader {
    /// Returns the incarnation in which this node and a partner were last compared; 0 at first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn link_checked(&self, partner: OrganisationNumber) -> Result<u64, StoreError> {
        self.read(move |snapshot| checked(snapshot, partner)).await
    }

    /// Returns what is held here under each grant that a partner has signed.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn held_under(
        &self,
        owner: OrganisationNumber,
    ) -> Result<BTreeMap<GrantId, HeldGrant>, StoreError> {
        self.read(move |snapshot| held_under(snapshot, owner)).await
    }

    /// Returns the entries that the disclosure rows say a partner was sent under a grant, and that
    /// no row marks as unsent.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn sent_under(&self, grant: GrantId) -> Result<BTreeSet<EntryId>, StoreError> {
        self.read(move |snapshot| {
            let entries = snapshot.rows(
                "SELECT DISTINCT entry_id FROM disclosure JOIN disclosure_ground USING (disclosure_id)
                 WHERE grant_id = ?1 AND is_unsent = 0",
                [grant.as_bytes()],
                |row| Ok(EntryId::from_bytes(row.get(0)?)),
            )?;
            Ok(entries.into_iter().collect())
        })
        .await
    }
}

fn checked(snapshot: &Snapshot<'_>, partner: OrganisationNumber) -> Result<u64, StoreError> {
    let checked = snapshot.optional(
        "SELECT checked FROM link_number WHERE partner = ?1",
        [partner.value()],
        |row| Ok(count(row.get(0)?)),
    )?;
    Ok(checked.unwrap_or(0))
}

fn held_under(
    snapshot: &Snapshot<'_>,
    owner: OrganisationNumber,
) -> Result<BTreeMap<GrantId, HeldGrant>, StoreError> {
    let damaged = |_| StoreError::Damaged { table: GRANT_RECEIVED.name };
    let grants = snapshot.rows(
        "SELECT case_id, grant_id, ended_at, sealed FROM grant_received
         WHERE sealed IS NOT NULL AND owner = ?1",
        [owner.value()],
        |row| {
            let case = CaseId::from_bytes(row.get(0)?);
            let grant: [u8; 16] = row.get(1)?;
            let sealed: Vec<u8> = row.get(3)?;
            let token = snapshot.open(case, &GRANT_RECEIVED, &row_of(&case, &grant), &sealed)?;
            let has_ended = row.get::<_, Option<i64>>(2)?.is_some();
            let token = String::from_utf8(token).map_err(damaged)?;
            Ok((GrantId::from_bytes(grant), HeldGrant { token, has_ended, entries: BTreeSet::new() }))
        },
    )?;
    let mut grants: BTreeMap<GrantId, HeldGrant> = grants.into_iter().collect();
    let under = snapshot.rows(
        "SELECT grant_id, entry_id FROM entry_under JOIN entry USING (entry_id)
         WHERE owner = ?1 AND state = 0",
        [owner.value()],
        |row| Ok((GrantId::from_bytes(row.get(0)?), EntryId::from_bytes(row.get(1)?))),
    )?;
    for (grant, entry) in under {
        if let Some(held) = grants.get_mut(&grant) {
            held.entries.insert(entry);
        }
    }
    Ok(grants)
}

/// Reads how far each side's statements go.
pub(crate) fn read(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    link: &mut LinkSnapshot,
) -> Result<(), StoreError> {
    let incarnation = meta::incarnation(snapshot)?;
    let row = snapshot.optional(
        "SELECT signed, mark, checked FROM link_number WHERE partner = ?1",
        [partner.value()],
        |row| Ok((count(row.get(0)?), row.get::<_, Option<String>>(1)?, count(row.get(2)?))),
    )?;
    let (number, token, checked) = row.unwrap_or((0, None, 0));
    link.own_mark = OwnMark { incarnation, number };
    link.restored = checked < incarnation;
    if let Some(token) = token {
        let mark = statement_of(token.as_bytes(), "link_number")?;
        link.partner_mark = Some(PartnerMark { token, mark });
    }
    Ok(())
}

/// One more statement is signed for a partner.
pub(crate) fn count_signed(step: &mut Step<'_>, partner: OrganisationNumber) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO link_number (partner, signed) VALUES (?1, 1)
         ON CONFLICT (partner) DO UPDATE SET signed = signed + 1",
        [partner.value()],
    )?;
    let number = step.number("SELECT signed FROM link_number WHERE partner = ?1", [partner.value()])?;
    step.signed.insert(partner, count(number));
    Ok(())
}

/// Keeps a partner's mark, unless a later one is here.
pub(crate) fn seen(step: &Step<'_>, mark: &Verified<LinkMark>) -> Result<(), StoreError> {
    let partner = mark.statement().signer;
    let kept = step.optional(
        "SELECT mark FROM link_number WHERE partner = ?1 AND mark IS NOT NULL",
        [partner.value()],
        |row| statement_of::<LinkMark>(row.get::<_, String>(0)?.as_bytes(), "link_number"),
    )?;
    if kept.is_some_and(|kept| !mark.statement().is_above(&kept)) {
        return Ok(());
    }
    step.execute(
        "INSERT INTO link_number (partner, mark) VALUES (?1, ?2)
         ON CONFLICT (partner) DO UPDATE SET mark = excluded.mark",
        (partner.value(), mark.token()),
    )?;
    Ok(())
}

/// Notes that both sides were compared.
pub(crate) fn set_checked(
    step: &Step<'_>,
    partner: OrganisationNumber,
    incarnation: u64,
) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO link_number (partner, checked) VALUES (?1, ?2)
         ON CONFLICT (partner) DO UPDATE SET checked = max(checked, excluded.checked)",
        (partner.value(), counter(incarnation)),
    )?;
    Ok(())
}
