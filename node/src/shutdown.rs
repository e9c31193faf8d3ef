//! When a node stops, and in which order: pages first, so that nobody is told of a change that is
//! not kept; then links and engine; the store last.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long stopping may take before what is left is dropped. Everything that was acknowledged is
/// durable before that (law 11), so dropping loses nothing.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Waits for the signals that ask a node to stop: SIGTERM from a service manager, SIGINT from a
/// keyboard.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl StopSignals {
    /// Listens from now on: a signal that comes while the node starts stops it once it runs.
    ///
    /// # Errors
    /// An IO error if the system does not let this process listen.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when one has come, with its name. SIGHUP, with which service managers ask for
    /// changed files to be read, stops nothing: a node looks at them by itself.
    pub async fn received(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hang_up.recv() => tracing::info!("changed files are read within seconds"),
            }
        }
    }
}

/// The longest that requests of people may take to end.
pub const PAGES_MAX: Duration = Duration::from_secs(4);
/// The longest until partners have been told, and until the links' tasks have ended.
pub const LINKS_MAX: Duration = Duration::from_secs(2);

/// What is left of a deadline that several parts share.
pub struct Stopwatch {
    ends: Instant,
}

impl Stopwatch {
    /// Starts with all of `deadline` left.
    pub fn start(deadline: Duration) -> Self {
        Self { ends: Instant::now().checked_add(deadline).unwrap_or_else(Instant::now) }
    }

    /// Returns what is left, and no more than `share`.
    pub fn at_most(&self, share: Duration) -> Duration {
        self.ends.saturating_duration_since(Instant::now()).min(share)
    }

    /// Waits for a task within `share`, and stops it then. Returns what it gave, if it ended by
    /// itself and not by a panic.
    pub async fn end<T>(&self, task: JoinHandle<T>, share: Duration) -> Option<T> {
        let handle = task.abort_handle();
        let ended = tokio::time::timeout(self.at_most(share), task).await;
        handle.abort();
        ended.ok().and_then(Result::ok)
    }

    /// Waits for `work` as long as anything is left.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.at_most(Duration::MAX), work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn parts_share_one_deadline_and_the_last_gets_what_is_left() {
        let deadline = Duration::from_millis(200);
        let watch = Stopwatch::start(deadline);
        let begun = Instant::now();
        let hangs = || tokio::spawn(std::future::pending::<()>());

        assert_eq!(watch.end(tokio::spawn(async { 7 }), PAGES_MAX).await, Some(7));
        assert_eq!(watch.end(hangs(), PAGES_MAX).await, None);
        assert_eq!(watch.end(hangs(), PAGES_MAX).await, None);
        assert_eq!(watch.within(std::future::pending::<()>()).await, None);

        assert!(begun.elapsed() >= deadline && begun.elapsed() < PAGES_MAX, "{:?}", begun.elapsed());
        assert_eq!(watch.at_most(PAGES_MAX), Duration::ZERO);
    }
}
