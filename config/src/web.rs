//! `[web]`: the pages and the API for people.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::document::Section;
use crate::environment::{Environment, WEB_LISTEN};
use crate::error::ConfigError;

/// How people reach the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebConfig {
    /// Where the pages are served, without TLS; a loopback address unless `behind_proxy`.
    pub listen: SocketAddr,
    /// Whether a proxy that ends TLS stands in front of the node on a network of its own.
    pub behind_proxy: bool,
    /// The file of people with access and their roles.
    pub people: PathBuf,
}

pub(crate) const KEYS: &[&str] = &["listen", "behind_proxy", "people"];
/// Where pages are served unless told otherwise.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

impl WebConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        folder: &Path,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let listen = environment.or_key::<SocketAddr>(WEB_LISTEN, section, "listen")?;
        let behind_proxy = section.get_or("behind_proxy", false)?;
        let people = section.get_or("people", PathBuf::from("people.toml"))?;
        // The pages have no TLS of their own: on another address, cookies and content would cross
        // the network in the clear.
        if let Some(listen) =
            listen.as_ref().filter(|listen| !listen.value.ip().is_loopback() && !behind_proxy)
        {
            return Err(listen.refuse("a loopback address, or web.behind_proxy = true"));
        }
        Ok(Self {
            listen: listen.map_or(LISTEN_DEFAULT, |listen| listen.value),
            behind_proxy,
            people: folder.join(people),
        })
    }
}
