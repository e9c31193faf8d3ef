//! The one writer: a thread that commits what waits in batches.
//!
//! Transactions that wait together share one commit, each in a savepoint of its own, so that a
//! fault of one undoes nothing of the others. Nobody is answered before the commit is on the disk
//! and what must follow it is done.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rusqlite::Connection;
use stafett_protocol::id::CaseId;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Committed, Fault, Transaction, Write};
use tokio::sync::{broadcast, mpsc, oneshot};
use tracing::{error, warn};

use crate::clock;
use crate::seal::LogKey;
use crate::store::error::StoreError;
use crate::store::journal::{Journal, JournalFault};
use crate::store::keys::{KeyId, KeyRing};
use crate::store::reserve::Reserve;
use crate::store::snapshot::{Own, Snapshot};
use crate::store::step::{Aftermath, Step};
use crate::store::write::{LocalWrite, execute};
use crate::store::{access_log, meta, open, reserve};

/// Transactions that share a commit.
const BATCH_MAX: usize = 64;

/// One transaction and whoever waits for it.
pub(crate) struct Job {
    pub(crate) transaction: Transaction,
    pub(crate) local: Vec<LocalWrite>,
    pub(crate) answer: oneshot::Sender<Result<Committed, StoreError>>,
}

/// What others may know of the journal without asking the writer.
#[derive(Default)]
pub(crate) struct JournalState {
    /// Whether the journal says more than the store.
    pub(crate) is_ahead: AtomicBool,
    /// Whether the journal lacks something that the store has.
    pub(crate) is_short: AtomicBool,
    /// Why the journal cannot be relied on, if it cannot.
    pub(crate) fault: Mutex<Option<JournalFault>>,
    /// Tells the node's time once there is one; the system's until then.
    pub(crate) clock: OnceLock<TellTime>,
}

/// Tells the time.
pub(crate) type TellTime = Box<dyn Fn() -> UnixMillis + Send + Sync>;

impl std::fmt::Debug for JournalState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalState").field("is_ahead", &self.is_ahead).finish_non_exhaustive()
    }
}

impl JournalState {
    /// Why the journal cannot be relied on, if it cannot.
    pub(crate) fn fault(&self) -> Option<JournalFault> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_fault(&self, fault: Option<JournalFault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    fn now(&self) -> UnixMillis {
        self.clock.get().map_or_else(clock::now, |tell| tell())
    }
}

/// Everything that only the writer touches.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) keys: KeyRing,
    pub(crate) log_key: LogKey,
    pub(crate) own: Arc<Own>,
    pub(crate) journal: Journal,
    pub(crate) state: Arc<JournalState>,
    /// Told of every case in which something was committed.
    pub(crate) touched: broadcast::Sender<CaseId>,
    /// Whether a log may hold what was erased.
    pub(crate) must_truncate: bool,
    /// Keys of rows whose commit failed. What failed may be on the disk all the same, and would be
    /// there after a crash, until the next commit is: so the keys are kept until then.
    pub(crate) doubtful: Vec<KeyId>,
    /// Room for what closes.
    pub(crate) reserve: Reserve,
    /// Keeps other processes out for as long as the writer lives.
    pub(crate) _lock: File,
}

impl Writer {
    /// Commits what comes until nobody can send any more.
    pub(crate) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX {
                let Ok(next) = jobs.try_recv() else { break };
                batch.push(next);
            }
            self.commit(batch);
        }
        self.truncate_logs();
    }

    fn commit(&mut self, batch: Vec<Job>) {
        let batch = self.refuse_without_room(batch);
        if !batch.is_empty() {
            self.commit_what_fits(batch);
        }
    }

    fn commit_what_fits(&mut self, batch: Vec<Job>) {
        match self.write(&batch) {
            Ok((outcomes, mut aftermath)) => {
                self.settle_doubtful();
                let cases = std::mem::take(&mut aftermath.cases);
                self.follow(aftermath);
                // Nobody listens while no page is open.
                cases.into_iter().for_each(|case| drop(self.touched.send(case)));
                for (job, outcome) in batch.into_iter().zip(outcomes) {
                    match outcome {
                        Err(fault) if self.makes_room(&job, &fault) => self.commit_what_fits(vec![job]),
                        // Whoever asked may have gone; the transaction stands all the same.
                        outcome => drop(job.answer.send(outcome)),
                    }
                }
            }
            Err(_) if batch.len() > 1 => batch.into_iter().for_each(|job| self.commit_what_fits(vec![job])),
            Err(fault) => {
                for job in batch {
                    if self.makes_room(&job, &fault) {
                        self.commit_what_fits(vec![job]);
                        continue;
                    }
                    error!(error = ?fault, "the store cannot commit");
                    let _ = job.answer.send(Err(StoreError::Fault(Fault::Store)));
                }
            }
        }
    }

    /// Refuses what may not have the room that was kept back, while there is no other.
    fn refuse_without_room(&mut self, batch: Vec<Job>) -> Vec<Job> {
        if self.reserve.keep_again() {
            return batch;
        }
        let (fits, refused): (Vec<Job>, Vec<Job>) =
            batch.into_iter().partition(|job| reserve::may_have(&job.transaction, &job.local));
        for job in refused {
            let _ = job.answer.send(Err(StoreError::Fault(Fault::Store)));
        }
        fits
    }

    /// Gives the room that was kept back to a transaction that may have it and found none. Returns
    /// whether to try again.
    fn makes_room(&mut self, job: &Job, fault: &StoreError) -> bool {
        let spent =
            fault.is_full() && reserve::may_have(&job.transaction, &job.local) && self.reserve.spend();
        if spent {
            self.truncate_logs();
        }
        spent
    }

    /// Writes a batch and commits it. On an error nothing of it is kept.
    fn write(
        &mut self,
        batch: &[Job],
    ) -> Result<(Vec<Result<Committed, StoreError>>, Aftermath), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut aftermath = Aftermath::default();
        let mut outcomes = Vec::with_capacity(batch.len());
        let written = batch.iter().try_for_each(|job| {
            outcomes.push(self.write_one(job, &mut aftermath)?);
            Ok(())
        });
        let committed = written.is_ok().then(|| self.connection.execute_batch("COMMIT"));
        let fault = match (written, committed) {
            (Ok(()), None | Some(Ok(()))) => return Ok((outcomes, aftermath)),
            (Ok(()), Some(Err(fault))) => {
                self.doubtful.append(&mut aftermath.made);
                fault.into()
            }
            (Err(fault), _) => fault,
        };
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.discard(&aftermath.made);
        Err(fault)
    }

    /// Destroys the keys of rows whose commit failed, once those rows cannot come back: writing the
    /// keys down for destruction is itself a commit, which takes the place of the one that failed.
    fn settle_doubtful(&mut self) {
        if self.doubtful.is_empty() {
            return;
        }
        let doomed = self.doubtful.iter().try_for_each(|key| {
            let doom = "INSERT OR IGNORE INTO key_destruction (key_id) VALUES (?1)";
            self.connection.execute(doom, [key]).map(|_| ())
        });
        match doomed {
            Ok(()) => {
                let doubtful = std::mem::take(&mut self.doubtful);
                self.destroy_doomed(&doubtful);
            }
            Err(fault) => warn!(error = ?fault, "keys of what was not committed are not destroyed yet"),
        }
    }

    /// Writes one transaction in a savepoint. The outer error means that the batch is lost.
    fn write_one(
        &self,
        job: &Job,
        aftermath: &mut Aftermath,
    ) -> Result<Result<Committed, StoreError>, StoreError> {
        self.connection.execute_batch("SAVEPOINT job")?;
        let snapshot = Snapshot { connection: &self.connection, keys: &self.keys, own: &self.own };
        let end = self.journal.end();
        let mut step = Step::new(snapshot, &self.log_key, (end.length, end.last), self.state.now());
        let outcome = execute(&mut step, &job.transaction, &job.local);
        if let Ok(committed) = &outcome {
            aftermath.absorb(step.aftermath);
            aftermath.cases.extend(cases_of(&job.transaction, committed));
            self.connection.execute_batch("RELEASE job")?;
            return Ok(outcome);
        }
        self.discard(&step.aftermath.made);
        if self.connection.is_autocommit() {
            return outcome.map(Ok);
        }
        self.connection.execute_batch("ROLLBACK TO job; RELEASE job")?;
        Ok(outcome)
    }

    /// Destroys keys that were made for rows that are not kept.
    fn discard(&self, made: &[KeyId]) {
        if let Err(fault) = self.destroy(made) {
            warn!(error = ?fault, "keys that seal nothing could not be destroyed");
        }
    }

    fn destroy(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        if keys.is_empty() { Ok(()) } else { self.keys.destroy(keys) }
    }

    /// Does what must follow a commit. What fails here is done again later: the transaction
    /// stands.
    fn follow(&mut self, aftermath: Aftermath) {
        if aftermath.begun {
            self.begin_journal();
        }
        if aftermath.closed || aftermath.begun || self.state.is_short.load(Ordering::Acquire) {
            self.append_to_journal();
        }
        if aftermath.logged {
            self.note_log_end();
        }
        if aftermath.caught_up {
            self.compare_journal();
        }
        if !aftermath.doomed.is_empty() {
            self.destroy_doomed(&aftermath.doomed);
        }
        if aftermath.erased || self.must_truncate {
            self.truncate_logs();
        }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        Snapshot { connection: &self.connection, keys: &self.keys, own: &self.own }
    }

    fn append_to_journal(&mut self) {
        let snapshot = Snapshot { connection: &self.connection, keys: &self.keys, own: &self.own };
        let appended = self.journal.catch_up(&snapshot);
        self.state.is_short.store(appended.is_err(), Ordering::Release);
        if let Err(fault) = appended {
            error!(error = ?fault, "the journal cannot be written; the store holds what it lacks");
            return;
        }
        self.note_journal();
    }

    /// Notes how long the journal is, so that a shorter one is known to be lost. Done again later
    /// if it fails: too low a note only says less.
    pub(crate) fn note_journal(&self) {
        if let Err(fault) = meta::set_journal_known(&self.connection, self.journal.end().length) {
            warn!(error = ?fault, "the end of the journal could not be noted");
        }
    }

    fn begin_journal(&mut self) {
        match self.journal.begin_anew() {
            Ok(()) => self.state.set_fault(None),
            Err(fault) => error!(error = ?fault, "no new journal can be begun; the node stays sealed"),
        }
        self.compare_journal();
    }

    fn note_log_end(&self) {
        let noted = access_log::end(&self.snapshot()).map(|end| self.journal.note_log_end(&end));
        if !matches!(noted, Ok(Ok(()))) {
            warn!("the end of the access log could not be noted beside the journal");
        }
    }

    /// Finds out whether the journal says more than the store.
    pub(crate) fn compare_journal(&self) {
        let is_ahead = self.journal.missing(&self.snapshot()).map_or(true, |lines| !lines.is_empty());
        self.state.is_ahead.store(is_ahead, Ordering::Release);
    }

    fn destroy_doomed(&self, keys: &[KeyId]) {
        let destroyed = self.destroy(keys).and_then(|()| {
            keys.iter().try_for_each(|key| {
                self.connection.execute("DELETE FROM key_destruction WHERE key_id = ?1", [key])?;
                Ok(())
            })
        });
        if let Err(fault) = destroyed {
            error!(error = ?fault, "keys of erased rows are not destroyed yet");
        }
    }

    /// Does again what a crash may have cut short: destroys the keys whose rows are gone.
    pub(crate) fn destroy_pending(&self) -> Result<(), StoreError> {
        let pending = self
            .snapshot()
            .rows("SELECT key_id FROM key_destruction", [], |row| Ok(row.get::<_, KeyId>(0)?))?;
        self.destroy(&pending)?;
        self.connection.execute("DELETE FROM key_destruction", [])?;
        Ok(())
    }

    /// Cuts both write-ahead logs, which may hold what was erased.
    pub(crate) fn truncate_logs(&mut self) {
        let rows = open::truncate_log(&self.connection);
        let keys = self.keys.truncate_log();
        self.must_truncate = !matches!((rows, keys), (Ok(true), Ok(true)));
    }
}

/// The cases in which a transaction changes what somebody may be shown.
fn cases_of(transaction: &Transaction, committed: &Committed) -> Vec<CaseId> {
    let case_of = |write: &Write| match write {
        Write::Ledger(statement) => Some(statement.statement().case),
        Write::Protection(statement) => Some(statement.statement().case),
        Write::ReceiptFiled(receipt) => Some(receipt.statement().case),
        Write::ProposalMade(proposal) => Some(proposal.case),
        Write::Erase { case, .. } | Write::GrantEnded { case, .. } => Some(*case),
        _ => None,
    };
    let records = committed.records.iter().map(|record| record.facts.case);
    transaction.writes.iter().filter_map(case_of).chain(records).collect()
}
