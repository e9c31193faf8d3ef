//! What operators say about a seal, and what comes of it. `stafett seal` and `stafett clock` do it
//! themselves on a node that is stopped, and leave a row in the store of one that runs.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stafett_config::{NodeConfig, Partners, People};
use stafett_protocol::id::PackageId;

use super::time::{ClockStatus, NodeClock};
use super::{StartError, open_store, own_keys, read_keys, signing_key};
use crate::clock::SystemClocks;
use crate::engine::restore::AfterRestore;
use crate::engine::seal::SealReason;
use crate::engine::succession::{Export, TakenIn};
use crate::engine::{Engine, EngineError, EngineOptions};
use crate::package::Incoming;
use crate::store::{LocalWrite, OperatorWord, StoreError, beside};

/// What an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Do again what the journal says and the store lacks.
    Replay,
    /// Go on without a journal: every consent must be reconfirmed.
    Reconfirm,
    /// How do the clocks stand?
    ClockStatus,
    /// The system's clock is right.
    ClockConfirm,
    /// The mark was wrong.
    ClockReset,
    /// A file with a package for the hand came.
    Import,
    /// May the package for the hand of a case be written to a file?
    Export,
}

impl Word {
    const ALL: [Self; 7] = [
        Self::Replay,
        Self::Reconfirm,
        Self::ClockStatus,
        Self::ClockConfirm,
        Self::ClockReset,
        Self::Import,
        Self::Export,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Replay => "seal-replay",
            Self::Reconfirm => "seal-reconfirm",
            Self::ClockStatus => "clock-status",
            Self::ClockConfirm => "clock-confirm",
            Self::ClockReset => "clock-reset",
            Self::Import => "import",
            Self::Export => "export",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WordOutcome {
    /// What was done after a restore.
    Restored(Box<AfterRestore>),
    /// How the clocks stand by now.
    Clock(ClockStatus),
    /// A file was taken in, or was here before.
    TakenIn(TakenIn),
    /// The package that may be written to a file.
    MayExport(PackageId),
    /// It was not done, and why.
    Refused(String),
}

/// Asks a node for something, whether it runs or not. Blocks while a running node works on it.
///
/// # Errors
/// [`StartError`] if the node cannot be opened, or [`StartError::NoAnswer`] if one that runs does
/// not answer; nothing is done later then.
pub async fn say(config: &NodeConfig, word: Word) -> Result<WordOutcome, StartError> {
    hand_over(config, word, None).await
}

/// Hands a node a file with a package for the hand, whether it runs or not. Blocks as [`say`] does.
///
/// # Errors
/// As for [`say`].
pub async fn import(config: &NodeConfig, incoming: &Incoming) -> Result<WordOutcome, StartError> {
    hand_over(config, Word::Import, Some(&body_of(incoming)?)).await
}

/// Asks a node whether the package for the hand of a case may be written to a file. Blocks as [`say`] does.
///
/// # Errors
/// As for [`say`].
pub async fn export(config: &NodeConfig, export: Export) -> Result<WordOutcome, StartError> {
    hand_over(config, Word::Export, Some(&body_of(&export)?)).await
}

fn body_of(handed: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(handed).map_err(|_| StoreError::Damaged { table: "operator_word" })
}

async fn hand_over(config: &NodeConfig, word: Word, body: Option<&[u8]>) -> Result<WordOutcome, StartError> {
    match say_to_stopped(config, word, body).await {
        Err(StartError::Store(StoreError::InUse { .. })) => say_to_running(config, word, body).await,
        done => done,
    }
}

async fn say_to_stopped(
    config: &NodeConfig,
    word: Word,
    body: Option<&[u8]>,
) -> Result<WordOutcome, StartError> {
    config.store.check_folders()?;
    let keys = read_keys(config)?;
    let partners = Partners::load(config, Some(&own_keys(&keys)))?;
    let (people, signing) = (People::load(config)?, signing_key(&keys)?);
    let store = open_store(config, &keys)?;
    let clocks = SystemClocks::new(config.development.clock.clone());
    if word == Word::ClockStatus {
        return Ok(WordOutcome::Clock(NodeClock::look(&store, clocks).await?));
    }
    let clock = NodeClock::start(&store, clocks).await?;
    let number = beside::say(&config.store.folder, word.as_str(), body, crate::clock::now())?;
    let options = EngineOptions {
        config: config.clone(),
        partners,
        people,
        store,
        signing,
        package_secret: std::sync::Arc::new(keys.package_secret()?),
        certificate: keys.certificate_facts().clone(),
        clock: clock.teller(),
    };
    let engine = Engine::start_still(options).await?;
    let outcome = carry_out(&engine, &clock, number, word).await;
    super::node::release(engine).await;
    Ok(outcome?)
}

/// How often is looked whether a running node has answered, and how often at the most.
const ANSWER_EVERY: std::time::Duration = std::time::Duration::from_millis(250);
const ANSWER_LOOKS_MAX: usize = 2_400;

async fn say_to_running(
    config: &NodeConfig,
    word: Word,
    body: Option<&[u8]>,
) -> Result<WordOutcome, StartError> {
    let folder = &config.store.folder;
    let number = beside::say(folder, word.as_str(), body, crate::clock::now())?;
    for _ in 0..ANSWER_LOOKS_MAX {
        tokio::time::sleep(ANSWER_EVERY).await;
        if let Some(outcome) = beside::outcome(folder, number)? {
            let damaged = |_| StoreError::Damaged { table: "operator_word" };
            return Ok(serde_json::from_str(&outcome).map_err(damaged)?);
        }
    }
    beside::take_back(folder, number)?;
    Err(StartError::NoAnswer)
}

/// Does what operators have asked a running node for.
///
/// # Errors
/// [`StoreError`] if the store cannot be read or written.
pub(super) async fn listen(engine: &Engine, clock: &NodeClock) -> Result<(), StoreError> {
    for OperatorWord { number, word, .. } in engine.store().words_waiting().await? {
        match Word::read(&word) {
            Some(word) => {
                carry_out(engine, clock, number, word).await?;
            }
            None => write_down(engine, number, &WordOutcome::Refused("unknown".to_owned())).await?,
        }
    }
    Ok(())
}

/// Words from before this start are not acted on: whoever said them has gone.
///
/// # Errors
/// As for [`listen`].
pub(super) async fn forget(engine: &Engine) -> Result<(), StoreError> {
    for OperatorWord { number, .. } in engine.store().words_waiting().await? {
        write_down(engine, number, &WordOutcome::Refused("the node was started anew".to_owned())).await?;
    }
    Ok(())
}

async fn carry_out(
    engine: &Engine,
    clock: &NodeClock,
    number: i64,
    word: Word,
) -> Result<WordOutcome, StoreError> {
    let outcome = match obey(engine, clock, number, word).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(word = word.as_str(), %error, "what the operator asked for was not done");
            WordOutcome::Refused(error.to_string())
        }
    };
    if word != Word::ClockStatus {
        tracing::warn!(word = word.as_str(), "the operator has spoken");
    }
    write_down(engine, number, &outcome).await?;
    Ok(outcome)
}

async fn obey(
    engine: &Engine,
    clock: &NodeClock,
    number: i64,
    word: Word,
) -> Result<WordOutcome, EngineError> {
    match word {
        Word::Replay => Ok(WordOutcome::Restored(Box::new(engine.replay_journal().await?))),
        Word::Reconfirm => Ok(WordOutcome::Restored(Box::new(engine.go_on_with_doubts().await?))),
        Word::Import => Ok(WordOutcome::TakenIn(engine.take_in(handed_over(engine, number).await?).await?)),
        Word::Export => {
            Ok(WordOutcome::MayExport(engine.may_export(handed_over(engine, number).await?).await?))
        }
        Word::ClockStatus => Ok(WordOutcome::Clock(clock.status(engine.store()).await?)),
        Word::ClockConfirm | Word::ClockReset => {
            let told = match word {
                Word::ClockReset => clock.reset(engine.store()).await?,
                _ => clock.confirm(engine.store()).await?,
            };
            tracing::warn!(word = word.as_str(), now = told.0, "the operator has set the node's clock");
            engine.unseal(&[SealReason::Clock]).await?;
            Ok(WordOutcome::Clock(clock.status(engine.store()).await?))
        }
    }
}

/// What an operator handed over with a word.
async fn handed_over<T: DeserializeOwned>(engine: &Engine, number: i64) -> Result<T, StoreError> {
    let body = engine.store().word_body(number).await?.unwrap_or_default();
    serde_json::from_slice(&body).map_err(|_| StoreError::Damaged { table: "operator_word" })
}

async fn write_down(engine: &Engine, number: i64, outcome: &WordOutcome) -> Result<(), StoreError> {
    let outcome =
        serde_json::to_string(outcome).map_err(|_| StoreError::Damaged { table: "operator_word" })?;
    engine.store().write_local(vec![LocalWrite::WordDone { number, outcome, at: engine.now() }]).await
}
