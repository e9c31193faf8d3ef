//! The store: SQLite for the rows, a file of wrapped keys beside it, a journal elsewhere.
//!
//! One thread writes, a few connections read. What [`Store::commit`] has answered is on the disk
//! (law 11). Whatever would tell something of a person is sealed with the key of its case; what
//! stands clear are random ids, numbers of kinds and organisations, sizes, times and hashes.
//!
//! Deliberately absent: any decision on who may read or receive what. That is the gate's, in
//! [`stafett_protocol::access`].

mod access_log;
mod arrival;
mod baton;
pub mod beside;
mod case;
mod chain;
mod disclosure;
mod emergency;
mod entry;
mod erase;
mod error;
mod hand;
mod handover;
mod holds;
mod integrity;
mod journal;
mod journal_check;
mod keys;
mod ledger;
mod left;
mod link;
mod login;
mod mark;
mod meta;
mod migrations;
mod open;
mod package;
mod private_case;
mod proposal;
mod reader;
mod reserve;
mod returned;
mod sealed;
mod search;
mod session;
mod size;
mod snapshot;
mod step;
mod succession;
#[cfg(test)]
mod tests;
mod uptake;
mod value;
mod word;
mod write;
mod writer;

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use rusqlite::Connection;
use stafett_protocol::id::CaseId;
use stafett_protocol::journal::JournalLine;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::PublicKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Committed, Fault, Transaction};
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::error;

pub use access_log::{AccessRow, LogCheck, LogEnd, LogFault};
pub use arrival::CarriedCase;
pub use baton::BatonRow;
pub use case::{Assignment, ReceivedCase};
pub use disclosure::{DisclosureFilter, LoggedDisclosure};
pub use emergency::{
    EmergencyContent, EmergencyReviewContent, EmergencyReviewRow, EmergencyRow, NewEmergency,
    NewEmergencyReview,
};
pub use entry::{Damaged, Opened};
pub use error::StoreError;
pub use hand::{HandArrival, HandArrivalCourse};
pub use handover::HandoverNote;
pub use holds::{HeldRow, StoredAmount};
pub use integrity::IntegrityReport;
pub use journal::JournalFault;
pub use journal_check::JournalCheck;
pub use ledger::{FiledReceipt, IssuedGrant, WaitingOrder};
pub use left::Left;
pub use login::TokenRecord;
pub use package::{PackageFile, StoredPackage};
pub use reader::StoreReader;
pub use search::{SearchHit, SearchReport};
pub use session::{SessionRecord, SessionWrite};
pub use size::StoreSize;
pub use uptake::SaidRow;
pub use word::OperatorWord;
pub use write::LocalWrite;

use crate::seal::{LogKey, WrappingKey};
use journal::Journal;
use keys::KeyRing;
use reserve::Reserve;
use snapshot::{Own, Snapshot};
use writer::{Job, JournalState, Writer};

/// Transactions that wait for the writer; more wait at the caller.
const JOBS_WAITING_MAX: usize = 256;
/// Cases that wait for whoever follows the store; who is further behind is told that it is.
const TOUCHED_WAITING_MAX: usize = 256;

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePaths {
    /// The folder of rows and keys; what backups and snapshots copy.
    pub data: PathBuf,
    /// The folder of the journal, outside all of that.
    pub journal: PathBuf,
}

/// What a store needs to open.
#[derive(Debug)]
pub struct StoreSettings {
    /// Where it is.
    pub paths: StorePaths,
    /// The key that wraps the data keys.
    pub wrapping: WrappingKey,
    /// The organisation whose node this is.
    pub organisation: OrganisationNumber,
    /// The public halves of the node's signing keys, present and earlier ones.
    pub signing_keys: Vec<PublicKey>,
    /// Bytes that the rows may take at the most, so that a full store leaves the machine room to
    /// go on; none for as many as the disk holds. Rounded down to whole pages.
    pub bytes_max: Option<u64>,
}

/// The store, open for writing. Reading goes through [`StoreReader`], which it derefs to.
#[derive(Debug)]
pub struct Store {
    reader: StoreReader,
    jobs: Option<mpsc::Sender<Job>>,
    state: Arc<JournalState>,
    thread: Option<JoinHandle<()>>,
    touched: broadcast::Sender<CaseId>,
    journal_missing: Vec<(i64, String)>,
}

impl Deref for Store {
    type Target = StoreReader;

    fn deref(&self) -> &StoreReader {
        &self.reader
    }
}

impl Store {
    /// Opens a store for writing, makes it if it is not there, and mends what a crash cut short:
    /// keys not yet destroyed, closings not yet in the journal. Blocks; to be called at start.
    ///
    /// # Errors
    /// [`StoreError`]: each variant says what whoever starts the node can do about it.
    pub fn open(settings: StoreSettings) -> Result<Self, StoreError> {
        let StoreSettings { paths, wrapping, organisation, signing_keys, bytes_max } = settings;
        open::make_folder(&paths.data)?;
        let lock = open::lock(&paths.data)?;
        let connection = open::writing(&paths.data.join(open::STORE_FILE), migrations::STORE)?;
        if let Some(bytes) = bytes_max {
            open::limit(&connection, bytes)?;
        }
        let wrapping = Arc::new(wrapping);
        let keys = KeyRing::writing(&paths.data, Arc::clone(&wrapping))?;
        let log_key = log_key(&connection, &keys)?;
        let own = Arc::new(Own { organisation, signing_keys });
        let known = meta::journal_known(&Snapshot { connection: &connection, keys: &keys, own: &own })?;
        let (journal, fault) = Journal::open(&paths.journal, known)?;
        let state = Arc::new(JournalState::default());
        state.set_fault(fault);
        let (touched, _) = broadcast::channel(TOUCHED_WAITING_MAX);
        let mut writer = Writer {
            connection,
            keys,
            log_key,
            own: Arc::clone(&own),
            journal,
            state: Arc::clone(&state),
            touched: touched.clone(),
            must_truncate: false,
            doubtful: Vec::new(),
            reserve: Reserve::keep(&paths.data),
            _lock: lock,
        };
        let journal_missing = writer.mend()?;
        let reader = StoreReader::open(paths, wrapping, own)?;
        let (jobs, waiting) = mpsc::channel(JOBS_WAITING_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|source| StoreError::Folder { path: reader.paths().data.clone(), source })?;
        Ok(Self { reader, jobs: Some(jobs), state, thread: Some(thread), touched, journal_missing })
    }

    /// Opens a store for reading only, also while another process has it open for writing.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is none, [`StoreError::Older`] if it must first be opened
    /// for writing; others as for [`open`](Self::open).
    pub fn open_reading(settings: StoreSettings) -> Result<StoreReader, StoreError> {
        let StoreSettings { paths, wrapping, organisation, signing_keys, .. } = settings;
        StoreReader::open(paths, Arc::new(wrapping), Arc::new(Own { organisation, signing_keys }))
    }

    /// Returns what tells of every case in which something is committed from here on.
    pub(crate) fn touched(&self) -> broadcast::Receiver<CaseId> {
        self.touched.subscribe()
    }

    /// Returns what answers questions, for whoever only reads.
    pub fn reader(&self) -> StoreReader {
        self.reader.clone()
    }

    /// Commits a transaction, whole or not at all; on return it is on the disk, and closings are
    /// in the journal. Committing it again changes nothing.
    ///
    /// # Errors
    /// The [`Fault`] for which nothing of it was kept. What lies behind [`Fault::Store`] is in
    /// the log.
    pub async fn commit(&self, transaction: Transaction) -> Result<Committed, Fault> {
        self.commit_with(transaction, Vec::new()).await
    }

    /// Commits a transaction together with what concerns this node alone; that comes second.
    ///
    /// # Errors
    /// As for [`commit`](Self::commit).
    pub async fn commit_with(
        &self,
        transaction: Transaction,
        local: Vec<LocalWrite>,
    ) -> Result<Committed, Fault> {
        self.submit(transaction, local).await.map_err(fault_of)
    }

    /// Puts a transaction in line: transactions are committed in the order in which they were put
    /// there. The answer says what came of it, as for [`commit`](Self::commit).
    ///
    /// # Errors
    /// [`Fault::Store`] if the store is closed.
    pub async fn put_in_line(&self, transaction: Transaction) -> Result<InLine, Fault> {
        let (answer, outcome) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(Fault::Store)?;
        let job = Job { transaction, local: Vec::new(), answer };
        jobs.send(job).await.map_err(|_| Fault::Store)?;
        Ok(InLine { outcome })
    }

    /// Commits what concerns this node alone.
    pub(crate) async fn write_local(&self, local: Vec<LocalWrite>) -> Result<(), StoreError> {
        self.submit(Transaction::default(), local).await.map(|_| ())
    }

    async fn submit(
        &self,
        transaction: Transaction,
        local: Vec<LocalWrite>,
    ) -> Result<Committed, StoreError> {
        let (answer, outcome) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(Job { transaction, local, answer }).await.map_err(|_| StoreError::Closed)?;
        outcome.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns whether the journal says more than the store: the store was restored from a
    /// backup, and the node must stay sealed (law 16).
    pub fn is_behind_journal(&self) -> bool {
        self.state.is_ahead.load(Ordering::Acquire)
    }

    /// Returns whether the journal could not be written lately. What it lacks is in the store
    /// and is appended as soon as that works.
    pub fn is_journal_short(&self) -> bool {
        self.state.is_short.load(Ordering::Acquire)
    }

    /// Returns why the journal cannot be relied on, if it cannot: it is lost, broken, or another
    /// store's. Nothing is written to it then.
    pub fn journal_fault(&self) -> Option<JournalFault> {
        self.state.fault()
    }

    /// Has rows written from here on carry the node's time instead of the system's. The first
    /// call counts.
    pub fn tell_time(&self, tell: impl Fn() -> UnixMillis + Send + Sync + 'static) {
        let _ = self.state.clock.set(Box::new(tell));
    }

    /// Returns the journal's lines that the store lacked when it was opened, in order; of a
    /// journal that cannot be relied on, every line that can be read and that the store lacks.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if a line does not read; others if the store or the journal cannot be
    /// read.
    pub async fn journal_missing(&self) -> Result<Vec<JournalLine>, StoreError> {
        if self.journal_fault().is_some() {
            let salvaged = journal::salvaged(&self.paths().journal)?;
            return self.read(move |snapshot| journal::unknown(snapshot, &salvaged)).await;
        }
        let damaged = |_| StoreError::Damaged { table: "journal" };
        self.journal_missing.iter().map(|(_, line)| serde_json::from_str(line).map_err(damaged)).collect()
    }

    /// Takes over the journal's lines that the store lacks. To be called once what they say is
    /// done here, together with the writes that do it.
    pub fn accept_journal(&self) -> LocalWrite {
        LocalWrite::JournalAccepted(self.journal_missing.clone())
    }
}

/// A transaction that waits for its turn.
#[derive(Debug)]
pub struct InLine {
    outcome: oneshot::Receiver<Result<Committed, StoreError>>,
}

impl InLine {
    /// Waits until it is committed, or is not.
    ///
    /// # Errors
    /// As for [`Store::commit`].
    pub async fn outcome(self) -> Result<Committed, Fault> {
        match self.outcome.await {
            Ok(outcome) => outcome.map_err(fault_of),
            Err(_) => Err(Fault::Store),
        }
    }
}

/// What lies behind a fault of the store is in the log alone.
fn fault_of(error: StoreError) -> Fault {
    match error {
        StoreError::Fault(fault) => fault,
        other => {
            error!(error = ?other, "a transaction was not committed");
            Fault::Store
        }
    }
}

impl Drop for Store {
    /// Waits until what was sent is committed, so that the folder is free afterwards.
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            error!("the store's writer ended by a panic");
        }
    }
}

impl Writer {
    /// Does what a crash may have cut short; returns the journal's lines that the store lacks.
    fn mend(&mut self) -> Result<Vec<(i64, String)>, StoreError> {
        self.destroy_pending()?;
        self.truncate_logs();
        let snapshot = Snapshot { connection: &self.connection, keys: &self.keys, own: &self.own };
        let missing = match self.journal.missing(&snapshot) {
            Err(StoreError::JournalForeign { line }) => {
                self.state.set_fault(Some(JournalFault::Foreign { line }));
                self.journal = Journal::unusable(self.journal.folder());
                Vec::new()
            }
            missing => missing?,
        };
        if self.state.fault().is_some() {
            return Ok(missing);
        }
        self.journal.catch_up(&snapshot)?;
        self.note_journal();
        self.compare_journal();
        Ok(missing)
    }
}

/// Returns the key of the access log; makes it for a store without rows.
fn log_key(connection: &Connection, keys: &KeyRing) -> Result<LogKey, StoreError> {
    if let Some(key) = keys.log_key()? {
        return Ok(key);
    }
    let sealed: i64 = connection.query_row("SELECT count(*) FROM cases", [], |row| row.get(0))?;
    if sealed == 0 { keys.make_log_key() } else { Err(StoreError::KeysMissing) }
}
