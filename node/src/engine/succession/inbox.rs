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
use crate::engine::answer::{ColleagueItem, ComingMove, ComingStep};
use crate::engine::consents::invalid;
use crate::engine::{Engine, EngineError};

/// The coordinator knows of every offer; others of those that they are asked about or have accepted.
fn may_know(reader: &Reader, record: &ArrivingRecord) -> bool {
    let is_asked = reader.role == Role::Employee && record.asked == Some(reader.account);
    reader.role == Role::BtiCoordinator || is_asked
}

impl Engine {
    /// Lists the moves that came here, the newest first: all of them for the coordinator, for others those
    /// that they are asked about or have accepted.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever neither coordinates nor works here, [`EngineError::Store`] if the
    /// store cannot be read.
    pub async fn coming_moves(&self, reader: &Reader) -> Result<Vec<ComingMove>, EngineError> {
        if !matches!(reader.role, Role::BtiCoordinator | Role::Employee) {
            return Err(EngineError::NotFound);
        }
        self.must_not_be_sealed()?;
        let mut records = self.inner.store.moves_in().await?;
        // What a partner has said since the backup is not known yet.
        records.retain(|record| may_know(reader, record) && self.must_show(record.course.from).is_ok());
        records.sort_by_key(|record| std::cmp::Reverse((record.came_at, record.course.succession)));
        self.note(reader, None, "moves".to_owned()).await?;
        Ok(records.iter().map(|record| self.coming_item(reader, record)).collect())
    }

    /// Shows one of [`coming_moves`](Self::coming_moves).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is none that the reader may know of.
    pub async fn coming_move(
        &self,
        reader: &Reader,
        succession: SuccessionId,
    ) -> Result<ComingMove, EngineError> {
        let record = self.inner.store.move_in(succession).await?.ok_or(EngineError::NotFound)?;
        if !may_know(reader, &record) {
            return Err(EngineError::NotFound);
        }
        self.must_show(record.course.from)?;
        self.note(reader, None, "moves".to_owned()).await?;
        Ok(self.coming_item(reader, &record))
    }

    /// The offers that wait for the reader's own answer.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn asked_to_take(&self, reader: &Reader) -> Result<Vec<ComingMove>, EngineError> {
        if reader.role != Role::Employee {
            return Ok(Vec::new());
        }
        let mut records = self.inner.store.moves_in().await?;
        let is_shown = |record: &ArrivingRecord| self.must_show(record.course.from).is_ok();
        records.retain(|record| record.asked == Some(reader.account) && is_shown(record));
        let items = records.iter().map(|record| self.coming_item(reader, record));
        Ok(items.filter(|item| item.step == ComingStep::Offered).collect())
    }

    fn coming_item(&self, reader: &Reader, record: &ArrivingRecord) -> ComingMove {
        let terms = record.terms.as_ref();
        let step = self.step_here(record);
        let coordinates = reader.role == Role::BtiCoordinator;
        let is_yours = !coordinates && record.asked == Some(reader.account);
        let may_ask = coordinates && step == ComingStep::Offered;
        ComingMove {
            succession: record.course.succession,
            from: record.course.from,
            from_name: self.name_of(record.course.from),
            came_at: record.came_at,
            stage: terms.map(|terms| terms.stage),
            wished: terms.map(|terms| terms.wished.to_string()),
            services: terms.map(|terms| terms.services.clone()).unwrap_or_default(),
            step,
            lapses_at: match record.arriving {
                Arriving::Offered { lapses_at, .. } => Some(lapses_at),
                _ => None,
            },
            asked: record.asked.map(|account| self.colleague(account)),
            is_yours,
            may_take: if may_ask { self.may_take_over(record) } else { Vec::new() },
            case: record.case.filter(|_| is_yours),
            late: if is_yours { record.late.clone() } else { Vec::new() },
        }
    }

    /// An offer that has lapsed by this node's clock can no longer be answered, whatever the other says later.
    fn step_here(&self, record: &ArrivingRecord) -> ComingStep {
        match &record.arriving {
            Arriving::Offered { lapses_at, .. } if self.now() < *lapses_at => ComingStep::Offered,
            Arriving::Offered { .. } | Arriving::Ended => ComingStep::Ended,
            Arriving::Accepted { .. } | Arriving::InDoubt { .. } => ComingStep::Accepted,
            Arriving::Declined { .. } => ComingStep::Declined,
            Arriving::Owner { .. } => ComingStep::Here,
            Arriving::Waiting { .. } | Arriving::Asking { .. } => ComingStep::Asking,
        }
    }

    /// Employees of the services that an offer names, by name.
    fn may_take_over(&self, record: &ArrivingRecord) -> Vec<ColleagueItem> {
        let Some(terms) = &record.terms else { return Vec::new() };
        let people = self.people();
        let works = people.with_role(Role::Employee);
        let fits = works
            .filter(|person| person.service.as_ref().is_some_and(|service| terms.services.contains(service)));
        let mut found: Vec<_> = fits.map(|person| self.colleague(person.id)).collect();
        found.sort_by(|one, other| (&one.name, one.account).cmp(&(&other.name, other.account)));
        found
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
        if !may_know(reader, &record) {
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
