//! Every state that a model can come to, breadth first: the first path to a broken rule is a shortest.

pub mod command;
pub mod moving;
pub mod passing;

use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::Hash;

/// Something to be explored.
pub trait Model {
    /// Where it can be.
    type State: Clone + Eq + Hash;
    /// What can happen.
    type Action: Copy + Debug;

    /// Where it begins.
    fn first(&self) -> Self::State;
    /// What may happen next.
    fn actions(&self, state: &Self::State) -> Vec<Self::Action>;
    /// What becomes of it; none if nothing changes.
    fn next(&self, state: &Self::State, action: Self::Action) -> Option<Self::State>;
    /// Whether it happens by itself, without a person and without a fault.
    fn is_automatic(&self, action: Self::Action) -> bool;
    /// The rule that a step breaks, if it breaks one.
    fn broken(&self, before: &Self::State, after: &Self::State) -> Option<&'static str>;
    /// What must come about by itself.
    fn goals(&self) -> Vec<Goal<Self::State>>;
}

/// What must come about by itself from every state that asks for it.
#[derive(Debug)]
pub struct Goal<State> {
    /// The rule.
    pub rule: &'static str,
    /// Which states ask for it.
    pub asks: fn(&State) -> bool,
    /// Where it has come about.
    pub is_there: fn(&State) -> bool,
}

/// What an exploration found.
#[derive(Debug)]
pub struct Found<Action> {
    /// How many states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// How many steps lie between the first state and the farthest.
    pub deepest: usize,
    /// The rule that is broken, and a shortest way there.
    pub broken: Option<(&'static str, Vec<Action>)>,
}

/// Where a state was come to from, and how many steps that took.
struct Origin<Action> {
    from: usize,
    by: Option<Action>,
    deep: usize,
}

/// Explores a model whole.
///
/// # Panics
/// If it has more than `states_max` states: what was not looked at proves nothing.
pub fn explore<M: Model>(model: &M, states_max: usize) -> Found<M::Action> {
    let first = model.first();
    let mut numbers = HashMap::from([(first.clone(), 0_usize)]);
    let mut states = vec![first];
    let mut origins = vec![Origin { from: 0, by: None, deep: 0 }];
    let (mut automatic, mut steps, mut at) = (Vec::new(), 0, 0);
    while at < states.len() {
        let state = states[at].clone();
        for action in model.actions(&state) {
            let Some(next) = model.next(&state, action).filter(|next| *next != state) else { continue };
            steps += 1;
            let broken = model.broken(&state, &next);
            let number = *numbers.entry(next).or_insert_with_key(|next| {
                states.push(next.clone());
                origins.push(Origin { from: at, by: Some(action), deep: origins[at].deep + 1 });
                states.len() - 1
            });
            if let Some(rule) = broken {
                let mut way = way_to(&origins, at);
                way.push(action);
                return Found { states: states.len(), steps, deepest: way.len(), broken: Some((rule, way)) };
            }
            if model.is_automatic(action) {
                automatic.push((at, number));
            }
        }
        assert!(states.len() <= states_max, "more than {states_max} states");
        at += 1;
    }
    let deepest = origins.iter().map(|origin| origin.deep).max().unwrap_or_default();
    let unmet = |goal: &Goal<M::State>| {
        let stuck = unreached(goal, &states, &automatic)?;
        Some((goal.rule, way_to(&origins, stuck)))
    };
    let broken = model.goals().iter().find_map(unmet);
    Found { states: states.len(), steps, deepest, broken }
}

fn way_to<Action: Copy>(origins: &[Origin<Action>], to: usize) -> Vec<Action> {
    let mut way = Vec::new();
    let mut at = to;
    while let Some(action) = origins[at].by {
        way.push(action);
        at = origins[at].from;
    }
    way.reverse();
    way
}

/// The first state that asks for a goal and cannot come to it by itself.
fn unreached<State>(goal: &Goal<State>, states: &[State], automatic: &[(usize, usize)]) -> Option<usize> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); states.len()];
    automatic.iter().for_each(|(from, to)| before[*to].push(*from));
    let mut reaches = vec![false; states.len()];
    let mut open: Vec<usize> = (0..states.len()).filter(|at| (goal.is_there)(&states[*at])).collect();
    open.iter().for_each(|at| reaches[*at] = true);
    while let Some(at) = open.pop() {
        for from in &before[at] {
            if !std::mem::replace(&mut reaches[*from], true) {
                open.push(*from);
            }
        }
    }
    (0..states.len()).find(|at| (goal.asks)(&states[*at]) && !reaches[*at])
}
