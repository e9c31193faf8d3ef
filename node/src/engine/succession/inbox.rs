//! What is done here with an offer of another municipality's case: the coordinator asks somebody, who says
//! yes or no, or she declines. Nobody learns here whom it is about.

use stafett_protocol::id::{AccountId, SuccessionId};
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::succession::Arriving;
use stafett_protocol::succession::package::Line;
use stafett_protocol::succession::record::ArrivingRecord;
use stafett_protocol::succession::statement::{Answer, Answered};
use stafett_protocol::transaction::{Transaction, Write};
use stafett_protocol::uptake::UptakeReason;

use super::arriving::out_of_turn;
use crate::engine::consents::invalid;
use crate::engine::{Engine, EngineError};

impl Engine {
    /// Lists the moves that wait here: all of them for the coordinator, for others those that they are asked
    /// about or have accepted.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn moves_here(&self, reader: &Reader) -> Result<Vec<ArrivingRecord>, EngineError> {
        let mut records = self.inner.store.moves_in().await?;
        records.retain(|record| {
            reader.role == Role::BtiCoordinator
                || (reader.role == Role::Employee && record.asked == Some(reader.account))
        });
        records.sort_by_key(|record| (record.came_at, record.course.succession));
        self.note(reader, None, "moves".to_owned()).await?;
        Ok(records)
    }

    /// Asks an employee of a service that the offer names whether she takes the case.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the coordinator, [`EngineError::Invalid`] unless the
    /// other is an employee of such a service, [`EngineError::Conflict`] if no answer is waited for.
    pub async fn ask_to_take(
        &self,
        reader: &Reader,
        succession: SuccessionId,
        to: AccountId,
    ) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let record = self.offered_here(reader, succession).await?;
        if reader.role != Role::BtiCoordinator {
            return Err(EngineError::NotFound);
        }
        self.service_that_takes(&record, to)?;
        self.keep_arriving(ArrivingRecord { asked: Some(to), ..record }).await
    }

    /// Says that the case cannot come here.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the coordinator, [`EngineError::Conflict`] if no answer
    /// is waited for.
    pub async fn decline_move(
        &self,
        reader: &Reader,
        succession: SuccessionId,
        reason: Option<UptakeReason>,
    ) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let record = self.offered_here(reader, succession).await?;
        if reader.role != Role::BtiCoordinator {
            return Err(EngineError::NotFound);
        }
        self.answer_offer(&record, Answered::Declined { reason }).await
    }

    /// Says yes: the person becomes stafettholder when the old owner has carried the move out.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Conflict`] if no answer is
    /// waited for, the offer has lapsed, or the person may not take it any more.
    pub async fn accept_move(&self, reader: &Reader, succession: SuccessionId) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let record = self.offered_here(reader, succession).await?;
        if record.asked != Some(reader.account) || reader.role != Role::Employee {
            return Err(EngineError::NotFound);
        }
        let service = self.service_that_takes(&record, reader.account)?;
        let people = self.people();
        let name = people.get(reader.account).map(|person| person.name.as_str()).unwrap_or_default();
        let holder = Line::of(name).map_err(|_| invalid("holder", "expected a name of one line"))?;
        self.answer_offer(&record, Answered::Accepted { holder, service }).await
    }

    /// Says no to the coordinator: the offer is hers again, and nothing is sent.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Conflict`] if no answer is
    /// waited for.
    pub async fn cannot_take_move(
        &self,
        reader: &Reader,
        succession: SuccessionId,
    ) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let record = self.offered_here(reader, succession).await?;
        if record.asked != Some(reader.account) {
            return Err(EngineError::NotFound);
        }
        self.keep_arriving(ArrivingRecord { asked: None, ..record }).await
    }

    /// A move that waits for an answer, for whoever may know of it.
    async fn offered_here(
        &self,
        reader: &Reader,
        succession: SuccessionId,
    ) -> Result<ArrivingRecord, EngineError> {
        let record = self.inner.store.move_in(succession).await?.ok_or(EngineError::NotFound)?;
        let may_know = reader.role == Role::BtiCoordinator || record.asked == Some(reader.account);
        if !may_know {
            return Err(EngineError::NotFound);
        }
        // Nothing is answered before the two have compared what they hold: the offer may be over.
        self.must_show(record.course.from)?;
        match record.arriving {
            Arriving::Offered { lapses_at, .. } if self.now() < lapses_at => Ok(record),
            Arriving::Offered { .. } => Err(EngineError::Conflict { reason: "the offer has lapsed" }),
            _ => Err(out_of_turn()),
        }
    }

    /// The service of an employee, if it is one that the offer names.
    fn service_that_takes(
        &self,
        record: &ArrivingRecord,
        account: AccountId,
    ) -> Result<ServiceCode, EngineError> {
        let no = || invalid("account", "expected an employee of a service that the offer names");
        let terms = record.terms.as_ref().ok_or_else(out_of_turn)?;
        let people = self.people();
        let person = people.get(account).filter(|person| person.roles.contains(&Role::Employee));
        let service = person.and_then(|person| person.service.clone()).ok_or_else(no)?;
        if terms.services.contains(&service) { Ok(service) } else { Err(no()) }
    }

    async fn answer_offer(&self, record: &ArrivingRecord, answered: Answered) -> Result<(), EngineError> {
        let Arriving::Offered { offer, .. } = record.arriving else { return Err(out_of_turn()) };
        let is_yes = matches!(answered, Answered::Accepted { .. });
        let answer = Answer { course: record.course, offer, answered };
        let answer = self
            .inner
            .signing
            .sign(answer)
            .map_err(|_| EngineError::Conflict { reason: "that is too large" })?;
        let next = record.answered(&answer, is_yes, self.now()).map_err(|_| out_of_turn())?;
        self.keep_arriving(next).await
    }

    async fn keep_arriving(&self, record: ArrivingRecord) -> Result<(), EngineError> {
        let kept = Transaction::of(vec![Write::Arriving(Box::new(record.clone()))]);
        self.inner.store.commit(kept).await?;
        if let Some(link) = self.link(record.course.from) {
            link.tell(Input::ArrivingTold(Box::new(record)));
        }
        Ok(())
    }
}
