//! The journal (law 16): closing statements outside the store, its backups and its snapshots.
//!
//! A closing is committed in the store first, then appended here. A crash in between leaves the
//! journal short, which is mended at start; a journal that says more than the store says that the
//! store was restored from a backup.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use stafett_protocol::journal::{self, Closing, JournalEnd, JournalLine};
use stafett_protocol::time::UnixMillis;

use crate::store::access_log::LogEnd;
use crate::store::error::StoreError;
use crate::store::open;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter};

/// The file of closing statements.
const JOURNAL_FILE: &str = "journal.jsonl";
/// The file that says how long the access log was at the least.
const LOG_END_FILE: &str = "access-log-end.json";

/// The journal as it stands on its own disk.
pub(crate) struct Journal {
    folder: PathBuf,
    file: File,
    /// Bytes of whole lines; what a crash left behind them is cut off before the next line.
    bytes: u64,
    end: JournalEnd,
    lines: Vec<String>,
}

impl Journal {
    /// Opens the journal, and makes it if it is missing.
    ///
    /// # Errors
    /// [`StoreError::Journal`] if it does not follow line by line.
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        open::make_folder(folder)?;
        let fault = |source| StoreError::Folder { path: folder.to_owned(), source };
        let path = folder.join(JOURNAL_FILE);
        let file = open::private(&path).map_err(fault)?;
        sync_folder(folder).map_err(fault)?;
        let text = String::from_utf8_lossy(&std::fs::read(&path).map_err(fault)?).into_owned();
        let (_, end) = journal::read(&text)?;
        let whole = text.rfind('\n').map_or("", |last| text.get(..=last).unwrap_or(""));
        let lines = whole.lines().map(str::to_owned).collect();
        Ok(Self { folder: folder.to_owned(), file, bytes: whole.len() as u64, end, lines })
    }

    /// Where the journal ends.
    pub(crate) fn end(&self) -> JournalEnd {
        self.end
    }

    /// Returns the lines that the store does not have.
    ///
    /// # Errors
    /// [`StoreError::JournalForeign`] if a line of the store is another.
    pub(crate) fn missing(&self, snapshot: &Snapshot<'_>) -> Result<Vec<(i64, String)>, StoreError> {
        let mut missing = Vec::new();
        for (number, line) in (0..).zip(&self.lines) {
            let stored =
                snapshot.optional("SELECT line FROM closing WHERE number = ?1", [number], |row| {
                    Ok(row.get::<_, String>(0)?)
                })?;
            match stored {
                Some(stored) if stored == *line => {}
                Some(_) => {
                    return Err(StoreError::JournalForeign { line: count(number).saturating_add(1) });
                }
                None => missing.push((number, line.clone())),
            }
        }
        Ok(missing)
    }

    /// Appends what the store has and the journal lacks; it is on the disk on return.
    pub(crate) fn catch_up(&mut self, snapshot: &Snapshot<'_>) -> Result<(), StoreError> {
        let lines = snapshot.rows(
            "SELECT line FROM closing WHERE number >= ?1 ORDER BY number",
            [counter(self.end.length)],
            |row| Ok(row.get::<_, String>(0)?),
        )?;
        if lines.is_empty() {
            return Ok(());
        }
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let end = self.following(&lines)?;
        self.append(text.as_bytes())
            .map_err(|source| StoreError::Folder { path: self.folder.clone(), source })?;
        self.end = end;
        self.lines.extend(lines);
        Ok(())
    }

    /// Returns where the journal ends after `lines`, if they follow.
    fn following(&self, lines: &[String]) -> Result<JournalEnd, StoreError> {
        let mut end = self.end;
        for line in lines {
            let number = end.length.saturating_add(1);
            let foreign = StoreError::JournalForeign { line: number };
            let Ok(parsed) = serde_json::from_str::<JournalLine>(line) else { return Err(foreign) };
            if end.append(parsed.closing, parsed.at)? != *line {
                return Err(foreign);
            }
        }
        Ok(end)
    }

    fn append(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.file.set_len(self.bytes)?;
        self.file.seek(SeekFrom::Start(self.bytes))?;
        self.file.write_all(text)?;
        self.file.sync_all()?;
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        Ok(())
    }

    /// Writes down how long the access log is. Not forced to the disk: what an interrupted
    /// machine loses only says that the log was shorter, which still holds.
    pub(crate) fn note_log_end(&self, end: &LogEnd) -> std::io::Result<()> {
        let new = self.folder.join(format!("{LOG_END_FILE}.new"));
        let text = serde_json::to_vec(end).map_err(std::io::Error::other)?;
        let mut file = open::private(&new)?;
        file.set_len(0)?;
        file.write_all(&text)?;
        std::fs::rename(new, self.folder.join(LOG_END_FILE))
    }
}

/// Returns where the journal's lines are.
pub(crate) fn file_of(folder: &Path) -> PathBuf {
    folder.join(JOURNAL_FILE)
}

/// Reads how long the access log was at the least; none if nothing is written down.
pub(crate) fn noted_log_end(folder: &Path) -> Option<LogEnd> {
    serde_json::from_slice(&std::fs::read(folder.join(LOG_END_FILE)).ok()?).ok()
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Writes a closing as the journal's next line. The same closing of the same moment stands once.
pub(crate) fn close(step: &mut Step<'_>, closing: &Closing, at: UnixMillis) -> Result<(), StoreError> {
    let last = step.optional("SELECT number, line FROM closing ORDER BY number DESC LIMIT 1", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut end = match last {
        Some((number, line)) if count(number) >= step.journal_length => JournalEnd {
            length: count(number).saturating_add(1),
            last: Some(stafett_protocol::signed::StatementHash::of(&line)),
        },
        _ => JournalEnd { length: step.journal_length, last: step.journal_last },
    };
    let number = counter(end.length);
    let line = end.append(closing.clone(), at)?;
    if stands(step, closing, at)? {
        return Ok(());
    }
    step.execute("INSERT INTO closing (number, line) VALUES (?1, ?2)", (number, line))?;
    step.aftermath.closed = true;
    Ok(())
}

fn stands(step: &Step<'_>, closing: &Closing, at: UnixMillis) -> Result<bool, StoreError> {
    let lines = step.rows(
        "SELECT line FROM closing WHERE line ->> '$.at' = ?1",
        [crate::store::value::millis(at)],
        |row| Ok(row.get::<_, String>(0)?),
    )?;
    let same = |line: &String| {
        serde_json::from_str::<JournalLine>(line).is_ok_and(|line| line.closing == *closing && line.at == at)
    };
    Ok(lines.iter().any(same))
}

/// Takes over the journal's lines that the store lacks.
pub(crate) fn accept(step: &mut Step<'_>, lines: &[(i64, String)]) -> Result<(), StoreError> {
    for (number, line) in lines {
        step.execute(
            "INSERT INTO closing (number, line) VALUES (?1, ?2) ON CONFLICT (number) DO NOTHING",
            (number, line),
        )?;
    }
    step.aftermath.caught_up = true;
    Ok(())
}
