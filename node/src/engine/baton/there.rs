//! The baton at a partner: the stafettholder offers it to a service there, and what the service answers is
//! decided here, committed, and told by the session (law 14). While somebody there holds it, the leader who
//! answers for the case keeps its ledger, and reads no entry by that.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::access::Denial;
use stafett_protocol::access::there::permit_baton;
use stafett_protocol::baton::there::AnswerThere;
use stafett_protocol::baton::{BatonOffer, Offered};
use stafett_protocol::decision::{BatonThereError, Decision};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Level;
use stafett_protocol::limits::BATON_OFFER_MS;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::signed::Verified;

use crate::engine::answer::{BatonPart, OfferedBaton};
use crate::engine::entries::Press;
use crate::engine::{Engine, EngineError};
use crate::store::LocalWrite;

/// What the leader who keeps a case for a stafettholder at a partner sees of it beside its consents and its family.
pub(crate) struct Kept {
    /// Its level.
    pub(crate) level: Level,
    /// Who works with it in a service here.
    pub(crate) assigned: Vec<AccountId>,
}

impl From<BatonThereError> for EngineError {
    fn from(error: BatonThereError) -> Self {
        match error {
            BatonThereError::Denied(_) => {
                Self::Conflict { reason: "the service may not hold the baton, or not now" }
            }
            BatonThereError::NotTheirs => Self::NotFound,
            BatonThereError::Decision(error) => error.into(),
        }
    }
}

impl Engine {
    /// Offers the baton to a service at a partner; the holder keeps it. By a form's button it is offered once,
    /// and who presses twice is answered as the first time.
    ///
    /// # Errors
    /// As [`offer_baton_there`](Self::offer_baton_there).
    pub(crate) async fn offer_baton_to_service(
        &self,
        reader: &Reader,
        case: CaseId,
        service: Service,
        press: Option<Press>,
    ) -> Result<OfferedBaton, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let offer = self.id_of_offer(reader, &ledger, press.as_ref());
        self.say_offer_there(reader, &ledger, offer, service).await?;
        Ok(OfferedBaton { offer })
    }

    /// Offers the baton to a service at a partner, under an id of the caller's; the holder keeps it.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds it,
    /// [`EngineError::Conflict`] while another offer waits, if the family does not let the service read and
    /// write, or if an offer under this id is over.
    pub async fn offer_baton_there(
        &self,
        reader: &Reader,
        case: CaseId,
        id: BatonOfferId,
        service: Service,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        self.say_offer_there(reader, &ledger, id, service).await
    }

    async fn say_offer_there(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        id: BatonOfferId,
        service: Service,
    ) -> Result<(), EngineError> {
        let waits = ledger.baton().waiting(self.now());
        if waits.is_some_and(|offer| offer.id == id && offer.service() == Some(&service)) {
            return Ok(());
        }
        let link = self.link(service.host).ok_or(BatonThereError::Denied(Denial::NoConsent))?;
        let mut decision = Decision::about(ledger.clone(), Some(reader.account), self.now());
        let lapses_at = self.now().plus(BATON_OFFER_MS);
        let offer = BatonOffer { id, to: Offered::Service(service), lapses_at };
        decision.offer_baton_there(offer, link.view(), &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// The services at partners to which the holder may offer the baton: they read and write in the case.
    pub(super) fn services_that_may_get(&self, part: BatonPart, ledger: &LedgerView) -> Vec<Service> {
        if part != BatonPart::Holder || ledger.is_over() {
            return Vec::new();
        }
        let consents = ledger.consents().values().map(|record| record.consent().recipient.clone());
        let recipients: BTreeSet<Service> = consents.collect();
        let now = self.now();
        let may_get = |service: &Service| {
            let Some(link) = self.link(service.host) else { return false };
            let view = link.view();
            permit_baton(ledger, view.agreement, view.standing, service, now).is_ok()
        };
        recipients.into_iter().filter(may_get).collect()
    }

    /// Whether the person keeps the ledger of a case whose baton somebody at a partner holds: who leads the
    /// unit that answers for it.
    pub(in crate::engine) fn keeps(&self, reader: &Reader, ledger: &LedgerView) -> bool {
        ledger.baton().there().is_some() && self.answers_for(reader, ledger)
    }

    /// As [`keeps`](Self::keeps), for whoever is shown a page of the case; nobody keeps one that there is not.
    pub(crate) async fn keeps_case(&self, reader: &Reader, case: CaseId) -> bool {
        self.ledger(case).await.is_ok_and(|ledger| self.keeps(reader, &ledger))
    }

    /// The level of a case that the person keeps for a stafettholder at a partner, and who works with it here.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody else.
    pub(crate) async fn kept(&self, reader: &Reader, case: CaseId) -> Result<Kept, EngineError> {
        let ledger = self.ledger(case).await?;
        if !self.keeps(reader, &ledger) {
            return Err(EngineError::NotFound);
        }
        let rows = self.inner.store.assignment_rows(case, self.now()).await?;
        let assigned = rows.into_iter().map(|row| row.account).collect();
        Ok(Kept { level: ledger.level(), assigned })
    }

    /// Returns a case whose ledger the person keeps: who holds its baton, or the leader who answers for it
    /// while somebody at a partner does.
    ///
    /// # Errors
    /// As [`held_case`](Self::held_case).
    pub(in crate::engine) async fn kept_case(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Arc<LedgerView>, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.keeps(reader, &ledger) { Ok(ledger) } else { self.held_case(reader, case).await }
    }

    /// Takes in what a service at a partner answers. Of what comes to nothing the session is not told: the
    /// partner says it again, and is told what holds then.
    pub(crate) async fn hear_baton(&self, partner: OrganisationNumber, answer: Verified<AnswerThere>) {
        let (case, offer) = (answer.statement().about.case, answer.statement().about.offer);
        if let Err(error) = self.take_in_baton(partner, &answer).await {
            tracing::warn!(%partner, %case, %offer, %error, "an answer about a baton could not be kept");
        }
    }

    async fn take_in_baton(
        &self,
        partner: OrganisationNumber,
        answer: &Verified<AnswerThere>,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.ledger(answer.statement().about.case).await?;
        let link = self.link(partner).ok_or(EngineError::NotFound)?;
        let acting = self.acting_for(&ledger);
        let mut decision = Decision::about((*ledger).clone(), None, self.now());
        decision.hear_of_baton(answer, link.view(), acting, &self.inner.signing)?;
        // The note with which it was taken over here is for whoever held it until now.
        let passes = decision.ledger().baton().there().is_some();
        let dropped = passes.then_some(LocalWrite::HandoverNoteDropped(ledger.case()));
        self.conclude(decision, Vec::new(), dropped.into_iter().collect()).await?;
        tracing::info!(case = %ledger.case(), %partner, "a baton was answered at a partner");
        Ok(())
    }
}
