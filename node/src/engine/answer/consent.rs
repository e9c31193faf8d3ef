//! Consents as whoever asks may see them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::access::waiting::Waiting;
use stafett_protocol::consent::{
    Channel, Consent, ConsentKind, Controller, Direction, LegalCharacter, WithdrawnPart, Yes,
};
use stafett_protocol::entry::{CardField, EntryKind};
use stafett_protocol::id::{ConsentId, EntryId, GrantId, PersonId};
use stafett_protocol::municipality::{AreaCode, LanguageTag, PurposeCode, Service, ServiceCode};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::{CannotTakeItem, OrderItem};
use crate::web::openapi::types as doc;

/// A consent: all of it for the stafettholder, the own question and the own word for a giver.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ConsentView {
    /// For the stafettholder.
    Full(Box<ConsentItem>),
    /// For a giver.
    Own(Box<OwnConsent>),
}

/// A consent as the stafettholder sees it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ConsentItem {
    /// What was asked for.
    #[serde(flatten)]
    #[schema(value_type = doc::Consent)]
    pub asked: Consent,
    /// The recipient's name in bokmål.
    pub recipient_name: String,
    /// `draft`, `partly-given`, `refused`, `not-yet`, `waits-for-review`, `in-doubt`, `valid`, `expiring`,
    /// `must-be-renewed`, `expired`, `withdrawn` or `superseded`.
    pub status: String,
    /// Whether anything is open under it now. Address protection and the end of the agreement close
    /// what counts by itself.
    pub opens: bool,
    /// The areas that nobody has taken back.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub open_areas: BTreeSet<AreaCode>,
    /// Entries that were closed after the family was asked, and by whom.
    #[schema(value_type = BTreeMap<doc::EntryId, BTreeSet<doc::PersonId>>)]
    pub excepted: BTreeMap<EntryId, BTreeSet<PersonId>>,
    /// Who has said yes, and how.
    #[schema(value_type = BTreeMap<doc::PersonId, doc::Yes>)]
    pub given_by: BTreeMap<PersonId, Yes>,
    /// Who has said no.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub refused_by: BTreeSet<PersonId>,
    /// Who must say yes and has not.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub missing: BTreeSet<PersonId>,
    /// Since when it is withdrawn.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub withdrawn_at: Option<UnixMillis>,
    /// What was taken back, in order.
    pub withdrawals: Vec<WithdrawalItem>,
    /// Whether the stafettholder must talk with everybody (avklar): one giver took it back or a
    /// part of it, another has not, and nobody was asked anew.
    pub clarify: bool,
    /// Grants that came of it.
    #[schema(value_type = BTreeSet<doc::GrantId>)]
    pub grants: BTreeSet<GrantId>,
    /// Orders to erase that came of its end, with their receipts.
    pub orders: Vec<OrderItem>,
    /// That the recipient, a partner's service that has a grant of it, cannot take the case.
    pub cannot_take: Option<CannotTakeItem>,
}

/// A consent as one giver sees it: the own question, the own word. Nothing of other givers, of
/// what they closed, of partners' receipts or of why it is not in force.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnConsent {
    /// Its id; each version has its own.
    #[schema(value_type = doc::ConsentId)]
    pub id: ConsentId,
    /// Counts from 1 along the consents that replace one another.
    pub version: u32,
    /// What is asked.
    #[schema(value_type = doc::ConsentKind)]
    pub kind: ConsentKind,
    /// Which service may see.
    #[schema(value_type = doc::Service)]
    pub recipient: Service,
    /// The recipient's name in bokmål.
    pub recipient_name: String,
    /// More services of that municipality that may take the case over, of a move.
    #[schema(value_type = BTreeSet<doc::ServiceCode>)]
    pub also: BTreeSet<ServiceCode>,
    /// Who answers for what the recipient reads.
    #[schema(value_type = doc::Controller)]
    pub controller: Controller,
    /// The areas that were asked for.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// The kinds of entry.
    #[schema(value_type = BTreeSet<doc::EntryKind>)]
    pub kinds: BTreeSet<EntryKind>,
    /// The fields of the case card.
    #[schema(value_type = BTreeSet<doc::CardField>)]
    pub card_fields: BTreeSet<CardField>,
    /// Which way writing goes.
    #[schema(value_type = doc::Direction)]
    pub direction: Direction,
    /// What it is for.
    pub purpose: String,
    /// What it is for, from the municipality's list.
    #[schema(value_type = Option<doc::PurposeCode>)]
    pub purpose_code: Option<PurposeCode>,
    /// What it is in law.
    #[schema(value_type = doc::LegalCharacter)]
    pub legal_character: LegalCharacter,
    /// The language of the form.
    #[schema(value_type = Option<doc::LanguageTag>)]
    pub language: Option<LanguageTag>,
    /// The SHA-256 of the form's text.
    #[schema(value_type = Option<doc::Sha256>)]
    pub text_sha256: Option<String>,
    /// The first millisecond on which it counts.
    #[schema(value_type = doc::UnixMillis)]
    pub from: UnixMillis,
    /// The first millisecond on which it no longer counts.
    #[schema(value_type = doc::UnixMillis)]
    pub until: UnixMillis,
    /// When it is looked at again.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub review_at: Option<UnixMillis>,
    /// `asked`: the giver's answer is missing. `refused` and `withdrawn`: by this giver.
    /// `in-force`. `not-in-force`: for any other reason.
    pub status: String,
    /// The giver's yes.
    #[schema(value_type = Option<doc::Yes>)]
    pub yes: Option<Yes>,
    /// What this giver took back, in order.
    pub withdrawals: Vec<WithdrawalItem>,
    /// Entries that this giver closed after the question.
    #[schema(value_type = BTreeSet<doc::EntryId>)]
    pub excepted: BTreeSet<EntryId>,
}

/// One withdrawal.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct WithdrawalItem {
    /// Who took the yes back.
    #[schema(value_type = doc::PersonId)]
    pub giver: PersonId,
    /// How the giver said it.
    #[schema(value_type = doc::Channel)]
    pub channel: Channel,
    /// How much.
    #[schema(value_type = doc::WithdrawnPart)]
    pub part: WithdrawnPart,
    /// When it stopped.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
}

/// A service that would read an entry if a consent came into force again (venter på samtykke).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct WaitingItem {
    /// The service.
    #[schema(value_type = doc::Service)]
    pub service: Service,
    /// Its name in bokmål.
    pub name: String,
    /// For what.
    #[schema(value_type = doc::Waiting)]
    pub reason: Waiting,
}
