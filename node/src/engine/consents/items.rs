//! Consents as whoever asks may see them.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::permit_grant;
use stafett_protocol::agreement::is_late;
use stafett_protocol::consent::{ConsentKind, ConsentRecord, ConsentStatus, Withdrawal, WithdrawnPart};
use stafett_protocol::id::{GrantId, OrderId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::Heard;

use crate::engine::answer::{ConsentItem, OrderItem, OwnConsent, ReceiptItem, WithdrawalItem};
use crate::engine::uptakes::cannot_take_of;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// A consent as the stafettholder sees it.
    pub(super) fn full_item(
        &self,
        ledger: &LedgerView,
        record: &ConsentRecord,
        orders: &BTreeMap<GrantId, Vec<OrderItem>>,
        heard: &[Heard],
    ) -> ConsentItem {
        let now = self.now();
        let consent = record.consent();
        let grants: BTreeSet<GrantId> = ledger
            .grants()
            .iter()
            .filter(|(_, issued)| issued.consent == consent.id)
            .map(|(grant, _)| *grant)
            .collect();
        let required = ledger.required_for(consent, now);
        ConsentItem {
            asked: consent.clone(),
            recipient_name: self.service_name(&consent.recipient),
            status: status_word(&ledger.status(record, now)).to_owned(),
            opens: self.opens(ledger, record),
            open_areas: record.areas().clone(),
            excepted: record.excepted().clone(),
            given_by: record.given_by().clone(),
            refused_by: record.refused_by(),
            missing: required.into_iter().filter(|giver| !record.has_yes_of(*giver)).collect(),
            withdrawn_at: record.withdrawn_at(),
            withdrawals: record.withdrawals().iter().map(withdrawal).collect(),
            clarify: ledger.waits_for_clarifying(record, now),
            cannot_take: grants
                .iter()
                .any(|grant| ledger.grants().get(grant).is_some_and(|grant| grant.ended_at.is_none()))
                .then(|| cannot_take_of(ledger, heard, &consent.recipient))
                .flatten(),
            orders: grants.iter().filter_map(|grant| orders.get(grant)).flatten().cloned().collect(),
            grants,
        }
    }

    /// A consent as one giver sees it. What another giver, the municipality or a partner did shows
    /// as one word.
    pub(super) fn own_item(
        &self,
        ledger: &LedgerView,
        record: &ConsentRecord,
        person: PersonId,
    ) -> OwnConsent {
        let consent = record.consent().clone();
        let own = record.withdrawals().iter().filter(|word| word.giver == person);
        let excepted = record.excepted().iter().filter(|(_, by)| by.contains(&person));
        OwnConsent {
            recipient_name: self.service_name(&consent.recipient),
            status: self.own_status(ledger, record, person).to_owned(),
            yes: record.given_by().get(&person).cloned(),
            withdrawals: own.map(withdrawal).collect(),
            excepted: excepted.map(|(entry, _)| *entry).collect(),
            id: consent.id,
            version: consent.version,
            kind: consent.kind,
            recipient: consent.recipient,
            also: consent.also,
            controller: consent.controller,
            areas: consent.areas,
            kinds: consent.kinds,
            card_fields: consent.card_fields,
            direction: consent.direction,
            purpose: consent.purpose,
            purpose_code: consent.purpose_code,
            legal_character: consent.legal_character,
            language: consent.language,
            text_sha256: consent.text_sha256,
            from: consent.from,
            until: consent.until,
            review_at: consent.review_at,
        }
    }

    fn own_status(&self, ledger: &LedgerView, record: &ConsentRecord, person: PersonId) -> &'static str {
        let now = self.now();
        if has_taken_back(record, person) {
            return "withdrawn";
        }
        if record.refused_by().contains(&person) && !record.has_yes_of(person) {
            return "refused";
        }
        let status = ledger.status(record, now);
        let is_needed = ledger.required_for(record.consent(), now).contains(&person);
        let waits = matches!(
            status,
            ConsentStatus::Draft | ConsentStatus::PartlyGiven { .. } | ConsentStatus::Refused
        );
        let is_share = record.consent().kind == ConsentKind::Share;
        match status {
            _ if waits && is_needed && !record.has_yes_of(person) => "asked",
            status if status.counts() && (!is_share || self.opens(ledger, record)) => "in-force",
            _ => "not-in-force",
        }
    }

    /// Whether anything is open under a consent now.
    fn opens(&self, ledger: &LedgerView, record: &ConsentRecord) -> bool {
        let (now, consent) = (self.now(), record.consent());
        if consent.recipient.host == self.inner.own {
            let is_share = consent.kind == ConsentKind::Share;
            return is_share
                && ledger.status(record, now).counts()
                && !ledger.protection().closes(record, false);
        }
        self.link(consent.recipient.host).is_some_and(|link| {
            permit_grant(ledger, Some(&link.agreement), link.standing, consent.id, now).is_ok()
        })
    }

    pub(super) async fn orders_by_grant(
        &self,
        ledger: &LedgerView,
    ) -> Result<BTreeMap<GrantId, Vec<OrderItem>>, EngineError> {
        let case = ledger.case();
        // Before the receipts: one that is filed meanwhile must not leave its order without either.
        let waiting: BTreeMap<OrderId, (usize, UnixMillis)> = self
            .inner
            .store
            .orders_waiting_in(case)
            .await?
            .into_iter()
            .map(|waiting| (waiting.order.statement().clone(), waiting.queued_at))
            .map(|(order, queued_at)| (order.order, (order.entries.len(), queued_at)))
            .collect();
        let receipts: BTreeMap<OrderId, ReceiptItem> = self
            .inner
            .store
            .receipts_filed(case)
            .await?
            .into_iter()
            .map(|filed| {
                let receipt = filed.receipt;
                let by_law = receipt.kept_by_law.iter();
                let kept_by_law = by_law
                    .flat_map(|kept| kept.entries.iter().map(|entry| (*entry, kept.basis.to_string())))
                    .collect();
                let item = ReceiptItem {
                    kept_by_law,
                    erased: receipt.erased(),
                    locked: receipt.locked(),
                    backup_days: receipt.backup_days,
                    items: receipt.items,
                };
                (receipt.order, item)
            })
            .collect();
        let mut by_grant: BTreeMap<GrantId, Vec<OrderItem>> = BTreeMap::new();
        let now = self.now();
        for (order, ordered) in ledger.orders() {
            let Some(issued) = ledger.grants().get(&ordered.grant) else { continue };
            let receipt = receipts.get(order).cloned();
            let in_receipt = receipt.as_ref().map(|receipt| receipt.items.len());
            let waits = waiting.get(order).copied().filter(|_| receipt.is_none());
            let waits_since = waits.map(|(_, queued_at)| queued_at);
            let item = OrderItem {
                order: *order,
                partner: issued.partner,
                partner_name: self.name_of(issued.partner),
                entries: in_receipt.or_else(|| waits.map(|(entries, _)| entries)).unwrap_or_default(),
                waits_since,
                late: waits_since.is_some_and(|since| is_late(since, now)),
                receipt,
            };
            by_grant.entry(ordered.grant).or_default().push(item);
        }
        Ok(by_grant)
    }
}

/// Whether a giver has taken back all of a consent, as far as that giver knows.
fn has_taken_back(record: &ConsentRecord, person: PersonId) -> bool {
    let mut left = record.consent().areas.clone();
    for word in record.withdrawals().iter().filter(|word| word.giver == person) {
        match &word.part {
            WithdrawnPart::Whole => return true,
            WithdrawnPart::Areas { areas } => left.retain(|area| !areas.contains(area)),
            WithdrawnPart::AboutSelf => {}
        }
    }
    left.is_empty() && !record.consent().areas.is_empty()
}

fn withdrawal(word: &Withdrawal) -> WithdrawalItem {
    let Withdrawal { giver, channel, part, at } = word.clone();
    WithdrawalItem { giver, channel, part, at }
}

pub(in crate::engine) fn status_word(status: &ConsentStatus) -> &'static str {
    match status {
        ConsentStatus::Draft => "draft",
        ConsentStatus::PartlyGiven { .. } => "partly-given",
        ConsentStatus::Refused => "refused",
        ConsentStatus::NotYet => "not-yet",
        ConsentStatus::WaitsForReview => "waits-for-review",
        ConsentStatus::Valid => "valid",
        ConsentStatus::Expiring => "expiring",
        ConsentStatus::MustBeRenewed { .. } => "must-be-renewed",
        ConsentStatus::InDoubt => "in-doubt",
        ConsentStatus::Expired => "expired",
        ConsentStatus::Withdrawn { .. } => "withdrawn",
        ConsentStatus::Superseded => "superseded",
    }
}
