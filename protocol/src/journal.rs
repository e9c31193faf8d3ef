//! The journal (law 16): closing statements, kept outside store, backups and snapshots.
//!
//! A store that lacks what its journal says was restored from a backup, and starts sealed.
//! One line of JSON per statement, each naming the SHA-256 of the line before.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{CaseId, ConsentId, EntryId, GrantId, OrderId, PackageId, SuccessionId};
use crate::municipality::OrganisationNumber;
use crate::signed::StatementHash;
use crate::succession::Became;
use crate::time::UnixMillis;

/// Something that closed, and that no restore may open again. Names no person and no content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "closed", rename_all = "kebab-case")]
pub enum Closing {
    /// A consent was withdrawn.
    ConsentWithdrawn {
        /// Of which case.
        case: CaseId,
        /// Which consent.
        consent: ConsentId,
    },
    /// Everybody has said yes to a newer version, which may open less.
    ConsentReplaced {
        /// Of which case.
        case: CaseId,
        /// Which consent gives way.
        consent: ConsentId,
        /// From when, if the newer version begins later than this was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UnixMillis>,
    },
    /// One entry was closed to a consent's service.
    EntryExcepted {
        /// Of which case.
        case: CaseId,
        /// Under which consent.
        consent: ConsentId,
        /// Which entry.
        entry: EntryId,
        /// From when, if the terms that close it begin later than this was written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UnixMillis>,
    },
    /// The family was registered anew, or what a guardian reads was limited: who must say yes and
    /// who reads may be others since.
    FamilyChanged {
        /// Of which case.
        case: CaseId,
    },
    /// A case was blocked.
    CaseBlocked {
        /// Which case.
        case: CaseId,
    },
    /// A grant ended and an order to erase was queued.
    EraseOrdered {
        /// Of which case.
        case: CaseId,
        /// Which grant.
        grant: GrantId,
        /// Which order.
        order: OrderId,
    },
    /// Received entries were erased on a partner's order.
    ErasedOnOrder {
        /// Of which case.
        case: CaseId,
        /// Which order.
        order: OrderId,
    },
    /// The agreement with a partner ended, or its node was revoked.
    AgreementEnded {
        /// Which partner.
        partner: OrganisationNumber,
    },
    /// A case's data key was destroyed.
    KeyDestroyed {
        /// Of which case.
        case: CaseId,
    },
    /// A move of a case to another municipality is decided: what became of it never changes (law 18).
    SuccessionSettled {
        /// Of which case.
        case: CaseId,
        /// Which move.
        succession: SuccessionId,
        /// To whom it was.
        to: OrganisationNumber,
        /// What became of it.
        #[serde(flatten)]
        became: Became,
    },
    /// A case has become another municipality's by a package for the hand (law 18).
    MovedByHand {
        /// Which case.
        case: CaseId,
        /// By which package.
        package: PackageId,
        /// Whose it is.
        to: OrganisationNumber,
    },
    /// A grant that a partner had signed for this node ended here.
    ReceivedGrantEnded {
        /// Who owns the case.
        owner: OrganisationNumber,
        /// Of which case.
        case: CaseId,
        /// Which grant.
        grant: GrantId,
    },
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    /// Its place, from 0.
    pub number: u64,
    /// The SHA-256 of the line before, without its line end; none for the first.
    pub previous: Option<StatementHash>,
    /// When.
    pub at: UnixMillis,
    /// What closed.
    #[serde(flatten)]
    pub closing: Closing,
}

/// Why a journal cannot be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A line is no journal line, its number does not follow, or its hash does not fit.
    #[error("the journal is broken at line {line}")]
    Broken {
        /// Counted from 1.
        line: u64,
    },
}

/// Where a journal stands: how many lines, and the hash of the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalEnd {
    /// How many lines there are.
    pub length: u64,
    /// The hash of the last.
    pub last: Option<StatementHash>,
}

impl JournalEnd {
    /// Writes the next line, without a line end, and moves on behind it.
    ///
    /// # Errors
    /// [`JournalError`] if the line cannot be written as JSON.
    pub fn append(&mut self, closing: Closing, at: UnixMillis) -> Result<String, JournalError> {
        let line = JournalLine { number: self.length, previous: self.last, at, closing };
        let broken = JournalError::Broken { line: self.length.saturating_add(1) };
        let text = serde_json::to_string(&line).map_err(|_| broken)?;
        self.length = self.length.saturating_add(1);
        self.last = Some(StatementHash(Sha256::digest(text.as_bytes()).into()));
        Ok(text)
    }
}

/// Reads a whole journal. A last line that a crash cut short counts as not written.
///
/// # Errors
/// [`JournalError`] at the first line that does not follow.
pub fn read(text: &str) -> Result<(Vec<JournalLine>, JournalEnd), JournalError> {
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or(""));
    let mut lines = Vec::new();
    let mut end = JournalEnd::default();
    for text in whole.lines() {
        let broken = JournalError::Broken { line: end.length.saturating_add(1) };
        let line: JournalLine = serde_json::from_str(text).map_err(|_| broken)?;
        if line.number != end.length || line.previous != end.last {
            return Err(broken);
        }
        end.length = end.length.saturating_add(1);
        end.last = Some(StatementHash(Sha256::digest(text.as_bytes()).into()));
        lines.push(line);
    }
    Ok((lines, end))
}

/// Reads every line that is one, also behind a break: what closed stays closed, whoever broke the
/// journal. Says nothing about what is missing.
pub fn salvage(text: &str) -> Vec<JournalLine> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closing(byte: u8) -> Closing {
        Closing::CaseBlocked { case: CaseId::from_bytes([byte; 16]) }
    }

    fn journal(length: u8) -> String {
        let mut end = JournalEnd::default();
        (0..length)
            .map(|byte| end.append(closing(byte), UnixMillis(u64::from(byte))).expect("writes") + "\n")
            .collect()
    }

    #[test]
    fn journal_reads_back_what_was_appended() {
        let (lines, end) = read(&journal(3)).expect("whole");

        assert_eq!(lines.len(), 3);
        assert_eq!(end.length, 3);
        assert_eq!(lines[2].closing, closing(2));
    }

    #[test]
    fn edited_dropped_or_reordered_line_is_found() {
        let text = journal(3);
        let lines: Vec<_> = text.lines().collect();
        let edited = text.replacen("\"at\":1", "\"at\":9", 1);
        let dropped = format!("{}\n{}\n", lines[0], lines[2]);
        let reordered = format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2]);

        assert_eq!(read(&edited), Err(JournalError::Broken { line: 3 }));
        assert_eq!(read(&dropped), Err(JournalError::Broken { line: 2 }));
        assert_eq!(read(&reordered), Err(JournalError::Broken { line: 1 }));
    }

    #[test]
    fn lines_behind_a_break_are_salvaged() {
        let text = journal(3).replacen("\"at\":1", "\"at\":x", 1);

        let salvaged: Vec<_> = salvage(&text).into_iter().map(|line| line.closing).collect();

        assert_eq!(salvaged, [closing(0), closing(2)]);
    }

    #[test]
    fn line_cut_short_by_a_crash_counts_as_not_written() {
        let text = journal(2);
        let cut = &text[..text.len() - 5];

        assert_eq!(read(cut).expect("whole up to the cut").0.len(), 1);
    }
}
