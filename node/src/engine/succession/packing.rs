//! A package is made of what the case holds, and of what the gate lets go along at that moment.

use std::collections::{BTreeMap, BTreeSet};

use stafett_config::People;
use stafett_protocol::access::EntryFacts;
use stafett_protocol::access::succeeding::{
    MoveQuestion, TransferPermit, areas_of_move, permit_succession, permit_transfer,
};
use stafett_protocol::consent::{ConsentRecord, Evidence};
use stafett_protocol::decision::{Decision, MoveError, PartnerView};
use stafett_protocol::entry::EntryView;
use stafett_protocol::id::{AccountId, CaseId, ConsentId, EntryId, PersonId, SuccessionId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::AreaCode;
use stafett_protocol::protection::AddressProtection;
use stafett_protocol::succession::package::{PackageError, Packed, Source, Taken, make};
use stafett_protocol::succession::record::{LeavingRecord, parts_of};
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, Sealed};
use stafett_protocol::succession::statement::Course;
use stafett_protocol::succession::{CivilDay, Leaving};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryContent, PackageItem, PackageMade, Write};

use crate::clock::random;
use crate::engine::{Engine, EngineError};
use crate::words::time::date_of;

impl From<PackageError> for EngineError {
    fn from(error: PackageError) -> Self {
        tracing::warn!(%error, "no package can be made");
        Self::Conflict {
            reason: match error {
                PackageError::InConflict(_) => "an entry has two wordings: settle them first",
                PackageError::Content { .. } => "an entry lacks what its kind needs: write it first",
                PackageError::TooLong(_) => "an entry is too long to go along: shorten it first",
                PackageError::NobodyToAsk => "nobody there could be asked: register the family first",
                PackageError::TooMany(_) | PackageError::TooLarge => "the case is too large for a package",
                _ => "the case cannot be made into a package",
            },
        }
    }
}

impl Engine {
    /// Makes the package of an open move, for the first time or anew. The caller holds the turn of commands.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if the gate says no by now, nobody has accepted, or the case cannot be
    /// made into a package.
    pub(in crate::engine) async fn pack(
        &self,
        case: CaseId,
        succession: SuccessionId,
        by: Option<AccountId>,
    ) -> Result<(), EngineError> {
        let ledger = self.ledger(case).await?;
        let record = self.inner.store.move_out(succession).await?.ok_or(EngineError::NotFound)?;
        let (to, revision) = (record.course.to, next_revision(&record));
        let link = self.link(to).ok_or(EngineError::Conflict { reason: "the partner is not known" })?;
        let facts = self.facts_of(case).await?;
        let permits = self.permits_of_move(&ledger, succession, link.view(), &facts)?;
        let today = self.civil_day(self.now())?;
        let packing = self.packing_of(&ledger, succession).await?;
        let made = self.document(&ledger, &packing, link.view(), &permits, &today).await?;
        let place = PackagePlace { succession, revision, from: self.inner.own, to };
        let key = PackageKey::derive(&self.inner.package_secret, succession, revision);
        let nonce: [u8; 16] = random();
        let [nonce @ .., _, _, _, _] = nonce;
        let sealed = key.and_then(|key| Sealed::seal(&made.document, &key, &place, nonce));
        let sealed =
            sealed.map_err(|_| EngineError::Conflict { reason: "the case is too large for a package" })?;
        let packed = Packed { revision, package: sealed.hash() };
        let bytes = u32::try_from(sealed.as_bytes().len()).unwrap_or(u32::MAX);
        let mut decision = Decision::about((*ledger).clone(), by, self.now());
        let taken: Vec<TransferPermit<'_>> =
            permits.into_iter().filter(|permit| made.items.contains_key(&permit.entry())).collect();
        decision.pack_move(succession, packed, &taken, &self.inner.signing)?;
        let items = made.items.into_values().collect();
        let made = PackageMade { succession, case, revision, sealed, items };
        let writes = vec![
            Write::Leaving(Box::new(LeavingRecord { bytes, ..record })),
            Write::PackageMade(Box::new(made)),
        ];
        self.conclude(decision, writes, Vec::new()).await?;
        Ok(())
    }

    /// Whether the package that stands is, byte by byte, what would be made now: neither an entry nor the
    /// family nor the note has changed since. Of the day on which it was made nothing depends.
    pub(super) async fn is_as_packed(
        &self,
        ledger: &LedgerView,
        record: &LeavingRecord,
        partner: PartnerView<'_>,
        permits: &[TransferPermit<'_>],
    ) -> Result<bool, EngineError> {
        let Some(packed) = record.leaving.package() else { return Ok(false) };
        let Course { succession, from, to } = record.course;
        let place = PackagePlace { succession, revision: packed.revision, from, to };
        let mut parts = Vec::new();
        for index in 0..parts_of(record.bytes) {
            let part = self.inner.store.package_part(succession, packed.revision, index).await?;
            parts.push(part.ok_or(EngineError::Conflict { reason: "the package cannot be read" })?);
        }
        let unreadable = |_| EngineError::Conflict { reason: "the package cannot be read" };
        let key = PackageKey::derive(&self.inner.package_secret, succession, packed.revision);
        let whole = Sealed::from_parts(parts.iter().map(Vec::as_slice), record.bytes, packed.package);
        let key = key.map_err(unreadable)?;
        let then = whole.and_then(|sealed| sealed.open(&key, &place)).map_err(unreadable)?;
        let made_on = made_on(&then).ok_or(EngineError::Conflict { reason: "the package cannot be read" })?;
        let packing = self.packing_of(ledger, succession).await?;
        let now = self.document(ledger, &packing, partner, permits, &made_on).await?;
        Ok(now.document == then)
    }

    pub(super) async fn facts_of(&self, case: CaseId) -> Result<Vec<EntryFacts>, EngineError> {
        let records = self.inner.store.entries(case).await?.into_iter();
        Ok(records.map(|record| record.facts).collect())
    }

    /// The gate's leave for each entry that may go along with an open move.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if the case may not go there, or not now.
    pub(super) fn permits_of_move<'a>(
        &self,
        ledger: &'a LedgerView,
        succession: SuccessionId,
        partner: PartnerView<'a>,
        facts: &'a [EntryFacts],
    ) -> Result<Vec<TransferPermit<'a>>, EngineError> {
        let question = self.question_of_move(ledger, succession, partner)?;
        permit_succession(&question).map_err(MoveError::from)?;
        Ok(facts.iter().filter_map(|facts| permit_transfer(&question, facts).ok()).collect())
    }

    fn question_of_move<'a>(
        &self,
        ledger: &'a LedgerView,
        succession: SuccessionId,
        partner: PartnerView<'a>,
    ) -> Result<MoveQuestion<'a>, EngineError> {
        Ok(self.question_under(ledger, consent_of(ledger, succession)?, partner))
    }

    async fn packing_of(
        &self,
        ledger: &LedgerView,
        succession: SuccessionId,
    ) -> Result<Packing, EngineError> {
        let note = self.inner.store.move_note(succession).await?.unwrap_or_default();
        Ok(Packing { consent: consent_of(ledger, succession)?, note })
    }

    /// The question whether a case may move under a consent now.
    pub(super) fn question_under<'a>(
        &self,
        ledger: &'a LedgerView,
        consent: ConsentId,
        partner: PartnerView<'a>,
    ) -> MoveQuestion<'a> {
        let (agreement, standing) = (partner.agreement, partner.standing);
        MoveQuestion { ledger, agreement, standing, consent, now: self.now() }
    }

    /// The document of a move, and the entries in it. What cannot be read is left out, and noted as damage.
    pub(super) async fn document(
        &self,
        ledger: &LedgerView,
        packing: &Packing,
        partner: PartnerView<'_>,
        permits: &[TransferPermit<'_>],
        made_on: &CivilDay,
    ) -> Result<Made, EngineError> {
        let case = ledger.case();
        let question = self.question_under(ledger, packing.consent, partner);
        let consent = &ledger.consents()[&question.consent];
        let read = self.read_for_package(case, permits).await?;
        let taken = read.taken(permits, &self.people());
        let private = self.private_case(case).await?.ok_or(EngineError::NotFound)?;
        let given = self.given_days(consent)?;
        let config = &self.inner.config;
        let contact = self.contact_of(ledger);
        let closed = ledger
            .parties()
            .iter()
            .filter_map(|party| Some((party.person, ledger.closed_to_guardian(party.person)?.clone())));
        let closed: BTreeMap<PersonId, BTreeSet<AreaCode>> = closed.collect();
        let level_name = config.action_guide.level(ledger.level().into());
        let document = make(&Source {
            from: (self.inner.own, &config.node.name),
            to: partner.partner,
            made_on,
            level: (ledger.level(), level_name.map_or("", |names| names.nb.as_str())),
            subject_kind: ledger.subject_kind(),
            case: private.view(),
            parties: ledger.parties(),
            closed: &closed,
            withholds_place: ledger.address_protection() != AddressProtection::None,
            contact: (&contact.0, &contact.1, None),
            consent: consent.consent(),
            areas: &areas_of_move(&question).map_err(MoveError::from)?,
            given: &given,
            note: &packing.note,
            area_names: &config.areas.iter().map(|one| (one.code.clone(), one.names.nb.clone())).collect(),
            service_names: &config
                .services
                .iter()
                .map(|one| (one.code.clone(), one.names.nb.clone()))
                .collect(),
            entries: &taken,
            relations: &self.inner.store.relations(case).await?,
        })?;
        Ok(Made { document, items: read.items() })
    }

    async fn read_for_package(
        &self,
        case: CaseId,
        permits: &[TransferPermit<'_>],
    ) -> Result<Read, EngineError> {
        let entries = permits.iter().map(TransferPermit::entry).collect();
        let opened = self.inner.store.whole_contents(entries).await?;
        self.note_damage(case, &opened.damaged);
        let views = self.whole_views(case, opened.whole).await;
        let origins = self.inner.store.origins(case).await?;
        let mut days = BTreeMap::new();
        for (content, _) in &views {
            let entry = content.record.facts.entry;
            // What came from elsewhere before was written when its origin says.
            let carried = origins.get(&entry).map(|origin| origin.written_on.clone());
            days.insert(entry, carried.map_or_else(|| self.civil_day(content.record.stored_at), Ok)?);
        }
        Ok(Read { views, days })
    }

    /// The name of the stafettholder and of the service, for the new owner to ask.
    fn contact_of(&self, ledger: &LedgerView) -> (String, String) {
        let (config, people) = (&self.inner.config, self.people());
        let holder = ledger.holder().and_then(|holder| people.get(holder));
        let service = holder.and_then(|holder| holder.service.as_ref()).and_then(|code| config.service(code));
        let municipality = || config.node.name.clone();
        (
            holder.map_or_else(municipality, |holder| holder.name.clone()),
            service.map_or_else(municipality, |service| service.names.nb.clone()),
        )
    }

    fn given_days<'a>(
        &self,
        consent: &'a ConsentRecord,
    ) -> Result<Vec<(PersonId, CivilDay, &'a Evidence)>, EngineError> {
        let given = consent.given_by().iter();
        given.map(|(person, yes)| Ok((*person, self.civil_day(yes.at)?, &yes.evidence))).collect()
    }

    /// The day of a moment, here.
    pub(super) fn civil_day(&self, at: UnixMillis) -> Result<CivilDay, EngineError> {
        let day = date_of(at, &self.inner.config.node.time_zone).to_string();
        day.parse().map_err(|_| EngineError::Conflict { reason: "the clock shows no day" })
    }

    /// Makes the packages that are due: somebody has accepted, and the node stopped before it had made one.
    pub(in crate::engine) async fn pack_what_waits(&self, case: CaseId) -> Result<(), EngineError> {
        let ledger = self.ledger(case).await?;
        let waits = ledger.open_move().filter(|(_, one)| matches!(one.leaving, Leaving::Accepted { .. }));
        match waits {
            Some((succession, _)) => self.pack(case, succession, None).await,
            None => Ok(()),
        }
    }
}

/// What was read for a package.
struct Read {
    views: Vec<(EntryContent, EntryView)>,
    days: BTreeMap<EntryId, CivilDay>,
}

impl Read {
    fn taken<'a>(&'a self, permits: &'a [TransferPermit<'a>], people: &People) -> Vec<Taken<'a>> {
        let permits: BTreeMap<EntryId, _> = permits.iter().map(|permit| (permit.entry(), permit)).collect();
        let is_family = |author: Option<AccountId>| {
            author.and_then(|author| people.get(author)).is_some_and(|person| person.person.is_some())
        };
        let taken = self.views.iter().filter_map(|(content, view)| {
            let (entry, by_family) = (content.record.facts.entry, is_family(content.record.author));
            Some(Taken { permit: permits.get(&entry)?, view, by_family, written_on: self.days.get(&entry)? })
        });
        taken.collect()
    }

    fn items(&self) -> BTreeMap<EntryId, PackageItem> {
        let items = self.views.iter().map(|(content, _)| {
            let (facts, heads) = (&content.record.facts, content.record.heads.clone());
            (facts.entry, PackageItem { entry: facts.entry, generation: facts.generation, heads })
        });
        items.collect()
    }
}

/// Under which consent a document is made, and what the stafettholder writes beside it.
pub(super) struct Packing {
    pub(super) consent: ConsentId,
    pub(super) note: String,
}

fn consent_of(ledger: &LedgerView, succession: SuccessionId) -> Result<ConsentId, EngineError> {
    let one = ledger.moves().get(&succession).ok_or(EngineError::NotFound)?;
    let offering = one.leaving.offering().ok_or(EngineError::Conflict { reason: "the move is over" })?;
    Ok(offering.consent)
}

/// A document, and which entries stand in it.
pub(super) struct Made {
    pub(super) document: Vec<u8>,
    pub(super) items: BTreeMap<EntryId, PackageItem>,
}

/// The day on which a package of this node's was made.
fn made_on(document: &[u8]) -> Option<CivilDay> {
    #[derive(serde::Deserialize)]
    struct MadeOn {
        made_on: CivilDay,
    }
    serde_json::from_slice::<MadeOn>(document).ok().map(|said| said.made_on)
}

fn next_revision(record: &LeavingRecord) -> u32 {
    record.leaving.package().map_or(1, |packed| packed.revision.saturating_add(1))
}
