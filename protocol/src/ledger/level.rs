//! The level of a case, and since when it has been there.

use super::LedgerView;
use super::statement::Level;
use crate::time::UnixMillis;

/// The lowest level on which services meet with the family as a group.
const MEETING_LEVEL: u8 = 2;

/// A case's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CaseLevel {
    level: Level,
    since: UnixMillis,
    /// When it came to the levels of meetings; counts while it is on one.
    meets_since: UnixMillis,
}

impl CaseLevel {
    pub(super) fn opened(level: Level, at: UnixMillis) -> Self {
        Self { level, since: at, meets_since: at }
    }

    /// Takes a level; the one that it has already changes nothing.
    pub(super) fn change(&mut self, level: Level, at: UnixMillis) {
        if level != self.level {
            let meets_since = if self.meets() { self.meets_since } else { at };
            *self = Self { level, since: at, meets_since };
        }
    }

    fn meets(self) -> bool {
        u8::from(self.level) >= MEETING_LEVEL
    }
}

impl LedgerView {
    /// Its level.
    pub fn level(&self) -> Level {
        self.level.level
    }

    /// Since when it has been on that level.
    pub fn level_since(&self) -> UnixMillis {
        self.level.since
    }

    /// Since when it has been on a level on which services meet with the family (2 or 3); none below.
    pub fn meets_since(&self) -> Option<UnixMillis> {
        self.level.meets().then_some(self.level.meets_since)
    }

    /// When the family was asked for a consent; none if it was not.
    pub fn asked_since(&self, consent: crate::id::ConsentId) -> Option<UnixMillis> {
        self.asked.get(&consent).map(|(_, at)| *at)
    }
}
