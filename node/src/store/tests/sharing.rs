//! The owner's side of a link: grants, disclosures, what is held, orders and receipts.

use std::sync::Arc;

use stafett_protocol::ledger::LedgerView;
use stafett_protocol::transaction::Relation;

use super::*;
use crate::store::DisclosureFilter;

/// What the partner holds of the goal: generation, acknowledged heads, grants, waiting recall.
async fn held(store: &Store) -> (Option<GenerationId>, Option<Heads>, BTreeSet<GrantId>, bool) {
    let view = LedgerView::replay(store.ledger(CASE).await.expect("reads").iter()).expect("replays");
    let cases = BTreeMap::from([(CASE, Arc::new(view))]);
    let mut link = store.link_snapshot(them(), cases).await.expect("reads");
    let goal = link.entries.remove(&GOAL).expect("an entry of a shared case");
    (goal.held.generation, goal.acknowledged, goal.announced, goal.held.recall_waits)
}

fn acknowledged(heads: &Heads, generation: GenerationId) -> Write {
    Write::Acknowledged { partner: them(), entry: GOAL, generation, heads: heads.clone() }
}

#[tokio::test]
async fn disclosure_makes_the_partner_hold_and_a_receipt_ends_it() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let heads = store.entry(GOAL).await.expect("reads").expect("is there").heads;
    assert_eq!(held(&store).await, (None, None, BTreeSet::new(), false));

    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &heads)), acknowledged(&heads, FIRST)]).await;
    assert_eq!(held(&store).await, (Some(FIRST), Some(heads.clone()), BTreeSet::from([GRANT]), false));

    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    assert_eq!(held(&store).await, (Some(FIRST), Some(heads), BTreeSet::from([GRANT]), true));

    store.must(vec![Write::ReceiptFiled(their_receipt(ORDER))]).await;
    assert_eq!(held(&store).await, (None, None, BTreeSet::new(), false));
}

#[tokio::test]
async fn unsent_disclosure_leaves_the_partner_with_what_an_earlier_one_gave_it() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let heads = Heads::default();
    let id = |byte| DisclosureId::from_bytes([byte; 16]);

    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &heads))]).await;
    store.must(vec![Write::Disclosure(disclosed(82, SECOND, &heads))]).await;
    assert_eq!(held(&store).await.0, Some(SECOND));
    store.must(vec![Write::DisclosureUnsent(id(82))]).await;
    assert_eq!(held(&store).await.0, Some(FIRST));
    store.must(vec![Write::DisclosureUnsent(id(81))]).await;

    assert_eq!(held(&store).await.0, None);
    let log = store.disclosures(DisclosureFilter::default()).await.expect("reads");
    assert_eq!(log.iter().map(|logged| logged.is_unsent).collect::<Vec<_>>(), [true, true]);
}

#[tokio::test]
async fn disclosure_before_a_receipt_never_counts_again() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let heads = Heads::default();
    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &heads))]).await;
    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    store.must(vec![Write::ReceiptFiled(their_receipt(ORDER))]).await;

    store.must(vec![Write::Disclosure(disclosed(82, FIRST, &heads))]).await;
    store.must(vec![Write::DisclosureUnsent(DisclosureId::from_bytes([82; 16]))]).await;

    assert_eq!(held(&store).await.0, None);
}

#[tokio::test]
async fn partner_goes_on_holding_what_it_kept_for_another_of_its_services() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let order = order_of(ORDER, CASE, us(), them());
    let kept = Receipt::of(&order, BTreeMap::from([(GOAL, Done::KeptForAnotherService)]));
    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &Heads::default()))]).await;
    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;

    store.must(vec![Write::ReceiptFiled(their_key().sign(kept).expect("signs"))]).await;

    assert_eq!((held(&store).await.0, held(&store).await.3), (Some(FIRST), false));
}

#[tokio::test]
async fn acknowledgement_of_another_generation_says_nothing() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let heads = store.entry(GOAL).await.expect("reads").expect("is there").heads;

    store.must(vec![acknowledged(&heads, SECOND)]).await;
    assert_eq!(store.acknowledged(CASE).await.expect("reads"), BTreeMap::new());
    store.must(vec![acknowledged(&heads, FIRST)]).await;

    assert_eq!(store.acknowledged(CASE).await.expect("reads"), BTreeMap::from([((them(), GOAL), heads)]));
}

#[tokio::test]
async fn disclosure_log_is_filtered_by_case_partner_and_entry() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let row = disclosed(81, FIRST, &Heads::default());
    let elsewhere =
        DisclosureRow { partner: others(), entry: MEASURE, ..disclosed(82, FIRST, &Heads::default()) };
    store.must(vec![Write::Disclosure(row.clone()), Write::Disclosure(elsewhere.clone())]).await;

    let ask = async |filter| -> Vec<DisclosureRow> {
        let logged = store.disclosures(filter).await.expect("reads");
        logged.into_iter().map(|logged| logged.row).collect()
    };

    let none = DisclosureFilter::default();
    assert_eq!(ask(none).await, [row.clone(), elsewhere.clone()]);
    assert_eq!(ask(DisclosureFilter { partner: Some(others()), ..none }).await, [elsewhere]);
    assert_eq!(ask(DisclosureFilter { entry: Some(GOAL), ..none }).await, [row]);
    assert_eq!(ask(DisclosureFilter { case: Some(THEIR_CASE), ..none }).await, []);
}

#[tokio::test]
async fn disclosures_are_read_part_by_part_from_the_latest() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let rows: Vec<_> = (81..86).map(|id| disclosed(id, FIRST, &Heads::default())).collect();
    store.must(rows.iter().cloned().map(Write::Disclosure).collect()).await;
    const NONE: [u8; 0] = [];
    let id = |byte| Some(DisclosureId::from_bytes([byte; 16]));
    let ask = async |case, before, latest| -> Vec<u8> {
        let filter = DisclosureFilter { case, before, latest, ..DisclosureFilter::default() };
        let logged = store.disclosures(filter).await.expect("reads");
        logged.into_iter().map(|logged| logged.row.id.as_bytes()[0]).collect()
    };

    assert_eq!(ask(None, None, Some(2)).await, [84, 85]);
    assert_eq!(ask(None, id(84), Some(2)).await, [82, 83]);
    assert_eq!(ask(Some(CASE), id(82), Some(2)).await, [81]);
    assert_eq!(ask(None, id(83), None).await, [81, 82]);
    assert_eq!(ask(None, id(81), Some(2)).await, NONE);
    assert_eq!(ask(None, id(99), Some(2)).await, NONE, "there is no such place");
    assert_eq!(store.disclosures_count().await.expect("reads"), 5);
}

#[tokio::test]
async fn grant_and_order_wait_until_the_partner_has_answered() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;

    store.must(vec![Write::GrantIssued(our_grant(GRANT)), Write::OrderQueued(our_order(ORDER))]).await;
    let issued = store.grants_issued(them()).await.expect("reads");
    assert_eq!((issued[0].grant.clone(), issued[0].is_stored), (our_grant(GRANT), false));
    assert_eq!(store.orders_waiting(them()).await.expect("reads")[0].order, our_order(ORDER));
    assert_eq!(store.orders_waiting(others()).await.expect("reads"), []);

    store.must(vec![Write::GrantStored(GRANT), Write::ReceiptFiled(their_receipt(ORDER))]).await;

    assert!(store.grants_issued_in(CASE).await.expect("reads")[0].is_stored);
    assert_eq!(store.cases_granted(them()).await.expect("reads"), [CASE]);
    assert_eq!(store.orders_waiting(them()).await.expect("reads"), []);
    assert_eq!(store.orders(CASE).await.expect("reads"), [our_order(ORDER).statement().clone()]);
    let filed = store.receipts_filed(CASE).await.expect("reads");
    assert_eq!(filed[0].receipt, *their_receipt(ORDER).statement());
    assert_eq!(filed[0].token, their_receipt(ORDER).token());
}

#[tokio::test]
async fn proposal_taken_is_found_again_and_its_generation_is_held() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let id = ProposalId::from_bytes([91; 16]);

    store.must(vec![Write::ProposalTaken { partner: them(), proposal: id, entry: GOAL }]).await;
    store.must(vec![Write::ProposalTaken { partner: them(), proposal: id, entry: MEASURE }]).await;

    assert_eq!(held(&store).await.0, Some(FIRST));
    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");
    assert_eq!(link.taken, BTreeMap::from([(id, GOAL)]));
}

#[tokio::test]
async fn own_case_that_the_engine_does_not_name_is_not_on_the_link() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;

    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");

    assert!(link.entries.is_empty() && link.issued.is_empty() && link.cases.is_empty());
}

#[tokio::test]
async fn relation_is_stored_at_one_partner_until_that_erases_an_end() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let id = stafett_protocol::id::RelationId::from_bytes([95; 16]);
    let relation = Relation { id, owner: us(), case: CASE, from: MEASURE, to: GOAL };
    store
        .must(vec![Write::Relation(relation), Write::RelationStored { partner: them(), relation: id }])
        .await;
    let view = LedgerView::replay(store.ledger(CASE).await.expect("reads").iter()).expect("replays");
    let cases = BTreeMap::from([(CASE, Arc::new(view))]);

    let here = store.link_snapshot(them(), cases.clone()).await.expect("reads");
    let elsewhere = store.link_snapshot(others(), cases).await.expect("reads");

    assert_eq!(store.relations(CASE).await.expect("reads"), [relation]);
    assert!(here.relations[&id].stored);
    assert!(!elsewhere.relations[&id].stored);

    store.must(vec![Write::OrderQueued(our_order(ORDER)), Write::ReceiptFiled(their_receipt(ORDER))]).await;

    let view = LedgerView::replay(store.ledger(CASE).await.expect("reads").iter()).expect("replays");
    let after = store.link_snapshot(them(), BTreeMap::from([(CASE, Arc::new(view))])).await.expect("reads");
    assert!(!after.relations[&id].stored, "the partner erased one end");
}

#[tokio::test]
async fn holds_names_what_was_sent_and_not_what_was_unsent() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let unsent = DisclosureRow { partner: others(), ..disclosed(82, FIRST, &Heads::default()) };
    store.must(vec![Write::Disclosure(disclosed(81, FIRST, &Heads::default()))]).await;
    store.must(vec![Write::Disclosure(unsent.clone()), Write::DisclosureUnsent(unsent.id)]).await;

    let rows = store.holds().await.expect("reads");

    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].entry, rows[0].owner, rows[0].kind), (GOAL, us(), EntryKind::Goal));
    assert_eq!(rows[0].sent_to, [(them(), UnixMillis(4_000))]);
    assert_eq!(rows[0].grants, BTreeSet::from([GRANT]));
    assert_eq!(rows[0].consents, BTreeSet::from([CONSENT]));
    let amount = store.stored_from(us()).await.expect("reads");
    assert_eq!((amount.entries, amount.bytes), (1, rows[0].bytes));
    assert!(amount.bytes > 0);
}

#[tokio::test]
async fn order_waits_since_it_was_queued_first_also_after_a_start() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    let since = store.orders_waiting(them()).await.expect("reads")[0].queued_at;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;

    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    drop(store);
    let store = folder.open();

    assert_eq!(store.orders_waiting(them()).await.expect("reads")[0].queued_at, since);
    assert_eq!(store.holds().await.expect("reads")[0].unanswered, [(them(), since)]);
    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");
    assert_eq!(link.orders[&ORDER].sent_at, None, "it is asked again at once");
    store.must(vec![Write::ReceiptFiled(their_receipt(ORDER))]).await;
    assert_eq!(store.holds().await.expect("reads")[0].unanswered, []);
}

#[tokio::test]
async fn something_is_left_with_a_partner_from_its_grant_to_its_receipt() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let left = async || {
        let left = store.left_with(them()).await.expect("reads");
        let anybody = store.left_with_anybody().await.expect("reads");
        assert_eq!(anybody.contains(&them()), !left.is_nothing(), "{left:?}");
        assert!(!anybody.contains(&us()), "own entries are left with nobody");
        (left.grants_living, left.orders_waiting)
    };
    assert_eq!(left().await, (0, 0));

    store.must(vec![Write::GrantIssued(our_grant(GRANT))]).await;
    assert_eq!(left().await, (1, 0));
    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    assert_eq!(left().await, (0, 1));
    store.must(vec![Write::ReceiptFiled(their_receipt(ORDER))]).await;

    assert_eq!(left().await, (0, 0));
}
