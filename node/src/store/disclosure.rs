//! The disclosure log (law 19), and what follows from it: what each partner's node holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stafett_protocol::access::Held;
use stafett_protocol::disclosure::{DisclosureGround, DisclosureRow};
use stafett_protocol::entry::Heads;
use stafett_protocol::id::{CaseId, ConsentId, DisclosureId, EntryId, GenerationId, GrantId};
use stafett_protocol::municipality::{OrganisationNumber, Service};

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::sealed::{DISCLOSURE, Part};
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{self, heads_bytes, millis, moment, organisation};

/// Which disclosures are asked for; what is none does not matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DisclosureFilter {
    /// Of this case.
    pub case: Option<CaseId>,
    /// To this partner.
    pub partner: Option<OrganisationNumber>,
    /// Of this entry.
    pub entry: Option<EntryId>,
    /// Committed before this one, which is of the same case if a case is asked for. There is
    /// nothing before one that is not there.
    pub before: Option<DisclosureId>,
    /// So many at the most: the latest.
    pub latest: Option<u32>,
}

/// A disclosure as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedDisclosure {
    /// What was to leave.
    pub row: DisclosureRow,
    /// Whether its frame was then not built.
    pub is_unsent: bool,
}

/// The services stand sealed, because a service tells what a case is about.
#[derive(Serialize, Deserialize)]
struct SealedGrounds {
    services: BTreeMap<GrantId, Service>,
}

impl StoreReader {
    /// Returns disclosures in the order in which they were committed.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn disclosures(&self, filter: DisclosureFilter) -> Result<Vec<LoggedDisclosure>, StoreError> {
        self.read(move |snapshot| disclosures(snapshot, &filter)).await
    }

    /// Returns how many disclosures there are.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn disclosures_count(&self) -> Result<u64, StoreError> {
        self.read(|snapshot| Ok(value::count(snapshot.number("SELECT count(*) FROM disclosure", [])?))).await
    }

    /// Returns what each partner has durably of a case's entries, in their present generations.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn acknowledged(
        &self,
        case: CaseId,
    ) -> Result<BTreeMap<(OrganisationNumber, EntryId), Heads>, StoreError> {
        self.read(move |snapshot| {
            let rows = snapshot.rows(
                "SELECT acknowledged.partner, acknowledged.entry_id, acknowledged.heads FROM acknowledged
                 JOIN entry ON entry.entry_id = acknowledged.entry_id
                           AND entry.generation = acknowledged.generation
                 WHERE entry.case_id = ?1",
                [case.as_bytes()],
                |row| {
                    let heads: Vec<u8> = row.get(2)?;
                    let key = (organisation(row, 0, "acknowledged")?, EntryId::from_bytes(row.get(1)?));
                    Ok((key, value::heads(&heads, "acknowledged")?))
                },
            )?;
            Ok(rows.into_iter().collect())
        })
        .await
    }
}

fn disclosures(
    snapshot: &Snapshot<'_>,
    filter: &DisclosureFilter,
) -> Result<Vec<LoggedDisclosure>, StoreError> {
    let case = filter.case.map(|case| *case.as_bytes());
    let below = match filter.before {
        None => Some(i64::MAX),
        Some(before) => snapshot.optional(
            "SELECT number FROM disclosure WHERE disclosure_id = ?1 AND (?2 IS NULL OR case_id = ?2)",
            (before.as_bytes(), case),
            |row| Ok(row.get(0)?),
        )?,
    };
    let Some(below) = below else { return Ok(Vec::new()) };
    let mut rows = snapshot.rows(
        "SELECT disclosure_id, partner, case_id, entry_id, generation, heads, disclosed_at, is_unsent, sealed
         FROM disclosure
         WHERE (?1 IS NULL OR case_id = ?1) AND (?2 IS NULL OR partner = ?2) AND (?3 IS NULL OR entry_id = ?3)
               AND number < ?4
         ORDER BY number DESC LIMIT ?5",
        (
            case,
            filter.partner.map(OrganisationNumber::value),
            filter.entry.map(|entry| *entry.as_bytes()),
            below,
            // Less than nothing is no bound (SQLite, SELECT, section 7).
            filter.latest.map_or(-1, i64::from),
        ),
        |row| {
            let id = DisclosureId::from_bytes(row.get(0)?);
            let case = CaseId::from_bytes(row.get(2)?);
            let entry = EntryId::from_bytes(row.get(3)?);
            let (heads, sealed): (Vec<u8>, Vec<u8>) = (row.get(5)?, row.get(8)?);
            let identity = identity(&case, &id, &entry);
            let services = snapshot.open_json(case, &DISCLOSURE, &identity, &sealed)?;
            Ok(LoggedDisclosure {
                row: DisclosureRow {
                    id,
                    partner: organisation(row, 1, DISCLOSURE.name)?,
                    case,
                    entry,
                    generation: GenerationId::from_bytes(row.get(4)?),
                    heads: value::heads(&heads, DISCLOSURE.name)?,
                    grounds: grounds(snapshot, id, services)?,
                    at: moment(row.get(6)?),
                },
                is_unsent: row.get(7)?,
            })
        },
    )?;
    rows.reverse();
    Ok(rows)
}

fn grounds(
    snapshot: &Snapshot<'_>,
    id: DisclosureId,
    SealedGrounds { mut services }: SealedGrounds,
) -> Result<Vec<DisclosureGround>, StoreError> {
    snapshot.rows(
        "SELECT grant_id, consent_id FROM disclosure_ground WHERE disclosure_id = ?1 ORDER BY grant_id",
        [id.as_bytes()],
        |row| {
            let grant = GrantId::from_bytes(row.get(0)?);
            let consent = ConsentId::from_bytes(row.get(1)?);
            let service = services.remove(&grant).ok_or(StoreError::Damaged { table: DISCLOSURE.name })?;
            Ok(DisclosureGround { grant, consent, service })
        },
    )
}

fn identity<'a>(case: &'a CaseId, id: &'a DisclosureId, entry: &'a EntryId) -> [Part<'a>; 3] {
    [case.as_bytes().into(), id.as_bytes().into(), entry.as_bytes().into()]
}

/// Writes a disclosure: from here on the partner holds the entry, as far as this node can know.
pub(crate) fn put(step: &mut Step<'_>, row: &DisclosureRow) -> Result<(), StoreError> {
    let services = row.grounds.iter().map(|ground| (ground.grant, ground.service.clone())).collect();
    let plain = json(&SealedGrounds { services }, DISCLOSURE.name)?;
    let sealed = step.seal(row.case, &DISCLOSURE, &identity(&row.case, &row.id, &row.entry), &plain)?;
    let written = step.execute(
        "INSERT INTO disclosure (disclosure_id, partner, case_id, entry_id, generation, heads, disclosed_at,
                                 sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (disclosure_id) DO NOTHING",
        (
            row.id.as_bytes(),
            row.partner.value(),
            row.case.as_bytes(),
            row.entry.as_bytes(),
            row.generation.as_bytes(),
            heads_bytes(&row.heads),
            millis(row.at),
            sealed,
        ),
    )?;
    if written == 0 {
        return Ok(());
    }
    for ground in &row.grounds {
        step.execute(
            "INSERT OR IGNORE INTO disclosure_ground (disclosure_id, grant_id, consent_id)
             VALUES (?1, ?2, ?3)",
            (row.id.as_bytes(), ground.grant.as_bytes(), ground.consent.as_bytes()),
        )?;
    }
    hold(step, row.partner, row.entry)
}

/// Marks a disclosure whose frame was not built. What the partner holds is then what an earlier
/// disclosure said, or nothing: otherwise the gate would take the entry for one that the partner
/// has seen, and let a history travel to a new reader (law 7).
pub(crate) fn unsent(step: &mut Step<'_>, id: DisclosureId) -> Result<(), StoreError> {
    step.execute("UPDATE disclosure SET is_unsent = 1 WHERE disclosure_id = ?1", [id.as_bytes()])?;
    let held = step.optional(
        "SELECT partner, entry_id FROM held WHERE disclosure_id = ?1",
        [id.as_bytes()],
        |row| Ok((organisation(row, 0, "held")?, EntryId::from_bytes(row.get(1)?))),
    )?;
    held.map_or(Ok(()), |(partner, entry)| hold(step, partner, entry))
}

/// What made a partner hold an entry.
struct Origin {
    generation: [u8; 16],
    case: [u8; 16],
    disclosure: Option<[u8; 16]>,
}

/// Sets down what a partner holds of an entry: what its latest disclosure that counts said, else
/// the generation that the partner itself began by a proposal, else nothing.
pub(crate) fn hold(step: &Step<'_>, partner: OrganisationNumber, entry: EntryId) -> Result<(), StoreError> {
    let disclosed = step.optional(
        "SELECT generation, case_id, disclosure_id FROM disclosure
         WHERE partner = ?1 AND entry_id = ?2 AND is_unsent = 0 AND is_settled = 0
         ORDER BY number DESC LIMIT 1",
        (partner.value(), entry.as_bytes()),
        |row| Ok(Origin { generation: row.get(0)?, case: row.get(1)?, disclosure: Some(row.get(2)?) }),
    )?;
    let origin = match disclosed {
        Some(origin) => Some(origin),
        None => begun(step, partner, entry)?,
    };
    match origin {
        Some(origin) => set_held(step, partner, entry, &origin),
        None => forget(step, partner, entry),
    }
}

fn begun(step: &Step<'_>, partner: OrganisationNumber, entry: EntryId) -> Result<Option<Origin>, StoreError> {
    step.optional(
        "SELECT proposal_taken.generation, entry.case_id FROM proposal_taken
         JOIN entry ON entry.entry_id = proposal_taken.entry_id
         WHERE proposal_taken.partner = ?1 AND proposal_taken.entry_id = ?2 AND is_settled = 0",
        (partner.value(), entry.as_bytes()),
        |row| Ok(Origin { generation: row.get(0)?, case: row.get(1)?, disclosure: None }),
    )
}

fn set_held(
    step: &Step<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
    origin: &Origin,
) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO held (partner, entry_id, case_id, generation, disclosure_id)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (partner, entry_id) DO UPDATE SET
             generation = excluded.generation,
             disclosure_id = excluded.disclosure_id",
        (partner.value(), entry.as_bytes(), origin.case, origin.generation, origin.disclosure),
    )?;
    step.execute(
        "DELETE FROM held_grant WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
    )?;
    step.execute(
        "INSERT INTO held_grant (partner, entry_id, grant_id)
         SELECT ?1, ?2, grant_id FROM disclosure_ground WHERE disclosure_id = ?3",
        (partner.value(), entry.as_bytes(), origin.disclosure),
    )?;
    Ok(())
}

fn forget(step: &Step<'_>, partner: OrganisationNumber, entry: EntryId) -> Result<(), StoreError> {
    step.execute(
        "DELETE FROM held WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
    )?;
    Ok(())
}

/// A receipt says that a partner no longer holds an entry, nor the relations of it; no earlier
/// disclosure counts again.
pub(crate) fn settle(
    step: &mut Step<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
) -> Result<(), StoreError> {
    for table in ["disclosure", "proposal_taken"] {
        step.execute(
            &format!("UPDATE {table} SET is_settled = 1 WHERE partner = ?1 AND entry_id = ?2"),
            (partner.value(), entry.as_bytes()),
        )?;
    }
    step.execute(
        "DELETE FROM acknowledged WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
    )?;
    step.execute(
        "DELETE FROM relation_stored WHERE partner = ?1 AND relation_id IN
             (SELECT relation_id FROM relation WHERE from_entry = ?2 OR to_entry = ?2)",
        (partner.value(), entry.as_bytes()),
    )?;
    forget(step, partner, entry)?;
    crate::store::entry::earlier::prune(step, entry)
}

/// Returns whether an order to erase an entry has no receipt yet.
pub(crate) fn recall_waits(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
) -> Result<bool, StoreError> {
    snapshot.exists(
        "SELECT 1 FROM erase_order_entry
         JOIN erase_order ON erase_order.order_id = erase_order_entry.order_id
         LEFT JOIN receipt_filed ON receipt_filed.order_id = erase_order.order_id
         WHERE erase_order_entry.entry_id = ?2 AND erase_order.partner = ?1
               AND receipt_filed.order_id IS NULL",
        (partner.value(), entry.as_bytes()),
    )
}

/// Notes which changes a partner has durably; of another generation than the present one it
/// says nothing.
pub(crate) fn acknowledge(
    step: &Step<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
    generation: GenerationId,
    heads: &Heads,
) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO acknowledged (partner, entry_id, generation, heads)
         SELECT ?1, entry_id, generation, ?4 FROM entry WHERE entry_id = ?2 AND generation = ?3
         ON CONFLICT (partner, entry_id, generation) DO UPDATE SET heads = excluded.heads",
        (partner.value(), entry.as_bytes(), generation.as_bytes(), heads_bytes(heads)),
    )?;
    step.execute(
        "DELETE FROM acknowledged WHERE partner = ?1 AND entry_id = ?2 AND generation <> ?3
             AND generation <> (SELECT generation FROM entry WHERE entry_id = ?2)
             AND generation NOT IN (SELECT generation FROM entry_earlier WHERE entry_id = ?2)",
        (partner.value(), entry.as_bytes(), generation.as_bytes()),
    )?;
    Ok(())
}

/// Returns what a partner has durably of one generation of an entry, if it has said so.
pub(crate) fn acknowledged(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
    generation: GenerationId,
) -> Result<Option<Heads>, StoreError> {
    snapshot.optional(
        "SELECT heads FROM acknowledged WHERE partner = ?1 AND entry_id = ?2 AND generation = ?3",
        (partner.value(), entry.as_bytes(), generation.as_bytes()),
        |row| {
            let heads: Vec<u8> = row.get(0)?;
            value::heads(&heads, "acknowledged")
        },
    )
}

/// Returns the generations that a partner has acknowledged anything of, or began by a proposal, since
/// its last receipt, and has not let go of.
pub(crate) fn shown(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
) -> Result<Vec<GenerationId>, StoreError> {
    snapshot.rows(
        "SELECT generation FROM acknowledged WHERE partner = ?1 AND entry_id = ?2
         UNION
         SELECT generation FROM proposal_taken WHERE partner = ?1 AND entry_id = ?2 AND is_settled = 0
         EXCEPT
         SELECT generation FROM entry_let_go WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
        |row| Ok(GenerationId::from_bytes(row.get(0)?)),
    )
}

/// Returns what stands between an entry and a partner, and the grants that were named when the
/// entry was last disclosed there.
pub(crate) fn held(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    entry: EntryId,
) -> Result<(Held, BTreeSet<GrantId>), StoreError> {
    let generation = snapshot.optional(
        "SELECT generation FROM held WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
        |row| Ok(GenerationId::from_bytes(row.get(0)?)),
    )?;
    let grants = snapshot.rows(
        "SELECT grant_id FROM held_grant WHERE partner = ?1 AND entry_id = ?2",
        (partner.value(), entry.as_bytes()),
        |row| Ok(GrantId::from_bytes(row.get(0)?)),
    )?;
    let held = Held { generation, recall_waits: recall_waits(snapshot, partner, entry)? };
    Ok((held, grants.into_iter().collect()))
}
