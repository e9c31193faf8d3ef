//! The engine: carries out what people ask and what links need, by the rules of the protocol.
//!
//! Every command runs the same way: what holds is read, the protocol decides, one transaction is
//! committed, and then the sessions are told. What closes something is told to the sessions
//! first and committed after, so nothing of a closed scope is handed to the transport once the
//! commit is done (law 12). One command at a time changes a case; links go on meanwhile.

pub mod answer;
pub mod request;

pub mod restore;
pub mod seal;
pub mod search;

pub mod arrival;
mod authors;
mod baton;
mod cases;
mod closing;
mod compare;
mod conclude;
mod consents;
mod damage;
pub mod desk;
pub(crate) mod drafts;
pub(crate) mod emergency;
pub(crate) mod entries;
mod family;
pub(crate) mod follow;
mod generations;
pub(crate) mod known_readers;
mod leaving;
mod link;
mod log_watch;
pub mod looks;
mod notices;
pub mod operations;
mod outgoing;
pub(crate) mod overview;
pub(crate) mod preview;
pub mod print;
mod protection;
mod reading;
mod session;
pub mod sessions;
pub(crate) mod stalled;
mod start;
pub mod succession;
mod tasks;
pub(crate) mod transition;
pub(crate) mod unit;
mod uptakes;
mod without;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest, Sha256};
use stafett_config::{NodeConfig, Partners, People};
use stafett_protocol::baton::BatonError;
use stafett_protocol::consent::rule::RuleTable;
use stafett_protocol::decision::DecisionError;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::signed::SigningKey;
use stafett_protocol::succession::sealed::PackageSecret;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Committed, Fault};
use stafett_protocol::transition::TransitionError;
use tokio::sync::{mpsc, watch};

use crate::keys::CertificateFacts;
use crate::store::{InLine, Store, StoreError};
use crate::transport::LinkEvent;
use damage::DamagedEntries;
use link::{Link, Links};
use log_watch::LogWatch;
use seal::SealReason;
use session::Message;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;

/// Why something that was asked for is not done. Tells no more than the asker may know.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It does not exist, or is not for this person: the answer is the same.
    #[error("there is no such thing for you")]
    NotFound,
    /// The person may see it, but not do this.
    #[error("this role may not do that")]
    NotAllowed,
    /// The request does not make sense.
    #[error("{field}: {reason}")]
    Invalid {
        /// Which part.
        field: &'static str,
        /// What was expected. Repeats no value.
        reason: String,
    },
    /// It does not fit what holds by now.
    #[error("{reason}")]
    Conflict {
        /// What stands in the way.
        reason: &'static str,
    },
    /// The node is sealed, or what is asked for is: it was restored, or its clock is in doubt.
    #[error("{}", .0.words())]
    Sealed(SealReason),
    /// The store cannot be read or written now.
    #[error("the store is not available")]
    Store(#[source] StoreError),
    /// The store did not take it.
    #[error("the store did not take it")]
    Fault(#[from] Fault),
}

impl EngineError {
    /// Whether rows of one case are at fault, and not the store.
    pub(crate) fn is_damage(&self) -> bool {
        let Self::Store(error) = self else { return false };
        error.is_damage() || matches!(error, StoreError::KeyGone(_))
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<DecisionError> for EngineError {
    fn from(error: DecisionError) -> Self {
        use stafett_protocol::ledger::LedgerError;
        match error {
            DecisionError::Ledger(LedgerError::NoSuchConsent) => Self::NotFound,
            DecisionError::Ledger(LedgerError::NoSuchRegistration) => Self::NotFound,
            DecisionError::Ledger(LedgerError::SamePerson) => {
                Self::Conflict { reason: "whoever registered something cannot approve it too" }
            }
            DecisionError::Ledger(LedgerError::Overtaken) => {
                Self::Conflict { reason: "the family has changed since that was registered" }
            }
            DecisionError::Ledger(LedgerError::Baton(error)) => error.into(),
            DecisionError::Ledger(LedgerError::Closed) => Self::Conflict { reason: "the case is closed" },
            DecisionError::Ledger(LedgerError::Give(_)) => {
                Self::Conflict { reason: "the yes does not count: given before, withdrawn or expired" }
            }
            DecisionError::Ledger(LedgerError::Withdraw(_)) => {
                Self::Conflict { reason: "the consent was withdrawn before" }
            }
            DecisionError::Ledger(LedgerError::Transition(TransitionError::UnderWay)) => {
                Self::Conflict { reason: "a transition is under way" }
            }
            DecisionError::Ledger(LedgerError::MoveOpen) => {
                Self::Conflict { reason: "a move of the case is not decided" }
            }
            DecisionError::Ledger(_) => Self::Conflict { reason: "that does not follow in this case" },
            DecisionError::Sign(_) => Self::Conflict { reason: "that is too large" },
        }
    }
}

impl From<BatonError> for EngineError {
    fn from(error: BatonError) -> Self {
        match error {
            BatonError::NoSuchOffer | BatonError::NotOffered => Self::NotFound,
            BatonError::Lapsed => Self::Conflict { reason: "the offer has lapsed" },
            BatonError::OfferWaits => Self::Conflict { reason: "another offer waits for its answer" },
            BatonError::OfferUsed => Self::Conflict { reason: "the offer was made before" },
        }
    }
}

pub use succession::OfferMove;

/// A handle to the engine; clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    own: OrganisationNumber,
    config: NodeConfig,
    people: RwLock<Arc<People>>,
    store: Store,
    signing: Arc<SigningKey>,
    /// What the keys of packages are derived from.
    package_secret: Arc<PackageSecret>,
    certificate: CertificateFacts,
    log_watch: LogWatch,
    damaged: DamagedEntries,
    /// Who must say yes, as the municipality has set it.
    rules: Arc<RuleTable>,
    clock: Clock,
    links: RwLock<Arc<Links>>,
    commands: tokio::sync::Mutex<()>,
    ledgers: Mutex<BTreeMap<CaseId, Arc<LedgerView>>>,
    seals: Mutex<BTreeSet<SealReason>>,
    /// The incarnation since which links must be compared; 0 if none is in doubt.
    in_doubt_since: AtomicU64,
    /// Whether the node stops; wakes what sleeps until its next turn.
    stopping: watch::Sender<bool>,
    /// Drawn at the start, for what must tell nothing of what it stands for.
    salt: [u8; 16],
    /// Dropped after the store, because it stands last: whoever listens hears that the folder is free.
    released: watch::Sender<()>,
}

/// What an engine starts with.
pub struct EngineOptions {
    /// The node's settings.
    pub config: NodeConfig,
    /// Its partners.
    pub partners: Partners,
    /// Its people.
    pub people: People,
    /// Its store, open for writing.
    pub store: Store,
    /// Its key for statements.
    pub signing: Arc<SigningKey>,
    /// What it derives the keys of its packages from.
    pub package_secret: Arc<PackageSecret>,
    /// What partners see in its certificate.
    pub certificate: CertificateFacts,
    /// Tells the time.
    pub clock: Clock,
}

impl Engine {
    /// Returns the moment.
    pub fn now(&self) -> UnixMillis {
        (self.inner.clock)()
    }

    /// Returns the organisation whose node this is.
    pub fn organisation(&self) -> OrganisationNumber {
        self.inner.own
    }

    /// Returns the node's settings.
    pub fn config(&self) -> &NodeConfig {
        &self.inner.config
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) async fn sleep_until(&self, moment: Option<UnixMillis>) {
        let wait = moment.map_or(0, |moment| moment.since(self.now()));
        tokio::time::sleep(Duration::from_millis(wait.max(1))).await;
    }

    fn link_table(&self) -> Arc<Links> {
        Arc::clone(&self.inner.links.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn link(&self, partner: OrganisationNumber) -> Option<Link> {
        self.link_table().get(&partner).cloned()
    }

    /// Returns the people with access.
    pub fn people(&self) -> Arc<People> {
        Arc::clone(&self.inner.people.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn own_service(&self, reader: &Reader) -> Option<Service> {
        reader.service.clone().map(|code| Service { host: self.inner.own, code })
    }

    /// Returns who holds a token, if it is valid and the person still has the role.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read: then nobody can tell.
    pub async fn authenticate(&self, bearer: &str) -> Result<Option<Reader>, EngineError> {
        let hash: [u8; 32] = Sha256::digest(bearer.as_bytes()).into();
        let token = self.inner.store.token_by_hash(hash).await?;
        let token = token.filter(|token| token.counts(self.now()));
        Ok(token.and_then(|token| self.reader(token.account, token.role)))
    }

    /// Returns a person in one of the person's roles.
    pub fn reader(&self, account: AccountId, role: Role) -> Option<Reader> {
        let people = self.people();
        let person = people.get(account).filter(|person| person.roles.contains(&role))?;
        Some(Reader {
            account,
            role,
            organisation: self.inner.own,
            service: person.service.clone(),
            person: person.person,
        })
    }

    /// Replaces the table of people. Batons of those who have left are mended apart from it, by
    /// [`mend_batons`](Self::mend_batons).
    pub fn people_changed(&self, people: People) {
        *self.inner.people.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(people);
    }

    /// What holds in an own case.
    async fn ledger(&self, case: CaseId) -> Result<Arc<LedgerView>, EngineError> {
        if let Some(known) = self.known_ledger(case) {
            return Ok(known);
        }
        let chain = self.inner.store.ledger(case).await?;
        let view = LedgerView::replay(chain.iter()).map_err(|_| EngineError::NotFound)?;
        let mut view = view.under(Arc::clone(&self.inner.rules));
        for next in self.inner.store.protection(case).await? {
            view.protect(&next).map_err(|_| EngineError::NotFound)?;
        }
        let view = Arc::new(view);
        self.keep_ledger(&view);
        Ok(view)
    }

    /// As [`ledger`](Self::ledger); none if only an order of the case is here.
    async fn ledger_if_here(&self, case: CaseId) -> Result<Option<Arc<LedgerView>>, EngineError> {
        match self.ledger(case).await {
            Ok(ledger) => Ok(Some(ledger)),
            Err(EngineError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// As [`ledger_if_here`](Self::ledger_if_here), for a walk through all cases: none also if the rows of
    /// this one are damaged, which is logged.
    async fn whole_ledger(&self, case: CaseId) -> Result<Option<Arc<LedgerView>>, EngineError> {
        match self.ledger_if_here(case).await {
            Err(error) if error.is_damage() => {
                tracing::error!(%case, %error, "the ledger of a case cannot be read: run `stafett check`");
                Ok(None)
            }
            read => read,
        }
    }

    fn known_ledger(&self, case: CaseId) -> Option<Arc<LedgerView>> {
        self.inner.ledgers.lock().unwrap_or_else(PoisonError::into_inner).get(&case).cloned()
    }

    fn keep_ledger(&self, view: &Arc<LedgerView>) {
        let mut ledgers = self.inner.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let known = ledgers.entry(view.case()).or_insert_with(|| Arc::clone(view));
        let is_older =
            known.length() < view.length() || known.protection().length() < view.protection().length();
        if is_older {
            *known = Arc::clone(view);
        }
    }

    fn forget_ledger(&self, case: CaseId) {
        self.inner.ledgers.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
    }

    /// Waits for what a link had committed, and tells the other links of new changes.
    pub(crate) async fn committed_for_link(
        &self,
        partner: OrganisationNumber,
        changes: bool,
        line: Result<InLine, Fault>,
    ) -> Result<Committed, Fault> {
        let committed = line?.outcome().await?;
        if changes {
            let links = self.link_table();
            let others = links.iter().filter(|(organisation, _)| **organisation != partner);
            for (_, link) in others {
                for record in &committed.records {
                    if record.owner == self.inner.own && link.knows(record.facts.case) {
                        link.tell(stafett_protocol::link::input::Input::EntryCommitted(record.clone()));
                    }
                }
            }
        }
        Ok(committed)
    }

    /// Hands what the transport tells to the sessions until the transport is gone.
    pub async fn run_links(&self, mut events: mpsc::Receiver<LinkEvent>) {
        while let Some(event) = events.recv().await {
            let (partner, message) = match event {
                LinkEvent::Up { partner, link, .. } => (partner, Message::Up(link)),
                LinkEvent::Frame { partner, connection_id, stream, bytes } => {
                    (partner, Message::Received { connection: connection_id, stream, bytes })
                }
                LinkEvent::DataReset { partner, connection_id } => {
                    (partner, Message::DataReset { connection: connection_id })
                }
                LinkEvent::Down { partner, connection_id, reason, unsent } => {
                    tracing::info!(%partner, %reason, "link is down");
                    (partner, Message::Down { connection: connection_id, unsent })
                }
            };
            if let Some(link) = self.link(partner) {
                link.pass_on(message);
            }
        }
    }
}
