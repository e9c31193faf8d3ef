//! Who looks at a page: a person with a session, or a program with a bearer token; and what every
//! page must know of a request.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use serde::de::DeserializeOwned;
use stafett_config::Language;
use stafett_protocol::person::Reader;
use stafett_protocol::time::MINUTE;

use crate::engine::sessions::Session;
use crate::web::Api;
use crate::web::body::In;
use crate::web::caller::Caller;
use crate::web::cookie::Cookie;
use crate::web::error::ApiError;
use crate::web::guard;
use crate::web::openings::{BelowCase, count};
use crate::web::pages::PageError;
use crate::web::pages::language::Chosen;
use crate::web::pages::notice;
use crate::web::texts::{Key, Text};

/// How long after a login somebody may share, withdraw and export without logging in again.
const FRESH_MS: u64 = 15 * MINUTE;

/// What every page must know of a request, also of one by nobody.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) chosen: Chosen,
    /// What the page before has to say.
    pub(crate) notice: Option<Key>,
    /// The address to come back to: the page itself, or the one that the form was on.
    pub(crate) here: String,
    /// Who asks, if the browser has a session.
    pub(crate) session: Option<Session>,
}

impl Asked {
    /// The language of the page.
    pub(crate) fn language(&self) -> Language {
        self.chosen.language
    }

    /// A text in the language of the page.
    pub(crate) fn t(&self, key: impl Into<Key>) -> Text {
        Text::new(self.chosen.language, key)
    }
}

impl FromRequestParts<Api> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let session = match api.cookies.read(&parts.headers, Cookie::Session) {
            Some(secret) => api.engine.session(secret).await?,
            None => None,
        };
        let asked = Self {
            chosen: Chosen::of(&parts.uri, &parts.headers, api),
            notice: api.cookies.read(&parts.headers, Cookie::Notice).and_then(notice::known),
            here: here(parts),
            session,
        };
        parts.extensions.insert(asked.clone());
        Ok(asked)
    }
}

/// A page that is shown in answer to a post has the address of the form's own action, which may
/// not be a page; those forms lead back to the start.
fn here(parts: &Parts) -> String {
    if parts.method == Method::GET { parts.uri.path().to_owned() } else { "/".to_owned() }
}

/// Somebody whom the node knows. A page's handler needs its reader to ask the engine anything.
pub(crate) struct Visitor {
    /// Who asks, for the engine.
    pub(crate) reader: Reader,
    /// What the page's frame needs.
    pub(crate) asked: Asked,
    is_fresh: bool,
}

impl Visitor {
    /// A text in the language of the page.
    pub(crate) fn t(&self, key: impl Into<Key>) -> Text {
        self.asked.t(key)
    }

    /// Asks for a fresh login, as whatever shares, withdraws or exports must: call it where the
    /// form is shown, so that nothing that was written is lost, and where it is posted.
    ///
    /// # Errors
    /// [`PageError::LogInAgain`], which leads to the login and back to `back`, a path of this node.
    pub(crate) fn must_be_fresh(&self, back: &str) -> Result<(), PageError> {
        if self.is_fresh { Ok(()) } else { Err(PageError::LogInAgain { back: back.to_owned() }) }
    }
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let asked = Asked::from_request_parts(parts, api).await?;
        // A program says who it is with every request; no page can make a browser do so.
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let Caller(reader) = Caller::from_request_parts(parts, api).await?;
            return Ok(Self { reader, asked: Asked { session: None, ..asked }, is_fresh: true });
        }
        let Some(session) = &asked.session else { return Err(ApiError::Unauthenticated) };
        if !parts.method.is_safe() && !guard::is_proven_own(&parts.uri, &parts.headers) {
            return Err(ApiError::ForeignOrigin);
        }
        let is_fresh = api.engine.now().since(session.fresh_at) <= FRESH_MS;
        Ok(Self { reader: session.reader.clone(), is_fresh, asked })
    }
}

/// Who looks at what in a case, within the bound on openings: a visitor, and the ids of the path.
pub(crate) struct Visiting<T>(pub(crate) Visitor, pub(crate) T);

impl<T: BelowCase + DeserializeOwned + Send> FromRequestParts<Api> for Visiting<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let visitor = Visitor::from_request_parts(parts, api).await?;
        let In(ids) = In::<T>::from_request_parts(parts, api).await?;
        count(api, &visitor.reader, ids.case())?;
        Ok(Self(visitor, ids))
    }
}
