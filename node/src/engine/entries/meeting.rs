//! The end of a meeting: that it was held, and what came of it, in one step.

use stafett_protocol::access::person::CaseTask;
use stafett_protocol::entry::{Content, Edit, EntryKind, FieldKey, Side};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::Transaction;

use super::{authors_of, edit_fault, invalid_content};
use crate::clock::random;
use crate::engine::reading::Here;
use crate::engine::request::{EditEntry, NewEntry};
use crate::engine::{Engine, EngineError};

/// The status of a meeting that has ended.
const HELD: &str = "held";

impl Engine {
    /// Ends a meeting: writes its minutes and publishes what came of it in one commit, once.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the stafettholder, and of what is no meeting of
    /// the case; [`EngineError::Conflict`] if the meeting was held already, so that who presses
    /// twice publishes once; [`EngineError::Invalid`] if something does not fit its kind. Nothing
    /// is written then.
    pub async fn end_meeting(
        &self,
        reader: &Reader,
        case: CaseId,
        meeting: EntryId,
        minutes: EditEntry,
        outcome: Vec<NewEntry>,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let here = self.here(reader, case).await?;
        let Here::Own { ledger, .. } = &here else { return Err(EngineError::NotFound) };
        let record = self.readable(reader, &here, case, meeting).await?;
        let is_holder = self.task_in(reader, ledger).await? == CaseTask::Stafettholder;
        if !is_holder || record.facts.kind != EntryKind::Meeting {
            return Err(EngineError::NotFound);
        }
        let (content, seen) = self.shown(meeting).await?.ok_or(EngineError::NotFound)?;
        if seen.view.text(FieldKey::Status) == HELD {
            return Err(EngineError::Conflict { reason: "the meeting was held already" });
        }
        let edit = Edit::new(EntryKind::Meeting, minutes.fields).map_err(|error| invalid_content(&error))?;
        let mut writes = self.edit_writes(&content, &seen, &edit, Side::Owner)?;
        writes.extend(authors_of(meeting, &writes, reader.account));
        let mut relations = Vec::new();
        for request in outcome {
            self.check_areas(&request.areas)?;
            let content = Content::new(request.kind, request.fields.clone())
                .map_err(|error| invalid_content(&error))?;
            let made = self.make_own(reader, &here, ledger, (random(), request), &content).await?;
            writes.extend(made.writes);
            relations.push(made.relation);
        }
        let committed = self.inner.store.commit(Transaction::of(writes)).await.map_err(edit_fault)?;
        self.tell_entries(&committed.records);
        for relation in relations {
            self.tell_relation(case, relation);
        }
        Ok(())
    }
}
