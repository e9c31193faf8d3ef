//! The bounds of the API (law 21).

use std::time::Duration;

/// Bytes of one request's body.
pub(crate) const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Fields of one posted form.
pub(crate) const FORM_FIELDS_MAX: usize = 2_000;
/// Bytes of one request's target and headers together, names, values and separators.
pub(crate) const HEADER_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a token as it is presented; one of ours has fewer than a hundred.
pub(crate) const TOKEN_BYTES_MAX: usize = 512;
/// Bytes that one connection buffers. Above [`HEADER_BYTES_MAX`], so that too long a head is
/// answered like other refusals; what does not fit here is refused without a body.
pub(crate) const CONNECTION_BUFFER_BYTES: usize = 64 * 1024;

/// Connections at a time; more wait in the operating system's queue.
pub(crate) const CONNECTIONS_MAX: usize = 256;
/// Requests that are worked on at a time. More than connections, because work goes on after its
/// connection is gone.
pub(crate) const REQUESTS_MAX: usize = 2 * CONNECTIONS_MAX;

/// Open pages that are told of what is new at a time. Below [`CONNECTIONS_MAX`], because each takes a
/// connection.
pub(crate) const STREAMS_MAX: usize = 128;
/// Of these, one person's. A browser that speaks HTTP/1.1 opens six connections at the most, and
/// pages must find one.
pub(crate) const STREAMS_OF_ONE_MAX: usize = 3;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// A client sends a request's head, also the first one.
    pub(crate) head: Duration,
    /// A request is answered, counted from its head.
    pub(crate) request: Duration,
    /// One connection is used before the client is asked to open another.
    pub(crate) connection: Duration,
    /// Requests under way end when the node stops.
    pub(crate) stop: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            request: Duration::from_secs(30),
            connection: Duration::from_secs(15 * 60),
            stop: Duration::from_secs(10),
        }
    }
}

/// The pause after the operating system refused to hand over a connection.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Wrong tokens that one peer may present in [`ATTEMPTS_WINDOW`].
pub(crate) const ATTEMPTS_MAX: u32 = 10;
/// The time over which wrong tokens are counted.
pub(crate) const ATTEMPTS_WINDOW: Duration = Duration::from_secs(60);
/// Different cases that one person opens in [`OPENINGS_WINDOW`] before it is warned of.
pub(crate) const OPENINGS_WARN: usize = 60;
/// Different cases that one person may open in [`OPENINGS_WINDOW`].
pub(crate) const OPENINGS_MAX: usize = 200;
/// The time over which opened cases are counted.
pub(crate) const OPENINGS_WINDOW: Duration = Duration::from_secs(60 * 60);
/// Cases that one person may try to open in an emergency in [`EMERGENCIES_WINDOW`].
pub(crate) const EMERGENCIES_MAX: usize = 5;
/// The time over which emergency openings are counted, found or not.
pub(crate) const EMERGENCIES_WINDOW: Duration = Duration::from_secs(60 * 60);
/// Peers whose wrong tokens are counted one by one; all further ones are counted as one.
pub(crate) const ATTEMPT_PEERS_MAX: usize = 4_096;
