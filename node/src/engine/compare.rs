//! Links unseal one by one (law 16): a restored node and one partner compare what they hold, and
//! closing wins.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::decision::Decision;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GrantId};
use stafett_protocol::journal::Closing;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::link::input::Input;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::restore::{
    Holdings, OnRecord, Shown, ShownGrant, Verdict, judge, over_at_owner, recall,
};
use stafett_protocol::transaction::{Transaction, Write};

use super::restore::AfterRestore;
use super::seal::SealReason;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{LocalWrite, WaitingOrder};

impl Engine {
    /// A partner that was restored asks what is held here under its signature, on this connection.
    pub(super) async fn show_holdings(&self, partner: OrganisationNumber, asked_on: [u8; 32]) {
        let read = async {
            let grants = self.inner.store.held_under(partner).await?;
            let orders = self.inner.store.orders_ever(partner).await?;
            Ok::<_, EngineError>(Holdings { grants, orders })
        };
        let holdings = match read.await {
            Ok(holdings) => {
                tracing::warn!(%partner, grants = holdings.grants.len(), "the partner was restored and asks what is here");
                Some(holdings)
            }
            Err(error) => {
                tracing::error!(%partner, %error, "what is held for a partner could not be read");
                None
            }
        };
        if let Some(link) = self.link(partner) {
            link.tell(Input::Holdings { asked_on, holdings });
        }
    }

    /// A partner shows this node's signature above its number. After a restore that is known it
    /// says nothing new; otherwise store and journal were restored together, and the node seals.
    pub(super) async fn shown_above(&self, partner: OrganisationNumber, mark: LinkMark) {
        let sealed = async {
            let incarnation = self.inner.store.incarnation().await?;
            let is_known = self.inner.store.link_checked(partner).await? < incarnation;
            let mut local = Vec::new();
            if mark.incarnation >= incarnation {
                // The next incarnation must be above every one that a partner has seen.
                let above = mark.incarnation.saturating_add(u64::from(is_known));
                local.push(LocalWrite::Incarnation(above));
            }
            if !is_known {
                local.push(LocalWrite::ShownAbove(true));
            }
            self.inner.store.commit_with(Transaction::default(), local).await?;
            if !is_known {
                tracing::error!(%partner, "the partner shows a later statement of this node's than the store has");
                self.seal(SealReason::ShownByPartner).await?;
            }
            Ok::<_, EngineError>(())
        };
        if let Err(error) = sealed.await {
            tracing::error!(%partner, %error, "that the node was restored could not be written down");
        }
    }

    /// The partner has shown all that it holds: compares, ends what either side has ended, and
    /// lets the link start again. If the store fails, the partner is asked again.
    pub(super) async fn compare(&self, partner: OrganisationNumber, shown: Shown) {
        match self.compared(partner, shown).await {
            Ok(compared) => tracing::warn!(
                %partner,
                ended = compared.done.grants_ended.len(),
                received_ended = compared.done.received_ended.len(),
                in_doubt = compared.done.in_doubt.len(),
                orders = compared.orders,
                closed = compared.closed,
                "compared with the partner after a restore; the link is open again"
            ),
            Err(error) => {
                tracing::error!(%partner, %error, "could not compare with the partner; it is asked again");
                if let Some(link) = self.link(partner) {
                    link.tell(Input::NotCompared);
                }
                return;
            }
        }
        if let Err(error) = self.sweep().await {
            tracing::error!(%error, "consents that began or ran out could not be looked for");
        }
    }

    async fn compared(&self, partner: OrganisationNumber, shown: Shown) -> Result<Compared, EngineError> {
        let _turn = self.inner.commands.lock().await;
        self.must_not_be_sealed()?;
        let incarnation = self.inner.store.incarnation().await?;
        let mut compared = Compared::default();
        compared.done.incarnation = incarnation;
        let mut cases: BTreeMap<CaseId, Vec<ShownGrant>> = BTreeMap::new();
        for shown in shown.grants.into_values() {
            cases.entry(shown.grant.statement().case).or_default().push(shown);
        }
        let mut failed = None;
        for (case, grants) in cases {
            if let Err(error) = self.compare_or_close(partner, case, &grants, &mut compared).await {
                tracing::error!(%partner, %case, %error, "a case could not be compared");
                failed = Some(error);
            }
        }
        let received = self.inner.store.grants_received(partner).await?;
        for (case, over) in over_at_owner(&received, &shown.living) {
            if let Err(error) = self.end_or_close(partner, case, &over, &mut compared).await {
                tracing::error!(%partner, %case, %error, "a received case could not be compared");
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        let local = vec![LocalWrite::LinkChecked { partner, incarnation }];
        self.inner.store.commit_with(Transaction::default(), local).await?;
        self.restart_sessions(|one| one == partner).await?;
        Ok(compared)
    }

    /// Compares one case. One with damaged rows is closed towards the partner, so that it does not
    /// hold up the others; fails if the store does.
    async fn compare_or_close(
        &self,
        partner: OrganisationNumber,
        case: CaseId,
        grants: &[ShownGrant],
        compared: &mut Compared,
    ) -> Result<(), EngineError> {
        let Err(error) = self.compare_case(case, grants, compared).await else { return Ok(()) };
        if !error.is_damage() {
            return Err(error);
        }
        tracing::error!(%partner, %case, %error, "a damaged case could not be compared; it stays closed");
        compared.closed = compared.closed.saturating_add(1);
        let ledger = match self.ledger(case).await {
            Ok(ledger) => ledger,
            // No permit is minted without what holds in the case.
            Err(error) if error.is_damage() => return Ok(()),
            Err(error) => return Err(error),
        };
        let granted = ledger.grants().values().filter(|issued| issued.partner == partner);
        let doubtful: BTreeSet<ConsentId> = granted.map(|issued| issued.consent).collect();
        if !doubtful.is_subset(ledger.doubtful()) {
            let mut decision = Decision::about((*ledger).clone(), None, self.now());
            let incarnation = compared.done.incarnation;
            let said = Said::Restored { incarnation, doubtful: doubtful.clone(), family_in_doubt: false };
            decision.say(said, &self.inner.signing)?;
            self.keep(decision).await?;
        }
        compared.done.in_doubt.extend(doubtful);
        Ok(())
    }

    /// Ends grants that do not live at their owner. In a case with damaged rows they open nothing
    /// from here on, and what came under them waits for its owner's order.
    async fn end_or_close(
        &self,
        owner: OrganisationNumber,
        case: CaseId,
        over: &BTreeSet<GrantId>,
        compared: &mut Compared,
    ) -> Result<(), EngineError> {
        let ended = self.close_received(owner, case, over, &mut compared.done).await;
        let Err(error) = ended else { return Ok(()) };
        if !error.is_damage() {
            return Err(error);
        }
        tracing::error!(%owner, %case, %error, "a damaged received case is closed and not erased");
        compared.closed = compared.closed.saturating_add(1);
        let at = self.now();
        let end = |grant: &GrantId| Write::GrantEnded { owner, case, grant: *grant, at };
        self.inner.store.commit(Transaction::of(over.iter().map(end).collect())).await?;
        Ok(())
    }

    async fn compare_case(
        &self,
        case: CaseId,
        grants: &[ShownGrant],
        compared: &mut Compared,
    ) -> Result<(), EngineError> {
        let ledger = self.ledger_if_here(case).await?;
        let waiting = self.inner.store.orders_waiting_in(case).await?;
        let mut decision =
            ledger.as_ref().map(|ledger| Decision::about((**ledger).clone(), None, self.now()));
        let (mut doubts, mut bare): (BTreeSet<ConsentId>, Vec<Write>) = (BTreeSet::new(), Vec::new());
        let mut ended = BTreeSet::new();
        for shown in grants {
            let grant = shown.grant.statement().grant;
            let sent = self.inner.store.sent_under(grant).await?;
            let ordered = ordered(&waiting, grant);
            let on_record = OnRecord { ledger: ledger.as_deref(), sent: &sent, ordered: ordered.as_ref() };
            match (judge(shown, on_record, self.now()), &mut decision) {
                (Verdict::Stands, _) => continue,
                (Verdict::Ends { doubtful }, Some(decision)) => {
                    doubts.extend(doubtful);
                    decision.end_grant(grant, &recall(shown, &sent), &self.inner.signing, random)?;
                }
                (Verdict::Unknown | Verdict::Ends { .. }, _) => {
                    for order in recall(shown, &sent).orders(random) {
                        let order = self.inner.signing.sign(order).map_err(|_| too_large())?;
                        let closing = Closing::EraseOrdered { case, grant, order: order.statement().order };
                        bare.push(Write::Closing { closing, at: self.now() });
                        bare.push(Write::OrderQueued(order));
                    }
                }
            }
            ended.insert(grant);
        }
        let mut orders = orders_in(&bare);
        if let Some(mut decision) = decision.filter(|decision| !decision.is_empty()) {
            let said = Said::Restored {
                incarnation: compared.done.incarnation,
                doubtful: doubts.clone(),
                family_in_doubt: false,
            };
            decision.say(said, &self.inner.signing)?;
            orders = orders.saturating_add(decision.orders().len());
            self.keep(decision).await?;
        }
        if !bare.is_empty() {
            self.inner.store.commit(Transaction::of(bare)).await?;
        }
        if orders > 0 {
            tracing::warn!(%case, grants = ended.len(), orders, "what a partner holds is called back");
        }
        compared.orders = compared.orders.saturating_add(orders);
        compared.done.grants_ended.extend(ended);
        compared.done.in_doubt.extend(doubts);
        Ok(())
    }
}

/// What came of a comparison.
#[derive(Debug, Default)]
struct Compared {
    done: AfterRestore,
    /// Orders that were signed for it.
    orders: usize,
    /// Cases that could not be compared and are closed.
    closed: usize,
}

/// The entries that waiting orders for a grant name, if there are such orders.
fn ordered(waiting: &[WaitingOrder], grant: GrantId) -> Option<BTreeSet<EntryId>> {
    let orders = waiting.iter().map(|waiting| waiting.order.statement());
    let mut of_grant = orders.filter(|order| order.grant == grant).peekable();
    of_grant.peek()?;
    Some(of_grant.flat_map(|order| order.entries.iter().copied()).collect())
}

fn orders_in(writes: &[Write]) -> usize {
    writes.iter().filter(|write| matches!(write, Write::OrderQueued(_))).count()
}

fn too_large() -> EngineError {
    EngineError::Conflict { reason: "that is too large" }
}
