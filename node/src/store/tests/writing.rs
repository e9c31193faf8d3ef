//! The ledger, entries and changes.

use std::collections::BTreeSet;

use super::*;

#[tokio::test]
async fn chain_reads_back_as_it_was_written() {
    let folder = Folder::new();
    let store = folder.open();
    let first = opening(CASE);
    let second = level(1, &first, 2);

    store.must(vec![Write::Ledger(first.clone()), Write::Ledger(second.clone())]).await;

    assert_eq!(store.ledger(CASE).await.expect("reads"), vec![first, second]);
    assert_eq!(store.cases_owned().await.expect("reads"), vec![CASE]);
    assert_eq!(store.cases_received().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn statement_that_does_not_follow_is_refused() {
    let folder = Folder::new();
    let store = folder.open();
    let first = opening(CASE);
    let second = level(1, &first, 2);
    store.must(vec![Write::Ledger(first.clone())]).await;

    let skipped = store.fault(vec![Write::Ledger(level(2, &second, 1))]).await;
    let alien = store.fault(vec![Write::Ledger(level(1, &second, 1))]).await;
    store.must(vec![Write::Ledger(second)]).await;
    let taken = store.fault(vec![Write::Ledger(level(1, &first, 3))]).await;

    assert_eq!([skipped, alien, taken], [Fault::LedgerMoved; 3]);
    assert_eq!(store.ledger(CASE).await.expect("reads").len(), 2);
}

#[tokio::test]
async fn faulty_transaction_leaves_nothing_and_spoils_no_other() {
    let folder = Folder::new();
    let store = folder.open();
    let half =
        Transaction::of(vec![Write::Ledger(opening(CASE)), Write::Ledger(level(7, &opening(CASE), 2))]);
    let whole = Transaction::of(vec![Write::Ledger(opening(CaseId::from_bytes([9; 16])))]);

    let (half, whole) = tokio::join!(store.commit(half), store.commit(whole));

    assert_eq!(half, Err(Fault::LedgerMoved));
    assert_eq!(whole, Ok(Committed::default()));
    assert_eq!(store.cases_owned().await.expect("reads"), vec![CaseId::from_bytes([9; 16])]);
}

#[tokio::test]
async fn statement_of_another_key_in_a_row_is_no_statement() {
    let folder = Folder::new();
    folder.open().must(vec![Write::Ledger(opening(CASE))]).await;
    let settings = StoreSettings { signing_keys: vec![their_key().public()], ..folder.settings() };

    let store = Store::open(settings).expect("opens");

    assert!(matches!(store.ledger(CASE).await, Err(StoreError::Damaged { table: "a chain" })));
}

#[tokio::test]
async fn entry_reads_back_with_its_changes_heads_and_actors() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (mut document, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");

    let committed = store
        .commit(Transaction { writes: vec![change(GOAL, &next, us())], reads: vec![GOAL] })
        .await
        .expect("commits");

    let content = store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!(content.changes, vec![genesis, next.clone()]);
    assert_eq!(content.record.heads, Heads::from(next.hash()));
    assert_eq!(content.record.facts.changes, 2);
    assert_eq!(content.record.changed_at, UnixMillis(3_000));
    assert_eq!(content.record.stored_at, UnixMillis(2_000));
    assert_eq!(content.actors, BTreeMap::from([(OUR_ACTOR, us())]));
    assert_eq!(committed.records, vec![content.record.clone()]);
    assert_eq!(committed.contents, vec![content]);
}

#[tokio::test]
async fn concurrent_changes_are_both_heads_until_one_joins_them() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (mut ours, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let mut theirs =
        EntryDocument::open(EntryKind::Goal, THEIR_ACTOR, std::slice::from_ref(&genesis)).expect("opens");
    let (one, two) = (edited(&mut ours, "Lese to bøker"), edited(&mut theirs, "Lese en bok hver uke"));

    store.must(vec![change(GOAL, &one, us()), change(GOAL, &two, them())]).await;
    let apart = store.entry(GOAL).await.expect("reads").expect("is there").heads;
    ours.accept(two.change().clone(), Side::Partner).expect("honest");
    let joined = edited(&mut ours, "Lese tre bøker");
    store.must(vec![change(GOAL, &joined, us())]).await;

    assert_eq!(apart, Heads::new(vec![one.hash(), two.hash()]));
    let record = store.entry(GOAL).await.expect("reads").expect("is there");
    assert_eq!(record.heads, Heads::from(joined.hash()));
}

#[tokio::test]
async fn actor_of_one_organisation_is_refused_from_another() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (mut document, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");

    let fault = store.fault(vec![change(GOAL, &next, them())]).await;
    let repeated = store.commit(Transaction::of(vec![change(GOAL, &genesis, them())])).await;

    assert_eq!(fault, Fault::AlienActor);
    assert!(repeated.is_ok(), "a known change is no claim on its actor");
    assert_eq!(store.entry(GOAL).await.expect("reads").expect("is there").facts.changes, 1);
}

#[tokio::test]
async fn change_of_another_generation_or_of_no_entry_is_refused() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (mut document, _) = goal(OUR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");
    let elsewhere = Write::Change {
        entry: GOAL,
        generation: SECOND,
        change: next.clone(),
        origin: us(),
        at: UnixMillis(3_000),
    };

    assert_eq!(store.fault(vec![elsewhere]).await, Fault::OtherGeneration);
    assert_eq!(store.fault(vec![change(MEASURE, &next, us())]).await, Fault::OtherGeneration);
}

#[tokio::test]
async fn generation_starts_with_its_genesis_and_nothing_else() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![Write::Ledger(opening(CASE))]).await;
    let (mut document, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");
    let entry = Write::Entry(record(CASE, us(), GOAL, &genesis));

    let fault = store.fault(vec![entry.clone(), change(GOAL, &next, us())]).await;
    let whole = store
        .commit(Transaction::of(vec![entry, change(GOAL, &genesis, us()), change(GOAL, &next, us())]))
        .await;

    assert_eq!(fault, Fault::OtherGeneration);
    assert!(whole.is_ok());
}

#[tokio::test]
async fn new_generation_takes_the_place_of_the_old_and_the_old_never_returns() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (_, genesis) = goal(Actor([73; 16]), "Lese to bøker");
    let mut newer = record(CASE, us(), GOAL, &genesis);
    newer.facts.generation = SECOND;
    let first = Write::Change {
        entry: GOAL,
        generation: SECOND,
        change: genesis.clone(),
        origin: us(),
        at: UnixMillis(6_000),
    };

    store.must(vec![Write::Entry(newer), first]).await;

    let content = store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!((content.record.facts.generation, content.changes), (SECOND, vec![genesis]));
    assert_eq!(store.fault(own_goal(GOAL, "Lese en bok")).await, Fault::OtherGeneration);
    let found = store.search_everything("Lese en bok".as_bytes()).await.expect("searches");
    assert_eq!(found.hits, vec![]);
}

#[tokio::test]
async fn new_facts_of_the_same_generation_keep_its_changes_and_author() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let (_, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let mut other = record(CASE, us(), GOAL, &genesis);
    other.facts.hidden_from_guardians = true;
    other.author = None;
    other.stored_at = UnixMillis(9_000);

    store.must(vec![Write::Entry(other)]).await;

    let record = store.entry(GOAL).await.expect("reads").expect("is there");
    assert!(record.facts.hidden_from_guardians);
    assert_eq!((record.facts.changes, record.author), (1, Some(MARTE)));
    assert_eq!(record.stored_at, UnixMillis(2_000));
}

#[tokio::test]
async fn entry_moves_neither_to_another_case_nor_to_another_owner_nor_genesis() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::Ledger(opening(CaseId::from_bytes([9; 16])))]).await;
    let (_, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let (_, other) = goal(OUR_ACTOR, "Noe annet");

    let case = record(CaseId::from_bytes([9; 16]), us(), GOAL, &genesis);
    let owner = record(THEIR_CASE, them(), GOAL, &genesis);
    let claimed = record(CASE, them(), MEASURE, &genesis);
    let pinned = record(CASE, us(), GOAL, &other);

    for moved in [case, owner, claimed, pinned] {
        assert_eq!(store.fault(vec![Write::Entry(moved)]).await, Fault::OtherGeneration);
    }
}

#[tokio::test]
async fn locked_entry_takes_no_change_and_lives_again_when_it_is_shared_again() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let (mut document, _) = goal(THEIR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");
    let basis = stafett_protocol::erasure::LockBasis::OwnWriting;

    let locked = store.must(vec![Write::Lock { entries: BTreeMap::from([(GOAL, basis)]) }]).await;
    let fault = store.fault(vec![change(GOAL, &next, them())]).await;
    store.must(their_goal(GOAL, "Lese en bok")).await;
    let again = store.commit(Transaction::of(vec![change(GOAL, &next, them())])).await;

    assert_eq!(locked.records.first().map(|record| record.state), Some(EntryState::Locked { basis }));
    assert_eq!(fault, Fault::OtherGeneration);
    assert!(again.is_ok());
}

#[tokio::test]
async fn locked_entry_that_is_shared_again_holds_its_owners_changes_alone() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let (document, _) = goal(THEIR_ACTOR, "Lese en bok");
    let mut ours = EntryDocument::open(EntryKind::Goal, OUR_ACTOR, document.changes()).expect("opens");
    store.must(vec![change(GOAL, &edited(&mut ours, "Lese en bok, hemmelig"), us())]).await;
    let basis = stafett_protocol::erasure::LockBasis::DutyToKeep;
    store.must(vec![Write::Lock { entries: BTreeMap::from([(GOAL, basis)]) }]).await;
    assert!(!store.search_everything(b"hemmelig").await.expect("searches").hits.is_empty(), "it is kept");

    store.must(their_goal(GOAL, "Lese en bok")).await;
    store.must(their_goal(GOAL, "Lese en bok")).await;

    let content = store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!(content.changes, document.changes());
    assert_eq!((content.record.heads, content.record.facts.changes), (document.heads(), 1));
    assert_eq!(store.search_everything(b"hemmelig").await.expect("searches").hits, []);
    assert!(store.integrity().await.expect("checks").is_well());
}

#[tokio::test]
async fn own_entry_is_neither_locked_nor_erased_on_an_order() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let basis = stafett_protocol::erasure::LockBasis::OwnWriting;

    let lock = Write::Lock { entries: BTreeMap::from([(GOAL, basis)]) };
    let erase = Write::Erase { case: CASE, entries: BTreeSet::from([GOAL]) };

    assert_eq!(store.fault(vec![lock]).await, Fault::OtherGeneration);
    assert_eq!(store.fault(vec![erase]).await, Fault::OtherGeneration);
    assert!(store.content(GOAL).await.expect("reads").is_some());
}

#[tokio::test]
async fn full_store_faults_and_goes_on_once_there_is_room() {
    let folder = Folder::new();
    let full = StoreSettings { bytes_max: Some(600 * 1024), ..folder.settings() };
    let store = Store::open(full).expect("opens").with_own_goal().await;
    let large = vec![5; 500 * 1024];

    let fault = store.put_private_case(CASE, large.clone(), UnixMillis(1)).await;
    let small = store.put_private_case(CASE, vec![5; 1024], UnixMillis(1)).await;
    drop(store);
    let roomy = folder.open().put_private_case(CASE, large, UnixMillis(1)).await;

    assert!(matches!(fault, Err(StoreError::Sqlite(_) | StoreError::Fault(Fault::Store))), "{fault:?}");
    assert!(small.is_ok(), "{small:?}");
    assert!(roomy.is_ok(), "{roomy:?}");
}
