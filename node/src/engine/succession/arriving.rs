//! What the old owner of a case says that may come here.

use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{OrganisationNumber, ServiceCode};
use stafett_protocol::signed::Signed;
use stafett_protocol::succession::Arriving;
use stafett_protocol::succession::arriving::Coming;
use stafett_protocol::succession::hearing::ArrivingHeard;
use stafett_protocol::succession::origin::Way;
use stafett_protocol::succession::record::ArrivingRecord;
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, Sealed};
use stafett_protocol::succession::statement::{Answer, Answered, Course};
use stafett_protocol::transaction::{Transaction, Write};

use crate::clock::random;
use crate::engine::arrival::Arrival;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Takes in what a partner says of a case of its own that may come here.
    pub(crate) async fn hear_arriving(&self, partner: OrganisationNumber, heard: ArrivingHeard) {
        let succession = heard.succession();
        match self.take_in_arriving(partner, heard).await {
            Ok(record) => {
                if let Some(link) = self.link(partner) {
                    link.tell(Input::ArrivingTold(Box::new(record)));
                }
            }
            Err(error) => self.not_kept(partner, succession, &error),
        }
    }

    async fn take_in_arriving(
        &self,
        partner: OrganisationNumber,
        heard: ArrivingHeard,
    ) -> Result<ArrivingRecord, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let now = self.now();
        let known = self.inner.store.move_in(heard.succession()).await?;
        if known.as_ref().is_some_and(|known| known.course.from != partner) {
            return Err(EngineError::NotFound);
        }
        let next = match (&known, &heard) {
            (None, ArrivingHeard::Offer(offer)) => ArrivingRecord::offered(offer, now),
            (None, _) => return Err(EngineError::NotFound),
            (Some(known), heard) => known.hear(heard, now).map_err(|_| out_of_turn())?,
        };
        let (next, part) = match heard {
            ArrivingHeard::Part { index, bytes, .. } => self.with_part(next, index, bytes).await?,
            ArrivingHeard::Transferred(_, key) if next.arriving.is_owner() => {
                return self.open_moved(next, &key).await;
            }
            _ => (next, None),
        };
        let mut writes = vec![Write::Arriving(Box::new(next.clone()))];
        writes.extend(part);
        self.inner.store.commit(Transaction::of(writes)).await?;
        Ok(next)
    }

    /// Opens the case that is this node's now: all of it with what holds of the move, or nothing, and the
    /// old owner says it again.
    async fn open_moved(
        &self,
        record: ArrivingRecord,
        key: &PackageKey,
    ) -> Result<ArrivingRecord, EngineError> {
        let Arriving::Owner { opened, .. } = record.arriving else { return Err(out_of_turn()) };
        let Course { succession, from, to } = record.course;
        let place = PackagePlace { succession, revision: opened.revision, from, to };
        let parts = self.inner.store.parts_here(succession).await?.concat();
        let document = Sealed::new(parts).and_then(|sealed| sealed.open(key, &place));
        let document = document.map_err(|error| {
            tracing::error!(%succession, %error, "the package of a move does not open");
            EngineError::Conflict { reason: "the package does not open" }
        })?;
        let read = self.read_package(&document, from).map_err(|error| {
            tracing::error!(%succession, %error, "the package of a move cannot be read");
            EngineError::Conflict { reason: "the package cannot be read" }
        })?;
        let (acceptor, service) = self.acceptance_of(&record)?;
        let case = CaseId::from_random(random());
        let record = ArrivingRecord { case: Some(case), ..record };
        let arrival = Arrival { case, from, way: Way::Link(succession), acceptor, service, opened: read };
        let more = vec![Write::Arriving(Box::new(record.clone()))];
        self.open_arrived(arrival, more, Vec::new()).await?;
        Ok(record)
    }

    /// Who has accepted a case, and for which service, as this node signed it.
    fn acceptance_of(&self, record: &ArrivingRecord) -> Result<(AccountId, ServiceCode), EngineError> {
        let mut keys = vec![self.inner.signing.public()];
        keys.extend(self.inner.store.earlier_keys(self.inner.signing.public()));
        let token = record.answer.clone().ok_or_else(out_of_turn)?;
        let answer = Signed::<Answer>::from_token(token).verify(&keys).map_err(|_| out_of_turn())?;
        let Answered::Accepted { service, .. } = &answer.statement().answered else {
            return Err(out_of_turn());
        };
        Ok((record.asked.ok_or_else(out_of_turn)?, service.clone()))
    }

    /// Takes a part. With the last one, all of them must be what was promised, or they are fetched anew.
    async fn with_part(
        &self,
        record: ArrivingRecord,
        index: u32,
        bytes: Vec<u8>,
    ) -> Result<(ArrivingRecord, Option<Write>), EngineError> {
        let succession = record.course.succession;
        let last = fetched(&record.arriving).filter(|coming| coming.have >= coming.parts);
        if let Some(coming) = last {
            let mut parts = self.inner.store.parts_here(succession).await?;
            parts.push(bytes.clone());
            let whole =
                Sealed::from_parts(parts.iter().map(Vec::as_slice), record.bytes, coming.packed.package);
            let next = record.whole(whole.is_ok(), self.now()).map_err(|_| out_of_turn())?;
            if let Err(error) = whole {
                tracing::error!(%succession, %error, "a package is not what was promised, and is fetched anew");
                return Ok((next, None));
            }
            return Ok((next, Some(Write::PackagePart { succession, index, bytes })));
        }
        Ok((record, Some(Write::PackagePart { succession, index, bytes })))
    }
}

fn fetched(arriving: &Arriving) -> Option<Coming> {
    match arriving {
        Arriving::Accepted { coming, .. } | Arriving::Waiting { coming, .. } => *coming,
        _ => None,
    }
}

pub(super) fn out_of_turn() -> EngineError {
    EngineError::Conflict { reason: "the move is not at that point" }
}
