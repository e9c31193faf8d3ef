//! The folder of a node, as every command but `init` finds it.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use stafett_config::environment::{QUIC_LISTEN, WEB_LISTEN};
use stafett_config::error::Origin;
use stafett_config::{ConfigError, Environment, NodeConfig};
use stafett_node::keys::NodeKeys;

/// The file of settings in a node's folder.
pub(crate) const SETTINGS: &str = "stafett.toml";

/// Which node a command is about.
#[derive(Args)]
pub(crate) struct NodeFolder {
    /// The node's folder, which holds stafett.toml
    #[arg(long, value_name = "DIR", default_value = ".")]
    data: PathBuf,
}

/// Addresses that stand above those in the file and in the environment.
#[derive(Default)]
pub(crate) struct Listen {
    pub(crate) web: Option<SocketAddr>,
    pub(crate) quic: Option<SocketAddr>,
}

impl Listen {
    /// Names the argument that a refused address came from; the settings know the variable alone.
    fn named(&self, refused: ConfigError) -> ConfigError {
        let ConfigError::Value { origin: Origin::Environment, key, expected, found } = refused else {
            return refused;
        };
        let argument = match key.as_str() {
            WEB_LISTEN if self.web.is_some() => "--web",
            QUIC_LISTEN if self.quic.is_some() => "--quic",
            _ => return ConfigError::Value { origin: Origin::Environment, key, expected, found },
        };
        ConfigError::Value { origin: Origin::CommandLine, key: argument.to_owned(), expected, found }
    }
}

impl NodeFolder {
    /// Reads the settings.
    pub(crate) fn config(&self) -> anyhow::Result<NodeConfig> {
        self.config_listening(&Listen::default())
    }

    /// Reads the settings with other addresses, which are checked as if they stood in the file.
    pub(crate) fn config_listening(&self, listen: &Listen) -> anyhow::Result<NodeConfig> {
        let file = self.data.join(SETTINGS);
        if !file.try_exists().with_context(|| format!("{} cannot be read", self.data.display()))? {
            bail!("{} holds no {SETTINGS}: `stafett init DIR` makes a node's folder", self.data.display());
        }
        let given = [(WEB_LISTEN, listen.web), (QUIC_LISTEN, listen.quic)];
        let given = given.into_iter().filter_map(|(name, address)| Some((name, address?.to_string())));
        let mut environment: std::collections::BTreeMap<std::ffi::OsString, std::ffi::OsString> =
            std::env::vars_os().collect();
        environment.extend(given.map(|(name, address)| (name.into(), address.into())));
        stafett_config::load(&file, &environment.into_iter().collect::<Environment>())
            .map_err(|refused| listen.named(refused).into())
    }

    /// Reads the settings and the node's own keys.
    pub(crate) fn config_and_keys(&self) -> anyhow::Result<(NodeConfig, NodeKeys)> {
        let config = self.config()?;
        let keys = stafett_node::startup::read_keys(&config)?;
        Ok((config, keys))
    }
}
