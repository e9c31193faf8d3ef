//! Showing the case that somebody has open in an emergency: by the same gate as any look, and in the
//! access log before.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::emergency::{
    EmergencyOpening, may_open, opens, opens_received, permit_reading, permit_reading_received,
};
use stafett_protocol::access::person::ReceivedFacts;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::{EntryRecord, EntryState};

use super::EMERGENCY;
use crate::engine::answer::{CaseSummary, CaseView, EmergencyView, EntryItem};
use crate::engine::preview::ReadBy;
use crate::engine::reading::{Here, item};
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Shows the case that the person has open in an emergency; nothing if none is, or not any longer.
    /// The look is in the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever may open none, [`EngineError::Sealed`] while the node is.
    pub(crate) async fn emergency_case(&self, reader: &Reader) -> Result<Option<EmergencyView>, EngineError> {
        if !may_open(reader) {
            return Err(EngineError::NotFound);
        }
        self.must_not_be_sealed()?;
        let Some((opening, here)) = self.open_now(reader).await? else { return Ok(None) };
        let case = opening.case;
        self.note_why(reader, Some(case), "case".to_owned(), EMERGENCY).await?;
        let mut read = self.read_in_emergency(reader, &opening, here).await?;
        // What closed while this was read is not shown, nor anything once the opening is over.
        let Some((again, here)) = self.open_now(reader).await? else { return Ok(None) };
        if again.id != opening.id {
            return Ok(None);
        }
        read.entries.retain(|(record, _)| self.may_read_in_emergency(reader, &again, &here, record));
        if read.entries.is_empty() && read.unreadable == 0 {
            return Ok(None);
        }
        let summary = self.emergency_summary(case, &here, &read);
        let mut entries: Vec<_> = read.entries.into_iter().map(|(_, item)| item).collect();
        let kept: BTreeSet<EntryId> = entries.iter().map(|item| item.entry).collect();
        for item in &mut entries {
            item.towards = item.towards.filter(|to| kept.contains(to));
        }
        entries.sort_by_key(|item| std::cmp::Reverse((item.stored_at, item.entry)));
        let (subject_kind, baton) = match &here {
            Here::Own { ledger, .. } => (Some(ledger.subject_kind()), Some(ledger.baton().clone())),
            Here::Received { .. } => (None, None),
        };
        let view = CaseView {
            summary,
            subject_kind,
            baton,
            parties: Vec::new(),
            entries,
            unreadable: read.unreadable,
            proposals: Vec::new(),
            tasks: Vec::new(),
            carried: None,
        };
        Ok(Some(EmergencyView { opening: again.id, until: again.until(), case: view }))
    }

    /// What the person has open at this moment.
    pub(super) async fn last_opening(
        &self,
        reader: &Reader,
    ) -> Result<Option<EmergencyOpening>, EngineError> {
        let row = self.inner.store.last_emergency_opening(reader.account).await?;
        Ok(row.and_then(|row| row.opening()))
    }

    /// What the person has open at this moment, and the case, if anything of it is open.
    async fn open_now(&self, reader: &Reader) -> Result<Option<(EmergencyOpening, Here)>, EngineError> {
        let Some(opening) = self.last_opening(reader).await? else { return Ok(None) };
        // Nothing of a case is looked at for an opening that is over.
        if self.now() >= opening.until() {
            return Ok(None);
        }
        let here = match self.here(reader, opening.case).await {
            Ok(here) => here,
            Err(EngineError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(self.opens_in_emergency(reader, &opening, &here).then_some((opening, here)))
    }

    /// Whether an opening opens anything of a case at this moment.
    pub(super) fn opens_in_emergency(
        &self,
        reader: &Reader,
        opening: &EmergencyOpening,
        here: &Here,
    ) -> bool {
        match here {
            Here::Own { ledger, .. } => opens(reader, opening, ledger, self.now()).is_ok(),
            Here::Received { grants, .. } => opens_received(reader, opening, grants, self.now()).is_ok(),
        }
    }

    /// Whether the person may read this entry by an opening at this moment.
    pub(super) fn may_read_in_emergency(
        &self,
        reader: &Reader,
        opening: &EmergencyOpening,
        here: &Here,
        record: &EntryRecord,
    ) -> bool {
        let (facts, now) = (&record.facts, self.now());
        match here {
            Here::Own { ledger, .. } => permit_reading(reader, opening, ledger, facts, now).is_ok(),
            Here::Received { grants, .. } => {
                let received = ReceivedFacts { grants, entry: facts, under: &record.under };
                record.state == EntryState::Live
                    && permit_reading_received(reader, opening, &received, now).is_ok()
            }
        }
    }

    async fn read_in_emergency(
        &self,
        reader: &Reader,
        opening: &EmergencyOpening,
        here: Here,
    ) -> Result<ReadCase, EngineError> {
        let case = opening.case;
        let relations = self.inner.store.relations(case).await?.into_iter();
        let relations: BTreeMap<EntryId, EntryId> = relations.map(|one| (one.from, one.to)).collect();
        let (engine, asks, by, at) = (self.clone(), reader.clone(), opening.clone(), here.clone());
        let keeps = move |record: &EntryRecord| engine.may_read_in_emergency(&asks, &by, &at, record);
        let opened = self.inner.store.contents_of_case(case, keeps).await?;
        let mut damaged = opened.damaged;
        let (seen, unseen) = self.all_seen(opened.whole).await;
        damaged.extend(unseen);
        self.note_damage(case, &damaged);
        let may_know = |record: &EntryRecord| self.may_read_in_emergency(reader, opening, &here, record);
        let unreadable = damaged.iter().filter(|one| one.record.as_ref().is_some_and(may_know)).count();
        let mut origins = self.origins_in(case, &here).await?;
        let mut entries = Vec::with_capacity(seen.len());
        for (content, shown) in seen {
            let towards = relations.get(&content.record.facts.entry).copied();
            let origin = origins.remove(&content.record.facts.entry);
            let beside = (ReadBy::default(), None, origin);
            entries.push((content.record.clone(), item(content.record, shown, towards, beside)));
        }
        Ok(ReadCase { entries, unreadable })
    }

    /// The head of the case. The name is that of a card that the person may read, as for whoever is
    /// assigned.
    fn emergency_summary(&self, case: CaseId, here: &Here, read: &ReadCase) -> CaseSummary {
        let cards = read.entries.iter().filter(|(record, _)| record.facts.kind == EntryKind::CaseCard);
        let mut names = cards.map(|(_, item)| item.view.text(FieldKey::Name));
        let subject_name = names.find(|name| !name.is_empty()).map(str::to_owned);
        let (owner, level, since) = match here {
            Here::Own { ledger, .. } => (self.inner.own, Some(ledger.level()), ledger.opened_at()),
            Here::Received { owner, grants, .. } => {
                let since = grants.iter().map(|received| received.grant.from).min();
                (*owner, None, since.unwrap_or_else(|| self.now()))
            }
        };
        CaseSummary {
            case,
            owner,
            owner_name: self.name_of(owner),
            subject_name,
            level,
            since,
            task: EMERGENCY.to_owned(),
            inbox: None,
        }
    }
}

/// What was read of a case.
struct ReadCase {
    entries: Vec<(EntryRecord, EntryItem)>,
    /// Entries more that the person may read and that are damaged.
    unreadable: usize,
}
