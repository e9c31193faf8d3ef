//! Keeps a running node at what its files say: partners and people are taken over without a
//! restart, and ended agreements lose their links when nothing is left to erase.

use stafett_config::{NodeConfig, OwnKeys, Partners, People};
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use super::time::NodeClock;
use super::watch::Files;
use super::{Options, partners, words};
use crate::engine::Engine;
use crate::transport::{Endpoint, PartnerTable};

pub(super) struct Keeper {
    pub(super) engine: Engine,
    pub(super) clock: NodeClock,
    pub(super) endpoint: Endpoint,
    pub(super) config: NodeConfig,
    pub(super) own: OwnKeys,
    /// The partners that are in force.
    pub(super) partners: Partners,
    /// The people with access.
    pub(super) people: People,
    /// What the transport was told last.
    pub(super) table: PartnerTable,
    pub(super) options: Options,
}

impl Keeper {
    /// Runs until it is told to stop, or nobody is left to tell it; gives the endpoint back.
    pub(super) async fn run(mut self, mut stop: oneshot::Receiver<()>) -> Endpoint {
        let mut every = tokio::time::interval(self.options.watch_every);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut partner_files = Files::of_folder(&self.config.federation.partners);
        let mut people_file = Files::of_file(&self.config.web.people);
        loop {
            tokio::select! {
                _ = &mut stop => return self.endpoint,
                _ = every.tick() => {}
            }
            if let Err(error) = words::listen(&self.engine, &self.clock).await {
                tracing::error!(%error, "what the operator asked for could not be read or written down");
            }
            if partner_files.changed().await {
                self.take_over_partners().await;
            }
            if people_file.changed().await {
                self.take_over_people().await;
            }
            self.tell_transport().await;
        }
    }

    /// The engine hears first: what a changed agreement closes is closed there before the
    /// transport lets a new link in.
    async fn take_over_partners(&mut self) {
        let partners = match Partners::load(&self.config, Some(&self.own)) {
            Ok(partners) if partners == self.partners => return,
            Ok(partners) => partners,
            Err(error) => {
                tracing::error!(%error, "the changed partners are refused, those before stay");
                return;
            }
        };
        if let Err(error) = self.engine.partners_changed(&partners).await {
            tracing::error!(%error, "the changed partners could not be taken over, those before stay");
            return;
        }
        tracing::info!(partners = partners.len(), "took over changed partners");
        self.partners = partners;
        if let Err(error) = partners::report_without_file(&self.partners, self.engine.store()).await {
            tracing::error!(%error, "what is left with partners could not be read");
        }
    }

    async fn take_over_people(&mut self) {
        match People::load(&self.config) {
            Ok(people) if people == self.people => {}
            Ok(people) => {
                tracing::info!(people = people.len(), "took over changed people");
                self.engine.people_changed(people.clone());
                self.people = people;
                if let Err(error) = self.engine.mend_batons().await {
                    tracing::error!(%error, "batons of people who have left could not be mended");
                }
            }
            Err(error) => tracing::error!(%error, "the changed people are refused, those before stay"),
        }
    }

    async fn tell_transport(&mut self) {
        match partners::table(&self.partners, self.engine.store(), self.engine.now()).await {
            Ok(table) if table == self.table => {}
            Ok(table) => {
                self.endpoint.replace_partners(table.clone());
                self.table = table;
            }
            Err(error) => tracing::error!(%error, "the state of agreements could not be read"),
        }
    }
}
