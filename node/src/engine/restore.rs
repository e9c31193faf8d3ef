//! After a restore (law 16): what the journal says is done again, or a person goes on without it.
//!
//! Each step looks at what holds and does only what is missing, so a step that was cut short is
//! done again by the next run. The journal counts as read when all of it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde::{Deserialize, Serialize};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::Actor;
use stafett_protocol::erasure::Recall;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GrantId};
use stafett_protocol::journal::JournalLine;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::limits::{RETURNED_DRAFT_MS, RETURNED_ENTRIES_AT_A_TIME};
use stafett_protocol::link::returned;
use stafett_protocol::link::snapshot::Tracked;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::replay::{Closed, open_consents};
use stafett_protocol::restore::ReceivedCase;
use stafett_protocol::transaction::{Transaction, Write};

use super::conclude::packages_dropped;
use super::seal::SealReason;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{DisclosureFilter, LocalWrite};

/// What was done after a restore: ids and numbers, no names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AfterRestore {
    /// Lines of the journal that the store lacked, or that could be read of a broken one.
    pub lines: usize,
    /// Consents that are withdrawn again.
    pub withdrawn: BTreeSet<ConsentId>,
    /// Cases that are blocked again.
    pub blocked: BTreeSet<CaseId>,
    /// Entries that are closed to a service again.
    pub excepted: BTreeSet<EntryId>,
    /// Cases in which no guardian reads until a leader has approved who the family is.
    pub family_in_doubt: BTreeSet<CaseId>,
    /// Grants of this node's that have ended again, with new orders to erase.
    pub grants_ended: BTreeSet<GrantId>,
    /// Received cases in which grants have ended again, with what came under them.
    pub received_ended: BTreeSet<CaseId>,
    /// Cases whose key is destroyed again.
    pub destroyed: BTreeSet<CaseId>,
    /// Partners with whom an agreement had ended.
    pub agreements_ended: BTreeSet<OrganisationNumber>,
    /// Consents that open nothing until the stafettholder has reconfirmed them.
    pub in_doubt: BTreeSet<ConsentId>,
    /// Cases of this node's that the journal names and the store does not have: they were opened
    /// after the backup.
    pub cases_unknown: BTreeSet<CaseId>,
    /// How many times the node has been restored.
    pub incarnation: u64,
}

impl Engine {
    /// Does everything again that the journal says and the store lacks, and opens the node.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if there is nothing to replay, [`EngineError::Store`] or
    /// [`EngineError::Fault`] if it cannot be done; what was done by then stays, and the node
    /// stays sealed.
    pub async fn replay_journal(&self) -> Result<AfterRestore, EngineError> {
        let mut done = AfterRestore::default();
        {
            let _turn = self.inner.commands.lock().await;
            self.clock_must_be_right()?;
            if !self.seals().contains(&SealReason::BehindJournal) {
                let reason = "there is nothing to replay: the store has what its journal says";
                return Err(EngineError::Conflict { reason });
            }
            let lines = self.inner.store.journal_missing().await?;
            done.incarnation = self.next_incarnation().await?;
            self.close_again(&lines, &mut done).await?;
            let local = vec![self.inner.store.accept_journal(), LocalWrite::Incarnation(done.incarnation)];
            self.inner.store.commit_with(Transaction::default(), local).await?;
        }
        tracing::warn!(lines = done.lines, incarnation = done.incarnation, "the journal was replayed");
        self.unseal(&[SealReason::BehindJournal]).await?;
        Ok(done)
    }

    /// Goes on without a journal that can be relied on: what can be read of it is done again, and
    /// every consent opens nothing until its stafettholder has reconfirmed it.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if there is no reason to; others as for
    /// [`replay_journal`](Self::replay_journal).
    pub async fn go_on_with_doubts(&self) -> Result<AfterRestore, EngineError> {
        let reasons = [SealReason::JournalLost, SealReason::ShownByPartner, SealReason::BehindJournal];
        let mut done = AfterRestore::default();
        {
            let _turn = self.inner.commands.lock().await;
            self.clock_must_be_right()?;
            let seals = self.seals();
            if !seals.contains(&SealReason::JournalLost) && !seals.contains(&SealReason::ShownByPartner) {
                let reason = "there is nothing to reconfirm: `stafett seal status` says what is next";
                return Err(EngineError::Conflict { reason });
            }
            let lines = self.inner.store.journal_missing().await?;
            done.incarnation = self.next_incarnation().await?;
            self.close_again(&lines, &mut done).await?;
            self.doubt_everything(&mut done).await?;
            let journal = if self.inner.store.journal_fault().is_some() {
                LocalWrite::JournalBegun
            } else {
                self.inner.store.accept_journal()
            };
            let local = vec![
                journal,
                LocalWrite::Incarnation(done.incarnation),
                LocalWrite::InDoubtSince(done.incarnation),
                LocalWrite::ShownAbove(false),
            ];
            self.inner.store.commit_with(Transaction::default(), local).await?;
            if self.inner.store.journal_fault().is_some() {
                let reason = "no new journal could be begun: the log says why; the node stays sealed";
                return Err(EngineError::Conflict { reason });
            }
            self.inner.in_doubt_since.store(done.incarnation, Ordering::Relaxed);
        }
        tracing::warn!(consents = done.in_doubt.len(), "every consent must be reconfirmed");
        self.unseal(&reasons).await?;
        Ok(done)
    }

    /// What is done again is dated, and what a clock says has run out ends with it.
    fn clock_must_be_right(&self) -> Result<(), EngineError> {
        if self.seals().contains(&SealReason::Clock) {
            let reason = "the clock jumped as well, and comes first: run `stafett clock status`";
            return Err(EngineError::Conflict { reason });
        }
        Ok(())
    }

    async fn next_incarnation(&self) -> Result<u64, EngineError> {
        Ok(self.inner.store.incarnation().await?.saturating_add(1))
    }

    async fn close_again(&self, lines: &[JournalLine], done: &mut AfterRestore) -> Result<(), EngineError> {
        let closed: Closed = lines.iter().map(|line| &line.closing).collect();
        done.lines = lines.len();
        done.agreements_ended.clone_from(&closed.agreements);
        let owned: BTreeSet<CaseId> = self.inner.store.cases_owned().await?.into_iter().collect();
        done.cases_unknown = closed.own.keys().filter(|case| !owned.contains(case)).copied().collect();
        for case in owned.difference(&closed.destroyed) {
            self.close_own(*case, &closed, done).await?;
        }
        for ((owner, case), grants) in &closed.received {
            self.close_received(*owner, *case, grants, done).await?;
        }
        let named: BTreeSet<CaseId> = closed.received.keys().map(|(_, case)| *case).collect();
        for case in closed.erased_on_order.difference(&named) {
            // Which grant ended is not known, so all of them have.
            let received = self.inner.store.grants_received_in(*case).await?;
            let Some(owner) = received.first().map(|received| received.grant.owner) else { continue };
            let grants = received.iter().map(|received| received.grant.grant).collect();
            self.close_received(owner, *case, &grants, done).await?;
        }
        for case in closed.destroyed {
            let local = vec![LocalWrite::CaseDestroyed(case)];
            self.inner.store.commit_with(Transaction::default(), local).await?;
            self.forget_ledger(case);
            done.destroyed.insert(case);
        }
        Ok(())
    }

    async fn close_own(
        &self,
        case: CaseId,
        closed: &Closed,
        done: &mut AfterRestore,
    ) -> Result<(), EngineError> {
        let ledger = match self.ledger(case).await {
            Ok(ledger) => ledger,
            // Only an order of a case that is gone is here.
            Err(EngineError::NotFound) => return Ok(()),
            Err(error) => return Err(error),
        };
        let again = closed.again(&ledger);
        // That a package for the hand was taken back stands in no journal.
        if again.is_nothing() && ledger.open_package().is_none() {
            return Ok(());
        }
        let mut decision = Decision::about((*ledger).clone(), None, self.now());
        again.say(&mut decision, done.incarnation, &self.inner.signing)?;
        self.end_again(&mut decision, &again.ended).await?;
        self.keep(decision).await?;
        done.blocked.extend(again.is_blocked.then_some(case));
        done.withdrawn.extend(again.withdrawn);
        done.excepted.extend(again.excepted.into_keys().map(|(_, entry)| entry));
        done.excepted.extend(again.closed_to_all.into_keys());
        done.family_in_doubt.extend(again.family_in_doubt.then_some(case));
        done.grants_ended.extend(again.ended);
        done.in_doubt.extend(again.doubtful);
        done.in_doubt.extend(again.replaced_from.into_keys());
        Ok(())
    }

    async fn end_again(&self, decision: &mut Decision, ended: &BTreeSet<GrantId>) -> Result<(), EngineError> {
        let case = decision.ledger().case();
        if ended.is_empty() {
            return Ok(());
        }
        let filter = DisclosureFilter { case: Some(case), ..DisclosureFilter::default() };
        let logged = self.inner.store.disclosures(filter).await?.into_iter();
        let rows: Vec<_> = logged.filter(|row| !row.is_unsent).map(|logged| logged.row).collect();
        for issued in self.inner.store.grants_issued_in(case).await? {
            let grant = issued.grant.statement();
            if ended.contains(&grant.grant) {
                let recall = Recall::from_rows(grant, &rows);
                decision.end_grant(grant.grant, &recall, &self.inner.signing, random)?;
            }
        }
        Ok(())
    }

    /// Commits what was decided on a sealed node or link: no session has to be told.
    pub(super) async fn keep(&self, mut decision: Decision) -> Result<(), EngineError> {
        let writes = decision.take_writes();
        let local = packages_dropped(decision.ledger()).collect();
        self.inner.store.commit_with(Transaction::of(writes), local).await?;
        self.keep_ledger(&Arc::new(decision.ledger().clone()));
        Ok(())
    }

    /// Ends grants in a received case with what came under them.
    pub(super) async fn close_received(
        &self,
        owner: OrganisationNumber,
        case: CaseId,
        grants: &BTreeSet<GrantId>,
        done: &mut AfterRestore,
    ) -> Result<(), EngineError> {
        let store = &self.inner.store;
        let ended = store.grants_ended(owner).await?;
        let new: BTreeSet<GrantId> = grants.difference(&ended).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let received = store.grants_received_in(case).await?;
        let (entries, proposals) = (store.whole_entries(case).await?, store.proposals_in(case).await?);
        self.note_damage(case, &entries.damaged);
        let snapshot = store.link_snapshot(owner, BTreeMap::new()).await?;
        let of_case = ReceivedCase {
            own: self.inner.own,
            owner,
            case,
            grants: &received,
            entries: &entries.whole,
            proposals: &proposals,
            retention: &self.inner.config.retention,
        };
        let now = self.now();
        let mut writes = self.undelivered(&snapshot.entries, of_case.left_by(&new, now)).await?;
        writes.extend(of_case.end(&new, now));
        writes.extend(of_case.end_unreadable(&snapshot.unreadable, &new, now));
        store.commit(Transaction::of(writes)).await?;
        done.received_ended.insert(case);
        Ok(())
    }

    /// Gives what own staff wrote in a partner's entries, and it never had, back to its authors
    /// (law 12).
    async fn undelivered(
        &self,
        tracked: &BTreeMap<EntryId, Tracked>,
        entries: BTreeSet<EntryId>,
    ) -> Result<Vec<Write>, EngineError> {
        let (reader, seed): (_, [u8; 32]) = (Actor(random()), random());
        let until = self.now().plus(RETURNED_DRAFT_MS);
        let mut writes = Vec::new();
        let entries: Vec<EntryId> = entries.into_iter().collect();
        for reads in entries.chunks(RETURNED_ENTRIES_AT_A_TIME) {
            let reading = Transaction { writes: Vec::new(), reads: reads.to_vec() };
            for content in self.inner.store.commit(reading).await?.contents {
                let delivered = tracked.get(&content.record.facts.entry);
                let delivered = delivered.and_then(|tracked| tracked.acknowledged.as_ref());
                let edits = returned(&content, self.inner.own, delivered, reader, &seed, until);
                writes.extend(edits.into_iter().map(Write::EditReturned));
            }
        }
        Ok(writes)
    }

    async fn doubt_everything(&self, done: &mut AfterRestore) -> Result<(), EngineError> {
        for case in self.inner.store.cases_owned().await? {
            let ledger = match self.ledger(case).await {
                Ok(ledger) => ledger,
                Err(EngineError::NotFound) => continue,
                Err(error) => return Err(error),
            };
            let doubtful = open_consents(&ledger);
            // Who was taken out of the family since the backup is not known either.
            if !doubtful.is_subset(ledger.doubtful()) || !ledger.family_in_doubt() {
                let mut decision = Decision::about((*ledger).clone(), None, self.now());
                let said = Said::Restored {
                    incarnation: done.incarnation,
                    doubtful: doubtful.clone(),
                    family_in_doubt: true,
                };
                decision.say(said, &self.inner.signing)?;
                self.keep(decision).await?;
            }
            done.family_in_doubt.insert(case);
            done.in_doubt.extend(doubtful);
        }
        Ok(())
    }
}
