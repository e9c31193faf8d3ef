//! What partners propose: who may, what it becomes, and where its text may be seen.

use std::collections::BTreeSet;

use stafett_protocol::access;
use stafett_protocol::entry::About;
use stafett_protocol::id::{EntryId, ProposalId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;

use super::apply::about;
use super::facts::Facts;
use super::operation::NodeAt;
use super::oracle::Oracle;
use super::state::State;
use crate::federation::Federation;

/// A proposal's text is looked for under the id that it goes by until it is an entry.
fn under(proposal: ProposalId) -> EntryId {
    EntryId::from_bytes(*proposal.as_bytes())
}

impl Oracle {
    pub(super) fn hide_proposal(&mut self, proposal: ProposalId, text: &str) {
        self.proposals.insert(proposal, text.to_owned());
        self.canary.hide_text(text, under(proposal));
    }

    /// A session has asked for a proposal to be stored as an entry.
    pub(super) fn takes_proposal(
        &mut self,
        facts: &Facts,
        (own, partner): (OrganisationNumber, OrganisationNumber),
        proposal: ProposalId,
        stored: &access::EntryFacts,
        at: UnixMillis,
    ) {
        let (own, partner) = (self.place(own), self.place(partner));
        let Some(known) = facts.proposals.get(&proposal) else {
            let seen = format!("node {own} takes {proposal} of node {partner}, which nobody has written");
            return self.violated("a proposal is somebody's", at, seen);
        };
        let areas: BTreeSet<String> = stored.areas.iter().map(ToString::to_string).collect();
        let concerned: BTreeSet<About> = known.about.iter().map(|one| about(*one)).collect();
        let written_by =
            stored.written_by.as_ref().map(|service| (self.place(service.host), service.code.to_string()));
        let is_same = known.owner == own
            && known.written_by == written_by
            && facts.cases[&known.case].id == stored.case
            && known.kind == stored.kind.as_str()
            && known.areas == areas
            && concerned == stored.about
            && stored.only_for.is_none();
        if !is_same {
            let seen = format!("node {own} takes {proposal} of node {partner} as {stored:?}");
            self.violated("a proposal becomes what was proposed", at, seen);
        }
        let may = |facts: &Facts| {
            let service = known.written_by.as_ref().filter(|(node, _)| *node == partner);
            service.is_some_and(|service| facts.may_propose(known.case, service, &known.areas, at))
        };
        let is_forgotten = self.forgotten.get(&(own, partner)).is_some_and(may);
        if !may(facts) && !is_forgotten && self.liar != Some(own) {
            let seen = format!(
                "node {own} takes {proposal} of {:?}, in {:?} of case {}",
                known.written_by, known.areas, known.case
            );
            self.violated("nothing is taken from whoever may not write it", at, seen);
        }
    }

    /// A proposal has become an entry.
    pub(super) fn taken(
        &mut self,
        world: &Federation,
        facts: &mut Facts,
        (own, partner): (OrganisationNumber, OrganisationNumber),
        proposal: ProposalId,
        entry: EntryId,
    ) {
        // One that is nobody's was told of when it was to be stored.
        let Some(one) = facts.proposals.get(&proposal).cloned() else { return };
        if let Some(known) = facts.entries.get(&entry).filter(|known| known.case != one.case) {
            let seen = format!("{entry} of case {} becomes one of case {}", known.case, one.case);
            self.violated("an entry belongs to one case", world.now(), seen);
        }
        facts.entries.insert(entry, one);
        self.hide_entry(entry, "");
        self.became.entry(under(proposal)).or_default().insert(entry);
        let kept = world.node(own).store.entries.get(&entry);
        let text = self.proposals.get(&proposal).cloned().unwrap_or_default();
        self.born.extend(kept.map(|kept| (kept.record.facts.generation, text)));
        self.now_holds(self.place(partner), entry);
        self.states.insert(State::ProposalTaken);
    }

    /// Whether a text may go from one node to another: as an entry's, or as a proposal's from its
    /// author to the owner of its case.
    pub(super) fn text_may_go(
        &self,
        facts: &Facts,
        (from, to): (NodeAt, NodeAt),
        of: EntryId,
        at: UnixMillis,
    ) -> bool {
        if let Some(way) = self.answers.get(&of) {
            return *way == (from, to);
        }
        let proposal = facts.proposals.get(&ProposalId::from_bytes(*of.as_bytes()));
        if let Some(proposal) = proposal {
            let author = proposal.written_by.as_ref().map(|(node, _)| *node);
            if author == Some(from) && proposal.owner == to {
                return true;
            }
        }
        let entries = if proposal.is_some() {
            self.became.get(&of).cloned().unwrap_or_default()
        } else {
            BTreeSet::from([of])
        };
        entries.into_iter().any(|entry| {
            let owner = facts.entries.get(&entry).map(|one| one.owner);
            (owner == Some(from) && self.permits(facts, entry, to, at))
                || (owner == Some(to) && self.ever.contains(&(from, entry)))
        })
    }
}
