//! The agreement (samarbeidsavtale) with a partner municipality, as the gate needs it.

use std::collections::BTreeSet;

use crate::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use crate::time::UnixMillis;

/// What two municipalities have agreed: no agreement, no sync, even if the certificate is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The other party; also the name of its node.
    pub partner: OrganisationNumber,
    /// The partner's services that may receive from here.
    pub services: BTreeSet<ServiceCode>,
    /// The own services that may receive from the partner.
    pub our_services: BTreeSet<ServiceCode>,
    /// The areas whose entries may cross this link.
    pub areas: BTreeSet<AreaCode>,
    /// The first millisecond on which the agreement holds.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer holds.
    pub until: UnixMillis,
}

impl Agreement {
    /// Returns whether the agreement holds at `now`.
    pub fn holds(&self, now: UnixMillis) -> bool {
        self.from <= now && now < self.until
    }
}

/// Whether this node trusts the partner's node at present, agreement aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    Trusted,
    /// The operator revoked its identity; only orders to erase still go out (law 12).
    Revoked,
    /// A receipt is overdue: what is shared stays, nothing new is added.
    ReceiptOverdue,
    /// This node was restored or its clock is in doubt: nothing goes out (laws 16, 17).
    Sealed,
}
