//! One run: a history lived through under the oracle's eyes, then healed and looked over.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use stafett_protocol::id::{ConsentId, EntryId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::{MINUTE, UnixMillis};

use super::facts::{AgreementFacts, Facts};
use super::kept::LastEdit;
use super::operation::{History, Key, NodeAt, Operation, Settings, Terms};
use super::oracle::Oracle;
use super::overdue::Clocks;
use super::state::State;
use crate::chance::Chance;
use crate::federation::{AREAS, CaseAt, Faults, Federation, START};
use crate::names::organisation;
use crate::store::Store;
use crate::tap::Tap;

/// How long the nodes have to connect before anything is done.
pub const BEGINS_MS: u64 = 5_000;
/// How often a node looks for what the passing of time has made due.
const SWEEP_MS: u64 = MINUTE;
/// Bytes of what was handed over that a line of the trace shows.
const TRACED_MAX: usize = 400;
/// Violations of one run that are told.
const VIOLATIONS_MAX: usize = 8;

/// The services of every municipality that others may share with.
pub const SERVICES: [&str; 2] = ["ppt", "clinic"];
/// Organisation numbers of the nodes, in no order.
const NUMBERS: [&str; 9] = [
    "310000043",
    "310000000",
    "310000108",
    "310000019",
    "310000094",
    "310000027",
    "310000116",
    "310000035",
    "310000086",
];

/// The owner and the partner of a twin run.
pub(super) fn observed() -> (OrganisationNumber, OrganisationNumber) {
    (organisation(NUMBERS[0]), organisation(NUMBERS[1]))
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule that is broken.
    pub rule: &'static str,
    /// When, in milliseconds from the start.
    pub at: u64,
    /// What was seen.
    pub seen: String,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What must not be.
    pub violations: Vec<Violation>,
    /// What the run came to.
    pub states: BTreeSet<State>,
    /// Faults by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// How many operations did something.
    pub done: u64,
    /// How many of those were hidden, by their sort.
    pub hidden: BTreeMap<String, u64>,
    /// How many frames were handed over.
    pub frames: u64,
    /// How many texts of the canaries' were found where they may be.
    pub canaries: u64,
    /// Everything that was handed over.
    pub taps: Vec<Tap>,
    /// What happened, if somebody asked for it.
    pub trace: Vec<String>,
}

/// A history that is being lived.
/// What there was before a restore: of that anything may be lost. What came after it is judged as
/// at any other node.
#[derive(Debug, Clone)]
pub(super) struct Before {
    pub(super) entries: BTreeSet<EntryId>,
    pub(super) consents: BTreeSet<Key>,
}

pub(super) struct Run {
    pub(super) world: Federation,
    pub(super) settings: Settings,
    pub(super) chance: Chance,
    pub(super) numbers: Vec<OrganisationNumber>,
    pub(super) facts: Facts,
    pub(super) oracle: Oracle,
    pub(super) cases: BTreeMap<Key, CaseAt>,
    pub(super) entries: BTreeMap<Key, EntryId>,
    pub(super) proposals: BTreeMap<Key, stafett_protocol::id::ProposalId>,
    pub(super) consents: BTreeMap<Key, ConsentId>,
    pub(super) backups: BTreeMap<Key, (NodeAt, Store)>,
    /// What had been said when each backup was taken, and what each partner held.
    pub(super) facts_at: BTreeMap<Key, (Facts, BTreeSet<(NodeAt, EntryId)>)>,
    /// Nodes that were restored at any time, and what there was when they last were.
    pub(super) restored: BTreeMap<NodeAt, Before>,
    /// Nodes that stopped at any time.
    pub(super) stopped: BTreeSet<NodeAt>,
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) done: u64,
    /// How many of those were hidden, by their sort.
    pub(super) hidden: BTreeMap<String, u64>,
    pub(super) trace: Option<Vec<String>>,
    pub(super) clocks: Clocks,
    /// The last edit of each entry's text.
    pub(super) last_edits: BTreeMap<EntryId, LastEdit>,
    next_sweep: UnixMillis,
    /// Milliseconds that were skipped.
    skipped: u64,
}

/// Lives a history. A panic is a violation like any other.
pub fn live(history: &History, traced: bool) -> Outcome {
    let lived = catch_unwind(AssertUnwindSafe(|| Run::new(&history.settings, traced).live(history)));
    lived.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let seen = text.unwrap_or_else(|| "something else than a text".to_owned());
        let violations = vec![Violation { rule: "a node panics", at: 0, seen }];
        Outcome { violations, ..Outcome::default() }
    })
}

impl Run {
    /// Whether a node was restored at any time.
    pub(super) fn was_restored(&self, node: NodeAt) -> bool {
        self.restored.contains_key(&node)
    }

    /// Whether a node may have lost an entry in a restore.
    pub(super) fn may_have_lost(&self, node: NodeAt, entry: EntryId) -> bool {
        self.restored.get(&node).is_some_and(|before| before.entries.contains(&entry))
    }

    /// Whether a node may have lost words about a consent in a restore.
    pub(super) fn may_have_lost_words(&self, node: NodeAt, consent: Key) -> bool {
        self.restored.get(&node).is_some_and(|before| before.consents.contains(&consent))
    }

    fn new(settings: &Settings, traced: bool) -> Self {
        let mut world = Federation::new(settings.seed);
        let mut facts = Facts::default();
        world.compares = true;
        world.pace.commit_max = settings.commit_max;
        world.pace.network_max = settings.network_max;
        let (late, late_max, lost) = (settings.late, settings.late_max, settings.lost);
        world.faults = Faults { by_content: true, by_name: settings.by_name, late, late_max, lost };
        let numbers: Vec<_> =
            NUMBERS.iter().take(usize::from(settings.nodes)).map(|text| organisation(text)).collect();
        for (place, number) in numbers.iter().enumerate() {
            world.add_node(*number, u8::try_from(place + 1).expect("few nodes"));
        }
        for (one, other) in &settings.links {
            let number = |at: NodeAt| numbers[usize::from(at)];
            world.join((number(*one), &SERVICES), (number(*other), &SERVICES));
            facts.agreements.insert((*one, *other), whole_agreement());
            facts.agreements.insert((*other, *one), whole_agreement());
        }
        let oracle = Oracle::new(settings, numbers.clone());
        let mut run = Self {
            world,
            settings: settings.clone(),
            chance: Chance::new(settings.seed),
            numbers,
            facts,
            oracle,
            cases: BTreeMap::new(),
            entries: BTreeMap::new(),
            proposals: BTreeMap::new(),
            consents: BTreeMap::new(),
            backups: BTreeMap::new(),
            facts_at: BTreeMap::new(),
            skipped: 0,
            restored: BTreeMap::new(),
            stopped: BTreeSet::new(),
            faults: BTreeMap::new(),
            done: 0,
            hidden: BTreeMap::new(),
            trace: traced.then(Vec::new),
            clocks: Clocks::default(),
            last_edits: BTreeMap::new(),
            next_sweep: START.plus(SWEEP_MS),
        };
        if let Some(older) = settings.older {
            run.world.set_program(run.number(older), 19);
        }
        run
    }

    fn live(mut self, history: &History) -> Outcome {
        self.pass_until(START.plus(BEGINS_MS));
        for operation in &history.operations {
            let at = START.plus(BEGINS_MS).plus(operation.at).plus(self.skipped);
            self.pass_until(at);
            self.operate(operation);
            if self.oracle.violations.len() >= VIOLATIONS_MAX {
                break;
            }
        }
        let ends = START.plus(BEGINS_MS).plus(history.settings.ends).plus(self.skipped);
        self.pass_until(ends);
        self.settle();
        self.end()
    }

    fn operate(&mut self, operation: &Operation) {
        let name = format!("operation {}", operation.key);
        let did = self.apply(operation, &name);
        self.done += u64::from(did);
        if did && operation.hidden {
            *self.hidden.entry(operation.what.sort()).or_default() += 1;
        }
        if let Some(trace) = &mut self.trace {
            let line = serde_json::to_string(operation).expect("JSON");
            trace.push(format!("{} {line}", if did { "does " } else { "skips" }));
        }
        self.watch();
        self.look();
        self.look_for_what_is_overdue();
    }

    pub(super) fn number(&self, at: NodeAt) -> OrganisationNumber {
        self.numbers[usize::from(at)]
    }

    /// The place of a node.
    pub(super) fn place(&self, number: OrganisationNumber) -> NodeAt {
        let place = self.numbers.iter().position(|one| *one == number).expect("a node");
        u8::try_from(place).expect("few nodes")
    }

    /// Lets time pass, under the oracle's eyes.
    pub(super) fn pass_until(&mut self, until: UnixMillis) {
        while self.world.now() < until {
            let next = until.min(self.next_sweep);
            while self.world.step(next) {
                self.watch();
            }
            let rest = next.since(self.world.now());
            self.world.run_for(rest);
            if next == self.next_sweep {
                self.next_sweep = self.next_sweep.plus(SWEEP_MS);
                self.sweep();
            }
        }
    }

    pub(super) fn pass(&mut self, millis: u64) {
        self.pass_until(self.world.now().plus(millis));
    }

    /// Skips time in which nobody is connected.
    pub(super) fn skip(&mut self, millis: u64) {
        self.world.fall_asleep();
        self.watch();
        self.world.run_for(millis);
        self.skipped += millis;
        self.next_sweep = self.world.now().plus(SWEEP_MS);
        self.watch();
        self.sweep();
        self.world.wake_up();
    }

    /// Every node looks for what is due.
    pub(super) fn sweep(&mut self) {
        for number in self.numbers.clone() {
            for (own, partner) in self.ends() {
                if own == number && self.world.refresh_standing_if_due(own, partner) {
                    self.oracle.states.insert(State::ReceiptOverdue);
                }
            }
            self.world.sweep_all(number);
        }
        self.watch();
        self.look_for_what_is_overdue();
    }

    /// Both ends of every link.
    pub(super) fn ends(&self) -> Vec<(OrganisationNumber, OrganisationNumber)> {
        let links = self.settings.links.iter();
        let ends = links.flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
        ends.map(|(own, partner)| (self.number(own), self.number(partner))).collect()
    }

    /// Shows the oracle what was handed over and what happened since it looked last.
    pub(super) fn watch(&mut self) {
        if self.world.news.is_empty() && self.oracle.seen == self.world.taps.len() {
            return;
        }
        for place in 0..self.settings.nodes {
            if self.was_restored(place) && self.world.is_sealed(self.number(place)) {
                self.oracle.learned(place);
            }
        }
        let seen = self.oracle.seen;
        self.oracle.watch(&mut self.world, &mut self.facts);
        if self.trace.is_some() {
            let handed: Vec<_> = self.world.taps[seen..].iter().map(|tap| self.handed_line(tap)).collect();
            self.trace.iter_mut().for_each(|trace| trace.extend(handed.iter().cloned()));
        }
    }

    fn handed_line(&self, tap: &Tap) -> String {
        let (at, from, to) = (tap.at.since(START), self.place(tap.from), self.place(tap.to));
        let mut what = tap.frame().map_or_else(|| format!("{:?}", tap.handed), |frame| format!("{frame:?}"));
        what.truncate(what.floor_char_boundary(TRACED_MAX));
        format!("at {at} ms node {from} hands over to node {to}: {what}")
    }

    fn end(self) -> Outcome {
        let mut oracle = self.oracle;
        for (state, fault) in STATES_OF_FAULTS {
            if self.world.happened.get(fault).is_some_and(|times| *times > 0) {
                oracle.states.insert(*state);
            }
        }
        if self.settings.nodes >= 5 {
            oracle.states.insert(State::ManyNodes);
        }
        let mut faults = self.faults;
        for (what, times) in &self.world.happened {
            *faults.entry(what).or_default() += times;
        }
        for fault in faults.keys() {
            let befell = State::Befell(fault);
            assert!(State::ALL.contains(&befell), "{fault} is among no states");
            oracle.states.insert(befell);
        }
        let mut violations = oracle.violations;
        violations.truncate(VIOLATIONS_MAX);
        Outcome {
            violations,
            states: oracle.states,
            faults,
            done: self.done,
            hidden: self.hidden,
            frames: u64::try_from(self.world.taps.len()).expect("few frames"),
            canaries: oracle.canaries,
            taps: self.world.taps,
            trace: self.trace.unwrap_or_default(),
        }
    }

    /// Counts a fault by its kind.
    pub(super) fn fault(&mut self, what: &'static str) {
        *self.faults.entry(what).or_default() += 1;
    }

    /// Notes that something must not be.
    pub(super) fn violated(&mut self, rule: &'static str, seen: String) {
        let at = self.world.now().since(START);
        self.oracle.violations.push(Violation { rule, at, seen });
    }
}

/// States that the world counts by itself.
const STATES_OF_FAULTS: &[(State, &str)] = &[
    (State::ConnectionLost, "connection lost"),
    (State::StoppedBetweenEffects, "stopped between effects"),
    (State::RestoredAndTold, "restore shown by a partner"),
    (State::Compared, "compared after a restore"),
    (State::CommitFailed, "commit failed"),
];

fn whole_agreement() -> AgreementFacts {
    let services: BTreeSet<String> = SERVICES.iter().map(|code| (*code).to_owned()).collect();
    AgreementFacts {
        terms: Terms::Whole,
        areas: AREAS.iter().map(|code| (*code).to_owned()).collect(),
        services: services.clone(),
        our_services: services,
    }
}
