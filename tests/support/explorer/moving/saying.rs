//! What is said, and what comes of it at the other side.

use stafett_protocol::limits::SUCCESSION_OFFER_MS;
use stafett_protocol::succession::leaving::{Leaving, LeavingEvent, LeavingSays};
use stafett_protocol::succession::{Arriving, ArrivingEvent, ArrivingSays};
use stafett_protocol::time::UnixMillis;

use super::{Message, Move, Moving, SERVICE, Side, World, no, offer, yes};

impl World {
    /// What a node stands for, as far as it is durable.
    pub(super) fn say(&mut self, model: &Moving, side: Side) -> Option<()> {
        match side {
            Side::Old if !self.old.is_silent => {
                let says: Vec<_> =
                    self.old.kept.moves.iter().filter_map(|(of, one)| Some((*of, one.says()?))).collect();
                says.into_iter().for_each(|(of, says)| self.tell(of, says));
            }
            Side::New(at) if !self.news[at].is_silent => {
                let moves = self.news[at].kept.moves.iter();
                let says: Vec<_> = moves.filter_map(|(of, one)| Some((*of, one.says()?))).collect();
                let says = says.into_iter().filter(|(of, _)| model.receiver(*of) == at);
                self.sent.extend(says.map(|(of, says)| Message::ToOld(of, says)));
            }
            _ => return None,
        }
        Some(())
    }

    fn tell(&mut self, of: Move, says: LeavingSays) {
        self.sent.insert(Message::ToNew(of, says));
    }

    /// A receiver heard what became of a move.
    fn note_heard(&mut self, of: Move, says: LeavingSays) {
        let is_carried_out = match says {
            LeavingSays::Ended => false,
            LeavingSays::Transferred(_) => true,
            _ => return,
        };
        let heard = *self.heard.entry(of).or_insert(is_carried_out);
        self.has_heard_both |= heard != is_carried_out;
    }

    pub(super) fn deliver(&mut self, model: &Moving, message: Message) -> Option<()> {
        match message {
            Message::ToNew(of, says) => self.new_hears(model.receiver(of), of, says),
            Message::Part(of, revision) => {
                let now = self.now;
                self.new_decides(model.receiver(of), |kept| {
                    let part = kept.stepped(of, ArrivingEvent::Part { revision, index: 0 }, now)?;
                    part.stepped(of, ArrivingEvent::Whole { fits: true }, now)
                })
            }
            Message::Remembered(of, is_yes) => {
                let answer = if is_yes { yes(of) } else { no(of) };
                let (event, now) = (ArrivingEvent::Remembered { answer, is_yes }, self.now);
                self.new_decides(model.receiver(of), |kept| kept.stepped(of, event, now))
            }
            Message::ToOld(of, says) => self.old_hears(of, says),
            Message::LateKept(of, number) => {
                self.old_steps_or_answers(of, Some(LeavingEvent::LateKept(number)))
            }
        }
    }

    fn new_hears(&mut self, at: usize, of: Move, says: LeavingSays) -> Option<()> {
        if !self.news[at].is_free() {
            return None;
        }
        self.note_heard(of, says);
        let (kept, now) = (&self.news[at].kept, self.now);
        let Some(known) = kept.moves.get(&of).copied() else {
            let first = match says {
                LeavingSays::Offer => {
                    Arriving::Offered { offer: offer(of), lapses_at: UnixMillis(SUCCESSION_OFFER_MS) }
                }
                LeavingSays::Ended => Arriving::Ended,
                _ => return None,
            };
            return self.new_decides(at, |kept| Some(kept.with(of, first)));
        };
        let event = match says {
            LeavingSays::Offer => ArrivingEvent::Offered,
            LeavingSays::Ready(packed) => ArrivingEvent::Ready { packed, parts: 1 },
            LeavingSays::Ended => ArrivingEvent::Ended,
            LeavingSays::Transferred(packed) => ArrivingEvent::Transferred { answer: yes(of), packed },
            LeavingSays::Late(number, _) => {
                if !known.is_owner() {
                    return None;
                }
                if kept.late.contains(&of) {
                    self.sent.insert(Message::LateKept(of, number));
                    return Some(());
                }
                return self.new_decides(at, |kept| {
                    let mut all = kept.clone();
                    all.late.insert(of);
                    Some(all)
                });
            }
        };
        if let Some(next) = kept.stepped(of, event, now) {
            return self.new_decides(at, |_| Some(next));
        }
        let answer = known.answer()?;
        self.sent.insert(Message::ToOld(of, answer));
        Some(())
    }

    fn old_hears(&mut self, of: Move, says: ArrivingSays) -> Option<()> {
        let service = SERVICE.parse().expect("a code");
        let event = match says {
            ArrivingSays::Accepted(answer) => LeavingEvent::Accepted { offer: offer(of), answer, service },
            ArrivingSays::Declined(_) => LeavingEvent::Declined { offer: offer(of) },
            ArrivingSays::Stored(packed) => LeavingEvent::Stored(packed),
            ArrivingSays::Confirmed(packed) => LeavingEvent::Confirmed(packed),
            ArrivingSays::EndKept => LeavingEvent::EndKept,
            ArrivingSays::Want { revision, .. } => return self.old_is_asked_for_a_part(of, revision),
            ArrivingSays::Ask => return self.old_is_asked(of),
        };
        self.old_steps_or_answers(of, Some(event))
    }

    fn old_steps_or_answers(&mut self, of: Move, event: Option<LeavingEvent>) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let Some(known) = self.old.kept.moves.get(&of) else {
            // A node that was restored to before its offer.
            let mut all = self.old.kept.clone();
            all.moves.insert(of, Leaving::ended_before());
            self.old.decided = Some(all);
            return Some(());
        };
        if let Some(next) = event.and_then(|event| self.old.kept.stepped(of, &event, self.now)) {
            self.old.decided = Some(next);
            return Some(());
        }
        known.answer().into_iter().for_each(|says| self.tell(of, says));
        Some(())
    }

    fn old_is_asked(&mut self, of: Move) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let remembered = match self.old.kept.moves.get(&of) {
            Some(Leaving::Declined) => Some(false),
            Some(Leaving::Offered { .. } | Leaving::Ended { .. }) | None => None,
            Some(_) => Some(true),
        };
        self.sent.extend(remembered.map(|is_yes| Message::Remembered(of, is_yes)));
        self.old_steps_or_answers(of, None)
    }

    fn old_is_asked_for_a_part(&mut self, of: Move, revision: u32) -> Option<()> {
        if !self.old.is_free() {
            return None;
        }
        let has = match self.old.kept.moves.get(&of) {
            Some(Leaving::Packed { packed, .. } | Leaving::Stored { packed, .. }) => {
                packed.revision == revision
            }
            Some(Leaving::Transferred { packed, .. }) => packed.revision == revision,
            _ => false,
        };
        if has {
            self.sent.insert(Message::Part(of, revision));
            return Some(());
        }
        self.old_steps_or_answers(of, None)
    }
}
