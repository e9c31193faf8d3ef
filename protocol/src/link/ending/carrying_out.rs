//! The partner's side of an ended sharing: hidden at once, undelivered writing given back to its
//! authors, then erased or locked, then answered (law 12).
//!
//! ```text
//! Order ─▶ hidden (durable) ─▶ undelivered writing read ─▶ erased, locked, returned (durable) ─▶ Receipt
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::returning::returned;
use crate::erasure::retention::BasisText;
use crate::erasure::{Done, EraseOrder, LockBasis, ORDER_TEXT, Receipt};
use crate::id::{EntryId, GrantId};
use crate::journal::Closing;
use crate::limits::{ORDER_ENTRIES_MAX, RETURNED_DRAFT_MS, RETURNED_ENTRIES_AT_A_TIME};
use crate::link::{Session, Work};
use crate::municipality::ServiceCode;
use crate::planted::planted;
use crate::signed::{Signed, Verified};
use crate::transaction::{Committed, EntryContent, EntryState, Fault, ReturnedEdit, Transaction, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, OrderFrame, ReceiptFrame};

/// An order whose entries are hidden, while undelivered writing is looked for.
#[derive(Debug)]
pub(in crate::link) struct CarryingOut {
    order: EraseOrder,
    random: [u8; 32],
    /// What ends with it.
    ends: BTreeSet<EntryId>,
    /// Entries that may hold undelivered writing and were not read yet.
    unread: BTreeSet<EntryId>,
    returned: Vec<ReturnedEdit>,
}

/// What is done on an order, while it is made durable.
#[derive(Debug)]
pub(in crate::link) struct CarriedOut {
    order: EraseOrder,
    returned: Vec<ReturnedEdit>,
    /// Entries that are here and go.
    erased: BTreeSet<EntryId>,
    kept: BTreeMap<EntryId, BTreeSet<GrantId>>,
    locked: BTreeMap<EntryId, LockBasis>,
    receipt: Verified<Receipt>,
}

impl Session {
    /// The partner ends a sharing.
    pub(in crate::link) fn order_frame(&mut self, body: OrderFrame, random: [u8; 32]) {
        let signed = Signed::<EraseOrder>::from_token(body.token);
        let Ok(order) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let order = order.statement().clone();
        if order.owner != self.identity.partner || order.partner != self.identity.own {
            return self.bad_signature();
        }
        if order.text != ORDER_TEXT || !self.names_one_grant(&order) {
            return self.offence(13, ErrorCode::BadStatement);
        }
        if let Some(receipt) = self.receipts.get(&order.order) {
            let token = receipt.token().to_owned();
            return self.send(Frame::Receipt(ReceiptFrame { token }));
        }
        if !self.ending.insert(order.order) {
            return;
        }
        self.hide(&order);
        let ends = self.ended_with(&order);
        let writes = self.hiding_writes(&order, &ends);
        let (unread, returned) = (BTreeSet::new(), Vec::new());
        let carrying = CarryingOut { order, random, ends, unread, returned };
        self.commit(Transaction::of(writes), Work::Hidden(Box::new(carrying)));
    }

    /// Whether case and service are those of the grant, if the grant is known here.
    fn names_one_grant(&self, order: &EraseOrder) -> bool {
        let known = self.received.values().flatten().find(|received| received.grant.grant == order.grant);
        known.is_none_or(|received| {
            received.grant.case == order.case && received.grant.service == order.service
        })
    }

    /// The grant opens nothing from here on, also if it never came.
    fn hide(&mut self, order: &EraseOrder) {
        self.ended.insert(order.grant);
        self.uptakes.forget(order.grant);
        let received = self.received.get_mut(&order.case).into_iter().flatten();
        let known = received.filter(|received| received.grant.grant == order.grant);
        known.for_each(|received| {
            received.ended_at.get_or_insert(self.now);
        });
        self.end_batons(order.case);
        self.abort_reconciliation();
    }

    /// What ends with an order: the entries that it names, and as many more of those that are held
    /// under its grant. An owner that was restored knows no longer what it sent after its backup. What
    /// was hidden before a stop is held under nothing.
    fn ended_with(&self, order: &EraseOrder) -> BTreeSet<EntryId> {
        let is_held = |owner, case, under: &BTreeSet<GrantId>, state| {
            owner == order.owner
                && case == order.case
                && state == EntryState::Live
                && (under.is_empty() || under.contains(&order.grant))
        };
        let here = self.entries.iter().map(|(entry, tracked)| (entry, &tracked.record));
        let here = here.filter(|(_, one)| is_held(one.owner, one.facts.case, &one.under, one.state));
        let unread = self.unreadable.iter();
        let unread = unread.filter(|(_, one)| is_held(one.owner, one.case, &one.under, one.state));
        let held = here.map(|(entry, _)| *entry).chain(unread.map(|(entry, _)| *entry));
        let unnamed = held.filter(|entry| !order.entries.contains(entry)).take(ORDER_ENTRIES_MAX);
        unnamed.chain(order.entries.iter().copied()).collect()
    }

    fn hiding_writes(&self, order: &EraseOrder, ends: &BTreeSet<EntryId>) -> Vec<Write> {
        let EraseOrder { owner, case, grant, .. } = *order;
        let ended = Write::GrantEnded { owner, case, grant, at: self.now };
        let here = ends.iter().filter(|entry| self.is_named(order, **entry));
        let under = here.map(|entry| Write::Under { entry: *entry, under: self.other_grants(order, *entry) });
        let closing = Closing::ReceivedGrantEnded { owner, case, grant };
        let closing = Write::Closing { closing, at: self.now };
        [ended, closing].into_iter().chain(under).collect()
    }

    /// Whether an entry is here and of the case that an order names.
    fn is_named(&self, order: &EraseOrder, entry: EntryId) -> bool {
        let is_named = self.entries.get(&entry).is_some_and(|tracked| {
            tracked.record.owner == order.owner && tracked.record.facts.case == order.case
        });
        is_named || self.is_named_unread(order, entry)
    }

    /// What the order ends is hidden for good: nobody writes in it any more.
    pub(in crate::link) fn hidden(&mut self, mut carrying: CarryingOut, outcome: Result<Committed, Fault>) {
        let Ok(committed) = outcome else { return self.give_up(&carrying.order) };
        for record in committed.records {
            let entry = record.facts.entry;
            let Some(tracked) = self.entries.get_mut(&entry) else { continue };
            if tracked.generation() == record.facts.generation {
                // What is undelivered may wait in an earlier generation, so every entry is read. What
                // was locked before gave its words back then.
                if record.under.is_empty() && record.state == EntryState::Live {
                    carrying.unread.insert(entry);
                }
                tracked.record = record;
            }
        }
        self.read_back(carrying);
    }

    fn read_back(&mut self, mut carrying: CarryingOut) {
        let mut reads = Vec::new();
        while reads.len() < RETURNED_ENTRIES_AT_A_TIME
            && let Some(entry) = carrying.unread.pop_first()
        {
            reads.push(entry);
        }
        if reads.is_empty() {
            return self.carry_out(carrying);
        }
        let transaction = Transaction { writes: Vec::new(), reads };
        self.commit(transaction, Work::ReadBack(Box::new(carrying)));
    }

    /// Entries with undelivered writing were read: takes out what each author wrote.
    pub(in crate::link) fn was_read_back(
        &mut self,
        mut carrying: CarryingOut,
        outcome: Result<Committed, Fault>,
    ) {
        let Ok(committed) = outcome else { return self.give_up(&carrying.order) };
        let until = self.now.plus(RETURNED_DRAFT_MS);
        for content in &committed.contents {
            let EntryContent { record, .. } = content;
            let delivered = self.entries.get(&record.facts.entry);
            let delivered = delivered.and_then(|tracked| tracked.acknowledged.as_ref());
            let actor = self.scratch_actor(record.facts.entry);
            carrying.returned.extend(returned(
                content,
                self.identity.own,
                delivered,
                actor,
                &carrying.random,
                until,
            ));
        }
        self.read_back(carrying);
    }

    /// The order comes again, and is carried out then.
    fn give_up(&mut self, order: &EraseOrder) {
        self.ending.remove(&order.order);
        self.refuse(13, ErrorCode::NotNow);
    }

    fn carry_out(&mut self, carrying: CarryingOut) {
        let CarryingOut { order, ends, returned, .. } = carrying;
        let mut items = BTreeMap::new();
        let (mut erased, mut kept, mut locked) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
        let mut by_law = BTreeMap::new();
        for entry in &ends {
            let done = self.what_to_do(&order, *entry);
            match &done {
                Done::Erased => {
                    erased.extend(self.is_named(&order, *entry).then_some(*entry));
                }
                Done::Locked { basis } => {
                    locked.insert(*entry, *basis);
                    if *basis == LockBasis::DutyToKeep {
                        by_law.extend(self.words_for(&order, *entry).map(|words| (*entry, words)));
                    }
                }
                Done::KeptForAnotherService => {
                    kept.insert(*entry, self.other_grants(&order, *entry));
                }
            }
            if order.entries.contains(entry) {
                items.insert(*entry, done);
            }
        }
        by_law.retain(|entry, _| order.entries.contains(entry));
        let receipt = Receipt::of(&order, items).kept_on(&by_law);
        let Ok(receipt) = self.identity.signing.sign(receipt) else { return self.give_up(&order) };
        let carried_out = CarriedOut { order, returned, erased, kept, locked, receipt };
        let transaction = Transaction::of(self.ending_writes(&carried_out));
        if planted!("receipt-before-erasure") {
            let token = carried_out.receipt.token().to_owned();
            self.send(Frame::Receipt(ReceiptFrame { token }));
        }
        self.commit(transaction, Work::Receipt(Box::new(carried_out)));
    }

    fn what_to_do(&self, order: &EraseOrder, entry: EntryId) -> Done {
        if !self.is_named(order, entry) {
            return Done::Erased;
        }
        if !self.other_grants(order, entry).is_empty() {
            return Done::KeptForAnotherService;
        }
        let Some(tracked) = self.entries.get(&entry) else { return self.end_of_unread(entry) };
        if let EntryState::Locked { basis } = tracked.record.state {
            return Done::Locked { basis };
        }
        // The owner may have left out who wrote it; the author is known here (law 2).
        let own = tracked.record.facts.written_by.as_ref();
        let is_own = own.is_some_and(|service| service.host == self.identity.own);
        if is_own || tracked.record.author.is_some() {
            return Done::Locked { basis: LockBasis::OwnWriting };
        }
        match self.duty_to_keep(order, entry) {
            Some(_) => Done::Locked { basis: LockBasis::DutyToKeep },
            None => Done::Erased,
        }
    }

    /// Grants other than the order's under which the entry is still held here.
    fn other_grants(&self, order: &EraseOrder, entry: EntryId) -> BTreeSet<GrantId> {
        let tracked = self.entries.get(&entry).map(|tracked| &tracked.record.under);
        let unread = self.unreadable.get(&entry).map(|unreadable| &unreadable.under);
        let Some(under) = tracked.or(unread) else { return BTreeSet::new() };
        let received = self.received.get(&order.case).map_or(&[][..], Vec::as_slice);
        received
            .iter()
            .filter(|received| received.counts(self.now) && received.grant.grant != order.grant)
            .map(|received| received.grant.grant)
            .filter(|grant| under.contains(grant))
            .collect()
    }

    /// The words on which one of the services that received an entry must keep it.
    fn duty_to_keep(&self, order: &EraseOrder, entry: EntryId) -> Option<BasisText> {
        let kind = self.entries.get(&entry)?.record.facts.kind;
        let mut services = std::iter::once(&order.service).chain(self.served_before(order, entry));
        services.find_map(|service| self.identity.retention.basis_for(kind, service, self.now)).cloned()
    }

    /// The services whose sharing of an entry ended while another kept it.
    fn served_before<'s>(
        &'s self,
        order: &'s EraseOrder,
        entry: EntryId,
    ) -> impl Iterator<Item = &'s ServiceCode> {
        let earlier = self.receipts.values().map(Verified::statement).filter(move |receipt| {
            receipt.case == order.case && receipt.items.get(&entry) == Some(&Done::KeptForAnotherService)
        });
        let grants = self.received.get(&order.case).map_or(&[][..], Vec::as_slice);
        earlier.filter_map(|receipt| receipt.grant).filter_map(|ended| {
            grants
                .iter()
                .find(|received| received.grant.grant == ended)
                .map(|received| &received.grant.service)
        })
    }

    /// The words for an entry that is locked by law: those that it was locked on if it was before.
    fn words_for(&self, order: &EraseOrder, entry: EntryId) -> Option<BasisText> {
        let before =
            self.receipts.values().map(Verified::statement).filter(|receipt| receipt.case == order.case);
        let before = before.filter_map(|receipt| receipt.basis_of(entry)).next().cloned();
        before.or_else(|| self.duty_to_keep(order, entry))
    }

    fn ending_writes(&self, carried_out: &CarriedOut) -> Vec<Write> {
        let CarriedOut { order, returned, erased, locked, receipt, .. } = carried_out;
        let EraseOrder { case, grant, .. } = *order;
        let until = self.now.plus(RETURNED_DRAFT_MS);
        let undelivered = self.proposals.values().filter(|waiting| waiting.proposal.grant == grant);
        let mut writes: Vec<Write> = undelivered
            .map(|waiting| Write::ProposalReturned { proposal: waiting.proposal.id, until })
            .collect();
        writes.extend(returned.iter().cloned().map(Write::EditReturned));
        if !locked.is_empty() {
            writes.push(Write::Lock { entries: locked.clone() });
        }
        if !erased.is_empty() && !planted!("erases-nothing") {
            writes.push(Write::Erase { case, entries: erased.clone() });
        }
        let closing = Closing::ErasedOnOrder { case, order: order.order };
        writes.push(Write::Closing { closing, at: self.now });
        writes.push(Write::ReceiptSigned(receipt.clone()));
        writes
    }

    /// What the order asked for is durable: sends the receipt.
    pub(in crate::link) fn carried_out(
        &mut self,
        carried_out: CarriedOut,
        outcome: Result<Committed, Fault>,
    ) {
        let CarriedOut { order, erased, kept, locked, receipt, .. } = carried_out;
        let Ok(committed) = outcome else { return self.give_up(&order) };
        self.ending.remove(&order.order);
        if let Some(number) = committed.signed.get(&self.identity.partner) {
            self.signed(*number);
        }
        for entry in &erased {
            self.untrack_received(*entry);
            self.forget_unread(*entry);
            self.pending.remove(entry);
        }
        self.forget_relations_without_an_end();
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

    fn forget_relations_without_an_end(&mut self) {
        let is_here = |entry| self.entries.contains_key(&entry) || self.unreadable.contains_key(&entry);
        let partner = self.identity.partner;
        let lost_an_end = |relation: &crate::transaction::Relation| {
            relation.owner == partner && !(is_here(relation.from) && is_here(relation.to))
        };
        self.relations.retain(|_, tracked| !lost_an_end(&tracked.relation));
    }
}
