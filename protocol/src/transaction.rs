//! What a store must keep, as data: the rules say what is written, the store writes it.
//!
//! A [`Transaction`] is committed whole or not at all, durably, before anything that depends on
//! it is acknowledged or sent (law 11). Writing the same thing twice changes nothing, so a
//! transaction may be repeated after a crash.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::access::EntryFacts;
use crate::baton::there::BatonThere;
use crate::disclosure::DisclosureRow;
use crate::entry::check::CheckedChange;
use crate::entry::content::Fields;
use crate::entry::{About, Actor, ChangeHash, EntryKind, Heads, SchemaVersion};
use crate::erasure::{EraseOrder, LockBasis, Receipt};
use crate::grant::Grant;
use crate::id::{
    AccountId, BatonOfferId, CaseId, DisclosureId, EntryId, GenerationId, GrantId, ProposalId, RelationId,
    SuccessionId,
};
use crate::journal::Closing;
use crate::ledger::statement::LedgerStatement;
use crate::mark::LinkMark;
use crate::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use crate::protection::ProtectionStatement;
use crate::signed::Verified;
use crate::succession::origin::Origin;
use crate::succession::record::{ArrivingRecord, LeavingRecord};
use crate::succession::sealed::Sealed;
use crate::time::UnixMillis;
use crate::uptake::Uptake;

pub mod earlier;

pub use earlier::{CarriedTo, EarlierGeneration, GenerationWrite};

/// A package as the old owner keeps it. What stands in it is written down with it, before any of it can
/// leave (law 19).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageMade {
    /// Of which move.
    pub succession: SuccessionId,
    /// Of which case.
    pub case: CaseId,
    /// Which package of the move: from 1.
    pub revision: u32,
    /// Its sealed bytes.
    pub sealed: Sealed,
    /// The entries that stand in it.
    pub items: Vec<PackageItem>,
}

/// An entry that stands in a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageItem {
    /// Which.
    pub entry: EntryId,
    /// In which generation.
    pub generation: GenerationId,
    /// Up to which changes.
    pub heads: Heads,
}

/// What an entry is on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum EntryState {
    /// It can be read and written by whom the gate lets.
    Live,
    /// It is hidden and kept (sperret) after the sharing ended.
    Locked {
        /// On what basis.
        basis: LockBasis,
    },
}

/// An entry as a store knows it, apart from its changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRecord {
    /// What the gate must know. `facts.changes` is kept by the store.
    pub facts: EntryFacts,
    /// The organisation that owns its case.
    pub owner: OrganisationNumber,
    /// The schema that its generation is written in.
    pub schema: SchemaVersion,
    /// The first change of its generation (law 8).
    pub genesis: ChangeHash,
    /// The latest changes; kept by the store.
    pub heads: Heads,
    /// For a received entry, the grants that its owner named; empty for an own one.
    pub under: BTreeSet<GrantId>,
    /// Whether it is live.
    pub state: EntryState,
    /// Who of this node wrote it; none for what came over a link.
    pub author: Option<AccountId>,
    /// When it came into this store.
    pub stored_at: UnixMillis,
    /// When its latest change came into this store; kept by the store.
    pub changed_at: UnixMillis,
}

/// A new entry that this node's staff wrote in a received case, until the owner answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id on the link.
    pub id: ProposalId,
    /// The case's owner.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The grant that it is written under.
    pub grant: GrantId,
    /// The own service that wrote it.
    pub service: ServiceCode,
    /// Its kind.
    pub kind: EntryKind,
    /// Its areas.
    pub areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub about: BTreeSet<About>,
    /// The entry that it belongs to, if any.
    pub towards: Option<EntryId>,
    /// Its one change.
    pub change: CheckedChange,
    /// Who wrote it.
    pub author: AccountId,
    /// When.
    pub made_at: UnixMillis,
    /// What became of it.
    pub state: ProposalState,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ProposalState {
    /// Waits for the owner.
    Waiting,
    /// Went back to its author as a draft, readable by nobody else, until this moment.
    Returned {
        /// When it is erased.
        until: UnixMillis,
    },
}

impl ProposalState {
    /// When what came back is erased; none for what waits.
    pub fn until(&self) -> Option<UnixMillis> {
        match self {
            Self::Waiting => None,
            Self::Returned { until } => Some(*until),
        }
    }
}

/// What somebody of this node wrote in a received entry and its owner never had, after the sharing
/// ended: only the author's own words, readable by the author alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnedEdit {
    /// Its id on this node.
    pub id: ProposalId,
    /// The case's owner.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// The kind of the entry that it was written in.
    pub kind: EntryKind,
    /// The areas of that entry.
    pub areas: BTreeSet<AreaCode>,
    /// What the author wrote, field by field; nothing of what others wrote.
    pub fields: Fields,
    /// Who wrote it.
    pub author: AccountId,
    /// When it is erased.
    pub until: UnixMillis,
}

/// Two entries that belong together, such as a measure and its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Its id.
    pub id: RelationId,
    /// The organisation that owns the case.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// From, such as the measure.
    pub from: EntryId,
    /// To, such as the goal.
    pub to: EntryId,
}

/// One thing to keep.
#[expect(
    clippy::large_enum_variant,
    reason = "a transaction has few statements, and they are the most of it"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// The next statement of an own case's chain.
    Ledger(Verified<LedgerStatement>),
    /// The next statement about the protection of an own case's family.
    Protection(Verified<ProtectionStatement>),
    /// A grant that this node signed; its hash stands in the ledger. No partner has it yet.
    GrantIssued(Verified<Grant>),
    /// An order that this node signed; sent until its receipt is filed. What was answered to its grant
    /// goes with it.
    OrderQueued(Verified<EraseOrder>),
    /// The receipt for an order of this node. The partner no longer holds the entries.
    ReceiptFiled(Verified<Receipt>),
    /// A new entry, a new generation of one, or a locked one that is shared again; its changes follow
    /// in the same transaction and take the place of those that were there.
    Entry(EntryRecord),
    /// A change of an entry's present generation. Repeating one changes nothing.
    Change {
        /// The entry.
        entry: EntryId,
        /// The generation; a change of another generation is a fault.
        generation: GenerationId,
        /// The change, checked.
        change: CheckedChange,
        /// On whose link it came, or this node's organisation: the actor is theirs from here on.
        origin: OrganisationNumber,
        /// When.
        at: UnixMillis,
    },
    /// Who of this node's staff makes changes as an actor of an entry. A process draws an actor
    /// for each edit, so it is one person's.
    Author {
        /// The entry.
        entry: EntryId,
        /// The actor of a change of the same transaction.
        actor: Actor,
        /// Whose it is.
        author: AccountId,
    },
    /// What becomes of the generations that an entry leaves.
    Generation(GenerationWrite),
    /// Where an entry comes from that came with its case; written with the entry, and never changed.
    Origin {
        /// The entry.
        entry: EntryId,
        /// Where it comes from.
        origin: Origin,
    },
    /// A relation between two entries of one case.
    Relation(Relation),
    /// What is about to be handed to a partner. Also what its node holds from here on.
    Disclosure(DisclosureRow),
    /// A frame whose disclosure row was committed was then not built.
    DisclosureUnsent(DisclosureId),
    /// A partner has these changes durably.
    Acknowledged {
        /// Which partner.
        partner: OrganisationNumber,
        /// The entry.
        entry: EntryId,
        /// The generation.
        generation: GenerationId,
        /// The partner's heads.
        heads: Heads,
    },
    /// A grant is about to be handed to its partner for the first time: from here on its node may
    /// have it. It counts among the statements for the partner from here on, and not before, so
    /// that a grant that never left leaves no number either (law 5).
    GrantHanded(GrantId),
    /// A grant that was just written down as handed over may not go after all, and no frame of it was
    /// ever built.
    GrantUnsent(GrantId),
    /// A partner has a grant durably.
    GrantStored(GrantId),
    /// A partner has a relation durably.
    RelationStored {
        /// Which partner.
        partner: OrganisationNumber,
        /// Which relation.
        relation: RelationId,
    },
    /// A partner's proposal became an entry; proposing it again finds this one.
    ProposalTaken {
        /// Which partner.
        partner: OrganisationNumber,
        /// Its id on the link.
        proposal: ProposalId,
        /// The entry that it became.
        entry: EntryId,
    },
    /// A grant that a partner's node signed for this one. A grant that has ended stays ended.
    GrantReceived(Verified<Grant>),
    /// A received grant has ended, also if it never came: its id opens nothing from here on, nobody of
    /// this node writes on in an entry that no other grant holds, and what was answered to it goes.
    GrantEnded {
        /// Who owns the case.
        owner: OrganisationNumber,
        /// The case.
        case: CaseId,
        /// Which grant.
        grant: GrantId,
        /// When.
        at: UnixMillis,
    },
    /// A received entry's grants changed.
    Under {
        /// The entry.
        entry: EntryId,
        /// The grants that its owner named and that have not ended.
        under: BTreeSet<GrantId>,
    },
    /// Received entries are erased: rows deleted, what is left of the case sealed anew under a
    /// new data key, the old key destroyed after the commit.
    Erase {
        /// The case.
        case: CaseId,
        /// Which of its entries.
        entries: BTreeSet<EntryId>,
    },
    /// Received entries are hidden and kept.
    Lock {
        /// The entries, each with its basis.
        entries: BTreeMap<EntryId, LockBasis>,
    },
    /// The receipt that this node signed for a partner's order.
    ReceiptSigned(Verified<Receipt>),
    /// Staff wrote a new entry in a received case.
    ProposalMade(Proposal),
    /// The owner took a proposal: the entry stands in its place.
    ProposalAnswered(ProposalId),
    /// The owner did not take a proposal, or the sharing ended: it is its author's again.
    ProposalReturned {
        /// Which.
        proposal: ProposalId,
        /// When it is erased.
        until: UnixMillis,
    },
    /// What somebody wrote in an entry whose sharing ended, and that its owner never had.
    EditReturned(ReturnedEdit),
    /// Something closed; also appended to the journal once this is committed.
    Closing {
        /// What.
        closing: Closing,
        /// When.
        at: UnixMillis,
    },
    /// How far a partner's statements for this node go, in its own signed words. A mark below the
    /// one that is kept changes nothing.
    MarkSeen(Verified<LinkMark>),
    /// What the leader of an own service answers to a received grant. One that was said before the one
    /// that is kept changes nothing, nor does one about a grant that has ended.
    UptakeSaid(Uptake),
    /// The owner has what was said of its grant.
    UptakeKept {
        /// Which grant.
        grant: GrantId,
        /// When what it has was said.
        said_at: UnixMillis,
    },
    /// A move of an own case to another municipality: what holds of it.
    Leaving(Box<LeavingRecord>),
    /// A package of a case that moves, sealed for its receiver, in the place of the one before.
    PackageMade(Box<PackageMade>),
    /// Whether the other side may know of a move: written before its offer leaves for the first time, and taken
    /// back if no frame of it was ever built.
    LeavingHanded {
        /// Which move.
        succession: SuccessionId,
        /// Whether it may.
        is_handed: bool,
    },
    /// A move of another municipality's case that may come here: what holds of it. Parts of its package that
    /// its state does not keep are deleted.
    Arriving(Box<ArrivingRecord>),
    /// A part of a sealed package, as it came.
    PackagePart {
        /// Of which move.
        succession: SuccessionId,
        /// Which part, from 0.
        index: u32,
        /// What stands in it.
        bytes: Vec<u8>,
    },
    /// What a partner's service answers to a grant of this node's. As for
    /// [`UptakeSaid`](Self::UptakeSaid), the last word counts until the grant ends.
    UptakeHeard(Verified<Uptake>),
    /// An offer of a baton to an own service. One that is no further on than the one that is kept changes
    /// nothing.
    BatonThere(Box<BatonThere>),
    /// An offer of a baton to an own service is over: nothing of it is kept.
    BatonThereOver(BatonOfferId),
}

/// Writes that are committed together, and what to read in the same step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What to keep, in order.
    pub writes: Vec<Write>,
    /// Entries whose changes are wanted, as they stand after the writes.
    pub reads: Vec<EntryId>,
}

impl Transaction {
    /// Makes a transaction that only writes.
    pub fn of(writes: Vec<Write>) -> Self {
        Self { writes, reads: Vec::new() }
    }
}

/// An entry and all changes of its present generation, parents first, and what is kept of earlier
/// ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryContent {
    /// The entry.
    pub record: EntryRecord,
    /// Its changes; the genesis is the first.
    pub changes: Vec<CheckedChange>,
    /// To which organisation each actor belongs (law 10).
    pub actors: BTreeMap<Actor, OrganisationNumber>,
    /// Whose edits this node's actors made, where a person of this node made them.
    pub authors: BTreeMap<Actor, AccountId>,
    /// Its earlier generations that are kept, oldest first; each was followed by the next.
    pub earlier: Vec<EarlierGeneration>,
}

/// What came of a committed transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Every entry that a write touched, as it stands now; erased ones are left out.
    pub records: Vec<EntryRecord>,
    /// The entries that were asked for; those not here are left out.
    pub contents: Vec<EntryContent>,
    /// How many statements this node has signed for a partner, where a write added to them.
    pub signed: BTreeMap<OrganisationNumber, u64>,
}

/// Why a transaction was not committed. Nothing of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An actor belongs to another organisation (law 10).
    #[error("the actor belongs to another organisation")]
    AlienActor,
    /// The entry has gone on to another generation, or is not here.
    #[error("the entry has another generation, or is not here")]
    OtherGeneration,
    /// A generation of the entry has other heads, or stands elsewhere in the next one, than was
    /// read: read again.
    #[error("the entry has changed meanwhile")]
    Moved,
    /// The chain of the case has gone on, or the statement does not follow.
    #[error("the ledger has gone on")]
    LedgerMoved,
    /// The store cannot write now: full, read-only or broken.
    #[error("the store cannot write")]
    Store,
}
