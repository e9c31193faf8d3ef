//! What a person may read, asked of the gate entry by entry, and written down before it is shown.

mod here;

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::person::{CaseTask, may_assign, task};
use stafett_protocol::entry::{
    Actor, CheckedChange, EntryDocument, EntryKind, EntryView, FieldKey, FieldValue,
};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::late::{Shown, Undelivered, shown};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::transaction::{EntryContent, EntryRecord, ProposalState, ReturnedEdit};

use super::answer::{AuthorItem, CaseSummary, CaseView, EntryItem, Inbox, OriginItem, ProposalItem};
use super::family::party_items;
use super::tasks::CASES_AT_ONCE;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{AccessRow, Damaged, Opened};
pub(super) use here::Here;

/// Entries that are opened before others have a turn.
const ENTRIES_AT_ONCE: usize = 16;

impl Engine {
    /// Lists the cases that the person has a task in.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn cases(&self, reader: &Reader) -> Result<Vec<CaseSummary>, EngineError> {
        self.family_must_wait(reader)?;
        let mut summaries = Vec::new();
        for case in self.cases_of(reader).await? {
            match self.listed(reader, case).await {
                Ok(summary) => summaries.extend(summary),
                // Nothing of it is here, such as a case of which only an order to erase came.
                Err(EngineError::NotFound) => {}
                Err(error) => tracing::error!(%case, %error, "a case could not be listed"),
            }
        }
        self.note(reader, None, "cases".to_owned()).await?;
        Ok(summaries)
    }

    /// The cases in which a person may have a task: every received one of which something may be
    /// shown, and the own ones that name the person in the ledger or among those assigned. Of many
    /// cases few are one person's, and those alone are worth a question to the store and the gate.
    pub(super) async fn cases_of(&self, reader: &Reader) -> Result<Vec<CaseId>, EngineError> {
        let assigned = self.inner.store.cases_assigned(reader.account, self.now()).await?;
        let assigned: BTreeSet<CaseId> = assigned.into_iter().collect();
        let mut cases = Vec::new();
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            // What stands in the cache is looked at without a pause; others are answered too.
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            match self.ledger(case).await {
                Ok(ledger) if assigned.contains(&case) || names(&ledger, reader) => cases.push(case),
                Ok(_) | Err(EngineError::NotFound) => {}
                Err(error) => tracing::error!(%case, %error, "a case could not be listed"),
            }
        }
        let received = self.inner.store.cases_received().await?.into_iter();
        let shown = received.filter(|received| self.must_show(received.owner).is_ok());
        cases.extend(shown.map(|received| received.case));
        Ok(cases)
    }

    pub(super) async fn listed(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Option<CaseSummary>, EngineError> {
        let here = self.here(reader, case).await?;
        self.summary(reader, case, &here).await
    }

    pub(super) async fn summary(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Option<CaseSummary>, EngineError> {
        match here {
            Here::Own { ledger, assigned } => {
                let Ok(task) = task(reader, ledger, assigned, self.now()) else { return Ok(None) };
                Ok(Some(CaseSummary {
                    case,
                    owner: self.inner.own,
                    owner_name: self.inner.config.node.name.clone(),
                    subject_name: self.subject_name(reader, case, here, task).await?,
                    level: Some(ledger.level()),
                    since: ledger.opened_at(),
                    task: task_word(task).to_owned(),
                    inbox: None,
                }))
            }
            Here::Received { owner, grants, assigned } => {
                let now = self.now();
                let works = reader.role == Role::Employee && assigned.contains(&reader.account);
                let service = reader.service.clone();
                let counts = grants.iter().any(|received| {
                    received.counts(now) && Some(&received.grant.service) == service.as_ref()
                });
                let leads = may_assign(reader, grants, now);
                let returned = !counts && !self.own_proposals(reader, case).await?.is_empty();
                let Some(service) = service.filter(|_| (counts && (works || leads)) || returned) else {
                    return Ok(None);
                };
                let subject_name = if works { self.card_name(reader, case, here).await? } else { None };
                let of_service = grants.iter().filter(|received| received.grant.service == service);
                let since = of_service.map(|received| received.grant.from).min();
                let cannot_take = if leads { self.said_of(case, grants, &service).await? } else { None };
                Ok(Some(CaseSummary {
                    case,
                    owner: *owner,
                    owner_name: self.name_of(*owner),
                    subject_name,
                    level: None,
                    since: since.unwrap_or(now),
                    task: match (returned, works) {
                        (true, _) => "returned",
                        (false, true) => "assigned",
                        (false, false) => "inbox",
                    }
                    .to_owned(),
                    inbox: leads.then(|| Inbox { service, assigned: assigned.clone(), cannot_take }),
                }))
            }
        }
    }

    pub(super) fn name_of(&self, organisation: OrganisationNumber) -> String {
        if organisation == self.inner.own {
            return self.inner.config.node.name.clone();
        }
        self.link(organisation).map_or_else(|| organisation.to_string(), |link| link.name)
    }

    /// Whether cases go to a municipality by a package for the hand: it has no node.
    pub(crate) fn is_by_hand(&self, organisation: OrganisationNumber) -> bool {
        self.link(organisation).is_some_and(|link| link.is_by_hand())
    }

    async fn subject_name(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
        task: CaseTask,
    ) -> Result<Option<String>, EngineError> {
        match task {
            CaseTask::Stafettholder | CaseTask::Family => {
                let private = self.private_case(case).await?;
                Ok(private.map(|private| private.view().subject.name.clone()))
            }
            CaseTask::Assigned => self.card_name(reader, case, here).await,
        }
    }

    /// The name on a case card that the person may read.
    async fn card_name(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Option<String>, EngineError> {
        self.card_line(reader, case, here, FieldKey::Name).await
    }

    /// One line of a case card that the person may read.
    pub(super) async fn card_line(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
        key: FieldKey,
    ) -> Result<Option<String>, EngineError> {
        let (engine, reader, here) = (self.clone(), reader.clone(), here.clone());
        let is_card = move |record: &EntryRecord| {
            record.facts.kind == EntryKind::CaseCard && engine.may_read(&reader, &here, record)
        };
        let cards = self.inner.store.contents_of_case(case, is_card).await?;
        self.note_damage(case, &cards.damaged);
        let views = self.whole_views(case, cards.whole).await;
        let lines = views.into_iter().filter_map(|(_, view)| view.fields.get(&key).cloned());
        Ok(lines.into_iter().find_map(|line| match line {
            FieldValue::Text(line) => Some(line),
            _ => None,
        }))
    }

    /// As [`views`](Self::views), of entries that a person may read, with the gate asked once more
    /// after they were read: what closed meanwhile is left out, and what is damaged.
    pub(super) async fn readable_views(
        &self,
        reader: &Reader,
        case: CaseId,
        entries: Vec<EntryId>,
    ) -> Result<Vec<(EntryContent, EntryView)>, EngineError> {
        let opened = self.inner.store.whole_contents(entries).await?;
        self.note_damage(case, &opened.damaged);
        let mut views = self.whole_views(case, opened.whole).await;
        let here = self.here(reader, case).await?;
        views.retain(|(content, _)| self.may_read(reader, &here, &content.record));
        Ok(views)
    }

    /// What entries of a case say, without those that cannot be read.
    pub(super) async fn whole_views(
        &self,
        case: CaseId,
        contents: Vec<EntryContent>,
    ) -> Vec<(EntryContent, EntryView)> {
        let (whole, damaged) = self.all_seen(contents).await;
        self.note_damage(case, &damaged);
        whole.into_iter().map(|(content, shown)| (content, shown.view)).collect()
    }

    /// What a reader here sees of several entries, and those of which nothing can be seen.
    pub(super) async fn all_seen(
        &self,
        contents: Vec<EntryContent>,
    ) -> (Vec<(EntryContent, Shown)>, Vec<Damaged>) {
        let (mut whole, mut damaged) = (Vec::with_capacity(contents.len()), Vec::new());
        for (number, content) in contents.into_iter().enumerate() {
            if number.is_multiple_of(ENTRIES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            let record = content.record.clone();
            match self.seen(content) {
                Ok(seen) => whole.push(seen),
                Err(_) => damaged.push(Damaged { entry: record.facts.entry, record: Some(record) }),
            }
        }
        (whole, damaged)
    }

    /// What those of several entries say that there are, in their order.
    pub(super) async fn views(
        &self,
        entries: Vec<EntryId>,
    ) -> Result<Vec<(EntryContent, EntryView)>, EngineError> {
        let mut views = Vec::with_capacity(entries.len());
        for (number, content) in self.inner.store.contents(entries).await?.into_iter().enumerate() {
            if number.is_multiple_of(ENTRIES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            let (content, shown) = self.seen(content)?;
            views.push((content, shown.view));
        }
        Ok(views)
    }

    /// An entry with what a reader here sees of it: at a partner, with the edits that the owner does
    /// not have over the present generation (law 7).
    pub(super) async fn shown(&self, entry: EntryId) -> Result<Option<(EntryContent, Shown)>, EngineError> {
        let content = self.inner.store.content(entry).await?;
        content.map(|content| self.seen(content)).transpose()
    }

    fn seen(&self, content: EntryContent) -> Result<(EntryContent, Shown), EngineError> {
        let seen = shown(&content, self.inner.own, || Actor(random())).map_err(|_| unreadable())?;
        Ok((content, seen))
    }

    /// Shows a case as the person may see it. The look is in the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in it, whether it exists or not.
    pub async fn case(&self, reader: &Reader, case: CaseId) -> Result<CaseView, EngineError> {
        self.look_at_case(reader, case, "case").await
    }

    /// Shows a case; `what` is how the access log calls the look.
    pub(super) async fn look_at_case(
        &self,
        reader: &Reader,
        case: CaseId,
        what: &str,
    ) -> Result<CaseView, EngineError> {
        let here = self.here(reader, case).await?;
        self.summary(reader, case, &here).await?.ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), what.to_owned()).await?;
        let relations: BTreeMap<EntryId, EntryId> =
            self.inner.store.relations(case).await?.into_iter().map(|one| (one.from, one.to)).collect();
        // Before the entries: a proposal that becomes one in between is shown twice and never missing.
        let proposals = self.own_proposals(reader, case).await?;
        let Opened { whole, mut damaged } = self.readable_contents(reader, case, &here).await?;
        let (seen, unseen) = self.all_seen(whole).await;
        damaged.extend(unseen);
        match self.holds(reader, &here) {
            true => self.note_all_damage(case, &damaged),
            false => self.note_damage(case, &damaged),
        }
        self.note_whole(case, seen.iter().map(|(content, _)| content.record.facts.entry));
        let readers = self.readers_of_case(reader, case, &here).await?;
        let authors = self.authors_for(reader, case, &here).await?;
        let mut origins = self.origins_in(case, &here).await?;
        let mut entries = Vec::new();
        for (content, seen) in seen {
            let towards = relations.get(&content.record.facts.entry).copied();
            let origin = origins.remove(&content.record.facts.entry);
            let beside = (readers.of(&content.record), authors.of(&content.record), origin);
            entries.push((content.record.clone(), item(content.record, seen, towards, beside)));
        }
        // What closed while this was read is not shown, nor whom the case is about.
        let here = self.here(reader, case).await?;
        let summary = self.summary(reader, case, &here).await?.ok_or(EngineError::NotFound)?;
        entries.retain(|(record, _)| self.may_read(reader, &here, record));
        let unreadable = self.told_of(reader, &here, &damaged);
        let mut entries: Vec<_> = entries.into_iter().map(|(_, item)| item).collect();
        let kept: BTreeSet<EntryId> = entries.iter().map(|item| item.entry).collect();
        for item in &mut entries {
            item.towards = item.towards.filter(|to| kept.contains(to));
        }
        // What came with the case came at once: its days of writing tell its order.
        let written_on = |item: &EntryItem| item.origin.as_ref().map(|origin| origin.written_on.clone());
        entries.sort_by_key(|item| std::cmp::Reverse((item.stored_at, written_on(item), item.entry)));
        let mut carried = None;
        let (subject_kind, baton, parties, tasks) = match &here {
            Here::Own { ledger, assigned } => {
                let task = task(reader, ledger, assigned, self.now()).map_err(|_| EngineError::NotFound)?;
                carried = self.carried_for(reader, ledger).await?;
                let (parties, tasks) = match task {
                    CaseTask::Stafettholder => {
                        let private = self.private_case(case).await?;
                        let parties = party_items(ledger.parties(), private.as_ref());
                        (parties, self.tasks_of_holder(ledger, &self.heard_in(case).await?))
                    }
                    CaseTask::Assigned | CaseTask::Family => (Vec::new(), Vec::new()),
                };
                (Some(ledger.subject_kind()), Some(ledger.baton().clone()), parties, tasks)
            }
            Here::Received { .. } => (None, None, Vec::new(), Vec::new()),
        };
        Ok(CaseView { summary, subject_kind, baton, parties, entries, unreadable, proposals, tasks, carried })
    }

    /// The entries of a case that the gate opens to a person, with their changes. Of the others no
    /// change is opened.
    pub(super) async fn readable_contents(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Opened<EntryContent>, EngineError> {
        let (engine, reader, here) = (self.clone(), reader.clone(), here.clone());
        let keeps = move |record: &EntryRecord| engine.may_read(&reader, &here, record);
        Ok(self.inner.store.contents_of_case(case, keeps).await?)
    }

    /// Shows one entry.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if the person may not read it, whether it exists or not.
    pub async fn entry(
        &self,
        reader: &Reader,
        case: CaseId,
        entry: EntryId,
    ) -> Result<EntryItem, EngineError> {
        let here = self.here(reader, case).await?;
        self.readable(reader, &here, case, entry).await?;
        let item = self.entry_item(reader, &here, case, entry).await?;
        // What closed while this was read is not shown.
        let here = self.here(reader, case).await?;
        self.readable(reader, &here, case, entry).await?;
        Ok(item)
    }

    pub(super) async fn entry_item(
        &self,
        reader: &Reader,
        here: &Here,
        case: CaseId,
        entry: EntryId,
    ) -> Result<EntryItem, EngineError> {
        self.note(reader, Some(case), format!("entry {entry}")).await?;
        let (content, seen) = self.shown(entry).await?.ok_or(EngineError::NotFound)?;
        let readers = self.readers_of_case(reader, case, here).await?;
        let towards = self.inner.store.relations(case).await?.into_iter().find(|one| one.from == entry);
        let mut shown = None;
        if let Some(relation) = towards
            && self.readable(reader, here, case, relation.to).await.is_ok()
        {
            shown = Some(relation.to);
        }
        let authors = self.authors_for(reader, case, here).await?;
        let origin = self.origins_in(case, here).await?.remove(&entry);
        let beside = (readers.of(&content.record), authors.of(&content.record), origin);
        Ok(item(content.record, seen, shown, beside))
    }

    pub(super) async fn readable(
        &self,
        reader: &Reader,
        here: &Here,
        case: CaseId,
        entry: EntryId,
    ) -> Result<EntryRecord, EngineError> {
        let record = match self.inner.store.entry(entry).await {
            Ok(record) => record.ok_or(EngineError::NotFound)?,
            Err(error) => return Err(self.not_whole(reader, here, (case, entry), error).await),
        };
        let is_readable = record.facts.case == case && self.may_read(reader, here, &record);
        if is_readable { Ok(record) } else { Err(EngineError::NotFound) }
    }

    async fn own_proposals(&self, reader: &Reader, case: CaseId) -> Result<Vec<ProposalItem>, EngineError> {
        let mut items = Vec::new();
        for proposal in self.inner.store.proposals_in(case).await? {
            if proposal.author != reader.account {
                continue;
            }
            let document = EntryDocument::open(proposal.kind, Actor(random()), &[proposal.change])
                .map_err(|_| EngineError::Conflict { reason: "a proposal cannot be read" })?;
            let state = match proposal.state {
                ProposalState::Waiting => "waiting",
                ProposalState::Returned { until } if self.now() < until => "returned",
                ProposalState::Returned { .. } => continue,
            };
            items.push(ProposalItem {
                proposal: proposal.id,
                kind: proposal.kind,
                areas: proposal.areas,
                view: document.view(),
                state: state.to_owned(),
                until: proposal.state.until(),
            });
        }
        items.extend(self.own_returned_edits(reader, case).await?);
        Ok(items)
    }

    /// What the person wrote in entries whose sharing has ended, as long as it is kept.
    async fn own_returned_edits(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Vec<ProposalItem>, EngineError> {
        let now = self.now();
        let edits = self.inner.store.returned_edits_in(case).await?.into_iter();
        let own = edits.filter(|edit| edit.author == reader.account && now < edit.until);
        let item = |edit: ReturnedEdit| ProposalItem {
            proposal: edit.id,
            kind: edit.kind,
            areas: edit.areas,
            view: EntryView { fields: edit.fields, ..EntryView::default() },
            state: "returned".to_owned(),
            until: Some(edit.until),
        };
        Ok(own.map(item).collect())
    }

    /// Writes a look down; without that nothing is shown.
    pub(super) async fn note(
        &self,
        reader: &Reader,
        case: Option<CaseId>,
        what: String,
    ) -> Result<(), EngineError> {
        self.note_why(reader, case, what, "task").await
    }

    /// As [`note`](Self::note), for another reason than a task.
    pub(super) async fn note_why(
        &self,
        reader: &Reader,
        case: Option<CaseId>,
        what: String,
        why: &str,
    ) -> Result<(), EngineError> {
        let row = self.access_row(reader, case, what, why);
        self.inner.store.log_access(row).await.map_err(EngineError::Store)
    }

    /// The row of a look.
    pub(super) fn access_row(
        &self,
        reader: &Reader,
        case: Option<CaseId>,
        what: String,
        why: &str,
    ) -> AccessRow {
        AccessRow {
            account: reader.account,
            role: reader.role,
            service: reader.service.clone(),
            case,
            what,
            why: why.to_owned(),
            at: self.now(),
        }
    }
}

pub(super) fn open(content: &EntryContent) -> Result<EntryDocument, EngineError> {
    open_changes(content.record.facts.kind, &content.changes)
}

pub(super) fn open_changes(kind: EntryKind, changes: &[CheckedChange]) -> Result<EntryDocument, EngineError> {
    EntryDocument::open(kind, Actor(random()), changes).map_err(|_| unreadable())
}

/// Whether the ledger names a person as stafettholder or of the family.
fn names(ledger: &LedgerView, reader: &Reader) -> bool {
    let is_party = |person| ledger.parties().iter().any(|party| party.person == person);
    ledger.baton().is_held_by(reader.account) || reader.person.is_some_and(is_party)
}

const fn unreadable() -> EngineError {
    EngineError::Conflict { reason: "an entry cannot be read" }
}

fn task_word(task: CaseTask) -> &'static str {
    match task {
        CaseTask::Stafettholder => "stafettholder",
        CaseTask::Assigned => "assigned",
        CaseTask::Family => "family",
    }
}

pub(super) fn item(
    record: EntryRecord,
    seen: Shown,
    towards: Option<EntryId>,
    (read_by, author, origin): (super::preview::ReadBy, Option<AuthorItem>, Option<OriginItem>),
) -> EntryItem {
    EntryItem {
        entry: record.facts.entry,
        case: record.facts.case,
        kind: record.facts.kind,
        areas: record.facts.areas,
        about: record.facts.about,
        generation: record.facts.generation,
        heads: record.heads,
        written_by: record.facts.written_by,
        author,
        origin,
        undelivered: seen.undelivered.map(|what| match what {
            Undelivered::Waiting => "waiting".to_owned(),
            Undelivered::Refused => "refused".to_owned(),
        }),
        view: seen.view,
        towards,
        stored_at: record.stored_at,
        changed_at: record.changed_at,
        readers: read_by.readers,
        waiting: read_by.waiting,
    }
}
