//! What a session goes on with when a commit is done.

use super::output::Token;
use super::snapshot::PartnerMark;
use super::{Session, ending, receiving, renewing, sending};
use crate::id::{DisclosureId, EntryId, GrantId, ProposalId, RelationId, SuccessionId};
use crate::time::UnixMillis;
use crate::transaction::{Committed, EntryRecord, Fault, Relation};

/// What a session does when a commit is done.
#[derive(Debug)]
pub(super) enum Work {
    /// Nothing: the commit was all.
    Nothing,
    /// Nothing, unless it failed: these rows must be marked.
    Unsent(Vec<DisclosureId>),
    /// Build the frames of disclosed entries.
    Disclose(Vec<sending::Item>),
    /// Check changes against the document that was read.
    Check(Box<receiving::Checking>),
    /// Tell what late changes became.
    Late(Box<receiving::Checking>),
    /// Put a new generation in the place of what was read.
    TakeOver(Box<renewing::TakingOver>),
    /// Acknowledge a new generation.
    TakenOver(Box<renewing::TakenOver>),
    /// Settle what the owner has named.
    Named(EntryId),
    /// Let go of earlier generations.
    Settled(renewing::Settled),
    /// Acknowledge an entry that was stored.
    Stored(Box<receiving::Arrival>),
    /// Send a grant, now that it is written down that the partner may have it.
    Hand(GrantId),
    /// Say that a grant is stored.
    GrantStored(GrantId),
    /// Say that a relation is stored.
    RelationStored(Relation),
    /// Build a relation's frame.
    Relate(RelationId, Vec<DisclosureId>),
    /// Build a proposal's frame.
    Propose(ProposalId, DisclosureId),
    /// Announce the entry that a proposal became, and count its bytes.
    Taken(ProposalId, Box<EntryRecord>, u64),
    /// Look for undelivered writing in what an order has hidden.
    Hidden(Box<ending::CarryingOut>),
    /// Take undelivered writing out of what was read.
    ReadBack(Box<ending::CarryingOut>),
    /// Send the receipt for an order that was carried out.
    Receipt(Box<ending::CarriedOut>),
    /// Count this mark as stored, or go back to the one that is.
    MarkSeen(Box<PartnerMark>),
    /// Offer a case, now that it is written down that the partner may know of it.
    OfferHanded(SuccessionId),
    /// Say that a service's answer is kept.
    UptakeHeard(GrantId, UnixMillis),
    /// Count what is kept of an offer of a baton as durable.
    BatonKept(Box<crate::baton::there::BatonThere>),
    /// Forget an offer of a baton.
    BatonOver(crate::id::BatonOfferId),
}

impl Session {
    pub(super) fn done(&mut self, token: Token, outcome: Result<Committed, Fault>) {
        let Some(work) = self.work.remove(&token) else { return };
        match work {
            Work::Nothing => {}
            Work::Unsent(rows) => self.marked(rows, &outcome),
            Work::Disclose(items) => self.disclosed(items, outcome),
            Work::Check(checking) => self.loaded(*checking, outcome),
            Work::Late(checking) => self.late_stored(*checking, outcome),
            Work::TakeOver(taking) => self.take_over(*taking, outcome),
            Work::TakenOver(taken) => self.taken_over(*taken, outcome),
            Work::Named(entry) => self.named_loaded(entry, outcome),
            Work::Settled(settled) => self.settled(settled, outcome),
            Work::Stored(arrival) => self.stored(*arrival, outcome),
            Work::Hand(grant) => self.grant_handed(grant, outcome),
            Work::GrantStored(grant) => self.grant_stored(grant, outcome),
            Work::RelationStored(relation) => self.relation_stored(relation, outcome),
            Work::Relate(relation, rows) => self.related(relation, rows, outcome),
            Work::Propose(proposal, row) => self.proposal_disclosed(proposal, row, outcome),
            Work::Taken(proposal, record, bytes) => self.proposal_taken(proposal, *record, bytes, outcome),
            Work::Hidden(carrying) => self.hidden(*carrying, outcome),
            Work::ReadBack(carrying) => self.was_read_back(*carrying, outcome),
            Work::Receipt(carried_out) => self.carried_out(*carried_out, outcome),
            Work::MarkSeen(mark) => self.mark_seen(*mark, &outcome),
            Work::OfferHanded(succession) => self.offer_handed(succession, outcome),
            Work::UptakeHeard(grant, said_at) => self.uptake_heard(grant, said_at, outcome),
            Work::BatonKept(record) => self.baton_kept(*record, &outcome),
            Work::BatonOver(offer) => self.baton_over(offer, &outcome),
        }
    }
}
