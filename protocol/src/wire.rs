//! Frames: the closed set of messages between two nodes.
//!
//! A frame on a stream is a big-endian u32 length, a big-endian u16 kind, and a body. The length
//! counts kind and body and is at most [`FRAME_BYTES_MAX`](crate::limits::FRAME_BYTES_MAX).
//! Kinds are added, never changed; an unknown kind is answered with
//! [`NotUnderstood`](Frame::NotUnderstood) and is no error. Every byte is laid out in
//! `docs/wire.md`, and golden vectors keep it so.

pub mod baton;
pub mod codec;
pub mod error_code;
pub mod succession;

use std::collections::BTreeSet;

use bincode::{Decode, Encode};

use crate::entry::operation::Change;
use crate::entry::{About, ChangeHash, EntryKind, SchemaVersion};
use crate::id::{CaseId, EntryId, GenerationId, GrantId, ProposalId, RelationId};
use crate::municipality::{AreaCode, ServiceCode};
use crate::time::UnixMillis;
use baton::{BatonAnswerFrame, BatonFrame};
use error_code::ErrorCode;
use succession::{Evidence, PackagePart, SuccessionAnswerFrame, SuccessionFrame};

/// The version of this protocol: raised when a node could no longer speak with an older one.
pub const PROTOCOL_VERSION: u16 = 1;

/// On which stream of a link a frame travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Hello, orders, receipts, marks, services' answers and refusals: never reset.
    Control,
    /// Grants, entries and reconciliation: reset when a sharing ends (law 12).
    Data,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// First on each side's control stream.
    Hello(Hello),
    /// A signed grant, before anything that goes under it.
    Grant(GrantFrame),
    /// An entry of the sender's, with the changes the receiver lacks.
    Announce(Box<Announce>),
    /// Further changes of an entry that both know.
    Changes(Changes),
    /// The receiver has these changes durably.
    Acknowledge(Acknowledge),
    /// The receiver lacks what came before: send the entry from its beginning.
    Resend(Resend),
    /// A new entry, proposed to the case's owner.
    Propose(Box<Propose>),
    /// A proposal was not taken.
    ProposalRefused(ProposalRefused),
    /// Two entries belong together, or no longer.
    Relation(RelationFrame),
    /// A grant or a relation is durable at the receiver.
    Stored(Stored),
    /// One message of set reconciliation.
    Reconcile(Reconcile),
    /// The initiator's last word: entries that it lacks, by fingerprint.
    Want(Want),
    /// A signed order to erase.
    Order(OrderFrame),
    /// A signed receipt.
    Receipt(ReceiptFrame),
    /// The receiver does not know this kind of frame.
    NotUnderstood(NotUnderstood),
    /// The receiver did not take a frame; says no more than the sender may know.
    Refused(Refused),
    /// What the present generation holds of an earlier one.
    Carried(Carried),
    /// The receiver of an earlier generation no longer holds it.
    LetGo(LetGo),
    /// Changes of a generation are not taken.
    ChangesRefused(ChangesRefused),
    /// How far the sender's statements for the receiver go.
    Mark(MarkFrame),
    /// The receiver's own mark, as the sender keeps it; right after Hello.
    Shown(Shown),
    /// The sender was restored: what does the receiver hold under the sender's signature?
    Ask(Ask),
    /// A grant of the receiver's that the sender has, and what it holds under it.
    Holding(Holding),
    /// The sender's grants to the receiver that have not ended; ends the answer to Ask.
    Living(Living),
    /// Whether a service takes a case, and that the owner has the answer.
    Uptake(UptakeFrame),
    /// What the old owner says of a case that moves.
    Succession(Box<SuccessionFrame>),
    /// What the municipality says of it that may take it.
    SuccessionAnswer(SuccessionAnswerFrame),
    /// A part of a sealed package.
    PackagePart(PackagePart),
    /// A statement about a move that the receiver signed before it was restored.
    Evidence(Evidence),
    /// What the owner says of a baton that may be held at the receiver.
    Baton(BatonFrame),
    /// What is said of a baton of the receiver's that may be held at the sender.
    BatonAnswer(BatonAnswerFrame),
}

/// Opens a link. Kind 1.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// [`PROTOCOL_VERSION`] of the sender.
    pub version: u16,
    /// The newest schema of entries that the sender can read.
    pub schema: SchemaVersion,
    /// Drawn for this connection; both salts together salt the fingerprints.
    pub salt: [u8; 32],
}

/// Hands a grant over. Kind 2.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct GrantFrame {
    /// A signed [`Grant`](crate::grant::Grant).
    pub token: String,
}

/// Hands an entry over. Kind 3.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Announce {
    /// The grants that it goes under: at least one.
    pub grants: BTreeSet<GrantId>,
    /// Its case.
    pub case: CaseId,
    /// The entry.
    pub entry: EntryId,
    /// Its generation.
    pub generation: GenerationId,
    /// The schema that the generation is written in.
    pub schema: SchemaVersion,
    /// Its kind.
    pub kind: EntryKind,
    /// Its areas: at least one.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// The only service it is for, if it is for one.
    pub only_for: Option<ServiceCode>,
    /// The receiver's own service that wrote it, if one did.
    pub written_by_yours: Option<ServiceCode>,
    /// The hash of the generation's first change: every other must descend from it (law 8).
    pub genesis: ChangeHash,
    /// The proposal that it answers, if it answers one.
    pub answers: Option<ProposalId>,
    /// The changes, parents first; the genesis is the first of them.
    pub changes: Vec<Change>,
}

/// Further changes. Kind 4.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Changes {
    /// The entry.
    pub entry: EntryId,
    /// The generation they belong to.
    pub generation: GenerationId,
    /// The changes, parents first.
    pub changes: Vec<Change>,
}

/// Tells what is durable at the receiver. Kind 5.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Acknowledge {
    /// The entry.
    pub entry: EntryId,
    /// The generation.
    pub generation: GenerationId,
    /// The receiver's heads, sorted.
    pub heads: Vec<ChangeHash>,
}

/// Asks for an entry from its beginning. Kind 6.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Resend {
    /// The entry.
    pub entry: EntryId,
    /// The generation that could not be followed.
    pub generation: GenerationId,
}

/// Proposes a new entry. Kind 7.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Propose {
    /// Known on this link only; proposing again with the same id changes nothing.
    pub proposal: ProposalId,
    /// The grant that it is written under.
    pub grant: GrantId,
    /// The case.
    pub case: CaseId,
    /// The schema it is written in.
    pub schema: SchemaVersion,
    /// Its kind.
    pub kind: EntryKind,
    /// Its areas: at least one.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// The entry that it belongs to, if it belongs to one, such as a measure to its goal.
    pub towards: Option<EntryId>,
    /// Its one change.
    pub change: Change,
}

/// Says that a proposal was not taken. Kind 8.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ProposalRefused {
    /// Which.
    pub proposal: ProposalId,
    /// Why, as far as the sender may know.
    pub code: ErrorCode,
}

/// Relates two entries. Kind 9.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RelationFrame {
    /// The relation.
    pub relation: RelationId,
    /// The case.
    pub case: CaseId,
    /// From, such as the measure.
    pub from: EntryId,
    /// To, such as the goal.
    pub to: EntryId,
}

/// Says what is durable at the receiver. Kind 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Stored {
    /// This grant.
    Grant(GrantId),
    /// This relation.
    Relation(RelationId),
}

/// Carries range-based set reconciliation (negentropy, protocol version 1). Kind 11.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Reconcile {
    /// Which round, from 0; both sides count.
    pub round: u32,
    /// The message: at most 200 KiB.
    pub message: Vec<u8>,
}

/// Ends a reconciliation. Kind 12.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Want {
    /// Fingerprints of what the initiator lacks or has otherwise.
    pub fingerprints: Vec<[u8; 32]>,
}

/// Orders to erase. Kind 13.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OrderFrame {
    /// A signed [`EraseOrder`](crate::erasure::EraseOrder).
    pub token: String,
}

/// Answers an order. Kind 14.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ReceiptFrame {
    /// A signed [`Receipt`](crate::erasure::Receipt).
    pub token: String,
}

/// Answers an unknown kind. Kind 15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct NotUnderstood {
    /// The kind that is not known here.
    pub kind: u16,
}

/// Answers a frame that was not taken. Kind 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Refused {
    /// The kind of the frame.
    pub kind: u16,
    /// Why, as far as the sender may know.
    pub code: ErrorCode,
}

/// Names what the present generation holds of an earlier one (law 7). Sent by the owner before
/// changes of the present generation, for as long as the partner may hold the earlier one. Kind 17.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Carried {
    /// The entry.
    pub entry: EntryId,
    /// The earlier generation.
    pub generation: GenerationId,
    /// The latest of the receiver's own changes of it that the owner has, sorted.
    pub heads: Vec<ChangeHash>,
    /// The present generation.
    pub into: GenerationId,
    /// Changes of the present generation, sorted: what has them holds all of those.
    pub onto: Vec<ChangeHash>,
}

/// Says that an earlier generation is erased here: no more changes of it come. Kind 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct LetGo {
    /// The entry.
    pub entry: EntryId,
    /// The earlier generation.
    pub generation: GenerationId,
}

/// Says that changes of a generation are not taken: those that no `Carried` has named are the
/// sender's again. Kind 19.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct ChangesRefused {
    /// The entry.
    pub entry: EntryId,
    /// The generation.
    pub generation: GenerationId,
    /// Why, as far as the sender may know; with [`ErrorCode::NotNow`] they may be taken later.
    pub code: ErrorCode,
}

/// Tells how far the sender's statements go. Kind 20.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MarkFrame {
    /// A signed [`LinkMark`](crate::mark::LinkMark) of the sender's.
    pub token: String,
}

/// Shows a node its own latest mark. Kind 21.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Shown {
    /// A [`LinkMark`](crate::mark::LinkMark) that the receiver signed; none if none has come.
    pub token: Option<String>,
}

/// Asks what the receiver holds under the sender's signature. Kind 22.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Ask {
    /// The sender's incarnation.
    pub incarnation: u64,
}

/// Tells what is held under one grant. Kind 23; a grant with many entries takes several.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Holding {
    /// A [`Grant`](crate::grant::Grant) that the receiver signed.
    pub token: String,
    /// Whether it has ended at the sender.
    pub has_ended: bool,
    /// The entries that the sender holds under it and shows.
    pub entries: BTreeSet<EntryId>,
}

/// Tells which grants live. Kind 24; many take several.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Living {
    /// Grants that the sender signed for the receiver and that have not ended.
    pub grants: BTreeSet<GrantId>,
    /// Whether this is the last frame of the answer.
    pub is_last: bool,
}

/// Tells whether a service takes a case. Kind 25.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum UptakeFrame {
    /// To the owner: what a service of the sender's answers.
    Said {
        /// A signed [`Uptake`](crate::uptake::Uptake).
        token: String,
    },
    /// To the partner: an answer to a grant of the sender's is durable there.
    Kept {
        /// The grant.
        grant: GrantId,
        /// When the latest answer that the sender has was said.
        said_at: UnixMillis,
    },
}

impl Frame {
    /// The number of the frame's kind.
    pub fn kind(&self) -> u16 {
        match self {
            Self::Hello(_) => 1,
            Self::Grant(_) => 2,
            Self::Announce(_) => 3,
            Self::Changes(_) => 4,
            Self::Acknowledge(_) => 5,
            Self::Resend(_) => 6,
            Self::Propose(_) => 7,
            Self::ProposalRefused(_) => 8,
            Self::Relation(_) => 9,
            Self::Stored(_) => 10,
            Self::Reconcile(_) => 11,
            Self::Want(_) => 12,
            Self::Order(_) => 13,
            Self::Receipt(_) => 14,
            Self::NotUnderstood(_) => 15,
            Self::Refused(_) => 16,
            Self::Carried(_) => 17,
            Self::LetGo(_) => 18,
            Self::ChangesRefused(_) => 19,
            Self::Mark(_) => 20,
            Self::Shown(_) => 21,
            Self::Ask(_) => 22,
            Self::Holding(_) => 23,
            Self::Living(_) => 24,
            Self::Uptake(_) => 25,
            Self::Succession(_) => 26,
            Self::SuccessionAnswer(_) => 27,
            Self::PackagePart(_) => 28,
            Self::Evidence(_) => 29,
            Self::Baton(_) => 30,
            Self::BatonAnswer(_) => 31,
        }
    }

    /// The stream that the frame belongs on; elsewhere it is a protocol error.
    pub fn stream(&self) -> Stream {
        match self {
            Self::Hello(_)
            | Self::Order(_)
            | Self::Receipt(_)
            | Self::NotUnderstood(_)
            | Self::Refused(_)
            | Self::Mark(_)
            | Self::Shown(_)
            | Self::Ask(_)
            | Self::Holding(_)
            | Self::Living(_)
            | Self::Uptake(_)
            | Self::Succession(_)
            | Self::SuccessionAnswer(_)
            | Self::Evidence(_)
            | Self::Baton(_)
            | Self::BatonAnswer(_) => Stream::Control,
            _ => Stream::Data,
        }
    }
}
