//! How many cases one person tries to open in an emergency: five in an hour, found or not. Whoever
//! needs more asks somebody; whoever guesses names is stopped.
//!
//! The count starts anew with the process; every attempt stays in the access log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stafett_protocol::id::AccountId;
use stafett_protocol::person::Reader;
use tokio::time::Instant;

use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::limits::{EMERGENCIES_MAX, EMERGENCIES_WINDOW};

/// Counts an attempt, and refuses one too many.
pub(crate) fn count(api: &Api, reader: &Reader) -> Result<(), ApiError> {
    let counted = api.emergencies.count(reader.account, Instant::now());
    counted.map_err(|wait| {
        tracing::warn!(account = %reader.account, "tries to open unusually many cases in an emergency");
        ApiError::TooManyEmergencies { wait }
    })
}

/// Counts attempts. Accounts are people of this node, so they are few.
#[derive(Debug, Default)]
pub(crate) struct Emergencies(Mutex<BTreeMap<AccountId, VecDeque<Instant>>>);

impl Emergencies {
    /// Counts an attempt; or says for how long there is none, because there were too many.
    fn count(&self, account: AccountId, now: Instant) -> Result<(), Duration> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = counted.entry(account).or_default();
        attempts.retain(|at| now.duration_since(*at) < EMERGENCIES_WINDOW);
        match attempts.front() {
            Some(first) if attempts.len() >= EMERGENCIES_MAX => {
                Err(EMERGENCIES_WINDOW.saturating_sub(now.duration_since(*first)))
            }
            _ => {
                attempts.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARTE: AccountId = AccountId::from_bytes([1; 16]);
    const TOR: AccountId = AccountId::from_bytes([2; 16]);

    #[test]
    fn sixth_attempt_within_an_hour_waits_until_the_first_is_an_hour_ago() {
        let emergencies = Emergencies::default();
        let start = Instant::now();
        let minute = Duration::from_secs(60);
        for number in 0..5 {
            assert_eq!(emergencies.count(MARTE, start + minute * number), Ok(()));
        }

        let wait = EMERGENCIES_WINDOW - 5 * minute;
        assert_eq!(emergencies.count(MARTE, start + 5 * minute), Err(wait));
        assert_eq!(emergencies.count(TOR, start + 5 * minute), Ok(()), "another person");
        let before = start + EMERGENCIES_WINDOW - Duration::from_millis(1);
        assert_eq!(emergencies.count(MARTE, before), Err(Duration::from_millis(1)));
        assert_eq!(emergencies.count(MARTE, start + EMERGENCIES_WINDOW), Ok(()));
        assert_eq!(
            emergencies.count(MARTE, start + EMERGENCIES_WINDOW),
            Err(minute),
            "one, and not all five"
        );
    }
}
