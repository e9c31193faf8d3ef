//! What a consent would open and close, before anything is committed.
//!
//! Everybody whose yes is needed now says it in a copy that nobody keeps, and the gate is asked
//! about the copy on the first day of the consent. Nobody says yes there who could not say it now.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::waiting::{Waiting, waits_for};
use stafett_protocol::access::{Denial, EntryFacts, Held, OnlyFor};
use stafett_protocol::agreement::Standing;
use stafett_protocol::case::PrivateCaseDocument;
use stafett_protocol::consent::{Consent, ConsentKind, ConsentStatus, Evidence, Yes};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::{About, Actor, CardField, EntryKind, FieldKey, FieldValue};
use stafett_protocol::id::{CaseId, ConsentId, EntryId, GenerationId, PersonId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;

use super::preview_item;
use crate::clock::random;
use crate::engine::answer::{ConsentPreview, HiddenItem, PreviewItem};
use crate::engine::conclude::card_source;
use crate::engine::consents::status_word;
use crate::engine::request::AskConsent;
use crate::engine::{Engine, EngineError};
use crate::store::DisclosureFilter;

/// What would hold, and when the gate is asked about it.
pub(super) struct Would {
    pub(super) consent: Consent,
    pub(super) areas: BTreeSet<AreaCode>,
    pub(super) status: ConsentStatus,
    before: LedgerView,
    /// With the stafettholder's look at what was held, where that is waited for.
    pub(super) after: LedgerView,
    pub(super) now: UnixMillis,
    pub(super) moment: UnixMillis,
}

/// A preview's entries.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) opens: Vec<PreviewItem>,
    stays: Vec<PreviewItem>,
    closes: Vec<HiddenItem>,
    pub(super) hidden: Vec<HiddenItem>,
    pub(super) dropped: Vec<PreviewItem>,
}

impl Engine {
    /// Says what a consent would open once everybody has said yes, before it is asked for.
    ///
    /// # Errors
    /// As when it is asked for.
    pub async fn preview_consent(
        &self,
        reader: &Reader,
        case: CaseId,
        request: &AskConsent,
    ) -> Result<ConsentPreview, EngineError> {
        let ledger = self.kept_case(reader, case).await?;
        self.must_not_point(reader, &ledger, request)?;
        self.note(reader, Some(case), "consent preview".to_owned()).await?;
        let consent = self.consent_of(&ledger, ConsentId::from_random(random()), request).await?;
        let id = consent.id;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::ConsentAsked { consent }, &self.inner.signing)?;
        let preview = self.preview_of(&ledger, decision, id).await?;
        Ok(if self.keeps(reader, &ledger) { without_content(preview) } else { preview })
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
        let ledger = self.kept_case(reader, case).await?;
        self.note(reader, Some(case), "consent preview".to_owned()).await?;
        let decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        let preview = self.preview_of(&ledger, decision, consent).await?;
        Ok(if self.keeps(reader, &ledger) { without_content(preview) } else { preview })
    }

    async fn preview_of(
        &self,
        ledger: &LedgerView,
        decision: Decision,
        id: ConsentId,
    ) -> Result<ConsentPreview, EngineError> {
        let record = decision.ledger().consents().get(&id).ok_or(EngineError::NotFound)?;
        let consent = record.consent().clone();
        let now = self.now();
        let needed = ledger.required_for(&consent, now);
        let needed_later = ledger.required_for(&consent, now.max(consent.from));
        let missing: BTreeSet<PersonId> =
            needed.union(&needed_later).filter(|giver| !record.has_yes_of(**giver)).copied().collect();
        let would = self.what_would_hold(ledger, decision, id, &needed)?;
        let (sorted, card) = match would.consent.kind {
            ConsentKind::Transfer => (self.sort_for_move(&would).await?, self.card_for_move(&would).await?),
            _ => (self.sort_entries(&would).await?, self.preview_card(&would).await?),
        };
        Ok(ConsentPreview {
            recipient: would.consent.recipient,
            becomes_visible: sorted.opens,
            stays_visible: sorted.stays,
            becomes_hidden: sorted.closes,
            stays_hidden: sorted.hidden,
            drops_exceptions: sorted.dropped,
            card,
            missing,
            becomes: status_word(&would.status).to_owned(),
            waits_for_review: would.status == ConsentStatus::WaitsForReview,
        })
    }

    fn what_would_hold(
        &self,
        before: &LedgerView,
        mut decision: Decision,
        id: ConsentId,
        needed: &BTreeSet<PersonId>,
    ) -> Result<Would, EngineError> {
        let now = self.now();
        let record = decision.ledger().consents().get(&id).ok_or(EngineError::NotFound)?;
        let was_complete = decision.ledger().completed_at(record).is_some_and(|at| at <= now);
        let may_be_given = !was_complete
            && matches!(
                decision.ledger().status(record, now),
                ConsentStatus::Draft | ConsentStatus::PartlyGiven { .. } | ConsentStatus::Refused
            );
        if may_be_given && !before.is_over() {
            let givers: Vec<_> = needed.iter().filter(|giver| !record.has_yes_of(**giver)).copied().collect();
            for giver in givers {
                let yes = Yes::new(now, Evidence::Oral);
                decision.say(Said::ConsentGiven { consent: id, giver, yes }, &self.inner.signing)?;
            }
        }
        let given = decision.ledger();
        let record = given.consents().get(&id).ok_or(EngineError::NotFound)?;
        let (consent, areas) = (record.consent().clone(), record.areas().clone());
        let moment = now.max(consent.from);
        let status = given.status(record, moment);
        if status == ConsentStatus::WaitsForReview {
            decision.say(Said::HeldReviewed { consent: id }, &self.inner.signing)?;
        }
        let after = self.granted(decision.ledger().clone(), &consent.recipient, moment)?;
        Ok(Would { consent, areas, status, before: before.clone(), after, now, moment })
    }

    /// With the grants that would be issued at a moment.
    fn granted(
        &self,
        ledger: LedgerView,
        recipient: &Service,
        moment: UnixMillis,
    ) -> Result<LedgerView, EngineError> {
        let mut decision = Decision::by_the_clock(ledger, moment);
        if let Some(link) = self.link(recipient.host) {
            decision.issue_grants(self.inner.own, link.view(), &self.inner.signing, random)?;
        }
        Ok(decision.ledger().clone())
    }

    async fn sort_entries(&self, would: &Would) -> Result<Sorted, EngineError> {
        let (case, service) = (would.after.case(), &would.consent.recipient);
        let filter = DisclosureFilter { case: Some(case), partner: Some(service.host), ..Default::default() };
        let rows = self.inner.store.disclosures(filter).await?;
        let recalled = self.recalled_in(case).await?;
        let dropped = would.after.drops(would.consent.id, would.now);
        let mut sorted = Sorted::default();
        let records = self.inner.store.entries(case).await?.into_iter();
        let told = records.filter(|record| record.facts.kind != EntryKind::CaseCard);
        for (content, view) in self.views(told.map(|record| record.facts.entry).collect()).await? {
            let facts = &content.record.facts;
            let is_held = rows.iter().any(|logged| {
                !logged.is_unsent
                    && logged.row.entry == facts.entry
                    && logged.row.generation == facts.generation
            });
            let held = Held {
                generation: is_held.then_some(facts.generation),
                recall_waits: recalled.contains(&(service.host, facts.entry)),
            };
            let was = self.service_reads(&would.before, service, facts, held, would.now).is_ok();
            let item = preview_item(facts, &view);
            if dropped.contains(&facts.entry) {
                sorted.dropped.push(item.clone());
            }
            match self.service_reads(&would.after, service, facts, held, would.moment) {
                Ok(()) if was => sorted.stays.push(item),
                Ok(()) => sorted.opens.push(item),
                Err(denial) => {
                    let reason = self.reason(would, facts, denial).to_owned();
                    let list = if was { &mut sorted.closes } else { &mut sorted.hidden };
                    list.push(HiddenItem { item, reason });
                }
            }
        }
        Ok(sorted)
    }

    fn reason(&self, would: &Would, facts: &EntryFacts, denial: Denial) -> &'static str {
        let Would { consent, moment, .. } = would;
        let service = &consent.recipient;
        let is_partner = service.host != self.inner.own;
        let waits = waits_for(&would.after, service, is_partner, facts, *moment);
        let standing = self.link(service.host).map(|link| link.standing);
        match denial {
            Denial::AddressProtected if waits == Some(Waiting::WaitsForApproval) => "waits-for-approval",
            Denial::AddressProtected => "blocked",
            Denial::NoAgreement | Denial::Sealed => "no-agreement",
            Denial::OutsideAgreement => "outside-agreement",
            Denial::NoArea => "no-area",
            Denial::Excepted => "excepted",
            Denial::AboutAnother => "about-another",
            Denial::HistoryTravels => "waits-for-generation",
            Denial::RecallWaits | Denial::ReceiptOverdue => "waits-for-receipt",
            _ if !facts.areas.is_subset(&would.areas) => "area",
            _ if !consent.kinds.contains(&facts.kind) => "kind",
            _ if !may_open(&would.status) => status_word(&would.status),
            _ if standing == Some(Standing::ReceiptOverdue) => "waits-for-receipt",
            _ => "not-consented",
        }
    }

    /// The fields of the card, if the gate would let it go.
    async fn preview_card(&self, would: &Would) -> Result<BTreeMap<CardField, String>, EngineError> {
        let Would { consent, after, .. } = would;
        if consent.card_fields.is_empty() || consent.kind != ConsentKind::Share {
            return Ok(BTreeMap::new());
        }
        let facts = EntryFacts {
            entry: EntryId::from_random(random()),
            case: after.case(),
            kind: EntryKind::CaseCard,
            areas: self.agreed_areas(&consent.recipient, &would.areas),
            about: BTreeSet::from([About::Subject]),
            written_by: Some(Service { host: self.inner.own, code: after.opened_by().clone() }),
            only_for: Some(OnlyFor { service: consent.recipient.clone(), consent: Some(consent.id) }),
            hidden_from_guardians: false,
            generation: GenerationId::from_random(random()),
            changes: 1,
        };
        let held = Held::default();
        if self.service_reads(after, &consent.recipient, &facts, held, would.moment).is_err() {
            return Ok(BTreeMap::new());
        }
        self.card_words(would).await
    }

    /// The fields of the card that a consent names, as they stand in the case.
    pub(super) async fn card_words(&self, would: &Would) -> Result<BTreeMap<CardField, String>, EngineError> {
        let Would { consent, after, .. } = would;
        let Some(bytes) = self.inner.store.private_case(after.case()).await? else {
            return Ok(BTreeMap::new());
        };
        let unreadable = EngineError::Conflict { reason: "the private case document cannot be read" };
        let Ok(private) = PrivateCaseDocument::open(Actor(random()), &bytes) else { return Err(unreadable) };
        let content = card_source(private.view(), after).content(&consent.card_fields);
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

/// Whether a consent opens something once the stafettholder has looked through what was held.
fn may_open(status: &ConsentStatus) -> bool {
    status.counts() || *status == ConsentStatus::WaitsForReview
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

/// What is opened and closed, for one who reads no entry: how many of which kind and areas, and no word of them.
fn without_content(mut preview: ConsentPreview) -> ConsentPreview {
    let shown = preview.becomes_visible.iter_mut().chain(&mut preview.stays_visible);
    let hidden = preview.becomes_hidden.iter_mut().chain(&mut preview.stays_hidden);
    let dropped = preview.drops_exceptions.iter_mut();
    for item in shown.chain(hidden.map(|hidden| &mut hidden.item)).chain(dropped) {
        item.title.clear();
        item.hidden_from_guardians = false;
    }
    preview.card.values_mut().for_each(String::clear);
    preview
}
