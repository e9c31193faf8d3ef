//! The nodes' processes: each its own `stafett serve`, ended by its own handle.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a node may take until it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a node that is ended may take to be gone.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// Returns this program, without settings of its own environment: they are for one node.
pub(super) fn command() -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program's own file")?);
    for name in stafett_config::environment::NAMES {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// A node that is running. Dropped, it is ended.
pub(super) struct RunningNode {
    child: Child,
    /// Where people's programs reach it, as a URL.
    pub(super) web: String,
    /// Where partners' nodes reach it.
    pub(super) quic: String,
    log: PathBuf,
}

impl RunningNode {
    /// Starts a node and waits until it says that it is ready. Its log goes to a file.
    pub(super) async fn start(folder: &Path, log: PathBuf) -> anyhow::Result<Self> {
        let file = std::fs::File::create(&log).with_context(|| log.display().to_string())?;
        let mut command = command()?;
        command.arg("serve").arg("--data").arg(folder).args([
            "--web",
            "127.0.0.1:0",
            "--quic",
            "127.0.0.1:0",
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().context("stafett serve")?;
        let output = child.stdout.take().context("the output of stafett serve")?;
        let mut lines = BufReader::new(output).lines();
        let ready = tokio::time::timeout(START_TIMEOUT, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(found) = ready(&line) {
                    return anyhow::Ok(found);
                }
            }
            bail!("stafett serve ended before it was ready: see {}", log.display())
        });
        let waited =
            ready.await.with_context(|| format!("stafett serve is not ready: see {}", log.display()));
        let (web, quic) = waited??;
        // Whatever else a node says is taken, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, web, quic, log })
    }

    /// Says which file to look in if the process has ended by itself.
    pub(super) fn ended(&mut self) -> Option<&Path> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(_)) | Err(_) => Some(&self.log),
        }
    }

    /// Ends the process and waits until it is gone. What it acknowledged is durable (law 11).
    pub(super) async fn end(mut self) {
        // It fails only if the process is gone.
        let _ = self.child.start_kill();
        let _ = tokio::time::timeout(END_TIMEOUT, self.child.wait()).await;
    }
}

/// Reads the one line that says that a node is ready, and where.
fn ready(line: &str) -> Option<(String, String)> {
    let mut words = line.strip_prefix("ready ")?.split(' ');
    let web = words.next()?.strip_prefix("web=")?;
    let quic = words.next()?.strip_prefix("quic=")?;
    Some((web.trim_end_matches('/').to_owned(), quic.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_line_names_both_addresses() {
        let found = ready("ready web=http://127.0.0.1:8080 quic=127.0.0.1:7443");

        assert_eq!(found, Some(("http://127.0.0.1:8080".to_owned(), "127.0.0.1:7443".to_owned())));
        assert_eq!(ready("listening"), None);
    }
}
