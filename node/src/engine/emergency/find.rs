//! Finding the one case that somebody names in an emergency: an own one by what it says of its subject,
//! a received one by the card that the service was given.
//!
//! Whatever is asked for, as many documents are opened, so that how long it takes tells nothing.

use stafett_protocol::access::emergency::EmergencyOpening;
use stafett_protocol::consent::rule::Birthdays;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::{CaseId, EmergencyOpeningId};
use stafett_protocol::person::Reader;
use stafett_protocol::transaction::EntryRecord;

use crate::engine::request::OpenEmergency;
use crate::engine::search::fold;
use crate::engine::tasks::CASES_AT_ONCE;
use crate::engine::{Engine, EngineError};
use crate::store::StoreError;

/// Characters of a name at the most, as of any line.
const NAME_CHARACTERS_MAX: usize = 1_024;
/// Private documents that are opened for any question, if there are so many. More than children of a
/// municipality who have a case and one day of birth.
const OPENED_AT_LEAST: usize = 16;

/// Whom somebody looks for.
pub(super) struct Sought {
    /// The words of the name, folded: nobody has time for accents and capitals.
    name: Vec<String>,
    born: String,
    birthdays: Birthdays,
}

impl Sought {
    fn is(&self, name: &str, born: Option<&str>) -> bool {
        born == Some(self.born.as_str()) && words(name) == self.name
    }
}

fn words(name: &str) -> Vec<String> {
    fold(name).split_whitespace().map(str::to_owned).collect()
}

impl Engine {
    pub(super) fn sought(&self, request: &OpenEmergency) -> Result<Sought, EngineError> {
        let name = words(&request.name);
        if name.is_empty() || request.name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(EngineError::Invalid { field: "name", reason: "expected a name".to_owned() });
        }
        let born = request.birth_date.trim().to_owned();
        let birthdays = self.birthdays_of(&born)?;
        Ok(Sought { name, born, birthdays })
    }

    /// The case that is about whom somebody looks for, if it is the only one and shows that person
    /// something.
    pub(super) async fn case_sought(
        &self,
        reader: &Reader,
        sought: &Sought,
    ) -> Result<Option<CaseId>, EngineError> {
        let (mut found, others) = self.own_cases_of(sought).await?;
        found.extend(self.received_cases_of(reader, sought).await?);
        // Looked into whether or not anything was found.
        let looked_into = found.first().or(others.first()).copied();
        let shows = match looked_into {
            Some(case) => self.would_show(reader, case).await?,
            None => false,
        };
        match found.as_slice() {
            [only] if shows => Ok(Some(*only)),
            _ => Ok(None),
        }
    }

    /// The own cases about whom somebody looks for, and some about others.
    async fn own_cases_of(&self, sought: &Sought) -> Result<(Vec<CaseId>, Vec<CaseId>), EngineError> {
        let (mut born_then, mut others) = (Vec::new(), Vec::new());
        for (number, case) in self.inner.store.cases_owned().await?.into_iter().enumerate() {
            if number.is_multiple_of(CASES_AT_ONCE) {
                tokio::task::yield_now().await;
            }
            match self.ledger(case).await {
                Ok(ledger) if ledger.is_over() => {}
                Ok(ledger) if *ledger.birthdays() == sought.birthdays => born_then.push(case),
                Ok(_) if others.len() < OPENED_AT_LEAST => others.push(case),
                Ok(_) | Err(EngineError::NotFound) => {}
                Err(error) => tracing::error!(%case, %error, "a case could not be looked at"),
            }
        }
        let more = OPENED_AT_LEAST.saturating_sub(born_then.len());
        let opened: Vec<CaseId> = born_then.into_iter().chain(others.iter().copied().take(more)).collect();
        let mut found = Vec::new();
        for case in opened {
            tokio::task::yield_now().await;
            match self.private_case(case).await {
                Ok(Some(private)) => {
                    let subject = &private.view().subject;
                    if sought.is(&subject.name, subject.birth_date.as_deref()) {
                        found.push(case);
                    }
                }
                Ok(None) => {}
                Err(EngineError::Store(error)) if !error.is_damage() => return Err(error.into()),
                Err(error) => tracing::error!(%case, %error, "a case could not be looked at"),
            }
        }
        Ok((found, others))
    }

    /// The received cases about whom somebody looks for, by the cards that the service was given.
    async fn received_cases_of(&self, reader: &Reader, sought: &Sought) -> Result<Vec<CaseId>, EngineError> {
        let mut found = Vec::new();
        for received in self.inner.store.cases_received().await? {
            tokio::task::yield_now().await;
            if self.must_show(received.owner).is_err() {
                continue;
            }
            match self.has_card_of(reader, received.case, sought).await {
                Ok(true) => found.push(received.case),
                Ok(false) | Err(EngineError::NotFound | EngineError::Sealed(_)) => {}
                Err(error @ EngineError::Store(StoreError::Closed)) => return Err(error),
                Err(error) => tracing::error!(case = %received.case, %error, "a case could not be looked at"),
            }
        }
        Ok(found)
    }

    async fn has_card_of(&self, reader: &Reader, case: CaseId, sought: &Sought) -> Result<bool, EngineError> {
        let Some(opening) = self.as_if_opened(reader, case) else { return Ok(false) };
        let here = self.here(reader, case).await?;
        if !self.opens_in_emergency(reader, &opening, &here) {
            return Ok(false);
        }
        let (engine, asks) = (self.clone(), reader.clone());
        let keeps = move |record: &EntryRecord| {
            record.facts.kind == EntryKind::CaseCard
                && engine.may_read_in_emergency(&asks, &opening, &here, record)
        };
        let cards = self.inner.store.contents_of_case(case, keeps).await?;
        self.note_damage(case, &cards.damaged);
        let views = self.whole_views(case, cards.whole).await;
        let mut views = views.iter().map(|(_, view)| view);
        Ok(views.any(|view| sought.is(view.text(FieldKey::Name), Some(view.text(FieldKey::BirthDate)))))
    }

    /// Whether there is anything in a case that an opening would show.
    async fn would_show(&self, reader: &Reader, case: CaseId) -> Result<bool, EngineError> {
        let Some(opening) = self.as_if_opened(reader, case) else { return Ok(false) };
        let here = match self.here(reader, case).await {
            Ok(here) => here,
            Err(EngineError::NotFound | EngineError::Sealed(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        let records = self.inner.store.whole_entries(case).await?.whole;
        Ok(records.iter().any(|record| self.may_read_in_emergency(reader, &opening, &here, record)))
    }

    /// What an opening of a case would be, for asking the gate what it would open.
    fn as_if_opened(&self, reader: &Reader, case: CaseId) -> Option<EmergencyOpening> {
        Some(EmergencyOpening {
            id: EmergencyOpeningId::from_bytes([0; 16]),
            case,
            account: reader.account,
            role: reader.role,
            service: reader.service.clone()?,
            unit: None,
            opened_at: self.now(),
            ended_at: None,
        })
    }
}
