//! Reading: a few connections, each with a snapshot that lasts as long as one question.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use stafett_protocol::signed::PublicKey;
use tokio::sync::Semaphore;

use crate::seal::WrappingKey;
use crate::store::error::StoreError;
use crate::store::keys::KeyRing;
use crate::store::snapshot::{Own, Snapshot};
use crate::store::{StorePaths, migrations, open};

/// Questions that are answered at the same time.
const READERS_MAX: usize = 4;
/// How often a question is asked when a key was destroyed in the middle of it.
const ATTEMPTS: usize = 3;

/// Answers questions about the rows. Cheap to clone.
#[derive(Clone)]
pub struct StoreReader(Arc<Shared>);

struct Shared {
    paths: StorePaths,
    wrapping: Arc<WrappingKey>,
    own: Arc<Own>,
    idle: Mutex<Vec<Pair>>,
    turns: Arc<Semaphore>,
}

struct Pair {
    rows: Connection,
    keys: KeyRing,
}

impl std::fmt::Debug for StoreReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("StoreReader").field(&self.0.paths.data).finish()
    }
}

impl StoreReader {
    /// Returns the keys that this node signed with before its present one.
    pub fn earlier_keys(&self, present: PublicKey) -> Vec<PublicKey> {
        self.0.own.signing_keys.iter().copied().filter(|key| *key != present).collect()
    }

    /// Opens a store for reading, and checks that it can be read.
    pub(crate) fn open(
        paths: StorePaths,
        wrapping: Arc<WrappingKey>,
        own: Arc<Own>,
    ) -> Result<Self, StoreError> {
        let pair = Pair::open(&paths.data, &wrapping)?;
        pair.keys.log_key()?.ok_or(StoreError::KeysMissing)?;
        let idle = Mutex::new(vec![pair]);
        Ok(Self(Arc::new(Shared {
            paths,
            wrapping,
            own,
            idle,
            turns: Arc::new(Semaphore::new(READERS_MAX)),
        })))
    }

    /// Where the store is.
    pub fn paths(&self) -> &StorePaths {
        &self.0.paths
    }

    /// Asks one question of one snapshot. It is asked again if a key was destroyed after the
    /// snapshot began: the rows that it sealed are then gone or sealed anew.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        ask: impl FnMut(&Snapshot<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let shared = Arc::clone(&self.0);
        let answer = tokio::task::spawn_blocking(move || {
            let answer = shared.ask(ask);
            drop(turn);
            answer
        });
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Shared {
    fn ask<T>(&self, mut ask: impl FnMut(&Snapshot<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut attempts = 1;
        loop {
            let pair = self.take()?;
            let answer = pair.ask(&self.own, &mut ask);
            if !matches!(answer, Err(StoreError::Sqlite(_))) {
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(pair);
            }
            match answer {
                Err(StoreError::KeyGone(_)) if attempts < ATTEMPTS => attempts = attempts.saturating_add(1),
                answer => return answer,
            }
        }
    }

    fn take(&self) -> Result<Pair, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Pair::open(&self.paths.data, &self.wrapping), Ok)
    }
}

impl Pair {
    fn open(data: &Path, wrapping: &Arc<WrappingKey>) -> Result<Self, StoreError> {
        let path: PathBuf = data.join(open::STORE_FILE);
        let rows = open::reading(&path, migrations::STORE)?;
        let keys = KeyRing::reading(data, Arc::clone(wrapping))?;
        Ok(Self { rows, keys })
    }

    /// Keys are unwrapped for one question only, so that a destroyed one does not live on here.
    fn ask<T>(
        &self,
        own: &Own,
        ask: &mut impl FnMut(&Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.rows.unchecked_transaction()?;
        let answer = ask(&Snapshot { connection: &transaction, keys: &self.keys, own });
        self.keys.forget();
        transaction.finish()?;
        answer
    }
}
