//! Draws a world and what is done in it from a seed.
//!
//! Each sort of fault is a switch, and each seed turns on some of them. What an operation is about
//! is chosen among what the ones before it make, by their numbers.

mod racing;
mod trouble;
mod words;

use super::operation::{Concerned, Do, History, Key, NodeAt, Operation, Pass, Settings, Stop};
use crate::chance::Chance;
use crate::federation::AREAS;

/// Milliseconds at most that a commit takes on a disk that hardly writes.
const STUCK_COMMIT_MS: u64 = 6_000;

/// Sorts of faults that a seed turns on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Switch {
    Cuts,
    Mutes,
    Stalls,
    Stops,
    StopsBetween,
    Disks,
    Restores,
    Clocks,
    Keys,
    Skips,
    Protection,
    Agreements,
    Custody,
    Baton,
    Lies,
}

/// What stands for what a history has made so far.
struct Draft {
    chance: Chance,
    settings: Settings,
    operations: Vec<Operation>,
    next: Key,
    at: u64,
    cases: Vec<(Key, NodeAt)>,
    entries: Vec<MadeEntry>,
    consents: Vec<MadeConsent>,
    backups: Vec<(Key, NodeAt)>,
    full: Vec<NodeAt>,
    jumped: Vec<NodeAt>,
    /// The one that must not notice what is hidden, and whose cases it sees, in a twin run.
    observed: Option<(NodeAt, NodeAt)>,
    is_hidden: bool,
}

#[derive(Clone)]
struct MadeEntry {
    key: Key,
    case: Key,
    owner: NodeAt,
    is_hidden: bool,
}

#[derive(Clone)]
struct MadeConsent {
    key: Key,
    case: Key,
    node: NodeAt,
    service: String,
    areas: Vec<String>,
    is_hidden: bool,
}

/// Draws the history of a seed.
pub fn history(seed: u64) -> History {
    let settings = settings(seed, false);
    Draft::new(settings, None).drawn()
}

/// Draws a history of which parts are hidden from one partner. Node 0 owns what node 1 sees.
pub fn twin_history(seed: u64) -> History {
    let settings = settings(seed, true);
    Draft::new(settings, Some((0, 1))).drawn()
}

fn settings(seed: u64, is_twin: bool) -> Settings {
    let chance = Chance::new(seed);
    let draw = |end: u64, purpose: &str| chance.below(end, format!("setting {purpose}"));
    let nodes: u8 = match draw(100, "nodes") {
        _ if is_twin => 3 + u8::from(draw(4, "fourth") == 0),
        0..25 => 2,
        25..70 => 3,
        70..88 => 4,
        88..97 => 5,
        _ => u8::try_from(6 + draw(4, "many")).expect("few"),
    };
    let mut links = Vec::new();
    for one in 0..nodes {
        for other in one + 1..nodes {
            let is_kept =
                one == 0 || draw(100, &format!("link {one} {other}")) < if nodes > 4 { 25 } else { 60 };
            if is_kept && !(is_twin && one == 1) {
                links.push((one, other));
            }
        }
    }
    let is_on = |what: &str, of: u64| draw(of, what) == 0;
    Settings {
        ends: 0,
        by_name: true,
        seed,
        nodes,
        links,
        commit_max: match () {
            // What closes while a commit stands still meets all that waits for it.
            () if is_on("stuck disks", 6) => STUCK_COMMIT_MS,
            () if is_on("slow disks", 3) => 1 + draw(400, "commit"),
            () => 1 + draw(30, "commit"),
        },
        network_max: 1 + draw(if is_on("slow lines", 3) { 900 } else { 60 }, "network"),
        late: if is_on("late", 2) { 20 + draw(280, "how many late") } else { 0 },
        late_max: 50 + draw(3_000, "how late"),
        lost: if is_on("lost", 3) { 1 + draw(12, "how many lost") } else { 0 },
        older: (!is_twin && is_on("older", 12))
            .then(|| u8::try_from(draw(nodes.into(), "which is older")).expect("few")),
        liar: is_on("liar", 5).then(|| {
            if is_twin { 2 } else { 1 + u8::try_from(draw(u64::from(nodes) - 1, "which lies")).expect("few") }
        }),
    }
}

impl Draft {
    fn new(settings: Settings, observed: Option<(NodeAt, NodeAt)>) -> Self {
        Self {
            chance: Chance::new(settings.seed),
            settings,
            operations: Vec::new(),
            next: 0,
            at: 0,
            cases: Vec::new(),
            entries: Vec::new(),
            consents: Vec::new(),
            backups: Vec::new(),
            full: Vec::new(),
            jumped: Vec::new(),
            observed,
            is_hidden: false,
        }
    }

    fn draw(&self, end: u64, purpose: &str) -> u64 {
        self.chance.below(end, format!("draft {} {purpose}", self.next))
    }

    fn is_drawn(&self, percent: u64, purpose: &str) -> bool {
        self.draw(100, purpose) < percent
    }

    fn is_on(&self, switch: Switch) -> bool {
        self.chance.below(100, format!("switch {switch:?}")) < 45
    }

    fn pick<T: Clone>(&self, all: &[T], purpose: &str) -> Option<T> {
        let count = u64::try_from(all.len()).expect("few");
        (count > 0).then(|| all[usize::try_from(self.draw(count, purpose)).expect("few")].clone())
    }

    fn node(&self, purpose: &str) -> NodeAt {
        u8::try_from(self.draw(self.settings.nodes.into(), purpose)).expect("few")
    }

    /// A node that does not lie, and in a twin run is not observed either way.
    fn honest(&self, purpose: &str) -> NodeAt {
        let node = self.node(purpose);
        if self.settings.liar == Some(node) { 0 } else { node }
    }

    fn push(&mut self, what: Do) -> Key {
        let key = self.next;
        self.operations.push(Operation { key, at: self.at, hidden: self.is_hidden, what });
        self.next += 1;
        key
    }

    fn wait(&mut self) {
        let wait = match self.draw(100, "wait") {
            0..40 => self.draw(120, "short"),
            40..75 => self.draw(2_500, "middle"),
            75..95 => self.draw(20_000, "long"),
            _ => self.draw(120_000, "longer"),
        };
        self.at += wait;
    }

    fn drawn(mut self) -> History {
        self.open_case(0);
        if self.observed.is_none() && self.is_drawn(50, "second case") {
            let owner = self.honest("second owner");
            self.open_case(owner);
        }
        self.publish();
        self.share();
        self.publish();
        let count = 25 + self.draw(40, "count");
        for _ in 0..count {
            self.wait();
            if self.observed.is_some() {
                let hidden = self.draw(3, "hidden things");
                for _ in 0..hidden {
                    self.hidden_step();
                }
            }
            self.step();
        }
        self.end();
        self.settings.ends = self.at;
        History { settings: self.settings, operations: self.operations }
    }

    /// What ends for good stands last, and a little goes on after it: before it, it would end what the
    /// rest is about.
    fn end(&mut self) {
        for number in 0..self.draw(3, "answers") {
            let open: Vec<_> = self.consents.iter().filter(|one| !one.is_hidden).cloned().collect();
            if let Some(consent) = self.pick(&open, &format!("answered {number}")) {
                let takes = self.is_drawn(30, &format!("takes {number}"));
                self.wait();
                self.push(Do::Answer { consent: consent.key, takes });
                self.step();
            }
        }
        if self.is_on(Switch::Baton) && self.is_drawn(50, "account closes at last") {
            let (case, _) = self.case();
            self.wait();
            if self.is_drawn(50, "while it is offered") {
                self.push(Do::Baton { case, pass: Pass::Offer });
            }
            self.push(Do::AccountCloses { case });
            self.wait();
            self.step();
        }
        // A copy from before would open the case again, with every consent in doubt.
        if self.backups.is_empty() && self.is_drawn(30, "closes at last") {
            let (case, _) = self.case();
            self.push(Do::CloseCase { case });
            self.wait();
            self.step();
        }
    }

    /// One thing that everybody may notice.
    fn step(&mut self) {
        if self.settings.commit_max == STUCK_COMMIT_MS && self.is_drawn(25, "race") {
            return self.race();
        }
        match self.draw(100, "sort") {
            0..16 => self.publish(),
            16..34 => self.edit(),
            34..42 => self.propose(),
            42..46 => self.relate(),
            46..52 => self.renew(),
            52..64 => self.share(),
            64..78 => self.take_back(),
            78..84 => self.family(),
            _ => self.befall(),
        }
    }

    fn open_case(&mut self, owner: NodeAt) {
        let youth_in = self.is_drawn(20, "youth").then(|| 20_000 + self.draw(400_000, "birthday"));
        let key = self.push(Do::OpenCase { owner, youth_in });
        self.cases.push((key, owner));
    }

    fn case(&self) -> (Key, NodeAt) {
        self.pick(&self.cases, "case").expect("one is opened first")
    }

    /// Areas of an entry or a consent. What is observed never has the last one.
    fn areas(&self, purpose: &str) -> Vec<String> {
        let open = if self.observed.is_some() { 2 } else { AREAS.len() };
        let mut areas: Vec<String> = Vec::new();
        for (place, code) in AREAS.iter().take(open).enumerate() {
            let percent = if place == 0 { 75 } else { 35 };
            if self.is_drawn(percent, &format!("{purpose} area {code}")) {
                areas.push((*code).to_owned());
            }
        }
        areas
    }

    fn publish(&mut self) {
        let (case, owner) = self.case();
        let cards: Vec<_> = self.consents.iter().filter(|one| one.case == case && !one.is_hidden).collect();
        if self.is_drawn(10, "card") && !cards.is_empty() {
            let consent = self.pick(&cards, "card for").expect("one").key;
            let key = self.push(Do::Card { consent });
            self.entries.push(MadeEntry { key, case, owner, is_hidden: false });
            return;
        }
        let kind =
            ["note", "measure", "goal"][usize::try_from(self.draw(3, "kind")).expect("few")].to_owned();
        let about = match self.draw(100, "about") {
            0..80 => vec![Concerned::Subject],
            80..90 => vec![Concerned::Subject, Concerned::Mother],
            90..96 => vec![Concerned::Father],
            _ => vec![Concerned::Subject, Concerned::Sibling],
        };
        let areas = self.areas("entry");
        let key = self.push(Do::Publish { case, areas, kind, about });
        self.entries.push(MadeEntry { key, case, owner, is_hidden: false });
    }

    /// An entry that everybody may notice, mostly one of the latest.
    fn entry(&self, purpose: &str) -> Option<MadeEntry> {
        let open: Vec<_> = self.entries.iter().filter(|one| !one.is_hidden).cloned().collect();
        let latest = open.len().saturating_sub(4);
        if self.is_drawn(60, &format!("{purpose} latest")) {
            self.pick(&open[latest..], purpose)
        } else {
            self.pick(&open, purpose)
        }
    }

    fn field(&self) -> String {
        if self.is_drawn(30, "field") { "deadline" } else { "text" }.to_owned()
    }

    fn edit(&mut self) {
        let Some(entry) = self.entry("edited") else { return };
        let field = self.field();
        let other = match self.observed {
            Some((_, observed)) => observed,
            None => self.node("editor"),
        };
        match self.draw(10, "who edits") {
            0..4 => _ = self.push(Do::Edit { node: entry.owner, entry: entry.key, field }),
            4..8 => _ = self.push(Do::Edit { node: other, entry: entry.key, field }),
            _ => {
                self.push(Do::Edit { node: entry.owner, entry: entry.key, field: field.clone() });
                self.push(Do::Edit { node: other, entry: entry.key, field });
            }
        }
    }

    /// A consent that everybody may notice.
    fn consent(&self, purpose: &str) -> Option<MadeConsent> {
        let open: Vec<_> = self.consents.iter().filter(|one| !one.is_hidden).cloned().collect();
        let latest = open.len().saturating_sub(3);
        if self.is_drawn(60, &format!("{purpose} latest")) {
            self.pick(&open[latest..], purpose)
        } else {
            self.pick(&open, purpose)
        }
    }

    fn propose(&mut self) {
        let Some(consent) = self.consent("proposed under") else { return };
        let towards =
            self.entry("towards").map(|entry| entry.key).filter(|_| self.is_drawn(50, "is towards"));
        let areas = consent.areas.iter().take(1).cloned().collect();
        let (node, service) = (consent.node, consent.service);
        let case = consent.case;
        self.push(Do::Propose { node, case, service, areas, towards });
    }

    fn relate(&mut self) {
        let (case, _) = self.case();
        let of_case: Vec<_> = self.entries.iter().filter(|one| one.case == case && !one.is_hidden).collect();
        if let (Some(from), Some(to)) = (self.pick(&of_case, "from"), self.pick(&of_case, "to")) {
            let (from, to) = (from.key, to.key);
            self.push(Do::Relate { case, from, to });
        }
    }

    fn renew(&mut self) {
        let Some(entry) = self.entry("renewed") else { return };
        let other = self.observed.map_or_else(|| self.node("late editor"), |(_, observed)| observed);
        let is_late = self.is_drawn(50, "late") && other != entry.owner;
        if is_late {
            self.push(Do::Cut { one: entry.owner, other });
            self.push(Do::Edit { node: other, entry: entry.key, field: "text".to_owned() });
        }
        if self.is_drawn(70, "edited before") {
            self.push(Do::Edit { node: entry.owner, entry: entry.key, field: "text".to_owned() });
        }
        self.push(Do::Renew { entry: entry.key });
        if is_late {
            self.at += self.draw(3_000, "until healed");
            self.push(Do::Heal { one: entry.owner, other });
        }
    }

    /// A link; in a twin run the one that is observed.
    fn link(&self, purpose: &str) -> Option<(NodeAt, NodeAt)> {
        match self.observed {
            Some(pair) => Some(pair),
            None => self.pick(&self.settings.links, purpose),
        }
    }

    fn stop(&self) -> Stop {
        match self.draw(if self.observed.is_some() { 2 } else { 3 }, "stop") {
            0 => Stop::Lost,
            1 => Stop::Kept,
            _ => Stop::Torn(1 + u8::try_from(self.draw(9, "torn")).expect("few")),
        }
    }
}
