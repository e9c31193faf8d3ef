//! Starting and stopping the engine, and taking over a changed table of partners.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use stafett_config::partner::PartnerKeys;
use stafett_config::{PartnerConfig, Partners};
use stafett_protocol::agreement::Standing;
use stafett_protocol::journal::Closing;
use stafett_protocol::limits::RETURNED_DRAFT_MS;
use stafett_protocol::link::input::Input;
use stafett_protocol::link::{Identity, Session};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::PublicKey;
use stafett_protocol::transaction::{Transaction, Write};

use super::damage::DamagedEntries;
use super::link::{About, Link, Links, Terms};
use super::log_watch::LogWatch;
use super::seal::SealReason;
use super::session::SessionTask;
use super::{Engine, EngineError, EngineOptions, Inner};
use crate::store::{Damaged, LocalWrite};

/// How often consents that began or ran out are looked for.
const SWEEP: Duration = Duration::from_secs(20);

impl Engine {
    /// Starts the engine and a session for every partner.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub async fn start(options: EngineOptions) -> Result<Self, EngineError> {
        let engine = Self::start_still(options).await?;
        let (swept, watched) = (engine.clone(), engine.clone());
        tokio::spawn(async move { swept.sweep_on_time().await });
        tokio::spawn(async move { watched.watch_log_on_time().await });
        Ok(engine)
    }

    /// Starts the engine, and nothing ends or is erased by itself: for an operator's command on a
    /// node that is stopped.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_still(options: EngineOptions) -> Result<Self, EngineError> {
        let EngineOptions { config, partners, people, store, signing, package_secret, certificate, clock } =
            options;
        let seals = SealReason::of_store(&store).await?;
        for reason in &seals {
            tracing::error!(?reason, next = reason.next_step(), "the node starts sealed: {}", reason.words());
        }
        let in_doubt_since = store.in_doubt_since().await?;
        let engine = Self {
            inner: Arc::new(Inner {
                own: config.node.organisation,
                rules: Arc::new(config.consent.rules.clone()),
                config,
                people: RwLock::new(Arc::new(people)),
                store,
                signing,
                package_secret,
                certificate,
                log_watch: LogWatch::default(),
                damaged: DamagedEntries::default(),
                clock,
                links: RwLock::new(Arc::new(Links::new())),
                commands: tokio::sync::Mutex::new(()),
                ledgers: Mutex::new(BTreeMap::new()),
                seals: Mutex::new(seals),
                in_doubt_since: AtomicU64::new(in_doubt_since),
                stopping: tokio::sync::watch::Sender::new(false),
                salt: crate::clock::random(),
                released: tokio::sync::watch::Sender::new(()),
            }),
        };
        engine.partners_changed(&partners).await?;
        Ok(engine)
    }

    /// Erases what was given back to its authors and not fetched. While something of a partner's is
    /// not shown its authors cannot fetch it, so the days count from when they can.
    async fn erase_returned(&self) -> Result<(), EngineError> {
        if self.is_sealed() || self.link_table().values().any(|link| link.in_doubt) {
            let until = self.word_at().await?.plus(RETURNED_DRAFT_MS);
            return Ok(self.inner.store.write_local(vec![LocalWrite::KeepReturned { until }]).await?);
        }
        Ok(self.inner.store.erase_returned(self.now()).await?)
    }

    async fn sweep_on_time(self) {
        while !self.is_stopping() {
            // First: what one partner's standing has become by now decides what the sweep does for
            // that partner, and nothing else that happens does so earlier (law 5).
            if let Err(error) = self.refresh_standings(None).await {
                tracing::error!(%error, "whether receipts are overdue could not be looked at");
            }
            if let Err(error) = self.sweep().await {
                tracing::error!(%error, "consents that began or ran out could not be looked for");
            }
            if let Err(error) = self.erase_returned().await {
                tracing::error!(%error, "returned drafts could not be erased");
            }
            self.rest().await;
        }
    }

    /// Walks the access log apart from the other work of the clock: a long one takes minutes, and is
    /// left where it is when the node stops.
    async fn watch_log_on_time(self) {
        while !self.is_stopping() {
            let watched = tokio::select! {
                watched = self.watch_access_log() => watched,
                () = self.until_stopping() => return,
            };
            if let Err(error) = watched {
                tracing::error!(%error, "the access log could not be checked");
            }
            self.rest().await;
        }
    }

    /// Waits for the next turn. A task that slept on would keep the store open after the node has
    /// stopped.
    async fn rest(&self) {
        let _ = tokio::time::timeout(SWEEP, self.until_stopping()).await;
    }

    async fn until_stopping(&self) {
        let _ = self.inner.stopping.subscribe().wait_for(|stops| *stops).await;
    }

    /// Takes over a table of partners: new ones get a session, known ones their new agreement,
    /// and one that is gone is treated as revoked, so that only its receipts are still asked for.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read; the old table stays then.
    pub async fn partners_changed(&self, partners: &Partners) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let before = self.link_table();
        let mut links = Links::new();
        for partner in partners.iter() {
            let about = self.about(partner).await?;
            let link = match before.get(&partner.organisation) {
                Some(known) if known.terms == about.terms => known.with(about),
                _ => self.start_session(about).await?,
            };
            links.insert(partner.organisation, link);
        }
        for (organisation, known) in before.iter() {
            links.entry(*organisation).or_insert_with(|| known.revoked());
        }
        let is_over = |links: &Links, organisation: &OrganisationNumber| {
            links.get(organisation).is_none_or(|link| link.is_revoked)
        };
        let ended =
            before.iter().filter(|(organisation, known)| !known.is_revoked && is_over(&links, organisation));
        let ended: Vec<OrganisationNumber> = ended.map(|(organisation, _)| *organisation).collect();
        self.replace_links(links).await;
        self.note_ended(&ended).await
    }

    /// Writes down that agreements have ended, so that no restore opens them again.
    async fn note_ended(&self, partners: &[OrganisationNumber]) -> Result<(), EngineError> {
        let at = self.now();
        let closing = |partner: &OrganisationNumber| Write::Closing {
            closing: Closing::AgreementEnded { partner: *partner },
            at,
        };
        if !partners.is_empty() {
            let writes = partners.iter().map(closing).collect();
            self.inner.store.commit(Transaction::of(writes)).await?;
        }
        Ok(())
    }

    /// Tells every session what its partner's standing is by now, and takes the table over.
    async fn replace_links(&self, links: Links) {
        for link in links.values() {
            let (agreement, standing) = (Some(link.agreement.clone()), link.standing);
            link.tell_and_wait(Input::StandingChanged { agreement, standing }, None).await;
        }
        *self.inner.links.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(links);
    }

    /// A receipt that is overdue stops new sharing with that partner, until it comes (law 12). What
    /// one partner has said changes the standing of no other: only the clock looks at all of them.
    pub(crate) async fn refresh_standings(&self, of: Option<OrganisationNumber>) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let before = self.link_table();
        let mut links = Links::new();
        for (organisation, link) in before.iter() {
            if of.is_some_and(|of| of != *organisation) {
                links.insert(*organisation, link.clone());
                continue;
            }
            let standing = self.standing_of(*organisation, link.is_revoked).await?;
            links.insert(*organisation, link.standing(standing));
        }
        let changed = links.iter().any(|(organisation, link)| {
            before.get(organisation).is_none_or(|known| known.standing != link.standing)
        });
        if changed {
            self.replace_links(links).await;
        }
        Ok(())
    }

    async fn standing_of(
        &self,
        partner: OrganisationNumber,
        is_revoked: bool,
    ) -> Result<Standing, EngineError> {
        if self.is_sealed() {
            return Ok(Standing::Sealed);
        }
        if is_revoked {
            return Ok(Standing::Revoked);
        }
        let waiting = self.inner.store.orders_waiting(partner).await?;
        let oldest = waiting.iter().map(|order| order.queued_at).min();
        Ok(Standing::Trusted.with_receipts(oldest, self.now()))
    }

    async fn about(&self, partner: &PartnerConfig) -> Result<About, EngineError> {
        let is_revoked = partner.standing() == Standing::Revoked;
        let standing = self.standing_of(partner.organisation, is_revoked).await?;
        let names = partner.services.iter();
        let service_names = names.map(|service| (service.code.clone(), service.names.nb.clone())).collect();
        let services = partner.services.iter();
        let controllers = services.map(|service| (service.code.clone(), service.controller)).collect();
        let signing = partner.keys.iter().flat_map(PartnerKeys::signing);
        let terms = Terms {
            partner_keys: signing.map(|key| PublicKey(key.bytes())).collect(),
            entries_max: partner.terms.entries_max,
            bytes_max: partner.terms.bytes_max,
        };
        Ok(About {
            name: partner.name.clone(),
            service_names,
            controllers,
            keys: partner.keys.clone(),
            agreement: partner.agreement(),
            standing,
            is_revoked,
            // Without a node there is nothing to compare.
            in_doubt: !partner.is_by_hand() && self.is_in_doubt(partner.organisation).await?,
            terms,
        })
    }

    async fn is_in_doubt(&self, partner: OrganisationNumber) -> Result<bool, EngineError> {
        let since = self.inner.in_doubt_since.load(Ordering::Relaxed);
        Ok(since > 0 && self.inner.store.link_checked(partner).await? < since)
    }

    /// Starts the sessions of some partners anew from what the store holds, once the node was
    /// changed below them. The old ones end with their connections.
    pub(super) async fn restart_sessions(
        &self,
        which: impl Fn(OrganisationNumber) -> bool,
    ) -> Result<(), EngineError> {
        let before = self.link_table();
        let mut links = Links::new();
        for (organisation, link) in before.iter() {
            let standing = self.standing_of(*organisation, link.is_revoked).await?;
            let in_doubt = !link.is_by_hand() && self.is_in_doubt(*organisation).await?;
            let about = About { standing, in_doubt, ..link.about() };
            let link = if which(*organisation) { self.start_session(about).await? } else { link.with(about) };
            links.insert(*organisation, link);
        }
        self.replace_links(links).await;
        Ok(())
    }

    async fn start_session(&self, about: About) -> Result<Link, EngineError> {
        let organisation = about.agreement.partner;
        let mut ledgers = BTreeMap::new();
        for case in self.inner.store.cases_granted(organisation).await? {
            match self.ledger(case).await {
                Ok(ledger) => {
                    ledgers.insert(case, ledger);
                }
                // Without what holds in it, no permit for the case is minted (law 3).
                Err(error) if error.is_damage() => {
                    tracing::error!(partner = %organisation, %case, %error, "a damaged case stays closed");
                }
                Err(error) => return Err(error),
            }
        }
        let cases = ledgers.keys().copied().collect();
        let snapshot = self.inner.store.link_snapshot(organisation, ledgers).await?;
        for (entry, unreadable) in &snapshot.unreadable {
            self.note_damage(unreadable.case, &[Damaged { entry: *entry, record: None }]);
        }
        let identity = Identity {
            own: self.inner.own,
            partner: organisation,
            signing: Arc::clone(&self.inner.signing),
            earlier_keys: self.inner.store.earlier_keys(self.inner.signing.public()),
            partner_keys: about.terms.partner_keys.clone(),
            entries_max: about.terms.entries_max,
            bytes_max: about.terms.bytes_max,
            retention: Arc::new(self.inner.config.retention.clone()),
            package_secret: Arc::clone(&self.inner.package_secret),
        };
        let agreement = Some(about.agreement.clone());
        let session = Session::new(identity, agreement, about.standing, snapshot, self.now());
        let (link, ears) = Link::new(about, cases);
        let task = SessionTask {
            engine: self.clone(),
            session,
            state: Arc::clone(&link.state),
            messages: ears.messages,
            closings: ears.closings,
        };
        tokio::spawn(task.run());
        Ok(link)
    }

    /// Says that the node stops: health turns unready and the clock's work ends.
    pub fn stopping(&self) {
        self.inner.stopping.send_replace(true);
    }

    /// Whether the node stops.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.inner.stopping.borrow()
    }

    /// Returns what is done once every handle of this engine is gone and its store is closed, so
    /// that another process can open the folder.
    pub fn released(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut released = self.inner.released.subscribe();
        async move { while released.changed().await.is_ok() {} }
    }

    /// Stops taking commands and closes the store once what is under way is committed.
    pub async fn shut_down(&self) {
        self.stopping();
        let _turn = self.inner.commands.lock().await;
        *self.inner.links.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Links::new());
    }
}
