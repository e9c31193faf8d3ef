//! Logging in at a provider: the way there, the way back, and logging out of it.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use stafett_config::Person;
use stafett_protocol::person::Role;
use tokio::time::Instant;

use super::{Peer, address, begin, logged_in};
use crate::engine::sessions::Proven;
use crate::login::{Known, LoginError, Provider, Returned, Started};
use crate::web::Api;
use crate::web::body::Parameters;
use crate::web::cookie::Cookie;
use crate::web::error::ApiError;
use crate::web::form::own_path;
use crate::web::pages::{Frame, PageError, page, see_other};
use crate::web::texts::Text;
use crate::web::visitor::Asked;

/// What a login begins with.
#[derive(serde::Deserialize)]
pub(crate) struct Start {
    #[serde(default)]
    to: String,
    #[serde(default)]
    again: bool,
}

/// Sends the browser to the provider.
pub(crate) async fn start(
    State(api): State<Api>,
    Peer(_): Peer,
    Path(word): Path<String>,
    asked: Asked,
    Parameters(start): Parameters<Start>,
) -> Result<Response, PageError> {
    let provider = api.login.called(&word).ok_or(ApiError::NotFound)?;
    let role = asked.session.as_ref().filter(|_| start.again).map(|session| session.reader.role);
    let started = Started::new(provider.audience(), own_path(&start.to).unwrap_or("/"), start.again);
    let started = started.in_role(role);
    let state = api.login.started.keep(started.clone());
    match provider.begin(&started, &state, api.engine.now()).await {
        Ok(there) => {
            let mut response = see_other(&there);
            let cookie = api.cookies.set(Cookie::Login, &started.browser);
            response.headers_mut().append(header::SET_COOKIE, cookie);
            Ok(response)
        }
        Err(error) => failed(&api, &asked, provider, &error, retry(&started)),
    }
}

/// Takes whom the provider sends back, and begins a session.
pub(crate) async fn come_back(
    State(api): State<Api>,
    Peer(peer): Peer,
    Path(word): Path<String>,
    asked: Asked,
    headers: HeaderMap,
    Parameters(returned): Parameters<Returned>,
) -> Result<Response, PageError> {
    let provider = api.login.called(&word).ok_or(ApiError::NotFound)?;
    let browser = api.cookies.read(&headers, Cookie::Login).unwrap_or_default();
    let state = returned.state.as_deref().unwrap_or_default();
    let Some(started) = api.login.started.take(state, provider.audience(), browser) else {
        // A page from elsewhere can make any browser ask for this address, as a picture, and so
        // count for everybody who shares the peer's address; the cookie does not come along then.
        if !browser.is_empty() {
            api.attempts.was_wrong(peer, Instant::now());
        }
        let unknown =
            LoginError::Answer { what: "the login", expected: "the state of a login of this browser" };
        return failed(&api, &asked, provider, &unknown, address("/login", "/"));
    };
    let known = match provider.finish(&started, &returned, api.engine.now()).await {
        Ok(known) => known,
        Err(error) => {
            if error.may_be_an_attack() {
                api.attempts.was_wrong(peer, Instant::now());
            }
            return failed(&api, &asked, provider, &error, retry(&started));
        }
    };
    let secret = match person(&api, &started, known) {
        Some(proven) if is_same(&asked, &started, &proven) => begin(&api, &headers, proven).await?,
        _ => None,
    };
    let mut response = match secret {
        Some(secret) => logged_in(&api, &secret, &started.to),
        None => unknown_person(&api, &asked, provider)?,
    };
    response.headers_mut().append(header::SET_COOKIE, api.cookies.clear(Cookie::Login));
    Ok(response)
}

/// Whoever was to prove anew who it is must be who it was.
fn is_same(asked: &Asked, started: &Started, proven: &Proven) -> bool {
    let before = asked.session.as_ref().map(|session| session.reader.account);
    !started.again || before.is_none_or(|before| before == proven.account)
}

/// Where the person tries again.
fn retry(started: &Started) -> String {
    address(if started.again { "/login/again" } else { "/login" }, &started.to)
}

/// Finds the person of the node's own table that the provider means, with the roles that both give;
/// in the role that the login was begun in, if that is one of them.
fn person(api: &Api, started: &Started, known: Known) -> Option<Proven> {
    let audience = started.audience;
    let people = api.engine.people();
    let is_meant = |person: &&Person| audience.login_of(person) == Some(known.account.as_str());
    let person = people.iter().find(is_meant)?;
    let allowed =
        |role: &_| audience.has(*role) && known.roles.as_ref().is_none_or(|roles| roles.contains(role));
    let roles: BTreeSet<Role> = person.roles.iter().copied().filter(allowed).collect();
    let kept = started.role.filter(|role| roles.contains(role));
    Some(Proven {
        account: person.id,
        role: kept.or_else(|| roles.first().copied())?,
        roles,
        by: audience.word().to_owned(),
        at: known.authenticated_at,
    })
}

#[derive(Template)]
#[template(path = "login-ended.html")]
struct EndedPage<'a> {
    frame: Frame<'a>,
    said: Text,
    link: String,
    label: Text,
}

fn failed(
    api: &Api,
    asked: &Asked,
    provider: &Provider,
    error: &LoginError,
    retry: String,
) -> Result<Response, PageError> {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(provider = provider.audience().word(), %error, cause, "a login came to nothing");
    let shown = match error {
        // To try again would end here again.
        LoginError::Undated => EndedPage {
            frame: Frame::new(api, asked, asked.t("login-undated-title")),
            said: asked.t("login-undated").with("provider", provider.name()),
            link: "/".to_owned(),
            label: asked.t("login-undated-back"),
        },
        _ => EndedPage {
            frame: Frame::new(api, asked, asked.t("login-failed-title")),
            said: asked.t("login-failed"),
            link: retry,
            label: asked.t("login-retry"),
        },
    };
    page(StatusCode::FORBIDDEN, &shown)
}

fn unknown_person(api: &Api, asked: &Asked, provider: &Provider) -> Result<Response, PageError> {
    let shown = EndedPage {
        frame: Frame::new(api, asked, asked.t("login-unknown-title")),
        said: asked.t("login-unknown").with("provider", provider.name()),
        link: "/login".to_owned(),
        label: asked.t("login-retry"),
    };
    page(StatusCode::FORBIDDEN, &shown)
}

/// Where the person logs out of the provider, if the session began there; and what it is called.
pub(super) async fn log_out_address(api: &Api, asked: &Asked) -> Option<(String, String)> {
    let provider = api.login.called(&asked.session.as_ref()?.by)?;
    Some((provider.name().to_owned(), provider.log_out_address().await?))
}

/// Leads on to the provider. A redirect would not do: browsers hold the answer to a form to the
/// page's `form-action`, which names this node alone.
pub(super) fn log_out_page(
    api: &Api,
    asked: &Asked,
    name: String,
    there: String,
) -> Result<Response, PageError> {
    let nobody = Asked { session: None, ..asked.clone() };
    let shown = EndedPage {
        frame: Frame::new(api, &nobody, asked.t("logout-title")),
        said: asked.t("logout-here").with("provider", name.as_str()),
        label: asked.t("logout-there").with("provider", name.as_str()),
        link: there.clone(),
    };
    let mut response = page(StatusCode::OK, &shown)?;
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={there}")) {
        response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    }
    Ok(response)
}
