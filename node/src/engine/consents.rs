//! Asking, giving, refusing and withdrawing consent; and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::consent::rule::required_givers;
use stafett_protocol::consent::{Consent, ConsentRecord, ConsentStatus, Yes};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::{CaseId, ConsentId, GrantId, OrderId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::limits::AREAS_MAX;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::{DAY, UnixMillis};

use super::answer::{ConsentItem, OrderItem, ReceiptItem};
use super::request::{AskConsent, GiveConsent, WithdrawConsent};
use super::{Engine, EngineError};
use crate::clock::random;

impl Engine {
    /// Makes the consent that a request describes, checked but not said.
    pub(super) fn consent_of(
        &self,
        ledger: &LedgerView,
        request: &AskConsent,
    ) -> Result<Consent, EngineError> {
        self.check_areas(&request.areas)?;
        self.check_recipient(request)?;
        if request.areas.is_empty() || request.areas.len() > AREAS_MAX {
            return Err(invalid("areas", "expected at least one area"));
        }
        if request.kinds.contains(&EntryKind::CaseCard) {
            return Err(invalid("kinds", "the case card is opened by its fields"));
        }
        if request.purpose.trim().is_empty() || request.purpose.len() > 2_000 {
            return Err(invalid("purpose", "expected 1 to 2000 bytes of text"));
        }
        let now = self.now();
        let from = request.from.unwrap_or(now);
        let days = u64::from(self.inner.config.consent.default_duration_days);
        let until = request.until.unwrap_or_else(|| from.plus(days.saturating_mul(DAY)));
        if until <= from || until <= now {
            return Err(invalid("until", "expected a moment after `from` and after now"));
        }
        if let Some(replaced) = request.supersedes {
            let fits = ledger
                .consents()
                .get(&replaced)
                .is_some_and(|record| record.consent().recipient == request.recipient);
            if !fits {
                return Err(invalid("supersedes", "expected a consent of this case to the same service"));
            }
        }
        Ok(Consent {
            id: ConsentId::from_random(random()),
            recipient: request.recipient.clone(),
            areas: request.areas.clone(),
            kinds: request.kinds.clone(),
            exceptions: request.exceptions.clone(),
            card_fields: request.card_fields.clone(),
            direction: request.direction,
            purpose: request.purpose.clone(),
            from,
            until,
            supersedes: request.supersedes,
        })
    }

    fn check_recipient(&self, request: &AskConsent) -> Result<(), EngineError> {
        let recipient = &request.recipient;
        let exists = if recipient.host == self.inner.own {
            self.inner.config.service(&recipient.code).is_some()
        } else {
            self.link(recipient.host).is_some_and(|link| link.agreement.services.contains(&recipient.code))
        };
        if exists {
            Ok(())
        } else {
            Err(invalid("recipient", "expected an own service or one of an agreement"))
        }
    }

    /// Asks the family. Nothing is opened by this.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person holds the
    /// baton, [`EngineError::Invalid`] if the scope does not make sense.
    pub async fn ask_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        request: AskConsent,
    ) -> Result<ConsentItem, EngineError> {
        self.must_not_be_sealed()?;
        let turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let consent = self.consent_of(&ledger, &request)?;
        let id = consent.id;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::ConsentAsked { consent }, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        drop(turn);
        self.consent_item(reader, case, id).await
    }

    /// Registers one giver's yes. The last required one opens the scope.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the giver is nobody who must be asked,
    /// [`EngineError::Conflict`] if the yes does not count.
    pub async fn give_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: GiveConsent,
    ) -> Result<ConsentItem, EngineError> {
        let yes = Yes { at: self.now(), evidence: request.evidence, about_self: request.about_self };
        self.giver_says(
            reader,
            case,
            request.giver,
            Said::ConsentGiven { consent, giver: request.giver, yes },
        )
        .await?;
        self.consent_item(reader, case, consent).await
    }

    /// Registers one giver's no.
    ///
    /// # Errors
    /// As [`give_consent`](Self::give_consent).
    pub async fn refuse_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: WithdrawConsent,
    ) -> Result<ConsentItem, EngineError> {
        let giver = request.giver;
        self.giver_says(reader, case, giver, Said::ConsentRefused { consent, giver }).await?;
        self.consent_item(reader, case, consent).await
    }

    /// Takes a yes back; one giver's word is enough. When this returns, nothing more of the scope
    /// goes out, and the orders to erase are queued (law 12).
    ///
    /// # Errors
    /// As [`give_consent`](Self::give_consent).
    pub async fn withdraw_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
        request: WithdrawConsent,
    ) -> Result<ConsentItem, EngineError> {
        let giver = request.giver;
        self.giver_says(reader, case, giver, Said::ConsentWithdrawn { consent, giver }).await?;
        self.consent_item(reader, case, consent).await
    }

    /// A giver's word comes through the stafettholder, or from the giver's own account.
    async fn giver_says(
        &self,
        reader: &Reader,
        case: CaseId,
        giver: PersonId,
        said: Said,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.ledger(case).await?;
        let is_own_word =
            matches!(reader.role, Role::Guardian | Role::Subject) && reader.person == Some(giver);
        if is_own_word {
            self.task_in(reader, &ledger).await?;
        } else {
            self.held_case(reader, case).await?;
        }
        if !required_givers(ledger.subject_kind(), ledger.parties()).contains(&giver) {
            return Err(invalid("giver", "expected somebody whose yes this case needs"));
        }
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Lists the consents of a case, with what came of each.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person holds the baton.
    pub async fn consents(&self, reader: &Reader, case: CaseId) -> Result<Vec<ConsentItem>, EngineError> {
        let ledger = self.held_case(reader, case).await?;
        self.note(reader, Some(case), "consents".to_owned()).await?;
        let orders = self.orders_by_grant(&ledger).await?;
        Ok(ledger.consents().values().map(|record| self.item_of(&ledger, record, &orders)).collect())
    }

    /// A consent as the stafettholder sees it; a giver sees the own question and its status, and
    /// nothing of exceptions, other givers or partners.
    async fn consent_item(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
    ) -> Result<ConsentItem, EngineError> {
        let ledger = self.ledger(case).await?;
        let record = ledger.consents().get(&consent).ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), format!("consent {consent}")).await?;
        let orders = self.orders_by_grant(&ledger).await?;
        let mut item = self.item_of(&ledger, record, &orders);
        if ledger.baton().holder != reader.account {
            item.asked.exceptions.clear();
            item.given_by.retain(|giver, _| Some(*giver) == reader.person);
            item.missing.retain(|giver| Some(*giver) == reader.person);
            item.grants.clear();
            item.orders.clear();
        }
        Ok(item)
    }

    fn item_of(
        &self,
        ledger: &LedgerView,
        record: &ConsentRecord,
        orders: &BTreeMap<GrantId, Vec<OrderItem>>,
    ) -> ConsentItem {
        let now = self.now();
        let consent = record.consent();
        let grants: BTreeSet<GrantId> = ledger
            .grants()
            .iter()
            .filter(|(_, issued)| issued.consent == consent.id)
            .map(|(grant, _)| *grant)
            .collect();
        let required = required_givers(ledger.subject_kind(), ledger.parties());
        ConsentItem {
            asked: consent.clone(),
            status: status_word(ledger, record, now).to_owned(),
            given_by: record.given_by().clone(),
            missing: required.into_iter().filter(|giver| !record.given_by().contains_key(giver)).collect(),
            withdrawn_at: record.withdrawn_at(),
            orders: grants.iter().filter_map(|grant| orders.get(grant)).flatten().cloned().collect(),
            grants,
        }
    }

    async fn orders_by_grant(
        &self,
        ledger: &LedgerView,
    ) -> Result<BTreeMap<GrantId, Vec<OrderItem>>, EngineError> {
        let case = ledger.case();
        let receipts: BTreeMap<OrderId, ReceiptItem> = self
            .inner
            .store
            .receipts_filed(case)
            .await?
            .into_iter()
            .map(|filed| {
                let receipt = filed.receipt;
                let item = ReceiptItem {
                    erased: receipt.erased(),
                    locked: receipt.locked(),
                    backup_days: receipt.backup_days,
                    items: receipt.items,
                };
                (receipt.order, item)
            })
            .collect();
        let mut by_grant: BTreeMap<GrantId, Vec<OrderItem>> = BTreeMap::new();
        let waiting: BTreeMap<OrderId, usize> = self
            .inner
            .store
            .orders_waiting_in(case)
            .await?
            .into_iter()
            .map(|waiting| waiting.order.statement().clone())
            .map(|order| (order.order, order.entries.len()))
            .collect();
        for (order, ordered) in ledger.orders() {
            let Some(issued) = ledger.grants().get(&ordered.grant) else { continue };
            let receipt = receipts.get(order).cloned();
            let in_receipt = receipt.as_ref().map(|receipt| receipt.items.len());
            let entries = in_receipt.or_else(|| waiting.get(order).copied()).unwrap_or_default();
            let partner_name = self.name_of(issued.partner);
            let item = OrderItem { order: *order, partner: issued.partner, partner_name, entries, receipt };
            by_grant.entry(ordered.grant).or_default().push(item);
        }
        Ok(by_grant)
    }
}

fn status_word(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> &'static str {
    match ledger.status(record, now) {
        ConsentStatus::Valid if ledger.is_superseded(record.consent().id, now) => "superseded",
        ConsentStatus::Asked => "asked",
        ConsentStatus::PartlyGiven { .. } => "partly-given",
        ConsentStatus::Refused => "refused",
        ConsentStatus::NotYet => "not-yet",
        ConsentStatus::Valid => "valid",
        ConsentStatus::Expired => "expired",
        ConsentStatus::Withdrawn { .. } => "withdrawn",
    }
}

pub(super) fn invalid(field: &'static str, reason: &str) -> EngineError {
    EngineError::Invalid { field, reason: reason.to_owned() }
}
