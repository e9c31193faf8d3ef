//! Sessions: who has one, how long, and what may be done with it.

use std::sync::atomic::Ordering;

use axum::http::{HeaderValue, header};
use serde_json::{Value, json};
use stafett_protocol::person::Role;
use stafett_protocol::time::{HOUR, MINUTE, SECOND};

use super::household::Family;
use super::support::{Answer, Browser, Node, Who, form, request};

mod provider;
mod written;

const DEMO: &str =
    "node.development = true\n[federation]\nlisten = \"127.0.0.1:0\"\n[development]\ndemo_login = true";

async fn with_demo() -> Node {
    Node::start_with(DEMO).await
}

fn pass(node: &Node, milliseconds: u64) {
    node.clock.fetch_add(milliseconds, Ordering::Relaxed);
}

fn value_of(who: Who) -> String {
    format!("{}/{}", who.account(), word_of(who.role()))
}

/// A role as a form names it.
pub(super) fn word_of(role: Role) -> String {
    serde_json::to_value(role).expect("a word").as_str().expect("a text").to_owned()
}

/// Whether the browser has a session that counts.
async fn is_in(browser: &mut Browser<'_>) -> bool {
    browser.get("/login").await.text().contains("action=\"/logout\"")
}

#[tokio::test]
async fn person_who_is_picked_is_logged_in_and_out_again() {
    let node = with_demo().await;
    let mut browser = node.browser();
    let offered = browser.get("/login?to=%2Flogin").await.text();
    assert!(
        offered.contains(&format!("value=\"{}\">Holder – ansatt, Skole", value_of(Who::Holder))),
        "{offered}"
    );
    assert!(offered.contains("name=\"to\" value=\"/login\""), "{offered}");

    let page = browser.act("/login/demo", &[("as", &value_of(Who::Holder)), ("to", "/login")]).await.text();

    assert!(page.contains("role=\"status\">Du er logget inn.<"), "{page}");
    assert!(page.contains("<p>Holder, ansatt</p>"), "{page}");
    assert!(!browser.get("/login").await.text().contains("role=\"status\""), "a notice is shown once");
    let page = browser.act("/logout", &[]).await.text();
    assert!(page.contains("role=\"status\">Du er logget ut.<"), "{page}");
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn session_whose_secret_was_kept_is_over_after_the_log_out() {
    let node = with_demo().await;
    let mut browser = node.log_in(Who::Holder).await;
    let kept = browser.cookies.clone();
    assert!(is_in(&mut browser).await);

    browser.act("/logout", &[]).await;

    assert!(!is_in(&mut Browser { node: &node, cookies: kept }).await);
}

#[tokio::test]
async fn login_begins_a_new_session_and_ends_the_one_before() {
    let node = with_demo().await;
    let mut browser = node.log_in(Who::Holder).await;
    let before = browser.cookies.clone();

    browser.act("/login/demo", &[("as", &value_of(Who::Holder))]).await;

    assert!(is_in(&mut browser).await);
    assert_ne!(before["stafett-0-session"], browser.cookies["stafett-0-session"]);
    assert!(!is_in(&mut Browser { node: &node, cookies: before }).await);
}

#[tokio::test]
async fn session_ends_fifteen_minutes_after_its_last_use() {
    let node = with_demo().await;
    let mut used = node.log_in(Who::Holder).await;
    let mut idle = node.log_in(Who::Colleague).await;

    pass(&node, 14 * MINUTE);
    assert!(is_in(&mut used).await);
    pass(&node, MINUTE);

    assert!(is_in(&mut used).await);
    assert!(!is_in(&mut idle).await);
    pass(&node, 15 * MINUTE);
    assert!(!is_in(&mut used).await);
}

#[tokio::test]
async fn session_in_constant_use_ends_after_eight_hours() {
    let node = with_demo().await;
    let mut browser = node.log_in(Who::Holder).await;

    for _ in 0..(8 * HOUR / (10 * MINUTE)) - 1 {
        pass(&node, 10 * MINUTE);
        assert!(is_in(&mut browser).await);
    }
    pass(&node, 10 * MINUTE - SECOND);
    assert!(is_in(&mut browser).await);
    pass(&node, SECOND);

    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn closed_account_and_lost_role_end_a_session_at_once() {
    let node = with_demo().await;
    let mut browser = node.log_in(Who::Holder).await;
    let everybody: String = Who::ALL.map(Who::line).concat();
    assert!(is_in(&mut browser).await);

    node.people_are(&everybody.replace(&Who::Holder.line(), ""));
    assert!(!is_in(&mut browser).await);

    let other = Who::Holder.line().replace("employee", "unit-leader");
    node.people_are(&everybody.replace(&Who::Holder.line(), &other));
    assert!(!is_in(&mut browser).await);
}

#[tokio::test]
async fn all_sessions_of_one_account_can_be_ended_and_nobody_elses() {
    let node = with_demo().await;
    let (mut first, mut second) = (node.log_in(Who::Holder).await, node.log_in(Who::Holder).await);
    let mut other = node.log_in(Who::Colleague).await;

    node.engine.log_out_everywhere(Who::Holder.account()).await.expect("a store");

    assert!(!is_in(&mut first).await && !is_in(&mut second).await);
    assert!(is_in(&mut other).await);
}

#[tokio::test]
async fn person_with_two_roles_changes_to_the_other_and_to_no_third() {
    let node = with_demo().await;
    let both = Who::Holder.line().replace("\"employee\"", "\"employee\", \"unit-leader\"");
    node.people_are(&Who::ALL.map(|who| if who == Who::Holder { both.clone() } else { who.line() }).concat());
    let mut browser = node.log_in(Who::Holder).await;
    let page = browser.get("/login").await.text();
    assert!(page.contains("name=\"role\" value=\"unit-leader\">enhetsleder<"), "{page}");

    let page = browser.act("/role", &[("role", "unit-leader")]).await.text();

    assert!(page.contains("<p>Holder, enhetsleder</p>"), "{page}");
    for refused in ["it-operator", "guardian", "", "nobody"] {
        let answer = browser.post("/role", &[("role", refused)]).await;
        assert_eq!(answer.status.as_u16(), 404, "{refused}");
    }
    let session = node.engine.session(&browser.cookies["stafett-0-session"]).await.expect("a store");
    assert_eq!(session.expect("a session").reader.role, Role::UnitLeader);
}

#[tokio::test]
async fn form_that_no_page_of_this_node_sent_is_refused() {
    let node = with_demo().await;
    let mut browser = node.log_in(Who::Holder).await;

    for path in ["/logout", "/role", "/language", "/login/demo"] {
        for (name, value) in [
            ("x-nothing", "1"),
            ("sec-fetch-site", "none"),
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://other.example"),
            ("origin", "null"),
        ] {
            let mut posted = form(path, &[("role", "employee"), ("language", "nn")]);
            posted.headers_mut().insert(name, HeaderValue::from_static(value));
            let answer = browser.send(posted).await;
            assert_eq!(answer.status.as_u16(), 403, "{path} {name} {value}");
        }
    }
    assert!(is_in(&mut browser).await);
    let mut own = form("/language", &[("language", "nn"), ("to", "/login")]);
    own.headers_mut().insert(header::ORIGIN, HeaderValue::from_static("http://localhost:8443"));
    assert_eq!(browser.send(own).await.status.as_u16(), 303);
}

#[tokio::test]
async fn chosen_language_is_kept_and_leads_back_to_the_page() {
    let node = Node::start().await;
    let mut browser = node.browser();

    let answer = browser.post("/language", &[("language", "nn"), ("to", "/login")]).await;

    assert_eq!(answer.headers[header::LOCATION], "/login");
    assert!(browser.get("/nowhere").await.text().contains("<html lang=\"nn\""));
    assert_eq!(browser.post("/language", &[("language", "en")]).await.status.as_u16(), 404);
    let elsewhere = browser.post("/language", &[("language", "nb"), ("to", "//other.example")]).await;
    assert_eq!(elsewhere.headers[header::LOCATION], "/");
}

#[tokio::test]
async fn session_opens_pages_and_never_the_api() {
    let node = with_demo().await;
    let family = Family::of(&node).await;
    let mut browser = node.log_in(Who::Holder).await;

    assert_eq!(browser.get(&family.print()).await.status.as_u16(), 200);
    assert_eq!(browser.get("/api/v1/cases").await.status.as_u16(), 401);
    let nobody = node.browser().get(&family.print()).await;
    assert_eq!(nobody.status.as_u16(), 401);
    let link = format!("/login?to={}", family.print().replace('/', "%2F"));
    assert!(nobody.text().contains(&format!("href=\"{link}\"")), "{}", nobody.text());
    let mut nurse = node.log_in(Who::HealthNurse).await;
    assert_eq!(nurse.get(&family.print()).await.status.as_u16(), 404);
}

#[tokio::test]
async fn taking_a_case_out_on_paper_asks_for_a_fresh_login() {
    let node = with_demo().await;
    let family = Family::of(&node).await;
    let mut browser = node.log_in(Who::Holder).await;
    grows_stale(&node, &mut browser).await;

    let answer = browser.get(&family.print()).await;

    assert_eq!(answer.status.as_u16(), 303);
    let again = answer.headers[header::LOCATION].to_str().expect("an address").to_owned();
    assert_eq!(again, format!("/login/again?to={}", family.print().replace('/', "%2F")));
    let page = browser.get(&again).await.text();
    assert!(page.contains(&value_of(Who::Holder)) && !page.contains(&value_of(Who::Colleague)), "{page}");
    let print = browser.act("/login/demo", &[("as", &value_of(Who::Holder)), ("to", &family.print())]).await;
    assert_eq!(print.status.as_u16(), 200);
}

/// Uses the session all the time until its login is too long ago to share anything.
async fn grows_stale(node: &Node, browser: &mut Browser<'_>) {
    for _ in 0..2 {
        pass(node, 10 * MINUTE);
        assert!(is_in(browser).await);
    }
}

#[tokio::test]
async fn leader_who_lets_somebody_read_or_opens_a_protected_case_logs_in_again_first() {
    let node = with_demo().await;
    let family = Family::of(&node).await;
    let known = json!({ "person": family.mother, "capacity": "guardian-with-parental-responsibility" });
    let body = json!({ "parties": [known], "document": "2026/117-3" });
    let path = format!("{}/family", family.case);
    let registered = node.expect(201, Who::Holder, "post", &path, &body).await;
    let page = format!("/cases/{}/family", family.id);
    let circle = format!("{page}/circle");
    let mut leader = node.log_in(Who::UnitLeader).await;
    leader.act(&circle, &[("act", "set"), ("protection", "confidential")]).await;
    grows_stale(&node, &mut leader).await;
    let again = |answer: Answer, back: &str| {
        let to = answer.headers[header::LOCATION].to_str().expect("an address").to_owned();
        assert_eq!(to, format!("/login/again?to={}", back.replace('/', "%2F")));
    };

    let approve = format!("approve {}", registered["registration"].as_str().expect("an id"));
    again(leader.post(&page, &[("act", &approve)]).await, &page);
    again(leader.post(&circle, &[("act", "set"), ("protection", "none")]).await, &circle);

    let waiting = node.expect(200, Who::UnitLeader, "get", &path, &Value::Null).await;
    assert_eq!(waiting["registrations"].as_array().expect("a list").len(), 1, "nothing was approved");
    let strict = [("act", "set"), ("protection", "strictly-confidential")];
    let closed = leader.post(&circle, &strict).await;
    assert_eq!(closed.headers[header::LOCATION], circle.as_str(), "what closes is taken at once");
}

#[tokio::test]
async fn eleventh_wrong_login_within_a_minute_waits() {
    let node = with_demo().await;
    let nobody = "00000000-0000-4000-8000-000000000000/employee";
    let peer = ([192, 0, 2, 1], 40_000).into();
    let attempt = || {
        let mut posted = form("/login/demo", &[("as", nobody)]);
        posted.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        node.send_from(peer, posted)
    };

    for _ in 0..10 {
        assert_eq!(attempt().await.status.as_u16(), 404);
    }

    let refused = attempt().await;
    assert_eq!(refused.status.as_u16(), 429);
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
}

#[tokio::test]
async fn nobody_can_be_picked_where_the_settings_do_not_offer_it() {
    let node = Node::start().await;
    let mut browser = node.browser();

    let page = browser.get("/login").await.text();
    let answer = browser.post("/login/demo", &[("as", &value_of(Who::Holder))]).await;

    assert!(!page.contains("/login/demo"), "{page}");
    assert_eq!(answer.status.as_u16(), 404);
    assert!(browser.cookies.is_empty());
}

#[tokio::test]
async fn secret_of_a_session_is_in_no_row_and_in_no_line_of_the_log() {
    let lines = super::layers::Lines::default();
    let logging = lines.capture();
    let node = with_demo().await;
    let mut browser = node.browser();
    browser.act("/login/demo", &[("as", &value_of(Who::Holder))]).await;
    node.send(request(Some("wrong"), "get", "/", &Value::Null)).await;
    drop(logging);

    let secret = &browser.cookies["stafett-0-session"];
    assert_eq!(secret.len(), 43, "256 bits");
    assert!(!lines.text().contains(secret.as_str()));
    for file in std::fs::read_dir(node.folder.path().join("data")).expect("a folder") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("a file");
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found);
    }
}

#[tokio::test]
async fn whoever_must_log_in_again_gets_back_what_was_written_in_the_form() {
    let node = with_demo().await;
    let family = Family::of(&node).await;
    let path = format!("/cases/{}/baton/offer", family.id);
    let mut holder = node.log_in(Who::Holder).await;
    grows_stale(&node, &mut holder).await;
    let to = Who::Colleague.account().to_string();
    let note = "Les referatet fra siste møte, og ring far på tirsdag.";

    let answer = holder.post(&path, &[("to", &to), ("note", note)]).await;

    let page = answer.text();
    assert_eq!(answer.status.as_u16(), 403, "{page}");
    assert!(page.contains("Logg inn på nytt") && page.contains(note), "{page}");
    assert!(page.contains(&format!("/login/again?to={}", path.replace('/', "%2F"))), "{page}");
    let nothing = holder.post(&path, &[("to", &to), ("note", "")]).await;
    assert_eq!(nothing.status.as_u16(), 303, "nothing is lost: it leads there at once");
}

#[tokio::test]
async fn form_that_is_refused_gives_back_what_was_written() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let note = "Ane teller til ti på norsk, og til tjue på fredager.";
    let path = format!("/cases/{}/write", family.id);
    let fields = [
        ("entry-kind", "note"),
        ("description", note),
        ("entry-area", "language"),
        ("entry-about", "subject"),
        ("do", "draft"),
    ];

    let refused = node.log_in(Who::HealthNurse).await.post(&path, &fields).await;

    assert_eq!(refused.status.as_u16(), 404, "she has no task in the case");
    assert!(refused.text().contains(note), "{}", refused.text());
    let taken = node.log_in(Who::Holder).await.post(&path, &fields).await;
    assert_eq!(taken.status.as_u16(), 303);
}
