//! The HTTP API for people's programs, JSON under `/api/v1` and described at `/api/openapi.json`, and
//! the pages for people.
//!
//! Every handler parses, asks the engine and maps the answer; none decides about access. What a
//! caller may not know and what does not exist are one answer, byte for byte (law 5).
//!
//! The API takes bearer tokens alone, so that a page from elsewhere has nothing to ride on; the
//! pages take sessions, and what changes anything there must come from a page of this node.
//!
//! Deliberately absent: CORS headers; TLS, which the proxy in front ends; and any route that tells
//! that the duty to report was looked up (law 20).

mod attempts;
mod body;
mod caller;
mod cookie;
mod emergencies;
pub mod error;
#[allow(dead_code, reason = "a page takes of it what its form needs")]
mod form;
mod guard;
mod layers;
mod limits;
mod live;
mod look;
pub mod openapi;
mod openings;
mod pages;
mod routes;
mod server;
#[cfg(test)]
mod tests;
mod texts;
mod visitor;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use stafett_config::{Language, WebConfig};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::engine::Engine;
use crate::login::Providers;
use attempts::Attempts;
use cookie::Cookies;
use emergencies::Emergencies;
use guard::Guard;
use layers::Bounds;
use limits::Times;
use openings::Openings;

/// The API could not be started.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// The address is taken, or not one of this machine's.
    #[error("web.listen: cannot listen on {address} (TCP)")]
    Listen {
        /// The address that was to be listened on.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A login provider is not set up as it must be.
    #[error(transparent)]
    Login(#[from] stafett_config::ConfigError),
}

/// Serves the API until `shutdown` is done.
///
/// Returns the address that is listened on, which tells the port if the settings say 0, and the
/// task. From `shutdown` on no connection is taken; requests under way have ten seconds to end,
/// and then the task does.
///
/// # Errors
/// [`WebError::Listen`] if the address cannot be listened on, and [`WebError::Login`] if the key or
/// secret for a login provider cannot be read.
pub async fn serve(
    engine: Engine,
    config: &WebConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, JoinHandle<()>), WebError> {
    serve_within(Times::default(), engine, config, shutdown).await
}

pub(crate) async fn serve_within(
    times: Times,
    engine: Engine,
    config: &WebConfig,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(SocketAddr, JoinHandle<()>), WebError> {
    let cannot_listen = |source| WebError::Listen { address: config.listen, source };
    let listener = TcpListener::bind(config.listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let config = WebConfig { listen: address, ..config.clone() };
    let login = Arc::new(Providers::new(&engine.config().login)?);
    let router = router(Api { login, ..Api::new(engine, &config) }, times);
    tracing::info!(%address, "the API listens");
    Ok((address, tokio::spawn(server::run(listener, router, times, shutdown))))
}

/// What every request is answered with; clones are the same.
#[derive(Clone)]
pub(crate) struct Api {
    engine: Engine,
    attempts: Arc<Attempts>,
    openings: Arc<Openings>,
    emergencies: Arc<Emergencies>,
    streams: Arc<live::Streams>,
    behind_proxy: bool,
    cookies: Cookies,
    login: Arc<Providers>,
    /// The API's description with this node's text on the duty to report.
    description: Bytes,
}

impl Api {
    pub(crate) fn new(engine: Engine, config: &WebConfig) -> Self {
        let duty = &engine.config().duty_to_report;
        let texts = [duty.plain(Language::Nb), duty.plain(Language::Nn)];
        Self {
            description: openapi::json_with(&texts),
            engine,
            attempts: Arc::default(),
            openings: Arc::default(),
            emergencies: Arc::default(),
            streams: Arc::default(),
            behind_proxy: config.behind_proxy,
            cookies: Cookies::new(config),
            login: Arc::default(),
        }
    }
}

/// Puts routes and layers together. The outermost layer is added last.
pub(crate) fn router(api: Api, times: Times) -> Router {
    let places = Arc::new(Semaphore::new(limits::REQUESTS_MAX));
    let guard = Guard::new(api.behind_proxy);
    let keep_writing = from_fn_with_state(api.clone(), pages::refusal::keep_writing);
    let bounded = Router::new()
        .merge(routes::api().into_router())
        .merge(routes::pages().into_router().layer(keep_writing))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .layer(from_fn_with_state(Bounds { places, time: times.request }, layers::bound));
    let all = Router::new()
        .merge(bounded)
        .merge(routes::health().into_router())
        .fallback(routes::unknown_route)
        .method_not_allowed_fallback(routes::unknown_method)
        .layer(from_fn_with_state(guard, guard::check))
        .layer(from_fn_with_state(api.clone(), pages::refusal::as_page))
        .layer(from_fn(layers::log));
    let headers = layers::security_headers(api.engine.config().login.public_url.as_deref());
    layers::with_security_headers(all, headers).with_state(api)
}
