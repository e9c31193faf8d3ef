//! One transaction while it is written, and what must follow once it is committed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use rusqlite::Params;
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::StatementHash;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::Fault;

use crate::seal::LogKey;
use crate::store::error::StoreError;
use crate::store::keys::KeyId;
use crate::store::snapshot::Snapshot;
use crate::store::value::millis;

/// What must follow a commit, or be taken back if there is none.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Keys that were made for rows of this transaction.
    pub(crate) made: Vec<KeyId>,
    /// Keys whose rows are gone.
    pub(crate) doomed: Vec<KeyId>,
    /// Whether something closed.
    pub(crate) closed: bool,
    /// Whether rows were erased.
    pub(crate) erased: bool,
    /// Whether the access log grew.
    pub(crate) logged: bool,
    /// Whether the table of closings took the journal's lines over.
    pub(crate) caught_up: bool,
    /// Whether a new journal begins in the place of one that is lost or broken.
    pub(crate) begun: bool,
    /// Cases of which something is kept that was not before.
    pub(crate) cases: BTreeSet<CaseId>,
}

impl Aftermath {
    /// Adds what must follow another transaction of the same commit.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.made.extend(other.made);
        self.doomed.extend(other.doomed);
        self.closed |= other.closed;
        self.erased |= other.erased;
        self.logged |= other.logged;
        self.caught_up |= other.caught_up;
        self.begun |= other.begun;
        self.cases.extend(other.cases);
    }
}

/// A transaction while it is written.
pub(crate) struct Step<'c> {
    snapshot: Snapshot<'c>,
    /// The key of the access log.
    pub(crate) log_key: &'c LogKey,
    /// Where the journal stood when the batch began.
    pub(crate) journal_length: u64,
    /// The hash of the journal's last line then.
    pub(crate) journal_last: Option<StatementHash>,
    /// When it is written.
    pub(crate) now: UnixMillis,
    /// Entries whose records changed.
    pub(crate) touched: BTreeSet<EntryId>,
    /// Entries of which less holds: a damaged one is closed and ended like any other.
    pub(crate) closed: BTreeSet<EntryId>,
    /// How many statements are signed for a partner, where this transaction added to them.
    pub(crate) signed: BTreeMap<OrganisationNumber, u64>,
    /// What must follow.
    pub(crate) aftermath: Aftermath,
}

impl<'c> Deref for Step<'c> {
    type Target = Snapshot<'c>;

    fn deref(&self) -> &Snapshot<'c> {
        &self.snapshot
    }
}

impl<'c> Step<'c> {
    /// Starts to write.
    pub(crate) fn new(
        snapshot: Snapshot<'c>,
        log_key: &'c LogKey,
        (journal_length, journal_last): (u64, Option<StatementHash>),
        now: UnixMillis,
    ) -> Self {
        let (touched, closed) = (BTreeSet::new(), BTreeSet::new());
        let (signed, aftermath) = (BTreeMap::new(), Aftermath::default());
        Self { snapshot, log_key, journal_length, journal_last, now, touched, closed, signed, aftermath }
    }

    /// Executes a statement; returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute(parameters)?)
    }

    /// Makes sure that a case has a key, so that its rows can be sealed.
    ///
    /// # Errors
    /// [`Fault::OtherGeneration`] if the case is another organisation's: nothing moves from one
    /// owner's case to another's.
    pub(crate) fn ensure_case(&mut self, case: CaseId, owner: OrganisationNumber) -> Result<(), StoreError> {
        let known =
            self.optional("SELECT owner FROM cases WHERE case_id = ?1", [case.as_bytes()], |row| {
                Ok(row.get::<_, u32>(0)?)
            })?;
        match known {
            Some(known) if known == owner.value() => Ok(()),
            Some(_) => Err(Fault::OtherGeneration.into()),
            None => {
                let key = self.make_key(case)?;
                self.execute(
                    "INSERT INTO cases (case_id, owner, key_id, first_at) VALUES (?1, ?2, ?3, ?4)",
                    (case.as_bytes(), owner.value(), key, millis(self.now)),
                )?;
                Ok(())
            }
        }
    }

    /// Makes a key for a case; it is destroyed again if this transaction is not kept.
    pub(crate) fn make_key(&mut self, case: CaseId) -> Result<KeyId, StoreError> {
        let key = self.keys.make(case)?;
        self.aftermath.made.push(key);
        Ok(key)
    }

    /// Marks a key for destruction once this transaction is committed.
    pub(crate) fn doom_key(&mut self, key: KeyId) -> Result<(), StoreError> {
        self.execute("INSERT OR IGNORE INTO key_destruction (key_id) VALUES (?1)", [key])?;
        self.aftermath.doomed.push(key);
        Ok(())
    }
}
