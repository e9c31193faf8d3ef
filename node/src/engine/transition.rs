//! Transitions within the municipality: the stafettholder begins one and follows its checklist, the
//! receiving unit's leader says that the unit takes part, and whoever gives the baton on works with the
//! case until the overlap ends. Nothing of a case is opened by it: that follows from consents.

mod showing;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use stafett_protocol::access::leader::{Place, leads};
use stafett_protocol::baton::BatonOffer;
use stafett_protocol::consent::ConsentRecord;
use stafett_protocol::decision::Decision;
use stafett_protocol::id::{AccountId, CaseId, TransitionId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::limits::{OVERLAP_AFTER_BATON_MS_MAX, TRANSITION_OVERLAP_MS_MAX};
use stafett_protocol::municipality::{ItemCode, Service};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transition::{
    BatonAt, Days, Item, MetBy, Outcome, Progress, Transition, TransitionRecord, Unit,
};

pub(crate) use showing::Receiving;

use super::answer::OpenedTransition;
use super::consents::invalid;
use super::entries::Press;
use super::request::{ChangeTransition, EndTransition, MarkItem, OpenTransition, ReceiveTransition};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{Assignment, LocalWrite};
use crate::words::time::date_of;

/// Days that the overlap lasts unless something else is said.
const OVERLAP_DAYS: i32 = 30;
/// Days that whoever begins a transition late has for what should have been done by then.
const SOONEST_DAYS: i32 = 7;
/// Days ahead on which a child may begin.
const AHEAD_DAYS: i32 = 3 * 366;
/// Days back on which it may have begun.
const BACK_DAYS: i32 = 184;

impl Engine {
    /// Begins a transition from the place that the child leaves, with the municipality's checklist. By a
    /// form's button it is begun once, and who presses twice is answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if place or days do not fit, [`EngineError::Conflict`] while another is
    /// under way.
    pub(crate) async fn open_transition(
        &self,
        reader: &Reader,
        case: CaseId,
        request: OpenTransition,
        press: Option<Press>,
    ) -> Result<OpenedTransition, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let id = press.map_or_else(random, |press| press.id_bytes(reader, Some(case), 0));
        let id = TransitionId::from_random(id);
        if ledger.transitions().contains_key(&id) {
            return Ok(OpenedTransition { transition: id });
        }
        let units = self.units();
        let from = match request.from {
            Some(from) => Some(Unit { service: from.service, name: from.unit })
                .filter(|from| units.contains(from) && self.is_place_of_children(from)),
            None => self.leaves(&ledger, &units),
        };
        let from = from.ok_or_else(|| invalid("from", "expected a place where children are"))?;
        let to = Unit { service: request.to, name: request.unit };
        if !units.contains(&to) || to == from {
            return Err(invalid("to", "expected another service or unit of the municipality"));
        }
        let on = self.day_of("on", &request.on)?;
        let until = match &request.overlap_until {
            Some(day) => self.day_of("overlap_until", day)?,
            None => later(on, OVERLAP_DAYS)?,
        };
        let items = self.checklist(&ledger, &from, &to, on)?;
        let starts_at = self.midnight(on)?;
        let overlap_until = self.end_of(until)?;
        let transition = Transition { id, from, to, starts_at, overlap_until, items };
        check_days(starts_at, overlap_until)?;
        self.say_of_transition(&ledger, Some(reader.account), Said::TransitionOpened { transition }, vec![])
            .await?;
        Ok(OpenedTransition { transition: id })
    }

    /// Changes the days. Items that are not named move as far as the start does; whoever gave the baton on
    /// works with the case until the new end.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if days or items do not fit, [`EngineError::Conflict`] if none is under
    /// way.
    pub async fn change_transition(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ChangeTransition,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let under_way = under_way(&ledger)?.transition();
        let on = self.day_of("on", &request.on)?;
        let zone = &self.inner.config.node.time_zone;
        let moved = days_between(date_of(under_way.starts_at, zone), on);
        let (starts_at, overlap_until) =
            (self.midnight(on)?, self.end_of(self.day_of("overlap_until", &request.overlap_until)?)?);
        check_days(starts_at, overlap_until)?;
        if request.due.keys().any(|item| !under_way.items.contains_key(item)) {
            return Err(invalid("due", "expected items of the checklist"));
        }
        let mut due = BTreeMap::new();
        for (code, item) in &under_way.items {
            let day = match request.due.get(code) {
                Some(day) => self.day_of("due", day)?,
                None => later(last_day(item.due, zone), moved)?,
            };
            due.insert(code.clone(), self.end_of(day)?);
        }
        let days = Days { starts_at, overlap_until, due };
        let is_so = |(code, item): (&ItemCode, &Item)| days.due.get(code) == Some(&item.due);
        if (under_way.starts_at, under_way.overlap_until) == (starts_at, overlap_until)
            && under_way.items.iter().all(is_so)
        {
            return Ok(());
        }
        let rows = self.inner.store.assignment_rows(case, self.now()).await?.into_iter();
        let ending = rows.filter(|row| row.until.is_some());
        let local = ending.map(|row| {
            let until = overlap_until.min(row.at.plus(OVERLAP_AFTER_BATON_MS_MAX));
            LocalWrite::Assign(Assignment { until: Some(until), ..row })
        });
        let said = Said::TransitionChanged { transition: under_way.id, days };
        self.say_of_transition(&ledger, Some(reader.account), said, local.collect()).await
    }

    /// Takes the stafettholder's word that an item is done, or that it is not after all.
    ///
    /// # Errors
    /// As [`change_transition`](Self::change_transition); [`EngineError::Invalid`] if the item is not on
    /// the checklist.
    pub async fn mark_item(
        &self,
        reader: &Reader,
        case: CaseId,
        request: MarkItem,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let record = under_way(&ledger)?;
        if !record.transition().items.contains_key(&request.item) {
            return Err(invalid("item", "expected an item of the checklist"));
        }
        if record.is_marked(&request.item) == request.done {
            return Ok(());
        }
        let transition = record.transition().id;
        let said = Said::TransitionItemDone { transition, item: request.item, done: request.done };
        self.say_of_transition(&ledger, Some(reader.account), said, vec![]).await
    }

    /// Takes the receiving unit's yes. Whom its leader names works with the case from here on, and reads
    /// what the family's consent opens; so nobody is named while none counts.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but that leader, whether the case exists or not,
    /// [`EngineError::Invalid`] if the other does not work in the unit, [`EngineError::Conflict`] while no
    /// consent to the service counts and somebody is named.
    pub async fn receive_transition(
        &self,
        reader: &Reader,
        case: CaseId,
        request: ReceiveTransition,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.ledger(case).await?;
        let record = self.received_by(reader, &ledger).ok_or(EngineError::NotFound)?;
        let transition = record.transition();
        let before = record.reception().map(|reception| reception.contact);
        if before == Some(request.contact) {
            return Ok(());
        }
        let mut local = Vec::new();
        if let Some(contact) = request.contact {
            if !self.progress(&ledger, record).is_consented {
                return Err(EngineError::Conflict { reason: "no consent to the service counts" });
            }
            if !self.may_be_contact(&ledger, &transition.to).any(|person| person == contact) {
                return Err(invalid("contact", "expected an employee of the receiving unit"));
            }
            let (service, by, at) = (transition.to.service.clone(), reader.account, self.now());
            local.push(LocalWrite::Assign(Assignment {
                case,
                service,
                account: contact,
                by,
                at,
                until: None,
            }));
        }
        local.extend(before.flatten().map(|account| LocalWrite::Unassign { case, account }));
        let said = Said::TransitionReceived { transition: transition.id, contact: request.contact };
        self.say_of_transition(&ledger, Some(reader.account), said, local).await
    }

    /// Ends the transition by the stafettholder's word, and the overlap with it. Whoever presses twice is
    /// answered as the first time.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton.
    pub async fn end_transition(
        &self,
        reader: &Reader,
        case: CaseId,
        request: EndTransition,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let Some(record) = ledger.transition() else { return Ok(()) };
        let said = Said::TransitionEnded { transition: record.transition().id, how: request.how };
        let mut local = self.overlap_dropped(case).await?;
        local.extend(self.contacts_dropped(&ledger, request.how));
        self.say_of_transition(&ledger, Some(reader.account), said, local).await
    }

    /// Ends the transition of a case that time has ended. Run by the clock, with the turn of commands.
    pub(super) async fn end_transition_by_the_clock(&self, ledger: &LedgerView) -> Result<(), EngineError> {
        let Some(record) = ledger.transition().filter(|_| !ledger.is_over()) else { return Ok(()) };
        if !record.is_over(self.progress(ledger, record), self.now()) {
            return Ok(());
        }
        let said = Said::TransitionEnded { transition: record.transition().id, how: Outcome::Done };
        let mut local = self.overlap_dropped(ledger.case()).await?;
        local.extend(self.contacts_dropped(ledger, Outcome::Done));
        self.say_of_transition(ledger, None, said, local).await
    }

    /// What lets whoever gives the baton on work with the case until the overlap ends, and no longer,
    /// whatever task she had in it before; nothing outside a transition.
    pub(super) fn overlap_of(&self, ledger: &LedgerView, taker: &Reader) -> Vec<LocalWrite> {
        let (case, now) = (ledger.case(), self.now());
        let Some(giver) = ledger.baton().own_holder() else { return Vec::new() };
        let (Some(record), Some(from), Some(to)) =
            (ledger.transition(), self.unit_of(giver), self.unit_of(taker.account))
        else {
            return Vec::new();
        };
        let place = |unit: &Unit| unit.name.clone();
        let (of_giver, of_taker) = (place(&from), place(&to));
        let until =
            record.overlap((&from.service, of_giver.as_deref()), (&to.service, of_taker.as_deref()), now);
        let Some(until) = until else { return Vec::new() };
        let by = taker.account;
        let assignment =
            Assignment { case, service: from.service, account: giver, by, at: now, until: Some(until) };
        vec![LocalWrite::Assign(assignment)]
    }

    /// What takes the case from whoever works with it only until the overlap ends.
    pub(super) async fn overlap_dropped(&self, case: CaseId) -> Result<Vec<LocalWrite>, EngineError> {
        let rows = self.inner.store.assignment_rows(case, UnixMillis(0)).await?.into_iter();
        let ending = rows.filter(|row| row.until.is_some());
        Ok(ending.map(|row| LocalWrite::Unassign { case, account: row.account }).collect())
    }

    /// What takes the case from those whom units have named, now that a transition ends: being named was a
    /// task in it. Only where nobody may hold the baton, whoever is named works with the case on, and until
    /// the child has left there too.
    fn contacts_dropped(&self, ledger: &LedgerView, how: Outcome) -> Vec<LocalWrite> {
        let Some(ends) = ledger.transition() else { return Vec::new() };
        let stays = |unit: &Unit| !self.may_have_the_baton(ledger, unit);
        let is_over = |record: &&TransitionRecord| {
            let (one, to) = (record.transition(), &record.transition().to);
            if one.id == ends.transition().id {
                how == Outcome::GivenUp || !stays(to)
            } else {
                how == Outcome::Done && stays(to) && *to == ends.transition().from
            }
        };
        let over = ledger.transitions().values().filter(is_over);
        let named = over.filter_map(|record| record.reception()?.contact);
        named.map(|account| LocalWrite::Unassign { case: ledger.case(), account }).collect()
    }

    /// Takes the rows of those whose time with a case is over out of the store, so that a clock that is set
    /// back gives nobody the case again (law 17). Run by the clock, with the turn of commands.
    pub(super) async fn end_overlaps_by_the_clock(&self, case: CaseId) -> Result<(), EngineError> {
        let now = self.now();
        let rows = self.inner.store.assignment_rows(case, UnixMillis(0)).await?.into_iter();
        let over = rows.filter(|row| row.until.is_some_and(|until| until <= now));
        let writes: Vec<_> = over.map(|row| LocalWrite::Unassign { case, account: row.account }).collect();
        if !writes.is_empty() {
            self.inner.store.write_local(writes).await?;
        }
        Ok(())
    }

    async fn say_of_transition(
        &self,
        ledger: &LedgerView,
        by: Option<AccountId>,
        said: Said,
        local: Vec<LocalWrite>,
    ) -> Result<(), EngineError> {
        let mut decision = Decision::about(ledger.clone(), by, self.now());
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), local).await?;
        Ok(())
    }

    /// The transition under way whose receiving unit the person leads. Under a strictly confidential
    /// address nobody is told by the node that somebody comes; nor is anybody while the node is sealed, as
    /// such an address, or a withdrawal, may stand in the journal alone.
    pub(super) fn received_by<'a>(
        &self,
        reader: &Reader,
        ledger: &'a LedgerView,
    ) -> Option<&'a TransitionRecord> {
        let is_hidden = ledger.address_protection() == AddressProtection::StrictlyConfidential;
        let is_told = !is_hidden && !ledger.is_over() && !self.is_sealed();
        let record = ledger.transition().filter(|_| is_told)?;
        let people = self.people();
        let unit = people.get(reader.account)?.unit.as_deref();
        let to = &record.transition().to;
        leads(reader, unit, &Place { service: &to.service, unit: to.name.as_deref() }).then_some(record)
    }

    /// The consents to the receiving service that count for a transition. Between units of one service it
    /// is one that the family was asked for since it began.
    pub(super) fn counting_for<'a>(
        &self,
        ledger: &'a LedgerView,
        record: &'a TransitionRecord,
        service: &'a Service,
    ) -> impl Iterator<Item = &'a ConsentRecord> {
        let counts = |consent: &&ConsentRecord| {
            !ledger.protection().closes(consent, false) && self.is_asked_for(ledger, record, consent)
        };
        ledger.valid_consents(service, self.now()).filter(counts)
    }

    /// Whether the family was asked for a consent with this transition in mind, if it has to be.
    fn is_asked_for(&self, ledger: &LedgerView, record: &TransitionRecord, consent: &ConsentRecord) -> bool {
        let asked = ledger.asked_since(consent.consent().id);
        !record.is_within_a_service() || asked.is_some_and(|asked| asked >= record.begun_at())
    }

    /// What holds beside the ledger.
    pub(super) fn progress(&self, ledger: &LedgerView, record: &TransitionRecord) -> Progress {
        let to = &record.transition().to;
        let service = Service { host: self.inner.own, code: to.service.clone() };
        let is_consented = self.counting_for(ledger, record, &service).next().is_some();
        let is_there = |account| {
            let unit = self.unit_of(account);
            unit.is_some_and(|unit| to.holds(&unit.service, unit.name.as_deref()))
        };
        let offer = ledger.baton().waiting(self.now());
        let baton = if ledger.baton().own_holder().is_some_and(is_there) {
            BatonAt::There
        } else if !self.may_have_the_baton(ledger, to) {
            BatonAt::StaysAway
        } else if offer.and_then(BatonOffer::own_to).is_some_and(is_there) {
            BatonAt::Offered
        } else {
            BatonAt::Elsewhere
        };
        Progress { is_consented, baton }
    }

    fn may_have_the_baton(&self, ledger: &LedgerView, unit: &Unit) -> bool {
        let service = self.inner.config.service(&unit.service);
        service.is_some_and(|service| {
            service.controller == self.inner.own || service.code == *ledger.opened_by()
        })
    }

    /// Where somebody works.
    fn unit_of(&self, account: AccountId) -> Option<Unit> {
        let people = self.people();
        let person = people.get(account)?;
        Some(Unit { service: person.service.clone()?, name: person.unit.clone() })
    }

    /// Every service of the municipality that has no units by name, and every unit of the others.
    fn units(&self) -> Vec<Unit> {
        let people = self.people();
        let mut units = Vec::new();
        for service in &self.inner.config.services {
            let of_service = people.iter().filter(|person| person.service.as_ref() == Some(&service.code));
            let mut named: Vec<_> = of_service.filter_map(|person| person.unit.clone()).map(Some).collect();
            named.sort_unstable();
            named.dedup();
            let names = if named.is_empty() { vec![None] } else { named };
            units.extend(names.into_iter().map(|name| Unit { service: service.code.clone(), name }));
        }
        units
    }

    /// Which place a child most likely leaves: the stafettholder's own, or else where the case was opened.
    fn leaves(&self, ledger: &LedgerView, units: &[Unit]) -> Option<Unit> {
        let opened =
            Unit { service: ledger.opened_by().clone(), name: ledger.opened_in().map(str::to_owned) };
        let own = ledger.baton().own_holder().and_then(|holder| self.unit_of(holder));
        let likely = [own, Some(opened)].into_iter().flatten();
        likely.into_iter().find(|unit| units.contains(unit) && self.is_place_of_children(unit))
    }

    /// Employees of a unit who are nobody of the family.
    fn may_be_contact(&self, ledger: &LedgerView, unit: &Unit) -> impl Iterator<Item = AccountId> {
        let people = self.people();
        let works = people.iter().filter(|person| {
            let is_family = ledger.parties().iter().any(|party| Some(party.person) == person.person);
            let service = person.service.as_ref();
            let is_there = service.is_some_and(|service| unit.holds(service, person.unit.as_deref()));
            person.roles.contains(&Role::Employee) && is_there && !is_family
        });
        works.map(|person| person.id).collect::<Vec<_>>().into_iter()
    }

    /// The municipality's checklist, without what cannot come to be. What should have been done by now
    /// is due in a week.
    fn checklist(
        &self,
        ledger: &LedgerView,
        from: &Unit,
        to: &Unit,
        on: Date,
    ) -> Result<BTreeMap<ItemCode, Item>, EngineError> {
        let gets_baton = self.may_have_the_baton(ledger, to);
        let soonest = later(self.today(), SOONEST_DAYS)?;
        let mut items = BTreeMap::new();
        for item in &self.inner.config.transitions {
            let is_of_baton = matches!(item.met_by, MetBy::Offer | MetBy::Baton);
            if item.is_for(&from.service, &to.service) && (gets_baton || !is_of_baton) {
                let day = later(on, i32::from(item.days_before).saturating_neg())?.max(soonest);
                let due = self.end_of(day)?;
                items.insert(item.code.clone(), Item { due, met_by: item.met_by });
            }
        }
        if items.is_empty() {
            return Err(EngineError::Conflict { reason: "no item of the checklist is for this transition" });
        }
        Ok(items)
    }

    /// A day of a form, within reach of today.
    fn day_of(&self, field: &'static str, text: &str) -> Result<Date, EngineError> {
        let day: Date = text.parse().map_err(|_| invalid(field, "expected a day of the form YYYY-MM-DD"))?;
        let ahead = days_between(self.today(), day);
        if (-BACK_DAYS..=AHEAD_DAYS).contains(&ahead) {
            Ok(day)
        } else {
            Err(invalid(field, "expected a day from half a year ago to three years ahead"))
        }
    }

    /// The first moment of a day.
    fn midnight(&self, day: Date) -> Result<UnixMillis, EngineError> {
        let moment = day.to_zoned(self.inner.config.node.time_zone.clone());
        let millis = moment.ok().and_then(|zoned| u64::try_from(zoned.timestamp().as_millisecond()).ok());
        millis.map(UnixMillis).ok_or_else(|| invalid("on", "expected a day of the calendar"))
    }

    /// The first moment after a day.
    fn end_of(&self, day: Date) -> Result<UnixMillis, EngineError> {
        self.midnight(later(day, 1)?)
    }
}

fn under_way(ledger: &Arc<LedgerView>) -> Result<&TransitionRecord, EngineError> {
    ledger.transition().ok_or(EngineError::Conflict { reason: "no transition is under way" })
}

fn check_days(starts_at: UnixMillis, overlap_until: UnixMillis) -> Result<(), EngineError> {
    let fits = starts_at < overlap_until && overlap_until.since(starts_at) <= TRANSITION_OVERLAP_MS_MAX;
    if fits {
        Ok(())
    } else {
        Err(invalid("overlap_until", "expected a day from the start to half a year after it"))
    }
}

fn later(day: Date, days: i32) -> Result<Date, EngineError> {
    day.checked_add(jiff::Span::new().days(days)).map_err(|_| invalid("on", "expected a day of the calendar"))
}

fn days_between(one: Date, other: Date) -> i32 {
    one.until(other).map_or(i32::MAX, |span| span.get_days())
}

/// The day before a moment at midnight.
fn last_day(moment: UnixMillis, zone: &jiff::tz::TimeZone) -> Date {
    date_of(UnixMillis(moment.0.saturating_sub(1)), zone)
}
