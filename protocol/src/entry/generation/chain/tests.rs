use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::entry::generation::cut;
use crate::entry::tests::{PARTNER, assert_sound, content, edit, edited, encoded, opened};
use crate::entry::{EntryKind, FieldKey};

const WRITERS: usize = 3;

/// Draws actors that no test uses otherwise.
fn fresh_actors() -> impl FnMut() -> Actor {
    let mut number = 0u16;
    move || {
        number += 1;
        let [high, low] = number.to_be_bytes();
        Actor([200, high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }
}

fn note(text: &str) -> EntryDocument {
    let json = serde_json::json!({ "description": text }).to_string();
    EntryDocument::create(Actor([1; 16]), &content(EntryKind::Note, &json)).expect("a note").0
}

/// Leaves the present generation for one that holds its value alone.
fn renew(chain: &mut Chain, actors: &mut impl FnMut() -> Actor) {
    let (next, genesis) = cut(&chain.present, actors()).expect("no conflict");
    let old = std::mem::replace(&mut chain.present, next);
    let heads = old.heads();
    chain.earlier.push(Earlier::new(old, heads, Heads::from(genesis.hash())));
}

fn text_of(document: &EntryDocument) -> String {
    document.view().text(FieldKey::Description).to_owned()
}

fn rewritten(text: &str) -> String {
    serde_json::json!({ "description": text }).to_string()
}

/// A late change by a partner that has the generation as it was when it was left.
fn late_change(chain: &Chain, place: usize, actor: Actor, text: &str) -> Change {
    let mut theirs = opened(&chain.earlier[place].document, actor);
    edited(&mut theirs, &rewritten(text)).into_change()
}

#[test]
fn late_edit_of_the_oldest_generation_goes_through_every_one_that_followed() {
    let mut actors = fresh_actors();
    let mut chain = Chain::new(Vec::new(), note("Han leser."));
    renew(&mut chain, &mut actors);
    edited(&mut chain.present, &rewritten("Han leser hver dag."));
    renew(&mut chain, &mut actors);
    edited(&mut chain.present, &rewritten("Han leser hver dag hjemme."));
    let late = late_change(&chain, 0, PARTNER, "Ante: Han leser.");

    chain.take_late(0, vec![late], &mut actors).expect("late edits that fit");

    assert_eq!(text_of(&chain.present), "Ante: Han leser hver dag hjemme.");
    assert_eq!(text_of(&chain.earlier[1].document), "Ante: Han leser hver dag.");
    assert_eq!((chain.earlier[0].added.len(), chain.earlier[1].added.len(), chain.added.len()), (1, 1, 1));
    assert_sound(&chain.present);
}

#[test]
fn late_change_that_comes_twice_is_carried_once() {
    let mut actors = fresh_actors();
    let mut chain = Chain::new(Vec::new(), note("Han leser."));
    renew(&mut chain, &mut actors);
    let late = late_change(&chain, 0, PARTNER, "Han leser mye.");

    for _ in 0..3 {
        chain.take_late(0, vec![late.clone()], &mut actors).expect("late edits that fit");
    }

    assert_eq!(text_of(&chain.present), "Han leser mye.");
    assert_eq!(chain.added.len(), 1);
}

#[test]
fn refused_late_change_leaves_the_chain_as_it_was() {
    let mut actors = fresh_actors();
    let mut chain = Chain::new(Vec::new(), note("Han leser."));
    renew(&mut chain, &mut actors);
    let good = late_change(&chain, 0, PARTNER, "Han leser mye.");
    let mut bad = late_change(&chain, 0, Actor([9; 16]), "Han leser lite.");
    bad.start_op += 1;
    let of_the_present =
        edited(&mut opened(&chain.present, Actor([8; 16])), &rewritten("Her.")).into_change();

    let refused = chain.take_late(0, vec![good, bad], &mut actors);
    let elsewhere = chain.take_late(0, vec![of_the_present], &mut actors);
    let nowhere = chain.take_late(1, Vec::new(), &mut actors);

    assert_eq!(refused, Err(LateError::Change(ChangeRefusal::StartOperation)));
    assert_eq!(elsewhere, Err(LateError::Change(ChangeRefusal::UnknownDependency)));
    assert_eq!(nowhere, Err(LateError::NotKept));
    assert_eq!(text_of(&chain.present), "Han leser.");
    assert!(chain.added.is_empty() && chain.earlier[0].added.is_empty());
}

#[test]
fn late_edits_that_are_too_much_for_one_change_are_carried_in_several() {
    let mut actors = fresh_actors();
    let mut chain = Chain::new(Vec::new(), note("x"));
    renew(&mut chain, &mut actors);
    let mut theirs = opened(&chain.earlier[0].document, PARTNER);
    let mut text = "x".to_owned();
    let late: Vec<Change> = (0..4)
        .map(|part| {
            text.push_str(&["a", "b", "c", "d"][part].repeat(9_000));
            edited(&mut theirs, &rewritten(&text)).into_change()
        })
        .collect();

    chain.take_late(0, late, &mut actors).expect("late edits that fit");

    assert_eq!(text_of(&chain.present), text);
    assert!(chain.added.len() > 1, "36,000 characters are more than one change holds");
}

/// One step of a random life: who, what, and where.
type Step = (u8, u8, u16);

/// A partner: what it holds, and what it has not sent, by generation.
struct Partner {
    generation: usize,
    document: EntryDocument,
    unsent: Vec<(usize, Change)>,
    sent: Vec<(usize, Change)>,
}

struct Life {
    chain: Chain,
    partners: Vec<Partner>,
    marks: u32,
    expected: BTreeSet<char>,
    actors: Box<dyn FnMut() -> Actor>,
}

impl Life {
    fn new() -> Self {
        let present = note("…");
        let partner = |number: usize| Partner {
            generation: 0,
            document: opened(&present, Actor([u8::try_from(number).expect("few") + 10; 16])),
            unsent: Vec::new(),
            sent: Vec::new(),
        };
        let partners = (0..WRITERS).map(partner).collect();
        let chain = Chain::new(Vec::new(), present);
        Self { chain, partners, marks: 0, expected: BTreeSet::new(), actors: Box::new(fresh_actors()) }
    }

    /// Writes a new mark of one character somewhere, or strikes one out.
    fn write(
        document: &mut EntryDocument,
        marks: &mut u32,
        expected: &mut BTreeSet<char>,
        at: u16,
    ) -> Option<Change> {
        let mut text: Vec<char> = text_of(document).chars().collect();
        let place = usize::from(at) % text.len();
        if at % 4 == 3 && text[place] != '…' {
            expected.remove(&text.remove(place));
        } else {
            *marks += 1;
            let mark = char::from_u32(0x4e00 + *marks).expect("a character");
            expected.insert(mark);
            text.insert(place, mark);
        }
        let edit = edit(EntryKind::Note, &rewritten(&text.into_iter().collect::<String>()));
        document.edit(&edit, Side::Owner).expect("fits").map(CheckedChange::into_change)
    }

    fn step(&mut self, (what, who, at): Step) {
        let who = usize::from(who) % WRITERS;
        match what % 8 {
            0 => {
                Self::write(&mut self.chain.present, &mut self.marks, &mut self.expected, at);
            }
            1 => renew(&mut self.chain, &mut self.actors),
            2..=4 => {
                let partner = &mut self.partners[who];
                let change = Self::write(&mut partner.document, &mut self.marks, &mut self.expected, at);
                partner.unsent.extend(change.map(|change| (partner.generation, change)));
            }
            5 => self.send(who),
            6 => {
                for (generation, change) in self.partners[who].sent.clone() {
                    self.deliver(generation, vec![change]);
                }
            }
            _ => {
                let actor = (self.actors)();
                let present = self.chain.earlier.len();
                let partner = &mut self.partners[who];
                partner.document = opened(&self.chain.present, actor);
                partner.generation = present;
            }
        }
    }

    fn send(&mut self, who: usize) {
        let unsent = std::mem::take(&mut self.partners[who].unsent);
        let mut by_generation: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
        for (generation, change) in &unsent {
            by_generation.entry(*generation).or_default().push(change.clone());
        }
        for (generation, changes) in by_generation.into_iter().rev() {
            self.deliver(generation, changes);
        }
        self.partners[who].sent.extend(unsent);
    }

    fn deliver(&mut self, generation: usize, changes: Vec<Change>) {
        if generation < self.chain.earlier.len() {
            self.chain.take_late(generation, changes, &mut self.actors).expect("honest late edits");
        } else {
            for change in changes {
                self.chain.present.accept(change, Side::Partner).expect("an honest change");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_late_edit_stands_once_in_the_present_whatever_the_order(
        steps in proptest::collection::vec(any::<Step>(), 1..30),
    ) {
        let mut life = Life::new();
        steps.into_iter().for_each(|step| life.step(step));
        (0..WRITERS).rev().for_each(|who| life.send(who));

        let text = text_of(&life.chain.present);
        let found: Vec<char> = text.chars().filter(|mark| *mark != '…').collect();
        let once: BTreeSet<char> = found.iter().copied().collect();
        prop_assert_eq!(found.len(), once.len(), "a mark stands twice in {}", text);
        prop_assert_eq!(&once, &life.expected);
        assert_sound(&life.chain.present);
        for earlier in &life.chain.earlier {
            prop_assert_eq!(&earlier.carried, &earlier.document.heads(), "all of it is carried");
        }
    }

    #[test]
    fn what_was_struck_out_before_a_cut_is_in_no_later_generation(
        steps in proptest::collection::vec(any::<Step>(), 1..20),
    ) {
        let mut life = Life::new();
        let secret = "Mors nummer er 40000000.";
        edited(&mut life.chain.present, &rewritten(&format!("…{secret}")));
        edited(&mut life.chain.present, &rewritten("…"));
        for partner in &mut life.partners {
            partner.document = opened(&life.chain.present, partner.document.actor());
        }
        renew(&mut life.chain, &mut life.actors);
        steps.into_iter().for_each(|step| life.step(step));
        (0..WRITERS).for_each(|who| life.send(who));

        let mut later: Vec<&EntryDocument> = life.chain.earlier.iter().skip(1).map(|one| &one.document).collect();
        later.push(&life.chain.present);
        for document in later {
            for change in document.changes() {
                let bytes = encoded(change.change());
                let holds = bytes.windows(8).any(|window| window == b"40000000");
                prop_assert!(!holds);
            }
        }
    }
}
