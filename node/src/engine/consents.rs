//! Asking for consents and showing them; [`words`] takes the givers' words.

mod asking;
mod items;
mod words;

use std::collections::BTreeSet;

use stafett_protocol::decision::Decision;
use stafett_protocol::id::{CaseId, ConsentId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Reader;

use super::answer::ConsentView;
use super::entries::Press;
use super::request::AskConsent;
use super::{Engine, EngineError};
use crate::clock::random;
pub(super) use items::status_word;

impl Engine {
    /// Asks the family. Nothing is opened by this. By a form's button it is asked once, and who presses
    /// twice is answered as the first time; once that question is over, the same words are a new one.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person keeps the ledger, and if one
    /// who reads no entry points at some, [`EngineError::Invalid`] if the scope does not make sense.
    pub(crate) async fn ask_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        request: AskConsent,
        press: Option<Press>,
    ) -> Result<ConsentView, EngineError> {
        self.must_not_be_sealed()?;
        let turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        self.must_not_point(reader, &ledger, &request)?;
        let id = self.id_of_question(reader, &ledger, press.as_ref());
        if ledger.consents().contains_key(&id) {
            drop(turn);
            return self.consent_view(reader, case, id).await;
        }
        let consent = self.consent_of(&ledger, id, &request).await?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::ConsentAsked { consent }, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        drop(turn);
        self.consent_view(reader, case, id).await
    }

    /// Whoever keeps the ledger for somebody at a partner reads no entry, and so points at none: those that
    /// are closed stay closed.
    pub(super) fn must_not_point(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        request: &AskConsent,
    ) -> Result<(), EngineError> {
        let points = request.exceptions.is_some() && self.keeps(reader, ledger);
        if points { Err(EngineError::NotAllowed) } else { Ok(()) }
    }

    /// The id of what is asked: by a press that of the first question of this press that is not over.
    fn id_of_question(&self, reader: &Reader, ledger: &LedgerView, press: Option<&Press>) -> ConsentId {
        let Some(press) = press else { return ConsentId::from_random(random()) };
        let is_over = |id: &ConsentId| {
            ledger.consents().get(id).is_some_and(|record| ledger.status(record, self.now()).is_over())
        };
        let id = |time: u32| ConsentId::from_random(press.id_bytes(reader, Some(ledger.case()), time));
        (0..).map(id).find(|id| !is_over(id)).unwrap_or_else(|| ConsentId::from_random(random()))
    }

    /// Lists the consents of a case: all with what came of each for the stafettholder, the own
    /// questions and the own word for somebody of the family.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] for others.
    pub async fn consents(&self, reader: &Reader, case: CaseId) -> Result<Vec<ConsentView>, EngineError> {
        let views = self.consent_views(reader, case).await?;
        self.note(reader, Some(case), "consents".to_owned()).await?;
        Ok(views)
    }

    /// As [`consents`](Self::consents), for whoever is shown none of it.
    pub(super) async fn consent_views(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Vec<ConsentView>, EngineError> {
        let ledger = self.ledger(case).await?;
        if let Some(person) = self.person_of_family(reader, &ledger) {
            let own = ledger.consents().values().filter(|record| self.is_own(&ledger, record, person));
            let items = own.map(|record| self.own_item(&ledger, record, person));
            return Ok(items.map(|item| ConsentView::Own(Box::new(item))).collect());
        }
        let ledger = self.kept_case(reader, case).await?;
        let orders = self.orders_by_grant(&ledger).await?;
        let heard = self.heard_in(case).await?;
        let items = ledger.consents().values().map(|record| self.full_item(&ledger, record, &orders, &heard));
        Ok(items.map(|item| ConsentView::Full(Box::new(item))).collect())
    }

    /// Lists the services that a case's consents name, for the stafettholder's look at the case that
    /// is in the access log already.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] for others.
    pub(crate) async fn services_asked_for(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<BTreeSet<Service>, EngineError> {
        let ledger = self.kept_case(reader, case).await?;
        Ok(ledger.consents().values().map(|record| record.consent().recipient.clone()).collect())
    }

    /// A consent as its reader may see it, after a word about it.
    async fn consent_view(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
    ) -> Result<ConsentView, EngineError> {
        let ledger = self.ledger(case).await?;
        let record = ledger.consents().get(&consent).ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), format!("consent {consent}")).await?;
        if let Some(person) = self.person_of_family(reader, &ledger) {
            return Ok(ConsentView::Own(Box::new(self.own_item(&ledger, record, person))));
        }
        let orders = self.orders_by_grant(&ledger).await?;
        let heard = self.heard_in(case).await?;
        Ok(ConsentView::Full(Box::new(self.full_item(&ledger, record, &orders, &heard))))
    }
}

pub(super) fn invalid(field: &'static str, reason: &str) -> EngineError {
    EngineError::Invalid { field, reason: reason.to_owned() }
}
