//! Who calls: a bearer token (RFC 6750), and the address it came from.
//!
//! A token is looked up by its hash, in the engine; nothing here compares it. Neither the token
//! nor the header is ever logged.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use stafett_protocol::person::Reader;
use tokio::time::Instant;

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::limits::TOKEN_BYTES_MAX;

/// The other end of the connection that a request came on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Somebody whose token holds. The engine's questions need its reader, so a handler that leaves
/// it out can ask nothing.
pub(crate) struct Caller(pub(crate) Reader);

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let peer = peer_address(parts, api.behind_proxy);
        if let Some(wait) = api.attempts.must_wait(peer, Instant::now()) {
            return Err(ApiError::TooManyAttempts { wait });
        }
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Err(ApiError::Unauthenticated);
        }
        let reader = match bearer_token(&parts.headers) {
            Some(token) => api.engine.authenticate(token).await?,
            None => None,
        };
        reader.map(Self).ok_or_else(|| {
            api.attempts.was_wrong(peer, Instant::now());
            ApiError::Unauthenticated
        })
    }
}

/// Returns the token of the one `Authorization` header, if it is a bearer's.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let fits = (1..=TOKEN_BYTES_MAX).contains(&token.len());
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(token)
}

/// Behind a proxy the address is the one that the proxy itself added, which is the last of
/// `X-Forwarded-For`; all before it is what the client says of itself.
pub(crate) fn peer_address(parts: &Parts, behind_proxy: bool) -> IpAddr {
    let connection =
        parts.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    if !behind_proxy {
        return connection;
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok())
        .unwrap_or(connection)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_static(value))).collect()
    }

    fn forwarded(values: &[&'static str]) -> Parts {
        let mut request = Request::new(());
        for value in values {
            request.headers_mut().append("x-forwarded-for", HeaderValue::from_static(value));
        }
        request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, 1], 40_000))));
        request.into_parts().0
    }

    #[test]
    fn only_one_bearer_token_of_bounded_length_is_taken() {
        assert_eq!(bearer_token(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer_token(&headers(&["bearer  abc"])), Some("abc"));
        for refused in [&["Basic abc"][..], &["Bearer"], &["Bearer "], &["Bearer abc", "Bearer abc"], &[]] {
            assert_eq!(bearer_token(&headers(refused)), None, "{refused:?}");
        }
        let long = HeaderValue::try_from(format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1)));
        let long = HeaderMap::from_iter([(header::AUTHORIZATION, long.expect("visible characters"))]);
        assert_eq!(bearer_token(&long), None);
    }

    #[test]
    fn forwarded_address_counts_only_behind_a_proxy_and_only_the_last_one() {
        let connection: IpAddr = [192, 0, 2, 1].into();
        let last: IpAddr = [198, 51, 100, 7].into();

        assert_eq!(peer_address(&forwarded(&["198.51.100.7"]), false), connection);
        assert_eq!(peer_address(&forwarded(&["203.0.113.9, 198.51.100.7"]), true), last);
        assert_eq!(peer_address(&forwarded(&["203.0.113.9", "198.51.100.7"]), true), last);
        assert_eq!(peer_address(&forwarded(&["198.51.100.7, unknown"]), true), connection);
        assert_eq!(peer_address(&forwarded(&[]), true), connection);
    }
}
