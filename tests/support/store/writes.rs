//! What each write of a transaction changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::entry::{CheckedChange, Heads};
use stafett_protocol::erasure::{Done, Receipt};
use stafett_protocol::grant::ReceivedGrant;
use stafett_protocol::id::{EntryId, RelationId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::link::snapshot::PartnerMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryRecord, EntryState, ProposalState, Relation, Write};

use super::{Issued, Kept, Store};

impl Store {
    pub(super) fn apply(&mut self, write: Write, touched: &mut BTreeSet<EntryId>) {
        match write {
            Write::Ledger(statement) => self.apply_statement(&statement),
            Write::Protection(statement) => {
                let case = statement.statement().case;
                let mut view = (*self.ledgers[&case]).clone();
                view.protect(&statement).expect("checked before");
                self.ledgers.insert(case, Arc::new(view));
            }
            Write::GrantIssued(grant) => {
                let id = grant.statement().grant;
                let issued = Issued { grant, is_handed: false, handed: 0, is_stored: false };
                self.issued.entry(id).or_insert(issued);
            }
            Write::OrderQueued(order) => {
                let grant = order.statement().grant;
                if self.issued.get(&grant).is_some_and(|issued| issued.is_handed) {
                    self.ordered_once_noted.insert(order.statement().order);
                }
                self.heard.remove(&grant);
                self.orders.insert(order.statement().order, order);
            }
            Write::ReceiptFiled(receipt) => self.apply_receipt(receipt),
            Write::Entry(record) => {
                touched.insert(record.facts.entry);
                self.apply_entry(record);
            }
            Write::Change { entry, change, origin, at, .. } => {
                touched.insert(entry);
                self.apply_change(entry, change, origin, at);
            }
            Write::Generation(write) => self.apply_generation(write, touched),
            // No rule asks where an entry comes from: people are told.
            Write::Origin { .. } => {}
            Write::Relation(relation) => {
                self.relations.insert(relation.id, relation);
            }
            Write::Disclosure(row) => self.rows.push(row),
            Write::DisclosureUnsent(row) => {
                self.unsent.insert(row);
            }
            Write::Acknowledged { partner, entry, generation, heads } => {
                let present = self.entries.get(&entry).map(|kept| kept.record.facts.generation);
                if present == Some(generation) {
                    self.acknowledged.insert((partner, entry, generation), heads);
                }
            }
            Write::GrantHanded(grant) => {
                if let Some(issued) = self.issued.get_mut(&grant).filter(|issued| !issued.is_handed) {
                    issued.is_handed = true;
                    issued.handed += 1;
                }
            }
            Write::GrantUnsent(grant) => {
                if let Some(issued) = self.issued.get_mut(&grant) {
                    issued.is_handed = issued.is_stored;
                }
            }
            Write::GrantStored(grant) => {
                if let Some(issued) = self.issued.get_mut(&grant) {
                    issued.is_stored = true;
                }
            }
            Write::RelationStored { partner, relation } => {
                self.relations_stored.insert((partner, relation));
            }
            Write::Author { entry, actor, author } => {
                if let Some(kept) = self.entries.get_mut(&entry) {
                    kept.authors.insert(actor, author);
                }
            }
            Write::Closing { closing, .. } => self.closings.push(closing),
            other => self.apply_at_partner(other, touched),
        }
    }

    fn apply_at_partner(&mut self, write: Write, touched: &mut BTreeSet<EntryId>) {
        match write {
            Write::ProposalTaken { partner, proposal, entry } => {
                self.taken.insert((partner, proposal), entry);
                let generation = self.entries[&entry].record.facts.generation;
                self.begun.insert((partner, entry, generation));
            }
            Write::MarkSeen(mark) => {
                let token = mark.token().to_owned();
                let kept = PartnerMark { token, mark: *mark.statement() };
                self.marks.insert(mark.statement().signer, kept);
            }
            Write::GrantReceived(grant) => {
                self.tokens.insert(grant.statement().grant, grant.token().to_owned());
                let grant = grant.statement().clone();
                let ended_at = self.ended.get(&grant.grant).copied();
                self.received.entry(grant.grant).or_insert(ReceivedGrant { grant, ended_at });
            }
            Write::GrantEnded { grant, owner, at, .. } => {
                let received = self.received.get_mut(&grant);
                if received.as_ref().is_none_or(|received| received.grant.owner == owner) {
                    self.ended.entry(grant).or_insert(at);
                }
                if let Some(received) = received.filter(|received| received.grant.owner == owner) {
                    self.said.remove(&grant);
                    received.ended_at.get_or_insert(at);
                }
            }
            Write::Under { entry, under } => {
                if let Some(kept) = self.entries.get_mut(&entry) {
                    kept.record.under = under;
                    touched.insert(entry);
                }
            }
            Write::Erase { case, entries } => {
                let goes =
                    |entry: &EntryId, kept: &Kept| entries.contains(entry) && kept.record.facts.case == case;
                self.entries.retain(|entry, kept| !goes(entry, kept));
                self.acknowledged.retain(|(_, entry, _), _| !entries.contains(entry));
                self.relations.retain(|_, relation| {
                    !entries.contains(&relation.from) && !entries.contains(&relation.to)
                });
            }
            Write::Lock { entries } => {
                for (entry, basis) in entries {
                    if let Some(kept) = self.entries.get_mut(&entry) {
                        kept.record.state = EntryState::Locked { basis };
                        touched.insert(entry);
                    }
                }
            }
            Write::ReceiptSigned(receipt) => {
                self.receipts.insert(receipt.statement().order, receipt);
            }
            Write::ProposalMade(proposal) => {
                self.proposals.insert(proposal.id, proposal);
            }
            Write::ProposalAnswered(proposal) => {
                self.proposals.remove(&proposal);
            }
            Write::ProposalReturned { proposal, until } => {
                if let Some(proposal) = self.proposals.get_mut(&proposal) {
                    proposal.state = ProposalState::Returned { until };
                }
            }
            Write::EditReturned(edit) => self.returned.push(edit),
            other => self.apply_move(other),
        }
    }

    fn apply_statement(
        &mut self,
        statement: &Verified<stafett_protocol::ledger::statement::LedgerStatement>,
    ) {
        let case = statement.statement().case;
        let next = match self.ledgers.get(&case) {
            None => LedgerView::open(statement).expect("checked before"),
            Some(view) => {
                let mut view = (**view).clone();
                view.append(statement).expect("checked before");
                view
            }
        };
        self.ledgers.insert(case, Arc::new(next));
    }

    fn apply_receipt(&mut self, receipt: Verified<Receipt>) {
        let statement = receipt.statement();
        for (entry, done) in &statement.items {
            if *done == Done::KeptForAnotherService {
                continue;
            }
            let place = (statement.partner, *entry);
            self.erased_there.insert(place, self.rows.len());
            self.acknowledged.retain(|(partner, held, _), _| (*partner, *held) != place);
            self.begun.retain(|(partner, begun, _)| (*partner, *begun) != place);
            self.prune(*entry);
            let ends = |relation: &Relation| relation.from == *entry || relation.to == *entry;
            let gone: Vec<RelationId> = self
                .relations
                .values()
                .filter(|relation| ends(relation))
                .map(|relation| relation.id)
                .collect();
            gone.into_iter().for_each(|relation| {
                self.relations_stored.remove(&(statement.partner, relation));
            });
        }
        self.filed.insert(statement.order, receipt);
    }

    fn apply_entry(&mut self, record: EntryRecord) {
        let entry = record.facts.entry;
        match self.entries.get_mut(&entry) {
            Some(kept)
                if kept.record.facts.generation == record.facts.generation
                    && kept.record.state == record.state =>
            {
                let changes = kept.record.facts.changes;
                let heads = kept.record.heads.clone();
                kept.record = record;
                kept.record.facts.changes = changes;
                kept.record.heads = heads;
            }
            Some(kept) => {
                kept.record = record;
                kept.changes.clear();
                kept.record.facts.changes = 0;
                kept.record.heads = Heads::default();
            }
            None => {
                let mut record = record;
                record.facts.changes = 0;
                record.heads = Heads::default();
                self.entries.insert(
                    entry,
                    Kept {
                        record,
                        changes: Vec::new(),
                        actors: BTreeMap::new(),
                        authors: BTreeMap::new(),
                        earlier: Vec::new(),
                    },
                );
            }
        }
    }

    fn apply_change(
        &mut self,
        entry: EntryId,
        change: CheckedChange,
        origin: OrganisationNumber,
        at: UnixMillis,
    ) {
        let kept = self.entries.get_mut(&entry).expect("checked before");
        if kept.changes.iter().any(|known| known.hash() == change.hash()) {
            return;
        }
        kept.actors.entry(change.change().actor).or_insert(origin);
        let mut heads: Vec<_> = kept.record.heads.iter().copied().collect();
        heads.retain(|head| !change.change().deps.contains(head));
        heads.push(change.hash());
        kept.record.heads = Heads::new(heads);
        kept.changes.push(change);
        kept.record.facts.changes = u32::try_from(kept.changes.len()).expect("few changes");
        kept.record.changed_at = at;
    }
}
