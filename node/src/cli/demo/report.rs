//! What came of the story: beat by beat, with every check that was made.

use serde::Serialize;
use serde_json::Value;

use super::story::Plot;
use super::words::Telling;

/// What one person at each place reads, line by line; nothing is an empty list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    pub(super) inderoy: Vec<String>,
    pub(super) ppt_steinkjer: Vec<String>,
    pub(super) steinkjer_school: Vec<String>,
    pub(super) snasa: Vec<String>,
}

impl Table {
    /// Returns the columns in the order in which they are shown.
    pub(super) fn columns(&self) -> [&[String]; 4] {
        [&self.inderoy, &self.ppt_steinkjer, &self.steinkjer_school, &self.snasa]
    }
}

/// One thing that must hold, with what was expected and what was found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Check {
    pub(super) what: String,
    pub(super) held: bool,
    pub(super) expected: Value,
    pub(super) found: Value,
}

/// One beat of the story.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Beat {
    pub(super) number: usize,
    pub(super) title: &'static str,
    pub(super) told: &'static str,
    pub(super) held: bool,
    pub(super) notes: Vec<String>,
    pub(super) table: Option<Table>,
    pub(super) checks: Vec<Check>,
}

impl Beat {
    /// Begins a beat. It has held when it is finished without a check that failed.
    pub(super) fn begin(number: usize, telling: &Telling) -> Self {
        Self {
            number,
            title: telling.title,
            told: telling.told,
            held: false,
            notes: Vec::new(),
            table: None,
            checks: Vec::new(),
        }
    }

    /// Compares what was found with what was expected.
    pub(super) fn check(&mut self, what: &str, expected: impl Into<Value>, found: impl Into<Value>) {
        let (expected, found) = (expected.into(), found.into());
        self.checks.push(Check { what: what.to_owned(), held: expected == found, expected, found });
    }

    /// Notes that the beat could not be played to its end.
    pub(super) fn broke_off(&mut self, error: &anyhow::Error) {
        self.check("the beat is played to its end", Value::Null, super::super::print::one_line(error));
    }

    /// Counts the checks and says whether all of them held.
    pub(super) fn finish(&mut self) {
        self.held = !self.checks.is_empty() && self.failed() == 0;
    }

    pub(super) fn failed(&self) -> usize {
        self.checks.iter().filter(|check| !check.held).count()
    }
}

/// One number for each municipality's node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) inderoy: u64,
    pub(super) steinkjer: u64,
    pub(super) snasa: u64,
}

impl Counts {
    pub(super) fn columns(&self) -> [u64; 3] {
        [self.inderoy, self.steinkjer, self.snasa]
    }
}

/// Where a sentence stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    /// Places in each node's opened store.
    pub(super) stores: Counts,
    /// Frames handed to connections to each node.
    pub(super) handed_to: Counts,
}

/// What the search went through and found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct Search {
    pub(super) sentence: Found,
    pub(super) control: Found,
    /// What an offer of a move tells, where one was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) offer: Option<Found>,
    /// Sealed rows that were opened and read, of all nodes.
    pub(super) blobs_opened: u64,
    /// Frames that were read, of all nodes.
    pub(super) frames: u64,
}

/// A partner's word on what it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ReceiptShown {
    pub(super) partner: String,
    pub(super) erased: usize,
    pub(super) locked: usize,
    pub(super) backup_days: u32,
}

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct MovedShown {
    /// Entries that the new stafettholder reads, each with its origin.
    pub(super) carried: usize,
    /// Entries that the old municipality kept.
    pub(super) stayed: usize,
    /// Consents that hold at the new municipality.
    pub(super) consents: usize,
}

/// Where a node is reached, and with what.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Address {
    pub(super) name: &'static str,
    pub(super) web: String,
    pub(super) quic: String,
    pub(super) folder: std::path::PathBuf,
    pub(super) tokens: std::collections::BTreeMap<&'static str, String>,
}

/// The whole story as one document.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) held: bool,
    pub(super) story: Plot,
    pub(super) first_line: &'static str,
    pub(super) beats: Vec<Beat>,
    pub(super) search: Option<Search>,
    pub(super) receipt: Option<ReceiptShown>,
    pub(super) moved: Option<MovedShown>,
    pub(super) addresses: std::collections::BTreeMap<&'static str, Address>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TELLING: Telling = Telling { title: "a title", told: "a sentence" };

    #[test]
    fn a_beat_without_checks_has_not_held() {
        let mut beat = Beat::begin(1, &TELLING);

        beat.finish();

        assert!(!beat.held);
    }

    #[test]
    fn one_failed_check_is_enough_for_a_beat_not_to_hold() {
        let mut beat = Beat::begin(1, &TELLING);
        beat.check("one", 1, 1);
        beat.check("two", 0, 1);

        beat.finish();

        assert!(!beat.held);
        assert_eq!(beat.failed(), 1);
    }
}
