//! What a store says once it is open again: every row apart from what is drawn at random or sealed,
//! what each entry reads, and whether everything in it holds.

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use stafett_node::seal::{KeyBytes, WrappingKey};
use stafett_node::store::{LocalWrite, Store, StoreError, StorePaths, StoreSettings};
use stafett_protocol::entry::check::CheckedChange;
use stafett_protocol::entry::{Actor, EntryDocument};
use stafett_protocol::id::EntryId;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Transaction;

use crate::cast::{self, CASE, NOW};

/// Columns that are drawn at random, or hang on one that is.
const RANDOM: [&str; 7] = ["sealed", "key_id", "content_hash", "mac", "last", "applied_at", "sha256"];

/// Opens documents to read them; it writes nothing.
const READER: Actor = Actor([0x77; 16]);

/// Names of data keys.
pub type Keys = BTreeSet<[u8; 16]>;

/// What a store says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View(pub Vec<String>);

/// What was found in a store.
#[derive(Debug)]
pub struct Look {
    /// What it says.
    pub view: View,
    /// Data keys that cases name.
    pub named: Keys,
    /// Data keys that are there.
    pub there: Keys,
    /// What does not hold.
    pub problems: Vec<String>,
}

/// What the store of the cast opens with.
pub fn settings(paths: &StorePaths, bytes_max: Option<u64>) -> StoreSettings {
    StoreSettings {
        paths: paths.clone(),
        wrapping: WrappingKey::new(&KeyBytes::new([7; 32])),
        organisation: cast::us(),
        signing_keys: vec![cast::our_key().public()],
        bytes_max,
    }
}

/// Opens the store of the cast.
///
/// # Errors
/// As [`Store::open`].
pub fn open(paths: &StorePaths) -> Result<Store, StoreError> {
    let store = Store::open(settings(paths, None))?;
    store.tell_time(|| NOW);
    Ok(store)
}

/// Opens a store, looks at all of it, and writes to it once more.
///
/// # Errors
/// What kept it from being opened or read at all.
pub async fn look(paths: &StorePaths) -> anyhow::Result<Look> {
    let store = open(paths)?;
    let mut problems = Vec::new();
    let report = store.integrity().await?;
    if !report.is_well() {
        problems.push(format!("the store is not whole: {report:?}"));
    }
    let closed = store.search_everything(b"nothing like it").await?.blobs_closed;
    if closed > 0 {
        problems.push(format!("{closed} sealed rows do not open"));
    }
    let (named, mut lines) = rows(&paths.data.join("store.sqlite"))?;
    let there = keys(&paths.data.join("keys.sqlite"))?;
    for key in named.difference(&there) {
        problems.push(format!("the key {key:02x?} of a case is missing"));
    }
    if let Some(document) = store.private_case(CASE).await? {
        lines.push(format!(
            "private case: {} bytes, {}",
            document.len(),
            crate::chance::seed_of(&text(&document))
        ));
    }
    if let Some(note) = store.handover_note(CASE).await? {
        lines.push(format!("handover note: {}", note.text));
    }
    for entry in entries(&paths.data.join("store.sqlite"))? {
        lines.extend(texts(&store, entry).await?);
    }
    let check = store.journal_check().await;
    lines.push(format!(
        "journal: {:?}, behind: {}, {check:?}",
        store.journal_fault(),
        store.is_behind_journal()
    ));
    let mark = LocalWrite::HighWaterMark(UnixMillis(NOW.0 + 1));
    if let Err(fault) = store.commit_with(Transaction::default(), vec![mark]).await {
        problems.push(format!("nothing can be written: {fault}"));
    }
    drop(store);
    Ok(Look { view: View(lines), named, there, problems })
}

/// What a reader of an entry sees of it, and of its earlier generations.
async fn texts(store: &Store, entry: EntryId) -> anyhow::Result<Vec<String>> {
    let Some(content) = store.content(entry).await? else { return Ok(vec![format!("entry {entry}: none")]) };
    let kind = content.record.facts.kind;
    let read = |changes: &[CheckedChange]| {
        if changes.is_empty() {
            return anyhow::Ok("nothing".to_owned());
        }
        let document = EntryDocument::open(kind, READER, changes)?;
        Ok(serde_json::to_string(&document.view())?)
    };
    let mut lines = vec![format!("entry {entry}: {}", read(&content.changes)?)];
    for earlier in &content.earlier {
        lines.push(format!("entry {entry} before: {}", read(&earlier.changes)?));
    }
    Ok(lines)
}

fn entries(path: &std::path::Path) -> anyhow::Result<Vec<EntryId>> {
    let connection = Connection::open(path)?;
    let mut ids = connection.prepare("SELECT entry_id FROM entry ORDER BY entry_id")?;
    let ids = ids.query_map([], |row| Ok(EntryId::from_bytes(row.get(0)?)))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every row of every table, and the keys that cases name.
fn rows(path: &std::path::Path) -> anyhow::Result<(Keys, Vec<String>)> {
    let connection = Connection::open(path)?;
    let mut names = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table'
             AND name NOT IN ('key_destruction', 'sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')",
    )?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut lines = Vec::new();
    for name in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM {name}"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = name.clone();
            for (index, column) in columns.iter().enumerate() {
                if !RANDOM.contains(&column.as_str()) {
                    line += &match row.get_ref(index)? {
                        ValueRef::Text(bytes) => format!(" {column}={}", text(bytes)),
                        value => format!(" {column}={value:?}"),
                    };
                }
            }
            lines.push(line);
        }
    }
    lines.sort();
    let mut named = connection.prepare("SELECT key_id FROM cases")?;
    let named = named.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok((named, lines))
}

fn keys(path: &std::path::Path) -> anyhow::Result<Keys> {
    let connection = Connection::open(path)?;
    let mut statement = connection.prepare("SELECT key_id FROM data_key")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}
