//! Open pages hear that something else would be shown, and nothing of what is not for them.

use std::time::Duration;

use serde_json::json;
use stafett_protocol::id::CaseId;
use stafett_protocol::time::MINUTE;
use tokio::time::timeout;

use super::consent_pages::at_home;
use super::household::Family;
use super::support::{Answer, Browser, NOW, Node, PARTNER, Who, new_note};

/// Longer than what follows closely is waited for.
const QUIET: Duration = Duration::from_millis(900);
const SOON: Duration = Duration::from_secs(10);

/// Where a page that somebody has open follows its case.
async fn followed(browser: &mut Browser<'_>, page: &str) -> String {
    let shown = browser.get(page).await;
    assert_eq!(shown.status.as_u16(), 200, "{page}");
    let text = shown.text();
    let (_, rest) = text.split_once("hx-sse:connect=\"").expect("a page that follows");
    rest.split_once('"').expect("an attribute").0.replace("&#38;", "&").replace("&amp;", "&")
}

/// What a stream has said when it ended; none if it is quiet.
async fn said(browser: &mut Browser<'_>, stream: &str, within: Duration) -> Option<Answer> {
    timeout(within, browser.get(stream)).await.ok()
}

fn page_of(family: &Family) -> String {
    format!("/cases/{}", family.id)
}

#[tokio::test]
async fn holder_hears_of_a_new_entry_once_and_of_nothing_in_it() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let mut elsewhere = node.log_in(Who::Holder).await;
    let stream = followed(&mut holder, &page_of(&family)).await;
    assert!(said(&mut elsewhere, &stream, QUIET).await.is_none(), "nothing is new");

    let write = async {
        tokio::time::sleep(QUIET).await;
        family.write(&node, &new_note("noe hemmelig")).await;
    };
    let (heard, ()) = tokio::join!(said(&mut elsewhere, &stream, SOON), write);

    let heard = heard.expect("it is said");
    assert_eq!(
        (heard.status.as_u16(), &heard.headers["content-type"]),
        (200, &"text/event-stream".parse().expect("a value"))
    );
    let text = heard.text();
    assert_eq!(text.matches("Det er kommet noe nytt her.").count(), 1, "{text}");
    assert!(!text.contains("hemmelig") && text.ends_with("event: over\ndata: -\n\n"), "{text}");
    let late = said(&mut holder, &stream, SOON).await.expect("what was missed is said at once");
    assert_eq!(late.text(), text);
}

#[tokio::test]
async fn nobody_hears_of_what_is_not_for_them() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let assign = json!({ "account": Who::Colleague.account() });
    node.expect(204, Who::Holder, "post", &format!("{}/assignments", family.case), &assign).await;
    family.write(&node, &new_note("til alle")).await;
    let mut colleague = node.log_in(Who::Colleague).await;
    let stream = followed(&mut colleague, &page_of(&family)).await;

    let word = json!({ "protection": "confidential" });
    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &word).await;
    family.consent(&node, "997391853", "health-station").await;
    let other = node.open_case().await;
    node.expect(201, Who::Holder, "post", &format!("{other}/entries"), &new_note("en annen sak")).await;

    assert!(said(&mut colleague, &stream, QUIET * 2).await.is_none(), "what is hidden is told");
    family.write(&node, &new_note("til alle igjen")).await;
    assert!(said(&mut colleague, &stream, SOON).await.is_some(), "the control: what is shown is told");
}

#[tokio::test]
async fn pages_of_a_family_follow_nothing_and_cannot() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let stream = followed(&mut holder, &page_of(&family)).await;
    for who in [Who::Guardian, Who::Father, Who::Youth] {
        let mut relative = node.log_in(who).await;
        let home = relative.get(&format!("/family/{}", family.id)).await.text();
        assert!(!home.contains("hx-sse"), "{who:?}");
        assert_eq!(relative.get(&stream).await.status.as_u16(), 404, "{who:?}");
    }
}

#[tokio::test]
async fn holder_hears_when_somebody_says_yes() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let ask = json!({ "recipient": { "host": PARTNER, "code": "ppt" }, "areas": ["language"],
        "kinds": ["note"], "purpose": "Utrede lesing" });
    let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", family.case), &ask).await;
    let consent = asked["id"].as_str().expect("an id");
    let mut holder = node.log_in(Who::Holder).await;
    let of_holder = followed(&mut holder, &format!("/cases/{}/consents/{consent}", family.id)).await;

    let yes = json!({ "giver": family.mother, "evidence": { "kind": "oral" } });
    node.expect(200, Who::Holder, "post", &format!("{}/consents/{consent}/yes", family.case), &yes).await;

    assert!(said(&mut holder, &of_holder, SOON).await.is_some());
}

#[tokio::test]
async fn stream_ends_with_the_session_and_does_not_keep_it() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let stream = followed(&mut holder, &page_of(&family)).await;
    for minutes in [6, 12] {
        node.clock.store(NOW + minutes * MINUTE, std::sync::atomic::Ordering::Relaxed);
        assert!(said(&mut holder, &stream, QUIET).await.is_none(), "{minutes} minutes");
    }

    let ended = async {
        tokio::time::sleep(QUIET).await;
        node.clock.store(NOW + 16 * MINUTE, std::sync::atomic::Ordering::Relaxed);
        family.write(&node, &new_note("etter økten")).await;
    };
    let (last, ()) = tokio::join!(said(&mut holder, &stream, SOON), ended);
    assert_eq!(last.expect("the stream ends").text(), "event: over\ndata: -\n\n", "and says nothing");

    assert_eq!(holder.get(&stream).await.status.as_u16(), 401, "following counts as use");
    assert_eq!(holder.get(&page_of(&family)).await.status.as_u16(), 401, "and keeps the session");
}

#[tokio::test]
async fn case_of_others_and_no_case_are_one_answer_and_programs_follow_nothing() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let stream = followed(&mut holder, &page_of(&family)).await;
    let missing = stream.replace(&family.id.to_string(), &CaseId::from_bytes([0x3f; 16]).to_string());
    for who in [Who::Operator, Who::ProtectionOfficer, Who::HealthNurse] {
        let mut other = node.log_in(who).await;
        let (foreign, missing) = (other.get(&stream).await, other.get(&missing).await);
        assert_eq!((foreign.status.as_u16(), missing.status.as_u16()), (404, 404), "{who:?}");
        assert_eq!(foreign.body, missing.body, "{who:?}");
    }
    assert_eq!(node.browser().get(&stream).await.status.as_u16(), 401);
    let token = node.ask(Who::Holder, "get", &stream, &serde_json::Value::Null).await;
    assert_eq!(token.status.as_u16(), 401);
    for seen in ["", "x", "00000000000000000"] {
        let path = format!("{}/live?seen={seen}", page_of(&family));
        assert_eq!(holder.get(&path).await.status.as_u16(), 404, "{seen}");
    }
}

#[tokio::test]
async fn one_person_follows_three_pages_at_a_time_and_a_page_that_is_left_makes_room() {
    let node = Node::start().await;
    let family = at_home(&node).await;
    let mut holder = node.log_in(Who::Holder).await;
    let stream = followed(&mut holder, &page_of(&family)).await;
    let open = async || {
        let browser = node.log_in(Who::Holder).await;
        let mut request = super::support::request(None, "get", &stream, &serde_json::Value::Null);
        browser.prepare(&mut request);
        request.extensions_mut().insert(crate::web::caller::Peer(([192, 0, 2, 1], 40_000).into()));
        tower::ServiceExt::oneshot(node.router.clone(), request).await.expect("an answer")
    };

    let streams = [open().await, open().await, open().await];
    assert!(streams.iter().all(|stream| stream.status().as_u16() == 200));
    assert_eq!(open().await.status().as_u16(), 204);

    drop(streams);
    timeout(SOON, async {
        while open().await.status().as_u16() != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("a place is free again");
}
