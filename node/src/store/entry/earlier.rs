//! Generations that an entry has left and that are kept (law 7), each with its changes and with how
//! far it stands in the one that followed it.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::{ChangeHash, Heads};
use stafett_protocol::id::{CaseId, EntryId, GenerationId};
use stafett_protocol::limits::EARLIER_GENERATIONS_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::{CarriedTo, EarlierGeneration, Fault, GenerationWrite};

use super::changes;
use super::write::{NewChange, Place, put_change_at};
use crate::store::error::StoreError;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{self, heads_bytes, organisation};

const TABLE: &str = "entry_earlier";

/// Reads the earlier generations that are kept, oldest first, with their changes.
pub(crate) fn all(
    snapshot: &Snapshot<'_>,
    case: CaseId,
    entry: EntryId,
) -> Result<Vec<EarlierGeneration>, StoreError> {
    snapshot.rows(
        "SELECT generation, heads, carried, onto, is_refused FROM entry_earlier
         WHERE entry_id = ?1 ORDER BY number",
        [entry.as_bytes()],
        |row| {
            let generation = GenerationId::from_bytes(row.get(0)?);
            let heads = |column| value::heads(&row.get::<_, Vec<u8>>(column)?, TABLE);
            Ok(EarlierGeneration {
                generation,
                heads: heads(1)?,
                changes: changes(snapshot, case, entry, generation)?,
                carried: CarriedTo { heads: heads(2)?, onto: heads(3)? },
                is_refused: row.get(4)?,
                held_by: held_by(snapshot, entry, generation)?,
            })
        },
    )
}

/// Returns which earlier generations a session must know of: of an own entry those that the partner
/// may hold, of a received one those that the owner has not refused.
pub(crate) fn on_link(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
    is_own: bool,
) -> Result<BTreeSet<GenerationId>, StoreError> {
    let kept = snapshot.rows(
        "SELECT generation FROM entry_earlier WHERE entry_id = ?1 AND is_refused = 0",
        [entry.as_bytes()],
        |row| Ok(GenerationId::from_bytes(row.get(0)?)),
    )?;
    let mut known = BTreeSet::new();
    for generation in kept {
        if !is_own || held_by(snapshot, entry, generation)?.contains(&partner) {
            known.insert(generation);
        }
    }
    Ok(known)
}

/// Returns the first change of each earlier generation that is kept: it was stored before all others.
pub(crate) fn geneses(
    snapshot: &Snapshot<'_>,
    entry: EntryId,
) -> Result<BTreeMap<ChangeHash, GenerationId>, StoreError> {
    let begun = snapshot.rows(
        "SELECT hash, generation, min(number) FROM entry_change
         WHERE entry_id = ?1 AND generation IN (SELECT generation FROM entry_earlier WHERE entry_id = ?1)
         GROUP BY generation",
        [entry.as_bytes()],
        |row| Ok((ChangeHash(row.get(0)?), GenerationId::from_bytes(row.get(1)?))),
    )?;
    Ok(begun.into_iter().collect())
}

/// The partners that may hold a generation of an own entry: it was disclosed to them or they began
/// it, and they have neither let go of it nor signed a receipt since.
fn held_by(
    snapshot: &Snapshot<'_>,
    entry: EntryId,
    generation: GenerationId,
) -> Result<BTreeSet<OrganisationNumber>, StoreError> {
    let is_own = snapshot.exists(
        "SELECT 1 FROM entry WHERE entry_id = ?1 AND owner = ?2",
        (entry.as_bytes(), snapshot.own.organisation.value()),
    )?;
    if !is_own {
        return Ok(BTreeSet::new());
    }
    let partners = snapshot.rows(
        "SELECT partner FROM disclosure
         WHERE entry_id = ?1 AND generation = ?2 AND is_unsent = 0 AND is_settled = 0
         UNION
         SELECT partner FROM proposal_taken WHERE entry_id = ?1 AND generation = ?2 AND is_settled = 0
         EXCEPT
         SELECT partner FROM entry_let_go WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
        |row| organisation(row, 0, TABLE),
    )?;
    Ok(partners.into_iter().collect())
}

/// Writes what becomes of a generation that an entry leaves or has left.
pub(crate) fn write(step: &mut Step<'_>, write: &GenerationWrite) -> Result<(), StoreError> {
    match write {
        GenerationWrite::Leave { entry, generation, heads, keep } => {
            leave(step, *entry, *generation, heads, keep.as_ref())
        }
        GenerationWrite::LateChange { entry, generation, change, origin, at } => {
            let new = NewChange { entry: *entry, generation: *generation, change, origin: *origin, at: *at };
            put_change_at(step, &new, Place::Earlier)
        }
        GenerationWrite::Carry { entry, generation, was, now } => carry(step, *entry, *generation, was, now),
        GenerationWrite::Refuse { entry, generation } => {
            step.execute(
                "UPDATE entry_earlier SET is_refused = 1 WHERE entry_id = ?1 AND generation = ?2",
                (entry.as_bytes(), generation.as_bytes()),
            )?;
            Ok(())
        }
        GenerationWrite::Forget { entry, generation, heads } => forget(step, *entry, *generation, heads),
        GenerationWrite::LetGo { partner, entry, generation } => {
            step.execute(
                "INSERT OR IGNORE INTO entry_let_go (partner, entry_id, generation)
                 SELECT ?1, entry_id, ?3 FROM entry WHERE entry_id = ?2",
                (partner.value(), entry.as_bytes(), generation.as_bytes()),
            )?;
            prune(step, *entry)
        }
    }
}

/// Notes that an entry leaves its present generation, and keeps it if it is to be kept.
///
/// # Errors
/// [`Fault::Moved`] if the generation has other heads: a change came in between.
fn leave(
    step: &mut Step<'_>,
    entry: EntryId,
    generation: GenerationId,
    heads: &Heads,
    keep: Option<&CarriedTo>,
) -> Result<(), StoreError> {
    let was_left = step.exists(
        "SELECT 1 FROM entry_left WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
    )?;
    if was_left {
        return Ok(());
    }
    let present = step.optional(
        "SELECT heads, changes FROM entry WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
        |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let Some((present, changes)) = present else { return Err(Fault::OtherGeneration.into()) };
    if value::heads(&present, TABLE)? != *heads {
        return Err(Fault::Moved.into());
    }
    if let Some(keep) = keep {
        step.execute(
            "INSERT INTO entry_earlier (entry_id, generation, number, heads, changes, carried, onto)
             SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6 FROM entry_earlier
             WHERE entry_id = ?1",
            (
                entry.as_bytes(),
                generation.as_bytes(),
                heads_bytes(heads),
                changes,
                heads_bytes(&keep.heads),
                heads_bytes(&keep.onto),
            ),
        )?;
        prune(step, entry)?;
    }
    Ok(())
}

/// Notes how far an earlier generation stands in the next one.
///
/// # Errors
/// [`Fault::Moved`] if another carry came first.
fn carry(
    step: &mut Step<'_>,
    entry: EntryId,
    generation: GenerationId,
    was: &Heads,
    now: &CarriedTo,
) -> Result<(), StoreError> {
    let there = step.optional(
        "SELECT carried, onto FROM entry_earlier WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
        |row| {
            let (heads, onto): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            Ok(CarriedTo { heads: value::heads(&heads, TABLE)?, onto: value::heads(&onto, TABLE)? })
        },
    )?;
    match there {
        None => Err(Fault::OtherGeneration.into()),
        Some(there) if there == *now => Ok(()),
        Some(there) if there.heads != *was => Err(Fault::Moved.into()),
        Some(_) => {
            step.execute(
                "UPDATE entry_earlier SET carried = ?3, onto = ?4 WHERE entry_id = ?1 AND generation = ?2",
                (entry.as_bytes(), generation.as_bytes(), heads_bytes(&now.heads), heads_bytes(&now.onto)),
            )?;
            step.touched.insert(entry);
            Ok(())
        }
    }
}

/// Erases an earlier generation. One that is gone stays gone.
///
/// # Errors
/// [`Fault::Moved`] if it has other heads: a change came in between.
fn forget(
    step: &mut Step<'_>,
    entry: EntryId,
    generation: GenerationId,
    heads: &Heads,
) -> Result<(), StoreError> {
    let there = step.optional(
        "SELECT heads FROM entry_earlier WHERE entry_id = ?1 AND generation = ?2",
        (entry.as_bytes(), generation.as_bytes()),
        |row| value::heads(&row.get::<_, Vec<u8>>(0)?, TABLE),
    )?;
    match there {
        Some(there) if there != *heads => Err(Fault::Moved.into()),
        Some(_) => erase(step, entry, generation),
        None => Ok(()),
    }
}

/// Erases what an own entry need not keep: from the oldest on, what no partner may hold, because
/// late edits of an older one go through it; and what is over the bound.
pub(crate) fn prune(step: &mut Step<'_>, entry: EntryId) -> Result<(), StoreError> {
    let is_own = step.exists(
        "SELECT 1 FROM entry WHERE entry_id = ?1 AND owner = ?2",
        (entry.as_bytes(), step.own.organisation.value()),
    )?;
    if !is_own {
        return Ok(());
    }
    let kept = step.rows(
        "SELECT generation FROM entry_earlier WHERE entry_id = ?1 ORDER BY number",
        [entry.as_bytes()],
        |row| Ok(GenerationId::from_bytes(row.get(0)?)),
    )?;
    let mut over = kept.len().saturating_sub(EARLIER_GENERATIONS_MAX);
    for generation in kept {
        if over == 0 && !held_by(step, entry, generation)?.is_empty() {
            return Ok(());
        }
        over = over.saturating_sub(1);
        erase(step, entry, generation)?;
    }
    Ok(())
}

fn erase(step: &mut Step<'_>, entry: EntryId, generation: GenerationId) -> Result<(), StoreError> {
    for table in [TABLE, "entry_change", "entry_let_go", "acknowledged"] {
        step.execute(
            &format!("DELETE FROM {table} WHERE entry_id = ?1 AND generation = ?2"),
            (entry.as_bytes(), generation.as_bytes()),
        )?;
    }
    step.aftermath.erased = true;
    Ok(())
}
