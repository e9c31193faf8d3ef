//! `[observability]`: what the node writes about itself.

use crate::document::Section;
use crate::environment::{Environment, LOG};
use crate::error::ConfigError;
use crate::value::from_words;

/// What is written to the log, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservabilityConfig {
    /// The least important level that is written.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
}

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Something is broken.
    Error,
    /// Someone should look.
    Warn,
    /// A state changed.
    Info,
    /// Steps, for finding a fault.
    Debug,
    /// Everything.
    Trace,
}

/// The form of a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for a log collector.
    Json,
    /// Text for a person.
    Text,
}

from_words! {
    LogLevel: "error, warn, info, debug or trace",
    "error" => LogLevel::Error,
    "warn" => LogLevel::Warn,
    "info" => LogLevel::Info,
    "debug" => LogLevel::Debug,
    "trace" => LogLevel::Trace,
}
from_words! { LogFormat: "json or text", "json" => LogFormat::Json, "text" => LogFormat::Text, }

pub(crate) const KEYS: &[&str] = &["level", "format"];

impl ObservabilityConfig {
    pub(crate) fn read(section: &Section<'_>, environment: &Environment) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let level = environment.or_key(LOG, section, "level")?;
        Ok(Self {
            level: level.map_or(LogLevel::Info, |level| level.value),
            format: section.get_or("format", LogFormat::Json)?,
        })
    }
}
