//! Who may read an entry, as far as somebody of the family may know: by this person's own consents
//! alone, as the person's own page of each tells them.
//!
//! Of what others of the family said, closed or took back, of the municipality's and of a partner's
//! reasons nothing shows here, not by a reader that is missing either. So this says who can read an
//! entry by the person's own word, and may name a service that something else keeps from it.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::consent::{ConsentKind, WithdrawnPart};
use stafett_protocol::entry::{About, EntryKind};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;

use super::answer::{ConsentView, EntryItem, OwnConsent, ReaderItem};
use super::{Engine, EngineError};
use crate::store::DisclosureFilter;

/// What is told of entries that went to partners.
#[derive(Default)]
struct Deliveries {
    /// When an entry was first handed over, under which consent and to which service.
    sent: BTreeMap<(EntryId, ConsentId, Service), UnixMillis>,
    /// What a partner's node has said that it has.
    held: BTreeSet<(OrganisationNumber, EntryId)>,
    /// What a partner's node has answered an order about, by the consent that the order ended.
    ordered: BTreeSet<(EntryId, ConsentId)>,
}

impl OwnConsent {
    /// Whether an entry of this kind and these areas is in what the giver was asked about, without
    /// what this giver has taken back or closed since.
    pub(crate) fn covers(&self, entry: EntryId, kind: EntryKind, areas: &BTreeSet<AreaCode>) -> bool {
        let is_taken_back = |area: &AreaCode| {
            self.withdrawals.iter().any(|word| match &word.part {
                WithdrawnPart::Whole => true,
                WithdrawnPart::Areas { areas } => areas.contains(area),
                WithdrawnPart::AboutSelf => false,
            })
        };
        let is_open = |area: &AreaCode| self.areas.contains(area) && !is_taken_back(area);
        !areas.is_empty()
            && areas.iter().all(is_open)
            && self.kinds.contains(&kind)
            && !self.excepted.contains(&entry)
    }

    /// Whether the recipient can read an entry by this giver's word, as far as the giver knows.
    fn opens(&self, item: &EntryItem) -> bool {
        self.kind == ConsentKind::Share
            && self.status == "in-force"
            && self.direction.gives()
            && self.covers(item.entry, item.kind, &item.areas)
            && item.about.iter().all(|about| match about {
                About::Subject => true,
                About::Guardian(_) => self.opens_about_self(),
                About::Sibling | About::Other => false,
            })
    }

    fn opens_about_self(&self) -> bool {
        let is_taken_back = self.withdrawals.iter().any(|word| word.part == WithdrawnPart::AboutSelf);
        !is_taken_back && self.yes.as_ref().is_some_and(|yes| yes.about_self)
    }

    /// The first moment at which the recipient could read an entry, as far as the giver knows.
    fn since(&self, item: &EntryItem) -> UnixMillis {
        let said = self.yes.as_ref().map_or(self.from, |yes| yes.at);
        self.from.max(said).max(item.stored_at)
    }
}

impl Engine {
    /// Tells somebody of the family who can read entries that this person reads, by the person's own
    /// consents; nothing to others. For a look that is in the access log already.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is no such case here; others if the store cannot be read.
    pub(crate) async fn known_readers(
        &self,
        reader: &Reader,
        case: CaseId,
        consents: &[ConsentView],
        entries: &[EntryItem],
    ) -> Result<BTreeMap<EntryId, Vec<ReaderItem>>, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.person_of_family(reader, &ledger).is_none() {
            return Ok(BTreeMap::new());
        }
        let own: Vec<&OwnConsent> = consents.iter().filter_map(own).collect();
        let deliveries = self.deliveries(&ledger).await?;
        let of_entry = |item: &EntryItem| {
            let mut readers: BTreeMap<&Service, ReaderItem> = BTreeMap::new();
            for consent in own.iter().filter(|consent| consent.opens(item)) {
                let told = self.known_reader(consent, item, &deliveries);
                let known = readers.get(&consent.recipient).is_some_and(|known| known.since <= told.since);
                if !known {
                    readers.insert(&consent.recipient, told);
                }
            }
            (item.entry, readers.into_values().collect())
        };
        Ok(entries.iter().map(of_entry).collect())
    }

    /// As [`known_readers`](Self::known_readers), for paper.
    pub(super) async fn known_readers_by_word(
        &self,
        reader: &Reader,
        case: CaseId,
        entries: &[EntryItem],
    ) -> Result<BTreeMap<EntryId, Vec<ReaderItem>>, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.person_of_family(reader, &ledger).is_none() {
            return Ok(BTreeMap::new());
        }
        let consents = self.consent_views(reader, case).await?;
        self.known_readers(reader, case, &consents, entries).await
    }

    fn known_reader(&self, consent: &OwnConsent, item: &EntryItem, deliveries: &Deliveries) -> ReaderItem {
        let service = consent.recipient.clone();
        let is_partner = service.host != self.inner.own;
        let sent_at = deliveries.sent.get(&(item.entry, consent.id, service.clone())).copied();
        // An answer to an order takes the word back that the entry is there. Somebody who did not
        // end the sharing would learn of it by that, so what was received stays received here.
        let received = sent_at.is_some()
            && (deliveries.held.contains(&(service.host, item.entry))
                || deliveries.ordered.contains(&(item.entry, consent.id)));
        ReaderItem {
            name: consent.recipient_name.clone(),
            service,
            consent: Some(consent.id),
            since: Some(consent.since(item)),
            sent_at: sent_at.filter(|_| is_partner),
            received: is_partner.then_some(received),
        }
    }

    async fn deliveries(&self, ledger: &LedgerView) -> Result<Deliveries, EngineError> {
        let (store, case) = (&self.inner.store, ledger.case());
        let mut deliveries = Deliveries::default();
        let filter = DisclosureFilter { case: Some(case), ..DisclosureFilter::default() };
        for logged in store.disclosures(filter).await?.into_iter().filter(|logged| !logged.is_unsent) {
            for ground in logged.row.grounds {
                let key = (logged.row.entry, ground.consent, ground.service);
                deliveries.sent.entry(key).or_insert(logged.row.at);
            }
        }
        deliveries.held = store.acknowledged(case).await?.into_keys().collect();
        for filed in store.receipts_filed(case).await? {
            let ordered = ledger.orders().get(&filed.receipt.order);
            let issued = ordered.and_then(|ordered| ledger.grants().get(&ordered.grant));
            let Some(consent) = issued.map(|issued| issued.consent) else { continue };
            deliveries.ordered.extend(filed.receipt.items.keys().map(|entry| (*entry, consent)));
        }
        Ok(deliveries)
    }
}

fn own(view: &ConsentView) -> Option<&OwnConsent> {
    match view {
        ConsentView::Own(item) => Some(item),
        ConsentView::Full(_) => None,
    }
}
