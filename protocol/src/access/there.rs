//! Whether a service at a partner may hold the baton of a case, or be offered it: while the family lets it
//! read and write there (law 14).

use super::{Denial, permit_keeping};
use crate::agreement::{Agreement, Standing};
use crate::consent::Direction;
use crate::id::GrantId;
use crate::ledger::{IssuedGrant, LedgerView};
use crate::municipality::Service;
use crate::time::UnixMillis;

/// Returns the grants of a service that have not ended and let it read and write.
pub fn living_grants<'a>(
    ledger: &'a LedgerView,
    service: &'a Service,
) -> impl Iterator<Item = (GrantId, &'a IssuedGrant)> {
    let lets_both = |issued: &IssuedGrant| {
        ledger.consents().get(&issued.consent).is_some_and(|record| {
            let consent = record.consent();
            consent.recipient == *service && consent.direction == Direction::Both
        })
    };
    let living = ledger.grants().iter().filter(|(_, issued)| issued.ended_at.is_none());
    living.filter(move |(_, issued)| lets_both(issued)).map(|(grant, issued)| (*grant, issued))
}

/// Asks whether the baton may be offered to a service at a partner, be held there, and be spoken of on the
/// link: it has a grant that may stay with it. Returns those grants.
///
/// # Errors
/// [`Denial`] if there is none, or a block or the agreement speaks against it.
pub fn permit_baton(
    ledger: &LedgerView,
    agreement: Option<&Agreement>,
    standing: Standing,
    service: &Service,
    now: UnixMillis,
) -> Result<Vec<GrantId>, Denial> {
    let mut denial = Denial::NoConsent;
    let mut grants = Vec::new();
    for (grant, issued) in living_grants(ledger, service) {
        match permit_keeping(ledger, agreement, standing, issued, now) {
            Ok(()) => grants.push(grant),
            Err(denied) => denial = denied,
        }
    }
    if grants.is_empty() { Err(denial) } else { Ok(grants) }
}
