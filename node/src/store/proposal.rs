//! Proposals: what this node's staff wrote in a received case, until the owner answers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::entry::{About, EntryKind};
use stafett_protocol::id::{AccountId, CaseId, EntryId, GrantId, ProposalId};
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Proposal, ProposalState};
use stafett_protocol::wire::codec;

use crate::store::case::json;
use crate::store::entry::restore;
use crate::store::erase;
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::PROPOSAL;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::value::{millis, moment, organisation};
use crate::store::{LocalWrite, Store, StoreReader};

const DAMAGED: StoreError = StoreError::Damaged { table: "proposal" };

#[derive(Serialize, Deserialize)]
struct SealedProposal {
    grant: GrantId,
    service: ServiceCode,
    kind: EntryKind,
    areas: BTreeSet<AreaCode>,
    about: BTreeSet<About>,
    towards: Option<EntryId>,
    author: AccountId,
}

impl StoreReader {
    /// Returns the proposals to an owner that wait or went back to their authors.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn proposals(&self, owner: OrganisationNumber) -> Result<Vec<Proposal>, StoreError> {
        self.read(move |snapshot| of_owner(snapshot, owner)).await
    }

    /// Returns the proposals in a case that wait or went back to their authors.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn proposals_in(&self, case: CaseId) -> Result<Vec<Proposal>, StoreError> {
        self.read(move |snapshot| select(snapshot, "AND case_id = ?1", [case.as_bytes()])).await
    }
}

impl Store {
    /// Erases what went back to its authors and whose time is over at `now` (law 12), with its
    /// sealed bytes in backups. To be called at least once a day.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be written.
    pub async fn erase_returned(&self, now: UnixMillis) -> Result<(), StoreError> {
        self.write_local(vec![LocalWrite::EraseReturned { now }]).await
    }
}

impl StoreReader {
    /// Returns whether a proposal that was made here was given back; none if none was made.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn was_returned(&self, proposal: ProposalId) -> Result<Option<bool>, StoreError> {
        let sql = "SELECT state = 1 FROM proposal WHERE proposal_id = ?1";
        self.read(move |snapshot| snapshot.optional(sql, [proposal.as_bytes()], |row| Ok(row.get(0)?))).await
    }
}

/// Reads the proposals to an owner.
pub(crate) fn of_owner(
    snapshot: &Snapshot<'_>,
    owner: OrganisationNumber,
) -> Result<Vec<Proposal>, StoreError> {
    select(snapshot, "AND owner = ?1", [owner.value()])
}

fn select(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Proposal>, StoreError> {
    let sql = format!(
        "SELECT proposal_id, case_id, owner, state, until, made_at, sealed FROM proposal
         WHERE sealed IS NOT NULL {condition} ORDER BY made_at, proposal_id"
    );
    snapshot.rows(&sql, parameters, |row| read(snapshot, row))
}

fn read(snapshot: &Snapshot<'_>, row: &rusqlite::Row<'_>) -> Result<Proposal, StoreError> {
    let id = ProposalId::from_bytes(row.get(0)?);
    let case = CaseId::from_bytes(row.get(1)?);
    let sealed: Vec<u8> = row.get(6)?;
    let plain = snapshot.open(case, &PROPOSAL, &row_of(&case, id.as_bytes()), &sealed)?;
    let (proposal, change) = split(&plain)?;
    let until: Option<i64> = row.get(4)?;
    let state = match (row.get(3)?, until) {
        (0i64, None) => ProposalState::Waiting,
        (1, Some(until)) => ProposalState::Returned { until: moment(until) },
        _ => return Err(DAMAGED),
    };
    Ok(Proposal {
        id,
        owner: organisation(row, 2, "proposal")?,
        case,
        grant: proposal.grant,
        service: proposal.service,
        kind: proposal.kind,
        areas: proposal.areas,
        about: proposal.about,
        towards: proposal.towards,
        change: restore(change)?,
        author: proposal.author,
        made_at: moment(row.get(5)?),
        state,
    })
}

/// Writes a proposal, unless it is here or was answered.
pub(crate) fn make(step: &mut Step<'_>, proposal: &Proposal) -> Result<(), StoreError> {
    if step.exists("SELECT 1 FROM proposal WHERE proposal_id = ?1", [proposal.id.as_bytes()])? {
        return Ok(());
    }
    step.ensure_case(proposal.case, proposal.owner)?;
    let change = codec::encode_change(proposal.change.change()).map_err(|_| DAMAGED)?;
    let content = SealedProposal {
        grant: proposal.grant,
        service: proposal.service.clone(),
        kind: proposal.kind,
        areas: proposal.areas.clone(),
        about: proposal.about.clone(),
        towards: proposal.towards,
        author: proposal.author,
    };
    let identity = row_of(&proposal.case, proposal.id.as_bytes());
    let sealed = step.seal(proposal.case, &PROPOSAL, &identity, &joined(&content, &change)?)?;
    let (state, until) = match proposal.state {
        ProposalState::Waiting => (0, None),
        ProposalState::Returned { until } => (1, Some(millis(until))),
    };
    step.execute(
        "INSERT INTO proposal (proposal_id, case_id, owner, state, until, made_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            proposal.id.as_bytes(),
            proposal.case.as_bytes(),
            proposal.owner.value(),
            state,
            until,
            millis(proposal.made_at),
            sealed,
        ),
    )?;
    Ok(())
}

/// The owner took a proposal: only its id is kept, so that it is not made again.
pub(crate) fn answer(step: &Step<'_>, proposal: ProposalId) -> Result<(), StoreError> {
    step.execute(
        "UPDATE proposal SET state = 2, until = NULL, sealed = NULL WHERE proposal_id = ?1",
        [proposal.as_bytes()],
    )?;
    Ok(())
}

/// A waiting proposal goes back to its author; the first moment stands.
pub(crate) fn give_back(step: &Step<'_>, proposal: ProposalId, until: UnixMillis) -> Result<(), StoreError> {
    step.execute(
        "UPDATE proposal SET state = 1, until = ?2 WHERE proposal_id = ?1 AND state = 0",
        (proposal.as_bytes(), millis(until)),
    )?;
    Ok(())
}

/// Erases returned proposals whose time is over.
pub(crate) fn erase_returned(step: &mut Step<'_>, now: UnixMillis) -> Result<(), StoreError> {
    let cases: BTreeSet<CaseId> = step
        .rows("SELECT case_id FROM proposal WHERE state = 1 AND until <= ?1", [millis(now)], |row| {
            Ok(CaseId::from_bytes(row.get(0)?))
        })?
        .into_iter()
        .collect();
    step.execute(
        "UPDATE proposal SET state = 2, until = NULL, sealed = NULL WHERE state = 1 AND until <= ?1",
        [millis(now)],
    )?;
    cases.into_iter().try_for_each(|case| erase::seal_anew(step, case))
}

/// Content as it is sealed: the length of the JSON as a big-endian u32, the JSON, and the change as
/// [`codec::encode_change`] writes it.
fn joined(content: &SealedProposal, change: &[u8]) -> Result<Vec<u8>, StoreError> {
    let json = json(content, PROPOSAL.name)?;
    let mut plain = u32::try_from(json.len()).map_err(|_| DAMAGED)?.to_be_bytes().to_vec();
    plain.extend(json);
    plain.extend_from_slice(change);
    Ok(plain)
}

fn split(plain: &[u8]) -> Result<(SealedProposal, &[u8]), StoreError> {
    let (length, rest) = plain.split_first_chunk::<4>().ok_or(DAMAGED)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DAMAGED)?;
    let (json, change) = rest.split_at_checked(length).ok_or(DAMAGED)?;
    Ok((serde_json::from_slice(json).map_err(|_| DAMAGED)?, change))
}
