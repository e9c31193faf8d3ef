//! Cases that move: what is kept, in which place, and what goes when.

use stafett_protocol::id::SuccessionId;
use stafett_protocol::limits::PACKAGE_PART_BYTES;
use stafett_protocol::signed::StatementHash;
use stafett_protocol::succession::arriving::Coming;
use stafett_protocol::succession::package::Packed;
use stafett_protocol::succession::record::{ArrivingRecord, LeavingRecord};
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, PackageSecret, Sealed};
use stafett_protocol::succession::statement::Course;
use stafett_protocol::succession::{Arriving, Leaving};
use stafett_protocol::transaction::{PackageItem, PackageMade};

use super::*;

pub(super) const MOVE: SuccessionId = SuccessionId::from_bytes([0x71; 16]);
const THEIRS: SuccessionId = SuccessionId::from_bytes([0x72; 16]);
const ANSWER: StatementHash = StatementHash([7; 32]);

fn course(succession: SuccessionId, from: OrganisationNumber, to: OrganisationNumber) -> Course {
    Course { succession, from, to }
}

fn sealed(revision: u32, document: &str) -> Sealed {
    let place = PackagePlace { succession: MOVE, revision, from: us(), to: them() };
    let key = PackageKey::derive(&PackageSecret::new([3; 32]), MOVE, revision).expect("a key");
    Sealed::seal(document.as_bytes(), &key, &place, [4; 12]).expect("seals")
}

fn leaving(state: Leaving) -> Write {
    Write::Leaving(Box::new(LeavingRecord::settled(CASE, course(MOVE, us(), them()), state)))
}

fn item() -> PackageItem {
    PackageItem { entry: GOAL, generation: FIRST, heads: Heads::default() }
}

/// A package of an own case and what holds of its move.
pub(super) fn packed(revision: u32, document: &str) -> Vec<Write> {
    let sealed = sealed(revision, document);
    let packed = Packed { revision, package: sealed.hash() };
    let made = PackageMade { succession: MOVE, case: CASE, revision, sealed, items: vec![item()] };
    vec![leaving(Leaving::carried_out(ANSWER, packed, UnixMillis(1))), Write::PackageMade(Box::new(made))]
}

fn arriving(state: Arriving) -> ArrivingRecord {
    let asking = ArrivingRecord::asking(course(THEIRS, them(), us()), UnixMillis(1));
    ArrivingRecord { arriving: state, bytes: 5, ..asking }
}

fn coming(revision: u32, have: u32) -> Arriving {
    let packed = Packed { revision, package: sealed(revision, "x").hash() };
    Arriving::Accepted { answer: ANSWER, coming: Some(Coming { packed, parts: 9, have }) }
}

fn part(index: u32, bytes: &str) -> Write {
    Write::PackagePart { succession: THEIRS, index, bytes: bytes.as_bytes().to_vec() }
}

/// Two parts of another municipality's package, each with what holds then.
pub(super) fn fetched() -> Vec<Write> {
    vec![
        Write::Arriving(Box::new(arriving(coming(1, 1)))),
        part(0, "første"),
        Write::Arriving(Box::new(arriving(coming(1, 2)))),
        part(1, "annen"),
    ]
}

async fn here(store: &Store) -> Vec<String> {
    let parts = store.parts_here(THEIRS).await.expect("reads").into_iter();
    parts.map(|part| String::from_utf8(part).expect("text")).collect()
}

#[tokio::test]
async fn package_is_read_part_by_part_and_is_the_one_that_stands() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let long = "a".repeat(2 * PACKAGE_PART_BYTES);
    store.must(packed(1, &long)).await;
    store.must(packed(2, &format!("{long}b"))).await;

    let mut bytes = Vec::new();
    for part in 0..3 {
        bytes.extend(store.package_part(MOVE, 2, part).await.expect("reads").expect("a part"));
    }

    assert_eq!(bytes, sealed(2, &format!("{long}b")).as_bytes());
    assert_eq!(store.package_part(MOVE, 2, 3).await.expect("reads"), None);
    assert_eq!(store.package_part(MOVE, 1, 0).await.expect("reads"), None, "of the one before");
    assert_eq!(store.package_items(MOVE, 1).await.expect("reads"), [item()], "what it held stays known");
    assert_eq!(store.package_items(MOVE, 2).await.expect("reads"), [item()]);
}

#[tokio::test]
async fn package_goes_with_the_end_of_its_move_and_what_became_of_it_stays() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(packed(1, "et skrin")).await;

    store.must(vec![leaving(Leaving::ended_before())]).await;

    assert_eq!(store.package_part(MOVE, 1, 0).await.expect("reads"), None);
    let kept = store.move_out(MOVE).await.expect("reads").expect("a move");
    assert_eq!(kept.leaving, Leaving::ended_before());
    assert_eq!(store.moves_of(CASE).await.expect("reads"), [kept]);
    assert_eq!(store.moves_of(THEIR_CASE).await.expect("reads"), []);
}

#[tokio::test]
async fn that_an_offer_has_left_is_not_taken_back_by_what_is_kept_later() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    let record = LeavingRecord {
        is_handed: false,
        ..LeavingRecord::settled(CASE, course(MOVE, us(), them()), Leaving::ended_before())
    };
    let is_handed = async || store.move_out(MOVE).await.expect("reads").expect("a move").is_handed;
    store.must(vec![Write::Leaving(Box::new(record.clone()))]).await;
    assert!(!is_handed().await);
    store.must(vec![Write::LeavingHanded { succession: MOVE, is_handed: true }]).await;

    store.must(vec![Write::Leaving(Box::new(record))]).await;

    assert!(is_handed().await);
    store.must(vec![Write::LeavingHanded { succession: MOVE, is_handed: false }]).await;
    assert!(!is_handed().await, "no frame of it was ever built");
}

#[tokio::test]
async fn parts_stay_as_long_as_their_package_is_the_one_that_is_fetched() {
    let folder = Folder::new();
    let store = folder.open();
    store.must(fetched()).await;
    assert_eq!(here(&store).await, ["første", "annen"]);

    store.must(vec![Write::Arriving(Box::new(arriving(coming(2, 0))))]).await;
    assert_eq!(here(&store).await, [""; 0], "a newer package is fetched from its first part");

    store.must(vec![Write::Arriving(Box::new(arriving(coming(2, 1)))), part(0, "ny")]).await;
    store.must(vec![Write::Arriving(Box::new(arriving(Arriving::Ended)))]).await;
    assert_eq!(here(&store).await, [""; 0], "what is recalled is dropped");
    assert_eq!(store.moves_in().await.expect("reads"), [arriving(Arriving::Ended)]);
}

#[tokio::test]
async fn session_starts_with_the_moves_of_its_link_alone() {
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(packed(1, "et skrin")).await;
    store.must(fetched()).await;

    let cases = store.cases_granted(them()).await.expect("reads");
    let link = store.link_snapshot(them(), BTreeMap::new()).await.expect("reads");
    let other = store.link_snapshot(us(), BTreeMap::new()).await.expect("reads");

    assert_eq!(cases, [CASE], "what holds in it must be known, or nothing of it may go");
    assert_eq!(link.leaving.keys().collect::<Vec<_>>(), [&MOVE]);
    assert_eq!(link.moving_here.keys().collect::<Vec<_>>(), [&THEIRS]);
    assert!(other.leaving.is_empty() && other.moving_here.is_empty());
}

#[tokio::test]
async fn nothing_of_a_package_or_a_move_stands_in_clear() {
    const PART: &str = "forseglet utenfra";
    let folder = Folder::new();
    let store = folder.open().with_own_goal().await;
    store.must(packed(1, "et skrin")).await;
    store.must(vec![Write::Arriving(Box::new(arriving(coming(1, 1)))), part(0, PART)]).await;

    let hits = store.search_everything(PART.as_bytes()).await.expect("searches").hits;
    let clear = canary::all_bytes(&folder);

    assert_eq!(hits.len(), 1, "found with the keys");
    assert!(clear.iter().all(|(_, bytes)| !canary::contains(bytes, PART)));
}
