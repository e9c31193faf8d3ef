//! What operators do to agreements, and what befalls links and nodes.

use std::collections::BTreeSet;

use stafett_protocol::agreement::Standing;
use stafett_protocol::time::DAY;
use stafett_protocol::transaction::Fault;

use super::apply::crash;
use super::operation::{Do, Key, NodeAt, Terms};
use super::run::{Before, Run, SERVICES};
use super::state::State;
use crate::federation::AREAS;
use crate::names::{areas, service_code};

/// How far a clock jumps.
const CLOCK_JUMP_MS: u64 = 3_653 * DAY;

impl Run {
    pub(super) fn agree(&mut self, own: NodeAt, partner: NodeAt, terms: Terms) -> bool {
        let (number, other) = (self.number(own), self.number(partner));
        let Some(before) = self.facts.agreements.get(&(own, partner)).cloned() else { return false };
        if before.terms == terms || self.world.is_sealed(number) || self.world.is_full(number) {
            return false;
        }
        self.oracle.agreement_changes(&self.facts, own, partner, terms);
        let whole: BTreeSet<String> = AREAS.iter().map(|code| (*code).to_owned()).collect();
        let services: BTreeSet<String> = SERVICES.iter().map(|code| (*code).to_owned()).collect();
        let known = self.facts.agreements.get_mut(&(own, partner)).expect("known");
        known.terms = terms;
        known.areas = whole;
        known.services = services;
        match terms {
            Terms::FewerAreas => _ = known.areas.remove("learning"),
            Terms::FewerServices => _ = known.services.remove("clinic"),
            _ => {}
        }
        let (codes, services) = (known.areas.clone(), known.services.clone());
        let waits = self.world.waits_since(number, other);
        let now = self.world.now();
        let made = self.world.whole_agreement(number, other);
        self.world.agree_anew(number, other, move |agreement, standing| {
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            *agreement = (terms != Terms::Ended).then_some(made);
            if let Some(agreement) = agreement {
                agreement.areas = areas(&codes);
                agreement.services = services.iter().map(|code| service_code(code)).collect();
            }
            *standing = if terms == Terms::Revoked {
                Standing::Revoked
            } else {
                Standing::Trusted.with_receipts(waits, now)
            };
        });
        true
    }

    /// What befalls links and nodes.
    pub(super) fn befall(&mut self, key: Key, what: &Do) -> bool {
        match what {
            Do::Cut { .. }
            | Do::Heal { .. }
            | Do::Reconnect { .. }
            | Do::Mute { .. }
            | Do::Stall { .. }
            | Do::Flow { .. } => self.befall_link(what),
            Do::Restart { node, stop } => {
                self.fault("node restarted");
                self.stopped.insert(*node);
                self.world.restart(self.number(*node), crash(*stop));
                true
            }
            Do::StopAfter { node, effects, stop } => {
                self.stopped.insert(*node);
                self.world.stop_after(self.number(*node), *effects, crash(*stop));
                true
            }
            Do::Full { node } => {
                self.fault("disk full");
                self.world.set_full(self.number(*node), true);
                true
            }
            Do::Room { node } => {
                self.world.set_full(self.number(*node), false);
                true
            }
            Do::FailNext { node } => {
                self.fault("one write failed");
                self.world.node_mut(self.number(*node)).store.fails_next = Some(Fault::Store);
                true
            }
            Do::Backup { node } => {
                let backup = self.world.back_up(self.number(*node));
                self.backups.insert(key, (*node, backup));
                self.facts_at.insert(key, (self.facts.clone(), self.oracle.held.clone()));
                true
            }
            Do::Restore { node, backup, journal } => self.restore(*node, *backup, *journal),
            Do::ClockJumps { node, ahead } => {
                if self.world.is_sealed(self.number(*node)) {
                    return false;
                }
                self.fault(if *ahead { "clock set ahead" } else { "clock set back" });
                self.stopped.insert(*node);
                self.oracle.states.insert(State::ClockJumped);
                if *ahead {
                    self.world.jump_clock(self.number(*node), CLOCK_JUMP_MS);
                } else {
                    self.world.set_clock_back(self.number(*node));
                }
                self.oracle.jumped.insert(*node);
                true
            }
            Do::ClockRight { node } => self.right_clock(*node),
            Do::RotateKey { node } => self.rotate_key(*node),
            Do::Skip { ms } => {
                self.fault("time skipped");
                self.skip(*ms);
                true
            }
            _ => false,
        }
    }

    pub(super) fn right_clock(&mut self, node: NodeAt) -> bool {
        if !self.oracle.jumped.remove(&node) {
            return false;
        }
        self.world.right_clock(self.number(node));
        let number = self.number(node);
        self.world.sweep_all(number);
        true
    }

    fn rotate_key(&mut self, node: NodeAt) -> bool {
        let number = self.number(node);
        if self.oracle.rotations >= 100 {
            return false;
        }
        self.fault("key rotated");
        self.oracle.rotations += 1;
        let seed = 100 + self.oracle.rotations;
        let all: Vec<NodeAt> = (0..self.settings.nodes).collect();
        self.stopped.extend(all);
        if self.oracle.shares_something(&self.facts, node) {
            self.oracle.states.insert(State::KeyRotated);
        }
        self.world.rotate_key(number, seed);
        true
    }

    fn restore(&mut self, node: NodeAt, backup: Key, journal: bool) -> bool {
        let Some((of, store)) = self.backups.get(&backup).cloned().filter(|(of, _)| *of == node) else {
            return false;
        };
        let number = self.number(of);
        // An operator who restores puts first right what else is wrong with the machine.
        if self.world.is_sealed(number) || self.world.is_full(number) || self.oracle.jumped.contains(&node) {
            return false;
        }
        self.fault(if journal { "restored with its journal kept" } else { "restored with its journal" });
        let (entries, consents) = (self.facts.entries.keys(), self.facts.consents.keys());
        let before = Before { entries: entries.copied().collect(), consents: consents.copied().collect() };
        self.restored.insert(node, before);
        self.stopped.insert(node);
        if let Some((then, held)) = self.facts_at.get(&backup).cloned().filter(|_| !journal) {
            self.facts.forget(node, &then);
            self.oracle.forgets(&self.world, (&then, &held), node, &store);
        }
        self.world.restore(number, store, journal);
        if self.world.is_sealed(number) {
            self.oracle.states.insert(State::RestoredAndSealed);
        }
        true
    }

    fn befall_link(&mut self, what: &Do) -> bool {
        let pair = match what {
            Do::Cut { one, other } | Do::Heal { one, other } | Do::Reconnect { one, other } => (*one, *other),
            Do::Mute { from, to } => (*from, *to),
            Do::Stall { own, partner } | Do::Flow { own, partner } => (*own, *partner),
            _ => return false,
        };
        let (one, other) = (self.number(pair.0), self.number(pair.1));
        if pair.0 == pair.1 || !self.world.has_link(one, other) {
            return false;
        }
        match what {
            Do::Cut { .. } => {
                self.fault("link cut");
                self.world.cut(one, other);
            }
            Do::Heal { .. } => {
                self.world.unmute(one, other);
                self.world.unmute(other, one);
                self.world.heal(one, other);
            }
            Do::Reconnect { .. } => {
                self.fault("connection lost");
                self.world.reconnect(one, other);
            }
            Do::Mute { .. } => {
                self.fault("partition one way");
                self.oracle.states.insert(State::OneWay);
                self.world.mute(one, other);
            }
            Do::Stall { .. } => {
                self.fault("transport stalled");
                self.oracle.stalled.insert((pair.0, pair.1));
                self.world.stall(one, other);
            }
            _ => self.world.flow(one, other),
        }
        true
    }
}
