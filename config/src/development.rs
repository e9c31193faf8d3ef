//! `[development]`: what only a node with invented persons may do.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use stafett_protocol::limits::GENERATION_QUIET_MS;
use stafett_protocol::time::SECOND;

use crate::document::Section;
use crate::error::ConfigError;
use crate::node::NodeIdentity;

/// Settings for tests and demonstrations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevelopmentConfig {
    /// The folder to which the frames handed to each connection are written in plain text.
    pub record_frames: Option<PathBuf>,
    /// Seconds without a change before an edited entry goes on to a new generation, in place of the
    /// protocol's ten minutes.
    pub generation_quiet_s: Option<u64>,
    /// The file that moves the node's clocks, read at each look: milliseconds to add to the
    /// system's clock, a space, and milliseconds to add to the monotonic one.
    pub clock: Option<PathBuf>,
    /// Whether anybody may log in as any person by picking one.
    pub demo_login: bool,
}

pub(crate) const KEYS: &[&str] = &["record_frames", "generation_quiet_s", "clock", "demo_login"];

/// The protocol's own quiet time: more would let a history wait longer than partners expect.
const QUIET_S_MAX: u64 = GENERATION_QUIET_MS / SECOND;

impl DevelopmentConfig {
    pub(crate) fn read(
        section: &Section<'_>,
        folder: &Path,
        node: &NodeIdentity,
        listening: [(&'static str, SocketAddr); 2],
        behind_proxy: bool,
    ) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let quiet = section.integer("generation_quiet_s", 1..=QUIET_S_MAX, "seconds")?;
        if let Some(quiet) = quiet.as_ref().filter(|_| !node.development) {
            return Err(quiet.refuse_found("node.development = true beside it", "node.development = false"));
        }
        let generation_quiet_s = quiet.map(|quiet| quiet.value);
        // Recorded frames are content outside the sealed store, and a moved clock ends and revives
        // consents: never on a node that others reach.
        let place = |key| -> Result<Option<PathBuf>, ConfigError> {
            let Some(found) = section.get::<PathBuf>(key)? else { return Ok(None) };
            if !node.development {
                return Err(
                    found.refuse_found("node.development = true beside it", "node.development = false")
                );
            }
            for (key, address) in listening {
                if !address.ip().is_loopback() {
                    let listens = format!("{key} = {address}");
                    return Err(found.refuse_found("every listen address to be loopback", listens));
                }
            }
            Ok(Some(folder.join(found.value)))
        };
        let demo_login = demo_login(section, node, listening, behind_proxy)?;
        Ok(Self {
            record_frames: place("record_frames")?,
            generation_quiet_s,
            clock: place("clock")?,
            demo_login,
        })
    }
}

/// Whoever reaches the pages is whoever it picks: only on a machine of one's own, never through a
/// proxy, which may be reached from anywhere.
fn demo_login(
    section: &Section<'_>,
    node: &NodeIdentity,
    listening: [(&'static str, SocketAddr); 2],
    behind_proxy: bool,
) -> Result<bool, ConfigError> {
    let Some(offered) = section.get::<bool>("demo_login")?.filter(|offered| offered.value) else {
        return Ok(false);
    };
    if !node.development {
        return Err(offered.refuse_found("node.development = true beside it", "node.development = false"));
    }
    if behind_proxy {
        return Err(offered.refuse_found("no proxy in front of the pages", "web.behind_proxy = true"));
    }
    for (key, address) in listening {
        if !address.ip().is_loopback() {
            let listens = format!("{key} = {address}");
            return Err(offered.refuse_found("every listen address to be loopback", listens));
        }
    }
    Ok(true)
}
