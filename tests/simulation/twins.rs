//! Twin worlds (law 5): the same seed and the same visible history, other hidden facts. What goes
//! to a partner must be the same bytes on the same streams at the same moments.

use std::collections::BTreeSet;

use stafett_protocol::consent::{Channel, Direction, WithdrawnPart};
use stafett_protocol::id::{ConsentId, EntryId, RegistrationId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::MINUTE;
use stafett_tests::federation::{AskFor, Crash, NewEntry};
use stafett_tests::names::{FATHER, MOTHER, service};
use stafett_tests::tap::{Handed, Tap};

use crate::story::Story;

/// How much is hidden from the partner in a world.
#[derive(Clone, Copy)]
struct Hidden {
    /// How many hidden things happen between two visible ones.
    between: u64,
}

const NOTHING: Hidden = Hidden { between: 0 };

/// Seeds of each of the four parts of the run, which go side by side.
const SEEDS: u64 = 125;

#[test]
fn worlds_that_differ_in_hidden_facts_alone_look_the_same_to_the_partner() {
    look_the_same(0);
}

#[test]
fn worlds_that_differ_in_hidden_facts_alone_look_the_same_in_a_second_part() {
    look_the_same(1);
}

#[test]
fn worlds_that_differ_in_hidden_facts_alone_look_the_same_in_a_third_part() {
    look_the_same(2);
}

#[test]
fn worlds_that_differ_in_hidden_facts_alone_look_the_same_in_a_fourth_part() {
    look_the_same(3);
}

fn look_the_same(part: u64) {
    let mut frames = 0;
    let mut kinds = BTreeSet::new();
    for seed in part * SEEDS..(part + 1) * SEEDS {
        let bare = lived(seed, NOTHING);
        let full = lived(seed, Hidden { between: 1 + seed % 6 });

        let (bare, full) = (seen(&bare), seen(&full));
        if let Some(place) = first_difference(&bare, &full) {
            panic!(
                "seed {seed}: frame {place} of {}: {:?} {:?}",
                bare.len(),
                bare.get(place),
                full.get(place)
            );
        }
        kinds.extend(bare.iter().filter_map(|tap| tap.frame()).map(|frame| frame.kind()));
        frames += bare.len();
    }
    assert!(frames > 1_500, "{frames} frames are too few to say anything");
    let expected = BTreeSet::from([1, 2, 3, 4, 5, 9, 11, 12, 13, 17]);
    assert!(kinds.is_superset(&expected), "{kinds:?} are too few to say anything");
}

#[test]
fn worlds_that_differ_in_something_visible_are_told_apart() {
    let bare = lived(1, NOTHING);
    let mut other = lived(1, NOTHING);
    other.note("noe mer");

    assert!(first_difference(&seen(&bare), &seen(&other)).is_some());
}

/// Makes the partner see something else.
type Plant<'a> = &'a dyn Fn(&mut Vec<Tap>);

#[test]
fn planted_leaks_of_bytes_order_and_moments_are_found() {
    let world = lived(3, NOTHING);
    let honest = seen(&world);
    let place = honest.len() / 2;
    let plants: [Plant<'_>; 4] = [
        &|taps| taps.insert(place, taps[place].clone()),
        &|taps| taps[place].at = taps[place].at.plus(1),
        &|taps| taps.swap(place, place + 1),
        &|taps| match &mut taps[place].handed {
            Handed::Frame { bytes, .. } => *bytes.last_mut().expect("a frame has bytes") ^= 1,
            other => panic!("{other:?} is no frame"),
        },
    ];
    for plant in plants {
        let mut leaking: Vec<Tap> = honest.iter().map(|tap| (*tap).clone()).collect();
        plant(&mut leaking);

        let leaking: Vec<&Tap> = leaking.iter().collect();
        assert!(first_difference(&honest, &leaking).is_some());
    }
}

#[test]
fn gate_that_takes_a_hidden_area_for_an_open_one_is_found() {
    use stafett_protocol::agreement::Agreement;
    let lived_without_a_gate = |hidden| {
        let mut story = Story::new(5);
        story.share("ppt", &["language"]);
        story.note("synlig");
        if hidden {
            story
                .world
                .hidden(|world| world.publish(story.case, &NewEntry::note_in(&["wellbeing"], "skjult")));
        }
        story.world.run_for(MINUTE);
        let entries: Vec<EntryId> = story.world.node(story.owner).store.entries.keys().copied().collect();
        for entry in entries {
            let kept = story.world.node_mut(story.owner).store.entries.get_mut(&entry).expect("there");
            kept.record.facts.areas = stafett_tests::names::areas(&["language"]);
        }
        let same = |_: &mut Option<Agreement>, _: &mut _| {};
        story.world.change_standing(story.owner, story.partner, same);
        story.world.restart(story.owner, Crash::BeforeCommits);
        story.world.run_for(MINUTE);
        story
    };

    let (bare, full) = (lived_without_a_gate(false), lived_without_a_gate(true));

    assert!(first_difference(&seen(&bare), &seen(&full)).is_some());
}

#[test]
fn thousand_hidden_entries_more_change_nothing_that_the_partner_sees() {
    let lived_with = |hidden: u64| {
        let mut story = Story::new(9);
        story.share("ppt", &["language"]);
        story.note("synlig");
        story.world.run_for(MINUTE);
        for number in 0..hidden {
            let text = format!("skjult {number}");
            story.world.hidden(|world| world.publish(story.case, &NewEntry::note_in(&["wellbeing"], &text)));
        }
        story.world.run_for(MINUTE);
        story.note("synlig etterpå");
        story.world.run_for(MINUTE);
        story.world.restart(story.partner, Crash::AfterCommits);
        story.world.run_for(5 * MINUTE);
        story
    };
    let (bare, full) = (lived_with(0), lived_with(1_000));

    assert!(full.world.node(full.owner).store.entries.len() > 1_000);
    assert!(seen(&bare).len() >= 8, "{} frames are too few to say anything", seen(&bare).len());
    assert_eq!(first_difference(&seen(&bare), &seen(&full)), None);
}

#[test]
fn one_seed_twice_gives_the_same_bytes() {
    for seed in 0..20 {
        let (once, again) = (lived(seed, Hidden { between: 3 }), lived(seed, Hidden { between: 3 }));

        assert_eq!(once.world.taps, again.world.taps, "seed {seed}");
    }
}

fn seen(story: &Story) -> Vec<&Tap> {
    story.world.taps_between(story.owner, story.partner)
}

fn first_difference(one: &[&Tap], other: &[&Tap]) -> Option<usize> {
    (0..one.len().max(other.len())).find(|place| one.get(*place) != other.get(*place))
}

/// What a visible history needs to remember.
struct Life {
    story: Story,
    hidden: Hidden,
    consents: Vec<ConsentId>,
    entries: Vec<EntryId>,
    hidden_entries: Vec<EntryId>,
    hidden_consents: Vec<ConsentId>,
    step: u64,
}

/// Lives through a random visible history, with hidden things between its steps.
fn lived(seed: u64, hidden: Hidden) -> Story {
    let mut life = Life {
        story: Story::new(seed),
        hidden,
        consents: Vec::new(),
        entries: Vec::new(),
        hidden_entries: Vec::new(),
        hidden_consents: Vec::new(),
        step: 0,
    };
    let steps = 7 + life.story.world.chance.below(6, "steps");
    for step in 0..steps {
        life.step = step;
        life.hidden_steps();
        life.visible_step();
        let wait = life.draw(if step % 3 == 0 { 3 * MINUTE } else { 120 }, "wait");
        life.story.world.run_for(wait);
    }
    life.step = steps;
    life.hidden_steps();
    life.story.world.run_for(5 * MINUTE);
    life.story
}

impl Life {
    fn draw(&self, end: u64, purpose: &str) -> u64 {
        self.story.world.chance.below(end, format!("step {} {purpose}", self.step))
    }

    fn visible_step(&mut self) {
        let text = format!("synlig {}", self.step);
        let (owner, partner, case) = (self.story.owner, self.story.partner, self.story.case);
        let what = if self.step == 0 { 0 } else { self.draw(12, "what") };
        let world = &mut self.story.world;
        match what {
            0 | 1 => {
                let code = if self.step.is_multiple_of(2) { "ppt" } else { "clinic" };
                let ask = AskFor::both(service(partner, code), &["language"]);
                let consent = world.share(case, &ask);
                self.consents.push(consent);
            }
            2..=4 => {
                let entry = world.publish(case, &NewEntry::note(&text));
                self.entries.push(entry);
            }
            5 => {
                if let Some(entry) = self.chosen(&self.entries) {
                    let json = format!(r#"{{"description":"{text}"}}"#);
                    self.story.world.edit(owner, entry, &json);
                }
            }
            6 if self.step.is_multiple_of(2) && world.may_propose(partner, case, "ppt") => {
                world.propose(partner, case, "ppt", &NewEntry::note(&text), self.entries.last().copied());
            }
            6 => {
                if let Some(entry) = self.chosen(&self.entries) {
                    let json = format!(r#"{{"description":"{text}"}}"#);
                    self.story.world.edit(partner, entry, &json);
                }
            }
            7 if self.step.is_multiple_of(3) => {
                let last = self.consents.last().copied();
                if let (Some(consent), Some(entry)) = (last, self.chosen(&self.entries)) {
                    let record = &self.story.world.node(owner).store.ledgers[&case.case].consents()[&consent];
                    if record.withdrawn_at().is_none() && !record.excepts(entry) {
                        let said = Said::EntryExcepted { consent, giver: FATHER, entry };
                        self.story.world.say_of(case, said);
                    }
                }
            }
            7 => {
                if let Some(consent) = self.consents.pop() {
                    self.story.world.withdraw(case, consent);
                }
            }
            8 => match self.draw(3, "fault") {
                0 => self.story.world.reconnect(owner, partner),
                1 => self.story.world.restart(owner, Crash::AfterCommits),
                _ => self.story.world.restart(partner, Crash::BeforeCommits),
            },
            9 => {
                let pair = (self.entries.first().copied(), self.entries.last().copied());
                if let (Some(from), Some(to)) = pair {
                    self.story.world.relate(case, from, to);
                }
            }
            _ => self.new_generation(&text, what == 10),
        }
    }

    /// An entry that the partner may hold goes on, also while the partner writes on it offline.
    fn new_generation(&mut self, text: &str, is_late: bool) {
        let Some(entry) = self.chosen(&self.entries) else { return };
        let (owner, partner) = (self.story.owner, self.story.partner);
        let world = &mut self.story.world;
        if is_late {
            world.cut(owner, partner);
            world.edit(partner, entry, &format!(r#"{{"description":"sent {text}"}}"#));
        }
        world.edit(owner, entry, &format!(r#"{{"author":"{text}"}}"#));
        world.renew(owner, entry);
        if is_late {
            world.heal(owner, partner);
        }
    }

    fn chosen(&self, entries: &[EntryId]) -> Option<EntryId> {
        let count = u64::try_from(entries.len()).expect("few");
        let place = if count == 0 { return None } else { self.draw(count, "chosen") };
        entries.get(usize::try_from(place).expect("few")).copied()
    }

    /// Things that the partner must not notice: other areas, other partners, other cases.
    fn hidden_steps(&mut self) {
        for number in 0..self.hidden.between {
            let what = self.draw(15, &format!("hidden {number}"));
            self.hidden_step(what, number);
        }
    }

    fn hidden_step(&mut self, what: u64, number: u64) {
        let text = format!("skjult {} {number}", self.step);
        let (owner, third, case) = (self.story.owner, self.story.third, self.story.case);
        let world = &mut self.story.world;
        match what {
            0 | 1 => {
                let areas: &[&str] = if what == 0 { &["wellbeing"] } else { &["language", "wellbeing"] };
                let entry = world.hidden(|world| world.publish(case, &NewEntry::note_in(areas, &text)));
                self.hidden_entries.push(entry);
            }
            2 => {
                if let Some(entry) = self.hidden_entries.last().copied() {
                    let json = format!(r#"{{"description":"{text}"}}"#);
                    world.hidden(|world| world.edit(owner, entry, &json));
                }
            }
            3 => {
                let ask = AskFor::both(service(third, "ppt"), &["wellbeing"]);
                let consent = world.hidden(|world| world.share(case, &ask));
                self.hidden_consents.push(consent);
            }
            4 => {
                if let Some(consent) = self.hidden_consents.pop() {
                    world.hidden(|world| world.withdraw(case, consent));
                }
            }
            5 => {
                let other = world.hidden(|world| world.open_case(owner));
                let entry = world.hidden(|world| world.publish(other, &NewEntry::note(&text)));
                self.hidden_entries.push(entry);
            }
            6 => {
                let pair = (self.hidden_entries.last().copied(), self.entries.first().copied());
                if let (Some(from), Some(to)) = pair {
                    world.hidden(|world| world.relate(case, from, to));
                }
            }
            13 => {
                if let Some(entry) = self.hidden_entries.last().copied() {
                    world.hidden(|world| world.renew(owner, entry));
                }
            }
            14 => {
                // Widening: another partner may read what the partner holds.
                let ask = AskFor {
                    direction: Direction::Give,
                    ..AskFor::both(service(third, "clinic"), &["language"])
                };
                let consent = world.hidden(|world| world.share(case, &ask));
                self.hidden_consents.push(consent);
            }
            7 => self.hidden_reader(third),
            _ => self.hidden_word(what, number),
        }
    }

    /// Words of the family and about it that do not concern the partner: narrowing and refusing what
    /// others have, who the family is, what a guardian no longer reads.
    fn hidden_word(&mut self, what: u64, number: u64) {
        let (owner, third, case) = (self.story.owner, self.story.third, self.story.case);
        let areas = |codes: &[&str]| stafett_tests::names::areas(codes);
        let drawn = self.story.world.chance.half(format!("step {} word {number}", self.step));
        let world = &mut self.story.world;
        match what {
            8 => {
                let both = AskFor::both(service(third, "ppt"), &["wellbeing", "language"]);
                let consent = world.hidden(|world| world.share(case, &both));
                let part = WithdrawnPart::Areas { areas: areas(&["wellbeing"]) };
                let said = Said::ConsentWithdrawn { consent, giver: MOTHER, channel: Channel::Oral, part };
                world.hidden(|world| world.say_of(case, said));
            }
            9 => {
                let own = AskFor::both(service(owner, "clinic"), &["language"]);
                let consent = world.hidden(|world| world.share(case, &own));
                if let Some(entry) = self.entries.last().copied() {
                    let said = Said::EntryExcepted { consent, giver: FATHER, entry };
                    world.hidden(|world| world.say_of(case, said));
                }
            }
            10 => {
                let registration = RegistrationId::from_random(drawn);
                let parties = world.node(owner).store.ledgers[&case.case].parties().to_vec();
                let document = "2026/117-3".to_owned();
                let said = Said::PartiesRegistered { registration, parties, birthdays: None, document };
                world.hidden(|world| world.say_of(case, said));
            }
            11 => {
                let said = Said::GuardianAccessSet {
                    guardian: FATHER,
                    closed: areas(&["language"]),
                    channel: Channel::Oral,
                };
                world.hidden(|world| world.say_of(case, said));
            }
            _ => {
                let asked = AskFor::both(service(third, "ppt"), &["language"]);
                let consent = world.hidden(|world| world.ask(case, &asked));
                world.hidden(|world| world.say_of(case, Said::ConsentRefused { consent, giver: MOTHER }));
            }
        }
    }

    /// Another partner writes in what only it shares, and asks for what it may not have.
    fn hidden_reader(&mut self, third: OrganisationNumber) {
        if let Some(entry) = self.hidden_entries.first().copied() {
            self.story.world.hidden(|world| world.edit(third, entry, r#"{"description":"fra den andre"}"#));
        }
    }
}

/// A family that a partner works with moves, and does not let its case go along; or nobody has heard of it.
fn closed(refused: bool, is_closed: bool) -> Story {
    let mut story = Story::new(11);
    story.share("ppt", &["language"]);
    story.note("synlig");
    story.world.run_for(MINUTE);
    if refused {
        let said_by = BTreeSet::from([MOTHER, FATHER]);
        let on = "2027-06-01".parse().expect("a day");
        let said = Said::MoveRefused { said_by, channel: Some(Channel::Oral), on };
        let case = story.case;
        story.world.hidden(|world| world.say_of(case, said));
    }
    story.world.run_for(3 * MINUTE);
    for text in ["synlig etterpå", "synlig til slutt"] {
        story.note(text);
        story.world.run_for(MINUTE);
    }
    if is_closed {
        let case = story.case;
        story.world.say_of(case, Said::Closed);
    }
    story.world.run_for(5 * MINUTE);
    story
}

#[test]
fn no_to_a_move_shows_no_partner_that_a_family_moves_and_its_closing_looks_like_any_other() {
    for is_closed in [false, true] {
        let (never_asked, refused) = (closed(false, is_closed), closed(true, is_closed));
        let view = &refused.world.node(refused.owner).store.ledgers[&refused.case.case];

        assert!(view.move_refused().is_some() && view.is_closed() == is_closed);
        assert!(seen(&never_asked).len() >= 8, "{} frames are too few", seen(&never_asked).len());
        assert_eq!(first_difference(&seen(&never_asked), &seen(&refused)), None, "closed: {is_closed}");
        let theirs = |story: &Story| story.world.node(story.third).store.ledgers.len();
        assert_eq!(
            (theirs(&refused), refused.world.taps.len()),
            (theirs(&never_asked), never_asked.world.taps.len())
        );
    }
    assert!(
        first_difference(&seen(&closed(true, false)), &seen(&closed(true, true))).is_some(),
        "the control"
    );
}
