//! What becomes of a form whose session ended while it was written.

use axum::http::{HeaderValue, StatusCode, header};
use stafett_protocol::time::MINUTE;

use super::{pass, with_demo};
use crate::web::limits::BODY_BYTES_MAX;
use crate::web::tests::layers::Lines;
use crate::web::tests::support::{Answer, Browser, Node, Who, form};

const TEXT: &str = "KANARI sa: «Ane <b>teller</b> til ti & to».\nPå fredag også til tjue.";
const ESCAPED: &str =
    "KANARI sa: «Ane &#60;b&#62;teller&#60;/b&#62; til ti &#38; to».\nPå fredag også til tjue.";
const DRAFT: &str = "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05";
const FIELDS: [(&str, &str); 5] = [
    ("entry-kind", "note"),
    ("entry-draft", DRAFT),
    ("description", TEXT),
    ("title", "Kort tittel"),
    ("do", "review"),
];

/// A case with its form to write, whose holder has done nothing for a quarter of an hour.
async fn left(node: &Node) -> (String, Browser<'_>) {
    let case = node.open_case().await.replace("/api/v1", "");
    let browser = node.log_in(Who::Holder).await;
    pass(node, 15 * MINUTE);
    (format!("{case}/write"), browser)
}

/// Posts from the page of the form itself, as a browser says.
async fn post_from_page(browser: &Browser<'_>, path: &str, accepted: &'static str) -> Answer {
    let mut posted = form(path, &FIELDS);
    let page = format!("http://localhost:8443{path}?kind=note");
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("referer", page.as_str()), ("origin", "http://localhost:8443")]
    {
        posted.headers_mut().insert(name, HeaderValue::try_from(value).expect("a value"));
    }
    browser.prepare(&mut posted);
    posted.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(accepted));
    browser.node.send(posted).await
}

#[tokio::test]
async fn whoever_was_logged_out_while_writing_is_told_so_and_gets_the_text_back() {
    let node = with_demo().await;
    let (write, browser) = left(&node).await;

    let answer = post_from_page(&browser, &write, "text/html,*/*;q=0.8").await;

    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let page = answer.text();
    assert!(page.contains("Du er logget ut") && page.contains("15 minutter uten"), "{page}");
    assert!(!page.contains("gyldig token"), "{page}");
    assert!(page.contains(&format!("href=\"/login?to={}\"", write.replace('/', "%2F"))), "{page}");
    assert!(page.contains(&format!("readonly>\n{ESCAPED}</textarea>")), "{page}");
    assert_eq!(page.matches("<textarea").count(), 1, "one text was written");
    assert!(!page.contains(DRAFT) && !page.contains("Kort tittel"), "{page}");
}

#[tokio::test]
async fn text_that_is_given_back_is_in_no_header_and_in_no_line_of_the_log() {
    let lines = Lines::default();
    let logging = lines.capture();
    let node = with_demo().await;
    let (write, browser) = left(&node).await;

    let answer = post_from_page(&browser, &write, "text/html,*/*;q=0.8").await;
    drop(logging);

    assert!(answer.text().contains("KANARI"));
    assert!(!format!("{:?}", answer.headers).contains("KANARI"), "{:?}", answer.headers);
    assert!(!answer.headers.contains_key(header::SET_COOKIE), "{:?}", answer.headers);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert!(!lines.text().contains("KANARI"));
}

#[tokio::test]
async fn text_is_given_back_to_pages_of_this_node_alone() {
    let node = with_demo().await;
    let (write, mut browser) = left(&node).await;

    let program = post_from_page(&browser, &write, "application/json").await;
    assert_eq!((program.status, program.error().as_str()), (StatusCode::UNAUTHORIZED, "unauthenticated"));
    assert!(!program.text().contains("KANARI"));
    for (name, value) in [("x-nothing", "1"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let mut posted = form(&write, &FIELDS);
        posted.headers_mut().insert(name, HeaderValue::from_static(value));
        let answer = browser.send(posted).await;
        assert!(!answer.status.is_success() && !answer.text().contains("KANARI"), "{name} {value}");
    }
    let picked = [("as", "nobody/employee nor anybody else at all"), ("to", "/")];
    let login = browser.post("/login/demo", &picked).await;
    assert!(!login.text().contains("nor anybody"), "nothing of a login is shown");
}

#[tokio::test]
async fn form_of_a_lost_session_is_bounded_and_one_of_a_living_session_is_taken() {
    let node = with_demo().await;
    let (write, mut browser) = left(&node).await;
    let long = "to ord ".repeat(BODY_BYTES_MAX / 7 + 1);

    let refused = browser.post(&write, &[("description", long.as_str())]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut living = node.log_in(Who::Holder).await;
    let area = ("entry-area", "language");
    let draft = [FIELDS[0], FIELDS[2], area, ("entry-about", "subject"), ("do", "draft")];
    let saved = living.post(&write, &draft).await;

    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    assert!(living.get(&write.replace("/write", "")).await.text().contains("write?draft="));
}
