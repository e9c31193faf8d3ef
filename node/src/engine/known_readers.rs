//! For whom somebody of the family opens an entry: by this person's own consents alone, as the
//! person's own page of each tells them.
//!
//! Of what others of the family closed or took back in a part, of the municipality's and of a
//! partner's reasons nothing shows here, not by a reader that is missing either. So this says for whom
//! the person's own word opens an entry, never that they read it, and may name a service that something
//! else keeps from it. Whether the whole consent is in force is told, as on its own page: the same
//! whether another has not answered yet, said no, or took all of it back.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::consent::{ConsentKind, WithdrawnPart};
use stafett_protocol::entry::{About, EntryKind};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::municipality::{AreaCode, Service};
use stafett_protocol::person::Reader;
use stafett_protocol::time::UnixMillis;

use super::answer::{ConsentView, EntryItem, OwnConsent};
use super::{Engine, EngineError};

/// A service for which somebody of the family opens an entry.
pub(crate) struct KnownReader {
    /// The service.
    pub(crate) service: Service,
    /// By which of the person's consents.
    pub(crate) consent: ConsentId,
    /// When the person said yes to it. When the others did is not told, so not either since when
    /// the service could read it.
    pub(crate) said_yes_at: UnixMillis,
}

/// Whom somebody of the family may know of as readers of an entry.
#[derive(Default)]
pub(crate) struct KnownReaders {
    /// For whom the person's own consents open it.
    pub(crate) readers: Vec<KnownReader>,
    /// Whether a yes of the person's would open it and stands, under a consent that is not in force.
    pub(crate) has_idle_yes: bool,
}

impl OwnConsent {
    /// Whether an entry of this kind and these areas is in what the giver was asked about, without
    /// what this giver has taken back or closed since.
    pub(crate) fn covers(&self, entry: EntryId, kind: EntryKind, areas: &BTreeSet<AreaCode>) -> bool {
        !areas.is_empty()
            && areas.is_subset(&self.areas_left())
            && self.kinds.contains(&kind)
            && !self.excepted.contains(&entry)
    }

    /// The areas that were asked for, without what this giver has taken back since.
    pub(crate) fn areas_left(&self) -> BTreeSet<AreaCode> {
        let is_taken_back = |area: &AreaCode| {
            self.withdrawals.iter().any(|word| match &word.part {
                WithdrawnPart::Whole => true,
                WithdrawnPart::Areas { areas } => areas.contains(area),
                WithdrawnPart::AboutSelf => false,
            })
        };
        self.areas.iter().filter(|area| !is_taken_back(area)).cloned().collect()
    }

    /// Whether this giver's word opens an entry for the recipient, as far as the giver knows.
    fn opens(&self, item: &EntryItem) -> bool {
        self.status == "in-force" && self.would_open(item)
    }

    /// Whether this giver has said yes to what would open an entry, and the consent is not in force.
    /// Why it is not is told nobody.
    fn is_idle_for(&self, item: &EntryItem, now: UnixMillis) -> bool {
        self.status == "not-in-force" && self.yes.is_some() && now < self.until && self.would_open(item)
    }

    fn would_open(&self, item: &EntryItem) -> bool {
        self.kind == ConsentKind::Share
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
    ) -> Result<BTreeMap<EntryId, KnownReaders>, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.person_of_family(reader, &ledger).is_none() {
            return Ok(BTreeMap::new());
        }
        let now = self.now();
        let own: Vec<&OwnConsent> = consents.iter().filter_map(own).collect();
        let of_entry = |item: &EntryItem| {
            let mut readers: BTreeMap<&Service, KnownReader> = BTreeMap::new();
            for told in own.iter().filter(|consent| consent.opens(item)).filter_map(|one| known_reader(one)) {
                let (service, said) = (told.0, told.1.said_yes_at);
                if readers.get(service).is_none_or(|known| said < known.said_yes_at) {
                    readers.insert(service, told.1);
                }
            }
            let has_idle_yes = own.iter().any(|consent| consent.is_idle_for(item, now));
            (item.entry, KnownReaders { readers: readers.into_values().collect(), has_idle_yes })
        };
        Ok(entries.iter().map(of_entry).collect())
    }

    /// As [`known_readers`](Self::known_readers), for paper.
    pub(super) async fn known_readers_by_word(
        &self,
        reader: &Reader,
        case: CaseId,
        entries: &[EntryItem],
    ) -> Result<BTreeMap<EntryId, KnownReaders>, EngineError> {
        let ledger = self.ledger(case).await?;
        if self.person_of_family(reader, &ledger).is_none() {
            return Ok(BTreeMap::new());
        }
        let consents = self.consent_views(reader, case).await?;
        self.known_readers(reader, case, &consents, entries).await
    }
}

/// The recipient of a consent to which the person has said yes. Whether an entry came there is not
/// told: what never comes would tell what another giver closed.
fn known_reader(consent: &OwnConsent) -> Option<(&Service, KnownReader)> {
    let service = &consent.recipient;
    let said_yes_at = consent.yes.as_ref()?.at;
    Some((service, KnownReader { service: service.clone(), consent: consent.id, said_yes_at }))
}

fn own(view: &ConsentView) -> Option<&OwnConsent> {
    match view {
        ConsentView::Own(item) => Some(item),
        ConsentView::Full(_) => None,
    }
}
