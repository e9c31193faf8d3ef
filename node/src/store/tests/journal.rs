//! The journal: mended when it is short, believed when it is long.

use stafett_protocol::journal::Closing;

use super::*;

fn closing(byte: u8) -> Write {
    Write::Closing {
        closing: Closing::CaseBlocked { case: CaseId::from_bytes([byte; 16]) },
        at: UnixMillis(7),
    }
}

fn lines(folder: &Folder) -> Vec<String> {
    let text = std::fs::read_to_string(path(folder)).expect("reads");
    text.lines().map(str::to_owned).collect()
}

fn path(folder: &Folder) -> std::path::PathBuf {
    folder.paths().journal.join("journal.jsonl")
}

#[tokio::test]
async fn closing_stands_in_the_journal_when_the_commit_returns() {
    let folder = Folder::new();
    let store = folder.open();

    store.must(vec![closing(1), closing(2)]).await;
    store.must(vec![closing(3)]).await;

    let text = std::fs::read_to_string(path(&folder)).expect("reads");
    let (lines, end) = stafett_protocol::journal::read(&text).expect("follows");
    assert_eq!((lines.len(), end.length), (3, 3));
    assert_eq!(lines[2].closing, Closing::CaseBlocked { case: CaseId::from_bytes([3; 16]) });
    assert!(!store.is_behind_journal() && !store.is_journal_short());
}

#[tokio::test]
async fn refused_transaction_leaves_no_line() {
    let folder = Folder::new();
    let store = folder.open();

    store.fault(vec![closing(1), Write::Ledger(level(5, &opening(CASE), 1))]).await;
    store.must(vec![closing(2)]).await;

    assert_eq!(lines(&folder).len(), 1);
}

#[tokio::test]
async fn same_closing_at_another_moment_is_another_line() {
    let folder = Folder::new();
    let store = folder.open();
    let later = Write::Closing {
        closing: Closing::CaseBlocked { case: CaseId::from_bytes([1; 16]) },
        at: UnixMillis(8),
    };

    store.must(vec![closing(1)]).await;
    store.must(vec![closing(1)]).await;
    store.must(vec![later]).await;

    assert_eq!(lines(&folder).len(), 2);
}

#[tokio::test]
async fn crash_before_or_inside_the_append_is_mended_at_start() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1), closing(2), closing(3)]).await;
    let whole = std::fs::read(path(&folder)).expect("reads");

    for kept in (0..whole.len()).step_by(17) {
        std::fs::write(path(&folder), &whole[..kept]).expect("cuts");
        let store = folder.open();
        assert!(!store.is_behind_journal());
        drop(store);
        assert_eq!(std::fs::read(path(&folder)).expect("reads"), whole, "cut at byte {kept}");
    }
}

#[tokio::test]
async fn store_restored_from_a_backup_is_behind_until_it_has_caught_up() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1)]).await;
    folder.copy_data("backup");
    folder.open().must(vec![closing(2), closing(3)]).await;
    folder.restore_data("backup");

    let store = folder.open();
    let missing = store.journal_missing().expect("reads");
    let behind = store.is_behind_journal();
    store.must(vec![closing(4)]).await;
    let still_behind = store.is_behind_journal();
    store.commit_with(Transaction::default(), vec![store.accept_journal()]).await.expect("commits");

    assert!(behind && still_behind);
    let cases: Vec<_> = missing.iter().map(|line| line.closing.clone()).collect();
    let blocked = |byte| Closing::CaseBlocked { case: CaseId::from_bytes([byte; 16]) };
    assert_eq!(cases, [blocked(2), blocked(3)]);
    assert!(!store.is_behind_journal());
    assert_eq!(lines(&folder).len(), 4);
    drop(store);
    assert!(!folder.open().is_behind_journal());
}

#[tokio::test]
async fn journal_of_another_history_is_refused() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1)]).await;
    let other = Folder::new();
    other.open().must(vec![closing(9)]).await;
    std::fs::copy(path(&other), path(&folder)).expect("copies");

    let opened = Store::open(folder.settings());

    assert!(matches!(opened, Err(StoreError::JournalForeign { line: 1 })), "{opened:?}");
}

#[tokio::test]
async fn edited_journal_is_refused() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1), closing(2)]).await;
    let text = std::fs::read_to_string(path(&folder)).expect("reads");
    std::fs::write(path(&folder), text.replacen("\"at\":7", "\"at\":6", 1)).expect("writes");

    let opened = Store::open(folder.settings());

    assert!(matches!(opened, Err(StoreError::Journal(_))), "{opened:?}");
}

#[tokio::test]
async fn journal_that_cannot_be_written_holds_up_no_withdrawal() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![closing(1)]).await;
    let whole = lines(&folder);
    // The store keeps the file open; with the folder gone the next start must make it anew.
    std::fs::remove_dir_all(folder.paths().journal).expect("removes");

    store.must(vec![closing(2)]).await;
    drop(store);
    drop(folder.open());

    assert_eq!(lines(&folder).len(), 2);
    assert_eq!(lines(&folder)[0], whole[0]);
}
