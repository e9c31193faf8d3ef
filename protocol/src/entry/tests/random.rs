//! Documents as people make them, and changes as nobody should: whatever comes, what leaves is
//! the same change, and what is accepted can be read, saved and opened.

use automerge::ReadDoc;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::entry::generation::cut;
use crate::entry::operation::{Operation, OperationRef, Position, Scalar, from_automerge, to_automerge};
use crate::entry::schema::{FieldType, fields};
use crate::entry::tests::{assert_sound, content, decoded, encoded, opened, samples};
use crate::entry::value::Record;
use crate::entry::{
    Accepted, Actor, Change, ChangeHash, ChangeRefusal, CheckedChange, Edit, EditError, EntryDocument,
    EntryKind, FieldKey, FieldValue, SchemaVersion, Side, check_genesis, read_genesis,
};

const PEOPLE: usize = 3;

/// What people do, as numbers that any document can be asked with.
#[derive(Debug, Clone)]
enum Step {
    Edit { person: usize, field: Index, value: Seed },
    Send { from: usize, to: usize },
}

#[derive(Debug, Clone)]
struct Seed {
    texts: Vec<String>,
    pick: Index,
    clear: bool,
}

fn texts() -> impl Strategy<Value = String> {
    // Letters of several widths, a mark that composes, one that does not, and a joined emoji.
    const PARTS: &[&str] =
        &["a", "e", "ø", "\u{30a}", "q\u{306}", "ж", "\n", " ", "😀", "👩\u{200d}👧", "tiltak", "한"];
    proptest::collection::vec(select(PARTS), 0..12).prop_map(|parts| parts.concat())
}

fn seeds() -> impl Strategy<Value = Seed> {
    (proptest::collection::vec(texts(), 1..4), any::<Index>(), proptest::bool::weighted(0.1))
        .prop_map(|(texts, pick, clear)| Seed { texts, pick, clear })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = (0..PEOPLE, any::<Index>(), seeds()).prop_map(|(person, field, value)| Step::Edit {
        person,
        field,
        value,
    });
    let send = (0..PEOPLE, 0..PEOPLE).prop_map(|(from, to)| Step::Send { from, to });
    proptest::collection::vec(prop_oneof![3 => edit, 1 => send], 1..24)
}

fn kinds() -> impl Strategy<Value = EntryKind> {
    select(&EntryKind::ALL[..])
}

fn line(seed: &Seed, place: usize) -> String {
    let line = seed.texts.iter().cycle().nth(place).cloned().unwrap_or_default().replace('\n', "");
    format!("x{line}")
}

fn value(of: FieldType, seed: &Seed) -> Option<FieldValue> {
    if seed.clear {
        return None;
    }
    Some(match of {
        FieldType::Text => FieldValue::Text(seed.texts.concat()),
        FieldType::Line => FieldValue::Text(line(seed, 0)),
        FieldType::Date => FieldValue::Text(format!("2026-10-{:02}", seed.pick.index(31) + 1)),
        FieldType::Time => FieldValue::Text(format!("{:02}:30", seed.pick.index(24))),
        FieldType::Choice(codes) => FieldValue::Text((*seed.pick.get(codes)).to_owned()),
        FieldType::Flag => FieldValue::Flag(seed.pick.index(2) == 1),
        FieldType::Number { max } => {
            FieldValue::Number(u64::try_from(seed.pick.index(100)).expect("small").min(max))
        }
        FieldType::Lines => {
            FieldValue::Lines((0..seed.pick.index(5)).map(|place| line(seed, place)).collect())
        }
        FieldType::Records(keys) => FieldValue::Records(
            (0..seed.pick.index(4))
                .map(|place| {
                    keys.iter().take(place + 1).map(|key| (*key, line(seed, place))).collect::<Record>()
                })
                .collect(),
        ),
    })
}

/// Makes an edit of one field; nothing if the field is required and the value empty.
fn edit_of(kind: EntryKind, field: &Index, seed: &Seed) -> Option<Edit> {
    let field = field.get(fields(kind));
    Edit::new(kind, [(field.key, value(field.of, seed))].into()).ok()
}

fn people(kind: EntryKind) -> Vec<EntryDocument> {
    let json = samples()[&kind];
    let (first, _) = EntryDocument::create(Actor([10; 16]), &content(kind, json)).expect("a sample");
    (0..PEOPLE).map(|person| opened(&first, Actor([20 + person as u8; 16]))).collect()
}

fn send(people: &mut [EntryDocument], from: usize, to: usize) {
    let missing = people[from].changes_since(&people[to].heads());
    for change in missing {
        people[to].accept(change.into_change(), Side::Owner).expect("an honest change");
    }
}

fn live(kind: EntryKind, steps: &[Step]) -> Vec<EntryDocument> {
    let mut people = people(kind);
    for step in steps {
        match step {
            Step::Edit { person, field, value } => {
                let Some(edit) = edit_of(kind, field, value) else { continue };
                people[*person].edit(&edit, Side::Owner).expect("an edit that fits");
            }
            Step::Send { from, to } => send(&mut people, *from, *to),
        }
    }
    people
}

/// The typed form gives Automerge's change, and that gives the typed form.
fn assert_round_trips(document: &EntryDocument, checked: &CheckedChange) {
    let change = checked.change();
    assert_eq!(decoded(&encoded(change)).as_ref(), Some(change));
    assert!(encoded(change).len() <= change.encoded_bytes_max());
    let built = to_automerge(change).expect("a checked change");
    assert_eq!(built.hash().0, checked.hash().0);
    let original = document.tree().get_change_by_hash(&built.hash()).expect("part of the document");
    assert_eq!(original.raw_bytes(), built.raw_bytes());
    let (again, hash) =
        from_automerge(&built, |actor, counter| document.is_text(actor, counter)).expect("its own form");
    assert_eq!((&again, hash), (change, checked.hash()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_change_of_a_document_keeps_its_hash_in_typed_form(kind in kinds(), steps in steps()) {
        for document in live(kind, &steps) {
            for checked in document.changes() {
                assert_round_trips(&document, checked);
            }
        }
    }

    #[test]
    fn entry_of_one_change_reads_the_same_with_and_without_a_document(
        kind in kinds(), steps in steps(),
    ) {
        for document in live(kind, &steps) {
            let genesis = document.genesis().expect("it was made");
            let first = EntryDocument::open(kind, Actor([9; 16]), std::slice::from_ref(genesis)).expect("its own");
            prop_assert_eq!(read_genesis(kind, genesis), Ok(first.view()));
            // Most samples are short; a cut holds all that people wrote since.
            if let Ok((cut, cut_genesis)) = cut(&document, Actor([8; 16])) {
                prop_assert_eq!(read_genesis(kind, &cut_genesis), Ok(cut.view()));
            }
            for later in document.changes().iter().skip(1) {
                prop_assert!(read_genesis(kind, later).is_err());
            }
        }
    }

    #[test]
    fn all_who_have_the_same_changes_see_the_same(kind in kinds(), steps in steps()) {
        let mut people = live(kind, &steps);
        for (from, to) in [(0, 1), (1, 2), (2, 0), (2, 1)] {
            send(&mut people, from, to);
        }

        let view = people[0].view();
        for document in &people {
            prop_assert_eq!(document.view(), view.clone());
            prop_assert_eq!(document.heads(), people[0].heads());
            assert_sound(document);
        }
    }

    #[test]
    fn a_conflict_is_always_settled_by_one_edit(kind in kinds(), steps in steps(), pick in any::<Index>()) {
        let mut people = live(kind, &steps);
        for from in 1..PEOPLE {
            send(&mut people, from, 0);
        }
        let mut document = people.swap_remove(0);

        for (key, values) in document.view().conflicts {
            let chosen = pick.get(&values).clone();
            let edit = Edit::new(kind, [(key, Some(chosen.clone()))].into()).expect("a value that stood");
            document.edit(&edit, Side::Owner).expect("an edit that fits");
            let view = document.view();
            prop_assert_eq!(view.fields.get(&key), Some(&chosen));
        }

        prop_assert!(!document.has_conflict());
    }

    #[test]
    fn late_edits_are_carried_so_that_both_generations_are_equal(
        kind in kinds(), before in steps(), late in steps(), later in steps(),
    ) {
        carried_equal(kind, &before, &[late, later])?;
    }

    #[test]
    fn spoiled_changes_never_panic_and_what_is_accepted_is_sound(
        kind in kinds(),
        steps in steps(),
        which in any::<Index>(),
        spoils in proptest::collection::vec(spoils(), 1..4),
    ) {
        let mut people = live(kind, &steps);
        let whole = people.swap_remove(0);
        let checked = which.get(whole.changes()).clone();
        let mut receiver = before(&whole, &checked);
        let mut change = checked.into_change();
        spoils.iter().for_each(|spoil| spoil.spoil(&mut change, &whole));

        let announced = change.hash().unwrap_or(ChangeHash([0; 32]));
        let _ = check_genesis(kind, SchemaVersion::CURRENT, change.clone(), announced);
        let heads = receiver.heads();
        match receiver.accept(change, Side::Partner) {
            Ok(Accepted::New(taken)) => {
                prop_assert!(receiver.knows(&taken.hash()));
                assert_round_trips(&receiver, &taken);
            }
            Ok(Accepted::Known(hash)) => prop_assert!(receiver.knows(&hash)),
            Err(_) => prop_assert_eq!(receiver.heads(), heads),
        }
        assert_sound(&receiver);
    }
}

/// The document as it was before a change, or with the genesis alone.
fn before(whole: &EntryDocument, checked: &CheckedChange) -> EntryDocument {
    let place = whole.changes().iter().position(|other| other == checked).expect("one of them");
    let changes = &whole.changes()[..place.max(1)];
    EntryDocument::open(whole.kind(), Actor([90; 16]), changes).expect("its own changes")
}

fn carried_equal(kind: EntryKind, first: &[Step], rounds: &[Vec<Step>]) -> Result<(), TestCaseError> {
    use crate::entry::generation::{Span, carried_heads, carry, cut};
    let mut people = live(kind, first);
    for (from, to) in [(1, 0), (2, 0)] {
        send(&mut people, from, to);
    }
    settle_all(&mut people[0], kind);
    send(&mut people, 0, 1);
    send(&mut people, 0, 2);
    let mut drawn = 100u8;
    let mut fresh = || {
        drawn += 1;
        Actor([drawn; 16])
    };
    let (mut new, genesis) = cut(&people[0], fresh()).expect("settled and in form C");
    let mut carried = people[0].heads();
    let mut onto = genesis.hash().into();
    for steps in rounds {
        for step in steps {
            match step {
                Step::Edit { person, field, value } => {
                    let Some(edit) = edit_of(kind, field, value) else { continue };
                    people[*person].edit(&edit, Side::Owner).expect("an edit that fits");
                }
                Step::Send { from, to } => send(&mut people, *from, *to),
            }
        }
        send(&mut people, 1, 0);
        people[0].normalize(Side::Owner).expect("texts in form C");
        let until = people[0].heads();
        let span = Span { carried: &carried, until: &until, onto: &onto };
        let made = carry(&people[0], span, &mut new, &mut fresh).expect("late edits that fit");
        let (old_view, new_view) = (people[0].view(), new.view());
        prop_assert_eq!(&old_view.conflicts, &new_view.conflicts);
        for (key, value) in &old_view.fields {
            if !old_view.conflicts.contains_key(key) {
                prop_assert_eq!(new_view.fields.get(key), Some(value));
            }
        }
        prop_assert_eq!(old_view.fields.len(), new_view.fields.len());
        onto = carried_heads(&onto, &made);
        carried = until;
    }
    assert_sound(&new);
    Ok(())
}

fn settle_all(document: &mut EntryDocument, kind: EntryKind) {
    for (key, values) in document.view().conflicts {
        let edit = Edit::new(kind, [(key, values.first().cloned())].into()).expect("a value that stood");
        document.edit(&edit, Side::Owner).expect("an edit that fits");
    }
    document.normalize(Side::Owner).expect("texts in form C");
}

/// One way to spoil a change.
#[derive(Debug, Clone)]
enum Spoil {
    Seq(u32),
    StartOp(u32),
    Actor(Index),
    DropDep,
    AddDep(Index),
    DropOther,
    AddOther(Index),
    RemoveOp(Index),
    RepeatOp(Index, Index),
    SwapOps(Index, Index),
    Reference(Index, u16, u32),
    Field(Index, Index),
    Text(Index, String),
    Count(Index, u32),
}

fn numbers() -> impl Strategy<Value = u32> {
    prop_oneof![4 => 0..80u32, 1 => select(&[1 << 30, u32::MAX - 1, u32::MAX][..])]
}

fn spoils() -> impl Strategy<Value = Spoil> {
    let index = any::<Index>;
    prop_oneof![
        numbers().prop_map(Spoil::Seq),
        numbers().prop_map(Spoil::StartOp),
        index().prop_map(Spoil::Actor),
        Just(Spoil::DropDep),
        index().prop_map(Spoil::AddDep),
        Just(Spoil::DropOther),
        index().prop_map(Spoil::AddOther),
        index().prop_map(Spoil::RemoveOp),
        (index(), index()).prop_map(|(one, other)| Spoil::RepeatOp(one, other)),
        (index(), index()).prop_map(|(one, other)| Spoil::SwapOps(one, other)),
        (index(), 0..4u16, numbers()).prop_map(|(op, actor, counter)| Spoil::Reference(op, actor, counter)),
        (index(), index()).prop_map(|(op, field)| Spoil::Field(op, field)),
        (index(), texts()).prop_map(|(op, text)| Spoil::Text(op, text)),
        (index(), numbers()).prop_map(|(op, count)| Spoil::Count(op, count)),
    ]
}

impl Spoil {
    fn spoil(&self, change: &mut Change, whole: &EntryDocument) {
        let known = |index: &Index| index.get(whole.changes()).clone();
        match self {
            Self::Seq(seq) => change.seq = *seq,
            Self::StartOp(start_op) => change.start_op = *start_op,
            Self::Actor(index) => change.actor = known(index).change().actor,
            Self::DropDep => drop(change.deps.pop()),
            Self::AddDep(index) => {
                change.deps.push(known(index).hash());
                change.deps.sort_unstable();
            }
            Self::DropOther => drop(change.others.pop()),
            Self::AddOther(index) => {
                change.others.push(known(index).change().actor);
                change.others.sort_unstable();
            }
            Self::RemoveOp(index) => {
                if !change.ops.is_empty() {
                    change.ops.remove(index.index(change.ops.len()));
                }
            }
            Self::RepeatOp(one, other) => {
                if !change.ops.is_empty() {
                    let op = one.get(&change.ops).clone();
                    change.ops.insert(other.index(change.ops.len()), op);
                }
            }
            Self::SwapOps(one, other) => {
                if !change.ops.is_empty() {
                    let count = change.ops.len();
                    change.ops.swap(one.index(count), other.index(count));
                }
            }
            _ => {
                if !change.ops.is_empty() {
                    self.spoil_op(change);
                }
            }
        }
    }

    fn spoil_op(&self, change: &mut Change) {
        fn op<'c>(change: &'c mut Change, index: &Index) -> &'c mut Operation {
            let place = index.index(change.ops.len());
            &mut change.ops[place]
        }
        match self {
            Self::Reference(index, actor, counter) => {
                let new = OperationRef { actor: *actor, counter: *counter };
                match op(change, index) {
                    Operation::InsertText { at, .. }
                    | Operation::InsertLine { at, .. }
                    | Operation::InsertRecord { at, .. } => *at = Position::After(new),
                    Operation::PutRecord { record, .. } => *record = new,
                    Operation::Delete { first, .. } => *first = new,
                    Operation::Put { pred, .. } | Operation::Clear { pred, .. } => pred.push(new),
                    Operation::Make { .. } => {}
                }
            }
            Self::Field(index, key) => match op(change, index) {
                Operation::Make { field, .. }
                | Operation::Put { field, .. }
                | Operation::Clear { field, .. }
                | Operation::PutRecord { field, .. } => *field = key.get(FieldKey::ALL).code(),
                _ => {}
            },
            Self::Text(index, new) => match op(change, index) {
                Operation::InsertText { text, .. } => text.clone_from(new),
                Operation::InsertLine { line, .. } | Operation::PutRecord { line, .. } => {
                    line.clone_from(new);
                }
                Operation::Put { value, .. } => *value = Scalar::Text(new.clone()),
                _ => {}
            },
            Self::Count(index, new) => {
                if let Operation::Delete { count, .. } = op(change, index) {
                    *count = *new;
                }
            }
            _ => {}
        }
    }
}

#[test]
fn an_edit_for_another_kind_is_an_error() {
    let mut document = people(EntryKind::Note).swap_remove(0);
    let edit = Edit::new(EntryKind::Goal, Default::default()).expect("nothing to change");

    assert_eq!(document.edit(&edit, Side::Owner), Err(EditError::Kind { kind: EntryKind::Note }));
    assert_eq!(
        EntryDocument::open(EntryKind::Note, Actor([1; 16]), &[]).map(|_| ()),
        Err(ChangeRefusal::Empty)
    );
}
