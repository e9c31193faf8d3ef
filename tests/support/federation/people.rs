//! What people do: open a case, write, ask the family, share, withdraw.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::{EntryFacts, OnlyFor};
use stafett_protocol::consent::rule::{Capacity, Party, SubjectKind};
use stafett_protocol::consent::{Consent, Direction, Evidence, Yes};
use stafett_protocol::decision::{Decision, PartnerView};
use stafett_protocol::entry::generation::cut;
use stafett_protocol::entry::{
    About, Actor, Content, Edit, EntryDocument, EntryKind, EntryView, Heads, SchemaVersion, Side,
};
use stafett_protocol::erasure::Receipt;
use stafett_protocol::id::{
    AccountId, CaseId, ConsentId, EntryId, GenerationId, GrantId, PersonId, ProposalId, RelationId,
};
use stafett_protocol::ledger::statement::{AddressProtection, Level, Said};
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{
    EntryRecord, EntryState, Proposal, ProposalState, Relation, Transaction, Write,
};

use super::{Federation, News, Place};
use crate::names::{CHILD, FATHER, MOTHER, areas, service_code};

const HOLDER: AccountId = AccountId::from_bytes([0xb1; 16]);
const ADVISER: AccountId = AccountId::from_bytes([0xb2; 16]);

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
        }
    }
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
            parties: vec![
                party(CHILD, Capacity::Subject),
                party(MOTHER, Capacity::GuardianWithParentalResponsibility),
                party(FATHER, Capacity::GuardianWithParentalResponsibility),
            ],
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
        let actor = self.actor(case.owner, entry);
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

    /// Edits an entry at a node that has it. Returns whether it is there and something changed.
    pub fn edit(&mut self, node: OrganisationNumber, entry: EntryId, json: &str) -> bool {
        let Some(kept) = self.nodes[&node].store.entries.get(&entry).cloned() else { return false };
        if kept.record.state != EntryState::Live {
            return false;
        }
        let side = if kept.record.owner == node { Side::Owner } else { Side::Partner };
        let facts = &kept.record.facts;
        let mut document =
            EntryDocument::open(facts.kind, self.actor(node, entry), &kept.changes).expect("its own changes");
        let fields = serde_json::from_str(json).expect("JSON of an edit");
        let edit = Edit::new(facts.kind, fields).expect("an edit that fits");
        let Some(change) = document.edit(&edit, side).expect("an edit that fits") else { return false };
        let generation = facts.generation;
        let write = Write::Change { entry, generation, change, origin: node, at: self.now };
        let news = News { entries: vec![entry], ..News::default() };
        self.commit_of_people(node, vec![write], &news);
        true
    }

    /// Starts a new generation of an own entry.
    pub fn renew(&mut self, owner: OrganisationNumber, entry: EntryId) {
        let label = self.next_label();
        let kept = self.nodes[&owner].store.entries[&entry].clone();
        let old =
            EntryDocument::open(kept.record.facts.kind, Actor([0xee; 16]), &kept.changes).expect("opens");
        let actor = Actor(self.chance.half(format!("{label} actor")));
        let (_, genesis) = cut(&old, actor).expect("no conflict");
        let generation = GenerationId::from_random(self.chance.half(format!("{label} generation")));
        let mut record = kept.record;
        record.facts.generation = generation;
        record.facts.changes = 1;
        record.genesis = genesis.hash();
        record.heads = Heads::new(vec![genesis.hash()]);
        let change = Write::Change { entry, generation, change: genesis, origin: owner, at: self.now };
        let news = News { entries: vec![entry], ..News::default() };
        self.commit_of_people(owner, vec![Write::Entry(record), change], &news);
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
        let label = self.next_label();
        let id = ProposalId::from_random(self.chance.half(format!("{label} proposal")));
        let grant = self.grant_to_write_under(node, case, service).expect("a grant to write under");
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

    /// Asks the family.
    pub fn ask(&mut self, case: CaseAt, ask: &AskFor<'_>) -> ConsentId {
        let label = self.next_label();
        let id = ConsentId::from_random(self.chance.half(format!("{label} consent")));
        let consent = Consent {
            id,
            recipient: ask.service.clone(),
            areas: areas(ask.areas),
            kinds: EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect(),
            exceptions: ask.exceptions.iter().copied().collect(),
            card_fields: BTreeSet::new(),
            direction: ask.direction,
            purpose: "Samarbeid om barnet.".to_owned(),
            from: ask.from,
            until: ask.until,
            supersedes: ask.supersedes,
        };
        self.say(case, &label, vec![Said::ConsentAsked { consent }]);
        id
    }

    /// One guardian says yes.
    pub fn give(&mut self, case: CaseAt, consent: ConsentId, giver: PersonId, about_self: bool) {
        let label = self.next_label();
        let yes = Yes { at: self.now, evidence: Evidence::Oral, about_self };
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
        self.say(case, &label, vec![Said::ConsentWithdrawn { consent, giver: MOTHER }]);
    }

    /// The address becomes strictly confidential.
    pub fn protect(&mut self, case: CaseAt) {
        let label = self.next_label();
        let protection = AddressProtection::StrictlyConfidential;
        self.say(case, &label, vec![Said::AddressProtected { protection }]);
    }

    /// Looks for what is due or over by the passing of time.
    pub fn sweep(&mut self, case: CaseAt) {
        let label = self.next_label();
        self.say(case, &label, Vec::new());
    }

    /// Decides: says things, ends and issues grants, closes before it commits.
    fn say(&mut self, case: CaseAt, label: &str, said: Vec<Said>) {
        let CaseAt { owner, case } = case;
        let key = Arc::clone(&self.nodes[&owner].key);
        let ledger = (*self.nodes[&owner].store.ledgers[&case]).clone();
        let mut decision = Decision::about(ledger, Some(HOLDER), self.now);
        for said in said {
            decision.say(said, &key).expect("can be said");
        }
        for place in self.ends_of(owner) {
            self.decide_about(place, case, label, &mut decision);
        }
        if decision.is_empty() {
            return;
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
            ..News::default()
        };
        self.commit_of_people(owner, decision.into_writes(), &news);
    }

    fn decide_about(&self, place: Place, case: CaseId, label: &str, decision: &mut Decision) {
        let end = self.end(place);
        let node = &self.nodes[&end.own];
        let view =
            PartnerView { partner: end.partner, agreement: end.agreement.as_ref(), standing: end.standing };
        let grants = node.store.issued.values().map(|(grant, _)| grant.statement());
        let grants = grants.filter(|grant| grant.partner == end.partner && grant.case == case);
        let rows = node.store.sent_rows(end.partner, case);
        let mut drawn = 0;
        let mut random = |what: &str| {
            drawn += 1;
            self.chance.half(format!("{label} {what} {} {drawn}", end.partner))
        };
        decision.end_grants(view, grants, &rows, &node.key, || random("order")).expect("signs");
        decision.issue_grants(end.own, view, &node.key, || random("grant")).expect("signs");
    }

    /// A receipt came: files it in the case's ledger.
    pub(super) fn file_receipt(&mut self, place: Place, receipt: Verified<Receipt>) {
        let (owner, partner) = (self.end(place).own, self.end(place).partner);
        let statement = receipt.statement();
        let (case, order) = (statement.case, statement.order);
        let store = &self.nodes[&owner].store;
        let ledger = (*store.ledgers[&case]).clone();
        if !ledger.orders_waiting().any(|waiting| waiting == order) {
            return;
        }
        let key = Arc::clone(&self.nodes[&owner].key);
        let mut decision = Decision::about(ledger, None, self.now);
        decision.say(Said::ReceiptFiled { order, hash: receipt.hash() }, &key).expect("it waits");
        let mut writes = decision.into_writes();
        writes.push(Write::ReceiptFiled(receipt));
        let news = News { case: Some(case), filed: Some((partner, order)), ..News::default() };
        self.commit_of_people(owner, writes, &news);
    }

    fn commit_of_people(&mut self, node: OrganisationNumber, writes: Vec<Write>, news: &News) {
        self.node_mut(node).store.commit(Transaction::of(writes)).expect("people's writing fits");
        self.tell(node, news);
    }

    fn actor(&self, node: OrganisationNumber, entry: EntryId) -> Actor {
        let incarnation = self.nodes[&node].incarnation;
        Actor(self.chance.half(format!("actor {node} {incarnation} {entry}")))
    }

    /// Returns what a reader at a node would see of an entry; nothing if it is not there, locked,
    /// or no grant opens it any longer.
    pub fn view(&self, node: OrganisationNumber, entry: EntryId) -> Option<EntryView> {
        let store = &self.nodes[&node].store;
        let kept = store.entries.get(&entry)?;
        let opens = |grant| store.received.get(grant).is_some_and(|received| received.counts(self.now));
        let is_open = kept.record.owner == node || kept.record.under.iter().any(opens);
        if kept.record.state != EntryState::Live || !is_open {
            return None;
        }
        let document = EntryDocument::open(kept.record.facts.kind, Actor([0xef; 16]), &kept.changes);
        Some(document.expect("its own changes").view())
    }

    /// Returns the free text of an entry as a reader at a node sees it.
    pub fn text(&self, node: OrganisationNumber, entry: EntryId) -> Option<String> {
        use stafett_protocol::entry::FieldKey;
        self.view(node, entry).map(|view| view.text(FieldKey::Description).to_owned())
    }
}

fn content(new: &NewEntry<'_>) -> Content {
    Content::new(new.kind, serde_json::from_str(&new.json).expect("JSON of fields"))
        .expect("content that fits")
}
