//! A case as this node has it, and who may read what of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::person::{
    CaseTask, ReceivedFacts, permit_reading, permit_reading_received, task,
};
use stafett_protocol::grant::ReceivedGrant;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::{EntryRecord, EntryState};

use crate::engine::{Engine, EngineError};

/// A case as this node has it: its own, or one that another municipality owns.
#[derive(Clone)]
pub(in crate::engine) enum Here {
    Own { ledger: Arc<LedgerView>, assigned: BTreeSet<AccountId> },
    Received { owner: OrganisationNumber, grants: Vec<ReceivedGrant>, assigned: BTreeSet<AccountId> },
}

impl Engine {
    pub(in crate::engine) async fn here(&self, reader: &Reader, case: CaseId) -> Result<Here, EngineError> {
        self.family_must_wait(reader)?;
        let assigned = self.assigned(reader, case).await?;
        let grants = self.inner.store.grants_received_in(case).await?;
        match grants.first().map(|received| received.grant.owner) {
            Some(owner) => {
                self.must_show(owner)?;
                Ok(Here::Received { owner, grants, assigned })
            }
            None => Ok(Here::Own { ledger: self.ledger(case).await?, assigned }),
        }
    }

    /// Who works with a case in the person's own service; other services' people are no task of
    /// this one's.
    pub(in crate::engine) async fn assigned(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<BTreeSet<AccountId>, EngineError> {
        let rows = self.inner.store.assignment_rows(case, self.now()).await?;
        let of_service = rows.into_iter().filter(|row| Some(&row.service) == reader.service.as_ref());
        Ok(of_service.map(|row| row.account).collect())
    }

    /// Whether the person may read this entry at this moment.
    pub(in crate::engine) fn may_read(&self, reader: &Reader, here: &Here, record: &EntryRecord) -> bool {
        let now = self.now();
        let facts = &record.facts;
        match here {
            Here::Own { ledger, assigned } => {
                // What a consent opened may be withdrawn by now; own writing needs none.
                let needs_consent = self.is_sealed()
                    && task(reader, ledger, assigned, now) == Ok(CaseTask::Assigned)
                    && facts.written_by != self.own_service(reader);
                !needs_consent && permit_reading(reader, ledger, assigned, facts, now).is_ok()
            }
            Here::Received { grants, assigned, .. } => {
                let received = ReceivedFacts { grants, entry: facts, under: &record.under };
                record.state == EntryState::Live
                    && permit_reading_received(reader, &received, assigned, now).is_ok()
            }
        }
    }
}
