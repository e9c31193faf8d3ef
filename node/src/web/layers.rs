//! What surrounds every request: security headers, the log, and the bounds on work.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::web::error::ApiError;

/// What a browser may fetch, run and send for a page: this node's own, and nothing else. Pictures
/// may stand in a style sheet, as Designsystemet's signs do; no page has any of its own.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Headers of every answer, refusals too. No other site learns which page a link was on; with
/// `no-referrer` a browser would hide from this node too that a form is its own (Fetch, section
/// 3.2). Names in links are not resolved beforehand either, so no
/// name server learns which pages are open.
pub(crate) const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY)),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Has a browser that has reached this node by HTTPS come by nothing else for a year (RFC 6797,
/// section 6.1). Other names below this one are not the node's to speak for.
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Returns the headers of every answer of a node that people reach at an address. By plain HTTP
/// nothing may be said of HTTPS (RFC 6797, section 7.2).
pub(crate) fn security_headers(public_url: Option<&str>) -> Vec<(HeaderName, HeaderValue)> {
    let is_https = public_url.is_some_and(|url| url.starts_with("https://"));
    let strict = is_https.then_some((header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT));
    SECURITY_HEADERS.into_iter().chain(strict).collect()
}

/// Adds the security headers to everything that a router answers. Only what may be kept, because
/// it is the same for everybody, says so itself.
pub(crate) fn with_security_headers<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    headers: Vec<(HeaderName, HeaderValue)>,
) -> Router<S> {
    headers.into_iter().fold(router, |router, (name, value)| {
        router.layer(if name == header::CACHE_CONTROL {
            SetResponseHeaderLayer::if_not_present(name, value)
        } else {
            SetResponseHeaderLayer::overriding(name, value)
        })
    })
}

/// Routes that set something of a whole case have one name in the log: whoever reads it must not
/// count how often an address was protected (law 15).
fn name_in_log(template: &str) -> &str {
    let below = template.strip_prefix("/api/v1/cases/{case}/").unwrap_or_default();
    match below.split('/').next() {
        Some("level" | "family" | "guardian-access" | "address-protection") => {
            "/api/v1/cases/{case}/settings"
        }
        _ => template,
    }
}

/// Logs method, template of the route, status and milliseconds; never the path, which holds ids,
/// nor a header.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();

    let response = next.run(request).await;

    let route = route.as_ref().map_or("unknown", |route| name_in_log(route.as_str()));
    let status = response.status().as_u16();
    let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    if route.starts_with("/health/") {
        tracing::debug!(method, route, status, milliseconds, "request");
    } else {
        tracing::info!(method, route, status, milliseconds, "request");
    }
    response
}

/// A method may be any word that a client makes up, so only known ones are repeated.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// How many requests are worked on, and for how long each is waited for.
#[derive(Clone)]
pub(crate) struct Bounds {
    pub(crate) places: Arc<Semaphore>,
    pub(crate) time: Duration,
}

/// Works on a request in a task of its own, within a bound on time and number.
///
/// Work that has begun goes on when its client is gone or has waited too long, so that a commit
/// is never left without what must follow it. A panic is answered and ends nothing else.
pub(crate) async fn bound(
    State(bounds): State<Bounds>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let place = bounds.places.try_acquire_owned().map_err(|_| ApiError::Busy)?;
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        drop(place);
        response
    });
    match timeout(bounds.time, work).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(_)) => Err(ApiError::Internal),
        Err(_) => Err(ApiError::TooSlow),
    }
}
