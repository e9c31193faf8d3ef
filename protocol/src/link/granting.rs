//! Grants, both ways: sent before anything that goes under them, believed only when signed.
//!
//! Before a grant leaves for the first time, it is written down that the partner may have it, and
//! that stands whatever becomes of its frame: only a grant of which no frame was ever built is ended
//! without a word. An order would tell of a case that the partner has never heard of, and that may
//! be blocked by then (laws 5 and 15); a silence about one that did leave would leave it there (law 12).

use std::collections::BTreeSet;

use super::output::Alarm;
use super::snapshot::{Handed, IssuedState};
use super::{Session, Work};
use crate::access::{permit_grant, permit_keeping};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::{CaseId, GrantId};
use crate::planted::planted;
use crate::signed::{Signed, Verified};
use crate::transaction::{Committed, Fault, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, GrantFrame, Stored};

/// The kind of a frame that holds a grant.
const GRANT_KIND: u16 = 2;

impl Session {
    /// A grant for this partner was committed: it goes out before its entries do.
    pub(super) fn grant_issued(&mut self, grant: Verified<Grant>) {
        let statement = grant.statement();
        if statement.partner != self.identity.partner {
            return;
        }
        let (id, case) = (statement.grant, statement.case);
        let issued = IssuedState { grant, stored: false, sent: false, handed: Handed::No };
        self.issued.entry(id).or_insert(issued);
        self.abort_reconciliation();
        self.put_in_line(case);
    }

    fn put_in_line(&mut self, case: CaseId) {
        let entries = self.entries.iter().filter(|(_, tracked)| tracked.record.facts.case == case);
        self.pending.extend(entries.map(|(entry, _)| *entry));
    }

    /// Sends the grants that the partner may have and lacks, and has the others written down first.
    pub(super) fn pump_grants(&mut self) {
        let unsent = self.issued.iter().filter(|(_, issued)| !issued.sent && !issued.stored);
        let unsent: Vec<(GrantId, Handed)> = unsent.map(|(grant, issued)| (*grant, issued.handed)).collect();
        for (grant, handed) in unsent {
            if !self.has_room() {
                return;
            }
            match handed {
                Handed::Yes => self.send_grant(grant),
                Handed::No if self.store_retry_at.is_none() => self.hand(grant),
                Handed::No | Handed::Noting => {}
            }
        }
    }

    /// Has it written down that the partner may have a grant. One that knows no grants gets none.
    fn hand(&mut self, id: GrantId) {
        let may_go = self.issued.get(&id).is_some_and(|issued| self.grant_may_go(issued));
        if !may_go || !self.understands(GRANT_KIND) {
            return;
        }
        if let Some(issued) = self.issued.get_mut(&id) {
            issued.handed = Handed::Noting;
        }
        self.room.promise(1);
        self.write(Write::GrantHanded(id), Work::Hand(id));
    }

    /// It is written down that the partner may have a grant: asks the gate again and sends it. If it
    /// may not go after all, that is taken back: no frame of it was ever built.
    pub(super) fn grant_handed(&mut self, id: GrantId, outcome: Result<Committed, Fault>) {
        self.room.keep(1);
        let is_written = outcome.is_ok();
        let may_go = self.is_live()
            && self.understands(GRANT_KIND)
            && self.issued.get(&id).is_some_and(|issued| self.grant_may_go(issued));
        let Ok(committed) = outcome else {
            self.is_not_handed(id, is_written);
            return self.wait_for_the_store();
        };
        if !may_go {
            return self.is_not_handed(id, is_written);
        }
        if let Some(number) = committed.signed.get(&self.identity.partner) {
            self.signed(*number);
        }
        let Some(issued) = self.issued.get_mut(&id) else { return };
        issued.handed = Handed::Yes;
        let case = issued.grant.statement().case;
        self.send_grant(id);
        self.put_in_line(case);
    }

    fn is_not_handed(&mut self, id: GrantId, is_written: bool) {
        if let Some(issued) = self.issued.get_mut(&id) {
            issued.handed = Handed::No;
        }
        if is_written {
            self.write(Write::GrantUnsent(id), Work::Nothing);
        }
    }

    /// Whether it is written down that the partner may have a grant.
    pub(super) fn is_handed(&self, grant: GrantId) -> bool {
        self.issued.get(&grant).is_some_and(|issued| issued.handed == Handed::Yes)
    }

    /// Makes sure that an entry's grants stand before it on the stream.
    pub(super) fn send_grants_first(&mut self, grants: &BTreeSet<GrantId>) {
        for grant in grants {
            if self.issued.get(grant).is_some_and(|issued| !issued.sent && !issued.stored) {
                self.send_grant(*grant);
            }
        }
    }

    fn send_grant(&mut self, id: GrantId) {
        let may_go = |issued: &&IssuedState| issued.handed == Handed::Yes && self.grant_may_go(issued);
        let Some(issued) = self.issued.get(&id).filter(may_go) else { return };
        let token = issued.grant.token().to_owned();
        self.send(Frame::Grant(GrantFrame { token }));
        if let Some(issued) = self.issued.get_mut(&id) {
            issued.sent = true;
        }
    }

    /// Whether the partner may be told of a grant now.
    pub(super) fn grant_may_go(&self, issued: &IssuedState) -> bool {
        let statement = issued.grant.statement();
        self.cases.get(&statement.case).is_some_and(|ledger| {
            let known = ledger.grants().get(&statement.grant);
            let agreement = self.agreement.as_ref();
            let (consent, standing, now) = (statement.consent, self.standing, self.now);
            let stays = |grant| permit_keeping(ledger, agreement, standing, grant, now).is_ok();
            known.is_some_and(|grant| grant.ended_at.is_none() && stays(grant))
                && permit_grant(ledger, agreement, standing, consent, now).is_ok()
        })
    }

    /// The partner hands a grant over: believed if it signed it, for this node and a service
    /// that the agreement names.
    pub(super) fn grant_frame(&mut self, body: GrantFrame) {
        let signed = Signed::<Grant>::from_token(body.token);
        let Ok(grant) = signed.verify(&self.identity.partner_keys) else { return self.bad_signature() };
        let statement = grant.statement();
        let is_for_us = statement.owner == self.identity.partner && statement.partner == self.identity.own;
        if !is_for_us {
            return self.bad_signature();
        }
        // The two sides' agreements may name different services by honest mistake.
        let is_agreed =
            self.may_receive().is_ok_and(|agreement| agreement.our_services.contains(&statement.service));
        if !is_agreed {
            return self.refuse(2, ErrorCode::NotShared);
        }
        // A case has one owner (law 1): no partner shares a case of this node's with it.
        if self.cases.contains_key(&statement.case) && !planted!("grant-for-own-case") {
            return self.refuse(2, ErrorCode::NotShared);
        }
        let id = statement.grant;
        let elsewhere = self.received.iter().filter(|(case, _)| **case != statement.case);
        let mut elsewhere = elsewhere.flat_map(|(_, received)| received);
        if elsewhere.any(|received| received.grant.grant == id) {
            return self.offence(2, ErrorCode::BadStatement);
        }
        let known = self.received.entry(statement.case).or_default();
        if let Some(received) = known.iter().find(|received| received.grant.grant == id) {
            if received.grant != *statement {
                return self.offence(2, ErrorCode::BadStatement);
            }
            // One that comes again before its commit is done is answered with it (law 11).
            let is_being_stored = |work: &Work| matches!(work, Work::GrantStored(grant) if *grant == id);
            if !self.work.values().any(is_being_stored) {
                self.send(Frame::Stored(Stored::Grant(id)));
            }
            return;
        }
        let ended_at = self.ended.contains(&id).then_some(self.now);
        known.push(ReceivedGrant { grant: statement.clone(), ended_at });
        self.abort_reconciliation();
        self.write(Write::GrantReceived(grant), Work::GrantStored(id));
    }

    /// The partner does not take grants of this node: once on each connection somebody is told.
    pub(super) fn grant_refused(&mut self) {
        let is_waiting = self.issued.values().any(|issued| issued.sent && !issued.stored);
        let Some(connection) = self.connection.as_mut().filter(|_| is_waiting) else { return };
        if !std::mem::replace(&mut connection.is_grant_refused, true) {
            self.alarm(Alarm::GrantRefused);
        }
    }

    pub(super) fn grant_stored(&mut self, grant: GrantId, outcome: Result<Committed, Fault>) {
        match outcome {
            Ok(_) => self.send(Frame::Stored(Stored::Grant(grant))),
            Err(_) => {
                for received in self.received.values_mut() {
                    received.retain(|received| received.grant.grant != grant);
                }
                self.refuse(2, ErrorCode::NotNow);
            }
        }
    }

    pub(super) fn stored_frame(&mut self, body: Stored) {
        let partner = self.identity.partner;
        match body {
            Stored::Grant(grant) => {
                let waits = |issued: &&mut IssuedState| !issued.stored && issued.handed == Handed::Yes;
                let Some(issued) = self.issued.get_mut(&grant).filter(waits) else {
                    return;
                };
                issued.stored = true;
                self.batons.look_at(issued.grant.statement().case);
                self.write(Write::GrantStored(grant), Work::Nothing);
            }
            Stored::Relation(relation) => {
                let tracked =
                    self.relations.get_mut(&relation).filter(|tracked| tracked.sent && !tracked.stored);
                let Some(tracked) = tracked else { return };
                tracked.stored = true;
                self.write(Write::RelationStored { partner, relation }, Work::Nothing);
            }
        }
    }
}
