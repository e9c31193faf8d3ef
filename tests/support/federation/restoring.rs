//! A node that is restored from a backup: sealed, its journal done again, each link compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::agreement::Standing;
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::Actor;
use stafett_protocol::erasure::Recall;
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GrantId};
use stafett_protocol::journal::Closing;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::limits::RETURNED_DRAFT_MS;
use stafett_protocol::link::input::Input;
use stafett_protocol::link::returned;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::replay::{Closed, open_consents};
use stafett_protocol::restore::{
    HeldGrant, Holdings, OnRecord, ReceivedCase, Shown, ShownGrant, Verdict, judge, over_at_owner, recall,
};
use stafett_protocol::time::MINUTE;
use stafett_protocol::transaction::{Transaction, Write};

use super::{Crash, Event, Federation, Place};
use crate::store::Store;

/// How long an operator takes to go on after a restore.
const OPERATOR_MS: u64 = MINUTE;

/// What was left of the journal when a node was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Journal {
    /// All of it: these lines the store does not know of.
    Behind(Vec<Closing>),
    /// Nothing that can be relied on: every consent is asked for anew.
    Doubtful,
}

impl Federation {
    /// Takes a backup of what a node keeps.
    pub fn back_up(&mut self, node: OrganisationNumber) -> Store {
        let kept = self.node_mut(node);
        kept.write_journal();
        kept.store.journal_read = kept.journal.len();
        kept.store.clone()
    }

    /// Puts a backup in the place of what a node keeps. With its journal the node starts sealed,
    /// and its operator has the journal done again after a while; without it nobody but a partner
    /// can tell.
    pub fn restore(&mut self, node: OrganisationNumber, backup: Store, keeps_journal: bool) {
        let kept = self.node_mut(node);
        kept.write_journal();
        let known = backup.journal_read.min(kept.journal.len());
        let missing = kept.journal[known..].to_vec();
        kept.journaled = backup.closings.len();
        kept.store = backup;
        kept.store.count_all_as_handed();
        if !keeps_journal {
            kept.journal.truncate(known);
        } else if !missing.is_empty() {
            self.seal(node);
            self.push(self.now.plus(OPERATOR_MS), Event::Unseal { node, journal: Journal::Behind(missing) });
        }
        self.restart(node, Crash::BeforeCommits);
    }

    /// Seals a node: it sends nothing and shows nothing of others.
    pub fn seal(&mut self, node: OrganisationNumber) {
        for place in self.ends_of(node) {
            let standing = self.end(place).standing;
            if standing != Standing::Sealed {
                self.end_mut(place).opens_as = standing;
            }
            self.set_standing(place, Standing::Sealed);
        }
    }

    /// Whether a node is sealed.
    pub fn is_sealed(&self, node: OrganisationNumber) -> bool {
        self.ends_of(node).into_iter().any(|place| self.end(place).standing == Standing::Sealed)
    }

    /// Opens a node again, in the standing that its partners had, and starts it anew.
    pub fn open_again(&mut self, node: OrganisationNumber) {
        for place in self.ends_of(node) {
            if self.end(place).standing == Standing::Sealed {
                let opens_as = self.end(place).opens_as;
                self.end_mut(place).standing = opens_as;
            }
        }
        self.restart(node, Crash::AfterCommits);
    }

    /// Whether a node shows what came from another: neither is it sealed, nor restored and not
    /// compared with it yet.
    pub fn shows(&self, node: OrganisationNumber, owner: OrganisationNumber) -> bool {
        let store = &self.nodes[&node].store;
        !self.is_sealed(node) && store.checked.get(&owner).copied().unwrap_or(0) >= store.incarnation
    }

    /// A partner showed a later mark than the node's own.
    pub(in crate::federation) fn note_shown_above(&mut self, place: Place, mark: LinkMark) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        self.node_mut(own).shown_above.push(partner);
        if self.compares {
            let incarnation = self.nodes[&own].incarnation;
            self.push(self.now.plus(1), Event::ShownAbove { at: place, incarnation, mark });
        }
    }

    /// Takes in what a partner showed: a restore that nobody knew of seals the node.
    pub(in crate::federation) fn take_shown_above(&mut self, place: Place, incarnation: u32, mark: LinkMark) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        if self.nodes[&own].incarnation != incarnation {
            return;
        }
        let store = &mut self.node_mut(own).store;
        let is_known = store.checked.get(&partner).copied().unwrap_or(0) < store.incarnation;
        if mark.incarnation >= store.incarnation {
            store.incarnation = mark.incarnation + u64::from(is_known);
        }
        if !is_known && !self.is_sealed(own) {
            self.count("restore shown by a partner");
            self.seal(own);
            self.push(self.now.plus(OPERATOR_MS), Event::Unseal { node: own, journal: Journal::Doubtful });
        }
    }

    /// The operator goes on after a restore.
    pub(in crate::federation) fn unseal(&mut self, node: OrganisationNumber, journal: Journal) {
        self.node_mut(node).store.incarnation += 1;
        match journal {
            Journal::Behind(lines) => self.close_again(node, &lines),
            Journal::Doubtful => {
                for case in self.own_cases(node) {
                    let doubtful = open_consents(&self.nodes[&node].store.ledgers[&case]);
                    self.say_restored(node, case, doubtful, true);
                }
            }
        }
        self.open_again(node);
    }

    fn own_cases(&self, node: OrganisationNumber) -> Vec<CaseId> {
        self.nodes[&node].store.ledgers.keys().copied().collect()
    }

    fn say_restored(
        &mut self,
        node: OrganisationNumber,
        case: CaseId,
        doubtful: BTreeSet<ConsentId>,
        family_in_doubt: bool,
    ) {
        let store = &self.nodes[&node].store;
        let mut decision = Decision::about((*store.ledgers[&case]).clone(), None, self.now);
        let said = Said::Restored { incarnation: store.incarnation, doubtful, family_in_doubt };
        decision.say(said, &self.nodes[&node].key).expect("follows");
        self.keep(node, decision.into_writes());
    }

    /// Commits what was decided on a sealed node or link: no session has to be told.
    fn keep(&mut self, node: OrganisationNumber, writes: Vec<Write>) {
        let now = self.now;
        let store = &mut self.node_mut(node).store;
        for write in &writes {
            if let Write::OrderQueued(order) = write {
                store.queued.entry(order.statement().order).or_insert(now);
            }
        }
        let fails = (store.fails.take(), store.fails_next.take());
        store.commit(Transaction::of(writes)).expect("fits");
        (store.fails, store.fails_next) = fails;
    }

    fn close_again(&mut self, node: OrganisationNumber, lines: &[Closing]) {
        let closed: Closed = lines.iter().collect();
        for case in self.own_cases(node) {
            self.close_own(node, case, &closed);
        }
        for ((owner, case), grants) in closed.received {
            self.close_received(node, owner, case, &grants);
        }
    }

    fn close_own(&mut self, node: OrganisationNumber, case: CaseId, closed: &Closed) {
        let ledger = Arc::clone(&self.nodes[&node].store.ledgers[&case]);
        let key = Arc::clone(&self.nodes[&node].key);
        let again = closed.again(&ledger);
        if again.is_nothing() {
            return;
        }
        let mut decision = Decision::about((*ledger).clone(), None, self.now);
        again.say(&mut decision, self.nodes[&node].store.incarnation, &key).expect("follows");
        for id in again.ended {
            let store = &self.nodes[&node].store;
            let Some(issued) = store.issued.get(&id) else { continue };
            let grant = issued.grant.statement().clone();
            let recall = Recall::from_rows(&grant, &store.sent_rows(grant.partner, case));
            let label = self.label_about(&format!("closed again {node} {id}"));
            let mut drawn = 0;
            let mut random = || {
                drawn += 1;
                self.chance.half(format!("{label} order again {drawn}"))
            };
            decision.end_grant(id, &recall, &key, &mut random).expect("signs");
        }
        self.keep(node, decision.into_writes());
    }

    fn close_received(
        &mut self,
        node: OrganisationNumber,
        owner: OrganisationNumber,
        case: CaseId,
        grants: &BTreeSet<GrantId>,
    ) {
        let store = &self.nodes[&node].store;
        let ended = store.snapshot(owner).ended;
        let new: BTreeSet<GrantId> = grants.difference(&ended).copied().collect();
        if new.is_empty() {
            return;
        }
        let received = store.received.values().filter(|one| one.grant.case == case);
        let received: Vec<_> = received.cloned().collect();
        let records = store.entries.values().map(|kept| kept.record.clone());
        let records: Vec<_> = records.filter(|record| record.facts.case == case).collect();
        let proposals: Vec<_> = store.proposals.values().filter(|one| one.case == case).cloned().collect();
        let retention = Arc::clone(&self.nodes[&node].retention);
        let of_case = ReceivedCase {
            own: node,
            owner,
            case,
            grants: &received,
            entries: &records,
            proposals: &proposals,
            retention: &retention,
        };
        let now = self.now;
        let tracked = store.snapshot(owner).entries;
        let label = format!("returned {node} {case} {}", store.incarnation);
        let (reader, seed) = (Actor(self.chance.half(&label)), self.chance.bytes(&label));
        let mut writes = Vec::new();
        for entry in of_case.left_by(&new, now) {
            let Some(content) = store.content(entry) else { continue };
            let delivered = tracked.get(&entry).and_then(|tracked| tracked.acknowledged.as_ref());
            let edits = returned(&content, node, delivered, reader, &seed, now.plus(RETURNED_DRAFT_MS));
            writes.extend(edits.into_iter().map(Write::EditReturned));
        }
        writes.extend(of_case.end(&new, now));
        self.keep(node, writes);
    }

    /// A partner showed what it holds.
    pub(in crate::federation) fn note_shown(&mut self, place: Place, shown: Shown) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        self.node_mut(own).shown.push((partner, shown.clone()));
        if self.compares {
            let incarnation = self.nodes[&own].incarnation;
            let shown = Box::new(shown);
            self.push(self.now.plus(50), Event::Compare { at: place, incarnation, shown });
        }
    }

    /// Compares what a partner has shown: closing wins. Then the link starts anew.
    pub(in crate::federation) fn compare(&mut self, place: Place, incarnation: u32, shown: Shown) {
        let (own, partner) = (self.end(place).own, self.end(place).partner);
        if self.nodes[&own].incarnation != incarnation || self.is_sealed(own) {
            return;
        }
        let mut cases: BTreeMap<CaseId, Vec<ShownGrant>> = BTreeMap::new();
        for shown in shown.grants.into_values() {
            cases.entry(shown.grant.statement().case).or_default().push(shown);
        }
        for (case, grants) in cases {
            self.compare_case(own, case, &grants);
        }
        let received = self.nodes[&own].store.received.values().filter(|one| one.grant.owner == partner);
        let received: Vec<_> = received.cloned().collect();
        for (case, over) in over_at_owner(&received, &shown.living) {
            self.close_received(own, partner, case, &over);
        }
        let store = &mut self.node_mut(own).store;
        store.checked.insert(partner, store.incarnation);
        self.count("compared after a restore");
        self.start_session_anew(place);
    }

    fn compare_case(&mut self, own: OrganisationNumber, case: CaseId, grants: &[ShownGrant]) {
        let label = self.label_about(&format!("compared {own} {case}"));
        let store = &self.nodes[&own].store;
        let key = Arc::clone(&self.nodes[&own].key);
        let ledger = store.ledgers.get(&case).cloned();
        let mut decision = ledger.as_ref().map(|one| Decision::about((**one).clone(), None, self.now));
        let (mut doubtful, mut bare) = (BTreeSet::new(), Vec::new());
        let mut drawn = 0;
        let mut random = || {
            drawn += 1;
            self.chance.half(format!("{label} {case} order {drawn}"))
        };
        for shown in grants {
            let grant = shown.grant.statement().grant;
            let sent = sent_under(store, grant);
            let ordered = ordered(store, grant);
            let on_record = OnRecord { ledger: ledger.as_deref(), sent: &sent, ordered: ordered.as_ref() };
            match (judge(shown, on_record, self.now), &mut decision) {
                (Verdict::Stands, _) => {}
                (Verdict::Ends { doubtful: doubt }, Some(decision)) => {
                    doubtful.extend(doubt);
                    decision.end_grant(grant, &recall(shown, &sent), &key, &mut random).expect("signs");
                }
                (Verdict::Unknown | Verdict::Ends { .. }, _) => {
                    for order in recall(shown, &sent).orders(&mut random) {
                        let order = key.sign(order).expect("signs");
                        let closing = Closing::EraseOrdered { case, grant, order: order.statement().order };
                        bare.push(Write::Closing { closing, at: self.now });
                        bare.push(Write::OrderQueued(order));
                    }
                }
            }
        }
        if let Some(mut decision) = decision.filter(|decision| !decision.is_empty()) {
            let incarnation = store.incarnation;
            let said = Said::Restored { incarnation, doubtful, family_in_doubt: false };
            decision.say(said, &key).expect("follows");
            self.keep(own, decision.into_writes());
        }
        if !bare.is_empty() {
            self.keep(own, bare);
        }
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

impl super::Node {
    fn write_journal(&mut self) {
        self.journal.extend(self.store.closings[self.journaled..].iter().cloned());
        self.journaled = self.store.closings.len();
    }
}

fn sent_under(store: &Store, grant: GrantId) -> BTreeSet<EntryId> {
    let under = store.rows.iter().filter(|row| row.grounds.iter().any(|ground| ground.grant == grant));
    under.filter(|row| !store.unsent.contains(&row.id)).map(|row| row.entry).collect()
}

/// The entries that waiting orders for a grant name, if there are such orders.
fn ordered(store: &Store, grant: GrantId) -> Option<BTreeSet<EntryId>> {
    let waiting = store.orders.iter().filter(|(id, _)| !store.filed.contains_key(*id));
    let orders = waiting.map(|(_, order)| order.statement());
    let mut of_grant = orders.filter(|order| order.grant == grant).peekable();
    of_grant.peek()?;
    Some(of_grant.flat_map(|order| order.entries.iter().copied()).collect())
}
