//! What a person must do: in the cases whose baton the person holds or is offered, as the leader who
//! answers for a case, and keeps it for a stafettholder at a partner, and as the one of the unit where a child
//! begins. Nothing of it is stored, so it is right also after a night without the node.

use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::task::{Task, TaskKind, tasks};
use stafett_protocol::uptake::Heard;

use super::answer::TaskItem;
use super::{Engine, EngineError};

/// Cases that are looked at before other requests get their turn.
pub(super) const CASES_AT_ONCE: usize = 256;

impl Engine {
    /// Lists what the person must do, the earliest due first.
    ///
    /// Each own case costs one look at its ledger: microseconds from the cache, the reading of its
    /// chain the first time. Whoever neither works here nor leads is answered without any.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn tasks(&self, reader: &Reader) -> Result<Vec<TaskItem>, EngineError> {
        let mut items = Vec::new();
        let with_uptakes = self.inner.store.cases_with_uptakes().await?;
        if matches!(reader.role, Role::Employee | Role::UnitLeader) {
            for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
                // What stands in the cache is looked at without a pause; others are answered too.
                if number.is_multiple_of(CASES_AT_ONCE) {
                    tokio::task::yield_now().await;
                }
                match self.tasks_in(reader, case, with_uptakes.contains(&case)).await {
                    Ok(of_case) => items.extend(of_case),
                    Err(EngineError::NotFound) => {}
                    Err(error) => tracing::error!(%case, %error, "a case's tasks could not be listed"),
                }
            }
        }
        items.extend(self.baton_tasks(reader).await?);
        items.sort_unstable_by_key(|item| (item.due, item.kind, item.case, item.consent, item.order));
        self.note(reader, None, "tasks".to_owned()).await?;
        Ok(items)
    }

    async fn tasks_in(
        &self,
        reader: &Reader,
        case: CaseId,
        has_uptakes: bool,
    ) -> Result<Vec<TaskItem>, EngineError> {
        let ledger = self.ledger(case).await?;
        let leads = self.answers_for(reader, &ledger);
        let keeps = leads && ledger.baton().there().is_some();
        let holds = ledger.baton().is_held_by(reader.account) || keeps;
        let is_offered = self.offered_to(reader, &ledger).is_some();
        let receives = self.received_by(reader, &ledger).is_some();
        if !holds && !leads && !is_offered && !receives {
            return Ok(Vec::new());
        }
        let heard = if holds && has_uptakes { self.heard_in(case).await? } else { Vec::new() };
        let concern = |kind: TaskKind| {
            (holds && kind.is_for_stafettholder())
                || (leads && kind.is_for_leader())
                || (is_offered && kind.is_for_receiver())
                || (receives && kind.is_for_receiving_leader())
        };
        let mut items = self.tasks_that(&ledger, concern);
        items.extend(self.transition_tasks(&ledger, concern));
        items.extend(self.uptake_tasks(&ledger, &heard));
        Ok(items)
    }

    /// What the stafettholder of a case must do in it.
    pub(super) fn tasks_of_holder(&self, ledger: &LedgerView, heard: &[Heard]) -> Vec<TaskItem> {
        let mut items = self.tasks_that(ledger, TaskKind::is_for_stafettholder);
        items.extend(self.transition_tasks(ledger, TaskKind::is_for_stafettholder));
        items.extend(self.uptake_tasks(ledger, heard));
        items.sort_by_key(|item| item.due);
        items
    }

    fn tasks_that(&self, ledger: &LedgerView, concern: impl Fn(TaskKind) -> bool) -> Vec<TaskItem> {
        let all = tasks(ledger, self.now());
        let theirs = all.iter().filter(|task| concern(task.kind));
        let service = |task: &Task| {
            let record = ledger.consents().get(&task.consent?)?;
            Some(record.consent().recipient.clone())
        };
        theirs.map(|task| TaskItem::of(ledger.case(), task, service(task))).collect()
    }
}
