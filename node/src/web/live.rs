//! Open pages that say themselves when something else would be shown by now: one stream of
//! Server-Sent Events (HTML Standard, section 9.2) for each.
//!
//! A stream says one thing, once: that there is something new, with a link to the page itself. It
//! carries no content, no count and no cause, and it says nothing of what its reader would not be
//! shown. It does not count as use of the session. When the session ends, or nothing may be shown any
//! more, it ends without a word.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame as BodyFrame;
use serde::Deserialize;
use stafett_config::Language;
use stafett_protocol::id::{AccountId, CaseId};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc;
use tokio::time::{interval, sleep};

use crate::engine::follow::Seen;
use crate::engine::{Engine, EngineError};
use crate::web::Api;
use crate::web::body::In;
use crate::web::cookie::Cookie;
use crate::web::error::ApiError;
use crate::web::limits::{STREAMS_MAX, STREAMS_OF_ONE_MAX};
use crate::web::pages::language::Chosen;
use crate::web::texts::{Key, Text};
use crate::web::visitor::Visitor;

/// How long what follows closely is waited for, so that it is told once.
const SETTLES: Duration = Duration::from_millis(250);
/// How often a stream looks whether the node stops.
const BEAT: Duration = Duration::from_secs(1);
/// After so many beats it shows that it lives, and looks for what ends by the passing of time alone.
const BEATS: u32 = 20;
/// A proxy in front would otherwise keep what is said until there is more of it.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
/// A comment, which browsers pass over.
const ALIVE: &[u8] = b":\n\n";
/// The page closes the stream and does not ask again.
const OVER: &[u8] = b"event: over\ndata: -\n\n";

/// Streams that are open, by whose they are.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    open: Mutex<BTreeMap<AccountId, usize>>,
}

/// A stream's place; given back when it is dropped.
struct Place {
    streams: Arc<Streams>,
    account: AccountId,
}

impl Streams {
    fn place(self: &Arc<Self>, account: AccountId) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = open.get(&account).copied().unwrap_or(0);
        if of_one >= STREAMS_OF_ONE_MAX || open.values().sum::<usize>() >= STREAMS_MAX {
            return None;
        }
        open.insert(account, of_one.saturating_add(1));
        Some(Place { streams: Arc::clone(self), account })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(&self.account) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            _ => drop(open.remove(&self.account)),
        }
    }
}

/// Returns where a page of a case hears that something else would be shown; none for a program, a
/// family, and whoever has no task in the case. Asked before what the page shows is read, so
/// that nothing falls in between.
///
/// # Errors
/// [`EngineError`] if the case cannot be read.
pub(crate) async fn address(
    api: &Api,
    visitor: &Visitor,
    case: CaseId,
) -> Result<Option<String>, EngineError> {
    if visitor.asked.session.is_none() {
        return Ok(None);
    }
    match api.engine.shown_now(&visitor.reader, case).await {
        Ok(seen) => Ok(address_of(visitor, case, Some(seen))),
        Err(EngineError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// As [`address`], for a page that was told with what it shows what stands for that.
pub(crate) fn address_of(visitor: &Visitor, case: CaseId, seen: Option<Seen>) -> Option<String> {
    visitor.asked.session.as_ref()?;
    let language = visitor.asked.language().as_str();
    Some(format!("/cases/{case}/live?seen={}&lang={language}", seen?))
}

/// What a page that follows a case has shown.
#[derive(Deserialize)]
pub(crate) struct Shown {
    seen: String,
}

/// Streams one word: that something else would be shown. 204 tells a browser not to ask again: there
/// are as many streams as there may be, and the page stays as it is without one.
pub(crate) async fn follow(
    State(api): State<Api>,
    In(case): In<CaseId>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let secret = api.cookies.read(&headers, Cookie::Session).ok_or(ApiError::Unauthenticated)?;
    let session = api.engine.session_at_rest(secret).await?.ok_or(ApiError::Unauthenticated)?;
    api.engine.shown_now(&session.reader, case).await?;
    let shown = Query::<Shown>::try_from_uri(&uri).ok().and_then(|Query(shown)| Seen::read(&shown.seen));
    let seen = shown.ok_or(ApiError::NotFound)?;
    let Some(place) = api.streams.place(session.reader.account) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let follower = Follower {
        engine: api.engine.clone(),
        secret: secret.to_owned(),
        case,
        seen,
        language: Chosen::of(&uri, &headers, &api).language,
        _place: place,
    };
    let (words, said) = mpsc::channel(1);
    tokio::spawn(follower.run(words));
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(([kind, UNBUFFERED], Body::new(Said(said))).into_response())
}

struct Follower {
    engine: Engine,
    secret: String,
    case: CaseId,
    seen: Seen,
    language: Language,
    _place: Place,
}

impl Follower {
    async fn run(self, words: mpsc::Sender<Bytes>) {
        let mut touched = self.engine.store().touched();
        let mut beat = interval(BEAT);
        let (mut beats, mut is_due): (u32, bool) = (0, true);
        while !self.engine.is_stopping() {
            if std::mem::take(&mut is_due)
                && let Some(last) = self.last_word().await
            {
                // The page may be gone by now.
                let _ = words.send(last).await;
                return;
            }
            tokio::select! {
                case = touched.recv() => match case {
                    Ok(case) if case != self.case => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => {
                        sleep(SETTLES).await;
                        while !matches!(touched.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
                        is_due = true;
                    }
                    Err(RecvError::Closed) => return,
                },
                _ = beat.tick() => {
                    beats = beats.wrapping_add(1);
                    if beats.is_multiple_of(BEATS) {
                        is_due = true;
                        // A page that does not read has the one before still to read.
                        let _ = words.try_send(Bytes::from_static(ALIVE));
                    }
                }
                () = words.closed() => return,
            }
        }
    }

    /// What the stream ends with, if it does: what is put into the page, and the sign to close.
    async fn last_word(&self) -> Option<Bytes> {
        match self.engine.session_at_rest(&self.secret).await {
            Ok(Some(session)) => match self.engine.shown_now(&session.reader, self.case).await {
                Ok(seen) if seen == self.seen => None,
                Ok(_) => Some(self.word()),
                Err(EngineError::Store(_)) => None,
                Err(_) => Some(Bytes::from_static(OVER)),
            },
            Ok(None) => Some(Bytes::from_static(OVER)),
            Err(_) => None,
        }
    }

    /// The empty address is the page's own.
    fn word(&self) -> Bytes {
        let text = Text::new(self.language, Key("live-new"));
        let link = Text::new(self.language, Key("live-show"));
        let said = format!(
            "data: <p class=\"ds-alert\" data-color=\"info\">{text} <a class=\"ds-link\" href=\"\">{link}</a></p>\n\n"
        );
        Bytes::from([said.as_bytes(), OVER].concat())
    }
}

/// A body that is what is said, as it is said.
struct Said(mpsc::Receiver<Bytes>);

impl HttpBody for Said {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|said| said.map(|bytes| Ok(BodyFrame::data(bytes))))
    }
}
