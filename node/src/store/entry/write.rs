//! Writing entries and changes.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::check::CheckedChange;
use stafett_protocol::entry::{Actor, ChangeHash, Heads};
use stafett_protocol::erasure::LockBasis;
use stafett_protocol::id::{AccountId, CaseId, EntryId, GenerationId, GrantId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryRecord, EntryState, Fault};
use stafett_protocol::wire::codec;

use super::{SealedFacts, change_identity, facts_identity, record, state_number};
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::sealed::{ENTRY, ENTRY_CHANGE};
use crate::store::step::Step;
use crate::store::value::{heads_bytes, millis};

/// Writes a new entry, a new generation of one, or other facts of the same generation. The store
/// keeps heads, number of changes and times itself.
pub(crate) fn put(step: &mut Step<'_>, new: &EntryRecord) -> Result<(), StoreError> {
    let facts = &new.facts;
    step.ensure_case(facts.case, new.owner)?;
    match record(step, facts.entry)? {
        None => insert(step, new)?,
        Some(old) => replace(step, &old, new)?,
    }
    set_under(step, facts.entry, &new.under)?;
    step.touched.insert(facts.entry);
    Ok(())
}

fn insert(step: &Step<'_>, new: &EntryRecord) -> Result<(), StoreError> {
    let facts = &new.facts;
    step.execute(
        "INSERT INTO entry (entry_id, case_id, owner, kind, schema, generation, genesis, heads, changes,
                            state, stored_at, changed_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, x'', 0, ?8, ?9, ?10, ?11)",
        (
            facts.entry.as_bytes(),
            facts.case.as_bytes(),
            new.owner.value(),
            facts.kind.code(),
            new.schema.0,
            facts.generation.as_bytes(),
            new.genesis.0,
            state_number(new.state),
            millis(new.stored_at),
            millis(new.changed_at),
            sealed_facts(step, new, new.author)?,
        ),
    )?;
    Ok(())
}

fn replace(step: &mut Step<'_>, old: &EntryRecord, new: &EntryRecord) -> Result<(), StoreError> {
    let facts = &new.facts;
    let moved = old.owner != new.owner || old.facts.case != facts.case;
    let same_generation = old.facts.generation == facts.generation;
    if moved || (same_generation && old.genesis != new.genesis) {
        return Err(Fault::OtherGeneration.into());
    }
    let is_shared_again = matches!(old.state, EntryState::Locked { .. }) && new.state == EntryState::Live;
    if !same_generation {
        leave_generation(step, old, new)?;
    } else if is_shared_again {
        begin_anew(step, new)?;
    }
    step.execute(
        "UPDATE entry SET kind = ?2, schema = ?3, state = ?4, sealed = ?5 WHERE entry_id = ?1",
        (
            facts.entry.as_bytes(),
            facts.kind.code(),
            new.schema.0,
            state_number(new.state),
            sealed_facts(step, new, new.author.or(old.author))?,
        ),
    )?;
    Ok(())
}

/// Deletes what the old generation said, unless it is kept, and pins the new one (law 8).
fn leave_generation(step: &mut Step<'_>, old: &EntryRecord, new: &EntryRecord) -> Result<(), StoreError> {
    let (entry, generation) = (new.facts.entry, new.facts.generation);
    let was_left = step.exists(
        "SELECT 1 FROM entry_left WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
    )?;
    if was_left {
        return Err(Fault::OtherGeneration.into());
    }
    step.execute(
        "INSERT OR IGNORE INTO entry_left (entry_id, generation) VALUES (?1, ?2)",
        (entry.as_bytes(), old.facts.generation.as_bytes()),
    )?;
    step.execute(
        "DELETE FROM entry_change WHERE entry_id = ?1 AND generation NOT IN
             (SELECT generation FROM entry_earlier WHERE entry_id = ?1)",
        [entry.as_bytes()],
    )?;
    step.aftermath.erased = true;
    step.execute(
        "UPDATE entry SET generation = ?2, genesis = ?3, heads = x'', changes = 0, changed_at = ?4
         WHERE entry_id = ?1",
        (entry.as_bytes(), generation.as_bytes(), new.genesis.0, millis(new.changed_at)),
    )?;
    Ok(())
}

/// Of a locked entry that is shared again its owner's changes take the place of those that are
/// here. What was written here and never delivered went back to its author when the sharing ended
/// (law 12), and comes to nobody else.
fn begin_anew(step: &mut Step<'_>, new: &EntryRecord) -> Result<(), StoreError> {
    let (entry, generation) = (new.facts.entry, new.facts.generation);
    step.execute(
        "DELETE FROM entry_change WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
    )?;
    step.aftermath.erased = true;
    step.execute(
        "UPDATE entry SET heads = x'', changes = 0, changed_at = ?2 WHERE entry_id = ?1",
        (entry.as_bytes(), millis(new.changed_at)),
    )?;
    Ok(())
}

fn sealed_facts(
    step: &Step<'_>,
    new: &EntryRecord,
    author: Option<AccountId>,
) -> Result<Vec<u8>, StoreError> {
    let facts = &new.facts;
    let sealed = SealedFacts {
        areas: facts.areas.clone(),
        about: facts.about.clone(),
        written_by: facts.written_by.clone(),
        only_for: facts.only_for.clone(),
        hidden_from_guardians: facts.hidden_from_guardians,
        author,
    };
    let identity = facts_identity(&facts.case, &facts.entry, &facts.generation);
    step.seal(facts.case, &ENTRY, &identity, &json(&sealed, ENTRY.name)?)
}

fn set_under(step: &Step<'_>, entry: EntryId, under: &BTreeSet<GrantId>) -> Result<(), StoreError> {
    step.execute("DELETE FROM entry_under WHERE entry_id = ?1", [entry.as_bytes()])?;
    for grant in under {
        step.execute(
            "INSERT INTO entry_under (entry_id, grant_id) VALUES (?1, ?2)",
            (entry.as_bytes(), grant.as_bytes()),
        )?;
    }
    Ok(())
}

/// Changes the grants of a received entry. An entry that is gone stays gone.
pub(crate) fn change_under(
    step: &mut Step<'_>,
    entry: EntryId,
    under: &BTreeSet<GrantId>,
) -> Result<(), StoreError> {
    if step.exists("SELECT 1 FROM entry WHERE entry_id = ?1", [entry.as_bytes()])? {
        set_under(step, entry, under)?;
        step.closed.insert(entry);
    }
    Ok(())
}

/// Hides received entries and keeps them. Entries that are gone stay gone.
///
/// # Errors
/// [`Fault::OtherGeneration`] for an entry that this node owns: only a partner locks.
pub(crate) fn lock(step: &mut Step<'_>, entries: &BTreeMap<EntryId, LockBasis>) -> Result<(), StoreError> {
    for (entry, basis) in entries {
        must_be_received(step, *entry)?;
        let state = state_number(EntryState::Locked { basis: *basis });
        step.execute("UPDATE entry SET state = ?2 WHERE entry_id = ?1", (entry.as_bytes(), state))?;
        step.closed.insert(*entry);
    }
    Ok(())
}

/// Refuses an entry that this node owns.
pub(crate) fn must_be_received(step: &Step<'_>, entry: EntryId) -> Result<(), StoreError> {
    let is_own = step.exists(
        "SELECT 1 FROM entry WHERE entry_id = ?1 AND owner = ?2",
        (entry.as_bytes(), step.own.organisation.value()),
    )?;
    if is_own { Err(Fault::OtherGeneration.into()) } else { Ok(()) }
}

/// A change as it is to be written.
pub(crate) struct NewChange<'a> {
    pub(crate) entry: EntryId,
    pub(crate) generation: GenerationId,
    pub(crate) change: &'a CheckedChange,
    pub(crate) origin: OrganisationNumber,
    pub(crate) at: UnixMillis,
}

/// In which generation of its entry a change belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The present one.
    Present,
    /// An earlier one that is kept.
    Earlier,
}

/// What a change must fit.
struct There {
    case: CaseId,
    /// None for an earlier generation, which has its genesis.
    genesis: Option<ChangeHash>,
    heads: Heads,
    changes: i64,
}

/// Writes a change of the present generation of a living entry.
///
/// # Errors
/// [`Fault::OtherGeneration`] if the entry is gone, locked or in another generation, or if its
/// first change is not its genesis; [`Fault::AlienActor`] if the actor is another organisation's.
pub(crate) fn put_change(step: &mut Step<'_>, new: &NewChange<'_>) -> Result<(), StoreError> {
    put_change_at(step, new, Place::Present)
}

/// Writes a change of the present generation, or of an earlier one that is kept.
///
/// # Errors
/// As for [`put_change`].
pub(crate) fn put_change_at(
    step: &mut Step<'_>,
    new: &NewChange<'_>,
    place: Place,
) -> Result<(), StoreError> {
    let hash = new.change.hash();
    let there = there(step, new, place)?.ok_or(Fault::OtherGeneration)?;
    step.touched.insert(new.entry);
    let is_known = step.exists(
        "SELECT 1 FROM entry_change WHERE entry_id = ?1 AND generation = ?2 AND hash = ?3",
        (new.entry.as_bytes(), new.generation.as_bytes(), hash.0),
    )?;
    if is_known {
        return Ok(());
    }
    must_be_open_to_write(step, new)?;
    if there.changes == 0 && there.genesis != Some(hash) {
        return Err(Fault::OtherGeneration.into());
    }
    claim_actor(step, new)?;
    insert_change(step, new, &there)?;
    let deps = &new.change.change().deps;
    let left = there.heads.iter().copied().filter(|head| !deps.contains(head));
    let heads = heads_bytes(&Heads::new(left.chain([hash]).collect()));
    match place {
        Place::Present => step.execute(
            "UPDATE entry SET heads = ?2, changes = changes + 1, changed_at = ?3 WHERE entry_id = ?1",
            (new.entry.as_bytes(), heads, millis(new.at)),
        )?,
        Place::Earlier => step.execute(
            "UPDATE entry_earlier SET heads = ?3, changes = changes + 1
             WHERE entry_id = ?1 AND generation = ?2",
            (new.entry.as_bytes(), new.generation.as_bytes(), heads),
        )?,
    };
    Ok(())
}

/// Once a sharing has ended nobody of this node writes on in what it held: an edit that came after
/// would be erased unseen.
fn must_be_open_to_write(step: &Step<'_>, new: &NewChange<'_>) -> Result<(), StoreError> {
    let own = step.own.organisation;
    if new.origin != own {
        return Ok(());
    }
    let is_closed = step.exists(
        "SELECT 1 FROM entry WHERE entry_id = ?1 AND owner <> ?2 AND NOT EXISTS (
             SELECT 1 FROM entry_under
             LEFT JOIN grant_received ON grant_received.grant_id = entry_under.grant_id
             WHERE entry_under.entry_id = ?1 AND grant_received.ended_at IS NULL)",
        (new.entry.as_bytes(), own.value()),
    )?;
    if is_closed { Err(Fault::OtherGeneration.into()) } else { Ok(()) }
}

/// Notes who of this node makes changes as an actor.
pub(crate) fn name_author(
    step: &Step<'_>,
    entry: EntryId,
    actor: Actor,
    author: AccountId,
) -> Result<(), StoreError> {
    step.execute(
        "UPDATE entry_actor SET account = ?3 WHERE entry_id = ?1 AND actor = ?2 AND organisation = ?4",
        (entry.as_bytes(), actor.0, author.as_bytes(), step.own.organisation.value()),
    )?;
    Ok(())
}

fn there(step: &Step<'_>, new: &NewChange<'_>, place: Place) -> Result<Option<There>, StoreError> {
    let sql = match place {
        Place::Present => {
            "SELECT case_id, genesis, heads, changes FROM entry
             WHERE entry_id = ?1 AND generation = ?2 AND state = 0"
        }
        Place::Earlier => {
            "SELECT entry.case_id, NULL, entry_earlier.heads, entry_earlier.changes FROM entry_earlier
             JOIN entry ON entry.entry_id = entry_earlier.entry_id
             WHERE entry_earlier.entry_id = ?1 AND entry_earlier.generation = ?2 AND state = 0"
        }
    };
    step.optional(sql, (new.entry.as_bytes(), new.generation.as_bytes()), |row| {
        let heads: Vec<u8> = row.get(2)?;
        Ok(There {
            case: CaseId::from_bytes(row.get(0)?),
            genesis: row.get::<_, Option<[u8; 32]>>(1)?.map(ChangeHash),
            heads: crate::store::value::heads(&heads, ENTRY.name)?,
            changes: row.get(3)?,
        })
    })
}

/// An actor belongs to the organisation that its first change came from (law 10), for as long as
/// the entry is here: also in later generations.
fn claim_actor(step: &Step<'_>, new: &NewChange<'_>) -> Result<(), StoreError> {
    let actor = new.change.change().actor;
    let owner = step.optional(
        "SELECT organisation FROM entry_actor WHERE entry_id = ?1 AND actor = ?2",
        (new.entry.as_bytes(), actor.0),
        |row| Ok(row.get::<_, u32>(0)?),
    )?;
    match owner {
        Some(owner) if owner == new.origin.value() => Ok(()),
        Some(_) => Err(Fault::AlienActor.into()),
        None => {
            step.execute(
                "INSERT INTO entry_actor (entry_id, actor, organisation) VALUES (?1, ?2, ?3)",
                (new.entry.as_bytes(), actor.0, new.origin.value()),
            )?;
            Ok(())
        }
    }
}

fn insert_change(step: &Step<'_>, new: &NewChange<'_>, there: &There) -> Result<(), StoreError> {
    let hash = new.change.hash();
    let number = there.changes;
    let identity = change_identity(&there.case, &new.entry, &new.generation, number, &hash);
    let plain = codec::encode_change(new.change.change())
        .map_err(|_| StoreError::Damaged { table: ENTRY_CHANGE.name })?;
    let sealed = step.seal(there.case, &ENTRY_CHANGE, &identity, &plain)?;
    step.execute(
        "INSERT INTO entry_change (entry_id, generation, number, case_id, hash, stored_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            new.entry.as_bytes(),
            new.generation.as_bytes(),
            number,
            there.case.as_bytes(),
            hash.0,
            millis(new.at),
            sealed,
        ),
    )?;
    Ok(())
}
