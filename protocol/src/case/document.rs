//! The document of a private case: typed view ⇄ Automerge.
//!
//! This is the only file that calls Automerge's `save` and `load`. `load` has no caps and may
//! panic on bytes made to harm (law 9), so it sees one kind of bytes only: those that this node
//! saved, sealed and authenticated itself. They never come from a partner, a person or an import.
//! Bytes damaged by accident fail Automerge's checksum and give an error.
//!
//! Automerge keeps what was deleted for as long as a document lives. Here that is allowed for one
//! thing only: the writing of a draft that still exists, because merging needs it. Every other
//! edit, the removal of a draft among them, builds the document anew from its present value, and so
//! does an edit of a document that has grown too long. Text that is deleted inside a draft
//! therefore stays in the saved bytes until then, and never leaves the node: what is published is
//! a new document made of [`Draft::content`](crate::case::Draft::content).

use std::fmt;

use automerge::transaction::{CommitOptions, Transaction};
use automerge::{
    ActorId, Automerge, AutomergeError, LoadOptions, OnPartialLoad, PatchLog, ReadDoc, TextEncoding,
    VerificationMode,
};

use crate::case::draft::{Draft, DraftRevision};
use crate::case::edit::{CaseEdit, CaseFault};
use crate::case::{PrivateCase, REDACTED};
use crate::entry::{Actor, ChangeHash, EntryKind, Heads};
use crate::id::DraftId;
use crate::limits::{CASE_CHANGES_MAX, CASE_DOCUMENT_BYTES_MAX, CASE_OPERATIONS_MAX};

mod tree;

/// Saved bytes could not be opened. Leaves out Automerge's cause, because it may quote content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaseDocumentError {
    /// There are more bytes than a case is ever saved with.
    #[error("expected at most {bytes_max} bytes, found {found}")]
    TooLarge {
        /// Bytes that a saved document may have.
        bytes_max: usize,
        /// Bytes that there were.
        found: usize,
    },
    /// The bytes are not what was saved.
    #[error("the saved bytes are damaged")]
    Damaged,
    /// A newer version of the software wrote it.
    #[error("expected version {expected} of the document, found {found}")]
    Version {
        /// The version that this build reads.
        expected: u64,
        /// The version that was found.
        found: u64,
    },
    /// The tree is not that of a private case.
    #[error("the document does not have the expected shape")]
    Shape,
}

/// A private case could not be made or edited; it is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CaseEditError {
    /// What was given does not fit.
    #[error("the edit does not fit the case")]
    Refused(#[from] CaseFault),
    /// The draft was published or given up while somebody wrote on it. Offer to begin a new one.
    #[error("there is no draft {draft}")]
    DraftGone {
        /// The draft.
        draft: DraftId,
    },
    /// Somebody else changed the draft, and what it said when the writing began is not kept any
    /// more. Show both texts; saving again without a revision writes over.
    #[error("draft {draft} was changed, and its history is gone")]
    DraftMoved {
        /// The draft.
        draft: DraftId,
    },
    /// The draft is to become another kind of entry.
    #[error("draft {draft} is a {kind}")]
    DraftKind {
        /// The draft.
        draft: DraftId,
        /// What it is.
        kind: EntryKind,
    },
    /// The tree could not be written or read back.
    #[error("the document does not have the expected shape")]
    Document,
}

impl From<AutomergeError> for CaseEditError {
    /// The cause is left out, because it may quote content.
    fn from(_: AutomergeError) -> Self {
        Self::Document
    }
}

/// The private case as an Automerge document, with what it holds beside it.
#[derive(Clone)]
pub struct PrivateCaseDocument {
    actor: Actor,
    tree: Automerge,
    case: PrivateCase,
}

impl PrivateCaseDocument {
    /// Makes the document of a case. `actor` is drawn for this document (law 10).
    ///
    /// # Errors
    /// [`CaseEditError::Refused`] if something does not fit a case.
    pub fn create(actor: Actor, case: &PrivateCase) -> Result<Self, CaseEditError> {
        Self::build(actor, case.clone().checked()?)
    }

    fn build(actor: Actor, case: PrivateCase) -> Result<Self, CaseEditError> {
        // Automerge draws a random actor, which is replaced before it makes a change.
        let mut tree = Automerge::new_with_encoding(TextEncoding::UnicodeCodePoint).with_actor(id(actor));
        let mut transaction = tree.transaction();
        tree::write(&mut transaction, &case)?;
        transaction.commit();
        Ok(Self { actor, tree, case })
    }

    /// Opens what [`Self::save`] gave. `actor` is a fresh one, drawn by this process for this
    /// document (law 10). `bytes` must come from this node's own sealed row and nowhere else.
    ///
    /// # Errors
    /// [`CaseDocumentError`]: the row is not what was stored, or a newer version stored it.
    pub fn open(actor: Actor, bytes: &[u8]) -> Result<Self, CaseDocumentError> {
        if bytes.len() > CASE_DOCUMENT_BYTES_MAX {
            return Err(CaseDocumentError::TooLarge {
                bytes_max: CASE_DOCUMENT_BYTES_MAX,
                found: bytes.len(),
            });
        }
        let options = LoadOptions::new()
            .text_encoding(TextEncoding::UnicodeCodePoint)
            .on_partial_load(OnPartialLoad::Error)
            .verification_mode(VerificationMode::Check);
        let tree = Automerge::load_with_options(bytes, options)
            .map_err(|_| CaseDocumentError::Damaged)?
            .with_actor(id(actor));
        let found = tree::version(&tree).ok_or(CaseDocumentError::Shape)?;
        if found != tree::VERSION {
            return Err(CaseDocumentError::Version { expected: tree::VERSION, found });
        }
        let case = tree::read(&tree).ok_or(CaseDocumentError::Shape)?;
        Ok(Self { actor, tree, case })
    }

    /// Returns the bytes to seal and store. Two saves of one document have the same bytes.
    pub fn save(&self) -> Vec<u8> {
        self.tree.save()
    }

    /// Returns what the case holds.
    pub const fn view(&self) -> &PrivateCase {
        &self.case
    }

    /// Returns the actor that edits here make changes as.
    pub const fn actor(&self) -> Actor {
        self.actor
    }

    /// Returns what to send out with the form of a draft; none if there is no such draft.
    pub fn draft_revision(&self, draft: DraftId) -> Option<DraftRevision> {
        Some(self.case.draft(draft)?.revision(self.heads()))
    }

    /// Makes one edit. Gives whether anything changed; if so, save and store before telling anybody
    /// (law 11). `fresh` is an actor that was never used before: it becomes the document's actor
    /// when its history is dropped, and is the one that made a merged edit otherwise.
    ///
    /// # Errors
    /// [`CaseEditError`]; the document is as it was.
    pub fn edit(&mut self, edit: &CaseEdit, fresh: Actor) -> Result<bool, CaseEditError> {
        if let CaseEdit::PutDraft { draft, written_on } = edit {
            return self.put_draft(&draft.checked()?, written_on.as_ref(), fresh);
        }
        let case = self.case.with(edit)?;
        if case == self.case {
            return Ok(false);
        }
        *self = Self::build(fresh, case)?;
        Ok(true)
    }

    /// Returns a document that holds only the present value: no saved byte of it comes from
    /// deleted text. `actor` is a fresh one.
    ///
    /// # Errors
    /// [`CaseEditError::Document`] if Automerge refuses its own value.
    pub fn compacted(&self, actor: Actor) -> Result<Self, CaseEditError> {
        Self::build(actor, self.case.clone())
    }

    /// Returns whether the next edit drops the history because there is too much of it.
    pub fn is_long(&self) -> bool {
        self.is_longer_than(1)
    }

    fn is_longer_than(&self, times: u64) -> bool {
        let stats = self.tree.stats();
        stats.num_changes >= CASE_CHANGES_MAX.saturating_mul(times)
            || stats.num_ops >= CASE_OPERATIONS_MAX.saturating_mul(times)
    }

    fn put_draft(
        &mut self,
        given: &Draft,
        written_on: Option<&DraftRevision>,
        fresh: Actor,
    ) -> Result<bool, CaseEditError> {
        let draft = given.id;
        let present = self.case.draft(draft);
        if let Some(present) = present
            && present.kind != given.kind
        {
            return Err(CaseEditError::DraftKind { draft, kind: present.kind });
        }
        if present.is_none() && written_on.is_some() {
            return Err(CaseEditError::DraftGone { draft });
        }
        let moved =
            |present: &Draft, revision: &&DraftRevision| present.revision(self.heads()).said != revision.said;
        let behind = present.zip(written_on).filter(|(present, revision)| moved(present, revision));
        let next = match behind {
            Some((_, revision)) => self.merged(given, &revision.heads, fresh)?,
            None if present.is_some_and(|present| present.says_the_same(given)) => return Ok(false),
            None if self.is_long() => self.compacted(fresh)?.written(given)?,
            None => self.written(given)?,
        };
        let after = next.case.draft(draft).ok_or(CaseEditError::Document)?;
        after.checked()?;
        next.case.check_bounds()?;
        let changed = present.is_none_or(|present| !present.says_the_same(after));
        if changed {
            *self = next;
        }
        Ok(changed)
    }

    /// Writes a draft on what is there now.
    fn written(&self, given: &Draft) -> Result<Self, CaseEditError> {
        let mut tree = self.tree.clone();
        let mut transaction = tree.transaction();
        let given = &self.keeping(given);
        match tree::draft(&transaction, given.id) {
            None => tree::add_draft(&mut transaction, given)?,
            Some(before) => {
                tree::write_texts(&mut transaction, given)?;
                tree::write_others(&mut transaction, &before, given)?;
            }
        }
        transaction.commit();
        Self::read_back(self.actor, tree)
    }

    /// Writes a draft on what was there at `heads`, and merges that with what was written since:
    /// texts by character. Of another field, the value that is saved later stays.
    fn merged(&self, given: &Draft, heads: &Heads, fresh: Actor) -> Result<Self, CaseEditError> {
        let moved = CaseEditError::DraftMoved { draft: given.id };
        // Merging needs the history, so a long document is not built anew by it; this is its end.
        if self.is_longer_than(2) || !heads.iter().all(|head| self.knows(head)) {
            return Err(moved);
        }
        let given = &self.keeping(given);
        let mut tree = self.tree.clone().with_actor(id(fresh));
        let at: Vec<_> = heads.iter().map(|head| automerge::ChangeHash(head.0)).collect();
        let mut transaction: Transaction<'_> =
            tree.transaction_at(PatchLog::inactive(), &at).map_err(|_| CaseEditError::Document)?;
        let before = tree::draft(&transaction, given.id).ok_or(moved)?;
        tree::write_texts(&mut transaction, given)?;
        transaction.commit();
        let mut transaction = tree.transaction();
        tree::write_others(&mut transaction, &before, given)?;
        tree::normalize_texts(&mut transaction, given)?;
        if transaction.commit().0.is_none() {
            // One head again, so that a revision stays short.
            tree.empty_commit(CommitOptions::default());
        }
        Self::read_back(self.actor, tree.with_actor(id(self.actor)))
    }

    /// Returns the draft as it is to be written: its author stays, and its time never goes back.
    fn keeping(&self, given: &Draft) -> Draft {
        let mut draft = given.clone();
        if let Some(present) = self.case.draft(given.id) {
            draft.author = present.author;
            draft.updated_at = given.updated_at.max(present.updated_at);
        }
        draft
    }

    fn read_back(actor: Actor, tree: Automerge) -> Result<Self, CaseEditError> {
        let case = tree::read(&tree).ok_or(CaseEditError::Document)?;
        Ok(Self { actor, tree, case })
    }

    fn heads(&self) -> Heads {
        Heads::new(self.tree.get_heads().into_iter().map(|hash| ChangeHash(hash.0)).collect())
    }

    fn knows(&self, head: &ChangeHash) -> bool {
        self.tree.get_change_by_hash(&automerge::ChangeHash(head.0)).is_some()
    }
}

impl fmt::Debug for PrivateCaseDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateCaseDocument({REDACTED})")
    }
}

fn id(actor: Actor) -> ActorId {
    ActorId::from(actor.0)
}

#[cfg(test)]
mod tests;
