//! The cases of a unit, for the leader who answers for them: that each has somebody who holds its
//! baton, on which level it is, and what lies undone. Not whom it is about and nothing that was
//! written: a leader reads no case by leading.

use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::stalled::Sign;
use stafett_protocol::time::UnixMillis;

use super::tasks::CASES_AT_ONCE;
use super::{Engine, EngineError};

/// A case as its unit's leader sees it.
pub(crate) struct UnitCase {
    /// Which.
    pub(crate) case: CaseId,
    /// When it was opened.
    pub(crate) opened_at: UnixMillis,
    /// Its level.
    pub(crate) level: Level,
    /// The stafettholder's name; none if nobody works here any longer under that account.
    pub(crate) holder: Option<String>,
    /// Whether that is somebody who acts for a stafettholder who has left.
    pub(crate) is_acting: bool,
    /// Since when.
    pub(crate) held_since: UnixMillis,
    /// Whether the baton is offered to somebody who has not answered.
    pub(crate) is_offered: bool,
    /// How much the stafettholder should have done before now.
    pub(crate) overdue: usize,
    /// By which signs it has stopped.
    pub(crate) signs: Vec<Sign>,
}

impl Engine {
    /// Lists the open cases that a unit leader answers for: those that nobody holds first,
    /// then those with an acting stafettholder, then those in which most is overdue, then the oldest.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever leads no unit; [`EngineError::Store`] if the store cannot be
    /// read.
    pub(crate) async fn unit_cases(&self, reader: &Reader) -> Result<Vec<UnitCase>, EngineError> {
        if reader.role != Role::UnitLeader {
            return Err(EngineError::NotFound);
        }
        let all = self.signs().await?;
        let mut cases = Vec::new();
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            match self.ledger(case).await {
                Ok(ledger) if !ledger.is_over() && self.answers_for(reader, &ledger) => {
                    // A leader sees a case also where its signs cannot be read.
                    let signs = self.signs_in(&all, &ledger).await.unwrap_or_else(|error| {
                        tracing::error!(%case, %error, "the signs of a case could not be read");
                        Vec::new()
                    });
                    cases.push(self.unit_case(&ledger, signs));
                }
                Ok(_) | Err(EngineError::NotFound) => {}
                Err(error) => tracing::error!(%case, %error, "a case could not be listed"),
            }
        }
        cases.sort_by_key(|case| {
            let has_holder = case.holder.is_some() && !case.is_acting;
            (has_holder, case.is_acting, std::cmp::Reverse(case.overdue), case.opened_at, case.case)
        });
        self.note(reader, None, "unit".to_owned()).await?;
        Ok(cases)
    }

    fn unit_case(&self, ledger: &LedgerView, signs: Vec<Sign>) -> UnitCase {
        let people = self.people();
        let now = self.now();
        let baton = ledger.baton();
        let works = |account| people.get(account).is_some_and(|person| !person.roles.is_empty());
        let is_held = baton.own_holder().is_none_or(works);
        UnitCase {
            case: ledger.case(),
            opened_at: ledger.opened_at(),
            level: ledger.level(),
            holder: self.holder_called(baton).filter(|_| is_held),
            is_acting: ledger.baton().is_acting,
            held_since: ledger.baton().since,
            is_offered: ledger.baton().waiting(now).is_some(),
            overdue: self.tasks_of_holder(ledger, &[]).iter().filter(|task| task.due < now).count(),
            signs,
        }
    }
}
