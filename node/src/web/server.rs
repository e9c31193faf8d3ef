//! Connections: accepted one by one within a bound, each ended after a while, all ended in time
//! when the node stops.
//!
//! HTTP/1.1 only. hyper is driven directly because only its builder bounds how long a client may
//! take to send a head, and how much of a head is buffered.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::web::caller::Peer;
use crate::web::limits::{ACCEPT_PAUSE, CONNECTION_BUFFER_BYTES, CONNECTIONS_MAX, Times};

/// Serves until `shutdown` is done, then lets requests under way end in time.
pub(crate) async fn run(
    listener: TcpListener,
    router: Router,
    times: Times,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopped) = watch::channel(());
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = converse(stream, Peer(peer), router.clone(), times, stopped.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stop));
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(times.stop, ended).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut when the node stopped");
        connections.shutdown().await;
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

/// Answers the requests of one connection. When the node stops, or the connection is old, the
/// request under way is the last.
async fn converse(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    times: Times,
    mut stopped: watch::Receiver<()>,
) {
    let answer = service_fn(move |request| answer(router.clone(), peer, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.head)
        .max_buf_size(CONNECTION_BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    // How a connection ends is the client's business: it may leave at any moment.
    tokio::select! {
        _ = &mut connection => return,
        _ = stopped.changed() => {}
        () = sleep(times.connection) => {}
    }
    connection.as_mut().graceful_shutdown();
    if timeout(times.stop, connection).await.is_err() {
        tracing::debug!("a connection was cut");
    }
}

async fn answer(
    router: Router,
    peer: Peer,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    request.extensions_mut().insert(peer);
    router.oneshot(request.map(Body::new)).await
}
