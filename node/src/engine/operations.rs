//! For the operator and the data protection officer: links, disclosures, health. No content.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use stafett_config::Language;
use stafett_protocol::agreement::{Standing, is_late};
use stafett_protocol::id::CaseId;
use stafett_protocol::person::{Reader, Role};

use super::answer::{DisclosureItem, DutyToReport, Health, LinkItem};
use super::{Engine, EngineError};
use crate::store::DisclosureFilter;

impl Engine {
    /// One line per partner.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the operator and the data protection officer.
    pub async fn links(&self, reader: &Reader) -> Result<Vec<LinkItem>, EngineError> {
        if !matches!(reader.role, Role::ItOperator | Role::DataProtectionOfficer) {
            return Err(EngineError::NotAllowed);
        }
        let mut items = Vec::new();
        let now = self.now();
        for (partner, link) in self.link_table().iter() {
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
            });
        }
        Ok(items)
    }

    /// What left this node: of one case for its stafettholder, of all for the data protection
    /// officer. Ids, consents and moments; no content.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] for everybody else.
    pub async fn disclosures(
        &self,
        reader: &Reader,
        case: Option<CaseId>,
    ) -> Result<Vec<DisclosureItem>, EngineError> {
        if reader.role != Role::DataProtectionOfficer {
            let case = case.ok_or(EngineError::NotAllowed)?;
            self.held_case(reader, case).await?;
        }
        let filter = DisclosureFilter { case, ..DisclosureFilter::default() };
        self.note(reader, case, "disclosures".to_owned()).await?;
        let logged = self.inner.store.disclosures(filter).await?;
        Ok(logged
            .into_iter()
            .map(|logged| DisclosureItem {
                id: logged.row.id,
                partner: logged.row.partner,
                case: logged.row.case,
                entry: logged.row.entry,
                consents: logged.row.grounds.iter().map(|ground| ground.consent).collect::<BTreeSet<_>>(),
                at: logged.row.at,
                unsent: logged.is_unsent,
            })
            .collect())
    }

    /// How the node is.
    pub fn health(&self) -> Health {
        let duty = &self.inner.config.duty_to_report;
        let duty_to_report = DutyToReport { nb: duty.plain(Language::Nb), nn: duty.plain(Language::Nn) };
        Health {
            duty_to_report,
            ready: !self.inner.stopping.load(Ordering::Relaxed) && !self.is_sealed(),
            sealed: self.is_sealed(),
            sealed_because: self.seals(),
            next_step: self.seals().first().map(|reason| reason.next_step().to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            organisation: self.inner.own,
        }
    }
}
