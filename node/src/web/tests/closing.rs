//! What closes while it is being read is not shown: the gate is asked again at the end.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::kin::{Home, own_service};
use super::support::{NOW, Who};

/// Moments at which the clock may be read while one answer is made.
const READS_MAX: u64 = 400;

/// A nurse who reads an entry under a consent that ends at a moment, and where that entry is.
async fn read_until(end: u64) -> (Home, String) {
    let home = Home::start().await;
    let nurse = json!({ "account": Who::HealthNurse.account() });
    home.holder(204, "post", "/assignments", &nurse).await;
    let entry = home.note("language").await;
    home.share(json!({ "recipient": own_service("health-station"), "until": end })).await;
    let path = format!("{}/entries/{entry}", home.case);
    (home, path)
}

#[tokio::test]
async fn entry_whose_consent_ends_while_it_is_read_is_not_shown() {
    let end = NOW + DAY;
    let (home, path) = read_until(end).await;
    let (mut hidden, mut shown) = (0, 0);

    for reads in 0..READS_MAX {
        home.node.leaps(end - 1, reads, end);
        let answer = home.node.ask(Who::HealthNurse, "get", &path, &Value::Null).await;
        let is_over = home.node.clock.load(Ordering::Relaxed) == end;
        assert_eq!(answer.status.as_u16(), if is_over { 404 } else { 200 }, "over after {reads} reads");
        if is_over {
            hidden += 1;
        } else {
            shown += 1;
            break;
        }
    }

    assert!(hidden > 2 && shown == 1, "{hidden} moments, and the one after the answer: {shown}");
}
