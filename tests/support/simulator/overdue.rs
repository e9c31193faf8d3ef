//! How long an order may wait for its receipt while both nodes could speak.
//!
//! Links and nodes are looked at after each operation and each minute; whatever happens to a link in
//! between gives it another connection, and whatever befalls a node by itself cuts its links.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::id::OrderId;
use stafett_protocol::time::{MINUTE, UnixMillis};

use super::operation::NodeAt;
use super::run::Run;

/// An order between two nodes that lack nothing is answered within this.
const ANSWERED_MS: u64 = MINUTE;
/// An order that could not be carried out when it came comes again within this, and is answered.
const ASKED_AGAIN_MS: u64 = 16 * MINUTE;

/// Since when links and nodes have been as they should be.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// Nodes that lack nothing, since when.
    well: BTreeMap<NodeAt, UnixMillis>,
    links: BTreeMap<(NodeAt, NodeAt), Speaking>,
    /// Orders that are told of.
    told: BTreeSet<OrderId>,
}

/// A link on which both speak.
#[derive(Debug)]
struct Speaking {
    connection: u64,
    since: UnixMillis,
    /// Whether both nodes lacked nothing when they began.
    began_well: bool,
}

impl Run {
    /// Every order is answered in its time.
    pub(super) fn look_for_what_is_overdue(&mut self) {
        self.note_who_is_well();
        let ends = self.ends();
        let links: Vec<_> = ends.iter().map(|(own, other)| (self.place(*own), self.place(*other))).collect();
        for link in links {
            self.note_link(link);
            let late = self.overdue_on(link);
            for (order, waits) in late {
                self.clocks.told.insert(order);
                let (owner, partner) = link;
                let seen = format!("{order} of node {owner} waits {waits} ms for node {partner}'s receipt");
                self.violated("an order is asked again until its receipt is in", seen);
            }
        }
    }

    fn note_who_is_well(&mut self) {
        let now = self.world.now();
        for place in 0..self.settings.nodes {
            let number = self.number(place);
            let fails = self.world.is_full(number) || self.world.node(number).store.fails_next.is_some();
            if fails || self.world.is_sealed(number) || self.oracle.jumped.contains(&place) {
                self.clocks.well.remove(&place);
            } else {
                self.clocks.well.entry(place).or_insert(now);
            }
        }
    }

    fn note_link(&mut self, link: (NodeAt, NodeAt)) {
        let now = self.world.now();
        let (own, other) = (self.number(link.0), self.number(link.1));
        let speak = self.world.is_live(own, other)
            && self.world.is_live(other, own)
            && self.world.shows(own, other)
            && self.world.shows(other, own);
        let connection = self.world.open_connection(own, other).filter(|_| speak);
        let Some(connection) = connection else {
            self.clocks.links.remove(&link);
            return;
        };
        let is_new = self.clocks.links.get(&link).is_none_or(|known| known.connection != connection);
        if is_new {
            let began_well = self.well_since(link).is_some_and(|since| since < now);
            self.clocks.links.insert(link, Speaking { connection, since: now, began_well });
        }
    }

    /// Since when both nodes of a link lack nothing.
    fn well_since(&self, (one, other): (NodeAt, NodeAt)) -> Option<UnixMillis> {
        Some(*self.clocks.well.get(&one)?.max(self.clocks.well.get(&other)?))
    }

    fn overdue_on(&self, link: (NodeAt, NodeAt)) -> Vec<(OrderId, u64)> {
        let (owner, partner) = link;
        let (Some(speaking), Some(well_since)) = (self.clocks.links.get(&link), self.well_since(link)) else {
            return Vec::new();
        };
        if !self.oracle.are_honest(owner, partner) || !self.can_compare(owner, partner) {
            return Vec::new();
        }
        let (now, other) = (self.world.now(), self.number(partner));
        let store = &self.world.node(self.number(owner)).store;
        let waiting = store.orders.iter().filter(|(id, order)| {
            order.statement().partner == other
                && !store.filed.contains_key(*id)
                && !self.clocks.told.contains(*id)
        });
        let waits = waiting.filter_map(|(id, _)| {
            let queued = store.queued[id];
            let asked = queued.max(speaking.since);
            // A node that came to lack something later may have lacked it while it carried the order out.
            let came_through = if queued > speaking.since {
                well_since < queued
            } else {
                speaking.began_well && well_since < speaking.since
            };
            let (from, at_most) =
                if came_through { (asked, ANSWERED_MS) } else { (asked.max(well_since), ASKED_AGAIN_MS) };
            let waited = now.since(from);
            (waited > at_most).then_some((*id, waited))
        });
        waits.collect()
    }
}
