//! What people do: open a case, write, ask the family, share, withdraw.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::{EntryFacts, OnlyFor};
use stafett_protocol::consent::rule::{Birthdays, Capacity, Party, SubjectKind};
use stafett_protocol::consent::{Channel, Direction, Evidence, Sector, WithdrawnPart, Yes};
use stafett_protocol::decision::{Decision, DecisionError, PartnerView, SignedGrant};
use stafett_protocol::entry::{About, Actor, Content, EntryDocument, EntryKind, Heads, SchemaVersion};
use stafett_protocol::erasure::Receipt;
use stafett_protocol::id::{
    AccountId, CaseId, ConsentId, EntryId, GenerationId, GrantId, PersonId, ProposalId, RegistrationId,
    RelationId,
};
use stafett_protocol::ledger::statement::{Level, Said};
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::protection::{AddressProtection, ProtectionSaid};
use stafett_protocol::signed::Verified;
use stafett_protocol::succession::record::{ArrivingRecord, LeavingRecord};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{
    EntryRecord, EntryState, Proposal, ProposalState, Relation, Transaction, Write,
};
use stafett_protocol::uptake::Uptake;

use super::{Federation, Place};
use crate::names::{CHILD, FATHER, MOTHER, areas, service_code};

const HOLDER: AccountId = AccountId::from_bytes([0xb1; 16]);
pub(super) const LEADER: AccountId = AccountId::from_bytes([0xb3; 16]);
pub(super) const ADVISER: AccountId = AccountId::from_bytes([0xb2; 16]);

/// A case and the node that owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseAt {
    /// The owner.
    pub owner: OrganisationNumber,
    /// The case.
    pub case: CaseId,
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct NewEntry<'a> {
    /// Its kind.
    pub kind: EntryKind,
    /// The codes of its areas.
    pub areas: &'a [&'a str],
    /// Whom it is about.
    pub about: &'a [About],
    /// Its fields, as JSON.
    pub json: String,
}

impl NewEntry<'_> {
    /// A note about the subject in one area.
    pub fn note(text: &str) -> NewEntry<'static> {
        NewEntry {
            kind: EntryKind::Note,
            areas: &["language"],
            about: &[About::Subject],
            json: serde_json::json!({ "description": text }).to_string(),
        }
    }

    /// A note in other areas.
    pub fn note_in<'a>(areas: &'a [&'a str], text: &str) -> NewEntry<'a> {
        NewEntry { areas, ..NewEntry::note(text) }
    }

    /// A measure with a deadline.
    pub fn measure(title: &str, deadline: &str) -> NewEntry<'static> {
        let json = serde_json::json!({
            "title": title, "responsible": "Ole", "deadline": deadline, "status": "planned",
        });
        NewEntry { kind: EntryKind::Measure, json: json.to_string(), ..NewEntry::note("") }
    }
}

/// What the family is asked for.
#[derive(Debug, Clone)]
pub struct AskFor<'a> {
    /// The recipient.
    pub service: Service,
    /// The codes of the areas.
    pub areas: &'a [&'a str],
    /// Which way writing goes.
    pub direction: Direction,
    /// Entries that stay closed.
    pub exceptions: &'a [EntryId],
    /// From when.
    pub from: UnixMillis,
    /// Until when.
    pub until: UnixMillis,
    /// What it replaces.
    pub supersedes: Option<ConsentId>,
    /// Whether whoever answers for the recipient is public.
    pub sector: Sector,
}

impl<'a> AskFor<'a> {
    /// Reading and writing in some areas, without an end.
    pub fn both(service: Service, areas: &'a [&'a str]) -> Self {
        Self {
            service,
            areas,
            direction: Direction::Both,
            exceptions: &[],
            from: UnixMillis(0),
            until: UnixMillis::MAX,
            supersedes: None,
            sector: Sector::Public,
        }
    }
}

/// What a node's sessions are told after a commit.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) case: Option<CaseId>,
    pub(super) grants: Vec<Verified<stafett_protocol::grant::Grant>>,
    pub(super) orders: Vec<Verified<stafett_protocol::erasure::EraseOrder>>,
    pub(super) entries: Vec<EntryId>,
    pub(super) relations: Vec<Relation>,
    pub(super) proposals: Vec<Proposal>,
    pub(super) uptakes: Vec<Uptake>,
    pub(super) filed: Option<(OrganisationNumber, stafett_protocol::id::OrderId)>,
    pub(super) leaving: Vec<LeavingRecord>,
    pub(super) arriving: Vec<ArrivingRecord>,
}

impl Federation {
    /// Opens the case of a child with two guardians.
    pub fn open_case(&mut self, owner: OrganisationNumber) -> CaseAt {
        let label = self.next_label();
        let case = CaseId::from_random(self.chance.half(format!("{label} case")));
        let party = |person, capacity| Party { person, capacity };
        let said = Said::Opened {
            subject_kind: SubjectKind::Child,
            level: Level::try_from(1).expect("a level"),
            holder: HOLDER,
            service: service_code("school"),
            unit: None,
            parties: vec![
                party(CHILD, Capacity::Subject),
                party(MOTHER, Capacity::GuardianWithParentalResponsibility),
                party(FATHER, Capacity::GuardianWithParentalResponsibility),
            ],
            birthdays: Birthdays::default(),
        };
        let key = Arc::clone(&self.nodes[&owner].key);
        let decision = Decision::open(case, said, HOLDER, self.now, &key).expect("opens");
        self.commit_of_people(owner, decision.into_writes(), &News::default());
        CaseAt { owner, case }
    }

    /// Writes and publishes an entry.
    pub fn publish(&mut self, case: CaseAt, new: &NewEntry<'_>) -> EntryId {
        self.publish_for(case, new, None)
    }

    /// Publishes an entry for one recipient only.
    pub fn publish_for(&mut self, case: CaseAt, new: &NewEntry<'_>, only_for: Option<OnlyFor>) -> EntryId {
        let label = self.next_label();
        let entry = EntryId::from_random(self.chance.half(format!("{label} entry")));
        let generation = GenerationId::from_random(self.chance.half(format!("{label} generation")));
        let actor = Actor(self.chance.half(format!("{label} actor")));
        let (_, genesis) = EntryDocument::create(actor, &content(new)).expect("fits a change");
        let facts = EntryFacts {
            entry,
            case: case.case,
            kind: new.kind,
            areas: areas(new.areas),
            about: new.about.iter().copied().collect(),
            written_by: Some(Service { host: case.owner, code: service_code("school") }),
            only_for,
            hidden_from_guardians: false,
            generation,
            changes: 1,
        };
        let record = EntryRecord {
            facts,
            owner: case.owner,
            schema: SchemaVersion::CURRENT,
            genesis: genesis.hash(),
            heads: Heads::new(vec![genesis.hash()]),
            under: BTreeSet::new(),
            state: EntryState::Live,
            author: Some(HOLDER),
            stored_at: self.now,
            changed_at: self.now,
        };
        let change = Write::Change { entry, generation, change: genesis, origin: case.owner, at: self.now };
        let news = News { entries: vec![entry], ..News::default() };
        self.commit_of_people(case.owner, vec![Write::Entry(record), change], &news);
        entry
    }

    /// Relates two entries of an own case.
    pub fn relate(&mut self, case: CaseAt, from: EntryId, to: EntryId) -> RelationId {
        let label = self.next_label();
        let id = RelationId::from_random(self.chance.half(format!("{label} relation")));
        let relation = Relation { id, owner: case.owner, case: case.case, from, to };
        let news = News { relations: vec![relation], ..News::default() };
        self.commit_of_people(case.owner, vec![Write::Relation(relation)], &news);
        id
    }

    /// Writes a new entry at a partner, under the grant that its service has.
    pub fn propose(
        &mut self,
        node: OrganisationNumber,
        case: CaseAt,
        service: &str,
        new: &NewEntry<'_>,
        towards: Option<EntryId>,
    ) -> ProposalId {
        let grant = self.grant_to_write_under(node, case, service).expect("a grant to write under");
        self.propose_under(node, case, (grant, service), new, towards)
    }

    /// Writes a new entry at a partner, under one grant of a service.
    pub fn propose_under(
        &mut self,
        node: OrganisationNumber,
        case: CaseAt,
        (grant, service): (GrantId, &str),
        new: &NewEntry<'_>,
        towards: Option<EntryId>,
    ) -> ProposalId {
        let label = self.next_label();
        let id = ProposalId::from_random(self.chance.half(format!("{label} proposal")));
        let actor = Actor(self.chance.half(format!("{label} actor")));
        let (_, change) = EntryDocument::create(actor, &content(new)).expect("fits a change");
        let proposal = Proposal {
            id,
            owner: case.owner,
            case: case.case,
            grant,
            service: service_code(service),
            kind: new.kind,
            areas: areas(new.areas),
            about: new.about.iter().copied().collect(),
            towards,
            change,
            author: ADVISER,
            made_at: self.now,
            state: ProposalState::Waiting,
        };
        let news = News { proposals: vec![proposal.clone()], ..News::default() };
        self.commit_of_people(node, vec![Write::ProposalMade(proposal)], &news);
        id
    }

    /// Returns whether a service of a node has a grant to write under.
    pub fn may_propose(&self, node: OrganisationNumber, case: CaseAt, service: &str) -> bool {
        self.grant_to_write_under(node, case, service).is_some()
    }

    fn grant_to_write_under(&self, node: OrganisationNumber, case: CaseAt, service: &str) -> Option<GrantId> {
        let mut grants = self.nodes[&node].store.received.values();
        let grant = grants.find(|received| {
            received.counts(self.now)
                && received.grant.case == case.case
                && received.grant.service == service_code(service)
        });
        grant.map(|received| received.grant.grant)
    }

    /// One guardian says yes.
    pub fn give(&mut self, case: CaseAt, consent: ConsentId, giver: PersonId, about_self: bool) {
        let label = self.next_label();
        let yes = Yes { about_self, ..Yes::new(self.now, Evidence::Oral) };
        self.say(case, &label, vec![Said::ConsentGiven { consent, giver, yes }]);
    }

    /// Asks, and both guardians say yes.
    pub fn share(&mut self, case: CaseAt, ask: &AskFor<'_>) -> ConsentId {
        let consent = self.ask(case, ask);
        self.give(case, consent, MOTHER, false);
        self.give(case, consent, FATHER, false);
        consent
    }

    /// One guardian takes the yes back.
    pub fn withdraw(&mut self, case: CaseAt, consent: ConsentId) {
        let label = self.next_label();
        self.say(case, &label, vec![mothers_word(consent)]);
    }

    /// Says one thing about a case in the stafettholder's name.
    pub fn say_of(&mut self, case: CaseAt, said: Said) {
        let label = self.next_label();
        self.say(case, &label, vec![said]);
    }

    /// One guardian takes every yes back, in one word.
    pub fn withdraw_everything(&mut self, case: CaseAt) {
        let label = self.next_label();
        let ledger = &self.nodes[&case.owner].store.ledgers[&case.case];
        let said = ledger.consents().keys().copied().map(mothers_word).collect();
        self.say(case, &label, said);
    }

    /// The address becomes strictly confidential.
    pub fn protect(&mut self, case: CaseAt) {
        self.set_protection(case, AddressProtection::StrictlyConfidential);
    }

    /// Somebody who may sets how the address is protected.
    pub fn set_protection(&mut self, case: CaseAt, protection: AddressProtection) {
        let label = self.next_label();
        let said = ProtectionSaid::Set { protection, safe_for: BTreeSet::new() };
        self.say_with(case, &label, HOLDER, Vec::new(), vec![said]);
    }

    /// The leader lets one consent count under a confidential address.
    pub fn approve_sharing(&mut self, case: CaseAt, consent: ConsentId) {
        let label = self.next_label();
        self.say_with(case, &label, LEADER, Vec::new(), vec![ProtectionSaid::Approved { consent }]);
    }

    /// The holder registers who the family is; nothing changes by that.
    pub fn register_family(
        &mut self,
        case: CaseAt,
        parties: Vec<Party>,
        birthdays: Option<Birthdays>,
    ) -> RegistrationId {
        let label = self.next_label();
        let registration = RegistrationId::from_random(self.chance.half(format!("{label} registration")));
        let document = "2026/117-3".to_owned();
        self.say(case, &label, vec![Said::PartiesRegistered { registration, parties, birthdays, document }]);
        registration
    }

    /// The leader approves what was registered.
    pub fn approve_family(&mut self, case: CaseAt, registration: RegistrationId) {
        let label = self.next_label();
        self.say_with(case, &label, LEADER, vec![Said::PartiesApproved { registration }], Vec::new());
    }

    /// The subject's birthdays turn out to be these.
    pub fn set_birthdays(&mut self, case: CaseAt, ages: &[(u8, UnixMillis)]) {
        let parties = self.nodes[&case.owner].store.ledgers[&case.case].parties().to_vec();
        let birthdays = Birthdays(ages.iter().copied().collect());
        let registration = self.register_family(case, parties, Some(birthdays));
        self.approve_family(case, registration);
    }

    /// Looks for what is due or over by the passing of time.
    pub fn sweep(&mut self, case: CaseAt) {
        let label = self.next_label();
        let node = &self.nodes[&case.owner];
        let ledger = (*node.store.ledgers[&case.case]).clone();
        let mut decision = Decision::by_the_clock(ledger, self.now);
        decision.mark_expired(&node.key).expect("signs");
        self.conclude(case, &label, decision);
    }

    /// Decides: says things, ends and issues grants, closes before it commits.
    pub(super) fn say(&mut self, case: CaseAt, label: &str, said: Vec<Said>) {
        self.say_with(case, label, HOLDER, said, Vec::new());
    }

    fn say_with(
        &mut self,
        case: CaseAt,
        label: &str,
        by: AccountId,
        said: Vec<Said>,
        of_protection: Vec<ProtectionSaid>,
    ) {
        self.try_say(case, label, by, said, of_protection).expect("can be said");
    }

    /// Says things about a case if they follow and there is room for them. Whether they were said.
    ///
    /// # Errors
    /// What does not follow; nothing has changed then.
    pub fn try_say(
        &mut self,
        case: CaseAt,
        label: &str,
        by: AccountId,
        said: Vec<Said>,
        of_protection: Vec<ProtectionSaid>,
    ) -> Result<bool, DecisionError> {
        let CaseAt { owner, case } = case;
        let key = Arc::clone(&self.nodes[&owner].key);
        let ledger = (*self.nodes[&owner].store.ledgers[&case]).clone();
        let mut decision = Decision::about(ledger, Some(by), self.now);
        for said in said {
            decision.say(said, &key)?;
        }
        for said in of_protection {
            decision.say_of_protection(said, &key)?;
        }
        Ok(self.conclude(CaseAt { owner, case }, label, decision))
    }

    /// Decides what follows and commits it; whether there was room for it.
    fn conclude(&mut self, case: CaseAt, label: &str, decision: Decision) -> bool {
        self.conclude_with(case, label, decision, Vec::new(), Vec::new())
    }

    /// Commits a decision about a move, with what is kept of it beside the chain.
    pub(super) fn conclude_move(
        &mut self,
        case: CaseAt,
        decision: Decision,
        touched: Vec<LeavingRecord>,
        more: Vec<Write>,
    ) -> bool {
        let label = self.next_label();
        self.conclude_with(case, &label, decision, touched, more)
    }

    fn conclude_with(
        &mut self,
        case: CaseAt,
        label: &str,
        mut decision: Decision,
        touched: Vec<LeavingRecord>,
        more: Vec<Write>,
    ) -> bool {
        let CaseAt { owner, case } = case;
        for place in self.ends_of(owner) {
            self.decide_about(place, case, label, &mut decision);
        }
        for word in decision.late_due() {
            decision.say_late(word, &self.nodes[&owner].key).expect("is due");
        }
        decision.mend_baton(Some(LEADER), &self.nodes[&owner].key).expect("signs");
        if decision.is_empty() {
            return true;
        }
        if !decision.closes() && self.is_full(owner) {
            return false;
        }
        if decision.closes() {
            let ledger = Arc::new(decision.ledger().clone());
            for place in self.ends_of(owner) {
                if self.shares(place, case) {
                    let ledger = Arc::clone(&ledger);
                    self.handle(place, stafett_protocol::link::input::Input::CaseChanged { ledger });
                }
            }
        }
        let news = News {
            case: Some(case),
            grants: decision.issued().to_vec(),
            orders: decision.orders().to_vec(),
            leaving: self.moves_to_keep(owner, decision.ledger(), touched),
            ..News::default()
        };
        let mut writes = decision.into_writes();
        writes.extend(news.leaving.iter().cloned().map(|record| Write::Leaving(Box::new(record))));
        writes.extend(more);
        self.commit_of_people(owner, writes, &news);
        true
    }

    fn decide_about(&self, place: Place, case: CaseId, label: &str, decision: &mut Decision) {
        let end = self.end(place);
        let node = &self.nodes[&end.own];
        let view =
            PartnerView { partner: end.partner, agreement: end.agreement.as_ref(), standing: end.standing };
        let grants = node.store.issued.values();
        let grants =
            grants.map(|one| SignedGrant { grant: one.grant.statement(), was_handed: one.is_handed });
        let grants = grants.filter(|one| one.grant.partner == end.partner && one.grant.case == case);
        let rows = node.store.sent_rows(end.partner, case);
        let mut drawn = 0;
        let mut random = |what: &str| {
            drawn += 1;
            self.chance.half(format!("{label} {what} {} {drawn}", end.partner))
        };
        if let Some((succession, cause)) = decision.move_over(view) {
            decision.end_move(succession, cause, &node.key).expect("is over");
        }
        decision.end_grants(view, grants, &rows, &node.key, || random("order")).expect("signs");
        decision.issue_grants(end.own, view, &node.key, || random("grant")).expect("signs");
    }

    /// A receipt came: files it in the case's ledger.
    pub(super) fn file_receipt(&mut self, place: Place, receipt: Verified<Receipt>) {
        let (owner, partner) = (self.end(place).own, self.end(place).partner);
        let statement = receipt.statement();
        let (case, order) = (statement.case, statement.order);
        let store = &self.nodes[&owner].store;
        if self.is_full(owner) {
            return;
        }
        let Some(ledger) = store.ledgers.get(&case).map(|ledger| (**ledger).clone()) else {
            return self.file_receipt_of_nothing(owner, partner, receipt);
        };
        if !ledger.orders_waiting().any(|waiting| waiting == order) {
            // Only an order of a case that was lost, or of a grant that was.
            return self.file_receipt_of_nothing(owner, partner, receipt);
        }
        let key = Arc::clone(&self.nodes[&owner].key);
        let mut decision = Decision::about(ledger, None, self.now);
        decision.say(Said::ReceiptFiled { order, hash: receipt.hash() }, &key).expect("it waits");
        let mut writes = decision.into_writes();
        writes.push(Write::ReceiptFiled(receipt));
        let news = News { case: Some(case), filed: Some((partner, order)), ..News::default() };
        self.commit_of_people(owner, writes, &news);
        self.refresh_standing_if_due(owner, partner);
    }

    /// The receipt of an order that stands in no chain: the case or the grant was lost in a restore.
    fn file_receipt_of_nothing(
        &mut self,
        owner: OrganisationNumber,
        partner: OrganisationNumber,
        receipt: Verified<Receipt>,
    ) {
        let order = receipt.statement().order;
        let store = &self.nodes[&owner].store;
        if !store.orders.contains_key(&order) || store.filed.contains_key(&order) {
            return;
        }
        let news = News { filed: Some((partner, order)), ..News::default() };
        self.commit_of_people(owner, vec![Write::ReceiptFiled(receipt)], &news);
        self.refresh_standing_if_due(owner, partner);
    }

    /// Whether a node's disk is full.
    pub fn is_full(&self, node: OrganisationNumber) -> bool {
        self.nodes[&node].store.fails.is_some()
    }

    pub(super) fn commit_of_people(&mut self, node: OrganisationNumber, writes: Vec<Write>, news: &News) {
        let now = self.now;
        for order in &news.orders {
            self.node_mut(node).store.queued.entry(order.statement().order).or_insert(now);
        }
        let store = &mut self.node_mut(node).store;
        let fails = (store.fails.take(), store.fails_next.take());
        store.commit(Transaction::of(writes)).expect("people's writing fits");
        (store.fails, store.fails_next) = fails;
        self.tell(node, news);
    }
}

fn mothers_word(consent: ConsentId) -> Said {
    let (channel, part) = (Channel::Oral, WithdrawnPart::Whole);
    Said::ConsentWithdrawn { consent, giver: MOTHER, channel, part }
}

fn content(new: &NewEntry<'_>) -> Content {
    Content::new(new.kind, serde_json::from_str(&new.json).expect("JSON of fields"))
        .expect("content that fits")
}
