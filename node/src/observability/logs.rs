//! The log: lines on standard error, as JSON for a collector or as text for a person.
//!
//! Guarantees: libraries are heard from `warn` up only, whatever level is asked of the node,
//! because what they write below that is not ours to vouch for; a panic is logged by its place,
//! never by its message, which may hold content.

use std::io::Write;
use std::panic::PanicHookInfo;

use stafett_config::{LogFormat, LogLevel, ObservabilityConfig};
use tracing_subscriber::EnvFilter;

/// Starts the log of this process. The first call counts; a later one changes nothing, so that
/// several nodes can run in one process.
pub fn start(config: &ObservabilityConfig) {
    let filter = EnvFilter::new(directives(config.level));
    // A log that another part of the process has started stays.
    let _ = match config.format {
        LogFormat::Json => tracing::subscriber::set_global_default(
            tracing_subscriber::fmt()
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .finish(),
        ),
        LogFormat::Text => tracing::subscriber::set_global_default(
            tracing_subscriber::fmt()
                .with_ansi(false)
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .finish(),
        ),
    };
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = %place(panic), "the program has a fault and a part of it stopped");
    }));
}

/// Reports a panic by its place on standard error, for commands that keep no log.
pub fn report_panics_without_content() {
    std::panic::set_hook(Box::new(|panic| {
        // There is nobody left to tell that standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: the program has a fault at {}", place(panic));
    }));
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string)
}

fn directives(level: LogLevel) -> String {
    let level = level.as_str();
    let libraries = if level == "error" { "error" } else { "warn" };
    format!(
        "{libraries},stafett={level},stafett_node={level},stafett_config={level},stafett_protocol={level}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_never_heard_below_warn() {
        for level in [LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace] {
            let filter = directives(level);

            assert!(filter.starts_with("warn,"), "{filter}");
            assert!(filter.parse::<EnvFilter>().is_ok(), "{filter}");
        }
        assert!(directives(LogLevel::Error).starts_with("error,"));
    }
}
