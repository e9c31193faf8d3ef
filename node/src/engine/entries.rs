//! Writing: a new entry in an own case, a proposal in a received one, an edit in either.

mod meeting;
mod once;

use std::collections::BTreeSet;

use stafett_protocol::access::EntryFacts;
use stafett_protocol::access::person::{CaseTask, permit_writing_received};
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::entry::content::is_withheld_from_guardians;
use stafett_protocol::entry::schema::field;
use stafett_protocol::entry::{
    About, Actor, Content, ContentError, Edit, EditError, EntryDocument, EntryKind, EntryView, Side,
};
use stafett_protocol::id::{AccountId, CaseId, EntryId, GenerationId, ProposalId, RandomBytes, RelationId};
use stafett_protocol::late::Shown;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::AREAS_MAX;
use stafett_protocol::link::input::Input;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::transaction::{
    EarlierGeneration, EntryContent, Fault, GenerationWrite, Proposal, ProposalState, Relation, Transaction,
    Write,
};

use super::answer::{EntryItem, Published};
use super::reading::{Here, open, open_changes};
use super::request::{EditEntry, NewEntry};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::LocalWrite;

use once::Proposed;
pub(crate) use once::{FormId, Press, WrittenIn};

/// Kinds that a family may write.
pub(crate) const FAMILY_KINDS: [EntryKind; 3] =
    [EntryKind::GuardianInput, EntryKind::ChildVoice, EntryKind::BrightSpot];

/// A new entry of an own case, before it is committed.
struct Made {
    entry: EntryId,
    writes: Vec<Write>,
    relation: Option<Relation>,
}

impl Engine {
    /// Publishes a new entry: a disclosure to everybody whom the preview names (law 6). In a case
    /// of another municipality it is proposed to the owner, which gives it its id (law 1).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in the case, [`EngineError::Invalid`] if the
    /// entry does not fit its kind.
    pub async fn publish_entry(
        &self,
        reader: &Reader,
        case: CaseId,
        request: NewEntry,
    ) -> Result<Published, EngineError> {
        self.publish_written(reader, case, request, WrittenIn::default()).await
    }

    /// As [`publish_entry`](Self::publish_entry), of what was written in a form: once, and who
    /// presses twice is answered as the first time. The draft that it was is gone in the same commit.
    ///
    /// # Errors
    /// As [`publish_entry`](Self::publish_entry), and [`EngineError::NotFound`] if there is no such
    /// draft of this person: it was published or deleted before.
    pub(crate) async fn publish_written(
        &self,
        reader: &Reader,
        case: CaseId,
        request: NewEntry,
        WrittenIn { draft, form }: WrittenIn,
    ) -> Result<Published, EngineError> {
        self.must_not_be_sealed()?;
        self.check_areas(&request.areas)?;
        let content =
            Content::new(request.kind, request.fields.clone()).map_err(|error| invalid_content(&error))?;
        let id = once::id_bytes(reader, case, &request, form)?;
        let _turn = self.inner.commands.lock().await;
        let here = self.here(reader, case).await?;
        match &here {
            Here::Own { ledger, .. } => {
                self.may_write_own(reader, ledger, &request).await?;
                if let Some(entry) = self.published_before(id).await? {
                    return Ok(Published { entry: Some(entry), proposal: None });
                }
                let local = match draft {
                    Some(draft) => vec![self.without_draft(reader, case, draft).await?],
                    None => Vec::new(),
                };
                let made = self.make_own(reader, &here, ledger, (id, request), &content).await?;
                self.publish_own(case, made, local).await
            }
            Here::Received { .. } if draft.is_some() => Err(EngineError::NotFound),
            Here::Received { .. } => self.propose(reader, &here, case, (id, request), &content).await,
        }
    }

    pub(super) fn check_areas(
        &self,
        areas: &BTreeSet<stafett_protocol::municipality::AreaCode>,
    ) -> Result<(), EngineError> {
        let known = areas.iter().all(|area| self.inner.config.area(area).is_some());
        if areas.len() > AREAS_MAX || !known {
            let reason = "expected areas of the municipality's list".to_owned();
            return Err(EngineError::Invalid { field: "areas", reason });
        }
        Ok(())
    }

    /// What the gate would know of a new entry by this person.
    pub(super) fn new_facts(&self, reader: &Reader, ledger: &LedgerView, request: &NewEntry) -> EntryFacts {
        EntryFacts {
            entry: EntryId::from_random(random()),
            case: ledger.case(),
            kind: request.kind,
            areas: request.areas.clone(),
            about: request.about.clone(),
            written_by: self.own_service(reader),
            only_for: None,
            hidden_from_guardians: request.hidden_from_guardians
                || is_withheld_from_guardians(&request.fields),
            generation: GenerationId::from_random(random()),
            changes: 1,
        }
    }

    pub(super) async fn may_write_own(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        request: &NewEntry,
    ) -> Result<CaseTask, EngineError> {
        let task = self.task_in(reader, ledger).await?;
        let family_may = FAMILY_KINDS.contains(&request.kind);
        if request.kind == EntryKind::CaseCard || (task == CaseTask::Family && !family_may) {
            return Err(EngineError::NotAllowed);
        }
        must_go_on(ledger)?;
        check_about(ledger, &request.about)?;
        Ok(task)
    }

    async fn publish_own(
        &self,
        case: CaseId,
        made: Made,
        local: Vec<LocalWrite>,
    ) -> Result<Published, EngineError> {
        let committed = self.inner.store.commit_with(Transaction::of(made.writes), local).await?;
        self.tell_entries(&committed.records);
        self.tell_relation(case, made.relation);
        Ok(Published { entry: Some(made.entry), proposal: None })
    }

    /// What is written for a new entry of an own case, with the relation that it stands in.
    async fn make_own(
        &self,
        reader: &Reader,
        here: &Here,
        ledger: &LedgerView,
        (id, request): (RandomBytes, NewEntry),
        content: &Content,
    ) -> Result<Made, EngineError> {
        self.may_write_own(reader, ledger, &request).await?;
        let (document, genesis) =
            EntryDocument::create(Actor(random()), content).map_err(|error| invalid_edit(&error))?;
        let entry = EntryId::from_random(id);
        let facts = EntryFacts { entry, ..self.new_facts(reader, ledger, &request) };
        let mut writes: Vec<Write> =
            self.new_entry_writes(facts, document.heads(), genesis, Some(reader.account)).into();
        let relation = match request.towards {
            Some(to) => Some(self.relation(reader, here, ledger.case(), entry, to).await?),
            None => None,
        };
        writes.extend(relation.map(Write::Relation));
        Ok(Made { entry, writes, relation })
    }

    fn tell_relation(&self, case: CaseId, relation: Option<Relation>) {
        let Some(relation) = relation else { return };
        for link in self.link_table().values().filter(|link| link.knows(case)) {
            link.tell(Input::RelationCommitted(relation));
        }
    }

    async fn relation(
        &self,
        reader: &Reader,
        here: &Here,
        case: CaseId,
        from: EntryId,
        to: EntryId,
    ) -> Result<Relation, EngineError> {
        self.readable(reader, here, case, to).await?;
        Ok(Relation { id: RelationId::from_random(random()), owner: self.inner.own, case, from, to })
    }

    async fn propose(
        &self,
        reader: &Reader,
        here: &Here,
        case: CaseId,
        (id, request): (RandomBytes, NewEntry),
        content: &Content,
    ) -> Result<Published, EngineError> {
        let Here::Received { owner, grants, assigned } = here else { return Err(EngineError::NotFound) };
        let now = self.now();
        let received = permit_writing_received(reader, grants, assigned, request.kind, &request.areas, now)
            .map_err(|denial| self.denied_writing(reader, assigned, denial))?;
        check_carried(&request)?;
        let id = match self.proposed_before(id).await? {
            Proposed::Never => id,
            Proposed::Sent(proposal) => return Ok(Published { entry: None, proposal: Some(proposal) }),
            Proposed::Returned => random(),
        };
        if let Some(to) = request.towards {
            self.readable(reader, here, case, to).await?;
        }
        let (_, change) =
            EntryDocument::create(Actor(random()), content).map_err(|error| invalid_edit(&error))?;
        let proposal = Proposal {
            id: ProposalId::from_random(id),
            owner: *owner,
            case,
            grant: received.grant.grant,
            service: received.grant.service.clone(),
            kind: request.kind,
            areas: request.areas,
            about: request.about,
            towards: request.towards,
            change,
            author: reader.account,
            made_at: now,
            state: ProposalState::Waiting,
        };
        let id = proposal.id;
        self.inner.store.commit(Transaction::of(vec![Write::ProposalMade(proposal.clone())])).await?;
        if let Some(link) = self.link(*owner) {
            link.tell(Input::ProposalMade(proposal));
        }
        Ok(Published { entry: None, proposal: Some(id) })
    }

    /// Somebody who works with the case is told that this cannot be written; nobody else is told
    /// that the case exists.
    pub(super) fn denied_writing(
        &self,
        reader: &Reader,
        assigned: &BTreeSet<stafett_protocol::id::AccountId>,
        denial: stafett_protocol::access::Denial,
    ) -> EngineError {
        let works = reader.role == Role::Employee && assigned.contains(&reader.account);
        if works && denial == stafett_protocol::access::Denial::NoConsent {
            let reason = "expected a kind and areas within what is shared here".to_owned();
            EngineError::Invalid { field: "areas", reason }
        } else {
            EngineError::NotFound
        }
    }

    /// Changes fields of an entry that the person may read and write.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if the person may not read it, [`EngineError::NotAllowed`] if
    /// not write it, [`EngineError::Conflict`] if only the stafettholder may settle a field.
    pub async fn edit_entry(
        &self,
        reader: &Reader,
        case: CaseId,
        entry: EntryId,
        request: EditEntry,
    ) -> Result<EntryItem, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let here = self.here(reader, case).await?;
        let record = self.readable(reader, &here, case, entry).await?;
        let facts = &record.facts;
        let (is_holder, side) = match &here {
            Here::Own { ledger, .. } => {
                let task = self.task_in(reader, ledger).await?;
                let own_writing = record.author == Some(reader.account);
                if (task == CaseTask::Family && !own_writing) || facts.kind == EntryKind::CaseCard {
                    return Err(EngineError::NotAllowed);
                }
                must_go_on(ledger)?;
                (task == CaseTask::Stafettholder, Side::Owner)
            }
            Here::Received { grants, assigned, .. } => {
                let named = grants.iter().filter(|received| record.under.contains(&received.grant.grant));
                let named: Vec<_> = named.cloned().collect();
                permit_writing_received(reader, &named, assigned, facts.kind, &facts.areas, self.now())
                    .map_err(|_| EngineError::NotAllowed)?;
                (false, Side::Partner)
            }
        };
        let (content, seen) = self.shown(entry).await?.ok_or(EngineError::NotFound)?;
        check_settling(is_holder, facts.kind, &seen.view, &request)?;
        let edit = Edit::new(facts.kind, request.fields).map_err(|error| invalid_content(&error))?;
        let mut writes = self.edit_writes(&content, &seen, &edit, side)?;
        writes.extend(authors_of(entry, &writes, reader.account));
        if !writes.is_empty() {
            let committed = self.inner.store.commit(Transaction::of(writes)).await.map_err(edit_fault)?;
            self.tell_entries(&committed.records);
        }
        self.entry_item(reader, &here, case, entry).await
    }

    /// The changes that an edit of what was shown makes, each in the generation in which its fields
    /// have the values that were shown.
    fn edit_writes(
        &self,
        content: &EntryContent,
        seen: &Shown,
        edit: &Edit,
        side: Side,
    ) -> Result<Vec<Write>, EngineError> {
        let placed = seen.place(edit).map_err(|_| EngineError::Conflict {
            reason: "an earlier edit of this field is on its way to the owner; edit it once it is there",
        })?;
        let facts = &content.record.facts;
        let (entry, origin, at) = (facts.entry, self.inner.own, self.now());
        let mut writes = Vec::new();
        if let Some(edit) = placed.present {
            let change = open(content)?.edit(&edit, side).map_err(|error| invalid_edit(&error))?;
            let generation = facts.generation;
            writes.extend(change.map(|change| Write::Change { entry, generation, change, origin, at }));
        }
        for (generation, edit) in placed.earlier {
            let Some(earlier) = earlier_generation(content, generation) else { continue };
            let mut document = open_changes(facts.kind, &earlier.changes)?;
            let change = document.edit(&edit, side).map_err(|error| invalid_edit(&error))?;
            writes.extend(change.map(|change| {
                Write::Generation(GenerationWrite::LateChange { entry, generation, change, origin, at })
            }));
        }
        for generation in placed.rewritten {
            let Some(earlier) = earlier_generation(content, generation) else { continue };
            let heads = earlier.heads.clone();
            writes.push(Write::Generation(GenerationWrite::Forget { entry, generation, heads }));
        }
        Ok(writes)
    }
}

/// Who makes the changes: an edit that never reaches the owner goes back to its author (law 12).
fn authors_of(entry: EntryId, writes: &[Write], author: AccountId) -> Vec<Write> {
    let actor = |write: &Write| match write {
        Write::Change { change, .. } | Write::Generation(GenerationWrite::LateChange { change, .. }) => {
            Some(change.change().actor)
        }
        _ => None,
    };
    writes.iter().filter_map(actor).map(|actor| Write::Author { entry, actor, author }).collect()
}

fn earlier_generation(content: &EntryContent, generation: GenerationId) -> Option<&EarlierGeneration> {
    content.earlier.iter().find(|earlier| earlier.generation == generation)
}

/// The entry went on to another generation while it was edited.
fn edit_fault(fault: Fault) -> EngineError {
    match fault {
        Fault::Moved | Fault::OtherGeneration => {
            EngineError::Conflict { reason: "the entry has changed meanwhile; read it again" }
        }
        other => other.into(),
    }
}

/// A child's wish that guardians do not see an entry is not carried to another municipality, so
/// such an entry is not taken here: it would be shown to them there.
pub(super) fn check_carried(request: &NewEntry) -> Result<(), EngineError> {
    if request.hidden_from_guardians {
        let reason = "expected false in a case of another municipality: it is not carried there".to_owned();
        return Err(EngineError::Invalid { field: "hidden_from_guardians", reason });
    }
    Ok(())
}

/// A deadline or responsible with concurrent values is settled by the stafettholder alone.
fn check_settling(
    is_holder: bool,
    kind: EntryKind,
    view: &EntryView,
    request: &EditEntry,
) -> Result<(), EngineError> {
    let only_holder = request.fields.keys().any(|key| {
        view.conflicts.contains_key(key) && field(kind, *key).is_some_and(|field| field.settled_by_holder)
    });
    if only_holder && !is_holder {
        return Err(EngineError::Conflict { reason: "the stafettholder settles this field" });
    }
    Ok(())
}

/// Whom an entry is about must be somebody of the case.
pub(super) fn check_about(ledger: &LedgerView, about: &BTreeSet<About>) -> Result<(), EngineError> {
    let is_known = |about: &About| match about {
        About::Guardian(person) => ledger
            .parties()
            .iter()
            .any(|party| party.person == *person && party.capacity != Capacity::Subject),
        About::Subject | About::Sibling | About::Other => true,
    };
    if about.is_empty() || !about.iter().all(is_known) {
        let reason = "expected the subject or persons of the case".to_owned();
        return Err(EngineError::Invalid { field: "about", reason });
    }
    Ok(())
}

pub(super) fn invalid_content(error: &ContentError) -> EngineError {
    EngineError::Invalid { field: "fields", reason: error.to_string() }
}

fn invalid_edit(error: &EditError) -> EngineError {
    EngineError::Invalid { field: "fields", reason: error.to_string() }
}

/// Nothing is written in a case that is closed, or another municipality's.
pub(super) fn must_go_on(ledger: &LedgerView) -> Result<(), EngineError> {
    match () {
        () if ledger.is_closed() => Err(EngineError::Conflict { reason: "the case is closed" }),
        () if ledger.has_moved() => {
            Err(EngineError::Conflict { reason: "the case is another municipality's now" })
        }
        () => Ok(()),
    }
}
