//! Times of something that was done often, and where they were taken.

use std::process::Command;
use std::time::Duration;

use serde::Serialize;

/// What one thing took, in milliseconds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) times: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Processor time of the node for one, in the mean: what a loaded machine does not change.
    pub(crate) processor_ms: f64,
    /// Bytes of the last answer.
    pub(crate) bytes: usize,
}

impl Figure {
    /// Of each of `taken`; there must be one at least.
    pub(crate) fn of(
        what: &str,
        mut taken: Vec<Duration>,
        processor: Duration,
        bytes: usize,
    ) -> anyhow::Result<Self> {
        taken.sort_unstable();
        let at = |hundredths: usize| {
            let place = (taken.len() * hundredths).div_ceil(100).saturating_sub(1);
            taken.get(place).map(|time| time.as_secs_f64() * 1_000.0)
        };
        let none = || anyhow::anyhow!("{what}: nothing was measured");
        let (p50_ms, p99_ms) = (at(50).ok_or_else(none)?, at(99).ok_or_else(none)?);
        let processor_ms = processor.as_secs_f64() * 1_000.0 / taken.len() as f64;
        Ok(Self { what: what.to_owned(), times: taken.len(), p50_ms, p99_ms, processor_ms, bytes })
    }
}

/// Where figures are from.
#[derive(Debug, Serialize)]
pub(crate) struct Place {
    pub(crate) profile: &'static str,
    pub(crate) cores: usize,
    pub(crate) processor: String,
    pub(crate) commit: String,
}

impl Place {
    pub(crate) fn here() -> Self {
        let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let named = processors.lines().find_map(|line| line.strip_prefix("model name"));
        let processor = named.map(|rest| rest.trim_start_matches(['\t', ' ', ':']).to_owned());
        let git = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
        let commit = git.ok().and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
        Self {
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            processor: processor.unwrap_or_else(|| "unknown".to_owned()),
            commit: commit.trim().to_owned(),
        }
    }
}

/// Prints figures as a table.
pub(crate) fn print(place: &Place, figures: &[Figure]) {
    let Place { profile, cores, processor, commit } = place;
    println!("{profile}, {cores} cores, {processor}, commit {commit}");
    let head = ["times", "p50 ms", "p99 ms", "cpu ms", "bytes"];
    println!("{:24}{}", "what", head.map(|word| format!("{word:>10}")).concat());
    for Figure { what, times, p50_ms, p99_ms, processor_ms, bytes } in figures {
        println!("{what:24}{times:>10}{p50_ms:>10.2}{p99_ms:>10.2}{processor_ms:>10.2}{bytes:>10}");
    }
}
