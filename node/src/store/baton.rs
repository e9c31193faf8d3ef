//! Batons of other municipalities' cases that are offered to own services, or held there. Nothing of one
//! that is over is kept.

use stafett_protocol::baton::there::{BatonThere, TAKEN_AGAIN};
use stafett_protocol::id::{AccountId, BatonOfferId};
use stafett_protocol::link::snapshot::Snapshot as LinkSnapshot;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::Fault;

use crate::store::StoreReader;
use crate::store::case::{NODE_SCOPE, json};
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::BATON_THERE;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;

/// An offer of another municipality's baton to an own service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatonRow {
    /// What holds of it.
    pub record: BatonThere,
    /// Whom the leader of the service has asked.
    pub asked: Option<AccountId>,
}

impl StoreReader {
    /// Returns the offers of other municipalities' batons to own services that are not over.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn batons_here(&self) -> Result<Vec<BatonRow>, StoreError> {
        self.read(move |snapshot| kept(snapshot, "1", [])).await
    }
}

fn kept(
    snapshot: &Snapshot<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<BatonRow>, StoreError> {
    let sql = format!("SELECT offer_id, sealed, asked FROM baton_there WHERE {condition} ORDER BY offer_id");
    snapshot.rows(&sql, parameters, |row| {
        let offer = BatonOfferId::from_bytes(row.get(0)?);
        let sealed: Vec<u8> = row.get(1)?;
        let asked: Option<[u8; 16]> = row.get(2)?;
        let place = row_of(&NODE_SCOPE, offer.as_bytes());
        let record = snapshot.open_json(NODE_SCOPE, &BATON_THERE, &place, &sealed)?;
        Ok(BatonRow { record, asked: asked.map(AccountId::from_bytes) })
    })
}

/// Reads what a session with a partner must know.
pub(crate) fn read(
    snapshot: &Snapshot<'_>,
    partner: OrganisationNumber,
    link: &mut LinkSnapshot,
) -> Result<(), StoreError> {
    let theirs = kept(snapshot, "owner = ?1", [partner.value()])?.into_iter();
    link.batons = theirs.map(|row| (row.record.about.offer, row.record)).collect();
    Ok(())
}

/// Keeps what the owner says of an offer, if that may take the place of what is kept.
pub(crate) fn put(step: &mut Step<'_>, record: &BatonThere) -> Result<(), StoreError> {
    let (about, sealed) = (&record.about, seal(step, record)?);
    step.execute(
        "INSERT INTO baton_there (offer_id, case_id, of_case, owner, reached, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (offer_id) DO UPDATE SET reached = excluded.reached, sealed = excluded.sealed
         WHERE (reached < excluded.reached OR (reached = ?7 AND excluded.reached = ?8))
         AND of_case = excluded.of_case AND owner = excluded.owner",
        (
            about.offer.as_bytes(),
            NODE_SCOPE.as_bytes(),
            about.case.as_bytes(),
            about.owner.value(),
            i64::from(record.rank()),
            sealed,
            i64::from(TAKEN_AGAIN.0),
            i64::from(TAKEN_AGAIN.1),
        ),
    )?;
    Ok(())
}

/// Keeps what somebody here answers to an offer that is kept.
///
/// # Errors
/// [`Fault::Moved`] if the offer is over or is further on: nothing that is over comes back by an answer.
pub(crate) fn answer(step: &mut Step<'_>, record: &BatonThere) -> Result<(), StoreError> {
    let (about, sealed) = (&record.about, seal(step, record)?);
    let answered = step.execute(
        "UPDATE baton_there SET reached = ?4, sealed = ?5
         WHERE offer_id = ?1 AND of_case = ?2 AND owner = ?3 AND reached < ?4",
        (
            about.offer.as_bytes(),
            about.case.as_bytes(),
            about.owner.value(),
            i64::from(record.rank()),
            sealed,
        ),
    )?;
    if answered == 0 { Err(Fault::Moved.into()) } else { Ok(()) }
}

fn seal(step: &mut Step<'_>, record: &BatonThere) -> Result<Vec<u8>, StoreError> {
    step.ensure_case(NODE_SCOPE, step.own.organisation)?;
    let place = row_of(&NODE_SCOPE, record.about.offer.as_bytes());
    step.seal(NODE_SCOPE, &BATON_THERE, &place, &json(record, BATON_THERE.name)?)
}

/// Keeps whom the leader of the service has asked; nobody, if the one who was asked has said no.
pub(crate) fn ask(step: &Step<'_>, offer: BatonOfferId, to: Option<AccountId>) -> Result<(), StoreError> {
    let to = to.map(|account| *account.as_bytes());
    step.execute("UPDATE baton_there SET asked = ?2 WHERE offer_id = ?1", (offer.as_bytes(), to))?;
    Ok(())
}

/// Forgets an offer that is over.
pub(crate) fn end(step: &Step<'_>, offer: BatonOfferId) -> Result<(), StoreError> {
    step.execute("DELETE FROM baton_there WHERE offer_id = ?1", [offer.as_bytes()])?;
    Ok(())
}
