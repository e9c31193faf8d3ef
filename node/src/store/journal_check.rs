//! How store and journal stand to one another, asked without changing either.

use stafett_protocol::journal;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::journal::file_of;
use crate::store::meta;
use crate::store::value::{count, counter};

/// How store and journal stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalCheck {
    /// Lines of the journal.
    pub lines: u64,
    /// Lines that the store lacks: it was restored from a backup (law 16).
    pub missing_here: u64,
    /// Lines that the journal lacks: it could not be written.
    pub missing_there: u64,
}

impl StoreReader {
    /// Compares the journal with the store, line by line. A running node commits in the store
    /// first, so the journal is read first.
    ///
    /// # Errors
    /// [`StoreError::Folder`] if the journal cannot be read, [`StoreError::JournalLost`] if it, or
    /// its end, is gone, [`StoreError::Journal`] if it does not follow line by line,
    /// [`StoreError::JournalForeign`] if it is another store's.
    pub async fn journal_check(&self) -> Result<JournalCheck, StoreError> {
        let path = file_of(&self.paths().journal);
        let known = self.read(meta::journal_known).await?.unwrap_or(0);
        let text = match std::fs::read(&path) {
            Ok(text) => String::from_utf8_lossy(&text).into_owned(),
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::JournalLost { known, found: 0 });
            }
            Err(source) => return Err(StoreError::Folder { path, source }),
        };
        let (_, end) = journal::read(&text)?;
        if end.length < known {
            return Err(StoreError::JournalLost { known, found: end.length });
        }
        let lines: Vec<_> =
            text.lines().map(str::to_owned).take(usize::try_from(end.length).unwrap_or(0)).collect();
        self.read(move |snapshot| {
            let mut missing_here: u64 = 0;
            for (number, line) in (0..).zip(&lines) {
                let stored =
                    snapshot.optional("SELECT line FROM closing WHERE number = ?1", [number], |row| {
                        Ok(row.get::<_, String>(0)?)
                    })?;
                match stored {
                    Some(stored) if stored == *line => {}
                    Some(_) => {
                        return Err(StoreError::JournalForeign { line: count(number).saturating_add(1) });
                    }
                    None => missing_here = missing_here.saturating_add(1),
                }
            }
            let beyond = "SELECT count(*) FROM closing WHERE number >= ?1";
            let missing_there = count(snapshot.number(beyond, [counter(end.length)])?);
            Ok(JournalCheck { lines: end.length, missing_here, missing_there })
        })
        .await
    }
}
