//! Offers of other municipalities' batons: what the owner says and what somebody here answers, in any order.

use stafett_protocol::baton::there::{About as AboutBaton, At, BatonThere};
use stafett_protocol::id::BatonOfferId;
use stafett_protocol::succession::package::Line;

use super::*;
use crate::store::LocalWrite;

const OFFER: BatonOfferId = BatonOfferId::from_bytes([91; 16]);

fn record(at: At) -> BatonThere {
    let (owner, partner, service) = (them(), us(), "ppt".parse().expect("a code"));
    let about = AboutBaton { offer: OFFER, owner, partner, case: THEIR_CASE, service };
    BatonThere { about, at }
}

/// Everything that an offer can come to.
fn steps() -> [At; 4] {
    let name = || Line::of("Ole Eksempel").expect("a line");
    [
        At::Offered { lapses_at: UnixMillis(9_000) },
        At::Taken { account: NILS, name: name() },
        At::Held { account: NILS, name: name(), since: UnixMillis(5_000) },
        At::NotTaken,
    ]
}

fn said(at: At) -> Write {
    Write::BatonThere(Box::new(record(at)))
}

async fn answered(store: &Store, at: At) -> Result<Committed, Fault> {
    let answer = vec![LocalWrite::BatonAnswered(Box::new(record(at)))];
    store.commit_with(Transaction::default(), answer).await
}

async fn kept(store: &Store) -> Option<BatonThere> {
    store.batons_here().await.expect("reads").pop().map(|row| row.record)
}

#[tokio::test]
async fn store_keeps_of_two_steps_what_the_rule_says() {
    for first in steps() {
        for next in steps() {
            let folder = Folder::new();
            let store = folder.open();
            store.must(vec![said(first.clone())]).await;

            store.must(vec![said(next.clone())]).await;

            let (first, next) = (record(first.clone()), record(next));
            let expected = if first.is_before(&next) { next } else { first };
            assert_eq!(kept(&store).await, Some(expected));
        }
    }
}

#[tokio::test]
async fn answer_brings_nothing_back_that_is_over_or_further_on() {
    let folder = Folder::new();
    let store = folder.open();
    let [offered, taken, held, not_taken] = steps();
    store.must(vec![said(offered)]).await;
    answered(&store, taken.clone()).await.expect("it waits");
    store.must(vec![said(held.clone())]).await;

    assert_eq!(answered(&store, taken).await, Err(Fault::Moved));
    assert_eq!(kept(&store).await, Some(record(held)));
    store.must(vec![Write::BatonThereOver(OFFER)]).await;
    assert_eq!(answered(&store, not_taken).await, Err(Fault::Moved));
    assert_eq!(kept(&store).await, None);
}
