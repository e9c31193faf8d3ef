//! The cases that have stopped, for the BTI coordinator, who leads the model: on which level and in
//! which service, for how long, and by which signs. Neither whom a case is about nor who works with
//! it, and no entry is opened for it. A strictly protected case is not counted and not listed.

use std::collections::BTreeMap;

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
}

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
        let meetings = self.inner.store.last_meetings().await?;
        let with_uptakes = self.inner.store.cases_with_uptakes().await?;
        let mut stalled = Stalled::default();
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            let ledger = match self.ledger(case).await {
                Ok(ledger) => ledger,
                Err(EngineError::NotFound) => continue,
                Err(error) => {
                    tracing::error!(%case, %error, "a case could not be listed");
                    continue;
                }
            };
            if ledger.is_closed() || ledger.protection().grade() == AddressProtection::StrictlyConfidential {
                continue;
            }
            let of_level = stalled.open.entry(ledger.level()).or_default();
            *of_level = of_level.saturating_add(1);
            let heard = if with_uptakes.contains(&case) { self.heard_in(case).await? } else { Vec::new() };
            let (has_holder, service) = self.service_of_holder(&ledger);
            let last_meeting = meetings.get(&case).copied();
            let question = Question { ledger: &ledger, has_holder, last_meeting, heard: &heard };
            let signs = signs(&question, self.now());
            if !signs.is_empty() {
                let (level, since) = (ledger.level(), ledger.level_since());
                stalled.cases.push(StalledCase { case, level, since, service, signs });
            }
        }
        stalled.cases.sort_by_key(|case| (case.since, case.case));
        self.note(reader, None, "stalled".to_owned()).await?;
        Ok(stalled)
    }

    /// Whether whoever holds the baton works here, and in which service.
    fn service_of_holder(&self, ledger: &LedgerView) -> (bool, ServiceCode) {
        let people = self.people();
        let holder = people.get(ledger.baton().holder).filter(|person| !person.roles.is_empty());
        let service = holder.as_ref().and_then(|person| person.service.clone());
        (holder.is_some(), service.unwrap_or_else(|| ledger.opened_by().clone()))
    }
}
