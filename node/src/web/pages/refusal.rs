//! Refusals as pages, for whoever asks with a browser. Programs keep JSON: everything under
//! `/api` and `/health`, and whoever does not prefer HTML.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::language::{Chosen, thousandths};
use super::{Frame, login, page, words};
use crate::web::Api;
use crate::web::cookie::Cookie;
use crate::web::error::ErrorCode;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    advice: String,
    /// Where to log in, if that is what is missing.
    log_in: Option<String>,
}

/// Puts a page in the place of a refusal's body, whose status and headers stay what they are; and
/// takes the notice back that a page has shown.
pub(crate) async fn as_page(State(api): State<Api>, request: Request, next: Next) -> Response {
    let config = api.engine.config();
    let wanted = wants_page(request.uri().path(), request.headers());
    let chosen = Chosen::of(request.uri(), request.headers(), &api);
    let has_notice = api.cookies.read(request.headers(), Cookie::Notice).is_some();
    let back = request.uri().path().to_owned();
    let may_come_back = request.method() == Method::GET;
    let mut response = next.run(request).await;
    if has_notice && is_shown(&response) {
        response.headers_mut().append(header::SET_COOKIE, api.cookies.clear(Cookie::Notice));
    }
    let Some(code) = response.extensions().get::<ErrorCode>().copied().filter(|_| wanted) else {
        return response;
    };
    let asks_who = code == ErrorCode::Unauthenticated && may_come_back && login::is_offered(&api);
    let log_in = asks_who.then(|| login::address("/login", &back));
    let (title, advice) = if asks_who { words::LOG_IN } else { words::refusal(code) };
    let frame = Frame::bare(config, chosen, title.in_language(chosen.language).to_owned());
    let advice = advice.in_language(chosen.language).to_owned();
    let Ok(mut rendered) = page(code.status(), &RefusalPage { frame, advice, log_in }) else {
        return response;
    };
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
}

/// Whether an answer is a page of its own, and no refusal, which shows no notice.
fn is_shown(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    response.extensions().get::<ErrorCode>().is_none()
        && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let of_programs =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !of_programs("/api") && !of_programs("/health") && prefers_html(headers)
}

/// Whether HTML is accepted by name and weighs no less than JSON (RFC 9110, section 12.5.1).
fn prefers_html(headers: &HeaderMap) -> bool {
    let weight = |wanted: &str| {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges = values.flat_map(|value| value.split(','));
        let weights = ranges.filter_map(|range| {
            let (kind, rest) = range.split_once(';').unwrap_or((range, ""));
            kind.trim().eq_ignore_ascii_case(wanted).then(|| thousandths(rest)).flatten()
        });
        weights.max().unwrap_or(0)
    };
    let html = weight("text/html");
    html > 0 && html >= weight("application/json")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn wants(path: &str, accepted: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accepted))]);
        wants_page(path, &headers)
    }

    #[test]
    fn browsers_get_pages_and_programs_get_json() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

        assert!(wants("/nowhere", browser));
        assert!(wants("/apiary", "text/html"));
        for accepted in ["", "*/*", "application/json", "application/json, text/html;q=0.5", "text/html;q=0"]
        {
            assert!(!wants("/nowhere", accepted), "{accepted}");
        }
        for path in ["/api", "/api/v1/cases", "/health/ready"] {
            assert!(!wants(path, browser), "{path}");
        }
    }
}
