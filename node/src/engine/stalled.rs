//! The cases that have stopped, for the BTI coordinator, who leads the model: on which level and in
//! which service, for how long, and by which signs. Neither whom a case is about nor who works with
//! it, and no entry is opened for it. A strictly protected case is not counted and not listed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::stalled::{Question, Sign, signs};
use stafett_protocol::time::UnixMillis;

use super::tasks::CASES_AT_ONCE;
use super::{Engine, EngineError};

/// A case that has stopped.
pub(crate) struct StalledCase {
    /// Which.
    pub(crate) case: CaseId,
    /// Its level.
    pub(crate) level: Level,
    /// Since when it has been on that level.
    pub(crate) since: UnixMillis,
    /// The service of its stafettholder; without one, the service that opened it.
    pub(crate) service: ServiceCode,
    /// The unit, where it has so many open cases that it points at none.
    pub(crate) unit: Option<String>,
    /// By which signs; at least one.
    pub(crate) signs: Vec<Sign>,
}

/// What a coordinator sees of all cases.
#[derive(Default)]
pub(crate) struct Stalled {
    /// Open cases of each level.
    pub(crate) open: BTreeMap<Level, usize>,
    /// Those that have stopped, the longest on their level first.
    pub(crate) cases: Vec<StalledCase>,
    /// Cases that could not be looked at, because their rows are damaged.
    pub(crate) unreadable: usize,
}

/// What the signs of all cases are made from.
pub(super) struct Signs {
    meetings: BTreeMap<CaseId, UnixMillis>,
    with_uptakes: BTreeSet<CaseId>,
}

/// Fewer open cases than this in a unit, or on a level, are not told: in a small municipality the number
/// alone would tell whose they are.
pub(crate) const FEWEST_COUNTED: usize = 5;

impl Engine {
    /// Counts the open cases by level, and lists those that have stopped.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but a BTI coordinator; [`EngineError::Store`] if the
    /// store cannot be read.
    pub(crate) async fn stalled(&self, reader: &Reader) -> Result<Stalled, EngineError> {
        if reader.role != Role::BtiCoordinator {
            return Err(EngineError::NotFound);
        }
        let all = self.signs().await?;
        let mut stalled = Stalled::default();
        let mut of_unit: BTreeMap<(ServiceCode, Option<String>), usize> = BTreeMap::new();
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            let (ledger, signs) = match self.read_signs(&all, case).await {
                Ok(read) => read,
                Err(EngineError::NotFound) => continue,
                Err(error) => {
                    tracing::error!(%case, %error, "a case could not be listed");
                    stalled.unreadable = stalled.unreadable.saturating_add(1);
                    continue;
                }
            };
            if ledger.is_over() || ledger.protection().grade() == AddressProtection::StrictlyConfidential {
                continue;
            }
            let (_, service, unit) = self.holder_of(&ledger);
            for count in [
                stalled.open.entry(ledger.level()).or_default(),
                of_unit.entry((service.clone(), unit.clone())).or_default(),
            ] {
                *count = count.saturating_add(1);
            }
            if !signs.is_empty() {
                let (level, since) = (ledger.level(), ledger.level_since());
                stalled.cases.push(StalledCase { case, level, since, service, unit, signs });
            }
        }
        for case in &mut stalled.cases {
            let count = of_unit.get(&(case.service.clone(), case.unit.clone())).copied().unwrap_or_default();
            case.unit = case.unit.take().filter(|_| count >= FEWEST_COUNTED);
        }
        stalled.cases.sort_by_key(|case| (case.since, case.case));
        self.note(reader, None, "stalled".to_owned()).await?;
        Ok(stalled)
    }

    /// Reads what the signs of all cases are made from.
    pub(super) async fn signs(&self) -> Result<Signs, EngineError> {
        let meetings = self.inner.store.last_meetings().await?;
        let with_uptakes = self.inner.store.cases_with_uptakes().await?;
        Ok(Signs { meetings, with_uptakes })
    }

    /// Returns the signs by which an own case has stopped.
    pub(super) async fn signs_in(&self, all: &Signs, ledger: &LedgerView) -> Result<Vec<Sign>, EngineError> {
        let case = ledger.case();
        let heard = if all.with_uptakes.contains(&case) { self.heard_in(case).await? } else { Vec::new() };
        let (has_holder, ..) = self.holder_of(ledger);
        let last_meeting = all.meetings.get(&case).copied();
        let question = Question { ledger, has_holder, last_meeting, heard: &heard };
        Ok(signs(&question, self.now()))
    }

    async fn read_signs(
        &self,
        all: &Signs,
        case: CaseId,
    ) -> Result<(Arc<LedgerView>, Vec<Sign>), EngineError> {
        let ledger = self.ledger(case).await?;
        let signs = self.signs_in(all, &ledger).await?;
        Ok((ledger, signs))
    }

    /// Whether somebody holds the baton who works, and in which service and unit; of a holder who has left, or
    /// works at a partner, the service and unit that opened the case.
    fn holder_of(&self, ledger: &LedgerView) -> (bool, ServiceCode, Option<String>) {
        let people = self.people();
        let holder = ledger.baton().own_holder().and_then(|holder| people.get(holder));
        let holder = holder.filter(|person| !person.roles.is_empty());
        match holder.as_ref().and_then(|person| Some((person.service.clone()?, person.unit.clone()))) {
            Some((service, unit)) => (true, service, unit),
            None => (
                holder.is_some() || ledger.baton().there().is_some(),
                ledger.opened_by().clone(),
                ledger.opened_in().map(str::to_owned),
            ),
        }
    }
}
