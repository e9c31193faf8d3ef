//! Looking for faults that are planted in the rules: how many seeds each takes.
//!
//! A fault counts as found only by a rule that it is expected to break. Whatever else a seed breaks,
//! a panic of the simulator's own included, says nothing about it; so the same seeds are lived
//! through first without any fault.

use std::process::ExitCode;

use super::campaign::{Campaign, Failure, run};

/// What the gate lets out that should stay.
const LEAVES: &[&str] = &[
    "nothing leaves without a consent that counts",
    "no grant leaves without a consent that counts",
    "an entry is named only under grants that open it",
    "no text leaves without a consent that counts",
    "no id leaves of what is hidden",
];
const DURABLE: &[&str] = &["nothing is acknowledged before it is durable"];
const NEW_READER: &[&str] = &["history never travels to a new reader"];
const HIDDEN: &[&str] = &["what is hidden changes nothing that a partner sees"];

/// A fault that can be planted.
#[derive(Debug)]
pub struct Fault {
    /// Its name in the rules' sources.
    pub name: &'static str,
    /// What it breaks.
    pub breaks: &'static str,
    /// The oracle's rules by which it may be seen.
    pub seen_as: &'static [&'static str],
    /// Whether only a twin run can see it.
    pub is_twin: bool,
}

const fn fault(name: &'static str, breaks: &'static str, seen_as: &'static [&'static str]) -> Fault {
    Fault { name, breaks, seen_as, is_twin: false }
}

const fn leak(name: &'static str) -> Fault {
    Fault { name, breaks: "law 5", seen_as: HIDDEN, is_twin: true }
}

/// Every fault that can be planted.
pub const FAULTS: &[Fault] = &[
    fault("gate-skipped-on-catch-up", "law 3", LEAVES),
    fault("grant-not-asked-again", "law 3", &["no row, no frame"]),
    fault("relation-not-asked-again", "law 3", &["a relation needs both its ends"]),
    fault("change-after-the-end", "law 13", &["nothing is taken from whoever may not write it"]),
    fault("receipt-unsigned", "law 12", &["what is believed is signed"]),
    fault("way-not-closed", "law 12", LEAVES),
    fault("old-generation-accepted", "law 8", &["honest nodes break no rule"]),
    fault("actor-not-checked", "law 10", &["an actor is whose its first change was"]),
    fault("restored-link-open", "law 16", &["a restored link is silent until it is compared"]),
    fault("baton-given-by-an-offer", "law 14", &["one baton, given by offer and acceptance"]),
    fault("baton-falls-to-nobody", "law 14", &["one baton, given by offer and acceptance"]),
    fault("closing-ignored", "law 12", LEAVES),
    fault("order-with-a-cause", "law 12", &["an order carries no cause"]),
    fault("withdrawal-ignored", "law 12", LEAVES),
    fault("expired-counts", "law 17", LEAVES),
    fault("one-yes-is-enough", "consent", LEAVES),
    fault("refusal-ignored", "consent", LEAVES),
    fault("birthday-ignored", "consent", LEAVES),
    fault("replaced-counts", "consent", LEAVES),
    fault("narrowing-ignored", "consent", LEAVES),
    fault("one-area-is-enough", "law 4", LEAVES),
    fault("about-anybody", "law 4", LEAVES),
    fault("exception-ignored", "consent", LEAVES),
    fault("direction-ignored", "consent", LEAVES),
    fault("card-for-anybody", "consent", LEAVES),
    fault("protection-ignored", "law 15", LEAVES),
    fault("history-travels", "law 7", NEW_READER),
    fault("unsent-row-makes-a-holder", "law 7", NEW_READER),
    fault("recall-does-not-wait", "law 12", &["nothing is shared anew before its receipt"]),
    fault("erased-still-counts-as-held", "law 12", NEW_READER),
    fault("erases-nothing", "law 12", &["an honest receipt is true"]),
    fault("receipt-before-erasure", "law 11", DURABLE),
    fault("acknowledged-before-stored", "law 11", DURABLE),
    fault("order-sent-once", "law 12", &["an order is asked again until its receipt is in"]),
    fault("no-row", "law 19", &["no row, no frame"]),
    fault("no-row-of-a-proposal", "law 19", &["no row, no frame"]),
    fault("no-row-of-a-relation", "law 19", &["no row, no frame"]),
    fault("grant-never-ends", "law 2", &["a grant says what its consent says"]),
    fault("about-not-told", "law 4", &["an announcement says what its entry is"]),
    fault("stream-not-reset", "law 12", LEAVES),
    fault("seal-not-silent", "law 16", &["a sealed node sends nothing"]),
    fault("reader-may-write", "law 1", &["nothing is taken from whoever may not write it"]),
    fault("proposal-without-a-grant", "law 1", &["nothing is taken from whoever may not write it"]),
    fault("grant-for-own-case", "law 1", &["a case has one owner"]),
    fault("partner-never-hides", "law 12", &["a partner hides what is over by itself"]),
    fault("never-tried-again", "P5", &["what is shared arrives once the nodes can speak"]),
    fault("edit-of-a-partner-dropped", "P5", &["nodes with the same scope end with the same documents"]),
    fault("late-edits-not-carried", "P5", &["nodes with the same scope end with the same documents"]),
    fault("acknowledged-and-dropped", "P4", &["no acknowledged edit is lost"]),
    leak("mark-counts-hidden"),
    leak("clock-waits-for-words"),
];

/// Looks for planted faults, and prints how many seeds each took.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub fn hunt(names: &[&str], seeds: u64) -> ExitCode {
    let is_wanted = |fault: &&Fault| names.is_empty() || names.contains(&fault.name);
    let wanted: Vec<&Fault> = FAULTS.iter().filter(is_wanted).collect();
    let mut failed = 0;
    for is_twin in [false, true] {
        if wanted.iter().any(|fault| fault.is_twin == is_twin) && !is_clean(seeds, is_twin) {
            failed += 1;
        }
    }
    for fault in wanted {
        let Fault { name, breaks, .. } = fault;
        let (found, others) = found_by(fault, seeds);
        let besides = if others == 0 { String::new() } else { format!(", after {others} by other rules") };
        match found {
            Some((seed, rule)) => {
                println!("{name} ({breaks}): found by seed {seed} of {seeds}: {rule}{besides}");
            }
            None => {
                failed += 1;
                println!("{name} ({breaks}): not found in {seeds} seeds{besides}");
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the rules as they are keep every rule on these seeds.
#[expect(clippy::print_stdout, reason = "the command's answer")]
fn is_clean(seeds: u64, is_twin: bool) -> bool {
    let campaign = Campaign { from: 0, seeds, at_most: None, is_twin, failures_max: 1, fault: None };
    let report = run(&campaign);
    let twin = if is_twin { " of twins" } else { "" };
    match report.failures.first() {
        None => println!("no fault: {} seeds{twin} break no rule", report.seeds),
        Some(failure) => {
            let broken = failure.violations.first().map_or("", |one| one.rule);
            println!("no fault: seed {}{twin} breaks a rule by itself: {broken}", failure.seed);
        }
    }
    report.failures.is_empty()
}

/// The first seed that sees a fault, by which rule, and how many before it broke others alone.
fn found_by(fault: &Fault, seeds: u64) -> (Option<(u64, &'static str)>, usize) {
    let (mut from, mut others) = (0, 0);
    while from < seeds {
        let (is_twin, fault_name) = (fault.is_twin, Some(fault.name));
        let campaign = Campaign {
            from,
            seeds: seeds - from,
            at_most: None,
            is_twin,
            failures_max: 1,
            fault: fault_name,
        };
        let report = run(&campaign);
        if let Some(found) = report.failures.iter().find_map(|failure| seen(fault, failure)) {
            return (Some(found), others);
        }
        others += report.failures.len();
        // Seeds are begun in order, and every one that was begun is lived to its end.
        from += report.seeds.max(1);
    }
    (None, others)
}

fn seen(fault: &Fault, failure: &Failure) -> Option<(u64, &'static str)> {
    let rules = failure.violations.iter().map(|one| one.rule);
    let mut expected = rules.filter(|rule| fault.seen_as.contains(rule));
    expected.next().map(|rule| (failure.seed, rule))
}
