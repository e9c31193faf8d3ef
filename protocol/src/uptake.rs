//! Whether a service takes a case that was shared with it: the leader's answer, until the sharing ends.
//!
//! A statement and no withdrawal: the consent is the family's, so the grant goes on, and the
//! stafettholder is told. It names a grant, and so says nothing that the owner did not give. The last
//! word counts: a service that could not take a case may take it later. What is said goes to the
//! owner alone (law 2) and ends with the grant.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::grant::Grant;
use crate::id::{CaseId, GrantId};
use crate::ledger::LedgerView;
use crate::limits::UPTAKE_REASON_BYTES_MAX;
use crate::municipality::{OrganisationNumber, ServiceCode};
use crate::signed::Statement;
use crate::time::UnixMillis;

/// Why a service cannot take a case: a line of 1 to [`UPTAKE_REASON_BYTES_MAX`] bytes, form C, without
/// control characters. It is about a child, so it does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UptakeReason(String);

/// A text cannot be the reason why a service cannot take a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a line of 1 to {UPTAKE_REASON_BYTES_MAX} bytes without control characters")]
pub struct UptakeReasonError;

impl UptakeReason {
    /// Returns the words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UptakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UptakeReason(«redacted»)")
    }
}

impl TryFrom<String> for UptakeReason {
    type Error = UptakeReasonError;

    fn try_from(text: String) -> Result<Self, UptakeReasonError> {
        let fits = (1..=UPTAKE_REASON_BYTES_MAX).contains(&text.len()) && text.trim() == text;
        let is_line = crate::entry::value::check_line(&text).is_ok();
        if fits && is_line { Ok(Self(text)) } else { Err(UptakeReasonError) }
    }
}

impl std::str::FromStr for UptakeReason {
    type Err = UptakeReasonError;

    fn from_str(text: &str) -> Result<Self, UptakeReasonError> {
        text.to_owned().try_into()
    }
}

impl From<UptakeReason> for String {
    fn from(reason: UptakeReason) -> Self {
        reason.0
    }
}

/// What a service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
pub enum UptakeAnswer {
    /// It cannot take the case.
    CannotTake {
        /// Why, for the stafettholder.
        reason: UptakeReason,
    },
    /// It takes the case after all.
    Taken,
}

impl UptakeAnswer {
    /// Returns why the service cannot take the case, if it cannot.
    pub fn reason(&self) -> Option<&UptakeReason> {
        match self {
            Self::CannotTake { reason } => Some(reason),
            Self::Taken => None,
        }
    }
}

/// A service's answer to one grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptake {
    /// The grant that it answers.
    pub grant: GrantId,
    /// The organisation that owns the case.
    pub owner: OrganisationNumber,
    /// The organisation whose service answers.
    pub partner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The service.
    pub service: ServiceCode,
    /// What it answers.
    pub answer: UptakeAnswer,
    /// When it was said, by the partner's clock: above what was said of the same grant before.
    pub said_at: UnixMillis,
}

impl Statement for Uptake {
    const TYPE: &'static str = "stafett-uptake";
}

impl Uptake {
    /// Answers a grant at `now`, or right after what was said of it `before`.
    pub fn of(grant: &Grant, answer: UptakeAnswer, before: Option<UnixMillis>, now: UnixMillis) -> Self {
        Self {
            grant: grant.grant,
            owner: grant.owner,
            partner: grant.partner,
            case: grant.case,
            service: grant.service.clone(),
            answer,
            said_at: before.map_or(now, |before| before.plus(1).max(now)),
        }
    }

    /// Returns whether this answers `grant`: same parties, case and service.
    pub fn answers(&self, grant: &Grant) -> bool {
        self.grant == grant.grant
            && self.owner == grant.owner
            && self.partner == grant.partner
            && self.case == grant.case
            && self.service == grant.service
    }
}

/// An answer as the case's owner keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The answer; its signature was checked when it came.
    pub uptake: Uptake,
    /// When it came, by the owner's clock.
    pub at: UnixMillis,
}

/// Returns each service's last word among what was heard of grants that have not ended, in the order
/// of partners and services. A service that got another grant since, and has not answered that one,
/// has said what it has said.
pub fn last_words<'a>(ledger: &LedgerView, heard: &'a [Heard]) -> Vec<&'a Heard> {
    let mut last: BTreeMap<(OrganisationNumber, &ServiceCode), &Heard> = BTreeMap::new();
    let lives = |heard: &&Heard| {
        let grant = ledger.grants().get(&heard.uptake.grant);
        grant.is_some_and(|grant| grant.ended_at.is_none())
    };
    for heard in heard.iter().filter(lives) {
        let known = last.entry((heard.uptake.partner, &heard.uptake.service)).or_insert(heard);
        if known.uptake.said_at < heard.uptake.said_at {
            *known = heard;
        }
    }
    last.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::tests::{CASE, Case, PPT, PPT_GRANT, partner, to_ppt};
    use crate::ledger::statement::Said;

    #[test]
    fn reason_is_one_line_within_its_bound() {
        for fits in ["Vi har ikke kapasitet før jul.", "a", &"æ".repeat(UPTAKE_REASON_BYTES_MAX / 2)] {
            assert!(fits.parse::<UptakeReason>().is_ok(), "{fits}");
        }
        let too_long = "a".repeat(UPTAKE_REASON_BYTES_MAX + 1);
        for refused in ["", " ", " a", "a\n", "a\nb", "a\u{0}b", "a\u{202e}b", "a\u{308}", &too_long] {
            assert!(refused.parse::<UptakeReason>().is_err(), "{refused:?}");
        }
    }

    #[test]
    fn reason_does_not_print_itself() {
        let answer = UptakeAnswer::CannotTake { reason: "mor er syk".parse().expect("a line") };

        assert!(!format!("{answer:?}").contains("mor"));
    }

    fn heard(grant: GrantId, service: &str, reason: Option<&str>, said_at: u64) -> Heard {
        let answer = reason.map_or(UptakeAnswer::Taken, |reason| UptakeAnswer::CannotTake {
            reason: reason.parse().expect("a line"),
        });
        let uptake = Uptake {
            grant,
            owner: "310000019".parse().expect("a number"),
            partner: partner(),
            case: CASE,
            service: service.parse().expect("a code"),
            answer,
            said_at: UnixMillis(said_at),
        };
        Heard { uptake, at: UnixMillis(1) }
    }

    #[test]
    fn last_word_of_each_service_counts_while_the_grant_that_it_was_said_of_lives() {
        let (second, over) = (GrantId::from_bytes([72; 16]), GrantId::from_bytes([73; 16]));
        let mut case = Case::child().shared(to_ppt(), PPT_GRANT);
        case.grant(second, PPT);
        case.grant(over, PPT);
        case.say(Said::GrantEnded { grant: over }, 40);
        let all = [
            heard(PPT_GRANT, "ppt", Some("fullt"), 20),
            heard(second, "ppt", None, 10),
            heard(over, "ppt", None, 90),
            heard(GrantId::from_bytes([74; 16]), "ppt", None, 95),
            heard(second, "clinic", None, 10),
        ];

        let last: Vec<_> = last_words(&case.ledger, &all).into_iter().cloned().collect();
        assert_eq!(last, [all[4].clone(), all[0].clone()]);
        case.say(Said::GrantEnded { grant: PPT_GRANT }, 50);
        let last: Vec<_> = last_words(&case.ledger, &all).into_iter().cloned().collect();
        assert_eq!(last, [all[4].clone(), all[1].clone()], "what it said of the other one stands");
    }

    #[test]
    fn each_answer_is_later_than_the_one_before_whatever_the_clock_says() {
        let grant = Grant {
            grant: PPT_GRANT,
            owner: partner(),
            partner: partner(),
            service: "ppt".parse().expect("a code"),
            case: CASE,
            consent: PPT,
            areas: [].into(),
            kinds: [].into(),
            direction: crate::consent::Direction::Both,
            from: UnixMillis(0),
            until: UnixMillis::MAX,
        };
        let said_at = |before: Option<u64>, now| {
            Uptake::of(&grant, UptakeAnswer::Taken, before.map(UnixMillis), UnixMillis(now)).said_at.0
        };

        assert_eq!(said_at(None, 5), 5);
        assert_eq!(said_at(Some(4), 5), 5);
        assert_eq!(said_at(Some(5), 5), 6);
        assert_eq!(said_at(Some(9), 5), 10);
    }

    #[test]
    fn reason_that_breaks_the_bound_is_not_read_from_json() {
        let json = format!(r#"{{"said":"cannot-take","reason":"{}"}}"#, "a".repeat(2_000));

        assert!(serde_json::from_str::<UptakeAnswer>(&json).is_err());
        assert!(serde_json::from_str::<UptakeAnswer>(r#"{"said":"taken"}"#).is_ok());
    }
}
