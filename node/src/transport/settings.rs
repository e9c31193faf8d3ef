//! Every bound of the transport, and QUIC's settings made from them (law 21).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use quinn::{
    ClientConfig, ConnectionId, ConnectionIdGenerator, EndpointConfig, NoneTokenStore, ServerConfig,
    TransportConfig, ValidationTokenConfig, VarInt,
};
use stafett_protocol::limits::PARTNER_BYTES_PER_MINUTE_MAX;

use crate::keys::NodeKeys;

/// The transport's bounds. Raise one only with a measurement and a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportSettings {
    /// Connection attempts that may wait to be looked at.
    pub incoming_max: usize,
    /// Bytes kept for one waiting attempt.
    pub incoming_buffer_bytes: u64,
    /// Bytes kept for all waiting attempts.
    pub incoming_buffer_total_bytes: u64,
    /// Handshakes that may run at once, of all addresses.
    pub handshakes_max: usize,
    /// Handshakes that may run at once from one address.
    pub handshakes_per_address_max: usize,
    /// Bidirectional streams that a partner may have open.
    pub bidirectional_streams: u32,
    /// Unidirectional streams that a partner may have open.
    pub unidirectional_streams: u32,
    /// Bytes that may be on their way to us on one stream.
    pub stream_window_bytes: u32,
    /// Bytes that may be on their way to us on one connection.
    pub receive_window_bytes: u32,
    /// Bytes that may be on their way from us; bounds what is in flight at a withdrawal.
    pub send_window_bytes: u64,
    /// A connection without a sign of life is lost after this.
    pub idle_timeout: Duration,
    /// How often a quiet connection gives a sign of life.
    pub keep_alive: Duration,
    /// From the first packet until frames can flow, or the attempt is dropped.
    pub handshake_timeout: Duration,
    /// Accepted connections that one partner may have; one of them waits to take over.
    pub connections_per_partner_max: usize,
    /// Bytes that a partner may send in a minute, over all its connections.
    pub inbound_bytes_per_minute: u64,
    /// Bytes that we send a partner in a minute; below what it accepts, so that it never closes.
    pub outbound_bytes_per_minute: u64,
    /// Bytes that may wait in each of a link's two queues, besides what QUIC holds.
    pub queue_bytes: u32,
    /// Events that may wait for the engine, of all partners together.
    pub events_waiting: usize,
    /// The shortest wait before dialling again.
    pub redial_min: Duration,
    /// The longest wait before dialling again.
    pub redial_max: Duration,
    /// A link that lived shorter than this does not end the backing off.
    pub stable_after: Duration,
    /// How often living links are checked against clock and partner table.
    pub recheck_every: Duration,
    /// Violations in a minute after which a partner must wait.
    pub violations_per_minute_max: u32,
    /// The first wait of a partner that broke rules; each further one is twice as long.
    pub hold_off_min: Duration,
    /// The longest wait of a partner that broke rules.
    pub hold_off_max: Duration,
}

impl Default for TransportSettings {
    fn default() -> Self {
        const KIB: u32 = 1024;
        const MIB: u32 = 1024 * KIB;
        Self {
            incoming_max: 128,
            incoming_buffer_bytes: 32 * 1024,
            incoming_buffer_total_bytes: 2 * 1024 * 1024,
            handshakes_max: 64,
            handshakes_per_address_max: 16,
            bidirectional_streams: 8,
            unidirectional_streams: 4,
            stream_window_bytes: 512 * KIB,
            receive_window_bytes: MIB,
            send_window_bytes: 256 * 1024,
            idle_timeout: Duration::from_secs(15),
            keep_alive: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            connections_per_partner_max: 2,
            inbound_bytes_per_minute: PARTNER_BYTES_PER_MINUTE_MAX,
            outbound_bytes_per_minute: PARTNER_BYTES_PER_MINUTE_MAX / 5 * 4,
            queue_bytes: MIB,
            events_waiting: 64,
            redial_min: Duration::from_secs(1),
            redial_max: Duration::from_mins(1),
            stable_after: Duration::from_secs(10),
            recheck_every: Duration::from_secs(1),
            violations_per_minute_max: 5,
            hold_off_min: Duration::from_mins(1),
            hold_off_max: Duration::from_hours(1),
        }
    }
}

impl TransportSettings {
    pub(super) fn server(&self, tls: quinn::crypto::rustls::QuicServerConfig) -> ServerConfig {
        let mut config = ServerConfig::with_crypto(Arc::new(tls));
        // A token from an earlier connection would stand in for Retry.
        let mut tokens = ValidationTokenConfig::default();
        tokens.sent(0);
        config
            .transport_config(Arc::new(self.transport()))
            .validation_token_config(tokens)
            .retry_token_lifetime(self.handshake_timeout)
            .migration(false)
            .max_incoming(self.incoming_max)
            .incoming_buffer_size(self.incoming_buffer_bytes)
            .incoming_buffer_size_total(self.incoming_buffer_total_bytes);
        config
    }

    pub(super) fn client(&self, tls: quinn::crypto::rustls::QuicClientConfig) -> ClientConfig {
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::new(self.transport())).token_store(Arc::new(NoneTokenStore));
        config
    }

    /// The key for stateless resets comes from the TLS key, so that a node which restarted can
    /// tell its partners at once that their old connections are gone (RFC 9000, 10.3.2).
    pub(super) fn endpoint(keys: &NodeKeys) -> EndpointConfig {
        let from = hmac::Key::new(hmac::HMAC_SHA256, keys.tls_key().secret_der());
        let derived = hmac::sign(&from, b"stafett/1 stateless reset");
        let reset_key = hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref());
        let mut config = EndpointConfig::new(Arc::new(reset_key));
        config.cid_generator(|| Box::new(RandomIds));
        config
    }

    fn transport(&self) -> TransportConfig {
        let mut config = TransportConfig::default();
        config
            .max_concurrent_bidi_streams(self.bidirectional_streams.into())
            .max_concurrent_uni_streams(self.unidirectional_streams.into())
            .stream_receive_window(self.stream_window_bytes.into())
            .receive_window(self.receive_window_bytes.into())
            .send_window(self.send_window_bytes)
            .datagram_receive_buffer_size(None)
            .datagram_send_buffer_size(0)
            .max_idle_timeout(Some(idle_timeout(self.idle_timeout).into()))
            .keep_alive_interval(Some(self.keep_alive));
        config
    }
}

fn idle_timeout(timeout: Duration) -> VarInt {
    VarInt::from_u32(u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX))
}

/// Random connection ids. The library's own carry a mark of the process that made them, and it
/// then drops packets for connections of an earlier process where a reset should go back.
struct RandomIds;

impl ConnectionIdGenerator for RandomIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; 8];
        // The fill fails only if the system has no randomness, and then no handshake succeeds.
        let _ = aws_lc_rs::rand::fill(&mut id);
        ConnectionId::new(&id)
    }

    fn cid_len(&self) -> usize {
        8
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}
