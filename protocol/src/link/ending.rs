//! The end of a sharing on the link: orders, what is done on them, receipts (law 12).

mod carrying_out;
pub(super) mod returning;

use super::Session;
use super::output::{Alarm, Output};
use super::snapshot::WaitingOrder;
use crate::erasure::{Done, EraseOrder, Receipt};
use crate::id::{EntryId, OrderId};
use crate::limits::ORDER_REPEAT_MS;
use crate::planted::planted;
use crate::signed::{Signed, Verified};
use crate::time::UnixMillis;
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, OrderFrame, ReceiptFrame};
pub(super) use carrying_out::{CarriedOut, CarryingOut};

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
            self.uptakes.forget(statement.grant);
            let id = statement.order;
            self.orders.entry(id).or_insert(WaitingOrder { order, sent_at: None });
        }
        // Orders take another stream and come first: what they name would be shared anew before its
        // receipt, also what is on its way under another grant.
        self.close_what_is_over();
        self.pump_orders();
        self.abort_reconciliation();
    }

    /// Every order is sent anew on the next connection.
    pub(super) fn unsend_orders(&mut self) {
        if !planted!("order-sent-once") {
            self.orders.values_mut().for_each(|waiting| waiting.sent_at = None);
        }
    }

    /// Sends the orders that were not sent on this connection, or are due again, as there is room.
    pub(super) fn pump_orders(&mut self) {
        if !self.has_begun() {
            return;
        }
        let unsent = self.orders.iter().filter(|(_, waiting)| waiting.sent_at.is_none());
        let unsent: Vec<OrderId> = unsent.map(|(order, _)| *order).collect();
        for id in unsent {
            if !self.has_room_for_orders() {
                return;
            }
            let now = self.now;
            let Some(waiting) = self.orders.get_mut(&id) else { continue };
            waiting.sent_at = Some(now);
            let token = waiting.order.token().to_owned();
            self.send(Frame::Order(OrderFrame { token }));
        }
    }

    /// Asks again for receipts that have not come.
    pub(super) fn repeat_orders(&mut self) {
        let now = self.now;
        let is_due = |at: UnixMillis| now.since(at) >= ORDER_REPEAT_MS;
        let due = self.orders.values_mut().filter(|waiting| waiting.sent_at.is_some_and(is_due));
        let again = if planted!("order-sent-once") { Some(now) } else { None };
        due.for_each(|waiting| waiting.sent_at = again);
        self.pump_orders();
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
            if let Some(tracked) =
                self.entries.get_mut(entry).filter(|_| !planted!("erased-still-counts-as-held"))
            {
                tracked.forget();
            }
            if let Some(unreadable) = self.unreadable.get_mut(entry) {
                unreadable.is_shown = false;
            }
            let ends = |relation: &crate::transaction::Relation| [relation.from, relation.to].contains(entry);
            for tracked in self.relations.values_mut().filter(|tracked| ends(&tracked.relation)) {
                tracked.stored = false;
                tracked.sent = false;
            }
        }
    }
}
