//! What the pages on consent and the family need beside the consents themselves: who is called
//! what, which services can be asked for, who must say yes, and which entries there are to point at.
//!
//! The stafettholder gets all of it. Somebody of the family gets the own word and the entries that
//! this person may read, and nothing that depends on what another of the family said.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::person::{CaseTask, permit_reading};
use stafett_protocol::agreement::Standing;
use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::consent::{Consent, ConsentKind, ConsentRecord};
use stafett_protocol::entry::schema::PLACE_CARD_FIELDS;
use stafett_protocol::entry::{CardField, EntryKind};
use stafett_protocol::id::{AccountId, CaseId, ConsentId, EntryId, OrderId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::time::UnixMillis;

use super::answer::{ConsentView, PartyItem, PreviewItem};
use super::family::party_items;
use super::preview::preview_item;
use super::{Engine, EngineError};
use crate::clock::random;

/// The consents of a case with what a page about them needs.
pub struct ConsentDesk {
    /// Who looks: the stafettholder, or this person of the family.
    pub as_person: Option<PersonId>,
    /// Whom the case is about, for whoever has a task in it.
    pub subject_name: Option<String>,
    /// The family with names; for the stafettholder only.
    pub parties: Vec<PartyItem>,
    /// The consents, as for programs.
    pub consents: Vec<ConsentView>,
    /// The services that can be asked for; for the stafettholder only.
    pub recipients: Vec<Recipient>,
    /// The services that the case may move to; for the stafettholder only.
    pub moves_to: Vec<Recipient>,
    /// The entries that this reader may read, newest first, without case cards.
    pub entries: Vec<PreviewItem>,
    /// Of each consent, the entries that a next version keeps closed; for the stafettholder only.
    pub exceptions: BTreeMap<ConsentId, BTreeSet<EntryId>>,
    /// The entries that a first consent to a service keeps closed: to which services is lost in a
    /// restore; for the stafettholder only.
    pub closed_to_all: BTreeSet<EntryId>,
    /// The fields of the case card that can be shared; for the stafettholder only.
    pub card_fields: Vec<CardField>,
    /// When the receipt of an order came; for the stafettholder only.
    pub received_at: BTreeMap<OrderId, UnixMillis>,
    /// Whether nothing more can be asked for.
    pub is_closed: bool,
    /// Whether whoever looks keeps the ledger for a stafettholder at a partner, and reads no entry.
    pub keeps: bool,
}

/// A service that a consent can be asked for.
pub struct Recipient {
    /// Which.
    pub service: Service,
    /// The areas of the agreement, for a partner's service.
    pub areas: Option<BTreeSet<AreaCode>>,
    /// Who must say yes.
    pub givers: BTreeSet<PersonId>,
}

/// A case in which somebody of a family reads, or has a word to look after.
pub struct FamilyCase {
    /// Which.
    pub case: CaseId,
    /// Whom it is about, for whoever reads it.
    pub subject_name: Option<String>,
    /// Whether that is the person who asks.
    pub is_subject: bool,
    /// Whether the person reads the stafettlogg.
    pub reads: bool,
    /// Whether the person decides what guardians go on reading.
    pub decides: bool,
    /// The municipality whose case it is by now, if it has moved, for whoever reads it.
    pub moved_to: Option<String>,
}

/// A guardian as the youth decides about one.
pub struct OwnGuardian {
    /// Who.
    pub party: PartyItem,
    /// The areas that the youth has closed to this guardian.
    pub closed: BTreeSet<AreaCode>,
}

impl Engine {
    /// Returns the consents of a case with what a page about them needs. The look is in the access
    /// log before anything is told.
    ///
    /// # Errors
    /// As [`consents`](Self::consents).
    pub async fn consent_desk(&self, reader: &Reader, case: CaseId) -> Result<ConsentDesk, EngineError> {
        let consents = self.consents(reader, case).await?;
        let ledger = self.ledger(case).await?;
        let as_person = self.person_of_family(reader, &ledger);
        let is_holder = as_person.is_none();
        let private = self.private_case(case).await?;
        let task = self.task_in(reader, &ledger).await.ok();
        let subject_name = task.and(private.as_ref()).map(|private| private.view().subject.name.clone());
        let parties = if is_holder { party_items(ledger.parties(), private.as_ref()) } else { Vec::new() };
        let entries = if task.is_some() { self.entries_to_name(reader, case).await? } else { Vec::new() };
        let now = self.now();
        let receipts = if is_holder { self.inner.store.receipts_filed(case).await? } else { Vec::new() };
        let line = |(consent, record): (&ConsentId, &ConsentRecord)| {
            let Consent { kind, recipient, .. } = record.consent();
            let kept = match kind {
                ConsentKind::Transfer => ledger.kept_from_move(*consent),
                _ => ledger.exceptions_to_start_with(recipient, Some(*consent), now),
            };
            (*consent, kept)
        };
        Ok(ConsentDesk {
            as_person,
            subject_name,
            parties,
            consents,
            recipients: if is_holder { self.recipients(&ledger) } else { Vec::new() },
            moves_to: if is_holder { self.moves_to(&ledger) } else { Vec::new() },
            entries,
            exceptions: if is_holder {
                ledger.consents().iter().map(line).collect()
            } else {
                BTreeMap::new()
            },
            closed_to_all: if is_holder { ledger.closed_to_all() } else { BTreeSet::new() },
            card_fields: if is_holder { card_fields(&ledger) } else { Vec::new() },
            received_at: receipts.iter().map(|filed| (filed.receipt.order, filed.filed_at)).collect(),
            is_closed: ledger.is_closed(),
            keeps: self.keeps(reader, &ledger),
        })
    }

    /// The own services and those of agreements that hold, in this order.
    fn recipients(&self, ledger: &LedgerView) -> Vec<Recipient> {
        let now = self.now();
        let givers = |service: &Service| ledger.required_givers(&service.code, now);
        let own = self.inner.config.services.iter().map(|own| {
            let service = Service { host: self.inner.own, code: own.code.clone() };
            Recipient { givers: givers(&service), service, areas: None }
        });
        let mut recipients: Vec<_> = own.collect();
        for (host, link) in self.link_table().iter() {
            let is_open = link.agreement.holds(now) && link.standing != Standing::Revoked;
            let services = link.agreement.services.iter().filter(|_| is_open);
            recipients.extend(services.map(|code| {
                let service = Service { host: *host, code: code.clone() };
                Recipient { givers: givers(&service), service, areas: Some(link.agreement.areas.clone()) }
            }));
        }
        recipients
    }

    /// The services of partners whose agreement lets a case move there.
    fn moves_to(&self, ledger: &LedgerView) -> Vec<Recipient> {
        let now = self.now();
        let mut found = Vec::new();
        for (host, link) in self.link_table().iter() {
            let is_open = link.agreement.holds(now) && link.standing != Standing::Revoked;
            let moves = &link.agreement.moves;
            found.extend(moves.services.iter().filter(|_| is_open).map(|code| Recipient {
                service: Service { host: *host, code: code.clone() },
                areas: Some(moves.areas.clone()),
                givers: ledger.required_givers(code, now),
            }));
        }
        found
    }

    /// The entries that a person may read, newest first, to be named on a page that is logged.
    async fn entries_to_name(&self, reader: &Reader, case: CaseId) -> Result<Vec<PreviewItem>, EngineError> {
        let here = self.here(reader, case).await?;
        let mut records = self.inner.store.whole_entries(case).await?.whole;
        records.retain(|record| {
            record.facts.kind != EntryKind::CaseCard && self.may_read(reader, &here, record)
        });
        records.sort_by_key(|record| std::cmp::Reverse((record.stored_at, record.facts.entry)));
        let entries = records.iter().map(|record| record.facts.entry).collect();
        let views = self.readable_views(reader, case, entries).await?;
        Ok(views.iter().map(|(content, view)| preview_item(&content.record.facts, view)).collect())
    }

    /// Returns the entries of an own case that each of some persons of its family reads.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is no such case; others if the store cannot be read.
    pub(crate) async fn entries_read_by_all(
        &self,
        case: CaseId,
        persons: &BTreeSet<PersonId>,
    ) -> Result<BTreeSet<EntryId>, EngineError> {
        let ledger = self.ledger(case).await?;
        let now = self.now();
        let reader = |person: &PersonId| {
            let mut parties = ledger.parties().iter().filter(|party| party.person == *person);
            let is_subject = parties.any(|party| party.capacity == Capacity::Subject);
            Reader {
                account: AccountId::from_random(random()),
                role: if is_subject { Role::Subject } else { Role::Guardian },
                organisation: self.inner.own,
                service: None,
                person: Some(*person),
            }
        };
        let readers: Vec<Reader> = persons.iter().map(reader).collect();
        let nobody = BTreeSet::new();
        let mut records = self.inner.store.whole_entries(case).await?.whole;
        records.retain(|record| {
            let reads = |reader| permit_reading(reader, &ledger, &nobody, &record.facts, now).is_ok();
            readers.iter().all(reads)
        });
        Ok(records.into_iter().map(|record| record.facts.entry).collect())
    }

    /// Lists the cases in which an account of a family reads, or has a word to look after.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for whoever is of no family; [`EngineError::Store`] if the store
    /// cannot be read.
    pub async fn family_cases(&self, reader: &Reader) -> Result<Vec<FamilyCase>, EngineError> {
        if !matches!(reader.role, Role::Guardian | Role::Subject) {
            return Err(EngineError::NotAllowed);
        }
        let mut found = Vec::new();
        for case in self.inner.store.cases_owned().await? {
            let Some(ledger) = self.whole_ledger(case).await? else { continue };
            if let Some(person) = self.person_of_family(reader, &ledger) {
                let known = self.family_case(reader, &ledger, person).await?;
                found.push(known);
            }
        }
        self.note(reader, None, "cases".to_owned()).await?;
        Ok(found)
    }

    /// One of [`family_cases`](Self::family_cases).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if the person is nobody of this case, whether it exists or not.
    pub async fn as_family(&self, reader: &Reader, case: CaseId) -> Result<FamilyCase, EngineError> {
        let ledger = self.ledger(case).await?;
        let person = self.person_of_family(reader, &ledger).ok_or(EngineError::NotFound)?;
        self.note(reader, Some(case), "case".to_owned()).await?;
        self.family_case(reader, &ledger, person).await
    }

    async fn family_case(
        &self,
        reader: &Reader,
        ledger: &LedgerView,
        person: PersonId,
    ) -> Result<FamilyCase, EngineError> {
        let reads = self.task_in(reader, ledger).await.is_ok_and(|task| task == CaseTask::Family);
        let private = if reads { self.private_case(ledger.case()).await? } else { None };
        let is_subject = |capacity| capacity == Capacity::Subject;
        let mut parties = ledger.parties().iter().filter(|party| party.person == person);
        let is_subject = parties.any(|party| is_subject(party.capacity));
        Ok(FamilyCase {
            case: ledger.case(),
            subject_name: private.map(|private| private.view().subject.name.clone()),
            is_subject,
            moved_to: ledger.moved_to().filter(|_| reads).map(|to| self.name_of(to)),
            reads,
            decides: reads && is_subject && reader.role == Role::Subject && self.is_youth(ledger),
        })
    }

    /// Whether the subject decides what guardians read, by the municipality's rule of today.
    pub(super) fn is_youth(&self, ledger: &LedgerView) -> bool {
        let now = self.now();
        ledger.family(now).is_youth(ledger.rules().at(None, now), now)
    }

    /// Returns the guardians about whom a youth decides what they go on reading.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the youth, of the age of the municipality's rule.
    pub async fn own_guardians(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Vec<OwnGuardian>, EngineError> {
        if !self.as_family(reader, case).await?.decides {
            return Err(EngineError::NotFound);
        }
        let ledger = self.ledger(case).await?;
        let private = self.private_case(case).await?;
        let mut guardians = party_items(ledger.parties(), private.as_ref());
        guardians.retain(|party| {
            matches!(
                party.capacity,
                Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian
            )
        });
        let closed = |person| ledger.closed_to_guardian(person).cloned().unwrap_or_default();
        Ok(guardians.into_iter().map(|party| OwnGuardian { closed: closed(party.person), party }).collect())
    }

    /// Returns the person that an account of the family is in a case, for its own word.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody else.
    pub async fn own_person(&self, reader: &Reader, case: CaseId) -> Result<PersonId, EngineError> {
        let ledger = self.ledger(case).await?;
        self.person_of_family(reader, &ledger).ok_or(EngineError::NotFound)
    }

    /// Returns the consents that the leader who answers for a case may let count while its address
    /// is confidential: to whom and about which areas, and nothing of who said what.
    ///
    /// # Errors
    /// As [`approve_sharing`](Self::approve_sharing).
    pub async fn approvable_sharing(
        &self,
        reader: &Reader,
        case: CaseId,
    ) -> Result<Vec<(ConsentId, Service, BTreeSet<AreaCode>)>, EngineError> {
        let ledger = self.led_case(reader, case).await?;
        let records = ledger.consents().values().filter(|record| {
            let is_over = ledger.is_superseded(record.consent().id, self.now())
                || record.withdrawn_at().is_some()
                || record.expired_since(self.now()).is_some();
            !is_over && ledger.protection().approval_opens(record)
        });
        let item = |record: &stafett_protocol::consent::ConsentRecord| {
            let consent = record.consent();
            (consent.id, consent.recipient.clone(), record.areas().clone())
        };
        Ok(records.map(item).collect())
    }
}

/// The fields that a question may name; the engine refuses the others.
fn card_fields(ledger: &LedgerView) -> Vec<CardField> {
    let is_protected = ledger.address_protection() != AddressProtection::None;
    CardField::all().filter(|field| !is_protected || !PLACE_CARD_FIELDS.contains(&field.key())).collect()
}
