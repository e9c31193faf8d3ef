//! What the engine answers: the bodies of the HTTP API. Content is in here; nothing of it is
//! ever logged, so no type prints itself.

mod arrival;
mod baton;
mod consent;
mod emergency;
mod family;
mod moving;
mod operations;
mod succession;
mod transition;
mod uptake;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::baton::Baton;
use stafett_protocol::consent::rule::{Capacity, SubjectKind};
use stafett_protocol::entry::{About, CardField, EntryKind, EntryView, Heads};
use stafett_protocol::erasure::Done;
use stafett_protocol::id::{
    AccountId, CaseId, ConsentId, DisclosureId, EntryId, GenerationId, OrderId, PersonId, ProposalId,
};
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::seal::SealReason;
use crate::notice::NoticeText;
use crate::web::openapi::types as doc;

pub use arrival::{CarriedArea, CarriedConsent, CarriedView, CarriedYes, OriginItem};
pub use baton::{
    BatonHere, BatonOfferItem, BatonPart, BatonStep, BatonView, ColleagueItem, OfferItem, OfferedBaton,
};
pub use consent::{ConsentItem, ConsentView, OwnConsent, WaitingItem, WithdrawalItem};
pub use emergency::{EmergencyItem, EmergencyReviewItem, EmergencyView, OpenedEmergency};
pub use family::{FamilyView, ProtectionView, Registered, RegistrationItem, TaskItem};
pub use moving::{MoveRefusedItem, MoveWithout, ReminderItem};
pub use operations::{
    AccessLogItem, LogFaultItem, LogFaultKind, Operations, OwnKeysItem, PartnerKeysItem, PinnedKey,
    ShownKeyItem, StoreItem,
};
pub use succession::{
    ComingMove, ComingStep, EndedMove, HandArrivalItem, HandArrivalStep, HandItem, HandStep, MadePackage,
    MoveConsent, MovePart, MoveStep, MoveView, MovedItem, OfferedMove, OpenMove, OpenedByHand,
};
pub use transition::{
    ChecklistItem, ConsentStep, OpenedTransition, OverlapItem, TransitionPart, TransitionView, UnderWay,
    UnitItem,
};
pub use uptake::{CannotTakeItem, SaidItem};

/// A case in a list.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseSummary {
    /// The case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// The organisation that owns it.
    #[schema(value_type = doc::OrganisationNumber)]
    pub owner: OrganisationNumber,
    /// The owner's name.
    pub owner_name: String,
    /// The subject's name, as far as the reader may know it: from the private document at the
    /// owner for its holder, from the case card elsewhere.
    pub subject_name: Option<String>,
    /// The level, at the owner.
    #[schema(value_type = Option<doc::Level>)]
    pub level: Option<Level>,
    /// When it was opened here, or first came. Milliseconds since 1970.
    #[schema(value_type = doc::UnixMillis)]
    pub since: UnixMillis,
    /// The reader's task: `stafettholder`, `assigned`, `family`, or `returned` for own writing that came back, `inbox` for a service's
    /// leader, who sees municipality and date and nothing else, `emergency` for who opened it in one.
    pub task: String,
    /// For an inbox, the services that it was shared with, and whether somebody has it.
    pub inbox: Option<Inbox>,
}

/// What a shared service's leader sees of a received case.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Inbox {
    /// The service.
    #[schema(value_type = doc::ServiceCode)]
    pub service: ServiceCode,
    /// Who works with it.
    #[schema(value_type = BTreeSet<doc::AccountId>)]
    pub assigned: BTreeSet<AccountId>,
    /// That the service cannot take it, if its leader has said so last.
    pub cannot_take: Option<SaidItem>,
}

/// A person of the family.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PartyItem {
    /// Who, as consents name the person.
    #[schema(value_type = doc::PersonId)]
    pub person: PersonId,
    /// What the person is to the subject.
    #[schema(value_type = doc::Capacity)]
    pub capacity: Capacity,
    /// The name, from the private case document.
    pub name: Option<String>,
    /// For a guardian: `mother`, `father`, `co-mother`, `appointed-guardian`, …
    pub relation: Option<String>,
}

/// Somebody of the family who wrote an entry.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AuthorItem {
    /// Who, as consents name the person.
    #[schema(value_type = doc::PersonId)]
    pub person: PersonId,
    /// The name, from the private case document.
    pub name: String,
    /// `subject` for whom the case is about; for a guardian `mother`, `father`, `co-mother`, …
    pub relation: String,
}

/// A case as its reader may see it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseView {
    /// What stands in the list.
    #[serde(flatten)]
    pub summary: CaseSummary,
    /// Whom it is about; at the owner only.
    #[schema(value_type = Option<doc::SubjectKind>)]
    pub subject_kind: Option<SubjectKind>,
    /// Who holds the baton; at the owner only.
    #[schema(value_type = Option<doc::Baton>)]
    pub baton: Option<Baton>,
    /// The family; for the stafettholder only.
    pub parties: Vec<PartyItem>,
    /// The entries that the reader may read, newest first.
    pub entries: Vec<EntryItem>,
    /// How many entries more the reader may read that are damaged on this node's disk and cannot be
    /// shown; the operator is told too.
    pub unreadable: usize,
    /// Own writing that the owner has not taken yet; its author's alone.
    pub proposals: Vec<ProposalItem>,
    /// What is to be done, the earliest due first; for the stafettholder only.
    pub tasks: Vec<TaskItem>,
    /// What came with it from another municipality, beside its entries; for the stafettholder only.
    pub carried: Option<CarriedView>,
}

/// An entry as its reader may see it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryItem {
    /// The entry.
    #[schema(value_type = doc::EntryId)]
    pub entry: EntryId,
    /// Its case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// Its kind.
    #[schema(value_type = doc::EntryKind)]
    pub kind: EntryKind,
    /// Its areas.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    #[schema(value_type = BTreeSet<doc::About>)]
    pub about: BTreeSet<About>,
    /// Its generation.
    #[schema(value_type = doc::GenerationId)]
    pub generation: GenerationId,
    /// Its latest changes.
    #[schema(value_type = doc::Heads)]
    pub heads: Heads,
    /// The service that wrote it, where the reader may know.
    #[schema(value_type = Option<doc::Service>)]
    pub written_by: Option<Service>,
    /// Who of the family wrote it, for the stafettholder.
    pub author: Option<AuthorItem>,
    /// Where it comes from, if it came with its case from another municipality.
    pub origin: Option<OriginItem>,
    /// The fields, and concurrent values that wait for the stafettholder.
    #[serde(flatten)]
    #[schema(value_type = doc::EntryView)]
    pub view: EntryView,
    /// At a partner, what becomes of edits made here that the owner does not have: `waiting` while
    /// they are on their way, `refused` if they must be written again. Both are shown in the fields.
    pub undelivered: Option<String>,
    /// The entry that it belongs to, if the reader may see that one.
    #[schema(value_type = Option<doc::EntryId>)]
    pub towards: Option<EntryId>,
    /// When it came into this store.
    #[schema(value_type = doc::UnixMillis)]
    pub stored_at: UnixMillis,
    /// When it changed last in this store.
    #[schema(value_type = doc::UnixMillis)]
    pub changed_at: UnixMillis,
    /// Who reads it, for the stafettholder; at a partner, the reader's service and the owner.
    pub readers: Vec<ReaderItem>,
    /// Who would read it if a consent came into force again, for the stafettholder.
    pub waiting: Vec<WaitingItem>,
}

/// Own writing that waits for the owner, or came back: a whole new entry, or the reader's own words
/// from an entry whose sharing has ended.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ProposalItem {
    /// The proposal.
    #[schema(value_type = doc::ProposalId)]
    pub proposal: ProposalId,
    /// Its kind.
    #[schema(value_type = doc::EntryKind)]
    pub kind: EntryKind,
    /// Its areas.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// Its fields.
    #[serde(flatten)]
    #[schema(value_type = doc::EntryView)]
    pub view: EntryView,
    /// `waiting`, or `returned`.
    pub state: String,
    /// When what came back is erased. Milliseconds since 1970.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub until: Option<UnixMillis>,
}

/// One service that reads an entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct ReaderItem {
    /// The service.
    #[schema(value_type = doc::Service)]
    pub service: Service,
    /// Its name in bokmål.
    pub name: String,
    /// On which consent; none for the service that wrote it.
    #[schema(value_type = Option<doc::ConsentId>)]
    pub consent: Option<ConsentId>,
    /// Of an entry, since when: since it was written, or since the consent counts. Milliseconds
    /// since 1970.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub since: Option<UnixMillis>,
    /// At a partner: when the latest version was handed to its node; none for own services.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub sent_at: Option<UnixMillis>,
    /// At a partner: whether its node has said that it has the latest version.
    pub received: Option<bool>,
}

/// What publishing did.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Published {
    /// The entry, at the owner.
    #[schema(value_type = Option<doc::EntryId>)]
    pub entry: Option<EntryId>,
    /// The proposal, at a partner: the owner gives it its id.
    #[schema(value_type = Option<doc::ProposalId>)]
    pub proposal: Option<ProposalId>,
}

/// Who would read an entry once it is published.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryPreview {
    /// Services that would read it.
    pub readers: Vec<ReaderItem>,
    /// Services with a consent in the case that would not.
    pub not_readers: Vec<ReaderItem>,
    /// Services that would read it if a consent came into force again.
    pub waiting: Vec<WaitingItem>,
}

/// What a consent would make visible, before anything is committed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ConsentPreview {
    /// To whom.
    #[schema(value_type = doc::Service)]
    pub recipient: Service,
    /// Entries that would become visible and are not now.
    pub becomes_visible: Vec<PreviewItem>,
    /// Entries that are visible now and stay so.
    pub stays_visible: Vec<PreviewItem>,
    /// Entries that are visible now and would not be, and why: the partner is ordered to erase them.
    pub becomes_hidden: Vec<HiddenItem>,
    /// Entries that stay hidden, and why.
    pub stays_hidden: Vec<HiddenItem>,
    /// Entries that the family closed to the service and that this version no longer names: the
    /// exception ends with the last yes, whether or not the entry becomes visible by that.
    pub drops_exceptions: Vec<PreviewItem>,
    /// The fields of the case card that would become visible, with their values.
    #[schema(value_type = BTreeMap<doc::CardField, String>)]
    pub card: BTreeMap<CardField, String>,
    /// Who must say yes and has not: by what holds now, and on the first day of the consent.
    #[schema(value_type = BTreeSet<doc::PersonId>)]
    pub missing: BTreeSet<PersonId>,
    /// What the consent is once everybody whose yes is needed now has said it.
    pub becomes: String,
    /// Whether all of it goes out only when the stafettholder has looked through what was held: an
    /// earlier consent to the service ran out before this one was given.
    pub waits_for_review: bool,
}

/// An entry of a preview.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PreviewItem {
    /// The entry.
    #[schema(value_type = doc::EntryId)]
    pub entry: EntryId,
    /// Its kind.
    #[schema(value_type = doc::EntryKind)]
    pub kind: EntryKind,
    /// Its areas.
    #[schema(value_type = BTreeSet<doc::AreaCode>)]
    pub areas: BTreeSet<AreaCode>,
    /// Its title, or the beginning of its text.
    pub title: String,
    /// Whether the child asked that guardians do not read it. A partner's people see that in the
    /// entry, and must keep it themselves.
    pub hidden_from_guardians: bool,
}

/// An entry that a consent leaves hidden.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HiddenItem {
    /// The entry.
    #[serde(flatten)]
    pub item: PreviewItem,
    /// Why: `area`, `kind`, `excepted`, `about-another`, `waits-for-generation`,
    /// `waits-for-approval`, `waits-for-receipt`, `must-be-renewed`, `blocked`, …
    pub reason: String,
}

/// An order to erase.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderItem {
    /// The order.
    #[schema(value_type = doc::OrderId)]
    pub order: OrderId,
    /// Who was ordered.
    #[schema(value_type = doc::OrganisationNumber)]
    pub partner: OrganisationNumber,
    /// The partner's name.
    pub partner_name: String,
    /// How many entries it names.
    pub entries: usize,
    /// Since when it waits for its receipt; none once it has one. Milliseconds since 1970.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub waits_since: Option<UnixMillis>,
    /// Whether the receipt has been missing for a day or more: somebody should ask the partner.
    pub late: bool,
    /// The receipt, once the partner has confirmed; nothing is said to be erased before.
    pub receipt: Option<ReceiptItem>,
}

/// A receipt: the partner's word, not a proof.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ReceiptItem {
    /// Entries that it says it erased.
    pub erased: usize,
    /// Entries that it says it locked.
    pub locked: usize,
    /// Entry by entry.
    #[schema(value_type = BTreeMap<doc::EntryId, doc::Done>)]
    pub items: BTreeMap<EntryId, Done>,
    /// In what words its law makes it keep entries: its own, with the law's reference.
    #[schema(value_type = BTreeMap<doc::EntryId, String>)]
    pub kept_by_law: BTreeMap<EntryId, String>,
    /// Days until the last backup that could open an erased entry is gone.
    pub backup_days: u32,
}

/// One link.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct LinkItem {
    /// The partner.
    #[schema(value_type = doc::OrganisationNumber)]
    pub partner: OrganisationNumber,
    /// Its name.
    pub name: String,
    /// Whether a connection is up.
    pub connected: bool,
    /// Since when.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub connected_since: Option<UnixMillis>,
    /// When its last frame came.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub last_received: Option<UnixMillis>,
    /// Entries in line.
    pub waiting: usize,
    /// Orders without a receipt.
    pub receipts_missing: usize,
    /// Since when the oldest of them waits. Milliseconds since 1970.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub receipts_missing_since: Option<UnixMillis>,
    /// Whether a receipt has been missing for a day or more.
    pub receipts_late: bool,
    /// Whether a receipt has been missing for three days: nothing new is shared with the partner.
    pub sharing_stopped: bool,
    /// The end of the agreement.
    #[schema(value_type = doc::UnixMillis)]
    pub agreement_until: UnixMillis,
    /// Whether the partner's identity is revoked.
    pub revoked: bool,
    /// Whether the node was restored and the two have not compared since: nothing of it is shown.
    pub in_doubt: bool,
    /// Its keys.
    pub keys: PartnerKeysItem,
    /// The version of the protocol that both nodes last agreed on; none if they have not since the
    /// program started, as with a node that speaks no version of this one's.
    pub protocol_version: Option<u16>,
}

/// One disclosure: what was handed to the transport, to whom, on what.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DisclosureItem {
    /// The row.
    #[schema(value_type = doc::DisclosureId)]
    pub id: DisclosureId,
    /// To whose node.
    #[schema(value_type = doc::OrganisationNumber)]
    pub partner: OrganisationNumber,
    /// Which case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// Which entry.
    #[schema(value_type = doc::EntryId)]
    pub entry: EntryId,
    /// Under which consents.
    #[schema(value_type = BTreeSet<doc::ConsentId>)]
    pub consents: BTreeSet<ConsentId>,
    /// When.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
    /// Whether the frame was then not sent.
    pub unsent: bool,
}

/// How the node is.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Whether it serves.
    pub ready: bool,
    /// Whether it is sealed: restored, or its clock is in doubt.
    pub sealed: bool,
    /// Why it is sealed.
    pub sealed_because: BTreeSet<SealReason>,
    /// The command that the operator runs next, if it is sealed.
    pub next_step: Option<String>,
    /// The version of the program.
    pub version: String,
    /// The node's organisation.
    #[schema(value_type = doc::OrganisationNumber)]
    pub organisation: OrganisationNumber,
    /// For every program that shows pages to people: the text that each page carries, without a
    /// request of its own, so that nothing tells who read it.
    pub duty_to_report: DutyToReport,
}

/// The text on the duty to report and the duty to avert (meldeplikt, avvergingsplikt): always the
/// same, whoever asks. Lines are separated by line feeds.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DutyToReport {
    /// In bokmål.
    pub nb: String,
    /// In nynorsk.
    pub nn: String,
}

/// A draft of what one person of a family is told: that a sharing has ended, or who is the new stafettholder.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeItem {
    /// What it is about.
    pub kind: NoticeKind,
    /// Whom it is for, and for nobody else.
    #[schema(value_type = doc::PersonId)]
    pub person: PersonId,
    /// The person's name; for the stafettholder only.
    pub name: Option<String>,
    /// The consent that was withdrawn.
    #[schema(value_type = Option<doc::ConsentId>)]
    pub consent: Option<ConsentId>,
    /// The partner that was asked to erase; none for a service of the own municipality.
    #[schema(value_type = Option<doc::OrganisationNumber>)]
    pub partner: Option<OrganisationNumber>,
    /// For the stafettholder: why nothing is shared with the partner any more. Not in the text.
    pub cause: Option<NoticeCause>,
    /// Whether all the partner's receipts are in; none where no partner was asked.
    pub confirmed: Option<bool>,
    /// In bokmål.
    pub nb: NoticeText,
    /// In nynorsk.
    pub nn: NoticeText,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// The person withdrew a consent.
    Withdrawal,
    /// Nothing is shared with a partner any more.
    PartnerEnded,
    /// Somebody else has become stafettholder.
    NewStafettholder,
}

/// Why nothing is shared with a partner any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeCause {
    /// The agreement has ended.
    AgreementEnded,
    /// The partner's identity is revoked.
    Revoked,
}
