//! The journal (law 16): closing statements outside the store, its backups and its snapshots.
//!
//! A closing is committed in the store first, then appended here. A crash in between leaves the
//! journal short, which is mended at start; a journal that says more than the store says that the
//! store was restored from a backup.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use stafett_protocol::journal::{self, Closing, JournalEnd, JournalError, JournalLine};
use stafett_protocol::time::UnixMillis;

use crate::store::access_log::LogEnd;
use crate::store::error::StoreError;
use crate::store::meta;
use crate::store::open;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{count, counter};

/// The file of closing statements.
const JOURNAL_FILE: &str = "journal.jsonl";
/// The file that says how long the access log was at the least.
const LOG_END_FILE: &str = "access-log-end.json";

/// Why a journal says nothing that can be relied on. It is left as it is until a person goes on
/// without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JournalFault {
    /// It is gone, or lines at its end are: it once had more.
    #[error("the journal had {known} lines and has {found}")]
    Lost {
        /// Lines that it had.
        known: u64,
        /// Lines that are left.
        found: u64,
    },
    /// It does not follow line by line.
    #[error("the journal is broken at line {line}")]
    Broken {
        /// Counted from 1.
        line: u64,
    },
    /// It tells another history than the store.
    #[error("the journal is another store's from line {line} on")]
    Foreign {
        /// Counted from 1.
        line: u64,
    },
}

/// The journal as it stands on its own disk.
pub(crate) struct Journal {
    folder: PathBuf,
    /// None while the journal cannot be relied on: nothing is appended to it then.
    file: Option<File>,
    /// Bytes of whole lines; what a crash left behind them is cut off before the next line.
    bytes: u64,
    end: JournalEnd,
    lines: Vec<String>,
}

impl Journal {
    /// Opens the journal. It is made if there never was one: `known` are the lines that the store
    /// knows it to have had, none if it never had a journal.
    ///
    /// # Errors
    /// [`StoreError::Folder`] if it cannot be read or made.
    pub(crate) fn open(
        folder: &Path,
        known: Option<u64>,
    ) -> Result<(Self, Option<JournalFault>), StoreError> {
        open::make_folder(folder)?;
        let fault = |source| StoreError::Folder { path: folder.to_owned(), source };
        let path = folder.join(JOURNAL_FILE);
        let known_lines = known.unwrap_or(0);
        if known.is_some() && !path.exists() {
            let lost = JournalFault::Lost { known: known_lines, found: 0 };
            return Ok((Self::unusable(folder), Some(lost)));
        }
        let mut file = open::private(&path).map_err(fault)?;
        sync_folder(folder).map_err(fault)?;
        let text = read_text(&path)?;
        let end = match journal::read(&text) {
            Ok((_, end)) if end.length < known_lines => {
                let lost = JournalFault::Lost { known: known_lines, found: end.length };
                return Ok((Self::unusable(folder), Some(lost)));
            }
            Ok((_, end)) => end,
            Err(JournalError::Broken { line }) => {
                return Ok((Self::unusable(folder), Some(JournalFault::Broken { line })));
            }
        };
        let whole = text.rfind('\n').map_or("", |last| text.get(..=last).unwrap_or(""));
        force(&mut file, whole).map_err(fault)?;
        let lines = whole.lines().map(str::to_owned).collect();
        let bytes = whole.len() as u64;
        Ok((Self { folder: folder.to_owned(), file: Some(file), bytes, end, lines }, None))
    }

    /// Nothing of it counts, and nothing is written to it.
    pub(crate) fn unusable(folder: &Path) -> Self {
        let (end, lines) = (JournalEnd::default(), Vec::new());
        Self { folder: folder.to_owned(), file: None, bytes: 0, end, lines }
    }

    /// Begins a new one in the place of one that cannot be relied on, which is kept beside it.
    ///
    /// # Errors
    /// [`StoreError::Folder`] if the folder cannot be written.
    pub(crate) fn begin_anew(&mut self) -> Result<(), StoreError> {
        let fault = |source| StoreError::Folder { path: self.folder.clone(), source };
        open::make_folder(&self.folder)?;
        let path = self.folder.join(JOURNAL_FILE);
        if path.exists() {
            let mut aside = (1..u32::MAX).map(|number| self.folder.join(format!("{JOURNAL_FILE}.{number}")));
            let free = aside.find(|aside| !aside.exists());
            if let Some(free) = free {
                std::fs::rename(&path, free).map_err(fault)?;
            }
        }
        let file = open::private(&path).map_err(fault)?;
        sync_folder(&self.folder).map_err(fault)?;
        *self = Self { file: Some(file), ..Self::unusable(&self.folder) };
        Ok(())
    }

    /// Where it lies.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
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
        if self.file.is_none() {
            let lines = snapshot.number("SELECT count(*) FROM closing", [])?;
            return if lines == 0 { Ok(()) } else { Err(StoreError::JournalUnusable) };
        }
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
        let Some(file) = &mut self.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        file.set_len(self.bytes)?;
        file.seek(SeekFrom::Start(self.bytes))?;
        file.write_all(text)?;
        file.sync_all()?;
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

/// Reads the lines that can be read of a journal that cannot be relied on.
pub(crate) fn salvaged(folder: &Path) -> Result<Vec<JournalLine>, StoreError> {
    let path = file_of(folder);
    if path.exists() { Ok(journal::salvage(&read_text(&path)?)) } else { Ok(Vec::new()) }
}

/// Returns the lines that say what the store does not know to have closed at that moment. Numbers
/// say nothing here: a journal that cannot be relied on may have others.
pub(crate) fn unknown(
    snapshot: &Snapshot<'_>,
    lines: &[JournalLine],
) -> Result<Vec<JournalLine>, StoreError> {
    let damaged = |_| StoreError::Damaged { table: "closing" };
    let known = snapshot.rows("SELECT line FROM closing", [], |row| {
        serde_json::from_str::<JournalLine>(&row.get::<_, String>(0)?).map_err(damaged)
    })?;
    let is_known =
        |line: &&JournalLine| known.iter().any(|known| known.closing == line.closing && known.at == line.at);
    Ok(lines.iter().filter(|line| !is_known(line)).cloned().collect())
}

fn read_text(path: &Path) -> Result<String, StoreError> {
    let text = std::fs::read(path);
    let text = text.map_err(|source| StoreError::Folder { path: path.to_owned(), source })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Reads how long the access log was at the least; none if nothing is written down.
pub(crate) fn noted_log_end(folder: &Path) -> Option<LogEnd> {
    serde_json::from_slice(&std::fs::read(folder.join(LOG_END_FILE)).ok()?).ok()
}

/// Writes what was read once more and forces it to the disk. A line that could not be forced when
/// it was written is read back as if it were there, and is gone with the power; and a system that has
/// failed to force something holds it for clean, so that forcing alone does nothing the next time.
fn force(file: &mut File, whole: &str) -> std::io::Result<()> {
    if whole.is_empty() {
        return Ok(());
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(whole.as_bytes())?;
    file.sync_all()
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

/// Has a new journal begin with the closings that the store knows, one after the other.
pub(crate) fn begin(step: &mut Step<'_>) -> Result<(), StoreError> {
    let lines =
        step.rows("SELECT line FROM closing ORDER BY number", [], |row| Ok(row.get::<_, String>(0)?))?;
    step.execute("DELETE FROM closing", [])?;
    let mut end = JournalEnd::default();
    for line in lines {
        let damaged = |_| StoreError::Damaged { table: "closing" };
        let parsed: JournalLine = serde_json::from_str(&line).map_err(damaged)?;
        let number = counter(end.length);
        let line = end.append(parsed.closing, parsed.at)?;
        step.execute("INSERT INTO closing (number, line) VALUES (?1, ?2)", (number, line))?;
    }
    meta::forget_journal_known(step)?;
    (step.journal_length, step.journal_last) = (0, None);
    step.aftermath.begun = true;
    Ok(())
}
