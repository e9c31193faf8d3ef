//! Starting a node: settings, keys, store, engine, transport, pages, in that order; what fails
//! stops what was started before it and says so in one message.
//!
//! [`start`] runs a node inside a process, as the program does and as tests do. The functions
//! here are steps of it that other commands need alone.

mod keeper;
mod node;
pub mod partners;
mod record;
#[cfg(test)]
mod tests;
mod time;
mod watch;
pub mod words;

use std::sync::Arc;

use stafett_config::partner::{SigningPublicKey, TlsFingerprint};
use stafett_config::{ConfigError, NodeConfig, NodeIdentity, OwnKeys};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::{PublicKey, SigningKey};
use stafett_protocol::time::{DAY, UnixMillis};

use crate::engine::EngineError;
use crate::keys::{CertificateSubject, KeysError, NodeKeys};
use crate::seal::{KeyBytes, WrappingKey};
use crate::store::{Left, Store, StoreError, StorePaths, StoreReader, StoreSettings};
use crate::transport;
use crate::web::WebError;

pub use node::{Options, RunningNode, start};
pub use time::ClockStatus;

/// Days for which a node's own certificate is valid. Partners pin its key, so a renewed
/// certificate costs them nothing; five years outlive every agreement that ends on time.
const CERTIFICATE_DAYS: u64 = 5 * 365;
/// A partner's clock may be behind ours.
const CERTIFICATE_BEGINS_BEFORE_MS: u64 = DAY;

/// A node did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings, partners or people are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The node's own keys cannot be used.
    #[error("the node's keys cannot be used")]
    Keys(#[from] KeysError),
    /// The keys are another node's.
    #[error("the certificate names organisation {certificate}, and the settings name {settings}")]
    OtherOrganisation {
        /// In the certificate.
        certificate: OrganisationNumber,
        /// In the settings.
        settings: OrganisationNumber,
    },
    /// The signing key is no key that statements can be signed with.
    #[error("the node's signing key cannot be used")]
    SigningKey,
    /// The store cannot be opened.
    #[error(transparent)]
    Store(StoreError),
    /// There is no room for what the store writes.
    #[error("the disk that holds the store is full: make room, then start again")]
    DiskFull,
    /// The engine cannot start on what the store holds.
    #[error("the engine cannot start")]
    Engine(#[from] EngineError),
    /// The links to partners cannot be opened.
    #[error(transparent)]
    Transport(#[from] transport::StartError),
    /// The pages cannot be served.
    #[error(transparent)]
    Web(#[from] WebError),
    /// A running node was asked for something and did not answer.
    #[error("the node that runs does not answer: it was asked for nothing; see its log")]
    NoAnswer,
    /// The system does not say which address is listened on, or the frames cannot be recorded.
    #[error("the system refused what the node needs")]
    System(#[source] std::io::Error),
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        if error.is_full() { Self::DiskFull } else { Self::Store(error) }
    }
}

/// Reads the node's own keys and checks whose they are.
///
/// # Errors
/// [`StartError::Keys`] names the file that is missing, open to others or wrong;
/// [`StartError::OtherOrganisation`] if they are another node's.
pub fn read_keys(config: &NodeConfig) -> Result<NodeKeys, StartError> {
    let keys = NodeKeys::read(&config.store.keys)?;
    let (certificate, settings) = (keys.organisation(), config.node.organisation);
    if certificate == settings {
        Ok(keys)
    } else {
        Err(StartError::OtherOrganisation { certificate, settings })
    }
}

/// Returns the public keys that no partner may claim.
pub fn own_keys(keys: &NodeKeys) -> OwnKeys {
    OwnKeys {
        tls: TlsFingerprint::new(*keys.fingerprint().as_bytes()),
        signing: SigningPublicKey::new(*keys.signing_public_key()),
    }
}

/// Returns whom a certificate that is made at `now` names, and for how long.
pub fn certificate_subject(node: &NodeIdentity, now: UnixMillis) -> CertificateSubject {
    CertificateSubject {
        organisation: node.organisation,
        municipality: node.name.clone(),
        from: UnixMillis(now.0.saturating_sub(CERTIFICATE_BEGINS_BEFORE_MS)),
        until: now.plus(DAY.saturating_mul(CERTIFICATE_DAYS)),
    }
}

/// Returns the key that signs the node's statements.
///
/// # Errors
/// [`StartError::SigningKey`] if it is of no use for that.
pub fn signing_key(keys: &NodeKeys) -> Result<Arc<SigningKey>, StartError> {
    SigningKey::from_pkcs8(keys.signing_key_pkcs8()).map(Arc::new).map_err(|_| StartError::SigningKey)
}

/// Makes a new node's store and journal.
///
/// # Errors
/// [`StartError::Store`] if a folder cannot be written.
pub fn make_store(config: &NodeConfig, keys: &NodeKeys) -> Result<(), StartError> {
    open_store(config, keys).map(drop)
}

/// Opens the store for reading, also while the node runs.
///
/// # Errors
/// [`StartError::Store`] if there is none, or none that this program reads.
pub fn read_store(config: &NodeConfig, keys: &NodeKeys) -> Result<StoreReader, StartError> {
    Ok(Store::open_reading(store_settings(config, keys))?)
}

fn open_store(config: &NodeConfig, keys: &NodeKeys) -> Result<Store, StartError> {
    Ok(Store::open(store_settings(config, keys))?)
}

fn store_settings(config: &NodeConfig, keys: &NodeKeys) -> StoreSettings {
    StoreSettings {
        paths: StorePaths { data: config.store.folder.clone(), journal: config.store.journal.clone() },
        wrapping: WrappingKey::new(&KeyBytes::new(*keys.wrapping_key())),
        organisation: config.node.organisation,
        signing_keys: keys.every_signing_key().map(PublicKey).collect(),
        bytes_max: None,
    }
}

/// Returns what is left between this node and a partner, also while the node runs.
///
/// # Errors
/// [`StartError::Store`] if the store cannot be read.
pub async fn left_with(
    config: &NodeConfig,
    keys: &NodeKeys,
    partner: OrganisationNumber,
) -> Result<Left, StartError> {
    Ok(read_store(config, keys)?.left_with(partner).await?)
}
