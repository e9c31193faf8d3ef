//! How many different cases one person opens in an hour: after 60 a warning for whoever reads the
//! log, after 200 a stop. A person at work needs few; a stolen token would take all.
//!
//! Every case that is asked for counts, also one that is not found, so the count tells nothing.
//! A case that was counted can be asked for again. The count starts anew with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::person::Reader;
use tokio::time::Instant;

use crate::web::Api;
use crate::web::body::In;
use crate::web::caller::Caller;
use crate::web::error::ApiError;
use crate::web::limits::{OPENINGS_MAX, OPENINGS_WARN, OPENINGS_WINDOW};

/// Who asks for what in a case, within the bound on openings: a reader, and the ids of the path.
pub(crate) struct Within<T>(pub(crate) Reader, pub(crate) T);

/// The ids of a path below one case.
pub(crate) trait BelowCase {
    /// The case.
    fn case(&self) -> CaseId;
}

impl BelowCase for CaseId {
    fn case(&self) -> CaseId {
        *self
    }
}

impl<T> BelowCase for (CaseId, T) {
    fn case(&self) -> CaseId {
        self.0
    }
}

impl<T: BelowCase + DeserializeOwned + Send> FromRequestParts<Api> for Within<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, ApiError> {
        let Caller(reader) = Caller::from_request_parts(parts, api).await?;
        let In(ids) = In::<T>::from_request_parts(parts, api).await?;
        count(api, &reader, ids.case())?;
        Ok(Self(reader, ids))
    }
}

/// Counts an opening, and refuses one too many.
pub(crate) fn count(api: &Api, reader: &Reader, case: CaseId) -> Result<(), ApiError> {
    match api.openings.count(reader.account, case, Instant::now()) {
        Opening::Usual => {}
        Opening::Unusual => tracing::warn!(account = %reader.account, "opens unusually many cases"),
        Opening::Stopped { wait } => return Err(ApiError::TooManyCases { wait }),
    }
    Ok(())
}

/// Counts openings.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    counted: Mutex<BTreeMap<AccountId, Window>>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    cases: BTreeSet<CaseId>,
}

/// What one opening is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// One of few.
    Usual,
    /// The first above what is usual.
    Unusual,
    /// One too many.
    Stopped {
        /// Until the count starts anew.
        wait: Duration,
    },
}

impl Openings {
    /// Counts one opening. Accounts are people of this node, so they are few.
    pub(crate) fn count(&self, account: AccountId, case: CaseId, now: Instant) -> Opening {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Window { since: now, cases: BTreeSet::new() };
        let window = counted.entry(account).or_insert_with(new);
        let age = now.duration_since(window.since);
        if age >= OPENINGS_WINDOW {
            *window = new();
        }
        if window.cases.len() >= OPENINGS_MAX && !window.cases.contains(&case) {
            return Opening::Stopped { wait: OPENINGS_WINDOW.saturating_sub(age) };
        }
        let is_new = window.cases.insert(case);
        if is_new && window.cases.len() == OPENINGS_WARN.saturating_add(1) {
            Opening::Unusual
        } else {
            Opening::Usual
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARTE: AccountId = AccountId::from_bytes([1; 16]);
    const TOR: AccountId = AccountId::from_bytes([2; 16]);

    fn case(number: usize) -> CaseId {
        CaseId::from_bytes(u128::try_from(number).expect("fits").to_be_bytes())
    }

    fn open(openings: &Openings, numbers: std::ops::Range<usize>, now: Instant) -> Vec<Opening> {
        numbers.map(|number| openings.count(MARTE, case(number), now)).collect()
    }

    #[test]
    fn sixty_first_case_of_an_hour_is_warned_of_once() {
        let openings = Openings::default();

        let seen = open(&openings, 0..OPENINGS_MAX, Instant::now());

        let unusual: Vec<_> = (0..seen.len()).filter(|index| seen[*index] == Opening::Unusual).collect();
        assert_eq!(unusual, [OPENINGS_WARN]);
    }

    #[test]
    fn two_hundred_and_first_case_is_stopped_and_the_others_are_not() {
        let openings = Openings::default();
        let now = Instant::now();
        open(&openings, 0..OPENINGS_MAX, now);

        assert_eq!(
            openings.count(MARTE, case(OPENINGS_MAX), now),
            Opening::Stopped { wait: OPENINGS_WINDOW }
        );
        assert_eq!(openings.count(MARTE, case(0), now), Opening::Usual);
        assert_eq!(openings.count(TOR, case(OPENINGS_MAX), now), Opening::Usual);
    }

    #[test]
    fn after_the_hour_the_count_starts_anew() {
        let openings = Openings::default();
        let start = Instant::now();
        open(&openings, 0..OPENINGS_MAX, start);
        let second = Duration::from_secs(1);

        let last = openings.count(MARTE, case(OPENINGS_MAX), start + OPENINGS_WINDOW - second);
        assert_eq!(last, Opening::Stopped { wait: second });
        let next = openings.count(MARTE, case(OPENINGS_MAX), start + OPENINGS_WINDOW);
        assert_eq!(next, Opening::Usual);
    }

    #[test]
    fn one_case_opened_often_counts_once() {
        let openings = Openings::default();
        let now = Instant::now();

        let all = (0..1_000).all(|_| openings.count(MARTE, case(7), now) == Opening::Usual);

        assert!(all);
    }
}
