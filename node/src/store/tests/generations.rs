//! Earlier generations: how long they are kept, and what never happens twice (law 7).

use rusqlite::Connection;
use stafett_protocol::limits::EARLIER_GENERATIONS_MAX;
use stafett_protocol::transaction::{CarriedTo, GenerationWrite};

use super::*;
use crate::store::migrations;

/// A goal of this node's that was edited, and disclosed to the partner.
struct Scene {
    folder: Folder,
    store: Store,
    document: EntryDocument,
}

async fn scene() -> Scene {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (mut document, genesis) = goal(OUR_ACTOR, "Lese en bok");
    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &Heads::from(genesis.hash())))]).await;
    let next = edited(&mut document, "Lese to bøker");
    store.must(vec![change(GOAL, &next, us())]).await;
    Scene { folder, store, document }
}

fn generation(number: u8) -> GenerationId {
    GenerationId::from_bytes([number; 16])
}

/// Goes from one generation, which has these heads, to another that holds a title alone.
fn renewal(from: GenerationId, heads: &Heads, to: GenerationId, title: &str) -> (Vec<Write>, Heads) {
    let [number, ..] = *to.as_bytes();
    let (_, genesis) = goal(Actor([number; 16]), title);
    let onto = Heads::from(genesis.hash());
    let mut newer = record(CASE, us(), GOAL, &genesis);
    newer.facts.generation = to;
    let leave = GenerationWrite::Leave {
        entry: GOAL,
        generation: from,
        heads: heads.clone(),
        keep: Some(CarriedTo { heads: heads.clone(), onto: onto.clone() }),
    };
    let first =
        Write::Change { entry: GOAL, generation: to, change: genesis, origin: us(), at: UnixMillis(6_000) };
    (vec![Write::Generation(leave), Write::Entry(newer), first], onto)
}

fn late(change: &CheckedChange, origin: OrganisationNumber) -> Write {
    let (entry, generation, change, at) = (GOAL, FIRST, change.clone(), UnixMillis(7_000));
    Write::Generation(GenerationWrite::LateChange { entry, generation, change, origin, at })
}

fn carry(was: &Heads, now: &Heads) -> Write {
    let now = CarriedTo { heads: now.clone(), onto: now.clone() };
    Write::Generation(GenerationWrite::Carry { entry: GOAL, generation: FIRST, was: was.clone(), now })
}

impl Scene {
    async fn renewed(self) -> Self {
        let (writes, _) = renewal(FIRST, &self.document.heads(), SECOND, "Lese to bøker");
        self.store.must(writes).await;
        self
    }

    async fn kept(&self) -> Vec<GenerationId> {
        let content = self.store.content(GOAL).await.expect("reads").expect("is there");
        content.earlier.iter().map(|earlier| earlier.generation).collect()
    }

    async fn hits(&self, text: &str) -> usize {
        self.store.search_everything(text.as_bytes()).await.expect("searches").hits.len()
    }

    /// The partner writes on the generation that it holds.
    fn late_change(&self) -> (CheckedChange, Heads) {
        let changes = self.document.changes();
        let mut theirs = EntryDocument::open(EntryKind::Goal, THEIR_ACTOR, changes).expect("opens");
        (edited(&mut theirs, "Lese tre bøker"), theirs.heads())
    }
}

#[tokio::test]
async fn generation_that_a_partner_may_hold_is_kept_until_it_lets_go() {
    let scene = scene().await.renewed().await;
    let content = scene.store.content(GOAL).await.expect("reads").expect("is there");
    let [earlier] = content.earlier.as_slice() else { panic!("one is kept") };
    assert_eq!((earlier.generation, &earlier.heads), (FIRST, &scene.document.heads()));
    assert_eq!((earlier.changes.as_slice(), content.changes.len()), (scene.document.changes(), 1));
    assert_eq!(earlier.held_by, BTreeSet::from([them()]));

    let gone = GenerationWrite::LetGo { partner: them(), entry: GOAL, generation: FIRST };
    scene.store.must(vec![Write::Generation(gone)]).await;

    assert_eq!(scene.kept().await, []);
    assert_eq!(scene.hits("Lese en bok").await, 0);
    assert!(scene.hits("Lese to b").await > 0, "the search finds what is there");
}

#[tokio::test]
async fn generation_whose_frame_never_left_is_not_kept() {
    let scene = scene().await;
    scene.store.must(vec![Write::DisclosureUnsent(DisclosureId::from_bytes([81; 16]))]).await;

    let scene = scene.renewed().await;

    assert_eq!(scene.kept().await, []);
}

#[tokio::test]
async fn receipt_lets_every_earlier_generation_go() {
    let scene = scene().await.renewed().await;
    assert_eq!(scene.kept().await, [FIRST]);

    scene.store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    scene.store.must(vec![Write::ReceiptFiled(their_receipt(ORDER))]).await;

    assert_eq!(scene.kept().await, []);
}

#[tokio::test]
async fn generation_that_has_changed_since_it_was_read_is_not_left() {
    let scene = scene().await;
    let before = scene.document.heads();
    let (theirs, _) = scene.late_change();
    scene.store.must(vec![change(GOAL, &theirs, them())]).await;

    let (writes, _) = renewal(FIRST, &before, SECOND, "Lese to bøker");

    assert_eq!(scene.store.fault(writes).await, Fault::Moved);
    let content = scene.store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!((content.record.facts.generation, content.changes.len()), (FIRST, 3));
}

#[tokio::test]
async fn carry_that_another_overtook_is_not_committed() {
    let scene = scene().await.renewed().await;
    let cut_at = scene.document.heads();
    let (change, heads) = scene.late_change();

    scene.store.must(vec![late(&change, them()), carry(&cut_at, &heads)]).await;
    let other = Heads::from(ChangeHash([9; 32]));
    let fault = scene.store.fault(vec![carry(&cut_at, &other)]).await;

    assert_eq!(fault, Fault::Moved);
    let content = scene.store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!((&content.earlier[0].carried.heads, &content.earlier[0].heads), (&heads, &heads));
    assert_eq!(content.record.heads.as_slice().len(), 1, "the present generation is as it was");
}

#[tokio::test]
async fn late_change_of_another_actor_or_of_a_generation_that_is_not_kept_is_refused() {
    let scene = scene().await;
    let (change, _) = scene.late_change();
    assert_eq!(scene.store.fault(vec![late(&change, them())]).await, Fault::OtherGeneration);

    let scene = scene.renewed().await;
    scene.store.must(vec![late(&change, them())]).await;
    let (_, ours) = goal(OUR_ACTOR, "I vårt navn");

    assert_eq!(scene.store.fault(vec![late(&ours, them())]).await, Fault::AlienActor);
}

#[tokio::test]
async fn generation_over_the_bound_goes_and_with_it_what_was_kept_for_it_alone() {
    let scene = scene().await;
    let (mut from, mut heads) = (FIRST, scene.document.heads());
    for number in 0..=u8::try_from(EARLIER_GENERATIONS_MAX).expect("few") {
        let to = generation(100 + number);
        let (writes, next) = renewal(from, &heads, to, "Lese to bøker");
        scene.store.must(writes).await;
        (from, heads) = (to, next);
    }

    let kept = scene.kept().await;

    assert_eq!(kept, [], "nobody holds what followed the oldest, so all go with it");
    assert_eq!(scene.hits("Lese en bok").await, 0);
}

#[tokio::test]
async fn generations_that_followed_one_that_is_held_are_kept_with_it() {
    let scene = scene().await.renewed().await;
    let (_, genesis) = goal(Actor([22; 16]), "Lese to bøker");

    let (writes, _) = renewal(SECOND, &Heads::from(genesis.hash()), generation(23), "Lese to bøker");
    scene.store.must(writes).await;

    assert_eq!(scene.kept().await, [FIRST, SECOND]);
}

#[tokio::test]
async fn earlier_generation_at_a_partner_is_forgotten_with_its_text_and_not_while_an_edit_waits_in_it() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let (mut document, _) = goal(THEIR_ACTOR, "Lese en bok");
    let (_, genesis) = goal(Actor([22; 16]), "Lese");
    let heads = document.heads();
    let mut newer = record(THEIR_CASE, them(), GOAL, &genesis);
    newer.facts.generation = SECOND;
    let keep = Some(CarriedTo { heads: heads.clone(), onto: Heads::default() });
    let (entry, generation) = (GOAL, FIRST);
    let leave = GenerationWrite::Leave { entry, generation, heads: heads.clone(), keep };
    let (present, at) = (SECOND, UnixMillis(6_000));
    let first = Write::Change { entry, generation: present, change: genesis, origin: them(), at };
    store.must(vec![Write::Generation(leave), Write::Entry(newer), first]).await;
    let ours = edited(&mut document, "Lese en bok til");
    let forget = |heads: &Heads| {
        Write::Generation(GenerationWrite::Forget { entry, generation, heads: heads.clone() })
    };

    store.must(vec![late(&ours, them())]).await;
    let fault = store.fault(vec![forget(&heads)]).await;
    store.must(vec![forget(&document.heads())]).await;

    assert_eq!(fault, Fault::Moved);
    let content = store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!((content.earlier.len(), content.changes.len()), (0, 1));
    let found = store.search_everything(b"Lese en bok").await.expect("searches");
    assert_eq!(found.hits, vec![]);
}

#[tokio::test]
async fn late_edits_are_there_after_a_start() {
    let Scene { folder, store, document } = scene().await.renewed().await;
    let scene = Scene { folder, store, document };
    let (change, heads) = scene.late_change();
    let cut_at = scene.document.heads();
    scene.store.must(vec![late(&change, them()), carry(&cut_at, &heads)]).await;
    let before = scene.store.content(GOAL).await.expect("reads");
    drop(scene.store);

    let store = scene.folder.open();

    assert_eq!(store.content(GOAL).await.expect("reads"), before);
    assert!(store.integrity().await.expect("checks").is_well());
}

#[test]
fn store_of_the_first_schema_keeps_its_changes() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut connection = Connection::open(file.path()).expect("opens");
    let [first, ..] = migrations::STORE else { panic!("a first schema") };
    migrations::migrate(&mut connection, std::slice::from_ref(first)).expect("the first schema");
    let rows = "
        INSERT INTO cases VALUES (x'01010101010101010101010101010101', 1, zeroblob(16), 0);
        INSERT INTO entry VALUES (zeroblob(16), x'01010101010101010101010101010101', 1, 4, 1, zeroblob(16),
                                  zeroblob(32), zeroblob(32), 2, 0, 1, 1, x'00');
        INSERT INTO entry_change VALUES (zeroblob(16), zeroblob(16), 0, x'01010101010101010101010101010101',
                                         zeroblob(32), 5, x'0a');
        INSERT INTO entry_change VALUES (zeroblob(16), zeroblob(16), 1, x'01010101010101010101010101010101',
                                         randomblob(32), 6, x'0b');";
    connection.execute_batch(rows).expect("two changes");

    migrations::migrate(&mut connection, migrations::STORE).expect("the newest schema");

    let read = "SELECT group_concat(number || ':' || stored_at || ':' || hex(sealed), ' ')
                FROM (SELECT * FROM entry_change ORDER BY number)";
    let changes: String = connection.query_row(read, [], |row| row.get(0)).expect("reads");
    assert_eq!(changes, "0:5:0A 1:6:0B");
}
