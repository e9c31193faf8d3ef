//! By which signs a case has stopped: a pure function of its ledger, the services' answers and when a
//! meeting was last written down.
//!
//! It opens no entry and names no person, so whoever leads the model may see it of every case.

use serde::{Deserialize, Serialize};

use crate::consent::ConsentKind;
use crate::ledger::LedgerView;
use crate::limits::{BATON_OFFER_MS, BATON_WAITS_MS, MEETING_MISSING_MS, NOT_ANSWERED_MS, UNANSWERED_MS};
use crate::task::{TaskKind, ran_out, tasks};
use crate::time::UnixMillis;
use crate::uptake::{Heard, last_words};

/// A sign that a case has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Nobody who works here holds its baton.
    NoHolder,
    /// The baton was offered a week ago or more, and nobody has answered, whether it can still be accepted
    /// or not.
    BatonWaits,
    /// On level 2 or 3 for 12 weeks, and no meeting was begun in that time.
    NoMeeting,
    /// Nobody has answered a question of consent for 14 days, or somebody not for 14 days after the first.
    ConsentWaits,
    /// A consent has run out, and none has taken its place.
    ConsentExpired,
    /// A service said 14 days ago or more that it cannot take the case, and that still stands.
    ServiceCannotTake,
}

impl Sign {
    /// Every sign.
    pub const ALL: [Self; 6] = [
        Self::NoHolder,
        Self::BatonWaits,
        Self::NoMeeting,
        Self::ConsentWaits,
        Self::ConsentExpired,
        Self::ServiceCannotTake,
    ];
}

/// What is asked about one case.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Its ledger.
    pub ledger: &'a LedgerView,
    /// Whether whoever holds the baton works on this node.
    pub has_holder: bool,
    /// When a meeting was last begun.
    pub last_meeting: Option<UnixMillis>,
    /// What the services of partners have answered.
    pub heard: &'a [Heard],
}

/// Returns the signs by which a case has stopped at `now`, none for a closed one.
pub fn signs(question: &Question<'_>, now: UnixMillis) -> Vec<Sign> {
    let ledger = question.ledger;
    if ledger.is_over() {
        return Vec::new();
    }
    let tasks = tasks(ledger, now);
    let waits = |kind, beyond| tasks.iter().any(|task| task.kind == kind && task.due.plus(beyond) <= now);
    let shared = || ledger.consents().values().filter(|record| record.consent().kind == ConsentKind::Share);
    let shown = |sign: &Sign| match sign {
        Sign::NoHolder => !question.has_holder,
        Sign::BatonWaits => ledger
            .baton()
            .offer
            .as_ref()
            .is_some_and(|offer| now.plus(BATON_OFFER_MS).since(offer.lapses_at) >= BATON_WAITS_MS),
        Sign::NoMeeting => ledger.meets_since().is_some_and(|since| {
            let since = question.last_meeting.map_or(since, |met| met.max(since));
            now.since(since) >= MEETING_MISSING_MS
        }),
        Sign::ConsentWaits => {
            let beyond = UNANSWERED_MS.saturating_sub(NOT_ANSWERED_MS);
            waits(TaskKind::PartlyGiven, 0) || waits(TaskKind::NotAnswered, beyond)
        }
        Sign::ConsentExpired => shared().any(|record| ran_out(ledger, record, now).is_some()),
        Sign::ServiceCannotTake => last_words(ledger, question.heard)
            .iter()
            .any(|heard| heard.uptake.answer.reason().is_some() && now.since(heard.at) >= UNANSWERED_MS),
    };
    Sign::ALL.into_iter().filter(shown).collect()
}

#[cfg(test)]
mod tests;
