//! `[federation]`: where partners are described and how they are reached.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::document::Section;
use crate::environment::{Environment, QUIC_LISTEN};
use crate::error::ConfigError;

/// How the node meets its partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationConfig {
    /// The folder with one `.toml` file for each partner.
    pub partners: PathBuf,
    /// Where the QUIC endpoint listens (UDP).
    pub listen: SocketAddr,
    /// The shortest wait before a partner is dialled again.
    pub redial_min: Duration,
    /// The longest wait before a partner is dialled again; waits grow up to here.
    pub redial_max: Duration,
}

pub(crate) const KEYS: &[&str] = &["partners", "listen", "redial_min_s", "redial_max_s"];
/// Where a node listens for partners unless told otherwise.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7443);

impl FederationConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let partners = section.get_or("partners", PathBuf::from("partners"))?;
        let listen = environment.or_key(QUIC_LISTEN, section, "listen")?;
        let redial_min_s = section.integer("redial_min_s", 1..=60, "seconds")?.map_or(1, |min| min.value);
        let redial_max = section.integer("redial_max_s", 1..=3600, "seconds")?;
        if let Some(max) = redial_max.as_ref().filter(|max| max.value < redial_min_s) {
            return Err(max.refuse(format!("at least redial_min_s, {redial_min_s}")));
        }
        Ok(Self {
            partners: folder.join(partners),
            listen: listen.map_or(LISTEN_DEFAULT, |listen| listen.value),
            redial_min: Duration::from_secs(redial_min_s),
            redial_max: Duration::from_secs(redial_max.map_or(60, |max| max.value)),
        })
    }
}
