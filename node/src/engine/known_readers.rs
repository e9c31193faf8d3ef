//! Who may read an entry, as far as somebody of the family may know: by this person's own consents
//! alone, as the person's own page of each tells them.
//!
//! Of what others of the family said, closed or took back, of the municipality's and of a partner's
//! reasons nothing shows here, not by a reader that is missing either. So this says who can read an
//! entry by the person's own word, and may name a service that something else keeps from it.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::consent::{ConsentKind, WithdrawnPart};
use stafett_protocol::entry::{About, EntryKind};
use stafett_protocol::id::{CaseId, EntryId};
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;

use super::answer::{ConsentView, EntryItem, OwnConsent, ReaderItem};
use super::{Engine, EngineError};

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
        let of_entry = |item: &EntryItem| {
            let mut readers: BTreeMap<&Service, ReaderItem> = BTreeMap::new();
            for consent in own.iter().filter(|consent| consent.opens(item)) {
                let told = known_reader(consent, item);
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
}

/// Whether it came there is not told: what never comes would tell what another giver closed.
fn known_reader(consent: &OwnConsent, item: &EntryItem) -> ReaderItem {
    ReaderItem {
        name: consent.recipient_name.clone(),
        service: consent.recipient.clone(),
        consent: Some(consent.id),
        since: Some(consent.since(item)),
        sent_at: None,
        received: None,
    }
}

fn own(view: &ConsentView) -> Option<&OwnConsent> {
    match view {
        ConsentView::Own(item) => Some(item),
        ConsentView::Full(_) => None,
    }
}
