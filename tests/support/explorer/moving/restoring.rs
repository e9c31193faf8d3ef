//! Stops, backups, restores, and what two nodes show each other after one.

use stafett_protocol::succession::Arriving;
use stafett_protocol::succession::leaving::Leaving;

use super::{Line, Move, Moving, Node, Side, World, no, packed, yes};

impl World {
    pub(super) fn stop(&mut self, side: Side) -> Option<()> {
        self.stops = self.stops.checked_sub(1)?;
        match side {
            Side::Old => _ = self.old.decided.take()?,
            Side::New(at) => _ = self.news[at].decided.take()?,
        }
        Some(())
    }

    pub(super) fn back_up(&mut self, side: Side) -> Option<()> {
        fn backed_up<Kept: Clone>(node: &mut Node<Kept>) -> Option<()> {
            if node.backup.is_some() {
                return None;
            }
            node.backup = Some(node.kept.clone());
            Some(())
        }
        if self.restores == 0 {
            return None;
        }
        match side {
            Side::Old => backed_up(&mut self.old),
            Side::New(at) => backed_up(&mut self.news[at]),
        }
    }

    pub(super) fn restore(&mut self, model: &Moving, side: Side, has_journal: bool) -> Option<()> {
        self.restores = self.restores.checked_sub(1)?;
        match side {
            Side::Old => {
                self.old.kept = self.old.backup.clone()?;
                self.old.decided = None;
                if has_journal {
                    self.old_replays();
                }
                self.old.is_silent = true;
                self.sent.clear();
            }
            Side::New(at) => {
                let node = &mut self.news[at];
                node.kept = node.backup.clone()?;
                node.decided = None;
                if has_journal {
                    for (of, line) in node.journal.clone() {
                        let is_known = match node.kept.moves.get(&of) {
                            Some(one) if line == Line::Opened => one.is_owner(),
                            Some(Arriving::Offered { .. }) | None => false,
                            Some(_) => true,
                        };
                        if !is_known {
                            node.kept.moves.insert(of, Arriving::Asking { answer: None });
                            node.kept.parts.remove(&of);
                        }
                    }
                }
                node.is_silent = true;
                self.sent.retain(|message| model.receiver(message.of()) != at);
            }
        }
        Some(())
    }

    /// What a journal says is closed again before the node speaks.
    fn old_replays(&mut self) {
        for (of, line) in self.old.journal.clone() {
            let known = self.old.kept.moves.get(&of);
            let again = match line {
                Line::CarriedOut(revision) if known.is_none_or(Leaving::is_owner) => {
                    Leaving::carried_out(yes(of), packed(of, revision), self.now)
                }
                Line::Ended if known.is_none_or(Leaving::is_open) => Leaving::ended_before(),
                _ => continue,
            };
            self.old.kept.moves.insert(of, again);
        }
    }

    /// Both sides show what they have of the other's statements.
    pub(super) fn compare(&mut self, model: &Moving, side: Side) -> Option<()> {
        match side {
            Side::Old => {
                // Nobody shows what it has while something waits to be committed.
                if !self.old.is_silent || !self.news.iter().all(Node::is_free) {
                    return None;
                }
                for at in 0..self.news.len() {
                    let shown = self.news[at].kept.moves.clone();
                    for (of, one) in shown.into_iter().filter(|(of, _)| model.receiver(*of) == at) {
                        self.old_is_shown(of, one);
                    }
                }
                self.old.is_silent = false;
            }
            Side::New(at) => {
                if !self.news[at].is_silent || !self.old.is_free() {
                    return None;
                }
                let shown = self.old.kept.moves.clone();
                for (of, one) in shown.into_iter().filter(|(of, _)| model.receiver(*of) == at) {
                    self.new_is_shown(at, of, &one);
                }
                self.news[at].is_silent = false;
            }
        }
        Some(())
    }

    fn old_is_shown(&mut self, of: Move, one: Arriving) {
        let known = self.old.kept.moves.get(&of);
        let again = match one {
            Arriving::Owner { opened: packed, answer } | Arriving::Waiting { packed, answer, .. } => {
                known.is_none_or(Leaving::is_owner).then(|| Leaving::carried_out(answer, packed, self.now))
            }
            Arriving::Ended => known.is_none_or(Leaving::is_open).then(Leaving::ended_before),
            _ => known.is_none().then(Leaving::ended_before),
        };
        if let Some(again) = again {
            self.old.kept.moves.insert(of, again);
        }
    }

    /// A restored receiver sees its own answer again, which it may have given since the backup, and
    /// what had come to nothing.
    fn new_is_shown(&mut self, at: usize, of: Move, one: &Leaving) {
        let kept = &mut self.news[at].kept;
        let is_undecided = matches!(kept.moves.get(&of), None | Some(Arriving::Offered { .. }));
        let again = match one {
            Leaving::Ended { .. } if is_undecided => Some(Arriving::Ended),
            Leaving::Declined if is_undecided => Some(Arriving::Declined { answer: no(of) }),
            Leaving::Accepted { .. }
            | Leaving::Packed { .. }
            | Leaving::Stored { .. }
            | Leaving::Transferred { .. }
                if is_undecided =>
            {
                Some(Arriving::Asking { answer: Some(yes(of)) })
            }
            _ => None,
        };
        if let Some(again) = again {
            kept.moves.insert(of, again);
        }
    }
}
