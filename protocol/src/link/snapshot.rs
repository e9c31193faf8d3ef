//! What a session knows of one link: loaded from the store at start, kept up by events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::Held;
use crate::baton::there::BatonThere;
use crate::entry::{ChangeHash, Heads};
use crate::erasure::{EraseOrder, Receipt};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::{
    BatonOfferId, CaseId, EntryId, GenerationId, GrantId, OrderId, ProposalId, RelationId, SuccessionId,
};
use crate::ledger::LedgerView;
use crate::mark::LinkMark;
use crate::municipality::OrganisationNumber;
use crate::planted::planted;
use crate::signed::Verified;
use crate::succession::record::{ArrivingRecord, LeavingRecord};
use crate::time::UnixMillis;
use crate::transaction::{EntryRecord, EntryState, Proposal, Relation};
use crate::uptake::Uptake;
use crate::wire::Carried;

/// Everything that the store holds of a link.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Own cases that move to the partner, or have.
    pub leaving: BTreeMap<SuccessionId, LeavingRecord>,
    /// Cases of the partner's that may come here, or came.
    pub moving_here: BTreeMap<SuccessionId, ArrivingRecord>,
    /// Own cases with a grant for the partner, now or before.
    pub cases: BTreeMap<CaseId, Arc<LedgerView>>,
    /// Grants that this node issued to the partner and that have not ended.
    pub issued: BTreeMap<GrantId, IssuedState>,
    /// Grants that the partner issued to this node, ended ones too, by case.
    pub received: BTreeMap<CaseId, Vec<ReceivedGrant>>,
    /// Grants of the partner's that an order has ended, also those that never came: their ids
    /// open nothing.
    pub ended: BTreeSet<GrantId>,
    /// Entries of those cases.
    pub entries: BTreeMap<EntryId, Tracked>,
    /// Entries of those cases whose rows are damaged: nothing of them is sent or taken.
    pub unreadable: BTreeMap<EntryId, Unreadable>,
    /// Relations between entries of the own cases, and those that came from the partner; the
    /// latter are stored by both.
    pub relations: BTreeMap<RelationId, TrackedRelation>,
    /// Own orders without a receipt.
    pub orders: BTreeMap<OrderId, WaitingOrder>,
    /// Receipts that this node signed for the partner's orders.
    pub receipts: BTreeMap<OrderId, Verified<Receipt>>,
    /// Own proposals without an answer.
    pub proposals: BTreeMap<ProposalId, WaitingProposal>,
    /// The partner's proposals that became entries.
    pub taken: BTreeMap<ProposalId, EntryId>,
    /// What own services have answered to the partner's grants that have not ended.
    pub said: BTreeMap<GrantId, SaidUptake>,
    /// What the partner's services have answered to own grants that have not ended.
    pub heard: BTreeMap<GrantId, HeardUptake>,
    /// Offers of the partner's batons to own services that are not over.
    pub batons: BTreeMap<BatonOfferId, BatonThere>,
    /// How far the own statements for the partner go.
    pub own_mark: OwnMark,
    /// The partner's latest mark.
    pub partner_mark: Option<PartnerMark>,
    /// This node was restored, and has not compared with this partner since: nothing goes out
    /// until the partner has shown what it holds (law 16).
    pub restored: bool,
}

/// A partner's mark. Its signature was checked when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerMark {
    /// Word for word.
    pub token: String,
    /// What it says.
    pub mark: LinkMark,
}

/// How far the own statements for a partner go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnMark {
    /// How many times this node was restored.
    pub incarnation: u64,
    /// How many statements.
    pub number: u64,
}

/// A grant for the partner.
#[derive(Debug, Clone)]
pub struct IssuedState {
    /// The grant.
    pub grant: Verified<Grant>,
    /// Whether the partner has said that it has it.
    pub stored: bool,
    /// Whether it was sent on this connection.
    pub sent: bool,
    /// Whether the partner may have it.
    pub handed: Handed,
}

/// How far a grant has come on its way to the partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// No frame of it was ever built: nothing is called back under it, and nothing tells of it.
    No,
    /// That it is about to leave is being written down.
    Noting,
    /// It is written down that the partner may have it.
    Yes,
}

impl From<bool> for Handed {
    fn from(is_handed: bool) -> Self {
        if is_handed { Self::Yes } else { Self::No }
    }
}

/// An entry of a case on this link.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The entry as the store knows it.
    pub record: EntryRecord,
    /// The generation that the partner holds, by a disclosure row that was not marked unsent or
    /// by its own proposal; none after its receipt.
    pub held: Held,
    /// The generations that the partner has shown that it has, by what it said or by its own
    /// proposal. A row alone may stand for a frame that never left.
    pub shown: Vec<GenerationId>,
    /// Those that were sent on this connection and that the partner has not shown yet: what is lost
    /// with the connection makes nobody a holder.
    pub on_the_line: Vec<GenerationId>,
    /// The grants named when it was announced last.
    pub announced: BTreeSet<GrantId>,
    /// The latest changes that the partner has durably.
    pub acknowledged: Option<Heads>,
    /// The latest changes that were sent on this connection.
    pub sent: Option<Heads>,
    /// The partner must be sent the whole entry: it asked, or reconciliation found it differs.
    pub announce_again: bool,
    /// The partner's proposal that the next announcement answers.
    pub answers: Option<ProposalId>,
    /// Bytes that the entry takes in the store, for the bound on what the partner may have here.
    pub bytes: u64,
    /// Its earlier generations.
    pub earlier: EarlierOnLink,
}

/// What a session knows of an entry's earlier generations.
#[derive(Debug, Clone, Default)]
pub struct EarlierOnLink {
    /// Of an own entry, those that are kept and that the partner may hold; of a received one, those
    /// with late edits that the owner has not refused.
    pub(super) kept: BTreeSet<GenerationId>,
    /// Those that were present while this session lived: what a commit says of them is old.
    left: BTreeSet<GenerationId>,
    /// The first changes of those that are known still, here or in the store (law 8).
    pub(super) geneses: BTreeMap<ChangeHash, GenerationId>,
    /// At the owner: the partner is to be told what the present generation holds of them.
    pub(super) names: bool,
    /// At the partner: whether the late edits were sent on this connection.
    pub(super) late_sent: bool,
    /// At the partner: what the owner has named on this connection, by earlier generation.
    pub(super) named: BTreeMap<GenerationId, Carried>,
    /// At the partner: generations of which the owner takes no more, before the next one came.
    pub(super) refused: BTreeSet<GenerationId>,
}

impl EarlierOnLink {
    /// Starts with the earlier generations that the store keeps: of an own entry those that the
    /// partner may hold, of a received one those that the owner has not refused.
    pub fn new(kept: BTreeSet<GenerationId>) -> Self {
        Self { kept, ..Self::default() }
    }

    /// Takes the first change of each earlier generation that the store keeps.
    pub fn begun_by(self, geneses: BTreeMap<ChangeHash, GenerationId>) -> Self {
        Self { geneses, ..self }
    }

    /// Whether late edits wait to be sent on this connection.
    pub(super) fn has_unsent(&self) -> bool {
        !self.kept.is_empty() && !self.late_sent
    }

    /// Forgets what belongs to a connection.
    pub(super) fn unsend(&mut self) {
        self.named.clear();
        self.late_sent = false;
    }
}

impl Tracked {
    /// Starts with an entry that the partner does not have.
    pub fn new(record: EntryRecord) -> Self {
        Self {
            record,
            held: Held::default(),
            shown: Vec::new(),
            on_the_line: Vec::new(),
            announced: BTreeSet::new(),
            acknowledged: None,
            sent: None,
            announce_again: false,
            answers: None,
            bytes: 0,
            earlier: EarlierOnLink::default(),
        }
    }

    /// The first change of the present generation and of the earlier ones that are known.
    pub(super) fn geneses(&self) -> impl Iterator<Item = (ChangeHash, GenerationId)> {
        let earlier = self.earlier.geneses.iter().map(|(genesis, generation)| (*genesis, *generation));
        earlier.chain([(self.record.genesis, self.generation())])
    }

    /// The present generation.
    pub fn generation(&self) -> GenerationId {
        self.record.facts.generation
    }

    /// What the gate must know. Whoever holds an earlier generation is no new reader: what was
    /// deleted since was shown there, or would have been on a living link. Who may hold none is
    /// taken for a new reader until it shows that it does.
    pub(super) fn held_with(&self, recall_waits: bool) -> Held {
        let is_shown = self.has_any() || planted!("unsent-row-makes-a-holder");
        let held = self.held.generation.filter(|_| is_shown);
        Held { generation: held.map(|_| self.generation()), recall_waits }
    }

    /// Whether the partner may hold this generation of the entry, as far as the rows say.
    pub(super) fn may_hold(&self, generation: GenerationId) -> bool {
        self.held.generation == Some(generation) || self.earlier.kept.contains(&generation)
    }

    /// Earlier generations that the partner may hold by the rows alone.
    pub(super) fn unshown(&self) -> impl Iterator<Item = GenerationId> {
        self.earlier.kept.iter().filter(|kept| !self.has(**kept)).copied()
    }

    /// The owner tells the partner anew what the present generation holds of those that it has.
    pub(super) fn name_again(&mut self, own: OrganisationNumber) {
        let is_shown = self.earlier.kept.iter().any(|kept| self.has(*kept));
        self.earlier.names = self.record.owner == own && is_shown;
    }

    /// Notes that the partner has a generation; whether that is new.
    pub(super) fn show(&mut self, generation: GenerationId) -> bool {
        let is_new = !self.has(generation);
        self.on_the_line.retain(|sent| *sent != generation);
        if !self.shown.contains(&generation) {
            self.shown.push(generation);
        }
        is_new
    }

    /// Notes that a generation was sent on this connection.
    pub(super) fn put_on_the_line(&mut self, generation: GenerationId) {
        if !self.has(generation) {
            self.on_the_line.push(generation);
        }
    }

    /// Whether the partner has shown that it has a generation, or gets it on this connection.
    pub(super) fn has(&self, generation: GenerationId) -> bool {
        self.shown.contains(&generation) || self.on_the_line.contains(&generation)
    }

    fn has_any(&self) -> bool {
        !self.shown.is_empty() || !self.on_the_line.is_empty()
    }

    /// Takes over what the store says, unless the entry has left that generation since; whether it
    /// did. What is said of the present generation counts for no other.
    pub(super) fn take(&mut self, record: EntryRecord) -> bool {
        let (before, after) = (self.generation(), record.facts.generation);
        if self.earlier.left.contains(&after) {
            return false;
        }
        if before != after {
            self.earlier.left.insert(before);
            self.earlier.geneses.insert(self.record.genesis, before);
            self.acknowledged = None;
            self.sent = None;
        }
        self.record = record;
        true
    }

    /// What both sides have of an entry whose owner says that it has these: a change that the owner
    /// made meanwhile, and that never came here, is no part of it (law 11).
    pub(super) fn in_both(&self, owners: &Heads) -> Heads {
        let here = [Some(&self.record.heads), self.sent.as_ref(), self.acknowledged.as_ref()];
        let here: BTreeSet<ChangeHash> = here.into_iter().flatten().flat_map(Heads::iter).copied().collect();
        if owners.iter().all(|head| here.contains(head)) {
            return owners.clone();
        }
        let both: BTreeSet<ChangeHash> = owners.iter().filter(|head| here.contains(head)).copied().collect();
        if self.record.heads.iter().all(|head| both.contains(head)) {
            return self.record.heads.clone();
        }
        let earlier = self.acknowledged.iter().flat_map(Heads::iter).copied();
        Heads::new(both.into_iter().chain(earlier).collect())
    }

    /// Forgets what the partner had: it has erased it.
    pub(super) fn forget(&mut self) {
        self.held = Held::default();
        self.shown.clear();
        self.on_the_line.clear();
        self.announced.clear();
        self.acknowledged = None;
        self.sent = None;
        self.earlier.kept.clear();
        self.earlier.names = false;
    }
}

/// An entry whose rows are damaged: what stands beside its sealed facts. Nothing of it is sent, and
/// nothing of the partner's is written over what may be mended; what ends its sharing ends it.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// Its case.
    pub case: CaseId,
    /// Who owns it.
    pub owner: OrganisationNumber,
    /// Grants under which a received one is held.
    pub under: BTreeSet<GrantId>,
    /// Whether it is locked.
    pub state: EntryState,
    /// Whether the partner has shown that it has it.
    pub is_shown: bool,
    /// The first change of its present generation.
    pub begun: (ChangeHash, GenerationId),
}

/// A relation of an own case.
#[derive(Debug, Clone)]
pub struct TrackedRelation {
    /// The relation.
    pub relation: Relation,
    /// Whether the partner has said that it has it.
    pub stored: bool,
    /// Whether it was sent, or is about to be, on this connection.
    pub sent: bool,
}

/// An order without a receipt.
#[derive(Debug, Clone)]
pub struct WaitingOrder {
    /// The order.
    pub order: Verified<EraseOrder>,
    /// When it was sent last on this connection.
    pub sent_at: Option<UnixMillis>,
}

/// A proposal without an answer.
#[derive(Debug, Clone)]
pub struct WaitingProposal {
    /// The proposal.
    pub proposal: Proposal,
    /// Whether it was sent, or is about to be, on this connection.
    pub sent: bool,
}

/// What an own service has answered to a grant of the partner's.
#[derive(Debug, Clone)]
pub struct SaidUptake {
    /// The answer.
    pub uptake: Uptake,
    /// Whether the owner has said that it has it.
    pub is_kept: bool,
    /// Whether it was sent on this connection.
    pub sent: bool,
}

/// What a service of the partner's has answered to an own grant.
#[derive(Debug, Clone)]
pub struct HeardUptake {
    /// The answer.
    pub uptake: Uptake,
    /// Whether it is committed.
    pub is_durable: bool,
}
