//! Refusals as pages, for whoever asks with a browser. Programs keep JSON: everything under
//! `/api` and `/health`, and whoever does not prefer HTML.
//!
//! Whoever posts a form that is refused, or is asked to log in anew first, gets back what was written in
//! it, on the page that says so and nowhere else: it is neither kept nor put into an address, a cookie or
//! a log.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use stafett_config::Language;

use super::language::{Chosen, thousandths};
use super::{Frame, login, page, words};
use crate::web::Api;
use crate::web::cookie::Cookie;
use crate::web::error::{ApiError, ErrorCode};
use crate::web::form::{Form, Posted};
use crate::web::guard;
use crate::web::limits::BODY_BYTES_MAX;

/// Characters above which a field with several words is something that a person wrote.
const SHORT_CHARS: usize = 20;
/// The field that names the button which was pressed.
const BUTTON: &str = "act";

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    advice: String,
    /// Where to log in, if that is what is missing.
    log_in: Option<String>,
    /// What was written in the form that is refused.
    written: Vec<Piece>,
}

/// One text that is given back.
struct Piece {
    id: String,
    label: String,
    text: String,
}

/// The texts of a form that was refused.
#[derive(Clone)]
struct Written(Vec<String>);

/// Puts a page in the place of a refusal's body, whose status and headers stay what they are; and
/// takes the notice back that a page has shown.
pub(crate) async fn as_page(State(api): State<Api>, request: Request, next: Next) -> Response {
    let config = api.engine.config();
    let wanted = wants_page(request.uri().path(), request.headers());
    let chosen = Chosen::of(request.uri(), request.headers(), &api);
    let has_notice = api.cookies.read(request.headers(), Cookie::Notice).is_some();
    let back = page_of(&request);
    let is_posted = request.method() == Method::POST;
    let mut response = next.run(request).await;
    if has_notice && is_shown(&response) {
        response.headers_mut().append(header::SET_COOKIE, api.cookies.clear(Cookie::Notice));
    }
    let Some(code) = response.extensions().get::<ErrorCode>().copied().filter(|_| wanted) else {
        return response;
    };
    let asks_who = code == ErrorCode::Unauthenticated && login::is_offered(&api);
    let log_in = asks_who.then(|| login::address("/login", &back));
    let (title, advice) = match (asks_who, is_posted) {
        (true, false) => words::LOG_IN,
        (true, true) => words::LOGGED_OUT,
        (false, _) => words::refusal(code),
    };
    let written = response.extensions_mut().remove::<Written>();
    let written = written.map(|written| pieces(chosen.language, written)).unwrap_or_default();
    let frame = Frame::bare(config, chosen, title.in_language(chosen.language).to_owned());
    let advice = advice.in_language(chosen.language).to_owned();
    let Ok(mut rendered) = page(code.status(), &RefusalPage { frame, advice, log_in, written }) else {
        return response;
    };
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            rendered.headers_mut().append(name.clone(), value.clone());
        }
    }
    rendered
}

/// Where the person goes on after logging in: the page that was asked for, or the one that the form
/// was on, if the browser says which. A path alone: a query would be of the form before it was written.
fn page_of(request: &Request) -> String {
    if request.method() != Method::POST {
        return request.uri().path().to_owned();
    }
    let referer = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok());
    let page = referer.and_then(|address| address.parse::<Uri>().ok());
    page.map_or_else(|| "/".to_owned(), |page| page.path().to_owned())
}

/// Holds on to a form of this node until it is answered, and gives what was written in it to the page
/// that refuses it. Works within the bounds on the body and on work.
pub(crate) async fn keep_writing(State(api): State<Api>, request: Request, next: Next) -> Response {
    // What is posted to log in is for nobody's eyes again.
    let may_give_back = request.method() == Method::POST
        && !request.uri().path().starts_with("/login")
        && wants_page(request.uri().path(), request.headers())
        && guard::is_proven_own(request.uri(), request.headers());
    if !may_give_back {
        return next.run(request).await;
    }
    let chosen = Chosen::of(request.uri(), request.headers(), &api);
    let (parts, body) = request.into_parts();
    let Ok(bytes) = Bytes::from_request(Request::from_parts(parts.clone(), body), &api).await else {
        return ApiError::BodyTooLarge { bytes_max: BODY_BYTES_MAX }.into_response();
    };
    let copy = Request::from_parts(parts.clone(), Body::from(bytes.clone()));
    let mut response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    let again = login_again(&response);
    if again.is_none() && response.extensions().get::<ErrorCode>().is_none() {
        return response;
    }
    let Ok(Posted(form)) = Posted::from_request(copy, &api).await else { return response };
    let written = Written(texts(&form));
    match again.filter(|_| !written.0.is_empty()) {
        Some(log_in) => {
            let (title, advice) = words::LOG_IN_AGAIN;
            let language = chosen.language;
            let frame = Frame::bare(api.engine.config(), chosen, title.in_language(language).to_owned());
            let advice = advice.in_language(language).to_owned();
            let written = pieces(language, written);
            let shown = RefusalPage { frame, advice, log_in: Some(log_in), written };
            page(StatusCode::FORBIDDEN, &shown).unwrap_or(response)
        }
        None => {
            response.extensions_mut().insert(written);
            response
        }
    }
}

/// Where somebody is led whose login is too long ago for what was asked.
fn login_again(response: &Response) -> Option<String> {
    let to = response.headers().get(header::LOCATION)?.to_str().ok()?;
    to.starts_with("/login/again").then(|| to.to_owned())
}

/// What a person wrote in a form, each text once: no ids, choices and buttons.
fn texts(form: &Form) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for (name, value) in form.pairs() {
        let text = value.trim();
        let is_long = text.chars().count() > SHORT_CHARS && text.contains(char::is_whitespace);
        if name != BUTTON && is_long && texts.iter().all(|known| known != text) {
            texts.push(text.to_owned());
        }
    }
    texts
}

fn pieces(language: Language, Written(texts): Written) -> Vec<Piece> {
    let piece = |(text, number): (String, usize)| {
        let number = number.to_string();
        Piece {
            id: format!("written-{number}"),
            label: words::WRITTEN_PIECE.fill(language, &[("number", number.as_str())]),
            text,
        }
    };
    texts.into_iter().zip(1..).map(piece).collect()
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
    fn what_a_person_wrote_is_given_back_once_and_no_ids_choices_and_buttons() {
        let long = "Ane teller til ti på norsk.\nPå fredag også til tjue.";
        let form = Form::new()
            .put("description", format!(" {long} "))
            .put("description-again", long)
            .put("title", "Ane teller til ti nå")
            .put("draft", "3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05")
            .put("seen", "f".repeat(64))
            .put("act", "approve 3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05");

        assert_eq!(texts(&form), [long], "the title has twenty characters");
        assert_eq!(texts(&form.with("title", "Ane teller til ti nå.")), [long, "Ane teller til ti nå."]);
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
