//! The cases of a person at a glance: what is late, what comes next, and what changed since the
//! person looked last. Everything is asked of the gate; nothing of it is stored.

use jiff::civil::Date;
use stafett_protocol::access::person::CaseTask;
use stafett_protocol::case::Draft;
use stafett_protocol::consent::rule::SubjectKind;
use stafett_protocol::entry::{EntryKind, EntryView, FieldKey};
use stafett_protocol::id::{AccountId, CaseId, EntryId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryRecord;

use super::answer::{CaseSummary, CaseView};
use super::cases::day;
use super::follow::Seen;
use super::reading::Here;
use super::{Engine, EngineError};

/// What entries say of the days to come.
#[derive(Default)]
pub(crate) struct Outlook {
    /// The first day that is still to come on which a measure or an agreement is due.
    pub(crate) next_deadline: Option<Date>,
    /// The next meeting.
    pub(crate) next_meeting: Option<Date>,
    /// Measures and agreements whose day has passed, the oldest first.
    pub(crate) late: Vec<Late>,
    /// Entries with two answers that nobody has settled.
    pub(crate) conflicts: Vec<EntryId>,
}

/// What should have been done.
pub(crate) struct Late {
    /// The entry.
    pub(crate) entry: EntryId,
    /// What.
    pub(crate) title: String,
    /// When it was due.
    pub(crate) deadline: Date,
}

impl Outlook {
    /// Adds one entry.
    pub(crate) fn add(&mut self, entry: EntryId, kind: EntryKind, view: &EntryView, today: Date) {
        if !view.conflicts.is_empty() {
            self.conflicts.push(entry);
        }
        let date = |key| view.text(key).parse::<Date>().ok();
        let earliest = |known: &mut Option<Date>, day: Date| {
            *known = Some(known.map_or(day, |known| known.min(day)));
        };
        match kind {
            EntryKind::Measure | EntryKind::Agreement if !is_over(view) => {
                let Some(deadline) = date(FieldKey::Deadline) else { return };
                if deadline < today {
                    let title = view.text(FieldKey::Title).to_owned();
                    self.late.push(Late { entry, title, deadline });
                    self.late.sort_by_key(|late| (late.deadline, late.entry));
                } else {
                    earliest(&mut self.next_deadline, deadline);
                }
            }
            EntryKind::Meeting => {
                let planned = matches!(view.text(FieldKey::Status), "" | "planned");
                let days = [date(FieldKey::Date).filter(|_| planned), date(FieldKey::NextMeeting)];
                for day in days.into_iter().flatten().filter(|day| *day >= today) {
                    earliest(&mut self.next_meeting, day);
                }
            }
            _ => {}
        }
    }
}

/// Whether a measure or an agreement asks for nothing more.
pub(crate) fn is_over(view: &EntryView) -> bool {
    let status = view.text(FieldKey::Status);
    matches!(status, "done" | "ended-without-effect" | "kept" | "not-kept" | "cancelled")
}

/// A case in the list of whoever works with it.
pub(crate) struct CaseOverview {
    /// What stands in every list.
    pub(crate) summary: CaseSummary,
    /// Whom it is about; at the owner only.
    pub(crate) subject_kind: Option<SubjectKind>,
    /// How many years old the subject is, as far as the person may know.
    pub(crate) age: Option<i16>,
    /// The stafettholder's name; of another municipality's case if it is somebody of the reader's service.
    pub(crate) holder: Option<String>,
    /// What comes next and what is late.
    pub(crate) outlook: Outlook,
    /// Entries that others wrote or changed since the person looked last.
    pub(crate) changed: usize,
    /// When the person looked last.
    pub(crate) looked_at: Option<UnixMillis>,
}

/// A case as its page shows it.
pub(crate) struct CasePage {
    /// The case as the person may see it.
    pub(crate) view: CaseView,
    /// How many years old the subject is, as far as the person may know.
    pub(crate) age: Option<i16>,
    /// The stafettholder's name; of another municipality's case if it is somebody of the reader's service.
    pub(crate) holder: Option<String>,
    /// Whether the person is the stafettholder.
    pub(crate) is_holder: bool,
    /// Whether the case is closed, at the owner.
    pub(crate) is_closed: bool,
    /// The day it is where the municipality is.
    pub(crate) today: Date,
    /// When the person had looked last before.
    pub(crate) looked_at: Option<UnixMillis>,
    /// The person's own drafts.
    pub(crate) drafts: Vec<Draft>,
    /// Who works with the case besides the stafettholder; for the stafettholder only.
    pub(crate) assigned: Vec<AccountId>,
    /// What stands for all that is shown here; for staff only.
    pub(crate) seen: Option<Seen>,
}

impl Engine {
    /// Lists the cases that the person has a task in, each with what is next. The look is in the
    /// access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn overview(&self, reader: &Reader) -> Result<Vec<CaseOverview>, EngineError> {
        let looks = self.inner.store.last_looks(reader.account).await?;
        let mut overviews = Vec::new();
        for summary in self.cases(reader).await? {
            let case = summary.case;
            match self.overview_of(reader, summary, looks.get(&case).copied()).await {
                Ok(overview) => overviews.push(overview),
                Err(EngineError::NotFound) => {}
                Err(error) => tracing::error!(%case, %error, "a case could not be looked over"),
            }
        }
        Ok(overviews)
    }

    async fn overview_of(
        &self,
        reader: &Reader,
        summary: CaseSummary,
        looked_at: Option<UnixMillis>,
    ) -> Result<CaseOverview, EngineError> {
        let case = summary.case;
        let here = self.here(reader, case).await?;
        let today = self.today();
        let mut records = self.inner.store.whole_entries(case).await?.whole;
        records.retain(|record| self.may_read(reader, &here, record));
        let is_news = |record: &&EntryRecord| looked_at.is_some_and(|at| is_news(record, reader, at));
        let changed = records.iter().filter(is_news).count();
        let tells = records.iter().filter(|record| tells_of_days(record.facts.kind));
        let tells = tells.map(|record| record.facts.entry).collect();
        let mut outlook = Outlook::default();
        for (content, view) in self.readable_views(reader, case, tells).await? {
            outlook.add(content.record.facts.entry, content.record.facts.kind, &view, today);
        }
        Ok(CaseOverview {
            subject_kind: self.subject_kind(&here),
            age: self.age(reader, case, &here, today).await?,
            holder: self.holder_name(reader, case, &here).await?,
            outlook,
            changed,
            looked_at,
            summary,
        })
    }

    /// Shows a case for its page. The look is in the access log before it is shown.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in it, whether it exists or not;
    /// [`EngineError::NotAllowed`] for a service's leader, who reads nothing of it.
    pub(crate) async fn case_page(&self, reader: &Reader, case: CaseId) -> Result<CasePage, EngineError> {
        let looked_at = self.inner.store.last_looks(reader.account).await?.get(&case).copied();
        let here = self.here(reader, case).await?;
        let beside = match self.beside_entries(reader, case, &here).await {
            Ok(beside) => Some(beside),
            Err(EngineError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let view = self.case(reader, case).await?;
        if view.summary.task == "inbox" {
            return Err(EngineError::NotAllowed);
        }
        let here = self.here(reader, case).await?;
        let is_holder = view.summary.task == "stafettholder";
        let today = self.today();
        let drafts = self.drafts(reader, case).await?;
        let rows =
            if is_holder { self.inner.store.assignment_rows(case, self.now()).await? } else { Vec::new() };
        Ok(CasePage {
            age: self.age(reader, case, &here, today).await?,
            holder: self.holder_name(reader, case, &here).await?,
            is_closed: matches!(&here, Here::Own { ledger, .. } if ledger.is_closed()),
            assigned: rows.into_iter().map(|row| row.account).collect(),
            seen: beside.map(|beside| {
                let entries = view.entries.iter();
                beside.with(entries.map(|item| (item.entry, item.generation, &item.heads)))
            }),
            view,
            is_holder,
            today,
            looked_at,
            drafts,
        })
    }

    /// The day that it is where the municipality is.
    pub(crate) fn today(&self) -> Date {
        day(self.now(), &self.inner.config.node.time_zone)
    }

    /// Lists who works in a service here and may be given a case: the account and the name, by name.
    pub(crate) fn colleagues(&self, reader: &Reader) -> Vec<(AccountId, String)> {
        let people = self.people();
        let works = people.with_role(Role::Employee).filter(|person| person.service.is_some());
        let in_reach =
            works.filter(|person| reader.role != Role::ServiceLeader || person.service == reader.service);
        let mut named: Vec<_> = in_reach.map(|person| (person.id, person.name.clone())).collect();
        named.sort_by(|one, other| (&one.1, one.0).cmp(&(&other.1, other.0)));
        named
    }

    /// Whether the person is the stafettholder of a case that the person has a task in, and whose
    /// case it is.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] without a task in it, whether it exists or not.
    pub(crate) async fn standing(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<(bool, OrganisationNumber), EngineError> {
        let here = self.here(reader, case).await?;
        match &here {
            Here::Own { ledger, .. } => {
                let task = self.task_in(reader, ledger).await?;
                Ok((task == CaseTask::Stafettholder, self.inner.own))
            }
            Here::Received { owner, .. } => {
                self.summary(reader, case, &here).await?.ok_or(EngineError::NotFound)?;
                Ok((false, *owner))
            }
        }
    }

    /// What an organisation is called here.
    pub(crate) fn organisation_name(&self, organisation: OrganisationNumber) -> String {
        self.name_of(organisation)
    }

    /// The name of somebody with an account here.
    pub(crate) fn person_name(&self, account: AccountId) -> Option<String> {
        self.people().get(account).map(|person| person.name.clone())
    }

    fn subject_kind(&self, here: &Here) -> Option<SubjectKind> {
        match here {
            Here::Own { ledger, .. } => Some(ledger.subject_kind()),
            Here::Received { .. } => None,
        }
    }

    /// At a partner it is known of the own service alone, by the owner's word.
    async fn holder_name(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Option<String>, EngineError> {
        Ok(match here {
            Here::Own { ledger, .. } => self.holder_called(ledger.baton()),
            Here::Received { .. } => {
                self.holder_here(reader, case).await?.and_then(|holder| self.person_name(holder))
            }
        })
    }

    /// As far as the name is known to the person, from the same place.
    async fn age(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
        today: Date,
    ) -> Result<Option<i16>, EngineError> {
        let born = match here {
            Here::Own { ledger, .. } if self.task_in(reader, ledger).await? != CaseTask::Assigned => {
                let private = self.private_case(case).await?;
                private.and_then(|private| private.view().subject.birth_date.clone())
            }
            _ => self.card_line(reader, case, here, FieldKey::BirthDate).await?,
        };
        let born = born.and_then(|born| born.parse::<Date>().ok());
        Ok(born.and_then(|born| years_between(born, today)))
    }
}

/// Whether entries of this kind have deadlines or days.
const fn tells_of_days(kind: EntryKind) -> bool {
    matches!(kind, EntryKind::Measure | EntryKind::Agreement | EntryKind::Meeting)
}

/// Whether others wrote or changed an entry since.
fn is_news(record: &EntryRecord, reader: &Reader, since: UnixMillis) -> bool {
    let own_words = record.author == Some(reader.account) && record.changed_at == record.stored_at;
    record.changed_at > since && !own_words
}

/// Full years from a birth to a day.
fn years_between(born: Date, today: Date) -> Option<i16> {
    let years = today.year().checked_sub(born.year())?;
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    let age = if had_birthday { Some(years) } else { years.checked_sub(1) };
    age.filter(|age| *age >= 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;

    fn view(fields: &[(FieldKey, &str)]) -> EntryView {
        let fields = fields.iter().map(|(key, text)| (*key, (*text).into()));
        EntryView { fields: fields.collect(), conflicts: BTreeMap::new() }
    }

    const TODAY: Date = date(2027, 1, 15);

    #[test]
    fn age_grows_on_the_birthday_and_is_none_before_birth() {
        assert_eq!(years_between(date(2015, 3, 14), date(2027, 3, 13)), Some(11));
        assert_eq!(years_between(date(2015, 3, 14), date(2027, 3, 14)), Some(12));
        assert_eq!(years_between(date(2027, 3, 14), date(2027, 3, 13)), None);
    }

    #[test]
    fn measure_is_late_the_day_after_its_deadline_unless_it_is_over() {
        let mut outlook = Outlook::default();
        let entry = |number| EntryId::from_bytes([number; 16]);
        let measure = |deadline, status| {
            view(&[(FieldKey::Title, "x"), (FieldKey::Deadline, deadline), (FieldKey::Status, status)])
        };

        outlook.add(entry(1), EntryKind::Measure, &measure("2027-01-14", "started"), TODAY);
        outlook.add(entry(2), EntryKind::Measure, &measure("2027-01-13", "done"), TODAY);
        outlook.add(entry(3), EntryKind::Measure, &measure("2027-01-15", "planned"), TODAY);
        outlook.add(entry(4), EntryKind::Measure, &measure("2027-02-01", "planned"), TODAY);
        outlook.add(entry(5), EntryKind::Note, &measure("2027-01-01", "planned"), TODAY);

        assert_eq!(outlook.late.iter().map(|late| late.entry).collect::<Vec<_>>(), [entry(1)]);
        assert_eq!(outlook.next_deadline, Some(TODAY));
    }

    #[test]
    fn meeting_that_was_cancelled_is_not_the_next_one() {
        let mut outlook = Outlook::default();
        let meeting = |day, status| view(&[(FieldKey::Date, day), (FieldKey::Status, status)]);
        let entry = EntryId::from_bytes([1; 16]);

        outlook.add(entry, EntryKind::Meeting, &meeting("2027-01-20", "cancelled"), TODAY);
        assert_eq!(outlook.next_meeting, None);
        outlook.add(entry, EntryKind::Meeting, &meeting("2027-01-25", "planned"), TODAY);
        outlook.add(entry, EntryKind::Meeting, &meeting("2027-01-10", "planned"), TODAY);

        assert_eq!(outlook.next_meeting, Some(date(2027, 1, 25)));
    }
}
