//! For the operator and the data protection officer: links, disclosures, health. No content.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use serde::Deserialize;
use stafett_config::Language;
use stafett_config::partner::{PartnerKeys, TlsFingerprint};
use stafett_protocol::agreement::{Standing, is_late};
use stafett_protocol::id::{CaseId, DisclosureId};
use stafett_protocol::person::{Reader, Role};
#[cfg(test)]
use stafett_protocol::signed::PublicKey;
use stafett_protocol::wire::PROTOCOL_VERSION;

use super::answer::{
    AccessLogItem, DisclosureItem, DutyToReport, Health, LinkItem, LogFaultItem, Operations, OwnKeysItem,
    PartnerKeysItem, PinnedKey, ShownKeyItem, StoreItem,
};
use super::link::Link;
use super::{Engine, EngineError};
use crate::store::{DisclosureFilter, LoggedDisclosure, StoreSize};

/// Bytes on the store's disk below which there is something to do about it.
const FREE_BYTES_MIN: u64 = 1024 * 1024 * 1024;

/// Which disclosures are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhichDisclosures {
    /// Of this case alone.
    pub case: Option<CaseId>,
    /// Committed before this one.
    pub before: Option<DisclosureId>,
    /// So many at the most: the latest.
    pub latest: Option<NonZeroU32>,
}

/// A part of the disclosures.
pub struct DisclosuresPart {
    /// The latest first.
    pub items: Vec<DisclosureItem>,
    /// The last of them, if others stand before it.
    pub older: Option<DisclosureId>,
    /// How many there are in all.
    pub count: u64,
}

impl Engine {
    /// One line per partner.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the operator and the data protection officer.
    pub async fn links(&self, reader: &Reader) -> Result<Vec<LinkItem>, EngineError> {
        overseers_only(reader)?;
        let mut items = Vec::new();
        let now = self.now();
        for (partner, link) in self.link_table().iter() {
            // Where there is no node there is no link.
            let Some(keys) = &link.keys else { continue };
            let waiting = self.inner.store.orders_waiting(*partner).await?;
            let since = waiting.iter().map(|order| order.queued_at).min();
            items.push(LinkItem {
                partner: *partner,
                name: link.name.clone(),
                connected: link.state.connected_since().is_some(),
                connected_since: link.state.connected_since(),
                last_received: link.state.last_received(),
                waiting: link.state.waiting(),
                receipts_missing: waiting.len(),
                receipts_missing_since: since,
                receipts_late: since.is_some_and(|since| is_late(since, now)),
                sharing_stopped: link.standing == Standing::ReceiptOverdue,
                agreement_until: link.agreement.until,
                revoked: link.is_revoked,
                in_doubt: link.in_doubt,
                keys: keys_of(keys, link),
                protocol_version: link.state.version(),
            });
        }
        Ok(items)
    }

    /// How the node is run: keys, store, access log, versions.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the operator and the data protection officer.
    pub async fn operations(&self, reader: &Reader) -> Result<Operations, EngineError> {
        overseers_only(reader)?;
        let store = &self.inner.store;
        let (size, log) = (store.size().await?, self.log_state());
        let certificate = &self.inner.certificate;
        Ok(Operations {
            keys: OwnKeysItem {
                tls: certificate.fingerprint.to_string(),
                signing: self.inner.signing.public().to_string(),
                certificate_from: certificate.from,
                certificate_until: certificate.until,
            },
            store: StoreItem {
                bytes: size.rows,
                write_ahead_bytes: size.write_ahead,
                free_bytes: size.free,
                is_nearly_full: is_nearly_full(&size),
                schema: store.schema(),
            },
            access_log: AccessLogItem {
                rows: log.whole.map(|whole| whole.end.length),
                walked_at: log.walked_at,
                rows_walked: log.whole.map(|whole| whole.rows_walked),
                is_walking: log.is_walking,
                fault: log.fault.map(LogFaultItem::from),
            },
            unreadable_entries: self.damage_count().await?,
            unreadable_families: self.damaged_families(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocol_version: PROTOCOL_VERSION,
        })
    }

    /// What left this node, in the order in which it was committed: of one case for its
    /// stafettholder, of all for the data protection officer. Ids, consents and moments; no
    /// content.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] for everybody else.
    pub async fn disclosures(
        &self,
        reader: &Reader,
        which: WhichDisclosures,
    ) -> Result<Vec<DisclosureItem>, EngineError> {
        let WhichDisclosures { case, before, latest } = which;
        if reader.role != Role::DataProtectionOfficer {
            let case = case.ok_or(EngineError::NotAllowed)?;
            self.held_case(reader, case).await?;
        }
        let latest = latest.map(NonZeroU32::get);
        let filter = DisclosureFilter { case, before, latest, ..DisclosureFilter::default() };
        self.note(reader, case, "disclosures".to_owned()).await?;
        let logged = self.inner.store.disclosures(filter).await?;
        Ok(logged.into_iter().map(item).collect())
    }

    /// A part of everything that left this node, the latest first, for the data protection officer.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody else, [`EngineError::NotFound`] if nothing stands
    /// before `before`.
    pub async fn disclosures_part(
        &self,
        reader: &Reader,
        before: Option<DisclosureId>,
        rows_max: NonZeroU32,
    ) -> Result<DisclosuresPart, EngineError> {
        let latest = Some(rows_max.saturating_add(1));
        let which = WhichDisclosures { case: None, before, latest };
        let mut items = self.disclosures(reader, which).await?;
        if items.is_empty() && before.is_some() {
            return Err(EngineError::NotFound);
        }
        items.reverse();
        let shown = usize::try_from(rows_max.get()).unwrap_or(usize::MAX);
        let has_older = items.len() > shown;
        items.truncate(shown);
        let older = items.last().filter(|_| has_older).map(|item| item.id);
        Ok(DisclosuresPart { items, older, count: self.inner.store.disclosures_count().await? })
    }

    /// The key by which this node's statements are known.
    #[cfg(test)]
    pub(crate) fn signing_key(&self) -> PublicKey {
        self.inner.signing.public()
    }

    /// How the node is.
    pub fn health(&self) -> Health {
        let duty = &self.inner.config.duty_to_report;
        let duty_to_report = DutyToReport { nb: duty.plain(Language::Nb), nn: duty.plain(Language::Nn) };
        Health {
            duty_to_report,
            ready: !self.is_stopping() && !self.is_sealed(),
            sealed: self.is_sealed(),
            sealed_because: self.seals(),
            next_step: self.seals().first().map(|reason| reason.next_step().to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            organisation: self.inner.own,
        }
    }
}

fn item(logged: LoggedDisclosure) -> DisclosureItem {
    DisclosureItem {
        id: logged.row.id,
        partner: logged.row.partner,
        case: logged.row.case,
        entry: logged.row.entry,
        consents: logged.row.grounds.iter().map(|ground| ground.consent).collect::<BTreeSet<_>>(),
        at: logged.row.at,
        unsent: logged.is_unsent,
    }
}

fn overseers_only(reader: &Reader) -> Result<(), EngineError> {
    match reader.role {
        Role::ItOperator | Role::DataProtectionOfficer => Ok(()),
        _ => Err(EngineError::NotAllowed),
    }
}

/// Whether there is too little room to go on for long: what a node writes in some weeks, or what
/// a copy of the store would take.
fn is_nearly_full(size: &StoreSize) -> bool {
    size.free < FREE_BYTES_MIN.max(size.rows.saturating_add(size.write_ahead))
}

fn keys_of(keys: &PartnerKeys, link: &Link) -> PartnerKeysItem {
    let shown = link.state.shown().map(|certificate| {
        let fingerprint = TlsFingerprint::new(*certificate.fingerprint.as_bytes());
        let key = if keys.tls_current == fingerprint {
            PinnedKey::Current
        } else if keys.tls_next == Some(fingerprint) {
            PinnedKey::Next
        } else {
            PinnedKey::Neither
        };
        ShownKeyItem { key, certificate_until: certificate.until }
    });
    PartnerKeysItem {
        tls_current: keys.tls_current.to_string(),
        tls_next: keys.tls_next.map(|key| key.to_string()),
        signing_current: keys.signing_current.to_string(),
        signing_next: keys.signing_next.map(|key| key.to_string()),
        shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn disk_is_nearly_full_below_a_gibibyte_and_below_what_the_store_takes() {
        let full = |rows, write_ahead, free| is_nearly_full(&StoreSize { rows, write_ahead, free });

        assert!(full(1, 1, GIB - 1) && !full(1, 1, GIB));
        assert!(full(2 * GIB, 1, 2 * GIB) && !full(2 * GIB, 1, 2 * GIB + 1));
    }
}
