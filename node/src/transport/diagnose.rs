//! Finds out why a partner's node cannot be reached, for the operator who asks.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::{Connection, ConnectionError};
use tokio::time::Instant;

use super::connection::PROBE;
use super::dial::{DialError, resolve};
use super::log_limit::LogLimits;
use super::partners::Partners;
use super::tls::{RefusalSlot, SERVER_NAME, Tls};
use super::{Clock, CloseCode, Partner, Refusal, TransportSettings};
use crate::keys::NodeKeys;

/// What a check of one partner's address found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// There would be a link: both sides know the other's key and have an agreement in force.
    Reachable {
        /// Which of the partner's addresses answered.
        address: SocketAddr,
        /// There and back.
        round_trip: Duration,
    },
    /// The row of the partner has no address, or its name cannot be resolved.
    AddressUnknown,
    /// Nothing came back: the node is down, or UDP is blocked on the way.
    NoAnswer {
        /// Which addresses were tried.
        tried: Vec<SocketAddr>,
    },
    /// A node answered and was refused here: another key, another organisation, or an agreement
    /// or certificate that is not in force.
    RefusedHere {
        /// Why; an unknown key is named.
        refusal: Refusal,
    },
    /// The partner's node refused this one: it does not know our key, or has no agreement with
    /// us in force.
    RefusedByPartner {
        /// What it closed the connection with, if it came so far.
        code: Option<CloseCode>,
    },
    /// Something answered that does not speak our protocol.
    AnotherProtocol,
    /// This machine cannot dial, or QUIC failed in a way that says nothing about the partner.
    Failed {
        /// What was said.
        detail: String,
    },
}

/// Dials `partner` as a node would, without touching a link that is up, and tells what came of
/// it. Takes at most `handshake_timeout` for each of at most four addresses.
pub async fn diagnose(
    keys: &NodeKeys,
    partner: &Partner,
    settings: &TransportSettings,
    clock: Clock,
) -> Diagnosis {
    let Some(address) = &partner.address else { return Diagnosis::AddressUnknown };
    let addresses = match resolve(address).await {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Ok(_) | Err(_) => return Diagnosis::AddressUnknown,
    };
    let mut last = Diagnosis::NoAnswer { tried: addresses.clone() };
    for candidate in &addresses {
        let probe = probe(keys, partner, settings, &clock, *candidate);
        match tokio::time::timeout(settings.handshake_timeout, probe).await {
            Ok(Ok(found @ Diagnosis::Reachable { .. })) => return found,
            Ok(Ok(Diagnosis::NoAnswer { .. })) | Err(_) => {}
            Ok(Ok(found)) => last = found,
            Ok(Err(error)) => last = Diagnosis::Failed { detail: error.to_string() },
        }
    }
    last
}

async fn probe(
    keys: &NodeKeys,
    partner: &Partner,
    settings: &TransportSettings,
    clock: &Clock,
    address: SocketAddr,
) -> Result<Diagnosis, DialError> {
    let logs = Arc::new(LogLimits::new(Instant::now()));
    let partners = Partners::new(std::iter::once(partner.clone()).collect());
    let (tls, refusal) = Tls::new(keys, logs)?.client(&partners, clock, partner.organisation)?;
    let from: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let opened = std::net::UdpSocket::bind(from).and_then(|socket| {
        quinn::Endpoint::new(TransportSettings::endpoint(keys), None, socket, Arc::new(quinn::TokioRuntime))
    });
    let endpoint = match opened {
        Ok(endpoint) => endpoint,
        Err(error) => return Ok(Diagnosis::Failed { detail: error.to_string() }),
    };
    let connection = match endpoint.connect_with(settings.client(tls), address, SERVER_NAME)?.await {
        Ok(connection) => connection,
        Err(error) => return Ok(judge(&error, &refusal)),
    };
    let found = ask(&connection, address, &refusal).await;
    connection.close(CloseCode::Done.into(), b"");
    endpoint.wait_idle().await;
    Ok(found)
}

/// The handshake is done on this side only; the answer shows that the partner takes us too.
async fn ask(connection: &Connection, address: SocketAddr, refusal: &RefusalSlot) -> Diagnosis {
    let mut answer = [0];
    let exchanged = async {
        let (mut send, mut receive) = connection.open_bi().await.ok()?;
        send.write_all(&[PROBE]).await.ok()?;
        receive.read_exact(&mut answer).await.ok()
    };
    if exchanged.await.is_some() && answer == [PROBE] {
        return Diagnosis::Reachable { address, round_trip: connection.rtt() };
    }
    match connection.close_reason() {
        Some(error) => judge(&error, refusal),
        None => Diagnosis::Failed { detail: "the partner gave another answer than expected".to_owned() },
    }
}

fn judge(error: &ConnectionError, refusal: &RefusalSlot) -> Diagnosis {
    /// TLS alerts are QUIC errors from 0x100 on (RFC 9001, 4.8).
    const ALERTS: std::ops::RangeInclusive<u64> = 0x100..=0x1ff;
    const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;
    if let Some(refusal) = refusal.take() {
        return Diagnosis::RefusedHere { refusal };
    }
    match error {
        ConnectionError::TimedOut => Diagnosis::NoAnswer { tried: Vec::new() },
        ConnectionError::ApplicationClosed(close) => {
            let code = CloseCode::from_number(close.error_code.into_inner());
            Diagnosis::RefusedByPartner { code }
        }
        ConnectionError::ConnectionClosed(close) => match u64::from(close.error_code) {
            NO_APPLICATION_PROTOCOL => Diagnosis::AnotherProtocol,
            code if ALERTS.contains(&code) => Diagnosis::RefusedByPartner { code: None },
            _ => Diagnosis::Failed { detail: error.to_string() },
        },
        ConnectionError::TransportError(failure) => match u64::from(failure.code) {
            NO_APPLICATION_PROTOCOL => Diagnosis::AnotherProtocol,
            _ => Diagnosis::Failed { detail: error.to_string() },
        },
        ConnectionError::VersionMismatch => Diagnosis::AnotherProtocol,
        _ => Diagnosis::Failed { detail: error.to_string() },
    }
}
