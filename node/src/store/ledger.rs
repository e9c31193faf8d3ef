//! The owner's side of a case: its chain, the grants it issued, and orders with their receipts.

use stafett_protocol::erasure::{Done, EraseOrder, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{CaseId, GrantId};
use stafett_protocol::ledger::statement::LedgerStatement;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::protection::ProtectionStatement;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::sealed::{ERASE_ORDER, GRANT_ISSUED, LEDGER, PROTECTION, Part, RECEIPT_FILED};
use crate::store::snapshot::{Snapshot, statement_of};
use crate::store::step::Step;
use crate::store::value::{millis, moment, organisation};
use crate::store::{chain, disclosure, mark, uptake};

/// A grant that this node signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedGrant {
    /// The grant.
    pub grant: Verified<Grant>,
    /// Whether the partner may have it. After a restore that is said of every grant of before: what
    /// left after the backup is not known (law 16).
    pub is_handed: bool,
    /// Whether the partner has said that it has it durably.
    pub is_stored: bool,
}

/// An order of this node that waits for its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingOrder {
    /// The order.
    pub order: Verified<EraseOrder>,
    /// Since when it waits.
    pub queued_at: UnixMillis,
}

/// A partner's receipt for an order of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledReceipt {
    /// What the partner stated; its signature was checked before it was filed.
    pub receipt: Receipt,
    /// The partner's token, word for word.
    pub token: String,
    /// When it was filed.
    pub filed_at: UnixMillis,
}

impl StoreReader {
    /// Returns the chain of a case from its opening, each signature checked again. Empty for a
    /// case that is not this node's.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the chain is broken or a signature does not hold; others if the
    /// store cannot be read.
    pub async fn ledger(&self, case: CaseId) -> Result<Vec<Verified<LedgerStatement>>, StoreError> {
        self.read(move |snapshot| chain::read(snapshot, &LEDGER, case)).await
    }

    /// Returns the chain about the protection of a case's family, each signature checked again.
    /// Empty for a family without any.
    ///
    /// # Errors
    /// As [`ledger`](Self::ledger).
    pub async fn protection(&self, case: CaseId) -> Result<Vec<Verified<ProtectionStatement>>, StoreError> {
        self.read(move |snapshot| chain::read(snapshot, &PROTECTION, case)).await
    }

    /// Returns the grants that this node signed for a partner, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_issued(&self, partner: OrganisationNumber) -> Result<Vec<IssuedGrant>, StoreError> {
        self.read(move |snapshot| issued_to(snapshot, partner)).await
    }

    /// Returns the grants that this node signed in a case, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_issued_in(&self, case: CaseId) -> Result<Vec<IssuedGrant>, StoreError> {
        self.read(move |snapshot| issued(snapshot, "WHERE case_id = ?1 ORDER BY grant_id", [case.as_bytes()]))
            .await
    }

    /// Returns the orders to a partner that have no receipt, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn orders_waiting(&self, partner: OrganisationNumber) -> Result<Vec<WaitingOrder>, StoreError> {
        self.read(move |snapshot| orders_to(snapshot, partner)).await
    }

    /// Returns the orders of a case that have no receipt, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn orders_waiting_in(&self, case: CaseId) -> Result<Vec<WaitingOrder>, StoreError> {
        self.read(move |snapshot| orders(snapshot, "AND case_id = ?1", [case.as_bytes()])).await
    }

    /// Returns all orders of a case, also those with a receipt, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn orders(&self, case: CaseId) -> Result<Vec<EraseOrder>, StoreError> {
        self.read(move |snapshot| {
            let condition = "WHERE case_id = ?1";
            let orders = select_orders(snapshot, condition, [case.as_bytes()])?.into_iter();
            Ok(orders.map(|queued| queued.order.statement().clone()).collect())
        })
        .await
    }

    /// Returns every order to a partner, also those with a receipt, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn orders_ever(
        &self,
        partner: OrganisationNumber,
    ) -> Result<Vec<Verified<EraseOrder>>, StoreError> {
        self.read(move |snapshot| {
            let orders = select_orders(snapshot, "WHERE partner = ?1", [partner.value()])?.into_iter();
            Ok(orders.map(|queued| queued.order).collect())
        })
        .await
    }

    /// Returns the receipts that were filed in a case, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn receipts_filed(&self, case: CaseId) -> Result<Vec<FiledReceipt>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT order_id, filed_at, sealed FROM receipt_filed
                 WHERE case_id = ?1 ORDER BY filed_at, order_id",
                [case.as_bytes()],
                |row| {
                    let order: [u8; 16] = row.get(0)?;
                    let sealed: Vec<u8> = row.get(2)?;
                    let token = snapshot.open(case, &RECEIPT_FILED, &row_of(&case, &order), &sealed)?;
                    Ok(FiledReceipt {
                        receipt: statement_of(&token, RECEIPT_FILED.name)?,
                        token: String::from_utf8(token)
                            .map_err(|_| StoreError::Damaged { table: RECEIPT_FILED.name })?,
                        filed_at: moment(row.get(1)?),
                    })
                },
            )
        })
        .await
    }
}

/// Reads the grants for a partner.
pub(crate) fn issued_to(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
) -> Result<Vec<IssuedGrant>, StoreError> {
    issued(snapshot, "WHERE partner = ?1 ORDER BY grant_id", [partner.value()])
}

/// Reads the orders to a partner without a receipt.
pub(crate) fn orders_to(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
) -> Result<Vec<WaitingOrder>, StoreError> {
    orders(snapshot, "AND partner = ?1", [partner.value()])
}

fn issued(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<IssuedGrant>, StoreError> {
    let sql = format!("SELECT case_id, grant_id, is_stored, sealed, is_handed FROM grant_issued {condition}");
    snapshot.rows(&sql, parameters, |row| {
        let case = CaseId::from_bytes(row.get(0)?);
        let grant: [u8; 16] = row.get(1)?;
        let sealed: Vec<u8> = row.get(3)?;
        let grant = snapshot.open_own(case, &GRANT_ISSUED, &row_of(&case, &grant), &sealed)?;
        Ok(IssuedGrant { grant, is_handed: row.get(4)?, is_stored: row.get(2)? })
    })
}

fn orders(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<WaitingOrder>, StoreError> {
    let without_receipt = format!(
        "WHERE NOT EXISTS (SELECT 1 FROM receipt_filed WHERE receipt_filed.order_id = erase_order.order_id)
         {condition}"
    );
    select_orders(snapshot, &without_receipt, parameters)
}

fn select_orders(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<WaitingOrder>, StoreError> {
    let sql = format!(
        "SELECT case_id, order_id, queued_at, sealed FROM erase_order {condition} ORDER BY queued_at, order_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        let case = CaseId::from_bytes(row.get(0)?);
        let order: [u8; 16] = row.get(1)?;
        let sealed: Vec<u8> = row.get(3)?;
        let order = snapshot.open_own(case, &ERASE_ORDER, &row_of(&case, &order), &sealed)?;
        Ok(WaitingOrder { order, queued_at: moment(row.get(2)?) })
    })
}

/// Where a row belongs that a case and one id name.
pub(crate) fn row_of<'a>(case: &'a CaseId, id: &'a [u8; 16]) -> [Part<'a>; 2] {
    [case.as_bytes().into(), id.into()]
}

/// Writes a grant that this node signed.
pub(crate) fn issue(step: &mut Step<'_>, grant: &Verified<Grant>) -> Result<(), StoreError> {
    let Grant { grant: id, case, partner, .. } = grant.statement();
    step.ensure_case(*case, step.own.organisation)?;
    let sealed = step.seal(*case, &GRANT_ISSUED, &row_of(case, id.as_bytes()), grant.token().as_bytes())?;
    step.execute(
        "INSERT INTO grant_issued (grant_id, case_id, partner, sealed, is_handed) VALUES (?1, ?2, ?3, ?4, 0)
         ON CONFLICT (grant_id) DO NOTHING",
        (id.as_bytes(), case.as_bytes(), partner.value(), sealed),
    )?;
    Ok(())
}

/// Notes that a partner may have a grant from here on: one more statement for it.
pub(crate) fn hand(step: &mut Step<'_>, grant: GrantId) -> Result<(), StoreError> {
    let partner = step.optional(
        "UPDATE grant_issued SET is_handed = 1 WHERE grant_id = ?1 AND is_handed = 0 RETURNING partner",
        [grant.as_bytes()],
        |row| organisation(row, 0, GRANT_ISSUED.name),
    )?;
    partner.map_or(Ok(()), |partner| mark::count_signed(step, partner))
}

/// Notes that no frame of a grant was built after all.
pub(crate) fn grant_unsent(step: &Step<'_>, grant: GrantId) -> Result<(), StoreError> {
    step.execute(
        "UPDATE grant_issued SET is_handed = 0 WHERE grant_id = ?1 AND is_stored = 0",
        [grant.as_bytes()],
    )?;
    Ok(())
}

/// Notes that nobody knows which grants have left: the store was restored.
pub(crate) fn hand_all(step: &Step<'_>) -> Result<(), StoreError> {
    step.execute("UPDATE grant_issued SET is_handed = 1", [])?;
    Ok(())
}

/// Notes that a partner has a grant durably.
pub(crate) fn grant_stored(step: &Step<'_>, grant: GrantId) -> Result<(), StoreError> {
    step.execute("UPDATE grant_issued SET is_stored = 1 WHERE grant_id = ?1", [grant.as_bytes()])?;
    Ok(())
}

/// Queues an order; what was answered to the grant that it ends goes.
pub(crate) fn queue(step: &mut Step<'_>, order: &Verified<EraseOrder>) -> Result<(), StoreError> {
    let EraseOrder { order: id, case, partner, grant, entries, .. } = order.statement();
    step.ensure_case(*case, step.own.organisation)?;
    let sealed = step.seal(*case, &ERASE_ORDER, &row_of(case, id.as_bytes()), order.token().as_bytes())?;
    let queued = step.execute(
        "INSERT INTO erase_order (order_id, case_id, partner, grant_id, queued_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (order_id) DO NOTHING",
        (id.as_bytes(), case.as_bytes(), partner.value(), grant.as_bytes(), millis(step.now), sealed),
    )?;
    if queued == 1 {
        for entry in entries {
            step.execute(
                "INSERT INTO erase_order_entry (order_id, entry_id) VALUES (?1, ?2)",
                (id.as_bytes(), entry.as_bytes()),
            )?;
        }
        mark::count_signed(step, *partner)?;
    }
    uptake::end_heard(step, *grant)
}

/// Files a receipt: the partner no longer holds what it erased or locked, nor the relations of
/// it; a grant that still counts may hand it over anew. What it keeps for another of its services
/// it goes on holding.
pub(crate) fn file(step: &mut Step<'_>, receipt: &Verified<Receipt>) -> Result<(), StoreError> {
    let Receipt { order, case, partner, items, .. } = receipt.statement();
    step.ensure_case(*case, step.own.organisation)?;
    let sealed =
        step.seal(*case, &RECEIPT_FILED, &row_of(case, order.as_bytes()), receipt.token().as_bytes())?;
    let filed = step.execute(
        "INSERT INTO receipt_filed (order_id, case_id, partner, filed_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (order_id) DO NOTHING",
        (order.as_bytes(), case.as_bytes(), partner.value(), millis(step.now), sealed),
    )?;
    if filed == 0 {
        return Ok(());
    }
    let gone = items.iter().filter(|(_, done)| **done != Done::KeptForAnotherService);
    for (entry, _) in gone {
        disclosure::settle(step, *partner, *entry)?;
    }
    Ok(())
}
