//! What concerns this node alone: private documents, assignments, tokens, its own numbers.

use stafett_protocol::id::TokenId;
use stafett_protocol::person::Role;

use super::*;
use crate::store::{Assignment, LocalWrite, TokenRecord};

fn assignment(account: AccountId, service: &str) -> Assignment {
    let service = service.parse().expect("a code");
    Assignment { case: CASE, service, account, by: MARTE, at: UnixMillis(1), until: None }
}

fn token(byte: u8) -> TokenRecord {
    TokenRecord {
        id: TokenId::from_bytes([byte; 16]),
        hash: [byte; 32],
        account: MARTE,
        role: Role::ItOperator,
        created_at: UnixMillis(10),
        expires_at: UnixMillis(20),
        revoked_at: None,
    }
}

#[tokio::test]
async fn private_document_is_replaced_and_needs_an_opened_case() {
    let folder = Folder::new();
    let store = folder.open();
    let early = store.put_private_case(CASE, vec![1], UnixMillis(1)).await;
    let document = LocalWrite::PrivateCase { case: CASE, document: vec![2], at: UnixMillis(1) };

    store
        .commit_with(Transaction::of(vec![Write::Ledger(opening(CASE))]), vec![document])
        .await
        .expect("commits");
    let first = store.private_case(CASE).await.expect("reads");
    store.put_private_case(CASE, vec![3], UnixMillis(2)).await.expect("writes");

    assert!(matches!(early, Err(StoreError::UnknownCase(_))), "{early:?}");
    assert_eq!(first, Some(vec![2]));
    assert_eq!(store.private_case(CASE).await.expect("reads"), Some(vec![3]));
    assert_eq!(store.private_case(THEIR_CASE).await.expect("reads"), None);
}

#[tokio::test]
async fn local_write_of_a_refused_transaction_is_not_kept() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let document = LocalWrite::PrivateCase { case: CASE, document: vec![2], at: UnixMillis(1) };

    let refused = store
        .commit_with(Transaction::of(vec![Write::Ledger(level(9, &opening(CASE), 1))]), vec![document])
        .await;

    assert_eq!(refused, Err(Fault::LedgerMoved));
    assert_eq!(store.private_case(CASE).await.expect("reads"), None);
}

#[tokio::test]
async fn case_is_assigned_to_a_person_until_it_is_taken_back() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;

    store.assign(assignment(NILS, "ppt")).await.expect("assigns");
    store.assign(assignment(NILS, "skole")).await.expect("assigns");
    let late = UnixMillis::MAX;
    assert_eq!(store.assignments(CASE, late).await.expect("reads"), BTreeSet::from([NILS]));
    assert_eq!(store.assignment_rows(CASE, late).await.expect("reads"), [assignment(NILS, "skole")]);
    assert_eq!(store.cases_assigned(NILS, late).await.expect("reads"), [CASE]);

    store.unassign(CASE, NILS).await.expect("unassigns");

    assert_eq!(store.assignments(CASE, late).await.expect("reads"), BTreeSet::new());
    assert_eq!(store.cases_assigned(NILS, late).await.expect("reads"), []);
}

#[tokio::test]
async fn assignment_with_an_end_counts_until_that_very_moment_and_may_be_made_to_last() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let end = UnixMillis(500);
    let ends = Assignment { until: Some(end), ..assignment(NILS, "kindergarten") };
    let read = async |now| {
        let rows = store.assignment_rows(CASE, now).await.expect("reads");
        let (who, cases) = (store.assignments(CASE, now).await, store.cases_assigned(NILS, now).await);
        assert_eq!(who.expect("reads").len(), rows.len());
        assert_eq!(cases.expect("reads").len(), rows.len());
        rows
    };

    store.assign(ends.clone()).await.expect("assigns");
    assert_eq!(read(UnixMillis(499)).await, [ends]);
    assert_eq!(read(end).await, []);

    store.assign(assignment(NILS, "kindergarten")).await.expect("assigns");
    assert_eq!(read(end).await, [assignment(NILS, "kindergarten")]);
}

#[tokio::test]
async fn token_is_found_by_its_hash_and_counts_until_it_is_revoked_or_expires() {
    let folder = Folder::new();
    let store = folder.open();
    store.put_token(token(1)).await.expect("writes");
    let found = store.token_by_hash([1; 32]).await.expect("reads").expect("is there");

    store.revoke_token(token(1).id, UnixMillis(15)).await.expect("revokes");
    store.revoke_token(token(1).id, UnixMillis(18)).await.expect("revokes");

    assert_eq!(found, token(1));
    let counts = [9, 10, 19, 20].map(|now| found.counts(UnixMillis(now)));
    assert_eq!(counts, [false, true, true, false]);
    let revoked = store.tokens().await.expect("reads");
    assert_eq!(revoked, [TokenRecord { revoked_at: Some(UnixMillis(15)), ..token(1) }]);
    assert!(!revoked[0].counts(UnixMillis(12)));
    assert_eq!(store.token_by_hash([2; 32]).await.expect("reads"), None);
}

#[tokio::test]
async fn token_with_a_hash_that_is_taken_is_refused() {
    let folder = Folder::new();
    let store = folder.open();
    store.put_token(token(1)).await.expect("writes");

    let same = store.put_token(TokenRecord { hash: [1; 32], ..token(2) }).await;

    assert!(matches!(same, Err(StoreError::Sqlite(_))), "{same:?}");
}

#[tokio::test]
async fn incarnation_and_high_water_mark_survive_a_start() {
    let folder = Folder::new();
    let store = folder.open();
    assert_eq!(store.incarnation().await.expect("reads"), 0);
    assert_eq!(store.high_water_mark().await.expect("reads"), None);

    store.set_incarnation(3).await.expect("writes");
    store.set_high_water_mark(UnixMillis(900)).await.expect("writes");
    store.set_high_water_mark(UnixMillis(800)).await.expect("writes");
    drop(store);

    let store = folder.open();
    assert_eq!(store.incarnation().await.expect("reads"), 3);
    assert_eq!(store.high_water_mark().await.expect("reads"), Some(UnixMillis(800)));
}
