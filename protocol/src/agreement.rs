//! The agreement (samarbeidsavtale) with a partner municipality, as the gate needs it.

use std::collections::BTreeSet;

use crate::limits::{RECEIPT_LATE_MS, RECEIPT_OVERDUE_MS};
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
    /// Which cases may move between the two.
    pub moves: Moves,
}

/// Which cases may move across a link (law 18). What is shared from day to day is too narrow for a
/// whole case, and widening it for moves would widen every grant: so it is agreed apart. The side that
/// gives a case away is bound by its own file, and so is the side that takes one in; they need not match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    /// The partner's services that may take a case over; without one, no case moves there.
    pub services: BTreeSet<ServiceCode>,
    /// The areas whose entries may go along.
    pub areas: BTreeSet<AreaCode>,
    /// Whether the partner may offer its cases here.
    pub from_there: bool,
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

impl Standing {
    /// Returns the standing of a partner whose oldest unanswered order to erase was queued at
    /// `oldest`: without its receipt for three days, nothing new is shared with it (law 12). What
    /// the operator or a restored node has set stands.
    pub fn with_receipts(self, oldest: Option<UnixMillis>, now: UnixMillis) -> Self {
        match self {
            Self::Revoked | Self::Sealed => self,
            Self::Trusted | Self::ReceiptOverdue => {
                let is_overdue = oldest.is_some_and(|oldest| now.since(oldest) >= RECEIPT_OVERDUE_MS);
                if is_overdue { Self::ReceiptOverdue } else { Self::Trusted }
            }
        }
    }
}

/// Returns whether the receipt of an order that was queued at `queued_at` is late: somebody should
/// ask the partner.
pub fn is_late(queued_at: UnixMillis, now: UnixMillis) -> bool {
    now.since(queued_at) >= RECEIPT_LATE_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};

    #[test]
    fn partner_without_a_receipt_for_three_days_gets_nothing_new_until_it_comes() {
        let queued = UnixMillis(DAY);
        let standing = |oldest, hours| Standing::Trusted.with_receipts(oldest, queued.plus(hours * HOUR));

        assert_eq!(standing(Some(queued), 71), Standing::Trusted);
        assert_eq!(standing(Some(queued), 72), Standing::ReceiptOverdue);
        assert_eq!(standing(None, 72), Standing::Trusted);
        let came = Standing::ReceiptOverdue.with_receipts(None, queued.plus(73 * HOUR));
        assert_eq!(came, Standing::Trusted);
    }

    #[test]
    fn what_the_operator_has_set_stands_whatever_receipts_say() {
        for set in [Standing::Revoked, Standing::Sealed] {
            assert_eq!(set.with_receipts(None, UnixMillis(DAY)), set);
            assert_eq!(set.with_receipts(Some(UnixMillis(0)), UnixMillis(9 * DAY)), set);
        }
    }

    #[test]
    fn receipt_is_late_after_a_day() {
        let queued = UnixMillis(DAY);

        assert!(!is_late(queued, queued.plus(DAY - 1)));
        assert!(is_late(queued, queued.plus(DAY)));
    }
}
