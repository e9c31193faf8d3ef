//! Marks: how many statements a node has signed for one partner (law 16).
//!
//! Each side keeps the other's latest mark and shows it on every connection. A node that is shown
//! its own signature above its own number was restored from a backup, also when its journal was
//! restored with it. The number counts what this one partner was sent or is about to be, so it
//! tells nothing of others (law 5).

use serde::{Deserialize, Serialize};

use crate::municipality::OrganisationNumber;
use crate::signed::Statement;

/// How far a node's statements for one partner go: grants, orders and receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkMark {
    /// Whose statements.
    pub signer: OrganisationNumber,
    /// For whom.
    pub partner: OrganisationNumber,
    /// How many times the signer was restored.
    pub incarnation: u64,
    /// How many statements.
    pub number: u64,
}

impl Statement for LinkMark {
    const TYPE: &'static str = "stafett-mark";
}

impl LinkMark {
    /// Whether this mark is later than `other` of the same link.
    pub fn is_above(&self, other: &Self) -> bool {
        (self.incarnation, self.number) > (other.incarnation, other.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(incarnation: u64, number: u64) -> LinkMark {
        let number_of = |digits: &str| digits.parse().expect("valid");
        LinkMark { signer: number_of("997391853"), partner: number_of("840029212"), incarnation, number }
    }

    #[test]
    fn mark_of_a_later_incarnation_is_above_any_of_an_earlier_one() {
        assert!(mark(1, 0).is_above(&mark(0, 900)));
        assert!(mark(0, 2).is_above(&mark(0, 1)));
        assert!(!mark(0, 1).is_above(&mark(0, 1)));
        assert!(!mark(0, 900).is_above(&mark(1, 0)));
    }
}
