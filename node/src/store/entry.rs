//! Entries: facts, changes of the present generation and of earlier ones that are kept, and to whom
//! each actor belongs.

pub(crate) mod earlier;
pub(crate) mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::access::{EntryFacts, OnlyFor};
use stafett_protocol::entry::check::CheckedChange;
use stafett_protocol::entry::{About, Actor, Change, ChangeHash, EntryKind, SchemaVersion};
use stafett_protocol::erasure::LockBasis;
use stafett_protocol::id::{AccountId, CaseId, EntryId, GenerationId, GrantId};
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, Service};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryContent, EntryRecord, EntryState};
use stafett_protocol::wire::codec;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::sealed::{ENTRY, ENTRY_CHANGE, Part};
use crate::store::snapshot::Snapshot;
use crate::store::value::{self, millis, moment, organisation};

/// Entries that are read in one snapshot, which must not last.
const CONTENTS_AT_ONCE: usize = 256;

/// What of an entry is sealed, apart from its changes: it would tell what the entry is about.
#[derive(Serialize, Deserialize)]
pub(crate) struct SealedFacts {
    pub(crate) areas: BTreeSet<AreaCode>,
    pub(crate) about: BTreeSet<About>,
    pub(crate) written_by: Option<Service>,
    pub(crate) only_for: Option<OnlyFor>,
    pub(crate) hidden_from_guardians: bool,
    pub(crate) author: Option<AccountId>,
}

/// An entry whose rows are damaged.
#[derive(Debug, Clone)]
pub struct Damaged {
    /// Which.
    pub entry: EntryId,
    /// What is known of it; none if not even that opens, and nobody can tell who may read it.
    pub record: Option<EntryRecord>,
}

/// What was read of some entries, of which one that is damaged hides no other.
#[derive(Debug)]
pub struct Opened<T> {
    /// What is whole, in the order that was asked for.
    pub whole: Vec<T>,
    /// What is not.
    pub damaged: Vec<Damaged>,
}

impl<T> Default for Opened<T> {
    fn default() -> Self {
        Self { whole: Vec::new(), damaged: Vec::new() }
    }
}

impl<T> Opened<T> {
    /// Takes an entry down; whatever else is wrong than its rows is an error.
    fn add(
        &mut self,
        (entry, record): (EntryId, Option<&EntryRecord>),
        read: Result<T, StoreError>,
    ) -> Result<(), StoreError> {
        match read {
            Ok(one) => self.whole.push(one),
            Err(error) if error.is_damage() => {
                self.damaged.push(Damaged { entry, record: record.cloned() });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn extend(&mut self, more: Self) {
        self.whole.extend(more.whole);
        self.damaged.extend(more.damaged);
    }
}

impl StoreReader {
    /// Returns when a meeting was last begun in each own case that had one.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn last_meetings(&self) -> Result<BTreeMap<CaseId, UnixMillis>, StoreError> {
        self.read(|snapshot| {
            let last = snapshot.rows(
                "SELECT case_id, max(stored_at) FROM entry WHERE owner = ?1 AND kind = ?2 GROUP BY case_id",
                (snapshot.own.organisation.value(), EntryKind::Meeting.code()),
                |row| Ok((CaseId::from_bytes(row.get(0)?), moment(row.get(1)?))),
            )?;
            Ok(last.into_iter().collect())
        })
        .await
    }

    /// Returns the records of a case's entries, as [`entries`](Self::entries) does, without those that
    /// are damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn whole_entries(&self, case: CaseId) -> Result<Opened<EntryRecord>, StoreError> {
        self.read(move |snapshot| {
            let mut opened = Opened::default();
            for entry in ids(snapshot, case)? {
                if let Some(read) = record(snapshot, entry).transpose() {
                    opened.add((entry, None), read)?;
                }
            }
            Ok(opened)
        })
        .await
    }

    /// Returns those of some entries that there are with their changes, as
    /// [`contents`](Self::contents) does, without those that are damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn whole_contents(&self, entries: Vec<EntryId>) -> Result<Opened<EntryContent>, StoreError> {
        self.opened(entries, |_| true).await
    }

    async fn opened(
        &self,
        entries: Vec<EntryId>,
        keeps: impl Fn(&EntryRecord) -> bool + Clone + Send + 'static,
    ) -> Result<Opened<EntryContent>, StoreError> {
        let mut opened = Opened::default();
        for some in entries.chunks(CONTENTS_AT_ONCE) {
            let (some, keeps) = (some.to_vec(), keeps.clone());
            opened.extend(self.read(move |snapshot| open_some(snapshot, &some, &keeps)).await?);
        }
        Ok(opened)
    }

    /// Returns the records of a case's entries, locked ones too, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn entries(&self, case: CaseId) -> Result<Vec<EntryRecord>, StoreError> {
        self.read(move |snapshot| {
            let records = ids(snapshot, case)?.into_iter().map(|entry| record(snapshot, entry));
            records.filter_map(Result::transpose).collect()
        })
        .await
    }

    /// Returns the own entries whose present generation has a history, and that has been quiet since
    /// `quiet_since` or has `changes_max` changes or more. Who reads an entry makes no difference:
    /// whoever holds it sees nothing but its own history in the answer (law 5).
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn entries_with_history(
        &self,
        quiet_since: UnixMillis,
        changes_max: u32,
    ) -> Result<Vec<EntryId>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT entry_id FROM entry
                 WHERE owner = ?1 AND changes > 1 AND (changed_at <= ?2 OR changes >= ?3)
                 ORDER BY entry_id",
                (snapshot.own.organisation.value(), millis(quiet_since), changes_max),
                |row| Ok(EntryId::from_bytes(row.get(0)?)),
            )
        })
        .await
    }

    /// Returns the record of an entry.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn entry(&self, entry: EntryId) -> Result<Option<EntryRecord>, StoreError> {
        self.read(move |snapshot| record(snapshot, entry)).await
    }

    /// Returns the case of an entry, also of one that is damaged.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn case_of(&self, entry: EntryId) -> Result<Option<CaseId>, StoreError> {
        let sql = "SELECT case_id FROM entry WHERE entry_id = ?1";
        self.read(move |snapshot| {
            snapshot.optional(sql, [entry.as_bytes()], |row| Ok(CaseId::from_bytes(row.get(0)?)))
        })
        .await
    }

    /// Returns an entry with its changes. Whether it is locked, its record says.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn content(&self, entry: EntryId) -> Result<Option<EntryContent>, StoreError> {
        self.read(move |snapshot| content(snapshot, entry)).await
    }

    /// Returns those of a case's entries that `keeps` wants with their changes, in the order in which
    /// they came, without those that are damaged; what it does not want is opened no further than its
    /// record.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn contents_of_case(
        &self,
        case: CaseId,
        keeps: impl Fn(&EntryRecord) -> bool + Clone + Send + 'static,
    ) -> Result<Opened<EntryContent>, StoreError> {
        let ids = self.read(move |snapshot| ids(snapshot, case)).await?;
        self.opened(ids, keeps).await
    }

    /// Returns those of some entries that there are with their changes, as [`content`](Self::content)
    /// does for one, in the order in which they are asked for.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn contents(&self, entries: Vec<EntryId>) -> Result<Vec<EntryContent>, StoreError> {
        let mut contents = Vec::with_capacity(entries.len());
        for some in entries.chunks(CONTENTS_AT_ONCE) {
            let some = some.to_vec();
            let read = self.read(move |snapshot| {
                let found = some.iter().map(|entry| content(snapshot, *entry));
                found.filter_map(Result::transpose).collect::<Result<Vec<_>, StoreError>>()
            });
            contents.extend(read.await?);
        }
        Ok(contents)
    }
}

fn open_some(
    snapshot: &Snapshot<'_>,
    entries: &[EntryId],
    keeps: impl Fn(&EntryRecord) -> bool,
) -> Result<Opened<EntryContent>, StoreError> {
    let mut opened = Opened::default();
    for entry in entries {
        match record(snapshot, *entry) {
            Ok(Some(record)) if keeps(&record) => {
                let content = content_of(snapshot, record.clone());
                opened.add((*entry, Some(&record)), content)?;
            }
            Ok(_) => {}
            Err(error) => opened.add((*entry, None), Err(error))?,
        }
    }
    Ok(opened)
}

/// The entries of a case, in the order in which they came.
fn ids(snapshot: &Snapshot<'_>, case: CaseId) -> Result<Vec<EntryId>, StoreError> {
    snapshot.rows(
        "SELECT entry_id FROM entry WHERE case_id = ?1 ORDER BY stored_at, entry_id",
        [case.as_bytes()],
        |row| Ok(EntryId::from_bytes(row.get(0)?)),
    )
}

/// Reads a record.
pub(crate) fn record(snapshot: &Snapshot<'_>, entry: EntryId) -> Result<Option<EntryRecord>, StoreError> {
    snapshot.optional(
        "SELECT case_id, owner, kind, schema, generation, genesis, heads, changes, state, stored_at,
                changed_at, sealed FROM entry WHERE entry_id = ?1",
        [entry.as_bytes()],
        |row| {
            let case = CaseId::from_bytes(row.get(0)?);
            let generation = GenerationId::from_bytes(row.get(4)?);
            let kind = EntryKind::from_code(row.get(2)?).ok_or(StoreError::Damaged { table: "entry" })?;
            let sealed: Vec<u8> = row.get(11)?;
            let heads: Vec<u8> = row.get(6)?;
            let identity = facts_identity(&case, &entry, &generation);
            let facts: SealedFacts = snapshot.open_json(case, &ENTRY, &identity, &sealed)?;
            Ok(EntryRecord {
                facts: EntryFacts {
                    entry,
                    case,
                    kind,
                    areas: facts.areas,
                    about: facts.about,
                    written_by: facts.written_by,
                    only_for: facts.only_for,
                    hidden_from_guardians: facts.hidden_from_guardians,
                    generation,
                    changes: row.get(7)?,
                },
                owner: organisation(row, 1, "entry")?,
                schema: SchemaVersion(row.get(3)?),
                genesis: ChangeHash(row.get(5)?),
                heads: value::heads(&heads, "entry")?,
                under: under(snapshot, entry)?,
                state: state(row.get(8)?)?,
                author: facts.author,
                stored_at: moment(row.get(9)?),
                changed_at: moment(row.get(10)?),
            })
        },
    )
}

/// Reads an entry with its changes.
pub(crate) fn content(snapshot: &Snapshot<'_>, entry: EntryId) -> Result<Option<EntryContent>, StoreError> {
    record(snapshot, entry)?.map(|record| content_of(snapshot, record)).transpose()
}

fn content_of(snapshot: &Snapshot<'_>, record: EntryRecord) -> Result<EntryContent, StoreError> {
    let facts = &record.facts;
    let (case, entry, generation) = (facts.case, facts.entry, facts.generation);
    let changes = changes(snapshot, case, entry, generation)?;
    let (actors, authors) = actors(snapshot, entry)?;
    let earlier = earlier::all(snapshot, case, entry)?;
    Ok(EntryContent { record, changes, actors, authors, earlier })
}

/// Reads the changes of one generation, parents first.
fn changes(
    snapshot: &Snapshot<'_>,
    case: CaseId,
    entry: EntryId,
    generation: GenerationId,
) -> Result<Vec<CheckedChange>, StoreError> {
    snapshot.rows(
        "SELECT number, hash, sealed FROM entry_change
         WHERE entry_id = ?1 AND generation = ?2 ORDER BY number",
        (entry.as_bytes(), generation.as_bytes()),
        |row| {
            let hash = ChangeHash(row.get(1)?);
            let sealed: Vec<u8> = row.get(2)?;
            let identity = change_identity(&case, &entry, &generation, row.get(0)?, &hash);
            let change = decoded(&snapshot.open(case, &ENTRY_CHANGE, &identity, &sealed)?)?;
            Ok(CheckedChange::from_sealed_row(change, hash))
        },
    )
}

const DAMAGED_CHANGE: StoreError = StoreError::Damaged { table: "entry_change" };

/// Rebuilds a change from the bytes that this node sealed.
pub(crate) fn restore(bytes: &[u8]) -> Result<CheckedChange, StoreError> {
    CheckedChange::from_store(decoded(bytes)?).map_err(|_| DAMAGED_CHANGE)
}

fn decoded(bytes: &[u8]) -> Result<Change, StoreError> {
    codec::decode_change(bytes).map_err(|_| DAMAGED_CHANGE)
}

/// The grants under which a received entry is held.
pub(crate) fn under(snapshot: &Snapshot<'_>, entry: EntryId) -> Result<BTreeSet<GrantId>, StoreError> {
    let grants =
        snapshot.rows("SELECT grant_id FROM entry_under WHERE entry_id = ?1", [entry.as_bytes()], |row| {
            Ok(GrantId::from_bytes(row.get(0)?))
        })?;
    Ok(grants.into_iter().collect())
}

/// To which organisation each actor belongs, and who here is one.
type Actors = (BTreeMap<Actor, OrganisationNumber>, BTreeMap<Actor, AccountId>);

fn actors(snapshot: &Snapshot<'_>, entry: EntryId) -> Result<Actors, StoreError> {
    let rows = snapshot.rows(
        "SELECT actor, organisation, account FROM entry_actor WHERE entry_id = ?1",
        [entry.as_bytes()],
        |row| {
            let account: Option<[u8; 16]> = row.get(2)?;
            Ok((Actor(row.get(0)?), organisation(row, 1, "entry_actor")?, account.map(AccountId::from_bytes)))
        },
    )?;
    let authors = rows.iter().filter_map(|(actor, _, account)| Some((*actor, (*account)?))).collect();
    Ok((rows.into_iter().map(|(actor, organisation, _)| (actor, organisation)).collect(), authors))
}

/// Returns the number of a state, as rows hold it.
pub(crate) fn state_number(state: EntryState) -> i64 {
    match state {
        EntryState::Live => 0,
        EntryState::Locked { basis: LockBasis::OwnWriting } => 1,
        EntryState::Locked { basis: LockBasis::DutyToKeep } => 2,
    }
}

/// Reads a state that [`state_number`] wrote.
pub(crate) fn state(number: i64) -> Result<EntryState, StoreError> {
    match number {
        0 => Ok(EntryState::Live),
        1 => Ok(EntryState::Locked { basis: LockBasis::OwnWriting }),
        2 => Ok(EntryState::Locked { basis: LockBasis::DutyToKeep }),
        _ => Err(StoreError::Damaged { table: "entry" }),
    }
}

/// Where an entry's sealed facts belong.
pub(crate) fn facts_identity<'a>(
    case: &'a CaseId,
    entry: &'a EntryId,
    generation: &'a GenerationId,
) -> [Part<'a>; 3] {
    [case.as_bytes().into(), entry.as_bytes().into(), generation.as_bytes().into()]
}

/// Where a change belongs.
pub(crate) fn change_identity<'a>(
    case: &'a CaseId,
    entry: &'a EntryId,
    generation: &'a GenerationId,
    number: i64,
    hash: &'a ChangeHash,
) -> [Part<'a>; 5] {
    let [case, entry, generation] = facts_identity(case, entry, generation);
    [case, entry, generation, number.into(), (&hash.0).into()]
}
