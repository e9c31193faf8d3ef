//! What a node tells a partner that was restored.

use std::collections::BTreeSet;

use stafett_protocol::id::{EntryId, GrantId};
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::restore::{HeldGrant, Holdings, Shown};

use super::{Federation, Place};

impl Federation {
    /// A partner showed a later mark than the node's own.
    pub(in crate::federation) fn note_shown_above(&mut self, place: Place) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        self.node_mut(own).shown_above.push(partner);
    }

    /// A partner showed what it holds.
    pub(in crate::federation) fn note_shown(&mut self, place: Place, shown: Shown) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        self.node_mut(own).shown.push((partner, shown));
    }

    /// Says that what a partner has shown could not be compared.
    pub fn cannot_compare(&mut self, own: OrganisationNumber, partner: OrganisationNumber) {
        let place = self.end_towards(own, partner);
        self.handle(place, Input::NotCompared);
    }

    /// Tells a restored partner what is held here under its signature.
    pub(in crate::federation) fn show_holdings(&mut self, place: Place, asked_on: [u8; 32]) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        let store = &self.nodes[&own].store;
        let of_partner = store.received.values().filter(|received| received.grant.owner == partner);
        let held = |grant: GrantId| -> BTreeSet<EntryId> {
            let under = store.entries.values().filter(|kept| kept.record.under.contains(&grant));
            under.map(|kept| kept.record.facts.entry).collect()
        };
        let grants = of_partner.map(|received| {
            let grant = received.grant.grant;
            let has_ended = received.ended_at.is_some();
            (grant, HeldGrant { token: store.tokens[&grant].clone(), has_ended, entries: held(grant) })
        });
        let grants = grants.collect();
        let orders = store.orders.values().filter(|order| order.statement().partner == partner);
        let orders = orders.cloned().collect();
        self.node_mut(own).was_asked.push(partner);
        let holdings = Some(Holdings { grants, orders });
        self.handle(place, Input::Holdings { asked_on, holdings });
    }
}
