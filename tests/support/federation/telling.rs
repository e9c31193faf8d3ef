//! What a node's sessions are told after a commit.

use std::sync::Arc;

use stafett_protocol::id::CaseId;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::EntryRecord;

use super::{Federation, News, Place};

impl Federation {
    pub(super) fn shares(&self, place: Place, case: CaseId) -> bool {
        let end = self.end(place);
        let ledger = self.nodes[&end.own].store.ledgers.get(&case);
        let is_granted =
            ledger.is_some_and(|ledger| ledger.grants().values().any(|grant| grant.partner == end.partner));
        is_granted || self.nodes[&end.own].store.is_moving(case, end.partner)
    }

    pub(super) fn is_on_link(&self, place: Place, record: &EntryRecord) -> bool {
        let end = self.end(place);
        record.owner == end.partner || (record.owner == end.own && self.shares(place, record.facts.case))
    }

    /// Tells the sessions of a node what was committed: first what holds, then what follows.
    pub(super) fn tell(&mut self, node: OrganisationNumber, news: &News) {
        for place in self.ends_of(node) {
            let partner = self.end(place).partner;
            if let Some(case) = news.case.filter(|case| self.shares(place, *case)) {
                self.tell_case(place, case, news);
            }
            self.tell_moves(place, news);
            for entry in &news.entries {
                let record = self.nodes[&node].store.entries.get(entry).map(|kept| kept.record.clone());
                if let Some(record) = record.filter(|record| self.is_on_link(place, record)) {
                    self.handle(place, Input::EntryCommitted(record));
                }
            }
            for relation in &news.relations {
                if self.shares(place, relation.case) {
                    self.handle(place, Input::RelationCommitted(*relation));
                }
            }
            for proposal in news.proposals.iter().filter(|proposal| proposal.owner == partner) {
                self.handle(place, Input::ProposalMade(proposal.clone()));
            }
            for uptake in &news.uptakes {
                self.handle(place, Input::UptakeSaid(uptake.clone()));
            }
            if let Some((_, order)) = news.filed.filter(|(filed_by, _)| *filed_by == partner) {
                self.handle(place, Input::ReceiptFiled(order));
            }
        }
    }

    pub(super) fn tell_case(&mut self, place: Place, case: CaseId, news: &News) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        let store = &self.nodes[&own].store;
        let ledger = Arc::clone(&store.ledgers[&case]);
        let grants: Vec<_> =
            news.grants.iter().filter(|grant| grant.statement().partner == partner).cloned().collect();
        let orders: Vec<_> =
            news.orders.iter().filter(|order| order.statement().partner == partner).cloned().collect();
        let records = store.entries.values().map(|kept| &kept.record);
        let records: Vec<_> =
            records.filter(|record| record.facts.case == case && !grants.is_empty()).cloned().collect();
        let relations: Vec<_> = store
            .relations
            .values()
            .filter(|relation| relation.case == case && !grants.is_empty())
            .copied()
            .collect();
        self.handle(place, Input::CaseChanged { ledger });
        records.into_iter().for_each(|record| self.handle(place, Input::EntryCommitted(record)));
        relations.into_iter().for_each(|relation| self.handle(place, Input::RelationCommitted(relation)));
        let number = self.nodes[&own].store.signed_for(partner);
        if !grants.is_empty() || !orders.is_empty() {
            self.handle(place, Input::Signed { number });
        }
        grants.into_iter().for_each(|grant| self.handle(place, Input::GrantIssued(grant)));
        if !orders.is_empty() {
            self.handle(place, Input::OrdersQueued(orders));
        }
    }
}
