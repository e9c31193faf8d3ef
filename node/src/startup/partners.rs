//! What the transport needs to know of partners and settings.

use std::collections::BTreeSet;

use stafett_config::partner::PartnerConfig;
use stafett_config::{NodeConfig, Partners};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::{DAY, UnixMillis};

use crate::keys::Fingerprint;
use crate::store::{StoreError, StoreReader};
use crate::transport::{Partner, PartnerTable, TransportSettings};

/// How long after its last receipt to a partner a node still answers it once their agreement has
/// ended: the partner may not have got it, and asks again when it is back.
const RECEIPT_ASKED_AGAIN_MS: u64 = 30 * DAY;

/// Returns the bounds of the transport as the settings have them.
pub fn transport_settings(config: &NodeConfig) -> TransportSettings {
    let transport = &config.transport;
    let defaults = TransportSettings::default();
    let narrow = |bytes: u64, default: u32| u32::try_from(bytes).unwrap_or(default);
    TransportSettings {
        incoming_max: usize::try_from(transport.incoming_max).unwrap_or(defaults.incoming_max),
        stream_window_bytes: narrow(transport.stream_window_bytes, defaults.stream_window_bytes),
        receive_window_bytes: narrow(transport.receive_window_bytes, defaults.receive_window_bytes),
        send_window_bytes: transport.send_window_bytes,
        idle_timeout: transport.idle,
        keep_alive: transport.keep_alive,
        handshake_timeout: transport.handshake,
        redial_min: config.federation.redial_min,
        redial_max: config.federation.redial_max,
        ..defaults
    }
}

/// Returns a partner as the transport knows it, for an agreement in force; none of a municipality
/// without a node. A revoked partner has a link for orders to erase and their receipts alone.
pub fn row(partner: &PartnerConfig) -> Option<Partner> {
    let keys = partner.keys.as_ref()?;
    let pins = std::iter::once(keys.tls_current).chain(keys.tls_next);
    Some(Partner {
        organisation: partner.organisation,
        pins: pins.map(|key| Fingerprint::from_bytes(key.bytes())).collect(),
        agreement_from: partner.terms.period.starts_at(),
        agreement_until: partner.terms.period.ends_at(),
        recall_only: partner.revoked,
        address: partner.address.as_ref().map(ToString::to_string),
    })
}

/// Returns all partners as the transport knows them at `now`. One whose agreement has ended keeps
/// its link while either side may still hold something of the other (law 12).
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub async fn table(
    partners: &Partners,
    store: &StoreReader,
    now: UnixMillis,
) -> Result<PartnerTable, StoreError> {
    let mut rows = Vec::with_capacity(partners.len());
    for partner in partners.iter() {
        let Some(mut row) = row(partner) else { continue };
        if !row.recall_only && row.agreement_until <= now {
            let left = store.left_with(partner.organisation).await?;
            let answered = |at: UnixMillis| now.since(at) < RECEIPT_ASKED_AGAIN_MS;
            row.recall_only = !left.is_nothing() || left.receipt_signed_at.is_some_and(answered);
        }
        rows.push(row);
    }
    Ok(rows.into_iter().collect())
}

/// Returns the organisations with which something is left and that no file describes. Without
/// their keys there is no link, so that no order to erase reaches them (law 12).
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub async fn without_file(
    partners: &Partners,
    store: &StoreReader,
) -> Result<BTreeSet<OrganisationNumber>, StoreError> {
    let mut left = store.left_with_anybody().await?;
    left.retain(|organisation| partners.get(*organisation).is_none());
    Ok(left)
}

/// Says in the log which partners' files are missing.
///
/// # Errors
/// As for [`without_file`].
pub(super) async fn report_without_file(partners: &Partners, store: &StoreReader) -> Result<(), StoreError> {
    for organisation in without_file(partners, store).await? {
        tracing::error!(
            partner = %organisation,
            "the partner's file is gone while something is left with it: orders to erase cannot reach it"
        );
    }
    Ok(())
}
