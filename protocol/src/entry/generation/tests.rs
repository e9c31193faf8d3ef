use super::*;
use crate::entry::operation::{Operation, OperationRef};
use crate::entry::tests::{
    OTHER_PARTNER, OWNER, PARTNER, assert_sound, content, deliver, edited, encoded, fields, measure,
    object_of, opened,
};
use crate::entry::{ChangeHash, check_genesis};

/// Draws actors that no test uses otherwise.
fn fresh_actors() -> impl FnMut() -> Actor {
    let mut number = 100u8;
    move || {
        number += 1;
        Actor([number; 16])
    }
}

fn note(json: &str) -> EntryDocument {
    EntryDocument::create(OWNER, &content(EntryKind::Note, json)).expect("a note").0
}

/// A generation that was cut, and two partners that go on writing in the old one.
struct Scene {
    old: EntryDocument,
    cut_at: Heads,
    new: EntryDocument,
    partners: [EntryDocument; 2],
    actors: Box<dyn FnMut() -> Actor>,
}

fn scene(mut old: EntryDocument) -> Scene {
    edited(&mut old, r#"{"title":"Til alle"}"#);
    let partners = [opened(&old, PARTNER), opened(&old, OTHER_PARTNER)];
    let mut actors = fresh_actors();
    let (new, _) = cut(&old, actors()).expect("no conflict");
    Scene { cut_at: old.heads(), old, new, partners, actors: Box::new(actors) }
}

impl Scene {
    fn late(&mut self, partner: usize, json: &str) {
        let change = edited(&mut self.partners[partner], json);
        deliver(&change, &mut self.old);
    }

    fn carry(&mut self, carried: &Heads, onto: &Heads) -> Vec<CheckedChange> {
        let until = self.old.heads();
        let span = Span { carried, until: &until, onto };
        carry(&self.old, span, &mut self.new, &mut self.actors).expect("late edits that fit")
    }

    fn genesis(&self) -> Heads {
        Heads::from(self.new.genesis().expect("a genesis").hash())
    }
}

#[test]
fn a_cut_holds_the_present_value_in_one_change_and_nothing_else() {
    let mut old = note(r#"{"title":"Hemmelig","description":"Mors nummer er 40000000."}"#);
    edited(&mut old, r#"{"title":"Samtale","description":"Mor ringer."}"#);

    let (new, genesis) = cut(&old, PARTNER).expect("no conflict");

    assert_eq!(new.view(), old.view());
    assert_eq!((new.change_count(), new.changes()), (1, [genesis.clone()].as_slice()));
    let bytes = encoded(genesis.change());
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("Samtale") && !holds("Hemmelig") && !holds("40000000"));
    let checked = check_genesis(
        EntryKind::Note,
        crate::entry::SchemaVersion::CURRENT,
        genesis.change().clone(),
        genesis.hash(),
    );
    assert_eq!(checked, Ok(genesis));
    assert_sound(&new);
}

#[test]
fn a_field_in_conflict_stops_a_cut_until_it_is_settled() {
    let (mut old, _) = measure();
    let mut partner = opened(&old, PARTNER);
    edited(&mut old, r#"{"deadline":"2026-10-15"}"#);
    let change = edited(&mut partner, r#"{"deadline":"2026-11-01"}"#);
    deliver(&change, &mut old);

    let field = FieldKey::Deadline;
    assert_eq!(cut(&old, OTHER_PARTNER).map(|_| ()), Err(CutError::Conflict { field }));

    edited(&mut old, r#"{"deadline":"2026-11-01"}"#);
    assert!(cut(&old, OTHER_PARTNER).is_ok());
}

#[test]
fn late_edits_of_two_partners_are_carried_once_each_and_none_is_lost() {
    let mut scene = scene(note(r#"{"title":"Samtale","description":"Han leser litt hver dag."}"#));
    scene.late(0, r#"{"description":"Han leser mye litt hver dag."}"#);
    scene.late(1, r#"{"description":"Han leser litt hver dag, også lørdag."}"#);
    let cut_at = scene.cut_at.clone();
    let genesis = scene.genesis();

    let made = scene.carry(&cut_at, &genesis);

    assert_eq!(made.len(), 1);
    assert_eq!(scene.new.view(), scene.old.view());
    assert_eq!(scene.new.view().text(FieldKey::Description), "Han leser mye litt hver dag, også lørdag.");
    assert_sound(&scene.new);

    let carried = scene.old.heads();
    let again = scene.carry(&carried, &carried_heads(&genesis, &made));
    assert_eq!(again, []);
}

#[test]
fn late_edits_merge_with_what_was_written_in_the_new_generation() {
    let mut scene = scene(note(r#"{"title":"Samtale","description":"Han leser litt hver dag."}"#));
    edited(&mut scene.new, r#"{"description":"Han leser litt hver kveld.","author":"Marte"}"#);
    scene.late(0, r#"{"description":"Ante leser litt hver dag."}"#);
    let (cut_at, genesis) = (scene.cut_at.clone(), scene.genesis());

    let made = scene.carry(&cut_at, &genesis);

    let view = scene.new.view();
    assert_eq!(view.text(FieldKey::Description), "Ante leser litt hver kveld.");
    assert_eq!(view.text(FieldKey::Author), "Marte");

    edited(&mut scene.new, r#"{"description":"Ante leser mye hver kveld."}"#);
    let carried = scene.old.heads();
    scene.late(1, r#"{"description":"Han leser litt hver dag hjemme."}"#);
    scene.late(0, r#"{"description":"Lille Ante leser litt hver dag."}"#);
    scene.carry(&carried, &carried_heads(&genesis, &made));

    let text = scene.new.view().text(FieldKey::Description).to_owned();
    assert_eq!(text, "Lille Ante leser mye hver kveld hjemme.");
    assert_sound(&scene.new);
}

#[test]
fn text_deleted_before_the_cut_never_returns_with_late_edits() {
    let mut scene = scene(note(r#"{"title":"Samtale","description":"Far drikker. Han leser."}"#));
    let mut partner = opened(&scene.old, Actor([50; 16]));
    edited(&mut scene.old, r#"{"description":"Han leser."}"#);
    let mut actors = fresh_actors();
    let (new, genesis) = cut(&scene.old, actors()).expect("no conflict");
    scene.new = new;
    let cut_at = scene.old.heads();

    // The partner had not seen the deletion when it wrote.
    let late = edited(&mut partner, r#"{"description":"Far drikker. Han leser bra."}"#);
    deliver(&late, &mut scene.old);
    scene.carry(&cut_at, &Heads::from(genesis.hash()));

    assert_eq!(scene.new.view().text(FieldKey::Description), "Han leser bra.");
    for change in scene.new.changes() {
        let bytes = encoded(change.change());
        assert!(!bytes.windows(7).any(|window| window == b"drikker"));
    }
}

#[test]
fn late_values_in_conflict_are_still_in_conflict_in_the_new_generation() {
    let (old, _) = measure();
    let mut scene = scene(old);
    scene.late(0, r#"{"deadline":"2026-10-15","status":"started"}"#);
    scene.late(1, r#"{"deadline":"2026-11-01","responsible":"Per","at_home":null}"#);
    let (cut_at, genesis) = (scene.cut_at.clone(), scene.genesis());

    let made = scene.carry(&cut_at, &genesis);

    assert_eq!(made.len(), 2);
    assert_eq!(scene.new.view().conflicts, scene.old.view().conflicts);
    assert_eq!(scene.new.view().conflicts.len(), 1);
    assert_eq!(scene.new.view().text(FieldKey::Status), "started");
    assert_eq!(scene.new.view().text(FieldKey::Responsible), "Per");
    assert!(!scene.new.view().fields.contains_key(&FieldKey::AtHome));
    assert_sound(&scene.new);

    let carried = scene.old.heads();
    edited(&mut scene.old, r#"{"deadline":"2026-11-01"}"#);
    scene.carry(&carried, &carried_heads(&genesis, &made));
    assert_eq!(scene.new.view(), scene.old.view());
}

#[test]
fn a_late_value_that_joins_a_conflict_joins_it_in_the_new_generation() {
    let (old, _) = measure();
    let mut scene = scene(old);
    let mut third = opened(&scene.old, Actor([50; 16]));
    let (cut_at, genesis) = (scene.cut_at.clone(), scene.genesis());
    scene.late(0, r#"{"deadline":"2026-10-15"}"#);
    let first = scene.carry(&cut_at, &genesis);
    let carried = scene.old.heads();

    scene.late(1, r#"{"deadline":"2026-11-01"}"#);
    let change = edited(&mut third, r#"{"deadline":"2026-12-01"}"#);
    deliver(&change, &mut scene.old);
    let made = scene.carry(&carried, &carried_heads(&genesis, &first));

    assert_eq!(made.len(), 3);
    assert_eq!(scene.new.view().conflicts, scene.old.view().conflicts);
    assert_eq!(scene.new.view().conflicts.get(&FieldKey::Deadline).map(Vec::len), Some(3));
    assert_sound(&scene.new);
}

#[test]
fn late_participants_and_lines_are_carried_whole() {
    let json = r#"{"participants":[{"name":"Ole","role":"PP-rådgiver"},{"name":"Marte"}]}"#;
    let (mut old, _) =
        EntryDocument::create(OWNER, &content(EntryKind::Participants, json)).expect("participants");
    edited(
        &mut old,
        r#"{"participants":[{"name":"Ole","role":"PP-rådgiver"},{"name":"Marte","phone":"40000000"}]}"#,
    );
    let mut partner = opened(&old, PARTNER);
    let mut actors = fresh_actors();
    let (mut new, genesis) = cut(&old, actors()).expect("no conflict");
    let cut_at = old.heads();

    let late = r#"{"participants":[{"name":"Marte","phone":"40000000"},{"name":"Per","role":"Lege","email":"per@example.no"}]}"#;
    deliver(&edited(&mut partner, late), &mut old);
    let (until, onto) = (old.heads(), Heads::from(genesis.hash()));
    let span = Span { carried: &cut_at, until: &until, onto: &onto };
    carry(&old, span, &mut new, actors).expect("late edits that fit");

    assert_eq!(new.view().fields, fields(late));
    assert_sound(&new);
}

#[test]
fn generations_that_do_not_meet_are_not_carried() {
    let mut scene = scene(note(r#"{"title":"Samtale","description":"Han leser."}"#));
    let cut_at = scene.cut_at.clone();
    let first = Heads::from(scene.old.genesis().expect("a genesis").hash());
    let (until, genesis) = (scene.old.heads(), scene.genesis());
    let unknown = Heads::from(ChangeHash([9; 32]));
    let mut carry_span = |carried, onto| {
        let span = Span { carried, until: &until, onto };
        carry(&scene.old, span, &mut scene.new, &mut scene.actors)
    };

    assert_eq!(carry_span(&first, &genesis), Err(CarryError::Apart));
    let missing = CarryError::UnknownHeads(ChangeRefusal::UnknownDependency);
    assert_eq!(carry_span(&unknown, &genesis), Err(missing.clone()));
    assert_eq!(carry_span(&cut_at, &cut_at), Err(missing));
}

#[test]
fn a_text_that_merged_out_of_form_c_is_normalized_before_a_cut() {
    // Each change leaves form C within its own ancestry; together they put a ring behind an "a".
    let mut owner = note(r#"{"description":"xq\u030a"}"#);
    let mut partner = opened(&owner, PARTNER);
    edited(&mut owner, r#"{"description":"xaq\u030a"}"#);
    let mut change = edited(&mut partner, r#"{"author":"Ole"}"#).into_change();
    let object = object_of(&owner, FieldKey::Description);
    let by_owner = |counter| OperationRef { actor: 1, counter };
    change.others = vec![OWNER];
    change.ops = vec![Operation::Delete { object: by_owner(object), first: by_owner(object + 2), count: 1 }];
    owner.accept(change, Side::Partner).expect("in form C within its own ancestry");
    assert_eq!(owner.view().text(FieldKey::Description), "xa\u{30a}");
    assert!(matches!(cut(&owner, PARTNER), Err(CutError::Value(_))));

    owner.normalize(Side::Owner).expect("a text to normalize").expect("a change");

    assert_eq!(owner.view().text(FieldKey::Description), "x\u{e5}");
    assert_eq!(cut(&owner, PARTNER).map(|(new, _)| new.view()), Ok(owner.view()));
    assert_eq!(owner.normalize(Side::Owner), Ok(None));
}
