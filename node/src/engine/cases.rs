//! Opening cases, their level, and who works with them.

use stafett_protocol::access::person::{CaseTask, may_assign, task};
use stafett_protocol::case::PrivateCaseDocument;
use stafett_protocol::consent::rule::{Birthdays, SubjectKind};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::Actor;
use stafett_protocol::id::CaseId;
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;

use super::entries::Press;
use super::request::{Assign, OpenCase, SetLevel};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{Assignment, LocalWrite};

impl Engine {
    /// Opens a case; the person who asks holds the baton from the first moment (law 14). By a form's
    /// button it is opened once, and who presses twice is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] unless the person works in a service,
    /// [`EngineError::Invalid`] if something of the family does not fit.
    pub(crate) async fn open_case(
        &self,
        reader: &Reader,
        request: OpenCase,
        press: Option<Press>,
    ) -> Result<CaseId, EngineError> {
        self.must_not_be_sealed()?;
        let service = reader.service.clone().filter(|_| reader.role == Role::Employee);
        let service = service.ok_or(EngineError::NotAllowed)?;
        // Who answers for the case as a leader follows from here, whatever the accounts are later.
        let unit = self.people().get(reader.account).ok_or(EngineError::NotAllowed)?.unit.clone();
        let birthdays = self.check_opening(&request)?;
        let case =
            CaseId::from_random(press.as_ref().map_or_else(random, |press| press.id_bytes(reader, None, 0)));
        let (private, parties) = super::family::opened(&request)?;
        let document = PrivateCaseDocument::create(Actor(random()), &private)
            .map_err(|error| EngineError::Invalid { field: "subject", reason: error.to_string() })?;
        let said = Said::Opened {
            subject_kind: request.subject_kind,
            level: request.level,
            holder: reader.account,
            service,
            unit,
            parties,
            birthdays,
        };
        let _turn = self.inner.commands.lock().await;
        if press.is_some() && self.ledger_if_here(case).await?.is_some() {
            return Ok(case);
        }
        let decision = Decision::open(case, said, reader.account, self.now(), &self.inner.signing)?
            .under(std::sync::Arc::clone(&self.inner.rules));
        let local = vec![LocalWrite::PrivateCase { case, document: document.save(), at: self.now() }];
        let ledger = decision.ledger().clone();
        self.inner
            .store
            .commit_with(stafett_protocol::transaction::Transaction::of(decision.into_writes()), local)
            .await?;
        self.keep_ledger(&std::sync::Arc::new(ledger));
        Ok(case)
    }

    /// A youth must have the age from which the municipality's rule lets one consent, and a case
    /// starts on a level on which the municipality's guide has a stafettlogg.
    fn check_opening(&self, request: &OpenCase) -> Result<Birthdays, EngineError> {
        let invalid = |field, reason: String| EngineError::Invalid { field, reason };
        let entry_level = self.inner.config.action_guide.entry_level;
        if u8::from(request.level) < entry_level {
            return Err(invalid("level", format!("expected level {entry_level} or higher")));
        }
        let born = request.subject.birth_date.as_deref();
        let birthdays = born.map(|born| self.birthdays_of(born)).transpose()?.unwrap_or_default();
        let age = self.inner.rules.at(None, self.now()).youth_age;
        let is_young = request.subject_kind == SubjectKind::Youth
            && birthdays.has_reached(age, self.now()) != Some(true);
        if is_young {
            return Err(invalid("birth_date", format!("expected a youth of {age} years or more")));
        }
        Ok(birthdays)
    }

    /// Returns the birthdays of somebody born on a day of the form YYYY-MM-DD that has been.
    pub(super) fn birthdays_of(&self, born: &str) -> Result<Birthdays, EngineError> {
        let invalid = |reason: &str| EngineError::Invalid { field: "birth_date", reason: reason.to_owned() };
        let zone = &self.inner.config.node.time_zone;
        let born: jiff::civil::Date =
            born.parse().map_err(|_| invalid("expected a date of the form YYYY-MM-DD"))?;
        if born > day(self.now(), zone) {
            return Err(invalid("expected a day that has been"));
        }
        Ok(birthdays(born, zone))
    }

    /// Returns the day of birth that these birthdays are of. A fourth or an eighth one falls on
    /// 29 February too.
    pub(super) fn day_of_birth(&self, of: &Birthdays) -> Option<jiff::civil::Date> {
        let zone = &self.inner.config.node.time_zone;
        [4, 8].into_iter().find_map(|age: u8| {
            let birthday = day(*of.0.get(&age)?, zone);
            let born = birthday.checked_sub(jiff::Span::new().years(i16::from(age))).ok()?;
            (birthdays(born, zone) == *of).then_some(born)
        })
    }

    /// Sets the level of a case; the one that it has is no change.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person keeps the ledger.
    pub async fn set_level(
        &self,
        reader: &Reader,
        case: CaseId,
        request: SetLevel,
    ) -> Result<(), EngineError> {
        if self.kept_case(reader, case).await?.level() == request.level {
            return Ok(());
        }
        self.say(reader, case, Said::LevelChanged { level: request.level }).await
    }

    /// Says one thing about a case in the name of whoever keeps its ledger.
    pub(super) async fn say(&self, reader: &Reader, case: CaseId, said: Said) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
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
        task(reader, ledger, &assigned, self.now()).map_err(|_| EngineError::NotFound)
    }

    /// Gives a case to a person to work with: a received one by the service's leader, an own one
    /// by the stafettholder. A leader who had said that the service cannot take it takes that back.
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
        let _turn = self.inner.commands.lock().await;
        let grants = self.inner.store.grants_received_in(case).await?;
        let service = if grants.is_empty() {
            self.kept_case(reader, case).await?;
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
        let assignment = Assignment {
            case,
            service,
            account: request.account,
            by: reader.account,
            at: self.now(),
            until: None,
        };
        let taken = self.taken_after_all(case, &grants, &assignment.service).await?;
        self.say_uptakes(taken, vec![LocalWrite::Assign(assignment)]).await
    }

    /// Takes a case from somebody who was given it; what the person wrote stays. Taking it once more
    /// changes nothing.
    ///
    /// # Errors
    /// As [`assign`](Self::assign); the leader of a shared service takes it from that service's
    /// people alone.
    pub async fn unassign(&self, reader: &Reader, case: CaseId, request: Assign) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let grants = self.inner.store.grants_received_in(case).await?;
        let rows = self.inner.store.assignment_rows(case, self.now()).await?;
        let given = rows.into_iter().find(|row| row.account == request.account);
        if grants.is_empty() {
            self.kept_case(reader, case).await?;
        } else if !may_assign(reader, &grants, self.now()) {
            return Err(EngineError::NotFound);
        } else if given.is_some_and(|row| Some(row.service) != reader.service) {
            return Err(EngineError::NotAllowed);
        }
        self.inner.store.unassign(case, request.account).await?;
        self.mend_batons_here().await
    }
}

pub(super) fn day(moment: UnixMillis, zone: &jiff::tz::TimeZone) -> jiff::civil::Date {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    moment.to_zoned(zone.clone()).date()
}

/// The first moment of each year of age at which a rule may change, in the municipality's time
/// zone. Somebody born on 29 February has a birthday on the 28th in other years: the earlier day
/// closes what a later one would leave open.
fn birthdays(born: jiff::civil::Date, zone: &jiff::tz::TimeZone) -> Birthdays {
    let first_moment = |age: u8| {
        let birthday = born.checked_add(jiff::Span::new().years(i16::from(age))).ok()?;
        let moment = birthday.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
        Some((age, UnixMillis(u64::try_from(moment).unwrap_or(0))))
    };
    Birthdays((1..=RULE_AGE_MAX).filter_map(first_moment).collect())
}

/// The last year of age at which a rule changes anything.
const RULE_AGE_MAX: u8 = 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn oslo() -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get("Europe/Oslo").expect("a known zone")
    }

    #[test]
    fn birthday_begins_at_midnight_where_the_municipality_is() {
        let born = jiff::civil::date(2010, 5, 14);

        let sixteenth = birthdays(born, &oslo()).0[&16];

        let moment = jiff::Timestamp::from_millisecond(i64::try_from(sixteenth.0).expect("small"));
        assert_eq!(moment.expect("a moment").to_string(), "2026-05-13T22:00:00Z");
        assert_eq!(day(sixteenth, &oslo()), jiff::civil::date(2026, 5, 14));
        assert_eq!(day(UnixMillis(sixteenth.0 - 1), &oslo()), jiff::civil::date(2026, 5, 13));
    }

    #[test]
    fn somebody_born_on_a_leap_day_turns_an_age_the_day_before_in_other_years() {
        let birthdays = birthdays(jiff::civil::date(2008, 2, 29), &oslo());

        assert_eq!(day(birthdays.0[&12], &oslo()), jiff::civil::date(2020, 2, 29));
        assert_eq!(day(birthdays.0[&15], &oslo()), jiff::civil::date(2023, 2, 28));
    }
}
