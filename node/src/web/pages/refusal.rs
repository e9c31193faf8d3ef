//! Refusals as pages, for whoever asks with a browser. Programs keep JSON: everything under
//! `/api` and `/health`, and whoever does not prefer HTML.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

use super::language::{Chosen, thousandths};
use super::{Frame, page, words};
use crate::web::Api;
use crate::web::error::ErrorCode;

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    advice: String,
}

/// Puts a page in the place of a refusal's body. Status and headers stay what they are.
pub(crate) async fn as_page(State(api): State<Api>, request: Request, next: Next) -> Response {
    let config = api.engine.config();
    let wanted = wants_page(request.uri().path(), request.headers());
    let chosen = Chosen::of(request.uri(), request.headers(), config.node.language);
    let response = next.run(request).await;
    let Some(code) = response.extensions().get::<ErrorCode>().copied().filter(|_| wanted) else {
        return response;
    };
    let (title, advice) = words::refusal(code);
    let frame = Frame::new(config, chosen, title.in_language(chosen.language).to_owned());
    let advice = advice.in_language(chosen.language).to_owned();
    let Ok(mut rendered) = page(code.status(), &RefusalPage { frame, advice }) else { return response };
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
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
