//! Before anything is committed: exactly what would become visible, and to whom. The answers come
//! from the gate itself, asked about what would hold.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::{Denial, EntryFacts, Held, Question, permit, permit_own_service};
use stafett_protocol::case::PrivateCaseDocument;
use stafett_protocol::consent::rule::required_givers;
use stafett_protocol::consent::{Consent, Evidence, Yes};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::{Actor, CardField, Content, EntryKind, EntryView, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::EntryRecord;

use super::answer::{ConsentPreview, EntryPreview, HiddenItem, PreviewItem, ReaderItem};
use super::conclude::card_source;
use super::entries::{check_carried, invalid_content};
use super::reading::Here;
use super::request::{AskConsent, NewEntry};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::{DisclosureFilter, LoggedDisclosure};

/// What is known of a case's readers, for several entries at once.
pub(super) struct Readers<'a> {
    engine: &'a Engine,
    ledger: Option<std::sync::Arc<LedgerView>>,
    disclosures: Vec<LoggedDisclosure>,
    held: BTreeMap<(OrganisationNumber, EntryId), stafett_protocol::entry::Heads>,
    own_view: Vec<ReaderItem>,
}

impl Readers<'_> {
    /// Who reads an entry, as far as the person who asks may know.
    pub(super) fn of(&self, record: &EntryRecord) -> Vec<ReaderItem> {
        let Some(ledger) = &self.ledger else { return self.own_view.clone() };
        let (readers, _) = self.engine.split_readers(ledger, &record.facts, self.held_of(record));
        readers.into_iter().map(|reader| self.with_delivery(reader, record)).collect()
    }

    fn held_of(&self, record: &EntryRecord) -> BTreeSet<OrganisationNumber> {
        self.disclosures
            .iter()
            .filter(|logged| !logged.is_unsent && logged.row.entry == record.facts.entry)
            .filter(|logged| logged.row.generation == record.facts.generation)
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
            own_view: Vec::new(),
        };
        match here {
            Here::Own { ledger, .. } => {
                if ledger.baton().holder == reader.account {
                    let filter = DisclosureFilter { case: Some(case), ..DisclosureFilter::default() };
                    readers.ledger = Some(std::sync::Arc::clone(ledger));
                    readers.disclosures = self.inner.store.disclosures(filter).await?;
                    readers.held = self.inner.store.acknowledged(case).await?;
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

    fn reader_item(&self, service: Service, consent: Option<ConsentId>) -> ReaderItem {
        let name = self.service_name(&service);
        ReaderItem { service, name, consent, sent_at: None, received: None }
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

    /// Services that read an entry, and services with a consent in the case that do not.
    fn split_readers(
        &self,
        ledger: &LedgerView,
        facts: &EntryFacts,
        held: BTreeSet<OrganisationNumber>,
    ) -> (Vec<ReaderItem>, Vec<ReaderItem>) {
        let now = self.now();
        let mut services: BTreeSet<Service> = ledger
            .consents()
            .values()
            .map(|record| record.consent().recipient.clone())
            .filter(|recipient| ledger.valid_consents(recipient, now).next().is_some())
            .collect();
        services.extend(facts.written_by.clone());
        let (mut readers, mut others) = (Vec::new(), Vec::new());
        for service in services {
            let consent = ledger.valid_consents(&service, now).map(|record| record.consent().id).next();
            let item = self.reader_item(service.clone(), consent);
            match self.service_reads(ledger, &service, facts, held.contains(&service.host), now) {
                Ok(()) => readers.push(item),
                Err(_) => others.push(item),
            }
        }
        (readers, others)
    }

    /// Asks the gate for a service of this node or of a partner.
    fn service_reads(
        &self,
        ledger: &LedgerView,
        service: &Service,
        facts: &EntryFacts,
        is_held: bool,
        now: UnixMillis,
    ) -> Result<(), Denial> {
        if service.host == self.inner.own {
            return permit_own_service(ledger, service, facts, now);
        }
        let link = self.link(service.host).ok_or(Denial::NoAgreement)?;
        let generation = is_held.then_some(facts.generation);
        let question = Question {
            ledger,
            agreement: Some(&link.agreement),
            standing: link.standing,
            entry: facts,
            held: Held { generation, recall_waits: false },
            now,
        };
        let permit = permit(&question)?;
        let named = permit.grounds().iter().any(|ground| ground.service == *service);
        if named { Ok(()) } else { Err(Denial::NoConsent) }
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
                let facts = self.new_facts(reader, &ledger, request);
                let (readers, not_readers) = self.split_readers(&ledger, &facts, BTreeSet::new());
                Ok(EntryPreview { readers, not_readers })
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
                .map_err(|_| EngineError::NotFound)?;
                check_carried(request)?;
                let readers = self.own_service(reader).map(|service| self.reader_item(service, None));
                Ok(EntryPreview { readers: readers.into_iter().collect(), not_readers: Vec::new() })
            }
        }
    }

    /// Says what a consent would open once everybody has said yes, before it is asked for.
    ///
    /// # Errors
    /// As [`ask_consent`](Self::ask_consent).
    pub async fn preview_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &AskConsent,
    ) -> Result<ConsentPreview, EngineError> {
        let ledger = self.held_case(reader, case).await?;
        self.note(reader, Some(case), "consent preview".to_owned()).await?;
        let consent = self.consent_of(&ledger, request)?;
        let id = consent.id;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::ConsentAsked { consent }, &self.inner.signing)?;
        self.preview_of(&ledger, decision, id).await
    }

    /// Says what a consent that was asked for would open once everybody has said yes.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is no such consent.
    pub async fn preview_asked_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        consent: ConsentId,
    ) -> Result<ConsentPreview, EngineError> {
        let ledger = self.held_case(reader, case).await?;
        self.note(reader, Some(case), "consent preview".to_owned()).await?;
        let decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        self.preview_of(&ledger, decision, consent).await
    }

    /// Lets everybody say yes who has not, in a copy that nobody keeps, and compares.
    async fn preview_of(
        &self,
        ledger: &LedgerView,
        mut decision: Decision,
        id: ConsentId,
    ) -> Result<ConsentPreview, EngineError> {
        let record = decision.ledger().consents().get(&id).ok_or(EngineError::NotFound)?;
        let consent = record.consent().clone();
        let required = required_givers(ledger.subject_kind(), ledger.parties());
        let missing: BTreeSet<_> =
            required.into_iter().filter(|giver| !record.given_by().contains_key(giver)).collect();
        let now = self.now();
        for giver in &missing {
            let yes = Yes { at: now, evidence: Evidence::Oral, about_self: false };
            decision.say(Said::ConsentGiven { consent: id, giver: *giver, yes }, &self.inner.signing)?;
        }
        if let Some(link) = self.link(consent.recipient.host) {
            decision.issue_grants(self.inner.own, link.view(), &self.inner.signing, random)?;
        }
        let entries = self.preview_entries(ledger, decision.ledger(), &consent, now).await?;
        let card = self.preview_card(ledger, &consent).await?;
        let (becomes_visible, stays_visible, stays_hidden) = entries;
        Ok(ConsentPreview {
            recipient: consent.recipient,
            becomes_visible,
            stays_visible,
            stays_hidden,
            card,
            missing,
        })
    }

    async fn preview_entries(
        &self,
        before: &LedgerView,
        after: &LedgerView,
        consent: &Consent,
        now: UnixMillis,
    ) -> Result<(Vec<PreviewItem>, Vec<PreviewItem>, Vec<HiddenItem>), EngineError> {
        let service = &consent.recipient;
        let moment = now.max(consent.from);
        let filter =
            DisclosureFilter { case: Some(after.case()), partner: Some(service.host), ..Default::default() };
        let rows = self.inner.store.disclosures(filter).await?;
        let (mut opens, mut stays, mut hidden) = (Vec::new(), Vec::new(), Vec::new());
        for record in self.inner.store.entries(after.case()).await? {
            if record.facts.kind == EntryKind::CaseCard {
                continue;
            }
            let is_held = rows.iter().any(|logged| {
                !logged.is_unsent
                    && logged.row.entry == record.facts.entry
                    && logged.row.generation == record.facts.generation
            });
            let was = self.service_reads(before, service, &record.facts, is_held, now).is_ok();
            let item = self.preview_item(&record).await?;
            match self.service_reads(after, service, &record.facts, is_held, moment) {
                Ok(()) if was => stays.push(item),
                Ok(()) => opens.push(item),
                Err(denial) => {
                    let reason = self.reason(consent, &record.facts, denial).to_owned();
                    hidden.push(HiddenItem { item, reason });
                }
            }
        }
        Ok((opens, stays, hidden))
    }

    async fn preview_item(&self, record: &EntryRecord) -> Result<PreviewItem, EngineError> {
        let view = self.view(record.facts.entry).await?.map(|(_, view)| view).unwrap_or_default();
        Ok(PreviewItem {
            entry: record.facts.entry,
            kind: record.facts.kind,
            areas: record.facts.areas.clone(),
            title: title(&view),
        })
    }

    fn reason(&self, consent: &Consent, facts: &EntryFacts, denial: Denial) -> &'static str {
        match denial {
            Denial::AddressProtected => "blocked",
            Denial::NoAgreement | Denial::Sealed => "no-agreement",
            Denial::OutsideAgreement => "outside-agreement",
            Denial::NoArea => "no-area",
            Denial::Excepted => "excepted",
            Denial::AboutAnother => "about-another",
            Denial::HistoryTravels => "waits-for-generation",
            Denial::RecallWaits | Denial::ReceiptOverdue => "waits-for-receipt",
            _ if !facts.areas.is_subset(&consent.areas) => "area",
            _ if !consent.kinds.contains(&facts.kind) => "kind",
            _ => "not-consented",
        }
    }

    async fn preview_card(
        &self,
        ledger: &LedgerView,
        consent: &Consent,
    ) -> Result<BTreeMap<CardField, String>, EngineError> {
        if consent.card_fields.is_empty() {
            return Ok(BTreeMap::new());
        }
        let Some(bytes) = self.inner.store.private_case(ledger.case()).await? else {
            return Ok(BTreeMap::new());
        };
        let unreadable = EngineError::Conflict { reason: "the private case document cannot be read" };
        let Ok(private) = PrivateCaseDocument::open(Actor(random()), &bytes) else { return Err(unreadable) };
        let content = card_source(private.view(), ledger).content(&consent.card_fields);
        let Ok(content) = content else { return Err(unreadable) };
        let fields = consent.card_fields.iter();
        Ok(fields
            .filter_map(|field| {
                let value = content.fields().get(&field.key())?;
                Some((*field, words(value)))
            })
            .collect())
    }
}

/// The title of an entry, or the beginning of its text.
pub(super) fn title(view: &EntryView) -> String {
    let keys = [FieldKey::Title, FieldKey::Description, FieldKey::Summary];
    let text = keys.iter().map(|key| view.text(*key)).find(|text| !text.is_empty()).unwrap_or("");
    text.chars().take(80).collect()
}

fn words(value: &FieldValue) -> String {
    match value {
        FieldValue::Flag(flag) => flag.to_string(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Lines(lines) => lines.join(", "),
        FieldValue::Records(records) => {
            let names = records.iter().filter_map(|record| record.get(&FieldKey::Name));
            names.cloned().collect::<Vec<_>>().join(", ")
        }
    }
}
