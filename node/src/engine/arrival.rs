//! A case that comes from another municipality: one transaction opens it here, as this node's own, with the
//! entries, the family and what the old stafettholder writes. Over the link and by hand alike.
//!
//! No consent, grant or offer follows: the family is asked anew. Every id is drawn here, so nothing of the
//! old case's stays. Who reads what came is decided by the gate as for any other entry.

use std::collections::BTreeSet;
use std::sync::Arc;

use stafett_protocol::case::{PrivateCase, PrivateCaseDocument};
use stafett_protocol::consent::Channel;
use stafett_protocol::consent::rule::Birthdays;
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::{Actor, Heads};
use stafett_protocol::id::{AccountId, CaseId, EntryId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::{Level, Said};
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, ServiceCode};
use stafett_protocol::person::Reader;
use stafett_protocol::succession::leaving::LateWord;
use stafett_protocol::succession::opening::{self, Opened, OpenedEntry, OpeningError};
use stafett_protocol::succession::origin::{Origin, Way, hash_of};
use stafett_protocol::transaction::{Relation, Transaction, Write};

use super::answer::{CarriedArea, CarriedConsent, CarriedView, CarriedYes, OriginItem};
use super::family::describe;
use super::reading::Here;
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{CarriedCase, LocalWrite};

/// A case that comes here, and who takes it.
pub struct Arrival {
    /// Its id here; drawn by the caller, who may have to name it elsewhere in the same transaction.
    pub case: CaseId,
    /// From which municipality.
    pub from: OrganisationNumber,
    /// By which way.
    pub way: Way,
    /// Who has accepted it.
    pub acceptor: AccountId,
    /// For which service.
    pub service: ServiceCode,
    /// What the package says.
    pub opened: Opened,
}

impl Engine {
    /// Reads a package from another municipality into what a case here is opened from.
    ///
    /// # Errors
    /// The [`OpeningError`] that was found first.
    pub fn read_package(&self, document: &[u8], from: OrganisationNumber) -> Result<Opened, OpeningError> {
        let config = &self.inner.config;
        let areas: BTreeSet<AreaCode> = config.areas.iter().map(|area| area.code.clone()).collect();
        let level = |level: u8| Level::try_from(level).map_err(|_| OpeningError::Form);
        let top_level = (0..=3).rev().find(|level| config.action_guide.level(*level).is_some());
        let here = opening::Here {
            from,
            own: self.inner.own,
            areas: &areas,
            entry_level: level(config.action_guide.entry_level)?,
            top_level: level(top_level.unwrap_or(3))?,
        };
        opening::open(document, &here, random)
    }

    /// Opens a case that comes from another municipality: all of it in one transaction, with what the caller
    /// writes beside it. Who accepted it holds the baton; the leader who answers for the case acts if
    /// that account is gone. The caller holds the turn of commands.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] if the birth date is no day that has been; others if it cannot be written.
    /// Nothing of it is here then.
    pub async fn open_arrived(
        &self,
        arrival: Arrival,
        mut more: Vec<Write>,
        mut local: Vec<LocalWrite>,
    ) -> Result<CaseId, EngineError> {
        self.must_not_be_sealed()?;
        let Arrival { case, opened, .. } = &arrival;
        let case = *case;
        let born = opened.subject.birth_date.as_deref();
        let birthdays = born.map(|born| self.birthdays_of(born)).transpose()?.unwrap_or_default();
        let private = PrivateCaseDocument::create(Actor(random()), &private_of(opened))
            .map_err(|error| EngineError::Invalid { field: "subject", reason: error.to_string() })?;
        let decision = self.decided(&arrival, birthdays)?;
        let ledger = Arc::new(decision.ledger().clone());
        let mut writes = decision.into_writes();
        writes.extend(opened.entries.iter().flat_map(|entry| self.carried_entry(&arrival, entry)));
        writes.extend(opened.relations.iter().map(|one| {
            let (id, from, to) = (one.id, one.from, one.to);
            Write::Relation(Relation { id, owner: self.inner.own, case, from, to })
        }));
        writes.append(&mut more);
        local.push(LocalWrite::PrivateCase { case, document: private.save(), at: self.now() });
        local.push(LocalWrite::CarriedCase { case, carried: Box::new(carried_of(opened)) });
        self.inner.store.commit_with(Transaction::of(writes), local).await?;
        self.keep_ledger(&ledger);
        tracing::info!(%case, from = %arrival.from, "a case came from another municipality");
        Ok(case)
    }

    /// The chain that the case begins with: opened, carried over, and fallen to a leader if whoever accepted
    /// it has left since.
    fn decided(&self, arrival: &Arrival, birthdays: Birthdays) -> Result<Decision, EngineError> {
        let (opened, key) = (&arrival.opened, &self.inner.signing);
        let people = self.people();
        let unit = people.get(arrival.acceptor).and_then(|person| person.unit.clone());
        let said = Said::Opened {
            subject_kind: opened.subject_kind,
            level: opened.level,
            holder: arrival.acceptor,
            service: arrival.service.clone(),
            unit,
            parties: opened.parties.clone(),
            birthdays,
        };
        let decision = Decision::open_arrived(arrival.case, said, self.now(), key)?;
        let mut decision = decision.under(Arc::clone(&self.inner.rules));
        let entries: BTreeSet<EntryId> = opened.entries.iter().map(|entry| entry.entry).collect();
        decision.say(
            Said::CarriedOver {
                from: arrival.from,
                way: arrival.way,
                entries: u32::try_from(entries.len()).unwrap_or(u32::MAX),
                origins: hash_of(&entries),
                unreadable: opened.unreadable,
            },
            key,
        )?;
        // What the youth has closed to a guardian holds here from the first moment.
        for (guardian, closed) in &opened.closed {
            let (guardian, closed, channel) = (*guardian, closed.clone(), Channel::Written);
            decision.say(Said::GuardianAccessSet { guardian, closed, channel }, key)?;
        }
        if !self.may_take(arrival.acceptor) {
            match self.acting_for(decision.ledger()) {
                Some(to) => decision.say(Said::BatonFell { to }, key)?,
                None => tracing::error!(case = %arrival.case, "nobody can act for who accepted a case"),
            }
        }
        Ok(decision)
    }

    /// What is written for one entry that came: nobody here wrote it.
    fn carried_entry(&self, arrival: &Arrival, entry: &OpenedEntry) -> [Write; 3] {
        let (id, genesis) = (entry.entry, entry.genesis.clone());
        let heads = Heads::from(genesis.hash());
        let [record, change] = self.new_entry_writes(entry.facts(arrival.case), heads, genesis, None);
        let origin = Origin {
            from: arrival.from,
            from_name: arrival.opened.from_name.clone(),
            written_by: entry.written_by.clone(),
            written_on: entry.written_on.clone(),
            way: arrival.way,
        };
        [record, change, Write::Origin { entry: id, origin }]
    }

    /// Where the entries of a case come from that came with it; nothing of another's case.
    pub(super) async fn origins_in(
        &self,
        case: CaseId,
        here: &Here,
    ) -> Result<std::collections::BTreeMap<EntryId, OriginItem>, EngineError> {
        let Here::Own { ledger, .. } = here else { return Ok(Default::default()) };
        if ledger.carried().is_none() {
            return Ok(Default::default());
        }
        let origins = self.inner.store.origins(case).await?.into_iter();
        Ok(origins.map(|(entry, origin)| (entry, OriginItem::of(origin))).collect())
    }

    /// What the old owner of a case has said since it was carried over; by hand nobody says anything.
    async fn late_words(&self, way: Way) -> Result<Vec<LateWord>, EngineError> {
        let Way::Link(succession) = way else { return Ok(Vec::new()) };
        let record = self.inner.store.move_in(succession).await?;
        Ok(record.map(|record| record.late).unwrap_or_default())
    }

    /// What came with a case beside its entries; for the stafettholder alone.
    pub(super) async fn carried_for(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
    ) -> Result<Option<CarriedView>, EngineError> {
        let is_holder = ledger.holder() == Some(reader.account);
        let Some(carried) = ledger.carried().filter(|_| is_holder) else { return Ok(None) };
        let Some(came) = self.inner.store.carried_case(ledger.case()).await? else { return Ok(None) };
        let private = self.private_case(ledger.case()).await?;
        let name = |person: PersonId| {
            let family = private.as_ref()?.view();
            let is_subject = family.subject.person == person;
            let guardian = || Some(family.guardian(person)?.name.clone());
            if is_subject { Some(family.subject.name.clone()) } else { guardian() }
        };
        let given = came.consent.given.into_iter().map(|(person, on, channel)| CarriedYes {
            person,
            name: name(person),
            on: on.into(),
            channel,
        });
        let area = |(code, name): (AreaCode, Option<_>)| CarriedArea { code, name: name.map(String::from) };
        Ok(Some(CarriedView {
            from: carried.from,
            from_name: came.from_name.into(),
            at: carried.at,
            made_on: came.made_on.into(),
            level_name: came.guide.level_name.into(),
            contact_name: came.contact.name.into(),
            contact_service: came.contact.service_name.into(),
            contact_phone: came.contact.phone.map(String::from),
            note: came.note.into(),
            consent: CarriedConsent {
                purpose: came.consent.purpose.into(),
                areas: came.consent.areas,
                kinds: came.consent.kinds,
                given: given.collect(),
            },
            areas_elsewhere: came.areas_elsewhere.into_iter().map(area).collect(),
            entries: carried.entries,
            unreadable: carried.unreadable,
            late: self.late_words(carried.way).await?,
        }))
    }
}

/// The family as the package names it: the subject, and whoever belongs to it.
fn private_of(opened: &Opened) -> PrivateCase {
    let mut private = PrivateCase::about(opened.subject.clone());
    private.guardians = opened.guardians.clone();
    describe(&mut private.guardians, &opened.parties);
    private
}

fn carried_of(opened: &Opened) -> CarriedCase {
    CarriedCase {
        from_name: opened.from_name.clone(),
        made_on: opened.made_on.clone(),
        guide: opened.guide.clone(),
        contact: opened.contact.clone(),
        consent: opened.consent.clone(),
        note: opened.note.clone(),
        areas_elsewhere: opened.areas_elsewhere.clone(),
    }
}
