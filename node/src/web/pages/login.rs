//! Logging in and out, and what a person chooses for the session: role and language.

use askama::Template;
pub(crate) mod provider;

use std::net::IpAddr;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use stafett_config::Language;
use stafett_protocol::id::AccountId;
use stafett_protocol::person::Role;
use tokio::time::Instant;

use super::{Frame, PageError, done, page, see_other};
use crate::engine::sessions::Proven;
use crate::web::Api;
use crate::web::body::Parameters;
use crate::web::caller::peer_address;
use crate::web::cookie::Cookie;
use crate::web::error::ApiError;
use crate::web::form::{Posted, own_path};
use crate::web::texts::Key;
use crate::web::visitor::{Asked, Visitor};
use crate::words;

/// The word for a login where a person is picked, in the row of its session.
const DEMO: &str = "demo";

/// Whether anybody can log in here.
pub(crate) fn is_offered(api: &Api) -> bool {
    api.engine.config().development.demo_login || api.login.iter().next().is_some()
}

/// The address of a login page that leads back to a path of this node afterwards.
pub(crate) fn address(login: &str, back: &str) -> String {
    let to: String = form_urlencoded::byte_serialize(own_path(back).unwrap_or("/").as_bytes()).collect();
    format!("{login}?to={to}")
}

/// The word for a role in a form, the same as in JSON and in the file of people.
pub(crate) fn word(role: Role) -> String {
    serde_json::to_value(role).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn role_of(word: &str) -> Option<Role> {
    serde_json::from_value(word.into()).ok()
}

/// The address that a request comes from, whose wrong attempts count together.
pub(crate) struct Peer(pub(crate) IpAddr);

impl FromRequestParts<Api> for Peer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let peer = peer_address(parts, api.behind_proxy);
        match api.attempts.must_wait(peer, Instant::now()) {
            Some(wait) => Err(ApiError::TooManyAttempts { wait }),
            None => Ok(Self(peer)),
        }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: Frame<'a>,
    again: bool,
    to: String,
    providers: Vec<Provider>,
    people: Vec<DemoPerson>,
}

struct Provider {
    name: String,
    address: String,
}

struct DemoPerson {
    value: String,
    name: String,
    role: String,
}

/// Where to go after a login.
#[derive(serde::Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    to: String,
}

/// How one can log in.
pub(crate) async fn show(
    State(api): State<Api>,
    asked: Asked,
    Parameters(back): Parameters<Back>,
) -> Result<Response, PageError> {
    login_page(&api, &asked, &back.to, false)
}

/// How one can log in again, before what shares or takes out.
pub(crate) async fn show_again(
    State(api): State<Api>,
    visitor: Visitor,
    Parameters(back): Parameters<Back>,
) -> Result<Response, PageError> {
    login_page(&api, &visitor.asked, &back.to, true)
}

fn login_page(api: &Api, asked: &Asked, to: &str, again: bool) -> Result<Response, PageError> {
    let title = asked.t(if again { Key("login-again-title") } else { Key("login-title") });
    let shown = LoginPage {
        frame: Frame::new(api, asked, title),
        again,
        to: own_path(to).unwrap_or("/").to_owned(),
        providers: providers(api, asked, to, again),
        people: demo_people(api, asked, again),
    };
    page(StatusCode::OK, &shown)
}

/// The providers; whoever logs in again does so where it did before.
fn providers(api: &Api, asked: &Asked, to: &str, again: bool) -> Vec<Provider> {
    let same = asked.session.as_ref().filter(|_| again).map(|session| session.by.as_str());
    let offered = api.login.iter().filter(|one| same.is_none_or(|same| same == one.audience().word()));
    let shown = |one: &crate::login::Provider| {
        let start = address(&format!("/login/{}/start", one.audience().word()), to);
        let again = if again { "&again=true" } else { "" };
        Provider { name: one.name().to_owned(), address: format!("{start}{again}") }
    };
    offered.map(shown).collect()
}

/// Everybody in each role; who logs in again stays who it is.
fn demo_people(api: &Api, asked: &Asked, again: bool) -> Vec<DemoPerson> {
    if !api.engine.config().development.demo_login {
        return Vec::new();
    }
    let same = asked.session.as_ref().filter(|_| again).map(|session| session.reader.account);
    let people = api.engine.people();
    let offered = people.iter().filter(|person| same.is_none_or(|same| same == person.id));
    offered
        .flat_map(|person| person.roles.iter().map(move |role| (person, *role)))
        .map(|(person, role)| DemoPerson {
            value: format!("{}/{}", person.id, word(role)),
            name: person.name.clone(),
            role: role_name(api, asked.language(), person.service.as_ref(), role),
        })
        .collect()
}

fn role_name(
    api: &Api,
    language: Language,
    service: Option<&stafett_protocol::municipality::ServiceCode>,
    role: Role,
) -> String {
    let role = words::role(role).in_language(language);
    match service.and_then(|code| api.engine.config().service(code)) {
        Some(service) => format!("{role}, {}", service.names.in_language(language)),
        None => role.to_owned(),
    }
}

/// Logs the person in who was picked.
pub(crate) async fn demo(
    State(api): State<Api>,
    Peer(peer): Peer,
    headers: HeaderMap,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    if !api.engine.config().development.demo_login {
        return Err(ApiError::NotFound.into());
    }
    let picked = form.value("as").split_once('/');
    let picked = picked.and_then(|(id, role)| Some((id.parse::<AccountId>().ok()?, role_of(role)?)));
    let secret = match picked {
        Some((account, role)) => {
            let people = api.engine.people();
            let roles = people.get(account).map(|person| person.roles.clone()).unwrap_or_default();
            let at = Some(api.engine.now());
            begin(&api, &headers, Proven { account, role, roles, by: DEMO.to_owned(), at }).await?
        }
        None => None,
    };
    let Some(secret) = secret else {
        api.attempts.was_wrong(peer, Instant::now());
        return Err(ApiError::NotFound.into());
    };
    Ok(logged_in(&api, &secret, form.value("to")))
}

/// Begins a session in the place of the one that the browser had.
async fn begin(api: &Api, headers: &HeaderMap, proven: Proven) -> Result<Option<String>, ApiError> {
    let before = api.cookies.read(headers, Cookie::Session);
    Ok(api.engine.log_in(proven, before).await?)
}

fn logged_in(api: &Api, secret: &str, to: &str) -> Response {
    let mut response = done(api, own_path(to).unwrap_or("/"), Key("notice-logged-in"));
    response.headers_mut().append(header::SET_COOKIE, api.cookies.set(Cookie::Session, secret));
    response
}

/// Ends the session, here and at the provider that it began with.
pub(crate) async fn log_out(
    State(api): State<Api>,
    asked: Asked,
    headers: HeaderMap,
    Posted(_): Posted,
) -> Result<Response, PageError> {
    if let Some(secret) = api.cookies.read(&headers, Cookie::Session) {
        api.engine.log_out(secret).await?;
    }
    let mut response = match provider::log_out_address(&api, &asked).await {
        Some((name, address)) => provider::log_out_page(&api, &asked, name, address)?,
        None => done(&api, "/", Key("notice-logged-out")),
    };
    response.headers_mut().append(header::SET_COOKIE, api.cookies.clear(Cookie::Session));
    Ok(response)
}

/// Changes the role of the session to another of the person's.
pub(crate) async fn change_role(
    State(api): State<Api>,
    _visitor: Visitor,
    headers: HeaderMap,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let role = role_of(form.value("role")).ok_or(ApiError::NotFound)?;
    let secret = api.cookies.read(&headers, Cookie::Session).ok_or(ApiError::NotFound)?;
    if !api.engine.change_role(secret, role).await? {
        return Err(ApiError::NotFound.into());
    }
    Ok(done(&api, "/", Key("notice-role")))
}

/// Keeps the language that a person chose, in the browser alone.
pub(crate) async fn change_language(
    State(api): State<Api>,
    Posted(form): Posted,
) -> Result<Response, PageError> {
    let language: Language = form.value("language").parse().map_err(|_| ApiError::NotFound)?;
    let mut response = see_other(own_path(form.value("to")).unwrap_or("/"));
    response.headers_mut().append(header::SET_COOKIE, api.cookies.set(Cookie::Language, language.as_str()));
    Ok(response)
}
