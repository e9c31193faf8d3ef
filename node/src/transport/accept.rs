//! Taking connections: address first, then key and agreement, then one link per partner.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use quinn::{Connection, ConnectionError, Incoming, RecvStream, SendStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connection::{CONTROL, PROBE, Ready};
use super::{CloseCode, RefusedHere, Shared};

/// How long a probe may stay after its answer.
const PROBE_STAYS: Duration = Duration::from_secs(2);

/// Takes connections until the endpoint is closed.
pub(super) async fn accept(shared: Arc<Shared>) {
    let handshakes = Arc::new(Semaphore::new(shared.settings.handshakes_max));
    let addresses = Addresses::default();
    let mut tasks = JoinSet::new();
    loop {
        // Attempts over the bound wait with QUIC, which has bounds of its own.
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let Some(incoming) = shared.quinn.accept().await else { return };
        while tasks.try_join_next().is_some() {}
        if !incoming.remote_address_validated() {
            // It fails only for an address that is validated already.
            let _ = incoming.retry();
            continue;
        }
        let address = incoming.remote_address().ip();
        let Some(address) = addresses.enter(address, shared.settings.handshakes_per_address_max) else {
            tracing::debug!("too many handshakes from one address");
            incoming.ignore();
            continue;
        };
        let shared = Arc::clone(&shared);
        tasks.spawn(async move {
            take(&shared, incoming).await;
            drop((handshake, address));
        });
    }
}

async fn take(shared: &Shared, incoming: Incoming) {
    let within = shared.settings.handshake_timeout;
    let remote = incoming.remote_address();
    let begun = Instant::now();
    let connection = match tokio::time::timeout(within, handshake(incoming)).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            if let Some(left_out) = shared.logs.strangers.line(Instant::now()) {
                let reason = describe(&error);
                tracing::warn!(%remote, reason, %error, left_out, "a handshake failed");
            }
            return;
        }
        Err(_) => {
            tracing::debug!(%remote, "a handshake took too long");
            return;
        }
    };
    let left = within.saturating_sub(begun.elapsed());
    if tokio::time::timeout(left, admit(shared, &connection)).await.is_err() {
        tracing::warn!(%remote, "a connection was not ready for frames in time");
        connection.close(CloseCode::HandshakeTooSlow.into(), b"");
    }
}

async fn handshake(incoming: Incoming) -> Result<Connection, ConnectionError> {
    incoming.accept()?.await
}

/// Decides what becomes of a connection that TLS has let through.
async fn admit(shared: &Shared, connection: &Connection) {
    let link = match shared.handle(connection, false) {
        Ok(link) => link,
        Err(refusal) => {
            tracing::warn!(%refusal, "refused the dialling node after its handshake");
            connection.close(CloseCode::NoAgreement.into(), b"");
            return;
        }
    };
    let partner = link.partner();
    let refuse = |refused: RefusedHere| {
        if refused == RefusedHere::Duplicate {
            // Two nodes that dial each other at the same moment: nothing to look at.
            tracing::debug!(%partner, reason = %refused, "closed one of two connections");
        } else if let Some(left_out) = shared.logs.partners.line(Instant::now()) {
            tracing::warn!(%partner, reason = %refused, left_out, "refused a partner's connection");
        }
        connection.close(refused.code().into(), b"");
    };
    let slot = match shared.registry.accept(partner) {
        Ok(slot) => slot,
        Err(refused) => return refuse(refused),
    };
    let (kind, send, receive) = match first_stream(connection).await {
        Ok(stream) => stream,
        Err(code) => {
            // Counted without a link: an early stream of the wrong kind is as wrong as a late one.
            if let Some(code) = code {
                connection.close(code.into(), b"");
                shared.registry.violated(partner, code);
            }
            return;
        }
    };
    if kind == PROBE {
        return answer_probe(connection, send).await;
    }
    let before = match shared.registry.register(&link) {
        Ok(before) => before,
        Err(refused) => return refuse(refused),
    };
    let connection = connection.clone();
    shared.spawn(Ready { link, control_send: send, control_receive: receive, before });
    // The place is taken as long as the connection lives.
    tokio::spawn(async move {
        connection.closed().await;
        drop(slot);
    });
}

/// Waits for the first bidirectional stream and its first byte.
async fn first_stream(connection: &Connection) -> Result<(u8, SendStream, RecvStream), Option<CloseCode>> {
    let (send, mut receive) = connection.accept_bi().await.map_err(|_| None)?;
    let mut kind = [0];
    receive.read_exact(&mut kind).await.map_err(|_| connection_fault(connection))?;
    match kind {
        [kind @ (CONTROL | PROBE)] => Ok((kind, send, receive)),
        _ => Err(Some(CloseCode::UnexpectedStream)),
    }
}

fn connection_fault(connection: &Connection) -> Option<CloseCode> {
    connection.close_reason().is_none().then_some(CloseCode::UnexpectedStream)
}

/// Says that there would be a link, and waits for the other side to leave.
async fn answer_probe(connection: &Connection, mut send: SendStream) {
    if send.write_all(&[PROBE]).await.is_ok() && send.finish().is_ok() {
        // Either way the connection is closed next.
        let _ = tokio::time::timeout(PROBE_STAYS, connection.closed()).await;
    }
    connection.close(CloseCode::Done.into(), b"");
}

/// What a failed handshake was about, for our own log. The reasons of the verifier are logged
/// where they arise.
fn describe(error: &ConnectionError) -> &'static str {
    const NO_APPLICATION_PROTOCOL: u64 = 0x100 + 120;
    const CERTIFICATE_REQUIRED: u64 = 0x100 + 116;
    let code = match error {
        ConnectionError::TransportError(error) => u64::from(error.code),
        ConnectionError::ConnectionClosed(close) => u64::from(close.error_code),
        ConnectionError::TimedOut => return "no answer in time",
        _ => return "the connection was lost",
    };
    match code {
        NO_APPLICATION_PROTOCOL => "it speaks another protocol than ours",
        CERTIFICATE_REQUIRED => "it presented no certificate",
        0x100..=0x1ff => "TLS refused it",
        _ => "QUIC refused it",
    }
}

/// How many handshakes run from which address.
#[derive(Clone, Default)]
struct Addresses {
    running: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

struct AddressSlot {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    fn enter(&self, address: IpAddr, most: usize) -> Option<AddressSlot> {
        let address = address.to_canonical();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(address).or_insert(0);
        if *count >= most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(AddressSlot { addresses: self.clone(), address })
    }
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        let mut running = self.addresses.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                running.remove(&self.address);
            }
        }
    }
}
