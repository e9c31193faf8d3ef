//! The journal: mended when it is short, believed when it is long.

use stafett_protocol::journal::Closing;

use super::*;
use crate::store::{JournalFault, LocalWrite};

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

fn forget_length(folder: &Folder) {
    let rows = rusqlite::Connection::open(folder.paths().data.join("store.sqlite")).expect("opens");
    let forget = "UPDATE meta SET number = 0 WHERE name = 'journal-known'";
    assert_eq!(rows.execute(forget, []).expect("writes"), 1);
}

async fn begin_anew(store: &Store) {
    store.commit_with(Transaction::default(), vec![LocalWrite::JournalBegun]).await.expect("commits");
}

#[tokio::test]
async fn crash_before_or_inside_the_append_is_mended_at_start() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1), closing(2), closing(3)]).await;
    let whole = std::fs::read(path(&folder)).expect("reads");

    for kept in (0..whole.len()).step_by(17) {
        std::fs::write(path(&folder), &whole[..kept]).expect("cuts");
        // The note follows the append, so whoever was cut short in it has not written the note.
        forget_length(&folder);
        let store = folder.open();
        assert!(!store.is_behind_journal() && store.journal_fault().is_none());
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
    let missing = store.journal_missing().await.expect("reads");
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
async fn journal_of_another_history_is_told_and_left_as_it_is() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1)]).await;
    let other = Folder::new();
    other.open().must(vec![closing(9)]).await;
    std::fs::copy(path(&other), path(&folder)).expect("copies");

    let store = folder.open();
    let fault = store.journal_fault();
    store.must(vec![closing(2)]).await;
    let left = lines(&folder);

    assert_eq!(fault, Some(JournalFault::Foreign { line: 1 }));
    assert_eq!(left, lines(&other), "a closing was added to another store's journal");
}

#[tokio::test]
async fn edited_journal_is_told_and_what_can_be_read_of_it_is() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1), closing(2)]).await;
    let text = std::fs::read_to_string(path(&folder)).expect("reads");
    std::fs::write(path(&folder), text.replacen("\"at\":7", "\"at\":6", 1)).expect("writes");

    let store = folder.open();
    let salvaged = store.journal_missing().await.expect("reads");

    assert_eq!(store.journal_fault(), Some(JournalFault::Broken { line: 2 }));
    // The second line stands in the store as well; the first says another moment.
    assert_eq!(salvaged.iter().map(|line| line.at).collect::<Vec<_>>(), [UnixMillis(6)]);
}

#[tokio::test]
async fn journal_that_is_gone_or_shorter_than_it_was_is_lost_and_not_made_by_itself() {
    for cut in [true, false] {
        let folder = Folder::new();
        folder.open().must(vec![closing(1), closing(2)]).await;
        let text = std::fs::read_to_string(path(&folder)).expect("reads");
        let first = text.split_inclusive('\n').next().expect("a line");
        if cut {
            std::fs::write(path(&folder), first).expect("cuts");
        } else {
            std::fs::remove_file(path(&folder)).expect("removes");
        }

        let found = u64::from(cut);
        for _start in 0..2 {
            assert_eq!(folder.open().journal_fault(), Some(JournalFault::Lost { known: 2, found }));
        }
        assert_eq!(path(&folder).exists(), cut);
    }
}

#[tokio::test]
async fn new_journal_begins_with_what_the_store_knows_and_keeps_the_old_one_beside_it() {
    let folder = Folder::new();
    folder.open().must(vec![closing(1)]).await;
    folder.copy_data("backup");
    folder.open().must(vec![closing(2)]).await;
    folder.restore_data("backup");
    std::fs::write(path(&folder), "no line\n").expect("breaks");
    let store = folder.open();
    store.must(vec![closing(3)]).await;

    begin_anew(&store).await;
    store.must(vec![closing(4)]).await;

    assert_eq!(store.journal_fault(), None);
    let (read, _) = stafett_protocol::journal::read(&std::fs::read_to_string(path(&folder)).expect("reads"))
        .expect("follows");
    let blocked: Vec<_> =
        read.into_iter().map(|line| Write::Closing { closing: line.closing, at: line.at }).collect();
    assert_eq!(blocked, [closing(1), closing(3), closing(4)]);
    let aside = folder.paths().journal.join("journal.jsonl.1");
    assert_eq!(std::fs::read_to_string(aside).expect("kept"), "no line\n");
    drop(store);
    let again = folder.open();
    assert!(again.journal_fault().is_none() && !again.is_behind_journal());
}

#[tokio::test]
async fn journal_that_cannot_be_written_holds_up_no_withdrawal() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![closing(1)]).await;
    let whole = lines(&folder);
    // The store keeps the file open; with the folder gone nothing of it can be found again.
    std::fs::remove_dir_all(folder.paths().journal).expect("removes");

    store.must(vec![closing(2)]).await;
    drop(store);
    let store = folder.open();
    begin_anew(&store).await;

    assert_eq!(lines(&folder).len(), 2);
    assert_eq!(lines(&folder)[0], whole[0]);
}
