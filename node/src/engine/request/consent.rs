//! What is asked of consents.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::consent::{Channel, ChildHeard, ConsentKind, Direction, Evidence, Interpreter};
use stafett_protocol::entry::{CardField, EntryKind};
use stafett_protocol::id::{AccountId, ConsentId, EntryId, PersonId};
use stafett_protocol::municipality::{AreaCode, LanguageTag, PurposeCode, Service, ServiceCode};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::web::openapi::types as doc;

/// Asks the family for a consent, or asks for a preview of one. What a consent is in law and who
/// answers for what the recipient reads come from the municipality's settings.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskConsent {
    /// What the family is asked; to share if nothing is said.
    #[serde(default = "to_share")]
    #[schema(value_type = doc::ConsentKind)]
    pub kind: ConsentKind,
    /// Which service may see.
    #[schema(value_type = doc::Service)]
    pub recipient: Service,
    /// More services of the same municipality that may take the case over, for a move alone.
    #[serde(default)]
    #[schema(value_type = BTreeSet<doc::ServiceCode>)]
    pub also: BTreeSet<ServiceCode>,
    /// The areas; at least one to share or to move, none for another kind of consent.
    #[serde(default)]
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry; all of them if nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<BTreeSet<doc::EntryKind>>)]
    pub kinds: Option<BTreeSet<EntryKind>>,
    /// Entries that stay closed all the same. If nothing is said, those that the consent which is
    /// replaced keeps closed; one of these that is not named is opened, and the preview says so.
    #[serde(default)]
    #[schema(value_type = Option<BTreeSet<doc::EntryId>>)]
    pub exceptions: Option<BTreeSet<EntryId>>,
    /// What the family says must not be shared, in words, for whoever writes: at most 2,000 bytes.
    /// Never leaves this node.
    #[serde(default)]
    pub reservations: Option<String>,
    /// The fields of the case card; the defaults if nothing is said, as far as they may be shared.
    #[serde(default)]
    #[schema(value_type = Option<BTreeSet<doc::CardField>>)]
    pub card_fields: Option<BTreeSet<CardField>>,
    /// Which way writing goes; of a move, it goes there.
    #[serde(default = "both_ways")]
    #[schema(value_type = doc::Direction)]
    pub direction: Direction,
    /// What it is for, as the family is told: 1 to 2,000 bytes.
    pub purpose: String,
    /// What it is for, from the municipality's list.
    #[serde(default)]
    #[schema(value_type = Option<doc::PurposeCode>)]
    pub purpose_code: Option<PurposeCode>,
    /// The language of the form.
    #[serde(default)]
    #[schema(value_type = Option<doc::LanguageTag>)]
    pub language: Option<LanguageTag>,
    /// The SHA-256 of the form's text.
    #[serde(default)]
    #[schema(value_type = Option<doc::Sha256>)]
    pub text_sha256: Option<String>,
    /// Whether the child was heard; nobody has asked if nothing is said.
    #[serde(default)]
    #[schema(value_type = doc::ChildHeard)]
    pub child_heard: ChildHeard,
    /// From when; at once if nothing is said. Milliseconds since 1970.
    #[serde(default)]
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub from: Option<UnixMillis>,
    /// Until when; the configured duration if nothing is said. Milliseconds since 1970. A consent to a move
    /// counts for 90 days at the longest.
    #[serde(default)]
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub until: Option<UnixMillis>,
    /// When the family and the stafettholder look at it again, before its end.
    #[serde(default)]
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub review_at: Option<UnixMillis>,
    /// The consent that it replaces once everybody said yes.
    #[serde(default)]
    #[schema(value_type = Option<doc::ConsentId>)]
    pub supersedes: Option<ConsentId>,
}

impl std::fmt::Debug for AskConsent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AskConsent({}, «redacted»)", self.recipient)
    }
}

fn to_share() -> ConsentKind {
    ConsentKind::Share
}

fn both_ways() -> Direction {
    Direction::Both
}

/// One giver's yes, as whoever registers it heard or saw it, or as the giver says it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveConsent {
    /// Who says yes.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// How. From the giver's own account an electronic identity, or what the login gives if
    /// nothing is said.
    #[serde(default)]
    #[schema(value_type = Option<doc::Evidence>)]
    pub evidence: Option<Evidence>,
    /// Whether the giver also opens what is written about the giver's own person. Somebody whose
    /// yes this consent does not need can open that alone.
    #[serde(default)]
    pub about_self: bool,
    /// The language in which it was explained.
    #[serde(default)]
    #[schema(value_type = Option<doc::LanguageTag>)]
    pub language: Option<LanguageTag>,
    /// Whether an interpreter helped; none was needed if nothing is said.
    #[serde(default)]
    #[schema(value_type = doc::Interpreter)]
    pub interpreter: Interpreter,
    /// A colleague of this node who was there too, other than whoever registers it.
    #[serde(default)]
    #[schema(value_type = Option<doc::AccountId>)]
    pub witness: Option<AccountId>,
}

/// One giver's no.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseConsent {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
}

/// Takes a yes back: all of it, unless areas or `about_self` say less. Whose yes is needed no
/// longer takes back what is about the giver, whatever is said.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawConsent {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// How the giver said it: `oral` or `written`, oral if nothing is said; `digital` from the
    /// giver's own account.
    #[serde(default)]
    #[schema(value_type = Option<doc::Channel>)]
    pub channel: Option<Channel>,
    /// Only these areas.
    #[serde(default)]
    #[schema(value_type = Option<BTreeSet<doc::AreaCode>>)]
    pub areas: Option<BTreeSet<AreaCode>>,
    /// Only what is written about the giver's own person.
    #[serde(default)]
    pub about_self: bool,
}

/// Takes back several consents of a case at once.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawConsents {
    /// Who.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// As for one consent.
    #[serde(default)]
    #[schema(value_type = Option<doc::Channel>)]
    pub channel: Option<Channel>,
    /// What.
    #[schema(value_type = doc::WithdrawnScope)]
    pub of: WithdrawnScope,
}

/// What is taken back across the consents of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawnScope {
    /// Everything.
    All,
    /// What is written about the giver's own person.
    AboutSelf,
    /// Everything that one service may see.
    Service(Service),
    /// These areas, whoever may see them.
    Areas(BTreeSet<AreaCode>),
}

/// Closes one entry that a consent had opened.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptEntry {
    /// Who says so.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// Which entry.
    #[schema(value_type = doc::EntryId)]
    pub entry: EntryId,
}

/// Everybody who was asked anew about a consent in doubt, and stands by it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconfirmConsent {
    /// Everybody whose yes the consent needs.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub givers: BTreeSet<PersonId>,
}
