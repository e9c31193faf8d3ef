//! What a node that people reach by HTTPS says of it, and others do not (RFC 6797).

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, header};
use axum::routing::get;
use serde_json::Value;
use tower::ServiceExt;

use super::refused::{METHODS, ask};
use super::routes_of;
use super::table::{API, HEALTH, PAGES};
use super::world::{World, columns};
use crate::web::error::ApiError;
use crate::web::layers::{security_headers, with_security_headers};
use crate::web::tests::support::request;

const YEAR: &str = "max-age=31536000";

fn said(headers: &HeaderMap) -> Vec<&str> {
    let all = headers.get_all(header::STRICT_TRANSPORT_SECURITY).iter();
    all.map(|value| value.to_str().expect("text")).collect()
}

/// Every route by every method: those that there are, and those that are refused.
async fn every_answer(more: &str, expected: &[&str]) {
    let world = World::with("2015-03-14", more).await;
    let routes = routes_of(&[PAGES, API, HEALTH]);
    assert!(routes.len() > 50, "{}", routes.len());
    for route in routes {
        let path = route.path_in(&world.case);
        // Who asks makes no difference here: somebody with a session, and nobody.
        for column in columns().into_iter().filter(|column| matches!(column.letter, 'H' | 'N')) {
            for method in [route.method, "trace"] {
                let answer = ask(&world, column, request(None, method, &path, &Value::Null)).await;
                let of = format!("{method} {} {}", route.path, column.letter);
                assert_eq!(said(&answer.headers), expected, "{of}");
            }
        }
    }
    for method in METHODS {
        let answer = ask(&world, columns()[0], request(None, method, "/nowhere", &Value::Null)).await;
        assert_eq!(said(&answer.headers), expected, "{method} /nowhere");
    }
}

#[tokio::test]
async fn every_answer_of_a_node_reached_by_https_asks_for_https_for_a_year() {
    every_answer("[login]\npublic_url = \"https://stafett.example\"", &[YEAR]).await;
}

#[tokio::test]
async fn no_answer_of_a_node_reached_by_plain_http_asks_for_https() {
    every_answer("[login]\npublic_url = \"http://localhost:8443\"", &[]).await;
}

#[tokio::test]
async fn failures_of_a_node_reached_by_https_ask_for_it_too() {
    let failing = Router::new().route("/unavailable", get(|| async { ApiError::Unavailable }));
    let router = with_security_headers(failing, security_headers(Some("https://stafett.example")));
    for path in ["/unavailable", "/nowhere"] {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(said(answer.headers()), [YEAR], "{path}");
    }
}
