//! The end of a sharing on the link: orders, what is done on them, receipts (law 12).

use std::collections::{BTreeMap, BTreeSet};

use super::output::{Alarm, Output};
use super::snapshot::WaitingOrder;
use super::{Session, Work};
use crate::erasure::{Done, EraseOrder, LockBasis, ORDER_TEXT, Receipt};
use crate::id::{EntryId, GrantId, OrderId};
use crate::journal::Closing;
use crate::limits::{ORDER_REPEAT_MS, RETURNED_DRAFT_MS};
use crate::signed::{Signed, Verified};
use crate::transaction::{Committed, EntryState, Fault, Transaction, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, OrderFrame, ReceiptFrame};

/// An order that is being carried out here.
#[derive(Debug)]
pub(super) struct CarriedOut {
    order: EraseOrder,
    erased: BTreeSet<EntryId>,
    kept: BTreeMap<EntryId, BTreeSet<GrantId>>,
    locked: BTreeMap<EntryId, LockBasis>,
    receipt: Verified<Receipt>,
}

impl Session {
    /// Whether an order to erase this entry waits for its receipt.
    pub(super) fn recall_waits(&self, entry: EntryId) -> bool {
        self.orders.values().any(|waiting| waiting.order.statement().entries.contains(&entry))
    }

    /// Orders for this partner were committed: they go out at once.
    pub(super) fn orders_queued(&mut self, orders: Vec<Verified<EraseOrder>>) {
        for order in orders {
            let statement = order.statement();
            if statement.partner != self.identity.partner || statement.owner != self.identity.own {
                continue;
            }
            self.issued.remove(&statement.grant);
            let id = statement.order;
            self.orders.entry(id).or_insert(WaitingOrder { order, sent_at: None });
            self.send_order(id);
        }
        self.abort_reconciliation();
    }

    pub(super) fn send_all_orders(&mut self) {
        let all: Vec<OrderId> = self.orders.keys().copied().collect();
        all.into_iter().for_each(|order| self.send_order(order));
    }

    fn send_order(&mut self, id: OrderId) {
        let now = self.now;
        if self.connection.is_none() {
            return;
        }
        let Some(waiting) = self.orders.get_mut(&id) else { return };
        waiting.sent_at = Some(now);
        let token = waiting.order.token().to_owned();
        self.send(Frame::Order(OrderFrame { token }));
    }

    /// Asks again for receipts that have not come.
    pub(super) fn repeat_orders(&mut self) {
        let is_due = |at: crate::time::UnixMillis| self.now.since(at) >= ORDER_REPEAT_MS;
        let due = self.orders.iter().filter(|(_, waiting)| waiting.sent_at.is_none_or(is_due));
        let due: Vec<OrderId> = due.map(|(order, _)| *order).collect();
        due.into_iter().for_each(|order| self.send_order(order));
    }

    /// The partner ends a sharing: hidden at once, then erased or locked, then answered.
    pub(super) fn order_frame(&mut self, body: OrderFrame) {
        let signed = Signed::<EraseOrder>::from_token(body.token);
        let Ok(order) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let order = order.statement().clone();
        if order.owner != self.identity.partner || order.partner != self.identity.own {
            return self.bad_signature();
        }
        if order.text != ORDER_TEXT {
            return self.offence(13, ErrorCode::BadStatement);
        }
        if let Some(receipt) = self.receipts.get(&order.order) {
            let token = receipt.token().to_owned();
            return self.send(Frame::Receipt(ReceiptFrame { token }));
        }
        if !self.ending.insert(order.order) {
            return;
        }
        self.carry_out(order);
    }

    fn carry_out(&mut self, order: EraseOrder) {
        self.hide(&order);
        let mut items = BTreeMap::new();
        let (mut erased, mut kept, mut locked) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        for entry in &order.entries {
            let done = self.what_to_do(&order, *entry);
            match &done {
                Done::Erased => {
                    erased.insert(*entry);
                }
                Done::Locked { basis } => {
                    locked.insert(*entry, *basis);
                }
                Done::KeptForAnotherService => {
                    kept.insert(*entry, self.other_grants(&order, *entry));
                }
            }
            items.insert(*entry, done);
        }
        let Ok(receipt) = self.identity.signing.sign(Receipt::of(&order, items)) else {
            self.ending.remove(&order.order);
            return;
        };
        let carried_out = CarriedOut { order, erased, kept, locked, receipt };
        let transaction = Transaction::of(self.ending_writes(&carried_out));
        self.commit(transaction, Work::Receipt(Box::new(carried_out)));
    }

    /// The grant opens nothing from here on, also if it never came.
    fn hide(&mut self, order: &EraseOrder) {
        let received = self.received.entry(order.case).or_default();
        self.ended.insert(order.grant);
        let known = received.iter_mut().filter(|received| received.grant.grant == order.grant);
        known.for_each(|received| {
            received.ended_at.get_or_insert(self.now);
        });
        self.abort_reconciliation();
    }

    fn what_to_do(&self, order: &EraseOrder, entry: EntryId) -> Done {
        let tracked = self
            .entries
            .get(&entry)
            .filter(|tracked| tracked.record.owner == order.owner && tracked.record.facts.case == order.case);
        let Some(tracked) = tracked else { return Done::Erased };
        if !self.other_grants(order, entry).is_empty() {
            return Done::KeptForAnotherService;
        }
        if let EntryState::Locked { basis } = tracked.record.state {
            return Done::Locked { basis };
        }
        // The owner may have left out who wrote it; the author is known here (law 2).
        let own = tracked.record.facts.written_by.as_ref();
        let is_own = own.is_some_and(|service| service.host == self.identity.own);
        if is_own || tracked.record.author.is_some() {
            return Done::Locked { basis: LockBasis::OwnWriting };
        }
        Done::Erased
    }

    /// Grants other than the order's under which the entry is still held here.
    fn other_grants(&self, order: &EraseOrder, entry: EntryId) -> BTreeSet<GrantId> {
        let Some(tracked) = self.entries.get(&entry) else { return BTreeSet::new() };
        let received = self.received.get(&order.case).map_or(&[][..], Vec::as_slice);
        received
            .iter()
            .filter(|received| received.counts(self.now) && received.grant.grant != order.grant)
            .map(|received| received.grant.grant)
            .filter(|grant| tracked.record.under.contains(grant))
            .collect()
    }

    fn ending_writes(&self, carried_out: &CarriedOut) -> Vec<Write> {
        let CarriedOut { order, erased, kept, locked, receipt } = carried_out;
        let EraseOrder { owner, case, grant, .. } = *order;
        let mut writes = vec![Write::GrantEnded { owner, case, grant, at: self.now }];
        writes.extend(kept.iter().map(|(entry, under)| Write::Under { entry: *entry, under: under.clone() }));
        let until = self.now.plus(RETURNED_DRAFT_MS);
        let undelivered = self.proposals.values().filter(|waiting| waiting.proposal.grant == grant);
        writes.extend(
            undelivered.map(|waiting| Write::ProposalReturned { proposal: waiting.proposal.id, until }),
        );
        if !locked.is_empty() {
            writes.push(Write::Lock { entries: locked.clone() });
        }
        if !erased.is_empty() {
            writes.push(Write::Erase { case, entries: erased.clone() });
        }
        let closing = Closing::ErasedOnOrder { case, order: order.order };
        writes.push(Write::Closing { closing, at: self.now });
        writes.push(Write::ReceiptSigned(receipt.clone()));
        writes
    }

    /// What the order asked for is durable: sends the receipt.
    pub(super) fn carried_out(&mut self, carried_out: CarriedOut, outcome: Result<Committed, Fault>) {
        let CarriedOut { order, erased, kept, locked, receipt } = carried_out;
        self.ending.remove(&order.order);
        if outcome.is_err() {
            return self.refuse(13, ErrorCode::NotNow);
        }
        for entry in &erased {
            self.untrack_received(*entry);
            self.pending.remove(entry);
        }
        let is_here = |entry| self.entries.contains_key(&entry);
        let partner = self.identity.partner;
        let lost_an_end = |relation: &crate::transaction::Relation| {
            relation.owner == partner && !(is_here(relation.from) && is_here(relation.to))
        };
        self.relations.retain(|_, tracked| !lost_an_end(&tracked.relation));
        for (entry, under) in kept {
            if let Some(tracked) = self.entries.get_mut(&entry) {
                tracked.record.under = under;
            }
        }
        for (entry, basis) in locked {
            if let Some(tracked) = self.entries.get_mut(&entry) {
                tracked.record.state = EntryState::Locked { basis };
            }
        }
        self.proposals.retain(|_, waiting| waiting.proposal.grant != order.grant);
        let token = receipt.token().to_owned();
        self.receipts.insert(order.order, receipt);
        self.send(Frame::Receipt(ReceiptFrame { token }));
    }

    /// A receipt came: believed if the partner signed it and it answers the order entry by entry.
    pub(super) fn receipt_frame(&mut self, body: ReceiptFrame) {
        let signed = Signed::<Receipt>::from_token(body.token);
        let Ok(receipt) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let Some(waiting) = self.orders.get(&receipt.statement().order) else { return };
        if receipt.statement().answers(waiting.order.statement()) {
            let items = receipt.statement().items.iter();
            let kept = items.filter(|(_, done)| **done == Done::KeptForAnotherService);
            let kept = kept.map(|(entry, _)| *entry).collect();
            self.kept_there.insert(receipt.statement().order, kept);
            self.outputs.push_back(Output::FileReceipt(receipt));
        } else {
            self.alarm(Alarm::WrongReceipt);
            self.offence(14, ErrorCode::BadStatement);
        }
    }

    /// The receipt is filed: the partner no longer holds the entries, so a later grant may hand
    /// them over anew. What it keeps for another of its services it goes on holding.
    pub(super) fn receipt_filed(&mut self, order: OrderId) {
        let Some(waiting) = self.orders.remove(&order) else { return };
        let kept = self.kept_there.remove(&order).unwrap_or_default();
        for entry in &waiting.order.statement().entries {
            self.pending.insert(*entry);
            if kept.contains(entry) {
                continue;
            }
            self.rows_on_the_way.remove(entry);
            self.in_flight.remove(entry);
            if let Some(tracked) = self.entries.get_mut(entry) {
                tracked.forget();
            }
            let ends = |relation: &crate::transaction::Relation| [relation.from, relation.to].contains(entry);
            for tracked in self.relations.values_mut().filter(|tracked| ends(&tracked.relation)) {
                tracked.stored = false;
                tracked.sent = false;
            }
        }
    }
}
