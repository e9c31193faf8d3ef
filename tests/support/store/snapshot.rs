//! What a fresh session is told of its link.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::access::Held;
use stafett_protocol::disclosure::DisclosureRow;
use stafett_protocol::id::{CaseId, EntryId, GrantId};
use stafett_protocol::link::snapshot::{
    EarlierOnLink, IssuedState, OwnMark, Snapshot, Tracked, TrackedRelation, WaitingOrder, WaitingProposal,
};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::{EntryRecord, ProposalState};

use super::Store;

/// What a change takes in this store.
fn bytes_of(change: &stafett_protocol::entry::CheckedChange) -> u64 {
    stafett_protocol::wire::codec::encode_change(change.change()).expect("encodes").len() as u64
}

impl Store {
    /// Returns the own cases of which a partner has, or had, a grant.
    pub fn cases_shared_with(&self, partner: OrganisationNumber) -> BTreeSet<CaseId> {
        let is_shared = |case: &CaseId| {
            self.is_moving(*case, partner)
                || self.ledgers[case].grants().values().any(|grant| grant.partner == partner)
        };
        self.ledgers.keys().filter(|case| is_shared(case)).copied().collect()
    }

    /// Reads everything that the store holds of one link.
    pub fn snapshot(&self, partner: OrganisationNumber) -> Snapshot {
        let shared = self.cases_shared_with(partner);
        let mut received: BTreeMap<CaseId, Vec<_>> = BTreeMap::new();
        for grant in self.received.values().filter(|received| received.grant.owner == partner) {
            received.entry(grant.grant.case).or_default().push(grant.clone());
        }
        let is_on_link = |record: &EntryRecord| {
            record.owner == partner || (record.owner == self.own && shared.contains(&record.facts.case))
        };
        let entries = self.entries.values().map(|kept| &kept.record).filter(|record| is_on_link(record));
        let relations = self.relations.values().filter(|relation| {
            relation.owner == partner || (relation.owner == self.own && shared.contains(&relation.case))
        });
        Snapshot {
            cases: shared.iter().map(|case| (*case, Arc::clone(&self.ledgers[case]))).collect(),
            issued: self.living_grants(partner),
            received,
            ended: self.ended.keys().copied().collect(),
            unreadable: BTreeMap::new(),
            entries: entries.map(|record| (record.facts.entry, self.tracked(partner, record))).collect(),
            relations: relations
                .map(|relation| {
                    let stored =
                        relation.owner == partner || self.relations_stored.contains(&(partner, relation.id));
                    (relation.id, TrackedRelation { relation: *relation, stored, sent: false })
                })
                .collect(),
            orders: self
                .orders
                .iter()
                .filter(|(id, order)| order.statement().partner == partner && !self.filed.contains_key(id))
                .map(|(id, order)| (*id, WaitingOrder { order: order.clone(), sent_at: None }))
                .collect(),
            receipts: self
                .receipts
                .iter()
                .filter(|(_, receipt)| receipt.statement().owner == partner)
                .map(|(id, receipt)| (*id, receipt.clone()))
                .collect(),
            proposals: self
                .proposals
                .values()
                .filter(|proposal| proposal.owner == partner && proposal.state == ProposalState::Waiting)
                .map(|proposal| (proposal.id, WaitingProposal { proposal: proposal.clone(), sent: false }))
                .collect(),
            taken: self
                .taken
                .iter()
                .filter(|((proposer, _), _)| *proposer == partner)
                .map(|((_, proposal), entry)| (*proposal, *entry))
                .collect(),
            said: self.said_to(partner),
            heard: self.heard_from(partner),
            batons: self.batons_of(partner),
            leaving: self.leaving_to(partner),
            moving_here: self.arriving_from(partner),
            own_mark: OwnMark { incarnation: self.incarnation, number: self.signed_for(partner) },
            partner_mark: self.marks.get(&partner).cloned(),
            restored: self.checked.get(&partner).copied().unwrap_or(0) < self.incarnation,
        }
    }

    fn living_grants(&self, partner: OrganisationNumber) -> BTreeMap<GrantId, IssuedState> {
        let theirs = self.issued.iter();
        let theirs = theirs.filter(|(_, issued)| issued.grant.statement().partner == partner);
        let living = theirs.filter(|(id, issued)| {
            let ledger = &self.ledgers[&issued.grant.statement().case];
            ledger.grants().get(id).is_some_and(|issued| issued.ended_at.is_none())
        });
        living
            .map(|(id, issued)| {
                let (grant, stored, handed) =
                    (issued.grant.clone(), issued.is_stored, issued.is_handed.into());
                (*id, IssuedState { grant, stored, sent: false, handed })
            })
            .collect()
    }

    fn tracked(&self, partner: OrganisationNumber, record: &EntryRecord) -> Tracked {
        let entry = record.facts.entry;
        let mut tracked = Tracked::new(record.clone());
        let since = self.erased_there.get(&(partner, entry)).copied();
        let row = self.last_row(partner, entry, since.unwrap_or(0));
        let proposed = since.is_none()
            && self.taken.iter().any(|((proposer, _), taken)| *proposer == partner && *taken == entry);
        let generation = row.map(|row| row.generation).or(proposed.then_some(record.facts.generation));
        tracked.bytes = self.entries[&entry].changes.iter().map(bytes_of).sum();
        tracked.held = Held { generation, recall_waits: false };
        if record.owner == self.own {
            tracked.announced =
                row.into_iter().flat_map(|row| &row.grounds).map(|ground| ground.grant).collect();
        }
        let place = (partner, entry, record.facts.generation);
        tracked.acknowledged = self.acknowledged.get(&place).cloned();
        let said = self.acknowledged.keys().chain(&self.begun);
        let said = said.filter(|(by, of, _)| (*by, *of) == (partner, entry));
        let said = said.filter(|place| !self.let_go.contains(place));
        tracked.shown = said.map(|(_, _, generation)| *generation).collect();
        let begun = self.entries[&entry].earlier.iter();
        let begun = begun.filter_map(|one| Some((one.changes.first()?.hash(), one.generation)));
        tracked.earlier = EarlierOnLink::new(self.earlier_on_link(partner, entry)).begun_by(begun.collect());
        tracked
    }

    fn last_row(&self, partner: OrganisationNumber, entry: EntryId, since: usize) -> Option<&DisclosureRow> {
        self.rows
            .iter()
            .skip(since)
            .rfind(|row| row.partner == partner && row.entry == entry && !self.unsent.contains(&row.id))
    }
}
