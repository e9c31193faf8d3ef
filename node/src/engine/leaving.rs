//! A stafettholder who leaves: the baton falls to somebody who acts, so no case is without (law 14).
//!
//! Whoever has left is told by the file of people, whoever acts by the rule of the protocol. Consents
//! stay as they are. Where nobody can act, the baton stays where it is and is shown as nobody's.

use std::sync::Arc;

use stafett_config::people::Person;
use stafett_protocol::access::leader::{Colleague, Place, acting_leader};
use stafett_protocol::baton::{Baton, BatonOffer};
use stafett_protocol::decision::Decision;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::person::Role;

use super::protection::answering;
use super::tasks::CASES_AT_ONCE;
use super::{Engine, EngineError};
use crate::store::LocalWrite;

impl Engine {
    /// Mends every own case whose baton is held by somebody who has left, or offered to one. Wanted
    /// whenever people change. A case that cannot be mended stops no other.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn mend_batons(&self) -> Result<(), EngineError> {
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            match self.mend_baton(case).await {
                Ok(true) => {}
                Ok(false) => tracing::error!(%case, "nobody can act for a stafettholder who has left"),
                Err(error) => tracing::error!(%case, %error, "a baton could not be mended"),
            }
        }
        self.mend_batons_here().await
    }

    /// Mends one case; whether somebody who works here holds its baton afterwards. A sealed node
    /// leaves all as it is until it opens.
    pub(super) async fn mend_baton(&self, case: CaseId) -> Result<bool, EngineError> {
        let is_whole = |ledger: &Arc<LedgerView>| ledger.is_over() || self.is_baton_whole(ledger);
        if self.is_sealed() || self.whole_ledger(case).await?.as_ref().is_none_or(is_whole) {
            return Ok(true);
        }
        let _turn = self.inner.commands.lock().await;
        let Some(ledger) = self.whole_ledger(case).await? else { return Ok(true) };
        if self.is_sealed() || is_whole(&ledger) {
            return Ok(true);
        }
        let baton = ledger.baton();
        let (said, is_held) = if self.is_held(baton) {
            let offer = baton.waiting(self.now()).filter(|offer| !self.may_answer(offer));
            (offer.map(|offer| Said::BatonRecalled { offer: offer.id }), true)
        } else {
            let acting = self.acting_for(&ledger);
            (acting.map(|to| Said::BatonFell { to }), acting.is_some())
        };
        if let Some(said) = said {
            let mut decision = Decision::about((*ledger).clone(), None, self.now());
            decision.say(said, &self.inner.signing)?;
            self.conclude(decision, Vec::new(), vec![LocalWrite::HandoverNoteDropped(case)]).await?;
            tracing::info!(%case, "the baton of somebody who has left is mended");
        }
        Ok(is_held)
    }

    /// Whether the holder works here, and so does the one to whom the baton is offered.
    fn is_baton_whole(&self, ledger: &LedgerView) -> bool {
        let offer = ledger.baton().waiting(self.now());
        self.is_held(ledger.baton()) && offer.is_none_or(|offer| self.may_answer(offer))
    }

    /// Whether the holder works here, or at a partner, whose node says when that ends.
    fn is_held(&self, baton: &Baton) -> bool {
        baton.own_holder().is_none_or(|holder| self.holds_on(holder))
    }

    fn may_answer(&self, offer: &BatonOffer) -> bool {
        offer.own_to().is_none_or(|to| self.may_take(to))
    }

    fn holds_on(&self, account: AccountId) -> bool {
        let works = |role: &Role| matches!(role, Role::Employee | Role::UnitLeader);
        self.people().get(account).is_some_and(|person| person.roles.iter().any(works))
    }

    pub(super) fn may_take(&self, account: AccountId) -> bool {
        self.people().get(account).is_some_and(|person| person.roles.contains(&Role::Employee))
    }

    pub(super) fn acting_for(&self, ledger: &LedgerView) -> Option<AccountId> {
        let people = self.people();
        let near = people.iter().filter(|person| self.is_near(person, ledger));
        let colleagues: Vec<_> = near.map(colleague).collect();
        acting_leader(&colleagues, &answering(&people, ledger))
    }
}

fn colleague(person: &Person) -> Colleague<'_> {
    let place = person.service.as_ref().map(|service| Place { service, unit: person.unit.as_deref() });
    Colleague {
        account: person.id,
        place,
        leads: person.roles.contains(&Role::UnitLeader),
        coordinates: [Role::BtiCoordinator, Role::Employee].iter().all(|role| person.roles.contains(role)),
    }
}
