//! How far each side's statements go, and what a destroyed case leaves.

use super::*;
use crate::store::{AccessRow, LocalWrite};

async fn snapshot(store: &Store) -> stafett_protocol::link::snapshot::Snapshot {
    store.link_snapshot(them(), BTreeMap::new()).await.expect("reads")
}

async fn local(store: &Store, write: LocalWrite) {
    store.commit_with(Transaction::default(), vec![write]).await.expect("commits");
}

#[tokio::test]
async fn statements_for_a_partner_are_counted_once_each_and_the_count_survives_a_start() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;

    let issued = store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;
    let handed = store.must(vec![Write::GrantHanded(GRANT)]).await;
    let again = store.must(vec![Write::GrantHanded(GRANT)]).await;
    let ordered = store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    drop(store);
    let store = folder.open();
    store.must(vec![Write::GrantReceived(their_grant(OTHER_GRANT))]).await;
    let receipt = store.must(vec![Write::ReceiptSigned(our_receipt(ORDER))]).await;

    let signed = |committed: &Committed| committed.signed.get(&them()).copied();
    let counted = [&issued, &handed, &again, &ordered, &receipt].map(signed);
    assert_eq!(counted, [None, Some(1), None, Some(2), Some(3)]);
    assert_eq!(snapshot(&store).await.own_mark.number, 3);
}

#[tokio::test]
async fn latest_mark_of_a_partner_is_kept_word_for_word() {
    let folder = Folder::new();
    let store = folder.open();
    assert_eq!(snapshot(&store).await.partner_mark, None);

    for number in [2, 5, 4] {
        store.must(vec![Write::MarkSeen(their_mark(number))]).await;
    }

    let kept = snapshot(&store).await.partner_mark.expect("a mark");
    assert_eq!((kept.token.as_str(), kept.mark.number), (their_mark(5).token(), 5));
}

#[tokio::test]
async fn every_link_must_be_compared_once_in_each_incarnation() {
    let folder = Folder::new();
    let store = folder.open();
    assert!(!snapshot(&store).await.restored);

    store.set_incarnation(1).await.expect("writes");
    let before = snapshot(&store).await.restored;
    local(&store, LocalWrite::LinkChecked { partner: them(), incarnation: 1 }).await;

    assert!(before && !snapshot(&store).await.restored);
}

#[tokio::test]
async fn grant_counts_as_handed_over_until_its_frame_is_said_to_have_stayed() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let is_handed = async || store.grants_issued(them()).await.expect("reads")[0].is_handed;

    store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;
    assert!(!is_handed().await);
    store.must(vec![Write::GrantHanded(GRANT)]).await;
    assert!(is_handed().await);
    store.must(vec![Write::GrantUnsent(GRANT)]).await;
    assert!(!is_handed().await);
    store.must(vec![Write::GrantHanded(GRANT), Write::GrantStored(GRANT)]).await;
    store.must(vec![Write::GrantUnsent(GRANT)]).await;
    assert!(is_handed().await, "the partner has said that it has it");
}

#[tokio::test]
async fn restored_store_counts_every_grant_as_handed_over() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;

    store.set_incarnation(1).await.expect("writes");

    assert!(store.grants_issued(them()).await.expect("reads")[0].is_handed);
}

#[tokio::test]
async fn destroyed_case_is_gone_with_its_key_and_who_looked_stays() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;
    let look = AccessRow {
        account: MARTE,
        role: stafett_protocol::person::Role::Employee,
        service: None,
        case: Some(CASE),
        what: "case".to_owned(),
        why: "task".to_owned(),
        at: UnixMillis(9),
    };
    store.log_access(look).await.expect("writes");

    for _again in 0..2 {
        local(&store, LocalWrite::CaseDestroyed(CASE)).await;

        assert_eq!(store.ledger(CASE).await.expect("reads"), []);
        assert!(store.content(GOAL).await.expect("reads").is_none());
        assert_eq!(store.access_log(CASE).await.expect("reads").len(), 1);
        assert!(store.integrity().await.expect("checks").is_well());
    }
}

#[tokio::test]
async fn what_is_held_under_a_grant_is_told_with_the_grant_word_for_word() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;

    let held = store.held_under(them()).await.expect("reads");

    let grant = held.get(&GRANT).expect("the grant");
    assert_eq!(grant.token, their_grant(GRANT).token());
    assert_eq!((grant.has_ended, &grant.entries), (false, &BTreeSet::from([GOAL, MEASURE])));
}
