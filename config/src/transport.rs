//! `[transport]`: bounds of the QUIC transport that an operator may change.
//!
//! Bounds that carry a promise to others, such as the size of a frame or the number of streams,
//! are no settings.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::document::Section;
use crate::error::ConfigError;

/// Bounds of the QUIC transport. A window is raised only with a figure that shows the need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportConfig {
    /// Silence after which a connection is given up.
    pub idle: Duration,
    /// Silence after which a sign of life is sent; at most half of `idle`.
    pub keep_alive: Duration,
    /// The longest handshake.
    pub handshake: Duration,
    /// Connections that wait for their handshake, from all addresses together.
    pub incoming_max: u32,
    /// Bytes that a partner may have in flight on one stream.
    pub stream_window_bytes: u64,
    /// Bytes that a partner may have in flight on one connection.
    pub receive_window_bytes: u64,
    /// Bytes of ours in flight on one connection: what is under way when a consent is withdrawn.
    pub send_window_bytes: u64,
}

pub(crate) const KEYS: &[&str] = &[
    "idle_s",
    "keep_alive_s",
    "handshake_s",
    "incoming_max",
    "stream_window_bytes",
    "receive_window_bytes",
    "send_window_bytes",
];

const KIB: u64 = 1024;
const WINDOW_RANGE: RangeInclusive<u64> = 64 * KIB..=16 * 1024 * KIB;

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(15),
            keep_alive: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            incoming_max: 128,
            stream_window_bytes: 512 * KIB,
            receive_window_bytes: 1024 * KIB,
            send_window_bytes: 256 * KIB,
        }
    }
}

impl TransportConfig {
    pub(crate) fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let default = Self::default();
        let (idle, keep_alive) = idle_and_keep_alive(section, &default)?;
        let (stream_window_bytes, receive_window_bytes) = windows(section, &default)?;
        let handshake = section.integer("handshake_s", 1..=30, "seconds")?;
        let incoming = section.integer("incoming_max", 8..=1024, "connections")?;
        let send = section.integer("send_window_bytes", 16 * KIB..=1024 * KIB, "bytes")?;
        Ok(Self {
            idle,
            keep_alive,
            handshake: handshake.map_or(default.handshake, |value| Duration::from_secs(value.value)),
            incoming_max: incoming
                .and_then(|value| u32::try_from(value.value).ok())
                .unwrap_or(default.incoming_max),
            stream_window_bytes,
            receive_window_bytes,
            send_window_bytes: send.map_or(default.send_window_bytes, |value| value.value),
        })
    }
}

fn idle_and_keep_alive(
    section: &Section<'_>,
    default: &TransportConfig,
) -> Result<(Duration, Duration), ConfigError> {
    let idle = section.integer("idle_s", 5..=120, "seconds")?;
    let keep_alive = section.integer("keep_alive_s", 1..=60, "seconds")?;
    let idle_s = idle.as_ref().map_or(default.idle.as_secs(), |idle| idle.value);
    let keep_alive_s = keep_alive.as_ref().map_or(default.keep_alive.as_secs(), |keep| keep.value);
    if keep_alive_s > idle_s / 2 {
        return Err(match (keep_alive, idle) {
            (Some(keep), _) => keep.refuse(format!("at most half of idle_s, {}", idle_s / 2)),
            (None, Some(idle)) => {
                idle.refuse(format!("at least twice keep_alive_s, {}", keep_alive_s.saturating_mul(2)))
            }
            (None, None) => section.missing("keep_alive_s", "at most half of idle_s"),
        });
    }
    Ok((Duration::from_secs(idle_s), Duration::from_secs(keep_alive_s)))
}

fn windows(section: &Section<'_>, default: &TransportConfig) -> Result<(u64, u64), ConfigError> {
    let stream = section.integer("stream_window_bytes", WINDOW_RANGE, "bytes")?;
    let receive = section.integer("receive_window_bytes", WINDOW_RANGE, "bytes")?;
    let stream_bytes = stream.as_ref().map_or(default.stream_window_bytes, |window| window.value);
    let receive_bytes = receive.as_ref().map_or(default.receive_window_bytes, |window| window.value);
    if stream_bytes > receive_bytes {
        return Err(match (receive, stream) {
            (Some(receive), _) => receive.refuse(format!("at least stream_window_bytes, {stream_bytes}")),
            (None, Some(stream)) => stream.refuse(format!("at most receive_window_bytes, {receive_bytes}")),
            (None, None) => section.missing("receive_window_bytes", "at least stream_window_bytes"),
        });
    }
    Ok((stream_bytes, receive_bytes))
}
