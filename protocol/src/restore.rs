//! What a restored node and its partner tell one another, and what follows (law 16).
//!
//! A partner shows every grant that it has under the restored node's signature, with what it holds
//! under it, and which of its own grants live. Closing wins: what either side has ended stays
//! ended, and what the restored node no longer knows is called back.

use std::collections::{BTreeMap, BTreeSet};

use crate::erasure::retention::Retention;
use crate::erasure::{EraseOrder, LockBasis, Recall};
use crate::grant::{Grant, ReceivedGrant};
use crate::id::{CaseId, ConsentId, EntryId, GrantId, ProposalId};
use crate::journal::Closing;
use crate::ledger::LedgerView;
use crate::limits::RETURNED_DRAFT_MS;
use crate::link::snapshot::Unreadable;
use crate::municipality::OrganisationNumber;
use crate::signed::Verified;
use crate::time::UnixMillis;
use crate::transaction::{EntryRecord, EntryState, Proposal, ProposalState, Write};

/// What is held here under one of a partner's grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldGrant {
    /// The grant as the partner signed it.
    pub token: String,
    /// Whether it has ended here.
    pub has_ended: bool,
    /// Entries that are here under it and can be shown.
    pub entries: BTreeSet<EntryId>,
}

/// What a node tells a partner that was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holdings {
    /// The partner's grants that are here.
    pub grants: BTreeMap<GrantId, HeldGrant>,
    /// Every order to the partner, also those with a receipt.
    pub orders: Vec<Verified<EraseOrder>>,
}

/// A grant of this node's, as a partner has shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownGrant {
    /// The grant; this node signed it.
    pub grant: Verified<Grant>,
    /// Whether it has ended at the partner.
    pub has_ended: bool,
    /// Entries that the partner holds under it and shows.
    pub entries: BTreeSet<EntryId>,
}

/// What a partner has shown to this restored node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// This node's grants that the partner has.
    pub grants: BTreeMap<GrantId, ShownGrant>,
    /// The partner's grants to this node that have not ended there.
    pub living: BTreeSet<GrantId>,
}

impl Shown {
    pub(crate) fn add(&mut self, grant: Verified<Grant>, has_ended: bool, entries: BTreeSet<EntryId>) {
        let id = grant.statement().grant;
        let shown =
            self.grants.entry(id).or_insert(ShownGrant { grant, has_ended, entries: BTreeSet::new() });
        shown.has_ended |= has_ended;
        shown.entries.extend(entries);
    }
}

/// What this node has on record of one grant.
#[derive(Debug, Clone, Copy)]
pub struct OnRecord<'a> {
    /// What holds in the case, if it is here.
    pub ledger: Option<&'a LedgerView>,
    /// Entries that its disclosure rows say went out under the grant.
    pub sent: &'a BTreeSet<EntryId>,
    /// Entries that orders for it name which wait for their receipt, if there are such orders.
    pub ordered: Option<&'a BTreeSet<EntryId>>,
}

/// What must follow for a grant that a partner has shown.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: both sides know the same.
    Stands,
    /// It ends, and the partner is ordered to erase what it holds under it.
    Ends {
        /// The consent that opens nothing until it is reconfirmed: the partner was once told that
        /// its grant is over, and why is lost.
        doubtful: Option<ConsentId>,
    },
    /// The chain does not know it, so only an order can end it.
    Unknown,
}

/// Judges one grant that a partner shows.
pub fn judge(shown: &ShownGrant, on_record: OnRecord<'_>, now: UnixMillis) -> Verdict {
    let statement = shown.grant.statement();
    let known = on_record.ledger.and_then(|ledger| ledger.grants().get(&statement.grant));
    let is_empty = shown.has_ended && shown.entries.is_empty();
    let is_ordered = on_record.ordered.is_some_and(|ordered| shown.entries.is_subset(ordered));
    let is_over = is_empty || is_ordered;
    match known {
        None if is_over => Verdict::Stands,
        None => Verdict::Unknown,
        Some(issued) if issued.ended_at.is_some() && is_over => Verdict::Stands,
        Some(issued) if issued.ended_at.is_some() => Verdict::Ends { doubtful: None },
        Some(issued) if shown.has_ended && now < statement.until => {
            Verdict::Ends { doubtful: Some(issued.consent) }
        }
        Some(_) if shown.entries.is_subset(on_record.sent) => Verdict::Stands,
        Some(_) => Verdict::Ends { doubtful: None },
    }
}

/// What must be called back for a grant that ends.
pub fn recall(shown: &ShownGrant, sent: &BTreeSet<EntryId>) -> Recall {
    Recall::from_rows(shown.grant.statement(), []).and(shown.entries.union(sent).copied())
}

/// The grants of `owner` that live here and not there.
pub fn over_at_owner(
    received: &[ReceivedGrant],
    living: &BTreeSet<GrantId>,
) -> BTreeMap<CaseId, BTreeSet<GrantId>> {
    let mut over: BTreeMap<CaseId, BTreeSet<GrantId>> = BTreeMap::new();
    for received in received.iter().filter(|received| received.ended_at.is_none()) {
        if !living.contains(&received.grant.grant) {
            over.entry(received.grant.case).or_default().insert(received.grant.grant);
        }
    }
    over
}

/// A received case in which grants end without an order that names the entries.
#[derive(Debug, Clone, Copy)]
pub struct ReceivedCase<'a> {
    /// This node.
    pub own: OrganisationNumber,
    /// Who owns the case.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
    /// Every grant that came for it.
    pub grants: &'a [ReceivedGrant],
    /// Its entries here.
    pub entries: &'a [EntryRecord],
    /// Proposals in it.
    pub proposals: &'a [Proposal],
    /// What this municipality must keep of what it received.
    pub retention: &'a Retention,
}

impl ReceivedCase<'_> {
    /// The entries that came under these grants and no other that counts: what is undelivered of
    /// them goes back to its author before they end.
    pub fn left_by(&self, ended: &BTreeSet<GrantId>, now: UnixMillis) -> BTreeSet<EntryId> {
        let others = self.others(ended, now);
        let left = self.touched(ended).filter(|record| record.under.is_disjoint(&others));
        left.map(|record| record.facts.entry).collect()
    }

    /// Grants that go on counting.
    fn others(&self, ended: &BTreeSet<GrantId>, now: UnixMillis) -> BTreeSet<GrantId> {
        let counting = self.grants.iter().filter(|received| received.counts(now));
        counting.map(|received| received.grant.grant).filter(|grant| !ended.contains(grant)).collect()
    }

    fn touched<'s>(&'s self, ended: &'s BTreeSet<GrantId>) -> impl Iterator<Item = &'s EntryRecord> {
        self.entries.iter().filter(move |record| {
            record.owner == self.owner && record.state == EntryState::Live && !record.under.is_disjoint(ended)
        })
    }

    /// On what an entry is kept here when its sharing has ended, if it is.
    fn lock_basis(
        &self,
        record: &EntryRecord,
        ended: &BTreeSet<GrantId>,
        now: UnixMillis,
    ) -> Option<LockBasis> {
        let written_by = record.facts.written_by.as_ref();
        if record.author.is_some() || written_by.is_some_and(|service| service.host == self.own) {
            return Some(LockBasis::OwnWriting);
        }
        let over = self.grants.iter().map(|received| &received.grant);
        let mut over =
            over.filter(|grant| ended.contains(&grant.grant) && record.under.contains(&grant.grant));
        let kept =
            over.any(|grant| self.retention.basis_for(record.facts.kind, &grant.service, now).is_some());
        kept.then_some(LockBasis::DutyToKeep)
    }

    /// Ends grants here, with all that came under them and no other: hidden, then erased or, where
    /// the own staff wrote it or the law makes this municipality keep it, locked (law 12).
    pub fn end(&self, ended: &BTreeSet<GrantId>, now: UnixMillis) -> Vec<Write> {
        let Self { owner, case, .. } = *self;
        let mut writes = Vec::new();
        for grant in ended {
            writes.push(Write::GrantEnded { owner, case, grant: *grant, at: now });
            let closing = Closing::ReceivedGrantEnded { owner, case, grant: *grant };
            writes.push(Write::Closing { closing, at: now });
        }
        let others = self.others(ended, now);
        let (mut erased, mut locked) = (BTreeSet::new(), BTreeMap::new());
        for record in self.touched(ended) {
            let entry = record.facts.entry;
            let under: BTreeSet<GrantId> = record.under.intersection(&others).copied().collect();
            if !under.is_empty() {
                writes.push(Write::Under { entry, under });
            } else if let Some(basis) = self.lock_basis(record, ended, now) {
                locked.insert(entry, basis);
            } else {
                erased.insert(entry);
            }
        }
        let undelivered = self
            .proposals
            .iter()
            .filter(|proposal| ended.contains(&proposal.grant) && proposal.state == ProposalState::Waiting);
        let until = now.plus(RETURNED_DRAFT_MS);
        let returned = |id: ProposalId| Write::ProposalReturned { proposal: id, until };
        writes.extend(undelivered.map(|proposal| returned(proposal.id)));
        if !locked.is_empty() {
            writes.push(Write::Lock { entries: locked });
        }
        if !erased.is_empty() {
            writes.push(Write::Erase { case, entries: erased });
        }
        writes
    }

    /// Ends with them what came under these grants and whose rows are damaged here: it is erased,
    /// unless another grant that counts holds it.
    pub fn end_unreadable(
        &self,
        unreadable: &BTreeMap<EntryId, Unreadable>,
        ended: &BTreeSet<GrantId>,
        now: UnixMillis,
    ) -> Vec<Write> {
        let others = self.others(ended, now);
        let is_touched = |one: &Unreadable| {
            one.owner == self.owner
                && one.case == self.case
                && one.state == EntryState::Live
                && !one.under.is_disjoint(ended)
        };
        let touched = unreadable.iter().filter(|(_, one)| is_touched(one));
        let end = |(entry, one): (&EntryId, &Unreadable)| {
            let under: BTreeSet<GrantId> = one.under.intersection(&others).copied().collect();
            if under.is_empty() {
                Write::Erase { case: self.case, entries: BTreeSet::from([*entry]) }
            } else {
                Write::Under { entry: *entry, under }
            }
        };
        touched.map(end).collect()
    }
}

#[cfg(test)]
mod tests;
