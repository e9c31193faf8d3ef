//! Grants, both ways: sent before anything that goes under them, believed only when signed.

use std::collections::BTreeSet;

use super::output::Alarm;
use super::snapshot::IssuedState;
use super::{Session, Work};
use crate::access::{permit_grant, permit_keeping};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::GrantId;
use crate::signed::{Signed, Verified};
use crate::transaction::{Committed, Fault, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, GrantFrame, Stored};

impl Session {
    /// A grant for this partner was committed: it goes out before its entries do.
    pub(super) fn grant_issued(&mut self, grant: Verified<Grant>) {
        let statement = grant.statement();
        if statement.partner != self.identity.partner {
            return;
        }
        let (id, case) = (statement.grant, statement.case);
        self.issued.entry(id).or_insert(IssuedState { grant, stored: false, sent: false });
        self.abort_reconciliation();
        let entries = self.entries.iter().filter(|(_, tracked)| tracked.record.facts.case == case);
        self.pending.extend(entries.map(|(entry, _)| *entry));
    }

    pub(super) fn pump_grants(&mut self) {
        let unsent = self.issued.iter().filter(|(_, issued)| !issued.sent && !issued.stored);
        let unsent: BTreeSet<GrantId> = unsent.map(|(grant, _)| *grant).collect();
        for grant in unsent {
            if self.has_room() {
                self.send_grants(&BTreeSet::from([grant]));
            }
        }
    }

    /// Makes sure that an entry's grants stand before it on the stream.
    pub(super) fn send_grants_first(&mut self, grants: &BTreeSet<GrantId>) {
        let unsent = grants
            .iter()
            .filter(|grant| self.issued.get(grant).is_some_and(|issued| !issued.sent && !issued.stored));
        let unsent = unsent.copied().collect();
        self.send_grants(&unsent);
    }

    fn send_grants(&mut self, grants: &BTreeSet<GrantId>) {
        for id in grants {
            let Some(issued) = self.issued.get(id).filter(|issued| self.grant_may_go(issued)) else {
                continue;
            };
            let token = issued.grant.token().to_owned();
            self.send(Frame::Grant(GrantFrame { token }));
            if let Some(issued) = self.issued.get_mut(id) {
                issued.sent = true;
            }
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
        if self.cases.contains_key(&statement.case) {
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
            return self.send(Frame::Stored(Stored::Grant(id)));
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
                let Some(issued) = self.issued.get_mut(&grant).filter(|issued| !issued.stored) else {
                    return;
                };
                issued.stored = true;
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
