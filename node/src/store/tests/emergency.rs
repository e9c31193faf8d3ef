//! Emergency openings: kept, ended by the next, reviewed once, and gone with their case.

use stafett_protocol::access::emergency::{EmergencyFinding, EmergencyReason};
use stafett_protocol::id::EmergencyOpeningId;
use stafett_protocol::limits::EMERGENCY_OPENING_MS;
use stafett_protocol::person::Role;

use super::*;
use crate::store::{EmergencyContent, EmergencyReviewContent, LocalWrite, NewEmergency, NewEmergencyReview};

const FIRST: EmergencyOpeningId = EmergencyOpeningId::from_bytes([0x81; 16]);
const SECOND: EmergencyOpeningId = EmergencyOpeningId::from_bytes([0x82; 16]);
const WHY: &str = "kanarifugl er borte fra skolen";

fn opened(id: EmergencyOpeningId, case: CaseId, account: AccountId, at: u64) -> LocalWrite {
    let content = EmergencyContent {
        role: Role::Employee,
        service: "skole".parse().expect("a code"),
        unit: Some("Granlia".to_owned()),
        reason: EmergencyReason::try_from(WHY.to_owned()).expect("long enough"),
    };
    LocalWrite::EmergencyOpened(NewEmergency { id, case, account, at: UnixMillis(at), content })
}

fn reviewed(id: EmergencyOpeningId, case: CaseId, finding: &str) -> LocalWrite {
    let finding = EmergencyFinding::try_from(finding.to_owned()).expect("long enough");
    let content = EmergencyReviewContent { was_needed: true, finding };
    LocalWrite::EmergencyReviewed(NewEmergencyReview { id, case, by: NILS, at: UnixMillis(9_000), content })
}

async fn write(store: &Store, local: LocalWrite) {
    store.write_local(vec![local]).await.expect("writes");
}

#[tokio::test]
async fn opening_is_the_same_after_a_restart_and_over_at_the_same_millisecond() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    write(&store, opened(FIRST, CASE, MARTE, 8_000)).await;
    let before = store.last_emergency_opening(MARTE).await.expect("reads").expect("is there");
    drop(store);

    let after = folder.open().last_emergency_opening(MARTE).await.expect("reads").expect("is there");

    assert_eq!(after, before);
    let opening = after.opening().expect("opens");
    assert_eq!(opening.until(), UnixMillis(8_000 + EMERGENCY_OPENING_MS));
    assert_eq!(after.content.expect("opens").reason.as_str(), WHY);
}

#[tokio::test]
async fn next_opening_of_a_person_ends_the_one_before_and_nobody_elses() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let third = EmergencyOpeningId::from_bytes([0x83; 16]);
    write(&store, opened(FIRST, CASE, MARTE, 8_000)).await;
    write(&store, opened(third, CASE, NILS, 8_100)).await;
    write(&store, opened(SECOND, CASE, MARTE, 8_500)).await;

    let rows = store.emergency_openings().await.expect("reads");

    let ends: Vec<_> = rows.iter().map(|row| (row.id, row.ended_at)).collect();
    assert_eq!(ends, [(SECOND, None), (third, None), (FIRST, Some(UnixMillis(8_500)))]);
    assert_eq!(store.last_emergency_opening(MARTE).await.expect("reads").map(|row| row.id), Some(SECOND));
    write(&store, opened(FIRST, CASE, MARTE, 9_000)).await;
    assert_eq!(store.emergency_openings().await.expect("reads"), rows, "the same one again changes nothing");
}

#[tokio::test]
async fn first_review_counts_and_an_opening_without_one_is_listed_however_old_it_is() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    write(&store, opened(FIRST, CASE, MARTE, 8_000)).await;
    write(&store, opened(SECOND, CASE, NILS, 8_100)).await;

    write(&store, reviewed(FIRST, CASE, "det var nødvendig")).await;
    write(&store, reviewed(FIRST, CASE, "en annen mening")).await;

    let row = store.emergency_opening(FIRST).await.expect("reads").expect("is there");
    let review = row.review.expect("a review");
    assert_eq!((review.by, review.at), (NILS, UnixMillis(9_000)));
    assert_eq!(review.content.expect("opens").finding.as_str(), "det var nødvendig");
    let since = async |moment| -> Vec<_> {
        let rows = store.emergency_openings_since(UnixMillis(moment)).await.expect("reads");
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(since(8_000).await, [SECOND, FIRST]);
    assert_eq!(since(999_999).await, [SECOND]);
}

#[tokio::test]
async fn reason_and_finding_are_sealed_and_bound_to_person_and_moment() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    write(&store, opened(FIRST, CASE, MARTE, 8_000)).await;
    write(&store, opened(SECOND, CASE, NILS, 8_100)).await;
    write(&store, reviewed(FIRST, CASE, "kanarifugl kom tilbake")).await;
    let hits = store.search_everything(b"kanarifugl").await.expect("searches").hits;
    let columns: Vec<_> = hits.iter().map(|hit| (hit.table.as_str(), hit.column.as_str())).collect();
    let sealed = |table| (table, "sealed");
    assert_eq!(
        columns,
        [sealed("emergency_opening"), sealed("emergency_opening"), sealed("emergency_review")]
    );
    drop(store);

    // A later moment would open the case anew.
    folder.tamper("UPDATE emergency_opening SET opened_at = 9500 WHERE opened_at = 8000");

    let store = folder.open();
    let spoilt = store.last_emergency_opening(MARTE).await.expect("reads").expect("is there");
    assert_eq!((spoilt.content.as_ref(), spoilt.opening()), (None, None));
    let whole = store.last_emergency_opening(NILS).await.expect("reads").expect("is there");
    assert!(whole.opening().is_some());
    assert_eq!(store.emergency_openings().await.expect("reads").len(), 2);
}

#[tokio::test]
async fn case_that_is_erased_takes_its_openings_and_reviews_with_it() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    write(&store, opened(FIRST, CASE, MARTE, 8_000)).await;
    write(&store, reviewed(FIRST, CASE, "kanarifugl kom tilbake")).await;

    write(&store, LocalWrite::CaseDestroyed(CASE)).await;

    assert_eq!(store.emergency_openings().await.expect("reads"), []);
    assert_eq!(store.search_everything(b"kanarifugl").await.expect("searches").hits, []);
}

#[tokio::test]
async fn opening_of_a_received_case_outlives_its_entries_under_the_new_key_also_damaged() {
    let folder = Folder::new();
    let store = folder.open().with_their_goals().await;
    write(&store, opened(FIRST, THEIR_CASE, MARTE, 8_000)).await;
    write(&store, opened(SECOND, THEIR_CASE, NILS, 8_100)).await;
    drop(store);
    folder.tamper("UPDATE emergency_opening SET sealed = zeroblob(60) WHERE opened_at = 8100");
    let store = folder.open();

    store.must(vec![Write::Erase { case: THEIR_CASE, entries: BTreeSet::from([GOAL]) }]).await;

    let rows = store.emergency_openings().await.expect("reads");
    let opens: Vec<_> = rows.iter().map(|row| (row.id, row.content.is_some())).collect();
    assert_eq!(opens, [(SECOND, false), (FIRST, true)], "what is damaged stops no erasing");
    assert!(store.content(GOAL).await.expect("reads").is_none());
}
