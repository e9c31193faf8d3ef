//! The command `model`: every state of the models, and which planted fault breaks which rule.

#[cfg(planted)]
use std::process::ExitCode;

use super::Found;
#[cfg(planted)]
use super::explore;
use super::moving::Moving;
use super::passing::Passing;

/// States after which an exploration is no longer one.
pub const STATES_MAX: usize = 4_000_000;

/// Two nodes, a package that may be made anew, and a stop between a decision and its commit.
pub const TWO: Moving = Moving { receivers: 1, moves: 1, remakes: 1, words: 1, stops: 1, restores: 0 };
/// Three nodes: what one municipality does not take may be offered to another.
pub const THREE: Moving = Moving { receivers: 2, moves: 2, remakes: 0, words: 1, stops: 0, restores: 0 };
/// Two nodes of which one is restored from a backup, with its journal or without.
pub const RESTORED: Moving = Moving { receivers: 1, moves: 1, remakes: 0, words: 0, stops: 0, restores: 1 };

/// A fault that can be planted in the rules of a move, and the rules that may see it.
#[derive(Debug)]
pub struct Fault {
    /// Its name in the rules' sources.
    pub name: &'static str,
    /// By which rules it is seen.
    pub seen_as: &'static [&'static str],
    /// Where.
    pub world: Moving,
}

const fn fault(name: &'static str, seen_as: &'static [&'static str]) -> Fault {
    Fault { name, seen_as, world: TWO }
}

const WHOLE: &[&str] = &["a case is carried over when the other side has it whole"];
const OPEN: &[&str] = &["nothing stands open that the family or the law has ended"];
const ENDS: &[&str] = &["every move ends"];
const OWNER: &[&str] = &["a case has one owner"];
const ANSWER: &[&str] = &["what became of a move is one answer"];
const OWNER_OR_ANSWER: &[&str] = &["a case has one owner", "what became of a move is one answer"];

/// Every fault that can be planted in the rules of a move.
pub const FAULTS: &[Fault] = &[
    fault("succession-transferred-unstored", WHOLE),
    fault("succession-any-package-stored", WHOLE),
    fault("succession-ended-after-transfer", OWNER_OR_ANSWER),
    fault("succession-answer-forgotten", ANSWER),
    fault("succession-answer-after-lapse", &["an offer ends by its time"]),
    fault("succession-accepts-after-declining", &["an answer is given once"]),
    fault("succession-owner-before-key", OWNER),
    fault("succession-withdrawal-ignored", OPEN),
    fault("succession-protection-ignored", OPEN),
    fault("succession-lapse-ignored", ENDS),
    fault("succession-end-silent", ENDS),
    fault("succession-parts-kept-at-end", ENDS),
    fault("succession-late-dropped", &["a late word arrives"]),
    Fault { name: "succession-two-at-once", seen_as: &["a case moves once"], world: THREE },
];

/// A baton that is offered to a partner's service twice.
pub const TWICE: Passing = Passing { offers: 2, restores: 0 };
/// A baton that is offered there once, and either node is restored, twice in all.
pub const ONCE: Passing = Passing { offers: 1, restores: 2 };

const HOME: &[&str] = &["a baton that is given back comes home"];

/// Every fault that can be planted in the rules of a baton at a partner, and the rules that may see it.
pub const FAULTS_OF_A_BATON: &[(&str, &[&str])] = &[
    ("baton-there-by-an-offer", &["a baton goes by an offer that waits and its answer"]),
    ("baton-there-after-lapse", &["a baton goes by an offer that waits and its answer"]),
    ("baton-there-without-a-grant", &["a baton is where the case is shared"]),
    ("baton-there-before-the-owner", &["nobody is shown as stafettholder before the owner says so"]),
    ("baton-there-over-unsaid", &["both nodes come to know who is stafettholder"]),
    ("baton-there-goes-down", HOME),
    ("baton-there-held-without-the-owner", &["both nodes come to know who is stafettholder"]),
];

/// Explores the rules as they are, and then with each fault in turn.
#[cfg(planted)]
#[expect(clippy::print_stdout, reason = "the command's answer")]
pub fn main() -> ExitCode {
    let mut failed = 0;
    for (name, world) in [("2 nodes", TWO), ("3 nodes", THREE), ("2 nodes, one restored", RESTORED)] {
        let found = explore(&world, STATES_MAX);
        println!("{name}: {}", line(&found));
        failed += usize::from(found.broken.is_some());
    }
    for Fault { name, seen_as, world } in FAULTS {
        stafett_protocol::planted::choose(Some(name));
        let found = explore(world, STATES_MAX);
        let is_seen = found.broken.as_ref().is_some_and(|(rule, _)| seen_as.contains(rule));
        println!("{name}: {}{}", if is_seen { "" } else { "NOT SEEN: " }, line(&found));
        failed += usize::from(!is_seen);
    }
    stafett_protocol::planted::choose(None);
    for (name, world) in [("a baton offered twice", TWICE), ("a baton, restored twice", ONCE)] {
        let found = explore(&world, STATES_MAX);
        println!("{name}: {}", line(&found));
        failed += usize::from(found.broken.is_some());
    }
    for (name, seen_as) in FAULTS_OF_A_BATON {
        stafett_protocol::planted::choose(Some(name));
        let found = explore(&ONCE, STATES_MAX);
        let is_seen = found.broken.as_ref().is_some_and(|(rule, _)| seen_as.contains(rule));
        println!("{name}: {}{}", if is_seen { "" } else { "NOT SEEN: " }, line(&found));
        failed += usize::from(!is_seen);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What an exploration found, in a line.
pub fn line<Action: std::fmt::Debug>(found: &Found<Action>) -> String {
    let Found { states, steps, deepest, broken } = found;
    match broken {
        None => format!("{states} states, {steps} steps, {deepest} deep; every rule holds"),
        Some((rule, way)) => format!("broken after {} steps: {rule}; {way:?}", way.len()),
    }
}
