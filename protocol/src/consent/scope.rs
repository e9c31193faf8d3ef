//! What a consent opens: to whom, which areas and kinds, what for, how long, and what the family
//! was told when it was asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::entry::{CardField, EntryKind};
use crate::id::{AccountId, ConsentId, EntryId};
use crate::municipality::{
    AreaCode, CodeError, LanguageTag, OrganisationNumber, PurposeCode, Service, ServiceCode,
};
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

/// What the family is asked to say yes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentKind {
    /// That a stafettlogg is opened. Opens nothing to a service.
    OpenLog,
    /// That a service reads, writes or both.
    Share,
    /// That the stafettlogg is closed. Opens nothing to a service.
    Close,
    /// That another municipality takes over. Opens nothing to a service: what goes along is opened to
    /// the move alone.
    Transfer,
}

/// Whether an organisation is part of the public administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sector {
    /// A municipality or another public body.
    Public,
    /// A private kindergarten, school or other organisation.
    Private,
}

impl std::str::FromStr for Sector {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text {
            "public" => Ok(Self::Public),
            "private" => Ok(Self::Private),
            _ => Err(CodeError),
        }
    }
}

/// Who answers for what a recipient reads (behandlingsansvarlig).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// The municipality, or the private organisation that runs the kindergarten or school.
    pub organisation: OrganisationNumber,
    /// Whether it is public.
    pub sector: Sector,
}

/// What a consent is in law. Which of them holds is disputed, so each municipality sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LegalCharacter {
    /// A release from confidentiality (forvaltningsloven 1967 § 13 a).
    FvlWaiver,
    /// A basis for processing (GDPR Art. 6(1)(a)).
    Gdpr,
    /// Both.
    Both,
}

impl std::str::FromStr for LegalCharacter {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text {
            "fvl-waiver" => Ok(Self::FvlWaiver),
            "gdpr" => Ok(Self::Gdpr),
            "both" => Ok(Self::Both),
            _ => Err(CodeError),
        }
    }
}

/// How a child was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeardBy {
    /// In a conversation.
    Conversation,
    /// By a drawing or play.
    Drawing,
    /// By a form.
    Form,
    /// By somebody whom the child had told.
    Another,
}

/// Whether the child was told and heard before the consent: from seven years, earlier if able.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "heard", rename_all = "kebab-case")]
pub enum ChildHeard {
    /// Nobody has asked the child.
    #[default]
    NotAsked,
    /// The child was heard.
    Yes {
        /// How.
        how: HeardBy,
        /// When.
        at: UnixMillis,
        /// By whom.
        by: AccountId,
    },
    /// The child did not want to be heard, or could not.
    No,
}

/// What a consent opens, to whom and for how long. Fixed when the family is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Its id; each version has its own.
    pub id: ConsentId,
    /// Counts from 1 along the consents that replace one another.
    pub version: u32,
    /// What the family is asked.
    pub kind: ConsentKind,
    /// Who may see: a service, never a person, who may quit.
    pub recipient: Service,
    /// More services of the same municipality that may take the case over; of a move alone. Whoever
    /// must be asked for one of them is asked.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<ServiceCode>,
    /// Who answers for what the recipient reads.
    pub controller: Controller,
    /// The areas it opens; an entry is covered if *all* its areas are among them (law 4).
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry it opens.
    pub kinds: BTreeSet<EntryKind>,
    /// Entries that stay closed all the same. Never leave the owner's node.
    pub exceptions: BTreeSet<EntryId>,
    /// What the family said must not be shared, in words, for whoever writes. Never leaves the
    /// owner's node.
    pub reservations: Option<String>,
    /// The fields of the case card that it opens; without any, no card is made.
    pub card_fields: BTreeSet<CardField>,
    /// Which way writing goes.
    pub direction: Direction,
    /// What it is for, as the family was told.
    pub purpose: String,
    /// What it is for, from the municipality's list.
    pub purpose_code: Option<PurposeCode>,
    /// What it is in law, as the municipality had set it when the family was asked.
    pub legal_character: LegalCharacter,
    /// The language of the form.
    pub language: Option<LanguageTag>,
    /// The SHA-256 of the form's text, as 64 hexadecimal digits.
    pub text_sha256: Option<String>,
    /// Whether the child was heard.
    pub child_heard: ChildHeard,
    /// The first millisecond on which it counts.
    pub from: UnixMillis,
    /// The first millisecond on which it no longer counts.
    pub until: UnixMillis,
    /// When the family and the stafettholder look at it again.
    pub review_at: Option<UnixMillis>,
    /// The consent that this one replaces, once it is valid.
    pub supersedes: Option<ConsentId>,
}

impl Consent {
    /// Returns every service that it names, all of one municipality.
    pub fn services(&self) -> impl Iterator<Item = &ServiceCode> {
        std::iter::once(&self.recipient.code).chain(&self.also)
    }

    /// Starts a first version that shares nothing yet: no area, no kind, for the host's own
    /// public service, both ways, from `from` to `until`.
    pub fn sharing(id: ConsentId, recipient: Service, from: UnixMillis, until: UnixMillis) -> Self {
        let controller = Controller { organisation: recipient.host, sector: Sector::Public };
        Self {
            id,
            version: 1,
            kind: ConsentKind::Share,
            recipient,
            also: BTreeSet::new(),
            controller,
            areas: BTreeSet::new(),
            kinds: BTreeSet::new(),
            exceptions: BTreeSet::new(),
            reservations: None,
            card_fields: BTreeSet::new(),
            direction: Direction::Both,
            purpose: String::new(),
            purpose_code: None,
            legal_character: LegalCharacter::FvlWaiver,
            language: None,
            text_sha256: None,
            child_heard: ChildHeard::NotAsked,
            from,
            until,
            review_at: None,
            supersedes: None,
        }
    }
}
