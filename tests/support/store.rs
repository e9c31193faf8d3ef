//! A store in memory: what [`Transaction`] means, written down a second time.
//!
//! It shares no code with the store of the node. A transaction is checked whole, then applied
//! whole; repeating one changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::baton::there::BatonThere;
use stafett_protocol::disclosure::DisclosureRow;
use stafett_protocol::entry::{Actor, CheckedChange, Heads};
use stafett_protocol::erasure::{EraseOrder, Receipt};
use stafett_protocol::grant::{Grant, ReceivedGrant};
use stafett_protocol::id::{
    AccountId, BatonOfferId, CaseId, DisclosureId, EntryId, GenerationId, GrantId, OrderId, ProposalId,
    RelationId,
};
use stafett_protocol::journal::Closing;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::link::snapshot::PartnerMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{
    Committed, EntryContent, EntryRecord, Fault, Proposal, Relation, ReturnedEdit, Transaction, Write,
};
use stafett_protocol::uptake::Uptake;

mod batons;
mod generations;
pub mod moves;
mod snapshot;
mod uptakes;
mod writes;

pub use generations::KeptGeneration;

/// An entry with the changes of its present generation.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The entry.
    pub record: EntryRecord,
    /// Its changes, parents first.
    pub changes: Vec<CheckedChange>,
    /// Whose each actor is.
    pub actors: BTreeMap<Actor, OrganisationNumber>,
    /// Who of this node made changes as an actor.
    pub authors: BTreeMap<Actor, AccountId>,
    /// Earlier generations, oldest first.
    pub earlier: Vec<KeptGeneration>,
}

/// A grant that was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The grant.
    pub grant: Verified<Grant>,
    /// Whether the partner may have it.
    pub is_handed: bool,
    /// How often that was written down.
    handed: u64,
    /// Whether the partner has said that it has it.
    pub is_stored: bool,
}

/// Everything that one node keeps. A clone is a backup.
#[derive(Debug, Clone)]
pub struct Store {
    own: OrganisationNumber,
    /// What holds in each own case.
    pub ledgers: BTreeMap<CaseId, Arc<LedgerView>>,
    /// Grants that were issued.
    pub issued: BTreeMap<GrantId, Issued>,
    /// Grants that came.
    pub received: BTreeMap<GrantId, ReceivedGrant>,
    ended: BTreeMap<GrantId, UnixMillis>,
    /// Entries of own and received cases.
    pub entries: BTreeMap<EntryId, Kept>,
    /// Relations of own and received cases.
    pub relations: BTreeMap<RelationId, Relation>,
    relations_stored: BTreeSet<(OrganisationNumber, RelationId)>,
    /// The disclosure log.
    pub rows: Vec<DisclosureRow>,
    /// Rows whose frame was never built.
    pub unsent: BTreeSet<DisclosureId>,
    /// How many rows there were when a partner had last erased an entry.
    erased_there: BTreeMap<(OrganisationNumber, EntryId), usize>,
    acknowledged: BTreeMap<(OrganisationNumber, EntryId, GenerationId), Heads>,
    /// Generations that a partner began by a proposal.
    begun: BTreeSet<(OrganisationNumber, EntryId, GenerationId)>,
    let_go: BTreeSet<(OrganisationNumber, EntryId, GenerationId)>,
    /// Orders to partners.
    pub orders: BTreeMap<OrderId, Verified<EraseOrder>>,
    /// Receipts for them.
    pub filed: BTreeMap<OrderId, Verified<Receipt>>,
    /// Receipts that this node signed.
    pub receipts: BTreeMap<OrderId, Verified<Receipt>>,
    /// Own proposals.
    pub proposals: BTreeMap<ProposalId, Proposal>,
    /// What went back to those who had written it.
    pub returned: Vec<ReturnedEdit>,
    taken: BTreeMap<(OrganisationNumber, ProposalId), EntryId>,
    /// Tokens of the grants that came.
    pub tokens: BTreeMap<GrantId, String>,
    /// What own services have answered, and whether the owner has it.
    pub said: BTreeMap<GrantId, (Uptake, bool)>,
    /// What partners' services have answered.
    pub heard: BTreeMap<GrantId, Verified<Uptake>>,
    /// Cases that move, and packages.
    pub moves: moves::Moves,
    /// Offers of other municipalities' batons to own services.
    pub batons: BTreeMap<BatonOfferId, BatonThere>,
    /// The latest mark of each partner.
    pub marks: BTreeMap<OrganisationNumber, PartnerMark>,
    /// How many times the node was restored.
    pub incarnation: u64,
    /// In which incarnation each link was compared.
    pub checked: BTreeMap<OrganisationNumber, u64>,
    /// What closed.
    pub closings: Vec<Closing>,
    /// How many lines of the node's journal it knows of.
    pub journal_read: usize,
    /// The next transaction with a write fails with this.
    pub fails_next: Option<Fault>,
    /// Every transaction fails with this.
    pub fails: Option<Fault>,
    /// Since when each order waits.
    pub queued: BTreeMap<OrderId, UnixMillis>,
    /// Orders that were queued while it stood written down that the partner may have their grant.
    pub ordered_once_noted: BTreeSet<OrderId>,
}

impl Store {
    /// Starts empty.
    pub fn new(own: OrganisationNumber) -> Self {
        Self {
            own,
            ledgers: BTreeMap::new(),
            issued: BTreeMap::new(),
            received: BTreeMap::new(),
            ended: BTreeMap::new(),
            entries: BTreeMap::new(),
            relations: BTreeMap::new(),
            relations_stored: BTreeSet::new(),
            tokens: BTreeMap::new(),
            said: BTreeMap::new(),
            heard: BTreeMap::new(),
            moves: moves::Moves::default(),
            batons: BTreeMap::new(),
            marks: BTreeMap::new(),
            incarnation: 0,
            checked: BTreeMap::new(),
            rows: Vec::new(),
            unsent: BTreeSet::new(),
            erased_there: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            begun: BTreeSet::new(),
            let_go: BTreeSet::new(),
            orders: BTreeMap::new(),
            filed: BTreeMap::new(),
            receipts: BTreeMap::new(),
            proposals: BTreeMap::new(),
            returned: Vec::new(),
            taken: BTreeMap::new(),
            closings: Vec::new(),
            journal_read: 0,
            fails_next: None,
            fails: None,
            queued: BTreeMap::new(),
            ordered_once_noted: BTreeSet::new(),
        }
    }

    /// Commits a transaction whole or not at all.
    ///
    /// # Errors
    /// The [`Fault`] that was found first; nothing has changed then.
    pub fn commit(&mut self, transaction: Transaction) -> Result<Committed, Fault> {
        let fails_next = if transaction.writes.is_empty() { None } else { self.fails_next.take() };
        if let Some(fault) = fails_next.or(self.fails) {
            return Err(fault);
        }
        self.check(&transaction)?;
        let mut touched = BTreeSet::new();
        let mut signed_for = BTreeSet::new();
        for write in transaction.writes {
            match &write {
                Write::GrantHanded(grant) => signed_for.insert(self.issued[grant].grant.statement().partner),
                Write::OrderQueued(order) => signed_for.insert(order.statement().partner),
                Write::ReceiptSigned(receipt) => signed_for.insert(receipt.statement().owner),
                _ => false,
            };
            self.apply(write, &mut touched);
        }
        let records =
            touched.iter().filter_map(|entry| self.entries.get(entry)).map(|kept| kept.record.clone());
        let contents = transaction.reads.iter().filter_map(|entry| self.content(*entry));
        let (records, contents) = (records.collect(), contents.collect());
        let signed = signed_for.into_iter().map(|partner| (partner, self.signed_for(partner))).collect();
        Ok(Committed { records, contents, signed })
    }

    /// Returns how many statements were signed for a partner.
    pub fn signed_for(&self, partner: OrganisationNumber) -> u64 {
        let grants = self.issued.values().filter(|issued| issued.grant.statement().partner == partner);
        let grants: u64 = grants.map(|issued| issued.handed).sum();
        let orders = self.orders.values().filter(|order| order.statement().partner == partner).count();
        let receipts = self.receipts.values().filter(|one| one.statement().owner == partner).count();
        grants + u64::try_from(orders + receipts).expect("few statements")
    }

    /// Returns an entry with its changes.
    pub fn content(&self, entry: EntryId) -> Option<EntryContent> {
        self.entries.get(&entry).map(|kept| EntryContent {
            record: kept.record.clone(),
            changes: kept.changes.clone(),
            actors: kept.actors.clone(),
            authors: kept.authors.clone(),
            earlier: self.earlier_content(kept),
        })
    }

    /// Returns the rows that name what a partner was sent of a case.
    pub fn sent_rows(&self, partner: OrganisationNumber, case: CaseId) -> Vec<DisclosureRow> {
        let theirs = self.rows.iter().filter(|row| row.partner == partner && row.case == case);
        theirs.filter(|row| !self.unsent.contains(&row.id)).cloned().collect()
    }

    /// Counts every grant as handed over, as a restored store does: what left after the backup is
    /// not known.
    pub fn count_all_as_handed(&mut self) {
        for issued in self.issued.values_mut().filter(|issued| !issued.is_handed) {
            issued.is_handed = true;
            issued.handed += 1;
        }
    }

    fn check(&self, transaction: &Transaction) -> Result<(), Fault> {
        let mut generations: BTreeMap<EntryId, GenerationId> = BTreeMap::new();
        let mut actors: BTreeMap<(EntryId, Actor), OrganisationNumber> = BTreeMap::new();
        let mut ledgers: BTreeMap<CaseId, LedgerView> = BTreeMap::new();
        let mut opened: BTreeSet<EntryId> = BTreeSet::new();
        for write in &transaction.writes {
            match write {
                Write::Ledger(statement) => {
                    let case = statement.statement().case;
                    let known = ledgers
                        .remove(&case)
                        .or_else(|| self.ledgers.get(&case).map(|known| (**known).clone()));
                    let next = match known {
                        None => LedgerView::open(statement).map_err(|_| Fault::LedgerMoved)?,
                        Some(mut view) => {
                            view.append(statement).map_err(|_| Fault::LedgerMoved)?;
                            view
                        }
                    };
                    ledgers.insert(case, next);
                }
                Write::Generation(write) => self.check_generation(write)?,
                Write::Protection(statement) => {
                    let case = statement.statement().case;
                    let known = ledgers
                        .remove(&case)
                        .or_else(|| self.ledgers.get(&case).map(|known| (**known).clone()));
                    let mut next = known.ok_or(Fault::LedgerMoved)?;
                    next.protect(statement).map_err(|_| Fault::LedgerMoved)?;
                    ledgers.insert(case, next);
                }
                Write::Entry(record) => {
                    self.check_owner(record.facts.case, record.owner)?;
                    let kept = self.entries.get(&record.facts.entry).map(|kept| &kept.record);
                    let moved = kept.is_some_and(|kept| {
                        (kept.owner, kept.facts.case) != (record.owner, record.facts.case)
                    });
                    if moved {
                        return Err(Fault::OtherGeneration);
                    }
                    generations.insert(record.facts.entry, record.facts.generation);
                    opened.insert(record.facts.entry);
                }
                Write::GrantReceived(grant) => {
                    self.check_owner(grant.statement().case, grant.statement().owner)?;
                }
                Write::Erase { entries, .. } => self.check_received(entries.iter())?,
                Write::Lock { entries } => self.check_received(entries.keys())?,
                Write::Change { entry, generation, change, origin, .. } => {
                    let kept = self.entries.get(entry);
                    let stored = kept.map(|kept| kept.record.facts.generation);
                    if generations.get(entry).copied().or(stored) != Some(*generation) {
                        return Err(Fault::OtherGeneration);
                    }
                    let is_known = kept.is_some_and(|kept| {
                        kept.record.facts.generation == *generation
                            && kept.changes.iter().any(|known| known.hash() == change.hash())
                    });
                    if is_known {
                        continue;
                    }
                    if *origin == self.own && !opened.contains(entry) && !self.may_write_on(*entry) {
                        return Err(Fault::OtherGeneration);
                    }
                    let actor = change.change().actor;
                    let before = kept.and_then(|kept| kept.actors.get(&actor)).copied();
                    let owner = before.or_else(|| actors.get(&(*entry, actor)).copied());
                    if owner.is_some_and(|owner| owner != *origin) {
                        return Err(Fault::AlienActor);
                    }
                    actors.insert((*entry, actor), *origin);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A case belongs to one organisation, and nothing moves from one's to another's.
    fn check_owner(&self, case: CaseId, owner: OrganisationNumber) -> Result<(), Fault> {
        let own = self.ledgers.contains_key(&case).then_some(self.own);
        let mut granted = self.received.values().filter(|received| received.grant.case == case);
        let known = own.or_else(|| granted.next().map(|received| received.grant.owner));
        if known.is_none_or(|known| known == owner) { Ok(()) } else { Err(Fault::OtherGeneration) }
    }

    fn check_received<'e>(&self, mut entries: impl Iterator<Item = &'e EntryId>) -> Result<(), Fault> {
        let is_own =
            |entry: &EntryId| self.entries.get(entry).is_some_and(|kept| kept.record.owner == self.own);
        if entries.any(is_own) { Err(Fault::OtherGeneration) } else { Ok(()) }
    }

    /// Own staff writes in a received entry only while a grant that has not ended holds it.
    pub fn may_write_on(&self, entry: EntryId) -> bool {
        let Some(kept) = self.entries.get(&entry) else { return true };
        let under = &kept.record.under;
        kept.record.owner == self.own || under.iter().any(|grant| !self.ended.contains_key(grant))
    }

    /// Whose store it is.
    pub fn own(&self) -> OrganisationNumber {
        self.own
    }
}
