//! What a store refuses to open, and with which words.

use super::*;

fn words(result: Result<Store, StoreError>) -> String {
    result.expect_err("refused").to_string()
}

#[tokio::test]
async fn what_was_committed_is_there_after_opening_again() {
    let folder = Folder::new();
    drop(folder.open().with_own_goal().await);

    let store = folder.open();

    assert_eq!(store.ledger(CASE).await.expect("reads"), [opening(CASE)]);
    assert!(store.content(GOAL).await.expect("reads").is_some());
    assert!(store.integrity().await.expect("checks").is_well());
}

#[tokio::test]
async fn second_opening_for_writing_is_refused_until_the_first_is_closed() {
    let folder = Folder::new();
    let store = folder.open();

    let second = Store::open(folder.settings());
    drop(store);

    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
    assert!(Store::open(folder.settings()).is_ok());
}

#[tokio::test]
async fn reading_goes_on_beside_the_writer() {
    let folder = Folder::new();
    let store = folder.open();
    let reader = Store::open_reading(folder.settings()).expect("opens");
    let before = reader.cases_owned().await.expect("reads");

    let store = store.with_own_goal().await;

    assert_eq!(before, []);
    assert_eq!(reader.cases_owned().await.expect("reads"), [CASE]);
    assert_eq!(reader.content(GOAL).await.expect("reads"), store.content(GOAL).await.expect("reads"));
    drop(store);
    assert_eq!(reader.cases_owned().await.expect("reads"), [CASE]);
}

#[test]
fn reading_makes_no_store() {
    let folder = Folder::new();

    let opened = Store::open_reading(folder.settings());

    assert!(matches!(opened, Err(StoreError::Missing { .. })), "{opened:?}");
    assert!(!folder.paths().data.exists());
}

fn newest() -> u32 {
    u32::try_from(crate::store::migrations::STORE.len()).expect("a few")
}

#[test]
fn newer_schema_is_refused_for_writing_and_reading() {
    let folder = Folder::new();
    drop(folder.open());
    let (newest, later) = (newest(), newest() + 1);
    folder.tamper(&format!("INSERT INTO migration VALUES ({later}, 'later', x'00', 0)"));

    assert_eq!(
        words(Store::open(folder.settings())),
        format!("the store has schema {later}, and this program knows schemas up to {newest}")
    );
    let reading = Store::open_reading(folder.settings());
    let is_newer =
        matches!(reading, Err(StoreError::Newer { found, known }) if found == later && known == newest);
    assert!(is_newer, "{reading:?}");
}

#[test]
fn migration_of_another_text_is_refused() {
    let folder = Folder::new();
    drop(folder.open());
    folder.tamper("UPDATE migration SET sha256 = zeroblob(32)");

    assert_eq!(
        words(Store::open(folder.settings())),
        "migration 1 of the store is another than this program's"
    );
}

#[test]
fn older_schema_is_not_read_before_it_is_brought_up_to_date() {
    let folder = Folder::new();
    drop(folder.open());
    let newest = newest();
    folder.tamper(&format!("DELETE FROM migration WHERE number = {newest}"));

    let opened = Store::open_reading(folder.settings());

    let is_older =
        matches!(opened, Err(StoreError::Older { found, known }) if found + 1 == known && known == newest);
    assert!(is_older, "{opened:?}");
}

#[test]
fn wrong_wrapping_key_is_refused() {
    let folder = Folder::new();
    drop(folder.open());
    let wrapping = WrappingKey::new(&KeyBytes::new([8; 32]));

    let opened = Store::open(StoreSettings { wrapping, ..folder.settings() });

    assert_eq!(words(opened), "the wrapping key is not the one of this store");
}

#[tokio::test]
async fn rows_without_their_keys_are_refused_and_not_given_new_ones() {
    let folder = Folder::new();
    drop(folder.open().with_own_goal().await);
    for file in ["keys.sqlite", "keys.sqlite-wal", "keys.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.paths().data.join(file));
    }

    assert_eq!(words(Store::open(folder.settings())), "the keys of the store are missing");
}

#[test]
fn file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.paths().data).expect("a folder");
    std::fs::write(folder.paths().data.join("store.sqlite"), [b'x'; 8192]).expect("writes");

    let opened = Store::open(folder.settings());

    assert!(matches!(opened, Err(StoreError::NotAStore { .. })), "{opened:?}");
}

#[test]
fn folder_that_cannot_be_made_is_named() {
    let folder = Folder::new();
    std::fs::write(folder.paths().data, b"a file stands here").expect("writes");

    let words = words(Store::open(folder.settings()));

    assert!(words.starts_with("expected a folder that can be read and written at "), "{words}");
    assert!(words.ends_with("/data"), "{words}");
}

/// The kernel lets nobody make files there, not even its owner.
#[cfg(target_os = "linux")]
#[test]
fn folder_that_takes_no_files_is_named() {
    let folder = Folder::new();
    let unwritable = std::path::PathBuf::from("/proc/self/fdinfo");
    for paths in [
        StorePaths { data: unwritable.clone(), ..folder.paths() },
        StorePaths { journal: unwritable.clone(), ..folder.paths() },
    ] {
        let opened = Store::open(StoreSettings { paths, ..folder.settings() });

        assert!(matches!(&opened, Err(StoreError::Folder { path, .. }) if *path == unwritable), "{opened:?}");
    }
}

#[test]
fn data_folder_is_open_to_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();

    drop(folder.open());

    let mode = std::fs::metadata(folder.paths().data).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn every_commit_is_forced_to_the_disk_and_every_deletion_overwritten() {
    let folder = Folder::new();
    drop(folder.open());
    let path = folder.paths().data.join("store.sqlite");

    let connection = crate::store::open::writing(&path, crate::store::migrations::STORE).expect("opens");

    for (pragma, expected) in [("synchronous", 2i64), ("secure_delete", 1), ("foreign_keys", 1)] {
        let value: i64 =
            connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0)).expect("asks");
        assert_eq!(value, expected, "{pragma}");
    }
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("asks");
    assert_eq!(mode, "wal");
}
