//! Random histories: whatever was cut, restarted, shared and withdrawn, nodes with the same scope
//! end with the same documents, and nothing hidden ever left.

use stafett_protocol::id::{ConsentId, EntryId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::{HOUR, MINUTE};
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::service;
use stafett_tests::tap::holds;

use crate::story::Story;

const SEEDS: u64 = 200;

/// A marker of 128 bits that stands in every text of a hidden area.
const CANARY: &str = "kanarifugl-7f3a9c51e2b84d06";
/// The same for what is shared with everybody.
const POSITIVE: &str = "positiv-0d5b6e88a14f4c3a";

#[test]
fn nodes_with_the_same_scope_end_with_the_same_documents() {
    let (mut withdrawn, mut restarted, mut both_wrote, mut positive) = (0, 0, 0, 0);
    for seed in 0..SEEDS {
        let mut life = Life::new(seed);
        for step in 0..14 {
            life.step = step;
            life.random_step();
            let wait = life.draw(1_500, "wait");
            life.story.world.run_for(wait);
        }
        life.settle();

        life.assert_converged();
        let bytes =
            |marker: &str| life.story.world.taps.iter().filter(|tap| holds(tap.bytes(), marker)).count();
        assert_eq!(bytes(CANARY), 0, "seed {seed}: something hidden left");
        positive += bytes(POSITIVE);
        withdrawn += life.withdrawn;
        restarted += life.restarted;
        both_wrote += life.both_wrote;
    }
    assert!(withdrawn > 50 && restarted > 100 && both_wrote > 50, "{withdrawn} {restarted} {both_wrote}");
    assert!(positive > 500, "{positive}: the search finds what was shared");
}

#[test]
fn search_finds_a_marker_in_every_disguise() {
    for form in stafett_tests::tap::disguises(CANARY) {
        let mut bytes = b"before".to_vec();
        bytes.extend(form);
        bytes.extend(b"after");

        assert!(holds(&bytes, CANARY));
    }
    assert!(!holds(b"nothing of it", CANARY));
}

struct Life {
    story: Story,
    step: u64,
    consents: Vec<ConsentId>,
    entries: Vec<EntryId>,
    cut: Vec<OrganisationNumber>,
    withdrawn: u64,
    restarted: u64,
    both_wrote: u64,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut story = Story::new(seed);
        story.world.pace.commit_max = 1 + story.world.chance.below(300, "commit pace");
        story.world.pace.network_max = 1 + story.world.chance.below(800, "network pace");
        let (cut, consents, entries) = (Vec::new(), Vec::new(), Vec::new());
        Self { story, step: 0, consents, entries, cut, withdrawn: 0, restarted: 0, both_wrote: 0 }
    }

    fn draw(&self, end: u64, purpose: &str) -> u64 {
        self.story.world.chance.below(end, format!("step {} {purpose}", self.step))
    }

    fn partner(&self) -> OrganisationNumber {
        if self.draw(2, "who") == 0 { self.story.partner } else { self.story.third }
    }

    fn random_step(&mut self) {
        let (owner, case) = (self.story.owner, self.story.case);
        let partner = self.partner();
        let text = format!("{POSITIVE} {}", self.step);
        match self.draw(12, "what") {
            0 | 1 => {
                let code = if self.draw(2, "service") == 0 { "ppt" } else { "clinic" };
                let ask = AskFor::both(service(partner, code), &["language"]);
                self.consents.push(self.story.world.share(case, &ask));
            }
            2 | 3 => self.entries.push(self.story.world.publish(case, &NewEntry::note(&text))),
            4 => {
                let hidden = format!("{CANARY} {}", self.step);
                let entry = self.story.world.publish(case, &NewEntry::note_in(&["wellbeing"], &hidden));
                self.story.world.edit(owner, entry, &format!(r#"{{"description":"{hidden}, endret"}}"#));
            }
            5 => self.edit(owner, &text),
            6 => self.edit(partner, &text),
            7 => {
                self.edit(owner, &format!("{text} hos eier"));
                self.edit(partner, &format!("{text} hos partner"));
                self.both_wrote += 1;
            }
            8 => {
                if let Some(consent) = self.consents.pop() {
                    self.story.world.withdraw(case, consent);
                    self.withdrawn += 1;
                }
            }
            9 => {
                self.story.world.cut(owner, partner);
                self.cut.push(partner);
            }
            10 => self.heal(),
            _ => {
                let crash =
                    if self.draw(2, "crash") == 0 { Crash::BeforeCommits } else { Crash::AfterCommits };
                let node = if self.draw(2, "side") == 0 { owner } else { partner };
                self.story.world.restart(node, crash);
                self.restarted += 1;
            }
        }
    }

    fn edit(&mut self, node: OrganisationNumber, text: &str) {
        let count = u64::try_from(self.entries.len()).expect("few");
        if count > 0 {
            let place = usize::try_from(self.draw(count, "which")).expect("few");
            let json = format!(r#"{{"description":"{text}"}}"#);
            if self.story.world.view(node, self.entries[place]).is_some() {
                self.story.world.edit(node, self.entries[place], &json);
            }
        }
    }

    fn heal(&mut self) {
        for partner in std::mem::take(&mut self.cut) {
            self.story.world.heal(self.story.owner, partner);
        }
    }

    /// Heals everything, waits, and starts new generations where history holds an entry back.
    fn settle(&mut self) {
        self.heal();
        self.story.world.run_for(HOUR);
        for entry in self.entries.clone() {
            let kept = &self.story.world.node(self.story.owner).store.entries[&entry];
            if kept.record.facts.changes > 1 {
                self.story.world.renew(self.story.owner, entry);
            }
        }
        self.story.world.run_for(5 * MINUTE);
    }

    fn assert_converged(&self) {
        let Story { world, owner, partner, third, case } = &self.story;
        let ledger = &world.node(*owner).store.ledgers[&case.case];
        for reader in [partner, third] {
            let is_shared =
                ledger.grants().values().any(|grant| grant.partner == *reader && grant.ended_at.is_none());
            assert_eq!(world.waiting(*owner, *reader), (0, 0), "seed {}", world.chance.seed());
            for entry in &self.entries {
                let there = world.view(*reader, *entry);
                let expected = if is_shared { world.view(*owner, *entry) } else { None };
                assert_eq!(there, expected, "seed {}, {reader}, {entry}", world.chance.seed());
            }
            if !is_shared {
                assert!(world.node(*reader).store.entries.is_empty(), "seed {}", world.chance.seed());
            }
        }
        assert_eq!(world.node(*owner).alarms, Vec::new(), "seed {}", world.chance.seed());
    }
}
