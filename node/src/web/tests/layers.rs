//! What surrounds every request: the log, panics, slowness, too much work.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tower::ServiceExt;

use super::support::{Node, Who, new_note};
use crate::web::layers::{Bounds, bound};

/// What is logged in this thread.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Writes everything down until the guard is dropped.
    pub(super) fn capture(&self) -> tracing::subscriber::DefaultGuard {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        hear_always();
        let guard = tracing::subscriber::set_default(subscriber);
        tracing::callsite::rebuild_interest_cache();
        guard
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }
}

/// Somebody listens in this process for as long as it lives: else a place that logs, and is met first
/// in another test's thread, may be settled as unheard for all.
fn hear_always() {
    static HEARD: std::sync::Once = std::sync::Once::new();
    HEARD.call_once(|| {
        let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        let subscriber = all.with_writer(std::io::sink).finish();
        tracing::subscriber::set_global_default(subscriber).ok();
    });
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn log_has_the_template_of_the_route_and_neither_ids_nor_content_nor_token() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let lines = Lines::default();
    let logging = lines.capture();

    node.expect(201, Who::Holder, "post", &format!("{case}/entries"), &new_note("KANARI")).await;
    node.expect(404, Who::Holder, "get", "/KANARI?KANARI=1", &Value::Null).await;
    node.expect(405, Who::Holder, "KANARI", &case, &Value::Null).await;

    drop(logging);
    let log = lines.text();
    let requests: Vec<_> = log.lines().filter(|line| line.contains("milliseconds=")).collect();
    assert_eq!(requests.len(), 3, "{log}");
    assert!(
        requests[0].contains("method=\"POST\" route=\"/api/v1/cases/{case}/entries\" status=201"),
        "{log}"
    );
    assert!(requests[1].contains("method=\"GET\" route=\"unknown\" status=404"), "{log}");
    assert!(requests[2].contains("method=\"other\" route=\"/api/v1/cases/{case}\" status=405"), "{log}");
    let id = case.rsplit('/').next().expect("an id");
    for secret in ["KANARI", &Who::Holder.token(), "10.0.0."] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(requests.iter().all(|line| !line.contains(id)), "{log}");
}

#[tokio::test]
async fn log_does_not_tell_protecting_an_address_from_setting_a_level() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let lines = Lines::default();
    let logging = lines.capture();

    node.expect(204, Who::Holder, "put", &format!("{case}/level"), &json!({ "level": 2 })).await;
    let strict = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{case}/address-protection"), &strict).await;
    node.expect(200, Who::Holder, "get", &format!("{case}/address-protection"), &Value::Null).await;

    drop(logging);
    let log = lines.text();
    let requests: Vec<_> = log.lines().filter_map(|line| line.split(" milliseconds=").next()).collect();
    let requests: Vec<_> = requests.into_iter().filter(|line| line.contains("route=")).collect();
    assert_eq!(requests.len(), 3, "{log}");
    assert_eq!(requests[0], requests[1], "{log}");
    assert!(!log.contains("protect") && !log.contains("confidential"), "{log}");
}

fn bounded(route: axum::routing::MethodRouter, places: &Arc<Semaphore>, time: Duration) -> Router {
    let bounds = Bounds { places: Arc::clone(places), time };
    Router::new().route("/", route).layer(from_fn_with_state(bounds, bound))
}

async fn ask(router: &Router) -> (u16, Value) {
    let response = router.clone().oneshot(Request::new(Body::empty())).await.expect("an answer");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice::<Value>(&body).map_or(Value::Null, |body| body["error"].clone()))
}

async fn panics() {
    panic!("on purpose");
}

#[tokio::test]
async fn panic_is_answered_and_gives_its_place_back() {
    let places = Arc::new(Semaphore::new(1));
    let router = bounded(get(panics), &places, Duration::from_secs(5));

    for _ in 0..3 {
        assert_eq!(ask(&router).await, (500, "internal".into()));
    }

    assert_eq!(places.available_permits(), 1);
}

#[tokio::test]
async fn work_goes_on_when_its_client_has_waited_too_long() {
    let places = Arc::new(Semaphore::new(1));
    let (go, done) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (waits, says) = (Arc::clone(&go), Arc::clone(&done));
    let work = move || {
        let (waits, says) = (Arc::clone(&waits), Arc::clone(&says));
        async move {
            waits.notified().await;
            says.notify_one();
        }
    };
    let router = bounded(get(work), &places, Duration::from_millis(20));

    assert_eq!(ask(&router).await, (503, "too_slow".into()));
    assert_eq!(ask(&router).await, (503, "busy".into()));
    go.notify_one();

    done.notified().await;
    let _place = places.acquire().await.expect("the place is free again");
}
