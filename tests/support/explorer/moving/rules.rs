//! What must hold in every state of a move, and what must come about by itself.

use stafett_protocol::succession::Arriving;
use stafett_protocol::succession::leaving::{ConsentStanding, Leaving};

use super::{Goal, Move, Moving, New, Node, World};

/// The rule that a step breaks, if it breaks one.
pub(super) fn broken(model: Moving, before: &World, after: &World) -> Option<&'static str> {
    let old_acts = !after.old.is_silent && after.old.kept.moves.values().all(Leaving::is_owner);
    let new_acts = |node: &Node<New>| !node.is_silent && node.kept.moves.values().any(|one| one.is_owner());
    let owners = usize::from(old_acts) + after.news.iter().filter(|node| new_acts(node)).count();
    let is_gone = |node: &Node<New>| {
        node.kept.parts.iter().any(|of| node.kept.moves.get(of).is_none_or(|one| !one.keeps_parts()))
    };
    let carried_out = |one: &Leaving| !one.is_owner();
    let open_over = after.old.kept.moves.values().any(|one| {
        one.is_open() && (after.old.kept.consent == ConsentStanding::Over || after.old.kept.is_blocked)
    });
    let has_two_answers = std::iter::zip(&before.news, &after.news).any(|(before, after)| {
        let is_yes = |of: &Move| matches!(after.kept.moves.get(of), Some(Arriving::Accepted { .. }));
        let was_no = |one: &Arriving| matches!(one, Arriving::Declined { .. });
        before.kept.moves.iter().any(|(of, one)| was_no(one) && is_yes(of))
    });
    match () {
        () if has_two_answers => Some("an answer is given once"),
        () if is_accepted_late(after) => Some("an offer ends by its time"),
        () if model.restores == 0 && is_carried_over_too_early(model, before, after) => {
            Some("a case is carried over when the other side has it whole")
        }
        () if owners > 1 => Some("a case has one owner"),
        () if after.has_heard_both => Some("what became of a move is one answer"),
        () if after.old.kept.moves.values().filter(|one| carried_out(one)).count() > 1 => {
            Some("a case moves once")
        }
        () if open_over => Some("nothing stands open that the family or the law has ended"),
        () if after.news.iter().any(|node| node.kept.opened.values().any(|cases| *cases > 1)) => {
            Some("a move opens one case")
        }
        () if after.news.iter().any(is_gone) => Some("what came is deleted when a move ends"),
        () => None,
    }
}

/// What must come about by itself.
pub(super) fn goals() -> Vec<Goal<World>> {
    vec![
        Goal { rule: "a case that was carried over is opened", asks: is_carried_out, is_there: is_opened },
        Goal { rule: "every move ends", asks: |_| true, is_there: is_settled },
        Goal { rule: "a late word arrives", asks: has_late_word, is_there: late_words_arrived },
    ]
}

/// Whether a step carries a case over to a node that does not have that package whole.
fn is_carried_over_too_early(model: Moving, before: &World, after: &World) -> bool {
    after.old.kept.moves.iter().any(|(of, one)| {
        let Leaving::Transferred { packed, .. } = one else { return false };
        let was_open = before.old.kept.moves.get(of).is_some_and(Leaving::is_owner);
        let there = after.news[model.receiver(*of)].kept.moves.get(of);
        was_open && !matches!(there, Some(Arriving::InDoubt { stored, .. }) if stored == packed)
    })
}

fn is_accepted_late(world: &World) -> bool {
    world.old.kept.moves.values().any(|one| match one {
        Leaving::Accepted { offering, acceptance }
        | Leaving::Packed { offering, acceptance, .. }
        | Leaving::Stored { offering, acceptance, .. } => acceptance.at >= offering.lapses_at,
        _ => false,
    })
}

fn is_carried_out(world: &World) -> bool {
    world.old.kept.moves.values().any(|one| !one.is_owner())
}

fn is_opened(world: &World) -> bool {
    world.news.iter().any(|node| node.kept.moves.values().any(|one| one.is_owner()))
}

fn has_late_word(world: &World) -> bool {
    let has = |one: &Leaving| matches!(one, Leaving::Transferred { late, .. } if !late.is_empty());
    world.old.kept.moves.values().any(has)
}

fn late_words_arrived(world: &World) -> bool {
    let arrived = |of: &Move| world.news.iter().any(|node| node.kept.late.contains(of));
    world.old.kept.moves.iter().all(|(of, one)| match one {
        Leaving::Transferred { late, .. } => late.is_empty() || arrived(of),
        _ => true,
    })
}

/// Nothing waits at any node.
fn is_settled(world: &World) -> bool {
    let is_idle = world.old.is_free() && world.news.iter().all(Node::is_free);
    let is_over =
        |one: &Arriving| matches!(one, Arriving::Declined { .. } | Arriving::Owner { .. } | Arriving::Ended);
    is_idle
        && world.old.kept.moves.values().all(Leaving::is_over)
        && world.news.iter().all(|node| node.kept.moves.values().all(is_over))
}
