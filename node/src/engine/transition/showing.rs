//! A transition as whoever asks may see it, and what is to be done in it.

use stafett_config::service::ServiceKind;
use stafett_protocol::access::person::CaseTask;
use stafett_protocol::consent::{ConsentRecord, ConsentStatus};
use stafett_protocol::entry::FieldKey;
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::{Service, ServiceCode};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::task::TaskKind;
use stafett_protocol::transition::{Progress, TransitionRecord, Unit};

use super::last_day;
use crate::engine::answer::{
    ChecklistItem, ConsentStep, OverlapItem, TaskItem, TransitionPart, TransitionView, UnderWay, UnitItem,
};
use crate::engine::tasks::CASES_AT_ONCE;
use crate::engine::{Engine, EngineError};
use crate::words::time::date_of;

/// A child that begins in a unit, as the unit's leader sees it in a list: without a name.
pub(crate) struct Receiving {
    /// In which case.
    pub(crate) case: CaseId,
    /// The service that it leaves, if children do.
    pub(crate) from: Option<ServiceCode>,
    /// The day, `YYYY-MM-DD`.
    pub(crate) on: String,
    /// Whether the unit has said that it takes part.
    pub(crate) is_received: bool,
}

impl Engine {
    /// Shows the transition of a case. The look is in the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a part in it, whether the case exists or not;
    /// [`EngineError::NotAllowed`] for whoever else has a task in the case.
    pub async fn transition(&self, reader: &Reader, case: CaseId) -> Result<TransitionView, EngineError> {
        let ledger = self.ledger(case).await?;
        let keeps = self.keeps(reader, &ledger);
        let holds = keeps || matches!(self.task_in(reader, &ledger).await, Ok(CaseTask::Stafettholder));
        let part = if holds {
            TransitionPart::Holder
        } else if self.received_by(reader, &ledger).is_some() {
            TransitionPart::Receiver
        } else if ledger.transition().is_some() && self.answers_for(reader, &ledger) {
            TransitionPart::Leader
        } else {
            self.held_case(reader, case).await?;
            return Err(EngineError::NotFound);
        };
        self.note(reader, Some(case), "transition".to_owned()).await?;
        let may_begin = holds && ledger.transition().is_none() && !ledger.is_over();
        let units = if may_begin { self.units() } else { Vec::new() };
        let leaves = self.leaves(&ledger, &units).map(|unit| shown(&unit, true));
        let left = units.iter().filter(|unit| self.is_place_of_children(unit));
        let may_leave = left.map(|unit| shown(unit, true)).collect();
        let may_go_to = units.iter().map(|unit| shown(unit, true)).collect();
        let under_way = match ledger.transition() {
            Some(record) => Some(self.under_way(part, &ledger, record).await?),
            None => None,
        };
        let is_hidden = ledger.address_protection() == AddressProtection::StrictlyConfidential;
        Ok(TransitionView { case, part, is_hidden, under_way, may_leave, leaves, may_go_to })
    }

    async fn under_way(
        &self,
        part: TransitionPart,
        ledger: &LedgerView,
        record: &TransitionRecord,
    ) -> Result<UnderWay, EngineError> {
        let progress = self.progress(ledger, record);
        let zone = &self.inner.config.node.time_zone;
        let transition = record.transition();
        let holds = part == TransitionPart::Holder;
        let is_told = holds || (part == TransitionPart::Receiver && progress.is_consented);
        let (step, consent) = self.consent_step(ledger, record);
        let contact = record.reception().and_then(|reception| reception.contact);
        let overlapping = if holds { self.overlapping(ledger).await? } else { Vec::new() };
        let may_be_contact = if part == TransitionPart::Receiver && progress.is_consented {
            self.may_be_contact(ledger, &transition.to).map(|account| self.colleague(account)).collect()
        } else {
            Vec::new()
        };
        Ok(UnderWay {
            transition: transition.id,
            from: Some(shown(&transition.from, is_told))
                .filter(|_| holds || self.is_place_of_children(&transition.from)),
            to: shown(&transition.to, true),
            on: date_of(transition.starts_at, zone).to_string(),
            overlap_until: holds.then(|| last_day(transition.overlap_until, zone).to_string()),
            first_name: if part == TransitionPart::Receiver {
                self.first_name(ledger, record).await?
            } else {
                None
            },
            received_at: record.reception().map(|reception| reception.at),
            contact: contact.filter(|_| is_told).map(|account| self.colleague(account)),
            consent_step: holds.then_some(step),
            consent: consent.filter(|_| holds),
            overlapping,
            items: if holds { self.items(record, progress) } else { Vec::new() },
            may_be_contact,
        })
    }

    fn items(&self, record: &TransitionRecord, progress: Progress) -> Vec<ChecklistItem> {
        let zone = &self.inner.config.node.time_zone;
        let now = self.now();
        let mut items: Vec<_> = record.transition().items.iter().collect();
        items.sort_by_key(|(code, item)| (item.due, (*code).clone()));
        let shown = items.into_iter().map(|(code, item)| {
            let is_met = record.is_met(code, progress);
            ChecklistItem {
                item: code.clone(),
                due: last_day(item.due, zone).to_string(),
                is_met,
                is_marked: record.is_marked(code),
                is_late: !is_met && item.due <= now,
            }
        });
        shown.collect()
    }

    async fn overlapping(&self, ledger: &LedgerView) -> Result<Vec<OverlapItem>, EngineError> {
        let zone = &self.inner.config.node.time_zone;
        let rows = self.inner.store.assignment_rows(ledger.case(), self.now()).await?.into_iter();
        let ending = rows.filter_map(|row| Some((row.account, row.until?)));
        let shown = ending.map(|(account, until)| OverlapItem {
            who: self.colleague(account),
            until: last_day(until, zone).to_string(),
        });
        Ok(shown.collect())
    }

    /// How far the family's consent to the receiving service has come, and which one says so: one that
    /// counts, or else the one asked for last that is not over.
    fn consent_step(
        &self,
        ledger: &LedgerView,
        transition: &TransitionRecord,
    ) -> (ConsentStep, Option<stafett_protocol::id::ConsentId>) {
        let to = &transition.transition().to;
        let (now, service) = (self.now(), Service { host: self.inner.own, code: to.service.clone() });
        if let Some(record) = self.counting_for(ledger, transition, &service).next() {
            return (ConsentStep::Given, Some(record.consent().id));
        }
        let waits = |record: &&ConsentRecord| {
            let status = ledger.status(record, now);
            record.consent().recipient == service
                && self.is_asked_for(ledger, transition, record)
                && matches!(
                    status,
                    ConsentStatus::Draft | ConsentStatus::PartlyGiven { .. } | ConsentStatus::NotYet
                )
        };
        let asked = ledger.consents().values().filter(waits);
        match asked.max_by_key(|record| ledger.asked_since(record.consent().id)) {
            Some(record) => (ConsentStep::Asked, Some(record.consent().id)),
            None => (ConsentStep::NotAsked, None),
        }
    }

    /// The child's first name, if a consent that counts chose the name for the receiving service.
    async fn first_name(
        &self,
        ledger: &LedgerView,
        record: &TransitionRecord,
    ) -> Result<Option<String>, EngineError> {
        let service = Service { host: self.inner.own, code: record.transition().to.service.clone() };
        let is_told = self
            .counting_for(ledger, record, &service)
            .any(|record| record.consent().card_fields.iter().any(|field| field.key() == FieldKey::Name));
        let private = if is_told { self.private_case(ledger.case()).await? } else { None };
        let name = private.map(|private| private.view().subject.name.clone());
        Ok(name.and_then(|name| name.split_whitespace().next().map(str::to_owned)))
    }

    /// Whether a child can leave it for another such place. That somebody else has the case, such as PPT, is
    /// not the receiving unit's to know.
    pub(super) fn is_place_of_children(&self, unit: &Unit) -> bool {
        let kind = self.inner.config.service(&unit.service).map(|service| service.kind);
        matches!(
            kind,
            Some(
                ServiceKind::Kindergarten
                    | ServiceKind::School
                    | ServiceKind::AfterSchool
                    | ServiceKind::HealthStation
            )
        )
    }

    /// Lists the children who begin in a unit, for its leader, the first to begin at the top.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever leads no unit; [`EngineError::Store`] if the store cannot
    /// be read.
    pub(crate) async fn receiving(&self, reader: &Reader) -> Result<Vec<Receiving>, EngineError> {
        if reader.role != Role::UnitLeader {
            return Err(EngineError::NotFound);
        }
        let mut list = Vec::new();
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            let Ok(ledger) = self.ledger(case).await else { continue };
            let Some(record) = self.received_by(reader, &ledger) else { continue };
            let transition = record.transition();
            list.push((
                transition.starts_at,
                Receiving {
                    case,
                    from: Some(transition.from.service.clone())
                        .filter(|_| self.is_place_of_children(&transition.from)),
                    on: date_of(transition.starts_at, &self.inner.config.node.time_zone).to_string(),
                    is_received: record.reception().is_some(),
                },
            ));
        }
        list.sort_by_key(|(starts_at, receiving)| (*starts_at, receiving.case));
        Ok(list.into_iter().map(|(_, receiving)| receiving).collect())
    }

    /// What is to be done in the transition of a case, as far as it concerns somebody.
    pub(in crate::engine) fn transition_tasks(
        &self,
        ledger: &LedgerView,
        concern: impl Fn(TaskKind) -> bool,
    ) -> Vec<TaskItem> {
        let Some(record) = ledger.transition().filter(|_| !ledger.is_over()) else { return Vec::new() };
        let to = Service { host: self.inner.own, code: record.transition().to.service.clone() };
        let tasks = record.tasks(self.progress(ledger, record), self.now());
        let theirs = tasks.iter().filter(|task| concern(task.kind));
        theirs.map(|task| TaskItem::of(ledger.case(), task, Some(to.clone()))).collect()
    }
}

fn shown(unit: &Unit, with_name: bool) -> UnitItem {
    UnitItem { service: unit.service.clone(), unit: unit.name.clone().filter(|_| with_name) }
}
