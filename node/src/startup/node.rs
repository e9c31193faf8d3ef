//! A running node, from its start to its stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use stafett_config::{NodeConfig, Partners, People};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::keeper::Keeper;
use super::time::NodeClock;
use super::{StartError, open_store, own_keys, partners, read_keys, record, signing_key, words};
use crate::clock::SystemClocks;
use crate::engine::{Engine, EngineOptions};
use crate::keys::NodeKeys;
use crate::shutdown::{self, Stopwatch};
use crate::transport::{Endpoint, EndpointOptions, FrameRecorder};
use crate::web;

/// How a node runs, beyond its settings.
#[derive(Debug, Clone)]
pub struct Options {
    /// How often the folder of partners, the file of people and the state of ended agreements
    /// are looked at.
    pub watch_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { watch_every: Duration::from_secs(2) }
    }
}

/// A node that runs.
pub struct RunningNode {
    /// Where pages and API are served.
    pub web: SocketAddr,
    /// Where partners connect.
    pub quic: SocketAddr,
    /// The engine, for what runs in the same process.
    pub engine: Engine,
    stop_web: oneshot::Sender<()>,
    web_task: JoinHandle<()>,
    stop_keeper: oneshot::Sender<()>,
    keeper: JoinHandle<Endpoint>,
    links: JoinHandle<()>,
    time: JoinHandle<()>,
}

/// Starts a node in this process. Must be called within a tokio runtime.
///
/// # Errors
/// [`StartError`] for the first thing that is wrong. What was started by then is stopped, and
/// nothing on disk is changed but what opening the store brings up to date.
pub async fn start(config: NodeConfig, options: Options) -> Result<RunningNode, StartError> {
    config.store.check_folders()?;
    let keys = read_keys(&config)?;
    let partners = Partners::load(&config, Some(&own_keys(&keys)))?;
    let people = People::load(&config)?;
    let signing = signing_key(&keys)?;
    let recorder = config.development.record_frames.as_deref().map(record::recorder).transpose();
    let recorder = recorder.map_err(StartError::System)?;
    let store = open_store(&config, &keys)?;
    let clock = NodeClock::start(&store, SystemClocks::new(config.development.clock.clone())).await?;
    let engine = Engine::start(EngineOptions {
        config: config.clone(),
        partners: partners.clone(),
        people: people.clone(),
        store,
        signing,
        package_secret: Arc::new(keys.package_secret()?),
        certificate: keys.certificate_facts().clone(),
        clock: clock.teller(),
    })
    .await?;
    let started = Started { engine: engine.clone(), config, keys, partners, people, clock, recorder };
    match started.open(options).await {
        Ok(node) => Ok(node),
        Err(error) => {
            release(engine).await;
            Err(error)
        }
    }
}

/// A node with an engine, before anybody can reach it.
struct Started {
    engine: Engine,
    config: NodeConfig,
    keys: NodeKeys,
    partners: Partners,
    people: People,
    clock: NodeClock,
    recorder: Option<FrameRecorder>,
}

impl Started {
    /// Opens the node to partners and then to people.
    async fn open(self, options: Options) -> Result<RunningNode, StartError> {
        let Self { engine, config, keys, partners, people, clock, recorder } = self;
        let table = partners::table(&partners, engine.store(), engine.now()).await?;
        partners::report_without_file(&partners, engine.store()).await?;
        words::forget(&engine).await?;
        let endpoint = EndpointOptions {
            listen: config.federation.listen,
            settings: partners::transport_settings(&config),
            partners: table.clone(),
            clock: clock.teller(),
            jitter: Arc::new(|| u64::from_ne_bytes(crate::clock::random())),
            recorder,
        };
        let (endpoint, events) = Endpoint::start(&keys, endpoint)?;
        let quic = endpoint.local_address().map_err(StartError::System)?;
        let linked = engine.clone();
        let links = tokio::spawn(async move { linked.run_links(events).await });
        let (stop_web, web_stops) = oneshot::channel();
        let stopping = async move {
            // A sender that is gone asks for the same.
            let _ = web_stops.await;
        };
        let (web, web_task) = match web::serve(engine.clone(), &config.web, stopping).await {
            Ok(served) => served,
            Err(error) => {
                endpoint.shut_down(shutdown::LINKS_MAX).await;
                // Without the endpoint there are no more events, and what waits for them ends.
                let _ = links.await;
                return Err(error.into());
            }
        };
        let (stop_keeper, keeper_stops) = oneshot::channel();
        let own = own_keys(&keys);
        let keeper = Keeper {
            engine: engine.clone(),
            clock: clock.clone(),
            endpoint,
            config,
            own,
            partners,
            people,
            table,
            options,
        };
        let keeper = tokio::spawn(keeper.run(keeper_stops));
        let time = tokio::spawn(clock.keep(engine.clone()));
        Ok(RunningNode { web, quic, engine, stop_web, web_task, stop_keeper, keeper, links, time })
    }
}

impl RunningNode {
    /// Returns when a part of the node has ended by itself, which only a fault causes.
    pub async fn broken(&mut self) {
        tokio::select! {
            _ = &mut self.web_task => {}
            _ = &mut self.keeper => {}
            _ = &mut self.links => {}
            _ = &mut self.time => {}
        }
    }

    /// Stops the node: pages, then links, then engine and store. Returns within
    /// [`shutdown::DEADLINE`]; everything that was acknowledged is durable before (law 11).
    /// Returns whether every part ended by itself in time.
    pub async fn stop(self) -> bool {
        let watch = Stopwatch::start(shutdown::DEADLINE);
        self.engine.stopping();
        let _ = self.stop_web.send(());
        let web = watch.end(self.web_task, shutdown::PAGES_MAX).await.is_some();
        let _ = self.stop_keeper.send(());
        let endpoint = watch.end(self.keeper, shutdown::LINKS_MAX).await;
        let links = match endpoint {
            Some(endpoint) => {
                endpoint.shut_down(watch.at_most(shutdown::LINKS_MAX)).await;
                watch.end(self.links, shutdown::LINKS_MAX).await.is_some()
            }
            None => false,
        };
        self.time.abort();
        // Its handle of the engine goes with it.
        let _ = self.time.await;
        let engine = watch.within(release(self.engine)).await.is_some();
        web && links && engine
    }
}

/// Stops the engine and waits until nothing of it is left, so that the folder is free.
pub(super) async fn release(engine: Engine) {
    let released = engine.released();
    engine.shut_down().await;
    drop(engine);
    released.await;
}
