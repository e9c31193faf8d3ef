//! The real listener, over TCP.

use std::net::SocketAddr;
use std::time::Duration;

use stafett_config::WebConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::support::{Node, Who};
use crate::web::limits::{HEADER_BYTES_MAX, Times};
use crate::web::{WebError, serve, serve_within};

/// Longer than anything that is waited for, shorter than a test may take.
const SOON: Duration = Duration::from_secs(20);

const TIMES: Times = Times {
    head: Duration::from_millis(300),
    request: Duration::from_secs(10),
    connection: Duration::from_secs(10),
    stop: Duration::from_millis(300),
};

struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

async fn served(node: &Node, times: Times) -> Served {
    let (stop, stopped) = oneshot::channel();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let config = &node.engine.config().web;
    let (address, task) =
        serve_within(times, node.engine.clone(), config, shutdown).await.expect("a free port");
    Served { address, task, stop }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connected")
    }

    /// Sends bytes, and returns what comes until the connection ends.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.expect("sent");
        until_end(&mut stream).await
    }
}

async fn until_end(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    // A connection that is cut with bytes unread ends in an error; what came before it counts.
    let _ = timeout(SOON, stream.read_to_end(&mut received)).await.expect("the connection ends");
    String::from_utf8(received).expect("UTF-8")
}

#[tokio::test]
async fn port_zero_is_told_and_answers_over_the_network() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;
    assert_ne!(served.address.port(), 0);
    assert!(served.address.ip().is_loopback());

    let answer =
        served.exchange(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;

    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer}");
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let token = Who::Operator.token();
    let head = format!(
        "GET /api/v1/health HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        served.address
    );
    assert!(served.exchange(head.as_bytes()).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn page_that_rebinds_its_name_is_refused() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;

    let answer = served
        .exchange(b"GET /api/openapi.json HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n")
        .await;

    assert!(answer.starts_with("HTTP/1.1 421 Misdirected Request\r\n"), "{answer}");
}

#[tokio::test]
async fn taken_address_is_an_error_that_names_it() {
    let node = Node::start().await;
    let first = served(&node, TIMES).await;
    let config = WebConfig { listen: first.address, ..node.engine.config().web.clone() };

    let second = serve(node.engine.clone(), &config, std::future::pending()).await;

    assert!(matches!(second, Err(WebError::Listen { address, .. }) if address == first.address));
}

#[tokio::test]
async fn head_that_does_not_come_to_an_end_is_cut() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;

    for beginning in ["", "GET /health/live HTTP/1.1\r\nHost: loc"] {
        let answer = served.exchange(beginning.as_bytes()).await;
        assert!(!answer.contains("204"), "{answer}");
    }
}

#[tokio::test]
async fn too_large_a_head_is_refused_in_json_up_to_the_buffer_and_cut_beyond_it() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;
    let head = |bytes: usize| {
        let padding = "y".repeat(bytes);
        format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {padding}\r\n\r\n")
    };

    let large = served.exchange(head(HEADER_BYTES_MAX).as_bytes()).await;
    assert!(large.starts_with("HTTP/1.1 431 "), "{large}");
    assert!(large.contains("\"error\":\"headers_too_large\""), "{large}");

    let beyond = served.exchange(head(100 * HEADER_BYTES_MAX).as_bytes()).await;
    assert!(beyond.is_empty() || beyond.starts_with("HTTP/1.1 431 "), "{beyond}");
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_node_serves_on() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;
    for bytes in [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".as_slice(), b"KANARI\r\n\r\n", b"\r\n\r\n\0"] {
        let answer = served.exchange(bytes).await;
        assert!(!answer.contains("KANARI"), "{answer}");
    }

    let alive =
        served.exchange(b"GET /health/ready HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n").await;

    assert!(alive.starts_with("HTTP/1.1 204 "), "{alive}");
}

#[tokio::test]
async fn old_connection_is_closed_after_its_time() {
    let node = Node::start().await;
    let times = Times { head: SOON, connection: Duration::from_millis(200), ..TIMES };
    let served = served(&node, times).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");

    let received = until_end(&mut stream).await;

    assert!(received.starts_with("HTTP/1.1 204 "), "{received}");
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_the_listener_in_time() {
    let node = Node::start().await;
    let served = served(&node, Times { head: SOON, ..TIMES }).await;
    let mut idle = served.connect().await;
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.expect("an answer");
    let mut half = served.connect().await;
    half.write_all(b"POST /api/v1/cases HTTP/1.1\r\nHost: loc").await.expect("sent");

    served.stop.send(()).expect("it serves");

    timeout(SOON, served.task).await.expect("in time").expect("without a panic");
    until_end(&mut idle).await;
    until_end(&mut half).await;
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn node_that_stops_is_not_ready_but_alive() {
    let node = Node::start().await;
    let served = served(&node, TIMES).await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    node.engine.stopping();

    let ready = served.exchange(ask("/health/ready").as_bytes()).await;
    assert!(ready.starts_with("HTTP/1.1 503 ") && ready.ends_with("\r\n\r\n"), "{ready}");
    let live = served.exchange(ask("/health/live").as_bytes()).await;
    assert!(live.starts_with("HTTP/1.1 204 "), "{live}");
}
