//! Before anything is committed: exactly what would become visible, and to whom. The answers come
//! from the gate itself, asked about what would hold.

mod consent;
mod moving;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use stafett_config::Language;
use stafett_protocol::access::waiting::waits_for;
use stafett_protocol::access::{Denial, EntryFacts, Held, Question, permit, permit_own_service};
use stafett_protocol::consent::ConsentKind;
use stafett_protocol::entry::{Content, EntryView, FieldKey};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, Service, ServiceCode};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryRecord;

use super::answer::{EntryPreview, PreviewItem, ReaderItem, WaitingItem};
use super::entries::{check_carried, invalid_content};
use super::reading::Here;
use super::request::NewEntry;
use super::{Engine, EngineError};
use crate::store::{DisclosureFilter, LoggedDisclosure};
use crate::words::Namer;

pub(crate) use names::NamedBeyond;

/// What is known of a case's readers, for several entries at once.
pub(super) struct Readers<'a> {
    engine: &'a Engine,
    ledger: Option<std::sync::Arc<LedgerView>>,
    disclosures: Vec<LoggedDisclosure>,
    held: BTreeMap<(OrganisationNumber, EntryId), stafett_protocol::entry::Heads>,
    recalled: Recalled,
    own_view: Vec<ReaderItem>,
}

/// Entries that a partner was ordered to erase and has not confirmed: nothing of them goes there.
pub(super) type Recalled = BTreeSet<(OrganisationNumber, EntryId)>;

/// Who reads an entry, and who does not.
#[derive(Default)]
pub(super) struct ReadBy {
    /// Services that read it.
    pub(super) readers: Vec<ReaderItem>,
    /// Services with a consent in the case that do not.
    pub(super) others: Vec<ReaderItem>,
    /// Services that would if a consent came into force again.
    pub(super) waiting: Vec<WaitingItem>,
}

/// What stands between an entry and the partners already.
#[derive(Default)]
struct Standings {
    held: BTreeSet<OrganisationNumber>,
    recalled: BTreeSet<OrganisationNumber>,
}

impl Standings {
    fn of(&self, partner: OrganisationNumber, facts: &EntryFacts) -> Held {
        Held {
            generation: self.held.contains(&partner).then_some(facts.generation),
            recall_waits: self.recalled.contains(&partner),
        }
    }
}

impl Readers<'_> {
    /// Who reads an entry, as far as the person who asks may know.
    pub(super) fn of(&self, record: &EntryRecord) -> ReadBy {
        let Some(ledger) = &self.ledger else {
            return ReadBy { readers: self.own_view.clone(), ..ReadBy::default() };
        };
        let recalled = self.recalled.iter().filter(|(_, entry)| *entry == record.facts.entry);
        let standings = Standings {
            held: self.held_of(record),
            recalled: recalled.map(|(partner, _)| *partner).collect(),
        };
        let mut read_by = self.engine.read_by(ledger, &record.facts, &standings);
        let readers = read_by.readers.into_iter();
        let told = readers.map(|reader| self.with_delivery(reader, record));
        read_by.readers = told.map(|reader| since(reader, ledger, record)).collect();
        read_by
    }

    fn held_of(&self, record: &EntryRecord) -> BTreeSet<OrganisationNumber> {
        self.disclosures
            .iter()
            .filter(|logged| !logged.is_unsent && logged.row.entry == record.facts.entry)
            .map(|logged| logged.row.partner)
            .collect()
    }

    fn with_delivery(&self, mut reader: ReaderItem, record: &EntryRecord) -> ReaderItem {
        let host = reader.service.host;
        if host != self.engine.inner.own {
            let entry = record.facts.entry;
            reader.sent_at = self
                .disclosures
                .iter()
                .filter(|logged| !logged.is_unsent && logged.row.entry == entry && logged.row.partner == host)
                .map(|logged| logged.row.at)
                .max();
            reader.received = Some(self.held.get(&(host, entry)) == Some(&record.heads));
        }
        reader
    }
}

impl Engine {
    /// Who reads a case's entries: all of them for the stafettholder; at a partner only itself
    /// and the owner (law 2); nothing for others.
    pub(super) async fn readers_of_case(
        &self,
        reader: &Reader,
        case: CaseId,
        here: &Here,
    ) -> Result<Readers<'_>, EngineError> {
        let mut readers = Readers {
            engine: self,
            ledger: None,
            disclosures: Vec::new(),
            held: BTreeMap::new(),
            recalled: Recalled::new(),
            own_view: Vec::new(),
        };
        match here {
            Here::Own { ledger, .. } => {
                if ledger.baton().is_held_by(reader.account) {
                    let filter = DisclosureFilter { case: Some(case), ..DisclosureFilter::default() };
                    readers.ledger = Some(std::sync::Arc::clone(ledger));
                    readers.disclosures = self.inner.store.disclosures(filter).await?;
                    readers.held = self.inner.store.acknowledged(case).await?;
                    readers.recalled = self.recalled_in(case).await?;
                }
            }
            Here::Received { .. } => {
                readers.own_view = self
                    .own_service(reader)
                    .into_iter()
                    .map(|service| self.reader_item(service, None))
                    .collect();
            }
        }
        Ok(readers)
    }

    pub(super) async fn recalled_in(&self, case: CaseId) -> Result<Recalled, EngineError> {
        let mut recalled = Recalled::new();
        for waiting in self.inner.store.orders_waiting_in(case).await? {
            let order = waiting.order.statement();
            recalled.extend(order.entries.iter().map(|entry| (order.partner, *entry)));
        }
        Ok(recalled)
    }

    fn reader_item(&self, service: Service, consent: Option<ConsentId>) -> ReaderItem {
        let name = self.service_name(&service);
        ReaderItem { service, name, consent, since: None, sent_at: None, received: None }
    }

    /// A service's name in bokmål; with the municipality for a partner's.
    pub(super) fn service_name(&self, service: &Service) -> String {
        if service.host == self.inner.own {
            let own = self.inner.config.service(&service.code);
            return own.map_or_else(|| service.code.to_string(), |own| own.names.nb.clone());
        }
        let link = self.link(service.host);
        link.and_then(|link| link.service_names.get(&service.code).cloned())
            .map_or_else(|| service.to_string(), |name| format!("{name} ({})", self.name_of(service.host)))
    }

    /// What a municipality is called here: this one, or a partner.
    pub(crate) fn municipality(&self, organisation: OrganisationNumber) -> String {
        self.name_of(organisation)
    }

    /// What a service is called where its municipality stands beside it.
    pub(crate) fn service_at(
        &self,
        host: OrganisationNumber,
        code: &ServiceCode,
        language: Language,
    ) -> String {
        if host == self.inner.own {
            return self.service(&Service { host, code: code.clone() }, language);
        }
        let names = self.link(host).map(|link| link.service_names);
        names.and_then(|names| names.get(code).cloned()).unwrap_or_else(|| code.to_string())
    }

    /// Who reads an entry, and of whom a consent names in the case, who does not.
    fn read_by(&self, ledger: &LedgerView, facts: &EntryFacts, standings: &Standings) -> ReadBy {
        let now = self.now();
        let shared = ledger.consents().values().map(|record| record.consent());
        let shared = shared.filter(|consent| consent.kind == ConsentKind::Share);
        let mut services: BTreeSet<Service> = shared.map(|consent| consent.recipient.clone()).collect();
        services.extend(facts.written_by.clone());
        let mut read_by = ReadBy::default();
        for service in services {
            let consent = ledger.valid_consents(&service, now).map(|record| record.consent().id).next();
            let wrote = facts.written_by.as_ref() == Some(&service);
            let held = standings.of(service.host, facts);
            let reads = self.service_reads(ledger, &service, facts, held, now).is_ok();
            if reads {
                read_by.readers.push(self.reader_item(service, consent));
                continue;
            }
            let is_partner = service.host != self.inner.own;
            if let Some(reason) = waits_for(ledger, &service, is_partner, facts, now) {
                let name = self.service_name(&service);
                read_by.waiting.push(WaitingItem { service: service.clone(), name, reason });
            }
            if consent.is_some() || wrote {
                read_by.others.push(self.reader_item(service, consent));
            }
        }
        read_by
    }

    /// Asks the gate for a service of this node or of a partner.
    fn service_reads(
        &self,
        ledger: &LedgerView,
        service: &Service,
        facts: &EntryFacts,
        held: Held,
        now: UnixMillis,
    ) -> Result<(), Denial> {
        if service.host == self.inner.own {
            return permit_own_service(ledger, service, facts, now);
        }
        let link = self.link(service.host).ok_or(Denial::NoAgreement)?;
        let question = Question {
            ledger,
            agreement: Some(&link.agreement),
            standing: link.standing,
            entry: facts,
            held,
            now,
        };
        let permit = permit(&question)?;
        let named = permit.grounds().iter().any(|ground| ground.service == *service);
        if named { Ok(()) } else { Err(Denial::NoConsent) }
    }

    /// Whoever of the family asks who would read, area after area, without writing, can find out what
    /// another has closed: the access log names the areas.
    async fn note_preview(
        &self,
        reader: &Reader,
        case: CaseId,
        areas: &BTreeSet<AreaCode>,
    ) -> Result<(), EngineError> {
        if !matches!(reader.role, Role::Guardian | Role::Subject) {
            return Ok(());
        }
        let codes: Vec<String> = areas.iter().map(ToString::to_string).collect();
        self.note(reader, Some(case), format!("{} {}", super::looks::PREVIEW, codes.join(" "))).await
    }

    /// Says who would read an entry if it were published now.
    ///
    /// # Errors
    /// As [`publish_entry`](Self::publish_entry).
    pub async fn preview_entry(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &NewEntry,
    ) -> Result<EntryPreview, EngineError> {
        self.check_areas(&request.areas)?;
        Content::new(request.kind, request.fields.clone()).map_err(|error| invalid_content(&error))?;
        match self.here(reader, case).await? {
            Here::Own { ledger, .. } => {
                self.may_write_own(reader, &ledger, request).await?;
                self.note_preview(reader, case, &request.areas).await?;
                let facts = self.new_facts(reader, &ledger, request);
                let ReadBy { readers, others, waiting } =
                    self.read_by(&ledger, &facts, &Standings::default());
                if ledger.baton().is_held_by(reader.account) {
                    return Ok(EntryPreview { readers, not_readers: others, waiting });
                }
                // Whoever else publishes is told who will read it, and not which consents there are,
                // were or wait: that is what others in the family have said.
                let readers =
                    readers.into_iter().map(|reader| ReaderItem { consent: None, ..reader }).collect();
                Ok(EntryPreview { readers, not_readers: Vec::new(), waiting: Vec::new() })
            }
            here @ Here::Received { .. } => {
                let Here::Received { grants, assigned, .. } = &here else {
                    return Err(EngineError::NotFound);
                };
                stafett_protocol::access::person::permit_writing_received(
                    reader,
                    grants,
                    assigned,
                    request.kind,
                    &request.areas,
                    self.now(),
                )
                .map_err(|denial| self.denied_writing(reader, assigned, denial))?;
                check_carried(request)?;
                let readers = self.own_service(reader).map(|service| self.reader_item(service, None));
                let readers = readers.into_iter().collect();
                Ok(EntryPreview { readers, not_readers: Vec::new(), waiting: Vec::new() })
            }
        }
    }
}

/// Since when a service has read an entry: since it was written, or since its consent counts.
fn since(reader: ReaderItem, ledger: &LedgerView, record: &EntryRecord) -> ReaderItem {
    let consent = reader.consent.filter(|_| record.facts.written_by.as_ref() != Some(&reader.service));
    let consent = consent.and_then(|consent| ledger.consents().get(&consent));
    let from = consent.map_or(record.stored_at, |record| record.consent().from);
    ReaderItem { since: Some(from.max(record.stored_at)), ..reader }
}

/// An entry as a list names it.
pub(super) fn preview_item(facts: &EntryFacts, view: &EntryView) -> PreviewItem {
    PreviewItem {
        entry: facts.entry,
        kind: facts.kind,
        areas: facts.areas.clone(),
        title: title(view),
        hidden_from_guardians: facts.hidden_from_guardians,
    }
}

/// The title of an entry, or the beginning of its text.
fn title(view: &EntryView) -> String {
    let keys = [FieldKey::Title, FieldKey::Description, FieldKey::Summary];
    let text = keys.iter().map(|key| view.text(*key)).find(|text| !text.is_empty()).unwrap_or("");
    text.chars().take(80).collect()
}
