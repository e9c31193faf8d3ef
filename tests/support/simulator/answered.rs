//! What services answer: whether they take a case, to its owner and to nobody else.

use stafett_protocol::id::EntryId;
use stafett_protocol::uptake::Uptake;

use super::facts::Stands;
use super::operation::Key;
use super::run::Run;
use super::state::State;
use crate::names::service_code;

impl Run {
    /// A service's leader answers what was shared under a consent; whether there was something to
    /// answer.
    pub(super) fn answer(&mut self, consent: Key, takes: bool, name: &str) -> bool {
        let Some(one) = self.facts.consents.get(&consent).cloned() else { return false };
        let Some(at) = self.cases.get(&one.case).copied() else { return false };
        let (node, service) = one.service;
        if node == self.place(at.owner) || self.settings.liar == Some(node) || !self.can_write(node) {
            return false;
        }
        let number = self.number(node);
        if takes {
            return self.world.named(name, |world| world.take(number, at, &service)) > 0;
        }
        // Why is looked for under the consent's id: no entry has it.
        let (why, place) = (self.marker(name), EntryId::from_bytes(*one.id.as_bytes()));
        self.oracle.answers.insert(place, (node, self.place(at.owner)));
        self.oracle.hide_text(&why, place);
        self.world.named(name, |world| world.decline(number, at, &service, &why)) > 0
    }

    /// The owner knows the last word of every service that still has the case.
    pub(super) fn look_at_answers(&mut self) {
        let now = self.world.now();
        for (consent, one) in self.facts.consents.clone() {
            let at = self.cases[&one.case];
            let (owner, (node, service)) = (self.place(at.owner), one.service);
            let other = self.number(node);
            let can_speak = owner != node
                && self.world.has_link(at.owner, other)
                && self.oracle.are_honest(owner, node)
                && !self.was_restored(owner)
                && !self.was_restored(node)
                && [owner, node].iter().all(|one| self.settings.older != Some(*one));
            let agrees = |own, partner| {
                self.facts.agreements.get(&(own, partner)).is_some_and(|one| {
                    one.terms == super::operation::Terms::Whole && one.our_services.contains(&service)
                })
            };
            let counts = self.facts.stands(consent, now) == Stands::Counts;
            if !can_speak || !counts || !agrees(owner, node) || !agrees(node, owner) {
                continue;
            }
            let is_of = |uptake: &&Uptake| uptake.case == at.case && uptake.service == service_code(&service);
            let living = |uptake: &&Uptake| {
                let received = self.world.node(other).store.received.get(&uptake.grant);
                received.is_some_and(|received| received.counts(now))
            };
            let said = self.world.node(other).store.said.values().map(|(uptake, _)| uptake);
            for said in said.filter(is_of).filter(living).cloned().collect::<Vec<_>>() {
                let heard = self.world.node(at.owner).store.heard.get(&said.grant);
                if heard.is_some_and(|heard| *heard.statement() == said) {
                    self.oracle.states.insert(State::Answered);
                } else {
                    let seen =
                        format!("node {owner} does not know what {service} of node {node} has answered");
                    self.violated("a service's answer arrives once the nodes can speak", seen);
                }
            }
        }
    }
}
