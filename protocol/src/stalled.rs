//! By which signs a case has stopped: a pure function of its ledger, the services' answers and when a
//! meeting was last written down.
//!
//! It opens no entry and names no person, so whoever leads the model may see it of every case.

use serde::{Deserialize, Serialize};

use crate::ledger::LedgerView;
use crate::limits::{BATON_OFFER_MS, BATON_WAITS_MS, MEETING_MISSING_MS, UNANSWERED_MS};
use crate::task::{TaskKind, tasks};
use crate::time::UnixMillis;
use crate::uptake::{Heard, last_words};

/// The lowest level on which services meet with the family as a group.
const MEETING_LEVEL: u8 = 2;

/// A sign that a case has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// Nobody who works here holds its baton.
    NoHolder,
    /// The baton has been offered for more than a week, and nobody has answered.
    BatonWaits,
    /// On level 2 or 3, and no meeting was written down for 12 weeks.
    NoMeeting,
    /// Somebody has not said yes to a consent, 14 days after the first who did.
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
    /// When a meeting was last written down or changed.
    pub last_meeting: Option<UnixMillis>,
    /// What the services of partners have answered.
    pub heard: &'a [Heard],
}

/// Returns the signs by which a case has stopped at `now`, none for a closed one.
pub fn signs(question: &Question<'_>, now: UnixMillis) -> Vec<Sign> {
    let ledger = question.ledger;
    if ledger.is_closed() {
        return Vec::new();
    }
    let waits = |kind| tasks(ledger, now).iter().any(|task| task.kind == kind && task.due <= now);
    let shown = |sign: &Sign| match sign {
        Sign::NoHolder => !question.has_holder,
        Sign::BatonWaits => ledger
            .baton()
            .waiting(now)
            .is_some_and(|offer| now.plus(BATON_OFFER_MS).since(offer.lapses_at) >= BATON_WAITS_MS),
        Sign::NoMeeting => {
            let since = question.last_meeting.unwrap_or(ledger.opened_at()).max(ledger.level_since());
            u8::from(ledger.level()) >= MEETING_LEVEL && now.since(since) >= MEETING_MISSING_MS
        }
        Sign::ConsentWaits => waits(TaskKind::PartlyGiven),
        Sign::ConsentExpired => waits(TaskKind::ConsentExpired),
        Sign::ServiceCannotTake => last_words(ledger, question.heard)
            .iter()
            .any(|heard| heard.uptake.answer.reason().is_some() && now.since(heard.at) >= UNANSWERED_MS),
    };
    Sign::ALL.into_iter().filter(shown).collect()
}

#[cfg(test)]
mod tests;
