//! What is left between this node and a partner: what must be gone before the partner is.

use std::collections::BTreeSet;

use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::snapshot::Snapshot;
use crate::store::value::{count, moment, organisation};

/// What this node and a partner may still hold of one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Left {
    /// Grants that this node signed for the partner and that have not ended: their orders to erase
    /// are still to come.
    pub grants_living: u64,
    /// Entries of ours that the partner's node may hold: sent, and not receipted as gone.
    pub held_there: u64,
    /// Orders to erase that have no receipt yet.
    pub orders_waiting: u64,
    /// Entries of the partner's cases that are here and not locked as our own to keep.
    pub held_here: u64,
    /// When we last signed a receipt for the partner; it may not have got it.
    pub receipt_signed_at: Option<UnixMillis>,
}

impl Left {
    /// Returns whether neither side holds anything of the other, as far as this node knows.
    pub fn is_nothing(&self) -> bool {
        self.grants_living == 0 && self.held_there == 0 && self.orders_waiting == 0 && self.held_here == 0
    }
}

impl StoreReader {
    /// Returns what is left between this node and `partner`.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn left_with(&self, partner: OrganisationNumber) -> Result<Left, StoreError> {
        self.read(move |snapshot| left(snapshot, partner)).await
    }

    /// Returns every organisation with which something is left.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn left_with_anybody(&self) -> Result<BTreeSet<OrganisationNumber>, StoreError> {
        self.read(|snapshot| {
            let partners =
                snapshot.rows(&left_with_anybody(), [snapshot.own.organisation.value()], |row| {
                    organisation(row, 0, "what is left")
                })?;
            Ok(partners.into_iter().collect())
        })
        .await
    }
}

/// A grant ends with at least one order to erase, also if nothing was sent under it.
const GRANTS_LIVING: &str = "FROM grant_issued
    WHERE grant_id NOT IN (SELECT grant_id FROM erase_order)";
const ORDERS_WAITING: &str = "FROM erase_order
    WHERE order_id NOT IN (SELECT order_id FROM receipt_filed)";
const HELD_THERE: &str = "FROM held WHERE true";
const HELD_HERE: &str = "FROM entry WHERE state = 0";

/// Own entries have this node as their owner: they are left with nobody.
fn left_with_anybody() -> String {
    format!(
        "SELECT partner {GRANTS_LIVING} UNION SELECT partner {ORDERS_WAITING}
         UNION SELECT partner {HELD_THERE} UNION SELECT owner {HELD_HERE} AND owner <> ?1"
    )
}

fn left(snapshot: &Snapshot<'_>, partner: OrganisationNumber) -> Result<Left, StoreError> {
    let partner = [partner.value()];
    let number = |rows: &str, whose: &str| {
        snapshot.number(&format!("SELECT count(*) {rows} AND {whose} = ?1"), partner).map(count)
    };
    Ok(Left {
        grants_living: number(GRANTS_LIVING, "partner")?,
        held_there: number(HELD_THERE, "partner")?,
        orders_waiting: number(ORDERS_WAITING, "partner")?,
        held_here: number(HELD_HERE, "owner")?,
        receipt_signed_at: snapshot.optional(
            "SELECT max(signed_at) FROM receipt_signed WHERE owner = ?1 HAVING max(signed_at) IS NOT NULL",
            partner,
            |row| Ok(moment(row.get(0)?)),
        )?,
    })
}
