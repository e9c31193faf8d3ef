//! The receiver's side of a link: grants, tombstones, receipts and proposals.

use stafett_protocol::transaction::Relation;

use super::*;

fn ended(grant: GrantId, at: u64) -> Write {
    Write::GrantEnded { owner: them(), case: THEIR_CASE, grant, at: UnixMillis(at) }
}

#[tokio::test]
async fn received_grant_counts_until_it_ends_and_the_first_end_stands() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![Write::GrantReceived(their_grant(GRANT))]).await;
    let before = store.grants_received(them()).await.expect("reads");

    store.must(vec![ended(GRANT, 100)]).await;
    store.must(vec![ended(GRANT, 200), Write::GrantReceived(their_grant(GRANT))]).await;

    assert_eq!(before[0].ended_at, None);
    assert_eq!(before[0].grant, *their_grant(GRANT).statement());
    let after = store.grants_received_in(THEIR_CASE).await.expect("reads");
    assert_eq!(after[0].ended_at, Some(UnixMillis(100)));
    assert_eq!(store.cases_received().await.expect("reads")[0].case, THEIR_CASE);
}

#[tokio::test]
async fn grant_that_comes_after_its_end_opens_nothing() {
    let folder = Folder::new();
    let store = folder.open();

    store.must(vec![ended(GRANT, 100)]).await;
    store.must(vec![Write::GrantReceived(their_grant(GRANT))]).await;

    assert_eq!(store.grants_received(them()).await.expect("reads"), []);
    assert_eq!(store.grants_ended(them()).await.expect("reads"), BTreeSet::from([GRANT]));
}

#[tokio::test]
async fn another_owner_ends_no_grant_of_this_one() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(vec![Write::GrantReceived(their_grant(GRANT))]).await;

    let alien = Write::GrantEnded { owner: others(), case: THEIR_CASE, grant: GRANT, at: UnixMillis(100) };
    store.must(vec![alien]).await;

    assert_eq!(store.grants_received(them()).await.expect("reads")[0].ended_at, None);
}

#[tokio::test]
async fn grants_of_a_received_entry_change_and_of_a_missing_one_do_not() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let under = BTreeSet::from([GRANT, OTHER_GRANT]);
    let missing = EntryId::from_bytes([99; 16]);

    let here = store.must(vec![Write::Under { entry: GOAL, under: under.clone() }]).await;
    let nowhere = store.must(vec![Write::Under { entry: missing, under: under.clone() }]).await;

    assert_eq!(here.records[0].under, under);
    assert_eq!(nowhere, Committed::default());
}

#[tokio::test]
async fn signed_receipt_reads_back_for_its_owner() {
    let folder = Folder::new();
    let store = folder.open();

    store.must(vec![Write::ReceiptSigned(our_receipt(ORDER))]).await;

    assert_eq!(store.receipts_signed(them()).await.expect("reads"), [our_receipt(ORDER)]);
    assert_eq!(store.receipts_signed(others()).await.expect("reads"), []);
}

#[tokio::test]
async fn proposal_waits_returns_and_is_erased_after_its_time() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let made = proposal(91, "Et forslag");
    let back = |until| Write::ProposalReturned { proposal: made.id, until: UnixMillis(until) };

    store.must(vec![Write::ProposalMade(made.clone())]).await;
    assert_eq!(store.proposals(them()).await.expect("reads"), std::slice::from_ref(&made));

    store.must(vec![back(500)]).await;
    store.must(vec![back(900)]).await;
    let returned = Proposal { state: ProposalState::Returned { until: UnixMillis(500) }, ..made.clone() };
    assert_eq!(store.proposals_in(THEIR_CASE).await.expect("reads"), [returned]);

    store.erase_returned(UnixMillis(499)).await.expect("erases");
    assert_eq!(store.proposals(them()).await.expect("reads").len(), 1);
    store.erase_returned(UnixMillis(500)).await.expect("erases");

    assert_eq!(store.proposals(them()).await.expect("reads"), []);
    assert_eq!(store.search_everything(b"Et forslag").await.expect("searches").hits, []);
}

#[tokio::test]
async fn returned_edit_is_kept_for_its_time_and_then_opens_with_no_key() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let edit = returned_edit(91, "hele kapitler");

    store.must(vec![Write::EditReturned(edit.clone())]).await;
    store.must(vec![Write::EditReturned(ReturnedEdit { until: UnixMillis(90_000), ..edit.clone() })]).await;
    store.erase_returned(UnixMillis(69_999)).await.expect("erases");
    assert_eq!(store.returned_edits_in(THEIR_CASE).await.expect("reads"), [edit]);
    assert_eq!(store.returned_edits_in(CASE).await.expect("reads"), []);
    assert!(!store.search_everything("hele kapitler".as_bytes()).await.expect("searches").hits.is_empty());

    store.erase_returned(UnixMillis(70_000)).await.expect("erases");
    assert_eq!(store.returned_edits_in(THEIR_CASE).await.expect("reads"), []);
    assert_eq!(store.search_everything("hele kapitler".as_bytes()).await.expect("searches").hits, []);
}

#[tokio::test]
async fn returned_edit_outlives_the_erasing_of_its_entry() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let edit = returned_edit(91, "hele kapitler");

    let entries = BTreeSet::from([GOAL, MEASURE]);
    let erase = Write::Erase { case: THEIR_CASE, entries };
    store.must(vec![Write::EditReturned(edit.clone()), erase]).await;

    assert_eq!(store.returned_edits_in(THEIR_CASE).await.expect("reads"), [edit]);
}

#[tokio::test]
async fn author_of_an_edit_is_known_and_of_others_changes_nobody() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let content = store.content(GOAL).await.expect("reads").expect("is there");
    let mut document = EntryDocument::open(EntryKind::Goal, OUR_ACTOR, &content.changes).expect("opens");
    let change_of_ours = edited(&mut document, "Sove bedre");
    let author = |actor| Write::Author { entry: GOAL, actor, author: NILS };

    store.must(vec![change(GOAL, &change_of_ours, us()), author(OUR_ACTOR), author(THEIR_ACTOR)]).await;

    let content = store.content(GOAL).await.expect("reads").expect("is there");
    assert_eq!(content.authors, BTreeMap::from([(OUR_ACTOR, NILS)]));
}

#[tokio::test]
async fn nobody_writes_on_in_an_entry_whose_sharing_has_ended() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let content = store.content(GOAL).await.expect("reads").expect("is there");
    let mut document = EntryDocument::open(EntryKind::Goal, OUR_ACTOR, &content.changes).expect("opens");
    let first = edited(&mut document, "Sove bedre");
    let second = edited(&mut document, "Sove best");
    store.must(vec![change(GOAL, &first, us())]).await;

    store.must(vec![ended(GRANT, 100)]).await;

    assert_eq!(store.fault(vec![change(GOAL, &second, us())]).await, Fault::OtherGeneration);
    store.must(vec![change(GOAL, &first, us())]).await;
}

#[tokio::test]
async fn answered_proposal_is_neither_made_again_nor_returned() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let made = proposal(91, "Et forslag");
    store.must(vec![Write::ProposalMade(made.clone())]).await;

    store.must(vec![Write::ProposalAnswered(made.id)]).await;
    store.must(vec![Write::ProposalMade(made.clone())]).await;
    store.must(vec![Write::ProposalReturned { proposal: made.id, until: UnixMillis(9) }]).await;

    assert_eq!(store.proposals(them()).await.expect("reads"), []);
}

#[tokio::test]
async fn link_starts_from_what_was_received_and_what_waits() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    let made = proposal(91, "Et forslag");
    let returned = proposal(92, "Et annet");
    let back = Write::ProposalReturned { proposal: returned.id, until: UnixMillis(9) };
    store.must(vec![Write::ProposalMade(made.clone()), Write::ProposalMade(returned), back]).await;
    store.must(vec![Write::ReceiptSigned(our_receipt(ORDER))]).await;
    let id = stafett_protocol::id::RelationId::from_bytes([95; 16]);
    let relation = Relation { id, owner: them(), case: THEIR_CASE, from: MEASURE, to: GOAL };
    store.must(vec![Write::Relation(relation)]).await;

    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");

    assert_eq!(link.entries.keys().copied().collect::<Vec<_>>(), [GOAL, MEASURE]);
    assert_eq!(link.received[&THEIR_CASE].len(), 1);
    assert_eq!(link.proposals.keys().copied().collect::<Vec<_>>(), [made.id]);
    assert_eq!(link.receipts[&ORDER], our_receipt(ORDER));
    assert!(link.relations[&id].stored);
    assert!(store.link_snapshot(others(), BTreeMap::new()).await.expect("reads").entries.is_empty());
}
