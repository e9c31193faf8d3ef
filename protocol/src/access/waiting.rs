//! What waits for consent (venter på samtykke): entries that a service would read if a consent
//! that is not in force came into force again. For the stafettholder's eyes alone.

use serde::{Deserialize, Serialize};

use crate::access::{EntryFacts, all_consented, covers, says_place};
use crate::consent::{ConsentRecord, ConsentStatus, Sector};
use crate::entry::EntryKind;
use crate::ledger::LedgerView;
use crate::municipality::Service;
use crate::protection::AddressProtection;
use crate::time::UnixMillis;

/// For what an entry waits. Each of them may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waiting {
    /// The consent is renewed; the stafettholder has not looked through what was held.
    WaitsForReview,
    /// The address is confidential, and the leader has not let the consent count.
    WaitsForApproval,
    /// The node was restored, and the givers were not asked since.
    InDoubt,
    /// Somebody else must say yes by now.
    MustBeRenewed,
    /// The consent ran out, and no later one has taken its place.
    Expired,
}

impl Waiting {
    /// Every word.
    pub const ALL: [Self; 5] =
        [Self::WaitsForReview, Self::WaitsForApproval, Self::InDoubt, Self::MustBeRenewed, Self::Expired];
}

/// Returns for what an entry waits before a service reads it, if a consent would open it.
///
/// To be asked of services that the gate denies the entry. What a family took back, closed or
/// never opened does not wait.
pub fn waits_for(
    ledger: &LedgerView,
    service: &Service,
    is_partner: bool,
    entry: &EntryFacts,
    now: UnixMillis,
) -> Option<Waiting> {
    let written_there = entry.written_by.as_ref() == Some(service);
    if ledger.is_excepted(service, entry.entry, now) {
        return None;
    }
    ledger
        .shared_with(service)
        .filter(|record| covers(record, entry))
        .filter(|record| all_consented(record, entry) || (written_there && !entry.about.is_empty()))
        .filter(|record| !is_shut(ledger, record, is_partner, entry))
        .filter_map(|record| reason(ledger, record, is_partner, now))
        .min()
}

/// Whether the protection closes this for good, whatever the consent does.
fn is_shut(ledger: &LedgerView, record: &ConsentRecord, is_partner: bool, entry: &EntryFacts) -> bool {
    let is_private = record.consent().controller.sector == Sector::Private;
    match ledger.address_protection() {
        AddressProtection::None => false,
        AddressProtection::Confidential => {
            is_private || (is_partner && entry.kind == EntryKind::CaseCard && says_place(record))
        }
        AddressProtection::StrictlyConfidential => is_private || is_partner,
    }
}

fn reason(ledger: &LedgerView, record: &ConsentRecord, is_partner: bool, now: UnixMillis) -> Option<Waiting> {
    match ledger.status(record, now) {
        ConsentStatus::WaitsForReview => Some(Waiting::WaitsForReview),
        ConsentStatus::InDoubt => Some(Waiting::InDoubt),
        ConsentStatus::MustBeRenewed { .. } => Some(Waiting::MustBeRenewed),
        ConsentStatus::Expired if is_last_word(ledger, record, now) => Some(Waiting::Expired),
        status if status.counts() && ledger.protection().closes(record, is_partner) => {
            Some(Waiting::WaitsForApproval)
        }
        _ => None,
    }
}

/// Whether everybody had said yes to a consent that ran out, and to none for the service since.
fn is_last_word(ledger: &LedgerView, record: &ConsentRecord, now: UnixMillis) -> bool {
    let consent = record.consent();
    let Some(completed) = ledger.completed_at(record) else { return false };
    let mut others = ledger.shared_with(&consent.recipient);
    let is_renewed = others.any(|other| {
        other.consent().id != consent.id && ledger.completed_at(other).is_some_and(|at| at > completed)
    });
    !is_renewed && !ledger.is_superseded(consent.id, now)
}

#[cfg(test)]
mod tests;
