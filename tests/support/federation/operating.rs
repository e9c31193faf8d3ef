//! What operators do, and what befalls a node.

use std::sync::Arc;

use stafett_protocol::agreement::{Agreement, Standing};
use stafett_protocol::id::CaseId;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::PublicKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Fault;

use super::{CaseAt, Crash, Event, Federation, Happened, Place};

impl Federation {
    /// Stops a node and starts it again from what it keeps.
    pub fn restart(&mut self, number: OrganisationNumber, crash: Crash) {
        let places = self.ends_of(number);
        let tenths = match crash {
            Crash::BeforeCommits => 0,
            Crash::AfterCommits => 10,
            Crash::SomeCommits { tenths } => usize::from(tenths),
        };
        let incarnation_before = self.nodes[&number].incarnation;
        let is_ours = |event: &Event| {
            matches!(event, Event::Commit { at, incarnation, .. }
                if places.contains(at) && *incarnation == incarnation_before)
        };
        let keys = self.queue.iter().filter(|(_, event)| is_ours(event)).map(|(key, _)| *key);
        let keys: Vec<_> = keys.collect();
        let kept = keys.len() * tenths / 10;
        let lost = keys.len() - kept;
        for key in keys.into_iter().take(kept) {
            if let Some(Event::Commit { transaction, .. }) = self.queue.remove(&key) {
                let taken = super::taken_by(number, &transaction, self.now);
                if self.node_mut(number).store.commit(transaction).is_ok() {
                    self.news.extend(taken);
                }
            }
        }
        self.node_mut(number).incarnation += 1;
        self.news.push(Happened::Restarted { node: number, kept, lost });
        for place in places {
            self.disconnect(place.0);
            let end = self.end(place);
            let session = self.fresh_session(number, end.partner, end.agreement.as_ref(), end.standing);
            self.end_mut(place).session = session;
            if !self.links[place.0].is_cut {
                self.connect_soon(place.0);
            }
        }
    }

    /// Changes one side's agreement or trust, as its operator does.
    pub fn change_standing(
        &mut self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        change: impl FnOnce(&mut Option<Agreement>, &mut Standing),
    ) {
        let place = self.end_towards(own, partner);
        let end = self.end_mut(place);
        change(&mut end.agreement, &mut end.standing);
        let (agreement, standing) = (end.agreement.clone(), end.standing);
        self.handle(place, Input::StandingChanged { agreement, standing });
    }

    /// How a node stands to a partner.
    pub fn standing(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Standing {
        self.end(self.end_towards(own, partner)).standing
    }

    /// Since when the oldest order to a partner waits for its receipt.
    pub fn waits_since(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Option<UnixMillis> {
        let store = &self.nodes[&own].store;
        let waiting = store
            .orders
            .iter()
            .filter(|(id, order)| order.statement().partner == partner && !store.filed.contains_key(*id));
        waiting.map(|(id, _)| store.queued[id]).min()
    }

    /// Looks whether a receipt is overdue, as a node does by its clock.
    pub fn refresh_standing(&mut self, own: OrganisationNumber, partner: OrganisationNumber) {
        let oldest = self.waits_since(own, partner);
        let now = self.now;
        self.change_standing(own, partner, |_, standing| *standing = standing.with_receipts(oldest, now));
    }

    /// Changes one side's agreement or trust, and ends and issues what follows from it in every own
    /// case, as a node does.
    pub fn agree_anew(
        &mut self,
        own: OrganisationNumber,
        partner: OrganisationNumber,
        change: impl FnOnce(&mut Option<Agreement>, &mut Standing),
    ) {
        self.change_standing(own, partner, change);
        self.sweep_all(own);
    }

    /// Looks in every own case of a node for what is due or over by the passing of time.
    pub fn sweep_all(&mut self, owner: OrganisationNumber) {
        if self.is_sealed(owner) {
            return;
        }
        let cases: Vec<CaseId> = self.nodes[&owner].store.ledgers.keys().copied().collect();
        for case in cases {
            let name = format!("sweep {case} {}", self.now.0);
            self.named(&name, |world| world.sweep(CaseAt { owner, case }));
        }
    }

    /// Looks whether a receipt is overdue; whether the partner's standing changed to that.
    pub fn refresh_standing_if_due(&mut self, own: OrganisationNumber, partner: OrganisationNumber) -> bool {
        let before = self.standing(own, partner);
        let after = before.with_receipts(self.waits_since(own, partner), self.now);
        if before == after {
            return false;
        }
        self.change_standing(own, partner, |_, standing| *standing = after);
        after == Standing::ReceiptOverdue
    }

    /// The agreement that was made with a partner, on all areas and all its services.
    pub fn whole_agreement(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Agreement {
        let end = self.end(self.end_towards(own, partner));
        end.made.clone()
    }

    /// Takes every connection away until everybody wakes up.
    pub fn fall_asleep(&mut self) {
        self.is_asleep = true;
        (0..self.links.len()).for_each(|link| self.disconnect(link));
    }

    /// Lets the nodes connect again.
    pub fn wake_up(&mut self) {
        self.is_asleep = false;
        (0..self.links.len()).for_each(|link| self.connect_soon(link));
    }

    /// Heals every link, both ways, and lets every transport take what waits.
    pub fn heal_all(&mut self) {
        self.is_asleep = false;
        for link in 0..self.links.len() {
            self.links[link].is_cut = false;
            let [one, other] = [0, 1].map(|side| self.links[link].ends[side].own);
            for (own, partner) in [(one, other), (other, one)] {
                self.unmute(own, partner);
                self.flow(own, partner);
            }
            self.connect_soon(link);
        }
    }

    /// Sets a standing and tells the session.
    pub(super) fn set_standing(&mut self, place: Place, standing: Standing) {
        self.end_mut(place).standing = standing;
        let agreement = self.end(place).agreement.clone();
        self.handle(place, Input::StandingChanged { agreement, standing });
    }

    /// The agreement that a node has with a partner.
    pub fn agreement(&self, own: OrganisationNumber, partner: OrganisationNumber) -> Option<&Agreement> {
        self.end(self.end_towards(own, partner)).agreement.as_ref()
    }

    /// Whether two nodes have a link.
    pub fn has_link(&self, own: OrganisationNumber, partner: OrganisationNumber) -> bool {
        self.ends_of(own).into_iter().any(|place| self.end(place).partner == partner)
    }

    /// A node signs with another key from here on; its partners know both.
    pub fn rotate_key(&mut self, node: OrganisationNumber, seed: u8) {
        let key = Arc::new(crate::names::key(seed));
        let kept = self.node_mut(node);
        kept.keys.push(key.public());
        kept.key = key;
        let partners: Vec<_> = self.ends_of(node).into_iter().map(|place| self.end(place).partner).collect();
        self.restart(node, Crash::AfterCommits);
        partners.into_iter().for_each(|partner| self.restart(partner, Crash::AfterCommits));
    }

    /// Every key that a node has had.
    pub fn keys_of(&self, node: OrganisationNumber) -> &[PublicKey] {
        &self.nodes[&node].keys
    }

    /// Whether a node's program knows a kind of frame.
    pub fn knows(&self, node: OrganisationNumber, kind: u16) -> bool {
        kind <= self.nodes[&node].knows
    }

    /// A node runs an older program, that knows no newer kinds of frames than this.
    pub fn set_program(&mut self, node: OrganisationNumber, knows: u16) {
        self.node_mut(node).knows = knows;
        self.restart(node, Crash::AfterCommits);
    }

    /// The clock that a node goes by is found ahead when it starts again: it is sealed.
    pub fn jump_clock(&mut self, node: OrganisationNumber, ahead: u64) {
        self.seal(node);
        self.node_mut(node).clock_ahead = ahead;
        self.restart(node, Crash::AfterCommits);
    }

    /// The clock that a node goes by is found far back when it starts again: it is sealed, and its time
    /// stands at the latest that it knows.
    pub fn set_clock_back(&mut self, node: OrganisationNumber) {
        self.seal(node);
        self.node_mut(node).clock_stands_at = Some(self.now);
        self.restart(node, Crash::AfterCommits);
    }

    /// The operator puts the clock right.
    pub fn right_clock(&mut self, node: OrganisationNumber) {
        self.node_mut(node).clock_ahead = 0;
        self.node_mut(node).clock_stands_at = None;
        self.open_again(node);
    }

    /// The disk of a node is full, or has room again. What closes something finds room all the same.
    pub fn set_full(&mut self, node: OrganisationNumber, is_full: bool) {
        self.node_mut(node).store.fails = is_full.then_some(Fault::Store);
    }

    /// Starts one session anew from what is kept, without the rest of its node.
    pub(super) fn start_session_anew(&mut self, place: Place) {
        self.disconnect(place.0);
        let end = self.end(place);
        let own = end.own;
        let session = self.fresh_session(own, end.partner, end.agreement.as_ref(), end.standing);
        self.end_mut(place).session = session;
        self.end_mut(place).starts += 1;
        if !self.links[place.0].is_cut {
            self.connect_soon(place.0);
        }
    }
}
