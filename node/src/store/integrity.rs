//! Checking a whole store: pages, chains, documents and the access log.

use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::ledger::LedgerView;

use crate::store::StoreReader;
use crate::store::access_log::LogCheck;
use crate::store::error::StoreError;
use crate::store::sealed::{CHAIN, LEDGER, PROTECTION};
use crate::store::snapshot::Snapshot;
use crate::store::{arrival, chain, entry};

/// What a check of the whole store found. Empty lists and no fault: all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityReport {
    /// What SQLite says of its pages and of references between rows.
    pub pages: Vec<String>,
    /// Own cases whose chain is broken, or does not replay.
    pub chains: Vec<CaseId>,
    /// Entries that do not open, or whose changes do not start with the genesis and lead to the
    /// heads.
    pub entries: Vec<EntryId>,
    /// What the check of the access log found.
    pub access_log: LogCheck,
}

impl IntegrityReport {
    /// Returns whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.pages.is_empty()
            && self.chains.is_empty()
            && self.entries.is_empty()
            && self.access_log.fault.is_none()
    }
}

impl StoreReader {
    /// Checks the whole store. Takes seconds on a large one; each step has a snapshot of its own.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read at all; what is wrong in it is an answer.
    pub async fn integrity(&self) -> Result<IntegrityReport, StoreError> {
        let pages = self.read(pages).await?;
        let mut chains = Vec::new();
        for case in self.cases_owned().await? {
            if !self.read(move |snapshot| Ok(chain_is_whole(snapshot, case))).await? {
                chains.push(case);
            }
        }
        let entries = self.read(broken_entries).await?;
        Ok(IntegrityReport { pages, chains, entries, access_log: self.verify_access_log().await? })
    }
}

fn pages(snapshot: &Snapshot<'_>) -> Result<Vec<String>, StoreError> {
    let mut problems = snapshot.rows("PRAGMA integrity_check", [], |row| Ok(row.get::<_, String>(0)?))?;
    problems.retain(|problem| problem != "ok");
    problems.extend(snapshot.rows("PRAGMA foreign_key_check", [], |row| {
        let table: String = row.get(0)?;
        Ok(format!("a row of {table} refers to a row that is not there"))
    })?);
    Ok(problems.into_iter().map(|problem| without_names_of_chains(&problem)).collect())
}

/// SQLite names tables and their indexes in what it says; which chain it speaks of is not told.
fn without_names_of_chains(problem: &str) -> String {
    [LEDGER.name, PROTECTION.name].iter().fold(problem.to_owned(), |text, name| text.replace(name, CHAIN))
}

fn chain_is_whole(snapshot: &Snapshot<'_>, case: CaseId) -> bool {
    let is_empty = snapshot.exists("SELECT 1 FROM ledger WHERE case_id = ?1", [case.as_bytes()]);
    match (is_empty, chain::read(snapshot, &LEDGER, case), chain::read(snapshot, &PROTECTION, case)) {
        (Ok(true), Ok(ledger), Ok(protection)) => LedgerView::replay(ledger.iter())
            .is_ok_and(|mut view| protection.iter().all(|next| view.protect(next).is_ok())),
        (Ok(false), Ok(ledger), Ok(_)) => ledger.is_empty(),
        _ => false,
    }
}

fn broken_entries(snapshot: &Snapshot<'_>) -> Result<Vec<EntryId>, StoreError> {
    let ids = snapshot.rows("SELECT entry_id FROM entry ORDER BY entry_id", [], |row| {
        Ok(EntryId::from_bytes(row.get(0)?))
    })?;
    Ok(ids.into_iter().filter(|id| !entry_is_whole(snapshot, *id)).collect())
}

fn entry_is_whole(snapshot: &Snapshot<'_>, id: EntryId) -> bool {
    let Ok(Some(content)) = entry::content(snapshot, id) else { return false };
    if arrival::origin(snapshot, content.record.facts.case, id).is_err() {
        return false;
    }
    let mut heads = std::collections::BTreeSet::new();
    for change in &content.changes {
        change.change().deps.iter().for_each(|parent| {
            heads.remove(parent);
        });
        heads.insert(change.hash());
    }
    let counts = usize::try_from(content.record.facts.changes) == Ok(content.changes.len());
    let starts = content.changes.first().is_none_or(|first| first.hash() == content.record.genesis);
    counts && starts && heads.iter().eq(content.record.heads.iter())
}
