//! Whether a service takes a case that another municipality shared with it: its leader answers here,
//! and the stafettholder of an own case is told what partners' services have answered.
//!
//! An answer withdraws nothing. It is read by the leader who said it and by the stafettholder alone:
//! not by the family, not by whoever else works with the case.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::person::may_assign;
use stafett_protocol::entry::value::normalized;
use stafett_protocol::grant::{Grant, ReceivedGrant};
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::limits::UPTAKE_REASON_BYTES_MAX;
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{OrganisationNumber, Service, ServiceCode};
use stafett_protocol::person::Reader;
use stafett_protocol::task::TaskKind;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Transaction, Write};
use stafett_protocol::uptake::{Heard, Uptake, UptakeAnswer, UptakeReason, last_words};

use super::answer::{CannotTakeItem, CaseSummary, SaidItem, TaskItem};
use super::request::CannotTake;
use super::{Engine, EngineError};
use crate::store::{LocalWrite, SaidRow};
use crate::words::time;

impl Engine {
    /// Shows a received case as the leader of the service that it was shared with sees it. The look is
    /// in the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody else, whether the case exists or not.
    pub async fn inbox_case(&self, reader: &Reader, case: CaseId) -> Result<CaseSummary, EngineError> {
        let here = self.here(reader, case).await?;
        let summary = self.summary(reader, case, &here).await?;
        let summary = summary.filter(|summary| summary.inbox.is_some()).ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), "inbox".to_owned()).await?;
        Ok(summary)
    }

    /// Which case each received one is, from 1, of those that its owner shared with the reader's
    /// service from the same day on, in the order in which this service got its first sharing of each.
    /// One whose sharing has ended keeps its place, so the number of a case stays what it is, whatever
    /// comes and goes; and that another service here had a case before is not told by it.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn inbox_numbers(
        &self,
        reader: &Reader,
    ) -> Result<BTreeMap<CaseId, usize>, EngineError> {
        let zone = &self.inner.config.node.time_zone;
        let grants = self.inner.store.grants_in_order().await?.into_iter().map(|received| received.grant);
        let mut cases: Vec<(OrganisationNumber, CaseId)> = Vec::new();
        let mut since: BTreeMap<CaseId, UnixMillis> = BTreeMap::new();
        for grant in grants.filter(|grant| Some(&grant.service) == reader.service.as_ref()) {
            if !since.contains_key(&grant.case) {
                cases.push((grant.owner, grant.case));
            }
            let first = since.entry(grant.case).or_insert(grant.from);
            *first = grant.from.min(*first);
        }
        let mut of_day: BTreeMap<_, usize> = BTreeMap::new();
        let numbered = cases.into_iter().filter_map(|(owner, case)| {
            let day = time::date_of(*since.get(&case)?, zone);
            let number = of_day.entry((owner, day)).or_default();
            *number = number.saturating_add(1);
            Some((case, *number))
        });
        Ok(numbered.collect())
    }

    /// Says to the owner of a received case that the leader's service cannot take it. Nobody of the
    /// service works with it from here on; the leader can give it to somebody later.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the leader of a service that it is shared with,
    /// [`EngineError::Invalid`] if the reason is no line of the length that is allowed.
    pub async fn cannot_take(
        &self,
        reader: &Reader,
        case: CaseId,
        request: CannotTake,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let turn = self.inner.commands.lock().await;
        let grants = self.inner.store.grants_received_in(case).await?;
        let leads = may_assign(reader, &grants, self.now());
        let service = reader.service.clone().filter(|_| leads).ok_or(EngineError::NotFound)?;
        let reason = UptakeReason::try_from(normalized(request.reason.trim()));
        let reason = reason.map_err(|_| EngineError::Invalid {
            field: "reason",
            reason: format!("expected a line of 1 to {UPTAKE_REASON_BYTES_MAX} bytes"),
        })?;
        self.note(reader, Some(case), "cannot-take".to_owned()).await?;
        let said = self.inner.store.uptakes_said(case).await?;
        let answer = UptakeAnswer::CannotTake { reason };
        let uptakes = living(&grants, &service, self.now())
            .map(|grant| Uptake::of(grant, answer.clone(), before(&said, grant), self.now()))
            .collect();
        let rows = self.inner.store.assignment_rows(case, self.now()).await?.into_iter();
        let of_service = rows.filter(|row| row.service == service);
        let unassigned = of_service.map(|row| LocalWrite::Unassign { case, account: row.account }).collect();
        self.say_uptakes(uptakes, unassigned).await?;
        drop(turn);
        self.mend_batons_here().await
    }

    /// What takes a service's earlier answers back: it takes the case after all.
    pub(super) async fn taken_after_all(
        &self,
        case: CaseId,
        grants: &[ReceivedGrant],
        service: &ServiceCode,
    ) -> Result<Vec<Uptake>, EngineError> {
        let said = self.inner.store.uptakes_said(case).await?;
        let declined: BTreeSet<_> = said
            .iter()
            .filter(|row| row.uptake.answer.reason().is_some())
            .map(|row| row.uptake.grant)
            .collect();
        let now = self.now();
        let meant = living(grants, service, now).filter(|grant| declined.contains(&grant.grant));
        Ok(meant.map(|grant| Uptake::of(grant, UptakeAnswer::Taken, before(&said, grant), now)).collect())
    }

    /// Commits answers with what goes with them, and has them said.
    pub(super) async fn say_uptakes(
        &self,
        uptakes: Vec<Uptake>,
        local: Vec<LocalWrite>,
    ) -> Result<(), EngineError> {
        let writes = uptakes.iter().cloned().map(Write::UptakeSaid).collect();
        self.inner.store.commit_with(Transaction::of(writes), local).await?;
        for uptake in uptakes {
            if let Some(link) = self.link(uptake.owner) {
                link.tell(Input::UptakeSaid(uptake));
            }
        }
        Ok(())
    }

    /// What a service has said of a received case, if it cannot take it.
    pub(super) async fn said_of(
        &self,
        case: CaseId,
        grants: &[ReceivedGrant],
        service: &ServiceCode,
    ) -> Result<Option<SaidItem>, EngineError> {
        let living: BTreeSet<_> = living(grants, service, self.now()).map(|grant| grant.grant).collect();
        let mut said = self.inner.store.uptakes_said(case).await?;
        said.retain(|row| living.contains(&row.uptake.grant));
        let Some(last) = said.iter().max_by_key(|row| row.uptake.said_at) else { return Ok(None) };
        let last_at = last.uptake.said_at;
        let Some(reason) = last.uptake.answer.reason() else { return Ok(None) };
        let reason = reason.as_str().to_owned();
        let mut latest = said.iter().filter(|row| row.uptake.said_at == last_at).map(|row| row.kept_at);
        let kept_at = latest.try_fold(last_at, |last, kept| kept.map(|kept| last.max(kept)));
        Ok(Some(SaidItem { reason, said_at: last_at, kept_at }))
    }

    /// What partners' services have answered in an own case, for whoever holds its baton.
    pub(super) async fn heard_in(&self, case: CaseId) -> Result<Vec<Heard>, EngineError> {
        Ok(self.inner.store.uptakes_heard(case).await?)
    }

    /// The services that cannot take an own case, as things to do for its stafettholder.
    pub(super) fn uptake_tasks(&self, ledger: &LedgerView, heard: &[Heard]) -> Vec<TaskItem> {
        let cannot =
            last_words(ledger, heard).into_iter().filter(|heard| heard.uptake.answer.reason().is_some());
        let item = |heard: &Heard| TaskItem {
            case: ledger.case(),
            kind: TaskKind::ServiceCannotTake,
            due: heard.at,
            age: None,
            consent: ledger.grants().get(&heard.uptake.grant).map(|grant| grant.consent),
            person: None,
            registration: None,
            order: None,
            service: Some(service_of(&heard.uptake)),
            offer: None,
        };
        cannot.map(item).collect()
    }
}

/// Why the service that a consent is for cannot take the case; nothing if it has not said so.
pub(super) fn cannot_take_of(
    ledger: &LedgerView,
    heard: &[Heard],
    recipient: &Service,
) -> Option<CannotTakeItem> {
    let last = last_words(ledger, heard).into_iter().find(|heard| service_of(&heard.uptake) == *recipient)?;
    let reason = last.uptake.answer.reason()?;
    Some(CannotTakeItem { reason: reason.as_str().to_owned(), heard_at: last.at })
}

fn service_of(uptake: &Uptake) -> Service {
    Service { host: uptake.partner, code: uptake.service.clone() }
}

/// The grants of a service that count.
fn living<'a>(
    grants: &'a [ReceivedGrant],
    service: &'a ServiceCode,
    now: UnixMillis,
) -> impl Iterator<Item = &'a Grant> {
    let living = grants.iter().filter(move |received| received.counts(now));
    living.map(|received| &received.grant).filter(move |grant| grant.service == *service)
}

/// When something was last said of a grant.
fn before(said: &[SaidRow], grant: &Grant) -> Option<UnixMillis> {
    said.iter().find(|row| row.uptake.grant == grant.grant).map(|row| row.uptake.said_at)
}
