//! Searching everything: opens every sealed blob that a key is left for, and looks through it and
//! through every clear column. What is not found here is not in the store.

use rusqlite::types::ValueRef;
use stafett_protocol::id::CaseId;
use unicode_normalization::UnicodeNormalization;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::sealed::{SealedTable, TABLES};
use crate::store::snapshot::{Snapshot, payload};

/// What a search went through and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchReport {
    /// Rows of all tables.
    pub rows: u64,
    /// Sealed blobs that were opened.
    pub blobs_opened: u64,
    /// Sealed blobs whose key is destroyed, or that do not open.
    pub blobs_closed: u64,
    /// Where the words stand.
    pub hits: Vec<SearchHit>,
}

/// One place where the words stand. Names no content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The row's number in its table.
    pub row: i64,
    /// The case, where the row names one.
    pub case: Option<CaseId>,
}

/// The words, as given and in the normal form in which texts are stored.
struct Needle {
    raw: Vec<u8>,
    normal: Option<String>,
}

impl Needle {
    fn new(raw: Vec<u8>) -> Self {
        let normal = std::str::from_utf8(&raw).ok().map(|text| text.nfc().collect());
        Self { raw, normal }
    }

    fn is_in(&self, hay: &[u8]) -> bool {
        let contains = |hay: &[u8], needle: &[u8]| {
            !needle.is_empty() && hay.windows(needle.len()).any(|window| window == needle)
        };
        contains(hay, &self.raw)
            || self.normal.as_ref().is_some_and(|normal| {
                let text: String = String::from_utf8_lossy(hay).nfc().collect();
                contains(text.as_bytes(), normal.as_bytes())
            })
    }
}

impl StoreReader {
    /// Searches every sealed blob and every clear column of the store for `needle`, byte for
    /// byte and in Unicode's normal form C; in signed statements also what they say. Words that
    /// were typed in several changes, or whose middle was typed later, stand in several blobs and
    /// are not found. Reads one table at a time, so it sees no table half written.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read; a blob that does not open is counted.
    pub async fn search_everything(&self, needle: &[u8]) -> Result<SearchReport, StoreError> {
        let needle = std::sync::Arc::new(Needle::new(needle.to_vec()));
        let tables = self
            .read(|snapshot| {
                snapshot.rows(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                     ORDER BY name",
                    [],
                    |row| Ok(row.get::<_, String>(0)?),
                )
            })
            .await?;
        let mut report = SearchReport::default();
        for table in tables {
            let needle = std::sync::Arc::clone(&needle);
            let found = self.read(move |snapshot| search(snapshot, &table, &needle)).await?;
            report.rows = report.rows.saturating_add(found.rows);
            report.blobs_opened = report.blobs_opened.saturating_add(found.blobs_opened);
            report.blobs_closed = report.blobs_closed.saturating_add(found.blobs_closed);
            report.hits.extend(found.hits);
        }
        Ok(report)
    }
}

fn search(snapshot: &Snapshot<'_>, name: &str, needle: &Needle) -> Result<SearchReport, StoreError> {
    let mut report = SearchReport::default();
    search_clear(snapshot, name, needle, &mut report)?;
    if let Some(table) = TABLES.iter().find(|table| table.name == name) {
        search_sealed(snapshot, table, needle, &mut report)?;
    }
    Ok(report)
}

fn search_clear(
    snapshot: &Snapshot<'_>,
    name: &str,
    needle: &Needle,
    report: &mut SearchReport,
) -> Result<(), StoreError> {
    let mut statement = snapshot.connection.prepare(&format!("SELECT rowid AS row_id, * FROM {name}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        report.rows = report.rows.saturating_add(1);
        for (index, column) in columns.iter().enumerate().filter(|(_, column)| *column != "sealed") {
            let is_hit = match row.get_ref(index)? {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => needle.is_in(bytes),
                ValueRef::Integer(number) => needle.is_in(number.to_string().as_bytes()),
                ValueRef::Real(_) | ValueRef::Null => false,
            };
            if is_hit {
                let case = row.get::<_, [u8; 16]>("case_id").ok().map(CaseId::from_bytes);
                let (table, column) = (name.to_owned(), column.clone());
                report.hits.push(SearchHit { table, column, row: row.get(0)?, case });
            }
        }
    }
    Ok(())
}

fn search_sealed(
    snapshot: &Snapshot<'_>,
    table: &SealedTable,
    needle: &Needle,
    report: &mut SearchReport,
) -> Result<(), StoreError> {
    snapshot.rows(&table.query(), [], |row| {
        let case = CaseId::from_bytes(row.get("case_id")?);
        let sealed: Vec<u8> = row.get("sealed")?;
        let place = table.place_of(row)?;
        let plain = match snapshot.key(case) {
            Ok(key) => key.open(&sealed, &place).ok(),
            Err(StoreError::KeyGone(_) | StoreError::UnknownCase(_)) => None,
            Err(fault) => return Err(fault),
        };
        let Some(plain) = plain else {
            report.blobs_closed = report.blobs_closed.saturating_add(1);
            return Ok(());
        };
        report.blobs_opened = report.blobs_opened.saturating_add(1);
        if needle.is_in(&plain) || payload(&plain).is_some_and(|said| needle.is_in(&said)) {
            let (table, column) = (table.name.to_owned(), "sealed".to_owned());
            report.hits.push(SearchHit { table, column, row: row.get("row_id")?, case: Some(case) });
        }
        Ok(())
    })?;
    Ok(())
}
