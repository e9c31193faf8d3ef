//! Random histories under the oracle's eyes: every seed keeps every rule, worlds that differ in
//! hidden facts alone look the same, one seed twice gives the same bytes, and what was found once is
//! lived through for ever.

use std::collections::BTreeSet;
use std::path::Path;

use stafett_tests::simulator::campaign::{Campaign, Report, run, twins};
use stafett_tests::simulator::generator::{history, twin_history};
use stafett_tests::simulator::operation::{Do, History, Operation};
use stafett_tests::simulator::run::live;
use stafett_tests::simulator::shrink::shrink;

/// Seeds of each run of the tests; many more by the command `simulate`.
const SEEDS: u64 = 500;
/// Pairs of worlds, of which one has hidden facts more.
const TWIN_SEEDS: u64 = 200;
/// What is hidden in so many pairs, and how often at the least.
const HIDDEN: [(&str, u64); 12] = [
    ("publish", 900),
    ("edit", 250),
    ("renew", 50),
    ("relate", 120),
    ("ask", 550),
    ("give-all", 550),
    ("narrow", 150),
    ("withdraw", 180),
    ("open-case", 250),
    ("reconnect", 300),
    ("restart", 280),
    ("lie", 25),
];
/// Lists that are kept.
const FOUND: usize = 34;
/// Seeds that are lived twice.
const TWICE: u64 = 50;

fn campaign(seeds: u64, is_twin: bool) -> Report {
    run(&Campaign { from: 0, seeds, at_most: None, is_twin, failures_max: 1, fault: None })
}

fn must_keep_every_rule(report: &Report, is_twin: bool) {
    let Some(failure) = report.failures.first() else { return };
    let drawn = if is_twin { twin_history(failure.seed) } else { history(failure.seed) };
    let small = shrink(&drawn, is_twin);
    let twin = if is_twin { " --twin" } else { "" };
    panic!(
        "seed {} breaks a rule: {:#?}\ncargo run --release -p stafett-tests --bin simulate --{twin} --seed {} --trace\n{}",
        failure.seed,
        failure.violations,
        failure.seed,
        small.to_lines(),
    );
}

#[test]
fn random_histories_with_faults_and_lies_keep_every_rule() {
    let report = campaign(SEEDS, false);

    must_keep_every_rule(&report, false);
    assert_eq!(report.seeds, SEEDS);
    let missing: Vec<_> = report.states_missing().into_iter().map(|state| state.name()).collect();
    assert_eq!(missing, Vec::<&str>::new(), "no seed came to these states");
    assert!(report.canaries > 2_000, "{}: the search finds what may leave", report.canaries);
}

#[test]
fn random_worlds_that_differ_in_hidden_facts_alone_look_the_same() {
    let report = campaign(TWIN_SEEDS, true);

    must_keep_every_rule(&report, true);
    assert_eq!(report.seeds, TWIN_SEEDS);
    assert!(report.frames > 50_000, "{} frames are too few to say anything", report.frames);
    println!("hidden: {:?}", report.hidden);
    for (sort, times) in HIDDEN {
        let done = report.hidden.get(sort).copied().unwrap_or_default();
        assert!(done >= times, "{sort}: hidden {done} times, too few to say anything");
    }
}

#[test]
fn one_seed_lived_twice_gives_the_same_bytes_at_the_same_moments() {
    for seed in 0..TWICE {
        let drawn = history(seed);
        let (once, again) = (live(&drawn, false), live(&drawn, false));

        assert_eq!(once.taps, again.taps, "seed {seed}");
    }
}

#[test]
fn history_reads_back_from_its_lines() {
    for seed in 0..TWICE {
        let drawn = history(seed);

        let lines = format!("# why it is kept\n{}", drawn.to_lines());
        assert_eq!(History::from_lines(&lines), Ok(drawn), "seed {seed}");
    }
}

#[test]
fn operation_that_is_left_out_leaves_what_came_before_it_as_it_was() {
    for seed in 0..8 {
        let whole = history(seed);
        let mut fewer = whole.clone();
        let last = fewer.operations.pop().expect("operations");

        let (one, other) = (live(&whole, false), live(&fewer, false));
        let before = |taps: &[stafett_tests::tap::Tap]| {
            let until = stafett_tests::federation::START.plus(last.at);
            taps.iter().filter(|tap| tap.at < until).cloned().collect::<Vec<_>>()
        };

        assert_eq!(before(&one.taps), before(&other.taps), "seed {seed}");
    }
}

#[test]
fn edit_that_is_left_out_changes_little_of_what_comes_after_it() {
    let (mut by_name, mut by_counters) = (Changed::default(), Changed::default());
    for seed in 0..30 {
        let mut drawn = history(seed);
        drawn.settings.liar = None;
        by_name.without_the_first_edit(&drawn);
        drawn.settings.by_name = false;
        by_counters.without_the_first_edit(&drawn);
    }

    let (few, many) = (by_name.of_a_thousand(), by_counters.of_a_thousand());
    assert!(by_name.frames > 3_000, "{} frames are too few to say anything", by_name.frames);
    assert!(few < 50, "{few} of 1,000 frames are others or come at another moment");
    assert!(few < many, "{few} of 1,000 by name, {many} by counters");
}

/// What was handed over after an edit, and how much of it changes when that edit is left out: the
/// edit's own frames, and what waits behind them.
#[derive(Debug, Default)]
struct Changed {
    frames: usize,
    changed: usize,
}

impl Changed {
    fn without_the_first_edit(&mut self, whole: &History) {
        let is_edit = |one: &&Operation| matches!(one.what, Do::Edit { .. });
        let Some(left_out) = whole.operations.iter().find(is_edit) else { return };
        let mut fewer = whole.clone();
        fewer.operations.retain(|one| one.key != left_out.key);

        let from = stafett_tests::federation::START.plus(left_out.at);
        let after = |history: &History| {
            let taps = live(history, false).taps.into_iter().filter(|tap| tap.at >= from);
            taps.map(|tap| format!("{tap:?}")).collect::<BTreeSet<_>>()
        };
        let (one, other) = (after(whole), after(&fewer));
        self.frames += one.len();
        self.changed += one.difference(&other).count();
    }

    fn of_a_thousand(&self) -> usize {
        self.changed * 1_000 / self.frames
    }
}

#[test]
fn histories_that_once_broke_a_rule_keep_it_for_ever() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulation/found");
    let (mut lived, mut dead) = (0, Vec::new());
    for file in std::fs::read_dir(folder).expect("the folder of what was found") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a list");
        let found = History::from_lines(&text).expect("a list of operations");
        let is_twin = text.lines().any(|line| line == "# twin");

        let outcome = if is_twin { twins(&found) } else { live(&found, false) };

        assert_eq!(outcome.violations, Vec::new(), "{}", path.display());
        // A list whose operations the rules have come to refuse says nothing any more.
        let head = text.lines().find_map(|line| line.strip_prefix("# does ")).unwrap_or_default();
        if head != outcome.done.to_string() {
            dead.push(format!("{}: does {}, not {head}", path.display(), outcome.done));
        }
        lived += 1;
    }
    assert_eq!(dead, Vec::<String>::new());
    assert_eq!(lived, FOUND);
}
