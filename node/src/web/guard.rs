//! What is refused before anything is looked at: too large a head, a host that this node is not,
//! and pages of other origins.
//!
//! A page in a browser on this machine can make its own name resolve to a loopback address (DNS
//! rebinding); its requests then carry that name as `Host`. So only loopback names and addresses
//! are taken. Behind a proxy the name is the proxy's business, which alone reaches the node there.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::web::error::ApiError;
use crate::web::limits::HEADER_BYTES_MAX;

/// Which hosts are taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    behind_proxy: bool,
}

impl Guard {
    pub(crate) const fn new(behind_proxy: bool) -> Self {
        Self { behind_proxy }
    }

    fn refusal(self, request: &Request) -> Result<(), ApiError> {
        if head_bytes(request) > HEADER_BYTES_MAX {
            return Err(ApiError::HeadersTooLarge { bytes_max: HEADER_BYTES_MAX });
        }
        let host = host(request.uri(), request.headers()).ok_or(ApiError::UnknownHost)?;
        if !self.behind_proxy && !is_loopback(host.host()) {
            return Err(ApiError::UnknownHost);
        }
        if !request.method().is_safe() && is_foreign(request.headers(), &host) {
            return Err(ApiError::ForeignOrigin);
        }
        Ok(())
    }
}

/// Lets a request through, or refuses it.
pub(crate) async fn check(
    State(guard): State<Guard>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    guard.refusal(&request)?;
    Ok(next.run(request).await)
}

/// Two separators and a line end for each header, as they stand on the wire.
fn head_bytes(request: &Request) -> usize {
    let uri = request.uri();
    let target = uri.path_and_query().map_or(0, |target| target.as_str().len());
    let authority = uri.authority().map_or(0, |authority| authority.as_str().len());
    request.headers().iter().fold(target.saturating_add(authority), |bytes, (name, value)| {
        bytes.saturating_add(name.as_str().len()).saturating_add(value.len()).saturating_add(4)
    })
}

/// Returns the one host that a request names; none if there is none, or the request line and the
/// header name different ones.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut values = headers.get_all(header::HOST).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let host: Authority = value.to_str().ok()?.parse().ok()?;
    let has_user = host.as_str().contains('@');
    let differs = uri.authority().is_some_and(|authority| *authority != host);
    (!has_user && !differs).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether a request says itself that a page of this node sent it: what a browser sends
/// with a session may change something only then.
pub(crate) fn is_proven_own(uri: &Uri, headers: &HeaderMap) -> bool {
    let Some(host) = host(uri, headers) else { return false };
    let is_same = |site: &HeaderValue| site.as_bytes() == b"same-origin";
    let says = headers.contains_key(header::ORIGIN)
        || headers.get_all("sec-fetch-site").iter().next().is_some_and(is_same);
    says && !is_foreign(headers, &host)
}

/// A program sends neither header. A page's browser sends `Origin`, which must be the host that
/// it asks, and newer ones say themselves whether the page is from elsewhere.
fn is_foreign(headers: &HeaderMap, host: &Authority) -> bool {
    let is_own = |origin: &HeaderValue| {
        let rest = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")));
        rest.and_then(|authority| authority.parse::<Authority>().ok())
            .is_some_and(|authority| authority == *host)
    };
    let from_elsewhere = |site: &HeaderValue| !matches!(site.as_bytes(), b"same-origin" | b"none");
    headers.get_all(header::ORIGIN).iter().any(|origin| !is_own(origin))
        || headers.get_all("sec-fetch-site").iter().any(from_elsewhere)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::request::Builder;

    use super::*;

    const LOOPBACK: Guard = Guard::new(false);
    const PROXIED: Guard = Guard::new(true);

    fn answer(guard: Guard, request: Builder) -> Result<(), crate::web::error::ErrorCode> {
        let request = request.body(Body::empty()).expect("a request");
        guard.refusal(&request).map_err(|refusal| refusal.code())
    }

    fn get(host: &str) -> Builder {
        Request::get("/api/v1/cases").header("host", host)
    }

    fn post(host: &str) -> Builder {
        Request::post("/api/v1/cases").header("host", host)
    }

    use crate::web::error::ErrorCode::{ForeignOrigin, HeadersTooLarge, UnknownHost};

    #[test]
    fn loopback_names_and_addresses_are_hosts_of_this_node() {
        for host in ["localhost", "LOCALHOST:8443", "127.0.0.1:8443", "127.8.9.10", "[::1]:8443", "[::1]"] {
            assert_eq!(answer(LOOPBACK, get(host)), Ok(()), "{host}");
        }
    }

    #[test]
    fn names_that_may_resolve_to_a_loopback_address_are_refused() {
        for host in [
            "rebound.example",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
            "user@localhost",
            "192.0.2.1",
            "[::2]",
            "0.0.0.0",
            "localhost, localhost",
            "",
        ] {
            assert_eq!(answer(LOOPBACK, get(host)), Err(UnknownHost), "{host}");
        }
        assert_eq!(answer(LOOPBACK, Request::get("/")), Err(UnknownHost));
        assert_eq!(answer(LOOPBACK, get("localhost").header("host", "localhost")), Err(UnknownHost));
    }

    #[test]
    fn request_line_and_header_must_name_one_host() {
        let absolute = |host: &str| Request::get("http://rebound.example/health/live").header("host", host);

        assert_eq!(answer(LOOPBACK, absolute("localhost")), Err(UnknownHost));
        assert_eq!(answer(PROXIED, absolute("localhost")), Err(UnknownHost));
        assert_eq!(answer(PROXIED, absolute("rebound.example")), Ok(()));
    }

    #[test]
    fn behind_a_proxy_every_one_name_is_taken_but_there_must_be_one() {
        assert_eq!(answer(PROXIED, get("stafett.kommune.example")), Ok(()));
        assert_eq!(answer(PROXIED, Request::get("/")), Err(UnknownHost));
    }

    #[test]
    fn unsafe_methods_from_another_origin_are_refused() {
        for origin in [
            "https://other.example",
            "null",
            "http://localhost:9999",
            "http://localhost:8443.other.example",
            "file://localhost:8443",
            "",
        ] {
            let request = post("localhost:8443").header("origin", origin);
            assert_eq!(answer(LOOPBACK, request), Err(ForeignOrigin), "{origin}");
        }
        for site in ["cross-site", "same-site", ""] {
            let request = post("localhost:8443").header("sec-fetch-site", site);
            assert_eq!(answer(LOOPBACK, request), Err(ForeignOrigin), "{site}");
        }
        let own = post("localhost:8443").header("origin", "http://localhost:8443");
        assert_eq!(answer(LOOPBACK, own.header("sec-fetch-site", "same-origin")), Ok(()));
        let reading = get("localhost").header("origin", "https://other.example");
        assert_eq!(answer(LOOPBACK, reading), Ok(()));
    }

    #[test]
    fn page_of_this_node_is_proven_by_its_origin_or_by_the_browser() {
        let proven = |request: Builder| {
            let request = request.body(Body::empty()).expect("a request");
            is_proven_own(request.uri(), request.headers())
        };
        let with = |name: &str, value: &str| post("localhost:8443").header(name, value);

        assert!(proven(with("origin", "http://localhost:8443")));
        assert!(proven(with("sec-fetch-site", "same-origin")));
        assert!(!proven(post("localhost:8443")));
        assert!(!proven(with("sec-fetch-site", "none")));
        assert!(!proven(with("sec-fetch-site", "same-origin").header("origin", "http://localhost:9")));
        assert!(!proven(with("sec-fetch-site", "same-origin").header("sec-fetch-site", "cross-site")));
        assert!(!proven(with("origin", "null")));
    }

    #[test]
    fn head_above_its_bound_is_refused() {
        let with = |bytes: usize| get("localhost").header("x", "y".repeat(bytes));
        // "/api/v1/cases", "host: localhost" and "x: " with their line ends.
        let rest = 13 + (4 + 9 + 4) + (1 + 4);

        assert_eq!(answer(LOOPBACK, with(HEADER_BYTES_MAX - rest)), Ok(()));
        assert_eq!(answer(LOOPBACK, with(HEADER_BYTES_MAX - rest + 1)), Err(HeadersTooLarge));
    }
}
