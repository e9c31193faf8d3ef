//! Relations between entries, such as a measure and its goal: named to a partner only with
//! permits for both ends (law 5).

use super::snapshot::TrackedRelation;
use super::{Session, Work};
use crate::disclosure::DisclosureRow;
use crate::id::{DisclosureId, RelationId};
use crate::planted::planted;
use crate::transaction::{Committed, Fault, Relation, Transaction, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, RelationFrame, Stored};

impl Session {
    /// A relation of an own case was committed.
    pub(super) fn relation_committed(&mut self, relation: Relation) {
        if relation.owner == self.identity.own {
            let tracked = TrackedRelation { relation, stored: false, sent: false };
            self.relations.entry(relation.id).or_insert(tracked);
        }
    }

    pub(super) fn pump_relations(&mut self) {
        let own = self.identity.own;
        let is_own = |tracked: &TrackedRelation| tracked.relation.owner == own;
        let unsent = self.relations.iter();
        let unsent = unsent.filter(|(_, tracked)| is_own(tracked) && !tracked.sent && !tracked.stored);
        let unsent: Vec<Relation> = unsent.map(|(_, tracked)| tracked.relation).collect();
        for relation in unsent {
            if !self.has_room() {
                return;
            }
            let Some(rows) = self.relation_rows(&relation) else { continue };
            self.disclosures_made = self.disclosures_made.saturating_add(1);
            if let Some(tracked) = self.relations.get_mut(&relation.id) {
                tracked.sent = true;
            }
            let ids = rows.iter().map(|row| row.id).collect();
            self.room.promise(1);
            let rows = rows.into_iter().filter(|_| !planted!("no-row-of-a-relation"));
            let transaction = Transaction::of(rows.map(Write::Disclosure).collect());
            self.commit(transaction, Work::Relate(relation.id, ids));
        }
    }

    /// A row for each end, if the partner has both and the gate opens for both.
    fn relation_rows(&self, relation: &Relation) -> Option<Vec<DisclosureRow>> {
        [relation.from, relation.to]
            .into_iter()
            .map(|end| {
                let tracked = self.entries.get(&end)?;
                let heads = tracked.acknowledged.clone()?;
                if tracked.held.generation != Some(tracked.generation()) {
                    return None;
                }
                let permit = self.permit(tracked).ok()?;
                let mut about = *relation.id.as_bytes();
                about.iter_mut().zip(end.as_bytes()).for_each(|(byte, other)| *byte ^= other);
                Some(DisclosureRow::of(&permit, self.disclosure_id(&about), heads, self.now))
            })
            .collect()
    }

    /// Both rows are durable: asks the gate again for both ends and sends the relation.
    pub(super) fn related(
        &mut self,
        id: RelationId,
        rows: Vec<DisclosureId>,
        outcome: Result<Committed, Fault>,
    ) {
        self.room.keep(1);
        let Some(relation) = self.relations.get(&id).map(|tracked| tracked.relation) else { return };
        let is_open = self.relation_rows(&relation).is_some() || planted!("relation-not-asked-again");
        if outcome.is_ok() && self.is_live() && is_open {
            let Relation { id, case, from, to, .. } = relation;
            let frame = Frame::Relation(RelationFrame { relation: id, case, from, to });
            return self.send_resting_on(frame, rows);
        }
        if let Some(tracked) = self.relations.get_mut(&id) {
            tracked.sent = false;
        }
        if outcome.is_err() {
            self.wait_for_the_store();
        } else {
            self.mark_unsent(rows);
        }
    }

    /// The partner relates two entries of a case that it owns.
    pub(super) fn relation_frame(&mut self, body: &RelationFrame) {
        let partner = self.identity.partner;
        let is_here = |entry| {
            self.entries.get(&entry).is_some_and(|tracked| {
                tracked.record.owner == partner
                    && tracked.record.facts.case == body.case
                    && self.may_receive_entry(tracked).is_ok()
            })
        };
        if !is_here(body.from) || !is_here(body.to) {
            return self.refuse(9, ErrorCode::NotShared);
        }
        let RelationFrame { relation: id, case, from, to } = *body;
        let relation = Relation { id, owner: partner, case, from, to };
        if self.relations.get(&id).is_some_and(|known| known.relation != relation) {
            return self.offence(9, ErrorCode::BadChange);
        }
        self.write(Write::Relation(relation), Work::RelationStored(relation));
    }

    pub(super) fn relation_stored(&mut self, relation: Relation, outcome: Result<Committed, Fault>) {
        let both_are_here =
            [relation.from, relation.to].into_iter().all(|end| self.entries.contains_key(&end));
        if outcome.is_err() {
            self.refuse(9, ErrorCode::NotNow);
        } else if both_are_here {
            let tracked = TrackedRelation { relation, stored: true, sent: false };
            self.relations.insert(relation.id, tracked);
            self.send(Frame::Stored(Stored::Relation(relation.id)));
        }
    }
}
