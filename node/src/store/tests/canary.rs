//! Canaries: marks in everything that tells of a person, sought in every byte of the data folder.

use stafett_protocol::person::Role;

use super::*;
use crate::store::{AccessRow, Assignment};

const TEXT: &str = "kanarifugl-i-teksten";
const AREA: &str = "kanarifugl-i-omradet";
const DOCUMENT: &str = "kanarifugl-i-saken";
const REASON: &str = "kanarifugl-i-grunnen";
const SERVICE: &str = "kanarifugl-i-tjenesten";
const PROPOSED: &str = "kanarifugl-i-forslaget";
const ANSWERED: &str = "kanarifugl-i-svaret";
const HEARD: &str = "kanarifugl-i-svaret-deres";
const MARKS: [&str; 8] = [TEXT, AREA, DOCUMENT, REASON, SERVICE, PROPOSED, ANSWERED, HEARD];

async fn filled(folder: &Folder) -> Store {
    let store = folder.open().with_their_goals().await;
    store.must(vec![Write::Ledger(opening(CASE))]).await;
    let (_, genesis) = goal(OUR_ACTOR, TEXT);
    let mut record = record(CASE, us(), GOAL_WITH_MARKS, &genesis);
    record.facts.areas = BTreeSet::from([AREA.parse().expect("a code")]);
    record.facts.written_by = Some(Service { host: us(), code: SERVICE.parse().expect("a code") });
    store.must(vec![Write::Entry(record), change(GOAL_WITH_MARKS, &genesis, us())]).await;
    store.must(vec![Write::ProposalMade(proposal(91, PROPOSED))]).await;
    store.must(vec![Write::UptakeSaid(our_uptake(GRANT, 7_000, ANSWERED))]).await;
    store.must(vec![Write::GrantIssued(our_grant(OTHER_GRANT))]).await;
    store.must(vec![Write::UptakeHeard(their_uptake(OTHER_GRANT, 7_000, HEARD))]).await;
    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &Heads::default()))]).await;
    store.put_private_case(CASE, DOCUMENT.as_bytes().to_vec(), UnixMillis(1)).await.expect("writes");
    let look = AccessRow {
        account: MARTE,
        role: Role::Employee,
        service: Some(SERVICE.parse().expect("a code")),
        case: Some(CASE),
        what: "case".to_owned(),
        why: REASON.to_owned(),
        at: UnixMillis(1),
    };
    store.log_access(look).await.expect("logs");
    let service = SERVICE.parse().expect("a code");
    store
        .assign(Assignment { case: CASE, service, account: NILS, by: MARTE, at: UnixMillis(1), until: None })
        .await
        .expect("assigns");
    store
}

const GOAL_WITH_MARKS: EntryId = EntryId::from_bytes([13; 16]);

/// All bytes of all files of the data folder and of the journal's.
pub(super) fn all_bytes(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let paths = folder.paths();
    let files = [paths.data, paths.journal]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(folder).expect("reads").map(|file| file.expect("reads").path()));
    files.map(|file| (file.display().to_string(), std::fs::read(file).expect("reads"))).collect()
}

pub(super) fn contains(hay: &[u8], needle: &str) -> bool {
    hay.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[tokio::test]
async fn no_mark_stands_in_any_file_and_every_mark_is_found_with_the_keys() {
    let folder = Folder::new();
    let store = filled(&folder).await;

    let files = all_bytes(&folder);

    assert!(files.iter().any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty()));
    for mark in MARKS {
        for (name, bytes) in &files {
            assert!(!contains(bytes, mark), "{mark} stands in {name}");
        }
        let report = store.search_everything(mark.as_bytes()).await.expect("searches");
        assert!(!report.hits.is_empty(), "{mark} is not found");
        assert!(report.hits.iter().all(|hit| hit.column == "sealed"), "{:?}", report.hits);
    }
}

#[tokio::test]
async fn no_mark_stands_in_any_file_after_the_log_is_emptied_into_the_rows() {
    let folder = Folder::new();
    drop(filled(&folder).await);
    drop(folder.open());

    for mark in MARKS {
        for (name, bytes) in all_bytes(&folder) {
            assert!(!contains(&bytes, mark), "{mark} stands in {name}");
        }
    }
}

#[tokio::test]
async fn search_counts_what_it_went_through_and_finds_clear_columns_too() {
    let folder = Folder::new();
    let store = filled(&folder).await;

    let nothing = store.search_everything(b"noe som ikke finnes").await.expect("searches");
    let id = store.search_everything(GOAL_WITH_MARKS.as_bytes()).await.expect("searches");

    assert_eq!(nothing.hits, []);
    assert!(nothing.rows > 0 && nothing.blobs_opened > 0);
    assert_eq!(nothing.blobs_closed, 0);
    assert!(id.hits.iter().any(|hit| hit.table == "entry" && hit.column == "entry_id"));
}

#[tokio::test]
async fn search_finds_words_in_either_normal_form_and_inside_signed_statements() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![Write::Ledger(opening(CASE))]).await;
    store.must(own_goal(GOAL, "Gå på tur")).await;

    let decomposed = store.search_everything("Ga\u{30a} pa\u{30a} tur".as_bytes()).await.expect("searches");
    let signed = store.search_everything(b"subject_kind").await.expect("searches");

    assert_eq!(decomposed.hits.iter().map(|hit| hit.table.as_str()).collect::<Vec<_>>(), ["entry_change"]);
    assert_eq!(signed.hits.iter().map(|hit| hit.table.as_str()).collect::<Vec<_>>(), ["ledger"]);
}

#[tokio::test]
async fn blob_without_its_key_is_counted_as_closed() {
    let folder = Folder::new();
    drop(filled(&folder).await);
    let keys = rusqlite::Connection::open(folder.paths().data.join("keys.sqlite")).expect("opens");
    keys.execute("DELETE FROM data_key WHERE case_id = ?1", [CASE.as_bytes()]).expect("deletes");
    drop(keys);

    let store = folder.open();
    let report = store.search_everything(TEXT.as_bytes()).await.expect("searches");

    assert_eq!(report.hits, []);
    assert!(report.blobs_closed > 0);
    assert!(matches!(store.entries(CASE).await, Err(StoreError::KeyGone(case)) if case == CASE));
    assert!(store.entries(THEIR_CASE).await.is_ok());
}
