//! Erasing: what is gone opens with no key that is left, and what stays opens with its new one.

use rusqlite::Connection;

use super::*;
use crate::seal::DataKey;
use crate::store::sealed::TABLES;

/// A sealed blob as a copy of the files has it.
struct Kept {
    table: &'static str,
    place: Vec<u8>,
    sealed: Vec<u8>,
}

/// Takes every sealed blob out of the files, as whoever kept a copy could.
fn kept(folder: &Folder) -> Vec<Kept> {
    let connection = Connection::open(folder.paths().data.join("store.sqlite")).expect("opens");
    let mut kept = Vec::new();
    for table in TABLES {
        let mut statement = connection.prepare(&table.query()).expect("prepares");
        let mut rows = statement.query([]).expect("asks");
        while let Some(row) = rows.next().expect("reads") {
            let place = table.place_of(row).expect("a place");
            kept.push(Kept { table: table.name, place, sealed: row.get("sealed").expect("a blob") });
        }
    }
    kept
}

/// Every data key that is left, and what else stands in the file of keys.
fn keys_left(folder: &Folder) -> Vec<DataKey> {
    let wrapping = WrappingKey::new(&KeyBytes::new([7; 32]));
    let connection = Connection::open(folder.paths().data.join("keys.sqlite")).expect("opens");
    let mut statement =
        connection.prepare("SELECT key_id, case_id, wrapped FROM data_key").expect("prepares");
    let rows = statement
        .query_map([], |row| {
            let mut place = b"stafett data key 1\0".to_vec();
            place.extend(row.get::<_, [u8; 16]>(0)?);
            place.extend(row.get::<_, [u8; 16]>(1)?);
            Ok((place, row.get::<_, Vec<u8>>(2)?))
        })
        .expect("asks");
    rows.map(|row| {
        let (place, wrapped) = row.expect("reads");
        DataKey::new(&wrapping.unwrap(&wrapped, &place).expect("unwraps"))
    })
    .collect()
}

fn opens(blob: &Kept, keys: &[DataKey]) -> bool {
    keys.iter().any(|key| key.open(&blob.sealed, &blob.place).is_ok())
}

fn erase(entries: &[EntryId]) -> Write {
    Write::Erase { case: THEIR_CASE, entries: entries.iter().copied().collect() }
}

#[tokio::test]
async fn no_blob_kept_from_before_opens_with_any_key_left() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let before = kept(&folder);
    let could_open = before.iter().filter(|blob| opens(blob, &keys_left(&folder))).count();

    store.must(vec![erase(&[GOAL])]).await;

    let keys = keys_left(&folder);
    assert_eq!(could_open, before.len(), "the control: every blob opened before");
    assert_eq!(keys.len(), 1);
    for blob in &before {
        assert!(!opens(blob, &keys), "a blob of {} still opens", blob.table);
    }
}

#[tokio::test]
async fn other_entries_and_grants_of_the_case_stay_and_open() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let measure = store.content(MEASURE).await.expect("reads");

    let committed = store.must(vec![erase(&[GOAL])]).await;

    assert_eq!(committed, Committed::default());
    assert_eq!(store.content(GOAL).await.expect("reads"), None);
    assert_eq!(store.content(MEASURE).await.expect("reads"), measure);
    assert_eq!(store.grants_received(them()).await.expect("reads").len(), 1);
    assert!(store.integrity().await.expect("checks").is_well());
}

#[tokio::test]
async fn other_cases_are_not_touched() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    store.must(vec![Write::Ledger(opening(CASE))]).await;
    store.must(own_goal(EntryId::from_bytes([13; 16]), "Gå på tur")).await;
    let mut own = kept(&folder);
    own.retain(|blob| blob.place.windows(16).any(|id| id == CASE.as_bytes()));

    store.must(vec![erase(&[MEASURE])]).await;

    let keys = keys_left(&folder);
    assert_eq!(own.len(), 3);
    assert!(own.iter().all(|blob| opens(blob, &keys)));
}

#[tokio::test]
async fn case_without_anything_left_has_no_key() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(their_goal(GOAL, "Lese en bok")).await;
    assert_eq!(keys_left(&folder).len(), 1);

    store.must(vec![erase(&[GOAL])]).await;

    assert_eq!(keys_left(&folder).len(), 0);
    assert_eq!(store.cases_received().await.expect("reads"), []);
}

#[tokio::test]
async fn destroyed_key_and_erased_blobs_stand_in_no_file() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let mut gone: Vec<Vec<u8>> = kept(&folder).into_iter().map(|blob| blob.sealed).collect();
    gone.extend(wrapped_keys(&folder));
    assert!(gone.iter().all(|bytes| stands_somewhere(&folder, bytes)), "the control");

    store.must(vec![erase(&[GOAL])]).await;

    assert!(!gone.iter().any(|bytes| stands_somewhere(&folder, bytes)));
}

fn wrapped_keys(folder: &Folder) -> Vec<Vec<u8>> {
    let connection = Connection::open(folder.paths().data.join("keys.sqlite")).expect("opens");
    let mut statement = connection.prepare("SELECT wrapped FROM data_key").expect("prepares");
    let rows = statement.query_map([], |row| row.get(0)).expect("asks");
    rows.map(|row| row.expect("reads")).collect()
}

fn stands_somewhere(folder: &Folder, needle: &[u8]) -> bool {
    let mut files = std::fs::read_dir(folder.paths().data).expect("reads");
    files.any(|file| {
        let bytes = std::fs::read(file.expect("reads").path()).expect("reads");
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn log_that_a_reader_holds_up_is_emptied_with_the_next_commit() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let blobs: Vec<Vec<u8>> = kept(&folder).into_iter().map(|blob| blob.sealed).collect();
    let reader = Connection::open(folder.paths().data.join("store.sqlite")).expect("opens");
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").expect("holds a snapshot");

    store.must(vec![erase(&[GOAL])]).await;
    let held_up = blobs.iter().any(|blob| stands_somewhere(&folder, blob));
    reader.execute_batch("COMMIT").expect("lets go");
    store.set_high_water_mark(UnixMillis(1)).await.expect("writes");

    assert!(held_up, "the control: the reader's snapshot needed the log");
    assert!(!blobs.iter().any(|blob| stands_somewhere(&folder, blob)));
}

#[tokio::test]
async fn entry_of_another_case_is_not_erased() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let elsewhere = Write::Erase { case: CaseId::from_bytes([9; 16]), entries: BTreeSet::from([GOAL]) };

    store.must(vec![elsewhere]).await;

    assert!(store.content(GOAL).await.expect("reads").is_some());
}

#[tokio::test]
async fn key_whose_destruction_a_crash_cut_short_is_destroyed_at_start() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let before = kept(&folder);
    drop(store);
    let keys = std::fs::read(folder.paths().data.join("keys.sqlite")).expect("reads");
    let store = folder.open();
    store.must(vec![erase(&[GOAL])]).await;
    drop(store);
    // The old key stands again and is marked, as if the process had died right after the commit.
    revive_key(&folder, &keys);
    let revived = before.iter().any(|blob| opens(blob, &keys_left(&folder)));

    let store = folder.open();

    assert!(revived, "the control: the old key opened blobs before the start");
    assert!(!before.iter().any(|blob| opens(blob, &keys_left(&folder))));
    assert!(store.content(MEASURE).await.expect("reads").is_some());
}

fn revive_key(folder: &Folder, keys: &[u8]) {
    let old = folder.paths().data.join("old-keys.sqlite");
    std::fs::write(&old, keys).expect("writes");
    let connection = Connection::open(folder.paths().data.join("keys.sqlite")).expect("opens");
    connection.execute("ATTACH ?1 AS old", [old.to_str().expect("a path")]).expect("attaches");
    connection
        .execute_batch("INSERT OR IGNORE INTO data_key SELECT * FROM old.data_key; DETACH old")
        .expect("revives");
    drop(connection);
    let connection = Connection::open(folder.paths().data.join("store.sqlite")).expect("opens");
    connection.execute("ATTACH ?1 AS old", [old.to_str().expect("a path")]).expect("attaches");
    connection
        .execute_batch("INSERT INTO key_destruction SELECT key_id FROM old.data_key; DETACH old")
        .expect("marks");
    std::fs::remove_file(old).expect("removes");
}

#[tokio::test]
async fn key_of_a_refused_transaction_does_not_stay() {
    let folder = Folder::new();
    let store = folder.open();

    store.fault(vec![Write::Ledger(opening(CASE)), Write::Ledger(level(5, &opening(CASE), 1))]).await;

    assert_eq!(keys_left(&folder).len(), 0);
}

#[tokio::test]
async fn blob_moved_to_another_row_does_not_open_there() {
    let folder = Folder::new();
    drop(folder.open().with_their_goals().await);
    folder.tamper(
        "UPDATE entry_change SET sealed = (SELECT sealed FROM entry_change AS other
             WHERE other.entry_id = x'0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B')
         WHERE entry_id = x'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'",
    );

    let store = folder.open();

    assert!(store.content(GOAL).await.expect("reads").is_some());
    assert!(matches!(store.content(MEASURE).await, Err(StoreError::Sealed { table: "entry_change", .. })));
    assert_eq!(store.integrity().await.expect("checks").entries, [MEASURE]);
}

/// Damages the sealed facts of an entry.
fn damage(folder: &Folder, entry: EntryId) {
    let connection = Connection::open(folder.paths().data.join("store.sqlite")).expect("opens");
    let sql = "UPDATE entry SET sealed = zeroblob(64) WHERE entry_id = ?1";
    assert_eq!(connection.execute(sql, [entry.as_bytes()]).expect("damages"), 1);
}

#[tokio::test]
async fn entry_that_is_damaged_holds_up_no_erasing_beside_it_and_is_erased_itself() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let before = kept(&folder);
    damage(&folder, MEASURE);

    store.must(vec![erase(&[GOAL])]).await;
    let keys = keys_left(&folder);
    assert!(before.iter().all(|blob| !opens(blob, &keys)), "what was erased still opens");
    assert_eq!(store.grants_received(them()).await.expect("reads").len(), 1, "what stays opens");
    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");
    assert!(link.entries.is_empty() && link.unreadable.contains_key(&MEASURE), "{link:?}");
    assert_eq!(link.unreadable[&MEASURE].under, BTreeSet::from([GRANT]));

    store.must(vec![Write::Under { entry: MEASURE, under: BTreeSet::new() }, erase(&[MEASURE])]).await;
    assert_eq!(store.case_of(MEASURE).await.expect("reads"), None);
}

#[tokio::test]
async fn nothing_is_written_in_an_entry_that_is_damaged_and_others_are_read_beside_it() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    damage(&folder, GOAL);

    assert_eq!(store.fault(their_goal(GOAL, "Et annet mål")).await, Fault::Store);
    let reads = Transaction { writes: Vec::new(), reads: vec![GOAL, MEASURE] };
    let read = store.commit(reads).await.expect("reads").contents;
    let read: Vec<_> = read.iter().map(|content| content.record.facts.entry).collect();
    assert_eq!(read, [MEASURE]);
}
