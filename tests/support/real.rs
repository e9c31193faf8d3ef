//! Real nodes: `stafett serve` processes on loopback, each with a folder of its own, that people
//! ask over HTTP and whose stores are opened from the disk.
//!
//! Everything between two nodes goes through a [`relay::Relay`], so that a line can be cut and a
//! node that was killed is found again on another port. What a node hands to its connections is
//! recorded before encryption ([`tap`]), so "it was not sent" is looked up and not believed.

pub mod access;
pub mod backup;
pub mod cast;
pub mod chance;
pub mod folder;
pub mod hostile;
pub mod moves;
pub mod needle;
pub mod node;
pub mod opened;
pub mod packages;
pub mod person;
pub mod program;
pub mod provider;
pub mod relay;
pub mod tap;
pub mod time;
pub mod world;

/// Longer than anything that is waited for takes on a loaded machine.
pub const SOON: std::time::Duration = std::time::Duration::from_secs(40);
/// How long is waited for something that must not come.
pub const STILL: std::time::Duration = std::time::Duration::from_millis(700);

/// Looks again and again until something is there.
///
/// # Errors
/// What a look fails with, or that nothing came within [`SOON`].
pub async fn until<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        anyhow::ensure!(begun.elapsed() < SOON, "{what}: nothing came in {SOON:?}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
