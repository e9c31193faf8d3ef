//! From a decision to its effects: what follows is decided with it, all of it is committed at
//! once, and the sessions are told.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::{EntryFacts, OnlyFor};
use stafett_protocol::case::{CardSource, CaseStatus, PrivateCaseDocument};
use stafett_protocol::decision::{Decision, SignedGrant, grants_due, grants_over};
use stafett_protocol::entry::{Actor, EntryDocument, EntryKind, Heads, SchemaVersion};
use stafett_protocol::erasure::Receipt;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GenerationId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::signed::Verified;
use stafett_protocol::succession::record::LeavingRecord;
use stafett_protocol::transaction::{Committed, EntryRecord, EntryState, Transaction, Write};

use super::{Engine, EngineError, succession};
use crate::clock::random;
use crate::store::{DisclosureFilter, LocalWrite};

/// What a case card may be made of.
pub(super) fn card_source<'a>(
    private: &'a stafett_protocol::case::PrivateCase,
    ledger: &'a LedgerView,
) -> CardSource<'a> {
    let status = if ledger.is_closed() { CaseStatus::Closed } else { CaseStatus::Active };
    CardSource {
        case: private,
        parties: ledger.parties(),
        subject_kind: ledger.subject_kind(),
        level: ledger.level(),
        step: None,
        status,
    }
}

impl Engine {
    /// Decides what follows for every partner, commits all of it, and tells the sessions.
    ///
    /// What closes, closes first: the sessions are told what will hold, and answer once nothing
    /// more of it can be written down as disclosed. Only then are the disclosure rows read, so an
    /// order names everything that went out.
    pub(super) async fn conclude(
        &self,
        mut decision: Decision,
        more: Vec<Write>,
        local: Vec<LocalWrite>,
    ) -> Result<Committed, EngineError> {
        let case = decision.ledger().case();
        let closes = decision.closes() || self.ends_a_grant(&decision);
        if closes {
            self.close_gates(&Arc::new(decision.ledger().clone())).await;
        }
        match self.decide_and_commit(&mut decision, more, local, closes).await {
            Ok((committed, moves)) => {
                let after = Arc::new(decision.ledger().clone());
                self.keep_ledger(&after);
                let (issued, orders) = (decision.issued().to_vec(), decision.orders().to_vec());
                self.tell_of(&after, &committed, issued, orders).await;
                self.tell_moves(&after, moves).await;
                if closes && !self.is_sealed() {
                    self.make_cards(&after).await;
                }
                Ok(committed)
            }
            Err(error) => {
                self.forget_ledger(case);
                if closes && let Ok(present) = self.ledger(case).await {
                    self.tell_case(&present);
                }
                Err(error)
            }
        }
    }

    /// Makes the cards that a commit left out because something closed. What closed stays closed
    /// if one cannot be made.
    async fn make_cards(&self, ledger: &LedgerView) {
        let made = async {
            let cards = self.cards_due(ledger).await?;
            if !cards.is_empty() {
                let committed = self.inner.store.commit(Transaction::of(cards)).await?;
                self.tell_entries(&committed.records);
            }
            Ok::<_, EngineError>(())
        };
        if let Err(error) = made.await {
            tracing::error!(case = %ledger.case(), %error, "a case card could not be made");
        }
    }

    /// Whoever becomes stafettholder has that task and no other: what she worked with before does not come
    /// back when she gives the baton on.
    async fn task_of_holder_dropped(&self, after: &LedgerView) -> Result<Option<LocalWrite>, EngineError> {
        let case = after.case();
        let Some(account) = after.baton().own_holder() else { return Ok(None) };
        let before = self.ledger_if_here(case).await?;
        let is_new = before.is_some_and(|before| !before.baton().is_held_by(account));
        Ok(is_new.then_some(LocalWrite::Unassign { case, account }))
    }

    async fn decide_and_commit(
        &self,
        decision: &mut Decision,
        more: Vec<Write>,
        local: Vec<LocalWrite>,
        closes: bool,
    ) -> Result<(Committed, Vec<LeavingRecord>), EngineError> {
        let case = decision.ledger().case();
        self.follow_up(decision, case).await?;
        let mut local = local;
        local.extend(self.task_of_holder_dropped(decision.ledger()).await?);
        local.extend(packages_dropped(decision.ledger()));
        // A card that cannot be made must not hold up what closes.
        let cards = if closes { Vec::new() } else { self.cards_due(decision.ledger()).await? };
        let (touched, more) = succession::apart(more);
        let moves = self.moves_to_keep(decision.ledger(), touched).await?;
        let mut writes = decision.take_writes();
        writes.extend(moves.iter().cloned().map(|record| Write::Leaving(Box::new(record))));
        writes.extend(more);
        writes.extend(cards);
        Ok((self.inner.store.commit_with(Transaction::of(writes), local).await?, moves))
    }

    fn ends_a_grant(&self, decision: &Decision) -> bool {
        let links = self.link_table();
        links
            .values()
            .any(|link| !decision.over(link.view()).is_empty() || decision.move_over(link.view()).is_some())
    }

    /// Ends the grants that are over by this decision and issues those that are due, partner by
    /// partner.
    async fn follow_up(&self, decision: &mut Decision, case: CaseId) -> Result<(), EngineError> {
        let links = self.link_table();
        self.follow_moves(decision, &links)?;
        let packed = self.packed_by_hand(decision.ledger()).await?;
        for (partner, link) in links.iter() {
            if !decision.over(link.view()).is_empty() {
                let issued = self.inner.store.grants_issued_in(case).await?;
                let filter = DisclosureFilter {
                    case: Some(case),
                    partner: Some(*partner),
                    ..DisclosureFilter::default()
                };
                let logged = self.inner.store.disclosures(filter).await?;
                let sent = logged.into_iter().filter(|logged| !logged.is_unsent);
                let rows: Vec<_> = sent.map(|logged| logged.row).collect();
                let grants = issued.iter().map(|issued| SignedGrant {
                    grant: issued.grant.statement(),
                    was_handed: issued.is_handed,
                });
                decision.end_grants(link.view(), grants, &rows, &self.inner.signing, random)?;
            }
            decision.issue_grants(self.inner.own, link.view(), &self.inner.signing, random)?;
            if let Some(package) = decision.package_over(link.view(), &packed) {
                decision.take_package_back(package, &self.inner.signing)?;
            }
        }
        let acting = self.acting_for(decision.ledger());
        decision.mend_baton(acting, &self.inner.signing)?;
        Ok(())
    }

    /// The gate closes in the sessions before the commit (law 12).
    async fn close_gates(&self, after: &Arc<LedgerView>) {
        let case = after.case();
        for link in self.link_table().values().filter(|link| link.knows(case)) {
            link.tell_and_wait(Input::CaseChanged { ledger: Arc::clone(after) }, Some(case)).await;
        }
    }

    fn tell_case(&self, ledger: &Arc<LedgerView>) {
        for link in self.link_table().values().filter(|link| link.knows(ledger.case())) {
            link.tell(Input::CaseChanged { ledger: Arc::clone(ledger) });
        }
    }

    /// Tells the sessions of what is committed, whatever of the case cannot be read: it holds.
    async fn tell_of(
        &self,
        ledger: &Arc<LedgerView>,
        committed: &Committed,
        issued: Vec<Verified<stafett_protocol::grant::Grant>>,
        orders: Vec<Verified<stafett_protocol::erasure::EraseOrder>>,
    ) {
        let links = self.link_table();
        for grant in &issued {
            if let Some(link) = links.get(&grant.statement().partner) {
                self.introduce(link, ledger).await;
            }
        }
        self.tell_case(ledger);
        self.tell_entries(&committed.records);
        for (partner, number) in &committed.signed {
            if let Some(link) = links.get(partner) {
                link.tell(Input::Signed { number: *number });
            }
        }
        for grant in issued {
            if let Some(link) = links.get(&grant.statement().partner) {
                link.tell(Input::GrantIssued(grant));
            }
        }
        for (partner, link) in links.iter() {
            let theirs: Vec<_> =
                orders.iter().filter(|order| order.statement().partner == *partner).cloned().collect();
            if !theirs.is_empty() {
                link.tell(Input::OrdersQueued(theirs));
            }
        }
    }

    /// Tells a session of a case that it has not known: all of it, so that the gate can answer. What
    /// is damaged is not told, and so is not sent.
    pub(super) async fn introduce(&self, link: &super::link::Link, ledger: &Arc<LedgerView>) {
        let case = ledger.case();
        if !link.introduce(case) {
            return;
        }
        link.tell(Input::CaseChanged { ledger: Arc::clone(ledger) });
        match self.inner.store.whole_entries(case).await {
            Ok(opened) => {
                self.note_damage(case, &opened.damaged);
                for record in opened.whole {
                    link.tell(Input::EntryCommitted(record));
                }
            }
            Err(error) => tracing::error!(%case, %error, "the entries of a shared case could not be read"),
        }
        match self.inner.store.relations(case).await {
            Ok(relations) => {
                relations.into_iter().for_each(|one| link.tell(Input::RelationCommitted(one)));
            }
            Err(error) => tracing::error!(%case, %error, "the relations of a shared case could not be read"),
        }
    }

    /// Tells every session that knows the case of new changes.
    pub(super) fn tell_entries(&self, records: &[EntryRecord]) {
        for (partner, link) in self.link_table().iter() {
            for record in records {
                let concerns = *partner == record.owner || link.knows(record.facts.case);
                if concerns {
                    link.tell(Input::EntryCommitted(record.clone()));
                }
            }
        }
    }

    /// The case cards that valid consents ask for and that are not made yet. Each is made for
    /// one consent and holds the fields that it chose, and no other. A card names every area that
    /// may go there, so one that was made before an area was taken back is closed, and another is due.
    async fn cards_due(&self, ledger: &LedgerView) -> Result<Vec<Write>, EngineError> {
        // Nothing of a case that is over goes out, whatever its consents say.
        if ledger.is_over() {
            return Ok(Vec::new());
        }
        let now = self.now();
        let recipients: BTreeSet<Service> =
            ledger.consents().values().map(|record| record.consent().recipient.clone()).collect();
        let wanted: Vec<_> = recipients
            .iter()
            .flat_map(|recipient| ledger.valid_consents(recipient, now))
            .filter(|record| !record.consent().card_fields.is_empty() && !record.areas().is_empty())
            .collect();
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        // For one that is damaged another is made.
        let opened = self.inner.store.whole_entries(ledger.case()).await?;
        self.note_damage(ledger.case(), &opened.damaged);
        let made: BTreeSet<_> = opened
            .whole
            .into_iter()
            .filter_map(|record| Some((record.facts.only_for?.consent?, record.facts.areas)))
            .collect();
        // One that names fewer areas than are open by now is still readable.
        let is_made = |consent: ConsentId, areas: &BTreeSet<AreaCode>| {
            made.iter().any(|(of, named)| *of == consent && named.is_subset(areas))
        };
        let Some(bytes) = self.inner.store.private_case(ledger.case()).await? else { return Ok(Vec::new()) };
        let private = PrivateCaseDocument::open(Actor(random()), &bytes)
            .map_err(|_| EngineError::Conflict { reason: "the private case document cannot be read" })?;
        let mut writes = Vec::new();
        for record in wanted {
            let consent = record.consent();
            let areas = self.agreed_areas(&consent.recipient, record.areas());
            if areas.is_empty() || is_made(consent.id, &areas) {
                continue;
            }
            let content = card_source(private.view(), ledger)
                .content(&consent.card_fields)
                .map_err(|_| EngineError::Conflict { reason: "the case card cannot be made" })?;
            let (document, genesis) = EntryDocument::create(Actor(random()), &content)
                .map_err(|_| EngineError::Conflict { reason: "the case card cannot be made" })?;
            let facts = EntryFacts {
                entry: EntryId::from_random(random()),
                case: ledger.case(),
                kind: EntryKind::CaseCard,
                areas,
                about: BTreeSet::from([stafett_protocol::entry::About::Subject]),
                written_by: Some(Service { host: self.inner.own, code: ledger.opened_by().clone() }),
                only_for: Some(OnlyFor { service: consent.recipient.clone(), consent: Some(consent.id) }),
                hidden_from_guardians: false,
                generation: GenerationId::from_random(random()),
                changes: 1,
            };
            writes.extend(self.new_entry_writes(facts, document.heads(), genesis, None));
        }
        Ok(writes)
    }

    /// Of these areas, those that may go to a recipient: all to an own service, to a partner's those
    /// that the agreement covers.
    pub(super) fn agreed_areas(&self, recipient: &Service, areas: &BTreeSet<AreaCode>) -> BTreeSet<AreaCode> {
        if recipient.host == self.inner.own {
            return areas.clone();
        }
        let link = self.link(recipient.host);
        link.map(|link| areas.intersection(&link.agreement.areas).cloned().collect()).unwrap_or_default()
    }

    /// What is written for a new entry of this node with one change.
    pub(super) fn new_entry_writes(
        &self,
        facts: EntryFacts,
        heads: Heads,
        genesis: stafett_protocol::entry::CheckedChange,
        author: Option<stafett_protocol::id::AccountId>,
    ) -> [Write; 2] {
        let (entry, generation, at) = (facts.entry, facts.generation, self.now());
        let record = EntryRecord {
            facts,
            owner: self.inner.own,
            schema: SchemaVersion::CURRENT,
            genesis: genesis.hash(),
            heads,
            under: BTreeSet::new(),
            state: EntryState::Live,
            author,
            stored_at: at,
            changed_at: at,
        };
        let change = Write::Change { entry, generation, change: genesis, origin: self.inner.own, at };
        [Write::Entry(record), change]
    }

    /// Files a genuine receipt in the case's ledger.
    pub(super) async fn file_receipt(&self, receipt: Verified<Receipt>) {
        let statement = receipt.statement();
        let (case, order, partner) = (statement.case, statement.order, statement.partner);
        let filed = async {
            let _turn = self.inner.commands.lock().await;
            let ledger = self.ledger_if_here(case).await?;
            let Some(ledger) = ledger.filter(|ledger| ledger.orders().contains_key(&order)) else {
                // Signed for a grant that was lost in a restore, so no chain knows it.
                let filed = Transaction::of(vec![Write::ReceiptFiled(receipt)]);
                self.inner.store.commit(filed).await?;
                if let Some(link) = self.link(partner) {
                    link.tell(Input::ReceiptFiled(order));
                }
                return Ok(());
            };
            if !ledger.orders_waiting().any(|waiting| waiting == order) {
                return Ok(());
            }
            let mut decision = Decision::about((*ledger).clone(), None, self.now());
            decision.say(Said::ReceiptFiled { order, hash: receipt.hash() }, &self.inner.signing)?;
            self.conclude(decision, vec![Write::ReceiptFiled(receipt)], Vec::new()).await?;
            if let Some(link) = self.link(partner) {
                link.tell(Input::ReceiptFiled(order));
            }
            Ok::<_, EngineError>(())
        };
        let filed = match filed.await {
            // What an overdue receipt had stopped goes on at once.
            Ok(()) => self.refresh_standings(Some(partner)).await,
            Err(error) => Err(error),
        };
        match filed {
            Ok(()) => tracing::info!(%partner, %order, "a receipt is filed"),
            Err(error) => tracing::error!(%partner, %order, %error, "a receipt could not be filed"),
        }
    }

    /// Looks at every own case once: consents that began or ran out since, transitions that are over, and
    /// batons of those who have left. Run by the clock. A case that cannot be looked at stops no other.
    pub(crate) async fn sweep(&self) -> Result<(), EngineError> {
        if self.is_sealed() {
            return Ok(());
        }
        for case in self.inner.store.cases_owned().await? {
            if let Err(error) = self.sweep_case(case).await {
                tracing::error!(%case, %error, "a case could not be looked at");
            }
            if let Err(error) = self.mend_baton(case).await {
                tracing::error!(%case, %error, "a baton could not be mended");
            }
        }
        self.mend_batons_here().await?;
        self.end_hand_arrivals().await?;
        self.end_what_ran_out().await?;
        self.start_generations().await
    }

    /// Received grants that ran out are ended for good, so that a clock that is set back revives
    /// none (law 17). What came under them waits for its owner's order.
    async fn end_what_ran_out(&self) -> Result<(), EngineError> {
        for owner in self.link_table().keys() {
            let _turn = self.inner.commands.lock().await;
            let now = self.now();
            if self.is_sealed() {
                return Ok(());
            }
            let received = self.inner.store.grants_received(*owner).await?.into_iter();
            let over = received.filter(|one| one.ended_at.is_none() && one.grant.until <= now);
            let writes: Vec<Write> = over
                .map(|one| Write::GrantEnded {
                    owner: *owner,
                    case: one.grant.case,
                    grant: one.grant.grant,
                    at: now,
                })
                .collect();
            if !writes.is_empty() {
                self.inner.store.commit(Transaction::of(writes)).await?;
            }
        }
        Ok(())
    }

    async fn sweep_case(&self, case: CaseId) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let Some(ledger) = self.ledger_if_here(case).await? else { return Ok(()) };
        let now = self.now();
        if self.is_sealed() {
            return Ok(());
        }
        let links = self.link_table();
        let has_run_out = !ledger.run_out(now).is_empty();
        let follows = links.values().any(|link| {
            !grants_over(&ledger, link.view(), now).is_empty()
                || !grants_due(&ledger, link.view(), now).is_empty()
        });
        let mut decision = Decision::by_the_clock((*ledger).clone(), now);
        let moves = links.values().any(|link| decision.move_over(link.view()).is_some());
        let in_package = self.packed_by_hand(&ledger).await?;
        let packed = links.values().any(|link| decision.package_over(link.view(), &in_package).is_some());
        if follows || has_run_out || moves || packed {
            decision.mark_expired(&self.inner.signing)?;
            self.conclude(decision, Vec::new(), Vec::new()).await?;
        }
        let Some(ledger) = self.ledger_if_here(case).await? else { return Ok(()) };
        self.end_transition_by_the_clock(&ledger).await?;
        self.end_overlaps_by_the_clock(case).await?;
        self.pack_what_waits(case).await
    }
}

/// Packages for the hand that no longer stand are kept no longer than the decision that ends them.
pub(super) fn packages_dropped(ledger: &LedgerView) -> impl Iterator<Item = LocalWrite> {
    let over = ledger.packages_by_hand().iter().filter(|(_, one)| !one.is_open());
    over.map(|(package, _)| LocalWrite::PackageDropped(*package))
}
