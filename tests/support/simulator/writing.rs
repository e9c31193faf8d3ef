//! What staff write: cases, entries, edits, proposals, relations, new generations.

use std::collections::BTreeSet;

use stafett_protocol::access::OnlyFor;
use stafett_protocol::entry::{About, EntryKind, FieldKey};
use stafett_protocol::id::EntryId;
use stafett_protocol::municipality::{AreaCode, Service};

use super::apply::{HOLDER, about};
use super::facts::{CARD, CaseFacts, EntryFacts};
use super::operation::{Concerned, Do, Grade, Key, NodeAt, Person};
use super::run::Run;
use super::state::State;
use crate::federation::{CaseAt, NewEntry};
use crate::names::service_code;

impl Run {
    pub(super) fn write(&mut self, key: Key, what: &Do, name: &str) -> bool {
        match what {
            Do::OpenCase { owner, youth_in } => self.open_case(key, *owner, *youth_in, name),
            Do::Publish { case, areas, kind, about } => {
                let codes: Vec<&str> = areas.iter().map(String::as_str).collect();
                let facts = EntryFacts {
                    case: *case,
                    owner: 0,
                    kind: kind.clone(),
                    areas: areas.iter().cloned().collect(),
                    about: about.clone(),
                    written_by: None,
                    only_for: None,
                };
                self.publish(key, facts, &codes, name)
            }
            Do::Card { consent } => self.card(key, *consent, name),
            Do::Edit { node, entry, field } => self.edit(*node, *entry, field, name),
            Do::Propose { node, case, service, areas, towards } => {
                self.propose(key, *node, *case, service, areas, *towards, name)
            }
            Do::Relate { case, from, to } => {
                let ends = (self.entries.get(from).copied(), self.entries.get(to).copied());
                let (Some(at), (Some(from), Some(to))) = (self.cases.get(case).copied(), ends) else {
                    return false;
                };
                let is_here = |entry: EntryId| self.is_own_entry(at, entry);
                if from == to || !is_here(from) || !is_here(to) || !self.can_write(self.place(at.owner)) {
                    return false;
                }
                self.world.named(name, |world| world.relate(at, from, to));
                true
            }
            Do::Renew { entry } => self.renew(*entry, name),
            _ => false,
        }
    }

    fn is_own_entry(&self, at: CaseAt, entry: EntryId) -> bool {
        let kept = self.world.node(at.owner).store.entries.get(&entry);
        kept.is_some_and(|kept| kept.record.facts.case == at.case)
    }

    fn open_case(&mut self, key: Key, owner: NodeAt, youth_in: Option<u64>, name: &str) -> bool {
        if !self.can_write(owner) {
            return false;
        }
        let number = self.number(owner);
        let at = self.world.named(name, |world| world.open_case(number));
        let now = self.world.now();
        let guardians = vec![(now, BTreeSet::from([Person::Mother, Person::Father]))];
        let case = CaseFacts {
            id: at.case,
            owner,
            guardians,
            youth_at: None,
            grade: Grade::None,
            is_closed: false,
            approved: BTreeSet::new(),
            exceptions: Vec::new(),
        };
        self.facts.cases.insert(key, case);
        self.cases.insert(key, at);
        self.oracle.hide_case(at.case, key);
        self.oracle.batons.insert(key, (HOLDER, None));
        if let Some(youth_in) = youth_in {
            self.register(key, None, Some(youth_in), name);
        }
        true
    }

    fn publish(&mut self, key: Key, mut facts: EntryFacts, codes: &[&str], name: &str) -> bool {
        let Some(at) = self.cases.get(&facts.case).copied() else { return false };
        let owner = self.place(at.owner);
        if !self.can_write(owner) || !self.world.node(at.owner).store.ledgers.contains_key(&at.case) {
            return false;
        }
        let marker = self.marker(name);
        let concerned: Vec<About> = facts.about.iter().map(|one| about(*one)).collect();
        let (kind, json) = written(&facts.kind, &marker, self.place_field(facts.only_for));
        let only_for = facts.only_for.map(|consent| self.only_for(consent));
        let new = NewEntry { kind, areas: codes, about: &concerned, json };
        let entry = self.world.named(name, |world| world.publish_for(at, &new, only_for));
        facts.owner = owner;
        facts.written_by = Some((owner, "school".to_owned()));
        self.facts.entries.insert(entry, facts);
        self.entries.insert(key, entry);
        self.oracle.hide_entry(entry, name);
        self.oracle.hide_text(&marker, entry);
        self.note_birth(at, entry);
        true
    }

    fn place_field(&self, card_for: Option<Key>) -> bool {
        card_for.is_some_and(|consent| self.facts.consents[&consent].place)
    }

    fn only_for(&self, consent: Key) -> OnlyFor {
        let (node, code) = self.facts.consents[&consent].service.clone();
        let service = Service { host: self.number(node), code: service_code(&code) };
        OnlyFor { service, consent: Some(self.consents[&consent]) }
    }

    fn card(&mut self, key: Key, consent: Key, name: &str) -> bool {
        let Some(asked) = self.facts.consents.get(&consent).filter(|asked| asked.card).cloned() else {
            return false;
        };
        let codes: Vec<&str> = asked.areas.iter().map(String::as_str).collect();
        let facts = EntryFacts {
            case: asked.case,
            owner: 0,
            kind: CARD.to_owned(),
            areas: asked.areas.clone(),
            about: vec![Concerned::Subject],
            written_by: None,
            only_for: Some(consent),
        };
        self.publish(key, facts, &codes, name)
    }

    /// Notes what a generation holds when it begins: a new reader gets that and nothing older.
    fn note_birth(&mut self, at: CaseAt, entry: EntryId) {
        let view = self.world.view(at.owner, entry);
        let text = view.map(|view| view.text(FieldKey::Title).to_owned() + view.text(FieldKey::Description));
        let generation = self.world.node(at.owner).store.entries[&entry].record.facts.generation;
        self.oracle.born.insert(generation, text.unwrap_or_default());
    }

    fn edit(&mut self, node: NodeAt, entry: Key, field: &str, name: &str) -> bool {
        let Some(id) = self.entries.get(&entry).copied() else { return false };
        let Some(facts) = self.facts.entries.get(&id).cloned() else { return false };
        let number = self.number(node);
        if facts.kind == CARD || !self.can_write(node) || self.world.view(number, id).is_none() {
            return false;
        }
        if facts.owner != node && !self.may_write_in(node, id) {
            return false;
        }
        let marker = self.marker(name);
        let day = 1 + self.chance.below(28, format!("{name} day"));
        let json = match (facts.kind.as_str(), field) {
            ("measure", "deadline") => serde_json::json!({ "deadline": format!("2027-03-{day:02}") }),
            ("measure" | "goal", _) => serde_json::json!({ "title": marker }),
            _ => serde_json::json!({ "description": marker }),
        };
        let json = json.to_string();
        let before = self.changes_at(number, id);
        if !self.world.named(name, |world| world.edit(number, id, &json)) {
            return false;
        }
        if json.contains(&marker) {
            self.note_edit(node, id, &marker, &before);
        }
        self.oracle.hide_text(&marker, id);
        self.oracle.wrote(node, id, self.world.now());
        true
    }

    /// Whether a page would let staff of a partner write in an entry.
    fn may_write_in(&self, node: NodeAt, entry: EntryId) -> bool {
        let store = &self.world.node(self.number(node)).store;
        let under = store.entries.get(&entry).map(|kept| kept.record.under.clone()).unwrap_or_default();
        let lets = |grant| {
            store.received.get(grant).is_some_and(|received| {
                received.counts(self.world.now()) && received.grant.direction.receives()
            })
        };
        under.iter().any(lets)
    }

    #[expect(clippy::too_many_arguments, reason = "an operation has as many parts")]
    fn propose(
        &mut self,
        key: Key,
        node: NodeAt,
        case: Key,
        service: &str,
        codes: &[String],
        towards: Option<Key>,
        name: &str,
    ) -> bool {
        let Some(at) = self.cases.get(&case).copied() else { return false };
        let number = self.number(node);
        if !self.can_write(node) || number == at.owner || !self.world.shows(number, at.owner) {
            return false;
        }
        let wanted: BTreeSet<AreaCode> = codes.iter().map(|code| code.parse().expect("a code")).collect();
        let now = self.world.now();
        let lets = |received: &stafett_protocol::grant::ReceivedGrant| {
            received.counts(now)
                && received.grant.case == at.case
                && received.grant.service == service_code(service)
                && received.grant.direction.receives()
                && received.grant.covers(EntryKind::Note, &wanted)
        };
        let grant = self.world.node(number).store.received.values().find(|received| lets(received));
        let Some(grant) = grant.map(|received| received.grant.grant) else { return false };
        let towards = towards.and_then(|key| self.entries.get(&key).copied());
        let is_of_case = |entry: &EntryId| self.facts.entries.get(entry).is_some_and(|one| one.case == case);
        let towards = towards.filter(|entry| is_of_case(entry) && self.world.view(number, *entry).is_some());
        let marker = self.marker(name);
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        let new = NewEntry::note_in(&codes, &marker);
        let id =
            self.world.named(name, |world| world.propose_under(number, at, (grant, service), &new, towards));
        let facts = EntryFacts {
            case,
            owner: self.place(at.owner),
            kind: "note".to_owned(),
            areas: codes.iter().map(|code| (*code).to_owned()).collect(),
            about: vec![Concerned::Subject],
            written_by: Some((node, service.to_owned())),
            only_for: None,
        };
        self.facts.proposals.insert(id, facts);
        self.oracle.hide_proposal(id, &marker);
        self.proposals.insert(key, id);
        true
    }

    fn renew(&mut self, entry: Key, name: &str) -> bool {
        let Some(id) = self.entries.get(&entry).copied() else { return false };
        self.renew_entry(id, name)
    }

    /// Starts a new generation of an entry, if it has a history and nothing is in conflict.
    pub(super) fn renew_entry(&mut self, id: EntryId, name: &str) -> bool {
        let Some(facts) = self.facts.entries.get(&id).cloned() else { return false };
        let at = self.cases[&facts.case];
        let kept = self.world.node(at.owner).store.entries.get(&id);
        let has_history = kept.is_some_and(|kept| kept.record.facts.changes > 1);
        if !has_history || !self.can_write(facts.owner) {
            return false;
        }
        if !self.world.named(name, |world| world.renew(at.owner, id)) {
            self.oracle.states.insert(State::Conflict);
            return false;
        }
        self.note_birth(at, id);
        true
    }
}

/// The fields of a new entry of a kind, with a text.
fn written(kind: &str, text: &str, is_place: bool) -> (EntryKind, String) {
    let (kind, json) = match kind {
        "measure" => (
            EntryKind::Measure,
            serde_json::json!({
                "title": text, "responsible": "Ole", "deadline": "2027-01-15", "status": "planned",
            }),
        ),
        "goal" => (EntryKind::Goal, serde_json::json!({ "title": text })),
        CARD if is_place => (EntryKind::CaseCard, serde_json::json!({ "school": text })),
        CARD => (EntryKind::CaseCard, serde_json::json!({ "name": text })),
        _ => (EntryKind::Note, serde_json::json!({ "description": text })),
    };
    (kind, json.to_string())
}
