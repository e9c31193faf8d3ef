//! Looking for faults that are planted in the rules: how many seeds each takes.

use std::process::ExitCode;

use super::campaign::{Campaign, run};

/// Every fault that can be planted: its name, the rule of the core that it breaks, and whether only
/// a twin run can see it.
pub const FAULTS: &[(&str, &str, bool)] = &[
    ("gate-skipped-on-catch-up", "law 3", false),
    ("receipt-unsigned", "law 12", false),
    ("way-not-closed", "law 12", false),
    ("old-generation-accepted", "law 8", false),
    ("actor-not-checked", "law 10", false),
    ("restored-link-open", "law 16", false),
    ("baton-given-by-an-offer", "law 14", false),
    ("order-with-a-cause", "law 12", false),
    ("withdrawal-ignored", "law 12", false),
    ("expired-counts", "law 17", false),
    ("one-yes-is-enough", "consent", false),
    ("refusal-ignored", "consent", false),
    ("birthday-ignored", "consent", false),
    ("replaced-counts", "consent", false),
    ("narrowing-ignored", "consent", false),
    ("one-area-is-enough", "law 4", false),
    ("about-anybody", "law 4", false),
    ("exception-ignored", "consent", false),
    ("direction-ignored", "consent", false),
    ("card-for-anybody", "consent", false),
    ("protection-ignored", "law 15", false),
    ("history-travels", "law 7", false),
    ("recall-does-not-wait", "law 12", false),
    ("erased-still-counts-as-held", "law 12", false),
    ("erases-nothing", "law 12", false),
    ("receipt-before-erasure", "law 11", false),
    ("acknowledged-before-stored", "law 11", false),
    ("order-sent-once", "law 12", false),
    ("no-row", "law 19", false),
    ("stream-not-reset", "law 12", false),
    ("seal-not-silent", "law 16", false),
    ("reader-may-write", "law 1", false),
    ("grant-for-own-case", "law 1", false),
    ("partner-never-hides", "law 12", false),
    ("never-tried-again", "P5", false),
    ("mark-counts-hidden", "law 5", true),
    ("clock-waits-for-words", "law 5", true),
];

/// Looks for planted faults, and prints how many seeds each took.
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub fn hunt(names: &[String], seeds: u64) -> ExitCode {
    let mut missed = 0;
    for (name, rule, is_twin) in FAULTS {
        if !names.is_empty() && !names.iter().any(|wanted| wanted == name) {
            continue;
        }
        let campaign =
            Campaign { from: 0, seeds, at_most: None, is_twin: *is_twin, failures_max: 1, fault: Some(name) };
        let report = run(&campaign);
        match report.failures.first() {
            Some(failure) => {
                let broken = failure.violations.first().map_or("", |one| one.rule);
                println!("{name} ({rule}): found by seed {} of {seeds}: {broken}", failure.seed);
            }
            None => {
                missed += 1;
                println!("{name} ({rule}): not found in {} seeds", report.seeds);
            }
        }
    }
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
