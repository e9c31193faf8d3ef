//! Requests that are refused whoever sends them: other methods, too much, another kind, another
//! origin. Each refusal has every security header.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Request, header};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::Value;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::sent::{Route, as_column};
use super::table::{API, HEALTH, PAGES};
use super::world::{Column, Kind, World, columns};
use super::{assert_secured, routes_of};
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::layers::{Bounds, bound, security_headers, with_security_headers};
use crate::web::limits::BODY_BYTES_MAX;
use crate::web::pages::refusal;
use crate::web::tests::support::{Answer, request};

pub(super) const METHODS: [&str; 9] =
    ["get", "head", "post", "put", "patch", "delete", "options", "trace", "PROPFIND"];

/// The methods that each path takes, as its refusals must name them.
fn methods() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut methods: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for Route { method, path } in routes_of(&[PAGES, API, HEALTH]) {
        let of_path = methods.entry(path).or_default();
        of_path.insert(method);
        if method == "get" {
            of_path.insert("head");
        }
    }
    methods
}

pub(super) async fn ask(world: &World, column: Column, mut request: Request<Body>) -> Answer {
    if column.kind == Kind::Person && request.uri().path().starts_with("/api/") {
        let value = HeaderValue::try_from(format!("Bearer {}", column.token())).expect("a value");
        request.headers_mut().insert(header::AUTHORIZATION, value);
        return world.node.send(request).await;
    }
    world.browser(column).send(as_column(column, request)).await
}

#[tokio::test]
async fn other_methods_are_refused_for_everybody_and_the_refusal_names_those_that_there_are() {
    let world = World::start().await;
    for (path, taken) in methods() {
        let real = Route { method: "delete", path }.path_in(&world.case);
        for method in METHODS.into_iter().filter(|method| !taken.contains(method)) {
            for column in columns() {
                let answer = ask(&world, column, request(None, method, &real, &Value::Null)).await;

                let of = format!("{method} {path} {}", column.letter);
                assert_eq!(answer.status.as_u16(), 405, "{of}");
                assert_secured(&answer, &of);
                let allow = answer.headers[header::ALLOW].to_str().expect("text").to_lowercase();
                let named: BTreeSet<_> = allow.split(',').map(str::trim).collect();
                assert_eq!(named, taken, "{of}");
            }
        }
    }
}

#[tokio::test]
async fn asking_for_the_head_alone_is_answered_as_asking_for_the_whole_without_its_body() {
    let world = World::start().await;
    for route in routes_of(&[PAGES, API, HEALTH]).into_iter().filter(|route| route.reads()) {
        let path = route.path_in(&world.case);
        for column in columns() {
            let [whole, head] = ["get", "head"].map(|method| request(None, method, &path, &Value::Null));
            let (whole, head) = (ask(&world, column, whole).await, ask(&world, column, head).await);

            let of = format!("{route:?} {}", column.letter);
            assert_eq!((head.status, head.body.len()), (whole.status, 0), "{of}");
            assert_secured(&head, &of);
        }
    }
}

/// Routes that act and read no body.
const BODILESS: [&str; 19] = [
    "/api/v1/cases/{case}/consents/{consent}/review",
    "/api/v1/cases/{case}/family/{registration}/approval",
    "/api/v1/cases/{case}/family/{registration}/rejection",
    "/api/v1/cases/{case}/address-protection/renewal",
    "/api/v1/cases/{case}/closing",
    "/api/v1/cases/{case}/baton/offers/{offer}/acceptance",
    "/api/v1/cases/{case}/baton/offers/{offer}/refusal",
    "/api/v1/cases/{case}/baton/offers/{offer}/recall",
    "/api/v1/cases/{case}/move/package",
    "/api/v1/cases/{case}/move/recall",
    "/api/v1/cases/{case}/move/transfer",
    "/api/v1/cases/{case}/move/hand/taken-back",
    "/api/v1/moves/{succession}/acceptance",
    "/api/v1/moves/{succession}/no",
    "/api/v1/moves/by-hand/{arrival}/refusal",
    "/api/v1/moves/by-hand/{arrival}/no",
    "/api/v1/batons/here/{baton}/acceptance",
    "/api/v1/batons/here/{baton}/no",
    "/api/v1/batons/here/{baton}/return",
];

fn acting() -> impl Iterator<Item = Route<'static>> {
    routes_of(&[PAGES, API]).into_iter().filter(|route| !route.reads())
}

/// A post with a body of a kind, from a page of the node.
fn posted(route: Route<'_>, path: &str, kind: &str, body: String) -> Request<Body> {
    let builder = Request::builder().method(route.method.to_uppercase().as_str()).uri(path);
    let builder = builder.header(header::HOST, "localhost:8443").header("sec-fetch-site", "same-origin");
    builder.header(header::CONTENT_TYPE, kind).body(body.into()).expect("a request")
}

fn kind_of(route: Route<'_>) -> &'static str {
    if route.is_api() { "application/json" } else { "application/x-www-form-urlencoded" }
}

#[tokio::test]
async fn body_above_the_bound_and_one_of_another_kind_are_refused_by_every_route_that_acts() {
    let world = World::start().await;
    let holder = columns()[0];
    for route in acting().filter(|route| !BODILESS.contains(&route.path)) {
        let path = route.path_in(&world.case);
        for (kind, bytes, status) in [(kind_of(route), BODY_BYTES_MAX + 1, 413), ("text/plain", 3, 415)] {
            let answer = ask(&world, holder, posted(route, &path, kind, "x".repeat(bytes))).await;

            assert_eq!(answer.status.as_u16(), status, "{route:?}: {}", answer.text());
            assert_secured(&answer, &format!("{route:?} {status}"));
        }
    }
}

#[tokio::test]
async fn page_of_another_origin_makes_nobodys_browser_act() {
    let world = World::start().await;
    let before = super::rows(&world.node);
    for route in acting() {
        let path = route.path_in(&world.case);
        for column in columns().into_iter().filter(|column| column.kind == Kind::Person) {
            for (name, value) in [("sec-fetch-site", "cross-site"), (header::ORIGIN.as_str(), "null")] {
                let mut sent = posted(route, &path, kind_of(route), String::new());
                sent.headers_mut().remove("sec-fetch-site");
                let name = header::HeaderName::try_from(name).expect("a name");
                sent.headers_mut().insert(name, HeaderValue::from_static(value));
                let answer = world.browser(column).send(sent).await;

                assert_eq!(answer.status.as_u16(), 403, "{route:?} {}", column.letter);
                assert_secured(&answer, &format!("{route:?}"));
            }
        }
        if !route.is_api() {
            let mut sent = posted(route, &path, kind_of(route), String::new());
            sent.headers_mut().remove("sec-fetch-site");
            let unproven = world.browser(columns()[0]).send(sent).await;
            assert_eq!(unproven.status.as_u16(), 403, "{route:?}: nothing says where it is from");
        }
    }
    assert_eq!(super::rows(&world.node), before);
}

#[tokio::test]
async fn failures_of_the_node_have_every_security_header() {
    async fn panics() {
        panic!("on purpose");
    }
    let world = World::start().await;
    let api = Api::new(world.node.engine.clone(), &world.node.engine.config().web);
    let bounds = Bounds { places: Arc::new(Semaphore::new(8)), time: Duration::from_millis(50) };
    let failing = Router::new()
        .route("/panics", get(panics))
        .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
        .route("/unavailable", get(|| async { ApiError::Unavailable }))
        .layer(from_fn_with_state(bounds, bound))
        .layer(from_fn_with_state(api, refusal::as_page));
    let router = with_security_headers(failing, security_headers(None));
    for (path, status) in [("/panics", 500), ("/slow", 503), ("/unavailable", 503)] {
        for accept in ["text/html", "application/json"] {
            let request = Request::get(path).header(header::ACCEPT, accept);
            let request = request.body(Body::empty()).expect("a request");
            let (parts, body) = router.clone().oneshot(request).await.expect("an answer").into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
            let answer = Answer { status: parts.status, headers: parts.headers, body };

            assert_eq!(answer.status.as_u16(), status, "{path}");
            assert_secured(&answer, path);
        }
    }
}
