//! Consent (samtykke): what a family allows, who has said yes, and whether that holds at a moment.
//!
//! A consent opens a scope of one case to one service. Each required giver says yes separately;
//! a partly given consent opens nothing. It ends by withdrawal, by a newer version or by its end,
//! and nothing brings it back: a new yes is a new consent.

pub mod rule;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::entry::{CardField, EntryKind};
use crate::id::{ConsentId, EntryId, PersonId};
use crate::municipality::{AreaCode, Service};
use crate::time::UnixMillis;

/// Which way writing may go under a consent, seen from the case's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The service reads.
    Give,
    /// The service writes to the stafettlogg and reads nothing but its own writing.
    Receive,
    /// The service reads and writes.
    Both,
}

impl Direction {
    /// Returns whether the service reads what others wrote.
    pub fn gives(self) -> bool {
        matches!(self, Self::Give | Self::Both)
    }

    /// Returns whether the service may write.
    pub fn receives(self) -> bool {
        matches!(self, Self::Receive | Self::Both)
    }
}

/// What a consent opens, to whom and for how long. Fixed when the family is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its id; each version has its own.
    pub id: ConsentId,
    /// Who may see: a service, never a person, who may quit.
    pub recipient: Service,
    /// The areas it opens; an entry is covered if *all* its areas are among them (law 4).
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry it opens.
    pub kinds: BTreeSet<EntryKind>,
    /// Entries that stay closed all the same. Never leave the owner's node.
    pub exceptions: BTreeSet<EntryId>,
    /// The fields of the case card that it opens; without any, no card is made.
    pub card_fields: BTreeSet<CardField>,
    /// Which way writing goes.
    pub direction: Direction,
    /// What it is for, as the family was told.
    pub purpose: String,
    /// The first millisecond on which it counts.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer counts.
    pub until: UnixMillis,
    /// The consent that this one replaces, once it is valid.
    pub supersedes: Option<ConsentId>,
}

/// How a giver said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// On paper; the SHA-256 of the scan, as 64 hexadecimal digits.
    Paper {
        /// Hash of the scanned document.
        scan_sha256: String,
    },
    /// Orally, and written down by whoever heard it (valid if documented).
    Oral,
    /// With an electronic identity at this level of assurance.
    ElectronicId {
        /// As the provider names it, such as `idporten-loa-high`.
        assurance: String,
    },
}

/// One giver's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    /// When it was said.
    pub at: UnixMillis,
    /// How.
    pub evidence: Evidence,
    /// Whether the giver also opens what is written about the giver's own person (law 4).
    pub about_self: bool,
}

/// A consent and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRecord {
    consent: Consent,
    yes: BTreeMap<PersonId, Yes>,
    refused: BTreeSet<PersonId>,
    withdrawn_at: Option<UnixMillis>,
}

/// What a consent is at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentStatus {
    /// Nobody has said yes yet.
    Asked,
    /// Some required givers have not said yes; grants nothing.
    PartlyGiven {
        /// Who is missing.
        missing: BTreeSet<PersonId>,
    },
    /// A required giver said no.
    Refused,
    /// Everybody said yes, and its time has not come.
    NotYet,
    /// It counts.
    Valid,
    /// Its time is over.
    Expired,
    /// A giver took the yes back; the first moment stands.
    Withdrawn {
        /// Since when.
        since: UnixMillis,
    },
}

/// A yes could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GiveError {
    /// It was withdrawn; a new yes needs a new consent.
    #[error("the consent was withdrawn")]
    Withdrawn {
        /// Since when.
        since: UnixMillis,
    },
    /// Its time is over.
    #[error("the consent has expired")]
    Expired,
    /// This giver said yes before; the first moment stands.
    #[error("this giver has said yes already")]
    AlreadyGiven,
}

/// A consent could not be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawError {
    /// It was withdrawn before; the first moment stands.
    #[error("the consent was withdrawn before")]
    AlreadyWithdrawn {
        /// Since when.
        since: UnixMillis,
    },
}

impl ConsentRecord {
    /// Starts with a question to the family that nobody has answered.
    pub fn asked(consent: Consent) -> Self {
        Self { consent, yes: BTreeMap::new(), refused: BTreeSet::new(), withdrawn_at: None }
    }

    /// Returns the scope and its limits.
    pub fn consent(&self) -> &Consent {
        &self.consent
    }

    /// Returns who has said yes, and how.
    pub fn given_by(&self) -> &BTreeMap<PersonId, Yes> {
        &self.yes
    }

    /// Returns since when it is withdrawn, if it is.
    pub fn withdrawn_at(&self) -> Option<UnixMillis> {
        self.withdrawn_at
    }

    /// Returns what the consent is at `now`, if `required` must all have said yes.
    ///
    /// With nobody required it is never valid: a rule that names no giver opens nothing.
    pub fn status(&self, required: &BTreeSet<PersonId>, now: UnixMillis) -> ConsentStatus {
        if let Some(since) = self.withdrawn_at {
            return ConsentStatus::Withdrawn { since };
        }
        if self.refused.iter().any(|giver| required.contains(giver) && !self.yes.contains_key(giver)) {
            return ConsentStatus::Refused;
        }
        if self.consent.until <= now {
            return ConsentStatus::Expired;
        }
        if self.yes.is_empty() || required.is_empty() {
            return ConsentStatus::Asked;
        }
        let missing: BTreeSet<_> =
            required.iter().filter(|giver| !self.yes.contains_key(giver)).copied().collect();
        if !missing.is_empty() {
            return ConsentStatus::PartlyGiven { missing };
        }
        if now < self.consent.from { ConsentStatus::NotYet } else { ConsentStatus::Valid }
    }

    /// Takes one giver's yes.
    ///
    /// # Errors
    /// [`GiveError`] if the consent is over, or the giver said yes before.
    pub fn give(&mut self, giver: PersonId, yes: Yes) -> Result<(), GiveError> {
        if let Some(since) = self.withdrawn_at {
            return Err(GiveError::Withdrawn { since });
        }
        if self.consent.until <= yes.at {
            return Err(GiveError::Expired);
        }
        if self.yes.contains_key(&giver) {
            return Err(GiveError::AlreadyGiven);
        }
        self.refused.remove(&giver);
        self.yes.insert(giver, yes);
        Ok(())
    }

    /// Takes one giver's no.
    pub fn refuse(&mut self, giver: PersonId) {
        self.refused.insert(giver);
    }

    /// Withdraws the consent (GDPR Art. 7(3)); one giver's word is enough.
    ///
    /// # Errors
    /// [`WithdrawError::AlreadyWithdrawn`] if it was withdrawn before; the first moment stands.
    pub fn withdraw(&mut self, now: UnixMillis) -> Result<(), WithdrawError> {
        if let Some(since) = self.withdrawn_at {
            return Err(WithdrawError::AlreadyWithdrawn { since });
        }
        self.withdrawn_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOTHER: PersonId = PersonId::from_bytes([1; 16]);
    const FATHER: PersonId = PersonId::from_bytes([2; 16]);

    fn record() -> ConsentRecord {
        ConsentRecord::asked(Consent {
            id: ConsentId::from_bytes([3; 16]),
            recipient: Service {
                host: "840029212".parse().expect("valid"),
                code: "ppt".parse().expect("valid"),
            },
            areas: BTreeSet::new(),
            kinds: BTreeSet::new(),
            exceptions: BTreeSet::new(),
            card_fields: BTreeSet::new(),
            direction: Direction::Both,
            purpose: String::new(),
            from: UnixMillis(100),
            until: UnixMillis(200),
            supersedes: None,
        })
    }

    fn yes(at: u64) -> Yes {
        Yes { at: UnixMillis(at), evidence: Evidence::Oral, about_self: false }
    }

    fn both() -> BTreeSet<PersonId> {
        BTreeSet::from([MOTHER, FATHER])
    }

    #[test]
    fn one_of_two_required_givers_opens_nothing() {
        let mut record = record();

        record.give(MOTHER, yes(100)).expect("first yes");

        assert_eq!(
            record.status(&both(), UnixMillis(100)),
            ConsentStatus::PartlyGiven { missing: BTreeSet::from([FATHER]) }
        );
    }

    #[test]
    fn consent_counts_from_its_first_millisecond_to_its_last() {
        let mut record = record();
        record.give(MOTHER, yes(50)).expect("first yes");
        record.give(FATHER, yes(51)).expect("second yes");

        assert_eq!(record.status(&both(), UnixMillis(99)), ConsentStatus::NotYet);
        assert_eq!(record.status(&both(), UnixMillis(100)), ConsentStatus::Valid);
        assert_eq!(record.status(&both(), UnixMillis(199)), ConsentStatus::Valid);
        assert_eq!(record.status(&both(), UnixMillis(200)), ConsentStatus::Expired);
    }

    #[test]
    fn renewed_yes_does_not_revive_a_withdrawn_consent() {
        let mut record = record();
        record.give(MOTHER, yes(100)).expect("first yes");
        record.give(FATHER, yes(100)).expect("second yes");
        record.withdraw(UnixMillis(120)).expect("first withdrawal");

        let again = record.give(MOTHER, yes(130));

        assert_eq!(again, Err(GiveError::Withdrawn { since: UnixMillis(120) }));
        assert_eq!(
            record.withdraw(UnixMillis(140)),
            Err(WithdrawError::AlreadyWithdrawn { since: UnixMillis(120) })
        );
        assert_eq!(
            record.status(&both(), UnixMillis(150)),
            ConsentStatus::Withdrawn { since: UnixMillis(120) }
        );
    }

    #[test]
    fn rule_that_requires_nobody_opens_nothing() {
        let mut record = record();
        record.give(MOTHER, yes(100)).expect("first yes");

        assert_eq!(record.status(&BTreeSet::new(), UnixMillis(100)), ConsentStatus::Asked);
    }

    #[test]
    fn refusal_of_a_required_giver_stands_until_that_giver_says_yes() {
        let mut record = record();
        record.give(MOTHER, yes(100)).expect("first yes");
        record.refuse(FATHER);
        assert_eq!(record.status(&both(), UnixMillis(100)), ConsentStatus::Refused);

        record.give(FATHER, yes(110)).expect("second yes");

        assert_eq!(record.status(&both(), UnixMillis(110)), ConsentStatus::Valid);
    }
}
