//! Drafts (kladder): what somebody writes and has not published. They live in the private case
//! document, are their author's alone, and nothing outside this node can ask for them (law 6).

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::person::CaseTask;
use stafett_protocol::case::{CaseEdit, CaseEditError, CaseFault, Draft, DraftRevision, PrivateCaseDocument};
use stafett_protocol::entry::{About, Actor, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, DraftId};
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::person::Reader;

use super::entries::{FAMILY_KINDS, check_about, invalid_content, must_go_on};
use super::reading::Here;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::LocalWrite;

/// What is to be kept as a draft.
pub(crate) struct SaveDraft {
    /// The draft that is written on; none for a new one.
    pub(crate) draft: Option<DraftId>,
    /// What its author had before them.
    pub(crate) written_on: Option<DraftRevision>,
    /// What it is to become.
    pub(crate) kind: EntryKind,
    /// Its areas.
    pub(crate) areas: BTreeSet<AreaCode>,
    /// Whom it is about.
    pub(crate) about: BTreeSet<About>,
    /// Its fields so far.
    pub(crate) fields: BTreeMap<FieldKey, FieldValue>,
}

/// A draft, and what goes out with the form in which it is written.
pub(crate) struct OwnDraft {
    /// The draft.
    pub(crate) draft: Draft,
    /// What comes back with what was written.
    pub(crate) revision: DraftRevision,
}

impl Engine {
    /// Keeps a draft for its author; returns its id.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in the case, for a received case and for somebody
    /// else's draft; [`EngineError::Invalid`] if something does not fit;
    /// [`EngineError::Conflict`] if it was published or changed meanwhile.
    pub(crate) async fn save_draft(
        &self,
        reader: &Reader,
        case: CaseId,
        request: SaveDraft,
    ) -> Result<DraftId, EngineError> {
        self.must_not_be_sealed()?;
        self.check_areas(&request.areas)?;
        let _turn = self.inner.commands.lock().await;
        let mut private = self.case_for_drafts(reader, case, Some(&request)).await?;
        if let Some(draft) = request.draft {
            own(&private, reader, draft)?;
        }
        let id = request.draft.unwrap_or_else(|| DraftId::from_random(random()));
        let draft = Draft {
            id,
            author: reader.account,
            kind: request.kind,
            fields: request.fields,
            areas: request.areas,
            about: request.about,
            updated_at: self.now(),
        };
        let edit = CaseEdit::PutDraft { draft, written_on: request.written_on };
        if private.edit(&edit, Actor(random())).map_err(not_saved)? {
            let write = LocalWrite::PrivateCase { case, document: private.save(), at: self.now() };
            self.inner.store.write_local(vec![write]).await?;
        }
        Ok(id)
    }

    /// Lists the person's own drafts in a case, the latest first. Empty in a received case, which
    /// has none.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in the case.
    pub(crate) async fn drafts(&self, reader: &Reader, case: CaseId) -> Result<Vec<Draft>, EngineError> {
        let Here::Own { ledger, .. } = self.here(reader, case).await? else { return Ok(Vec::new()) };
        self.task_in(reader, &ledger).await?;
        let Some(private) = self.private_case(case).await? else { return Ok(Vec::new()) };
        let drafts = private.view().drafts.iter();
        let mut own: Vec<_> = drafts.filter(|draft| draft.author == reader.account).cloned().collect();
        own.sort_by_key(|draft| std::cmp::Reverse((draft.updated_at, draft.id)));
        Ok(own)
    }

    /// Shows one of the person's own drafts, to go on writing.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is no such draft of this person.
    pub(crate) async fn draft(
        &self,
        reader: &Reader,
        case: CaseId,
        draft: DraftId,
    ) -> Result<OwnDraft, EngineError> {
        let private = self.case_for_drafts(reader, case, None).await?;
        let found = own(&private, reader, draft)?.clone();
        let revision = private.draft_revision(draft).ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), format!("draft {draft}")).await?;
        Ok(OwnDraft { draft: found, revision })
    }

    /// Deletes one of the person's own drafts.
    ///
    /// # Errors
    /// As [`draft`](Self::draft).
    pub(crate) async fn delete_draft(
        &self,
        reader: &Reader,
        case: CaseId,
        draft: DraftId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let write = self.without_draft(reader, case, draft).await?;
        self.inner.store.write_local(vec![write]).await?;
        Ok(())
    }

    /// The private document as it is without one of the person's drafts.
    pub(super) async fn without_draft(
        &self,
        reader: &Reader,
        case: CaseId,
        draft: DraftId,
    ) -> Result<LocalWrite, EngineError> {
        let mut private = self.case_for_drafts(reader, case, None).await?;
        own(&private, reader, draft)?;
        private.edit(&CaseEdit::RemoveDraft(draft), Actor(random())).map_err(not_saved)?;
        Ok(LocalWrite::PrivateCase { case, document: private.save(), at: self.now() })
    }

    async fn case_for_drafts(
        &self,
        reader: &Reader,
        case: CaseId,
        saved: Option<&SaveDraft>,
    ) -> Result<PrivateCaseDocument, EngineError> {
        let Here::Own { ledger, .. } = self.here(reader, case).await? else {
            return Err(EngineError::NotFound);
        };
        let task = self.task_in(reader, &ledger).await?;
        if let Some(saved) = saved {
            let family_may = FAMILY_KINDS.contains(&saved.kind);
            if saved.kind == EntryKind::CaseCard || (task == CaseTask::Family && !family_may) {
                return Err(EngineError::NotAllowed);
            }
            must_go_on(&ledger)?;
            check_about(&ledger, &saved.about)?;
        }
        let unreadable = EngineError::Conflict { reason: "the private case document cannot be read" };
        self.private_case(case).await?.ok_or(unreadable)
    }
}

/// A draft of the person; somebody else's is not there.
fn own<'a>(
    private: &'a PrivateCaseDocument,
    reader: &Reader,
    draft: DraftId,
) -> Result<&'a Draft, EngineError> {
    let found = private.view().draft(draft).filter(|draft| draft.author == reader.account);
    found.ok_or(EngineError::NotFound)
}

fn not_saved(error: CaseEditError) -> EngineError {
    match error {
        CaseEditError::Refused(CaseFault::Draft(fault)) => invalid_content(&fault),
        CaseEditError::DraftGone { .. } => {
            EngineError::Conflict { reason: "the draft was published or deleted meanwhile" }
        }
        CaseEditError::DraftMoved { .. } => {
            EngineError::Conflict { reason: "the draft was changed meanwhile; read it again" }
        }
        other => EngineError::Invalid { field: "fields", reason: other.to_string() },
    }
}
