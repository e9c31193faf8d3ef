//! The access log: durable before anything is shown, and no change of it goes unnoticed.

use stafett_protocol::person::Role;

use super::*;
use crate::store::{AccessRow, LocalWrite, LogFault};

fn look(case: Option<CaseId>, why: &str) -> AccessRow {
    AccessRow {
        account: MARTE,
        role: Role::Employee,
        service: Some("skole".parse().expect("a code")),
        case,
        what: "case".to_owned(),
        why: why.to_owned(),
        at: UnixMillis(8_000),
    }
}

async fn logged(folder: &Folder) -> Store {
    let store = folder.open().with_own_goal().await;
    for why in ["first", "second", "third", "fourth"] {
        store.log_access(look(Some(CASE), why)).await.expect("logs");
    }
    store
}

/// Tampers with a log of four rows and returns what the next check finds.
async fn found_after(sql: &str) -> Option<LogFault> {
    let folder = Folder::new();
    drop(logged(&folder).await);
    folder.tamper(sql);
    folder.open().verify_access_log().await.expect("checks").fault
}

#[tokio::test]
async fn looks_read_back_by_case_and_by_person() {
    let folder = Folder::new();
    let store = logged(&folder).await;
    let other = AccessRow { account: NILS, ..look(None, "a list") };

    store.log_access(other.clone()).await.expect("logs");

    let of_case: Vec<_> =
        store.access_log(CASE).await.expect("reads").into_iter().map(|row| row.why).collect();
    assert_eq!(of_case, ["first", "second", "third", "fourth"]);
    assert_eq!(store.accesses_of(NILS).await.expect("reads"), [other]);
    assert_eq!(store.cases_owned().await.expect("reads"), [CASE]);
    let check = store.verify_access_log().await.expect("checks");
    assert_eq!((check.rows(), check.fault), (5, None));
}

#[tokio::test]
async fn look_at_a_case_that_is_not_here_is_an_error() {
    let folder = Folder::new();
    let store = folder.open();

    let logged = store.log_access(look(Some(CASE), "why")).await;

    assert!(matches!(logged, Err(StoreError::UnknownCase(case)) if case == CASE), "{logged:?}");
}

#[tokio::test]
async fn endless_reason_is_refused() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;

    let logged = store.log_access(look(Some(CASE), &"a".repeat(5_000))).await;

    assert!(matches!(logged, Err(StoreError::TooLong { bytes: 5_000, .. })), "{logged:?}");
}

#[tokio::test]
async fn every_edit_of_every_column_is_found() {
    let edits = [
        "seen_at = 1",
        "account = zeroblob(16)",
        "case_id = zeroblob(16)",
        "content_hash = zeroblob(32)",
        "mac = zeroblob(32)",
        "sealed = zeroblob(64)",
        "sealed = (SELECT sealed FROM access_log WHERE number = 1)",
        "number = 17",
    ];
    for edit in edits {
        let fault = found_after(&format!("UPDATE access_log SET {edit} WHERE number = 2")).await;

        assert_eq!(fault, Some(LogFault::Row { number: 2 }), "{edit}");
    }
}

#[tokio::test]
async fn dropped_rows_are_found() {
    assert_eq!(
        found_after("DELETE FROM access_log WHERE number = 1").await,
        Some(LogFault::Row { number: 1 })
    );
    assert_eq!(found_after("DELETE FROM access_log WHERE number = 3").await, Some(LogFault::End));
    assert_eq!(
        found_after(
            "DELETE FROM access_log WHERE number = 1;
             UPDATE access_log SET number = number - 1 WHERE number > 1"
        )
        .await,
        Some(LogFault::Row { number: 1 })
    );
}

#[tokio::test]
async fn reordered_rows_are_found() {
    let fault = found_after(
        "UPDATE access_log SET number = 99 WHERE number = 1;
         UPDATE access_log SET number = 1 WHERE number = 2;
         UPDATE access_log SET number = 2 WHERE number = 99",
    )
    .await;

    assert_eq!(fault, Some(LogFault::Row { number: 1 }));
}

#[tokio::test]
async fn shortened_end_is_found() {
    let fault = found_after(
        "UPDATE access_log_end SET length = 3, last = (SELECT mac FROM access_log WHERE number = 2);
         DELETE FROM access_log WHERE number = 3",
    )
    .await;
    let gone = found_after("DELETE FROM access_log_end").await;
    let all_gone = found_after("DELETE FROM access_log_end; DELETE FROM access_log").await;

    assert_eq!(fault, Some(LogFault::End));
    assert_eq!(gone, Some(LogFault::End));
    assert_eq!(all_gone, Some(LogFault::RolledBack { length: 4 }));
}

#[tokio::test]
async fn log_put_back_from_earlier_is_found() {
    let folder = Folder::new();
    drop(logged(&folder).await);
    folder.copy_data("earlier");
    let store = folder.open();
    store.log_access(look(Some(CASE), "fifth")).await.expect("logs");
    drop(store);
    folder.restore_data("earlier");

    let fault = folder.open().verify_access_log().await.expect("checks").fault;

    assert_eq!(fault, Some(LogFault::RolledBack { length: 5 }));
}

#[tokio::test]
async fn check_that_goes_on_walks_the_new_rows_alone_and_finds_what_is_wrong_there() {
    let folder = Folder::new();
    let store = logged(&folder).await;
    let first = store.verify_access_log().await.expect("checks");
    assert_eq!((first.from, first.rows(), first.fault), (0, 4, None));
    let unchanged = store.verify_access_log_from(first.end).await.expect("checks");
    assert_eq!((unchanged.from, unchanged.end, unchanged.fault), (4, first.end, None));

    for why in ["fifth", "sixth"] {
        store.log_access(look(Some(CASE), why)).await.expect("logs");
    }
    let second = store.verify_access_log_from(first.end).await.expect("checks");
    assert_eq!((second.from, second.rows(), second.fault), (4, 6, None));

    folder.tamper("UPDATE access_log SET seen_at = 1 WHERE number = 5");
    let found = store.verify_access_log_from(first.end).await.expect("checks");
    assert_eq!((found.from, found.fault), (4, Some(LogFault::Row { number: 5 })));
}

#[tokio::test]
async fn check_that_goes_on_claims_nothing_of_the_rows_before_and_the_whole_one_finds_them() {
    let folder = Folder::new();
    let store = logged(&folder).await;
    let end = store.verify_access_log().await.expect("checks").end;

    folder.tamper("UPDATE access_log SET seen_at = 1 WHERE number = 1");

    let on = store.verify_access_log_from(end).await.expect("checks");
    assert_eq!((on.from, on.fault), (4, None), "it says that it began behind row 1");
    let whole = store.verify_access_log().await.expect("checks");
    assert_eq!((whole.from, whole.fault), (0, Some(LogFault::Row { number: 1 })));
}

#[tokio::test]
async fn check_whose_last_row_is_gone_begins_anew_and_finds_a_log_that_was_cut_or_put_back() {
    for (sql, fault) in [
        ("DELETE FROM access_log WHERE number = 3", LogFault::End),
        ("DELETE FROM access_log_end; DELETE FROM access_log", LogFault::RolledBack { length: 4 }),
        ("UPDATE access_log SET mac = zeroblob(32) WHERE number = 3", LogFault::Row { number: 3 }),
        (
            "UPDATE access_log_end SET length = 3, last = (SELECT mac FROM access_log WHERE number = 2);
             DELETE FROM access_log WHERE number = 3",
            LogFault::End,
        ),
    ] {
        let folder = Folder::new();
        let store = logged(&folder).await;
        let end = store.verify_access_log().await.expect("checks").end;

        folder.tamper(sql);

        let found = store.verify_access_log_from(end).await.expect("checks");
        assert_eq!((found.from, found.fault), (0, Some(fault)), "{sql}");
    }
}

/// `STAFETT_LOG_ROWS=200000 cargo test --workspace --lib -- --nocapture going_on_costs` prints the
/// times of a log of that length.
#[tokio::test]
#[allow(clippy::print_stdout, reason = "figures for people")]
async fn going_on_costs_what_was_added_however_long_the_log_is() {
    let rows = std::env::var("STAFETT_LOG_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(12_000);
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let mut left = rows;
    while left > 0 {
        let some = left.min(2_000);
        let looks = (0..some).map(|_| LocalWrite::Access(look(Some(CASE), "a task")));
        store.commit_with(Transaction::default(), looks.collect()).await.expect("logs");
        left -= some;
    }

    let begun = std::time::Instant::now();
    let whole = store.verify_access_log().await.expect("checks");
    let from_the_beginning = begun.elapsed();
    store.log_access(look(Some(CASE), "one more")).await.expect("logs");
    let mut going_on = std::time::Duration::MAX;
    for _ in 0..5 {
        let begun = std::time::Instant::now();
        let on = store.verify_access_log_from(whole.end).await.expect("checks");
        going_on = going_on.min(begun.elapsed());
        assert_eq!((on.from, on.rows(), on.fault), (rows, rows + 1, None));
    }

    println!("{rows} rows: from the beginning {from_the_beginning:?}, going on {going_on:?}");
    assert_eq!((whole.from, whole.rows(), whole.fault), (0, rows, None));
    assert!(going_on * 4 < from_the_beginning, "{going_on:?} {from_the_beginning:?}");
}

#[tokio::test]
async fn erasing_breaks_no_chain_and_keeps_who_looked() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    store.log_access(look(Some(THEIR_CASE), "before")).await.expect("logs");

    store.must(vec![Write::Erase { case: THEIR_CASE, entries: BTreeSet::from([GOAL, MEASURE]) }]).await;
    store.log_access(look(Some(THEIR_CASE), "after")).await.expect("logs");

    let whys: Vec<_> =
        store.access_log(THEIR_CASE).await.expect("reads").into_iter().map(|row| row.why).collect();
    assert_eq!(whys, ["before", "after"]);
    assert_eq!(store.verify_access_log().await.expect("checks").fault, None);
}

#[tokio::test]
async fn look_that_cannot_be_logged_is_an_error() {
    let folder = Folder::new();
    drop(folder.open().with_own_goal().await);
    let full = StoreSettings { bytes_max: Some(1), ..folder.settings() };
    let store = Store::open(full).expect("opens");

    let mut outcome = Ok(());
    for _ in 0..200 {
        outcome = store.log_access(look(Some(CASE), &"a".repeat(4_000))).await;
        if outcome.is_err() {
            break;
        }
    }

    assert!(outcome.is_err(), "the store never filled up");
    assert_eq!(store.verify_access_log().await.expect("checks").fault, None);
}

#[tokio::test]
async fn every_file_is_closed_to_others_whatever_its_mode_was() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let modes = || {
        let StorePaths { data, journal } = folder.paths();
        let files = [data, journal].into_iter().flat_map(|folder| std::fs::read_dir(folder).expect("reads"));
        let files = files.map(|file| file.expect("reads").path());
        files
            .map(|path| {
                let mode = std::fs::metadata(&path).expect("is there").permissions().mode() & 0o777;
                (path.file_name().expect("a name").to_string_lossy().into_owned(), mode)
            })
            .collect::<BTreeMap<_, _>>()
    };
    let store = logged(&folder).await;
    let made = modes();
    drop(store);
    for path in [&folder.paths().data, &folder.paths().journal] {
        for file in std::fs::read_dir(path).expect("reads") {
            let open = std::fs::Permissions::from_mode(0o644);
            std::fs::set_permissions(file.expect("reads").path(), open).expect("own files");
        }
    }
    assert!(modes().values().all(|mode| *mode == 0o644), "{:?}", modes());

    let store = folder.open();
    store.log_access(look(Some(CASE), "fifth")).await.expect("logs");

    for modes in [made, modes()] {
        for name in
            ["store.sqlite", "store.sqlite-wal", "keys.sqlite", "journal.jsonl", "access-log-end.json"]
        {
            assert!(modes.contains_key(name), "{name} in {modes:?}");
        }
        let open: Vec<_> = modes.iter().filter(|(_, mode)| **mode != 0o600).collect();
        assert!(open.is_empty(), "{open:?}");
    }
}
