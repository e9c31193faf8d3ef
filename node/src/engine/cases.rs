//! Opening cases, their level, their protection, and who works with them.

use stafett_protocol::access::person::{CaseTask, may_assign, task};
use stafett_protocol::case::{
    GuardianDetails, ParentalResponsibility, PrivateCase, PrivateCaseDocument, Relation, Subject,
};
use stafett_protocol::consent::rule::{Capacity, Party, SubjectKind};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::Actor;
use stafett_protocol::id::{CaseId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;

use super::request::{Assign, OpenCase, ProtectAddress, SetLevel};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{Assignment, LocalWrite};

impl Engine {
    /// Opens a case; the person who asks holds the baton from the first moment (law 14).
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] unless the person works in a service,
    /// [`EngineError::Invalid`] if something of the family does not fit.
    pub async fn open_case(&self, reader: &Reader, request: OpenCase) -> Result<CaseId, EngineError> {
        self.must_not_be_sealed()?;
        let service = reader.service.clone().filter(|_| reader.role == Role::Employee);
        let service = service.ok_or(EngineError::NotAllowed)?;
        self.check_opening(&request)?;
        let case = CaseId::from_random(random());
        let (private, parties) = family(&request)?;
        let document = PrivateCaseDocument::create(Actor(random()), &private)
            .map_err(|error| EngineError::Invalid { field: "subject", reason: error.to_string() })?;
        let said = Said::Opened {
            subject_kind: request.subject_kind,
            level: request.level,
            holder: reader.account,
            service,
            parties,
        };
        let _turn = self.inner.commands.lock().await;
        let decision = Decision::open(case, said, reader.account, self.now(), &self.inner.signing)?;
        let local = vec![LocalWrite::PrivateCase { case, document: document.save(), at: self.now() }];
        let ledger = decision.ledger().clone();
        self.inner
            .store
            .commit_with(stafett_protocol::transaction::Transaction::of(decision.into_writes()), local)
            .await?;
        self.keep_ledger(&std::sync::Arc::new(ledger));
        Ok(case)
    }

    /// A youth must have the age from which the municipality lets one consent alone, and a case
    /// starts on a level on which the municipality's guide has a stafettlogg.
    fn check_opening(&self, request: &OpenCase) -> Result<(), EngineError> {
        let invalid = |field, reason: String| EngineError::Invalid { field, reason };
        let entry_level = self.inner.config.action_guide.entry_level;
        if u8::from(request.level) < entry_level {
            return Err(invalid("level", format!("expected level {entry_level} or higher")));
        }
        let today = today(self.now(), &self.inner.config.node.time_zone);
        let born = request.subject.birth_date.as_deref();
        let born = born.map(str::parse::<jiff::civil::Date>).transpose();
        let born =
            born.map_err(|_| invalid("birth_date", "expected a date of the form YYYY-MM-DD".into()))?;
        if born.is_some_and(|born| born > today) {
            return Err(invalid("birth_date", "expected a day that has been".into()));
        }
        if request.subject_kind == SubjectKind::Youth {
            let age = i16::from(self.inner.config.consent.youth_age);
            let old_enough = born.is_some_and(|born| {
                born.checked_add(jiff::Span::new().years(age)).is_ok_and(|birthday| birthday <= today)
            });
            if !old_enough {
                let reason = format!("expected a youth of {age} years or more");
                return Err(invalid("birth_date", reason));
            }
        }
        Ok(())
    }

    /// Sets the level of a case.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person holds the baton.
    pub async fn set_level(
        &self,
        reader: &Reader,
        case: CaseId,
        request: SetLevel,
    ) -> Result<(), EngineError> {
        self.say(reader, case, Said::LevelChanged { level: request.level }).await
    }

    /// Sets how the subject's address is protected. Protection closes the case for every partner
    /// before this returns (law 15).
    ///
    /// # Errors
    /// As [`set_level`](Self::set_level).
    pub async fn protect_address(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ProtectAddress,
    ) -> Result<(), EngineError> {
        self.say(reader, case, Said::AddressProtected { protection: request.protection }).await
    }

    /// Says one thing about a case in the stafettholder's name.
    pub(super) async fn say(&self, reader: &Reader, case: CaseId, said: Said) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.held_case(reader, case).await?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Returns what holds in a case whose baton the person holds.
    pub(super) async fn held_case(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<std::sync::Arc<LedgerView>, EngineError> {
        let ledger = self.ledger(case).await?;
        match self.task_in(reader, &ledger).await? {
            CaseTask::Stafettholder => Ok(ledger),
            CaseTask::Assigned | CaseTask::Family => Err(EngineError::NotAllowed),
        }
    }

    pub(super) async fn task_in(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
    ) -> Result<CaseTask, EngineError> {
        let assigned = self.assigned(reader, ledger.case()).await?;
        task(reader, ledger, &assigned).map_err(|_| EngineError::NotFound)
    }

    /// Gives a case to a person to work with: a received one by the service's leader, an own one
    /// by the stafettholder.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if the case is not the person's to know,
    /// [`EngineError::Invalid`] if the other person does not work in the service.
    pub async fn assign(&self, reader: &Reader, case: CaseId, request: Assign) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let people = self.people();
        let other = people.get(request.account).filter(|person| person.roles.contains(&Role::Employee));
        let no_such_person = || EngineError::Invalid {
            field: "account",
            reason: "expected an employee of the service".into(),
        };
        let grants = self.inner.store.grants_received_in(case).await?;
        let service = if grants.is_empty() {
            self.held_case(reader, case).await?;
            other.and_then(|person| person.service.clone()).ok_or_else(no_such_person)?
        } else {
            if !may_assign(reader, &grants, self.now()) {
                return Err(EngineError::NotFound);
            }
            let service = reader.service.clone().ok_or(EngineError::NotFound)?;
            let works_there = other.is_some_and(|person| person.service.as_ref() == Some(&service));
            if !works_there {
                return Err(no_such_person());
            }
            service
        };
        let assignment =
            Assignment { case, service, account: request.account, by: reader.account, at: self.now() };
        self.inner.store.assign(assignment).await?;
        Ok(())
    }
}

fn today(now: UnixMillis, zone: &jiff::tz::TimeZone) -> jiff::civil::Date {
    let millis = i64::try_from(now.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(zone.clone()).date()
}

/// Names go to the private document, ids and capacities to the ledger.
fn family(request: &OpenCase) -> Result<(PrivateCase, Vec<Party>), EngineError> {
    let subject = PersonId::from_random(random());
    let mut parties = vec![Party { person: subject, capacity: Capacity::Subject }];
    let mut private = PrivateCase::about(Subject {
        birth_date: request.subject.birth_date.clone(),
        national_identity_number: request.subject.national_identity_number.clone(),
        unit: request.subject.unit.clone(),
        language: request.subject.language.clone(),
        address: request.subject.address.clone(),
        ..Subject::named(subject, request.subject.name.clone())
    });
    let together = request.guardians.iter().filter(|guardian| guardian.parental_responsibility).count() > 1;
    for guardian in &request.guardians {
        let person = PersonId::from_random(random());
        let relation = Relation::from_code(&guardian.relation).ok_or_else(|| EngineError::Invalid {
            field: "guardians",
            reason: "expected a relation such as mother, father, co-mother or appointed-guardian".into(),
        })?;
        let capacity = match (guardian.parental_responsibility, relation) {
            (_, Relation::AppointedGuardian) => Capacity::AppointedGuardian,
            (true, _) => Capacity::GuardianWithParentalResponsibility,
            (false, _) => Capacity::ParentWithoutParentalResponsibility,
        };
        parties.push(Party { person, capacity });
        let shared = match (guardian.parental_responsibility, together) {
            (false, _) => None,
            (true, true) => Some(ParentalResponsibility::Joint),
            (true, false) => Some(ParentalResponsibility::Sole),
        };
        private.guardians.push(GuardianDetails {
            person,
            name: guardian.name.clone(),
            relation,
            parental_responsibility: shared,
            national_identity_number: None,
            address: None,
            phone: None,
            email: None,
            language: None,
            interpreter: None,
        });
    }
    Ok((private, parties))
}
