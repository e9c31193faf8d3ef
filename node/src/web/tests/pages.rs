//! Every page: its frame, its headers, its language, and the text on the duty to report in it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::Value;
use stafett_config::Language;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::household::{Family, MOTHER};
use super::late::received_case;
use super::layers::Lines;
use super::support::{Answer, Node, Who, new_note, request};
use crate::engine::seal::SealReason;
use crate::web::error::ApiError;
use crate::web::layers::{Bounds, SECURITY_HEADERS, bound};
use crate::web::look;
use crate::web::pages::refusal;
use crate::web::{Api, routes};

const START: &str = "<aside class=\"duty\"";
const END: &str = "</aside>";
const BROWSER: &str = "text/html,*/*;q=0.8";

/// The text on the duty to report as a page has it; it has it once.
fn block(page: &str) -> &str {
    let from = page.find(START).unwrap_or_else(|| panic!("the text is not there: {page}"));
    let to = page.find(END).expect("its end") + END.len();
    assert_eq!((page.matches(START).count(), page.matches(END).count()), (1, 1));
    &page[from..to]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// Pages of every sort, each with the status that it must have.
async fn all_pages(node: &Node, query: &str) -> Vec<(String, Answer)> {
    let family = Family::of(node).await;
    let entry = family.write(node, &new_note("Ane teller til ti")).await;
    let case = format!("/cases/{}", family.id);
    let [write, shown, edit] =
        ["write".to_owned(), format!("entries/{entry}"), format!("entries/{entry}/edit")]
            .map(|below| format!("{case}/{below}"));
    let leader = Who::ServiceLeader.token();
    let holder = Who::Holder.token();
    let decline = format!("/cases/{}/decline", received_case(node, "x").await);
    let print = family.print();
    let consent = family.consent(node, "997391853", "health-station").await.replace("/api/v1", "");
    let [consents, looks, kin] =
        ["consents", "looks", "family"].map(|word| format!("/cases/{}/{word}", family.id));
    let home = format!("/family/{}", family.id);
    let below = |path: &str, word: &str| format!("{path}/{word}");
    let nowhere = print.replace(&family.id.to_string(), "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05");
    let mut pages = Vec::new();
    for (token, method, path, status) in [
        (None, "get", "/", 200),
        (None, "get", "/login", 200),
        (None, "get", "/login/again", 401),
        (None, "post", "/login/demo", 403),
        (None, "get", "/nowhere", 404),
        (None, "get", "/cases", 401),
        (Some(holder.as_str()), "get", "/cases", 200),
        (Some(holder.as_str()), "get", "/cases/new", 200),
        (Some(holder.as_str()), "get", case.as_str(), 200),
        (Some(MOTHER), "get", case.as_str(), 404),
        (Some(holder.as_str()), "get", &write, 200),
        (Some(holder.as_str()), "get", &shown, 200),
        (Some(holder.as_str()), "get", &edit, 200),
        (Some(leader.as_str()), "get", "/inbox", 200),
        (Some(&Who::UnitLeader.token()), "get", "/unit", 200),
        (Some(&Who::Coordinator.token()), "get", "/stalled", 200),
        (Some(leader.as_str()), "get", &decline, 200),
        (None, "post", "/", 405),
        (None, "get", print.as_str(), 401),
        (Some("wrong"), "get", &print, 401),
        (Some(holder.as_str()), "get", &print, 200),
        (Some(MOTHER), "get", &print, 200),
        (Some(&Who::HealthNurse.token()), "get", &print, 404),
        (Some(holder.as_str()), "get", &nowhere, 404),
        (Some(holder.as_str()), "get", "/cases/no-id/print", 404),
        (Some(holder.as_str()), "put", &print, 405),
        (Some(holder.as_str()), "get", &consents, 200),
        (Some(holder.as_str()), "get", &below(&consents, "new"), 200),
        (Some(holder.as_str()), "get", &consent, 200),
        (Some(holder.as_str()), "get", &below(&consent, "answer"), 200),
        (Some(holder.as_str()), "get", &below(&consent, "withdraw"), 200),
        (Some(holder.as_str()), "get", &below(&consent, "form"), 200),
        (Some(holder.as_str()), "get", &looks, 200),
        (Some(holder.as_str()), "get", &kin, 200),
        (Some(holder.as_str()), "get", &below(&kin, "circle"), 200),
        (Some(MOTHER), "get", &consents, 200),
        (Some(MOTHER), "get", &consent, 200),
        (Some(MOTHER), "get", &below(&consent, "withdraw"), 200),
        (Some(MOTHER), "get", &home, 200),
        (Some(MOTHER), "get", &below(&home, "write"), 200),
        (Some(holder.as_str()), "get", "/baton", 200),
        (Some(holder.as_str()), "get", &below(&case, "close"), 200),
        (Some(holder.as_str()), "get", &below(&case, "baton"), 200),
        (Some(holder.as_str()), "get", &below(&case, "baton/offer"), 200),
        (Some(&Who::UnitLeader.token()), "get", &below(&case, "baton/give"), 200),
        (Some(holder.as_str()), "get", &below(&case, "transition"), 200),
        (Some(holder.as_str()), "get", &below(&case, "move"), 200),
        (Some(&Who::Coordinator.token()), "get", "/moves", 200),
        (Some(holder.as_str()), "get", &below(&case, "move/without"), 200),
        (Some(holder.as_str()), "get", &below(&case, "meeting"), 200),
        (Some(holder.as_str()), "get", "/search", 200),
        (Some(holder.as_str()), "get", "/emergency", 200),
        (Some(holder.as_str()), "get", "/emergency/case", 200),
        (Some(&Who::UnitLeader.token()), "get", "/emergency/reviews", 200),
        (Some(&Who::Operator.token()), "get", "/operations", 200),
        (Some(&Who::ProtectionOfficer.token()), "get", "/disclosures", 200),
    ] {
        let answer = node.page(token, method, &format!("{path}{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
        pages.push((format!("{method} {path} {status}"), answer));
    }
    pages.extend(refused_pages(node, query).await);
    pages
}

/// Refusals that no request brings about at will: each as the layers of the node would answer it.
async fn refused_pages(node: &Node, query: &str) -> Vec<(String, Answer)> {
    async fn panics() {
        panic!("on purpose");
    }
    let api = Api::new(node.engine.clone(), &node.engine.config().web);
    let bounds = Bounds { places: Arc::new(Semaphore::new(8)), time: Duration::from_millis(50) };
    let router = Router::new()
        .route("/panics", get(panics))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
        .route("/sealed", get(|| async { ApiError::Sealed { reason: SealReason::Clock } }))
        .route("/unavailable", get(|| async { ApiError::Unavailable }))
        .route("/busy", get(|| async { ApiError::Busy }))
        .route("/conflict", get(|| async { ApiError::Conflict { reason: "x" } }))
        .layer(from_fn_with_state(bounds, bound))
        .layer(from_fn_with_state(api, refusal::as_page));
    let mut pages = Vec::new();
    for (path, status) in [
        ("/panics", 500),
        ("/slow", 503),
        ("/sealed", 503),
        ("/unavailable", 503),
        ("/busy", 503),
        ("/conflict", 409),
    ] {
        let request = Request::get(format!("{path}{query}")).header(header::ACCEPT, BROWSER);
        let response =
            router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        assert_eq!(parts.status.as_u16(), status, "{path}");
        pages.push((path.to_owned(), Answer { status: parts.status, headers: parts.headers, body }));
    }
    for (of, builder, status) in [
        ("host", Request::get(format!("/{query}")).header("host", "rebound.example"), 421),
        (
            "origin",
            Request::post(format!("/{query}")).header("host", "localhost").header("origin", "null"),
            403,
        ),
        (
            "head",
            Request::get(format!("/{query}")).header("host", "localhost").header("x", "y".repeat(20_000)),
            431,
        ),
    ] {
        let request = builder.header(header::ACCEPT, BROWSER).body(Body::empty()).expect("a request");
        let answer = node.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{of}");
        pages.push((of.to_owned(), answer));
    }
    pages
}

#[tokio::test]
async fn every_page_and_every_refusal_carries_the_text_byte_for_byte() {
    for (query, language) in [("", Language::Nb), ("?lang=nn", Language::Nn)] {
        let node = Node::start_with("[duty_to_report]\nchild_welfare_phone = \"00 00 00 00\"").await;
        let pages = all_pages(&node, query).await;
        assert_eq!(pages.len(), 65);
        let first = pages[0].1.text();
        let carried = block(&first);

        for (of, page) in &pages {
            assert!(block(&page.text()) == carried, "{of}");
            assert!(page.text().contains(&format!("<html lang=\"{}\" ", language.as_str())), "{of}");
        }

        let duty = &node.engine.config().duty_to_report;
        let text = duty.text(language);
        let parts = text.parts.iter().flat_map(|part| {
            part.text.iter().chain(&part.points).chain(&part.after).chain(std::iter::once(&part.heading))
        });
        for said in parts.chain([&text.title, &text.lead, &text.report_url, &text.report_label]) {
            assert!(carried.contains(&escaped(said)), "{said}");
        }
        for number in ["00 00 00 00", "112", "02800", "116 111", "§ 13-2", "§ 196", "1. januar 2023"] {
            assert!(carried.contains(number), "{number}");
        }
    }
}

/// Values of an attribute, in order.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    page.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn nothing_in_the_text_leads_to_this_node_or_can_tell_that_it_was_opened() {
    let node = Node::start().await;
    let page = node.page(None, "get", "/").await.text();
    let block = block(&page);

    let addresses = values(block, "href");
    assert_eq!(addresses, [node.engine.config().duty_to_report.nb.report_url.as_str()]);
    assert!(addresses[0].starts_with("https://"));
    assert!(block.contains("rel=\"noreferrer noopener external\""));
    for telling in [
        " id=", " name=", " src=", " ping=", " on", "srcset", "<form", "<button", "<input", "<iframe",
        "<img", "<script", "<style", " style=", " open", "target=", "data-", "url(",
    ] {
        assert!(!block.contains(telling), "{telling}");
    }
    assert_eq!(block.matches("<details>").count(), 1);
}

#[tokio::test]
async fn no_route_is_about_the_duty_and_fetching_pages_leaves_only_the_line_of_the_page() {
    let node = Node::start().await;
    let words = ["duty", "report", "meld", "avver", "varsl"];
    for routes in [routes::api(), routes::health(), routes::pages()] {
        for (method, path) in routes.listed() {
            assert!(words.iter().all(|word| !path.contains(word)), "{method} {path}");
        }
    }
    let rows = || async { node.engine.store().verify_access_log().await.expect("reads").rows() };
    let before = rows().await;
    let lines = Lines::default();
    let logging = lines.capture();

    let sheet = look::sheets().next().expect("a style sheet").path.as_str();
    for path in ["/", "/?lang=nn", sheet, "/nowhere"] {
        node.page(None, "get", path).await;
        node.page(None, "get", path).await;
    }

    drop(logging);
    let log = lines.text();
    let told: Vec<&str> =
        log.lines().map(|line| line.split_once("request").map_or(line, |(_, rest)| rest)).collect();
    let told: Vec<String> =
        told.iter().map(|line| line.split(" milliseconds=").next().unwrap_or(line).to_owned()).collect();
    assert_eq!(told.len(), 8, "{log}");
    for pair in told.chunks(2) {
        assert_eq!(pair[0], pair[1], "a second look leaves another line than the first");
    }
    assert!(words.iter().all(|word| !log.to_lowercase().contains(word)), "{log}");
    assert_eq!(rows().await, before, "pages without a case are no looks at one");
}

#[tokio::test]
async fn every_page_has_the_headers_and_fetches_the_look_of_this_node_alone() {
    let node = Node::start().await;
    let sheets: Vec<_> = look::sheets().map(|sheet| sheet.path.as_str()).collect();
    let scripts: Vec<_> = look::scripts().map(|script| script.path.as_str()).collect();
    let own = ["#main", "/", "/api/openapi.json"];
    let report = node.engine.config().duty_to_report.nb.report_url.clone();
    let pages = all_pages(&node, "").await;
    for (of, page) in &pages {
        let text = page.text();
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8", "{of}");
        for address in values(&text, "href") {
            let starts = ["/cases", "/inbox", "/family", "/baton", "/search", "/emergency"];
            let is_page = starts.iter().any(|start| address.starts_with(start));
            // The node's sign is in the page itself, so that no browser asks for one.
            let is_part = address.starts_with('#') || address.starts_with("data:image/svg+xml,");
            let known = own.contains(&address) || address == report || sheets.contains(&address);
            let known = known || is_page || is_part;
            assert!(known, "{of}: {address}");
        }
        assert_eq!(values(&text, "src"), scripts, "{of}");
        assert_eq!(text.matches("<link ").count(), sheets.len() + 1, "{of}");
        assert_eq!(text.matches("<script").count(), scripts.len(), "{of}: no script in the page");
        for foreign in ["<style", " style=", "<img", "<iframe", "<object", "@import", "<base"] {
            assert!(!text.contains(foreign), "{of}: {foreign}");
        }
        assert!(!text.to_lowercase().contains(" onclick"), "{of}");
    }
    for path in ["/", "/nowhere", "/assets/0/stafett.css", "/api/v1/cases", "/health/live"] {
        let answer = node.page(None, "get", path).await;
        assert_secured(&answer.headers, path);
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

fn assert_secured(headers: &HeaderMap, of: &str) {
    for (name, value) in SECURITY_HEADERS {
        let found: Vec<_> = headers.get_all(&name).iter().collect();
        assert_eq!(found, [&value], "{of}: {name}");
    }
    assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{of}");
    assert_eq!(headers[header::REFERRER_POLICY], "same-origin", "{of}");
}

#[tokio::test]
async fn every_page_has_one_heading_landmarks_and_a_link_that_skips_to_its_content() {
    let node = Node::start().await;
    for (of, page) in all_pages(&node, "").await {
        let text = page.text();
        for (part, count) in [
            ("<main id=\"main\" tabindex=\"-1\">", 1),
            ("<h1 ", 1),
            ("<header ", 1),
            ("<aside ", 1),
            ("<a class=\"skip ds-skip-link\" href=\"#main\">", 1),
            ("<title>", 1),
            ("<meta name=\"viewport\"", 1),
        ] {
            assert_eq!(text.matches(part).count(), count, "{of}: {part}");
        }
        let body = text.split_once("<body>").expect("a body").1.trim_start();
        assert!(body.starts_with("<a class=\"skip "), "{of}: the skip link comes first");
        assert!(!text.contains("></h1>") && !text.contains("<title> –"), "{of}");
    }
}

#[tokio::test]
async fn paper_and_followed_links_do_not_tell_that_the_text_was_open() {
    let own = look::sheets().last().expect("our own").path.as_str();
    let style = Node::start().await.page(None, "get", own).await;

    let style = style.text();
    let paper = style.split_once("@media print").expect("a style for paper").1;
    assert!(paper.contains(".duty { display: none; }"));
    assert!(style.contains("a:visited:not(.ds-button) { color: var(--ds-color-accent-text-subtle); }"));
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("[open]"));
}

#[tokio::test]
async fn language_is_the_municipalitys_until_its_reader_chooses() {
    let nynorsk = Node::start_with("node.language = \"nn\"").await;
    let bokmal = Node::start().await;
    let lang = |answer: Answer| values(&answer.text(), "lang")[0].to_owned();

    assert_eq!(lang(nynorsk.page(None, "get", "/").await), "nn");
    assert_eq!(lang(nynorsk.page(None, "get", "/?lang=nb").await), "nb");
    assert_eq!(lang(bokmal.page(None, "get", "/nowhere").await), "nb");
    assert_eq!(lang(bokmal.page(None, "get", "/nowhere?lang=nn").await), "nn");
    let mut asked = request(None, "get", "/", &Value::Null);
    asked.headers_mut().insert(header::ACCEPT_LANGUAGE, "nn-NO,nb;q=0.8".parse().expect("a value"));
    assert_eq!(lang(bokmal.send(asked).await), "nn");
    let page = bokmal.page(None, "get", "/?lang=nn").await.text();
    assert!(page.contains(">Stafettloggane i Inderøy kommune</h1>"), "{page}");
    assert!(page.contains("name=\"language\" value=\"nb\" lang=\"nb\">Bokmål</button>"), "{page}");
    assert!(page.contains("<a href=\"/?lang=nn\">Stafett</a>"), "{page}");
}

#[tokio::test]
async fn programs_keep_json_and_refusals_keep_status_and_headers() {
    let node = Node::start().await;
    for path in ["/api/v1/cases", "/api/v1/nowhere"] {
        let answer = node.page(None, "get", path).await;
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/json", "{path}");
    }
    let plain = node.send(request(None, "get", "/nowhere", &Value::Null)).await;
    assert_eq!(plain.error(), "not_found");

    let print = "/cases/3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05/print";
    let unauthenticated = node.page(None, "get", print).await;
    assert_eq!(unauthenticated.headers[header::WWW_AUTHENTICATE], "Bearer realm=\"stafett\"");
    let not_allowed = node.page(None, "post", "/").await;
    assert_eq!(not_allowed.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn programs_have_the_text_in_the_description_and_where_they_look_first() {
    let node = Node::start_with("[duty_to_report]\non_call_phone = \"00 00 00 01\"").await;

    let health = node.expect(200, Who::Colleague, "get", "/api/v1/health", &Value::Null).await;
    let description = node.expect(200, Who::Colleague, "get", "/api/openapi.json", &Value::Null).await;

    let duty = &node.engine.config().duty_to_report;
    for (key, language) in [("nb", Language::Nb), ("nn", Language::Nn)] {
        let plain = duty.plain(language);
        assert!(plain.contains("00 00 00 01"));
        assert_eq!(health["duty_to_report"][key], plain);
        assert!(description["info"]["description"].as_str().is_some_and(|text| text.contains(&plain)));
    }
    for who in Who::ALL {
        let other = node.expect(200, who, "get", "/api/v1/health", &Value::Null).await;
        assert_eq!(other["duty_to_report"], health["duty_to_report"]);
    }
}

#[tokio::test]
async fn every_file_of_the_look_is_served_under_its_hash_and_may_be_kept() {
    let node = Node::start().await;
    let all: Vec<_> = look::sheets().chain(look::scripts()).collect();
    assert!(all.len() >= 2, "our own and another");

    for asset in all {
        let answer = node.page(None, "get", &asset.path).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", asset.path);
        let keep = answer.headers.get_all(header::CACHE_CONTROL).iter().collect::<Vec<_>>();
        assert_eq!(keep, ["public, max-age=31536000, immutable"], "{}", asset.path);
        let kind = answer.headers[header::CONTENT_TYPE].to_str().expect("text");
        let is_sheet = asset.path.rsplit('.').next() == Some("css");
        assert_eq!(kind, if is_sheet { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" });
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let other = asset.path.replacen("/assets/", "/assets/0", 1);
        assert_eq!(node.page(None, "get", &other).await.status.as_u16(), 404, "{other}");
    }
}

/// Where Designsystemet could not be fetched, each of its names that the pages rely on is there.
#[test]
fn plain_look_knows_every_colour_that_our_own_style_sheet_asks_for() {
    let (own, plain) = (include_str!("../assets/stafett.css"), include_str!("../assets/plain.css"));
    let asked: Vec<_> = own.split("var(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(asked.len() > 5);

    for name in asked {
        assert_eq!(plain.matches(&format!("{name}:")).count(), 2, "{name}: light and dark");
    }
}
