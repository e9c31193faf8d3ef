//! Cutting a failing list down: operations are left out for as long as the same rule is broken.

use super::campaign::{rules, twins};
use super::operation::{History, Operation};
use super::run::live;

/// Leaves out what does not matter for what a history breaks.
pub fn shrink(history: &History, is_twin: bool) -> History {
    let broken = |history: &History| {
        let outcome = if is_twin { twins(history) } else { live(history, false) };
        outcome.violations
    };
    // What came first is what the rest follows from.
    let Some(rule) = broken(history).first().map(|first| first.rule) else { return history.clone() };
    let broken = |history: &History| rules(&broken(history));
    let fails = |operations: &[Operation]| {
        let tried = History { settings: history.settings.clone(), operations: operations.to_vec() };
        broken(&tried).contains(rule)
    };
    let mut left = history.operations.clone();
    let mut part = left.len() / 2;
    while part > 0 {
        let mut place = 0;
        while place < left.len() {
            let end = (place + part).min(left.len());
            let mut fewer = left.clone();
            fewer.drain(place..end);
            if fails(&fewer) {
                left = fewer;
            } else {
                place = end;
            }
        }
        part /= 2;
    }
    let mut small = History { settings: history.settings.clone(), operations: left };
    for calmer in calmer_worlds(&small) {
        if broken(&calmer).contains(rule) {
            small = calmer;
        }
    }
    small
}

/// The same list in worlds in which less goes wrong by itself.
fn calmer_worlds(history: &History) -> Vec<History> {
    let mut worlds = Vec::new();
    let mut calm = history.clone();
    calm.settings.lost = 0;
    worlds.push(calm.clone());
    calm.settings.late = 0;
    worlds.push(calm);
    worlds
}
