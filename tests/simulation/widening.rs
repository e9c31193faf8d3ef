//! Widening (law 7): an entry that two partners hold and write on, also offline, goes on to a new
//! generation and from there to a third partner. Each late edit stands in it once, none is lost,
//! the third partner never gets what was deleted, and the first two notice nothing of the third.

use stafett_protocol::consent::Direction;
use stafett_protocol::entry::Actor;
use stafett_protocol::id::EntryId;
use stafett_protocol::late::Undelivered;
use stafett_protocol::limits::EARLIER_GENERATIONS_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::MINUTE;
use stafett_protocol::wire::codec::encode_change;
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{ChangesRefused, Frame};
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::{organisation, service};
use stafett_tests::tap::{Tap, holds};

use crate::story::Story;

const SEEDS: u64 = 120;

/// A fourth node: the reader that comes last.
const NEWCOMER: &str = "310000027";

/// What stood in the entry when the first two got it, and was struck out before the third did.
const DELETED: &str = "strøket-6b1c94";

/// Two partners that hold an entry, and a newcomer that does not yet.
struct Widening {
    story: Story,
    newcomer: OrganisationNumber,
    entry: EntryId,
}

impl Widening {
    /// The entry is with both partners, and a text was struck out of it since.
    fn new(seed: u64) -> Self {
        let mut story = Story::new(seed);
        let newcomer = organisation(NEWCOMER);
        story.world.add_node(newcomer, 4);
        story.world.join((story.owner, &["school"]), (newcomer, &["ppt"]));
        story.share("ppt", &["language"]);
        let ask = AskFor::both(service(story.third, "ppt"), &["language"]);
        story.world.share(story.case, &ask);
        let entry = story.world.publish(story.case, &NewEntry::note(&format!("felles {DELETED}")));
        story.world.run_for(MINUTE);
        assert!(story.world.edit(story.owner, entry, r#"{"description":"felles"}"#));
        story.world.run_for(MINUTE);
        Self { story, newcomer, entry }
    }

    /// Puts a mark before or behind what a node sees.
    fn write(&mut self, node: OrganisationNumber, mark: &str, in_front: bool) -> bool {
        let text = self.story.world.text(node, self.entry).expect("it has it");
        let text = if in_front { format!("{mark} {text}") } else { format!("{text} {mark}") };
        let json = serde_json::json!({ "description": text }).to_string();
        self.story.world.edit(node, self.entry, &json)
    }

    fn renew(&mut self) -> bool {
        self.story.world.renew(self.story.owner, self.entry)
    }

    /// Opens the entry to the newcomer, who may only read.
    fn widen(&mut self) {
        let ask = AskFor {
            direction: Direction::Give,
            ..AskFor::both(service(self.newcomer, "ppt"), &["language"])
        };
        self.story.world.share(self.story.case, &ask);
    }

    fn partners(&self) -> [OrganisationNumber; 2] {
        [self.story.partner, self.story.third]
    }

    fn cut_both(&mut self) {
        for partner in self.partners() {
            self.story.world.cut(self.story.owner, partner);
        }
    }

    fn heal_both(&mut self) {
        for partner in self.partners() {
            self.story.world.heal(self.story.owner, partner);
        }
    }

    /// Both partners write offline, and the owner starts a new generation and widens it.
    fn written_late(seed: u64) -> Self {
        let mut life = Self::new(seed);
        life.cut_both();
        let [one, other] = life.partners();
        assert!(life.holds_deleted(one) && life.holds_deleted(other), "the search finds what is there");
        assert!(life.write(one, "ENE", seed.is_multiple_of(2)));
        assert!(life.write(other, "ANDRE", seed.is_multiple_of(3)));
        assert!(life.write(life.story.owner, "EIER", seed.is_multiple_of(5)));
        assert!(life.renew(), "seed {seed}");
        life.widen();
        life.story.world.run_for(MINUTE);
        life
    }

    /// Lets everything come to rest, with a generation for whoever waits for one.
    fn settle(&mut self) {
        self.heal_both();
        self.story.world.run_for(5 * MINUTE);
        self.renew();
        self.story.world.run_for(5 * MINUTE);
    }

    /// Whether any change that a node keeps of the entry has the text that was struck out.
    fn holds_deleted(&self, node: OrganisationNumber) -> bool {
        let content = self.story.world.node(node).store.content(self.entry).expect("it has it");
        let earlier = content.earlier.iter().flat_map(|earlier| &earlier.changes);
        content.changes.iter().chain(earlier).any(|change| {
            let bytes = encode_change(change.change()).expect("fits");
            holds(&bytes, DELETED)
        })
    }

    fn assert_converged(&self, marks: &[&str]) {
        let world = &self.story.world;
        let seed = world.chance.seed();
        let text = world.text(self.story.owner, self.entry).expect("its own");
        for mark in marks {
            assert_eq!(text.matches(mark).count(), 1, "seed {seed}: {mark} in {text}");
        }
        for node in [self.story.partner, self.story.third, self.newcomer] {
            let there = world.text(node, self.entry);
            assert_eq!(there.as_ref(), Some(&text), "seed {seed}: {node}");
            assert_eq!(world.undelivered(node, self.entry), None, "seed {seed}: {node}");
        }
        for node in [self.story.owner, self.story.partner, self.story.third, self.newcomer] {
            let kept = &world.node(node).store.entries[&self.entry];
            let earlier: Vec<_> = kept.earlier.iter().map(|one| one.generation).collect();
            assert_eq!(earlier, [], "seed {seed}: {node} still keeps an earlier generation");
            assert!(!self.holds_deleted(node), "seed {seed}: {node} still holds what was struck out");
            assert_eq!(world.node(node).alarms, Vec::new(), "seed {seed}: {node}");
        }
        let to_newcomer = world.taps_between(self.story.owner, self.newcomer);
        assert!(to_newcomer.len() > 3, "seed {seed}: it got the entry");
        assert!(!to_newcomer.iter().any(|tap| holds(tap.bytes(), DELETED)), "seed {seed}");
    }
}

#[test]
fn late_edits_of_two_partners_stand_once_in_what_the_newcomer_gets() {
    let (mut named, mut shown) = (0, 0);
    for seed in 0..SEEDS {
        let mut life = Widening::written_late(seed);
        let first = life.story.world.chance.below(2, "who comes first") as usize;
        let partners = life.partners();
        life.story.world.heal(life.story.owner, partners[first]);
        let wait = life.story.world.chance.below(3 * MINUTE, "between");
        life.story.world.run_for(wait);
        shown += u32::from(life.story.world.undelivered(partners[first], life.entry).is_none());

        life.settle();

        life.assert_converged(&["felles", "ENE", "ANDRE", "EIER"]);
        let frames = life.story.world.taps.iter().filter_map(Tap::frame);
        named += frames.filter(|frame| matches!(frame, Frame::Carried(_))).count();
    }
    assert!(named > 200 && shown > 50, "{named} {shown}");
}

#[test]
fn life_with_restarts_resets_and_more_generations_loses_and_repeats_nothing() {
    let (mut restarts, mut cuts) = (0, 0);
    for seed in 0..SEEDS {
        let mut life = Widening::written_late(1_000 + seed);
        life.story.world.pace.commit_max = 1 + life.story.world.chance.below(300, "commit pace");
        life.story.world.pace.network_max = 1 + life.story.world.chance.below(800, "network pace");
        let mut marks = vec!["felles".to_owned(), "ENE".to_owned(), "ANDRE".to_owned(), "EIER".to_owned()];
        for step in 0..12 {
            let draw = |life: &Widening, end: u64, purpose: &str| {
                life.story.world.chance.below(end, format!("{step} {purpose}"))
            };
            let [one, other] = life.partners();
            let node = [life.story.owner, one, other][draw(&life, 3, "node") as usize];
            let partner = [one, other][draw(&life, 2, "partner") as usize];
            match draw(&life, 6, "what") {
                0 => {
                    let crash =
                        if draw(&life, 2, "crash") == 0 { Crash::BeforeCommits } else { Crash::AfterCommits };
                    life.story.world.restart(node, crash);
                    restarts += 1;
                }
                1 => cuts += u32::from(life.renew()),
                2 => life.story.world.reconnect(life.story.owner, partner),
                3 => life.story.world.cut(life.story.owner, partner),
                4 => life.story.world.heal(life.story.owner, partner),
                _ => {
                    let mark = format!("M{step}X");
                    if life.write(node, &mark, draw(&life, 2, "front") == 0) {
                        marks.push(mark);
                    }
                }
            }
            let wait = draw(&life, 2_500, "wait");
            life.story.world.run_for(wait);
        }

        life.settle();

        let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
        life.assert_converged(&marks);
    }
    assert!(restarts > 100 && cuts > 100, "{restarts} {cuts}");
}

#[test]
fn crash_of_owner_or_partner_at_any_step_loses_and_repeats_nothing() {
    let mut seen = std::collections::BTreeSet::new();
    for step in 0..48 {
        for crash in [Crash::BeforeCommits, Crash::AfterCommits] {
            for who in 0..2 {
                let mut life = Widening::written_late(step * 7 + 2);
                let node = [life.story.owner, life.story.partner][who];
                life.heal_both();
                life.story.world.run_for(1_000 + 12 * step);
                life.story.world.restart(node, crash);
                let kept = &life.story.world.node(life.story.owner).store.entries[&life.entry];
                seen.insert((kept.earlier.len(), kept.changes.len()));

                life.settle();

                life.assert_converged(&["felles", "ENE", "ANDRE", "EIER"]);
            }
        }
    }
    assert!(seen.len() > 2, "crashes before, between and after the carries: {seen:?}");
}

#[test]
fn late_frames_that_come_again_and_in_another_order_change_nothing() {
    for seed in 0..20 {
        let mut life = Widening::written_late(seed);
        life.heal_both();
        life.story.world.run_for(2 * MINUTE);
        let [one, other] = life.partners();
        let sent = |life: &Widening, from| {
            let taps = life.story.world.taps_between(from, life.story.owner).into_iter();
            let frames = taps.filter_map(Tap::frame);
            frames.filter(|frame| matches!(frame, Frame::Changes(_))).collect::<Vec<_>>()
        };
        let mut again: Vec<_> = sent(&life, one).into_iter().map(|frame| (one, frame)).collect();
        again.extend(sent(&life, other).into_iter().map(|frame| (other, frame)));
        assert!(!again.is_empty(), "seed {seed}: late changes were sent");
        let before = life.story.world.view(life.story.owner, life.entry);

        for (from, frame) in again.iter().rev().chain(&again) {
            life.story.world.forge(*from, life.story.owner, frame);
            life.story.world.run_for(700);
        }

        assert_eq!(life.story.world.view(life.story.owner, life.entry), before, "seed {seed}");
        life.settle();
        life.assert_converged(&["felles", "ENE", "ANDRE", "EIER"]);
    }
}

#[test]
fn partners_see_the_same_bytes_whether_or_not_a_newcomer_gets_access() {
    let lived = |seed: u64, widens: bool| {
        let mut life = Widening::new(seed);
        life.cut_both();
        let [one, other] = life.partners();
        life.write(one, "ENE", true);
        life.write(other, "ANDRE", false);
        life.renew();
        if widens {
            life.story.world.hidden(|_| ());
            let ask = AskFor {
                direction: Direction::Give,
                ..AskFor::both(service(life.newcomer, "ppt"), &["language"])
            };
            let case = life.story.case;
            life.story.world.hidden(|world| world.share(case, &ask));
        }
        life.story.world.run_for(MINUTE);
        life.heal_both();
        life.story.world.run_for(2 * MINUTE);
        life.renew();
        life.story.world.run_for(2 * MINUTE);
        life
    };
    for seed in 0..60 {
        let (alone, widened) = (lived(seed, false), lived(seed, true));

        assert!(widened.story.world.text(widened.newcomer, widened.entry).is_some(), "seed {seed}");
        assert!(alone.story.world.text(alone.newcomer, alone.entry).is_none(), "seed {seed}");
        for partner in alone.partners() {
            let seen = |life: &Widening| -> Vec<Tap> {
                let taps = life.story.world.taps_between(life.story.owner, partner);
                taps.into_iter().cloned().collect()
            };
            assert_eq!(seen(&alone), seen(&widened), "seed {seed}: {partner}");
        }
    }
}

#[test]
fn partner_shows_its_unsent_edits_over_the_new_generation_until_they_are_named() {
    for seed in 0..10 {
        let mut life = Widening::written_late(seed);
        let (owner, partner) = (life.story.owner, life.story.partner);
        let old = life.story.world.node(partner).store.entries[&life.entry].record.facts.generation;
        life.story.world.stall(partner, owner);
        life.heal_both();
        life.story.world.run_for(2 * MINUTE);

        let kept = life.story.world.node(partner).store.entries[&life.entry].clone();
        let text = life.story.world.text(partner, life.entry).expect("it has it");
        assert_ne!(kept.record.facts.generation, old, "seed {seed}: the new one is here");
        assert_eq!(text.matches("ENE").count(), 1, "seed {seed}: {text}");
        assert_eq!(text.matches("EIER").count(), 1, "seed {seed}: {text}");
        let waiting = life.story.world.undelivered(partner, life.entry);
        assert_eq!(waiting, Some(Undelivered::Waiting), "seed {seed}");

        life.story.world.flow(partner, owner);
        life.settle();
        life.assert_converged(&["felles", "ENE", "ANDRE", "EIER"]);
    }
}

#[test]
fn partner_reads_each_of_its_edits_once_at_every_moment() {
    let mut waited = 0;
    for seed in 0..30 {
        let mut life = Widening::written_late(seed);
        life.heal_both();
        for _ in 0..250 {
            life.story.world.run_for(10);
            for (node, mark) in life.partners().into_iter().zip(["ENE", "ANDRE"]) {
                let text = life.story.world.text(node, life.entry).expect("it has it");
                assert_eq!(text.matches(mark).count(), 1, "seed {seed}, {node}: {text}");
                waited += u32::from(life.story.world.undelivered(node, life.entry).is_some());
            }
        }
        life.settle();
        life.assert_converged(&["felles", "ENE", "ANDRE", "EIER"]);
    }
    assert!(waited > 100, "{waited}: the moments between were looked at");
}

#[test]
fn late_edits_that_race_at_the_owner_are_carried_once_each() {
    for seed in 0..40 {
        let mut life = Widening::written_late(seed);
        let (owner, partners) = (life.story.owner, life.partners());
        life.story.world.pace.commit_max = 1 + life.story.world.chance.below(900, "commit pace");
        // Neither hears of the new generation, so both go on writing in the old one.
        for partner in partners {
            life.story.world.stall(owner, partner);
        }
        life.heal_both();
        life.story.world.run_for(MINUTE);
        let mut marks = vec!["felles".to_owned(), "ENE".to_owned(), "ANDRE".to_owned(), "EIER".to_owned()];
        for round in 0..4 {
            for (place, partner) in partners.into_iter().enumerate() {
                let mark = format!("R{round}{place}X");
                assert!(life.write(partner, &mark, place == 0));
                marks.push(mark);
                let wait = life.story.world.chance.below(120, format!("{round} {place}"));
                life.story.world.run_for(wait);
            }
            life.story.world.run_for(if round == 1 { MINUTE } else { 300 });
        }
        life.story.world.run_for(MINUTE);

        for partner in partners {
            life.story.world.flow(owner, partner);
        }
        life.settle();

        let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
        life.assert_converged(&marks);
    }
}

#[test]
fn edits_made_while_a_generation_is_taken_over_are_neither_lost_nor_repeated() {
    let mut made = 0;
    for seed in 0..40 {
        let mut life = Widening::written_late(seed);
        let partner = life.story.partner;
        life.story.world.pace.commit_max = 1 + life.story.world.chance.below(700, "commit pace");
        life.heal_both();
        life.story.world.run_for(1_000);
        let mut marks = vec!["felles".to_owned(), "ENE".to_owned(), "ANDRE".to_owned(), "EIER".to_owned()];
        for moment in 0..40 {
            let mark = format!("P{moment}X");
            if life.write(partner, &mark, moment % 2 == 0) {
                marks.push(mark);
                made += 1;
            }
            let wait = life.story.world.chance.below(160, format!("moment {moment}"));
            life.story.world.run_for(wait);
        }

        life.settle();

        let marks: Vec<&str> = marks.iter().map(String::as_str).collect();
        life.assert_converged(&marks);
    }
    assert!(made > 800, "{made}");
}

#[test]
fn generation_that_is_not_kept_any_longer_is_refused_and_the_edits_wait_to_be_written_again() {
    for seed in 0..6 {
        let mut life = Widening::new(seed);
        let (owner, partner) = (life.story.owner, life.story.partner);
        life.story.world.cut(owner, partner);
        life.write(partner, "ENE", true);
        for number in 0..=EARLIER_GENERATIONS_MAX {
            assert!(life.write(owner, &format!("E{number}E"), false));
            assert!(life.renew());
            life.story.world.run_for(MINUTE);
        }
        assert!(
            life.story.world.node(owner).store.entries[&life.entry].earlier.len() <= EARLIER_GENERATIONS_MAX
        );

        life.story.world.heal(owner, partner);
        life.story.world.run_for(3 * MINUTE);

        let text = life.story.world.text(partner, life.entry).expect("it has it");
        assert!(text.contains("ENE") && text.contains("E0E"), "seed {seed}: {text}");
        assert_eq!(life.story.world.undelivered(partner, life.entry), Some(Undelivered::Refused));
        assert!(!life.story.world.text(owner, life.entry).expect("its own").contains("ENE"));
        assert!(life.write(partner, "IGJEN", false), "seed {seed}: written again");
        life.widen();
        life.settle();
        life.assert_converged(&["felles", "ENE", "IGJEN", "E0E"]);
    }
}

#[test]
fn newcomer_cannot_write_in_a_generation_that_it_never_held() {
    for seed in 0..6 {
        let mut life = Widening::written_late(seed);
        let (owner, partner, newcomer) = (life.story.owner, life.story.partner, life.newcomer);
        let ask = AskFor::both(service(newcomer, "ppt"), &["language"]);
        life.story.world.share(life.story.case, &ask);
        life.story.world.heal(owner, partner);
        life.story.world.run_for(2 * MINUTE);
        let present = life.story.world.node(owner).store.entries[&life.entry].record.facts.generation;
        let taps = life.story.world.taps_between(partner, owner).into_iter();
        let late = taps.filter_map(Tap::frame).find_map(|frame| match frame {
            Frame::Changes(body) if body.generation != present => Some(body),
            _ => None,
        });
        let mut guessed = late.expect("the partner sent its late edit");
        guessed.changes.iter_mut().for_each(|change| change.actor = Actor([0x77; 16]));
        let before = life.story.world.view(owner, life.entry);
        let start = life.story.world.taps.len();

        life.story.world.forge(newcomer, owner, &Frame::Changes(guessed.clone()));
        life.story.world.run_for(MINUTE);

        assert_eq!(life.story.world.view(owner, life.entry), before, "seed {seed}");
        let answers = life.story.world.taps[start..].iter().filter(|tap| tap.to == newcomer);
        let answers: Vec<Frame> = answers.filter_map(Tap::frame).collect();
        let (entry, generation) = (guessed.entry, guessed.generation);
        let refused = ChangesRefused { entry, generation, code: ErrorCode::NotShared };
        assert_eq!(answers, [Frame::ChangesRefused(refused)], "seed {seed}");
    }
}

#[test]
fn order_to_erase_takes_every_generation_and_its_receipt_lets_the_owner_forget_them() {
    for seed in 0..10 {
        let mut life = Widening::new(seed);
        let (owner, partner) = (life.story.owner, life.story.partner);
        life.story.world.cut(owner, partner);
        life.write(partner, "ENE", true);
        life.write(owner, "EIER", false);
        life.renew();
        life.story.world.stall(partner, owner);
        life.story.world.heal(owner, partner);
        life.story.world.run_for(MINUTE);
        assert_eq!(life.story.world.node(partner).store.entries[&life.entry].earlier.len(), 1);
        let consents = life.story.world.node(owner).store.ledgers[&life.story.case.case].consents();
        let theirs = consents.values().find(|record| record.consent().recipient.host == partner);
        let consent = theirs.expect("shared").consent().id;

        life.story.world.withdraw(life.story.case, consent);
        life.story.world.flow(partner, owner);
        life.story.world.run_for(5 * MINUTE);

        let there = &life.story.world.node(partner).store;
        assert!(!there.entries.contains_key(&life.entry), "seed {seed}");
        assert_eq!(life.story.world.waiting(owner, partner).1, 0, "seed {seed}: the receipt is in");
        let kept = &life.story.world.node(owner).store.entries[&life.entry];
        assert_eq!(kept.earlier.len(), 0, "seed {seed}: nobody holds an earlier generation");
        assert!(!life.story.world.text(owner, life.entry).expect("its own").contains("ENE"));
    }
}
