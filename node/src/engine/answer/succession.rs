//! A move of a case (law 18), as its people here see it, and those that may come here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{CaseId, ConsentId, HandArrivalId, PackageId, SuccessionId};
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};
use stafett_protocol::succession::leaving::{EndCause, LateWord};
use stafett_protocol::succession::statement::Stage;
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use super::{ColleagueItem, HiddenItem, PreviewItem};
use crate::web::openapi::types as doc;

/// What somebody has to do with the moves of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MovePart {
    /// Holds the baton: offers, and carries out. Once the case has moved, whoever held it.
    Holder,
    /// Leads the unit that answers for the case: sees how far a move is, and takes it back.
    Leader,
}

/// How a case may move, how far it is, and where it has gone.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveView {
    /// The case.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
    /// What the reader has to do with it.
    pub part: MovePart,
    /// The consents to a move that are not over, the newest first; for the stafettholder.
    pub consents: Vec<MoveConsent>,
    /// The move that is under way.
    pub open: Option<OpenMove>,
    /// Where the case has gone, if it has.
    pub moved: Option<MovedItem>,
    /// The package for the hand that is open or by which the case has moved, or else the last one.
    pub by_hand: Option<HandItem>,
    /// Moves that came to nothing, the newest first.
    pub ended: Vec<EndedMove>,
}

/// What became of a package for the hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandStep {
    /// It was made; the case is here.
    Open,
    /// It was taken back by somebody, or by the node because the case may no longer go; the case is here.
    TakenBack,
    /// The other municipality has taken the case over.
    Accepted,
}

/// A package for the hand.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandItem {
    /// Which.
    #[schema(value_type = doc::PackageId)]
    pub package: PackageId,
    /// For which municipality.
    #[schema(value_type = doc::OrganisationNumber)]
    pub to: OrganisationNumber,
    /// Its name.
    pub to_name: String,
    /// When it was made.
    #[schema(value_type = doc::UnixMillis)]
    pub made_at: UnixMillis,
    /// How many entries stand in it.
    pub entries: u32,
    /// What became of it.
    pub step: HandStep,
    /// Whether the gate still lets the case go there.
    pub may_go: bool,
    /// When it was taken back, or it was registered that the case is taken over.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub ended_at: Option<UnixMillis>,
    /// Where the letter is filed.
    pub archive: Option<String>,
    /// The day on which the other municipality took the case over, `YYYY-MM-DD`.
    pub on: Option<String>,
}

/// A package for the hand that was just made. The code word is told this one time, and kept nowhere.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MadePackage {
    /// The package.
    #[schema(value_type = doc::PackageId)]
    pub package: PackageId,
    /// What the municipality is called that it is for.
    pub to_name: String,
    /// What opens it: twenty letters and digits in five groups. It goes another way than the file.
    pub code_word: String,
}

impl std::fmt::Debug for MadePackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadePackage({}, «redacted»)", self.package)
    }
}

/// A consent to a move.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MoveConsent {
    /// Which.
    #[schema(value_type = doc::ConsentId)]
    pub consent: ConsentId,
    /// The municipality.
    #[schema(value_type = doc::OrganisationNumber)]
    pub to: OrganisationNumber,
    /// Its name.
    pub to_name: String,
    /// Its services that may take the case over.
    #[schema(value_type = BTreeSet<doc::ServiceCode>)]
    pub services: BTreeSet<ServiceCode>,
    /// As for every consent.
    pub status: String,
    /// The first millisecond on which it no longer counts.
    #[schema(value_type = doc::UnixMillis)]
    pub until: UnixMillis,
    /// Whether the municipality has no node: the case goes there by a package for the hand.
    pub by_hand: bool,
    /// Whether the case may be offered, or the package be made, under it now.
    pub may_offer: bool,
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MoveStep {
    /// It is offered: the other side sees the stage, the day and the services.
    Offered,
    /// Somebody there takes the case; no package is made yet.
    Accepted,
    /// The package is made and on its way. Nobody there can open it.
    Packed,
    /// The other side has the package: the case can be carried over.
    Stored,
}

/// A move that is under way.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenMove {
    /// Which.
    #[schema(value_type = doc::SuccessionId)]
    pub succession: SuccessionId,
    /// Where to.
    #[schema(value_type = doc::OrganisationNumber)]
    pub to: OrganisationNumber,
    /// Its name.
    pub to_name: String,
    /// The consent on which it rests.
    #[schema(value_type = doc::ConsentId)]
    pub consent: ConsentId,
    /// What the other side is told of whom it is about.
    #[schema(value_type = Option<doc::Stage>)]
    pub stage: Option<Stage>,
    /// From which day somebody there should be responsible, `YYYY-MM-DD`.
    pub wished: Option<String>,
    /// Services that may take it.
    #[schema(value_type = BTreeSet<doc::ServiceCode>)]
    pub services: BTreeSet<ServiceCode>,
    /// How far it is.
    pub step: MoveStep,
    /// When it comes to nothing by itself.
    #[schema(value_type = doc::UnixMillis)]
    pub lapses_at: UnixMillis,
    /// Who has said yes.
    pub accepted_by: Option<String>,
    /// In which service.
    #[schema(value_type = Option<doc::ServiceCode>)]
    pub service: Option<ServiceCode>,
    /// What the stafettholder writes to whoever takes over; for the stafettholder.
    pub note: String,
    /// How many entries are in the package that stands; none before one is made.
    pub packed: Option<u32>,
    /// How many of them are no longer what would go, or would go and are not in it.
    pub changed: u32,
    /// Whether the package is no longer what would be made now: an entry, the family or the note has changed.
    pub is_outdated: bool,
    /// Whether the case can be carried over now.
    pub may_transfer: bool,
    /// The entries that go along, as it stands now; for the stafettholder.
    pub goes_along: Vec<PreviewItem>,
    /// The entries that stay; for the stafettholder.
    pub stays: Vec<HiddenItem>,
}

/// Where a case has gone.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct MovedItem {
    /// The municipality whose case it is.
    #[schema(value_type = doc::OrganisationNumber)]
    pub to: OrganisationNumber,
    /// Its name.
    pub to_name: String,
    /// Since when.
    #[schema(value_type = doc::UnixMillis)]
    pub at: UnixMillis,
    /// Whether it has said that it has opened the case.
    pub is_confirmed: bool,
    /// What was said since that it must know, each with whether it has it.
    #[schema(value_type = Vec<(doc::LateWord, bool)>)]
    pub late: Vec<(LateWord, bool)>,
}

/// A move that came to nothing.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct EndedMove {
    /// Which.
    #[schema(value_type = doc::SuccessionId)]
    pub succession: SuccessionId,
    /// Where to.
    #[schema(value_type = doc::OrganisationNumber)]
    pub to: OrganisationNumber,
    /// Its name.
    pub to_name: String,
    /// When it was offered.
    #[schema(value_type = doc::UnixMillis)]
    pub offered_at: UnixMillis,
    /// Why; none if the other side said no.
    #[schema(value_type = Option<doc::EndCause>)]
    pub cause: Option<EndCause>,
    /// What the other side said when it declined.
    pub reason: Option<String>,
    /// Whether the other side has the end, and has deleted what it had.
    pub is_kept: bool,
}

/// The move that was offered.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OfferedMove {
    /// Which.
    #[schema(value_type = doc::SuccessionId)]
    pub succession: SuccessionId,
}

/// How far a case is that may come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComingStep {
    /// It waits for an answer.
    Offered,
    /// Somebody here has said yes; the old owner has not carried it out, and has the responsibility.
    Accepted,
    /// The case is this municipality's.
    Here,
    /// This municipality said no.
    Declined,
    /// It came to nothing.
    Ended,
    /// The node was restored and asks the other side what became of it.
    Asking,
}

/// A case of another municipality's that may come here. Nothing says whom it is about.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ComingMove {
    /// Which move.
    #[schema(value_type = doc::SuccessionId)]
    pub succession: SuccessionId,
    /// Where from.
    #[schema(value_type = doc::OrganisationNumber)]
    pub from: OrganisationNumber,
    /// Its name.
    pub from_name: String,
    /// When it was heard of.
    #[schema(value_type = doc::UnixMillis)]
    pub came_at: UnixMillis,
    /// Whom it is about, as far as that is told.
    #[schema(value_type = Option<doc::Stage>)]
    pub stage: Option<Stage>,
    /// From which day somebody here should be responsible, `YYYY-MM-DD`.
    pub wished: Option<String>,
    /// Own services that may take it.
    #[schema(value_type = BTreeSet<doc::ServiceCode>)]
    pub services: BTreeSet<ServiceCode>,
    /// How far it is.
    pub step: ComingStep,
    /// The first millisecond on which it can no longer be answered, while it waits for that.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub lapses_at: Option<UnixMillis>,
    /// Whom the coordinator has asked, or who has said yes.
    pub asked: Option<ColleagueItem>,
    /// Whether that is the reader.
    pub is_yours: bool,
    /// Whom the coordinator may ask; for the coordinator, while no answer is given.
    pub may_take: Vec<ColleagueItem>,
    /// The case that was opened, for whoever has it.
    #[schema(value_type = Option<doc::CaseId>)]
    pub case: Option<CaseId>,
    /// What the old owner has said since it was carried out; for whoever has the case.
    #[schema(value_type = Vec<doc::LateWord>)]
    pub late: Vec<LateWord>,
}

impl ComingMove {
    /// Whether somebody must still do something here.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.step, ComingStep::Offered | ComingStep::Accepted | ComingStep::Asking)
    }
}

/// How far a package for the hand is that came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandArrivalStep {
    /// Nobody has opened it.
    Waiting,
    /// Nobody has opened it, and too many code words were wrong: the coordinator must ask again.
    Locked,
    /// Somebody here has opened it and took the case over.
    Here,
    /// This municipality does not take it; the file is deleted here.
    Declined,
    /// Nobody opened it in time; the file is deleted here.
    Lapsed,
}

/// A package for the hand that came here. Before it is opened nobody here knows from where and about whom.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct HandArrivalItem {
    /// Which file.
    #[schema(value_type = doc::HandArrivalId)]
    pub arrival: HandArrivalId,
    /// When it was taken in.
    #[schema(value_type = doc::UnixMillis)]
    pub came_at: UnixMillis,
    /// How far it is.
    pub step: HandArrivalStep,
    /// The first millisecond on which it can no longer be opened.
    #[schema(value_type = doc::UnixMillis)]
    pub lapses_at: UnixMillis,
    /// Whom the coordinator has asked, or who has opened it.
    pub asked: Option<ColleagueItem>,
    /// Whether that is the reader.
    pub is_yours: bool,
    /// Whom the coordinator may ask; for the coordinator, while nobody has opened it.
    pub may_take: Vec<ColleagueItem>,
    /// What the municipality is called that it came from, once it is opened.
    pub from_name: Option<String>,
    /// The case that was opened, for whoever has opened it.
    #[schema(value_type = Option<doc::CaseId>)]
    pub case: Option<CaseId>,
}

impl HandArrivalItem {
    /// Whether somebody may still open it.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.step, HandArrivalStep::Waiting | HandArrivalStep::Locked)
    }
}

/// The case that was opened from a package for the hand.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenedByHand {
    /// The case, in which the caller is stafettholder.
    #[schema(value_type = doc::CaseId)]
    pub case: CaseId,
}
