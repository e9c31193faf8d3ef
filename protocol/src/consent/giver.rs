//! A giver's word: a yes with its evidence, and the word that takes it back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, PersonId};
use crate::municipality::{AreaCode, LanguageTag};
use crate::time::UnixMillis;

/// How a giver said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// On paper; the SHA-256 of the scan, as 64 hexadecimal digits.
    Paper {
        /// Hash of the scanned document.
        scan_sha256: String,
    },
    /// On paper that is kept where the reference says, such as in the municipality's archive.
    Filed {
        /// One line of 1 to 200 bytes, such as the number of the document.
        reference: String,
    },
    /// Orally, and written down by whoever heard it (valid if documented).
    Oral,
    /// With an electronic identity at this level of assurance.
    ElectronicId {
        /// As the provider names it, such as `idporten-loa-high`.
        assurance: String,
    },
}

/// Whether an interpreter helped when the consent was explained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpreter {
    /// None was needed.
    #[default]
    NotNeeded,
    /// One was there.
    Present,
    /// One took part by telephone or screen.
    Remote,
    /// One was offered, and the giver did not want one.
    Declined,
}

/// One giver's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    /// When it was said.
    pub at: UnixMillis,
    /// How.
    pub evidence: Evidence,
    /// Whether it is said for the subject. Somebody whose yes is not needed opens only what is
    /// about that person, and that word never becomes a yes for the subject, also not when the
    /// giver's yes is needed later.
    pub for_subject: bool,
    /// Whether the giver also opens what is written about the giver's own person (law 4).
    pub about_self: bool,
    /// The language in which it was explained.
    pub language: Option<LanguageTag>,
    /// Whether an interpreter helped.
    pub interpreter: Interpreter,
    /// The colleague who was there too.
    pub witness: Option<AccountId>,
}

impl Yes {
    /// A yes for the subject alone, explained without an interpreter, with no witness.
    pub fn new(at: UnixMillis, evidence: Evidence) -> Self {
        Self {
            at,
            evidence,
            for_subject: true,
            about_self: false,
            language: None,
            interpreter: Interpreter::NotNeeded,
            witness: None,
        }
    }
}

/// How a giver took the yes back. Every way counts the same, at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// By word of mouth or telephone.
    Oral,
    /// By letter or message.
    Written,
    /// In the product, by the giver.
    Digital,
}

/// How much of a consent is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum WithdrawnPart {
    /// All of it.
    Whole,
    /// These areas; the others stay open.
    Areas {
        /// Which.
        areas: BTreeSet<AreaCode>,
    },
    /// Only what is written about the giver's own person.
    AboutSelf,
}

/// One withdrawal: who, how, how much and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who took the yes back.
    pub giver: PersonId,
    /// How.
    pub channel: Channel,
    /// How much.
    pub part: WithdrawnPart,
    /// When.
    pub at: UnixMillis,
}
