//! The receiver's side, and what a session must know of its link: grants that partners signed,
//! receipts that this node signed, relations, and proposals that became entries.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::entry::ChangeHash;
use stafett_protocol::erasure::Receipt;
use stafett_protocol::grant::{Grant, ReceivedGrant};
use stafett_protocol::id::{CaseId, EntryId, GenerationId, GrantId, ProposalId, RelationId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::link::snapshot::{
    EarlierOnLink, IssuedState, Snapshot as LinkSnapshot, Tracked, TrackedRelation, Unreadable, WaitingOrder,
    WaitingProposal,
};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryState, Proposal, ProposalState, Relation};

use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::{GRANT_RECEIVED, RECEIPT_SIGNED};
use crate::store::snapshot::{Snapshot, statement_of};
use crate::store::step::Step;
use crate::store::value::{count, millis, moment, organisation};
use crate::store::{StoreReader, baton, disclosure, entry, ledger, mark, proposal, succession, uptake};

impl StoreReader {
    /// Returns the grants that a partner's node signed for this one, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_received(&self, owner: OrganisationNumber) -> Result<Vec<ReceivedGrant>, StoreError> {
        self.read(move |snapshot| received(snapshot, "AND owner = ?1", [owner.value()])).await
    }

    /// Returns every grant that was received, ended ones too, in the order in which they came.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_in_order(&self) -> Result<Vec<ReceivedGrant>, StoreError> {
        self.read(|snapshot| received_by(snapshot, "", [], "received_at, rowid")).await
    }

    /// Returns the grants that were received for a case, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_received_in(&self, case: CaseId) -> Result<Vec<ReceivedGrant>, StoreError> {
        self.read(move |snapshot| received(snapshot, "AND case_id = ?1", [case.as_bytes()])).await
    }

    /// Returns the grants of an owner that have ended here, also those that never came: their
    /// ids open nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn grants_ended(&self, owner: OrganisationNumber) -> Result<BTreeSet<GrantId>, StoreError> {
        self.read(move |snapshot| ended(snapshot, owner)).await
    }

    /// Returns the receipts that this node signed for an owner's orders.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn receipts_signed(
        &self,
        owner: OrganisationNumber,
    ) -> Result<Vec<Verified<Receipt>>, StoreError> {
        self.read(move |snapshot| receipts(snapshot, owner)).await
    }

    /// Returns the relations of a case.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn relations(&self, case: CaseId) -> Result<Vec<Relation>, StoreError> {
        self.read(move |snapshot| relations(snapshot, "case_id = ?1", [case.as_bytes()])).await
    }

    /// Returns the own cases in which a grant was ever issued to a partner, or that were offered to it.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn cases_granted(&self, partner: OrganisationNumber) -> Result<Vec<CaseId>, StoreError> {
        self.read(move |snapshot| {
            snapshot.rows(
                "SELECT case_id FROM grant_issued WHERE partner = ?1
                 UNION SELECT of_case FROM succession_out WHERE partner = ?1
                     AND of_case IN (SELECT case_id FROM ledger)
                 ORDER BY case_id",
                [partner.value()],
                |row| Ok(CaseId::from_bytes(row.get(0)?)),
            )
        })
        .await
    }

    /// Returns what a session with a partner starts from. `cases` are the own cases that
    /// [`cases_granted`](Self::cases_granted) names, as the engine has replayed them; what
    /// belongs to an own case that is not among them is left out, and so is not sent.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn link_snapshot(
        &self,
        partner: OrganisationNumber,
        cases: BTreeMap<CaseId, Arc<LedgerView>>,
    ) -> Result<LinkSnapshot, StoreError> {
        self.read(move |snapshot| link_snapshot(snapshot, partner, &cases)).await
    }
}

fn link_snapshot(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    cases: &BTreeMap<CaseId, Arc<LedgerView>>,
) -> Result<LinkSnapshot, StoreError> {
    let own = snapshot.own.organisation.value();
    let mut link = LinkSnapshot { cases: cases.clone(), ..LinkSnapshot::default() };
    for issued in ledger::issued_to(snapshot, partner)? {
        let grant = issued.grant.statement();
        let view = cases.get(&grant.case).and_then(|view| view.grants().get(&grant.grant));
        if view.is_some_and(|known| known.ended_at.is_none()) {
            let (id, stored, handed) = (grant.grant, issued.is_stored, issued.is_handed.into());
            link.issued.insert(id, IssuedState { grant: issued.grant, stored, sent: false, handed });
        }
    }
    for received in received(snapshot, "AND owner = ?1", [partner.value()])? {
        link.received.entry(received.grant.case).or_default().push(received);
    }
    for case in cases.keys() {
        for relation in relations(snapshot, "case_id = ?1 AND owner = ?2", (case.as_bytes(), own))? {
            let stored = is_stored(snapshot, partner, relation.id)?;
            link.relations.insert(relation.id, TrackedRelation { relation, stored, sent: false });
        }
    }
    for relation in relations(snapshot, "owner = ?1", [partner.value()])? {
        link.relations.insert(relation.id, TrackedRelation { relation, stored: true, sent: false });
    }
    for id in linked_entries(snapshot, partner, cases)? {
        match tracked(snapshot, partner, id) {
            Ok(tracked) => link.entries.extend(tracked.map(|tracked| (id, tracked))),
            Err(error) if error.is_damage() => {
                link.unreadable.extend(unreadable(snapshot, partner, id)?.map(|one| (id, one)));
            }
            Err(error) => return Err(error),
        }
    }
    for waiting in ledger::orders_to(snapshot, partner)? {
        let id = waiting.order.statement().order;
        link.orders.insert(id, WaitingOrder { order: waiting.order, sent_at: None });
    }
    let signed = receipts(snapshot, partner)?.into_iter();
    link.receipts = signed.map(|receipt| (receipt.statement().order, receipt)).collect();
    let waiting = proposal::of_owner(snapshot, partner)?.into_iter();
    let waiting = waiting.filter(|proposal: &Proposal| proposal.state == ProposalState::Waiting);
    link.proposals =
        waiting.map(|proposal| (proposal.id, WaitingProposal { proposal, sent: false })).collect();
    link.taken = taken(snapshot, partner)?;
    link.ended = ended(snapshot, partner)?;
    mark::read(snapshot, partner, &mut link)?;
    uptake::read(snapshot, partner, &mut link)?;
    succession::read(snapshot, partner, &mut link)?;
    baton::read(snapshot, partner, &mut link)?;
    Ok(link)
}

fn ended(snapshot: &Snapshot<'_>, owner: OrganisationNumber) -> Result<BTreeSet<GrantId>, StoreError> {
    let ended = snapshot.rows(
        "SELECT grant_id FROM grant_received WHERE owner = ?1 AND ended_at IS NOT NULL",
        [owner.value()],
        |row| Ok(GrantId::from_bytes(row.get(0)?)),
    )?;
    Ok(ended.into_iter().collect())
}

fn linked_entries(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    cases: &BTreeMap<CaseId, Arc<LedgerView>>,
) -> Result<Vec<EntryId>, StoreError> {
    let id = |row: &rusqlite::Row<'_>| Ok(EntryId::from_bytes(row.get(0)?));
    let mut ids = snapshot.rows("SELECT entry_id FROM entry WHERE owner = ?1", [partner.value()], id)?;
    for case in cases.keys() {
        ids.extend(snapshot.rows(
            "SELECT entry_id FROM entry WHERE case_id = ?1 AND owner = ?2",
            (case.as_bytes(), snapshot.own.organisation.value()),
            id,
        )?);
    }
    Ok(ids)
}

fn tracked(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    id: EntryId,
) -> Result<Option<Tracked>, StoreError> {
    let Some(record) = entry::record(snapshot, id)? else { return Ok(None) };
    let (held, announced) = disclosure::held(snapshot, partner, id)?;
    let acknowledged = disclosure::acknowledged(snapshot, partner, id, record.facts.generation)?;
    let shown = disclosure::shown(snapshot, partner, id)?;
    // Only an owner names grants when it announces an entry.
    let is_own = record.owner == snapshot.own.organisation;
    let announced = if is_own { announced } else { BTreeSet::new() };
    let earlier = EarlierOnLink::new(entry::earlier::on_link(snapshot, partner, id, is_own)?)
        .begun_by(entry::earlier::geneses(snapshot, id)?);
    let bytes = count(snapshot.number(
        "SELECT length(sealed) + coalesce((
             SELECT sum(length(sealed)) FROM entry_change
             WHERE entry_change.entry_id = entry.entry_id AND entry_change.generation = entry.generation), 0)
         FROM entry WHERE entry_id = ?1",
        [id.as_bytes()],
    )?);
    Ok(Some(Tracked { held, shown, announced, acknowledged, earlier, bytes, ..Tracked::new(record) }))
}

/// What can be read of a damaged entry: all but what is sealed.
fn unreadable(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    id: EntryId,
) -> Result<Option<Unreadable>, StoreError> {
    snapshot.optional(
        "SELECT case_id, owner, state, genesis, generation FROM entry WHERE entry_id = ?1",
        [id.as_bytes()],
        |row| {
            Ok(Unreadable {
                case: CaseId::from_bytes(row.get(0)?),
                owner: organisation(row, 1, "entry")?,
                under: entry::under(snapshot, id)?,
                state: entry::state(row.get(2)?).unwrap_or(EntryState::Live),
                is_shown: !disclosure::shown(snapshot, partner, id)?.is_empty(),
                begun: (ChangeHash(row.get(3)?), GenerationId::from_bytes(row.get(4)?)),
            })
        },
    )
}

fn received(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<ReceivedGrant>, StoreError> {
    received_by(snapshot, condition, parameters, "grant_id")
}

fn received_by(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
    order: &str,
) -> Result<Vec<ReceivedGrant>, StoreError> {
    let sql = format!(
        "SELECT case_id, grant_id, ended_at, sealed FROM grant_received
         WHERE sealed IS NOT NULL {condition} ORDER BY {order}"
    );
    snapshot.rows(&sql, parameters, |row| {
        let case = CaseId::from_bytes(row.get(0)?);
        let grant: [u8; 16] = row.get(1)?;
        let sealed: Vec<u8> = row.get(3)?;
        let token = snapshot.open(case, &GRANT_RECEIVED, &row_of(&case, &grant), &sealed)?;
        Ok(ReceivedGrant {
            grant: statement_of(&token, GRANT_RECEIVED.name)?,
            ended_at: row.get::<_, Option<i64>>(2)?.map(moment),
        })
    })
}

fn receipts(
    snapshot: &Snapshot<'_>,
    owner: OrganisationNumber,
) -> Result<Vec<Verified<Receipt>>, StoreError> {
    snapshot.rows(
        "SELECT case_id, order_id, sealed FROM receipt_signed WHERE owner = ?1 ORDER BY order_id",
        [owner.value()],
        |row| {
            let case = CaseId::from_bytes(row.get(0)?);
            let order: [u8; 16] = row.get(1)?;
            let sealed: Vec<u8> = row.get(2)?;
            snapshot.open_own(case, &RECEIPT_SIGNED, &row_of(&case, &order), &sealed)
        },
    )
}

fn relations(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Relation>, StoreError> {
    let sql = format!(
        "SELECT relation_id, owner, case_id, from_entry, to_entry FROM relation
         WHERE {condition} ORDER BY relation_id"
    );
    snapshot.rows(&sql, parameters, |row| {
        Ok(Relation {
            id: RelationId::from_bytes(row.get(0)?),
            owner: organisation(row, 1, "relation")?,
            case: CaseId::from_bytes(row.get(2)?),
            from: EntryId::from_bytes(row.get(3)?),
            to: EntryId::from_bytes(row.get(4)?),
        })
    })
}

fn is_stored(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    relation: RelationId,
) -> Result<bool, StoreError> {
    snapshot.exists(
        "SELECT 1 FROM relation_stored WHERE partner = ?1 AND relation_id = ?2",
        (partner.value(), relation.as_bytes()),
    )
}

fn taken(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
) -> Result<BTreeMap<ProposalId, EntryId>, StoreError> {
    let taken = snapshot.rows(
        "SELECT proposal_id, entry_id FROM proposal_taken WHERE partner = ?1",
        [partner.value()],
        |row| Ok((ProposalId::from_bytes(row.get(0)?), EntryId::from_bytes(row.get(1)?))),
    )?;
    Ok(taken.into_iter().collect())
}

/// Writes a grant that a partner's node signed, unless it has ended or is here.
pub(crate) fn receive(step: &mut Step<'_>, grant: &Verified<Grant>) -> Result<(), StoreError> {
    let Grant { grant: id, owner, case, consent, .. } = grant.statement();
    if step.exists("SELECT 1 FROM grant_received WHERE grant_id = ?1", [id.as_bytes()])? {
        return Ok(());
    }
    step.ensure_case(*case, *owner)?;
    let sealed = step.seal(*case, &GRANT_RECEIVED, &row_of(case, id.as_bytes()), grant.token().as_bytes())?;
    step.execute(
        "INSERT INTO grant_received (grant_id, owner, case_id, consent_id, received_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (id.as_bytes(), owner.value(), case.as_bytes(), consent.as_bytes(), millis(step.now), sealed),
    )?;
    Ok(())
}

/// A received grant has ended: the first moment stands. One that never came leaves its id, so
/// that it opens nothing when it comes late. What was answered to it goes.
pub(crate) fn end_grant(
    step: &mut Step<'_>,
    owner: OrganisationNumber,
    case: CaseId,
    grant: GrantId,
    at: UnixMillis,
) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO grant_received (grant_id, owner, case_id, ended_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (grant_id) DO UPDATE SET ended_at = excluded.ended_at
         WHERE ended_at IS NULL AND owner = excluded.owner",
        (grant.as_bytes(), owner.value(), case.as_bytes(), millis(at)),
    )?;
    uptake::end_said(step, owner, case, grant)
}

/// Writes a receipt that this node signed.
pub(crate) fn sign(step: &mut Step<'_>, receipt: &Verified<Receipt>) -> Result<(), StoreError> {
    let Receipt { order, owner, case, .. } = receipt.statement();
    step.ensure_case(*case, *owner)?;
    let sealed =
        step.seal(*case, &RECEIPT_SIGNED, &row_of(case, order.as_bytes()), receipt.token().as_bytes())?;
    let signed = step.execute(
        "INSERT INTO receipt_signed (order_id, case_id, owner, signed_at, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (order_id) DO NOTHING",
        (order.as_bytes(), case.as_bytes(), owner.value(), millis(step.now), sealed),
    )?;
    if signed == 1 { mark::count_signed(step, *owner) } else { Ok(()) }
}

/// Writes a relation.
pub(crate) fn relate(step: &Step<'_>, relation: &Relation) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO relation (relation_id, owner, case_id, from_entry, to_entry)
         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (relation_id) DO NOTHING",
        (
            relation.id.as_bytes(),
            relation.owner.value(),
            relation.case.as_bytes(),
            relation.from.as_bytes(),
            relation.to.as_bytes(),
        ),
    )?;
    Ok(())
}

/// Notes that a partner has a relation durably.
pub(crate) fn relation_stored(
    step: &Step<'_>,
    partner: OrganisationNumber,
    relation: RelationId,
) -> Result<(), StoreError> {
    step.execute(
        "INSERT INTO relation_stored (partner, relation_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        (partner.value(), relation.as_bytes()),
    )?;
    Ok(())
}

/// Notes that a partner's proposal became an entry, whose generation the partner began.
pub(crate) fn take(
    step: &Step<'_>,
    partner: OrganisationNumber,
    proposal: ProposalId,
    entry: EntryId,
) -> Result<(), StoreError> {
    let taken = step.execute(
        "INSERT INTO proposal_taken (partner, proposal_id, entry_id, generation)
         SELECT ?1, ?2, entry_id, generation FROM entry WHERE entry_id = ?3
         ON CONFLICT (partner, proposal_id) DO NOTHING",
        (partner.value(), proposal.as_bytes(), entry.as_bytes()),
    )?;
    if taken == 1 { disclosure::hold(step, partner, entry) } else { Ok(()) }
}
