//! Writing on what is there, reading it, and starting new generations.

use stafett_protocol::entry::generation::cut;
use stafett_protocol::entry::{Actor, Edit, EntryDocument, EntryView, FieldKey, Heads, Side};
use stafett_protocol::id::{EntryId, GenerationId};
use stafett_protocol::late::{Shown, shown};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::{CarriedTo, EntryState, GenerationWrite, Write};

use super::Federation;
use super::people::{ADVISER, News};

impl Federation {
    /// Edits an entry at a node that has it. Returns whether it is there and something changed;
    /// what was changed in two generations cannot be edited until it is carried.
    pub fn edit(&mut self, node: OrganisationNumber, entry: EntryId, json: &str) -> bool {
        let Some(content) = self.nodes[&node].store.content(entry) else { return false };
        if content.record.state != EntryState::Live || !self.nodes[&node].store.may_write_on(entry) {
            return false;
        }
        let is_own = content.record.owner == node;
        let side = if is_own { Side::Owner } else { Side::Partner };
        let facts = content.record.facts.clone();
        let edit = Edit::new(facts.kind, serde_json::from_str(json).expect("JSON of an edit"));
        let edit = edit.expect("an edit that fits");
        let (label, at) = (self.next_label(), self.now);
        // Each change has an actor of its own, as at a node.
        let mut drawn = 0;
        let chance = self.chance;
        let mut actor = || {
            drawn += 1;
            Actor(chance.half(format!("{label} actor {drawn}")))
        };
        let Ok(placed) = self.shown(node, entry).expect("its own changes").place(&edit) else { return false };
        let mut writes = Vec::new();
        if let Some(edit) = placed.present {
            let mut document =
                EntryDocument::open(facts.kind, actor(), &content.changes).expect("its own changes");
            let change = document.edit(&edit, side).expect("an edit that fits");
            let generation = facts.generation;
            writes.extend(change.map(|change| Write::Change { entry, generation, change, origin: node, at }));
        }
        for (generation, edit) in placed.earlier {
            let earlier = content.earlier.iter().find(|one| one.generation == generation).expect("named");
            let mut document =
                EntryDocument::open(facts.kind, actor(), &earlier.changes).expect("its own changes");
            let change = document.edit(&edit, side).expect("an edit that fits");
            writes.extend(change.map(|change| {
                Write::Generation(GenerationWrite::LateChange { entry, generation, change, origin: node, at })
            }));
        }
        for generation in placed.rewritten {
            let earlier = content.earlier.iter().find(|one| one.generation == generation).expect("named");
            let heads = earlier.heads.clone();
            writes.push(Write::Generation(GenerationWrite::Forget { entry, generation, heads }));
        }
        if writes.is_empty() {
            return false;
        }
        let made_by = |write: &Write| match write {
            Write::Change { change, .. } | Write::Generation(GenerationWrite::LateChange { change, .. }) => {
                Some(change.change().actor)
            }
            _ => None,
        };
        let actors: Vec<Actor> = writes.iter().filter_map(made_by).collect();
        writes.extend(actors.into_iter().map(|actor| Write::Author { entry, actor, author: ADVISER }));
        let news = News { entries: vec![entry], ..News::default() };
        self.commit_of_people(node, writes, &news);
        true
    }

    /// Starts a new generation of an own entry, if no field is in conflict. Returns whether it did.
    pub fn renew(&mut self, owner: OrganisationNumber, entry: EntryId) -> bool {
        let label = self.next_label();
        let kept = self.nodes[&owner].store.entries[&entry].clone();
        let old =
            EntryDocument::open(kept.record.facts.kind, Actor([0xee; 16]), &kept.changes).expect("opens");
        let actor = Actor(self.chance.half(format!("{label} actor")));
        let Ok((_, genesis)) = cut(&old, actor) else { return false };
        let generation = GenerationId::from_random(self.chance.half(format!("{label} generation")));
        let heads = kept.record.heads.clone();
        let leave = GenerationWrite::Leave {
            entry,
            generation: kept.record.facts.generation,
            heads: heads.clone(),
            keep: Some(CarriedTo { heads, onto: Heads::from(genesis.hash()) }),
        };
        let mut record = kept.record;
        record.facts.generation = generation;
        record.facts.changes = 1;
        record.genesis = genesis.hash();
        record.heads = Heads::new(vec![genesis.hash()]);
        let change = Write::Change { entry, generation, change: genesis, origin: owner, at: self.now };
        let news = News { entries: vec![entry], ..News::default() };
        let writes = vec![Write::Generation(leave), Write::Entry(record), change];
        self.commit_of_people(owner, writes, &news);
        true
    }

    fn shown(&self, node: OrganisationNumber, entry: EntryId) -> Option<Shown> {
        let content = self.nodes[&node].store.content(entry)?;
        let mut drawn = 0;
        let fresh_actor = || {
            drawn += 1;
            let mut actor = [0xef; 16];
            actor[0] = drawn;
            Actor(actor)
        };
        Some(shown(&content, node, fresh_actor).expect("its own changes"))
    }

    /// Returns what a reader at a node would see of an entry; nothing if it is not there, locked,
    /// or no grant opens it any longer.
    pub fn view(&self, node: OrganisationNumber, entry: EntryId) -> Option<EntryView> {
        let store = &self.nodes[&node].store;
        let kept = store.entries.get(&entry)?;
        let now = self.time_at(node);
        let opens = |grant| store.received.get(grant).is_some_and(|received| received.counts(now));
        let is_open = kept.record.owner == node
            || (self.shows(node, kept.record.owner) && kept.record.under.iter().any(opens));
        if kept.record.state != EntryState::Live || !is_open {
            return None;
        }
        self.shown(node, entry).map(|shown| shown.view)
    }

    /// Returns what becomes of edits that a node has made and that the owner does not have.
    pub fn undelivered(
        &self,
        node: OrganisationNumber,
        entry: EntryId,
    ) -> Option<stafett_protocol::late::Undelivered> {
        self.shown(node, entry).and_then(|shown| shown.undelivered)
    }

    /// Returns the free text of an entry as a reader at a node sees it.
    pub fn text(&self, node: OrganisationNumber, entry: EntryId) -> Option<String> {
        self.view(node, entry).map(|view| view.text(FieldKey::Description).to_owned())
    }
}
