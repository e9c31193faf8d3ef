//! One running node: its process, ended by its own handle alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::program;

const START_TIMEOUT: Duration = Duration::from_secs(40);
const END_TIMEOUT: Duration = Duration::from_secs(15);

/// A process of `stafett serve`. Dropped, it is killed.
pub struct RunningNode {
    child: Child,
    /// Where people's programs reach it.
    pub web: String,
    /// Where partners' nodes reach it.
    pub quic: SocketAddr,
}

impl RunningNode {
    /// Starts a node and waits until it says that it is ready. What it logs is added to a file.
    ///
    /// # Errors
    /// If it ends, or says nothing for 40 seconds.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        Self::start_at(folder, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts a node that people reach at an address that is known beforehand.
    ///
    /// # Errors
    /// As for [`RunningNode::start`].
    pub async fn start_at(folder: &Path, web: SocketAddr) -> anyhow::Result<Self> {
        let log = log_of(folder);
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = program::command()?;
        command.arg("serve").arg("--data").arg(folder).args(["--quic", "127.0.0.1:0"]);
        command.arg("--web").arg(web.to_string());
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().context("stafett serve")?;
        let output = child.stdout.take().context("the output of stafett serve")?;
        let mut lines = BufReader::new(output).lines();
        let ready = tokio::time::timeout(START_TIMEOUT, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(found) = ready(&line) {
                    return anyhow::Ok(found);
                }
            }
            bail!("stafett serve ended before it was ready")
        });
        let waited = ready.await.map_err(anyhow::Error::from).and_then(std::convert::identity);
        let (web, quic) = waited
            .with_context(|| std::fs::read_to_string(&log).unwrap_or_else(|error| error.to_string()))?;
        // Whatever else it says is taken, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, web, quic: quic.parse()? })
    }

    /// Ends the process with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// If it is not gone in time, or had ended by itself before.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        let by_itself = self.child.try_wait()?;
        ensure!(by_itself.is_none(), "the node had ended by itself: {by_itself:?}");
        self.child.start_kill()?;
        tokio::time::timeout(END_TIMEOUT, self.child.wait()).await.context("a killed node is gone")??;
        Ok(())
    }

    /// Whether the process runs.
    ///
    /// # Errors
    /// If the system does not know.
    pub fn runs(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The processor time that the process has used: what it costs, whatever else the machine does.
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let id = self.child.id().context("the process runs")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The name stands in brackets and may hold spaces; utime and stime are fields 14 and 15, in
        // hundredths of a second on Linux whatever the machine (proc_pid_stat(5)).
        let (_, rest) = stat.rsplit_once(')').context("the name of the process")?;
        let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.sum::<Result<_, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The most memory that the process has held, and holds, in KiB (`VmHWM` and `VmRSS`).
    ///
    /// # Errors
    /// If the system does not tell.
    pub fn memory_kib(&self) -> anyhow::Result<(u64, u64)> {
        let id = self.child.id().context("the process runs")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let read = |name: &str| {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)).context("a line of the status")?;
            let kib = line.trim_start_matches(':').trim().trim_end_matches("kB").trim();
            kib.parse::<u64>().with_context(|| format!("{name}: {kib}"))
        };
        Ok((read("VmHWM")?, read("VmRSS")?))
    }
}

/// Where a node's log goes.
pub fn log_of(folder: &Path) -> PathBuf {
    folder.with_extension("log")
}

/// Reads the one line that says that a node is ready, and where.
fn ready(line: &str) -> Option<(String, String)> {
    let mut words = line.strip_prefix("ready ")?.split(' ');
    let web = words.next()?.strip_prefix("web=")?;
    let quic = words.next()?.strip_prefix("quic=")?;
    Some((web.trim_end_matches('/').to_owned(), quic.to_owned()))
}
