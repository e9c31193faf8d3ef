//! A case that goes to a municipality without a node: the stafettholder makes a package for the hand, takes it
//! back, or registers that the other municipality has said in writing that it takes the case over. Until
//! then the case is here, and so is the baton.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stafett_protocol::access::EntryFacts;
use stafett_protocol::access::succeeding::{permit_succession, permit_transfer};
use stafett_protocol::decision::{Decision, MoveError, may_go_by_hand};
use stafett_protocol::id::{CaseId, EntryId, PackageId};
use stafett_protocol::ledger::{HandCourse, HandPackage, LedgerView};
use stafett_protocol::limits::ARCHIVE_REFERENCE_BYTES_MAX;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::Reader;
use stafett_protocol::succession::CivilDay;
use stafett_protocol::succession::by_hand::PackageByHand;
use stafett_protocol::succession::package::{Document, PackagedEntry};

use super::offering::{note_of, unknown};
use super::packing::{Made, Packing};
use crate::clock::random;
use crate::engine::answer::{HandItem, HandStep, MadePackage};
use crate::engine::consents::invalid;
use crate::engine::entries::Press;
use crate::engine::request::{MakePackage, RegisterAcceptance};
use crate::engine::{Engine, EngineError};
use crate::package::{CodeWord, Contents, JweError, Salts};
use crate::store::{LocalWrite, PackageFile, StoredPackage};

/// The document of a package, to be written for people.
pub(crate) type Paper<'a> = &'a Document<PackagedEntry>;

/// What an operator writes to a file.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Export {
    /// Of which case.
    pub case: CaseId,
    /// For whom.
    pub to: OrganisationNumber,
}

impl Engine {
    /// Makes a package for the hand of what the family lets go along, sealed under a code word that is told
    /// once. `paper` writes the same for people to read.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if the note is too long, [`EngineError::Conflict`] if the gate says no, the
    /// municipality has a node, a package stands already, or another move or a transition is under way.
    pub(crate) async fn make_package(
        &self,
        reader: &Reader,
        case: CaseId,
        request: MakePackage,
        press: Option<Press>,
        paper: impl FnOnce(Paper<'_>) -> String,
    ) -> Result<MadePackage, EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let id = press.map_or_else(random, |press| press.id_bytes(reader, Some(case), 0));
        let package = PackageId::from_random(id);
        if ledger.packages_by_hand().contains_key(&package) {
            return Err(EngineError::Conflict { reason: "the code word was told once" });
        }
        let packing = Packing { consent: request.consent, note: note_of(&request.note)? };
        let asked = ledger.consents().get(&packing.consent).ok_or(EngineError::NotFound)?;
        let to = asked.consent().recipient.host;
        let link = self.link(to).ok_or_else(unknown)?;
        if !link.is_by_hand() {
            return Err(EngineError::Conflict { reason: "the municipality has a node" });
        }
        let facts = self.facts_of(case).await?;
        let question = self.question_under(&ledger, packing.consent, link.view());
        permit_succession(&question).map_err(MoveError::from)?;
        let permits: Vec<_> =
            facts.iter().filter_map(|facts| permit_transfer(&question, facts).ok()).collect();
        let made_on = self.civil_day(self.now())?;
        let Made { document, items } =
            self.document(&ledger, &packing, link.view(), &permits, &made_on).await?;
        let whole = || EngineError::Conflict { reason: "the case cannot be made into a package" };
        let document = String::from_utf8(document).map_err(|_| whole())?;
        let html = paper(&serde_json::from_str(&document).map_err(|_| whole())?);
        let statement = PackageByHand {
            package,
            from: self.inner.own,
            to,
            document_sha256: Contents::hash_of(&document),
            html_sha256: Contents::hash_of(&html),
            made_on: made_on.clone(),
        };
        let hash = statement.document_sha256;
        let statement = self.inner.signing.sign(statement).map_err(|_| whole())?.token().to_owned();
        let code_word = CodeWord::from_random(random());
        let envelope = sealed(Contents { statement, document, html }, code_word.clone()).await?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        let taken: Vec<_> =
            permits.into_iter().filter(|permit| items.contains_key(&permit.entry())).collect();
        let key = &self.inner.signing;
        decision.make_package(package, packing.consent, hash, link.view(), &taken, key)?;
        let signed_by = self.inner.signing.public().0;
        let file = PackageFile { to, made_on, signed_by, envelope };
        let stored = Box::new(StoredPackage { package, case, file });
        let kept = LocalWrite::PackageByHand { stored, items: items.into_values().collect() };
        self.conclude(decision, Vec::new(), vec![kept]).await?;
        Ok(MadePackage { package, to_name: self.name_of(to), code_word: code_word.grouped() })
    }

    /// Takes the package that stands back: the case does not move by it, and the file can no longer be
    /// fetched here.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton or leads the
    /// unit that answers for the case, [`EngineError::Conflict`] if no package stands.
    pub async fn take_package_back(&self, reader: &Reader, case: CaseId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.answered_case(reader, case).await?.ledger;
        let package = open_package(&ledger)?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.take_package_back(package, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Registers that the other municipality has said in writing that it takes the case over: from here on
    /// the case is its.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Invalid`] if reference or day do not fit, [`EngineError::Conflict`] if no package stands,
    /// or the gate says no by now, as after a withdrawal.
    pub async fn register_acceptance(
        &self,
        reader: &Reader,
        case: CaseId,
        request: RegisterAcceptance,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let package = open_package(&ledger)?;
        let open = &ledger.packages_by_hand()[&package];
        let archive = request.archive.trim().to_owned();
        if archive.is_empty() || archive.len() > ARCHIVE_REFERENCE_BYTES_MAX {
            return Err(invalid("archive", "expected a reference of 1 to 200 bytes"));
        }
        let day = || invalid("on", "expected a day from the package's to today, of the form YYYY-MM-DD");
        let on: CivilDay = request.on.parse().map_err(|_| day())?;
        if on > self.civil_day(self.now())? || on < self.civil_day(open.made_at)? {
            return Err(day());
        }
        let link = self.link(open.to).ok_or_else(unknown)?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        let packed = self.packed_by_hand(&ledger).await?;
        decision.accept_package(package, link.view(), &packed, archive, on, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Returns the package that stands for a case, to be handed out as a file. That it is fetched is in the
    /// access log before.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] unless the person holds the baton,
    /// [`EngineError::Conflict`] if no package stands, or the gate says no by now.
    pub async fn package_file(&self, reader: &Reader, case: CaseId) -> Result<StoredPackage, EngineError> {
        self.must_not_be_sealed()?;
        let ledger = self.kept_case(reader, case).await?;
        let package = open_package(&ledger)?;
        if !self.may_go_by_hand(&ledger, &ledger.packages_by_hand()[&package]).await? {
            return Err(none_stands());
        }
        self.note(reader, Some(case), "package".to_owned()).await?;
        let stored = self.inner.store.package_by_hand(case).await?;
        stored.filter(|stored| stored.package == package).ok_or_else(none_stands)
    }

    /// Whether the package that stands for a case may be written to a file for a municipality, asked by an
    /// operator who reads nothing of it.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if none stands for it, or the gate says no by now.
    pub(crate) async fn may_export(&self, export: Export) -> Result<PackageId, EngineError> {
        self.must_not_be_sealed()?;
        let ledger = self.ledger_if_here(export.case).await?.ok_or_else(none_for)?;
        let open = ledger.open_package().filter(|(_, one)| one.to == export.to);
        let (package, one) = open.ok_or_else(none_for)?;
        if !self.may_go_by_hand(&ledger, one).await? {
            return Err(none_for());
        }
        tracing::info!(case = %export.case, %package, "a package for the hand is written to a file");
        Ok(package)
    }

    /// The entries that stand in the package for the hand of a case, as they are now; none if no package stands.
    pub(in crate::engine) async fn packed_by_hand(
        &self,
        ledger: &LedgerView,
    ) -> Result<Vec<EntryFacts>, EngineError> {
        let Some((package, _)) = ledger.open_package() else { return Ok(Vec::new()) };
        let items = self.inner.store.items_by_hand(package).await?;
        let items: BTreeSet<EntryId> = items.into_iter().map(|item| item.entry).collect();
        let mut facts = self.facts_of(ledger.case()).await?;
        facts.retain(|facts| items.contains(&facts.entry));
        Ok(facts)
    }

    /// Whether the gate lets the case go by a package that stands, with all that is in it.
    async fn may_go_by_hand(&self, ledger: &LedgerView, one: &HandPackage) -> Result<bool, EngineError> {
        let Some((link, consent)) = self.link(one.to).zip(one.consent).filter(|_| one.is_open()) else {
            return Ok(false);
        };
        let packed = self.packed_by_hand(ledger).await?;
        Ok(may_go_by_hand(&self.question_under(ledger, consent, link.view()), &packed).is_ok())
    }

    /// The package that is open or by which the case has moved, or else the last that was taken back.
    pub(super) async fn hand_item(&self, ledger: &LedgerView) -> Result<Option<HandItem>, EngineError> {
        let last = || ledger.packages_by_hand().iter().max_by_key(|(_, one)| one.made_at);
        let stands = ledger.moved_by_hand().or_else(|| ledger.open_package());
        let Some((package, one)) = stands.or_else(|| last().map(|(id, one)| (*id, one))) else {
            return Ok(None);
        };
        let items = self.inner.store.items_by_hand(package).await?.len();
        let (step, ended_at, archive, on) = match &one.course {
            HandCourse::Made => (HandStep::Open, None, None, None),
            HandCourse::TakenBack { at } => (HandStep::TakenBack, Some(*at), None, None),
            HandCourse::Accepted { at, archive, on } => {
                (HandStep::Accepted, Some(*at), archive.clone(), on.clone())
            }
        };
        Ok(Some(HandItem {
            package,
            to: one.to,
            to_name: self.name_of(one.to),
            made_at: one.made_at,
            entries: u32::try_from(items).unwrap_or(u32::MAX),
            step,
            may_go: self.may_go_by_hand(ledger, one).await?,
            ended_at,
            archive,
            on: on.map(|day| day.to_string()),
        }))
    }
}

/// Seals beside the runtime: the code word is hashed for half a second.
async fn sealed(contents: Contents, code: CodeWord) -> Result<String, EngineError> {
    let done = tokio::task::spawn_blocking(move || contents.seal(&code, Salts::random())).await;
    match done {
        Ok(Ok(envelope)) => Ok(envelope),
        Ok(Err(JweError::TooLarge)) => {
            Err(EngineError::Conflict { reason: "the case is too large for a package" })
        }
        Ok(Err(_)) | Err(_) => {
            Err(EngineError::Conflict { reason: "the case cannot be made into a package" })
        }
    }
}

fn open_package(ledger: &LedgerView) -> Result<PackageId, EngineError> {
    ledger.open_package().map(|(package, _)| package).ok_or_else(none_stands)
}

fn none_for() -> EngineError {
    let reason = "no package of this case stands for that municipality: its stafettholder makes one on the case's \
                  page Flytting";
    EngineError::Conflict { reason }
}

fn none_stands() -> EngineError {
    EngineError::Conflict { reason: "no package stands" }
}
