//! Address protection (adressesperre, folkeregisterloven § 10-4): a block above every consent.
//!
//! What is said about it stands in a chain of its own beside the case's ledger, so that no proof,
//! export or print of the ledger shows that it exists (law 15). It lasts until a leader lifts it:
//! a decision runs for a year, a warning comes after eleven months, and nothing lifts by itself.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::consent::{ConsentRecord, Sector};
use crate::id::{AccountId, CaseId, ConsentId, PersonId};
use crate::ledger::LedgerError;
use crate::planted::planted;
use crate::signed::{Chained, Place, Statement, StatementHash, Verified};
use crate::time::UnixMillis;

/// How an address is protected (folkeregisterloven § 10-4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressProtection {
    /// No protection.
    #[default]
    None,
    /// Fortrolig: only public recipients, with the leader's approval, and nothing of where the
    /// family lives or goes.
    Confidential,
    /// Strengt fortrolig: nothing leaves, also not that the case exists.
    StrictlyConfidential,
}

/// One thing said about the protection of a case's family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum ProtectionSaid {
    /// The grade from here on. Approvals given before count no more.
    Set {
        /// The grade.
        protection: AddressProtection,
        /// The guardians who live at the protected address and go on reading.
        safe_for: BTreeSet<PersonId>,
    },
    /// The leader lets one consent count under a confidential address.
    Approved {
        /// Which.
        consent: ConsentId,
    },
    /// The leader has seen that the decision was renewed.
    Renewed,
}

/// A statement about the protection, as the owner's node signs it. Each names the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectionStatement {
    /// The case.
    pub case: CaseId,
    /// Its place in this chain, from 0.
    pub number: u64,
    /// The hash of the statement before; none for the first.
    pub previous: Option<StatementHash>,
    /// When it was said.
    pub at: UnixMillis,
    /// Who said it to the node; none if the node itself did.
    pub by: Option<AccountId>,
    /// What was said.
    #[serde(flatten)]
    pub said: ProtectionSaid,
}

impl Statement for ProtectionStatement {
    const TYPE: &'static str = "stafett-protection";
}

impl Chained for ProtectionStatement {
    fn place(&self) -> Place {
        Place { case: self.case, number: self.number, previous: self.previous }
    }
}

/// What holds of a case's protection after all statements so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    grade: AddressProtection,
    safe_for: BTreeSet<PersonId>,
    approved: BTreeSet<ConsentId>,
    decided_at: UnixMillis,
    next_number: u64,
    last: Option<StatementHash>,
}

impl Protection {
    /// How the address is protected.
    pub fn grade(&self) -> AddressProtection {
        self.grade
    }

    /// When it was set or renewed last.
    pub fn decided_at(&self) -> UnixMillis {
        self.decided_at
    }

    /// How many statements the chain has.
    pub fn length(&self) -> u64 {
        self.next_number
    }

    /// The guardians who live at the protected address.
    pub fn safe_for(&self) -> &BTreeSet<PersonId> {
        &self.safe_for
    }

    /// The consents that the leader has let count.
    pub fn approved(&self) -> &BTreeSet<ConsentId> {
        &self.approved
    }

    /// Whether a new decision leaves nothing open that the present one closes. Such a one may be
    /// made at once by whoever holds the baton, for safety comes first; any other is a leader's.
    pub fn only_closes(&self, grade: AddressProtection, safe_for: &BTreeSet<PersonId>) -> bool {
        match grade.cmp(&self.grade) {
            Ordering::Greater => true,
            Ordering::Equal => safe_for.is_subset(&self.safe_for),
            Ordering::Less => false,
        }
    }

    /// Whether a leader's approval opens a consent: to a public recipient, under a confidential
    /// address. Nothing opens a strictly confidential one, and nothing one to a private recipient.
    pub fn approval_opens(&self, record: &ConsentRecord) -> bool {
        self.grade == AddressProtection::Confidential && record.consent().controller.sector == Sector::Public
    }

    /// Whether the leader has let a consent count.
    pub fn is_approved(&self, consent: ConsentId) -> bool {
        self.approved.contains(&consent)
    }

    /// Whether a guardian goes on reading: everybody unless the address is strictly confidential,
    /// then only who lives there. The other parent may be the threat.
    pub fn is_safe_for(&self, person: PersonId) -> bool {
        self.grade != AddressProtection::StrictlyConfidential || self.safe_for.contains(&person)
    }

    /// Whether the protection closes a consent, for a partner's service or for one of this node.
    pub fn closes(&self, record: &ConsentRecord, is_partner: bool) -> bool {
        let consent = record.consent();
        let is_private = consent.controller.sector == Sector::Private;
        if planted!("protection-ignored") {
            return false;
        }
        match self.grade {
            AddressProtection::None => false,
            AddressProtection::Confidential => is_private || (is_partner && !self.is_approved(consent.id)),
            AddressProtection::StrictlyConfidential => is_private || is_partner,
        }
    }

    /// Makes the statement that would come next; it counts once signed and appended.
    pub fn next(
        &self,
        case: CaseId,
        said: ProtectionSaid,
        by: Option<AccountId>,
        at: UnixMillis,
    ) -> ProtectionStatement {
        ProtectionStatement { case, number: self.next_number, previous: self.last, at, by, said }
    }

    /// Appends the next statement of `case`. On an error nothing has changed.
    ///
    /// # Errors
    /// [`LedgerError`] if it does not follow.
    pub fn append(&mut self, case: CaseId, next: &Verified<ProtectionStatement>) -> Result<(), LedgerError> {
        let statement = next.statement();
        if statement.case != case {
            return Err(LedgerError::AnotherCase);
        }
        if statement.number != self.next_number || statement.previous != self.last {
            return Err(LedgerError::Broken { number: self.next_number });
        }
        match &statement.said {
            ProtectionSaid::Set { protection, safe_for } => {
                self.grade = *protection;
                self.safe_for.clone_from(safe_for);
                self.approved.clear();
                self.decided_at = statement.at;
            }
            ProtectionSaid::Approved { consent } => {
                self.approved.insert(*consent);
            }
            ProtectionSaid::Renewed => self.decided_at = statement.at,
        }
        self.next_number = self.next_number.saturating_add(1);
        self.last = Some(next.hash());
        Ok(())
    }
}
