//! Whether services take a case: the last word for each grant, until the grant ends.

use rusqlite::Connection;
use stafett_protocol::uptake::Heard;

use super::*;

fn kept(grant: GrantId, said_at: u64) -> Write {
    Write::UptakeKept { grant, said_at: UnixMillis(said_at) }
}

fn ended(grant: GrantId) -> Write {
    Write::GrantEnded { owner: them(), case: THEIR_CASE, grant, at: UnixMillis(9_000) }
}

fn heard(said_at: u64, why: &str) -> Write {
    Write::UptakeHeard(their_uptake(GRANT, said_at, why))
}

async fn heard_in(store: &Store) -> Vec<Uptake> {
    let heard = store.uptakes_heard(CASE).await.expect("reads");
    heard.into_iter().map(|Heard { uptake, .. }| uptake).collect()
}

/// An own case that is shared with the partner.
async fn shared(folder: &Folder) -> Store {
    let store = folder.open().with_own_goal().await;
    store.must(vec![Write::GrantIssued(our_grant(GRANT)), Write::GrantHanded(GRANT)]).await;
    store
}

#[tokio::test]
async fn last_word_of_a_service_counts_in_whatever_order_they_come() {
    let folder = Folder::new();
    let store = shared(&folder).await;

    store.must(vec![heard(200, "senere")]).await;
    store.must(vec![heard(100, "tidligere")]).await;
    store.must(vec![heard(200, "noe annet i samme stund")]).await;
    assert_eq!(heard_in(&store).await, [their_uptake(GRANT, 200, "senere").statement().clone()]);
    assert_eq!(store.cases_with_uptakes().await.expect("reads"), BTreeSet::from([CASE]));

    store.must(vec![heard(300, "sist")]).await;
    assert_eq!(heard_in(&store).await, [their_uptake(GRANT, 300, "sist").statement().clone()]);
}

#[tokio::test]
async fn answer_to_a_grant_that_is_not_here_or_has_ended_is_not_kept() {
    let folder = Folder::new();
    let store = shared(&folder).await;

    store.must(vec![Write::UptakeHeard(their_uptake(OTHER_GRANT, 100, "ukjent"))]).await;
    assert_eq!(heard_in(&store).await, []);
    store.must(vec![heard(100, "fullt")]).await;
    store.must(vec![Write::OrderQueued(our_order(ORDER))]).await;
    assert_eq!(heard_in(&store).await, [], "the answer goes with its grant");
    store.must(vec![heard(200, "for sent")]).await;

    assert_eq!(heard_in(&store).await, []);
    assert_eq!(store.cases_with_uptakes().await.expect("reads"), BTreeSet::new());
    assert_eq!(store.search_everything("for sent".as_bytes()).await.expect("searches").hits, []);
}

#[tokio::test]
async fn own_answer_waits_until_the_owner_has_it_and_a_newer_one_waits_anew() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    store.must(vec![Write::UptakeSaid(our_uptake(GRANT, 100, "fullt"))]).await;
    store.must(vec![kept(GRANT, 99)]).await;
    assert_eq!(store.uptakes_said(THEIR_CASE).await.expect("reads")[0].kept_at, None, "of another answer");

    store.must(vec![kept(GRANT, 100)]).await;
    assert!(store.uptakes_said(THEIR_CASE).await.expect("reads")[0].kept_at.is_some());
    assert!(store.link_snapshot(them(), BTreeMap::new()).await.expect("reads").said[&GRANT].is_kept);

    store.must(vec![Write::UptakeSaid(our_uptake(GRANT, 200, "fortsatt fullt"))]).await;
    let said = store.uptakes_said(THEIR_CASE).await.expect("reads");
    assert_eq!(said.len(), 1);
    assert_eq!((&said[0].uptake, said[0].kept_at), (&our_uptake(GRANT, 200, "fortsatt fullt"), None));
    assert!(store.link_snapshot(others(), BTreeMap::new()).await.expect("reads").said.is_empty());
}

#[tokio::test]
async fn link_starts_from_what_was_said_on_it_both_ways() {
    let folder = Folder::new();
    let store = shared(&folder).await;
    store.must(vec![Write::GrantReceived(their_grant(GRANT))]).await;
    store.must(vec![heard(100, "fullt"), Write::UptakeSaid(our_uptake(GRANT, 100, "fullt"))]).await;
    drop(store);

    let link = folder.open().link_snapshot(them(), BTreeMap::new()).await.expect("reads");

    assert!(!link.said[&GRANT].is_kept && !link.said[&GRANT].sent);
    assert!(link.heard[&GRANT].is_durable);
}

#[tokio::test]
async fn own_answer_opens_with_no_key_that_is_left_once_its_grant_has_ended() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    store.must(vec![Write::GrantReceived(their_grant(OTHER_GRANT))]).await;
    for grant in [GRANT, OTHER_GRANT] {
        store.must(vec![Write::UptakeSaid(our_uptake(grant, 100, "kanarifugl"))]).await;
    }
    let keys = |folder: &Folder| -> Vec<Vec<u8>> {
        let connection = Connection::open(folder.paths().data.join("keys.sqlite")).expect("opens");
        let mut statement = connection.prepare("SELECT key_id FROM data_key").expect("prepares");
        let rows = statement.query_map([], |row| row.get(0)).expect("asks");
        rows.map(|row| row.expect("reads")).collect()
    };
    let before = keys(&folder);

    store
        .must(vec![Write::GrantEnded { owner: others(), case: THEIR_CASE, grant: GRANT, at: UnixMillis(8) }])
        .await;
    assert_eq!(store.uptakes_said(THEIR_CASE).await.expect("reads").len(), 2, "another's word ends nothing");
    store.must(vec![ended(GRANT)]).await;
    store.must(vec![Write::UptakeSaid(our_uptake(GRANT, 900, "for sent"))]).await;

    let said = store.uptakes_said(THEIR_CASE).await.expect("reads");
    assert_eq!(said.iter().map(|row| row.uptake.grant).collect::<Vec<_>>(), [OTHER_GRANT]);
    assert!(keys(&folder).iter().all(|key| !before.contains(key)), "the case is sealed anew");
    assert!(store.content(GOAL).await.expect("reads").is_some());
    store.must(vec![ended(OTHER_GRANT)]).await;
    assert_eq!(store.search_everything(b"kanarifugl").await.expect("searches").hits, []);
}
