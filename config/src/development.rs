//! `[development]`: what only a node with invented persons may do.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::document::Section;
use crate::error::ConfigError;
use crate::node::NodeIdentity;

/// Settings for tests and demonstrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevelopmentConfig {
    /// The folder to which the frames handed to each connection are written in plain text.
    pub record_frames: Option<PathBuf>,
}

pub(crate) const KEYS: &[&str] = &["record_frames"];

impl DevelopmentConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        folder: &Path,
        node: &NodeIdentity,
        listening: [(&'static str, SocketAddr); 2],
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let Some(record) = section.get::<PathBuf>("record_frames")? else {
            return Ok(Self::default());
        };
        // Recorded frames are content outside the sealed store: never on a node that others reach.
        if !node.development {
            return Err(record.refuse_found("node.development = true beside it", "node.development = false"));
        }
        for (key, address) in listening {
            if !address.ip().is_loopback() {
                return Err(
                    record.refuse_found("every listen address to be loopback", format!("{key} = {address}"))
                );
            }
        }
        Ok(Self { record_frames: Some(folder.join(record.value)) })
    }
}
