//! Dialling a partner, again and again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::Connection;
use stafett_protocol::municipality::OrganisationNumber;
use tokio::time::Instant;

use super::connection::{CONTROL, Ready};
use super::tls::SERVER_NAME;
use super::{CloseCode, Refusal, RefusedHere, Shared, TlsError};

/// Addresses of one host name that are tried.
pub(super) const ADDRESSES_MAX: usize = 4;

/// A dial that came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("the address {address} is unknown")]
    Resolve {
        address: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the address {address} names no host")]
    NoAddress { address: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the address cannot be dialled from here")]
    Connect(#[from] quinn::ConnectError),
    #[error("no answer in time")]
    TimedOut,
    #[error("the connection was lost")]
    Connection(#[from] quinn::ConnectionError),
    #[error("the partner did not take the connection")]
    NotAdmitted,
    #[error("refused the dialled node")]
    Refused(#[source] Refusal),
    #[error("not needed")]
    RefusedHere(#[source] RefusedHere),
}

impl DialError {
    /// Whether both sides dialled at once and the other connection is kept, which is no failure.
    fn is_crossed(&self) -> bool {
        let duplicate = u64::from(CloseCode::Duplicate.number());
        match self {
            Self::RefusedHere(refused) => *refused == RefusedHere::Duplicate,
            Self::Connection(quinn::ConnectionError::ApplicationClosed(close)) => {
                close.error_code.into_inner() == duplicate
            }
            _ => false,
        }
    }
}

/// Keeps one partner linked until the task is aborted.
///
/// After a lost link it dials at once; after a failed dial, and after a link that did not last,
/// it waits, each time about twice as long.
pub(super) async fn keep_dialling(shared: Arc<Shared>, partner: OrganisationNumber, address: String) {
    let mut failures: u32 = 0;
    let mut short_lives: u32 = 0;
    loop {
        shared.registry.until_down(partner).await;
        if let Some(wait) = pause(&shared, partner) {
            tokio::time::sleep(wait).await;
            continue;
        }
        match dial(&shared, partner, &address).await {
            Ok(()) => {
                failures = 0;
                let begun = Instant::now();
                shared.registry.until_down(partner).await;
                let stable = begun.elapsed() >= shared.settings.stable_after;
                short_lives = if stable { 0 } else { short_lives.saturating_add(1) };
            }
            Err(error) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map(ToString::to_string).unwrap_or_default();
                if error.is_crossed() {
                    tracing::debug!(%partner, %error, cause, "both sides dialled at once");
                } else {
                    tracing::info!(%partner, %error, cause, "dialling failed");
                }
                failures = failures.saturating_add(1);
            }
        }
        // The first short life is a restart more often than not, and costs no wait.
        let waits = failures.saturating_add(short_lives.saturating_sub(1));
        if let Some(before) = waits.checked_sub(1) {
            tokio::time::sleep(backoff(&shared, before)).await;
        }
    }
}

/// How long not to dial at all: the partner has to wait, or may not link now.
fn pause(shared: &Shared, partner: OrganisationNumber) -> Option<Duration> {
    let may_link =
        shared.partners.current().find(partner).is_some_and(|partner| partner.may_link(shared.now()));
    if may_link { shared.registry.held_off(partner) } else { Some(shared.settings.recheck_every) }
}

/// Between half and the whole of `redial_min` doubled `before` times, at most `redial_max`.
fn backoff(shared: &Shared, before: u32) -> Duration {
    let settings = &shared.settings;
    let whole =
        settings.redial_min.saturating_mul(2_u32.saturating_pow(before.min(16))).min(settings.redial_max);
    let half = whole.checked_div(2).unwrap_or_default();
    let spread = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    let jitter = (shared.jitter)().checked_rem(spread).unwrap_or(0);
    half.saturating_add(Duration::from_millis(jitter))
}

/// Dials each address of the partner until one makes a link, and runs it.
async fn dial(shared: &Shared, partner: OrganisationNumber, address: &str) -> Result<(), DialError> {
    let mut failed = DialError::NoAddress { address: address.to_owned() };
    for candidate in resolve(address).await? {
        let dialled = dial_one(shared, partner, candidate);
        match tokio::time::timeout(shared.settings.handshake_timeout, dialled).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = DialError::TimedOut,
        }
        if shared.registry.is_up(partner) {
            return Ok(());
        }
    }
    Err(failed)
}

pub(super) async fn resolve(address: &str) -> Result<Vec<SocketAddr>, DialError> {
    let found = tokio::net::lookup_host(address)
        .await
        .map_err(|source| DialError::Resolve { address: address.to_owned(), source })?;
    Ok(found.take(ADDRESSES_MAX).collect())
}

async fn dial_one(
    shared: &Shared,
    partner: OrganisationNumber,
    address: SocketAddr,
) -> Result<(), DialError> {
    let (tls, refusal) = shared.tls.client(&shared.partners, &shared.clock, partner)?;
    let connecting = shared.quinn.connect_with(shared.settings.client(tls), address, SERVER_NAME)?;
    let connection = match connecting.await {
        Ok(connection) => connection,
        Err(error) => return Err(refusal.take().map_or(error.into(), DialError::Refused)),
    };
    establish(shared, partner, &connection).await.inspect_err(|error| {
        let code = match error {
            DialError::Refused(_) => CloseCode::NoAgreement,
            DialError::RefusedHere(refused) => refused.code(),
            _ => CloseCode::Done,
        };
        connection.close(code.into(), b"");
    })
}

/// Opens the control stream and waits until the partner has taken the connection.
async fn establish(
    shared: &Shared,
    partner: OrganisationNumber,
    connection: &Connection,
) -> Result<(), DialError> {
    let link = shared.handle(connection, true).map_err(DialError::Refused)?;
    if link.partner() != partner {
        let fingerprint = link.facts().fingerprint;
        let found = link.partner();
        return Err(DialError::Refused(Refusal::WrongOrganisation { expected: partner, found, fingerprint }));
    }
    let (mut send, mut receive) = connection.open_bi().await?;
    let mut answer = [0];
    let exchanged = async {
        send.write_all(&[CONTROL]).await.ok()?;
        receive.read_exact(&mut answer).await.ok()
    };
    if exchanged.await.is_none() || answer != [CONTROL] {
        return Err(connection.close_reason().map_or(DialError::NotAdmitted, DialError::Connection));
    }
    let before = shared.registry.register(&link).map_err(DialError::RefusedHere)?;
    shared.spawn(Ready { link, control_send: send, control_receive: receive, before });
    Ok(())
}
