//! Batons of other municipalities' cases that are offered to a service here, or held in it (law 14): the
//! service's leader asks somebody who works with the case, who takes it or not. Nobody is shown as
//! stafettholder before the owner has said so, and nobody learns here whom a case is about.

use std::collections::BTreeSet;

use stafett_protocol::baton::there::{At, BatonThere};
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId};
use stafett_protocol::link::input::Input;
use stafett_protocol::municipality::{Service, ServiceCode};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::succession::package::Line;
use stafett_protocol::task::TaskKind;
use stafett_protocol::transaction::{Fault, Transaction};

use crate::engine::answer::{BatonHere, BatonStep, ColleagueItem, TaskItem};
use crate::engine::consents::invalid;
use crate::engine::{Engine, EngineError};
use crate::store::{BatonRow, LocalWrite};

/// Whether the person leads the service to which a baton is offered.
fn leads(reader: &Reader, row: &BatonRow) -> bool {
    reader.role == Role::ServiceLeader && reader.service.as_ref() == Some(&row.record.about.service)
}

/// Whether the person is asked, has taken the baton, or holds it.
fn is_theirs(reader: &Reader, row: &BatonRow) -> bool {
    let works = reader.role == Role::Employee && reader.service.as_ref() == Some(&row.record.about.service);
    works && who(row) == Some(reader.account)
}

/// Who is asked, has taken the baton, or holds it.
fn who(row: &BatonRow) -> Option<AccountId> {
    match &row.record.at {
        At::Taken { account, .. } | At::Held { account, .. } => Some(*account),
        At::Offered { .. } | At::NotTaken => row.asked,
    }
}

impl Engine {
    /// Lists the batons of other municipalities' cases that are offered to the service that the person
    /// leads, or that the person is asked about, has taken or holds; those that lapse first at the top.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn batons_here(&self, reader: &Reader) -> Result<Vec<BatonHere>, EngineError> {
        let rows = self.known_batons(reader).await?;
        self.note(reader, None, "batons".to_owned()).await?;
        let mut items = Vec::new();
        for row in &rows {
            items.push(self.baton_item(reader, row).await?);
        }
        items.sort_unstable_by_key(|item| (item.lapses_at.is_none(), item.lapses_at, item.offer));
        Ok(items)
    }

    /// Shows one of [`batons_here`](Self::batons_here).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is none that the person may know of.
    pub async fn baton_here(&self, reader: &Reader, offer: BatonOfferId) -> Result<BatonHere, EngineError> {
        let row = self.known_baton(reader, offer).await?;
        self.note(reader, Some(row.record.about.case), "baton".to_owned()).await?;
        self.baton_item(reader, &row).await
    }

    /// Asks somebody who works with the case in the service whether she takes the baton.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the service's leader, [`EngineError::Invalid`] unless
    /// the other works with the case, [`EngineError::Conflict`] if no answer is waited for.
    pub async fn ask_to_hold(
        &self,
        reader: &Reader,
        offer: BatonOfferId,
        to: AccountId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let row = self.known_baton(reader, offer).await?;
        if !leads(reader, &row) {
            return Err(EngineError::NotFound);
        }
        self.must_wait(&row)?;
        if !self.works_with(&row.record).await?.contains(&to) {
            return Err(invalid("account", "expected an employee of the service who works with the case"));
        }
        self.ask_of(offer, Some(to)).await
    }

    /// Takes the baton. The person is stafettholder when the owner has said so, and not before. Who presses
    /// again is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Conflict`] if no answer
    /// is waited for or the person does not work with the case any longer.
    pub async fn accept_baton_here(&self, reader: &Reader, offer: BatonOfferId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let row = self.asked_here(reader, offer).await?;
        if matches!(row.record.at, At::Taken { .. } | At::Held { .. }) {
            return Ok(());
        }
        self.must_wait(&row)?;
        if !self.works_with(&row.record).await?.contains(&reader.account) {
            return Err(EngineError::Conflict { reason: "only somebody who works with the case takes it" });
        }
        let people = self.people();
        let name = people.get(reader.account).map(|person| person.name.as_str()).unwrap_or_default();
        let name = Line::of(name).map_err(|_| invalid("name", "expected a name of one line"))?;
        let at = At::Taken { account: reader.account, name };
        self.keep_baton_here(BatonThere { about: row.record.about, at }).await
    }

    /// Says no to the service's leader: she may ask another, and nothing is sent.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Conflict`] if no answer
    /// is waited for.
    pub async fn cannot_hold(&self, reader: &Reader, offer: BatonOfferId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let row = self.asked_here(reader, offer).await?;
        self.must_wait(&row)?;
        self.ask_of(offer, None).await
    }

    /// Says that the service does not take the baton, or gives it back. Who presses again is answered as
    /// the first time.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the service's leader and whoever has taken it,
    /// [`EngineError::Conflict`] for whoever is only asked, and has not taken it.
    pub async fn give_baton_back(&self, reader: &Reader, offer: BatonOfferId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let BatonRow { record, .. } = self.known_baton(reader, offer).await?;
        match record.at {
            At::NotTaken => Ok(()),
            At::Offered { .. } if reader.role != Role::ServiceLeader => {
                Err(EngineError::Conflict { reason: "it has not been taken" })
            }
            _ => self.keep_baton_here(BatonThere { at: At::NotTaken, ..record }).await,
        }
    }

    /// Gives back what is held, or was taken, by somebody who does not work with its case here any longer;
    /// who does not is not asked any longer either. A sealed node leaves all as it is until it opens.
    pub(in crate::engine) async fn mend_batons_here(&self) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        if self.is_sealed() {
            return Ok(());
        }
        for row in self.inner.store.batons_here().await? {
            let works = self.works_with(&row.record).await?;
            match (who(&row), &row.record.at) {
                (Some(account), _) if works.contains(&account) => {}
                (Some(_), At::Offered { .. }) => self.ask_of(row.record.about.offer, None).await?,
                (Some(_), At::Taken { .. } | At::Held { .. }) => {
                    let given_back = BatonThere { at: At::NotTaken, ..row.record };
                    match self.keep_baton_here(given_back).await {
                        // It was over meanwhile, or was given back by the session.
                        Ok(()) | Err(EngineError::Conflict { .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the person must do with batons of other municipalities' cases.
    pub(in crate::engine) async fn baton_tasks(&self, reader: &Reader) -> Result<Vec<TaskItem>, EngineError> {
        let item = |row: &BatonRow| {
            let At::Offered { lapses_at } = row.record.at else { return None };
            let kind = match row.asked {
                None if leads(reader, row) => TaskKind::BatonForService,
                Some(_) if is_theirs(reader, row) => TaskKind::BatonAsked,
                _ => return None,
            };
            let about = &row.record.about;
            Some(TaskItem {
                case: about.case,
                kind,
                due: lapses_at,
                age: None,
                consent: None,
                person: None,
                registration: None,
                order: None,
                service: Some(Service { host: self.inner.own, code: about.service.clone() }),
                offer: Some(about.offer),
            })
        };
        let rows = self.known_batons(reader).await?;
        let waiting = rows.iter().filter(|row| row.record.may_be_taken(self.now()));
        Ok(waiting.filter_map(item).collect())
    }

    /// Who in the reader's service holds the baton of a received case by the owner's word.
    pub(in crate::engine) async fn holder_here(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Option<AccountId>, EngineError> {
        let rows = self.inner.store.batons_here().await?.into_iter();
        let of_case = rows.filter(|row| {
            row.record.about.case == case && reader.service.as_ref() == Some(&row.record.about.service)
        });
        for row in of_case {
            if let Some(holder) =
                row.record.holder().filter(|_| self.must_show(row.record.about.owner).is_ok())
                && self.is_open(&row.record).await?
            {
                return Ok(Some(holder));
            }
        }
        Ok(None)
    }

    /// The batons that the person may know of: what came under a grant that counts, once this node and the
    /// owner's have compared what they hold.
    async fn known_batons(&self, reader: &Reader) -> Result<Vec<BatonRow>, EngineError> {
        if !matches!(reader.role, Role::ServiceLeader | Role::Employee) {
            return Ok(Vec::new());
        }
        let mut known = Vec::new();
        for row in self.inner.store.batons_here().await? {
            let may_know = leads(reader, &row) || is_theirs(reader, &row);
            let is_shown = may_know && self.must_show(row.record.about.owner).is_ok();
            if is_shown && self.is_open(&row.record).await? {
                known.push(row);
            }
        }
        Ok(known)
    }

    async fn known_baton(&self, reader: &Reader, offer: BatonOfferId) -> Result<BatonRow, EngineError> {
        let known = self.known_batons(reader).await?.into_iter();
        known.into_iter().find(|row| row.record.about.offer == offer).ok_or(EngineError::NotFound)
    }

    /// A baton that the person is asked about, has taken or holds.
    async fn asked_here(&self, reader: &Reader, offer: BatonOfferId) -> Result<BatonRow, EngineError> {
        let row = self.known_baton(reader, offer).await?;
        if is_theirs(reader, &row) { Ok(row) } else { Err(EngineError::NotFound) }
    }

    /// What the owner shares with the service ends by itself at the grant's `until` (law 12).
    async fn is_open(&self, record: &BatonThere) -> Result<bool, EngineError> {
        let grants = self.inner.store.grants_received_in(record.about.case).await?;
        Ok(grants.iter().any(|received| record.about.is_open_under(received, self.now())))
    }

    fn must_wait(&self, row: &BatonRow) -> Result<(), EngineError> {
        if row.record.may_be_taken(self.now()) {
            Ok(())
        } else {
            Err(EngineError::Conflict { reason: "the offer is answered, or has lapsed" })
        }
    }

    /// The employees of the service who work with the case.
    async fn works_with(&self, record: &BatonThere) -> Result<BTreeSet<AccountId>, EngineError> {
        let about = &record.about;
        let people = self.people();
        let works = |account: AccountId, service: &ServiceCode| {
            people.get(account).is_some_and(|person| {
                person.roles.contains(&Role::Employee) && person.service.as_ref() == Some(service)
            })
        };
        let rows = self.inner.store.assignment_rows(about.case, self.now()).await?.into_iter();
        let of_service = rows.filter(|row| row.service == about.service);
        Ok(of_service.map(|row| row.account).filter(|account| works(*account, &about.service)).collect())
    }

    async fn ask_of(&self, offer: BatonOfferId, to: Option<AccountId>) -> Result<(), EngineError> {
        let asked = vec![LocalWrite::BatonAsked { offer, to }];
        self.inner.store.commit_with(Transaction::default(), asked).await?;
        Ok(())
    }

    /// Keeps an answer to an offer that is kept, and tells the link.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if the offer is over or was answered meanwhile: the session ends what it
    /// keeps in no turn of a person's.
    pub(crate) async fn keep_baton_here(&self, record: BatonThere) -> Result<(), EngineError> {
        let answered = vec![LocalWrite::BatonAnswered(Box::new(record.clone()))];
        self.inner.store.commit_with(Transaction::default(), answered).await.map_err(
            |fault| match fault {
                Fault::Moved => EngineError::Conflict { reason: "the offer is over, or was answered" },
                fault => fault.into(),
            },
        )?;
        if let Some(link) = self.link(record.about.owner) {
            link.tell(Input::BatonSaid(Box::new(record)));
        }
        Ok(())
    }

    async fn baton_item(&self, reader: &Reader, row: &BatonRow) -> Result<BatonHere, EngineError> {
        let BatonThere { about, at } = &row.record;
        let waits = row.record.may_be_taken(self.now());
        let (step, lapses_at, confirmed_at) = match at {
            At::Offered { lapses_at } if waits => (BatonStep::Offered, Some(*lapses_at), None),
            At::Offered { .. } => (BatonStep::Lapsed, None, None),
            At::Taken { .. } => (BatonStep::Taken, None, None),
            At::Held { since, .. } => (BatonStep::Held, None, Some(*since)),
            At::NotTaken => (BatonStep::GivenBack, None, None),
        };
        let may_ask = if waits && leads(reader, row) {
            let works = self.works_with(&row.record).await?;
            let mut works: Vec<ColleagueItem> = works.into_iter().map(|one| self.colleague(one)).collect();
            works.sort_by(|one, other| (&one.name, one.account).cmp(&(&other.name, other.account)));
            works
        } else {
            Vec::new()
        };
        Ok(BatonHere {
            offer: about.offer,
            case: about.case,
            owner: about.owner,
            owner_name: self.name_of(about.owner),
            service: about.service.clone(),
            step,
            lapses_at,
            confirmed_at,
            who: who(row).map(|account| self.colleague(account)),
            is_yours: is_theirs(reader, row),
            may_ask,
        })
    }
}
